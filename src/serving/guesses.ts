/**
 * Guesses: a client that tries many passwords does not keep other clients waiting.
 *
 *     name and password ──▶ was it right some minutes ago?            yes ──▶ go on
 *                                 │ no
 *                                 ▼
 *                           has the client guessed too often?         yes ──▶ 429, with the time to wait
 *                                 │ no
 *                                 ▼
 *                           wait with others, 64 at most              no place ──▶ 429 for one with the most wrong guesses
 *                                 │ first those with the fewest wrong guesses
 *                                 ▼
 *                           compute bcrypt, one after the other       ──▶ right, or 401
 *
 * A client whose password was right takes the first exit, whatever others do. A name and password that were right stay known
 * for some minutes after their last use, as a keyed hash. Nothing here knows which users there are, so an unknown name takes
 * the same way as a wrong password. Nobody is locked out: a client that waits as long as it is told can try again. Clients count
 * by their address, or by their network with IPv6. So a new client does not wait for many addresses that guess together. Behind a
 * proxy, all clients have the address of the proxy.
 *
 * The first thread decides for all of them; see threads.ts.
 *
 * Next: listening.ts
 *
 * @module
 */

import { createHash, createHmac, randomBytes } from "node:crypto";
import { networkOf } from "../http/peer.ts";
import { Bounded } from "../disk/memory.ts";
import type { Verdict } from "../access/credentials.ts";

/** Decides about a name and a password from a client with this address. */
export type Check = (user: string, password: string, address: string) => Promise<Verdict>;

// The most passwords that stay known, and the time since their last use in milliseconds.
const MOST_KNOWN = 1000;
const KNOWN_FOR = 10 * 60_000;

/**
 * Returns a text that changes with the password of a user, or `undefined` if there is no such user. With `isFresh` it looks at the
 * file of passwords first.
 */
export type PasswordMark = (user: string, isFresh: boolean) => string | undefined;

/**
 * Returns a check that remembers what was right, until the password of the user changes. `now` returns the time in milliseconds;
 * the tests have a clock of their own.
 */
export function rememberRight(
  check: Check,
  now: () => number = Date.now,
  passwordMark: PasswordMark = () => "",
): Check {
  const key = randomBytes(32);
  const lastUses = new Bounded<string, number>(MOST_KNOWN);
  const hash = (...texts: (string | undefined)[]) =>
    createHmac("sha256", key).update(JSON.stringify(texts)).digest("hex");
  return async (user, password, address) => {
    const known = hash(user, password, passwordMark(user, false));
    const lastUse = lastUses.get(known);
    if (lastUse !== undefined && now() - lastUse <= KNOWN_FOR) {
      lastUses.set(known, now());
      return true;
    }
    const before = passwordMark(user, true);
    const verdict = await check(user, password, address);
    // If the password has changed meanwhile, nobody knows which of the two was right.
    const isSure = before !== undefined && before === passwordMark(user, true);
    if (verdict === true && isSure) lastUses.set(hash(user, password, before), now());
    return verdict;
  };
}

// The most passwords that wait to be computed. With the usual cost, each of them takes less than a tenth of a second.
const MOST_WAITING = 64;

// The most wrong passwords a minute: from one address, and for one user from one address. After a quiet minute, as many may come
// at once.
const MOST_WRONG_OF_ADDRESS = 30;
const MOST_WRONG_OF_USER = 10;
const MINUTE = 60_000;

// A password that waits or is being computed. All who ask for the same name and password meanwhile get its verdict.
interface Waiting {
  readonly user: string;
  readonly password: string;
  readonly network: string;
  readonly verdict: Promise<Verdict>;
  readonly decide: (verdict: Verdict | Promise<Verdict>) => void;
  isComputing: boolean;
}

/**
 * Returns a check that computes one password after the other, and only for clients that have not guessed too often. First come
 * those with the fewest wrong guesses. `now` returns the time in milliseconds.
 */
export function limitGuesses(
  isPassword: (user: string, password: string) => Promise<boolean>,
  now: () => number = Date.now,
  passwordMark: PasswordMark = () => "",
): Check {
  const ofNetwork = new Tries(MINUTE / MOST_WRONG_OF_ADDRESS, now);
  const ofUser = new Tries(MINUTE / MOST_WRONG_OF_USER, now);
  // The passwords that were computed and wrong. One of them is forgotten each minute, so they show who guesses all the time.
  const wrong = new Tries(MINUTE, now);
  const places = new Map<string, Waiting>();

  // Those that wait, in the order in which they will be computed. A client of an address with few wrong guesses comes first.
  const inOrder = () =>
    [...places].filter(([, { isComputing }]) => !isComputing)
      .sort(([, a], [, b]) => wrong.count(a.network) - wrong.count(b.network));

  const computeAll = async () => {
    for (let [next] = inOrder(); next !== undefined; [next] = inOrder()) {
      const [pair, place] = next;
      place.isComputing = true;
      const result = isPassword(place.user, place.password);
      if (await result.catch(() => undefined) === false) wrong.take(place.network);
      places.delete(pair);
      place.decide(result);
    }
  };

  // Returns false if there is no place, and nobody who waits has more wrong guesses than this network.
  const makeRoom = (network: string) => {
    if (places.size < MOST_WAITING) return true;
    const last = inOrder().at(-1);
    if (last === undefined || wrong.count(last[1].network) <= wrong.count(network)) return false;
    places.delete(last[0]);
    last[1].decide(NO_PLACE);
    return true;
  };

  return async (user, password, address) => {
    const pair = hashOf(user, password, passwordMark(user, true) ?? "");
    const same = places.get(pair);
    if (same !== undefined) return await same.verdict;

    const network = networkOf(address);
    const userThere = hashOf(network, user);
    const wait = Math.max(ofNetwork.wait(network, MOST_WRONG_OF_ADDRESS), ofUser.wait(userThere, MOST_WRONG_OF_USER));
    if (wait > 0) return { retryAfter: Math.ceil(wait / 1000) };
    if (!makeRoom(network)) return NO_PLACE;
    // A password counts as wrong until it is known to be right. Otherwise a client could send any number of them at once.
    ofNetwork.take(network);
    ofUser.take(userThere);
    const { promise: verdict, resolve: decide } = Promise.withResolvers<Verdict>();
    places.set(pair, { user, password, network, verdict, decide, isComputing: false });
    if (places.size === 1) computeAll();
    if (await verdict !== false) {
      ofNetwork.giveBack(network);
      ofUser.giveBack(userThere);
    }
    return await verdict;
  };
}

// The verdict for those that find no place, or lose it.
const NO_PLACE: Verdict = { retryAfter: 1 };
// The most clients whose wrong passwords are counted.
const MOST_COUNTED = 10_000;

// For each key, a number of tries. They are forgotten evenly, one after each step.
class Tries {
  readonly #step: number;
  readonly #now: () => number;
  // When all tries of a key will be forgotten.
  readonly #ends = new Bounded<string, number>(MOST_COUNTED);

  // `step` is in milliseconds.
  constructor(step: number, now: () => number) {
    this.#step = step;
    this.#now = now;
  }

  // Returns how many are not forgotten yet.
  count(key: string): number {
    return Math.max(0, Math.ceil(((this.#ends.get(key) ?? 0) - this.#now()) / this.#step));
  }

  // Returns the time until there are fewer than `most`, in milliseconds; 0 or less if there are fewer now.
  wait(key: string, most: number): number {
    return (this.#ends.get(key) ?? 0) - this.#now() - (most - 1) * this.#step;
  }

  take(key: string): void {
    this.#ends.set(key, Math.max(this.#ends.get(key) ?? 0, this.#now()) + this.#step);
  }

  giveBack(key: string): void {
    this.#ends.set(key, (this.#ends.get(key) ?? 0) - this.#step);
  }
}

// A client can send names of any length. A hash is short.
function hashOf(...texts: string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("base64");
}
