/**
 * A comparison: what a container of one image sees otherwise than a container of another.
 *
 *     added      etc/hosts
 *     removed    usr/bin/old
 *     changed    etc/motd: content, mode
 *
 * The layers do not matter here, only what is seen of them. Two contents are equal if both sides see the same entry of a layer that
 * both images have, or if their digests are equal. Without digests, other sizes show other contents, and equal sizes show nothing.
 *
 * Next: file.ts
 *
 * @module
 */

import type { LayerFacts } from "./layer.ts";
import { ArchiveReading, type LimitMet, type ReadingLimits } from "./source.ts";
import { mergeLayers } from "./stack.ts";
import type { TarEntry } from "./tar_entry.ts";
import type { TarKind } from "./tar_kind.ts";
import type { TreePlace } from "./tree.ts";

/** What differs between two images. */
export interface ComparisonFacts {
  /** The paths that differ, each folder in front of what is in it. */
  readonly changes: readonly PathChange[];
  /** How many paths only the second image has. */
  readonly added: number;
  /** How many paths only the first image has. */
  readonly removed: number;
  /** How many paths both have, with a difference. */
  readonly changed: number;
  /** How many paths are the same, without the root. */
  readonly same: number;
  /** The bytes of files that only the second image has. */
  readonly addedBytes: number;
  /** The bytes of files that only the first image has. */
  readonly removedBytes: number;
  /** The limit that ended it early. Then only the layers in front of it were compared. */
  readonly limitMet?: LimitMet;
}

/** What can differ between two files of one path. `content unknown`: both have the same size, and their digests are not known. */
export type Difference =
  | "kind"
  | "content"
  | "content unknown"
  | "target"
  | "device"
  | "mode"
  | "owner"
  | "attributes"
  | "time";

/** A path that differs. */
export interface PathChange {
  /** The path. */
  readonly path: string;
  /** What happened to it from the first image to the second. */
  readonly how: "added" | "removed" | "changed";
  /** What differs, if both images have it. */
  readonly what?: readonly Difference[];
  /** What the first image has there. */
  readonly before?: SideOfChange;
  /** What the second image has there. */
  readonly after?: SideOfChange;
}

/** What one image has at a path. */
export interface SideOfChange {
  /** The index of the layer that it is in. */
  readonly layer: number;
  /** The index of its entry there. A folder that is only implied has none. */
  readonly entry?: number;
  /** What it is. */
  readonly kind: TarKind;
  /** The size of its content. */
  readonly size: number;
}

/** How to compare. */
export interface CompareOptions {
  /** True if another time of change is a difference. */
  readonly times?: boolean;
  /** The longest list of changes; by default 100,000. */
  readonly most?: number;
  /** The most that it may cost. */
  readonly limits?: ReadingLimits;
}

const MOST_CHANGES = 100_000;

/** Compares what containers of two images see. */
export function compareStacks(
  before: readonly LayerFacts[],
  after: readonly LayerFacts[],
  options: CompareOptions = {},
): ComparisonFacts {
  const readings = [new ArchiveReading(options.limits), new ArchiveReading(options.limits)];
  const most = options.most ?? MOST_CHANGES;
  const sides = [new Side(before, readings[0]), new Side(after, readings[1])] as const;
  const counts = { added: 0, removed: 0, changed: 0, same: 0, addedBytes: 0, removedBytes: 0 };
  const changes: PathChange[] = [];
  const tell = (change: PathChange) => {
    counts[change.how]++;
    if (changes.length < most) changes.push(change);
  };

  type Pair = [path: string, first: TreePlace | undefined, second: TreePlace | undefined];
  const left: Pair[] = [["", sides[0].root, sides[1].root]];
  for (let pair = left.pop(); pair !== undefined; pair = left.pop()) {
    const [path, first, second] = pair;
    if (first !== undefined && second !== undefined) {
      const what = differences(sides[0].get(first), sides[1].get(second), options.times === true);
      // Each image has a root, so it is not counted.
      if (what.length === 0) counts.same += path === "" ? 0 : 1;
      else tell({ path, how: "changed", what, before: sides[0].told(first), after: sides[1].told(second) });
    } else if (first !== undefined) {
      tell({ path, how: "removed", before: sides[0].told(first) });
      counts.removedBytes += first.content?.owner === first ? first.content.size : 0;
    } else {
      tell({ path, how: "added", after: sides[1].told(second!) });
      counts.addedBytes += second!.content?.owner === second ? second!.content!.size : 0;
    }
    const names = new Set([...first?.children?.keys() ?? [], ...second?.children?.keys() ?? []]);
    for (const name of [...names].sort().reverse()) {
      left.push([path === "" ? name : `${path}/${name}`, first?.children?.get(name), second?.children?.get(name)]);
    }
  }
  const limitMet = readings[0].limitMet ?? readings[1].limitMet;
  return { changes, ...counts, ...(limitMet !== undefined && { limitMet }) };
}

// What is known of a place: its entry, and that of its content.
interface SeenThing {
  readonly kind: TarKind;
  readonly entry: TarEntry | undefined;
  readonly content: TarEntry | undefined;
}

class Side {
  readonly root: TreePlace;
  readonly #layers: readonly LayerFacts[];

  constructor(layers: readonly LayerFacts[], reading: ArchiveReading) {
    this.root = mergeLayers(layers, reading).root;
    this.#layers = layers;
  }

  get({ kind, layer, entry, content }: TreePlace): SeenThing {
    return {
      kind,
      entry: entry < 0 ? undefined : this.#layers[layer].entries[entry],
      content: content === undefined ? undefined : this.#layers[content.layer].entries[content.entry],
    };
  }

  told({ kind, layer, entry, content }: TreePlace): SideOfChange {
    return { layer, ...(entry >= 0 && { entry }), kind, size: content?.size ?? 0 };
  }
}

function differences(before: SeenThing, after: SeenThing, times: boolean): Difference[] {
  const found: Difference[] = [];
  const [first, second] = [before.content, after.content];
  if (typeOf(before) !== typeOf(after)) return ["kind"];
  if (first !== undefined && second !== undefined && first !== second) {
    if (first.size !== second.size) found.push("content");
    else if (first.size > 0) {
      if (first.digest === undefined || second.digest === undefined) found.push("content unknown");
      else if (first.digest !== second.digest) found.push("content");
    }
  }
  // A folder that is only implied says nothing more about itself.
  if (before.entry === undefined || after.entry === undefined) return found;
  // What is said of a hard link holds for its content.
  const [a, b] = [first ?? before.entry, second ?? after.entry];
  if (before.kind === "symbolic link" && a.target !== b.target) found.push("target");
  if (a.device?.major !== b.device?.major || a.device?.minor !== b.device?.minor) found.push("device");
  if (a.mode !== b.mode) found.push("mode");
  if (a.uid !== b.uid || a.gid !== b.gid) found.push("owner");
  if (!isEqual(a.attributes, b.attributes)) found.push("attributes");
  if (times && a.modified !== b.modified) found.push("time");
  return found;
}

// A file and a hard link to a file are the same thing to a container.
function typeOf({ kind, content }: SeenThing): TarKind {
  return content === undefined ? kind : "file";
}

function isEqual(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
