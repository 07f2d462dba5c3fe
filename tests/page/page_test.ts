/**
 * The page: what each address answers, to a browser and to a program.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { defaultsOf, REGISTRY_OPTIONS } from "../../src/options.ts";
import { page } from "../../src/page/page.ts";
import { RememberedStories } from "../../src/serving/remembered_stories.ts";
import { createRegistry, type Registry } from "../../src/registry.ts";

function pageOver(): Registry {
  const disk = memoryDisk();
  return page({ disk, version: "1.2.3", stories: new RememberedStories(), settings: defaultsOf(REGISTRY_OPTIONS) })(
    createRegistry({ disk }),
  );
}

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return await pageOver()(new Request(`http://localhost:5080${path}`, { headers }));
}

Deno.test("an address answers HTML that is whole without JavaScript, and the same facts as JSON", async () => {
  const html = await get("/rule/PUSH-CHUNK-10", { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
  assertEquals([html.status, html.headers.get("Content-Type")], [200, "text/html; charset=utf-8"]);
  const json = await get("/rule/PUSH-CHUNK-10", { Accept: "application/json" });
  assertEquals([json.status, json.headers.get("Content-Type")], [200, "application/json"]);
  const { rule } = await json.json();
  const text = await html.text();
  for (const fact of [rule.id, rule.keyword, rule.observable.split('"')[0]]) assert(text.includes(fact), fact);
});

Deno.test("what is not there is told, and not with an empty page", async () => {
  const answer = await get("/rule/PUSH-CHUNK");
  assertEquals(answer.status, 404);
  assert((await answer.text()).includes("/rule/PUSH-CHUNK"));
});

Deno.test("what belongs to the spec goes to the registry", async () => {
  assertEquals((await get("/v2/")).status, 200);
  assertEquals((await get("/v2/library/hello/tags/list")).headers.get("Content-Security-Policy"), null);
});

Deno.test("a site that has changed the address of its own name cannot read the page", async () => {
  const request = new Request("http://evil.example:5080/", { headers: { "User-Agent": "Mozilla/5.0" } });
  assertEquals((await pageOver()(request)).status, 403);
});
