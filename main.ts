/**
 * The program: reads the command line, starts itself again with only the permissions that it needs, and does the work.
 *
 *     $ deno task start
 *     Glassbox 0.1.0 listens on http://127.0.0.1:5080 and stores in testdata/
 *
 * It starts itself again only if it may run `deno` and may not read the root. If a person runs `main.ts` with other permissions,
 * there is no second process: this one does the work, and nobody starts it again if it ends.
 *
 * `src/serving/program.ts` does the work; the registry itself is in `src/registry.ts`.
 *
 * @module
 */

import config from "./deno.json" with { type: "json" };
import { printable } from "./src/definitions/printable.ts";
import { parseCommandLine } from "./src/serving/command_line.ts";
import { UsageError } from "./src/serving/flags.ts";
import { isFirstStart } from "./src/serving/permissions.ts";
import { isSecondProcess, startAgain, STATUS } from "./src/serving/starting_again.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));

/** Runs the command of the command line. Returns the exit status. */
async function main(args: string[]): Promise<number> {
  try {
    const line = parseCommandLine(args, config.version);
    if (typeof line === "string") {
      console.log(line);
      return STATUS.done;
    }
    if (isFirstStart(line)) return await startAgain(import.meta.url, args, line);
    // This is loaded only now, because the first process does not need it.
    const { work } = await import("./src/serving/program.ts");
    if (await work(line, config.version)) return STATUS.done;
    return isSecondProcess(import.meta.url) && line.command === "serve" ? STATUS.broken : STATUS.failure;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`glassbox: ${printable(reasonOf(error))}`);
    if (error instanceof UsageError || error instanceof RangeError) return STATUS.usage;
    return isSecondProcess(import.meta.url) ? STATUS.notStarted : STATUS.failure;
  }
}

// Deno itself would advise to give the program more permissions. But it has what it needs, unless a person chose others.
function reasonOf({ message }: Error): string {
  const [line] = message.split("\n");
  return line.replace(
    /^Requires (\w+) access to (.*?), run again with .*$/,
    "Deno gives the program no $1 access to $2",
  );
}
