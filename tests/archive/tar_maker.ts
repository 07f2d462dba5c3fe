/**
 * Tar archives for the tests, made byte by byte from the definition of the format, so that they can be wrong in any way.
 *
 *     tarOf(
 *       fileOf("etc/motd", "hello"),
 *       headerOf({ name: "dev/null", type: "3", major: 1, minor: 3 }),
 *     )
 *
 * @module
 */

import { createHash } from "node:crypto";
import { crc32, deflateRawSync, zstdCompressSync } from "node:zlib";
import { allOf } from "../../src/archive/byte_stream.ts";
import { gunzip, type GzipMember, PackedParts } from "../../src/archive/gzip.ts";
import { type ArchiveProblem, type ByteSource, sourceOf } from "../../src/archive/source.ts";
import { type LayerFacts, readLayer, type ReadLayerOptions } from "../../src/archive/layer.ts";
import { pathOf } from "../../src/archive/tree_nodes.ts";
import { bytes } from "../fixture.ts";
import { join } from "../filling/archive.ts";

export { allOf, gunzip, type GzipMember, join, PackedParts };

/** The magic and version of each format. */
export const MAGIC = { v7: "", ustar: "ustar\x0000", gnu: "ustar  \0" } as const;

/** The fields of a header. */
export interface Fields {
  readonly name?: string | Uint8Array;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly time?: number;
  readonly type?: string;
  readonly link?: string;
  readonly magic?: string;
  readonly user?: string;
  readonly group?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly prefix?: string;
  /** Changes bytes before the checksum is computed. */
  readonly patch?: (block: Uint8Array) => void;
  /** The checksum; by default the right one. */
  readonly sum?: (sums: { unsigned: number; signed: number }) => number;
}

/** Returns a header. */
export function headerOf(fields: Fields): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(512);
  const put = (at: number, value: string | Uint8Array) =>
    block.set(typeof value === "string" ? latin1(value) : value, at);
  const octal = (at: number, length: number, value: number) => put(at, value.toString(8).padStart(length - 1, "0"));
  put(0, typeof fields.name === "string" ? bytes(fields.name) : fields.name ?? "x");
  octal(100, 8, fields.mode ?? 0o644);
  octal(108, 8, fields.uid ?? 0);
  octal(116, 8, fields.gid ?? 0);
  octal(124, 12, fields.size ?? 0);
  octal(136, 12, fields.time ?? 0);
  put(156, fields.type ?? "0");
  put(157, fields.link ?? "");
  put(257, fields.magic ?? MAGIC.ustar);
  put(265, fields.user ?? "");
  put(297, fields.group ?? "");
  if (fields.major !== undefined) octal(329, 8, fields.major);
  if (fields.minor !== undefined) octal(337, 8, fields.minor);
  put(345, fields.prefix ?? "");
  fields.patch?.(block);
  block.fill(0x20, 148, 156);
  const unsigned = block.reduce((sum, byte) => sum + byte, 0);
  const signed = new Int8Array(block.buffer).reduce((sum, byte) => sum + byte, 0);
  put(148, `${(fields.sum?.({ unsigned, signed }) ?? unsigned).toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** Returns content, filled up to whole blocks. */
export function padded(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const body = typeof content === "string" ? bytes(content) : content;
  return join([body, new Uint8Array((512 - body.length % 512) % 512)]);
}

/** Returns a file: its header and its content. */
export function fileOf(name: string, content: string | Uint8Array = "", fields: Fields = {}): Uint8Array<ArrayBuffer> {
  const size = typeof content === "string" ? bytes(content).length : content.length;
  return join([headerOf({ name, size, ...fields }), padded(content)]);
}

/** Returns PAX records, with their entry in front of another one. */
export function paxOf(
  records: readonly (readonly [key: string, value: string])[],
  type = "x",
): Uint8Array<ArrayBuffer> {
  return fileOf("PaxHeaders/x", records.map(([key, value]) => recordOf(key, value)).join(""), { type });
}

/** Returns a PAX record: its length counts its own digits too. */
export function recordOf(key: string, value: string): string {
  const rest = bytes(` ${key}=${value}\n`).length;
  let length = rest + 1;
  while (String(length).length + rest !== length) length++;
  return `${length} ${key}=${value}\n`;
}

/** Returns an archive of entries, with its end. */
export function tarOf(...entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return join([...entries, new Uint8Array(1024)]);
}

/** Returns a member of gzip, with a header as it is wanted. */
export function memberOf(
  content: Uint8Array,
  { flags = 0, time = 0, system = 255, fields = new Uint8Array(), level = 6, crc }: {
    flags?: number;
    time?: number;
    system?: number;
    fields?: Uint8Array;
    level?: number;
    crc?: number;
  } = {},
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, system]);
  new DataView(header.buffer).setUint32(4, time, true);
  const trailer = new Uint8Array(8);
  new DataView(trailer.buffer).setUint32(0, crc ?? crc32(content), true);
  new DataView(trailer.buffer).setUint32(4, content.length, true);
  return join([header, fields, deflateRawSync(content, { level }), trailer]);
}

/** Returns a frame of zstd. */
export function frameOf(content: Uint8Array): Uint8Array<ArrayBuffer> {
  // With a smaller chunk, Deno ends with a second frame, which is empty.
  return join([zstdCompressSync(content, { chunkSize: content.length + 1024 })]);
}

/** Returns a skippable frame of zstd. */
export function skippableOf(content: Uint8Array, kind = 0): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array([0x50 + kind, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  new DataView(header.buffer).setUint32(4, content.length, true);
  return join([header, content]);
}

/** Reads bytes as a layer. */
export function layerOf(content: Uint8Array, options: ReadLayerOptions = {}): Promise<LayerFacts> {
  return readLayer(sourceOf(content), options);
}

/** Reads bytes as a source that says how many pieces were asked for, and lets them come in pieces of one size. */
export function countedSource(content: Uint8Array, piece = 4096): ByteSource & { readonly read: { bytes: number } } {
  const read = { bytes: 0 };
  return {
    size: content.length,
    read,
    async *pieces(start = 0, length = content.length) {
      for (let at = start; at < Math.min(content.length, start + length); at += piece) {
        const part = content.subarray(at, Math.min(at + piece, start + length));
        read.bytes += part.length;
        yield part;
      }
    },
  };
}

/** Returns the paths of a tree, with the kind of each that is no file, and the bytes of each. */
export function drawn(nodes: LayerFacts["nodes"]): string[] {
  return nodes.map(({ kind, size }, index) =>
    `${pathOf(nodes, index) || "."} ${kind === "file" ? "" : `${kind} `}${size}`
  );
}

/** Returns the kinds and places of problems. */
export function toldOf({ problems }: { readonly problems: { readonly list: readonly ArchiveProblem[] } }): string[] {
  return problems.list.map(({ what, at, where, path }) =>
    `${what} at ${at}${where === "packed" ? " packed" : ""}${path === undefined ? "" : `: ${path}`}`
  );
}

/** Returns the digest of some bytes. */
export function sha256(content: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
