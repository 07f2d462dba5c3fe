/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#enabling-the-referrers-api */

import { assertEquals } from "@std/assert";
import { descriptorOf, digestOf, startRegistry, TestRegistry, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";

const SUBJECT = descriptorOf("the subject", TYPES.image);
const REFERRERS_TAG = SUBJECT.digest.replace(":", "-");
const EMPTY = { schemaVersion: 2, mediaType: TYPES.index, manifests: [] as unknown[] };

// Pushes an image that refers to the subject, as if the registry had not recorded referrers yet.
async function pushOlderReferrer(registry: TestRegistry, fields: Record<string, unknown> = {}) {
  const { text, digest } = await registry.pushImage("library/hello", { subject: SUBJECT, ...fields });
  await Deno.remove(`${registry.root}/library/hello/_referrers`, { recursive: true });
  return { ...descriptorOf(text, TYPES.image), digest };
}

// Pushes the list that a client kept under the referrers tag.
async function pushList(registry: TestRegistry, manifests: unknown[], tag = REFERRERS_TAG): Promise<void> {
  await registry.pushManifest("library/hello", { ...EMPTY, manifests }, { tag });
}

async function listReferrers(registry: TestRegistry, subject = SUBJECT.digest, query = ""): Promise<unknown[]> {
  const listed = await registry.send("GET", `/v2/library/hello/referrers/${subject}${query}`);
  assertEquals([listed.status, listed.headers.get("Content-Type")], [200, TYPES.index]);
  return (await listed.json()).manifests;
}

function byDigest(one: { digest: string }, other: { digest: string }): number {
  return one.digest < other.digest ? -1 : 1;
}

Deno.test("UPGRADE-01 UPGRADE-I01: referrers that clients listed under the referrers tag are in the answer of the referrers API", async () => {
  await using registry = await startRegistry();
  const older = await pushOlderReferrer(registry, { artifactType: "text/x-note" });
  const before = await listReferrers(registry);

  await pushList(registry, [older]);

  assertEquals([before, await listReferrers(registry)], [[], [{ ...older, artifactType: "text/x-note" }]]);
});

Deno.test("UPGRADE-01 DISC-REFERRERS-06 DISC-REFERRERS-09: an older referrer is described by its manifest, and not by the list", async () => {
  await using registry = await startRegistry();
  const older = await pushOlderReferrer(registry, { artifactType: "text/x-note", annotations: { by: "manifest" } });

  await pushList(registry, [{ ...older, artifactType: "text/x-other", annotations: { by: "list" } }]);

  assertEquals(await listReferrers(registry), [{
    ...older,
    artifactType: "text/x-note",
    annotations: { by: "manifest" },
  }]);
});

Deno.test("UPGRADE-01: an entry of the list whose manifest has no subject, or another one, is left out", async () => {
  await using registry = await startRegistry();
  const older = await pushOlderReferrer(registry);
  const other = await pushOlderReferrer(registry, { subject: descriptorOf("another subject", TYPES.image) });
  const { text } = await registry.pushImage("library/hello");

  await pushList(registry, [other, older, descriptorOf(text, TYPES.image)]);

  assertEquals(await listReferrers(registry), [{ ...older, artifactType: TYPES.config }]);
});

Deno.test("UPGRADE-01: an entry of the list whose manifest is not there, or is not there any more, is left out", async () => {
  await using registry = await startRegistry({ allowSparse: true });
  const [gone, stays] = [
    await pushOlderReferrer(registry, { artifactType: "text/x-gone" }),
    await pushOlderReferrer(registry, { artifactType: "text/x-stays" }),
  ];
  await pushList(registry, [descriptorOf("never pushed", TYPES.image), gone, stays]);

  await registry.send("DELETE", `/v2/library/hello/manifests/${gone.digest}`);

  assertEquals(await listReferrers(registry), [{ ...stays, artifactType: "text/x-stays" }]);
});

Deno.test("UPGRADE-01: a referrer that is on the list and was recorded too is listed once", async () => {
  await using registry = await startRegistry();
  const { text } = await registry.pushImage("library/hello", { subject: SUBJECT });

  await pushList(registry, [descriptorOf(text, TYPES.image)]);

  assertEquals(await listReferrers(registry), [{ ...descriptorOf(text, TYPES.image), artifactType: TYPES.config }]);
});

Deno.test("UPGRADE-01: a manifest under the referrers tag that is no index lists nothing", async () => {
  await using registry = await startRegistry();
  await pushOlderReferrer(registry);

  await registry.pushImage("library/hello", { tag: REFERRERS_TAG });

  assertEquals(await listReferrers(registry), []);
});

Deno.test("UPGRADE-01 COMPAT-07: the list of a sha512 subject is under a shortened tag, and only its own entries count", async () => {
  await using registry = await startRegistry();
  const digest = digestOf("the subject", "sha512");
  // Another digest with the same beginning has the same tag.
  const similar = digest.slice(0, -1) + (digest.endsWith("0") ? "1" : "0");
  const older = await pushOlderReferrer(registry, { subject: { ...SUBJECT, digest } });
  const other = await pushOlderReferrer(registry, { subject: { ...SUBJECT, digest: similar } });

  await pushList(registry, [older, other], `sha512-${digest.slice("sha512:".length).slice(0, 64)}`);

  assertEquals(await listReferrers(registry, digest), [{ ...older, artifactType: TYPES.config }]);
  assertEquals(await listReferrers(registry, similar), [{ ...other, artifactType: TYPES.config }]);
});

Deno.test("UPGRADE-01 DISC-REFERRERS-13: a filter looks at older referrers too", async () => {
  await using registry = await startRegistry();
  const a = await pushOlderReferrer(registry, { artifactType: "text/x-a" });
  const b = await pushOlderReferrer(registry, { artifactType: "text/x-b" });

  await pushList(registry, [a, b]);

  assertEquals(await listReferrers(registry, SUBJECT.digest, "?artifactType=text/x-b"), [{
    ...b,
    artifactType: "text/x-b",
  }]);
});

Deno.test("UPGRADE-03: referrers that are pushed from then on are listed beside the older ones", async () => {
  await using registry = await startRegistry();
  const older = await pushOlderReferrer(registry, { artifactType: "text/x-older" });
  await pushList(registry, [older]);

  const { text } = await registry.pushImage("library/hello", { subject: SUBJECT, artifactType: "text/x-newer" });

  const newer = { ...descriptorOf(text, TYPES.image), artifactType: "text/x-newer" };
  const expected = [{ ...older, artifactType: "text/x-older" }, newer];
  assertEquals((await listReferrers(registry) as typeof expected).sort(byDigest), expected.sort(byDigest));
});

Deno.test("UPGRADE-03: a newly pushed image with a subject is listed without any referrers tag", async () => {
  await using registry = await startRegistry();

  const { text } = await registry.pushImage("library/hello", { subject: SUBJECT });

  assertEquals(await listReferrers(registry), [{ ...descriptorOf(text, TYPES.image), artifactType: TYPES.config }]);
  assertEquals((await registry.send("HEAD", `/v2/library/hello/manifests/${REFERRERS_TAG}`)).status, 404);
});

Deno.test("UPGRADE-01: the registry reads the list and each manifest in it once, and reads nothing as long as they stay", async () => {
  await using registry = await startRegistry();
  // All their bytes together are more than the disk remembers.
  const pad = "x".repeat(1_500_000);
  const older = [];
  for (let number = 0; number < 12; number++) older.push(await pushOlderReferrer(registry, { number, pad }));
  await pushList(registry, older);
  const then = new Date(Date.now() - 60 * 60 * 1000);
  for (const path of new Folder(registry.root).everything()) Deno.utimeSync(`${registry.root}/${path}`, then, then);
  const other = new TestRegistry(registry.root, {});
  const expected = older.map((one) => ({ ...one, artifactType: TYPES.config })).sort(byDigest);

  const { readFileSync } = Deno;
  let reads = 0;
  Deno.readFileSync = (path) => {
    if (String(path).endsWith("/manifest.json")) reads++;
    return readFileSync(path);
  };
  try {
    assertEquals([await listReferrers(other), reads], [expected, 13]);
    assertEquals([await listReferrers(other), reads], [expected, 13]);
  } finally {
    Deno.readFileSync = readFileSync;
  }
});
