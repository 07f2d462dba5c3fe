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
import { describe, type Manifest, parseManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { isDigest, parseTag, type Tag, TAG_FORM } from "../definitions/tag.ts";
import { wholeBody } from "../http/body.ts";
import { type Call, isConditional } from "../http/call.ts";
import { expectSupported, type Values } from "../http/placeholders.ts";
import { expectPreconditions } from "../http/preconditions.ts";
import { locationOf } from "../http/routing.ts";
import { findBlob, keepsBlob } from "../store/blobs.ts";
import { hasManifest, keepsManifest, manifestSize, storeManifest } from "../store/manifests.ts";
import { changeRepository } from "../store/repositories.ts";
import { resolveTag, setTag } from "../store/tags.ts";
import { recordSubject, subjectHeaders } from "./pushing_manifests_with_subject.ts";

/** Stores a manifest, byte for byte (PUSH-MANIFEST-09), and sets its tags. */
export async function pushManifest(
  call: Call,
  { name, tagOrDigest }: Values<"name" | "tagOrDigest">,
): Promise<Response> {
  const { request, settings, store } = call;
  const tags = isDigest(tagOrDigest) ? tagParameters(call) : [expectNoTagParameters(call, tagOrDigest)];
  const algorithm = isDigest(tagOrDigest) ? algorithmOf(tagOrDigest) : SHA256;
  expectSupported(store.hashes, algorithm);

  const bytes = await wholeBody(call, settings.maxManifestSize, "PUSH-MANIFEST-22");
  const digest = digestOf(store.hashes, algorithm, bytes);
  if (isDigest(tagOrDigest) && tagOrDigest !== digest) {
    throw new RegistryError("DIGEST_INVALID", { rule: "PUSH-MANIFEST-06", expected: tagOrDigest, actual: digest });
  }
  const contentType = request.headers.get("Content-Type");
  const manifest = refuseFaults("MANIFEST_INVALID", () => parseManifest(bytes, contentType));
  const { mediaType, subject } = manifest;

  await changeRepository(store, name, async () => {
    // The garbage collection waits for this action, so it cannot remove a blob between this check and the write.
    await expectReferencesKept(call, name, manifest);
    if (isConditional(request)) expectPreconditions(request, currentDigest(call, name, tagOrDigest));
    if (subject !== undefined) await recordSubject(call, name, subject, describe(manifest, digest, bytes.length));
    await storeManifest(store, name, { digest, bytes, mediaType });
    for (const tag of tags) await setTag(store, name, tag, digest);
  });

  const headers = new Headers({
    "Location": locationOf(call, "end-3", { name, tagOrDigest: digest }),
    // PUSH-MANIFEST-12: a digest of the algorithm that the client has pushed with.
    "Docker-Content-Digest": digest,
    ...(subject === undefined ? {} : subjectHeaders(subject)),
    ...(isDigest(tagOrDigest) && tags.length > 0 ? { "OCI-Tag": tags.join(", ") } : {}),
  });
  const warnings = adviceOn(call, name, manifest);
  if (warnings.length > 0) addWarnings(headers, warnings);
  return new Response(null, { status: STATUS_CODE.Created, headers });
}

// The most tags of one push. PUSH-MANIFEST-16 asks for 10 at least.
const MOST_TAGS = 100;

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

// PUSH-02 and -03: the refusal names everything that is missing, so that the client can push all of it before it tries again. A
// subject may be missing (PUSH-01); it is not among the references.
async function expectReferencesKept({ settings, store }: Call, name: Name, manifest: Manifest): Promise<void> {
  const missing = new Map<Digest, Detail>();
  for (const { descriptor: { digest, mediaType }, to, isKeptHere } of manifest.references) {
    if (!isKeptHere) continue;
    // A blob that another client has just pushed may be there, and may not survive a crash yet.
    if (to !== "manifest" && await keepsBlob(store, name, digest)) continue;
    if (to !== "blob" && await keepsManifest(store, name, digest)) continue;
    missing.set(digest, { rule: "PUSH-03", expected: `${digest} (${mediaType}) in ${name}`, actual: "not there" });
  }
  if (missing.size > 0 && !settings.allowSparse) {
    throw new RegistryError("MANIFEST_BLOB_UNKNOWN", [...missing.values()]);
  }
}

// Returns the digest that the path of the request means now, for the conditions of the request.
function currentDigest({ store }: Call, name: Name, tagOrDigest: Tag | Digest): Digest | undefined {
  const digest = isDigest(tagOrDigest) ? tagOrDigest : resolveTag(store, name, tagOrDigest);
  return digest && hasManifest(store, name, digest) ? digest : undefined;
}

// The registry accepts such a manifest, but it is probably a mistake of the program that made it.
function adviceOn({ store }: Call, name: Name, manifest: Manifest): string[] {
  const texts = manifest.namesItsMediaType ? [] : ["the manifest does not name its mediaType (PUSH-MANIFEST-04)"];
  for (const { descriptor: { digest, size }, to } of manifest.references) {
    const actual = (to === "manifest" ? undefined : findBlob(store, name, digest)?.size) ??
      (to === "blob" ? undefined : manifestSize(store, name, digest));
    if (actual === undefined || actual === size) continue;
    texts.push(`the manifest says that ${digest} has ${size} bytes, but it has ${actual}`);
  }
  return texts;
}
