/**
 * Registers: what each URL may show, as far as anybody can know it from outside.
 *
 * A register is one URL of the registry, and its value is the digest of what is behind it: `undefined` if nothing is. Many
 * clients change it at the same time, so a request is an event with a beginning and an end, and it has its effect at some
 * moment in between.
 *
 *     time         1     2     3     4     5     6     7     8     9
 *     PUT tag → a  ├───────────┤                                        201: certain
 *     PUT tag → b                    ├─────────────────────┤           201: certain
 *     PUT tag → c                          ├──────────?                killed: it may have happened
 *     GET tag                                                    ├──┤   b or c, but not a
 *
 * Event `a` ended before `b` began, and `b` has an answer. So `b` is over `a`: who begins to look after the end of `b`
 * does not see `a`. Nothing is over `c`, because `b` and `c` overlap. What a client has seen is an event as well: a look
 * that shows `b` changes as much as a write of `b` where `b` was already, so it is over everything that ended before it.
 *
 * @module
 */

import { assert } from "@std/assert";

/** The digest of what is behind a URL. */
export type Value = string | undefined;

/** Counts the moments: each call is later than the one before. */
export class Clock {
  #now = 0;

  /** Returns the next moment. */
  tick(): number {
    return ++this.#now;
  }
}

/** Something that gave a register a value, or perhaps did. */
export interface Event {
  readonly value: Value;
  /** The request, for people. */
  readonly by: string;
  readonly begin: number;
  /** The moment after which it has no effect any more; Infinity while it is under way. */
  end: number;
  /** Whether it has happened, as far as anybody knows. */
  state: "under way" | "done" | "perhaps" | "withdrawn" | "seen";
  /** The moment from which on nobody can see it, because another event is over it. */
  over: number;
}

/** One URL of the registry, and what may be behind it. */
export class Register {
  readonly #events: Event[];

  /** `changed` is called after each change of what is known. */
  constructor(readonly url: string, private readonly clock: Clock, private readonly changed: () => void) {
    this.#events = [{ value: undefined, by: "nothing yet", begin: 0, end: 0, state: "seen", over: Infinity }];
  }

  /** Returns all values that somebody who began to look at this moment may have seen until now. */
  possible(since: number = Infinity, except?: Event): Set<Value> {
    const visible = this.#events.filter((event) => event !== except && event.over >= since);
    return new Set(visible.map(({ value }) => value));
  }

  /** Returns true if the register has this value now, whatever is under way. `except` does not count. */
  isSurely(value: Value, except?: Event): boolean {
    const possible = this.possible(Infinity, except);
    return possible.size === 1 && possible.has(value);
  }

  /** A request begins that would give it this value. */
  begin(value: Value, by: string): Event {
    const event = this.#add(value, by, this.clock.tick());
    this.changed();
    return event;
  }

  #add(value: Value, by: string, begin: number): Event {
    const event: Event = { value, by, begin, end: Infinity, state: "under way", over: Infinity };
    this.#events.push(event);
    return event;
  }

  /** The event has happened. */
  confirm(event: Event, state: "done" | "seen" = "done"): void {
    event.end = this.clock.tick();
    event.state = state;
    for (const earlier of this.#events) {
      if (earlier.end < event.begin) earlier.over = Math.min(earlier.over, event.end);
    }
    this.changed();
  }

  /** Nobody will ever know whether it has happened. It does not happen after this moment. */
  lose(event: Event): void {
    event.end = this.clock.tick();
    event.state = "perhaps";
    this.changed();
  }

  /** It does not happen, and has not, or other events are over it. */
  withdraw(event: Event): void {
    event.over = event.end = this.clock.tick();
    event.state = "withdrawn";
    this.changed();
  }

  /** Somebody who began to look at this moment has seen a value. */
  see(value: Value, since: number, by: string): void {
    this.expect(value, since, by);
    this.confirm(this.#add(value, by, since), "seen");
  }

  /** Makes sure that somebody who began to look at this moment may have seen a value. */
  expect(value: Value, since: number, by: string): void {
    assert(
      this.possible(since).has(value),
      `${by}: since ${since} it cannot be ${value ?? "nothing"}:\n${this.history()}`,
    );
  }

  /** Returns true if a client has deleted it, or perhaps has, after this moment. */
  mayBeDeletedSince(moment: number): boolean {
    return this.#events.some(({ by, end, state }) =>
      by === `DELETE ${this.url}` && end > moment && (state === "done" || state === "perhaps")
    );
  }

  /** Returns the moment when the last acknowledged push of it began. */
  lastPush(): number {
    const pushes = this.#events.filter(({ by, state }) => by.startsWith("PUT ") && state === "done");
    return Math.max(0, ...pushes.map(({ begin }) => begin));
  }

  /** Returns the last events, one a line. */
  history(): string {
    const lines = this.#events.slice(-40).map(({ value, by, begin, end, state, over }) =>
      `  ${begin} to ${end}  ${state}  ${value?.slice(0, 15) ?? "nothing"}  ` +
      `${over === Infinity ? "" : `over at ${over}`}  ${by}`
    );
    return [this.url, ...lines].join("\n");
  }
}
