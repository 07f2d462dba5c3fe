/**
 * A manifest: the document that lists the content of an image, of another artifact, or of a set of them.
 * https://github.com/opencontainers/image-spec/blob/13cff54/manifest.md
 * https://github.com/opencontainers/image-spec/blob/13cff54/image-index.md
 *
 * There are two shapes. An image manifest points to blobs, an index points to other manifests; Docker's schema 2 has
 * the same two under other media types.
 *
 *     image                                    index
 *     { "schemaVersion": 2,                    { "schemaVersion": 2,
 *       "config": descriptor,                    "manifests": [descriptor, …],
 *       "layers": [descriptor, …],               "subject": descriptor,
 *       "subject": descriptor }                  "annotations": { … } }
 *
 * An artifact is anything else that is stored like an image, such as a signature. The registry keeps the bytes of a
 * manifest exactly as they came (PUSH-MANIFEST-09); this file only looks inside them. The registry leaves alone what it
 * does not understand: unknown fields, and unknown media types of layers, children and artifacts.
 *
 * Next: descriptor.ts
 *
 * @module
 */

import { atOnce, inSteps } from "../giving_way.ts";
import { type Descriptor, parseDescriptor, parseObject } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { Fault, show } from "./fault.ts";
import { parseJson } from "./json.ts";

/** The two shapes of a manifest. */
export type Shape = "image" | "index";

/** The media type of an OCI index. It is also what the referrers API answers with. */
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";

const OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json";

/** The media types under which a manifest can be pushed, and the shape that each one has. */
export const MANIFEST_MEDIA_TYPES: Readonly<Record<string, Shape>> = {
  [OCI_IMAGE]: "image",
  [OCI_INDEX]: "index",
  "application/vnd.docker.distribution.manifest.v2+json": "image",
  "application/vnd.docker.distribution.manifest.list.v2+json": "index",
};

/** The media types of the configs of container images. A manifest whose config has another one is another kind of artifact. */
export const IMAGE_CONFIGS: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

/** The part of a manifest that a registry has to know. */
export interface Manifest {
  /** The media type under which it is kept and given back. */
  readonly mediaType: string;
  /** True if it has a field `mediaType` itself. */
  readonly namesItsMediaType: boolean;
  /** Its shape. */
  readonly shape: Shape;
  /** Pointers to its content: the config and layers of an image, the children of an index. */
  readonly references: readonly Reference[];
  /** The manifest that this one says something about: the image, if this is a signature. */
  readonly subject?: Descriptor;
  /** Its kind of artifact: its own `artifactType`, or the media type of an image's config. */
  readonly artifactType?: string;
  /** Its annotations, text to text. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One thing that a manifest points to. */
export interface Reference {
  /** The pointer. */
  readonly descriptor: Descriptor;
  /** The kind of content that it points to. An index may list content of an unknown type; that can be a blob or a manifest. */
  readonly to: "blob" | "manifest" | "either";
  /**
   * True if the registry must have the content. Layers that may not be distributed, or that have `urls`, are kept
   * elsewhere.
   */
  readonly isKeptHere: boolean;
}

// The objects of a manifest that the registry reads. In these a name that comes twice is dangerous; see `json.ts`.
const PLACES_READ = ["", "config", "layers[]", "manifests[]", "subject", "annotations"];

// Layers whose licence does not allow clients to push them. The OCI types are deprecated, but some images still have them.
const NOT_DISTRIBUTABLE =
  /^application\/vnd\.(?:oci\.image\.layer\.nondistributable\.v1\.tar|docker\.image\.rootfs\.foreign\.diff\.tar)/;

/**
 * Reads a manifest out of the bytes that were pushed under this `Content-Type` (`null` if the push had none).
 *
 * @throws {Fault} if it is not JSON, not of a known type, of mixed shape, or has a malformed descriptor.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const text = '{"schemaVersion": 2, "manifests": []}';
 * const manifest = parseManifest(new TextEncoder().encode(text), null);
 * assertEquals(manifest.mediaType, "application/vnd.oci.image.index.v1+json");
 * assertEquals(manifest.references, []);
 * ```
 */
export function parseManifest(bytes: Uint8Array, contentType: string | null): Manifest {
  return atOnce(parseInSteps(bytes, contentType));
}

/** Does the same as {@linkcode parseManifest}, and gives way to other requests if the manifest is long. */
export function parseLongManifest(bytes: Uint8Array, contentType: string | null): Promise<Manifest> {
  return inSteps(parseInSteps(bytes, contentType));
}

function* parseInSteps(bytes: Uint8Array, contentType: string | null): Generator<undefined, Manifest> {
  const json = parseObject(yield* parseJson(bytes, PLACES_READ), "the manifest");
  if (json.schemaVersion !== 2) throw new Fault("DEF-I02", "schemaVersion 2", show(json.schemaVersion));

  const mediaType = mediaTypeOf(json, contentType);
  const shape = MANIFEST_MEDIA_TYPES[mediaType];
  expectOneShape(json, shape, mediaType);

  const subject = json.subject == null ? undefined : parseDescriptor(json.subject, "subject");
  const references = shape === "image" ? yield* referencesOfImage(json) : yield* referencesOfIndex(json);
  return {
    mediaType,
    namesItsMediaType: json.mediaType != null,
    shape,
    references,
    subject,
    artifactType: artifactTypeOf(json, shape),
    annotations: yield* annotationsOf(json),
  };
}

/**
 * Reads a manifest that is on disk already. Returns a fault if somebody has damaged it there, or has put it there by hand
 * and wrongly. Gives way to other requests if the manifest is long.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { Fault } from "./fault.ts";
 *
 * assert(await parseStoredManifest({ bytes: new Uint8Array(), mediaType: "text/plain" }) instanceof Fault);
 * ```
 */
export async function parseStoredManifest(
  { bytes, mediaType }: { bytes: Uint8Array; mediaType: string },
): Promise<Manifest | Fault> {
  try {
    return await parseLongManifest(bytes, mediaType);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

// A push names the type in its header. PUSH-MANIFEST-03: the registry ignores parameters there. If the header is missing, the
// manifest's own field counts; if that is missing too, its shape does.
function mediaTypeOf(json: Record<string, unknown>, contentType: string | null): string {
  const named = json.mediaType ?? undefined;
  const pushed = contentType?.split(";")[0].trim() || undefined;
  const mediaType = pushed ?? named ?? ("manifests" in json ? OCI_INDEX : OCI_IMAGE);
  if (typeof mediaType !== "string" || !Object.hasOwn(MANIFEST_MEDIA_TYPES, mediaType)) {
    throw new Fault("PUSH-MANIFEST-01", knownTypeFor(json), show(mediaType));
  }
  if (named !== undefined && named !== mediaType) {
    throw new Fault("PUSH-MANIFEST-05", `the mediaType that the Content-Type says, ${mediaType}`, show(named));
  }
  return mediaType;
}

// Returns what is expected as the Content-Type of a manifest: the type that it names, if that is known, or the one of its shape.
function knownTypeFor(json: Record<string, unknown>): string {
  const { mediaType: named } = json;
  const isKnown = typeof named === "string" && Object.hasOwn(MANIFEST_MEDIA_TYPES, named);
  const type = isKnown ? named : "manifests" in json ? OCI_INDEX : OCI_IMAGE;
  const field = isKnown || named == null ? "" : ", and the same as its mediaType";
  return `a type of manifest; for this one, the header "Content-Type: ${type}"${field}`;
}

// If a document could be read as an image and as an index, one program would see an image and another one an index.
function expectOneShape(json: Record<string, unknown>, shape: Shape, mediaType: string): void {
  const [needed, foreign] = shape === "image" ? ["config", ["manifests"]] : ["manifests", ["config", "layers"]];
  if (json[needed as string] == null) throw new Fault("DEF-I02", `"${needed}" in ${mediaType}`, "nothing");
  for (const field of foreign) {
    if (field in json) throw new Fault("DEF-I02", `no "${field}" in ${mediaType}`, show(json[field]));
  }
}

function* referencesOfImage(json: Record<string, unknown>): Generator<undefined, Reference[]> {
  const config = parseDescriptor(json.config, "config");
  const layers = yield* listOf(json.layers, "layers");
  return [config, ...layers].map((descriptor) => ({
    descriptor,
    to: "blob",
    isKeptHere: !NOT_DISTRIBUTABLE.test(descriptor.mediaType) && !descriptor.urls?.length,
  }));
}

function* referencesOfIndex(json: Record<string, unknown>): Generator<undefined, Reference[]> {
  const manifests = yield* listOf(json.manifests, "manifests");
  return manifests.map((descriptor) => ({
    descriptor,
    to: Object.hasOwn(MANIFEST_MEDIA_TYPES, descriptor.mediaType) ? "manifest" : "either",
    isKeptHere: !descriptor.urls?.length,
  }));
}

// The number of entries of a long list that are checked in one step.
const STEP = 1000;

function* listOf(json: unknown, where: string): Generator<undefined, Descriptor[]> {
  const list = json ?? [];
  if (!Array.isArray(list)) throw new Fault("DEF-I02", `a list at ${where}`, show(json));
  const descriptors: Descriptor[] = [];
  for (const [index, item] of list.entries()) {
    if (index % STEP === STEP - 1) yield;
    descriptors.push(parseDescriptor(item, `${where}[${index}]`));
  }
  return descriptors;
}

// DISC-REFERRERS-06, -07 and -08.
function artifactTypeOf(json: Record<string, unknown>, shape: Shape): string | undefined {
  if (json.artifactType != null && typeof json.artifactType !== "string") {
    throw new Fault("DEF-I02", "text at artifactType", show(json.artifactType));
  }
  const config = shape === "image" ? (json.config as Descriptor).mediaType : undefined;
  return json.artifactType as string || config;
}

function* annotationsOf(json: Record<string, unknown>): Generator<undefined, Record<string, string> | undefined> {
  if (json.annotations == null) return undefined;
  const annotations = parseObject(json.annotations, "annotations");
  for (const [index, name] of Object.keys(annotations).entries()) {
    if (index % STEP === STEP - 1) yield;
    const value = annotations[name];
    if (typeof value !== "string") throw new Fault("DEF-I02", `text at annotations.${name}`, show(value));
  }
  return annotations as Record<string, string>;
}

/**
 * Returns the descriptor under which the referrers API lists a manifest. It repeats the manifest's artifact type and
 * annotations.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { digestOf, HASHES } from "./digest.ts";
 *
 * const bytes = new TextEncoder().encode('{"schemaVersion": 2, "manifests": [], "artifactType": "text/x-note"}');
 * const digest = digestOf(HASHES, "sha256", bytes);
 * assertEquals(describe(parseManifest(bytes, null), digest, bytes.length), {
 *   mediaType: "application/vnd.oci.image.index.v1+json",
 *   digest,
 *   size: bytes.length,
 *   artifactType: "text/x-note",
 * });
 * ```
 */
export function describe(manifest: Manifest, digest: Digest, size: number): Descriptor {
  const { mediaType, artifactType, annotations } = manifest;
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
