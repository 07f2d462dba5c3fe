/** How often the disk syncs: often enough (see `power_cut_test.ts`), and not more often. */

import { assertEquals } from "@std/assert";
import type { Step } from "../../src/disk/watching.ts";
import { descriptorOf, digestOf, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";

const LAYER = "the bytes of a layer";
const CONFIG = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: {} });
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: TYPES.image,
  config: descriptorOf(CONFIG, TYPES.config),
  layers: [descriptorOf(LAYER, TYPES.layer)],
});

// Returns a watcher, and the syncs that it has seen since the last question.
function countSyncs() {
  const seen: string[] = [];
  return {
    watch: ({ when, kind, path }: Step) => {
      if (when === "before" && kind.startsWith("sync")) {
        seen.push(`${kind} ${path}`.replace(/(?<=_uploads\/)[^/]+/, "…"));
      }
    },
    take: () => seen.splice(0).sort(),
  };
}

async function pushImage(registry: TestRegistry, name: string): Promise<void> {
  for (const blob of [LAYER, CONFIG]) await registry.pushBlob(name, blob);
  await registry.pushManifest(name, MANIFEST, { tag: "v1" });
}

const SMALL_IMAGE = (name: string) =>
  [
    ...[LAYER, CONFIG].flatMap((blob) => [
      `sync file ${name}/_uploads/…/data`,
      `sync folder ${name}/${digestOf(blob)}`,
      `sync folder ${name}`,
      `sync folder ${name}/_uploads`,
    ]),
    `sync file ${name}/${digestOf(MANIFEST)}/content-type`,
    `sync file ${name}/${digestOf(MANIFEST)}/manifest.json`,
    `sync folder ${name}/${digestOf(MANIFEST)}`,
    `sync folder ${name}`,
    `sync file ${name}/_tags/v1`,
    `sync folder ${name}/_tags`,
    `sync folder ${name}`,
  ].sort();

Deno.test("a small image takes 15 syncs, and two more if its repository is new: one for each folder above", async () => {
  const { watch, take } = countSyncs();
  await using registry = await startRegistry({ durability: "sync", watch });

  await pushImage(registry, "library/hello");
  assertEquals(take(), ["sync folder ", "sync folder library", ...SMALL_IMAGE("library/hello")].sort());

  await registry.pushBlob("library/other", "foo");
  take();
  await pushImage(registry, "library/other");
  assertEquals(take(), SMALL_IMAGE("library/other"));
});

Deno.test("what this process has synced once, it does not sync again", async () => {
  const { watch, take } = countSyncs();
  await using registry = await startRegistry({ durability: "sync", watch });
  await pushImage(registry, "library/hello");
  await registry.pushManifest("library/hello", MANIFEST, { tag: "v1" });
  take();

  await registry.pushManifest("library/hello", MANIFEST, { tag: "v1" });
  const mounted = await registry.send("POST", `/v2/library/hello/blobs/uploads/?mount=${digestOf(LAYER)}&from=other`);

  assertEquals([mounted.status, take()], [201, []]);
});
