/**
 * A store: the folder that everything is kept in, and how it is kept.
 *
 * Every operation on disk takes a store first. A request works with a copy of the registry's store that differs in one
 * thing, whom it tells of its changes: so each request knows what it has done to the disk.
 *
 *     { root: "testdata", durability: "sync", … , report: (change) => … }
 *
 * Next: layout.ts
 *
 * @module
 */

import type { Hashes, RunningHash } from "../definitions/digest.ts";
import type { SessionId } from "../definitions/session.ts";

/** The folder that everything is kept in, and how. */
export interface Store {
  /** The root: the folder that has the repositories in it. */
  readonly root: string;
  /** `sync` waits until changes are on the disk, `none` leaves that to the operating system. */
  readonly durability: "sync" | "none";
  /** The digests that can be computed. */
  readonly hashes: Hashes;
  /** How long an upload session lives after its last request, in milliseconds. */
  readonly sessionLifetime: number;
  /** Who waits for whom inside this process; see `locks.ts`. */
  readonly queues: Map<string, Promise<void>>;
  /** The hashes of upload sessions so far, the one last begun at the end; see `uploads.ts`. */
  readonly runningHashes: Map<SessionId, HashSoFar>;
  /** Whom to tell about each change. */
  report(change: Change): void;
}

/** One change on disk, as the story tells it. */
export interface Change {
  /** `+` something new, `~` something that changed or grew, `-` something removed, `=` another name for the same bytes. */
  readonly sign: "+" | "~" | "-" | "=";
  /** The file or folder, relative to the root. */
  readonly path: string;
  /** The size of the file after the change, in bytes. */
  readonly size?: number;
  /** For `=`: the file that has the same bytes, relative to the root. */
  readonly sameAs?: string;
}

/** The hash of the first `size` bytes of an upload session. */
export interface HashSoFar {
  /** The algorithm of the hash. */
  readonly algorithm: string;
  /** The hash, which can go on. */
  readonly hash: RunningHash;
  /** The number of bytes that it is of. */
  size: number;
}
