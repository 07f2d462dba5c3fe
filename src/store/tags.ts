/**
 * Tags in the store.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#listing-tags
 *
 *     library/hello/_tags/latest       sha256:7d1a…
 *
 * A tag is a file whose text is the digest that it points to. Moving a tag replaces the file in one step.
 *
 * Next: referrers.ts
 *
 * @module
 */

import { type Digest, parseDigest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { entriesAfter } from "../definitions/page.ts";
import { parseTag, type Tag } from "../definitions/tag.ts";
import type { Bytes } from "../disk/disk.ts";
import { LongWork } from "../giving_way.ts";
import { tagFile, tagsFolder } from "./layout.ts";
import type { Store } from "./store.ts";

/** Returns the digest that a tag points to, or `undefined` if the repository has no such tag. */
export function resolveTag({ disk }: Store, name: Name, tag: Tag): Digest | undefined {
  return digestIn(disk.read(tagFile(name, tag), parseTagFile));
}

// Somebody may have damaged the file by hand. Then it is there, and points to nothing.
type TagFile = Digest | "damaged";

function parseTagFile(bytes: Bytes): TagFile {
  return parseDigest(new TextDecoder().decode(bytes).trim()) ?? "damaged";
}

function digestIn(file: TagFile | undefined): Digest | undefined {
  return file === "damaged" ? undefined : file;
}

/**
 * Sets a tag to a manifest. If the tag points to another one, it is moved. Returns the digest that it pointed to, or `undefined` if
 * it is new.
 */
export async function setTag(store: Store, name: Name, tag: Tag, digest: Digest): Promise<Digest | undefined> {
  const path = tagFile(name, tag);
  const before = store.disk.read(path, parseTagFile);
  const isSet = before === digest && await store.disk.keep(path);
  const areNew = before === undefined;
  if (!isSet) await store.disk.put(tagsFolder(name), { [tag]: new TextEncoder().encode(digest) }, { areNew });
  return digestIn(before);
}

/** Removes a tag; the manifest that it points to stays. Returns false if it was not there. */
export function removeTag({ disk }: Store, name: Name, tag: Tag): Promise<boolean> {
  return disk.remove(tagFile(name, tag));
}

/** Removes tags of a repository. */
export function removeTags({ disk }: Store, name: Name, tags: readonly Tag[]): Promise<void> {
  return disk.removeTogether(tagsFolder(name), tags);
}

/** Returns the tags of a repository that come after `last`, sorted by byte value. */
export async function listTags({ disk }: Store, name: Name, last = ""): Promise<Iterable<Tag>> {
  return tagsAmong(entriesAfter(await disk.listMany(tagsFolder(name)), last));
}

function* tagsAmong(texts: Iterable<string>): Generator<Tag> {
  for (const text of texts) {
    const tag = parseTag(text);
    if (tag !== undefined) yield tag;
  }
}

/** Returns the tags of a repository that point to a manifest. */
export async function tagsOf(store: Store, name: Name, digest: Digest): Promise<Tag[]> {
  const tags: Tag[] = [];
  const work = new LongWork();
  for (const tag of await listTags(store, name)) {
    if (resolveTag(store, name, tag) === digest) tags.push(tag);
    if (work.isLong()) await work.giveWay();
  }
  return tags;
}
