/**
 * The thread that looks inside of layers. All serving threads ask the first one, and that asks this one.
 *
 *     a serving thread          the first thread                    the looking thread
 *     ask({ do: "look" })  ──▶  a place among those at once    ──▶  Inside
 *                               nobody answers for too long?        is ended, and another one starts with the next call
 *
 * A layer may have been made to take very long to read. So it is read in a thread of its own, and no client of the registry waits
 * for that. It starts when somebody looks for the first time.
 *
 * Next: thread.ts
 *
 * @module
 */

import { callThrough } from "../disk/between_threads.ts";
import type { InsideAnswer, InsideCall } from "../page/inside.ts";

/** Limits of the looking thread. */
export interface LookingLimits {
  /** The most looks at once. */
  readonly atOnce: number;
  /** The most looks that wait. */
  readonly waiting: number;
  /** The time after which a thread that does not answer is ended, in milliseconds. Its own limit is shorter. */
  readonly patience: number;
}

const LIMITS: LookingLimits = { atOnce: 3, waiting: 20, patience: 30_000 };

/** The looking thread, as others use it. */
export class LookingInThread {
  readonly #start: () => Promise<{ readonly port: MessagePort; end(): void }>;
  readonly #limits: LookingLimits;
  // The looks that wait, each with what gives it its turn, or tells it that nobody waits for it any more.
  readonly #turns = new Map<string, (turn: "go" | "cancelled") => void>();
  #running = 0;
  #thread: Promise<LookingThread> | undefined;

  /** Starts nothing yet. `start` starts a thread, and returns a port to its {@linkcode Inside}. */
  constructor(start: () => Promise<{ readonly port: MessagePort; end(): void }>, limits: Partial<LookingLimits> = {}) {
    this.#start = start;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Passes a call on, and returns the answer. */
  ask = async (call: InsideCall): Promise<InsideAnswer> => {
    if (call.do === "cancel") {
      this.#turns.get(call.id)?.("cancelled");
      // A thread that has not started has nothing to cancel.
      (await this.#thread)?.ask(call);
      return undefined;
    }
    // A download has its place since it was opened.
    if (call.do === "next") return await this.#askThread(call);
    if (this.#running >= this.#limits.atOnce) {
      if (this.#turns.size >= this.#limits.waiting) {
        return { stopped: "Too many look inside of layers at this moment. Try again soon." };
      }
      const turn = await new Promise<"go" | "cancelled">((resolve) => this.#turns.set(call.id, resolve));
      this.#turns.delete(call.id);
      if (turn === "cancelled") return { stopped: "Nobody waits for this any more." };
    }
    this.#running++;
    try {
      return await this.#askThread(call);
    } finally {
      this.#running--;
      this.#giveTurn();
    }
  };

  #giveTurn(): void {
    const [next] = this.#turns;
    if (next === undefined) return;
    const [id, resolve] = next;
    this.#turns.delete(id);
    resolve("go");
  }

  /** Ends the thread. */
  async stop(): Promise<void> {
    (await this.#thread)?.end();
  }

  async #askThread(call: InsideCall): Promise<InsideAnswer> {
    const started = this.#thread ??= this.#start().then(({ port, end }) => new LookingThread(port, end));
    let thread: LookingThread;
    try {
      thread = await started;
    } catch (error) {
      this.#thread = undefined;
      throw error;
    }
    const { patience } = this.#limits;
    const { promise: late, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(() => resolve("late"), patience);
    const answer = await Promise.race([thread.ask(call), thread.ended, late]);
    clearTimeout(timer);
    if (answer === "ended") return { stopped: "Somebody else's look did not end, and ended this one. Try again." };
    if (answer !== "late") return answer;
    thread.end();
    if (this.#thread === started) this.#thread = undefined;
    return { stopped: `Stopped after ${patience / 1000} seconds: it takes too long to look inside.` };
  }
}

class LookingThread {
  readonly ask: (call: InsideCall) => Promise<InsideAnswer>;
  readonly ended: Promise<"ended">;
  readonly end: () => void;

  constructor(port: MessagePort, end: () => void) {
    this.ask = callThrough<[InsideCall], InsideAnswer>(port);
    const { promise, resolve } = Promise.withResolvers<"ended">();
    this.ended = promise;
    this.end = () => {
      end();
      port.close();
      resolve("ended");
    };
  }
}
