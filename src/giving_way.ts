/**
 * Giving way: a request with much work stops again and again, and lets other requests go on.
 *
 *     one request      ████████████ 20 ms ─┐          ┌─ ████████████ 20 ms ─┐
 *     the others                           └─ answers ┘                      └─ answers …
 *
 * All requests of a process share one line of execution. If one of them looked for 100,000 tags without a stop, all others
 * would wait for it. So each loop whose length a client decides looks at the time, and each part of a long calculation is a
 * step of a generator.
 *
 * Next: definitions/fault.ts
 *
 * @module
 */

// The time for which a request works before it gives way, in milliseconds.
const MOST_AT_ONCE = 20;

/**
 * The work of one request, in a loop that may be long.
 *
 * @example
 * ```ts
 * const work = new LongWork();
 * for (const tag of ["v1", "v2"]) {
 *   console.log(tag);
 *   if (work.isLong()) await work.giveWay();
 * }
 * ```
 */
export class LongWork {
  #until = Date.now() + MOST_AT_ONCE;

  /** Returns true if the work has gone on for so long that it has to give way now. */
  isLong(): boolean {
    return Date.now() >= this.#until;
  }

  /** Lets other requests go on first. */
  async giveWay(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setTimeout(resumeOne);
    });
    this.#until = Date.now() + MOST_AT_ONCE;
  }
}

// The works that have given way. One at a time goes on, so that many of them together take no more time than one.
const waiting: (() => void)[] = [];

// It must be a timer. After a `setImmediate`, Deno looks for new requests only now and then.
function resumeOne(): void {
  waiting.shift()!();
  if (waiting.length > 0) setTimeout(resumeOne);
}

/** Runs a calculation to its end. After each of its steps it may give way. Returns what the calculation returns. */
export async function inSteps<Result>(calculation: Generator<unknown, Result>): Promise<Result> {
  const work = new LongWork();
  for (;;) {
    const { done, value } = calculation.next();
    if (done) return value;
    if (work.isLong()) await work.giveWay();
  }
}

/** Runs a calculation to its end at once. Returns what the calculation returns. */
export function atOnce<Result>(calculation: Generator<unknown, Result>): Result {
  for (;;) {
    const { done, value } = calculation.next();
    if (done) return value;
  }
}
