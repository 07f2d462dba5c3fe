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
import { parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import type { Disk } from "../disk/disk.ts";
import { LongWork } from "../giving_way.ts";
import { PROGRAM_OPTIONS } from "../options.ts";
import { findBlob, removeUnusedBlob } from "../store/blobs.ts";
import { manifestFile } from "../store/layout.ts";
import { hasManifest, readManifest, removeManifest } from "../store/manifests.ts";
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
  for (const name of await Array.fromAsync(listRepositories(store))) {
    options.progress?.(++repositories);
    yield* await changeRepository(store, name, () => collectIn(store, name, options));
  }
}

async function collectIn(store: Store, name: Name, options: CollectOptions): Promise<Removal[]> {
  const { untagged = false, dryRun = false, grace = PROGRAM_OPTIONS.grace.default } = options;
  const before = Date.now() - grace;
  const content = await listContent(store, name);
  const manifests = await manifestsOf(store, name, content);
  // If a manifest cannot be read, it might need any blob. So nothing is removed, and `verify` reports the manifest.
  if (manifests === undefined) return [];

  const removals: Removal[] = [];
  const work = new LongWork();
  const kept = untagged ? await reached(store, name, manifests, before) : new Set(manifests.keys());
  for (const digest of parentsFirst([...manifests.keys()].filter((digest) => !kept.has(digest)), manifests)) {
    const file = store.disk.look(manifestFile(name, digest));
    if (file === undefined) continue;
    removals.push({ name, digest, kind: "manifest", size: file.size, names: file.links });
    if (dryRun) continue;
    await removeManifest(store, name, digest, manifests.get(digest)?.subject);
  }

  const needed = new Set<Digest>();
  for (const digest of kept) {
    if (work.isLong()) await work.giveWay();
    for (const reference of referencesOf(manifests, digest)) needed.add(reference);
  }
  for (const digest of content) {
    if (work.isLong()) await work.giveWay();
    const blob = findBlob(store, name, digest);
    if (blob === undefined || needed.has(digest)) continue;
    const removal: Removal = { name, digest, kind: "blob", size: blob.size, names: blob.links };
    if (blob.lastUsed > before) options.spared?.(removal, blob.lastUsed + grace);
    else if (dryRun || await removeUnusedBlob(store, name, blob, before)) removals.push(removal);
  }
  return removals;
}

/** What the collection knows of a manifest. The manifest itself may be long, and there may be many. */
interface Needs {
  readonly subject?: Digest;
  /** What it points to, as far as that is there, each once. */
  readonly references: readonly Digest[];
}

function referencesOf(manifests: ReadonlyMap<Digest, Needs>, digest: Digest): readonly Digest[] {
  return manifests.get(digest)?.references ?? [];
}

// Sorts manifests so that an index comes before its children. If the collection is killed, no index is there without its children.
function parentsFirst(digests: readonly Digest[], manifests: ReadonlyMap<Digest, Needs>): Digest[] {
  const parents = new Map(digests.map((digest) => [digest, 0]));
  const count = (digest: Digest, change: 1 | -1) => {
    const number = (parents.get(digest) ?? NaN) + change;
    parents.set(digest, number);
    return number;
  };
  for (const digest of digests) {
    for (const child of referencesOf(manifests, digest)) count(child, 1);
  }
  const sorted = digests.filter((digest) => parents.get(digest) === 0);
  for (const digest of sorted) {
    for (const child of referencesOf(manifests, digest)) {
      if (count(child, -1) === 0) sorted.push(child);
    }
  }
  return sorted;
}

// Reads all manifests of a repository, one after the other. Returns `undefined` if one of them cannot be read.
async function manifestsOf(
  store: Store,
  name: Name,
  content: readonly Digest[],
): Promise<Map<Digest, Needs> | undefined> {
  // Each digest is kept as one text, however many manifests name it.
  const known = new Map(content.map((digest) => [digest, digest]));
  const manifests = new Map<Digest, Needs>();
  const work = new LongWork();
  for (const digest of content) {
    if (work.isLong()) await work.giveWay();
    if (!hasManifest(store, name, digest)) continue;
    const stored = readManifest(store, name, digest);
    const manifest = stored && await parseStoredManifest(stored);
    if (manifest === undefined || manifest instanceof Fault) return undefined;
    const references = manifest.references.map(({ descriptor }) => known.get(descriptor.digest));
    manifests.set(digest, {
      subject: manifest.subject?.digest,
      references: [...new Set(references)].filter((reference) => reference !== undefined),
    });
  }
  return manifests;
}

// Returns the manifests that a tag reaches. The search begins at the tags and at the manifests that were pushed just now.
// From each manifest it goes on to the children and to the referrers.
async function reached(
  store: Store,
  name: Name,
  manifests: ReadonlyMap<Digest, Needs>,
  before: number,
): Promise<Set<Digest>> {
  const referrers = Map.groupBy(manifests, ([, manifest]) => manifest.subject);
  const found = new Set<Digest>();
  const next: (Digest | undefined)[] = [];
  const work = new LongWork();
  for (const tag of await listTags(store, name)) {
    if (work.isLong()) await work.giveWay();
    next.push(resolveTag(store, name, tag));
  }
  for (const digest of manifests.keys()) {
    const file = store.disk.look(manifestFile(name, digest));
    if (file !== undefined && file.lastUsed > before) next.push(digest);
  }
  while (next.length > 0) {
    const digest = next.pop();
    if (digest === undefined || found.has(digest) || !manifests.has(digest)) continue;
    found.add(digest);
    for (const child of referencesOf(manifests, digest)) next.push(child);
    for (const [referrer] of referrers.get(digest) ?? []) next.push(referrer);
    if (work.isLong()) await work.giveWay();
  }
  return found;
}
