/**
 * The ways through a graph that is laid out: what is in sight, what belongs together, and where the arrow keys lead.
 *
 *     → ←          along the edges: to what a box needs, and to what needs it
 *     ↑ ↓          to the neighbours in the column
 *     Home End     to the first box and to the last one
 *
 * A large graph is looked up by its height: all boxes and edges are in bands of it, so that a look at a part takes no longer than
 * that part.
 *
 * Next: views/graph.ts
 *
 * @module
 */

import type { Box, Edge, Graph } from "./graph_facts.ts";
import { BOX, type BoxPlace, type GraphLayout } from "./graph_layout.ts";

type PathsByPath = ReadonlyMap<string, readonly string[]>;

// The height of a band.
const BAND = 500;

/** A graph, and the ways through it. */
export class GraphWays {
  /** The boxes, by their paths. */
  readonly boxes: ReadonlyMap<string, Box>;
  /** The paths of all boxes: repository after repository, column after column, from above. */
  readonly order: readonly string[];
  /** What each box points to. */
  readonly down: PathsByPath;
  /** What points to each box. */
  readonly up: PathsByPath;
  /** What each box says something about. */
  readonly about: PathsByPath;
  /** What says something about each box. */
  readonly notes: PathsByPath;
  readonly #places: GraphLayout["places"];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #columns: ReadonlyMap<number, readonly string[]>;
  readonly #bands = new Map<number, { readonly paths: string[]; readonly edges: Edge[] }>();

  /** Makes the ways of a graph in its layout. */
  constructor({ boxes, edges }: Graph, { places }: GraphLayout) {
    this.#places = places;
    this.boxes = new Map(boxes.map((box) => [box.path, box]));
    const [notes, parts] = [true, false].map((isNote) =>
      edges.filter(({ kind }) => (kind === "subject" || kind === "attests") === isNote)
    );
    this.down = pathsBy(parts, "from", "to");
    this.up = pathsBy(parts, "to", "from");
    this.about = pathsBy(notes, "from", "to");
    this.notes = pathsBy(notes, "to", "from");
    const lanes = new Map([...new Set(boxes.map(({ repository }) => repository))].map((name, at) => [name, at]));
    const rows = boxes.map(({ path, repository }) => ({ path, lane: lanes.get(repository)!, ...places.get(path)! }));
    rows.sort((a, b) => a.lane - b.lane || a.column - b.column || a.y - b.y);
    this.order = rows.map(({ path }) => path);
    this.#positions = new Map(this.order.map((path, at) => [path, at]));
    this.#columns = new Map(
      [...Map.groupBy(rows, ({ column }) => column)].map(([column, rows]) => [column, rows.map(({ path }) => path)]),
    );
    for (const { path, y } of rows) this.#addTo(y, y + BOX.height, (band) => band.paths.push(path));
    for (const edge of edges) {
      const [from, to] = [places.get(edge.from)!.y, places.get(edge.to)!.y];
      this.#addTo(Math.min(from, to), Math.max(from, to) + BOX.height, (band) => band.edges.push(edge));
    }
  }

  /** Returns the place of a box. */
  placeOf(path: string): BoxPlace {
    return this.#places.get(path)!;
  }

  /** Returns the boxes between two heights, in their order, and the edges that pass there. There may be a few more. */
  between(top: number, bottom: number): { readonly paths: readonly string[]; readonly edges: ReadonlySet<Edge> } {
    const paths = new Set<string>();
    const edges = new Set<Edge>();
    for (let number = Math.floor(top / BAND); number <= Math.floor(bottom / BAND); number++) {
      const band = this.#bands.get(number);
      band?.paths.forEach((path) => paths.add(path));
      band?.edges.forEach((edge) => edges.add(edge));
    }
    return { paths: this.inOrder(paths), edges };
  }

  /** Returns paths in their order. */
  inOrder(paths: Iterable<string>): readonly string[] {
    return [...paths].sort((a, b) => this.#positions.get(a)! - this.#positions.get(b)!);
  }

  /**
   * Returns all that shares a box: what needs it and what it needs, also in other repositories that have the same file; what says
   * something about it, and what it says something about.
   */
  relativesOf(path: string): ReadonlySet<string> {
    const others = this.boxes.get(path)!.others ?? [];
    const same = [path, ...others.filter((other) => this.boxes.has(other))];
    const spread = (ways: PathsByPath) => {
      const reached = new Set(same);
      for (const path of reached) ways.get(path)?.forEach((next) => reached.add(next));
      return reached;
    };
    return [this.up, this.about, this.notes].reduce((all, ways) => all.union(spread(ways)), spread(this.down));
  }

  /** Returns the box to which a key leads from another one, as `KeyboardEvent.key` names it. Returns `undefined` if there is none. */
  next(path: string, key: string): string | undefined {
    const { x, y, column } = this.placeOf(path);
    if (key === "Home") return this.order[0];
    if (key === "End") return this.order.at(-1);
    if (key === "ArrowUp" || key === "ArrowDown") {
      const paths = this.#columns.get(column)!;
      return paths[paths.indexOf(path) + (key === "ArrowDown" ? 1 : -1)];
    }
    if (key !== "ArrowLeft" && key !== "ArrowRight") return undefined;
    const joined = [this.down, this.up, this.about, this.notes].flatMap((ways) => ways.get(path) ?? []);
    return joined.map((path) => ({ path, ...this.placeOf(path) }))
      .filter((place) => key === "ArrowRight" ? place.x > x : place.x < x)
      .sort((a, b) => Math.abs(a.y - y) - Math.abs(b.y - y))[0]?.path;
  }

  #addTo(top: number, bottom: number, add: (band: { paths: string[]; edges: Edge[] }) => void): void {
    for (let number = Math.floor(top / BAND); number <= Math.floor(bottom / BAND); number++) {
      const band = this.#bands.get(number) ?? { paths: [], edges: [] };
      this.#bands.set(number, band);
      add(band);
    }
  }
}

function pathsBy(edges: readonly Edge[], key: "from" | "to", value: "from" | "to"): PathsByPath {
  const groups = new Map<string, string[]>();
  for (const edge of edges) {
    const group = groups.get(edge[key]);
    if (group === undefined) groups.set(edge[key], [edge[value]]);
    else group.push(edge[value]);
  }
  return groups;
}
