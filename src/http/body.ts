/**
 * The body of a request, as a stream.
 * https://www.rfc-editor.org/rfc/rfc9112#section-8
 *
 *     Content-Length: 3      foo           three bytes, and the body ends
 *     Content-Length: 3      fo            the client has disappeared: 400 SIZE_INVALID
 *     Content-Length: 3      f … … …       the client is too slow: 408 SIZE_INVALID
 *
 * If a body ends too early, the client is usually gone and cannot receive the refusal. The story tells it.
 *
 * Next: budget.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import type { Rate } from "../options.ts";
import type { Rule } from "../spec/headings.ts";
import type { Call } from "./call.ts";

// A body of at least this many bytes, or of unknown length, is read into the same memory again and again.
const MANY = 256 * 1024;
const CHUNK = 64 * 1024;

/**
 * Yields the pieces of a body as they arrive. A piece is valid only until the next one is asked for. If `brokenOff` is aborted,
 * it waits no longer, and throws the reason.
 *
 * @throws {RegistryError} 400 if the body ends too early, 408 if it comes too slowly.
 */
export async function* piecesOf(
  { request: { body, headers }, slowest, notes }: Pick<Call, "request" | "slowest"> & Partial<Pick<Call, "notes">>,
  brokenOff?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (body === null) return;
  const announced = Number(headers.get("Content-Length"));
  // The announced length may be wrong. So it only decides which memory is used.
  const { read, cancel } = announced > 0 && announced < MANY ? readChunks(body) : readInto(body);
  const giveUp = () => cancel().catch(() => {});
  const stopwatch = new Stopwatch(slowest, giveUp);
  brokenOff?.addEventListener("abort", giveUp);
  let isWhole = false;
  try {
    while (true) {
      const piece = await stopwatch.time(read().catch((error) => endsEarly(error)));
      brokenOff?.throwIfAborted();
      if (stopwatch.isTooSlow) throw tooSlow(slowest);
      if (piece instanceof RegistryError) throw piece;
      isWhole = piece === undefined;
      if (piece === undefined) return;
      stopwatch.received += piece.length;
      yield piece;
    }
  } finally {
    stopwatch.stop();
    // Counted here, because a body need not announce its length.
    if (notes !== undefined) notes.bytesIn = (notes.bytesIn ?? 0) + stopwatch.received;
    // After a refusal, `Deno.serve` reads the rest and throws it away, but only if nobody wants it any more.
    if (!isWhole) giveUp();
  }
}

// Without this, a client that sends hardly anything could hold its session, its connection and its file for as long as it
// likes. The rule: if the registry waited for the client during more than half of an interval, and got fewer bytes than the rate
// asks for, the body is too slow. Time in which the disk works does not count, because a slow disk is not the client's fault.
class Stopwatch {
  received = 0;
  isTooSlow = false;
  #receivedBefore = 0;
  #waited = 0;
  #waitingSince: number | undefined;
  readonly #interval: ReturnType<typeof setInterval>;

  constructor({ bytes, milliseconds }: Rate, cancel: () => void) {
    this.#interval = setInterval(() => {
      const now = performance.now();
      if (this.#waitingSince !== undefined) this.#waited += now - this.#waitingSince;
      this.isTooSlow = this.#waited > milliseconds / 2 && this.received - this.#receivedBefore < bytes;
      [this.#receivedBefore, this.#waited, this.#waitingSince] = [this.received, 0, this.#waitingSince && now];
      if (this.isTooSlow) cancel();
    }, milliseconds);
  }

  async time<T>(waiting: Promise<T>): Promise<T> {
    this.#waitingSince = performance.now();
    const result = await waiting;
    this.#waited += performance.now() - this.#waitingSince;
    this.#waitingSince = undefined;
    return result;
  }

  stop(): void {
    clearInterval(this.#interval);
  }
}

// Reads the next chunk of a body; `undefined` at its end.
interface Chunks {
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cancel(): Promise<void>;
}

function readChunks(body: ReadableStream<Uint8Array<ArrayBuffer>>): Chunks {
  const reader = body.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: () => reader.cancel(),
  };
}

// Reads into the same memory again and again. New memory for each chunk would take as long as everything else together.
function readInto(body: ReadableStream<Uint8Array<ArrayBuffer>>): Chunks {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch (error) {
    // The stream of an embedding program may not support that.
    if (error instanceof TypeError) return readChunks(body);
    throw error;
  }
  let memory = new ArrayBuffer(CHUNK);
  return {
    async read() {
      const { done, value } = await reader.read(new Uint8Array(memory));
      if (done) return undefined;
      memory = value.buffer;
      return value;
    },
    cancel: () => reader.cancel(),
  };
}

function tooSlow({ bytes, milliseconds }: Rate): RegistryError {
  return new RegistryError("SIZE_INVALID", {
    rule: "API-ERR-I10",
    expected: `at least ${bytes} bytes of the body in ${milliseconds / 1000} s`,
    actual: "fewer",
  }, { status: STATUS_CODE.RequestTimeout });
}

function endsEarly(error: unknown): RegistryError {
  return new RegistryError("SIZE_INVALID", {
    rule: "API-ERR-I10",
    expected: "the whole body",
    actual: `an end before that (${error instanceof Error ? error.message : error})`,
  });
}

/** A body that is held whole. At the end of the scope that has it, its memory goes back to the budget. */
export interface WholeBody extends Disposable {
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Returns a small body as a whole. `rule` is the rule that limits it to `most` bytes.
 *
 * @throws {RegistryError} 413 with `MANIFEST_INVALID` if the body announces more bytes, or has more; 429 if the registry holds
 * too many bytes of such bodies already, or needs the memory for a faster one.
 */
export async function wholeBody(call: Call, most: number, rule: Rule): Promise<WholeBody> {
  const expectAtMost = (size: number) => {
    if (size <= most) return;
    const detail = { rule, expected: `at most ${most} bytes`, actual: `${size} bytes or more` };
    throw new RegistryError("MANIFEST_INVALID", detail, { status: STATUS_CODE.ContentTooLarge });
  };
  const announced = Number(call.request.headers.get("Content-Length") ?? 0);
  expectAtMost(announced);

  let memory = new ArrayBuffer(0);
  let size = 0;
  const share = call.budget.share(() => size);
  try {
    for await (const piece of piecesOf(call, share.brokenOff)) {
      const needed = size + piece.length;
      expectAtMost(needed);
      if (needed > memory.byteLength) {
        // The memory grows with the bytes that have come, because a client can announce 8 MiB and send nothing.
        const length = Math.max(needed, Math.min(2 * memory.byteLength, announced || most));
        share.growTo(length);
        memory = memory.transfer(length);
      }
      new Uint8Array(memory).set(piece, size);
      size = needed;
    }
    share.keep();
  } catch (error) {
    share[Symbol.dispose]();
    // Frees the memory now. Without this, it would stay until JavaScript collects its garbage.
    memory.transfer(0);
    throw error;
  }
  return { bytes: new Uint8Array(memory, 0, size), [Symbol.dispose]: () => share[Symbol.dispose]() };
}
