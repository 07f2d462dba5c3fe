/**
 * Expiring uploads: sessions that nobody finished or cancelled are thrown away after some time.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#cancel-a-blob-upload
 *
 *     library/hello/_uploads/0f9c…/data      last used 25 hours ago      is removed
 *
 * A session that has expired is unknown from that moment on, whether this has run or not; this only gives back its space.
 *
 * @module
 */

import { listFolders } from "../store/repositories.ts";
import type { Store } from "../store/store.ts";
import { expireSessions } from "../store/sessions.ts";

/** Removes all sessions that have expired (PUSH-CANCEL-04): how many there were. */
export async function expireUploads(store: Store): Promise<number> {
  let expired = 0;
  for (const name of listFolders(store)) expired += await expireSessions(store, name);
  return expired;
}
