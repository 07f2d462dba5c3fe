/**
 * The files of two images that differ, with the lines of those that are texts.
 *
 *     { path: "etc/motd", how: "changed", what: ["content"], before: { address: "…/layer.tar.gz!/etc/motd", size: 6, layer: 0 },
 *       after: { … }, diff: ["@@ -1 +1 @@", "-Hello", "+Hello there"] }
 *     { path: "usr/bin/hello", how: "added", after: { … } }
 *
 * The files are those that a container sees: the layers of each image are stacked first. So a file that a new layer only repeats is
 * no difference. For the lines, a file is read from its layer again. So only the first few text files have them, and no long one.
 *
 * Next: unified_diff.ts
 *
 * @module
 */

import { compareStacks, type PathChange } from "../archive/comparison.ts";
import { readFile } from "../archive/file.ts";
import { fileSource } from "./bytes.ts";
import { contentBytes } from "./content.ts";
import type { FileChange, FilesDifference } from "./difference_facts.ts";
import type { ContentBytes, Facts } from "./facts.ts";
import type { OpenLayer } from "./layer.ts";
import { unifiedDiff } from "./unified_diff.ts";
import type { Looking } from "./looking.ts";

// The largest text file whose differences are shown, the most changed files, and the most of them that are compared line by line.
const LARGEST_TEXT = 256 * 1024;
const MOST_FILES = 2000;
const MOST_DIFFS = 20;

/** Returns the files that two images, or two layers, do not have in common. Notes the limits that were met. */
export async function filesBetween(
  looking: Looking,
  before: readonly OpenLayer[],
  after: readonly OpenLayer[],
  mostDiffs: number = MOST_DIFFS,
): Promise<FilesDifference> {
  const { changes, added, removed, changed, same, limitMet } = compareStacks(
    before.map(({ facts }) => facts),
    after.map(({ facts }) => facts),
  );
  if (limitMet !== undefined) looking.limit(limitMet.text);
  if (changes.length > MOST_FILES) {
    looking.limit(`Only the first ${MOST_FILES} of ${changes.length} changed files are listed.`);
  }
  const rows: FileChange[] = [];
  let diffs = 0;
  for (const change of changes.slice(0, MOST_FILES)) {
    const row = rowOf(change, before, after);
    const isText = change.what?.includes("content") === true && diffs < mostDiffs;
    const diff = isText ? await diffOf(looking, change, before, after) : undefined;
    if (diff !== undefined) diffs++;
    rows.push(diff === undefined ? row : { ...row, diff });
  }
  if (diffs === mostDiffs) looking.limit(`Only the first ${mostDiffs} text files are compared line by line.`);
  return { rows, added, removed, changed, same };
}

function rowOf(
  { path, how, what, ...sides }: PathChange,
  before: readonly OpenLayer[],
  after: readonly OpenLayer[],
): FileChange {
  const place = (layers: readonly OpenLayer[], side: PathChange["before"]) =>
    side && { address: `${layers[side.layer].file.path}!/${path}`, size: side.size, layer: layers[side.layer].number };
  const [from, to] = [place(before, sides.before), place(after, sides.after)];
  return {
    path,
    how,
    ...(what === undefined ? {} : { what }),
    ...(from === undefined ? {} : { before: from }),
    ...(to === undefined ? {} : { after: to }),
  };
}

async function diffOf(
  looking: Looking,
  { before: from, after: to }: PathChange,
  before: readonly OpenLayer[],
  after: readonly OpenLayer[],
): Promise<string[] | undefined> {
  if (from === undefined || to === undefined || Math.max(from.size, to.size) > LARGEST_TEXT) return undefined;
  const [one, other] = [
    await textIn(looking, before[from.layer], from.entry),
    await textIn(looking, after[to.layer], to.entry),
  ];
  return one === undefined || other === undefined ? undefined : unifiedDiff(one, other);
}

async function textIn(
  looking: Looking,
  { file, facts }: OpenLayer,
  entry: number | undefined,
): Promise<string | undefined> {
  if (entry === undefined) return undefined;
  const options = { length: LARGEST_TEXT, limits: looking.options.limits };
  const { bytes, found } = await readFile(fileSource(looking.disk, file), facts.entries[entry], options);
  return found === undefined ? undefined : wholeText(contentBytes(bytes, found.size));
}

function wholeText({ text, isWhole }: ContentBytes): string | undefined {
  return isWhole ? text : undefined;
}

type File = Extract<Facts, { kind: "file" }>;

/** Returns whether two files differ, and in which lines. */
export function fileDifference(before: File, after: File): FilesDifference {
  const [one, other] = [before.content && wholeText(before.content), after.content && wholeText(after.content)];
  const isSame = before.content?.head === after.content?.head && before.content?.size === after.content?.size &&
    one === other;
  const diff = one === undefined || other === undefined ? undefined : unifiedDiff(one, other);
  const side = ({ address, row, layers }: File) => ({ address, size: row.size, layer: layers?.at(-1)?.layer ?? 0 });
  const row: FileChange = {
    path: after.path,
    how: "changed",
    before: side(before),
    after: side(after),
    ...(diff === undefined ? {} : { diff }),
  };
  return { rows: isSame ? [] : [row], added: 0, removed: 0, changed: isSame ? 0 : 1, same: isSame ? 1 : 0 };
}
