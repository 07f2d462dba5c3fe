/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#deleting-blobs */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { shorten } from "../../src/definitions/printable.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { clearLeftOvers } from "../../src/housekeeping/clear_left_overs.ts";
import { formatStory } from "../../src/stories/lines.ts";
import { formatJson } from "../../src/story.ts";
import { digestOf, expectRefusal, startRegistry, TYPES } from "../fixture.ts";

const FOO = digestOf("foo");

Deno.test("MGMT-01 MGMT-BLOB-01: deleting a blob answers 202, and the blob is not found any more", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  const bar = await registry.pushBlob("library/hello", "bar");

  const deleted = await registry.send("DELETE", `/v2/library/hello/blobs/${FOO}`);

  assertEquals([deleted.status, await deleted.text()], [202, ""]);
  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${FOO}`);
  await expectRefusal(pulled, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
  assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${FOO}`)).status, 404);
  assertEquals(registry.tree(), [`library/hello/${bar}/blob`]);
});

Deno.test("MGMT-BLOB-01: a blob that was mounted stays in the other repository", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  const mount = `/v2/library/other/blobs/uploads/?mount=${FOO}&from=library/hello`;
  assertEquals((await registry.send("POST", mount)).status, 201);

  await registry.send("DELETE", `/v2/library/hello/blobs/${FOO}`);

  const pulled = await registry.send("GET", `/v2/library/other/blobs/${FOO}`);
  assertEquals([pulled.status, await pulled.text()], [200, "foo"]);
  assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${FOO}`)).status, 404);
});

// The client has named exactly this blob. `verify` reports that the image is broken now.
Deno.test("MGMT-BLOB-01: a blob that a manifest needs can be deleted, and the manifest stays", async () => {
  await using registry = await startRegistry();
  const { layer, text } = await registry.pushImage("library/hello", { tag: "latest" });

  const deleted = await registry.send("DELETE", `/v2/library/hello/blobs/${layer}`);

  assertEquals(deleted.status, 202);
  const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest");
  assertEquals([pulled.status, await pulled.text()], [200, text]);
});

Deno.test("API-WARN-01 MGMT-BLOB-01: the answer and the story warn if a manifest needs the blob that was deleted", async () => {
  await using registry = await startRegistry();
  const { digest, layer, config } = await registry.pushImage("library/hello", { tag: "latest" });
  const warning = `299 - "${digest} needs this blob; nobody can pull it as a whole now"`;

  for (const blob of [layer, config]) {
    const deleted = await registry.send("DELETE", `/v2/library/hello/blobs/${blob}`);

    assertEquals([deleted.status, deleted.headers.get("Warning")], [202, warning]);
    const story = registry.stories.at(-1)!;
    assertEquals(story.warnings, warning);
    assertStringIncludes(formatStory(story), `! Warning: ${shorten(warning)}`);
    assertEquals(JSON.parse(formatJson(story)).warnings, warning);
  }
});

Deno.test("API-WARN-01 MGMT-BLOB-01: nobody is warned if no manifest of the repository needs the blob, or it is not there", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/other", { tag: "latest" });
  const { digest, layer, config } = await registry.pushImage("library/hello", { tag: "latest" });
  await registry.pushBlob("library/hello", "foo");
  await registry.send("POST", `/v2/library/third/blobs/uploads/?mount=${layer}&from=library/hello`);

  const loose = await registry.send("DELETE", `/v2/library/hello/blobs/${FOO}`);
  const mounted = await registry.send("DELETE", `/v2/library/third/blobs/${layer}`);
  const unknown = await registry.send("DELETE", `/v2/library/third/blobs/${config}`);
  await registry.send("DELETE", `/v2/library/hello/manifests/${digest}`);
  const orphan = await registry.send("DELETE", `/v2/library/hello/blobs/${layer}`);

  assertEquals([loose, mounted, unknown, orphan].map(({ status }) => status), [202, 202, 404, 202]);
  assertEquals([loose, mounted, unknown, orphan].map(({ headers }) => headers.get("Warning")), [
    null,
    null,
    null,
    null,
  ]);
  assertEquals(registry.stories.map(({ warnings }) => warnings).filter((text) => text !== undefined), []);
});

Deno.test("MGMT-BLOB-01: a blob of sha512 is deleted, and the same bytes under sha256 stay", async () => {
  await using registry = await startRegistry();
  const sha512 = await registry.pushBlob("library/hello", "foo", "sha512");
  await registry.pushBlob("library/hello", "foo");

  const deleted = await registry.send("DELETE", `/v2/library/hello/blobs/${sha512}`);

  assertEquals(deleted.status, 202);
  assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${sha512}`)).status, 404);
  assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${FOO}`)).status, 200);
});

Deno.test("MGMT-BLOB-01: a blob that was deleted can be pushed again", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.send("DELETE", `/v2/library/hello/blobs/${FOO}`);
  await registry.pushBlob("library/hello", "foo");

  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${FOO}`);

  assertEquals([pulled.status, await pulled.text()], [200, "foo"]);
});

Deno.test("MGMT-BLOB-01: a pull that has begun gets the whole blob, even if it is deleted meanwhile", async () => {
  await using registry = await startRegistry();
  const content = "0123456789".repeat(300_000);
  const digest = await registry.pushBlob("library/hello", content);
  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);

  const deleted = await registry.send("DELETE", `/v2/library/hello/blobs/${digest}`);

  assertEquals([deleted.status, digestOf(await pulled.bytes())], [202, digest]);
});

Deno.test("MGMT-BLOB-02: a blob that the repository does not hold, or does not hold any more, is not found", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.pushBlob("library/other", "bar");
  await registry.send("DELETE", `/v2/library/hello/blobs/${FOO}`);

  for (
    const digest of [FOO, digestOf("bar"), digestOf("nothing"), `md5:${"a".repeat(32)}`, digestOf("foo", "sha512")]
  ) {
    for (const name of ["library/hello", "never/pushed"]) {
      const deleted = await registry.send("DELETE", `/v2/${name}/blobs/${digest}`);

      const [detail] = await expectRefusal(deleted, { status: 404, code: "BLOB_UNKNOWN", rule: "MGMT-BLOB-02" });
      assertEquals([detail.expected, detail.actual], [`a blob in ${name}`, `none for ${digest}`]);
    }
  }
  assertEquals(registry.tree(), [`library/other/${digestOf("bar")}/blob`]);
});

Deno.test("MGMT-BLOB-02: a manifest is no blob, and cannot be deleted as one", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/hello");

  const deleted = await registry.send("DELETE", `/v2/library/hello/blobs/${digest}`);

  await expectRefusal(deleted, { status: 404, code: "BLOB_UNKNOWN", rule: "MGMT-BLOB-02" });
  assertEquals((await registry.send("HEAD", `/v2/library/hello/manifests/${digest}`)).status, 200);
});

Deno.test("MGMT-BLOB-02: a text that looks like a path to another repository's blob deletes nothing", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("foo/bar", "foo");

  const inside = await registry.send("DELETE", `/v2/foo/blobs/bar/${FOO}`);
  const encoded = await registry.send("DELETE", `/v2/foo/blobs/bar%2F${FOO}`);

  await expectRefusal(inside, { status: 404, code: "UNSUPPORTED", rule: "API-01" });
  await expectRefusal(encoded, { status: 400, code: "DIGEST_INVALID", rule: "API-ERR-I04" });
  assertEquals(registry.tree(), [`foo/bar/${FOO}/blob`]);
});

Deno.test("API-ERR-I04: a deletion of a malformed digest is refused with 400", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");

  for (const digest of ["foo", "latest", "sha256:abc", "sha256:", FOO.toUpperCase()]) {
    const deleted = await registry.send("DELETE", `/v2/library/hello/blobs/${digest}`);

    await expectRefusal(deleted, { status: 400, code: "DIGEST_INVALID", rule: "API-ERR-I04" });
  }
  assertEquals(registry.tree(), [`library/hello/${FOO}/blob`]);
});

Deno.test("MGMT-02 MGMT-BLOB-03: if deletion is switched off, it is refused with 405, and the blob stays", async () => {
  await using registry = await startRegistry({ noDelete: true });
  await registry.pushBlob("library/hello", "foo");

  for (const digest of [FOO, digestOf("nothing")]) {
    const refused = await registry.send("DELETE", `/v2/library/hello/blobs/${digest}`);

    assertEquals(refused.headers.get("Allow")!.split(", ").sort(), ["GET", "HEAD"]);
    await expectRefusal(refused, { status: 405, code: "UNSUPPORTED", rule: "API-01" });
  }
  assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${FOO}`)).status, 200);
});

Deno.test("MGMT-02: if deletion is switched off, an upload can still be cancelled", async () => {
  await using registry = await startRegistry({ noDelete: true });
  const location = await registry.openSession("library/hello");

  const cancelled = await registry.send("DELETE", location);

  assertEquals([cancelled.status, registry.tree()], [204, []]);
});

Deno.test("MGMT-BLOB-01: of several deletions of a blob at once, one is answered with 202", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");

  const deleted = await Promise.all(
    Array.from({ length: 5 }, () => registry.send("DELETE", `/v2/library/hello/blobs/${FOO}`)),
  );

  assertEquals(deleted.map(({ status }) => status).sort(), [202, 404, 404, 404, 404]);
});

Deno.test("MGMT-BLOB-01: a repository does not exist any more if only an empty folder is left of it", async () => {
  await using registry = await startRegistry();
  await registry.pushManifest("other", { schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
  await registry.pushBlob("library/hello", "foo");

  await registry.send("DELETE", `/v2/library/hello/blobs/${FOO}`);

  const listed = await registry.send("GET", "/v2/library/hello/tags/list");
  await expectRefusal(listed, { status: 404, code: "NAME_UNKNOWN", rule: "DISC-TAGS-01" });
  assertEquals(await (await registry.send("GET", "/v2/_catalog")).json(), { repositories: ["other"] });
});

Deno.test("the story of a deleted blob: its file is gone", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");

  await registry.send("DELETE", `/v2/library/hello/blobs/${FOO}`);

  const { endpoint, status, changes } = registry.stories.at(-1)!;
  assertEquals([endpoint?.id, endpoint?.heading, status], ["end-10", "MGMT-BLOB", 202]);
  assertEquals(changes, [{ sign: "-", path: `library/hello/${FOO}/blob` }]);
});

Deno.test("MGMT-BLOB-01: a deleted blob stays deleted, even if a killed collection had left its bytes under another name", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob("library/hello", "foo");
  const folder = `${registry.root}/library/hello/${foo}`;
  await Deno.rename(`${folder}/blob`, `${folder}/.blob.${crypto.randomUUID()}`);
  await registry.pushBlob("library/hello", "foo");

  const deleted = await registry.send("DELETE", `/v2/library/hello/blobs/${foo}`);
  const cleared = await Array.fromAsync(clearLeftOvers(localDisk(registry.root)));

  assertEquals([deleted.status, cleared, registry.tree()], [202, [], []]);
});
