/**
 * Conditional requests: the registry makes a change only if nobody else was quicker, and sends content only if it is new.
 * https://www.rfc-editor.org/rfc/rfc9110#section-13
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-manifests-with-subject
 *
 * A client that reads, changes and writes back may lose the change that another client makes in between. So the spec lets
 * clients name an entity tag, the `ETag` of an answer, as a condition (PUSH-SUBJECT-13, COMPAT-08).
 *
 *     GET  /v2/library/hello/manifests/latest         200   ETag: "sha256:7d1a…"
 *     PUT  /v2/library/hello/manifests/latest         201   nobody has moved the tag meanwhile
 *          If-Match: "sha256:7d1a…"                   412   somebody has
 *     PUT  /v2/library/hello/manifests/v1             201   the tag is new
 *          If-None-Match: *                           412   it exists
 *     GET  /v2/library/hello/manifests/latest         304   the client has it already
 *          If-None-Match: "sha256:7d1a…"
 *
 * Next: peer.ts
 *
 * @module
 */

import { ifMatch, ifNoneMatch, STATUS_CODE } from "@std/http";
import type { Digest } from "../definitions/digest.ts";
import { etagOf } from "./etag.ts";
import { RegistryError } from "../api/error_codes.ts";

/**
 * Returns true if the client has the content already, so that a 304 says enough (RFC 9110 section 13.1.2, for GET and HEAD).
 *
 * @throws {RegistryError} 412 if the request has an `If-Match` that does not name this content.
 */
export function isNotModified(request: Request, digest: Digest): boolean {
  expectMatch(request, digest);
  return !ifNoneMatch(request.headers.get("If-None-Match"), etagOf(digest));
}

/**
 * Compares the conditions of a change with the digest that its path means now. `current` is `undefined` if nothing is there.
 *
 * @throws {RegistryError} 412 if `If-Match` or `If-None-Match` forbids the change.
 */
export function expectPreconditions(request: Request, current: Digest | undefined): void {
  expectMatch(request, current);
  const forbidden = request.headers.get("If-None-Match");
  if (forbidden === null || current === undefined || ifNoneMatch(forbidden, etagOf(current))) return;
  throw preconditionFailed(`If-None-Match: ${forbidden}`, current);
}

function expectMatch(request: Request, current: Digest | undefined): void {
  const wanted = request.headers.get("If-Match");
  if (wanted === null) return;
  // Even "*" does not match if nothing is there.
  if (current !== undefined && ifMatch(wanted, etagOf(current))) return;
  throw preconditionFailed(`If-Match: ${wanted}`, current);
}

function preconditionFailed(condition: string, current: Digest | undefined): RegistryError {
  const actual = current === undefined ? "nothing there" : etagOf(current);
  return new RegistryError("DENIED", { rule: "PUSH-SUBJECT-13", expected: condition, actual }, {
    status: STATUS_CODE.PreconditionFailed,
    headers: current === undefined ? {} : { ETag: etagOf(current) },
  });
}
