/**
 * Runs two registries over a file system that two machines share, and tries to make them lose something.
 *
 *     deno task cluster
 *
 *     clients ─▶ nginx ─┬─▶ registry ─▶ mount ─┐    one machine plays all of them:
 *                       └─▶ registry ─▶ mount ─┴─▶ MooseFS: a master and three storage servers
 *
 * All of it is in namespaces of its own: processes, network and mounts. When the first process there ends, the kernel ends all
 * others and removes the mounts, whatever has happened. Then only a folder is left, and this program removes it.
 *
 * The first process starts itself again in the namespaces, with `--inside FOLDER`. That one does the work.
 *
 * Exit status: 0 if everything passed, 1 if something failed, 3 if it could not be run here.
 *
 * @module
 */

import { findSuite } from "../conformance.ts";
import { findProgram, pathToPrograms } from "../installed.ts";
import { runProgram } from "../run_program.ts";
import { check, type Shared } from "./checks.ts";
import { MooseFs } from "./moosefs.ts";

const HELP =
  `Runs two registries over MooseFS, as on two machines, with nginx before them, and ends processes in the middle.

Usage: deno task cluster [--folder FOLDER]

  --folder FOLDER  use this folder instead of MooseFS, for both registries
  -h, --help       print this and exit

It needs Linux, root, /dev/fuse and these programs:

  apt-get install iproute2 nginx-light moosefs-master moosefs-chunkserver moosefs-client

Exit status: 0 if everything passed, 1 if something failed, 3 if it could not be run here.`;

const FAILED = 1;
const NOT_RUN = 3;

const FLAGS = ["--no-prompt", "--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-net=127.0.0.1"];

await runProgram(HELP, async (args) => {
  const inside = valueOf(args, "--inside");
  const folder = valueOf(args, "--folder");
  return inside === undefined ? await runOutside(folder) : await runInside(inside, folder);
});

function valueOf(args: readonly string[], flag: string): string | undefined {
  return args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined;
}

// ── In front of the namespaces ──────────────────────────────────────────────────────────────────────────────────────

async function runOutside(folder: string | undefined): Promise<number> {
  const path = await pathToPrograms();
  const missing = await whatIsMissing(folder === undefined, path);
  if (missing.length > 0) {
    console.log(`skipped: this machine lacks ${missing.join(", ")}`);
    return NOT_RUN;
  }
  // There is no network inside, so it has to be found, or installed, before.
  const suite = await findSuite() ?? "";
  const work = await Deno.makeTempDir({ prefix: "glassbox_cluster_" });
  try {
    const inside = ["deno", "run", ...FLAGS, import.meta.filename!, "--inside", work];
    const child = new Deno.Command("unshare", {
      args: [
        ...["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"],
        ...inside,
        ...(folder === undefined ? [] : ["--folder", await Deno.realPath(folder)]),
      ],
      env: { PATH: path, CONFORMANCE: suite },
      // When this process ends, the pipe ends, and so does the process inside.
      stdin: "piped",
    }).spawn();
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => child.kill("SIGKILL"));
    return (await child.status).code === 0 ? 0 : FAILED;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function whatIsMissing(needsMooseFs: boolean, path: string): Promise<string[]> {
  if (Deno.build.os !== "linux") return ["Linux"];
  const mooseFs = needsMooseFs ? ["mfsmaster", "mfschunkserver", "mfsmount", "mfssetgoal", "mfsfileinfo"] : [];
  const missing = ["unshare", "ip", "nginx", ...mooseFs].filter((program) => findProgram(program, path) === undefined);
  // Deno itself may not look at files below /dev.
  if (needsMooseFs && !await succeeds("test", "-c", "/dev/fuse")) missing.push("/dev/fuse");
  if (!await succeeds("unshare", "--mount", "--net", "--pid", "--fork", "true")) missing.push("the rights of root");
  return missing;
}

async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

// ── In the namespaces ───────────────────────────────────────────────────────────────────────────────────────────────

async function runInside(work: string, folder: string | undefined): Promise<number> {
  Deno.stdin.readable.pipeTo(new WritableStream()).finally(() => Deno.exit(FAILED));
  await new Deno.Command("ip", { args: ["link", "set", "lo", "up"] }).output();
  const counts = await check(folder === undefined ? await shareMooseFs(work) : await shareFolder(folder), work);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  return counts.failed === 0 ? 0 : FAILED;
}

async function shareMooseFs(work: string): Promise<Shared> {
  const began = performance.now();
  const mooseFs = await MooseFs.start(`${work}/moosefs`);
  const mounts = [await mooseFs.mount("one", "fresh"), await mooseFs.mount("other", "fresh")];
  await mooseFs.becomeReady(mounts[0]);
  console.log(`MooseFS is up after ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return {
    mounts,
    lateMounts: async () => [await mooseFs.mount("late-one", "late"), await mooseFs.mount("late-other", "late")],
    endStorageServer: () => mooseFs.endServer(),
  };
}

async function shareFolder(folder: string): Promise<Shared> {
  const shared = await Deno.makeTempDir({ dir: folder, prefix: "glassbox_cluster_" });
  globalThis.addEventListener("unload", () => Deno.removeSync(shared, { recursive: true }));
  return { mounts: [shared, shared], lateMounts: undefined, endStorageServer: undefined };
}
