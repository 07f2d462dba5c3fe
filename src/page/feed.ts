/**
 * The feed: stories as they came, joined to actions, and a filter for them.
 *
 *     stories ──▶ Feed ──▶ push of library/hello:latest by docker/26.1.5        lane 1
 *                          pull of library/hello:latest by skopeo/1.9.3         lane 2
 *
 * The server makes one for a document, and the browser goes on with one of its own, story by story. Each client has a lane.
 *
 * Next: stories.ts
 *
 * @module
 */

import type { Action } from "../stories/action.ts";
import { Actions } from "../stories/actions.ts";
import { clientOf } from "../stories/doing.ts";
import type { StoryData } from "../story.ts";

/** The most stories that a feed has. */
export const MOST_IN_FEED = 1000;

/** The number of lanes. If there are more clients, some share one. */
export const LANES = 6;

/** An action with its stories. */
export interface FeedAction {
  /** The action. */
  readonly action: Action;
  /** Its stories that are still remembered, the oldest first. */
  readonly stories: readonly StoryData[];
  /** The number of the client's lane, from 0 on. */
  readonly lane: number;
  /** The number of its stories that a filter holds back; absent without a filter. */
  readonly hidden?: number;
}

/** What the addition of a story has changed. */
export interface FeedChange {
  /** The action that has the story now. */
  readonly changed: FeedAction;
  /** The ids of the actions that are no more: they are parts of another one, or too old. */
  readonly gone: readonly string[];
}

/** The last stories, joined to actions. */
export class Feed {
  readonly #joining = new Actions();
  readonly #actions = new Map<string, { action: Action; stories: StoryData[]; lane: number }>();
  readonly #known = new Set<string>();
  readonly #lanes = new Map<string, number>();

  /** Adds stories, the oldest first. */
  constructor(stories: Iterable<StoryData> = []) {
    for (const story of stories) this.add(story);
  }

  /** The actions, the newest first. */
  get actions(): readonly FeedAction[] {
    return [...this.#actions.values()].reverse();
  }

  /** Adds the next story. Returns `undefined` if it is there already. */
  add(story: StoryData): FeedChange | undefined {
    if (this.#known.has(story.id)) return undefined;
    this.#known.add(story.id);
    const { action, joined } = this.#joining.add(story);
    const known = this.#actions.get(action.id);
    const changed = known ?? { action, stories: [], lane: this.#laneOf(story) };
    if (known === undefined) this.#actions.set(action.id, changed);
    const gone: string[] = [];
    if (joined !== undefined) {
      changed.stories.push(...this.#actions.get(joined.id)?.stories ?? []);
      if (this.#actions.delete(joined.id)) gone.push(joined.id);
    }
    changed.stories.push(story);
    // The oldest action goes as a whole. If there is only one, its oldest stories go.
    while (this.#known.size > MOST_IN_FEED) {
      const [[id, oldest]] = this.#actions;
      const leaving = oldest === changed ? oldest.stories.splice(0, 1) : oldest.stories;
      for (const { id } of leaving) this.#known.delete(id);
      if (oldest === changed) continue;
      this.#actions.delete(id);
      gone.push(id);
    }
    return { changed, gone };
  }

  /** Returns the actions that have ended because no more came. `now` is the time in milliseconds since 1970. */
  becomeQuiet(now: number): readonly FeedAction[] {
    return this.#joining.becomeQuiet(now).map(({ id }) => this.#actions.get(id)).filter((action) =>
      action !== undefined
    );
  }

  #laneOf(story: StoryData): number {
    const client = clientOf(story);
    const lane = this.#lanes.get(client) ?? this.#lanes.size % LANES;
    this.#lanes.set(client, lane);
    return lane;
  }
}

/** A filter of stories: what each of them has. An empty text fits everything. */
export interface StoryFilter {
  /** A text in its URL, its client, its refusal, or the paths that it has changed. */
  readonly text: string;
  /** Its method. */
  readonly method: string;
  /** Its status, or the beginning of it: `4` stands for 404 as well. */
  readonly status: string;
  /** A part of the name of its repository. */
  readonly repository: string;
  /** A part of the client's name or address. */
  readonly client: string;
}

const FIELDS = ["text", "method", "status", "repository", "client"] as const;

/** Reads a filter from the query of an address. */
export function filterOf(query: URLSearchParams): StoryFilter {
  return Object.fromEntries(
    FIELDS.map((name) => [name, (query.get(name) ?? "").trim().slice(0, 300)]),
  ) as unknown as StoryFilter;
}

/** Returns true if a filter lets everything through. */
export function isEmpty(filter: StoryFilter): boolean {
  return FIELDS.every((name) => filter[name] === "");
}

/**
 * Returns true if a filter lets a story through.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const story = { version: 1, id: "a-1", time: "", method: "GET", url: "/v2/app/tags/list", milliseconds: 0, bytesIn: 0, changes: [] } as const;
 * const filter = filterOf(new URLSearchParams("text=APP&status=4"));
 * assertEquals([passes({ ...story, status: 404 }, filter), passes({ ...story, status: 200 }, filter)], [true, false]);
 * ```
 */
export function passes(story: StoryData, { text, method, status, repository, client }: StoryFilter): boolean {
  const has = (part: string, ...texts: readonly (string | undefined)[]) =>
    part === "" || texts.some((whole) => whole?.toLowerCase().includes(part.toLowerCase()));
  const { peer, userAgent, refusal } = story;
  return (method === "" || story.method === method.toUpperCase()) &&
    (status === "" || String(story.status).startsWith(status.replace(/x+$/i, ""))) &&
    has(repository, story.repository) && has(client, userAgent, peer?.host) &&
    has(text, story.url, decodeColons(story.url), userAgent, refusal?.code, ...story.changes.map(({ path }) => path));
}

/**
 * Returns an action with just those of its stories that a filter lets through. What the action is stays the same: it comes from all of
 * its stories.
 */
export function filtered(action: FeedAction, filter: StoryFilter): FeedAction {
  if (isEmpty(filter)) return action;
  const stories = action.stories.filter((story) => passes(story, filter));
  return { ...action, stories, hidden: action.stories.length - stories.length };
}

function decodeColons(url: string): string {
  return url.replace(/%3A/gi, ":");
}
