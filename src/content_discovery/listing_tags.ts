/**
 * Listing tags.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#listing-tags
 *
 *     GET /v2/library/hello/tags/list             200 OK
 *                                                 {"name": "library/hello", "tags": ["latest", "v1", "v2"]}
 *
 *     GET /v2/library/hello/tags/list?n=2         200 OK
 *                                                 Link: </v2/library/hello/tags/list?n=2&last=v1>; rel="next"
 *                                                 {"name": "library/hello", "tags": ["latest", "v1"]}
 *
 * The order is that of byte values (DISC-TAGS-03 allows it since 1.1.1): "V1" comes before "latest". `last` is compared
 * with, not looked up, for the tag may have been deleted since the page before.
 *
 * Next: listing_referrers.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { refuseFaults, RegistryError } from "../api/error_codes.ts";
import type { Name } from "../definitions/name.ts";
import { parsePage } from "../definitions/page.ts";
import { type Call, fill, linkToNext } from "../routing.ts";
import { repositoryExists } from "../store/repositories.ts";
import { listTags as listTagsOnDisk } from "../store/tags.ts";

/** Lists the tags of a repository, all or a page of them. */
export function listTags({ query, store }: Call, name: Name): Response {
  const { size, last } = refuseFaults("UNSUPPORTED", () => parsePage(query), STATUS_CODE.BadRequest);
  if (!repositoryExists(store, name)) {
    throw new RegistryError("NAME_UNKNOWN", { rule: "DISC-TAGS-01", expected: "a repository", actual: name });
  }
  const following = listTagsOnDisk(store, name).filter((tag) => tag > last);
  const tags = following.slice(0, size);
  // DISC-TAGS-10: there is nothing that a next page of no tags could start after.
  if (tags.length === following.length || tags.length === 0) return Response.json({ name, tags });

  const link = linkToNext(fill("/v2/<name>/tags/list", name), [["n", String(size)], ["last", tags.at(-1)!]]);
  return Response.json({ name, tags }, { headers: { Link: link } });
}
