/** `deno task exercise`, as a learner uses it. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXERCISES } from "../../../src/workshop/exercises/exercises.ts";
import { Folder } from "../../folder.ts";
import { Printed } from "../../processes/program.ts";
import { PROJECT, read } from "../project.ts";
import { runTests } from "./checking.ts";
import { LearnerFile } from "./learner_file.ts";
import { summary, wordsFor } from "./words.ts";

const [, ...FLAGS] = JSON.parse(read("deno.json")).tasks.exercise.split(" ");

// No process lives this long in these tests.
const DEADLINE = 90_000;

/** A learner with a folder of their own. */
class Learner implements Disposable {
  readonly #temporary = new Folder();
  readonly folder = `${this.#temporary.path}/mine`;

  /** Starts the program. */
  start(...args: string[]): Running {
    return new Running([...FLAGS, ...args, "--folder", this.folder].join("\n").split("\n"));
  }

  /** Starts the program with flags for a registry behind its own. */
  serve(name: string, ...flags: string[]): Running {
    return new Running([...FLAGS, name, "--folder", this.folder, "--serve", ...flags]);
  }

  /** Runs the program to its end. */
  async run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    await using running = this.start(...args);
    return { code: (await running.status).code, out: await running.out.whole(), err: await running.err.whole() };
  }

  /** Runs the tests of an exercise in a process of their own, and returns what the program says about them. */
  async told(name: string, longest?: number): Promise<string> {
    const file = this.fileOf(name);
    file.make();
    const result = await runTests(file, { longest });
    return [...wordsFor(file, result), "", summary(file, result, 0)].join("\n");
  }

  /** Writes the body of the function that an exercise takes away. */
  write(name: string, ...lines: string[]): LearnerFile {
    const file = this.fileOf(name);
    file.make();
    const body = lines.map((line) => `  ${line}\n`).join("");
    const text = file.blank().replace(/ {2}\/\/ Write me\..*\n.*\n/, () => body);
    // Like many editors: a file beside it takes its place.
    Deno.writeTextFileSync(`${file.path}.new`, text);
    Deno.renameSync(`${file.path}.new`, file.path);
    return file;
  }

  /** Writes the source's own solution. */
  solve(name: string): void {
    const file = this.fileOf(name);
    file.make();
    Deno.writeTextFileSync(file.path, file.solution());
  }

  fileOf(name: string): LearnerFile {
    return new LearnerFile(EXERCISES.find((exercise) => exercise.name === name)!, this.folder);
  }

  /** Returns the place of a text in the learner's file, such as `/tmp/mine/tag.ts:38`. */
  placeOf(name: string, text: string): string {
    const { path } = this.fileOf(name);
    const lines = Deno.readTextFileSync(path).split("\n");
    return `${path}:${lines.findIndex((line) => line.includes(text)) + 1}`;
  }

  [Symbol.dispose](): void {
    this.#temporary[Symbol.dispose]();
  }
}

/** The program in a process of its own. It ends with the test. */
class Running implements AsyncDisposable {
  readonly out: Printed;
  readonly err: Printed;
  readonly status: Promise<Deno.CommandStatus>;
  readonly #process: Deno.ChildProcess;
  readonly #deadline: ReturnType<typeof setTimeout>;

  constructor(args: readonly string[]) {
    this.#process = new Deno.Command("deno", {
      args: [...args],
      cwd: PROJECT,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.out = new Printed(this.#process.stdout);
    this.err = new Printed(this.#process.stderr);
    this.status = this.#process.status;
    this.#deadline = setTimeout(() => this.end("SIGKILL"), DEADLINE);
  }

  /** Waits for a text, and forgets everything up to there. */
  async until(pattern: RegExp): Promise<string> {
    const { 0: found, index } = await this.out.until(pattern);
    const before = this.out.text.slice(0, index + found.length);
    this.out.text = this.out.text.slice(before.length);
    return before;
  }

  end(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Returns the ids of the processes that it has started and that still run. */
  async children(): Promise<number[]> {
    const { stdout } = await new Deno.Command("pgrep", { args: ["-P", String(this.#process.pid)] }).output();
    return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end("SIGTERM");
    await this.status;
    clearTimeout(this.#deadline);
    await Promise.all([this.out.whole(), this.err.whole()]);
  }
}

Deno.test("the list has all exercises, those that are begun and done, and the next one", async () => {
  using learner = new Learner();
  learner.solve("tag");
  await learner.run("tag", "--once");
  await learner.run("name", "--hint");

  const { code, out, err } = await learner.run();

  assertEquals([code, err], [0, ""]);
  assertMatch(out, /^ {2}✓ {2}tag +parseTag$/m);
  assertMatch(out, /^ {2}› {2}name +parseName +1 hint seen$/m);
  assertMatch(out, /^ {5}range +parseRange$/m);
  assertEquals(out.match(/^ {2}[ ✓›] {2}\S/gm)?.length, EXERCISES.length);
  assertMatch(out, /^1 of \d+ are done\. Go on with: deno task exercise name\n$/m);
});

Deno.test("the learner's file begins without the function, and what is red is told with the place in it", async () => {
  using learner = new Learner();

  const { code, out, err } = await learner.run("content-range", "--once");

  assertEquals([code, err], [1, ""]);
  assertMatch(out, /^Exercise \d+ of \d+: content-range\n/);
  assertMatch(
    out,
    /^first red {2}PUSH-CHUNK-04 PUSH-CHUNK-06: .*\n {2}Error: write me: parseContentRange, in .*mine\/content-range\.ts$/m,
  );
  assertStringIncludes(out, `\n  at ${learner.placeOf("content-range", "throw new Error")}\n       throw new Error(`);
  assertMatch(out, /^ {2}at tests\/definitions\/range_test\.ts:\d+\n {7}assertEquals\(/m);
  assertMatch(
    out,
    /^the 2 rules that are red\n {2}PUSH-CHUNK-04 {2}1 red {2}Content-Range .*\n {2}PUSH-CHUNK-06 {2}2 red /m,
  );
  assertMatch(out, /content-range\.ts {3}0 of 2 tests are green {3}\d+\.\d s\n$/);
  assertEquals(out.match(/^first red/gm)?.length, 1);
});

Deno.test("slow tests run only if all others are green", async () => {
  using learner = new Learner();
  const file = learner.fileOf("referrers");
  const isSlow = ({ name }: { readonly name: string }) => name.includes("DISC-REFERRERS-11");
  const announced: number[] = [];
  file.make();
  const red = await runTests(file, { longest: 60_000 });
  learner.solve("referrers");

  const green = await runTests(file, { longest: 60_000, onSlow: (number) => announced.push(number) });

  assert(red.kind === "ran" && green.kind === "ran", JSON.stringify([red, green]));
  assert(green.tests.some(isSlow));
  assertEquals([red.tests.filter(isSlow), green.left, announced], [[], 0, [red.left]]);
  assertMatch(
    summary(file, red, 0),
    /referrers\.ts {3}\d+ of \d+ tests are green; \d+ slow ones wait until these are {3}/,
  );
  assertMatch(summary(file, green, 0), /referrers\.ts {3}(\d+) of \1 tests are green {3}/);
});

Deno.test("a value that is wrong is told as what was expected and what came", async () => {
  using learner = new Learner();
  learner.write("content-range", "return { start: Number(text[0]), length: 1 };");

  const out = await learner.told("content-range");

  assertMatch(out, /^ {2}expected {2}\{ start: 0, length: 5 \}\n {2}got {7}\{ start: 0, length: 1 \}$/m);
});

Deno.test("the cause of a 500 is told, with the line of the learner's file", async () => {
  using learner = new Learner();
  learner.write("cancel", "const ids = new Map<string, string>();", "return new Response(ids.get(name)!.slice(1));");

  const out = await learner.told("cancel");

  assertMatch(out, /^ {2}DELETE \/v2\/.* ended in a 500\. The cause:\n {2}TypeError: .*undefined/m);
  assertStringIncludes(out, `\n      at ${learner.placeOf("cancel", "ids.get")}\n`);
});

Deno.test("what the learner's code prints is shown", async () => {
  using learner = new Learner();
  learner.write("content-range", 'console.log("I see", text);', "return undefined;");

  const out = await learner.told("content-range");

  assertMatch(out, /^ {2}I see 0-0$/m);
});

Deno.test("a file that is no TypeScript is told as that, with its line, and no test is", async () => {
  using learner = new Learner();
  learner.write("tag", "const a b = 1;");

  const out = await learner.told("tag");

  assertStringIncludes(out, `cannot load  ${learner.placeOf("tag", "const a b")}, so no test runs\n  SyntaxError: `);
  assertMatch(out, /tag\.ts {3}no test counts {3}\d/);
  assert(!out.includes("first red"), out);
});

Deno.test("a function that is not there any more is told as that", async () => {
  using learner = new Learner();
  const file = learner.write("tag", "return undefined;");
  Deno.writeTextFileSync(file.path, file.text()!.replace("function parseTag", "function parseTags"));

  const out = await learner.told("tag");

  assertMatch(out, /^cannot load {2}.*mine\/tag\.ts does not export parseTag, so no test runs$/m);
});

Deno.test("a type error is told with its line, and an exercise is not done with one", async () => {
  using learner = new Learner();
  const file = learner.write("tag", "const n: number = text;", "return undefined;");
  const red = await learner.run("tag", "--once");
  Deno.writeTextFileSync(file.path, `${file.solution()}\nexport const wrong: number = "text";\n`);

  const green = await learner.run("tag", "--once");

  for (const { code, out } of [red, green]) {
    assertEquals(code, 1, out);
    assertMatch(out, /^type error {2}in .*mine\/tag\.ts, so the tests do not count\n {2}TS2322 /m);
  }
  assertMatch(red.out, /^ +const n: number = text;\n/m);
  assertMatch(green.out, /8 of 8 tests are green/);
  assertMatch((await learner.run()).out, /^0 of /m);
});

Deno.test("a loop without an end, and a promise without one, end with a word about it", async () => {
  using learner = new Learner();
  learner.write("tag", "for (;;);");
  const loop = await learner.told("tag", 1000);
  learner.write("cancel", "return await new Promise(() => {});");
  const promise = await learner.told("cancel", 1000);

  const words =
    /^endless {2}.*\.ts does not come to an end, in the test "(PULL-MANIFEST-04|PUSH-CANCEL-01).*"\.\n {2}(.*\?)\n/;
  assertEquals(words.exec(loop)?.slice(1), ["PULL-MANIFEST-04", "Is there a loop that never ends?"]);
  assertEquals(words.exec(promise)?.[1], "PUSH-CANCEL-01");
  assertMatch(promise, /^ {2}Is there a promise that nobody resolves, /m);
  assertMatch(loop, /tag\.ts {3}no test counts {3}/);
});

Deno.test("code that ends the process is told, and the tests before it do not count", async () => {
  using learner = new Learner();
  learner.write("tag", "Deno.exit(0);");

  const out = await learner.told("tag");

  assertMatch(
    out,
    /^ended {2}.*tag\.ts ends the process of the tests, in the test "PULL-MANIFEST-04 .*\n {2}Does it call Deno\.exit\?$/m,
  );
});

Deno.test("code that fills the memory is told, before the machine gets slow", async () => {
  using learner = new Learner();
  learner.write("tag", "const all: unknown[] = []; for (;;) all.push(new Array(100_000).fill(all.length));");
  assertMatch(await learner.told("tag"), /^ended {2}.*\n {2}It fills the memory\. Is there a list that grows/m);
});

Deno.test("what the learner's code prints is no message of the tests, even if it looks like one", async () => {
  using learner = new Learner();
  const print = 'Deno.stdout.writeSync(new TextEncoder().encode("\\n\\x1e{oops\\n\\x1enull\\n"));';
  learner.write("tag", `${print} throw new Error("red");`);
  assertMatch(await learner.told("tag"), / 0 of \d+ tests are green /);
});

Deno.test("the learner's code may write nothing and reach nobody", async () => {
  using learner = new Learner();
  learner.write("tag", `Deno.writeTextFileSync("${learner.folder}/out", text);`, "return undefined;");

  const out = await learner.told("tag");

  assertMatch(out, /^first red {2}PULL-MANIFEST-04 .*\n {2}NotCapable: Requires write access /m);
  assert(![...Deno.readDirSync(learner.folder)].some(({ name }) => name === "out"));
});

Deno.test("if all is green, the source stands beside the learner's file, and the next exercise is named", async () => {
  using learner = new Learner();
  learner.write(
    "tag",
    "const GRAMMAR = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;",
    "return GRAMMAR.test(text) ? text as Tag : undefined;",
  );

  const { code, out, err } = await learner.run("tag", "--once");

  assertEquals([code, err], [0, ""]);
  assertMatch(
    out,
    /\n.*tag\.ts {3}8 of 8 tests are green {3}.*\n\nAll is green, and the types are right\.\n- .*tag\.ts {3}\+ src\/definitions\/tag\.ts\n@@ /,
  );
  assertMatch(out, /^- {2}const GRAMMAR = \/\^\[A-Za-z0-9_\]/m);
  assertMatch(out, /^\+const GRAMMAR = \/\^\[a-zA-Z0-9_\]/m);
  assertMatch(out, /\nThe next exercise: deno task exercise name\n$/);
});

Deno.test("an exercise that was done is not done any more after a change", async () => {
  using learner = new Learner();
  learner.solve("tag");
  await learner.run("tag", "--once");
  const before = await learner.run();
  learner.write("tag", "return undefined;");

  assertMatch(before.out, /^1 of /m);
  assertMatch((await learner.run()).out, /^0 of /m);
});

Deno.test("--hint shows one hint more each time, and the last one again", async () => {
  using learner = new Learner();
  const shown: string[] = [];
  for (let times = 0; times < 4; times++) shown.push((await learner.run("range", "--hint")).out);

  assertEquals(shown.map((out) => /^hint \d of \d/.exec(out)?.[0]), [
    "hint 1 of 3",
    "hint 2 of 3",
    "hint 3 of 3",
    "hint 3 of 3",
  ]);
  assertMatch(shown[2], /^hint 3 of 3, the last one; --solution shows the source\n {4}const match = /);
});

Deno.test("--reset begins anew, keeps the file beside the new one, and forgets the hints", async () => {
  using learner = new Learner();
  const file = learner.write("tag", "return undefined;");
  const mine = file.text();
  await learner.run("tag", "--hint");

  const first = await learner.run("tag", "--reset");
  const second = await learner.run("tag", "--reset");

  assertMatch(first.out, /tag\.ts is new, and the old one is tag\.1\.ts beside it\.\n$/);
  assertMatch(second.out, /tag\.ts is new, and the old one is tag\.2\.ts beside it\.\n$/);
  assertEquals(Deno.readTextFileSync(`${learner.folder}/tag.1.ts`), mine);
  assertEquals(file.text(), file.blank());
  assertMatch((await learner.run()).out, /^ {2}› {2}tag +parseTag$/m);
});

Deno.test("each save is answered, a save ends a run that is still going, and Ctrl-C leaves no process behind", async () => {
  using learner = new Learner();
  await using running = learner.start("tag");
  await running.until(/0 of 8 tests are green[^]*Waiting for a change /);
  learner.write("tag", "for (;;);");
  // The process of the tests is there now, and would run for seconds.
  while ((await running.children()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  learner.write("tag", "return /^[a-z]+$/.test(text) ? text as Tag : undefined;");
  const wrong = await running.until(/ of 8 tests are green[^]*Waiting for a change /);
  learner.solve("tag");
  await running.until(/8 of 8 tests are green[^]*The next exercise: [^]*Waiting for a change /);
  learner.write("tag", "for (;;);");
  let children: number[] = [];
  while (children.length === 0) children = await running.children();

  running.end("SIGINT");
  const { code, signal } = await running.status;

  assertEquals([code, signal, await running.err.whole()], [0, null, ""]);
  assert(!wrong.includes("endless"), wrong);
  const { code: found } = await new Deno.Command("ps", { args: ["-o", "pid=", "-p", children.join(",")] }).output();
  assertEquals(found, 1, "a process of the tests is still there");
});

Deno.test("--serve serves the learner's function, and its next version after a change", async () => {
  using learner = new Learner();
  await using running = learner.serve("tags", "--port", "0", "--log", "none", "--no-page", "--threads", "1");
  const ask = async () => {
    const [, address] = /listens on (http:\S+)/.exec(await running.until(/listens on http:\S+ /))!;
    const answer = await fetch(`${address}/v2/library/hello/tags/list`);
    return [answer.status, await answer.text()];
  };
  const [first] = await ask();
  learner.write("tags", 'return Response.json({ name, tags: ["mine"] });');
  const second = await ask();

  running.end("SIGINT");
  const { code, signal } = await running.status;

  assertEquals([first, second], [500, [200, '{"name":"library/hello","tags":["mine"]}']]);
  assertEquals([code, signal, await running.children()], [0, null, []]);
});

Deno.test("a command line that makes no sense is refused in one line", async () => {
  using learner = new Learner();
  const refused = {
    "rang": 'There is no exercise "rang". Did you mean range?',
    "tag name": "One exercise at a time, please.",
    "tag --quick": "There is no flag --quick. deno task exercise --help shows all.",
    "--hint": "--hint needs the name of an exercise.",
    "tag --hint --reset": "--hint and --reset do not go together.",
  };
  for (const [args, message] of Object.entries(refused)) {
    assertEquals(await learner.run(...args.split(" ")), { code: 2, out: "", err: `${message}\n` });
  }
  await using inProject = new Running([...FLAGS, "tag", "--reset", "--folder", "src/definitions"]);
  assertEquals(
    [(await inProject.status).code, await inProject.err.whole()],
    [2, "--folder src/definitions is a folder of the project itself. Yours may be below exercises/.\n"],
  );
  await using serving = learner.serve("tag", "--prot", "1");
  assertEquals([(await serving.status).code, await serving.out.whole()], [2, ""]);
  assertMatch(await serving.err.whole(), /^[^\n]*--prot[^\n]*\n$/);
});

Deno.test("a folder that is none is refused in one line", async () => {
  using learner = new Learner();
  Deno.writeTextFileSync(learner.folder, "no folder");

  const { code, out, err } = await learner.run("tag", "--once");

  assertEquals([code, out], [2, ""]);
  assertMatch(err, /^Cannot use the folder [^\n]+\n$/);
});

Deno.test("the file in the project has imports that an editor understands, and elsewhere they are URLs", () => {
  using learner = new Learner();
  const exercise = EXERCISES.find(({ name }) => name === "cancel")!;

  const here = new LearnerFile(exercise, `${PROJECT}exercises`).blank();
  const elsewhere = learner.fileOf("cancel").blank();

  assertStringIncludes(here, 'import { sessionUnknown } from "../src/push/pushing_blobs.ts";');
  assertStringIncludes(elsewhere, `import { sessionUnknown } from "file://${PROJECT}src/push/pushing_blobs.ts";`);
  assertStringIncludes(here, 'throw new Error("write me: cancelUpload, in exercises/cancel.ts");');
});
