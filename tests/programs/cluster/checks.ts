/**
 * What two registries over a shared file system have to stand.
 *
 * Each check is a sentence. It passes, or it returns the faults that it has found.
 *
 * @module
 */

import { indexOf } from "../../processes/content.ts";
import { TYPES } from "../../fixture.ts";
import { RUNS, testRegistry } from "../conformance.ts";
import { PROJECT } from "../project.ts";
import { killLoop } from "./kill_loop.ts";
import { Registry, startNginx } from "./servers.ts";

/** A file system that machines share. */
export interface Shared {
  /** The folder in which each of two machines sees it. */
  readonly mounts: readonly string[];
  /** Mounts it twice more, with options that let each machine see changes late. */
  readonly lateMounts: (() => Promise<string[]>) | undefined;
  /** Ends a machine that stores a part of it. Returns the name of the machine. */
  readonly endStorageServer: (() => Promise<string>) | undefined;
}

/** The numbers of checks. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

// Returns the faults that a check has found. Throws a `Skipped` if the check cannot be made.
type Check = () => Promise<string[]>;

class Skipped extends Error {}

const PORTS = [5081, 5082];
const FRONT = 5080;

/** Makes all checks, and prints the result of each. */
export async function check(shared: Shared, work: string): Promise<Counts> {
  const registries = shared.mounts.map((mount, number) =>
    new Registry(`${mount}/registry`, PORTS[number], "--allow-sparse")
  );
  for (const registry of registries) await registry.start();
  const front = await startNginx(work, FRONT, registries);

  const checks: Record<string, Check> = {
    "the tests of several processes pass, each process at one of the mounts": () => testSeveralProcesses(shared.mounts),
    "the official conformance suite passes, its requests going to both registries in turn": () =>
      testConformance(front, work),
    "of two clients that move a tag with If-Match, one wins": () => raceWithIfMatch(front, registries),
    "everything that was acknowledged is there, after registries and a storage server were killed": () =>
      killLoop(front, registries, shared.endStorageServer),
    "verify finds no fault": () => verify(`${shared.mounts[0]}/registry`),
    "registries that see changes late say so, and the others do not": () => testFreshness(shared, registries),
  };
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [sentence, check] of Object.entries(checks)) counts[await makeCheck(sentence, check)]++;
  for (const registry of registries) await registry.stop();
  return counts;
}

async function makeCheck(sentence: string, check: Check): Promise<keyof Counts> {
  const began = performance.now();
  let faults: string[];
  try {
    faults = await check();
  } catch (error) {
    if (error instanceof Skipped) {
      console.log(`skipped ${sentence}: ${error.message}`);
      return "skipped";
    }
    faults = [error instanceof Error ? error.stack ?? error.message : String(error)];
  }
  const time = `(${((performance.now() - began) / 1000).toFixed(0)} s)`;
  console.log(`${faults.length === 0 ? "ok     " : "FAILED "} ${sentence} ${time}`);
  for (const fault of faults.slice(0, 20)) console.log(`        ${fault}`);
  return faults.length === 0 ? "passed" : "failed";
}

async function testSeveralProcesses(mounts: readonly string[]): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: ["test", "--quiet", "--no-check", "-A", `${PROJECT}tests/several_processes_test.ts`],
    env: { MOUNTS: mounts.join(":"), NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  console.log(`        ${text.match(/^(?:ok|FAILED) \| .*$/m)?.[0]}`);
  return success
    ? []
    : text.slice(Math.max(0, text.indexOf("ERRORS"))).split("\n").filter((line) => line.trim() !== "");
}

async function testConformance(front: string, work: string): Promise<string[]> {
  const suite = Deno.env.get("CONFORMANCE");
  if (!suite) throw new Skipped("the suite is not installed");
  const run = { ...RUNS.find(({ name }) => name === "dev")!, name: "cluster" };
  const { failed } = await testRegistry(suite, run, front.slice("http://".length), work);
  return failed === 0 ? [] : [`${failed} failed; they are listed above`];
}

async function raceWithIfMatch(front: string, registries: readonly Registry[]): Promise<string[]> {
  const faults: string[] = [];
  const url = `${front}/v2/library/race/manifests/latest`;
  const push = async (text: string, condition: Record<string, string>) => {
    const headers = { "Content-Type": TYPES.index, ...condition };
    const answer = await fetch(url, { method: "PUT", body: text, headers });
    await answer.bytes();
    return answer.status;
  };
  await push(indexOf("before").text, {});
  for (let round = 0; round < 100; round++) {
    const head = await fetch(url, { method: "HEAD" });
    const etag = head.headers.get("ETag")!;
    const indexes = [1, 2].map((number) => indexOf(`${round}.${number}`));
    // nginx sends them to both registries.
    const statuses = await Promise.all(indexes.map(({ text }) => push(text, { "If-Match": etag })));
    if (statuses.toSorted().join() !== "201,412") faults.push(`round ${round}: ${statuses}`);
    const winner = indexes[statuses.indexOf(201)]?.digest;
    for (const { address } of registries) {
      const tagged = await fetch(`${address}/v2/library/race/manifests/latest`, { method: "HEAD" });
      const digest = tagged.headers.get("Docker-Content-Digest");
      if (digest !== winner) {
        faults.push(`round ${round}: the tag points to ${digest} at ${address}, and not to ${winner}`);
      }
    }
  }
  return faults;
}

async function verify(root: string): Promise<string[]> {
  const args = ["run", "--no-prompt", "--allow-run=deno", `${PROJECT}main.ts`, "verify", "--root", root];
  const { success, stdout, stderr } = await new Deno.Command("deno", { args }).output();
  return success ? [] : (new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)).trim().split("\n");
}

async function testFreshness({ lateMounts }: Shared, registries: readonly Registry[]): Promise<string[]> {
  const isWarning = (text: string) => text.includes("is seen here");
  const faults = registries.flatMap(({ errors }) => errors).filter(isWarning);
  if (lateMounts === undefined) return faults;

  const late = (await lateMounts()).map((mount, number) => new Registry(`${mount}/late`, 5091 + number));
  for (const registry of late) await registry.start();
  const hasSaidSo = () => late.every(({ errors }) => errors.some(isWarning));
  for (const began = Date.now(); !hasSaidSo() && Date.now() - began < 40_000;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  if (!hasSaidSo()) faults.push("two registries on mounts that remember names for a second have not noticed it");
  for (const registry of late) await registry.stop();
  return faults;
}
