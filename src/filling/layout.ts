/**
 * An OCI image layout: content by its digests, and an index of what is in it.
 * https://github.com/opencontainers/image-spec/blob/13cff54/image-layout.md
 *
 *     oci-layout                {"imageLayoutVersion": "1.0.0"}
 *     index.json                {"manifests": [{"digest": "sha256:7d1a…", "annotations": {"org.opencontainers.image.ref.name": "v1"}}]}
 *     blobs/sha256/7d1a…        a manifest, a config, a layer: whatever has this digest
 *
 * The annotation `…ref.name` is a tag, or a whole reference. Programs around containerd, and docker since version 25, write the
 * whole reference into another annotation, `io.containerd.image.name`.
 *
 * Next: docker_archive.ts
 *
 * @module
 */

import { type Descriptor, parseDescriptor, parseObject } from "../definitions/descriptor.ts";
import { algorithmOf, type Digest } from "../definitions/digest.ts";
import { Fault, show } from "../definitions/fault.ts";
import { parseJson } from "../definitions/json.ts";
import { OCI_INDEX, parseLongManifest } from "../definitions/manifest.ts";
import { atOnce } from "../giving_way.ts";
import { type Files, FillError } from "./files.ts";
import { type ImageReference, parseFound } from "./references.ts";

/** The file that says that a folder or archive is a layout. */
export const LAYOUT_FILE = "oci-layout";

/** The content of that file. */
export const LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

/** The file that lists the images of a layout. */
export const INDEX_FILE = "index.json";

/** The annotation with the tag of an image, or with its whole reference. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** The annotation with the whole reference of an image, as docker and containerd write it. */
export const IMAGE_NAME = "io.containerd.image.name";

/** The longest JSON file that is read, in bytes. It is also the longest manifest that a registry takes if nobody sets a limit. */
export const LONGEST_JSON: number = 8 * 1024 * 1024;

/** An image that a source lists. */
export interface Listed {
  /** The pointer to its manifest. */
  readonly descriptor: Descriptor;
  /** What the source calls it; the digest if it has no name there. */
  readonly text: string;
  /** The repository and the tag that this means, as far as it says. */
  readonly reference: ImageReference;
}

/** What a source has: images, and the files of their content. */
export interface Contents {
  /** The images. */
  readonly listed: readonly Listed[];
  /** Returns the path of the file with a digest. Whether it is there, and has that digest, nobody has checked yet. */
  pathOf(digest: Digest): string | undefined;
  /** True if `docker save` has written it, which leaves out the images of an index that docker has not pulled. */
  readonly isFromDocker: boolean;
  /** The manifests that the source has no file of, by their digests. */
  readonly made: ReadonlyMap<Digest, Uint8Array<ArrayBuffer>>;
}

/** Returns the path of the file with a digest in a layout. */
export function blobPath(digest: Digest): string {
  const algorithm = algorithmOf(digest);
  return `blobs/${algorithm}/${digest.slice(algorithm.length + 1)}`;
}

/**
 * Reads a layout. `isFromDocker` is true if it has the list of `docker save`, too.
 *
 * @throws {FillError} if one of its two files is malformed.
 */
export async function readLayout(
  files: Files,
  layout: Uint8Array,
  index: Uint8Array,
  isFromDocker: boolean,
): Promise<Contents> {
  const { imageLayoutVersion: version } = await refuseWrongJson(files, LAYOUT_FILE, () => jsonObject(layout));
  if (typeof version !== "string" || !/^1\./.test(version)) {
    throw new FillError(files.label, LAYOUT_FILE, `has the imageLayoutVersion ${show(version)}; 1.0.0 is known here`);
  }
  const descriptors = await refuseWrongJson(files, INDEX_FILE, async () => {
    await parseLongManifest(index, OCI_INDEX);
    // Read in one piece, because a manifest need not have all annotations of its children; see `json.ts`.
    const { manifests } = parseObject(atOnce(parseJson(index, [""], Infinity)), "the index");
    return (manifests as readonly unknown[]).map((item, place) => parseDescriptor(item, `manifests[${place}]`));
  });
  return {
    listed: descriptors.map((descriptor) => listedOf(files, descriptor)),
    pathOf: blobPath,
    isFromDocker,
    made: new Map(),
  };
}

function listedOf(files: Files, descriptor: Descriptor): Listed {
  const { annotations = {}, digest } = descriptor;
  const named = [[IMAGE_NAME, true], [REF_NAME, false]] as const;
  const found = named.map(([annotation, isDocker]) => {
    const text: unknown = (annotations ?? {})[annotation];
    if (text == null || text === "") return undefined;
    const reference = typeof text === "string" ? parseFound(text, isDocker) : undefined;
    if (reference !== undefined) return { text: text as string, reference };
    throw new FillError(
      files.label,
      INDEX_FILE,
      `calls ${digest} ${show(text)}, and no repository or tag can be called so`,
    );
  });
  const [whole, short] = found;
  return {
    descriptor,
    text: short?.text ?? whole?.text ?? digest,
    reference: { ...short?.reference, ...whole?.reference },
  };
}

function jsonObject(bytes: Uint8Array): Record<string, unknown> {
  return parseObject(atOnce(parseJson(bytes, [""])), "the file");
}

/** Runs a function that reads a JSON file. Refuses what it finds wrong, by the name of the file. */
export async function refuseWrongJson<Result>(
  files: Files,
  path: string,
  read: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Fault) throw new FillError(files.label, path, error.message);
    throw error;
  }
}
