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
 * It works while a registry runs. It collects a large repository in portions, so that no request has to wait for long:
 *
 *     collection    look ─ remove   ·   look ─ remove   ·   look ─ remove
 *     push                          PUT manifest
 *
 * Three rules make that safe:
 *
 * - The portions and the pushes of manifests to the repository take turns. At the beginning of each portion the collection looks
 *   which manifests have come or gone. So either it sees the new manifest, or the push looks for its blobs after the portion, and
 *   refuses the manifest if one is gone.
 * - The collection takes only what was in the repository when it began. What has come since stays.
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
import { readManifest, removeManifest } from "../store/manifests.ts";
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
  /** Only repositories whose names begin with this, such as `team/`. Default: all. */
  readonly prefix?: string;
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
  const { prefix = "" } = options;
  for (const name of await Array.fromAsync(listRepositories(store, prefix))) {
    if (!name.startsWith(prefix)) return;
    options.progress?.(++repositories);
    yield* collectIn(store, name, options);
  }
}

async function* collectIn(store: Store, name: Name, options: CollectOptions): AsyncGenerator<Removal> {
  const collection = new Collection(store, name, await listContent(store, name), options);
  // It takes long to read all manifests for the first time. Nobody has to wait for that, because each portion looks again.
  await collection.look();
  for (;;) {
    yield* await changeRepository(store, name, () => collection.removePortion());
    if (collection.isOver) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

// A process that waits for its turn needs a moment to notice that a portion has ended. This is the time between two portions, in
// milliseconds.
const PAUSE = 20;

// A portion removes for as long as it has looked before, so that no more than half of the time goes into looking. But it removes for
// this many milliseconds at least, and at most.
const LEAST_AT_ONCE = 500;
const MOST_AT_ONCE = 5000;

/** The collection of one repository. */
class Collection {
  readonly #store: Store;
  readonly #name: Name;
  readonly #options: CollectOptions;
  readonly #grace: number;
  readonly #before: number;
  // What was there when it began, and how much of that it has looked at for blobs.
  readonly #content: readonly Digest[];
  #done = 0;
  // The same content. Each digest is kept as one text, however many manifests name it.
  readonly #texts: ReadonlyMap<Digest, Digest>;
  #manifests: ReadonlyMap<Digest, Needs> = new Map();

  /** True if there is nothing more to do. */
  isOver = false;

  constructor(store: Store, name: Name, content: readonly Digest[], options: CollectOptions) {
    this.#store = store;
    this.#name = name;
    this.#options = options;
    this.#grace = options.grace ?? PROGRAM_OPTIONS.grace.default;
    this.#before = store.disk.now() - this.#grace;
    this.#content = content;
    this.#texts = new Map(content.map((digest) => [digest, digest]));
  }

  /**
   * Looks which manifests are there now. Reads those that have come or changed since the last look, one after the other. Returns
   * false if one of them cannot be read.
   */
  async look(): Promise<boolean> {
    const known = this.#manifests;
    const manifests = new Map<Digest, Needs>();
    let isComplete = true;
    const work = new LongWork();
    // A new manifest may also be in a folder that was there before: a blob can have the same bytes.
    for (const digest of await listContent(this.#store, this.#name)) {
      if (work.isLong()) await work.giveWay();
      const file = this.#store.disk.look(manifestFile(this.#name, digest));
      if (file === undefined) continue;
      const last = known.get(digest);
      const needs = last?.lastUsed === file.lastUsed ? last : await this.#read(digest, file.lastUsed);
      if (needs === undefined) isComplete = false;
      else manifests.set(digest, needs);
    }
    this.#manifests = manifests;
    return isComplete;
  }

  async #read(digest: Digest, lastUsed: number): Promise<Needs | undefined> {
    const stored = readManifest(this.#store, this.#name, digest);
    const manifest = stored && await parseStoredManifest(stored);
    if (manifest === undefined || manifest instanceof Fault) return undefined;
    const references = manifest.references.map(({ descriptor }) => this.#texts.get(descriptor.digest));
    return {
      lastUsed,
      subject: manifest.subject?.digest,
      references: [...new Set(references)].filter((reference) => reference !== undefined),
    };
  }

  /**
   * Removes a portion of the garbage, and returns what it has removed. No other request or process may change the repository
   * meanwhile. A dry run removes nothing, so it is one portion.
   */
  async removePortion(): Promise<Removal[]> {
    const { untagged = false, dryRun = false, spared } = this.#options;
    const [store, name, before] = [this.#store, this.#name, this.#before];
    const begin = Date.now();
    // If a manifest cannot be read, it might need any blob. So nothing is removed, and `verify` reports the manifest.
    this.isOver = !await this.look();
    if (this.isOver) return [];

    const work = new LongWork();
    const manifests = this.#manifests;
    const kept = untagged ? await this.#reached() : new Set(manifests.keys());
    const needed = new Set<Digest>();
    for (const digest of kept) {
      if (work.isLong()) await work.giveWay();
      for (const reference of referencesOf(manifests, digest)) needed.add(reference);
    }
    const garbage = parentsFirst([...manifests.keys()].filter((digest) => !kept.has(digest)), manifests);

    const removals: Removal[] = [];
    const now = Date.now();
    const end = dryRun ? Infinity : now + Math.min(Math.max(now - begin, LEAST_AT_ONCE), MOST_AT_ONCE);
    for (const digest of garbage) {
      if (Date.now() >= end) return removals;
      const file = store.disk.look(manifestFile(name, digest));
      if (file === undefined) continue;
      removals.push({ name, digest, kind: "manifest", size: file.size, names: file.links });
      if (!dryRun) await removeManifest(store, name, digest, manifests.get(digest)?.subject);
    }
    for (; this.#done < this.#content.length; this.#done++) {
      if (Date.now() >= end) return removals;
      if (work.isLong()) await work.giveWay();
      const digest = this.#content[this.#done];
      const blob = findBlob(store, name, digest);
      if (blob === undefined || needed.has(digest)) continue;
      const removal: Removal = { name, digest, kind: "blob", size: blob.size, names: blob.links };
      if (blob.lastUsed > before) spared?.(removal, blob.lastUsed + this.#grace);
      else if (dryRun || await removeUnusedBlob(store, name, blob, before)) removals.push(removal);
    }
    this.isOver = true;
    return removals;
  }

  // Returns the manifests that a tag reaches. The search begins at the tags, and at the manifests that were pushed just now or have
  // come since the collection began. From each manifest it goes on to the children and to the referrers.
  async #reached(): Promise<Set<Digest>> {
    const manifests = this.#manifests;
    const referrers = Map.groupBy(manifests, ([, manifest]) => manifest.subject);
    const found = new Set<Digest>();
    const next: (Digest | undefined)[] = [];
    const work = new LongWork();
    for (const tag of await listTags(this.#store, this.#name)) {
      if (work.isLong()) await work.giveWay();
      next.push(resolveTag(this.#store, this.#name, tag));
    }
    for (const [digest, { lastUsed }] of manifests) {
      if (lastUsed > this.#before || !this.#texts.has(digest)) next.push(digest);
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
}

/** What the collection knows of a manifest. The manifest itself may be long, and there may be many. */
interface Needs {
  /** The time of its last change or noted use, in milliseconds since 1970. */
  readonly lastUsed: number;
  readonly subject?: Digest;
  /** What it points to, each once, as far as that was there when the collection began. */
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
