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
 * Next: paths.ts
 *
 * @module
 */

import { followPath, LONGEST_PATH, MOST_LINKS, partsOf, type Walk } from "./paths.ts";
import type { ArchiveReading } from "./source.ts";
import type { TarEntry } from "./tar_entry.ts";
import type { TarKind } from "./tar_kind.ts";

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
    const parent = followPath(this.#walkWith((folder, part) => folder.children?.get(part)), parts)?.place;
    return parent?.kind === "folder" ? parent.children?.get(name) : undefined;
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
    const found = followPath(
      this.#walkWith((folder, part) => folder.children?.get(part) ?? this.#make(part, folder, layer, entry.headerAt)),
      parts,
    );
    if (found === undefined) return undefined;
    const { place, links } = found;
    if (links > MOST_LINKS) {
      const text = `The path leads through more than ${MOST_LINKS} links.`;
      this.#reading.note("link leads nowhere", entry.headerAt, text, entry.path);
    } else if (place.kind === "folder") return place;
    else {
      const text = `The path leads through ${place.path}, which is no folder. The tree does not show it.`;
      this.#reading.note("through a file", entry.headerAt, text, entry.path);
    }
    return undefined;
  }

  #walkWith(childOf: Walk<TreePlace>["childOf"]): Walk<TreePlace> {
    return {
      root: this.root,
      childOf,
      parentOf: ({ parent }) => parent,
      kindOf: ({ kind }) => kind,
      targetOf: ({ target }) => target,
      mayGo: (steps) => this.#reading.countSteps(steps),
    };
  }

  // Makes a folder that only a path implies. Returns `undefined` if that is one too many.
  #make(name: string, parent: TreePlace, layer: number, at: number): TreePlace | undefined {
    if (!this.#reading.countFolder(at)) return undefined;
    const place = new TreePlace(name, parent, layer);
    (parent.children ??= new Map()).set(name, place);
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
