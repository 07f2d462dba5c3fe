/**
 * The graph as facts: boxes for what the folder has, and edges for what points to what.
 *
 *     boxes    { path: "library/hello/_tags/latest", kind: "tag", name: "latest", isThere: true, … }
 *              { path: "library/hello/sha256:7d1a…/manifest.json", kind: "manifest", what: "image", size: 584, needers: 1, … }
 *     edges    { from: "library/hello/_tags/latest", to: "library/hello/sha256:7d1a…/manifest.json", kind: "tag" }
 *
 * The name of a box is its path on disk, which is also its address below `/at/`. Something that is not there has the path of the
 * folder where it would be.
 *
 * Next: graph_of_files.ts
 *
 * @module
 */

/** A file, as the graph needs it. */
export interface GraphFile {
  /** Its path, relative to the root. */
  readonly path: string;
  /** Its length in bytes. */
  readonly size?: number;
  /** The number of its names. */
  readonly names?: number;
  /** The paths of the same content in other repositories, if somebody has looked for them. */
  readonly others?: readonly string[];
  /** The digest that a tag points to. */
  readonly digest?: string;
  /** The name of the format of a tag, such as `cosign signatures`. */
  readonly format?: string;
}

/** The parts of a manifest that the graph shows; `fault` says in words why it cannot be read. */
export interface ManifestParts {
  /** The media type under which it was pushed. */
  readonly mediaType?: string;
  /** Its shape. */
  readonly shape?: "image" | "index";
  /** Its type of artifact. */
  readonly artifactType?: string;
  /** The name of its format, if it is no plain image or index. */
  readonly format?: string;
  /** The digest of the manifest that it refers to. */
  readonly subject?: string;
  /** Everything that it points to, each digest once. */
  readonly parts: readonly ManifestPart[];
  /** The number of parts that are left out. */
  readonly more?: number;
  /** The reason why it cannot be read. */
  readonly fault?: string;
}

/** One thing that a manifest points to. */
export interface ManifestPart {
  /** Its role. */
  readonly role: "config" | "layer" | "child";
  /** Its digest. */
  readonly digest: string;
  /** Its media type. */
  readonly mediaType: string;
  /** Its size, as the manifest says. */
  readonly size: number;
  /** The name of its format, if it is no plain config or layer. */
  readonly format?: string;
  /** The platform of a child, such as `linux/amd64`. */
  readonly platform?: string;
  /** The child of the same index that this child is an attestation of. */
  readonly attests?: string;
  /** True if it is kept elsewhere, so that it need not be here. */
  readonly isElsewhere?: boolean;
}

/** The kinds of boxes. A `referrer` is a manifest with a subject, and a `blob` is neither a config nor a layer of a manifest. */
export type BoxKind = "tag" | "index" | "manifest" | "referrer" | "config" | "layer" | "blob" | "session";

/** A box. */
export interface Box {
  /** Its path on disk. */
  readonly path: string;
  /** Its repository. */
  readonly repository: string;
  /** Its kind. */
  readonly kind: BoxKind;
  /** The tag, the digest, or the id of the session. */
  readonly name: string;
  /** What it is, in words. */
  readonly what: string;
  /** Its digest; of a tag, the digest that it points to. */
  readonly digest?: string;
  /** Its length in bytes. */
  readonly size?: number;
  /** True if the file is there. */
  readonly isThere: boolean;
  /** The number of boxes that need it; absent if nobody has counted them, and for tags and upload sessions, which are kept without that. */
  readonly needers?: number;
  /** The number of names of the file; absent if it is 1. */
  readonly names?: number;
  /** The paths of the same content in other repositories. */
  readonly others?: readonly string[];
  /** The number of parts that are left out. */
  readonly more?: number;
  /** What is wrong with it, in words. */
  readonly fault?: string;
}

/** An edge. */
export interface Edge {
  /** The path of the box that points. */
  readonly from: string;
  /** The path of the box that it points to. */
  readonly to: string;
  /** The kind. A `subject` leads from a referrer, and `attests` from an attestation to its image. */
  readonly kind: "tag" | "child" | "config" | "layer" | "subject" | "attests";
}

/** Boxes and edges. */
export interface Graph {
  /** The boxes: those of one repository stand together, the tags first. */
  readonly boxes: readonly Box[];
  /** The edges. Both ends of each are among the boxes. */
  readonly edges: readonly Edge[];
}

/** The graph that an address asks for. */
export interface GraphFacts extends Graph {
  /** The address of these facts. */
  readonly address: string;
  /** The path that it is about; empty for the whole registry. */
  readonly path: string;
  /** The text that the names must have. */
  readonly filter: string;
  /** The repositories, sorted by byte value; of a graph of one repository, that one. */
  readonly repositories: readonly GraphRepository[];
  /** What is left out. */
  readonly more: readonly GraphMore[];
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

/** Something that is left out. */
export interface GraphMore {
  /** What it is, in words, such as `5 more tags`. */
  readonly text: string;
  /** The address of a graph that shows it, if there is one. */
  readonly address?: string;
}

/** A file's place in the layout of the store. */
export type Place =
  | { readonly repository: string; readonly tag: string }
  | { readonly repository: string; readonly session: string }
  | { readonly repository: string; readonly digest: string; readonly file: string };

/**
 * Returns the place of a file. Returns `undefined` if the graph has no box for such a file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(placeOf("library/hello/_tags/v1"), { repository: "library/hello", tag: "v1" });
 * assertEquals(placeOf("library/hello/_referrers/sha256:7d1a/sha256:e07c.json"), undefined);
 * ```
 */
export function placeOf(path: string): Place | undefined {
  const [, repository, folder, file] = /^(.+)\/([^/]+)\/([^/]+)$/s.exec(path) ?? [];
  if (repository === undefined || file.startsWith(".")) return undefined;
  if (folder === "_tags") return { repository, tag: file };
  if (repository.endsWith("/_uploads")) {
    return file === "data" ? { repository: repository.slice(0, -"/_uploads".length), session: folder } : undefined;
  }
  const isContent = folder.includes(":") && !/\/_[a-z]+$/.test(repository) && file !== "content-type";
  return isContent ? { repository, digest: folder, file } : undefined;
}
