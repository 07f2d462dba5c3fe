/**
 * What the README says to authors of tests, word by word, in an empty project.
 *
 * @module
 */

import { cp } from "node:fs/promises";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Folder } from "./folder.ts";
import { runDeno, runDenoWith } from "./processes/program.ts";

const PROJECT = new URL("..", import.meta.url).pathname;

// Returns the blocks of code in a section of the README, by their languages.
async function blocksOf(heading: string): Promise<Record<string, string>> {
  const readme = await Deno.readTextFile(`${PROJECT}README.md`);
  const section = readme.split(/^##+ /m).find((section) => section.startsWith(`${heading}\n`))!;
  return Object.fromEntries(
    [...section.matchAll(/^```(\w+)(?: ignore)?\n(.*?)^```$/gms)].map(([, language, text]) => [language, text]),
  );
}

/** Makes a project as the README says, with a clone of Glassbox in it, and runs its one test. */
async function runIn(folder: Folder, config: string, test: string) {
  await Deno.mkdir(`${folder.path}/glassbox/tests`, { recursive: true });
  for (const part of ["src", "deno.json"]) {
    await cp(PROJECT + part, `${folder.path}/glassbox/${part}`, { recursive: true });
  }
  await Deno.writeTextFile(`${folder.path}/glassbox/tests/own_test.ts`, 'Deno.test("one of the clone", () => {});');
  await Deno.writeTextFile(`${folder.path}/deno.json`, config);
  await Deno.writeTextFile(`${folder.path}/client_test.ts`, test);
  return await runDenoWith(
    { NO_COLOR: "1" },
    "test",
    "--no-lock",
    "--allow-net",
    "--config",
    `${folder.path}/deno.json`,
    folder.path,
  );
}

Deno.test("the test in the README runs in a project that has nothing else, may only listen, and is the only one", async () => {
  using folder = new Folder();
  const { json, ts } = await blocksOf("Use it in your tests");

  const { code, out, errors } = await runIn(folder, json, ts);

  assertStringIncludes(out, "ok | 1 passed | 0 failed", errors);
  assertEquals(code, 0);
});

Deno.test("a project gets the samples from an entry of their own, and fills a registry with one", async () => {
  using folder = new Folder();
  const { json } = await blocksOf("Use it in your tests");
  const test = `
    import { startRegistry } from "@glassbox/registry";
    import { samples } from "@glassbox/registry/samples";
    Deno.test("a client pulls a sample", async () => {
      await using registry = await startRegistry();
      await registry.fill(samples.hello);
      const { status, body } = await registry.fetch("/v2/samples/hello/manifests/latest");
      await body?.cancel();
      if (status !== 200) throw new Error(String(status));
    });`;

  const { code, out, errors } = await runIn(folder, json, test);

  assertStringIncludes(out, "ok | 1 passed | 0 failed", errors);
  assertEquals(code, 0);
});

Deno.test("the registry as a library loads nothing of the samples", async () => {
  const { out } = await runDeno("info", "--json", `${PROJECT}src/mod.ts`);
  const loaded = JSON.parse(out).modules.map(({ specifier }: { specifier: string }) => specifier);
  assertEquals(loaded.filter((file: string) => file.includes("/src/workshop/samples/")), []);
  assertEquals(loaded.some((file: string) => file.endsWith("/src/registry.ts")), true);
});
