/**
 * Files and folders that the system does not let a command use: one line in plain words, with the path.
 *
 * @module
 */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { failing } from "../../src/disk/failing.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { FileError, namingErrors } from "../../src/disk/named_errors.ts";
import { fill } from "../../src/filling/fill.ts";
import { createRegistry } from "../../src/registry.ts";
import { type CommandLine, parseCommandLine } from "../../src/serving/command_line.ts";
import { runFilling } from "../../src/serving/filling.ts";
import { work } from "../../src/serving/program.ts";
import { runSamples } from "../../src/serving/samples.ts";
import { TestLayout } from "../filling/archive.ts";
import { digestOf, startRegistry, type TestRegistry } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { type Outcome, Program } from "../processes/program.ts";

const IMAGE = "library/hello:v1";

// The commands that read a root, and what they need behind their names.
const READERS: Readonly<Record<string, readonly string[]>> = {
  gc: ["--dry-run"],
  verify: [],
  tree: [],
  look: ["library/hello"],
  diff: [IMAGE, IMAGE],
  export: [IMAGE, "/nowhere/layout/"],
};

const ignore = !Program.canBeStranger();

/** A file or folder that has no permissions, or fewer, until the test ends. */
class Shut implements Disposable {
  constructor(readonly path: string, mode = 0o000) {
    Deno.chmodSync(path, mode);
  }

  [Symbol.dispose](): void {
    Deno.chmodSync(this.path, 0o755);
  }
}

async function withImage(): Promise<{ registry: TestRegistry; root: string; digest: string }> {
  const registry = await startRegistry();
  const { digest } = await registry.pushImage("library/hello", { tag: "v1" });
  Deno.chmodSync(registry.root, 0o755);
  return { registry, root: registry.root, digest };
}

async function run(root: string, command: string, ...args: readonly string[]): Promise<Outcome> {
  await using program = Program.mainAsStranger(command, ...args, "--root", root);
  return await program.outcome();
}

// Each of the commands prints this line and nothing else.
async function expectLineOf(
  commands: Readonly<Record<string, readonly string[]>>,
  root: string,
  line: string,
): Promise<void> {
  const outcomes = await Promise.all(Object.entries(commands).map(([command, args]) => run(root, command, ...args)));
  const expected = { code: 1, out: "", errors: `glassbox: ${line}\n` };
  assertEquals(outcomes, Object.keys(commands).map(() => expected));
}

Deno.test({ name: "a root that may not be read", ignore }, async () => {
  const { registry, root } = await withImage();
  await using _ = registry;
  using _shut = new Shut(root);
  await expectLineOf(READERS, root, `cannot use the root ${root}: permission denied`);
});

Deno.test("a root that is a file", async () => {
  using folder = new Folder();
  Deno.chmodSync(folder.path, 0o755);
  const root = `${folder.path}/file`;
  Deno.writeTextFileSync(root, "kept");
  const commands = { ...READERS, import: [folder.path] };
  await expectLineOf(commands, root, `cannot use the root ${root}: it is a file and no folder`);
});

Deno.test({ name: "a folder in the root that may not be read", ignore }, async () => {
  const { registry, root } = await withImage();
  await using _ = registry;
  using _shut = new Shut(`${root}/library/hello`);
  const { diff, export: exporting, verify: _verify, ...listing } = READERS;
  const text = `cannot read ${root}/library/hello: permission denied`;
  await expectLineOf(listing, root, text);
  // `verify` goes on: other folders may have faults, too.
  await registry.pushBlob("library/other", "foo");
  assertEquals(await run(root, "verify"), {
    code: 1,
    out: [
      `fault  library/hello/   cannot be verified: ${text}`,
      `fault  library/hello/   cannot be searched for repositories: ${text}`,
      "1 digest, 2 faults, 0 notes\n",
    ].join("\n"),
    errors: "",
  });
  const tag = `${root}/library/hello/_tags/v1`;
  await expectLineOf({ diff, export: exporting }, root, `cannot read ${tag}: permission denied`);
});

Deno.test({ name: "a manifest that may not be read", ignore }, async () => {
  const { registry, root, digest } = await withImage();
  await using _ = registry;
  const path = `${root}/library/hello/${digest}/manifest.json`;
  using _shut = new Shut(path);
  const { verify: _verify, ...stopping } = READERS;
  await expectLineOf(stopping, root, `cannot read ${path}: permission denied`);
  // `verify` goes on, because the rest may have faults, too.
  const { code, out, errors } = await run(root, "verify");
  const text = `cannot be verified: cannot read ${path}: permission denied`;
  const faults = ["", "manifest.json"].map((file) => `fault  library/hello/${digest}/${file}   ${text}\n`);
  const shortened = faults.join("").replaceAll(digest, (whole) => `${whole.slice(0, 19)}…`);
  assertEquals(out, `${shortened}3 digests, 2 faults, 0 notes\n`);
  assertEquals([code, errors], [1, ""]);
});

Deno.test({ name: "gc in a folder that may not be changed", ignore }, async () => {
  const { registry, root } = await withImage();
  await using _ = registry;
  await registry.pushBlob("library/hello", "foo");
  using _shut = new Shut(`${root}/library/hello`, 0o555);
  const { code, out, errors } = await run(root, "gc", "--grace", "0s");
  assertEquals([code, out], [1, ""]);
  assertMatch(errors, /^glassbox: cannot change [^\n]+: permission denied\n$/);
  assertEquals(errors.startsWith(`glassbox: cannot change ${root}/library/hello`), true, errors);
});

Deno.test(
  { name: "import into a folder that may not be changed, and from files that may not be read", ignore },
  async () => {
    const { registry, root } = await withImage();
    await using _ = registry;
    using folder = new Folder();
    const layout = new TestLayout();
    layout.list(layout.addImage("one"), "v1");
    layout.writeTo(folder.path);
    Deno.chmodSync(folder.path, 0o755);
    Deno.chmodSync(root, 0o777);
    using _shut = new Shut(`${root}/library`, 0o555);

    const into = await run(root, "import", folder.path, "library/new:v1");
    assertMatch(into.errors, /^glassbox: cannot change [^\n]+\/library\/new\/[^\n]+: permission denied\n$/);

    using _index = new Shut(`${folder.path}/index.json`);
    const unreadable = `${folder.path}: index.json: cannot be read: permission denied`;
    await expectLineOf({ import: [folder.path, "library/new:v1"] }, root, unreadable);
  },
);

Deno.test("an import and samples to a full disk, and an export from a broken one, name the file", async () => {
  using folder = new Folder();
  const layout = new TestLayout();
  layout.list(layout.addImage("one"), "v1");
  layout.writeTo(folder.path);
  const memory = memoryDisk();
  const lineOf = (...args: string[]) => parseCommandLine(args, "") as CommandLine;
  const diskWith = (code: "ENOSPC" | "EIO", ...operations: ("append" | "open")[]) =>
    namingErrors(failing(memory, [{ code, operations, path: /^(?:library|samples)/ }]), "testdata");

  const imported = lineOf("import", folder.path, "library/new:v1");
  const full = await assertRejects(() => runFilling("import", diskWith("ENOSPC", "append"), imported), FileError);
  assertMatch(full.message, /^cannot change testdata\/library\/new\/_uploads\/[^/]+\/data: the disk is full$/);

  const samples = lineOf("samples", "hello");
  const sample = await assertRejects(() => runSamples(diskWith("ENOSPC", "append"), samples), FileError);
  assertMatch(sample.message, /^cannot change testdata\/samples\/hello\/_uploads\/[^/]+\/data: the disk is full$/);

  await fill(createRegistry({ disk: memory }), folder.path, { name: "library/new:v1" });
  const exported = lineOf("export", "library/new:v1", `${folder.path}/out`);
  const broken = await assertRejects(() => runFilling("export", diskWith("EIO", "open"), exported), FileError);
  assertMatch(broken.message, /^cannot read testdata\/library\/new\/sha256:[0-9a-f]+\/[^/]+: the disk has a fault$/);
});

Deno.test("a root that is removed while a command of the housekeeping works is an error, and not a good result", async () => {
  for (const command of ["verify", "gc", "tree"]) {
    await using registry = await startRegistry();
    await registry.pushBlob("library/hello", "foo");
    Deno.writeTextFileSync(`${registry.root}/library/hello/${digestOf("foo")}/note`, "a finding");
    const line = parseCommandLine([command, "--root", registry.root, "--json"], "") as CommandLine;

    const print = console.log;
    let lines = 0;
    console.log = () => {
      if (lines++ === 0) Deno.renameSync(registry.root, `${registry.root}-gone`);
    };
    try {
      await assertRejects(() => work(line, ""), Error, `cannot use the root ${registry.root}: it is not there`);
    } finally {
      console.log = print;
      Deno.renameSync(`${registry.root}-gone`, registry.root);
    }
  }
});
