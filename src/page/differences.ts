/**
 * The facts of a comparison of two images, or of two other things.
 *
 *     GET /diff?a=library/hello:v1&b=library/hello:v2     { difference: { layers: [{ how: "kept", … }], files: …, … }, choices: […] }
 *     GET /diff?a=library/hello:v1                        { choices: [{ text: "library/hello:v2", … }] }      what to compare it with
 *
 * Next: views/diff.ts
 *
 * @module
 */

import { parseAddress as parsePath } from "../looking/address.ts";
import type { DifferenceFacts } from "../looking/difference_facts.ts";
import type { PlaceLink } from "../looking/facts.ts";
import { look } from "../looking/look.ts";
import { asTyped } from "../looking/next.ts";
import type { PageAddress } from "./addresses.ts";
import { askDifferences } from "./asking_inside.ts";
import type { PageContext } from "./context.ts";

/** The facts of a comparison. */
export interface DiffFacts {
  /** The status of the answer, if it is no success. */
  readonly status?: number;
  /** The two addresses, as they were asked for; empty if there is none yet. */
  readonly a: string;
  /** The second one. */
  readonly b: string;
  /** The differences. */
  readonly difference?: DifferenceFacts;
  /** The reason why there are none. */
  readonly stopped?: string;
  /** What else could be compared: the tags of the same repositories, or repositories. */
  readonly choices: readonly PlaceLink[];
}

/** Returns the facts of a comparison. */
export async function factsOfDiff({ query }: PageAddress, context: PageContext): Promise<DiffFacts> {
  const [a, b] = ["a", "b"].map((name) => asTyped((query.get(name) ?? "").trim()));
  const choices = await choicesFor([a, b], context);
  if (a === "" || b === "") return { a, b, choices };
  const found = await askDifferences(context, a, b);
  if ("stopped" in found) return { status: 503, a, b, stopped: found.stopped, choices };
  const isMissing = found.before.missing !== undefined || found.after.missing !== undefined;
  return { ...(isMissing && { status: 404 }), a, b, difference: found, choices };
}

async function choicesFor(
  addresses: readonly string[],
  { disk, maySee, maySeeAll }: PageContext,
): Promise<PlaceLink[]> {
  const names = new Set(addresses.flatMap((address) => {
    const parts = parsePath(address);
    return address === "" || "expected" in parts ? [] : [parts.name];
  }));
  const found: PlaceLink[] = [];
  for (const name of names.size === 0 ? [""] : names) {
    const facts = await look(disk, name, maySeeAll ? {} : { maySee });
    if (facts.kind === "repository") {
      found.push(...facts.tags.rows.map((row) => ({ address: row.address, text: asTyped(row.address) })));
    }
    if (facts.kind === "folder") {
      found.push(...facts.repositories.rows.map((row) => ({ address: row.address, text: row.text })));
    }
  }
  return found;
}
