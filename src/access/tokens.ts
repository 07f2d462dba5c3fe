/**
 * Tokens: short texts that say who a client is and what it may do, signed by the registry.
 * https://www.rfc-editor.org/rfc/rfc7519 and https://distribution.github.io/distribution/spec/auth/jwt/
 *
 *     eyJhbGci….eyJpc3Mi….c2lnbmF0…
 *     ^ header  ^ claims  ^ signature
 *
 *     { "alg": "HS256", "typ": "at+jwt" }
 *     { "iss": "glassbox", "aud": "glassbox", "sub": "alice", "iat": 1764000000, "nbf": …, "exp": …, "mark": "…",
 *       "access": [{ "type": "repository", "name": "alice/app", "actions": ["pull", "push"] }] }
 *
 * Only a registry reads the tokens, and it has the key that made them. So one secret key is enough, and
 * one algorithm, HMAC with SHA-256. The platform computes it (WebCrypto). No token decides how it is checked: the header has to
 * be exactly the one above. A token with "none", with another algorithm, or of the other kind is refused before anything else.
 *
 * There are two kinds. A client shows an access token with each request, for some minutes. It shows a refresh token only to get new
 * access tokens, instead of a password. Neither is accepted as the other.
 *
 * Next: token_service.ts
 *
 * @module
 */

import { Bounded } from "../disk/memory.ts";

/** Something that a token allows. */
export interface Scope {
  /** `repository`, or `registry` for the catalog. */
  readonly type: string;
  /** The name of the repository, or `catalog`. */
  readonly name: string;
  /** The actions that are allowed there. */
  readonly actions: readonly string[];
}

/** The kinds of tokens. */
export type TokenKind = "access" | "refresh";

/** What a token says. */
export interface Claims {
  /** The user, or `undefined` in a token that anybody gets. */
  readonly sub?: string;
  /** A keyed hash of the mark of the user's password, if the registry has such marks. */
  readonly mark?: string;
  /** What it allows. A refresh token has nothing here. */
  readonly access: readonly Scope[];
  /** The time from which it is valid, in seconds since 1970. */
  readonly nbf: number;
  /** The time at which it ends, in seconds since 1970. */
  readonly exp: number;
}

/** Thrown for a token that is not valid. The message says why. */
export class TokenError extends Error {}

/** The name under which tokens are made and checked. */
export const SERVICE = "glassbox";

/** The least length of a key, in bytes: that of the hash (RFC 7518 section 3.2). */
export const SHORTEST_KEY = 32;

// The kind of a token is in its header (RFC 8725 section 3.11).
const TYPES: Readonly<Record<TokenKind, string>> = { access: "at+jwt", refresh: "refresh+jwt" };

// The clocks of processes that share a key may differ. In seconds.
const LEEWAY = 5;

/** The longest token that is read, in characters. */
export const LONGEST_TOKEN: number = 32 * 1024;

// The length of all tokens together that are remembered, in characters.
const MOST_REMEMBERED = 4 * 1024 * 1024;

/** Makes tokens with a key, and checks them. */
export class Tokens {
  readonly #key: Promise<CryptoKey>;
  readonly #now: () => number;
  // A client shows the same token again and again, and its signature stays right.
  readonly #right = new Bounded<string, { claims: Claims; length: number }>(MOST_REMEMBERED, ({ length }) => length);

  /**
   * Takes a key. `now` returns the time in milliseconds.
   *
   * @throws {RangeError} if the key is too short.
   */
  constructor(key: Uint8Array<ArrayBuffer>, now: () => number) {
    if (key.length < SHORTEST_KEY) {
      throw new RangeError(`The key for tokens has ${key.length} bytes, and needs ${SHORTEST_KEY} at least`);
    }
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    this.#key = crypto.subtle.importKey("raw", key, algorithm, false, ["sign", "verify"]);
    this.#now = now;
  }

  /** The time, in seconds since 1970. */
  get seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** Makes a token that is valid for some seconds from now on. */
  async make(kind: TokenKind, lifetime: number, claims: Omit<Claims, "nbf" | "exp">): Promise<string> {
    const now = this.seconds;
    const times = { iat: now, nbf: now, exp: now + lifetime };
    const parts = [
      { alg: "HS256", typ: TYPES[kind] },
      { iss: SERVICE, aud: SERVICE, jti: crypto.randomUUID(), ...times, ...claims },
    ];
    const text = parts.map((part) => encode(new TextEncoder().encode(JSON.stringify(part)))).join(".");
    return `${text}.${encode(await this.#sign(text))}`;
  }

  /**
   * Checks a token, and returns what it says.
   *
   * @throws {TokenError} if it is not valid.
   */
  async check(kind: TokenKind, token: string): Promise<Claims> {
    const key = `${kind} ${token}`;
    let claims = this.#right.get(key)?.claims;
    if (claims === undefined) {
      claims = await this.#read(kind, token);
      this.#right.set(key, { claims, length: key.length });
    }
    const now = this.seconds;
    if (claims.exp <= now) throw new TokenError("one that has expired");
    if (claims.nbf > now + LEEWAY) throw new TokenError("one that is not valid yet");
    return claims;
  }

  /** Returns a keyed hash of the mark of a user's password. A token may have it, because nobody can get the mark out of it. */
  async markOf(user: string, passwordMark: string): Promise<string> {
    // The text of a token has no blank, so no signature is the same as a mark.
    return encode(await this.#sign(`mark ${JSON.stringify([user, passwordMark])}`)).slice(0, 22);
  }

  async #read(kind: TokenKind, token: string): Promise<Claims> {
    const parts = token.length > LONGEST_TOKEN ? [] : token.split(".");
    if (parts.length !== 3) throw new TokenError("a text that is no token");
    const [header, claims, signature] = parts.map(decode);
    const { alg, typ, ...others } = objectOf(header);
    if (alg !== "HS256" || typ !== TYPES[kind] || Object.keys(others).length > 0) {
      throw new TokenError("one with another algorithm, or of another kind");
    }
    const signed = new TextEncoder().encode(token.slice(0, token.lastIndexOf(".")));
    if (!await crypto.subtle.verify("HMAC", await this.#key, signature, signed)) {
      throw new TokenError("one with the signature of another key");
    }
    return claimsOf(objectOf(claims));
  }

  async #sign(text: string): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await crypto.subtle.sign("HMAC", await this.#key, new TextEncoder().encode(text)));
  }
}

// Another program with the same key could make tokens of another form.
function claimsOf({ iss, aud, sub, mark, access, nbf, exp }: Record<string, unknown>): Claims {
  if (iss !== SERVICE || aud !== SERVICE) throw new TokenError("one of another issuer, or for another audience");
  const isTextOrMissing = (value: unknown) => value === undefined || (typeof value === "string" && value !== "");
  if (
    typeof nbf !== "number" || typeof exp !== "number" || !isTextOrMissing(sub) || !isTextOrMissing(mark) ||
    !Array.isArray(access) || !access.every(isScope)
  ) {
    throw new TokenError("one without the claims of this registry");
  }
  return { sub: sub as string | undefined, mark: mark as string | undefined, access, nbf, exp };
}

function isScope(value: unknown): value is Scope {
  if (typeof value !== "object" || value === null) return false;
  const { type, name, actions } = value as Record<string, unknown>;
  return typeof type === "string" && typeof name === "string" && Array.isArray(actions) &&
    actions.every((action) => typeof action === "string");
}

function objectOf(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
  }
  throw new TokenError("a text that is no token");
}

function encode(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch (error) {
    if (error instanceof SyntaxError) throw new TokenError("a text that is no token");
    throw error;
  }
}
