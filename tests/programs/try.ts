/**
 * Runs the tests of one file, again after each change: for learners who change the registry to see what happens.
 *
 *     deno task try src/push/cancel_a_blob_upload.ts
 *
 *     FAILED  PUSH-CANCEL-01: cancelling a session answers 204, and its bytes are gone
 *       DELETE /v2/library/hello/blobs/uploads/0f9c5d3e… ended in a 500. The cause:
 *       TypeError: Cannot read properties of undefined (reading 'drop')
 *           at src/push/cancel_a_blob_upload.ts:26
 *
 * The tests of a source have its path, with `tests/` for `src/` and `_test` behind the name. They run without a check of
 * types and stop at the first failure, so the result is there in a second. The check of types takes a few seconds: it
 * follows when the tests have ended, and a new change cuts it short. Nothing is linted.
 *
 * Exit status: 0 if the tests and the types were right, 1 if not, 2 if there are no tests for the file.
 *
 * @module
 */

import { HEADINGS } from "../../src/spec/headings.ts";
import { testsIn } from "./rules.ts";
import { condense, firstTypeError } from "./condense.ts";
import { filesBelow, PROJECT, type ProjectFile, read } from "./project.ts";
import { changesIn } from "./watching.ts";

const USAGE = `Usage: deno task try FILE [--once]

Runs the tests of a source file, or a test file, and again after each change in src/ or tests/.
FILE may be the end of a path, if no other path ends like it.

  --once   run the tests once, and end

  deno task try src/push/cancel_a_blob_upload.ts
  deno task try tests/push/cancel_a_blob_upload_test.ts`;

// Tests that run for longer than this hang or are slow, so the program prints the name of the test.
const SLOW_MS = 5000;

Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const once = args.includes("--once");
  const files = args.filter((arg) => arg !== "--once");
  if (files.length !== 1 || files[0].startsWith("-")) {
    console.error(USAGE);
    return 2;
  }
  const choice = choose(files[0]);
  if (typeof choice === "string") {
    console.error(choice);
    return 2;
  }
  return once ? await run(choice, new AbortController().signal) ? 0 : 1 : await watch(choice);
}

/** The file that the person tries, and its tests. */
interface Choice {
  /** The file that the person named. */
  readonly file: string;
  /** The file with its tests. */
  readonly tests: string;
}

/** Finds the tests of a file. Returns a text for the person if there are none. */
function choose(given: string): Choice | string {
  const files = [...filesBelow("src"), ...filesBelow("tests"), fileAt("main.ts")];
  const wanted = given.replaceAll("\\", "/").replace(PROJECT, "").replace(/^\.\//, "");
  const exact = files.filter(({ path }) => path === wanted);
  const found = exact.length > 0 ? exact : files.filter(({ path }) => path.endsWith(`/${wanted}`));
  if (found.length === 0) return `There is no source and no test "${given}".`;
  if (found.length > 1) return [`"${given}" may be one of these:`, ...found.map(commandFor)].join("\n");

  const [{ path: file }] = found;
  const tests = testsOf(file);
  if (files.some(({ path }) => path === tests)) return { file, tests };
  const suggestions = suggest(file, files);
  return suggestions.length === 0
    ? `${file} has no tests of its own, and no tests import it. All tests: deno task test:behaviour`
    : [`${file} has no tests of its own. Try one of these:`, ...suggestions.map(commandFor)].join("\n");
}

function fileAt(path: string): ProjectFile {
  return { path, text: read(path) };
}

function commandFor({ path }: ProjectFile): string {
  return `  deno task try ${path}`;
}

/** Returns the path of a file's tests: `tests/push/x_test.ts` for `src/push/x.ts`, and a test file's own path. */
function testsOf(file: string): string {
  return isTests(file) ? file : file.replace(/^(?:src\/)?/, "tests/").replace(/\.ts$/, "_test.ts");
}

function isTests(file: string): boolean {
  return file.endsWith("_test.ts");
}

/**
 * Returns the tests that are about a file: those that import it, and those whose names cite the rules of its headings.
 * If there are none, returns the tests of the files that import it.
 */
function suggest(file: string, files: readonly ProjectFile[]): ProjectFile[] {
  const importers = files.filter(({ path, text }) => importsIn(path, text).includes(file));
  const headings = HEADINGS.filter((heading) => heading.file === file).map(({ rules }) => rules);
  const direct = files.filter((candidate) =>
    isTests(candidate.path) && (importers.includes(candidate) || citesRulesOf(headings, candidate.text))
  );
  if (direct.length > 0) return direct;
  const places = importers.map(({ path }) => testsOf(path));
  return files.filter(({ path }) => places.includes(path));
}

function importsIn(path: string, text: string): string[] {
  const specifiers = text.matchAll(/\bfrom\s*"(\.[^"]+)"/g);
  return Array.from(specifiers, ([, specifier]) => new URL(specifier, `file:///${path}`).pathname.slice(1));
}

function citesRulesOf(headings: readonly string[], text: string): boolean {
  const rules = testsIn(text).flatMap(({ rules }) => rules);
  return rules.some((rule) => headings.includes(rule.slice(0, rule.lastIndexOf("-"))));
}

/** Runs the tests now and after each change. A change ends a run that is still going. */
async function watch(choice: Choice): Promise<never> {
  // The folder of the project has main.ts in it, and many files that are no sources.
  const folders = [["src", true], ["tests", true], ["", false]] as const;
  const watched = folders.map(([folder, recursive]) => ({ folder: PROJECT + folder, recursive }));
  const changes = changesIn(watched, /\.(?:ts|tsv|json)$/);
  while (true) {
    const stop = new AbortController();
    const running = run(choice, stop.signal).then(() => {
      if (!stop.signal.aborted) console.log("\nWaiting for a change in src/ or tests/. Ctrl-C ends this.");
    });
    const { value: path } = await changes.next();
    stop.abort();
    await running;
    if (Deno.stdout.isTerminal()) console.clear();
    console.log(`\n${path.replace(PROJECT, "")} has changed.`);
  }
}

/** Runs the tests, then checks the types, and prints both. Returns true if all is well. */
async function run({ file, tests }: Choice, signal: AbortSignal): Promise<boolean> {
  const permissions = permissionsOfTests();
  const tested = await deno(["test", "--no-check", "--fail-fast", ...permissions, tests], signal);
  if (signal.aborted) return false;
  printOutcome(tested.succeeded, condense(tested.out, tested.err));
  // If a source cannot be loaded, Deno has printed the reason already.
  if (tested.out === "") return false;

  const checked = await deno(["check", ...new Set([file, tests])], signal);
  if (signal.aborted) return false;
  printOutcome(checked.succeeded, checked.succeeded ? "the types are right" : firstTypeError(checked.err));
  return tested.succeeded && checked.succeeded;
}

/** The permissions with which `deno task test:behaviour` runs the tests. */
function permissionsOfTests(): Set<string> {
  const task: string = JSON.parse(read("deno.json")).tasks["test:behaviour"];
  return new Set(Array.from(task.matchAll(/--allow-\S+/g), ([flag]) => flag));
}

async function deno(
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ succeeded: boolean; out: string; err: string }> {
  const child = new Deno.Command("deno", {
    args: [...args],
    cwd: PROJECT,
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
    signal,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let out = "";
  const slow = setTimeout(() => {
    console.log(`Still running after ${SLOW_MS / 1000} s: ${out.trimEnd().split("\n").at(-1) || `deno ${args[0]}`}`);
  }, SLOW_MS);
  const collect = async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) out += text;
  };
  const [err, { success }] = await Promise.all([child.stderr.text(), child.status, collect()]);
  clearTimeout(slow);
  return { succeeded: success, out, err };
}

function printOutcome(succeeded: boolean, text: string): void {
  const [word, color] = succeeded ? ["ok", "green"] : ["FAILED", "red"];
  console.log(`%c${word.padEnd(6)}%c  ${text.replaceAll("%", "%%")}`, `color: ${color}; font-weight: bold`, "");
}
