/** After a process was killed, the next housekeeping puts right what it left behind. */

import { localDisk } from "../../src/disk/local_disk.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Disk } from "../../src/disk/disk.ts";
import { watched } from "../../src/disk/watched.ts";
import { clearLeftOvers, type ClearOptions, type LeftOver } from "../../src/housekeeping/clear_left_overs.ts";
import { collectGarbage } from "../../src/housekeeping/collect_garbage.ts";
import { createRegistry } from "../../src/registry.ts";
import { descriptorOf, digestOf, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";

const REPOSITORY = "library/hello";
const FOO = digestOf("foo");
const UUID = "0f9c5d3e-5b1a-4a54-9d0e-2f6c1a7b8e90";
const MINUTE = 60_000;

function diskOf({ root }: { root: string }): Disk {
  return localDisk(root, { durability: "none" });
}

function clear(registry: TestRegistry, options?: ClearOptions): Promise<LeftOver[]> {
  return Array.fromAsync(clearLeftOvers(diskOf(registry), options));
}

// Writes a file by hand, with the folders above it. It looks this old.
function write({ root }: { root: string }, path: string, text: string, minutes = 0): void {
  Deno.mkdirSync(`${root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
  Deno.writeTextFileSync(`${root}/${path}`, text);
  age({ root }, path, minutes);
}

function age({ root }: { root: string }, path: string, minutes: number): void {
  const then = new Date(Date.now() - minutes * MINUTE);
  Deno.utimeSync(`${root}/${path}`, then, then);
}

// Makes it look as if gc had been killed when it had just taken the file aside.
function takeAside({ root }: { root: string }, path: string): string {
  const aside = path.replace(/([^/]*)$/, `.$1.${UUID}`);
  Deno.renameSync(`${root}/${path}`, `${root}/${aside}`);
  return aside;
}

async function catalogOf(registry: TestRegistry): Promise<string[]> {
  return (await (await registry.send("GET", "/v2/_catalog")).json()).repositories;
}

function everythingIn({ root }: { root: string }): string[] {
  // A registry keeps an empty `_uploads` for the next push.
  return new Folder(root).everything().filter((path) => !path.startsWith(".locks") && !path.endsWith("/_uploads"));
}

Deno.test("a blob that gc had taken aside when it was killed gets its name back at once", async () => {
  await using registry = await startRegistry();
  const { layer, config } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  const before = registry.tree();
  const files = [`${REPOSITORY}/${layer}/blob`, `${REPOSITORY}/${config}/config.json`];
  for (const file of files) takeAside(registry, file);

  const cleared = await clear(registry);

  assertEquals(cleared, files.sort().map((path) => ({ kind: "restored", path })));
  assertEquals(registry.tree(), before);
  const pulled = await registry.send("GET", `/v2/${REPOSITORY}/blobs/${layer}`);
  assertEquals([pulled.status, await pulled.text()], [200, `layer of ${REPOSITORY}`]);
  assertEquals(await clear(registry), []);
});

Deno.test("a blob of sha512 gets its name back, too, and one of an algorithm that is not known here", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob(REPOSITORY, "foo", "sha512");
  const file = `${REPOSITORY}/${foo}/blob`;
  takeAside(registry, file);
  write(registry, `${REPOSITORY}/md5:0123456789abcdef0123456789abcdef/.layer.tar.${UUID}`, "bar");

  await clear(registry);

  assertEquals(registry.tree(), [`${REPOSITORY}/md5:0123456789abcdef0123456789abcdef/layer.tar`, file]);
});

Deno.test("a blob that an older version had taken aside, without its name in it, gets a name after the grace period", async () => {
  await using registry = await startRegistry();
  const aside = `${REPOSITORY}/${FOO}/.${UUID}`;
  write(registry, aside, "foo", 59);

  const early = await clear(registry);
  age(registry, aside, 61);
  const late = await clear(registry);

  assertEquals([early, late], [[], [{ kind: "restored", path: `${REPOSITORY}/${FOO}/blob` }]]);
  assertEquals(await (await registry.send("GET", `/v2/${REPOSITORY}/blobs/${FOO}`)).text(), "foo");
});

Deno.test("if a client has pushed the blob again meanwhile, its file stays, and the one that was taken aside goes", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  const aside = takeAside(registry, `${REPOSITORY}/${FOO}/blob`);
  await registry.pushBlob(REPOSITORY, "foo");
  const { ino } = Deno.statSync(`${registry.root}/${REPOSITORY}/${FOO}/blob`);

  const cleared = await clear(registry);

  assertEquals(cleared, [{ kind: "removed", path: aside }]);
  assertEquals(registry.tree(), [`${REPOSITORY}/${FOO}/blob`]);
  assertEquals(Deno.statSync(`${registry.root}/${REPOSITORY}/${FOO}/blob`).ino, ino);
});

Deno.test("a file whose bytes do not have the digest never gets a name, and goes after the grace period", async () => {
  for (const aside of [`${REPOSITORY}/${FOO}/.blob.${UUID}`, `${REPOSITORY}/${FOO}/.${UUID}`]) {
    await using registry = await startRegistry();
    write(registry, aside, "fo", 59);

    const early = await clear(registry);
    age(registry, aside, 61);
    const late = await clear(registry);

    assertEquals([early, late], [[], [{ kind: "removed", path: aside }]]);
    assertEquals(everythingIn(registry), []);
  }
});

Deno.test("files that were never finished go after the grace period, wherever the registry writes them", async () => {
  await using registry = await startRegistry();
  const image = await registry.pushImage(REPOSITORY, { tag: "latest" });
  const subject = descriptorOf(image.text, TYPES.image);
  const index = { schemaVersion: 2, mediaType: TYPES.index, artifactType: "text/x-note", manifests: [], subject };
  await registry.pushManifest(REPOSITORY, index);
  const before = everythingIn(registry);
  const folders = [
    "",
    ".locks/",
    `${REPOSITORY}/${image.digest}/`,
    `${REPOSITORY}/${image.layer}/`,
    `${REPOSITORY}/${digestOf("new")}/`,
    `${REPOSITORY}/_tags/`,
    `${REPOSITORY}/_referrers/${image.digest}/`,
    `${REPOSITORY}/_referrers/${digestOf("new")}/`,
    "library/other/_tags/",
  ];
  const files = folders.map((folder) => `${folder}.${UUID}`);

  for (const file of files) write(registry, file, "half of someth", 59);
  const early = await clear(registry);
  for (const file of files) age(registry, file, 61);
  const late = await clear(registry);

  assertEquals(early, []);
  assertEquals(late.map(({ kind, path }) => `${kind} ${path}`).sort(), files.map((path) => `removed ${path}`).sort());
  assertEquals(everythingIn(registry), before);
});

Deno.test("the grace period need not be an hour", async () => {
  await using registry = await startRegistry();
  const file = `${REPOSITORY}/_tags/.${UUID}`;
  write(registry, file, "half of someth", 10);

  const long = await clear(registry, { grace: 11 * MINUTE });
  const short = await clear(registry, { grace: 9 * MINUTE });

  assertEquals([long, short], [[], [{ kind: "removed", path: file }]]);
});

Deno.test("what is left of a push or a delete of a manifest goes: a content type and an entry without their manifest", async () => {
  await using registry = await startRegistry();
  const digest = digestOf("a manifest");
  const files = [
    `${REPOSITORY}/${digest}/content-type`,
    `${REPOSITORY}/${digest}/.${UUID}`,
    `${REPOSITORY}/_referrers/${digestOf("its subject")}/${digest}.json`,
  ];
  for (const [number, text] of [TYPES.image, "a manifest", "{}"].entries()) write(registry, files[number], text, 61);

  const cleared = await clear(registry);

  assertEquals(
    cleared.map(({ kind, path }) => `${kind} ${path}`).sort(),
    files.map((path) => `removed ${path}`).sort(),
  );
  assertEquals(everythingIn(registry), []);
});

Deno.test("the manifest of a push that was killed never becomes a blob: its content type stays as long as its bytes do", async () => {
  await using registry = await startRegistry();
  const digest = digestOf("a manifest");
  const [type, unfinished] = [`${REPOSITORY}/${digest}/content-type`, `${REPOSITORY}/${digest}/.${UUID}`];
  write(registry, type, TYPES.image);
  write(registry, unfinished, "a manifest");

  const soon = await clear(registry);
  age(registry, unfinished, 61);
  const later = await clear(registry);

  assertEquals([soon, later], [[], [{ kind: "removed", path: unfinished }, { kind: "removed", path: type }]]);
  assertEquals(everythingIn(registry), []);
});

Deno.test("the manifest of a push that was killed never becomes a blob, even if a client has pushed and deleted it since then", async () => {
  await using registry = await startRegistry();
  const text = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
  const digest = await registry.pushManifest(REPOSITORY, text);
  const unfinished = `${REPOSITORY}/${digest}/.${UUID}`;
  write(registry, unfinished, text, 61);
  const deleted = await registry.send("DELETE", `/v2/${REPOSITORY}/manifests/${digest}`);

  const cleared = await clear(registry);

  assertEquals([deleted.status, cleared], [202, [{ kind: "removed", path: unfinished }]]);
  assertEquals(everythingIn(registry), []);
});

Deno.test("a repository that has nothing but empty folders leaves the catalog and the disk", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/other", "foo");
  const before = everythingIn(registry);
  const folders = [
    `${REPOSITORY}/${FOO}`,
    `${REPOSITORY}/_tags`,
    `${REPOSITORY}/_uploads`,
    `${REPOSITORY}/_referrers/${FOO}`,
    "library/hello/dev",
    `_quarantine/library/hello/${FOO}`,
  ];
  for (const folder of folders) Deno.mkdirSync(`${registry.root}/${folder}`, { recursive: true });

  const cleared = await clear(registry);

  assertEquals([cleared, await catalogOf(registry)], [[], ["library/other"]]);
  assertEquals(everythingIn(registry), before);
});

Deno.test("a root that is empty stays, and one that is not there is not made", async () => {
  using folder = new Folder();
  const nowhere = `${folder.path}/nowhere`;

  const cleared = [
    await Array.fromAsync(clearLeftOvers(diskOf({ root: nowhere }))),
    await Array.fromAsync(clearLeftOvers(diskOf({ root: folder.path }))),
  ];

  assertEquals([cleared, folder.everything()], [[[], []], []]);
});

Deno.test("whatever else lies in the folder is left alone", async () => {
  await using registry = await startRegistry();
  const files = [
    ".git/config",
    ".hidden",
    "README",
    `${REPOSITORY}/.DS_Store`,
    `${REPOSITORY}/_tags/.DS_Store`,
    `${REPOSITORY}/${FOO}/.nfs000000000001`,
    `${REPOSITORY}/${FOO}/notes`,
    `${REPOSITORY}/${FOO}/.notes.${UUID}`,
    `${REPOSITORY}/${FOO}/.manifest.json.${UUID}`,
    `${REPOSITORY}/${digestOf("a file")}`,
    `_quarantine/${REPOSITORY}/${FOO}/blob.${UUID}`,
  ];
  for (const file of files) write(registry, file, "mine", 6000);
  await registry.openSession(REPOSITORY);
  const before = everythingIn(registry);

  const cleared = await clear(registry);

  assertEquals([cleared, everythingIn(registry)], [[], before]);
});

Deno.test("it reads no bytes but those of files that were taken aside or never finished", async () => {
  await using registry = await startRegistry();
  await registry.pushImage(REPOSITORY, { tag: "latest" });
  const foo = await registry.pushBlob(REPOSITORY, "foo");
  takeAside(registry, `${REPOSITORY}/${foo}/blob`);
  const disk = diskOf(registry);
  const opened: string[] = [];

  await Array.fromAsync(clearLeftOvers(watched(disk, ({ when, name, path }) => {
    if (when === "before" && name === "open") opened.push(path);
  })));

  assertEquals(opened, [`${REPOSITORY}/${foo}/.blob.${UUID}`]);
});

Deno.test("it waits for a garbage collection that has a blob aside at this moment, and changes nothing", async () => {
  for (const isUsed of [true, false]) {
    await using registry = await startRegistry();
    await registry.pushBlob(REPOSITORY, "foo");
    const path = `${REPOSITORY}/${FOO}/blob`;
    age(registry, path, 120);
    let clearing: Promise<LeftOver[]> | undefined;
    const disk = localDisk(registry.root, {
      durability: "none",
      watch({ when, kind }) {
        if (kind !== "rename" || clearing !== undefined) return;
        if (when === "after") clearing = clear(registry);
        else if (isUsed) age(registry, path, 0);
      },
    });

    await Array.fromAsync(collectGarbage(disk));

    assertEquals(await clearing, []);
    assertEquals(registry.tree(), isUsed ? [path] : []);
  }
});

Deno.test("a repository that somebody else changes for a long time is left for the next time, and the others are cleared", async () => {
  await using registry = await startRegistry();
  for (const name of [REPOSITORY, "library/other"]) {
    await registry.pushBlob(name, "foo");
    takeAside(registry, `${name}/${FOO}/blob`);
    write(registry, `${name}/${digestOf("bar")}/content-type`, TYPES.image);
  }
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const changing = diskOf(registry).inTurn(REPOSITORY, async () => {
    begin();
    await end;
  });
  await begun;

  const impatient = localDisk(registry.root, { durability: "none", patience: 50 });
  const first = await Array.fromAsync(clearLeftOvers(impatient));
  resolve();
  await changing;
  const second = await clear(registry);

  const clearedIn = (name: string) => [
    { kind: "restored", path: `${name}/${FOO}/blob` },
    { kind: "removed", path: `${name}/${digestOf("bar")}/content-type` },
  ];
  assertEquals([first, second], [clearedIn("library/other"), clearedIn(REPOSITORY)] as LeftOver[][]);
});

Deno.test("it waits for a push that has written the first of the two files of a manifest", async () => {
  await using registry = await startRegistry();
  let clearing: Promise<LeftOver[]> | undefined;
  const pushing = createRegistry({
    disk: localDisk(registry.root, {
      durability: "none",
      watch({ when, kind, path }) {
        if (when === "after" && kind === "rename" && path.endsWith("/content-type")) clearing ??= clear(registry);
      },
    }),
  });
  const body = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });

  const pushed = await pushing(
    new Request(`http://localhost/v2/${REPOSITORY}/manifests/latest`, {
      method: "PUT",
      body,
      headers: { "Content-Type": TYPES.index },
    }),
  );

  assertEquals([pushed.status, await clearing], [201, []]);
  assertEquals(await (await registry.send("GET", `/v2/${REPOSITORY}/manifests/latest`)).text(), body);
});

Deno.test("gc clears left-overs, too: it gives back a blob and collects it after its grace period; a dry run changes nothing", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  age(registry, `${REPOSITORY}/${FOO}/blob`, 120);
  takeAside(registry, `${REPOSITORY}/${FOO}/blob`);
  write(registry, `library/other/_tags/.${UUID}`, "half", 61);
  const before = everythingIn(registry);

  const dry = await Array.fromAsync(collectGarbage(diskOf(registry), { dryRun: true }));
  const unchanged = everythingIn(registry);
  const long = await Array.fromAsync(collectGarbage(diskOf(registry), { grace: 240 * MINUTE }));
  const restored = registry.tree();
  const short = await Array.fromAsync(collectGarbage(diskOf(registry)));

  assertEquals([dry, unchanged], [[], before]);
  assertEquals([long, restored], [[], [`${REPOSITORY}/${FOO}/blob`]]);
  assertEquals(short.map(({ digest }) => digest as string), [FOO]);
  assertEquals(everythingIn(registry), []);
});

Deno.test("if the disk fails while gc has a blob aside, the next housekeeping gives the blob its name back", async () => {
  for (const isUsed of [true, false]) {
    await using registry = await startRegistry();
    await registry.pushBlob(REPOSITORY, "foo");
    const path = `${REPOSITORY}/${FOO}/blob`;
    age(registry, path, 120);
    const disk = localDisk(registry.root, {
      durability: "none",
      watch(step) {
        if (step.when !== "before") return;
        if (step.path === path || step.kind === "remove file") throw new Error("The disk has failed.");
        if (isUsed && step.kind === "rename") age(registry, path, 0);
      },
    });

    await assertRejects(() => Array.fromAsync(collectGarbage(disk)), Error, "The disk has failed.");
    const during = registry.tree();
    const cleared = await clear(registry);

    assertEquals([during.length, during.includes(path)], [1, false]);
    assertEquals([cleared, registry.tree()], [[{ kind: "restored", path }], [path]]);
  }
});

Deno.test("gc without a grace period leaves alone the files that are being written at this moment", async () => {
  await using registry = await startRegistry();
  const file = `${REPOSITORY}/_tags/.${UUID}`;
  write(registry, file, "half of someth");

  await Array.fromAsync(collectGarbage(diskOf(registry), { grace: 0 }));

  assertEquals(registry.tree(), [file]);
});

Deno.test("the program clears left-overs when it starts, and tells which blob it has given back", async () => {
  using folder = new Folder();
  const root = folder.path;
  write({ root }, `${REPOSITORY}/${FOO}/.blob.${UUID}`, "foo");
  write({ root }, `library/other/${FOO}/.${UUID}`, "fo", 61);
  await using program = await Program.serve(root);

  const isGone = () => !folder.everything().includes("library/other");
  const pulled = await program.ask("GET", `/v2/${REPOSITORY}/blobs/${FOO}`, ({ status }) => status === 200 && isGone());
  const catalog = await program.send("GET", "/v2/_catalog");
  const [told] = await program.err.until(/restored.*/);

  assertEquals([await pulled.text(), await catalog.json()], ["foo", { repositories: [REPOSITORY] }]);
  assertEquals(told, `restored ${REPOSITORY}/${FOO}/blob, which an interrupted gc had taken aside`);
  assert(folder.tree().includes(`${REPOSITORY}/${FOO}/blob`));
});

Deno.test("a program that serves pulls only changes nothing when it starts", async () => {
  using folder = new Folder();
  write({ root: folder.path }, `${REPOSITORY}/${FOO}/.blob.${UUID}`, "foo");
  const before = folder.everything();
  {
    await using program = await Program.serve(folder.path, "--read-only");
    await program.send("GET", "/v2/");
  }
  assertEquals(folder.everything(), before);
});

Deno.test("other work goes on while it lists the folders that may have very many names", async () => {
  await using registry = await startRegistry();
  const { text } = await registry.pushImage(REPOSITORY, { tag: "latest" });
  await registry.pushImage(REPOSITORY, { subject: descriptorOf(text, TYPES.image) });
  await registry.openSession(REPOSITORY);
  const listed: string[] = [];

  await Array.fromAsync(clearLeftOvers(watched(diskOf(registry), ({ name, path }) => {
    if (name === "list") listed.push(path);
  })));

  assertEquals(listed, []);
});
