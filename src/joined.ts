/**
 * Several pieces of bytes as one.
 *
 *     [48 65], [6c 6c 6f]  ──▶  48 65 6c 6c 6f
 *
 * Bytes come in pieces: from a client, from an archive, from a maker of samples. What has to be looked at as a whole is joined here.
 *
 * Next: archive/packing.ts
 *
 * @module
 */

/**
 * Returns the bytes of several pieces, one behind the other, in memory of their own.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(joined([new Uint8Array([1, 2]), new Uint8Array(), new Uint8Array([3])]), new Uint8Array([1, 2, 3]));
 * ```
 */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
