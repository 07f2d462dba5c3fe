/** The garbage collection removes content that nothing needs, and nothing else. */

import { localDisk } from "../../src/disk/local_disk.ts";
import { assertEquals } from "@std/assert";
import { collectGarbage, type CollectOptions, type Removal } from "../../src/housekeeping/collect_garbage.ts";
import { verify } from "../../src/housekeeping/verify.ts";
import type { LocalDiskOptions } from "../../src/disk/root.ts";
import { createRegistry } from "../../src/registry.ts";
import { descriptorOf, digestOf, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";

const REPOSITORY = "library/hello";
const FOO = digestOf("foo");
const MINUTE = 60_000;

// Collects the garbage, over a store of its own, like that of a process beside the registry.
function collect(
  { root }: TestRegistry,
  options: CollectOptions = {},
  watch?: LocalDiskOptions["watch"],
): Promise<Removal[]> {
  return Array.fromAsync(collectGarbage(localDisk(root, { durability: "none", watch }), options));
}

// Makes the registry's files, or only some of them, look this old.
function age(registry: TestRegistry, minutes: number, files = registry.tree()): void {
  const then = new Date(Date.now() - minutes * MINUTE);
  for (const path of files) Deno.utimeSync(`${registry.root}/${path}`, then, then);
}

// Runs the action at the last moment at which a client can find a blob that is about to be removed.
function atFirstRename(action: () => void): LocalDiskOptions["watch"] {
  let isFirst = true;
  return ({ when, kind }) => {
    if (when !== "before" || kind !== "rename" || !isFirst) return;
    isFirst = false;
    action();
  };
}

// Collects on a clock on which each removal takes so long that it is a portion of its own. Runs `between` after the first one.
async function collectSlowly(
  { root }: TestRegistry,
  options: CollectOptions,
  between: (first: Removal) => Promise<unknown>,
): Promise<Removal[]> {
  const { now } = Date;
  let late = 0;
  const disk = localDisk(root, {
    durability: "none",
    watch({ when, kind }) {
      if (when === "after" && (kind === "rename" || kind === "remove file")) late += 10_000;
    },
  });
  Date.now = () => now() + late;
  try {
    const removals: Removal[] = [];
    for await (const removal of collectGarbage(disk, options)) {
      if (removals.push(removal) === 1) await between(removal);
    }
    return removals;
  } finally {
    Date.now = now;
  }
}

// Pushes a blob that a collection comes to before it comes to the others. Returns its digest.
async function pushBlobBefore(registry: TestRegistry, others: readonly string[]): Promise<string> {
  let content = "foo";
  while (others.some((other) => other < digestOf(content))) content += "o";
  await registry.pushBlob(REPOSITORY, content);
  return digestOf(content);
}

function digestsOf(removals: readonly Removal[]): string[] {
  return removals.map(({ digest }) => digest).sort();
}

// Checks that nothing is missing that a manifest needs.
async function expectSound({ root }: TestRegistry): Promise<void> {
  assertEquals(await Array.fromAsync(verify(localDisk(root, { durability: "none" }))), []);
}

function indexOf(children: readonly { text: string; type?: string }[], fields: object = {}) {
  const manifests = children.map(({ text, type = TYPES.image }) => descriptorOf(text, type));
  return { schemaVersion: 2, mediaType: TYPES.index, manifests, ...fields };
}

// Returns an artifact about a manifest. It is only an index, because an index needs no blobs.
function artifactAbout(text: string, type: string = TYPES.image) {
  return indexOf([], { artifactType: "text/x-note", subject: descriptorOf(text, type) });
}

Deno.test("a blob that no manifest needs goes after the grace period, and not before", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");

  age(registry, 59);
  const before = await collect(registry);
  const pulled = await registry.send("GET", `/v2/${REPOSITORY}/blobs/${FOO}`);
  age(registry, 61);
  const after = await collect(registry);

  assertEquals([before, await pulled.text()], [[], "foo"]);
  assertEquals(after, [{ name: REPOSITORY, digest: FOO, kind: "blob", size: 3, names: 1 }] as unknown as Removal[]);
  assertEquals((await registry.send("GET", `/v2/${REPOSITORY}/blobs/${FOO}`)).status, 404);
  assertEquals(registry.tree(), []);
});

Deno.test("the grace period need not be an hour", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  age(registry, 61);

  const long = await collect(registry, { grace: 62 * MINUTE });
  const short = await collect(registry, { grace: 60 * MINUTE });

  assertEquals([digestsOf(long), digestsOf(short)], [[], [FOO]]);
});

Deno.test("a repository disappears with its last content: from the catalog, and from the disk", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello/dev", "foo");
  await registry.pushImage("library/other", { tag: "latest" });
  age(registry, 120);

  await collect(registry);

  const catalog = await registry.send("GET", "/v2/_catalog");
  assertEquals(await catalog.json(), { repositories: ["library/other"] });
  assertEquals((await registry.send("GET", "/v2/library/hello/dev/tags/list")).status, 404);
  assertEquals(Array.from(Deno.readDirSync(`${registry.root}/library`), ({ name }) => name), ["other"]);
});

Deno.test("blobs that a manifest of the repository needs stay, whether the manifest has a tag or not", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello", { tag: "latest" });
  await registry.pushImage("library/other");
  await registry.pushBlob("library/hello", "foo");
  const kept = registry.tree().filter((path) => !path.includes(FOO));
  age(registry, 120);

  const removals = await collect(registry);

  assertEquals(digestsOf(removals), [FOO]);
  assertEquals(registry.tree(), kept);
  await expectSound(registry);
});

Deno.test("a blob that an index lists stays", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  await registry.pushManifest(REPOSITORY, indexOf([{ text: "foo", type: "text/plain" }]), { tag: "latest" });
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  assertEquals(removals, []);
  await expectSound(registry);
});

Deno.test("a blob that another repository needs is no reason to keep it here: it goes here and stays there", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${FOO}&from=library/hello`);
  await registry.pushImage("library/other", { tag: "latest", layers: [descriptorOf("foo", TYPES.layer)] });
  await registry.send("DELETE", `/v2/library/other/blobs/${digestOf("layer of library/other")}`);
  age(registry, 120);

  const removals = await collect(registry);

  assertEquals(
    removals.map(({ name, digest, names }) => [name as string, digest as string, names]),
    [["library/hello", FOO, 2]],
  );
  assertEquals((await registry.send("GET", `/v2/library/hello/blobs/${FOO}`)).status, 404);
  assertEquals(await (await registry.send("GET", `/v2/library/other/blobs/${FOO}`)).text(), "foo");
  await expectSound(registry);
});

Deno.test("a client that asks by HEAD whether a blob is there can rely on it", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  await registry.pushBlob(REPOSITORY, "bar");
  age(registry, 120);

  await registry.send("HEAD", `/v2/${REPOSITORY}/blobs/${FOO}`);
  const removals = await collect(registry);

  assertEquals(digestsOf(removals), [digestOf("bar")]);
  assertEquals(await (await registry.send("GET", `/v2/${REPOSITORY}/blobs/${FOO}`)).text(), "foo");
});

Deno.test("a client that pushes a blob that is there already can rely on it, in one POST or in a session", async () => {
  await using registry = await startRegistry();
  for (const content of ["foo", "bar", "baz"]) await registry.pushBlob(REPOSITORY, content);
  age(registry, 120);

  await registry.pushBlob(REPOSITORY, "foo");
  const location = await registry.openSession(REPOSITORY);
  await registry.send("PUT", `${location}?digest=${digestOf("bar")}`, { body: "bar" });
  const removals = await collect(registry);

  assertEquals(digestsOf(removals), [digestOf("baz")]);
});

Deno.test("a client can rely on it even if the collection comes to the blob while the registry takes the client's", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  const file = `${registry.root}/${REPOSITORY}/${FOO}/blob`;
  age(registry, 61);
  const pushing = createRegistry({
    disk: localDisk(registry.root, {
      watch({ when, kind, path }) {
        if (when !== "before" || kind !== "sync folder" || path !== `${REPOSITORY}/${FOO}`) return;
        // A watcher cannot wait for a collection. So this does what a collection would do now: it removes what nobody has used.
        if (Date.now() - Deno.statSync(file).mtime!.getTime() > 60 * MINUTE) Deno.removeSync(file);
      },
    }),
  });

  const url = `http://localhost/v2/${REPOSITORY}/blobs/uploads/?digest=${FOO}`;
  const pushed = await pushing(new Request(url, { method: "POST", body: "foo" }));

  assertEquals([pushed.status, registry.tree()], [201, [`${REPOSITORY}/${FOO}/blob`]]);
});

Deno.test("a client that mounts a blob can rely on it, even if it was there already", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.pushBlob("library/other", "bar");
  age(registry, 120);

  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${FOO}&from=library/hello`);
  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${digestOf("bar")}&from=library/hello`);
  await collect(registry);

  assertEquals(await (await registry.send("GET", `/v2/library/other/blobs/${FOO}`)).text(), "foo");
  assertEquals(await (await registry.send("GET", `/v2/library/other/blobs/${digestOf("bar")}`)).text(), "bar");
});

Deno.test("a blob that is asked for while it is being removed is put back", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  age(registry, 120);
  const path = `${registry.root}/${REPOSITORY}/${FOO}/blob`;

  const removals = await collect(registry, {}, atFirstRename(() => Deno.utimeSync(path, new Date(), new Date())));

  assertEquals(removals, []);
  assertEquals(registry.tree(), [`${REPOSITORY}/${FOO}/blob`]);
});

Deno.test("a blob that is deleted while it is being removed is gone, and the collection goes on", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.pushBlob("library/other", "bar");
  age(registry, 120);
  const folder = `${registry.root}/library/hello`;

  await collect(registry, {}, atFirstRename(() => Deno.removeSync(folder, { recursive: true })));

  assertEquals(await (await registry.send("GET", "/v2/_catalog")).json(), { repositories: [] });
});

Deno.test("an upload that is under way is left alone, however old it is", async () => {
  await using registry = await startRegistry({ uploadTtl: Infinity });
  const location = await registry.openSession(REPOSITORY);
  await registry.send("PATCH", location, { body: "f" });
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });
  const closed = await registry.send("PUT", `${location}?digest=${FOO}`, { body: "oo" });

  assertEquals([removals, closed.status], [[], 201]);
});

Deno.test("dryRun reports what would go, and changes nothing", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  const { text } = await registry.pushImage(REPOSITORY);
  await registry.pushManifest(REPOSITORY, artifactAbout(text));
  await registry.pushImage("library/other", { tag: "latest" });
  age(registry, 120);
  const before = registry.tree();

  const told = await collect(registry, { dryRun: true, untagged: true });
  const after = registry.tree();
  const removed = await collect(registry, { untagged: true });

  assertEquals(told.length, 5);
  assertEquals(after, before);
  assertEquals(removed, told);
});

Deno.test("the progress counts the repositories", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.pushBlob("library/other", "foo");
  const counts: number[] = [];

  await collect(registry, { progress: (count) => counts.push(count) });

  assertEquals(counts, [1, 2]);
});

Deno.test("without untagged, no manifest goes", async () => {
  await using registry = await startRegistry();
  await registry.pushImage(REPOSITORY);
  age(registry, 120);

  const removals = await collect(registry);

  assertEquals(removals, []);
});

Deno.test("with untagged, a manifest without a tag goes, and content that only this manifest needs goes with it", async () => {
  await using registry = await startRegistry();
  const tagged = await registry.pushImage(REPOSITORY, { tag: "latest" });
  await registry.pushBlob(REPOSITORY, "foo");
  const untagged = await registry.pushImage(REPOSITORY, { layers: [descriptorOf("foo", TYPES.layer)] });
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  const size = untagged.text.length;
  assertEquals(removals, [
    { name: REPOSITORY, digest: untagged.digest, kind: "manifest", size, names: 1 },
    { name: REPOSITORY, digest: FOO, kind: "blob", size: 3, names: 1 },
  ] as unknown as Removal[]);
  assertEquals(await (await registry.send("GET", `/v2/${REPOSITORY}/manifests/latest`)).text(), tagged.text);
  assertEquals((await registry.send("GET", `/v2/${REPOSITORY}/manifests/${untagged.digest}`)).status, 404);
  await expectSound(registry);
});

Deno.test("with untagged, a manifest that was pushed within the grace period stays, with everything that it needs", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  age(registry, 120);
  age(registry, 59, [`${REPOSITORY}/${image.digest}/manifest.json`]);

  const removals = await collect(registry, { untagged: true });

  assertEquals(removals, []);
});

Deno.test("with untagged, a manifest that was pushed once more within the grace period stays", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage(REPOSITORY);
  age(registry, 120);

  await registry.pushManifest(REPOSITORY, text);
  const removals = await collect(registry, { untagged: true });

  assertEquals(removals, []);
  assertEquals((await registry.send("GET", `/v2/${REPOSITORY}/manifests/${digest}`)).status, 200);
});

Deno.test("with untagged, the old children of an index that was pushed within the grace period stay", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  age(registry, 120);

  await registry.pushManifest(REPOSITORY, indexOf([image]));
  const removals = await collect(registry, { untagged: true });

  assertEquals(removals, []);
  await expectSound(registry);
});

Deno.test("with untagged, the children of a tagged index stay, and their children too", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  const inner = indexOf([image]);
  await registry.pushManifest(REPOSITORY, inner);
  await registry.pushManifest(REPOSITORY, indexOf([{ text: JSON.stringify(inner), type: TYPES.index }]), {
    tag: "all",
  });
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  assertEquals(removals, []);
  await expectSound(registry);
});

Deno.test("with untagged, an index without a tag keeps nothing: its children and their blobs go with it", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  const index = await registry.pushManifest(REPOSITORY, indexOf([image]));
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  assertEquals(digestsOf(removals), [image.digest, image.layer, image.config, index].sort());
  assertEquals(registry.tree(), []);
});

Deno.test("with untagged, an index goes before its children, so that a collection that is killed leaves none without them", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  const texts = [image.text];
  // The digests are random, so their order says nothing.
  for (let depth = 0; depth < 5; depth++) {
    const children = texts.map((text) => ({ text, type: JSON.parse(text).mediaType }));
    const index = indexOf([...children, ...children], { annotations: { depth: `${depth}` } });
    await registry.pushManifest(REPOSITORY, index);
    texts.unshift(JSON.stringify(index));
  }
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  const manifests = removals.filter(({ kind }) => kind === "manifest");
  assertEquals(manifests.map(({ digest }) => digest as string), texts.map((text) => digestOf(text)));
  assertEquals(registry.tree(), []);
});

Deno.test("with untagged, one of two indexes with the same child goes, and the child stays", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  await registry.pushManifest(REPOSITORY, indexOf([image]), { tag: "all" });
  const other = await registry.pushManifest(REPOSITORY, indexOf([image], { annotations: { number: "two" } }));
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  assertEquals(digestsOf(removals), [other]);
  await expectSound(registry);
});

Deno.test("with untagged, referrers of a manifest that stays also stay: a signature, and the signature of the signature", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY, { tag: "latest" });
  const signature = artifactAbout(image.text);
  await registry.pushManifest(REPOSITORY, signature);
  await registry.pushManifest(REPOSITORY, artifactAbout(JSON.stringify(signature), TYPES.index));
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  assertEquals(removals, []);
  await expectSound(registry);
});

Deno.test("with untagged, referrers of a tagged index's child stay", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  await registry.pushManifest(REPOSITORY, indexOf([image]), { tag: "all" });
  await registry.pushManifest(REPOSITORY, artifactAbout(image.text));
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  assertEquals(removals, []);
});

Deno.test("with untagged, referrers of a manifest that goes also go, and are not listed any more", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  const signature = artifactAbout(image.text);
  const first = await registry.pushManifest(REPOSITORY, signature);
  const second = await registry.pushManifest(REPOSITORY, artifactAbout(JSON.stringify(signature), TYPES.index));
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  assertEquals(digestsOf(removals), [image.digest, image.layer, image.config, first, second].sort());
  const referrers = await registry.send("GET", `/v2/${REPOSITORY}/referrers/${image.digest}`);
  assertEquals((await referrers.json()).manifests, []);
  assertEquals(registry.tree(), []);
});

Deno.test("with untagged, referrers of a manifest that was never pushed go", async () => {
  await using registry = await startRegistry();
  const artifact = await registry.pushManifest(REPOSITORY, artifactAbout("never pushed"));
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  assertEquals(digestsOf(removals), [artifact]);
  assertEquals(registry.tree(), []);
});

Deno.test("with untagged, an artifact with a tag stays though its subject was never pushed", async () => {
  await using registry = await startRegistry();
  await registry.pushManifest(REPOSITORY, artifactAbout("never pushed"), { tag: "note" });
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  assertEquals(removals, []);
});

Deno.test("a manifest that cannot be read may need anything: no blob goes", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  await registry.pushBlob(REPOSITORY, "foo");
  await registry.pushBlob("library/other", "foo");
  Deno.writeTextFileSync(`${registry.root}/${REPOSITORY}/${digest}/manifest.json`, "{");
  age(registry, 120);

  const removals = await collect(registry);

  assertEquals(removals.map(({ name }) => name as string), ["library/other"]);
});

Deno.test("a manifest without its content-type may need anything: no blob goes", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  await registry.pushBlob(REPOSITORY, "foo");
  Deno.removeSync(`${registry.root}/${REPOSITORY}/${digest}/content-type`);
  age(registry, 120);

  const removals = await collect(registry);

  assertEquals(removals, []);
});

Deno.test("with untagged, a tagged index that cannot be read may have any child: no manifest goes either", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  const index = await registry.pushManifest(REPOSITORY, indexOf([image]), { tag: "all" });
  Deno.writeTextFileSync(`${registry.root}/${REPOSITORY}/${index}/manifest.json`, "{");
  age(registry, 120);
  const before = registry.tree();

  const removals = await collect(registry, { untagged: true });

  assertEquals(removals, []);
  assertEquals(registry.tree(), before);
});

Deno.test("a tag that points to nothing keeps nothing, and stays, so that verify finds it", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  Deno.writeTextFileSync(`${registry.root}/${REPOSITORY}/_tags/latest`, digestOf("never pushed"));
  age(registry, 120);

  const removals = await collect(registry, { untagged: true });

  assertEquals(removals.map(({ kind }) => kind), ["manifest", "blob", "blob"]);
  assertEquals(removals[0].digest as string, digest);
  assertEquals(registry.tree(), [`${REPOSITORY}/_tags/latest`]);
});

Deno.test("between two portions of a collection a manifest is pushed, and keeps the blobs that it needs", async () => {
  await using registry = await startRegistry();
  const contents = Array.from({ length: 20 }, (_, number) => `blob ${number}`);
  for (const content of contents) await registry.pushBlob(REPOSITORY, content);
  age(registry, 120);
  let left: string[] = [];

  const removals = await collectSlowly(registry, {}, async ({ digest }) => {
    left = contents.filter((content) => digestOf(content) !== digest);
    await registry.pushManifest(REPOSITORY, {
      schemaVersion: 2,
      mediaType: TYPES.image,
      config: descriptorOf(left[0], TYPES.config),
      layers: left.slice(1, 10).map((content) => descriptorOf(content, TYPES.layer)),
    });
    // A push makes its blobs look used. Here only their manifest keeps them.
    age(registry, 120);
  });

  assertEquals(digestsOf(removals).length, 10);
  assertEquals(
    digestsOf(removals).filter((digest) => left.slice(0, 10).map((text) => digestOf(text)).includes(digest)),
    [],
  );
  await expectSound(registry);
});

Deno.test("a push that begins during a collection is acknowledged before the collection ends", async () => {
  await using registry = await startRegistry();
  for (let number = 0; number < 20; number++) await registry.pushBlob(REPOSITORY, `blob ${number}`);
  age(registry, 120);
  const { now } = Date;
  const events: string[] = [];
  let late = 0;
  let pushed: Promise<unknown> = Promise.resolve();
  const disk = localDisk(registry.root, {
    durability: "none",
    watch({ when, kind, path }) {
      if (when !== "before" || kind !== "rename" || !path.includes("/.blob.")) return;
      late += 10_000;
      if (late > 10_000) return;
      // The registry has the same disk. So the push joins the queue for the next turn.
      const request = new Request(`http://localhost/v2/${REPOSITORY}/manifests/latest`, {
        method: "PUT",
        headers: { "Content-Type": TYPES.index },
        body: JSON.stringify(indexOf([])),
      });
      pushed = createRegistry({ disk })(request).then(({ status }) => events.push(`pushed: ${status}`));
    },
  });

  Date.now = () => now() + late;
  try {
    const removals = await Array.fromAsync(collectGarbage(disk));
    events.push(`collected: ${removals.length}`);
    await pushed;
  } finally {
    Date.now = now;
  }

  assertEquals(events, ["pushed: 201", "collected: 20"]);
});

Deno.test("a manifest that is pushed between two portions keeps its blobs, even if a blob with its bytes was there before", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  await registry.send("DELETE", `/v2/${REPOSITORY}/manifests/${image.digest}`);
  await registry.pushBlob(REPOSITORY, image.text);
  const first = await pushBlobBefore(registry, [image.digest, image.layer, image.config]);
  age(registry, 120);

  const removals = await collectSlowly(registry, {}, async () => {
    await registry.pushManifest(REPOSITORY, image.text);
    age(registry, 120);
  });

  assertEquals(removals.map(({ kind, digest }) => [kind, digest as string]), [["blob", first], ["blob", image.digest]]);
  await expectSound(registry);
});

Deno.test("with untagged, a manifest that gets a tag between two portions stays, with everything that it reaches", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY);
  const inner = JSON.stringify(indexOf([image]));
  const middle = JSON.stringify(indexOf([{ text: inner, type: TYPES.index }]));
  const outer = JSON.stringify(indexOf([{ text: middle, type: TYPES.index }]));
  for (const text of [inner, middle, outer]) await registry.pushManifest(REPOSITORY, text);
  age(registry, 120);

  const removals = await collectSlowly(registry, { untagged: true }, async () => {
    await registry.pushManifest(REPOSITORY, inner, { tag: "latest" });
    await registry.pushManifest(REPOSITORY, artifactAbout(image.text));
    age(registry, 120);
  });

  assertEquals(removals.map(({ digest }) => digest as string), [digestOf(outer), digestOf(middle)]);
  await expectSound(registry);
});

Deno.test("with untagged, a manifest that comes between two portions stays, though the index that has it is older", async () => {
  await using registry = await startRegistry({ allowSparse: true });
  const image = await registry.pushImage(REPOSITORY);
  await registry.send("DELETE", `/v2/${REPOSITORY}/manifests/${image.digest}`);
  await registry.pushManifest(REPOSITORY, indexOf([image]), { tag: "latest" });
  const first = await pushBlobBefore(registry, [image.layer, image.config]);
  age(registry, 120);

  const removals = await collectSlowly(registry, { untagged: true }, async () => {
    await registry.pushManifest(REPOSITORY, image.text);
    age(registry, 120);
  });

  assertEquals(digestsOf(removals), [first]);
  await expectSound(registry);
});

Deno.test("a manifest that cannot be read any more stops the collection at its next portion", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/other", { tag: "latest" });
  for (let number = 0; number < 5; number++) await registry.pushBlob("library/other", `blob ${number}`);
  age(registry, 120);

  const removals = await collectSlowly(registry, {}, async () => {
    await Deno.writeTextFile(`${registry.root}/library/other/${digest}/manifest.json`, "{");
  });

  assertEquals(removals.length, 1);
});
