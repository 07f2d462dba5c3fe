/**
 * The crash drill kills a registry at a step, and looks at the folder that it left behind.
 *
 * @module
 */

import { localDisk } from "../../src/disk/local_disk.ts";
import { assert, assertEquals } from "@std/assert";
import type { Disk } from "../../src/disk/disk.ts";
import { clearLeftOvers } from "../../src/housekeeping/clear_left_overs.ts";
import { expireUploads } from "../../src/housekeeping/expire_uploads.ts";
import { verify } from "../../src/housekeeping/verify.ts";
import { createRegistry } from "../../src/registry.ts";
import { Folder } from "../folder.ts";
import { runDeno } from "../processes/program.ts";
import { age, HOUSEKEEPING } from "./housekeeping_scenario.ts";
import { REQUESTS, type Scenario, type Send } from "./scenario.ts";

/** The scenarios of the drill. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = { requests: REQUESTS, housekeeping: HOUSEKEEPING };

/** Returns a function that sends requests to a registry over a disk. */
export function sendTo(disk: Disk): Send {
  const registry = createRegistry({ disk });
  return (method, path, init) => registry(new Request(new URL(path, "http://localhost"), { ...init, method }));
}

/** The part of the scenario that a victim has done. */
export interface Death {
  /** The steps on disk, in order, each as `before rename library/hello/…`; the last one was fatal, if there was a fatal one. */
  readonly steps: readonly string[];
  /** The same with `begin <number>` and `end <number> <status>` of each operation in between. */
  readonly trace: readonly string[];
  /** The number of operations that were acknowledged. */
  readonly acknowledged: number;
  /** True if one more was under way. */
  readonly isUnderWay: boolean;
}

/** Lets a registry play a scenario over a folder, and kills it at a step; `Infinity` lets it live. */
export async function letDie(root: string, fatalStep: number, scenario = "requests"): Promise<Death> {
  const victim = new URL("victim.ts", import.meta.url).href;
  const permissions = [`--allow-read=${root}`, `--allow-write=${root}`, "--allow-run"];
  const { out, errors } = await runDeno(
    "run",
    "--no-prompt",
    "--no-check",
    ...permissions,
    victim,
    root,
    `${fatalStep}`,
    scenario,
  );
  assertEquals(errors, "");
  const lines = out.trimEnd().split("\n");
  const begun = lines.filter((line) => line.startsWith("begin ")).length;
  const ends = lines.filter((line) => line.startsWith("end "));
  // A drill whose pushes are refused shows nothing.
  for (const end of ends) assert(/^end \d+ 20\d$/.test(end), end);
  const trace = lines.map((line) => line.replace(/^step \d+ /, ""));
  return {
    steps: trace.filter((line) => /^(before|after) /.test(line)),
    trace,
    acknowledged: ends.length,
    isUnderWay: begun > ends.length,
  };
}

/**
 * Starts a registry over the folder that a victim left behind, with its housekeeping, and compares it with what was acknowledged.
 */
export async function expectWhole(
  root: string,
  { acknowledged, isUnderWay }: Pick<Death, "acknowledged" | "isUnderWay">,
  scenario: Scenario = REQUESTS,
): Promise<void> {
  const disk = localDisk(root, { durability: "none" });
  await Array.fromAsync(clearLeftOvers(disk));
  const send = sendTo(disk);
  for (const [url, allowed] of expectations(scenario, acknowledged, isUnderWay)) {
    const seen = await textBehind(send, url);
    assert(allowed.includes(seen), `${url} is ${seen}, and not one of ${allowed.join(" or ")}`);
  }
  // Unfinished files may be left. Everything that looks finished must be finished.
  for await (const { kind, path, text } of verify(disk)) {
    if (!path.startsWith(`${scenario.damaged}/`)) assertEquals(kind, "note", `${path} ${text}`);
  }
}

/** Plays the whole scenario over the folder that a victim left behind. Nothing in it may be in the way. */
export async function expectToGoOn(root: string, scenario: Scenario = REQUESTS): Promise<void> {
  const disk = localDisk(root, { durability: "none", watch: (step) => scenario.watch?.(step, root) });
  const send = sendTo(disk);
  for (const { sentence, run } of scenario.operations) {
    const response = await run(send, disk);
    assert(response.ok, `${sentence}: ${response.status} ${await response.text()}`);
  }
  await expectWhole(root, { acknowledged: scenario.operations.length, isUnderWay: false }, scenario);
}

/** Checks that the next housekeeping leaves nothing behind of what a victim left: no unfinished file and no empty folder. */
export async function expectTidy(root: string): Promise<void> {
  using copy = new Folder();
  await new Deno.Command("cp", { args: ["-R", `${root}/.`, copy.path] }).output();
  for (const path of copy.tree()) age(`${copy.path}/${path}`);
  const disk = localDisk(copy.path, { durability: "none" });

  await expireUploads(disk);
  await Array.fromAsync(clearLeftOvers(disk));
  await Array.fromAsync(verify(disk, { quarantine: true }));

  const everything = copy.everything().filter((path) => !path.startsWith(".locks"));
  assertEquals(everything.filter((path) => path.includes("/.") || path.startsWith(".")), []);
  const folders = everything.filter((path) => Deno.statSync(`${copy.path}/${path}`).isDirectory);
  assertEquals(folders.filter((path) => !everything.some((other) => other.startsWith(`${path}/`))), []);
  assertEquals(await Array.fromAsync(verify(disk)), []);
}

// Returns the texts that may be behind each URL of the scenario: the last acknowledged one, or one that was under way.
function expectations(
  { initially, operations }: Scenario,
  acknowledged: number,
  isUnderWay: boolean,
): Map<string, (string | undefined)[]> {
  const expected = new Map(Object.entries(initially).map(([url, text]) => [url, [text]]));
  for (const [index, { changes }] of operations.entries()) {
    for (const [url, text] of Object.entries(changes)) {
      const before = expected.get(url) ?? [undefined];
      if (index < acknowledged) expected.set(url, [text]);
      else if (index === acknowledged && isUnderWay) expected.set(url, [...before, text]);
      else expected.set(url, before);
    }
  }
  return expected;
}

// The text behind an upload session is the range of its bytes.
async function textBehind(send: Send, url: string): Promise<string | undefined> {
  const response = await send("GET", url);
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (response.status === 204) return response.headers.get("Range") ?? "";
  assertEquals(response.status, 200, text);
  return text;
}
