/** Each exercise: without its function, just the rules that it names are red, and with the function again nothing is. */

import { assert, assertEquals } from "@std/assert";
import { EXERCISES } from "../../../src/workshop/exercises/exercises.ts";
import { Folder } from "../../folder.ts";
import { runDeno } from "../../processes/program.ts";
import { inParallel } from "../blanking/measure.ts";
import { PROJECT } from "../project.ts";
import { citationsIn } from "../rules.ts";
import { type Result, runTests } from "./checking.ts";
import { LearnerFile } from "./learner_file.ts";

function testsOf(result: Result) {
  assert(result.kind === "ran", JSON.stringify(result));
  return result.tests;
}

function rulesIn(name: string): string[] {
  return citationsIn(name).map(({ id }) => id);
}

Deno.test("without its function, the rules that an exercise names are red, and nothing else; with it, everything is green", async (t) => {
  using folder = new Folder();
  const results = await inParallel(EXERCISES, async (exercise) => {
    const file = new LearnerFile(exercise, `${folder.path}/${exercise.name}`);
    file.make();
    const blank = await runTests(file, { all: true, longest: 60_000 });
    const solution = file.solution();
    Deno.writeTextFileSync(file.path, solution);
    return { exercise, blank, whole: await runTests(file, { all: true, longest: 60_000 }) };
  });

  for (const { exercise: { name, function: taken, rules }, blank, whole } of results) {
    await t.step(name, () => {
      const red = testsOf(blank).filter(({ isGreen }) => !isGreen);
      const cited = new Set(red.flatMap(({ name }) => rulesIn(name)));
      const named = new Set<string>(rules);
      const unnamed = red.filter(({ name }) => rulesIn(name).length > 0 && !rulesIn(name).some((id) => named.has(id)));
      const stillRed = testsOf(whole).filter(({ isGreen }) => !isGreen);

      assertEquals(
        unnamed.map(({ name }) => name),
        [],
        "these tests are red, and the exercise names none of their rules",
      );
      assertEquals(rules.filter((rule) => !cited.has(rule)), [], "no test of these rules is red");
      const { failure, printed } = red[0];
      assert([failure?.title, failure?.got, ...printed].some((text) => text?.includes(`write me: ${taken}, in `)));
      assertEquals(stillRed, []);
    });
  }
});

Deno.test("every file that an exercise begins with has no type error", async () => {
  using folder = new Folder();
  const files = EXERCISES.map((exercise) => new LearnerFile(exercise, folder.path));
  for (const file of files) file.make();

  const { code, errors } = await runDeno(
    ...["check", "--quiet", `--config=${PROJECT}deno.json`],
    ...files.map(({ path }) => path),
  );

  assertEquals(code, 0, errors);
});

Deno.test("an exercise takes its function away, and says what is needed to write it", () => {
  assertEquals(new Set(EXERCISES.map(({ name }) => name)).size, EXERCISES.length);
  for (const exercise of EXERCISES) {
    const { name, learn, hints, rules, tests } = exercise;
    const file = new LearnerFile(exercise, `${PROJECT}exercises`);
    const [blank, solution] = [file.blank(), file.solution()];

    assert(/^[a-z]+(?:-[a-z]+)*$/.test(name), name);
    assert(blank.length < solution.length, `${name}: what goes is shorter than what comes`);
    assertEquals(learn.match(/[.?](?= |$)/g)?.length, 2, `${name}: ${learn}`);
    assert(rules.length > 0 && tests.length > 0 && /^ {2}\S/m.test(hints[2]), name);
  }
});
