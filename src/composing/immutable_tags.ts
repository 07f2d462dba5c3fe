/**
 * Immutable tags: once set, they keep their digest.
 *
 *     PUT    …/manifests/v1.0                a new tag: 201
 *     PUT    …/manifests/v1.0                the same bytes again: 201
 *     PUT    …/manifests/v1.0                other bytes: 403
 *     PUT    …/manifests/sha256:7d1a…?tag=v1.0            another digest: 403
 *     DELETE …/manifests/v1.0                403
 *     DELETE …/manifests/sha256:2c26…        403 if v1.0 points to it, because the tag would go with its manifest
 *
 * Two clients may set a new tag at the same moment. So the wrapper does not look and then push: it pushes with
 * `If-None-Match: *`, and the registry refuses the second push. To see if a tag that is there gets the same bytes again, the wrapper
 * sends the push to the digest that the tag has: the registry takes it only if the bytes have this digest, and the tag stays untouched.
 *
 * Next: names.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { fits } from "../access/rules.ts";
import { RegistryError } from "../api/error_codes.ts";
import { parseDigest } from "../definitions/digest.ts";
import { parseName } from "../definitions/name.ts";
import { parseTag } from "../definitions/tag.ts";
import { isConditional } from "../http/call.ts";
import type { Peer } from "../http/peer.ts";
import { expectPreconditions } from "../http/preconditions.ts";
import { MOST_TAGS } from "../push/pushing_manifests.ts";
import type { Registry, Wrapper } from "../registry.ts";
import { answerLike, digestAt, isAbout, KeptRequest, orRefusal, requestLike, UnexpectedAnswer } from "./asking.ts";
import { type Question, questionOf, refuse } from "./composing.ts";
import { entriesOf, tagsOf } from "./lists.ts";

/**
 * Refuses to move or to delete the tags that fit a pattern, with 403. The pattern is a regular expression, or a text with `*` for any
 * characters and `?` for one, and commas between several: `v*,release-*`.
 *
 * @throws {RangeError} if the text is no pattern for tags.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createRegistry } from "../registry.ts";
 * import { memoryDisk } from "../disk/memory_disk.ts";
 *
 * const registry = createRegistry({ disk: memoryDisk(), wrappers: [immutableTags("v*")] });
 * const push = async (tag: string, manifest: object) => {
 *   const headers = { "Content-Type": "application/vnd.oci.image.index.v1+json" };
 *   const url = `http://localhost/v2/library/hello/manifests/${tag}`;
 *   const body = JSON.stringify({ schemaVersion: 2, manifests: [], ...manifest });
 *   return (await registry(new Request(url, { method: "PUT", headers, body }))).status;
 * };
 *
 * assertEquals([await push("v1", {}), await push("v1", {})], [201, 201]);
 * assertEquals(await push("v1", { annotations: { "is": "another" } }), 403);
 * assertEquals(await push("latest", { annotations: { "is": "another" } }), 201);
 * ```
 */
export function immutableTags(pattern: string | RegExp): Wrapper {
  const isImmutable = matcherOf(pattern);
  return (registry) => async (request, peer) => {
    const question = questionOf(request);
    const guard = question && GUARDS[`${request.method} ${question.id}`];
    // The registry refuses what is no name. As a part of another path, such a text could mean something else.
    if (guard === undefined || parseName(question!.texts.name!) === undefined) return await registry(request, peer);
    return await orRefusal(
      request,
      () => guard({ registry, request, peer, question: question!, isImmutable }),
    );
  };
}

// One request that may change tags.
interface Guarded {
  readonly registry: Registry;
  readonly request: Request;
  readonly peer: Peer | undefined;
  readonly question: Question;
  readonly isImmutable: (tag: string) => boolean;
}

const GUARDS: Readonly<Record<string, (guarded: Guarded) => Promise<Response>>> = {
  "PUT end-7a": pushToTag,
  "PUT end-7b": pushWithTags,
  "DELETE end-9": deleteManifestOrTag,
};

async function pushToTag(guarded: Guarded): Promise<Response> {
  const { registry, request, peer, question: { texts: { name, tagOrDigest: tag = "" } }, isImmutable } = guarded;
  if (!isImmutable(tag)) return await registry(request, peer);
  const path = `/v2/${name}/manifests/`;
  const current = await digestAt(registry, request, peer, path + tag);
  if (current !== undefined) return await pushSameBytes(guarded, path, tag, current);

  const kept = new KeptRequest(request, { headers: { "If-None-Match": "*" } });
  const response = await registry(kept.request, peer);
  const isLate = response.status === STATUS_CODE.PreconditionFailed;
  // Perhaps somebody has set the tag at this moment, and perhaps to the same bytes.
  const now = isLate ? await digestAt(registry, request, peer, path + tag) : undefined;
  const body = kept.bytes;
  if (now === undefined || body === undefined) return response;
  return await pushSameBytes({ ...guarded, request: requestLike(request, { body }) }, path, tag, now);
}

async function pushSameBytes(
  { registry, request, peer }: Guarded,
  path: string,
  tag: string,
  current: string,
): Promise<Response> {
  // What the client itself expects of the tag comes first: it knows what 412 means.
  if (isConditional(request)) expectPreconditions(request, parseDigest(current));
  const response = await registry(requestLike(request, { path: path + current }), peer);
  if (response.status !== STATUS_CODE.BadRequest) return response;
  const text = await response.text();
  return isAbout("DIGEST_INVALID", text)
    ? refuse(request, immutable(`the tag ${tag} at ${current}, where it stays`, "a push of other bytes to it"))
    : answerLike(response, () => {}, text);
}

async function pushWithTags(guarded: Guarded): Promise<Response> {
  const { registry, request, peer, question: { texts: { name, tagOrDigest: digest = "" }, search }, isImmutable } =
    guarded;
  const query = new URLSearchParams(search);
  const tags = [...new Set(query.getAll("tag"))];
  // The registry refuses what is no digest, too many tags, and a push with one tag that is none.
  const isRefused = parseDigest(digest) === undefined || tags.length > MOST_TAGS ||
    tags.some((tag) => parseTag(tag) === undefined);
  if (isRefused) return await registry(request, peer);
  const fresh: string[] = [];
  for (const tag of tags.filter(isImmutable)) {
    const current = await digestAt(registry, request, peer, `/v2/${name}/manifests/${tag}`);
    if (current === undefined) fresh.push(tag);
    else if (current !== digest) {
      return refuse(request, immutable(`the tag ${tag} at ${current}, where it stays`, `a push of ${digest} to it`));
    }
  }
  // A push to a tag computes a sha256 digest. So a tag with another digest can only be set together with its manifest.
  if (fresh.length === 0 || !digest.startsWith("sha256:")) return await registry(request, peer);

  query.delete("tag");
  for (const tag of tags) if (!fresh.includes(tag)) query.append("tag", tag);
  const path = `/v2/${name}/manifests/`;
  const first = query.size === 0 ? path + digest : `${path}${digest}?${query}`;
  const kept = new KeptRequest(request, { path: first });
  const response = await registry(kept.request, peer);
  const body = kept.bytes;
  if (response.status !== STATUS_CODE.Created || body === undefined) return response;
  for (const tag of fresh) {
    const headers = { "If-None-Match": "*", "If-Match": undefined };
    const set = await registry(requestLike(request, { path: path + tag, headers, body }), peer);
    if (set.status !== STATUS_CODE.PreconditionFailed && set.status !== STATUS_CODE.Created) return set;
    await set.body?.cancel();
    const now = set.status === STATUS_CODE.Created ? digest : await digestAt(registry, request, peer, path + tag);
    if (now !== digest) {
      return refuse(request, immutable(`the tag ${tag} at ${now}, where it stays`, `a push of ${digest} to it`));
    }
  }
  return answerLike(response, (headers) => headers.set("OCI-Tag", tags.join(", ")));
}

async function deleteManifestOrTag(guarded: Guarded): Promise<Response> {
  const { registry, request, peer, question: { texts: { name = "", tag, digest } }, isImmutable } = guarded;
  const doomed = tag === undefined ? await tagsThatGo(guarded, name, digest!) : isImmutable(tag) ? tag : undefined;
  if (doomed === undefined) return await registry(request, peer);
  const path = `/v2/${name}/manifests/${doomed}`;
  const current = await digestAt(registry, request, peer, path);
  // What is not there cannot go; the registry says so.
  if (current === undefined) return await registry(request, peer);
  return refuse(request, immutable(`the tag ${doomed} at ${current}, where it stays`, `a delete of ${tag ?? digest}`));
}

// Returns the first immutable tag that points to a manifest. It would go together with the manifest.
async function tagsThatGo(
  { registry, request, peer, isImmutable }: Guarded,
  name: string,
  digest: string,
): Promise<string | undefined> {
  try {
    for await (const tag of entriesOf(registry, request, peer, tagsOf(name), { size: undefined, last: "" })) {
      const path = `/v2/${name}/manifests/${tag}`;
      if (isImmutable(tag) && await digestAt(registry, request, peer, path) === digest) return tag;
    }
  } catch (error) {
    // A repository that is not there has no tags.
    if (!(error instanceof UnexpectedAnswer) || error.response.status !== STATUS_CODE.NotFound) throw error;
    await error.response.body?.cancel();
  }
}

function immutable(expected: string, actual: string): RegistryError {
  return new RegistryError("DENIED", { rule: "API-ERR-I12", expected, actual });
}

// A tag has letters, digits, "_", "." and "-". A pattern has these too, and "*" and "?".
const PATTERN = /^[\w.*?-]+(?:,[\w.*?-]+)*$/;

function matcherOf(pattern: string | RegExp): (tag: string) => boolean {
  if (typeof pattern === "string") {
    if (!PATTERN.test(pattern)) {
      throw new RangeError(
        `a pattern for tags has letters, digits, _ . - * and ?, with commas between several, such as v*,release-*, not "${pattern}"`,
      );
    }
    // A regular expression with several stars can take seconds to find out that a tag does not fit.
    const parts = pattern.split(",").map((part) => [...part]);
    const isSame = (character: string, ofTag: string) => character === "?" || character === ofTag;
    return (tag) =>
      parseTag(tag) !== undefined &&
      parts.some((part) => fits(part, [...tag], (character) => character === "*", isSame));
  }
  // With these flags, an expression remembers where it has stopped.
  const expression = new RegExp(pattern, pattern.flags.replaceAll(/[gy]/g, ""));
  // A text that is no tag may fit a regular expression, and stands in the path of a request, too.
  return (tag) => parseTag(tag) !== undefined && expression.test(tag);
}
