/**
 * The facts of one story.
 *
 *     GET /story/0f9c5d3e8a1b-17
 *     { story: { method: "PUT", url: "/v2/library/hello/manifests/latest", … }, why: "This is the last step of a push. …",
 *       curl: "curl -i -X PUT …", action: { title: "push of library/hello:latest by docker/26.1.5", stories: […] }, … }
 *
 * Only the last stories are remembered. Of an older one, this says that it was told, and since when stories are remembered.
 *
 * Next: as_curl.ts
 *
 * @module
 */

import { describeAction, sumOf } from "../stories/action_words.ts";
import { type Why, whyOf } from "../stories/why.ts";
import type { StoryData } from "../story.ts";
import type { PageAddress } from "./addresses.ts";
import { asCurl } from "./as_curl.ts";
import type { PageContext } from "./context.ts";
import { Feed } from "./feed.ts";
import { maySeeStory } from "./seeing.ts";

/** A story among others. */
export type StoryInBrief = Pick<StoryData, "id" | "method" | "url" | "status">;

/** The facts of one story. */
export interface StoryFacts {
  /** The story. */
  readonly story: StoryData;
  /** Why the client sent the request, and what the answer means for it. */
  readonly why: Why;
  /** The command that sends the request again. */
  readonly curl: string;
  /** The action that it belongs to. */
  readonly action: { readonly title: string; readonly sum: string; readonly stories: readonly StoryInBrief[] };
  /** The story before it, among those of all clients. */
  readonly before?: StoryInBrief;
  /** The story after it. */
  readonly after?: StoryInBrief;
}

/** The facts of a story that is not remembered. */
export interface ForgottenFacts {
  /** The status of the answer. */
  readonly status: 404;
  /** Its id. */
  readonly id: string;
  /** True if this registry has told it, as far as the id says. */
  readonly wasTold: boolean;
  /** The number of stories that are remembered. */
  readonly remembered: number;
  /** The time of the oldest story that is remembered. */
  readonly since?: string;
}

/** Returns the facts of a story, remembered or not. Returns `undefined` if the text is no id. */
export async function factsOfStory(
  { rest: id }: PageAddress,
  context: PageContext,
): Promise<StoryFacts | ForgottenFacts | undefined> {
  if (!/^[0-9a-f]+-[0-9]+$/.test(id)) return undefined;
  const stories = (await context.stories.recent()).filter((story) => maySeeStory(context, story));
  const at = stories.findIndex((story) => story.id === id);
  if (at < 0) return forgotten(id, stories);
  const story = stories[at];
  const { action, stories: others } = new Feed(stories).actions.find(({ stories }) => stories.includes(story))!;
  return {
    story,
    why: whyOf(story),
    curl: asCurl(story, context),
    action: { title: describeAction(action), sum: sumOf(action), stories: others.map(inBrief) },
    before: stories[at - 1] && inBrief(stories[at - 1]),
    after: stories[at + 1] && inBrief(stories[at + 1]),
  };
}

function inBrief({ id, method, url, status }: StoryData): StoryInBrief {
  return { id, method, url, status };
}

// The ids of one thread have the same beginning, and count up.
function forgotten(id: string, stories: readonly StoryData[]): ForgottenFacts {
  const [prefix, number] = partsOf(id);
  const wasTold = stories.some((story) => {
    const [other, last] = partsOf(story.id);
    return other === prefix && number >= 1 && number < last;
  });
  return { status: 404, id, wasTold, remembered: stories.length, since: stories[0]?.time };
}

function partsOf(id: string): readonly [prefix: string, number: number] {
  const end = id.lastIndexOf("-");
  return [id.slice(0, end), Number(id.slice(end + 1))];
}
