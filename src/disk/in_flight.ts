/**
 * The limit for the memory of all files that are being sent.
 *
 *     few clients read                     pieces of 1 MiB, and while one is sent, the next one is read
 *     many read, or wait and do not        smaller pieces, and none is read before its client wants it
 *
 * So the memory has a limit, and everybody is served.
 *
 * Next: watching.ts
 *
 * @module
 */

/**
 * The size of the largest piece, in bytes. Deno's own streams have pieces of 64 KiB. Larger ones are faster: each piece costs
 * a turn of the event loop and a system call.
 */
export const LARGEST: number = 1024 * 1024;
const SMALLEST = 32 * 1024;

// In bytes. Above the first, no piece is read ahead: eight clients can have three pieces of 1 MiB. Above the second, all pieces are
// of the smallest size.
const MOST_WITH_READING_AHEAD = 24 * 1024 * 1024;
const MOST = 48 * 1024 * 1024;

/** The bytes of all streams of a disk that are in memory, and perhaps not sent. */
export class InFlight {
  /** The number of bytes. */
  bytes = 0;

  /** The largest size of the next piece: a part of what is left to the limit. */
  get largestPiece(): number {
    return Math.max(SMALLEST, Math.min(LARGEST, Math.floor((MOST - this.bytes) / 16)));
  }

  /** True if a stream may read a piece before its client wants it. */
  get allowsReadingAhead(): boolean {
    return this.bytes <= MOST_WITH_READING_AHEAD;
  }
}
