/**
 * Happenings: a story as the patterns of lessons see it.
 *
 *     PATCH /v2/ana/chunks/blobs/uploads/0f9c…   202
 *     ──▶ { endpoint: "end-5", method: "PATCH", status: 202, repository: "chunks", session: "0f9c…",
 *           headers: { "content-range": "0-2" }, answer: { range: "0-2" }, changed: ["chunks/_uploads/0f9c…/data"], … }
 *
 * The names of repositories begin behind the learner's prefix. So one lesson fits everybody.
 *
 *     endpoint, method, status, client, bytesIn, bytesOut, warnings    as in the story
 *     session               the upload session: of the path, or of the Location that opens it
 *     path                  the path of the URL, as it was sent
 *     repository, from      the repository in the path, and the one of a mount; the latter stays as it is if it is somebody else's
 *     reference, tag, digest    what the path names: a tag or a digest
 *     code, rule            of a refusal; `rule` has the rules of all its details
 *     query                 the parameters of the URL, such as { mount, digest, from, n, last, artifactType }
 *     headers, answer       the headers of both directions that a story tells, with names in lower case
 *     added, changed, removed, linked    the paths of the changes "+", "~", "-" and "="
 *
 * Next: things.ts
 *
 * @module
 */

import type { StoryChange, StoryData } from "../story.ts";
import type { Happening } from "./checking.ts";

/** The fields of a request, for patterns. */
export const STORY_FIELDS = [
  ...["endpoint", "method", "path", "status", "client", "bytesIn", "bytesOut", "warnings", "session"] as const,
  ...["repository", "from", "reference", "tag", "digest", "code", "rule", "query", "headers", "answer"] as const,
  ...["added", "changed", "removed", "linked"] as const,
] as const;

/** The fields of an answer to the question of a lesson, for patterns. */
export const ANSWER_FIELDS = ["lesson", "answer", "isOn", "isRight"] as const;

// More of one request is of no use for a lesson. All that learners have done is kept in memory, and is written often.
const MOST_CHANGES = 50;
const MOST_PARAMETERS = 20;
const LONGEST_TEXT = 500;

const SESSION_OF_LOCATION = /\/blobs\/uploads\/([^/?]+)/;

/**
 * Returns a story as patterns see it. `prefix` is that of the learner, such as `ana/`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { StoryData } from "../story.ts";
 *
 * const story = { id: "f3a9c1-1", time: "2026-01-01T00:00:00Z", method: "GET", url: "/v2/ana/a/tags/list?n=1", status: 200, repository: "ana/a", changes: [] };
 * const { item } = happeningOf(story as unknown as StoryData, "ana/");
 *
 * assertEquals([item.repository, item.query], ["a", { n: "1" }]);
 * ```
 */
export function happeningOf(story: StoryData, prefix: string): Happening {
  const { id, time, url, repository, reference, refusal, headers, answerHeaders } = story;
  const { endpoint, method, status, client, bytesIn, bytesOut, warnings } = story;
  const { session = SESSION_OF_LOCATION.exec(answerHeaders?.Location ?? "")?.[1] } = story;
  const [path] = url.split("?", 1);
  const query = Object.fromEntries(
    [...URL.parse(url, "http://localhost")?.searchParams ?? []].slice(0, MOST_PARAMETERS),
  );
  const changes = story.changes.slice(0, MOST_CHANGES);
  const pathsOf = (sign: StoryChange["sign"]) =>
    changes.filter((change) => change.sign === sign).map(({ path }) => withoutPrefix(path, prefix));
  const isDigest = reference?.includes(":");
  const item: Record<typeof STORY_FIELDS[number], unknown> = {
    ...{ endpoint, method, path, status, client, session, bytesIn, bytesOut, warnings, query, reference },
    tag: isDigest ? undefined : reference,
    digest: isDigest ? reference : undefined,
    repository: repository && withoutPrefix(repository, prefix),
    from: query.from && withoutPrefix(query.from, prefix),
    code: refusal?.code,
    rule: refusal?.details.map(({ rule }) => rule),
    headers: lowerCase(headers),
    answer: lowerCase(answerHeaders),
    added: pathsOf("+"),
    changed: pathsOf("~"),
    removed: pathsOf("-"),
    linked: pathsOf("="),
  };
  return { id, time: Date.parse(time), is: "story", item: shortened(item) };
}

function shortened<Value>(value: Value): Value {
  if (typeof value === "string") return value.slice(0, LONGEST_TEXT) as Value;
  if (Array.isArray(value)) return value.map(shortened) as Value;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name.slice(0, LONGEST_TEXT), shortened(one)]);
  return Object.fromEntries(entries);
}

function withoutPrefix(path: string, prefix: string): string {
  return path.startsWith(prefix) ? path.slice(prefix.length) : path;
}

function lowerCase(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
