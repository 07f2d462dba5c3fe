/** What only a memory disk can do: go back to a snapshot, and have a clock that a test moves. */

import { assertEquals, assertThrows } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { createRegistry } from "../../src/registry.ts";
import { bytes, digestOf } from "../fixture.ts";

const SESSION = "library/hello/_uploads/0f9c/data";

Deno.test("a snapshot is what was there, whatever changes later, and it can be restored again and again", async () => {
  const disk = memoryDisk();
  const tags = () => disk.list("a/_tags").map((name) => `${name}=${disk.read(`a/_tags/${name}`, text)}`);
  await disk.put("a/_tags", { one: bytes("1"), two: bytes("2") });
  await disk.link("a/_tags/two", "a/_tags/three");
  const before = disk.snapshot();

  const seen: unknown[] = [];
  for (let time = 0; time < 2; time++) {
    await disk.put("a/_tags", { one: bytes("changed") });
    await disk.remove("a/_tags/two");
    await disk.put("b/_tags", { new: bytes("") });
    seen.push([tags(), disk.list("")]);
    disk.restore(before);
    seen.push([tags(), disk.list(""), disk.look("a/_tags/two")?.links]);
  }

  const changed = [["one=changed", "three=2"], ["a", "b"]];
  const restored = [["one=1", "three=2", "two=2"], ["a"], 2];
  assertEquals(seen, [changed, restored, changed, restored]);
});

Deno.test("what a caller has made of a file is forgotten when an older one is restored", async () => {
  const disk = memoryDisk();
  await disk.put("a/_tags", { latest: bytes("one") });
  disk.remember("a/_tags/latest", "of one", 10);
  const before = disk.snapshot();
  await disk.put("a/_tags", { latest: bytes("two") });
  disk.remember("a/_tags/latest", "of two", 10);

  disk.restore(before);

  assertEquals([disk.recall("a/_tags/latest"), disk.read("a/_tags/latest", text)], [undefined, "one"]);
});

Deno.test("a growing file that was restored has the digest of its own bytes", async () => {
  const disk = memoryDisk();
  const grow = (piece: string) => disk.grow(SESSION, (file) => file.append(ReadableStream.from([bytes(piece)])));
  const digest = () => disk.grow(SESSION, (file) => file.digest("sha256"));
  await disk.begin(SESSION, "sha256");
  await grow("foo");
  const before = disk.snapshot();
  await disk.grow(SESSION, (file) => file.truncate(0));
  await grow("bar");

  disk.restore(before);

  assertEquals(`sha256:${await digest()}`, digestOf("foo"));
  await grow("baz");
  assertEquals(`sha256:${await digest()}`, digestOf("foobaz"));
});

Deno.test("two disks that go on from one snapshot do not meet", async () => {
  const [one, two] = [memoryDisk(), memoryDisk()];
  await one.begin(SESSION, "sha256");
  await one.grow(SESSION, (file) => file.append(ReadableStream.from([bytes("foo")])));

  two.restore(one.snapshot());
  for (const [disk, piece] of [[one, "one"], [two, "two"]] as const) {
    await disk.grow(SESSION, (file) => file.append(ReadableStream.from([bytes(piece)])));
  }

  assertEquals([one, two].map((disk) => disk.read(SESSION, text)), ["fooone", "footwo"]);
});

Deno.test("an upload that runs while a snapshot is restored ends without effect, and the restored session goes on", async () => {
  const disk = memoryDisk();
  await disk.begin(SESSION, "sha256");
  const before = disk.snapshot();

  const moved = await disk.grow(SESSION, async (file) => {
    await file.append(ReadableStream.from([bytes("foo")]));
    disk.restore(before);
    const isSaved = await file.save();
    await file.discard();
    return [isSaved, await file.moveTo("library/hello/sha256:9b4e", "blob")];
  });

  assertEquals(moved, [false, false]);
  assertEquals([disk.look(SESSION)?.size, disk.list("library/hello")], [0, ["_uploads"]]);
});

Deno.test("a stream of a file that grows has the bytes that were there when it was opened", async () => {
  const disk = memoryDisk();
  const content = new Uint8Array(300_000).fill(1);
  await disk.begin(SESSION, "sha256", async (file) => {
    await file.append(ReadableStream.from([content]));
    const stream = disk.open(disk.look(SESSION)!, { start: 0, length: 400_000 }) as ReadableStream<Uint8Array>;
    await file.append(ReadableStream.from([bytes("more")]));

    assertEquals((await new Response(stream as BodyInit).bytes()).length, content.length);
  });
});

Deno.test("only a snapshot of a memory disk can be restored", () => {
  assertThrows(() => memoryDisk().restore({ takenAt: 0 }), TypeError, "no snapshot");
});

Deno.test("PUSH-CANCEL-04: with a clock that a test moves, an upload expires at once", async () => {
  let time = Date.UTC(2026, 0, 1);
  const registry = createRegistry({ disk: memoryDisk({ now: () => time }), uploadTtl: 60_000 });
  const send = (method: string, path: string) => registry(new Request(`http://localhost${path}`, { method }));
  const opened = await send("POST", "/v2/library/hello/blobs/uploads/");
  const session = opened.headers.get("Location")!;

  time += 60_000;
  const alive = await send("GET", session);
  time += 60_001;
  const expired = await send("GET", session);

  assertEquals([alive.status, expired.status], [204, 404]);
});

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
