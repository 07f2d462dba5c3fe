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
 * Next: lines_of_manifests.ts
 *
 * @module
 */

import { printable, shorten } from "../definitions/printable.ts";
import { counted, formatBytes } from "../definitions/size.ts";
import type { Facts, MissingFacts, RepositoryFacts, Rows, TagRow } from "../looking/facts.ts";
import { asTyped } from "../looking/next.ts";
import { date, line, section, table, wrapped } from "./terminal_lines.ts";
import { ending, formatLines, head, more } from "./common_lines.ts";
import { contentLines, fieldLines } from "./lines_of_bytes.ts";
import { blobLines, fileLines } from "./lines_of_contents.ts";
import { manifestLines, referrerLines } from "./lines_of_manifests.ts";

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

/** Returns the lines that say what is not there, and what is nearby. */
export function missingLines({ text, near }: MissingFacts): string[] {
  const hints = near.map((place) => `  ${printable(asTyped(place.address))}`);
  const sentence = wrapped(shorten(`glassbox: ${text}`), 0);
  return [...sentence, ...(hints.length > 0 ? ["Did you mean:", ...hints] : [])];
}
