/**
 * The facts of `/`: what has happened, and what is there.
 *
 *     { stories: [{ method: "PUT", url: "/v2/library/hello/manifests/latest", … }], root: "testdata", … }
 *
 * Next: views/home.ts
 *
 * @module
 */

import type { StoryData } from "../story.ts";
import type { PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { factsOfGraph, type GraphFacts } from "./graph.ts";

/** The facts of `/`. */
export interface HomeFacts {
  /** The folder of the registry; `undefined` if it is in memory. */
  readonly root?: string;
  /** The last stories, the newest first. */
  readonly stories: readonly StoryData[];
  /** The graph of the whole registry. */
  readonly graph: GraphFacts;
}

/** Returns the facts of `/`. */
export async function factsOfHome(_address: PageAddress, context: PageContext): Promise<HomeFacts> {
  const graph = await factsOfGraph({ rest: "", query: new URLSearchParams() }, context);
  return { root: context.root, stories: (await context.stories.recent()).toReversed(), graph: graph! };
}
