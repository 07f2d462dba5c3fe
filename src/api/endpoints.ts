/**
 * Endpoints: the rows of the spec's table, each with the heading that it belongs to and the function that answers.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#endpoints
 *
 *     GET /v2/library/hello/blobs/sha256:2c26…      is row end-2, and pullBlob answers it
 *
 * This is the beginning of the tour. If you want to know what happens on a request, find its row and go to the function.
 *
 * # You run `docker push`
 *
 * You have an image, `127.0.0.1:5080/library/hello:latest`. `127.0.0.1:5080` is the registry, `library/hello` is the
 * *repository* that the image goes to, and `latest` is its *tag*. The image has one layer: an archive with the files of the
 * image. It has a config: a JSON document that says how to run it. You type `docker push`, and docker sends these requests:
 *
 *     GET   /v2/                                               200     end-1
 *     POST  /v2/library/hello/blobs/uploads/                   202     end-4a
 *     PATCH /v2/library/hello/blobs/uploads/0f9c…              202     end-5
 *     PUT   /v2/library/hello/blobs/uploads/0f9c…?digest=…     201     end-6
 *     HEAD  /v2/library/hello/blobs/sha256:9b4e…               200     end-2
 *     HEAD  /v2/library/hello/blobs/sha256:c3f2…               404     end-2
 *     …     POST, PATCH, PUT and HEAD for the config
 *     PUT   /v2/library/hello/manifests/latest                 201     end-7a
 *
 * Docker first asks for `/v2/`. The answer 200 says that this is a registry.
 *
 * Then it pushes the layer. A layer is a *blob*, which is a word for any bytes. The POST opens an *upload session*. The answer's
 * `Location` has a new URL with a UUID in it, and on disk there is an empty file, `library/hello/_uploads/0f9c…/data`. The PATCH
 * sends the bytes of the layer, and the registry appends them to that file and hashes them as they arrive. If the connection
 * breaks, the client can ask how many bytes have arrived, and go on from there.
 *
 * The name of a blob is its *digest*: `sha256:9b4e…`, the SHA-256 hash of its bytes. Docker computes the digest while it sends
 * the bytes, and nobody has ever found two different blobs with the same one.
 *
 * The PUT closes the session with the digest. The registry compares it with the hash of the bytes that it has received. If
 * they differ, it refuses the blob, so no bytes are ever stored under a digest that is not theirs. If they agree, the
 * session becomes the blob. The registry copies nothing; it renames the file and its folder:
 *
 *     library/hello/_uploads/0f9c…/data   ─▶   library/hello/sha256:9b4e…/layer.tar.gz
 *
 * The HEAD asks whether the registry has the blob now. Docker knows the digest of the config already, so it asks before it
 * pushes. The answer is 404. That is no fault; it means "please push it". Docker pushes the config in the same way, and it is
 * stored in `library/hello/sha256:c3f2…/config.json`.
 *
 * Last comes the *manifest*, a JSON document with the digest of the config and the digests of the layers. The registry
 * checks that it has them all, and refuses the manifest if one is missing. It stores the manifest byte for byte, because
 * the manifest has a digest too, `sha256:7d1a…`. Docker has pushed the manifest to `latest`. So the registry also stores
 * the tag: a small file whose text is the digest of the manifest.
 *
 *     library/hello/sha256:7d1a…/manifest.json
 *     library/hello/_tags/latest                 sha256:7d1a…
 *
 * A pull goes the other way: the client gets the manifest by the tag, reads the digests in it, and gets each blob by its
 * digest. If you push the image again, docker knows both digests. The registry answers each HEAD with 200, and docker sends
 * no blob.
 *
 * Each of these requests has a row in the table below: its id in the spec, the method, the path with its placeholders, the
 * heading of the spec that it belongs to, and the function. A heading is written as the beginning of its rules' ids: PUSH-MONO
 * has the rule `PUSH-MONO-01`, and `deno task rule PUSH-MONO-01` shows it. `<session>` is the part of the spec's
 * `<blob-push-location>` that is different in each session. The first row that matches answers. So of the rows with the same
 * path, the more specific ones come first.
 *
 * Next: ../registry.ts
 *
 * @module
 */

import { listReferrers } from "../content_discovery/listing_referrers.ts";
import { listTags } from "../content_discovery/listing_tags.ts";
import { deleteBlob } from "../content_management/deleting_blobs.ts";
import { deleteManifest } from "../content_management/deleting_manifests.ts";
import { deleteTag } from "../content_management/deleting_tags.ts";
import { listCatalog } from "../extensions/catalog.ts";
import { checkBlobExists, checkManifestExists } from "../pull/checking_if_content_exists_in_the_registry.ts";
import { pullBlob } from "../pull/pulling_blobs.ts";
import { pullManifest } from "../pull/pulling_manifests.ts";
import { cancelUpload } from "../push/cancel_a_blob_upload.ts";
import { mountBlob } from "../push/mounting_a_blob_from_another_repository.ts";
import { uploadChunk, uploadStatus } from "../push/pushing_a_blob_in_chunks.ts";
import { closeUpload, openUpload, openUploadFor, pushBlobInOnePost } from "../push/pushing_a_blob_monolithically.ts";
import { pushManifest } from "../push/pushing_manifests.ts";
import type { Endpoint } from "../http/call.ts";
import { endpoint } from "../http/routing.ts";
import { determineSupport } from "./determining_support.ts";

/** Every endpoint of the registry. */
// deno-fmt-ignore
export const ENDPOINTS: readonly Endpoint[] = [
  endpoint("end-1",   "GET",    "/v2/",                                                        "API-SUPPORT",    determineSupport),
  endpoint("end-2",   "GET",    "/v2/<name>/blobs/<digest>",                                   "PULL-BLOB",      pullBlob),
  endpoint("end-2",   "HEAD",   "/v2/<name>/blobs/<digest>",                                   "PULL-HEAD",      checkBlobExists),
  endpoint("end-3",   "GET",    "/v2/<name>/manifests/<tag-or-digest>",                        "PULL-MANIFEST",  pullManifest),
  endpoint("end-3",   "HEAD",   "/v2/<name>/manifests/<tag-or-digest>",                        "PULL-HEAD",      checkManifestExists),
  endpoint("end-11",  "POST",   "/v2/<name>/blobs/uploads/?mount=<digest>",                    "PUSH-MOUNT",     mountBlob),
  endpoint("end-4b",  "POST",   "/v2/<name>/blobs/uploads/?digest=<digest>",                   "PUSH-SINGLE",    pushBlobInOnePost),
  endpoint("end-4c",  "POST",   "/v2/<name>/blobs/uploads/?digest-algorithm=<algorithm>",      "PUSH-CHUNK",     openUploadFor),
  endpoint("end-4a",  "POST",   "/v2/<name>/blobs/uploads/",                                   "PUSH-MONO",      openUpload),
  endpoint("end-5",   "PATCH",  "/v2/<name>/blobs/uploads/<session>",                          "PUSH-CHUNK",     uploadChunk),
  endpoint("end-6",   "PUT",    "/v2/<name>/blobs/uploads/<session>?digest=<digest>",          "PUSH-MONO",      closeUpload),
  endpoint("end-7b",  "PUT",    "/v2/<name>/manifests/<tag-or-digest>?tag=",                   "PUSH-MANIFEST",  pushManifest),
  endpoint("end-7a",  "PUT",    "/v2/<name>/manifests/<tag-or-digest>",                        "PUSH-MANIFEST",  pushManifest),
  endpoint("end-8b",  "GET",    "/v2/<name>/tags/list?n=",                                     "DISC-TAGS",      listTags),
  endpoint("end-8a",  "GET",    "/v2/<name>/tags/list",                                        "DISC-TAGS",      listTags),
  endpoint("end-9",   "DELETE", "/v2/<name>/manifests/<tag>",                                  "MGMT-TAG",       deleteTag),
  endpoint("end-9",   "DELETE", "/v2/<name>/manifests/<digest>",                               "MGMT-MANIFEST",  deleteManifest),
  endpoint("end-10",  "DELETE", "/v2/<name>/blobs/<digest>",                                   "MGMT-BLOB",      deleteBlob),
  endpoint("end-12b", "GET",    "/v2/<name>/referrers/<digest>?artifactType=",                 "DISC-REFERRERS", listReferrers),
  endpoint("end-12a", "GET",    "/v2/<name>/referrers/<digest>",                               "DISC-REFERRERS", listReferrers),
  endpoint("end-13",  "GET",    "/v2/<name>/blobs/uploads/<session>",                          "PUSH-CHUNK",     uploadStatus),
  endpoint("end-14",  "DELETE", "/v2/<name>/blobs/uploads/<session>",                          "PUSH-CANCEL",    cancelUpload),
  // Beyond the spec.
  endpoint("catalog", "GET",    "/v2/_catalog",                                                "API-END",        listCatalog),
];
