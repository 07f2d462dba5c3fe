/**
 * The view of the board: who is where, and at which hint. It is made for a projector, and for a teacher who walks through the room.
 *
 * Next: guide.ts
 *
 * @module
 */

import type { BoardFacts, LearnerRow, NoLessons } from "../../workshop/lesson_facts.ts";
import { counted } from "../../definitions/size.ts";
import { addressOfLesson, addressOfLessons } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import { noLessonsView } from "./lessons.ts";
import { prose } from "./prose.ts";

/** The title. */
export function titleOf(): string {
  return "Board";
}

/** What is to be seen. */
export function view(facts: BoardFacts | NoLessons): Markup {
  if ("refusal" in facts) return noLessonsView(facts);
  const { lessons, learners } = facts;
  const course = lessons.filter(({ isExtra }) => !isExtra);
  if (learners.length === 0) {
    return [
      element("h1", {}, "Board"),
      element(
        "p",
        {},
        "Nobody has done anything yet. Learners open ",
        element("a", { href: "/lessons" }, "/lessons"),
        ".",
      ),
    ];
  }
  return [
    element("h1", {}, "Board"),
    element("p", {}, summaryOf(facts)),
    element(
      "div",
      { class: "wide", tabindex: 0, role: "region", "aria-label": "Learners and lessons" },
      element(
        "table",
        { class: "board" },
        element("caption", {}, "Learners, and how far they are"),
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            element("th", { scope: "col" }, "Learner"),
            element("th", { scope: "col" }, "Last request"),
            lessons.map(({ number, title, isExtra }) =>
              element(
                "th",
                { scope: "col" },
                element("abbr", { title }, isExtra ? `+${number - course.length}` : number),
              )
            ),
            element("th", { scope: "col" }, "Where"),
          ),
        ),
        element("tbody", {}, learners.map((learner) => rowOf(learner, lessons))),
      ),
    ),
  ];
}

function summaryOf({ lessons, learners }: BoardFacts): string {
  const waiting = learners.filter(({ hint }) => hint !== undefined).length;
  const all = learners.filter(({ at }) => at === undefined).length;
  return `${counted(learners.length, "learner")}, ${
    counted(lessons.length, "lesson")
  }. Whole course done: ${all}. With a hint: ${waiting}.`;
}

function rowOf({ as, last, lessons: done, at, hint }: LearnerRow, lessons: BoardFacts["lessons"]): Markup {
  return element(
    "tr",
    { "data-key": as },
    element("th", { scope: "row" }, element("a", { href: addressOfLessons(as) }, as)),
    element("td", {}, element("time", { datetime: last }, `${last.slice(11, 19)} UTC`)),
    lessons.map(({ id }) => {
      const [sign, word] = done.includes(id)
        ? ["✓", "done"]
        : at?.id === id
        ? [hint === undefined ? "◐" : "!", hint === undefined ? "here" : "here, with a hint"]
        : ["·", "not yet"];
      return element(
        "td",
        { class: word === "done" ? "done" : at?.id === id ? "begun" : "open" },
        element("span", { "aria-hidden": "true" }, sign),
        element("span", { class: "visually-hidden" }, word),
      );
    }),
    element(
      "td",
      {},
      at === undefined ? "the whole course is done" : [
        element("a", { href: addressOfLesson(at.id, as) }, lessons.find(({ id }) => id === at.id)?.title ?? at.id),
        `, ${at.steps} of ${at.of} steps`,
        hint !== undefined && [". ", element("b", {}, `Hint ${hint.number}: `), prose(hint.say)],
      ],
    ),
  );
}
