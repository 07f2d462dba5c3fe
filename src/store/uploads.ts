/**
 * Upload sessions in the store.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-a-blob-in-chunks
 *
 *     library/hello/_uploads/0f9c…/data        the bytes so far; their number is the offset of the next chunk
 *
 * A session is only that file. Its length says how many bytes have arrived, and its time says when the session was last
 * used. So a session survives a restart, and all processes that serve the folder see the same sessions.
 *
 *     openSession      makes the folder and the empty file
 *     withNewSession   does the same for a request that will end the session itself
 *     withSession      lets one request at a time append bytes, cut them off, or drop the session
 *     finishSession    makes a blob of the session, if its bytes have the digest that the client names
 *
 * Next: repositories.ts
 *
 * @module
 */

import { algorithmOf, type Digest, toDigest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { newSessionId, parseSessionId, type SessionId } from "../definitions/session.ts";
import type { FileInfo, GrowingFile } from "../disk/disk.ts";
import { LongWork } from "../giving_way.ts";
import { storeBlob } from "./blobs.ts";
import { BLOB_FILES, sessionFile, sessionFolder, uploadsFolder } from "./layout.ts";
import { listFolders } from "./repositories.ts";
import type { Store } from "./store.ts";

/** A session that no other request works on at the moment. */
export interface Session {
  /** Its repository. */
  readonly name: Name;
  /** Its UUID. */
  readonly id: SessionId;
  /** Its bytes so far. */
  readonly file: GrowingFile;
}

/** Opens a session. `algorithm` is the one of the digest that the client will probably close it with. */
export async function openSession(store: Store, name: Name, algorithm: string): Promise<SessionId> {
  const id = newSessionId();
  await counting(store, store.disk.begin(sessionFile(name, id), algorithm));
  return id;
}

// Counts a session from before it begins. So many requests at the same time cannot pass `maxUploads`.
async function counting<T>(store: Store, beginning: Promise<T>): Promise<T> {
  store.sessions.number++;
  try {
    return await beginning;
  } catch (error) {
    store.sessions.number--;
    throw error;
  }
}

/**
 * Opens a session for one request, and runs an action that ends it. If the action throws, the store drops the session. Returns
 * `undefined` if somebody has removed the session meanwhile.
 */
export async function withNewSession<T>(
  store: Store,
  name: Name,
  algorithm: string,
  action: (session: Session) => Promise<T>,
): Promise<T | undefined> {
  const id = newSessionId();
  const acting = store.disk.begin(sessionFile(name, id), algorithm, async (file) => {
    try {
      return await action({ name, id, file });
    } catch (error) {
      await file.discard();
      throw error;
    }
  });
  return await counting(store, acting);
}

/**
 * Runs an action on a session, one request at a time. Returns `undefined` if there is no such session, or it has expired. Notes
 * the use of the session before the action and after it, so a request that takes long does not use up the session's lifetime.
 */
export async function withSession<T>(
  store: Store,
  name: Name,
  id: SessionId,
  action: (session: Session) => Promise<T>,
): Promise<T | undefined> {
  return await store.disk.grow(sessionFile(name, id), async (file) => {
    if (isOld(store, file)) return undefined;
    file.noteUse();
    try {
      return await action({ name, id, file });
    } finally {
      file.noteUse();
    }
  });
}

/**
 * Ends a session. If its bytes have the digest, they become the blob; if not, the store drops them. Returns their actual digest,
 * or `undefined` if somebody has removed the session meanwhile.
 */
export async function finishSession(
  store: Store,
  { name, file }: Session,
  digest: Digest,
): Promise<Digest | undefined> {
  const algorithm = algorithmOf(digest);
  const actual = toDigest(algorithm, await file.digest(algorithm));
  let isThere = true;
  if (actual === digest) isThere = await storeBlob(name, digest, file);
  else await file.discard();
  store.sessions.number--;
  return isThere ? actual : undefined;
}

/** Ends a session and drops its bytes. */
export async function dropSession(store: Store, { file }: Session): Promise<void> {
  await file.discard();
  store.sessions.number--;
}

/** Returns how many bytes a session has, or `undefined` if there is no such session. Asking is a use of the session. */
export function sessionSize(store: Store, name: Name, id: SessionId): number | undefined {
  const file = store.disk.look(sessionFile(name, id));
  if (file === undefined || isExpired(store, file)) return undefined;
  store.disk.noteUse(file.path);
  return file.size;
}

// PUSH-CANCEL-04: a session lives for some time after its last request. Each request puts its time on the file.
function isOld({ disk, sessionLifetime }: Store, { lastUsed }: { readonly lastUsed: number }): boolean {
  return disk.now() - lastUsed > sessionLifetime;
}

// A request that has been receiving bytes for longer than that is still using the session.
function isExpired(store: Store, file: FileInfo): boolean {
  return isOld(store, file) && !store.disk.isGrowing(file.path);
}

/**
 * Counts the upload sessions in all repositories, also those of other processes. It does so at most once a second; in between,
 * the number of the store tells the sessions that this store opens and ends.
 */
export async function countSessions(store: Store): Promise<void> {
  const { sessions } = store;
  if (Date.now() - sessions.countedAt > 1000) {
    sessions.counting ??= countAnew(store).finally(() => sessions.counting = undefined);
    await sessions.counting;
  }
}

async function countAnew(store: Store): Promise<void> {
  const { sessions } = store;
  const before = sessions.number;
  const work = new LongWork();
  let number = 0;
  for await (const name of listFolders(store)) {
    for (const id of await listSessions(store, name)) {
      if (work.isLong()) await work.giveWay();
      const file = store.disk.look(sessionFile(name, id));
      // A session with an empty folder counts too: some request is just opening it.
      const isOpen = file === undefined
        ? store.disk.list(sessionFolder(name, id)).length === 0
        : !isExpired(store, file);
      if (isOpen) number++;
    }
  }
  // Requests may have opened and ended sessions meanwhile.
  sessions.number += number - before;
  sessions.countedAt = Date.now();
}

/** Removes the sessions of a repository that have expired. Returns their number. */
export async function expireSessions(store: Store, name: Name): Promise<number> {
  let expired = 0;
  const work = new LongWork();
  for (const id of await listSessions(store, name)) {
    if (work.isLong()) await work.giveWay();
    const folder = sessionFolder(name, id);
    // If the end of a session broke off, its file has the name of a blob already. If its opening did, the folder is empty.
    const seen = store.disk.look(sessionFile(name, id)) ?? store.disk.find(folder, BLOB_FILES);
    if (seen === undefined) {
      store.disk.tidy(folder);
    } else if (isExpired(store, seen)) {
      await store.disk.grow(seen.path, async (file) => {
        // A request may have used the session in between.
        if (!isOld(store, file)) return;
        await dropSession(store, { name, id, file });
        expired++;
      });
    }
  }
  store.disk.tidy(uploadsFolder(name));
  return expired;
}

/** Returns the upload sessions of a repository, sorted by byte value. */
export async function listSessions({ disk }: Store, name: Name): Promise<SessionId[]> {
  return (await disk.listMany(uploadsFolder(name))).map(parseSessionId).filter((id) => id !== undefined);
}
