/**
 * Collecting garbage: removes content that nobody needs any more.
 *
 * A blob is needed if a manifest of its repository points to it. With `untagged`, manifests that no tag reaches are removed
 * too. A tag reaches the manifest that it points to, the children of each index that it reaches, and the referrers of each
 * manifest that it reaches.
 *
 *     latest ─▶ index ─▶ image ─▶ layers        all of this stays
 *                          ▲
 *               signature ─┘                    and this: it refers to an image that stays
 *
 * It works while a registry runs. Two rules make that safe:
 *
 * - The collection of a repository and the pushes of manifests to it take turns. So either the collection sees the new manifest,
 *   or the push looks for its blobs after the collection, and refuses the manifest if one is gone.
 * - The collection spares blobs that were used within the grace period. If a client has uploaded a blob, mounted it or asked for
 *   it just now, it may be about to push the manifest.
 *
 * Next: draw_tree.ts
 *
 * @module
 */

import { type Digest, HASHES } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { type Manifest, parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import type { Disk } from "../disk/disk.ts";
import { PROGRAM_OPTIONS } from "../options.ts";
import { findBlob, removeUnusedBlob } from "../store/blobs.ts";
import { manifestFile } from "../store/layout.ts";
import { hasManifest, readManifest, removeManifest } from "../store/manifests.ts";
import { removeReferrer } from "../store/referrers.ts";
import { changeRepository, listContent, listRepositories } from "../store/repositories.ts";
import { openStore, type Store } from "../store/store.ts";
import { listTags, resolveTag } from "../store/tags.ts";
import { clearLeftOvers } from "./clear_left_overs.ts";

/** One blob or manifest that nobody needs. */
export interface Removal {
  /** The repository. */
  readonly name: Name;
  /** The digest. */
  readonly digest: Digest;
  /** Its kind. */
  readonly kind: "blob" | "manifest";
  /** Its length in bytes. */
  readonly size: number;
  /** The number of repositories that have the same file. Its space is free when the last one has removed it. */
  readonly names: number;
}

/** The options of `collectGarbage`. */
export interface CollectOptions {
  /** True to remove manifests that no tag reaches, too. Default: false. */
  readonly untagged?: boolean;
  /** True to remove nothing, and only to yield the garbage. Default: false. */
  readonly dryRun?: boolean;
  /** The grace period, in milliseconds: content that was used within this time is spared. Default: one hour. */
  readonly grace?: number;
  /** Is called for each blob that is spared, with the end of its grace period in milliseconds since 1970. */
  readonly spared?: (blob: Removal, until: number) => void;
  /** Is called for each repository, with the number of repositories so far. */
  readonly progress?: (repositories: number) => void;
}

/**
 * Collects the garbage of all repositories on a disk, one after the other. Yields each blob and manifest that it has
 * removed.
 */
export async function* collectGarbage(disk: Disk, options: CollectOptions = {}): AsyncGenerator<Removal> {
  const store = openStore({ disk, hashes: HASHES, sessionLifetime: Infinity });
  let repositories = 0;
  if (!options.dryRun) await Array.fromAsync(clearLeftOvers(disk));
  await giveWay();
  for (const name of [...listRepositories(store)]) {
    options.progress?.(++repositories);
    await giveWay();
    yield* await changeRepository(store, name, () => collectIn(store, name, options));
  }
}

// Lets a registry in the same process answer requests in between.
function giveWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function collectIn(store: Store, name: Name, options: CollectOptions): Promise<Removal[]> {
  const { untagged = false, dryRun = false, grace = PROGRAM_OPTIONS.grace.default } = options;
  const before = Date.now() - grace;
  const manifests = manifestsOf(store, name);
  // If a manifest cannot be read, it might need any blob. So nothing is removed, and `verify` reports the manifest.
  if (manifests === undefined) return [];

  const removals: Removal[] = [];
  const kept = untagged ? reached(store, name, manifests, before) : new Set(manifests.keys());
  for (const digest of parentsFirst([...manifests.keys()].filter((digest) => !kept.has(digest)), manifests)) {
    const file = store.disk.look(manifestFile(name, digest));
    if (file === undefined) continue;
    removals.push({ name, digest, kind: "manifest", size: file.size, names: file.links });
    if (dryRun) continue;
    await removeManifest(store, name, digest);
    const subject = manifests.get(digest)?.subject;
    if (subject !== undefined) await removeReferrer(store, name, subject.digest, digest);
  }

  const needed = new Set([...kept].flatMap((digest) => referencesOf(manifests.get(digest))));
  for (const digest of listContent(store, name)) {
    const blob = findBlob(store, name, digest);
    if (blob === undefined || needed.has(digest)) continue;
    const removal: Removal = { name, digest, kind: "blob", size: blob.size, names: blob.links };
    if (blob.lastUsed > before) options.spared?.(removal, blob.lastUsed + grace);
    else if (dryRun || await removeUnusedBlob(store, name, blob, before)) removals.push(removal);
  }
  return removals;
}

function referencesOf(manifest: Manifest | undefined): Digest[] {
  return manifest?.references.map(({ descriptor }) => descriptor.digest) ?? [];
}

// Sorts manifests so that an index comes before its children. If the collection is killed, no index is there without its children.
function parentsFirst(digests: readonly Digest[], manifests: Map<Digest, Manifest>): Digest[] {
  const parents = new Map(digests.map((digest) => [digest, 0]));
  const count = (digest: Digest, change: 1 | -1) => {
    const number = (parents.get(digest) ?? NaN) + change;
    parents.set(digest, number);
    return number;
  };
  for (const digest of digests) {
    for (const child of referencesOf(manifests.get(digest))) count(child, 1);
  }
  const sorted = digests.filter((digest) => parents.get(digest) === 0);
  for (const digest of sorted) {
    sorted.push(...referencesOf(manifests.get(digest)).filter((child) => count(child, -1) === 0));
  }
  return sorted;
}

// Returns all manifests of a repository, or `undefined` if one of them cannot be read.
function manifestsOf(store: Store, name: Name): Map<Digest, Manifest> | undefined {
  const manifests = new Map<Digest, Manifest>();
  for (const digest of listContent(store, name)) {
    if (!hasManifest(store, name, digest)) continue;
    const stored = readManifest(store, name, digest);
    const manifest = stored && parseStoredManifest(stored);
    if (manifest === undefined || manifest instanceof Fault) return undefined;
    manifests.set(digest, manifest);
  }
  return manifests;
}

// Returns the manifests that a tag reaches. The search begins at the tags and at the manifests that were pushed just now.
// From each manifest it goes on to the children and to the referrers.
function reached(store: Store, name: Name, manifests: Map<Digest, Manifest>, before: number): Set<Digest> {
  const referrers = Map.groupBy(manifests, ([, manifest]) => manifest.subject?.digest);
  const found = new Set<Digest>();
  const next = [...listTags(store, name)].map((tag) => resolveTag(store, name, tag));
  for (const digest of manifests.keys()) {
    const file = store.disk.look(manifestFile(name, digest));
    if (file !== undefined && file.lastUsed > before) next.push(digest);
  }
  while (next.length > 0) {
    const digest = next.pop();
    if (digest === undefined || found.has(digest) || !manifests.has(digest)) continue;
    found.add(digest);
    next.push(...referencesOf(manifests.get(digest)));
    next.push(...referrers.get(digest)?.map(([referrer]) => referrer) ?? []);
  }
  return found;
}
