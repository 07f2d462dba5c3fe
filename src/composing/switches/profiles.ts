/**
 * Profiles: the switches that make this registry behave like another one, as far as somebody has written down how that one behaves.
 *
 * A profile is no copy of a registry. It has the quirks that its sources name, and nothing that only somebody remembers.
 *
 * Next: switches.ts
 *
 * @module
 */

import type { SwitchValue } from "./switch.ts";

/** One switch of a profile. */
export interface ProfileSwitch {
  /** The id of the switch. */
  readonly id: string;
  /** Its parameters, if they are not the usual ones. */
  readonly options?: Readonly<Record<string, SwitchValue>>;
  /** Where somebody says that this registry does so. */
  readonly source: string;
}

/** A named set of switches. */
export interface Profile {
  /** Its name, such as `ecr`. */
  readonly name: string;
  /** The registry. */
  readonly registry: string;
  /** Its switches. */
  readonly switches: readonly ProfileSwitch[];
}

/** All profiles. */
export const PROFILES: readonly Profile[] = [
  {
    name: "ghcr",
    registry: "GitHub Container Registry",
    switches: [
      { id: "no-referrers", source: "https://github.com/rtvkiz/minimal/issues/7" },
    ],
  },
];
