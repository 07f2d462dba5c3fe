/** Lines for a terminal. */

import { assertEquals } from "@std/assert";
import { table, wrapped } from "../../src/serving/terminal_lines.ts";
import { widthOf } from "../../src/stories/lines.ts";

Deno.test("a character that takes two columns counts twice: tables stay straight, and all lines fit 80 columns", () => {
  assertEquals(table([["文件", "1 B"], ["file", "12 B"]]), ["  文件   1 B", "  file  12 B"]);
  const lines = [...table([["文".repeat(60), "文".repeat(60)]]), ...wrapped("文字 ".repeat(60).trim())];
  assertEquals(lines.filter((line) => widthOf(line) > 80), []);
});
