/**
 * The program in the samples: it prints a text and ends. It needs no library, so nothing else has to be in the image.
 *
 *     docker run --rm 127.0.0.1:5080/samples/hello
 *     Hello from a layer.
 *
 * A file for Linux in the format ELF: which machine it is for, what to load, and the machine's own instructions. Both processors get
 * the same two calls of the system: write the text to the standard output, and exit.
 *
 * Next: layout_of_sample.ts
 *
 * @module
 */

import { joined } from "../../joined.ts";
import { littleEndian } from "./packing_without_compression.ts";
import { bytesOf } from "./tar_of_sample.ts";

/** The processors that there is a program for, as images name them. */
export type SampleProcessor = "amd64" | "arm64";

// Where the system puts the file in memory, and the size of what stands in front of the instructions.
const ADDRESS = 0x40_0000;
const HEADERS = 64 + 56;

/** Returns a program that prints a text. */
export function programOf(processor: SampleProcessor, text: string): Uint8Array<ArrayBuffer> {
  const message = bytesOf(text);
  const instructions = { amd64, arm64 }[processor](message.length);
  const size = HEADERS + instructions.length + message.length;
  const machine = { amd64: 62, arm64: 183 }[processor];
  return joined([
    // The header of the file: 64 bits, little end first, a program; where it begins; one segment.
    new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    littleEndian(2, 2),
    littleEndian(machine, 2),
    littleEndian(1, 4),
    littleEndian(ADDRESS + HEADERS, 8),
    littleEndian(64, 8),
    littleEndian(0, 8),
    littleEndian(0, 4),
    ...[64, 56, 1, 0, 0, 0].map((number) => littleEndian(number, 2)),
    // The segment: all of the file, to be read and run.
    littleEndian(1, 4),
    littleEndian(5, 4),
    ...[0, ADDRESS, ADDRESS, size, size, 0x1000].map((number) => littleEndian(number, 8)),
    instructions,
    message,
  ]);
}

// deno-fmt-ignore
function amd64(length: number): Uint8Array<ArrayBuffer> {
  return joined([
    [0xb8, 1, 0, 0, 0],                           // mov eax, 1          the call "write"
    [0xbf, 1, 0, 0, 0],                           // mov edi, 1          to the standard output
    [0x48, 0x8d, 0x35, 16, 0, 0, 0],              // lea rsi, [rip + 16] the text stands behind the last instruction
    [0xba, ...littleEndian(length, 4)],           // mov edx, length
    [0x0f, 0x05],                                 // syscall
    [0xb8, 60, 0, 0, 0],                          // mov eax, 60         the call "exit"
    [0x31, 0xff],                                 // xor edi, edi        with status 0
    [0x0f, 0x05],                                 // syscall
  ].map((bytes) => new Uint8Array(bytes)));
}

// deno-fmt-ignore
function arm64(length: number): Uint8Array<ArrayBuffer> {
  return joined([
    0xd2800020,                                   // mov x0, 1           to the standard output
    0x100000e1,                                   // adr x1, text        it stands behind the last instruction
    0xd2800002 + length * 32,                     // mov x2, length
    0xd2800808,                                   // mov x8, 64          the call "write"
    0xd4000001,                                   // svc 0
    0xd2800000,                                   // mov x0, 0           with status 0
    0xd2800ba8,                                   // mov x8, 93          the call "exit"
    0xd4000001,                                   // svc 0
  ].map((instruction) => littleEndian(instruction, 4)));
}
