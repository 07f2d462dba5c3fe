/**
 * Manifests in the store.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-manifests
 *
 *     library/hello/sha256:7d1a…/
 *     ├── manifest.json       exactly the bytes that were pushed
 *     └── content-type        application/vnd.oci.image.manifest.v1+json
 *
 * A manifest needs both files. The store writes `manifest.json` last and removes it first. So if `manifest.json` is there,
 * `content-type` is there too.
 *
 * Next: tags.ts
 *
 * @module
 */

import type { Digest } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import type { Bytes, FileInfo, WhenSent } from "../disk/disk.ts";
import { LongWork } from "../giving_way.ts";
import {
  CONTENT_TYPE_FILE,
  contentFolder,
  contentTypeFile,
  MANIFEST_FILE,
  manifestFile,
  referrerFile,
  referrersFolder,
  uploadsFolder,
} from "./layout.ts";
import { listContent } from "./repositories.ts";
import type { Store } from "./store.ts";

/** A manifest as it was pushed. */
export interface StoredManifest {
  /** The digest of its bytes. */
  readonly digest: Digest;
  /** Its bytes. The caller must not change them. */
  readonly bytes: Bytes;
  /** The media type that it was pushed with. */
  readonly mediaType: string;
}

/** Reads a manifest of a repository. Returns `undefined` if the repository does not have it. */
export function readManifest({ disk }: Store, name: Name, digest: Digest): StoredManifest | undefined {
  return disk.readTogether(contentFolder(name, digest), (files) => {
    const bytes = files.read(MANIFEST_FILE);
    const mediaType = new TextDecoder().decode(files.read(CONTENT_TYPE_FILE));
    return bytes && mediaType ? { digest, bytes, mediaType } : undefined;
  });
}

/** Returns the media type of a manifest without reading the manifest, or `undefined` if the repository does not have it. */
export function mediaTypeOf({ disk }: Store, name: Name, digest: Digest): string | undefined {
  return disk.read(contentTypeFile(name, digest), (bytes) => new TextDecoder().decode(bytes) || undefined);
}

/**
 * Opens a manifest to be sent. A large one comes from its file in pieces: clients may read slowly, and each of them would keep
 * a copy of its own.
 */
export function openManifest(
  { disk }: Store,
  name: Name,
  manifest: StoredManifest,
  sent: WhenSent,
): Bytes | ReadableStream<Bytes> {
  const { digest, bytes } = manifest;
  if (bytes.length <= LARGEST_AT_ONCE) return bytes;
  const file = disk.look(manifestFile(name, digest));
  return (file && disk.open(file, undefined, sent)) ?? bytes;
}

const LARGEST_AT_ONCE = 128 * 1024;

/** Returns true if a repository has a manifest. */
export function hasManifest(store: Store, name: Name, digest: Digest): boolean {
  return manifestSize(store, name, digest) !== undefined;
}

/** Returns true if a repository has a manifest. Then it also survives a crash. */
export async function keepsManifest({ disk }: Store, name: Name, digest: Digest): Promise<boolean> {
  return await disk.keep(manifestFile(name, digest), uploadsFolder(name));
}

/** Finds the file of a manifest, or `undefined` if the repository does not have it. */
export function findManifest({ disk }: Store, name: Name, digest: Digest): FileInfo | undefined {
  return disk.look(manifestFile(name, digest));
}

/** Returns the length of a manifest in bytes, or `undefined` if the repository does not have it. */
export function manifestSize(store: Store, name: Name, digest: Digest): number | undefined {
  return findManifest(store, name, digest)?.size;
}

/** Stores a manifest. If it is there already, with the same bytes and the same media type, nothing is written. */
export async function storeManifest(store: Store, name: Name, manifest: StoredManifest): Promise<void> {
  const { digest, bytes } = manifest;
  const stored = readManifest(store, name, digest);
  const isIntact = stored !== undefined && areEqual(stored.bytes, bytes);
  if (isIntact && stored.mediaType === manifest.mediaType) {
    store.disk.noteUse(manifestFile(name, digest));
    await keepsManifest(store, name, digest);
    return;
  }
  const mediaType = new TextEncoder().encode(manifest.mediaType);
  const files = { [CONTENT_TYPE_FILE]: mediaType, ...(isIntact ? {} : { [MANIFEST_FILE]: bytes }) };
  // The bytes may also be a blob, which another request has just put into the same folder.
  await store.disk.put(contentFolder(name, digest), files, { movedFrom: uploadsFolder(name) });
}

// Somebody may have damaged the file by hand. Then a push repairs it.
function areEqual(one: Bytes, other: Bytes): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) {
    if (one[at] !== other[at]) return false;
  }
  return true;
}

/** Removes a manifest, and its entry among the referrers of its subject. Returns false if it was not there. */
export async function removeManifest(
  { disk }: Store,
  name: Name,
  digest: Digest,
  subject: Digest | undefined,
): Promise<boolean> {
  // A list of referrers that somebody remembers still has the manifest.
  if (subject !== undefined) disk.forget(referrersFolder(name, subject));
  const wasThere = await disk.remove(manifestFile(name, digest));
  if (subject !== undefined) await disk.remove(referrerFile(name, subject, digest));
  await disk.remove(contentTypeFile(name, digest));
  disk.tidy(uploadsFolder(name));
  return wasThere;
}

/** Returns true if a part of a manifest is there. Mostly it is all of it; otherwise a push or a delete broke off. */
export function hasPartOfManifest({ disk }: Store, name: Name, digest: Digest): boolean {
  return [manifestFile(name, digest), contentTypeFile(name, digest)].some((path) => disk.look(path) !== undefined);
}

/**
 * Finds a manifest of a repository that points to a blob. It looks only at the first manifests, because the result is only
 * used for a warning.
 */
export async function manifestThatNeeds(store: Store, name: Name, blob: Digest): Promise<Digest | undefined> {
  const work = new LongWork();
  let bytes = 0;
  for (const digest of (await listContent(store, name)).slice(0, MOST_LOOKED_AT.digests)) {
    if (work.isLong()) await work.giveWay();
    const stored = readManifest(store, name, digest);
    const manifest = stored && await parseStoredManifest(stored);
    if (manifest === undefined || manifest instanceof Fault) continue;
    if (manifest.references.some(({ descriptor, to }) => to === "blob" && descriptor.digest === blob)) return digest;
    bytes += stored!.bytes.length;
    if (bytes > MOST_LOOKED_AT.bytes) return undefined;
  }
}

const MOST_LOOKED_AT = { digests: 1000, bytes: 16 * 1024 * 1024 };
