/**
 * The client of one request: who it is, what it may do, and how it is told what is missing.
 *
 *     Authorization: Basic …        a user and a password       knownOf ─▶ { user: "alice" }
 *     Authorization: Bearer …       a token                     knownOf ─▶ { user: "alice", token: { access: […], … } }
 *
 *     caller.expect("push", "library/hello")
 *       the rules allow it          nothing happens
 *       nobody is named             401   WWW-Authenticate: Basic realm="…"   or   Bearer realm="…/token",scope="…"
 *       this user may not           403   DENIED
 *
 * A token never gives more than the rules do: both have to allow a request.
 *
 * Next: ../access/rules.ts
 *
 * @module
 */

import type { AccessAction } from "../access/access_rule.ts";
import {
  BASIC_CHALLENGE,
  expectPassword,
  parseBasic,
  parseBearer,
  unauthorized,
  type Users,
} from "../access/credentials.ts";
import type { AccessRules } from "../access/rules.ts";
import { formatScope, isStillUser, mayList, type TokenService } from "../access/token_service.ts";
import { type Claims, type Scope, SERVICE, TokenError } from "../access/tokens.ts";
import { RegistryError } from "../api/error_codes.ts";
import { parseName } from "../definitions/name.ts";
import type { Peer } from "../http/peer.ts";

/** What a client has said about itself, and what is proven. */
export interface Known {
  /** The name of the user. */
  readonly user?: string;
  /** What the token says, if it came with one. */
  readonly token?: Claims;
}

/**
 * Returns what a client has said about itself, and what is proven.
 *
 * @throws {RegistryError} 401 if its password or its token is wrong.
 */
export async function knownOf(
  { headers }: Request,
  users: Users,
  service: TokenService | undefined,
  challenge: Challenge,
  peer: Peer | undefined,
): Promise<Known> {
  const header = headers.get("Authorization");
  const credentials = parseBasic(header);
  if (credentials !== undefined) {
    await expectPassword(users, credentials, peer, challenge.headers());
    return { user: credentials[0] };
  }
  const text = service && parseBearer(header);
  if (service === undefined || text === undefined) return {};
  try {
    const token = await service.tokens.check("access", text);
    if (await isStillUser(service, token)) return { user: token.sub, token };
    throw new TokenError("one of a user who has gone, or has another password now");
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const expected = "a token that this registry has signed, and that is still valid";
    throw unauthorized(expected, error.message, challenge.headers([], "invalid_token"));
  }
}

/** The header that tells a client how to say who it is: exactly one challenge, because some clients read only the first. */
export class Challenge {
  readonly #realm: string | undefined;

  /** `realm` is the address of the token service, if there is one. */
  constructor(realm: string | undefined) {
    this.#realm = realm;
  }

  /** True if it asks for a token, and not for a password. */
  get isForToken(): boolean {
    return this.#realm !== undefined;
  }

  /** Returns the header. `scopes` are what a token has to be for; `error` says what is wrong with the one that came. */
  headers(scopes: readonly Scope[] = [], error?: string): Readonly<Record<string, string>> {
    if (this.#realm === undefined) return BASIC_CHALLENGE;
    // A text that is no name could end the quotes.
    const named = scopes.filter(({ type, name }) => type !== "repository" || parseName(name) !== undefined);
    const scope = named.length === 0 ? undefined : named.map(formatScope).join(" ");
    const parameters = Object.entries({ realm: this.#realm, service: SERVICE, scope, error })
      .filter(([, value]) => value !== undefined).map(([name, value]) => `${name}="${value}"`);
    return { "WWW-Authenticate": `Bearer ${parameters.join(",")}` };
  }
}

/** The client of one request, and its rights. */
export class Caller {
  readonly #known: Known;
  readonly #rules: AccessRules;
  readonly #canLogIn: boolean;
  readonly #challenge: Challenge;

  /** `canLogIn` is true if there are users, so that a client can say who it is. */
  constructor(known: Known, rules: AccessRules, canLogIn: boolean, challenge: Challenge) {
    this.#known = known;
    this.#rules = rules;
    this.#canLogIn = canLogIn;
    this.#challenge = challenge;
  }

  /** The name of the user; `undefined` if the client has not said who it is. */
  get user(): string | undefined {
    return this.#known.user;
  }

  /** Returns true if the client may do this in a repository: the rules allow it, and its token as well, if it has one. */
  may(action: AccessAction, name: string): boolean {
    return this.#rules.allows(this.#known.user, action, name) && this.#hasScope("repository", name, action);
  }

  /** True if the client may pull from all repositories. */
  get mayPullEverything(): boolean {
    return this.#known.token === undefined && this.#rules.allowsEverywhere(this.#known.user, "pull");
  }

  /** Returns true if a repository is in the client's catalog. A token for the catalog is for no repository. */
  sees(name: string): boolean {
    return this.#rules.allows(this.#known.user, "pull", name);
  }

  /** True if all repositories are in the client's catalog. */
  get seesEverything(): boolean {
    return this.#rules.allowsEverywhere(this.#known.user, "pull");
  }

  /** Refuses a request that the client may not make in a repository. `others` are what it would need besides. */
  expect(action: AccessAction, name: string, others: readonly Scope[]): void {
    if (this.may(action, name)) return;
    // A client that pushes also asks what is there already.
    const actions = action === "push" ? ["pull", "push"] : [action];
    const scopes = [{ type: "repository", name, actions }, ...others];
    const what = `${action === "pull" ? "pull from" : action === "push" ? "push to" : "delete in"} ${name}`;
    const patterns = this.#rules.patternsOf(this.#known.user, action);
    const where = patterns.length === 0 ? "no repository" : patterns.join(", ");
    this.#refuse(this.#rules.allows(this.#known.user, action, name), scopes, `to ${what}`, where);
  }

  /** Refuses a request for the catalog if the client may not have one. */
  expectCatalog(): void {
    const isAllowed = mayList(this.#rules, this.#known.user);
    // Some clients say who they are only if they are asked. Without that, they would see only what anybody sees. A client without a
    // name gets a token, too.
    const isAsked = this.#challenge.isForToken && this.#isUnknown && !this.seesEverything;
    if (isAllowed && !isAsked && this.#hasScope("registry", "catalog", "*")) return;
    this.#refuse(isAllowed, [{ type: "registry", name: "catalog", actions: ["*"] }], "to list repositories", "none");
  }

  /**
   * Refuses a client that has not said who it is. Docker sends a password only if `/v2/` has asked for it. So it asks, even if there is
   * something that anybody may pull.
   */
  expectKnown(): void {
    if (!this.#canLogIn || !this.#isUnknown) return;
    throw unauthorized("the name and password of a user", "none", this.#challenge.headers());
  }

  /**
   * Refuses a request for a path that belongs to no repository. A wrapper may answer it, and only somebody who may change everything may
   * write there.
   */
  expectOutsideOfTable(isHarmless: boolean): void {
    if (!isHarmless || !this.#rules.allowsAnything(undefined)) this.expectKnown();
    if (isHarmless || this.#rules.allowsEverywhere(this.#known.user, "push")) return;
    this.#refuse(false, [], "to push everywhere", "some repositories or none");
  }

  get #isUnknown(): boolean {
    return this.#known.user === undefined && this.#known.token === undefined;
  }

  #hasScope(type: string, name: string, action: string): boolean {
    const { token } = this.#known;
    return token === undefined ||
      token.access.some((scope) => scope.type === type && scope.name === name && scope.actions.includes(action));
  }

  // `isAllowed` says that the rules allow it, and only the token does not.
  #refuse(isAllowed: boolean, scopes: readonly Scope[], what: string, where: string): never {
    const { user, token } = this.#known;
    if (this.#canLogIn && (user === undefined || isAllowed)) {
      const isToken = token !== undefined;
      const expected = isAllowed ? `a token ${what}` : `the name and password of a user who may ${what.slice(3)}`;
      const headers = this.#challenge.headers(scopes, isToken ? "insufficient_scope" : undefined);
      throw unauthorized(expected, isToken ? "a token without that" : "none", headers);
    }
    const who = user ?? "everybody";
    const expected = `the right ${what}; ${who} has it for ${where}`;
    throw new RegistryError("DENIED", { rule: "API-ERR-I12", expected, actual: who });
  }
}
