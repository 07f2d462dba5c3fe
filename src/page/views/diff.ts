/**
 * The view of a comparison.
 *
 * Next: ../rules.ts
 *
 * @module
 */

import { shorten } from "../../definitions/printable.ts";
import type {
  ChildChange,
  DifferenceFacts,
  FieldChange,
  FileChange,
  FilesDifference,
  LayerStep,
  SideFacts,
} from "../../looking/difference_facts.ts";
import { addressOf, addressOfDiff } from "../addresses.ts";
import type { DiffFacts } from "../differences.ts";
import { element, type Markup } from "../markup.ts";
import { chips, digestOf, link, linkTo, placeOf, size, table, troubles } from "./pieces.ts";

/** The title. */
export function titleOf({ a, b }: DiffFacts): string {
  return a === "" || b === "" ? "Compare" : `${shorten(a)} and ${shorten(b)}`;
}

/** What is to be seen. */
export function view({ a, b, difference, stopped, choices }: DiffFacts): Markup {
  return [
    element("h1", {}, "Compare"),
    element(
      "form",
      { class: "toolbar", role: "search", "aria-label": "Two things to compare" },
      element("label", { for: "a" }, "From"),
      element("input", {
        id: "a",
        name: "a",
        value: a,
        placeholder: "library/hello:v1",
        required: true,
        spellcheck: "false",
      }),
      element("label", { for: "b" }, "to"),
      element("input", {
        id: "b",
        name: "b",
        value: b,
        placeholder: "library/hello:v2",
        required: true,
        spellcheck: "false",
      }),
      element("button", {}, "Compare"),
      a !== "" && b !== "" && element("a", { href: addressOfDiff(b, a) }, "Swap"),
    ),
    (a === "" || b === "") &&
    element(
      "p",
      {},
      "Name two images, manifests, layers, blobs or files. A tag is NAME:TAG, a digest NAME@DIGEST, and a file has !/ and its path behind that.",
    ),
    stopped !== undefined && element("p", { class: "limit", role: "status" }, stopped),
    difference !== undefined && differences(difference),
    choices.length > 0 && element(
      "details",
      { open: difference === undefined },
      element("summary", {}, a === "" ? "What is there" : "Other tags"),
      element(
        "ul",
        {},
        choices.map(({ address, text }) =>
          element(
            "li",
            {},
            element("a", { href: addressOf(address) }, text),
            a !== "" && text !== a &&
              [": ", element("a", { href: addressOfDiff(a, text) }, `compare ${shorten(a)} with ${text}`)],
            a === "" && [": ", element("a", { href: addressOfDiff(text, "") }, `begin with ${text}`)],
          )
        ),
      ),
    ),
  ];
}

function differences(
  { before, after, manifest, config, children, layers, files, faults, limits }: DifferenceFacts,
): Markup {
  const isSame = manifest.length + config.length + children.length === 0 && layers.every(({ how }) => how === "kept") &&
    (files?.rows.length ?? 0) === 0;
  return [
    element("div", { class: "sides" }, side("From", before), side("To", after)),
    troubles({ faults, limits }),
    before.missing === undefined && after.missing === undefined && isSame &&
    element(
      "p",
      { class: "lead" },
      before.digest === after.digest
        ? "They are the same: they have the same digest."
        : "Nothing that is compared here differs.",
    ),
    children.length > 0 && [element("h2", {}, "Platforms"), platforms(children)],
    layers.length > 0 && [element("h2", {}, "Layers"), layersOf(layers)],
    files !== undefined && filesOf(files),
    fields("Manifest", manifest, before, after),
    fields("Config", config, before, after),
  ];
}

function side(title: string, facts: SideFacts): Markup {
  const { text, address, digest, size: bytes, platform, formats, missing } = facts;
  return element(
    "section",
    { class: "panel", "aria-label": title },
    element("h2", {}, `${title} `, missing === undefined ? link(address, shorten(text)) : shorten(text)),
    missing === undefined
      ? element(
        "p",
        {},
        digest !== undefined && digestOf(digest),
        " ",
        bytes !== undefined && size(bytes),
        platform !== undefined && `, ${platform}`,
        " ",
        chips(formats.slice(0, 2)),
      )
      : [
        element(
          "p",
          { class: "fault" },
          "text" in missing ? missing.text : `This is no address. Expected ${missing.expected}, got ${missing.actual}.`,
        ),
        "near" in missing && missing.near.length > 0 &&
        element("ul", {}, missing.near.map((place) => element("li", {}, linkTo(place)))),
      ],
  );
}

const SIGNS = { kept: "=", moved: "~", gone: "-", new: "+", added: "+", removed: "-", changed: "~" } as const;

function sign(how: keyof typeof SIGNS): Markup {
  return element("span", { class: "sign", "data-sign": SIGNS[how] }, SIGNS[how], " ");
}

function layersOf(layers: readonly LayerStep[]): Markup {
  const sum = (how: LayerStep["how"]): number =>
    layers.filter((layer) => layer.how === how).reduce((sum, { size }) => sum + size, 0);
  const isKept = (how: LayerStep["how"]): boolean => how === "kept" || how === "moved";
  const kept = layers.filter(({ how }) => isKept(how));
  return [
    element(
      "p",
      {},
      `${kept.length} kept, ${layers.filter(({ how }) => how === "gone").length} gone, ${
        layers.filter(({ how }) => how === "new").length
      } new. A client that has the first image fetches `,
      size(sum("new")),
      " for the second one.",
    ),
    table(
      "Layers of both, the lowest first",
      ["Change", "Layer", "Before", "After", "Size", "Made by"],
      layers.map(({ how, digest, address, before, after, size: bytes, command }) => [
        [sign(how), how],
        digestOf(digest, address),
        before ?? "",
        after ?? "",
        size(bytes),
        command !== undefined && element("code", { class: "command-line" }, command),
      ]),
    ),
  ];
}

function filesOf({ rows, added, removed, changed, same }: FilesDifference): Markup {
  return [
    element("h2", {}, "Files and folders, as a container sees them"),
    element("p", {}, `${added} new, ${removed} gone, ${changed} changed, ${same} the same.`),
    rows.length > 0 &&
    table("Files that differ", ["Change", "File", "Before", "After", "What differs"], rows.map((row) => fileRow(row))),
    rows.filter(({ diff }) => diff !== undefined).map(({ path, diff }) => [
      element("h3", {}, element("code", {}, path)),
      element(
        "pre",
        { class: "diff", tabindex: 0, "aria-label": `Lines of ${path} that differ` },
        element("code", {}, diff!.map((line) => [lineOf(line), "\n"])),
      ),
    ]),
  ];
}

function fileRow({ path, how, what, before, after }: FileChange): Markup[] {
  const { address } = after ?? before!;
  return [
    [sign(how), how],
    link(address, path),
    before === undefined ? "" : placed(before),
    after === undefined ? "" : placed(after),
    what?.join(", "),
  ];
}

function placed({ size: bytes, address, layer }: NonNullable<FileChange["before"]>): Markup {
  return element(
    "span",
    { class: "placed" },
    size(bytes),
    " ",
    element("a", { href: addressOf(address) }, `in layer ${layer}`),
  );
}

function lineOf(line: string): Markup {
  if (line.startsWith("+")) return element("ins", {}, line);
  if (line.startsWith("-")) return element("del", {}, line);
  return line.startsWith("@") ? element("b", {}, line) : line;
}

function platforms(children: readonly ChildChange[]): Markup {
  return table(
    "Platforms that differ",
    ["Platform", "Before", "After"],
    children.map((
      { platform, before, after },
    ) => [platform, before === undefined ? "-" : digestOf(before), after === undefined ? "-" : digestOf(after)]),
  );
}

function fields(title: string, changes: readonly FieldChange[], before: SideFacts, after: SideFacts): Markup {
  if (changes.length === 0) return [];
  return [
    element("h2", {}, title),
    table(
      `Fields of the ${title.toLowerCase()} that differ`,
      ["Change", "Field", "Before", "After", "What it means"],
      changes.map(({ pointer, how, before: from, after: to, what }) => [
        [sign(how), how],
        title === "Manifest"
          ? element(
            "a",
            { href: placeOf((to === undefined ? before : after).address, pointer) },
            element("code", {}, pointer),
          )
          : element("code", {}, pointer),
        from === undefined ? "" : element("del", {}, element("code", {}, from)),
        to === undefined ? "" : element("ins", {}, element("code", {}, to)),
        what,
      ]),
      { class: "differences" },
    ),
  ];
}
