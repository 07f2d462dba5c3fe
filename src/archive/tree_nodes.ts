/**
 * The nodes of a tree: a tree as a list, each folder in front of what is in it.
 *
 *     nodes[0]  ""       parent -1   below 4
 *     nodes[1]  etc      parent 0    below 1
 *     nodes[2]  motd     parent 1    below 0
 *     nodes[3]  usr      parent 0    below 1
 *     nodes[4]  bin      parent 3    below 0
 *
 * So a page can draw a part of a very large tree: what is below a folder is the stretch of `below` nodes behind it.
 *
 * Next: contents_table.ts
 *
 * @module
 */

import { followPath, MOST_LINKS, partsOf } from "./paths.ts";
import type { TarKind } from "./tar_kind.ts";
import type { TreePlace } from "./tree.ts";

// The most steps along the targets of links. Each one looks at all that is in a folder, and somebody may have made a link to waste time.
const MOST_STEPS = 1000;

/** A node of a tree. The nodes below node `i` are `i + 1` to `i + below`, and its next sibling is `i + below + 1`. */
export interface TreeNode {
  /** The last part of its path; the root's is empty. */
  readonly name: string;
  /** The index of the folder that it is in; -1 for the root, which is the first node. */
  readonly parent: number;
  /** How many folders it is in. */
  readonly depth: number;
  /** How many nodes are below it. */
  readonly below: number;
  /** What it is. */
  readonly kind: TarKind;
  /** The index of its entry in its layer. A folder that only the paths of others imply has none. */
  readonly entry?: number;
  /** The bytes of a file, or of all files below a folder. Content with several names counts once. */
  readonly size: number;
  /** How many files and links are below it. */
  readonly files: number;
  /** The entry that a hard link's content stands at. Without it, the link leads nowhere. */
  readonly linkedTo?: number;
}

/** Returns the path of a node, without a `/` in front; the root's is empty. */
export function pathOf(nodes: readonly Pick<TreeNode, "name" | "parent">[], index: number): string {
  const names: string[] = [];
  for (let at = index; at > 0; at = nodes[at].parent) names.push(nodes[at].name);
  return names.reverse().join("/");
}

/** Returns the index of the node with a path. `etc/motd`, `/etc/motd` and `./etc/motd/` are the same path. */
export function findNode(nodes: readonly Pick<TreeNode, "name" | "below">[], path: string): number | undefined {
  let at: number | undefined = nodes.length > 0 ? 0 : undefined;
  for (const part of partsOf(path)) at = at === undefined ? undefined : childOf(nodes, at, part);
  return at;
}

function childOf(
  nodes: readonly Pick<TreeNode, "name" | "below">[],
  folder: number,
  name: string,
): number | undefined {
  const end = folder + nodes[folder].below;
  let child = folder + 1;
  while (child <= end && nodes[child].name !== name) child += nodes[child].below + 1;
  return child > end ? undefined : child;
}

/**
 * Follows a path as a container would, through symbolic links to folders. A link at the end is shown as itself. Returns the index of its
 * node, and whether the path led through a link; `undefined` if it leads nowhere.
 */
export function followNodes(
  nodes: readonly TreeNode[],
  path: string,
  targetOf: (node: TreeNode) => string | undefined,
): { at: number; via: boolean } | undefined {
  if (nodes.length === 0) return undefined;
  const parts = partsOf(path);
  const last = parts.at(-1) === ".." ? undefined : parts.pop();
  let steps = 0;
  const found = followPath({
    root: 0,
    childOf: (folder, name) => childOf(nodes, folder, name),
    parentOf: (at) => at > 0 ? nodes[at].parent : undefined,
    kindOf: (at) => nodes[at].kind,
    targetOf: (at) => targetOf(nodes[at]),
    mayGo: (more) => (steps += more) <= MOST_STEPS,
  }, parts);
  if (found === undefined || found.links > MOST_LINKS || nodes[found.place].kind !== "folder") return undefined;
  const at = last === undefined ? found.place : childOf(nodes, found.place, last);
  return at === undefined ? undefined : { at, via: found.links > 0 };
}

/** Returns the nodes of a tree. `more` adds what else is known of a place. */
export function nodesOf<More>(root: TreePlace, more: (place: TreePlace) => More): (TreeNode & More)[] {
  type Changing = { -readonly [Key in keyof TreeNode]: TreeNode[Key] };
  const nodes: (Changing & More)[] = [];
  const left: [place: TreePlace, parent: number, depth: number][] = [[root, -1, 0]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [place, parent, depth] = next;
    const { content, kind } = place;
    // If the name is gone that the bytes counted for, they count for the first other name.
    if (content !== undefined) content.owner ??= place;
    const index = nodes.push({
      name: place.name,
      parent,
      depth,
      below: 0,
      kind,
      size: content?.owner === place ? content.size : 0,
      files: 0,
      ...(place.entry >= 0 && { entry: place.entry }),
      ...(kind === "hard link" && content !== undefined && { linkedTo: content.entry }),
      ...more(place),
    }) - 1;
    if (place.children === undefined) continue;
    const children = [...place.children.values()].sort((a, b) => a.name < b.name ? 1 : -1);
    for (const child of children) left.push([child, index, depth + 1]);
  }
  for (let index = nodes.length - 1; index > 0; index--) {
    const node = nodes[index];
    const folder = nodes[node.parent];
    folder.below += node.below + 1;
    folder.size += node.size;
    folder.files += node.files + (node.kind === "folder" ? 0 : 1);
  }
  return nodes;
}
