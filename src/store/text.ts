/**
 * Sizes and digests as text for people: what the story of a request and the housekeeping commands print alike.
 *
 *     3355443                                     3.2 MiB
 *     sha256:2c26b46b68ffc68ff99b453c1d304134…    sha256:2c26b46b68ff…
 *
 * @module
 */

/**
 * A number of bytes for people.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatBytes(3), "3 B");
 * assertEquals(formatBytes(3_355_443), "3.2 MiB");
 * ```
 */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

/**
 * The text with its digests and UUIDs cut to what is enough to know them by.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(shorten("sha256:" + "2c26b46b68ff".padEnd(64, "0")), "sha256:2c26b46b68ff…");
 * ```
 */
export function shorten(text: string): string {
  return text
    .replace(/([a-z0-9]+[:-][0-9a-f]{12})[0-9a-f]{52,}/g, "$1…")
    .replace(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "$1…");
}
