/**
 * A digest: a name computed from the content itself.
 * https://github.com/opencontainers/image-spec/blob/13cff54/descriptor.md#digests
 *
 *     sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae      the three bytes "foo"
 *     ^ algorithm   ^ encoded
 *
 * A digest can be *well-formed* and still be of an algorithm that this registry cannot compute. A client may ask for such a
 * digest, and the answer is "not here", because nothing is ever stored under it. A table of {@linkcode Hashes} has the
 * algorithms that the registry can compute; a program that embeds the registry may add rows.
 *
 * Next: session.ts
 *
 * @module
 */

import { createHash } from "node:crypto";

/**
 * A well-formed digest, `<algorithm>:<encoded>`. {@linkcode parseDigest} and {@linkcode toDigest} make one, and nothing
 * else does.
 */
export type Digest = string & { readonly proven: "digest" };

/** A hash that takes in bytes piece by piece, such as those of `node:crypto`. */
export interface RunningHash {
  /** Takes in the next bytes. */
  update(bytes: Uint8Array): unknown;
  /** The hash of all bytes so far, as lower-case hexadecimal digits. Called once, at the end. */
  digest(encoding: "hex"): string;
}

/** The algorithms that a registry can compute: for each name, a function that starts a hash. */
export type Hashes = Readonly<Record<string, () => RunningHash>>;

/** The algorithm that the registry uses if the client names no other. */
export const SHA256 = "sha256";

/** The algorithms that every Glassbox computes. sha256 is a MUST of the image-spec, sha512 a MAY that clients use. */
export const HASHES: Hashes = {
  sha256: () => createHash("sha256"),
  sha512: () => createHash("sha512"),
};

/** The form of a digest in words, for refusals. */
export const DIGEST_FORM = "a digest: sha256: and 64 hexadecimal digits in lower case, or sha512: and 128 of them";

const GRAMMAR = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

// The algorithms that the image-spec registers, and how many lower-case hexadecimal digits each one has.
const REGISTERED: ReadonlyMap<string, RegExp> = new Map([
  ["sha256", /^[a-f0-9]{64}$/],
  ["sha512", /^[a-f0-9]{128}$/],
  ["blake3", /^[a-f0-9]{64}$/],
]);

// A digest is also the name of a folder, and file systems allow 255 bytes. A few are left for extensions such as ".json".
const LONGEST_DIGEST = 240;

/**
 * Reads a digest. Returns `undefined` if the text is not well-formed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const foo = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
 * assertEquals(parseDigest(foo), foo);
 * assertEquals(parseDigest(foo.toUpperCase()), undefined);
 * assertEquals(parseDigest("sha256:2c26"), undefined);
 * assertEquals(parseDigest("md5:d41d8cd98f00b204e9800998ecf8427e"), "md5:d41d8cd98f00b204e9800998ecf8427e");
 * ```
 */
export function parseDigest(text: string): Digest | undefined {
  if (text.length > LONGEST_DIGEST || !GRAMMAR.test(text)) return undefined;
  const [algorithm, encoded] = text.split(":");
  if (REGISTERED.get(algorithm)?.test(encoded) === false) return undefined;
  return text as Digest;
}

/**
 * Returns the algorithm of a digest, the part in front of the ":".
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(algorithmOf(digestOf(HASHES, "sha512", new Uint8Array())), "sha512");
 * ```
 */
export function algorithmOf(digest: Digest): string {
  return digest.slice(0, digest.indexOf(":"));
}

/** Returns true if a registry with these hashes can compute digests of this algorithm. */
export function isSupported(hashes: Hashes, algorithm: string): boolean {
  return Object.hasOwn(hashes, algorithm);
}

/**
 * Returns the digest of some bytes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   digestOf(HASHES, "sha256", new TextEncoder().encode("foo")),
 *   "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
 * );
 * ```
 */
export function digestOf(hashes: Hashes, algorithm: string, bytes: Uint8Array): Digest {
  const hash = hashes[algorithm]();
  hash.update(bytes);
  return toDigest(algorithm, hash.digest("hex"));
}

/** Makes a digest of a finished hash. `hex` has its lower-case hexadecimal digits. */
export function toDigest(algorithm: string, hex: string): Digest {
  return `${algorithm}:${hex}` as Digest;
}
