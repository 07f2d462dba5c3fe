/**
 * Registries that show some of their repositories: only and under.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { requestLike } from "../../src/composing/asking.ts";
import { immutableTags } from "../../src/composing/immutable_tags.ts";
import { only } from "../../src/composing/only.ts";
import { traced } from "../../src/composing/traced.ts";
import { under } from "../../src/composing/under.ts";
import { createRegistry, type Wrapper } from "../../src/registry.ts";
import { digestOf, expectRefusal, startRegistry, TestRegistry, TYPES } from "../fixture.ts";

/** Returns a second registry over the folder of another one. */
function behind(registry: TestRegistry, ...wrappers: Wrapper[]): TestRegistry {
  return new TestRegistry(registry.root, { wrappers });
}

async function json(response: Response) {
  return [response.status, response.headers.get("Link"), await response.json()];
}

Deno.test("ocifilter's Sub: behind under, a client never sees the prefix: not in Locations, lists, links and refusals", async () => {
  await using whole = await startRegistry();
  const part = behind(whole, under("team"));
  const foo = await part.pushBlob("hello", "foo");
  assertEquals(whole.tree(), [`team/hello/${foo}/blob`]);

  const session = await part.openSession("hello");
  assertEquals(/^\/v2\/hello\/blobs\/uploads\/[^/]+$/.test(session), true, session);
  const chunk = await part.send("PATCH", session, { body: "bar" });
  assertEquals([chunk.status, chunk.headers.get("Location")], [202, session]);
  const closed = await part.send("PUT", `${session}?digest=${digestOf("bar")}`);
  assertEquals([closed.status, closed.headers.get("Location")], [201, `/v2/hello/blobs/${digestOf("bar")}`]);

  const { digest } = await part.pushImage("hello", { tag: "v1" });
  await part.pushImage("hello", { tag: "v2" });
  assertEquals(await json(await part.send("GET", "/v2/hello/tags/list?n=1")), [
    200,
    '</v2/hello/tags/list?n=1&last=v1>; rel="next"',
    { name: "hello", tags: ["v1"] },
  ]);
  const manifest = await part.send("GET", `/v2/hello/manifests/${digest}`);
  assertEquals(digestOf(await manifest.text()), digest);

  const [unknown] = await expectRefusal(await part.send("GET", `/v2/hello/blobs/${digestOf("none")}`), {
    status: 404,
    code: "BLOB_UNKNOWN",
    rule: "PULL-BLOB-08",
  });
  assertEquals(unknown.expected, "a blob in hello");
  const config = { mediaType: TYPES.config, digest: digestOf("none"), size: 4 };
  const missing = await part.send("PUT", "/v2/hello/manifests/v3", {
    body: JSON.stringify({ schemaVersion: 2, mediaType: TYPES.image, config, layers: [] }),
    headers: { "Content-Type": TYPES.image },
  });
  const [blob] = await expectRefusal(missing, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
  assertEquals(blob.expected, `${digestOf("none")} (${TYPES.config}) in hello`);
});

Deno.test("behind under, a path with an encoded name means the same, and what is no name is refused", async () => {
  await using whole = await startRegistry();
  const part = behind(whole, under("team/"));
  const foo = await part.pushBlob("a/hello", "foo");
  assertEquals((await part.send("HEAD", `/v2/%61/h%65llo/blobs/${foo}`)).status, 200);
  await expectRefusal(await part.sendRaw("PUT", "/v2/../a/manifests/latest"), {
    status: 400,
    code: "NAME_INVALID",
    rule: "PULL-MANIFEST-03",
  });
  await expectRefusal(await part.send("GET", `/v2/${"x".repeat(254)}/tags/list`), {
    status: 404,
    code: "NAME_INVALID",
    rule: "PULL-MANIFEST-03",
  });
  assertEquals(whole.tree(), [`team/a/hello/${foo}/blob`]);
});

Deno.test("no wrapper inside resolves a path that leads out of the repositories that are shown", async () => {
  await using whole = await startRegistry();
  const another: Wrapper = (registry) => (request, peer) => registry(requestLike(request, {}), peer);
  const index = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
  for (const path of ["/v2/team/../secret/manifests/v1", "/v2/team/%2e%2E/secret/manifests/v1"]) {
    for (const wrapper of [another, immutableTags("v*")]) {
      const part = behind(whole, only("team/"), wrapper);
      const push = await part.sendRaw("PUT", path, { headers: { "Content-Type": TYPES.index }, body: index });
      await expectRefusal(push, { status: 400, code: "NAME_INVALID", rule: "PULL-MANIFEST-03" });
    }
  }
  assertEquals(whole.tree(), []);
});

Deno.test("behind under, the catalog has the repositories below the prefix, in full pages", async () => {
  await using whole = await startRegistry();
  for (const name of ["a", "team", "team-x/z", "team.y", "team/a", "team/a/b", "team/a-b", "team/b", "teams/c", "z"]) {
    await whole.pushBlob(name, "foo");
  }
  const part = behind(whole, under("team"));
  assertEquals(await json(await part.send("GET", "/v2/_catalog")), [
    200,
    null,
    { repositories: ["a", "a-b", "a/b", "b"] },
  ]);
  assertEquals(await json(await part.send("GET", "/v2/_catalog?n=2")), [
    200,
    '</v2/_catalog?n=2&last=a-b>; rel="next"',
    { repositories: ["a", "a-b"] },
  ]);
  assertEquals(await json(await part.send("GET", "/v2/_catalog?n=2&last=a-b")), [
    200,
    null,
    { repositories: ["a/b", "b"] },
  ]);
  assertEquals(await json(await part.send("GET", "/v2/_catalog?n=0")), [200, null, { repositories: [] }]);
  await expectRefusal(await part.send("GET", "/v2/_catalog?n=-1"), {
    status: 400,
    code: "UNSUPPORTED",
    rule: "DISC-TAGS-06",
  });
});

Deno.test("behind under, a page of the catalog asks for no repositories far behind the prefix", async () => {
  let pages = 0;
  await using registry = await startRegistry({ wrappers: [under("b"), traced(() => pages++)] });
  const whole = createRegistry({ root: registry.root });
  for (const name of ["a", "b/x", ...Array.from({ length: 30 }, (_, number) => `c${number}`)]) {
    const url = `http://localhost/v2/${name}/blobs/uploads/?digest=${digestOf("foo")}`;
    await whole(new Request(url, { method: "POST", body: "foo" }));
  }
  assertEquals(await json(await registry.send("GET", "/v2/_catalog?n=1")), [200, null, { repositories: ["x"] }]);
  assertEquals(pages <= 2, true, `${pages} pages`);
});

Deno.test("PUSH-MOUNT-01: behind under, a mount takes a blob of a repository below the prefix, and of no other one", async () => {
  await using whole = await startRegistry();
  const part = behind(whole, under("team"));
  const [mine, theirs] = [await whole.pushBlob("team/a", "mine"), await whole.pushBlob("other/a", "theirs")];
  const mount = (digest: string, from: string) => part.send("POST", `/v2/b/blobs/uploads/?mount=${digest}${from}`);
  for (const from of ["&from=a", ""]) {
    const response = await mount(mine, from);
    assertEquals([response.status, response.headers.get("Location")], [201, `/v2/b/blobs/${mine}`]);
  }
  for (const from of ["&from=other/a", "&from=../other/a", "&from=", ""]) {
    const response = await mount(theirs, from);
    assertEquals([response.status, response.headers.get("Location")?.startsWith("/v2/b/blobs/uploads/")], [202, true]);
  }
  // A repository that only has the name inside is another one outside.
  assertEquals((await part.send("POST", `/v2/c/blobs/uploads/?mount=${mine}&from=team/a`)).status, 202);
});

Deno.test("ocifilter's Select: only shows the repositories of a prefix; others look as if they were not there, and nobody can push to them", async () => {
  await using whole = await startRegistry();
  const image = await whole.pushImage("other/hello", { tag: "v1" });
  for (const name of ["team", "team/a", "team-x", "teams/b"]) await whole.pushBlob(name, "foo");
  const part = behind(whole, only("team"));
  const expected = "a repository whose name begins with team";
  for (const path of ["tags/list", "manifests/v1", `manifests/${image.digest}`, `blobs/${image.layer}`]) {
    const [detail] = await expectRefusal(await part.send("GET", `/v2/other/hello/${path}`), {
      status: 404,
      code: "NAME_UNKNOWN",
      rule: "DEF-I01",
    });
    assertEquals([detail.expected, detail.actual], [expected, "other/hello"]);
    assertEquals((await part.send("HEAD", `/v2/other/hello/${path}`)).status, 404);
  }
  for (
    const [method, path] of [
      ["POST", "blobs/uploads/"],
      ["POST", `blobs/uploads/?mount=${image.layer}&from=team`],
      ["PUT", "manifests/v1"],
      ["DELETE", "manifests/v1"],
      ["DELETE", `blobs/${image.layer}`],
      ["PATCH", `blobs/uploads/${crypto.randomUUID()}`],
    ]
  ) {
    const response = await part.send(method, `/v2/other/hello/${path}`);
    await expectRefusal(response, { status: 403, code: "DENIED", rule: "API-ERR-I12" });
  }
  assertEquals(await json(await part.send("GET", "/v2/_catalog")), [200, null, { repositories: ["team", "team/a"] }]);
  assertEquals((await part.send("POST", `/v2/team/a/blobs/uploads/?mount=${image.layer}`)).status, 202);
  assertEquals((await part.send("POST", "/v2/team/new/blobs/uploads/")).status, 202);
});

Deno.test('only("team/") shows what is below, and not the repository team itself', async () => {
  await using whole = await startRegistry();
  for (const name of ["team", "team/a", "team/b"]) await whole.pushBlob(name, "foo");
  const part = behind(whole, only("team/"));
  assertEquals(await json(await part.send("GET", "/v2/_catalog")), [200, null, { repositories: ["team/a", "team/b"] }]);
  assertEquals((await part.send("GET", "/v2/team/tags/list")).status, 404);
});

Deno.test("only shows the repositories that a function chooses, in full pages", async () => {
  await using whole = await startRegistry();
  for (const name of ["a", "b", "c", "d", "e"]) await whole.pushBlob(name, "foo");
  const part = behind(whole, only((name) => "ace".includes(name)));
  assertEquals(await json(await part.send("GET", "/v2/_catalog?n=2")), [
    200,
    '</v2/_catalog?n=2&last=c>; rel="next"',
    { repositories: ["a", "c"] },
  ]);
  assertEquals(await json(await part.send("GET", "/v2/_catalog?n=2&last=c")), [200, null, { repositories: ["e"] }]);
});

Deno.test("DISC-REFERRERS-02: the list of referrers of a repository that is not shown is empty, and no 404", async () => {
  await using whole = await startRegistry();
  const { digest } = await whole.pushImage("other/hello");
  const subject = { mediaType: TYPES.image, digest, size: 1 };
  await whole.pushImage("other/hello", { subject });
  const part = behind(whole, only("team/"));
  const response = await part.send("GET", `/v2/other/hello/referrers/${digest}?artifactType=a`);
  assertEquals([response.status, response.headers.get("Content-Type"), response.headers.get("OCI-Filters-Applied")], [
    200,
    TYPES.index,
    "artifactType",
  ]);
  assertEquals(await response.json(), { schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
});

Deno.test("the log tells what only has refused", async () => {
  await using registry = await startRegistry({ wrappers: [only("team/")] });
  await (await registry.send("PUT", "/v2/other/manifests/v1")).body?.cancel();
  const [{ status, url, endpoint, refusal }] = registry.stories;
  assertEquals([status, url, endpoint?.id, refusal?.message], [
    403,
    "/v2/other/manifests/v1",
    "end-7a",
    "DENIED: expected a repository whose name begins with team/, got other",
  ]);
});

Deno.test("under with an absolute origin keeps the origin", async () => {
  await using registry = await startRegistry({ origin: "https://registry.example", wrappers: [under("team")] });
  const response = await registry.send("POST", "/v2/hello/blobs/uploads/");
  assertEquals(response.headers.get("Location")?.startsWith("https://registry.example/v2/hello/blobs/uploads/"), true);
});

Deno.test("a name inside is replaced as a whole, and not where it is a part of another one", async () => {
  const headers = { "Content-Type": "application/json" };
  const inside = () => {
    const message = "a/b and a/b/c and x/a/b and a/b-c, a/b.";
    return Promise.resolve(Response.json({ errors: [{ code: "UNKNOWN", message }] }, { status: 500, headers }));
  };
  const response = await under("a")(inside)(new Request("http://localhost/v2/b/tags/list"));
  assertEquals((await response.json()).errors[0].message, "b and a/b/c and x/a/b and a/b-c, b.");
});

Deno.test("what is no prefix of names is refused at the start", () => {
  for (const prefix of ["", "/", "Team", "team//", "../team", "team/../x", "_team", "x".repeat(256)]) {
    assertThrows(() => under(prefix), RangeError, "a prefix is");
    assertThrows(() => only(prefix), RangeError, "a prefix is");
  }
  createRegistry({ wrappers: [under("team/"), only("team")] });
});
