/**
 * Paths: their parts, and where they lead, through symbolic links.
 *
 *     /lib/../usr//bin/     the parts lib, .., usr, bin
 *     lib/a.so              where lib is a link to usr/lib: the place usr/lib/a.so
 *
 * Next: tree_nodes.ts
 *
 * @module
 */

import type { TarKind } from "./tar_kind.ts";

/** The most symbolic links that Linux follows in one path. */
export const MOST_LINKS = 40;

/** The longest path that Linux takes, in bytes. */
export const LONGEST_PATH = 4096;

/** Returns the parts of a path, without those that lead nowhere else: empty ones and `.`. */
export function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Returns a path as the tree has it: `./usr//bin/` is `usr/bin`. */
export function cleanPath(path: string): string {
  // Nearly every path is clean, or has only a `/` at its end.
  if (!/^\/|^\.(?:\/|$)|\/\.?(?:\/|$)/.test(path)) return path;
  return partsOf(path).join("/");
}

/** The ways in a tree: a place of it is whatever the tree is made of. */
export interface Walk<Place> {
  /** The folder of everything. */
  readonly root: Place;
  /** Returns the place with a name in a folder. If there is none, it may make one. */
  readonly childOf: (folder: Place, name: string) => Place | undefined;
  /** Returns the folder that a place is in; `undefined` for the root. */
  readonly parentOf: (place: Place) => Place | undefined;
  /** Returns what a place is. */
  readonly kindOf: (place: Place) => TarKind;
  /** Returns where a symbolic link leads to. */
  readonly targetOf: (place: Place) => string | undefined;
  /** Returns false if so many more steps are too many. */
  readonly mayGo?: (steps: number) => boolean;
}

/**
 * Follows a path as a container would, and the symbolic links on it, also one at its end. Returns the place where it ends, which may be
 * no folder although the path goes on; and the number of links, which is larger than `MOST_LINKS` if there are too many. Returns
 * `undefined` if the path leads nowhere.
 */
export function followPath<Place>(
  { root, childOf, parentOf, kindOf, targetOf, mayGo = () => true }: Walk<Place>,
  parts: readonly string[],
): { place: Place; links: number } | undefined {
  let place = root;
  let links = 0;
  let left = parts.toReversed();
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part === "..") {
      place = parentOf(place) ?? place;
      continue;
    }
    const child = childOf(place, part);
    if (child === undefined) return undefined;
    const kind = kindOf(child);
    if (kind === "symbolic link") {
      if (++links > MOST_LINKS) return { place, links };
      const target = targetOf(child) ?? "";
      const more = partsOf(target.slice(0, LONGEST_PATH));
      if (!mayGo(more.length)) return undefined;
      if (target.startsWith("/")) place = root;
      left = [...left, ...more.reverse()];
      continue;
    }
    if (kind !== "folder") return { place: child, links };
    place = child;
  }
  return { place, links };
}
