/**
 * Relatives: what other manifests have to do with a manifest. Nothing of this is in its own document.
 *
 *     library/hello/sha256:7d1a…/manifest.json
 *       parents       ◀─ an index of this repository
 *       referrers     ◀─ a signature         ◀─ a countersignature
 *       claims        ◀─ cosign's tags, and the attestations of BuildKit in the same index
 *       shared        layers that other manifests, and other repositories, have too
 *
 * To find these, a look has to read the other manifests of the repository, and to search other repositories. So each list has a limit.
 *
 * Next: image_config.ts
 *
 * @module
 */

import type { Descriptor } from "../definitions/descriptor.ts";
import type { Digest } from "../definitions/digest.ts";
import type { Manifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { parseTag } from "../definitions/tag.ts";
import { shorten } from "../definitions/printable.ts";
import { tagFile } from "../store/layout.ts";
import { listReferrers, type Referrer } from "../store/referrers.ts";
import { resolveTag } from "../store/tags.ts";
import { annotationRows } from "./descriptors.ts";
import type { ClaimRow, ParentRow, ReferrerNode, SharedRow } from "./facts.ts";
import { recognise, textTrait, traitsOfDescriptor } from "./formats.ts";
import { objectOf } from "./json_values.ts";
import { type Looking, ROWS } from "./looking.ts";

// The most referrers of a manifest with theirs, and the most levels of them.
const MOST_REFERRERS = 500;
const DEEPEST = 10;

// All artifacts have this one, so it says nothing about two of them.
const EMPTY = "application/vnd.oci.empty.v1+json";

// The most blobs of a manifest that are looked for elsewhere, and the most looks for them in other repositories.
const MOST_BLOBS = 1000;
const MOST_LOOKS = 2000;

/**
 * Returns the digest of the image that a child of an index speaks of, if the child is an attestation. BuildKit stores what it says about
 * an image beside that image, in the same index.
 */
export function attestedBy({ annotations }: Descriptor): string | undefined {
  const notes = objectOf(annotations);
  const about = notes["vnd.docker.reference.digest"];
  return notes["vnd.docker.reference.type"] === "attestation-manifest" && typeof about === "string" ? about : undefined;
}

/** The indexes that have a manifest as a child, and what they say about it. */
export interface Parents {
  /** The indexes. */
  readonly rows: ParentRow[];
  /** The attestations of BuildKit about the manifest. */
  readonly claims: ClaimRow[];
  /** The platform, as an index says it. */
  readonly platform?: string;
}

/** Returns the indexes of the repository that have a manifest as a child, and what they say about it. */
export async function parentsOf(looking: Looking, name: Name, child: Digest): Promise<Parents> {
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

/**
 * Returns the tags that speak of a manifest by their names. cosign stored signatures under tags that are made of the digest, and clients
 * do the same with referrers if they must.
 */
export function claimsByTag(looking: Looking, name: Name, about: Digest): ClaimRow[] {
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
    annotations: annotationRows(looking, name, descriptor.annotations),
    referrers: goesOn ? await referrersBelow(looking, name, digest, [...way, digest], left) : [],
  };
}

/** Returns who has blobs of a manifest, too: other manifests of the repository, and other repositories. */
export async function sharedOf(looking: Looking, name: Name, digest: Digest, manifest: Manifest): Promise<SharedRow[]> {
  const parts = manifest.references.map(({ descriptor }) => descriptor).filter(({ mediaType }) => mediaType !== EMPTY)
    .slice(0, MOST_BLOBS);
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
