/** The contract of a disk, for each disk of this project. */

import type { Disk } from "../../src/disk/disk.ts";
import { failing } from "../../src/disk/failing.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import type { LocalDiskOptions } from "../../src/disk/root.ts";
import { watched } from "../../src/disk/watched.ts";
import { Folder } from "../folder.ts";
import { type OpenTestedDisk, testDisk } from "./contract.ts";

const local = (options: LocalDiskOptions): OpenTestedDisk => ({ patience }) => {
  const folder = new Folder();
  // The disk has to make its root.
  const open = () => localDisk(`${folder.path}/root`, { ...options, patience });
  return { disk: open(), reopen: open, [Symbol.asyncDispose]: () => Promise.resolve(folder[Symbol.dispose]()) };
};

const NOBODY = () => {};
const GONE = { [Symbol.asyncDispose]: () => Promise.resolve() };

const memory = (
  options: Parameters<typeof memoryDisk>[0],
  around: (disk: Disk) => Disk = (disk) => disk,
): OpenTestedDisk =>
({ patience }) => {
  const disk = around(memoryDisk({ ...options, patience }));
  // Another registry of this process has the same disk, and tells its stories.
  return { disk, reopen: () => disk.telling(NOBODY), ...GONE };
};

testDisk("a local disk that syncs", local({ durability: "sync" }));
testDisk("a local disk", local({ durability: "none" }));
testDisk("a slow local disk", local({ isSlow: true }));
testDisk("a local disk that shares its bytes", local({ durability: "none", sharesBytes: true }));
testDisk("a memory disk", memory({}));
testDisk("a memory disk that shares its bytes", memory({ sharesBytes: true }));
testDisk("a watched disk", memory({}, (disk) => watched(disk, NOBODY)));
testDisk("a disk that fails, if nothing is planned", memory({}, (disk) => failing(disk, [])));
