/** The housekeeping of a registry in memory: the same functions, and a clock that the test moves. */

import { assertEquals } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { clearLeftOvers } from "../../src/housekeeping/clear_left_overs.ts";
import { collectGarbage } from "../../src/housekeeping/collect_garbage.ts";
import { drawTree } from "../../src/housekeeping/draw_tree.ts";
import { expireUploads } from "../../src/housekeeping/expire_uploads.ts";
import { verify } from "../../src/housekeeping/verify.ts";
import { bytes, digestOf, startRegistry } from "../fixture.ts";

const HOUR = 3_600_000;
const FOO = digestOf("foo");

Deno.test("over a disk in memory, a day later: uploads expire, garbage goes, what is needed stays, and nothing is wrong", async () => {
  let time = Date.UTC(2026, 0, 1);
  const disk = memoryDisk({ now: () => time });
  await using registry = await startRegistry({ disk });
  const image = await registry.pushImage("library/hello", { tag: "v1" });
  await registry.pushBlob("library/hello", "foo");
  await registry.openSession("library/hello");
  const before = registry.tree();

  const early = [await expireUploads(disk), await Array.fromAsync(collectGarbage(disk))];
  const untouched = registry.tree();
  time += 25 * HOUR;
  const expired = await expireUploads(disk);
  const removals = await Array.fromAsync(collectGarbage(disk));

  assertEquals([early, untouched], [[0, []], before]);
  assertEquals([expired, removals.map(({ digest }) => digest)], [1, [FOO]]);
  assertEquals(registry.tree(), before.filter((path) => !path.includes("_uploads") && !path.includes(FOO)));
  assertEquals(await Array.fromAsync(verify(disk)), []);
  const [repository, ...others] = await Array.fromAsync(drawTree(disk));
  assertEquals([repository.name, repository.manifests.map(({ digest }) => digest), others], [
    "library/hello",
    [image.digest],
    [],
  ]);
});

Deno.test("over a disk in memory, verify puts a corrupt blob in quarantine, and left-overs are cleared", async () => {
  let time = Date.UTC(2026, 0, 1);
  const disk = memoryDisk({ now: () => time });
  await using registry = await startRegistry({ disk });
  await registry.pushBlob("library/hello", "foo");
  const folder = `library/hello/${FOO}`;
  await disk.put(folder, { blob: bytes("bar") });
  await disk.put("library/other/_tags", { [`.${crypto.randomUUID()}`]: bytes("unfinished") });

  const findings = await Array.fromAsync(verify(disk, { quarantine: true }));
  time += 2 * HOUR;
  const cleared = await Array.fromAsync(clearLeftOvers(disk));

  assertEquals(findings.map(({ kind, path }) => [kind, path.split("/").slice(0, 2).join("/")]), [
    ["fault", "library/hello"],
    ["note", "library/other"],
  ]);
  assertEquals([disk.look(`${folder}/blob`), disk.list("_quarantine/library/hello")], [undefined, [FOO]]);
  assertEquals([cleared.map(({ kind }) => kind), disk.list("library")], [["removed"], []]);
});
