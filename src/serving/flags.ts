/**
 * Flags: reads them and their values, and explains what is wrong with them.
 *
 *     --port 5081 --grace=30m hello.tar       port is 5081, grace is 1,800,000 milliseconds, and hello.tar is no flag
 *     --port 5081 --port 5082                 --port is there twice, with "5081" and "5082"; it takes one value
 *     --grace 30                              --grace wants a number with s, m, h or d, such as 30m, not "30"
 *
 * Node finds the flags. What it says about a wrong one is hard to read, so this file looks for what is wrong.
 *
 * Next: output.ts
 *
 * @module
 */

import { isIPv6 } from "node:net";
import { parseArgs } from "node:util";
import { parseBytes } from "../definitions/size.ts";
import type { Option, OptionType } from "../options.ts";

/** Thrown for a wrong command line. The message is one line, for the person who typed it. */
export class UsageError extends Error {}

/** The flags of a command line, each with its value, or with all values if it may be there several times; and the rest. */
export interface Parsed {
  /** The values by the names of the flags, without `--`. A switch has the value `"true"`. */
  readonly flags: ReadonlyMap<string, string | readonly string[]>;
  /** What stands there without a flag. */
  readonly operands: readonly string[];
}

/**
 * Reads flags: their values, and what stands there without a flag. If there is `--help`, `-h` is the same.
 *
 * @throws {UsageError} if a flag is unknown or given twice, or if its value is missing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { flags, operands } = readFlags(["a", "--port=0", "b"], new Map([["port", "number"]]));
 * assertEquals([[...flags], operands], [[["port", "0"]], ["a", "b"]]);
 * ```
 */
export function readFlags(args: readonly string[], types: ReadonlyMap<string, OptionType>): Parsed {
  const options = [...types].map(([flag, type]) => {
    const short = flag === "help" ? { short: "h" } : {};
    return [flag, { type: type === "switch" ? "boolean" : "string", ...short }] as const;
  });
  // With `strict`, Node would refuse in words of its own, and would take the last one of two equal flags.
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(options),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const flags = new Map<string, string | readonly string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const type = types.get(name);
    if (type === undefined) throw new UsageError(`there is no flag ${rawName}; --help lists the flags`);
    const before = flags.get(name);
    if (type === "switch") {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value, not "${value}"`);
      flags.set(name, "true");
      continue;
    }
    if (value === undefined || value === "") throw new UsageError(`${rawName} wants a value`);
    if (!inlineValue && value.startsWith("-")) {
      throw new UsageError(
        `${rawName} wants a value, and "${value}" begins with "-"; if you mean it, write ${rawName}=${value}`,
      );
    }
    if (type === "texts") flags.set(name, [...before ?? [], value]);
    else if (before === undefined) flags.set(name, value);
    else throw new UsageError(`${rawName} is there twice, with "${before}" and "${value}"; it takes one value`);
  }
  return { flags, operands };
}

/**
 * Returns the value of a flag, as its option wants it: sizes in bytes, times in milliseconds.
 *
 * @throws {UsageError} if the option does not take this text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { PROGRAM_OPTIONS } from "../options.ts";
 *
 * assertEquals(valueOf("port", PROGRAM_OPTIONS.port, "5081"), 5081);
 * ```
 */
export function valueOf(
  flag: string,
  { type, range }: Option,
  text: string | readonly string[],
): boolean | number | string | readonly string[] {
  if (type === "texts" || typeof text !== "string") return text;
  if (type === "switch") return true;
  if (type === "text") return text;
  if (type === "url") return originOf(flag, text);
  if (type === "host") return hostOf(flag, text);
  if (type === "hosts") return hostsOf(flag, text);
  if (type === "number") return numberOf(flag, text, range);
  if (type === "bytes") return bytesOf(flag, text);
  if (type === "milliseconds") return timeOf(flag, text, range);
  if (type.includes(text)) return text;
  throw new UsageError(`--${flag} wants one of ${type.join(", ")}, not "${text}"`);
}

function numberOf(flag: string, text: string, [least, most]: readonly [number, number] = [0, 999_999_999]): number {
  const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${flag} wants a number from ${least} to ${most}, not "${text}"`);
}

function bytesOf(flag: string, text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  throw new UsageError(`--${flag} wants bytes, or a number with KiB, MiB, GiB or TiB, not "${text}"`);
}

const MILLISECONDS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function timeOf(flag: string, text: string, [least]: readonly number[] = [0]): number {
  const match = /^([0-9]{1,9})([smhd])$/.exec(text);
  if (match === null) throw new UsageError(`--${flag} wants a number with s, m, h or d, such as 30m, not "${text}"`);
  const time = Number(match[1]) * MILLISECONDS[match[2]];
  if (time >= least) return time;
  throw new UsageError(`--${flag} wants ${least / 1000}s or more, not "${text}"`);
}

function originOf(flag: string, text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new UsageError(`--${flag} wants a scheme and a host, such as https://registry.example, not "${text}"`);
}

// A name, or an address of IPv4. Deno gives a permission for these.
const HOST = /^[\w-]{1,63}(?:\.[\w-]{1,63})*\.?$/;

function hostOf(flag: string, text: string): string {
  if (HOST.test(text) || isIPv6(text)) return text;
  throw new UsageError(`--${flag} wants a name or an IP address, such as 127.0.0.1 or ::1, not "${text}"`);
}

function hostsOf(flag: string, text: string): string[] {
  const hosts = text.split(",").map((host) => host.trim());
  if (hosts.every((host) => HOST.test(host) || isIPv6(/^\[(.+)\]$/.exec(host)?.[1] ?? ""))) return hosts;
  throw new UsageError(`--${flag} wants hosts without ports, such as registry.lan,10.0.0.5, not "${text}"`);
}
