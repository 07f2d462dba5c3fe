/**
 * The lines of JSON: where in a text something is wrong. This is for files that people write.
 *
 *     {
 *       "users": ["ana"      ──▶ line 3: there a "," or a "]" is missing
 *       "rules": []
 *     }
 *
 * Next: credentials.ts
 *
 * @module
 */

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+|"/g;
const SIMPLE_VALUE = /^(?:"[^]*"|-?\d[\d.eE+-]*|true|false|null)$/;

/**
 * Returns the line of the first word that is wrong in a text that is no JSON. `JSON.parse` names a place only for some mistakes, so
 * this goes through the words once more, and stops at the first one that JSON does not allow there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(lineOfMistake('{\n  "users": [}\n'), 2);
 * ```
 */
export function lineOfMistake(text: string): number {
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

/**
 * Goes through the text, which is JSON, and returns the line of the value with this path. `JSON.parse` does not keep the lines.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(lineOf('{\n  "users": [\n    "ana" ] }', "users[0]"), 3);
 * ```
 */
export function lineOf(text: string, wanted: string): number | undefined {
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
