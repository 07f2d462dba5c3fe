/** Things: what the patterns of lessons see of a folder. */

import { assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { createRegistry } from "../../src/registry.ts";
import { pushSample } from "../../src/workshop/samples/pushing.ts";
import { THING_FIELDS, Things } from "../../src/workshop/things.ts";
import { descriptorOf, digestOf, startRegistry, TYPES } from "../fixture.ts";

// As much of a tar archive as the registry looks at.
const TAR = "a file".padEnd(257, "\0") + "ustar";
const LAYER = new Uint8Array(gzipSync(TAR));

function configWith(rootfs: unknown): string {
  return JSON.stringify({ architecture: "amd64", os: "linux", rootfs });
}

Deno.test("a layer has the digest of what is in it, and a config those that it names", async () => {
  const disk = memoryDisk();
  await using registry = await startRegistry({ disk });
  const config = configWith({ type: "layers", diff_ids: [digestOf(TAR)] });
  for (const blob of [LAYER, TAR, config, configWith({}), "foo"]) await registry.pushBlob("ana/layer", blob);
  const blobs = await new Things(disk).below("ana/");

  const blob = { repository: "layer", is: "blob", names: 1, isNeeded: false };
  assertEquals(
    new Set(blobs),
    new Set([
      {
        ...blob,
        digest: digestOf(LAYER),
        size: LAYER.length,
        file: "layer.tar.gz",
        diffId: digestOf(TAR),
      },
      { ...blob, digest: digestOf(TAR), size: TAR.length, file: "layer.tar", diffId: digestOf(TAR) },
      { ...blob, digest: digestOf(config), size: config.length, file: "config.json", diffIds: [digestOf(TAR)] },
      {
        ...blob,
        digest: digestOf(configWith({})),
        size: configWith({}).length,
        file: "config.json",
        diffIds: undefined,
      },
      { ...blob, digest: digestOf("foo"), size: 3, file: "blob" },
    ]),
  );
});

for (
  const [diffIds, judgement] of [
    [[digestOf(TAR)], "right"],
    [[digestOf(LAYER)], "wrong"],
    [[], "wrong"],
    [undefined, "wrong"],
  ] as const
) {
  Deno.test(`the layers of an image are judged: ${JSON.stringify(diffIds)} is ${judgement}`, async () => {
    const disk = memoryDisk();
    await using registry = await startRegistry({ disk });
    const config = configWith({ type: "layers", diff_ids: diffIds });
    await registry.pushBlob("ana/hello", LAYER);
    await registry.pushBlob("ana/hello", config);
    await registry.pushManifest("ana/hello", {
      schemaVersion: 2,
      mediaType: TYPES.image,
      config: descriptorOf(config, TYPES.config),
      layers: [descriptorOf(LAYER, TYPES.layer)],
    }, { tag: "v1" });

    const things = await new Things(disk).below("ana/");
    assertEquals(things.find(({ is }) => is === "manifest")?.diffIds, judgement);
  });
}

Deno.test("patterns can name each field of a thing, and no other", async () => {
  const disk = memoryDisk();
  const registry = createRegistry({ disk });
  for (const sample of ["hello", "platforms", "referrers"]) await pushSample(registry, sample, { to: "ana" });
  await registry(new Request("http://localhost/v2/ana/hello/blobs/uploads/", { method: "POST" }));

  const things = await new Things(disk).below("ana/");
  assertEquals(new Set(things.flatMap((thing) => Object.keys(thing))), new Set(THING_FIELDS));
});
