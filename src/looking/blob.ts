/**
 * Blobs: the facts of a config, a layer, a signature, or any other bytes.
 *
 *     library/hello/sha256:9b4e…/layer.tar.gz
 *       neededBy      the place of each pointer to it: library/hello/sha256:7d1a…/manifest.json#/layers/0
 *       elsewhere     other repositories that have it
 *       layer         if it is an archive: how it is packed, and what is in it
 *       json, image, statement, content     otherwise
 *
 * The file of a blob has no type. What it is comes from the manifests that point to it, and from its bytes.
 *
 * Next: bytes.ts
 *
 * @module
 */

import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { shorten } from "../definitions/printable.ts";
import type { FileInfo } from "../disk/disk.ts";
import { firstBytes } from "./bytes.ts";
import { contentBytes, jsonFacts, MOST_SHOWN } from "./content.ts";
import type { BlobFacts, NeedRow, PlaceLink } from "./facts.ts";
import { recognise, textTrait, traitsOfDescriptor, traitsOfJson } from "./formats.ts";
import { imageConfigOf } from "./image_config.ts";
import { MOST_JSON, readJson } from "./json_rows.ts";
import { layerListing } from "./entry_tree.ts";
import { placeText } from "./manifest.ts";
import type { Own } from "./common_facts.ts";
import { statementOf } from "./statement.ts";
import { type Looking, ROWS, timeText } from "./looking.ts";

/** Returns the facts of a blob. */
export async function lookAtBlob(
  looking: Looking,
  name: Name,
  digest: Digest,
  file: FileInfo,
): Promise<Own<BlobFacts>> {
  const { needs, traits, annotations } = await needsOf(looking, name, digest);
  const own = {
    kind: "blob",
    name,
    digest,
    file: file.path.slice(file.path.lastIndexOf("/") + 1),
    size: file.size,
    names: await looking.namesOf(name, digest, file),
    used: timeText(file.lastUsed),
    ...(needs === undefined ? {} : { neededBy: needs.slice(0, ROWS) }),
    elsewhere: await elsewhere(looking, name, digest),
  } as const;
  const head = await firstBytes(looking.disk, file, MOST_SHOWN);
  const content = contentBytes(head, file.size);
  const layer = IS_PACKED.test(content.is.kind) || own.file.startsWith("layer.")
    ? await layerListing(looking, file, digest, annotations)
    : undefined;
  if (layer?.diffId !== undefined && layer.problems.list.every(({ where }) => where !== "packed")) {
    await expectSameDiffIds(looking, name, needs ?? [], layer.diffId);
  }
  if (layer !== undefined) return { ...own, formats: recognise([...traits, ...contentTraits(content.is.kind)]), layer };
  if (content.is.kind !== "JSON" && !own.file.endsWith(".json")) {
    return { ...own, formats: recognise([...traits, ...contentTraits(content.is.kind)]), content };
  }
  const bytes = file.size <= MOST_SHOWN ? head : await firstBytes(looking.disk, file, MOST_JSON);
  const document = own.file === "config.json" ? "config" : undefined;
  const link = (value: string) => looking.linkTo(name, value);
  const { json, value } = await jsonFacts(looking, bytes, file.size, { document, link, what: "the document" });
  if (json.broken !== undefined && own.file.endsWith(".json")) {
    looking.faults.push({ address: file.path, text: `${json.broken.text}${placeText(json.broken)}` });
  }
  const image = imageConfigOf(looking, name, value);
  const statement = await statementOf(looking, name, value);
  return {
    ...own,
    formats: recognise([...traits, ...traitsOfJson(value), ...textTrait("predicate", statement?.predicateType)]),
    content,
    json,
    ...(image === undefined ? {} : { image }),
    ...(statement === undefined ? {} : { statement }),
  };
}

// The most configs that are compared with a layer.
const MOST_CONFIGS = 100;

// The config of each image that has the layer must say what its digest is without compression.
async function expectSameDiffIds(
  looking: Looking,
  name: Name,
  needs: readonly NeedRow[],
  diffId: string,
): Promise<void> {
  const images = needs.filter(({ pointer }) => pointer.startsWith("/layers/"));
  if (images.length > MOST_CONFIGS) {
    looking.limit(`Only the first ${MOST_CONFIGS} of ${images.length} configs were compared with this layer.`);
  }
  const { all } = await looking.manifestsOf(name);
  for (const { digest, pointer } of images.slice(0, MOST_CONFIGS)) {
    const config = all.find((one) => one.digest === digest)?.manifest.references[0].descriptor.digest;
    const found = config && looking.find(name, config, "blob");
    if (found === undefined) continue;
    const { value } = readJson(await firstBytes(looking.disk, found.file, MOST_JSON));
    const number = Number(pointer.slice("/layers/".length));
    const said = imageConfigOf(looking, name, value)?.diffIds[number];
    if (said === undefined || said === diffId) continue;
    const text = `Unpacked, the layer ${shorten(diffId)} has another digest than this config says: ${shorten(said)}.`;
    looking.faults.push({ address: `${found.address}#/rootfs/diff_ids/${number}`, text });
  }
}

const IS_PACKED = /^(?:tar|gzip|zstd)$/;

// What the bytes show by themselves.
function contentTraits(kind: string): string[] {
  return kind === "Wasm" ? ["type=application/wasm"] : [];
}

interface FoundNeeds {
  readonly needs?: NeedRow[];
  readonly traits: string[];
  readonly annotations: Readonly<Record<string, string>>;
}

// The pointers to a blob, and what they say about it. An empty list means that nobody needs it, and is right only if all manifests
// were read.
async function needsOf(looking: Looking, name: Name, blob: Digest): Promise<FoundNeeds> {
  const { all, isWhole } = await looking.manifestsOf(name);
  const needs: NeedRow[] = [];
  const traits = new Set<string>();
  let annotations: Readonly<Record<string, string>> = {};
  for (const { digest, manifest: { shape, references } } of all) {
    for (const [index, { descriptor }] of references.entries()) {
      if (descriptor.digest !== blob) continue;
      const pointer = shape === "index" ? `/manifests/${index}` : index === 0 ? "/config" : `/layers/${index - 1}`;
      traitsOfDescriptor({ ...descriptor }).forEach((trait) => traits.add(trait));
      annotations = { ...annotations, ...descriptor.annotations };
      needs.push({
        address: `${looking.manifestIfThere(name, digest)}#${pointer}`,
        text: shorten(digest),
        digest,
        pointer,
        mediaType: descriptor.mediaType,
        tags: await looking.tagsOf(name, digest),
      });
    }
  }
  return { ...(isWhole || needs.length > 0 ? { needs } : {}), traits: [...traits], annotations };
}

async function elsewhere(looking: Looking, name: Name, digest: Digest): Promise<BlobFacts["elsewhere"]> {
  const found: PlaceLink[] = [];
  for (const other of await looking.otherRepositories(name)) {
    const blob = looking.find(other, digest, "blob");
    if (blob !== undefined && found.push({ address: blob.address, text: other }) === ROWS) break;
    await looking.giveWay();
  }
  return found;
}
