/**
 * Lines for a terminal: tables, titles and sentences that fit 80 columns.
 *
 *     table([["0", "sha256:9b4e…", "3.2 MiB"], ["1", "sha256:4f2a…", "584 B"]])
 *
 *       0  sha256:9b4e…  3.2 MiB
 *       1  sha256:4f2a…    584 B
 *
 * Next: lessons.ts
 *
 * @module
 */

import { printable } from "../definitions/printable.ts";
import { widthOf } from "../stories/lines.ts";
import { painted, plain, type SpanStyle } from "../stories/styled.ts";

/** The width of a line, in columns. */
export const WIDTH = 80;

const hasColours = Deno.stdout.isTerminal() && !Deno.noColor;

/** Returns a text with a style, if this is a terminal. */
export function styled(style: SpanStyle, text: string): string {
  return (hasColours ? painted : plain)([[style, text]]);
}

/** Returns a text without characters that a terminal obeys, cut to the columns that are left. */
export function fit(text: string, indent = 0): string {
  return cut(printable(text), WIDTH - indent);
}

// A character of Chinese or Japanese takes two columns.
function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let head = "";
  let left = width - 1;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    head += character;
  }
  return `${head}…`;
}

function blanks(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text)));
}

// The widest column that has another one behind it.
const WIDEST = 36;

/** Returns a line of cells; those without a text are left out. */
export function line(...cells: readonly (string | undefined)[]): string {
  return fit(cells.filter((cell) => cell !== undefined && cell !== "").join("   "));
}

/** Breaks a sentence into lines that fit. */
export function wrapped(text: string, indent = 2): string[] {
  const lines: string[] = [];
  for (const word of printable(text).split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + widthOf(word) < WIDTH - indent) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines.map((line) => " ".repeat(indent) + fit(line, indent));
}

/** Returns rows as a table. All columns but the last are as wide as their widest cell, and the last is cut. */
export function table(rows: readonly (readonly (string | undefined)[])[], indent = 2): string[] {
  const cells = rows.map((row) =>
    row.map((cell, column) => cut(printable(cell ?? ""), column < row.length - 1 ? WIDEST : WIDTH))
  );
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ""))));
  return cells.map((row) => {
    const text = row.map((cell, column) =>
      isNumber(rows, column) ? blanks(cell, widths[column]) + cell : cell + blanks(cell, widths[column])
    );
    return `${" ".repeat(indent)}${fit(text.filter((_, column) => widths[column] > 0).join("  ").trimEnd(), indent)}`;
  });
}

function isNumber(rows: readonly (readonly (string | undefined)[])[], column: number): boolean {
  return rows.every((row) => /^[\d.]+(?: (?:[KMGT]i)?B)?$/.test(row[column] ?? "0"));
}

/** Returns lines below a title; nothing if there are none. */
export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", styled("strong", title), ...lines];
}

/** Returns an ISO text of a time, without its seconds. */
export function date(time: string | undefined): string | undefined {
  return time?.slice(0, 16).replace("T", " ");
}
