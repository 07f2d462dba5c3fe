/**
 * The view of a manifest: of an image its config and layers, of an index its children, and what refers to it.
 *
 * Next: json.ts
 *
 * @module
 */

import { shorten } from "../../definitions/printable.ts";
import type { DescriptorFacts, ImageConfigFacts, LayerRow, ManifestFacts, ReferrerNode } from "../../looking/facts.ts";
import type { Format } from "../../looking/formats.ts";
import { addressOf, addressOfDiff } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import { json } from "./json.ts";
import { chips, digestOf, formats, link, linkTo, more, outside, size, table, texts, time } from "./pieces.ts";

/** Returns a manifest. */
export function manifest(look: ManifestFacts): Markup {
  const {
    address,
    digest,
    mediaType,
    size: bytes,
    artifactType,
    tags,
    pushed,
    platform,
    config,
    image,
    layers,
    children,
    subject,
  } = look;
  const { referrers: referring, claims, annotations, parents, shared } = look;
  const isFiles = image !== undefined || children.rows.length > 0;
  return [
    element(
      "dl",
      { class: "facts" },
      element("dt", {}, "Digest"),
      element("dd", {}, element("code", {}, digest)),
      element("dt", {}, "Media type"),
      element("dd", {}, typeOf(mediaType, look.formats)),
      artifactType !== undefined &&
        [element("dt", {}, "Type of artifact"), element("dd", {}, element("code", {}, artifactType))],
      element("dt", {}, "Size"),
      element(
        "dd",
        {},
        size(bytes),
        layers.length > 0 &&
          [
            " for the manifest, ",
            size(layers.reduce((sum, { size }) => sum + size, config?.size ?? 0)),
            " for what it lists",
          ],
      ),
      platform !== undefined && [element("dt", {}, "Platform"), element("dd", {}, platform)],
      element("dt", {}, "Tags"),
      element(
        "dd",
        {},
        tags.length === 0 ? "none: it is pulled by its digest" : tags.map((
          tag,
          at,
        ) => [at > 0 && ", ", element("a", { href: addressOf(`${look.name}/_tags/${tag}`) }, tag)]),
      ),
      pushed !== undefined && [element("dt", {}, "Pushed"), element("dd", {}, time(pushed))],
      subject !== undefined &&
        [
          element("dt", {}, "Refers to"),
          element(
            "dd",
            {},
            digestOf(subject.digest, subject.address),
            subject.address === undefined && ", which is not here",
          ),
        ],
      parents.length > 0 &&
        [
          element("dt", {}, "Part of"),
          element("dd", {}, parents.map((parent, at) => [at > 0 && ", ", linkTo(parent)])),
        ],
    ),
    element(
      "p",
      { class: "toolbar" },
      isFiles && element("a", { href: addressOf(`${address}!/`) }, "Its files, as a container sees them"),
      element("a", { href: addressOfDiff(address, "") }, "Compare it"),
      element("a", { href: `${addressOf(address)}?download` }, "Download the manifest"),
    ),
    children.rows.length > 0 && [element("h2", {}, "What it lists"), childTable(look)],
    layers.length > 0 && [
      element("h2", {}, "Layers"),
      element(
        "p",
        {},
        isFiles
          ? "The lowest first, which is layer 0. A container sees them as one folder: what is higher covers what is lower."
          : "The parts of this artifact. No container runs them, so they do not lie over each other.",
      ),
      layerTable(layers),
    ],
    image !== undefined && configOf(image, config),
    image === undefined && config !== undefined && [element("h2", {}, "Config"), descriptor(config)],
    texts("Annotations", annotations),
    referring.length > 0 && [element("h2", {}, "What refers to it"), referrers(referring)],
    claims.length > 0 && [
      element("h2", {}, "What else speaks of it"),
      element(
        "ul",
        {},
        claims.map((claim) =>
          element(
            "li",
            {},
            linkTo(claim),
            " ",
            chips(claim.formats),
            claim.by === "tag" ? " by its tag" : " in the same index",
          )
        ),
      ),
    ],
    shared.length > 0 && [
      element("h2", {}, "What it shares"),
      table(
        "Others that have some of its blobs",
        ["Manifest or repository", "Tags", "Shared blobs", "Size"],
        shared.map((row) => [linkTo(row), row.tags.join(", "), partsIn(row.blobs, look), size(row.size)]),
      ),
    ],
    element("h2", {}, "The document"),
    json(look.json, shorten(digest)),
  ];
}

// A layer is called by its number in this manifest.
function partsIn(digests: readonly string[], { config, layers }: ManifestFacts): Markup {
  return digests.map((digest, at) => {
    const layer = layers.find((layer) => layer.digest === digest);
    const part = layer ?? (config?.digest === digest ? config : undefined);
    const name = layer !== undefined ? `layer ${layer.number}` : part !== undefined ? "config" : shorten(digest);
    return [at > 0 && ", ", link(part?.address, name)];
  });
}

function childTable({ children: { rows, next, total } }: ManifestFacts): Markup {
  return [
    table(
      "Manifests of the index",
      ["Manifest", "Platform", "What it is", "Size"],
      rows.map(({ digest, address, platform, about, formats, size: bytes }) => [
        digestOf(digest, address),
        about !== undefined ? ["no platform: it speaks of ", element("code", {}, shorten(about))] : platform ?? "",
        [chips(formats), address === undefined && element("b", { class: "wrong" }, "not here")],
        size(bytes),
      ]),
    ),
    more(next, total),
  ];
}

function layerTable(layers: readonly LayerRow[]): Markup {
  return table(
    "Layers",
    ["Layer", "Digest", "Size", "Names of the file", layers.some(({ made }) => made?.command) ? "Made by" : "Type"],
    layers.map(({ number, digest, address, size: bytes, actualSize, names, made, mediaType, urls }) => [
      link(address, `layer ${number}`),
      [
        digestOf(digest, address),
        address === undefined && element("b", { class: "wrong" }, urls ? " kept elsewhere" : " not here"),
      ],
      [
        size(bytes),
        actualSize !== undefined && actualSize !== bytes &&
        element("b", { class: "wrong" }, ` but the blob has ${actualSize} bytes`),
      ],
      names ?? "",
      made?.command !== undefined
        ? element("code", { class: "command-line" }, made.command)
        : element("small", { class: "quiet" }, mediaType),
    ]),
  );
}

function configOf(image: ImageConfigFacts, config: DescriptorFacts | undefined): Markup {
  const {
    platform,
    created,
    author,
    user,
    workingDir,
    stopSignal,
    entrypoint,
    cmd,
    env,
    labels,
    ports,
    volumes,
    history,
  } = image;
  const rows: [string, Markup][] = [
    ["Platform", platform],
    ["Made", created && time(created)],
    ["Author", author],
    ["User", user],
    ["Works in", workingDir && element("code", {}, workingDir)],
    ["Runs", entrypoint && element("code", {}, entrypoint.join(" "))],
    [entrypoint ? "With" : "Runs", cmd && element("code", {}, cmd.join(" "))],
    ["Ports", ports.join(", ")],
    ["Volumes", volumes.join(", ")],
    ["Stopped by", stopSignal],
  ];
  return [
    element("h2", {}, "Config"),
    element(
      "p",
      {},
      "What a container of this image runs, and how. ",
      config !== undefined && link(config.address, "The config itself"),
    ),
    element(
      "dl",
      {},
      rows.map(([name, value]) =>
        value !== undefined && value !== "" && [element("dt", {}, name), element("dd", {}, value)]
      ),
    ),
    texts("Environment", env),
    texts("Labels", labels),
    history.length > 0 && element(
      "details",
      {},
      element("summary", {}, `History: ${history.length} steps`),
      table(
        "The steps that made the image",
        ["Layer", "Command", "When"],
        history.map(({ layer, command, createdBy, created }) => [
          layer === undefined ? "none" : `layer ${layer}`,
          element("code", { class: "command-line" }, command ?? createdBy ?? ""),
          time(created),
        ]),
      ),
    ),
  ];
}

/** Returns a descriptor: the content that it points to. */
export function descriptor(
  {
    mediaType,
    digest,
    size: bytes,
    address,
    actualSize,
    platform,
    artifactType,
    annotations,
    data,
    urls,
    formats: list,
  }: DescriptorFacts,
): Markup {
  return [
    element(
      "dl",
      { class: "facts" },
      element("dt", {}, "Points to"),
      element("dd", {}, link(address, digest), address === undefined && ", which is not here"),
      element("dt", {}, "Media type"),
      element("dd", {}, typeOf(mediaType, list)),
      element("dt", {}, "Size"),
      element(
        "dd",
        {},
        size(bytes),
        actualSize !== undefined && actualSize !== bytes &&
          element("b", { class: "wrong" }, ` but the content has ${actualSize} bytes`),
      ),
      platform !== undefined && [element("dt", {}, "Platform"), element("dd", {}, platform)],
      artifactType !== undefined &&
        [element("dt", {}, "Type of artifact"), element("dd", {}, element("code", {}, artifactType))],
      urls !== undefined &&
        [element("dt", {}, "Also at"), element("dd", {}, urls.map((url, at) => [at > 0 && ", ", outside(url, url)]))],
      data !== undefined &&
        [element("dt", {}, "Content"), element("dd", {}, element("pre", {}, element("code", {}, data)))],
    ),
    formats(list),
    texts("Annotations", annotations),
  ];
}

// A media type leads to the document of those who have defined it.
function typeOf(mediaType: string, [format]: readonly Format[]): Markup {
  return element("code", {}, format === undefined ? mediaType : outside(format.link, mediaType));
}

/** Returns the manifests that refer to another one, and those that refer to them. */
export function referrers(list: readonly ReferrerNode[]): Markup {
  return element(
    "ul",
    { class: "tree" },
    list.map((node) =>
      element(
        "li",
        {},
        linkTo(node),
        " ",
        node.formats.length > 0 ? chips(node.formats) : element("code", {}, node.artifactType ?? ""),
        " ",
        size(node.size),
        node.annotations.length > 0 && element(
          "ul",
          { class: "plain" },
          node.annotations.map(({ name, text }) => element("li", {}, element("small", {}, `${name}: ${text}`))),
        ),
        node.referrers.length > 0 && referrers(node.referrers),
      )
    ),
  );
}
