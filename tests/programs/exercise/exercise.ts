/**
 * Exercises: a function of the registry is taken away, and a learner writes it again.
 *
 *     deno task exercise               lists the exercises, and what is done
 *     deno task exercise range         makes exercises/range.ts without parseRange, and runs the tests after each change
 *
 * The learner's file takes the place of the source in the tests, and with `--serve` in the registry. The tests come first, and need
 * less than a second; the types are checked beside them. When everything is right, the source's solution stands beside the learner's.
 * Nothing begins by itself then: a learner may want to make it better.
 *
 * Exit status: 0 if the tests and the types were right or a person has ended it, 1 if not, 2 for a wrong command line.
 *
 * @module
 */

import { relative, resolve } from "node:path";
import { styled, table } from "../../../src/serving/terminal_lines.ts";
import { inTime } from "../../../src/waiting.ts";
import type { Exercise } from "../../../src/workshop/exercises/exercise.ts";
import { EXERCISES } from "../../../src/workshop/exercises/exercises.ts";
import { PROJECT } from "../project.ts";
import { distanceOf } from "../rules.ts";
import { runProgram } from "../run_program.ts";
import { checkTypes, runTests } from "./checking.ts";
import { LearnerFile } from "./learner_file.ts";
import { Progress } from "./progress.ts";
import { serve } from "./serving.ts";
import { eventsOf } from "./watching.ts";
import { introduction, solutionBeside, summary, wordsFor, wordsForDone, wordsForHint, wordsForTypes } from "./words.ts";

const HELP = `Exercises: take a function of the registry away, and write it again.

Usage: deno task exercise [NAME] [FLAGS]

  Without a name: the exercises, from easy to hard, and what is done.
  With a name: makes exercises/NAME.ts if it is not there, and runs its tests after each change.

  --hint           show the next of three hints
  --solution       show the source beside your file
  --reset          begin anew; your file stays beside the new one
  --once           run the tests once, and end
  --serve [FLAGS]  serve a registry with your function in it, again after each change; with the flags of deno task start
  --folder FOLDER  the folder of your files (exercises)
  -h, --help       print this and exit`;

const FOLDER = "exercises";

const ACTIONS = ["--hint", "--solution", "--reset", "--once", "--serve"];

// The types are known a little later than the tests. A type error can be the reason for red tests, so the tests wait for it, up to so
// many milliseconds after the save.
const WAIT_FOR_TYPES = 1200;

// A person sits in front of it: keys count, and the screen is cleared for what is new.
const isTerminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();

if (import.meta.main) await runProgram(HELP, main);

async function main(args: string[]): Promise<number> {
  const choice = choose(args);
  if (typeof choice === "string") {
    console.error(choice);
    return 2;
  }
  try {
    return await act(choice);
  } catch (error) {
    const isAboutFile = Object.values(Deno.errors).some((FileError) => error instanceof FileError);
    if (!isAboutFile) throw error;
    console.error(`Cannot use the folder ${choice.folder}: ${(error as Error).message}`);
    return 2;
  }
}

async function act({ exercise, folder, action, flags }: Choice): Promise<number> {
  const progress = new Progress(folder);
  if (exercise === undefined) {
    print(listOf(folder, progress));
    return 0;
  }
  const file = new LearnerFile(exercise, folder);
  if (action === "--reset") {
    const old = file.reset();
    progress.forget(exercise);
    print([
      `${file.shown} is new${old === undefined ? "" : `, and the old one is ${old.split("/").at(-1)} beside it`}.`,
    ]);
    return 0;
  }
  file.make();
  if (action === "--hint") return showHint(file, progress);
  if (action === "--solution") {
    print(solutionBeside(file));
    return 0;
  }
  if (action === "--serve") return await serve(file, folder, flags);
  print(introduction(file));
  if (action === "--once") return await check(file, progress, new AbortController().signal) ? 0 : 1;
  return await watch(file, progress);
}

/** What the command line asks for. */
interface Choice {
  readonly exercise?: Exercise;
  /** The folder of the learner, as a whole path. */
  readonly folder: string;
  readonly action?: string;
  /** The flags of the registry. */
  readonly flags: readonly string[];
}

// Returns a text for the person if the command line is wrong.
function choose(args: readonly string[]): Choice | string {
  const end = args.includes("--serve") ? args.indexOf("--serve") + 1 : args.length;
  const names: string[] = [];
  const actions: string[] = [];
  let folder: string | undefined = FOLDER;
  const own = args.slice(0, end).values();
  for (const arg of own) {
    if (arg === "--folder") folder = own.next().value;
    else if (ACTIONS.includes(arg)) actions.push(arg);
    else if (arg.startsWith("-")) return `There is no flag ${arg}. deno task exercise --help shows all.`;
    else names.push(arg);
  }
  if (folder === undefined || folder === "") return "--folder needs the path of a folder.";
  const whole = resolve(PROJECT, folder).replaceAll("\\", "/");
  if (isOfProject(whole)) return `--folder ${folder} is a folder of the project itself. Yours may be below ${FOLDER}/.`;
  if (names.length > 1) return "One exercise at a time, please.";
  if (actions.length > 1) return `${actions.join(" and ")} do not go together.`;
  const [name] = names;
  if (name === undefined && actions.length > 0) return `${actions[0]} needs the name of an exercise.`;
  const exercise = EXERCISES.find((exercise) => exercise.name === name);
  if (name !== undefined && exercise === undefined) {
    return `There is no exercise "${name}". Did you mean ${nearest(name)}?`;
  }
  return { exercise, folder: whole, action: actions[0], flags: args.slice(end) };
}

// In a folder of the project, a source would be taken for a learner's file.
function isOfProject(folder: string): boolean {
  const inside = relative(PROJECT, folder).replaceAll("\\", "/");
  return !inside.startsWith("../") && inside !== FOLDER && !inside.startsWith(`${FOLDER}/`);
}

function nearest(wanted: string): string {
  const [{ name }] = EXERCISES.toSorted((a, b) => distanceOf(a.name, wanted) - distanceOf(b.name, wanted));
  return name;
}

function listOf(folder: string, progress: Progress): string[] {
  let done = 0;
  let next: Exercise | undefined;
  const rows = EXERCISES.map((exercise) => {
    const file = new LearnerFile(exercise, folder);
    const isDone = progress.isDone(file);
    if (isDone) done++;
    else next ??= exercise;
    const hints = progress.hintsOf(exercise);
    const note = hints === 0 ? "" : hints === 1 ? "1 hint seen" : `${hints} hints seen`;
    return [isDone ? "✓" : file.text() === undefined ? " " : "›", exercise.name, exercise.function, note];
  });
  return [
    styled("strong", "Exercises: write a function of the registry again. The easy ones come first."),
    ...table(rows),
    "",
    `${done} of ${EXERCISES.length} are done.${
      next === undefined ? "" : ` Go on with: deno task exercise ${next.name}`
    }`,
  ];
}

function showHint(file: LearnerFile, progress: Progress): number {
  const { exercise } = file;
  const number = Math.min(progress.hintsOf(exercise) + 1, exercise.hints.length);
  progress.noteHints(exercise, number);
  print(wordsForHint(exercise, number));
  return 0;
}

/** Runs the tests, and checks the types. Prints what they say. Returns true if all is well. */
async function check(file: LearnerFile, progress: Progress, signal: AbortSignal): Promise<boolean> {
  const text = file.text();
  if (text === undefined) {
    print([`${file.shown} is gone. deno task exercise ${file.exercise.name} --reset makes a new one.`]);
    return false;
  }
  const enough = new AbortController();
  const checking = checkTypes(file, AbortSignal.any([signal, enough.signal]));
  try {
    return await tell(file, progress, signal, text, checking);
  } finally {
    enough.abort();
    await checking;
  }
}

async function tell(
  file: LearnerFile,
  progress: Progress,
  signal: AbortSignal,
  text: string,
  checking: Promise<string | undefined>,
): Promise<boolean> {
  const started = performance.now();
  const onSlow = (slow: number) => print([styled("good", `All tests are green but ${slow} slow ones, which run now.`)]);
  const result = await runTests(file, { signal, onSlow });
  const time = performance.now() - started;
  const numbers = summary(file, result, time);
  if (signal.aborted) return false;
  if (result.kind === "unloadable") {
    // Deno would only say the same again.
    print([...wordsFor(file, result), "", numbers]);
    return false;
  }
  // A type error is told in place of the tests if it is known in time, and after them if not.
  const allGreen = result.kind === "ran" && result.tests.length > 0 && result.tests.every(({ isGreen }) => isGreen);
  const isKnown = !allGreen && await inTime(checking, WAIT_FOR_TYPES - time);
  const known = isKnown ? await checking : undefined;
  if (signal.aborted) return false;
  print([...(known === undefined ? wordsFor(file, result) : wordsForTypes(file, known)), "", numbers]);
  if (isKnown) return false;
  const typeError = await checking;
  if (signal.aborted) return false;
  if (typeError !== undefined) {
    // What the tests say does not count any more, so it goes.
    if (isTerminal) console.clear();
    print(["", ...wordsForTypes(file, typeError), "", numbers]);
  }
  if (typeError !== undefined || !allGreen) return false;
  progress.noteDone(file.exercise, text);
  print(["", styled("good", "All is green, and the types are right."), ...wordsForDone(file)]);
  return true;
}

/** Runs the tests now and after each change, until a person ends it. */
async function watch(file: LearnerFile, progress: Progress): Promise<number> {
  const events = eventsOf(file.path, isTerminal);
  let stop = new AbortController();
  let checked: string | undefined;
  let checking = Promise.resolve();
  const begin = () => {
    stop = new AbortController();
    const { signal } = stop;
    checked = file.text();
    checking = check(file, progress, signal).then(() => {
      const keys = isTerminal ? "Keys: h for a hint, s for the solution, q to end." : "Ctrl-C ends this.";
      if (!signal.aborted) print(["", `Waiting for a change of ${file.shown}. ${keys}`]);
    });
  };
  begin();
  for await (const event of events) {
    if (event === "end") break;
    if (event === "hint") showHint(file, progress);
    if (event === "solution") print(solutionBeside(file));
    // Editors and formatters also write what is there already.
    if (event !== "change" || file.text() === checked) continue;
    stop.abort();
    await checking;
    if (isTerminal) console.clear();
    begin();
  }
  stop.abort();
  await checking;
  return 0;
}

function print(lines: readonly string[]): void {
  console.log(lines.join("\n"));
}
