/** What a local disk takes for a file, and what not. */

import { assertEquals, assertRejects } from "@std/assert";
import { cp } from "node:fs/promises";
import { LinkedFolderError } from "../../src/disk/disk.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { bytes } from "../fixture.ts";
import { Folder } from "../folder.ts";

const isUnix = Deno.build.os !== "windows";

Deno.test(
  "a pipe and a folder are no files: nothing is read from them, and nobody waits",
  { ignore: !isUnix },
  async () => {
    using folder = new Folder();
    const disk = localDisk(folder.path);
    await disk.put("a/_tags", { latest: bytes("text") });
    await new Deno.Command("mkfifo", { args: [`${folder.path}/a/_tags/pipe`] }).output();
    await Deno.mkdir(`${folder.path}/a/_tags/folder`);
    const read = (name: string) => disk.read(`a/_tags/${name}`, (bytes) => new TextDecoder().decode(bytes));

    assertEquals([read("latest"), read("pipe"), read("folder")], ["text", undefined, undefined]);
  },
);

Deno.test("a second name is not there if something else than a file has it", { ignore: !isUnix }, async () => {
  using folder = new Folder();
  const disk = localDisk(folder.path);
  await disk.put("a", { blob: bytes("foo") });
  await Deno.mkdir(`${folder.path}/b`);
  await Deno.symlink("nowhere", `${folder.path}/b/blob`);

  await assertRejects(() => disk.link("a/blob", "b/blob"), LinkedFolderError);
});

Deno.test(
  "moving a growing file to a name that is a link writes nothing through the link",
  { ignore: !isUnix },
  async () => {
    using folder = new Folder();
    using outside = new Folder();
    const secret = `${outside.path}/secret`;
    await Deno.writeTextFile(secret, "secret");
    const then = new Date("2001-01-01");
    await Deno.utime(secret, then, then);
    const disk = localDisk(folder.path);
    await Deno.mkdir(`${folder.path}/a/digest`, { recursive: true });
    await Deno.symlink(secret, `${folder.path}/a/digest/blob`);

    await disk.begin("a/_uploads/1/data", "sha256");
    await disk.grow("a/_uploads/1/data", async (file) => {
      await file.append(ReadableStream.from([bytes("foo")]));
      await file.moveTo("a/digest", "blob");
    });

    assertEquals([Deno.statSync(secret).mtime, Deno.readTextFileSync(secret)], [then, "secret"]);
    assertEquals(Deno.readTextFileSync(`${folder.path}/a/digest/blob`), "foo");
  },
);

Deno.test("a file below a link is not kept, and no use of it is noted", { ignore: !isUnix }, async () => {
  using folder = new Folder();
  using outside = new Folder();
  await Deno.writeTextFile(`${outside.path}/blob`, "foo");
  await Deno.symlink(outside.path, `${folder.path}/a`);
  const disk = localDisk(folder.path);

  assertEquals([await disk.keep("a/blob"), disk.noteUse("a/blob")], [false, false]);
});

// What is a link when a growing file is moved: the folder that it goes to, or the one above, which was moved away meanwhile.
for (const linked of ["a/digest", "a"]) {
  Deno.test(
    `a growing file is not moved to a/digest/blob while ${linked} is a link, and can still be used then`,
    { ignore: !isUnix },
    async () => {
      using folder = new Folder();
      using outside = new Folder();
      const disk = localDisk(folder.path);
      await Deno.mkdir(`${folder.path}/a/digest`, { recursive: true });

      await disk.begin("a/_uploads/1/data", "sha256", async (file) => {
        await file.append(ReadableStream.from([bytes("foo")]));
        await Deno.rename(`${folder.path}/${linked}`, `${outside.path}/moved`);
        await Deno.symlink(`${outside.path}/moved`, `${folder.path}/${linked}`);
        const before = outside.everything();

        await assertRejects(() => file.moveTo("a/digest", "blob"), LinkedFolderError);
        assertEquals(outside.everything(), before);
      });

      assertEquals(Deno.readTextFileSync(`${folder.path}/a/_uploads/1/data`), "foo");
    },
  );
}

// What takes the place of something while the bytes of an upload come.
const SWAPS: Record<string, { place: string; isLink: boolean }> = {
  "a link takes the place of its repository": { place: "a", isLink: true },
  "a link takes the place of the folder of the uploads": { place: "a/_uploads", isLink: true },
  "a link takes the place of its own folder": { place: "a/_uploads/1", isLink: true },
  "a link takes its place": { place: "a/_uploads/1/data", isLink: true },
  "another file takes its place": { place: "a/_uploads/1/data", isLink: false },
};

for (const [what, { place, isLink }] of Object.entries(SWAPS)) {
  Deno.test(
    `if ${what}, a growing file is gone, and nothing else gets its digest or is changed`,
    { ignore: !isUnix },
    async () => {
      using folder = new Folder();
      using outside = new Folder();
      const disk = localDisk(folder.path);
      const [at, copy] = [`${folder.path}/${place}`, `${outside.path}/copy`];

      const answers = await disk.begin("a/_uploads/1/data", "sha256", async (file) => {
        await file.append(ReadableStream.from([bytes("foo")]));
        await cp(at, copy, { recursive: true });
        await Deno.rename(at, `${outside.path}/original`);
        if (isLink) await Deno.symlink(copy, at);
        else await cp(copy, at);
        const before = outside.everything();
        const isSaved = await file.save();
        const isMoved = await file.moveTo("a/digest", "blob").catch((error) => error instanceof LinkedFolderError);
        await file.discard();
        return [isSaved, isMoved, outside.everything().join() === before.join()];
      });

      // Into a repository that is a link, nothing is written, whatever it is.
      assertEquals(answers, [false, place === "a", true]);
      assertEquals(disk.find("a/digest", ["blob"]), undefined);
    },
  );
}

Deno.test(
  "a growing file that was a link when the wait for its lock began is not there",
  { ignore: !isUnix },
  async () => {
    using folder = new Folder();
    using outside = new Folder();
    const secret = `${outside.path}/secret`;
    await Deno.writeTextFile(secret, "secret");
    const disk = localDisk(folder.path);
    await disk.begin("a/_uploads/1/data", "sha256");
    const path = `${folder.path}/a/_uploads/1/data`;
    await Deno.rename(path, `${path}.aside`);
    await Deno.symlink(secret, path);
    using locked = await Deno.open(secret);
    locked.lockSync(true);

    const growing = disk.grow("a/_uploads/1/data", async (file) => {
      await file.append(ReadableStream.from([bytes("foo")]));
    });
    // When the next task runs, it has opened what the link leads to, and waits.
    await new Promise((resolve) => setTimeout(resolve));
    await Deno.rename(`${path}.aside`, path);
    locked.unlockSync();

    assertEquals([await growing, outside.read("secret")], [undefined, "secret"]);
  },
);

Deno.test("a file is read once, even if there is nothing of use in it", async () => {
  using folder = new Folder();
  const disk = localDisk(folder.path);
  await disk.put("a/_tags", { latest: bytes("no digest") });
  let reads = 0;

  const value = disk.read("a/_tags/latest", () => {
    reads++;
    return undefined;
  });

  assertEquals([value, reads], [undefined, 1]);
});

Deno.test("the disk recalls what it was told to remember until the file or folder changes, and remembers nothing of what is not there", async () => {
  using folder = new Folder();
  const disk = localDisk(folder.path);
  await disk.put("a/_tags", { latest: bytes("one") });
  const then = new Date(Date.now() - 60 * 60 * 1000);
  for (const path of ["a/_tags/latest", "a/_tags"]) Deno.utimeSync(`${folder.path}/${path}`, then, then);
  const paths = ["a/_tags/latest", "a/_tags", "a/_tags/nothing"];
  const recall = () => paths.map((path) => disk.recall<string>(path));

  const before = recall();
  for (const path of paths) disk.remember(path, `of ${path}`, 100);
  const remembered = recall();
  await disk.put("a/_tags", { latest: bytes("two") });

  assertEquals(before, [undefined, undefined, undefined]);
  assertEquals(remembered, ["of a/_tags/latest", "of a/_tags", undefined]);
  assertEquals(recall(), [undefined, undefined, undefined]);
});
