/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-a-blob-in-chunks */

import { localDisk } from "../../src/disk/local_disk.ts";
import { assertEquals, assertNotEquals } from "@std/assert";
import { createRegistry, type Registry } from "../../src/registry.ts";
import { digestOf, expectRefusal, heldBody, startRegistry } from "../fixture.ts";

const FOO = digestOf("foo");
const HELLO_WORLD = digestOf("helloworld");

// Returns a registry over the same folder that knows only this folder, as after a restart or in a second process.
function anotherOver(root: string): Registry {
  return createRegistry({ disk: localDisk(root, { durability: "none" }) });
}

function request(method: string, path: string, body?: string, range?: string): Request {
  const headers: Record<string, string> = range === undefined ? {} : { "Content-Range": range };
  return new Request(`http://localhost${path}`, { method, body, headers });
}

Deno.test("USE-I02: a session survives a restart, and is hashed from its file", async () => {
  for (const algorithm of ["sha256", "sha512"]) {
    await using registry = await startRegistry();
    const digest = digestOf("helloworld", algorithm);
    const location = await registry.openSession("library/hello");
    await registry.send("PATCH", location, { body: "hello", headers: { "Content-Range": "0-4" } });

    const restarted = anotherOver(registry.root);
    const status = await restarted(request("GET", location));
    const patched = await restarted(request("PATCH", location, "world", "5-9"));
    const closed = await restarted(request("PUT", `${location}?digest=${digest}`));

    assertEquals([status.status, status.headers.get("Range")], [204, "0-4"]);
    assertEquals([patched.status, patched.headers.get("Range")], [202, "0-9"]);
    assertEquals([closed.status, closed.headers.get("Docker-Content-Digest")], [201, digest]);
    assertEquals(registry.tree(), [`library/hello/${digest}/blob`]);
  }
});

Deno.test("USE-I02: two registries over one folder can take turns with a session", async () => {
  await using registry = await startRegistry();
  const other = anotherOver(registry.root);
  const location = await registry.openSession("library/hello");

  // The registry that closes it has seen the first and the third piece only, and must not trust its own hash.
  await registry.send("PATCH", location, { body: "he", headers: { "Content-Range": "0-1" } });
  await other(request("PATCH", location, "llo", "2-4"));
  await registry.send("PATCH", location, { body: "world", headers: { "Content-Range": "5-9" } });
  const closed = await registry.send("PUT", `${location}?digest=${HELLO_WORLD}`);
  const again = await other(request("GET", location));

  assertEquals([closed.status, closed.headers.get("Docker-Content-Digest")], [201, HELLO_WORLD]);
  await expectRefusal(again, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule: "PUSH-CHUNK-22" });
});

Deno.test("PUSH-BLOB-01: the registry notices if bytes changed on disk while it was down", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "foo" });
  Deno.writeTextFileSync(`${registry.root}/library/hello/_uploads/${location.split("/").at(-1)}/data`, "bar");

  const refused = await anotherOver(registry.root)(request("PUT", `${location}?digest=${FOO}`));

  await expectRefusal(refused, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-CHUNK-18" });
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-MONO-03: a session of another repository is unknown, for every method, and stays as it is", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "foo" });
  const id = location.split("/").at(-1);

  for (const name of ["other", "library", "library/hello/world"]) {
    const foreign = `/v2/${name}/blobs/uploads/${id}`;
    const answers = {
      "PUSH-CHUNK-22": await registry.send("GET", foreign),
      "PUSH-CHUNK-09": await registry.send("PATCH", foreign, { body: "bar" }),
      "PUSH-MONO-03": await registry.send("PUT", `${foreign}?digest=${FOO}`),
      "PUSH-CANCEL-01": await registry.send("DELETE", foreign),
    };
    for (const [rule, answer] of Object.entries(answers)) {
      await expectRefusal(answer, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule });
    }
  }
  assertEquals(registry.tree(), [`library/hello/_uploads/${id}/data`]);
  assertEquals((await registry.send("PUT", `${location}?digest=${FOO}`)).status, 201);
});

Deno.test("PUSH-CANCEL-04: a session that has expired accepts nothing any more, even after a restart", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  const file = `${registry.root}/library/hello/_uploads/${location.split("/").at(-1)}/data`;
  const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
  await Deno.utime(file, longAgo, longAgo);

  const refused = await anotherOver(registry.root)(request("PATCH", location, "foo"));

  await expectRefusal(refused, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule: "PUSH-CHUNK-09" });
  assertEquals(Deno.readTextFileSync(file), "");
});

Deno.test("PUSH-CHUNK-12: two requests of one session at once are answered one after the other", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  const { body, reached, release } = heldBody("he", "llo");

  const first = registry.send("PATCH", location, { body });
  let secondIsDone = false;
  const second = registry.send("PATCH", location, { body: "world", headers: { "Content-Range": "5-9" } })
    .finally(() => secondIsDone = true);
  await reached;
  await registry.pushBlob("library/other", "bar"); // a request to another session does not wait for this one
  const doneTooEarly = secondIsDone;
  release();
  const answers = await Promise.all([first, second]);

  assertEquals(doneTooEarly, false);
  assertEquals(answers.map(({ status, headers }) => [status, headers.get("Range")]), [[202, "0-4"], [202, "0-9"]]);
  assertEquals((await registry.send("PUT", `${location}?digest=${HELLO_WORLD}`)).status, 201);
});

Deno.test("PUSH-CHUNK-12: two registries over one folder answer requests of one session one after the other too", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  const { body, reached, release } = heldBody("he", "llo");

  const first = registry.send("PATCH", location, { body });
  await reached;
  let secondIsDone = false;
  const second = anotherOver(registry.root)(request("PATCH", location, "world", "5-9"))
    .finally(() => secondIsDone = true);
  await registry.pushBlob("library/other", "bar");
  const doneTooEarly = secondIsDone;
  release();
  const answers = await Promise.all([first, second]);

  assertEquals(doneTooEarly, false);
  assertEquals(answers.map(({ status, headers }) => [status, headers.get("Range")]), [[202, "0-4"], [202, "0-9"]]);
});

Deno.test("PUSH-CHUNK-13: of two chunks for the same place that come at once, the second one is out of order", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  const answers = await Promise.all([
    registry.send("PATCH", location, { body: "foo", headers: { "Content-Range": "0-2" } }),
    registry.send("PATCH", location, { body: "bar", headers: { "Content-Range": "0-2" } }),
  ]);

  assertEquals(answers.map(({ status }) => status), [202, 416]);
  assertEquals((await registry.send("PUT", `${location}?digest=${FOO}`)).status, 201);
});

Deno.test("PUSH-MONO-09: of two closing PUTs that come at once, one finds the session closed", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "foo" });

  const [first, second] = await Promise.all([
    registry.send("PUT", `${location}?digest=${FOO}`),
    registry.send("PUT", `${location}?digest=${FOO}`),
  ]);

  assertEquals(first.status, 201);
  await expectRefusal(second, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule: "PUSH-MONO-03" });
  assertEquals(registry.tree(), [`library/hello/${FOO}/blob`]);
});

Deno.test("PUSH-CANCEL-I01: a cancel waits for the request that is under way, and then the session is gone", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  const { body, reached, release } = heldBody("he", "llo");

  const patched = registry.send("PATCH", location, { body });
  await reached;
  const cancelled = registry.send("DELETE", location);
  release();
  const statuses = (await Promise.all([patched, cancelled])).map(({ status }) => status);

  assertEquals(statuses, [202, 204]);
  assertEquals(registry.tree(), []);
});

Deno.test("USE-I04: two uploads of the same blob at the same time both succeed, and it is stored once", async () => {
  await using registry = await startRegistry();
  const [slow, quick] = [await registry.openSession("library/hello"), await registry.openSession("library/hello")];
  const { body, reached, release } = heldBody("hello", "world");

  const first = registry.send("PUT", `${slow}?digest=${HELLO_WORLD}`, { body });
  await reached;
  const second = await registry.send("PUT", `${quick}?digest=${HELLO_WORLD}`, { body: "helloworld" });
  const stored = Deno.statSync(`${registry.root}/library/hello/${HELLO_WORLD}/blob`);
  release();

  for (const answer of [await first, second]) {
    assertEquals([answer.status, answer.headers.get("Location")], [201, `/v2/library/hello/blobs/${HELLO_WORLD}`]);
  }
  assertEquals(registry.tree(), [`library/hello/${HELLO_WORLD}/blob`]);
  // The upload that finishes first is kept.
  assertEquals(Deno.statSync(`${registry.root}/library/hello/${HELLO_WORLD}/blob`).ino, stored.ino);
});

Deno.test("USE-I04: many uploads of the same blob at once all succeed, by PUT, by POST and by mount", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/source", "foo");
  const sessions = await Promise.all([1, 2, 3, 4].map(() => registry.openSession("library/hello")));

  const answers = await Promise.all([
    ...sessions.map((location) => registry.send("PUT", `${location}?digest=${FOO}`, { body: "foo" })),
    registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, { body: "foo" }),
    registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, { body: "foo" }),
    registry.send("POST", `/v2/library/hello/blobs/uploads/?mount=${FOO}&from=library/source`),
  ]);

  assertEquals(new Set(answers.map(({ status }) => status)), new Set([201]));
  assertEquals(registry.tree("library/hello"), [`library/hello/${FOO}/blob`]);
  assertEquals(registry.read(`library/hello/${FOO}/blob`), "foo");
});

Deno.test("USE-I04: a wrong upload of a blob that is being pushed rightly spoils nothing", async () => {
  await using registry = await startRegistry();
  const [right, wrong] = [await registry.openSession("library/hello"), await registry.openSession("library/hello")];
  assertNotEquals(right, wrong);

  const answers = await Promise.all([
    registry.send("PUT", `${wrong}?digest=${FOO}`, { body: "bar" }),
    registry.send("PUT", `${right}?digest=${FOO}`, { body: "foo" }),
  ]);

  assertEquals(answers.map(({ status }) => status), [400, 201]);
  assertEquals(registry.tree(), [`library/hello/${FOO}/blob`]);
  assertEquals(registry.read(`library/hello/${FOO}/blob`), "foo");
});
