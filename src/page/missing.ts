/**
 * The facts of an address that shows nothing.
 *
 *     GET /rule/PUSH-CHUNK     { status: 404, address: "/rule/PUSH-CHUNK", nearby: [{ text: "PUSH-CHUNK-10", … }] }
 *
 * Next: views/missing.ts
 *
 * @module
 */

import type { PageAddress } from "./addresses.ts";

/** The facts of an address that shows nothing. */
export interface MissingFacts {
  /** The status of the answer. */
  readonly status: 404;
  /** The address. */
  readonly address: string;
  /** What is there, and has nearly the same address. */
  readonly nearby: readonly { readonly text: string; readonly address: string }[];
}

/** Returns the facts of an address that shows nothing. */
export function missing({ kind, rest }: PageAddress): MissingFacts {
  return { status: 404, address: `/${kind}/${rest}`, nearby: [] };
}
