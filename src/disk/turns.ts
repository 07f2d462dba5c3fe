/**
 * Turns: actions with the same key run one after the other, in this process and in all others that use the same root.
 *
 * Inside the process a queue takes care of that. Between processes the operating system does, with an advisory lock on a
 * file. If a process dies, the system releases its locks, so nobody has to clean up a lock by hand.
 *
 *     testdata/.locks/3f        an empty file; 256 of them are enough for all keys
 *
 * If a whole machine dies, a file system that machines share may keep its locks for minutes. So an action does not wait for ever:
 *
 *     0 s     it joins the queue of this process, and then waits for the lock
 *     30 s    it gives up: the client gets 503 and may try again
 *
 * Next: ../waiting.ts
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { inTime, pause } from "../waiting.ts";
import { BusyError } from "./disk.ts";
import { isLinked } from "./links.ts";
import type { Root } from "./root.ts";
import { step, withFolder } from "./steps.ts";

/**
 * Runs an action after all earlier ones with the same key in this process. Of each queue, only the end of its last action
 * is kept; the next action waits for that. The action gets the time at which it has to have its turn, in milliseconds since
 * 1970.
 *
 * @throws {BusyError} if the earlier ones do not end in time.
 */
export async function queue<T>(
  root: Pick<Root, "patience" | "queues">,
  key: unknown,
  action: (deadline: number) => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + root.patience;
  const before = root.queues.get(key);
  const { promise: done, resolve: leave } = Promise.withResolvers<void>();
  // An action that gives up does not let the next one overtake those before it.
  const mine = before === undefined ? done : before.then(() => done);
  root.queues.set(key, mine);
  mine.then(() => {
    if (root.queues.get(key) === mine) root.queues.delete(key);
  });
  try {
    if (before !== undefined) await expectInTime(before, deadline);
    return await action(deadline);
  } finally {
    leave();
  }
}

async function expectInTime(promise: Promise<void>, deadline: number): Promise<void> {
  if (!await inTime(promise, deadline - Date.now())) throw busy();
}

function busy(): BusyError {
  return new BusyError("something else has not ended in time; perhaps a machine that shares the root has died");
}

// Each action that waits in `file.lock` keeps a thread of the system. At most this many do.
const MOST_IN_THREADS = 32;
let inThreads = 0;
// The others try again and again, with pauses of up to this many milliseconds.
const LONGEST_PAUSE = 100;

/**
 * Takes the lock of a file that is open for writing. The lock ends when the file is closed. Returns true if it had to wait for it.
 *
 * @throws {BusyError} if another process still has it at the deadline, in milliseconds since 1970.
 */
export async function lock(file: Deno.FsFile, deadline: number): Promise<boolean> {
  // Mostly nobody holds the lock. Then this thread takes it at once, and no other thread has to wait for it.
  if (file.tryLockSync(true)) return false;
  // If an action gives up, it still stands in the line of the system. It gets the lock later and loses it at once, because its
  // file is closed.
  if (inThreads < MOST_IN_THREADS) {
    inThreads++;
    const locked = file.lock(true).finally(() => inThreads--);
    locked.catch(() => {}); // The error surfaces at the `await`, if that still waits.
    await expectInTime(locked, deadline);
    return true;
  }
  for (let time = 1; !file.tryLockSync(true); time = Math.min(2 * time, LONGEST_PAUSE)) {
    if (Date.now() > deadline) throw busy();
    await pause(time);
  }
  return true;
}

/** Runs an action while no other action with the same key runs, in any process. */
export function inTurn<T>(root: Root, key: string, action: () => Promise<T>): Promise<T> {
  // Two keys may share a lock file. Then they sometimes wait for each other, and that does no harm.
  const path = `${lockFolder(root)}/${createHash("sha256").update(key).digest("hex").slice(0, 2)}`;
  return queue(root, path, async (deadline) => {
    using file = await openLock(root, path);
    await lock(file, deadline);
    return await action();
  });
}

/** Returns the path of the folder with the locks. */
export function lockFolder(root: Root): string {
  return `${root.path}/.locks`;
}

/**
 * Makes sure that the disk may write into the folder of the locks, or to the file of a lock.
 *
 * @throws {Error} if one of them is a symbolic link. That is no `LinkedFolderError`, because it says nothing about a repository.
 */
export function expectNoLinkedLock(root: Root, path: string = lockFolder(root)): void {
  if (!isLinked(root, path)) return;
  const folder = lockFolder(root);
  const [linked, needed] = isLinked(root, folder)
    ? [folder, "a folder there for its locks"]
    : [path, "a file there for a lock"];
  throw new Error(`${linked} is a symbolic link; the registry follows none, and needs ${needed}`);
}

/**
 * Opens the file of a lock. Makes it, and its folder, if they are not there.
 *
 * @throws {Error} if one of them is a symbolic link.
 */
export async function openLock(root: Root, path: string): Promise<Deno.FsFile> {
  expectNoLinkedLock(root, path);
  // NFS gives a lock only to those who may write the file, and a share of it only to those who may read it.
  const options = { read: true, write: true };
  const open = (create: boolean) =>
    withFolder(
      root,
      dirname(path),
      () => step(root, "open lock", path, () => root.calls.open(path, { ...options, create })),
    );
  try {
    return await open(true);
  } catch (error) {
    // On MooseFS another machine may create the file at the same moment. Then it is there, and can be opened.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return await open(false);
  }
}
