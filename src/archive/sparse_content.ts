/**
 * The content of a sparse file in an archive: where it begins, how large it is, and which parts of the file it has.
 *
 *     header, kind "S"  │ more of the map │ part part      gnu
 *     records, header   │ part part                        pax 0.0, pax 0.1
 *     records, header   │ map             │ part part      pax 1.0
 *                       ╰─ here the stream stands
 *
 * A map can be wrong, by accident or on purpose. Then the entry has what the archive has of it, and a note says so.
 *
 * Next: tree.ts
 *
 * @module
 */

import type { ByteStream } from "./byte_stream.ts";
import type { ArchiveReading } from "./source.ts";
import { gnuParts, parseMap, type SparseFile, type SparsePart, sparseProblem, type SparseRecords } from "./sparse.ts";

/** The content of an entry. Places and sizes are bytes. */
export interface TarContent {
  /** The place where it begins. */
  readonly contentAt: number;
  /** Its size as a reader of the file sees it, with the holes of a sparse file. */
  readonly size: number;
  /** How many bytes of it the archive has. */
  readonly stored: number;
  /** What a sparse file has that is no hole. */
  readonly sparse?: SparseFile;
}

/** What is known of a sparse file before its content. */
export interface SparseEntry {
  /** Its path, for notes. */
  readonly path: string;
  /** The place of its header. */
  readonly headerAt: number;
  /** The block of its header, which has the map if there are no records. */
  readonly block: Uint8Array;
  /** What PAX records say about it, unless it is of the old kind of GNU. */
  readonly records: SparseRecords | undefined;
  /** How many bytes its header or its records announce, with the map of "pax 1.0". */
  readonly inArchive: number;
}

// The most bytes of the map in front of a sparse file.
const LONGEST_MAP = 1024 * 1024;

/**
 * Reads the map of a sparse file, as far as it stands behind the header. Then the stream stands at the content. Returns `undefined` if
 * the archive ends in a map of GNU.
 */
export async function sparseContent(
  stream: ByteStream,
  reading: ArchiveReading,
  { path, headerAt, block, records, inArchive }: SparseEntry,
): Promise<TarContent | undefined> {
  const begin = stream.at;
  let stored = inArchive;
  let file: { form: SparseFile["form"]; size: number; parts?: readonly SparsePart[] };
  if (records === undefined) {
    const map = await gnuParts(block, stream);
    if (map === undefined) {
      if (reading.limitMet === undefined) {
        reading.note("cut off", headerAt, "The archive ends in the map of a sparse file.", path);
      }
      return undefined;
    }
    file = { form: "gnu", ...map };
  } else if (records.form === "pax 1.0") {
    const map = await parseMap(stream, Math.min(inArchive, LONGEST_MAP));
    if (typeof map === "string") reading.note("bad sparse map", begin, map, path);
    stored = Math.max(0, inArchive - (stream.at - begin));
    file = { ...records, parts: typeof map === "string" ? undefined : map };
  } else {
    file = records;
  }

  const contentAt = stream.at;
  const { form, size, parts } = file;
  const wrong = parts === undefined ? "it has none" : sparseProblem(parts, size, stored);
  if (wrong === undefined) return { contentAt, size, stored, sparse: { form, parts: parts! } };
  const sentence = `The map of a sparse file cannot be: ${wrong}. Its bytes are shown as they are stored.`;
  reading.note("bad sparse map", contentAt, sentence, path);
  return { contentAt, size: stored, stored };
}
