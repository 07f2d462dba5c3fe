/**
 * The graph that an address asks for: what is in it, and how much of that.
 *
 *     GET /graph/                                  all repositories, as boxes; if there is little in them, with all that is in them
 *     GET /graph/library/hello                     one repository
 *     GET /graph/library/hello/_tags/latest        what a tag reaches
 *     GET /graph/library/hello/sha256:7d1a…        what a manifest reaches, what refers to it, and what needs it
 *     GET /graph/library/hello?filter=v1&after=v12 the tags with "v1" in them that come after "v12", and what they reach
 *
 * The registry may be large, so nothing that is far away is read. A repository is read as a whole only if it is small; then it is
 * also known what nobody needs. Otherwise the graph has what some tags reach, and says how much more there is.
 *
 * Next: graph_reading.ts
 *
 * @module
 */

import { type Digest, HASHES, parseDigest } from "../definitions/digest.ts";
import { type Name, parseName } from "../definitions/name.ts";
import { counted } from "../definitions/size.ts";
import { parseTag, type Tag } from "../definitions/tag.ts";
import { listContent } from "../store/repositories.ts";
import { openStore, type Store } from "../store/store.ts";
import { addressOfGraph, type PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { type Box, type Graph, type GraphFacts, type GraphFile, type GraphRepository, placeOf } from "./graph_facts.ts";
import { partOf } from "./graph_of_files.ts";
import { GraphReading, type GraphReadingLimits } from "./graph_reading.ts";

/** The limits of a graph. */
export interface GraphLimits extends GraphReadingLimits {
  /** The most repositories in a graph of the whole registry. */
  readonly repositories: number;
  /** The most tags, manifests, blobs and sessions of all repositories together that a graph of the whole registry shows. */
  readonly files: number;
  /** The most manifests and blobs of a repository that is read as a whole. For the graph of a tag or digest, also the most tags. */
  readonly contents: number;
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
  sight: GraphSight,
  limits: Partial<GraphLimits> = {},
): Promise<GraphFacts | undefined> {
  const path = rest.replace(/\/$/, "");
  const place = parsePath(path);
  if (path !== "" && (place === undefined || !sight.maySee(place.name))) return undefined;
  const wanted = new WantedGraph({ path, ...place, query, limits: { ...LIMITS, ...limits } }, sight);
  if (place === undefined) return await wanted.ofRegistry();
  return place.tag === undefined && place.digest === undefined
    ? await wanted.ofRepository(place.name)
    : await wanted.ofPart(place.name);
}

/**
 * Returns the facts of a graph as it was when the folder had these files. What a manifest said that has been removed since, nobody
 * knows any more, and its box says so.
 */
export async function factsOfGraphThen(
  path: string,
  files: readonly GraphFile[],
  sight: GraphSight,
  limits: Partial<GraphLimits> = {},
): Promise<GraphFacts> {
  const wish = { path, ...parsePath(path), query: new URLSearchParams(), limits: { ...LIMITS, ...limits } };
  return await new WantedGraph(wish, sight).ofFiles(files);
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

// The making of one graph: it chooses what is read.
class WantedGraph {
  readonly #store: Store;
  readonly #reading: GraphReading;
  readonly #filter: string;
  readonly #after: string;

  constructor(readonly wish: GraphWish, readonly sight: GraphSight) {
    const { query, limits, digest: root } = wish;
    this.#filter = query.get("filter") ?? "";
    this.#after = query.get("after") ?? "";
    this.#store = openStore({ disk: sight.disk, hashes: HASHES, sessionLifetime: Infinity });
    this.#reading = new GraphReading(this.#store, {
      maySee: sight.maySee,
      filter: this.#filter,
      firstPart: (digest) => digest === root ? Number(query.get("from")) || 0 : 0,
      limits,
    });
  }

  async ofRegistry(): Promise<GraphFacts> {
    const { limits } = this.wish;
    const repositories: Omit<GraphRepository, "isOpen">[] = [];
    let [others, isAll] = [0, true];
    for await (const name of this.#reading.repositories(this.#after)) {
      if (!name.includes(this.#filter)) continue;
      if (repositories.length < limits.repositories) repositories.push(await this.#reading.count(name));
      else {
        others++;
        isAll = !this.#reading.isLate();
        if (!isAll) break;
      }
    }
    if (others > 0) {
      const text = `${isAll ? "" : "at least "}${counted(others, "more repository", "more repositories")}`;
      this.#reading.leaveOut(text, "", { after: repositories.at(-1)!.name });
    }
    const files = repositories.reduce((sum, { tags, contents, sessions }) => sum + tags + contents + sessions, 0);
    const isOpen = others === 0 && files <= limits.files;
    if (isOpen) {
      for (const { name } of repositories) await this.#reading.readAll(name as Name);
    }
    return this.#facts(repositories.map((repository) => ({ ...repository, isOpen })));
  }

  async ofRepository(name: Name): Promise<GraphFacts | undefined> {
    const repository = await this.#reading.count(name);
    const { tags, contents, sessions } = repository;
    if (tags + contents + sessions === 0) return undefined;
    const isSmall = contents <= this.wish.limits.contents && this.#filter === "";
    if (isSmall && tags <= this.wish.limits.parts) await this.#reading.readAll(name);
    else {
      const roots = await this.#reading.readTags(name, this.#after);
      const all = isSmall ? await listContent(this.#store, name) : undefined;
      await this.#reading.reach(name, all ?? [...roots, ...await this.#reading.findNamed(name)]);
      if (!isSmall && this.#filter === "") {
        this.#reading.leaveOut("manifests and blobs that these tags do not reach");
      }
      if (this.#filter === "") await this.#reading.readSessions(name);
    }
    await this.#reading.findOthers(name);
    return this.#facts([{ ...repository, isOpen: true }]);
  }

  async ofPart(name: Name): Promise<GraphFacts | undefined> {
    const { limits, tag, digest } = this.wish;
    const repository = await this.#reading.count(name);
    if (repository.contents <= limits.contents && repository.tags <= limits.contents) await this.#reading.readAll(name);
    else {
      const root = digest ?? this.#reading.readTag(name, tag!);
      if (root !== undefined) await this.#reading.reach(name, [root]);
      this.#reading.leaveOut("what else needs these: the repository has too much to read all of it");
    }
    await this.#reading.findOthers(name);
    const facts = this.#facts([{ ...repository, isOpen: true }]);
    const roots = this.#rootsIn(facts);
    return roots.length === 0 ? undefined : { ...facts, ...partOf(facts, roots) };
  }

  async ofFiles(files: readonly GraphFile[]): Promise<GraphFacts> {
    const { name, tag, digest, limits } = this.wish;
    const seen: GraphFile[] = [];
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
      seen.push(file);
    }
    const isOpen = seen.length <= (name === undefined ? limits.files : limits.contents);
    if (isOpen) await this.#reading.take(seen);
    const repositories = [...counts].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([name, { tags, contents, sessions }]) => ({ name, tags, contents: contents.size, sessions, isOpen }));
    const facts = this.#facts(repositories);
    return tag === undefined && digest === undefined ? facts : { ...facts, ...partOf(facts, this.#rootsIn(facts)) };
  }

  #rootsIn({ boxes }: Graph): string[] {
    const { tag, digest } = this.wish;
    const isRoot = (box: Box) => box.kind === "tag" ? box.name === tag : box.digest === digest && box.isThere;
    return boxes.filter(isRoot).map(({ path }) => path);
  }

  #facts(repositories: readonly GraphRepository[]): GraphFacts {
    const { path, query } = this.wish;
    const choices = [...query].filter(([name, value]) => ["filter", "after", "from"].includes(name) && value !== "");
    const address = addressOfGraph(path, Object.fromEntries(choices));
    const graph = this.#reading.draw();
    const boxes = this.sight.maySeeAll ? graph.boxes : graph.boxes.map(withSeenNames);
    return { address, path, filter: this.#filter, repositories, ...graph, boxes, more: this.#reading.leftOut };
  }
}

// A number of names would tell of repositories that the person may not see. So only the names that the box can lead to are counted.
function withSeenNames({ names = 1, ...box }: Box): Box {
  const seen = Math.min(names, 1 + (box.others ?? []).length);
  return seen > 1 ? { ...box, names: seen } : box;
}
