/**
 * Memory: the disk remembers what it has read, and looks each time whether that still holds.
 *
 *     first time     lstat library/hello/_tags/latest     read it
 *     next time      lstat library/hello/_tags/latest     the same file as before: no need to read it
 *
 * A look takes a quarter of the time of a read, and most requests are about few manifests and tags. The disk does not use a
 * remembered value if the file is gone or was replaced, even by another process: to replace a file, the registry renames
 * another file over it, and so the inode or the time of the file changes. For a folder, the time of the folder changes.
 *
 * Next: reading.ts
 *
 * @module
 */

import { type Identity, identityOf, isSame } from "./identity.ts";
import { unlessMissing, unlessMissingLater } from "./missing.ts";

/**
 * A map with a limit for the weight of its entries. When it is full, it forgets the older ones.
 *
 * There are two maps, a young one and an old one:
 *
 *     set     puts an entry into the young map
 *     get     looks into the young map, and then into the old one
 *     full    if the young map has half of the limit, it becomes the old map; the entries of the old one are forgotten at once
 *
 * So both maps together never weigh more than the limit. A single map would have to delete its oldest entry for each new
 * one. That is slow in JavaScript, because the search for the oldest has to skip the holes that deleted entries leave.
 */
export class Bounded<Key, Value> {
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();
  readonly #most: number;
  readonly #weigh: (value: Value) => number;
  #youngWeight = 0;

  /** `most` is the limit for the weight of all entries. Without `weigh`, each entry weighs 1. */
  constructor(most: number, weigh: (value: Value) => number = () => 1) {
    this.#most = most;
    this.#weigh = weigh;
  }

  /** Returns the value of an entry that is still there. */
  get(key: Key): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Returns true if an entry is still there. */
  has(key: Key): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  /** Sets an entry and makes it the youngest. Does not keep an entry that has more than a quarter of the limit. */
  set(key: Key, value: Value): void {
    this.delete(key);
    const weight = this.#weigh(value);
    if (weight > this.#most / 4) return;
    if (this.#youngWeight + weight > this.#most / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    this.#young.set(key, value);
    this.#youngWeight += weight;
  }

  /** Forgets an entry. Returns true if it was there. */
  delete(key: Key): boolean {
    const young = this.#young.get(key);
    if (young !== undefined) this.#youngWeight -= this.#weigh(young);
    const wasOld = this.#old.delete(key);
    return this.#young.delete(key) || wasOld;
  }
}

/** Values by the path of the file or folder that they were read from. */
export class Memory<Value> {
  readonly #entries: Bounded<string, { identity: Identity; time: number; value: Value; weight: number }>;

  /** `most` is the limit for the weight of all values. */
  constructor(most: number) {
    this.#entries = new Bounded(most, ({ weight }) => weight);
  }

  /**
   * Returns the value for a path, remembered or read. Returns `undefined` if nothing is there, or if `read` returns
   * `undefined`; the memory does not keep that. `read` gets what the look at the path has found. It has to see to it that the
   * path leads through no link; a remembered value proves that it still does not.
   */
  recall(
    path: string,
    kind: "file" | "folder",
    read: (info: Deno.FileInfo) => { value: Value; weight: number } | undefined,
  ): Value | undefined {
    const { value, info } = this.#remembered(path, kind);
    if (value !== undefined || info === undefined) return value;
    // Somebody may have removed it in between.
    return this.#keep(path, info, unlessMissing(() => read(info)), Date.now());
  }

  /** Does the same with a `read` that takes long. */
  async recallLater(
    path: string,
    kind: "file" | "folder",
    read: (info: Deno.FileInfo) => Promise<{ value: Value; weight: number } | undefined>,
  ): Promise<Value | undefined> {
    const { value, info } = this.#remembered(path, kind);
    if (value !== undefined || info === undefined) return value;
    const started = Date.now();
    return this.#keep(path, info, await unlessMissingLater(() => read(info)), started);
  }

  /** Returns the remembered value for a path, if it still holds. Reads nothing, and does not look for what it does not know. */
  get(path: string): Value | undefined {
    return this.#entries.has(path) ? this.#remembered(path).value : undefined;
  }

  /** Remembers a value for a path as it is now. The caller has to see to it that the path leads through no link. */
  set(path: string, info: Deno.FileInfo, now: { value: Value; weight: number }): void {
    this.#keep(path, info, now, Date.now());
  }

  #remembered(path: string, kind?: "file" | "folder"): { value?: Value; info?: Deno.FileInfo } {
    const found = unlessMissing(() => Deno.lstatSync(path));
    // The disk takes a symbolic link for a missing file, wherever it leads. And reading a pipe would wait for ever.
    const info = kind === undefined || (kind === "file" ? found?.isFile : found?.isDirectory) ? found : undefined;
    const entry = this.#entries.get(path);
    if (entry === undefined) return { info };
    if (info !== undefined && entry.time === info.mtime?.getTime() && isSame(entry.identity, info)) return entry;
    this.#entries.delete(path);
    return { info };
  }

  #keep(
    path: string,
    info: Deno.FileInfo,
    now: { value: Value; weight: number } | undefined,
    readAt: number,
  ): Value | undefined {
    const time = info.mtime?.getTime();
    // The times on files are coarse. A file that changed just now could change again and have the same time, so it is not kept.
    if (now !== undefined && time !== undefined && readAt - time > A_WHILE) {
      this.#entries.set(path, { identity: identityOf(info), time, ...now });
    }
    return now?.value;
  }
}

/** In milliseconds: longer than the coarsest times on files that are in use, which is two seconds. */
export const A_WHILE = 2500;
