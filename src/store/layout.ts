/**
 * Where everything is on disk. Every path is built here, and nowhere else.
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
 * No component of a name starts with "_" or has a ":", so what is kept beside the content cannot be mistaken for a
 * repository: `library/hello/tags` is one, `library/hello/_tags` is none. And as names, tags, digests and sessions were
 * all read by their grammars before they come here, no path leads out of the root.
 *
 * A name that starts with "." is nothing to read: a file that is still being written, or the folder `.locks` in the root.
 *
 * Next: durable.ts
 *
 * @module
 */

import { createHash } from "node:crypto";
import { relative } from "node:path";
import type { Digest } from "../definitions/digest.ts";
import { parseDigest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import type { SessionId } from "../definitions/session.ts";
import type { Tag } from "../definitions/tag.ts";

/** The file in a manifest's folder that holds its bytes. */
export const MANIFEST_FILE = "manifest.json";

/** The file in a manifest's folder that holds its media type. */
export const CONTENT_TYPE_FILE = "content-type";

/** `<root>/<name>/`: the folder of a repository. */
export function repositoryFolder(root: string, name: Name): string {
  return `${root}/${name}`;
}

/**
 * `<root>/.locks/<two hexadecimal digits>`: an empty file that is locked by whoever changes the manifests or tags of a
 * repository. There are 256 of them for all repositories; two that share one only wait for each other now and then.
 */
export function lockFile(root: string, name: Name): string {
  const [byte] = createHash("sha256").update(name).digest();
  return `${root}/.locks/${byte.toString(16).padStart(2, "0")}`;
}

/** `<root>/<name>/<digest>/`: the folder of a blob, of a manifest, or of both where they are the same bytes. */
export function contentFolder(root: string, name: Name, digest: Digest): string {
  return `${root}/${name}/${digestToFileName(digest)}`;
}

/** `<root>/<name>/<digest>/manifest.json`: the bytes of a manifest. */
export function manifestFile(root: string, name: Name, digest: Digest): string {
  return `${contentFolder(root, name, digest)}/${MANIFEST_FILE}`;
}

/** `<root>/_quarantine/…`: where a file is moved to that is not what it should be; its path is kept, with a UUID behind it. */
export function quarantinedFile(root: string, path: string): string {
  return `${root}/_quarantine/${relative(root, path)}.${crypto.randomUUID()}`;
}

/** `<root>/<name>/_tags/`: the folder of a repository's tags. */
export function tagsFolder(root: string, name: Name): string {
  return `${root}/${name}/_tags`;
}

/** `<root>/<name>/_tags/<tag>`: the file of one tag. */
export function tagFile(root: string, name: Name, tag: Tag): string {
  return `${tagsFolder(root, name)}/${tag}`;
}

/** `<root>/<name>/_referrers/`: the folder of all subjects that something refers to. */
export function subjectsFolder(root: string, name: Name): string {
  return `${root}/${name}/_referrers`;
}

/** `<root>/<name>/_referrers/<subject>/`: the folder of what refers to one subject. */
export function referrersFolder(root: string, name: Name, subject: Digest): string {
  return `${subjectsFolder(root, name)}/${digestToFileName(subject)}`;
}

/** `<root>/<name>/_referrers/<subject>/<referrer>.json`: the descriptor of one referrer. */
export function referrerFile(root: string, name: Name, subject: Digest, referrer: Digest): string {
  return `${referrersFolder(root, name, subject)}/${digestToFileName(referrer)}.json`;
}

/** `<root>/<name>/_uploads/`: the folder of a repository's upload sessions. */
export function uploadsFolder(root: string, name: Name): string {
  return `${root}/${name}/_uploads`;
}

/** `<root>/<name>/_uploads/<session>/`: the folder of one session. */
export function sessionFolder(root: string, name: Name, session: SessionId): string {
  return `${uploadsFolder(root, name)}/${session}`;
}

/** `<root>/<name>/_uploads/<session>/data`: the bytes of one session. */
export function sessionFile(root: string, name: Name, session: SessionId): string {
  return `${sessionFolder(root, name, session)}/data`;
}

// Windows takes no ":" in a file name. There the folder is `_sha256-<hex>`, which can be no repository either.
const COLON_IS_ALLOWED = Deno.build.os !== "windows";

/** A digest as the name of a file or folder. */
export function digestToFileName(digest: Digest): string {
  return COLON_IS_ALLOWED ? digest : `_${digest.replace(":", "-")}`;
}

/** The digest that a file or folder is named after; `undefined` where it is named otherwise. */
export function fileNameToDigest(fileName: string): Digest | undefined {
  return parseDigest(COLON_IS_ALLOWED ? fileName : fileName.replace(/^_([^-]*)-/, "$1:"));
}
