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
 * Next: json_lines.ts
 *
 * @module
 */

import { Fault } from "../definitions/fault.ts";
import { parseJson } from "../definitions/json.ts";
import { lineOf, lineOfMistake } from "./json_lines.ts";
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
