/**
 * Own changes: what the registry itself has changed in the folder, as its stories tell it.
 *
 *     a story: PUT …/manifests/v1        + library/hello/_tags/v1
 *     the system, a moment later         library/hello/_tags/v1 was renamed       the registry itself has done it
 *
 * The system tells a change with no word about who has made it, and sometimes later than the story. So what a story has told is
 * remembered for a while, by its path and the time of the story.
 *
 * Next: why_blind.ts
 *
 * @module
 */

import { repositoryOf } from "../page/seeing.ts";
import type { StoryData } from "../story.ts";

// What the system tells may come this much later than the story of the same change, in milliseconds.
const LATE = 500;

// How long it is remembered that the registry itself has changed a file, in milliseconds.
const REMEMBER = 10_000;

/** The paths that the registry itself has changed. */
export class OwnChanges {
  // The paths, and the folders around them, each with the time of the story.
  readonly #paths = new Map<string, number>();
  readonly #around = new Map<string, number>();

  /** Learns what some stories tell, and forgets what is old. */
  learn(stories: readonly StoryData[]): void {
    const old = Date.now() - REMEMBER;
    for (const paths of [this.#paths, this.#around]) {
      for (const [path, time] of paths) if (time < old) paths.delete(path);
    }
    for (const { changes, time, moreChanges } of stories) {
      const at = Date.parse(time);
      // Of very many changes a story tells only some. So all of its repository count.
      if (moreChanges !== undefined) this.#paths.set(repositoryOf(changes[0].path) ?? "", at);
      for (const change of changes) {
        const path = unitOf(change.path);
        if (path === undefined) continue;
        this.#paths.set(path, at);
        for (const folder of foldersAround(path)) this.#around.set(folder, at);
      }
    }
  }

  /** Returns true if the registry has changed the path itself, a folder around it as a whole, or something in it. */
  has(path: string, time: number): boolean {
    const isRecent = (at = -Infinity) => time <= at + LATE;
    return isRecent(this.#paths.get(path)) || isRecent(this.#around.get(path)) ||
      foldersAround(path).some((folder) => isRecent(this.#paths.get(folder)));
  }

  /** Forgets all of them. */
  clear(): void {
    this.#paths.clear();
    this.#around.clear();
  }
}

/**
 * Returns the path of what is told together: a file, or an upload session with all that is in it. Files that are no content are
 * `undefined`.
 */
export function unitOf(path: string): string | undefined {
  if (path === "" || path.split("/").some((part) => part.startsWith("."))) return undefined;
  return /^.*?\/_uploads\/[^/]+/.exec(path)?.[0] ?? path.replace(/\/$/, "");
}

function foldersAround(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}
