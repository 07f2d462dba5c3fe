/**
 * Asking: what a wrapper needs to ask a registry in the name of a client, and to change what it answers.
 *
 *     client ──▶ PUT …/manifests/v1 ──▶ immutableTags ──▶ HEAD …/manifests/v1     a question of the wrapper
 *                                                     ──▶ PUT …/manifests/v1      the request itself
 *
 * A question goes with the headers of the client's own request: the password and the host, for example. So a wrapper never sees more
 * than the client does.
 *
 * Next: lists.ts
 *
 * @module
 */

import { type ErrorCode, RegistryError } from "../api/error_codes.ts";
import type { Peer } from "../http/peer.ts";
import { parseTarget } from "../http/target.ts";
import type { Registry } from "../registry.ts";
import { noteRefusal, refusalIn } from "../story.ts";
import { joined } from "../joined.ts";
import { refuse } from "./composing.ts";

/** The changes of a request. What is left out stays as it is. */
export interface RequestChanges {
  /** Another method. */
  readonly method?: string;
  /** Another path and query. */
  readonly path?: string;
  /** Other values of headers; `undefined` takes a header away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Another body. */
  readonly body?: BodyInit | null;
}

/**
 * Returns a request like another one, with some changes. The other one's body belongs to the new one then.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const request = new Request("http://localhost/v2/hello/tags/list", { headers: { Accept: "text/plain" } });
 * const other = requestLike(request, { path: "/v2/team/hello/tags/list" });
 *
 * assertEquals([other.url, other.headers.get("Accept")], ["http://localhost/v2/team/hello/tags/list", "text/plain"]);
 * ```
 */
export function requestLike(request: Request, changes: RequestChanges): Request {
  const origin = parseTarget(request)?.origin ?? new URL(request.url).origin;
  const headers = new Headers(request.headers);
  for (const [name, value] of Object.entries(changes.headers ?? {})) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  const url = changes.path === undefined ? request.url : origin + changes.path;
  const { method = request.method, body = request.body } = changes;
  // The signal of the client's request is left out: on `Deno.serve` it is aborted after a good answer, too, and Deno warns of that.
  const made = new Request(url, { method, headers, body });
  // `Request` resolves a ".." in a path. Then a text that is no name would become the name of another repository, which an outer
  // wrapper has not seen. The registry refuses the path as it is.
  return made.url === url ? made : Object.defineProperty(made, "url", { value: url });
}

/**
 * Returns the changes that take the headers away that are about the body of this request, about a part of the answer, or about
 * conditions. Another request in the name of the same client has none of these.
 */
export function noOwnHeaders({ headers }: Request): Record<string, undefined> {
  const own = [...headers.keys()].filter((name) => /^(?:content-.*|transfer-encoding|expect|range|if-.*)$/.test(name));
  return Object.fromEntries(own.map((name) => [name, undefined]));
}

/** Asks a registry a question in the name of the client of a request: a GET or HEAD of this path and query. */
export async function ask(
  registry: Registry,
  request: Request,
  peer: Peer | undefined,
  method: "GET" | "HEAD",
  path: string,
): Promise<Response> {
  return await registry(requestLike(request, { method, path, headers: noOwnHeaders(request), body: null }), peer);
}

/** Returns the digest that a tag or a digest means, or `undefined` if there is none. Throws if the registry does not say it. */
export async function digestAt(
  registry: Registry,
  request: Request,
  peer: Peer | undefined,
  path: string,
): Promise<string | undefined> {
  const response = await ask(registry, request, peer, "HEAD", path);
  await response.body?.cancel();
  if (response.status === 404) return undefined;
  const digest = response.headers.get("Docker-Content-Digest");
  if (response.status === 200 && digest !== null) return digest;
  throw new UnexpectedAnswer(response);
}

/** Thrown if a registry answers a question of a wrapper with a refusal or a failure. The client gets that answer. */
export class UnexpectedAnswer extends Error {
  /** Holds the answer. Its body is not needed any more if the question was a HEAD. */
  constructor(readonly response: Response) {
    super(`the registry answered ${response.status}`);
  }
}

/**
 * Runs an action of a wrapper for a request. Returns its answer, or the refusal that it throws: one of the wrapper itself, or the
 * answer of an {@linkcode UnexpectedAnswer}.
 */
export async function orRefusal(request: Request, action: () => Response | Promise<Response>): Promise<Response> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof RegistryError) return refuse(request, error);
    if (!(error instanceof UnexpectedAnswer)) throw error;
    const { response } = error;
    return request.method === "HEAD" && response.body !== null ? await headOf(response) : response;
  }
}

/**
 * Returns an answer like another one, with changed headers, and with another body if there is one. A refusal stays a refusal in
 * the story.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const answer = answerLike(new Response("no", { status: 404 }), (headers) => headers.set("X-By", "a wrapper"));
 *
 * assertEquals([answer.status, answer.headers.get("X-By"), await answer.text()], [404, "a wrapper", "no"]);
 * ```
 */
export function answerLike(answer: Response, change: (headers: Headers) => void, body?: string): Response {
  const headers = new Headers(answer.headers);
  change(headers);
  if (body !== undefined) headers.delete("Content-Length");
  const { status, statusText } = answer;
  const changed = new Response(body === undefined ? answer.body : body, { status, statusText, headers });
  return noteRefusal(changed, refusalIn(answer));
}

/** Returns the answer to HEAD that goes with an answer to GET. It has the length of the body, and no body. */
export async function headOf(answer: Response): Promise<Response> {
  const { status, statusText } = answer;
  const headers = new Headers(answer.headers);
  headers.set("Content-Length", String((await answer.bytes()).length));
  return noteRefusal(new Response(null, { status, statusText, headers }), refusalIn(answer));
}

/** Returns true if the JSON of a refusal has an error with this code. */
export function isAbout(code: ErrorCode, text: string): boolean {
  try {
    return JSON.parse(text).errors?.some((error: { code?: string }) => error.code === code) ?? false;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/**
 * A request whose body is kept while a registry reads it, for a wrapper that may have to send it once more. Nothing is read that the
 * registry does not read. So its limits hold for what is kept, too.
 */
export class KeptRequest {
  /** The request to send. */
  readonly request: Request;
  readonly #pieces: Uint8Array[] = [];
  #isWhole: boolean;

  /** Makes a request like another one, whose body is kept. */
  constructor(request: Request, changes: RequestChanges = {}) {
    const reader = request.body?.getReader();
    this.#isWhole = reader === undefined;
    const body = reader && new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { done, value } = await reader.read();
        if (done) {
          this.#isWhole = true;
          return controller.close();
        }
        this.#pieces.push(value.slice());
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
    this.request = requestLike(request, { ...changes, body: body ?? null });
  }

  /** Returns the bytes of the body, or `undefined` if the registry has not read all of it. */
  get bytes(): Uint8Array<ArrayBuffer> | undefined {
    return this.#isWhole ? joined(this.#pieces) : undefined;
  }
}
