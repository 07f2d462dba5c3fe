/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-a-blob-in-chunks */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { digestOf, expectRefusal, startRegistry } from "../fixture.ts";

const FOO = digestOf("foo");

Deno.test("PUSH-CHUNK-09 PUSH-CHUNK-10 PUSH-CHUNK-I04: a stored chunk answers 202, where to go on, and the last byte", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  const first = await registry.send("PATCH", location, { body: "hello", headers: { "Content-Range": "0-4" } });
  const second = await registry.send("PATCH", first.headers.get("Location")!, {
    body: "world",
    headers: { "Content-Range": "5-9" },
  });

  assertEquals([first.status, first.headers.get("Range")], [202, "0-4"]);
  assertEquals([second.status, second.headers.get("Range")], [202, "0-9"]);
  assertMatch(second.headers.get("Location")!, /^\/v2\/library\/hello\/blobs\/uploads\/[0-9a-f-]{36}$/);
  const session = location.split("/").at(-1);
  assertEquals(registry.tree(), [`library/hello/_uploads/${session}/data`]);
  assertEquals(registry.read(`library/hello/_uploads/${session}/data`), "helloworld");
});

Deno.test("PUSH-CHUNK-19 PUSH-CHUNK-20 PUSH-CHUNK-I07: closing a session answers 201 and the blob is all chunks, in order", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "f", headers: { "Content-Range": "0-0" } });
  await registry.send("PATCH", location, { body: "oo", headers: { "Content-Range": "1-2" } });

  const closed = await registry.send("PUT", `${location}?digest=${FOO}`);

  assertEquals([closed.status, closed.headers.get("Docker-Content-Digest")], [201, FOO]);
  const pulled = await registry.send("GET", closed.headers.get("Location")!);
  assertEquals([pulled.status, await pulled.text()], [200, "foo"]);
  assertEquals(registry.tree(), [`library/hello/${FOO}/blob`]);
});

Deno.test("PUSH-CHUNK-13: a chunk out of order is refused with 416, and the session goes on", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "f", headers: { "Content-Range": "0-0" } });

  for (const range of ["2-2", "0-0"]) {
    const refused = await registry.send("PATCH", location, { body: "o", headers: { "Content-Range": range } });

    await expectRefusal(refused, { status: 416, code: "BLOB_UPLOAD_INVALID", rule: "PUSH-CHUNK-13" });
    assertEquals([refused.headers.get("Location"), refused.headers.get("Range")], [location, "0-0"]);
  }
  const goneOn = await registry.send("PATCH", location, { body: "oo", headers: { "Content-Range": "1-2" } });
  assertEquals(goneOn.headers.get("Range"), "0-2");
  assert((await registry.send("PUT", `${location}?digest=${FOO}`)).ok);
});
