/**
 * The stream in the browser: hears what happens, from one connection, for all parts of the page.
 *
 *     /live ──▶ Stream ──▶ stories, changes of others, what was missed, and whether the registry answers
 *
 * A browser opens only a few connections to one registry, and each open tab has one of them. So a tab that nobody sees closes its own,
 * and goes on where it was when somebody looks at it again.
 *
 * Next: live.ts
 *
 * @module
 */

import type { Change } from "../../disk/disk.ts";
import type { StoryData } from "../../story.ts";

/** A part of the page that wants to hear what happens. It leaves out what it does not need. */
export interface Hearer {
  /** A story was told. */
  onStory?(story: StoryData): void;
  /** Other programs or people have changed the folder. */
  onChanges?(changes: readonly Change[], time: string): void;
  /** This many stories are forgotten, or the registry has started again. */
  onMissed?(missed: { readonly stories: number; readonly hasRestarted: boolean; readonly changes?: number }): void;
  /** The registry answers again, or not any more. `text` says it to a person; it is empty if all is well. */
  onState?(text: string): void;
}

// The time until the next try, if the registry has refused to tell more, in milliseconds.
const AGAIN = 3000;

// A tab that is hidden for less than this keeps its connection.
const HIDDEN = 10_000;

/** The connection to `/live`. */
export class Stream {
  readonly #hearers: readonly Hearer[];
  #mark: string;
  #source: EventSource | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** Begins behind a mark. The empty one stands for all stories that are remembered, and `now` for those that come. */
  constructor(mark: string, hearers: readonly Hearer[]) {
    this.#mark = mark;
    this.#hearers = hearers;
    document.addEventListener("visibilitychange", () => this.#look());
    // A page that is shown again after the button "back" has lost its connection.
    addEventListener("pageshow", ({ persisted }) => persisted && this.#open());
    this.#open();
  }

  #look(): void {
    clearTimeout(this.#again);
    if (!document.hidden) {
      if (this.#source === undefined || this.#source.readyState === EventSource.CLOSED) this.#open();
    } else this.#again = setTimeout(() => this.#close(), HIDDEN);
  }

  #close(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  #open(): void {
    this.#close();
    const source = new EventSource(`/live?${new URLSearchParams({ after: this.#mark })}`);
    this.#source = source;
    const on = (event: string, hear: (data: never) => void) =>
      source.addEventListener(event, ({ data, lastEventId }) => {
        if (lastEventId !== "") this.#mark = lastEventId;
        hear(JSON.parse(data) as never);
      });
    on("story", (story: StoryData) => this.#hearers.forEach((hearer) => hearer.onStory?.(story)));
    on(
      "changes",
      ({ changes, time }: { changes: Change[]; time: string }) =>
        this.#hearers.forEach((hearer) => hearer.onChanges?.(changes, time)),
    );
    on(
      "missed",
      (missed: { stories: number; hasRestarted: boolean; changes?: number }) =>
        this.#hearers.forEach((hearer) => hearer.onMissed?.(missed)),
    );
    on(
      "blind",
      ({ reason }: { reason: string }) => {
        if (reason !== "") return this.#say(`What others change in the folder cannot be seen: ${reason}`);
        this.#say("");
        // Something may have changed meanwhile.
        for (const hearer of this.#hearers) hearer.onMissed?.({ stories: 0, hasRestarted: false });
      },
    );
    on("end", () => this.#say("The registry has stopped. This page goes on when it is back."));
    source.onopen = () => this.#say("");
    source.onerror = () => {
      this.#say("The registry does not answer. This page goes on when it is back.");
      // The browser tries again by itself, but not after a refusal.
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(this.#again);
      this.#again = setTimeout(() => this.#open(), AGAIN);
    };
  }

  #say(text: string): void {
    for (const hearer of this.#hearers) hearer.onState?.(text);
  }
}
