/**
 * Answers and requests, changed a little: the small tools of the switches.
 *
 * A `Response` and a `Request` cannot be changed; these functions make new ones with the same content. `asking.ts` has the tools that
 * all wrappers need; here are those for what a registry should not do.
 *
 * Next: bugs.ts
 *
 * @module
 */

import { noteRefusal, refusalIn } from "../../story.ts";
import { answerLike, requestLike } from "../asking.ts";

/** Returns an answer with another status. */
export function withStatus(answer: Response, status: number): Response {
  const { headers, body } = answer;
  const hasNoBody = status === 204 || status === 304;
  return noteRefusal(new Response(hasNoBody ? null : body, { status, headers }), refusalIn(answer));
}

/** Returns an answer with other bytes in its body, and with their length. To HEAD, only the length changes. */
export async function withBytes(
  request: Request,
  answer: Response,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | string,
  get: (request: Request) => Promise<Response>,
): Promise<Response> {
  const isHead = request.method === "HEAD";
  const whole = isHead ? await get(rewrite(request, { method: "GET" })) : answer;
  const bytes = bytesOf(change(await whole.bytes()));
  const headers = new Headers(answer.headers);
  headers.set("Content-Length", String(bytes.length));
  return new Response(isHead ? null : bytes, { status: answer.status, headers });
}

/** What of a request changes. */
export interface RequestChange {
  /** Another method. Then the headers about the body, about a part and about conditions go. */
  readonly method?: string;
  /** Another path with its query. */
  readonly path?: string;
  /** Other headers, or `undefined` for a header that goes. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Another body; `null` for none. The bytes of a stream are as many as before. */
  readonly body?: Uint8Array<ArrayBuffer> | string | ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

const OF_THE_METHOD = /^(?:content-.*|transfer-encoding|expect|range|if-.*)$/;

/** Returns a request with something changed. Only one of both may read the body. */
export function rewrite(request: Request, { method = request.method, path, headers, body }: RequestChange): Request {
  const hasNoBody = method === "GET" || method === "HEAD" || body === null;
  const isKnown = typeof body === "string" || body instanceof Uint8Array;
  const names = method === request.method ? [] : [...request.headers.keys()].filter((name) => OF_THE_METHOD.test(name));
  const changed: Record<string, string | undefined> = Object.fromEntries(names.map((name) => [name, undefined]));
  if (hasNoBody || isKnown) Object.assign(changed, { "Content-Length": undefined, "Transfer-Encoding": undefined });
  if (!hasNoBody && isKnown) changed["Content-Length"] = String(bytesOf(body).length);
  return requestLike(request, {
    method,
    path,
    headers: { ...changed, ...headers },
    body: hasNoBody ? null : body ?? request.body,
  });
}

function bytesOf(content: Uint8Array<ArrayBuffer> | string): Uint8Array<ArrayBuffer> {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

/** Returns an answer without some of its headers. */
export function withoutHeaders(answer: Response, ...names: readonly string[]): Response {
  return answerLike(answer, (headers) => {
    for (const name of names) headers.delete(name);
  });
}

/** Returns the scheme and the host that a client has called. */
export function originOf({ url }: Request): string {
  return url.slice(0, url.indexOf("/", url.indexOf("://") + 3));
}

/** Returns the digest of some bytes. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha256:${new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex()}`;
}

/** Returns true if an answer is a success. */
export function isSuccess({ status }: Response): boolean {
  return status >= 200 && status < 300;
}
