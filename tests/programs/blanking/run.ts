/**
 * Runs tests. Records the outcome of each test, and the sources that it has called.
 *
 *     deno run --no-check --import-map map.json tests/programs/blanking/run.ts selection.json outcomes.json
 *
 * It replaces `Deno.test`, because `deno test` cannot tell which test calls a source and loads the sources anew for
 * each test file. Here all test files share one process. An instrumented source adds its name to the global set
 * `calledSources` when it is called.
 *
 * @module
 */

import { failureOf, takeOver, testsIn } from "../registered_tests.ts";

/** The tests of a file that are to run; without names, all of them. */
export interface Selection {
  /** The file, from the project's folder. */
  readonly file: string;
  readonly names?: readonly string[];
}

/** The outcome of a test. */
export interface Outcome {
  readonly file: string;
  readonly name: string;
  readonly isRed: boolean;
  /** The instrumented sources that it has called, from the project's folder. */
  readonly called: readonly string[];
}

// A test may wait for something that a blank function does not do. Without a limit, it would wait for ever.
const LONGEST_TEST = 10_000;

const called = new Set<string>();

if (import.meta.main) {
  Object.assign(globalThis, { calledSources: called });
  takeOver();

  try {
    await runSelections(Deno.args[0], Deno.args[1]);
    Deno.exit(0);
  } catch (error) {
    console.error(error);
    Deno.exit(1);
  }
}

async function runSelections(selectionsFile: string, outcomesFile: string): Promise<void> {
  const selections: Selection[] = JSON.parse(await Deno.readTextFile(selectionsFile));
  const outcomes: Outcome[] = [];
  for (const selection of selections) outcomes.push(...await runFile(selection));
  await Deno.writeTextFile(outcomesFile, JSON.stringify(outcomes));
}

async function runFile({ file, names }: Selection): Promise<Outcome[]> {
  const tests = await testsIn(file);
  // With that source blank, no test file could be loaded.
  if (called.size > 0) throw new Error(`${[...called]} is called while ${file} is loaded`);

  const outcomes: Outcome[] = [];
  for (const { name, run } of tests) {
    if (names !== undefined && !names.includes(name)) continue;
    const isRed = await failureOf(run, LONGEST_TEST) !== undefined;
    outcomes.push({ file, name, isRed, called: [...called] });
    called.clear();
  }
  return outcomes;
}
