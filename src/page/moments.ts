/**
 * Moments: the folder, its graph and the stories, as they were after a story.
 *
 *     GET /?at=0f9c5d3e8a1b-17        the moment after this story
 *     GET /?step=3                    the same, by the place of the story among those that are remembered
 *     GET /graph/?at=0f9c5d3e8a1b-17  only the graph of that moment
 *
 * Next: feed.ts
 *
 * @module
 */

import { HASHES } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { LongWork } from "../giving_way.ts";
import { contentFolder, sessionFile, tagFile } from "../store/layout.ts";
import { listContent, listFolders } from "../store/repositories.ts";
import { openStore, type Store } from "../store/store.ts";
import { listTags, resolveTag } from "../store/tags.ts";
import { listSessions } from "../store/uploads.ts";
import type { StoryData } from "../story.ts";
import type { PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { factsOfGraphThen } from "./graph.ts";
import type { GraphFacts } from "./graph_facts.ts";
import { filesAfter, type PastFile } from "./past.ts";
import { maySeeStory } from "./seeing.ts";

/** The facts of a moment. */
export interface MomentFacts {
  /** The story after which it was. */
  readonly story: StoryData;
  /** The place of the story among those that are remembered; the first one has the place 1. */
  readonly step: number;
  /** The stories until then, the oldest first. */
  readonly stories: readonly StoryData[];
  /** The files as they were. */
  readonly files: readonly PastFile[];
  /** True if the folder has more files than these. */
  readonly hasMore: boolean;
  /** The number of changes since then that the stories do not tell. */
  readonly untold: number;
  /** The graph as it was. */
  readonly graph: GraphFacts;
}

/** The stories through which somebody can go back. */
export interface TimeFacts {
  /** Their ids, the oldest first. */
  readonly ids: readonly string[];
  /** The time of the oldest one. */
  readonly since?: string;
  /** The moment that is shown; `undefined` if it is the present. */
  readonly moment?: MomentFacts;
  /** True if nobody remembers the moment that the address asks for. So the present is shown in its place. */
  readonly isForgotten: boolean;
}

// The most files of a moment.
const MOST_FILES = 5000;

/** Returns the stories through which somebody can go back, and the moment that an address asks for. */
export async function factsOfTime({ query }: Pick<PageAddress, "query">, context: PageContext): Promise<TimeFacts> {
  const stories = (await context.stories.recent()).filter((story) => maySeeStory(context, story));
  const ids = stories.map(({ id }) => id);
  const step = query.has("at") ? ids.indexOf(query.get("at")!) + 1 : Number(query.get("step") ?? 0);
  const isMoment = Number.isInteger(step) && step >= 1 && step <= ids.length;
  const isNow = !query.has("at") && step === ids.length;
  const moment = isMoment && !isNow ? await momentAt(stories, step, context) : undefined;
  const isForgotten = (query.has("at") || query.has("step")) && !isMoment;
  return { ids, since: stories[0]?.time, moment, isForgotten };
}

/** Returns the graph of the moment that an address asks for. Returns `undefined` if it asks for none that is remembered. */
export async function factsOfPastGraph(address: PageAddress, context: PageContext): Promise<GraphFacts | undefined> {
  return (await factsOfTime(address, context)).moment?.graph;
}

async function momentAt(stories: readonly StoryData[], step: number, context: PageContext): Promise<MomentFacts> {
  const now: PastFile[] = [];
  let hasMore = false;
  for await (const file of filesNow(context)) {
    hasMore = now.length === MOST_FILES;
    if (hasMore) break;
    now.push(file);
  }
  const files = filesAfter(now, stories, step - 1);
  const story = stories[step - 1];
  const graph = await factsOfGraphThen("", files, context);
  const untold = stories.slice(step).reduce((sum, { moreChanges = 0 }) => sum + moreChanges, 0);
  // The browser asks for the same graph again.
  const address = `/graph/?${new URLSearchParams({ at: story.id })}`;
  return { story, step, stories: stories.slice(0, step), files, hasMore, untold, graph: { ...graph, address } };
}

// Yields the files of all repositories that somebody may see.
async function* filesNow({ disk, maySee }: Pick<PageContext, "disk" | "maySee">): AsyncGenerator<PastFile> {
  const store = openStore({ disk, hashes: HASHES, sessionLifetime: Infinity });
  const work = new LongWork();
  for await (const name of listFolders(store)) {
    if (!maySee(name)) continue;
    for await (const file of filesOf(store, name)) {
      if (work.isLong()) await work.giveWay();
      yield file;
    }
  }
}

async function* filesOf(store: Store, name: Name): AsyncGenerator<PastFile> {
  const { disk } = store;
  const sized = (path: string) => ({ path, size: disk.look(path)?.size });
  for (const digest of await listContent(store, name)) {
    const folder = contentFolder(name, digest);
    for (const file of disk.list(folder)) if (!file.startsWith(".")) yield sized(`${folder}/${file}`);
  }
  for (const tag of await listTags(store, name)) {
    yield { ...sized(tagFile(name, tag)), digest: resolveTag(store, name, tag) };
  }
  for (const session of await listSessions(store, name)) yield sized(sessionFile(name, session));
}
