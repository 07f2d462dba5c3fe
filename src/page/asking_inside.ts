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

import type { DifferenceFacts } from "../looking/facts.ts";
import type { PageContext } from "./context.ts";
import { HERE, Inside, type InsideCall, type InsideFacts, type InsideQuestion, type StoppedFacts } from "./inside.ts";

/** Returns what answers calls in this thread. */
export function insideHere(disk: PageContext["disk"]): PageContext["inside"] {
  const inside = new Inside(disk, HERE);
  return (call) => inside.ask(call as InsideCall);
}

/** Asks what is at an address. */
export async function askWhatIs(context: PageContext, question: InsideQuestion): Promise<InsideFacts | StoppedFacts> {
  return await ask(context, { do: "look", ...question }) as InsideFacts | StoppedFacts;
}

/** Asks what is different at two addresses. */
export async function askDifferences(
  context: PageContext,
  before: string,
  after: string,
): Promise<DifferenceFacts | StoppedFacts> {
  return await ask(context, { do: "compare", before, after }) as DifferenceFacts | StoppedFacts;
}

async function ask(context: PageContext, question: object): Promise<unknown> {
  const { inside, signal } = context;
  const id = crypto.randomUUID();
  const cancel = () => void inside({ do: "cancel", id });
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await inside({ ...question, id });
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
