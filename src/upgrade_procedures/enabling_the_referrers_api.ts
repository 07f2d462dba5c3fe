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
import { describe, parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { readManifest } from "../store/manifests.ts";
import type { Store } from "../store/store.ts";
import { resolveTag } from "../store/tags.ts";

/** What clients listed under the referrers tag of a subject: each digest with its descriptor as JSON text. */
export function referrersOfOlderClients(store: Store, name: Name, subject: Digest): Map<Digest, string> {
  const referrers = new Map<Digest, string>();
  const listDigest = resolveTag(store, name, referrersTag(subject));
  const stored = listDigest && readManifest(store, name, listDigest);
  const list = stored && parseStoredManifest(stored);
  // Another program may have used the tag for something else, and what is no manifest lists nothing.
  if (list === undefined || list instanceof Fault) return referrers;

  for (const { descriptor: { digest } } of list.references) {
    const referrer = readManifest(store, name, digest);
    const manifest = referrer && parseStoredManifest(referrer);
    if (manifest === undefined || manifest instanceof Fault || manifest.subject?.digest !== subject) continue;
    referrers.set(digest, JSON.stringify(describe(manifest, digest, referrer!.bytes.length)));
  }
  return referrers;
}
