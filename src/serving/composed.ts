/**
 * Composed: what the flags put around the registry, its disk and its blobs.
 *
 *     --prefix team/  --rate 100/s  --access rules.json      wrappers
 *     --switch disk-full                                     a wrapper around the disk
 *     --redirect-blobs https://cdn.example/{path}            a redirect
 *
 * The program loads this file only if one of these flags is there. So a start without them does not take the time for it.
 *
 * Next: workshop.ts
 *
 * @module
 */

import { ofFlag, redirectOfFlags, wrappersOfFlags } from "../composing/from_flags.ts";
import type { AccessWrapper } from "../composing/access.ts";
import type { TakeToken } from "../composing/limited.ts";
import { type OverHttpOptions, switchesOverHttp } from "../composing/switches/over_http.ts";
import { parseSwitch } from "../composing/switches/parameters.ts";
import { createSwitches, type Switches } from "../composing/switches/switches.ts";
import type { Disk } from "../disk/disk.ts";
import type { RegistryOptions, Wrapper } from "../registry.ts";
import { type CommandLine, usesSwitches } from "./command_line.ts";
import type { Workshop } from "./workshop.ts";

/** What stands around a registry. */
export interface Composed extends Pick<RegistryOptions, "wrappers" | "redirect"> {
  /** The disk with what stands around it. */
  readonly disk: Disk;
  /** Turns on the switches of the flags, when the registry has its disk. */
  turnOn(): void;
}

/** What the flags of wrappers need besides their own values. */
export interface ComposedOptions {
  /** Decides who may do what. */
  readonly access: AccessWrapper | undefined;
  /** Decides about the rate of requests. */
  readonly take: TakeToken | undefined;
  /** The workshop, if there is one. */
  readonly workshop: Workshop | undefined;
}

/** Makes what the flags put around a registry. */
export function composedOf(
  line: CommandLine,
  disk: Disk,
  settings: Omit<OverHttpOptions, "access">,
  { access, take, workshop }: ComposedOptions,
): Composed {
  const switches = usesSwitches(line) ? createSwitches() : undefined;
  return {
    disk: switches?.disk(disk) ?? disk,
    redirect: redirectOfFlags(line),
    wrappers: wrappersOfFlags(line, take, [
      ...(workshop === undefined ? [] : [workshop.outer]),
      ...(switches === undefined ? [] : wrappersOf(switches, line, { ...settings, access })),
      ...(access === undefined ? [] : [access]),
      ...(workshop === undefined ? [] : [workshop.inner]),
    ]),
    turnOn: () => switches && turnOn(switches, line),
  };
}

function wrappersOf(switches: Switches, { workshop }: CommandLine, settings: OverHttpOptions): Wrapper[] {
  return [...(workshop ? [switchesOverHttp(switches, settings)] : []), switches.wrapper];
}

function turnOn(switches: Switches, { profile, switch: texts }: CommandLine): void {
  if (profile !== undefined) ofFlag("profile", () => switches.profile(profile));
  for (const text of texts) ofFlag("switch", () => switches.on(...parseSwitch(text)));
}
