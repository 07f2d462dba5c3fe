/**
 * Nearby: what is there, and has nearly the name that somebody asked for.
 *
 *     nearest("push-chnuk-11", ["PULL-BLOB-01", "PUSH-CHUNK-11", …])     ["PUSH-CHUNK-11", …]
 *
 * Next: views/missing.ts
 *
 * @module
 */

/** The most names that are suggested. */
const MOST = 5;

/**
 * Returns the names that are most like a text, the nearest first.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearest("lates", ["latest", "v1", "last"]), ["latest", "last"]);
 * assertEquals(nearest("src/push", ["src/push/push.ts", "src/pull/pull.ts"]), ["src/push/push.ts"]);
 * ```
 */
export function nearest(wanted: string, names: Iterable<string>): string[] {
  const text = wanted.slice(0, 300).toLowerCase();
  // A name that differs in more than this is another name.
  const most = Math.max(2, Math.floor(text.length / 4));
  const found: { name: string; distance: number }[] = [];
  for (const name of names) {
    const other = name.toLowerCase();
    const distance = text !== "" && other.includes(text)
      ? (other.length - text.length) / 1000
      : distanceOf(other, text, most);
    if (distance <= most) found.push({ name, distance });
  }
  return found.sort((a, b) => a.distance - b.distance).slice(0, MOST).map(({ name }) => name);
}

// Returns the number of characters to insert, delete or replace to make one text of another; Infinity if it is more than `most`.
function distanceOf(from: string, to: string, most: number): number {
  if (Math.abs(from.length - to.length) > most) return Infinity;
  // One row of the table of all beginnings of both texts: row[i] is the distance from the first i characters of one text to the part
  // of the other text that was read.
  let row = Array.from({ length: from.length + 1 }, (_, i) => i);
  for (const [j, character] of [...to].entries()) {
    const next = [j + 1];
    for (let i = 1; i <= from.length; i++) {
      const replaced = row[i - 1] + (from[i - 1] === character ? 0 : 1);
      next.push(Math.min(replaced, row[i] + 1, next[i - 1] + 1));
    }
    row = next;
  }
  return row[from.length];
}
