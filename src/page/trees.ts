/**
 * Trees: pages of the files of a layer, or of stacked layers.
 *
 *     nodes of src/archive/     treeOf(looked, 200)
 *     0  ""                     { from: 200, total: 5392, rows: [{ index: 200, level: 3, text: "passwd", size: 1024, … }, …] }
 *     1    bin
 *     2      bash               Row n is the n-th node below the folder, each folder before what is in it.
 *
 * A layer may have 100,000 files. So the browser gets a page of rows at a time, and each row says how many are below it: with that,
 * the list knows its length, and can leave out what is folded away, without having the rows.
 *
 * Next: asking_inside.ts
 *
 * @module
 */

import { pathOf } from "../archive/tree_nodes.ts";
import type { EntryRow } from "../looking/facts.ts";
import type { LookedTree } from "../looking/looking.ts";

// The number of rows in a page.
const ROWS_OF_TREE = 200;

/** A page of a tree. */
export interface TreeFacts {
  /** The address of the folder that the rows are below. */
  readonly address: string;
  /** The number of the first row. */
  readonly from: number;
  /** The number of all rows. */
  readonly total: number;
  /** True if these are stacked layers. */
  readonly isStacked: boolean;
  /** The rows. */
  readonly rows: readonly TreeRow[];
}

/** A row of a tree. */
export interface TreeRow extends EntryRow {
  /** Its number. */
  readonly index: number;
  /** The number of folders around it, itself included: 1 for what is directly in the folder. */
  readonly level: number;
  /** The number of rows below it. */
  readonly below: number;
  /** Its place in its own folder, from 1. */
  readonly position: number;
  /** The number of rows in its own folder. */
  readonly siblings: number;
  /** The number of the row of its folder; -1 if that is the folder that all rows are below. */
  readonly parent: number;
}

/** What each layer of a stack adds, and what it wastes. */
export interface WasteFacts {
  /** The bytes of the files that a container sees. */
  readonly size: number;
  /** The bytes of files that a later layer replaces or removes. */
  readonly wastedBytes: number;
  /** The layers, the lowest first. */
  readonly layers: readonly {
    /** The number of the layer. */
    readonly layer: number;
    /** The address of the layer. */
    readonly address: string;
    /** The number of files and links that are new. */
    readonly added: number;
    /** The number of those that take the place of others. */
    readonly replaced: number;
    /** The number of those of earlier layers that are gone. */
    readonly removed: number;
    /** The bytes of its files. */
    readonly size: number;
    /** The bytes of its files that a later layer replaces or removes. */
    readonly wastedBytes: number;
  }[];
  /** The largest of these files. */
  readonly files: readonly {
    /** The path. */
    readonly path: string;
    /** Its size in bytes. */
    readonly bytes: number;
    /** The number of the layer that has it. */
    readonly layer: number;
    /** The address of the file in that layer. */
    readonly address: string;
    /** The number of the layer that replaces or removes it. */
    readonly by: number;
    /** What that layer does. */
    readonly how: "replaced" | "removed";
  }[];
  /** The number of all wasted files. */
  readonly count: number;
}

// The most wasted files that are shown.
const MOST_WASTED = 100;

/** Returns a page of the rows below a folder. */
export function treeOf({ nodes, at, address, rowOf, stack }: LookedTree, from: number): TreeFacts {
  const { below: total, depth } = nodes[at];
  const first = Math.max(0, Math.min(from, Math.max(0, total - 1)));
  const places = placesIn(nodes);
  const rows: TreeRow[] = [];
  for (let index = first; index < Math.min(first + ROWS_OF_TREE, total); index++) {
    const node = at + 1 + index;
    rows.push({
      ...rowOf(node),
      index,
      level: nodes[node].depth - depth,
      below: nodes[node].below,
      position: places.position[node],
      siblings: places.siblings[nodes[node].parent],
      parent: nodes[node].parent - at - 1,
    });
  }
  return {
    address: at === 0 && stack === undefined ? address : `${address}!/${pathOf(nodes, at)}`,
    from: first,
    total,
    isStacked: stack !== undefined,
    rows,
  };
}

interface PlacesInFolders {
  // By node: its place in its folder, from 1; and the number of those that are in it.
  readonly position: Uint32Array;
  readonly siblings: Uint32Array;
}

const known = new WeakMap<LookedTree["nodes"], PlacesInFolders>();

function placesIn(nodes: LookedTree["nodes"]): PlacesInFolders {
  const before = known.get(nodes);
  if (before !== undefined) return before;
  const places = { position: new Uint32Array(nodes.length), siblings: new Uint32Array(nodes.length) };
  for (let at = 1; at < nodes.length; at++) places.position[at] = ++places.siblings[nodes[at].parent];
  known.set(nodes, places);
  return places;
}

/** Returns what each layer of a stack adds and wastes. */
export function wasteOf({ stack, layers }: LookedTree): WasteFacts {
  const { size, wastedBytes, wasted, wastedCount } = stack!;
  return {
    size,
    wastedBytes,
    layers: stack!.layers.map(({ added, replaced, removed, size, wastedBytes }, at) => ({
      layer: layers[at].number,
      address: layers[at].address,
      added,
      replaced,
      removed,
      size,
      wastedBytes,
    })),
    files: wasted.slice(0, MOST_WASTED).map(({ path, size: bytes, layer, by, how }) => ({
      path,
      bytes,
      layer: layers[layer].number,
      address: `${layers[layer].address}!/${path}`,
      by: layers[by].number,
      how,
    })),
    count: wastedCount,
  };
}
