/**
 * The view of the board: who is where.
 *
 * Next: ../missing.ts
 *
 * @module
 */

import type { BoardFacts, NoLessons } from "../../workshop/lesson_facts.ts";
import { element, type Markup } from "../markup.ts";

/** The title. */
export function titleOf(): string {
  return "Board";
}

/** What is to be seen. */
export function view(facts: BoardFacts | NoLessons): Markup {
  if ("refusal" in facts) return [element("h1", {}, "Board"), element("p", {}, facts.refusal)];
  return [
    element("h1", {}, "Board"),
    element("ul", {}, facts.learners.map(({ as, done }) => element("li", {}, `${as}: ${done}`))),
  ];
}
