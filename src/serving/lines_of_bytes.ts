/**
 * The lines of bytes: of a text its lines, of JSON its fields, and of all else a dump.
 *
 *     ELF, 64 bits, x86-64, executable
 *       00000000  7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00  .ELF............
 *
 *     document
 *       mediaType: application/vnd.oci.image.config.v1+json
 *
 * Each of them ends after some lines, and says how much there is in all.
 *
 * Next: common_lines.ts
 *
 * @module
 */

import { shorten } from "../definitions/printable.ts";
import { formatBytes } from "../definitions/size.ts";
import type { ContentBytes, FieldRow, JsonFacts } from "../looking/facts.ts";
import { fit, line, section } from "./terminal_lines.ts";
import { MOST_LINES } from "./common_lines.ts";

// The most lines of a dump in hexadecimal digits.
const DUMPED = 16;

/** Returns the lines of the first bytes of something. */
export function contentLines({ is, text, isWhole, head, size }: ContentBytes): string[] {
  const title = [is.kind, is.encoding, is.interpreter && `for ${is.interpreter}`, is.elf && elfText(is.elf)]
    .filter((part) => part !== undefined).join(", ");
  if (text === undefined) return section(title, dumpLines(Uint8Array.fromBase64(head), size));
  const lines = text.replace(/\n$/, "").split("\n");
  const isAll = isWhole && lines.length <= MOST_LINES;
  return section(title, [
    ...lines.slice(0, MOST_LINES).map((text) => `  ${fit(text, 2)}`),
    ...(isAll ? [] : [line(`  … ${formatBytes(size)} in all; --json has the first MiB`)]),
  ]);
}

function elfText({ bits, machine, type }: NonNullable<ContentBytes["is"]["elf"]>): string {
  return `${bits} bits, ${machine}, ${type}`;
}

function dumpLines(bytes: Uint8Array, size: number): string[] {
  const lines = Array.from({ length: Math.ceil(Math.min(bytes.length, 16 * DUMPED) / 16) }, (_, row) => {
    const part = bytes.subarray(16 * row, 16 * row + 16);
    const hex = part.toHex().replace(/../g, "$& ").padEnd(48);
    return `  ${(16 * row).toString(16).padStart(8, "0")}  ${hex} ${
      new TextDecoder("latin1").decode(part).replace(/[^ -~]/g, ".")
    }`;
  });
  return size > 16 * DUMPED ? [...lines, `  … ${formatBytes(size)} in all`] : lines;
}

/** Returns the lines of a JSON document, or of the text that should have been one. */
export function jsonLines(json: JsonFacts): string[] {
  if (json.broken !== undefined) return json.text.split("\n").slice(0, 20).map((text) => `  ${fit(text, 2)}`);
  return fieldLines(json.fields);
}

/** Returns the lines of the fields of a document, each with its depth. */
export function fieldLines(fields: readonly FieldRow[]): string[] {
  const lines = fields.slice(0, MOST_LINES).map(({ name, depth, type, value, length }) => {
    const nested = `${length} ${type === "list" ? "items" : "fields"}`;
    const text = value === undefined ? nested : typeof value === "string" ? shorten(value) : String(value);
    return "  ".repeat(depth + 1) + fit(`${name === "" ? "document" : name}: ${text}`, 2 * depth + 2);
  });
  return fields.length > MOST_LINES ? [...lines, `  … ${fields.length} fields in all; --json has more`] : lines;
}
