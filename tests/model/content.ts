/**
 * All content that the clients of the model push, and the repositories and tags that they push it to. There is little of
 * it, so that they meet at the same URLs all the time.
 *
 *     blobs       of no bytes, of few and of many, of each kind of file; one of them has the bytes of a manifest
 *     images      of some of these blobs; some have the same
 *     signatures  images with another manifest as their subject
 *     indexes     of images, signatures and other indexes
 *
 * @module
 */

import { bytes, descriptorOf, digestOf, TYPES } from "../fixture.ts";

/** A blob. */
export interface Blob {
  readonly digest: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A manifest, and what it points to. */
export interface Manifest extends Blob {
  readonly mediaType: string;
  readonly blobs: readonly Blob[];
  readonly children: readonly Manifest[];
  readonly subject?: Manifest;
}

// One lies below another, so that the end of one is not the end of the other.
export const NAMES = ["library", "library/hello", "other"];
export const TAGS = ["latest", "v1", "v2"];

const CONFIG = blobOf(JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } }));
const EMPTY = blobOf("");
const OBJECT = blobOf("{}");
const SMALL = blobOf("\x1f\x8b\x08 a layer");
const LARGE = blobOf("a large layer ".repeat(5000));
// The registry writes and hashes it in several pieces.
const LARGER = blobOf("a still larger layer ".repeat(35_000));
const SHA512 = blobOf("a layer with another algorithm", "sha512");

const IMAGES = [
  imageOf([CONFIG, SMALL]),
  imageOf([CONFIG, SMALL, LARGE]),
  imageOf([OBJECT, LARGER, EMPTY]),
  imageOf([CONFIG, SHA512, LARGE], {}, "sha512"),
];
const [FIRST, SECOND] = IMAGES;
const SIGNATURES = [signatureOf(FIRST, OBJECT), signatureOf(FIRST, SMALL), signatureOf(SECOND, OBJECT)];
const ALL = indexOf(IMAGES.slice(1, 3));
const INDEXES = [ALL, indexOf([FIRST, SIGNATURES[0]]), indexOf([ALL])];

/** All blobs. The last one is a manifest as well. */
export const BLOBS: readonly Blob[] = [CONFIG, EMPTY, OBJECT, SMALL, LARGE, LARGER, SHA512, FIRST];

/** All manifests. */
export const MANIFESTS: readonly Manifest[] = [...IMAGES, ...SIGNATURES, signatureOf(ALL, EMPTY), ...INDEXES];

/** Returns the digests that a manifest points to. */
export function referencesOf({ blobs, children }: Manifest): string[] {
  return [...blobs, ...children].map(({ digest }) => digest);
}

function blobOf(text: string, algorithm = "sha256"): Blob {
  return { digest: digestOf(bytes(text), algorithm), bytes: bytes(text) };
}

function imageOf(blobs: readonly Blob[], fields: object = {}, algorithm = "sha256"): Manifest {
  const [config, ...layers] = blobs;
  const json = {
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: pointTo(config, TYPES.config),
    layers: layers.map((layer) => pointTo(layer, TYPES.layer)),
    ...fields,
  };
  return { ...blobOf(JSON.stringify(json), algorithm), mediaType: TYPES.image, blobs, children: [] };
}

function signatureOf(subject: Manifest, layer: Blob): Manifest {
  const fields = { artifactType: "text/x-note", subject: pointTo(subject, subject.mediaType) };
  return { ...imageOf([OBJECT, layer], fields), subject };
}

function indexOf(children: readonly Manifest[]): Manifest {
  const manifests = children.map((child) => pointTo(child, child.mediaType));
  const json = { schemaVersion: 2, mediaType: TYPES.index, manifests };
  return { ...blobOf(JSON.stringify(json)), mediaType: TYPES.index, blobs: [], children };
}

function pointTo({ digest, bytes }: Blob, mediaType: string) {
  return { ...descriptorOf(bytes, mediaType), digest };
}
