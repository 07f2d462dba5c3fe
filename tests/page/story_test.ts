/**
 * The live stories of `/` as a document, and `/story/ID`.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import type { HomeFacts } from "../../src/page/home.ts";
import type { ForgottenFacts, StoryFacts } from "../../src/page/stories.ts";
import { registryWithPage } from "./registry_with_page.ts";

const FOO = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const HTML = { Accept: "text/html" };
const JSON_TYPE = { Accept: "application/json" };

function arranged(now?: () => number) {
  const { send, stories } = registryWithPage({ root: "images", disk: memoryDisk({ now }) });
  return {
    send,
    html: async (path: string) => await (await send("GET", path, { headers: HTML })).text(),
    facts: async <Facts>(path: string): Promise<Facts> =>
      await (await send("GET", path, { headers: JSON_TYPE })).json(),
    id: async (url: string) => (await stories.recent()).find((story) => story.url === url)!.id,
  };
}

const PUSH = `/v2/app/blobs/uploads/?digest=${FOO}`;
const OF_CURL = { "User-Agent": "curl/8.1", "Content-Type": "application/octet-stream" };

Deno.test("without JavaScript, / has the last stories, with the files that they changed and why they were refused", async () => {
  const { send, html } = arranged();
  await send("POST", PUSH, { body: "foo", headers: OF_CURL });
  await send("POST", PUSH, { body: "lie", headers: OF_CURL });
  const text = await html("/");
  for (
    const fact of ["/v2/app/blobs/uploads/", `/at/app/${FOO}/blob`, "DIGEST_INVALID", 'href="/rule/PUSH-', "curl/8.1"]
  ) {
    assert(text.includes(fact), fact);
  }
});

Deno.test("an action says what it has made in the end, which files it shares, and where to look", async () => {
  const { send, html } = arranged();
  const digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  await send("POST", `/v2/base/blobs/uploads/?digest=${digest}`, { body: "{}", headers: OF_CURL });
  const headers = { "User-Agent": "docker/26.1" };
  await send("POST", `/v2/app/blobs/uploads/?mount=${digest}&from=base`, { headers });
  const blob = { mediaType: "application/vnd.oci.empty.v1+json", digest, size: 2 };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const body = JSON.stringify({ schemaVersion: 2, mediaType, artifactType: "a/b", config: blob, layers: [blob] });
  await send("PUT", "/v2/app/manifests/v1", { body, headers: { ...headers, "Content-Type": mediaType } });
  const text = (await html("/")).replace(/<[^>]*>/g, "");
  assert(text.includes("Look at app:v13 files made, 1 file shared with base=a second name:  app/"), text);
});

Deno.test("the filter of / works without JavaScript: by text, method, status, repository and client", async () => {
  const { send, html, facts } = arranged();
  await send("POST", PUSH, { body: "foo", headers: OF_CURL });
  await send("GET", "/v2/other/tags/list", { headers: { "User-Agent": "skopeo/1.9" } });
  for (const query of ["text=uploads", "method=POST", "status=2xx", "repository=app", "client=curl", "text=%2Fblob"]) {
    const text = await html(`/?${query}`);
    assert(text.includes("/v2/app/blobs/uploads/") && !text.includes("/v2/other/"), query);
  }
  const { live } = await facts<HomeFacts>("/?method=GET");
  assertEquals(live.filter, { text: "", method: "GET", status: "", repository: "", client: "" });
  assert((await html("/?text=nothing")).includes("None of the stories that are remembered passes the filter."));
});

Deno.test("a story has both headers, its changes, why it was sent, its action, its neighbours, and a command that repeats it", async () => {
  const { send, facts, html, id } = arranged();
  await send("GET", "/v2/", { headers: OF_CURL });
  await send("POST", PUSH, { body: "foo", headers: { ...OF_CURL, Authorization: "Basic YWxpY2U6c2VjcmV0" } });
  await send("GET", "/v2/_catalog");
  const { story, why, curl, action, before, after } = await facts<StoryFacts>(`/story/${await id(PUSH)}`);
  assertEquals([story.headers?.Authorization, story.answerHeaders?.Location], ["Basic", `/v2/app/blobs/${FOO}`]);
  assertEquals([why.meaning, action.stories.length, before?.url, after?.url], ["done", 2, "/v2/", "/v2/_catalog"]);
  assertEquals(
    curl,
    "curl -i -X POST -u USER -H 'Content-Type: application/octet-stream' " +
      `--data-binary @images/app/${FOO}/blob 'http://localhost:5080${PUSH}'`,
  );
  const text = await html(`/story/${story.id}`);
  for (const fact of [why.sentence, "Content-Type", "Location", "src/push/", "application/octet-stream"]) {
    assert(text.includes(fact), fact);
  }
  assert(!text.includes("YWxpY2U6c2VjcmV0"));
});

Deno.test("a story that is not remembered any more is told apart from one that never was", async () => {
  let time = 0;
  const { send, facts, html, id } = arranged(() => time += 10);
  await send("GET", "/v2/first/tags/list");
  const first = await id("/v2/first/tags/list");
  for (let at = 0; at < 1000; at++) await send("GET", `/v2/app/manifests/t${at}`);
  const { status, wasTold, remembered } = await facts<ForgottenFacts>(`/story/${first}`);
  assertEquals([status, wasTold, remembered], [404, true, 1000]);
  const unknown = await facts<ForgottenFacts>("/story/0a0a0a0a0a0a-7");
  assertEquals([unknown.status, unknown.wasTold], [404, false]);
  assert((await html("/story/0a0a0a0a0a0a-7")).includes("knows no story"));
  assertEquals((await send("GET", `/story/${first}`)).status, 404);
});

Deno.test("a filter chooses among the requests, and an action is called the same as without it", async () => {
  const { send, html } = arranged();
  const index = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
  await send("HEAD", `/v2/app/blobs/${FOO}`, { headers: OF_CURL });
  await send("POST", PUSH, { body: "foo", headers: OF_CURL });
  const type = { "Content-Type": "application/vnd.oci.image.index.v1+json", "User-Agent": "curl/8.1" };
  await send("PUT", "/v2/app/manifests/v1", { body: index, headers: type });
  for (const [query, requests] of [["", 3], ["?method=HEAD", 1], ["?method=PUT", 1], ["?text=blobs", 2]] as const) {
    const text = await html(`/${query}`);
    assert(text.includes("push of app:v1 by curl/8.1"), `${query}: ${text}`);
    assertEquals(text.match(/<li data-key="[^"]*" class="story /g)?.length, requests, query);
    const note = `The filter shows ${requests} of 3 requests.`;
    assertEquals(text.includes(note), requests < 3, query);
  }
  assert((await html("/?method=PATCH")).includes("None of the stories that are remembered passes the filter."));
});

Deno.test("a filter without JavaScript looks at all stories that are remembered, not only at the last ones", async () => {
  const { send, html } = arranged();
  await send("GET", "/v2/first/tags/list");
  for (let n = 0; n < 300; n++) await send("GET", "/v2/other/tags/list");
  assert((await html("/?repository=first")).includes("/v2/first/tags/list"));
});

Deno.test("the graph has its filter without JavaScript: a form that leads to the graph itself", async () => {
  const { send, html } = arranged();
  await send("POST", PUSH, { body: "foo" });
  for (const [path, action] of [["/", "/graph/"], ["/graph/app", "/graph/app"]]) {
    const text = await html(path);
    const [form] = new RegExp(`<form role="search"[^>]*action="${action}">.*?</form>`).exec(text) ?? [];
    assert(form?.includes('name="filter"') && form.includes('<button type="submit">'), `${path}: ${text}`);
  }
  assert((await html("/graph/?filter=nothing")).includes("Nothing has “nothing” in its name."));
});
