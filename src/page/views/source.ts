/**
 * The view of a source file.
 *
 * Next: ../missing.ts
 *
 * @module
 */

import { element, type Markup } from "../markup.ts";
import type { SourceFacts } from "../sources.ts";

/** The title. */
export function titleOf({ file }: SourceFacts): string {
  return file;
}

/** What is to be seen. */
export function view({ file, lines }: SourceFacts): Markup {
  return [
    element("h1", {}, file),
    element(
      "ol",
      { class: "source" },
      lines.map((line, at) => element("li", { id: `L${at + 1}` }, element("code", {}, line))),
    ),
  ];
}
