/**
 * The live stories in the browser: adds each one when it comes, to its action.
 *
 *     Stream ──▶ a queue ──▶ every tenth of a second: Feed, and some milliseconds of drawing ──▶ the rest in the next moment
 *
 * A fast client sends hundreds of requests in a second. So nothing is drawn when a story comes; what has come is drawn together, and
 * never for so long that a person notices it. A closed action has only its line, and its requests are drawn when somebody opens it.
 *
 * Next: time.ts
 *
 * @module
 */

import type { Change } from "../../disk/disk.ts";
import type { StoryData } from "../../story.ts";
import { Feed, type FeedAction, filtered, filterOf, MOST_IN_FEED, type StoryFilter } from "../feed.ts";
import { element, type Markup } from "../markup.ts";
import { actionView, MOST_SHOWN, nothingYet, outcomeView, storyView, summaryView } from "../views/live.ts";
import { changesView, clockOf } from "../views/story_parts.ts";
import { create, show } from "./showing.ts";
import type { Hearer } from "./stream.ts";

// The time between two drawings, and the longest one, in milliseconds.
const GATHER = 100;
const SLICE = 8;

// The newest actions are open.
const OPEN = 3;

// Something that has come, and its time.
interface Arrival {
  readonly time: string;
  readonly work: () => void;
}

// An action as it is drawn.
interface DrawnAction {
  readonly item: HTMLElement;
  readonly details: HTMLDetailsElement;
  readonly outcome: HTMLElement;
  readonly list: HTMLElement;
  /** The ids of the requests that are drawn. */
  drawn: number;
  first: string | undefined;
}

/** The part of the page with the live stories. */
export class LiveRegion implements Hearer {
  readonly #status: HTMLElement;
  // Until all stories from before are drawn, what the server has written stays, and nothing is read out.
  readonly #log: HTMLElement;
  readonly #written: HTMLElement;
  readonly #list: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #pause: HTMLButtonElement;
  #filter: StoryFilter;
  readonly #feed = new Feed();
  #waiting: Arrival[] = [];
  readonly #changed = new Map<string, FeedAction>();
  readonly #drawn = new Map<string, DrawnAction>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isPaused = false;
  #leftOut = 0;
  #leftOutNote: ChildNode | undefined;

  /** Takes the place of what the server has written. */
  constructor(section: HTMLElement) {
    this.#status = section.querySelector("[role=status]")!;
    this.#log = section.querySelector("[role=log]")!;
    this.#log.setAttribute("aria-live", "off");
    this.#written = section.querySelector("ol.actions")!;
    this.#list = this.#written.cloneNode() as HTMLElement;
    this.#empty = section.querySelector(".feed-empty")!;
    const form = section.querySelector("form")!;
    this.#filter = filterOf(new URLSearchParams(new FormData(form) as never));
    const [pause, lanes] = ["Pause", "Lanes"].map((text) => {
      const button = create(element("button", { type: "button", "aria-pressed": "false" }, text)) as HTMLButtonElement;
      return button;
    });
    form.prepend(pause, lanes);
    this.#pause = pause;
    pause.addEventListener("click", () => this.#hold(!this.#isPaused));
    lanes.addEventListener("click", () => this.#showLanes(lanes));
    form.addEventListener("input", () => this.#choose(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#choose(form);
    });
    setInterval(() => this.#becomeQuiet(), 1000);
  }

  onStory(story: StoryData): void {
    this.#add(() => this.#put(story), story.time);
  }

  onChanges(changes: readonly Change[], time: string): void {
    this.#add(() =>
      this.#note([
        element("span", { class: "kind" }, "Another program, or a person, has changed the folder"),
        " ",
        element("time", { datetime: time, class: "quiet" }, clockOf(time)),
        changesView(changes),
      ]), time);
  }

  onMissed(
    { stories, hasRestarted, changes = 0 }: {
      readonly stories: number;
      readonly hasRestarted: boolean;
      readonly changes?: number;
    },
  ): void {
    this.#add(() => {
      if (changes > 0) this.#note(`About ${changes} more changes of others in the folder are not shown.`);
      if (hasRestarted) this.#note("The registry has started again. What it told before is not remembered.");
      if (stories === 0) return;
      // When very many requests come, the same note counts them.
      this.#leftOut += stories;
      this.#leftOutNote?.remove();
      const sum = `${this.#leftOut} ${this.#leftOut === 1 ? "request is" : "requests are"}`;
      this.#leftOutNote = this.#note(
        `${sum} left out: more than can be shown in time, or than the registry remembers.`,
      );
    });
  }

  onState(text: string): void {
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }

  // Without a time, it belongs to what came before it.
  #add(work: () => void, time = this.#waiting.at(-1)?.time ?? ""): void {
    this.#waiting.push({ time, work });
    if (this.#isPaused) return this.#countWaiting();
    this.#timer ??= setTimeout(() => this.#work(), GATHER);
  }

  // Works for some milliseconds, and goes on a moment later if that was not enough.
  #work(): void {
    this.#timer = undefined;
    const end = performance.now() + SLICE;
    // Each thread of the registry tells its own stories. So the first request of an action may come after its second.
    this.#waiting.sort((one, other) => one.time < other.time ? -1 : one.time > other.time ? 1 : 0);
    let done = 0;
    while (done < this.#waiting.length && performance.now() < end) this.#waiting[done++].work();
    this.#waiting.splice(0, done);
    for (const [id, changed] of this.#changed) {
      if (performance.now() >= end) break;
      if (this.#draw(changed, end)) this.#changed.delete(id);
    }
    this.#empty.hidden = this.#list.children.length > 0;
    if (this.#waiting.length > 0 || this.#changed.size > 0) this.#timer = setTimeout(() => this.#work(), 0);
    else if (this.#written.isConnected) this.#begin();
  }

  // From now on, what comes is read out.
  #begin(): void {
    this.#written.replaceWith(this.#list);
    setTimeout(() => this.#log.removeAttribute("aria-live"), GATHER);
  }

  #put(story: StoryData): void {
    const change = this.#feed.add(story);
    if (change === undefined) return;
    this.#changed.set(change.changed.action.id, change.changed);
    for (const id of change.gone) {
      this.#changed.delete(id);
      this.#drawn.get(id)?.item.remove();
      this.#drawn.delete(id);
    }
  }

  // Draws what is new of an action. Returns true if that was all.
  #draw(whole: FeedAction, end: number): boolean {
    const action = filtered(whole, this.#filter);
    const { id } = action.action;
    if (action.stories.length === 0) return true;
    const drawn = this.#drawn.get(id) ?? this.#drawAction(whole);
    show(drawn.details.querySelector("summary")!, summaryView(action));
    if (!drawn.details.open) return true;
    show(drawn.outcome, outcomeView(action));
    // A part that has joined the action comes before what is drawn already.
    if (drawn.first !== action.stories[0]?.id && drawn.drawn > 0) {
      drawn.list.replaceChildren();
      drawn.drawn = 0;
    }
    drawn.first = action.stories[0]?.id;
    drawn.drawn = Math.max(drawn.drawn, action.stories.length - MOST_SHOWN);
    while (drawn.drawn < action.stories.length) {
      if (performance.now() >= end) return false;
      drawn.list.append(create(storyView(action.stories[drawn.drawn++], action) as never));
      if (drawn.list.children.length > MOST_SHOWN) drawn.list.firstElementChild!.remove();
    }
    return true;
  }

  #drawAction(action: FeedAction): DrawnAction {
    const item = create(actionView({ ...action, stories: [] }, true) as never) as HTMLElement;
    const details = item.querySelector("details")!;
    const [outcome, list] = [details.querySelector<HTMLElement>(".outcome")!, details.querySelector("ol")!];
    const drawn: DrawnAction = { item, details, outcome, list, drawn: 0, first: undefined };
    details.addEventListener("toggle", () => {
      if (!details.open) {
        drawn.list.replaceChildren();
        drawn.drawn = 0;
      } else if (drawn.drawn === 0) this.#redraw(action);
    });
    details.querySelector("summary")!.addEventListener("click", () => item.dataset.touched = "");
    this.#drawn.set(action.action.id, drawn);
    this.#list.prepend(item);
    // An older one closes, unless a person has opened or closed it.
    const older = [...this.#list.querySelectorAll<HTMLElement>(":scope > .action:not([data-touched])")][OPEN];
    older?.querySelector("details")?.removeAttribute("open");
    return drawn;
  }

  #redraw(action: FeedAction): void {
    this.#changed.set(action.action.id, action);
    this.#timer ??= setTimeout(() => this.#work(), 0);
  }

  #note(markup: Markup): ChildNode {
    const note = create(element("li", { class: "note" }, markup));
    this.#list.prepend(note);
    const notes = this.#list.querySelectorAll(":scope > .note");
    if (notes.length > MOST_NOTES) notes[notes.length - 1].remove();
    return note;
  }

  #becomeQuiet(): void {
    if (this.#isPaused) return;
    for (const action of this.#feed.becomeQuiet(Date.now())) this.#redraw(action);
  }

  #hold(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#pause.setAttribute("aria-pressed", String(isPaused));
    if (isPaused) return this.#countWaiting();
    this.#pause.textContent = "Pause";
    this.#timer ??= setTimeout(() => this.#work(), 0);
  }

  // What waits for a person who has paused is not kept for ever.
  #countWaiting(): void {
    if (this.#waiting.length > 2 * MOST_IN_FEED) this.#waiting.splice(0, MOST_IN_FEED);
    this.#pause.textContent = this.#waiting.length === 0 ? "Go on" : `Go on (${this.#waiting.length} new)`;
  }

  #showLanes(button: HTMLButtonElement): void {
    const hasLanes = this.#list.classList.toggle("lanes");
    button.setAttribute("aria-pressed", String(hasLanes));
  }

  // The address says what is shown, so that it can be passed on.
  #choose(form: HTMLFormElement): void {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value !== "") query.set(name, String(value));
    // Beside a lesson, the address is that of the lesson.
    if (location.pathname === "/") history.replaceState(null, "", query.size === 0 ? "/" : `/?${query}`);
    this.#filter = filterOf(query);
    this.#empty.textContent = nothingYet(this.#filter);
    this.#changed.clear();
    this.#drawn.clear();
    this.#list.replaceChildren();
    for (const action of this.#feed.actions.toReversed()) this.#changed.set(action.action.id, action);
    this.#timer ??= setTimeout(() => this.#work(), 0);
  }
}

// The most notes between the actions.
const MOST_NOTES = 50;
