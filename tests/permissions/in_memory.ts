/**
 * Lets tests run once more, over disks in memory and without a permission:
 *
 *     deno test --no-prompt --preload tests/permissions/in_memory.ts tests/push
 *
 * A few tests look into the folder of their registry, or need a permission for something else. They end at that point, and a line
 * says so.
 *
 * @module
 */

import { HASHES } from "../../src/definitions/digest.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { CHANGED, NoFolderError } from "../fixture.ts";

CHANGED.disk = ({ sharesBytes, patience, now, algorithms, isSlow, hashes, watch, longestPause }) => {
  if ([isSlow, hashes, watch, longestPause].some((option) => option !== undefined)) throw new NoFolderError();
  return memoryDisk({ sharesBytes, patience, now, algorithms: { ...HASHES, ...algorithms } });
};

type Test = (context: Deno.TestContext) => void | Promise<void>;

const register = Deno.test;

function registerEndingEarly(...args: (string | { name?: string; fn?: Test } | Test)[]): void {
  const early = args.map((arg) => {
    if (typeof arg === "function") return endingEarly(String(args[0]), arg);
    if (typeof arg === "object" && arg.fn !== undefined) return { ...arg, fn: endingEarly(arg.name!, arg.fn) };
    return arg;
  });
  (register as (...args: unknown[]) => void)(...early);
}

function endingEarly(name: string, test: Test): Test {
  return async (context) => {
    const before = NoFolderError.times;
    try {
      await test(context);
    } catch (error) {
      // The error can have become an answer of the registry meanwhile.
      const needsMore = NoFolderError.times > before || error instanceof Deno.errors.NotCapable;
      if (!needsMore) throw error;
      console.log(`ended early: ${name}`);
    }
  };
}

Object.assign(Deno, { test: Object.assign(registerEndingEarly, register) });
