/**
 * Clearing left-overs: puts right what a process left behind when it was killed in the middle of a change.
 *
 *     library/hello/sha256:9b4e…/.layer.tar.gz.3f0c…      gc had taken it aside        gets its name back
 *     library/hello/_tags/.3f0c…                          was not finished             is removed
 *     library/hello/sha256:7d1a…/content-type             its manifest is not there    is removed
 *     library/hello/_referrers/sha256:7d1a…/sha256:e07c….json    likewise              is removed
 *     library/hello/sha256:9b4e…/                         an empty folder              is removed
 *
 * No client gets any of this, but it takes space, and a repository with nothing else would stay in the catalog. Only the first
 * line is more than a nuisance. The garbage collection takes a blob aside, looks whether a client has used it meanwhile, and
 * then removes it or gives it its name back. If it is killed in between, the blob may be one that a client relies on.
 *
 * It works while a registry runs, because of two rules:
 *
 * - A file that is not finished may still be written. It is a left-over if nobody has written to it for the grace period.
 * - The rest is decided while no other request or process changes the repository. Then nobody has a blob taken aside, and no push
 *   of a manifest is between its two files.
 *
 * It lists every folder of the registry, but reads only blobs that were taken aside.
 *
 * Next: collect_garbage.ts
 *
 * @module
 */

import { algorithmOf, type Digest, HASHES } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { BusyError, type Disk, type FileInfo } from "../disk/disk.ts";
import { LongWork } from "../giving_way.ts";
import { PROGRAM_OPTIONS, REGISTRY_OPTIONS } from "../options.ts";
import { findBlob } from "../store/blobs.ts";
import {
  BLOB_FILES,
  CONTENT_TYPE_FILE,
  contentFolder,
  MANIFEST_FILE,
  referrerFile,
  referrersFolder,
  subjectsFolder,
  tagsFolder,
  uploadsFolder,
} from "../store/layout.ts";
import { hasManifest } from "../store/manifests.ts";
import { listEntries, listSubjects } from "../store/referrers.ts";
import { changeRepository, listContent, listFolders } from "../store/repositories.ts";
import { openStore, type Store } from "../store/store.ts";
import { digestOfFile } from "./verify.ts";

/** A file that a killed process had left behind. */
export interface LeftOver {
  /** `restored` if the file has its name back, `removed` if it is gone. */
  readonly kind: "restored" | "removed";
  /** The file, relative to the root; a restored one under the name that it has now. */
  readonly path: string;
}

/** The options of `clearLeftOvers`. */
export interface ClearOptions {
  /** The grace period, in milliseconds: a file that is not finished is spared for this time. Default: one hour. */
  readonly grace?: number;
}

/** Clears the left-overs on a disk. Yields each file that it has restored or removed. */
export async function* clearLeftOvers(disk: Disk, options: ClearOptions = {}): AsyncGenerator<LeftOver> {
  const { grace = PROGRAM_OPTIONS.grace.default } = options;
  const before = disk.now() - grace;
  const store = openStore({ disk, hashes: HASHES, sessionLifetime: Infinity });
  for (const folder of FOLDERS_OF_THE_DISK) yield* clearUnfinished(disk, folder, before);
  const work = new LongWork();
  for await (const name of listFolders(store)) {
    const folders = (await namesOrTidy(disk, name)).map((fileName) => `${name}/${fileName}`);
    yield* clearContent(store, name, before);
    if (folders.includes(subjectsFolder(name))) yield* clearReferrers(store, name, before);
    if (folders.includes(tagsFolder(name))) yield* clearUnfinished(disk, tagsFolder(name), before);
    if (folders.includes(uploadsFolder(name))) await namesOrTidy(disk, uploadsFolder(name));
    if (work.isLong()) await work.giveWay();
  }
  await tidyBelow(disk, "_quarantine");
}

// The program writes to the root to try it, and to the folder of the locks.
const FOLDERS_OF_THE_DISK = ["", ".locks"];

// Returns the names in a folder. If there are none, the folder goes, and so do the folders above it that become empty. But the root
// stays.
async function namesOrTidy(disk: Disk, folder: string): Promise<readonly string[]> {
  const names = await disk.listMany(folder);
  if (names.length === 0 && folder !== "") disk.tidy(folder);
  return names;
}

async function* clearContent(store: Store, name: Name, before: number): AsyncGenerator<LeftOver> {
  const { disk } = store;
  const work = new LongWork();
  for (const digest of await listContent(store, name)) {
    const folder = contentFolder(name, digest);
    const fileNames = await namesOrTidy(disk, folder);
    for (const fileName of fileNames) {
      const leftOver = await clearAside(store, name, digest, fileName, before);
      if (leftOver !== undefined) yield leftOver;
    }
    const hasNoManifest = fileNames.includes(CONTENT_TYPE_FILE) && !fileNames.includes(MANIFEST_FILE);
    // If an unfinished file lies beside a content type, it is a manifest. The content type must stay until that file is gone;
    // otherwise the file would look like a blob.
    if (hasNoManifest && !disk.list(folder).some((fileName) => UNFINISHED.test(fileName))) {
      yield* removeWithoutManifest(store, name, digest, `${folder}/${CONTENT_TYPE_FILE}`);
    }
    if (work.isLong()) await work.giveWay();
  }
}

// These names are part of the contract of `Disk.list`.
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.source;
const UNFINISHED = new RegExp(`^\\.${UUID}$`);
const TAKEN_ASIDE = new RegExp(`^\\.(.+)\\.${UUID}$`);

// Clears a file in a digest's folder, if it was taken aside or never finished.
async function clearAside(
  store: Store,
  name: Name,
  digest: Digest,
  fileName: string,
  before: number,
): Promise<LeftOver | undefined> {
  const blobName = BLOB_FILES.find((name) => name === TAKEN_ASIDE.exec(fileName)?.[1]);
  if (blobName === undefined && !UNFINISHED.test(fileName)) return undefined;
  const { disk } = store;
  const folder = contentFolder(name, digest);
  const path = `${folder}/${fileName}`;
  const file = disk.look(path);
  // A file that is not finished may be written at this moment. One that was taken aside may be needed at this moment.
  const isOld = file !== undefined && file.lastUsed <= before;
  if (file === undefined || (blobName === undefined && !isOld)) return undefined;

  const actual = await digestOfFile(disk, file, algorithmOf(digest));
  const hasDigest = actual === digest || (actual === undefined && blobName !== undefined);
  if (!hasDigest && !isOld) return undefined;
  return await changeSoon(store, name, async () => {
    // A file `.<UUID>` with the right digest is a blob of an earlier version, or a manifest whose push was killed. It is a manifest
    // if a content type is beside it, or if it parses as one.
    const isBlob = blobName !== undefined ||
      !(disk.list(folder).includes(CONTENT_TYPE_FILE) || await isManifest(disk, file));
    const to = `${folder}/${blobName ?? "blob"}`;
    const isMissing = hasDigest && isBlob && findBlob(store, name, digest) === undefined;
    const isRestored = isMissing && await disk.link(path, to);
    const wasThere = await disk.remove(path);
    return isRestored ? { kind: "restored", path: to } : wasThere ? { kind: "removed", path } : undefined;
  });
}

// Returns true if the bytes of a file are a manifest. What is too large for one is not read.
async function isManifest(disk: Disk, { path, size }: FileInfo): Promise<boolean> {
  const bytes = size > LARGEST_MANIFEST ? undefined : disk.read(path, (bytes) => bytes);
  return bytes !== undefined && !(await parseStoredManifest({ bytes, mediaType: "" }) instanceof Fault);
}

const LARGEST_MANIFEST = REGISTRY_OPTIONS.maxManifestSize.default;

async function* clearReferrers(store: Store, name: Name, before: number): AsyncGenerator<LeftOver> {
  await namesOrTidy(store.disk, subjectsFolder(name));
  const work = new LongWork();
  for (const subject of await listSubjects(store, name)) {
    yield* clearUnfinished(store.disk, referrersFolder(name, subject), before);
    for (const referrer of await listEntries(store, name, subject)) {
      if (!hasManifest(store, name, referrer)) {
        yield* removeWithoutManifest(store, name, referrer, referrerFile(name, subject, referrer));
      }
      if (work.isLong()) await work.giveWay();
    }
    if (work.isLong()) await work.giveWay();
  }
}

// Removes a file that means nothing without a manifest. A push that is under way writes the manifest as its last file.
async function* removeWithoutManifest(
  store: Store,
  name: Name,
  digest: Digest,
  path: string,
): AsyncGenerator<LeftOver> {
  const isRemoved = await changeSoon(
    store,
    name,
    async () => !hasManifest(store, name, digest) && await store.disk.remove(path),
  );
  if (isRemoved) yield { kind: "removed", path };
}

// Does a change when nobody else changes the repository. If somebody does so for a long time, the next housekeeping has to do it.
async function changeSoon<T>(store: Store, name: Name, change: () => Promise<T>): Promise<T | undefined> {
  try {
    return await changeRepository(store, name, change);
  } catch (error) {
    if (error instanceof BusyError) return undefined;
    throw error;
  }
}

// Removes the files of a folder that were never finished.
async function* clearUnfinished(disk: Disk, folder: string, before: number): AsyncGenerator<LeftOver> {
  for (const fileName of (await namesOrTidy(disk, folder)).filter((fileName) => UNFINISHED.test(fileName))) {
    const path = folder === "" ? fileName : `${folder}/${fileName}`;
    const file = disk.look(path);
    if (file !== undefined && file.lastUsed <= before && await disk.remove(path)) yield { kind: "removed", path };
  }
}

// Removes all empty folders in a folder, and the folder itself if nothing is left.
async function tidyBelow(disk: Disk, folder: string): Promise<void> {
  for (const name of await namesOrTidy(disk, folder)) await tidyBelow(disk, `${folder}/${name}`);
}
