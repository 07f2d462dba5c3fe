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

/**
 * The pieces of a body, one after the other.
 *
 * @throws {RegistryError} SIZE_INVALID where the body ends before its end.
 */
export async function* piecesOf(request: Request): AsyncGenerator<Uint8Array> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  try {
    while (true) {
      const { done, value } = await nextPiece(reader);
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
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
  for await (const piece of piecesOf(request)) {
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
