/**
 * The stories of a registry with wrappers: each request is told once, as the client has sent it and got its answer.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { requestLike } from "../../src/composing/asking.ts";
import { refuse } from "../../src/composing/composing.ts";
import { RegistryError } from "../../src/api/error_codes.ts";
import { formatStory } from "../../src/stories/lines.ts";
import type { Wrapper } from "../../src/registry.ts";
import { dataOf } from "../../src/story.ts";
import { digestOf, expectRefusal, startRegistry } from "../fixture.ts";

const moved: Wrapper = (registry) => (request, peer) => {
  const path = new URL(request.url).pathname.replace("/v2/", "/v2/inside/") + new URL(request.url).search;
  return registry(requestLike(request, { path }), peer);
};

const asksFirst: Wrapper = (registry) => async (request, peer) => {
  const question = await registry(new Request("http://localhost/v2/asked/tags/list"), peer);
  await question.body?.cancel();
  return await registry(request, peer);
};

Deno.test("the story of a request has the URL that the client has sent, and the changes that were made for it", async () => {
  await using registry = await startRegistry({ wrappers: [asksFirst, moved] });
  const foo = digestOf("foo");
  await registry.pushBlob("library/hello", "foo");
  assertEquals(registry.stories.map(({ method, url, status, endpoint }) => ({ method, url, status, endpoint })), [{
    method: "POST",
    url: `/v2/library/hello/blobs/uploads/?digest=${foo}`,
    status: 201,
    endpoint: { id: "end-4b", heading: "PUSH-SINGLE" },
  }]);
  assertEquals(registry.stories[0].refusal, undefined);
  assertEquals(registry.stories[0].changes.at(-1)?.path.startsWith("inside/library/hello/"), true);
});

Deno.test("the story of a request has the heading that the section has followed, also behind wrappers", async () => {
  await using registry = await startRegistry({ wrappers: [asksFirst] });
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "foo" });
  await registry.send("PUT", `${location}?digest=${digestOf("foo")}`);
  assertEquals(registry.stories.at(-1)?.endpoint, { id: "end-6", heading: "PUSH-CHUNK" });
});

Deno.test("the story of a request names the repository that the client has named, and not the one inside of a wrapper", async () => {
  await using registry = await startRegistry({ wrappers: [moved] });
  await registry.pushImage("library/hello", { tag: "v1" });

  const { repository, reference, changes, bytesIn } = dataOf(registry.stories.at(-1)!);
  assertEquals([repository, reference, bytesIn > 0], ["library/hello", "v1", true]);
  assertEquals(changes.at(-1)?.path, "inside/library/hello/_tags/v1");
  assertEquals(changes.at(-1)?.digest?.startsWith("sha256:"), true);
});

Deno.test("what a wrapper refuses is told as well, with its rule", async () => {
  const detail = { rule: "API-ERR-I12", expected: "nobody", actual: "somebody" } as const;
  const closed: Wrapper = () => (request) => Promise.resolve(refuse(request, new RegistryError("DENIED", detail)));
  await using registry = await startRegistry({ wrappers: [closed] });
  const response = await registry.send("GET", "/v2/library/hello/tags/list");
  await expectRefusal(response, { status: 403, code: "DENIED", rule: "API-ERR-I12" });
  const [story, ...others] = registry.stories;
  assertEquals(others, []);
  assertEquals([story.status, story.endpoint?.id], [403, "end-8a"]);
  assert(formatStory(story).includes("! DENIED   API-ERR-I12"), formatStory(story));
});

Deno.test("a wrapper may throw its refusal; and what else it throws is a failure of the registry", async () => {
  const detail = { rule: "API-ERR-I12", expected: "nobody", actual: "somebody" } as const;
  const closed: Wrapper = () => () => Promise.reject(new RegistryError("DENIED", detail));
  await using registry = await startRegistry({ wrappers: [closed] });
  const response = await registry.send("GET", "/v2/");
  await expectRefusal(response, { status: 403, code: "DENIED", rule: "API-ERR-I12" });

  const broken: Wrapper = () => () => Promise.reject(new Error("broken"));
  await using other = await startRegistry({
    wrappers: [broken],
    onStory: (story) => told.push(story.refusal?.message),
  });
  const told: unknown[] = [];
  const failure = await other.send("GET", "/v2/");
  assertEquals([failure.status, (await failure.json()).errors[0].code, told], [500, "UNKNOWN", ["broken"]]);
});

Deno.test("the first wrapper of the options is the outermost", async () => {
  const order: string[] = [];
  const named = (name: string): Wrapper => (registry) => (request, peer) => {
    order.push(name);
    return registry(request, peer);
  };
  await using registry = await startRegistry({ wrappers: [named("first"), named("second")] });
  await (await registry.send("GET", "/v2/")).body?.cancel();
  assertEquals(order, ["first", "second"]);
});

Deno.test("two requests at once do not mix up their stories", async () => {
  await using registry = await startRegistry({ wrappers: [asksFirst, moved] });
  await Promise.all(["a", "b", "c"].map((text) => registry.pushBlob(`library/${text}`, text)));
  for (const { url, changes } of registry.stories) {
    const name = /\/v2\/(.*?)\/blobs/.exec(url)![1];
    assert(
      changes.length > 0 && changes.every(({ path }) => path.startsWith(`inside/${name}/`)),
      JSON.stringify(changes),
    );
  }
});
