/**
 * A tree of files, put together of entries as a container's would be.
 *
 *     entries, in their order          the tree
 *     usr/bin/env   file               /
 *     lib           link to usr/lib    ├── lib → usr/lib
 *     lib/a.so      file               └── usr              only implied
 *                                          ├── bin/env
 *                                          └── lib/a.so     the path led through the link
 *
 * Archives are unpacked entry by entry, so that the order matters: a later entry replaces an earlier one of the same path, and a link
 * in a path is followed if it is there already. A folder that comes again keeps what is in it.
 *
 * The content of a file is an object of its own, because hard links are several names of one content. Its bytes are wasted only if
 * its last name is gone.
 *
 * A tree is told as a list of nodes, each folder in front of what is in it. So a page can draw a part of a very large tree: what is
 * below a folder is the stretch of `below` nodes behind it.
 *
 * Next: contents_table.ts
 *
 * @module
 */

import type { ArchiveReading } from "./source.ts";
import type { TarEntry, TarKind } from "./tar_entry.ts";

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
  let at = 0;
  for (const part of partsOf(path)) {
    const end = at + nodes[at].below;
    let child = at + 1;
    while (child <= end && nodes[child].name !== part) child += nodes[child].below + 1;
    if (child > end) return undefined;
    at = child;
  }
  return nodes.length > 0 ? at : undefined;
}

/** Returns the parts of a path, without those that lead nowhere else: empty ones and `.`. */
export function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Returns a path as the tree has it: `./usr//bin/` is `usr/bin`. */
export function cleanPath(path: string): string {
  // Nearly every path is clean, or has only a `/` at its end.
  if (!/^\/|^\.(?:\/|$)|\/\.?(?:\/|$)/.test(path)) return path;
  return partsOf(path).join("/");
}

/** The content of a file: its bytes, whatever names it has. */
export interface NamedContent {
  /** The layer with its bytes. */
  readonly layer: number;
  /** The entry with its bytes. */
  readonly entry: number;
  /** How many bytes it has. */
  readonly size: number;
  /** How many names it has. */
  names: number;
  /** The place that its bytes count for. */
  owner: TreePlace | undefined;
}

/** A place in a tree, while the tree is put together. */
export class TreePlace {
  /** What is in the folder. */
  children: Map<string, TreePlace> | undefined;
  /** What it is. */
  kind: TarKind = "folder";
  /** The layer that made it what it is. */
  layer: number;
  /** Its entry in that layer; -1 if it is only implied. */
  entry = -1;
  /** The target of a symbolic link. */
  target: string | undefined;
  /** The content of a file or hard link. */
  content: NamedContent | undefined;
  /** True if it took the place of something of an earlier layer. */
  isReplacement = false;
  /** The last layer that changed it, or removed something in it. */
  touched: number;
  /** Its name. */
  readonly name: string;
  /** The folder that it is in. */
  readonly parent: TreePlace | undefined;

  /** Makes a place of a folder that is only implied. */
  constructor(name: string, parent: TreePlace | undefined, layer: number) {
    this.name = name;
    this.parent = parent;
    this.layer = layer;
    this.touched = layer;
  }

  /** Its path, without a `/` in front. */
  get path(): string {
    const names: string[] = [];
    // deno-lint-ignore no-this-alias
    for (let place: TreePlace = this; place.parent !== undefined; place = place.parent) names.push(place.name);
    return names.reverse().join("/");
  }
}

/** Called for each thing that leaves the tree: what has been at that place, and its content if that was its last name. */
export type Gone = (place: TreePlace, lost: NamedContent | undefined) => void;

// The most symbolic links that Linux follows in one path, and the most bytes of a path that it takes.
const MOST_LINKS = 40;
const LONGEST_PATH = 4096;

/** A tree that is put together. */
export class Tree {
  /** The folder of everything. */
  readonly root: TreePlace = new TreePlace("", undefined, 0);
  readonly #reading: ArchiveReading;

  /** Begins with an empty folder. Problems and costs are those of the reading. */
  constructor(reading: ArchiveReading) {
    this.#reading = reading;
  }

  /**
   * Adds an entry. `gone` is called for what it replaces. Returns its place; `undefined` if it has none, which is noted, or if a limit
   * is met.
   */
  add(entry: TarEntry, index: number, layer: number, gone: Gone = () => {}): TreePlace | undefined {
    const parts = this.#partsOf(entry);
    if (parts === undefined) return undefined;
    const name = parts.pop();
    if (name === undefined) {
      this.root.entry = index;
      this.root.layer = layer;
      return this.root;
    }
    const parent = this.#walk(parts, entry, layer);
    if (parent === undefined) return undefined;

    // The target is looked for before the name is taken: a link to itself leads nowhere.
    const content = this.#contentOf(entry, index, layer);
    const before = parent.children?.get(name);
    if (before !== undefined && before.kind === "folder" && entry.kind === "folder") {
      before.isReplacement ||= before.layer !== layer;
      before.layer = layer;
      before.entry = index;
      before.touched = layer;
      return before;
    }
    if (before !== undefined) this.#remove(before, gone);
    const place = new TreePlace(name, parent, layer);
    place.kind = entry.kind;
    place.entry = index;
    place.target = entry.target;
    place.content = content;
    if (content !== undefined && content.names++ === 0) content.owner = place;
    place.isReplacement = before !== undefined && (before.layer !== layer || before.isReplacement);
    (parent.children ??= new Map()).set(name, place);
    return place;
  }

  /** Removes what is at a path, and calls `gone` for each thing that was there. Returns its place, if there was something. */
  remove(path: string, layer: number, gone: Gone): TreePlace | undefined {
    const place = this.find(path);
    if (place?.parent === undefined) return undefined;
    place.parent.touched = layer;
    this.#remove(place, gone);
    return place;
  }

  /** Removes all that is in a folder. Returns its place, if it is one. */
  empty(path: string, layer: number, gone: Gone): TreePlace | undefined {
    const place = this.find(path);
    if (place?.kind !== "folder") return undefined;
    place.touched = layer;
    for (const child of [...place.children?.values() ?? []]) this.#remove(child, gone);
    return place;
  }

  /** Finds the place with a path. Symbolic links on the way are followed; one at the end is not. */
  find(path: string): TreePlace | undefined {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) return this.root;
    const parent = this.#follow(parts);
    return parent instanceof TreePlace && parent.kind === "folder" ? parent.children?.get(name) : undefined;
  }

  // Returns the parts of an entry's path, or notes what is wrong with it.
  #partsOf(entry: TarEntry): string[] | undefined {
    const { path, headerAt } = entry;
    const problem = (what: "path leaves" | "absolute path" | "bad path", text: string) =>
      this.#reading.note(what, headerAt, text, path);
    if (path === "" || path.includes("\0") || path.length > LONGEST_PATH) {
      const fault = path === ""
        ? "is empty"
        : path.includes("\0")
        ? "has a byte 0 in it"
        : `is longer than ${LONGEST_PATH} characters`;
      problem("bad path", `The path ${fault}, so that nothing can be there. The tree does not show it.`);
      return undefined;
    }
    const parts = partsOf(path);
    if (parts.includes("..")) {
      problem("path leaves", "The path has .. in it, which can lead out of the container. The tree does not show it.");
      return undefined;
    }
    if (path.startsWith("/")) problem("absolute path", "The path begins with /. Programs drop that.");
    return this.#reading.countSteps(parts.length) ? parts : undefined;
  }

  // Walks along the folders of an entry's path, and makes those that are missing.
  #walk(parts: string[], entry: TarEntry, layer: number): TreePlace | undefined {
    const place = this.#follow(parts, { layer, at: entry.headerAt });
    if (place instanceof TreePlace && place.kind === "folder") return place;
    if (place === "too many links") {
      this.#reading.note(
        "link leads nowhere",
        entry.headerAt,
        `The path leads through more than ${MOST_LINKS} links.`,
        entry.path,
      );
    } else if (place instanceof TreePlace) {
      const text = `The path leads through ${place.path}, which is no folder. The tree does not show it.`;
      this.#reading.note("through a file", entry.headerAt, text, entry.path);
    }
    return undefined;
  }

  // Follows a path, and the links on it. With `make`, missing folders are made. Returns the place where it ends, which may be no folder.
  #follow(parts: string[], make?: { layer: number; at: number }): TreePlace | "too many links" | undefined {
    let place = this.root;
    let links = 0;
    let left = parts.toReversed();
    for (let part = left.pop(); part !== undefined; part = left.pop()) {
      if (part === "..") {
        place = place.parent ?? place;
        continue;
      }
      let child = place.children?.get(part);
      if (child === undefined) {
        if (make === undefined || !this.#reading.countFolder(make.at)) return undefined;
        child = new TreePlace(part, place, make.layer);
        (place.children ??= new Map()).set(part, child);
      }
      if (child.kind === "symbolic link") {
        if (++links > MOST_LINKS) return "too many links";
        const target = child.target ?? "";
        const more = partsOf(target.slice(0, LONGEST_PATH));
        if (!this.#reading.countSteps(more.length)) return undefined;
        if (target.startsWith("/")) place = this.root;
        left = [...left, ...more.reverse()];
        continue;
      }
      if (child.kind !== "folder") return child;
      place = child;
    }
    return place;
  }

  #contentOf(entry: TarEntry, index: number, layer: number): NamedContent | undefined {
    if (entry.kind === "file") return { layer, entry: index, size: entry.size, names: 0, owner: undefined };
    if (entry.kind !== "hard link") return undefined;
    return this.find(entry.target ?? "")?.content;
  }

  #remove(removed: TreePlace, gone: Gone): void {
    removed.parent?.children?.delete(removed.name);
    const left = [removed];
    for (let place = left.pop(); place !== undefined; place = left.pop()) {
      if (place.children !== undefined) left.push(...place.children.values());
      const { content } = place;
      if (content !== undefined) {
        content.names--;
        if (content.owner === place) content.owner = undefined;
      }
      gone(place, content?.names === 0 ? content : undefined);
    }
  }
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
