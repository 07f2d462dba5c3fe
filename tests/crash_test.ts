/** After a crash, everything that was acknowledged is there, and nothing unfinished looks finished. */

import { assert, assertEquals } from "@std/assert";
import { expectTidy, expectToGoOn, expectWhole, letDie, SCENARIOS } from "./crash/drill.ts";
import { OPERATIONS } from "./crash/scenario.ts";
import { Folder } from "./folder.ts";

let steps: readonly string[] = [];
let trace: readonly string[] = [];
{
  using root = new Folder();
  const life = await letDie(root.path, Infinity);
  assertEquals(life.acknowledged, OPERATIONS.length);
  ({ steps, trace } = life);
}

const KINDS =
  /^(?:before|after) (make folder|open lock|open session|append|write aside|sync file|rename folder|rename|link|sync folder|remove file|remove folder) (.*)$/;

Deno.test("the drill passes every kind of step that a push or delete can take on disk", () => {
  assertEquals(new Set(steps.map((step) => KINDS.exec(step)?.[1])).size, 12);
});

Deno.test("bytes are synced before they get the name under which they are served", () => {
  const synced = new Set<string>();
  for (const line of trace) {
    const [, when, kind, path] = /^(before|after) (\w+ \w+|\w+) (\S+)$/.exec(line) ?? [];
    if (when === "after" && kind === "sync file") synced.add(path.includes("/_uploads/") ? "upload" : path);
    if (when !== "after" || kind !== "rename") continue;
    assert(synced.delete(path) || synced.delete("upload"), `${path} is renamed before it is synced`);
  }
});

Deno.test("the drill passes every kind of step that housekeeping can take on disk", async () => {
  using root = new Folder();

  const { steps } = await letDie(root.path, Infinity, "housekeeping");

  const kinds = new Set(steps.map((step) => KINDS.exec(step)?.[1]));
  for (const kind of ["make folder", "open lock", "rename", "sync folder", "remove file", "remove folder"]) {
    assert(kinds.has(kind), kind);
  }
  // A push moves one file; gc takes three blobs aside and gives one of them its name back; verify moves two files away.
  const renames = steps.filter((step) => step.startsWith("after rename ") && !step.includes("_uploads/"));
  assertEquals(renames.length, 1 + 3 + 1 + 2);
});

// Each step needs a new process. With DRILL=all the registry dies at every step, otherwise at every seventh.
const STRIDE = Deno.env.get("DRILL") === "all" ? 1 : 7;

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  for (const [number, step] of (await stepsOf(name)).entries()) {
    if (number % STRIDE !== 0) continue;
    const place = step.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|(?<=:[0-9a-f]{8})[0-9a-f]{56}/g, "…");
    Deno.test(`${name}, killed ${place}: nothing acknowledged is lost, and nothing is left over (step ${number})`, async () => {
      using root = new Folder();

      const death = await letDie(root.path, number, name);

      assertEquals(death.steps.length, number + 1);
      await expectWhole(root.path, death, scenario);
      await expectTidy(root.path);
      await expectToGoOn(root.path, scenario);
      await expectTidy(root.path);
    });
  }
}

async function stepsOf(scenario: string): Promise<readonly string[]> {
  if (scenario === "requests") return steps;
  using root = new Folder();
  const life = await letDie(root.path, Infinity, scenario);
  assertEquals(life.acknowledged, SCENARIOS[scenario].operations.length);
  return life.steps;
}
