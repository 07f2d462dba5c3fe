/**
 * A stack: the layers of an image, one above the other, as a container sees them.
 * https://github.com/opencontainers/image-spec/blob/13cff54/layer.md#applying-changesets
 *
 *     layer 0    etc/motd 80 B    bin/sh 1 MB    var/cache/a 5 MB
 *     layer 1    etc/motd 90 B                                         80 B of layer 0 are wasted
 *     layer 2                                    var/.wh.cache         5 MB of layer 0 are wasted
 *                ─────────────    ───────────    ────────────────
 *     seen       etc/motd of 1    bin/sh of 0
 *
 * Whiteouts hide what *earlier* layers have, wherever they stand in their own layer. So those of a layer are applied first, and its
 * files afterwards. Bytes are wasted if a client has to fetch them, and no container ever sees them.
 *
 * Next: comparison.ts
 *
 * @module
 */

import { type LayerFacts, whiteoutOf } from "./layer.ts";
import { ArchiveReading, type LimitMet, type ProblemList, type ReadingLimits } from "./source.ts";
import type { TarEntry } from "./tar_entry.ts";
import type { TarKind } from "./tar_kind.ts";
import { type Gone, Tree } from "./tree.ts";
import { nodesOf, type TreeNode } from "./tree_nodes.ts";

/** What a container sees of some layers, and what each layer is good for. */
export interface StackFacts {
  /** The tree that a container sees. */
  readonly nodes: readonly StackNode[];
  /** Each layer's share, in the order of the layers. */
  readonly layers: readonly LayerShare[];
  /** The files whose bytes are wasted, the largest first. */
  readonly wasted: readonly WastedFile[];
  /** How many files are wasted; the list may have fewer. */
  readonly wastedCount: number;
  /** The bytes of all wasted files. */
  readonly wastedBytes: number;
  /** The bytes of all files that a container sees. */
  readonly size: number;
  /** What is wrong. Its places are those in the layer that each problem is about. */
  readonly problems: ProblemList;
  /** The limit that ended the stacking early. */
  readonly limitMet?: LimitMet;
}

/** A node of the tree that a container sees. */
export interface StackNode extends TreeNode {
  /** The index of the layer that made it what it is. `entry` is an index in its entries. */
  readonly layer: number;
  /** True if an earlier layer had something else there. */
  readonly isReplacement: boolean;
  /** The last layer that changed it, or something below it. */
  readonly touched: number;
  /** The layer with a hard link's content, if it is another one. */
  readonly contentLayer?: number;
}

/** What a layer does to the layers below it. Folders are not counted. */
export interface LayerShare {
  /** How many files and links are new. */
  readonly added: number;
  /** How many take the place of others. */
  readonly replaced: number;
  /** How many of earlier layers are not there any more. */
  readonly removed: number;
  /** The bytes of its files. */
  readonly size: number;
  /** The bytes of its files that a later layer, or a later entry, replaces or removes. */
  readonly wastedBytes: number;
  /** What it does, path by path. */
  readonly changes: readonly LayerChange[];
}

/** What a layer does to a path. */
export interface LayerChange {
  /** The path. */
  readonly path: string;
  /** What it does. `same`: the content is the same as before, which only layers with digests of their contents tell. */
  readonly how: "added" | "replaced" | "same" | "removed";
  /** What is there now, or was there. */
  readonly kind: TarKind;
  /** The bytes of the file that came, or of all files that went and were seen nowhere else. */
  readonly size: number;
  /** How many files and links came or went. */
  readonly files: number;
}

/** A file whose bytes no container sees. */
export interface WastedFile {
  /** Its path. */
  readonly path: string;
  /** How many bytes it has. */
  readonly size: number;
  /** The layer that has it. */
  readonly layer: number;
  /** The layer that replaces or removes it. */
  readonly by: number;
  /** What that layer does. */
  readonly how: "replaced" | "removed";
}

/** The most that stacking may cost, and the most that it tells. */
export interface StackOptions {
  /** The most that it may cost; by default a million entries. */
  readonly limits?: ReadingLimits;
  /** The longest list of wasted files, and of a layer's changes; by default 1,000 and 100,000. */
  readonly most?: { readonly wasted?: number; readonly changes?: number };
}

const MOST_ENTRIES = 1_000_000;
const MOST_WASTED = 1000;
const MOST_CHANGES = 100_000;

/** Stacks layers, the lowest first. */
export function stackLayers(layers: readonly LayerFacts[], { limits, most = {} }: StackOptions = {}): StackFacts {
  const reading = new ArchiveReading({ entries: MOST_ENTRIES, ...limits });
  const mostChanges = most.changes ?? MOST_CHANGES;
  const wasted: WastedFile[] = [];
  const shares = layers.map(({ entries }) => new ShareOfLayer(entries));
  const told: MergeTelling = {
    lost: (file) => {
      wasted.push(file);
      shares[file.layer].wastedBytes += file.size;
    },
    change: (layer, change) => shares[layer].tell(change, mostChanges),
  };
  const tree = mergeLayers(layers, reading, told);

  const nodes = nodesOf(tree.root, ({ layer, isReplacement, touched, content }) => ({
    layer,
    isReplacement,
    touched,
    ...(content !== undefined && content.layer !== layer && { contentLayer: content.layer }),
  }));
  const changing = nodes as { touched: number }[];
  for (let index = nodes.length - 1; index > 0; index--) {
    const folder = changing[nodes[index].parent];
    folder.touched = Math.max(folder.touched, nodes[index].touched);
  }
  wasted.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
  return {
    nodes,
    layers: shares.map((share) => share.facts()),
    wasted: wasted.slice(0, most.wasted ?? MOST_WASTED),
    wastedCount: wasted.length,
    wastedBytes: wasted.reduce((sum, { size }) => sum + size, 0),
    size: nodes[0].size,
    problems: reading.problems,
    ...(reading.limitMet !== undefined && { limitMet: reading.limitMet }),
  };
}

// What a merging tells on the way.
interface MergeTelling {
  lost(file: WastedFile): void;
  change(layer: number, change: LayerChange): void;
}

/** Puts the tree of some layers together. */
export function mergeLayers(layers: readonly LayerFacts[], reading: ArchiveReading, told?: MergeTelling): Tree {
  const tree = new Tree(reading);
  for (const [layer, { entries }] of layers.entries()) {
    const files: number[] = [];
    for (const [index, entry] of entries.entries()) {
      const whiteout = whiteoutOf(entry.path);
      if (whiteout === undefined) files.push(index);
      else if (whiteout.kind !== "aufs") {
        // Each path that goes is told once, with all that was below it.
        let [size, files] = [0, 0];
        const gone: Gone = (place, lost) => {
          if (place.kind !== "folder") files++;
          if (lost === undefined) return;
          size += lost.size;
          told?.lost({ path: place.path, size: lost.size, layer: lost.layer, by: layer, how: "removed" });
        };
        const place = whiteout.kind === "opaque"
          ? tree.empty(whiteout.path, layer, gone)
          : tree.remove(whiteout.path, layer, gone);
        if (place === undefined) {
          if (whiteout.kind === "path") {
            reading.note(
              "removes nothing",
              entry.headerAt,
              "The whiteout removes what no earlier layer has.",
              entry.path,
            );
          }
        } else told?.change(layer, { path: whiteout.path, how: "removed", kind: place.kind, size, files });
      }
      if (reading.limitMet !== undefined) return tree;
    }
    for (const index of files) {
      addEntry(tree, layers, layer, index, reading, told);
      if (reading.limitMet !== undefined) return tree;
    }
  }
  return tree;
}

function addEntry(
  tree: Tree,
  layers: readonly LayerFacts[],
  layer: number,
  index: number,
  reading: ArchiveReading,
  told: MergeTelling | undefined,
): void {
  const entry = layers[layer].entries[index];
  if (!reading.countEntry(entry.headerAt)) return;
  let before: TarEntry | undefined;
  let beforeLayer: number | undefined;
  const place = tree.add(entry, index, layer, (place, lost) => {
    // The first call is about the path itself, the others are about what was below it.
    if (beforeLayer === undefined) {
      beforeLayer = place.layer;
      before = layers[place.layer].entries[place.entry];
    }
    if (lost === undefined) return;
    told?.lost({ path: place.path, size: lost.size, layer: lost.layer, by: layer, how: "replaced" });
  });
  // If the path comes twice in one layer, the first one has been told.
  if (place === undefined || entry.kind === "folder" || beforeLayer === layer) return;
  const isSame = before?.digest !== undefined && before.digest === entry.digest;
  const how = !place.isReplacement ? "added" : isSame ? "same" : "replaced";
  told?.change(layer, {
    path: place.path,
    how,
    kind: entry.kind,
    size: entry.kind === "file" ? entry.size : 0,
    files: 1,
  });
}

class ShareOfLayer {
  wastedBytes = 0;
  readonly #changes: LayerChange[] = [];
  readonly #counts = { added: 0, replaced: 0, removed: 0 };
  readonly #size: number;

  constructor(entries: readonly TarEntry[]) {
    this.#size = entries.reduce((sum, { kind, size }) => sum + (kind === "file" ? size : 0), 0);
  }

  tell(change: LayerChange, most: number): void {
    this.#counts[change.how === "same" ? "replaced" : change.how] += change.files;
    if (this.#changes.length < most) this.#changes.push(change);
  }

  facts(): LayerShare {
    return { ...this.#counts, size: this.#size, wastedBytes: this.wastedBytes, changes: this.#changes };
  }
}
