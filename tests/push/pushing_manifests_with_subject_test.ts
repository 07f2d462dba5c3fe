/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-manifests-with-subject */

import { assertEquals } from "@std/assert";
import { descriptorOf, digestOf, expectRefusal, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";

const SUBJECT_TEXT = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
const SUBJECT = descriptorOf(SUBJECT_TEXT, TYPES.index);
const IMAGE_CONFIG = "{}";
const IMAGE = {
  schemaVersion: 2,
  mediaType: TYPES.image,
  artifactType: "application/vnd.example.signature",
  config: descriptorOf(IMAGE_CONFIG, TYPES.config),
  layers: [],
  subject: SUBJECT,
};
const INDEX = { schemaVersion: 2, mediaType: TYPES.index, manifests: [], subject: SUBJECT };

function push(
  registry: TestRegistry,
  tagOrDigest: string,
  manifest: { mediaType: string },
  headers: Record<string, string> = {},
): Promise<Response> {
  return registry.send("PUT", `/v2/library/hello/manifests/${tagOrDigest}`, {
    body: JSON.stringify(manifest),
    headers: { "Content-Type": manifest.mediaType, ...headers },
  });
}

Deno.test("PUSH-SUBJECT-01: the answer to an image or an index with a subject names the subject's digest", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", IMAGE_CONFIG);
  await registry.pushManifest("library/hello", SUBJECT_TEXT);

  for (const manifest of [IMAGE, INDEX]) {
    for (const tagOrDigest of ["latest", digestOf(JSON.stringify(manifest))]) {
      const pushed = await push(registry, tagOrDigest, manifest);

      assertEquals([pushed.status, pushed.headers.get("OCI-Subject")], [201, SUBJECT.digest]);
    }
  }
});

Deno.test("PUSH-SUBJECT-01: the answer to a manifest without a subject names none", async () => {
  await using registry = await startRegistry();
  const { subject: _, ...without } = INDEX;

  const pushed = await push(registry, "latest", without);

  assertEquals([pushed.status, pushed.headers.has("OCI-Subject")], [201, false]);
});

Deno.test("PUSH-SUBJECT-01: a repeated push names the subject again, and lists the referrer once", async () => {
  await using registry = await startRegistry();
  await push(registry, "latest", INDEX);

  const again = await push(registry, "latest", INDEX);

  assertEquals([again.status, again.headers.get("OCI-Subject")], [201, SUBJECT.digest]);
  const listed = await registry.send("GET", `/v2/library/hello/referrers/${SUBJECT.digest}`);
  const digests = (await listed.json()).manifests.map(({ digest }: { digest: string }) => digest);
  assertEquals(digests, [digestOf(JSON.stringify(INDEX))]);
});

Deno.test("PUSH-01: the subject need not be there, and may be pushed later", async () => {
  await using registry = await startRegistry();

  const referrer = await push(registry, "signature", INDEX);
  const subject = await registry.send("PUT", `/v2/library/hello/manifests/${SUBJECT.digest}`, {
    body: SUBJECT_TEXT,
    headers: { "Content-Type": TYPES.index },
  });

  assertEquals([referrer.status, referrer.headers.get("OCI-Subject")], [201, SUBJECT.digest]);
  assertEquals(subject.status, 201);
  const listed = await registry.send("GET", `/v2/library/hello/referrers/${SUBJECT.digest}`);
  assertEquals((await listed.json()).manifests.length, 1);
});

Deno.test("PUSH-01: a subject may be of an algorithm that the registry cannot compute", async () => {
  await using registry = await startRegistry();

  for (const algorithm of ["md5", "sha384", "sha512"]) {
    const digest = digestOf("subject", algorithm);
    const pushed = await push(registry, "latest", { ...INDEX, subject: { ...SUBJECT, digest } } as typeof INDEX);

    assertEquals([pushed.status, pushed.headers.get("OCI-Subject")], [201, digest]);
  }
});

Deno.test("PUSH-01: a malformed subject is refused, and nothing is stored", async () => {
  await using registry = await startRegistry();

  for (const subject of ["text", [SUBJECT], {}, { ...SUBJECT, digest: "sha256:zz" }, { ...SUBJECT, size: -1 }]) {
    const refused = await push(registry, "latest", { ...INDEX, subject } as typeof INDEX);

    await expectRefusal(refused, { status: 400, code: "MANIFEST_INVALID", rule: "DEF-I02" });
  }
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-SUBJECT-01: on disk a referrer is a descriptor in the folder of its subject", async () => {
  await using registry = await startRegistry();
  const manifest = { ...INDEX, artifactType: "text/x-note", annotations: { author: "me" } };
  const text = JSON.stringify(manifest);
  const digest = digestOf(text);

  await push(registry, digest, manifest);

  assertEquals(registry.tree("library/hello/_referrers"), [
    `library/hello/_referrers/${SUBJECT.digest}/${digest}.json`,
  ]);
  assertEquals(JSON.parse(registry.read(`library/hello/_referrers/${SUBJECT.digest}/${digest}.json`)), {
    mediaType: TYPES.index,
    digest,
    size: text.length,
    artifactType: "text/x-note",
    annotations: { author: "me" },
  });
});

Deno.test("PUSH-SUBJECT-13: If-Match lets a push succeed only while the tag points to the manifest that the client has read", async () => {
  await using registry = await startRegistry();
  await registry.pushManifest("library/hello", SUBJECT_TEXT, { tag: "latest" });
  const read = await registry.send("GET", "/v2/library/hello/manifests/latest");
  const etag = read.headers.get("ETag")!;

  const first = await push(registry, "latest", INDEX, { "If-Match": etag });
  const second = await push(registry, "latest", { ...INDEX, x: 1 } as typeof INDEX, { "If-Match": etag });

  assertEquals(etag, `"${SUBJECT.digest}"`);
  assertEquals(first.status, 201);
  await expectRefusal(second, { status: 412, code: "DENIED", rule: "PUSH-SUBJECT-13" });
  // The answer has the entity tag of the present manifest. The client can read it and try again.
  assertEquals(second.headers.get("ETag"), `"${digestOf(JSON.stringify(INDEX))}"`);
  assertEquals(registry.read("library/hello/_tags/latest"), digestOf(JSON.stringify(INDEX)));
  assertEquals(registry.stories.at(-1)!.changes, []);
});

Deno.test("PUSH-SUBJECT-13: If-Match matches nothing if there is no tag, not even with *", async () => {
  await using registry = await startRegistry();

  for (const condition of ["*", `"${SUBJECT.digest}"`]) {
    const refused = await push(registry, "latest", INDEX, { "If-Match": condition });

    await expectRefusal(refused, { status: 412, code: "DENIED", rule: "PUSH-SUBJECT-13" });
  }
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-SUBJECT-13: If-Match: * lets a push succeed if the tag exists", async () => {
  await using registry = await startRegistry();
  await registry.pushManifest("library/hello", SUBJECT_TEXT, { tag: "latest" });

  const pushed = await push(registry, "latest", INDEX, { "If-Match": "*" });

  assertEquals(pushed.status, 201);
});

Deno.test("PUSH-SUBJECT-13: If-None-Match: * lets a push succeed only if there is no tag yet", async () => {
  await using registry = await startRegistry();

  const first = await push(registry, "latest", INDEX, { "If-None-Match": "*" });
  const second = await push(registry, "latest", { ...INDEX, x: 1 } as typeof INDEX, { "If-None-Match": "*" });

  assertEquals(first.status, 201);
  await expectRefusal(second, { status: 412, code: "DENIED", rule: "PUSH-SUBJECT-13" });
  assertEquals(registry.read("library/hello/_tags/latest"), digestOf(JSON.stringify(INDEX)));
  assertEquals(registry.stories.at(-1)!.changes, []);
});

Deno.test("PUSH-SUBJECT-13: of several pushes at once that all want to be the first, one succeeds", async () => {
  await using registry = await startRegistry();
  const manifests = ["a", "b", "c", "d"].map((x) => ({ ...INDEX, x }));

  const answers = await Promise.all(
    manifests.map((manifest) => push(registry, "latest", manifest, { "If-None-Match": "*" })),
  );

  assertEquals(answers.map(({ status }) => status).sort(), [201, 412, 412, 412]);
  const winner = manifests[answers.findIndex(({ status }) => status === 201)];
  assertEquals(registry.read("library/hello/_tags/latest"), digestOf(JSON.stringify(winner)));
});

Deno.test("the story of a manifest with a subject: all its other files come first, and the tag last", async () => {
  await using registry = await startRegistry();
  const text = JSON.stringify(INDEX);
  const digest = digestOf(text);

  await push(registry, "signature", INDEX);

  const descriptor = JSON.stringify({ mediaType: TYPES.index, digest, size: text.length });
  assertEquals(registry.stories.at(-1)!.changes, [
    { sign: "+", path: `library/hello/_referrers/${SUBJECT.digest}/${digest}.json`, size: descriptor.length },
    { sign: "+", path: `library/hello/${digest}/content-type`, size: TYPES.index.length },
    { sign: "+", path: `library/hello/${digest}/manifest.json`, size: text.length },
    { sign: "+", path: "library/hello/_tags/signature", size: digest.length, digest },
  ]);
});
