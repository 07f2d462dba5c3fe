/**
 * Immutable tags keep their digest.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { immutableTags } from "../../src/composing/immutable_tags.ts";
import type { Wrapper } from "../../src/registry.ts";
import { digestOf, expectRefusal, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";

const DENIED = { status: 403, code: "DENIED", rule: "API-ERR-I12" };

function indexOf(text: string): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [], annotations: { text } });
}

function put(registry: TestRegistry, reference: string, body: string, headers: Record<string, string> = {}) {
  const path = `/v2/library/hello/manifests/${reference}`;
  return registry.send("PUT", path, { body, headers: { "Content-Type": TYPES.index, ...headers } });
}

async function digestAt(registry: TestRegistry, tag: string): Promise<string | null> {
  return (await registry.send("HEAD", `/v2/library/hello/manifests/${tag}`)).headers.get("Docker-Content-Digest");
}

Deno.test("a tag that fits the pattern can be set, and pushed again with the same bytes, and is never moved", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags("v*")] });
  const [one, two] = [indexOf("one"), indexOf("two")];
  for (const _ of [1, 2]) {
    const response = await put(registry, "v1", one);
    assertEquals([response.status, response.headers.get("Location"), response.headers.get("Docker-Content-Digest")], [
      201,
      `/v2/library/hello/manifests/${digestOf(one)}`,
      digestOf(one),
    ]);
  }
  const [{ expected, actual }] = await expectRefusal(await put(registry, "v1", two), DENIED);
  assertEquals([expected, actual], [`the tag v1 at ${digestOf(one)}, where it stays`, "a push of other bytes to it"]);
  assertEquals(await digestAt(registry, "v1"), digestOf(one));
  // The refused manifest is not even stored.
  assertEquals(registry.tree(`library/hello/${digestOf(one)}`).length, 2);
  assertEquals(registry.tree("library/hello").filter((path) => path.includes(digestOf(two))), []);
});

Deno.test("a tag that does not fit the pattern can be moved and deleted", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags("v*")] });
  for (const text of ["one", "two"]) assertEquals((await put(registry, "latest", indexOf(text))).status, 201);
  assertEquals((await registry.send("DELETE", "/v2/library/hello/manifests/latest")).status, 202);
});

Deno.test("an immutable tag cannot be deleted, and neither can the manifest that it points to", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags("v*")] });
  const [one, two] = [indexOf("one"), indexOf("two")];
  await put(registry, "v1", one);
  await put(registry, "latest", two);
  const remove = (reference: string) => registry.send("DELETE", `/v2/library/hello/manifests/${reference}`);
  await expectRefusal(await remove("v1"), DENIED);
  const [{ expected, actual }] = await expectRefusal(await remove(digestOf(one)), DENIED);
  assertEquals([expected, actual], [`the tag v1 at ${digestOf(one)}, where it stays`, `a delete of ${digestOf(one)}`]);
  assertEquals((await remove(digestOf(two))).status, 202);
  assertEquals(await digestAt(registry, "v1"), digestOf(one));
  await expectRefusal(await remove("v2"), { status: 404, code: "MANIFEST_UNKNOWN", rule: "API-END-I13" });
  await expectRefusal(await registry.send("DELETE", `/v2/nowhere/manifests/${digestOf(one)}`), {
    status: 404,
    code: "NAME_UNKNOWN",
    rule: "MGMT-MANIFEST-02",
  });
});

Deno.test("a push by digest sets new tags and those that have the digest, and refuses to move the others", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags("v*")] });
  const [one, two] = [indexOf("one"), indexOf("two")];
  await put(registry, "v1", one);
  const refused = await put(registry, `${digestOf(two)}?tag=v2&tag=v1&tag=latest`, two);
  const [{ actual }] = await expectRefusal(refused, DENIED);
  assertEquals(actual, `a push of ${digestOf(two)} to it`);
  assertEquals([await digestAt(registry, "v2"), await digestAt(registry, "latest")], [null, null]);

  const taken = await put(registry, `${digestOf(one)}?tag=v2&tag=latest&tag=v1`, one);
  assertEquals([taken.status, taken.headers.get("OCI-Tag")], [201, "v2, latest, v1"]);
  for (const tag of ["v1", "v2", "latest"]) assertEquals(await digestAt(registry, tag), digestOf(one));
});

Deno.test("a push by digest with a tag that is none, or with too many, is refused as a whole", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags("*")] });
  const one = indexOf("one");
  const many = Array.from({ length: 101 }, (_, number) => `tag=v${number}`).join("&");
  for (
    const [query, status, rule] of [
      ["tag=v1&tag=.v2", 400, "PULL-MANIFEST-05"],
      [many, 414, "PUSH-MANIFEST-17"],
    ] as const
  ) {
    const response = await put(registry, `${digestOf(one)}?${query}`, one);
    await expectRefusal(response, { status, code: "MANIFEST_INVALID", rule });
    assertEquals(registry.tree(), []);
  }
});

Deno.test("a push by a digest of sha512 sets its tags to that digest", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags("v*")] });
  const [one, two] = [indexOf("one"), indexOf("two")];
  const digest = digestOf(one, "sha512");
  assertEquals((await put(registry, `${digest}?tag=v1`, one)).status, 201);
  assertEquals(await digestAt(registry, "v1"), digest);
  // The same bytes again, under the tag: it keeps its digest.
  assertEquals((await put(registry, "v1", one)).headers.get("Docker-Content-Digest"), digest);
  await expectRefusal(await put(registry, `${digestOf(two, "sha512")}?tag=v1`, two), DENIED);
});

Deno.test("of two clients that set a new tag at the same moment, one is refused, whatever way they push", async () => {
  for (const ways of [["v1", "v1"], ["v1", "?"], ["?", "?"]]) {
    // Both look before one of them pushes.
    const looked = Promise.withResolvers<void>();
    let looks = 0;
    const together: Wrapper = (registry) => async (request, peer) => {
      const response = await registry(request, peer);
      if (request.method === "HEAD" && ++looks === 2) looked.resolve();
      if (request.method === "HEAD") await looked.promise;
      return response;
    };
    await using registry = await startRegistry({ wrappers: [immutableTags("v*"), together] });
    const bodies = [indexOf("one"), indexOf("two")];
    const answers = await Promise.all(
      ways.map((way, i) => put(registry, way === "?" ? `${digestOf(bodies[i])}?tag=v1` : way, bodies[i])),
    );
    assertEquals(answers.map(({ status }) => status).sort(), [201, 403], ways.join());
    const winner = bodies[answers.findIndex(({ status }) => status === 201)];
    assertEquals(await digestAt(registry, "v1"), digestOf(winner));
  }
});

Deno.test("of two clients that set a new tag to the same bytes at the same moment, none is refused", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags(/^v/)] });
  const one = indexOf("one");
  const answers = await Promise.all([1, 2, 3].map(() => put(registry, "v1", one)));
  assertEquals(answers.map(({ status }) => status), [201, 201, 201]);
});

Deno.test("the conditions of a client still count", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags("v*")] });
  const one = indexOf("one");
  assertEquals((await put(registry, "v1", one, { "If-Match": '"sha256:00"' })).status, 412);
  assertEquals((await put(registry, "v1", one, { "If-None-Match": "*" })).status, 201);
  assertEquals((await put(registry, "v1", one, { "If-None-Match": "*" })).status, 412);
  assertEquals((await put(registry, "v1", one, { "If-Match": `"${digestOf(one)}"` })).status, 201);
  // A client that wants to be the first learns that it is not, and nothing else.
  assertEquals((await put(registry, "v1", indexOf("two"), { "If-None-Match": "*" })).status, 412);
});

Deno.test("a push that the registry itself refuses is refused in its words", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags("v*")] });
  await expectRefusal(await put(registry, "v1", "{"), { status: 400, code: "MANIFEST_INVALID", rule: "DEF-I02" });
  await put(registry, "v1", indexOf("one"));
  await expectRefusal(await put(registry, "v%20", indexOf("one")), {
    status: 400,
    code: "MANIFEST_INVALID",
    rule: "PUSH-MANIFEST-06",
  });
});

Deno.test("a pattern has stars, question marks and commas, and a regular expression is taken as it is", async () => {
  const cases: [string | RegExp, string, boolean][] = [
    ["v?.0", "v1.0", true],
    ["v?.0", "v1x0", false],
    ["v?.0", "v10.0", false],
    ["release-*,v*", "release-1", true],
    ["release-*,v*", "prerelease-1", false],
    ["*", "latest", true],
    [/^v\d+$/g, "v1", true],
    [/^v\d+$/g, "v1a", false],
  ];
  for (const [pattern, tag, isImmutable] of cases) {
    await using registry = await startRegistry({ wrappers: [immutableTags(pattern)] });
    await put(registry, tag, indexOf("one"));
    for (const _ of [1, 2]) {
      const { status } = await put(registry, tag, indexOf("two"));
      assertEquals(status, isImmutable ? 403 : 201, `${pattern} ${tag}`);
    }
  }
});

Deno.test("what cannot be a pattern for tags is refused at the start", () => {
  for (const pattern of ["", "v*,", "v 1", "^v.*$", "v1/*", "[a-z]"]) {
    assertThrows(() => immutableTags(pattern), RangeError, "a pattern for tags has");
  }
});

Deno.test("if the registry does not say what a tag points to, the client gets its answer", async () => {
  const busy: Wrapper = (registry) => (request, peer) =>
    request.method === "HEAD" ? Promise.resolve(new Response("busy", { status: 503 })) : registry(request, peer);
  await using registry = await startRegistry({ wrappers: [immutableTags("*"), busy] });
  assertEquals((await put(registry, "v1", indexOf("one"))).status, 503);
  assertEquals(registry.tree(), []);
});

Deno.test("no tag is moved by a text that means something else as a part of another path", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags("v*")] });
  const [one, two] = [indexOf("one"), indexOf("two")];
  await put(registry, "v1", one);
  const notDigest = { status: 400, code: "DIGEST_INVALID", rule: "PUSH-BLOB-01" };
  await expectRefusal(await put(registry, `${digestOf(two)}%3Ftag=v1?tag=v2`, two), notDigest);
  await expectRefusal(await put(registry, `${digestOf(two)}%3Ftag=v1&x=?tag=v2`, two), notDigest);
  const notTag = { status: 400, code: "MANIFEST_INVALID", rule: "PUSH-MANIFEST-06" };
  await expectRefusal(await put(registry, "v1%3Fx", one), notTag);
  assertEquals(await digestAt(registry, "v1"), digestOf(one));
});

Deno.test("a pattern with many stars takes no longer than one with few", async () => {
  await using registry = await startRegistry({ wrappers: [immutableTags(`v${"*.".repeat(40)}*-rc`)] });
  // A regular expression would take longer than anybody waits.
  assertEquals((await put(registry, `v${".".repeat(124)}-r`, indexOf("one"))).status, 201);
});
