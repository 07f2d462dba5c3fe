/**
 * Compares Glassbox with the registries that people use: all get the same work, and a table shows their speed.
 *
 *     deno task bench                    all rows; it takes half an hour or more
 *     deno task bench --quick            less work and one round, for a look of a few minutes
 *     deno task bench --only "blob GET"  the rows with this in their names
 *     deno task bench --only growth      how Glassbox alone does with 1 to 10,000 tags, referrers and repositories
 *     deno task bench --only page:       what the page takes from the registry: without it, with it, and while somebody looks
 *     deno task bench --rounds 9 --json  more rounds; everything as JSON
 *
 * For each row, all servers start over empty folders on this machine, and get the content that the row needs. Then they
 * are measured in turn, round after round (A B C A B C …), so that a short disturbance of the machine affects them all.
 * Other programs make the load (see load.ts). Every answer is checked. A wrong answer replaces the figure with a
 * failure, and makes the exit status 1.
 *
 * It needs Linux, wrk, ab and curl. A peer that is not installed is left out, and named with the command that installs it.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { findProgram, pathToPrograms } from "../installed.ts";
import { outputOf } from "../processes.ts";
import { runProgram } from "../run_program.ts";
import { Load } from "./load.ts";
import { type Bench, FULL, QUICK, type Row, rowsOf, type Scale } from "./rows.ts";
import { type Program, PROGRAMS, type Server, start, versionOf } from "./servers.ts";
import { formatFigures, formatJson, formatTable, type Result, type Run } from "./table.ts";

const ROUNDS = 5;

const HELP = `Gives the same work to Glassbox and to the registries that are installed, and prints who does it how fast.

Usage: deno task bench [FLAGS]

  --quick          less work and one round: a few minutes instead of half an hour or more
  --only TEXT      the rows with this text in their names; --only growth and --only page: are about Glassbox alone
  --rounds NUMBER  how often each row is measured, 1 to 999 (${ROUNDS}; 1 with --quick)
  --json           print everything as JSON
  -h, --help       print this and exit

It needs Linux, wrk, ab and curl. A registry that is not installed is left out.`;

// The pause between the arrangement and the measurement. A server may not remember a file whose time is very recent,
// because the file may still change. Most content is older than that.
const REST_MILLISECONDS = 3000;

// The programs that make the load, each with its command for installation and its flag for the version.
const TOOLS = [
  ["wrk", "apt-get install wrk", "-v"],
  ["ab", "apt-get install apache2-utils", "-V"],
  ["curl", "apt-get install curl", "--version"],
] as const;

if (import.meta.main) await runProgram(HELP, main);

interface Flags {
  readonly only: string | undefined;
  readonly rounds: number;
  readonly quick: boolean;
  readonly json: boolean;
}

/** Measures the rows that the flags ask for. Returns the exit status. */
async function main(args: string[]): Promise<number> {
  const flags = readFlags(args);
  if (typeof flags === "string") {
    console.error(`bench: ${flags}`);
    return 2;
  }
  const scale = flags.quick ? QUICK : FULL;
  const rows = rowsOf(scale).filter((row) => isAskedFor(row, flags.only));
  if (rows.length === 0) {
    console.error(`bench: no row has "${flags.only}" in its name; there are\n${namesOf(rowsOf(scale))}`);
    return 2;
  }
  const path = await pathToPrograms();
  for (const [tool, install] of TOOLS) {
    if (isInstalled(tool, path)) continue;
    console.error(`bench: ${tool} makes the load, and is not installed: ${install}`);
    return 1;
  }
  const programs = PROGRAMS.filter(({ file, front }) =>
    isInstalled(file, path) && (front === undefined || isInstalled("nginx", path))
  );
  const run = await describeRun(flags, programs, path);

  const interruption = signalToStop();
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "glassbox_bench_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  // The workers of nginx run as the user nobody, and need access to its files.
  await Deno.chmod(folder, 0o755);

  const results: Result[] = [];
  try {
    for (const row of rows) {
      results.push(await measureRow(row, programs, flags, scale, { folder, path, interruption }));
    }
  } catch (error) {
    if (!interruption.aborted) throw error;
    return 1;
  }
  console.log((flags.json ? formatJson : formatTable)(results, run, programs));
  return results.some(({ failures }) => failures.size > 0) ? 1 : 0;
}

function readFlags(args: string[]): Flags | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: "string" },
        rounds: { type: "string" },
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const { only, quick, json, rounds = quick ? "1" : String(ROUNDS) } = values;
    if (!/^[1-9][0-9]{0,2}$/.test(rounds)) return `--rounds wants a number from 1 to 999, not "${rounds}"`;
    return { only, quick, json, rounds: Number(rounds) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return `${error.message.split(". ")[0]}; there are --only TEXT, --rounds NUMBER, --quick, --json and --help`;
  }
}

// The rows about growth and those about the page are measured only if a flag asks for them.
function isAskedFor({ name, programs }: Row, only = ""): boolean {
  return name.includes(only) && (programs !== "Glassbox alone" || only.startsWith("growth")) &&
    (programs !== "about the page" || only.startsWith("page:"));
}

function namesOf(rows: readonly Row[]): string {
  return rows.map(({ name }) => `  ${name}`).join("\n");
}

async function measureRow(
  row: Row,
  programs: readonly Program[],
  { rounds, quick }: Flags,
  scale: Scale,
  { folder, path, interruption }: { folder: string; path: string; interruption: AbortSignal },
): Promise<Result> {
  const figures = new Map<string, number[]>();
  const failures = new Map<string, string>();
  const reasons = new Map<string, string>();
  const servers: { server: Server; arranged: number }[] = [];
  console.error(`\n${row.name}, ${row.unit}`);

  await using stack = new AsyncDisposableStack();
  const content = await Deno.makeTempDir({ dir: folder });
  stack.defer(() => Deno.remove(content, { recursive: true }));
  const bench: Bench = {
    load: new Load(content, path, interruption),
    scale,
    folder: content,
    start: async (program) => stack.use(await start(program, folder, path)),
  };

  // A server that fails leaves this row, and the others go on.
  const attempt = async (program: Program, action: () => Promise<void>) => {
    if (failures.has(program.name)) return;
    try {
      await action();
    } catch (error) {
      interruption.throwIfAborted();
      const message = (error instanceof Error ? error.message : String(error)).trim();
      failures.set(program.name, message.replaceAll(/\s+/g, " "));
      figures.delete(program.name);
      console.error(`  ${program.name.padEnd(16)} fails: ${message}`);
    }
  };

  const work = await row.work(bench);
  for (const program of programs.filter((program) => takesPart(program, row))) {
    const lack = row.needs.map((ability) => program.lacks[ability]).find((lack) => lack !== undefined);
    if (lack !== undefined) {
      reasons.set(program.name, lack);
      continue;
    }
    await attempt(program, async () => {
      const server = await bench.start(program);
      await work.arrange?.(server);
      // Without an arrangement, no pause is needed.
      servers.push({ server, arranged: work.arrange === undefined ? -Infinity : performance.now() });
    });
  }
  // The first round only warms up: work that a server does once in its life is not measured.
  for (let round = quick ? 1 : 0; round <= rounds; round++) {
    await work.renew?.();
    for (const { server, arranged } of servers) {
      await attempt(server.program, async () => {
        const rest = arranged + REST_MILLISECONDS - performance.now();
        if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
        await bench.load.settle();
        const figure = await work.measure(server);
        const { name } = server.program;
        if (round > 0) figures.set(name, [...figures.get(name) ?? [], figure]);
      });
    }
  }
  for (const [name, ofServer] of figures) console.error(`  ${name.padEnd(16)} ${formatFigures(ofServer)}`);
  return { row, figures, failures, reasons };
}

function takesPart({ part }: Program, { programs }: Row): boolean {
  if (part === "glassbox") return true;
  if (part === "without page" || part === "page open") return programs === "about the page";
  if (part === "peer") return programs !== "Glassbox alone" && programs !== "about the page";
  if (part === "behind nginx") return programs === "and the limit, behind nginx";
  return part === "limit" ? programs.startsWith("and the limit") : programs === "and without sync";
}

async function describeRun({ rounds, quick }: Flags, programs: readonly Program[], path: string): Promise<Run> {
  const servers = programs.filter(({ part }) => part === "glassbox" || part === "peer" || part === "limit");
  const versions: [name: string, version: string][] = [];
  for (const program of servers) versions.push([program.name, await versionOf(program, path)]);
  for (const [tool, , flag] of TOOLS) {
    versions.push([tool, await versionOf({ file: tool, versionArgs: [flag], part: "peer" }, path)]);
  }
  const absent = PROGRAMS.filter((program) => !programs.includes(program));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: await describeMachine(),
    rounds,
    isQuick: quick,
    versions: Object.fromEntries(versions),
    absent: Object.fromEntries(absent.map(({ name, install }) => [name, install])),
  };
}

async function describeMachine(): Promise<string> {
  const processor = /^model name\s*: (.*)/m.exec(await outputOf("grep", "-m1", "model name", "/proc/cpuinfo"))?.[1];
  const memory = Number(/[0-9]+/.exec(await outputOf("grep", "MemTotal", "/proc/meminfo"))) / 1024 ** 2;
  const cores = `${navigator.hardwareConcurrency} cores (${processor ?? Deno.build.arch})`;
  return `${cores}, ${memory.toFixed(0)} GiB, ${await outputOf("uname", "-sr")}`;
}

function isInstalled(program: string, path: string): boolean {
  return program.startsWith("/") || findProgram(program, path) !== undefined;
}

// An interrupted run ends in order: first the load, and then the servers and their folders.
function signalToStop(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => controller.abort());
  return controller.signal;
}
