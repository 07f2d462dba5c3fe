/**
 * The view of the lessons: all of them, or one.
 *
 * Next: board.ts
 *
 * @module
 */

import type { LessonFacts, LessonsFacts, NoLessons } from "../../workshop/lesson_facts.ts";
import { element, type Markup } from "../markup.ts";

/** The title. */
export function titleOf(facts: LessonsFacts | LessonFacts | NoLessons): string {
  return "lesson" in facts ? facts.lesson.title : "Lessons";
}

/** What is to be seen. */
export function view(facts: LessonsFacts | LessonFacts | NoLessons): Markup {
  if ("refusal" in facts) return [element("h1", {}, "Lessons"), element("p", {}, facts.refusal)];
  return "lesson" in facts ? lessonView(facts) : listView(facts);
}

function listView({ as, lessons }: LessonsFacts): Markup {
  return [
    element("h1", {}, "Lessons"),
    element(
      "ol",
      {},
      lessons.map(({ id, title, minutes, isDone }) =>
        element(
          "li",
          {},
          element("a", { href: addressOfLesson(id, as) }, title),
          ` (${minutes} minutes) ${isDone ? "done" : ""}`,
        )
      ),
    ),
  ];
}

function lessonView({ lesson, text, try: attempts, steps, hint, after = [] }: LessonFacts): Markup {
  return [
    element("h1", {}, `${lesson.number}. ${lesson.title}`),
    text.map((paragraph) => element("p", {}, paragraph)),
    attempts.map((
      { with: client, type },
    ) => [element("h2", {}, `With ${client}`), element("pre", {}, type.join("\n"))]),
    element("ol", {}, steps.map(({ say, isDone }) => element("li", {}, `${isDone ? "done: " : ""}${say}`))),
    hint && element("p", { role: "status" }, hint.say),
    after.map((paragraph) => element("p", {}, paragraph)),
  ];
}

function addressOfLesson(id: string, as: string): string {
  return `/lessons/${id}?${new URLSearchParams({ as })}`;
}
