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
import { PROGRAM_OPTIONS, type ProgramSettings } from "../options.ts";
import type { LessonFacts, LessonsFacts } from "../workshop/lesson_facts.ts";
import { head } from "./common_lines.ts";
import { section, styled, table, wrapped } from "./terminal_lines.ts";

/** The flags of this command. The command for the next lesson needs them, too. */
export type FlagsOfLessons = Readonly<Pick<ProgramSettings, "as" | "registry" | "user">>;

/** Returns the lines of all lessons. */
export function linesOfLessons({ as, origin, done, lessons }: LessonsFacts, flags: FlagsOfLessons): string[] {
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
    ...section("Next", next === undefined ? ["  All lessons are done."] : [`  ${commandFor(next.id, flags)}`]),
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

/** Returns the lines that say what the command waits for. */
export function linesOfWaiting(): string[] {
  return [
    "",
    ...wrapped(
      "Type the commands in another terminal. This one waits, and shows what is done. Ctrl-C ends the waiting.",
      0,
    ),
  ];
}

/** Returns the lines behind a lesson: what it means, and where to go on. */
export function linesOfEnd(facts: LessonFacts, flags: FlagsOfLessons): string[] {
  const { done, after = [], see, origin, next } = facts;
  if (done === undefined) return [];
  return [
    ...section("Done", after.flatMap((paragraph, at) => [...at === 0 ? [] : [""], ...paragraphOf(paragraph)])),
    ...section("See", see.map((address) => `  ${printable(origin + address)}`)),
    ...section("Next", next === undefined ? ["  This was the last lesson."] : [`  ${commandFor(next, flags)}`]),
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

function commandFor(id: string, { as, registry, user }: FlagsOfLessons): string {
  const given = { as, registry: registry === PROGRAM_OPTIONS.registry.default ? undefined : registry, user };
  const flags = Object.entries(given).flatMap(([flag, value]) => value === undefined ? [] : [`--${flag} ${value}`]);
  return printable(["deno task lessons", id, ...flags].join(" "));
}
