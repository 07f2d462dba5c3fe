/**
 * The view of bytes: as text, as an image, as a program, and as hexadecimal digits.
 *
 *     00000000  7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00  |.ELF............|
 *
 * Next: ../differences.ts
 *
 * @module
 */

import { formatBytes } from "../../definitions/size.ts";
import type { ContentBytes } from "../../looking/facts.ts";
import { addressOf } from "../addresses.ts";
import type { HexFacts } from "../inside.ts";
import { element, type Markup } from "../markup.ts";
import { size } from "./pieces.ts";

/** Returns what bytes are, and the bytes as what they are. */
export function bytesOf({ is, size: bytes, text, isWhole }: ContentBytes, image?: string): Markup {
  const { kind, encoding, interpreter, width, height, elf } = is;
  return [
    element(
      "p",
      { class: "lead" },
      `It is ${kind === "empty" ? "empty" : kind}`,
      encoding !== undefined && `, ${encoding}`,
      interpreter !== undefined && [", run by ", element("code", {}, interpreter)],
      width !== undefined && `, ${width} x ${height} pixels`,
      ", ",
      size(bytes),
      ".",
    ),
    elf !== undefined && program(elf),
    image !== undefined &&
    element(
      "figure",
      {},
      element("img", { src: image, alt: `The image: ${width ?? "?"} x ${height ?? "?"} pixels`, class: "shown" }),
    ),
    text !== undefined && text !== "" && [
      element("h2", {}, "Text"),
      !isWhole && element("p", { class: "limit" }, `Only the first ${formatBytes(text.length)} are shown.`),
      element("pre", { class: "text", tabindex: 0 }, element("code", {}, text)),
    ],
  ];
}

function program(elf: NonNullable<ContentBytes["is"]["elf"]>): Markup {
  const { bits, order, system, type, machine, interpreter, needed } = elf;
  const rows: [string, Markup][] = [
    ["Type", type],
    ["Processor", `${machine}, ${bits} bits, ${order} endian`],
    ["System", system],
    ["Loaded by", interpreter && element("code", {}, interpreter)],
    [
      "Needs",
      needed &&
      (needed.length === 0
        ? "no library"
        : element("ul", { class: "plain" }, needed.map((name) => element("li", {}, element("code", {}, name))))),
    ],
  ];
  return [
    element("h2", {}, "Program (ELF header)"),
    element(
      "dl",
      {},
      rows.map(([name, value]) =>
        value !== undefined && value !== "" && [element("dt", {}, name), element("dd", {}, value)]
      ),
    ),
  ];
}

// The bytes in one row, and in one page.
const ROW = 16;
const PAGE = 4096;

/** Returns bytes as hexadecimal digits, with the ways to all others. */
export function hex({ start, bytes, size }: HexFacts, address: string, isOpen: boolean): Markup {
  const data = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
  const at = (offset: number, text: string): Markup =>
    element("a", { href: `${addressOf(address)}?hex=${offset}#hex` }, text);
  const end = start + data.length;
  return element(
    "details",
    { id: "hex", open: isOpen },
    element("summary", {}, "Bytes"),
    element(
      "form",
      { class: "toolbar" },
      start > 0 && [at(0, "First"), at(Math.max(0, start - PAGE), "Previous")],
      element(
        "span",
        {},
        data.length === 0 ? `No byte at ${start}; there are ${size}.` : `Bytes ${start} to ${end - 1} of ${size}.`,
      ),
      end < size && [at(end, "Next"), at(Math.floor((size - 1) / PAGE) * PAGE, "Last")],
      size > PAGE && [
        element("label", { for: "offset" }, "Offset"),
        element("input", { id: "offset", name: "hex", value: start, maxlength: 15, pattern: "[0-9]+|0x[0-9a-fA-F]+" }),
        element("button", {}, "Go"),
      ],
    ),
    data.length > 0 &&
      element(
        "pre",
        { class: "hex", tabindex: 0, "aria-label": "Hexadecimal digits" },
        element("code", {}, lines(data, start)),
      ),
  );
}

function lines(data: Uint8Array, start: number): string {
  const rows: string[] = [];
  for (let at = 0; at < data.length; at += ROW) {
    const row = [...data.subarray(at, at + ROW)];
    const digits = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const characters = row.map((byte) => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".").join("");
    rows.push(`${(start + at).toString(16).padStart(8, "0")}  ${digits.padEnd(ROW * 3 - 1)}  ${characters}`);
  }
  return rows.join("\n");
}
