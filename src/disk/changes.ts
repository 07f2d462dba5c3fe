/**
 * Changes. The change of one file happens completely or not at all; several files change in their order. When its promise is
 * fulfilled, a change survives `kill -9` and a power cut.
 *
 * Databases and editors write files in the same way:
 *
 *     1. write aside     library/hello/_tags/.3f0c…       no reader looks at it
 *     2. sync the file   now its bytes are on the disk
 *     3. rename          library/hello/_tags/latest       in one step: a reader gets the old text or the new one, never a half
 *     4. sync the folder now its name is on the disk, too
 *
 * The order matters. If the rename came before the first sync, a power cut could leave the name without the bytes. Each
 * function tells its change when it has made it, and so the story of a request knows it.
 *
 * Next: turns.ts
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { LongWork } from "../giving_way.ts";
import { type FileInfo, type KnownOfFiles, LinkedFolderError } from "./disk.ts";
import { identityOf } from "./identity.ts";
import { expectNotLinked, isLinked } from "./links.ts";
import { isMissing, isNotEmpty, isStale, unlessMissing } from "./missing.ts";
import { fileInfo, fileSize, look, openIfThere, timeOf } from "./reading.ts";
import type { KnownFile, Root } from "./root.ts";
import { makeFolder, placeAside, step, syncFile, tell, tellRemoved, withFolder, writeAll } from "./steps.ts";
import { syncFolders, syncName } from "./syncing.ts";

/** Writes small files of one folder in their order, and the folders above them. Replaces what was there. */
export async function put(
  root: Root,
  folder: string,
  files: Readonly<Record<string, Uint8Array>>,
  { movedFrom, areNew = false }: KnownOfFiles,
): Promise<void> {
  // If a folder gets several files at once, it is mostly new.
  let isNew = false;
  if (Object.keys(files).length > 1) isNew = await makeUnlinkedFolder(root, folder);
  else expectNotLinked(root, folder);
  // All files are written and synced at the same time. Each one waits with its name until the one before it has its name.
  const placed: Promise<void>[] = [];
  for (const [name, bytes] of Object.entries(files)) {
    placed.push(putFile(root, `${folder}/${name}`, bytes, isNew || areNew, placed.at(-1)));
  }
  for (const result of await Promise.allSettled(placed)) if (result.status === "rejected") throw result.reason;
  await syncFolders(root, folder, { movedFrom: isNew ? undefined : movedFrom });
}

// Makes a folder that is mostly missing. That takes less time than looking for it first. Returns false if it is there.
async function makeUnlinkedFolder(root: Root, folder: string): Promise<boolean> {
  expectNotLinked(root, dirname(folder));
  const isNew = await makeFolder(root, folder);
  if (!isNew) expectNotLinked(root, folder);
  return isNew;
}

async function putFile(
  root: Root,
  path: string,
  bytes: Uint8Array,
  isKnownToBeNew: boolean,
  turn: Promise<void> | undefined,
): Promise<void> {
  // Only the story needs this, and it costs a look. A look at what is not there costs most.
  const isNew = root.tell && (isKnownToBeNew || fileSize(path) === undefined);
  await placeAside(root, path, async (aside) => {
    await step(root, "write aside", path, async () => {
      using file = await root.calls.open(aside, { write: true, createNew: true, mode: 0o644 });
      await writeAll(file, bytes);
      await syncFile(root, file, path);
    });
  }, turn);
  tell(root, isNew ? "+" : "~", path, bytes.length);
}

/** Puts the present time on a file. Returns false if the file is not there. */
export function noteUse(root: Root, path: string): boolean {
  try {
    const now = new Date(root.now());
    Deno.utimeSync(path, now, now);
  } catch (error) {
    // If the disk is read-only, nobody can note a use on it. Nobody can remove anything from it either.
    if (isMissing(error)) return false;
  }
  return true;
}

/**
 * Makes sure that a file survives a power cut. The request that has stored it may still be waiting for its syncs. Returns false
 * if the file is not there. `movedFrom` is the folder that the file's folder may have been in. `known` is what somebody has just
 * found there.
 */
export async function keep(root: Root, path: string, movedFrom?: string, known?: FileInfo): Promise<boolean> {
  const found = known !== undefined && "identity" in known ? known as KnownFile : foundAt(root, path);
  if (found === undefined) return false;
  await syncName(root, path, found, movedFrom);
  return true;
}

function foundAt(root: Root, path: string): Pick<KnownFile, "identity" | "links"> | undefined {
  const info = fileInfo(path);
  if (info === undefined || isLinked(root, path, info)) return undefined;
  return { identity: identityOf(info), links: info.nlink ?? 1 };
}

/** Moves a file whose bytes are synced to its new path. Replaces an older file there. */
export async function moveFile(root: Root, from: string, to: string, movedFrom?: string): Promise<void> {
  expectNotLinked(root, dirname(to));
  await withFolder(root, dirname(to), () => step(root, "rename", to, () => root.calls.rename(from, to)));
  await syncFolders(root, dirname(to), { movedFrom });
  tell(root, "+", to);
}

/**
 * Gives a file a second name. If the file system has no hard links, or no more of them for this file, it copies the bytes.
 * Returns false if the file is not there.
 */
export async function link(root: Root, from: string, to: string, movedFrom?: string): Promise<boolean> {
  if (look(root, from) === undefined) return false;
  await makeUnlinkedFolder(root, dirname(to));
  // The same file may have had this name before. Now it is a new name.
  root.synced.delete(to);
  try {
    await withFolder(root, dirname(to), () => step(root, "link", to, () => root.calls.link(from, to)));
    tell(root, "=", to, undefined, from);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      const isCopied = await copyFile(root, from, to);
      // Somebody has removed the file meanwhile. Then the new folder stays empty, and goes again.
      if (!isCopied) tidy(root, dirname(to));
      return isCopied;
    }
    // Another request has made it. But what is no file does not count.
    if (fileInfo(to) === undefined) throw new LinkedFolderError(`${to} is no file`);
  }
  return await keep(root, to, movedFrom);
}

async function copyFile(root: Root, from: string, to: string): Promise<boolean> {
  using source = openIfThere(from);
  if (source === undefined) return false;
  await placeAside(root, to, async (aside) => {
    await step(root, "copy aside", to, async () => {
      using file = await root.calls.open(aside, { write: true, createNew: true, mode: 0o644 });
      const piece = new Uint8Array(1024 * 1024);
      for (let read = await source.read(piece); read !== null; read = await source.read(piece)) {
        await writeAll(file, piece.subarray(0, read));
      }
      await syncFile(root, file, to);
    });
  });
  await syncFolders(root, dirname(to));
  tell(root, "+", to);
  return true;
}

/** Removes a file, and the folders above it that become empty. Returns false if it was not there. */
export async function remove(root: Root, path: string): Promise<boolean> {
  expectNotLinked(root, dirname(path));
  if (!await removeFile(root, path)) {
    tidy(root, dirname(path));
    return false;
  }
  tell(root, "-", path);
  tidy(root, dirname(path));
  return true;
}

async function removeFile(root: Root, path: string): Promise<boolean> {
  if (!await removeName(root, path)) return false;
  await syncFolders(root, dirname(path));
  return true;
}

async function removeName(root: Root, path: string): Promise<boolean> {
  try {
    await step(root, "remove file", path, () => root.calls.remove(path));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Removes files of one folder, with one sync for all of them. */
export async function removeTogether(root: Root, folder: string, names: Iterable<string>): Promise<void> {
  expectNotLinked(root, folder);
  const work = new LongWork();
  for (const name of names) {
    const path = `${folder}/${name}`;
    if (await removeName(root, path)) tell(root, "-", path);
    if (work.isLong()) await work.giveWay();
  }
  await syncFolders(root, folder);
  tidy(root, folder);
}

/**
 * Removes a file that nobody has used since a time in milliseconds since 1970. A client may use the file at this very
 * moment. If this function looked at the time and removed the file then, it could miss a use in between. So it first
 * renames the file, and then looks at the time. If the file was used, the function puts it back. A client that asks for the
 * file in between is told that it is not there, and uploads it.
 */
export async function removeUnused(root: Root, path: string, since: number): Promise<boolean> {
  if (isLinked(root, dirname(path))) return false;
  // If the process is killed now, the housekeeping can give the file its name back.
  const aside = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}`);
  try {
    await step(root, "rename", aside, () => root.calls.rename(path, aside));
  } catch (error) {
    // Somebody else has removed it already.
    if (isMissing(error)) return false;
    throw error;
  }
  const info = fileInfo(aside);
  if (info === undefined || timeOf(info) > since) {
    // Somebody may rely on the file. Its name is a new one for the disk.
    root.synced.delete(path);
    // If a client has uploaded the file again meanwhile, this replaces it with the same bytes.
    await step(root, "rename", path, () => root.calls.rename(aside, path));
    await syncFolders(root, dirname(path));
    return false;
  }
  await removeFile(root, aside);
  tell(root, "-", path);
  tidy(root, dirname(path));
  return true;
}

/** Removes a folder with everything in it, unless it is a symbolic link or lies below one. It may be back after a power cut. */
export async function removeFolder(root: Root, folder: string): Promise<void> {
  if (isLinked(root, folder)) return;
  try {
    await step(root, "remove folder", folder, () => root.calls.remove(folder, { recursive: true }));
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  tellRemoved(root, folder);
}

/** Removes a folder if it is empty, and then those above it that become empty, up to the root. */
export function tidy(root: Root, folder: string): void {
  // To Deno, removing a file and removing an empty folder are the same.
  const info = unlessMissing(() => Deno.lstatSync(folder));
  if (!info?.isDirectory || isLinked(root, folder, info)) return;
  for (let path = folder; path !== root.path && path !== dirname(path); path = dirname(path)) {
    try {
      Deno.removeSync(path);
    } catch (error) {
      // The folder has something in it, or somebody else has removed it, or is just doing that on another machine.
      if (isMissing(error) || isNotEmpty(error) || isStale(error)) return;
      throw error;
    }
  }
}

/** Moves a corrupt file into `_quarantine/`. The registry serves nothing from there. */
export async function quarantine(root: Root, path: string): Promise<void> {
  expectNotLinked(root, dirname(path));
  const to = `${root.path}/_quarantine${path.slice(root.path.length)}.${crypto.randomUUID()}`;
  try {
    await moveFile(root, path, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
    // Somebody has removed it meanwhile. The new folder stays empty, and goes again.
    return tidy(root, dirname(to));
  }
  await syncFolders(root, dirname(path));
  tell(root, "-", path);
  tidy(root, dirname(path));
}
