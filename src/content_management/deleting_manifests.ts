/**
 * Deleting manifests.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#deleting-manifests
 *
 * Together with a manifest the registry removes all tags that point to it, and its entry in the list of its subject's
 * referrers. The manifests that refer to it stay and are still listed: a client may push a signature before its image, so
 * the signature may also stay after its image.
 *
 *     DELETE /v2/library/hello/manifests/sha256:7d1a…      202 Accepted
 *
 * On disk the registry removes the tags before the manifest, so that no tag points to a manifest that is gone. The blobs stay,
 * because other manifests may need them. The garbage collection removes those that no manifest needs.
 *
 * Next: deleting_blobs.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import type { Digest } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { LongWork } from "../giving_way.ts";
import { type Call, isConditional } from "../http/call.ts";
import type { Values } from "../http/placeholders.ts";
import { expectPreconditions } from "../http/preconditions.ts";
import { hasPartOfManifest, readManifest, removeManifest } from "../store/manifests.ts";
import { listSubjects, removeReferrer } from "../store/referrers.ts";
import { changeRepository, repositoryExists } from "../store/repositories.ts";
import type { Store } from "../store/store.ts";
import { removeTags, tagsOf } from "../store/tags.ts";

/** Removes a manifest and its tags (MGMT-MANIFEST-01, MGMT-MANIFEST-I01). */
export async function deleteManifest(
  { request, store, notes }: Call,
  { name, digest }: Values<"name" | "digest">,
): Promise<Response> {
  const wasThere = await changeRepository(store, name, async () => {
    const manifest = readManifest(store, name, digest);
    if (manifest === undefined) return await removeLeftOvers(store, name, digest);
    if (isConditional(request)) expectPreconditions(request, digest);

    const tags = await tagsOf(store, name, digest);
    notes.tags = tags.map((tag) => ({ tag, before: digest }));
    await removeTags(store, name, tags);
    // If somebody has damaged the file by hand, its subject is unknown. A client can delete the manifest all the same.
    const inside = await parseStoredManifest(manifest);
    const subject = inside instanceof Fault ? undefined : inside.subject?.digest;
    return await removeManifest(store, name, digest, subject);
  });
  if (wasThere) return new Response(null, { status: STATUS_CODE.Accepted });

  const code = await repositoryExists(store, name) ? "MANIFEST_UNKNOWN" : "NAME_UNKNOWN";
  throw new RegistryError(code, {
    rule: "MGMT-MANIFEST-02",
    expected: `a manifest of ${name}`,
    actual: `none with ${digest}`,
  });
}

// Finishes an interrupted delete. Returns true if a manifest was there.
async function removeLeftOvers(store: Store, name: Name, digest: Digest): Promise<boolean> {
  if (!hasPartOfManifest(store, name, digest)) return false;
  const work = new LongWork();
  for (const subject of await listSubjects(store, name)) {
    await removeReferrer(store, name, subject, digest);
    if (work.isLong()) await work.giveWay();
  }
  return await removeManifest(store, name, digest, undefined);
}
