/**
 * The facts of `/lessons`, `/board`, `/samples` and `/guide`. Without a workshop, they say how to begin one.
 *
 *     /lessons?as=ana          { as: "ana", lessons: [{ number: 1, id: "knock", isDone: true, … }, …], … }
 *     /lessons/knock?as=ana    { as: "ana", lesson: { id: "knock", … }, text: […], steps: […], live: …, graph: … }
 *     /lessons, no workshop    { refusal: "…", status: 404 }
 *
 * A lesson stands beside what happens and what is there, but only as far as it is the learner's own.
 *
 * Next: graph.ts
 *
 * @module
 */

import type { Asker, BoardFacts, NoLessons } from "../workshop/lesson_facts.ts";
import { addressOfGraph, type PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { filterOf } from "./feed.ts";
import { factsOfGraph } from "./graph.ts";
import type { GraphFacts } from "./graph_facts.ts";
import { readOwnFile } from "./own_files.ts";
import { maySeeStory } from "./seeing.ts";
import type { GuideFacts } from "./views/guide.ts";
import type { LessonPageFacts } from "./views/lesson.ts";
import type { SamplesPageFacts } from "./views/samples.ts";
import type { LessonsPageFacts } from "./views/lessons.ts";

// The text that comes before the lessons, and the one for teachers, below `src/`.
const BEGINNING = "workshop/what_is_an_image.md";
const GUIDE = "workshop/teachers_guide.md";

// A document has the last stories of the learner. The browser gets all that are remembered.
const MOST_IN_DOCUMENT = 50;

const NO_WORKSHOP: NoLessons = {
  refusal: "This registry has no workshop. Start one with: deno task start --workshop",
  status: 404,
};

/** Returns the facts of `/lessons`. */
export async function factsOfLessons({ query }: PageAddress, context: PageContext): Promise<LessonsPageFacts> {
  const facts = await context.teller?.lessons(query.get("as"), "", askerOf(context)) ?? NO_WORKSHOP;
  if ("refusal" in facts) return facts;
  // The text begins with a heading, and stands below one already.
  const beginning = (await readOwnFile(BEGINNING) ?? "").replace(/^# .*\n+/, "");
  return { ...facts, beginning } as LessonsPageFacts;
}

/** Returns the facts of one lesson; `undefined` if there is none. */
export async function factsOfLesson(
  { rest, query }: PageAddress,
  context: PageContext,
): Promise<LessonPageFacts | NoLessons | undefined> {
  if (context.teller === undefined) return NO_WORKSHOP;
  const facts = await context.teller.lessons(query.get("as"), rest, askerOf(context));
  if (facts === undefined || !("lesson" in facts)) return facts as NoLessons | undefined;
  const { as } = facts;
  const stories = (await context.stories.recent()).filter((story) =>
    story.repository?.startsWith(`${as}/`) && maySeeStory(context, story)
  );
  const filter = filterOf(new URLSearchParams({ repository: `${as}/` }));
  const graph = await graphBelow(as, context);
  return { ...facts, live: { stories: stories.slice(-MOST_IN_DOCUMENT), filter }, graph };
}

/** Returns the facts of the graph of a learner's repositories: those of the whole registry that one may see, and that are the learner's. */
export async function graphBelow(as: string, context: PageContext): Promise<GraphFacts> {
  const maySee = (name: string) => name.startsWith(`${as}/`) && context.maySee(name);
  const address = { rest: "", query: new URLSearchParams() };
  const graph = await factsOfGraph(address, { disk: context.disk, maySee, maySeeAll: false });
  return { ...graph!, address: addressOfGraph("", { below: as }) };
}

/** Returns the facts of `/board`. */
export async function factsOfBoard(
  { rest }: PageAddress,
  context: PageContext,
): Promise<BoardFacts | NoLessons | undefined> {
  if (rest !== "") return undefined;
  return await context.teller?.board(askerOf(context)) ?? NO_WORKSHOP;
}

/** Returns the facts of `/samples`. */
export function factsOfSamples(
  { rest, query }: PageAddress,
  { teller, person }: PageContext,
): Promise<SamplesPageFacts | NoLessons | undefined> {
  if (rest !== "") return Promise.resolve(undefined);
  const to = query.get("to") || person?.user || "samples";
  return Promise.resolve(teller === undefined ? NO_WORKSHOP : { ...teller.samples(), to });
}

/** Returns the facts of `/guide`. */
export async function factsOfGuide({ rest }: PageAddress): Promise<GuideFacts | undefined> {
  const text = rest === "" ? await readOwnFile(GUIDE) : undefined;
  return text === undefined ? undefined : { file: `src/${GUIDE}`, text };
}

function askerOf({ origin, person, host, maySee }: PageContext): Asker {
  return { origin, user: person?.user, host, maySee };
}
