/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#cancel-a-blob-upload */

import { assertEquals, assertThrows } from "@std/assert";
import { createRegistry } from "../../src/registry.ts";
import { digestOf, expectRefusal, startRegistry } from "../fixture.ts";

const FOO = digestOf("foo");
const HOUR = 60 * 60 * 1000;

Deno.test("PUSH-CANCEL-01: cancelling a session answers 204, and its bytes are gone", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "foo" });

  const cancelled = await registry.send("DELETE", location, { headers: { "Content-Length": "0" } });

  assertEquals([cancelled.status, await cancelled.text()], [204, ""]);
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-CANCEL-I01: a cancelled session is 404 for every method", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "foo" });
  await registry.send("DELETE", location);

  const answers = {
    "PUSH-CHUNK-22": await registry.send("GET", location),
    "PUSH-CHUNK-09": await registry.send("PATCH", location, { body: "foo" }),
    "PUSH-MONO-03": await registry.send("PUT", `${location}?digest=${FOO}`, { body: "foo" }),
    "PUSH-CANCEL-01": await registry.send("DELETE", location),
  };

  for (const [rule, answer] of Object.entries(answers)) {
    await expectRefusal(answer, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule });
  }
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-CANCEL-I01: cancelling one session leaves the others, and the blobs, as they are", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  const cancelled = await registry.openSession("library/hello");
  const other = await registry.openSession("library/hello");

  const answer = await registry.send("DELETE", cancelled);

  assertEquals(answer.status, 204);
  const session = other.split("/").at(-1);
  assertEquals(registry.tree(), [`library/hello/_uploads/${session}/data`, `library/hello/${FOO}/blob`]);
  assertEquals((await registry.send("GET", other)).status, 204);
});

Deno.test("PUSH-CANCEL-01: sessions that are cancelled at the same time are all cancelled", async () => {
  await using registry = await startRegistry();
  const locations = await Promise.all(Array.from({ length: 20 }, () => registry.openSession("library/hello")));

  const answers = await Promise.all(locations.map((location) => registry.send("DELETE", location)));

  assertEquals(answers.map(({ status }) => status), locations.map(() => 204));
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-CANCEL-04: a session that nobody has used for 24 hours is unknown", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "foo" });
  const file = `${registry.root}/library/hello/_uploads/${location.split("/").at(-1)}/data`;
  const longAgo = new Date(Date.now() - 25 * HOUR);
  await Deno.utime(file, longAgo, longAgo);

  const answers = {
    "PUSH-CHUNK-22": await registry.send("GET", location),
    "PUSH-CHUNK-09": await registry.send("PATCH", location, { body: "foo" }),
    "PUSH-MONO-03": await registry.send("PUT", `${location}?digest=${FOO}`),
    "PUSH-CANCEL-01": await registry.send("DELETE", location),
  };

  for (const [rule, answer] of Object.entries(answers)) {
    await expectRefusal(answer, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule });
  }
  assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${FOO}`)).status, 404);
});

Deno.test("PUSH-CANCEL-04: every request to a session begins its 24 hours anew", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  const file = `${registry.root}/library/hello/_uploads/${location.split("/").at(-1)}/data`;

  for (const method of ["GET", "PATCH"]) {
    const yesterday = new Date(Date.now() - 23 * HOUR);
    await Deno.utime(file, yesterday, yesterday);
    const answer = await registry.send(method, location);

    assertEquals(answer.ok, true);
    assertEquals(Date.now() - Deno.statSync(file).mtime!.getTime() < HOUR, true);
  }
});

Deno.test("PUSH-CANCEL-04: the operator decides how long a session lives", async () => {
  await using registry = await startRegistry({ uploadTtl: HOUR });
  const [expired, alive] = [await registry.openSession("library/hello"), await registry.openSession("library/hello")];
  for (const [location, minutes] of [[expired, 61], [alive, 59]] as const) {
    const then = new Date(Date.now() - minutes * 60 * 1000);
    await Deno.utime(`${registry.root}/library/hello/_uploads/${location.split("/").at(-1)}/data`, then, then);
  }

  const answers = [await registry.send("GET", expired), await registry.send("GET", alive)];

  assertEquals(answers.map(({ status }) => status), [404, 204]);
});

Deno.test("PUSH-CANCEL-04: a registry whose uploads would live for less than a minute is refused", () => {
  for (const uploadTtl of [0, 59_999, -1, NaN]) {
    assertThrows(() => createRegistry({ root: "nowhere", uploadTtl }), RangeError, "60000");
  }
});

Deno.test("the story of a cancelled upload: its folder is gone", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  await registry.send("DELETE", location);

  const { endpoint, status, changes } = registry.stories.at(-1)!;
  assertEquals([endpoint?.id, status], ["end-14", 204]);
  assertEquals(changes, [{ sign: "-", path: `library/hello/_uploads/${location.split("/").at(-1)}/` }]);
});
