/** A disk that fails as planned. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { BusyError } from "../../src/disk/disk.ts";
import { type DiskFailure, failing } from "../../src/disk/failing.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { createRegistry } from "../../src/registry.ts";
import { bytes, expectRefusal } from "../fixture.ts";

const SESSION = "library/hello/_uploads/0f9c/data";

// Returns for each of ten puts whether it has failed.
async function failuresOf(plan: DiskFailure[]): Promise<string> {
  const disk = failing(memoryDisk(), plan);
  const results = await Promise.allSettled(
    [..."0123456789"].map((name) => disk.put("a/_tags", { [name]: bytes(name) })),
  );
  assertEquals(disk.list("a/_tags"), [..."0123456789"].filter((_, index) => results[index].status === "fulfilled"));
  return results.map(({ status }) => status === "rejected" ? "x" : ".").join("");
}

Deno.test("operations fail from some one on, for some time, or with a probability", async () => {
  assertEquals(await failuresOf([]), "..........");
  assertEquals(await failuresOf([{}]), "xxxxxxxxxx");
  assertEquals(await failuresOf([{ skip: 3 }]), "...xxxxxxx");
  assertEquals(await failuresOf([{ skip: 3, times: 2 }]), "...xx.....");
  assertEquals(await failuresOf([{ times: 1 }, { skip: 4, times: 1 }]), "x...x.....");
  assertEquals(await failuresOf([{ probability: 0 }]), "..........");
});

Deno.test("the same seed fails the same operations, and another one others", async () => {
  const [one, again, other] = await Promise.all(
    [7, 7, 8].map((seed) => failuresOf([{ probability: 0.5, seed }])),
  );

  assertEquals(again, one);
  assert(other !== one && /^[x.]{10}$/.test(one) && one.includes("x") && one.includes("."), `${one} ${other}`);
});

Deno.test("only some operations fail, on some files, and the others go well", async () => {
  const plan: DiskFailure[] = [{ operations: ["remove"], path: /\/v1$/ }, { operations: ["look", "link"] }];
  const disk = failing(memoryDisk(), plan);
  await disk.put("a/_tags", { v1: bytes("1"), v2: bytes("2") });

  const results = await Promise.allSettled([disk.remove("a/_tags/v1"), disk.remove("a/_tags/v2")]);

  assertEquals(results.map(({ status }) => status), ["rejected", "fulfilled"]);
  assertThrows(() => disk.look("a/_tags/v1"), Error, "Input/output error");
  assertEquals(disk.list("a/_tags"), ["v1"]);
});

Deno.test("a full disk fails where it needs space, and can still remove files; a broken one fails at each change", async () => {
  for (const code of ["ENOSPC", "EROFS"] as const) {
    const plan: DiskFailure[] = [];
    const disk = failing(memoryDisk(), plan);
    await disk.put("a/_tags", { latest: bytes("1") });

    plan.push({ code });
    const error = await assertRejects(() => disk.put("a/_tags", { v2: bytes("2") }), Error);
    const removed = await disk.remove("a/_tags/latest").catch(({ code }) => code);

    assertEquals([(error as { code?: string }).code, removed], [code, code === "ENOSPC" ? true : "EROFS"]);
  }
});

Deno.test("an append that fails has written the bytes that the plan says, and the disk can be repaired", async () => {
  const plan: DiskFailure[] = [{ operations: ["append"], bytes: 4, code: "ENOSPC" }];
  const disk = failing(memoryDisk(), plan);
  const append = (...pieces: string[]) =>
    disk.grow(SESSION, async (file) => {
      await file.append(ReadableStream.from(pieces.map(bytes)));
      return file.size;
    });
  await disk.begin(SESSION, "sha256");

  await assertRejects(() => append("foo", "bar"), Error, "No space left on device");
  const size = disk.look(SESSION)?.size;
  plan.length = 0;

  assertEquals([size, await append("ar"), disk.read(SESSION, text)], [4, 6, "foobar"]);
});

Deno.test("a stream of a file that fails ends with the error, after the bytes that the plan says", async () => {
  const disk = failing(memoryDisk(), [{ operations: ["open"], bytes: 200_000 }]);
  await disk.put("a/sha256:9b4e", { blob: new Uint8Array(300_000) });
  let received = 0;

  await assertRejects(
    async () => {
      const stream = disk.open(disk.look("a/sha256:9b4e/blob")!) as ReadableStream<Uint8Array>;
      for await (const piece of stream) received += piece.length;
    },
    Error,
    "Input/output error",
  );

  assertEquals(received, 200_000);
});

Deno.test("an operation can be done and reported as failed", async () => {
  const disk = failing(memoryDisk(), [{ operations: ["put"], isDone: true, times: 1 }]);

  await assertRejects(() => disk.put("a/_tags", { latest: bytes("1") }), Error, "Input/output error");

  assertEquals(disk.list("a/_tags"), ["latest"]);
});

Deno.test("a plan that makes no sense is refused at the start, with what is allowed; one that is added later at the next operation", async () => {
  const wrong: [DiskFailure, RegExp][] = [
    [{ code: "EFOO" as "EIO" }, /^A disk fails with one of EIO, .*EDQUOT, not with "EFOO"$/],
    [{ operations: ["puts" as "put"] }, /^A disk has no operation "puts"; it has look, find, .*discard$/],
    [{ probability: 50 }, /^50 is no probability from 0 to 1$/],
    [{ skip: -1 }, /^skip is a number of 0 or more, and not -1$/],
    [{ times: NaN }, /^times is a number of 0 or more, and not NaN$/],
  ];
  for (const [failure, message] of wrong) {
    assertMatch(assertThrows(() => failing(memoryDisk(), [failure]), RangeError).message, message);
    const plan: DiskFailure[] = [];
    const disk = failing(memoryDisk(), plan);
    plan.push(failure);
    const error = await assertRejects(() => disk.put("a/_tags", { latest: bytes("one") }), RangeError);
    assertMatch(error.message, message);
  }
});

Deno.test("API-ERR-10: a disk that is busy is a 503 with the time of the next try", async () => {
  const disk = failing(memoryDisk(), [{ error: new BusyError("a machine has died"), operations: ["begin"] }]);
  const registry = createRegistry({ disk });

  const response = await registry(new Request("http://localhost/v2/a/blobs/uploads/", { method: "POST" }));

  assertEquals(response.headers.get("Retry-After"), "10");
  await expectRefusal(response, { status: 503, code: "TOOMANYREQUESTS", rule: "API-ERR-10" });
});

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
