/**
 * The graph: its boxes and edges are what is in the folder, as `deno task tree --json` has it too.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { drawTree, type RepositoryTree } from "../../src/housekeeping/draw_tree.ts";
import type { Disk } from "../../src/disk/disk.ts";
import { type MemoryDisk, memoryDisk } from "../../src/disk/memory_disk.ts";
import { defaultsOf, REGISTRY_OPTIONS } from "../../src/options.ts";
import { factsOfGraph, factsOfGraphThen, type GraphLimits } from "../../src/page/graph.ts";
import type { Box, GraphFacts, GraphFile, ManifestParts } from "../../src/page/graph_facts.ts";
import { graphOf } from "../../src/page/graph_of_files.ts";
import { toHtml } from "../../src/page/markup.ts";
import { page } from "../../src/page/page.ts";
import { titleOf, view } from "../../src/page/views/graph.ts";
import { createRegistry } from "../../src/registry.ts";
import { bytes, descriptorOf, digestOf, filesOf, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";
import { Random } from "../fuzz/random.ts";

const HELLO = "library/hello";

async function graph(disk: Disk, path = "", query = "", limits: Partial<GraphLimits> = {}) {
  const address = { rest: path, query: new URLSearchParams(query) };
  // However slow the machine is, nothing is left out because somebody has waited.
  const patience = Infinity;
  return await factsOfGraph(address, { disk, maySee: () => true, maySeeAll: true }, { patience, ...limits });
}

async function graphAt(disk: Disk, path = "", query = "", limits: Partial<GraphLimits> = {}): Promise<GraphFacts> {
  const facts = await graph(disk, path, query, limits);
  assert(facts !== undefined, `${path} has no graph`);
  return facts;
}

async function start(): Promise<{ registry: TestRegistry; disk: MemoryDisk }> {
  const disk = memoryDisk();
  return { registry: await startRegistry({ disk, allowSparse: true }), disk };
}

function imageOf(config: string, layers: readonly string[], fields: object = {}): object {
  return {
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf(config, TYPES.config),
    layers: layers.map((layer) => descriptorOf(layer, TYPES.layer)),
    ...fields,
  };
}

function indexOf(children: readonly object[], fields: object = {}): object {
  return { schemaVersion: 2, mediaType: TYPES.index, manifests: children, ...fields };
}

function pointerTo(manifest: object, fields: object = {}): object {
  const { mediaType } = manifest as { mediaType: string };
  return { ...descriptorOf(JSON.stringify(manifest), mediaType), ...fields };
}

async function pushImage(
  registry: TestRegistry,
  name: string,
  config: string,
  layers: string[],
  tag?: string,
  fields = {},
) {
  for (const blob of [config, ...layers]) await registry.pushBlob(name, blob);
  const manifest = imageOf(config, layers, fields);
  return { manifest, digest: await registry.pushManifest(name, manifest, { tag }) };
}

// The boxes and edges that `deno task tree --json` prints, as texts. It knows nothing of uploads, and of what a tag points to that is
// not there. An attestation is a child of its index, and no more.
function ofTree(trees: readonly RepositoryTree[], disk: Disk): { boxes: string[]; edges: string[] } {
  const boxes = new Set<string>();
  const edges = new Set<string>();
  for (const { name, manifests, loose } of trees) {
    const known = new Map(manifests.map(({ digest }) => [digest as string, `${name}/${digest}/manifest.json`]));
    const blobAt = (digest: string, file?: string) => `${name}/${digest}${file === undefined ? "" : `/${file}`}`;
    const child = (digest: string) => {
      const file = disk.list(`${name}/${digest}`).find((file) => !["manifest.json", "content-type"].includes(file));
      return known.get(digest) ?? blobAt(digest, file);
    };
    const point = (from: string, to: string) => {
      boxes.add(from).add(to);
      edges.add(`${from} ${to}`);
    };
    for (const { digest, tags, size, subject, children, blobs } of manifests) {
      const path = known.get(digest)!;
      assertEquals(disk.look(path)?.size, size);
      boxes.add(path);
      for (const tag of tags) point(`${name}/_tags/${tag}`, path);
      for (const { digest, file } of blobs) point(path, blobAt(digest, file));
      for (const digest of children) point(path, child(digest));
      if (subject !== undefined) point(path, known.get(subject) ?? blobAt(subject));
    }
    for (const { digest, file } of loose) boxes.add(blobAt(digest, file));
  }
  return { boxes: [...boxes].sort(), edges: [...edges].sort() };
}

async function expectSameAsTree(disk: Disk): Promise<void> {
  const trees = await Array.fromAsync(drawTree(disk));
  const limits = { files: Infinity, contents: Infinity, parts: Infinity, reached: Infinity };
  const whole = await graphAt(disk, "", "", limits);
  const isOfTree = ({ path, kind }: Box) => kind !== "session" && !isDangling(whole, path);
  const edgesOf = (
    { edges }: GraphFacts,
  ) => [
    ...new Set(
      edges.filter(({ kind, from }) => kind !== "attests" && !isDangling(whole, from)).map(({ from, to }) =>
        `${from} ${to}`
      ),
    ),
  ];
  const expected = ofTree(trees, disk);
  assertEquals(whole.boxes.filter(isOfTree).map(({ path }) => path).sort(), expected.boxes);
  assertEquals(edgesOf(whole).sort(), expected.edges);

  for (const { path, isThere, size } of whole.boxes) {
    const file = disk.look(path);
    assertEquals([path, isThere], [path, file !== undefined]);
    if (isThere && !path.includes("/_tags/")) assertEquals(size, file!.size);
  }
  for (const { name, manifests, loose } of trees) {
    const one = await graphAt(disk, name, "", limits);
    const own = ({ path }: { path: string }) => path.startsWith(`${name}/_`) || path.startsWith(`${name}/sha256:`);
    assertEquals(one.boxes.map(({ path }) => path), whole.boxes.filter(own).map(({ path }) => path));
    assertEquals(edgesOf(one), edgesOf(whole).filter((edge) => own({ path: edge })));
    // What the tree calls loose, nobody needs.
    const unneeded = one.boxes.filter(({ needers, isThere, path }) =>
      needers === 0 && isThere && !path.endsWith("/manifest.json")
    );
    assertEquals(
      unneeded.map(({ path }) => path).sort(),
      loose.map(({ digest, file }) => `${name}/${digest}/${file}`).sort(),
    );
    for (const { digest, tags } of manifests) {
      const box = one.boxes.find(({ path }) => path === `${name}/${digest}/manifest.json`)!;
      if (tags.length > 0) assert(box.needers! >= tags.length, `${box.path} is needed by ${box.needers}`);
    }
  }
}

// A tag that points to nothing, and the nothing that only such tags point to.
function isDangling({ boxes, edges }: GraphFacts, path: string): boolean {
  const isThere = (path: string) => boxes.find((box) => box.path === path)!.isThere;
  const from = edges.filter((edge) => edge.from === path);
  if (path.includes("/_tags/")) return from.length === 0 || !isThere(from[0].to);
  const to = edges.filter((edge) => edge.to === path);
  return !isThere(path) && to.every(({ kind }) => kind === "tag");
}

Deno.test("a graph has the boxes and edges of the tree: tags, images, a shared layer, and what nobody needs", async () => {
  const { registry, disk } = await start();
  await pushImage(registry, HELLO, "{}", ["base", "one"], "v1");
  await pushImage(registry, HELLO, '{"a":1}', ["base", "two"], "v2");
  await pushImage(registry, HELLO, '{"b":1}', ["base"]);
  await registry.pushBlob(HELLO, "nobody");

  await expectSameAsTree(disk);
  const { boxes } = await graphAt(disk, HELLO);
  const needers = Object.fromEntries(boxes.map(({ name, needers }) => [name, needers]));
  assertEquals(needers[digestOf("base")], 3);
  assertEquals(needers[digestOf("nobody")], 0);
  assertEquals(needers[digestOf(JSON.stringify(imageOf('{"b":1}', ["base"])))], 0);
  assertEquals(boxes.find(({ kind }) => kind === "tag"), {
    path: `${HELLO}/_tags/v1`,
    repository: HELLO,
    kind: "tag",
    name: "v1",
    what: "tag",
    digest: digestOf(JSON.stringify(imageOf("{}", ["base", "one"]))),
    isThere: true,
  });
});

Deno.test("a graph has indexes in indexes, their platforms, and attestations at their images", async () => {
  const { registry, disk } = await start();
  const { manifest: amd } = await pushImage(registry, HELLO, "{}", ["amd"]);
  const { manifest: note } = await pushImage(registry, HELLO, "[]", ["note"]);
  const platform = { os: "linux", architecture: "arm64", variant: "v8" };
  const annotations = { "vnd.docker.reference.digest": digestOf(JSON.stringify(amd)) };
  const inner = indexOf([
    pointerTo(amd, { platform }),
    pointerTo(note, { platform: { os: "unknown", architecture: "unknown" }, annotations }),
  ]);
  await registry.pushManifest(HELLO, inner);
  await registry.pushManifest(HELLO, indexOf([pointerTo(inner)]), { tag: "latest" });

  await expectSameAsTree(disk);
  const { boxes, edges } = await graphAt(disk, HELLO);
  const at = (manifest: object) => `${HELLO}/${digestOf(JSON.stringify(manifest))}/manifest.json`;
  const what = Object.fromEntries(boxes.map(({ path, kind, what }) => [path, `${kind}: ${what}`]));
  assertEquals(what[at(inner)], "index: index of 2");
  assertEquals(what[at(amd)], "manifest: image, linux/arm64/v8");
  assertEquals(what[at(note)], "manifest: attestation");
  assertEquals(edges.filter(({ kind }) => kind === "attests"), [{ from: at(note), to: at(amd), kind: "attests" }]);
  // The index needs both. An attestation does not need its image, nor does the image need it.
  assertEquals([at(note), at(amd)].map((path) => boxes.find((box) => box.path === path)!.needers), [1, 1]);
});

Deno.test("a graph has referrers of referrers, and a subject that is not there", async () => {
  const { registry, disk } = await start();
  const { manifest } = await pushImage(registry, HELLO, "{}", ["layer"], "v1");
  const artifactType = "text/x-note";
  const { manifest: note } = await pushImage(registry, HELLO, "[]", ["note"], undefined, {
    artifactType,
    subject: pointerTo(manifest),
  });
  await pushImage(registry, HELLO, "[]", ["note"], undefined, { artifactType, subject: pointerTo(note) });
  await pushImage(registry, HELLO, "[]", ["note"], undefined, { subject: descriptorOf("elsewhere", TYPES.image) });

  await expectSameAsTree(disk);
  const { boxes } = await graphAt(disk, HELLO);
  const referrers = boxes.filter(({ kind }) => kind === "referrer");
  assertEquals(referrers.map(({ what, needers }) => `${what} ${needers}`).sort(), [
    "image 0",
    "text/x-note 1",
    "text/x-note 1",
  ]);
  const missing = boxes.find(({ digest }) => digest === digestOf("elsewhere"))!;
  assertEquals([missing.isThere, missing.fault], [false, "it is not there"]);
});

Deno.test("a box says in words what it is, by the table of formats", async () => {
  const { registry, disk } = await start();
  const { manifest, digest } = await pushImage(registry, HELLO, "{}", ["layer"], "v1");
  await registry.pushBlob(HELLO, "signature");
  await registry.pushManifest(HELLO, {
    ...imageOf("{}", []),
    artifactType: "application/vnd.cncf.notary.signature",
    layers: [descriptorOf("signature", "application/jose+json")],
    subject: pointerTo(manifest),
  }, { tag: `${digest.replace(":", "-")}.sig` });
  const annotations = { "containerd.io/snapshot/stargz/toc.digest": digest };
  await registry.pushManifest(HELLO, {
    ...imageOf("[]", []),
    artifactType: "text/x-unknown",
    layers: [{ ...descriptorOf("never pushed", TYPES.layer), annotations }],
  });

  const { boxes } = await graphAt(disk, HELLO);
  assertEquals(boxes.map(({ kind, what }) => [kind, what]), [
    ["tag", "tag, cosign signatures"],
    ["tag", "tag"],
    ...boxes.filter(({ kind }) => kind === "manifest").map((
      { digest: own },
    ) => ["manifest", own === digest ? "image" : "text/x-unknown"]),
    ["referrer", "Notation signature"],
    ...boxes.filter(({ kind }) => kind === "config").map(() => ["config", "config"]),
    ...boxes.filter(({ kind }) => kind === "layer").map(({ digest }) =>
      digest === digestOf("signature")
        ? ["layer", "layer, JWS signature envelope"]
        : ["layer", digest === digestOf("layer") ? "layer, gzip" : "layer, eStargz"]
    ),
  ]);
});

Deno.test("a graph has what is missing or broken as boxes that say so", async () => {
  const { registry, disk } = await start();
  await registry.pushManifest(HELLO, imageOf("{}", ["never pushed"]), { tag: "v1" });
  const { digest } = await pushImage(registry, HELLO, "[]", ["layer"], "v2");
  await disk.put(`${HELLO}/${digest}`, { "manifest.json": bytes("{") });
  await disk.put(`${HELLO}/_tags`, { lost: bytes(digestOf("nothing")), broken: bytes("what?") });

  await expectSameAsTree(disk);
  const { boxes } = await graphAt(disk, HELLO);
  const faults = Object.fromEntries(
    boxes.filter(({ fault }) => fault !== undefined).map(({ path, fault }) => [path, fault]),
  );
  const { [`${HELLO}/${digest}/manifest.json`]: unreadable, ...others } = faults;
  assert(unreadable!.startsWith("expected "), unreadable);
  assertEquals(others, {
    [`${HELLO}/_tags/broken`]: "it does not have a digest",
    [`${HELLO}/${digestOf("nothing")}`]: "it is not there",
    [`${HELLO}/${digestOf("{}")}`]: "it is not there",
    [`${HELLO}/${digestOf("never pushed")}`]: "it is not there",
  });
});

Deno.test("a graph has the uploads that are on their way, even before there is a repository", async () => {
  const { registry, disk } = await start();
  const location = await registry.openSession(HELLO);
  await registry.send("PATCH", location, { body: "12345", headers: { "Content-Type": "application/octet-stream" } });

  for (const path of ["", HELLO]) {
    const { boxes, repositories } = await graphAt(disk, path);
    assertEquals(repositories, [{ name: HELLO, tags: 0, contents: 0, sessions: 1, isOpen: true }]);
    assertEquals(boxes.map(({ kind, size, repository }) => ({ kind, size, repository })), [
      { kind: "session", size: 5, repository: HELLO },
    ]);
  }
});

Deno.test("a file with names in several repositories says where else it is, in the graph of one repository too", async () => {
  const { registry, disk } = await start();
  await pushImage(registry, HELLO, "{}", ["layer"], "v1");
  const layer = digestOf("layer");
  for (const name of ["app", "app/dev"]) {
    await registry.send("POST", `/v2/${name}/blobs/uploads/?mount=${layer}&from=${HELLO}`);
  }

  await expectSameAsTree(disk);
  for (const path of ["", HELLO, `${HELLO}/_tags/v1`]) {
    const box = (await graphAt(disk, path)).boxes.find(({ path }) => path.startsWith(`${HELLO}/${layer}/`))!;
    assertEquals([box.names, box.others], [3, [`app/${layer}/blob`, `app/dev/${layer}/blob`]]);
  }
});

Deno.test("random registries: the graph has exactly the boxes and edges of the tree", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    const { registry, disk } = await start();
    const names = ["a", "a/b", "a-b", "library/hello"].slice(0, 1 + random.below(4));
    const manifests: { name: string; manifest: object }[] = [];
    for (let step = 0; step < 25; step++) {
      const name = random.pick(names);
      const blob = `blob ${random.below(8)}`;
      const own = manifests.filter((each) => each.name === name).map(({ manifest }) => manifest);
      const subject = own.length > 0 && random.onceIn(3) ? { subject: pointerTo(random.pick(own)) } : {};
      const tag = random.onceIn(2) ? `v${random.below(4)}` : undefined;
      const chance = random.below(6);
      if (chance === 0) await registry.pushBlob(name, blob);
      if (chance === 1) {
        await registry.send("POST", `/v2/${name}/blobs/uploads/?mount=${digestOf(blob)}&from=${random.pick(names)}`);
      }
      if (chance === 2) await registry.send("DELETE", `/v2/${name}/blobs/${digestOf(blob)}`);
      if (chance === 3) {
        const children = own.filter(() => random.onceIn(2)).map((child) => pointerTo(child));
        const manifest = indexOf(
          [...children, ...(random.onceIn(3) ? [descriptorOf(blob, "text/plain")] : [])],
          subject,
        );
        await registry.pushManifest(name, manifest, { tag });
        manifests.push({ name, manifest });
      }
      if (chance > 3) {
        const { manifest } = await pushImage(
          registry,
          name,
          `{"n":${random.below(9)}}`,
          [blob, `blob ${random.below(8)}`],
          tag,
          subject,
        );
        manifests.push({ name, manifest });
      }
      if (random.onceIn(12) && own.length > 0) {
        await registry.send("DELETE", `/v2/${name}/manifests/${digestOf(JSON.stringify(random.pick(own)))}`);
      }
      if (random.onceIn(15)) await disk.put(`${name}/_tags`, { lost: bytes(digestOf("lost")) });
    }
    try {
      await expectSameAsTree(disk);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});

Deno.test("the graph is a pure function of files: it draws a moment of the past from a list of paths", async () => {
  const { registry, disk } = await start();
  const { digest } = await pushImage(registry, HELLO, "{}", ["one"], "v1");
  const before = await graphAt(disk, HELLO);
  const files: GraphFile[] = filesOf(disk).map((path) => ({
    path,
    size: disk.look(path)!.size,
    digest: path.includes("/_tags/") ? digest : undefined,
  }));
  await pushImage(registry, HELLO, "[]", ["two"], "v1");

  const parts: ManifestParts = {
    shape: "image",
    parts: [
      { role: "config", ...descriptorOf("{}", TYPES.config) },
      { role: "layer", ...descriptorOf("one", TYPES.layer) },
    ],
  };
  const then = graphOf(files.toReversed(), { manifestAt: () => parts });
  assertEquals(
    JSON.parse(JSON.stringify(then)),
    JSON.parse(JSON.stringify({ boxes: before.boxes, edges: before.edges })),
  );
});

Deno.test("the graph of a moment in the past has what is known of it: a manifest that is gone says so", async () => {
  const { registry, disk } = await start();
  const { digest } = await pushImage(registry, HELLO, "{}", ["one"], "v1");
  const gone = await pushImage(registry, "gone", "[]", ["two"], "v1");
  const digestAt = (path: string) => path.startsWith("gone") ? gone.digest : digest;
  const files: GraphFile[] = filesOf(disk).map((path) => ({
    path,
    size: disk.look(path)!.size,
    digest: path.includes("/_tags/") ? digestAt(path) : undefined,
  }));
  const before = await graphAt(disk);
  await registry.send("DELETE", `/v2/gone/manifests/${gone.digest}`);
  await pushImage(registry, HELLO, '"new"', ["three"], "v1");

  const context = { disk, maySee: () => true, maySeeAll: true };
  const then = await factsOfGraphThen("", files, context);
  const own = ({ boxes }: GraphFacts) => boxes.filter(({ repository }) => repository === HELLO);
  assertEquals(JSON.stringify(own(then)), JSON.stringify(own(before)));
  assertEquals(then.repositories, before.repositories);
  assertEquals(
    then.boxes.find(({ path }) => path === `gone/${gone.digest}/manifest.json`)!.fault,
    "nobody knows any more what it says",
  );
  const tag = await factsOfGraphThen(`${HELLO}/_tags/v1`, files, context);
  assertEquals(tag.boxes.map(({ kind }) => kind), ["tag", "manifest", "config", "layer"]);
  const closed = await factsOfGraphThen("", files, context, { files: 5 });
  assertEquals([closed.boxes, closed.repositories.map(({ isOpen }) => isOpen)], [[], [false, false]]);
  assertEquals((await factsOfGraphThen("", files, { disk, maySee: () => false, maySeeAll: false })).repositories, []);
});

Deno.test("the graph of a tag has what the tag reaches, and the one of a layer what needs it", async () => {
  const { registry, disk } = await start();
  const { digest } = await pushImage(registry, HELLO, "{}", ["base", "one"], "v1");
  await pushImage(registry, HELLO, "[]", ["base", "two"], "v2");
  const kinds = async (path: string) =>
    (await graphAt(disk, path)).boxes.map(({ kind, name }) => kind === "tag" ? name : kind);

  assertEquals(await kinds(`${HELLO}/_tags/v1`), ["v1", "manifest", "config", "layer", "layer"]);
  assertEquals(await kinds(`${HELLO}/${digest}`), ["v1", "manifest", "config", "layer", "layer"]);
  assertEquals(await kinds(`${HELLO}/${digest}/manifest.json`), ["v1", "manifest", "config", "layer", "layer"]);
  assertEquals(await kinds(`${HELLO}/${digestOf("base")}/blob`), ["v1", "v2", "manifest", "manifest", "layer"]);
  // It is also told how many others need what is shown.
  const { boxes } = await graphAt(disk, `${HELLO}/_tags/v1`);
  assertEquals(boxes.find(({ name }) => name === digestOf("base"))!.needers, 2);
});

Deno.test("what is not there has no graph", async () => {
  const { registry, disk } = await start();
  await pushImage(registry, HELLO, "{}", ["one"], "v1");
  const paths = [
    "library",
    "library/hello/_tags/v2",
    `${HELLO}/${digestOf("x")}`,
    "../etc",
    "_tags/v1",
    "a/_uploads/1/data",
    "…",
  ];
  for (const path of paths) assertEquals(await graph(disk, path), undefined, path);
});

Deno.test("a graph has no more tags than fit: it says how many more there are, and where; a filter finds each of them", async () => {
  const { registry, disk } = await start();
  const { digest } = await pushImage(registry, HELLO, "{}", ["one"]);
  const tags = Array.from({ length: 25 }, (_, at) => `v${String(at).padStart(2, "0")}`);
  await disk.put(`${HELLO}/_tags`, Object.fromEntries(tags.map((tag) => [tag, bytes(digest)])));
  const tagsIn = ({ boxes }: GraphFacts) => boxes.filter(({ kind }) => kind === "tag").map(({ name }) => name);

  const first = await graphAt(disk, HELLO, "", { parts: 10 });
  assertEquals(tagsIn(first), tags.slice(0, 10));
  assertEquals(first.more, [{ text: "15 more tags", address: `/graph/${HELLO}?after=v09` }]);
  const last = await graphAt(disk, HELLO, "after=v19", { parts: 10 });
  assertEquals([last.address, tagsIn(last), last.more], [`/graph/${HELLO}?after=v19`, tags.slice(20), []]);
  assertEquals(tagsIn(await graphAt(disk, HELLO, "filter=v23", { parts: 10 })), ["v23"]);
  // As long as not all tags are known, nobody says that something is not needed.
  assertEquals(first.boxes.filter(({ needers }) => needers !== undefined), []);
});

Deno.test("of a repository with much in it, the graph has what some tags reach, and no more is read", async () => {
  const { registry, disk } = await start();
  for (let at = 0; at < 12; at++) {
    await pushImage(registry, HELLO, `{"n":${at}}`, ["base", `layer ${at}`], `v${at + 10}`);
  }
  await registry.pushBlob(HELLO, "nobody");

  const part = await graphAt(disk, HELLO, "", { contents: 10, parts: 3 });
  assertEquals(part.boxes.map(({ kind, name }) => kind === "tag" ? name : kind), [
    ...["v10", "v11", "v12", "manifest", "manifest", "manifest", "config", "config", "config"],
    ...["layer", "layer", "layer", "layer"],
  ]);
  assertEquals(part.more, [
    { text: "9 more tags", address: `/graph/${HELLO}?after=v12` },
    { text: "manifests and blobs that these tags do not reach" },
  ]);
});

Deno.test("what refers to the manifests of a part is shown too; if that is very much, a part of it", async () => {
  const { registry, disk } = await start();
  const { manifest, digest } = await pushImage(registry, HELLO, "{}", ["base"], "v1");
  for (let at = 0; at < 7; at++) {
    await registry.pushManifest(
      HELLO,
      imageOf("{}", ["base"], { subject: pointerTo(manifest), annotations: { at: String(at) } }),
    );
  }

  const { boxes, more } = await graphAt(disk, HELLO, "", { contents: 3, parts: 5 });
  assertEquals(boxes.map(({ kind }) => kind), ["tag", "manifest", ...Array(5).fill("referrer"), "config", "layer"]);
  assertEquals(more[0], { text: `2 more referrers of ${digest}` });
});

Deno.test("if a manifest and a blob are the same bytes, there are two boxes, and an index points to the manifest", async () => {
  const { registry, disk } = await start();
  const { manifest, digest } = await pushImage(registry, HELLO, "{}", ["base"]);
  await registry.pushBlob(HELLO, JSON.stringify(manifest));
  const index = await registry.pushManifest(HELLO, indexOf([pointerTo(manifest)]), { tag: "v1" });
  await registry.pushManifest(HELLO, imageOf(JSON.stringify(manifest), []));

  await expectSameAsTree(disk);
  const { boxes, edges } = await graphAt(disk, HELLO);
  const paths = boxes.filter((box) => box.digest === digest).map(({ path }) => path);
  assertEquals(paths, [`${HELLO}/${digest}/manifest.json`, `${HELLO}/${digest}/blob.json`]);
  const child = edges.filter(({ from }) => from.includes(index)).map(({ to }) => to);
  assertEquals(child, [`${HELLO}/${digest}/manifest.json`]);
});

Deno.test("what is still being written, and other files of a person, have no boxes", async () => {
  const { registry, disk } = await start();
  const { digest } = await pushImage(registry, HELLO, "{}", ["base"], "v1");
  const before = await graphAt(disk, HELLO);
  const uuid = crypto.randomUUID();
  await disk.put(`${HELLO}/${digest}`, { [`.${uuid}`]: bytes("half") });
  await disk.put(`${HELLO}/_tags`, { [`.v1.${uuid}`]: bytes(digest) });
  await disk.put(HELLO, { "README.md": bytes("mine") });

  assertEquals(await graphAt(disk, HELLO), before);
  const files = filesOf(disk).map((path) => ({ path }));
  const then = graphOf(files, { manifestAt: () => ({ parts: [] }) });
  assertEquals(
    then.boxes.map(({ path }) => path).sort(),
    filesOf(disk).filter((path) => !/README|content-type|\/\./.test(path)),
  );
});

Deno.test("of an index with very many children, the graph has some, and says how many more and where", async () => {
  const { registry, disk } = await start();
  const images: object[] = [];
  for (let at = 0; at < 12; at++) images.push((await pushImage(registry, HELLO, `{"n":${at}}`, ["base"])).manifest);
  const digest = await registry.pushManifest(HELLO, indexOf(images.map((image) => pointerTo(image))), {
    tag: "latest",
  });

  const limits = { contents: 10, parts: 5 };
  const first = await graphAt(disk, HELLO, "", limits);
  const index = first.boxes.find(({ kind }) => kind === "index")!;
  assertEquals([index.what, index.more], ["index of 12", 7]);
  assertEquals(first.boxes.filter(({ kind }) => kind === "manifest").length, 5);
  const address = `/graph/${HELLO}/${digest}?from=5`;
  assertEquals(first.more[0], { text: `7 more parts of ${digest}`, address });
  const next = await graphAt(disk, `${HELLO}/${digest}`, "from=5", limits);
  const shown = next.boxes.filter(({ kind }) => kind === "manifest").map(({ name }) => name);
  assertEquals(shown, images.slice(5, 10).map((image) => digestOf(JSON.stringify(image))).sort());
});

Deno.test("of a large registry, the graph has the repositories first; each opens at its own address", async () => {
  const { registry, disk } = await start();
  for (let at = 0; at < 9; at++) await pushImage(registry, `r${at}`, "{}", ["one"], "v1");
  const limits = { files: 20, repositories: 4 };
  const repository = (at: number) => ({ name: `r${at}`, tags: 1, contents: 3, sessions: 0, isOpen: false });

  const first = await graphAt(disk, "", "", limits);
  assertEquals(first, {
    address: "/graph/",
    path: "",
    filter: "",
    repositories: [0, 1, 2, 3].map(repository),
    boxes: [],
    edges: [],
    more: [{ text: "5 more repositories", address: "/graph/?after=r3" }],
  });
  assertEquals((await graphAt(disk, "", "after=r7", limits)).repositories, [{ ...repository(8), isOpen: true }]);
  assertEquals((await graphAt(disk, "", "filter=r5", limits)).repositories, [{ ...repository(5), isOpen: true }]);
  assertEquals((await graphAt(disk, "r5", "", limits)).boxes.length, 4);
});

Deno.test("a person sees no repository that he may not see, also not as another name of a file", async () => {
  const { registry, disk } = await start();
  await pushImage(registry, HELLO, "{}", ["layer"], "v1");
  await registry.send("POST", `/v2/secret/blobs/uploads/?mount=${digestOf("layer")}&from=${HELLO}`);
  const maySee = (name: string) => name !== "secret";
  const context = { disk, maySee, maySeeAll: false };

  for (const rest of ["", HELLO]) {
    const facts = await factsOfGraph({ rest, query: new URLSearchParams() }, context);
    assert(!JSON.stringify(facts).includes("secret"), rest);
  }
  assertEquals(await factsOfGraph({ rest: "secret", query: new URLSearchParams() }, context), undefined);
});

Deno.test("other requests go on while a large graph is read", async () => {
  const { disk } = await start();
  const manifest = bytes(JSON.stringify(imageOf("{}", [])));
  for (let at = 0; at < 400; at++) {
    const digest = digestOf(String(at));
    await disk.put(`${HELLO}/${digest}`, { "content-type": bytes(TYPES.image), "manifest.json": manifest });
  }
  const slow = slowDisk(disk);
  let turns = 0;
  const timer = setInterval(() => turns++);
  await graphAt(slow, HELLO, "", { contents: Infinity });
  clearInterval(timer);
  // Each look takes a millisecond, and after 20 of them the others have a turn.
  assert(turns > 10, `${turns} turns`);
});

function slowDisk(disk: Disk): Disk {
  return new Proxy(disk, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...parameters: unknown[]) => {
        if (name === "look") { for (const end = performance.now() + 1; performance.now() < end;); }
        return Reflect.apply(value, target, parameters);
      };
    },
  });
}

Deno.test("an address of the graph answers the same facts as JSON, and as a list in HTML", async () => {
  const { registry, disk } = await start();
  await pushImage(registry, HELLO, "{}", ["base", "one"], "v1");
  const stories = { recent: () => Promise.resolve([]) } as never;
  const answer = page({ disk, version: "1", stories, settings: defaultsOf(REGISTRY_OPTIONS) })(
    createRegistry({ disk }),
  );
  const get = (Accept: string) => answer(new Request(`http://localhost:5080/graph/${HELLO}`, { headers: { Accept } }));

  const facts = await (await get("application/json")).json();
  assertEquals(facts, JSON.parse(JSON.stringify(await graphAt(disk, HELLO))));
  const html = await (await get("text/html")).text();
  for (const { path } of facts.boxes) assert(html.includes(`href="/at/${path}"`), path);
});

Deno.test("everything that a client has sent is text in the list", async () => {
  const { registry, disk } = await start();
  const { manifest } = await pushImage(registry, HELLO, "{}", ["layer"], "v1");
  const platform = { os: "<script>alert(1)</script>", architecture: "\u202e\x1b[2J" };
  await registry.pushManifest(HELLO, indexOf([pointerTo(manifest, { platform })], { artifactType: "<img src=x>" }), {
    tag: "v2",
  });

  const facts = await graphAt(disk, HELLO);
  const html = toHtml([titleOf(facts), view(facts)]);
  assert(html.includes("&lt;script&gt;alert(1)&lt;/script&gt;"), html);
  for (const evil of ["<script", "<img", "\u202e", "\x1b"]) assert(!html.includes(evil), evil);
});

Deno.test("the list has every box, even if manifests point to each other in a circle", () => {
  const file = (name: string) => `a/md5:${name}/manifest.json`;
  const graph = graphOf(["1", "2"].map((name) => ({ path: file(name), size: 1 })), {
    manifestAt: (path) => ({
      shape: "index",
      parts: [{ role: "child", digest: path === file("1") ? "md5:2" : "md5:1", mediaType: TYPES.index, size: 1 }],
    }),
  });
  const repositories = [{ name: "a", tags: 0, contents: 2, sessions: 0, isOpen: true }];
  const html = toHtml(view({ address: "/graph/a", path: "a", filter: "", repositories, ...graph, more: [] }));
  for (const name of ["1", "2"]) assert(html.includes(`/at/${file(name)}`), html);
});
