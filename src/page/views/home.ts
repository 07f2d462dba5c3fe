/**
 * The view of `/`: what happens, beside what is there.
 *
 * Next: ../looked.ts
 *
 * @module
 */

import type { HomeFacts } from "../home.ts";
import { element, type Markup } from "../markup.ts";
import { graphView } from "./graph.ts";
import { liveView } from "./live.ts";
import { folderView, timeView } from "./moment.ts";

/** The title. */
export function titleOf({ root }: HomeFacts): string {
  return root ?? "in memory";
}

/** What is to be seen. */
export function view({ live, graph, time }: HomeFacts): Markup {
  return element(
    "div",
    { class: "home" },
    element(
      "div",
      {},
      element("h1", {}, time.moment === undefined ? "Live" : "As it was"),
      timeView(time),
      liveView(live, time.moment === undefined),
      time.moment && folderView(time.moment),
    ),
    graphView(graph),
  );
}
