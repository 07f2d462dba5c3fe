/**
 * Pushing manifests with subject.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-manifests-with-subject
 *
 * A signature is a manifest of its own, and its `subject` is the manifest of the image that it signs. The registry records
 * it as a referrer of that image, so that a client that has the image can ask for its signatures.
 *
 *     PUT /v2/library/hello/manifests/sha256:e07c…                      201 Created
 *     {"schemaVersion":2, …, "subject": {"digest":"sha256:7d1a…", …}}    OCI-Subject: sha256:7d1a…
 *
 * The header `OCI-Subject` tells the client that the registry has recorded the referrer. Without it, the client would keep
 * a list itself, under a tag (see `backwards_compatibility/referrers_tag_schema.ts`). The subject need not be there, now or
 * ever (PUSH-01).
 *
 * Next: ../pull/pull.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import type { Descriptor } from "../definitions/descriptor.ts";

/**
 * The longest descriptor of a referrer, in bytes. The list of referrers repeats the annotations of each manifest, and many
 * descriptors have to fit into one answer. The annotations of signatures and attestations have a few KiB.
 */
const LONGEST = 256 * 1024;

/**
 * Makes sure that the list of referrers can hold a manifest. `referrer` is its descriptor there.
 *
 * @throws {RegistryError} 413 if it is too long.
 */
export function expectListable(referrer: Descriptor): void {
  const { length } = new TextEncoder().encode(JSON.stringify(referrer));
  if (length <= LONGEST) return;
  throw new RegistryError("MANIFEST_INVALID", {
    rule: "DISC-REFERRERS-09",
    expected: `a manifest with a subject whose descriptor, with its annotations, has at most ${LONGEST} bytes`,
    actual: `${length} bytes`,
  }, { status: STATUS_CODE.ContentTooLarge });
}

/** Returns the header that tells the client that the registry has recorded the subject (PUSH-SUBJECT-01). */
export function subjectHeaders(subject: Descriptor): Record<string, string> {
  return { "OCI-Subject": subject.digest };
}
