/**
 * Pulling manifests.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pulling-manifests
 *
 * This is the first step of most pulls. The client names a tag and gets the manifest and its digest. In the manifest it
 * finds the digests of the config and the layers.
 *
 *     GET /v2/library/hello/manifests/latest      200 OK
 *                                                 Content-Type: application/vnd.oci.image.manifest.v1+json
 *                                                 Docker-Content-Digest: sha256:7d1a…
 *                                                 {"schemaVersion":2, …}
 *
 * The registry ignores `Accept`: there is one manifest under a tag, and it is sent as it was pushed. The spec lets the client
 * judge the type (PULL-MANIFEST-10). If the registry refused in its place, the client could not see what is there.
 *
 * Next: pulling_blobs.ts
 *
 * @module
 */

import type { Call } from "../http/call.ts";
import { answerWith } from "../http/content.ts";
import type { Values } from "../http/placeholders.ts";
import { expectManifest } from "./pull.ts";

/** Sends a manifest, byte for byte as it was pushed (PULL-MANIFEST-11). */
export function pullManifest(
  call: Call,
  { name, tagOrDigest }: Values<"name" | "tagOrDigest">,
): Response | Promise<Response> {
  // The manifest is already read, so it cannot be gone.
  return answerWith(call, expectManifest(call, name, tagOrDigest))!;
}
