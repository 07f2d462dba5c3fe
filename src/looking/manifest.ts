/**
 * Manifests: the facts of an image, an index, or another artifact.
 *
 *     library/hello/sha256:7d1a…/manifest.json
 *       formats       OCI image manifest
 *       config        ─▶ sha256:c3f2…        linux/amd64, CMD ["/hello"]
 *       layers        ─▶ sha256:9b4e…        COPY hello /
 *       relatives     ◀─ indexes, referrers, claims, and who shares its layers: see relatives.ts
 *
 * A manifest that somebody has damaged is shown as it is, with the place where it breaks.
 *
 * Next: descriptors.ts
 *
 * @module
 */

import type { Digest } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { type Manifest, parseStoredManifest, type Reference } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import type { FileInfo } from "../disk/disk.ts";
import { annotationRows, describe } from "./descriptors.ts";
import { firstBytes } from "./bytes.ts";
import { jsonFacts } from "./content.ts";
import type { ChildRow, DescriptorFacts, ImageConfigFacts, LayerRow, ManifestFacts, Rows } from "./facts.ts";
import { recognise, traitsOfManifest } from "./formats.ts";
import { imageConfigOf } from "./image_config.ts";
import { objectOf } from "./json_values.ts";
import { MOST_EXPLAINED, MOST_TEXT, readJson } from "./json_rows.ts";
import type { Own } from "./common_facts.ts";
import { LARGEST_MANIFEST, type Looking, ROWS, timeText } from "./looking.ts";
import { attestedBy, claimsByTag, parentsOf, referrersOf, sharedOf } from "./relatives.ts";

// The most bytes of a config, and the most layers of an image.
const LARGEST_CONFIG = 4 * 1024 * 1024;
const MOST_LAYERS = 1000;

/** Returns the facts of a manifest. */
export async function lookAtManifest(
  looking: Looking,
  name: Name,
  digest: Digest,
  file: FileInfo,
): Promise<Own<ManifestFacts>> {
  const address = file.path;
  const mediaType = looking.mediaTypeOf(name, digest) ?? "";
  const bytes = await firstBytes(looking.disk, file, file.size > LARGEST_MANIFEST ? MOST_TEXT : file.size);
  const manifest = await readManifestBytes(looking, address, mediaType, bytes, file.size);
  const link = (value: string) => looking.linkTo(name, value);
  const { json, value } = await jsonFacts(looking, bytes, file.size, {
    document: manifest?.shape,
    link,
    what: "the manifest",
    most: MOST_EXPLAINED,
  });
  if (json.broken !== undefined) looking.faults.push({ address, text: `${json.broken.text}${placeText(json.broken)}` });
  const fields = value === undefined ? fieldsOf(manifest) : objectOf(value);
  const own = {
    kind: "manifest",
    name,
    digest,
    size: file.size,
    mediaType,
    tags: await looking.tagsOf(name, digest),
    pushed: timeText(file.lastUsed),
    annotations: annotationRows(looking, name, fields.annotations),
    referrers: await referrersOf(looking, name, digest),
    json,
  } as const;
  const formats = recognise(traitsOfManifest(fields, {
    mediaType: mediaType || String(fields.mediaType ?? ""),
    shape: manifest?.shape,
    artifactType: manifest?.artifactType,
  }));
  if (manifest === undefined) {
    return { ...own, formats, layers: [], children: { rows: [] }, parents: [], claims: [], shared: [] };
  }
  const { shape, subject, artifactType } = manifest;
  const isImage = shape === "image";
  const parents = await parentsOf(looking, name, digest);
  const config = isImage ? await configOf(looking, name, address, manifest) : undefined;
  const platform = config?.image?.platform ?? parents.platform;
  return {
    ...own,
    formats,
    shape,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platform === undefined ? {} : { platform }),
    ...(config === undefined ? {} : { config: config.descriptor }),
    ...(config?.image === undefined ? {} : { image: config.image }),
    layers: isImage ? await layersOf(looking, name, address, manifest, config?.image) : [],
    children: isImage ? { rows: [] } : await childrenOf(looking, name, address, manifest),
    ...(subject === undefined ? {} : {
      subject: await describe(looking, name, subject, {
        address,
        pointer: "/subject",
        to: "manifest",
        isKeptHere: false,
      }),
    }),
    parents: parents.rows,
    claims: [...claimsByTag(looking, name, digest), ...parents.claims],
    shared: isImage ? await sharedOf(looking, name, digest, manifest) : [],
  };
}

// What is known of a long manifest is what the registry reads of it.
function fieldsOf(manifest: Manifest | undefined): Readonly<Record<string, unknown>> {
  const { annotations, subject, references = [], shape } = manifest ?? {};
  const layers = shape === "image" ? references.slice(1).map(({ descriptor }) => descriptor) : undefined;
  return { annotations, subject, ...(layers === undefined ? {} : { layers }) };
}

/** Returns " in line 1, column 5", or nothing if the place is not known. */
export function placeText({ line, column }: { readonly line?: number; readonly column?: number }): string {
  return line === undefined ? "" : ` That is in line ${line}, column ${column}.`;
}

async function readManifestBytes(
  looking: Looking,
  address: string,
  mediaType: string,
  bytes: Uint8Array,
  size: number,
): Promise<Manifest | undefined> {
  if (mediaType === "") {
    looking.faults.push({ address, text: "It has no file content-type beside it, so nobody can pull it." });
  }
  if (bytes.length < size) return undefined;
  const manifest = await parseStoredManifest({ bytes, mediaType });
  if (!(manifest instanceof Fault)) return manifest;
  // What is no JSON has a better message, with its place.
  if (bytes.length > MOST_EXPLAINED || readJson(bytes).broken === undefined) {
    looking.faults.push({ address, text: `It is no manifest of type ${mediaType || "(none)"}: ${manifest.message}.` });
  }
  return undefined;
}

async function configOf(
  looking: Looking,
  name: Name,
  address: string,
  { references: [{ descriptor, isKeptHere }] }: Manifest,
): Promise<{ descriptor: DescriptorFacts; image?: ImageConfigFacts }> {
  const place = { address, pointer: "/config", to: "blob", isKeptHere } as const;
  const facts = await describe(looking, name, descriptor, place);
  const found = looking.find(name, descriptor.digest, "blob");
  if (found === undefined || !/json/.test(descriptor.mediaType)) return { descriptor: facts };
  if (found.file.size > LARGEST_CONFIG) {
    looking.limit(`The config has ${found.file.size} bytes. It is not read, because configs are much smaller.`);
    return { descriptor: facts };
  }
  const bytes = await firstBytes(looking.disk, found.file, LARGEST_CONFIG);
  const { value, broken } = readJson(bytes);
  if (broken !== undefined) looking.faults.push({ address: found.address, text: `${broken.text}${placeText(broken)}` });
  const image = imageConfigOf(looking, name, value);
  return image === undefined ? { descriptor: facts } : { descriptor: facts, image };
}

async function layersOf(
  looking: Looking,
  name: Name,
  address: string,
  { references: [, ...layers] }: Manifest,
  image: ImageConfigFacts | undefined,
): Promise<LayerRow[]> {
  if (layers.length > MOST_LAYERS) looking.limit(`Only the first ${MOST_LAYERS} of ${layers.length} layers are shown.`);
  if (image !== undefined) expectSameNumber(looking, address, image, layers.length);
  const rows: LayerRow[] = [];
  for (const [number, { descriptor, isKeptHere }] of layers.slice(0, MOST_LAYERS).entries()) {
    const place = { address, pointer: `/layers/${number}`, to: "blob", isKeptHere } as const;
    const made = image?.history.find(({ layer }) => layer === number);
    const diffId = image?.diffIds[number];
    rows.push({
      ...await describe(looking, name, descriptor, place),
      number,
      ...(diffId === undefined ? {} : { diffId }),
      ...(made === undefined ? {} : { made }),
    });
    await looking.giveWay();
  }
  return rows;
}

// The config counts the layers twice: in `diff_ids`, and in the history, which may be missing.
function expectSameNumber(
  looking: Looking,
  address: string,
  { diffIds, history }: ImageConfigFacts,
  layers: number,
): void {
  if (diffIds.length !== layers) {
    looking.faults.push({ address, text: `It has ${layers} layers, and its config has ${diffIds.length} diff_ids.` });
  }
  const made = history.filter(({ layer }) => layer !== undefined).length;
  if (history.length > 0 && made !== layers) {
    looking.faults.push({
      address,
      text: `It has ${layers} layers, and in the history of its config ${made} steps made one.`,
    });
  }
}

async function childrenOf(
  looking: Looking,
  name: Name,
  address: string,
  { references }: Manifest,
): Promise<Rows<ChildRow>> {
  const { after = "", most = ROWS } = looking.options;
  const [, last] = /^\/manifests\/(\d{1,7})$/.exec(after) ?? [];
  const start = last === undefined ? 0 : Number(last) + 1;
  const rows: ChildRow[] = [];
  for (const [index, reference] of references.slice(start, start + most).entries()) {
    rows.push(await childRow(looking, name, address, reference, start + index));
  }
  const end = start + rows.length;
  return {
    rows,
    total: references.length,
    ...(end < references.length ? { next: { address, after: `/manifests/${end - 1}` } } : {}),
  };
}

async function childRow(
  looking: Looking,
  name: Name,
  address: string,
  reference: Reference,
  number: number,
): Promise<ChildRow> {
  const { descriptor, to, isKeptHere } = reference;
  const place = { address, pointer: `/manifests/${number}`, to, inside: "index", isKeptHere };
  const about = attestedBy(descriptor);
  return { ...await describe(looking, name, descriptor, place), ...(about === undefined ? {} : { about }) };
}
