/**
 * Lessons as lines for a terminal.
 *
 *     4. Layer and config   8 minutes   as ana
 *
 *       An image is made of blobs. …
 *
 *     With curl
 *       curl -i -X POST …
 *
 *     Steps
 *       done   You push the layer
 *       to do  You push the config
 *
 * What is to be typed is never cut or wrapped, so that it can be copied.
 *
 * Next: filling.ts
 *
 * @module
 */

import { printable } from "../definitions/printable.ts";
import type { LessonFacts, LessonsFacts } from "../workshop/lesson_facts.ts";
import { head } from "./common_lines.ts";
import { section, styled, table, wrapped } from "./terminal_lines.ts";

/** Returns the lines of all lessons. */
export function linesOfLessons({ as, origin, done, lessons }: LessonsFacts): string[] {
  const rows = lessons.map(({ number, id, title, minutes, isExtra, isDone, steps, of }) => [
    String(number),
    id,
    title,
    `${minutes} min`,
    isDone ? "done" : steps > 0 ? `${steps} of ${of} steps` : isExtra ? "extra" : "",
  ]);
  const next = lessons.find(({ isDone }) => !isDone);
  return [
    head("Lessons", `as ${as}`, origin, `${done} of ${lessons.length} done`),
    "",
    ...table(rows),
    ...section("Next", next === undefined ? ["  All lessons are done."] : [`  ${commandFor(next.id, as)}`]),
  ];
}

/** Returns the lines of one lesson, without its hint and its end. */
export function linesOfLesson({ as, lesson, text, try: attempts, steps, switch: ofLesson }: LessonFacts): string[] {
  return [
    head(`${lesson.number}. ${lesson.title}`, `${lesson.minutes} minutes`, `as ${as}`),
    ...text.flatMap((paragraph) => ["", ...paragraphOf(paragraph)]),
    ...attempts.flatMap(({ with: client, type }) => section(`With ${client}`, type.flatMap(linesOfCommand))),
    ...section(
      "Switch",
      ofLesson === undefined
        ? []
        : [`  ${ofLesson.isOn ? "on" : "off"}${ofLesson.id === undefined ? "" : `: ${ofLesson.id}`}`],
    ),
    ...section("Steps", steps.flatMap(linesOfStep)),
  ];
}

/** Returns the lines of one step. */
export function linesOfStep({ say, isDone }: LessonFacts["steps"][number]): string[] {
  const [first, ...others] = wrapped(say, 9);
  return [`  ${isDone ? styled("good", "done ") : "to do"}  ${first.trimStart()}`, ...others];
}

/** Returns the lines of a hint. */
export function linesOfHint({ say }: NonNullable<LessonFacts["hint"]>): string[] {
  return section("Hint", paragraphOf(say));
}

/** Returns the lines behind a lesson: what it means, and where to go on. */
export function linesOfEnd({ as, done, after = [], see, origin, next }: LessonFacts): string[] {
  if (done === undefined) return [];
  return [
    ...section("Done", after.flatMap((paragraph, at) => [...at === 0 ? [] : [""], ...paragraphOf(paragraph)])),
    ...section("See", see.map((address) => `  ${printable(origin + address)}`)),
    ...section("Next", next === undefined ? ["  This was the last lesson."] : [`  ${commandFor(next, as)}`]),
  ];
}

// A word that the page shows in bold has marks around it. Here nothing is bold.
function paragraphOf(text: string): string[] {
  return wrapped(text.replace(/\*\*([^*]+)\*\*/g, "$1"));
}

// A command can have several lines. The END of a text stands at the beginning of its line, or the shell does not see it.
function linesOfCommand(command: string): string[] {
  return command.split("\n").map((line, at) => `${at === 0 ? "  " : ""}${printable(line)}`);
}

function commandFor(id: string, as: string): string {
  return `deno task lessons ${id}${as === "learner" ? "" : ` --as ${as}`}`;
}
