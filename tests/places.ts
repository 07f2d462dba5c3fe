/**
 * The lines of files that an error came from.
 *
 * @module
 */

const project = new URL("..", import.meta.url).href;

/** Returns these lines, innermost first: `src/definitions/range.ts:140` in this project, and a whole path elsewhere. */
export function placesOf({ stack = "" }: Error): string[] {
  const frames = stack.matchAll(/^ {4}at .*?\(?(file:\/\/\S+?:\d+):\d+\)?$/gm);
  return Array.from(frames, ([, place]) => place.replace(project, "").replace("file://", ""));
}
