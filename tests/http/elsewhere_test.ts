/**
 * Content that another server sends: redirects, and an nginx in front.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { redirectTo } from "../../src/composing/redirecting.ts";
import { createRegistry } from "../../src/registry.ts";
import { digestOf, expectRefusal, startRegistry } from "../fixture.ts";

const foo = digestOf("foo");
const path = `/v2/library/hello/blobs/${foo}`;

/** Returns the status and all headers of an answer, and its body as text. */
async function whole(response: Response) {
  return [response.status, Object.fromEntries(response.headers), await response.text()];
}

Deno.test("go-containerregistry's redirecting blob handler: a blob that another server has is a 307 there, for GET and HEAD, with its digest", async () => {
  const redirect = redirectTo("https://cdn.example/{path}");
  await using registry = await startRegistry({ redirect });
  await registry.pushBlob("library/hello", "foo");
  for (const method of ["GET", "HEAD"]) {
    assertEquals(await whole(await registry.send(method, path)), [307, {
      "docker-content-digest": foo,
      "location": `https://cdn.example/library/hello/${foo}/blob`,
    }, ""]);
  }
});

Deno.test("what is not there is still 404, and manifests stay here", async () => {
  await using registry = await startRegistry({ redirect: () => new URL("https://cdn.example/") });
  await expectRefusal(await registry.send("GET", path), { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
  const { digest } = await registry.pushImage("library/hello", { tag: "v1" });
  const response = await registry.send("GET", "/v2/library/hello/manifests/v1");
  assertEquals([response.status, digestOf(await response.text())], [200, digest]);
});

Deno.test("a request for a range stays here, unless ranges are asked for, and one that cannot be satisfied is 416", async () => {
  const redirect = redirectTo("https://cdn.example/{digest}");
  for (const redirectRanges of [false, true]) {
    await using registry = await startRegistry({ redirect, redirectRanges });
    await registry.pushBlob("library/hello", "foo");
    const part = await registry.send("GET", path, { headers: { Range: "bytes=1-" } });
    assertEquals([part.status, await part.text()], redirectRanges ? [307, ""] : [206, "oo"]);
    const none = await registry.send("GET", path, { headers: { Range: "bytes=7-" } });
    await expectRefusal(none, { status: 416, code: "SIZE_INVALID", rule: "PULL-BLOB-09" });
  }
});

Deno.test("a client that has the content already gets 304, and its conditions are judged here", async () => {
  await using registry = await startRegistry({ redirect: redirectTo("https://cdn.example/{digest}") });
  await registry.pushBlob("library/hello", "foo");
  const send = (headers: Record<string, string>) => registry.send("GET", path, { headers });
  assertEquals((await send({ "If-None-Match": `"${foo}"` })).status, 304);
  assertEquals(await (await send({ "If-Match": `"${foo}"` })).text(), "foo");
});

Deno.test("the function learns what is wanted, and may decide for each blob, also later", async () => {
  const wanted: unknown[] = [];
  await using registry = await startRegistry({
    redirect: async (blob) => {
      wanted.push({
        name: blob.name,
        digest: blob.digest,
        size: blob.size,
        mediaType: blob.mediaType,
        path: blob.path,
      });
      await Promise.resolve();
      return blob.size > 3 ? new URL("https://signed.example/?signature=1") : undefined;
    },
  });
  await registry.pushBlob("library/hello", "foo");
  const long = await registry.pushBlob("library/hello", "longer");
  assertEquals(await (await registry.send("GET", path)).text(), "foo");
  assertEquals((await registry.send("HEAD", path)).headers.get("Content-Length"), "3");
  const response = await registry.send("GET", `/v2/library/hello/blobs/${long}`);
  assertEquals([response.status, response.headers.get("Location")], [307, "https://signed.example/?signature=1"]);
  assertEquals(wanted[0], {
    name: "library/hello",
    digest: foo,
    size: 3,
    mediaType: "application/octet-stream",
    path: `library/hello/${foo}/blob`,
  });
});

Deno.test("ociserver's LocationsForDescriptor: content may be at several places, and manifests elsewhere too", async () => {
  const places = [new URL("https://a.example/x"), new URL("https://b.example/x"), new URL("https://c.example/x")];
  await using registry = await startRegistry({
    redirect: () => places,
    redirectManifest: ({ digest }) => new URL(`https://m.example/${digest}`),
  });
  await registry.pushBlob("library/hello", "foo");
  const { digest } = await registry.pushImage("library/hello", { tag: "v1" });
  assertEquals(await whole(await registry.send("GET", path)), [307, {
    "docker-content-digest": foo,
    "link": '<https://b.example/x>; rel="duplicate", <https://c.example/x>; rel="duplicate"',
    "location": "https://a.example/x",
  }, ""]);
  for (const method of ["GET", "HEAD"]) {
    assertEquals(await whole(await registry.send(method, "/v2/library/hello/manifests/v1")), [307, {
      "docker-content-digest": digest,
      "location": `https://m.example/${digest}`,
    }, ""]);
  }
});

Deno.test("ociserver's LocationForUploadID: the URL of an upload session may be at another server", async () => {
  await using registry = await startRegistry({
    uploadLocation: (name, session) =>
      name === "library/hello" ? new URL(`https://up.example/v2/${name}/blobs/uploads/${session}?node=7`) : undefined,
  });
  const location = await registry.openSession("library/hello");
  const { origin, pathname, search } = new URL(location);
  assertEquals([origin, search], ["https://up.example", "?node=7"]);
  const chunk = await registry.send("PATCH", pathname + search, { body: "foo" });
  assertEquals([chunk.status, chunk.headers.get("Location")], [202, location]);
  const closed = await registry.send("PUT", `${pathname}${search}&digest=${foo}`);
  assertEquals([closed.status, closed.headers.get("Location")], [201, path]);
  assertEquals((await registry.openSession("other")).startsWith("/v2/other/blobs/uploads/"), true);
});

Deno.test("X-Accel-Redirect: a pull of a blob names its file for nginx, percent-encoded, and has no body", async () => {
  for (const accelRedirect of ["/files", "/files/"]) {
    await using registry = await startRegistry({ accelRedirect });
    await registry.pushBlob("library/hello", "foo");
    assertEquals(await whole(await registry.send("GET", path)), [200, {
      "content-type": "application/octet-stream",
      "docker-content-digest": foo,
      "etag": `"${foo}"`,
      "x-accel-redirect": `/files/library/hello/${foo.replace(":", "%3A")}/blob`,
      "x-content-type-options": "nosniff",
    }, ""]);
    const head = await registry.send("HEAD", path);
    assertEquals([head.status, head.headers.get("Content-Length"), head.headers.get("X-Accel-Redirect")], [
      200,
      "3",
      null,
    ]);
    const { digest } = await registry.pushImage("library/hello");
    const manifest = await registry.send("GET", `/v2/library/hello/manifests/${digest}`);
    assertEquals(digestOf(await manifest.text()), digest);
  }
});

Deno.test("a template has the digest, its parts, the name and the path", async () => {
  const template = "https://cdn.example/{algorithm}/{hex2}/{hex}?name={name}&digest={digest}&path={path}";
  await using registry = await startRegistry({ redirect: redirectTo(template) });
  await registry.pushBlob("library/hello", "foo");
  const hex = foo.slice("sha256:".length);
  assertEquals(
    (await registry.send("GET", path)).headers.get("Location"),
    `https://cdn.example/sha256/2c/${hex}?name=library/hello&digest=${foo}&path=library/hello/${foo}/blob`,
  );
});

Deno.test("options about redirects that contradict each other or mean nothing are refused at the start", () => {
  for (
    const template of [
      "",
      "cdn.example/{digest}",
      "ftp://cdn.example/{digest}",
      "https://{name}/{digest}",
      "https://cdn.example/{name}",
      "https://cdn.example/blobs",
      "https://cdn.example/{digest}/{tag}",
      "https://cdn.example/{digest",
      "https://cdn.example/digest}/{hex}",
    ]
  ) assertThrows(() => redirectTo(template), RangeError, "a template for redirects");
  const redirect = redirectTo("https://cdn.example/{digest}");
  for (const accelRedirect of ["files", "/fi les", "/files?", "https://x/", "/%66"]) {
    assertThrows(() => createRegistry({ accelRedirect }), RangeError, "is a path such as /files/");
  }
  assertThrows(() => createRegistry({ accelRedirect: "/files", redirect }), RangeError, "both set");
  assertThrows(() => createRegistry({ redirectRanges: true }), RangeError, "needs redirect");
});
