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

/** The facts of `/`. */
export interface HomeFacts {
  /** The folder of the registry; `undefined` if it is in memory. */
  readonly root?: string;
  /** The last stories, the newest first. */
  readonly stories: readonly StoryData[];
}

/** Returns the facts of `/`. */
export async function factsOfHome(_address: PageAddress, { root, stories }: PageContext): Promise<HomeFacts> {
  return { root, stories: (await stories.recent()).toReversed() };
}
