/**
 * Expiring uploads: removes the sessions that no client has used for some time.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#cancel-a-blob-upload
 *
 *     library/hello/_uploads/0f9c…/data      last used 25 hours ago      is removed
 *
 * The registry refuses an expired session even if this has not run yet. This only frees its space.
 *
 * Next: clear_left_overs.ts
 *
 * @module
 */

import { HASHES } from "../definitions/digest.ts";
import type { Disk } from "../disk/disk.ts";
import { REGISTRY_OPTIONS } from "../options.ts";
import { listFolders } from "../store/repositories.ts";
import { openStore } from "../store/store.ts";
import { expireSessions } from "../store/uploads.ts";

/**
 * Removes all sessions that have expired (PUSH-CANCEL-04). Returns their number.
 *
 * @param uploadTtl the time that a session lives after its last request, in milliseconds.
 * @throws {RangeError} if that is less than a minute.
 */
export async function expireUploads(
  disk: Disk,
  uploadTtl: number = REGISTRY_OPTIONS.uploadTtl.default,
): Promise<number> {
  const store = openStore({ disk, hashes: HASHES, sessionLifetime: uploadTtl });
  let expired = 0;
  for await (const name of listFolders(store)) expired += await expireSessions(store, name);
  return expired;
}
