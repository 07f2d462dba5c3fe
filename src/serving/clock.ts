/**
 * A clock that a test moves, so that it need not wait.
 *
 *     registry.clock.advance(24 * 3_600_000)      a day later: the upload sessions of yesterday have expired
 *
 * It is the clock of the disk. So it decides about everything that has an age there: upload sessions, and content that `gc` may
 * remove.
 *
 * Next: start_registry.ts
 *
 * @module
 */

/**
 * A clock. It starts with the time of the system and goes on like it.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * const clock = new Clock();
 * clock.advance(24 * 3_600_000);
 *
 * assert(clock.now() >= Date.now() + 24 * 3_600_000 - 1000);
 * ```
 */
export class Clock {
  #ahead = 0;

  /** Returns the time in milliseconds since 1970. */
  now = (): number => Date.now() + this.#ahead;

  /**
   * Lets the clock go on by a time in milliseconds.
   *
   * @throws {RangeError} if the time is negative: what has happened stays.
   */
  advance(milliseconds: number): void {
    if (!(milliseconds >= 0)) throw new RangeError(`A clock cannot go on by ${milliseconds} milliseconds`);
    this.#ahead += milliseconds;
  }
}
