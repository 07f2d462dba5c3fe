/**
 * What the browser loads: how much it is, and what of it is left out.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { stripTypeScriptTypes } from "node:module";
import { COMMENT_LINES, SHARED_MODULES, withoutComments } from "../../src/page/browser_modules.ts";
import { registryWithPage } from "./registry_with_page.ts";

const SOURCES = new URL("../../src/", import.meta.url);

// What is sent of all files together, in bytes. No page loads all of it: there is a view for each panel.
const LIMIT = 100_000;

const PATHS = [
  ...["page/web", "page/views"].flatMap((folder) =>
    [...Deno.readDirSync(new URL(folder, SOURCES))].map(({ name }) => `${folder}/${name}`)
  ),
  ...SHARED_MODULES,
].filter((path) => /\.(?:ts|css|svg)$/.test(path));

const GZIP = { "Accept-Encoding": "gzip, deflate, br" };

Deno.test("all that the browser may load is sent in at most 100 KB together", async () => {
  const { send } = registryWithPage();
  const sizes = await Promise.all(PATHS.map(async (path) => {
    const answer = await send("GET", `/web/${path}`, { headers: GZIP });
    assertEquals([answer.status, answer.headers.get("Content-Encoding")], [200, "gzip"], path);
    return { path, size: (await answer.bytes()).length };
  }));
  const sum = sizes.reduce((sum, { size }) => sum + size, 0);
  const list = sizes.sort((a, b) => b.size - a.size).map(({ path, size }) => `${`${size}`.padStart(7)}  ${path}`);
  assert(sum <= LIMIT, `${sum} bytes:\n${list.join("\n")}`);
});

Deno.test("a file of the page is the same with gzip and without, and is sent once to a browser that asks again", async () => {
  const { send } = registryWithPage();
  const address = "/web/page/web/main.ts";
  const plain = await send("GET", address, { headers: { "Accept-Encoding": "br, gzip;q=0" } });
  const packed = await send("GET", address, { headers: GZIP });
  const etag = packed.headers.get("ETag")!;
  assertEquals(
    [plain, packed].map(({ headers }) => ["Content-Encoding", "ETag", "Vary"].map((name) => headers.get(name))),
    [
      [null, etag, "Accept-Encoding"],
      ["gzip", etag, "Accept-Encoding"],
    ],
  );
  const unpacked = await new Response(packed.body!.pipeThrough(new DecompressionStream("gzip"))).text();
  assertEquals(unpacked, await plain.text());
  const again = await send("GET", address, { headers: { ...GZIP, "If-None-Match": etag } });
  assertEquals([again.status, await again.text()], [304, ""]);
  const older = await send("GET", address, { headers: { ...GZIP, "If-None-Match": `W/"sha256:${"0".repeat(64)}"` } });
  assertEquals([older.status, (await older.bytes()).length > 0], [200, true]);
});

Deno.test("the browser gets no comments that are lines, and each line keeps its number", () => {
  const source =
    'const a = "/* a */";\n\n// One.\n  /** Two.\n   * Three. */\nconst b = 2; // two\n/* a */ const c = 3;\n';
  assertEquals(withoutComments(source), 'const a = "/* a */";\n\n\n\n\nconst b = 2; // two\n/* a */ const c = 3;\n');
});

// A line of a text between backticks may look like a comment. There, a sign that no code may have is no error.
function notComments(source: string): string[] {
  return [...source.matchAll(COMMENT_LINES)].filter(({ 0: comment, index }) => {
    try {
      stripTypeScriptTypes(`${source.slice(0, index)}\u00a7${source.slice(index + comment.length)}`);
      return true;
    } catch (error) {
      if (error instanceof SyntaxError) return false;
      throw error;
    }
  }).map(([comment]) => comment);
}

Deno.test("each line of a module that looks like a comment is one", () => {
  assertEquals(notComments("const a = `\n// no comment\n`;\n// a comment\n"), ["// no comment"]);
  for (const path of PATHS.filter((path) => path.endsWith(".ts"))) {
    assertEquals(notComments(Deno.readTextFileSync(new URL(path, SOURCES))), [], path);
  }
});
