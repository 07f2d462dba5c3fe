/**
 * Magic numbers: the first bytes that tell which compression something has.
 *
 * Next: gzip.ts
 *
 * @module
 */

/** A compression that is recognised, or none. */
export type PackingKind = "none" | "gzip" | "zstd" | "bzip2" | "xz";

// `undefined` stands for any byte. A skippable frame of zstd begins with 50 to 5f, but such a byte is a usual letter too.
const MAGIC: readonly (readonly [kind: PackingKind, magic: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ...Array.from({ length: 16 }, (_, index): [PackingKind, number[]] => ["zstd", [0x50 + index, 0x2a, 0x4d, 0x18]]),
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

/** How many bytes it takes to recognise each of them. */
export const LONGEST_MAGIC = 5;

/** Returns the compression that some bytes begin with. */
export function packingIn(bytes: Uint8Array): PackingKind {
  return MAGIC.find(([, magic]) => magic.every((byte, index) => bytes[index] === byte))?.[0] ?? "none";
}
