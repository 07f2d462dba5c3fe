/** Differences of two texts, line by line. */

import { assertEquals } from "@std/assert";
import { unifiedDiff } from "../../src/looking/unified_diff.ts";
import { Random } from "../fuzz/random.ts";

Deno.test("the changed lines stand between three lines that are the same, with their numbers", () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  assertEquals(unifiedDiff(before, before.replace("5\n", "five\nV\n")), [
    "@@ -2,7 +2,8 @@",
    " 2",
    " 3",
    " 4",
    "-5",
    "+five",
    "+V",
    " 6",
    " 7",
    " 8",
  ]);
});

Deno.test("changes that are far apart have hunks of their own, and near ones share one", () => {
  const before = Array.from({ length: 30 }, (_, index) => `${index + 1}\n`).join("");
  const far = unifiedDiff(before, before.replace("5\n", "five\n").replace("\n25\n", "\n"));
  assertEquals(far.filter((line) => /^[-+@]/.test(line)), [
    "@@ -2,7 +2,7 @@",
    "-5",
    "+five",
    "@@ -22,7 +22,6 @@",
    "-25",
  ]);
  const near = unifiedDiff(before, before.replace("5\n", "five\n").replace("\n9\n", "\nnine\n"));
  assertEquals(near.filter((line) => line.startsWith("@")), ["@@ -2,11 +2,11 @@"]);
});

Deno.test("a text that is empty, or whose last line has no end, is told as diff tells it", () => {
  assertEquals(unifiedDiff("", "a\n"), ["@@ -0,0 +1 @@", "+a"]);
  assertEquals(unifiedDiff("a\n", ""), ["@@ -1 +0,0 @@", "-a"]);
  assertEquals(unifiedDiff("a", "a\n"), ["@@ -1 +1 @@", "-a", "\\ No newline at end of file", "+a"]);
  assertEquals(unifiedDiff("same\n", "same\n"), []);
});

Deno.test("very many lines that differ are told as replaced, in short time", () => {
  const text = (word: string) => Array.from({ length: 20_000 }, (_, index) => `${word}${index}\n`).join("");
  const lines = unifiedDiff(`first\n${text("a")}last\n`, `first\n${text("b")}last\n`);
  assertEquals([lines.length, lines[1], lines[2], lines.at(-2), lines.at(-1)], [
    40_003,
    " first",
    "-a0",
    "+b19999",
    " last",
  ]);
});

/** Makes the second text of the first one, as `patch` does: by the numbers and the lines of each hunk. */
function patched(before: string, diff: readonly string[]): string {
  const lines = before.split("\n");
  const made: string[] = [];
  let at = 0;
  for (const line of diff) {
    const [, start, length = "1"] = /^@@ -(\d+)(?:,(\d+))? /.exec(line) ?? [];
    if (start !== undefined) {
      const from = Number(start) - (length === "0" ? 0 : 1);
      made.push(...lines.slice(at, from));
      at = from;
    } else {
      if (!line.startsWith("+")) assertEquals(lines[at++], line.slice(1));
      if (!line.startsWith("-")) made.push(line.slice(1));
    }
  }
  return [...made, ...lines.slice(at)].join("\n");
}

Deno.test("with the differences, the second text can be made of the first one", () => {
  const random = new Random(7);
  for (let round = 0; round < 200; round++) {
    const lines = Array.from({ length: 5 + random.below(40) }, () => `line ${random.below(9)}\n`);
    const changes = lines.map((line) => random.pick([line, line, line, line, "", `${line}new\n`, `!${line}`]));
    const [before, after] = [lines.join(""), changes.join("")];
    assertEquals(patched(before, unifiedDiff(before, after)), after);
  }
});
