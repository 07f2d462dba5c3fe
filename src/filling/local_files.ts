/**
 * The files of this machine: a folder or an archive to read from, and a folder or an archive to write.
 *
 * This is the only file of `filling/` that speaks to the operating system.
 *
 * Next: tar.ts
 *
 * @module
 */

import { isMissing, unlessMissingLater } from "../disk/missing.ts";
import { reasonOf } from "../disk/reasons.ts";
import { expectShort, type FileContent, type Files, FillError, hashFile, type OpenFile } from "./files.ts";
import { unfinished } from "./target.ts";

/** The bytes of an archive, which can be read several times. */
export interface ArchiveBytes {
  /** The name of the archive, for messages. */
  readonly label: string;
  /** Its length in bytes. */
  readonly size: number;
  /** Reads a part, or all of it. Each piece is valid only until the next one. */
  pieces(start?: number, length?: number): AsyncIterable<Uint8Array>;
}

/**
 * Opens a path: the files of a folder, or the bytes of an archive. `progress` is called with the number of bytes of a folder that
 * were hashed.
 */
export async function openLocal(
  path: string,
  progress: (bytes: number) => void = () => {},
): Promise<Files | ArchiveBytes> {
  const twice = "an archive has to be a file, because it is read twice";
  if (path === "-") throw new FillError("the standard input", undefined, twice);
  try {
    const { isDirectory, isFile, size } = await Deno.stat(path);
    if (isDirectory) return new FolderFiles(path, await Deno.realPath(path), progress);
    if (isFile) return { label: path, size, pieces: (start, length) => piecesOf(path, [path], start, length) };
  } catch (error) {
    const isTransport = error instanceof Deno.errors.NotFound && /^[a-z-]+:/.test(path);
    const hint = isTransport ? "; a source is a path, without a word such as oci: or docker-archive: in front" : "";
    throw new FillError(path, undefined, `cannot be read: ${await whyNot(error, path)}${hint}`);
  }
  throw new FillError(path, undefined, `is neither a folder nor a file; ${twice}`);
}

/** The files of a folder. */
class FolderFiles implements Files {
  constructor(
    readonly label: string,
    readonly realPath: string,
    readonly progress: (bytes: number) => void,
  ) {}

  #checked = 0;

  look(path: string, algorithm: string): Promise<FileContent | undefined> {
    return hashFile(this, path, algorithm, (bytes) => this.progress(this.#checked += bytes));
  }

  async read(path: string, most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const place = await this.#placeOf(path);
    if (place === undefined) return undefined;
    return await orUnreadable([this.label, path], async () => {
      expectShort(this.label, path, (await Deno.stat(place)).size, most);
      return await Deno.readFile(place);
    });
  }

  async *open(paths: ReadonlySet<string>): AsyncGenerator<OpenFile> {
    for (const path of paths) {
      const place = await this.#placeOf(path);
      if (place !== undefined) yield { path, pieces: piecesOf(place, [this.label, path]) };
    }
  }

  // A link may lead to another place in the folder, as some programs make them, and not out of it.
  async #placeOf(path: string): Promise<string | undefined> {
    return await orUnreadable([this.label, path], async () => {
      const place = await unlessMissingLater(() => Deno.realPath(`${this.label}/${path}`));
      if (place === undefined) return undefined;
      if (!place.startsWith(`${this.realPath}/`)) {
        throw new FillError(this.label, path, "is a link that leads out of the folder");
      }
      if (!(await Deno.stat(place)).isFile) throw new FillError(this.label, path, "is no file");
      return place;
    });
  }
}

const PIECE = 256 * 1024;

// What a message names: the source, and the file in it.
type Named = readonly [label: string, path?: string];

async function* piecesOf(path: string, named: Named, start = 0, length = Infinity): AsyncGenerator<Uint8Array> {
  using file = await orUnreadable(named, () => Deno.open(path));
  if (start > 0) await file.seek(start, Deno.SeekMode.Start);
  for (let left = length; left > 0;) {
    // A new piece each time, because the package for tar keeps pieces for a while.
    const piece = new Uint8Array(Math.min(PIECE, left));
    const count = await orUnreadable(named, () => file.read(piece));
    if (count === null) return;
    left -= count;
    yield piece.subarray(0, count);
  }
}

async function orUnreadable<Result>([label, path]: Named, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof FillError) throw error;
    throw new FillError(label, path, `cannot be read: ${await whyNot(error, label)}`);
  }
}

/** A file that is being written. */
export interface NewFile {
  /** Writes bytes at its end. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes sure that all of them survive a power cut, and gives the file its name. */
  finish(): Promise<void>;
  /** Removes it. */
  discard(): Promise<void>;
}

/** A folder that is being written. */
export interface NewFolder {
  /** Begins a file in it. */
  begin(path: string): Promise<NewFile>;
  /** Gives the folder its name. */
  finish(): Promise<void>;
  /** Removes everything that was written. */
  discard(): Promise<void>;
}

/** Begins a file that is not there yet. */
export async function beginFile(path: string): Promise<NewFile> {
  if (await isThere(path)) throw new FillError(path, undefined, "is there already");
  const part = unfinished(path);
  const file = await createFile(part);
  return {
    ...file,
    async finish() {
      await file.finish();
      await orRefuse(path, () => Deno.rename(part, path));
    },
  };
}

/** Begins a folder that is not there yet, or empty. */
export async function beginFolder(path: string): Promise<NewFolder> {
  if (await isThere(path)) {
    const [entry] = await orRefuse(path, () => Array.fromAsync(Deno.readDir(path)));
    if (entry !== undefined) throw new FillError(path, entry.name, "is there already; the folder has to be empty");
  }
  const part = unfinished(path);
  await orRefuse(part, () => Deno.mkdir(part));
  return {
    async begin(inside) {
      const above = `${part}/${inside}`.replace(/\/[^/]*$/, "");
      await orRefuse(above, () => Deno.mkdir(above, { recursive: true }));
      return await createFile(`${part}/${inside}`);
    },
    finish: () => orRefuse(path, () => Deno.rename(part, path)),
    discard: () => Deno.remove(part, { recursive: true }),
  };
}

async function createFile(path: string): Promise<NewFile> {
  const file = await orRefuse(path, () => Deno.open(path, { write: true, createNew: true }));
  let isOpen = true;
  const close = () => {
    if (isOpen) file.close();
    isOpen = false;
  };
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await orRefuse(path, () => file.write(bytes.subarray(at)));
    },
    async finish() {
      await orRefuse(path, () => file.sync());
      close();
    },
    async discard() {
      close();
      await Deno.remove(path);
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw new FillError(path, undefined, `cannot be written: ${await whyNot(error, path)}`);
  }
}

async function orRefuse<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    const left = "is there already, perhaps from an export that was killed; remove it";
    if (error instanceof Deno.errors.AlreadyExists) throw new FillError(path, undefined, left);
    const reason = error instanceof Deno.errors.NotFound ? "its folder is not there" : await whyNot(error, path);
    throw new FillError(path, undefined, `cannot be written: ${reason}`);
  }
}

// The program itself may always use the path that it was given.
async function whyNot(error: unknown, path: string): Promise<string> {
  if (!(error instanceof Deno.errors.NotCapable)) return reasonOf(error);
  const { state } = await Deno.permissions.query({ name: "read", path });
  const advice = state === "granted" ? "; of a link, name the place that it leads to" : " without --allow-read";
  return reasonOf(error) + advice;
}
