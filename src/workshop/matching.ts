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
 * A variable stands in one text once. If a field of the story is a list, one of its entries has to match. A pattern has only what matters. It is data that a teacher may
 * have written, so nothing of it is ever run.
 *
 * Next: checking.ts
 *
 * @module
 */

import { isObject } from "../definitions/json.ts";

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

function limit(test: Test | undefined, otherwise: number): number {
  return typeof test === "number" ? test : otherwise;
}

// In longer texts nobody looks for a part. No path and no header of a lesson is that long.
const LONGEST_TEXT = 2000;

const VARIABLE = /\$([a-z]\w*)/g;

function* matchText(test: string, value: string | number, bindings: Bindings): Generator<Bindings> {
  const [, only] = /^\$([a-z]\w*)$/.exec(test) ?? [];
  if (only !== undefined) {
    const known = valueOf(only, bindings);
    if (known === undefined || known === value) yield { ...bindings, [only]: value };
    return;
  }
  if (!/[*$]/.test(test)) {
    if (test === value) yield bindings;
    return;
  }
  const text = String(value);
  const found = text.length > LONGEST_TEXT ? undefined : findWay(partsOf(test, bindings), text);
  if (found !== undefined) yield { ...bindings, ...found };
}

function valueOf(name: string, bindings: Bindings): string | number | undefined {
  return Object.hasOwn(bindings, name) ? bindings[name] : undefined;
}

// A part of a text in a pattern: exactly these letters, anything, or a variable that has no value yet.
type PatternPart = { readonly exactly: string } | { readonly anything: true } | { readonly variable: string };

// "sha256:$hex*" becomes "sha256:", the variable hex, and anything. If $hex has a value already, that value stands there.
function partsOf(test: string, bindings: Bindings): readonly PatternPart[] {
  return test.split(VARIABLE).flatMap((piece, index): PatternPart[] => {
    if (index % 2 === 0) {
      return piece.split(/(\*)\**/).filter((text) => text !== "").map((text) =>
        text === "*" ? { anything: true } : { exactly: text }
      );
    }
    const known = valueOf(piece, bindings);
    return [known === undefined ? { variable: piece } : { exactly: String(known) }];
  });
}

// A regular expression would do the same. But one with several "*" can take minutes for a text of a few hundred letters, and learners
// send such texts. So the search remembers its ends, and tries the same part at the same place once.
function findWay(parts: readonly PatternPart[], text: string): Record<string, string> | undefined {
  const ends = parts.map(() => new Set<number>());
  // A way that leads nowhere from here leads nowhere from further right either, if anything may stand there.
  const endsOfAnything = parts.map(() => Infinity);

  const walk = (at: number, from: number): Record<string, string> | undefined => {
    if (at === parts.length) return from === text.length ? {} : undefined;
    const part = parts[at];
    if ("exactly" in part) {
      return text.startsWith(part.exactly, from) ? walk(at + 1, from + part.exactly.length) : undefined;
    }
    if (ends[at].has(from)) return undefined;
    const isAnything = "anything" in part;
    if (isAnything && at === parts.length - 1) return {};
    for (let to = isAnything ? from : from + 1; to <= text.length && to < endsOfAnything[at]; to++) {
      if (!isAnything && text[to - 1] === "/") break;
      const way = walk(at + 1, to);
      if (way !== undefined) return isAnything ? way : { [part.variable]: text.slice(from, to), ...way };
    }
    if (isAnything) endsOfAnything[at] = Math.min(endsOfAnything[at], from);
    else ends[at].add(from);
    return undefined;
  };
  return walk(0, 0);
}
