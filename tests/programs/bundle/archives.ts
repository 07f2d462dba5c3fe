/**
 * The archives of a bundle: tar for everybody, and zip for Windows, where a double click unpacks it.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 *     tar   | header | content, filled up to 512 | header | content … | zeros
 *     zip   | header | content, compressed | header | content … | the same headers once more, with places | where those begin
 *
 * Both are written without a package, because a program that makes a bundle may find an npm registry that has only what the bundle
 * needs.
 *
 * @module
 */

import { crc32, deflateRawSync } from "node:zlib";

/** A file of an archive. */
export interface BundleFile {
  /** Its path in the archive, with "/" between folders. */
  readonly path: string;
  /** True if it is a program. */
  readonly isProgram: boolean;
  /** Reads its content. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>;
}

const BLOCK = 512;
const encoder = new TextEncoder();

/**
 * Yields the bytes of a tar archive.
 *
 * @param time the time of all files, in seconds since 1970.
 * @throws {RangeError} if a path is too long for the format.
 */
export async function* tarOf(files: readonly BundleFile[], time: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (const file of files) {
    const content = await file.bytes();
    yield tarHeader(file, content.length, time);
    yield content;
    yield new Uint8Array((BLOCK - content.length % BLOCK) % BLOCK);
  }
  yield new Uint8Array(2 * BLOCK);
}

function tarHeader({ path, isProgram }: BundleFile, size: number, time: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(encoder.encode(text), at);
  const number = (at: number, length: number, value: number) => put(at, value.toString(8).padStart(length - 1, "0"));
  const [prefix, name] = partsOf(path);
  put(0, name);
  number(100, 8, isProgram ? 0o755 : 0o644);
  number(108, 8, 0);
  number(116, 8, 0);
  number(124, 12, size);
  number(136, 12, time);
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\x0000");
  put(345, prefix);
  put(148, `${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `);
  return block;
}

// A header has 100 bytes for a name, and 155 for folders in front of it.
function partsOf(path: string): [prefix: string, name: string] {
  const length = (text: string) => encoder.encode(text).length;
  if (length(path) <= 100) return ["", path];
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const parts: [string, string] = [path.slice(0, slash), path.slice(slash + 1)];
    if (length(parts[0]) <= 155 && length(parts[1]) <= 100) return parts;
  }
  throw new RangeError(`the path ${path} is too long for a tar archive`);
}

// Signatures of the parts of a zip archive, and what all files have in common.
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const MADE_BY_UNIX = 3 << 8;
const NAMES_ARE_UTF8 = 1 << 11;
const DEFLATED = 8;
const REGULAR_FILE = 0o100000;

/**
 * Yields the bytes of a zip archive.
 *
 * @param time the time of all files, in seconds since 1970.
 * @throws {RangeError} if there are more files than the format counts.
 */
export async function* zipOf(files: readonly BundleFile[], time: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (files.length > 0xffff) throw new RangeError(`${files.length} files are too many for a zip archive`);
  const central: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const { path, isProgram, bytes } of files) {
    const content = await bytes();
    const packed = deflateRawSync(content) as Uint8Array<ArrayBuffer>;
    const name = encoder.encode(path);
    const common: [number, 2 | 4][] = [
      [VERSION, 2],
      [NAMES_ARE_UTF8, 2],
      [DEFLATED, 2],
      ...dosTime(time),
      [crc32(content), 4],
      [packed.length, 4],
      [content.length, 4],
      [name.length, 2],
      [0, 2],
    ];
    const mode = REGULAR_FILE | (isProgram ? 0o755 : 0o644);
    central.push(
      fields([CENTRAL, 4], [MADE_BY_UNIX | VERSION, 2], ...common, [0, 2], [0, 2], [0, 2], [mode * 0x10000, 4], [
        at,
        4,
      ]),
    );
    central.push(name);
    const header = fields([LOCAL, 4], ...common);
    yield header;
    yield name;
    yield packed;
    at += header.length + name.length + packed.length;
  }
  yield* central;
  const size = central.reduce((sum, { length }) => sum + length, 0);
  yield fields([END, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [at, 4], [0, 2]);
}

function fields(...values: readonly [value: number, bytes: 2 | 4][]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(values.reduce((sum, [, bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [value, bytes] of values) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

// The time and the day as MS-DOS had them: two seconds are one, and years count from 1980.
function dosTime(time: number): [number, 2][] {
  const date = new Date(time * 1000);
  const clock = date.getUTCHours() << 11 | date.getUTCMinutes() << 5 | date.getUTCSeconds() >> 1;
  const day = (date.getUTCFullYear() - 1980) << 9 | (date.getUTCMonth() + 1) << 5 | date.getUTCDate();
  return [[clock, 2], [day, 2]];
}
