/**
 * Asking what is inside: a call to another thread if there is one, or else to this one, with smaller limits.
 *
 *     askWhatIs(context, { address: … })     the facts, or { stopped: "Too many …" }
 *
 * If the person goes away before the answer is there, the work ends.
 *
 * Next: commands.ts
 *
 * @module
 */

import { parseAddress } from "../looking/address.ts";
import type { DifferenceFacts } from "../looking/difference_facts.ts";
import { Looking } from "../looking/looking.ts";
import { whyUnreadable } from "./unreadable.ts";
import type { PageContext } from "./context.ts";
import { HERE, Inside, type InsideCall, type InsideFacts, type InsideQuestion, type StoppedFacts } from "./inside.ts";

/** Returns what answers calls in this thread. */
export function insideHere(disk: PageContext["disk"]): PageContext["inside"] {
  const inside = new Inside(disk, HERE);
  return (call) => inside.ask(call as InsideCall);
}

/** Asks what is at an address. */
export async function askWhatIs(context: PageContext, question: InsideQuestion): Promise<InsideFacts | StoppedFacts> {
  return await ask(context, { do: "look", ...question }, question.address) as InsideFacts | StoppedFacts;
}

/** Asks what is different at two addresses. */
export async function askDifferences(
  context: PageContext,
  before: string,
  after: string,
): Promise<DifferenceFacts | StoppedFacts> {
  return await ask(context, { do: "compare", before, after }, before, after) as DifferenceFacts | StoppedFacts;
}

async function ask(context: PageContext, question: object, ...addresses: string[]): Promise<unknown> {
  const { inside, signal } = context;
  const seen = await seenBy(context, addresses);
  const id = crypto.randomUUID();
  const cancel = () => void inside({ do: "cancel", id });
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await inside({ ...question, id, seen });
  } catch (error) {
    const because = whyUnreadable(error);
    if (because === undefined) throw error;
    return { stopped: `The registry cannot read it: ${because}.` };
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

// Who looks is known here only. So the call has the repositories that this person may see: those in the addresses, and the first ones
// of all, which is where a look searches.
async function seenBy(
  { disk, maySee, maySeeAll }: PageContext,
  addresses: readonly string[],
): Promise<readonly string[] | undefined> {
  if (maySeeAll) return undefined;
  const asked = addresses.map(parseAddress).flatMap((parts) => "expected" in parts ? [] : [parts.name]);
  return [
    ...asked.filter((name) => name !== "" && maySee(name)),
    ...await new Looking(disk, { maySee }).repositories(),
  ];
}
