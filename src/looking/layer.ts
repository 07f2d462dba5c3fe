/**
 * Layers: the facts of what is in them, one alone or stacked as a container sees them.
 *
 *     …/layer.tar.gz!/etc            the entries of a folder in this layer, whiteouts too
 *     …/manifest.json!/etc/motd      the file that a container of this image sees, and each layer that has it
 *
 * The archives are read by `src/archive/`, with its limits. Here its facts get addresses.
 *
 * Next: images.ts
 *
 * @module
 */

import { readFile } from "../archive/file.ts";
import { type LayerFacts, readLayer, type Whiteout } from "../archive/layer.ts";
import { type StackFacts, stackLayers, type StackNode } from "../archive/stack.ts";
import type { TarEntry } from "../archive/tar_entry.ts";
import { findNode, followNodes, pathOf, type TreeNode } from "../archive/tree_nodes.ts";
import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import type { FileInfo } from "../disk/disk.ts";
import { fileSource } from "./bytes.ts";
import { contentBytes, MOST_SHOWN } from "./content.ts";
import type { ContentBytes, EntryRow, FileFacts, LayerListing, PlaceLink, Rows } from "./facts.ts";
import { nearest } from "./nearby.ts";
import type { Own } from "./common_facts.ts";
import type { Looking } from "./looking.ts";

// The most entries of a folder that are shown at once, if nobody says otherwise.
const ENTRIES = 1000;

// The most problems of an archive that are repeated among the faults. The listing has them all.
const MOST_PROBLEMS = 5;

/** A layer that was read. */
export interface OpenLayer {
  /** Its number in the image; 0 if it is alone. */
  readonly number: number;
  /** Its digest. */
  readonly digest: Digest;
  /** Its file. */
  readonly file: FileInfo;
  /** The archive. */
  readonly facts: LayerFacts;
}

/** Reads a layer, or takes it from the memory of the options. Notes the limit that was met, and what is wrong. */
export async function openLayer(
  looking: Looking,
  layer: Omit<OpenLayer, "facts">,
  options: { annotations?: Readonly<Record<string, string>>; contents?: boolean; diffId?: boolean } = {},
): Promise<OpenLayer> {
  const { file, digest } = layer;
  const { limits, layers } = looking.options;
  const keyWith = (diffId = false) =>
    [digest, ...(options.contents ? ["contents"] : []), ...(diffId ? ["diffId"] : [])].join(" ");
  const key = keyWith(options.diffId);
  const facts = layers?.get(key) ?? layers?.get(keyWith(true)) ??
    await readLayer(fileSource(looking.disk, file), { limits, ...options });
  if (facts.limitMet === undefined) layers?.set(key, facts);
  else looking.limit(facts.limitMet.text);
  const { list, count } = facts.problems;
  for (const { text, path } of list.slice(0, MOST_PROBLEMS)) {
    looking.faults.push({ address: path === undefined ? file.path : addressIn(file.path, path), text });
  }
  if (count > MOST_PROBLEMS) {
    looking.faults.push({ address: file.path, text: `${count - MOST_PROBLEMS} more things are wrong in it.` });
  }
  return { ...layer, facts };
}

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
type EntryNode = TreeNode & Partial<StackNode> & { readonly whiteout?: Whiteout };

/** The tree of a layer, or of stacked layers, and the layers that its entries are in. */
interface EntryTree {
  readonly nodes: readonly EntryNode[];
  readonly layers: readonly OpenLayer[];
  /** The address in front of "!/". */
  readonly address: string;
}

// Shows the tree to a caller who wants more of it than a page of one folder.
function showTree(looking: Looking, tree: EntryTree, at: number, stack?: StackFacts): void {
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

// A node of a single layer names no layer.
function entryOf({ layers }: EntryTree, { entry, layer = 0 }: EntryNode): TarEntry | undefined {
  return entry === undefined ? undefined : layers[layer].facts.entries[entry];
}

// The content of a hard link stands at another entry, which may be in a lower layer.
function contentEntry(tree: EntryTree, node: EntryNode): { layer: OpenLayer; entry: TarEntry } | undefined {
  const { entry, linkedTo, layer: own = 0, contentLayer = own } = node;
  const index = node.kind === "hard link" ? linkedTo : entry;
  const layer = tree.layers[contentLayer];
  return index === undefined || layer === undefined ? undefined : { layer, entry: layer.facts.entries[index] };
}

function addressIn(address: string, path: string): string {
  return `${address}!/${path.replace(/^(?:\.?\/)+|\/+$/g, "")}`;
}

async function folderRows(looking: Looking, tree: EntryTree, folder: number): Promise<Rows<EntryRow>> {
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

function entryRow(tree: EntryTree, index: number): EntryRow {
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

/** The facts of a path, or what is nearby. */
export type FoundPath = Own<FileFacts> | { readonly near: readonly PlaceLink[]; readonly text: string };

/** Returns the facts of a path in one layer. */
export async function lookInLayer(
  looking: Looking,
  name: Name,
  digest: Digest,
  file: FileInfo,
  path: string,
): Promise<FoundPath> {
  const layer = await openLayer(looking, { number: 0, digest, file });
  const { nodes, isTar } = layer.facts;
  if (!isTar) return { near: [], text: "It is no archive, so there are no paths in it." };
  const tree = { nodes, layers: [layer], address: file.path };
  const found = follow(tree, path);
  if (found === undefined) return nothingAt(tree, path);
  const { at, via } = found;
  showTree(looking, tree, at);
  const entry = entryOf(tree, nodes[at]);
  return {
    kind: "file",
    name,
    digest,
    isStacked: false,
    path: pathOf(nodes, at),
    ...(via ? { asked: path } : {}),
    row: entryRow(tree, at),
    ...(entry === undefined ? {} : { entry }),
    ...await insideOf(looking, tree, at),
    formats: [],
  };
}

/** Returns the facts of a path in stacked layers. `address` is that of the manifest. */
export async function lookInStack(
  looking: Looking,
  name: Name,
  address: string,
  layers: readonly OpenLayer[],
  path: string,
): Promise<FoundPath> {
  const stack = (looking.options.stack ?? stackLayers)(layers.map(({ facts }) => facts));
  const { nodes, problems, limitMet } = stack;
  const about = problems.list.filter((problem) => path === "" || problem.path?.startsWith(path));
  for (const { text, path = "" } of about.slice(0, MOST_PROBLEMS)) {
    looking.faults.push({ address: addressIn(address, path), text });
  }
  if (limitMet !== undefined) looking.limit(limitMet.text);
  const tree = { nodes, layers, address };
  const found = follow(tree, path);
  if (found === undefined) return { ...nothingAt(tree, path), ...removedBy(layers, path) };
  const { at, via } = found;
  showTree(looking, tree, at, stack);
  const node = nodes[at];
  const here = pathOf(nodes, at);
  const entry = entryOf(tree, node);
  return {
    kind: "file",
    name,
    digest: layers[node.layer]?.digest ?? "",
    isStacked: true,
    path: here,
    ...(via ? { asked: path } : {}),
    row: entryRow(tree, at),
    ...(entry === undefined ? {} : { entry }),
    ...await insideOf(looking, tree, at),
    layers: layers.flatMap((layer) => traceIn(layer, here)),
    formats: [],
  };
}

// The content of a file, or the entries of a folder, and the place that a link leads to.
async function insideOf(
  looking: Looking,
  tree: EntryTree,
  at: number,
): Promise<Pick<FileFacts, "content" | "entries" | "leadsTo">> {
  const node = tree.nodes[at];
  if (node.kind === "folder") return { entries: await folderRows(looking, tree, at) };
  const leadsTo = leadsToOf(tree, at);
  const content = node.whiteout === undefined && (node.kind === "file" || node.kind === "hard link")
    ? await contentOf(looking, contentEntry(tree, node))
    : undefined;
  return { ...(leadsTo === undefined ? {} : { leadsTo }), ...(content === undefined ? {} : { content }) };
}

function leadsToOf(tree: EntryTree, at: number): PlaceLink | undefined {
  const node = tree.nodes[at];
  const target = entryOf(tree, node)?.target;
  if (target === undefined || (node.kind !== "symbolic link" && node.kind !== "hard link")) return undefined;
  const path = pathOf(tree.nodes, at);
  const folder = node.kind === "hard link" || target.startsWith("/") ? "" : path.slice(0, path.lastIndexOf("/") + 1);
  const goal = follow(tree, folder + target);
  if (goal === undefined) return undefined;
  const there = pathOf(tree.nodes, goal.at);
  return { address: addressIn(tree.address, there), text: `/${there}` };
}

async function contentOf(
  looking: Looking,
  place: { layer: OpenLayer; entry: TarEntry } | undefined,
): Promise<ContentBytes | undefined> {
  if (place === undefined) return undefined;
  const { layer: { file }, entry } = place;
  const { limits } = looking.options;
  const read = await readFile(fileSource(looking.disk, file), entry, { length: MOST_SHOWN, limits });
  for (const { text } of read.problems.list.slice(0, MOST_PROBLEMS)) looking.faults.push({ address: file.path, text });
  if (read.limitMet !== undefined) looking.limit(read.limitMet.text);
  return read.found === undefined ? undefined : contentBytes(read.bytes, read.found.size);
}

function follow(tree: EntryTree, path: string): ReturnType<typeof followNodes> {
  return followNodes(tree.nodes, path, (node) => entryOf(tree, node)?.target);
}

function nothingAt({ nodes, address }: EntryTree, path: string) {
  // The last part of a path says most: people know the name of a file, and guess its folder.
  const name = path.split("/").at(-1)!;
  const byName = Map.groupBy(nodes.keys().drop(1).take(MOST_SEARCHED), (at) => nodes[at].name);
  const near = nearest(name, byName.keys(), 5).flatMap((name) => byName.get(name)!.slice(0, 3)).slice(0, 5);
  return {
    near: near.map((at) => ({ address: addressIn(address, pathOf(nodes, at)), text: `/${pathOf(nodes, at)}` })),
    text: `There is no /${path} in it.`,
  };
}

const MOST_SEARCHED = 200_000;

// A path that a lower layer has, and a whiteout removes.
function removedBy(layers: readonly OpenLayer[], path: string): { text?: string; near?: PlaceLink[] } {
  const traces = layers.flatMap((layer) => traceIn(layer, path));
  const last = traces.findLast(({ whiteout }) => whiteout === undefined);
  const remover = traces.findLast(({ whiteout }) => whiteout !== undefined);
  if (last === undefined || remover === undefined) return {};
  const text = `A container sees no /${path}: layer ${last.layer} has it, and layer ${remover.layer} removes it.`;
  return { text, near: [{ address: last.address, text: `/${path} in layer ${last.layer}` }] };
}

// What a layer does to a path: it has the path, removes it, or removes a folder above it.
function traceIn(
  { number, file, facts: { nodes } }: OpenLayer,
  path: string,
): NonNullable<FileFacts["layers"]>[number][] {
  const at = path === "" ? undefined : findNode(nodes, path);
  const parts = path.split("/");
  const removals = parts.flatMap((part, index) => {
    const folder = parts.slice(0, index);
    return [[...folder, `.wh.${part}`], [...folder, ".wh..wh..opq"]];
  }).map((way) => findNode(nodes, way.join("/"))).filter((at) => at !== undefined);
  return [...removals, ...(at === undefined ? [] : [at])].map((at) => ({
    address: addressIn(file.path, pathOf(nodes, at)),
    text: `layer ${number}`,
    layer: number,
    size: nodes[at].size,
    ...(nodes[at].whiteout === undefined ? {} : { whiteout: nodes[at].whiteout }),
  }));
}
