/**
 * Comparing: the differences between two images, or between two other things of one kind.
 *
 *     const { layers, files } = await compare(disk, "library/hello:v1", "library/hello:v2");
 *     layers      kept sha256:9b4e…   gone sha256:4f2a…   new sha256:77c1…
 *     files       etc/motd changed   usr/bin/hello added
 *
 * Each side is looked at first, as {@linkcode look} does it. Then its documents are compared field by field, its layers by their digests,
 * and its files by `compared_files.ts`.
 *
 * Next: compared_files.ts
 *
 * @module
 */

import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { shorten } from "../definitions/printable.ts";
import type { Disk } from "../disk/disk.ts";
import type { ChildChange, DifferenceFacts, FieldChange, LayerStep, SideFacts } from "./difference_facts.ts";
import type { Facts, ManifestFacts } from "./facts.ts";
import { type DocumentKind, explain } from "./fields.ts";
import { findImage, openLayers } from "./images.ts";
import { pointerTo, readJson } from "./json_rows.ts";
import { type OpenLayer, openLayer } from "./layer.ts";
import { look } from "./look.ts";
import { Looking, type LookOptions } from "./looking.ts";
import { fileDifference, filesBetween } from "./compared_files.ts";

/** The options of a comparison. */
export interface DifferenceOptions extends LookOptions {
  /** The most text files whose differences are shown line by line. Default: 20. */
  readonly mostDiffs?: number;
}

// The most changes of fields, and the most children of an index.
const MOST_FIELDS = 500;
const MOST_CHILDREN = 10_000;

/** Returns the differences between what is at two addresses. */
export async function compare(
  disk: Disk,
  before: string,
  after: string,
  options: DifferenceOptions = {},
): Promise<DifferenceFacts> {
  // Images that are compared mostly have layers in common.
  const { layers = new Map() } = options;
  const inner = { ...options, layers, after: undefined, most: MOST_CHILDREN, whole: false };
  const [one, other] = [await look(disk, before, inner), await look(disk, after, inner)];
  const looking = new Looking(disk, inner);
  const sides = [await sideOf(looking, one), await sideOf(looking, other)] as const;
  const facts = { kind: "difference", before: sides[0].facts, after: sides[1].facts } as const;
  const common = { faults: looking.faults, limits: looking.limits };
  const nothing = { manifest: [], config: [], children: [], layers: [] };
  if (sides.some(({ facts }) => facts.missing !== undefined)) return { ...facts, ...nothing, ...common };
  if (one.kind === "file" && other.kind === "file") {
    return { ...facts, ...nothing, files: fileDifference(one, other), ...common };
  }
  const [manifestBefore, manifestAfter] = sides.map(({ manifest }) => manifest);
  const [imageBefore, imageAfter] = sides.map(({ image }) => image);
  const documents = sides.map(({ document, config }) => ({ document, config }));
  const hasFiles = sides.every(({ layers }) => layers !== undefined);
  const files = hasFiles
    ? await filesBetween(looking, sides[0].layers!, sides[1].layers!, options.mostDiffs)
    : undefined;
  return {
    ...facts,
    manifest: changesOf(documents[0].document, documents[1].document, manifestAfter?.shape, NOT_IN_MANIFEST),
    config: changesOf(documents[0].config, documents[1].config, "config", NOT_IN_CONFIG),
    children: childrenBetween(manifestBefore, manifestAfter),
    layers: layersBetween(imageBefore, imageAfter),
    ...(files === undefined ? {} : { files }),
    ...common,
  };
}

// These are compared in their own way.
const NOT_IN_MANIFEST = /^\/(?:layers|manifests)(?:\/|$)/;
const NOT_IN_CONFIG = /^\/rootfs\/diff_ids(?:\/|$)/;

interface ComparedSide {
  readonly facts: SideFacts;
  /** The manifest, and the image in it if it is an index. */
  readonly manifest?: ManifestFacts;
  readonly image?: ManifestFacts;
  /** The JSON of the manifest, and of the config, or of a blob. */
  readonly document?: unknown;
  readonly config?: unknown;
  /** The layers of an image, or a layer that is alone. */
  readonly layers?: readonly OpenLayer[];
}

async function sideOf(looking: Looking, facts: Facts): Promise<ComparedSide> {
  const { address, formats } = facts;
  const side = { address, text: "name" in facts && typeof facts.name === "string" ? facts.name : address, formats };
  if (facts.kind === "missing" || facts.kind === "invalid") return { facts: { ...side, missing: facts } };
  if (facts.kind === "tag" && facts.target?.kind === "manifest") {
    const { facts: target, ...others } = await sideOf(looking, facts.target);
    return { ...others, facts: { ...target, address, text: `${facts.name}:${facts.tag}` } };
  }
  if (facts.kind === "manifest") return await sideOfManifest(looking, facts);
  if (facts.kind === "blob") return await sideOfBlob(looking, facts);
  if (facts.kind === "file") return { facts: side };
  const text = `A ${facts.kind} cannot be compared. Name two images, two manifests, two blobs or two files.`;
  const missing = { ...common(facts), kind: "missing", text, near: [] } as const;
  return { facts: { ...side, missing } };
}

function common({ address, way, faults, limits, next }: Facts) {
  return { address, way, formats: [], faults, limits, next };
}

async function sideOfManifest(looking: Looking, manifest: ManifestFacts): Promise<ComparedSide> {
  const { address, formats, digest, size } = manifest;
  const name = manifest.name as Name;
  const text = `${name}@${shorten(digest)}`;
  const facts = { address, text, formats, digest, size };
  looking.faults.push(...manifest.faults);
  const document = readJson(new TextEncoder().encode(manifest.json.text)).value;
  const found = await findImage(looking, name, digest as Digest);
  if (found === undefined) return { facts, manifest, document };
  const image = manifest.digest === found.digest ? manifest : await look(looking.disk, found.address, looking.options);
  if (image.kind !== "manifest") return { facts, manifest, document };
  const platform = image.platform ?? found.platform;
  return {
    facts: { ...facts, ...(platform === undefined ? {} : { platform }) },
    manifest,
    image,
    document,
    config: await configOf(looking, image),
    layers: await openLayers(looking, name, found, { contents: true }),
  };
}

async function configOf(looking: Looking, image: ManifestFacts): Promise<unknown> {
  if (image.config?.address === undefined) return undefined;
  const config = await look(looking.disk, image.config.address, looking.options);
  if (config.kind !== "blob" || config.json?.isWhole !== true) return undefined;
  return readJson(new TextEncoder().encode(config.json.text)).value;
}

async function sideOfBlob(looking: Looking, blob: Extract<Facts, { kind: "blob" }>): Promise<ComparedSide> {
  const { address, formats, digest, size } = blob;
  const facts = { address, text: `${blob.name}@${shorten(digest)}`, formats, digest, size };
  if (blob.json?.isWhole === true) {
    return { facts, config: readJson(new TextEncoder().encode(blob.json.text)).value };
  }
  const file = looking.disk.look(address);
  if (blob.layer === undefined || file === undefined) return { facts };
  return {
    facts,
    layers: [await openLayer(looking, { number: 0, digest: digest as Digest, file }, { contents: true })],
  };
}

// ---- JSON ----

/** Returns the fields that two documents do not have in common. */
function changesOf(before: unknown, after: unknown, document: DocumentKind | undefined, left: RegExp): FieldChange[] {
  const [one, other] = [leavesOf(before), leavesOf(after)];
  const pointers = [...new Set([...one.keys(), ...other.keys()])].filter((pointer) => !left.test(pointer));
  return pointers.filter((pointer) => one.get(pointer)?.text !== other.get(pointer)?.text).slice(0, MOST_FIELDS).map(
    (pointer) => {
      const [from, to] = [one.get(pointer), other.get(pointer)];
      const what = document && explain(document, (to ?? from)!.names)?.what;
      return {
        pointer,
        how: from === undefined ? "added" : to === undefined ? "removed" : "changed",
        ...(from === undefined ? {} : { before: from.text }),
        ...(to === undefined ? {} : { after: to.text }),
        ...(what === undefined ? {} : { what }),
      };
    },
  );
}

type Leaves = Map<string, { readonly text: string; readonly names: readonly (string | number)[] }>;

// The values that are no objects and no lists, and the empty ones of these, by their pointers.
function leavesOf(value: unknown, names: readonly (string | number)[] = [], leaves: Leaves = new Map()): Leaves {
  if (value === undefined) return leaves;
  const inside = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (inside.length === 0) leaves.set(pointerTo(names), { text: JSON.stringify(value), names });
  for (const [name, part] of inside) leavesOf(part, [...names, Array.isArray(value) ? Number(name) : name], leaves);
  return leaves;
}

function childrenBetween(before: ManifestFacts | undefined, after: ManifestFacts | undefined): ChildChange[] {
  const [one, other] = [childrenOf(before), childrenOf(after)];
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((platform) => {
    const [from, to] = [one.get(platform), other.get(platform)];
    if (from === to) return [];
    return [{ platform, ...(from === undefined ? {} : { before: from }), ...(to === undefined ? {} : { after: to }) }];
  });
}

// The children of an index by their platforms. An attestation belongs to an image, and is no platform.
function childrenOf(manifest: ManifestFacts | undefined): Map<string, string> {
  const rows = (manifest?.children.rows ?? []).filter(({ about }) => about === undefined);
  return new Map(rows.map(({ platform, digest, pointer }) => [platform ?? pointer, digest]));
}

// ---- layers ----

function layersBetween(before: ManifestFacts | undefined, after: ManifestFacts | undefined): LayerStep[] {
  const [one, other] = [before?.layers ?? [], after?.layers ?? []];
  const steps: LayerStep[] = [];
  const taken = new Set<number>();
  const rest: LayerStep[] = [];
  for (const row of other) {
    const { digest, size, number, address, made } = row;
    const from = one.find((layer) => layer.digest === digest && !taken.has(layer.number));
    if (from !== undefined) taken.add(from.number);
    const how = from === undefined ? "new" : from.number === number ? "kept" : "moved";
    rest.push({
      how,
      digest,
      size,
      ...(from === undefined ? {} : { before: from.number }),
      after: number,
      ...(made?.command === undefined ? {} : { command: made.command }),
      ...(address === undefined ? {} : { address }),
    });
  }
  for (const { digest, size, number, address, made } of one) {
    if (taken.has(number)) continue;
    steps.push({
      how: "gone",
      digest,
      size,
      before: number,
      ...(made?.command === undefined ? {} : { command: made.command }),
      ...(address === undefined ? {} : { address }),
    });
  }
  // A layer that is gone stands in front of the one that took its place.
  return [...rest, ...steps].sort((a, b) => (a.after ?? a.before! - 0.5) - (b.after ?? b.before! - 0.5));
}
