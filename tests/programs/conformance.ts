/**
 * Runs the official conformance suite against a registry that it starts for this.
 * https://github.com/opencontainers/distribution-spec/tree/967efdc/conformance
 *
 *     deno task conformance
 *
 * The suite runs three times: as a client of 1.1 against a strict registry; as a client of the coming version, with
 * everything switched on, against a registry that accepts manifests whose content was never pushed; and in the same way
 * against a registry that keeps everything in memory. The suite's exit status can hide a skipped test, so its numbers
 * count: every test has passed, and the number of tests is the expected one.
 *
 * The suite is a Go program. The environment variable `CONFORMANCE` names it, or it is in Go's folder for programs in
 * the right version. Otherwise it is installed into a folder of its own below the user's cache.
 *
 * Exit status: 0 if everything passed, 1 if something failed, 3 if the suite could not be run.
 *
 * @module
 */

import { runProgram } from "./run_program.ts";

const HELP =
  `Runs the official conformance suite against registries that are started for it: twice over a folder, once in memory.

Usage: deno task conformance

  -h, --help  print this and exit

It needs the suite, a Go program: the one that the environment variable CONFORMANCE names, or one that Go has installed.
Otherwise Go 1.24 or later installs it from the network. The reports are in conformance-report/.
Exit status: 0 if everything passed, 1 if something failed, 3 if the suite could not be run.`;

const MODULE = "github.com/opencontainers/distribution-spec/conformance";
// The pseudo-version of 967efdc, the revision of the spec that this registry was written from.
const VERSION = "v0.0.0-20260716174315-967efdc079b9";

const FAILED = 1;
const NOT_RUN = 3;

/** One run of the suite. */
export interface Run {
  readonly name: string;
  /** Flags of the registry. */
  readonly flags: readonly string[];
  /** The suite's settings. */
  readonly environment: Readonly<Record<string, string>>;
  /** The number of tests, as the suite counts them; fewer would mean that something was left out. */
  readonly tests: number;
  /** The parts that are switched off. The suite lists them, and does not count them. */
  readonly disabled: readonly string[];
}

const SPARSE = "Sparse Manifests";

// Everything that can be switched on, except sparse manifests. With 1.1, the suite itself leaves some of it off.
const EVERYTHING = {
  OCI_TLS: "disabled",
  OCI_LOG: "error",
  OCI_API_BLOBS_UPLOAD_CANCEL: "true",
  OCI_API_BLOBS_DIGEST_HEADER: "true",
  OCI_API_BLOBS_MOUNT_ANONYMOUS: "true",
  OCI_API_MANIFESTS_DIGEST_HEADER: "true",
  OCI_API_MANIFESTS_TAG_PARAM: "true",
  OCI_DATA_SHA512: "true",
};

// With everything on, the suite of this version counts 1032 for any registry that passes. The strict run lacks the 46
// of sparse manifests. These are 37 tests, and the 9 of them that delete count twice: once for the deletion, and once
// for a check that it is visible at once.
/** The runs of this program. */
export const RUNS: readonly Run[] = [
  { name: "1.1", flags: [], environment: { ...EVERYTHING, OCI_VERSION: "1.1" }, tests: 986, disabled: [SPARSE] },
  {
    name: "dev",
    flags: ["--allow-sparse"],
    environment: { ...EVERYTHING, OCI_VERSION: "dev", OCI_DATA_SPARSE: "true" },
    tests: 1032,
    disabled: [],
  },
  {
    name: "memory",
    flags: ["--allow-sparse", "--disk", "memory"],
    environment: { ...EVERYTHING, OCI_VERSION: "dev", OCI_DATA_SPARSE: "true" },
    tests: 1032,
    disabled: [],
  },
];

const project = new URL("../..", import.meta.url).pathname;

if (import.meta.main) await runProgram(HELP, main);

async function main(): Promise<number> {
  const suite = await findSuite();
  if (suite === undefined) {
    console.error("The conformance suite could not be run.");
    return NOT_RUN;
  }
  console.log(`The suite is ${suite}`);
  let passed = 0;
  let failed = 0;
  for (const run of RUNS) {
    const counts = await conform(suite, run);
    passed += counts.passed;
    failed += counts.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : FAILED;
}

/** Returns the path of the suite's program. If there is none, prints what to do and returns `undefined`. */
export async function findSuite(): Promise<string | undefined> {
  const named = Deno.env.get("CONFORMANCE");
  if (named) {
    if (await isProgram(named)) return Deno.realPath(named);
    console.error(`CONFORMANCE names ${named}, which is not there.`);
    return undefined;
  }
  const go = await output("go", ["env", "GOBIN", "GOPATH"]);
  if (go === undefined) {
    console.error("It is a Go program: install Go 1.24 or later (https://go.dev/dl), and run this once more.");
    return undefined;
  }
  const [bin, path] = go.split("\n");
  const present = `${bin || `${path.split(":")[0]}/bin`}/conformance`;
  if (await isProgram(present) && await isSuite(present)) return present;

  const cache = `${Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`}/glassbox/conformance@${VERSION}`;
  const installed = `${cache}/conformance`;
  if (await isProgram(installed)) return installed;
  return await install(cache) ? installed : undefined;
}

// Many programs have this name, and this one has many versions. A build from a checkout may not know its version.
async function isSuite(program: string): Promise<boolean> {
  const about = await output("go", ["version", "-m", program]) ?? "";
  const [, version] = new RegExp(`^\\tmod\\t${RegExp.escape(MODULE)}\\t(\\S+)`, "m").exec(about) ?? [];
  if (version === VERSION || version === "(devel)") return true;
  console.log(`${program} is not used: it is ${version === undefined ? "another program" : `version ${version}`}.`);
  return false;
}

async function install(folder: string): Promise<boolean> {
  console.log(`GOBIN=${folder} go install ${MODULE}@${VERSION}`);
  const args = ["install", `${MODULE}@${VERSION}`];
  const { success } = await new Deno.Command("go", { args, env: { GOBIN: folder } }).spawn().status;
  if (success) return true;
  console.error(`
Go could not install the suite; the reason is above. If the module proxy does not have this version, build it from the spec:

  git clone https://github.com/opencontainers/distribution-spec
  cd distribution-spec && git checkout 967efdc && cd conformance && go build -o conformance .

and name the program: CONFORMANCE=/path/to/conformance deno task conformance
`);
  return false;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Returns the output of a program, or `undefined` if there is no such program. */
async function output(program: string, args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command(program, { args, stderr: "inherit" }).output();
    return new TextDecoder().decode(stdout).trimEnd();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function conform(suite: string, run: Run): Promise<{ passed: number; failed: number }> {
  const root = await Deno.makeTempDir({ prefix: "glassbox_conformance_" });
  const args = ["run", "--no-prompt", "--allow-run=deno", `${project}main.ts`];
  const folder = run.flags.includes("memory") ? [] : ["--root", `${root}/registry`];
  const more = ["--port", "0", "--log", "none", ...folder, ...run.flags];
  const registry = new Deno.Command("deno", { args: [...args, ...more], stdout: "piped" }).spawn();
  try {
    return await testRegistry(suite, run, await addressOf(registry.stdout), root);
  } finally {
    registry.kill("SIGTERM");
    await registry.status;
    await Deno.remove(root, { recursive: true });
  }
}

/** Runs the suite against a registry at an address such as `127.0.0.1:5080`, in a working folder that has no settings in it. */
export async function testRegistry(
  suite: string,
  run: Run,
  address: string,
  folder: string,
): Promise<{ passed: number; failed: number }> {
  const report = `${project}conformance-report/${run.name}`;
  await Deno.remove(report, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(report, { recursive: true });
  const env = { ...run.environment, OCI_REGISTRY: address, OCI_RESULTS_DIR: report };
  // The suite reads many variables, and a file in its working folder. None of them may come from the user.
  const { code, stdout, stderr } = await new Deno.Command(suite, { env, clearEnv: true, cwd: folder }).output();
  return judge(run, code, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr), report);
}

// The first line that a registry prints has its address.
async function addressOf(stdout: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (
    const piece of stdout.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
  ) {
    text += piece;
    const address = /listens on http:\/\/(\S+)/.exec(text)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(`the registry did not start: ${text}`);
}

function judge(run: Run, code: number, text: string, report: string): { passed: number; failed: number } {
  const { name, tests, disabled } = run;
  // If there is no summary, the whole output is of interest.
  const summary = text.slice(Math.max(0, text.indexOf("OCI Conformance Result")));
  console.log(`\n=== ${name}: OCI_VERSION=${run.environment.OCI_VERSION}\n\n${summary}`);
  const count = (word: string) => Number(new RegExp(`^  ${word}\\.+: +([0-9]+)$`, "m").exec(text)?.[1] ?? NaN);
  const passed = count("Pass");
  const others = ["Disabled", "Skip", "FAIL", "Error"].map((word) => [word, count(word)] as const);
  // Below the counts are the results of each API and each kind of data. The counts leave out everything that is
  // switched off.
  const rows = [...summary.matchAll(/^ {2}(\S.*?)\.*: +(Pass|Skip|FAIL|Error|Disabled|Unknown)$/gm)];

  const faults = [
    ...(code === 0 ? [] : [`the suite's exit status is ${code}`]),
    ...(/^OCI Conformance Result: Pass$/m.test(text) ? [] : ["the result is not Pass"]),
    ...others.filter(([, number]) => number !== 0).map(([word, number]) => `${word}: ${number}`),
    ...(passed === tests && count("Total") === tests
      ? []
      : [`${passed} of ${count("Total")} passed, and not ${tests}`]),
    ...(rows.length > 0 ? [] : ["the output has no results of the APIs"]),
    ...rows.filter(([, row, status]) => status !== (disabled.includes(row) ? "Disabled" : "Pass"))
      .map(([, row, status]) => `${row}: ${status}`),
    ...["junit.xml", "report.html", "results.yaml"].filter((file) => !isNewReport(`${report}/${file}`))
      .map((file) => `${file} was not written`),
  ];
  for (const fault of faults) console.log(`FAILED (${name}): ${fault}`);
  console.log(`The report is in ${report.slice(project.length)}/report.html`);
  return { passed: passed || 0, failed: Math.max(faults.length, (tests - passed) || 0) };
}

function isNewReport(path: string): boolean {
  // The folder was empty before the run.
  try {
    return Deno.statSync(path).size > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
