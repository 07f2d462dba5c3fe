/**
 * From files to a graph, and from a graph to a part of it.
 *
 *     files    library/hello/_tags/latest                      sha256:7d1a…
 *              library/hello/sha256:7d1a…/manifest.json        584 B
 *              library/hello/sha256:9b4e…/layer.tar.gz         3.2 MiB
 *       │
 *       ▼
 *     boxes    tag latest    image 7d1a…    layer 9b4e…
 *     edges    latest ─tag─▶ 7d1a…          7d1a… ─layer─▶ 9b4e…
 *
 * This is a pure function of some files and of what the manifests among them say. So it draws the folder as it is, and also as it
 * was: a list of changes gives the files of any moment.
 *
 * Next: graph_layout.ts
 *
 * @module
 */

import {
  type Box,
  type BoxKind,
  type Edge,
  type Graph,
  type GraphFile,
  type ManifestPart,
  type ManifestParts,
  type Place,
  placeOf,
} from "./graph_facts.ts";

/** The choices of {@linkcode graphOf}. */
export interface GraphChoices {
  /** Returns what the manifest in a file says; `undefined` if nobody knows it any more. */
  readonly manifestAt: (path: string) => ManifestParts | undefined;
  /** Returns true if the files of a repository are all of its files. Only then it is known what needs a box. Default: all are. */
  readonly isWhole?: (repository: string) => boolean;
}

/** Makes the graph of some files. */
export function graphOf(files: Iterable<GraphFile>, choices: GraphChoices): Graph {
  const repositories = new Map<string, RepositoryGraph>();
  for (const file of files) {
    const place = placeOf(file.path);
    if (place === undefined) continue;
    const repository = repositories.get(place.repository) ?? new RepositoryGraph(place.repository);
    repositories.set(place.repository, repository);
    repository.add(file, place, choices);
  }
  const boxes: Box[] = [];
  const edges: Edge[] = [];
  for (const [name, repository] of [...repositories].sort(([a], [b]) => a < b ? -1 : 1)) {
    const graph = repository.draw(choices.isWhole?.(name) ?? true);
    for (const box of graph.boxes) boxes.push(box);
    for (const edge of graph.edges) edges.push(edge);
  }
  return { boxes: withOthers(boxes), edges };
}

type Draft = { -readonly [Key in keyof Box]: Box[Key] };

const ORDER: readonly BoxKind[] = ["tag", "index", "manifest", "referrer", "config", "layer", "blob", "session"];

// The boxes of one repository while they are being collected.
class RepositoryGraph {
  readonly #boxes = new Map<string, Draft>();
  readonly #edges = new Map<string, Edge>();
  readonly #manifests = new Map<string, { readonly box: Draft; readonly parts: ManifestParts }>();
  readonly #blobs = new Map<string, Draft>();
  readonly #tags: { readonly box: Draft; readonly digest: string }[] = [];

  constructor(readonly name: string) {}

  add({ path, size, names, others, digest, format }: GraphFile, place: Place, { manifestAt }: GraphChoices): void {
    if ("tag" in place) {
      const box = this.#box(path, { kind: "tag", name: place.tag, what: withFormat("tag", format), digest });
      if (digest === undefined) box.fault = "it does not have a digest";
      else this.#tags.push({ box, digest });
    } else if ("session" in place) {
      this.#box(path, { kind: "session", name: place.session, what: "upload session", size });
    } else if (place.file === "manifest.json") {
      const parts = manifestAt(path) ?? { parts: [], fault: "nobody knows any more what it says" };
      const { kind, what } = sortOf(parts);
      const box = this.#box(path, { kind, name: place.digest, what, digest: place.digest, size });
      if (parts.fault !== undefined) box.fault = parts.fault;
      if (parts.more) box.more = parts.more;
      this.#manifests.set(place.digest, { box, parts });
    } else {
      const kind = place.file === "config.json" ? "config" : place.file.startsWith("layer.") ? "layer" : "blob";
      const what = kind === "layer" ? `layer, ${place.file.slice("layer.".length)}` : kind;
      const box = this.#box(path, { kind, name: place.digest, what, digest: place.digest, size });
      if (names !== undefined && names > 1) box.names = names;
      if (others !== undefined) box.others = others;
      this.#blobs.set(place.digest, box);
    }
  }

  draw(isWhole: boolean): Graph {
    for (const { box, digest } of this.#tags) this.#point(box, this.#manifest(digest, "manifest"), "tag");
    const isNamed = new Set<Draft>();
    for (const { box, parts: { subject, parts } } of this.#manifests.values()) {
      for (const part of parts) this.#add(box, part, isNamed);
      if (subject !== undefined) this.#point(box, this.#manifest(subject, "manifest"), "subject");
    }
    if (isWhole) this.#countNeeders();
    const boxes = [...this.#boxes.values()];
    const rank = (box: Box) => ORDER.indexOf(box.kind);
    boxes.sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
    return { boxes, edges: [...this.#edges.values()] };
  }

  #add(from: Draft, part: ManifestPart, isNamed: Set<Draft>): void {
    const { role, digest, mediaType, size, platform, attests, isElsewhere } = part;
    const isIndex = /\.(?:index|list)\./.test(mediaType);
    const to = role === "child"
      ? this.#manifests.get(digest)?.box ?? this.#blobs.get(digest) ??
        this.#manifest(digest, isIndex ? "index" : "manifest")
      : this.#blobs.get(digest) ?? this.#missing(digest, role, size);
    // The first manifest that needs something says what it is.
    if (!isNamed.has(to)) {
      isNamed.add(to);
      if (role !== "child") {
        to.kind = role;
        to.what = whatOf(part);
      } else if (attests !== undefined) to.what = to.what === "image" ? "attestation" : to.what;
      else if (platform !== undefined) to.what += `, ${platform}`;
      if (!to.isThere && isElsewhere) to.fault = "it is kept elsewhere";
    }
    this.#point(from, to, role);
    const image = attests === undefined ? undefined : this.#manifests.get(attests)?.box;
    if (image !== undefined && image !== to) this.#point(to, image, "attests");
  }

  #box(path: string, box: Omit<Draft, "path" | "repository" | "isThere">, isThere = true): Draft {
    const made = { path, repository: this.name, ...box, isThere };
    this.#boxes.set(path, made);
    return made;
  }

  #manifest(digest: string, kind: "manifest" | "index"): Draft {
    return this.#manifests.get(digest)?.box ?? this.#missing(digest, kind);
  }

  #missing(digest: string, kind: BoxKind, size?: number): Draft {
    const path = `${this.name}/${digest}`;
    return this.#boxes.get(path) ??
      this.#box(path, { kind, name: digest, what: kind, digest, size, fault: "it is not there" }, false);
  }

  #point(from: Draft, to: Draft, kind: Edge["kind"]): void {
    this.#edges.set(`${kind} ${from.path} ${to.path}`, { from: from.path, to: to.path, kind });
  }

  // What says something about a manifest is needed as long as that manifest is there.
  #countNeeders(): void {
    for (const box of this.#boxes.values()) {
      if (box.kind !== "tag" && box.kind !== "session") box.needers = 0;
    }
    for (const { from, to, kind } of this.#edges.values()) {
      if (kind === "attests") continue;
      if (kind !== "subject") this.#boxes.get(to)!.needers!++;
      else if (this.#boxes.get(to)!.isThere) this.#boxes.get(from)!.needers!++;
    }
  }
}

function sortOf(
  { shape, subject, artifactType, format, parts, more = 0 }: ManifestParts,
): { kind: BoxKind; what: string } {
  const type = artifactType !== undefined && !/[.]image[.]/.test(artifactType) ? artifactType : undefined;
  const plain = shape === undefined ? "manifest" : shape === "index" ? `index of ${parts.length + more}` : "image";
  const what = shape === "index" && subject === undefined ? withFormat(plain, format ?? type) : format ?? type ?? plain;
  return { kind: subject !== undefined ? "referrer" : shape === "index" ? "index" : "manifest", what };
}

function whatOf({ role, mediaType, format }: ManifestPart): string {
  // As tight as a box is, the packing of an archive says enough: tar, gzip or zstd.
  const packing = /\.(?:tar[.+])?(tar|gzip|zstd)$/.exec(mediaType)?.[1];
  const isPlain = role === "config" && /[.]image[.]/.test(mediaType);
  return withFormat(role, format ?? (isPlain ? undefined : packing ?? mediaType));
}

function withFormat(word: string, format: string | undefined): string {
  return format === undefined ? word : `${word}, ${format}`;
}

/** The most other repositories that a box names. */
export const MOST_OTHERS = 20;

function withOthers(boxes: readonly Draft[]): readonly Box[] {
  const places = Map.groupBy(
    boxes.filter(({ digest, names }) => digest !== undefined && names),
    ({ digest }) => digest,
  );
  for (const same of places.values()) {
    if (same.length < 2) continue;
    for (const box of same) {
      box.others = same.filter((other) => other !== box).slice(0, MOST_OTHERS).map(({ path }) => path);
    }
  }
  return boxes;
}

/**
 * Returns a part of a graph: all that can be reached from some boxes, what refers to it, and all that needs it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const graph = graphOf([{ path: "a/_tags/v1", digest: "md5:1" }, { path: "a/_tags/v2", digest: "md5:2" }], {
 *   manifestAt: () => undefined,
 * });
 * assertEquals(partOf(graph, ["a/_tags/v1"]).boxes.map(({ path }) => path), ["a/_tags/v1", "a/md5:1"]);
 * ```
 */
export function partOf({ boxes, edges }: Graph, roots: readonly string[]): Graph {
  const down = Map.groupBy(edges.filter(({ kind }) => kind !== "subject"), ({ from }) => from);
  const referrers = Map.groupBy(edges.filter(({ kind }) => kind === "subject"), ({ to }) => to);
  const up = Map.groupBy(edges.filter(({ kind }) => kind !== "subject" && kind !== "attests"), ({ to }) => to);
  const subjects = Map.groupBy(edges.filter(({ kind }) => kind === "subject"), ({ from }) => from);
  const reached = new Set(roots);
  for (const path of reached) {
    for (const { to } of down.get(path) ?? []) reached.add(to);
    for (const { from } of referrers.get(path) ?? []) reached.add(from);
  }
  const needing = new Set(roots);
  for (const path of needing) {
    for (const { from } of up.get(path) ?? []) needing.add(from);
    for (const { to } of subjects.get(path) ?? []) needing.add(to);
  }
  const isShown = (path: string) => reached.has(path) || needing.has(path);
  return {
    boxes: boxes.filter(({ path }) => isShown(path)),
    edges: edges.filter(({ from, to }) => isShown(from) && isShown(to)),
  };
}
