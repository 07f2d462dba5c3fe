/**
 * The lines of `deno task diff`: both sides, their fields and layers, and the files that a container sees otherwise.
 *
 *     -   library/hello:v1   sha256:7d1a4c0e2b9f…   linux/amd64
 *     +   library/hello:v2   sha256:c3f2a19d05e7…   linux/amd64
 *
 *     files: 1 added, 0 removed, 1 changed, 5381 the same
 *       ~ etc/motd   96 B   content
 *
 * Next: terminal_lines.ts
 *
 * @module
 */

import { shorten } from "../definitions/printable.ts";
import { formatBytes } from "../definitions/size.ts";
import type { DifferenceFacts } from "../looking/difference_facts.ts";
import { ending, head, MOST_LINES } from "./common_lines.ts";
import { fit, line, section, styled, table } from "./terminal_lines.ts";

const SIGNS = { added: "+", removed: "-", changed: "~", new: "+", gone: "-", kept: "=", moved: "~" } as const;

/** Returns the lines that show the differences between two things. */
export function linesOfDifference(facts: DifferenceFacts): string[] {
  const { before, after, manifest, config, children, layers, files, faults, limits } = facts;
  const isSame = before.digest !== undefined && before.digest === after.digest;
  const fields = (changes: DifferenceFacts["config"]) =>
    changes.flatMap(({ how, pointer, before, after }) => [
      `  ${fit(`${SIGNS[how]} ${pointer}`, 2)}`,
      ...(before === undefined ? [] : [styled("bad", `      ${fit(`- ${shorten(before)}`, 6)}`)]),
      ...(after === undefined ? [] : [styled("good", `      ${fit(`+ ${shorten(after)}`, 6)}`)]),
    ]);
  return [
    head("-", before.text, before.digest && shorten(before.digest), before.platform),
    head("+", after.text, after.digest && shorten(after.digest), after.platform),
    ...(isSame ? ["", "  Both are the same: they have one digest."] : []),
    ...section("manifest", fields(manifest)),
    ...section("config", fields(config)),
    ...section(
      "platforms",
      table(children.map(({ platform, before, after }) => [
        before === undefined ? "+" : after === undefined ? "-" : "~",
        platform,
        shorten(after ?? before ?? ""),
      ])),
    ),
    ...section(
      "layers",
      table(layers.map(({ how, digest, size, before, after, command }) => [
        SIGNS[how],
        `${after ?? before}`,
        shorten(digest),
        formatBytes(size),
        command,
      ])),
    ),
    ...(files === undefined ? [] : fileDifferenceLines(files)),
    ...ending(faults, limits, []),
  ];
}

function fileDifferenceLines({ rows, added, removed, changed, same }: NonNullable<DifferenceFacts["files"]>): string[] {
  const title = `files and folders: ${added} added, ${removed} removed, ${changed} changed, ${same} the same`;
  const lines = rows.flatMap(({ how, path, what, before, after, diff = [] }) => [
    line(
      `  ${SIGNS[how]} ${path}`,
      after === undefined ? before && formatBytes(before.size) : formatBytes(after.size),
      how === "changed" ? what?.join(", ") : undefined,
    ),
    ...diff.slice(0, MOST_LINES).map((text) => {
      const shown = `      ${fit(text, 6)}`;
      return text.startsWith("+") ? styled("good", shown) : text.startsWith("-") ? styled("bad", shown) : shown;
    }),
  ]);
  return ["", styled("strong", title), ...lines];
}
