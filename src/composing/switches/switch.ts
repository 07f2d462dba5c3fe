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
 * Next: parameters.ts
 *
 * @module
 */

import { RegistryError } from "../../api/error_codes.ts";
import type { Disk } from "../../disk/disk.ts";
import type { DiskOperation } from "../../disk/around.ts";
import type { Rule } from "../../spec/headings.ts";
import type { Question } from "../composing.ts";
import type { SwitchParameters, ValuesOfParameters } from "./parameters.ts";

/**
 * The kinds of switches. A `bug` breaks a rule, and a registry with it should be repaired. A `quirk` is allowed, or so common that
 * clients have to live with it. A `fault` is something that breaks: the network, the disk, a server that is busy.
 */
export type SwitchKind = "bug" | "quirk" | "fault";

/** A switch, as data: what a program or a page can show of it. JSON leaves out a default that is a function. */
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
