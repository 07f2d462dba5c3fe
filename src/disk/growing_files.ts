/**
 * Growing files: the bytes of upload sessions.
 *
 *     library/hello/_uploads/0f9c…/data        each growing file has a folder of its own
 *
 * The file is the whole state. Its length says how many bytes have arrived, its time says when it was last used, and its
 * lock says that somebody works on it. So a growing file survives a restart, and any process can continue with it. Memory
 * has only the hash of the bytes so far; if that is lost, the disk reads the file.
 *
 * Next: writer.ts
 *
 * @module
 */

import { dirname } from "node:path";
import { SHA256 } from "../definitions/digest.ts";
import type { ByteRange } from "../definitions/range.ts";
import { keep, moveFile, noteUse, removeFolder, tidy } from "./changes.ts";
import type { Bytes, GrowingFile } from "./disk.ts";
import { identityOf, isSame } from "./identity.ts";
import { expectNotLinked, isLinked } from "./links.ts";
import { isNotEmpty, unlessMissing, unlessMissingLater } from "./missing.ts";
import { fileInfo, fileSize, openIfThere, readPart, rememberFound, timeOf } from "./reading.ts";
import { pathAt, type Root } from "./root.ts";
import { makeFolder, step, syncFile, tell, tellRemoved, withFolder } from "./steps.ts";
import { syncFolders, syncName } from "./syncing.ts";
import { lock, queue } from "./turns.ts";
import { Writer } from "./writer.ts";

/** Begins a growing file in a new folder of its own, and runs an action on it if there is one. */
export async function begin<T>(
  root: Root,
  path: string,
  algorithm: string,
  action: ((file: GrowingFile) => Promise<T>) | undefined,
): Promise<T | undefined> {
  expectNotLinked(root, dirname(dirname(path)));
  using file = await openNew(root, path);
  const info = fileInfo(path);
  // The file and its folder are new, so they are no links.
  if (info !== undefined) root.places.set(path, identityOf(info));
  if (algorithm !== SHA256) await root.hashes.begin(path, algorithm);
  tell(root, "+", path, 0);
  if (action === undefined) return undefined;
  // No request knows the file yet, but the housekeeping of any process may find it. The lock tells it that somebody works on it.
  file.tryLockSync(true);
  return info && await action(new LockedFile(root, path, file, info));
}

async function openNew(root: Root, path: string): Promise<Deno.FsFile> {
  const folder = dirname(path);
  try {
    // Nothing is synced here, because a power cut can only take an empty file.
    if (!await unlessMissingLater(async () => (await root.calls.makeFolder(folder), true))) {
      await makeFolder(root, folder);
    }
    const options = { read: true, append: true, createNew: true, mode: 0o644 };
    return await withFolder(root, folder, () => step(root, "open session", path, () => root.calls.open(path, options)));
  } catch (error) {
    // At the limit of open files, a folder cannot be removed with all that is in it. But an empty one can.
    await removeFolder(root, folder).catch(() => tidy(root, folder));
    throw error;
  }
}

/** Runs an action on a growing file, one at a time. Returns `undefined` if the file is not there. */
export function grow<T>(root: Root, path: string, action: (file: GrowingFile) => Promise<T>): Promise<T | undefined> {
  return queue(root, path, async (deadline) => {
    using file = await openGrowing(root, path);
    if (file === undefined) return undefined;
    const hasWaited = await lock(file, deadline);
    // Another process may have ended it while this one waited for the lock.
    const info = fileInfo(path);
    if (info === undefined || isLinked(root, path, info)) return undefined;
    // And what was opened may have been a link, before somebody put the file back in its place.
    if (hasWaited && !isSame(identityOf(await file.stat()), info)) return undefined;
    return await action(new LockedFile(root, path, file, info));
  });
}

// What is no file, a folder for example, gives many kinds of errors, and counts as not there.
async function openGrowing(root: Root, path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await unlessMissingLater(() => root.calls.open(path, { read: true, append: true }));
  } catch (error) {
    if (fileInfo(path) === undefined) return undefined;
    throw error;
  }
}

/** Returns true if somebody has the lock of a file. The lock stays with the file if the file gets another name. */
export function isGrowing(root: Root, path: string): boolean {
  const info = fileInfo(path);
  if (info === undefined || isLinked(root, path, info)) return false;
  using file = openIfThere(path);
  return file !== undefined && !file.tryLockSync(false);
}

class LockedFile implements GrowingFile {
  readonly #root: Root;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #info: Deno.FileInfo;
  size: number;
  readonly lastUsed: number;

  constructor(root: Root, path: string, file: Deno.FsFile, info: Deno.FileInfo) {
    this.#root = root;
    this.#path = path;
    this.#file = file;
    this.#info = info;
    this.size = info.size;
    this.lastUsed = timeOf(info);
  }

  noteUse(): void {
    try {
      const now = new Date(this.#root.now());
      this.#file.utimeSync(now, now);
    } catch {
      // The file may belong to another user. The bytes that are written to it put a time on it, too.
    }
  }

  async append(body: AsyncIterable<Uint8Array>, algorithm?: string): Promise<void> {
    const before = this.size;
    const writer = new Writer(this.#root, this.#path, this.#file, before, algorithm);
    try {
      try {
        for await (const piece of body) await writer.take(piece);
      } finally {
        await writer.flush();
      }
    } catch (error) {
      // The disk may have written a part of the last piece.
      this.size = fileSize(this.#path) ?? 0;
      throw error;
    } finally {
      this.size = Math.max(this.size, writer.offset);
      try {
        await writer.hashed();
      } finally {
        await this.#orDiscard(writer.synced());
      }
      if (this.size > before) tell(this.#root, "~", this.#path, this.size);
    }
  }

  async save(): Promise<boolean> {
    await Promise.all([
      this.#orDiscard(syncFile(this.#root, this.#file, this.#path)),
      syncName(this.#root, this.#path, { identity: identityOf(this.#info), links: this.#info.nlink ?? 1 }),
    ]);
    return this.#isStillThere();
  }

  // Somebody may have removed the file, or put another one or a link in its place, while its bytes came.
  #isStillThere(): boolean {
    const info = fileInfo(this.#path);
    return info !== undefined && isSame(identityOf(this.#info), info) && !isLinked(this.#root, this.#path, info);
  }

  async truncate(size: number): Promise<void> {
    await this.#root.hashes.forget(this.#path);
    await step(this.#root, "truncate", this.#path, () => this.#file.truncateSync(size));
    if (size < this.size) tell(this.#root, "~", this.#path, size);
    this.size = size;
  }

  read(part: ByteRange): Bytes {
    return readPart(this.#file, part);
  }

  async digest(algorithm: string): Promise<string> {
    return await this.#root.hashes.digest(this.#path, this.size, algorithm) ?? await this.#hashOfFile(algorithm);
  }

  async #hashOfFile(algorithm: string): Promise<string> {
    const hash = this.#root.algorithms[algorithm]();
    const piece = new Uint8Array(1024 * 1024);
    this.#file.seekSync(0, Deno.SeekMode.Start);
    for (let read = await this.#file.read(piece); read !== null; read = await this.#file.read(piece)) {
      hash.update(piece.subarray(0, read));
    }
    return hash.digest("hex");
  }

  /**
   * Renames the file in its folder first, and then the folder:
   *
   *     _uploads/0f9c…/data   ─▶   _uploads/0f9c…/layer.tar.gz   ─▶   sha256:9b4e…/layer.tar.gz
   *
   * The bytes are synced before both renames. So the blob appears in one step, with all of its bytes and its right name.
   * The other way is to make a new folder, move the file and remove the old folder. It takes several times as long, because
   * on many file systems nobody can remove a folder while another one is being synced.
   */
  async moveTo(folderBelow: string, name: string): Promise<boolean> {
    const root = this.#root;
    const folder = pathAt(root, folderBelow);
    await this.#orDiscard(syncFile(root, this.#file, this.#path));
    // The bytes may have come for a long time, and their sync takes a while. So the disk looks now, just before the renames.
    const above = unlessMissing(() => Deno.lstatSync(dirname(folder)));
    expectNotLinked(root, dirname(folder), above);
    const own = dirname(this.#path);
    const renamed = `${own}/${name}`;
    const target = `${folder}/${name}`;
    const rename = async () => (await root.calls.rename(this.#path, renamed), true);
    if (!this.#isStillThere() || !await step(root, "rename", renamed, () => unlessMissingLater(rename))) {
      await this.#forget();
      return false;
    }
    try {
      const renameFolder = () => step(root, "rename folder", folder, () => root.calls.rename(own, folder));
      await withFolder(root, dirname(folder), renameFolder);
    } catch (error) {
      if (!isNotEmpty(error)) {
        // The file gets its old name back, so that it can still be used.
        await unlessMissingLater(() => root.calls.rename(renamed, this.#path));
        expectNotLinked(root, folder);
        throw error;
      }
      // The folder is there already. If it has this blob, another client has pushed it first, and its file stays. If not,
      // the folder has a manifest with the same bytes, and the file moves into it.
      // Its use is noted first. So a garbage collection spares it from here on, or has removed it already.
      const isThere = fileInfo(target) !== undefined && noteUse(root, target) && await keep(root, target, dirname(own));
      if (!isThere) await moveFile(root, renamed, target, dirname(own));
      await this.#forget();
      return true;
    }
    // On a file system without a journal, a folder that was moved may have two names after a power cut, and the repair takes away
    // one of them. So the old name has to be gone, too.
    await syncFolders(root, folder, { movedFrom: dirname(own), file: [target, identityOf(this.#info)], above });
    // The manifest that needs this blob will mostly come next.
    rememberFound(root, folder, `${folderBelow}/${name}`, this.#info);
    tell(root, "+", target, this.size);
    tellRemoved(root, own);
    return true;
  }

  async discard(): Promise<void> {
    await this.#forget();
    tidy(this.#root, dirname(dirname(this.#path)));
  }

  async #forget(): Promise<void> {
    await this.#root.hashes.forget(this.#path);
    await removeFolder(this.#root, dirname(this.#path));
  }

  // A failed fsync is reported once; the next one succeeds, although the bytes are lost. So the file is discarded.
  async #orDiscard(syncing: Promise<void>): Promise<void> {
    try {
      await syncing;
    } catch (error) {
      try {
        // If the disk refuses to remove the file, too, then the file at least has no bytes.
        this.#file.truncateSync(0);
        await this.discard();
      } catch {
        // The first error says more than this one.
      }
      throw error;
    }
  }
}
