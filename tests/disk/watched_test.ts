/** A disk that tells each operation. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { type DiskMoment, watched } from "../../src/disk/watched.ts";
import { createRegistry } from "../../src/registry.ts";
import { bytes, digestOf } from "../fixture.ts";

const LATEST = "library/hello/_tags/latest";
const SESSION = "library/hello/_uploads/0f9c/data";

Deno.test("each operation is told before it happens and after, also those of growing files", async () => {
  const told: string[] = [];
  const disk = watched(memoryDisk(), ({ when, name, path }) => told.push(`${when} ${name} ${path}`));

  await disk.put("library/hello/_tags", { latest: bytes("one") });
  disk.look(LATEST);
  await disk.begin(SESSION, "sha256", async (file) => {
    await file.append(ReadableStream.from([bytes("foo")]));
    await file.moveTo("library/hello/sha256:2c26", "blob");
  });

  assertEquals(told, [
    "before put library/hello/_tags",
    "after put library/hello/_tags",
    `before look ${LATEST}`,
    `after look ${LATEST}`,
    `before begin ${SESSION}`,
    `before append ${SESSION}`,
    `after append ${SESSION}`,
    `before moveTo ${SESSION}`,
    `after moveTo ${SESSION}`,
    `after begin ${SESSION}`,
  ]);
});

Deno.test("an operation that fails is told with its error", async () => {
  const moments: DiskMoment[] = [];
  const disk = watched(memoryDisk(), (moment) => moments.push(moment));
  const error = new Error("the action failed");
  const fail = () => {
    throw error;
  };
  await disk.put("library/hello/_tags", { latest: bytes("one") });
  moments.length = 0;

  assertThrows(() => disk.read(LATEST, fail), Error, "the action failed");
  await assertRejects(() => disk.inTurn("library/hello", () => Promise.reject(error)), Error, "the action failed");

  assertEquals(moments, [
    { when: "before", name: "read", path: LATEST },
    { when: "after", name: "read", path: LATEST, error },
    { when: "before", name: "inTurn", path: "library/hello" },
    { when: "after", name: "inTurn", path: "library/hello", error },
  ]);
});

Deno.test("if the watcher throws, the operation fails: before it, nothing has happened, and after it, everything", async () => {
  for (const when of ["before", "after"]) {
    const inner = memoryDisk();
    const disk = watched(inner, (moment) => {
      if (moment.when === when && moment.name === "put") throw new Error("the watcher says no");
    });

    await assertRejects(() => disk.put("a/_tags", { latest: bytes("one") }), Error, "the watcher says no");

    assertEquals(inner.list("a/_tags"), when === "before" ? [] : ["latest"]);
  }
});

Deno.test("what a registry asks of its disk can be told, through the story of each request too", async () => {
  const told: string[] = [];
  const disk = watched(memoryDisk(), ({ when, name }) => when === "before" && told.push(name));
  const registry = createRegistry({ disk, onStory: () => {} });
  const url = `http://localhost/v2/library/hello/blobs/uploads/?digest=${digestOf("foo")}`;

  const response = await registry(new Request(url, { method: "POST", body: "foo" }));

  assertEquals(response.status, 201);
  assertEquals(told.filter((name) => ["begin", "append", "moveTo"].includes(name)), ["begin", "append", "moveTo"]);
});

Deno.test("a watched memory disk can still go back to a snapshot", async () => {
  const disk = watched(memoryDisk(), () => {});
  const before = disk.snapshot();
  await disk.put("a/_tags", { latest: bytes("one") });

  disk.restore(before);

  assertEquals(disk.list(""), []);
});
