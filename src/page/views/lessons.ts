/**
 * The view of all lessons: which are done, and for whom.
 *
 * Next: lesson.ts
 *
 * @module
 */

import type { LessonRow, LessonsFacts, NoLessons } from "../../workshop/lesson_facts.ts";
import { addressOfLesson } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import { proseBlocks } from "./prose.ts";

/** The facts: the lessons of a learner, and the text that comes before them. */
export type LessonsPageFacts = (LessonsFacts & { readonly beginning: string }) | NoLessons;

/** The title. */
export function titleOf(facts: LessonsPageFacts): string {
  return "lessons" in facts ? `Lessons of ${facts.as}` : "Lessons";
}

/** What is to be seen. */
export function view(facts: LessonsPageFacts): Markup {
  if ("refusal" in facts) return noLessonsView(facts);
  const { as, done, lessons, beginning } = facts;
  const course = lessons.filter(({ isExtra }) => !isExtra);
  const extra = lessons.filter(({ isExtra }) => isExtra);
  return [
    element("h1", {}, "Lessons"),
    learnerForm(as),
    element(
      "p",
      {},
      `${done} of ${lessons.length} done. The registry sees what you do, and checks each step by itself: type in a terminal, and watch this page. `,
      `Your repositories begin with `,
      element("code", {}, `${as}/`),
      `. Without a browser: `,
      element("code", {}, lessonsCommand(facts)),
    ),
    element("progress", { max: lessons.length, value: done, "aria-label": "Lessons that are done" }),
    listOf(course, as),
    extra.length > 0 && [element("h2", {}, "For those who want more"), listOf(extra, as)],
    element(
      "p",
      { class: "needs-script" },
      element("button", { type: "button", "data-do": "reset", "data-as": as, "data-sure": "true" }, "Begin all again"),
    ),
    element(
      "p",
      {},
      element("a", { href: "/board" }, "The board"),
      " shows how far everybody is. ",
      element("a", { href: `/samples?${new URLSearchParams({ to: as })}` }, "Samples"),
      " are images to look at. ",
      element("a", { href: "/guide" }, "The guide"),
      " is for teachers.",
    ),
    element("details", { open: done === 0 }, element("summary", {}, "What is an image?"), proseBlocks(beginning, 2)),
  ];
}

/** What is shown where there are no lessons. */
export function noLessonsView({ refusal }: NoLessons): Markup {
  return [
    element("h1", {}, "Lessons"),
    element("p", {}, refusal),
    element("p", {}, element("a", { href: "/guide" }, "The guide for teachers"), " says how a workshop is prepared."),
  ];
}

function learnerForm(as: string): Markup {
  return element(
    "form",
    { class: "learner", "data-key": "learner" },
    element("label", { for: "as" }, "You are"),
    " ",
    element("input", {
      id: "as",
      name: "as",
      value: as,
      maxlength: 100,
      spellcheck: "false",
      pattern: "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*",
      title: "The beginning of your repositories' names: small letters and digits",
    }),
    " ",
    element("button", { type: "submit" }, "Change"),
  );
}

function lessonsCommand({ as, origin, user }: LessonsFacts): string {
  return [
    "deno task lessons",
    ...as === (user ?? "learner") ? [] : [`--as ${as}`],
    ...origin === "http://127.0.0.1:5080" ? [] : [`--registry ${origin}`],
    ...user === undefined ? [] : [`--user ${user}`],
  ].join(" ");
}

function listOf(lessons: readonly LessonRow[], as: string): Markup {
  return element(
    "ol",
    { class: "lessons", start: lessons[0]?.number },
    lessons.map(({ id, title, minutes, isDone, steps, of }) =>
      element(
        "li",
        { class: isDone ? "done" : steps > 0 ? "begun" : "open" },
        element("span", { class: "sign", "aria-hidden": "true" }, isDone ? "✓" : steps > 0 ? "◐" : "○"),
        element("a", { href: addressOfLesson(id, as) }, title),
        element("span", { class: "quiet" }, ` ${minutes} min`),
        element("span", {}, isDone ? " done" : steps > 0 ? ` ${steps} of ${of} steps` : ""),
      )
    ),
  );
}
