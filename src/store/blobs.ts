/**
 * Blobs in the store.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pulling-blobs
 *
 *     library/hello/sha256:9b4e…/layer.tar.gz       one folder, one file, and its bytes hash to the folder's name
 *     library/hello/sha256:c3f2…/config.json
 *
 * The name of the file tells people the kind of its bytes. Clients never see that name: they ask for a blob by its digest,
 * and get plain bytes (`application/octet-stream`), whatever kind it is.
 *
 * A blob and a manifest may be the same bytes. Then both have their file in one folder, and each is served only by its own
 * endpoint.
 *
 * Next: blob_files.ts
 *
 * @module
 */

import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import type { FileInfo, GrowingFile } from "../disk/disk.ts";
import { fileNameFor } from "./blob_files.ts";
import { BLOB_FILES, contentFolder, uploadsFolder } from "./layout.ts";
import type { Store } from "./store.ts";

/** The file of a blob that a repository has. */
export type Blob = FileInfo;

/** Finds a blob of a repository. Returns `undefined` if the repository does not have it. */
export function findBlob({ disk }: Store, name: Name, digest: Digest): Blob | undefined {
  return disk.find(contentFolder(name, digest), BLOB_FILES);
}

/**
 * Finds a blob for a client that will probably need it soon, because it has asked whether the blob is there, or wants to
 * mount it. Notes that use, because the garbage collection spares blobs that were used just now.
 */
export function useBlob(store: Store, name: Name, digest: Digest): Blob | undefined {
  const blob = findBlob(store, name, digest);
  if (blob === undefined || store.disk.now() - blob.lastUsed < USE_IS_NOTED_FOR) return blob;
  return store.disk.noteUse(blob.path) ? blob : undefined;
}

// A use is noted once a minute at most, because noting each one would cost a write. So a grace period below a minute is not
// exact.
const USE_IS_NOTED_FOR = 60_000;

/** Returns a blob that a repository has already. Then the blob also survives a crash, and the registry may acknowledge it. */
export async function keepBlob(store: Store, name: Name, digest: Digest): Promise<Blob | undefined> {
  const blob = useBlob(store, name, digest);
  return blob !== undefined && await store.disk.keep(blob, uploadsFolder(name)) ? blob : undefined;
}

/** Makes a blob of a growing file whose bytes have this digest. Returns false if somebody has removed the file. */
export async function storeBlob(name: Name, digest: Digest, file: GrowingFile): Promise<boolean> {
  // USE-I04: two clients may push the same blob at the same time. Then `moveTo` keeps the file of the first one to finish.
  return await file.moveTo(contentFolder(name, digest), fileNameFor(file));
}

/**
 * Gives a repository a blob of another one, as a second name for the same file. Returns false if the other one does not
 * have it.
 */
export async function linkBlob(store: Store, from: Name, to: Name, digest: Digest): Promise<boolean> {
  const blob = useBlob(store, from, digest);
  if (blob === undefined) return false;
  const fileName = blob.path.slice(contentFolder(from, digest).length);
  return await store.disk.link(blob.path, contentFolder(to, digest) + fileName, uploadsFolder(to));
}

/** Removes a blob from one repository; other repositories keep it. Returns false if it was not there. */
export async function removeBlob(store: Store, name: Name, digest: Digest): Promise<boolean> {
  const blob = findBlob(store, name, digest);
  const wasThere = blob !== undefined && await store.disk.remove(blob.path);
  // A collection that was killed may have left the same bytes under another name, and the housekeeping would give them back.
  if (wasThere) await removeTakenAside(store, name, digest);
  // If that was the last content of the repository, its folder goes too. Only an empty `_uploads` can still be in it.
  if (wasThere) store.disk.tidy(uploadsFolder(name));
  return wasThere;
}

async function removeTakenAside({ disk }: Store, name: Name, digest: Digest): Promise<void> {
  const folder = contentFolder(name, digest);
  for (const fileName of disk.list(folder)) {
    if (BLOB_FILES.some((blobFile) => fileName.startsWith(`.${blobFile}.`))) await disk.remove(`${folder}/${fileName}`);
  }
}

/** Removes a blob that nobody has used since a time in milliseconds since 1970. Returns false if somebody has. */
export async function removeUnusedBlob(store: Store, name: Name, blob: Blob, since: number): Promise<boolean> {
  const wasUnused = await store.disk.removeUnused(blob.path, since);
  if (wasUnused) store.disk.tidy(uploadsFolder(name));
  return wasUnused;
}
