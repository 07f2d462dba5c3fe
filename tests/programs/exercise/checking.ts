/**
 * Checks the learner's file: runs the tests that matter, and checks the types. Each happens in a process of its own, because the
 * learner's code may do anything: never end, fill the memory, or end the process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { firstTypeError } from "../condense.ts";
import { linesOf } from "../processes.ts";
import { PROJECT } from "../project.ts";
import type { LearnerFile } from "./learner_file.ts";
import { MARK, type Message, type TestOutcome, type Wanted } from "./outcome.ts";

/** What the tests say about the learner's file. */
export type Result =
  /** They have run; `left` slow ones wait until these are green. */
  | { readonly kind: "ran"; readonly tests: readonly TestOutcome[]; readonly left: number }
  /** The file cannot be loaded: it is no TypeScript, or its first lines throw. */
  | { readonly kind: "unloadable"; readonly message: string; readonly places: readonly string[] }
  /** A test runs or waits, and does not end. */
  | { readonly kind: "endless"; readonly how: "runs" | "waits"; readonly test: string }
  /** The process of the tests has ended by itself, in a test or before. */
  | { readonly kind: "ended"; readonly test: string; readonly said: string };

const RUN_TESTS = fileURLToPath(new URL("run_tests.ts", import.meta.url));

// The first start of all translates a hundred files. A test needs some milliseconds, and on a busy machine a second.
const LONGEST_START = 20_000;
const LONGEST_TEST = 8000;

// A test that waits without running ends by itself after its time. One that runs in a circle is ended a little later.
const GRACE = 2000;

// All tests together need 100 MB. A list that grows without end must not slow down the learner's whole machine.
const MOST_MEMORY = "--v8-flags=--max-old-space-size=1024";

/** How tests run. */
export interface Running {
  /** Breaks off; then the result means nothing. */
  readonly signal?: AbortSignal;
  /** Runs all tests of the test files. */
  readonly all?: boolean;
  /** The longest time of a test, in milliseconds. */
  readonly longest?: number;
  /** Is called when all others are green, and so many slow tests begin. */
  readonly onSlow?: (slow: number) => void;
}

/** Runs the tests of an exercise with the learner's file in the place of the source. */
export async function runTests(
  file: LearnerFile,
  { signal, all = false, longest = LONGEST_TEST, onSlow }: Running = {},
): Promise<Result> {
  const { tests: files, rules, slow } = file.exercise;
  const wanted: Wanted = { file: file.shown, longest, files, ...(all ? {} : { rules, slow }) };
  using child = new Child(signal, [
    ...["run", "--no-prompt", "--no-check", "--allow-read", `--import-map=${file.importMap()}`, MOST_MEMORY],
    ...[RUN_TESTS, JSON.stringify(wanted)],
  ]);
  const tests: TestOutcome[] = [];
  let running = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLate = false;
  const waitAtMost = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isLate = true;
      child.kill();
    }, milliseconds);
  };
  try {
    waitAtMost(LONGEST_START);
    for await (const line of linesOf(child.stdout)) {
      if (!line.startsWith(MARK)) continue;
      const message = messageIn(line);
      if (message === undefined) continue;
      waitAtMost(longest + GRACE);
      if ("begins" in message) running = message.begins;
      else if ("ends" in message) tests.push(message.ends);
      else if ("slow" in message) onSlow?.(message.slow);
      else if ("waits" in message) return { kind: "endless", how: "waits", test: message.waits };
      else if ("unloadable" in message) return { kind: "unloadable", ...message.unloadable };
      else return { kind: "ran", tests, left: message.left };
    }
    if (isLate) return { kind: "endless", how: "runs", test: running };
    return { kind: "ended", test: running, said: firstLineOf(await child.said) };
  } finally {
    clearTimeout(timer);
    child.kill();
    await child.status;
  }
}

// The learner's code can print what it likes, also such a line.
function messageIn(line: string): Message | undefined {
  try {
    return JSON.parse(line.slice(MARK.length)) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Checks the types in the learner's file. Returns the first error, or `undefined` if they are right. */
export async function checkTypes(file: LearnerFile, signal?: AbortSignal): Promise<string | undefined> {
  using child = new Child(signal, ["check", "--quiet", `--import-map=${file.importMap()}`, file.path]);
  child.stdout.cancel();
  const { success } = await child.status;
  return success ? undefined : firstTypeError(await child.said);
}

/** A process of Deno that ends with this object. */
class Child implements Disposable {
  readonly stdout: ReadableStream<Uint8Array>;
  /** Its end. */
  readonly status: Promise<Deno.CommandStatus>;
  /** What it says on its standard error. */
  readonly said: Promise<string>;
  readonly #process: Deno.ChildProcess;

  constructor(signal: AbortSignal | undefined, [command, ...args]: readonly string[]) {
    this.#process = new Deno.Command("deno", {
      args: [command, `--config=${PROJECT}deno.json`, ...args],
      cwd: PROJECT,
      env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.stdout = this.#process.stdout;
    this.said = this.#process.stderr.text();
    this.status = this.#process.status;
    if (signal?.aborted) this.kill();
    signal?.addEventListener("abort", () => this.kill());
  }

  // Code that runs in a circle hears no other signal than this one.
  kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      // The process has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.kill();
  }
}

function firstLineOf(text: string): string {
  return text.split("\n").map((line) => line.trim()).find((line) => line !== "") ?? "";
}
