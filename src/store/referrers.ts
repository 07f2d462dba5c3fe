/**
 * Referrers in the store: the manifests that say something about another one.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#listing-referrers
 *
 *     library/hello/_referrers/sha256:7d1a…/         the subject, which need not be there itself
 *     └── sha256:e07c….json                          one referrer: the descriptor that the referrers API lists
 *
 * Each referrer has a file of its own. If all were in one file, two signatures that are pushed at the same time could
 * overwrite each other.
 *
 * An entry counts only while its manifest is there. The registry writes the entry before the manifest and removes it after the
 * manifest. Before it removes the manifest, all processes have to forget the list. So at no moment is a manifest there but not
 * listed, or listed but not there. (If somebody moves the manifest away without the registry, or with `verify`, a process that
 * remembers the list still has it there until the list changes.)
 *
 * Next: uploads.ts
 *
 * @module
 */

import type { Descriptor } from "../definitions/descriptor.ts";
import type { Digest } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { describe, parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { entriesAfter } from "../definitions/page.ts";
import type { Bytes } from "../disk/disk.ts";
import { LongWork } from "../giving_way.ts";
import {
  digestsAmong,
  digestsOf,
  manifestFile,
  referrerFile,
  referrerFileName,
  referrersFolder,
  subjectsFolder,
} from "./layout.ts";
import { manifestSize, mediaTypeOf, readManifest } from "./manifests.ts";
import type { Store } from "./store.ts";

/** One referrer of a subject, as it is listed. */
export interface Referrer {
  /** Its digest. */
  readonly digest: Digest;
  /** Its descriptor, as JSON text. */
  readonly text: string;
  /** The length of the text in bytes. */
  readonly size: number;
  /** Its type of artifact. */
  readonly artifactType?: string;
}

/** Records that a manifest refers to a subject; `referrer` is the descriptor of the manifest. */
export async function storeReferrer(store: Store, name: Name, subject: Digest, referrer: Descriptor): Promise<void> {
  const text = JSON.stringify(referrer);
  const path = referrerFile(name, subject, referrer.digest);
  const before = store.disk.read(path, decode);
  if (before === text && await store.disk.keep(path)) return;
  const files = { [referrerFileName(referrer.digest)]: new TextEncoder().encode(text) };
  await store.disk.put(referrersFolder(name, subject), files, { areNew: before === undefined });
}

/** Forgets that a manifest refers to a subject. */
export async function removeReferrer(store: Store, name: Name, subject: Digest, referrer: Digest): Promise<void> {
  await store.disk.remove(referrerFile(name, subject, referrer));
}

/**
 * The most bytes of descriptors on one page and in one remembered list, and the longest descriptor. Of a longer descriptor, only
 * its type, digest and size are listed.
 */
export const LARGEST_LIST = 4 * 1024 * 1024 - 1024;

/** Makes a referrer of its descriptor. */
export function referrerOf({ mediaType, digest, size, ...others }: Descriptor): Referrer {
  const text = JSON.stringify({ mediaType, digest, size, ...others });
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > LARGEST_LIST) return referrerOf({ mediaType, digest, size });
  return { digest, text, size: bytes, artifactType: others.artifactType };
}

/** Returns one referrer of a subject, or `undefined` if its entry or its manifest is not there, or if the entry is no JSON. */
export function readReferrer(store: Store, name: Name, subject: Digest, digest: Digest): Referrer | undefined {
  const size = manifestSize(store, name, digest);
  const entry = size === undefined ? undefined : store.disk.look(referrerFile(name, subject, digest));
  if (size === undefined || entry === undefined) return undefined;
  if (entry.size > LARGEST_LIST) {
    const mediaType = mediaTypeOf(store, name, digest);
    return mediaType === undefined ? undefined : referrerOf({ mediaType, digest, size });
  }
  const text = store.disk.read(entry.path, decode);
  if (text === undefined) return undefined;
  try {
    const json = JSON.parse(text);
    return typeof json === "object" && json !== null
      ? { digest, text, size: entry.size, artifactType: json.artifactType }
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Returns the referrers of a subject whose manifests are there, sorted by the byte values of their digests: all of them together if
 * the disk remembers the list, and otherwise one by one those after `last`. The disk remembers only a list that has been read to
 * its end, and that is not longer than {@linkcode LARGEST_LIST}. A caller that stops has read no more than it needs.
 */
export function listReferrers(
  store: Store,
  name: Name,
  subject: Digest,
  last: string,
): Iterable<readonly Referrer[]> | AsyncIterable<readonly Referrer[]> {
  const folder = referrersFolder(name, subject);
  const known = store.disk.recall<readonly Referrer[]>(folder);
  return known === undefined ? readReferrers(store, name, subject, last) : [known];
}

async function* readReferrers(
  store: Store,
  name: Name,
  subject: Digest,
  last: string,
): AsyncGenerator<readonly Referrer[]> {
  const { disk } = store;
  const folder = referrersFolder(name, subject);
  const names = await disk.listMany(folder);
  if (names.length === 0) return;
  const work = new LongWork();
  const all: Referrer[] = [];
  // A list that lacks something must not be remembered: a missing manifest may come without a change in this folder.
  let left = last === "" ? LARGEST_LIST : 0;
  for (const digest of entriesIn(names, last)) {
    if (work.isLong()) await work.giveWay();
    const referrer = readReferrer(store, name, subject, digest);
    left -= referrer?.size ?? LARGEST_LIST;
    if (left > 0) all.push(referrer!);
    if (referrer !== undefined) yield [referrer];
  }
  const isSame = left > 0 && await disk.listMany(folder) === names;
  if (isSame) disk.remember(folder, all, 2 * (LARGEST_LIST - left));
}

/** Returns the digests of all entries of a subject, sorted, also of those whose manifest is not there. */
export async function listEntries({ disk }: Store, name: Name, subject: Digest): Promise<Iterable<Digest>> {
  return entriesIn(await disk.listMany(referrersFolder(name, subject)));
}

function entriesIn(fileNames: readonly string[], last = ""): Iterable<Digest> {
  return digestsOf(entriesAfter(fileNames, last && `${last}.json`), ".json");
}

/** Returns the digests of all subjects that a manifest of a repository refers to. */
export async function listSubjects({ disk }: Store, name: Name): Promise<Digest[]> {
  return digestsAmong(await disk.listMany(subjectsFolder(name)));
}

/** How a manifest stands to others. */
export interface Relations {
  /** The manifest that it refers to. */
  readonly subject?: Digest;
  /** The manifest itself, as it is listed among the referrers of its subject. */
  readonly referrer: Referrer;
  /** The children of an index, each once and sorted, and at most {@linkcode MOST_CHILDREN} of them. */
  readonly children: readonly Digest[];
}

/** The most children of an index that {@linkcode relationsOf} returns. */
export const MOST_CHILDREN = 10_000;

/**
 * Returns how a manifest stands to others, or `undefined` if the repository does not have it, or if it is damaged. The disk
 * remembers the result, even that of a long manifest, because it is short.
 */
export async function relationsOf(store: Store, name: Name, digest: Digest): Promise<Relations | undefined> {
  const mediaType = mediaTypeOf(store, name, digest);
  if (mediaType === undefined) return undefined;
  const path = manifestFile(name, digest);
  const known = store.disk.recall<Relations & { mediaType: string }>(path);
  if (known?.mediaType === mediaType) return known;

  // The relations take the place of the bytes. `readManifest` would remember those, too, and a long list of them would take the
  // place of everything else.
  const bytes = known === undefined
    ? store.disk.read(path, (bytes) => bytes)
    : readManifest(store, name, digest)?.bytes;
  const manifest = bytes && await parseStoredManifest({ bytes, mediaType });
  if (manifest === undefined || manifest instanceof Fault) return undefined;
  const { subject, shape, references } = manifest;
  const children = shape === "image" ? [] : references.map(({ descriptor }) => descriptor.digest);
  const relations = {
    mediaType,
    subject: subject?.digest,
    referrer: referrerOf(describe(manifest, digest, bytes!.length)),
    children: [...new Set(children)].slice(0, MOST_CHILDREN).sort(),
  };
  store.disk.remember(path, relations, 2 * relations.referrer.size + 128 * relations.children.length);
  return relations;
}

function decode(bytes: Bytes | undefined): string {
  return new TextDecoder().decode(bytes);
}
