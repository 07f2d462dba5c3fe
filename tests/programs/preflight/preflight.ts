/**
 * Looks at a laptop before a workshop, and tells what is missing, each in a line with a sign and a word, and what to do about it.
 *
 *     $ deno task preflight
 *     A registry on this laptop
 *     ✓ ok        Deno 2.9.6
 *     ✓ ok        port 5080 of 127.0.0.1 is free
 *     …
 *     Everything that the workshop needs is there.
 *
 * It needs some seconds and no network, and leaves nothing behind. The parts for macOS and Windows were written from what their
 * makers say, and have never run there.
 *
 * Exit status: 0 if everything is there that the workshop needs, 1 if something is missing, 2 if the command line is wrong.
 *
 * @module
 */

import { readFlags, UsageError } from "../../../src/serving/flags.ts";
import { runProgram } from "../run_program.ts";
import { findBrowser, findCurl, findHashes, findOptional, findShell, findTools } from "./clients.ts";
import { findDocker } from "./docker.ts";
import { type Finding, linesOf, type System, systemOf } from "./finding.ts";
import { findLimit, findPackages, findPort, findRoot, findSpace, judgeDeno, judgeMemory } from "./own_server.ts";
import { findRegistry, judgeProxy } from "./reach.ts";

const HELP = `Looks at this laptop, and tells what is missing for a workshop, and what to do about it.

Usage: deno task preflight [--registry URL | [--root FOLDER] [--host ADDRESS] [--port NUMBER]]

  --root FOLDER     the folder of the registry (testdata)
  --host ADDRESS    the address that the registry is to listen on (127.0.0.1)
  --port NUMBER     the port that it is to listen on (5080)
  --registry URL    there is one registry for all, at this address; this laptop needs none of its own
  -h, --help        print this and exit

  deno task preflight --registry http://192.168.1.20:5080

Exit status: 0 if everything is there that the workshop needs, 1 if something is missing, 2 if the command line is wrong.`;

interface Choice {
  readonly root: string;
  readonly host: string;
  readonly port: number;
  readonly registry?: URL;
}

if (import.meta.main) await runProgram(HELP, main);

async function main(args: readonly string[]): Promise<number> {
  try {
    return await look(choose(args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`preflight: ${error.message}`);
    return 2;
  }
}

function choose(args: readonly string[]): Choice {
  const names = ["root", "host", "port", "registry"] as const;
  const { flags, operands: [more] } = readFlags(args, new Map(names.map((name) => [name, "text"])));
  if (more !== undefined) throw new UsageError(`"${more}" is one too many; --help shows how`);
  const { root = "testdata", host = "127.0.0.1", port = "5080", registry } = Object.fromEntries(flags) as Partial<
    Record<typeof names[number], string>
  >;
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    throw new UsageError(`--port wants a number from 1 to 65535, not "${port}"`);
  }
  if (registry === undefined) return { root, host, port: Number(port) };
  const url = URL.parse(registry);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`--registry wants an address such as http://192.168.1.20:5080, not "${registry}"`);
  }
  return { root, host, port: Number(port), registry: url };
}

async function look(choice: Choice): Promise<number> {
  const system = systemOf(Deno.build.os, readText("/etc/os-release"));
  const url = choice.registry ??
    new URL(`http://${choice.host.includes(":") ? `[${choice.host}]` : choice.host}:${choice.port}`);
  const reached = choice.registry === undefined ? { ip: choice.host, findings: [] } : await findRegistry(url, system);
  const parts: [string, Promise<(Finding | undefined)[]>][] = [
    [
      choice.registry === undefined ? "A registry on this laptop" : `The registry for all, at ${url.origin}`,
      choice.registry === undefined ? ownServer(choice, system) : Promise.resolve([...reached.findings]),
    ],
    ["What the lessons use", lessons(system, url.hostname)],
    ["What only some parts use", some(choice, url, reached.ip, system)],
  ];
  let missing = 0;
  for (const [title, found] of parts) {
    const findings = (await found).filter((finding) => finding !== undefined);
    console.log([title, ...findings.flatMap(linesOf), ""].join("\n"));
    missing += findings.filter(({ word }) => word === "missing").length;
  }
  console.log(
    missing === 0
      ? "Everything that the workshop needs is there."
      : `${missing === 1 ? "1 thing is" : `${missing} things are`} missing: the lines with ✗ say what to do.`,
  );
  return missing === 0 ? 0 : 1;
}

async function ownServer({ root, host, port }: Choice, system: System): Promise<(Finding | undefined)[]> {
  return [
    judgeDeno(Deno.version.deno),
    await findPort(host, port, system),
    ...findRoot(root),
    await findSpace(root),
    judgeMemory(Deno.systemMemoryInfo().available),
    await findLimit(system),
  ];
}

async function lessons(system: System, host: string): Promise<(Finding | undefined)[]> {
  return [
    await findCurl(system),
    await findHashes(system),
    ...await findTools(system),
    await findShell(system),
    findBrowser(system, Deno.env.get("PATH") ?? ""),
    judgeProxy(Deno.env.toObject(), host, system),
  ];
}

async function some({ registry }: Choice, url: URL, ip: string, system: System): Promise<Finding[]> {
  const [docker, optional, packages] = await Promise.all([
    findDocker(url, ip, system),
    findOptional(system),
    registry === undefined ? findPackages() : [],
  ]);
  return [docker, ...optional, ...packages];
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
