/**
 * Finds the tests that fail ("go red") when a source is blank.
 *
 * Learners remove the bodies of a file and write them again. The file's own tests guide them, so those must go red.
 * The tests of other files should stay green; otherwise learners would look for their mistake in the wrong place.
 *
 * An import map puts the blanked copy of a source in its place, and no source is changed. First all tests run once with
 * instrumented sources. That shows which tests call a source at all; with the source blank, only these run.
 *
 * @module
 */

import { blank, instrument, withAbsoluteImports } from "./blank.ts";
import type { Outcome, Selection } from "./run.ts";

/** The result of blanking a source. */
export interface Row {
  /** The source, from the project's folder. */
  readonly source: string;
  /** The number of its own tests that are red. */
  readonly ownRed: number;
  /** The number of its own tests. */
  readonly own: number;
  /** The number of other tests that are red. */
  readonly othersRed: number;
}

const PROJECT = new URL("../../../", import.meta.url);
const TABLE = new URL("expected.tsv", import.meta.url);

const FILES = ["src/api/determining_support.ts", "src/api/warnings.ts", "src/http/preconditions.ts"];

const CHAPTERS = [
  "src/pull",
  "src/push",
  "src/content_discovery",
  "src/content_management",
  "src/backwards_compatibility",
  "src/upgrade_procedures",
  "src/extensions",
];

// These tests are quick and start no process.
const TEST_FOLDERS = ["tests/api", "tests/http", ...CHAPTERS.map(testsOf), "tests/definitions"];

// The permissions of `deno task test`, without processes.
const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-net", "--allow-env"];

/** The sources that learners blank. */
export function listSources(): string[] {
  return [...FILES, ...CHAPTERS.flatMap((folder) => filesIn(folder, ".ts"))];
}

/**
 * Blanks one source after another and counts the red tests.
 *
 * A source's own tests are in the test file of the same name. If there is none, the source serves its whole chapter,
 * and the chapter's tests are its own.
 *
 * @throws {Error} If a test is red with nothing blank, or if a test file cannot be loaded.
 */
export async function measure(sources: readonly string[]): Promise<Row[]> {
  const folder = await Deno.makeTempDir({ prefix: "glassbox_" });
  try {
    const tests = await runAll(sources, folder);
    const red = tests.filter(({ isRed }) => isRed).map(({ file, name }) => `\n${file}: ${name}`);
    if (red.length > 0) throw new Error(`These tests are red with nothing blank:${red.join("")}`);
    return await inParallel(sources, (source, number) => blankOne(source, tests, `${folder}/${number}`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Returns the table of expected results. */
export function readTable(): Row[] {
  const [, ...lines] = Deno.readTextFileSync(TABLE).trimEnd().split("\n");
  return lines.map((line) => {
    const [source, ownRed, own, othersRed] = line.split("\t");
    return { source, ownRed: Number(ownRed), own: Number(own), othersRed: Number(othersRed) };
  });
}

/** Replaces the table of expected results. */
export function writeTable(rows: readonly Row[]): void {
  const head = ["source", "red tests of its own", "tests of its own", "other red tests"];
  const lines = rows.map(({ source, ownRed, own, othersRed }) => [source, ownRed, own, othersRed]);
  Deno.writeTextFileSync(TABLE, [head, ...lines].map((line) => line.join("\t") + "\n").join(""));
}

// All tests, with instrumented sources.
async function runAll(sources: readonly string[], folder: string): Promise<Outcome[]> {
  const processes = Array.from({ length: navigator.hardwareConcurrency }, (): Selection[] => []);
  const files = TEST_FOLDERS.flatMap((folder) => filesIn(folder, "_test.ts"));
  files.forEach((file, number) => processes[number % processes.length].push({ file }));
  const copies = sources.map((source): Copy => {
    const statement = `globalThis.calledSources?.add(${JSON.stringify(source)});`;
    return { source, text: instrument(Deno.readTextFileSync(new URL(source, PROJECT)), statement) };
  });
  const outcomes = await inParallel(processes, (part, number) => run(copies, part, `${folder}/all-${number}`));
  return outcomes.flat();
}

// The tests that call a source, with this source blank.
async function blankOne(source: string, tests: readonly Outcome[], folder: string): Promise<Row> {
  const callers = Map.groupBy(tests.filter(({ called }) => called.includes(source)), ({ file }) => file);
  const selection = [...callers].map(([file, tests]) => ({ file, names: tests.map(({ name }) => name) }));
  const text = blank(Deno.readTextFileSync(new URL(source, PROJECT)), source);
  const outcomes = await run([{ source, text }], selection, folder);
  const red = outcomes.filter(({ isRed }) => isRed);

  const file = testsOf(source).replace(/\.ts$/, "_test.ts");
  const hasFile = tests.some((test) => test.file === file);
  const isOwn = (test: Outcome) => hasFile ? test.file === file : folderOf(test.file) === folderOf(file);
  const ownRed = red.filter(isOwn).length;
  return { source, ownRed, own: tests.filter(isOwn).length, othersRed: red.length - ownRed };
}

// A copy that takes the place of a source.
interface Copy {
  readonly source: string;
  readonly text: string;
}

// Runs tests in a process of their own. They leave their files in `folder`, which the caller removes.
async function run(copies: readonly Copy[], selection: readonly Selection[], folder: string): Promise<Outcome[]> {
  await Deno.mkdir(`${folder}/tmp`, { recursive: true });
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", PROJECT)));
  for (const [number, { source, text }] of copies.entries()) {
    const url = new URL(source, PROJECT).href;
    const copy = `${folder}/${number}.ts`;
    await Deno.writeTextFile(copy, withAbsoluteImports(text, url));
    imports[url] = `file://${copy}`;
  }
  const [map, selected, outcomes] = ["map", "selection", "outcomes"].map((name) => `${folder}/${name}.json`);
  await Deno.writeTextFile(map, JSON.stringify({ imports }));
  await Deno.writeTextFile(selected, JSON.stringify(selection));

  const options = ["--no-prompt", "--no-check", ...PERMISSIONS, "--import-map", map];
  const { success, stderr } = await new Deno.Command("deno", {
    args: ["run", ...options, "tests/programs/blanking/run.ts", selected, outcomes],
    cwd: PROJECT,
    env: { TMPDIR: `${folder}/tmp`, NO_COLOR: "1" },
    stdout: "null",
  }).output();
  if (success) return JSON.parse(await Deno.readTextFile(outcomes));
  const copied = copies.length === 1 ? copies[0].source : "all sources";
  throw new Error(`The tests cannot run with a copy of ${copied}: ${new TextDecoder().decode(stderr)}`);
}

/** Works on as many items at a time as there are processors. It fails when nothing is under way any more. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item, number: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const rest = items.entries();
  const worker = async () => {
    for (const [number, item] of rest) results[number] = await work(item, number);
  };
  const ends = await Promise.allSettled(Array.from({ length: navigator.hardwareConcurrency }, worker));
  const failure = ends.find((end) => end.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return results;
}

function testsOf(path: string): string {
  return path.replace(/^src\//, "tests/");
}

function folderOf(path: string): string {
  return path.replace(/\/[^/]*$/, "");
}

function filesIn(folder: string, end: string): string[] {
  const names = [...Deno.readDirSync(new URL(folder, PROJECT))].map(({ name }) => name);
  return names.filter((name) => name.endsWith(end)).sort().map((name) => `${folder}/${name}`);
}
