/** The tree draws the content of the registry. */

import { localDisk } from "../../src/disk/local_disk.ts";
import { assertEquals } from "@std/assert";
import { drawTree, type RepositoryTree } from "../../src/housekeeping/draw_tree.ts";
import { descriptorOf, digestOf, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";

const REPOSITORY = "library/hello";
const FOO = digestOf("foo");

function treesOf({ root }: TestRegistry): Promise<unknown[]> {
  return Array.fromAsync(drawTree(localDisk(root, { durability: "none" })));
}

async function onlyTreeOf({ root }: TestRegistry): Promise<RepositoryTree> {
  const [tree, ...others] = await Array.fromAsync(drawTree(localDisk(root, { durability: "none" })));
  assertEquals(others, []);
  return tree;
}

Deno.test("a registry with nothing in it has no tree, and neither has an upload that is not finished", async () => {
  await using registry = await startRegistry();

  const before = await treesOf(registry);
  await registry.openSession(REPOSITORY);
  const after = await treesOf(registry);

  assertEquals([before, after], [[], []]);
});

Deno.test("an image has its tags, its size, and its blobs with the names of their files", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY, { tag: "v1" });
  await registry.pushManifest(REPOSITORY, image.text, { tag: "latest" });
  const layer = "layer of library/hello";
  const config = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });

  const trees = await treesOf(registry);

  assertEquals(trees, [{
    name: REPOSITORY,
    size: image.text.length + config.length + layer.length,
    manifests: [{
      digest: image.digest,
      tags: ["latest", "v1"],
      kind: "image",
      size: image.text.length,
      subject: undefined,
      children: [],
      blobs: [
        { digest: image.config, file: "config.json", size: config.length, names: 1 },
        { digest: image.layer, file: "blob", size: layer.length, names: 1 },
      ],
    }],
    loose: [],
  }]);
});

Deno.test("repositories come in the order of byte values, each with its own tree", async () => {
  await using registry = await startRegistry();
  for (const name of ["b", "a/c", "a-b", "a"]) await registry.pushBlob(name, "foo");

  const trees = await Array.fromAsync(drawTree(localDisk(registry.root)));

  assertEquals(trees.map(({ name, size }) => [name as string, size]), [["a", 3], ["a-b", 3], ["a/c", 3], ["b", 3]]);
});

Deno.test("a blob that is one file in two repositories says so, and counts in both", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${FOO}&from=library/hello`);

  const trees = await treesOf(registry);

  const loose = [{ digest: FOO, file: "blob", size: 3, names: 2 }];
  assertEquals(trees, [
    { name: "library/hello", size: 3, manifests: [], loose },
    { name: "library/other", size: 3, manifests: [], loose },
  ]);
});

Deno.test("a blob that no manifest needs is loose", async () => {
  await using registry = await startRegistry();
  await registry.pushImage(REPOSITORY, { tag: "latest" });
  await registry.pushBlob(REPOSITORY, "foo");

  const { loose } = await onlyTreeOf(registry);

  assertEquals(loose.map(({ digest }) => digest as string), [FOO]);
});

Deno.test("a blob that only an index lists is not loose", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  const index = { schemaVersion: 2, mediaType: TYPES.index, manifests: [descriptorOf("foo", "text/plain")] };
  await registry.pushManifest(REPOSITORY, index, { tag: "latest" });

  const { loose } = await onlyTreeOf(registry);

  assertEquals(loose, []);
});

Deno.test("a blob that is several layers of an image is counted once", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  const layer = descriptorOf("foo", TYPES.layer);
  const image = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.image, config: layer, layers: [layer, layer] });
  await registry.pushManifest(REPOSITORY, image);

  const { size, manifests } = await onlyTreeOf(registry);

  assertEquals(manifests[0].blobs.map(({ digest }) => digest as string), [FOO, FOO, FOO]);
  assertEquals(size, image.length + 3);
});

Deno.test("a blob that is not there has no file", async () => {
  await using registry = await startRegistry();
  const { layer } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  await registry.send("DELETE", `/v2/${REPOSITORY}/blobs/${layer}`);

  const { manifests: [{ blobs: [, missing] }] } = await onlyTreeOf(registry);

  assertEquals<unknown>(missing, { digest: layer, size: 0, names: 0 });
});

Deno.test("an index has its children, and they are drawn without a tag", async () => {
  await using registry = await startRegistry();
  const child = await registry.pushImage(REPOSITORY);
  const digest = await registry.pushManifest(REPOSITORY, {
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [descriptorOf(child.text, TYPES.image)],
  }, { tag: "all" });

  const { manifests } = await onlyTreeOf(registry);

  const drawn = manifests.map(({ digest, tags, kind, children }) => ({ digest, tags, kind, children }));
  const expected = [
    { digest: child.digest, tags: [], kind: "image", children: [] },
    { digest, tags: ["all"], kind: "index", children: [child.digest] },
  ].sort((a, b) => a.digest < b.digest ? -1 : 1);
  assertEquals<unknown>(drawn, expected);
});

Deno.test("a referrer shows its manifest as its subject, and has the type that it names", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  const subject = descriptorOf(image.text, TYPES.image);
  const base = { schemaVersion: 2, mediaType: TYPES.index, manifests: [], subject };
  const note = await registry.pushManifest(REPOSITORY, { ...base, artifactType: "text/x-note" });
  const plain = await registry.pushManifest(REPOSITORY, base);

  const { manifests } = await onlyTreeOf(registry);

  const kindOf = (digest: string) =>
    manifests.filter((manifest) => manifest.digest === digest).map(({ kind, subject }) => [kind, subject as string]);
  assertEquals(kindOf(note), [["text/x-note", image.digest]]);
  assertEquals(kindOf(plain), [["index", image.digest]]);
});

Deno.test("what is no container image has the type that it names, or else the media type of its config", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "{}");
  const chart = descriptorOf("{}", "application/vnd.cncf.helm.config.v1+json");
  const empty = descriptorOf("{}", "application/vnd.oci.empty.v1+json");
  const docker = descriptorOf("{}", "application/vnd.docker.container.image.v1+json");
  const base = { schemaVersion: 2, mediaType: TYPES.image, layers: [] };
  const manifests = [
    { ...base, config: chart },
    { ...base, config: empty, artifactType: "text/x-note" },
    { ...base, config: docker },
    { schemaVersion: 2, mediaType: TYPES.index, manifests: [], artifactType: "text/x-list" },
  ];
  for (const [at, manifest] of manifests.entries()) {
    await registry.pushManifest(REPOSITORY, manifest, { tag: `t${at}` });
  }

  const drawn = (await onlyTreeOf(registry)).manifests.map(({ tags, kind }) => `${tags} ${kind}`);

  assertEquals(drawn.sort(), [
    "t0 application/vnd.cncf.helm.config.v1+json",
    "t1 text/x-note",
    "t2 image",
    "t3 text/x-list",
  ]);
});

Deno.test("a manifest that cannot be read is drawn as such", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  Deno.writeTextFileSync(`${registry.root}/${REPOSITORY}/${digest}/manifest.json`, "{");

  const { manifests, loose } = await onlyTreeOf(registry);

  assertEquals<unknown>(manifests, [
    { digest, tags: ["latest"], kind: "unreadable", size: 1, children: [], blobs: [] },
  ]);
  assertEquals(loose.length, 2);
});

Deno.test("a manifest whose content-type is missing cannot be read, and is drawn as such", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  Deno.removeSync(`${registry.root}/${REPOSITORY}/${digest}/content-type`);

  const { manifests } = await onlyTreeOf(registry);

  assertEquals<unknown>(manifests, [
    { digest, tags: ["latest"], kind: "unreadable", size: text.length, children: [], blobs: [] },
  ]);
});
