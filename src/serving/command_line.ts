/**
 * The command line: which command it is, what its flags mean, and which of them go together.
 *
 *     deno task start --port 5081 --root images --no-delete
 *     deno task gc --root images --dry-run
 *     deno task import hello.tar library/hello:v1
 *
 * The program reads it twice: the first time to find out which permissions it needs, and the second time, after it has started
 * itself again with these, to do the work.
 *
 * Next: flags.ts
 *
 * @module
 */

import { platform } from "node:process";
import { type Option, PROGRAM_OPTIONS, type ProgramSettings, REGISTRY_OPTIONS, type Settings } from "../options.ts";
import { type Parsed, readFlags, UsageError, valueOf } from "./flags.ts";

/** The commands of the program. */
export type Command =
  | "serve"
  | "verify"
  | "gc"
  | "tree"
  | "look"
  | "diff"
  | "import"
  | "export"
  | "samples"
  | "lessons";

/** The content of a command line: a command, and the value of each option. Sizes are in bytes, times in milliseconds. */
export interface CommandLine extends Omit<ProgramSettings, "threads">, Settings {
  /** The command. */
  readonly command: Command;
  /** What stands on the command line without a flag, such as the SOURCE of `import`. */
  readonly operands: readonly string[];
  /** The number of threads that serve. */
  readonly threads: number;
  /** The version of the program. */
  readonly version: string;
}

// deno-fmt-ignore
const COMMANDS: readonly (readonly [command: Command, task: string, meaning: string, operands?: string])[] = [
  ["serve",  "start",  "serve the registry"],
  ["verify", "verify", "check that everything on disk is right"],
  ["gc",     "gc",     "remove the blobs that no manifest needs"],
  ["tree",   "tree",   "draw what is in the registry"],
  ["look",   "look",   "show what is at an address: a repository, an image, a layer, a file", "[NAME[:TAG|@DIGEST][!/PATH]]"],
  ["diff",   "diff",   "show what is different in two images", "A B"],
  ["import", "import", "take images from an OCI layout, or from an archive of docker save", "SOURCE [NAME[:TAG]]"],
  ["export", "export", "write images into an OCI layout; one in a .tar is for docker load, too", "NAME[:TAG|@DIGEST] TARGET"],
  ["samples", "samples", "push images and artifacts to look at, good ones and bad ones", "[NAME…]"],
  ["lessons", "lessons", "show the lessons of a workshop, or one, and wait until it is done; or begin again", "[LESSON|reset] [LESSON]"],
];

const OPTIONS: readonly (readonly [name: string, flag: string, option: Option])[] = Object.entries({
  ...PROGRAM_OPTIONS,
  ...REGISTRY_OPTIONS,
}).map(([name, option]) => [name, name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), option]);

function optionsOf(command: Command): typeof OPTIONS {
  return OPTIONS.filter(([, , { commands }]) => commands.split(" ").includes(command));
}

/** Returns what `--help` prints about a command. */
export function help(command: Command): string {
  const [, task, meaning, operands] = COMMANDS.find(([name]) => name === command)!;
  const flags = optionsOf(command).map(([, flag, { argument = "", sentence, usual }]) => [
    `${flag} ${argument}`,
    usual === undefined ? sentence : `${sentence} (${usual})`,
  ]);
  return [
    `Glassbox, an OCI registry that you can see through: ${meaning}.`,
    "",
    `Usage: deno task ${[task, operands, "[FLAGS]"].filter((part) => part !== undefined).join(" ")}`,
    "",
    ...[...flags, ["help", "print this and exit"], ["version", "print the version and exit"]]
      .map(([flag, text]) => `  --${flag.padEnd(24)} ${text}`),
    "",
    `Others: ${COMMANDS.map(([, task]) => `deno task ${task}`).filter((other) => !other.endsWith(task)).join(", ")}`,
  ].join("\n");
}

/**
 * Reads a command line. Returns the text to print if it asks for `--help` or `--version`.
 *
 * @throws {UsageError} if a flag is unknown, or if its value is missing or wrong.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const line = parseCommandLine(["gc", "--grace", "30m"], "0.1.0");
 * assertEquals(typeof line === "string" ? line : [line.command, line.grace], ["gc", 1_800_000]);
 * ```
 */
export function parseCommandLine(args: readonly string[], version: string): CommandLine | string {
  const command = commandOf(args[0]);
  const { flags, operands } = parseFlags(command, args[0] === command ? args.slice(1) : args);
  if (flags.has("help")) return help(command);
  if (flags.has("version")) return version;
  const values = OPTIONS.map(([name, flag, option]) => {
    const text = flags.get(flag);
    return [name, text === undefined ? option.default : valueOf(flag, option, text)];
  });
  // `valueOf` makes sure that each value has the type that the table of options says.
  const given = {
    threads: usualThreads(),
    ...definedOnly(Object.fromEntries(values)),
    command,
    operands,
    version,
  } as CommandLine;
  const line = { ...given, disk: diskOf(given, flags) };
  expectOperands(command, operands);
  if ((line.tlsCert === undefined) !== (line.tlsKey === undefined)) {
    throw new UsageError("--tls-cert and --tls-key need each other");
  }
  if (line.redirectRanges && line.redirectBlobs === undefined) {
    throw new UsageError("--redirect-ranges needs --redirect-blobs");
  }
  if (line.accelRedirect !== "" && line.redirectBlobs !== undefined) {
    throw new UsageError("--redirect-blobs and --accel-redirect exclude each other: both are about who sends blobs");
  }
  if (line.accelRedirect !== "" && line.disk === "memory") {
    throw new UsageError("--accel-redirect needs files that nginx can send, and with --disk memory there are none");
  }
  if (flags.has("access") && flags.has("anonymous")) {
    throw new UsageError('--access and --anonymous exclude each other; a rule for "anonymous" says what others may do');
  }
  if (line.page && line.noPage) throw new UsageError("--page and --no-page exclude each other");
  expectWith(flags, "anonymous", "htpasswd");
  expectWith(flags, "token", "htpasswd");
  expectWith(flags, "token-ttl", "token");
  expectWith(flags, "token-key", "token");
  expectWith(flags, "lessons", "workshop");
  for (const flag of line.disk === "memory" ? ["root", "durability"] : []) {
    if (flags.has(flag)) {
      throw new UsageError(`--disk memory keeps nothing in a folder, so --${flag} means nothing with it`);
    }
  }
  const who = needingOneThread(line);
  if (who === undefined) return line;
  if (!flags.has("threads") || line.threads === 1) return { ...line, threads: 1 };
  throw new UsageError(`${who} with one thread, and --threads asks for more`);
}

// A registry that only serves what it has imported needs no folder.
function diskOf({ disk, import: sources, readOnly }: CommandLine, flags: ReadonlyMap<string, unknown>) {
  const hasFolder = flags.has("root") || flags.has("durability");
  return disk ?? (sources.length > 0 && readOnly && !hasFolder ? "memory" : undefined);
}

// Each thread would count the requests of a switch for itself, and would have a memory of its own.
function needingOneThread(line: CommandLine): string | undefined {
  if (usesSwitches(line)) return "--switch, --profile and --workshop serve";
  return line.disk === "memory" ? "--disk memory serves" : undefined;
}

function expectWith(flags: ReadonlyMap<string, unknown>, flag: string, needed: string): void {
  if (flags.has(flag) && !flags.has(needed)) throw new UsageError(`--${flag} needs --${needed}`);
}

/** Returns true if the registry has switches; see `composing/switches/`. */
export function usesSwitches(line: CommandLine): boolean {
  return line.switch.length > 0 || line.profile !== undefined || line.workshop;
}

/** Returns true if flags put something around the registry; see `composed.ts`. */
export function usesWrappers(line: CommandLine): boolean {
  const { access, immutableTags, prefix, rate, redirectBlobs, warning } = line;
  return usesSwitches(line) || warning.length > 0 ||
    [access, immutableTags, prefix, rate, redirectBlobs].some((value) => value !== undefined);
}

/** Returns true if the program shows the page; see `page/page.ts`. Where others can reach it, only a flag lets it. */
export function servesPage({ command, page, noPage, host }: CommandLine): boolean {
  return command === "serve" && !noPage && (page || isLoopback(host));
}

/** Returns true if only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function definedOnly(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/**
 * Returns true if the program starts more threads than its first. On port 0 it does not: the number of the port is known
 * only after the first thread listens, and then it is too late to give the other threads a permission for it.
 */
export function startsThreads({ command, threads, port }: CommandLine): boolean {
  return command === "serve" && threads > 1 && port !== 0;
}

function commandOf(text = ""): Command {
  if (text === "" || text.startsWith("-")) return "serve";
  const command = COMMANDS.find(([command]) => command === text);
  if (command !== undefined) return command[0];
  if (/^[0-9]+$/.test(text)) throw new UsageError(`"${text}" is no flag; did you mean --port ${text}?`);
  const near = COMMANDS.find(([command]) => command[0] === text[0]);
  const hint = near === undefined ? "the" : `did you mean ${near[0]} (deno task ${near[1]})? The`;
  throw new UsageError(
    `"${text}" is no command; ${hint} commands are ${COMMANDS.map(([command]) => command).join(", ")}`,
  );
}

function expectOperands(command: Command, given: readonly string[]): void {
  const [, task, , wanted = ""] = COMMANDS.find(([name]) => name === command)!;
  const names = wanted.split(" ").filter((name) => name !== "");
  const least = names.filter((name) => !name.startsWith("[")).length;
  const most = names.at(-1)?.includes("…") ? Infinity : names.length;
  if (given.length >= least && given.length <= most) return;
  const what = given.length < least ? `${names[given.length]} is missing` : `"${given[names.length]}" is one too many`;
  throw new UsageError(`${what}; the usage is deno task ${task} ${wanted}`);
}

function parseFlags(command: Command, args: readonly string[]): Parsed {
  const [, task, , operands] = COMMANDS.find(([name]) => name === command)!;
  const own = optionsOf(command).map(([, flag, { type }]) => [flag, type] as const);
  const { flags, operands: given } = readFlags(args, new Map([...own, ["help", "switch"], ["version", "switch"]]));
  if (operands === undefined && given.length > 0) {
    throw new UsageError(`"${given[0]}" is one too many; deno task ${task} takes flags only, and --help lists them`);
  }
  return { flags, operands: given };
}

// Linux distributes the connections among all threads that share a port. On other systems one thread would get them all.
function usualThreads(): number {
  return platform === "linux" ? Math.min(navigator.hardwareConcurrency, 4) : 1;
}
