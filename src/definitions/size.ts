/**
 * Sizes: numbers of bytes, of milliseconds and of things, as people write and read them.
 *
 *     8MiB                on the command line
 *     3.2 MiB   0.4 ms    in the story of a request
 *     1,200 tags          on the page
 *
 * Next: ../spec/headings.ts
 *
 * @module
 */

const UNITS = ["", "KiB", "MiB", "GiB", "TiB"];

/**
 * Writes a number of bytes for people.
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
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  return `${(bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}

/** Writes a number of milliseconds for people: short ones with a fraction. */
export function formatMilliseconds(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/**
 * Writes a number with its noun.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([counted(1, "tag"), counted(1200, "entry", "entries")], ["1 tag", "1,200 entries"]);
 * ```
 */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;
}

/**
 * Reads a number of bytes, with or without a unit. Returns `undefined` if the text is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseBytes("8MiB"), 8_388_608);
 * assertEquals(parseBytes("8 MB"), undefined);
 * ```
 */
export function parseBytes(text: string): number | undefined {
  const match = /^([0-9]{1,15})(|KiB|MiB|GiB|TiB)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * 1024 ** UNITS.indexOf(match[2]);
}
