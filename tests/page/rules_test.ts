/**
 * The panels *rule* and *source*, and what an address without a panel says.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { defaultsOf, REGISTRY_OPTIONS } from "../../src/options.ts";
import { page, type PageOptions } from "../../src/page/page.ts";
import type { RuleFacts, RuleListFacts } from "../../src/page/rules.ts";
import type { SourceFacts, SourceListFacts } from "../../src/page/sources.ts";
import { createRegistry } from "../../src/registry.ts";
import { RememberedStories } from "../../src/serving/remembered_stories.ts";
import { ownTests } from "../../src/serving/own_tests.ts";

/** A registry with its page, over a disk in memory. */
function registryWithPage(options: Partial<PageOptions> = {}) {
  const disk = memoryDisk();
  const stories = new RememberedStories();
  const settings = defaultsOf(REGISTRY_OPTIONS);
  const registry = page({ disk, version: "1.2.3", stories, settings, ...options })(
    createRegistry({ disk, onStory: stories.tell }),
  );
  const send = (method: string, path: string, headers: Record<string, string> = {}) =>
    registry(new Request(`http://localhost:5080${path}`, { method, headers }));
  return {
    send,
    html: async (path: string) => await (await send("GET", path, { Accept: "text/html" })).text(),
    facts: async <Facts>(path: string): Promise<Facts> =>
      await (await send("GET", path, { Accept: "application/json" })).json(),
  };
}

Deno.test("a rule shows its sentence, its links, the sources that cite it, the tests that name it, and its neighbours", async () => {
  const { facts, html } = registryWithPage({ tests: ownTests });
  const { rule, heading, spec, specLine, sources, tests, neighbours } = await facts<RuleFacts>("/rule/PUSH-CANCEL-01");
  assertEquals([rule.keyword, rule.actor, heading.title], ["SHOULD", "registry", "Push > Cancel a blob upload"]);
  assert(spec.endsWith("#cancel-a-blob-upload"));
  assert(/#L[0-9]+$/.test(specLine));
  assert(sources.some(({ file }) => file === "src/push/cancel_a_blob_upload.ts"));
  for (const { file, lines } of sources) {
    const text = Deno.readTextFileSync(new URL(`../../${file}`, import.meta.url)).split("\n");
    for (const line of lines) assert(text[line - 1].includes("PUSH-CANCEL-01"), `${file}:${line}`);
  }
  assert(
    tests!.some(({ file, line }) =>
      Deno.readTextFileSync(new URL(`../../${file}`, import.meta.url)).split("\n").slice(line - 1, line + 2).join("")
        .includes("PUSH-CANCEL-01")
    ),
  );
  assertEquals(neighbours.next, "PUSH-CANCEL-02");
  assert(neighbours.heading.length > 3);
  const text = await html("/rule/PUSH-CANCEL-01");
  const shown = [
    rule.keyword,
    specLine.replaceAll("&", "&amp;"),
    tests![0].file,
    `/source/${sources[0].file}#L${sources[0].lines[0]}`,
  ];
  for (const fact of shown) assert(text.includes(fact), fact);
});

Deno.test("a rule tells which requests broke it, and what was expected and came", async () => {
  const { send, facts, html } = registryWithPage();
  assertEquals((await send("GET", "/v2/library/hello/tags/list?n=many")).status, 400);
  const { stories } = await facts<RuleFacts>("/rule/DISC-TAGS-05");
  const all = await facts<RuleListFacts>("/rule/");
  const touched = all.headings.flatMap(({ rules }) => rules).filter(({ id }) => id.startsWith("DISC-TAGS-"));
  const broken = await Promise.all(
    touched.map(async ({ id }) => (await facts<RuleFacts>(`/rule/${id}`)).stories.broken),
  );
  assertEquals(broken.flat().map(({ url, status }) => [url, status]), [["/v2/library/hello/tags/list?n=many", 400]]);
  assertEquals(stories.total, 1);
  const id = touched[broken.findIndex(({ length }) => length > 0)].id;
  const text = await html(`/rule/${id}`);
  const { actual } = broken.flat()[0].broken!;
  for (const fact of ["expected", "n=many", actual.replaceAll('"', "&quot;")]) assert(text.includes(fact), fact);
});

Deno.test("a rule says nothing of requests to a repository that the person must not see", async () => {
  const { send, facts } = registryWithPage({ shows: (name) => !name.startsWith("secret/") });
  await send("GET", "/v2/secret/hello/tags/list?n=many");
  await send("GET", "/v2/open/hello/tags/list?n=many");
  const { stories } = await facts<RuleFacts>("/rule/DISC-TAGS-05");
  assertEquals(stories.total, 1);

  await send("POST", `/v2/open/hello/blobs/uploads/?mount=sha256:${"0".repeat(64)}&from=secret/hello`);
  assertEquals((await facts<RuleFacts>("/rule/PUSH-MOUNT-01")).stories.total, 0);
});

Deno.test("a program that may not read the tests says so, and names the command that lists them", async () => {
  const text = await registryWithPage().html("/rule/PUSH-CANCEL-01");
  assert(text.includes("deno task rule PUSH-CANCEL-01"));
});

Deno.test("the list of rules has all rules below their headings, and a filter that works without JavaScript", async () => {
  const { facts, html } = registryWithPage();
  const all = await facts<RuleListFacts>("/rule/");
  assertEquals(all.headings.flatMap(({ rules }) => rules).length, all.total);
  const some = await facts<RuleListFacts>("/rule/?filter=chunk%20must%20client");
  assert(some.shown > 0 && some.shown < all.total, String(some.shown));
  const text = await html("/rule/?filter=%22%3E%3Cscript%3E");
  assert(text.includes('value="&quot;&gt;&lt;script&gt;"') && !text.includes("<script>"));
});

Deno.test("a source has its lines with numbers, its rules, imports and the next file as links, and comments apart from code", async () => {
  const { facts, html } = registryWithPage();
  const file = "src/push/cancel_a_blob_upload.ts";
  const { lines, next, headings } = await facts<SourceFacts>(`/source/${file}`);
  assertEquals(lines.join("\n") + "\n", Deno.readTextFileSync(new URL(`../../${file}`, import.meta.url)));
  assertEquals([next, headings[0].title], [
    "src/push/mounting_a_blob_from_another_repository.ts",
    "Push > Cancel a blob upload",
  ]);
  const text = await html(`/source/${file}`);
  for (
    const part of [
      'id="L1"',
      'href="/rule/PUSH-CANCEL-01"',
      'href="/source/src/store/uploads.ts"',
      'href="/source/src/push/mounting_a_blob_from_another_repository.ts"',
      '<i class="comment">',
    ]
  ) assert(text.includes(part), part);
});

Deno.test("the list of sources has every source of the tour below its folder", async () => {
  const { facts } = registryWithPage();
  const { folders } = await facts<SourceListFacts>("/source/");
  const files = folders.flatMap(({ sources }) => sources.map(({ file }) => file));
  assertEquals(files[0], "src/api/endpoints.ts");
  assert(files.includes("src/page/sources.ts"));
  for (const { sources } of folders) for (const { title } of sources) assert(title !== "");
});

Deno.test("every link to a source or a rule in a source leads somewhere", async () => {
  const { html, send } = registryWithPage();
  const text = await html("/source/src/registry.ts") + await html("/source/src/page/panels.ts");
  const links = new Set([...text.matchAll(/href="(\/(?:rule|source)\/[^"#]*)/g)].map(([, link]) => link));
  assert(links.size > 20);
  for (const link of links) assertEquals((await send("GET", link)).status, 200, link);
});

Deno.test("an address that shows nothing names what is nearby", async () => {
  const { facts, send } = registryWithPage();
  type Nothing = { nearby: { text: string; address: string }[] };
  for (
    const [wrong, right] of [
      ["/rule/push-chnuk-10", "/rule/PUSH-CHUNK-10"],
      ["/source/src/push/cancel_upload.ts", "/source/"],
      ["/source/src/pull/cancel_a_blob_upload.ts", "/source/src/push/cancel_a_blob_upload.ts"],
      ["/story/nobody", "/"],
    ]
  ) {
    assertEquals((await send("GET", wrong)).status, 404);
    const { nearby } = await facts<Nothing>(wrong);
    assert(nearby.some(({ address }) => address === right), `${wrong}: ${JSON.stringify(nearby)}`);
  }
});
