/**
 * The token service: clients ask it for tokens, and use these in place of a password.
 * https://distribution.github.io/distribution/spec/auth/token/ and https://distribution.github.io/distribution/spec/auth/oauth/
 *
 *     GET /v2/                              401   WWW-Authenticate: Bearer realm="http://…/token",service="glassbox"
 *     GET /token?service=glassbox&scope=repository:alice/app:pull,push        Authorization: Basic YWxpY2U6…
 *                                           200   {"token": "eyJhbGci…", "expires_in": 300, …}
 *     PUT /v2/alice/app/manifests/latest    201                               Authorization: Bearer eyJhbGci…
 *
 * A client says in scopes what it wants to do. The token has the part of it that the rules allow, and nothing else. So a client
 * that asks for "pull,push" and may only pull gets a token for pulls.
 *
 * docker, crane, skopeo and oras send GET, containerd sends the same as a form with POST. A client that asks for it gets a
 * refresh token, too. `docker login` keeps that instead of the password.
 *
 * Next: ../composing/from_flags.ts
 *
 * @module
 */

import { STATUS_CODE, type StatusCode } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import type { Peer } from "../http/peer.ts";
import { piecesOf } from "../http/body.ts";
import { withoutSniffing } from "../http/sniffing.ts";
import { SLOWEST } from "../options.ts";
import { type AccessAction, ACTIONS } from "./access_rule.ts";
import { BASIC_CHALLENGE, expectPassword, parseBasic, unauthorized, type Users } from "./credentials.ts";
import type { AccessRules } from "./rules.ts";
import { type Claims, LONGEST_TOKEN, type Scope, SERVICE, TokenError, type Tokens } from "./tokens.ts";

/** The path of the token service. */
export const TOKEN_PATH = "/token";

/** What the token service needs to know. */
export interface TokenService {
  /** Makes and checks the tokens. */
  readonly tokens: Tokens;
  /** How long an access token is valid, in milliseconds. */
  readonly lifetime: number;
  /** The users. */
  readonly users: Users;
  /** Returns the rules that hold now. */
  readonly rules: () => AccessRules;
}

// How long a refresh token is valid, in seconds: 30 days.
const REFRESH_LIFETIME = 30 * 24 * 3600;

// The most scopes of one token, and the most bytes of a form.
const MOST_SCOPES = 100;
const LARGEST_FORM = 64 * 1024;

/**
 * Answers a request for a token.
 *
 * @throws {RegistryError} 401 if the client may have none, 400 or 405 if the request is not one for a token.
 */
export async function answerTokenRequest(
  request: Request,
  search: string,
  peer: Peer | undefined,
  service: TokenService,
): Promise<Response> {
  const parameters = await parametersOf(request, search);
  const named = parameters.get("service") ?? SERVICE;
  if (named !== SERVICE) throw badRequest(`"${SERVICE}" as service`, named);
  const scopes = scopesOf(parameters.getAll("scope"));
  const { user, refreshToken } = await userOf(request, parameters, peer, service);
  const access = scopes.flatMap((scope) => granted(service.rules(), user, scope));
  const mayHaveToken = user !== undefined || access.length > 0 ||
    (scopes.length === 0 && service.rules().allowsAnything(undefined));
  if (!mayHaveToken) throw unauthorized("the name and password of a user", "none", BASIC_CHALLENGE);

  const { tokens, lifetime } = service;
  const seconds = Math.floor(lifetime / 1000);
  const mark = await markOf(service, user);
  const issued = tokens.seconds;
  const token = await tokens.make("access", seconds, { sub: user, mark, access });
  if (token.length > LONGEST_TOKEN) {
    throw badRequest(`scopes for a token of at most ${LONGEST_TOKEN} characters`, `scopes for ${token.length}`);
  }
  const isOffline = parameters.get("offline_token") === "true" || parameters.get("access_type") === "offline";
  const fresh = isOffline && user !== undefined && refreshToken === undefined
    ? await tokens.make("refresh", REFRESH_LIFETIME, { sub: user, mark, access: [] })
    : refreshToken;
  return withoutSniffing(Response.json({
    token,
    access_token: token,
    token_type: "Bearer",
    expires_in: seconds,
    issued_at: new Date(issued * 1000).toISOString(),
    scope: access.map(formatScope).join(" "),
    refresh_token: fresh,
  }, { headers: { "Cache-Control": "no-store" } }));
}

// The password marks that were found to be right for a token. They are compared anew if the password changes.
const rightMarks = new WeakMap<Claims, string>();

/** Returns true if the user of a token is still there, with the password from the time when the token was made. */
export async function isStillUser({ tokens, users }: TokenService, claims: Claims): Promise<boolean> {
  const { sub, mark } = claims;
  if (sub === undefined || users.passwordMark === undefined) return true;
  const passwordMark = users.passwordMark(sub);
  if (passwordMark === undefined) return false;
  if (rightMarks.get(claims) === passwordMark) return true;
  if (mark !== await tokens.markOf(sub, passwordMark)) return false;
  rightMarks.set(claims, passwordMark);
  return true;
}

/** Returns a scope as clients and challenges write it, such as `repository:alice/app:pull,push`. */
export function formatScope({ type, name, actions }: Scope): string {
  return `${type}:${name}:${actions.join(",")}`;
}

async function parametersOf(request: Request, search: string): Promise<URLSearchParams> {
  if (request.method === "GET") return new URLSearchParams(search);
  if (request.method !== "POST") {
    const detail = { rule: "API-01" as const, expected: "GET or POST", actual: request.method };
    throw new RegistryError("UNSUPPORTED", detail, { headers: { Allow: "GET, POST" } });
  }
  const type = request.headers.get("Content-Type") ?? "none";
  const form = "application/x-www-form-urlencoded";
  if (type.split(";")[0].trim().toLowerCase() !== form) throw badRequest(`a form as ${form}`, type);
  const parameters = new URLSearchParams(await textOf(request));
  const grant = parameters.get("grant_type") ?? "none";
  if (grant === "password" || grant === "refresh_token") return parameters;
  throw badRequest("password or refresh_token as grant_type", grant);
}

async function textOf(request: Request): Promise<string> {
  const decoder = new TextDecoder();
  let [text, size] = ["", 0];
  for await (const piece of piecesOf({ request, slowest: SLOWEST })) {
    size += piece.length;
    if (size > LARGEST_FORM) {
      throw badRequest(`at most ${LARGEST_FORM} bytes`, `${size} bytes or more`, STATUS_CODE.ContentTooLarge);
    }
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

// A `scope` has one scope, or several with blanks between.
function scopesOf(texts: readonly string[]): Scope[] {
  const scopes = texts.flatMap((text) => text.split(" ")).filter((text) => text !== "");
  if (scopes.length > MOST_SCOPES) throw badRequest(`at most ${MOST_SCOPES} scopes`, `${scopes.length}`);
  return scopes.map((text) => {
    const match = /^([a-z]+(?:\([a-z]+\))?):(.+):([a-z*,]*)$/.exec(text);
    if (match === null) throw badRequest("scopes such as repository:library/hello:pull,push", text);
    return { type: match[1], name: match[2], actions: match[3].split(",") };
  });
}

/** Returns what the rules allow of a scope, as a list with one scope or none. */
function granted(rules: AccessRules, user: string | undefined, { type, name, actions }: Scope): Scope[] {
  if (type === "registry") {
    const isAllowed = name === "catalog" && actions.includes("*") && mayList(rules, user);
    return isAllowed ? [{ type, name, actions: ["*"] }] : [];
  }
  if (type !== "repository") return [];
  const asked = ACTIONS.filter((action: AccessAction) => actions.includes(action) || actions.includes("*"));
  const allowed = asked.filter((action) => rules.allows(user, action, name));
  return allowed.length === 0 ? [] : [{ type, name, actions: allowed }];
}

/** Returns true if a user may ask for the catalog. It shows only what this user may see. */
export function mayList(rules: AccessRules, user: string | undefined): boolean {
  return user !== undefined || rules.patternsOf(user, "pull").length > 0;
}

async function userOf(
  request: Request,
  parameters: URLSearchParams,
  peer: Peer | undefined,
  service: TokenService,
): Promise<{ user?: string; refreshToken?: string }> {
  const grant = request.method === "POST" ? parameters.get("grant_type") : undefined;
  if (grant === "refresh_token") {
    const refreshToken = parameters.get("refresh_token") ?? "";
    return { user: await userOfRefreshToken(refreshToken, service), refreshToken };
  }
  const credentials = grant === "password"
    ? [parameters.get("username") ?? "", parameters.get("password") ?? ""] as const
    : parseBasic(request.headers.get("Authorization"));
  if (credentials === undefined) return {};
  await expectPassword(service.users, credentials, peer, BASIC_CHALLENGE);
  return { user: credentials[0] };
}

async function userOfRefreshToken(refreshToken: string, service: TokenService): Promise<string> {
  try {
    const claims = await service.tokens.check("refresh", refreshToken);
    if (claims.sub !== undefined && await isStillUser(service, claims)) return claims.sub;
    throw new TokenError("one of a user who has gone, or has another password now");
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const expected = "a refresh token that this registry has signed, and that is still valid";
    throw unauthorized(expected, error.message, BASIC_CHALLENGE);
  }
}

async function markOf({ tokens, users }: TokenService, user: string | undefined): Promise<string | undefined> {
  const passwordMark = user === undefined ? undefined : users.passwordMark?.(user);
  return passwordMark === undefined ? undefined : await tokens.markOf(user!, passwordMark);
}

function badRequest(expected: string, actual: string, status: StatusCode = STATUS_CODE.BadRequest): RegistryError {
  return new RegistryError("UNSUPPORTED", { rule: "API-01", expected, actual }, { status });
}
