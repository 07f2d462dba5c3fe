/**
 * The parameters of a switch: what a person or a program sets when it turns one on.
 *
 *     switches.on("cut", { after: 1000, times: 1 })      from a program
 *     --switch cut:after=1000,times=1                    from the command line: a number comes as text
 *     {"after": "4KiB"}                                  from JSON: a number, or a text with a unit
 *
 *     { after: 1000, times: 1, repository: "", probability: 1, seed: 1 }      checked, and with the defaults of the others
 *
 * Next: answers.ts
 *
 * @module
 */

import { parseBytes } from "../../definitions/size.ts";

/** A value of a parameter. Only a program can set a function; a command line and JSON cannot. */
// deno-lint-ignore no-explicit-any
export type SwitchValue = number | string | boolean | ((...args: any[]) => unknown);

/** One parameter of a switch. */
export interface SwitchParameter {
  /** The type and unit of its value. */
  readonly type: "number" | "bytes" | "milliseconds" | "seconds" | "text" | "function";
  /** Its value if nobody sets it. `undefined` if it has to be set. */
  readonly default: SwitchValue | undefined;
  /** The least and the most that a number may be. */
  readonly range?: readonly [least: number, most: number];
  /** Its purpose. */
  readonly sentence: string;
}

/** The parameters of a switch, by their names. */
export type SwitchParameters = Readonly<Record<string, SwitchParameter>>;

/** The values of parameters, by their names. */
export type ValuesOfParameters<Parameters extends SwitchParameters> = {
  readonly [Name in keyof Parameters]: ValueOfParameter<Parameters[Name]["type"]>;
};

/** The value of a parameter of this type. */
// deno-lint-ignore no-explicit-any
export type ValueOfParameter<Type> = Type extends "text" ? string : Type extends "function" ? any : number;

/** Thrown if somebody turns on a switch that is not there, with a wrong parameter, or beside one that excludes it. */
export class SwitchError extends RangeError {
  /** What is allowed, in words. */
  readonly expected: string;
  /** What came instead. */
  readonly actual: string;

  /** Makes an error. Its message has both. */
  constructor(expected: string, actual: string) {
    super(`expected ${expected}, got ${actual}`);
    this.expected = expected;
    this.actual = actual;
  }
}

// The parameters that every switch has.
const COMMON_PARAMETERS = {
  repository: { type: "text", default: "", sentence: "the beginning of the names of repositories, such as team/" },
  times: { type: "number", default: Infinity, range: [1, Infinity], sentence: "how many of the next requests" },
  probability: { type: "number", default: 1, range: [0, 1], sentence: "the share of requests, from 0 to 1" },
  seed: { type: "number", default: 1, range: [0, 2 ** 32 - 1], sentence: "where random numbers begin" },
} as const satisfies SwitchParameters;

// The types of parameters with a number as their value.
const NUMBERS: ReadonlySet<string> = new Set(["number", "bytes", "milliseconds", "seconds"]);

/**
 * Checks the values that somebody sets, and adds the defaults of the others.
 *
 * @throws {SwitchError} if a name is unknown, a value is wrong, or one is missing. The message names what is allowed.
 */
export function completeValues(
  { id, parameters }: { readonly id: string; readonly parameters: SwitchParameters },
  options: Readonly<Record<string, unknown>>,
): Record<string, SwitchValue> {
  const known: SwitchParameters = { ...parameters, ...COMMON_PARAMETERS };
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    throw new SwitchError(`for the switch ${id} one of ${Object.keys(known).join(", ")}`, `"${name}"`);
  }
  return Object.fromEntries(
    Object.entries(known).map(([name, parameter]) => {
      const value = valueOf(parameter, options[name]) ?? parameter.default;
      if (isValue(parameter, value)) return [name, value];
      const got = value === undefined ? "nothing" : typeof value === "string" ? `"${value}"` : String(value);
      throw new SwitchError(`${describe(parameter)} as ${name} of the switch ${id}`, got);
    }),
  );
}

// A person writes a number as text: on a command line, and with a unit also elsewhere.
function valueOf({ type }: SwitchParameter, value: unknown): unknown {
  if (!NUMBERS.has(type) || typeof value !== "string") return value;
  if (type === "bytes") return parseBytes(value) ?? value;
  return /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
}

function isValue({ type, range = [0, Infinity] }: SwitchParameter, value: unknown): value is SwitchValue {
  if (type === "text") return typeof value === "string";
  if (type === "function") return typeof value === "function";
  if (typeof value !== "number" || !(value >= range[0] && value <= range[1])) return false;
  return range[1] === 1 || Number.isInteger(value) || value === Infinity;
}

function describe({ type, range }: SwitchParameter): string {
  if (!NUMBERS.has(type)) return `a ${type}`;
  const unit = type === "number" ? "" : ` of ${type}`;
  const [least, most] = range ?? [0, Infinity];
  return `a number${unit} ${most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`}`;
}

/**
 * Reads a switch as a person types it.
 *
 * @throws {SwitchError} if it is not an id, or an id with parameters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseSwitch("range-stuck"), ["range-stuck", {}]);
 * assertEquals(parseSwitch("cut:after=4KiB,repository=a/"), ["cut", { after: "4KiB", repository: "a/" }]);
 * ```
 */
export function parseSwitch(text: string): [id: string, options: Record<string, string>] {
  const colon = text.indexOf(":");
  if (colon < 0) return [text, {}];
  const pairs = text.slice(colon + 1).split(",").map((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 1) throw new SwitchError("a switch as ID or as ID:NAME=VALUE,NAME=VALUE", `"${text}"`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return [text.slice(0, colon), Object.fromEntries(pairs)];
}
