/**
 * Lines that several kinds of facts have in common: the head, the formats, the rest of a list, and the end.
 *
 *     library/hello:v1   tag                                                         head
 *     OCI image manifest: …                                                          formatLines
 *       100 of 4,211   deno task look library/hello --after v100                     more
 *
 *     next                                                                           ending
 *       deno task look library/hello@sha256:9b4e0fd27c1a   its last layer
 *
 * Next: lines_of_differences.ts
 *
 * @module
 */

import { shorten } from "../definitions/printable.ts";
import type { NextCommand, Rows, TextRow, Wrong } from "../looking/facts.ts";
import { asTyped } from "../looking/next.ts";
import { fit, line, section, styled, table, WIDTH, wrapped } from "./terminal_lines.ts";

/** Returns the first line. */
export function head(...cells: readonly (string | undefined)[]): string {
  return styled("strong", line(...cells));
}

/** Returns a sentence for each of the first formats. */
export function formatLines(
  { formats }: { readonly formats: readonly { readonly name: string; readonly what: string }[] },
): string[] {
  return formats.slice(0, 4).flatMap(({ name, what }) => wrapped(`${name}: ${what}`));
}

/** Returns tags in one line. */
export function tagList(tags: readonly string[]): string {
  return tags.map(shorten).join(", ");
}

/** Returns names and texts, such as annotations. */
export function textLines(rows: readonly TextRow[]): string[] {
  return table(rows.map(({ name, text }) => [name, text]));
}

/** The most lines of a text. */
export const MOST_LINES = 200;

/** Returns the line below a part of a list: how much there is, and the command that shows the next part. */
export function more(rows: Rows<unknown>, command = "look"): string[] {
  if (rows.next === undefined) return [];
  const { address, after } = rows.next;
  const count = `${rows.rows.length} of ${rows.total ?? "many"}`;
  return table([[count, `deno task ${command} ${asTyped(address)} --after ${after}`]]);
}

/** Returns the lines at the end: what is wrong, what is not shown, and what to type next. */
export function ending(faults: readonly Wrong[], limits: readonly string[], next: readonly NextCommand[]): string[] {
  const wrong = faults.slice(0, 20).flatMap(({ address, text }) => [
    styled("bad", `  ${fit(`! ${shorten(address)}`, 2)}`),
    ...wrapped(shorten(text), 4),
  ]);
  const left = faults.length > 20 ? [`  and ${faults.length - 20} more; --json has them all`] : [];
  return [
    ...section("wrong", [...wrong, ...left]),
    ...section("limits", limits.flatMap((text) => wrapped(shorten(text)))),
    ...section("next", next.flatMap(({ command, text }) => nextLines(command, text))),
  ];
}

// A command is never cut, because a person copies it.
function nextLines(command: string, text: string): string[] {
  const line = `  ${command}   ${text}`;
  return line.length <= WIDTH ? [line] : [`  ${command}`, `      ${text}`];
}
