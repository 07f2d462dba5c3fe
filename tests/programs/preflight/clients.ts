/**
 * What a learner types commands with: curl, a program for digests, a shell, a browser; and the clients that only some lessons use.
 *
 * @module
 */

import { ask, versionOf } from "./asking.ts";
import { type Advice, adviceFor, type Finding, type System } from "./finding.ts";

const packageOf = (debian: string, fedora = debian): Advice => ({
  debian: `sudo apt install ${debian}`,
  fedora: `sudo dnf install ${fedora}`,
});

/** Looks for curl. */
export async function findCurl(system: System): Promise<Finding> {
  return judgeCurl(await versionOf("curl"), system);
}

/** Judges a version of curl. */
export function judgeCurl(version: string | undefined, system: System): Finding {
  if (version !== undefined) {
    // PowerShell 5 has another command with this name.
    const how = system === "windows" ? ["In PowerShell, type curl.exe, because curl is another command there."] : [];
    return { word: "ok", what: `curl ${version}`, advice: how };
  }
  const advice = adviceFor(system, {
    ...packageOf("curl"),
    macos: "macOS has it as /usr/bin/curl: look at your PATH",
    windows: "Windows 10 and later have it as curl.exe; Git for Windows brings one, too: https://gitforwindows.org",
  });
  return { word: "missing", what: "curl: there is no such program", advice };
}

/** Looks for programs that print the SHA-256 of a file. The README has one, the lessons have another one. */
export async function findHashes(system: System): Promise<Finding> {
  const names = ["sha256sum", "shasum"];
  const found = await Promise.all(names.map((name) => ask(name, "--version")));
  return judgeHashes(names.filter((_, index) => found[index]?.code === 0), system);
}

/** Judges which programs for SHA-256 are there. */
export function judgeHashes(names: readonly string[], system: System): Finding {
  if (names.includes("sha256sum")) return { word: "ok", what: "sha256sum" };
  if (names.includes("shasum")) {
    const define = 'Define it in each terminal: sha256sum() { shasum -a 256 "$@"; }';
    return { word: "ok", what: "shasum -a 256, in the place of sha256sum", advice: [define] };
  }
  const advice = adviceFor(system, {
    ...packageOf("coreutils"),
    macos: "macOS has it as /usr/bin/shasum: look at your PATH",
    windows: "Git Bash has sha256sum; PowerShell has: (Get-FileHash FILE).Hash.ToLower()",
  });
  const what = "sha256sum, shasum: there is none of these programs; the lessons have openssl, the README sha256sum";
  return { word: "warning", what, advice };
}

/** The programs that the commands of the lessons need, besides curl and what every Unix has; and what prints the version of each. */
export const TOOLS: Readonly<Record<string, string>> = { openssl: "version", tar: "--version", gzip: "--version" };

/** Looks for these programs. */
export async function findTools(system: System): Promise<Finding[]> {
  return await Promise.all(
    Object.entries(TOOLS).map(async ([name, argument]) => judgeTool(name, await versionOf(name, argument), system)),
  );
}

/** Judges if a program is there that the lessons need. */
export function judgeTool(name: string, version: string | undefined, system: System): Finding {
  if (version !== undefined) return { word: "ok", what: `${name} ${version}`.trim() };
  const advice = adviceFor(system, {
    ...packageOf(name),
    macos: `macOS has it as /usr/bin/${name}: look at your PATH`,
    windows: `Git Bash has ${name}: https://gitforwindows.org`,
  });
  return { word: "missing", what: `${name}: there is no such program`, advice };
}

/** Looks for a shell of Unix, on Windows. The other systems have one. */
export async function findShell(system: System): Promise<Finding | undefined> {
  if (system !== "windows") return undefined;
  return judgeShell((await ask("sh", "-c", "exit 0"))?.code === 0);
}

/** Judges if Windows has a shell of Unix. */
export function judgeShell(isThere: boolean): Finding {
  if (isThere) return { word: "ok", what: "sh: type the commands of the lessons in Git Bash, or in WSL" };
  return {
    word: "missing",
    what: "sh: the commands of the lessons are for a shell of Unix",
    advice: [
      "Install Git for Windows, and type them in Git Bash: https://gitforwindows.org",
      "or use WSL, and run Glassbox in it: wsl --install",
    ],
  };
}

const BROWSERS = ["firefox", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "epiphany"];

/** Looks for a browser. */
export function findBrowser(system: System, path: string): Finding {
  if (system === "macos") return { word: "ok", what: "a browser: Safari is part of macOS" };
  if (system === "windows") return { word: "ok", what: "a browser: Edge is part of Windows" };
  const name = BROWSERS.find((name) => path.split(":").some((folder) => isFile(`${folder}/${name}`)));
  return judgeBrowser(name, system);
}

/** Judges if there is a browser on Linux. The lessons are in the terminal, too. */
export function judgeBrowser(name: string | undefined, system: System): Finding {
  if (name !== undefined) return { word: "ok", what: `a browser: ${name}` };
  const advice = adviceFor(system, packageOf("firefox"));
  return { word: "warning", what: "a browser: none was found, and the page needs one", advice };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

// The arguments that print a version, and what to do if the program is not there. Go programs print a version without "--".
const OPTIONAL: readonly (readonly [name: string, args: readonly string[], use: string, advice: Advice])[] = [
  ["skopeo", [], "copies images between registries", { ...packageOf("skopeo"), macos: "brew install skopeo" }],
  ["podman", [], "pushes and runs images without a daemon", { ...packageOf("podman"), macos: "brew install podman" }],
  ["buildah", [], "builds images without a daemon", packageOf("buildah")],
  ["crane", ["version"], "looks into registries", { macos: "brew install crane" }],
  ["regctl", ["version"], "looks into registries", { macos: "brew install regclient" }],
  ["oras", ["version"], "pushes any file, and referrers", { macos: "brew install oras" }],
  ["cosign", ["version"], "signs images", { macos: "brew install cosign" }],
];

/** Looks for the clients that only some lessons use. Docker has a file of its own. */
export async function findOptional(system: System): Promise<Finding[]> {
  return await Promise.all(
    OPTIONAL.map(async ([name, args, use, advice]) =>
      judgeOptional(name, await versionOf(name, ...args), use, adviceFor(system, advice))
    ),
  );
}

/** Judges if a client is there. */
export function judgeOptional(
  name: string,
  version: string | undefined,
  use: string,
  advice: readonly string[],
): Finding {
  if (version !== undefined) return { word: "ok", what: `${name} ${version}`.trim() };
  return { word: "optional", what: `${name} is not there; it ${use}`, advice };
}
