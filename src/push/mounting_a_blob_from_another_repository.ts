/**
 * Mounting a blob from another repository.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#mounting-a-blob-from-another-repository
 *
 * Most images share layers with others. If another repository of the registry has a layer, the client need not send it
 * again: it asks the registry to mount it. On disk a mount is a hard link, one file with two names. (If the file system has
 * no hard links, the registry copies the file.)
 *
 *     POST /v2/library/other/blobs/uploads/?mount=sha256:2c26…&from=library/hello      201 Created
 *                                                    Location: /v2/library/other/blobs/sha256:2c26…
 *
 * If the registry does not find the blob there, it opens an upload session (202), and the client sends the blob. That
 * answer does not tell the reason: an unknown repository, an unknown blob and a `from` that is no name look the same.
 *
 * Next: pushing_manifests.ts
 *
 * @module
 */

import { algorithmOf } from "../definitions/digest.ts";
import { type Name, parseName } from "../definitions/name.ts";
import type { Call } from "../http/call.ts";
import type { Values } from "../http/placeholders.ts";
import { keepBlob, linkBlob } from "../store/blobs.ts";
import { listRepositories } from "../store/repositories.ts";
import { openUploadFor } from "./pushing_a_blob_monolithically.ts";
import { blobCreated } from "./pushing_blobs.ts";

/**
 * Mounts a blob (PUSH-MOUNT-01), or opens a session to upload it (PUSH-MOUNT-08). If this repository has it already, there is
 * nothing to do.
 */
export async function mountBlob(call: Call, { name, digest }: Values<"name" | "digest">): Promise<Response> {
  if (await keepBlob(call.store, name, digest) !== undefined) return blobCreated(call, name, digest);
  for await (const source of sourcesOf(call)) {
    if (await linkBlob(call.store, source, name, digest)) return blobCreated(call, name, digest);
  }
  return await openUploadFor(call, { name, algorithm: algorithmOf(digest) });
}

// PUSH-MOUNT-06 and -07: without `from`, the blob may come from any repository.
async function* sourcesOf({ query, store }: Call): AsyncGenerator<Name> {
  const from = query.get("from");
  if (from === null) return yield* listRepositories(store);
  const source = parseName(from);
  if (source !== undefined) yield source;
}
