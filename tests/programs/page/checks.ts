/**
 * Checks: each has a group and a sentence, and passes or fails alone.
 *
 *     ok   live      shows each request of skopeo while it copies an image
 *     FAIL graph     has the edges of `deno task tree --json`
 *            [Diff] …
 *
 * @module
 */

/** Something that a check has measured: a name and a value with its unit. */
export type Figure = readonly [name: string, value: string];

// A check that takes longer than this hangs, in milliseconds.
const TIME_LIMIT = 90_000;

/** Runs checks, prints a line about each, and counts them. */
export class Checks {
  /** The number of checks that passed. */
  passed = 0;
  /** The number of checks that failed. */
  failed = 0;
  /** The number of checks that could not be made here. */
  skipped = 0;
  readonly #only: string;
  readonly #isOver: () => boolean;

  /** Runs the checks that have a text in their line. `isOver` says that the run was interrupted. */
  constructor(only: string, isOver: () => boolean) {
    this.#only = only;
    this.#isOver = isOver;
  }

  /** Returns true if the text of `--only` is in a check's line. */
  isAskedFor(group: string, sentence: string): boolean {
    return `${group} ${sentence}`.includes(this.#only);
  }

  /** Returns a function that makes the checks of a group. */
  of(group: string): (sentence: string, action: () => Promise<readonly Figure[] | void>) => Promise<void> {
    return (sentence, action) => this.#check(group, sentence, action);
  }

  /** Says that a check cannot be made here. */
  skip(group: string, reason: string): void {
    if (!this.isAskedFor(group, reason)) return;
    this.skipped++;
    console.log(`skip ${group.padEnd(9)} ${reason}`);
  }

  async #check(group: string, sentence: string, action: () => Promise<readonly Figure[] | void>): Promise<void> {
    if (!this.isAskedFor(group, sentence) || this.#isOver()) return;
    try {
      const figures = await withinLimit(action()) ?? [];
      this.passed++;
      console.log(
        `ok   ${group.padEnd(9)} ${sentence}${figures.map(([name, value]) => `   ${name}: ${value}`).join("")}`,
      );
    } catch (error) {
      // In an interrupted run the registry and the browser end before the check does.
      if (this.#isOver()) return;
      this.failed++;
      console.log(`FAIL ${group.padEnd(9)} ${sentence}`);
      const reason = error instanceof Error ? error.stack ?? error.message : String(error);
      console.log(reason.trimEnd().split("\n").map((line) => `       ${line}`).join("\n"));
    }
  }
}

async function withinLimit<Result>(work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it takes longer than ${TIME_LIMIT / 1000} s`)), TIME_LIMIT);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
