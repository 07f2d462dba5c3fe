/**
 * JSON, read strictly: UTF-8, one value and nothing behind it, and no name twice in an object that the registry reads.
 * https://github.com/opencontainers/image-spec/blob/13cff54/considerations.md#json
 * https://www.rfc-editor.org/rfc/rfc7493#section-2.3
 *
 * If an object has two fields with the same name, some programs take the first and some the last. So one program could
 * check the good layers of a manifest, and another one could run the bad ones.
 *
 *     {"layers": [good], "layers": [bad]}
 *
 * `JSON.parse` takes the last one without an error. So this module goes through the text first and looks at the names in it.
 *
 * `JSON.parse` cannot stop in between, and some texts of 8 MiB keep it busy for a second. So a long text is parsed in pieces.
 * Each piece ends in front of a comma, and gets the brackets that are open there:
 *
 *     {"layers":[a,b  |  ,c,d]  |  ,"config":e}                       the text, cut in front of commas
 *     {"layers":[a,b]}   {"layers":[0,c,d]}   {"…":0,"config":e}      what is parsed
 *
 * All of them are JSON exactly if the text is. The 0 stands in front of the comma, and is thrown away.
 *
 * Next: ../giving_way.ts
 *
 * @module
 */

import { Fault, show } from "./fault.ts";

/** The length of a piece, in characters. It takes a few milliseconds, even if it is hostile. */
const PIECE = 64 * 1024;

/**
 * Parses bytes as JSON, in steps; see `giving_way.ts`.
 *
 * `placesRead` lists the objects whose names must be unique, each by its path: `""` is the outermost object, `"config"`
 * the one in its field `config`, and `"layers[]"` every one in the list `layers`. If a text has more than one piece, other
 * objects and lists may lack what is not in their first piece.
 *
 * @throws {Fault} if the bytes are not UTF-8 or not JSON, or if one of these objects has a name twice.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { atOnce } from "../giving_way.ts";
 * import { Fault } from "./fault.ts";
 *
 * const parse = (text: string) => atOnce(parseJson(new TextEncoder().encode(text), [""]));
 * assertEquals(parse(`{"a":1}`), { a: 1 });
 * assertThrows(() => parse(`{"a":1,"\\u0061":2}`), Fault, "twice");
 * assertEquals(parse(`{"deep":{"a":1,"a":2}}`), { deep: { a: 2 } });
 * ```
 */
export function* parseJson(
  bytes: Uint8Array,
  placesRead: readonly string[],
  piece = PIECE,
): Generator<undefined, unknown> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return yield* parseText(text, placesRead, piece);
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof SyntaxError)) throw error;
    throw new Fault("DEF-I02", "a manifest in JSON, as UTF-8", error.message);
  }
}

/** The most levels of nested lists and objects. A manifest needs few; a hostile document could have millions. */
const DEEPEST = 100;

/** The most names of an object that is read. A manifest needs few; with a million of them, an object is slow to use. */
const MOST_NAMES = 2 ** 17;

/** An object or a list that is open at the current place. */
interface Level {
  readonly path: string;
  readonly isList: boolean;
  /** The names so far; only kept for the objects whose names are read. */
  readonly names?: Set<string>;
  /** The name in front of the value that comes next. */
  name: string;
}

// The path of all objects and lists that the registry does not read, and two of them that stand for all others inside.
const ELSEWHERE = "?";
const OBJECT_ELSEWHERE: Level = { path: ELSEWHERE, isList: false, name: "" };
const LIST_ELSEWHERE: Level = { path: ELSEWHERE, isList: true, name: "" };

// The number of characters, or of strings, that one step looks at.
const STEP = 8192;

// Looks only at quotes, brackets, colons and some commas. It need not check whether the text is JSON, because `JSON.parse` does
// that afterwards. It runs first, because `JSON.parse` would build a deeply nested document before anybody could refuse it.
function* parseText(text: string, placesRead: readonly string[], piece: number): Generator<undefined, unknown> {
  const levels: Level[] = [];
  const pieces = new Pieces(text);
  let string = "";
  let looked = 0;
  for (let at = 0; at < text.length; at++) {
    if (++looked % STEP === 0) yield;
    const mark = text[at];
    const level = levels.at(-1);
    if (mark === '"') {
      const start = at;
      do {
        if (++looked % STEP === 0) yield;
        at = text.indexOf('"', at + 1);
      } while (at >= 0 && isEscaped(text, at));
      if (at < 0) break;
      string = text.slice(start, at + 1);
    } else if (mark === "{" || mark === "[") {
      if (levels.length === DEEPEST) throw new Fault("DEF-I02", `at most ${DEEPEST} levels of JSON`, "more");
      levels.push(open(level, mark === "[", placesRead));
    } else if (mark === "}" || mark === "]") {
      levels.pop();
    } else if (mark === "," && at - pieces.start > piece && level !== undefined) {
      if (pieces.cut(at, levels)) yield;
    } else if (mark === ":" && level !== undefined && level.path !== ELSEWHERE) {
      // The string in front of a colon is a name. It is decoded, because "\u0061" and "a" are the same name.
      level.name = JSON.parse(string);
      // A second colon is no JSON: then `JSON.parse` throws at the empty string, instead of decoding a long name again.
      string = "";
      if (level.names?.has(level.name)) {
        const place = level.path || "the manifest";
        throw new Fault("DEF-I02", "every name once in an object", `${show(level.name)} twice in ${place}`);
      }
      level.names?.add(level.name);
      if (level.names?.size === MOST_NAMES) {
        throw new Fault("DEF-I02", `fewer than ${MOST_NAMES} names in an object`, "more");
      }
    }
  }
  return pieces.end();
}

// The name of the "0" at the beginning of a piece of an object. No client can know it, so no document has it.
const STAND_IN = crypto.randomUUID();

/** A text that is parsed piece by piece. */
class Pieces {
  /** The position at which the next piece starts. */
  start = 0;
  readonly #text: string;
  #whole: unknown;
  // The levels that are open at the start of the next piece.
  #opened: readonly Level[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  /** Parses the piece in front of a comma. `levels` are those that are open there. Returns false if it cannot end there. */
  cut(comma: number, levels: readonly Level[]): boolean {
    // A comma behind an opening bracket is no JSON, but the piece would be: "[" and "]".
    if (/[{[]$/.test(this.#text.slice(this.start, comma).trimEnd())) return false;
    this.#parse(comma, levels.map(({ isList }) => isList ? "]" : "}").reverse().join(""));
    this.#opened = levels.map((level) => ({ ...level, name: level.name.length > LONGEST_NAME_READ ? "" : level.name }));
    this.start = comma;
    return true;
  }

  /** Parses the last piece. Returns the value of the whole text. */
  end(): unknown {
    this.#parse(this.#text.length, "");
    return this.#whole;
  }

  #parse(end: number, closing: string): void {
    // The "0" stands in front of the comma, because a list that begins or ends with a comma is no JSON.
    const opening = this.#opened.map(({ isList, name }, depth) => {
      if (depth === this.#opened.length - 1) return isList ? "[0" : `{"${STAND_IN}":0`;
      return isList ? "[" : `{${JSON.stringify(name)}:`;
    });
    const value = JSON.parse(opening.join("") + this.#text.slice(this.start, end) + closing);
    if (this.start === 0) this.#whole = value;
    else this.#append(value);
  }

  // Goes down through the levels that were open at the start of a piece, and adds what the piece has for each of them.
  #append(piece: unknown): void {
    let whole = this.#whole;
    for (const [depth, { isList, path, name }] of this.#opened.entries()) {
      if (path === ELSEWHERE) return;
      const continued = depth === this.#opened.length - 1 ? STAND_IN : name;
      if (isList) {
        if (!Array.isArray(whole) || !Array.isArray(piece)) return;
        const last = whole.at(-1);
        for (let at = 1; at < piece.length; at++) whole.push(piece[at]);
        [whole, piece] = [last, piece[0]];
      } else {
        if (!isObject(whole) || !isObject(piece)) return;
        const last = Object.hasOwn(whole, continued) ? whole[continued] : undefined;
        for (const key of Object.keys(piece)) {
          if (key !== continued) setField(whole, key, piece[key]);
        }
        [whole, piece] = [last, piece[continued]];
      }
    }
  }
}

/** Returns true if a value is a JSON object: neither a list nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function setField(object: Record<string, unknown>, name: string, value: unknown): void {
  // An assignment to "__proto__" would not make a field.
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

function open(above: Level | undefined, isList: boolean, placesRead: readonly string[]): Level {
  if (above?.path === ELSEWHERE) return isList ? LIST_ELSEWHERE : OBJECT_ELSEWHERE;
  const inside = pathInside(above);
  const path = isList ? `${inside}[]` : inside;
  const isRead = !isList && placesRead.includes(path);
  return {
    path: placesRead.some((place) => place.startsWith(path)) ? path : ELSEWHERE,
    isList,
    names: isRead ? new Set() : undefined,
    name: "",
  };
}

// A longer name is none that the registry reads. It is not put into a path, because a hostile document could make many such
// paths.
const LONGEST_NAME_READ = 32;

// With such a name, a path could be the same as another one: the name "layers[]" as the objects in the list `layers`, and "" as
// the outermost object.
const NOT_IN_A_PATH = /^$|[.[\]]/;

function pathInside(above: Level | undefined): string {
  if (above === undefined) return "";
  if (above.isList) return above.path;
  if (above.name.length > LONGEST_NAME_READ || NOT_IN_A_PATH.test(above.name)) return ELSEWHERE;
  return above.path === "" ? above.name : `${above.path}.${above.name}`;
}

// A quote is part of a string if an odd number of "\" is in front of it.
function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text[quote - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}
