/**
 * Reading lessons: is this data a lesson, and if not, what is wrong with it?
 *
 *     { "id": "knock", "minutes": "four", … }
 *     ──▶ LessonError: knock.json, minutes: expected a number, got "four"
 *
 * The shape is one table of fields here. `lesson.schema.json` says the same to editors, and a test compares both.
 *
 * Next: matching.ts
 *
 * @module
 */

import { isObject } from "../definitions/json.ts";
import { lineOf, lineOfMistake } from "../access/json_lines.ts";
import { ANSWER_FIELDS, STORY_FIELDS } from "./happenings.ts";
import type { Lesson } from "./lesson.ts";
import { SWITCHES_OF_LEARNERS } from "./switches_of_learners.ts";
import { THING_FIELDS } from "./things.ts";

/** Thrown if a lesson is wrong. */
export class LessonError extends Error {
  /** The name of the class. */
  override readonly name = "LessonError";

  /** `file` has the lesson, `path` leads to what is wrong, such as `done[0].say`. */
  constructor(readonly file: string, readonly path: string, readonly expected: string, readonly actual: string) {
    super(`${[file, path].filter((part) => part !== "").join(", ")}: expected ${expected}, got ${actual}`);
  }
}

// A check of one value: returns what is expected and not there.
type LessonCheck = (value: unknown, path: string, fail: Fail) => void;
type Fail = (path: string, expected: string, actual: unknown) => never;

const text: LessonCheck = (value, path, fail) => {
  if (typeof value !== "string" || value.trim() === "") fail(path, "a text", value);
};
const minutes: LessonCheck = (value, path, fail) => {
  if (typeof value !== "number" || !(value > 0 && value <= 600)) fail(path, "a number of minutes", value);
};
const times: LessonCheck = (value, path, fail) => {
  if (!Number.isInteger(value) || !(value as number > 0 && value as number <= 50)) {
    fail(path, "a number from 1 to 50", value);
  }
};
const yes: LessonCheck = (value, path, fail) => {
  if (typeof value !== "boolean") fail(path, "true or false", value);
};
const id: LessonCheck = (value, path, fail) => {
  if (typeof value !== "string" || !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(value)) {
    fail(path, 'lower-case letters, digits and "-"', value);
  }
};
const address: LessonCheck = (value, path, fail) => {
  if (typeof value !== "string" || !/^\/(?![/\\])/.test(value)) {
    fail(path, "an address of the page, such as /rule/API-01", value);
  }
};
const listOf = (entry: LessonCheck, least = 0): LessonCheck => (value, path, fail) => {
  if (!Array.isArray(value) || value.length < least) {
    return fail(path, least > 0 ? "a list that is not empty" : "a list", value);
  }
  value.forEach((one, at) => entry(one, `${path}[${at}]`, fail));
};
const fields =
  (needed: Readonly<Record<string, LessonCheck>>, others: Readonly<Record<string, LessonCheck>> = {}): LessonCheck =>
  (value, path, fail) => {
    if (!isObject(value)) return fail(path, "an object", value);
    const checks = { ...needed, ...others };
    const below = (name: string) => path === "" ? name : `${path}.${name}`;
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(checks, name)) fail(below(name), `one of ${Object.keys(checks).join(", ")}`, name);
    }
    for (const [name, check] of Object.entries(checks)) {
      if (value[name] !== undefined || name in needed) check(value[name], below(name), fail);
    }
  };

// What can stand in a pattern; see matching.ts.
const test: LessonCheck = (value, path, fail) => {
  if (typeof value === "string") return expectEachOnce(value, path, fail);
  if (value === null || ["number", "boolean"].includes(typeof value)) return;
  if (Array.isArray(value)) return value.forEach((one, at) => test(one, `${path}[${at}]`, fail));
  pattern(value, path, fail);
};
const expectEachOnce = (text: string, path: string, fail: Fail) => {
  const variables = text.match(/\$[a-z]\w*/g) ?? [];
  if (new Set(variables).size < variables.length) fail(path, "a text with each variable once", text);
};
const pattern: LessonCheck = (value, path, fail) => {
  if (!isObject(value)) return fail(path, "an object with fields", value);
  for (const [name, one] of Object.entries(value)) test(one, `${path}.${name}`, fail);
};
// A field that is never there would never match, and nobody would know why.
const patternOf = (names: readonly string[]) => fields({}, Object.fromEntries(names.map((name) => [name, test])));

const THING = patternOf(THING_FIELDS);
const ABOUT = { story: patternOf(STORY_FIELDS), answer: patternOf(ANSWER_FIELDS), there: THING, gone: THING };
const step = (isGoal: boolean): LessonCheck => (value, path, fail) => {
  fields(isGoal ? { say: text } : {}, { ...ABOUT, say: text, times })(value, path, fail);
  const about = Object.keys(ABOUT).filter((name) => isObject(value) && name in value);
  if (about.length !== 1) fail(path, `exactly one of ${Object.keys(ABOUT).join(", ")}`, about.join(", ") || "none");
};
const switchId: LessonCheck = (value, path, fail) => {
  const known = SWITCHES_OF_LEARNERS.map(({ id }) => id);
  for (const one of Array.isArray(value) ? value : [value]) {
    if (!known.includes(one)) fail(path, "the id of a switch that leaves the disk alone; GET /switches has all", one);
  }
};

const LESSON = fields({
  id,
  title: text,
  minutes,
  text: listOf(text, 1),
  try: listOf(fields({ with: text, type: listOf(text, 1) })),
  done: listOf(step(true), 1),
  hints: listOf(fields({ when: listOf(step(false), 1), say: text })),
  after: listOf(text),
}, {
  $schema: text,
  heading: text,
  isExtra: yes,
  see: listOf(address),
  switch: fields({ id: switchId }, { isHidden: yes }),
});

/**
 * Reads the text of a file with a lesson. Messages have the line.
 *
 * @throws {LessonError} if it has none.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => parseLesson('{\n  "id": "Knock" }', "knock.json"), LessonError, "knock.json, line 2, id: expected lower-case");
 * assertThrows(() => parseLesson('{\n  "id" "knock" }', "knock.json"), LessonError, "knock.json, line 2: expected JSON");
 * ```
 */
export function parseLesson(text: string, file: string): Lesson {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new LessonError(`${file}, line ${lineOfMistake(text)}`, "", "JSON", "something else");
  }
  try {
    return readLesson(data, file);
  } catch (error) {
    if (error instanceof RangeError) throw new LessonError(file, "", "patterns in patterns, but not so many", "more");
    if (!(error instanceof LessonError)) throw error;
    const line = lineOf(text, error.path) ?? 1;
    throw new LessonError(`${file}, line ${line}`, error.path, error.expected, error.actual);
  }
}

/**
 * Makes sure that data is a lesson. `file` is named in the message if it is not.
 *
 * @throws {LessonError} if it is none.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => readLesson({ id: "Knock" }, "knock.json"), LessonError, "knock.json, id: expected lower-case letters");
 * ```
 */
export function readLesson(data: unknown, file: string): Lesson {
  LESSON(data, "", (path, expected, actual) => {
    const shown = actual === undefined ? "nothing" : (JSON.stringify(actual) ?? "nothing").slice(0, 80);
    throw new LessonError(file, path, expected, shown);
  });
  return data as Lesson;
}
