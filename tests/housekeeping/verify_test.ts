/** Verify finds each kind of damage, and nothing in a store that is sound. */

import { around } from "../../src/disk/around.ts";
import type { Disk } from "../../src/disk/disk.ts";
import { failing } from "../../src/disk/failing.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Finding, verify, type VerifyOptions } from "../../src/housekeeping/verify.ts";
import { descriptorOf, digestOf, expectRefusal, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";

const REPOSITORY = "library/hello";
const UUID = "0f9c5d3e-1b2a-4c3d-8e4f-5a6b7c8d9e0f";

// Returns the findings of `verify`, over a store of its own, like that of a process beside the registry.
function findingsIn({ root }: TestRegistry, options: VerifyOptions = {}): Promise<Finding[]> {
  return Array.fromAsync(verify(localDisk(root, { durability: "none" }), options));
}

// Checks that there is exactly one finding, of this kind and at this path. Returns its text.
async function expectOneFinding(
  registry: TestRegistry,
  expected: Pick<Finding, "kind" | "path">,
  options: VerifyOptions = {},
): Promise<string> {
  const findings = await findingsIn(registry, options);
  assertEquals(findings.map(({ kind, path }) => ({ kind, path })), [expected], JSON.stringify(findings));
  return findings[0].text;
}

// Keeps the length of the file, so that only its bytes show the damage.
function flipFirstByte(registry: TestRegistry, path: string): string {
  const bytes = Deno.readFileSync(`${registry.root}/${path}`);
  bytes[0] ^= 1;
  Deno.writeFileSync(`${registry.root}/${path}`, bytes);
  return digestOf(bytes);
}

function write(registry: TestRegistry, path: string, text: string): void {
  Deno.mkdirSync(`${registry.root}/${path}`.replace(/[^/]*$/, ""), { recursive: true });
  Deno.writeTextFileSync(`${registry.root}/${path}`, text);
}

function remove(registry: TestRegistry, path: string): void {
  Deno.removeSync(`${registry.root}/${path}`);
}

// Returns an artifact about a subject. It is only an index, because an index needs no blobs.
function artifactAbout(subject: object, annotations?: Record<string, string>) {
  return {
    schemaVersion: 2,
    mediaType: TYPES.index,
    artifactType: "text/x-note",
    manifests: [],
    subject,
    ...(annotations && { annotations }),
  };
}

async function pushImageWithArtifact(registry: TestRegistry) {
  const image = await registry.pushImage(REPOSITORY, { tag: "latest" });
  const artifact = artifactAbout(descriptorOf(image.text, TYPES.image), { by: "a test" });
  const digest = await registry.pushManifest(REPOSITORY, artifact);
  return { image, digest, entry: `${REPOSITORY}/_referrers/${image.digest}/${digest}.json` };
}

Deno.test("a sound store has no finding: images, indexes, artifacts, mounts, sha512 and an empty blob", async () => {
  await using registry = await startRegistry();
  const { image } = await pushImageWithArtifact(registry);
  await registry.pushManifest(REPOSITORY, {
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [descriptorOf(image.text, TYPES.image)],
  }, { tag: "all", algorithm: "sha512" });
  await registry.pushBlob(REPOSITORY, "", "sha512");
  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${image.layer}&from=${REPOSITORY}`);
  const before = registry.tree();

  const findings = await findingsIn(registry, { quarantine: true });

  assertEquals(findings, []);
  assertEquals(registry.tree(), before);
});

Deno.test("an empty root has no finding", async () => {
  await using registry = await startRegistry();

  const findings = await findingsIn(registry);

  assertEquals(findings, []);
});

Deno.test("the progress counts the digests of all repositories", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello");
  await registry.pushBlob("library/other", "foo");
  const counts: number[] = [];

  await findingsIn(registry, { progress: (count) => counts.push(count) });

  assertEquals(counts, [1, 2, 3, 4]);
});

Deno.test("a changed byte in a blob is a fault that names the digest of the bytes", async () => {
  await using registry = await startRegistry();
  const { layer } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  const actual = flipFirstByte(registry, `${REPOSITORY}/${layer}/blob`);

  const text = await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/${layer}/blob` });

  assertEquals(text, `its bytes have the digest ${actual}`);
});

Deno.test("a changed byte in a sha512 blob is a fault too", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushBlob(REPOSITORY, "foo", "sha512");
  flipFirstByte(registry, `${REPOSITORY}/${digest}/blob`);

  const text = await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/${digest}/blob` });

  assertEquals(text, `its bytes have the digest ${digestOf("goo", "sha512")}`);
});

Deno.test("a blob that was cut short is a fault", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushBlob(REPOSITORY, "foobar");
  Deno.truncateSync(`${registry.root}/${REPOSITORY}/${digest}/blob`, 3);

  const text = await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/${digest}/blob` });

  assertEquals(text, `its bytes have the digest ${digestOf("foo")}`);
});

Deno.test("a changed byte in a manifest is a fault: the bytes have another digest, and are no manifest any more", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  const path = `${REPOSITORY}/${digest}/manifest.json`;
  const actual = flipFirstByte(registry, path);

  const findings = await findingsIn(registry);

  assertEquals(findings.map(({ kind, path }) => [kind, path]), [["fault", path], ["fault", path]]);
  assertEquals(findings[0].text, `its bytes have the digest ${actual}`);
  assertMatch(findings[1].text, /no manifest of type application\/vnd\.oci\.image\.manifest\.v1\+json/);
});

Deno.test("a mounted blob is one file: its damage is a fault of each repository that has it", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob("library/hello", "foo");
  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${foo}&from=library/hello`);
  flipFirstByte(registry, `library/hello/${foo}/blob`);

  const findings = await findingsIn(registry);

  assertEquals(findings.map(({ kind, path }) => [kind, path]), [
    ["fault", `library/hello/${foo}/blob`],
    ["fault", `library/other/${foo}/blob`],
  ]);
});

Deno.test("a manifest without its content-type is a fault: nobody can pull it", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  remove(registry, `${REPOSITORY}/${digest}/content-type`);

  const text = await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/${digest}/manifest.json` });

  assertMatch(text, /content-type/);
});

Deno.test("a content-type that is not for manifests, or not the manifest's own, is a fault", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage(REPOSITORY, { tag: "latest" });

  for (const type of ["text/plain", TYPES.dockerImage, "junk\n"]) {
    write(registry, `${REPOSITORY}/${digest}/content-type`, type);

    const text = await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/${digest}/manifest.json` });

    assert(text.includes(type), text);
  }
});

Deno.test("a tag whose text is no digest is a fault", async () => {
  await using registry = await startRegistry();
  await registry.pushImage(REPOSITORY, { tag: "latest" });

  for (const junk of ["", "junk", "sha256:abc"]) {
    write(registry, `${REPOSITORY}/_tags/latest`, junk);

    const text = await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/_tags/latest` });

    assertEquals(text, "is not the text of a digest");
  }
});

Deno.test("a tag that points to nothing, or to a blob, is a fault", async () => {
  await using registry = await startRegistry();
  const { layer } = await registry.pushImage(REPOSITORY, { tag: "latest" });

  for (const digest of [digestOf("never pushed"), layer]) {
    write(registry, `${REPOSITORY}/_tags/latest`, digest);

    const text = await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/_tags/latest` });

    assertEquals(text, `points to ${digest}, which is not there`);
  }
});

Deno.test("a layer or config that was deleted from under a manifest is a fault of that manifest", async () => {
  await using registry = await startRegistry();
  const { digest, layer, config } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  await registry.send("DELETE", `/v2/${REPOSITORY}/blobs/${layer}`);
  await registry.send("DELETE", `/v2/${REPOSITORY}/blobs/${config}`);

  const findings = await findingsIn(registry);

  const path = `${REPOSITORY}/${digest}/manifest.json`;
  assertEquals(findings, [
    { kind: "fault", path, text: `needs ${config} (${TYPES.config}), which is not there` },
    { kind: "fault", path, text: `needs ${layer} (${TYPES.layer}), which is not there` },
  ]);
});

async function pushIndexAndDeleteChild(registry: TestRegistry) {
  const child = await registry.pushImage(REPOSITORY);
  const index = await registry.pushManifest(REPOSITORY, {
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [descriptorOf(child.text, TYPES.image)],
  }, { tag: "all" });
  await registry.send("DELETE", `/v2/${REPOSITORY}/manifests/${child.digest}`);
  return { child, index };
}

Deno.test("a child that was deleted from under an index is a fault of that index", async () => {
  await using registry = await startRegistry();
  const { child, index } = await pushIndexAndDeleteChild(registry);

  const text = await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/${index}/manifest.json` });

  assertEquals(text, `needs ${child.digest} (${TYPES.image}), which is not there`);
});

Deno.test("a blob is not the child manifest that an index needs", async () => {
  await using registry = await startRegistry();
  const { child, index } = await pushIndexAndDeleteChild(registry);
  await registry.pushBlob(REPOSITORY, child.text);

  const text = await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/${index}/manifest.json` });

  assertEquals(text, `needs ${child.digest} (${TYPES.image}), which is not there`);
});

Deno.test("with allowSparse, content that was never pushed is no fault", async () => {
  await using registry = await startRegistry({ allowSparse: true });
  const missing = descriptorOf("never pushed", TYPES.image);
  const index = { schemaVersion: 2, mediaType: TYPES.index, manifests: [missing] };
  const digest = await registry.pushManifest(REPOSITORY, index, { tag: "all" });

  const strict = await findingsIn(registry);
  const sparse = await findingsIn(registry, { allowSparse: true });

  const path = `${REPOSITORY}/${digest}/manifest.json`;
  assertEquals(strict, [{
    kind: "fault",
    path,
    text: `needs ${missing.digest} (${TYPES.image}), which is not there`,
  }]);
  assertEquals(sparse, []);
});

Deno.test("layers that are kept elsewhere are no fault when they are not there", async () => {
  await using registry = await startRegistry();
  await registry.pushImage(REPOSITORY, {
    tag: "latest",
    layers: [
      descriptorOf("one", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
      descriptorOf("two", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
      { ...descriptorOf("three", TYPES.layer), urls: ["https://layers.example/three"] },
    ],
  });

  const findings = await findingsIn(registry);

  assertEquals(findings, []);
});

Deno.test("a descriptor with a size other than that of its content was accepted, and is a note", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob(REPOSITORY, "foo");
  const { digest } = await registry.pushImage(REPOSITORY, {
    tag: "latest",
    layers: [{ ...descriptorOf("foo", TYPES.layer), size: 4 }],
  });

  const text = await expectOneFinding(registry, { kind: "note", path: `${REPOSITORY}/${digest}/manifest.json` });

  assertEquals(text, `says that ${foo} has 4 bytes, but it has 3`);
});

Deno.test("the size of a child in an index is compared with the child", async () => {
  await using registry = await startRegistry();
  const child = await registry.pushImage(REPOSITORY);
  const index = await registry.pushManifest(REPOSITORY, {
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [{ ...descriptorOf(child.text, TYPES.image), size: 1 }],
  }, { tag: "all" });

  const text = await expectOneFinding(registry, { kind: "note", path: `${REPOSITORY}/${index}/manifest.json` });

  assertEquals(text, `says that ${child.digest} has 1 bytes, but it has ${child.text.length}`);
});

Deno.test("DISC-REFERRERS-01: a manifest that is not listed among the referrers of its subject is a fault", async () => {
  await using registry = await startRegistry();
  const { image, digest, entry } = await pushImageWithArtifact(registry);
  remove(registry, entry);

  const text = await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/${digest}/manifest.json` });

  assertEquals(text, `is not listed among the referrers of its subject ${image.digest}`);
});

Deno.test("DISC-REFERRERS-09: an entry that differs from its manifest is a fault", async () => {
  await using registry = await startRegistry();
  const { entry } = await pushImageWithArtifact(registry);
  const { annotations: _, ...withoutAnnotations } = JSON.parse(registry.read(entry));

  for (const wrong of ["", "junk", "{}", JSON.stringify(withoutAnnotations)]) {
    write(registry, entry, wrong);

    const text = await expectOneFinding(registry, { kind: "fault", path: entry });

    assertEquals(text, "does not say what the manifest says");
  }
});

Deno.test("DISC-REFERRERS-I01: an entry under another subject than the manifest has is a fault", async () => {
  await using registry = await startRegistry();
  const { image, digest, entry } = await pushImageWithArtifact(registry);
  const wrong = `${REPOSITORY}/_referrers/${image.config}/${digest}.json`;
  write(registry, wrong, registry.read(entry));

  const text = await expectOneFinding(registry, { kind: "fault", path: wrong });

  assertEquals(text, `lists ${digest}, which is no manifest here with that subject`);
});

Deno.test("an entry whose manifest is not there is a note: it has no effect", async () => {
  await using registry = await startRegistry();
  const { image, digest, entry } = await pushImageWithArtifact(registry);
  remove(registry, `${REPOSITORY}/${digest}/manifest.json`);
  remove(registry, `${REPOSITORY}/${digest}/content-type`);
  remove(registry, `${REPOSITORY}/${digest}`);

  await expectOneFinding(registry, { kind: "note", path: entry });

  const referrers = await registry.send("GET", `/v2/${REPOSITORY}/referrers/${image.digest}`);
  assertEquals([referrers.status, (await referrers.json()).manifests], [200, []]);
});

Deno.test("PUSH-01: a subject that is not there is no finding", async () => {
  await using registry = await startRegistry();
  await registry.pushManifest(REPOSITORY, artifactAbout(descriptorOf("never pushed", TYPES.image)));

  const findings = await findingsIn(registry);

  assertEquals(findings, []);
});

Deno.test("an unfinished upload is a note, even in a repository that has nothing else", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession(REPOSITORY);
  await registry.send("PATCH", location, { body: "foo" });

  const text = await expectOneFinding(registry, {
    kind: "note",
    path: `${REPOSITORY}/_uploads/${location.split("/").at(-1)}/`,
  });

  assertEquals(text, "an upload that is not finished");
});

Deno.test("a file that was written aside and never got its name is a note, wherever files are written aside", async () => {
  await using registry = await startRegistry();
  const { image } = await pushImageWithArtifact(registry);
  const folders = [
    `${REPOSITORY}/${image.digest}`,
    `${REPOSITORY}/_tags`,
    `${REPOSITORY}/_referrers/${image.digest}`,
  ];

  for (const folder of folders) {
    write(registry, `${folder}/.${UUID}`, "half of someth");

    await expectOneFinding(registry, { kind: "note", path: `${folder}/.${UUID}` });

    remove(registry, `${folder}/.${UUID}`);
  }
});

Deno.test("a file in a digest's folder that the registry did not put there is a note", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  write(registry, `${REPOSITORY}/${digest}/README`, "by hand");

  const text = await expectOneFinding(registry, { kind: "note", path: `${REPOSITORY}/${digest}/README` });

  assertEquals(text, "not a file of the registry");
});

Deno.test("a digest's folder with nothing in it is a note", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob(REPOSITORY, "foo");
  remove(registry, `${REPOSITORY}/${foo}/blob`);

  const text = await expectOneFinding(registry, { kind: "note", path: `${REPOSITORY}/${foo}/` });

  assertEquals(text, "an empty folder");
});

Deno.test("verify changes nothing unless it is told to put corrupt content in quarantine", async () => {
  await using registry = await startRegistry();
  const { layer } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  flipFirstByte(registry, `${REPOSITORY}/${layer}/blob`);
  const before = registry.tree();

  await findingsIn(registry);

  assertEquals(registry.tree(), before);
});

Deno.test("PULL-BLOB-04: no client gets a corrupt blob that is in quarantine, and a new push repairs it", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob(REPOSITORY, "foo");
  flipFirstByte(registry, `${REPOSITORY}/${foo}/blob`);

  const findings = await findingsIn(registry, { quarantine: true });

  assertEquals(findings.map(({ kind, path }) => [kind, path]), [["fault", `${REPOSITORY}/${foo}/blob`]]);
  const [moved, ...rest] = registry.tree();
  assertEquals(rest, []);
  assert(moved.startsWith(`_quarantine/${REPOSITORY}/${foo}/blob.`), moved);
  assertEquals(registry.read(moved), "goo");
  const pulled = await registry.send("GET", `/v2/${REPOSITORY}/blobs/${foo}`);
  await expectRefusal(pulled, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
  assertEquals((await registry.send("HEAD", `/v2/${REPOSITORY}/blobs/${foo}`)).status, 404);

  await registry.pushBlob(REPOSITORY, "foo");
  assertEquals(await (await registry.send("GET", `/v2/${REPOSITORY}/blobs/${foo}`)).text(), "foo");
  assertEquals(await findingsIn(registry), []);
});

Deno.test("PULL-MANIFEST-11: no client gets a corrupt manifest that is in quarantine, and a new push repairs it", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  await registry.send("GET", `/v2/${REPOSITORY}/manifests/latest`);
  flipFirstByte(registry, `${REPOSITORY}/${digest}/manifest.json`);

  await findingsIn(registry, { quarantine: true });

  for (const tagOrDigest of ["latest", digest]) {
    const pulled = await registry.send("GET", `/v2/${REPOSITORY}/manifests/${tagOrDigest}`);
    await expectRefusal(pulled, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
  }
  await registry.pushManifest(REPOSITORY, text, { tag: "latest" });
  assertEquals(await (await registry.send("GET", `/v2/${REPOSITORY}/manifests/latest`)).text(), text);
  assertEquals(await findingsIn(registry), []);
});

Deno.test("if a client replaces a corrupt blob after verify has read it, quarantine leaves the new one alone", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob(REPOSITORY, "foo");
  flipFirstByte(registry, `${REPOSITORY}/${foo}/blob`);

  for await (const { kind } of verify(localDisk(registry.root), { quarantine: true })) {
    assertEquals(kind, "fault");
    assertEquals((await registry.send("DELETE", `/v2/${REPOSITORY}/blobs/${foo}`)).status, 202);
    await registry.pushBlob(REPOSITORY, "foo");
  }

  assertEquals(registry.tree(), [`${REPOSITORY}/${foo}/blob`]);
  assertEquals(await (await registry.send("GET", `/v2/${REPOSITORY}/blobs/${foo}`)).text(), "foo");
});

Deno.test("the content in quarantine is no repository", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob(REPOSITORY, "foo");
  await registry.pushBlob(REPOSITORY, "bar");
  flipFirstByte(registry, `${REPOSITORY}/${foo}/blob`);
  await findingsIn(registry, { quarantine: true });

  const catalog = await registry.send("GET", "/v2/_catalog");

  assertEquals(await catalog.json(), { repositories: [REPOSITORY] });
});

Deno.test("if a blob and a manifest have the same bytes, quarantine takes only the corrupt one of the two files", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  await registry.pushBlob(REPOSITORY, text);
  flipFirstByte(registry, `${REPOSITORY}/${digest}/blob.json`);

  await expectOneFinding(registry, { kind: "fault", path: `${REPOSITORY}/${digest}/blob.json` }, { quarantine: true });

  assertEquals(await (await registry.send("GET", `/v2/${REPOSITORY}/manifests/latest`)).text(), text);
  assertEquals((await registry.send("GET", `/v2/${REPOSITORY}/blobs/${digest}`)).status, 404);
});

// Reads one file of each kind with a disk that cannot.
async function findingsWithout(registry: TestRegistry, path: string): Promise<Finding[]> {
  const operations = ["read", "readTogether", "open"] as const;
  const plan = [{ operations, path: new RegExp(`^${RegExp.escape(path)}$`) }];
  return await Array.fromAsync(verify(failing(localDisk(registry.root, { durability: "none" }), plan)));
}

Deno.test("what the disk cannot read is a fault, and the rest is verified", async () => {
  await using registry = await startRegistry();
  const blob = await registry.pushBlob(REPOSITORY, "foo");
  const { image } = await pushImageWithArtifact(registry);
  write(registry, `${REPOSITORY}/_tags/zero`, "no digest");
  const broken = { kind: "fault", path: `${REPOSITORY}/_tags/zero`, text: "is not the text of a digest" };
  const text = "cannot be verified: Input/output error (os error 5)";
  const fault = (path: string) => ({ kind: "fault", path: `${REPOSITORY}/${path}`, text });

  assertEquals(await findingsWithout(registry, `${REPOSITORY}/${blob}/blob`), [fault(`${blob}/`), broken]);
  assertEquals(await findingsWithout(registry, `${REPOSITORY}/_tags/latest`), [fault("_tags/latest"), broken]);
  assertEquals(await findingsWithout(registry, `${REPOSITORY}/${image.digest}`), [
    fault(`${image.digest}/manifest.json`),
    broken,
  ]);
});

Deno.test("a folder that the disk cannot list is a fault, and the repositories after it are verified", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("team/a", "foo");
  await registry.pushBlob("team/a/below", "foo");
  await registry.pushBlob("team/b", "foo");
  write(registry, "team/b/_tags/zero", "no digest");
  const disk = failing(localDisk(registry.root, { durability: "none" }), [{
    operations: ["listMany"],
    path: /^team\/a$/,
  }]);
  const error = "Input/output error (os error 5)";
  assertEquals(await Array.fromAsync(verify(disk)), [
    { kind: "fault", path: "team/a/", text: `cannot be verified: ${error}` },
    { kind: "fault", path: "team/a/", text: `cannot be searched for repositories: ${error}` },
    { kind: "fault", path: "team/b/_tags/zero", text: "is not the text of a digest" },
  ]);
});

Deno.test("a root that the disk cannot list ends verify", async () => {
  await using registry = await startRegistry();
  const disk = failing(localDisk(registry.root, { durability: "none" }), [{ operations: ["listMany"], path: /^$/ }]);
  await assertRejects(() => Array.fromAsync(verify(disk)), Error, "Input/output error (os error 5)");
});

Deno.test("a folder of a repository that cannot be listed is one fault, and what lies beside it and behind it is verified", async () => {
  await using registry = await startRegistry();
  const { image } = await pushImageWithArtifact(registry);
  write(registry, `${REPOSITORY}/_uploads/${UUID}/data`, "foo");
  for (const repository of ["alpine", "library/hello-world", "zoo/lion"]) {
    await registry.pushBlob(repository, "foo");
    write(registry, `${repository}/_tags/zero`, "no digest");
  }
  const broken = (repository: string) => `fault ${repository}/_tags/zero`;
  const upload = `note ${REPOSITORY}/_uploads/${UUID}/`;
  const others = [broken("alpine"), broken("library/hello-world"), broken("zoo/lion")];
  const [before, ...after] = others;

  const findings = async (folder: string, ...operations: ("list" | "listMany")[]) => {
    const disk = failing(localDisk(registry.root, { durability: "none" }), [{
      operations,
      path: new RegExp(`^${RegExp.escape(folder)}$`),
    }]);
    return (await Array.fromAsync(verify(disk))).map(({ kind, path }) => `${kind} ${path}`);
  };
  const beside = (folder: string, ...more: string[]) => [before, `fault ${folder}/`, ...more, ...after];

  for (const folder of ["_tags", "_referrers", `_referrers/${image.digest}`]) {
    assertEquals(await findings(`${REPOSITORY}/${folder}`, "listMany"), beside(`${REPOSITORY}/${folder}`, upload));
  }
  assertEquals(await findings(`${REPOSITORY}/_uploads`, "listMany"), beside(`${REPOSITORY}/_uploads`));
});

// A disk on which another process removes something just before one operation.
function removedBefore(registry: TestRegistry, operation: string, path: string, ...gone: string[]): Disk {
  return around(localDisk(registry.root, { durability: "none" }), ({ name, path: at }, args, act) => {
    if (name === operation && at === `${REPOSITORY}/${path}`) {
      for (const path of gone.splice(0)) Deno.removeSync(`${registry.root}/${REPOSITORY}/${path}`, { recursive: true });
    }
    return act(args);
  });
}

Deno.test("what a registry deletes while it is verified is no fault", async () => {
  const after = async (
    operation: string,
    where: (digests: { image: string; artifact: string; config: string }) => string[],
  ) => {
    await using registry = await startRegistry();
    const { image, digest: artifact } = await pushImageWithArtifact(registry);
    const config = JSON.parse(image.text).config.digest;
    const [path, ...gone] = where({ image: image.digest, artifact, config });
    return (await Array.fromAsync(verify(removedBefore(registry, operation, path, ...gone))))
      .filter(({ kind }) => kind === "fault");
  };

  const faults = {
    tag: await after("read", () => ["_tags/latest", "_tags/latest"]),
    manifest: await after("readTogether", ({ artifact }) => [artifact, artifact, "_referrers"]),
    blob: await after("find", ({ config, image }) => [config, image, config, "_tags", "_referrers"]),
    referrer: await after("read", ({ image, artifact }) => {
      const entry = `_referrers/${image}/${artifact}.json`;
      return [entry, entry, artifact];
    }),
  };
  assertEquals(faults, { tag: [], manifest: [], blob: [], referrer: [] });
});

Deno.test("corrupt content that cannot be moved aside is told, and the rest is verified", async () => {
  await using registry = await startRegistry();
  const blob = await registry.pushBlob(REPOSITORY, "foo");
  write(registry, `${REPOSITORY}/_tags/zero`, "no digest");
  const actual = flipFirstByte(registry, `${REPOSITORY}/${blob}/blob`);
  const disk = failing(localDisk(registry.root, { durability: "none" }), [{
    operations: ["quarantine"],
    code: "EROFS",
  }]);

  const path = `${REPOSITORY}/${blob}/blob`;
  assertEquals(await Array.fromAsync(verify(disk, { quarantine: true })), [
    { kind: "fault", path, text: `its bytes have the digest ${actual}` },
    { kind: "fault", path, text: "cannot be moved aside: Read-only file system (os error 30)" },
    { kind: "fault", path: `${REPOSITORY}/_tags/zero`, text: "is not the text of a digest" },
  ]);
});
