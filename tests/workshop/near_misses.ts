/**
 * Near misses: what somebody types who has nearly done a lesson. A lesson has a file of them, with its name.
 *
 *     near_misses/blob.sh        content=hello                                           typed before each of them
 *
 *                                ## 1: the method is GET
 *                                {curl} "{url}/v2/{as}/blob/blobs/uploads/"
 *
 *                                ## 2: …
 *
 * The number is that of the hint, which this person has to see then. A hint can have several near misses. The placeholders are those
 * of lessons.
 *
 * @module
 */

import { assert } from "@std/assert";

/** What somebody types who makes a mistake. */
export interface NearMiss {
  /** The number of the hint. */
  readonly hint: number;
  /** The mistake, in a few words. */
  readonly mistake: string;
  /** The lines, with placeholders. */
  readonly lines: string;
}

/** Returns the near misses of a lesson. */
export function nearMissesOf(lesson: string): readonly NearMiss[] {
  const file = new URL(`near_misses/${lesson}.sh`, import.meta.url);
  const [first, ...parts] = Deno.readTextFileSync(file).split(/^## /m);
  return parts.map((part) => {
    const match = /^(\d+): (.+)\n([^]*)$/.exec(part);
    assert(match !== null, `${lesson}.sh: "## NUMBER: the mistake" was expected, not "## ${part.split("\n", 1)[0]}"`);
    const [, hint, mistake, lines] = match;
    return { hint: Number(hint), mistake, lines: `${first.trim()}\n${lines.trim()}` };
  });
}

/**
 * Returns the commands of somebody who solves a lesson that does not say what to type, or `undefined` if it says so. They stand in
 * `solutions/`, with empty lines between.
 */
export function solutionOf(lesson: string): readonly string[] | undefined {
  try {
    return Deno.readTextFileSync(new URL(`solutions/${lesson}.sh`, import.meta.url)).trim().split(/\n\n+/);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Returns the names of the lessons that have near misses. */
export function lessonsWithNearMisses(): string[] {
  return [...Deno.readDirSync(new URL("near_misses/", import.meta.url))].map(({ name }) => name.replace(/\.sh$/, ""));
}

/** Puts in what the placeholders stand for, as the facts of a lesson do. */
export function filled(text: string, { as, origin }: { readonly as: string; readonly origin: string }): string {
  const values = { as, url: origin, registry: origin.replace(/^https?:\/\//, ""), curl: "curl -i" };
  return text.replace(/\{(as|url|registry|curl)\}/g, (_, name: keyof typeof values) => values[name]);
}
