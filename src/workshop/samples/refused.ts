/**
 * Samples that the registry refuses: the requests, and the answer to the last one.
 *
 *     POST …/blobs/uploads/?digest=sha256:fcde…     foo
 *     400  DIGEST_INVALID  PUSH-SINGLE-03
 *
 * Next: damaged.ts
 *
 * @module
 */

import { digestOf, HASHES } from "../../definitions/digest.ts";
import { TYPES } from "./layout_of_sample.ts";
import type { RefusedRecipe, SampleRequest } from "./recipe.ts";
import { bytesOf } from "./tar_of_sample.ts";

/** The recipes. */
export const REFUSED = {
  lyingDigest: {
    purpose: "A blob under the digest of other bytes.",
    requests: () => [{ ...blob("foo"), path: blob("bar").path }],
    refusal: { status: 400, code: "DIGEST_INVALID", rule: "PUSH-SINGLE-03" },
  },

  missingBlob: {
    purpose: "A manifest that names a layer which nobody has pushed.",
    requests: () => [blob("{}"), manifest({ layers: [pointerTo("never pushed", TYPES.gzip)] })],
    refusal: { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" },
  },

  duplicateKeys: {
    purpose:
      "A manifest with two lists of layers. One program would take the first one, and another program the second.",
    requests: () => {
      const whole = manifest({ layers: [] });
      return [blob("{}"), { ...whole, body: whole.body.replace('"layers":[]', '"layers":[],"layers":[]') }];
    },
    refusal: { status: 400, code: "MANIFEST_INVALID", rule: "DEF-I02" },
  },
} satisfies Readonly<Record<string, RefusedRecipe>>;

function blob(content: string): SampleRequest {
  const path = `blobs/uploads/?digest=${digestOf(HASHES, "sha256", bytesOf(content))}`;
  return { method: "POST", path, mediaType: "application/octet-stream", body: content };
}

function manifest(fields: object): SampleRequest {
  const config = pointerTo("{}", TYPES.empty);
  const artifactType = "application/vnd.example.note";
  const body = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.image, artifactType, config, ...fields });
  return { method: "PUT", path: "manifests/latest", mediaType: TYPES.image, body };
}

function pointerTo(content: string, mediaType: string): object {
  const bytes = bytesOf(content);
  return { mediaType, digest: digestOf(HASHES, "sha256", bytes), size: bytes.length };
}
