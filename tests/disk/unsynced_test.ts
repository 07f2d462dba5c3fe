/**
 * What another process has left without a sync: it was killed just before. Its names are there, and nobody knows if a power cut
 * would leave them. Whoever says that such a file is kept has to sync all that the file needs.
 *
 * In each test the registry's disk answers for a file, and then no power cut may take the file. `power_cut_test.ts` plays the same
 * with random requests, and hardly ever meets one of these orders.
 */

// First: it takes the place of functions that the disk looks up when it is loaded.
import { StrictDisk } from "../power_cut/strict_disk.ts";
import { assertEquals, assertRejects } from "@std/assert";
import type { Disk } from "../../src/disk/disk.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import type { Step } from "../../src/disk/watching.ts";
import { createRegistry } from "../../src/registry.ts";
import { bytes, digestOf, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { Random } from "../fuzz/random.ts";

const UPLOADS = "a/_uploads";
const BLOB = "a/sha256:1/blob";
const OTHER = "b/sha256:1/blob";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

/** Three processes on one root, and a strict disk below them. */
class World implements Disposable {
  readonly #folder = new Folder();
  readonly #strict = new StrictDisk(this.#folder.path, new Random(1));
  /** The process that answers. */
  readonly disk = this.process();
  /** Another one. */
  readonly other = this.process();
  /** One that is killed whenever it wants to sync a folder. */
  readonly killed = this.process(({ when, kind }) => {
    if (when === "before" && kind === "sync folder") throw new Error("killed");
  });

  process(watch?: (step: Step) => void): Disk {
    return localDisk(`${this.#folder.path}/root`, { watch });
  }

  /** Makes both repositories, and syncs their names. */
  async start(): Promise<void> {
    for (const name of ["a", "b"]) await this.disk.put(`${name}/_tags`, { latest: bytes("text") });
  }

  /** Lets a process push a blob. */
  async push(disk: Disk, session: string): Promise<void> {
    await disk.begin(`${UPLOADS}/${session}/data`, "sha256", async (file) => {
      await file.append(ReadableStream.from([bytes("foo")]));
      await file.moveTo(folderOf(BLOB), "blob");
    });
  }

  /** Lets the third process do something until it is killed. */
  async until(action: Promise<unknown>): Promise<void> {
    await assertRejects(() => action, Error, "killed");
  }

  /** Says what a power cut could do to a file. */
  doubts(path = BLOB, text = "foo"): string | undefined {
    return this.#strict.doubts(`root/${path}`, text);
  }

  /** Returns true if a power cut could bring a file back. */
  mayBeThere(path = BLOB): boolean {
    return this.#strict.mayBeThere(`root/${path}`);
  }

  remove(path: string): void {
    Deno.removeSync(`${this.#folder.path}/root/${path}`);
  }

  /** Returns the time of a folder, in milliseconds since 1970. */
  timeOf(folder: string): number {
    return Deno.statSync(`${this.#folder.path}/root/${folder}`).mtime!.getTime();
  }

  setTime(folder: string, time: number): void {
    Deno.utimeSync(`${this.#folder.path}/root/${folder}`, new Date(time), new Date(time));
  }

  [Symbol.dispose](): void {
    this.#strict[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

async function world(): Promise<World> {
  const world = new World();
  await world.start();
  return world;
}

Deno.test("a file in a folder that was moved to its place is kept: the folder's old name is gone, too", async () => {
  using a = await world();
  await a.until(a.push(a.killed, "1"));

  const kept = await a.disk.keep(a.disk.find(folderOf(BLOB), ["blob"])!, UPLOADS);

  assertEquals([kept, a.doubts()], [true, undefined]);
});

for (const isMadeAnew of [false, true]) {
  const how = isMadeAnew ? "is another one by now" : "is gone by now";
  Deno.test(`that also holds if the folder that it was moved out of ${how}`, async () => {
    using a = await world();
    await a.until(a.push(a.killed, "1"));
    await a.until(a.killed.put(folderOf(BLOB), { "content-type": bytes("type") }));
    // Syncs the names of the blob's folder, and of the folder of the uploads.
    await a.disk.remove(`${folderOf(BLOB)}/content-type`);
    a.other.tidy(UPLOADS);
    if (isMadeAnew) await a.other.begin(`${UPLOADS}/2/data`, "sha256");

    const kept = await a.disk.keep(a.disk.find(folderOf(BLOB), ["blob"])!, UPLOADS);

    assertEquals([kept, a.doubts()], [true, undefined]);
  });
}

Deno.test("a manifest beside a blob whose folder was moved to its place is kept", async () => {
  using a = await world();
  await a.until(a.push(a.killed, "1"));

  await a.disk.put(folderOf(BLOB), { "content-type": bytes("type"), "manifest.json": bytes("foo") }, {
    movedFrom: UPLOADS,
  });

  assertEquals(a.doubts(`${folderOf(BLOB)}/manifest.json`), undefined);
});

Deno.test("a second push of a blob keeps the file of the first one", async () => {
  using a = await world();
  await a.until(a.push(a.killed, "1"));

  await a.push(a.disk, "2");

  assertEquals(a.doubts(), undefined);
});

Deno.test("a blob that is pushed into a folder that was moved to its place with another file is kept", async () => {
  using a = await world();
  await a.until(a.push(a.killed, "1"));
  await a.until(a.killed.put(folderOf(BLOB), { "content-type": bytes("type") }));
  await a.disk.remove(BLOB);

  await a.push(a.disk, "2");

  assertEquals(a.doubts(), undefined);
});

// The ways to ask for a file to be kept.
const KEEP: Record<string, (disk: Disk) => Promise<boolean>> = {
  "by its path": (disk) => disk.keep(BLOB, UPLOADS),
  "as it was found": (disk) => disk.keep(disk.find(folderOf(BLOB), ["blob"])!, UPLOADS),
};

// What a file shows that has lost its name and got it back: one of these at least.
const CHANGED = {
  "its folder is a new one": { isFolderNew: true, hasOtherName: false, isLater: false },
  "its folder has another time": { isFolderNew: false, hasOtherName: false, isLater: true },
  "it has another name, too": { isFolderNew: false, hasOtherName: true, isLater: false },
};

for (const [how, keep] of Object.entries(KEEP)) {
  for (const [what, { isFolderNew, hasOtherName, isLater }] of Object.entries(CHANGED)) {
    Deno.test(`a file that has lost its name and got it back is kept ${how}, and nothing tells it but this: ${what}`, async () => {
      using a = await world();
      const folder = folderOf(BLOB);
      if (!isFolderNew) await a.disk.put(folder, { "content-type": bytes("type") });
      await a.push(a.disk, "1");
      assertEquals([await keep(a.disk), await a.other.link(BLOB, OTHER)], [true, true]);
      const time = a.timeOf(folder);
      await a.other.remove(BLOB);
      await a.until(a.killed.link(OTHER, BLOB));
      if (!hasOtherName) await a.other.remove(OTHER);
      a.setTime(folder, time + (isLater ? 1000 : 0));

      const kept = await keep(a.disk);

      assertEquals([kept, a.doubts()], [true, undefined]);
    });
  }
}

Deno.test("a file that is removed stays away, also if another process removes its folder before that is synced", async () => {
  using a = await world();
  const disk = a.process(({ when, kind, path }) => {
    if (when === "after" && kind === "remove file" && path === BLOB) a.other.tidy(folderOf(BLOB));
  });
  await a.push(a.other, "1");

  const removed = await disk.remove(BLOB);

  assertEquals([removed, a.mayBeThere()], [true, false]);
});

Deno.test("a file that another process has replaced is kept, even if the time of its folder does not tell it", async () => {
  using a = await world();
  const tag = "a/_tags/latest";
  await a.disk.keep(tag);
  const time = a.timeOf("a/_tags");
  await a.until(a.killed.put("a/_tags", { latest: bytes("other") }));
  a.setTime("a/_tags", time);

  const kept = await a.disk.keep(tag);

  assertEquals([kept, a.doubts(tag, "other")], [true, undefined]);
});

// Nothing at the file or its folder tells the next two changes. But this process makes them itself.
Deno.test("somebody who asks for a file that gets its name from a mount at this moment waits until the name is synced", async () => {
  using a = await world();
  let time = 0;
  let kept: Promise<unknown> | undefined;
  const disk: Disk = a.process(({ when, kind }) => {
    if (when !== "after" || kind !== "link") return;
    a.remove(OTHER);
    a.setTime(folderOf(BLOB), time);
    kept = disk.keep(BLOB).then((isKept) => [isKept, a.doubts()]);
  });
  await disk.put(folderOf(BLOB), { "content-type": bytes("type") });
  await a.push(disk, "1");
  assertEquals([await disk.keep(BLOB), await a.other.link(BLOB, OTHER)], [true, true]);
  time = a.timeOf(folderOf(BLOB));
  await a.other.remove(BLOB);

  const linked = await disk.link(OTHER, BLOB);

  assertEquals([linked, a.doubts(), await kept], [true, undefined, [true, undefined]]);
});

Deno.test("somebody who asks for a file that a collection gives its name back waits until the name is synced", async () => {
  using a = await world();
  let time = 0;
  let kept: Promise<unknown> | undefined;
  const disk: Disk = a.process(({ when, kind, path }) => {
    if (when !== "after" || kind !== "rename" || path !== BLOB) return;
    a.setTime(folderOf(BLOB), time);
    kept = disk.keep(BLOB).then((isKept) => [isKept, a.doubts()]);
  });
  await a.push(disk, "1");
  assertEquals(await disk.keep(BLOB), true);
  time = a.timeOf(folderOf(BLOB));

  const removed = await disk.removeUnused(BLOB, 0);

  assertEquals([removed, a.doubts(), await kept], [false, undefined, [true, undefined]]);
});

Deno.test("a manifest that is pushed with another media type is kept with that", async () => {
  using a = await world();
  const manifest = JSON.stringify({ schemaVersion: 2, manifests: [] });
  const folder = `a/${digestOf(manifest)}`;
  const push = async (disk: Disk, type: string) => {
    const registry = createRegistry({ disk });
    const headers = { "Content-Type": type };
    const url = `http://localhost/v2/a/manifests/${digestOf(manifest)}`;
    return (await registry(new Request(url, { method: "PUT", body: manifest, headers }))).status;
  };
  assertEquals([await push(a.disk, TYPES.index), await push(a.disk, TYPES.index)], [201, 201]);
  const time = a.timeOf(folder);
  assertEquals(await push(a.killed, DOCKER_LIST), 500);
  a.setTime(folder, time + 1000);

  const pushed = await push(a.disk, DOCKER_LIST);

  assertEquals([pushed, a.doubts(`${folder}/content-type`, DOCKER_LIST)], [201, undefined]);
});
