/**
 * The program: reads the command line, starts itself again with only the permissions that it needs, and does the work.
 *
 *     $ deno task start
 *     Glassbox 0.1.0 listens on http://127.0.0.1:5080 and stores in testdata/
 *
 * `src/serving/program.ts` does the work; the registry itself is in `src/registry.ts`.
 *
 * @module
 */

import config from "./deno.json" with { type: "json" };
import { printable } from "./src/definitions/printable.ts";
import { parseCommandLine, UsageError } from "./src/serving/command_line.ts";
import { isFirstStart, startAgain } from "./src/serving/permissions.ts";

// The exit statuses, for shell scripts: 2 for a wrong command line, 1 for any other error, and for faults that `verify` has
// found.
const USAGE = 2;
const FAILURE = 1;

if (import.meta.main) Deno.exit(await main(Deno.args));

/** Runs the command of the command line. Returns the exit status. */
async function main(args: string[]): Promise<number> {
  try {
    const line = parseCommandLine(args, config.version);
    if (typeof line === "string") {
      console.log(line);
      return 0;
    }
    if (isFirstStart(line)) return await startAgain(import.meta.url, args, line);
    // This is loaded only now, because the first process does not need it.
    const { work } = await import("./src/serving/program.ts");
    return await work(line, config.version) ? 0 : FAILURE;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`glassbox: ${printable(error.message.split("\n")[0])}`);
    return error instanceof UsageError || error instanceof RangeError ? USAGE : FAILURE;
  }
}
