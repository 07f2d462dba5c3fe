/**
 * Paths in layers: a file or folder in one layer, or in stacked layers as a container sees it.
 *
 *     …/layer.tar.gz!/etc            the entries of a folder in this layer, whiteouts too
 *     …/manifest.json!/etc/motd      the file that a container of this image sees, and each layer that has it
 *     …/manifest.json!/etc/gone      A container sees no /etc/gone: layer 0 has it, and layer 2 removes it.
 *
 * Symbolic links on the way are followed, and `asked` says so. If there is nothing at a path, the answer has the nearest names.
 *
 * Next: images.ts
 *
 * @module
 */

import { readFile } from "../archive/file.ts";
import { stackLayers } from "../archive/stack.ts";
import type { TarEntry } from "../archive/tar_entry.ts";
import { findNode, followNodes, pathOf } from "../archive/tree_nodes.ts";
import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import type { FileInfo } from "../disk/disk.ts";
import { fileSource } from "./bytes.ts";
import { contentBytes, MOST_SHOWN } from "./content.ts";
import type { ContentBytes, FileFacts, PlaceLink } from "./facts.ts";
import { nearest } from "./nearby.ts";
import type { Own } from "./common_facts.ts";
import type { Looking } from "./looking.ts";
import { contentEntry, entryOf, entryRow, type EntryTree, folderRows, showTree } from "./entry_tree.ts";
import { addressIn, MOST_PROBLEMS, type OpenLayer, openLayer } from "./layer.ts";

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
