/**
 * The table of all switches: bugs, quirks and faults.
 *
 * Next: profiles.ts
 *
 * @module
 */

import { BUGS } from "./bugs.ts";
import { EARLY_BUGS } from "./early_bugs.ts";
import { FAULTS } from "./faults.ts";
import { QUIRKS } from "./quirks.ts";
import type { Switch, SwitchInfo } from "./switch.ts";

/** Every switch, with its function. */
export const ALL_SWITCHES: readonly Switch[] = [...BUGS, ...EARLY_BUGS, ...QUIRKS, ...FAULTS];

/** Every switch, as data. */
export const SWITCHES: readonly SwitchInfo[] = ALL_SWITCHES.map((
  { id, kind, sentence, met, breaks, parameters, excludes },
) => ({ id, kind, sentence, met, breaks, parameters, ...excludes && { excludes } }));
