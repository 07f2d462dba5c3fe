/**
 * The target of an export, as its name says it.
 *
 *     hello            a folder with a layout
 *     hello.tar        an archive
 *     hello.tar.gz     an archive that is gzipped, as with .tgz
 *     hello.tar.part   what the target is called until it is finished
 *
 * Next: ../workshop/samples/recipe.ts
 *
 * @module
 */

/** Returns true if a target is an archive, and false if it is a folder. */
export function isArchive(target: string): boolean {
  return /\.(?:tar|tar\.gz|tgz)$/i.test(target);
}

/** Returns true if a target is an archive that is gzipped. */
export function isGzipped(target: string): boolean {
  return /\.(?:tar\.gz|tgz)$/i.test(target);
}

/** Returns the name that a target has until it is finished. So nobody takes the half of it for the whole. */
export function unfinished(target: string): string {
  return `${target.replace(/\/+$/, "")}.part`;
}
