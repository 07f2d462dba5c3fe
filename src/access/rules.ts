/**
 * Rules: which user may pull from, push to and delete in which repository.
 *
 *     users          repositories      actions
 *     teacher        **                pull push delete
 *     *              {user}/**         pull push delete       each user has a corner
 *     *              course/**         pull
 *     anonymous      public/*          pull                   anybody, also without a password
 *
 * A rule only allows. What no rule allows is refused. So the order of the rules does not matter.
 *
 *     *          in the name of a user: any characters; in a repository: any characters but "/"
 *     **         any number of parts, also none: "alice/**" is "alice", "alice/app" and "alice/app/web"
 *     {user}     the name of the user
 *     anonymous  everybody: what a client may do without a password, each user may do as well
 *
 * Next: access_rule.ts
 *
 * @module
 */

import { parseName } from "../definitions/name.ts";
import { Bounded } from "../disk/memory.ts";
import { type AccessAction, type AccessRule, ACTIONS, ANONYMOUS, expectRules } from "./access_rule.ts";

// A pattern of a repository, split where it is compared.
interface Pattern {
  readonly text: string;
  readonly parts: readonly string[];
}

type Grants = Readonly<Record<AccessAction, readonly Pattern[]>>;

// The most patterns of users that are kept ready.
const MOST_PATTERNS = 100_000;

/** A list of rules that was checked, and the answers that follow from it. */
export class AccessRules {
  readonly #rules: readonly AccessRule[];
  readonly #grants = new Bounded<string, Grants>(MOST_PATTERNS, (grants) => 1 + countOf(grants));
  readonly #ofAnybody: Grants;

  /**
   * Checks the rules.
   *
   * @throws {AccessRulesError} if one of them is wrong. The error has the place, what is wrong, and what is allowed.
   */
  constructor(rules: readonly AccessRule[]) {
    expectRules(rules);
    this.#rules = structuredClone(rules);
    this.#ofAnybody = this.#collect(undefined);
  }

  /** Returns true if a user may do this in a repository. Without a user, it is about everybody. */
  allows(user: string | undefined, action: AccessAction, repository: string): boolean {
    if (this.allowsEverywhere(user, action)) return true;
    // Only the pattern "**" allows a text that is no name, such as "alice/../bob"; the registry refuses it then.
    if (parseName(repository) === undefined) return false;
    const parts = repository.split("/");
    return this.#grantsOf(user)[action].some((pattern) => fits(pattern.parts, parts, isManyParts, isSamePart));
  }

  /** Returns true if a user may do this in every repository. */
  allowsEverywhere(user: string | undefined, action: AccessAction): boolean {
    return this.#grantsOf(user)[action].some(({ text }) => text === "**");
  }

  /** Returns true if a user may do anything anywhere. */
  allowsAnything(user: string | undefined): boolean {
    return countOf(this.#grantsOf(user)) > 0;
  }

  /** Returns the patterns of the repositories in which a user may do this. */
  patternsOf(user: string | undefined, action: AccessAction): readonly string[] {
    return this.#grantsOf(user)[action].map(({ text }) => text);
  }

  #grantsOf(user: string | undefined): Grants {
    if (user === undefined) return this.#ofAnybody;
    const known = this.#grants.get(user);
    if (known !== undefined) return known;
    const grants = this.#collect(user);
    this.#grants.set(user, grants);
    return grants;
  }

  #collect(user: string | undefined): Grants {
    const texts = { pull: new Set<string>(), push: new Set<string>(), delete: new Set<string>() };
    for (const { users, repositories, actions } of this.#rules) {
      if (!users.some((pattern) => isUser(pattern, user))) continue;
      const patterns = repositories.map((pattern) => withUser(pattern, user)).filter((text) => text !== undefined);
      for (const action of actions) patterns.forEach((text) => texts[action].add(text));
    }
    const ready = (action: AccessAction) => Array.from(texts[action], (text) => ({ text, parts: text.split("/") }));
    return { pull: ready("pull"), push: ready("push"), delete: ready("delete") };
  }
}

/** Returns the rules of a registry without rules of its own: users may do anything, and others nothing, or pull. */
export function rulesForUsers(anonymous: "pull" | "none"): AccessRules {
  const everything: AccessRule = { users: ["*"], repositories: ["**"], actions: ACTIONS };
  const pull: AccessRule = { users: [ANONYMOUS], repositories: ["**"], actions: ["pull"] };
  return new AccessRules(anonymous === "pull" ? [everything, pull] : [everything]);
}

function countOf(grants: Grants): number {
  return grants.pull.length + grants.push.length + grants.delete.length;
}

function isUser(pattern: string, user: string | undefined): boolean {
  if (pattern === ANONYMOUS) return true;
  return user !== undefined && fits([...pattern], [...user], isManyCharacters, isSameCharacter);
}

// The name of a user may have any letters. As a part of a pattern, "*" or "a/b" would open the corners of other users.
function withUser(pattern: string, user: string | undefined): string | undefined {
  if (!pattern.includes("{user}")) return pattern;
  return user === undefined || !isCorner(user) ? undefined : pattern.replaceAll("{user}", user);
}

// Returns true if the name of a user can be a part of a repository's name.
function isCorner(user: string): boolean {
  return parseName(user) !== undefined && !user.includes("/");
}

/**
 * Returns true if a text fits a pattern. Both are lists of elements; one of the pattern can stand for many of the text. The time
 * is at most the product of both lengths: if something does not fit, only the last "many" takes one element more.
 */
export function fits(
  pattern: readonly string[],
  text: readonly string[],
  isMany: (element: string) => boolean,
  isSame: (element: string, ofText: string) => boolean,
): boolean {
  let at = 0;
  let many: { at: number; end: number } | undefined;
  for (let end = 0; end < text.length;) {
    if (at < pattern.length && isMany(pattern[at])) {
      many = { at: ++at, end };
    } else if (at < pattern.length && isSame(pattern[at], text[end])) {
      at++;
      end++;
    } else if (many !== undefined) {
      at = many.at;
      end = ++many.end;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every(isMany);
}

function isManyParts(part: string): boolean {
  return part === "**";
}

function isSamePart(pattern: string, part: string): boolean {
  return pattern.includes("*") ? fits([...pattern], [...part], isManyCharacters, isSameCharacter) : pattern === part;
}

function isManyCharacters(character: string): boolean {
  return character === "*";
}

function isSameCharacter(character: string, ofText: string): boolean {
  return character === ofText;
}
