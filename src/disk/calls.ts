/**
 * Calls: the operations of the system that open files and change names.
 *
 *     here        rename("a", "b")      this thread does it and waits: a few microseconds on a local disk
 *     elsewhere   rename("a", "b")      another thread does it, and this one answers other requests meanwhile
 *
 * On a local disk it takes longer to wake another thread than to do the call. On a file system over the network a rename takes
 * milliseconds. So a local disk has one of two tables of calls, and the rest of this folder uses it without knowing which.
 *
 * Next: steps.ts
 *
 * @module
 */

// Deno has two functions for each operation. Here both have the same name.
const HERE = {
  open: Deno.openSync,
  makeFolder: (path: string) => Deno.mkdirSync(path, FOLDER_MODE),
  rename: Deno.renameSync,
  link: Deno.linkSync,
  remove: Deno.removeSync,
};
const ELSEWHERE = {
  open: Deno.open,
  makeFolder: (path: string) => Deno.mkdir(path, FOLDER_MODE),
  rename: Deno.rename,
  link: Deno.link,
  remove: Deno.remove,
};

const FOLDER_MODE = { mode: 0o755 };

/** The calls that open files and change names. The caller has to wait for the result of each one. */
export type Calls = typeof HERE | typeof ELSEWHERE;

/** Returns the calls for a disk that is slow, or is not. */
export function callsFor(isSlow: boolean): Calls {
  return isSlow ? ELSEWHERE : HERE;
}

// A local disk renames a file in some microseconds, a busy one in some hundred. Over a network it takes at least one answer
// from another machine.
const SLOW_MILLISECONDS = 2;

/** Returns true if the disk with this folder is slow. It renames an empty file three times, and the fastest time counts. */
export function isSlow(folder: string): boolean {
  const [path, other] = [1, 2].map(() => `${folder}/.${crypto.randomUUID()}`);
  Deno.openSync(path, { write: true, createNew: true }).close();
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    Deno.renameSync(path, other);
    Deno.renameSync(other, path);
    return (performance.now() - start) / 2;
  });
  Deno.removeSync(path);
  return Math.min(...times) > SLOW_MILLISECONDS;
}
