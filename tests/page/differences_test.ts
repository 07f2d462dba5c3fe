/**
 * The panel *diff*: two images side by side.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { DiffFacts } from "../../src/page/differences.ts";
import { escape } from "../../src/page/markup.ts";
import { pushImages, type Send } from "./images.ts";
import { registryWithPage } from "./registry_with_page.ts";

async function world() {
  const { send } = registryWithPage();
  const images = await pushImages(send as Send);
  return {
    send,
    images,
    facts: async (query: string): Promise<DiffFacts> =>
      await (await send("GET", `/diff${query}`, { headers: { Accept: "application/json" } })).json(),
    html: async (query: string): Promise<string> =>
      await (await send("GET", `/diff${query}`, { headers: { Accept: "text/html" } })).text(),
  };
}

Deno.test("two images show their layers kept, new and gone, their files, the lines of texts, and the fields of their configs", async () => {
  const { facts, html, images } = await world();
  const query = "?a=library/hello:v1&b=library/hello:v2";
  const { difference, a, b } = await facts(query);
  assertEquals([a, b], ["library/hello:v1", "library/hello:v2"]);
  assertEquals(difference!.layers.map(({ how, digest }) => [how, digest]), [
    ["kept", images.base],
    ["gone", images.v1.layers[1]],
    ["new", images.v2.layers[1]],
  ]);
  const { files, config } = difference!;
  assertEquals(files!.rows.map(({ path, how }) => `${how} ${path}`), [
    "changed etc/motd",
    "changed srv/app",
    "added srv/new",
    "added var/cache",
    "added var/cache/big",
  ]);
  assert(config.some(({ after }) => after === '"LEVEL=2"'));
  const shown = await html(query);
  for (
    const text of [
      "<ins>+Welcome to hello 2.</ins>",
      "<del>-Welcome to hello.</del>",
      escape('"LEVEL=2"'),
      "/diff?a=library%2Fhello%3Av2&amp;b=library%2Fhello%3Av1",
    ]
  ) {
    assert(shown.includes(text), text);
  }
});

Deno.test("a form without JavaScript names two things, and links lead to the other tags", async () => {
  const { facts, html } = await world();
  assertEquals((await facts("")).choices.map(({ text }) => text), ["library/hello"]);
  assertEquals((await facts("?a=library/hello:v1")).choices.map(({ text }) => text), [
    "library/hello:v1",
    "library/hello:v2",
  ]);
  const shown = await html("?a=library/hello:v1");
  assert(shown.includes("<form") && shown.includes('name="a"') && shown.includes('value="library/hello:v1"'));
  assert(shown.includes('href="/diff?a=library%2Fhello%3Av1&amp;b=library%2Fhello%3Av2"'));
});

Deno.test("what cannot be compared says why, and what is nearby", async () => {
  const { facts, send } = await world();
  const missing = await facts("?a=library/hello:v1&b=library/hello:v3");
  assertEquals(missing.status, 404);
  assertEquals(missing.difference!.after.missing?.kind, "missing");
  assertEquals((await send("GET", "/diff?a=library/hello:v1&b=%3Cscript%3E")).status, 404);
  const same = await facts("?a=library/hello:v1&b=library/hello:v1");
  assertEquals(same.difference!.layers.map(({ how }) => how), ["kept", "kept"]);
});
