/** The lines of files that an error came from. */

import { assertEquals } from "@std/assert";
import { placesOf } from "./places.ts";

Deno.test("the places of an error are paths in the project, and whole paths elsewhere", () => {
  const project = new URL("..", import.meta.url).href;
  const stack = [
    "Error: no more memory",
    `    at async first (${project}src/registry.ts:12:3)`,
    "    at file:///home/ana/range.ts:7:1",
    "    at ext:core/01_core.js:1:2",
    "    at node:internal/x.js:1:2",
  ].join("\n");

  assertEquals(placesOf(Object.assign(new Error(), { stack })), ["src/registry.ts:12", "/home/ana/range.ts:7"]);
});
