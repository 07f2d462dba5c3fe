/**
 * Archives: tar files, gzipped or not.
 *
 *     once      every entry is checked: its kind, its path, and that the archive has all its bytes; every file is hashed
 *     again     a file that is wanted is read at its place; if the archive is gzipped, everything before it is read once more
 *
 * So an archive is read twice, and never kept: neither in memory nor in a temporary file. That is why it cannot come through a
 * pipe. A gzipped one is decompressed twice; that costs time, but no space on a disk, and a small archive that would fill a disk
 * (a "bomb") does no harm.
 *
 * Links are followed if they lead to a file in the archive: `docker save` wrote equal layers so for years. All other entries that
 * are neither file nor folder are refused, and so are paths that lead out of the archive.
 *
 * Next: tar_stream.ts
 *
 * @module
 */

import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { LONGEST_MAGIC, packingIn, type PackingKind } from "../archive/magic.ts";
import { HASHES, SHA256, toDigest } from "../definitions/digest.ts";
import { LongWork } from "../giving_way.ts";
import { expectShort, type FileContent, type Files, FillError, hashFile, type OpenFile } from "./files.ts";
import type { ArchiveBytes } from "./local_files.ts";
import { drainOf, type Entry, loadTarStream, type TarStream } from "./tar_stream.ts";

// The most files of an archive, the longest path in it, and the most bytes between two files.
const MOST_ENTRIES = 200_000;
const LONGEST_PATH = 4096;
const MOST_BETWEEN = 4 * 1024 * 1024;

// A gzipped archive may grow by this factor, and in any case to this size. Real images grow by less than ten.
const MOST_GROWTH = 200;
const GROWS_FREELY = 1024 ** 3;

/** Returns the size that `compressed` bytes of gzip may become. More is a bomb, or very unusual. */
export function mostOf(compressed: number): number {
  return Math.max(MOST_GROWTH * compressed, GROWS_FREELY);
}

// The JSON files of a gzipped archive that are kept, so that it need not be read once more for each: the longest one, and all.
const LONGEST_KEPT = 1024 * 1024;
const MOST_KEPT = 32 * 1024 * 1024;

// The place where no entry has come yet.
const BEGINNING = "its beginning";

interface Found extends FileContent {
  /** The place of its first byte in the archive, without compression. */
  readonly start: number;
  /** Its bytes, if they are kept. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/** The files of an archive. */
export class TarFiles implements Files {
  readonly label: string;
  readonly #archive: ArchiveBytes;
  readonly #tar: TarStream;
  readonly #isGzip: boolean;
  readonly #files = new Map<string, Found>();
  readonly #links = new Map<string, string>();
  #kept = 0;

  private constructor(archive: ArchiveBytes, tar: TarStream, isGzip: boolean) {
    this.label = archive.label;
    this.#archive = archive;
    this.#tar = tar;
    this.#isGzip = isGzip;
  }

  /**
   * Reads an archive to its end, and checks all of it. `progress` is called with the number of bytes that have been read.
   *
   * @throws {FillError} with the name of an entry that is refused.
   */
  static async scan(archive: ArchiveBytes, progress: (bytes: number) => void = () => {}): Promise<TarFiles> {
    const compression = await compressionOf(archive);
    if (compression !== "none" && compression !== "gzip") {
      throw new FillError(
        archive.label,
        undefined,
        `is compressed with ${compression}; only gzip is known here, so unpack it first`,
      );
    }
    const files = new TarFiles(archive, await loadTarStream(), compression === "gzip");
    await files.#scan(progress);
    return files;
  }

  look(path: string, algorithm: string): Promise<FileContent | undefined> {
    const found = this.#find(path);
    if (found === undefined || found.digest.startsWith(`${algorithm}:`)) return Promise.resolve(found);
    return hashFile(this, path, algorithm);
  }

  async read(path: string, most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const found = this.#find(path);
    if (found === undefined) return undefined;
    expectShort(this.label, path, found.size, most);
    if (found.bytes !== undefined) return found.bytes;
    const bytes = new Uint8Array(found.size);
    let at = 0;
    for await (const { pieces } of this.open(new Set([path]))) {
      for await (const piece of pieces) {
        bytes.set(piece, at);
        at += piece.length;
      }
    }
    return bytes;
  }

  async *open(paths: ReadonlySet<string>): AsyncGenerator<OpenFile> {
    // Several paths can be links to one file. It is read for each of them.
    const wanted = [...paths].map((path) => ({ path, found: this.#find(path) }))
      .filter((it): it is { path: string; found: Found } => it.found !== undefined)
      .sort((a, b) => a.found.start - b.found.start);
    if (!this.#isGzip) {
      for (const { path, found } of wanted) yield { path, pieces: this.#archive.pieces(found.start, found.size) };
      return;
    }
    for (let left = wanted; left.length > 0;) {
      const later: typeof wanted = [];
      const window = new Window(this.#bytes());
      try {
        for (const it of left) {
          if (it.found.start < window.at) later.push(it);
          else yield { path: it.path, pieces: window.read(it.found.start, it.found.size) };
        }
      } finally {
        await window.close();
      }
      left = later;
    }
  }

  #find(path: string): Found | undefined {
    return this.#files.get(this.#links.get(path) ?? path);
  }

  async #scan(progress: (bytes: number) => void): Promise<void> {
    const seen = new Set<string>();
    const work = new LongWork();
    for await (const entry of this.#entries(progress)) {
      // One piece of the archive may have very many entries.
      if (work.isLong()) await work.giveWay();
      const { name, size, type, linkname } = entry.header;
      const path = this.#pathOf(name);
      const isFile = type === "file" || type === "contiguous-file";
      // The package goes on only if somebody reads what an entry has.
      if (!isFile) { for await (const _ of entry); }
      if (type === "directory") continue;
      if (seen.has(path)) throw new FillError(this.label, path, "is in the archive twice");
      seen.add(path);
      if (seen.size > MOST_ENTRIES) {
        throw new FillError(this.label, path, `is one of more than ${MOST_ENTRIES} entries`);
      }
      if (type === "symlink" || type === "link") {
        const folder = type === "link" ? [] : path.split("/").slice(0, -1);
        this.#links.set(path, this.#targetOf(path, folder, linkname ?? ""));
      } else if (isFile) {
        const found = await this.#take(path, size, entry).catch((error) => {
          throw this.#refusalOf(error, `in ${path}`);
        });
        this.#files.set(path, found);
      } else {
        throw new FillError(this.label, path, `is no file, but of the type ${type ?? "that tar calls special"}`);
      }
    }
    for (const [path, target] of this.#links) {
      if (!this.#files.has(target)) {
        throw new FillError(this.label, path, `is a link to ${target}, which is no file in the archive`);
      }
    }
  }

  async #take(path: string, size: number, entry: Entry): Promise<Found> {
    const algorithm = path.startsWith("blobs/sha512/") ? "sha512" : SHA256;
    const hash = HASHES[algorithm]();
    const kept = this.#isGzip && size <= LONGEST_KEPT && this.#kept + size <= MOST_KEPT
      ? new Uint8Array(size)
      : undefined;
    let isKept = kept !== undefined;
    let at = 0;
    for await (const piece of entry) {
      if (at === 0) isKept &&= piece[0] === 0x7b || piece[0] === 0x5b; // "{" or "["
      if (isKept) kept!.set(piece, at);
      hash.update(piece);
      at += piece.length;
    }
    if (isKept) this.#kept += size;
    const content = { start: entry.offset + 512, size, digest: toDigest(algorithm, hash.digest("hex")) };
    return isKept ? { ...content, bytes: kept } : content;
  }

  // Yields the entries. The package reads a long name or a list of attributes at once, so the bytes between two files are counted.
  async *#entries(progress: (bytes: number) => void): AsyncGenerator<Entry> {
    const extract = this.#tar.extract();
    let last = BEGINNING;
    let expected = 0;
    const feed = async () => {
      const drained = drainOf(extract);
      let fed = 0;
      for await (const piece of this.#bytes(progress)) {
        fed += piece.length;
        if (fed > expected + MOST_BETWEEN + piece.length) {
          throw new FillError(
            this.label,
            undefined,
            `has more than ${MOST_BETWEEN} bytes behind ${last} that are no file`,
          );
        }
        if (!extract.destroyed && !extract.write(piece)) await drained();
        if (extract.destroyed) return;
      }
      extract.end();
    };
    const feeding = feed().catch((error) => extract.destroy(error));
    try {
      for await (const entry of extract) {
        const { name, size } = entry.header;
        if (!Number.isSafeInteger(size) || size < 0) throw new FillError(this.label, name, `has the size ${size}`);
        last = name;
        expected = entry.offset + 512 + size;
        yield entry;
      }
    } catch (error) {
      throw this.#refusalOf(error, `behind ${last}`);
    } finally {
      extract.destroy();
      await feeding;
    }
  }

  // Yields the bytes of the archive without compression.
  async *#bytes(progress: (bytes: number) => void = () => {}): AsyncGenerator<Uint8Array> {
    let read = 0;
    const work = new LongWork();
    const counted = async function* (pieces: AsyncIterable<Uint8Array>) {
      for await (const piece of pieces) {
        read += piece.length;
        progress(read);
        // The bytes of an archive in memory are all there at once.
        if (work.isLong()) await work.giveWay();
        yield piece;
      }
    };
    if (!this.#isGzip) {
      yield* counted(this.#archive.pieces());
      return;
    }
    const most = mostOf(this.#archive.size);
    let size = 0;
    for await (const piece of gunzipped(counted(this.#archive.pieces()))) {
      size += piece.length;
      if (size > most) {
        const reason =
          `becomes more than ${MOST_GROWTH} times as large without compression; unpack it first, if you trust it`;
        throw new FillError(this.label, undefined, reason);
      }
      if (work.isLong()) await work.giveWay();
      yield piece;
    }
  }

  // What the package throws has no name in it. At the end of the bytes, the stream of an entry says just that it was destroyed.
  #refusalOf(error: unknown, where: string): FillError {
    if (error instanceof FillError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    const cut = where === `behind ${BEGINNING}` ? "is no archive, or is cut off" : "is cut off";
    // The package would advise to unpack what is unpacked already.
    const damage = /invalid tar header/i.test(reason) ? "this is no header of a tar file" : reason;
    const why = /unexpected end|was destroyed/i.test(reason) ? cut : `is no archive, or is damaged: ${damage}`;
    return new FillError(this.label, undefined, `${why} (${where})`);
  }

  #pathOf(name: string): string {
    if (name.length > LONGEST_PATH) {
      throw new FillError(this.label, `${name.slice(0, 100)}…`, "is a path that is too long");
    }
    const parts = name.split("/");
    if (parts[0] === "" || parts.includes("..") || /[\0\\]/.test(name)) {
      throw new FillError(this.label, name, "is a path that leads out of the archive");
    }
    return parts.filter((part) => part !== "" && part !== ".").join("/");
  }

  #targetOf(path: string, folder: readonly string[], target: string): string {
    const parts = [...folder];
    for (const part of target.split("/")) {
      if (part === ".." && parts.pop() === undefined) parts.push("..");
      else if (part !== ".." && part !== "." && part !== "") parts.push(part);
    }
    if (target.startsWith("/") || parts[0] === "..") {
      throw new FillError(this.label, path, `is a link that leads out of the archive, to ${target}`);
    }
    return parts.join("/");
  }
}

/** Yields the bytes of gzip without compression. It reads no more of them than its caller wants. */
export async function* gunzipped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = Readable.from(pieces);
  const gunzip = createGunzip();
  input.on("error", (error) => gunzip.destroy(error));
  try {
    yield* input.pipe(gunzip);
  } finally {
    input.destroy();
    gunzip.destroy();
  }
}

async function compressionOf(archive: ArchiveBytes): Promise<PackingKind> {
  for await (const piece of archive.pieces(0, LONGEST_MAGIC)) return packingIn(piece);
  throw new FillError(archive.label, undefined, "is empty");
}

// A stream of bytes of which some parts are wanted, in their order.
class Window {
  /** The place of the next byte. */
  at = 0;
  readonly #pieces: AsyncGenerator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncGenerator<Uint8Array>) {
    this.#pieces = pieces;
  }

  /** Skips to a place and yields the bytes from there. */
  async *read(start: number, length: number): AsyncGenerator<Uint8Array> {
    while (this.at < start) await this.#next(start - this.at);
    for (let left = length; left > 0;) {
      const piece = await this.#next(left);
      left -= piece.length;
      yield piece;
    }
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined);
  }

  async #next(most: number): Promise<Uint8Array> {
    if (this.#rest.length === 0) {
      const { done, value } = await this.#pieces.next();
      if (done) throw new Error("the archive has changed while it was read");
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    this.at += piece.length;
    return piece;
  }
}
