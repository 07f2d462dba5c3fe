/**
 * Reading a table of contents: where it stands, its text, and the entries in it.
 *
 * Its size is what the layer says, so it is limited before anything is unpacked, and the objects in it are counted before it is parsed.
 *
 * Next: layer.ts
 *
 * @module
 */

import { createHash } from "node:crypto";
import { allOf } from "./byte_stream.ts";
import { type ContentsTable, entriesOf } from "./contents_table.ts";
import { estargzPosition, estargzTable } from "./estargz.ts";
import { LONGEST_MAGIC, packingIn } from "./magic.ts";
import { bytesAt, unpack } from "./packing.ts";
import { ArchiveReading, type ByteSource, sourceOf } from "./source.ts";
import { chunkedPosition } from "./zstd_chunked.ts";

// The largest table that is read, and the most objects in it. 100,000 files need half of that.
const LARGEST_TABLE = 96 * 1024 ** 2;
const MOST_OBJECTS = 1_000_000;

// Annotations of a layer with the digest of its table.
const DIGEST_ANNOTATIONS = {
  "eStargz": ["containerd.io/snapshot/stargz/toc.digest"],
  "zstd:chunked": [
    "io.github.containers.zstd-chunked.manifest-checksum",
    "io.containers.zstd-chunked.manifest-checksum",
  ],
} as const;

/** Reads the table of contents of a layer. Returns `undefined` if it has none, or one that is broken; that is noted. */
export async function readContentsTable(
  source: ByteSource,
  reading: ArchiveReading,
  annotations: Readonly<Record<string, string>> = {},
): Promise<ContentsTable | undefined> {
  const packing = packingIn(await bytesAt(source, 0, LONGEST_MAGIC));
  const position = packing === "gzip"
    ? await estargzPosition(source)
    : packing === "zstd"
    ? await chunkedPosition(source, annotations)
    : undefined;
  if (position === undefined) return undefined;
  const wrong = (text: string) => {
    reading.note("bad table", position.at, text, undefined, "packed");
    return undefined;
  };
  if (position.at < 0 || position.size <= 0 || position.at + position.size > source.size) {
    return wrong("The table of contents lies outside of the layer.");
  }
  if (position.size > LARGEST_TABLE) {
    return wrong(`The table of contents has ${position.size} bytes, which is too much to read.`);
  }

  const packed = await bytesAt(source, position.at, position.size);
  const json = await unpackedTable(packed, position.form);
  if (typeof json === "string") return wrong(json);
  if (objectsIn(json) > MOST_OBJECTS) return wrong(`The table of contents has more than ${MOST_OBJECTS} objects.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(json));
  } catch {
    return wrong("The table of contents is no JSON.");
  }
  const entries = entriesOf(parsed);
  if (typeof entries === "string") return wrong(entries);

  const hashed = position.form === "eStargz" ? json : packed;
  const digest = `sha256:${createHash("sha256").update(hashed).digest("hex")}`;
  const announced = DIGEST_ANNOTATIONS[position.form].map((name) => annotations[name]).find((value) =>
    value !== undefined
  );
  if (announced !== undefined && announced !== digest) {
    wrong(`The table of contents has the digest ${digest}, and the layer's annotation says ${announced}.`);
  }
  return { ...position, digest, entries };
}

async function unpackedTable(packed: Uint8Array, form: ContentsTable["form"]): Promise<Uint8Array | string> {
  const reading = new ArchiveReading({ bytes: LARGEST_TABLE });
  const { stream } = await unpack(sourceOf(packed), reading, { only: form === "eStargz" ? "gzip" : "zstd" });
  const bytes = form === "eStargz"
    ? await estargzTable(stream, LARGEST_TABLE)
    : await allOf(stream.read(LARGEST_TABLE));
  await stream.close();
  if (reading.limitMet !== undefined) return `The table of contents has more than ${LARGEST_TABLE} bytes.`;
  if (reading.problems.count > 0) return `The table of contents cannot be unpacked. ${reading.problems.list[0].text}`;
  return bytes;
}

// Counts the beginnings of objects and lists. It stops at too many.
function objectsIn(json: Uint8Array): number {
  let count = 0;
  for (const byte of [0x7b, 0x5b]) {
    for (let at = json.indexOf(byte); at >= 0 && count <= MOST_OBJECTS; at = json.indexOf(byte, at + 1)) count++;
  }
  return count;
}
