/**
 * Stories of threads: the page is opened in one thread, and the requests come to all of them.
 *
 *     thread 1                                   thread 2
 *     page opens   ── { is: "open" } ──────────▶ remembers stories, and tells nobody
 *                  ◀── { is: "all stories" } ──  what it remembers, once
 *                  ◀── { is: "new stories" } ──  from then on, the new ones
 *     page closes  ── { is: "closed" } ────────▶ tells nobody any more
 *
 * The threads speak through a `BroadcastChannel` with a name that only they know. While nobody looks, nothing is sent.
 *
 * Next: watched_folder.ts
 *
 * @module
 */

import { inTime } from "../waiting.ts";
import {
  KeptStories,
  MOST_STORIES,
  type NumberedStory,
  type RememberedStories,
  type StoriesOfOne,
} from "./remembered_stories.ts";

/** What the threads send each other. `from` is the name of a thread. */
export type ThreadMessage =
  | { readonly is: "open"; readonly from: string }
  | { readonly is: "closed"; readonly from: string }
  | { readonly is: "ready"; readonly from: string }
  | ToldByThread;

/** The stories that a thread tells. */
export interface ToldByThread {
  /** Whether they are the first ones that a listener gets. */
  readonly is: "all stories" | "new stories";
  /** The name of the thread. */
  readonly from: string;
  /** The stories, the oldest first. */
  readonly stories: readonly NumberedStory[];
  /** The number of the last story that the thread has told, or only counted. */
  readonly last: number;
}

// The most stories that a thread tells at once. If more come, the others get them later, or miss some.
const MOST_AT_ONCE = 100;

// After the work of telling, a thread rests for this many times its length. It has requests to answer.
const REST = 15;

// How long a page waits for the stories of the other threads, in milliseconds. What comes later is shown later.
const PATIENCE = 500;

// How long the others go on after the last page was closed, in milliseconds: a page that is loaded opens several times.
const LINGER = 5000;

/** The link of one thread to the others. */
export class StoriesOfThreads {
  readonly #own: RememberedStories;
  readonly #send: (message: ThreadMessage) => void;
  // The number of other threads.
  readonly #count: number;
  // Those who listen to this thread, and the last story that they have.
  readonly #listeners = new Set<string>();
  #told = 0;
  #restsUntil = 0;
  #stopTelling: (() => void) | undefined;
  // Those to whom this thread listens.
  #others = new Map<string, OtherThread>();
  #open = 0;
  #opened: Promise<unknown> | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #haveAnswered = Promise.withResolvers<void>();

  /** `send` sends a message to all other threads, and `count` is their number. */
  constructor(own: RememberedStories, send: (message: ThreadMessage) => void, count: number) {
    this.#own = own;
    this.#send = send;
    this.#count = count;
  }

  /** Lets the others tell their stories from now on. Is fulfilled when those are there that they remember. */
  async open(): Promise<void> {
    this.#open++;
    clearTimeout(this.#linger);
    if (this.#opened === undefined) {
      this.#send({ is: "open", from: this.#own.thread });
      this.#opened = inTime(this.#haveAnswered.promise, PATIENCE);
    }
    await this.#opened;
  }

  /** Lets the others tell no more, if nobody else listens. */
  close(): void {
    if (--this.#open > 0) return;
    this.#linger = setTimeout(() => {
      this.#send({ is: "closed", from: this.#own.thread });
      this.#others = new Map();
      this.#opened = undefined;
      this.#haveAnswered = Promise.withResolvers();
    }, LINGER);
    Deno.unrefTimer(this.#linger);
  }

  /** What is known of the others. */
  stories(): Iterable<StoriesOfOne> {
    return this.#others.values();
  }

  /** Takes a message of another thread. */
  receive(message: ThreadMessage): void {
    const { from } = message;
    if (message.is === "open") {
      this.#listeners.add(from);
      this.#told = 0;
      this.#tell("all stories", MOST_STORIES);
      this.#stopTelling ??= this.#own.listen(() => this.#tell("new stories", MOST_AT_ONCE));
    } else if (message.is === "closed") {
      this.#listeners.delete(from);
      if (this.#listeners.size > 0) return;
      this.#stopTelling?.();
      this.#stopTelling = undefined;
    } else if (message.is === "ready") {
      // A thread that has started late.
      if (this.#opened !== undefined) this.#send({ is: "open", from: this.#own.thread });
    } else if (this.#opened !== undefined) {
      // New ones that come before all others were meant for another thread.
      if (message.is === "all stories" && !this.#others.has(from)) this.#others.set(from, new OtherThread(from));
      this.#others.get(from)?.add(message);
      if (this.#others.size >= this.#count) this.#haveAnswered.resolve();
      this.#own.wake();
    }
  }

  #tell(is: "all stories" | "new stories", most: number): void {
    const begun = performance.now();
    if (is === "new stories" && begun < this.#restsUntil) return this.#own.wake();
    const stories = this.#own.since(this.#told, most);
    this.#told = stories.length < most ? this.#own.last : stories.at(-1)!.number;
    this.#send({ is, from: this.#own.thread, stories, last: this.#told });
    this.#restsUntil = performance.now() + REST * (performance.now() - begun);
    if (stories.length === most) this.#own.wake();
  }
}

// What is known of another thread.
class OtherThread implements StoriesOfOne {
  readonly thread: string;
  readonly #kept = new KeptStories();
  #last = 0;

  constructor(thread: string) {
    this.thread = thread;
  }

  get last(): number {
    return this.#last;
  }

  add({ stories, last }: ToldByThread): void {
    for (const { number, data } of stories) if (number > this.#last) this.#kept.add(number, data);
    this.#last = Math.max(this.#last, last);
  }

  since(number: number, most: number): readonly NumberedStory[] {
    return this.#kept.since(number, most);
  }
}
