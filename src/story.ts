/**
 * The story: what a request was and what it changed on disk, as data and as lines for people.
 *
 *     PUT   /v2/library/hello/blobs/uploads/0f9c5d3e…?digest=sha256:9b4e0fd27c1a…   201   12 ms   end-6
 *           Push > Pushing a blob in chunks          src/push/pushing_a_blob_in_chunks.ts
 *           docker/26.1.5   Content-Type: application/octet-stream
 *           + library/hello/sha256:9b4e0fd27c1a…/layer.tar.gz   3.2 MiB
 *           - library/hello/_uploads/0f9c5d3e…/
 *
 * The disk tells each change when it makes it, and the registry collects the changes of each request. This file only
 * formats them: as several lines for people, as one line for a log, or as JSON for machines.
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
import { formatBytes } from "./definitions/size.ts";
import type { Change } from "./disk/disk.ts";
import type { Endpoint, Notes } from "./http/call.ts";
import { HEADINGS, linkTo, type RulesOfHeading } from "./spec/headings.ts";

/** One request: its first line, its answer, and its changes on disk. */
export interface Story {
  /** The method of the request. */
  readonly method: string;
  /** The path and query of the request, as the client sent them. */
  readonly url: string;
  /** The status of the answer. */
  readonly status: number;
  /** The time until the answer began, in milliseconds. */
  readonly milliseconds: number;
  /**
   * The row of the table of endpoints, with the heading that it followed; `undefined` if the request was refused before its row
   * was found.
   */
  readonly endpoint?: { readonly id: string; readonly heading: RulesOfHeading };
  /** The name that the client gives itself, such as `docker/26.1.5`. */
  readonly client?: string;
  /** The headers of the request that decided something, such as `Content-Range`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The warnings of the answer. */
  readonly warnings?: string;
  /** The changes on disk, in the order in which they were made. */
  readonly changes: readonly Change[];
  /** The refusal or the failure. */
  readonly refusal?: Error;
}

/** The facts that the registry collects for a story while it answers. */
export interface Telling extends Notes {
  /** The path and query of the request. */
  url: string;
  /** The row of the table. */
  endpoint?: Endpoint;
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

// The headers that decide how a request is answered, except for its length and its password.
const DECIDING = ["Content-Type", "Content-Range", "Range", "If-Range", "If-Match", "If-None-Match"];

/** Makes the story of a request. */
export function storyOf(
  request: Request,
  response: Response,
  milliseconds: number,
  { url, endpoint, heading = endpoint?.heading, changes }: Telling,
): Story {
  const headers = DECIDING.map((name) => [name, request.headers.get(name)]).filter(([, value]) => value !== null);
  return {
    method: request.method,
    url,
    status: response.status,
    milliseconds,
    endpoint: endpoint && heading && { id: endpoint.id, heading },
    // Of `docker/20.10.24 go/go1.19.8 git-commit/… os/linux …` the first word says enough.
    client: request.headers.get("User-Agent")?.split(" ", 1)[0],
    headers: Object.fromEntries(headers),
    warnings: response.headers.get("Warning") ?? undefined,
    changes,
    refusal: refusalIn(response),
  };
}

// The most changes that a log shows. A delete of a manifest with 100,000 tags makes one more.
const MOST_CHANGES = 1000;

/** Returns the story as several lines, for a person. */
export function formatStory(story: Story): string {
  const { client, headers = {}, warnings } = story;
  const heading = HEADINGS.find(({ rules }) => rules === story.endpoint?.heading);
  const request = [...(client ? [client] : []), ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  const lines = [
    firstLine(story),
    ...(heading === undefined ? [] : [`${heading.title.padEnd(45)}   ${heading.file}`]),
    ...(request.length === 0 ? [] : [shorten(request.join("   "))]),
    ...story.changes.slice(0, MOST_CHANGES).map(formatChange),
    ...(story.changes.length > MOST_CHANGES ? [`… and ${story.changes.length - MOST_CHANGES} more changes`] : []),
    ...(warnings === undefined ? [] : [shorten(`! Warning: ${warnings}`)]),
    ...formatRefusal(story.refusal),
    ...(isQuestionBeforePush(story) ? ["(not a fault: a client that gets this answer pushes the content)"] : []),
  ];
  return lines.map(printable).join("\n      ");
}

// The 404 of a HEAD looks like a fault, but most pushes begin with one.
function isQuestionBeforePush({ refusal }: Story): boolean {
  const isAboutBlob = refusal instanceof RegistryError && refusal.code === "BLOB_UNKNOWN";
  return isAboutBlob && refusal.details.some(({ rule }) => rule === "PULL-HEAD-04");
}

/** Returns the story as one line, for a log. */
export function formatLine(story: Story): string {
  const { refusal } = story;
  const reason = refusal === undefined ? "" : `   ${refusal.message}`;
  return printable(firstLine(story) + reason);
}

/**
 * A story as data: what `--log json` prints, one object on each line. `story.schema.json` describes the same to programs in other
 * languages. A field that is added later does not change the version; a field that goes, or means something else, does.
 */
export interface StoryData {
  /** The version of this form. */
  readonly version: 1;
  /** The time at which the answer began, as in `2026-11-21T10:15:02.123Z`. */
  readonly time: string;
  /** The method of the request. */
  readonly method: string;
  /** The path and query of the request, as the client sent them. */
  readonly url: string;
  /** The status of the answer. */
  readonly status: number;
  /** The name that the client gives itself, such as `docker/26.1.5`. */
  readonly client?: string;
  /** The headers of the request that decided something, such as `Content-Range`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The warnings of the answer. */
  readonly warnings?: string;
  /** The changes on disk, in the order in which they were made; at most 1,000 of them. Sizes are in bytes. */
  readonly changes: readonly Change[];
  /** The number of changes that are left out. */
  readonly moreChanges?: number;
  /** The time until the answer began, in milliseconds. */
  readonly milliseconds: number;
  /** The id of the row of the table of endpoints, such as `end-3`. */
  readonly endpoint?: string;
  /** The heading of the spec that was followed, such as `Pull > Pulling manifests`. */
  readonly heading?: string;
  /** The refusal: the code of the spec, and the reasons. */
  readonly refusal?: { readonly code: ErrorCode; readonly details: readonly Detail[] };
  /** The failure of the registry, in words. */
  readonly failure?: string;
}

/** Returns the story as data. `now` is the time, in milliseconds since 1970. */
export function dataOf(
  { milliseconds, endpoint, refusal, changes, ...story }: Story,
  now: number = Date.now(),
): StoryData {
  const isRefused = refusal instanceof RegistryError;
  const data = {
    version: 1,
    time: new Date(now).toISOString(),
    ...story,
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

function firstLine({ method, url, status, milliseconds, endpoint }: Story): string {
  const time = milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds);
  const id = endpoint?.id ?? "-";
  return `${method.padEnd(5)} ${shorten(decodeColons(url))}   ${status}   ${time} ms   ${id}`;
}

function formatChange({ sign, path, size, sameAs }: Change): string {
  const parts = [`${sign} ${shorten(path)}`];
  if (size !== undefined) parts.push(formatBytes(size));
  if (sameAs !== undefined) parts.push(`a second name of ${shorten(sameAs)}`);
  return parts.join("   ");
}

function formatRefusal(refusal: Error | undefined): string[] {
  if (refusal === undefined) return [];
  if (!(refusal instanceof RegistryError)) return (refusal.stack ?? refusal.message).split("\n");
  return refusal.details.flatMap(({ rule, expected, actual }) => [
    `! ${refusal.code}   ${rule}   ${linkTo(rule)}`,
    `  expected ${shorten(expected)}`,
    `  got      ${shorten(actual)}`,
  ]);
}

// Most clients write the ":" of a digest in a query as "%3A". A "%2F" stays, because in a path it is not the same as "/".
function decodeColons(url: string): string {
  return url.replace(/%3A/gi, ":");
}
