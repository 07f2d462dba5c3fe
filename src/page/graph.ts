/**
 * The facts of the graph, as the folder is now.
 *
 *     GET /graph/                                  all repositories, as boxes; if there is little in them, with all that is in them
 *     GET /graph/library/hello                     one repository
 *     GET /graph/library/hello/_tags/latest        what a tag reaches
 *     GET /graph/library/hello/sha256:7d1a…        what a manifest reaches, what refers to it, and what needs it
 *     GET /graph/library/hello?filter=v1&after=v12 the tags with "v1" in them that come after "v12", and what they reach
 *
 * The registry may be large, so nothing that is far away is read. A repository is read as a whole only if it is small; then it is
 * also known what nobody needs. Otherwise the graph has what some tags reach, and says how much more there is. While it reads, it
 * gives way to other requests.
 *
 * Next: manifest_parts.ts
 *
 * @module
 */

import { type Digest, HASHES, parseDigest } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { parseStoredManifest } from "../definitions/manifest.ts";
import { type Name, parseName } from "../definitions/name.ts";
import { entriesAfter } from "../definitions/page.ts";
import { parseSessionId, type SessionId } from "../definitions/session.ts";
import { parseTag, type Tag } from "../definitions/tag.ts";
import { LongWork } from "../giving_way.ts";
import { findBlob } from "../store/blobs.ts";
import { digestsAmong, MANIFEST_FILE, sessionFile, tagFile, tagsFolder, uploadsFolder } from "../store/layout.ts";
import { findManifest, readManifest } from "../store/manifests.ts";
import { textTrait } from "../looking/formats.ts";
import { listEntries } from "../store/referrers.ts";
import { listFolders } from "../store/repositories.ts";
import { openStore, type Store } from "../store/store.ts";
import { resolveTag } from "../store/tags.ts";
import { addressOfGraph, type PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { type Box, type Graph, type GraphFile, type ManifestParts, placeOf } from "./graph_facts.ts";
import { graphOf, MOST_OTHERS, partOf } from "./graph_of_files.ts";
import { formatOf, partsOfManifest } from "./manifest_parts.ts";

/** The facts of a graph. */
export interface GraphFacts extends Graph {
  /** Their address. */
  readonly address: string;
  /** The path that it is about; empty for the whole registry. */
  readonly path: string;
  /** The text that the names must have. */
  readonly filter: string;
  /** The repositories, sorted by byte value; of a graph of one repository, that one. */
  readonly repositories: readonly GraphRepository[];
  /** What is left out, each as a sentence, with the address that shows it if there is one. */
  readonly more: readonly { readonly text: string; readonly address?: string }[];
}

/** A repository. */
export interface GraphRepository {
  /** Its name. */
  readonly name: string;
  /** The number of its tags. */
  readonly tags: number;
  /** The number of its manifests and blobs. */
  readonly contents: number;
  /** The number of its upload sessions. */
  readonly sessions: number;
  /** True if the boxes have what is in it. */
  readonly isOpen: boolean;
}

/** The limits of a graph. */
export interface GraphLimits {
  /** The most repositories in a graph of the whole registry. */
  readonly repositories: number;
  /** The most tags, manifests, blobs and sessions of all repositories together that a graph of the whole registry shows. */
  readonly files: number;
  /** The most manifests and blobs, and the most tags, of a repository that is read as a whole. */
  readonly contents: number;
  /** The most tags in a part of a repository, parts of one manifest, referrers of one manifest, and upload sessions. */
  readonly parts: number;
  /** The most manifests and blobs that are read for a part of a repository. */
  readonly reached: number;
  /** The time for which more repositories are counted, and other names of a file are looked for, in milliseconds. */
  readonly patience: number;
}

const LIMITS: GraphLimits = {
  repositories: 200,
  files: 600,
  contents: 1000,
  parts: 100,
  reached: 2000,
  patience: 300,
};

/** Whose graph it is, and of which folder. */
export type GraphSight = Pick<PageContext, "disk" | "maySee" | "maySeeAll">;

/** Returns the facts of a graph. Returns `undefined` if its path shows nothing, or nothing that this person may see. */
export async function factsOfGraph(
  { rest, query }: Pick<PageAddress, "rest" | "query">,
  { disk, ...sight }: GraphSight,
  limits: Partial<GraphLimits> = {},
): Promise<GraphFacts | undefined> {
  const store = openStore({ disk, hashes: HASHES, sessionLifetime: Infinity });
  const path = rest.replace(/\/$/, "");
  const place = parsePath(path);
  if (path !== "" && (place === undefined || !sight.maySee(place.name))) return undefined;
  const reading = new Reading(store, sight, { path, ...place, query, limits: { ...LIMITS, ...limits } });
  if (place === undefined) return await reading.registry();
  return place.tag === undefined && place.digest === undefined
    ? await reading.repository(place.name)
    : await reading.part(place.name);
}

/**
 * Returns the facts of a graph as it was when the folder had these files. What a manifest said that has been removed since, nobody
 * knows any more, and its box says so.
 */
export async function factsOfGraphThen(
  path: string,
  files: readonly GraphFile[],
  { disk, ...sight }: GraphSight,
  limits: Partial<GraphLimits> = {},
): Promise<GraphFacts> {
  const store = openStore({ disk, hashes: HASHES, sessionLifetime: Infinity });
  const wish = { path, ...parsePath(path), query: new URLSearchParams(), limits: { ...LIMITS, ...limits } };
  return await new Reading(store, sight, wish).then(files);
}

// What a graph is about: a repository, or one tag or digest of it.
interface GraphPlace {
  readonly name: Name;
  readonly tag?: Tag;
  readonly digest?: Digest;
}

// Reads a path of the layout, which may end before the name of a file.
function parsePath(path: string): GraphPlace | undefined {
  const name = parseName(path);
  if (name !== undefined) return { name };
  const place = placeOf(path) ?? placeOf(`${path}/manifest.json`);
  const repository = place && parseName(place.repository);
  if (place === undefined || repository === undefined) return undefined;
  const tag = "tag" in place ? parseTag(place.tag) : undefined;
  const digest = "digest" in place ? parseDigest(place.digest) : undefined;
  return tag === undefined && digest === undefined ? undefined : { name: repository, tag, digest };
}

// What somebody wants to see.
interface GraphWish extends Partial<GraphPlace> {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly limits: GraphLimits;
}

// The reading of one graph.
class Reading {
  readonly #files: GraphFile[] = [];
  readonly #manifests = new Map<string, ManifestParts>();
  // The repositories of which all files have been read.
  readonly #whole = new Set<string>();
  readonly #more: { text: string; address?: string }[] = [];
  readonly #work = new LongWork();
  readonly #start = performance.now();
  readonly #filter: string;
  readonly #after: string;

  constructor(readonly store: Store, readonly sight: Omit<GraphSight, "disk">, readonly wish: GraphWish) {
    this.#filter = wish.query.get("filter") ?? "";
    this.#after = wish.query.get("after") ?? "";
  }

  async registry(): Promise<GraphFacts> {
    const { limits } = this.wish;
    const repositories: GraphRepository[] = [];
    let [others, isAll] = [0, true];
    for await (const name of this.#repositories(this.#after)) {
      if (!name.includes(this.#filter)) continue;
      if (repositories.length < limits.repositories) repositories.push(await this.#count(name));
      else {
        others++;
        isAll = !this.#isLate();
        if (!isAll) break;
      }
    }
    if (others > 0) {
      const text = `${isAll ? "" : "at least "}${more(others, "repository", "repositories")}`;
      this.#more.push({ text, address: this.#address("", { after: repositories.at(-1)!.name }) });
    }
    const files = repositories.reduce((sum, { tags, contents, sessions }) => sum + tags + contents + sessions, 0);
    const isOpen = others === 0 && files <= limits.files;
    if (isOpen) {
      for (const { name } of repositories) await this.#readAll(name as Name);
    }
    return this.#facts(repositories.map((repository) => ({ ...repository, isOpen })));
  }

  async repository(name: Name): Promise<GraphFacts | undefined> {
    const repository = await this.#count(name);
    const { tags, contents, sessions } = repository;
    if (tags + contents + sessions === 0) return undefined;
    const isSmall = contents <= this.wish.limits.contents && this.#filter === "";
    if (isSmall && tags <= this.wish.limits.parts) await this.#readAll(name);
    else {
      const roots = await this.#readTags(name);
      await this.#reach(name, isSmall ? await this.#contents(name) : [...roots, ...await this.#named(name)]);
      if (!isSmall && this.#filter === "") {
        this.#more.push({ text: "manifests and blobs that these tags do not reach" });
      }
      if (this.#filter === "") await this.#readSessions(name);
    }
    await this.#findOthers(name);
    return this.#facts([{ ...repository, isOpen: true }]);
  }

  async part(name: Name): Promise<GraphFacts | undefined> {
    const { limits, tag, digest } = this.wish;
    const repository = await this.#count(name);
    if (repository.contents <= limits.contents && repository.tags <= limits.contents) await this.#readAll(name);
    else {
      const root = digest ?? this.#readTag(name, tag!);
      if (root !== undefined) await this.#reach(name, [root]);
      this.#more.push({ text: "what else needs these: the repository has too much to read all of it" });
    }
    await this.#findOthers(name);
    const facts = this.#facts([{ ...repository, isOpen: true }]);
    const roots = this.#rootsIn(facts);
    return roots.length === 0 ? undefined : { ...facts, ...partOf(facts, roots) };
  }

  #rootsIn({ boxes }: Graph): string[] {
    const { tag, digest } = this.wish;
    const isRoot = (box: Box) => box.kind === "tag" ? box.name === tag : box.digest === digest && box.isThere;
    return boxes.filter(isRoot).map(({ path }) => path);
  }

  async then(files: readonly GraphFile[]): Promise<GraphFacts> {
    const { name, tag, digest, limits } = this.wish;
    const counts = new Map<string, { tags: number; contents: Set<string>; sessions: number }>();
    for (const file of files) {
      const place = placeOf(file.path);
      const repository = place && parseName(place.repository);
      if (place === undefined || repository === undefined || !this.sight.maySee(repository)) continue;
      if (name !== undefined && repository !== name) continue;
      const count = counts.get(repository) ?? { tags: 0, contents: new Set(), sessions: 0 };
      counts.set(repository, count);
      if ("tag" in place) count.tags++;
      else if ("session" in place) count.sessions++;
      else count.contents.add(place.digest);
      this.#files.push(file);
      this.#whole.add(repository);
    }
    const most = name === undefined ? limits.files : limits.contents;
    const isOpen = this.#files.length <= most;
    if (isOpen) await this.#readManifests();
    else this.#files.length = 0;
    const repositories = [...counts].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([name, { tags, contents, sessions }]) => ({ name, tags, contents: contents.size, sessions, isOpen }));
    const facts = this.#facts(repositories);
    return tag === undefined && digest === undefined ? facts : { ...facts, ...partOf(facts, this.#rootsIn(facts)) };
  }

  // Reads the manifests among the files that are still there.
  async #readManifests(): Promise<void> {
    for (const { path } of this.#files) {
      const place = placeOf(path);
      if (place === undefined || !("digest" in place) || place.file !== MANIFEST_FILE) continue;
      await this.#giveWay();
      const [name, digest] = [parseName(place.repository), parseDigest(place.digest)];
      const isThere = name !== undefined && digest !== undefined &&
        findManifest(this.store, name, digest) !== undefined;
      if (isThere) this.#manifests.set(path, await this.#partsOf(name, digest));
    }
  }

  // Yields the repositories that this person may see. One that has only upload sessions is about to become one.
  async *#repositories(after = ""): AsyncGenerator<Name> {
    const { disk } = this.store;
    for await (const name of listFolders(this.store, after)) {
      await this.#giveWay();
      const isThere = (await disk.listMany(name)).some((part) => parseDigest(part) !== undefined) ||
        [uploadsFolder(name), tagsFolder(name)].some((folder) => disk.list(folder).length > 0);
      if (isThere && this.sight.maySee(name)) yield name;
    }
  }

  async #count(name: Name): Promise<GraphRepository> {
    const [tags, contents, sessions] = [await this.#tags(name), await this.#contents(name), await this.#sessions(name)];
    await this.#giveWay();
    return { name, tags: tags.length, contents: contents.length, sessions: sessions.length, isOpen: false };
  }

  // Reads a repository that is small enough.
  async #readAll(name: Name): Promise<void> {
    for (const tag of await this.#tags(name)) {
      await this.#giveWay();
      this.#readTag(name, tag);
    }
    await this.#reach(name, await this.#contents(name));
    await this.#readSessions(name);
    this.#whole.add(name);
  }

  // Reads the tags of one page. Returns what they point to.
  async #readTags(name: Name): Promise<Digest[]> {
    const rest = [...entriesAfter(await this.#tags(name), this.#after)].filter((tag) => tag.includes(this.#filter));
    const page = rest.slice(0, this.wish.limits.parts);
    const digests = new Set<Digest>();
    for (const tag of page) {
      await this.#giveWay();
      const digest = this.#readTag(name, tag);
      if (digest !== undefined) digests.add(digest);
    }
    if (page.length < rest.length) {
      const text = more(rest.length - page.length, "tag");
      this.#more.push({ text, address: this.#address(name, { after: page.at(-1)! }) });
    }
    return [...digests];
  }

  // Returns the manifests and blobs whose digests have the text of the filter.
  async #named(name: Name): Promise<Digest[]> {
    if (this.#filter.length < SHORTEST_PART_OF_DIGEST) return [];
    const digests = (await this.#contents(name)).filter((digest) => digest.includes(this.#filter));
    return digests.slice(0, this.wish.limits.parts);
  }

  #readTag(name: Name, tag: Tag): Digest | undefined {
    const path = tagFile(name, tag);
    const digest = resolveTag(this.store, name, tag);
    const format = formatOf(textTrait("tag", tag));
    if (digest !== undefined || this.store.disk.look(path) !== undefined) this.#files.push({ path, digest, format });
    return digest;
  }

  // Reads manifests and blobs, all that they reach, and all that refers to these.
  async #reach(name: Name, roots: readonly Digest[]): Promise<void> {
    const { parts: most, reached: mostReached } = this.wish.limits;
    const all = new Set<string>(await this.#contents(name));
    const reached = new Set<string>(roots);
    let number = 0;
    for (const text of reached) {
      if (!all.has(text)) continue;
      if (number++ === mostReached) {
        this.#more.push({ text: "more manifests and blobs that these tags reach" });
        return;
      }
      const digest = text as Digest;
      await this.#giveWay();
      const blob = findBlob(this.store, name, digest);
      if (blob !== undefined) this.#files.push({ path: blob.path, size: blob.size, names: blob.links });
      const manifest = findManifest(this.store, name, digest);
      if (manifest === undefined) continue;
      this.#files.push({ path: manifest.path, size: manifest.size });
      const parts = this.#shown(name, digest, await this.#partsOf(name, digest), reached);
      this.#manifests.set(manifest.path, parts);
      for (const part of parts.parts) reached.add(part.digest);
      const referrers = [...await listEntries(this.store, name, digest)].filter((referrer) => all.has(referrer));
      for (const referrer of referrers.slice(0, most)) reached.add(referrer);
      const others = referrers.filter((referrer) => !reached.has(referrer)).length;
      if (others > 0) this.#more.push({ text: `${more(others, "referrer")} of ${digest}` });
    }
  }

  // Returns a manifest without the parts that are too many. A part that has a box anyway is never too many.
  #shown(name: Name, digest: Digest, manifest: ManifestParts, reached: ReadonlySet<string>): ManifestParts {
    const from = digest === this.wish.digest ? Number(this.wish.query.get("from")) || 0 : 0;
    const until = from + this.wish.limits.parts;
    const parts = manifest.parts.filter((part, at) => (at >= from && at < until) || reached.has(part.digest));
    const left = manifest.parts.length - parts.length;
    if (left === 0) return manifest;
    const query: Record<string, string> = until < manifest.parts.length ? { from: String(until) } : {};
    const address = this.#address(`${name}/${digest}`, query);
    this.#more.push({ text: `${more(left, "part")} of ${digest}`, address });
    return { ...manifest, parts, more: left };
  }

  async #readSessions(name: Name): Promise<void> {
    const sessions = await this.#sessions(name);
    for (const id of sessions.slice(0, this.wish.limits.parts)) {
      const file = this.store.disk.look(sessionFile(name, id));
      if (file !== undefined) this.#files.push({ path: file.path, size: file.size });
    }
    const left = sessions.length - this.wish.limits.parts;
    if (left > 0) this.#more.push({ text: more(left, "upload session") });
  }

  // Finds the other names of the files of one repository.
  async #findOthers(name: Name): Promise<void> {
    const wanted = new Map<string, string[]>();
    for (const [at, file] of this.#files.entries()) {
      const place = placeOf(file.path);
      if ((file.names ?? 1) < 2 || place === undefined || !("digest" in place)) continue;
      const others: string[] = [];
      wanted.set(place.digest, others);
      this.#files[at] = { ...file, others };
    }
    if (wanted.size === 0) return;
    for await (const other of this.#repositories()) {
      if (this.#isLate()) return;
      if (other === name) continue;
      for (const digest of await this.#contents(other)) {
        const others = wanted.get(digest);
        const blob = others && others.length < MOST_OTHERS ? findBlob(this.store, other, digest) : undefined;
        if (blob !== undefined && blob.links > 1) others!.push(blob.path);
      }
    }
  }

  async #tags(name: Name): Promise<Tag[]> {
    return (await this.store.disk.listMany(tagsFolder(name))).map(parseTag).filter((tag) => tag !== undefined);
  }

  async #contents(name: Name): Promise<Digest[]> {
    return digestsAmong(await this.store.disk.listMany(name));
  }

  async #sessions(name: Name): Promise<SessionId[]> {
    const names = await this.store.disk.listMany(uploadsFolder(name));
    return names.map(parseSessionId).filter((id) => id !== undefined);
  }

  async #partsOf(name: Name, digest: Digest): Promise<ManifestParts> {
    const stored = readManifest(this.store, name, digest);
    if (stored === undefined) return { parts: [], fault: "its content-type file is not there" };
    const manifest = await parseStoredManifest(stored);
    return manifest instanceof Fault ? { parts: [], fault: manifest.message } : partsOfManifest(manifest);
  }

  #address(path: string, changes: Readonly<Record<string, string>>): string {
    return addressOfGraph(path, this.#filter === "" ? changes : { filter: this.#filter, ...changes });
  }

  // A person waits. What is looked for besides may be left out.
  #isLate(): boolean {
    return performance.now() > this.#start + this.wish.limits.patience;
  }

  async #giveWay(): Promise<void> {
    if (this.#work.isLong()) await this.#work.giveWay();
  }

  #facts(repositories: readonly GraphRepository[]): GraphFacts {
    const graph = graphOf(this.#files, {
      manifestAt: (path) => this.#manifests.get(path),
      isWhole: (repository) => this.#whole.has(repository),
    });
    const { path, query } = this.wish;
    const choices = [...query].filter(([name, value]) => ["filter", "after", "from"].includes(name) && value !== "");
    const address = addressOfGraph(path, Object.fromEntries(choices));
    const boxes = this.sight.maySeeAll ? graph.boxes : graph.boxes.map(withSeenNames);
    return { address, path, filter: this.#filter, repositories, ...graph, boxes, more: this.#more };
  }
}

// A number of names would tell of repositories that the person may not see. So only the names that the box can lead to are counted.
function withSeenNames({ names = 1, ...box }: Box): Box {
  const seen = Math.min(names, 1 + (box.others ?? []).length);
  return seen > 1 ? { ...box, names: seen } : box;
}

function more(number: number, noun: string, nouns = `${noun}s`): string {
  return `${number.toLocaleString("en")} more ${number === 1 ? noun : nouns}`;
}

// The shortest text that is looked for in digests.
const SHORTEST_PART_OF_DIGEST = 4;
