/**
 * Reading rules: the file of `--access`, and what is wrong with it.
 *
 *     {
 *       "$schema": "./src/access/access.schema.json",
 *       "rules": [
 *         { "users": ["*"], "repositories": ["{user}/**"], "actions": ["pull", "psuh"] }
 *       ]
 *     }
 *
 *     line 4, rules[0].actions[1]: expected one of "pull", "push", "delete", got "psuh"
 *
 * An editor that knows the schema says the same while the person types.
 *
 * Next: credentials.ts
 *
 * @module
 */

import { Fault } from "../definitions/fault.ts";
import { parseJson } from "../definitions/json.ts";
import { atOnce } from "../giving_way.ts";
import { type AccessRule, AccessRulesError, expectObject } from "./access_rule.ts";
import { AccessRules } from "./rules.ts";

/**
 * Reads the text of a file with rules.
 *
 * @throws {AccessRulesError} if the text is no JSON, or if a rule is wrong.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const rules = parseAccessRules(`{"rules": [{"users": ["*"], "repositories": ["{user}/**"], "actions": ["push"]}]}`);
 *
 * assertEquals(rules.allows("alice", "push", "alice/app"), true);
 * assertEquals(rules.allows("alice", "push", "bob/app"), false);
 * assertThrows(() => parseAccessRules(`{"rule": []}`), Error, `line 1, rule: expected one of "$schema", "rules"`);
 * ```
 */
export function parseAccessRules(text: string): AccessRules {
  const document = parseDocument(text);
  try {
    expectObject("", document, ["rules"], ["$schema"]);
    return new AccessRules(document.rules as AccessRule[]);
  } catch (error) {
    if (!(error instanceof AccessRulesError)) throw error;
    throw new AccessRulesError(error.path, error.expected, error.actual, lineOf(text, error.path));
  }
}

function parseDocument(text: string): unknown {
  try {
    return atOnce(parseJson(new TextEncoder().encode(text), ["", "rules[]"]));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const [, line] = /\bline (\d+)/.exec(error.actual) ?? [];
    const isTwice = error.actual.includes(" twice in ");
    const actual = isTwice ? error.actual.replace("the manifest", "the document") : error.actual;
    throw new AccessRulesError(
      "",
      isTwice ? error.expected : "JSON",
      actual,
      line === undefined ? undefined : Number(line),
    );
  }
}

// Goes through the text, which is JSON, and returns the line of the value with this path.
function lineOf(text: string, wanted: string): number | undefined {
  const levels: { path: string; index: number | undefined; name: string }[] = [];
  const pathHere = () => {
    const level = levels.at(-1);
    if (level === undefined) return "";
    if (level.index !== undefined) return `${level.path}[${level.index}]`;
    return level.path === "" ? level.name : `${level.path}.${level.name}`;
  };
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{},]|[^\s"[\]{},:]+/g)) {
    const [token, colon] = match;
    const level = levels.at(-1);
    if (colon !== undefined && level !== undefined) {
      level.name = JSON.parse(token.slice(0, -colon.length));
    } else if (token === "," && level?.index !== undefined) {
      level.index++;
    } else if (token === "}" || token === "]") {
      levels.pop();
    } else if (token !== ",") {
      if (pathHere() === wanted) return text.slice(0, match.index).split("\n").length;
      if (token === "{" || token === "[") {
        levels.push({ path: pathHere(), index: token === "[" ? 0 : undefined, name: "" });
      }
    }
  }
  return undefined;
}
