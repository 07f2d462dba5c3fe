/**
 * Syncing: when a file is safe in a power cut.
 *
 * A sync of a file puts its bytes on the disk, but not its name. A name is on the disk when the folder that it is in was synced:
 *
 *     sync testdata/                                  the name `library` is on the disk
 *     sync testdata/library/                          … `hello`
 *     sync testdata/library/hello/                    … `sha256:9b4e…`
 *     sync testdata/library/hello/sha256:9b4e…/       … `layer.tar.gz`
 *
 * A file is safe when all of these folders were synced. A file that is there need not be safe: another request,
 * or another process, may have stored it a moment ago and may still be syncing. So the disk trusts only the names that it has
 * synced itself. It goes up from the file's folder, and syncs each folder until it comes to such a name.
 * Most often that is the repository, and two syncs are enough. They all run at the same time: their order does not matter,
 * because the client gets its answer after the last one.
 *
 * Next: changes.ts
 *
 * @module
 */

import { dirname } from "node:path";
import { type Identity, identityOf, isSame } from "./identity.ts";
import { A_WHILE } from "./memory.ts";
import { unlessMissing, unlessMissingLater } from "./missing.ts";
import { timeOf } from "./reading.ts";
import type { KnownFile, Root } from "./root.ts";
import { step } from "./steps.ts";

/** What else a caller of {@linkcode syncFolders} knows. */
export interface AboutFolder {
  /** A folder that the folder, or something in it, may have been moved out of just now. Its old name there must be gone, too. */
  readonly movedFrom?: string;
  /** One of the names in the folder, which somebody may ask for soon, and what a look at it has found. */
  readonly file?: readonly [path: string, Identity];
  /** What a look at the folder above has found. It has to be the same one still, because something in it has just been renamed. */
  readonly above?: Deno.FileInfo;
}

/** Makes sure that the names in a folder are on the disk, and so are the names of the folder and of all above it. */
export async function syncFolders(root: Root, folder: string, about: AboutFolder = {}): Promise<void> {
  if (!isSyncing(root)) return;
  const { movedFrom, file, above } = about;
  using files = new DisposableStack();
  const opened = new Map<string, Deno.FsFile | undefined>();
  const open = async (path: string) => {
    const found = await unlessMissingLater(() => root.calls.open(path));
    opened.set(path, found && files.use(found));
    return found !== undefined;
  };
  const names = new Map<string, Identity>(file && [file]);
  const others: Promise<unknown>[] = [];
  let folderTime: number | undefined;
  let isSettled = false;
  for (let path = folder;; path = dirname(path)) {
    await open(path);
    if (path.length <= root.path.length) break;
    const isAbove = above !== undefined && path === dirname(folder);
    const info = isAbove ? above : unlessMissing(() => Deno.lstatSync(path));
    // If somebody has removed the folder, then its own name must stay away, too.
    if (info === undefined) continue;
    if (path === folder) {
      folderTime = timeOf(info);
      isSettled = Date.now() - folderTime > A_WHILE;
    }
    const known = root.synced.get(path);
    if (known !== undefined && isSame(known.identity, info)) {
      others.push(known.done);
      break;
    }
    names.set(path, identityOf(info));
  }
  // Only what has gone from this folder matters, and that needs no name of its own. But somebody may have removed the folder since
  // then, and made another one with its name. So the folder above it is synced, too. Mostly it is among the others.
  for (let path = movedFrom; path !== undefined && !opened.has(path); path = dirname(path)) {
    if (await open(path) && path !== movedFrom || path.length <= root.path.length) break;
  }
  const syncs = [...opened].map(([path, found]) => found && step(root, "sync folder", path, () => found.sync()));
  const done = Promise.all([...syncs, ...others]).then(() => {});
  for (const [path, identity] of names) root.synced.set(path, { identity, done, folderTime, isSettled });
  try {
    await done;
  } catch (error) {
    for (const path of names.keys()) root.synced.delete(path);
    throw error;
  }
}

/**
 * Makes sure that the name of a file is on the disk, and so are all names above it. Syncs nothing if this process has done that
 * already. `found` is what a look at the file has found just now. `movedFrom` is a folder that the file's folder may have been in.
 */
export async function syncName(
  root: Root,
  path: string,
  found: Pick<KnownFile, "identity" | "links">,
  movedFrom?: string,
): Promise<void> {
  if (!isSyncing(root)) return;
  const folder = dirname(path);
  const [name, above] = [root.synced.get(path), root.synced.get(folder)];
  if (name !== undefined && above !== undefined && isSame(name.identity, found.identity)) {
    const info = unlessMissing(() => Deno.lstatSync(folder));
    // A file with two names can lose this one and get it back. And a manifest may have got another media type, in the file beside it.
    // Then the folder is a new one, or its time is another one. Times are coarse. If the time cannot show a change for sure, a file
    // with two names is not trusted.
    const isUnchanged = info !== undefined && isSame(above.identity, info) && name.folderTime === timeOf(info);
    if (isUnchanged && (name.isSettled || found.links === 1)) {
      await Promise.all([name.done, above.done]);
      return;
    }
  }
  await syncFolders(root, folder, { movedFrom, file: [path, found.identity] });
}

// Windows cannot open a folder to sync it. There the journal of the file system has to be enough.
function isSyncing({ durability }: Root): boolean {
  return durability !== "none" && Deno.build.os !== "windows";
}
