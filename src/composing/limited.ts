/**
 * Limited: each client may send a number of requests in a time.
 *
 *     --rate 100/s
 *     the first 100 requests          200
 *     the next one, at once           429, with Retry-After: 1
 *     10 ms later                     200, because one hundredth of a second gives one request back
 *
 * This is a token bucket: it holds as many tokens as the rate has requests, each request takes one, and they come back evenly.
 * One number is enough for a bucket: the time at which it is full again. The limit remembers a bounded number of clients. If there are
 * more, it forgets those that have been quiet for the longest time; a forgotten bucket counts as full.
 *
 * Next: redirecting.ts
 *
 * @module
 */

import { RegistryError } from "../api/error_codes.ts";
import { networkOf, type Peer } from "../http/peer.ts";
import type { Wrapper } from "../registry.ts";
import { refuse } from "./composing.ts";

/** A number of requests in a time. */
export interface RequestRate {
  /** The number of requests. */
  readonly requests: number;
  /** The time, in milliseconds. */
  readonly milliseconds: number;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a rate: a number of requests for a second, a minute, an hour or a day.
 *
 * @throws {RangeError} if the text is no rate.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseRate("100/m"), { requests: 100, milliseconds: 60_000 });
 * assertThrows(() => parseRate("100"), RangeError);
 * ```
 */
export function parseRate(text: string): RequestRate {
  const match = /^([1-9][0-9]{0,8})\/([smhd])$/.exec(text);
  if (match !== null) return { requests: Number(match[1]), milliseconds: UNITS[match[2]] };
  throw new RangeError(`a rate is a number from 1 with /s, /m, /h or /d, such as 100/s, not "${text}"`);
}

/** Decides about requests. Returns 0 if a client may send one now, or the milliseconds after which it may. */
export type TakeToken = (client: string) => number | Promise<number>;

/** The options of {@linkcode tokenBuckets}. */
export interface BucketOptions {
  /** Returns the time in milliseconds. Default: a clock that nobody sets. */
  readonly now?: () => number;
  /** The most clients that it remembers. Default: 10,000. */
  readonly mostClients?: number;
}

/** Makes a token bucket for each client. Several registries can share them. */
export function tokenBuckets(
  { requests, milliseconds }: RequestRate,
  { now = () => performance.now(), mostClients = 10_000 }: BucketOptions = {},
): (client: string) => number {
  if (!(requests >= 1 && milliseconds > 0)) throw new RangeError("a rate has at least one request, and a time above 0");
  if (!(mostClients >= 1)) throw new RangeError("a limit remembers at least one client");
  // The times at which the buckets are full again. The client that asked last is at the end.
  const fullAt = new Map<string, number>();
  const interval = milliseconds / requests;
  return (client) => {
    const time = now();
    const full = Math.max(fullAt.get(client) ?? 0, time) + interval;
    fullAt.delete(client);
    // Rounding must not take the last token away.
    const wait = full - time - milliseconds;
    const isTaken = wait <= interval * 1e-6;
    fullAt.set(client, isTaken ? full : full - interval);
    if (fullAt.size > mostClients) fullAt.delete(fullAt.keys().next().value!);
    return isTaken ? 0 : wait;
  };
}

/** The options of {@linkcode limited}. */
export interface LimitOptions extends BucketOptions {
  /** Returns the client of a request. Default: its address, or its network with IPv6. Requests without one count together. */
  readonly clientOf?: (request: Request, peer?: Peer) => string;
}

/**
 * Refuses the requests of a client that sends too many, with 429 and the seconds to wait.
 *
 * @throws {RangeError} if the rate makes no sense.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compose } from "./composing.ts";
 *
 * let now = 0;
 * const limit = limited({ requests: 2, milliseconds: 1000 }, { now: () => now });
 * const registry = compose(() => Promise.resolve(new Response()), limit);
 * const status = async () => (await registry(new Request("http://localhost/v2/"))).status;
 *
 * assertEquals([await status(), await status(), await status()], [200, 200, 429]);
 * now += 500;
 * assertEquals([await status(), await status()], [200, 429]);
 * ```
 */
export function limited(rate: RequestRate | TakeToken, options: LimitOptions = {}): Wrapper {
  const { clientOf = (_, peer) => networkOf(peer?.remoteAddr.hostname ?? "") } = options;
  const take = typeof rate === "function" ? rate : tokenBuckets(rate, options);
  return (registry) => async (request, peer) => {
    const wait = await take(clientOf(request, peer));
    if (wait === 0) return await registry(request, peer);
    const seconds = Math.ceil(wait / 1000);
    const detail = {
      rule: "API-ERR-10",
      expected: `the next request in ${seconds} s, because there were too many`,
      actual: "a request now",
    } as const;
    return refuse(
      request,
      new RegistryError("TOOMANYREQUESTS", detail, { headers: { "Retry-After": String(seconds) } }),
    );
  };
}
