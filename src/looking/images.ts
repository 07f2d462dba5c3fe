/**
 * Images behind manifests: of an index, the image for one platform; of an image, its layers.
 *
 *     library/hello:latest ─▶ index ─▶ linux/amd64 ─▶ layer, layer, layer
 *
 * Next: difference_facts.ts
 *
 * @module
 */

import type { Digest } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { type Manifest, parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { shorten } from "../definitions/printable.ts";
import { readManifest } from "../store/manifests.ts";
import { platformOf } from "./formats.ts";
import { objectOf } from "./json_values.ts";
import { type OpenLayer, openLayer } from "./layer.ts";
import { LARGEST_MANIFEST, type Looking } from "./looking.ts";

/** An image manifest. */
export interface FoundImage {
  /** Its digest. */
  readonly digest: Digest;
  /** The address of its manifest. */
  readonly address: string;
  /** What the registry reads of it. */
  readonly manifest: Manifest;
  /** The platform that an index says; absent if there was no index. */
  readonly platform?: string;
}

// The image that people mean if they do not say which one.
const USUAL = "linux/amd64";

// Indexes in indexes; more levels are not looked through.
const DEEPEST = 5;

/** Finds an image: the manifest itself, or of an index, the one for linux/amd64 or else the first that is there. */
export async function findImage(
  looking: Looking,
  name: Name,
  digest: Digest,
  depth = 0,
): Promise<FoundImage | undefined> {
  const found = looking.find(name, digest, "manifest");
  if (found === undefined || found.file.size > LARGEST_MANIFEST) return undefined;
  const stored = readManifest(looking.store, name, digest);
  const manifest = stored && await parseStoredManifest(stored);
  if (manifest === undefined || manifest instanceof Fault) return undefined;
  if (manifest.shape === "image") return { digest, address: found.address, manifest };
  if (depth === DEEPEST) return undefined;
  const children = manifest.references.map(({ descriptor }) => ({
    digest: descriptor.digest,
    platform: platformOf((descriptor as { platform?: unknown }).platform),
    isClaim: "vnd.docker.reference.type" in objectOf(descriptor.annotations),
  })).filter(({ platform, isClaim }) => !isClaim && platform !== "unknown/unknown");
  const usual = children.findIndex(({ platform }) => platform === USUAL);
  const inOrder = usual < 0 ? children : [children[usual], ...children.toSpliced(usual, 1)];
  for (const child of inOrder.slice(0, MOST_CHILDREN)) {
    const image = await findImage(looking, name, child.digest, depth + 1);
    if (image === undefined) continue;
    if (children.length > 1) {
      const which = child.platform === undefined ? "" : ` for ${child.platform}`;
      looking.limit(
        `${shorten(digest)} is an index of ${children.length}. This is the image${which}, ${shorten(child.digest)}.`,
      );
    }
    return { ...image, platform: image.platform ?? child.platform ?? "unknown" };
  }
}

// The most children that are looked for. In an index whose children were never pushed, none is there.
const MOST_CHILDREN = 100;

// The most layers that are stacked.
const MOST_LAYERS = 500;

/** Opens the layers of an image that are here and are archives, the lowest first. */
export async function openLayers(
  looking: Looking,
  name: Name,
  { address, manifest }: FoundImage,
  options: { contents?: boolean } = {},
): Promise<OpenLayer[]> {
  const layers: OpenLayer[] = [];
  const [, ...references] = manifest.references;
  if (references.length > MOST_LAYERS) {
    looking.limit(`Only the first ${MOST_LAYERS} of ${references.length} layers are stacked.`);
  }
  for (const [number, { descriptor, isKeptHere }] of references.slice(0, MOST_LAYERS).entries()) {
    const { digest, annotations } = descriptor;
    const found = looking.find(name, digest, "blob");
    if (found === undefined) {
      const text = isKeptHere
        ? `Layer ${number} is not there: ${digest}.`
        : `Layer ${number} is kept elsewhere: ${digest}.`;
      looking.faults.push({ address: `${address}#/layers/${number}`, text });
      continue;
    }
    const layer = await openLayer(looking, { number, digest, file: found.file }, { annotations, ...options });
    if (layer.facts.isTar) layers.push(layer);
    else looking.limit(`Layer ${number} is no archive, so it has no files: ${descriptor.mediaType}.`);
  }
  return layers;
}
