/**
 * Pull.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pull
 *
 * `GET` and `HEAD` have this in common: they find the content or refuse with 404, and their answers have the same headers.
 *
 *     Docker-Content-Digest: sha256:7d1a…      its digest: the one that the client asked for, or that the tag points to
 *     ETag: "sha256:7d1a…"                     the same, for conditional requests
 *     Content-Length: 584                      its size in bytes, also on HEAD
 *     Content-Type: …                          the media type of the last push of these bytes
 *
 * Next: pulling_manifests.ts
 *
 * @module
 */

import { RegistryError } from "../api/error_codes.ts";
import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { isDigest, type Tag } from "../definitions/tag.ts";
import type { Call } from "../http/call.ts";
import type { Content } from "../http/content.ts";
import { findBlob } from "../store/blobs.ts";
import { openManifest, readManifest, type StoredManifest } from "../store/manifests.ts";
import type { Store } from "../store/store.ts";
import { resolveTag } from "../store/tags.ts";

/**
 * Finds a manifest by its digest, or by a tag that points to it.
 *
 * @throws {RegistryError} 404 if the repository does not have it, even if another one has (DEF-I01).
 */
export function expectManifest({ peer, request, store }: Call, name: Name, tagOrDigest: Tag | Digest): Content {
  const manifest = isDigest(tagOrDigest) ? readManifest(store, name, tagOrDigest) : findByTag(store, name, tagOrDigest);
  if (manifest !== undefined) {
    const { bytes, mediaType } = manifest;
    // PULL-MANIFEST-09: `mediaType` is the type that the manifest was pushed with.
    return {
      identity: manifest,
      name,
      digest: manifest.digest,
      size: bytes.length,
      mediaType,
      // A manifest is small, and clients pull it as a whole.
      hasParts: false,
      open: () => openManifest(store, name, manifest, () => peer?.completed),
    };
  }
  throw new RegistryError("MANIFEST_UNKNOWN", {
    rule: request.method === "HEAD" ? "PULL-HEAD-04" : "PULL-MANIFEST-19",
    expected: `a manifest in ${name}`,
    actual: `none for ${tagOrDigest}`,
  });
}

// Between the two looks, another process may move the tag and delete the manifest that it pointed to. The tag has always been
// there, so the client must get the manifest that it points to now.
function findByTag(store: Store, name: Name, tag: Tag): StoredManifest | undefined {
  let digest = resolveTag(store, name, tag);
  while (digest !== undefined) {
    const manifest = readManifest(store, name, digest);
    if (manifest !== undefined) return manifest;
    const now = resolveTag(store, name, tag);
    digest = now === digest ? undefined : now;
  }
}

/**
 * Finds a blob by its digest. A blob has no media type of its own; the manifest names one.
 *
 * @throws {RegistryError} 404 if the repository does not have it, even if another one has (DEF-I01).
 */
export function expectBlob({ peer, request, store }: Call, name: Name, digest: Digest, find = findBlob): Content {
  const blob = find(store, name, digest);
  if (blob !== undefined) {
    const open: Content["open"] = (part) => store.disk.open(blob, part, () => peer?.completed);
    const { path, size } = blob;
    return { identity: blob, name, path, digest, size, mediaType: "application/octet-stream", hasParts: true, open };
  }
  throw new RegistryError("BLOB_UNKNOWN", {
    rule: request.method === "HEAD" ? "PULL-HEAD-04" : "PULL-BLOB-08",
    expected: `a blob in ${name}`,
    actual: `none for ${digest}`,
  });
}
