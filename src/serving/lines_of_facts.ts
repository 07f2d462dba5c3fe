/**
 * The lines of `deno task look`: a kind of facts is a head, and sections below it.
 *
 *     library/hello:v1   tag
 *     ─▶ sha256:7d1a4c0e2b9f…   OCI image manifest   405 B   linux/amd64
 *
 *     layers
 *       0   sha256:9b4e0fd27c1a…   3.2 MiB   COPY hello /
 *
 *     next
 *       deno task look library/hello@sha256:9b4e0fd27c1a   its last layer
 *
 * Next: lines_of_differences.ts
 *
 * @module
 */

import { printable, shorten } from "../definitions/printable.ts";
import { counted, formatBytes } from "../definitions/size.ts";
import type {
  BlobFacts,
  ContentBytes,
  DescriptorFacts,
  EntryRow,
  Facts,
  FieldRow,
  FileFacts,
  JsonFacts,
  ManifestFacts,
  MissingFacts,
  NextCommand,
  ReferrerNode,
  RepositoryFacts,
  Rows,
  StatementFacts,
  TagRow,
  TextRow,
  Wrong,
} from "../looking/facts.ts";
import { asTyped } from "../looking/next.ts";
import { date, fit, line, section, styled, table, WIDTH, wrapped } from "./terminal_lines.ts";

/** Returns the lines that show some facts. */
export function linesOf(facts: Facts): string[] {
  const { faults, limits, next } = facts;
  const inside = facts.kind === "tag" && facts.target?.kind === "manifest" ? facts.target : undefined;
  return [
    ...bodyOf(facts),
    ...ending([...faults, ...inside?.faults ?? []], [...limits, ...inside?.limits ?? []], next),
  ];
}

function bodyOf(facts: Facts): string[] {
  switch (facts.kind) {
    case "folder": {
      const { name, repositories } = facts;
      if (repositories.rows.length === 0) return ["There is nothing here yet."];
      return [head(name === "" ? "all repositories" : name, "folder"), ...repositoryRows(repositories)];
    }
    case "repository":
      return repositoryLines(facts);
    case "tags":
      return [head(facts.name, "tags"), ...tagRows(facts.tags)];
    case "subjects":
      return [
        head(facts.name, "subjects: manifests that others refer to"),
        ...table(facts.subjects.rows.map(({ text, referrers, isThere }) => [
          text,
          counted(referrers, "referrer"),
          isThere ? "" : "not there itself",
        ])),
        ...more(facts.subjects),
      ];
    case "uploads":
      return [head(facts.name, "upload sessions"), ...table(uploadRows(facts.uploads)), ...more(facts.uploads)];
    case "tag":
      return [
        head(`${facts.name}:${facts.tag}`, "tag", facts.changed && `set ${date(facts.changed)}`),
        ...formatLines(facts),
        ...(facts.about === undefined ? [] : [line(`  about ${facts.about.text}`)]),
        ...(facts.target?.kind === "manifest" ? ["", ...manifestLines(facts.target)] : []),
        ...(facts.target?.kind === "missing" ? wrapped(facts.target.text) : []),
      ];
    case "manifest":
      return manifestLines(facts);
    case "field":
      return [head(asTyped(facts.address)), ...fieldLines(facts.fields), ...formatLines(facts)];
    case "blob":
      return blobLines(facts);
    case "file":
      return fileLines(facts);
    case "referrers":
      return [
        head(
          facts.name,
          `referrers of ${shorten(facts.digest)}`,
          facts.subject === undefined ? "not there itself" : "",
        ),
        ...referrerLines(facts.referrers),
      ];
    case "upload":
      return [
        head(`${facts.name}/_uploads/${shorten(facts.id)}`, `upload session`, `${formatBytes(facts.size)} so far`),
        line(`  last used ${date(facts.used)}`, facts.isGrowing ? "a request is sending now" : ""),
        ...contentLines(facts.content),
      ];
    case "missing":
      return missingLines(facts);
    case "invalid":
      return wrapped(`This is no address: expected ${facts.expected}, got ${facts.actual}`, 0);
  }
}

/** Returns the first line. */
export function head(...cells: readonly (string | undefined)[]): string {
  return styled("strong", line(...cells));
}

function formatLines(
  { formats }: { readonly formats: readonly { readonly name: string; readonly what: string }[] },
): string[] {
  return formats.slice(0, 4).flatMap(({ name, what }) => wrapped(`${name}: ${what}`));
}

function repositoryRows(
  repositories: Rows<{ text: string; tags: number; contents: number; uploads: number }>,
): string[] {
  const rows = repositories.rows.map(({ text, tags, contents, uploads }) => [
    text,
    counted(tags, "tag"),
    counted(contents, "manifest or blob", "manifests and blobs"),
    uploads === 0 ? "" : counted(uploads, "upload"),
  ]);
  return [...table(rows), ...more(repositories)];
}

function repositoryLines(facts: RepositoryFacts): string[] {
  const { name, size, tags, contents, loose = [], subjects, uploads, below } = facts;
  return [
    head(name, "repository", size === undefined ? undefined : formatBytes(size)),
    ...section(counted(tags.total ?? 0, "tag"), tagRows(tags)),
    ...section(counted(contents.total ?? 0, "manifest or blob", "manifests and blobs"), [
      ...table(contents.rows.map(({ text, file, size, names }) => [
        file ?? "no file",
        text,
        formatBytes(size),
        names > 1 ? `${names} names` : "",
      ])),
      ...more(contents),
    ]),
    ...section("needed by no manifest", table(loose.map(({ text, file, size }) => [file, text, formatBytes(size)]))),
    ...section(
      "referrers",
      subjects === 0 ? [] : [line(`  of ${counted(subjects, "subject")}`, `deno task look ${name}/_referrers`)],
    ),
    ...section("upload sessions", [...table(uploadRows(uploads)), ...more(uploads)]),
    ...section("repositories below", repositoryRows(below)),
  ];
}

function tagRows(tags: Rows<TagRow>): string[] {
  const rows = tags.rows.map(({ text, digest, to, changed, formats }) => [
    shorten(text),
    digest === undefined ? "no digest" : shorten(digest),
    to === undefined ? "not there" : date(changed),
    formats[0]?.name,
  ]);
  return [...table(rows), ...more(tags)];
}

function uploadRows({ rows }: Rows<{ text: string; size: number; used?: string }>): (string | undefined)[][] {
  return rows.map(({ text, size, used }) => [text, formatBytes(size), date(used)]);
}

function manifestLines(facts: ManifestFacts): string[] {
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

function tagList(tags: readonly string[]): string {
  return tags.map(shorten).join(", ");
}

// "Artifact" is right, but its type says more.
function nameOf({ formats: [format], artifactType }: ReferrerNode): string | undefined {
  return format === undefined || format.name === "Artifact" ? artifactType : format.name;
}

function imageLines(
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

function textLines(rows: readonly TextRow[]): string[] {
  return table(rows.map(({ name, text }) => [name, text]));
}

function referrerLines(nodes: readonly ReferrerNode[], indent = 2): string[] {
  return nodes.flatMap((node) => [
    ...table([[node.text, formatBytes(node.size), nameOf(node)]], indent),
    ...referrerLines(node.referrers, indent + 4),
  ]);
}

function blobLines(facts: BlobFacts): string[] {
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

function fileLines(facts: FileFacts): string[] {
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
    LETTERS[kind] + (mode ?? "---------"),
    owner ?? "",
    formatBytes(size),
    layer === undefined ? "" : `layer ${layer}`,
    `${text}${kind === "folder" ? "/" : ""}${target === undefined ? "" : ` -> ${target}`}${
      whiteout === undefined ? "" : "   a whiteout"
    }`,
  ]);
  return [...table(rows), ...more(entries)];
}

// The first letter of `ls -l`.
const LETTERS: Readonly<Record<EntryRow["kind"], string>> = {
  "file": "-",
  "folder": "d",
  "symbolic link": "l",
  "hard link": "h",
  "character device": "c",
  "block device": "b",
  "pipe": "p",
  "unknown": "?",
};

/** The most lines of a text. */
export const MOST_LINES = 200;
// The most lines of a dump in hexadecimal digits.
const DUMPED = 16;

function contentLines({ is, text, isWhole, head, size }: ContentBytes): string[] {
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

function jsonLines(json: JsonFacts): string[] {
  if (json.broken !== undefined) return json.text.split("\n").slice(0, 20).map((text) => `  ${fit(text, 2)}`);
  return fieldLines(json.fields);
}

function fieldLines(fields: readonly FieldRow[]): string[] {
  const lines = fields.slice(0, MOST_LINES).map(({ name, depth, type, value, length }) => {
    const nested = `${length} ${type === "list" ? "items" : "fields"}`;
    const text = value === undefined ? nested : typeof value === "string" ? shorten(value) : String(value);
    return "  ".repeat(depth + 1) + fit(`${name === "" ? "document" : name}: ${text}`, 2 * depth + 2);
  });
  return fields.length > MOST_LINES ? [...lines, `  … ${fields.length} fields in all; --json has more`] : lines;
}

/** Returns the lines that say what is not there, and what is nearby. */
export function missingLines({ text, near }: MissingFacts): string[] {
  const hints = near.map((place) => `  ${printable(asTyped(place.address))}`);
  const sentence = wrapped(shorten(`glassbox: ${text}`), 0);
  return [...sentence, ...(hints.length > 0 ? ["Did you mean:", ...hints] : [])];
}

function more(rows: Rows<unknown>, command = "look"): string[] {
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
