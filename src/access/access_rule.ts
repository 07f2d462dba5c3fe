/**
 * One rule: what it consists of, and what can be wrong with it.
 *
 *     { "users": ["*"], "repositories": ["{user}/**"], "actions": ["pull", "push"] }
 *
 * A mistake in a rule can open a repository to everybody. So nothing is guessed: what is unknown is refused, with its place and
 * with what is allowed there.
 *
 * Next: reading_rules.ts
 *
 * @module
 */

import { show } from "../definitions/fault.ts";

/** A kind of use that a rule can allow. Pulling is reading, and pushing is all writing but deletion. */
export type AccessAction = "pull" | "push" | "delete";

/** The kinds of use that a rule can allow. */
export const ACTIONS: readonly AccessAction[] = ["pull", "push", "delete"];

/** One rule: all of these users may do all of these actions in all of these repositories. */
export interface AccessRule {
  /** Names of users, with `*` for any characters; or `anonymous` for everybody. */
  readonly users: readonly string[];
  /** Patterns for names of repositories, with `*`, `**` and `{user}`. */
  readonly repositories: readonly string[];
  /** The actions that are allowed. */
  readonly actions: readonly AccessAction[];
}

/** The name in a rule for everybody, known or not. */
export const ANONYMOUS = "anonymous";

/** Thrown for rules that are wrong. */
export class AccessRulesError extends Error {
  /** The place, such as `rules[0].actions[1]`; empty for the whole document. */
  readonly path: string;
  /** What is allowed there. */
  readonly expected: string;
  /** What is there. */
  readonly actual: string;
  /** The line in the file, from 1, if there is a file and the line is known. */
  readonly line?: number;

  /** Makes an error whose message has the place, what is allowed, and what is there. */
  constructor(path: string, expected: string, actual: string, line?: number) {
    const place = [line === undefined ? "" : `line ${line}`, path].filter(Boolean).join(", ");
    super(`${place === "" ? "" : `${place}: `}expected ${expected}, got ${actual}`);
    this.path = path;
    this.expected = expected;
    this.actual = actual;
    this.line = line;
  }
}

/** A pattern of a repository: parts with letters, digits, ".", "_", "-", `*` and `{user}`, or `**` as a whole part. */
export const REPOSITORY_PATTERN =
  /^(?:\*\*|(?:[a-z0-9._-]|\*(?!\*)|\{user\})+)(?:\/(?:\*\*|(?:[a-z0-9._-]|\*(?!\*)|\{user\})+))*$/;

/** The name of a user, or a pattern: it may have anything but a ":", which ends a name in the file of passwords. */
export const USER_PATTERN = /^[^:\r\n]+$/;

const REPOSITORY_FORM = "the name of a repository, in lower case, with * for a part of a name, " +
  "** for any number of parts between slashes, and {user}";

/**
 * Makes sure that a value is a list of rules.
 *
 * @throws {AccessRulesError} if it is not.
 */
export function expectRules(rules: unknown): asserts rules is readonly AccessRule[] {
  for (const [path, rule] of entriesOf("rules", rules)) {
    expectObject(path, rule, ["users", "repositories", "actions"], []);
    const users = textsOf(
      `${path}.users`,
      rule.users,
      USER_PATTERN,
      'the name of a user, a pattern with *, or "anonymous"',
    );
    const repositories = `${path}.repositories`;
    for (const [place, pattern] of textsOf(repositories, rule.repositories, REPOSITORY_PATTERN, REPOSITORY_FORM)) {
      if (pattern.includes("{user}") && users.some(([, user]) => user === ANONYMOUS)) {
        throw new AccessRulesError(place, `no {user} in a rule for "${ANONYMOUS}", who has no name`, show(pattern));
      }
    }
    for (const [place, action] of filledEntriesOf(`${path}.actions`, rule.actions)) {
      if (!ACTIONS.includes(action as AccessAction)) {
        throw new AccessRulesError(place, `one of ${listOf(ACTIONS)}`, show(action));
      }
    }
  }
}

function textsOf(path: string, value: unknown, pattern: RegExp, form: string): [place: string, text: string][] {
  return filledEntriesOf(path, value).map(([place, text]) => {
    if (typeof text !== "string" || !pattern.test(text)) throw new AccessRulesError(place, form, show(text));
    return [place, text];
  });
}

function filledEntriesOf(path: string, value: unknown): [place: string, entry: unknown][] {
  const entries = entriesOf(path, value);
  if (entries.length === 0) throw new AccessRulesError(path, "at least one entry", "an empty list");
  return entries;
}

function entriesOf(path: string, value: unknown): [place: string, entry: unknown][] {
  if (!Array.isArray(value)) throw new AccessRulesError(path, "a list", show(value));
  return value.map((entry, index) => [`${path}[${index}]`, entry]);
}

/**
 * Makes sure that a value is an object with these fields.
 *
 * @throws {AccessRulesError} if it is not.
 */
export function expectObject(
  path: string,
  value: unknown,
  needed: readonly string[],
  allowed: readonly string[],
): asserts value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AccessRulesError(path, `an object with ${listOf(needed)}`, show(value));
  }
  const within = (name: string) => path === "" ? name : `${path}.${name}`;
  const unknown = Object.keys(value).find((name) => !needed.includes(name) && !allowed.includes(name));
  if (unknown !== undefined) {
    throw new AccessRulesError(within(unknown), `one of ${listOf([...allowed, ...needed])}`, show(unknown));
  }
  const missing = needed.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) {
    throw new AccessRulesError(path, `an object with ${listOf(needed)}`, `none with "${missing}"`);
  }
}

function listOf(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(", ");
}
