/** `deno task samples`, as a person or a script runs it. */

import { assertEquals, assertThrows } from "@std/assert";
import { SAMPLE_NAMES } from "../../src/samples_mod.ts";
import { parseCommandLine } from "../../src/serving/command_line.ts";
import { UsageError } from "../../src/serving/flags.ts";
import { permissionFlags } from "../../src/serving/permissions.ts";
import { Folder } from "../folder.ts";
import { type Outcome, Program } from "../processes/program.ts";

async function run(...args: string[]): Promise<Outcome> {
  await using program = Program.start("samples", ...args);
  return await program.outcome();
}

Deno.test("samples NAME…: prints each with its digest, what it is for, and what a bad one met", async () => {
  using folder = new Folder();
  const root = `${folder.path}/root`;

  const { code, out, errors } = await run("dangling-tag", "hello", "bad-checksum", "lying-digest", "--root", root);

  assertEquals([code, errors], [0, ""]);
  assertEquals(
    out,
    `good: The registry takes it, and nothing is wrong with it.
  samples/hello:latest   sha256:a5438251b903…
    The smallest image with all parts: two layers, a config, a manifest and a tag. docker can run it.
refused: The registry refuses it.
  samples/lying-digest
    A blob under the digest of other bytes.
    ! 400 DIGEST_INVALID PUSH-SINGLE-03
broken: The registry takes it. The page and deno task look find what is wrong.
  samples/bad-checksum:latest   sha256:1fb6da772347…
    A layer with a wrong checksum in the header of a file. Programs skip that file, or refuse the layer.
    deno task look samples/bad-checksum@sha256:fb6015a490b3
    ! The checksum of this header is 4959, and 4960 is written there.
damaged: The registry takes it, and then a file on its disk is changed. deno task verify finds that.
  samples/dangling-tag:latest   sha256:9fcce8774c2c…
    A tag that points to a manifest which is not there.
    deno task verify
    ! points to sha256:000000000000…, which is not there
4 samples, each as announced
`,
  );
  assertEquals(new Folder(root).read("samples/hello/_tags/latest").slice(0, 19), "sha256:a5438251b903");
});

Deno.test("samples: all but those that damage the disk; verify finds nothing afterwards", async () => {
  using folder = new Folder();
  const root = `${folder.path}/root`;

  const first = await run("--root", root, "--json");
  const second = await run("--root", root, "--json");

  assertEquals([first.code, first.errors, second], [0, "", first]);
  const lines = first.out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.at(-1), { samples: 20, wrong: 0 });
  const kinds = Map.groupBy(lines.slice(0, -1), ({ kind }) => kind);
  assertEquals([...kinds].map(([kind, all]) => [kind, all.length]), [["good", 11], ["refused", 3], ["broken", 6]]);
  assertEquals(lines.slice(0, -1).every(({ met, meets, isAsAnnounced }) => met === meets && isAsAnnounced), true);

  await using verify = Program.start("verify", "--root", root);
  const { code, out } = await verify.outcome();
  assertEquals([code, out.includes("0 faults")], [0, true], out);
});

Deno.test("samples KIND --to: all samples of that kind, below that folder", async () => {
  using folder = new Folder();
  const root = `${folder.path}/root`;

  const { code, out } = await run("refused", "wasm", "--to", "learner/ana", "--root", root);

  assertEquals([code, out.trimEnd().split("\n").at(-1)], [0, "4 samples, each as announced"]);
  assertEquals([...Deno.readDirSync(`${root}/learner/ana`)].map(({ name }) => name).sort(), [
    "duplicate-keys",
    "missing-blob",
    "wasm",
  ]);
});

Deno.test("samples --list: the names of all, and nothing is pushed or made", async () => {
  using folder = new Folder();
  const root = `${folder.path}/root`;

  const { code, out, errors } = await run("--list", "--root", root);

  assertEquals([code, errors], [0, ""]);
  const names = out.split("\n").filter((line) => line.startsWith("  ")).map((line) => line.trim().split(" ")[0]);
  assertEquals(names, SAMPLE_NAMES);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("samples: a name that is none, and a folder that no repository can have, are one line", async () => {
  using folder = new Folder();
  const root = `${folder.path}/root`;
  for (
    const [args, start] of [
      [["nothing"], 'glassbox: there is no sample "nothing"; the samples are hello, shared-base, '],
      [["hello", "--to", "Learner"], 'glassbox: "Learner/hello" is not the name of a repository'],
    ] as const
  ) {
    const { code, out, errors } = await run(...args, "--root", root);
    assertEquals([code, out, errors.startsWith(start), errors.trimEnd().split("\n").length], [2, "", true, 1], errors);
  }
});

Deno.test("samples takes any number of names, and only the flags that it has a use for", () => {
  const line = parseCommandLine(["samples", "hello", "wasm", "good", "--to", "a/b"], "0");
  if (typeof line === "string") throw new Error(line);
  assertEquals([line.command, line.operands, line.to, line.list], ["samples", ["hello", "wasm", "good"], "a/b", false]);
  assertThrows(() => parseCommandLine(["samples", "--port", "1"], "0"), UsageError, "there is no flag --port");
  const flags = permissionFlags(line);
  assertEquals(flags.filter((flag) => flag.startsWith("--allow-net") || flag.startsWith("--allow-env")), []);
  assertEquals(flags.find((flag) => flag.startsWith("--allow-write")), "--allow-write=testdata");
});
