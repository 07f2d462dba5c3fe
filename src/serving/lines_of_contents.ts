/**
 * The lines of a blob, and of a file in a layer: what is in it.
 *
 *     library/hello@sha256:9b4e0fd27c1a…   layer.tar.gz   3.2 MiB
 *
 *     in it
 *       gzip   12 entries   3.3 MiB
 *       drwxr-xr-x   0:0   8.1 KiB   etc/
 *       -rw-r--r--   0:0   27 B      etc/motd
 *
 * What is no archive is shown by its bytes.
 *
 * Next: lines_of_bytes.ts
 *
 * @module
 */

import { letterOf } from "../archive/tar_kind.ts";
import { shorten } from "../definitions/printable.ts";
import { counted, formatBytes } from "../definitions/size.ts";
import type { BlobFacts, EntryRow, FileFacts, Rows, StatementFacts } from "../looking/facts.ts";
import { asTyped } from "../looking/next.ts";
import { date, line, section, table, wrapped } from "./terminal_lines.ts";
import { formatLines, head, more, tagList } from "./common_lines.ts";
import { imageLines } from "./lines_of_manifests.ts";
import { contentLines, jsonLines } from "./lines_of_bytes.ts";

/** Returns the lines of a blob. */
export function blobLines(facts: BlobFacts): string[] {
  const { name, digest, file, size, names, neededBy, elsewhere, layer, image, statement, json, content } = facts;
  return [
    head(`${name}@${shorten(digest)}`, file, formatBytes(size), names > 1 ? `${names} names` : undefined),
    ...formatLines(facts),
    ...section("needed by", table((neededBy ?? []).map(({ text, pointer, tags }) => [text, pointer, tagList(tags)]))),
    ...(neededBy?.length === 0 ? ["", "  No manifest needs it. The next `deno task gc` removes it."] : []),
    ...section("also in", elsewhere.slice(0, 10).map(({ text }) => line(`  ${text}`))),
    ...section("image", image === undefined ? [] : imageLines(image)),
    ...section("claim", statement === undefined ? [] : statementLines(statement)),
    ...section(
      "in it",
      layer === undefined ? [] : [
        line(
          `  ${layer.packing.kind === "none" ? "not packed" : layer.packing.kind}`,
          counted(layer.entries, "entry", "entries"),
          formatBytes(layer.size),
          layer.whiteouts === 0 ? "" : counted(layer.whiteouts, "whiteout"),
          layer.table?.form,
        ),
        ...entryLines(layer.top),
      ],
    ),
    ...section("document", json === undefined || statement !== undefined || image !== undefined ? [] : jsonLines(json)),
    ...(content === undefined || json !== undefined ? [] : contentLines(content)),
  ];
}

function statementLines(
  { warning, envelope, predicateType, formats, subjects, builder, buildType, materials, broken }: StatementFacts,
): string[] {
  const rows: (readonly [string, string | undefined])[] = [
    ["type", predicateType],
    ["envelope", envelope && `${envelope.payloadType}, ${counted(envelope.signatures, "signature")}`],
    ["builder", builder],
    ["build", buildType],
    ...subjects.slice(0, 5).map(({ name, digest }) =>
      ["about", [name, digest && shorten(digest)].filter(Boolean).join(" ")] as const
    ),
    ...materials.slice(0, 10).map(({ uri }) => ["from", uri] as const),
    ["broken", broken],
  ];
  return [
    ...formats.flatMap(({ name, what }) => wrapped(`${name}: ${what}`)),
    ...table(rows.filter(([, text]) => text !== undefined)),
    ...wrapped(warning),
  ];
}

/** Returns the lines of a file, folder or link in a layer or in stacked layers. */
export function fileLines(facts: FileFacts): string[] {
  const { row, path, isStacked, asked, entries, content, leadsTo, layers = [], platform } = facts;
  const place = isStacked ? "as a container sees it" : "in this layer alone";
  return [
    head(asTyped(facts.address), platform),
    ...(asked === undefined ? [] : [line(`  through symbolic links, from /${asked}`)]),
    line(`  ${row.kind}`, row.mode, row.owner, formatBytes(row.size), date(row.modified)),
    line(`  ${place}`),
    ...(row.target === undefined
      ? []
      : [line(`  leads to ${row.target}`, leadsTo === undefined ? "which is not there" : "")]),
    ...(row.whiteout === undefined ? [] : [line(`  a whiteout: it removes /${row.whiteout.path} of the layers below`)]),
    ...section(
      "layers that have it",
      path === "" ? [] : table(layers.map(({ layer, size, whiteout }) => [
        `${layer}`,
        whiteout === undefined ? formatBytes(size) : "removes it",
      ])),
    ),
    ...(entries === undefined ? [] : section("in it", entryLines(entries))),
    ...(content === undefined ? [] : contentLines(content)),
  ];
}

function entryLines(entries: Rows<EntryRow>): string[] {
  const rows = entries.rows.map(({ text, kind, mode, owner, size, target, layer, whiteout }) => [
    letterOf(kind) + (mode ?? "---------"),
    owner ?? "",
    formatBytes(size),
    layer === undefined ? "" : `layer ${layer}`,
    `${text}${kind === "folder" ? "/" : ""}${target === undefined ? "" : ` -> ${target}`}${
      whiteout === undefined ? "" : "   a whiteout"
    }`,
  ]);
  return [...table(rows), ...more(entries)];
}
