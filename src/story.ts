/**
 * The story: what a request was and what it changed on disk, as data and as lines for people.
 *
 *     PUT   /v2/library/hello/blobs/uploads/0f9c5d3e…?digest=sha256:9b4e0fd27c1a…   201   12 ms   end-6
 *           Push > Pushing a blob in chunks   src/push/pushing_a_blob_in_chunks.ts
 *           docker/26.1.5   Content-Type: application/octet-stream
 *           + library/hello/sha256:9b4e0fd27c1a…/layer.tar.gz   3.2 MiB
 *           - library/hello/_uploads/0f9c5d3e…/
 *
 * The disk tells each change when it makes it, and the registry collects the changes of each request. `stories/` makes a story of
 * them, says why a client sends such a request, and joins the stories of one push. This file says what a story is, and formats it as
 * JSON for machines, or as one line for a log.
 *
 * A story is about a request as a whole. If you look for something finer, there are three other things that tell:
 *
 *     traced      composing/traced.ts     each request and answer at one place between wrappers
 *     watched     disk/watched.ts         each operation of any disk
 *     a Step      disk/watching.ts        each single step of a local disk, such as a sync or a rename
 *
 * Next: definitions/size.ts
 *
 * @module
 */

import { type Detail, type ErrorCode, RegistryError } from "./api/error_codes.ts";
import { printable, printableJson, shorten } from "./definitions/printable.ts";
import { formatBytes, formatMilliseconds } from "./definitions/size.ts";
import type { Change } from "./disk/disk.ts";
import type { Endpoint, Notes } from "./http/call.ts";
import type { Texts } from "./http/placeholders.ts";
import { HEADINGS, type RulesOfHeading } from "./spec/headings.ts";

/** A request and its answer, as they are in both forms of a story. Times are in milliseconds, unless something else is said. */
export interface RequestAndAnswer {
  /** Its id. No other story has it, also of other threads and processes. */
  readonly id: string;
  /** The method of the request. */
  readonly method: string;
  /** The path and query of the request, as the client sent them, but for passwords and tokens in the query. */
  readonly url: string;
  /** The status of the answer. */
  readonly status: number;
  /** The time until the answer began. */
  readonly milliseconds: number;
  /** The first word of what the client says of itself, such as `docker/26.1.5`. */
  readonly client?: string;
  /** All that the client says of itself: the header `User-Agent`. */
  readonly userAgent?: string;
  /** The address of the client, and its port, if they are known. */
  readonly peer?: { readonly host: string; readonly port?: number };
  /** The headers of the request that matter, such as `Content-Range`; of `Authorization` only the scheme. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The headers of the answer that matter, such as `Location`; of `WWW-Authenticate` only the scheme. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** The number of bytes of the request's body that the registry has read. */
  readonly bytesIn: number;
  /** The number of bytes of the answer's body; absent if its headers do not say it. */
  readonly bytesOut?: number;
  /** The warnings of the answer. */
  readonly warnings?: string;
  /** The changes on disk, in the order in which they were made. Sizes are in bytes. */
  readonly changes: readonly StoryChange[];
}

/**
 * One request: its first line, its answer, and its changes on disk. A story that a registry tells keeps what it needs, and computes
 * most fields when somebody reads them. So a program that keeps stories should keep them as they are; {@linkcode dataOf} returns a
 * plain copy with everything in it.
 */
export interface Story extends RequestAndAnswer {
  /** The time at which the answer began, in milliseconds since 1970. */
  readonly time: number;
  /**
   * The row of the table of endpoints, with the heading that it followed; `undefined` if the request was refused before its row
   * was found.
   */
  readonly endpoint?: { readonly id: string; readonly heading: RulesOfHeading };
  /** The texts of the row's placeholders in the URL, such as the `name` of the repository. Nobody has proven them. */
  readonly texts?: Readonly<Record<string, string | undefined>>;
  /** The refusal or the failure. */
  readonly refusal?: Error;
}

/** A change on disk. If it is that of a tag, it says what the tag points to. */
export interface StoryChange extends Change {
  /** The digest that the tag points to now. */
  readonly digest?: string;
  /** The digest that the tag pointed to before. */
  readonly before?: string;
}

/** The facts that the registry collects for a story while it answers. */
export interface Telling extends Notes {
  /** The path and query of the request. */
  url: string;
  /** The row of the table. */
  endpoint?: Endpoint;
  /** The texts of the row's placeholders. */
  texts?: Texts;
  /** The changes on disk. */
  readonly changes: Change[];
}

// The refusal or the failure that an answer is about.
const refusals = new WeakMap<Response, Error>();

/** Notes the refusal or the failure that an answer is about. Returns the same answer. */
export function noteRefusal(answer: Response, refusal: Error | undefined): Response {
  if (refusal !== undefined) refusals.set(answer, refusal);
  return answer;
}

/** Returns the refusal or the failure that an answer is about, if somebody has noted one. */
export function refusalIn(answer: Response): Error | undefined {
  return refusals.get(answer);
}

// The most changes that a log shows. A delete of a manifest with 100,000 tags makes one more.
const MOST_CHANGES = 1000;

/** Returns the story as one line, for a log. */
export function formatLine(story: Story): string {
  const { refusal } = story;
  const reason = refusal === undefined ? "" : `   ${refusal.message}`;
  const { method, url, status, milliseconds, endpoint } = story;
  return printable(
    [`${method.padEnd(5)} ${shownUrl(url)}`, ...answerWords({ status, milliseconds, endpoint: endpoint?.id })].join(
      "   ",
    ) + reason,
  );
}

/** Returns a change in words: its path, its size, what else has the same bytes, and what a tag points to. */
export function changeWords({ path, size, sameAs, digest, before }: StoryChange): string[] {
  return [
    path,
    ...size === undefined ? [] : [formatBytes(size)],
    ...sameAs === undefined ? [] : [`a second name of ${sameAs}`],
    ...digest === undefined ? [] : [digest],
    ...before === undefined ? [] : [`before ${before}`],
  ].map(shorten);
}

/** Returns the answer in words: its status, the time until it began, and the row of the table. */
export function answerWords(
  { status, milliseconds, endpoint = "-" }: { status: number; milliseconds: number; endpoint?: string },
): string[] {
  return [String(status), formatMilliseconds(milliseconds), endpoint];
}

/**
 * Returns a URL as people read it: with short digests, and with ":" where most clients write "%3A" in a query. A "%2F" stays, because
 * in a path it is not the same as "/".
 */
export function shownUrl(url: string): string {
  return shorten(url.replace(/%3A/gi, ":"));
}

/**
 * A story as data: what `--log json` prints, one object on each line. It has at most 1,000 changes. `story.schema.json` describes the
 * same to programs in other languages. A field that is added later does not change the version; a field that goes, or means something
 * else, does.
 */
export interface StoryData extends RequestAndAnswer {
  /** The version of this form. */
  readonly version: 1;
  /** The time at which the answer began, as in `2026-11-21T10:15:02.123Z`. */
  readonly time: string;
  /** The name of the repository in the URL. Nobody has proven it. */
  readonly repository?: string;
  /** The tag or digest in the URL. Nobody has proven it. */
  readonly reference?: string;
  /** The upload session in the URL. Nobody has proven it. */
  readonly session?: string;
  /** The number of changes that are left out. */
  readonly moreChanges?: number;
  /** The id of the row of the table of endpoints, such as `end-3`. */
  readonly endpoint?: string;
  /** The heading of the spec that was followed, such as `Pull > Pulling manifests`. */
  readonly heading?: string;
  /** The refusal: the code of the spec, and the reasons. */
  readonly refusal?: { readonly code: ErrorCode; readonly details: readonly Detail[] };
  /** The failure of the registry, in words. */
  readonly failure?: string;
  /** The id of the action that the request is a part of; only in a log that joins the stories of all threads. */
  readonly action?: string;
}

/** Returns the story as data. */
export function dataOf(story: Story): StoryData {
  const { id, time, method, url, status, milliseconds, endpoint, texts = {}, refusal, changes } = story;
  const isRefused = refusal instanceof RegistryError;
  const data = {
    version: 1,
    id,
    time: new Date(time).toISOString(),
    method,
    url,
    status,
    repository: texts.name,
    reference: texts.tagOrDigest ?? texts.tag ?? texts.digest,
    session: texts.session,
    client: story.client,
    userAgent: story.userAgent,
    peer: story.peer,
    headers: story.headers,
    answerHeaders: story.answerHeaders,
    bytesIn: story.bytesIn,
    bytesOut: story.bytesOut,
    warnings: story.warnings,
    changes: changes.slice(0, MOST_CHANGES),
    moreChanges: changes.length > MOST_CHANGES ? changes.length - MOST_CHANGES : undefined,
    milliseconds: Math.round(milliseconds * 1000) / 1000,
    endpoint: endpoint?.id,
    heading: HEADINGS.find(({ rules }) => rules === endpoint?.heading)?.title,
    refusal: isRefused ? { code: refusal.code, details: refusal.details } : undefined,
    failure: refusal === undefined || isRefused ? undefined : refusal.stack ?? refusal.message,
  } as const;
  // As in JSON, a field that says nothing is left out.
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined)) as unknown as StoryData;
}

/** Returns the story as one JSON object on one line, for a machine: its {@linkcode StoryData}. */
export function formatJson(story: Story): string {
  return printableJson(dataOf(story));
}
