/**
 * The view of a rule.
 *
 * Next: ../sources.ts
 *
 * @module
 */

import { addressOfSource } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import type { RuleFacts } from "../rules.ts";

/** The title. */
export function titleOf({ rule }: RuleFacts): string {
  return rule.id;
}

/** What is to be seen. */
export function view({ rule, heading, spec }: RuleFacts): Markup {
  return [
    element("h1", {}, rule.id),
    element(
      "p",
      {},
      element("b", {}, rule.keyword),
      ` (binds ${rule.actor === "both" ? "both sides" : `the ${rule.actor}`}): `,
      rule.requirement,
    ),
    element(
      "dl",
      {},
      element("dt", {}, "Seen by"),
      element("dd", {}, rule.observable),
      element("dt", {}, "Heading"),
      element("dd", {}, element("a", { href: spec, rel: "noreferrer" }, heading.title)),
      heading.file !== "" && [
        element("dt", {}, "Source"),
        element("dd", {}, element("a", { href: addressOfSource(heading.file) }, heading.file)),
      ],
    ),
  ];
}
