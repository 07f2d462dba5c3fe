/**
 * A page of a list: at most `n` entries, from behind `last`.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#listing-tags
 *
 *     GET /v2/library/hello/tags/list?n=2            {"tags": ["a", "b"]}      Link: <…?n=2&last=b>; rel="next"
 *     GET /v2/library/hello/tags/list?n=2&last=b     {"tags": ["c"]}
 *
 * Next: ../store/store.ts
 *
 * @module
 */

import { Fault, show } from "./descriptor.ts";

/** Which part of a list is asked for. */
export interface Page {
  /** The largest number of entries; `undefined` where the whole list is asked for. */
  readonly size?: number;
  /** The entry after which the page starts. It need not exist any more. */
  readonly last: string;
}

/** The largest page. Who asks for more gets this many, and a `Link` to the rest. */
export const LARGEST_PAGE = 10_000;

/**
 * Reads `n` and `last` of a query.
 *
 * @throws {Fault} where `n` is not a whole number from 0.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { Fault } from "./descriptor.ts";
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
