/**
 * Tests of happenings: a request, sent to a registry, as the patterns of lessons see it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { createRegistry } from "../../src/registry.ts";
import { dataOf } from "../../src/story.ts";
import { happeningOf } from "../../src/workshop/happenings.ts";
import type { Item } from "../../src/workshop/matching.ts";
import { descriptorOf, digestOf, TYPES } from "../fixture.ts";

const FOO = digestOf("foo");
const NOTHING = { added: [], changed: [], removed: [], linked: [] };

/** A registry of its own. `send` returns what patterns of the learner `ana` see of a request. */
function registryOfAna() {
  const items: Item[] = [];
  const onStory = (story: Parameters<typeof dataOf>[0]) => void items.push(happeningOf(dataOf(story), "ana/").item);
  const registry = createRegistry({ disk: memoryDisk(), onStory });
  return {
    async send(method: string, path: string, body = "", headers: Record<string, string> = {}): Promise<Item> {
      const content = body === "" ? {} : { body, headers: { "Content-Length": String(body.length), ...headers } };
      await registry(new Request(`http://localhost${path}`, { method, headers, ...content }));
      return items.at(-1)!;
    },
  };
}

Deno.test("a request has its session, its headers in lower case, and what it changed, without the learner's prefix", async () => {
  const { send } = registryOfAna();
  const opened = await send("POST", "/v2/ana/a/blobs/uploads/");
  const { session } = opened;
  const path = `/v2/ana/a/blobs/uploads/${session}`;
  const { location } = opened.answer as Record<string, string>;
  assertEquals([location, opened.endpoint, opened.added], [path, "end-4a", [`a/_uploads/${session}/data`]]);

  const headers = { "Content-Type": "application/octet-stream", "Content-Range": "0-2", "User-Agent": "curl/8" };
  assertEquals({ ...await send("PATCH", path, "foo", headers) }, {
    endpoint: "end-5",
    method: "PATCH",
    path,
    status: 202,
    client: "curl/8",
    session,
    bytesIn: 3,
    bytesOut: 0,
    warnings: undefined,
    query: {},
    reference: undefined,
    tag: undefined,
    digest: undefined,
    repository: "a",
    from: undefined,
    code: undefined,
    rule: undefined,
    headers: {
      "content-type": "application/octet-stream",
      "content-range": "0-2",
      "content-length": "3",
    },
    answer: { location: path, range: "0-2" },
    ...NOTHING,
    changed: [`a/_uploads/${session}/data`],
  });
});

Deno.test("a refusal has its code and its rules", async () => {
  const { send } = registryOfAna();
  const { status, code, rule } = await send("POST", `/v2/ana/a/blobs/uploads/?digest=${FOO}`, "bar");
  assertEquals({ status, code, rule }, { status: 400, code: "DIGEST_INVALID", rule: ["PUSH-SINGLE-03"] });
});

Deno.test("the source of a mount is a repository of the learner, or a whole name; the second name of the blob is linked", async () => {
  const { send } = registryOfAna();
  for (const name of ["ana/a", "bo/a"]) await send("POST", `/v2/${name}/blobs/uploads/?digest=${FOO}`, "foo");
  const own = await send("POST", `/v2/ana/b/blobs/uploads/?mount=${FOO}&from=ana/a`);
  assertEquals([own.repository, own.from, own.query], ["b", "a", { mount: FOO, from: "ana/a" }]);
  assertEquals([own.added, own.linked], [[], [`b/${FOO}/blob`]]);
  assertEquals((await send("POST", `/v2/ana/c/blobs/uploads/?mount=${FOO}&from=bo/a`)).from, "bo/a");
});

Deno.test("what a path names is a tag or a digest, and what is deleted is removed", async () => {
  const { send } = registryOfAna();
  await send("POST", `/v2/ana/a/blobs/uploads/?digest=${digestOf("{}")}`, "{}");
  const config = descriptorOf("{}", "application/vnd.oci.empty.v1+json");
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.image, config, layers: [] });
  const pushed = await send("PUT", "/v2/ana/a/manifests/v1", manifest, { "Content-Type": TYPES.image });
  assertEquals([pushed.status, pushed.reference, pushed.tag, pushed.digest], [201, "v1", "v1", undefined]);
  const digest = digestOf(manifest);
  const read = await send("GET", `/v2/ana/a/manifests/${digest}`);
  assertEquals([read.reference, read.tag, read.digest], [digest, undefined, digest]);
  const { removed, ...others } = await send("DELETE", "/v2/ana/a/manifests/v1");
  assertEquals([removed, others.added, others.changed, others.linked], [["a/_tags/v1"], [], [], []]);
});

Deno.test("of many changes, patterns see the first 50", async () => {
  const { send } = registryOfAna();
  await send("POST", `/v2/ana/a/blobs/uploads/?digest=${digestOf("{}")}`, "{}");
  const config = descriptorOf("{}", "application/vnd.oci.empty.v1+json");
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.image, config, layers: [] });
  const tags = Array.from({ length: 60 }, (_, at) => `tag=v${at}`).join("&");
  const { status, added } = await send("PUT", `/v2/ana/a/manifests/${digestOf(manifest)}?${tags}`, manifest, {
    "Content-Type": TYPES.image,
  });
  assertEquals([status, (added as string[]).length], [201, 50]);
});
