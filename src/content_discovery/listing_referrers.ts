/**
 * Listing referrers.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#listing-referrers
 *
 * A client has a manifest and asks for its referrers, the manifests that have it as their `subject`: its signatures, for
 * example. The answer is an image index, so a client reads it as it reads any other.
 *
 *     GET /v2/library/hello/referrers/sha256:7d1a…?artifactType=text/x-note      200 OK
 *                                        Content-Type: application/vnd.oci.image.index.v1+json
 *                                        OCI-Filters-Applied: artifactType
 *     {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
 *      "manifests": [{"mediaType": …, "digest": "sha256:e07c…", "size": 612, "artifactType": "text/x-note"}]}
 *
 * The answer is 200 for every well-formed digest, even if the repository has no such manifest (DISC-REFERRERS-02). If
 * nothing refers to it, the list is empty. A 404 would tell the client that the registry does not have this API at all.
 *
 * Next: ../content_management/deleting_tags.ts
 *
 * @module
 */

import type { Digest } from "../definitions/digest.ts";
import { OCI_INDEX } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { entriesAfter } from "../definitions/page.ts";
import { LongWork } from "../giving_way.ts";
import type { Call } from "../http/call.ts";
import type { Values } from "../http/placeholders.ts";
import { linkToNext } from "../http/routing.ts";
import { withoutSniffing } from "../http/sniffing.ts";
import { LARGEST_LIST, listReferrers as listStoredReferrers, type Referrer } from "../store/referrers.ts";
import type { Store } from "../store/store.ts";
import { listOfOlderClients, referrerOfOlderClients } from "../upgrade_procedures/enabling_the_referrers_api.ts";

/**
 * Lists the referrers of a manifest as an index, in pages that are small enough for every client. DISC-REFERRERS-11: clients
 * accept manifests of up to 4 MiB, and this index is one.
 */
export async function listReferrers(
  call: Call,
  { name, digest: subject }: Values<"name" | "digest">,
): Promise<Response> {
  const { query, store } = call;
  // An empty filter is no filter. If there are several filters, a referrer has to fit one of them.
  const types = query.getAll("artifactType").filter((type) => type !== "");
  const last = query.get("last") ?? "";

  const page: Referrer[] = [];
  let size = 0;
  let rest: Digest | undefined;
  search:
  for await (const referrers of await allReferrers(store, name, subject, last)) {
    for (const referrer of referrers) {
      if (referrer.digest <= last || !fits(referrer, types)) continue;
      size += referrer.size + 1;
      if (page.length > 0 && size > LARGEST_LIST) {
        rest = page.at(-1)!.digest;
        break search;
      }
      page.push(referrer);
    }
  }

  const headers = new Headers({ "Content-Type": OCI_INDEX });
  if (types.length > 0) headers.set("OCI-Filters-Applied", "artifactType");
  if (rest !== undefined) headers.set("Link", linkToRest(call, name, subject, types, rest));
  // The descriptors are JSON text already, so only the text around them is made here.
  const manifests = page.map(({ text }) => text).join(",");
  return withoutSniffing(
    new Response(`{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[${manifests}]}`, { headers }),
  );
}

// Returns the referrers after `last` in order, and perhaps others before them. It reads them only when they are asked for, so the
// registry never holds more than a page.
async function allReferrers(
  store: Store,
  name: Name,
  subject: Digest,
  last: string,
): Promise<Iterable<readonly Referrer[]> | AsyncIterable<readonly Referrer[]>> {
  const older = await listOfOlderClients(store, name, subject);
  return older.length === 0
    ? listStoredReferrers(store, name, subject, last)
    : withOlder(store, name, subject, last, older);
}

async function* withOlder(
  store: Store,
  name: Name,
  subject: Digest,
  last: string,
  older: readonly Digest[],
): AsyncGenerator<readonly Referrer[]> {
  const work = new LongWork();
  const left = entriesAfter(older, last);
  let next = left.next();
  const olderUpTo = async function* (end?: Digest) {
    for (; !next.done && (end === undefined || next.value <= end); next = left.next()) {
      if (work.isLong()) await work.giveWay();
      const referrer = next.value === end ? undefined : await referrerOfOlderClients(store, name, subject, next.value);
      if (referrer !== undefined) yield [referrer];
    }
  };
  for await (const referrers of listStoredReferrers(store, name, subject, last)) {
    for (const referrer of referrers) {
      yield* olderUpTo(referrer.digest);
      yield [referrer];
    }
  }
  yield* olderUpTo();
}

function fits({ artifactType }: Referrer, types: readonly string[]): boolean {
  return types.length === 0 || (artifactType !== undefined && types.includes(artifactType));
}

// `last` is the digest after which the next page starts. The client need not understand it; it just follows the link.
function linkToRest(call: Call, name: Name, subject: Digest, types: readonly string[], last: Digest): string {
  return linkToNext(call, "end-12a", { name, digest: subject }, [
    ...types.map((type) => ["artifactType", type] as const),
    ["last", last],
  ]);
}
