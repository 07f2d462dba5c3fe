/**
 * One look: its options, its limits, what it has found wrong, and what several kinds of facts need from the store.
 *
 *     const looking = new Looking(disk, { most: 100 });
 *     looking.find(name, digest)           { address: "library/hello/sha256:9b4e…/layer.tar.gz", size: 3355443, names: 2, … }
 *     await looking.tagsOf(name, digest)   ["latest", "v1"]
 *     looking.limits                       ["Only the first 1,000 tags were read."]
 *
 * A look reads what it needs and no more: lists come in parts, and where all manifests of a repository would have to be read, it
 * stops at a limit and says so.
 *
 * Next: look.ts
 *
 * @module
 */

import type { LayerFacts } from "../archive/layer.ts";
import type { ReadingLimits } from "../archive/source.ts";
import type { StackFacts } from "../archive/stack.ts";
import type { TarEntry } from "../archive/tar_entry.ts";
import type { TreeNode } from "../archive/tree_nodes.ts";
import { type Digest, HASHES, parseDigest } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { type Manifest, parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { entriesAfter } from "../definitions/page.ts";
import type { Tag } from "../definitions/tag.ts";
import { shorten } from "../definitions/printable.ts";
import type { Disk, FileInfo } from "../disk/disk.ts";
import { LongWork } from "../giving_way.ts";
import { REGISTRY_OPTIONS } from "../options.ts";
import { findBlob } from "../store/blobs.ts";
import { findManifest, mediaTypeOf, readManifest } from "../store/manifests.ts";
import { listContent, listRepositories } from "../store/repositories.ts";
import { openStore, type Store } from "../store/store.ts";
import { listTags, resolveTag } from "../store/tags.ts";
import { manifestAddress } from "./address.ts";
import type { EntryRow, PlaceLink, Rows, Wrong } from "./facts.ts";

/** A tree of files that a look has found: that of a layer, or of stacked layers. It stays in this thread. */
export interface LookedTree {
  /** Its nodes, each folder before what is in it. */
  readonly nodes: readonly TreeNode[];
  /** The index of the node that was asked for. */
  readonly at: number;
  /** The address in front of "!/". */
  readonly address: string;
  /** Returns the row of a node. */
  readonly rowOf: (index: number) => EntryRow;
  /** Returns the entry with the content of a file or hard link, and the address of the layer that it is in. */
  readonly contentOf: (index: number) => { readonly address: string; readonly entry: TarEntry } | undefined;
  /** What stacking has told, if these are stacked layers. */
  readonly stack?: StackFacts;
  /** The numbers and addresses of the layers. */
  readonly layers: readonly { readonly number: number; readonly address: string }[];
}

/** The options of a look. */
export interface LookOptions {
  /** The row after which a list begins. In a repository, a digest continues its content, and anything else its tags. */
  readonly after?: string;
  /** The most rows of a list. Default: 100, and 1,000 for the entries of a layer. */
  readonly most?: number;
  /** The limits for reading layers. */
  readonly limits?: ReadingLimits;
  /** True to return all entries of a layer, too. */
  readonly whole?: boolean;
  /** True to compute the digest of an unpacked layer. */
  readonly diffId?: boolean;
  /** A memory for layers that were read, so that the next look need not read them again. A `Map` is one. */
  readonly layers?: { get(key: string): LayerFacts | undefined; set(key: string, facts: LayerFacts): unknown };
  /** Returns true if the person who looks may see a repository. Others look as if they were not there. Default: all. */
  readonly maySee?: (name: string) => boolean;
  /** Stacks layers, for a caller who remembers stacks. Default: they are stacked anew each time. */
  readonly stack?: (layers: readonly LayerFacts[]) => StackFacts;
  /** Gets the tree that an address is in, for a caller who shows more of it. */
  readonly tree?: (tree: LookedTree) => void;
}

/** The most tags and manifests of a repository that one look reads, the most bytes of these manifests, and the most repositories. */
export const MOST_READ = { tags: 1000, manifests: 1000, bytes: 16 * 1024 * 1024, repositories: 1000 };

// The most looks for the names of files.
const MOST_LOOKS = 20_000;

/** The largest manifest that is read. */
export const LARGEST_MANIFEST: number = REGISTRY_OPTIONS.maxManifestSize.default;

/** A file of a digest. */
export interface FoundContent extends PlaceLink {
  /** The file. */
  readonly file: FileInfo;
  /** True if it is a manifest. */
  readonly isManifest: boolean;
}

/** A manifest among those of a repository. */
export interface ManifestAmong {
  /** Its digest. */
  readonly digest: Digest;
  /** What the registry reads of it. */
  readonly manifest: Manifest;
}

/** One look. What it has read of a repository it does not read again. */
export class Looking {
  /** The store. */
  readonly store: Store;
  /** The options. */
  readonly options: LookOptions;
  /** What is wrong so far. */
  readonly faults: Wrong[] = [];
  /** The limits that were met so far. */
  readonly limits: string[] = [];
  /** The number of letters of annotations that may still be shown. */
  annotationLetters = 1024 ** 2;
  readonly #work = new LongWork();
  #seen: Promise<Name[]> | undefined;
  #looks = 0;
  readonly #tags = new Map<Name, Promise<Map<string, Tag[]>>>();
  readonly #manifests = new Map<Name, Promise<{ all: ManifestAmong[]; isWhole: boolean }>>();

  /** Begins a look at a disk. */
  constructor(disk: Disk, options: LookOptions = {}) {
    this.store = openStore({ disk, hashes: HASHES, sessionLifetime: Infinity });
    this.options = options;
  }

  /** Lets other requests go on first, if this look has worked for long. */
  async giveWay(): Promise<void> {
    if (this.#work.isLong()) await this.#work.giveWay();
  }

  /** The disk. */
  get disk(): Disk {
    return this.store.disk;
  }

  /** Returns another one for facts that are a part of others. It begins at the first row of each list. */
  inside(): Looking {
    return new Looking(this.disk, { ...this.options, after: undefined });
  }

  /** Notes a limit, once. */
  limit(text: string): void {
    if (!this.limits.includes(text)) this.limits.push(text);
  }

  /** Finds the file of a digest: the manifest if there is one, or else the blob; or only what is asked for. */
  find(name: Name, digest: Digest, wanted: "manifest" | "blob" | "either" = "either"): FoundContent | undefined {
    const manifest = wanted === "blob" ? undefined : findManifest(this.store, name, digest);
    const file = manifest ?? (wanted === "manifest" ? undefined : findBlob(this.store, name, digest));
    return file && { address: file.path, text: shorten(digest), file, isManifest: manifest !== undefined };
  }

  /** Returns the place that a text names, if it is a digest that the repository has. */
  linkTo(name: Name, text: string): PlaceLink | undefined {
    const digest = text.length > 300 ? undefined : parseDigest(text);
    const found = digest && this.find(name, digest);
    return found && { address: found.address, text: found.text };
  }

  /** Returns the tags that point to a manifest. */
  async tagsOf(name: Name, digest: string): Promise<Tag[]> {
    if (!this.#tags.has(name)) this.#tags.set(name, this.#readTags(name));
    return (await this.#tags.get(name)!).get(digest) ?? [];
  }

  async #readTags(name: Name): Promise<Map<string, Tag[]>> {
    const tags = new Map<string, Tag[]>();
    let read = 0;
    for (const tag of await listTags(this.store, name)) {
      if (read++ === MOST_READ.tags) {
        this.limit(`Only the first ${MOST_READ.tags} tags of ${name} were read to see what they point to.`);
        break;
      }
      const digest = resolveTag(this.store, name, tag);
      if (digest !== undefined) tags.set(digest, [...tags.get(digest) ?? [], tag]);
      await this.giveWay();
    }
    return tags;
  }

  /** Reads the manifests of a repository, up to a limit. */
  manifestsOf(name: Name): Promise<{ all: ManifestAmong[]; isWhole: boolean }> {
    if (!this.#manifests.has(name)) this.#manifests.set(name, this.#readManifests(name));
    return this.#manifests.get(name)!;
  }

  async #readManifests(name: Name): Promise<{ all: ManifestAmong[]; isWhole: boolean }> {
    const all: ManifestAmong[] = [];
    let [read, bytes] = [0, 0];
    for (const digest of await listContent(this.store, name)) {
      await this.giveWay();
      const file = findManifest(this.store, name, digest);
      if (file === undefined) continue;
      bytes += file.size;
      if (++read > MOST_READ.manifests || bytes > MOST_READ.bytes) {
        this.limit(`${name} has more than ${MOST_READ.manifests} manifests, or long ones. Only the first were read.`);
        return { all, isWhole: false };
      }
      const stored = readManifest(this.store, name, digest);
      const manifest = stored && await parseStoredManifest(stored);
      if (manifest !== undefined && !(manifest instanceof Fault)) all.push({ digest, manifest });
    }
    return { all, isWhole: true };
  }

  /** Returns true if the person who looks may see a repository. */
  maySee(name: string): boolean {
    return this.options.maySee?.(name) ?? true;
  }

  /** Returns the repositories in a folder that come after a name, up to a limit; without a folder, all of them. */
  async repositories(folder = "", after = ""): Promise<Name[]> {
    const below = folder === "" ? "" : `${folder}/`;
    const names: Name[] = [];
    // In the order of byte values, "/" comes right behind ".".
    const start = below.replace(/\/$/, ".");
    for await (const name of listRepositories(this.store, after > start ? after : start)) {
      if (!name.startsWith(below) && name > below) break;
      if (!name.startsWith(below) || !this.maySee(name)) continue;
      if (names.push(name) === MOST_READ.repositories) break;
    }
    return names;
  }

  /** Returns the other repositories, up to a limit, to search them for something. */
  async otherRepositories(name: Name): Promise<Name[]> {
    const names = await this.repositories();
    if (names.length === MOST_READ.repositories) {
      this.limit(`Only the first ${MOST_READ.repositories} repositories were searched for the same content.`);
    }
    return names.filter((other) => other !== name);
  }

  /** Returns the number of names of a file that the person who looks may see: this repository, and others that share the file. */
  async namesOf(name: Name, digest: string, { links }: FileInfo): Promise<number> {
    if (links < 2 || this.options.maySee === undefined) return links;
    this.#seen ??= this.repositories();
    let names = 1;
    for (const other of await this.#seen) {
      if (names === links) break;
      if (++this.#looks > MOST_LOOKS) {
        this.limit("Not all repositories were searched for other names of the same file.");
        break;
      }
      // All names of one file say how many names it has.
      if (other !== name && this.find(other, digest as Digest, "blob")?.file.links === links) names++;
      await this.giveWay();
    }
    return names;
  }

  /** Returns the part of a sorted list that begins after a row, and makes its rows. */
  async rows<Key extends string, Row>(
    keys: readonly Key[],
    address: string,
    make: (key: Key) => Row | Promise<Row>,
    after: string = this.options.after ?? "",
    usual: number = ROWS,
  ): Promise<Rows<Row>> {
    const most = this.options.most ?? usual;
    const shown: Key[] = [];
    let isEnd = true;
    for (const key of entriesAfter(keys, after)) {
      if (shown.length === most) {
        isEnd = false;
        break;
      }
      shown.push(key);
    }
    const rows: Row[] = [];
    for (const key of shown) {
      rows.push(await make(key));
      await this.giveWay();
    }
    return { rows, total: keys.length, ...(isEnd ? {} : { next: { address, after: shown.at(-1)! } }) };
  }

  /** Returns the media type of a manifest without reading it. */
  mediaTypeOf(name: Name, digest: Digest): string | undefined {
    return mediaTypeOf(this.store, name, digest)?.trim();
  }

  /** Returns the address of a manifest, if it is there. */
  manifestIfThere(name: Name, digest: Digest): string | undefined {
    return this.find(name, digest, "manifest") && manifestAddress(name, digest);
  }
}

/** The most rows of a list, if nobody says otherwise. */
export const ROWS = 100;

/** Returns a time in milliseconds since 1970 as an ISO text. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
