/**
 * The view of a tree of files: a page of rows, and the ways to the other pages.
 *
 * In the browser, `web/tree.ts` makes one long list of a large one. The rows are the same.
 *
 * Next: bytes.ts
 *
 * @module
 */

import { letterOf } from "../../archive/tar_kind.ts";
import { addressOf } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import type { TreeFacts, TreeRow, WasteFacts } from "../trees.ts";
import { size, table, time } from "./pieces.ts";

/** Returns a page of a tree. */
export function tree({ address, from, total, isStacked, rows }: TreeFacts): Markup {
  if (total === 0) return element("p", {}, "There is nothing in it.");
  const last = from + rows.length;
  const isWhole = rows.length === total;
  return element(
    "section",
    {
      class: "entries",
      "aria-label": "Files",
      ...(!isWhole && { "data-island": "tree", "data-key": address, "data-address": address, "data-total": total }),
    },
    !isWhole &&
      element(
        "p",
        { class: "pages" },
        `Rows ${from + 1} to ${last} of ${total}. `,
        pages(address, from, total, rows.length),
      ),
    element(
      "div",
      { class: "scroll", role: "region", "aria-label": "Rows", tabindex: 0 },
      element(
        "table",
        { class: "files" },
        element(
          "thead",
          {},
          element("tr", {}, headsOf(isStacked).map((head) => element("th", { scope: "col" }, head))),
        ),
        element("tbody", {}, rows.map((row) => rowOfTree(row, isStacked))),
      ),
    ),
  );
}

function pages(address: string, from: number, total: number, shown: number): Markup {
  const page = (text: string, at: number): Markup =>
    element("a", { href: `${addressOf(address)}?from=${Math.max(0, at)}` }, text);
  return [
    from > 0 && [page("First", 0), " ", page("Previous", from - shown), " "],
    from + shown < total && [page("Next", from + shown), " ", page("Last", Math.floor((total - 1) / shown) * shown)],
  ];
}

/** Returns the heads of the columns. */
export function headsOf(isStacked: boolean): string[] {
  return ["Name", "Size", "Mode", "Owner", "Changed", ...(isStacked ? ["Layer"] : [])];
}

/** Returns a row of a tree. */
export function rowOfTree(
  row: TreeRow,
  isStacked: boolean,
  attributes: Record<string, string | number | boolean | undefined> = {},
): ReturnType<typeof element> {
  const { kind, mode = "", owner = "", modified } = row;
  return element(
    "tr",
    { "data-key": row.index, ...attributes },
    element(
      "td",
      { "data-level": Math.min(row.level - 1, 12) },
      nameOf(row, attributes.role === undefined ? undefined : -1),
    ),
    element("td", { class: "number" }, kind === "file" || kind === "folder" ? size(row.size) : ""),
    element("td", {}, element("code", {}, letterOf(kind) + mode)),
    element("td", {}, owner),
    element("td", {}, time(modified)),
    isStacked &&
      element("td", {}, row.layer === undefined ? "" : `${row.layer}`, row.isReplacement === true && ", replaced"),
  );
}

function nameOf({ address, text, kind, target, whiteout, files }: TreeRow, tabindex: number | undefined): Markup {
  return [
    element("a", { href: addressOf(address), tabindex }, kind === "folder" ? `${text}/` : text),
    target !== undefined && [" → ", element("span", { class: "target" }, target)],
    kind === "folder" && files !== undefined &&
    element("small", { class: "quiet" }, ` ${files} ${files === 1 ? "file" : "files"}`),
    whiteout !== undefined && [" ", element("span", { class: "chip", "data-sign": "-" }, whiteoutText(whiteout))],
    kind !== "file" && kind !== "folder" && [" ", element("small", { class: "quiet" }, kind)],
  ];
}

function whiteoutText({ kind, path }: NonNullable<TreeRow["whiteout"]>): string {
  if (kind === "aufs") return "a file of AUFS: it removes nothing";
  return kind === "opaque"
    ? "hides all that the layers below have in this folder"
    : `removes /${path} of the layers below`;
}

/** Returns what each layer of a stack adds, and what it wastes. */
export function waste({ size: bytes, wastedBytes, layers, files, count }: WasteFacts): Markup {
  return [
    element("h2", {}, "What each layer does"),
    element(
      "p",
      {},
      "A container sees ",
      size(bytes),
      ". ",
      wastedBytes === 0
        ? "Nothing is wasted."
        : ["Clients fetch ", size(wastedBytes), " more that no container sees: a later layer replaces or removes it."],
    ),
    table(
      "Layers, the lowest first",
      ["Layer", "Files", "New", "Replaced", "Removed", "Wasted"],
      layers.map(({ layer, address, added, replaced, removed, size: bytes, wastedBytes }) => [
        element("a", { href: addressOf(address) }, `layer ${layer}`),
        size(bytes),
        added,
        replaced,
        removed,
        wastedBytes === 0 ? "-" : size(wastedBytes),
      ]),
      { class: "numbers" },
    ),
    files.length > 0 && table(
      files.length < count ? `The ${files.length} largest of ${count} wasted files` : "Wasted files",
      ["File", "Size", "What happens to it"],
      files.map(({ path, bytes, layer, address, by, how }) => [
        element("a", { href: addressOf(address) }, path),
        size(bytes),
        `layer ${layer} has it, layer ${by} ${how === "removed" ? "removes" : "replaces"} it`,
      ]),
    ),
  ];
}
