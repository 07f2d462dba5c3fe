/**
 * The lines of a manifest: of an image its config and layers, of an index its children, and what refers to it.
 *
 *     library/hello@sha256:7d1a4c0e2b9f…   405 B   linux/amd64
 *     tags: latest, v1
 *
 *     config
 *       sha256:c3f2…   1.4 KiB   OCI image config
 *       cmd   ["/hello"]
 *
 *     layers
 *       0   sha256:9b4e0fd27c1a…   3.2 MiB   COPY hello /
 *
 * Next: lines_of_contents.ts
 *
 * @module
 */

import { shorten } from "../definitions/printable.ts";
import { counted, formatBytes } from "../definitions/size.ts";
import type { DescriptorFacts, ManifestFacts, ReferrerNode } from "../looking/facts.ts";
import { date, section, table, wrapped } from "./terminal_lines.ts";
import { formatLines, head, more, tagList, textLines } from "./common_lines.ts";
import { jsonLines } from "./lines_of_bytes.ts";

/** Returns the lines of a manifest. */
export function manifestLines(facts: ManifestFacts): string[] {
  const { name, digest, size, platform, tags, image, layers, children, subject, referrers, parents, claims, shared } =
    facts;
  const isPlain = facts.json.broken === undefined && facts.shape !== undefined;
  return [
    head(`${name}@${shorten(digest)}`, formatBytes(size), platform),
    ...formatLines(facts),
    ...(tags.length > 0 ? wrapped(`tags: ${tagList(tags)}`) : []),
    ...section("config", [
      ...(facts.config === undefined ? [] : table([descriptorCells(facts.config)])),
      ...(image === undefined ? [] : imageLines(image)),
    ]),
    ...section(
      "layers",
      table(layers.map((layer) => [
        `${layer.number}`,
        shorten(layer.digest),
        layer.address === undefined ? "not here" : formatBytes(layer.size),
        layer.made?.command ?? layer.formats[0]?.name ?? layer.mediaType,
      ])),
    ),
    ...section("children", [
      ...table(children.rows.map((child) => [
        child.about === undefined ? child.platform ?? "" : `about ${shorten(child.about)}`,
        ...descriptorCells(child),
      ])),
      ...more(children),
    ]),
    ...section("subject", subject === undefined ? [] : table([descriptorCells(subject)])),
    ...section("annotations", textLines(facts.annotations)),
    ...section("referrers", referrerLines(referrers)),
    ...section(
      "what else speaks of it",
      table(claims.map(({ text, formats, by }) => [text, formats[0]?.name, `by its ${by}`])),
    ),
    ...section("is in", table(parents.map(({ text, tags }) => [text, tagList(tags)]))),
    ...section(
      "shares blobs with",
      table(
        shared.slice(0, 10).map(({ text, size, blobs, tags }) => [
          text,
          formatBytes(size),
          counted(blobs.length, "blob"),
          tagList(tags),
        ]),
      ),
    ),
    ...(isPlain ? [] : section("bytes", jsonLines(facts.json))),
  ];
}

function descriptorCells({ digest, size, address, formats, mediaType }: DescriptorFacts): string[] {
  return [shorten(digest), address === undefined ? "not here" : formatBytes(size), formats[0]?.name ?? mediaType];
}

// "Artifact" is right, but its type says more.
function nameOf({ formats: [format], artifactType }: ReferrerNode): string | undefined {
  return format === undefined || format.name === "Artifact" ? artifactType : format.name;
}

/** Returns the lines of the config of an image. */
export function imageLines(
  { platform, created, user, workingDir, entrypoint, cmd, env, ports, labels }: NonNullable<ManifestFacts["image"]>,
): string[] {
  const list = (texts: readonly string[] | undefined) => texts && texts.length > 0 ? JSON.stringify(texts) : undefined;
  const rows: (readonly [string, string | undefined])[] = [
    ["platform", platform],
    ["created", date(created)],
    ["user", user],
    ["folder", workingDir],
    ["entrypoint", list(entrypoint)],
    ["cmd", list(cmd)],
    ["ports", ports.join(", ") || undefined],
    ...env.map(({ name, text }) => ["env", `${name}=${text}`] as const),
    ...labels.map(({ name, text }) => ["label", `${name}=${text}`] as const),
  ];
  return table(rows.filter(([, text]) => text !== undefined));
}

/** Returns the lines of the manifests that refer to another one, and of those that refer to them. */
export function referrerLines(nodes: readonly ReferrerNode[], indent = 2): string[] {
  return nodes.flatMap((node) => [
    ...table([[node.text, formatBytes(node.size), nameOf(node)]], indent),
    ...referrerLines(node.referrers, indent + 4),
  ]);
}
