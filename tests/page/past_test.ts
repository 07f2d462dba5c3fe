/**
 * Time: the folder, the graph and the stories as they were after each request.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { filesAfter } from "../../src/page/past.ts";
import { access } from "../../src/composing/access.ts";
import type { HomeFacts } from "../../src/page/home.ts";
import { descriptorOf, digestOf, TYPES } from "../fixture.ts";
import { registryWithPage } from "./registry_with_page.ts";

const JSON_TYPE = { Accept: "application/json" };

function arranged() {
  const { send, stories } = registryWithPage();
  const facts = async (path: string): Promise<HomeFacts> =>
    await (await send("GET", path, { headers: JSON_TYPE })).json();
  const last = async () => (await stories.recent()).at(-1)!.id;
  const pushBlob = (name: string, text: string) =>
    send("POST", `/v2/${name}/blobs/uploads/?digest=${digestOf(text)}`, {
      body: text,
      headers: { "Content-Type": "application/octet-stream" },
    });
  const pushImage = (name: string, tag: string, layer: string) => {
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPES.image,
      config: descriptorOf("{}", TYPES.config),
      layers: [descriptorOf(layer, TYPES.layer)],
    });
    return [
      () => pushBlob(name, "{}"),
      () => pushBlob(name, layer),
      () => send("PUT", `/v2/${name}/manifests/${tag}`, { body: manifest, headers: { "Content-Type": TYPES.image } }),
    ];
  };
  return { send, facts, last, pushImage };
}

Deno.test("going back through the stories, each moment has the files that were there after the request", async () => {
  const { send, facts, last, pushImage } = arranged();
  let session = "";
  const requests = [
    ...pushImage("app", "v1", "one"),
    () => send("GET", "/v2/app/manifests/v1"),
    ...pushImage("app", "v1", "two"),
    () => send("POST", `/v2/other/blobs/uploads/?mount=${digestOf("one")}&from=app`),
    async () => {
      const answer = await send("POST", "/v2/app/blobs/uploads/");
      session = answer.headers.get("Location")!;
      return answer;
    },
    () => send("PATCH", session, { body: "chu", headers: { "Content-Range": "0-2" } }),
    () => send("PATCH", session, { body: "nked", headers: { "Content-Range": "3-6" } }),
    () => send("PUT", `${session}?digest=${digestOf("chunked")}`),
    () => send("DELETE", "/v2/app/manifests/v1"),
    () => send("DELETE", `/v2/app/blobs/${digestOf("one")}`),
    () => send("DELETE", `/v2/other/blobs/${digestOf("one")}`),
  ];
  const moments: { readonly id: string; readonly files: unknown }[] = [];
  for (const request of requests) {
    await request();
    const id = await last();
    moments.push({ id, files: (await facts(`/?at=${id}`)).time.moment!.files });
  }
  for (const [step, { id, files }] of moments.entries()) {
    const { moment } = (await facts(`/?at=${id}`)).time;
    assertEquals(
      moment!.files,
      files as never,
      `after request ${step + 1}, ${moment!.story.method} ${moment!.story.url}`,
    );
    assertEquals([moment!.step, moment!.stories.length], [step + 1, step + 1]);
  }
});

Deno.test("the graph and the stories of a moment are those of then, as JSON and in HTML", async () => {
  const { send, facts, last, pushImage } = arranged();
  for (const request of pushImage("app", "v1", "one")) await request();
  const id = await last();
  for (const request of pushImage("app", "v2", "two")) await request();
  const { live, graph } = await facts(`/?at=${id}`);
  assertEquals(live.stories.length, 3);
  assertEquals(graph.boxes.filter(({ kind }) => kind === "tag").map(({ name }) => name), ["v1"]);
  const again = await (await send("GET", graph.address, { headers: JSON_TYPE })).json();
  assertEquals(again.boxes, JSON.parse(JSON.stringify(graph.boxes)));
  const text = await (await send("GET", `/?at=${id}`, { headers: { Accept: "text/html" } })).text();
  for (const fact of ["Back to now", "app/_tags/v1", "The folder then"]) assert(text.includes(fact), fact);
  assert(!text.includes("app/_tags/v2"));
});

Deno.test("a moment that is not remembered is told, and now is shown", async () => {
  const { send, facts } = arranged();
  await send("GET", "/v2/");
  const { time } = await facts("/?at=0a0a0a0a0a0a-1");
  assertEquals([time.isForgotten, time.moment], [true, undefined]);
  assertEquals((await facts("/?step=99")).time.isForgotten, true);
  assertEquals((await facts("/")).time.isForgotten, false);
});

Deno.test("a moment has only what the person may see", async () => {
  const rule = { users: ["anonymous"], repositories: ["open/**"], actions: ["pull"] } as const;
  const { send } = registryWithPage({ access: access([rule]) });
  for (const name of ["open/app", "secret/app"]) {
    await send("POST", `/v2/${name}/blobs/uploads/?digest=${digestOf("foo")}`, {
      body: "foo",
      headers: { "Content-Type": "application/octet-stream" },
    });
  }
  await send("GET", "/v2/open/app/tags/list");
  const text = await (await send("GET", "/?step=1", { headers: JSON_TYPE })).text();
  assert(text.includes("open/app") && !text.includes("secret"));
});

Deno.test("a tag that moved back is known also if nobody remembers who set it first; a folder that came with an unknown size is not invented", () => {
  const story = { version: 1, time: "", method: "PUT", url: "", status: 201, milliseconds: 0, bytesIn: 0 } as const;
  const path = "app/_tags/v1";
  const moved = {
    ...story,
    id: "a-1",
    changes: [{ sign: "~", path, size: 71, digest: "sha256:c3f2", before: "sha256:7d1a" }],
  } as const;
  assertEquals(filesAfter([{ path, size: 71, digest: "sha256:c3f2" }], [moved], -1), [
    { path, size: 11, digest: "sha256:7d1a" },
  ]);
  const removed = { ...story, id: "a-2", changes: [{ sign: "-", path: "app/sha256:7d1a/" }] } as const;
  assertEquals(filesAfter([], [removed], -1), []);
});
