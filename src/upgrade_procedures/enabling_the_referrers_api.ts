/**
 * Enabling the referrers API.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#enabling-the-referrers-api
 *
 * A folder may hold images whose referrers were pushed when nobody noted them down: by an older registry, or by hand. The
 * clients then kept a list under the referrers tag, and what is on it must not be forgotten (UPGRADE-01).
 *
 *     library/hello/_tags/sha256-7d1a…      an index: {"manifests": [{"digest": "sha256:e07c…", …}]}
 *     library/hello/sha256:e07c…/           a manifest whose subject is sha256:7d1a…
 *
 * There is no moment of upgrading. The list is read whenever the referrers are asked for, and each entry on it counts if
 * its manifest is here and says itself that this is its subject.
 *
 * Next: ../extensions/catalog.ts
 *
 * @module
 */

import { referrersTag } from "../backwards_compatibility/referrers_tag_schema.ts";
import { Fault } from "../definitions/descriptor.ts";
import type { Digest } from "../definitions/digest.ts";
import { describe, type Manifest, parseManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { readManifest, type StoredManifest } from "../store/manifests.ts";
import type { Store } from "../store/store.ts";
import { resolveTag } from "../store/tags.ts";

/** What clients listed under the referrers tag of a subject: each digest with its descriptor as JSON text. */
export function referrersOfOlderClients(store: Store, name: Name, subject: Digest): Map<Digest, string> {
  const referrers = new Map<Digest, string>();
  const listDigest = resolveTag(store, name, referrersTag(subject));
  const list = listDigest && readManifest(store, name, listDigest);
  for (const { descriptor: { digest } } of list ? lookInside(list)?.references ?? [] : []) {
    const stored = readManifest(store, name, digest);
    const manifest = stored && lookInside(stored);
    if (manifest?.subject?.digest !== subject) continue;
    referrers.set(digest, JSON.stringify(describe(manifest, digest, stored!.bytes.length)));
  }
  return referrers;
}

// The bytes may have been put there by another program, and what is no manifest to us lists nothing.
function lookInside({ bytes, mediaType }: StoredManifest): Manifest | undefined {
  try {
    return parseManifest(bytes, mediaType);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
