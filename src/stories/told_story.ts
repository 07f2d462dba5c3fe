/**
 * A story as a registry tells it: it keeps what there is, and computes the rest when somebody reads it.
 *
 *     Request, Response, Telling ──▶ a story ──▶ url, headers, bytesOut, …   each one when it is read
 *
 * A page may keep a thousand stories for somebody who looks later, and mostly nobody does. So to tell a story has to cost a request
 * nearly nothing.
 *
 * A story must have no password and no token. This file knows which headers a story tells, of which of them only a part, and which
 * parameters of a URL are hidden.
 *
 * Next: why.ts
 *
 * @module
 */

import type { Texts } from "../http/placeholders.ts";
import type { Peer } from "../http/peer.ts";
import { dataOf, refusalIn, type Story, type StoryChange, type StoryData, type Telling } from "../story.ts";

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
    const value = how === "refusal" && !isRefused ? null : valueOf(headers, name);
    if (value !== null) {
      told[name] = how === "scheme" ? schemeOf(value) : how === "url" ? withoutSecrets(value) : cut(value);
    }
  }
  return told;
}

// A client over HTTP/2 can send a Host, too. Then its headers are gone later, and the story is told without them.
function valueOf(headers: Headers, name: string): string | null {
  try {
    return headers.get(name);
  } catch {
    return null;
  }
}

/** Returns the scheme of a header such as `Authorization`. A text without a known scheme may be a password as a whole. */
export function schemeOf(value: string): string {
  return /^(?:Basic|Bearer|Digest|Negotiate)(?![^ ])/i.exec(value)?.[0] ?? "(no known scheme)";
}

/** Returns a URL without the values of parameters that are mostly passwords, tokens or signatures. */
export function withoutSecrets(url: string): string {
  return /[?@]/.test(url) ? url.replace(SECRETS, "$1$2…") : url;
}

// The parameters with secrets: `access_token` and `accessToken`; only after a sign such as "-", short words such as `key`. A name with a
// "%" may be any of these. The other secret is what stands in front of the "@" of a host. The ">" ends a URL in a `Link`.
const LONG_WORD = String.raw`[^?=&;#>]*(?:token|jwt|passwo?r?d|passphrase|secret|signature|apikey|accesskey)`;
const SHORT_WORD = String.raw`(?:[^?=&;#>]*[._-])?(?:pass|pwd|sig|credentials?|key|auth)`;
const ESCAPED = String.raw`[^?=&;#>%]*%[^?=&;#>]*`;
const SECRETS = new RegExp(
  String.raw`([?&;](?:${LONG_WORD}|${SHORT_WORD}|${ESCAPED})(?:\[\w*\])?=)[^&#>]*|^(\w+:\/\/)[^/?#]*(?=@)`,
  "gi",
);

// A client can send headers of 64 KiB, and a log that has them all whole would not be readable.
const LONGEST_VALUE = 1000;

function cut(value: string): string {
  return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
}

/** Makes the story of a request, and tells it. The request came at `started`, as `performance.now()` had it. */
export type StoryTeller = (
  request: Request,
  response: Response,
  peer: Peer | undefined,
  started: number,
  telling: Telling,
) => void;

/** Somebody who is told stories. */
export interface StoryListener {
  /** Is called with a story. */
  (story: Story): void;
  /** Is asked before a story is made. If it returns false, the story is neither made nor told. Default: each story is told. */
  readonly wants?: (about: Pick<Story, "method" | "status" | "time">) => boolean;
}

/**
 * Returns a function that tells the stories of one registry: it calls `onStory` with each of them. `now` returns the time in
 * milliseconds since 1970.
 */
export function storyTeller(onStory: StoryListener, now: () => number): StoryTeller {
  // The last part of a UUID has 48 bits of chance. Each thread has a registry of its own.
  const prefix = crypto.randomUUID().slice(-12);
  let number = 0;
  return (request, response, peer, started, telling) => {
    const { method } = request;
    const { status } = response;
    const time = now();
    // Most requests end here when many come. So all else is asked for behind this line.
    if (onStory.wants?.({ method, status, time }) === false) return;
    const milliseconds = performance.now() - started;
    const { headers } = request;
    const id = `${prefix}-${++number}`;
    const refusal = refusalIn(response);
    const address = peer?.remoteAddr;
    // Over HTTP/2, Deno takes back the headers of a request when its answer is sent, unless somebody has asked for all of them: `has` does
    // that, and `get` does not. Over HTTP/1.1 they stay, and there each request has a Host.
    if (headers.get("Host") === null) headers.has("Host");
    onStory(
      new ToldStory(id, time, method, status, milliseconds, refusal, headers, response.headers, address, telling),
    );
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
  #changes: readonly StoryChange[] | undefined;

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
    const value = valueOf(this.#asked, "User-Agent");
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
    return this.#changes ??= changes.map((change) => {
      const { digest, before } = noted.get(change.path.split("/_tags/")[1]) ?? {};
      return { ...change, ...digest && { digest }, ...before && { before } };
    });
  }

  /** Returns the story as data, for `JSON.stringify`. */
  toJSON(): StoryData {
    return dataOf(this);
  }
}
