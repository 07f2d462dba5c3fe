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
 * import { AccessRulesError } from "./access_rule.ts";
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
    const { expected, actual } = error;
    const isJson = !expected.startsWith("a manifest in JSON");
    if (isJson) throw new AccessRulesError("", expected, actual.replace("the manifest", "the document"));
    // Of the message of `JSON.parse`, only the first words are about the mistake; the rest is a part of the text.
    throw new AccessRulesError("", "JSON", actual.split(/, | in JSON/)[0], lineOfMistake(text));
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+|"/g;
const SIMPLE_VALUE = /^(?:"[^]*"|-?\d[\d.eE+-]*|true|false|null)$/;

// Returns the line of the first word that is wrong in a text that is no JSON. `JSON.parse` names a place only for some mistakes, so
// this goes through the words once more, and stops at the first one that JSON does not allow there.
function lineOfMistake(text: string): number {
  const tokens = [...text.matchAll(TOKEN), { 0: "", index: text.length }];
  let at = 0;
  const goOn = (isRight: boolean) => {
    if (!isRight) throw new MistakeError();
    at++;
  };
  const list = (end: string, entry: () => void) => {
    if (tokens[at][0] !== end) entry();
    while (tokens[at][0] === ",") {
      at++;
      entry();
    }
    goOn(tokens[at][0] === end);
  };
  const value = () => {
    const token = tokens[at][0];
    goOn(token === "{" || token === "[" || SIMPLE_VALUE.test(token));
    if (token === "[") list("]", value);
    if (token === "{") {
      list("}", () => {
        goOn(/^"[^]*"$/.test(tokens[at][0]));
        goOn(tokens[at][0] === ":");
        value();
      });
    }
  };
  try {
    value();
  } catch (error) {
    if (!(error instanceof MistakeError)) throw error;
  }
  return lineAt(text, tokens[Math.min(at, tokens.length - 1)].index);
}

class MistakeError extends Error {}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

// Goes through the text, which is JSON, and returns the line of the value with this path. `JSON.parse` does not keep the lines.
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
      if (pathHere() === wanted) return lineAt(text, match.index);
      if (token === "{" || token === "[") {
        levels.push({ path: pathHere(), index: token === "[" ? 0 : undefined, name: "" });
      }
    }
  }
  return undefined;
}
