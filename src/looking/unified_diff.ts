/**
 * The unified form of differences between two texts, as `diff -u` and `git diff` have it.
 *
 *     @@ -1,3 +1,3 @@
 *      PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
 *     -VERSION_ID="12.1"
 *     +VERSION_ID="12.2"
 *      ID=debian
 *
 * The lines that differ come from `diff` of `node:util`, which takes much memory if very many lines differ. So lines that are the
 * same at the beginning and at the end never get there, and a larger part is shown as replaced.
 *
 * Next: ../stories/told_story.ts
 *
 * @module
 */

import { diff } from "node:util";

// The lines around a change, and the most lines that `diff` gets.
const AROUND = 3;
const MOST_LINES = 2000;

type Operation = readonly [sign: " " | "-" | "+", line: string];

/**
 * Returns the lines of the differences, or none if the texts are the same. Each line begins with "@", " ", "-", "+" or "\".
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unifiedDiff("a\nb\n", "a\nc\n"), ["@@ -1,2 +1,2 @@", " a", "-b", "+c"]);
 * ```
 */
export function unifiedDiff(before: string, after: string): string[] {
  const operations = operationsBetween(linesOf(before), linesOf(after));
  const hunks: string[] = [];
  let [lineBefore, lineAfter, at] = [1, 1, 0];
  while (at < operations.length) {
    const first = operations.findIndex(([sign], index) => index >= at && sign !== " ");
    if (first < 0) break;
    const start = Math.max(at, first - AROUND);
    const skipped = start - at;
    const end = endOfHunk(operations, first);
    const hunk = operations.slice(start, end);
    const [from, to] = [lineBefore + skipped, lineAfter + skipped];
    const [removed, added] = [
      hunk.filter(([sign]) => sign !== "+").length,
      hunk.filter(([sign]) => sign !== "-").length,
    ];
    hunks.push(`@@ -${range(from, removed)} +${range(to, added)} @@`, ...hunk.flatMap(lineOf));
    [lineBefore, lineAfter, at] = [from + removed, to + added, end];
  }
  return hunks;
}

// A hunk goes on until twice as many lines are the same as stand around a change.
function endOfHunk(operations: readonly Operation[], first: number): number {
  let last = first;
  for (let at = first; at < operations.length && at - last <= 2 * AROUND; at++) {
    if (operations[at][0] !== " ") last = at;
  }
  return Math.min(operations.length, last + AROUND + 1);
}

// An empty range is named by the line before it.
function range(line: number, length: number): string {
  return length === 1 ? `${line}` : `${length === 0 ? line - 1 : line},${length}`;
}

function lineOf([sign, line]: Operation): string[] {
  return line.endsWith("\n") ? [sign + line.slice(0, -1)] : [sign + line, "\\ No newline at end of file"];
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function operationsBetween(before: readonly string[], after: readonly string[]): Operation[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const same = (line: string): Operation => [" ", line];
  return [
    ...before.slice(0, start).map(same),
    ...changesBetween(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

function changesBetween(before: readonly string[], after: readonly string[]): Operation[] {
  if (before.length === 0 || after.length === 0 || before.length + after.length > MOST_LINES) {
    return [...before.map((line): Operation => ["-", line]), ...after.map((line): Operation => ["+", line])];
  }
  const operations = diff(before, after).map((
    [side, line],
  ): Operation => [side === 0 ? " " : side === 1 ? "-" : "+", line]);
  return removalsFirst(operations);
}

// `diff -u` shows what a change removes in front of what it adds.
function removalsFirst(operations: readonly Operation[]): Operation[] {
  const ordered: Operation[] = [];
  let added: Operation[] = [];
  for (const operation of operations) {
    if (operation[0] === "+") {
      added.push(operation);
      continue;
    }
    if (operation[0] === " ") {
      ordered.push(...added, operation);
      added = [];
    } else {
      ordered.push(operation);
    }
  }
  return [...ordered, ...added];
}
