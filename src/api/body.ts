/**
 * The body of a request, as a stream.
 * https://www.rfc-editor.org/rfc/rfc9112#section-8
 *
 * A body can end too early: the client goes away, or sends less than it announced. Whoever reads it here is told so by a
 * refusal, which mostly nobody receives any more, but which the story tells.
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import type { Rule } from "../definitions/headings.ts";
import { RegistryError } from "./error_codes.ts";

/** A number of bytes in a time. */
export interface Rate {
  /** The bytes. */
  readonly bytes: number;
  /** The time, in milliseconds. */
  readonly milliseconds: number;
}

/** The slowest body that is waited for, unless the registry is told otherwise. A line from 1985 is faster. */
export const SLOWEST: Rate = { bytes: 1024, milliseconds: 60_000 };

/**
 * The pieces of a body, one after the other.
 *
 * @throws {RegistryError} SIZE_INVALID where the body ends before its end, or trickles: 408 then.
 */
export async function* piecesOf({ body }: Request, slowest: Rate): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  let received = 0;
  let receivedBefore = 0;
  let waited = 0;
  let waitingSince: number | undefined;
  let isTooSlow = false;
  // A client that sends hardly anything would hold its session, its connection and its file for as long as it likes.
  // It is not to blame for the time that the disk takes.
  const watch = setInterval(() => {
    const now = performance.now();
    if (waitingSince !== undefined) waited += now - waitingSince;
    isTooSlow = waited > slowest.milliseconds / 2 && received - receivedBefore < slowest.bytes;
    [receivedBefore, waited, waitingSince] = [received, 0, waitingSince && now];
    if (isTooSlow) reader.cancel().catch(() => {});
  }, slowest.milliseconds);
  try {
    while (true) {
      waitingSince = performance.now();
      const { done, value } = await nextPiece(reader);
      waited += performance.now() - waitingSince;
      waitingSince = undefined;
      if (isTooSlow) throw tooSlow(slowest);
      if (done) return;
      received += value.length;
      yield value;
    }
  } finally {
    clearInterval(watch);
    reader.releaseLock();
  }
}

function tooSlow({ bytes, milliseconds }: Rate): RegistryError {
  return new RegistryError("SIZE_INVALID", {
    rule: "PUSH-SINGLE-02",
    expected: `at least ${bytes} bytes of the body in ${milliseconds / 1000} s`,
    actual: "fewer",
  }, { status: STATUS_CODE.RequestTimeout });
}

async function nextPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (error) {
    throw new RegistryError("SIZE_INVALID", {
      rule: "PUSH-SINGLE-02",
      expected: "the whole body",
      actual: `an end before that (${error instanceof Error ? error.message : error})`,
    });
  }
}

/**
 * A small body as a whole.
 *
 * @throws {RegistryError} 413 with `code` where it has more than `most` bytes, whether it announced them or not.
 */
export async function wholeBody(
  request: Request,
  slowest: Rate,
  most: number,
  code: "MANIFEST_INVALID",
  rule: Rule,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = (actual: string) =>
    new RegistryError(code, { rule, expected: `at most ${most} bytes`, actual }, {
      status: STATUS_CODE.ContentTooLarge,
    });

  const announced = Number(request.headers.get("Content-Length") ?? 0);
  if (announced > most) throw tooLarge(`${announced} bytes`);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of piecesOf(request, slowest)) {
    size += piece.length;
    if (size > most) throw tooLarge("more");
    pieces.push(piece);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
