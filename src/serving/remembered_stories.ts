/**
 * Remembered stories: the last ones of a registry, for somebody who looks later.
 *
 *     tell(story) ──▶ 1 2 3 … 1,000 ──▶ 2 3 4 … 1,001      the oldest one goes
 *                            │
 *     a page ◀── after(mark) ┘      the stories behind a mark, and the next mark: "f3a9c1.1001"
 *
 * A mark says how many stories of each thread somebody has seen. So a page that was away for a while gets exactly what it has missed,
 * from any thread, and learns how many stories nobody remembers any more.
 *
 * Anybody can send very many reads and bad requests. They never drive away the last 500 stories that have changed something. A client
 * that may push can still send more changes than are remembered here. The log has all stories.
 *
 * Most registries are never looked at. So a story is kept as it is, and becomes data only when somebody asks for it.
 *
 * Next: stories_of_threads.ts
 *
 * @module
 */

import type { NextStories, OpenStories, Stories } from "../page/context.ts";
import type { StoryListener } from "../stories/told_story.ts";
import { dataOf, type Story, type StoryData } from "../story.ts";

/** The most stories of one thread that are remembered. */
export const MOST_STORIES = 1000;

// The most changes of all these stories together. The delete of one manifest can have 100,000.
const MOST_CHANGES = 20_000;

// The most changes of a story that is kept as it is. Of a longer one only its data are kept, which have fewer.
const MOST_OF_ONE = 1000;

// The most stories of one kind in a moment that are kept, and the length of a moment in milliseconds. A fast client asks for ten thousands
// in a second. To keep all of them would take time from it, and no other story would be remembered for long. So the others are only
// counted. Each kind is counted for itself: many refusals do not hide a change. Somebody who listens gets all changes and refusals. The
// push of an image with 100 layers has about 300 changes.
const MOST_IN_MOMENT = { read: 200, refusal: 300, change: 300 };
const MOMENT = 1000;

// The time from the first new story until those who listen are woken, in milliseconds. What comes meanwhile comes with it.
const GATHER = 100;

/** A story with its number in its thread. The first one has the number 1. */
export interface NumberedStory {
  /** Its number. */
  readonly number: number;
  /** The story. */
  readonly data: StoryData;
}

/** The remembered stories of one thread. */
export interface StoriesOfOne {
  /** The name of the thread, which no other one has. */
  readonly thread: string;
  /** The number of its last story, remembered or not. */
  readonly last: number;
  /** Returns those with higher numbers, the oldest first; `most` at most. */
  since(number: number, most: number): readonly NumberedStory[];
}

/** The stories of the other threads of a registry. */
export interface OtherThreads {
  /** Lets them tell their stories from now on. Is fulfilled when those are there that they remember. */
  open(): Promise<void>;
  /** Lets them tell no more. */
  close(): void;
  /** What is known of them. */
  stories(): Iterable<StoriesOfOne>;
}

// A story that nobody has asked for yet, or its data.
type KeptStory = Story | StoryData;

// What decides about a story before it is made.
type About = Pick<Story, "method" | "status" | "time">;

function kindOf({ method, status }: Pick<About, "method" | "status">): keyof typeof MOST_IN_MOMENT {
  if (status >= 400) return "refusal";
  return method === "GET" || method === "HEAD" ? "read" : "change";
}

// A story with its number.
interface Numbered {
  readonly number: number;
  story: KeptStory;
}

/** The last 1,000 stories of one thread. The last 500 that have changed something are among them, if there are so many. */
export class KeptStories {
  readonly #changes: Numbered[] = [];
  readonly #others: Numbered[] = [];
  // The number of changes in all these stories.
  #size = 0;

  /** Adds a story. Its number is higher than those before. */
  add(number: number, story: KeptStory): void {
    const isChange = kindOf(story) === "change";
    const [own, other] = isChange ? [this.#changes, this.#others] : [this.#others, this.#changes];
    if (own.length + other.length === MOST_STORIES) this.#forgetOldest(other.length > own.length ? other : own);
    own.push({ number, story: story.changes.length > MOST_OF_ONE ? toData(story) : story });
    this.#size += own.at(-1)!.story.changes.length;
    while (this.#size > MOST_CHANGES && own.length > 1) this.#forgetOldest(own);
  }

  #forgetOldest(row: Numbered[]): void {
    this.#size -= row.shift()!.story.changes.length;
  }

  /** Returns those with higher numbers, the oldest first; `most` at most. */
  since(number: number, most: number): NumberedStory[] {
    const stories = [this.#changes, this.#others].flatMap((row) =>
      row.slice(1 + row.findLastIndex((one) => one.number <= number))
    );
    return stories.sort((a, b) => a.number - b.number).slice(0, most).map((one) => {
      const data = one.story = toData(one.story);
      return { number: one.number, data };
    });
  }
}

/**
 * The last stories of a registry. It is told each of them, and tells those who listen.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryDisk } from "../disk/memory_disk.ts";
 * import { createRegistry } from "../registry.ts";
 *
 * const stories = new RememberedStories();
 * const registry = createRegistry({ disk: memoryDisk(), onStory: stories.tell });
 * await registry(new Request("http://localhost/v2/"));
 *
 * assertEquals((await stories.recent()).map(({ url }) => url), ["/v2/"]);
 * ```
 */
export class RememberedStories implements Stories, StoriesOfOne {
  /** The name of this thread. */
  readonly thread: string = crypto.randomUUID().slice(0, 6);
  readonly #others: OtherThreads | undefined;
  readonly #kept = new KeptStories();
  #last = 0;
  #moment = 0;
  #inMoment = { read: 0, refusal: 0, change: 0 };
  readonly #listening = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #end = new AbortController();

  /** `others` are the other threads, if there are some. */
  constructor(others?: OtherThreads) {
    this.#others = others;
  }

  /** Is aborted when the registry ends. Then nobody tells more. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** The number of the last story, kept or not. */
  get last(): number {
    return this.#last;
  }

  /** Keeps a story that it wants. */
  readonly tell: StoryListener & Required<Pick<StoryListener, "wants">> = Object.assign(
    (story: Story) => {
      this.#kept.add(this.#count(), story);
    },
    {
      wants: (about: About) => {
        const isWanted = !this.#isOneOfTooMany(about);
        // It has a number all the same, and so somebody who listens learns that one is missing.
        if (!isWanted) this.#count();
        return isWanted;
      },
    },
  );

  #count(): number {
    if (this.#listening.size > 0) this.wake();
    return ++this.#last;
  }

  #isOneOfTooMany(about: About): boolean {
    const { time } = about;
    if (time - this.#moment >= MOMENT || time < this.#moment) {
      this.#moment = time;
      this.#inMoment = { read: 0, refusal: 0, change: 0 };
    }
    const kind = kindOf(about);
    const isTooMuch = ++this.#inMoment[kind] > MOST_IN_MOMENT[kind];
    return isTooMuch && (kind === "read" || this.#listening.size === 0);
  }

  /** Wakes those who listen, soon. */
  wake(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const wake of [...this.#listening]) wake();
    }, GATHER);
  }

  /** Returns the stories of this thread with higher numbers, the oldest first; `most` at most. */
  since(number: number, most: number): readonly NumberedStory[] {
    return this.#kept.since(number, most);
  }

  /** Returns the last stories of all threads, the oldest first; 1,000 at most. */
  async recent(): Promise<readonly StoryData[]> {
    const open = await this.open(() => {});
    try {
      const { stories } = open.after("", Infinity);
      if (stories.length <= MOST_STORIES) return stories;
      const kept = new KeptStories();
      for (const [number, story] of stories.entries()) kept.add(number, story);
      return kept.since(-1, Infinity).map(({ data }) => data);
    } finally {
      open.close();
    }
  }

  /** Calls `wake` when this thread has something new, until somebody calls what this returns. */
  listen(wake: () => void): () => boolean {
    this.#listening.add(wake);
    return () => this.#listening.delete(wake);
  }

  /** Calls `wake` when any thread has something new, until somebody closes what this returns. */
  async open(wake: () => void): Promise<OpenStories> {
    const stop = this.listen(wake);
    await this.#others?.open();
    return {
      after: (mark, most) => nextOf([this, ...this.#others?.stories() ?? []], mark, most),
      close: () => {
        if (stop()) this.#others?.close();
      },
    };
  }

  /** Ends what is told. */
  close(): void {
    clearTimeout(this.#timer);
    this.#end.abort();
  }
}

function toData(story: KeptStory): StoryData {
  return "version" in story ? story : dataOf(story);
}

// Takes from the threads in turn the story that is the oldest. So what is taken of each thread are its next ones.
function nextOf(threads: readonly StoriesOfOne[], mark: string, most: number): NextStories {
  const seen = parseMark(mark);
  const hasRestarted = seen.size > 0 && !threads.some(({ thread }) => seen.has(thread));
  if (hasRestarted) seen.clear();
  const queues = threads.map((one) => ({ one, at: 0, all: one.since(seen.get(one.thread) ?? 0, most) }));
  // What a thread forgot before the client knew that thread does not count as missed.
  for (const { one, all } of queues) if (!seen.has(one.thread)) seen.set(one.thread, (all[0]?.number ?? 1) - 1);
  const stories: StoryData[] = [];
  let missed = 0;
  while (stories.length < most) {
    const waiting = queues.filter(({ at, all }) => at < all.length);
    if (waiting.length === 0) break;
    const queue = waiting.reduce((a, b) => b.all[b.at].data.time < a.all[a.at].data.time ? b : a);
    const { thread } = queue.one;
    const { number, data } = queue.all[queue.at++];
    missed += number - 1 - seen.get(thread)!;
    seen.set(thread, number);
    stories.push(data);
  }
  // Of a thread that has told all it remembers, the rest was only counted.
  for (const { one, at, all } of queues) {
    if (at < all.length || all.length === most) continue;
    missed += one.last - seen.get(one.thread)!;
    seen.set(one.thread, one.last);
  }
  return { stories, mark: [...seen].map((part) => part.join(".")).join(" "), missed, hasRestarted };
}

// A text that is no mark is that of somebody who has seen nothing.
function parseMark(mark: string): Map<string, number> {
  if (!/^(?:[0-9a-f]{6}\.[0-9]{1,15}(?: |$)){1,64}$/.test(mark)) return new Map();
  return new Map(mark.trim().split(" ").map((part) => [part.slice(0, 6), Number(part.slice(7))]));
}
