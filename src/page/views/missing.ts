/**
 * The view of an address that shows nothing.
 *
 * Next: unreadable.ts
 *
 * @module
 */

import { element, type Markup } from "../markup.ts";
import type { NothingFacts } from "../missing.ts";

/** The title. */
export function titleOf(_facts: NothingFacts): string {
  return "Not there";
}

/** What is to be seen. */
export function view({ address, nearby }: NothingFacts): Markup {
  return [
    element("h1", {}, "Not there"),
    element("p", {}, "The page has nothing at ", element("code", {}, address), "."),
    nearby.length > 0 && [
      element("p", {}, "Did you mean one of these?"),
      element("ul", {}, nearby.map(({ text, address }) => element("li", {}, element("a", { href: address }, text)))),
    ],
  ];
}
