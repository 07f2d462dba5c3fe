/**
 * The view of a blob, and of a file in a layer.
 *
 * Next: statement.ts
 *
 * @module
 */

import { shorten } from "../../definitions/printable.ts";
import type { BlobFacts, FileFacts, LayerListing } from "../../looking/facts.ts";
import { addressOf } from "../addresses.ts";
import type { InsideFacts } from "../inside.ts";
import { element, type Markup } from "../markup.ts";
import { bytesOf, hex } from "./bytes.ts";
import { json } from "./json.ts";
import { digestOf, link, linkTo, size, table, time } from "./pieces.ts";
import { tree, waste } from "./tree.ts";
import { statementOf } from "./statement.ts";

/** Returns a blob. */
export function blob(look: BlobFacts, facts: InsideFacts): Markup {
  const { address, digest, size: bytes, names, used, neededBy, elsewhere, content, layer, statement } = look;
  return [
    element(
      "dl",
      { class: "facts" },
      element("dt", {}, "Digest"),
      element("dd", {}, element("code", {}, digest)),
      element("dt", {}, "Size"),
      element("dd", {}, size(bytes)),
      element("dt", {}, "Its file"),
      element("dd", {}, names === 1 ? "has this name only" : `is kept once, and has ${names} names`),
      elsewhere.length > 0 && [
        element("dt", {}, "Also in"),
        element("dd", {}, elsewhere.map((place, at) => [at > 0 && ", ", linkTo(place)])),
      ],
      used !== undefined && [element("dt", {}, "Last used"), element("dd", {}, time(used))],
      element("dt", {}, "Needed by"),
      element(
        "dd",
        {},
        neededBy === undefined
          ? "unknown: there are too many manifests to read"
          : neededBy.length === 0
          ? "no manifest of this repository"
          : element(
            "ul",
            { class: "plain" },
            neededBy.map((need) =>
              element(
                "li",
                {},
                linkTo(need),
                need.tags.length > 0 && ` (${need.tags.length === 1 ? "tag" : "tags"} ${need.tags.join(", ")})`,
                " as ",
                element("code", {}, need.mediaType),
              )
            ),
          ),
      ),
    ),
    element(
      "p",
      { class: "toolbar" },
      element("a", { href: `${addressOf(address)}?download` }, "Download"),
      facts.hex === undefined && content === undefined &&
        element("a", { href: `${addressOf(address)}?hex=0#hex` }, "Show its bytes"),
    ),
    statement !== undefined && statementOf(statement),
    layer !== undefined && layerOf(look, layer, facts),
    content !== undefined && bytesOf(look.json === undefined ? content : { ...content, text: undefined }, facts.image),
    look.json !== undefined && [element("h2", {}, "The document"), json(look.json, shorten(digest))],
    bytesAt(look, facts),
    element(
      "section",
      {
        class: "panel",
        "data-island": "hash",
        "data-address": address,
        "data-digest": digest,
        "data-size": bytes,
        "aria-label": "The digest",
      },
      element("h2", {}, "Why this name"),
      element(
        "p",
        {},
        "The digest is computed from the bytes, so it cannot lie: change one byte, and it is another one.",
      ),
    ),
  ];
}

function bytesAt(look: BlobFacts | FileFacts, facts: InsideFacts): Markup {
  if (facts.hex !== undefined) return hex(facts.hex, look.address, true);
  const { content } = look;
  return content !== undefined && content.head !== "" &&
    hex(
      { start: 0, bytes: content.head, size: content.size },
      look.address,
      content.text === undefined && facts.image === undefined,
    );
}

// The most images with a layer that are named.
const MOST_STACKS = 5;

function layerOf(
  { address, name, neededBy = [] }: BlobFacts,
  { packing, entries, size: bytes, whiteouts, diffId, table: contents, problems, limitMet }: LayerListing,
  facts: InsideFacts,
): Markup {
  const stacks = new Map(
    neededBy.map((
      { address, text, tags },
    ) => [address.replace(/#.*$/s, ""), tags.length > 0 ? `${name}:${tags[0]}` : text]),
  );
  return [
    element("h2", {}, "What is in it"),
    element(
      "p",
      { class: "lead" },
      `A tar archive of ${entries} ${entries === 1 ? "entry" : "entries"}, `,
      size(bytes),
      " in files, ",
      packing.kind === "none" ? "not compressed" : `compressed with ${packing.kind}`,
      ". ",
      whiteouts > 0 && `${whiteouts} of its entries remove something from the layers below.`,
    ),
    diffId !== undefined &&
    element("p", {}, "Unpacked, its digest is ", digestOf(diffId), ": the config of an image names that one."),
    contents !== undefined &&
    element("p", {}, `It has a table of contents (${contents.form}), so that a client can fetch one file alone.`),
    limitMet !== undefined && element("p", { class: "limit" }, limitMet.text),
    problems.count > 0 && element(
      "details",
      { class: "fault", open: problems.count < 20 },
      element(
        "summary",
        {},
        problems.count === 1 ? "1 thing is wrong in it" : `${problems.count} things are wrong in it`,
      ),
      table(
        "What is wrong, and where",
        ["What", "Offset", "Path"],
        problems.list.slice(0, 100).map((
          { text, at, path, where },
        ) => [text, `${at}${where === "packed" ? " in the blob" : ""}`, path && element("code", {}, path)]),
      ),
    ),
    element(
      "p",
      {},
      "This layer only.",
      stacks.size > 0 && [
        " Stacked, as a container sees it: ",
        [...stacks].slice(0, MOST_STACKS).map(([manifest, image], at) => [
          at > 0 && ", ",
          element("a", { href: addressOf(`${manifest}!/`) }, image),
        ]),
      ],
    ),
    facts.tree !== undefined && tree(facts.tree),
    facts.tree === undefined && element("p", {}, link(`${address}!/`, "Its files")),
  ];
}

/** Returns a file, folder or link in a layer or in stacked layers. */
export function file(look: FileFacts, facts: InsideFacts): Markup {
  const { row, isStacked, digest, name, entry, content, leadsTo, layers = [], platform, address } = look;
  const archive = address.slice(0, address.indexOf("!/"));
  const path = address.slice(address.indexOf("!/"));
  return [
    element(
      "p",
      { class: "lead" },
      isStacked ? "Stacked: what a container of this image sees" : "This layer only",
      platform !== undefined && ` (${platform})`,
      ". ",
      isStacked && row.layer !== undefined && layers.length > 0 &&
        element("a", { href: addressOf(layers.at(-1)!.address) }, "This layer only"),
    ),
    look.asked !== undefined &&
    element("p", {}, "Links on the way led here from ", element("code", {}, `/${look.asked}`), "."),
    look.path !== "" && element(
      "dl",
      { class: "facts" },
      row.mode !== undefined && [element("dt", {}, "Mode"), element("dd", {}, element("code", {}, row.mode))],
      row.owner !== undefined && [element("dt", {}, "Owner"), element("dd", {}, row.owner)],
      row.modified !== undefined && [element("dt", {}, "Changed"), element("dd", {}, time(row.modified))],
      element("dt", {}, "Size"),
      element("dd", {}, size(row.size), row.files !== undefined && ` in ${row.files} files`),
      row.target !== undefined &&
        [
          element("dt", {}, "Leads to"),
          element(
            "dd",
            {},
            leadsTo === undefined
              ? [element("code", {}, row.target), ", where nothing is"]
              : link(leadsTo.address, row.target),
          ),
        ],
      element("dt", {}, "In the layer"),
      element("dd", {}, link(isStacked ? undefined : archive, shorten(digest)), isStacked && ` of ${name}`),
      entry !== undefined && [
        element("dt", {}, "In the archive"),
        element(
          "dd",
          {},
          `format ${entry.format}, header at ${entry.headerAt}, content at ${entry.contentAt}`,
          entry.sparse !== undefined && `, sparse: ${entry.sparse.parts.length} parts, the rest are zeros`,
        ),
      ],
      entry?.device !== undefined &&
        [element("dt", {}, "Device"), element("dd", {}, `${entry.device.major}, ${entry.device.minor}`)],
      entry?.attributes !== undefined && [
        element("dt", {}, "Attributes"),
        element(
          "dd",
          {},
          element(
            "ul",
            { class: "plain" },
            Object.entries(entry.attributes).map(([name, value]) =>
              element("li", {}, element("code", {}, `${name} = ${value}`))
            ),
          ),
        ),
      ],
    ),
    isStacked && layers.length > 0 && look.path !== "" && [
      element("h2", {}, "Layers that have or remove it"),
      element(
        "ul",
        {},
        layers.map(({ address, layer, size: bytes, whiteout }) =>
          element(
            "li",
            {},
            element("a", { href: addressOf(address) }, `layer ${layer}`),
            whiteout === undefined ? [" has it: ", size(bytes)] : " removes it",
          )
        ),
      ),
    ],
    content !== undefined && [
      element("p", { class: "toolbar" }, element("a", { href: `${addressOf(archive + path)}?download` }, "Download")),
      bytesOf(content, facts.image),
      bytesAt(look, facts),
    ],
    facts.tree !== undefined && tree(facts.tree),
    facts.waste !== undefined && waste(facts.waste),
  ];
}
