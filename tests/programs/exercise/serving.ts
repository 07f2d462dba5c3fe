/**
 * A registry with the learner's function in it, for `curl` and a browser. It starts again after each change.
 *
 *     deno task exercise tags --serve --port 5081
 *     curl http://127.0.0.1:5081/v2/library/hello/tags/list
 *
 * It stores in `exercises/.registry`, so an error in the function does no harm to other images.
 *
 * @module
 */

import { parseCommandLine } from "../../../src/serving/command_line.ts";
import { UsageError } from "../../../src/serving/flags.ts";
import { PROJECT } from "../project.ts";
import type { LearnerFile } from "./learner_file.ts";
import { eventsOf } from "./watching.ts";

/** Serves until a person ends it. The flags are those of `deno task start`. Returns the exit status. */
export async function serve(file: LearnerFile, folder: string, flags: readonly string[]): Promise<number> {
  const args = [...flags];
  try {
    const line = parseCommandLine(flags, "");
    if (typeof line === "string") throw new UsageError("--serve starts a registry, and takes no --help or --version");
    // A flag that is given twice is refused.
    const given = (flag: string) => flags.some((text) => text === flag || text.startsWith(`${flag}=`));
    if (!given("--root") && line.disk !== "memory") args.push("--root", `${folder}/.registry`);
    if (!given("--threads")) args.push("--threads", "1");
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
  let served = file.text();
  let registry = start(file, args);
  for await (const event of eventsOf(file.path, false)) {
    if (event === "end") break;
    if (file.text() === served) continue;
    served = file.text();
    await stop(registry);
    console.log(`\n${file.shown} has changed.`);
    registry = start(file, args);
  }
  await stop(registry);
  return 0;
}

function start(file: LearnerFile, args: readonly string[]): Deno.ChildProcess {
  // Without the permission to run Deno, it does not start itself again without the import map.
  const permissions = ["--allow-net", "--allow-read", "--allow-write"];
  const registry = new Deno.Command("deno", {
    args: ["run", "--no-prompt", "--no-check", `--import-map=${file.importMap()}`, ...permissions, "main.ts", ...args],
    cwd: PROJECT,
    stdin: "null",
  }).spawn();
  registry.status.then(({ success, signal }) => {
    if (success || signal !== null) return;
    console.error(
      `It cannot run. deno task exercise ${file.exercise.name} --once may show why. It starts again after a change.`,
    );
  });
  return registry;
}

async function stop(registry: Deno.ChildProcess): Promise<void> {
  try {
    registry.kill("SIGTERM");
  } catch (error) {
    // It has ended already: the learner's file cannot be loaded, or somebody has pressed Ctrl-C.
    if (!(error instanceof TypeError)) throw error;
  }
  await registry.status;
}
