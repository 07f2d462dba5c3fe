/**
 * Determining support.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#determining-support
 *
 * Many clients ask this first. The answer 200 says that this is a registry that follows the spec.
 *
 *     GET /v2/        200 OK
 *                     {}
 *
 * Next: warnings.ts
 *
 * @module
 */

import { withoutSniffing } from "../http/sniffing.ts";

/** Says that the registry follows the spec (API-SUPPORT-I01). */
export function determineSupport(): Response {
  // LEGACY-HDR-02: the spec does not ask for this header. Clients that are older than the spec look for it.
  return withoutSniffing(Response.json({}, { headers: { "Docker-Distribution-API-Version": "registry/2.0" } }));
}
