/**
 * Answers and requests, changed a little: the small tools of the switches.
 *
 * A `Response` and a `Request` cannot be changed; these functions make new ones with the same content.
 *
 * Next: bugs.ts
 *
 * @module
 */

/** Returns an answer with other headers. */
export function withHeaders(response: Response, change: (headers: Headers) => void): Response {
  const headers = new Headers(response.headers);
  change(headers);
  return new Response(response.body, { status: response.status, headers });
}

/** Returns an answer with another status. */
export function withStatus(response: Response, status: number): Response {
  const headers = new Headers(response.headers);
  const hasNoBody = status === 204 || status === 304;
  return new Response(hasNoBody ? null : response.body, { status, headers });
}

/** Returns an answer with other bytes in its body, and with their length. To HEAD, only the length changes. */
export async function withBytes(
  request: Request,
  response: Response,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | string,
  get: (request: Request) => Promise<Response>,
): Promise<Response> {
  const isHead = request.method === "HEAD";
  const whole = isHead ? await get(rewrite(request, { method: "GET" })) : response;
  const changed = change(await whole.bytes());
  const bytes = typeof changed === "string" ? new TextEncoder().encode(changed) : changed;
  const headers = new Headers(response.headers);
  headers.set("Content-Length", String(bytes.length));
  return new Response(isHead ? null : bytes, { status: response.status, headers });
}

/** What of a request changes. */
export interface RequestChange {
  /** Another method. */
  readonly method?: string;
  /** Another path with its query. */
  readonly path?: string;
  /** Other headers, or `null` for a header that goes. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Another body; `null` for none. The bytes of a stream are as many as before. */
  readonly body?: Uint8Array<ArrayBuffer> | string | ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

/** Returns a request with something changed. Only one of both may read the body. */
export function rewrite(request: Request, { method, path, headers: others = {}, body }: RequestChange): Request {
  const headers = new Headers(request.headers);
  const verb = method ?? request.method;
  const hasNoBody = verb === "GET" || verb === "HEAD" || body === null;
  const isKnown = typeof body === "string" || body instanceof Uint8Array;
  if (hasNoBody || isKnown) {
    headers.delete("Content-Length");
    headers.delete("Transfer-Encoding");
  }
  if (!hasNoBody && isKnown) {
    headers.set(
      "Content-Length",
      String(typeof body === "string" ? new TextEncoder().encode(body).length : body.length),
    );
  }
  for (const [name, value] of Object.entries(others)) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  const url = path === undefined ? request.url : originOf(request) + path;
  return new Request(url, { method: verb, headers, body: hasNoBody ? null : body ?? request.body });
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
