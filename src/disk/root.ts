/**
 * The root: the folder that a local disk keeps everything in, and all that the disk remembers of it.
 *
 *     { path: "testdata", durability: "sync", memory: …, places: …, synced: …, queues: … }
 *
 * Nearly every function in this folder takes a root first, and then a path on this machine:
 * `testdata/library/hello/_tags/latest`.
 *
 * Next: missing.ts
 *
 * @module
 */

import { normalize, relative } from "node:path";
import { platform } from "node:process";
import { HASHES, type Hashes } from "../definitions/digest.ts";
import type { Bytes, Change, FileInfo } from "./disk.ts";
import { type Calls, callsFor } from "./calls.ts";
import type { Identity } from "./identity.ts";
import { InFlight } from "./in_flight.ts";
import { Bounded, Memory } from "./memory.ts";
import { HashesHere, type RunningHashes } from "./running_hashes.ts";
import type { Step } from "./watching.ts";

/** The settings of a local disk. */
export interface LocalDiskOptions {
  /** `sync` waits until a change is on the disk, `none` leaves that to the operating system. Default: `sync`. */
  readonly durability?: "sync" | "none";
  /** True if other threads open files and change names, because the disk is slow; see `calls.ts`. Default: false. */
  readonly isSlow?: boolean;
  /** True if its callers only send the bytes that they read; see `Disk.sharesBytes`. Default: false. */
  readonly sharesBytes?: boolean;
  /** The digest algorithms that the disk can compute. Default: sha256 and sha512. */
  readonly algorithms?: Hashes;
  /** Keeps the hashes of growing files. Default: the disk's own thread does. */
  readonly hashes?: RunningHashes;
  /** The time that an action waits for its turn, in milliseconds. Default: 30 seconds. */
  readonly patience?: number;
  /** The clock, in milliseconds since 1970; it may only be ahead of the system's, which puts a time on each change. Default: that. */
  readonly now?: () => number;
  /** How long a client may take for a piece of what it has asked for, in milliseconds. Default: a minute. */
  readonly longestPause?: number;
  /** Is called before and after each step that changes the disk. If it throws, the step fails. Default: nobody. */
  readonly watch?: (step: Step) => void;
}

/** The folder of a local disk. */
export interface Root {
  /** The path of the folder on this machine, without a "/" at its end. */
  readonly path: string;
  /** `sync` waits until a change is on the disk, `none` leaves that to the operating system. */
  readonly durability: "sync" | "none";
  /** True if `open` may return the same bytes several times; see `Disk.sharesBytes`. */
  readonly sharesBytes: boolean;
  /** The digest algorithms that it can compute. */
  readonly algorithms: Hashes;
  /** Keeps the hashes of growing files. */
  readonly hashes: RunningHashes;
  /** The time that an action waits for its turn, in milliseconds. */
  readonly patience: number;
  /** Opens files and changes names. */
  readonly calls: Calls;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** For each key, the end of the last action in the queue; see `turns.ts`. */
  readonly queues: Map<unknown, Promise<void>>;
  /** The results of earlier reads; see `memory.ts`. */
  readonly memory: Memories;
  /** For each path that leads through no symbolic link: the file or folder there; see `links.ts`. */
  readonly places: Bounded<string, Identity>;
  /** The names of files and folders that are on the disk for sure, by path; see `syncing.ts`. */
  readonly synced: Bounded<string, SyncedName>;
  /** Buffers that can be used again; see `writer.ts`. */
  readonly buffers: ArrayBuffer[];
  /** The bytes of files that are being sent; see `in_flight.ts`. */
  readonly inFlight: InFlight;
  /** How long a client may take for a piece of a file, in milliseconds. */
  readonly longestPause: number;
  /** Is called with each change. */
  readonly tell?: (change: Change) => void;
  /** Is called before and after each step that changes the disk, and may let it fail by throwing. */
  readonly watch?: (step: Step) => void;
}

/** A name that this process has synced, together with all names above it, or is syncing just now. */
export interface SyncedName {
  /** The file or folder that had the name then. */
  readonly identity: Identity;
  /** Is fulfilled when the name is on the disk. */
  readonly done: Promise<unknown>;
  /** For a file, the time of its folder then. */
  readonly folderTime?: number;
  /** True if the folder had not changed just before. Then it has another time if it changes later. */
  readonly isSettled: boolean;
}

/** A file that was found in a folder, and what tells it from all others. */
export interface KnownFile extends FileInfo {
  /** What tells it from all others. */
  readonly identity: Identity;
}

/** The results of earlier reads that a local disk remembers. */
export interface Memories {
  /** The values that were read from small files and folders, by path. */
  readonly values: Memory<unknown>;
  /** The names in a folder, sorted by byte value. */
  readonly names: Memory<readonly string[]>;
  /** Files that were found in a folder, by the path of the folder. */
  readonly found: Bounded<string, KnownFile>;
  /** The bytes of small files that were opened. */
  readonly bytes: Bounded<FileInfo, Bytes>;
}

// The disk remembers at most this much: bytes of content, names in folders, files, and paths that were checked for links
// or synced.
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_NAMES = 500_000;
const MOST_FILES = 10_000;
const MOST_PLACES = 20_000;
// The registry may remember an answer for these bytes. The answer has a copy of them, and takes about this many bytes more.
const WITH_BYTES = 1024;

/** Makes the root for a folder. It creates nothing on disk; the first change does. */
export function rootOf(path: string, options: LocalDiskOptions): Root {
  const { durability = "sync", sharesBytes = false, isSlow = false, algorithms = HASHES, watch } = options;
  const { hashes = new HashesHere(algorithms), patience = 30_000, longestPause = 60_000, now = Date.now } = options;
  return {
    // Without "/" at its end: a loop that goes up from folder to folder has to meet exactly this path.
    path: normalize(path).replace(platform === "win32" ? /(?<=.)[/\\]+$/ : /(?<=.)\/+$/, ""),
    durability,
    sharesBytes,
    algorithms,
    hashes,
    calls: callsFor(isSlow),
    now,
    watch,
    patience,
    queues: new Map(),
    memory: {
      values: new Memory(MOST_BYTES),
      names: new Memory(MOST_NAMES),
      found: new Bounded(MOST_FILES),
      bytes: new Bounded(MOST_BYTES, ({ length }) => 2 * length + WITH_BYTES),
    },
    places: new Bounded(MOST_PLACES),
    synced: new Bounded(MOST_PLACES),
    buffers: [],
    inFlight: new InFlight(),
    longestPause,
    // All roots have the same fields in the same order, also those that tell: so the code that uses them stays fast.
    tell: undefined,
  };
}

/** Returns the path on this machine of a path below the root. */
export function pathAt(root: Root, path: string): string {
  return `${root.path}/${platform === "win32" ? path.split("/").map(toWindows).join("/") : path}`;
}

/** Returns the path below the root of a path on this machine. */
export function pathBelow(root: Root, path: string): string {
  // Nearly every path was made by `pathAt`.
  const below = path.startsWith(`${root.path}/`) ? path.slice(root.path.length + 1) : relative(root.path, path);
  return platform === "win32" ? below.split("\\").map(fromWindows).join("/") : below;
}

/** Returns file names of this machine as the rest of the registry knows them. Only on Windows they differ. */
export function namesBelow(names: string[]): string[] {
  return platform === "win32" ? names.map(fromWindows) : names;
}

// Windows allows no ":" in a file name. There a digest's folder is `_sha256-<hex>`. Another name that looks like this gets
// one more "_" in front. So each name can be turned back into the right one.
function toWindows(name: string): string {
  if (name.includes(":")) return `_${name.replace(":", "-")}`;
  return /^_.*-/.test(name) ? `_${name}` : name;
}

function fromWindows(name: string): string {
  return /^__.*-/.test(name) ? name.slice(1) : name.replace(/^_([^_-][^-]*)-/, "$1:");
}
