/**
 * What a registry on this laptop needs: Deno, a port, a folder, space, memory, files that may be open, and packages.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { reasonOf } from "../../../src/disk/reasons.ts";
import { loadPackage, PACKAGES } from "../../../src/packages.ts";
import { DENO_VERSION } from "../deno_version.ts";
import { ask } from "./asking.ts";
import { adviceFor, type Finding, type System } from "./finding.ts";

const MIB = 1024 ** 2;

/** Judges the version of Deno that runs this. */
export function judgeDeno(version: string): Finding {
  const [major, minor] = version.split(".").map(Number);
  const [wantedMajor, wantedMinor] = DENO_VERSION.split(".").map(Number);
  const wanted = `${wantedMajor}.${wantedMinor}`;
  if (major === wantedMajor && minor === wantedMinor) return { word: "ok", what: `Deno ${version}` };
  if (major > wantedMajor || (major === wantedMajor && minor > wantedMinor)) {
    return { word: "warning", what: `Deno ${version} is newer than ${wanted}, with which Glassbox is tried` };
  }
  const advice = [`deno upgrade ${DENO_VERSION}`, `or: npm install -g deno@${DENO_VERSION}`];
  return { word: "missing", what: `Deno ${version} is older than ${wanted}`, advice };
}

/** Looks if the port is free. If it is not, asks what is there. */
export async function findPort(hostname: string, port: number, system: System): Promise<Finding> {
  const where = `port ${port} of ${hostname}`;
  try {
    Deno.listen({ hostname, port }).close();
    return { word: "ok", what: `${where} is free` };
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      const isOwn = await isRegistry(hostname, port);
      const advice = adviceFor(system, {
        linux: `Find it: ss -ltnp 'sport = :${port}'`,
        macos: `Find it: lsof -nP -iTCP:${port} -sTCP:LISTEN`,
        windows: `Find it in PowerShell: Get-Process -Id (Get-NetTCPConnection -LocalPort ${port}).OwningProcess`,
      });
      return {
        word: isOwn ? "optional" : "missing",
        what: `${where} is taken by ${isOwn ? "a registry; if you have started it, all is well" : "another program"}`,
        advice: [...advice, `or use another port: deno task start --port ${port + 1}`],
      };
    }
    const reason = error instanceof Deno.errors.AddrNotAvailable
      ? "this machine does not have this address"
      : (error as Error).message;
    return { word: "missing", what: `${where}: ${reason}`, advice: ["Without --host, it is 127.0.0.1."] };
  }
}

async function isRegistry(hostname: string, port: number): Promise<boolean> {
  const reachable = { "0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]" }[hostname] ?? hostname;
  try {
    const answer = await fetch(`http://${reachable}:${port}/v2/`, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.ok || answer.status === 401;
  } catch {
    return false;
  }
}

/** Writes a file into the root, gives it a second name, and removes both. If there is no root yet, the folder above it counts. */
export function findRoot(root: string): Finding[] {
  const folder = nearest(root);
  const probe = resolve(folder, `.preflight-${crypto.randomUUID()}`);
  const another = ["Choose another folder: deno task start --root FOLDER"];
  try {
    Deno.mkdirSync(probe);
  } catch (error) {
    return [{ word: "missing", what: `nothing can be written into ${folder}: ${reasonOf(error)}`, advice: another }];
  }
  try {
    Deno.writeTextFileSync(`${probe}/one`, "foo");
    const written: Finding = { word: "ok", what: `${folder} can be written` };
    return [written, findLinks(probe, folder)];
  } catch (error) {
    return [{ word: "missing", what: `no file can be written into ${folder}: ${reasonOf(error)}`, advice: another }];
  } finally {
    Deno.removeSync(probe, { recursive: true });
  }
}

function findLinks(probe: string, folder: string): Finding {
  try {
    Deno.linkSync(`${probe}/one`, `${probe}/two`);
    return judgeLinks(folder);
  } catch (error) {
    return judgeLinks(folder, reasonOf(error));
  }
}

/** Judges if a folder has hard links. `reason` says why it has none. */
export function judgeLinks(folder: string, reason?: string): Finding {
  if (reason === undefined) {
    return { word: "ok", what: `${folder} has hard links: a blob of two repositories is stored once` };
  }
  const advice = [
    "A USB stick has none. Copy the project onto the disk of the laptop, or choose another --root FOLDER.",
  ];
  const what = `${folder} has no hard links (${reason}), so a blob of two repositories is stored twice`;
  return { word: "warning", what, advice };
}

// Returns the path, or the nearest folder above it that is there.
function nearest(path: string): string {
  for (let folder = resolve(path);; folder = dirname(folder)) {
    try {
      Deno.statSync(folder);
      return folder;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || folder === dirname(folder)) return folder;
    }
  }
}

/** Judges the space on the disk of the root. */
export async function findSpace(root: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(nearest(root));
  return judgeSpace(Number(bavail) * Number(bsize));
}

/** Judges a number of free bytes. All lessons together store less than a MiB, but an image of one's own may be large. */
export function judgeSpace(bytes: number): Finding {
  const what = `${sizeOf(bytes)} are free on the disk`;
  if (bytes >= 1024 * MIB) return { word: "ok", what };
  const advice = ["Remove something, or choose a --root FOLDER on another disk."];
  return { word: bytes < 100 * MIB ? "missing" : "warning", what, advice };
}

/** Judges a number of bytes of memory that programs can have. */
export function judgeMemory(bytes: number): Finding {
  const what = `${sizeOf(bytes)} of memory are available`;
  if (bytes >= 1024 * MIB) return { word: "ok", what };
  const advice = ["Close other programs: the registry, a browser and a client need about 1 GiB."];
  return { word: bytes < 256 * MIB ? "missing" : "warning", what, advice };
}

function sizeOf(bytes: number): string {
  return bytes >= 1024 * MIB ? `${(bytes / MIB / 1024).toFixed(1)} GiB` : `${Math.floor(bytes / MIB)} MiB`;
}

/** Looks how many files and connections a program may have open. */
export async function findLimit(system: System): Promise<Finding | undefined> {
  // Windows has no such limit.
  if (system === "windows") return undefined;
  const text = (await ask("sh", "-c", "ulimit -n"))?.out.trim() ?? "";
  return judgeLimit(text);
}

/** Judges what `ulimit -n` prints. */
export function judgeLimit(text: string): Finding {
  if (text === "unlimited" || Number(text) >= 1024) return { word: "ok", what: `ulimit -n is ${text}` };
  return {
    word: "warning",
    what: `ulimit -n is ${text || "not known"}: a program may have only so many files and connections open`,
    advice: ["For one learner it is enough. For a class: ulimit -n 4096, in the terminal that starts the registry"],
  };
}

/** Looks which packages are in Deno's cache. This process has the flag `--cached-only`, so it fetches none. */
export async function findPackages(): Promise<Finding[]> {
  const uses = { bcrypt: "--htpasswd", archives: "import and export", certificates: "tests that speak TLS" };
  return await Promise.all(
    Object.entries(uses).map(async ([purpose, use]) => {
      const name = PACKAGES[purpose as keyof typeof PACKAGES];
      const isCached = await loadPackage(name, purpose).then(() => true, () => false);
      return judgePackage(name, use, isCached);
    }),
  );
}

/** Judges if a package is in the cache. */
export function judgePackage(name: string, use: string, isCached: boolean): Finding {
  const what = `the package for ${use}`;
  if (isCached) return { word: "ok", what: `${what} is in Deno's cache` };
  return { word: "optional", what: `${what} is not in Deno's cache`, advice: [`With a network: deno cache ${name}`] };
}
