/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#deleting-manifests */

import { assertEquals } from "@std/assert";
import { descriptorOf, digestOf, expectRefusal, startRegistry, TYPES } from "../fixture.ts";

const HELLO = "/v2/library/hello/manifests";

Deno.test("MGMT-01 MGMT-MANIFEST-01 MGMT-MANIFEST-I01: deleting a manifest answers 202, and deletes all its tags", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/hello", { tag: "latest" });
  await registry.pushImage("library/hello", { tag: "v1" });
  const other = await registry.pushImage("library/hello", { tag: "v2", annotations: { v: "2" } });

  const deleted = await registry.send("DELETE", `${HELLO}/${digest}`);

  assertEquals([deleted.status, await deleted.text()], [202, ""]);
  for (const tagOrDigest of [digest, "latest", "v1"]) {
    const pulled = await registry.send("GET", `${HELLO}/${tagOrDigest}`);
    await expectRefusal(pulled, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
  }
  const kept = await registry.send("GET", `${HELLO}/v2`);
  assertEquals([kept.status, await kept.text()], [200, other.text]);
  assertEquals((await (await registry.send("GET", "/v2/library/hello/tags/list")).json()).tags, ["v2"]);
});

Deno.test("MGMT-MANIFEST-01: on disk the manifest and its tags are gone, and its blobs stay", async () => {
  await using registry = await startRegistry();
  const { digest, layer, config } = await registry.pushImage("library/hello", { tag: "latest" });

  await registry.send("DELETE", `${HELLO}/${digest}`);

  assertEquals(registry.tree(), [`library/hello/${layer}/blob`, `library/hello/${config}/config.json`].sort());
});

Deno.test("MGMT-MANIFEST-01: the same manifest in another repository, and under another algorithm, stays", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage("library/hello");
  const sha512 = await registry.pushManifest("library/hello", text, { algorithm: "sha512" });
  const index = { schemaVersion: 2, mediaType: TYPES.index, manifests: [] };
  const here = await registry.pushManifest("library/hello", index);
  await registry.pushManifest("library/other", index);

  await registry.send("DELETE", `${HELLO}/${digest}`);
  await registry.send("DELETE", `${HELLO}/${here}`);

  assertEquals((await registry.send("GET", `${HELLO}/${sha512}`)).status, 200);
  assertEquals((await registry.send("GET", `/v2/library/other/manifests/${here}`)).status, 200);
});

Deno.test("MGMT-MANIFEST-01: a manifest of sha512 is deleted with the tags that point to that digest", async () => {
  await using registry = await startRegistry();
  const text = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
  const digest = digestOf(text, "sha512");
  const headers = { "Content-Type": TYPES.index };
  await registry.send("PUT", `${HELLO}/${digest}?tag=sha512`, { body: text, headers });
  await registry.pushManifest("library/hello", text, { tag: "sha256" });

  const deleted = await registry.send("DELETE", `${HELLO}/${digest}`);

  assertEquals(deleted.status, 202);
  assertEquals((await registry.send("HEAD", `${HELLO}/sha512`)).status, 404);
  assertEquals((await registry.send("HEAD", `${HELLO}/sha256`)).status, 200);
});

// The client has named exactly this manifest.
Deno.test("MGMT-MANIFEST-01: a manifest that an index lists can be deleted, and the index stays", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage("library/hello");
  const index = { schemaVersion: 2, mediaType: TYPES.index, manifests: [descriptorOf(text, TYPES.image)] };
  await registry.pushManifest("library/hello", index, { tag: "latest" });

  const deleted = await registry.send("DELETE", `${HELLO}/${digest}`);

  assertEquals(deleted.status, 202);
  assertEquals((await registry.send("HEAD", `${HELLO}/${digest}`)).status, 404);
  assertEquals(await (await registry.send("GET", `${HELLO}/latest`)).json(), index);
});

Deno.test("MGMT-MANIFEST-02: a manifest of a repository that does not exist is not found", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/hello");

  for (const name of ["never/pushed", "library", "library/hello/world"]) {
    const deleted = await registry.send("DELETE", `/v2/${name}/manifests/${digest}`);

    const [detail] = await expectRefusal(deleted, { status: 404, code: "NAME_UNKNOWN", rule: "MGMT-MANIFEST-02" });
    assertEquals(detail.expected, `a manifest of ${name}`);
  }
  assertEquals((await registry.send("HEAD", `${HELLO}/${digest}`)).status, 200);
});

Deno.test("MGMT-MANIFEST-02: a manifest that the repository does not hold, or does not hold any more, is not found", async () => {
  await using registry = await startRegistry();
  const { digest, layer } = await registry.pushImage("library/hello");
  const other = await registry.pushManifest("library/other", {
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [],
  });
  await registry.send("DELETE", `${HELLO}/${digest}`);

  for (
    const missing of [digest, other, layer, digestOf("nothing"), `md5:${"a".repeat(32)}`, `blake3:${"a".repeat(64)}`]
  ) {
    const deleted = await registry.send("DELETE", `${HELLO}/${missing}`);

    await expectRefusal(deleted, { status: 404, code: "MANIFEST_UNKNOWN", rule: "MGMT-MANIFEST-02" });
  }
  assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${layer}`)).status, 200);
});

Deno.test("API-ERR-I04: a deletion of a malformed digest is refused with 400", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello", { tag: "latest" });
  const before = registry.tree();

  for (const digest of ["sha256:abc", "sha256:", ":", `sha256:${"A".repeat(64)}`, "sha256:..%2f.."]) {
    const deleted = await registry.send("DELETE", `${HELLO}/${digest}`);

    await expectRefusal(deleted, { status: 400, code: "DIGEST_INVALID", rule: "API-ERR-I04" });
  }
  assertEquals(registry.tree(), before);
});

Deno.test("MGMT-02 MGMT-MANIFEST-03: if deletion is switched off, it is refused with 405, and the manifest stays", async () => {
  await using registry = await startRegistry({ noDelete: true });
  const { digest } = await registry.pushImage("library/hello", { tag: "latest" });

  for (const name of [digest, digestOf("nothing")]) {
    const refused = await registry.send("DELETE", `${HELLO}/${name}`);

    assertEquals(refused.headers.get("Allow")!.split(", ").sort(), ["GET", "HEAD", "PUT"]);
    await expectRefusal(refused, { status: 405, code: "UNSUPPORTED", rule: "API-01" });
  }
  assertEquals((await registry.send("HEAD", `${HELLO}/${digest}`)).status, 200);
  assertEquals((await registry.send("HEAD", `${HELLO}/latest`)).status, 200);
});

Deno.test("MGMT-MANIFEST-01: a manifest that was deleted can be pushed again, and none of its tags come back", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage("library/hello", { tag: "latest" });
  await registry.send("DELETE", `${HELLO}/${digest}`);
  await registry.pushManifest("library/hello", text);

  const byDigest = await registry.send("GET", `${HELLO}/${digest}`);
  const byTag = await registry.send("GET", `${HELLO}/latest`);

  assertEquals([byDigest.status, await byDigest.text()], [200, text]);
  await expectRefusal(byTag, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
});

Deno.test("MGMT-MANIFEST-01: a manifest whose bytes are also a blob is deleted, and the blob stays", async () => {
  await using registry = await startRegistry();
  const text = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
  const digest = await registry.pushManifest("library/hello", text);
  await registry.pushBlob("library/hello", text);

  const deleted = await registry.send("DELETE", `${HELLO}/${digest}`);

  assertEquals([deleted.status, (await registry.send("HEAD", `${HELLO}/${digest}`)).status], [202, 404]);
  assertEquals(await (await registry.send("GET", `/v2/library/hello/blobs/${digest}`)).text(), text);
});

Deno.test("API-01: a manifest is not deleted if a condition of the request forbids it", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/hello");

  for (const [name, value] of [["If-Match", `"${digestOf("other")}"`], ["If-None-Match", "*"]]) {
    const refused = await registry.send("DELETE", `${HELLO}/${digest}`, { headers: { [name]: value } });

    await expectRefusal(refused, { status: 412, code: "DENIED", rule: "PUSH-SUBJECT-13" });
  }
  const deleted = await registry.send("DELETE", `${HELLO}/${digest}`, { headers: { "If-Match": "*" } });
  assertEquals(deleted.status, 202);
});

Deno.test("the story of a deleted manifest: its tags are deleted first, then it and its entry as a referrer, and its type last", async () => {
  await using registry = await startRegistry();
  const subject = descriptorOf("the subject", TYPES.image);
  const { digest } = await registry.pushImage("library/hello", { tag: "note", subject });

  await registry.send("DELETE", `${HELLO}/${digest}`);

  const { endpoint, status, changes } = registry.stories.at(-1)!;
  assertEquals([endpoint?.id, endpoint?.heading, status], ["end-9", "MGMT-MANIFEST", 202]);
  assertEquals(changes, [
    { sign: "-", path: "library/hello/_tags/note", before: digest },
    { sign: "-", path: `library/hello/${digest}/manifest.json` },
    { sign: "-", path: `library/hello/_referrers/${subject.digest}/${digest}.json` },
    { sign: "-", path: `library/hello/${digest}/content-type` },
  ]);
});
