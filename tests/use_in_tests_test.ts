/**
 * What the README says to authors of tests, word by word, in an empty project.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Folder } from "./folder.ts";
import { runDeno } from "./processes/program.ts";

const PROJECT = new URL("..", import.meta.url).pathname;

// Returns the blocks of code in a section of the README, by their languages.
async function blocksOf(heading: string): Promise<Record<string, string>> {
  const readme = await Deno.readTextFile(`${PROJECT}README.md`);
  const section = readme.split(/^## /m).find((section) => section.startsWith(`${heading}\n`))!;
  return Object.fromEntries(
    [...section.matchAll(/^```(\w+)(?: ignore)?\n(.*?)^```$/gms)].map(([, language, text]) => [language, text]),
  );
}

Deno.test("the test in the README runs in a project that has nothing else, and may only listen", async () => {
  using folder = new Folder();
  const { json, ts } = await blocksOf("Use it in your tests");
  await Deno.mkdir(folder.path, { recursive: true });
  await Deno.symlink(PROJECT, `${folder.path}/glassbox`);
  await Deno.writeTextFile(`${folder.path}/deno.json`, json);
  await Deno.writeTextFile(`${folder.path}/client_test.ts`, ts);

  const { code, out, errors } = await runDeno(
    "test",
    "--no-lock",
    "--allow-net",
    "--config",
    `${folder.path}/deno.json`,
    `${folder.path}/client_test.ts`,
  );

  assertStringIncludes(out, "1 passed", errors);
  assertEquals(code, 0);
});
