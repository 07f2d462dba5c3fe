/**
 * Panels: what the page can show. Each one has facts, a title, and a view.
 *
 *     GET /rule/PUSH-CHUNK-10
 *       facts    { rule: { id: "PUSH-CHUNK-10", keyword: "MUST", … }, heading: …, stories: […] }
 *         ├─▶ Accept: application/json      these facts
 *         └─▶ Accept: text/html             view(facts), in a document with title(facts)
 *
 * Facts are plain data. A view is a pure function in `views/`, in a file with the name of the panel: the browser loads the same file,
 * fetches the same facts again when something has changed, and shows them in the same way.
 *
 * Next: lessons.ts
 *
 * @module
 */

import type { Kind, PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { factsOfDiff } from "./differences.ts";
import { factsOfGraph } from "./graph.ts";
import { factsOfHome } from "./home.ts";
import { factsOfPath } from "./looked.ts";
import type { Markup } from "./markup.ts";
import { factsOfPastGraph } from "./moments.ts";
import { nearPath, nothingAt, type NothingFacts } from "./missing.ts";
import { factsOfBoard, factsOfGuide, factsOfLesson, factsOfLessons, factsOfSamples, graphBelow } from "./lessons.ts";
import { factsOfRule } from "./rules.ts";
import { factsOfSource } from "./sources.ts";
import { factsOfStory } from "./stories.ts";
import * as at from "./views/at.ts";
import * as diff from "./views/diff.ts";
import * as graph from "./views/graph.ts";
import * as home from "./views/home.ts";
import * as board from "./views/board.ts";
import * as guide from "./views/guide.ts";
import * as lesson from "./views/lesson.ts";
import * as lessons from "./views/lessons.ts";
import * as missingView from "./views/missing.ts";
import * as samples from "./views/samples.ts";
import * as rule from "./views/rule.ts";
import * as source from "./views/source.ts";
import * as story from "./views/story.ts";

/** What an address shows. */
export interface Shown {
  /** The name of the panel, which is that of its view in `views/`. */
  readonly panel: string;
  /** Its facts: plain data. */
  readonly facts: unknown;
  /** The status of the answer. */
  readonly status: number;
  /** The title. */
  readonly title: string;
  /** What is to be seen. */
  readonly markup: Markup;
}

// A panel: the type of its facts is known only inside of its row.
interface Panel<Facts> {
  readonly name: string;
  readonly facts: (address: PageAddress, context: PageContext) => Promise<Facts | undefined>;
  readonly view: { titleOf(facts: Facts): string; view(facts: Facts): Markup };
}

function panel<Facts>(
  name: string,
  facts: Panel<Facts>["facts"],
  view: Panel<Facts>["view"],
): (address: PageAddress, context: PageContext) => Promise<Shown | undefined> {
  return async (address, context) => {
    const found = await facts(address, context);
    if (found === undefined) return undefined;
    return { panel: name, facts: found, status: statusOf(found), title: view.titleOf(found), markup: view.view(found) };
  };
}

// Facts about what is not there say so themselves.
function statusOf(facts: unknown): number {
  return (facts as { readonly status?: number }).status ?? 200;
}

const LESSONS = panel("lessons", factsOfLessons, lessons);
const LESSON = panel("lesson", factsOfLesson, lesson);

const PANELS: Partial<Record<Kind, ReturnType<typeof panel>>> = {
  home: panel("home", factsOfHome, home),
  at: panel("at", factsOfPath, at),
  diff: panel("diff", factsOfDiff, diff),
  graph: panel(
    "graph",
    (address, context) => {
      const below = address.query.get("below");
      if (below !== null) return graphBelow(below, context);
      return address.query.has("at") ? factsOfPastGraph(address, context) : factsOfGraph(address, context);
    },
    graph,
  ),
  story: panel("story", factsOfStory, story),
  rule: panel("rule", factsOfRule, rule),
  source: panel("source", factsOfSource, source),
  lessons: (address, context) => (address.rest === "" ? LESSONS : LESSON)(address, context),
  board: panel("board", factsOfBoard, board),
  samples: panel("samples", factsOfSamples, samples),
  guide: panel("guide", factsOfGuide, guide),
};

/** Returns what an address shows: a panel, or that it is not there and what is nearby. */
export async function shownAt(address: PageAddress, context: PageContext): Promise<Shown> {
  const shown = await PANELS[address.kind]?.(address, context);
  return shown ?? nothing(await nothingAt(address, context));
}

/** Returns what a path shows that is no address of the page. */
export async function shownNowhere(pathname: string, context: PageContext): Promise<Shown> {
  return nothing(await nearPath(pathname, context));
}

function nothing(facts: NothingFacts): Shown {
  return {
    panel: "missing",
    facts,
    status: facts.status,
    title: missingView.titleOf(facts),
    markup: missingView.view(facts),
  };
}
