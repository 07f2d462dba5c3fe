/** A disk whose errors name the file, and say in plain words why it cannot be used. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BusyError, type Disk } from "../../src/disk/disk.ts";
import { type DiskFailure, failing } from "../../src/disk/failing.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { FileError, namingErrors } from "../../src/disk/named_errors.ts";
import { isOfSystem, reasonOf } from "../../src/disk/reasons.ts";
import { bytes } from "../fixture.ts";

const TAGS = "library/hello/_tags";
const SESSION = "library/hello/_uploads/0f9c/data";

// A disk with a tag and a blob, and the list of its failures.
async function world() {
  const plan: DiskFailure[] = [];
  const disk = namingErrors(failing(memoryDisk(), plan), "testdata");
  await disk.put(TAGS, { latest: bytes("sha256:2c26…") });
  await disk.put("library/hello/sha256:2c26", { blob: bytes("foo") });
  return { disk, plan };
}

Deno.test("an operation that cannot read names the file, and one that cannot write says so", async () => {
  const { disk, plan } = await world();
  const file = disk.look(`${TAGS}/latest`)!;
  plan.push({ operations: ["list", "read", "open", "listMany", "inTurn", "remove"], code: "EACCES" });

  assertThrows(() => disk.list(""), FileError, "cannot read testdata: permission denied");
  assertThrows(
    () => disk.read(`${TAGS}/latest`, () => 1),
    FileError,
    `cannot read testdata/${TAGS}/latest: permission`,
  );
  assertThrows(() => disk.open(file), FileError, `cannot read testdata/${TAGS}/latest: permission denied`);
  await assertRejects(() => disk.listMany("library"), FileError, "cannot read testdata/library: permission denied");
  await assertRejects(
    () => disk.remove(`${TAGS}/latest`),
    FileError,
    `cannot change testdata/${TAGS}/latest: permission`,
  );
  await assertRejects(
    () => disk.inTurn("library/hello", () => Promise.resolve()),
    FileError,
    "cannot change testdata/library/hello: permission denied",
  );
});

Deno.test("the code of the system stays, because the answer to a client depends on it", async () => {
  const { disk, plan } = await world();
  plan.push({ code: "ENOSPC" });

  const error = await assertRejects(() => disk.put(TAGS, { v1: bytes("…") }), FileError);

  assertEquals([error.code, error.message], ["ENOSPC", `cannot change testdata/${TAGS}: the disk is full`]);
  assert(error.cause instanceof Error);
});

Deno.test("of several files of a folder, the one that cannot be read is named", () => {
  const disk = namingErrors(
    {
      ...memoryDisk(),
      readTogether: (_folder, parse) =>
        parse({
          names: ["content-type", "manifest.json"],
          read(name) {
            if (name === "content-type") return bytes("text/plain");
            throw Object.assign(new Error("Permission denied (os error 13): readfile 'x'"), { code: "EACCES" });
          },
        }),
    },
    "testdata",
  );

  const reads: string[] = [];
  assertThrows(
    () =>
      disk.readTogether("library/hello/sha256:7d1a", (files) => {
        for (const name of files.names) {
          files.read(name);
          reads.push(name);
        }
        return true;
      }),
    FileError,
    "cannot read testdata/library/hello/sha256:7d1a/manifest.json: permission denied",
  );
  assertEquals(reads, ["content-type"]);
});

Deno.test("a stream that breaks off names its file, after the bytes that came before", async () => {
  const { disk, plan } = await world();
  await disk.put("library/hello/sha256:9b4e", { "layer.tar": new Uint8Array(1_000_000) });
  const file = disk.look("library/hello/sha256:9b4e/layer.tar")!;
  plan.push({ operations: ["open"], bytes: 100 });

  let length = 0;
  const read = async () => {
    for await (const piece of disk.open(file) as ReadableStream<Uint8Array>) length += piece.length;
  };

  const { message } = await assertRejects(read, FileError);
  const what = "cannot read testdata/library/hello/sha256:9b4e/layer.tar";
  assertEquals([message, length], [`${what}: the disk has a fault`, 100]);
});

for (
  const [name, around] of Object.entries({
    "named errors": (disk: Disk) => namingErrors(disk, "testdata"),
    "a disk that fails": (disk: Disk) => failing(disk, [{ operations: ["open"], bytes: 1_000_000 }]),
  })
) {
  Deno.test(`${name}: a stream that the caller cancels is cancelled in the disk behind it, too, also before the first piece`, async () => {
    const cancelled: unknown[] = [];
    const opened = () =>
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull: (controller) => controller.enqueue(bytes("foo")),
        cancel: (reason) => void cancelled.push(reason),
      }, { highWaterMark: 0 });
    const disk = around({ ...memoryDisk(), open: opened });
    const file = { path: "library/hello/blob", size: 300_000, lastUsed: 0, links: 1 };

    await (disk.open(file) as ReadableStream).cancel("before the first piece");
    assertEquals(cancelled, ["before the first piece"]);

    const reader = (disk.open(file) as ReadableStream).getReader();
    await reader.read();
    await reader.cancel("after one");
    assertEquals(cancelled.length, 2);
  });
}

Deno.test("an error in an action is named once, after its own file", async () => {
  const { disk, plan } = await world();
  plan.push({ operations: ["append"], code: "ENOSPC" });

  const append = () =>
    disk.inTurn("library/hello", async () => {
      await disk.begin(SESSION, "sha256", (file) => file.append(ReadableStream.from([bytes("foo")])));
    });

  const { message } = await assertRejects(append, FileError);
  assertEquals(message, `cannot change testdata/${SESSION}: the disk is full`);
});

Deno.test("errors that are not the system's stay as they are", async () => {
  const { disk, plan } = await world();
  const busy = new BusyError("somebody else has its turn");
  plan.push({ operations: ["inTurn"], error: busy });

  const error = await assertRejects(() => disk.inTurn("library/hello", () => Promise.resolve()), BusyError);

  assertEquals(error, busy);
});

Deno.test("reasons: the errors of this machine, of Node, and of systems without a code are in plain words", () => {
  const nothing = new URL("nothing/here", import.meta.url).pathname;
  const here = new URL(import.meta.url).pathname;
  const folder = new URL(".", import.meta.url).pathname;
  const reasons = [
    () => Deno.readFileSync(nothing),
    () => Deno.readFileSync(folder),
    () => Deno.readDirSync(here),
    () => Deno.statSync(`${here}/below`),
    () => Deno.statSync(folder + "x".repeat(300)),
  ].map((action) => reasonOf(assertThrows(action, Error)));
  assertEquals(reasons, [
    "it is not there",
    "it is a folder and no file",
    "it is a file and no folder, or one above it is",
    "it is a file and no folder, or one above it is",
    "its name is too long",
  ]);

  const ofNode = Object.assign(new Error("listen EACCES: permission denied 0.0.0.0:80"), { code: "EACCES" });
  const withoutCode = new Error("Stale file handle (os error 116): lstat 'x'");
  const own = Object.assign(new Error("line 3 has no colon\n    at …"), { code: "ERR_PARSE" });
  assertEquals([ofNode, withoutCode, own].map(reasonOf), [
    "permission denied",
    "stale file handle",
    "line 3 has no colon",
  ]);
  assertEquals([ofNode, withoutCode, own, undefined].map(isOfSystem), [true, true, false, false]);
});
