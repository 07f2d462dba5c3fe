/**
 * What the browser loads: how much it is.
 *
 * @module
 */

import { assert } from "@std/assert";
import { stripTypeScriptTypes } from "node:module";
import { SHARED_MODULES } from "../../src/page/browser_modules.ts";

const SOURCES = new URL("../../src/", import.meta.url);

// Without comments and types, in bytes. No page loads all of it: there is a view for each panel.
const LIMIT = 230_000;

Deno.test("all that the browser may load together is at most 230 KB, without comments and types", () => {
  const own = ["page/web", "page/views"].flatMap((folder) =>
    [...Deno.readDirSync(new URL(folder, SOURCES))].map(({ name }) => `${folder}/${name}`)
  );
  const sizes = [...own, ...SHARED_MODULES].filter((path) => /\.(?:ts|css|svg)$/.test(path)).map((path) => {
    const text = Deno.readTextFileSync(new URL(path, SOURCES));
    return { path, size: withoutComments(path.endsWith(".ts") ? stripTypeScriptTypes(text) : text).length };
  });
  const sum = sizes.reduce((sum, { size }) => sum + size, 0);
  const list = sizes.sort((a, b) => b.size - a.size).map(({ path, size }) => `${`${size}`.padStart(7)}  ${path}`);
  assert(sum <= LIMIT, `${sum} bytes:\n${list.join("\n")}`);
});

// Types leave blanks behind, and blanks at the beginning of a line are for people, too.
function withoutComments(text: string): string {
  return text.replace(/\/\*.*?\*\//gs, "").replace(/(?<=^|\s)\/\/.*$/gm, "").replace(/^\s+|[ \t]+$/gm, "");
}
