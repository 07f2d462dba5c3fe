import { assertEquals } from "@std/assert";
import { RegistryError } from "../../src/api/error_codes.ts";
import { refuse, type Wrapper } from "../../src/composing/composing.ts";
import { digestOf, startRegistry } from "../fixture.ts";

const FOO = `/v2/library/hello/blobs/${digestOf("foo")}`;

// Sends each request to the registry twice, and returns the second answer.
const twice: Wrapper = (registry) => async (request, peer) => {
  await (await registry(request.clone(), peer)).body?.cancel();
  return await registry(request, peer);
};

const closed: Wrapper = () => (request) => {
  const detail = { rule: "API-ERR-10", expected: "nobody", actual: "you" } as const;
  return Promise.resolve(refuse(request, new RegistryError("TOOMANYREQUESTS", detail)));
};

Deno.test("a story is told outside of the wrappers: it has the answer of the client, and all changes", async () => {
  await using registry = await startRegistry({ wrappers: [twice] });
  const response = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digestOf("foo")}`, {
    body: "foo",
  });

  assertEquals(response.status, 201);
  assertEquals(registry.stories.map(({ status, endpoint }) => [status, endpoint?.id]), [[201, "end-4b"]]);
  const paths = registry.stories[0].changes.map(({ path }) => path.replace(/_uploads\/[^/]+/, "_uploads/…"));
  assertEquals(paths, [
    "library/hello/_uploads/…/data",
    "library/hello/_uploads/…/data",
    `library/hello/${digestOf("foo")}/blob`,
    "library/hello/_uploads/…/",
    // The blob is there already, so the second session ends with nothing.
    "library/hello/_uploads/…/data",
    "library/hello/_uploads/…/data",
    "library/hello/_uploads/…/",
  ]);
});

Deno.test("a request that a wrapper refuses has a story, with its row and its refusal", async () => {
  await using registry = await startRegistry({ wrappers: [closed] });
  const response = await registry.send("HEAD", FOO);

  assertEquals([response.status, response.body], [429, null]);
  const [{ status, endpoint, refusal, changes }] = registry.stories;
  assertEquals([status, endpoint?.id, changes], [429, "end-2", []]);
  assertEquals(refusal instanceof RegistryError && refusal.code, "TOOMANYREQUESTS");
});

Deno.test("if a wrapper answers what the registry refuses, the story has no refusal", async () => {
  const kind: Wrapper = (registry) => async (request, peer) => {
    const response = await registry(request, peer);
    return response.ok ? response : new Response("here you are");
  };
  await using registry = await startRegistry({ wrappers: [kind] });
  await registry.send("GET", FOO);

  assertEquals(registry.stories.map(({ status, refusal }) => [status, refusal]), [[200, undefined]]);
});

Deno.test("a wrapper that throws is a failure of the registry, with a story", async () => {
  const broken: Wrapper = () => () => Promise.reject(new Error("the wrapper failed (this is part of a test)"));
  await using registry = await startRegistry({ wrappers: [broken] });
  const response = await registry.send("GET", "/v2/");

  assertEquals([response.status, (await response.json()).errors[0].code], [500, "UNKNOWN"]);
  assertEquals(registry.stories[0].refusal?.message, "the wrapper failed (this is part of a test)");
});

Deno.test("the first wrapper is the outermost", async () => {
  const sign = (name: string): Wrapper => (registry) => async (request, peer) => {
    const response = await registry(request, peer);
    response.headers.append("X-Seen-By", name);
    return response;
  };
  await using registry = await startRegistry({ wrappers: [sign("outer"), sign("inner")] });

  assertEquals((await registry.send("GET", "/v2/")).headers.get("X-Seen-By"), "inner, outer");
});
