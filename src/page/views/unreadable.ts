/**
 * The view of what cannot be read: a part of each document, above its panel.
 *
 * Next: refused.ts
 *
 * @module
 */

import { element, type Markup } from "../markup.ts";
import type { Unreadable } from "../context.ts";

/** What is to be seen: nothing if everything can be read. */
export function unreadableView(list: readonly Unreadable[] | undefined): Markup {
  if (list === undefined || list.length === 0) return undefined;
  return element(
    "aside",
    { class: "unreadable", "aria-label": "What cannot be read" },
    element(
      "p",
      {},
      element("b", {}, "The registry cannot read all of its folder."),
      " The page shows the rest, as if this were not there:",
    ),
    element(
      "ul",
      {},
      list.map(({ path, because }) =>
        element("li", {}, element("code", {}, path === "" ? "the folder itself" : path), ` (${because})`)
      ),
    ),
  );
}
