/**
 * The tests of this registry, for the page that shows a rule.
 *
 *     tests/push/cancel_a_blob_upload_test.ts:9     "PUSH-CANCEL-01: cancelling a session answers 204"
 *
 * A package of the registry may come without its tests, and a person may start the program without the permission to read them. Then
 * the page says so.
 *
 * Next: composed.ts
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { RULE_ID } from "../spec/headings.ts";
import type { TestOfRule } from "../page/context.ts";
import { TESTS } from "./permissions.ts";

/** Reads the names of all tests that name rules. Returns `undefined` if the tests are not here, or must not be read. */
export async function ownTests(): Promise<readonly TestOfRule[] | undefined> {
  if (TESTS.protocol !== "file:") return undefined;
  const folder = fileURLToPath(TESTS);
  if (Deno.permissions.querySync({ name: "read", path: folder }).state !== "granted") return undefined;
  try {
    const tests: TestOfRule[] = [];
    for await (const path of filesBelow(folder)) {
      tests.push(...testsIn(await Deno.readTextFile(path), `tests/${path.slice(folder.length)}`));
    }
    return tests.sort((a, b) => a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(`${folder}${name}/`);
    else if (name.endsWith("_test.ts")) yield folder + name;
  }
}

const IDS_IN_FRONT = new RegExp(`^(?:${RULE_ID.source}[ :]+)+`);

function testsIn(text: string, file: string): TestOfRule[] {
  const tests = text.matchAll(/Deno\.test\(\s*(?:\{\s*name:\s*)?(["'`])(.*?)\1/gs);
  return [...tests].map(({ 2: name, index }) => ({
    file,
    line: text.slice(0, index).split("\n").length,
    // One test for each of several cases has a name with gaps.
    name: name.replace(IDS_IN_FRONT, "").replace(/\$\{[^}]*\}/g, "…"),
    rules: Array.from(name.matchAll(RULE_ID), ([id]) => id),
  })).filter(({ rules }) => rules.length > 0);
}
