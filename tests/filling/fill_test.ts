/** Filling a registry from OCI layouts: in memory, in a folder, in an archive. */

import { assertEquals, assertRejects } from "@std/assert";
import { createRegistry, type Registry, type RegistryOptions } from "../../src/registry.ts";
import { ClientError } from "../../src/client/client.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { FillError, type Source } from "../../src/filling/files.ts";
import { addImage, fill, type FillOptions } from "../../src/filling/fill.ts";
import { descriptorOf, digestOf, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { runDeno } from "../processes/program.ts";
import { dockerArchive, gzipOf, tarOf, TestLayout } from "./archive.ts";

function registryIn(folder: Folder, options: RegistryOptions = {}): Registry {
  return createRegistry({ disk: localDisk(folder.path, { durability: "none" }), ...options });
}

async function get(registry: Registry, path: string): Promise<{ status: number; text: string; digest: string | null }> {
  const response = await registry(new Request(`http://localhost/v2/${path}`));
  return {
    status: response.status,
    text: await response.text(),
    digest: response.headers.get("Docker-Content-Digest"),
  };
}

async function tagsOf(registry: Registry, name: string): Promise<string[]> {
  return JSON.parse((await get(registry, `${name}/tags/list`)).text).tags;
}

async function referrersOf(registry: Registry, name: string, digest: string): Promise<string[]> {
  const { manifests } = JSON.parse((await get(registry, `${name}/referrers/${digest}`)).text);
  return manifests.map(({ digest }: { digest: string }) => digest);
}

/** Expects that a source is refused with a message, and that the registry has nothing of it. */
async function expectRefused(source: Source, message: string, options: FillOptions = {}): Promise<void> {
  using folder = new Folder();
  const { message: actual } = await assertRejects(
    () => fill(registryIn(folder), source, { name: "library/hello", ...options }),
    FillError,
  );
  assertEquals([actual, folder.tree()], [message, []]);
}

function blobOf(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

const forms: readonly (readonly [form: string, make: (layout: TestLayout, folder: string) => Promise<Source>])[] = [
  ["a record", (layout) => Promise.resolve(layout.files)],
  ["a folder", (layout, folder) => {
    layout.writeTo(folder);
    return Promise.resolve(folder);
  }],
  ["a tar", (layout) => Promise.resolve(new Blob([tarOf(layout.entries())]))],
  ["a tar of a file", (layout, folder) => {
    Deno.writeFileSync(`${folder}/hello.tar`, tarOf(layout.entries("./")));
    return Promise.resolve(`${folder}/hello.tar`);
  }],
  ["a gzipped tar", async (layout, folder) => {
    Deno.writeFileSync(`${folder}/hello.tar.gz`, await gzipOf(tarOf(layout.entries())));
    return `${folder}/hello.tar.gz`;
  }],
  ["a tar whose index is behind the blobs", (layout) => {
    const entries = layout.entries().toReversed();
    return Promise.resolve(new Blob([tarOf(entries)]));
  }],
];

for (const [form, make] of forms) {
  Deno.test(`${form}: images, an index with its children, a referrer, and a digest of sha512 come in byte for byte`, async () => {
    using root = new Folder();
    using folder = new Folder();
    const layout = new TestLayout();
    const one = layout.list(layout.addImage("one"), "v1");
    const child = layout.addImage("child");
    const all = layout.list(layout.addManifest({ mediaType: TYPES.index, manifests: [child] }), "all");
    const note = layout.list(layout.addImage("note", { subject: child, artifactType: "text/x-note" }));
    const long = layout.addManifest({ mediaType: TYPES.index, manifests: [], annotations: { a: "b" } }, "sha512");
    layout.list(long, "long");
    const registry = registryIn(root);

    const filled = await fill(registry, await make(layout, folder.path), { name: "library/hello" });

    assertEquals(filled.images, [
      { name: "library/hello", tag: "v1", digest: one.digest },
      { name: "library/hello", tag: "all", digest: all.digest },
      { name: "library/hello", tag: "long", digest: long.digest },
      { name: "library/hello", digest: note.digest },
    ]);
    assertEquals([filled.manifests, filled.blobs, filled.newBlobs], [5, 6, 6]);
    assertEquals(await tagsOf(registry, "library/hello"), ["all", "long", "v1"]);
    assertEquals(await referrersOf(registry, "library/hello", child.digest), [note.digest]);
    for (const { digest } of [one, child, all, note, long]) {
      const manifest = await get(registry, `library/hello/manifests/${digest}`);
      assertEquals(manifest, { status: 200, text: layout.files[blobOf(digest)], digest });
    }
    assertEquals((await get(registry, "library/hello/manifests/long")).digest, long.digest);
    const layer = digestOf("layer of child");
    assertEquals((await get(registry, `library/hello/blobs/${layer}`)).text, "layer of child");
  });
}

Deno.test("an image that is there already is pushed again without its blobs, and only its tag moves", async () => {
  using root = new Folder();
  const registry = registryIn(root);
  const layout = new TestLayout();
  const one = layout.list(layout.addImage("one"), "v1");
  const two = layout.list(layout.addImage("two"), "v2");
  await fill(registry, layout.files, { name: "library/hello" });

  const again = await fill(registry, layout.files, { name: "library/hello:v1", image: "v2" });

  assertEquals([again.newBlobs, again.newBytes, again.blobs], [0, 0, 2]);
  assertEquals((await get(registry, "library/hello/manifests/v1")).digest, two.digest);
  assertEquals((await get(registry, `library/hello/manifests/${one.digest}`)).status, 200);
});

Deno.test("a name with a tag takes the only image, or the one with this tag, and the referrers of just that", async () => {
  const layout = new TestLayout();
  const one = layout.list(layout.addImage("one"), "v1");
  const two = layout.list(layout.addImage("two"), "v2");
  const noteOne = layout.list(layout.addImage("note one", { subject: one }), "note");
  layout.list(layout.addImage("note two", { subject: two }));
  const noteOfNote = layout.list(layout.addImage("note of note", { subject: noteOne }));

  using root = new Folder();
  const registry = registryIn(root);
  const filled = await fill(registry, layout.files, { name: "library/hello:v1" });

  const name = "library/hello";
  assertEquals(filled.images, [
    { name, tag: "v1", digest: one.digest },
    { name, digest: noteOne.digest },
    { name, digest: noteOfNote.digest },
  ]);
  assertEquals([filled.manifests, await tagsOf(registry, name)], [3, ["v1"]]);
  assertEquals(await referrersOf(registry, name, one.digest), [noteOne.digest]);
});

Deno.test("a name with a tag that no image of several has is refused, and the refusal says which there are", async () => {
  const layout = new TestLayout();
  layout.list(layout.addImage("one"), "v1");
  layout.list(layout.addImage("two"), "v2");

  await expectRefused(
    layout.files,
    "the layout: has several images; say which one with --image. It has these: v1, v2",
    { name: "library/hello:v3" },
  );
  await expectRefused(layout.files, "the layout: has no image v3; it has these: v1, v2", { image: "v3" });
});

Deno.test("COMPAT-05: the list of referrers that an older client has kept under a tag comes with its image, and counts", async () => {
  using root = new Folder();
  const registry = registryIn(root);
  const layout = new TestLayout();
  const one = layout.list(layout.addImage("one"), "v1");
  layout.list(layout.addImage("two"), "v2");
  const note = layout.addImage("note", { subject: one });
  layout.list(layout.addManifest({ mediaType: TYPES.index, manifests: [note] }), one.digest.replace(":", "-"));

  await fill(registry, layout.files, { name: "library/hello:latest", image: "v1" });

  assertEquals(await tagsOf(registry, "library/hello"), ["latest", one.digest.replace(":", "-")]);
  assertEquals(await referrersOf(registry, "library/hello", one.digest), [note.digest]);
});

Deno.test("without a name, the source's own names count: whole references, those of containerd, and the file's name", async () => {
  using root = new Folder();
  using folder = new Folder();
  const registry = registryIn(root);
  const layout = new TestLayout();
  const { digest } = layout.list(layout.addImage("one"), "ghcr.io/a/b:v1");
  layout.list(layout.addImage("one"), "v2", { "io.containerd.image.name": "docker.io/library/alpine:v2" });
  layout.list(layout.addImage("one"), "v3");
  Deno.writeFileSync(`${folder.path}/Hello.tar`, tarOf(layout.entries()));

  const { images } = await fill(registry, `${folder.path}/Hello.tar`);

  assertEquals(images, [
    { name: "a/b", tag: "v1", digest },
    { name: "library/alpine", tag: "v2", digest },
    { name: "hello", tag: "v3", digest },
  ]);
  for (const { name, tag } of images) assertEquals((await get(registry, `${name}/manifests/${tag}`)).digest, digest);
});

Deno.test("a source without a name needs one, and a name that no repository or tag can have is refused", async () => {
  using folder = new Folder();
  const layout = new TestLayout();
  const { digest } = layout.list(layout.addImage("one"));
  const registry = registryIn(folder);

  const { message } = await assertRejects(() => fill(registry, layout.files), FillError);
  assertEquals(message, `the layout: does not say to which repository ${digest} belongs; give its NAME`);
  await assertRejects(
    () => fill(registry, layout.files, { name: "Hello" }),
    RangeError,
    '"Hello" is not the name of a',
  );
  await assertRejects(() => fill(registry, layout.files, { name: "hello:.x" }), RangeError, '".x" is not a tag');
  await assertRejects(() => fill(registry, layout.files, { name: `hello@${digest}` }), RangeError, "has a digest");

  layout.list(layout.addImage("two"), "not/../a name");
  await expectRefused(
    layout.files,
    `the layout: index.json: calls ${
      digestOf(layout.files[lastBlob(layout)])
    } "not/../a name", and no repository or tag can be called so`,
  );
  assertEquals(folder.tree(), []);
});

function lastBlob(layout: TestLayout): string {
  return Object.keys(layout.files).filter((path) => path.startsWith("blobs/")).at(-1)!;
}

Deno.test("two images for one tag are refused", async () => {
  const layout = new TestLayout();
  layout.list(layout.addImage("one"), "v1");
  layout.list(layout.addImage("two"), "v1");
  await expectRefused(
    layout.files,
    "the layout: index.json: has two images that would be library/hello:v1; one of them is v1",
  );
});

Deno.test("content with other bytes, or of another size, or that is not there, is refused by name, and nothing is left", async () => {
  const layout = new TestLayout();
  const image = layout.list(layout.addImage("one"), "v1");
  const layer = digestOf("layer of one");
  const config = JSON.parse(layout.files[blobOf(image.digest)]).config.digest;

  for (const pack of [(files: Record<string, string>) => files, packed]) {
    const label = pack === packed ? "the archive" : "the layout";
    const other = { ...layout.files, [blobOf(layer)]: "other" };
    await expectRefused(pack(other), `${label}: ${blobOf(layer)}: has the digest ${digestOf("other")}`);

    const manifest = { ...layout.files, [blobOf(image.digest)]: "{}" };
    await expectRefused(pack(manifest), `${label}: ${blobOf(image.digest)}: has the digest ${digestOf("{}")}`);

    const { [blobOf(config)]: _, ...missing } = layout.files;
    await expectRefused(
      pack(missing),
      `${label}: ${blobOf(image.digest)}: names the blob ${config}, which is not there`,
    );

    const { [blobOf(image.digest)]: __, ...without } = layout.files;
    await expectRefused(pack(without), `${label}: index.json: names the manifest ${image.digest}, which is not there`);
  }

  const wrong = new TestLayout();
  const small = { ...wrong.add("layer", TYPES.layer), size: 7 };
  const lying = wrong.list(
    wrong.addManifest({ mediaType: TYPES.image, config: wrong.add("{}", TYPES.config), layers: [small] }),
  );
  const place = `the layout: ${blobOf(lying.digest)}`;
  await expectRefused(wrong.files, `${place}: says that ${small.digest} has 7 bytes, but it has 5`);
});

function packed(files: Record<string, string>): Blob {
  return new Blob([tarOf(Object.entries(files).map(([name, content]) => ({ name, content })))]);
}

Deno.test("an index that lacks a child is refused, unless both the filling and the registry allow it", async () => {
  using root = new Folder();
  const layout = new TestLayout();
  const child = layout.addImage("child");
  const index = layout.list(layout.addManifest({ mediaType: TYPES.index, manifests: [child] }), "all");
  const { [blobOf(child.digest)]: _, ...sparse } = layout.files;

  await expectRefused(
    sparse,
    `the layout: ${
      blobOf(index.digest)
    }: names the manifest ${child.digest}, which is not there; with --allow-sparse, the index is taken without it`,
  );
  const registry = registryIn(root, { allowSparse: true });
  const filled = await fill(registry, sparse, { name: "library/hello", allowSparse: true });

  assertEquals([filled.manifests, await tagsOf(registry, "library/hello")], [1, ["all"]]);
});

Deno.test("a source that is no layout, or a malformed one, is refused by the name of the file", async () => {
  const { "index.json": index, "oci-layout": _, ...rest } = new TestLayout().files;
  const neither = "is not there, so this is no OCI layout; nor is there the manifest.json of docker save";
  await expectRefused({ ...rest, "index.json": index }, `the layout: oci-layout: ${neither}`);
  await expectRefused({ "oci-layout": '{"imageLayoutVersion":"1.0.0"}' }, `the layout: index.json: ${neither}`);
  await expectRefused(
    { "oci-layout": '{"imageLayoutVersion":"9.0.0"}', "index.json": index },
    'the layout: oci-layout: has the imageLayoutVersion "9.0.0"; 1.0.0 is known here',
  );
  const deep = `{"schemaVersion":2,"manifests":${"[".repeat(200)}`;
  await expectRefused(
    { "oci-layout": '{"imageLayoutVersion":"1.0.0"}', "index.json": deep },
    "the layout: index.json: expected at most 100 levels of JSON, got more",
  );
  await expectRefused(
    { "oci-layout": '{"imageLayoutVersion":"1.0.0"}', "index.json": " ".repeat(8 * 1024 ** 2 + 1) },
    "the layout: index.json: it has 8388609 bytes, and 8388608 are the most for such a file",
  );
  await expectRefused(new TestLayout().files, "the layout: has no image at all");
});

Deno.test("a link in a folder may lead to another file of it, and not out of it", async () => {
  using folder = new Folder();
  using root = new Folder();
  const layout = new TestLayout();
  layout.list(layout.addImage("one"), "v1");
  layout.writeTo(`${folder.path}/layout`);
  const layer = `${folder.path}/layout/${blobOf(digestOf("layer of one"))}`;
  Deno.renameSync(layer, `${folder.path}/layout/elsewhere`);
  Deno.symlinkSync(`${folder.path}/layout/elsewhere`, layer);

  const { newBlobs } = await fill(registryIn(root), `${folder.path}/layout`);
  Deno.removeSync(layer);
  Deno.writeTextFileSync(`${folder.path}/secret`, "layer of one");
  Deno.symlinkSync("../../../secret", layer);

  assertEquals(newBlobs, 2);
  const place = `${folder.path}/layout: ${blobOf(digestOf("layer of one"))}`;
  await expectRefused(`${folder.path}/layout`, `${place}: is a link that leads out of the folder`);
});

Deno.test("a source that is not there, or is neither folder nor file, is refused", async () => {
  using folder = new Folder();
  await expectRefused(`${folder.path}/none`, `${folder.path}/none: cannot be read: it is not there`);
  const hint = "a source is a path, without a word such as oci: or docker-archive: in front";
  await expectRefused("oci:none:v1", `oci:none:v1: cannot be read: it is not there; ${hint}`);
  await expectRefused(
    "/dev/null",
    "/dev/null: is neither a folder nor a file; an archive has to be a file, because it is read twice",
  );
});

Deno.test("addImage: without a tag an image can be pulled by its digest only; a tag moves; twice is as once", async () => {
  using root = new Folder();
  const registry = registryIn(root);
  const [one, two] = ["one", "two"].map((text) => {
    const layout = new TestLayout();
    layout.list(layout.addImage(text), "v1");
    return layout.files;
  });

  const digest = await addImage(registry, "library/hello", undefined, one);
  const untagged = await tagsOf(registry, "library/hello");
  const again = await addImage(registry, "library/hello", "latest", one);
  const files = root.tree();
  await addImage(registry, "library/hello", "latest", one);
  const same = root.tree();
  const moved = await addImage(registry, "library/hello", "latest", two);

  assertEquals([untagged, again, same], [[], digest, files]);
  assertEquals((await get(registry, `library/hello/manifests/${digest}`)).status, 200);
  assertEquals((await get(registry, "library/hello/manifests/latest")).digest, moved);
  assertEquals(await tagsOf(registry, "library/hello"), ["latest"]);
});

Deno.test("addImage: a layout of several images is refused", async () => {
  using root = new Folder();
  const layout = new TestLayout();
  layout.list(layout.addImage("one"), "v1");
  layout.list(layout.addImage("two"), "v2");
  await assertRejects(
    () => addImage(registryIn(root), "hello", undefined, layout.files),
    FillError,
    "has several images",
  );
  assertEquals(root.tree(), []);
});

Deno.test("what the registry refuses is an error with its code and its reason", async () => {
  using root = new Folder();
  const layout = new TestLayout();
  layout.list(layout.addImage("one"), "v1");

  const error = await assertRejects(
    () => fill(registryIn(root, { readOnly: true }), layout.files, { name: "library/hello" }),
    ClientError,
  );

  assertEquals([error.status, error.codes, root.tree()], [405, ["UNSUPPORTED"], []]);
});

Deno.test("an archive of docker save with several names goes to several repositories, and its blobs are there once", async () => {
  using root = new Folder();
  const registry = registryIn(root);
  const archive = new Blob([tarOf(dockerArchive({ tags: ["alpine:3", "localhost:5000/a/b:v1", "ghcr.io/c/d:v2"] }))]);

  const { images, newBlobs, blobs } = await fill(registry, archive);

  assertEquals(images.map(({ name, tag }) => `${name}:${tag}`), ["library/alpine:3", "a/b:v1", "c/d:v2"]);
  assertEquals([blobs, newBlobs], [9, 3]);
  const [one, two] = ["library/alpine", "a/b"].map((name) => `${root.path}/${name}/${digestOf("one")}`);
  const [file] = [...Deno.readDirSync(one)].map(({ name }) => name);
  assertEquals(Deno.statSync(`${one}/${file}`).ino, Deno.statSync(`${two}/${file}`).ino);
});

Deno.test("indexes that lie in each other deeper than any program makes them are refused", async () => {
  const layout = new TestLayout();
  let inner = layout.addImage("one");
  for (let depth = 0; depth < 20; depth++) {
    inner = layout.addManifest({ mediaType: TYPES.index, manifests: [inner] });
  }
  layout.list(inner, "v1");
  using root = new Folder();
  const { message } = await assertRejects(() => fill(registryIn(root), layout.files, { name: "hello" }), FillError);
  assertEquals([message.endsWith(": lies in more than 16 indexes"), root.tree()], [true, []], message);
});

Deno.test("a gzipped archive with large and many manifests comes in byte for byte", async () => {
  using root = new Folder();
  const layout = new TestLayout();
  const annotations = (text: string) => ({ annotations: { text: text.repeat(1_500_000) } });
  const images = ["a", "b", "c"].map((text) => layout.list(layout.addImage(text, annotations(text)), text));
  const registry = registryIn(root);

  await fill(registry, new Blob([await gzipOf(tarOf(layout.entries().toReversed()))]), { name: "hello" });

  for (const { digest } of images) {
    assertEquals((await get(registry, `hello/manifests/${digest}`)).text, layout.files[blobOf(digest)]);
  }
});

Deno.test("an entry of the index that is no manifest is refused by its type", async () => {
  const layout = new TestLayout();
  const text = layout.list(layout.add("text", "text/plain"), "v1");
  await expectRefused(
    layout.files,
    `the layout: index.json: names ${text.digest} of the type text/plain, which is no manifest`,
  );
});

Deno.test("a layer that is kept elsewhere need not be there", async () => {
  using root = new Folder();
  const layout = new TestLayout();
  const elsewhere = { ...descriptorOf("elsewhere", TYPES.layer), urls: ["https://example.com/layer"] };
  const config = layout.add("{}", TYPES.config);
  layout.list(layout.addManifest({ mediaType: TYPES.image, config, layers: [elsewhere] }), "v1");

  const { blobs, images } = await fill(registryIn(root), layout.files, { name: "hello" });

  assertEquals([blobs, images.length], [1, 1]);
});

Deno.test("the progress goes up to the number of all bytes, while it checks and while it pushes", async () => {
  using root = new Folder();
  const layout = new TestLayout();
  layout.list(layout.addImage("one"), "v1");
  const archive = new Blob([tarOf(layout.entries())]);
  const last: Record<string, unknown> = {};

  const { newBytes } = await fill(registryIn(root), archive, {
    name: "hello",
    progress: ({ doing, bytes, total }) => last[doing] = [bytes, total],
  });

  assertEquals(last, { checks: [archive.size, archive.size], pushes: [newBytes, newBytes] });
});

Deno.test("a registry in memory is filled from an archive in memory without any permission", async () => {
  const layout = new TestLayout();
  const { digest } = layout.list(layout.addImage("one"), "v1");
  using folder = new Folder();
  const script = `${folder.path}/script.ts`;
  const module = new URL("../../src/mod.ts", import.meta.url);
  const archive = [...tarOf(layout.entries())].join(",");
  Deno.writeTextFileSync(
    script,
    `import { createRegistry, exportImage, fill, memoryDisk } from "${module}";
    const registry = createRegistry({ disk: memoryDisk() });
    const { images } = await fill(registry, new Blob([new Uint8Array([${archive}])]), { name: "hello" });
    let size = 0;
    await exportImage(registry, "hello", new WritableStream({ write: (piece) => void (size += piece.length) }));
    console.log(images[0].digest, size > 4000);`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { out, errors } = await runDeno("run", "--no-prompt", "--quiet", "--no-check", "--config", config, script);
  assertEquals([out, errors], [`${digest} true\n`, ""]);
});

Deno.test("without the permission to read a source, the refusal names the flag of Deno", async () => {
  using folder = new Folder();
  const [script, config] = [`${folder.path}/script.ts`, new URL("../../deno.json", import.meta.url).pathname];
  const url = new URL("../../src/mod.ts", import.meta.url).href;
  Deno.writeTextFileSync(
    script,
    `import { fill } from ${JSON.stringify(url)};
    await fill(() => Promise.reject(new Error()), "hello.tar").catch((error) => console.log(error.message));`,
  );
  const { out, errors } = await runDeno("run", "--no-prompt", "--quiet", "--no-check", "--config", config, script);
  assertEquals([out, errors], ["hello.tar: cannot be read: Deno does not allow it without --allow-read\n", ""]);
});

Deno.test("a manifest of another size than the index says is refused by its digest", async () => {
  const layout = new TestLayout();
  const image = layout.addImage("one");
  layout.list({ ...image, size: 7 }, "v1");
  await expectRefused(
    layout.files,
    `the layout: index.json: says that ${image.digest} has 7 bytes, but it has ${image.size}`,
  );
});

Deno.test("what is listed twice has to be the same both times", async () => {
  const layout = new TestLayout();
  const image = layout.list(layout.addImage("one"), "v1");
  layout.list({ ...image, size: 7 }, "v2");
  await expectRefused(
    layout.files,
    `the layout: index.json: says that ${image.digest} has 7 bytes, but it has ${image.size}`,
  );
  const other = new TestLayout();
  other.list(other.addImage("one"), "v1");
  other.list({ ...image, mediaType: TYPES.index }, "v2");
  const path = `blobs/${image.digest.replace(":", "/")}`;
  const expected = `expected the mediaType that the Content-Type says, ${TYPES.index}, got "${TYPES.image}"`;
  await expectRefused(other.files, `the layout: ${path}: ${expected}`);
});

Deno.test("every tag of a layout with many images comes in", async () => {
  using root = new Folder();
  const registry = registryIn(root);
  const layout = new TestLayout();
  const image = layout.addImage("one");
  const tags = Array.from({ length: 1500 }, (_, number) => `v${10_000 + number}`);
  const notes = Object.fromEntries(Array.from({ length: 20 }, (_, number) => [`note${number}`, "text"]));
  for (const tag of tags) layout.list(image, undefined, { ...notes, "org.opencontainers.image.ref.name": tag });

  const { images } = await fill(registry, layout.files, { name: "hello" });

  assertEquals([images.length, layout.files["index.json"].length > 256 * 1024], [1500, true]);
  assertEquals(await tagsOf(registry, "hello"), tags);
});

Deno.test("DISC-REFERRERS-09: a referrer that no list could hold is refused before anything is pushed", async () => {
  const layout = new TestLayout();
  const image = layout.list(layout.addImage("one"), "v1");
  const annotations = { text: "x".repeat(300_000) };
  const note = layout.list(layout.addImage("note", { subject: image, annotations }));
  using root = new Folder();

  const error = await assertRejects(() => fill(registryIn(root), layout.files, { name: "hello" }), FillError);

  assertEquals([error.path, root.tree()], [blobOf(note.digest), []]);
});

Deno.test("the standard input is no source, because an archive is read twice", async () => {
  await expectRefused("-", "the standard input: an archive has to be a file, because it is read twice");
});
