/**
 * The layout: where everything lies on disk. This file defines the names of all folders and files of a repository.
 *
 *     testdata/                                   the root
 *     └── library/hello/                          a repository: its <name>
 *         ├── sha256:7d1a…/                       <name>/<digest>/ of a manifest
 *         │   ├── manifest.json                   exactly the bytes that were pushed
 *         │   └── content-type                    application/vnd.oci.image.manifest.v1+json
 *         ├── sha256:c3f2…/config.json            <name>/<digest>/ of a blob
 *         ├── sha256:9b4e…/layer.tar.gz
 *         ├── _tags/latest                        the digest that the tag points to, as text
 *         ├── _referrers/sha256:7d1a…/sha256:e07c….json     the descriptor that the referrers API lists
 *         └── _uploads/0f9c…/data                 an upload session: the bytes so far; their number is the offset
 *
 * Beside the repositories, the disk makes two folders of its own when it needs them: one whose name begins with ".", with small
 * files for all registries that use the root, and `_quarantine/`, for what `verify --quarantine` takes out.
 *
 * No part of a repository's name starts with "_" or has a ":", so no folder of the layout can be mistaken for a repository:
 * `library/hello/tags` is one, `library/hello/_tags` is none. The functions below take names, tags, digests and sessions,
 * which have been checked against their grammars. So no path leads out of the root.
 *
 * Next: blobs.ts
 *
 * @module
 */

import { type Digest, parseDigest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import type { SessionId } from "../definitions/session.ts";
import type { Tag } from "../definitions/tag.ts";

/** The file in a manifest's folder that holds its bytes. */
export const MANIFEST_FILE = "manifest.json";

/** The file in a manifest's folder that holds its media type. */
export const CONTENT_TYPE_FILE = "content-type";

/** The names that the file of a blob can have. The name tells people the kind of the bytes. */
export const BLOB_FILES = ["layer.tar.gz", "layer.tar.zst", "layer.tar", "config.json", "blob.json", "blob"] as const;

/** `<name>/<digest>`: the folder of a blob, of a manifest, or of both if they are the same bytes. */
export function contentFolder(name: Name, digest: Digest): string {
  return `${name}/${digest}`;
}

/** `<name>/<digest>/manifest.json`: the bytes of a manifest. */
export function manifestFile(name: Name, digest: Digest): string {
  return `${contentFolder(name, digest)}/${MANIFEST_FILE}`;
}

/** `<name>/<digest>/content-type`: the media type of a manifest. */
export function contentTypeFile(name: Name, digest: Digest): string {
  return `${contentFolder(name, digest)}/${CONTENT_TYPE_FILE}`;
}

/** `<name>/_tags`: the folder of a repository's tags. */
export function tagsFolder(name: Name): string {
  return `${name}/_tags`;
}

/** `<name>/_tags/<tag>`: the file of one tag. */
export function tagFile(name: Name, tag: Tag): string {
  return `${tagsFolder(name)}/${tag}`;
}

/** `<name>/_referrers`: the folder of all subjects that a manifest of the repository refers to. */
export function subjectsFolder(name: Name): string {
  return `${name}/_referrers`;
}

/** `<name>/_referrers/<subject>`: the folder of all referrers of one subject. */
export function referrersFolder(name: Name, subject: Digest): string {
  return `${subjectsFolder(name)}/${subject}`;
}

/** `<referrer>.json`: the name of the file with the descriptor of one referrer. */
export function referrerFileName(referrer: Digest): string {
  return `${referrer}.json`;
}

/** `<name>/_referrers/<subject>/<referrer>.json`: the descriptor of one referrer. */
export function referrerFile(name: Name, subject: Digest, referrer: Digest): string {
  return `${referrersFolder(name, subject)}/${referrerFileName(referrer)}`;
}

/** `<name>/_uploads`: the folder of a repository's upload sessions. */
export function uploadsFolder(name: Name): string {
  return `${name}/_uploads`;
}

/** `<name>/_uploads/<session>`: the folder of one session. */
export function sessionFolder(name: Name, session: SessionId): string {
  return `${uploadsFolder(name)}/${session}`;
}

/** `<name>/_uploads/<session>/data`: the bytes of one session. */
export function sessionFile(name: Name, session: SessionId): string {
  return `${sessionFolder(name, session)}/data`;
}

/** Returns the digests among some file names, sorted. The digests are what is left of the names without the extension. */
export function digestsAmong(fileNames: readonly string[], extension = ""): Digest[] {
  return [...digestsOf(fileNames, extension)].sort();
}

/** Does the same one by one, and in the order of the file names. */
export function* digestsOf(fileNames: Iterable<string>, extension: string): Generator<Digest> {
  for (const name of fileNames) {
    const digest = name.endsWith(extension) ? parseDigest(name.slice(0, name.length - extension.length)) : undefined;
    if (digest !== undefined) yield digest;
  }
}
