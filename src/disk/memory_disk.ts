/**
 * A disk in memory: it needs no permission, and all of it is gone with the process.
 *
 *     const registry = createRegistry({ disk: memoryDisk() });
 *
 * It keeps the whole contract of `disk.ts` but one sentence: nothing survives the end of the process. Only one line of execution
 * works on it. So a change that has no `await` in it is whole for all others, and no two processes can meet. `Promise.try` makes
 * such a change at once, and reports its result or its error as the other disks do. Several registries of one process can share it.
 *
 * A test can take a snapshot of everything on it, and go back to that later.
 *
 * Next: memory_files.ts
 *
 * @module
 */

import { HASHES, type Hashes, SHA256 } from "../definitions/digest.ts";
import type { ByteRange } from "../definitions/range.ts";
import type { Bytes, Change, Disk, FileInfo, Folder, GrowingFile } from "./disk.ts";
import { LinkedFolderError } from "./disk.ts";
import { Bounded } from "./memory.ts";
import { GrowingMemoryFile, type GrowingState } from "./growing_memory_file.ts";
import { folderOf, MemoryFile, MemoryFiles, type MemoryFolder, type MemoryName } from "./memory_files.ts";
import { HashesHere } from "./running_hashes.ts";
import { queue } from "./turns.ts";

/** The settings of a memory disk. */
export interface MemoryDiskOptions {
  /** True if its callers only send the bytes that they read; see `Disk.sharesBytes`. Default: false. */
  readonly sharesBytes?: boolean;
  /** The digest algorithms that the disk can compute. Default: sha256 and sha512. */
  readonly algorithms?: Hashes;
  /** The time that an action waits for its turn, in milliseconds. Default: 30 seconds. */
  readonly patience?: number;
  /** The clock, in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
}

/** A disk in memory. */
export interface MemoryDisk extends Disk {
  /** Returns everything that is on the disk now. It takes memory for the names of the files, and not for their bytes. */
  snapshot(): Snapshot;
  /**
   * Puts everything back as it was at a snapshot, even one of another memory disk. Later changes are gone. A request that is
   * running finds that its files were removed.
   *
   * @throws {TypeError} if this is no snapshot of a memory disk.
   */
  restore(snapshot: Snapshot): void;
}

/** Everything that was on a memory disk at some moment. Later changes of the disk do not change it. */
export interface Snapshot {
  /** The time at which it was taken, by the clock of the disk, in milliseconds since 1970. */
  readonly takenAt: number;
}

/**
 * Makes a disk in memory, with nothing on it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const disk = memoryDisk();
 * await disk.put("library/hello/_tags", { latest: new TextEncoder().encode("one") });
 * const before = disk.snapshot();
 * await disk.remove("library/hello/_tags/latest");
 *
 * assertEquals(disk.list("library"), []);
 * disk.restore(before);
 * assertEquals(disk.list("library/hello/_tags"), ["latest"]);
 * ```
 */
export function memoryDisk(options: MemoryDiskOptions = {}): MemoryDisk {
  const { sharesBytes = false, algorithms = HASHES, patience = 30_000, now = Date.now } = options;
  return new InMemory({
    files: new MemoryFiles(),
    hashes: new HashesHere(algorithms),
    queues: new Map(),
    remembered: new Bounded(MOST_REMEMBERED, ({ weight }) => weight),
    sharesBytes,
    algorithms,
    patience,
    now,
  });
}

// All objects of one disk share its state.
interface MemoryState extends Required<MemoryDiskOptions>, GrowingState {
  readonly queues: Map<unknown, Promise<void>>;
  // The values that callers have made of files and folders, by the identities of these, each with the number of changes at that
  // time. A file that is gone is not kept in memory because of its value.
  readonly remembered: Bounded<object, { value: unknown; weight: number; changes: number }>;
}

// In bytes. The last one is what a value takes besides its own bytes, roughly.
const MOST_REMEMBERED = 32 * 1024 * 1024;
const WITH_VALUE = 512;
// A part of at most this many bytes is not worth a stream.
const FEW = 128 * 1024;

const snapshots = new WeakMap<Snapshot, MemoryFiles>();

class InMemory implements MemoryDisk {
  readonly #state: MemoryState;
  readonly #tell: ((change: Change) => void) | undefined;

  constructor(state: MemoryState, tell?: (change: Change) => void) {
    this.#state = state;
    this.#tell = tell;
  }

  get #files(): MemoryFiles {
    return this.#state.files;
  }

  get sharesBytes(): boolean {
    return this.#state.sharesBytes;
  }

  look(path: string): FileInfo | undefined {
    return this.#files.get(path)?.info;
  }

  find(folder: string, names: readonly string[]): FileInfo | undefined {
    const { files } = this.#files.folder(folder) ?? {};
    if (files === undefined) return undefined;
    const [first] = names.filter((name) => files.has(name)).sort();
    return files.get(first)?.info;
  }

  list(folder: string): readonly string[] {
    return this.#files.folder(folder)?.names ?? [];
  }

  listMany(folder: string): Promise<readonly string[]> {
    return Promise.resolve(this.list(folder));
  }

  read<Value>(path: string, parse: (bytes: Bytes) => Value | undefined): Value | undefined {
    const name = this.#files.get(path);
    if (name === undefined) return undefined;
    const { file } = name;
    return this.#recalled<Value>(name) ??
      this.#remembering(name, parse(file.read({ start: 0, length: file.size })), 2 * file.size);
  }

  readTogether<Value>(folder: string, parse: (files: Folder) => Value | undefined): Value | undefined {
    const found = this.#files.folder(folder);
    if (found === undefined) return undefined;
    const known = this.#recalled<Value>(found);
    if (known !== undefined) return known;
    let weight = 0;
    const value = parse({
      names: found.names,
      read(name) {
        const file = found.files.get(name)?.file;
        weight += 2 * (file?.size ?? 0);
        return file?.read({ start: 0, length: file.size });
      },
    });
    return this.#remembering(found, value, weight);
  }

  remember<Value>(path: string, value: Value, weight: number): void {
    const place = this.#place(path);
    if (place !== undefined) this.#remembering(place, value, weight);
  }

  recall<Value>(path: string): Value | undefined {
    const place = this.#place(path);
    return place && this.#recalled<Value>(place);
  }

  #place(path: string): MemoryName | MemoryFolder | undefined {
    return this.#files.get(path) ?? this.#files.folder(path);
  }

  #recalled<Value>(place: MemoryName | MemoryFolder): Value | undefined {
    const known = this.#state.remembered.get(place.identity);
    return known?.changes === changesOf(place) ? known.value as Value : undefined;
  }

  #remembering<Value>(place: MemoryName | MemoryFolder, value: Value, weight: number): Value {
    const { remembered } = this.#state;
    const entry = { value, weight: WITH_VALUE + weight, changes: changesOf(place) };
    if (value !== undefined) remembered.set(place.identity, entry);
    return value;
  }

  forget(folder: string): void {
    this.#files.folder(folder)?.touch();
  }

  open({ path, size }: FileInfo, part?: ByteRange): Bytes | ReadableStream<Bytes> | undefined {
    const file = this.#files.get(path)?.file;
    if (file === undefined) return undefined;
    const range = part ?? { start: 0, length: size };
    if (range.length > FEW) {
      const pieces = file.piecesOf(range);
      return ReadableStream.from(this.sharesBytes ? pieces : copiesOf(pieces));
    }
    return part === undefined && this.sharesBytes && file.size <= FEW ? file.whole() : file.read(range);
  }

  put(folder: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    return Promise.try(() => {
      for (const [name, bytes] of Object.entries(files)) {
        const path = `${folder}/${name}`;
        const isNew = this.look(path) === undefined;
        const file = new MemoryFile(this.now());
        file.append(new Uint8Array(bytes));
        this.#files.place(path, file);
        this.#told(isNew ? "+" : "~", path);
      }
    });
  }

  link(from: string, to: string): Promise<boolean> {
    return Promise.try(() => {
      const file = this.#files.get(from)?.file;
      if (file === undefined) return false;
      if (this.#files.folder(to) !== undefined) throw new LinkedFolderError(`${to} is no file`);
      if (this.look(to) !== undefined) return true;
      this.#files.place(to, file);
      this.#told("=", to, from);
      return true;
    });
  }

  noteUse(path: string): boolean {
    const file = this.#files.get(path)?.file;
    if (file === undefined) return false;
    file.lastUsed = this.now();
    return true;
  }

  keep(file: string | FileInfo): Promise<boolean> {
    const path = typeof file === "string" ? file : file.path;
    return Promise.resolve(this.look(path) !== undefined);
  }

  remove(path: string): Promise<boolean> {
    return Promise.try(() => {
      const wasThere = this.#files.remove(path) !== undefined;
      if (wasThere) this.#told("-", path);
      this.tidy(folderOf(path));
      return wasThere;
    });
  }

  removeTogether(folder: string, names: Iterable<string>): Promise<void> {
    return Promise.try(() => {
      for (const name of names) {
        const path = `${folder}/${name}`;
        if (this.#files.remove(path) !== undefined) this.#told("-", path);
      }
      this.tidy(folder);
    });
  }

  removeUnused(path: string, since: number): Promise<boolean> {
    const file = this.look(path);
    return file === undefined || file.lastUsed > since ? Promise.resolve(false) : this.remove(path);
  }

  tidy(folder: string): void {
    this.#files.tidy(folder);
  }

  quarantine(path: string): Promise<void> {
    return Promise.try(() => {
      const file = this.#files.remove(path);
      if (file === undefined) return;
      const to = `_quarantine/${path}.${crypto.randomUUID()}`;
      this.#files.place(to, file);
      this.#told("+", to);
      this.#told("-", path);
      this.tidy(folderOf(path));
    });
  }

  async begin<Result>(
    path: string,
    algorithm: string,
    action?: (file: GrowingFile) => Promise<Result>,
  ): Promise<Result | undefined> {
    if (this.look(path) !== undefined) throw Object.assign(new Error(`${path} is there already`), { code: "EEXIST" });
    if (algorithm !== SHA256) this.#state.hashes.begin(path, algorithm);
    this.#files.place(path, new MemoryFile(this.now()));
    this.#told("+", path);
    return action && await this.grow(path, action);
  }

  grow<Result>(path: string, action: (file: GrowingFile) => Promise<Result>): Promise<Result | undefined> {
    const file = this.#files.get(path)?.file;
    if (file === undefined) return Promise.resolve(undefined);
    // The file is the key and not its path, because it can have two names.
    return queue(this.#state, file, async () => {
      if (this.#files.get(path)?.file !== file) return undefined;
      file.isGrowing = true;
      try {
        return await action(new GrowingMemoryFile(this.#state, path, file, this.#told.bind(this)));
      } finally {
        file.isGrowing = false;
      }
    });
  }

  isGrowing(path: string): boolean {
    return this.#files.get(path)?.file.isGrowing ?? false;
  }

  inTurn<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
    return queue(this.#state, key, action);
  }

  now(): number {
    return this.#state.now();
  }

  telling(tell: (change: Change) => void): Disk {
    return new InMemory(this.#state, tell);
  }

  #told(sign: Change["sign"], path: string, sameAs?: string): void {
    this.#tell?.({
      sign,
      path,
      ...sign !== "-" && { size: this.look(path)?.size },
      ...sameAs !== undefined && { sameAs },
    });
  }

  snapshot(): Snapshot {
    const snapshot = { takenAt: this.now() };
    snapshots.set(snapshot, this.#files.copy());
    return snapshot;
  }

  restore(snapshot: Snapshot): void {
    const files = snapshots.get(snapshot);
    if (files === undefined) throw new TypeError("Cannot restore this: it is no snapshot of a memory disk");
    this.#state.files = files.copy();
    // A growing file may have other bytes now than those that were hashed.
    this.#state.hashes = new HashesHere(this.#state.algorithms);
  }
}

function changesOf(place: MemoryName | MemoryFolder): number {
  return "file" in place ? place.file.changes : place.changes;
}

function* copiesOf(pieces: Iterable<Bytes>): Generator<Bytes, void> {
  for (const piece of pieces) yield piece.slice();
}
