/**
 * Authorization: which user may do what.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#determining-support
 * https://www.rfc-editor.org/rfc/rfc7617
 *
 * The spec leaves this to the registry, and only says that `/v2/` may ask for a password. Some clients expect that question
 * only at `/v2/`, and some only at the other endpoints. So a registry with passwords asks at both.
 *
 *     GET /v2/                                      401 Unauthorized
 *                                                   WWW-Authenticate: Basic realm="Glassbox"
 *     GET /v2/                                      200 OK
 *     Authorization: Basic YWxpY2U6c2VjcmV0
 *
 * Known users may do anything; others may pull if the settings allow it. `/v2/` asks for a password even if everybody may pull,
 * because docker sends a password only if `/v2/` has asked for it.
 *
 * Next: web_pages.ts
 *
 * @module
 */

import { RegistryError } from "../api/error_codes.ts";

/** The rights of users. */
export interface Access {
  /**
   * Returns true if this is the password of this user. It must take the same time for an unknown user; otherwise the time would
   * tell which users there are. `address` is the one of the client, or empty if it is not known.
   */
  isPassword(user: string, password: string, address: string): Promise<Verdict>;
  /** The rights of everybody else. */
  readonly anonymous: "pull" | "none";
}

/** True if a password is right. Otherwise false, or the seconds after which the client may ask again, if it has guessed too often. */
export type Verdict = boolean | { readonly retryAfter: number };

/** The client of a request, as `Deno.serve` tells it. */
export interface Peer {
  /** Its address. */
  readonly remoteAddr: { readonly hostname: string };
  /** Is settled when the client has the answer, or has gone. */
  readonly completed?: Promise<unknown>;
}

/**
 * Makes sure that a request may be answered.
 *
 * @throws {RegistryError} 401 with a challenge if a password is needed, or is wrong; 429 if there were too many wrong ones.
 */
export async function expectAccess(request: Request, pathname: string, access: Access, peer?: Peer): Promise<void> {
  const credentials = parseBasic(request.headers.get("Authorization"));
  if (credentials !== undefined) {
    const verdict = await access.isPassword(...credentials, peer?.remoteAddr.hostname ?? "");
    if (verdict === true) return;
    if (verdict !== false) throw tooManyGuesses(verdict.retryAfter);
    throw unauthorized("the name and password of a user", "another name or password");
  }
  const isPull = request.method === "GET" || request.method === "HEAD";
  const isQuestion = pathname === "/v2/" || pathname === "/v2";
  if (access.anonymous === "pull" && isPull && !isQuestion) return;
  throw unauthorized("the name and password of a user", "none");
}

/**
 * Reads the name and password of an `Authorization` header. Returns `undefined` if there are none. Some clients without a
 * password send an empty name and an empty password.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseBasic(`Basic ${btoa("alice:se:cret")}`), ["alice", "se:cret"]);
 * assertEquals(parseBasic(`Basic ${btoa(":")}`), undefined);
 * assertEquals(parseBasic(null), undefined);
 * ```
 */
export function parseBasic(header: string | null): [user: string, password: string] | undefined {
  const match = /^basic +([A-Za-z0-9+/=_-]*) *$/i.exec(header ?? "");
  if (match === null) return undefined;
  const text = decodeBase64(match[1]);
  const colon = text.indexOf(":");
  return colon < 0 || text === ":" ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}

function decodeBase64(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(base64));
  } catch (error) {
    if (error instanceof SyntaxError) return "";
    throw error;
  }
}

function tooManyGuesses(seconds: number): RegistryError {
  const expected = `the next password in ${seconds} s, because there were too many wrong ones`;
  return new RegistryError("TOOMANYREQUESTS", { rule: "API-ERR-I14", expected, actual: "a password now" }, {
    headers: { "Retry-After": String(seconds) },
  });
}

// The refusal does not repeat the name and password: they may be right except for a typing error.
function unauthorized(expected: string, actual: string): RegistryError {
  return new RegistryError("UNAUTHORIZED", { rule: "API-SUPPORT-01", expected, actual }, {
    headers: { "WWW-Authenticate": 'Basic realm="Glassbox"' },
  });
}
