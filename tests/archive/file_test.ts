/** One file of a layer: found, followed through hard links, read in ranges, and no further than needed. */

import { assert, assertEquals } from "@std/assert";
import { allOf } from "../../src/archive/byte_stream.ts";
import { openFile, readFile } from "../../src/archive/file.ts";
import { readLayer } from "../../src/archive/layer.ts";
import { bytes, randomBytes } from "../fixture.ts";
import { countedSource, fileOf, frameOf, headerOf, join, memberOf, paxOf, sha256, tarOf, toldOf } from "./tar_maker.ts";

const LARGE = randomBytes(3_000_000);
const TAR = tarOf(
  fileOf("./first", "first"),
  fileOf("large", LARGE),
  headerOf({ name: "hard", type: "1", link: "large" }),
  headerOf({ name: "harder", type: "1", link: "hard" }),
  headerOf({ name: "soft", type: "2", link: "../first" }),
  headerOf({ name: "round", type: "1", link: "round" }),
  fileOf("first", "second"),
  fileOf("after", LARGE),
);
const PACKED = { "a plain tar": TAR, "gzip": memberOf(TAR), "zstd": frameOf(TAR) };

for (const [name, packed] of Object.entries(PACKED)) {
  Deno.test(`${name}: a file is found by its path, and read whole or in ranges`, async () => {
    const whole = await readFile(countedSource(packed), "/large", { length: 10_000_000 });
    const usual = await readFile(countedSource(packed), "large");
    const range = await readFile(countedSource(packed), "large", { start: 2_999_990, length: 100 });
    const beyond = await readFile(countedSource(packed), "large", { start: 3_000_000 });

    assertEquals([sha256(whole.bytes), whole.found?.size, whole.found?.way], [
      sha256(LARGE),
      3_000_000,
      name === "a plain tar" ? "seek" : "scan",
    ]);
    assertEquals(sha256(usual.bytes), sha256(LARGE.subarray(0, 1024 * 1024)));
    assertEquals([range.bytes, range.start], [LARGE.slice(2_999_990), 2_999_990]);
    assertEquals([beyond.bytes.length, beyond.found?.size, beyond.problems.count], [0, 3_000_000, 0]);
  });

  Deno.test(`${name}: hard links lead to the content, symbolic links are told and not followed`, async () => {
    const harder = await readFile(countedSource(packed), "harder", { length: 10_000_000 });
    const soft = await readFile(countedSource(packed), "soft");
    const round = await readFile(countedSource(packed), "round");
    const none = await readFile(countedSource(packed), "none");

    assertEquals([sha256(harder.bytes), harder.found?.entry.path, harder.found?.contentPath], [
      sha256(LARGE),
      "harder",
      "large",
    ]);
    assertEquals([soft.bytes.length, soft.found?.entry.kind, soft.found?.entry.target], [
      0,
      "symbolic link",
      "../first",
    ]);
    assertEquals([round.bytes.length, round.problems.list.map(({ what }) => what)], [0, ["link leads nowhere"]]);
    assertEquals([none.found, none.bytes.length, none.problems.count], [undefined, 0, 0]);
  });

  Deno.test(`${name}: reading stops as soon as it has the file`, async () => {
    const source = countedSource(packed);
    const { bytes: content } = await readFile(source, "first");

    assertEquals(new TextDecoder().decode(content), "first");
    assert(source.read.bytes < 200_000, `${source.read.bytes} bytes were read`);
  });

  Deno.test(`${name}: of a path that comes twice the first one is read, or the one whose entry is passed`, async () => {
    const { entries } = await readLayer(countedSource(packed));
    const contents = await Promise.all(
      entries.filter(({ path }) => path.endsWith("first")).map((entry) => readFile(countedSource(packed), entry)),
    );

    assertEquals(contents.map(({ bytes }) => new TextDecoder().decode(bytes)), ["first", "second"]);
  });

  Deno.test(`${name}: a file that is cut off ends early, and that is told`, async () => {
    const cut = packed.subarray(0, packed.length / 3);
    const { bytes: content, found, problems } = await readFile(countedSource(cut), "large", { length: 10_000_000 });

    assertEquals(sha256(content), sha256(LARGE.subarray(0, content.length)));
    assert(content.length > 1_000_000, `${content.length} bytes were read`);
    const expected = name === "a plain tar" ? ["cut off"] : ["cut off", "cut off"];
    assertEquals([found?.size, problems.list.map(({ what }) => what)], [3_000_000, expected]);
  });

  Deno.test(`${name}: an opened file can be closed before it is read, and read in part`, async () => {
    const opened = await openFile(countedSource(packed), "large");
    await opened.close();
    const part = await openFile(countedSource(packed), "large");
    for await (const piece of part.pieces) {
      assertEquals(piece[0], LARGE[0]);
      break;
    }
    const all = await openFile(countedSource(packed), "after");
    assertEquals(sha256(await allOf(all.pieces)), sha256(LARGE));
    assertEquals([all.problems().count, all.limitMet()], [0, undefined]);
  });
}

Deno.test("a hole larger than any disk ends at the limit of bytes, and its parts can be read", async () => {
  const size = 2 ** 50;
  const tar = tarOf(paxOf([["GNU.sparse.size", `${size}`], ["GNU.sparse.map", `${size - 3},3`]]), fileOf("s", "end"));
  const { pieces, limitMet } = await openFile(countedSource(tar), "s", { limits: { bytes: 5_000_000 } });
  const end = await readFile(countedSource(tar), "s", { start: size - 5 });

  assertEquals((await allOf(pieces)).length, 5_000_000);
  assertEquals([limitMet()?.limit, [...end.bytes]], ["bytes", [0, 0, ...bytes("end")]]);
});

Deno.test("a limit that is met before the file is reached is told", async () => {
  const byBytes = await readFile(countedSource(memberOf(TAR)), "after", { limits: { bytes: 100_000 } });
  const byEntries = await readFile(countedSource(memberOf(TAR)), "after", { limits: { entries: 3 } });

  assertEquals([byBytes.found, byBytes.limitMet?.limit, byBytes.problems.count], [undefined, "bytes", 0]);
  assertEquals([byEntries.found, byEntries.limitMet?.limit], [undefined, "entries"]);
  assertEquals(toldOf(await readFile(countedSource(join([bytes("no tar")])), "x")), ["no tar at 0"]);
});
