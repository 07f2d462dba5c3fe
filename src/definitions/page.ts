/**
 * A page of a list: at most `n` entries, starting after `last`.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#listing-tags
 *
 *     GET /v2/library/hello/tags/list?n=2            {"tags": ["a", "b"]}      Link: <…?n=2&last=b>; rel="next"
 *     GET /v2/library/hello/tags/list?n=2&last=b     {"tags": ["c"]}
 *
 * Next: ../content_discovery/listing_referrers.ts
 *
 * @module
 */

import { Fault, show } from "./fault.ts";

/** The part of a list that a client asks for. */
export interface Page {
  /** The largest number of entries; `undefined` if the client asks for the whole list. */
  readonly size?: number;
  /** The entry after which the page starts. It need not exist any more. */
  readonly last: string;
}

/** The largest page. Larger requests are cut to this, with a `Link` to the rest. */
export const LARGEST_PAGE = 10_000;

/**
 * Reads `n` and `last` of a query.
 *
 * @throws {Fault} if `n` is not a whole number from 0.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { Fault } from "./fault.ts";
 *
 * assertEquals(parsePage(new URLSearchParams("n=2&last=b")), { size: 2, last: "b" });
 * assertEquals(parsePage(new URLSearchParams()), { size: undefined, last: "" });
 * assertThrows(() => parsePage(new URLSearchParams("n=-1")), Fault);
 * ```
 */
export function parsePage(query: URLSearchParams): Page {
  const n = query.get("n");
  const last = query.get("last") ?? "";
  if (n === null) return { size: undefined, last };
  if (!/^[0-9]+$/.test(n)) throw new Fault("DISC-TAGS-06", "a whole number from 0 as n", show(n));
  return { size: Math.min(Number(n), LARGEST_PAGE), last };
}

/**
 * Yields the entries of a sorted list that come after `last`. It finds the first one by binary search.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...entriesAfter(["a", "b", "c"], "a")], ["b", "c"]);
 * assertEquals([...entriesAfter(["a", "c"], "b")], ["c"]);
 * ```
 */
export function* entriesAfter<Entry extends string>(sorted: readonly Entry[], last: string): Generator<Entry> {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle] > last) to = middle;
    else from = middle + 1;
  }
  for (let at = from; at < sorted.length; at++) yield sorted[at];
}
