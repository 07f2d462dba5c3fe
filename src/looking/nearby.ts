/**
 * Nearby: the names that a person may have meant.
 *
 *     nearest("lastest", ["latest", "v1", "v2"])     ["latest"]
 *     nearest("v1", ["v1.0", "v1.1", "main"])        ["v1.0", "v1.1"]
 *
 * Next: repository.ts
 *
 * @module
 */

// The most names that are returned, and that are compared. What is longer than a name is cut.
const MOST = 5;
const MOST_COMPARED = 10_000;
const LONGEST = 300;

/**
 * Returns the names that are like a text, the nearest first: those that have it inside, and those that differ in few characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearest("lastest", ["latest", "v1", "oldest"]), ["latest"]);
 * assertEquals(nearest("src/push", ["src/push/push.ts", "src/pull/pull.ts"]), ["src/push/push.ts"]);
 * assertEquals(nearest("2", ["sha256-9b4e2a.sig", "1"]), ["1"]);
 * assertEquals(nearest("v1", ["v1.0", "V1", "main"]), ["V1", "v1.0"]);
 * ```
 */
export function nearest(wanted: string, names: Iterable<string>, most = MOST): string[] {
  const text = wanted.slice(0, LONGEST).toLowerCase();
  if (text === "") return [];
  // A name that differs in more than this is another name.
  const furthest = Math.max(2, Math.floor(text.length / 4));
  const near: { name: string; distance: number }[] = [];
  let compared = 0;
  for (const name of names) {
    if (compared++ === MOST_COMPARED) break;
    const other = name.slice(0, LONGEST).toLowerCase();
    const isPart = text.length < SHORT ? other.startsWith(text) : other.includes(text);
    const distance = isPart
      ? (other.length - text.length) / (2 * LONGEST)
      : Math.abs(other.length - text.length) > furthest
      ? Infinity
      : changesBetween(text, other);
    if (distance <= furthest) near.push({ name, distance });
  }
  return near.sort((a, b) => a.distance - b.distance).slice(0, most).map(({ name }) => name);
}

// A shorter text is in the middle of many long names by chance, such as tags that are made of a digest.
const SHORT = 3;

// The least number of characters to add, remove or change (Levenshtein), row by row.
function changesBetween(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const here = [row];
    for (let column = 1; column <= other.length; column++) {
      const changed = above[column - 1] + (one[row - 1] === other[column - 1] ? 0 : 1);
      here.push(Math.min(changed, above[column] + 1, here[column - 1] + 1));
    }
    above = here;
  }
  return above[other.length];
}
