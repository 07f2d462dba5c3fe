/**
 * Symbolic links: the disk reads and writes nothing outside the root, even if somebody puts a link into it that leads out.
 *
 *     testdata/library/hello/_tags -> /etc        counts as not there, and nothing is written through it
 *
 * The root itself may be a link: people put it on another disk that way. Below it the registry makes no symbolic links and
 * follows none. Only people at the machine can make links, and requests cannot.
 *
 * A path can lead through a link in each of its folders, but the disk need not look at each one every time. A file or folder
 * has a number (inode) of its own. So the disk looks at all folders of a path once and remembers the number that it found at the
 * end. If a later look at the same path finds the same number, the path leads to the same place as before, and one look was
 * enough. (That also holds if somebody has moved this place out of the root meanwhile, and has put a link to it there.)
 *
 * Between this look and the change or read that follows it, there are some microseconds, or the milliseconds of a sync if a small
 * file is written. Deno has no operation that closes this gap: one that opens a file in a folder that is open already.
 *
 * Next: memory.ts
 *
 * @module
 */

import { dirname } from "node:path";
import { LinkedFolderError } from "./disk.ts";
import { identityOf, isSame } from "./identity.ts";
import { unlessMissing } from "./missing.ts";
import type { Root } from "./root.ts";

/**
 * Returns true if a file or folder, or a folder above it, is a symbolic link. `info` is what a look at it has found just now;
 * if it is not there, the folders above it count.
 */
export function isLinked(
  root: Root,
  path: string,
  info: Deno.FileInfo | undefined = unlessMissing(() => Deno.lstatSync(path)),
): boolean {
  if (path.length <= root.path.length) return false;
  if (info === undefined) return isLinked(root, dirname(path));
  const known = root.places.get(path);
  if (known !== undefined && isSame(known, info)) return false;
  if (info.isSymlink || isLinked(root, dirname(path))) return true;
  root.places.set(path, identityOf(info));
  return false;
}

/**
 * Makes sure that the disk may write into a folder. `info` is what a look at it has found just now.
 *
 * @throws {LinkedFolderError} if the folder, or one above it, is a symbolic link.
 */
export function expectNotLinked(root: Root, folder: string, info?: Deno.FileInfo): void {
  if (!isLinked(root, folder, info)) return;
  throw new LinkedFolderError(`${folder} is a symbolic link, or lies below one; nothing is written there`);
}
