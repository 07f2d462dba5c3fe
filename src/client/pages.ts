/**
 * Pages: a client reads a list that comes in several answers. Each answer has the address of the next one in its header `Link`.
 * https://www.rfc-editor.org/rfc/rfc8288
 *
 *     GET /v2/library/hello/tags/list?n=2            Link: </v2/library/hello/tags/list?n=2&last=b>; rel="next"
 *     GET /v2/library/hello/tags/list?n=2&last=b     the last page has no such header
 *
 * Next: ../filling/fill.ts
 *
 * @module
 */

/**
 * Yields the answers with the pages of a list, from a path and query on. It asks for a page only when somebody wants it, and ends if
 * the links lead in a circle. An answer may also be a refusal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const ask = (path: string) => {
 *   const headers: HeadersInit = path === "/v2/_catalog" ? { Link: '</v2/_catalog?last=b>; rel="next"' } : {};
 *   return Promise.resolve(new Response(path, { headers }));
 * };
 * const pages = await Array.fromAsync(pagesOf("/v2/_catalog", ask), (response) => response.text());
 *
 * assertEquals(pages, ["/v2/_catalog", "/v2/_catalog?last=b"]);
 * ```
 */
export async function* pagesOf(path: string, ask: (path: string) => Promise<Response>): AsyncGenerator<Response> {
  const asked = new Set<string>();
  for (let next: string | undefined = path; next !== undefined && !asked.has(next);) {
    asked.add(next);
    const response = await ask(next);
    next = nextOf(response, path);
    yield response;
  }
}

function nextOf(response: Response, path: string): string | undefined {
  for (const [, reference, parameters] of (response.headers.get("Link") ?? "").matchAll(/<([^>]*)>([^,]*)/g)) {
    if (!/;\s*rel="?next"?/i.test(parameters)) continue;
    const { pathname, search } = new URL(reference, `http://localhost${path}`);
    return pathname + search;
  }
}
