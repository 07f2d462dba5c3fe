/**
 * The tar archives of the samples, made by hand.
 *
 *     tarOf([folder("etc"), file("etc/motd", "Hello\n")])
 *
 *     header of etc/ | header of etc/motd | Hello\n and 506 zeros | two blocks of zeros
 *
 * The bytes must be the same on every machine and with every version of Deno, because the digests of the samples are known
 * beforehand. So no program packs these archives. All files belong to root, and have the same time.
 *
 * Next: packing_without_compression.ts
 *
 * @module
 */

import { BLOCK } from "../../archive/tar_header.ts";
import { joined } from "../../joined.ts";

/** The time of everything in the samples, in seconds since 1970: the beginning of 2026. */
export const TIME: number = Date.UTC(2026, 0, 1) / 1000;

/** An entry of an archive. */
export interface SampleEntry {
  /** Its path. That of a folder ends with a slash. */
  readonly path: string;
  /** Its kind, as the letter that tar has for it. */
  readonly type: "0" | "5";
  /** Its permissions. */
  readonly mode: number;
  /** Its content, if it is a file. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** What is added to its checksum. With anything but 0, the checksum is wrong. */
  readonly error: number;
}

const NOTHING = new Uint8Array();

/** Returns a file. */
export function file(path: string, content: string | Uint8Array<ArrayBuffer>, mode = 0o644): SampleEntry {
  return { path, type: "0", mode, content: bytesOf(content), error: 0 };
}

/** Returns a folder. */
export function folder(path: string): SampleEntry {
  return { path: `${path}/`, type: "5", mode: 0o755, content: NOTHING, error: 0 };
}

/** Returns an archive, with its end. */
export function tarOf(entries: readonly SampleEntry[]): Uint8Array<ArrayBuffer> {
  return joined([...entries.flatMap((entry) => [headerOf(entry), padded(entry.content)]), endOfTar()]);
}

/** Returns the end of an archive: two blocks of zeros. */
export function endOfTar(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(2 * BLOCK);
}

/** Returns the header of an entry; `archive/tar_header.ts` explains its fields. */
export function headerOf({ path, type, mode, content, error }: SampleEntry): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(bytesOf(text), at);
  const number = (at: number, length: number, value: number) => put(at, value.toString(8).padStart(length - 1, "0"));
  put(0, path);
  number(100, 8, mode);
  number(108, 8, 0);
  number(116, 8, 0);
  number(124, 12, content.length);
  number(136, 12, TIME);
  put(148, " ".repeat(8));
  put(156, type);
  put(257, "ustar\x0000");
  put(265, "root");
  put(297, "root");
  const sum = block.reduce((sum, byte) => sum + byte, error);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** Returns content, filled up with zeros to whole blocks. */
export function padded(content: Uint8Array): Uint8Array<ArrayBuffer> {
  return joined([content, new Uint8Array((BLOCK - content.length % BLOCK) % BLOCK)]);
}

/** Returns the bytes of a text. Bytes stay as they are. */
export function bytesOf(content: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}
