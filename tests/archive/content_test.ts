/** What a content is, told by its bytes: text and its encoding, JSON, scripts, images, programs, archives. */

import { assertEquals } from "@std/assert";
import { lookAtContent } from "../../src/archive/content_kind.ts";
import { bytes, randomBytes } from "../fixture.ts";
import { fileOf, frameOf, join, memberOf, tarOf } from "./tar_maker.ts";

const TEXT = "text/plain; charset=utf-8";
const BYTES = "application/octet-stream";
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

Deno.test("text, JSON, scripts and SVG are told from their bytes, with the encoding", () => {
  const kinds: [string | Uint8Array, object][] = [
    ["", { kind: "empty", mediaType: TEXT }],
    ["hello\n", { kind: "text", mediaType: TEXT, encoding: "ASCII" }],
    ["größe \x1b[1mbold\x1b[0m", { kind: "text", mediaType: TEXT, encoding: "UTF-8" }],
    [latin1("gr\xf6\xdfe, in an old file"), { kind: "text", mediaType: BYTES, encoding: "Latin-1" }],
    [join([[0xff, 0xfe], [0x68, 0], [0x69, 0]].map((pair) => new Uint8Array(pair))), {
      kind: "text",
      mediaType: BYTES,
      encoding: "UTF-16LE",
    }],
    [join([[0xfe, 0xff], [0, 0x68], [0, 0x69]].map((pair) => new Uint8Array(pair))), {
      kind: "text",
      mediaType: BYTES,
      encoding: "UTF-16BE",
    }],
    ['{"a": [1]}\n', { kind: "JSON", mediaType: TEXT, encoding: "ASCII" }],
    ["[]", { kind: "JSON", mediaType: TEXT, encoding: "ASCII" }],
    ['\ufeff{"a": "ü"}', { kind: "JSON", mediaType: TEXT, encoding: "UTF-8" }],
    ['{"a": ', { kind: "text", mediaType: TEXT, encoding: "ASCII" }],
    ["[section]\nname=1\n", { kind: "text", mediaType: TEXT, encoding: "ASCII" }],
    ["#!/usr/bin/env -S deno run\n", {
      kind: "script",
      mediaType: TEXT,
      encoding: "ASCII",
      interpreter: "/usr/bin/env -S deno run",
    }],
    ['<?xml version="1.0"?>\n<!-- a\nb --><svg xmlns="x"><script/></svg>', {
      kind: "SVG",
      mediaType: TEXT,
      encoding: "ASCII",
    }],
    ["<html><svg></svg></html>", { kind: "text", mediaType: TEXT, encoding: "ASCII" }],
    ["a\0b", { kind: "binary", mediaType: BYTES }],
    [latin1("\x80\x81\x82\x83\xff\xfe"), { kind: "binary", mediaType: BYTES }],
  ];
  for (const [content, expected] of kinds) {
    assertEquals(lookAtContent(typeof content === "string" ? bytes(content) : content, true) as object, expected);
  }
});

Deno.test("of the first bytes of a content, the last character may be cut, and JSON may be unfinished", () => {
  assertEquals(lookAtContent(bytes("größe").subarray(0, 3), false).encoding, "UTF-8");
  assertEquals(lookAtContent(bytes("größe").subarray(0, 3), true).encoding, "Latin-1");
  assertEquals(lookAtContent(bytes('{"a": '), false).kind, "JSON");
});

Deno.test("images say their width and height, if the header has them", () => {
  const png = join([latin1("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0"), new Uint8Array(20)]);
  const gif = latin1("GIF89a\x40\x01\xc8\0\xf7\0\0");
  // A comment, a table of another kind, and then the frame.
  const jpeg = latin1("\xff\xd8\xff\xfe\0\x04hi\xff\xc4\0\x03x\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03");
  const lossy = latin1("RIFF\x30\0\0\0WEBPVP8 \x20\0\0\0\x10\0\0\x9d\x01\x2a\x40\x01\xc8\0");
  const extended = latin1("RIFF\x30\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\x01\0\xc7\0\0");
  const lossless = latin1("RIFF\x30\0\0\0WEBPVP8L\x20\0\0\0\x2f\x3f\xc1\x31\0\0\0\0\0\0");

  assertEquals([png, gif, jpeg, lossy, extended, lossless].map((content) => lookAtContent(content, false)), [
    { kind: "PNG", mediaType: "image/png", width: 640, height: 480 },
    { kind: "GIF", mediaType: "image/gif", width: 320, height: 200 },
    { kind: "JPEG", mediaType: "image/jpeg", width: 640, height: 480 },
    { kind: "WebP", mediaType: "image/webp", width: 320, height: 200 },
    { kind: "WebP", mediaType: "image/webp", width: 320, height: 200 },
    { kind: "WebP", mediaType: "image/webp", width: 320, height: 200 },
  ]);
  assertEquals(lookAtContent(png.subarray(0, 10), false), { kind: "PNG", mediaType: "image/png" });
  assertEquals(lookAtContent(jpeg.subarray(0, 5), false), { kind: "JPEG", mediaType: "image/jpeg" });
});

Deno.test("archives, compressions and other formats are recognised by their first bytes", () => {
  const contents = [
    tarOf(fileOf("a")),
    memberOf(bytes("x")),
    frameOf(bytes("x")),
    bytes("BZh9"),
    latin1("\xfd7zXZ\0"),
    latin1("PK\x03\x04"),
    latin1("\0asm\x01\0\0\0"),
    latin1("SQLite format 3\0"),
    bytes("%PDF-1.7"),
  ];
  assertEquals(contents.map((content) => lookAtContent(content, false).kind), [
    "tar",
    "gzip",
    "zstd",
    "bzip2",
    "xz",
    "zip",
    "Wasm",
    "SQLite",
    "PDF",
  ]);
});

/** Returns a program of 64 bits, as the System V ABI describes it, with an interpreter and two libraries. */
function programOf(
  { isLittle = true, isLong = true, type = 3, machine = 62, texts = "\0libc.so.6\0libm.so.6\0" } = {},
): Uint8Array {
  const content = new Uint8Array(1024);
  const view = new DataView(content.buffer);
  const word = isLong ? 8 : 4;
  const put = (at: number, size: number, value: number) => {
    if (size === 2) view.setUint16(at, value, isLittle);
    else if (size === 4) view.setUint32(at, value, isLittle);
    else view.setBigUint64(at, BigInt(value), isLittle);
  };
  content.set([0x7f, 0x45, 0x4c, 0x46, isLong ? 2 : 1, isLittle ? 1 : 2, 1, 0]);
  put(16, 2, type);
  put(18, 2, machine);
  put(24 + word, word, 64); // the table of segments
  put(isLong ? 54 : 42, 2, isLong ? 56 : 32);
  put(isLong ? 56 : 44, 2, 3);
  const segments = [[3, 400, 0x400, 20], [1, 0, 0x1000, 1024], [2, 500, 0x11f4, 8 * word]];
  segments.forEach(([kind, offset, address, size], index) => {
    const at = 64 + index * (isLong ? 56 : 32);
    put(at, 4, kind);
    put(at + (isLong ? 8 : 4), word, offset);
    put(at + (isLong ? 16 : 8), word, address);
    put(at + (isLong ? 32 : 16), word, size);
  });
  content.set(bytes("/lib/ld.so.1\0"), 400);
  [[1, 1], [1, 11], [5, 0x1000 + 700], [0, 0]].forEach(([kind, value], index) => {
    put(500 + 2 * word * index, word, kind);
    put(500 + 2 * word * index + word, word, value);
  });
  content.set(bytes(texts), 700);
  return content;
}

Deno.test("a program says its machine, its interpreter and the libraries that it needs", () => {
  const common = { interpreter: "/lib/ld.so.1", needed: ["libc.so.6", "libm.so.6"] };
  const elfOf = (content: Uint8Array) => lookAtContent(content, true).elf as object;

  assertEquals(elfOf(programOf()), { bits: 64, order: "little", type: "program", machine: "x86-64", ...common });
  assertEquals(elfOf(programOf({ isLong: false, machine: 40, type: 2 })), {
    bits: 32,
    order: "little",
    type: "program",
    machine: "ARM",
    ...common,
  });
  assertEquals(elfOf(programOf({ isLittle: false, machine: 22 })), {
    bits: 64,
    order: "big",
    type: "program",
    machine: "S/390",
    ...common,
  });
  assertEquals(elfOf(programOf({ machine: 9999, type: 1 })), {
    bits: 64,
    order: "little",
    type: "object file",
    machine: "machine 9999",
    ...common,
  });
  assertEquals(elfOf(programOf().subarray(0, 450)), {
    bits: 64,
    order: "little",
    type: "program",
    machine: "x86-64",
    interpreter: "/lib/ld.so.1",
  });
});

Deno.test("a broken header of a program is read as far as it goes", () => {
  for (let size = 0; size < 1024; size += 13) lookAtContent(programOf().subarray(0, size), false);
  for (let round = 0; round < 300; round++) {
    const content = programOf();
    content.set(randomBytes(4), 4 + round % 600);
    lookAtContent(content, true);
  }
  assertEquals(
    lookAtContent(join([latin1("\x7fELF\x09\x09"), new Uint8Array(60)]), true).elf?.problem,
    "Its header says neither 32 nor 64 bits, or no order of bytes.",
  );
});
