/**
 * Manifests: the facts of an image, an index, or another artifact.
 *
 *     library/hello/sha256:7d1a…/manifest.json
 *       formats       OCI image manifest
 *       config        ─▶ sha256:c3f2…        linux/amd64, CMD ["/hello"]
 *       layers        ─▶ sha256:9b4e…        COPY hello /
 *       parents       ◀─ an index of this repository
 *       referrers     ◀─ a signature         ◀─ a countersignature
 *       claims        ◀─ cosign's tags, and the attestations of BuildKit in the same index
 *       shared        layers that other manifests, and other repositories, have too
 *
 * A manifest that somebody has damaged is shown as it is, with the place where it breaks.
 *
 * Next: image_config.ts
 *
 * @module
 */

import type { Descriptor } from "../definitions/descriptor.ts";
import type { Digest } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { type Manifest, parseStoredManifest, type Reference } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { parseTag } from "../definitions/tag.ts";
import { shorten } from "../definitions/printable.ts";
import type { FileInfo } from "../disk/disk.ts";
import { tagFile } from "../store/layout.ts";
import { listReferrers, type Referrer } from "../store/referrers.ts";
import { resolveTag } from "../store/tags.ts";
import { firstBytes } from "./bytes.ts";
import { jsonFacts } from "./content.ts";
import type {
  ChildRow,
  ClaimRow,
  DescriptorFacts,
  ImageConfigFacts,
  LayerRow,
  ManifestFacts,
  ParentRow,
  ReferrerNode,
  Rows,
  SharedRow,
} from "./facts.ts";
import { recognise, textTrait, traitsOfDescriptor, traitsOfManifest } from "./formats.ts";
import { imageConfigOf } from "./image_config.ts";
import { objectOf } from "./json_values.ts";
import { MOST_EXPLAINED, MOST_TEXT, readJson } from "./json_rows.ts";
import type { Own } from "./common_facts.ts";
import { LARGEST_MANIFEST, type Looking, ROWS, timeText } from "./looking.ts";

// The most bytes of a config, the most layers of an image, the most referrers of a manifest with theirs, and the most levels of them.
const LARGEST_CONFIG = 4 * 1024 * 1024;
const MOST_LAYERS = 1000;
const MOST_REFERRERS = 500;
const DEEPEST = 10;

// All artifacts have this one, so it says nothing about two of them.
const EMPTY = "application/vnd.oci.empty.v1+json";

// The most looks for blobs in other repositories.
const MOST_LOOKS = 2000;

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
    annotations: looking.annotations(name, fields.annotations),
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
      subject: await looking.describe(name, subject, {
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
  const facts = await looking.describe(name, descriptor, place);
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
      ...await looking.describe(name, descriptor, place),
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
  return { ...await looking.describe(name, descriptor, place), ...(about === undefined ? {} : { about }) };
}

// BuildKit stores what it says about an image beside that image, in the same index.
function attestedBy({ annotations }: Descriptor): string | undefined {
  const notes = objectOf(annotations);
  const about = notes["vnd.docker.reference.digest"];
  return notes["vnd.docker.reference.type"] === "attestation-manifest" && typeof about === "string" ? about : undefined;
}

interface Parents {
  readonly rows: ParentRow[];
  readonly claims: ClaimRow[];
  readonly platform?: string;
}

async function parentsOf(looking: Looking, name: Name, child: Digest): Promise<Parents> {
  const { all } = await looking.manifestsOf(name);
  const parents = all.filter(({ manifest: { shape, references } }) =>
    shape === "index" && references.some(({ descriptor }) => descriptor.digest === child)
  );
  const descriptors = parents.flatMap(({ manifest }) => manifest.references.map(({ descriptor }) => descriptor));
  const own = descriptors.find(({ digest }) => digest === child);
  const [platform] = own === undefined
    ? []
    : traitsOfDescriptor({ platform: (own as { platform?: unknown }).platform });
  const about = new Map(
    descriptors.filter((descriptor) => attestedBy(descriptor) === child).map((one) => [one.digest, one]),
  );
  const rows = parents.map(async ({ digest }) => ({
    address: looking.manifestIfThere(name, digest)!,
    text: shorten(digest),
    digest,
    tags: await looking.tagsOf(name, digest),
  }));
  const claims = [...about.values()].map((descriptor): ClaimRow => ({
    address: looking.manifestIfThere(name, descriptor.digest) ?? `${name}/${descriptor.digest}`,
    text: shorten(descriptor.digest),
    digest: descriptor.digest,
    by: "index",
    formats: recognise(traitsOfDescriptor({ ...descriptor }, "index")),
  }));
  return {
    rows: (await Promise.all(rows)).slice(0, ROWS),
    claims,
    ...(platform === undefined ? {} : { platform: platform.slice("platform=".length) }),
  };
}

// cosign stored signatures under tags that are made of the digest, and clients do the same with referrers if they must.
function claimsByTag(looking: Looking, name: Name, about: Digest): ClaimRow[] {
  return ["", ".sig", ".att", ".sbom"].flatMap((end) => {
    const tag = parseTag(about.replace(":", "-") + end);
    const digest = tag && resolveTag(looking.store, name, tag);
    if (tag === undefined || digest === undefined) return [];
    return [{
      address: tagFile(name, tag),
      text: shorten(tag),
      digest,
      by: "tag" as const,
      formats: recognise(textTrait("tag", tag)),
    }];
  });
}

/** Returns the manifests that refer to a manifest, each with those that refer to it in turn. */
export async function referrersOf(looking: Looking, name: Name, subject: Digest): Promise<ReferrerNode[]> {
  const left = { nodes: MOST_REFERRERS };
  const nodes = await referrersBelow(looking, name, subject, [subject], left);
  if (left.nodes <= 0) looking.limit(`Only ${MOST_REFERRERS} referrers are shown.`);
  return nodes;
}

async function referrersBelow(
  looking: Looking,
  name: Name,
  subject: Digest,
  way: readonly Digest[],
  left: { nodes: number },
): Promise<ReferrerNode[]> {
  const nodes: ReferrerNode[] = [];
  for await (const referrers of listReferrers(looking.store, name, subject, "")) {
    for (const referrer of referrers) {
      if (left.nodes-- <= 0) return nodes;
      nodes.push(await referrerNode(looking, name, referrer, way, left));
    }
  }
  return nodes;
}

async function referrerNode(
  looking: Looking,
  name: Name,
  { digest, text }: Referrer,
  way: readonly Digest[],
  left: { nodes: number },
): Promise<ReferrerNode> {
  const descriptor = objectOf(JSON.parse(text));
  const { artifactType, size } = descriptor;
  // No digest can be in itself, but somebody may have put such files there by hand.
  const goesOn = !way.includes(digest) && way.length < DEEPEST;
  return {
    address: looking.manifestIfThere(name, digest) ?? `${name}/${digest}`,
    text: shorten(digest),
    digest,
    size: typeof size === "number" ? size : 0,
    ...(typeof artifactType === "string" ? { artifactType } : {}),
    formats: recognise(traitsOfDescriptor(descriptor)),
    annotations: looking.annotations(name, descriptor.annotations),
    referrers: goesOn ? await referrersBelow(looking, name, digest, [...way, digest], left) : [],
  };
}

// The blobs of a manifest that others have, too: other manifests of the repository, and other repositories.
async function sharedOf(looking: Looking, name: Name, digest: Digest, manifest: Manifest): Promise<SharedRow[]> {
  const parts = manifest.references.map(({ descriptor }) => descriptor).filter(({ mediaType }) => mediaType !== EMPTY)
    .slice(0, MOST_LAYERS);
  const own = new Map<Digest, number>(parts.map(({ digest, size }) => [digest, size]));
  const rowOf = (blobs: readonly Digest[]) => ({ blobs, size: blobs.reduce((sum, blob) => sum + own.get(blob)!, 0) });
  const rows: SharedRow[] = [];
  const { all } = await looking.manifestsOf(name);
  for (const other of all) {
    if (other.digest === digest || other.manifest.shape !== "image") continue;
    const theirs = other.manifest.references.map(({ descriptor }) => descriptor.digest);
    const blobs = [...new Set(theirs)].filter((blob) => own.has(blob));
    if (blobs.length === 0) continue;
    const address = looking.manifestIfThere(name, other.digest)!;
    const tags = await looking.tagsOf(name, other.digest);
    rows.push({ address, text: shorten(other.digest), digest: other.digest, tags, ...rowOf(blobs) });
    await looking.giveWay();
  }
  // A file with one name is in no other repository, unless that one got the same bytes in another way.
  const linked: Digest[] = [];
  for (const blob of own.keys()) {
    if ((looking.find(name, blob, "blob")?.file.links ?? 0) > 1) linked.push(blob);
    await looking.giveWay();
  }
  if (linked.length > 0) {
    const others = await looking.otherRepositories(name);
    const looked = others.slice(0, Math.ceil(MOST_LOOKS / linked.length));
    if (looked.length < others.length) {
      looking.limit(`Only ${looked.length} other repositories were searched for shared blobs.`);
    }
    for (const other of looked) {
      const blobs = linked.filter((blob) => looking.find(other, blob, "blob") !== undefined);
      if (blobs.length > 0) rows.push({ address: other, text: other, tags: [], ...rowOf(blobs) });
      await looking.giveWay();
    }
  }
  return rows.sort((a, b) => b.size - a.size).slice(0, ROWS);
}
