/**
 * Sparse files: large files with holes. An archive has only what is no hole, and a map that says where it belongs.
 * https://www.gnu.org/software/tar/manual/html_node/Sparse-Formats.html
 *
 *     the file       |····hole····| part |······hole······| part |
 *     the archive    | part | part |          map: (offset, size), (offset, size)
 *
 * There are four forms. They differ in the place of the map:
 *
 *     gnu        in the header, kind "S"; 4 parts, and 21 in each block that follows
 *     pax 0.0    a PAX record for each offset and each size
 *     pax 0.1    one PAX record, GNU.sparse.map
 *     pax 1.0    decimal numbers, a line each, in front of the content
 *
 * Next: sparse_content.ts
 *
 * @module
 */

import type { ByteStream } from "./byte_stream.ts";
import type { PaxRecords } from "./pax.ts";
import { BLOCK, numberOf } from "./tar_header.ts";

/** A part of a file that is no hole. */
export type SparsePart = readonly [offset: number, size: number];

/** What an archive has of a sparse file. */
export interface SparseFile {
  /** Where its map stands. */
  readonly form: "gnu" | "pax 0.0" | "pax 0.1" | "pax 1.0";
  /** The parts that are no holes, in their order. The archive has them one behind the other. */
  readonly parts: readonly SparsePart[];
}

// A map with more parts is not read.
const MOST_PARTS = 50_000;

/** What PAX records say about a sparse file. */
export interface SparseRecords {
  /** The form of the map. */
  readonly form: "pax 0.0" | "pax 0.1" | "pax 1.0";
  /** The size of the file with its holes. */
  readonly size: number;
  /** The real name: that of the header is made up, for programs that do not know sparse files. */
  readonly name?: Uint8Array;
  /** The parts, unless they stand in front of the content. */
  readonly parts?: readonly SparsePart[];
}

/** Reads the records of a sparse file. Returns `undefined` if they describe none. */
export function sparseRecords(records: PaxRecords): SparseRecords | undefined {
  const name = records.bytes("GNU.sparse.name");
  const real = records.number("GNU.sparse.realsize") ?? records.number("GNU.sparse.size");
  if (real === undefined) return undefined;
  const common = name === undefined ? { size: real } : { size: real, name };
  if (records.text("GNU.sparse.major") === "1") return { form: "pax 1.0", ...common };
  const map = records.text("GNU.sparse.map");
  if (map !== undefined) return { form: "pax 0.1", ...common, parts: pairsOf(map.split(",")) };
  return { form: "pax 0.0", ...common, parts: pairsOf(records.pairs.map(([, value]) => value)) };
}

/** Reads the map of an old GNU header, and of the blocks that follow it. Returns `undefined` if the archive ends in it. */
export async function gnuParts(
  block: Uint8Array,
  stream: ByteStream,
): Promise<{ parts: SparsePart[]; size: number } | undefined> {
  const parts: SparsePart[] = [];
  const read = (from: Uint8Array, at: number, count: number) => {
    for (let index = 0; index < count; index++) {
      const place = at + 24 * index;
      if (from[place] === 0) return;
      if (parts.length < MOST_PARTS) parts.push([numberOf(from, place, 12), numberOf(from, place + 12, 12)]);
    }
  };
  // The block may be a window to bytes that are gone after the next read.
  const size = numberOf(block, 483, 12);
  read(block, 386, 4);
  for (let hasMore = block[482] !== 0; hasMore;) {
    const next = stream.takeNow(BLOCK) ?? await stream.take(BLOCK);
    if (next.length < BLOCK) return undefined;
    read(next, 0, 21);
    hasMore = next[504] !== 0;
  }
  return { parts, size };
}

/** Reads a map in front of the content, which has at most `most` bytes. Returns what is wrong with it, in words. */
export async function parseMap(stream: ByteStream, most: number): Promise<SparsePart[] | string> {
  const numbers: number[] = [];
  let expected = 1;
  let digits = "";
  for (let used = 0; used < most; used += BLOCK) {
    const block = stream.takeNow(BLOCK) ?? await stream.take(BLOCK);
    if (block.length < BLOCK) return "The archive ends in the map of a sparse file.";
    for (const byte of block) {
      if (byte >= 0x30 && byte <= 0x39 && digits.length < 16) digits += String.fromCharCode(byte);
      else if (byte === 0x0a && digits !== "") {
        numbers.push(Number(digits));
        digits = "";
        if (numbers.length === 1) expected = 1 + 2 * numbers[0];
        if (numbers.length === expected) return pairsOf(numbers.slice(1).map(String));
        if (expected > 2 * MOST_PARTS) return `The map of a sparse file has more than ${MOST_PARTS} parts.`;
      } else return "The map of a sparse file has something else than numbers.";
    }
  }
  return "The map of a sparse file is longer than the file.";
}

function pairsOf(numbers: readonly string[]): SparsePart[] {
  const parts: SparsePart[] = [];
  for (let index = 0; index < numbers.length && parts.length < MOST_PARTS; index += 2) {
    const [offset, size] = [numbers[index], numbers[index + 1]].map((text) =>
      /^[0-9]{1,16}$/.test(text ?? "") ? Number(text) : NaN
    );
    parts.push([offset, size]);
  }
  return parts;
}

/** Returns what is wrong with a map, in words; `undefined` if the file can be put together. */
export function sparseProblem(parts: readonly SparsePart[], size: number, stored: number): string | undefined {
  if (!Number.isSafeInteger(size) || size < 0) return "the file's size is no number";
  if (parts.length >= MOST_PARTS) return `it has more than ${MOST_PARTS} parts`;
  let end = 0;
  let sum = 0;
  for (const [offset, length] of parts) {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || length < 0) {
      return "a part has no place or no size";
    }
    if (offset < end) return "its parts are not one behind the other";
    end = offset + length;
    sum += length;
  }
  if (end > size) return `a part ends at ${end}, and the file at ${size}`;
  if (sum !== stored) return `its parts have ${sum} bytes, and the archive has ${stored} of the file`;
  return undefined;
}

/** A stretch of a file: a hole, or bytes that the archive has. */
export interface FileStretch {
  /** How many bytes of the file it is. */
  readonly size: number;
  /** Where they stand in what the archive has of the file; a hole stands nowhere. */
  readonly storedAt?: number;
}

/** Returns the stretches of a file, or of a range of it. A file that is not sparse is one stretch. */
export function stretchesOf(
  file: { readonly size: number; readonly sparse?: SparseFile },
  start: number,
  length: number,
): FileStretch[] {
  const end = Math.min(file.size, start + length);
  const stretches: FileStretch[] = [];
  let storedAt = 0;
  let at = 0;
  const add = (from: number, to: number, stored?: number) => {
    const [first, last] = [Math.max(from, start), Math.min(to, end)];
    if (first >= last) return;
    stretches.push(
      stored === undefined ? { size: last - first } : { size: last - first, storedAt: stored + first - from },
    );
  };
  for (const [offset, size] of file.sparse?.parts ?? [[0, file.size]]) {
    add(at, offset);
    add(offset, offset + size, storedAt);
    at = offset + size;
    storedAt += size;
  }
  add(at, file.size);
  return stretches;
}
