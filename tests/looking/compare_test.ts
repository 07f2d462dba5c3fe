/** Comparing: what is different in two images, down to the lines of their files. */

import { assert, assertEquals } from "@std/assert";
import { localDisk } from "../../src/disk/local_disk.ts";
import { watched } from "../../src/disk/watched.ts";
import { compare, type DifferenceOptions } from "../../src/looking/compare.ts";
import type { DifferenceFacts } from "../../src/looking/difference_facts.ts";
import { linesOfDifference } from "../../src/serving/lines_of_differences.ts";
import { randomBytes, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";
import { pushArtifact, pushImage, pushIndex } from "./images.ts";

const NAME = "library/hello";

async function difference(
  { root }: TestRegistry,
  before: string,
  after: string,
  options?: DifferenceOptions,
): Promise<DifferenceFacts> {
  const facts = await compare(localDisk(root), before, after, options);
  assertEquals(JSON.parse(JSON.stringify(facts)), facts, "the facts are not plain data");
  assertEquals(linesOfDifference(facts).filter((line) => line.length > 80), []);
  return facts;
}

Deno.test("two images: fields of the manifest and of the config, layers, files, and the lines of text files", async () => {
  await using registry = await startRegistry();
  const base = [
    { name: "etc/motd", content: "Hello\nWorld\n" },
    { name: "etc/gone", content: "old" },
    { name: "bin/tool", content: "\0\x01\x02 before" },
    { name: "same", content: "same" },
  ];
  const one = await pushImage(registry, NAME, {
    tag: "v1",
    layers: [base, [{ name: "app", content: "1\n" }]],
    commands: ["FROM base", "COPY app /"],
    fields: { annotations: { version: "1", gone: "x" } },
  });
  const two = await pushImage(registry, NAME, {
    tag: "v2",
    layers: [base, [
      { name: "app", content: "2\n" },
      { name: "etc/.wh.gone" },
      { name: "etc/motd", content: "Hello\nthere\n" },
      { name: "bin/tool", content: "\0\x01\x02 after!" },
      { name: "new", content: "new" },
      { name: "same", content: "same" },
    ]],
    commands: ["FROM base", "COPY app /"],
    config: { config: { Cmd: ["/hello"], Env: ["PATH=/usr/bin"] } },
    fields: { annotations: { version: "2" } },
  });

  const facts = await difference(registry, `${NAME}:v1`, `${NAME}:v2`);
  assertEquals([facts.before.text, facts.before.digest, facts.after.digest], [`${NAME}:v1`, one.digest, two.digest]);
  assertEquals(facts.manifest.map(({ what: _, ...change }) => change), [
    { pointer: "/config/digest", how: "changed", before: `"${one.config.digest}"`, after: `"${two.config.digest}"` },
    { pointer: "/config/size", how: "changed", before: `${one.config.size}`, after: `${two.config.size}` },
    { pointer: "/annotations/version", how: "changed", before: '"1"', after: '"2"' },
    { pointer: "/annotations/gone", how: "removed", before: '"x"' },
  ]);
  assertEquals(facts.config, [
    {
      pointer: "/config/Env/0",
      how: "changed",
      before: '"PATH=/bin"',
      after: '"PATH=/usr/bin"',
      what: "One variable of the environment.",
    },
    {
      pointer: "/config/Labels/org.opencontainers.image.title",
      how: "removed",
      before: '"hello"',
      what: "Its title; for a layer of an artifact, the name of the file.",
    },
  ]);
  assertEquals(facts.layers.map(({ how, digest, before, after, command }) => [how, digest, before, after, command]), [
    ["kept", one.layers[0].digest, 0, 0, "FROM base"],
    ["gone", one.layers[1].digest, 1, undefined, "COPY app /"],
    ["new", two.layers[1].digest, undefined, 1, "COPY app /"],
  ]);

  const { rows, ...numbers } = facts.files!;
  assertEquals(rows.map(({ path, how, what, diff }) => [path, how, what, diff]), [
    ["app", "changed", ["content"], ["@@ -1 +1 @@", "-1", "+2"]],
    ["bin/tool", "changed", ["content"], undefined],
    ["etc/gone", "removed", undefined, undefined],
    ["etc/motd", "changed", ["content"], ["@@ -1,2 +1,2 @@", " Hello", "-World", "+there"]],
    ["new", "added", undefined, undefined],
  ]);
  assertEquals([numbers.added, numbers.removed, numbers.changed], [1, 1, 3]);
  assertEquals(rows[0].before, { address: `${NAME}/${one.layers[1].digest}/layer.tar.gz!/app`, size: 2, layer: 1 });
  assertEquals([facts.faults, facts.limits], [[], []]);
});

Deno.test("the same image twice has no differences, also under another tag and as the only image of an index", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME, { tag: "v1" });
  await pushIndex(registry, NAME, [{ ...image.descriptor, platform: { os: "linux", architecture: "amd64" } }], {
    tag: "all",
  });

  const same = await difference(registry, `${NAME}:v1`, `${NAME}@${image.digest}`);
  assertEquals([same.manifest, same.config, same.files], [[], [], {
    rows: [],
    added: 0,
    removed: 0,
    changed: 0,
    same: 1,
  }]);
  assertEquals(same.layers.map(({ how }) => how), ["kept"]);
  const index = await difference(registry, `${NAME}:v1`, `${NAME}:all`);
  assertEquals([index.config, index.layers.map(({ how }) => how), index.files?.rows], [[], ["kept"], []]);
  assertEquals(index.children, [{ platform: "linux/amd64", after: image.digest }]);
});

Deno.test("two indexes: their platforms, and the image for linux/amd64 of each", async () => {
  await using registry = await startRegistry();
  const push = (content: string, architecture: string) =>
    pushImage(registry, NAME, { layers: [[{ name: "which", content }]], config: { architecture } });
  const on = (image: { descriptor: object }, architecture: string) => ({
    ...image.descriptor,
    platform: { os: "linux", architecture },
  });
  const [arm, one, two] = [await push("arm", "arm64"), await push("one", "amd64"), await push("two", "amd64")];
  await pushIndex(registry, NAME, [on(arm, "arm64"), on(one, "amd64")], { tag: "v1" });
  await pushIndex(registry, NAME, [on(two, "amd64"), on(arm, "riscv64")], { tag: "v2" });

  const { children, files, before, limits } = await difference(registry, `${NAME}:v1`, `${NAME}:v2`);
  assertEquals(children, [
    { platform: "linux/arm64", before: arm.digest },
    { platform: "linux/amd64", before: one.digest, after: two.digest },
    { platform: "linux/riscv64", after: arm.digest },
  ]);
  assertEquals(files?.rows.map(({ path, diff }) => [path, diff?.slice(1)]), [[
    "which",
    ["-one", "\\ No newline at end of file", "+two", "\\ No newline at end of file"],
  ]]);
  assertEquals([before.platform, limits.length], ["linux/amd64", 2]);
});

Deno.test("layers that are only at another place are moved, and each counts once", async () => {
  await using registry = await startRegistry();
  const [a, b] = [[{ name: "a" }], [{ name: "b" }]];
  await pushImage(registry, NAME, { tag: "v1", layers: [a, b] });
  await pushImage(registry, NAME, { tag: "v2", layers: [b, a, a] });
  const { layers, files } = await difference(registry, `${NAME}:v1`, `${NAME}:v2`);
  assertEquals(layers.map(({ how, before, after }) => [how, before, after]), [
    ["moved", 1, 0],
    ["moved", 0, 1],
    ["new", undefined, 2],
  ]);
  assertEquals(files?.rows, []);
});

Deno.test("a layer that both images have is read once", async () => {
  await using registry = await startRegistry();
  const base = [{ name: "base" }];
  const one = await pushImage(registry, NAME, { tag: "v1", layers: [base, [{ name: "a" }]] });
  await pushImage(registry, NAME, { tag: "v2", layers: [base, [{ name: "b" }]] });
  const opened: string[] = [];
  const disk = watched(localDisk(registry.root), ({ when, name, path }) => {
    if (when === "before" && name === "open") opened.push(path);
  });
  await compare(disk, `${NAME}:v1`, `${NAME}:v2`);
  const times = ({ digest }: { digest: string }) => opened.filter((path) => path.includes(digest)).length;
  assert(times(one.layers[1]) > 0);
  assertEquals(times(one.layers[0]), times(one.layers[1]));
});

Deno.test("two files, two JSON blobs and two layers can be compared, too", async () => {
  await using registry = await startRegistry();
  const push = (tag: string, content: string) =>
    pushImage(registry, NAME, { tag, layers: [[{ name: "file", content }]] });
  const [one, two] = [await push("v1", "a\nb\n"), await push("v2", "a\nc\n")];

  const files = await difference(registry, `${NAME}:v1!/file`, `${NAME}:v2!/file`);
  assertEquals(files.files?.rows.map(({ how, diff }) => [how, diff]), [["changed", [
    "@@ -1,2 +1,2 @@",
    " a",
    "-b",
    "+c",
  ]]]);
  assertEquals((await difference(registry, `${NAME}:v1!/file`, `${NAME}:v1!/file`)).files?.rows, []);
  const configs = await difference(registry, `${NAME}@${one.config.digest}`, `${NAME}@${two.config.digest}`);
  assertEquals([configs.config, configs.files], [[], undefined]);
  const layers = await difference(registry, `${NAME}@${one.layers[0].digest}`, `${NAME}@${two.layers[0].digest}`);
  assertEquals(layers.files?.rows.map(({ path }) => path), ["file"]);
});

Deno.test("artifacts without files are compared by their manifests, and what cannot be compared says so", async () => {
  await using registry = await startRegistry();
  await pushArtifact(registry, NAME, { tag: "v1", fields: { artifactType: "text/x-one" } });
  await pushArtifact(registry, NAME, { tag: "v2", fields: { artifactType: "text/x-two" } });
  const { manifest, files } = await difference(registry, `${NAME}:v1`, `${NAME}:v2`);
  assertEquals(manifest.map(({ pointer, before, after }) => [pointer, before, after]), [[
    "/artifactType",
    '"text/x-one"',
    '"text/x-two"',
  ]]);
  assertEquals(files?.rows, []);

  const repository = await difference(registry, NAME, `${NAME}:v1`);
  assert(repository.before.missing?.kind === "missing");
  assertEquals(
    repository.before.missing.text,
    "A repository cannot be compared. Name two images, two manifests, two blobs or two files.",
  );
  const { after } = await difference(registry, `${NAME}:v1`, `${NAME}:v3`);
  assert(after.missing?.kind === "missing");
  assertEquals(after.missing.text, `${NAME} has no tag v3.`);
  assertEquals((await difference(registry, `${NAME}:v1`, "Nope")).after.missing?.kind, "invalid");
});

Deno.test("the number of texts that are compared line by line has a limit, which is told; large files are not read", async () => {
  await using registry = await startRegistry();
  const files = (content: string) => Array.from({ length: 5 }, (_, index) => ({ name: `f${index}`, content }));
  const large = { name: "large", content: "x\n".repeat(200_000) };
  await pushImage(registry, NAME, { tag: "v1", layers: [[...files("1"), large]] });
  await pushImage(registry, NAME, { tag: "v2", layers: [[...files("2"), { ...large, content: `${large.content}y` }]] });

  const { files: changed, limits } = await difference(registry, `${NAME}:v1`, `${NAME}:v2`, { mostDiffs: 3 });
  assertEquals(changed?.rows.map(({ diff }) => diff !== undefined), [true, true, true, false, false, false]);
  assertEquals(limits, ["Only the first 3 text files are compared line by line."]);
  const all = await difference(registry, `${NAME}:v1`, `${NAME}:v2`);
  assertEquals([all.files?.rows.at(-1)?.diff, all.limits], [undefined, []]);
});

Deno.test("a layer that is not there, or is no archive, is told, and the others are compared", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME, { tag: "v1", layers: [[{ name: "a" }], [{ name: "b" }]] });
  const noise = await registry.pushBlob(NAME, randomBytes(700));
  const layers = [image.layers[0], { mediaType: TYPES.layer, digest: noise, size: 700 }];
  await registry.pushManifest(NAME, { schemaVersion: 2, mediaType: TYPES.image, config: image.config, layers }, {
    tag: "v2",
  });
  const { files, limits } = await difference(registry, `${NAME}:v1`, `${NAME}:v2`);
  assertEquals(files?.rows.map(({ path, how }) => [path, how]), [["b", "removed"]]);
  assertEquals(limits, [`Layer 1 is no archive, so it has no files: ${TYPES.layer}.`]);
});
