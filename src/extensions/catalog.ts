/**
 * The catalog: all repositories of the registry. It comes from Docker's registry. The spec only keeps its path free.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/extensions/README.md
 * https://distribution.github.io/distribution/spec/api/#listing-repositories
 *
 *     GET /v2/_catalog?n=2      200 OK
 *                               Link: </v2/_catalog?n=2&last=library%2Fhello>; rel="next"
 *                               {"repositories": ["app", "library/hello"]}
 *
 * It works as the list of tags does. `crane catalog`, `regctl repo ls` and `podman search` ask for it.
 *
 * Next: ../api/determining_support.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { refuseFaults } from "../api/error_codes.ts";
import type { Name } from "../definitions/name.ts";
import { parsePage } from "../definitions/page.ts";
import type { Call } from "../http/call.ts";
import { linkToNext } from "../http/routing.ts";
import { withoutSniffing } from "../http/sniffing.ts";
import { listRepositories } from "../store/repositories.ts";

/** Lists the repositories, all or a page of them, sorted by byte value. */
export async function listCatalog(call: Call): Promise<Response> {
  const { query, store } = call;
  const { size = Infinity, last } = refuseFaults("UNSUPPORTED", () => parsePage(query), STATUS_CODE.BadRequest);
  const repositories: Name[] = [];
  let link: string | undefined;
  for await (const name of listRepositories(store, last)) {
    if (repositories.length < size) {
      repositories.push(name);
      continue;
    }
    // There is one more repository, so there is a next page. An answer to n=0 has no link.
    const last = repositories.at(-1);
    if (last !== undefined) link = linkToNext(call, "catalog", {}, [["n", String(size)], ["last", last]]);
    break;
  }
  return withoutSniffing(Response.json({ repositories }, { headers: link === undefined ? {} : { Link: link } }));
}
