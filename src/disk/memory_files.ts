/**
 * The files of a memory disk, and the folders that they are in.
 *
 *     folders   ""                        folders { library }
 *               "library"                 folders { hello }
 *               "library/hello"           folders { _tags, sha256:2c26… }
 *               "library/hello/_tags"     files { latest ─▶ file of 71 bytes }
 *
 * A file can have several names. Its bytes are a list of pieces, and a piece never changes: bytes that are appended come as new
 * pieces. So a reader can keep the pieces that it has, and a copy of the files takes no more memory for them.
 *
 * Next: growing_memory_file.ts
 *
 * @module
 */

import type { ByteRange } from "../definitions/range.ts";
import type { Bytes, FileInfo } from "./disk.ts";

/** The bytes of a piece, at most. Shorter ones are put together. */
export const LARGEST_PIECE: number = 256 * 1024;

/** A file in memory. */
export class MemoryFile {
  /** Its length in bytes. */
  size = 0;
  /** The number of its names. */
  links = 0;
  /** The number of times that its bytes have changed. */
  changes = 0;
  /** True while an action runs on it. */
  isGrowing = false;
  #pieces: Bytes[] = [];

  /** `lastUsed` is the time of its last change or noted use, in milliseconds since 1970. */
  constructor(public lastUsed: number) {}

  /** Appends bytes. Nobody may change them after that. */
  append(bytes: Bytes): void {
    this.#pieces.push(bytes);
    this.size += bytes.length;
    this.changes++;
    // A client can send its bytes one by one. So a piece joins the one before it if that is not longer: then each byte is
    // copied only a few times, and there are only a few short pieces.
    for (;;) {
      const [one, other] = this.#pieces.slice(-2);
      if (other === undefined || one.length > other.length || one.length + other.length > LARGEST_PIECE) return;
      this.#pieces.splice(-2, 2, joined([one, other], one.length + other.length));
    }
  }

  /** Cuts it down to a size in bytes. */
  truncate(size: number): void {
    this.#pieces = [...this.piecesOf({ start: 0, length: size })];
    this.size = Math.min(size, this.size);
    this.changes++;
  }

  /** Returns the pieces of a part, and fewer of them if the file ends before. They stay the same if the file changes later. */
  piecesOf(part: ByteRange): Iterable<Bytes> {
    return cut(this.#pieces.slice(), part);
  }

  /** Returns a copy of a part's bytes. Returns fewer bytes if the file ends before. */
  read({ start, length }: ByteRange): Bytes {
    const rest = Math.max(0, Math.min(length, this.size - start));
    return joined(this.piecesOf({ start, length: rest }), rest);
  }

  /** Returns all bytes of a short file, and the same array each time. */
  whole(): Bytes {
    if (this.#pieces.length !== 1) this.#pieces = [this.read({ start: 0, length: this.size })];
    return this.#pieces[0];
  }

  /** Returns a file with the same bytes that nobody works on, and that has no name yet. */
  copy(): MemoryFile {
    const copy = new MemoryFile(this.lastUsed);
    copy.#pieces = this.#pieces.slice();
    copy.size = this.size;
    return copy;
  }
}

function* cut(pieces: readonly Bytes[], { start, length }: ByteRange): Generator<Bytes, void> {
  let left = length;
  let skip = start;
  for (const piece of pieces) {
    if (left === 0) return;
    const part = skip < piece.length ? piece.subarray(skip, skip + left) : undefined;
    skip = Math.max(0, skip - piece.length);
    if (part === undefined) continue;
    left -= part.length;
    yield part;
  }
}

function joined(pieces: Iterable<Bytes>, length: number): Bytes {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A name of a file. If another file gets the name, that is another object. */
export class MemoryName {
  /** The path of the file under this name. */
  readonly path: string;
  /** The file. */
  readonly file: MemoryFile;
  /** An object that others may keep under this name without keeping the file. */
  readonly identity: object = {};
  #info: FileInfo | undefined;

  /** Gives a file a name. */
  constructor(path: string, file: MemoryFile) {
    this.path = path;
    this.file = file;
  }

  /** Looks at the file. Returns the same object as before if nothing has changed. */
  get info(): FileInfo {
    const { path, file: { size, lastUsed, links } } = this;
    const known = this.#info;
    const isSame = known?.size === size && known.lastUsed === lastUsed && known.links === links;
    return isSame ? known : this.#info = { path, size, lastUsed, links };
  }
}

/** A folder in memory. */
export class MemoryFolder {
  /** The number of times that a file or folder in it was added, removed or replaced. */
  changes = 0;
  /** The files in it, by their names. */
  readonly files = new Map<string, MemoryName>();
  /** The names of the folders in it. */
  readonly folders = new Set<string>();
  /** An object that others may keep for this folder without keeping its files. */
  readonly identity: object = {};
  #names: readonly string[] | undefined;

  /** All names in it, sorted by byte value. */
  get names(): readonly string[] {
    return this.#names ??= [...this.files.keys(), ...this.folders].sort();
  }

  /** Returns true if there is nothing in it. */
  get isEmpty(): boolean {
    return this.files.size === 0 && this.folders.size === 0;
  }

  /** Has to be called after each change. */
  touch(): void {
    this.#names = undefined;
    this.changes++;
  }
}

/** Files and folders, each under its path. */
export class MemoryFiles {
  readonly #folders = new Map<string, MemoryFolder>([["", new MemoryFolder()]]);

  /** Returns the file at a path. */
  get(path: string): MemoryName | undefined {
    const [above, name] = split(path);
    return this.#folders.get(above)?.files.get(name);
  }

  /** Returns the folder at a path. */
  folder(path: string): MemoryFolder | undefined {
    return this.#folders.get(path);
  }

  /** Gives a file a name. Makes the folders above it, and replaces a file that has this name. */
  place(path: string, file: MemoryFile): void {
    if (this.#folders.has(path)) throw clash("EISDIR", `${path} is a folder`);
    const [above, name] = split(path);
    const folder = this.#makeFolder(above);
    const before = folder.files.get(name);
    if (before !== undefined) before.file.links--;
    folder.files.set(name, new MemoryName(path, file));
    file.links++;
    folder.touch();
  }

  #makeFolder(path: string): MemoryFolder {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    if (this.get(path) !== undefined) throw clash("ENOTDIR", `${path} is a file and no folder`);
    const [above, name] = split(path);
    const parent = this.#makeFolder(above);
    parent.folders.add(name);
    parent.touch();
    const folder = new MemoryFolder();
    this.#folders.set(path, folder);
    return folder;
  }

  /** Takes a name away. Returns the file that had it. */
  remove(path: string): MemoryFile | undefined {
    const [above, name] = split(path);
    const folder = this.#folders.get(above);
    const file = folder?.files.get(name)?.file;
    if (folder === undefined || file === undefined) return undefined;
    folder.files.delete(name);
    file.links--;
    folder.touch();
    return file;
  }

  /** Removes a folder with everything in it. */
  removeFolder(path: string): void {
    const folder = this.#folders.get(path);
    if (folder === undefined) return;
    for (const name of [...folder.files.keys()]) this.remove(`${path}/${name}`);
    for (const name of [...folder.folders]) this.removeFolder(`${path}/${name}`);
    this.#drop(path);
  }

  /** Removes a folder if it is empty, and the folders above it that become empty. */
  tidy(path: string): void {
    for (let empty = path; empty !== "" && this.#folders.get(empty)?.isEmpty; empty = split(empty)[0]) {
      this.#drop(empty);
    }
  }

  #drop(path: string): void {
    const [above, name] = split(path);
    this.#folders.delete(path);
    const parent = this.#folders.get(above)!;
    parent.folders.delete(name);
    parent.touch();
  }

  /** Returns the same files and folders once more. Nobody can change them through this object. */
  copy(): MemoryFiles {
    const copy = new MemoryFiles();
    const copies = new Map<MemoryFile, MemoryFile>();
    for (const [path, folder] of this.#folders) {
      copy.#makeFolder(path);
      for (const { path, file } of folder.files.values()) {
        if (!copies.has(file)) copies.set(file, file.copy());
        copy.place(path, copies.get(file)!);
      }
    }
    return copy;
  }
}

// Returns the path of the folder that a path is in, and its last name.
function split(path: string): [above: string, name: string] {
  const at = path.lastIndexOf("/");
  return [path.slice(0, Math.max(0, at)), path.slice(at + 1)];
}

function clash(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Returns the path of the folder that a path is in; "" for the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
