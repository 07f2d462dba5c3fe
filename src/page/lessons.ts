/**
 * The facts of `/lessons` and `/board`. Without a workshop, they say how to begin one.
 *
 *     /lessons?as=ana          { as: "ana", lessons: [{ number: 1, id: "knock", isDone: true, … }, …] }
 *     /lessons/knock?as=ana    { as: "ana", lesson: { id: "knock", … }, text: […], steps: […], … }
 *     /lessons, no workshop    { refusal: "…", status: 404 }
 *
 * Next: graph.ts
 *
 * @module
 */

import type { Asker, BoardFacts, LessonFacts, LessonsFacts, NoLessons } from "../workshop/lesson_facts.ts";
import type { PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";

const NO_WORKSHOP: NoLessons = {
  refusal: "There is no workshop here. It begins with: deno task start --workshop",
  status: 404,
};

/** Returns the facts of `/lessons` and of one lesson; `undefined` if there is no such lesson. */
export async function factsOfLessonsPanel(
  { rest, query }: PageAddress,
  context: PageContext,
): Promise<LessonsFacts | LessonFacts | NoLessons | undefined> {
  if (context.teller === undefined) return NO_WORKSHOP;
  return await context.teller.lessons(query.get("as"), rest, askerOf(context));
}

/** Returns the facts of `/board`. */
export async function factsOfBoardPanel(
  { rest }: PageAddress,
  context: PageContext,
): Promise<BoardFacts | NoLessons | undefined> {
  if (rest !== "") return undefined;
  return context.teller === undefined ? NO_WORKSHOP : await context.teller.board(askerOf(context));
}

function askerOf({ origin, person, host, maySee }: PageContext): Asker {
  return { origin, user: person?.user, host, maySee };
}
