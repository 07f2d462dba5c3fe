/**
 * The past: the files of the folder as they were after a story.
 *
 *     now                      library/hello/_tags/latest → sha256:c3f2…
 *     the last story           ~ library/hello/_tags/latest    from sha256:7d1a…
 *     before that story        library/hello/_tags/latest → sha256:7d1a…
 *
 * Nobody keeps the past. But each story that is remembered tells its changes, and they are undone here, from now on backwards: a new
 * file goes, a removed one comes back with what an earlier story said of it. What other programs or people have changed is in no
 * story, so it looks as if it had been there all the time.
 *
 * Next: moments.ts
 *
 * @module
 */

import type { StoryData } from "../story.ts";

/** A file as it was. */
export interface PastFile {
  /** Its path, relative to the root. */
  readonly path: string;
  /** Its length in bytes, if that is known. */
  readonly size?: number;
  /** For a tag: the digest that it pointed to, if that is known. */
  readonly digest?: string;
}

// A change of a story, with the place of the story among all, and its own among all changes.
interface PastChange extends PastFile {
  readonly sign: string;
  readonly at: number;
  readonly index: number;
  readonly before?: string;
}

/**
 * Returns the files as they were after a story, sorted by their paths. `now` are the files of this moment, and `stories` all that are
 * remembered, the oldest first; `at` is the place of the story among them, and -1 stands for the time before the first one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const story = { version: 1, time: "", method: "PUT", url: "", status: 201, milliseconds: 0, bytesIn: 0 } as const;
 * const path = "app/_tags/v1";
 * const stories = [
 *   { ...story, id: "a-1", changes: [{ sign: "+", path, size: 71, digest: "sha256:7d1a" }] },
 *   { ...story, id: "a-2", changes: [{ sign: "~", path, size: 71, digest: "sha256:c3f2", before: "sha256:7d1a" }] },
 * ] as const;
 * const now = [{ path, size: 71, digest: "sha256:c3f2" }];
 *
 * assertEquals(filesAfter(now, stories, 0), [{ path, size: 71, digest: "sha256:7d1a" }]);
 * assertEquals(filesAfter(now, stories, -1), []);
 * ```
 */
export function filesAfter(now: Iterable<PastFile>, stories: readonly StoryData[], at: number): PastFile[] {
  const files = new Map([...now].map((file) => [file.path, file]));
  const changes = stories.flatMap(({ changes }, at) => changes.map((change) => ({ ...change, at })))
    .map((change, index): PastChange => ({ ...change, index }));
  const ofPath = Map.groupBy(changes, ({ path }) => path);
  for (const change of changes.toReversed()) {
    if (change.at <= at) break;
    undo(files, change, ofPath);
  }
  return [...files.values()].sort((a, b) => a.path < b.path ? -1 : 1);
}

function undo(
  files: Map<string, PastFile>,
  { sign, path, before, index }: PastChange,
  ofPath: ReadonlyMap<string, readonly PastChange[]>,
): void {
  const isFolder = path.endsWith("/");
  if (sign === "+" || sign === "=") {
    files.delete(path);
    if (!isFolder) return;
    for (const other of files.keys()) if (other.startsWith(path)) files.delete(other);
    return;
  }
  // A file that was changed or removed was there. If a folder was removed, what stories had told of it was there.
  const paths = isFolder ? [...ofPath.keys()].filter((other) => other !== path && other.startsWith(path)) : [path];
  for (const file of paths) {
    const known = ofPath.get(file)?.findLast((change) => change.index < index);
    if (isFolder && (known === undefined || known.sign === "-")) continue;
    const digest = before ?? known?.digest;
    const size = known?.size ?? digest?.length;
    files.set(file, { path: file, ...size !== undefined && { size }, ...digest !== undefined && { digest } });
  }
}
