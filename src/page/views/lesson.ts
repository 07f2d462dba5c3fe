/**
 * The view of one lesson: what to know, what to type, and which steps are done; beside it what happens, and what is there.
 *
 * The lesson is a part of its own, because the browser shows it again after each request, and the other two parts show their news by themselves.
 *
 * Next: samples.ts
 *
 * @module
 */

import type { LessonFacts, NoLessons } from "../../workshop/lesson_facts.ts";
import { addressOfLesson, addressOfLessons, addressOfStory } from "../addresses.ts";
import type { GraphFacts } from "../graph_facts.ts";
import { element, type Markup } from "../markup.ts";
import { graphView } from "./graph.ts";
import { type LiveFacts, liveView } from "./live.ts";
import { noLessonsView } from "./lessons.ts";
import { prose } from "./prose.ts";

/** The facts: the lesson, the stories of the learner, and the graph of the learner's repositories. */
export interface LessonPageFacts extends LessonFacts {
  /** What has happened. */
  readonly live: LiveFacts;
  /** What is there. */
  readonly graph: GraphFacts;
}

/** The title. */
export function titleOf(facts: LessonFacts | NoLessons): string {
  return "refusal" in facts ? "Lessons" : `${facts.lesson.number}. ${facts.lesson.title}`;
}

/** What is to be seen. */
export function view(facts: LessonPageFacts | NoLessons): Markup {
  if ("refusal" in facts) return noLessonsView(facts);
  return element(
    "div",
    { class: "lesson-page" },
    element("article", { class: "lesson", "data-island": "lesson" }, lessonPart(facts)),
    element("div", { class: "beside" }, liveView(facts.live), graphView(facts.graph)),
  );
}

/** The lesson itself. */
export function lessonPart(facts: LessonFacts): Markup {
  const { as, lesson, text, steps, hint, done, previous, next } = facts;
  return [
    element("h1", {}, `${lesson.number}. ${lesson.title}`),
    element(
      "p",
      { class: "quiet" },
      `${lesson.minutes} minutes, as `,
      element("b", {}, as),
      ". ",
      element("a", { href: addressOfLessons(as) }, "All lessons"),
    ),
    text.map((paragraph) => element("p", {}, prose(paragraph))),
    element("div", { "data-key": "try" }, tryView(facts)),
    switchView(facts),
    element("h2", {}, "Steps"),
    element(
      "ol",
      { class: "lessons", "aria-label": "Steps", "data-key": "steps" },
      steps.map(({ say, isDone, by }) =>
        element(
          "li",
          { class: isDone ? "done" : "open" },
          element("span", { class: "sign", "aria-hidden": "true" }, isDone ? "✓" : "○"),
          element("span", { class: "visually-hidden" }, isDone ? "done: " : "to do: "),
          prose(say),
          isDone && by !== undefined && !by.startsWith("answer-") &&
            [" ", element("a", { href: addressOfStory(by) }, "the request")],
        )
      ),
    ),
    element("div", { role: "status", class: "told", "data-key": "told" }, toldView(facts)),
    done !== undefined && afterView(facts),
    element(
      "nav",
      { "aria-label": "Lessons", class: "tour", "data-key": "ways" },
      previous !== undefined && element("a", { href: addressOfLesson(previous, as), rel: "prev" }, "← Previous lesson"),
      " ",
      next !== undefined && element("a", { href: addressOfLesson(next, as), rel: "next" }, "Next lesson →"),
      " ",
      (done !== undefined || hint !== undefined || steps.some(({ isDone }) => isDone)) &&
        element("button", { type: "button", class: "needs-script", "data-do": "reset", "data-as": as }, "Begin again"),
    ),
  ];
}

// The first client is the one that is open.
function tryView({ try: attempts }: LessonFacts): Markup {
  return attempts.map(({ with: client, type }, at) =>
    element(
      "details",
      { open: at === 0, "data-key": client },
      element("summary", {}, `Try it with ${client}`),
      type.map((command) =>
        element(
          "div",
          { class: "to-type" },
          element("pre", { tabindex: 0 }, element("code", {}, command)),
          element("button", { type: "button", class: "needs-script", "data-copy": command }, "Copy"),
        )
      ),
      type.length > 1 && element(
        "p",
        { class: "needs-script" },
        element("button", { type: "button", "data-copy": type.join("\n") }, "Copy all"),
      ),
    )
  );
}

// What a registry does wrong for this learner, and the question which rule that breaks.
function switchView({ as, lesson, switch: ofLesson }: LessonFacts): Markup {
  if (ofLesson === undefined) return undefined;
  const { isOn, isHidden, id } = ofLesson;
  return element(
    "section",
    { class: "switch", "aria-label": "The switch of this lesson", "data-key": "switch" },
    element(
      "p",
      {},
      `The registry ${isOn ? "misbehaves for you at the moment" : "behaves as the spec says"}`,
      id !== undefined && [": ", element("code", {}, id)],
      ". ",
      element(
        "button",
        { type: "button", class: "needs-script", "data-do": isOn ? "switch off" : "switch on", "data-as": as },
        isOn ? "Let it behave" : "Let it misbehave",
      ),
    ),
    isHidden && isOn && element(
      "form",
      { class: "needs-script", "data-answer": as },
      element("label", { for: `answer-${lesson.id}` }, "The rule that it breaks"),
      " ",
      element("input", {
        id: `answer-${lesson.id}`,
        name: "answer",
        maxlength: 100,
        spellcheck: "false",
        placeholder: "PUSH-CHUNK-01",
        required: true,
      }),
      " ",
      element("button", { type: "submit" }, "Answer"),
    ),
  );
}

// What the registry says about the last request. A screen reader reads it out.
function toldView({ done, hint }: LessonFacts): Markup {
  if (done !== undefined) return element("p", { class: "good" }, "✓ Done. Well done!");
  if (hint === undefined) return undefined;
  return element(
    "p",
    { class: "hint" },
    element("b", {}, "Nearly. "),
    prose(hint.say),
    hint.by !== undefined && !hint.by.startsWith("answer-") &&
      [" ", element("a", { href: addressOfStory(hint.by) }, "The request")],
  );
}

function afterView({ after = [], see }: LessonFacts): Markup {
  return element(
    "section",
    { "aria-label": "Afterwards", "data-key": "after" },
    after.map((paragraph) => element("p", {}, prose(paragraph))),
    see.length > 0 && [
      element("h2", {}, "To look at"),
      element("ul", {}, see.map((address) => element("li", {}, element("a", { href: address }, address)))),
    ],
  );
}
