/**
 * The interface of the disk: everything that a registry asks of its storage, and nothing else.
 *
 *     src/store/     WHAT is kept: blobs, manifests, tags, referrers, upload sessions, and where each one lies
 *     ───────────    this file
 *     src/disk/      HOW it is kept: whole, safe in a power cut, remembered, locked, hashed, streamed
 *
 * A path is relative to the root and has "/" between its parts: `library/hello/_tags/latest`. Each operation has a contract
 * of one or two sentences. Three things hold for all of them:
 *
 * - The change of one file happens completely or not at all; several files change in their order. When its promise is fulfilled,
 *   a change survives `kill -9` and a power cut. (Growing files promise less: their bytes are safe after `save` or `moveTo`, and
 *   a discarded one may be back after a power cut.)
 * - If a file is not there, an operation returns `undefined`, `false` or nothing, and does not throw. A symbolic link counts as
 *   not there, and so does everything below one. An operation that would write there throws a {@linkcode LinkedFolderError}.
 *   Other errors mean that the disk has failed.
 * - Several processes may use the same root at the same time.
 *
 * `tests/disk/contract.ts` says all of this as tests, and each disk has to pass them.
 *
 * *You may stop here.* The files before this one use the interface and need nothing more. The rest of this folder shows how to
 * keep these contracts with an ordinary file system, and fast; it teaches about disks and not about registries. After it come
 * files about registries again: `housekeeping/`, then `client/` and `filling/` for what clients do, then `composing/` and `access/`
 * for what can stand around a registry. At the end is the program, in `serving/`.
 *
 * Next: memory_disk.ts
 *
 * @module
 */

import type { ByteRange } from "../definitions/range.ts";

/** Bytes in ordinary memory, which no other thread can see. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A file, as one look at the disk shows it. */
export interface FileInfo {
  /** Its path, relative to the root. */
  readonly path: string;
  /** Its length in bytes. */
  readonly size: number;
  /** The time of its last change or noted use, in milliseconds since 1970, by the disk's clock. */
  readonly lastUsed: number;
  /** The number of names that the file has; {@linkcode Disk.link} adds one. */
  readonly links: number;
}

/** The small files of one folder. */
export interface Folder {
  /** Their names, sorted by byte value. */
  readonly names: readonly string[];
  /** The bytes of a file; `undefined` if it is not there. */
  read(name: string): Bytes | undefined;
}

/** One change on disk, as the story of a request tells it. */
export interface Change {
  /** `+` is new, `~` changed or grew, `-` was removed, `=` is a second name for the same bytes. */
  readonly sign: "+" | "~" | "-" | "=";
  /** The file relative to the root, or a folder with a "/" at its end. */
  readonly path: string;
  /** The size of the file after the change, in bytes. */
  readonly size?: number;
  /** For `=`: the file that has the same bytes, relative to the root. */
  readonly sameAs?: string;
}

/** Thrown if a caller wants to write into a folder that is a symbolic link, or lies below one. */
export class LinkedFolderError extends Error {}

/**
 * Thrown if an action has waited for its turn for too long: another action with the same key, or on the same file, does not end.
 * Perhaps a machine has died that shares the root, and its turn has not been taken from it yet.
 */
export class BusyError extends Error {}

/**
 * Tells when the last bytes of a stream are no longer in memory. The disk asks at the end of a stream. Without an answer it takes
 * the end for that moment.
 */
export type WhenSent = () => Promise<unknown> | undefined;

/** What a caller of {@linkcode Disk.put} knows about the files and their folder. */
export interface KnownOfFiles {
  /** If another process may have moved the folder to its place just now, the folder that it was moved out of. */
  readonly movedFrom?: string;
  /** True if the caller has just looked, and none of the files is there. The disk need not look again to tell the change. */
  readonly areNew?: boolean;
}

/** The operations that a registry asks of its storage. */
export interface Disk {
  /** Looks at a file. */
  look(path: string): FileInfo | undefined;
  /** Looks for the first file in a folder that has one of these names. */
  find(folder: string, names: readonly string[]): FileInfo | undefined;
  /**
   * Returns the names in a folder, sorted by byte value. A name like `.<UUID>` is a file that is still being written, and
   * `.latest.<UUID>` is the file `latest` while {@linkcode removeUnused} looks at it. If a process is killed, they stay.
   */
  list(folder: string): readonly string[];
  /** Does the same with a folder that may have very many names. Other work goes on while the disk reads them. */
  listMany(folder: string): Promise<readonly string[]>;
  /**
   * Reads a small file, passes its bytes to `parse`, and returns the result. As long as the file does not change, the disk may
   * return the same result again, even to a caller with another `parse`. Returns `undefined` if the file is not there or if `parse`
   * returns `undefined`.
   */
  read<Value>(path: string, parse: (bytes: Bytes) => Value | undefined): Value | undefined;
  /** Does the same with the small files of one folder. The folder changes if a file is added, removed or replaced. */
  readTogether<Value>(folder: string, parse: (files: Folder) => Value | undefined): Value | undefined;
  /**
   * Remembers a value that somebody has made of a file or folder as it is now. `weight` says how many bytes it takes. It replaces
   * what the disk remembers from {@linkcode read} or {@linkcode readTogether}. The disk may also forget it at any time.
   */
  remember<Value>(path: string, value: Value, weight: number): void;
  /** Returns the value that the disk remembers for a file or folder, if it has not changed since. Reads nothing. */
  recall<Value>(path: string): Value | undefined;
  /** Lets all processes forget what they remember of a folder, although no file has come or gone. */
  forget(folder: string): void;
  /**
   * Opens a file, or a part of it. Returns few bytes at once, and many as a stream. If the file is removed meanwhile, the
   * stream still goes on to its end. Returns `undefined` if the file is gone already.
   */
  open(file: FileInfo, part?: ByteRange, sent?: WhenSent): Bytes | ReadableStream<Bytes> | undefined;
  /**
   * True if the callers of {@linkcode open} only send the bytes, and never change them. Then `open` may return the same bytes
   * several times, and a piece of a stream is valid only until the caller reads the next one.
   */
  readonly sharesBytes: boolean;

  /** Makes a folder and writes small files into it, in their order. Each file replaces an older one as a whole. */
  put(folder: string, files: Readonly<Record<string, Uint8Array>>, known?: KnownOfFiles): Promise<void>;
  /**
   * Gives a file a second name. Returns false if the file is not there. If the second name exists already, it stays as it
   * is, and the disk makes sure of it as {@linkcode keep} does.
   */
  link(from: string, to: string, movedFrom?: string): Promise<boolean>;
  /** Notes that somebody uses a file now; see {@linkcode removeUnused}. Returns false if it is not there. */
  noteUse(path: string): boolean;
  /**
   * Makes sure that a file survives a power cut, even if another process has only just written it. If that process has moved the
   * file's folder to its place, it has moved it out of `movedFrom`. Returns false if the file is not there. A caller that has just
   * found the file may pass what it found instead of the path; that saves a look.
   */
  keep(file: string | FileInfo, movedFrom?: string): Promise<boolean>;
  /** Removes a file, and the folders above it that become empty. Returns false if it was not there. */
  remove(path: string): Promise<boolean>;
  /** Removes files of one folder, and the folders above them that become empty. It takes less time than one after the other. */
  removeTogether(folder: string, names: Iterable<string>): Promise<void>;
  /** Removes a file that nobody has used since a time in milliseconds since 1970. Returns false if somebody has. */
  removeUnused(path: string, since: number): Promise<boolean>;
  /** Removes a folder if it is empty, and the folders above it that become empty. */
  tidy(folder: string): void;
  /** Moves a corrupt file into `_quarantine/`, under its path and a UUID. */
  quarantine(path: string): Promise<void>;

  /**
   * Begins a growing file, with no bytes, in a new folder of its own. `algorithm` is a hint: the one that the caller will
   * probably pass to {@linkcode GrowingFile.digest}. An empty file may be lost in a power cut. If there is an action, nobody else
   * gets the file before the action has ended. Returns `undefined` if there is none, or if somebody has removed the file.
   */
  begin<Result>(
    path: string,
    algorithm: string,
    action?: (file: GrowingFile) => Promise<Result>,
  ): Promise<Result | undefined>;
  /**
   * Runs an action on a growing file, one at a time in all processes. Returns `undefined` if the file is not there. Throws a
   * {@linkcode BusyError} if its turn does not come.
   */
  grow<Result>(path: string, action: (file: GrowingFile) => Promise<Result>): Promise<Result | undefined>;
  /** Returns true if an action of {@linkcode grow} runs on a file at this moment, in any process, under whatever name. */
  isGrowing(path: string): boolean;
  /**
   * Runs an action while no other action with the same key runs, in any process. Throws a {@linkcode BusyError} if its turn
   * does not come.
   */
  inTurn<Result>(key: string, action: () => Promise<Result>): Promise<Result>;

  /** Returns the time of the disk's clock, in milliseconds since 1970. Only a test has a clock that it moves. */
  now(): number;
  /** Returns the same disk as another object, which calls `tell` with each change that is made through it. */
  telling(tell: (change: Change) => void): Disk;
}

/** A growing file that nobody else works on at the moment. */
export interface GrowingFile {
  /** Its size in bytes. */
  readonly size: number;
  /** The time of its last use before this one, in milliseconds since 1970. */
  readonly lastUsed: number;
  /** Notes that somebody uses the file now. */
  noteUse(): void;
  /**
   * Appends bytes as they come. A piece need be valid only until the disk asks for the next one. If `body` throws, the
   * bytes that came before stay in the file. `algorithm` is a hint as in {@linkcode Disk.begin}.
   */
  append(body: AsyncIterable<Uint8Array>, algorithm?: string): Promise<void>;
  /** Makes sure that all bytes so far survive a power cut. Returns false if somebody has removed the file. */
  save(): Promise<boolean>;
  /** Cuts the file down to a size in bytes. */
  truncate(size: number): Promise<void>;
  /** Reads a part of it. Returns fewer bytes if the file ends before. */
  read(part: ByteRange): Bytes;
  /** Returns the hash of all its bytes, as lower-case hexadecimal digits. */
  digest(algorithm: string): Promise<string>;
  /**
   * Moves the file to this name in this folder; then it grows no more. If the folder has such a file already, the disk keeps
   * that one, notes its use, and throws this one away, because the caller guarantees that both have the same bytes. Returns false
   * if somebody has removed the file.
   */
  moveTo(folder: string, name: string): Promise<boolean>;
  /** Removes the file and its folder. */
  discard(): Promise<void>;
}
