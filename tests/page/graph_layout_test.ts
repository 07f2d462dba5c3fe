/**
 * The layout of the graph: properties that hold for every graph.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Box, Edge, Graph, GraphFile, ManifestParts } from "../../src/page/graph_facts.ts";
import { graphOf } from "../../src/page/graph_of_files.ts";
import { BOX, type GraphLayout, layOut, layOutInSteps } from "../../src/page/graph_layout.ts";
import { TYPES } from "../fixture.ts";
import { Random } from "../fuzz/random.ts";

// A world that grows: repositories with blobs, images, indexes, referrers and tags.
class World {
  readonly files: GraphFile[] = [];
  readonly #manifests = new Map<string, ManifestParts>();
  #number = 0;

  constructor(readonly random: Random, readonly names: readonly string[]) {}

  grow(): void {
    const { random } = this;
    const name = random.pick(this.names);
    const digest = `sha256:${String(this.#number++ * 7919 % 100_000).padStart(64, "0")}`;
    const own = this.files.filter(({ path }) => path.startsWith(`${name}/sha256:`)).map(({ path }) => path);
    const manifests = own.filter((path) => path.endsWith("/manifest.json"));
    const digestIn = (path: string) => path.split("/").at(-2)!;
    const chance = random.below(10);
    if (chance < 3) {
      this.files.push({ path: `${name}/${digest}/${random.pick(["blob", "config.json", "layer.tar.gz"])}`, size: 3 });
    } else if (chance === 3 && manifests.length > 0) {
      this.files.push({ path: `${name}/_tags/v${this.#number}`, digest: digestIn(random.pick(manifests)) });
    } else if (chance === 4) this.files.push({ path: `${name}/_uploads/${this.#number}/data`, size: 1 });
    else {
      const isIndex = chance === 5;
      const some = (paths: readonly string[]) =>
        new Set(paths.length === 0 ? [] : [1, 2, 3].map(() => digestIn(random.pick(paths))));
      const parts = isIndex
        ? [...some(manifests)].map((digest) => ({ role: "child", digest, mediaType: TYPES.image, size: 1 } as const))
        : [...some(own)].map((digest) => ({ role: "layer", digest, mediaType: TYPES.layer, size: 1 } as const));
      const subject = random.onceIn(3) && manifests.length > 0 ? digestIn(random.pick(manifests)) : undefined;
      const path = `${name}/${digest}/manifest.json`;
      this.#manifests.set(path, { shape: isIndex ? "index" : "image", parts, subject });
      this.files.push({ path, size: 100 });
    }
  }

  graph(): Graph {
    return graphOf(this.files, { manifestAt: (path) => this.#manifests.get(path) });
  }
}

function worldOf(seed: number, size: number): World {
  const random = new Random(seed);
  const world = new World(random, ["a", "a/b", "library/hello"].slice(0, 1 + random.below(3)));
  for (let at = 0; at < size; at++) world.grow();
  return world;
}

function overlaps({ boxes }: Graph, { places }: GraphLayout): string[] {
  const all = boxes.map(({ path }) => ({ path, ...places.get(path)! })).sort((a, b) => a.y - b.y);
  const found: string[] = [];
  for (const [at, one] of all.entries()) {
    for (const other of all.slice(at + 1)) {
      if (other.y >= one.y + BOX.height - 1e-6) break;
      if (Math.abs(one.x - other.x) < BOX.width) found.push(`${one.path} and ${other.path}`);
    }
  }
  return found;
}

// Counts each pair of edges, without the method of the layout.
function crossings(edges: readonly Edge[], height: (path: string) => number, column: (path: string) => number): number {
  const lines = edges.filter(({ from, to }) => column(from) !== column(to)).map(({ from, to }) =>
    column(from) < column(to) ? [from, to] : [to, from]
  );
  let number = 0;
  for (const [at, [a, b]] of lines.entries()) {
    for (const [c, d] of lines.slice(at + 1)) {
      if (column(a) !== column(c) || column(b) !== column(d)) continue;
      if ((height(a) - height(c)) * (height(b) - height(d)) < 0) number++;
    }
  }
  return number;
}

Deno.test("every box has a place within the drawing, none overlaps another one, and the same graph has the same layout", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const graph = worldOf(seed, 2 * seed).graph();
    const layout = layOut(graph);
    assertEquals(graph.boxes.filter(({ path }) => !layout.places.has(path)), [], `seed ${seed}`);
    assertEquals(layout.places.size, graph.boxes.length, `seed ${seed}`);
    assertEquals(overlaps(graph, layout), [], `seed ${seed}`);
    for (const { x, y } of layout.places.values()) {
      assert(x >= 0 && y >= 0 && x + BOX.width <= layout.width && y + BOX.height <= layout.height, `seed ${seed}`);
    }
    assertEquals(layOut(structuredClone(graph)), layout, `seed ${seed}`);
  }
});

Deno.test("a tag stands left of what it points to, an index left of its children, and a manifest left of its blobs", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const graph = worldOf(seed, 60).graph();
    const { places } = layOut(graph);
    const kinds = new Map(graph.boxes.map(({ path, kind }) => [path, kind]));
    for (const { from, to, kind } of graph.edges) {
      const [left, right] = [places.get(from)!.column, places.get(to)!.column];
      // A referrer stands in the column of what it refers to, and so does all that refers to a referrer.
      const isFree = kind === "subject" || kinds.get(from) === "referrer" || kinds.get(to) === "referrer";
      assert(isFree || left < right, `seed ${seed}: ${from} ${kind} ${to}`);
    }
  }
});

Deno.test("a referrer stands below its subject, with nothing between them but other referrers", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const graph = worldOf(seed, 80).graph();
    const { places } = layOut(graph);
    const kinds = new Map(graph.boxes.map(({ path, kind }) => [path, kind]));
    const columns = Map.groupBy(
      graph.boxes.map(({ path, repository }) => ({ path, repository, ...places.get(path)! })),
      ({ column, repository }) => `${column} ${repository}`,
    );
    for (const column of columns.values()) {
      column.sort((a, b) => a.y - b.y);
      for (const { from, to, kind } of graph.edges) {
        const [referrer, subject] = [from, to].map((path) => column.findIndex((box) => box.path === path));
        if (kind !== "subject" || (referrer < 0 && subject < 0)) continue;
        assert(subject >= 0 && subject < referrer, `seed ${seed}: ${from} is not below ${to}`);
        const between = column.slice(subject + 1, referrer).map(({ path }) => kinds.get(path));
        assertEquals(between.filter((kind) => kind !== "referrer"), [], `seed ${seed}`);
      }
    }
  }
});

Deno.test("edges cross no more often than with the boxes in the order of the facts, and seldom in an ordinary registry", () => {
  let [ordered, laidOut] = [0, 0];
  for (let seed = 1; seed <= 60; seed++) {
    const graph = worldOf(seed, 80).graph();
    const { places } = layOut(graph);
    const column = (path: string) => places.get(path)!.column;
    const order = new Map(graph.boxes.map(({ path }, at) => [path, at]));
    const before = crossings(graph.edges, (path) => order.get(path)!, column);
    const after = crossings(graph.edges, (path) => places.get(path)!.y, column);
    ordered += before;
    laidOut += after;
  }
  assert(laidOut * 2 < ordered, `${laidOut} crossings, and ${ordered} in the order of the facts`);

  // Ten images that share nothing but their base need no crossings but those with the edges to the base.
  const parts = (at: number): ManifestParts => ({
    shape: "image",
    parts: [`c${at}`, `l${at}`].map((name) => ({
      role: "layer",
      digest: `md5:${name}`,
      mediaType: TYPES.layer,
      size: 1,
    })),
  });
  const files = Array.from({ length: 10 }, (_, at) => at * 7 % 10).flatMap((at) => [
    { path: `a/_tags/v${9 - at}`, digest: `md5:m${at}` },
    { path: `a/md5:m${at}/manifest.json` },
    { path: `a/md5:c${(at + 5) % 10}/config.json` },
    { path: `a/md5:l${at}/layer.tar` },
  ]);
  const images = graphOf(files, { manifestAt: (path) => parts(Number(/md5:m(\d)/.exec(path)![1])) });
  const { places } = layOut(images);
  assertEquals(crossings(images.edges, (path) => places.get(path)!.y, (path) => places.get(path)!.column), 0);
});

Deno.test("if something is added, all others keep their order, and what is new overlaps nothing", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const world = worldOf(seed, 30);
    let graph = world.graph();
    let layout = layOut(graph);
    for (let step = 0; step < 30; step++) {
      world.grow();
      const next = world.graph();
      const then = layOut(next, layout);
      assertEquals(overlaps(next, then), [], `seed ${seed}, step ${step}`);
      const columnsOf = ({ places }: GraphLayout, boxes: readonly Box[]) =>
        [...Map.groupBy(boxes, ({ path, repository }) => `${repository} ${places.get(path)!.column}`)]
          .map(([, boxes]) => boxes.map(({ path }) => path).sort((a, b) => places.get(a)!.y - places.get(b)!.y));
      // A missing box becomes another one when its file comes, and a subject that comes takes its referrers with it.
      const stays = graph.boxes.filter(({ path, isThere }) =>
        isThere && then.places.get(path)?.column === layout.places.get(path)!.column
      );
      const joined = new Set(
        next.edges.filter(({ kind }) => kind === "subject").map(({ from, to }) => `${from} ${to}`),
      );
      const had = new Set(graph.edges.filter(({ kind }) => kind === "subject").map(({ from, to }) => `${from} ${to}`));
      if (joined.difference(had).size === 0 && had.difference(joined).size === 0) {
        assertEquals(columnsOf(then, stays), columnsOf(layout, stays), `seed ${seed}, step ${step}`);
      }
      [graph, layout] = [next, then];
    }
  }
});

Deno.test("if something is added, no other box moves by more than the new one takes", () => {
  const files = Array.from({ length: 6 }, (_, at) => [
    { path: `a/_tags/v${at}`, digest: `md5:m${at}` },
    { path: `a/md5:m${at}/manifest.json` },
    { path: `a/md5:l${at}/layer.tar` },
  ]).flat();
  const manifestAt = (path: string): ManifestParts => ({
    shape: "image",
    parts: [{ role: "layer", digest: `md5:l${/md5:m(\d+)/.exec(path)![1]}`, mediaType: TYPES.layer, size: 1 }],
  });
  const before = layOut(graphOf(files, { manifestAt }));
  const after = layOut(graphOf([...files, { path: "a/_tags/new", digest: "md5:m3" }], { manifestAt }), before);
  const moves = [...before.places].map((
    [path, { x, y }],
  ) => [Math.abs(x - after.places.get(path)!.x), Math.abs(y - after.places.get(path)!.y)]);
  assertEquals(moves.filter(([x]) => x > 0), []);
  assert(Math.max(...moves.map(([, y]) => y)) <= BOX.height + 12, String(moves));
  const own = (path: string) => after.places.get(path)!.y;
  assert(
    Math.abs(own("a/_tags/new") - own("a/_tags/v3")) < 2 * BOX.height,
    "the new tag stands beside what it points to",
  );
});

Deno.test("files that point to each other in circles have a layout too", () => {
  const circle = (role: "child" | "subject") => {
    const files = ["1", "2", "3"].map((name) => ({ path: `a/md5:${name}/manifest.json` }));
    const next = (path: string) => `md5:${Number(/md5:(\d)/.exec(path)![1]) % 3 + 1}`;
    return graphOf(files, {
      manifestAt: (path) =>
        role === "child"
          ? { shape: "index", parts: [{ role, digest: next(path), mediaType: TYPES.index, size: 1 }] }
          : { shape: "image", parts: [], subject: next(path) },
    });
  };
  for (const role of ["child", "subject"] as const) {
    const graph = circle(role);
    assertEquals([layOut(graph).places.size, overlaps(graph, layOut(graph))], [3, []]);
  }
  assertEquals(layOut({ boxes: [], edges: [] }).places.size, 0);
});

Deno.test("a large graph is laid out in many steps, so that a browser can do something else in between", () => {
  const files: GraphFile[] = [];
  const manifests = new Map<string, ManifestParts>();
  const random = new Random(1);
  for (let at = 0; at < 1000; at++) {
    const path = `a/md5:m${at}/manifest.json`;
    files.push({ path: `a/_tags/v${at}`, digest: `md5:m${at}` }, { path }, { path: `a/md5:c${at}/config.json` });
    const layers = Array.from({ length: 4 }, () => `md5:l${random.below(2000)}`);
    for (const layer of layers) files.push({ path: `a/${layer}/layer.tar` });
    const parts = [...new Set([`md5:c${at}`, ...layers])].map((
      digest,
    ) => ({ role: "layer", digest, mediaType: TYPES.layer, size: 1 } as const));
    manifests.set(path, { shape: "image", parts });
  }
  const graph = graphOf(files, { manifestAt: (path) => manifests.get(path) });
  const steps = layOutInSteps(graph);
  let number = 0;
  while (!steps.next().done) number++;
  assert(number >= 6, `${number} steps`);
  assertEquals(layOut(graph).places.size, graph.boxes.length);
});
