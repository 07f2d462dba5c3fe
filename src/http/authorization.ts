/**
 * Authorization: who sends a request, and what may this client do?
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#determining-support
 *
 * The spec leaves this to the registry, and only says that `/v2/` may ask for a password. Some clients expect that question
 * only at `/v2/`, and some only at the other endpoints. So a registry with passwords asks at both.
 *
 *     GET /v2/                                      401 Unauthorized
 *                                                   WWW-Authenticate: Basic realm="Glassbox"
 *     GET /v2/                                      200 OK
 *     Authorization: Basic YWxpY2U6c2VjcmV0
 *
 * The sections know no users, passwords or rules. A wrapper around the registry decides, before the row of a request is found; see
 * `src/composing/access.ts`. Here is only what the registry knows about a client, for wrappers and sections that need it.
 *
 * Next: web_pages.ts
 *
 * @module
 */

/** The client of a request, as `Deno.serve` tells it. */
export interface Peer {
  /** Its address. */
  readonly remoteAddr: { readonly hostname: string };
  /** Is settled when the client has the answer, or has gone. */
  readonly completed?: Promise<unknown>;
}
