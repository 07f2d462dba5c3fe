/**
 * Verify: checks that everything on disk is right.
 *
 * It reads every blob and manifest and compares: content with its digest, tags with manifests, manifests with the content
 * that they point to, and the lists of referrers with the manifests in them. It works while a registry runs. It changes
 * nothing, unless it is told to move corrupt content aside. What it cannot read is a fault, and it goes on with the rest. It
 * yields each finding:
 *
 *     fault  library/hello/sha256:9b4e0fd27c1a…/layer.tar.gz   its bytes have the digest sha256:fcde2b2edba5…
 *     fault  library/hello/_tags/latest   points to sha256:7d1a4c0e2b9f…, which is not there
 *     note   library/hello/_uploads/0f9c5d3e…/   an upload that is not finished
 *
 * A fault is something that a client could notice. A note is something else for the person to know, such as a file that was
 * left over. (Verify computes only sha256 and sha512. It does not check the bytes of other digests.)
 *
 * Next: expire_uploads.ts
 *
 * @module
 */

import { crypto } from "@std/crypto";
import { algorithmOf, type Digest, HASHES } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { describe, type Manifest, parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import type { Tag } from "../definitions/tag.ts";
import type { Disk, FileInfo } from "../disk/disk.ts";
import { findBlob } from "../store/blobs.ts";
import {
  BLOB_FILES,
  CONTENT_TYPE_FILE,
  contentFolder,
  MANIFEST_FILE,
  manifestFile,
  referrerFile,
  referrersFolder,
  subjectsFolder,
  tagFile,
  tagsFolder,
  uploadsFolder,
} from "../store/layout.ts";
import { hasManifest, manifestSize, readManifest } from "../store/manifests.ts";
import { listEntries, listSubjects, readReferrer, referrerOf } from "../store/referrers.ts";
import { changeRepository, listContent, listFolders } from "../store/repositories.ts";
import { openStore, type Store } from "../store/store.ts";
import { listTags, resolveTag } from "../store/tags.ts";

/** One fault or note of `verify`. */
export interface Finding {
  /** `fault` if a client could notice it, `note` if not. */
  readonly kind: "fault" | "note";
  /** The file or folder, relative to the root. */
  readonly path: string;
  /** A sentence about it. */
  readonly text: string;
}

/** The options of `verify`. */
export interface VerifyOptions {
  /** True to move corrupt content aside, so that no client gets it. Default: false. */
  readonly quarantine?: boolean;
  /** True if manifests may point to content that is not there. Default: false. */
  readonly allowSparse?: boolean;
  /** Returns true if a repository is to be verified. Default: all are. */
  readonly only?: (name: string) => boolean;
  /** Is called for each digest, with the number of digests so far. */
  readonly progress?: (digests: number) => void;
}

const NOT_FINISHED = "a file that was not finished";
const SEARCH = "cannot be searched for repositories";

/** Verifies everything on a disk. Yields each finding as soon as it is sure. Throws the error of the disk if the root cannot be listed. */
export async function* verify(disk: Disk, options: VerifyOptions = {}): AsyncGenerator<Finding> {
  const store = openStore({ disk, hashes: HASHES, sessionLifetime: Infinity });
  let digests = 0;
  const count = () => options.progress?.(++digests);
  // Each folder that cannot be listed is told after the repository that was found last before it.
  let shut: Finding[] = [];
  const failed = (path: string, error: unknown) => {
    if (options.only === undefined || options.only(path.slice(0, -1))) shut.push(faultOf(path, SEARCH, error));
  };
  for await (const name of listFolders(store, "", failed)) {
    yield* shut;
    shut = [];
    if (options.only?.(name) === false) continue;
    yield* goingOn(`${name}/`, verifyRepository(store, name, options, count));
  }
  yield* shut;
}

async function* verifyRepository(
  store: Store,
  name: Name,
  options: VerifyOptions,
  count: () => void,
): AsyncGenerator<Finding> {
  yield* verifyDigests(store, name, options, count);
  yield* goingOn(`${tagsFolder(name)}/`, verifyTags(store, name));
  yield* goingOn(`${subjectsFolder(name)}/`, verifySubjects(store, name));
  yield* goingOn(`${uploadsFolder(name)}/`, findUploads(store, name));
}

async function* verifyDigests(
  store: Store,
  name: Name,
  options: VerifyOptions,
  count: () => void,
): AsyncGenerator<Finding> {
  const list = () => listContent(store, name);
  for (const digest of await list()) {
    count();
    yield* goingOn(`${contentFolder(name, digest)}/`, verifyContent(store, name, digest, options));
  }
  const look = (digest: Digest) => goingOn(manifestFile(name, digest), verifyManifest(store, name, digest, options));
  yield* atSecondLook(list, look);
}

async function* verifyTags(store: Store, name: Name): AsyncGenerator<Finding> {
  const look = (tag: Tag) => goingOn(tagFile(name, tag), verifyTag(store, name, tag));
  yield* atSecondLook(() => listTags(store, name), look);
  yield* findLeftOvers(store, tagsFolder(name));
}

async function* verifySubjects(store: Store, name: Name): AsyncGenerator<Finding> {
  for (const subject of await listSubjects(store, name)) {
    yield* goingOn(`${referrersFolder(name, subject)}/`, verifySubject(store, name, subject));
  }
}

async function* verifySubject(store: Store, name: Name, subject: Digest): AsyncGenerator<Finding> {
  const look = (referrer: Digest) =>
    goingOn(referrerFile(name, subject, referrer), verifyReferrer(store, name, subject, referrer));
  yield* atSecondLook(() => listEntries(store, name, subject), look);
  yield* findLeftOvers(store, referrersFolder(name, subject));
}

// A registry that serves may change the folder while verify reads one file after the other: then a tag that it deletes seems to have no
// text, for example. So what has a fault is looked at again at the end, if it is still there.
async function* atSecondLook<Item>(
  list: () => Promise<Iterable<Item>>,
  look: (item: Item) => AsyncGenerator<Finding>,
): AsyncGenerator<Finding> {
  const doubtful: Item[] = [];
  for (const item of await list()) {
    const findings = await Array.fromAsync(look(item));
    if (findings.some(({ kind }) => kind === "fault")) doubtful.push(item);
    else yield* findings;
  }
  if (doubtful.length === 0) return;
  const there = new Set(await list());
  for (const item of doubtful) if (there.has(item)) yield* look(item);
}

// A disk with a fault in one place has readable files in others. What cannot be read is a fault too, and the rest is verified.
async function* goingOn(path: string, findings: AsyncGenerator<Finding>): AsyncGenerator<Finding> {
  try {
    yield* findings;
  } catch (error) {
    yield faultOf(path, "cannot be verified", error);
  }
}

function faultOf(path: string, what: string, error: unknown): Finding {
  return { kind: "fault", path, text: `${what}: ${error instanceof Error ? error.message : error}` };
}

// Checks the files in a digest's folder: the bytes of each one, except for the content type, have that digest.
async function* verifyContent(
  store: Store,
  name: Name,
  digest: Digest,
  { quarantine = false }: VerifyOptions,
): AsyncGenerator<Finding> {
  const { disk } = store;
  const folder = contentFolder(name, digest);
  const fileNames = disk.list(folder);
  for (const fileName of fileNames) {
    const path = `${folder}/${fileName}`;
    if (fileName === CONTENT_TYPE_FILE) continue;
    if (fileName.startsWith(".")) {
      yield { kind: "note", path, text: NOT_FINISHED };
    } else if (fileName !== MANIFEST_FILE && !(BLOB_FILES as readonly string[]).includes(fileName)) {
      yield { kind: "note", path, text: "not a file of the registry" };
    } else {
      const actual = await wrongDigest(disk, path, digest);
      if (actual === undefined) continue;
      yield { kind: "fault", path, text: `its bytes have the digest ${actual}` };
      if (!quarantine) continue;
      // A client may have deleted it and pushed it anew meanwhile. So it is read again, while nobody can change it.
      const moveAside = async () => {
        if (await wrongDigest(disk, path, digest) !== undefined) await disk.quarantine(path);
      };
      try {
        await changeRepository(store, name, moveAside);
      } catch (error) {
        yield faultOf(path, "cannot be moved aside", error);
      }
    }
  }
  if (fileNames.length === 0 && (await disk.listMany(name)).includes(digest)) {
    yield { kind: "note", path: `${folder}/`, text: "an empty folder" };
  }
}

// Returns the digest of a file, if it can be computed and is not the expected one.
async function wrongDigest(disk: Disk, path: string, expected: Digest): Promise<string | undefined> {
  const file = disk.look(path);
  const actual = file && await digestOfFile(disk, file, algorithmOf(expected));
  return actual === expected ? undefined : actual;
}

/**
 * Computes the digest of a file. Returns `undefined` if somebody has removed the file meanwhile, or if the algorithm is neither
 * sha256 nor sha512.
 */
export async function digestOfFile(disk: Disk, file: FileInfo, algorithm: string): Promise<string | undefined> {
  if (algorithm !== "sha256" && algorithm !== "sha512") return undefined;
  const opened = disk.open(file);
  if (opened === undefined) return undefined;
  const stream = opened instanceof ReadableStream ? opened : ReadableStream.from([opened]);
  const hash = await crypto.subtle.digest(algorithm === "sha256" ? "SHA-256" : "SHA-512", stream);
  return `${algorithm}:${new Uint8Array(hash).toHex()}`;
}

async function* verifyManifest(
  store: Store,
  name: Name,
  digest: Digest,
  { allowSparse = false }: VerifyOptions,
): AsyncGenerator<Finding> {
  const path = manifestFile(name, digest);
  if (!hasManifest(store, name, digest)) return;
  const manifest = await inside(store, name, digest);
  if (typeof manifest === "string") return yield { kind: "fault", path, text: manifest };

  for (const { descriptor, to, isKeptHere } of manifest.references) {
    const size = (to === "manifest" ? undefined : findBlob(store, name, descriptor.digest)?.size) ??
      (to === "blob" ? undefined : manifestSize(store, name, descriptor.digest));
    if (size === undefined && isKeptHere && !allowSparse) {
      yield { kind: "fault", path, text: `needs ${descriptor.digest} (${descriptor.mediaType}), which is not there` };
    } else if (size !== undefined && size !== descriptor.size) {
      yield {
        kind: "note",
        path,
        text: `says that ${descriptor.digest} has ${descriptor.size} bytes, but it has ${size}`,
      };
    }
  }
  const subject = manifest.subject?.digest;
  if (subject !== undefined && store.disk.look(referrerFile(name, subject, digest)) === undefined) {
    yield { kind: "fault", path, text: `is not listed among the referrers of its subject ${subject}` };
  }
}

// Returns a manifest, or a sentence about its fault.
async function inside(store: Store, name: Name, digest: Digest): Promise<Manifest | string> {
  const stored = readManifest(store, name, digest);
  if (stored === undefined) return `has no ${CONTENT_TYPE_FILE} beside it`;
  const manifest = await parseStoredManifest(stored);
  return manifest instanceof Fault ? `is no manifest of type ${stored.mediaType}: ${manifest.message}` : manifest;
}

// Finds files that were written aside and never renamed. (`verifyContent` finds those in a digest's folder.)
async function* findLeftOvers({ disk }: Store, folder: string): AsyncGenerator<Finding> {
  for (const fileName of await disk.listMany(folder)) {
    if (fileName.startsWith(".")) yield { kind: "note", path: `${folder}/${fileName}`, text: NOT_FINISHED };
  }
}

async function* findUploads({ disk }: Store, name: Name): AsyncGenerator<Finding> {
  const folder = uploadsFolder(name);
  for (const session of await disk.listMany(folder)) {
    yield { kind: "note", path: `${folder}/${session}/`, text: "an upload that is not finished" };
  }
}

async function* verifyTag(store: Store, name: Name, tag: Tag): AsyncGenerator<Finding> {
  const digest = resolveTag(store, name, tag);
  if (digest !== undefined && hasManifest(store, name, digest)) return;
  const text = digest === undefined ? "is not the text of a digest" : `points to ${digest}, which is not there`;
  yield { kind: "fault", path: tagFile(name, tag), text };
}

async function* verifyReferrer(store: Store, name: Name, subject: Digest, referrer: Digest): AsyncGenerator<Finding> {
  const path = referrerFile(name, subject, referrer);
  if (!hasManifest(store, name, referrer)) {
    return yield { kind: "note", path, text: "an entry for a manifest that is not there, so it does not count" };
  }
  const manifest = await inside(store, name, referrer);
  if (typeof manifest === "string" || manifest.subject?.digest !== subject) {
    return yield { kind: "fault", path, text: `lists ${referrer}, which is no manifest here with that subject` };
  }
  const expected = referrerOf(describe(manifest, referrer, manifestSize(store, name, referrer) ?? 0));
  if (readReferrer(store, name, subject, referrer)?.text !== expected.text) {
    yield { kind: "fault", path, text: "does not say what the manifest says" };
  }
}
