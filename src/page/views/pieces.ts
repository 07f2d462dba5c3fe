/**
 * Pieces that several views use: links, sizes, formats, what is wrong, and the commands beside a view.
 *
 * Next: manifest.ts
 *
 * @module
 */

import { shorten } from "../../definitions/printable.ts";
import { formatBytes } from "../../definitions/size.ts";
import type { Format } from "../../looking/formats.ts";
import type { CommonFacts, NextCommand, PlaceLink, TextRow } from "../../looking/facts.ts";
import { addressOf } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";

/** Returns a link to a place, or only its text if it has no address. */
export function link(address: string | undefined, text: string, fragment?: string): Markup {
  return address === undefined ? text : element("a", { href: placeOf(address, fragment) }, text);
}

/** Returns a link to a place. */
export function linkTo({ address, text }: PlaceLink): Markup {
  return link(address, text);
}

/** Returns the address of the page for a place: a JSON pointer in it becomes the fragment. */
export function placeOf(address: string, fragment?: string): string {
  const at = address.includes("!/") ? -1 : address.indexOf("#");
  return at < 0 ? addressOf(address, fragment) : addressOf(address.slice(0, at), address.slice(at + 1));
}

/** Returns a digest with its first digits, as a link if its content is here. */
export function digestOf(digest: string, address?: string): Markup {
  return element("code", { title: digest }, link(address, shorten(digest)));
}

/** Returns a size with a unit. The exact number is in its title. */
export function size(bytes: number): Markup {
  return element("span", { class: "number", title: `${bytes} bytes` }, formatBytes(bytes));
}

/** Returns a time. */
export function time(text: string | undefined): Markup {
  return text === undefined
    ? ""
    : element("time", { datetime: text }, text.replace("T", " ").replace(/(?:\.\d+)?Z$/, ""));
}

/** Returns the explanations of formats. */
export function formats(list: readonly Format[]): Markup {
  return list.map(({ name, what, link }) =>
    element("p", { class: "format" }, element("b", {}, name), ". ", withCode(what), " ", outside(link, "its document"))
  );
}

// A name of a program stands between backticks.
function withCode(text: string): Markup {
  return text.split("`").map((part, at) => at % 2 === 0 ? part : element("code", {}, part));
}

/** Returns a link to another site if it is one with TLS, or else only the text. */
export function outside(address: string, text: string): Markup {
  return /^https:\/\/[^\s/]/.test(address) ? element("a", { href: address, rel: "noreferrer" }, text) : text;
}

/** Returns the names of formats, with what they are in a title. */
export function chips(list: readonly Format[]): Markup {
  return list.map(({ name, what }) => element("span", { class: "chip", title: what }, name));
}

/** Returns the places above. */
export function way({ way, address }: Pick<CommonFacts, "way" | "address">): Markup {
  if (way.length === 0) return [];
  const last = address.slice(address.lastIndexOf("/") + 1) || "/";
  return element(
    "nav",
    { class: "way", "aria-label": "Way" },
    element(
      "ol",
      {},
      way.map((place) => element("li", {}, linkTo(place))),
      element("li", { "aria-current": "page" }, shorten(last)),
    ),
  );
}

/** Returns what is wrong, and what is not shown. */
export function troubles({ faults, limits }: Pick<CommonFacts, "faults" | "limits">): Markup {
  return [
    faults.length > 0 && element(
      "section",
      { class: "fault", "aria-label": "What is wrong" },
      element("b", {}, faults.length === 1 ? "Something is wrong." : `${faults.length} things are wrong.`),
      element(
        "ul",
        {},
        faults.map(({ address, text }) => element("li", {}, `${text} `, link(address, shorten(address)))),
      ),
    ),
    limits.map((text) => element("p", { class: "limit" }, text)),
  ];
}

/** Returns commands that a person can type. */
export function commands(list: readonly NextCommand[], title = "In a terminal"): Markup {
  return list.length > 0 && element(
    "section",
    { class: "commands" },
    element("h2", {}, title),
    element(
      "dl",
      {},
      list.map(({ command, text }) => [
        element("dt", {}, text),
        element("dd", { class: "command" }, element("code", {}, command)),
      ]),
    ),
  );
}

/** Returns names and texts, such as annotations. */
export function texts(title: string, list: readonly TextRow[]): Markup {
  return list.length > 0 && [
    element("h3", {}, title),
    element(
      "dl",
      { class: "texts" },
      list.map(({ name, text, what, link: place }) => [
        element("dt", { title: what }, element("code", {}, name)),
        element(
          "dd",
          {},
          place === undefined ? outside(text, text) : linkTo({ ...place, text }),
          what !== undefined && element("small", { class: "what" }, ` ${what}`),
        ),
      ]),
    ),
  ];
}

/** Returns a table. A cell that begins with a number is to the right. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Markup[])[],
  attributes: Record<string, string> = {},
): Markup {
  return element(
    "div",
    { class: "scroll", role: "region", "aria-label": caption, tabindex: 0 },
    element(
      "table",
      attributes,
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, rows.map((cells) => element("tr", {}, cells.map((cell) => element("td", {}, cell))))),
    ),
  );
}

/** Returns the link to the next part of a list. */
export function more(next: { readonly address: string; readonly after: string } | undefined, total?: number): Markup {
  if (next === undefined) return [];
  const address = `${addressOf(next.address)}?after=${encodeURIComponent(next.after)}`;
  return element(
    "p",
    {},
    element("a", { href: address, rel: "next" }, "Next part"),
    total !== undefined && ` of ${total} in all`,
  );
}
