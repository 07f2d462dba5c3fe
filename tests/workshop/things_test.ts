/** Things: what the patterns of lessons see of a folder. */

import { assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { createRegistry } from "../../src/registry.ts";
import type { Item } from "../../src/workshop/matching.ts";
import { pushSample } from "../../src/workshop/samples/pushing.ts";
import { THING_FIELDS, Things } from "../../src/workshop/things.ts";
import { descriptorOf, digestOf, randomBytes, startRegistry, TYPES } from "../fixture.ts";

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

for (
  const [what, layer] of [
    ["is larger than 2 MiB", randomBytes(2 * 1024 ** 2 + 1)],
    ["has more than 16 MiB when it is unpacked", new Uint8Array(gzipSync(new Uint8Array(17 * 1024 ** 2)))],
  ] as const
) {
  Deno.test(`a layer that ${what} is not unpacked, and the diff_ids of its image are unknown`, async () => {
    const { registry, push, thing } = await folder();
    const config = configWith({ type: "layers", diff_ids: [digestOf(TAR)] });
    for (const blob of [layer, config]) await registry.pushBlob("ana/a", blob);
    const image = await push({
      config: descriptorOf(config, TYPES.config),
      layers: [descriptorOf(layer, TYPES.layer)],
    });
    assertEquals((await thing(image.digest)).diffIds, "unknown");
  });
}

Deno.test("a manifest counts the blobs and manifests that it names and that are not there", async () => {
  const { push, thing } = await folder();
  const nobodys = (text: string) => descriptorOf(text, TYPES.layer);
  const image = await push({ config: EMPTY, layers: [nobodys("one"), nobodys("two")] });
  const index = await push({
    mediaType: TYPES.index,
    manifests: [image, { ...nobodys("three"), mediaType: TYPES.image }],
  });
  assertEquals([(await thing(image.digest)).missing, (await thing(index.digest)).missing], [2, 1]);
});

Deno.test("a blob is needed if a manifest names it", async () => {
  const { registry, things, push } = await folder();
  await registry.pushBlob("ana/a", "nobody needs this");
  await push({ config: EMPTY, layers: [] });
  const blobs = (await things.below("ana/")).filter(({ is }) => is === "blob");
  assertEquals(
    new Map(blobs.map(({ digest, isNeeded }) => [digest, isNeeded])),
    new Map([[EMPTY.digest as string, true], [digestOf("nobody needs this"), false]]),
  );
});

Deno.test("of very many repositories, the first 50 are looked at", async () => {
  const { registry, things } = await folder();
  for (let number = 10; number < 70; number++) await registry.pushBlob(`bo/${number}`, "foo");
  assertEquals(
    (await things.below("bo/")).map(({ repository }) => repository),
    Array.from({ length: 50 }, (_, at) => String(at + 10)),
  );
});

Deno.test("patterns can name each field of a thing, and no other", async () => {
  const disk = memoryDisk();
  const registry = createRegistry({ disk });
  for (const sample of ["hello", "platforms", "referrers"]) await pushSample(registry, sample, { to: "ana" });
  await registry(new Request("http://localhost/v2/ana/hello/blobs/uploads/", { method: "POST" }));

  const things = await new Things(disk).below("ana/");
  assertEquals(new Set(things.flatMap((thing) => Object.keys(thing))), new Set(THING_FIELDS));
});

Deno.test("an index shows the platforms, the artifact types and the annotations that are in it", async () => {
  const { push, thing } = await folder();
  const image = await push({ config: EMPTY, layers: [] });
  const platform = { os: "linux", architecture: "arm64", variant: "v8" };
  const manifests = [{ ...image, platform }, { ...image, artifactType: "text/x-note" }];
  const index = await push({ mediaType: TYPES.index, manifests, annotations: { "org.example.team": "blue" } });
  const { platforms, childTypes, annotations } = await thing(index.digest);
  assertEquals({ platforms, childTypes, annotations }, {
    platforms: ["linux/arm64/v8", ""],
    childTypes: ["text/x-note"],
    annotations: { "org.example.team": "blue" },
  });
});

Deno.test("a descriptor whose size or media type is not that of the content is wrong; one whose content is not there is not", async () => {
  const { push, thing } = await folder();
  const image = await push({ config: EMPTY, layers: [{ ...EMPTY, size: 3 }] });
  assertEquals((await thing(image.digest)).wrong, 1);
  const wrongOf = async (fields: Record<string, unknown>) => (await thing((await push(fields)).digest)).wrong;
  const fields = { config: EMPTY, layers: [EMPTY] };
  assertEquals(await wrongOf({ ...fields, subject: image }), 0);
  assertEquals(await wrongOf({ ...fields, subject: { ...image, size: 1 } }), 1);
  assertEquals(await wrongOf({ ...fields, subject: { ...image, mediaType: TYPES.index } }), 1);
  assertEquals(await wrongOf({ ...fields, subject: { ...image, digest: digestOf("nobody has this"), size: 1 } }), 0);
  assertEquals(
    await wrongOf({ mediaType: TYPES.index, manifests: [image, { ...image, size: 1 }, { ...image, size: 2 }] }),
    2,
  );
});

const EMPTY = descriptorOf("{}", "application/vnd.oci.empty.v1+json");

/** An empty registry. `push` returns the descriptor of what it has pushed, and `thing` what patterns see of it. */
async function folder() {
  const disk = memoryDisk();
  const registry = await startRegistry({ disk, allowSparse: true });
  const things = new Things(disk);
  await registry.pushBlob("ana/a", "{}");
  return {
    registry,
    things,
    async push({ mediaType = TYPES.image, ...fields }: { mediaType?: string; [field: string]: unknown }) {
      const text = JSON.stringify({ schemaVersion: 2, mediaType, ...fields });
      const descriptor = descriptorOf(text, mediaType);
      const { status } = await registry.send("PUT", `/v2/ana/a/manifests/${descriptor.digest}`, {
        headers: { "Content-Type": mediaType },
        body: text,
      });
      assertEquals(status, 201);
      return descriptor;
    },
    async thing(digest: string): Promise<Item> {
      const found = (await things.below("ana/")).filter((item) => item.is === "manifest" && item.digest === digest);
      assertEquals(found.length, 1);
      return found[0];
    },
  };
}
