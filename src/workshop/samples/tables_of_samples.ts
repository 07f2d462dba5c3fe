/**
 * Layers with a table of contents: eStargz and zstd:chunked; `archive/contents_table.ts` explains them.
 *
 *     eStargz        | header | content | header | content | … | the table, as the last file | footer |
 *     zstd:chunked   | header | content | header | content | … | end | ( table ) | ( footer ) |
 *
 * Each part is packed alone. So the table can say where the content of a file begins, and a client can fetch that part only.
 *
 * Next: program_of_sample.ts
 *
 * @module
 */

import { digestOf, HASHES } from "../../definitions/digest.ts";
import { joined } from "../../joined.ts";
import { estargzFooter, gzipOf, littleEndian, skippableFrame, zstdOf } from "./packing_without_compression.ts";
import { bytesOf, endOfTar, file, headerOf, padded, type SampleEntry, tarOf, TIME } from "./tar_of_sample.ts";

/** A layer with a table of contents. */
export interface LayerWithTable {
  /** The layer, as it is stored. */
  readonly packed: Uint8Array<ArrayBuffer>;
  /** The layer without compression. */
  readonly tar: Uint8Array<ArrayBuffer>;
  /** The annotations of its descriptor: they name the table. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Makes an eStargz: docs/estargz.md of stargz-snapshotter. */
export function estargzOf(entries: readonly SampleEntry[]): LayerWithTable {
  const { packed, unpacked, rows } = packedAlone(entries, gzipOf);
  const json = JSON.stringify({ version: 1, entries: rows });
  const table = tarOf([file("stargz.index.json", json, 0o444)]);
  const tableAt = sizeOf(packed);
  const tar = joined([...unpacked, table]);
  return {
    packed: joined([...packed, gzipOf(table), estargzFooter(tableAt)]),
    tar,
    annotations: {
      "containerd.io/snapshot/stargz/toc.digest": sha256(bytesOf(json)),
      "io.containers.estargz.uncompressed-size": String(tar.length),
    },
  };
}

/** Makes a zstd:chunked: pkg/chunked of containers/storage. */
export function chunkedOf(entries: readonly SampleEntry[]): LayerWithTable {
  const { packed, unpacked, rows } = packedAlone(entries, zstdOf);
  const all = [...packed, zstdOf(endOfTar())];
  const json = bytesOf(JSON.stringify({ version: 1, entries: rows }));
  const table = zstdOf(json);
  // A skippable frame has eight bytes in front of its content.
  const tableAt = sizeOf(all) + 8;
  const position = [tableAt, table.length, json.length, 1];
  const footer = joined([...position.map((number) => littleEndian(number, 8)), bytesOf("GnUlInUx")]);
  return {
    packed: joined([...all, skippableFrame(table), skippableFrame(footer)]),
    tar: joined([...unpacked, endOfTar()]),
    annotations: {
      "io.github.containers.zstd-chunked.manifest-checksum": sha256(table),
      "io.github.containers.zstd-chunked.manifest-position": position.join(":"),
    },
  };
}

// Packs the headers and the contents one by one, and makes the rows of the table.
function packedAlone(entries: readonly SampleEntry[], pack: (content: Uint8Array) => Uint8Array<ArrayBuffer>) {
  const packed: Uint8Array[] = [];
  const unpacked: Uint8Array[] = [];
  const rows: object[] = [];
  let at = 0;
  const add = (part: Uint8Array) => {
    if (part.length === 0) return;
    unpacked.push(part);
    packed.push(pack(part));
    at += packed.at(-1)!.length;
  };
  for (const entry of entries) {
    const { path, type, mode, content } = entry;
    add(headerOf(entry));
    const offset = at;
    add(content);
    const endOffset = at;
    add(padded(content).subarray(content.length));
    const common = { name: path, mode, uid: 0, gid: 0, modtime: new Date(TIME * 1000).toISOString() };
    const digest = sha256(content);
    const chunk = { size: content.length, digest, offset, endOffset, chunkSize: content.length, chunkDigest: digest };
    rows.push(type === "5" ? { type: "dir", ...common } : { type: "reg", ...common, ...chunk });
  }
  return { packed, unpacked, rows };
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function sha256(bytes: Uint8Array): string {
  return digestOf(HASHES, "sha256", bytes);
}
