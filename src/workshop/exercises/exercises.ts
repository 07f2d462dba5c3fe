/**
 * All exercises, from easy to hard.
 *
 *     $ deno task exercise
 *       ✓   tag             parseTag
 *       ›   name            parseName       1 hint seen
 *           referrers-tag   referrersTag
 *
 * "✓" is done, "›" is begun.
 *
 * Next: ../../../main.ts
 *
 * @module
 */

import { EXERCISES_ABOUT_TEXTS } from "./definitions.ts";
import type { Exercise } from "./exercise.ts";
import { EXERCISES_ABOUT_SECTIONS } from "./sections.ts";

/** All exercises, from easy to hard. */
export const EXERCISES: readonly Exercise[] = [...EXERCISES_ABOUT_TEXTS, ...EXERCISES_ABOUT_SECTIONS];
