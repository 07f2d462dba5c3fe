/**
 * What the program says about an exercise: lines for a terminal.
 *
 *     first red  PULL-BLOB-09: the range of a pull is compared with the size of the blob
 *       expected  [ { start: 2, length: 8 } ]
 *       got       "unsatisfiable"
 *       at tests/definitions/range_test.ts:56
 *            assertEquals(parseRanges("bytes=2-", 10), [{ start: 2, length: 8 }]);
 *
 *     the rule that is red
 *       PULL-BLOB-09  11 red  Honour Range requests as in RFC 9110 section 14.
 *
 *     exercises/range.ts   3 of 14 tests are green   0.2 s
 *
 * @module
 */

import { unifiedDiff } from "../../../src/looking/unified_diff.ts";
import { styled, table, wrapped } from "../../../src/serving/terminal_lines.ts";
import type { Exercise } from "../../../src/workshop/exercises/exercise.ts";
import { EXERCISES } from "../../../src/workshop/exercises/exercises.ts";
import { PROJECT, rulesOfSpec } from "../project.ts";
import { citationsIn } from "../rules.ts";
import type { Result } from "./checking.ts";
import { type LearnerFile, unlessMissing } from "./learner_file.ts";
import type { Failure, TestOutcome } from "./outcome.ts";

// A terminal on a projector has few lines.
const MOST_LINES = 16;
const MOST_RULES = 8;

/** Returns what a learner reads before the first test runs. */
export function introduction({ exercise, shown }: LearnerFile): string[] {
  const number = EXERCISES.indexOf(exercise) + 1;
  return [
    styled("strong", `Exercise ${number} of ${EXERCISES.length}: ${exercise.name}`),
    ...wrapped(`Write ${exercise.function} in ${shown}. ${exercise.source} stays as it is.`),
    ...wrapped(exercise.learn),
    "",
  ];
}

/** Returns what the tests say. The last line of a terminal is the one that is seen. So the numbers are there. */
export function wordsFor(file: LearnerFile, result: Result): string[] {
  if (result.kind === "unloadable") return aboutLoading(file, result);
  if (result.kind === "ended") {
    return [
      heading("bad", "ended", `${file.shown} ends the process of the tests${inTest(result.test)}.`),
      ...wrapped(whyEnded(result.said)),
    ];
  }
  if (result.kind === "endless") {
    const why = result.how === "runs"
      ? "Is there a loop that never ends?"
      : "Is there a promise that nobody resolves, or a missing await?";
    return [heading("bad", "endless", `${file.shown} does not come to an end${inTest(result.test)}.`), ...wrapped(why)];
  }
  const red = result.tests.filter(({ isGreen }) => !isGreen);
  if (red.length === 0) return cut(result.tests.flatMap(({ printed }) => printed)).map((line) => `  ${line}`);
  return [...aboutFailure(red[0]), "", ...aboutRules(file.exercise, red)];
}

/** Returns what a type error is. It is told in place of the tests, which may be red because of it. */
export function wordsForTypes(file: LearnerFile, error: string): string[] {
  const [first, ...lines] = error.split("\n");
  return [heading("bad", "type error", `in ${file.shown}, so the tests do not count`), `  ${first}`, ...lines];
}

/** Returns the line with the numbers. */
export function summary(file: LearnerFile, result: Result, milliseconds: number): string {
  const time = `${(milliseconds / 1000).toFixed(1)} s`;
  if (result.kind !== "ran") return `${styled("strong", file.shown)}   ${styled("bad", "no test counts")}   ${time}`;
  const green = result.tests.filter(({ isGreen }) => isGreen).length;
  const style = green === result.tests.length ? "good" : "bad";
  const later = result.left === 0 ? "" : `; ${result.left} slow ones wait until these are`;
  const numbers = styled(style, `${green} of ${result.tests.length} tests are green${later}`);
  return `${styled("strong", file.shown)}   ${numbers}   ${time}`;
}

/** Returns what a learner reads when everything is right: both solutions, and what comes next. */
export function wordsForDone(file: LearnerFile): string[] {
  const { exercise } = file;
  const next = EXERCISES[EXERCISES.indexOf(exercise) + 1];
  return [
    ...solutionBeside(file),
    "",
    ...wrapped(exercise.afterwards, 0),
    next === undefined ? "That was the last exercise." : `The next exercise: deno task exercise ${next.name}`,
  ];
}

/** Returns the differences between the learner's file and the source. */
export function solutionBeside(file: LearnerFile): string[] {
  const { exercise: { source }, shown } = file;
  const lines = unifiedDiff(file.text() ?? "", file.solution());
  if (lines.length === 0) return [`${shown} is the same as ${source}, letter by letter.`];
  return [
    `${styled("bad", `- ${shown}`)}   ${styled("good", `+ ${source}`)}`,
    ...lines.map((line) =>
      line.startsWith("-")
        ? styled("bad", line)
        : line.startsWith("+")
        ? styled("good", line)
        : line.startsWith("@")
        ? styled("faint", line)
        : line
    ),
  ];
}

/** Returns a hint; `number` counts from 1. */
export function wordsForHint({ hints }: Exercise, number: number): string[] {
  const lines = hints[number - 1].split("\n").flatMap((line) => line.startsWith("  ") ? [`  ${line}`] : wrapped(line));
  const more = number < hints.length ? "" : ", the last one; --solution shows the source";
  return [styled("careful", `hint ${number} of ${hints.length}${more}`), ...lines];
}

function aboutLoading(file: LearnerFile, { message, places }: Extract<Result, { kind: "unloadable" }>): string[] {
  const [, source, name] = /'([^']+)' does not provide an export named '(\w+)'/.exec(message) ?? [];
  if (source !== undefined && file.exercise.source.endsWith(source.replace(/^(?:\.+\/)*/, "/"))) {
    return [heading("bad", "cannot load", `${file.shown} does not export ${name}, so no test runs`)];
  }
  // Deno puts the line of the source and the places behind the message.
  const [first, ...lines] = message.split("\n");
  const place = /file:\/\/(\S+?:\d+):\d+/.exec(message)?.[1] ?? places[0] ?? file.path;
  return [
    heading("bad", "cannot load", `${place.replace(PROJECT, "")}, so no test runs`),
    `  ${first.replace(/^TypeError: (?=SyntaxError)/, "").replace(/ at file:\/\/\S+$/, "")}`,
    ...lines.filter((line) => !/^\s*(?:\|?|at file:.*)$/.test(line)),
  ];
}

function aboutFailure({ name, failure, printed }: TestOutcome): string[] {
  return [
    heading("bad", "first red", name),
    ...(failure === undefined ? [] : valuesOf(failure).map((line) => `  ${line}`)),
    ...cut(printed).map((line) => `  ${line}`),
    ...[...new Set(failure?.places)].filter(isOfInterest).slice(0, 4).flatMap((place) => [
      `  at ${place}`,
      styled("faint", `       ${lineAt(place)}`),
    ]),
  ];
}

function valuesOf({ title, note, expected, got }: Failure): string[] {
  const notes = note === undefined ? [] : cut(`for       ${note}`.split("\n"));
  if (title !== undefined) return [...notes, ...cut(title.split("\n"))];
  if (expected === undefined || got === undefined) return notes;
  if (![expected, got].some((text) => text.includes("\n"))) {
    return [...notes, `expected  ${styled("good", expected)}`, `got       ${styled("bad", got)}`];
  }
  const lines = unifiedDiff(expected + "\n", got + "\n").filter((line) => !line.startsWith("@"));
  return [
    ...notes,
    `${styled("good", "- expected")}   ${styled("bad", "+ got")}`,
    ...cut(lines).map((line) => line.startsWith(" ") ? line : styled(line.startsWith("-") ? "good" : "bad", line)),
  ];
}

// The lines of what all tests share are no help.
function isOfInterest(place: string): boolean {
  return !/^(?:src\/std\/|tests\/(?!.*_test\.ts:))/.test(place);
}

function lineAt(place: string): string {
  const [, path, number] = /^(.*):(\d+)$/.exec(place)!;
  const text = unlessMissing(() => Deno.readTextFileSync(path.startsWith("/") ? path : PROJECT + path)) ?? "";
  return text.split("\n")[Number(number) - 1]?.trim() ?? "";
}

function aboutRules(exercise: Exercise, red: readonly TestOutcome[]): string[] {
  const rules = new Set<string>(exercise.rules);
  const numbers = new Map<string, number>();
  let others = 0;
  for (const { name } of red) {
    const ids = citationsIn(name).map(({ id }) => id).filter((id) => rules.has(id));
    for (const id of ids) numbers.set(id, (numbers.get(id) ?? 0) + 1);
    if (ids.length === 0) others++;
  }
  const sentences = new Map<string, string>(rulesOfSpec().map(({ id, requirement }) => [id, requirement]));
  const rows = [...numbers].map(([id, number]) => [id, `${number} red`, sentences.get(id) ?? ""]);
  const left = rows.length - MOST_RULES;
  const [first] = numbers.keys();
  const title = rows.length === 0 ? "no rule is red" : rows.length === 1 ? "the rule that is red" : undefined;
  return [
    styled("strong", title ?? `the ${rows.length} rules that are red`),
    ...table(rows.slice(0, MOST_RULES)),
    ...(left > 0 ? [`  and ${left} more`] : []),
    ...(others > 0 ? [`  and ${others} red ${others === 1 ? "test" : "tests"} without a rule`] : []),
    ...(first === undefined ? [] : [`  deno task rule ${first} shows what the spec says`]),
  ];
}

function heading(style: "bad" | "good", word: string, text: string): string {
  return `${styled(style, word)}  ${text}`;
}

function inTest(test: string): string {
  return test === "" ? "" : `, in the test "${test}"`;
}

function cut(lines: readonly string[]): string[] {
  if (lines.length <= MOST_LINES) return [...lines];
  return [...lines.slice(0, MOST_LINES), `… and ${lines.length - MOST_LINES} more lines`];
}

function whyEnded(said: string): string {
  // V8 begins with this when there is no memory left.
  if (said.startsWith("<--- Last few GCs")) return "It fills the memory. Is there a list that grows without end?";
  return said === "" ? "Does it call Deno.exit?" : said;
}
