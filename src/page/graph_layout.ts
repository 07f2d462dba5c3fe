/**
 * The layout of the graph: where each box stands.
 *
 *     tag          index        image         config, layers
 *     ┌────────┐   ┌────────┐   ┌─────────┐   ┌────────────┐
 *     │ latest ├───┤ 7d1a…  ├───┤ amd64   ├───┤ config     │
 *     └────────┘   └────────┘   └─┬───────┘ ╲ └────────────┘
 *                               ┌─┴───────┐  ╲┌────────────┐
 *                               │ arm64   ├───┤ layer      │
 *                               └─────────┘   └────────────┘
 *
 * Each repository is a lane, and the lanes stand one below the other. In a lane each kind has a column; an index within an index
 * has a column of its own. What refers to a manifest stands under it, in a pile. Three steps place the piles:
 *
 * - Their order in a column: each goes to the middle of what it is joined to, again and again, to the left and to the right
 *   (K. Sugiyama, S. Tagawa, M. Toda 1981). The order with the fewest crossings counts.
 * - Their heights: each wants to stand beside what it is joined to. Those that would overlap are placed together, where the sum of
 *   their squared distances is least.
 * - If there was a layout before, the boxes that were in it keep their order and nearly their heights. So when something is added,
 *   it comes to its place, and the others only make room for it.
 *
 * It is a pure function: the same graph has the same layout.
 *
 * Next: graph_ways.ts
 *
 * @module
 */

import { atOnce } from "../giving_way.ts";
import type { Box, BoxKind, Edge, Graph } from "./graph_facts.ts";

/** The size of a box. All lengths are sixteenths of the height of a text, so a box grows with its text. */
export const BOX = { width: 176, height: 44 } as const;

/** The place of a box. */
export interface BoxPlace {
  /** Its left side. */
  readonly x: number;
  /** Its upper side. */
  readonly y: number;
  /** Its column, from 0. */
  readonly column: number;
}

/** The place of a repository. */
export interface Lane {
  /** The repository. */
  readonly repository: string;
  /** Its upper side, where its name stands. */
  readonly y: number;
  /** Its height, with its name. */
  readonly height: number;
}

/** The layout of a graph. */
export interface GraphLayout {
  /** The places, by the paths of the boxes. */
  readonly places: ReadonlyMap<string, BoxPlace>;
  /** The lanes, from the top to the bottom. */
  readonly lanes: readonly Lane[];
  /** The titles of the columns, and their left sides. */
  readonly columns: readonly { readonly title: string; readonly x: number }[];
  /** The width of everything. */
  readonly width: number;
  /** The height of everything. */
  readonly height: number;
}

const MARGIN = 16;
const TITLES = 32;
const LANE_NAME = 36;
const BETWEEN_LANES = 20;
const BETWEEN_COLUMNS = 26;
const BETWEEN_PILES = 12;
const IN_PILE = 4;
const INDENT = 8;
const MOST_INDENTS = 2;
// From this depth on, indexes in indexes share a column.
const MOST_DEPTH = 4;
const PASSES = 6;

/** Places the boxes of a graph. `before` is the layout that a person has seen until now. */
export function layOut(graph: Graph, before?: GraphLayout): GraphLayout {
  return atOnce(layOutInSteps(graph, before));
}

/** Does the same in steps, so that a browser can do something else in between. */
export function* layOutInSteps({ boxes, edges }: Graph, before?: GraphLayout): Generator<undefined, GraphLayout> {
  const repositoryOf = new Map(boxes.map(({ path, repository }) => [path, repository]));
  const edgesOf = Map.groupBy(edges, ({ from }) => repositoryOf.get(from)!);
  const depths = depthsOf(boxes, edges);
  const columns = columnsWith(Math.max(-1, ...new Set(depths.values())));
  const places = new Map<string, BoxPlace>();
  const lanes: Lane[] = [];
  let y = TITLES;
  for (const [repository, own] of Map.groupBy(boxes, ({ repository }) => repository)) {
    const columnOf = ({ kind, path }: Box) => columns.findIndex((column) => column.isFor(kind, depths.get(path)));
    const known = before?.lanes.find((lane) => lane.repository === repository);
    const heightBefore = (path: string) => {
      const place = known && before!.places.get(path);
      return place && place.y - known.y - LANE_NAME;
    };
    const piles = pilesOf(own, edgesOf.get(repository) ?? [], columnOf, heightBefore);
    if (known === undefined) yield* place(piles, columns.length);
    else placeAgain(piles, columns.length);
    yield;
    const top = Math.min(...piles.map(({ y }) => y));
    for (const { y: inLane, column, members } of piles) {
      for (const { path, at, indent } of members) {
        places.set(path, { x: columns[column].x + indent, y: y + LANE_NAME + inLane - top + at, column });
      }
    }
    const height = LANE_NAME + Math.max(...piles.map(({ y, height }) => y + height)) - top;
    lanes.push({ repository, y, height });
    y += height + BETWEEN_LANES;
  }
  const rightmost = columns.at(-1)!.x;
  const width = [...places.values()].reduce((most, { x }) => Math.max(most, x), rightmost) + BOX.width + MARGIN;
  return { places, lanes, columns: columns.map(({ title, x }) => ({ title, x })), width, height: y };
}

interface Column {
  readonly title: string;
  readonly x: number;
  isFor(kind: BoxKind, depth?: number): boolean;
}

function columnsWith(deepest: number): readonly Column[] {
  const indexes = Array.from({ length: deepest + 1 }, (_, column) => ({
    title: column === 0 ? "Indexes" : "Indexes in indexes",
    isFor: (kind: BoxKind, depth?: number) => kind === "index" && depth === column,
  }));
  const columns = [
    { title: "Tags", isFor: (kind: BoxKind) => kind === "tag" },
    ...indexes,
    { title: "Manifests", isFor: (kind: BoxKind) => kind === "manifest" || kind === "referrer" },
    { title: "Configs, layers, uploads", isFor: () => true },
  ];
  return columns.map((column, at) => ({ ...column, x: MARGIN + at * (BOX.width + BETWEEN_COLUMNS) }));
}

// The number of indexes above an index. Files that were made by hand can be in a circle, so this stops at the deepest column.
function depthsOf(boxes: readonly Box[], edges: readonly Edge[]): Map<string, number> {
  const depths = new Map(boxes.filter(({ kind }) => kind === "index").map(({ path }) => [path, 0]));
  const between = edges.filter(({ from, to, kind }) =>
    kind === "child" && from !== to && depths.has(from) && depths.has(to)
  );
  for (let round = 0; round < MOST_DEPTH; round++) {
    for (const { from, to } of between) {
      depths.set(to, Math.min(Math.max(depths.get(to)!, depths.get(from)! + 1), MOST_DEPTH - 1));
    }
  }
  return depths;
}

// A box, and under it all that refers to it.
interface Pile {
  readonly column: number;
  readonly members: readonly { readonly path: string; readonly at: number; readonly indent: number }[];
  readonly height: number;
  // Where a member is joined to another pile: the heights of both ends, from the upper sides of their piles.
  readonly left: Joint[];
  readonly right: Joint[];
  // The height that it had before.
  readonly before?: number;
  y: number;
}

interface Joint {
  readonly at: number;
  readonly pile: Pile;
  readonly there: number;
}

function pilesOf(
  boxes: readonly Box[],
  edges: readonly Edge[],
  columnOf: (box: Box) => number,
  heightBefore: (path: string) => number | undefined,
): Pile[] {
  const known = new Map(boxes.map((box) => [box.path, box]));
  const isAbove = ({ kind, from, to }: Edge) => (kind === "subject" || kind === "attests") && from !== to;
  const above = new Map(edges.filter(isAbove).map(({ from, to }) => [from, to]));
  const under = Map.groupBy([...above.keys()].map((path) => known.get(path)!), ({ path }) => above.get(path)!);
  for (const boxes of under.values()) {
    boxes.sort((a, b) =>
      (heightBefore(a.path) ?? Infinity) - (heightBefore(b.path) ?? Infinity) || (a.path < b.path ? -1 : 1)
    );
  }

  const piles: Pile[] = [];
  const pileOf = new Map<string, { pile: Pile; at: number }>();
  const begin = (box: Box) => {
    const members: { path: string; at: number; indent: number }[] = [];
    const placed: { box: Box; indent: number }[] = [{ box, indent: 0 }];
    const pile = { column: columnOf(box), members, height: 0, left: [], right: [], y: 0 } as {
      -readonly [Key in keyof Pile]: Pile[Key];
    };
    for (let next = placed.pop(); next !== undefined; next = placed.pop()) {
      const { box: { path }, indent } = next;
      if (pileOf.has(path)) continue;
      const at = members.length * (BOX.height + IN_PILE);
      members.push({ path, at, indent: Math.min(indent, MOST_INDENTS) * INDENT });
      pileOf.set(path, { pile, at });
      placed.push(...(under.get(path) ?? []).map((box) => ({ box, indent: indent + 1 })).reverse());
    }
    pile.height = members.length * (BOX.height + IN_PILE) - IN_PILE;
    const heights = members.map(({ path, at }) => ({ height: heightBefore(path), at })).filter(({ height }) =>
      height !== undefined
    );
    if (heights.length > 0) pile.before = heights[0].height! - heights[0].at;
    piles.push(pile);
  };
  for (const box of boxes) if (!above.has(box.path)) begin(box);
  // Files that were made by hand can refer to each other in a circle.
  for (const box of boxes) if (!pileOf.has(box.path)) begin(box);

  for (const { from, to } of edges) {
    const [a, b] = [pileOf.get(from)!, pileOf.get(to)!];
    if (a.pile.column === b.pile.column) continue;
    const [left, right] = a.pile.column < b.pile.column ? [a, b] : [b, a];
    left.pile.right.push({ at: left.at, pile: right.pile, there: right.at });
    right.pile.left.push({ at: right.at, pile: left.pile, there: left.at });
  }
  return piles;
}

// Places piles that nobody has seen yet.
function* place(piles: readonly Pile[], columns: number): Generator<undefined> {
  const inColumns = (piles: Iterable<Pile>) => {
    const all = Array.from({ length: columns }, (): Pile[] => []);
    for (const pile of piles) all[pile.column].push(pile);
    return all;
  };
  // The first order: from each tag to what it reaches.
  const visited = new Set<Pile>();
  for (const pile of piles) {
    const next = [pile];
    for (let pile = next.pop(); pile !== undefined; pile = next.pop()) {
      if (visited.has(pile)) continue;
      visited.add(pile);
      for (const { pile: other } of pile.right.toReversed()) next.push(other);
    }
  }
  const order = inColumns(visited);
  order.forEach(stack);
  let best = { crossings: crossingsOf(piles), order: order.map((column) => [...column]) };
  for (let pass = 0; pass < PASSES && best.crossings > 0; pass++) {
    const side = pass % 2 === 0 ? "left" : "right";
    for (const column of side === "left" ? order : order.toReversed()) {
      const middles = new Map(column.map((pile) => [pile, middleOf(pile[side]) ?? pile.y]));
      column.sort((a, b) => middles.get(a)! - middles.get(b)!);
      stack(column);
    }
    const crossings = crossingsOf(piles);
    if (crossings < best.crossings) best = { crossings, order: order.map((column) => [...column]) };
    yield;
  }
  best.order.forEach(stack);
  for (const sides of [["right"], ["left"], ["right", "left"], ["right", "left"]] as const) {
    const isToLeft = sides[0] === "right";
    for (const column of isToLeft ? best.order.toReversed() : best.order) {
      const wishes = column.map((pile) => middleOf(sides.flatMap((side) => pile[side])) ?? pile.y);
      spread(column, wishes, column.map(() => 1));
    }
    yield;
  }
}

// Places new piles among those that somebody sees already.
function placeAgain(piles: readonly Pile[], columns: number): void {
  const wishes = new Map<Pile, number>();
  for (const pile of piles) {
    if (pile.before === undefined) continue;
    pile.y = pile.before;
    wishes.set(pile, pile.before);
  }
  const byColumn = Array.from({ length: columns }, (_, at) => piles.filter(({ column }) => column === at));
  // What is joined to a known pile first; then what is joined to that.
  for (const column of [...byColumn.toReversed(), ...byColumn]) {
    for (const pile of column) {
      if (wishes.has(pile)) continue;
      const wish = middleOf([...pile.left, ...pile.right].filter(({ pile }) => wishes.has(pile)));
      if (wish === undefined) continue;
      pile.y = wish;
      wishes.set(pile, wish);
    }
  }
  for (const column of byColumn) {
    // The others come to the end.
    let end = Math.max(
      0,
      ...column.filter((pile) => wishes.has(pile)).map(({ y, height }) => y + height + BETWEEN_PILES),
    );
    for (const pile of column) {
      if (wishes.has(pile)) continue;
      wishes.set(pile, end);
      end += pile.height + BETWEEN_PILES;
    }
    const known = (pile: Pile) => pile.before === undefined ? 1 : 0;
    column.sort((a, b) => wishes.get(a)! - wishes.get(b)! || known(a) - known(b));
    spread(
      column,
      column.map((pile) => wishes.get(pile)!),
      column.map(({ before }) => before === undefined ? 1 : 1000),
    );
  }
}

function stack(column: readonly Pile[]): void {
  let y = 0;
  for (const pile of column) {
    pile.y = y;
    y += pile.height + BETWEEN_PILES;
  }
}

// The height at which the joints of a pile would be level, on average.
function middleOf(joints: readonly Joint[]): number | undefined {
  if (joints.length === 0) return undefined;
  return joints.reduce((sum, { at, pile, there }) => sum + pile.y + there - at, 0) / joints.length;
}

// Places the piles of a column near their wishes, in their order and without overlaps. Those that would overlap become one block,
// which stands at the mean of its wishes ("pool adjacent violators").
function spread(column: readonly Pile[], wishes: readonly number[], weights: readonly number[]): void {
  const offsets: number[] = [];
  const blocks: { wish: number; weight: number; from: number }[] = [];
  let offset = 0;
  for (const [at, { height }] of column.entries()) {
    offsets.push(offset);
    let block = { wish: wishes[at] - offset, weight: weights[at], from: at };
    for (let last = blocks.at(-1); last !== undefined && last.wish > block.wish; last = blocks.at(-1)) {
      blocks.pop();
      const weight = last.weight + block.weight;
      block = { wish: (last.wish * last.weight + block.wish * block.weight) / weight, weight, from: last.from };
    }
    blocks.push(block);
    offset += height + BETWEEN_PILES;
  }
  for (const [number, { wish, from }] of blocks.entries()) {
    const end = blocks[number + 1]?.from ?? column.length;
    for (let at = from; at < end; at++) column[at].y = wish + offsets[at];
  }
}

// The number of pairs of edges that cross, of those that join the same two columns.
function crossingsOf(piles: readonly Pile[]): number {
  const joins = new Map<string, { from: number; to: number }[]>();
  for (const { y, column, right } of piles) {
    for (const { at, pile, there } of right) {
      const key = `${column} ${pile.column}`;
      const list = joins.get(key) ?? [];
      joins.set(key, list);
      list.push({ from: y + at, to: pile.y + there });
    }
  }
  let crossings = 0;
  for (const list of joins.values()) {
    list.sort((a, b) => a.from - b.from || a.to - b.to);
    crossings += inversionsOf(list.map(({ to }) => to));
  }
  return crossings;
}

// The number of pairs that stand in the wrong order. It sorts by merging, and counts what goes ahead of what.
function inversionsOf(numbers: readonly number[]): number {
  let inversions = 0;
  let sorted = [...numbers];
  for (let length = 1; length < sorted.length; length *= 2) {
    const merged: number[] = [];
    for (let start = 0; start < sorted.length; start += 2 * length) {
      const [middle, end] = [Math.min(start + length, sorted.length), Math.min(start + 2 * length, sorted.length)];
      let [a, b] = [start, middle];
      while (a < middle || b < end) {
        if (b === end || (a < middle && sorted[a] <= sorted[b])) merged.push(sorted[a++]);
        else {
          inversions += middle - a;
          merged.push(sorted[b++]);
        }
      }
    }
    sorted = merged;
  }
  return inversions;
}
