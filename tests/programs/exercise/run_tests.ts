/**
 * Runs the tests of an exercise, and tells each outcome at once.
 *
 *     deno run --no-check --import-map exercises/.tag.imports.json tests/programs/exercise/run_tests.ts \
 *       '{"file": "exercises/tag.ts", "longest": 8000, "files": ["tests/definitions/tag_test.ts"]}'
 *
 * The registries of the tests store in memory. So it is fast on every machine, and the learner's code has no permission to write
 * anything. A test that needs a folder or a port does not count.
 *
 * @module
 */

import { AssertionError } from "node:assert";
import { format } from "node:util";
import { placesOf } from "../../places.ts";
import { failureOf, type RegisteredTest, takeOver, testsIn, TooLongError } from "../registered_tests.ts";
import { citationsIn } from "../rules.ts";
import { type Failure, MARK, type Message, type Wanted } from "./outcome.ts";

// Thrown by a test that has ended early, because it needs a folder or a permission.
class EndedEarlyError extends Error {}

const encoder = new TextEncoder();
let printed: string[] = [];

// A learner's line is often below many others.
Error.stackTraceLimit = 50;
for (const name of ["log", "info", "debug", "warn", "error"] as const) {
  console[name] = (...args: unknown[]) => void printed.push(...format(...args).split("\n"));
}
takeOver();
try {
  await run(JSON.parse(Deno.args[0]));
  Deno.exit(0);
} catch (error) {
  Deno.stderr.writeSync(encoder.encode(`${format(error)}\n`));
  Deno.exit(1);
}

async function run(wanted: Wanted): Promise<void> {
  const { slow = [], longest } = wanted;
  const { quick = [], late = [] } = Object.groupBy(
    await load(wanted),
    ({ name }) => names(name, slow) ? "late" : "quick",
  );
  const areGreen = await runEach(quick, longest);
  if (areGreen && late.length > 0) {
    tell({ slow: late.length });
    await runEach(late, longest);
  }
  tell({ left: areGreen ? 0 : late.length });
}

// Returns true if none was red.
async function runEach(tests: readonly RegisteredTest[], longest: number): Promise<boolean> {
  let areGreen = true;
  for (const { name, run } of tests) {
    printed = [];
    tell({ begins: name });
    const error = await failureOf(run, longest);
    if (error instanceof TooLongError) {
      tell({ waits: name });
      Deno.exit(0);
    }
    if (error instanceof EndedEarlyError) continue;
    const failure = error === undefined ? undefined : explain(error);
    tell({ ends: { name, isGreen: failure === undefined, failure, printed } });
    areGreen &&= failure === undefined;
  }
  return areGreen;
}

function names(test: string, rules: readonly string[]): boolean {
  return citationsIn(test).some(({ id }) => rules.includes(id));
}

// Nothing that can import the learner's file is loaded before. So an error in that file is one that can be told.
async function load({ file: learners, files, rules }: Wanted): Promise<RegisteredTest[]> {
  const tests: RegisteredTest[] = [];
  try {
    const { CHANGED } = await import("../../fixture.ts");
    const { diskInMemory, endsInMemory } = await import("../../permissions/memory.ts");
    CHANGED.disk = diskInMemory;
    for (const file of files) {
      for (const { name, run } of await testsIn(file)) {
        tests.push({
          name,
          run: async () => {
            let fault: unknown;
            const isWhole = await endsInMemory(async () => {
              try {
                await run();
              } catch (error) {
                // Without this, code that wants a permission would have no test that is red.
                if (error instanceof Error && placesOf(error)[0]?.startsWith(`${learners}:`)) fault = error;
                throw error;
              }
            });
            if (fault !== undefined) throw fault;
            if (!isWhole) throw new EndedEarlyError();
          },
        });
      }
    }
  } catch (error) {
    const { name, message } = error as Error;
    tell({ unloadable: { message: `${name}: ${message}`, places: placesOf(error as Error) } });
    Deno.exit(0);
  }
  const matters = (test: string) => rules === undefined || citationsIn(test).length === 0 || names(test, rules);
  return tests.filter(({ name }) => matters(name));
}

function tell(message: Message): void {
  const bytes = encoder.encode(`\n${MARK}${JSON.stringify(message)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

function explain(error: unknown): Failure {
  if (!(error instanceof Error)) return { title: `${format(error)} was thrown, and that is no Error`, places: [] };
  const places = placesOf(error);
  if (!(error instanceof AssertionError)) return { title: `${error.name}: ${error.message}`, places };
  const { operator, generatedMessage, message, expected, actual } = error;
  // Behind a message of the test, node repeats both values.
  const note = generatedMessage ? undefined : message.replace(/\n(?:\n|\+ actual - expected)[^]*$/, "");
  if (operator === "==") return { title: note ?? "what this line says does not hold", places };
  if (operator === "throws" || operator === "rejects") {
    const got = actual instanceof Error ? `${actual.name}: ${actual.message}` : "no error";
    return { expected: "another error, as this line says", got, places };
  }
  return { note, expected: show(expected), got: show(actual), places };
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 10, breakLength: 70, iterableLimit: 1000, strAbbreviateSize: 100_000 });
}
