/**
 * A disk that tells each operation, before it happens and after.
 *
 *     { when: "before", name: "begin",  path: "library/hello/_uploads/0f9c…/data" }
 *     { when: "before", name: "append", path: "library/hello/_uploads/0f9c…/data" }
 *     { when: "after",  name: "append", path: "library/hello/_uploads/0f9c…/data" }
 *     …
 *
 * It stands around any other disk, and sees what a registry asks of it. It does not see the single steps inside an operation, such
 * as a sync or a rename. Each kind of disk has its own; `watching.ts` has those of a local one.
 *
 * Next: failing.ts
 *
 * @module
 */

import { around, type DiskOperation } from "./around.ts";
import type { Disk } from "./disk.ts";

/** A moment before or after an operation of a disk. */
export interface DiskMoment extends DiskOperation {
  /** Before the operation, or after its end. */
  readonly when: "before" | "after";
  /** After an operation that has failed: its error. */
  readonly error?: unknown;
}

/**
 * Returns a disk that calls `tell` before and after each operation of another one. If `tell` throws, the operation fails with that
 * error: before the operation, nothing of it has happened; after it, everything.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryDisk } from "./memory_disk.ts";
 *
 * const told: string[] = [];
 * const disk = watched(memoryDisk(), ({ when, name, path }) => told.push(`${when} ${name} ${path}`));
 * await disk.remove("library/hello/_tags/latest");
 *
 * assertEquals(told, ["before remove library/hello/_tags/latest", "after remove library/hello/_tags/latest"]);
 * ```
 */
export function watched<Watched extends Disk>(disk: Watched, tell: (moment: DiskMoment) => void): Watched {
  return around(disk, (operation, args, act) => {
    tell({ when: "before", ...operation });
    const result = attempt(() => act(args), (error) => tell({ when: "after", ...operation, error }));
    const done = <Result>(result: Result): Result => {
      tell({ when: "after", ...operation });
      return result;
    };
    return result instanceof Promise ? result.then(done) : done(result);
  });
}

// Runs an action, and reports its error if it fails at once or later.
function attempt(action: () => unknown, report: (error: unknown) => void): unknown {
  const fail = (error: unknown) => {
    report(error);
    throw error;
  };
  try {
    const result = action();
    return result instanceof Promise ? result.catch(fail) : result;
  } catch (error) {
    return fail(error);
  }
}
