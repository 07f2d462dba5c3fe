/**
 * Makes a bundle for a workshop without a network: the project, its packages, and Deno for several systems in one archive.
 *
 *     $ deno task bundle
 *     Deno 2.9.6 for linux-x64
 *     …
 *     bundle/glassbox-0.1.0.tar.gz, 202.3 MiB
 *     bundle/glassbox-0.1.0-windows-x64.zip, 43.9 MiB
 *
 * What a learner unpacks is a folder like this. One command starts it: `./glassbox start`, or `glassbox.cmd start` on Windows.
 *
 *     glassbox/glassbox           and glassbox.cmd: run a task with the Deno below
 *     glassbox/kit/deno/…         Deno for each system, as the npm registry has it
 *     glassbox/kit/cache/npm/…    the packages that passwords, archives and certificates need
 *     glassbox/README.md …        the files of the project that git knows, as they are now
 *
 * It needs git, and the npm registry: the one that `NPM_CONFIG_REGISTRY` names, or npm's own. The hash of each package is checked.
 *
 * Exit status: 0 if the bundle is made, 1 if not, 2 if the command line is wrong.
 *
 * @module
 */

import config from "../../../deno.json" with { type: "json" };
import { PACKAGES } from "../../../src/packages.ts";
import { readFlags, UsageError } from "../../../src/serving/flags.ts";
import { DENO_VERSION } from "../deno_version.ts";
import { PROJECT } from "../project.ts";
import { runProgram } from "../run_program.ts";
import { type BundleFile, tarOf, zipOf } from "./archives.ts";
import { BundleError, type BundleSystem, fetchDeno, NPM, SYSTEMS, withAdvice } from "./npm.ts";

const ALL = Object.keys(SYSTEMS) as BundleSystem[];

const HELP =
  `Makes an archive for a workshop without a network: the project, what --htpasswd needs, and Deno for several systems.

Usage: deno task bundle [--only SYSTEMS] [--to FOLDER]

  --only SYSTEMS   only for these, with commas between: ${ALL.join(", ")}
  --to FOLDER      where to write the archive (bundle)
  -h, --help       print this and exit

A learner unpacks it and types ./glassbox start, or on Windows glassbox.cmd start. Every other task goes the same way.
Exit status: 0 if the bundle is made, 1 if not, 2 if the command line is wrong.`;

const NO_CLONE = "it needs git, and a clone of the project: git knows which files belong to it";

if (import.meta.main) await runProgram(HELP, main);

async function main(args: readonly string[]): Promise<number> {
  try {
    const { systems, to } = choose(args);
    await makeBundle(systems, to);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof BundleError)) throw error;
    console.error(`bundle: ${error.message}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function choose(args: readonly string[]): { systems: readonly BundleSystem[]; to: string } {
  const { flags, operands: [more] } = readFlags(args, new Map([["only", "text"], ["to", "text"]]));
  if (more !== undefined) throw new UsageError(`"${more}" is one too many; --help shows how`);
  const only = flags.get("only") as string | undefined;
  const to = flags.get("to") as string | undefined ?? `${PROJECT}bundle`;
  if (only === undefined) return { systems: ALL, to };
  const names = only.split(",");
  const unknown = names.find((name) => !Object.hasOwn(SYSTEMS, name));
  if (unknown !== undefined) throw new UsageError(`--only wants some of ${ALL.join(", ")}, not "${unknown}"`);
  return { systems: ALL.filter((system) => names.includes(system)), to };
}

async function makeBundle(systems: readonly BundleSystem[], to: string): Promise<void> {
  const registry = (Deno.env.get("NPM_CONFIG_REGISTRY") || NPM).replace(/\/?$/, "/");
  const own = await ownFiles();
  const programs: BundleFile[] = [];
  for (const system of systems) {
    const { version, files } = await fetchDeno(registry, system, DENO_VERSION);
    const instead = version === DENO_VERSION ? "" : `; ${DENO_VERSION} is not in the registry`;
    console.log(`Deno ${version} for ${system}${instead}`);
    const isProgram = (name: string) => name === SYSTEMS[system].program;
    programs.push(...files.map(({ name, bytes }) => ({
      path: `kit/deno/${system}/${name}`,
      isProgram: isProgram(name),
      bytes: () => bytes,
    })));
  }
  const temporary = await Deno.makeTempDir({ prefix: "glassbox_bundle_" });
  try {
    const cache = await packages(temporary);
    console.log(`${own.length} files of the project, ${cache.length} files of packages`);
    const files = [...own, ...launchers(), ...cache, ...programs].map((file) => ({
      ...file,
      path: `glassbox/${file.path}`,
    }));
    await Deno.mkdir(to, { recursive: true });
    const time = await timeOfCommit();
    const name = `${to}/glassbox-${config.version}`;
    const part = systems.length === 1 ? `-${systems[0]}` : "";
    const tar = ReadableStream.from(tarOf(files, time)).pipeThrough(new CompressionStream("gzip"));
    await write(`${name}${part}.tar.gz`, tar);
    if (systems.includes("windows-x64")) {
      const isForOthers = (path: string) => /\/kit\/deno\/(?!windows)/.test(path);
      await write(
        `${name}-windows-x64.zip`,
        ReadableStream.from(zipOf(files.filter(({ path }) => !isForOthers(path)), time)),
      );
    }
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function write(path: string, content: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
  // A bundle that breaks off has another name, so nobody takes it for a whole one.
  await Deno.writeFile(`${path}.part`, content);
  await Deno.rename(`${path}.part`, path);
  console.log(`${path.replace(PROJECT, "")}, ${sizeOf((await Deno.stat(path)).size)}`);
}

async function ownFiles(): Promise<BundleFile[]> {
  const paths = (await git("ls-files", "-z")).split("\0").filter((path) => path !== "");
  // A bundle that was unpacked inside of another repository is no clone.
  if (!paths.includes("main.ts")) throw new BundleError(NO_CLONE);
  return paths.map((path) => onDisk(path, PROJECT + path));
}

function onDisk(path: string, file: string): BundleFile {
  return { path, isProgram: ((Deno.statSync(file).mode ?? 0) & 0o100) !== 0, bytes: () => Deno.readFile(file) };
}

// A shell of Unix wants lines that end with "\n", and that of Windows those that end with "\r\n", whatever git has made of them.
function launchers(): BundleFile[] {
  return [["glassbox", "\n"], ["glassbox.cmd", "\r\n"]].map(([path, end]) => {
    const text = Deno.readTextFileSync(new URL(path, import.meta.url)).replaceAll(/\r?\n/g, end);
    return { path, isProgram: true, bytes: () => new TextEncoder().encode(text) };
  });
}

// Deno fills an empty cache with the packages and with what they need themselves. Deno names a folder of the cache after the npm
// registry; in the bundle it always has the name of npm's own, which the launcher names.
async function packages(temporary: string): Promise<BundleFile[]> {
  const args = ["cache", "--no-config", ...Object.values(PACKAGES)];
  const { success, stderr } = await new Deno.Command("deno", {
    args,
    cwd: temporary,
    env: { DENO_DIR: temporary, NO_COLOR: "1" },
  }).output();
  if (!success) {
    throw new BundleError(`the packages cannot be fetched: ${withAdvice(reasonIn(new TextDecoder().decode(stderr)))}`);
  }
  const registries = [...Deno.readDirSync(`${temporary}/npm`)].map(({ name }) => `${temporary}/npm/${name}`);
  return registries.flatMap((folder) =>
    filesBelow(folder).map((path) => onDisk(`kit/cache/npm/${new URL(NPM).host}/${path}`, `${folder}/${path}`))
  );
}

// In front of an error, Deno tells what it fetches. Behind it stand its causes, each in a line of its own.
function reasonIn(output: string): string {
  const [error] = output.replace(/^[^]*?^error: /m, "").split("\n\n");
  return error.trim().replaceAll(/\n\s*(?:\d+: )?/g, ": ");
}

function filesBelow(folder: string, below = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${below}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(folder, `${below}${name}/`) : [below + name]
  ).sort();
}

// Equal files get equal archives, so their time is that of the commit.
async function timeOfCommit(): Promise<number> {
  return Number(await git("log", "-1", "--format=%ct"));
}

async function git(...args: string[]): Promise<string> {
  try {
    const { success, stdout } = await new Deno.Command("git", { args, cwd: PROJECT, stderr: "null" }).output();
    if (success) return new TextDecoder().decode(stdout);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new BundleError(NO_CLONE);
}

function sizeOf(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
