/**
 * Lists: the tags of a repository, and the repositories of the catalog, page by page.
 *
 *     wrapper ──▶ GET /v2/_catalog?n=2                    ["app", "private/x"]   Link: …last=private/x
 *             ──▶ GET /v2/_catalog?n=2&last=private%2Fx   ["public/y"]
 *     client  ◀── ["app", "public/y"]
 *
 * A wrapper that leaves out entries, or joins two lists, still has to answer with full pages and the right `Link`. So it walks
 * through the pages of the registry inside until it has one entry more than the client asks for. Both lists are sorted by byte
 * value, as those of the registry are.
 *
 * Next: read_only.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { refuseFaults } from "../api/error_codes.ts";
import { pagesOf } from "../client/pages.ts";
import { type Page, parsePage } from "../definitions/page.ts";
import { LongWork } from "../giving_way.ts";
import type { Peer } from "../http/peer.ts";
import { withoutSniffing } from "../http/sniffing.ts";
import type { Registry } from "../registry.ts";
import { ask, headOf, UnexpectedAnswer } from "./asking.ts";

/** A list of a registry: its path, and the field of the JSON that has the entries. */
export interface List {
  /** The path, such as `/v2/_catalog`. */
  readonly path: string;
  /** The field, `tags` or `repositories`. */
  readonly field: "tags" | "repositories";
}

/** The list of all repositories. */
export const CATALOG: List = { path: "/v2/_catalog", field: "repositories" };

/** Returns the list of the tags of a repository. */
export function tagsOf(name: string): List {
  return { path: `/v2/${name}/tags/list`, field: "tags" };
}

/**
 * Yields the entries of a list after `last`, as the client of a request would get them. It asks for the next page only when somebody
 * wants its entries.
 *
 * @throws {UnexpectedAnswer} if the registry refuses a page.
 */
export async function* entriesOf(
  registry: Registry,
  request: Request,
  peer: Peer | undefined,
  { path, field }: List,
  { size, last }: Page,
): AsyncGenerator<string> {
  const query = new URLSearchParams({
    // One more than the client wants tells whether there is a next page.
    ...(size === undefined ? {} : { n: String(size + 1) }),
    ...(last === "" ? {} : { last }),
  });
  const work = new LongWork();
  const first = query.size === 0 ? path : `${path}?${query}`;
  for await (const response of pagesOf(first, (path) => ask(registry, request, peer, "GET", path))) {
    if (response.status !== STATUS_CODE.OK) throw new UnexpectedAnswer(response);
    const page: readonly string[] = (await response.json())[field] ?? [];
    if (page.length === 0) return;
    for (const entry of page) {
      // What is done with an entry may be a question to a registry that has all in memory. Then nothing else lets others go on.
      if (work.isLong()) await work.giveWay();
      yield entry;
    }
  }
}

/**
 * Answers with a page of a list: as many entries as the client asks for, and a `Link` if there are more. `others` are the fields of
 * the JSON before the entries; `entries` yields the entries that come after `last`, sorted.
 *
 * @throws {RegistryError} if the client asks for a page that makes no sense.
 */
export async function answerWithPage(
  request: Request,
  { path, field }: List,
  others: Readonly<Record<string, string>>,
  entries: (page: Page) => AsyncIterable<string>,
): Promise<Response> {
  const page = refuseFaults("UNSUPPORTED", () => parsePage(queryOf(request)), STATUS_CODE.BadRequest);
  const { size = Infinity } = page;
  const found: string[] = [];
  let link: string | undefined;
  for await (const entry of entries(page)) {
    if (found.length < size) {
      found.push(entry);
      continue;
    }
    // There is one more entry, so there is a next page. An answer to n=0 has no link (DISC-TAGS-10).
    const last = found.at(-1);
    if (last !== undefined) link = `<${path}?${new URLSearchParams({ n: String(size), last })}>; rel="next"`;
    break;
  }
  const headers: Record<string, string> = link === undefined ? {} : { Link: link };
  const response = withoutSniffing(Response.json({ ...others, [field]: found }, { headers }));
  return request.method === "HEAD" ? await headOf(response) : response;
}

function queryOf({ url }: Request): URLSearchParams {
  return new URLSearchParams(url.includes("?") ? url.slice(url.indexOf("?")) : "");
}
