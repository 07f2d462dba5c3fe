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
 * A client that does not know the tags of a repository asks for the list, whole or in pages of `n`. The registry sorts the
 * tags by byte values (DISC-TAGS-03 allows it since 1.1.1): "V1" comes before "latest". A page has the tags that sort after
 * `last`. The tag `last` itself need not exist any more: somebody may have deleted it since the page before.
 *
 * Next: ../definitions/page.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { refuseFaults, RegistryError } from "../api/error_codes.ts";
import type { Name } from "../definitions/name.ts";
import { parsePage } from "../definitions/page.ts";
import type { Tag } from "../definitions/tag.ts";
import { LongWork } from "../giving_way.ts";
import type { Call } from "../http/call.ts";
import type { Values } from "../http/placeholders.ts";
import { linkToNext } from "../http/routing.ts";
import { withoutSniffing } from "../http/sniffing.ts";
import { repositoryExists } from "../store/repositories.ts";
import { listTags as listStoredTags } from "../store/tags.ts";

/** Lists the tags of a repository, all or a page of them. */
export async function listTags(call: Call, { name }: Values<"name">): Promise<Response> {
  const { query, store } = call;
  const { size, last } = refuseFaults("UNSUPPORTED", () => parsePage(query), STATUS_CODE.BadRequest);
  const tags: Tag[] = [];
  const work = new LongWork();
  for (const tag of await listStoredTags(store, name, last)) {
    if (tags.length % 1000 === 999 && work.isLong()) await work.giveWay();
    if (tags.length === size) {
      return withoutSniffing(Response.json({ name, tags }, { headers: linkAfter(call, name, tags) }));
    }
    tags.push(tag);
  }
  // A tag points to a manifest. So a repository that has tags has content, and the registry need not look for it.
  if (tags.length === 0 && !await repositoryExists(store, name)) {
    throw new RegistryError("NAME_UNKNOWN", {
      rule: "DISC-TAGS-01",
      expected: "a repository with content",
      actual: name,
    });
  }
  return withoutSniffing(Response.json({ name, tags }));
}

// There is one more tag, so there is a next page. DISC-TAGS-10: an answer to n=0 has no link.
function linkAfter(call: Call, name: Name, tags: readonly Tag[]): Record<string, string> {
  const last = tags.at(-1);
  if (last === undefined) return {};
  return { Link: linkToNext(call, "end-8a", { name }, [["n", String(tags.length)], ["last", last]]) };
}
