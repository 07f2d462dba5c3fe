/**
 * The start of each program here: `--help` and `-h` print a few lines, and nothing else happens. And its end, if somebody interrupts it.
 *
 * @module
 */

/** Prints the help text if the command line asks for it; otherwise runs the program. It ends with the exit status. */
export async function runProgram(help: string, main: (args: string[]) => Promise<number>): Promise<never> {
  if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(help);
    Deno.exit(0);
  }
  Deno.exit(await main(Deno.args));
}

/** Waits until somebody interrupts the program. Returns the exit status then: the program can still clean up. */
export function interruption(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => {
        console.log("interrupted");
        resolve(1);
      });
    }
  });
}
