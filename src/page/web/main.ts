/**
 * The page in the browser: what it does after the document is there.
 *
 *     /live tells a change ──▶ fetch the facts of this address again ──▶ views/home.ts ──▶ show
 *
 * Without this module the page shows the same facts; a person then reloads it to see more.
 *
 * Next: graph.ts
 *
 * @module
 */

import type { Markup } from "../markup.ts";
import { show } from "./showing.ts";

/** A view, as its module in `views/` exports it. */
interface View {
  titleOf(facts: unknown): string;
  view(facts: unknown): Markup;
}

// The modules of the graph are loaded if there is one.
if (document.querySelector("[data-island=graph]") !== null) {
  void import("./graph.ts").then(({ drawGraphs }) => drawGraphs());
}

if (document.querySelector("[data-island=tree]") !== null) {
  void import("./tree.ts").then(({ showTrees }) => showTrees());
}
if (document.querySelector("[data-island=hash]") !== null) {
  void import("./hashing.ts").then(({ showHashes }) => showHashes());
}

const main = document.querySelector("main")!;
const panel = document.body.dataset.panel!;

/** Fetches the facts of this address again, and shows them. */
export async function refresh(): Promise<void> {
  const response = await fetch(location.href, { headers: { Accept: "application/json" } });
  const { titleOf, view }: View = await import(`../views/${panel}.ts`);
  const facts = await response.json();
  document.title = `${titleOf(facts)} - Glassbox`;
  show(main, view(facts));
}
