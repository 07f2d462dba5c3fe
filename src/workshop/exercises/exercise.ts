/**
 * An exercise: one function of this registry is taken away, and a learner writes it again.
 *
 *     $ deno task exercise content-range
 *     exercises/content-range.ts                       0 of 2 tests are green
 *     …
 *     expected   { start: 0, length: 1 }
 *     got        Error: write me: parseContentRange, in exercises/content-range.ts
 *
 * An exercise is data: the function, the rules that it keeps, the tests that see them, and three hints. The program is in
 * `tests/programs/exercise/`. It runs the learner's file in the place of the source, and the source stays as it is. A test sees that
 * without the function just these rules are red.
 *
 * Next: definitions.ts
 *
 * @module
 */

import type { Rule } from "../../spec/headings.ts";

/** A function that a learner writes again. */
export interface Exercise {
  /** Its name on the command line, and that of the learner's file: `range` is `exercises/range.ts`. */
  readonly name: string;
  /** The source, from the project's folder. */
  readonly source: string;
  /** The function of the source that is taken away. Its comment and its signature stay. */
  readonly function: string;
  /** Constants and functions that only this function uses, and that would tell how it works. They go with it. */
  readonly away?: readonly string[];
  /** What a learner learns, in two sentences. */
  readonly learn: string;
  /** The rules that are red without the function. */
  readonly rules: readonly Rule[];
  /** Some of these rules, if their tests take long. They run when all others are green. */
  readonly slow?: readonly Rule[];
  /** The test files, from the project's folder. Of their tests, those run that name one of the rules, or no rule at all. */
  readonly tests: readonly string[];
  /** Three hints, from a soft one to nearly the solution. A line that begins with two blanks is code. */
  readonly hints: readonly [string, string, string];
  /** What to read or to try afterwards. */
  readonly afterwards: string;
}
