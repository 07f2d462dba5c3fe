/**
 * Logging in: how a person says in a browser who it is.
 * https://www.rfc-editor.org/rfc/rfc7617
 *
 *     GET /login?to=/at/alice             401   WWW-Authenticate: Basic realm="Glassbox"     the browser asks for a name and a password
 *     GET /login?to=/at/alice             303   Location: /at/alice                          Authorization: Basic YWxpY2U6…
 *     GET /login?not=alice&to=/at/alice   401   also for alice: the browser asks for another name, or forgets hers
 *
 * A browser keeps the password, and sends it with every request for a path in the same folder, which is all of them. Nothing else on
 * the page asks if everybody may pull something. So without this address nobody could log in there. It asks for Basic also if clients
 * get tokens, because a browser knows nothing about those.
 *
 * Next: document.ts
 *
 * @module
 */

import { BASIC_CHALLENGE, unauthorized } from "../access/credentials.ts";
import type { PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";

/**
 * Answers a person who wants to log in. Returns `undefined` if nobody can log in here.
 *
 * @throws {RegistryError} 401 if the person has not said who it is, or is the one that it does not want to be any more.
 */
export function answerLogin({ query }: PageAddress, { person, origin }: PageContext): Response | undefined {
  if (person === undefined) return undefined;
  const { user } = person;
  if (user === undefined) throw unauthorized("the name and password of a user", "none", BASIC_CHALLENGE);
  if (user === query.get("not")) {
    throw unauthorized("the name and password of another user", "those of the same one", BASIC_CHALLENGE);
  }
  const headers = { Location: wayBack(query.get("to") ?? "/", origin), "Cache-Control": "no-store" };
  return new Response(null, { status: 303, headers });
}

/**
 * Returns the path and query of an address if it is one of this registry, and `/` otherwise. A link must not lead from here to another
 * site.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(wayBack("/at/alice?after=v1", "http://localhost"), "/at/alice?after=v1");
 * assertEquals(wayBack("//evil.example/", "http://localhost"), "/");
 * ```
 */
export function wayBack(to: string, origin: string): string {
  const url = to.startsWith("/") ? URL.parse(to, origin) : null;
  if (url === null || url.origin !== new URL(origin).origin || url.pathname.startsWith("//")) return "/";
  return url.pathname + url.search;
}
