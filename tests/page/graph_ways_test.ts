/**
 * The ways through the graph: what stands out together, where the arrow keys lead, and what is in sight.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Graph, GraphFile, ManifestParts } from "../../src/page/graph_facts.ts";
import { graphOf } from "../../src/page/graph_of_files.ts";
import { BOX, layOut } from "../../src/page/graph_layout.ts";
import { GraphWays } from "../../src/page/graph_ways.ts";
import { TYPES } from "../fixture.ts";

// Two repositories that share a base: in "a" an index with two images and a note, in "b" one image.
function example(): { graph: Graph; ways: GraphWays } {
  const part = (role: "child" | "layer", digest: string) => ({ role, digest, mediaType: TYPES.layer, size: 1 });
  const manifests: Record<string, ManifestParts> = {
    "a/md5:index/manifest.json": { shape: "index", parts: [part("child", "md5:amd"), part("child", "md5:arm")] },
    "a/md5:amd/manifest.json": { shape: "image", parts: [part("layer", "md5:base"), part("layer", "md5:one")] },
    "a/md5:arm/manifest.json": { shape: "image", parts: [part("layer", "md5:two")] },
    "a/md5:note/manifest.json": { shape: "image", subject: "md5:amd", parts: [part("layer", "md5:text")] },
    "b/md5:own/manifest.json": { shape: "image", parts: [part("layer", "md5:base")] },
  };
  const files: GraphFile[] = [
    { path: "a/_tags/v1", digest: "md5:index" },
    { path: "b/_tags/b1", digest: "md5:own" },
    ...Object.keys(manifests).map((path) => ({ path })),
    ...["one", "two", "text"].map((name) => ({ path: `a/md5:${name}/layer.tar` })),
    { path: "a/md5:base/layer.tar", names: 2 },
    { path: "b/md5:base/layer.tar", names: 2 },
  ];
  const graph = graphOf(files, { manifestAt: (path) => manifests[path] });
  return { graph, ways: new GraphWays(graph, layOut(graph)) };
}

const short = (paths: Iterable<string>) =>
  [...paths].map((path) => path.replace(/\/(?:manifest\.json|layer\.tar)$/, "")).sort();

Deno.test("with a layer stands out what needs it, also in another repository that has the same file, and nothing else", () => {
  const { ways } = example();
  assertEquals(short(ways.relativesOf("a/md5:base/layer.tar")), [
    "a/_tags/v1",
    "a/md5:amd",
    "a/md5:base",
    "a/md5:index",
    "b/_tags/b1",
    "b/md5:base",
    "b/md5:own",
  ]);
  assertEquals(short(ways.relativesOf("a/md5:two/layer.tar")), ["a/_tags/v1", "a/md5:arm", "a/md5:index", "a/md5:two"]);
});

Deno.test("with an image stands out what it needs, what needs it, and what refers to it; with a note, what it is about", () => {
  const { ways } = example();
  assertEquals(short(ways.relativesOf("a/md5:amd/manifest.json")), [
    "a/_tags/v1",
    "a/md5:amd",
    "a/md5:base",
    "a/md5:index",
    "a/md5:note",
    "a/md5:one",
  ]);
  assertEquals(short(ways.relativesOf("a/md5:note/manifest.json")), ["a/md5:amd", "a/md5:note", "a/md5:text"]);
});

Deno.test("the arrow keys lead along the edges and the columns, and reach every box", () => {
  const { graph, ways } = example();
  const go = (path: string, ...keys: string[]) => keys.reduce((path, key) => ways.next(path, key)!, path);
  assertEquals(go("a/_tags/v1", "ArrowRight"), "a/md5:index/manifest.json");
  assertEquals(go("a/_tags/v1", "ArrowRight", "ArrowLeft"), "a/_tags/v1");
  assertEquals(go("a/_tags/v1", "ArrowDown"), "b/_tags/b1");
  assertEquals(go("b/_tags/b1", "ArrowUp"), "a/_tags/v1");
  assertEquals(
    [ways.next("a/_tags/v1", "ArrowLeft"), ways.next("a/_tags/v1", "ArrowUp"), ways.next("a/_tags/v1", "x")],
    [
      undefined,
      undefined,
      undefined,
    ],
  );
  assertEquals(go("b/_tags/b1", "Home"), ways.order[0]);
  assertEquals(go("b/_tags/b1", "End"), ways.order.at(-1));
  // A note leads to what it is about, and there the key down leads back.
  assertEquals(go("a/md5:note/manifest.json", "ArrowLeft", "ArrowDown"), "a/md5:note/manifest.json");

  const reached = new Set([ways.order[0]]);
  for (const path of reached) {
    for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]) {
      const next = ways.next(path, key);
      if (next !== undefined) reached.add(next);
    }
  }
  assertEquals(graph.boxes.filter(({ path }) => !reached.has(path)), []);
});

Deno.test("everything that is in sight is found by its height, and little else", () => {
  const files = Array.from({ length: 500 }, (_, at) => [
    { path: `a/_tags/v${at}`, digest: `md5:m${at}` },
    { path: `a/md5:m${at}/manifest.json` },
  ]).flat();
  const graph = graphOf(files, { manifestAt: () => ({ shape: "image", parts: [] }) });
  const layout = layOut(graph);
  const ways = new GraphWays(graph, layout);
  for (const top of [0, 999, 12_345]) {
    const bottom = top + 800;
    const { paths, edges } = ways.between(top, bottom);
    const isInSight = (path: string) => ways.placeOf(path).y < bottom && ways.placeOf(path).y + BOX.height > top;
    assertEquals(ways.order.filter((path) => isInSight(path) && !paths.includes(path)), []);
    assertEquals(graph.edges.filter((edge) => isInSight(edge.from) && !edges.has(edge)), []);
    assert(paths.length < 80, `${paths.length} boxes`);
    assertEquals(paths, ways.inOrder(paths.toReversed()));
  }
});

Deno.test("an edge is found wherever it passes, also far from both of its ends", () => {
  const files = [
    ...Array.from({ length: 200 }, (_, at) => ({ path: `a/_tags/v${at}`, digest: "md5:m" })),
    { path: "a/md5:m/manifest.json" },
  ];
  const graph = graphOf(files, { manifestAt: () => ({ shape: "image", parts: [] }) });
  const ways = new GraphWays(graph, layOut(graph));
  const middle = ways.placeOf("a/md5:m/manifest.json").y;
  const first = graph.edges.toSorted((a, b) => ways.placeOf(a.from).y - ways.placeOf(b.from).y)[0];
  assert(middle - ways.placeOf(first.from).y > 3000);
  for (const top of [middle / 4, middle / 2, 3 * middle / 4]) {
    assert(ways.between(top, top + 100).edges.has(first), `${top}`);
  }
});
