/**
 * The tests of the chapters, each once more over a registry with wrappers that must change nothing: all of them, one around the other.
 *
 * `transparent.ts` says how to run them with one of the wrappers.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { runDeno } from "../processes/program.ts";

const project = new URL("../..", import.meta.url).pathname;

const CHAPTERS = [
  "api",
  "pull",
  "push",
  "content_discovery",
  "content_management",
  "backwards_compatibility",
  "upgrade_procedures",
  "extensions",
];

Deno.test("the tests of the chapters pass over a registry with all wrappers that must change nothing", async () => {
  const files = CHAPTERS.map((chapter) => `${project}tests/${chapter}`);
  const permissions = ["--allow-read", "--allow-write", "--allow-net", "--allow-env", "--allow-run"];
  const config = ["--config", `${project}deno.json`];
  const { code, out, errors } = await runDeno(
    "test",
    "--quiet",
    "--no-check",
    ...config,
    "--preload",
    `${project}tests/composing/transparent.ts`,
    ...permissions,
    ...files,
    "--",
    "all",
  );
  assertEquals(code, 0, `${out}${errors}`);
});
