/**
 * eStargz: gzip with a table of contents.
 * https://github.com/containerd/stargz-snapshotter/blob/v0.18.1/docs/estargz.md
 *
 *     | member | member | … | member with the file stargz.index.json | footer, 51 bytes |
 *                             ▲                                         │
 *                             └── 16 hexadecimal digits, "STARGZ" ──────┘
 *
 * The footer is an empty member of gzip. Its header has a field for programs, and that has the place of the table. The table is the
 * only file of a tar of its own; it is JSON. It may stand behind the end of the layer's tar, where nobody else looks.
 *
 * Next: zstd_chunked.ts
 *
 * @module
 */

import { allOf, type ByteStream } from "./byte_stream.ts";
import type { TablePosition } from "./contents_table.ts";
import { bytesAt } from "./packing.ts";
import type { ByteSource } from "./source.ts";
import { BLOCK, readHeader, textOf } from "./tar_header.ts";

/** The path of the file with the table, in a tar of its own. */
export const ESTARGZ_ENTRY = "stargz.index.json";

// The beginning of the footer: a header of gzip with a field for programs. In the newer form, the field's text comes behind a name
// and a length of 2 bytes each.
const BEGIN = [0x1f, 0x8b, 0x08, 0x04];
const FOOTERS = [{ size: 51, text: 16, fieldSize: 26 }, { size: 47, text: 12, fieldSize: 22 }];

/** Returns the place of the table. Returns `undefined` if there is no footer. */
export async function estargzPosition(source: ByteSource): Promise<TablePosition | undefined> {
  for (const { size, text, fieldSize } of FOOTERS) {
    if (source.size < size) continue;
    const footer = await bytesAt(source, source.size - size, size);
    if (!BEGIN.every((byte, index) => footer[index] === byte) || footer[10] !== fieldSize || footer[11] !== 0) continue;
    const match = /^([0-9a-f]{16})STARGZ$/.exec(textOf(footer.subarray(text, text + 22)).text);
    if (match === null) continue;
    const at = parseInt(match[1], 16);
    return { form: "eStargz", at, size: source.size - size - at, by: "footer" };
  }
  return undefined;
}

/** Reads the table out of its own tar. Returns what is wrong with it, in words. */
export async function estargzTable(tar: ByteStream, most: number): Promise<Uint8Array | string> {
  const block = await tar.take(BLOCK);
  if (block.length < BLOCK) return "The table of contents has no tar around it.";
  const header = readHeader(block);
  const name = textOf(header.name).text;
  if (name !== ESTARGZ_ENTRY) {
    return `The table of contents is a file ${JSON.stringify(name)}, and not ${ESTARGZ_ENTRY}.`;
  }
  if (!(header.size >= 0 && header.size <= most)) return `The table of contents says that it has ${header.size} bytes.`;
  return await allOf(tar.read(header.size));
}
