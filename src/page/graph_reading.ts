/**
 * Reading repositories for a graph: the files that become boxes, what the manifests among them say, and a note of what is left out.
 *
 *     reach(library/hello, [7d1a…])   library/hello/sha256:7d1a…/manifest.json      it names c3f2… and 9b4e…, and e07c… refers to it
 *                                     library/hello/sha256:c3f2…/config.json
 *                                     library/hello/sha256:9b4e…/layer.tar.gz
 *                                     library/hello/sha256:e07c…/manifest.json
 *     leftOut                         [{ text: "5 more referrers of sha256:7d1a…" }]
 *
 * It reads what it is told to read, up to its limits. While it reads, it gives way to other requests.
 *
 * Next: manifest_parts.ts
 *
 * @module
 */

import { type Digest, parseDigest } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { parseStoredManifest } from "../definitions/manifest.ts";
import { type Name, parseName } from "../definitions/name.ts";
import { counted } from "../definitions/size.ts";
import type { Tag } from "../definitions/tag.ts";
import { LongWork } from "../giving_way.ts";
import { textTrait } from "../looking/formats.ts";
import { findBlob } from "../store/blobs.ts";
import { MANIFEST_FILE, sessionFile, tagFile, tagsFolder, uploadsFolder } from "../store/layout.ts";
import { findManifest, readManifest } from "../store/manifests.ts";
import { listEntries } from "../store/referrers.ts";
import { listContent, listFolders } from "../store/repositories.ts";
import type { Store } from "../store/store.ts";
import { listTags, resolveTag } from "../store/tags.ts";
import { listSessions } from "../store/uploads.ts";
import { addressOfGraph } from "./addresses.ts";
import {
  type Graph,
  type GraphFile,
  type GraphMore,
  type GraphRepository,
  type ManifestParts,
  placeOf,
} from "./graph_facts.ts";
import { graphOf, MOST_OTHERS } from "./graph_of_files.ts";
import { formatOf, partsOfManifest } from "./manifest_parts.ts";

/** How much is read. */
export interface GraphReadingLimits {
  /** The most tags that are read at once, parts of one manifest, referrers of one manifest, and upload sessions. */
  readonly parts: number;
  /** The most manifests and blobs that are read for a part of a repository. */
  readonly reached: number;
  /** The time for which more repositories are counted, and other names of a file are looked for, in milliseconds. */
  readonly patience: number;
}

/** What is read. */
export interface GraphReadingChoices {
  /** Returns true if the person who looks may see a repository. */
  readonly maySee: (name: string) => boolean;
  /** The text that tags and digests must have. */
  readonly filter: string;
  /** Returns the place of the first part of a manifest that is shown. */
  readonly firstPart: (digest: Digest) => number;
  /** How much is read. */
  readonly limits: GraphReadingLimits;
}

// The shortest text that is looked for in digests.
const SHORTEST_PART_OF_DIGEST = 4;

/** The reading for one graph. */
export class GraphReading {
  readonly #store: Store;
  readonly #choices: GraphReadingChoices;
  readonly #files: GraphFile[] = [];
  readonly #manifests = new Map<string, ManifestParts>();
  // The repositories of which all files have been read.
  readonly #whole = new Set<string>();
  readonly #leftOut: GraphMore[] = [];
  readonly #work = new LongWork();
  readonly #start = performance.now();

  /** Reads nothing yet. */
  constructor(store: Store, choices: GraphReadingChoices) {
    this.#store = store;
    this.#choices = choices;
  }

  /** What was left out until now. */
  get leftOut(): readonly GraphMore[] {
    return this.#leftOut;
  }

  /** Notes what is left out. If `path` is given, the graph of this path with this query and the same filter shows it. */
  leaveOut(text: string, path?: string, query: Readonly<Record<string, string>> = {}): void {
    const { filter } = this.#choices;
    const address = path === undefined
      ? {}
      : { address: addressOfGraph(path, filter === "" ? query : { filter, ...query }) };
    this.#leftOut.push({ text, ...address });
  }

  /** Returns true if the person has waited for longer than `patience`. Then the counting and the search may end. */
  isLate(): boolean {
    return performance.now() > this.#start + this.#choices.limits.patience;
  }

  /** Returns the graph of all that has been read. */
  draw(): Graph {
    return graphOf(this.#files, {
      manifestAt: (path) => this.#manifests.get(path),
      isWhole: (repository) => this.#whole.has(repository),
    });
  }

  /** Yields the repositories after a name that this person may see. One that has only upload sessions is about to become one. */
  async *repositories(after = ""): AsyncGenerator<Name> {
    const { disk } = this.#store;
    for await (const name of listFolders(this.#store, after)) {
      await this.#giveWay();
      const isThere = (await disk.listMany(name)).some((part) => parseDigest(part) !== undefined) ||
        [uploadsFolder(name), tagsFolder(name)].some((folder) => disk.list(folder).length > 0);
      if (isThere && this.#choices.maySee(name)) yield name;
    }
  }

  /** Counts what is in a repository. */
  async count(name: Name): Promise<Omit<GraphRepository, "isOpen">> {
    const tags = [...await listTags(this.#store, name)];
    const contents = await listContent(this.#store, name);
    const sessions = await listSessions(this.#store, name);
    await this.#giveWay();
    return { name, tags: tags.length, contents: contents.length, sessions: sessions.length };
  }

  /** Reads all of a repository: its tags, manifests, blobs and upload sessions. The caller knows that it is small enough. */
  async readAll(name: Name): Promise<void> {
    for (const tag of await listTags(this.#store, name)) {
      await this.#giveWay();
      this.readTag(name, tag);
    }
    await this.reach(name, await listContent(this.#store, name));
    await this.readSessions(name);
    this.#whole.add(name);
  }

  /** Reads the tags of one page. Returns what they point to. */
  async readTags(name: Name, after: string): Promise<Digest[]> {
    const { filter, limits } = this.#choices;
    const rest = [...await listTags(this.#store, name, after)].filter((tag) => tag.includes(filter));
    const page = rest.slice(0, limits.parts);
    const digests = new Set<Digest>();
    for (const tag of page) {
      await this.#giveWay();
      const digest = this.readTag(name, tag);
      if (digest !== undefined) digests.add(digest);
    }
    if (page.length < rest.length) {
      this.leaveOut(counted(rest.length - page.length, "more tag"), name, { after: page.at(-1)! });
    }
    return [...digests];
  }

  /** Reads a tag. Returns what it points to. */
  readTag(name: Name, tag: Tag): Digest | undefined {
    const path = tagFile(name, tag);
    const digest = resolveTag(this.#store, name, tag);
    const format = formatOf(textTrait("tag", tag));
    if (digest !== undefined || this.#store.disk.look(path) !== undefined) this.#files.push({ path, digest, format });
    return digest;
  }

  /** Returns the manifests and blobs whose digests have the text of the filter. */
  async findNamed(name: Name): Promise<Digest[]> {
    const { filter, limits } = this.#choices;
    if (filter.length < SHORTEST_PART_OF_DIGEST) return [];
    return (await listContent(this.#store, name)).filter((digest) => digest.includes(filter)).slice(0, limits.parts);
  }

  /** Reads manifests and blobs, all that they reach, and all that refers to these. */
  async reach(name: Name, roots: readonly Digest[]): Promise<void> {
    const { parts: most, reached: mostReached } = this.#choices.limits;
    const all = new Set<string>(await listContent(this.#store, name));
    const reached = new Set<string>(roots);
    let number = 0;
    for (const text of reached) {
      if (!all.has(text)) continue;
      if (number++ === mostReached) {
        this.leaveOut("more manifests and blobs that these tags reach");
        return;
      }
      const digest = text as Digest;
      await this.#giveWay();
      const blob = findBlob(this.#store, name, digest);
      if (blob !== undefined) this.#files.push({ path: blob.path, size: blob.size, names: blob.links });
      const manifest = findManifest(this.#store, name, digest);
      if (manifest === undefined) continue;
      this.#files.push({ path: manifest.path, size: manifest.size });
      const parts = this.#shown(name, digest, await this.#partsOf(name, digest), reached);
      this.#manifests.set(manifest.path, parts);
      for (const part of parts.parts) reached.add(part.digest);
      const referrers = [...await listEntries(this.#store, name, digest)].filter((referrer) => all.has(referrer));
      for (const referrer of referrers.slice(0, most)) reached.add(referrer);
      const others = referrers.filter((referrer) => !reached.has(referrer)).length;
      if (others > 0) this.leaveOut(`${counted(others, "more referrer")} of ${digest}`);
    }
  }

  // Returns a manifest without the parts that are too many. A part that has a box anyway is never too many.
  #shown(name: Name, digest: Digest, manifest: ManifestParts, reached: ReadonlySet<string>): ManifestParts {
    const from = this.#choices.firstPart(digest);
    const until = from + this.#choices.limits.parts;
    const parts = manifest.parts.filter((part, at) => (at >= from && at < until) || reached.has(part.digest));
    const left = manifest.parts.length - parts.length;
    if (left === 0) return manifest;
    const query: Record<string, string> = until < manifest.parts.length ? { from: String(until) } : {};
    this.leaveOut(`${counted(left, "more part")} of ${digest}`, `${name}/${digest}`, query);
    return { ...manifest, parts, more: left };
  }

  async #partsOf(name: Name, digest: Digest): Promise<ManifestParts> {
    const stored = readManifest(this.#store, name, digest);
    if (stored === undefined) return { parts: [], fault: "its content-type file is not there" };
    const manifest = await parseStoredManifest(stored);
    return manifest instanceof Fault ? { parts: [], fault: manifest.message } : partsOfManifest(manifest);
  }

  /** Reads the upload sessions. */
  async readSessions(name: Name): Promise<void> {
    const { parts: most } = this.#choices.limits;
    const sessions = await listSessions(this.#store, name);
    for (const id of sessions.slice(0, most)) {
      const file = this.#store.disk.look(sessionFile(name, id));
      if (file !== undefined) this.#files.push({ path: file.path, size: file.size });
    }
    if (sessions.length > most) this.leaveOut(counted(sessions.length - most, "more upload session"));
  }

  /** Finds the other names of the files that were read. All of these files are in the repository `name`. */
  async findOthers(name: Name): Promise<void> {
    const wanted = new Map<string, string[]>();
    for (const [at, file] of this.#files.entries()) {
      const place = placeOf(file.path);
      if ((file.names ?? 1) < 2 || place === undefined || !("digest" in place)) continue;
      const others: string[] = [];
      wanted.set(place.digest, others);
      this.#files[at] = { ...file, others };
    }
    if (wanted.size === 0) return;
    for await (const other of this.repositories()) {
      if (this.isLate()) return;
      if (other === name) continue;
      for (const digest of await listContent(this.#store, other)) {
        const others = wanted.get(digest);
        const blob = others && others.length < MOST_OTHERS ? findBlob(this.#store, other, digest) : undefined;
        if (blob !== undefined && blob.links > 1) others!.push(blob.path);
      }
    }
  }

  /** Takes all files of some repositories as they were, and reads the manifests among them that are still there. */
  async take(files: Iterable<GraphFile>): Promise<void> {
    for (const file of files) {
      this.#files.push(file);
      const place = placeOf(file.path);
      if (place === undefined) continue;
      this.#whole.add(place.repository);
      if (!("digest" in place) || place.file !== MANIFEST_FILE) continue;
      await this.#giveWay();
      const [name, digest] = [parseName(place.repository), parseDigest(place.digest)];
      const isThere = name !== undefined && digest !== undefined &&
        findManifest(this.#store, name, digest) !== undefined;
      if (isThere) this.#manifests.set(file.path, await this.#partsOf(name, digest));
    }
  }

  async #giveWay(): Promise<void> {
    if (this.#work.isLong()) await this.#work.giveWay();
  }
}
