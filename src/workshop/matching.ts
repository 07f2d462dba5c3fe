/**
 * Matching: does a request, or something in the folder, look as a pattern says?
 *
 *     pattern    { "endpoint": "end-5", "status": 202, "session": "$s" }
 *     story      { endpoint: "end-5", status: 202, session: "0f9c…", repository: "chunks", … }
 *     ──▶ yes, and now $s is "0f9c…"
 *
 *     202                        this number          "end-5"                    this text
 *     { "from": 400, "to": 499 } a number between     "*.gz"                     a text in which "*" is anything
 *     ["end-4a", "end-11"]       one of these         "$s"                       a variable: the same everywhere
 *     { "not": "end-1" }         not this             "sha256:$hex"              a variable in a text: no "/" in it
 *     null                       nothing is there     { "mount": "$d" }          the same for the fields of an object
 *
 * If a field of the story is a list, one of its entries has to match. A pattern has only what matters. It is data that a teacher may
 * have written, so nothing of it is ever run.
 *
 * Next: checking.ts
 *
 * @module
 */

/** What a pattern asks of one field. */
export type Test = string | number | boolean | null | readonly Test[] | { readonly [field: string]: Test };

/** What fields have to look like. */
export interface LessonPattern {
  /** Each field and its test. */
  readonly [field: string]: Test;
}

/** What a pattern can be compared with: plain data. */
export interface Item {
  /** Each field and its value. */
  readonly [field: string]: unknown;
}

/** The values of the variables so far. */
export type Bindings = Readonly<Record<string, string | number>>;

/**
 * Yields the ways in which an item matches a pattern: each one with the values that the variables have then.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const story = { endpoint: "end-5", status: 202, session: "0f9c", added: ["a/blob", "b/blob"] };
 *
 * assertEquals([...matches({ endpoint: "end-5", session: "$s" }, story, {})], [{ s: "0f9c" }]);
 * assertEquals([...matches({ session: "$s" }, story, { s: "another" })], []);
 * assertEquals([...matches({ added: "$name/blob" }, story, {})], [{ name: "a" }, { name: "b" }]);
 * assertEquals([...matches({ status: { from: 400, to: 499 } }, story, {})], []);
 * ```
 */
export function matches(pattern: LessonPattern, item: Item, bindings: Bindings): Generator<Bindings> {
  return matchFields(Object.entries(pattern), item, bindings);
}

function* matchFields(fields: readonly [string, Test][], item: Item, bindings: Bindings): Generator<Bindings> {
  if (fields.length === 0) return void (yield bindings);
  const [[name, test], ...others] = fields;
  for (const found of matchValue(test, item[name], bindings)) yield* matchFields(others, item, found);
}

function* matchValue(test: Test, value: unknown, bindings: Bindings): Generator<Bindings> {
  if (test === null) {
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) yield bindings;
  } else if (Array.isArray(test)) {
    for (const one of test as readonly Test[]) yield* matchValue(one, value, bindings);
  } else if (isObject(test) && "not" in test) {
    if (matchValue(test.not, value, bindings).next().done) yield bindings;
  } else if (Array.isArray(value)) {
    for (const entry of value) yield* matchValue(test, entry, bindings);
  } else if (typeof test === "string") {
    if (typeof value === "string" || typeof value === "number") yield* matchText(test, value, bindings);
  } else if (!isObject(test)) {
    if (value === test) yield bindings;
  } else if (isObject(value)) {
    yield* matches(test, value, bindings);
  } else if ("from" in test || "to" in test) {
    if (typeof value === "number" && value >= limit(test.from, -Infinity) && value <= limit(test.to, Infinity)) {
      yield bindings;
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, Test>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function limit(test: Test | undefined, otherwise: number): number {
  return typeof test === "number" ? test : otherwise;
}

const VARIABLE = /\$([a-z]\w*)/g;

function* matchText(test: string, value: string | number, bindings: Bindings): Generator<Bindings> {
  const [, only] = /^\$([a-z]\w*)$/.exec(test) ?? [];
  if (only !== undefined) {
    if ((bindings[only] ?? value) === value) yield { ...bindings, [only]: value };
    return;
  }
  if (!/[*$]/.test(test)) {
    if (test === value) yield bindings;
    return;
  }
  const match = expressionOf(test, bindings).exec(String(value));
  if (match !== null) yield { ...bindings, ...match.groups };
}

// "sha256:$hex" becomes /^sha256:(?<hex>[^/]+?)$/, or the text that $hex has already. A name stands in an expression once only.
function expressionOf(test: string, bindings: Bindings): RegExp {
  const named = new Set<string>();
  const parts = test.split(VARIABLE).map((part, index) => {
    if (index % 2 === 0) return part.split("*").map(RegExp.escape).join(".*?");
    if (part in bindings) return RegExp.escape(String(bindings[part]));
    if (named.has(part)) return `\\k<${part}>`;
    named.add(part);
    return `(?<${part}>[^/]+?)`;
  });
  return new RegExp(`^${parts.join("")}$`, "s");
}
