/**
 * Several registries that look like one.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { readOnly } from "../../src/composing/read_only.ts";
import { union } from "../../src/composing/union.ts";
import { createRegistry, type Registry } from "../../src/registry.ts";
import { descriptorOf, digestOf, expectRefusal, startRegistry, TestRegistry, TYPES } from "../fixture.ts";

/** Returns three registries: two over folders of their own, and their union, which stores in the first folder. */
async function startUnion() {
  const [first, second] = [await startRegistry(), await startRegistry()];
  const other = createRegistry({ root: second.root });
  const both = new TestRegistry(first.root, { wrappers: [(registry: Registry) => union(registry, other)] });
  return {
    first,
    second,
    both,
    async [Symbol.asyncDispose]() {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
}

async function json(response: Response) {
  return [response.status, response.headers.get("Link"), await response.json()];
}

Deno.test("ociunify: a pull is answered by the first registry that has it", async () => {
  await using registries = await startUnion();
  const { first, second, both } = registries;
  const old = await second.pushImage("library/hello", { tag: "v1", annotations: { from: "second" } });
  await second.pushImage("library/hello", { tag: "v2", annotations: { from: "second" } });
  const own = await first.pushImage("library/hello", { tag: "v1", annotations: { from: "first" } });
  const get = async (path: string) => digestOf(await (await both.send("GET", `/v2/library/hello/${path}`)).text());
  assertEquals([await get("manifests/v1"), await get("manifests/v2")], [own.digest, old.digest]);
  const onlyThere = await second.pushBlob("library/hello", "only there");
  assertEquals(await get(`blobs/${onlyThere}`), onlyThere);
  const head = await both.send("HEAD", `/v2/library/hello/blobs/${onlyThere}`);
  assertEquals([head.status, head.headers.get("Docker-Content-Digest")], [200, onlyThere]);
  const part = await both.send("GET", `/v2/library/hello/blobs/${onlyThere}`, { headers: { Range: "bytes=0-3" } });
  assertEquals([part.status, await part.text()], [206, "only"]);
  await expectRefusal(await both.send("GET", `/v2/library/hello/blobs/${digestOf("none")}`), {
    status: 404,
    code: "BLOB_UNKNOWN",
    rule: "PULL-BLOB-08",
  });
});

Deno.test("a registry that fails is not skipped: the client gets its failure", async () => {
  const failing: Registry = () => Promise.resolve(new Response("broken", { status: 500 }));
  await using second = await startRegistry();
  const digest = await second.pushBlob("a", "foo");
  const other = createRegistry({ root: second.root });
  const send = async (registry: Registry, path: string) =>
    (await registry(new Request(`http://localhost/v2/${path}`))).status;
  assertEquals(await send(union(failing, other), `a/blobs/${digest}`), 500);
  assertEquals(await send(union(failing, other), "a/tags/list"), 500);
  assertEquals(await send(union(other, failing), `a/blobs/${digest}`), 200);
});

Deno.test("DISC-TAGS-03: the tags of all registries are one list, sorted, each once, in full pages", async () => {
  await using registries = await startUnion();
  const { first, second, both } = registries;
  for (const tag of ["a", "c", "e", "f"]) await first.pushImage("library/hello", { tag });
  for (const tag of ["B", "b", "c", "d", "g"]) await second.pushImage("library/hello", { tag });
  const name = "library/hello";
  assertEquals(await json(await both.send("GET", `/v2/${name}/tags/list`)), [
    200,
    null,
    { name, tags: ["B", "a", "b", "c", "d", "e", "f", "g"] },
  ]);
  const pages: string[][] = [];
  for (let next: string | undefined = `/v2/${name}/tags/list?n=3`; next !== undefined;) {
    const response = await both.send("GET", next);
    pages.push((await response.json()).tags);
    next = /<(.*)>/.exec(response.headers.get("Link") ?? "")?.[1];
  }
  assertEquals(pages, [["B", "a", "b"], ["c", "d", "e"], ["f", "g"]]);
  await second.pushImage("other", { tag: "v1" });
  assertEquals((await json(await both.send("GET", "/v2/other/tags/list")))[2], { name: "other", tags: ["v1"] });
  await expectRefusal(await both.send("GET", "/v2/nowhere/tags/list"), {
    status: 404,
    code: "NAME_UNKNOWN",
    rule: "DISC-TAGS-01",
  });
  const head = await both.send("HEAD", "/v2/nowhere/tags/list");
  assertEquals([head.status, head.body], [404, null]);
});

Deno.test("the catalog has the repositories of all registries", async () => {
  await using registries = await startUnion();
  const { first, second, both } = registries;
  for (const name of ["a", "c/d", "e"]) await first.pushBlob(name, "foo");
  for (const name of ["a", "b", "c-d"]) await second.pushBlob(name, "foo");
  assertEquals(await json(await both.send("GET", "/v2/_catalog?n=3")), [
    200,
    '</v2/_catalog?n=3&last=c-d>; rel="next"',
    { repositories: ["a", "b", "c-d"] },
  ]);
  assertEquals((await json(await both.send("GET", "/v2/_catalog?n=3&last=c-d")))[2], { repositories: ["c/d", "e"] });
});

Deno.test("DISC-REFERRERS-01: the referrers in all registries are one list, each once, and the filter holds for all", async () => {
  await using registries = await startUnion();
  const { first, second, both } = registries;
  const image = await second.pushImage("library/hello");
  const subject = descriptorOf(image.text, TYPES.image);
  const note = (registry: TestRegistry, artifactType: string, text: string) =>
    registry.pushImage("library/hello", { subject, artifactType, annotations: { text } });
  const digests = [
    (await note(first, "text/a", "one")).digest,
    (await note(second, "text/a", "two")).digest,
    (await note(second, "text/b", "three")).digest,
    (await note(first, "text/b", "both")).digest,
  ];
  await note(second, "text/b", "both");
  const list = async (query: string) => {
    const response = await both.send("GET", `/v2/library/hello/referrers/${image.digest}${query}`);
    const { manifests } = await response.json();
    const found = manifests.map(({ digest }: { digest: string }) => digest);
    return [response.status, response.headers.get("OCI-Filters-Applied"), found];
  };
  assertEquals(await list(""), [200, null, digests.toSorted()]);
  assertEquals(await list("?artifactType=text/a"), [200, "artifactType", digests.slice(0, 2).sort()]);
  assertEquals(await list(`?last=${digests.toSorted()[1]}`), [200, null, digests.toSorted().slice(2)]);
});

Deno.test("a registry that knows no pages and no filters of referrers can take part", async () => {
  await using other = await startRegistry();
  const image = await other.pushImage("a");
  const subject = descriptorOf(image.text, TYPES.image);
  const digests: string[] = [];
  for (const artifactType of ["text/a", "text/b"]) {
    digests.push((await other.pushImage("a", { subject, artifactType })).digest);
  }
  const plain = createRegistry({ root: other.root });
  const simple: Registry = (request) => plain(new Request(request.url.split("?")[0], { method: request.method }));
  await using first = await startRegistry({ wrappers: [(registry) => union(registry, simple)] });
  const list = async (query: string) => {
    const { manifests } = await (await first.send("GET", `/v2/a/referrers/${image.digest}?${query}`)).json();
    return manifests.map(({ digest }: { digest: string }) => digest);
  };
  assertEquals(await list("artifactType=text/b"), [digests[1]]);
  assertEquals(await list(`last=${digests.toSorted()[0]}`), digests.toSorted().slice(1));
});

Deno.test("DISC-REFERRERS-11: a long list of referrers comes in pages, with each referrer once", async () => {
  await using registries = await startUnion();
  const { first, second, both } = registries;
  const image = await first.pushImage("library/hello");
  const subject = descriptorOf(image.text, TYPES.image);
  const digests: string[] = [];
  for (let number = 0; number < 24; number++) {
    const annotations = { number: `${number}`, text: "é".repeat(100_000) };
    const { digest } = await (number % 2 === 0 ? first : second).pushImage("library/hello", { subject, annotations });
    digests.push(digest);
  }
  const found: string[] = [];
  let pages = 0;
  for (let next: string | undefined = `/v2/library/hello/referrers/${image.digest}`; next !== undefined; pages++) {
    const response = await both.send("GET", next);
    const text = await response.bytes();
    assertEquals(text.length <= 4 * 1024 * 1024, true);
    found.push(...JSON.parse(new TextDecoder().decode(text)).manifests.map(({ digest }: { digest: string }) => digest));
    next = /<(.*)>/.exec(response.headers.get("Link") ?? "")?.[1];
  }
  assertEquals([found, pages], [digests.toSorted(), 2]);
});

Deno.test("a push goes to the first registry, with the content that a client was told is there already", async () => {
  await using registries = await startUnion();
  const { first, second, both } = registries;
  const base = await second.pushImage("library/hello");
  const before = second.tree();
  const index = { schemaVersion: 2, mediaType: TYPES.index, manifests: [descriptorOf(base.text, TYPES.image)] };
  assertEquals((await both.send("HEAD", `/v2/library/hello/blobs/${base.layer}`)).status, 200);
  const digest = await both.pushManifest("library/hello", index, { tag: "v1" });
  // The index, its image, and what the image needs: all are in the first registry now.
  for (const path of [`manifests/v1`, `manifests/${base.digest}`, `blobs/${base.layer}`, `blobs/${base.config}`]) {
    assertEquals((await first.send("HEAD", `/v2/library/hello/${path}`)).status, 200, path);
  }
  assertEquals(
    (await first.send("HEAD", "/v2/library/hello/manifests/v1")).headers.get("Docker-Content-Digest"),
    digest,
  );
  assertEquals(second.tree(), before);
  assertEquals(both.stories.filter(({ method }) => method !== "HEAD").map(({ method, status }) => [method, status]), [
    ["PUT", 201],
  ]);
});

Deno.test("a push of an index brings the blobs of unknown types that only another registry has", async () => {
  await using registries = await startUnion();
  const { first, second, both } = registries;
  const digest = await second.pushBlob("library/hello", "a file");
  const child = descriptorOf("a file", "application/x.unknown");
  const index = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [child] });
  const headers = { "Content-Type": TYPES.index };
  const push = await both.send("PUT", "/v2/library/hello/manifests/v1", { headers, body: index });
  assertEquals(push.status, 201);
  assertEquals(await (await first.send("GET", `/v2/library/hello/blobs/${digest}`)).text(), "a file");
});

Deno.test("PUSH-03: what no registry has is named, and nothing is half pushed", async () => {
  await using registries = await startUnion();
  const { first, second, both } = registries;
  const config = await second.pushBlob("library/hello", "{}");
  const response = await both.send("PUT", "/v2/library/hello/manifests/v1", {
    body: JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPES.image,
      config: descriptorOf("{}", TYPES.config),
      layers: [descriptorOf("nowhere", TYPES.layer)],
    }),
    headers: { "Content-Type": TYPES.image },
  });
  const details = await expectRefusal(response, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
  assertEquals(details.map(({ expected }) => expected), [`${digestOf("nowhere")} (${TYPES.layer}) in library/hello`]);
  assertEquals(first.tree(), [`library/hello/${config}/blob.json`]);
});

Deno.test("a push may depend on the tag that the union shows", async () => {
  await using registries = await startUnion();
  const { first, second, both } = registries;
  const old = await second.pushImage("library/hello", { tag: "v1" });
  const index = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
  const push = (headers: Record<string, string>) =>
    both.send("PUT", "/v2/library/hello/manifests/v1", {
      body: index,
      headers: { "Content-Type": TYPES.index, ...headers },
    });
  const refused = await push({ "If-None-Match": "*" });
  await expectRefusal(refused, { status: 412, code: "DENIED", rule: "PUSH-SUBJECT-13" });
  assertEquals((await push({ "If-Match": '"sha256:00"' })).status, 412);
  assertEquals(first.tree(), []);
  assertEquals((await push({ "If-Match": `"${old.digest}"` })).status, 201);
  assertEquals((await push({ "If-None-Match": "*" })).status, 412);
});

Deno.test("MGMT-02: a delete is about the first registry, and says so if another one has the same", async () => {
  await using registries = await startUnion();
  const { first, second, both } = registries;
  const { digest } = await second.pushImage("library/hello", { tag: "lent" });
  await second.pushImage("library/hello", { tag: "both" });
  await first.pushImage("library/hello", { tag: "both" });
  await first.pushImage("library/hello", { tag: "own" });
  const remove = (reference: string) => both.send("DELETE", `/v2/library/hello/manifests/${reference}`);

  const own = await remove("own");
  assertEquals([own.status, own.headers.get("Warning")], [202, null]);
  const ofBoth = await remove("both");
  assertEquals([ofBoth.status, ofBoth.headers.get("Warning")], [
    202,
    '299 - "another registry of this union still has it, and a pull will find it there"',
  ]);
  const lent = await remove("lent");
  assertEquals(lent.headers.get("Allow"), "GET, HEAD");
  const [{ expected }] = await expectRefusal(lent, { status: 405, code: "UNSUPPORTED", rule: "MGMT-02" });
  assertEquals(expected, "content of the first registry of this union; another one has this, and it only lends it");
  await expectRefusal(await remove("none"), { status: 404, code: "MANIFEST_UNKNOWN", rule: "API-END-I13" });
  assertEquals(
    (await second.send("HEAD", "/v2/library/hello/manifests/lent")).headers.get("Docker-Content-Digest"),
    digest,
  );
});

Deno.test("a union whose first registry is read-only refuses pushes", async () => {
  await using second = await startRegistry();
  const other = createRegistry({ root: second.root });
  await using registry = await startRegistry({ wrappers: [(first) => union(readOnly(first), other)] });
  const response = await registry.send("POST", "/v2/library/hello/blobs/uploads/");
  await expectRefusal(response, { status: 405, code: "UNSUPPORTED", rule: "API-01" });
});
