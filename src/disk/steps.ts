/**
 * The single steps that change the disk: make a folder, write, sync, rename, link, remove.
 *
 * Each step calls a watcher before and after it: the crash drill kills the process there, and a test lets the disk fail there.
 * `changes.ts` puts the steps together so that a crash between two of them does no harm.
 *
 * Other threads do the steps that wait for the disk: syncing, and writing many bytes; and on a slow disk all others, too (see
 * `calls.ts`).
 *
 * Next: syncing.ts
 *
 * @module
 */

import { dirname, join, relative } from "node:path";
import type { Change } from "./disk.ts";
import { isStale, unlessMissing, unlessMissingLater } from "./missing.ts";
import { fileSize, openIfThere } from "./reading.ts";
import { pathBelow, type Root } from "./root.ts";
import type { StepKind } from "./watching.ts";

/**
 * Does one step that changes the disk, between two calls of `watch`. The caller has made sure that the step's folder is no
 * symbolic link and does not lie below one.
 */
export async function step<T>(root: Root, kind: StepKind, path: string, action: () => T): Promise<Awaited<T>> {
  const act = () => {
    root.watch?.({ when: "before", kind, path: relative(root.path, path) });
    return action();
  };
  let result: Awaited<T>;
  try {
    result = await act();
  } catch (error) {
    if (!isStale(error) || !ABOUT_NAMES.has(kind)) throw error;
    // Another machine has just made or replaced what is at this path. After a look, the system knows what is there now.
    unlessMissing(() => Deno.lstatSync(path));
    result = await act();
  }
  root.watch?.({ when: "after", kind, path: relative(root.path, path) });
  return result;
}

// Only these steps look for a name, and can be done twice. The others are about bytes: a failed sync, for example, is reported
// only once.
const ABOUT_NAMES: ReadonlySet<StepKind> = new Set<StepKind>([
  "make folder",
  "open lock",
  "open session",
  "rename",
  "rename folder",
  "link",
  "remove file",
  "remove folder",
]);

/** Tells that a file has changed, if somebody listens. `size` is its size now, if the caller knows it: to look would take time. */
export function tell(root: Root, sign: Change["sign"], path: string, size?: number, sameAs?: string): void {
  root.tell?.({
    sign,
    path: pathBelow(root, path),
    ...sign !== "-" && { size: size ?? fileSize(path) },
    ...sameAs !== undefined && { sameAs: pathBelow(root, sameAs) },
  });
}

/** Tells that a folder is gone, if somebody listens. */
export function tellRemoved(root: Root, folder: string): void {
  root.tell?.({ sign: "-", path: `${pathBelow(root, folder)}/` });
}

// Writing at most this many bytes takes less time than letting another thread do it.
const FEW = 16 * 1024;

/** Writes all of the bytes. One call of `write` may write only some of them. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    at += rest.length <= FEW ? file.writeSync(rest) : await file.write(rest);
  }
}

/** Makes sure that the bytes of a file are on the disk. */
export async function syncFile(root: Root, file: Deno.FsFile, path: string): Promise<void> {
  if (root.durability === "none") return;
  await step(root, "sync file", path, () => file.syncData());
}

/**
 * Makes a folder and the missing ones above it. Their names are on the disk when something in the folder is synced. Returns false
 * if something with this name is there already.
 */
export async function makeFolder(root: Root, folder: string): Promise<boolean> {
  try {
    await step(root, "make folder", folder, () => root.calls.makeFolder(folder));
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    if (!(error instanceof Deno.errors.NotFound) || folder === dirname(folder)) throw error;
    await makeFolder(root, dirname(folder));
    return makeFolder(root, folder);
  }
  // No later sync goes above the root. This one ends before another request can go on and find the root.
  if (folder.length > root.path.length || root.durability === "none" || Deno.build.os === "windows") return true;
  using above = openAbove(root);
  if (above !== undefined) await step(root, "sync folder", dirname(folder), () => above.syncSync());
  return true;
}

// The program has no permission for the folder above its root. It makes the root at its start; only if somebody removes it
// later, the disk makes it anew.
function openAbove(root: Root): Deno.FsFile | undefined {
  try {
    return openIfThere(dirname(root.path));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/**
 * Runs an action that needs a folder. Makes the folder only if the action fails without it, because most often it is there.
 * After that, another request may remove the folder again, because it is still empty; so there are several tries.
 */
export async function withFolder<T>(root: Root, folder: string, action: () => T): Promise<Awaited<T>> {
  for (let tries = 0;; tries++) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || tries === 10) throw error;
      await makeFolder(root, folder);
    }
  }
}

/**
 * Lets the action write a file under another name, and renames it to its path when it is its turn. If that fails, nothing is left
 * behind.
 */
export async function placeAside(
  root: Root,
  path: string,
  write: (aside: string) => Promise<void>,
  turn?: Promise<unknown>,
): Promise<void> {
  const aside = join(dirname(path), `.${crypto.randomUUID()}`);
  try {
    await withFolder(root, dirname(path), () => write(aside));
    await turn;
    await step(root, "rename", path, () => root.calls.rename(aside, path));
  } catch (error) {
    await unlessMissingLater(() => root.calls.remove(aside));
    throw error;
  }
}
