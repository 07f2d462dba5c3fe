/**
 * Pushing manifests.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-manifests
 *
 * This is the last step of a push. The repository has the blobs by now, and the manifest makes an image of them. A client
 * can pull that image by its digest, which always means these bytes, and by a tag until somebody moves the tag.
 *
 *     PUT /v2/library/hello/manifests/latest                              201 Created
 *     Content-Type: application/vnd.oci.image.manifest.v1+json            Location: /v2/library/hello/manifests/sha256:7d1a…
 *     {"schemaVersion":2, …}                                              Docker-Content-Digest: sha256:7d1a…
 *
 * New since 1.1.1: a push by digest can set tags at the same time (end-7b).
 *
 *     PUT /v2/library/hello/manifests/sha256:7d1a…?tag=v1&tag=latest      201 Created
 *                                                                         OCI-Tag: v1, latest
 *
 * A manifest can say something about another one, its *subject*: a signature does. It is then a *referrer* of the subject,
 * and the registry keeps a list of the referrers of each subject.
 *
 * The order of the writes makes a push safe: first the blobs, then the entry in the list of referrers, then the manifest in
 * one step, and the tags last. So each thing is there before something points to it. (The entry does not count until its
 * manifest is there.) A crash can stop the push between any two of these steps, and no client sees half an image.
 *
 * Next: ../definitions/tag.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { type Detail, refuseFaults, RegistryError } from "../api/error_codes.ts";
import { addWarnings } from "../api/warnings.ts";
import { algorithmOf, type Digest, digestOf, SHA256 } from "../definitions/digest.ts";
import { describe, type Manifest, parseLongManifest, type Reference } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { isDigest, parseTag, type Tag, TAG_FORM } from "../definitions/tag.ts";
import { LongWork } from "../giving_way.ts";
import { wholeBody } from "../http/body.ts";
import { type Call, isConditional, type TagMove } from "../http/call.ts";
import { expectSupported, type Values } from "../http/placeholders.ts";
import { expectPreconditions } from "../http/preconditions.ts";
import { locationOf } from "../http/routing.ts";
import { type Blob, findBlob, keepBlob } from "../store/blobs.ts";
import { findManifest, hasManifest, keepsManifest, storeManifest } from "../store/manifests.ts";
import { storeReferrer } from "../store/referrers.ts";
import { changeRepository } from "../store/repositories.ts";
import type { Store } from "../store/store.ts";
import { resolveTag, setTag } from "../store/tags.ts";
import { expectListable, subjectHeaders } from "./pushing_manifests_with_subject.ts";

/** Stores a manifest, byte for byte (PUSH-MANIFEST-09), and sets its tags. */
export async function pushManifest(
  call: Call,
  { name, tagOrDigest }: Values<"name" | "tagOrDigest">,
): Promise<Response> {
  const { request, settings, store } = call;
  const tags = isDigest(tagOrDigest) ? tagParameters(call) : [expectNoTagParameters(call, tagOrDigest)];
  const algorithm = isDigest(tagOrDigest) ? algorithmOf(tagOrDigest) : SHA256;
  expectSupported(store.hashes, algorithm);

  using body = await wholeBody(call, settings.maxManifestSize, "PUSH-MANIFEST-22");
  const { bytes } = body;
  const digest = digestOf(store.hashes, algorithm, bytes);
  if (isDigest(tagOrDigest) && tagOrDigest !== digest) {
    throw new RegistryError("DIGEST_INVALID", { rule: "PUSH-MANIFEST-06", expected: tagOrDigest, actual: digest });
  }
  const contentType = request.headers.get("Content-Type");
  const manifest = await refuseFaults("MANIFEST_INVALID", () => parseLongManifest(bytes, contentType));
  const { mediaType, subject } = manifest;
  const descriptor = describe(manifest, digest, bytes.length);
  if (subject !== undefined) expectListable(descriptor);

  let advice: readonly string[] = [];
  const moves: TagMove[] = [];
  call.notes.tags = moves;
  const kept = await keepMany(store, name, manifest);
  await changeRepository(store, name, async () => {
    // The garbage collection waits for this action, so it cannot remove a blob between this check and the write.
    advice = await expectReferencesKept(call, name, manifest, kept);
    if (isConditional(request)) expectPreconditions(request, currentDigest(call, name, tagOrDigest));
    if (subject !== undefined) await storeReferrer(store, name, subject.digest, descriptor);
    await storeManifest(store, name, { digest, bytes, mediaType });
    for (const tag of tags) moves.push({ tag, digest, before: await setTag(store, name, tag, digest) });
  });

  const headers = new Headers({
    "Location": locationOf(call, "end-3", { name, tagOrDigest: digest }),
    // PUSH-MANIFEST-12: a digest of the algorithm that the client has pushed with.
    "Docker-Content-Digest": digest,
    ...(subject === undefined ? {} : subjectHeaders(subject)),
    ...(isDigest(tagOrDigest) && tags.length > 0 ? { "OCI-Tag": tags.join(", ") } : {}),
  });
  if (advice.length > 0) addWarnings(headers, advice);
  return new Response(null, { status: STATUS_CODE.Created, headers });
}

/** The most tags of one push. PUSH-MANIFEST-16 asks for 10 at least. */
export const MOST_TAGS = 100;

// All tags are read before the first one is set. So a malformed tag refuses the whole push.
function tagParameters({ query }: Call): Tag[] {
  const texts = [...new Set(query.getAll("tag"))];
  if (texts.length > MOST_TAGS) {
    throw new RegistryError(
      "MANIFEST_INVALID",
      { rule: "PUSH-MANIFEST-17", expected: `at most ${MOST_TAGS} tags`, actual: `${texts.length}` },
      { status: STATUS_CODE.URITooLong },
    );
  }
  return texts.map((text) => {
    const tag = parseTag(text);
    if (tag !== undefined) return tag;
    throw new RegistryError("MANIFEST_INVALID", { rule: "PULL-MANIFEST-05", expected: TAG_FORM, actual: text });
  });
}

function expectNoTagParameters({ query }: Call, tag: Tag): Tag {
  if (!query.has("tag")) return tag;
  throw new RegistryError("MANIFEST_INVALID", {
    rule: "PUSH-MANIFEST-15",
    expected: "tag parameters only on a push by digest",
    actual: `a push to the tag ${tag}`,
  });
}

// The most missing digests that one refusal names, and the most mistakes that one answer warns of.
const MOST_NAMED = 100;

// PUSH-02 and -03: the refusal names what is missing, so that the client can push all of it before it tries again. A subject may
// be missing (PUSH-01); it is not among the references.
//
// Returns warnings: the registry accepts such a manifest, but it is probably a mistake of the program that made it.
async function expectReferencesKept(
  { store, settings }: Call,
  name: Name,
  manifest: Manifest,
  kept: Kept,
): Promise<string[]> {
  const warnings = manifest.namesItsMediaType ? [] : ["the manifest does not name its mediaType (PUSH-MANIFEST-04)"];
  const sizes = new Map<string, number | undefined>();
  const missing = new Map<Digest, Reference>();
  const work = new LongWork();
  for (const reference of manifest.references) {
    if (work.isLong()) await work.giveWay();
    const { descriptor: { digest, size }, isKeptHere } = reference;
    // A hostile manifest can name one digest 50,000 times.
    const key = keyOf(reference);
    if (!sizes.has(key)) sizes.set(key, (await findKept(store, name, reference, kept.get(key)))?.size);
    const actual = sizes.get(key);
    if (actual === undefined && isKeptHere && !settings.allowSparse) missing.set(digest, reference);
    if (actual !== undefined && actual !== size && warnings.length < MOST_NAMED) {
      warnings.push(`the manifest says that ${digest} has ${size} bytes, but it has ${actual}`);
    }
  }
  if (missing.size > 0) throw new RegistryError("MANIFEST_BLOB_UNKNOWN", detailsOf(name, [...missing.values()]));
  return warnings;
}

// The files that a manifest points to and that survive a crash, by `keyOf`.
type Kept = ReadonlyMap<string, Blob>;

function keyOf({ descriptor: { digest }, to }: Reference): string {
  return to + digest;
}

// For more references than this, looking and keeping takes so long that it has to happen before the turn. Otherwise other pushes
// would wait for it.
const MANY = 100;
const AT_ONCE = 16;

async function keepMany(store: Store, name: Name, { references }: Manifest): Promise<Kept> {
  const kept = new Map<string, Blob>();
  if (references.length <= MANY) return kept;
  const distinct = [...new Map(references.map((reference) => [keyOf(reference), reference]))];
  const work = new LongWork();
  for (let at = 0; at < distinct.length; at += AT_ONCE) {
    if (work.isLong()) await work.giveWay();
    await Promise.all(
      distinct.slice(at, at + AT_ONCE).map(async ([key, reference]) => {
        const file = await findKept(store, name, reference) && find(store, name, reference);
        if (file !== undefined) kept.set(key, file);
      }),
    );
  }
  return kept;
}

// Returns the file of a reference, if it is there. A blob that another client has just pushed may be there, and may not survive a
// crash yet. `kept` is the file that does for sure.
async function findKept(store: Store, name: Name, reference: Reference, kept?: Blob): Promise<Blob | undefined> {
  if (kept !== undefined) {
    const file = find(store, name, reference);
    if (file?.path === kept.path && file.lastUsed === kept.lastUsed) return file;
  }
  const { descriptor: { digest }, to } = reference;
  const blob = to === "manifest" ? undefined : await keepBlob(store, name, digest);
  if (blob !== undefined || to === "blob") return blob;
  return await keepsManifest(store, name, digest) ? findManifest(store, name, digest) : undefined;
}

function find(store: Store, name: Name, { descriptor: { digest }, to }: Reference): Blob | undefined {
  return (to === "manifest" ? undefined : findBlob(store, name, digest)) ??
    (to === "blob" ? undefined : findManifest(store, name, digest));
}

function detailsOf(name: Name, missing: readonly Reference[]): Detail[] {
  const details = missing.slice(0, MOST_NAMED).map(({ descriptor: { digest, mediaType } }): Detail => ({
    rule: "PUSH-03",
    expected: `${digest} (${mediaType}) in ${name}`,
    actual: "not there",
  }));
  const more = missing.length - details.length;
  if (more > 0) details.push({ rule: "PUSH-03", expected: `${more} more digests in ${name}`, actual: "not there" });
  return details;
}

// Returns the digest that the path of the request means now, for the conditions of the request.
function currentDigest({ store }: Call, name: Name, tagOrDigest: Tag | Digest): Digest | undefined {
  const digest = isDigest(tagOrDigest) ? tagOrDigest : resolveTag(store, name, tagOrDigest);
  return digest && hasManifest(store, name, digest) ? digest : undefined;
}
