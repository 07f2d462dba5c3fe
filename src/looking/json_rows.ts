/**
 * JSON as rows: a document as it is on disk, and each of its fields with a sentence and a link.
 *
 *     {"config":{"size":2}}      ""             object
 *                                /config        object     Points to the config: how to run the layers. …
 *                                /config/size   number 2   The number of bytes. …
 *
 * What is no JSON is shown as text, with the line and the column where it breaks.
 *
 * Next: looking.ts
 *
 * @module
 */

import { Fault } from "../definitions/fault.ts";
import { parseJson } from "../definitions/json.ts";
import { atOnce } from "../giving_way.ts";
import { type DocumentKind, explain } from "./fields.ts";
import type { FieldRow, JsonFacts, PlaceLink } from "./facts.ts";

/** The most bytes of a blob that are parsed as JSON. Bills of materials are long. */
export const MOST_JSON: number = 16 * 1024 * 1024;

/** The most bytes of other documents that are parsed to explain their fields. Meanwhile all requests of the same thread wait. */
export const MOST_EXPLAINED: number = 2 * 1024 * 1024;

/** The most characters of a text that are shown. */
export const MOST_TEXT: number = 1024 * 1024;

// The most fields of a document that become rows, and the most characters of one value.
const MOST_FIELDS = 2000;
const LONGEST_VALUE = 2000;

/** A document that was read: its value, or the reason why it has none. */
export interface ReadJson {
  /** The value. */
  readonly value?: unknown;
  /** Why it cannot be read, and where. */
  readonly broken?: JsonFacts["broken"];
}

/**
 * Reads JSON. Returns where it breaks, if it does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const read = (text: string) => readJson(new TextEncoder().encode(text));
 * assertEquals(read('{"a": 1}'), { value: { a: 1 } });
 * assertEquals(read('{"a": 1,\n]').broken?.line, 2);
 * ```
 */
export function readJson(bytes: Uint8Array): ReadJson {
  try {
    return { value: atOnce(parseJson(bytes, [], Infinity)) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.actual === "more") return { broken: { text: `It is not read: expected ${error.expected}, got more.` } };
    return { broken: placeOf(error.actual, new TextDecoder().decode(bytes)) };
  }
}

function placeOf(message: string, text: string): JsonFacts["broken"] {
  const sentence = `It is no JSON: ${message.split(/ (?:in JSON )?at position|, (?:\.\.\.)?"/)[0]}.`;
  const at = positionOf(message, text);
  if (at === undefined) return { text: sentence };
  const before = text.slice(0, at).split("\n");
  return { text: sentence, line: before.length, column: before.at(-1)!.length + 1 };
}

// V8 says the position in most of its messages. In some it quotes the characters around it instead.
function positionOf(message: string, text: string): number | undefined {
  const said = /position (\d+)/.exec(message);
  if (said !== null) return Number(said[1]);
  if (/end of/.test(message)) return text.length;
  const [, token, quoted] =
    /^Unexpected token '(.+?)', (?:\.\.\.)?"(.*?)"(?:\.\.\.)? is not valid JSON$/su.exec(message) ?? [];
  // Each try parses what stands in front, so a long text is not searched.
  let start = quoted === undefined || text.length > MOST_SEARCHED ? -1 : text.indexOf(quoted);
  for (let tries = 0; start >= 0 && tries < MOST_TRIES; tries++) {
    for (let at = start; at < start + quoted.length; at++) {
      if (text.startsWith(token, at) && !breaksIn(text.slice(0, at)) && breaksIn(text.slice(0, at + token.length))) {
        return at;
      }
    }
    start = text.indexOf(quoted, start + 1);
  }
}

// The same characters may be in the text several times.
const MOST_TRIES = 10;
const MOST_SEARCHED = 128 * 1024;

// Returns true if a text has a character that cannot stand there; one that only ends too early has none.
function breaksIn(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof SyntaxError && error.message.startsWith("Unexpected token");
  }
}

/** Finds the part of a value at a JSON pointer. Returns the names and numbers on the way to it, or `undefined` if it has none. */
export function partAt(value: unknown, pointer: string): { part: unknown; names: (string | number)[] } | undefined {
  const names: (string | number)[] = [];
  let part = value;
  for (const escaped of pointer.split("/").slice(1)) {
    const name = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof part !== "object" || part === null || !Object.hasOwn(part, name)) return undefined;
    names.push(Array.isArray(part) ? Number(name) : name);
    part = (part as Readonly<Record<string, unknown>>)[name];
  }
  return { part, names };
}

/** How the rows of a document are made. */
export interface RowOptions {
  /** The kind of the document, if its fields can be explained. */
  readonly document?: DocumentKind;
  /** Returns the place that a value names. */
  readonly link?: (value: string) => PlaceLink | undefined;
  /** The names and numbers on the way to the value, if it is a part of a document. */
  readonly names?: readonly (string | number)[];
}

/** Returns the rows of a value and of everything in it, in steps; see `giving_way.ts`. `isWhole` is false if there are too many. */
export function* fieldRows(
  value: unknown,
  options: RowOptions,
): Generator<undefined, { rows: FieldRow[]; isWhole: boolean }> {
  const rows: FieldRow[] = [];
  const isWhole = yield* addRows(rows, value, options.names ?? [], 0, options);
  return { rows, isWhole };
}

function* addRows(
  rows: FieldRow[],
  value: unknown,
  names: readonly (string | number)[],
  depth: number,
  options: RowOptions,
): Generator<undefined, boolean> {
  if (rows.length >= MOST_FIELDS) return false;
  const explained = options.document && explain(options.document, names);
  const link = typeof value === "string" ? options.link?.(value) : undefined;
  rows.push({
    pointer: pointerTo(names),
    name: String(names.at(-1) ?? ""),
    depth,
    type: typeOf(value),
    ...(isNested(value)
      ? { length: (Array.isArray(value) ? value : Object.keys(value)).length }
      : { value: cut(value as string | number | boolean | null) }),
    ...(explained === undefined ? {} : { what: explained.what, spec: explained.spec }),
    ...(link === undefined ? {} : { link }),
  });
  // Each link may be a look at the disk.
  yield;
  for (const [name, part] of partsOf(value)) {
    if (!(yield* addRows(rows, part, [...names, name], depth + 1, options))) return false;
  }
  return true;
}

// Yields the parts of an object or a list, one at a time: a list may have a million items, and only the first ones become rows.
function* partsOf(value: unknown): Generator<[name: string | number, part: unknown]> {
  if (Array.isArray(value)) yield* value.entries();
  else if (isNested(value)) { for (const name of Object.keys(value)) yield [name, value[name]]; }
}

function isNested(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Returns the JSON pointer to a part, by the names and numbers on the way to it. */
export function pointerTo(names: readonly (string | number)[]): string {
  return names.map((name) => `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function typeOf(value: unknown): FieldRow["type"] {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  const type = typeof value;
  return type === "string" ? "text" : type as "object" | "number" | "boolean";
}

function cut<Value extends string | number | boolean | null>(value: Value): Value | string {
  return typeof value === "string" && value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
}
