/**
 * Switches: turn bugs, quirks and faults on and off, while the registry runs.
 *
 *     switches.on("cut", { after: 1000, times: 1, repository: "a/" })
 *
 *     client ──▶ faults ──▶ quirks ──▶ bugs ──▶ registry ──▶ faults of the disk ──▶ disk
 *
 * The faults are next to the client, because a network breaks whatever is behind it. If a switch sends requests of its
 * own to the registry, they pass only the switches behind it. A request that no switch is about takes its usual way.
 *
 * Next: over_http.ts
 *
 * @module
 */

import type { Disk } from "../../disk/disk.ts";
import { around, type DiskOperation } from "../../disk/around.ts";
import type { Peer } from "../../http/peer.ts";
import { randomNumbers } from "../../random.ts";
import { refusalAsResponse, type Registry, type Wrapper } from "../../registry.ts";
import { questionOf } from "../composing.ts";
import { completeValues, SwitchError, type SwitchValue } from "./parameters.ts";
import { type Profile, PROFILES } from "./profiles.ts";
import type { Answering, Occasion, Switch } from "./switch.ts";
import { ALL_SWITCHES } from "./table.ts";

/** How a switch is turned on: its own parameters, and those that every switch has. */
export interface SwitchOptions {
  /** Only requests for repositories whose names begin with this, such as `team/`. Default: all requests. */
  readonly repository?: string;
  /** The number of requests, from the next one on. Default: no limit. */
  readonly times?: number;
  /** The share of requests, from 0 to 1. Default: 1. */
  readonly probability?: number;
  /** Where the random numbers begin. The same seed gives the same numbers. Default: 1. */
  readonly seed?: number;
  /** The parameters of the switch itself. */
  readonly [parameter: string]: SwitchValue | undefined;
}

/** A switch that is on. */
export interface SwitchState {
  /** Its id. */
  readonly id: string;
  /** All its parameters, also those that nobody has set. JSON writes a number without a limit as `null`. */
  readonly options: SwitchOptions;
  /** The requests that it was about so far, or the operations of the disk. */
  readonly requests: number;
}

/** Switches that can be turned on and off. */
export interface Switches {
  /**
   * Turns a switch on. If it is on already, it begins anew with these options.
   *
   * @throws {SwitchError} if there is no such switch, if an option is wrong, or if another switch excludes it.
   */
  on(id: string, options?: SwitchOptions): SwitchState;
  /**
   * Turns a switch off. Returns false if it was not on.
   *
   * @throws {SwitchError} if there is no such switch.
   */
  off(id: string): boolean;
  /** Turns all switches off. */
  clear(): void;
  /**
   * Turns on the switches of a profile.
   *
   * @throws {SwitchError} if there is no such profile, or if another switch excludes one of its switches.
   */
  profile(name: string): readonly SwitchState[];
  /** Returns the switches that are on. They are data, and `on(id, options)` turns each of them on again. */
  list(): readonly SwitchState[];
  /** Puts the switches around a registry. */
  readonly wrapper: Wrapper;
  /** Puts the switches of the disk around a disk. Some switches cannot be turned on without it. */
  disk<Wrapped extends Disk>(disk: Wrapped): Wrapped;
}

/**
 * Creates switches. All are off.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compose } from "../composing.ts";
 *
 * const switches = createSwitches();
 * const registry = compose(() => Promise.resolve(new Response()), switches.wrapper);
 * const status = async () => (await registry(new Request("http://localhost/v2/a/tags/list"))).status;
 *
 * switches.on("too-many-requests", { times: 1, repository: "a" });
 * assertEquals([await status(), await status()], [429, 200]);
 * ```
 */
export function createSwitches(): Switches {
  let active: readonly Activation[] = [];
  let ownDisk: Disk | undefined;

  const clear = () => active = [];
  const off = (id: string) => {
    const { length } = active;
    findSwitch(id);
    active = active.filter(({ definition }) => definition.id !== id);
    return active.length < length;
  };
  const on = (id: string, options: SwitchOptions = {}): SwitchState => {
    const definition = findSwitch(id);
    const others = active.filter(({ definition }) => definition.id !== id);
    const other = others.find((other) => isExcluded(definition, other.definition));
    if (other !== undefined) {
      throw new SwitchError(`${id} without ${other.definition.id}, which excludes it`, "both");
    }
    const activation = new Activation(definition, options, () => {
      if (ownDisk !== undefined) return ownDisk;
      throw new SwitchError(`for ${id}, the disk of the registry, passed through switches.disk(…)`, "no disk");
    });
    active = [...others, activation].sort((a, b) =>
      ORDER.indexOf(a.definition.kind) - ORDER.indexOf(b.definition.kind)
    );
    return activation.state();
  };
  return {
    on,
    off,
    clear,
    profile(name) {
      const { switches } = findProfile(name);
      const before = active;
      try {
        return switches.map(({ id, options }) => on(id, options));
      } catch (error) {
        active = before;
        throw error;
      }
    },
    list: () => active.map((activation) => activation.state()),
    wrapper: (registry) => (request, peer) =>
      active.length === 0 ? registry(request, peer) : answerThrough(active, registry, request, peer),
    disk(disk) {
      ownDisk = disk;
      return around(disk, (operation, args, act) => {
        for (const activation of active) activation.see(operation);
        return act(args);
      });
    },
  };
}

// From the registry to the client.
const ORDER = ["bug", "quirk", "fault"];

function isExcluded(one: Switch, other: Switch): boolean {
  return (one.excludes?.includes(other.id) ?? false) || (other.excludes?.includes(one.id) ?? false);
}

function findSwitch(id: string): Switch {
  const found = ALL_SWITCHES.find((definition) => definition.id === id);
  if (found !== undefined) return found;
  throw new SwitchError(`a switch, one of ${ALL_SWITCHES.map(({ id }) => id).join(", ")}`, `"${id}"`);
}

function findProfile(name: string): Profile {
  const found = PROFILES.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  throw new SwitchError(`a profile, one of ${PROFILES.map(({ name }) => name).join(", ")}`, `"${name}"`);
}

function answerThrough(
  active: readonly Activation[],
  registry: Registry,
  request: Request,
  peer: Peer | undefined,
): Promise<Response> {
  const outermost = active.reduce<Occasion["registry"]>(
    (inner, activation) => (request) => activation.answer(request, inner),
    (request) => registry(request, peer),
  );
  return outermost(request);
}

// A switch that is on.
class Activation {
  readonly definition: Switch;
  readonly #options: Readonly<Record<string, SwitchValue>>;
  readonly #answer: Answering | undefined;
  readonly #see: ReturnType<NonNullable<Switch["disk"]>> | undefined;
  readonly #random: () => number;
  #requests = 0;

  constructor(definition: Switch, options: SwitchOptions, disk: () => Disk) {
    this.definition = definition;
    this.#options = completeValues(definition, options);
    // Some random numbers decide when the switch changes something, and others what it does then.
    this.#random = randomNumbers(Number(this.#options.seed));
    const random = randomNumbers(Number(this.#options.seed) + 1);
    if (definition.disk !== undefined) disk();
    this.#answer = definition.answer?.(this.#options as never, { random, disk });
    this.#see = definition.disk?.(this.#options as never);
  }

  state(): SwitchState {
    return { id: this.definition.id, options: this.#options, requests: this.#requests };
  }

  async answer(request: Request, registry: Occasion["registry"]): Promise<Response> {
    const question = this.#answer && questionOf(request);
    const name = question?.texts.name ?? "";
    if (this.#answer === undefined || !this.#isAbout(request, question) || !this.#isNow(name)) return registry(request);
    try {
      return await this.#answer({ request, question, name, registry });
    } catch (error) {
      return refusalAsResponse(request, error instanceof Error ? error : new Error(String(error)));
    }
  }

  see(operation: DiskOperation): void {
    const error = this.#see?.(operation);
    if (error !== undefined && this.#isNow(operation.path)) throw error;
  }

  #isAbout({ method }: Request, question: Occasion["question"]): boolean {
    const { rows } = this.definition;
    if (rows === undefined) return true;
    if (question === undefined) return false;
    const { id, heading } = question;
    return rows.includes(id) || rows.includes(`${method} ${id}`) || rows.includes(heading);
  }

  #isNow(name: string): boolean {
    const { repository, times, probability } = this.#options;
    if (!name.startsWith(String(repository)) || this.#requests >= Number(times)) return false;
    if (Number(probability) < 1 && this.#random() >= Number(probability)) return false;
    this.#requests++;
    return true;
  }
}
