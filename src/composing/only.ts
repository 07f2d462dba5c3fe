/**
 * Only: a registry that shows some of its repositories, under their own names.
 *
 *     only("team/")      team/hello      is shown
 *                        other/hello     404 to pulls, 403 to pushes, and not in the catalog
 *
 * This is what ocifilter calls `Select`.
 *
 * Next: under.ts
 *
 * @module
 */

import type { Wrapper } from "../registry.ts";
import { parsePrefix, shown } from "./names.ts";

/**
 * Shows only the repositories whose names begin with a prefix, or that a function chooses. With a "/" at its end, the prefix stands
 * for what is below it; without one, it stands for this repository too.
 *
 * @throws {RangeError} if the prefix is malformed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryDisk } from "../disk/memory_disk.ts";
 * import { createRegistry } from "../registry.ts";
 *
 * const registry = createRegistry({ disk: memoryDisk(), wrappers: [only("team/")] });
 * const statusOfPush = async (name: string) => {
 *   const url = `http://localhost/v2/${name}/blobs/uploads/`;
 *   return (await registry(new Request(url, { method: "POST" }))).status;
 * };
 *
 * assertEquals(await statusOfPush("team/hello"), 202);
 * assertEquals(await statusOfPush("other/hello"), 403);
 * ```
 */
export function only(names: string | ((name: string) => boolean)): Wrapper {
  if (typeof names === "function") {
    const choose = (name: string) => names(name) ? name : undefined;
    return shown({ prefix: "", expected: "a repository that this registry shows", inside: choose, outside: choose });
  }
  const prefix = parsePrefix(names);
  const isShown = isBelow(prefix);
  const choose = (name: string) => isShown(name) ? name : undefined;
  return shown({ prefix, expected: `a repository whose name begins with ${prefix}`, inside: choose, outside: choose });
}

/** Returns the function that says if a name begins with a prefix, in the sense of {@linkcode only}. */
export function isBelow(prefix: string): (name: string) => boolean {
  return (name) => name.startsWith(prefix) && (prefix.endsWith("/") || name === prefix || name[prefix.length] === "/");
}
