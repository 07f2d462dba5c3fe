/**
 * Unreadable: what the system does not let the registry read, and why.
 *
 *     chmod 000 testdata/library/hello
 *     { path: "library/hello", because: "permission denied" }
 *
 * One folder without permissions, or one bad sector, must not hide everything else. So the page reads through a disk that leaves out
 * what cannot be read, and notes it. Each document then says what was left out; otherwise it would look as if it were not there.
 *
 * Next: live.ts
 *
 * @module
 */

import { around } from "../disk/around.ts";
import type { Disk } from "../disk/disk.ts";
import { isOfSystem, reasonOf } from "../disk/reasons.ts";
import type { Unreadable } from "./context.ts";
import { repositoryOf, type Seer } from "./seeing.ts";

// The operations that the page reads with, and what each of them answers if there is nothing.
const NOTHING: Readonly<Record<string, () => unknown>> = {
  look: () => undefined,
  find: () => undefined,
  list: () => [],
  listMany: () => [],
  read: () => undefined,
  readTogether: () => undefined,
  open: () => undefined,
  recall: () => undefined,
  isGrowing: () => false,
};

// The most that are noted.
const MOST_NOTED = 20;

/**
 * Returns a disk that takes what cannot be read for what is not there, and the list in which it notes that.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { failing } from "../disk/failing.ts";
 * import { memoryDisk } from "../disk/memory_disk.ts";
 *
 * const { disk, unreadable } = leavingOut(failing(memoryDisk(), [{ operations: ["list"], path: /^app/, code: "EIO" }]));
 * assertEquals(disk.list("app"), []);
 * assertEquals(unreadable, [{ path: "app", because: "the disk has a fault" }]);
 * ```
 */
export function leavingOut(disk: Disk): { readonly disk: Disk; readonly unreadable: readonly Unreadable[] } {
  const unreadable: Unreadable[] = [];
  const readable = around(disk, ({ name, path }, args, act) => {
    const nothing = NOTHING[name];
    if (nothing === undefined) return act(args);
    const leaveOut = (error: unknown) => {
      const because = whyUnreadable(error);
      if (because === undefined) throw error;
      // What is below an unreadable folder is unreadable, too.
      const isBelow = (path: string, folder: string) => folder === "" || `${path}/`.startsWith(`${folder}/`);
      if (!unreadable.some((other) => isBelow(path, other.path)) && unreadable.length < MOST_NOTED) {
        unreadable.push({ path, because });
      }
      return nothing();
    };
    try {
      const result = act(args);
      return result instanceof Promise ? result.catch(leaveOut) : result;
    } catch (error) {
      return leaveOut(error);
    }
  });
  return { disk: readable, unreadable };
}

/** Returns those that a person may know of. */
export function unreadableFor({ maySee, maySeeAll }: Seer, list: readonly Unreadable[]): readonly Unreadable[] {
  return list.filter(({ path }) => {
    const isKnown = list.some((other) => path !== other.path && path.startsWith(`${other.path}/`));
    const name = repositoryOf(path);
    return !isKnown && (maySeeAll || path === "" || (name !== undefined && maySee(name)));
  });
}

/** Returns in a few words why the system does not let something be read; `undefined` if the error is not one of the system. */
export function whyUnreadable(error: unknown): string | undefined {
  return isOfSystem(error) ? reasonOf(error) : undefined;
}
