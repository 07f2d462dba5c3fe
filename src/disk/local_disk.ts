/**
 * A disk that is a folder of this machine. Each operation of `Disk` is in one of these files:
 *
 *     look  find  list  read  remember  recall  …          reading.ts
 *     open                                                 streaming.ts
 *     put  link  noteUse  keep  remove  tidy  …            changes.ts
 *     begin  grow  isGrowing                               growing_files.ts
 *     inTurn                                               turns.ts
 *     forget  now  telling                                 this file
 *
 * Next: root.ts
 *
 * @module
 */

import type { ByteRange } from "../definitions/range.ts";
import * as changes from "./changes.ts";
import type { Bytes, Change, Disk, FileInfo, Folder, GrowingFile, KnownOfFiles, WhenSent } from "./disk.ts";
import * as growing from "./growing_files.ts";
import { isLinked } from "./links.ts";
import * as reading from "./reading.ts";
import { type LocalDiskOptions, pathAt, type Root, rootOf } from "./root.ts";
import { open } from "./streaming.ts";
import { inTurn } from "./turns.ts";

/**
 * Opens a folder as a disk. The first change makes the folder.
 *
 * @param path the path of the folder on this machine; it may be a symbolic link.
 */
export function localDisk(path: string, options: LocalDiskOptions = {}): Disk {
  return new LocalDisk(rootOf(path, options));
}

class LocalDisk implements Disk {
  readonly #root: Root;

  constructor(root: Root) {
    this.#root = root;
  }

  get sharesBytes(): boolean {
    return this.#root.sharesBytes;
  }

  #at(path: string): string {
    return pathAt(this.#root, path);
  }

  look(path: string): FileInfo | undefined {
    return reading.look(this.#root, this.#at(path));
  }

  find(folder: string, names: readonly string[]): FileInfo | undefined {
    return reading.find(this.#root, this.#at(folder), folder, names);
  }

  list(folder: string): readonly string[] {
    return reading.list(this.#root, folder === "" ? this.#root.path : this.#at(folder));
  }

  listMany(folder: string): Promise<readonly string[]> {
    return reading.listMany(this.#root, folder === "" ? this.#root.path : this.#at(folder));
  }

  read<Value>(path: string, parse: (bytes: Bytes) => Value | undefined): Value | undefined {
    return reading.read(this.#root, this.#at(path), parse);
  }

  readTogether<Value>(folder: string, parse: (files: Folder) => Value | undefined): Value | undefined {
    return reading.readTogether(this.#root, this.#at(folder), parse);
  }

  remember<Value>(path: string, value: Value, weight: number): void {
    reading.remember(this.#root, this.#at(path), value, weight);
  }

  recall<Value>(path: string): Value | undefined {
    return reading.recall(this.#root, this.#at(path));
  }

  forget(folder: string): void {
    // What is remembered holds only as long as the folder has the same time.
    this.noteUse(folder);
  }

  open(file: FileInfo, part?: ByteRange, sent?: WhenSent): Bytes | ReadableStream<Bytes> | undefined {
    return open(this.#root, this.#at(file.path), file, part, sent);
  }

  put(folder: string, files: Readonly<Record<string, Uint8Array>>, known: KnownOfFiles = {}): Promise<void> {
    const movedFrom = known.movedFrom && this.#at(known.movedFrom);
    return changes.put(this.#root, this.#at(folder), files, { ...known, movedFrom });
  }

  link(from: string, to: string, movedFrom?: string): Promise<boolean> {
    return changes.link(this.#root, this.#at(from), this.#at(to), movedFrom && this.#at(movedFrom));
  }

  noteUse(path: string): boolean {
    const at = this.#at(path);
    return !isLinked(this.#root, at) && changes.noteUse(this.#root, at);
  }

  keep(file: string | FileInfo, movedFrom?: string): Promise<boolean> {
    const [path, known] = typeof file === "string" ? [file] : [file.path, file];
    return changes.keep(this.#root, this.#at(path), movedFrom && this.#at(movedFrom), known);
  }

  remove(path: string): Promise<boolean> {
    return changes.remove(this.#root, this.#at(path));
  }

  removeTogether(folder: string, names: Iterable<string>): Promise<void> {
    return changes.removeTogether(this.#root, this.#at(folder), names);
  }

  removeUnused(path: string, since: number): Promise<boolean> {
    return changes.removeUnused(this.#root, this.#at(path), since);
  }

  tidy(folder: string): void {
    changes.tidy(this.#root, this.#at(folder));
  }

  quarantine(path: string): Promise<void> {
    return changes.quarantine(this.#root, this.#at(path));
  }

  begin<Result>(
    path: string,
    algorithm: string,
    action?: (file: GrowingFile) => Promise<Result>,
  ): Promise<Result | undefined> {
    return growing.begin(this.#root, this.#at(path), algorithm, action);
  }

  grow<Result>(path: string, action: (file: GrowingFile) => Promise<Result>): Promise<Result | undefined> {
    return growing.grow(this.#root, this.#at(path), action);
  }

  isGrowing(path: string): boolean {
    return growing.isGrowing(this.#root, this.#at(path));
  }

  inTurn<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
    return inTurn(this.#root, key, action);
  }

  now(): number {
    return this.#root.now();
  }

  telling(tell: (change: Change) => void): Disk {
    return new LocalDisk({ ...this.#root, tell });
  }
}
