/**
 * The memory for the bodies of requests that the registry holds as a whole. These are manifests; blobs go to the disk in pieces.
 *
 *     200 clients send 8 MiB each, and stop before the end      2 of them wait     the others are answered 429
 *     meanwhile, others push images as usual                    201
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

/** The memory for the bodies that a registry holds whole at the same time. */
export class BodyBudget {
  readonly #most: number;
  #taken = 0;

  /** One body of `largest` bytes fits if there is no other. */
  constructor(largest: number) {
    this.#most = Math.max(MOST, largest);
  }

  /** Starts the share of one body, with nothing in it. */
  share(): Share {
    let taken = 0;
    return {
      growTo: (bytes) => {
        const more = Math.max(0, bytes - UNCOUNTED) - taken;
        if (this.#taken + more > this.#most) throw tooMany(this.#most);
        this.#taken += more;
        taken += more;
      },
      [Symbol.dispose]: () => {
        this.#taken -= taken;
        taken = 0;
      },
    };
  }
}

/** The part of the budget that one body has. At the end of its scope it goes back. */
export interface Share extends Disposable {
  /**
   * Makes it as large as this, in bytes.
   *
   * @throws {RegistryError} 429 if all shares together would be larger than the budget.
   */
  growTo(bytes: number): void;
}

function tooMany(most: number): RegistryError {
  return new RegistryError("TOOMANYREQUESTS", {
    rule: "API-ERR-10",
    expected: `at most ${most} bytes of large manifests at the same time`,
    actual: "more, with this one",
  }, { headers: { "Retry-After": "2" } });
}
