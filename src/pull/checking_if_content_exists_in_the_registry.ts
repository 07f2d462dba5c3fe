/**
 * Checking if content exists in the registry.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#checking-if-content-exists-in-the-registry
 *
 * Before a client pushes a layer, it asks with `HEAD` whether the layer is there already. Before it pulls, it asks which
 * digest a tag points to. The answer has all the headers of a `GET`, and no body. A 404 before a push is no fault: it tells
 * the client to push.
 *
 *     HEAD /v2/library/hello/blobs/sha256:2c26…      200 OK
 *                                                    Docker-Content-Digest: sha256:2c26…
 *                                                    Content-Length: 3
 *
 * Next: ../content_discovery/listing_tags.ts
 *
 * @module
 */

import type { Call } from "../http/call.ts";
import { answerWith } from "../http/content.ts";
import type { Values } from "../http/placeholders.ts";
import { useBlob } from "../store/blobs.ts";
import { expectBlob, expectManifest } from "./pull.ts";

/** Answers 200 with the digest, size and type of a manifest, or 404. */
export function checkManifestExists(
  call: Call,
  { name, tagOrDigest }: Values<"name" | "tagOrDigest">,
): Response | Promise<Response> {
  // HEAD opens no file, so `answerWith` cannot find one gone.
  return answerWith(call, expectManifest(call, name, tagOrDigest))!;
}

/** Answers 200 with the digest and size of a blob, or 404. */
export function checkBlobExists(call: Call, { name, digest }: Values<"name" | "digest">): Response | Promise<Response> {
  // The client may be about to push a manifest that needs the blob. So the garbage collection must not remove it just now.
  return answerWith(call, expectBlob(call, name, digest, useBlob))!;
}
