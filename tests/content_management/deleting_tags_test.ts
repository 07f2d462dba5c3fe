/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#deleting-tags */

import { assertEquals } from "@std/assert";
import { expectRefusal, startRegistry } from "../fixture.ts";

const LATEST = "/v2/library/hello/manifests/latest";

Deno.test("MGMT-01 MGMT-03 MGMT-TAG-01 MGMT-TAG-I01: deleting a tag answers 202, and the tag is not found any more", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello", { tag: "latest" });

  const deleted = await registry.send("DELETE", LATEST);

  assertEquals([deleted.status, await deleted.text()], [202, ""]);
  const pulled = await registry.send("GET", LATEST);
  await expectRefusal(pulled, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
  assertEquals((await registry.send("HEAD", LATEST)).status, 404);
});

Deno.test("MGMT-TAG-01: only the tag is deleted; the manifest stays, under its digest and its other tags", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage("library/hello", { tag: "latest" });
  await registry.pushImage("library/hello", { tag: "v1" });
  const before = registry.tree();

  await registry.send("DELETE", LATEST);

  for (const tagOrDigest of [digest, "v1"]) {
    const pulled = await registry.send("GET", `/v2/library/hello/manifests/${tagOrDigest}`);
    assertEquals([pulled.status, await pulled.text()], [200, text]);
  }
  assertEquals((await (await registry.send("GET", "/v2/library/hello/tags/list")).json()).tags, ["v1"]);
  assertEquals(registry.tree(), before.filter((path) => path !== "library/hello/_tags/latest"));
});

Deno.test("MGMT-TAG-01: a tag that was deleted can be pushed again", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello", { tag: "latest" });
  await registry.send("DELETE", LATEST);
  const { digest } = await registry.pushImage("library/hello", { tag: "latest", annotations: { v: "2" } });

  const pulled = await registry.send("GET", LATEST);

  assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, digest]);
});

Deno.test("MGMT-TAG-01: a tag of the same name in another repository stays", async () => {
  await using registry = await startRegistry();
  for (const name of ["library/hello", "library/hello/tags", "library"]) {
    await registry.pushImage(name, { tag: "latest" });
  }

  await registry.send("DELETE", LATEST);

  const statuses = [];
  for (const name of ["library/hello", "library/hello/tags", "library"]) {
    statuses.push((await registry.send("GET", `/v2/${name}/manifests/latest`)).status);
  }
  assertEquals(statuses, [404, 200, 200]);
});

Deno.test("API-END-I13: a tag that is not there, is not there any more, or cannot be a tag is not found", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello", { tag: "latest" });
  await registry.send("DELETE", LATEST);

  const again = await registry.send("DELETE", LATEST);
  const never = await registry.send("DELETE", "/v2/library/hello/manifests/v1");
  const malformed = await registry.send("DELETE", "/v2/library/hello/manifests/.hidden");

  await expectRefusal(again, { status: 404, code: "MANIFEST_UNKNOWN", rule: "API-END-I13" });
  await expectRefusal(never, { status: 404, code: "MANIFEST_UNKNOWN", rule: "API-END-I13" });
  await expectRefusal(malformed, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-05" });
});

Deno.test("API-END-I13: a tag of a repository that does not exist is not found", async () => {
  await using registry = await startRegistry();

  const deleted = await registry.send("DELETE", "/v2/never/pushed/manifests/latest");

  await expectRefusal(deleted, { status: 404, code: "NAME_UNKNOWN", rule: "API-END-I13" });
  assertEquals(registry.tree(), []);
});

Deno.test("PULL-MANIFEST-03: a deletion under an invalid name is refused with 400", async () => {
  await using registry = await startRegistry();

  for (const name of ["UPPER/x", "a..b", "_tags", "..", "%2e%2e/x"]) {
    const deleted = await registry.sendRaw("DELETE", `/v2/${name}/manifests/latest`);

    await expectRefusal(deleted, { status: 400, code: "NAME_INVALID", rule: "PULL-MANIFEST-03" });
  }
});

Deno.test("MGMT-02 MGMT-TAG-02: if deletion is switched off, it is refused with 405, and the tag stays", async () => {
  await using registry = await startRegistry({ noDelete: true });
  const { digest } = await registry.pushImage("library/hello", { tag: "latest" });

  for (const tag of ["latest", "never"]) {
    const refused = await registry.send("DELETE", `/v2/library/hello/manifests/${tag}`);

    assertEquals(refused.headers.get("Allow")!.split(", ").sort(), ["GET", "HEAD", "PUT"]);
    await expectRefusal(refused, { status: 405, code: "UNSUPPORTED", rule: "API-01" });
  }
  assertEquals((await registry.send("GET", LATEST)).headers.get("Docker-Content-Digest"), digest);
});

Deno.test("API-01: a tag is deleted only while it points to the manifest that If-Match names", async () => {
  await using registry = await startRegistry();
  const before = await registry.pushImage("library/hello", { tag: "latest" });
  const after = await registry.pushImage("library/hello", { tag: "latest", annotations: { v: "2" } });

  const stale = await registry.send("DELETE", LATEST, { headers: { "If-Match": `"${before.digest}"` } });
  const between = await registry.send("HEAD", LATEST);
  const fresh = await registry.send("DELETE", LATEST, { headers: { "If-Match": `"${after.digest}"` } });

  assertEquals(stale.headers.get("ETag"), `"${after.digest}"`);
  await expectRefusal(stale, { status: 412, code: "DENIED", rule: "PUSH-SUBJECT-13" });
  assertEquals([between.status, fresh.status], [200, 202]);
  assertEquals((await registry.send("HEAD", LATEST)).status, 404);
});

Deno.test("MGMT-TAG-01: of several deletions of a tag at once, one is answered with 202", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello", { tag: "latest" });

  const deleted = await Promise.all(Array.from({ length: 5 }, () => registry.send("DELETE", LATEST)));

  assertEquals(deleted.map(({ status }) => status).sort(), [202, 404, 404, 404, 404]);
});

Deno.test("the story of a deleted tag: its file is gone", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/hello", { tag: "latest" });

  await registry.send("DELETE", LATEST);

  const { endpoint, status, changes } = registry.stories.at(-1)!;
  assertEquals([endpoint?.id, endpoint?.heading, status], ["end-9", "MGMT-TAG", 202]);
  assertEquals(changes, [{ sign: "-", path: "library/hello/_tags/latest", before: digest }]);
});
