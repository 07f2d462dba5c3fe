/**
 * The tree of entries of a layer, or of stacked layers: its rows, with addresses.
 *
 *     …/layer.tar.gz!/etc         folder    8.1 KiB   12 files   rwxr-xr-x   0:0
 *     …/layer.tar.gz!/etc/motd    file      27 B                 rw-r--r--   0:0
 *
 * A tree is a list of nodes, each folder before what is in it: see archive/tree_nodes.ts. A page shows the rows of one folder. A caller
 * who shows more than that gets the whole tree by `LookOptions.tree`.
 *
 * Next: layer_paths.ts
 *
 * @module
 */

import type { Whiteout } from "../archive/layer.ts";
import type { StackFacts, StackNode } from "../archive/stack.ts";
import type { TarEntry } from "../archive/tar_entry.ts";
import { pathOf, type TreeNode } from "../archive/tree_nodes.ts";
import type { Digest } from "../definitions/digest.ts";
import type { FileInfo } from "../disk/disk.ts";
import type { EntryRow, LayerListing, Rows } from "./facts.ts";
import type { Looking } from "./looking.ts";
import { addressIn, type OpenLayer, openLayer } from "./layer.ts";

// The most entries of a folder that are shown at once, if nobody says otherwise.
const ENTRIES = 1000;

/** Returns the facts of a blob as a layer, or `undefined` if it is no archive. */
export async function layerListing(
  looking: Looking,
  file: FileInfo,
  digest: Digest,
  annotations: Readonly<Record<string, string>>,
): Promise<LayerListing | undefined> {
  const inside = looking.inside();
  const { diffId: isHashed = false } = looking.options;
  const layer = await openLayer(inside, { number: 0, digest, file }, { annotations, diffId: isHashed });
  const { packing, entries, nodes, diffId, table, problems, limitMet } = layer.facts;
  inside.limits.forEach((text) => looking.limit(text));
  if (!layer.facts.isTar) return undefined;
  const tree = { nodes, layers: [layer], address: file.path };
  showTree(looking, tree, 0);
  looking.faults.push(...inside.faults);
  return {
    packing,
    entries: entries.length,
    nodes: nodes.length - 1,
    size: nodes[0].size,
    whiteouts: nodes.filter(({ whiteout }) => whiteout !== undefined).length,
    ...(diffId === undefined ? {} : { diffId }),
    top: await folderRows(looking, tree, 0),
    ...(table === undefined ? {} : { table }),
    problems,
    ...(limitMet === undefined ? {} : { limitMet }),
    ...(looking.options.whole ? { whole: layer.facts } : {}),
  };
}

/** A node of a layer or of a stack. */
export type EntryNode = TreeNode & Partial<StackNode> & { readonly whiteout?: Whiteout };

/** The tree of a layer, or of stacked layers, and the layers that its entries are in. */
export interface EntryTree {
  /** The nodes, each folder before what is in it. */
  readonly nodes: readonly EntryNode[];
  /** The layers; one if it is a layer alone. */
  readonly layers: readonly OpenLayer[];
  /** The address in front of "!/". */
  readonly address: string;
}

/** Shows the tree to a caller who wants more of it than a page of one folder. */
export function showTree(looking: Looking, tree: EntryTree, at: number, stack?: StackFacts): void {
  const { nodes, layers, address } = tree;
  looking.options.tree?.({
    nodes,
    at,
    address,
    rowOf: (index) => entryRow(tree, index),
    contentOf: (index) => {
      const isFile = nodes[index].kind === "file" || nodes[index].kind === "hard link";
      const content = isFile ? contentEntry(tree, nodes[index]) : undefined;
      return content && { address: content.layer.file.path, entry: content.entry };
    },
    ...(stack === undefined ? {} : { stack }),
    layers: layers.map(({ number, file }) => ({ number, address: file.path })),
  });
}

/** Returns the entry of a node; none for a folder that only paths imply. A node of a single layer names no layer. */
export function entryOf({ layers }: EntryTree, { entry, layer = 0 }: EntryNode): TarEntry | undefined {
  return entry === undefined ? undefined : layers[layer].facts.entries[entry];
}

/** Returns the entry that has the content of a node. That of a hard link is another one, which may be in a lower layer. */
export function contentEntry(tree: EntryTree, node: EntryNode): { layer: OpenLayer; entry: TarEntry } | undefined {
  const { entry, linkedTo, layer: own = 0, contentLayer = own } = node;
  const index = node.kind === "hard link" ? linkedTo : entry;
  const layer = tree.layers[contentLayer];
  return index === undefined || layer === undefined ? undefined : { layer, entry: layer.facts.entries[index] };
}

/** Returns the rows of a folder, or a part of them. `folder` is the index of its node. */
export async function folderRows(looking: Looking, tree: EntryTree, folder: number): Promise<Rows<EntryRow>> {
  const { nodes, address } = tree;
  const children = new Map<string, number>();
  for (let at = folder + 1; at <= folder + nodes[folder].below; at += nodes[at].below + 1) {
    children.set(nodes[at].name, at);
  }
  const here = addressIn(address, pathOf(nodes, folder));
  return await looking.rows(
    [...children.keys()].sort(),
    here,
    (name) => entryRow(tree, children.get(name)!),
    undefined,
    ENTRIES,
  );
}

/** Returns the row of a node by its index. */
export function entryRow(tree: EntryTree, index: number): EntryRow {
  const { nodes, layers, address } = tree;
  const node = nodes[index];
  const { name, kind, size, files, whiteout, layer, touched, isReplacement } = node;
  const entry = entryOf(tree, node);
  return {
    address: addressIn(address, pathOf(nodes, index)),
    text: name,
    kind,
    size,
    ...(kind === "folder" ? { files } : {}),
    ...(entry === undefined ? {} : {
      mode: modeText(entry.mode),
      owner: `${entry.user || entry.uid}:${entry.group || entry.gid}`,
      ...(entry.modified === undefined ? {} : { modified: entry.modified }),
      ...(entry.target === undefined ? {} : { target: entry.target }),
    }),
    ...(whiteout === undefined ? {} : { whiteout }),
    ...(layer === undefined || touched === undefined || layers.length === 0
      ? {}
      : { layer: layers[layer].number, touched: layers[touched].number, isReplacement }),
  };
}

/**
 * Returns permissions as `ls -l` shows them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([modeText(0o644), modeText(0o4755), modeText(0o1777)], ["rw-r--r--", "rwsr-xr-x", "rwxrwxrwt"]);
 * ```
 */
export function modeText(mode: number): string {
  const special = [0o4000, 0o2000, 0o1000].map((bit) => (mode & bit) !== 0);
  return [6, 3, 0].map((shift, index) => {
    const bits = (mode >> shift) & 7;
    const letter = index === 2 ? "t" : "s";
    const last = special[index] ? (bits & 1 ? letter : letter.toUpperCase()) : bits & 1 ? "x" : "-";
    return (bits & 4 ? "r" : "-") + (bits & 2 ? "w" : "-") + last;
  }).join("");
}
