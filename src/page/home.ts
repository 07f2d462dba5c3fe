/**
 * The facts of `/`: what has happened, and what is there.
 *
 *     { live: { stories: [{ method: "PUT", url: "/v2/library/hello/manifests/latest", … }], … }, root: "testdata", … }
 *
 * Next: past.ts
 *
 * @module
 */

import type { PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { filterOf, isEmpty } from "./feed.ts";
import { factsOfGraph } from "./graph.ts";
import type { GraphFacts } from "./graph_facts.ts";
import { factsOfTime, type TimeFacts } from "./moments.ts";
import { maySeeStory } from "./seeing.ts";
import type { LiveFacts } from "./views/live.ts";

/** The facts of `/`. */
export interface HomeFacts {
  /** The folder of the registry; `undefined` if it is in memory. */
  readonly root?: string;
  /** What has happened. */
  readonly live: LiveFacts;
  /** The graph of the whole registry. */
  readonly graph: GraphFacts;
  /** The way back, and the moment that is shown. */
  readonly time: TimeFacts;
}

// A document has the last ones. The browser gets all that are remembered, and so does a filter.
const MOST_IN_DOCUMENT = 200;

/** Returns the facts of `/`. */
export async function factsOfHome({ query }: PageAddress, context: PageContext): Promise<HomeFacts> {
  const time = await factsOfTime({ query }, context);
  const graph = time.moment?.graph ?? await factsOfGraph({ rest: "", query: new URLSearchParams() }, context);
  const stories = time.moment?.stories ??
    (await context.stories.recent()).filter((story) => maySeeStory(context, story));
  const filter = filterOf(query);
  const live = { stories: isEmpty(filter) ? stories.slice(-MOST_IN_DOCUMENT) : stories, filter };
  return { root: context.root, live, graph: graph!, time };
}
