/**
 * The target of a request: the host that the client calls, the path, and the query.
 * https://www.rfc-editor.org/rfc/rfc9112#section-3
 *
 *     GET /v2/library/hello/tags/list?n=2 HTTP/1.1        the path and the query stand here
 *     Host: registry.example:5080                         and the host stands here
 *
 * The HTTP server joins both to one URL, and does not look at them. With `Host: x/v2/secret/manifests/t?`, that URL has another
 * path than the request line. A proxy that allows some paths only would have let the request pass. So the registry takes
 * nothing but a host from `Host`, and nothing but a path and a query from behind it.
 *
 * Next: placeholders.ts
 *
 * @module
 */

/** The target of a request. */
export interface Target {
  /** The scheme and the host, as a web page of this registry would have them as its origin: `http://localhost:5080`. */
  readonly origin: string;
  /** The host, with a ":" and a port unless it is the usual one of the scheme. */
  readonly authority: string;
  /** The path, exactly as the client sent it. `new URL` would resolve a ".." in it. */
  readonly pathname: string;
  /** The query with its "?", or the empty string. */
  readonly search: string;
}

/**
 * Reads the target of a request. Returns `undefined` if `Host` is no host, if the request line names another host, or if the
 * URL has a fragment. HTTP/2 and HTTP/1.0 know requests without `Host`, and so does a test without a server.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { authority, pathname, search } = parseTarget(new Request("http://localhost:5080/v2/?n=2"))!;
 * assertEquals([authority, pathname, search], ["localhost:5080", "/v2/", "?n=2"]);
 * assertEquals(parseTarget(new Request("http://localhost/v2/", { headers: { Host: "localhost/v2" } })), undefined);
 * ```
 */
export function parseTarget({ url, headers }: Request): Target | undefined {
  const start = url.indexOf("://") + 3;
  const end = url.indexOf("/", start);
  const origin = url.slice(0, end);
  const authority = url.slice(start, end);
  const named = headers.get("Host");
  if (end < 0 || !ORIGIN.test(origin) || (named !== null && named !== authority) || url.includes("#")) return undefined;
  const question = url.indexOf("?", end);
  const path = question < 0 ? url.length : question;
  return { origin, authority, pathname: url.slice(end, path), search: url.slice(path) };
}

// A host is a name or an address; an IPv6 address stands in brackets (RFC 3986 section 3.2.2). For a socket in the file system,
// the scheme is "http+unix".
const ORIGIN = /^https?(?:\+unix)?:\/\/(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d*)?$/;
