/** Archives of `docker save` from before version 25, which have no manifest as registries keep it. */

import { assertEquals, assertRejects } from "@std/assert";
import { localDisk } from "../../src/disk/local_disk.ts";
import { readDockerArchive } from "../../src/filling/docker_archive.ts";
import { FillError, RecordFiles } from "../../src/filling/files.ts";
import { fill, type FillOptions } from "../../src/filling/fill.ts";
import { createRegistry } from "../../src/registry.ts";
import { bytes, digestOf, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { dockerArchive, gzipOf, type TarEntry, tarOf, TestLayout } from "./archive.ts";

const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";

async function expectRefused(entries: readonly TarEntry[], message: string, options: FillOptions = {}): Promise<void> {
  using folder = new Folder();
  const registry = createRegistry({ disk: localDisk(folder.path, { durability: "none" }) });
  const { message: actual } = await assertRejects(() => fill(registry, new Blob([tarOf(entries)]), options), FillError);
  assertEquals([actual, folder.tree()], [`the archive: ${message}`, []]);
}

async function manifestIn(entries: readonly TarEntry[], options: FillOptions = {}) {
  using folder = new Folder();
  const registry = createRegistry({ disk: localDisk(folder.path, { durability: "none" }) });
  const { images: [image] } = await fill(registry, new Blob([tarOf(entries)]), options);
  const response = await registry(new Request(`http://localhost/v2/${image.name}/manifests/${image.digest}`));
  return { image, type: response.headers.get("Content-Type"), manifest: await response.json() };
}

function changed(entries: readonly TarEntry[], list: (json: Record<string, unknown>) => unknown): TarEntry[] {
  return entries.map((entry) => {
    if (entry.name !== "manifest.json") return entry;
    return { ...entry, content: JSON.stringify(list(JSON.parse(entry.content as string)[0])) };
  });
}

Deno.test("the manifest is made of the config and the layers as they are, in Docker's format", async () => {
  const entries = dockerArchive({ tags: ["hello:v1"], layers: ["one", "two", "one"] });
  // An archive has equal layers once, as docker writes them.
  const { image, type, manifest } = await manifestIn(entries.slice(0, 3).concat(entries.at(-1)!));

  const layers = ["one", "two", "one"].map((text) => ({ mediaType: DOCKER_LAYER, size: 3, digest: digestOf(text) }));
  assertEquals(image.name, "library/hello");
  assertEquals([image.tag, type], ["v1", TYPES.dockerImage]);
  assertEquals(manifest, {
    schemaVersion: 2,
    mediaType: TYPES.dockerImage,
    config: {
      mediaType: DOCKER_CONFIG,
      size: (entries[0].content as string).length,
      digest: digestOf(entries[0].content as string),
    },
    layers,
  });
});

Deno.test("equal layers that are links are followed", async () => {
  const entries = dockerArchive({ layers: ["one", "one"] });
  const [config, first, , list] = entries;
  const json = JSON.parse(list.content as string);
  json[0].Layers[1] = "other/layer.tar";
  const link = { name: "other/layer.tar", type: "2", link: `../${first.name}` };
  const { manifest } = await manifestIn([config, first, link, { ...list, content: JSON.stringify(json) }]);
  assertEquals(manifest.layers.map(({ digest }: { digest: string }) => digest), [digestOf("one"), digestOf("one")]);
});

Deno.test("a compressed layer stays compressed, and what it becomes is what the config names", async () => {
  const layer = await gzipOf(bytes("one"));
  const whole = dockerArchive({ layers: ["one"] });
  const entries = whole.map((entry) => entry.content === "one" ? { ...entry, content: layer } : entry);
  const { manifest } = await manifestIn(entries);
  assertEquals(manifest.layers, [{ mediaType: `${DOCKER_LAYER}.gzip`, size: layer.length, digest: digestOf(layer) }]);

  const other = await gzipOf(bytes("other"));
  const wrong = entries.map((entry) => entry.content === layer ? { ...entry, content: other } : entry);
  const path = entries[1].name;
  await expectRefused(wrong, `${path}: has the digest ${digestOf("other")}, but the config names "${digestOf("one")}"`);
});

Deno.test("an archive without names needs one, and a given name comes before its own", async () => {
  const nameless = dockerArchive({ tags: null });
  const { image } = await manifestIn(dockerArchive({ tags: ["hello:v1"] }), { name: "a/b:v2" });
  assertEquals([image.name, image.tag], ["a/b", "v2"]);
  assertEquals((await manifestIn(nameless, { name: "a/b:v2" })).image, image);
  await expectRefused(nameless, `does not say to which repository ${image.digest} belongs; give its NAME`);
});

Deno.test("a layer that is not the one that the config names is refused by name", async () => {
  const entries = dockerArchive({ layers: ["one", "two"], diffIds: [digestOf("one"), digestOf("TWO")] });
  await expectRefused(
    entries,
    `${entries[2].name}: has the digest ${digestOf("two")}, but the config names "${digestOf("TWO")}"`,
  );
});

Deno.test("a config that has changed under its name is refused by name", async () => {
  const [config, ...rest] = dockerArchive();
  const content = (config.content as string).replace("amd64", "arm64");
  await expectRefused([{ ...config, content }, ...rest], `${config.name}: has the digest ${digestOf(content)}`);
});

Deno.test("a file that is missing, and a list that is malformed, are refused by name", async () => {
  const entries = dockerArchive();
  const [config, layer, ...rest] = entries;
  await expectRefused([config, ...rest], `${layer.name}: is not there, but manifest.json names it`);
  await expectRefused([layer, ...rest], `${config.name}: is not there, but manifest.json names it`);
  await expectRefused(
    changed(entries, (json) => json),
    "manifest.json: is not a list of images, so this is no archive of docker save",
  );
  await expectRefused(changed(entries, () => []), "has no image at all");
  await expectRefused(changed(entries, (json) => [{ ...json, Config: 7 }]), "manifest.json: has no text at [0].Config");
  await expectRefused(
    changed(entries, (json) => [{ ...json, Layers: [7] }]),
    "manifest.json: has no list of texts at [0].Layers",
  );
  await expectRefused(
    changed(entries, (json) => [{ ...json, RepoTags: "x" }]),
    "manifest.json: has no list of texts at [0].RepoTags",
  );
  await expectRefused(
    changed(entries, (json) => [{ ...json, RepoTags: ["a b"] }]),
    'manifest.json: has the malformed name "a b" in RepoTags',
  );
  await expectRefused(
    changed(entries, (json) => [{ ...json, Layers: [] }]),
    `${config.name}: names 2 layers, but manifest.json has 0 for it`,
  );
});

Deno.test("a layer of zstd stays one, and other compressions are refused by name", async () => {
  const zstd = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]);
  const xz = new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);
  const whole = dockerArchive({ layers: ["one"] });
  const withLayer = (content: Uint8Array) =>
    whole.map((entry) => entry.content === "one" ? { ...entry, content } : entry);

  const { manifest } = await manifestIn(withLayer(zstd));

  assertEquals(manifest.layers, [{ mediaType: `${DOCKER_LAYER}.zstd`, size: 7, digest: digestOf(zstd) }]);
  await expectRefused(withLayer(xz), `${whole[1].name}: is compressed with xz, and no client could read such a layer`);
});

Deno.test("a compressed layer that is damaged is refused by name", async () => {
  const layer = (await gzipOf(bytes("one"))).slice(0, -6);
  const entries = dockerArchive({ layers: ["one"] }).map((entry) =>
    entry.content === "one" ? { ...entry, content: layer } : entry
  );
  await expectRefused(entries, `${entries[1].name}: cannot be decompressed: unexpected end of file`);
});

Deno.test("a long manifest.json is read to its end", async () => {
  const layers = Array.from({ length: 1200 }, () => "one");
  const entries = dockerArchive({ layers });
  const { manifest } = await manifestIn([entries[0], entries[1], entries.at(-1)!]);
  assertEquals([manifest.layers.length, entries.at(-1)!.content!.length > 64 * 1024], [1200, true]);
});

/** An archive as docker writes it since version 25: a layout with an index of two platforms, of which docker has pulled one. */
function newArchive(...alsoMissing: string[]) {
  const layout = new TestLayout();
  const [here, elsewhere] = ["here", "elsewhere"].map((text) => layout.addImage(text));
  const attestation = {
    ...layout.addImage("attestation"),
    annotations: { "vnd.docker.reference.type": "attestation-manifest" },
  };
  const index = layout.addManifest({ mediaType: TYPES.index, manifests: [here, elsewhere, attestation] });
  const named = { "io.containerd.image.name": "docker.io/library/alpine:3" };
  layout.list(index, "3", named);
  for (const digest of [elsewhere.digest, ...alsoMissing]) delete layout.files[`blobs/${digest.replace(":", "/")}`];
  layout.files["manifest.json"] = JSON.stringify([{ Config: "x", RepoTags: ["alpine:3"], Layers: [] }]);
  return { layout, index, here, elsewhere };
}

Deno.test("of an index that docker saved with one image, that image is taken, byte for byte", async () => {
  const { layout, index, here } = newArchive();
  const { image, manifest } = await manifestIn(layout.entries());
  assertEquals(image, { name: "library/alpine", tag: "3", digest: here.digest, index: index.digest });
  assertEquals(JSON.stringify(manifest), layout.files[`blobs/${here.digest.replace(":", "/")}`]);
});

Deno.test("an index of which docker saved no image is refused, and so is one in a layout that is not from docker", async () => {
  const { here, index, elsewhere } = newArchive();
  const place = `blobs/${index.digest.replace(":", "/")}`;
  const missing = "which is not there; with --allow-sparse, the index is taken without it";
  await expectRefused(
    newArchive(here.digest).layout.entries(),
    `${place}: names the manifest ${here.digest}, ${missing}`,
  );
  const { layout } = newArchive();
  delete layout.files["manifest.json"];
  await expectRefused(layout.entries(), `${place}: names the manifest ${elsewhere.digest}, ${missing}`);
});

Deno.test("a layer and a config that are named many times are read once", async () => {
  const entries = dockerArchive({ layers: ["one", "one", "one"] });
  const record = Object.fromEntries(entries.map(({ name, content }) => [name, content!]));
  const [list] = JSON.parse(record["manifest.json"] as string);
  const looked: string[] = [];
  const files = new class extends RecordFiles {
    override look(path: string, algorithm: string) {
      looked.push(path);
      return super.look(path, algorithm);
    }
  }(record);
  const again = { ...list, Layers: list.Layers.map(() => list.Layers[0]) };
  const { listed } = await readDockerArchive(files, bytes(JSON.stringify([again, again])));
  assertEquals(listed.length, 2 * (list.RepoTags?.length || 1));
  assertEquals(looked, [list.Config, list.Layers[0]]);
});
