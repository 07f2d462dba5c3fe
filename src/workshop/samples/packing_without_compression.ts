/**
 * gzip and zstd without compression: the forms in which both store bytes as they are.
 *
 *     gzip   1f 8b 08 …   | 01 length ~length bytes |   checksum, size
 *     zstd   28 b5 2f fd  | size of the content     |   01 length bytes
 *
 * Another version of a library may compress the same bytes to other bytes. Then the digests of the samples would change. Stored bytes
 * are always the same, and they are valid gzip and zstd for each client.
 *
 * Next: tables_of_samples.ts
 *
 * @module
 */

import { joined } from "../../joined.ts";
import { crc32 } from "node:zlib";
import { bytesOf } from "./tar_of_sample.ts";

// The most bytes in one block of deflate, and of zstd.
const LONGEST_STORED = 0xffff;
const LONGEST_RAW = 128 * 1024;

/** Returns a member of gzip with these bytes. `extra` is for the field of the header that programs may use. */
export function gzipOf(content: Uint8Array, extra?: Uint8Array): Uint8Array<ArrayBuffer> {
  const flags = extra === undefined ? 0 : 4;
  // The fields: magic, deflate, flags, no time, no hint about the compression, unknown system.
  const header = [0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255];
  const field = extra === undefined ? [] : [littleEndian(extra.length, 2), extra];
  const trailer = [littleEndian(crc32(content), 4), littleEndian(content.length, 4)];
  return joined([new Uint8Array(header), ...field, ...storedBlocks(content), ...trailer]);
}

function storedBlocks(content: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < content.length; at += LONGEST_STORED) {
    const piece = content.subarray(at, at + LONGEST_STORED);
    const isLast = at + piece.length === content.length ? 1 : 0;
    blocks.push(new Uint8Array([isLast]), littleEndian(piece.length, 2), littleEndian(0xffff - piece.length, 2), piece);
  }
  return blocks;
}

/** The first four bytes of a frame of zstd. */
export const ZSTD_MAGIC: readonly number[] = [0x28, 0xb5, 0x2f, 0xfd];

/** Returns a frame of zstd with these bytes. */
export function zstdOf(content: Uint8Array): Uint8Array<ArrayBuffer> {
  // 0xa0: the size of the content is there, in four bytes; there is no checksum.
  const pieces: Uint8Array[] = [new Uint8Array([...ZSTD_MAGIC, 0xa0]), littleEndian(content.length, 4)];
  for (let at = 0; at === 0 || at < content.length; at += LONGEST_RAW) {
    const piece = content.subarray(at, at + LONGEST_RAW);
    pieces.push(zstdBlock("raw", piece.length, at + piece.length === content.length), piece);
  }
  return joined(pieces);
}

/** Returns the three bytes in front of a block of zstd: its kind, its length, and whether it is the last one. */
export function zstdBlock(kind: "raw" | "compressed", length: number, isLast: boolean): Uint8Array<ArrayBuffer> {
  return littleEndian(length * 8 + (kind === "raw" ? 0 : 4) + (isLast ? 1 : 0), 3);
}

/** Returns a frame of zstd that decoders skip. */
export function skippableFrame(content: Uint8Array): Uint8Array<ArrayBuffer> {
  return joined([new Uint8Array([0x50, 0x2a, 0x4d, 0x18]), littleEndian(content.length, 4), content]);
}

/** Returns a number as this many bytes, the lowest first. */
export function littleEndian(value: number, bytes: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) % 256);
}

/** Returns the footer of an eStargz: an empty member whose header says where the table is. */
export function estargzFooter(tableAt: number): Uint8Array<ArrayBuffer> {
  const place = `${tableAt.toString(16).padStart(16, "0")}STARGZ`;
  return gzipOf(new Uint8Array(), joined([bytesOf("SG"), littleEndian(place.length, 2), bytesOf(place)]));
}
