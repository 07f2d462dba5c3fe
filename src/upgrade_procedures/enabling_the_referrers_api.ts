/**
 * Enabling the referrers API.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#enabling-the-referrers-api
 *
 * A folder may hold images from an older registry, which recorded no referrers. Then the clients kept a list under the
 * referrers tag, and the registry must not forget what is on that list (UPGRADE-01).
 *
 *     library/hello/_tags/sha256-7d1a…      an index: {"manifests": [{"digest": "sha256:e07c…", …}]}
 *     library/hello/sha256:e07c…/           a manifest whose subject is sha256:7d1a…
 *
 * Nobody has to run an upgrade. The registry reads the list whenever a client asks for the referrers. An entry counts if the
 * repository has its manifest, and if that manifest itself names this subject.
 *
 * Next: ../extensions/catalog.ts
 *
 * @module
 */

import { referrersTag } from "../backwards_compatibility/referrers_tag_schema.ts";
import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { type Referrer, relationsOf } from "../store/referrers.ts";
import type { Store } from "../store/store.ts";
import { resolveTag } from "../store/tags.ts";

/**
 * Returns the digests that clients have listed under the referrers tag of a subject, each once and sorted. Of a longer list than
 * any client can read, it returns only the beginning.
 */
export async function listOfOlderClients(store: Store, name: Name, subject: Digest): Promise<readonly Digest[]> {
  const list = resolveTag(store, name, referrersTag(subject));
  // The tag is mostly missing, and its manifest may be damaged. Then there is no list.
  const relations = list && await relationsOf(store, name, list);
  return relations?.children ?? [];
}

/** Returns an entry of that list as a referrer, or `undefined` if it does not count. */
export async function referrerOfOlderClients(
  store: Store,
  name: Name,
  subject: Digest,
  digest: Digest,
): Promise<Referrer | undefined> {
  const relations = await relationsOf(store, name, digest);
  return relations?.subject === subject ? relations?.referrer : undefined;
}
