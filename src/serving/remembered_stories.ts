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

// The most successful reads of one moment that are kept, and the length of a moment in milliseconds. A fast client asks for ten thousands
// in a second. To keep all of them would take time from it, and no other story would be remembered for long. So the others are only
// counted.
const MOST_READS = 200;
const MOMENT = 1000;

// The most changes and refusals of one moment that are kept while nobody listens; somebody who listens gets all of them. The push of an
// image with 60 layers has 300 requests.
const MOST_UNHEARD = 300;

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
  // Place 1,000 is place 0 again. A story keeps its number, and the numbers of those between that are only counted have no place.
  readonly #kept: (KeptStory | undefined)[] = [];
  readonly #numbers: number[] = [];
  // The places of the oldest story that is kept, and of the next one.
  #first = 0;
  #next = 0;
  // The number of the last story, kept or not.
  #last = 0;
  #changes = 0;
  #moment = 0;
  #reads = 0;
  #unheard = 0;
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

  /** Keeps a story that it wants. */
  readonly tell: StoryListener & Required<Pick<StoryListener, "wants">> = Object.assign(
    (story: Story) => this.#keep(story),
    {
      wants: (about: Pick<Story, "method" | "status" | "time">) => {
        const isWanted = !this.#isOneOfTooMany(about);
        // It has a number all the same, and so somebody who listens learns that one is missing.
        if (!isWanted) this.#last++;
        return isWanted;
      },
    },
  );

  #keep(story: Story): void {
    this.#last++;
    if (this.#next - this.#first === MOST_STORIES) this.#forgetOldest();
    const kept = story.changes.length > MOST_OF_ONE ? dataOf(story) : story;
    const place = this.#next++ % MOST_STORIES;
    [this.#kept[place], this.#numbers[place]] = [kept, this.#last];
    this.#changes += kept.changes.length;
    while (this.#changes > MOST_CHANGES && this.#next - this.#first > 1) this.#forgetOldest();
    if (this.#listening.size > 0) this.wake();
  }

  #isOneOfTooMany({ time, status, method }: Pick<Story, "method" | "status" | "time">): boolean {
    if (time - this.#moment >= MOMENT || time < this.#moment) {
      this.#moment = time;
      this.#reads = this.#unheard = 0;
    }
    const isSuccessfulRead = status < 400 && (method === "GET" || method === "HEAD");
    if (isSuccessfulRead) return ++this.#reads > MOST_READS;
    return this.#listening.size === 0 && ++this.#unheard > MOST_UNHEARD;
  }

  #forgetOldest(): void {
    const place = this.#first++ % MOST_STORIES;
    this.#changes -= this.#kept[place]?.changes.length ?? 0;
    this.#kept[place] = undefined;
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
    let at = this.#next;
    // Somebody who listens has nearly all of them.
    while (at > this.#first && this.#numbers[(at - 1) % MOST_STORIES] > number) at--;
    return Array.from(
      { length: Math.min(most, this.#next - at) },
      (_, index) => this.#dataAt((at + index) % MOST_STORIES),
    );
  }

  #dataAt(place: number): NumberedStory {
    const kept = this.#kept[place]!;
    const data = isData(kept) ? kept : dataOf(kept);
    this.#kept[place] = data;
    return { number: this.#numbers[place], data };
  }

  /** Returns the last stories of all threads, the oldest first; 1,000 at most. */
  async recent(): Promise<readonly StoryData[]> {
    const open = await this.open(() => {});
    try {
      return open.after("", Infinity).stories.slice(-MOST_STORIES);
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

function isData(kept: KeptStory): kept is StoryData {
  return "version" in kept;
}

// Takes from the threads in turn the story that is the oldest. So what is taken of each thread are its next ones.
function nextOf(threads: readonly StoriesOfOne[], mark: string, most: number): NextStories {
  const seen = parseMark(mark);
  const hasRestarted = seen.size > 0 && !threads.some(({ thread }) => seen.has(thread));
  if (hasRestarted) seen.clear();
  const queues = threads.map((one) => ({ thread: one.thread, at: 0, all: one.since(seen.get(one.thread) ?? 0, most) }));
  // What a thread forgot before the client knew that thread does not count as missed.
  for (const { thread, all } of queues) if (!seen.has(thread)) seen.set(thread, (all[0]?.number ?? 1) - 1);
  const stories: StoryData[] = [];
  let missed = 0;
  while (stories.length < most) {
    const waiting = queues.filter(({ at, all }) => at < all.length);
    if (waiting.length === 0) break;
    const queue = waiting.reduce((a, b) => b.all[b.at].data.time < a.all[a.at].data.time ? b : a);
    const { number, data } = queue.all[queue.at++];
    missed += number - 1 - seen.get(queue.thread)!;
    seen.set(queue.thread, number);
    stories.push(data);
  }
  return { stories, mark: [...seen].map((part) => part.join(".")).join(" "), missed, hasRestarted };
}

// A text that is no mark is that of somebody who has seen nothing.
function parseMark(mark: string): Map<string, number> {
  if (!/^(?:[0-9a-f]{6}\.[0-9]{1,15}(?: |$)){1,64}$/.test(mark)) return new Map();
  return new Map(mark.trim().split(" ").map((part) => [part.slice(0, 6), Number(part.slice(7))]));
}
