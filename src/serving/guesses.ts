/**
 * Guesses: a client that tries many passwords does not keep other clients waiting.
 *
 *     name and password ──▶ was it right some minutes ago?            yes ──▶ go on
 *                                 │ no
 *                                 ▼
 *                           has the client guessed too often?         yes ──▶ 429, with the time to wait
 *                           do too many clients wait for an answer?
 *                                 │ no
 *                                 ▼
 *                           compute bcrypt, one after the other       ──▶ right, or 401
 *
 * A client whose password was right takes the first exit, whatever others do. A name and password that were right stay known
 * for some minutes after their last use, as a keyed hash. Nothing here knows which users there are, so an unknown name takes
 * the same way as a wrong password. Nobody is locked out: a client that waits as long as it is told can try again. Behind a proxy,
 * all clients have the address of the proxy.
 *
 * The first thread decides for all of them; see threads.ts.
 *
 * Next: listening.ts
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";
import { Bounded } from "../disk/memory.ts";
import type { Verdict } from "../http/authorization.ts";

/** Decides about a name and a password from a client with this address. */
export type Check = (user: string, password: string, address: string) => Promise<Verdict>;

// The most passwords that stay known, and the time since their last use in milliseconds.
const MOST_KNOWN = 1000;
const KNOWN_FOR = 10 * 60_000;

/**
 * Returns a check that remembers what was right. `now` returns the time in milliseconds; the tests have a clock of their own.
 */
export function rememberRight(check: Check, now: () => number = Date.now): Check {
  const key = randomBytes(32);
  const lastUses = new Bounded<string, number>(MOST_KNOWN);
  return async (user, password, address) => {
    const mark = createHmac("sha256", key).update(JSON.stringify([user, password])).digest("hex");
    const lastUse = lastUses.get(mark);
    if (lastUse === undefined || now() - lastUse > KNOWN_FOR) {
      const verdict = await check(user, password, address);
      if (verdict !== true) return verdict;
    }
    lastUses.set(mark, now());
    return true;
  };
}

// The most passwords that wait to be computed. With the usual cost, each of them takes less than a tenth of a second.
const MOST_WAITING = 64;

// The most wrong passwords a minute: from one address, and for one user from one address. After a quiet minute, as many may come
// at once.
const MOST_WRONG_OF_ADDRESS = 30;
const MOST_WRONG_OF_USER = 10;

/**
 * Returns a check that computes one password after the other, and only for clients that have not guessed too often.
 * `now` returns the time in milliseconds.
 */
export function limitGuesses(
  isPassword: (user: string, password: string) => Promise<boolean>,
  now: () => number = Date.now,
): Check {
  const ofAddress = new Budget(MOST_WRONG_OF_ADDRESS, now);
  const ofUser = new Budget(MOST_WRONG_OF_USER, now);
  // What is being computed for a name and a password. A client may ask on several connections at once.
  const computing = new Map<string, Promise<boolean>>();
  let last: Promise<unknown> = Promise.resolve();

  return async (user, password, address) => {
    const pair = JSON.stringify([user, password]);
    const running = computing.get(pair);
    if (running !== undefined) return await running;

    const userThere = JSON.stringify([address, user]);
    const wait = Math.max(ofAddress.wait(address), ofUser.wait(userThere), computing.size < MOST_WAITING ? 0 : 1);
    if (wait > 0) return { retryAfter: Math.ceil(wait / 1000) };
    // A password counts as wrong until it is known to be right. Otherwise a client could send any number of them at once.
    ofAddress.take(address);
    ofUser.take(userThere);
    const result = last.then(() => isPassword(user, password));
    computing.set(pair, result);
    last = result.catch(() => {}).then(() => computing.delete(pair));
    const isRight = await result;
    if (isRight) {
      ofAddress.giveBack(address);
      ofUser.giveBack(userThere);
    }
    return isRight;
  };
}

// The most clients whose wrong passwords are counted.
const MOST_COUNTED = 10_000;

// For each key, a number of tries. What was taken comes back evenly, all of it in a minute.
class Budget {
  readonly #most: number;
  // The time in which one try comes back.
  readonly #step: number;
  readonly #now: () => number;
  // When all tries of a key will have come back.
  readonly #full = new Bounded<string, number>(MOST_COUNTED);

  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#step = 60_000 / most;
    this.#now = now;
  }

  // Returns the time until there is a try, in milliseconds; 0 or less if there is one now.
  wait(key: string): number {
    return (this.#full.get(key) ?? 0) - this.#now() - (this.#most - 1) * this.#step;
  }

  take(key: string): void {
    this.#full.set(key, Math.max(this.#full.get(key) ?? 0, this.#now()) + this.#step);
  }

  giveBack(key: string): void {
    this.#full.set(key, (this.#full.get(key) ?? 0) - this.#step);
  }
}
