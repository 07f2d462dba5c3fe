/**
 * The command line: which flags there are, what they mean, and what is wrong with those that were given.
 *
 *     glassbox --port 5081 --root images --no-delete
 *
 * It is read twice: by `start.ts`, which has to know what the registry may touch, and by `main.ts`, which is the registry.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { LogForm } from "./story.ts";

/** What the command line says. */
export interface CommandLine {
  /** The address to listen on. */
  readonly host: string;
  /** The port to listen on; 0 for any that is free. */
  readonly port: number;
  /** The folder to store in. */
  readonly root: string;
  /** The form of the log; `undefined` where it depends on whether a person watches. */
  readonly log: LogForm | undefined;
  /** Whether only pulls are served. */
  readonly readOnly: boolean;
  /** Whether content can be deleted. */
  readonly deletion: boolean;
  /** Whether manifests may point to content that is not there. */
  readonly allowSparse: boolean;
  /** The largest manifest, in bytes; `undefined` for the registry's own limit. */
  readonly maxManifestSize: number | undefined;
  /** The files of the TLS certificate and its key. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/** A command line that makes no sense. The message is one line, for the person who typed it. */
export class UsageError extends Error {}

// deno-fmt-ignore
const FLAGS = [
  ["host",              "ADDRESS",  "the address to listen on (127.0.0.1)"],
  ["port",              "NUMBER",   "the port to listen on; 0 for any that is free (5080)"],
  ["root",              "FOLDER",   "the folder to store in (testdata)"],
  ["log",               "FORM",     "story, line, json or none (story on a terminal, line elsewhere)"],
  ["read-only",         "",         "serve pulls only"],
  ["no-delete",         "",         "refuse to delete tags, manifests and blobs"],
  ["allow-sparse",      "",         "take manifests that point to content which was never pushed"],
  ["max-manifest-size", "SIZE",     "the largest manifest, such as 8MiB; at least 4MiB (8MiB)"],
  ["tls-cert",          "FILE",     "serve HTTPS with this certificate; needs --tls-key"],
  ["tls-key",           "FILE",     "the key of the certificate"],
  ["help",              "",         "print this and exit"],
  ["version",           "",         "print the version and exit"],
] as const;

const LOG_FORMS: readonly string[] = ["story", "line", "json", "none"] satisfies LogForm[];

/** What `--help` prints. */
export const HELP = `Glassbox: an OCI registry that you can see through.

Usage: deno task start [FLAGS]

${FLAGS.map(([name, value, meaning]) => `  --${`${name} ${value}`.padEnd(24)} ${meaning}`).join("\n")}
`;

/**
 * Reads a command line: what it says, or `"help"` or `"version"` where that is asked for.
 *
 * @throws {UsageError} for a flag that is unknown, lacks its value, or has one that makes no sense.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const line = parseCommandLine(["--port", "0", "--no-delete"]);
 * assertEquals(line !== "help" && line !== "version" && line.port, 0);
 * assertEquals(parseCommandLine(["--help"]), "help");
 * assertThrows(() => parseCommandLine(["--prot", "1"]), UsageError, "--prot");
 * ```
 */
export function parseCommandLine(args: readonly string[]): CommandLine | "help" | "version" {
  const values = parseFlags(args);
  if (values.has("help")) return "help";
  if (values.has("version")) return "version";
  return {
    host: values.get("host") || "127.0.0.1",
    port: portOf(values.get("port") ?? "5080"),
    root: rootOf(values.get("root") ?? "testdata"),
    log: logFormOf(values.get("log")),
    readOnly: values.has("read-only"),
    deletion: !values.has("no-delete"),
    allowSparse: values.has("allow-sparse"),
    maxManifestSize: sizeOf(values.get("max-manifest-size")),
    tls: tlsOf(values.get("tls-cert"), values.get("tls-key")),
  };
}

function parseFlags(args: readonly string[]): Map<string, string> {
  const options = FLAGS.map(([name, value]) => [name, { type: value === "" ? "boolean" : "string" } as const]);
  try {
    const { values } = parseArgs({ args: [...args], options: Object.fromEntries(options), strict: true });
    return new Map(Object.entries(values).map(([name, value]) => [name, String(value)]));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${error.message.split(". ")[0]}; --help lists the flags`);
  }
}

function portOf(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65535) return port;
  throw new UsageError(`--port wants a number from 0 to 65535, not "${text}"`);
}

function rootOf(text: string): string {
  if (text !== "") return text;
  throw new UsageError("--root wants the name of a folder, not nothing");
}

function logFormOf(text: string | undefined): LogForm | undefined {
  if (text === undefined || LOG_FORMS.includes(text)) return text as LogForm | undefined;
  throw new UsageError(`--log wants one of ${LOG_FORMS.join(", ")}, not "${text}"`);
}

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^([0-9]{1,15})(|KiB|MiB|GiB)$/.exec(text);
  if (match === null) {
    throw new UsageError(`--max-manifest-size wants bytes, or a number with KiB, MiB or GiB, not "${text}"`);
  }
  return Number(match[1]) * 1024 ** ["", "KiB", "MiB", "GiB"].indexOf(match[2]);
}

function tlsOf(cert: string | undefined, key: string | undefined): CommandLine["tls"] {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  throw new UsageError("--tls-cert and --tls-key are only of use together");
}
