/**
 * Seeing: which repositories something is about, and so who may see it.
 *
 *     library/hello/_tags/latest                                 library/hello
 *     POST /v2/app/blobs/uploads/?mount=sha256:9b4e…&from=base   app and base
 *     GET /v2/_catalog                                           none, and all of them: only for those who may see everything
 *
 * Next: guarding.ts
 *
 * @module
 */

import type { Change } from "../disk/disk.ts";
import type { StoryData } from "../story.ts";
import type { PageContext } from "./context.ts";

/** A person who looks at the page. */
export type Seer = Pick<PageContext, "maySee" | "maySeeAll">;

/**
 * Returns the repository that a path on disk belongs to, or that it is. Returns `undefined` if it belongs to none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(repositoryOf("library/hello/_tags/latest"), "library/hello");
 * assertEquals(repositoryOf("library/hello/sha256:9b4e/"), "library/hello");
 * assertEquals(repositoryOf("_quarantine/library/hello/sha256:9b4e/blob.1"), "library/hello");
 * assertEquals(repositoryOf("_quarantine"), undefined);
 * ```
 */
export function repositoryOf(path: string): string | undefined {
  const parts = path.replace(/^_quarantine\/?/, "").split("/").filter((part) => part !== "");
  const end = parts.findIndex((part) => part.startsWith("_") || part.includes(":"));
  const name = (end < 0 ? parts : parts.slice(0, end)).join("/");
  return name === "" ? undefined : name;
}

/** Returns true if a person may see a change. */
export function maySeeChange({ maySee, maySeeAll }: Seer, { path, sameAs = path }: Change): boolean {
  if (maySeeAll) return true;
  return [path, sameAs].map(repositoryOf).every((name) => name !== undefined && maySee(name));
}

/** Returns true if a person may see a story: all repositories that it names. */
export function maySeeStory(seer: Seer, { url, changes, repository }: StoryData): boolean {
  if (seer.maySeeAll) return true;
  const from = URL.parse(url, "http://localhost")?.searchParams.get("from") || undefined;
  const names = [repository, ...(from === undefined ? [] : [from])];
  return names.every((name) => name !== undefined && seer.maySee(name)) &&
    changes.every((change) => maySeeChange(seer, change));
}
