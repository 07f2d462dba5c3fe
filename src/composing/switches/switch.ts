/**
 * A switch: one way in which a registry can differ from this one, described as data, and the function that does it.
 *
 *     { id: "cut", kind: "fault", sentence: "ends the body of an answer too early",
 *       parameters: { after: { type: "bytes", default: 1000, … } }, rows: ["end-2", "end-3"], breaks: ["PULL-BLOB-01", …],
 *       answer: ({ after }) => async ({ request, registry }) => … }
 *
 * The function of a switch stands around the registry. It gets the request and the registry behind it. It may answer by itself,
 * change the request, change the answer, or ask the registry for something else first. No section knows about it. A switch for
 * the disk stands around the disk: it sees each operation before it happens, and may let it fail.
 *
 * Next: answers.ts
 *
 * @module
 */

import { RegistryError } from "../../api/error_codes.ts";
import { parseBytes } from "../../definitions/size.ts";
import type { Disk } from "../../disk/disk.ts";
import type { DiskOperation } from "../../disk/around.ts";
import type { Rule } from "../../spec/headings.ts";
import type { Question } from "../composing.ts";

/**
 * The kinds of switches. A `bug` breaks a rule, and a registry with it should be repaired. A `quirk` is allowed, or so common that
 * clients have to live with it. A `fault` is something that breaks: the network, the disk, a server that is busy.
 */
export type SwitchKind = "bug" | "quirk" | "fault";

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

/** A switch, as data: what a program or a page can show of it. A text of JSON has no place for a default that is a function. */
export interface SwitchInfo {
  /** Its id, such as `range-stuck`. */
  readonly id: string;
  /** Its kind. */
  readonly kind: SwitchKind;
  /** What the registry does when it is on: a sentence without its subject. */
  readonly sentence: string;
  /** Where it was met: links to issues, sources and manuals. */
  readonly met: readonly string[];
  /** The rules that a registry breaks with it. */
  readonly breaks: readonly Rule[];
  /** Its parameters. */
  readonly parameters: SwitchParameters;
  /** Other switches that cannot be on at the same time. */
  readonly excludes?: readonly string[];
}

/** One request that a switch may change, and the registry behind the switch. */
export interface Occasion {
  /** The request. */
  readonly request: Request;
  /** What it asks for; `undefined` if no row of the table of endpoints fits. */
  readonly question: Question | undefined;
  /** The name of the repository, or the empty string. */
  readonly name: string;
  /** The registry behind the switch. */
  readonly registry: (request: Request) => Promise<Response>;
}

/** What a switch can use besides its parameters. */
export interface Surroundings {
  /** Returns the next random number, from 0 up to 1. The same seed gives the same numbers. */
  readonly random: () => number;
  /** Returns the disk of the registry. */
  readonly disk: () => Disk;
}

/** The function of a switch, when it is on: it answers a request. */
export type Answering = (occasion: Occasion) => Response | Promise<Response>;

/** A switch with its function. */
export interface Switch extends SwitchInfo {
  /**
   * The requests that it is about: ids of rows such as `end-3`, with a method such as `HEAD end-3`, or the beginning of the
   * ids of a heading's rules such as `MGMT-TAG`. Without it: every request.
   */
  readonly rows?: readonly string[];
  /** Begins to answer. What it remembers from request to request is in its closure. */
  readonly answer?: (values: never, surroundings: Surroundings) => Answering;
  /** Begins to watch the disk. The function returns the error if an operation has to fail. */
  readonly disk?: (values: never) => (operation: DiskOperation) => Error | undefined;
}

/** The values of parameters, by their names. */
export type ValuesOfParameters<Parameters extends SwitchParameters> = {
  readonly [Name in keyof Parameters]: ValueOfParameter<Parameters[Name]["type"]>;
};

/** The value of a parameter of this type. */
// deno-lint-ignore no-explicit-any
export type ValueOfParameter<Type> = Type extends "text" ? string : Type extends "function" ? any : number;

/** A switch as it is written in the tables: its functions know the types of its parameters. */
export interface SwitchDefinition<Parameters extends SwitchParameters>
  extends Omit<Switch, "parameters" | "answer" | "disk" | "kind"> {
  /** Its parameters. Default: none. */
  readonly parameters?: Parameters;
  /** See {@linkcode Switch.answer}. */
  readonly answer?: (values: ValuesOfParameters<Parameters>, surroundings: Surroundings) => Answering;
  /** See {@linkcode Switch.disk}. */
  readonly disk?: (values: ValuesOfParameters<Parameters>) => (operation: DiskOperation) => Error | undefined;
}

/** Makes a switch of its definition. */
export function defineSwitch<const Parameters extends SwitchParameters = Record<never, never>>(
  kind: SwitchKind,
  { parameters, ...definition }: SwitchDefinition<Parameters>,
): Switch {
  return { ...definition, kind, parameters: parameters ?? {} } as Switch;
}

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
  { id, parameters }: SwitchInfo,
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

/** Returns the refusal of a request for a rule: what the rule expects, and what came. */
export function refusal(
  code: ConstructorParameters<typeof RegistryError>[0],
  rule: Rule,
  expected: string,
  actual: string,
  options?: ConstructorParameters<typeof RegistryError>[2],
): RegistryError {
  return new RegistryError(code, { rule, expected, actual }, options);
}
