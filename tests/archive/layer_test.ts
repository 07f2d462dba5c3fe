/** A layer as a tree: implied folders, whiteouts, links, sizes, digests of contents, and paths that must not be. */

import { assertEquals } from "@std/assert";
import { type LayerFacts, readLayer, whiteoutOf } from "../../src/archive/layer.ts";
import { cleanPath } from "../../src/archive/paths.ts";
import { findNode, followNodes, pathOf } from "../../src/archive/tree_nodes.ts";
import { bytes } from "../fixture.ts";
import {
  countedSource,
  drawn,
  fileOf,
  frameOf,
  headerOf,
  join,
  layerOf,
  memberOf,
  paxOf,
  sha256,
  tarOf,
  toldOf,
} from "./tar_maker.ts";

const folder = (name: string) => headerOf({ name, type: "5", mode: 0o755 });
const link = (name: string, target: string) => headerOf({ name, type: "2", link: target });
const hard = (name: string, target: string) => headerOf({ name, type: "1", link: target });

Deno.test("the tree has folders that only paths imply, is sorted, and sums sizes and files for each folder", async () => {
  const { nodes, entries } = await layerOf(tarOf(
    fileOf("usr/bin/env", "12345"),
    folder("./etc/"),
    fileOf("./etc/motd", "123"),
    fileOf("usr/a", "1"),
    link("usr/link", "a"),
  ));

  assertEquals(nodes, [
    { name: "", parent: -1, depth: 0, below: 7, kind: "folder", size: 9, files: 4 },
    { name: "etc", parent: 0, depth: 1, below: 1, kind: "folder", size: 3, files: 1, entry: 1 },
    { name: "motd", parent: 1, depth: 2, below: 0, kind: "file", size: 3, files: 0, entry: 2 },
    { name: "usr", parent: 0, depth: 1, below: 4, kind: "folder", size: 6, files: 3 },
    { name: "a", parent: 3, depth: 2, below: 0, kind: "file", size: 1, files: 0, entry: 3 },
    { name: "bin", parent: 3, depth: 2, below: 1, kind: "folder", size: 5, files: 1 },
    { name: "env", parent: 5, depth: 3, below: 0, kind: "file", size: 5, files: 0, entry: 0 },
    { name: "link", parent: 3, depth: 2, below: 0, kind: "symbolic link", size: 0, files: 0, entry: 4 },
  ]);
  assertEquals(nodes.map((_, index) => pathOf(nodes, index)), [
    "",
    "etc",
    "etc/motd",
    "usr",
    "usr/a",
    "usr/bin",
    "usr/bin/env",
    "usr/link",
  ]);
  for (const path of ["usr/bin/env", "/usr/bin/env", "./usr//bin/./env/"]) assertEquals(findNode(nodes, path), 6);
  assertEquals(["", "usr", "us", "usr/bin/env/x", "x"].map((path) => findNode(nodes, path)), [
    0,
    3,
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(entries.length, 5);
});

Deno.test("a path is cleaned of what leads nowhere else", () => {
  const paths = ["a/b", "./a/b", "/a/b", "a//b/", "a/./b", "./", ".", "..a/.b", "a/.", ".a"];
  assertEquals(paths.map(cleanPath), ["a/b", "a/b", "a/b", "a/b", "a/b", "", "", "..a/.b", "a", ".a"]);
});

Deno.test("hard links lead to the entry with their content, through others too, and its bytes count once", async () => {
  const { nodes, problems } = await layerOf(tarOf(fileOf("a", "12345"), hard("b", "a"), hard("c", "./b")));

  assertEquals(nodes.map(({ name, size, linkedTo }) => [name, size, linkedTo]), [
    ["", 5, undefined],
    ["a", 5, undefined],
    ["b", 0, 0],
    ["c", 0, 0],
  ]);
  assertEquals(problems.count, 0);
});

Deno.test("a hard link to itself, to a later entry, to a folder or to nothing is told", async () => {
  const layer = await layerOf(
    tarOf(
      hard("self", "self"),
      hard("early", "late"),
      fileOf("late"),
      folder("d"),
      hard("e", "d"),
      hard("none", "x"),
      hard("a", "b"),
      hard("b", "a"),
    ),
  );

  assertEquals(
    layer.problems.list.map(({ what, path }) => `${what}: ${path}`),
    ["self", "early", "e", "none", "a", "b"].map((path) => `link leads nowhere: ${path}`),
  );
});

Deno.test("whiteouts say what they remove", async () => {
  const { nodes } = await layerOf(
    tarOf(
      fileOf(".wh.top"),
      fileOf("etc/.wh.hosts"),
      fileOf("var/.wh..wh..opq"),
      fileOf(".wh..wh.plnk/1"),
      fileOf("a.wh.b"),
    ),
  );

  assertEquals(nodes.filter(({ whiteout }) => whiteout !== undefined).map(({ name, whiteout }) => [name, whiteout]), [
    [".wh.top", { kind: "path", path: "top" }],
    [".wh.hosts", { kind: "path", path: "etc/hosts" }],
    [".wh..wh..opq", { kind: "opaque", path: "var" }],
  ]);
  assertEquals(whiteoutOf(".wh..wh.aufs"), { kind: "aufs", path: ".wh..wh.aufs" });
  assertEquals([".wh..wh..opq", "a/b", "a.wh.b/c"].map(whiteoutOf), [
    { kind: "opaque", path: "" },
    undefined,
    undefined,
  ]);
});

Deno.test("a path leads through symbolic links that are there already, and not out of the tree", async () => {
  const { nodes, problems } = await layerOf(tarOf(
    folder("usr/lib"),
    link("lib", "usr/lib"),
    fileOf("lib/a", "1"),
    link("out", "../../../usr"),
    fileOf("out/b", "1"),
    link("var/abs", "/usr/lib"),
    fileOf("var/abs/c", "1"),
    link("new", "made"),
    fileOf("new/d", "1"),
  ));

  assertEquals(drawn(nodes), [
    ". folder 4",
    "lib symbolic link 0",
    "made folder 1",
    "made/d 1",
    "new symbolic link 0",
    "out symbolic link 0",
    "usr folder 3",
    "usr/b 1",
    "usr/lib folder 2",
    "usr/lib/a 1",
    "usr/lib/c 1",
    "var folder 0",
    "var/abs symbolic link 0",
  ]);
  assertEquals(problems.count, 0);
});

Deno.test("paths that cannot be in a container are told, and not in the tree", async () => {
  const layer = await layerOf(tarOf(
    fileOf("../up", "1"),
    fileOf("a/../../b", "1"),
    fileOf("/etc/absolute", "1"),
    paxOf([["path", "zero\0byte"]]),
    fileOf("z", "1"),
    headerOf({ name: "", type: "0" }),
    paxOf([["path", "p/".repeat(3000)]]),
    fileOf("z", "1"),
    fileOf("file", "1"),
    fileOf("file/below", "1"),
    link("round", "round"),
    fileOf("round/x", "1"),
  ));

  assertEquals(drawn(layer.nodes), [". folder 2", "etc folder 1", "etc/absolute 1", "file 1", "round symbolic link 0"]);
  assertEquals(layer.problems.list.map(({ what, path }) => `${what}: ${path?.slice(0, 14)}`), [
    "path leaves: ../up",
    "path leaves: a/../../b",
    "absolute path: /etc/absolute",
    "bad path: zero\0byte",
    "bad path: ",
    `bad path: ${"p/".repeat(7)}`,
    "through a file: file/below",
    "link leads nowhere: round/x",
  ]);
  assertEquals(layer.entries.length, 10);
});

Deno.test("if a path comes twice, the later entry counts; a folder that comes again keeps what is in it", async () => {
  const layer = await layerOf(
    tarOf(folder("d"), fileOf("d/a", "12"), folder("d/"), fileOf("./d/a", "1"), fileOf("e/f", "123"), link("e", "d")),
  );

  assertEquals(drawn(layer.nodes), [". folder 1", "d folder 1", "d/a 1", "e symbolic link 0"]);
  assertEquals(toldOf(layer), ["twice at 2048: d/a", "twice at 4096: e"]);
});

Deno.test("contents and all unpacked bytes get their digests, whatever they are packed with", async () => {
  const large = new Uint8Array(1_000_000).map((_, index) => index % 251);
  const tar = tarOf(fileOf("a", "hello"), fileOf("large", large), folder("d"), fileOf("empty"));
  const cut = Math.floor(tar.length / 2);
  const packed = [
    tar,
    memberOf(tar),
    join([memberOf(tar.subarray(0, cut)), memberOf(tar.subarray(cut))]),
    join([frameOf(tar.subarray(0, cut)), frameOf(tar.subarray(cut))]),
  ];
  for (const content of packed) {
    const layer = await readLayer(countedSource(content, 5000), { contents: true, diffId: true });
    assertEquals(layer.diffId, sha256(tar));
    assertEquals(layer.entries.map(({ digest }) => digest), [sha256("hello"), sha256(large), undefined, sha256("")]);
    assertEquals(layer.problems.count, 0);
  }
});

Deno.test("a sparse file's digest is that of its content with zeros", async () => {
  const expanded = new Uint8Array(200_000);
  expanded.set(bytes("ab"), 70_000);
  expanded.set(bytes("c"), 150_000);
  const tar = tarOf(paxOf([["GNU.sparse.size", "200000"], ["GNU.sparse.map", "70000,2,150000,1"]]), fileOf("s", "abc"));
  const huge = tarOf(
    paxOf([["GNU.sparse.size", "9007199254740000"], ["GNU.sparse.map", "70000,2,150000,1"]]),
    fileOf("s", "abc"),
  );

  assertEquals((await readLayer(countedSource(tar, 100), { contents: true })).entries[0].digest, sha256(expanded));
  assertEquals((await layerOf(huge, { contents: true })).entries.map(({ size, digest }) => [size, digest]), [[
    9007199254740000,
    undefined,
  ]]);
});

Deno.test("of a plain archive only headers are read, and large contents are jumped over", async () => {
  const source = countedSource(tarOf(fileOf("large", new Uint8Array(50_000_000)), fileOf("after", "x")), 65_536);
  const layer = await readLayer(source);

  assertEquals(layer.entries.map(({ path, size }) => [path, size]), [["large", 50_000_000], ["after", 1]]);
  assertEquals([source.read.bytes < 1_000_000, layer.problems.count], [true, 0]);
});

Deno.test("limits of entries and text end the reading, and the result says which and where", async () => {
  const tar = tarOf(...Array.from({ length: 100 }, (_, index) => fileOf(`folder${index}/file`, "x")));
  const byEntries = await layerOf(tar, { limits: { entries: 10 } });
  const byText = await layerOf(tar, { limits: { text: 100 } });

  assertEquals([byEntries.entries.length, byEntries.limitMet], [10, {
    limit: "entries",
    most: 10,
    at: 10240,
    text: "The reading ended after 10 entries. What comes later is not shown.",
  }]);
  assertEquals([byText.entries.length, byText.limitMet?.limit, byText.limitMet?.at], [8, "text", 8192]);
  assertEquals([byEntries.problems.count, byText.problems.count, byEntries.end, byEntries.diffId], [
    0,
    0,
    undefined,
    undefined,
  ]);
});

Deno.test("the facts are plain data: JSON and structuredClone carry them", async () => {
  const layer: LayerFacts = await layerOf(
    memberOf(tarOf(fileOf("a", "1"), link("b", "a"), fileOf(".wh.c"), headerOf({ name: "../x" }))),
    { contents: true, diffId: true },
  );

  assertEquals(JSON.parse(JSON.stringify(layer)), layer);
  assertEquals(structuredClone(layer), layer);
});

Deno.test("a path is followed through links to folders, as far as a container would, and a link at its end is shown itself", async () => {
  const { nodes, entries } = await layerOf(tarOf(
    fileOf("usr/lib/a.so"),
    link("lib", "usr/lib"),
    link("usr/up", ".."),
    link("usr/lib/absolute", "/lib"),
    link("circle", "circle"),
    // 1,160 steps, in fewer bytes than Linux takes.
    paxOf([["linkpath", "usr/../".repeat(580)]]),
    link("far", ""),
  ));
  const followed = (path: string) => {
    const found = followNodes(nodes, path, ({ entry }) => entry === undefined ? undefined : entries[entry].target);
    return found && `${pathOf(nodes, found.at)}${found.via ? ", through a link" : ""}`;
  };

  assertEquals(
    [
      "/usr/lib/a.so",
      "lib/a.so",
      "lib",
      "lib/",
      "usr/up/lib/absolute/a.so",
      "lib/../lib/a.so",
      "../../usr/lib/..",
      "",
      "usr/lib/a.so/..",
      "lib/none/a.so",
      "circle/a.so",
      "far/usr",
    ].map(followed),
    [
      "usr/lib/a.so",
      "usr/lib/a.so, through a link",
      "lib",
      "lib",
      "usr/lib/a.so, through a link",
      "usr/lib/a.so, through a link",
      "usr",
      "",
      undefined,
      undefined,
      undefined,
      undefined,
    ],
  );
});

Deno.test("a reading that meets a limit reads no further for the digest of the unpacked bytes, which nobody gets then", async () => {
  const source = countedSource(tarOf(...Array.from({ length: 1000 }, (_, number) => fileOf(`${number}`))), 512);
  const { diffId, limitMet } = await readLayer(source, { diffId: true, limits: { entries: 10 } });
  assertEquals([diffId, limitMet?.limit], [undefined, "entries"]);
  assertEquals(source.read.bytes < source.size / 2, true, `${source.read.bytes} of ${source.size}`);
});
