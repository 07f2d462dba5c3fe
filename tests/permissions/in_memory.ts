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

import { CHANGED } from "../fixture.ts";
import { diskInMemory, endsInMemory } from "./memory.ts";

CHANGED.disk = diskInMemory;

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
    if (!await endsInMemory(() => test(context))) console.log(`ended early: ${name}`);
  };
}

Object.assign(Deno, { test: Object.assign(registerEndingEarly, register) });
