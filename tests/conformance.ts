/**
 * The official conformance suite, against a registry that is started for it.
 * https://github.com/opencontainers/distribution-spec/tree/967efdc/conformance
 *
 *     deno task conformance
 *
 * It runs twice: as a client of 1.1 against a strict registry, and as one of the coming version, with everything switched
 * on, against a registry that takes manifests whose content was never pushed. The suite's exit status can hide a test that
 * was skipped, so what counts are its numbers: every single test has passed, and as many as there are.
 *
 * Exit status: 0 all passed, 1 something failed, 2 Go is missing, 3 the suite cannot be had here.
 *
 * @module
 */

const MODULE = "github.com/opencontainers/distribution-spec/conformance";
// The pseudo-version of 967efdc, the revision of the spec that this registry was written from.
const VERSION = "v0.0.0-20260716174315-967efdc079b9";

const FAILED = 1;
const NO_GO = 2;
const NO_SUITE = 3;

/** One run of the suite. */
interface Run {
  readonly name: string;
  /** Flags of the registry. */
  readonly flags: readonly string[];
  /** The suite's settings. */
  readonly environment: Readonly<Record<string, string>>;
  /** How many tests there are. They are counted by the suite itself; fewer would mean that something was left out. */
  readonly tests: number;
}

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

const RUNS: readonly Run[] = [
  // The data of "Sparse Manifests" is the only thing that is left out.
  { name: "1.1", flags: [], environment: { ...EVERYTHING, OCI_VERSION: "1.1" }, tests: 986 },
  {
    name: "dev",
    flags: ["--allow-sparse"],
    environment: { ...EVERYTHING, OCI_VERSION: "dev", OCI_DATA_SPARSE: "true" },
    tests: 1032,
  },
];

const project = new URL("..", import.meta.url).pathname;

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const suite = await findSuite();
  if (typeof suite === "number") return suite;
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

/** The path of the suite's program, or the exit status where it cannot be had. */
async function findSuite(): Promise<string | number> {
  const named = Deno.env.get("CONFORMANCE");
  if (named !== undefined) return named;
  const go = await output("go", ["env", "GOBIN", "GOPATH"]);
  if (go === undefined) {
    console.error("The suite is a Go program: install Go 1.24 or later (https://go.dev/dl), and run this once more.");
    return NO_GO;
  }
  const [bin, path] = go.split("\n");
  const program = `${bin || `${path}/bin`}/conformance`;
  if (await isProgram(program)) return program;

  console.log(`go install ${MODULE}@${VERSION}`);
  const { success } = await new Deno.Command("go", { args: ["install", `${MODULE}@${VERSION}`] }).spawn().status;
  if (success) return program;
  console.error(`
The conformance suite could not be run: the module proxy does not have it at this version. Build it from the spec:

  git clone https://github.com/opencontainers/distribution-spec
  cd distribution-spec && git checkout 967efdc && cd conformance && go build -o conformance .

and name the program: CONFORMANCE=/path/to/conformance deno task conformance`);
  return NO_SUITE;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What a program prints; `undefined` where there is no such program. */
async function output(program: string, args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command(program, { args, stderr: "inherit" }).output();
    return new TextDecoder().decode(stdout).trimEnd();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function conform(
  suite: string,
  { name, flags, environment, tests }: Run,
): Promise<{ passed: number; failed: number }> {
  const root = await Deno.makeTempDir({ prefix: "glassbox_conformance_" });
  const report = `${project}conformance-report/${name}`;
  await Deno.remove(report, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(report, { recursive: true });

  const args = ["run", "--no-prompt", "--allow-run=deno", `${project}start.ts`];
  const more = ["--port", "0", "--root", `${root}/registry`, "--log", "none", ...flags];
  const registry = new Deno.Command("deno", { args: [...args, ...more], stdout: "piped" }).spawn();
  try {
    const address = await addressOf(registry.stdout);
    const env = { ...environment, OCI_REGISTRY: address, OCI_RESULTS_DIR: report };
    const { code, stdout, stderr } = await new Deno.Command(suite, { env, cwd: root }).output();
    return judge(name, tests, code, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr), report);
  } finally {
    registry.kill("SIGTERM");
    await registry.status;
    await Deno.remove(root, { recursive: true });
  }
}

// The first line that a registry prints says where it listens.
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

function judge(
  name: string,
  tests: number,
  code: number,
  text: string,
  report: string,
): { passed: number; failed: number } {
  const summary = text.slice(text.indexOf("OCI Conformance Result"));
  console.log(`\n=== OCI_VERSION=${name}\n\n${summary}`);
  const count = (word: string) => Number(new RegExp(`^  ${word}\\.+: +([0-9]+)$`, "m").exec(text)?.[1] ?? NaN);
  const passed = count("Pass");
  const others = ["Disabled", "Skip", "FAIL", "Error"].map((word) => [word, count(word)] as const);

  const faults = [
    ...(code === 0 ? [] : [`the suite's exit status is ${code}`]),
    ...(/^OCI Conformance Result: Pass$/m.test(text) ? [] : ["the result is not Pass"]),
    ...others.filter(([, number]) => number !== 0).map(([word, number]) => `${word}: ${number}`),
    ...(passed === tests ? [] : [`${passed} tests passed, and not ${tests}`]),
    ...["junit.xml", "report.html", "results.yaml"].filter((file) => !isNewReport(`${report}/${file}`))
      .map((file) => `${file} was not written`),
  ];
  for (const fault of faults) console.log(`FAILED (OCI_VERSION=${name}): ${fault}`);
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
