/**
 * Repositories: the facts of a repository, of a folder of them, and of the lists in them.
 *
 *     library/hello              { kind: "repository", tags: { rows: [{ text: "latest", digest: "sha256:7d1a…", … }], total: 2 }, … }
 *     library/hello/_tags        { kind: "tags", … }
 *     library                    { kind: "folder", repositories: { rows: [{ text: "library/hello", tags: 2, … }], … } }
 *
 * A repository may have 10,000 tags, and a registry 1,000 repositories. So a list has one part at a time, and only the files of
 * that part are read.
 *
 * Next: manifest.ts
 *
 * @module
 */

import { type Digest, parseDigest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import type { SessionId } from "../definitions/session.ts";
import type { Tag } from "../definitions/tag.ts";
import { shorten } from "../definitions/printable.ts";
import {
  referrersFolder,
  sessionFile,
  sessionFolder,
  subjectsFolder,
  tagFile,
  tagsFolder,
  uploadsFolder,
} from "../store/layout.ts";
import { listEntries, listSubjects } from "../store/referrers.ts";
import { listContent } from "../store/repositories.ts";
import { listTags, resolveTag } from "../store/tags.ts";
import { listSessions } from "../store/uploads.ts";
import type {
  ContentRow,
  FolderFacts,
  PlaceLink,
  RepositoryFacts,
  RepositoryRow,
  Rows,
  SubjectsFacts,
  TagRow,
  TagsFacts,
  UploadRow,
  UploadsFacts,
} from "./facts.ts";
import { recognise, textTrait } from "./formats.ts";
import type { Own } from "./common_facts.ts";
import { type Looking, MOST_READ, timeText } from "./looking.ts";

// The most digests whose files are looked at to sum up their sizes.
const MOST_SUMMED = 2000;

/** Returns the facts of a folder, or `undefined` if it has no repository. */
export async function lookAtFolder(looking: Looking, name: Name | ""): Promise<Own<FolderFacts> | undefined> {
  const { after } = looking.options;
  const names = await looking.repositories(name, after);
  if (names.length === 0 && name !== "" && (await looking.repositories(name)).length === 0) return undefined;
  return { kind: "folder", name, formats: [], repositories: await repositoryRows(looking, name, names, after) };
}

// If there are very many repositories, nobody counts them.
async function repositoryRows(
  looking: Looking,
  name: Name | "",
  names: readonly Name[],
  after = "",
): Promise<Rows<RepositoryRow>> {
  const { total, ...rows } = await looking.rows(names, name, (name) => repositoryRow(looking, name), after);
  return after === "" && names.length < MOST_READ.repositories ? { ...rows, total } : rows;
}

async function repositoryRow({ disk, store }: Looking, name: Name): Promise<RepositoryRow> {
  return {
    address: name,
    text: name,
    tags: [...await listTags(store, name)].length,
    contents: (await listContent(store, name)).length,
    uploads: disk.list(uploadsFolder(name)).length,
  };
}

/** Returns the facts of a repository, or `undefined` if it has no content and no upload session. */
export async function lookAtRepository(looking: Looking, name: Name): Promise<Own<RepositoryFacts> | undefined> {
  const digests = await listContent(looking.store, name);
  const sessions = await listSessions(looking.store, name);
  if (digests.length === 0 && sessions.length === 0) return undefined;
  // A tag never has a ":", and a digest always has one.
  const { after = "" } = looking.options;
  const isInContent = after.includes(":");
  const below = await looking.repositories(name);
  const sum = await sumOf(looking, name, digests);
  const loose = await looseBlobs(looking, name, digests);
  return {
    kind: "repository",
    name,
    formats: [],
    tags: await tagRows(looking, name, isInContent ? "" : after),
    contents: await looking.rows(
      digests,
      name,
      (digest) => contentRow(looking, name, digest),
      isInContent ? after : "",
    ),
    ...(sum === undefined ? {} : { size: sum }),
    ...(loose === undefined ? {} : { loose }),
    subjects: (await listSubjects(looking.store, name)).length,
    uploads: await looking.rows(sessions, uploadsFolder(name), (id) => uploadRow(looking, name, id), ""),
    below: await repositoryRows(looking, name, below),
  };
}

/** Returns the facts of the list of tags. */
export async function lookAtTags(looking: Looking, name: Name): Promise<Own<TagsFacts>> {
  return { kind: "tags", name, formats: [], tags: await tagRows(looking, name) };
}

async function tagRows(looking: Looking, name: Name, after?: string): Promise<Rows<TagRow>> {
  const tags = [...await listTags(looking.store, name)];
  return await looking.rows(tags, tagsFolder(name), (tag) => tagRow(looking, name, tag), after);
}

function tagRow(looking: Looking, name: Name, tag: Tag): TagRow {
  const digest = resolveTag(looking.store, name, tag);
  const to = digest && looking.manifestIfThere(name, digest);
  const mediaType = digest && looking.mediaTypeOf(name, digest);
  const changed = looking.disk.look(tagFile(name, tag))?.lastUsed;
  return {
    address: tagFile(name, tag),
    text: tag,
    ...(digest === undefined ? {} : { digest }),
    ...(to === undefined ? {} : { to }),
    ...(to === undefined || mediaType === undefined ? {} : { mediaType }),
    formats: recognise(textTrait("tag", tag)),
    ...(changed === undefined ? {} : { changed: timeText(changed) }),
  };
}

async function contentRow(looking: Looking, name: Name, digest: Digest): Promise<ContentRow> {
  const found = looking.find(name, digest);
  if (found === undefined) {
    return { address: `${name}/${digest}`, text: shorten(digest), digest, isManifest: false, size: 0, names: 0 };
  }
  const { address, text, file, isManifest } = found;
  const mediaType = isManifest ? looking.mediaTypeOf(name, digest) : undefined;
  return {
    address,
    text,
    digest,
    isManifest,
    file: address.slice(address.lastIndexOf("/") + 1),
    size: file.size,
    names: await looking.namesOf(name, digest, file),
    ...(mediaType === undefined ? {} : { mediaType }),
  };
}

async function sumOf(looking: Looking, name: Name, digests: readonly Digest[]): Promise<number | undefined> {
  if (digests.length > MOST_SUMMED) {
    looking.limit(`The size of ${name} is not summed up, because it has more than ${MOST_SUMMED} manifests and blobs.`);
    return undefined;
  }
  let sum = 0;
  for (const digest of digests) {
    sum += (looking.find(name, digest, "manifest")?.file.size ?? 0) +
      (looking.find(name, digest, "blob")?.file.size ?? 0);
    await looking.giveWay();
  }
  return sum;
}

// The blobs that no manifest needs. That is known only if all manifests were read.
async function looseBlobs(looking: Looking, name: Name, digests: readonly Digest[]): Promise<ContentRow[] | undefined> {
  if (digests.length > MOST_SUMMED) return undefined;
  const { all, isWhole } = await looking.manifestsOf(name);
  if (!isWhole) return undefined;
  const needed = new Set<string>(
    all.flatMap(({ manifest }) => manifest.references.map(({ descriptor }) => descriptor.digest)),
  );
  const rows: ContentRow[] = [];
  for (const digest of digests) {
    if (needed.has(digest) || looking.find(name, digest, "manifest") !== undefined) continue;
    const row = await contentRow(looking, name, digest);
    if (row.file !== undefined) rows.push(row);
    await looking.giveWay();
  }
  return rows;
}

/** Returns the facts of the list of subjects, or `undefined` if there is none. */
export async function lookAtSubjects(looking: Looking, name: Name): Promise<Own<SubjectsFacts>> {
  const digests = await listSubjects(looking.store, name);
  const subjects = await looking.rows(digests, subjectsFolder(name), async (digest) => ({
    address: referrersFolder(name, digest),
    text: shorten(digest),
    digest,
    referrers: [...await listEntries(looking.store, name, digest)].length,
    isThere: looking.manifestIfThere(name, digest) !== undefined,
  }));
  return { kind: "subjects", name, formats: [], subjects };
}

/** Returns the facts of the list of upload sessions. */
export async function lookAtUploads(looking: Looking, name: Name): Promise<Own<UploadsFacts>> {
  const uploads = await looking.rows(
    await listSessions(looking.store, name),
    uploadsFolder(name),
    (id) => uploadRow(looking, name, id),
  );
  return { kind: "uploads", name, formats: [], uploads };
}

/** Returns the row of an upload session. */
export function uploadRow({ disk }: Looking, name: Name, id: SessionId): UploadRow {
  const file = disk.look(sessionFile(name, id));
  return {
    address: sessionFolder(name, id),
    text: shorten(id),
    id,
    size: file?.size ?? 0,
    ...(file === undefined ? {} : { used: timeText(file.lastUsed) }),
  };
}

/** Returns the manifest that a tag of cosign, or a referrers tag, speaks of. */
export function subjectOfTag(looking: Looking, name: Name, tag: Tag): PlaceLink | undefined {
  const [, algorithm, hex] = /^(sha256|sha512)-([0-9a-f]{64,128})(?:\.(?:sig|att|sbom))?$/.exec(tag) ?? [];
  const digest = algorithm === undefined ? undefined : parseDigest(`${algorithm}:${hex}`);
  const address = digest && looking.manifestIfThere(name, digest);
  return address === undefined ? undefined : { address, text: shorten(digest!) };
}
