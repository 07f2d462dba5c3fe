/**
 * Blanks a source: removes the bodies of its exported functions, so that a learner can write them again.
 *
 *     export function etagOf(digest: Digest): string {
 *       return `"${digest}"`;
 *     }
 *
 * becomes
 *
 *     export function etagOf(digest: Digest): string {
 *       throw new Error("src/http/preconditions.ts etagOf is blank");
 *     }
 *
 * Signatures, comments, types, constants, classes and the functions that are not exported stay as they are.
 *
 * This is text processing, and it relies on `deno fmt`: the body of a top-level function ends at the first line that is
 * exactly `}`. The beginning of a body is harder to find, because default values, types and comments have braces too.
 * So signatures are read token by token. A body with a template text that has such a line would be cut too early, and
 * the copy could not be loaded.
 *
 * @module
 */

/** Returns the source with a `throw` in place of the body of each exported function; its message names `file`. */
export function blank(source: string, file: string): string {
  return replaceBodies(source, (name) => `\n  throw new Error(${JSON.stringify(`${file} ${name} is blank`)});\n`);
}

/** Returns the source with one more statement at the beginning of each exported function. The functions still work. */
export function instrument(source: string, statement: string): string {
  return replaceBodies(source, (_name, body) => `\n  ${statement}${body === "" ? "\n" : body}`);
}

/** Returns the source with absolute URLs in place of relative imports, so that it works in any folder. */
export function withAbsoluteImports(source: string, url: string | URL): string {
  // Each line of code has one import at most. The examples in comments stay as they are.
  return source.replace(
    /^(?! \*|\s*\/\/)(.*\b(?:from|import)\s*\(?\s*)"(\.\.?\/[^"]*)"/gm,
    (_line, before, specifier) => `${before}"${new URL(specifier, url)}"`,
  );
}

/**
 * Returns the source with another body of one function, exported or not.
 *
 * @throws {Error} if the source has no such function.
 */
export function replaceBody(source: string, name: string, lines: readonly string[]): string {
  const declaration = new RegExp(`^(?:export )?(?:default )?(?:async )?function\\b[ *]*(${name})\\b`, "gm");
  if (source.search(declaration) < 0) throw new Error(`There is no function ${name}`);
  return replaceBodies(source, () => `\n${lines.map((line) => `  ${line}\n`).join("")}`, declaration);
}

/**
 * Returns the source without one of its constants or functions, and without the comment above it.
 *
 * @throws {Error} if the source has no such constant or function.
 */
export function without(source: string, name: string): string {
  const comment = /(?:(?:\/\/.*\n)+|\/\*\*(?:(?!\*\/)[^])*\*\/\n)?/.source;
  const constant = `(?:export )?const ${name}\\b[^]*?;\\n`;
  const functionOf = `(?:export )?(?:async )?function\\b[ *]*${name}\\b[^]*?\\n}\\n`;
  const rest = source.replace(new RegExp(`^${comment}(?:${constant}|${functionOf})\n?`, "m"), "");
  if (rest === source) throw new Error(`There is no constant or function ${name}`);
  return rest;
}

const EXPORTED = /^export (?:default )?(?:async )?function\b[ *]*([\w$]*)/gm;

// `replace` gets the name of a function and the text between the braces of its body, and returns the new text.
function replaceBodies(
  source: string,
  replace: (name: string, body: string) => string,
  declaration = EXPORTED,
): string {
  let result = "";
  let copied = 0;
  for (const { 0: { length }, 1: name, index } of source.matchAll(declaration)) {
    const start = startOfBody(source, index + length);
    if (start === undefined) continue;
    const end = endOfBody(source, start, name);
    result += source.slice(copied, start) + replace(name || "default", source.slice(start, end));
    copied = end;
  }
  return result + source.slice(copied);
}

// Comments, strings, and regular expressions are each one token, so that no brace in them counts.
const TOKEN = new RegExp(
  [
    /\s+/,
    /\/\/.*|\/\*[^]*?\*\//,
    /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\[^]|[^`\\])*`/,
    /(?<=[=(,:?]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/\w*/,
    /[\w$]+|=>|[^]/,
  ].map(({ source }) => source).join("|"),
  "y",
);

// A "{" after one of these begins a type, and not the body.
const BEFORE_TYPE = /^(?:[:<,|&=?]|=>|extends|is|keyof|readonly)$/;

// Returns the place behind the "{" that begins the body, or `undefined` for an overload, which has none. `position` is
// behind the name of the function.
function startOfBody(source: string, position: number): number | undefined {
  let depth = 0;
  let before = "";
  for (TOKEN.lastIndex = position; TOKEN.lastIndex < source.length;) {
    const [token] = TOKEN.exec(source)!;
    if (/^(?:\s|\/[/*])/.test(token)) continue;
    if (depth === 0 && token === ";") return undefined;
    if (depth === 0 && token === "{" && !BEFORE_TYPE.test(before)) return TOKEN.lastIndex;
    if (/^[({[]$/.test(token)) depth++;
    if (/^[)}\]]$/.test(token)) depth--;
    before = token;
  }
  return undefined;
}

// Returns the place of the "}" that ends the body.
function endOfBody(source: string, start: number, name: string): number {
  if (source[start] === "}") return start;
  const end = source.indexOf("\n}\n", start);
  if (end < 0) throw new Error(`The body of ${name} has no end: no line is exactly "}"`);
  return end + 1;
}
