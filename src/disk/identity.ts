/**
 * The identity of a file or folder: whether two looks at a path have found the same one.
 *
 *     lstat library/hello/_tags/latest      { dev: 66306, ino: 8131, birthtime: 10:15:02.123 }
 *     … somebody replaces the file …
 *     lstat library/hello/_tags/latest      { dev: 66306, ino: 8140, birthtime: 10:20:40.456 }     another one
 *
 * Each file and folder has a number, the inode (`ino`), which no other one on the same device has at the same time. After a file
 * is gone, the file system may give its number to a new one; the time of birth tells them apart.
 *
 * Next: links.ts
 *
 * @module
 */

/** The facts that tell one file or folder from all others. */
export type Identity = Pick<Deno.FileInfo, "dev" | "ino" | "birthtime">;

/** Returns the identity of what a look has found. */
export function identityOf({ dev, ino, birthtime }: Deno.FileInfo): Identity {
  return { dev, ino, birthtime };
}

/** Returns true if two looks have found the same file or folder. */
export function isSame(one: Identity, other: Identity): boolean {
  return one.ino === other.ino && one.dev === other.dev && one.birthtime?.getTime() === other.birthtime?.getTime();
}
