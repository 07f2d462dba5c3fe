/**
 * The story: what a request was and what it changed on disk, as data and as lines for people.
 *
 *     PUT   /v2/library/hello/blobs/uploads/0f9c5d3e…?digest=sha256:9b4e0fd27c1a…   201   12 ms   end-6
 *           Push > Pushing a blob in chunks          src/push/pushing_a_blob_in_chunks.ts
 *           docker/26.1.5   Content-Type: application/octet-stream
 *           + library/hello/sha256:9b4e0fd27c1a…/layer.tar.gz   3.2 MiB
 *           - library/hello/_uploads/0f9c5d3e…/
 *
 * The disk tells each change when it makes it, and the registry collects the changes of each request. This file makes a story of
 * them, and then data: one JSON object, or one line for a log. `stories/` makes the lines above of the data, says why a client
 * sends such a request, and joins the stories of one push.
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
import type { Change } from "./disk/disk.ts";
import type { Endpoint, Notes } from "./http/call.ts";
import type { Peer } from "./http/peer.ts";
import type { Texts } from "./http/placeholders.ts";
import { HEADINGS, type RulesOfHeading } from "./spec/headings.ts";

/**
 * One request: its first line, its answer, and its changes on disk. A story that a registry tells keeps what it needs, and computes
 * most fields when somebody reads them. So a program that keeps stories should keep them as they are; {@linkcode dataOf} returns a
 * plain copy with everything in it.
 */
export interface Story {
  /** Its id. No other story has it, also of other threads and processes. */
  readonly id: string;
  /** The time at which the answer began, in milliseconds since 1970. */
  readonly time: number;
  /** The method of the request. */
  readonly method: string;
  /** The path and query of the request, as the client sent them, but for passwords and tokens in the query. */
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
  /** The texts of the row's placeholders in the URL, such as the name of the repository. Nobody has proven them. */
  readonly texts?: Texts;
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
  /** The number of bytes of the answer's body; `undefined` if its headers do not say it. */
  readonly bytesOut?: number;
  /** The warnings of the answer. */
  readonly warnings?: string;
  /** The changes on disk, in the order in which they were made. */
  readonly changes: readonly StoryChange[];
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

// How a story tells a header. "decides": it decides how the registry answers, so that the lines for people have it, too. "refusal":
// it matters only if the request is refused. "scheme": the rest is a password or a token, or is about one. "url": it has a URL, and
// that may have a token.
type HowToTell = "decides" | "tells" | "refusal" | "scheme" | "url";

const OF_REQUEST: Readonly<Record<string, HowToTell>> = {
  "Content-Type": "decides",
  "Content-Range": "decides",
  "Range": "decides",
  "If-Range": "decides",
  "If-Match": "decides",
  "If-None-Match": "decides",
  "Content-Length": "tells",
  "Transfer-Encoding": "tells",
  "Accept": "tells",
  "Authorization": "scheme",
  "Host": "refusal",
  "Origin": "refusal",
  "Sec-Fetch-Site": "refusal",
};

const OF_ANSWER: Readonly<Record<string, HowToTell>> = {
  "Location": "url",
  "Range": "tells",
  "Content-Range": "tells",
  "Docker-Content-Digest": "tells",
  "Content-Type": "tells",
  "Content-Length": "tells",
  "OCI-Subject": "tells",
  "OCI-Tag": "tells",
  "OCI-Filters-Applied": "tells",
  "OCI-Chunk-Min-Length": "tells",
  "Link": "url",
  "Allow": "tells",
  "Retry-After": "tells",
  "WWW-Authenticate": "scheme",
};

/** Returns the headers of a story that decided how the registry answered. */
export function decidingHeaders({ headers = {} }: Pick<Story, "headers">): [name: string, value: string][] {
  return Object.entries(headers).filter(([name]) => OF_REQUEST[name] === "decides");
}

function tellHeaders(
  headers: Headers,
  table: Readonly<Record<string, HowToTell>>,
  isRefused: boolean,
): Record<string, string> {
  const told: Record<string, string> = {};
  for (const [name, how] of Object.entries(table)) {
    const value = how === "refusal" && !isRefused ? null : headers.get(name);
    if (value !== null) {
      told[name] = how === "scheme" ? schemeOf(value) : how === "url" ? withoutSecrets(value) : cut(value);
    }
  }
  return told;
}

/** Returns the scheme of a header such as `Authorization`. A text without a known scheme may be a password as a whole. */
export function schemeOf(value: string): string {
  return /^(?:Basic|Bearer|Digest|Negotiate)(?![^ ])/i.exec(value)?.[0] ?? "(no known scheme)";
}

/** Returns a URL without the values of parameters that are mostly passwords, tokens or signatures. */
export function withoutSecrets(url: string): string {
  return /[?@]/.test(url) ? url.replace(SECRETS, "$1$2…") : url;
}

// A parameter such as `X-Amz-Signature`; or what stands in front of the "@" of a host. The ">" ends a URL in a `Link`.
const SECRETS =
  /([?&](?:[^?=&#>]*[._-])?(?:token|jwt|password|passwd|pwd|secret|signature|sig|credentials?|key|auth)=)[^&#>]*|^(\w+:\/\/)[^/?#]*(?=@)/gi;

// A client can send headers of 64 KiB, and a log that has them all whole would not be readable.
const LONGEST_VALUE = 1000;

function cut(value: string): string {
  return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
}

/** Makes the story of a request, and tells it. */
export type StoryTeller = (
  request: Request,
  response: Response,
  peer: Peer | undefined,
  milliseconds: number,
  telling: Telling,
) => void;

/**
 * Returns a function that tells the stories of one registry: it calls `onStory` with each of them. `now` returns the time in
 * milliseconds since 1970.
 */
export function storyTeller(onStory: (story: Story) => void, now: () => number): StoryTeller {
  // The last part of a UUID has 48 bits of chance. Each thread has a registry of its own.
  const prefix = crypto.randomUUID().slice(-12);
  let number = 0;
  return ({ method, headers }, response, peer, milliseconds, telling) => {
    const { status, headers: answered } = response;
    const id = `${prefix}-${++number}`;
    const refusal = refusalIn(response);
    const address = peer?.remoteAddr;
    onStory(new ToldStory(id, now(), method, status, milliseconds, refusal, headers, answered, address, telling));
  };
}

// A story as a registry tells it. A program may keep many and look at few, so the constructor only keeps what there is. The request
// itself is not kept, and neither is the answer: they would hold the memory of their bodies.
class ToldStory implements Story {
  // Nobody sees these from outside: the headers of the request may have a password.
  readonly #asked: Headers;
  readonly #answered: Headers;
  readonly #address: Peer["remoteAddr"] | undefined;
  readonly #telling: Telling;

  constructor(
    readonly id: string,
    readonly time: number,
    readonly method: string,
    readonly status: number,
    readonly milliseconds: number,
    readonly refusal: Error | undefined,
    asked: Headers,
    answered: Headers,
    address: Peer["remoteAddr"] | undefined,
    telling: Telling,
  ) {
    this.#asked = asked;
    this.#answered = answered;
    this.#address = address;
    this.#telling = telling;
  }

  get url(): string {
    return withoutSecrets(this.#telling.url);
  }

  get endpoint(): Story["endpoint"] {
    const { endpoint, heading = endpoint?.heading } = this.#telling;
    return endpoint && heading && { id: endpoint.id, heading };
  }

  get texts(): Texts | undefined {
    return this.#telling.texts;
  }

  get client(): string | undefined {
    return this.userAgent?.split(" ", 1)[0];
  }

  get userAgent(): string | undefined {
    const value = this.#asked.get("User-Agent");
    return value === null ? undefined : cut(value);
  }

  get peer(): Story["peer"] {
    // The address is empty if the client has gone already, and a socket in the file system has none.
    const { hostname: host, port } = this.#address ?? {};
    return host ? { host, ...port !== undefined && { port } } : undefined;
  }

  get headers(): Record<string, string> {
    return tellHeaders(this.#asked, OF_REQUEST, this.refusal !== undefined);
  }

  get answerHeaders(): Record<string, string> {
    return tellHeaders(this.#answered, OF_ANSWER, this.refusal !== undefined);
  }

  get bytesIn(): number {
    return this.#telling.bytesIn ?? 0;
  }

  get bytesOut(): number | undefined {
    const length = this.#answered.get("Content-Length");
    // An answer without a body has no type either.
    if (this.method === "HEAD" || (length === null && !this.#answered.has("Content-Type"))) return 0;
    return length === null ? undefined : Number(length);
  }

  get warnings(): string | undefined {
    return this.#answered.get("Warning") ?? undefined;
  }

  get changes(): readonly StoryChange[] {
    const { changes, tags } = this.#telling;
    if (tags === undefined) return changes;
    const noted = new Map(tags.map((note) => [note.tag, note]));
    return changes.map((change) => {
      const { digest, before } = noted.get(change.path.split("/_tags/")[1]) ?? {};
      return { ...change, ...digest && { digest }, ...before && { before } };
    });
  }

  /** Returns the story as data, for `JSON.stringify`. */
  toJSON(): StoryData {
    return dataOf(this);
  }
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

/** Returns the answer in words: its status, the time until it began, and the row of the table. */
export function answerWords(
  { status, milliseconds, endpoint = "-" }: { status: number; milliseconds: number; endpoint?: string },
): string[] {
  const time = milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds);
  return [String(status), `${time} ms`, endpoint];
}

/**
 * Returns a URL as people read it: with short digests, and with ":" where most clients write "%3A" in a query. A "%2F" stays, because
 * in a path it is not the same as "/".
 */
export function shownUrl(url: string): string {
  return shorten(url.replace(/%3A/gi, ":"));
}

/**
 * A story as data: what `--log json` prints, one object on each line. `story.schema.json` describes the same to programs in other
 * languages. A field that is added later does not change the version; a field that goes, or means something else, does.
 */
export interface StoryData {
  /** The version of this form. */
  readonly version: 1;
  /** Its id. No other story has it, also of other threads and processes. */
  readonly id: string;
  /** The time at which the answer began, as in `2026-11-21T10:15:02.123Z`. */
  readonly time: string;
  /** The method of the request. */
  readonly method: string;
  /** The path and query of the request, as the client sent them, but for passwords and tokens in the query. */
  readonly url: string;
  /** The status of the answer. */
  readonly status: number;
  /** The name of the repository in the URL. Nobody has proven it. */
  readonly repository?: string;
  /** The tag or digest in the URL. Nobody has proven it. */
  readonly reference?: string;
  /** The upload session in the URL. Nobody has proven it. */
  readonly session?: string;
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
  /** The number of bytes of the answer's body. It is left out if the headers of the answer do not say it. */
  readonly bytesOut?: number;
  /** The warnings of the answer. */
  readonly warnings?: string;
  /** The changes on disk, in the order in which they were made; at most 1,000 of them. Sizes are in bytes. */
  readonly changes: readonly StoryChange[];
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
