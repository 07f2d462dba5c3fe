/**
 * Styled text: lines with colours, for a terminal.
 *
 *     [["strong", "PUT"], " /v2/…   ", ["good", "201"]]     ─▶   PUT /v2/…   201        plain
 *                                                           ─▶   the same with colours   painted
 *
 * A colour is a command to the terminal, and a client must never get one through. So texts and colours stay apart until the last
 * step: each text becomes printable, and then the commands are put around it. They all come from one table.
 *
 * Next: lines.ts
 *
 * @module
 */

import { printable } from "../definitions/printable.ts";

// The commands that choose a colour, as the standard ECMA 48 has them. Every terminal has these, and its user may have chosen how they look.
const STYLES = {
  strong: "1",
  faint: "2",
  good: "32",
  careful: "33",
  bad: "31",
  note: "36",
  // For things that are only to be told apart.
  first: "36",
  second: "35",
  third: "33",
  fourth: "34",
  fifth: "32",
  sixth: "96",
} as const;

/** How a text looks. */
export type SpanStyle = keyof typeof STYLES;

/** The styles for things that are only to be told apart. */
export const DISTINCT: readonly SpanStyle[] = ["first", "second", "third", "fourth", "fifth", "sixth"];

/** A text, or a text with a style. */
export type Span = string | readonly [style: SpanStyle, text: string];

/** One line. */
export type StyledLine = readonly Span[];

/** Returns a line without styles, and with an escape for each character that is not drawn. */
export function plain(line: StyledLine): string {
  return line.map((span) => printable(textOf(span))).join("");
}

/** Returns a line with its colours, and with an escape for each other character that is not drawn. */
export function painted(line: StyledLine): string {
  return line.map((span) =>
    typeof span === "string" ? printable(span) : `\x1b[${STYLES[span[0]]}m${printable(span[1])}\x1b[0m`
  ).join("");
}

/** Returns the text of a span. */
export function textOf(span: Span): string {
  return typeof span === "string" ? span : span[1];
}
