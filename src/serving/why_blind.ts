/**
 * Why nobody can see what others change in the folder, in words for the page.
 *
 *     OS file watch limit reached. about ["/srv/glassbox/library"]
 *       ──▶ the system watches no more folders for this user (on Linux, see fs.inotify.max_user_watches)
 *
 * Next: own_tests.ts
 *
 * @module
 */

import { oneLine } from "../definitions/printable.ts";
import { reasonOf } from "../disk/reasons.ts";

// The system has limits for each user, which others use as well.
const LIMITS: readonly (readonly [RegExp, string])[] = [
  [
    /watch limit|os error 28/i,
    "the system watches no more folders for this user (on Linux, see fs.inotify.max_user_watches)",
  ],
  [
    /os error 24/,
    "the system watches nothing more for this user, or has too many files open (on Linux, see fs.inotify.max_user_instances and ulimit -n)",
  ],
  [/os error 13/, "a folder of the registry cannot be read: permission denied"],
];

/**
 * Returns why nobody can see what others change, in words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   whyBlind(new Error('OS file watch limit reached. about ["/srv/glassbox/library"]')),
 *   "the system watches no more folders for this user (on Linux, see fs.inotify.max_user_watches)",
 * );
 * ```
 */
export function whyBlind(error: unknown): string {
  const text = oneLine(error);
  return LIMITS.find(([pattern]) => pattern.test(text))?.[1] ?? reasonOf(error);
}
