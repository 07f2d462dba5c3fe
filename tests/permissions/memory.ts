/**
 * A disk in memory for the registry of a test, and what becomes of the tests that cannot do with it.
 *
 * Most tests speak to their registry with requests, and every disk answers them alike. A few look into the folder of their registry,
 * or need a permission for something else. They end early there.
 *
 * @module
 */

import { HASHES } from "../../src/definitions/digest.ts";
import type { Disk } from "../../src/disk/disk.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { NoFolderError, type TestOptions } from "../fixture.ts";

/**
 * Makes a disk in memory with the options of a test.
 *
 * @throws {NoFolderError} if one of the options is about a folder.
 */
export function diskInMemory(options: TestOptions): Disk {
  const { sharesBytes, patience, now, algorithms, isSlow, hashes, watch, longestPause } = options;
  if ([isSlow, hashes, watch, longestPause].some((option) => option !== undefined)) throw new NoFolderError();
  return memoryDisk({ sharesBytes, patience, now, algorithms: { ...HASHES, ...algorithms } });
}

/** Runs a test. Returns false if it needs a folder or a permission, and has ended early for that. Throws if it fails. */
export async function endsInMemory(test: () => unknown): Promise<boolean> {
  const before = NoFolderError.times;
  try {
    await test();
    return true;
  } catch (error) {
    // The error can have become an answer of the registry meanwhile.
    const needsMore = NoFolderError.times > before || error instanceof Deno.errors.NotCapable;
    if (!needsMore) throw error;
    return false;
  }
}
