/**
 * What the README says to authors of tests, word by word, in an empty project.
 *
 * @module
 */

import { cp } from "node:fs/promises";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Folder } from "./folder.ts";
import { runDenoWith } from "./processes/program.ts";

const PROJECT = new URL("..", import.meta.url).pathname;

// Returns the blocks of code in a section of the README, by their languages.
async function blocksOf(heading: string): Promise<Record<string, string>> {
  const readme = await Deno.readTextFile(`${PROJECT}README.md`);
  const section = readme.split(/^##+ /m).find((section) => section.startsWith(`${heading}\n`))!;
  return Object.fromEntries(
    [...section.matchAll(/^```(\w+)(?: ignore)?\n(.*?)^```$/gms)].map(([, language, text]) => [language, text]),
  );
}

Deno.test("the test in the README runs in a project that has nothing else, may only listen, and is the only one", async () => {
  using folder = new Folder();
  const { json, ts } = await blocksOf("Use it in your tests");
  await Deno.mkdir(`${folder.path}/glassbox/tests`, { recursive: true });
  for (const part of ["src", "deno.json"]) {
    await cp(PROJECT + part, `${folder.path}/glassbox/${part}`, { recursive: true });
  }
  await Deno.writeTextFile(`${folder.path}/glassbox/tests/own_test.ts`, 'Deno.test("one of the clone", () => {});');
  await Deno.writeTextFile(`${folder.path}/deno.json`, json);
  await Deno.writeTextFile(`${folder.path}/client_test.ts`, ts);

  const { code, out, errors } = await runDenoWith(
    { NO_COLOR: "1" },
    "test",
    "--no-lock",
    "--allow-net",
    "--config",
    `${folder.path}/deno.json`,
    folder.path,
  );

  assertStringIncludes(out, "ok | 1 passed | 0 failed", errors);
  assertEquals(code, 0);
});
