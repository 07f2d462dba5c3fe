/**
 * The memory for the bodies of requests that the registry holds as a whole. These are manifests; blobs go to the disk in pieces.
 *
 *     200 clients send 8 MiB each, and stop before the end      2 of them wait     the others are answered 429
 *     meanwhile, others push images as usual                    201
 *     after 5 seconds, another client sends 8 MiB               201                one of those that wait is answered 429
 *
 * If the memory is full, the slowest bodies give way. So a client keeps its memory only as long as it sends, or as nobody else
 * needs it.
 *
 * Next: content.ts
 *
 * @module
 */

import { RegistryError } from "../api/error_codes.ts";

// The size of a budget, in bytes, unless one manifest may be larger than that.
const MOST = 16 * 1024 * 1024;

// So many bytes of each body are not counted. Usual manifests are smaller. So clients that hold the whole budget do not keep
// others from pushing images.
const UNCOUNTED = 64 * 1024;

// A body does not give way so soon after its share has grown, in milliseconds. Before that, its rate says little.
const GRACE = 5000;

/** The memory for the bodies that a registry holds whole at the same time. */
export class BodyBudget {
  readonly #most: number;
  readonly #now: () => number;
  readonly #held = new Set<Held>();

  /** One body of `largest` bytes fits if there is no other. `now` returns the time in milliseconds. */
  constructor(largest: number, now: () => number = () => performance.now()) {
    this.#most = Math.max(MOST, largest);
    this.#now = now;
  }

  /** Starts the share of one body, with nothing in it. `received` returns how many bytes of the body have come. */
  share(received: () => number): Share {
    const breaking = new AbortController();
    // The time of the last growth, and how many bytes had come then.
    let [since, before] = [this.#now(), 0];
    const held: Held = {
      bytes: 0,
      isWhole: false,
      rate: () => {
        const time = this.#now() - since;
        return held.isWhole || time < GRACE ? Infinity : (received() - before) / time;
      },
      breakOff: () => {
        this.#held.delete(held);
        breaking.abort(tooMany(this.#most, "others, while this one came slowly"));
      },
    };
    return {
      brokenOff: breaking.signal,
      growTo: (size) => {
        breaking.signal.throwIfAborted();
        const more = size - UNCOUNTED - held.bytes;
        if (more <= 0) return;
        this.#makeRoom(more, held.rate());
        held.bytes += more;
        [since, before] = [this.#now(), received()];
        this.#held.add(held);
      },
      keep: () => {
        breaking.signal.throwIfAborted();
        held.isWhole = true;
      },
      [Symbol.dispose]: () => this.#held.delete(held),
    };
  }

  // Breaks off the slowest bodies until so many bytes fit. Breaks off none if that would not be enough.
  #makeRoom(bytes: number, rate: number): void {
    let missing = bytes - this.#most;
    for (const { bytes } of this.#held) missing += bytes;
    if (missing <= 0) return;
    const slower = [...this.#held].filter((held) => held.rate() < rate).sort((a, b) => a.rate() - b.rate());
    let count = 0;
    while (missing > 0 && count < slower.length) missing -= slower[count++].bytes;
    if (missing > 0) throw tooMany(this.#most, "more, with this one");
    for (const held of slower.slice(0, count)) held.breakOff();
  }
}

// What a budget knows of a body with more than the uncounted bytes. Its rate is that since its share grew.
interface Held {
  bytes: number;
  isWhole: boolean;
  rate(): number;
  breakOff(): void;
}

/** The part of the budget that one body has. At the end of its scope it goes back. */
export interface Share extends Disposable {
  /** Is aborted with the refusal, 429, if the body is broken off. Then the share has gone back already. */
  readonly brokenOff: AbortSignal;
  /**
   * Makes it as large as this, in bytes. Breaks off slower bodies, if it has to.
   *
   * @throws {RegistryError} 429 if all shares together would be larger than the budget, or if this body is broken off.
   */
  growTo(size: number): void;
  /**
   * Keeps it until the end of its scope, because the body is whole.
   *
   * @throws {RegistryError} 429 if the body is broken off.
   */
  keep(): void;
}

function tooMany(most: number, actual: string): RegistryError {
  const expected = `at most ${most} bytes of large manifests at the same time`;
  const headers = { "Retry-After": "2" };
  return new RegistryError("TOOMANYREQUESTS", { rule: "API-ERR-10", expected, actual }, { headers });
}
