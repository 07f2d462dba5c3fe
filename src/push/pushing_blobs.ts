/**
 * Pushing blobs.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-blobs
 *
 * There are three ways to push a blob. Each of them opens an upload session, sends the bytes, and closes the session:
 *
 *     POST then PUT      the POST opens, the PUT sends all bytes and closes
 *     single POST        one POST opens, sends and closes
 *     chunks             a POST opens, any number of PATCH requests send, a PUT closes
 *
 * The three share this file: the headers that tell the client about a session or a blob, and how a body gets into a session.
 *
 * Next: pushing_a_blob_monolithically.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { type ByteRange, formatSessionRange, parseContentRange } from "../definitions/range.ts";
import type { SessionId } from "../definitions/session.ts";
import { piecesOf } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { locationOf } from "../http/routing.ts";
import type { Rule } from "../spec/headings.ts";
import type { Session } from "../store/uploads.ts";

/** Answers that the repository has the blob now: 201, and the URL to pull it from. */
export function blobCreated(call: Call, name: Name, digest: Digest): Response {
  return new Response(null, {
    status: STATUS_CODE.Created,
    headers: { "Location": locationOf(call, "end-2", { name, digest }), "Docker-Content-Digest": digest },
  });
}

/** Returns the headers that tell the client where to go on with a session, and how many bytes have arrived. */
export function sessionHeaders(call: Call, name: Name, session: SessionId, size: number): Record<string, string> {
  return {
    "Location": call.uploadLocation?.(name, session)?.href ?? locationOf(call, "end-5", { name, session }),
    "Range": formatSessionRange(size),
    "Docker-Upload-UUID": session,
  };
}

/** Refuses a session that is unknown, has ended or expired, or belongs to another repository. */
export function sessionUnknown(name: Name, id: string, rule: Rule): RegistryError {
  return new RegistryError("BLOB_UPLOAD_UNKNOWN", {
    rule,
    expected: `an upload session of ${name}`,
    actual: `none with the id ${id}`,
  });
}

/** Refuses bytes that do not have the digest under which the client pushed them. */
export function digestMismatch(rule: Rule, expected: Digest, actual: Digest): RegistryError {
  return new RegistryError("DIGEST_INVALID", { rule, expected, actual });
}

/**
 * Appends the body of a request to a session, if it is the next chunk.
 *
 * Without a `Content-Range` the registry appends the body to the bytes that are there. With one, the chunk has to start right
 * behind them and be as long as the range says. `rule` is the rule that the refusal of a wrong start cites.
 *
 * @throws {RegistryError} 416 if the chunk starts elsewhere, 400 if it has another length, 413 if the blob gets too large.
 * In these cases the session stays as it was. If the body breaks off, the session keeps the bytes that came.
 */
export async function receive(
  call: Call,
  session: Session,
  rule: "PUSH-CHUNK-13" | "PUSH-CHUNK-21",
  algorithm?: string,
): Promise<void> {
  const { file } = session;
  const before = file.size;
  const range = expectNextChunk(call, session, rule);
  try {
    await file.append(blobPieces(call, before, range), algorithm);
  } catch (error) {
    // After a body that broke off, the client can go on. A body that is wrong leaves nothing behind.
    if (error instanceof BodyError) await file.truncate(before);
    throw error;
  }
}

/**
 * Yields the pieces of a body that is appended to the first `offset` bytes of a blob.
 *
 * @throws {RegistryError} 413 if the blob gets too large, 400 if a chunk is not as long as its range.
 */
export async function* blobPieces(call: Call, offset: number, range?: ByteRange): AsyncGenerator<Uint8Array> {
  const { maxBlobSize } = call.settings;
  const expectRoomFor = (size: number) => {
    if (offset + size > maxBlobSize) throw tooLarge(maxBlobSize);
  };
  expectRoomFor(Number(call.request.headers.get("Content-Length") ?? 0));
  let received = 0;
  for await (const piece of piecesOf(call)) {
    received += piece.length;
    expectRoomFor(received);
    if (range !== undefined && received > range.length) throw lengthMismatch(range, "more bytes");
    yield piece;
  }
  // A body with a Content-Length has that length, or breaks off. A body without one ends wherever the client ends it, and
  // that may be too early.
  if (range !== undefined && received < range.length) throw lengthMismatch(range, `${received} bytes`);
}

// Returns the Content-Range of a request, if it has one. Refuses a chunk that does not start right behind the bytes so far.
function expectNextChunk(call: Call, { name, id, file: { size } }: Session, rule: Rule): ByteRange | undefined {
  const { headers, body } = call.request;
  const text = headers.get("Content-Range");
  if (text === null) return undefined;
  const announced = body === null ? "0" : headers.get("Content-Length");
  // The client of cue's ociserver pushes an empty blob as "0-0".
  const range = text === "0-0" && announced === "0" && size === 0 ? { start: 0, length: 0 } : parseContentRange(text);
  if (range !== undefined && announced !== null && Number(announced) !== range.length) {
    throw lengthMismatch(range, `${announced} bytes`);
  }
  if (range?.start === size) return range;

  const { Range: stored, ...others } = sessionHeaders(call, name, id, size);
  const isEmpty = announced === "0" || range?.length === 0;
  const example = isEmpty ? "or no Content-Range for an empty body" : `such as ${size}-${size + 9}`;
  const detail = range === undefined
    ? { rule: "PUSH-CHUNK-06" as const, expected: `two numbers with "-" between, ${example}`, actual: text }
    : { rule, expected: `a Content-Range that starts at ${size}, ${example}`, actual: text };
  throw new RegistryError("BLOB_UPLOAD_INVALID", detail, {
    status: STATUS_CODE.RangeNotSatisfiable,
    // From both headers the client knows how to go on. An empty session has no range.
    headers: size === 0 ? others : { ...others, Range: stored },
  });
}

// Thrown if the body itself is wrong. A body that breaks off is another kind of error.
class BodyError extends RegistryError {}

function lengthMismatch({ start, length }: ByteRange, actual: string): BodyError {
  const expected = `a body as long as its Content-Range, ${start}-${start + length - 1}: ${length} bytes`;
  return new BodyError("SIZE_INVALID", { rule: "PUSH-CHUNK-04", expected, actual });
}

function tooLarge(most: number): BodyError {
  return new BodyError(
    "SIZE_INVALID",
    { rule: "API-ERR-I10", expected: `a blob of at most ${most} bytes`, actual: "a larger one" },
    { status: STATUS_CODE.ContentTooLarge },
  );
}
