/**
 * What all facts have, whatever they are about: the address, the way to it, what is wrong, what is not shown, and what to type next.
 *
 *     { kind: "tag", tag: "v1", digest: "sha256:7d1a…", … }      what is found
 *     { …, address: "library/hello/_tags/v1", way: […], faults: [], limits: [], next: [{ command: "deno task look …" }] }
 *
 * Next: next.ts
 *
 * @module
 */

import { type AddressParts, wayTo } from "./address.ts";
import type { CommonFacts, Facts } from "./facts.ts";
import type { Looking } from "./looking.ts";
import { nextCommands } from "./next.ts";

/** The facts of one kind, without those that {@linkcode finish} adds. */
export type Own<Facts> = Omit<Facts, "address" | "way" | "faults" | "limits" | "next">;

/** The same, of any kind. */
export type OwnFacts = Facts extends infer One ? One extends Facts ? Own<One> : never : never;

/** Adds what all facts have. Without `parts`, the address is none, and there is no way to it. */
export function finish(looking: Looking, parts: AddressParts | undefined, address: string, own: OwnFacts): Facts {
  const common: Omit<CommonFacts, "kind" | "formats" | "next"> = {
    address,
    way: parts === undefined ? [] : wayTo(parts),
    faults: looking.faults,
    limits: looking.limits,
  };
  const facts = { ...common, ...own, next: [] } as unknown as Facts;
  return { ...facts, next: nextCommands(facts) };
}
