/** The programs for learners: `deno task rule`, `deno task spec` and `deno task try`. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Folder } from "./folder.ts";
import { runDeno } from "./processes/program.ts";

const project = new URL("..", import.meta.url).pathname;

// Returns the permissions and the file of each task, without Deno's own line about the task.
const TASKS: Record<string, string> = JSON.parse(read("deno.json")).tasks;

function read(path: string): string {
  return Deno.readTextFileSync(project + path);
}

function command(task: string, args: readonly string[], folder: string): Deno.Command {
  const [deno, ...flags] = TASKS[task].split(" ");
  // This is below the folder, so that Deno's cache for a copy of the project goes with the copy.
  const cache: Record<string, string> = folder === project ? {} : { DENO_DIR: `${folder}.deno` };
  return new Deno.Command(deno, {
    args: [...flags, ...args],
    cwd: folder,
    env: { NO_COLOR: "1", ...cache },
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(task: string, args: readonly string[], folder = project) {
  const { code, stdout, stderr } = await command(task, args, folder).output();
  // On a busy machine, try prints that it still waits.
  const out = new TextDecoder().decode(stdout).replace(/^Still running .*\n/gm, "");
  return { code, out, err: new TextDecoder().decode(stderr) };
}

const CANCEL = "src/push/cancel_a_blob_upload.ts";
const CANCEL_TEST = "tests/push/cancel_a_blob_upload_test.ts";

/** A copy of the project, whose sources a test may break. */
class Copy {
  readonly #temporary = new Folder();
  readonly folder = `${this.#temporary.path}/`;

  constructor() {
    for (const path of ["src", "tests", "deno.json", "main.ts"]) copy(project + path, this.folder + path);
  }

  /** Adds a line to the section that cancels uploads, as its first. */
  break(line: string): void {
    const intact = read(CANCEL);
    const broken = intact.replace(/export async function [^]*?\{$/m, (signature) => `${signature}\n${line}`);
    assert(broken !== intact);
    Deno.writeTextFileSync(this.folder + CANCEL, broken);
  }

  /** Returns the line of a text in the section that cancels uploads: `src/push/cancel_a_blob_upload.ts:26`. */
  placeOf(text: string): string {
    const lines = Deno.readTextFileSync(this.folder + CANCEL).split("\n");
    return `${CANCEL}:${lines.findIndex((line) => line.includes(text)) + 1}`;
  }

  [Symbol.dispose](): void {
    this.#temporary[Symbol.dispose]();
  }
}

function copy(from: string, to: string): void {
  if (!Deno.statSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copy(`${from}/${name}`, `${to}/${name}`);
}

Deno.test("rule shows the sentence of a rule, its link, the lines that cite it, and the tests that name it", async () => {
  const { code, out, err } = await run("rule", ["PUSH-SINGLE-03"]);

  assertEquals([code, err], [0, ""]);
  const lines = out.split("\n");
  assertEquals(lines[0], "PUSH-SINGLE-03   MUST   binds the client");
  assertEquals(lines[1], "  The digest parameter is the true digest of the body.");
  assertMatch(out, /^ {2}seen by +registry side: wrong digest gives 400 and the blob stays 404$/m);
  assertMatch(out, /^ {2}heading +Push > Pushing a blob monolithically > Single POST$/m);
  assertMatch(out, /^ {2}spec +https:\/\/github\.com\/opencontainers\/.+\/spec\.md#single-post$/m);
  assertMatch(out, /^ {2}source +src\/push\/pushing_a_blob_monolithically\.ts$/m);

  const places = [...out.matchAll(/((?:src|tests)\/\S+\.ts):(\d+)/g)];
  for (const [place, path, line] of places) {
    // Deno's formatter may put the name of a test on the line below its beginning.
    const text = read(path).split("\n").slice(Number(line) - 1, Number(line) + 2).join("\n");
    assertStringIncludes(text, "PUSH-SINGLE-03", place);
  }
  assertEquals(new Set(places.map(([, path]) => path.split("/")[0])), new Set(["src", "tests"]));
});

Deno.test("rule takes several ids, and what ids start with, in any case, and shows each rule once", async () => {
  const { code, out } = await run("rule", ["push-cancel", "PUSH-CANCEL-01", "Pull-Blob-06"]);

  const ids = read("src/spec/requirements.tsv").match(/^PUSH-CANCEL-\w+/gm);
  assertEquals([code, out.match(/^[A-Z][A-Z0-9-]+/gm)], [0, [...ids ?? [], "PULL-BLOB-06"]]);
});

Deno.test("rule says why a rule has no test", async () => {
  const { out } = await run("rule", ["PROXY-01", "PUSH-CANCEL-03"]);

  assertEquals(out.match(/^ {2}tests .*$/gm), [
    "  tests     none: not taken up: this registry is no proxy",
    "  tests     none: this rule is for clients",
  ]);
});

Deno.test("an unknown rule is one line with the nearest ids, and status 2", async () => {
  for (const task of ["rule", "spec"]) {
    const { code, out, err } = await run(task, ["push-cancel-01", "push-sngle-03"]);

    assertEquals([code, out], [2, ""]);
    assertMatch(err, /^There is no rule "push-sngle-03"\. Did you mean PUSH-SINGLE-03, .+\?\n$/);
  }
});

Deno.test("--help prints the usage; a missing argument prints it as an error", async () => {
  for (const task of ["rule", "spec", "try"]) {
    for (const flag of ["--help", "-h"]) {
      const { code, out, err } = await run(task, [flag]);
      assertEquals([code, err], [0, ""]);
      assertMatch(out, new RegExp(`^Usage: deno task ${task} `));
    }
    if (task === "spec") continue;
    const { code, out, err } = await run(task, []);
    assertEquals([code, out], [2, ""]);
    assertMatch(err, new RegExp(`^Usage: deno task ${task} `));
  }
});

Deno.test("spec shows every rule, and how to look one up", async () => {
  const { code, out } = await run("spec", []);

  const ids = read("src/spec/requirements.tsv").trimEnd().split("\n").slice(1).map((line) => line.split("\t")[0]);
  assertEquals(code, 0, out.split("\n").filter((line) => line.includes("MISSING")).join("\n"));
  assertEquals(out.match(/(?<=^ {2})[A-Z][A-Z0-9-]+/gm), ids);
  assertMatch(out, new RegExp(`^${ids.length} rules: .+, 0 missing\n.*deno task rule ID.*\n$`, "m"));
});

Deno.test("spec shows only the rules that start with an id", async () => {
  const { code, out } = await run("spec", ["push-cancel"]);

  const ids = read("src/spec/requirements.tsv").match(/^PUSH-CANCEL-\w+/gm);
  assertEquals([code, out.match(/(?<=^ {2})[A-Z][A-Z0-9-]+/gm)], [0, ids]);
  assertMatch(out, /^ {2}PUSH-CANCEL-01 +SHOULD +\d+ tests +tests\/push\/cancel_a_blob_upload_test\.ts$/m);
});

Deno.test("try runs the tests of a source, then checks its types", async () => {
  // The end of the path is enough.
  const { code, out, err } = await run("try", ["cancel_a_blob_upload.ts", "--once"]);

  assertEquals([code, err], [0, ""]);
  assertMatch(out, /^ok +\d+ passed \| 0 failed .*\nok +the types are right\n$/);
});

Deno.test("try shows the first failure, the cause of a 500, the rule to look up, and the first type error", async () => {
  using copy = new Copy();
  copy.break("  const broken: string = undefined;\n  broken.trim();");

  const { code, out, err } = await run("try", [CANCEL, "--once"], copy.folder);

  assertEquals([code, err], [1, ""]);
  const [first, request, error, place] = out.split("\n");
  assertMatch(first, /^FAILED +PUSH-CANCEL-01: /);
  assertMatch(request, /^ +DELETE \/v2\/.* ended in a 500\. The cause:$/);
  assertMatch(error, /^ +TypeError: .*undefined/);
  assertEquals(place.trim(), `at ${copy.placeOf("broken.trim")}`);
  assertMatch(out, /^ +at tests\/push\/cancel_a_blob_upload_test\.ts:\d+$/m);
  assertMatch(out, /^deno task rule PUSH-CANCEL-01 /m);
  assertMatch(out, /^FAILED +TS2322 /m);
  assertStringIncludes(out, `at ${copy.placeOf("const broken")}\n`);
  assert(!/node_modules|ext:|src\/std\/|file:\/\//.test(out) && out.split("\n").length < 40, out);
});

Deno.test("try shows once why a source cannot be loaded", async () => {
  using copy = new Copy();
  copy.break("  this is no source");

  const { code, out } = await run("try", [CANCEL_TEST, "--once"], copy.folder);

  assertEquals([code, out.match(/^FAILED +SyntaxError: /gm)?.length], [1, 1]);
  assertStringIncludes(out, `at ${copy.placeOf("this is no source")}\n`);
});

Deno.test("try runs the tests again after a change, without waiting for the types, and shows what a source prints", async () => {
  using copy = new Copy();
  await using child = command("try", [CANCEL], copy.folder).spawn();
  // If an expected text does not come, the end of the program ends the wait for it.
  const deadline = setTimeout(() => child.kill("SIGKILL"), 60_000);
  let out = "";
  const pieces = child.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  const until = async (text: RegExp) => {
    while (!text.test(out)) {
      const { done, value } = await pieces.next();
      assert(!done, out);
      out += value;
    }
    out = "";
  };

  await until(/\nok +the types are right\n\nWaiting for a change /);
  copy.break("  broken.trim();");
  await until(/\nsrc\/push\/cancel_a_blob_upload\.ts has changed\.\nFAILED +PUSH-CANCEL-01: /);
  copy.break('  console.log("here I am");');
  await until(/\nsrc\/push\/cancel_a_blob_upload\.ts has changed\.\nok +\d+ passed .*\n {2}here I am\n/);
  // Only then does nothing write into the copy any more.
  await until(/\nWaiting for a change /);
  clearTimeout(deadline);
  child.kill("SIGTERM");
  await Promise.all([pieces.return?.(), child.stderr.cancel()]);
});

Deno.test("try names the tests to try if a source has none of its own", async () => {
  const { code, out, err } = await run("try", ["src/push/pushing_blobs.ts", "--once"]);

  assertEquals([code, out], [2, ""]);
  assertMatch(err, /^src\/push\/pushing_blobs\.ts has no tests of its own\. Try one of these:\n/);
  assertStringIncludes(err, "\n  deno task try tests/push/pushing_a_blob_in_chunks_test.ts\n");
});

Deno.test("try refuses a path that is no file, and more than one file", async () => {
  const none = await run("try", ["src/push/cancel.ts", "--once"]);
  const several = await run("try", ["mod.ts", "--once"]);

  assertEquals([none.code, none.out, none.err], [2, "", 'There is no source and no test "src/push/cancel.ts".\n']);
  assertEquals([several.code, several.out], [2, ""]);
  assertMatch(
    several.err,
    /^"mod\.ts" may be one of these:\n {2}deno task try src\/mod\.ts\n {2}deno task try src\/std\/assert\/mod\.ts\n/,
  );
});

const PROGRAMS = {
  "bench": "bench/bench.ts",
  "bundle": "bundle/bundle.ts",
  "clients": "clients/clients.ts",
  "cluster": "cluster/cluster.ts",
  "conformance": "conformance.ts",
  "crash-drill": "crash_drill.ts",
  "page": "page/page.ts",
  "passwords": "passwords.ts",
  "preflight": "preflight/preflight.ts",
};

for (const [task, file] of Object.entries(PROGRAMS)) {
  Deno.test(`deno task ${task} prints a help text and does nothing else, if a flag asks for it`, async () => {
    const script = new URL(`programs/${file}`, import.meta.url).pathname;

    for (const flag of ["--help", "-h"]) {
      // The program may only read, so it cannot do anything else.
      const { code, out, errors } = await runDeno("run", "--no-prompt", "--allow-read", script, flag);

      assertEquals([code, errors], [0, ""]);
      assertMatch(out, new RegExp(`^[A-Z].*\\n\\nUsage: deno task ${task}\\b`));
    }
  });
}

Deno.test("deno task crash-drill reports a crash without an empty line in its lists, and without a folder that has no name", async () => {
  const script = new URL("programs/crash_drill.ts", import.meta.url).pathname;

  const { code, out, errors } = await runDeno("run", "--no-prompt", "-A", script);

  assertEquals([code, errors], [0, ""]);
  assertMatch(out, /^\*\*\* killed before rename library\/hello\/sha256:[0-9a-f]{8}…\/manifest\.json$/m);
  assertMatch(out, /^ +\.[0-9a-f]{8}… {3}a file that never got its real name/m);
  assertEquals([...out.matchAll(/\n\n\n|(?:file|folder|rename|link) *\n/g)].map(([text]) => text), []);
});
