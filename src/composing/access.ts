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
 * Next: caller.ts
 *
 * @module
 */

import type { AccessAction, AccessRule } from "../access/access_rule.ts";
import type { Users } from "../access/credentials.ts";
import { AccessRules } from "../access/rules.ts";
import { answerTokenRequest, TOKEN_PATH } from "../access/token_service.ts";
import { Tokens } from "../access/tokens.ts";
import type { Page } from "../definitions/page.ts";
import type { Peer } from "../http/peer.ts";
import { parseTarget } from "../http/target.ts";
import type { Registry, Wrapper } from "../registry.ts";
import { ask, orRefusal, requestLike } from "./asking.ts";
import { type Question, questionOf } from "./composing.ts";
import { answerWithPage, CATALOG, entriesOf } from "./lists.ts";
import { Caller, Challenge, knownOf } from "./caller.ts";

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
