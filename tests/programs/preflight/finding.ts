/**
 * A finding of the preflight: one thing that is there, or is not, and what to do about it.
 *
 *     ✓ ok        port 5080 of 127.0.0.1 is free
 *     ✗ missing   curl: there is no such program
 *                   Debian, Ubuntu: sudo apt install curl
 *                   Fedora: sudo dnf install curl
 *
 * @module
 */

/** What a finding means: it is well; the workshop needs it; it may make trouble; or only some parts want it. */
export type Word = "ok" | "missing" | "warning" | "optional";

/** One finding. */
export interface Finding {
  readonly word: Word;
  /** What was found, in one line. */
  readonly what: string;
  /** What to do about it, one line for each step. */
  readonly advice?: readonly string[];
}

const SIGNS: Readonly<Record<Word, string>> = { ok: "✓", missing: "✗", warning: "!", optional: "–" };

/**
 * Returns the lines of a finding: a sign and a word, what was found, and below it what to do.
 */
export function linesOf({ word, what, advice = [] }: Finding): string[] {
  return [`${SIGNS[word]} ${word.padEnd(9)} ${what}`, ...advice.map((line) => `${" ".repeat(14)}${line}`)];
}

/** The systems that the advice knows. `linux` is one of Linux that is not known, so it gets the advice for both. */
export type System = "debian" | "fedora" | "linux" | "macos" | "windows";

/**
 * Returns the system of a machine, by what Deno calls it and, on Linux, by the text of `/etc/os-release`.
 */
export function systemOf(os: string, release = ""): System {
  if (os === "darwin") return "macos";
  if (os === "windows") return "windows";
  const names = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].flatMap(([, list]) => list.split(" "));
  if (names.some((name) => name === "debian" || name === "ubuntu")) return "debian";
  return names.some((name) => ["fedora", "rhel", "centos"].includes(name)) ? "fedora" : "linux";
}

/** What to do on each system. A command for all of Linux stands once. */
export interface Advice {
  readonly debian?: string;
  readonly fedora?: string;
  /** For Debian, Ubuntu and Fedora alike. */
  readonly linux?: string;
  readonly macos?: string;
  readonly windows?: string;
}

/**
 * Returns the lines that are for a system. If only Linux is known, the lines of both kinds, each with its name.
 */
export function adviceFor(system: System, { debian, fedora, linux, macos, windows }: Advice): string[] {
  const both = [["Debian, Ubuntu", debian], ["Fedora", fedora]].filter(([, text]) => text !== undefined);
  const lines = {
    debian: [debian, linux],
    fedora: [fedora, linux],
    linux: [...both.map(([name, text]) => `${name}: ${text}`), linux],
    macos: [macos],
    windows: [windows],
  };
  return lines[system].filter((line) => line !== undefined);
}
