/**
 * The plan: everything that belongs to an image, in the order in which it has to be pushed.
 *
 *     index ──▶ image ──▶ config, layers          blobs first, then image, index, note
 *     note  ──▶ subject: image
 *
 * The whole plan is made and checked before the first byte is pushed. So a source with a fault leaves nothing in the registry.
 *
 * Next: choosing.ts
 *
 * @module
 */

import type { ManifestBytes } from "../client/client.ts";
import type { Descriptor } from "../definitions/descriptor.ts";
import { algorithmOf, type Digest, digestOf, HASHES, isSupported } from "../definitions/digest.ts";
import { describe, type Manifest, MANIFEST_MEDIA_TYPES, parseLongManifest } from "../definitions/manifest.ts";
import { expectListable } from "../push/pushing_manifests_with_subject.ts";
import { type Files, FillError } from "./files.ts";
import { type Contents, INDEX_FILE, LONGEST_JSON, refuseWrongJson } from "./layout.ts";

/** A manifest of a source, and what it points to. */
export interface Planned extends ManifestBytes {
  /** What the manifest says. */
  readonly manifest: Manifest;
}

// The most manifests that one plan holds, in bytes, and how deep an index may lie in other ones.
const MOST_BYTES = 128 * 1024 * 1024;
const DEEPEST = 16;

// BuildKit marks a manifest with it that says how an image was built.
const ATTESTATION = "vnd.docker.reference.type";

/** Returns true if a descriptor points to a manifest, as its type says. */
export function isManifest({ mediaType }: Descriptor): boolean {
  return Object.hasOwn(MANIFEST_MEDIA_TYPES, mediaType);
}

/** Reads the manifests of a source, each once. */
export class Manifests {
  readonly #files: Files;
  readonly #contents: Contents;
  readonly #isSparseAllowed: boolean;
  readonly #read = new Map<Digest, Promise<Planned | undefined>>();
  #bytes = 0;

  /** With `isSparseAllowed`, content that the source does not have is left out. */
  constructor(files: Files, contents: Contents, isSparseAllowed: boolean) {
    this.#files = files;
    this.#contents = contents;
    this.#isSparseAllowed = isSparseAllowed;
  }

  /** Returns a manifest, or `undefined` if the source does not have it. */
  get(descriptor: Descriptor): Promise<Planned | undefined> {
    const { digest } = descriptor;
    if (!this.#read.has(digest)) this.#read.set(digest, this.#readOne(descriptor));
    return this.#read.get(digest)!;
  }

  /**
   * Returns what is taken of an image: mostly all of it. But docker saves an index without the images that it has not pulled. If
   * there is just one, that is the image.
   */
  async takenOf(descriptor: Descriptor): Promise<Descriptor> {
    if (!this.#contents.isFromDocker || this.#isSparseAllowed || !isManifest(descriptor)) return descriptor;
    const { references = [] } = (await this.get(descriptor))?.manifest ?? {};
    const children = references.filter(({ to }) => to === "manifest").map((reference) => reference.descriptor);
    const present = await Array.fromAsync(
      children,
      async (child) => await this.get(child) === undefined ? [] : [child],
    );
    const images = present.flat().filter(({ annotations }) => annotations?.[ATTESTATION] === undefined);
    return present.flat().length < children.length && images.length === 1 ? images[0] : descriptor;
  }

  /**
   * Adds a manifest to a plan, after its children. `place` is the file that points to it.
   *
   * @throws {FillError} if one of them is missing or wrong.
   */
  async addTo(
    plan: Map<Digest, Planned>,
    descriptor: Descriptor,
    place: string = INDEX_FILE,
    depth = 0,
  ): Promise<void> {
    const { label } = this.#files;
    const { digest, mediaType } = descriptor;
    if (!isManifest(descriptor)) {
      throw new FillError(label, place, `names ${digest} of the type ${mediaType}, which is no manifest`);
    }
    if (depth > DEEPEST) throw new FillError(label, place, `lies in more than ${DEEPEST} indexes`);
    const planned = await this.get(descriptor);
    if (planned === undefined) {
      if (this.#isSparseAllowed && depth > 0) return;
      const hint = depth > 0 ? "; with --allow-sparse, the index is taken without it" : "";
      throw new FillError(label, place, `names the manifest ${digest}, which is not there${hint}`);
    }
    if (planned.bytes.length !== descriptor.size) {
      throw new FillError(
        label,
        place,
        `says that ${digest} has ${descriptor.size} bytes, but it has ${planned.bytes.length}`,
      );
    }
    // Another descriptor has been read with another type. The manifest itself may say which one is right.
    if (planned.mediaType !== mediaType) {
      const path = this.#contents.pathOf(digest) ?? digest;
      await refuseWrongJson(this.#files, path, () => parseLongManifest(planned.bytes, mediaType));
    }
    if (plan.has(digest)) return;
    for (const { descriptor: child, to, isKeptHere } of planned.manifest.references) {
      if (to !== "manifest" || (!isKeptHere && await this.get(child) === undefined)) continue;
      await this.addTo(plan, child, this.#contents.pathOf(digest), depth + 1);
    }
    plan.set(digest, planned);
  }

  /**
   * Returns the blobs of a plan, each with the path of its file.
   *
   * @throws {FillError} if one of them is missing, or has another digest or size.
   */
  async blobsOf(plan: ReadonlyMap<Digest, Planned>): Promise<Map<Digest, Descriptor & { readonly path: string }>> {
    const { label } = this.#files;
    const blobs = new Map<Digest, Descriptor & { readonly path: string }>();
    for (const { digest: manifest, manifest: { references } } of plan.values()) {
      for (const { descriptor, to, isKeptHere } of references) {
        const { digest, size } = descriptor;
        if (to === "manifest") continue;
        const path = this.#contents.pathOf(digest);
        const place = this.#contents.pathOf(manifest) ?? manifest;
        if (!isSupported(HASHES, algorithmOf(digest))) {
          throw new FillError(label, place, `names ${digest}, and nobody can compute digests of this algorithm here`);
        }
        const known = blobs.get(digest)?.size;
        const found = known !== undefined
          ? { size: known, digest }
          : path && await this.#files.look(path, algorithmOf(digest));
        if (path === undefined || !found) {
          if (this.#isSparseAllowed || !isKeptHere) continue;
          throw new FillError(label, place, `names the blob ${digest}, which is not there`);
        }
        if (found.digest !== digest) throw new FillError(label, path, `has the digest ${found.digest}`);
        if (found.size !== size) {
          throw new FillError(label, place, `says that ${digest} has ${size} bytes, but it has ${found.size}`);
        }
        blobs.set(digest, { ...descriptor, path });
      }
    }
    return blobs;
  }

  async #readOne({ digest, mediaType }: Descriptor): Promise<Planned | undefined> {
    const { label } = this.#files;
    const algorithm = algorithmOf(digest);
    const path = this.#contents.pathOf(digest) ?? digest;
    if (!isSupported(HASHES, algorithm)) {
      throw new FillError(label, path, "has a digest of an algorithm that nobody can compute here");
    }
    const bytes = this.#contents.made.get(digest) ?? await this.#files.read(path, LONGEST_JSON);
    if (bytes === undefined) return undefined;
    const actual = digestOf(HASHES, algorithm, bytes);
    if (actual !== digest) throw new FillError(label, path, `has the digest ${actual}`);
    this.#bytes += bytes.length;
    if (this.#bytes > MOST_BYTES) {
      throw new FillError(label, path, `is one of manifests with more than ${MOST_BYTES} bytes`);
    }
    const manifest = await refuseWrongJson(this.#files, path, () => parseLongManifest(bytes, mediaType));
    if (manifest.subject !== undefined) expectListed(label, path, describe(manifest, digest, bytes.length));
    return { digest, mediaType, bytes, manifest };
  }
}

// The registry would refuse such a referrer, but only after its blobs had been pushed.
function expectListed(label: string, path: string, referrer: Descriptor): void {
  try {
    expectListable(referrer);
  } catch (error) {
    throw new FillError(label, path, (error as Error).message);
  }
}
