/**
 * Union: several registries that look like one.
 *
 *     pull                union ──▶ first: 404 ──▶ second: 200            the first that has it
 *     tags, catalog,      union ──▶ first: a, c ──▶ second: b, c          a, b, c: merged, sorted, in pages
 *       referrers
 *     push                union ──▶ first                                 only the first one ever changes
 *     delete              union ──▶ first
 *
 * The other registries lend what they have. Two things follow from that:
 *
 * - A client that asks for a layer which only another registry has is told that it is there, and does not push it. When the client then
 *   pushes a manifest that needs the layer, the union copies the layer into the first registry, because a manifest and its content
 *   belong together.
 * - A delete reaches the first registry only. If that one does not have the content and another one has, the answer is 405. If both
 *   have it, it is deleted from the first, and a warning says that a pull will still find the other's.
 *
 * Each registry has to sort its lists, as the spec says of tags.
 *
 * Next: lending.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import { addWarnings } from "../api/warnings.ts";
import { pagesOf } from "../client/pages.ts";
import { OCI_INDEX } from "../definitions/manifest.ts";
import { parseName } from "../definitions/name.ts";
import type { Page } from "../definitions/page.ts";
import type { Peer } from "../http/peer.ts";
import { isConditional } from "../http/call.ts";
import { parseDigest } from "../definitions/digest.ts";
import { expectPreconditions } from "../http/preconditions.ts";
import { withoutSniffing } from "../http/sniffing.ts";
import type { Registry } from "../registry.ts";
import { LARGEST_LIST } from "../store/referrers.ts";
import {
  answerLike,
  ask,
  digestAt,
  headOf,
  isAbout,
  KeptRequest,
  orRefusal,
  requestLike,
  UnexpectedAnswer,
} from "./asking.ts";
import { questionOf, refuse } from "./composing.ts";
import { answerWithPage, CATALOG, entriesOf, type List, tagsOf } from "./lists.ts";
import { copyReferences, type Joined } from "./lending.ts";

/**
 * Joins registries: reads from the first one that has it, lists what all have, and writes to the first one. To have the stories of the
 * whole, make it a wrapper of the first registry: `wrappers: [(first) => union(first, second)]`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryDisk } from "../disk/memory_disk.ts";
 * import { createRegistry } from "../registry.ts";
 *
 * const [first, second] = [createRegistry({ disk: memoryDisk() }), createRegistry({ disk: memoryDisk() })];
 * const foo = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
 * const push = `http://localhost/v2/hello/blobs/uploads/?digest=${foo}`;
 * await second(new Request(push, { method: "POST", body: "foo" }));
 *
 * const both = union(first, second);
 * const pull = await both(new Request(`http://localhost/v2/hello/blobs/${foo}`));
 * const catalog = await both(new Request("http://localhost/v2/_catalog"));
 *
 * assertEquals([await pull.text(), await catalog.json()], ["foo", { repositories: ["hello"] }]);
 * ```
 */
export function union(first: Registry, ...others: readonly Registry[]): Registry {
  return async (request, peer) => {
    const question = questionOf(request);
    const answer = question && ANSWERS[`${request.method === "HEAD" ? "GET" : request.method} ${question.id}`];
    // The first registry refuses what is no name.
    const isNamed = question?.texts.name === undefined || parseName(question.texts.name) !== undefined;
    if (answer === undefined || !isNamed) return await first(request, peer);
    return await orRefusal(request, () => answer({ first, others, request, peer, question: question! }));
  };
}

const ANSWERS: Readonly<Record<string, (joined: Joined) => Promise<Response>>> = {
  "GET end-2": pull,
  "GET end-3": pull,
  "GET end-8a": (joined) => list(joined, tagsOf(joined.question.texts.name!), { name: joined.question.texts.name! }),
  "GET end-8b": (joined) => list(joined, tagsOf(joined.question.texts.name!), { name: joined.question.texts.name! }),
  "GET catalog": (joined) => list(joined, CATALOG, {}),
  "GET end-12a": listReferrers,
  "GET end-12b": listReferrers,
  "PUT end-7a": pushManifest,
  "PUT end-7b": pushManifest,
  "DELETE end-9": remove,
  "DELETE end-10": remove,
};

async function pull({ first, others, request, peer }: Joined): Promise<Response> {
  const response = await first(request, peer);
  if (response.status !== STATUS_CODE.NotFound) return response;
  for (const other of others) {
    const another = await other(request, peer);
    if (another.status !== STATUS_CODE.NotFound) {
      await response.body?.cancel();
      return another;
    }
    await another.body?.cancel();
  }
  return response;
}

async function list(
  { first, others, request, peer }: Joined,
  list: List,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  const registries = [first, ...others];
  return await answerWithPage(
    request,
    list,
    fields,
    (page: Page) => merged(registries.map((registry) => entriesOf(registry, request, peer, list, page))),
  );
}

// Merges sorted lists into one. A registry that answers 404 has no such list; if none has it, the first one's answer counts.
async function* merged(lists: readonly AsyncGenerator<string>[]): AsyncGenerator<string> {
  const missing: UnexpectedAnswer[] = [];
  const heads = await Promise.all(lists.map(async (list) => {
    try {
      return await list.next();
    } catch (error) {
      if (!(error instanceof UnexpectedAnswer) || error.response.status !== STATUS_CODE.NotFound) throw error;
      missing.push(error);
      return { done: true as const, value: undefined };
    }
  }));
  if (missing.length === lists.length) throw missing[0];
  await Promise.all(missing.map(({ response }) => response.body?.cancel()));
  for (;;) {
    const values = heads.flatMap((head) => head.done ? [] : [head.value]);
    if (values.length === 0) return;
    const least = values.reduce((one, other) => other < one ? other : one);
    yield least;
    for (const [i, list] of lists.entries()) {
      for (let head = heads[i]; !head.done && head.value <= least; head = heads[i]) heads[i] = await list.next();
    }
  }
}

// A descriptor in a list of referrers.
interface ListedReferrer {
  readonly digest: string;
  readonly artifactType?: string;
}

// All lists are read to their ends, because nothing says that other registries sort them. But only a page is kept.
async function listReferrers({ first, others, request, peer, question }: Joined): Promise<Response> {
  const { pathname, search } = question;
  const query = new URLSearchParams(search);
  const types = query.getAll("artifactType").filter((type) => type !== "");
  const last = query.get("last") ?? "";
  const page = new SmallestFirst();
  const missing: Response[] = [];
  for (const registry of [first, ...others]) {
    for await (const response of pagesOf(pathname + search, (path) => ask(registry, request, peer, "GET", path))) {
      if (response.status === STATUS_CODE.NotFound) {
        missing.push(response);
        break;
      }
      if (response.status !== STATUS_CODE.OK) throw new UnexpectedAnswer(response);
      const manifests: readonly ListedReferrer[] = (await response.json()).manifests ?? [];
      page.add(
        manifests.filter(({ digest, artifactType }) =>
          digest > last && (types.length === 0 || (artifactType !== undefined && types.includes(artifactType)))
        ),
      );
    }
  }
  if (missing.length === 1 + others.length) return request.method === "HEAD" ? await headOf(missing[0]) : missing[0];
  await Promise.all(missing.map((response) => response.body?.cancel()));

  const headers = new Headers({ "Content-Type": OCI_INDEX });
  if (types.length > 0) headers.set("OCI-Filters-Applied", "artifactType");
  if (page.rest !== undefined) {
    const parameters = new URLSearchParams([...types.map((type) => ["artifactType", type]), ["last", page.rest]]);
    headers.set("Link", `<${pathname}?${parameters}>; rel="next"`);
  }
  const body = `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[${page.texts.join(",")}]}`;
  const response = withoutSniffing(new Response(body, { headers }));
  return request.method === "HEAD" ? await headOf(response) : response;
}

// Keeps as many descriptors as an answer may have, those with the smallest digests, each once.
class SmallestFirst {
  #texts = new Map<string, string>();
  #hasMore = false;

  add(descriptors: readonly ListedReferrer[]): void {
    for (const descriptor of descriptors) {
      if (!this.#texts.has(descriptor.digest)) this.#texts.set(descriptor.digest, JSON.stringify(descriptor));
    }
    const sorted = [...this.#texts].sort(([one], [other]) => one < other ? -1 : 1);
    let size = 0;
    const end = sorted.findIndex(([, text], i) => (size += lengthOf(text) + 1) > LARGEST_LIST && i > 0);
    if (end > 0) this.#hasMore = true;
    this.#texts = new Map(end > 0 ? sorted.slice(0, end) : sorted);
  }

  get texts(): readonly string[] {
    return [...this.#texts.values()];
  }

  // The digest after which the next page starts, if there is one.
  get rest(): string | undefined {
    return this.#hasMore ? [...this.#texts.keys()].at(-1) : undefined;
  }
}

function lengthOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

async function remove({ first, others, request, peer, question }: Joined): Promise<Response> {
  const response = await first(request, peer);
  const isGone = response.status === STATUS_CODE.Accepted;
  if (!isGone && response.status !== STATUS_CODE.NotFound) return response;
  if (!await anyHas(others, request, peer, question.pathname)) return response;
  if (isGone) {
    const text = "another registry of this union still has it, and a pull will find it there";
    return answerLike(response, (headers) => addWarnings(headers, [text]));
  }
  await response.body?.cancel();
  const detail = {
    rule: "MGMT-02",
    expected: "content of the first registry of this union; another one has this, and it only lends it",
    actual: request.method,
  } as const;
  return refuse(request, new RegistryError("UNSUPPORTED", detail, { headers: { Allow: "GET, HEAD" } }));
}

async function anyHas(
  registries: readonly Registry[],
  request: Request,
  peer: Peer | undefined,
  path: string,
): Promise<boolean> {
  for (const registry of registries) {
    if (await digestAt(registry, request, peer, path) !== undefined) return true;
  }
  return false;
}

async function pushManifest(joined: Joined): Promise<Response> {
  const { first, peer } = joined;
  const request = isConditional(joined.request) ? await withConditionsOfFirst(joined) : joined.request;
  const kept = new KeptRequest(request);
  const response = await first(kept.request, peer);
  if (response.status !== STATUS_CODE.BadRequest && response.status !== STATUS_CODE.NotFound) return response;
  const text = await response.text();
  const body = isAbout("MANIFEST_BLOB_UNKNOWN", text) ? kept.bytes : undefined;
  if (body !== undefined && await copyReferences(joined, body, joined.request.headers.get("Content-Type"))) {
    return await first(requestLike(request, { body }), peer);
  }
  return answerLike(response, () => {}, text);
}

// The conditions are about the tag that clients see. If only another registry has it, they are judged here, and the first one only
// makes sure that it still has none.
async function withConditionsOfFirst(
  { first, others, request, peer, question: { pathname } }: Joined,
): Promise<Request> {
  if (await digestAt(first, request, peer, pathname) !== undefined) return request;
  for (const other of others) {
    const current = await digestAt(other, request, peer, pathname);
    if (current === undefined) continue;
    expectPreconditions(request, parseDigest(current));
    return requestLike(request, { headers: { "If-Match": undefined, "If-None-Match": "*" } });
  }
  return request;
}
