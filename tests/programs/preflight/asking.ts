/**
 * Other programs, asked for a line: `curl --version`.
 *
 * @module
 */

// A daemon that hangs must not make the preflight hang.
const PATIENCE_MILLISECONDS = 5000;

/** The end of a program, and what it has printed. */
export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** Runs a program. Returns `undefined` if there is none with this name, or if it does not end in five seconds. */
export async function ask(program: string, ...args: string[]): Promise<Answer | undefined> {
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  try {
    const command = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "piped", signal });
    const { code, stdout, stderr } = await command.output();
    if (signal.aborted) return undefined;
    return { code, out: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
  } catch (error) {
    // On Windows, the name of a program may be that of something that cannot run.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

/** Returns the version that a program prints, or "" if it prints none. Returns `undefined` if it cannot be run. */
export async function versionOf(program: string, ...args: string[]): Promise<string | undefined> {
  const answer = await ask(program, ...(args.length > 0 ? args : ["--version"]));
  if (answer === undefined || answer.code !== 0) return undefined;
  return /\d+(?:\.\d+)+/.exec(answer.out + answer.errors)?.[0] ?? "";
}
