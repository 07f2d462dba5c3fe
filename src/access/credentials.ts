/**
 * Credentials: what a client sends to say who it is.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#determining-support
 *
 *     GET /v2/                                  401 Unauthorized
 *                                               WWW-Authenticate: Basic realm="Glassbox"
 *     GET /v2/                                  200 OK
 *     Authorization: Basic YWxpY2U6c2VjcmV0     a name and a password (https://www.rfc-editor.org/rfc/rfc7617)
 *     Authorization: Bearer eyJhbGci…           or a token (https://www.rfc-editor.org/rfc/rfc6750)
 *
 * The spec only says that `/v2/` may ask for a password. Some clients expect that question only at `/v2/`, and some only at the
 * other endpoints. So a registry with passwords asks at both.
 *
 * Next: tokens.ts
 *
 * @module
 */

import { RegistryError } from "../api/error_codes.ts";
import type { Peer } from "../http/peer.ts";

/** The users of a registry. */
export interface Users {
  /**
   * Returns true if this is the password of this user. It must take the same time for an unknown user; otherwise the time would
   * tell which users there are. `address` is the one of the client, or empty if it is not known.
   */
  isPassword(user: string, password: string, address: string): Promise<Verdict>;
  /**
   * Returns a text that changes with the password of a user, such as its hash, or `undefined` if there is no such user. With it, a
   * token ends as soon as the user is removed or gets another password. Without it, a token ends only when its time is over.
   */
  passwordMark?(user: string): string | undefined;
}

/** True if a password is right, false if it is wrong, or the seconds to wait if the client has guessed too often. */
export type Verdict = boolean | { readonly retryAfter: number };

/**
 * Makes sure that this is the password of this user.
 *
 * @throws {RegistryError} 401 with these headers if it is not, 429 if there were too many wrong ones.
 */
export async function expectPassword(
  users: Users,
  [user, password]: readonly [user: string, password: string],
  peer: Peer | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const verdict = await users.isPassword(user, password, peer?.remoteAddr.hostname ?? "");
  if (verdict === true) return;
  if (verdict !== false) throw tooManyGuesses(verdict.retryAfter);
  throw unauthorized("the name and password of a user", "another name or password", headers);
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

/**
 * Reads the token of an `Authorization` header. Returns `undefined` if it has another scheme.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseBearer("Bearer eyJhbGci"), "eyJhbGci");
 * assertEquals(parseBearer("Basic YWxpY2U6"), undefined);
 * ```
 */
export function parseBearer(header: string | null): string | undefined {
  return /^bearer +(.*?) *$/i.exec(header ?? "")?.[1];
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

/**
 * Returns the refusal of a client that has not said who it is, or whose name or password is wrong. `actual` must not repeat them: they
 * may be right except for a typing error.
 */
export function unauthorized(
  expected: string,
  actual: string,
  headers: Readonly<Record<string, string>>,
): RegistryError {
  return new RegistryError("UNAUTHORIZED", { rule: "API-SUPPORT-01", expected, actual }, { headers });
}

/** The challenge of a registry that takes names and passwords. */
export const BASIC_CHALLENGE: Readonly<Record<string, string>> = { "WWW-Authenticate": 'Basic realm="Glassbox"' };
