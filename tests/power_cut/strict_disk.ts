/**
 * The strictest disk that POSIX allows: after a power cut, only that is there for sure what was synced.
 *
 *     using disk = new StrictDisk(folder.path, random);
 *     … a registry works in root/ in that folder …
 *     disk.doubts("root/library/hello/_tags/v1", "sha256:7d1a…")      undefined, or what a power cut could do to it
 *
 * Real file systems promise more, each something else, and hide a sync that is missing. This one stands between the registry and
 * Deno: it sees each call that changes a file or folder below this one. The calls are done for real, only a sync is not: it takes
 * some turns, in a random order, and then counts for what was there when it began.
 *
 * - The bytes of a file are there when a sync of the file began after the last of them was written, and has ended.
 * - A name is there, or away, when a sync of its folder began after the name was made or removed, and has ended. Before that, a
 *   power cut may leave the name as it was at any moment since the last sync.
 * - A rename makes one name and removes another, and the disk may have one of them without the other. If a *folder* has two names
 *   after a power cut, the repair (`e2fsck`) removes one of them, and it can be the new one.
 *
 * @module
 */

import type { Random } from "../fuzz/random.ts";

/** A call that a test can take away: the kind of the sync, and the path of its file or folder. */
export type IsLost = (kind: "file" | "folder", path: string) => boolean;

class File {
  text = "";
  /** Grows with each change. An empty file has to be synced, too. */
  version = 1;
  synced = 0;
  /** The number of bytes that a power cut leaves. */
  syncedLength = 0;
}

class Directory {
  constructor(readonly isTop = false) {}

  /** For each name, what may have it after a power cut; the last entry is what has it now. */
  readonly names = new Map<string, { since: number; node: Node | undefined }[]>();
  /** The names that this folder may have after a power cut, and for each name the folder that it is in. */
  readonly places: { folder: Directory; name: string }[] = [];

  now(name: string): Node | undefined {
    return this.names.get(name)?.at(-1)?.node;
  }

  possible(name: string): readonly (Node | undefined)[] {
    return this.names.get(name)?.map(({ node }) => node) ?? [undefined];
  }
}

type Node = File | Directory;

let current: StrictDisk | undefined;

// The functions of Deno that change names or bytes; each of them also exists with `Sync` at its end. The registry takes some of
// them when its modules are loaded, so a test has to import this module first.
const FUNCTIONS = [
  "mkdir",
  "open",
  "rename",
  "link",
  "remove",
  "copyFile",
  "writeFile",
  "truncate",
  "create",
  "symlink",
];
type Call = (...args: unknown[]) => unknown;
const real: Record<string, Call> = {};
for (const name of FUNCTIONS.flatMap((name) => [name, `${name}Sync`])) {
  real[name] = Deno[name as keyof typeof Deno] as Call;
  Object.assign(Deno, {
    [name]: (...args: unknown[]) => current === undefined ? real[name](...args) : current.call(name, args),
  });
}

const { write, writeSync, truncate, truncateSync, sync, syncSync, syncData, syncDataSync } = Deno.FsFile.prototype;

async function syncInTurns(file: Deno.FsFile, real: () => Promise<void>): Promise<void> {
  const disk = current;
  const end = disk?.sync(file);
  if (end === undefined) return await real.call(file);
  await disk?.wait();
  end();
}

function syncAtOnce(file: Deno.FsFile, real: () => void): void {
  const end = current?.sync(file);
  if (end === undefined) real.call(file);
  else end();
}

Object.assign(Deno.FsFile.prototype, {
  async write(this: Deno.FsFile, bytes: Uint8Array) {
    const count = await write.call(this, bytes);
    current?.wrote(this, bytes.subarray(0, count));
    return count;
  },
  writeSync(this: Deno.FsFile, bytes: Uint8Array) {
    const count = writeSync.call(this, bytes);
    current?.wrote(this, bytes.subarray(0, count));
    return count;
  },
  async truncate(this: Deno.FsFile, length = 0) {
    await truncate.call(this, length);
    current?.truncated(this, length);
  },
  truncateSync(this: Deno.FsFile, length = 0) {
    truncateSync.call(this, length);
    current?.truncated(this, length);
  },
  sync(this: Deno.FsFile) {
    return syncInTurns(this, sync);
  },
  syncData(this: Deno.FsFile) {
    return syncInTurns(this, syncData);
  },
  syncSync(this: Deno.FsFile) {
    syncAtOnce(this, syncSync);
  },
  syncDataSync(this: Deno.FsFile) {
    syncAtOnce(this, syncDataSync);
  },
});

/** A disk that forgets all that was not synced. It takes the place of Deno's functions as long as it is used. */
export class StrictDisk implements Disposable {
  /** The number of syncs. */
  syncs = 0;
  readonly #path: string;
  readonly #random: Random;
  readonly #isLost: IsLost;
  readonly #top = new Directory(true);
  readonly #open = new WeakMap<Deno.FsFile, { node: Node; path: string }>();
  #waiting: { until: number; resolve: () => void }[] = [];
  #turn = 0;
  #clock = 0;

  /** `path` is a folder that is there for sure, and empty. All paths below begin in it. `isLost` chooses syncs that do nothing. */
  constructor(path: string, random: Random, isLost: IsLost = () => false) {
    this.#path = path;
    this.#random = random;
    this.#isLost = isLost;
    current = this;
    this.#takeTurns();
  }

  [Symbol.dispose](): void {
    current = undefined;
  }

  /** Returns what a power cut could do to a file that has this text, or `undefined` if the file survives each one. */
  doubts(path: string, text: string): string | undefined {
    const at = path.split("/");
    const visit = (folder: Directory, depth: number): string | undefined => {
      const name = at.slice(0, depth + 1).join("/");
      for (const node of folder.possible(at[depth])) {
        if (node === undefined) return `the name ${name} may be lost`;
        if (depth < at.length - 1) {
          if (!(node instanceof Directory)) return `${name} may be no folder`;
          const other = node.places.filter(canBeReached).find(({ folder: above }) => above !== folder);
          if (other !== undefined) return `the folder ${name} may also have its old name ${other.name}`;
          const doubt = visit(node, depth + 1);
          if (doubt !== undefined) return doubt;
        } else if (!(node instanceof File) || node.text !== text) {
          return `${name} may be another file`;
        } else if (node.synced < node.version) return `the bytes of ${name} may be lost`;
      }
    };
    return visit(this.#top, 0);
  }

  /** Returns how many bytes of a file survive each power cut. */
  bytesOf(path: string): number {
    const node = this.#find(path);
    if (!(node instanceof File) || this.mayBeAway(path)) return 0;
    return node.syncedLength;
  }

  /** Returns true if a file could be there after a power cut. */
  mayBeThere(path: string): boolean {
    return this.#outcomes(path).some((node) => node instanceof File);
  }

  /** Returns true if a file could be away after a power cut. */
  mayBeAway(path: string): boolean {
    return this.#outcomes(path).some((node) => !(node instanceof File));
  }

  /** Returns all files that could be there after a power cut, each with its text, and whether all of its bytes would be there. */
  *possibleFiles(folder = this.#top, above = ""): Iterable<{ path: string; text: string; isWhole: boolean }> {
    for (const name of folder.names.keys()) {
      for (const node of new Set(folder.possible(name))) {
        const path = above + name;
        if (node instanceof Directory) yield* this.possibleFiles(node, `${path}/`);
        if (node instanceof File) yield { path, text: node.text, isWhole: node.synced === node.version };
      }
    }
  }

  #outcomes(path: string): readonly (Node | undefined)[] {
    return path.split("/").reduce<readonly (Node | undefined)[]>(
      (folders, name) => folders.flatMap((folder) => folder instanceof Directory ? folder.possible(name) : [undefined]),
      [this.#top],
    );
  }

  // ── What the registry does ──────────────────────────────────────────────────────────────────────────────────────────

  /** Does a call for real, and then takes note of it. */
  call(name: string, args: unknown[]): unknown {
    const [from, to] = args as string[];
    if (this.#below(from) === undefined) return real[name](...args);
    const note = this.#notes[name.replace(/Sync$/, "")];
    if (note === undefined) throw new Error(`the strict disk does not know Deno.${name}`);
    // What another thread does takes some turns, too.
    if (!name.endsWith("Sync")) return this.wait().then(() => this.call(`${name}Sync`, args));
    const result = real[name](...args);
    note(from, to, result as Deno.FsFile);
    return result;
  }

  readonly #notes: Record<string, ((from: string, to: string, opened: Deno.FsFile) => void) | undefined> = {
    mkdir: (path) => this.#set(path, new Directory()),
    open: (path, _options, file) => {
      const below = this.#below(path)!;
      if (this.#find(below) === undefined) this.#set(path, new File());
      this.#open.set(file, { node: this.#find(below)!, path: below });
    },
    rename: (from, to) => {
      const node = this.#find(this.#below(from)!);
      this.#set(from, undefined);
      this.#set(to, node);
    },
    link: (from, to) => this.#set(to, this.#find(this.#below(from)!)),
    remove: (path) => this.#set(path, undefined),
  };

  /** Takes note of bytes that were written to a file. */
  wrote(file: Deno.FsFile, bytes: Uint8Array): void {
    const node = this.#open.get(file)?.node;
    if (!(node instanceof File)) return;
    node.text += new TextDecoder().decode(bytes);
    node.version++;
  }

  /** Takes note that a file has only this many bytes now. */
  truncated(file: Deno.FsFile, length: number): void {
    const node = this.#open.get(file)?.node;
    if (!(node instanceof File)) return;
    node.text = node.text.slice(0, length);
    node.syncedLength = Math.min(node.syncedLength, length);
    node.version++;
  }

  /** Begins a sync, and returns the function that ends it; `undefined` if the file is none of this disk. */
  sync(file: Deno.FsFile): (() => void) | undefined {
    const open = this.#open.get(file);
    if (open === undefined) return undefined;
    this.syncs++;
    return this.#beginSync(open);
  }

  /** Waits as long as a sync takes: some turns, and one in eight takes many, so that other clients do much in between. */
  wait(): Promise<void> {
    const turns = 1 + this.#random.below(this.#random.onceIn(8) ? 100 : 4);
    return new Promise((resolve) => this.#waiting.push({ until: this.#turn + turns, resolve }));
  }

  async #takeTurns(): Promise<void> {
    while (current === this) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#turn++;
      for (const { resolve } of this.#waiting.filter(({ until }) => until === this.#turn)) resolve();
      this.#waiting = this.#waiting.filter(({ until }) => until > this.#turn);
    }
  }

  // ── What is on the disk ─────────────────────────────────────────────────────────────────────────────────────────────

  #beginSync({ node, path }: { node: Node; path: string }): () => void {
    const since = this.#clock;
    if (node instanceof File) {
      const { version, text } = node;
      return () => {
        if (this.#isLost("file", path)) return;
        node.synced = Math.max(node.synced, version);
        node.syncedLength = Math.max(node.syncedLength, Math.min(text.length, node.text.length));
      };
    }
    return () => {
      if (!this.#isLost("folder", path)) this.#keepNames(node, since);
    };
  }

  #keepNames(folder: Directory, since: number): void {
    for (const [name, entries] of folder.names) {
      const first = entries.findLastIndex((entry) => entry.since <= since);
      for (const { node } of entries.splice(0, Math.max(first, 0))) {
        if (node instanceof Directory && !entries.some((entry) => entry.node === node)) {
          node.places.splice(node.places.findIndex((place) => place.folder === folder && place.name === name), 1);
        }
      }
      if (entries.length === 1 && entries[0].node === undefined) folder.names.delete(name);
    }
  }

  #set(path: string, node: Node | undefined): void {
    const parts = this.#below(path)?.split("/");
    if (parts === undefined) return;
    const name = parts.pop()!;
    const folder = parts.length === 0 ? this.#top : this.#find(parts.join("/"));
    if (!(folder instanceof Directory)) throw new Error(`${path} is in no folder`);
    const entries = folder.names.get(name) ?? [{ since: 0, node: undefined }];
    folder.names.set(name, entries);
    entries.push({ since: ++this.#clock, node });
    if (node instanceof Directory) node.places.push({ folder, name });
  }

  #find(below: string): Node | undefined {
    if (below === "") return this.#top;
    return below.split("/").reduce<Node | undefined>(
      (folder, name) => folder instanceof Directory ? folder.now(name) : undefined,
      this.#top,
    );
  }

  #below(path: string): string | undefined {
    if (path === this.#path) return "";
    return path.startsWith(`${this.#path}/`) ? path.slice(this.#path.length + 1) : undefined;
  }
}

// What is in a folder that nobody can reach any more is away, too. The top folder has no name, and everybody can reach it.
function canBeReached({ folder }: { folder: Directory }): boolean {
  return folder.isTop || folder.places.some(canBeReached);
}
