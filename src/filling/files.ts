/**
 * The files of a source: the same few questions to a folder, to an archive, and to a record in memory.
 *
 *     layout/                     a folder            local_files.ts
 *     image.tar, image.tar.gz     an archive          tar.ts
 *     { "index.json": "{…}" }     a record            this file
 *
 * Nobody extracts an archive. Its files are asked for by their paths, so a path such as `../../etc/passwd` in it leads nowhere;
 * an archive with such a path is refused all the same, because somebody has made it on purpose.
 *
 * Next: local_files.ts
 *
 * @module
 */

import { type Digest, digestOf, HASHES, toDigest } from "../definitions/digest.ts";
import { printable } from "../definitions/printable.ts";

/** What a registry can be filled from: the path of a folder or archive, the bytes of an archive, or files by their paths. */
export type Source = string | Blob | Readonly<Record<string, string | Uint8Array>>;

/** The size and the digest of a file. */
export interface FileContent {
  /** Its length in bytes. */
  readonly size: number;
  /** Its digest, computed from all its bytes. */
  readonly digest: Digest;
}

/** The files of a source. If a file is not there, `look` and `read` return `undefined`, and `open` leaves it out. */
export interface Files {
  /** The name of the source, for messages. */
  readonly label: string;
  /** Returns the size and the digest of a file, of this algorithm. */
  look(path: string, algorithm: string): Promise<FileContent | undefined>;
  /** Reads a file that has at most `most` bytes. */
  read(path: string, most: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Yields files, in the order that costs least. The pieces of one must be read before the next one, and each piece is valid only
   * until the next one.
   */
  open(paths: ReadonlySet<string>): AsyncIterable<OpenFile>;
}

/** A file that is being read. */
export interface OpenFile {
  /** Its path in the source. */
  readonly path: string;
  /** Its bytes. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Thrown if a source cannot be taken, or a target cannot be written. Nothing has been pushed then. */
export class FillError extends Error {
  /** The path inside the source, if one file is at fault. */
  readonly path: string | undefined;

  /** Makes an error. `label` is the source or target; `path` is the file in it. */
  constructor(label: string, path: string | undefined, reason: string) {
    // An archive can name its files as it likes.
    super(printable([label, path, reason].filter((part) => part !== undefined).join(": ")));
    this.path = path;
  }
}

/** Thrown if the registry does not give out the image that is to be exported. */
export class NoSuchImage extends FillError {}

/** Refuses a file that is longer than it may be. */
export function expectShort(label: string, path: string, size: number, most: number): void {
  if (size > most) throw new FillError(label, path, `it has ${size} bytes, and ${most} are the most for such a file`);
}

/**
 * Reads a file to its end, and computes its digest. Returns `undefined` if it is not there. `progress` is called with the length of
 * each piece.
 */
export async function hashFile(
  files: Pick<Files, "open">,
  path: string,
  algorithm: string,
  progress: (bytes: number) => void = () => {},
): Promise<FileContent | undefined> {
  for await (const { pieces } of files.open(new Set([path]))) {
    const hash = HASHES[algorithm]();
    let size = 0;
    for await (const piece of pieces) {
      hash.update(piece);
      size += piece.length;
      progress(piece.length);
    }
    return { size, digest: toDigest(algorithm, hash.digest("hex")) };
  }
}

/** The files of a record. */
export class RecordFiles implements Files {
  readonly label = "the layout";
  readonly #files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

  /** Takes the texts and bytes of a record, by their paths. */
  constructor(record: Readonly<Record<string, string | Uint8Array>>) {
    this.#files = new Map(
      Object.entries(record).map(([path, content]) => [
        path,
        typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content),
      ]),
    );
  }

  look(path: string, algorithm: string): Promise<FileContent | undefined> {
    const bytes = this.#files.get(path);
    return Promise.resolve(bytes && { size: bytes.length, digest: digestOf(HASHES, algorithm, bytes) });
  }

  read(path: string, most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = this.#files.get(path);
    if (bytes !== undefined) expectShort(this.label, path, bytes.length, most);
    return Promise.resolve(bytes);
  }

  async *open(paths: ReadonlySet<string>): AsyncGenerator<OpenFile> {
    for (const path of paths) {
      const bytes = this.#files.get(path);
      if (bytes !== undefined) yield { path, pieces: ReadableStream.from([bytes]) };
    }
  }
}
