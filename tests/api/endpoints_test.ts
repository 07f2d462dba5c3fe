/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#endpoints */

import { assert, assertEquals } from "@std/assert";
import { ENDPOINTS } from "../../src/api/endpoints.ts";
import { descriptorOf, digestOf, expectRefusal, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";

const FOO = digestOf("foo");
const INDEX = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
const INDEX_TYPE = { "Content-Type": TYPES.index };
const UUID = "01234567-89ab-4cde-8f01-23456789abcd";

// Returns the status of a request, and the row of the table in its story.
async function rowOf(
  registry: TestRegistry,
  method: string,
  path: string,
  init: { body?: string; headers?: Record<string, string> } = {},
): Promise<[id: string | undefined, status: number]> {
  const answer = await registry.send(method, path, init);
  await answer.body?.cancel();
  return [registry.stories.at(-1)!.endpoint?.id, answer.status];
}

Deno.test("API-END-I01: end-1 answers 200", async () => {
  await using registry = await startRegistry();

  assertEquals(await rowOf(registry, "GET", "/v2/"), ["end-1", 200]);
});

Deno.test("API-END-I02: end-2 answers 200, and 404 if there is no such blob", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");

  for (const method of ["GET", "HEAD"]) {
    assertEquals(await rowOf(registry, method, `/v2/library/hello/blobs/${FOO}`), ["end-2", 200]);
    assertEquals(await rowOf(registry, method, `/v2/library/hello/blobs/${digestOf("bar")}`), ["end-2", 404]);
  }
});

Deno.test("API-END-I03: end-3 answers 200, and 404 if there is no such manifest", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushManifest("library/hello", INDEX, { tag: "latest" });

  for (const method of ["GET", "HEAD"]) {
    for (const tagOrDigest of ["latest", digest]) {
      assertEquals(await rowOf(registry, method, `/v2/library/hello/manifests/${tagOrDigest}`), ["end-3", 200]);
    }
    for (const tagOrDigest of ["v1", FOO]) {
      assertEquals(await rowOf(registry, method, `/v2/library/hello/manifests/${tagOrDigest}`), ["end-3", 404]);
    }
  }
});

Deno.test("API-END-I04: end-4a answers 202", async () => {
  await using registry = await startRegistry();

  assertEquals(await rowOf(registry, "POST", "/v2/library/hello/blobs/uploads/"), ["end-4a", 202]);
  assertEquals(await rowOf(registry, "POST", "/v2/library/hello/blobs/uploads"), ["end-4a", 202]);
});

Deno.test("API-END-I05: end-4b answers 201, and 400 if the bytes have another digest", async () => {
  await using registry = await startRegistry();
  const path = `/v2/library/hello/blobs/uploads/?digest=${FOO}`;

  assertEquals(await rowOf(registry, "POST", path, { body: "bar" }), ["end-4b", 400]);
  assertEquals(await rowOf(registry, "POST", path, { body: "foo" }), ["end-4b", 201]);
});

Deno.test("API-END-I06: end-4c answers 202, and 400 if the algorithm cannot be computed", async () => {
  await using registry = await startRegistry();
  const path = "/v2/library/hello/blobs/uploads/?digest-algorithm";

  assertEquals(await rowOf(registry, "POST", `${path}=sha512`), ["end-4c", 202]);
  assertEquals(await rowOf(registry, "POST", `${path}=md5`), ["end-4c", 400]);
});

Deno.test("API-END-I07: end-5 answers 202, 404 if there is no such session, and 416 for a chunk out of order", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  const chunk = (range: string) => ({ body: "foo", headers: { "Content-Range": range } });

  assertEquals(await rowOf(registry, "PATCH", location, chunk("0-2")), ["end-5", 202]);
  assertEquals(await rowOf(registry, "PATCH", location, chunk("0-2")), ["end-5", 416]);
  assertEquals(await rowOf(registry, "PATCH", `/v2/library/hello/blobs/uploads/${UUID}`, { body: "foo" }), [
    "end-5",
    404,
  ]);
});

Deno.test("API-END-I08: end-6 answers 201, 404 without the session, 400 for another digest, 416 for a chunk out of order", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  const other = await registry.openSession("library/hello");
  const chunk = { body: "foo", headers: { "Content-Range": "3-5" } };

  assertEquals(await rowOf(registry, "PUT", location), ["end-6", 400]);
  assertEquals(await rowOf(registry, "PUT", `${location}?digest=${FOO}`, chunk), ["end-6", 416]);
  assertEquals(await rowOf(registry, "PUT", `${location}?digest=${FOO}`, { body: "foo" }), ["end-6", 201]);
  assertEquals(await rowOf(registry, "PUT", `${location}?digest=${FOO}`, { body: "foo" }), ["end-6", 404]);
  assertEquals(await rowOf(registry, "PUT", `${other}?digest=${FOO}`, { body: "bar" }), ["end-6", 400]);
});

Deno.test("API-END-I09: end-7a answers 201, and 413 if the manifest is too large", async () => {
  await using registry = await startRegistry({ maxManifestSize: 4 * 1024 * 1024 });
  const large = INDEX + " ".repeat(4 * 1024 * 1024);

  for (const [text, status] of [[INDEX, 201], [large, 413]] as const) {
    for (const tagOrDigest of ["latest", digestOf(text)]) {
      const path = `/v2/library/hello/manifests/${tagOrDigest}`;

      assertEquals(await rowOf(registry, "PUT", path, { body: text, headers: INDEX_TYPE }), ["end-7a", status]);
    }
  }
});

Deno.test("API-END-I10: end-7b answers 201, and 413 if the manifest is too large", async () => {
  await using registry = await startRegistry({ maxManifestSize: 4 * 1024 * 1024 });
  const large = INDEX + " ".repeat(4 * 1024 * 1024);

  for (const [text, status] of [[INDEX, 201], [large, 413]] as const) {
    const path = `/v2/library/hello/manifests/${digestOf(text)}?tag=a&tag=b`;

    assertEquals(await rowOf(registry, "PUT", path, { body: text, headers: INDEX_TYPE }), ["end-7b", status]);
  }
});

Deno.test("API-END-I11 API-END-I12: end-8a and end-8b answer 200, and 404 if there is no such repository", async () => {
  await using registry = await startRegistry();
  await registry.pushManifest("library/hello", INDEX, { tag: "latest" });

  for (const [query, id] of [["", "end-8a"], ["?n=1", "end-8b"], ["?n=1&last=a", "end-8b"], ["?last=a", "end-8a"]]) {
    assertEquals(await rowOf(registry, "GET", `/v2/library/hello/tags/list${query}`), [id, 200]);
    assertEquals(await rowOf(registry, "GET", `/v2/never/pushed/tags/list${query}`), [id, 404]);
  }
});

Deno.test("API-END-I13: end-9 answers 202, 404 for what is not there, and 405 if deletion is switched off", async () => {
  await using registry = await startRegistry();
  await using keeping = await startRegistry({ noDelete: true });
  const digest = await registry.pushManifest("library/hello", INDEX, { tag: "latest" });
  await keeping.pushManifest("library/hello", INDEX, { tag: "latest" });

  for (const tagOrDigest of ["latest", digest]) {
    const path = `/v2/library/hello/manifests/${tagOrDigest}`;

    assertEquals(await rowOf(registry, "DELETE", path), ["end-9", 202]);
    assertEquals(await rowOf(registry, "DELETE", path), ["end-9", 404]);
    assertEquals(await rowOf(keeping, "DELETE", path), ["end-9", 405]);
  }
});

Deno.test("API-END-I14: end-10 answers 202, 404 for what is not there, and 405 if deletion is switched off", async () => {
  await using registry = await startRegistry();
  await using keeping = await startRegistry({ noDelete: true });
  await registry.pushBlob("library/hello", "foo");
  await keeping.pushBlob("library/hello", "foo");
  const path = `/v2/library/hello/blobs/${FOO}`;

  assertEquals(await rowOf(registry, "DELETE", path), ["end-10", 202]);
  assertEquals(await rowOf(registry, "DELETE", path), ["end-10", 404]);
  assertEquals(await rowOf(keeping, "DELETE", path), ["end-10", 405]);
});

Deno.test("API-END-I15: end-11 answers 201 if the blob is mounted, and 202 if it has to be uploaded", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  const path = `/v2/library/other/blobs/uploads/?mount=${FOO}&from`;

  assertEquals(await rowOf(registry, "POST", `${path}=never/pushed`), ["end-11", 202]);
  assertEquals(await rowOf(registry, "POST", `${path}=library/hello`), ["end-11", 201]);
});

Deno.test("API-END-I16 API-END-I17: end-12a and end-12b answer 200, and 400 for a malformed digest", async () => {
  await using registry = await startRegistry();

  for (const [query, id] of [["", "end-12a"], ["?artifactType=text/x-note", "end-12b"]]) {
    assertEquals(await rowOf(registry, "GET", `/v2/library/hello/referrers/${FOO}${query}`), [id, 200]);
    assertEquals(await rowOf(registry, "GET", `/v2/library/hello/referrers/foo${query}`), [id, 400]);
  }
});

Deno.test("API-END-I18 API-END-I19: end-13 and end-14 answer 204, and 404 if there is no such session", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  assertEquals(await rowOf(registry, "GET", location), ["end-13", 204]);
  assertEquals(await rowOf(registry, "DELETE", location), ["end-14", 204]);
  assertEquals(await rowOf(registry, "GET", location), ["end-13", 404]);
  assertEquals(await rowOf(registry, "DELETE", location), ["end-14", 404]);
});

Deno.test("API-END-I01: the table has every row of the spec, and the catalog beside them", () => {
  const ids = new Set(ENDPOINTS.map(({ id }) => id));

  // deno-fmt-ignore
  assertEquals([...ids].sort(), [
    "catalog", "end-1", "end-10", "end-11", "end-12a", "end-12b", "end-13", "end-14", "end-2", "end-3", "end-4a", "end-4b",
    "end-4c", "end-5", "end-6", "end-7a", "end-7b", "end-8a", "end-8b", "end-9",
  ]);
});

Deno.test("API-01: a method that a path does not have is refused with 405, and with those that it has", async () => {
  await using registry = await startRegistry();
  const paths = {
    "/v2/": ["GET", "HEAD"],
    "/v2": ["GET", "HEAD"],
    "/v2/_catalog": ["GET", "HEAD"],
    [`/v2/library/hello/blobs/${FOO}`]: ["DELETE", "GET", "HEAD"],
    "/v2/library/hello/manifests/latest": ["DELETE", "GET", "HEAD", "PUT"],
    [`/v2/library/hello/manifests/${FOO}`]: ["DELETE", "GET", "HEAD", "PUT"],
    "/v2/library/hello/blobs/uploads/": ["POST"],
    [`/v2/library/hello/blobs/uploads/${UUID}`]: ["DELETE", "GET", "HEAD", "PATCH", "PUT"],
    "/v2/library/hello/tags/list": ["GET", "HEAD"],
    [`/v2/library/hello/referrers/${FOO}`]: ["GET", "HEAD"],
  };

  for (const [path, allowed] of Object.entries(paths)) {
    const others = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"].filter((method) =>
      !allowed.includes(method)
    );
    for (const method of others.filter((method) => method !== "HEAD")) {
      const refused = await registry.send(method, path);

      assertEquals(refused.headers.get("Allow")?.split(", ").sort(), allowed, `${method} ${path}`);
      const [detail] = await expectRefusal(refused, { status: 405, code: "UNSUPPORTED", rule: "API-01" });
      assertEquals(detail.actual, method);
    }
  }
  assertEquals(registry.tree(), []);
});

Deno.test("API-01: a HEAD is refused with 405 and no body if there is no GET", async () => {
  await using registry = await startRegistry();

  const refused = await registry.send("HEAD", "/v2/library/hello/blobs/uploads/");

  assertEquals([refused.status, refused.headers.get("Allow"), await refused.text()], [405, "POST", ""]);
});

// RFC 9110 section 15.5.6: Allow lists the methods that the path has now. So a client that tries one of them succeeds.
Deno.test("API-01: if something is switched off, Allow names the methods that are left, and these work", async () => {
  await using readOnly = await startRegistry({ readOnly: true });
  await using keeping = await startRegistry({ noDelete: true });
  const paths = [
    `/v2/library/hello/blobs/${FOO}`,
    "/v2/library/hello/manifests/latest",
    `/v2/library/hello/manifests/${FOO}`,
    "/v2/library/hello/blobs/uploads/",
    `/v2/library/hello/blobs/uploads/${UUID}`,
    "/v2/library/hello/tags/list",
  ];

  for (const registry of [readOnly, keeping]) {
    for (const path of paths) {
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const answer = await registry.send(method, path);
        const allowed = (answer.headers.get("Allow") ?? "").split(", ").filter((text) => text !== "");

        assertEquals(answer.status === 405, answer.headers.has("Allow"), `${method} ${path}`);
        for (const other of allowed) {
          const { status } = await registry.send(other, path);
          assert(status !== 405, `Allow of ${method} ${path} names ${other}`);
        }
      }
    }
  }
});

Deno.test("API-01: a path that is not in the table is 404, in JSON, whatever the method", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello", { tag: "latest" });
  const before = registry.tree();
  const paths = [
    "/",
    "/v1/",
    "/v2x",
    "/V2/",
    "//v2/",
    "/v2//",
    "/v2/library/hello",
    "/v2/library/hello/",
    "/v2/library/hello/tags",
    "/v2/library/hello/tags/list/",
    "/v2/library/hello/manifests",
    "/v2/library/hello/manifests/",
    "/v2/library/hello/manifests/latest/",
    "/v2/library/hello/manifests/a/b",
    "/v2/library/hello/blobs",
    "/v2/library/hello/blobs/",
    "/v2/library/hello/referrers",
    "/v2/library/hello/referrers/",
    "/v2/manifests/latest",
    "/v2/blobs/uploads/",
    "/v2/tags/list",
    "/index.html",
    "/*",
  ];

  for (const path of paths) {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const refused = await registry.sendRaw(method, path);

      await expectRefusal(refused, { status: 404, code: "UNSUPPORTED", rule: "API-01" });
    }
    const asked = await registry.sendRaw("HEAD", path);
    assertEquals([asked.status, await asked.text()], [404, ""]);
  }
  assertEquals(registry.tree(), before);
});

// RFC 9110 section 9.3.2.
Deno.test("API-01: HEAD is answered as GET everywhere, without the body", async () => {
  await using registry = await startRegistry();
  const { digest, text, layer } = await registry.pushImage("library/hello", { tag: "v1" });
  await registry.pushImage("library/hello", { tag: "v2", subject: descriptorOf(text, TYPES.image) });
  const location = await registry.openSession("library/hello");
  const paths = [
    "/v2/",
    "/v2",
    `/v2/library/hello/blobs/${layer}`,
    `/v2/library/hello/blobs/${FOO}`,
    "/v2/library/hello/blobs/sha256:abc",
    "/v2/library/hello/manifests/v1",
    `/v2/library/hello/manifests/${digest}`,
    "/v2/library/hello/manifests/v3",
    "/v2/library/hello/tags/list",
    "/v2/library/hello/tags/list?n=1",
    "/v2/library/hello/tags/list?n=-1",
    "/v2/never/pushed/tags/list",
    `/v2/library/hello/referrers/${digest}`,
    `/v2/library/hello/referrers/${digest}?artifactType=a/b`,
    "/v2/library/hello/referrers/abc",
    location,
    `/v2/library/hello/blobs/uploads/${UUID}`,
    "/v2/library/hello/blobs/uploads/",
    "/v2/_catalog",
    "/v2/_catalog?n=0",
    "/nowhere",
  ];

  for (const path of paths) {
    const asked = await registry.send("HEAD", path);
    const pulled = await registry.send("GET", path);

    const length = String((await pulled.bytes()).length);
    assertEquals([asked.status, await asked.text()], [pulled.status, ""], path);
    // RFC 9110 section 8.6: the answer may leave the length out. If there is one, it is that of the body of GET.
    assertEquals(asked.headers.get("Content-Length") ?? length, length, path);
    const others = (response: Response) => [...response.headers].filter(([name]) => name !== "content-length");
    assertEquals(others(asked), others(pulled), path);
  }
});

Deno.test("API-END-I01: a name is found between the words of the API, even if it consists of them", async () => {
  await using registry = await startRegistry();
  const names = [
    "v2",
    "blobs",
    "manifests",
    "uploads",
    "tags",
    "foo/tags",
    "foo/tags/list",
    "a/blobs/b",
    "x/manifests",
    "x/manifests/y",
    "a/blobs/uploads",
    "a/blobs/uploads/b",
    "a/referrers",
    "blobs/uploads/blobs/uploads",
  ];
  for (const name of names) {
    const subject = await registry.pushImage(name, { tag: "latest" });
    const location = await registry.openSession(name);
    const referrer = await registry.pushManifest(name, {
      ...JSON.parse(INDEX),
      subject: descriptorOf(subject.text, TYPES.image),
    });

    const tags = await registry.send("GET", `/v2/${name}/tags/list`);
    const referrers = await registry.send("GET", `/v2/${name}/referrers/${subject.digest}`);
    const patched = await registry.send("PATCH", location, { body: "foo" });
    const closed = await registry.send("PUT", `${location}?digest=${FOO}`);
    const blob = await registry.send("GET", closed.headers.get("Location")!);
    const untagged = await registry.send("DELETE", `/v2/${name}/manifests/latest`);
    const deleted = await registry.send("DELETE", `/v2/${name}/blobs/${FOO}`);

    assertEquals(await tags.json(), { name, tags: ["latest"] });
    assertEquals((await referrers.json()).manifests.map(({ digest }: { digest: string }) => digest), [referrer]);
    assertEquals([patched.status, closed.status, await blob.text()], [202, 201, "foo"]);
    assertEquals([untagged.status, deleted.status], [202, 202]);
  }
  assertEquals((await (await registry.send("GET", "/v2/_catalog")).json()).repositories, [...names].sort());
});

Deno.test("PULL-MANIFEST-03: an invalid name is 404 if the request reads, and 400 if it would change something", async () => {
  await using registry = await startRegistry();
  const reads = [
    ["HEAD", `blobs/${FOO}`],
    ["HEAD", "manifests/latest"],
    ["GET", "tags/list"],
    ["GET", `blobs/uploads/${UUID}`],
  ];
  const writes = [
    ["DELETE", `blobs/${FOO}`],
    ["DELETE", "manifests/latest"],
    ["DELETE", `manifests/${FOO}`],
    ["DELETE", `blobs/uploads/${UUID}`],
    ["PATCH", `blobs/uploads/${UUID}`],
    ["PUT", `blobs/uploads/${UUID}?digest=${FOO}`],
    ["POST", `blobs/uploads/?mount=${FOO}`],
  ];

  for (const name of ["UPPER/x", "a..b", "a/-b", "x".repeat(256)]) {
    for (const [status, requests] of [[404, reads], [400, writes]] as const) {
      for (const [method, path] of requests) {
        const refused = await registry.send(method, `/v2/${name}/${path}`);

        assertEquals(refused.status, status, `${method} ${path}`);
        assertEquals(registry.stories.at(-1)!.refusal?.message.startsWith("NAME_INVALID: "), true);
      }
    }
  }
});

Deno.test("API-01: a path may be percent-encoded, and then means the same", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushManifest("library/hello", INDEX, { tag: "latest" });
  const encoded = digest.replace(":", "%3A");

  for (const path of [`/v2/library/hello/manifests/${encoded}`, "/v2/%6cibrary/hello/manifests/l%61test", "/%76%32/"]) {
    assertEquals((await registry.sendRaw("GET", path)).status, 200, path);
  }
});

Deno.test("API-01: the Location of an upload is a path on the same host", async () => {
  await using registry = await startRegistry();
  await using behindProxy = await startRegistry({ origin: "https://registry.example" });

  const plain = await registry.send("POST", "/v2/library/hello/blobs/uploads/");
  const absolute = await behindProxy.send("POST", "/v2/library/hello/blobs/uploads/");

  assert(plain.headers.get("Location")!.startsWith("/v2/library/hello/blobs/uploads/"));
  assert(absolute.headers.get("Location")!.startsWith("https://registry.example/v2/library/hello/blobs/uploads/"));
});
