/** Layers stacked as a container sees them, what each one wastes, and two stacks compared. */

import { assertEquals } from "@std/assert";
import { compareStacks } from "../../src/archive/comparison.ts";
import { stackLayers } from "../../src/archive/stack.ts";
import { pathOf } from "../../src/archive/tree_nodes.ts";
import { fileOf, headerOf, layerOf, memberOf, paxOf, tarOf } from "./tar_maker.ts";

const folder = (name: string, mode = 0o755) => headerOf({ name, type: "5", mode });
const link = (name: string, target: string) => headerOf({ name, type: "2", link: target });
const hard = (name: string, target: string) => headerOf({ name, type: "1", link: target });

/** Stacks archives of entries. */
async function stacked(...layers: Uint8Array[][]) {
  const read = await Promise.all(layers.map((entries) => layerOf(memberOf(tarOf(...entries)), { contents: true })));
  const facts = stackLayers(read);
  const seen = facts.nodes.map(({ kind, size, layer }, index) =>
    `${pathOf(facts.nodes, index) || "."}${kind === "file" ? "" : ` ${kind}`} ${size} of ${layer}`
  );
  const wasted = facts.wasted.map(({ path, size, layer, by, how }) => `${path} ${size} of ${layer} ${how} by ${by}`);
  const problems = facts.problems.list.map(({ what, path }) => `${what}: ${path}`);
  return { facts, seen, wasted, problems };
}

Deno.test("a file of a later layer replaces one of an earlier layer, whose bytes are wasted", async () => {
  const { facts, seen, wasted } = await stacked(
    [folder("etc"), fileOf("etc/motd", "12345678"), fileOf("etc/same", "1234"), fileOf("keep", "1")],
    [fileOf("etc/motd", "123"), fileOf("etc/same", "1234", { mode: 0o600 }), fileOf("new/x", "12")],
  );

  assertEquals(seen, [
    ". folder 10 of 0",
    "etc folder 7 of 0",
    "etc/motd 3 of 1",
    "etc/same 4 of 1",
    "keep 1 of 0",
    "new folder 2 of 1",
    "new/x 2 of 1",
  ]);
  assertEquals(facts.nodes.map(({ isReplacement, touched }) => [isReplacement, touched]), [
    [false, 1],
    [false, 1],
    [true, 1],
    [true, 1],
    [false, 0],
    [false, 1],
    [false, 1],
  ]);
  assertEquals(wasted, ["etc/motd 8 of 0 replaced by 1", "etc/same 4 of 0 replaced by 1"]);
  assertEquals([facts.wastedBytes, facts.wastedCount, facts.size], [12, 2, 10]);
  assertEquals(facts.layers, [
    {
      added: 3,
      replaced: 0,
      removed: 0,
      size: 13,
      wastedBytes: 12,
      changes: [
        { path: "etc/motd", how: "added", kind: "file", size: 8, files: 1 },
        { path: "etc/same", how: "added", kind: "file", size: 4, files: 1 },
        { path: "keep", how: "added", kind: "file", size: 1, files: 1 },
      ],
    },
    {
      added: 1,
      replaced: 2,
      removed: 0,
      size: 9,
      wastedBytes: 0,
      changes: [
        { path: "etc/motd", how: "replaced", kind: "file", size: 3, files: 1 },
        { path: "etc/same", how: "same", kind: "file", size: 4, files: 1 },
        { path: "new/x", how: "added", kind: "file", size: 2, files: 1 },
      ],
    },
  ]);
});

Deno.test("a whiteout removes a file or a whole folder of earlier layers, and is not seen itself", async () => {
  const { facts, seen, wasted, problems } = await stacked(
    [fileOf("a", "12"), fileOf("d/x", "123"), fileOf("d/e/y", "1234"), fileOf("keep", "1")],
    [fileOf(".wh.a"), fileOf(".wh.d"), fileOf(".wh.none"), fileOf(".wh..wh.plnk")],
  );

  assertEquals(seen, [". folder 1 of 0", "keep 1 of 0"]);
  assertEquals(wasted, ["d/e/y 4 of 0 removed by 1", "d/x 3 of 0 removed by 1", "a 2 of 0 removed by 1"]);
  assertEquals(facts.layers[1], {
    added: 0,
    replaced: 0,
    removed: 3,
    size: 0,
    wastedBytes: 0,
    changes: [
      { path: "a", how: "removed", kind: "file", size: 2, files: 1 },
      { path: "d", how: "removed", kind: "folder", size: 7, files: 2 },
    ],
  });
  assertEquals(problems, ["removes nothing: .wh.none"]);
});

Deno.test("whiteouts hide only what earlier layers have, wherever they stand in their own layer", async () => {
  const { seen } = await stacked(
    [fileOf("d/old", "1"), fileOf("f", "1")],
    [fileOf("d/new", "22"), fileOf("d/.wh..wh..opq"), fileOf("f", "22"), fileOf(".wh.f")],
  );

  assertEquals(seen, [". folder 4 of 0", "d folder 2 of 0", "d/new 2 of 1", "f 2 of 1"]);
});

Deno.test("a file in place of a folder removes all that was in it; a folder in place of a folder keeps it", async () => {
  const { seen, wasted } = await stacked(
    [fileOf("a/x", "1"), fileOf("a/y", "12"), folder("b", 0o700), fileOf("b/z", "1")],
    [fileOf("a", "file"), folder("b", 0o755)],
  );

  assertEquals(seen, [". folder 5 of 0", "a 4 of 1", "b folder 1 of 1", "b/z 1 of 0"]);
  assertEquals(wasted, ["a/y 2 of 0 replaced by 1", "a/x 1 of 0 replaced by 1"]);
});

Deno.test("bytes with another name are not wasted: they count for that name", async () => {
  const { seen, wasted } = await stacked(
    [fileOf("a", "12345"), hard("b", "a"), fileOf("c", "1"), hard("d", "c")],
    [fileOf(".wh.a"), fileOf(".wh.c")],
    [fileOf(".wh.d"), hard("e", "b")],
  );

  assertEquals(seen, [". folder 5 of 0", "b hard link 5 of 0", "e hard link 0 of 2"]);
  assertEquals(wasted, ["d 1 of 0 removed by 2"]);
});

Deno.test("a path of a later layer leads through a symbolic link of an earlier one", async () => {
  const { seen } = await stacked([folder("usr/bin"), link("bin", "usr/bin")], [
    fileOf("bin/tool", "1"),
    fileOf("bin/.wh.none"),
  ], [fileOf("bin/.wh.tool")]);

  assertEquals(seen, [". folder 0 of 0", "bin symbolic link 0 of 0", "usr folder 0 of 0", "usr/bin folder 0 of 0"]);
});

Deno.test("a path twice in one layer wastes the first one's bytes, and counts once", async () => {
  const { facts, wasted } = await stacked([fileOf("a", "12"), fileOf("a", "1")]);

  assertEquals(wasted, ["a 2 of 0 replaced by 0"]);
  assertEquals([facts.layers[0].added, facts.layers[0].replaced, facts.size], [1, 0, 1]);
});

Deno.test("lists of wasted files and changes are cut, and the counts are not", async () => {
  const layers = await Promise.all(
    [0, 1].map(() => layerOf(tarOf(...Array.from({ length: 50 }, (_, index) => fileOf(`f${index}`, "x"))))),
  );
  const facts = stackLayers(layers, { most: { wasted: 3, changes: 5 } });

  assertEquals([facts.wasted.length, facts.wastedCount, facts.wastedBytes], [3, 50, 50]);
  assertEquals([facts.layers[1].changes.length, facts.layers[1].replaced], [5, 50]);
  assertEquals(stackLayers(layers, { limits: { entries: 60 } }).limitMet?.limit, "entries");
});

async function compared(before: Uint8Array[], after: Uint8Array[], options = {}) {
  const [a, b] = await Promise.all([before, after].map((entries) => layerOf(tarOf(...entries), { contents: true })));
  const facts = compareStacks([a], [b], options);
  return {
    facts,
    told: facts.changes.map(({ path, how, what }) =>
      `${how} ${path}${what === undefined ? "" : `: ${what.join(", ")}`}`
    ),
  };
}

Deno.test("a comparison tells what is added, removed and changed, and what differs", async () => {
  const { facts, told } = await compared(
    [
      fileOf("same", "1"),
      fileOf("content", "1"),
      fileOf("size", "1"),
      fileOf("mode", "1"),
      fileOf("owner", "1"),
      fileOf("kind", "1"),
      link("link", "a"),
      headerOf({ name: "device", type: "3", major: 1, minor: 3 }),
      fileOf("attributes", "1"),
      fileOf("time", "1"),
      fileOf("old/gone", "12345"),
    ],
    [
      fileOf("same", "1"),
      fileOf("content", "2"),
      fileOf("size", "12"),
      fileOf("mode", "1", { mode: 0o600 }),
      fileOf("owner", "1", { uid: 1 }),
      folder("kind"),
      link("link", "b"),
      headerOf({ name: "device", type: "3", major: 1, minor: 5 }),
      paxOf([["SCHILY.xattr.user.a", "1"]]),
      fileOf("attributes", "1"),
      fileOf("time", "1", { time: 1 }),
      fileOf("new/come", "123"),
    ],
  );

  assertEquals(told, [
    "changed attributes: attributes",
    "changed content: content",
    "changed device: device",
    "changed kind: kind",
    "changed link: target",
    "changed mode: mode",
    "added new",
    "added new/come",
    "removed old",
    "removed old/gone",
    "changed owner: owner",
    "changed size: content",
  ]);
  const { changes, ...counts } = facts;
  assertEquals(counts, { added: 2, removed: 2, changed: 8, same: 2, addedBytes: 3, removedBytes: 5 });
  assertEquals(changes[1], {
    path: "content",
    how: "changed",
    what: ["content"],
    before: { layer: 0, entry: 1, kind: "file", size: 1 },
    after: { layer: 0, entry: 1, kind: "file", size: 1 },
  });
});

Deno.test("another time is a difference only if the caller asks for it", async () => {
  const [before, after] = [[fileOf("a", "1")], [fileOf("a", "1", { time: 1 })]];

  assertEquals((await compared(before, after)).told, []);
  assertEquals((await compared(before, after, { times: true })).told, ["changed a: time"]);
});

Deno.test("without digests, equal sizes say nothing about contents, but a shared layer is the same", async () => {
  const shared = await layerOf(tarOf(fileOf("base", "1"), fileOf("base2", "1")));
  const [a, b] = await Promise.all(["1", "2"].map((text) => layerOf(tarOf(fileOf("x", text)))));
  const { changes, same } = compareStacks([shared, a], [shared, b]);

  assertEquals([changes.map(({ path, what }) => [path, what]), same], [[["x", ["content unknown"]]], 2]);
});

Deno.test("it does not matter which name of a file has its bytes, nor which layer", async () => {
  const [a, b, c] = await Promise.all([
    [fileOf("a", "1"), hard("b", "a")],
    [fileOf("b", "1"), hard("a", "b")],
    [fileOf("a", "1")],
  ].map((entries) => layerOf(tarOf(...entries), { contents: true })));

  assertEquals(compareStacks([a], [b]).changes, []);
  assertEquals(compareStacks([a], [c, b]).changes, []);
});
