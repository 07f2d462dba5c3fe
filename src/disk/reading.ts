/**
 * Looking and reading. If a file is not there, or is a symbolic link, these functions return `undefined` or nothing.
 *
 *     look(root, "testdata/library/hello/_tags/latest")       { path: "library/hello/_tags/latest", size: 71, … }
 *     list(root, "testdata/library/hello/_tags")              ["latest", "v1"]
 *
 * If the disk fails or does not allow the look, they throw, because the file may be there all the same.
 *
 * Next: streaming.ts
 *
 * @module
 */

import type { ByteRange } from "../definitions/range.ts";
import type { Bytes, FileInfo, Folder } from "./disk.ts";
import { identityOf, isSame } from "./identity.ts";
import { isLinked } from "./links.ts";
import { askTwice, unlessMissing } from "./missing.ts";
import { type KnownFile, namesBelow, pathBelow, type Root } from "./root.ts";

/** Looks at a file. Returns `undefined` if it is not there. */
export function look(root: Root, path: string): FileInfo | undefined {
  const info = fileInfo(path);
  if (info === undefined || isLinked(root, path, info)) return undefined;
  return { path: pathBelow(root, path), size: info.size, lastUsed: timeOf(info), links: info.nlink ?? 1 };
}

/** Asks the file system about a file. Returns `undefined` if there is none. */
export function fileInfo(path: string): Deno.FileInfo | undefined {
  const info = unlessMissing(() => Deno.lstatSync(path));
  return info?.isFile ? info : undefined;
}

/** Returns the size of a file in bytes, or `undefined` if there is none. */
export function fileSize(path: string): number | undefined {
  return fileInfo(path)?.size;
}

/** Returns the time of a file's last change or noted use, in milliseconds since 1970. */
export function timeOf({ mtime }: Deno.FileInfo): number {
  return mtime!.getTime();
}

/** Looks for the first file in a folder that has one of some names. `at` is the path of the folder below the root. */
export function find(root: Root, folder: string, at: string, names: readonly string[]): FileInfo | undefined {
  const { found } = root.memory;
  const known = found.get(folder);
  if (known !== undefined) {
    // Mostly the file is still there under the same name. Then one look is enough, and the folder is not listed.
    const info = fileInfo(folder + known.path.slice(at.length));
    if (info && isSame(known.identity, info)) {
      return isUnchanged(known, info) ? known : rememberFound(root, folder, known.path, info);
    }
  }
  const name = list(root, folder).find((name) => names.includes(name));
  const info = name === undefined ? undefined : fileInfo(`${folder}/${name}`);
  if (info === undefined) {
    found.delete(folder);
    return undefined;
  }
  return rememberFound(root, folder, `${at}/${name}`, info);
}

// A caller can recognize a file that has not changed, because it gets the same object again.
function isUnchanged({ size, lastUsed, links }: FileInfo, info: Deno.FileInfo): boolean {
  return size === info.size && lastUsed === timeOf(info) && links === (info.nlink ?? 1);
}

/** Remembers which file `find` will probably look for in a folder. `path` is the path of the file below the root. */
export function rememberFound(root: Root, folder: string, path: string, info: Deno.FileInfo): KnownFile {
  const now = { path, size: info.size, lastUsed: timeOf(info), links: info.nlink ?? 1, identity: identityOf(info) };
  root.memory.found.set(folder, now);
  // The caller has made sure that the folder is no link.
  root.places.set(folder + path.slice(path.lastIndexOf("/")), now.identity);
  return now;
}

/** Returns the names in a folder, sorted by byte value. */
export function list(root: Root, folder: string): readonly string[] {
  return root.memory.names.recall(folder, "folder", (info) => {
    if (isLinked(root, folder, info)) return undefined;
    return sorted(Array.from(Deno.readDirSync(folder), ({ name }) => name));
  }) ?? [];
}

/** Does the same with a folder that may have very many names: another thread reads a long one. */
export async function listMany(root: Root, folder: string): Promise<readonly string[]> {
  let isLong = false;
  const read = (info: Deno.FileInfo) => {
    isLong = info.size > LONG;
    return isLong || isLinked(root, folder, info)
      ? undefined
      : sorted(Array.from(Deno.readDirSync(folder), ({ name }) => name));
  };
  const names = root.memory.names.recall(folder, "folder", read);
  if (names !== undefined || !isLong) return names ?? [];
  return await root.memory.names.recallLater(folder, "folder", async (info) => {
    if (isLinked(root, folder, info)) return undefined;
    return sorted(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name));
  }) ?? [];
}

// The size of a folder with about two thousand names, on file systems that tell it. The others say 0, or a few KiB at most.
const LONG = 256 * 1024;

function sorted(names: string[]): { value: readonly string[]; weight: number } {
  // JavaScript sorts ASCII text by its bytes, and all names that the registry makes are ASCII.
  return { value: namesBelow(names).sort(), weight: names.length + 1 };
}

/** Reads a small file through `parse`. */
export function read<Value>(
  root: Root,
  path: string,
  parse: (bytes: Bytes) => Value | undefined,
): Value | undefined {
  let isRead = false;
  const recall = () =>
    root.memory.values.recall(path, "file", (info) => {
      if (isLinked(root, path, info)) return undefined;
      const bytes = Deno.readFileSync(path);
      isRead = true;
      const value = parse(bytes);
      return value === undefined ? undefined : { value, weight: WITH_VALUE + 2 * bytes.length };
    });
  // If the file is missing, but there was one before, perhaps somebody is just replacing it.
  return askTwice(recall, () => !isRead && root.places.delete(path)) as Value | undefined;
}

/** Reads small files of one folder through `parse`. */
export function readTogether<Value>(
  root: Root,
  folder: string,
  parse: (files: Folder) => Value | undefined,
): Value | undefined {
  return root.memory.values.recall(folder, "folder", (info) => {
    if (isLinked(root, folder, info)) return undefined;
    let weight = WITH_VALUE;
    const value = parse({
      get names() {
        return list(root, folder);
      },
      read(name) {
        const path = `${folder}/${name}`;
        const bytes = askTwice(() => fileInfo(path) && unlessMissing(() => Deno.readFileSync(path)));
        weight += 2 * (bytes?.length ?? 0);
        return bytes;
      },
    });
    return value === undefined ? undefined : { value, weight };
  }) as Value | undefined;
}

/** Returns the value that is remembered for a file or folder. */
export function recall<Value>(root: Root, path: string): Value | undefined {
  return root.memory.values.get(path) as Value | undefined;
}

/** Remembers a value for a file or folder as it is now. */
export function remember<Value>(root: Root, path: string, value: Value, weight: number): void {
  const info = unlessMissing(() => Deno.lstatSync(path));
  if (info === undefined || isLinked(root, path, info)) return;
  root.memory.values.set(path, info, { value, weight: WITH_VALUE + weight });
}

// The bytes that a value takes in memory besides its own, roughly.
const WITH_VALUE = 512;

/** Reads a part of an open file. Returns fewer bytes if the file ends before. */
export function readPart(file: Deno.FsFile, { start, length }: ByteRange): Bytes {
  file.seekSync(start, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = file.readSync(bytes.subarray(at));
    if (read === null) return bytes.subarray(0, at);
    at += read;
  }
  return bytes;
}

/** Opens a file, for reading unless the options name something else. Returns `undefined` if there is none. */
export function openIfThere(path: string, options?: Deno.OpenOptions): Deno.FsFile | undefined {
  return unlessMissing(() => Deno.openSync(path, options));
}
