/**
 * The two processes of the program, and what the first one does if the second one ends.
 *
 *     deno task start
 *       └─▶ deno run --allow-net=127.0.0.1:5080 --allow-read=testdata … main.ts?started
 *                     ✗ killed        glassbox: the registry has ended (SIGKILL); it starts again in 0.1 s
 *       └─▶ deno run --allow-net=127.0.0.1:5080 --allow-read=testdata … main.ts?started
 *
 * The second process serves. If it ends and nobody has asked it to, the first one starts it again: after a tenth of a second,
 * and twice as long after each further end, up to a second. What clients were told is kept is on the disk, so nothing is lost
 * with a process. If Deno itself ends with an error at once at the first start, it would do so again. Then there is no new start.
 *
 * Next: htpasswd.ts
 *
 * @module
 */

import { inTime } from "../waiting.ts";
import type { CommandLine } from "./command_line.ts";
import { errors } from "./output.ts";
import { permissionFlags } from "./permissions.ts";

/** The exit statuses of the program, for shell scripts and for the first process. */
export const STATUS = {
  /** Everything was done, or a signal has stopped the program. */
  done: 0,
  /** Any other error, or `verify` has found faults. Deno has the same status if it ends because of an error of its own. */
  failure: 1,
  /** A wrong command line. */
  usage: 2,
  /** The second process did not start to serve, and has said why. The first process makes `failure` of it. */
  notStarted: 3,
  /** The second process has served and cannot any more, and has said why. The first process makes `failure` of it. */
  broken: 4,
} as const;

// At the end of the address of `main.ts`, for the second process. Deno reads the same file.
const STARTED = "?started";

/** Returns true if the first process has started this one. `main` is the address of `main.ts`. */
export function isSecondProcess(main: string): boolean {
  return main.endsWith(STARTED);
}

// The pauses before a new start, and the time after which a process has served well, in milliseconds.
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = 1000;
const WELL_SERVED = 60_000;

// If Deno itself cannot run the program, for example because it does not like a permission, it ends within this time, in
// milliseconds.
const NOT_RUN = 1000;

// A person or a service manager ends a program with these.
const STOPS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/**
 * Starts the program again with the permissions for a command line, and once more each time it ends without being asked to.
 * Returns its exit status at last.
 */
export async function startAgain(main: string, args: readonly string[], line: CommandLine): Promise<number> {
  const flags = ["run", "--no-prompt", ...cachedOnly(line), ...permissionFlags(line), main + STARTED, ...args];
  const processes = new Processes(flags);
  let pause = SHORTEST_PAUSE;
  for (let starts = 1;; starts++) {
    const since = performance.now();
    const end = await processes.run();
    const lived = performance.now() - since;
    if (processes.isStopping || !isUnexpected(end, line, starts, lived)) {
      return end.code === STATUS.notStarted || end.code === STATUS.broken ? STATUS.failure : end.code;
    }
    if (lived > WELL_SERVED) pause = SHORTEST_PAUSE;
    const elsewhere = line.port === 0 ? ", on another port because of --port 0" : "";
    const cause = end.signal ?? `status ${end.code}`;
    const content = line.import.length > 0 ? "only what --import brings" : "nothing in it because of --disk memory";
    const empty = line.disk === "memory" ? `, with ${content}` : "";
    errors.print(
      `glassbox: the registry has ended (${cause}); it starts again in ${pause / 1000} s${elsewhere}${empty}`,
    );
    await processes.pause(pause);
    if (processes.isStopping) return STATUS.done;
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }
}

// Only passwords and archives need a package that Deno may have to fetch. Without them, Deno fetches nothing.
function cachedOnly({ command, htpasswd, import: sources }: CommandLine): string[] {
  const mayFetch = htpasswd !== undefined || sources.length > 0 || command === "import" || command === "export";
  return mayFetch ? [] : ["--cached-only"];
}

// What did not work at the first start would not work at the next one. But after that it may be a matter of time: another
// process may have the port for a while.
function isUnexpected(
  { code, signal }: Deno.CommandStatus,
  { command }: CommandLine,
  starts: number,
  lived: number,
): boolean {
  if (command !== "serve" || code === STATUS.done || code === STATUS.usage) return false;
  if (signal !== null) return !STOPS.includes(signal);
  return starts > 1 || code === STATUS.broken || (code !== STATUS.notStarted && lived > NOT_RUN);
}

// The processes that are started one after the other, and the signals to this one.
class Processes {
  /** True after a signal to stop. */
  isStopping = false;
  readonly #flags: readonly string[];
  readonly #stopping = Promise.withResolvers<void>();
  #running: Deno.ChildProcess | undefined;

  constructor(flags: readonly string[]) {
    this.#flags = flags;
    // This process passes each signal on. A terminal interrupts both processes itself, and a second signal does no harm.
    const signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : STOPS;
    for (const signal of signals) Deno.addSignalListener(signal, () => this.#stop(signal));
  }

  /** Starts a process, and waits for its end. */
  async run(): Promise<Deno.CommandStatus> {
    this.#running = new Deno.Command("deno", { args: [...this.#flags] }).spawn();
    return await this.#running.status;
  }

  /** Waits for some milliseconds, or for a signal. */
  async pause(milliseconds: number): Promise<void> {
    await inTime(this.#stopping.promise, milliseconds);
  }

  #stop(signal: Deno.Signal): void {
    this.isStopping = true;
    this.#stopping.resolve();
    try {
      this.#running?.kill(signal);
    } catch (error) {
      // That process has ended already.
      if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
