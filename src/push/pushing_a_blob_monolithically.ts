/**
 * Pushing a blob monolithically: one request sends the whole blob.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-a-blob-monolithically
 *
 *     POST /v2/library/hello/blobs/uploads/                         202 Accepted
 *                                                                   Location: /v2/library/hello/blobs/uploads/0f9c…
 *     PUT  /v2/library/hello/blobs/uploads/0f9c…?digest=sha256:2c26…    201 Created
 *     foo                                                           Location: /v2/library/hello/blobs/sha256:2c26…
 *
 * or all in one POST:
 *
 *     POST /v2/library/hello/blobs/uploads/?digest=sha256:2c26…     201 Created
 *     foo                                                           Location: /v2/library/hello/blobs/sha256:2c26…
 *
 * The same PUT also closes a session of chunks. The registry appends the body of the PUT, if it has one, to the bytes that are
 * there. Then it compares the digest of all bytes with the one in the query.
 *
 * Next: ../http/call.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import { algorithmOf, SHA256 } from "../definitions/digest.ts";
import type { Call } from "../http/call.ts";
import type { Values } from "../http/placeholders.ts";
import {
  countSessions,
  finishSession,
  openSession,
  type Session,
  withNewSession,
  withSession,
} from "../store/uploads.ts";
import { blobCreated, blobPieces, digestMismatch, receive, sessionHeaders, sessionUnknown } from "./pushing_blobs.ts";

/** Opens a session (PUSH-MONO-01 to -03). */
export async function openUpload(call: Call, { name }: Values<"name">): Promise<Response> {
  return await openUploadFor(call, { name, algorithm: SHA256 });
}

/**
 * Opens a session for a digest of an algorithm (PUSH-CHUNK-I01). The algorithm is a hint: the registry hashes the bytes
 * with it as they arrive. If the client closes the session with a digest of another algorithm, the registry may have to
 * read the file again.
 */
export async function openUploadFor(call: Call, { name, algorithm }: Values<"name" | "algorithm">): Promise<Response> {
  const id = await ifThereIsRoom(call, () => openSession(call.store, name, algorithm));
  return new Response(null, { status: STATUS_CODE.Accepted, headers: sessionHeaders(call, name, id, 0) });
}

// Opens a session, unless there are too many. Between the look at the number and the moment when `open` counts, nothing is awaited.
// So two requests cannot both take the last place.
async function ifThereIsRoom<T>({ store, settings: { maxUploads } }: Call, open: () => Promise<T>): Promise<T> {
  if (maxUploads !== Infinity) await countSessions(store);
  if (store.sessions.number < maxUploads) return await open();
  throw new RegistryError("TOOMANYREQUESTS", {
    rule: "API-ERR-10",
    expected: `at most ${maxUploads} uploads at a time`,
    actual: "one more",
  }, { headers: { "Retry-After": "1" } });
}

/**
 * Pushes a blob with a single POST (PUSH-SINGLE-06). No other request knows its session, so the session ends with the
 * request.
 */
export async function pushBlobInOnePost(call: Call, { name, digest }: Values<"name" | "digest">): Promise<Response> {
  const { store } = call;
  const receiveBlob = async (session: Session) => {
    await session.file.append(blobPieces(call, 0));
    return await finishSession(store, session, digest);
  };
  const actual = await ifThereIsRoom(call, () => withNewSession(store, name, algorithmOf(digest), receiveBlob));
  // `undefined`: somebody has removed the session's folder meanwhile. The registry must not acknowledge a blob that it does not
  // have.
  if (actual === undefined) throw sessionUnknown(name, "of this request", "API-ERR-I03");
  if (actual !== digest) throw digestMismatch("PUSH-SINGLE-03", digest, actual);
  return blobCreated(call, name, digest);
}

/** Closes a session: its bytes become the blob, if they have the digest (PUSH-MONO-09, PUSH-CHUNK-19). */
export async function closeUpload(
  call: Call,
  { name, session: id, digest }: Values<"name" | "session" | "digest">,
): Promise<Response> {
  // The same request closes both kinds of sessions. If it has a range, or if bytes came before it, the client pushes in chunks.
  let isChunked = call.request.headers.has("Content-Range");
  const actual = await withSession(call.store, name, id, async (session) => {
    isChunked ||= session.file.size > 0;
    if (isChunked) call.notes.heading = "PUSH-CHUNK";
    await receive(call, session, "PUSH-CHUNK-21", algorithmOf(digest));
    return await finishSession(call.store, session, digest);
  });
  if (actual === undefined) throw sessionUnknown(name, id, isChunked ? "API-ERR-I03" : "PUSH-MONO-03");
  // The session has ended, because nobody can say which of its bytes are wrong.
  if (actual !== digest) throw digestMismatch(isChunked ? "PUSH-CHUNK-18" : "API-ERR-I04", digest, actual);
  return blobCreated(call, name, digest);
}
