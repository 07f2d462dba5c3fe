/**
 * One file of a layer: its bytes, without keeping the others.
 *
 *     a plain tar            the file's own bytes are read, wherever they stand                    "seek"
 *     eStargz, zstd:chunked  the table of contents says which members or frames have it            "table"
 *     gzip, zstd             all that stands before it is unpacked, and nothing behind it          "scan"
 *
 * A path can be in an archive twice, and then the later entry counts. A reader that stops at the first one does not see
 * the later one. So a caller that has the list of entries passes an entry in place of a path.
 *
 * Next: content_kind.ts
 *
 * @module
 */

import { createHash } from "node:crypto";
import { allOf, type ByteStream } from "./byte_stream.ts";
import type { TableEntry } from "./contents_table.ts";
import { LONGEST_MAGIC, packingIn, type PackingKind } from "./magic.ts";
import { bytesAt, unpack } from "./packing.ts";
import { readContentsTable } from "./reading_a_table.ts";
import { ArchiveReading, type ByteSource, type LimitMet, type ProblemList, type ReadingLimits } from "./source.ts";
import { stretchesOf } from "./sparse.ts";
import { readTar } from "./tar.ts";
import type { TarEntry } from "./tar_entry.ts";
import { cleanPath } from "./paths.ts";

/** Which bytes of a file to read, and what that may cost. */
export interface FileOptions {
  /** The first byte; by default 0. */
  readonly start?: number;
  /** How many bytes; by default all of them for a stream, and 1 MiB for bytes in memory. */
  readonly length?: number;
  /** The most that it may cost. */
  readonly limits?: ReadingLimits;
  /** The annotations of the layer's descriptor, which may say where its table of contents is. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A file that was found. */
export interface FoundFile {
  /** Its entry. If a table of contents led to it, only what the table says. */
  readonly entry: TarEntry | TableEntry;
  /** The size of its content. */
  readonly size: number;
  /** The path of the entry that has its content: another one for a hard link. */
  readonly contentPath: string;
  /** How its bytes are read. */
  readonly way: "seek" | "table" | "scan";
}

/** A file whose bytes can be read. */
export interface OpenedFile {
  /** What was found; nothing if the path is not there, or was not reached. */
  readonly found?: FoundFile;
  /** The bytes that were asked for, to be read once. They end early if the archive is broken, or if a limit is met. */
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Ends the reading. Only a caller that does not begin to read `pieces` needs it. */
  readonly close: () => Promise<void>;
  /** Returns what is wrong, as far as it was read. */
  readonly problems: () => ProblemList;
  /** Returns the limit that ended the reading early. */
  readonly limitMet: () => LimitMet | undefined;
}

/** Bytes of a file, in memory. */
export interface FileExcerpt {
  /** What was found; nothing if the path is not there, or was not reached. */
  readonly found?: FoundFile;
  /** The place of the first byte in the file. */
  readonly start: number;
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** What is wrong. */
  readonly problems: ProblemList;
  /** The limit that ended the reading early. */
  readonly limitMet?: LimitMet;
}

const USUAL_LENGTH = 1024 * 1024;

/** Reads bytes of a file into memory. Symbolic links are not followed: `found.entry.target` says where they lead. */
export async function readFile(
  source: ByteSource,
  file: string | TarEntry,
  options: FileOptions = {},
): Promise<FileExcerpt> {
  const opened = await openFile(source, file, { length: USUAL_LENGTH, ...options });
  const bytes = await allOf(opened.pieces);
  const limitMet = opened.limitMet();
  return {
    ...(opened.found !== undefined && { found: opened.found }),
    start: options.start ?? 0,
    bytes,
    problems: opened.problems(),
    ...(limitMet !== undefined && { limitMet }),
  };
}

/** Finds a file and opens it. Its `pieces` must be read, or it must be closed, so that nothing stays open. */
export async function openFile(
  source: ByteSource,
  file: string | TarEntry,
  options: FileOptions = {},
): Promise<OpenedFile> {
  const reading = new ArchiveReading(options.limits);
  const { start = 0, length = Number.MAX_SAFE_INTEGER } = options;
  const opened = (
    found: FoundFile | undefined,
    pieces: AsyncIterable<Uint8Array>,
    stream?: ByteStream,
  ): OpenedFile => ({
    ...(found !== undefined && { found }),
    // A hole costs nothing in an archive, and may be larger than any disk.
    pieces: reading.within(pieces),
    close: async () => await stream?.close(),
    problems: () => reading.problems,
    limitMet: () => reading.limitMet,
  });
  const packing = packingIn(await bytesAt(source, 0, LONGEST_MAGIC));

  if (typeof file === "string" && packing !== "none") {
    const table = await readContentsTable(source, reading, options.annotations);
    const path = cleanPath(file);
    const rows = table?.entries ?? [];
    const row = rows.find((row) => cleanPath(row.path) === path);
    const content = row?.kind !== "hard link"
      ? row
      : rows.find(({ kind, path }) => kind === "file" && cleanPath(path) === cleanPath(row.target ?? ""));
    if (row !== undefined && content !== undefined) {
      const found: FoundFile = { entry: row, size: content.size, contentPath: content.path, way: "table" };
      return opened(found, chunksOf(source, content, packing, start, length, reading));
    }
  }

  const { stream } = await unpack(source, reading);
  const way = packing === "none" ? "seek" : "scan";
  if (typeof file !== "string" && file.kind !== "hard link") {
    const found: FoundFile = { entry: file, size: file.size, contentPath: file.path, way };
    return opened(found, contentOf(stream, reading, file, start, length), stream);
  }
  const hit = await find(stream, reading, typeof file === "string" ? file : file.path);
  if (hit === undefined) {
    await stream.close();
    return opened(undefined, nothing());
  }
  const { entry, content } = hit;
  const found: FoundFile = { entry, size: content.size, contentPath: content.path, way };
  if (content === entry) return opened(found, contentOf(stream, reading, content, start, length), stream);
  // The content of a hard link stands before it, so the bytes are read once more.
  await stream.close();
  const again = await unpack(source, reading);
  return opened(found, contentOf(again.stream, reading, content, start, length), again.stream);
}

// Reads entries up to the one with a path. A hard link leads to an entry in front of it.
async function find(
  stream: ByteStream,
  reading: ArchiveReading,
  path: string,
): Promise<{ entry: TarEntry; content: TarEntry } | undefined> {
  const wanted = cleanPath(path);
  const before = new Map<string, TarEntry>();
  let found: TarEntry | undefined;
  // An entry's content is passed as soon as the next entry is wanted, and the caller wants it first.
  const tar = readTar(stream, reading, {
    stopAt: (entry) => {
      const clean = cleanPath(entry.path);
      if (clean === wanted) found = entry;
      else if (entry.kind === "file" || entry.kind === "hard link") before.set(clean, entry);
      return found !== undefined;
    },
  });
  for await (const _ of tar) { /* goes on to the file */ }
  if (found === undefined) return undefined;
  let content = found;
  // Each step goes to an entry in front of the last one, so there is no circle.
  while (content.kind === "hard link") {
    const target = before.get(cleanPath(content.target ?? ""));
    if (target === undefined || target.headerAt >= content.headerAt) {
      reading.note(
        "link leads nowhere",
        content.headerAt,
        `The hard link leads to ${content.target}, which is no file in front of it.`,
        content.path,
      );
      break;
    }
    content = target;
  }
  return { entry: found, content };
}

// Yields a range of a file's content. The stream stands in front of it.
async function* contentOf(
  stream: ByteStream,
  reading: ArchiveReading,
  entry: TarEntry,
  start: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  try {
    if (entry.kind !== "file" && entry.kind !== "unknown") return;
    for (const { size, storedAt } of stretchesOf(entry, start, length)) {
      if (storedAt === undefined) {
        yield* zeros(size);
        continue;
      }
      await stream.skip(entry.contentAt + storedAt - stream.at);
      const before = stream.at;
      yield* stream.read(size);
      if (stream.at - before < size) {
        if (reading.limitMet === undefined) {
          reading.note("cut off", stream.at, "The archive ends in the content.", entry.path);
        }
        return;
      }
    }
  } finally {
    await stream.close();
  }
}

const ZEROS = new Uint8Array(64 * 1024);

function* zeros(size: number): Generator<Uint8Array> {
  for (let left = size; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left);
}

// Yields a range of a file's content by its table of contents: only the members or frames with it are unpacked.
async function* chunksOf(
  source: ByteSource,
  { path, chunks, size }: TableEntry,
  packing: PackingKind,
  start: number,
  length: number,
  reading: ArchiveReading,
): AsyncGenerator<Uint8Array> {
  const end = Math.min(size, start + length);
  let at = start;
  for (const chunk of chunks) {
    const last = Math.min(end, chunk.offset + chunk.size);
    if (last <= at) continue;
    if (chunk.offset > at || chunk.at >= source.size) break;
    if (chunk.isHole === true) yield* zeros(last - at);
    else {
      const before = at;
      const isWhole = at === chunk.offset && last === chunk.offset + chunk.size;
      const hash = isWhole && chunk.digest?.startsWith("sha256:") ? createHash("sha256") : undefined;
      const wrong = (text: string) => reading.note("bad table", chunk.at, text, path, "packed");
      const { stream } = await unpack(from(source, chunk.at), reading, { only: packing });
      try {
        await stream.skip(chunk.inside + at - chunk.offset);
        for await (const piece of stream.read(last - at)) {
          at += piece.length;
          hash?.update(piece);
          yield piece;
        }
      } finally {
        await stream.close();
      }
      if (at < last) {
        if (reading.limitMet === undefined) {
          wrong(`The table of contents says that ${last - before} bytes of the file are here.`);
        }
        return;
      }
      if (hash !== undefined && `sha256:${hash.digest("hex")}` !== chunk.digest) {
        wrong(`The bytes of the file from ${chunk.offset} on have not the digest that the table of contents says.`);
      }
    }
    at = last;
  }
  if (at < end) {
    reading.note("bad table", 0, `The table of contents has no place for the bytes from ${at} on.`, path, "packed");
  }
}

// The same bytes from a place on.
function from(source: ByteSource, at: number): ByteSource {
  return { size: source.size - at, pieces: (start = 0, length = source.size) => source.pieces(at + start, length) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
