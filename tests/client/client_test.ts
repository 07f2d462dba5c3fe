/** The client: what it asks a registry, and what it makes of the answers. */

import { assertEquals, assertRejects } from "@std/assert";
import { ClientError, RegistryClient } from "../../src/client/client.ts";
import { type Digest, parseDigest } from "../../src/definitions/digest.ts";
import { parseName } from "../../src/definitions/name.ts";
import { parseTag } from "../../src/definitions/tag.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { createRegistry, type Registry } from "../../src/registry.ts";
import { bytes, digestOf, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";

const HELLO = parseName("library/hello")!;
const OTHER = parseName("library/other")!;
const INDEX = bytes(JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] }));
const MANIFEST = { digest: digestIn(INDEX), mediaType: TYPES.index, bytes: INDEX };

function digestIn(content: string | Uint8Array, algorithm?: string): Digest {
  return parseDigest(digestOf(content, algorithm))!;
}

function tagsOf(...tags: string[]) {
  return tags.map((tag) => parseTag(tag)!);
}

function piecesOf(...pieces: string[]): AsyncIterable<Uint8Array> {
  return ReadableStream.from(pieces.map(bytes));
}

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  return await new Response(ReadableStream.from(pieces) as ReadableStream<Uint8Array<ArrayBuffer>>).text();
}

/** A registry, and the questions that a client has asked it. */
function asked(folder: Folder, wrap: (registry: Registry) => Registry = (registry) => registry) {
  const questions: string[] = [];
  const registry = createRegistry({ disk: localDisk(folder.path, { durability: "none" }) });
  const wrapped = wrap(registry);
  const client = new RegistryClient(async (request) => {
    const { pathname, search } = new URL(request.url);
    const response = await wrapped(request);
    questions.push(
      `${request.method} ${(pathname + search).replaceAll(/[0-9a-f]{64}|[0-9a-f-]{36}/g, "…")} ${response.status}`,
    );
    return response;
  });
  return { client, questions };
}

Deno.test("a blob goes in with one request, is found, is mounted in another repository, and comes back in pieces", async () => {
  using folder = new Folder();
  const { client, questions } = asked(folder);
  const foo = { digest: digestIn("foobar"), size: 6 };

  const before = await client.hasBlob(HELLO, foo.digest);
  await client.pushBlob(HELLO, foo, piecesOf("foo", "bar"));
  const after = await client.hasBlob(HELLO, foo.digest);
  const mounted = await client.mountBlob(OTHER, foo.digest, HELLO);
  const text = await textOf(client.pullBlob(OTHER, foo));

  assertEquals([before, after, mounted, text], [false, true, true, "foobar"]);
  assertEquals(questions, [
    "HEAD /v2/library/hello/blobs/sha256:… 404",
    "POST /v2/library/hello/blobs/uploads/?digest=sha256%3A… 201",
    "HEAD /v2/library/hello/blobs/sha256:… 200",
    "POST /v2/library/other/blobs/uploads/?mount=sha256%3A…&from=library%2Fhello 201",
    "GET /v2/library/other/blobs/sha256:… 200",
  ]);
});

Deno.test("PUSH-MOUNT-08: a mount that becomes a session is no mount, and the client ends the session", async () => {
  using folder = new Folder();
  const { client, questions } = asked(folder);

  assertEquals(await client.mountBlob(OTHER, digestIn("foo"), HELLO), false);

  assertEquals(questions, [
    "POST /v2/library/other/blobs/uploads/?mount=sha256%3A…&from=library%2Fhello 202",
    "DELETE /v2/library/other/blobs/uploads/… 204",
  ]);
  assertEquals(folder.tree(), []);
});

Deno.test("PUSH-MANIFEST-15: a manifest and its tags go in with few requests, and every page of tags comes back", async () => {
  using folder = new Folder();
  const { client, questions } = asked(folder, (registry) => (request) => {
    const url = new URL(request.url);
    if (request.method !== "GET" || url.searchParams.has("n")) return registry(request);
    url.searchParams.set("n", "5");
    return registry(new Request(url, request));
  });
  const tags = tagsOf(...Array.from({ length: 12 }, (_, number) => `v${10 + number}`));

  await client.pushManifest(HELLO, MANIFEST, tags);
  const pushes = questions.splice(0).map((question) => question.replace(/\?.*(?= )/, "?…"));

  assertEquals(pushes, Array.from({ length: 2 }, () => "PUT /v2/library/hello/manifests/sha256:…?… 201"));
  assertEquals(await Array.fromAsync(client.tags(HELLO)), tags);
  assertEquals(questions.length, 3);
});

Deno.test("PUSH-MANIFEST-18: tags that the registry does not repeat are pushed one by one", async () => {
  using folder = new Folder();
  const { client, questions } = asked(folder, (registry) => (request) => {
    const url = new URL(request.url);
    url.search = "";
    return registry(new Request(url, request));
  });

  await client.pushManifest(HELLO, MANIFEST, tagsOf("v1", "v2"));

  assertEquals(questions.slice(1), [
    "PUT /v2/library/hello/manifests/v1 201",
    "PUT /v2/library/hello/manifests/v2 201",
  ]);
  assertEquals((await client.pullManifest(HELLO, tagsOf("v2")[0]))?.digest, MANIFEST.digest);
});

Deno.test("a manifest comes back by tag and by digest, with its type; and undefined if it is not there", async () => {
  using folder = new Folder();
  const { client } = asked(folder);
  const long = { ...MANIFEST, digest: digestIn(INDEX, "sha512") };
  await client.pushManifest(HELLO, MANIFEST, tagsOf("v1"));
  await client.pushManifest(HELLO, long, tagsOf("long"));

  for (const reference of [MANIFEST.digest, ...tagsOf("v1")]) {
    assertEquals(await client.pullManifest(HELLO, reference), MANIFEST);
  }
  for (const reference of [long.digest, ...tagsOf("long")]) {
    assertEquals(await client.pullManifest(HELLO, reference), long);
  }
  assertEquals(await client.pullManifest(HELLO, digestIn("none")), undefined);
  assertEquals(await client.pullManifest(OTHER, tagsOf("v1")[0]), undefined);
  assertEquals([
    await Array.fromAsync(client.tags(OTHER)),
    await Array.fromAsync(client.referrers(OTHER, MANIFEST.digest)),
  ], [[], []]);
});

Deno.test("content that has another digest than it was asked for is an error", async () => {
  const answers: Registry = () => Promise.resolve(new Response("bar", { headers: { "Content-Type": TYPES.index } }));
  const client = new RegistryClient(answers);
  const foo = digestIn("foo");

  const blob = await assertRejects(() => textOf(client.pullBlob(HELLO, { digest: foo, size: 3 })), ClientError);
  const longer = await assertRejects(
    () => textOf(client.pullBlob(HELLO, { digest: digestIn("ba"), size: 2 })),
    ClientError,
  );
  const manifest = await assertRejects(() => client.pullManifest(HELLO, foo), ClientError);

  const question = (kind: string, digest: string) =>
    `the registry answers 200 to GET /v2/library/hello/${kind}/${digest}: its bytes do not have`;
  assertEquals(blob.message, `${question("blobs", foo)} this digest and 3 bytes`);
  assertEquals(longer.message, `${question("blobs", digestIn("ba"))} this digest and 2 bytes`);
  assertEquals(manifest.message, `${question("manifests", foo)} the digest ${foo}`);
});

Deno.test("a refusal is an error with the status, the codes, and the registry's reason", async () => {
  using folder = new Folder();
  const { client } = asked(folder);
  const wrong = { ...MANIFEST, digest: digestIn("foo") };

  const { message, status, codes } = await assertRejects(() => client.pushManifest(HELLO, wrong), ClientError);

  assertEquals([status, codes], [400, ["DIGEST_INVALID"]]);
  const path = `/v2/library/hello/manifests/${wrong.digest}`;
  const reason = `DIGEST_INVALID, expected ${wrong.digest}, got ${MANIFEST.digest}`;
  assertEquals(message, `the registry answers 400 to PUT ${path}: ${reason}`);
  const plain = new RegistryClient(() => Promise.resolve(new Response("out of order", { status: 503 })));
  const error = await assertRejects(() => plain.hasBlob(HELLO, digestIn("foo")), ClientError);
  assertEquals([error.status, error.codes, error.message.endsWith(": out of order")], [503, [], true]);
});

Deno.test("a list whose links lead in a circle ends for a client, too", async () => {
  const client = new RegistryClient((request) => {
    const isFirst = !request.url.includes("last=b");
    const headers = { Link: `</v2/library/hello/tags/list?last=${isFirst ? "b" : "a"}>; rel="next"` };
    const tags = request.url.includes("last=a") ? ["c"] : isFirst ? ["a"] : ["b"];
    return Promise.resolve(Response.json({ name: HELLO, tags }, { headers }));
  });

  assertEquals(await Array.fromAsync(client.tags(HELLO)), tagsOf("a", "b", "c"));
});

Deno.test("a client with many requests lets others go on, also if the registry never does", async () => {
  let haveOthersGoneOn = false;
  const client = new RegistryClient(() => {
    setTimeout(() => haveOthersGoneOn = true);
    const until = Date.now() + 30;
    while (Date.now() < until);
    return Promise.resolve(new Response());
  });

  await client.hasBlob(HELLO, digestIn("foo"));
  assertEquals(haveOthersGoneOn, false);
  await client.hasBlob(HELLO, digestIn("foo"));
  assertEquals(haveOthersGoneOn, true);
});

Deno.test("a list that is none is an error, and null is an empty one", async () => {
  const tagsIn = (body: string) => {
    const client = new RegistryClient(() => Promise.resolve(new Response(body)));
    return Array.fromAsync(client.tags(HELLO));
  };
  assertEquals(await tagsIn('{"name":"library/hello","tags":null}'), []);
  for (const body of ["<html>", "null", '{"tags":"v1"}', '{"tags":["../v1"]}', '{"tags":[{}]}']) {
    const { message } = await assertRejects(() => tagsIn(body), ClientError);
    assertEquals(message, "the registry answers 200 to GET /v2/library/hello/tags/list: its body is no list of tags");
  }
  const subject = digestIn("subject");
  const client = new RegistryClient(() => Promise.resolve(Response.json({ manifests: [{ digest: "v1" }] })));
  const { message } = await assertRejects(() => Array.fromAsync(client.referrers(HELLO, subject)), ClientError);
  const path = `/v2/library/hello/referrers/${subject}`;
  assertEquals(message, `the registry answers 200 to GET ${path}: its body is no list of manifests`);
});
