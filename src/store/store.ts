/**
 * A store: all that a registry keeps, and the disk that it keeps it on.
 *
 *     { disk: localDisk("testdata"), hashes: { sha256, sha512 }, sessionLifetime: 86400000, sessions: { number: 2, … } }
 *
 * Nearly every operation of this folder takes a store as its first argument. If the registry tells stories, each request
 * works with a copy of the store whose disk tells its changes to the story of that request.
 *
 * Next: layout.ts
 *
 * @module
 */

import type { Hashes } from "../definitions/digest.ts";
import type { Disk } from "../disk/disk.ts";
import { REGISTRY_OPTIONS } from "../options.ts";

/** All that a registry keeps, and where. */
export interface Store {
  /** The disk that everything is kept on. */
  readonly disk: Disk;
  /** The digest algorithms that can be computed. */
  readonly hashes: Hashes;
  /** The time that an upload session lives after its last request, in milliseconds. */
  readonly sessionLifetime: number;
  /** The number of upload sessions; see `uploads.ts`. */
  readonly sessions: { number: number; countedAt: number; counting?: Promise<void> };
}

/**
 * Opens a store on a disk.
 *
 * @throws {RangeError} if upload sessions would live too short a time for a client that pauses between two requests.
 */
export function openStore(options: Omit<Store, "sessions">): Store {
  const { sessionLifetime } = options;
  const [least] = REGISTRY_OPTIONS.uploadTtl.range;
  if (!(sessionLifetime >= least)) {
    throw new RangeError(`Cannot keep uploads for only ${sessionLifetime} milliseconds: ${least} is the least`);
  }
  return { ...options, sessions: { number: 0, countedAt: 0 } };
}
