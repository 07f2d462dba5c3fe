/**
 * The facts of a comparison: what {@linkcode compare} finds, as plain data.
 *
 *     compare(disk, "library/hello:v1", "library/hello:v2")
 *         { kind: "difference", before: { address: "library/hello/_tags/v1", text: "library/hello:v1", … }, after: { … },
 *           manifest: [{ pointer: "/annotations/…", how: "changed", before: "\"1\"", after: "\"2\"" }], config: […],
 *           layers: [{ how: "kept", digest: "sha256:9b4e…", … }, { how: "new", digest: "sha256:77c1…", … }],
 *           files: { rows: [{ path: "etc/motd", how: "changed", what: ["content"], … }], added: 1, changed: 1, … }, … }
 *
 * They are like the facts of one address: sizes are bytes, a field that has nothing to say is absent, and the texts are those that
 * clients have sent. A side that has nothing to compare says so in `missing`, and the lists are empty then.
 *
 * Next: compare.ts
 *
 * @module
 */

import type { InvalidFacts, MissingFacts, PlaceLink, Wrong } from "./facts.ts";
import type { Format } from "./formats.ts";

/** The differences between two images, or between two other things of one kind. */
export interface DifferenceFacts {
  /** Which facts these are. */
  readonly kind: "difference";
  /** The first one. */
  readonly before: SideFacts;
  /** The second one. */
  readonly after: SideFacts;
  /** The fields of the manifests that differ, without the layers and the children. */
  readonly manifest: readonly FieldChange[];
  /** The fields of the configs, or of two JSON blobs, that differ. */
  readonly config: readonly FieldChange[];
  /** The platforms of two indexes that differ. */
  readonly children: readonly ChildChange[];
  /** The layers, the lowest first. */
  readonly layers: readonly LayerStep[];
  /** The files that a container sees; absent if one side has no layers. */
  readonly files?: FilesDifference;
  /** Everything that is wrong. */
  readonly faults: readonly Wrong[];
  /** The limits that were met. */
  readonly limits: readonly string[];
}

/** One side of a comparison. */
export interface SideFacts extends PlaceLink {
  /** The digest of the manifest or blob. */
  readonly digest?: string;
  /** Its size in bytes. */
  readonly size?: number;
  /** The platform of the image whose layers were compared. */
  readonly platform?: string;
  /** Its formats. */
  readonly formats: readonly Format[];
  /** Why there is nothing to compare. */
  readonly missing?: MissingFacts | InvalidFacts;
}

/** A field of a document that is not the same on both sides. */
export interface FieldChange {
  /** Its JSON pointer. */
  readonly pointer: string;
  /** What happened to it. */
  readonly how: "added" | "removed" | "changed";
  /** Its value before, as JSON text. */
  readonly before?: string;
  /** Its value after, as JSON text. */
  readonly after?: string;
  /** A sentence about it. */
  readonly what?: string;
}

/** A platform of an index that is not the same on both sides. */
export interface ChildChange {
  /** The platform, or the pointer of a child that has none. */
  readonly platform: string;
  /** The digest before. */
  readonly before?: string;
  /** The digest after. */
  readonly after?: string;
}

/** A layer of one side or of both. */
export interface LayerStep {
  /** What happened to it. */
  readonly how: "kept" | "moved" | "gone" | "new";
  /** Its digest. */
  readonly digest: string;
  /** Its size in bytes, as the manifest says it. */
  readonly size: number;
  /** Its number before. */
  readonly before?: number;
  /** Its number after. */
  readonly after?: number;
  /** The command that made it. */
  readonly command?: string;
  /** The address of the layer, if it is here. */
  readonly address?: string;
}

/** The files that two images do not have in common. */
export interface FilesDifference {
  /** The files, sorted by path. */
  readonly rows: readonly FileChange[];
  /** The number of new files. */
  readonly added: number;
  /** The number of files that are gone. */
  readonly removed: number;
  /** The number of files that differ. */
  readonly changed: number;
  /** The number of files that are the same. */
  readonly same: number;
}

/** A file that is not the same on both sides. */
export interface FileChange {
  /** Its path, such as `etc/motd`. */
  readonly path: string;
  /** What happened to it. */
  readonly how: "added" | "removed" | "changed";
  /** What differs: its content, mode, owner and so on. */
  readonly what?: readonly string[];
  /** The file before, in its layer. */
  readonly before?: { readonly address: string; readonly size: number; readonly layer: number };
  /** The file after, in its layer. */
  readonly after?: { readonly address: string; readonly size: number; readonly layer: number };
  /** The lines that differ, if it is a text: see `unified_diff.ts`. */
  readonly diff?: readonly string[];
}
