/**
 * Access: a wrapper that lets through what the rules allow.
 *
 *     client ──▶ who is it?            access/credentials.ts, tokens.ts      401 if a password or a token is wrong
 *                      ▼
 *                what does it want?    the row of the request                GET …/manifests/latest is a pull
 *                      ▼
 *                do the rules allow?   access/rules.ts                       401 if nobody is named, 403 if this user may not
 *                      ▼
 *                the registry
 *
 * Two requests are about more than one repository, and the wrapper changes them on their way:
 *
 *     GET  /v2/_catalog                      it reads the registry's catalog, and shows what the client may pull
 *     POST …?mount=sha256:9b4e…&from=other   if the client may not pull from `other`, it is the same as if it were not there
 *     POST …?mount=sha256:9b4e…              it looks for the blob in the repositories that the client may pull
 *
 * The rules are about the names that come to this wrapper. If a wrapper outside of it changes names or asks questions, the rules see
 * the changed names, and a question needs the same rights as a request of the client.
 *
 * Next: ../access/rules.ts
 *
 * @module
 */

import type { AccessAction, AccessRule } from "../access/access_rule.ts";
import {
  BASIC_CHALLENGE,
  expectPassword,
  parseBasic,
  parseBearer,
  unauthorized,
  type Users,
} from "../access/credentials.ts";
import { AccessRules } from "../access/rules.ts";
import {
  answerTokenRequest,
  formatScope,
  isStillUser,
  mayList,
  TOKEN_PATH,
  type TokenService,
} from "../access/token_service.ts";
import { type Claims, type Scope, SERVICE, TokenError, Tokens } from "../access/tokens.ts";
import { RegistryError } from "../api/error_codes.ts";
import { parseName } from "../definitions/name.ts";
import type { Page } from "../definitions/page.ts";
import type { Peer } from "../http/peer.ts";
import { parseTarget } from "../http/target.ts";
import type { Registry, Wrapper } from "../registry.ts";
import { ask, orRefusal, requestLike } from "./asking.ts";
import { type Question, questionOf } from "./composing.ts";
import { answerWithPage, CATALOG, entriesOf } from "./lists.ts";

/** What {@linkcode access} needs besides the rules. */
export interface AccessOptions {
  /** The users. Without them, nobody can say who they are, and only the rules for `anonymous` hold. */
  readonly users?: Users;
  /** The settings of a token service. Without them, clients send their password with each request. */
  readonly tokens?: TokenOptions;
}

/** The settings of a token service. */
export interface TokenOptions {
  /** The key that signs the tokens: 32 bytes or more. Registries with the same key accept each other's tokens. */
  readonly key: Uint8Array<ArrayBuffer>;
  /** How long an access token is valid, in milliseconds. Default: 5 minutes. */
  readonly lifetime?: number;
  /** What the address of the token service begins with. Default: the scheme and the host that the client uses. */
  readonly origin?: string;
  /** Returns the time in milliseconds. Default: that of the machine. */
  readonly now?: () => number;
}

/** A wrapper that also tells what a client may see, for somebody who shows the registry in another way. */
export interface AccessWrapper extends Wrapper {
  /**
   * Returns the repositories that the client of a request may pull from.
   *
   * @throws {RegistryError} 401 if its password or token is wrong, or if nobody may see anything without one. It asks for a name and
   * a password, as browsers do in a dialog, also if clients get tokens.
   */
  visibleTo(request: Request, peer?: Peer): Promise<Visible>;
}

/** What a client may see. It is asked again and again, so that changed rules hold at once. */
export interface Visible {
  /** The name of the user; `undefined` if the client has not said who it is. */
  readonly user: string | undefined;
  /** True if there are users, so that a client can say who it is. */
  readonly canLogIn: boolean;
  /** True if the client may pull from all repositories. */
  readonly isAll: boolean;
  /** Returns true if the client may pull from a repository. */
  includes(name: string): boolean;
  /** Returns true if the client may push to a repository. */
  mayPush(name: string): boolean;
}

// In milliseconds. Less than a minute would be of no use: clients take a shorter lifetime for a minute.
const LIFETIME = 5 * 60_000;

/**
 * Lets through what the rules allow, and refuses the rest: with 401 if the client has not said who it is, and otherwise with 403. A
 * catalog has only what the client may pull, and a blob is mounted only from there. Without users, the rules for `anonymous` hold for
 * everybody. `rules` may be a function that returns the rules that hold now. So they can change while the registry runs.
 *
 * @throws {AccessRulesError} if a rule is wrong.
 * @throws {RangeError} if the key for tokens is too short, or if there are tokens without users.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryDisk } from "../disk/memory_disk.ts";
 * import { createRegistry } from "../registry.ts";
 *
 * const corners = { users: ["*"], repositories: ["{user}/**"], actions: ["pull", "push"] } as const;
 * const users = { isPassword: (user: string, password: string) => Promise.resolve(password === `${user}'s`) };
 * const registry = createRegistry({ disk: memoryDisk(), wrappers: [access([corners], { users })] });
 *
 * const list = (name: string, headers = {}) => registry(new Request(`http://localhost/v2/${name}/tags/list`, { headers }));
 * const alice = { Authorization: `Basic ${btoa("alice:alice's")}` };
 * assertEquals((await list("bob/app")).status, 401);
 * assertEquals((await list("bob/app", alice)).status, 403);
 * assertEquals((await list("alice/app", alice)).status, 404); // she may, but there is nothing yet
 * ```
 */
export function access(
  rules: readonly AccessRule[] | (() => AccessRules),
  options: AccessOptions = {},
): AccessWrapper {
  const { users, tokens } = options;
  const rulesNow = typeof rules === "function" ? rules : constant(new AccessRules(rules));
  if (users === undefined && tokens !== undefined) throw new RangeError("Nobody can get a token without users");
  const service = users && tokens && {
    tokens: new Tokens(tokens.key, tokens.now ?? Date.now),
    lifetime: tokens.lifetime ?? LIFETIME,
    users,
    rules: rulesNow,
  };

  const callerOf = async (request: Request, peer: Peer | undefined, challenge: Challenge) => {
    const known = users === undefined ? {} : await knownOf(request, users, service, challenge, peer);
    return new Caller(known, rulesNow(), users !== undefined, challenge);
  };
  const wrapper: Wrapper = (registry) => async (request, peer) => {
    const target = parseTarget(request);
    // The registry refuses such a request.
    if (target === undefined) return await registry(request, peer);
    return await orRefusal(request, async () => {
      if (service !== undefined && target.pathname === TOKEN_PATH) {
        return await answerTokenRequest(request, target.search, peer, service);
      }
      const challenge = new Challenge(service && `${tokens?.origin || target.origin}${TOKEN_PATH}`);
      return await answerTo(await callerOf(request, peer, challenge), { registry, request, peer });
    });
  };
  const visibleTo = async (request: Request, peer?: Peer): Promise<Visible> => {
    const caller = await callerOf(request, peer, new Challenge(undefined));
    caller.expectOutsideOfTable(true);
    return {
      user: caller.user,
      canLogIn: users !== undefined,
      isAll: caller.mayPullEverything,
      includes: (name) => caller.may("pull", name),
      mayPush: (name) => caller.may("push", name),
    };
  };
  return Object.assign(wrapper, { visibleTo });
}

function constant<T>(value: T): () => T {
  return () => value;
}

// What a client has said about itself, and what is proven.
interface Known {
  readonly user?: string;
  readonly token?: Claims;
}

async function knownOf(
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

// The header that tells a client how to say who it is: exactly one challenge, because some clients read only the first.
class Challenge {
  readonly #realm: string | undefined;

  // `realm` is the address of the token service, if there is one.
  constructor(realm: string | undefined) {
    this.#realm = realm;
  }

  get isForToken(): boolean {
    return this.#realm !== undefined;
  }

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

// The client of one request, and its rights.
class Caller {
  readonly #known: Known;
  readonly #rules: AccessRules;
  readonly #canLogIn: boolean;
  readonly #challenge: Challenge;

  constructor(known: Known, rules: AccessRules, canLogIn: boolean, challenge: Challenge) {
    this.#known = known;
    this.#rules = rules;
    this.#canLogIn = canLogIn;
    this.#challenge = challenge;
  }

  get user(): string | undefined {
    return this.#known.user;
  }

  // Returns true if the client may do this in a repository: the rules allow it, and its token as well, if it has one.
  may(action: AccessAction, name: string): boolean {
    return this.#rules.allows(this.#known.user, action, name) && this.#hasScope("repository", name, action);
  }

  get mayPullEverything(): boolean {
    return this.#known.token === undefined && this.#rules.allowsEverywhere(this.#known.user, "pull");
  }

  // Returns true if a repository is in the client's catalog. A token for the catalog is for no repository.
  sees(name: string): boolean {
    return this.#rules.allows(this.#known.user, "pull", name);
  }

  get seesEverything(): boolean {
    return this.#rules.allowsEverywhere(this.#known.user, "pull");
  }

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

  expectCatalog(): void {
    const isAllowed = mayList(this.#rules, this.#known.user);
    // Some clients say who they are only if they are asked. Without that, they would see only what anybody sees. A client without a
    // name gets a token, too.
    const isAsked = this.#challenge.isForToken && this.#isUnknown && !this.seesEverything;
    if (isAllowed && !isAsked && this.#hasScope("registry", "catalog", "*")) return;
    this.#refuse(isAllowed, [{ type: "registry", name: "catalog", actions: ["*"] }], "to list repositories", "none");
  }

  // Docker sends a password only if `/v2/` has asked for it. So it asks, even if there is something that anybody may pull.
  expectKnown(): void {
    if (!this.#canLogIn || !this.#isUnknown) return;
    throw unauthorized("the name and password of a user", "none", this.#challenge.headers());
  }

  // For a path that belongs to no repository. A wrapper may answer it, and only somebody who may change everything may write there.
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

// A request that the rules may allow.
interface RulesRequest {
  readonly registry: Registry;
  readonly request: Request;
  readonly peer: Peer | undefined;
}

async function answerTo(caller: Caller, asked: RulesRequest): Promise<Response> {
  const { registry, request, peer } = asked;
  const question = questionOf(request);
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (question === undefined || question.id === "end-1") {
    // The registry itself answers what is below /v2/ and has no row.
    if (question === undefined) caller.expectOutsideOfTable(isRead || isBelow("/v2/", request));
    else caller.expectKnown();
    return await registry(request, peer);
  }
  if (question.id === "catalog") {
    caller.expectCatalog();
    if (caller.seesEverything) return await registry(request, peer);
    return await answerWithPage(request, CATALOG, {}, (page) => visible(caller, asked, page));
  }
  const { name = "" } = question.texts;
  const query = new URLSearchParams(question.search);
  const from = question.id === "end-11" ? query.get("from") : undefined;
  const others = from ? [{ type: "repository", name: from, actions: ["pull"] }] : [];
  caller.expect(actionOf(question, isRead), name, others);
  if (from === undefined || caller.mayPullEverything) return await registry(request, peer);
  if (from !== null && caller.may("pull", from)) return await registry(request, peer);
  // The empty text is no name, and so it is no repository.
  query.set("from", from === null ? await findBlob(caller, asked, question) ?? "" : "");
  return await registry(requestLike(request, { path: `${question.pathname}?${query}` }), peer);
}

function isBelow(path: string, request: Request): boolean {
  return parseTarget(request)!.pathname.startsWith(path);
}

// An upload session belongs to a push, also when a client asks for its state or cancels it.
function actionOf({ id }: Question, isRead: boolean): AccessAction {
  if (id === "end-13" || id === "end-14") return "push";
  if (id === "end-9" || id === "end-10") return "delete";
  return isRead ? "pull" : "push";
}

// Yields the repositories that the client may see. The page of the client says nothing about the pages of the registry, because
// some repositories are left out.
async function* visible(
  caller: Caller,
  { registry, request, peer }: RulesRequest,
  { last }: Page,
): AsyncGenerator<string> {
  for await (const name of entriesOf(registry, request, peer, CATALOG, { size: AT_A_TIME, last })) {
    if (caller.sees(name)) yield name;
  }
}

// The number of repositories that the registry is asked for at a time.
const AT_A_TIME = 1000;

// Returns a repository that has the blob of a mount, of those that the client may pull.
async function findBlob(
  caller: Caller,
  asked: RulesRequest,
  { texts: { digest } }: Question,
): Promise<string | undefined> {
  const { registry, request, peer } = asked;
  for await (const name of visible(caller, asked, { last: "" })) {
    if (!caller.may("pull", name)) continue;
    if ((await ask(registry, request, peer, "HEAD", `/v2/${name}/blobs/${digest}`)).ok) return name;
  }
}
