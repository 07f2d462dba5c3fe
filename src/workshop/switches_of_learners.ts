/**
 * The switches of learners: of all that makes a registry misbehave, what can be on for one person only.
 *
 *     chunk-201    breaks PUSH-CHUNK-09: a chunk is answered with 201      on for "ana/": nobody else notices
 *     disk-full    the disk takes nothing any more                         not here: there is one disk for everybody
 *
 * Next: learners.ts
 *
 * @module
 */

import { SwitchError } from "../composing/switches/parameters.ts";
import type { Switch } from "../composing/switches/switch.ts";
import { createSwitches } from "../composing/switches/switches.ts";
import { ALL_SWITCHES } from "../composing/switches/table.ts";

/** The switches that can be on for one learner. All others need the disk of the registry, and that is the same one for everybody. */
export const SWITCHES_OF_LEARNERS: readonly Switch[] = ALL_SWITCHES.filter(({ id }) => {
  try {
    return createSwitches().on(id) !== undefined;
  } catch (error) {
    if (error instanceof SwitchError) return false;
    throw error;
  }
});

/** The switch that is on for a learner, and the lesson that it belongs to. */
export interface SwitchOfLearner {
  /** The id of the lesson. */
  readonly lesson: string;
  /** The id of the switch. */
  readonly id: string;
}
