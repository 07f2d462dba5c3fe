/**
 * The view of `/`.
 *
 * Next: ../looked.ts
 *
 * @module
 */

import { formatBytes } from "../../definitions/size.ts";
import { addressOf } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import type { HomeFacts } from "../home.ts";
import { graphView } from "./graph.ts";

/** The title. */
export function titleOf({ root }: HomeFacts): string {
  return root ?? "in memory";
}

/** What is to be seen. */
export function view({ stories, graph }: HomeFacts): Markup {
  return [
    element("h1", {}, "Live"),
    // A list that is a log is no list any more, so the log is around it.
    element(
      "div",
      { role: "log", "aria-label": "Stories" },
      element(
        "ol",
        { class: "feed" },
        stories.map(({ method, url, status, changes, time }) =>
          element(
            "li",
            { "data-key": time + url },
            element("code", {}, `${method} ${url}`),
            ` ${status}`,
            element(
              "ul",
              {},
              changes.map(({ sign, path, size }) =>
                element(
                  "li",
                  {},
                  `${sign} `,
                  element("a", { href: addressOf(path) }, path),
                  size !== undefined && ` ${formatBytes(size)}`,
                )
              ),
            ),
          )
        ),
      ),
    ),
    graphView(graph),
  ];
}
