/**
 * Pulling blobs.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pulling-blobs
 *
 * A client always asks for a blob by its digest, so it can check what it gets. After a broken download it goes on with `Range`,
 * as RFC 9110 section 14 has it (PULL-BLOB-09).
 *
 *     GET /v2/library/hello/blobs/sha256:2c26…      200 OK
 *                                                   Docker-Content-Digest: sha256:2c26…
 *                                                   foo
 *
 *     GET /v2/library/hello/blobs/sha256:2c26…      206 Partial Content
 *     Range: bytes=1-                               Content-Range: bytes 1-2/3
 *                                                   oo
 *
 * Next: checking_if_content_exists_in_the_registry.ts
 *
 * @module
 */

import type { Call } from "../http/call.ts";
import { answerWith } from "../http/content.ts";
import type { Values } from "../http/placeholders.ts";
import { expectBlob } from "./pull.ts";

/** Streams a blob, or the parts of it that the client asks for. */
export function pullBlob(call: Call, { name, digest }: Values<"name" | "digest">): Response | Promise<Response> {
  // Between the look and the opening, a client may delete the blob, or the garbage collection may move it out of the way.
  // It may be back a moment later. So the registry looks again, up to ten times, until it has opened the blob or the blob
  // is not there.
  for (let looks = 0; looks < 10; looks++) {
    const answer = answerWith(call, expectBlob(call, name, digest));
    if (answer !== undefined) return answer;
  }
  throw new Error(`${name}/${digest} is there and cannot be opened`);
}
