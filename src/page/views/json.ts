/**
 * The view of a JSON document: each field with its value, what it means, and where it leads.
 *
 *     layers                                          The layers of the image, the lowest first.
 *       0
 *         digest     sha256:9b4e0fd27c1a…  (a link)   The digest of the content.
 *
 * Each field has its JSON pointer as its id: /at/…/manifest.json#/layers/0 leads to it.
 *
 * Next: content.ts
 *
 * @module
 */

import type { FieldRow, JsonFacts } from "../../looking/facts.ts";
import { element, type Markup } from "../markup.ts";
import { link, outside } from "./pieces.ts";

/** Returns a JSON document. `root` is the pointer of its first field. */
export function json({ text, isWhole, fields, broken }: JsonFacts, name: string, root = ""): Markup {
  const shown = fields.filter(({ pointer }) => pointer !== "");
  // Of most documents of other programs, nothing is known here.
  const isExplained = shown.some(({ what, spec }) => what !== undefined || spec !== undefined);
  return [
    broken !== undefined && element(
      "p",
      { class: "fault" },
      element("b", {}, "This is no JSON. "),
      broken.text,
      broken.line !== undefined && ` Line ${broken.line}, column ${broken.column}.`,
    ),
    fields.length > 0 && element(
      "div",
      { class: "scroll", role: "region", "aria-label": "Fields", tabindex: 0 },
      element(
        "table",
        { class: "json" },
        element("caption", {}, `The fields of ${name}`),
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            element("th", { scope: "col" }, "Field"),
            element("th", { scope: "col" }, "Value"),
            isExplained && element("th", { scope: "col" }, "What it means"),
          ),
        ),
        element("tbody", {}, shown.map((field) => row(field, root, isExplained))),
      ),
    ),
    element(
      "details",
      { open: fields.length === 0 },
      element("summary", {}, isWhole ? "The text as it is" : "The first part of the text as it is"),
      element("pre", { tabindex: 0 }, element("code", {}, text)),
    ),
  ];
}

function row(
  { pointer, name, depth, type, value, length, what, spec, link: place }: FieldRow,
  root: string,
  isExplained: boolean,
): Markup {
  return element(
    "tr",
    { id: root + pointer },
    element(
      "th",
      { scope: "row", "data-level": Math.min(depth, 12) },
      element("a", { href: `#${encodeURI(root + pointer)}`, title: root + pointer }, name),
    ),
    element(
      "td",
      {},
      value === undefined ? sizeOf(type, length) : element(
        "code",
        { class: `is-${type}` },
        link(place?.address, typeof value === "string" ? value : JSON.stringify(value)),
      ),
    ),
    isExplained && element("td", { class: "what" }, what, spec !== undefined && [" ", outside(spec, "Spec")]),
  );
}

function sizeOf(type: FieldRow["type"], length = 0): Markup {
  return element(
    "span",
    { class: "quiet" },
    type === "list" ? `a list of ${length}` : length === 1 ? "1 field" : `${length} fields`,
  );
}
