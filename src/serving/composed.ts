/**
 * Composed: what the flags put around the registry, its disk and its blobs.
 *
 *     --prefix team/  --rate 100/s  --access rules.json      wrappers
 *     --switch disk-full                                     a wrapper around the disk
 *     --redirect-blobs https://cdn.example/{path}            a redirect
 *
 * The program loads this file only if one of these flags is there. So a start without them does not take the time for it.
 *
 * Next: threads.ts
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
import { Learners } from "../workshop/learners.ts";
import type { LessonsTeller } from "../workshop/lesson_facts.ts";
import { LESSONS } from "../workshop/lessons.ts";
import { lessonsOverHttp } from "../workshop/over_http.ts";
import { tellerOf } from "../workshop/telling_lessons.ts";
import { type CommandLine, usesSwitches } from "./command_line.ts";

/** What stands around a registry. */
export interface Composed extends Pick<RegistryOptions, "wrappers" | "redirect"> {
  /** The disk with what stands around it. */
  readonly disk: Disk;
  /** The learners, if there is a workshop. */
  readonly learners: Learners | undefined;
  /** Tells how far they are. */
  readonly teller: LessonsTeller | undefined;
  /** Turns on the switches of the flags, when the registry has its disk. */
  turnOn(): void;
}

/** Makes what the flags put around a registry. `take` decides about its rate, and `access` about who may do what. */
export function composedOf(
  line: CommandLine,
  disk: Disk,
  settings: Omit<OverHttpOptions, "access">,
  { access, take }: { readonly access: AccessWrapper | undefined; readonly take: TakeToken | undefined },
): Composed {
  const switches = usesSwitches(line) ? createSwitches() : undefined;
  const learners = line.workshop ? new Learners({ disk, lessons: () => LESSONS }) : undefined;
  const lessons = learners && lessonsOverHttp(learners, { ...settings, disk, access });
  return {
    learners,
    teller: learners && tellerOf(learners),
    disk: switches?.disk(disk) ?? disk,
    redirect: redirectOfFlags(line),
    wrappers: wrappersOfFlags(line, take, [
      ...(lessons === undefined ? [] : [lessons]),
      ...(switches === undefined ? [] : wrappersOf(switches, line, { ...settings, access })),
      ...(access === undefined ? [] : [access]),
      ...(learners === undefined ? [] : [learners.wrapper]),
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
