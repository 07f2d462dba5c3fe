/**
 * Nearby: the names that a person may have meant.
 *
 *     nearest("lastest", ["latest", "v1", "v2"], 5)     ["latest"]
 *     nearest("v1", ["v1.0", "v1.1", "main"], 5)        ["v1.0", "v1.1"]
 *
 * Next: repository.ts
 *
 * @module
 */

// A list may be long; more names than that are not compared. What is longer than a name is not compared either.
const MOST_COMPARED = 10_000;
const LONGEST = 128;

/**
 * Returns the names that are like a text, the nearest first: those that begin with it, those that have it inside, and those that
 * differ in few characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearest("lastest", ["latest", "v1", "v2"], 5), ["latest"]);
 * assertEquals(nearest("v1", ["v1.0", "v1.1", "main"], 5), ["v1.0", "v1.1"]);
 * ```
 */
export function nearest(text: string, names: Iterable<string>, most: number): string[] {
  const wanted = text.toLowerCase().slice(0, LONGEST);
  const near: { name: string; distance: number }[] = [];
  let compared = 0;
  for (const name of names) {
    if (compared++ === MOST_COMPARED) break;
    const distance = distanceOf(wanted, name.toLowerCase());
    if (distance !== undefined) near.push({ name, distance });
  }
  return near.sort((a, b) => a.distance - b.distance).slice(0, most).map(({ name }) => name);
}

function distanceOf(wanted: string, name: string): number | undefined {
  if (wanted === "") return undefined;
  if (name === wanted) return 0;
  if (name.startsWith(wanted) || name.endsWith(`/${wanted}`)) return 0.1;
  if (name.includes(wanted)) return 0.5;
  const most = Math.max(1, Math.min(3, Math.floor(wanted.length / 3)));
  if (name.length > LONGEST || Math.abs(name.length - wanted.length) > most) return undefined;
  const changes = changesBetween(wanted, name);
  return changes <= most ? changes : undefined;
}

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
