/**
 * Answers and requests of switches: changed a little, read, or made.
 *
 * A `Response` and a `Request` cannot be changed; these functions make new ones with the same content. `asking.ts` has the functions
 * that all wrappers need; here are those for what a registry should not do.
 *
 * Next: bugs.ts
 *
 * @module
 */

import { noteRefusal, refusalIn } from "../../story.ts";
import { answerLike, noOwnHeaders, type RequestChanges, requestLike } from "../asking.ts";

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

/** The changes of a request. The bytes of a stream are as many as before. */
export interface Rewriting extends RequestChanges {
  /** Another body; `null` for none. */
  readonly body?: Uint8Array<ArrayBuffer> | string | ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

/**
 * Returns a request with some changes, and with the headers that go with them: with another method, it has no headers about the old
 * body, about a part or about conditions; with another body, it has the length of that one. Only one of both requests may read the
 * body.
 */
export function rewrite(request: Request, { method = request.method, path, headers, body }: Rewriting): Request {
  const hasNoBody = method === "GET" || method === "HEAD" || body === null;
  const isKnown = typeof body === "string" || body instanceof Uint8Array;
  const changed: Record<string, string | undefined> = method === request.method ? {} : noOwnHeaders(request);
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

/** Returns the last byte that the `Range` of an answer names. */
export function endOf({ headers }: Response): number | undefined {
  const match = /^0-(\d+)$/.exec(headers.get("Range") ?? "");
  return match === null ? undefined : Number(match[1]);
}

/** Parses JSON. Returns `undefined` if it is none. */
export function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Returns the answer of a server that fails. It has nothing of the spec's words about failures. */
export function serverError(status: number, headers?: HeadersInit): Response {
  return Response.json({ errors: [{ code: "UNKNOWN", message: "the server failed" }] }, { status, headers });
}
