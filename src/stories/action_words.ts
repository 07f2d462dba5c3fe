/**
 * Actions in words: what an action is, and what it was in all.
 *
 *     describeAction(action)   push of library/hello:latest by docker/26.1.5
 *     sumOf(action)            9 requests, 3.2 MiB in, 2 blobs new, 1 shared, 1.2 s
 *
 * The log of the terminal and the page use the same words, so a person finds an action of the one in the other. The words are made
 * new each time, because an action changes with each of its stories.
 *
 * Next: styled.ts
 *
 * @module
 */

import { formatBytes } from "../definitions/size.ts";
import type { Action, Subject } from "./action.ts";

/**
 * Returns what an action is, in words. A digest in it is whole.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Actions } from "./actions.ts";
 *
 * const actions = new Actions();
 * const story = { version: 1, id: "a-1", time: "2026-11-21T10:15:02.123Z", milliseconds: 1, bytesIn: 0, changes: [] } as const;
 * const request = { method: "GET", url: "/v2/hello/tags/list", status: 200, endpoint: "end-8a", repository: "hello" } as const;
 * const { action } = actions.add({ ...story, ...request, client: "curl/7.88.1" });
 *
 * assertEquals(describeAction(action), "list of hello by curl/7.88.1");
 * ```
 */
export function describeAction({ kind, client = "somebody", from, to }: Action): string {
  const ofTo = to === undefined
    ? ""
    : ` ${to.tags.length === 0 && to.digest === undefined ? "to" : "of"} ${nameOf(to)}`;
  const ofFrom = from === undefined ? "" : ` of ${nameOf(from)}`;
  const what = {
    push: `push${ofTo}`,
    copy: `copy${ofFrom} to ${to === undefined ? "" : nameOf(to)}`,
    delete: `delete${ofTo}`,
    pull: `pull${ofFrom}`,
    check: `check${ofFrom}`,
    list: from === undefined ? "list of the repositories" : `list${ofFrom}`,
    greeting: "greeting",
    other: "other request",
  }[kind];
  return `${what} by ${client}`;
}

function nameOf({ repository, tags, digest }: Subject): string {
  if (tags.length === 0) return digest === undefined ? repository : `${repository}@${digest}`;
  const more = tags.length > 3 ? ` and ${tags.length - 3} more` : "";
  return `${repository}:${tags.slice(0, 3).join(", ")}${more}`;
}

/** Returns what an action was in all, in words: `9 requests, 3.2 MiB in, 2 blobs new, 1 shared, 1.2 s`. */
export function sumOf({ kind, requests, refusals, bytesIn, bytesOut, blobs, milliseconds }: Action): string {
  const isPush = kind === "push" || kind === "copy";
  return [
    `${requests} ${requests === 1 ? "request" : "requests"}`,
    ...refusals > 0 ? [`${refusals} refused`] : [],
    ...bytesIn > 0 ? [`${formatBytes(bytesIn)} in`] : [],
    ...kind === "pull" && bytesOut > 0 ? [`${formatBytes(bytesOut)} out`] : [],
    ...isPush
      ? [`${blobs.new.length} ${blobs.new.length === 1 ? "blob" : "blobs"} new`, `${blobs.shared.length} shared`]
      : [],
    milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`,
  ].join(", ");
}
