/**
 * Tests that run without `deno test`, in the process that loads them: all test files share one process, and each test can be run when
 * and how its program wants.
 *
 *     takeOver();
 *     for (const { name, run } of await testsIn("tests/definitions/tag_test.ts")) await failureOf(run, 10_000);
 *
 * @module
 */

/** A test of a file. */
export interface RegisteredTest {
  readonly name: string;
  readonly run: () => unknown;
}

/** Thrown in place of a test that has not ended in time. */
export class TooLongError extends Error {}

let registered: RegisteredTest[] = [];
let strayFailures: unknown[] = [];

/** Replaces `Deno.test`. A failure that nobody awaits would end the process, and counts as a failure of the running test now. */
export function takeOver(): void {
  Object.defineProperty(Deno, "test", { value: register });
  addEventListener("unhandledrejection", (event) => noteStrayFailure(event, event.reason));
  addEventListener("error", (event) => noteStrayFailure(event, event.error));
}

function register(name: string, run: () => unknown): void {
  if (typeof name !== "string" || run?.length !== 0) throw new Error("Only Deno.test(name, () => …) can be run here");
  registered.push({ name, run });
}

function noteStrayFailure(event: Event, error: unknown): void {
  event.preventDefault();
  strayFailures.push(error);
}

/** Loads a test file, named from the project's folder, and returns its tests. */
export async function testsIn(file: string): Promise<RegisteredTest[]> {
  registered = [];
  await import(new URL(`../../${file}`, import.meta.url).href);
  return registered;
}

/**
 * Runs a test, and returns the error that it fails with, or `undefined`. A test may wait for something that never happens, so it has
 * only `longest` milliseconds.
 */
export async function failureOf(run: () => unknown, longest: number): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new TooLongError("The test takes too long")), longest);
  });
  strayFailures = [];
  try {
    await Promise.race([run(), timeout]);
    // A failure that nobody awaits is reported a little later.
    await new Promise((resolve) => setTimeout(resolve));
    return strayFailures[0];
  } catch (error) {
    return error ?? new Error("The test has thrown nothing");
  } finally {
    clearTimeout(timer);
  }
}
