/**
 * The process that runs the tests of an exercise: what it gets, and what it tells. It tells one message a line.
 *
 *     {"begins": "PULL-BLOB-09: …"}
 *     {"ends": {"name": "PULL-BLOB-09: …", "state": "red", "printed": [], "failure": {"got": "undefined", …}}}
 *     {"left": 0}
 *
 * @module
 */

/** The tests to run. */
export interface Wanted {
  /** The learner's file, as a place in it begins: `exercises/range.ts`. */
  readonly file: string;
  /** The longest time of a test, in milliseconds. */
  readonly longest: number;
  /** The test files, from the project's folder. */
  readonly files: readonly string[];
  /** Of their tests, those that name one of these rules run, and those that name none. Without this, all of them run. */
  readonly rules?: readonly string[];
  /** The tests that name one of these run at the end, and only if all others are green. */
  readonly slow?: readonly string[];
}

/** What went wrong in a test. */
export interface Failure {
  /** The error in one line, such as `TypeError: x is not a function`; `undefined` if two values are not the same. */
  readonly title?: string;
  /** What the test has to say about it; often the value that it has tried. */
  readonly note?: string;
  /** The expected value, as a person writes it. */
  readonly expected?: string;
  /** The value that came. */
  readonly got?: string;
  /** The lines that it came from, innermost first: `src/definitions/range.ts:140`. */
  readonly places: readonly string[];
}

/** The outcome of one test. */
export interface TestOutcome {
  readonly name: string;
  readonly isGreen: boolean;
  readonly failure?: Failure;
  /** The lines that were printed meanwhile. The cause of a 500 is among them. */
  readonly printed: readonly string[];
}

/** A message of the process that runs the tests. */
export type Message =
  | { readonly begins: string }
  | { readonly ends: TestOutcome }
  /** All others are green, and now this number of slow tests runs. */
  | { readonly slow: number }
  /** The test waits for something that never happens. The process ends. */
  | { readonly waits: string }
  /** The learner's file, or a test, cannot be loaded. The process ends. */
  | { readonly unloadable: { readonly message: string; readonly places: readonly string[] } }
  /** This was the last one. `left` is the number of slow tests that wait until all others are green. */
  | { readonly left: number };

/** Each message begins with this character, so that nothing that the learner's code prints looks like one. */
export const MARK = "\x1e";
