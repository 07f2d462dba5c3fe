/** A registry over a disk in memory needs no permission at all. */

import { assert, assertEquals } from "@std/assert";
import { digestOf } from "./fixture.ts";
import { runDeno } from "./processes/program.ts";

const PROJECT = new URL("../", import.meta.url).pathname;
const CONFIG = `--config=${PROJECT}deno.json`;

// The tests of everything that a client sees.
const TESTS = [
  "api",
  "backwards_compatibility",
  "content_discovery",
  "content_management",
  "extensions",
  "http",
  "limits_test.ts",
  "pull",
  "push",
  "refusals_test.ts",
  "store",
  "story_test.ts",
];

Deno.test("the tests of the chapters pass over a disk in memory, without a permission", async () => {
  const { code, out } = await runDeno(
    ...["test", "--no-prompt", "--no-check", CONFIG, `--preload=${PROJECT}tests/permissions/in_memory.ts`],
    ...TESTS.map((name) => `${PROJECT}tests/${name}`),
  );

  assertEquals(code, 0, out);
  const passed = Number(/ (\d+) passed \| 0 failed/.exec(out)![1]);
  const ended = out.match(/^ended early: /gm)?.length ?? 0;
  assert(ended < passed / 4, `${ended} of ${passed} tests need a folder or a permission`);
});

Deno.test("a registry runs in a Web Worker that has no permission", async () => {
  const { code, out, errors } = await runDeno(
    ...["run", "--no-prompt", "--no-check", CONFIG, "--unstable-worker-options", `--allow-read=${PROJECT}`],
    `${PROJECT}tests/permissions/in_a_worker.ts`,
  );

  assertEquals([code, errors], [0, ""]);
  const { answers, config, body } = JSON.parse(out);
  assertEquals(answers, [
    ["granted"],
    [201, digestOf(config), ""],
    [201, digestOf(body), ""],
    [200, digestOf(body), body],
    [200, digestOf(config), config],
    [200, null, JSON.stringify({ name: "library/hello", tags: ["v1"] })],
  ]);
});
