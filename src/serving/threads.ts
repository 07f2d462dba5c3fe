/**
 * The threads of the program.
 *
 *     1  serves, and does everything else
 *     2  serves the same port                  one for each more of --threads
 *     3  hashes what the others receive        from the first large blob on; see disk/hashes_elsewhere.ts
 *     4  computes bcrypt                       with --htpasswd; see guesses.ts
 *
 * One thread of JavaScript uses one processor, and a machine has several. The serving threads all do the same; see serving.ts.
 *
 * Next: looking_thread.ts
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { oneLine } from "../definitions/printable.ts";
import { HashesElsewhere } from "../disk/hashes_elsewhere.ts";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { pause } from "../waiting.ts";
import type { Passwords } from "./access_files.ts";
import { type CommandLine, servesPage, startsThreads } from "./command_line.ts";
import { isAtLimit } from "./deno_listening.ts";
import { callThrough, offer } from "../disk/between_threads.ts";
import type { Check } from "./guesses.ts";
import { type Bcrypt, loadBcrypt } from "./htpasswd.ts";
import { later } from "./later.ts";
import type { Listening } from "./listening.ts";
import { openLog } from "./log.ts";
import { errors } from "./output.ts";
import { SOURCE } from "./permissions.ts";
import { serve } from "./serving.ts";
import type { PageContext } from "../page/context.ts";
import type { InsideCall } from "../page/inside.ts";
import type { LookingInThread } from "./looking_thread.ts";
import type { Message, Reply } from "./thread.ts";

/** Serves in as many threads as the command line says, and hashes in one more. */
export async function serveInThreads(line: CommandLine, memory?: MemoryDisk): Promise<Listening> {
  // What is about access and rates is loaded only if it is needed.
  const files = line.htpasswd === undefined && line.access === undefined
    ? undefined
    : await later<typeof import("./access_files.ts")>("./access_files.ts");
  const material = await files?.readAccess(line);
  const passwords = material && files?.passwordsOf(line, material);
  const check = passwords && await checkOf(line, passwords);
  const access = material && files?.accessOf(line, material, passwords, check);
  if (material !== undefined) files?.tellChanges(line, material);
  const take = line.rate === undefined
    ? undefined
    : (await later<typeof import("../composing/from_flags.ts")>("../composing/from_flags.ts")).rateOfFlags(line);
  const log = await openLog(line);
  const looking = memory === undefined && servesPage(line) && mayReadSource() ? lookingLater(line) : undefined;
  const inside = looking?.ask;
  const most = line.http === "node" ? mostConnections(readableFolder(line)) : Infinity;
  if (!startsThreads(line) || !mayLoadThreads()) {
    const alone = { isShared: false, maxConnections: most, hashes: undefined, channel: undefined };
    const serving = await serve(line, { ...alone, access, log, memory, take, inside });
    return { ...serving, stop: async (deadline) => void await Promise.all([serving.stop(deadline), looking?.stop()]) };
  }
  // Another registry in this process must not hear it.
  const channel = crypto.randomUUID();

  expectFreePort(line);
  // Deno ends the program if it cannot open some files when a thread starts. So they are kept free, whatever clients do meanwhile.
  const spare = new SpareFiles(line.root, line.threads);
  // The hashing thread starts when a serving thread needs it for the first time. Before that it would only take memory.
  let hashing: Promise<Worker> | undefined;
  const portToHashes = (): MessagePort => {
    hashing ??= startThread(spare);
    const { port1, port2 } = new MessageChannel();
    hashing.then((thread) => send(thread, { to: "hash", port: port1 }, [port1]));
    return port2;
  };
  const hashes = new HashesElsewhere(() => Promise.resolve(portToHashes()));
  const maxConnections = Math.floor(most / line.threads);
  const first = await serve(line, {
    isShared: true,
    maxConnections,
    hashes,
    access,
    log,
    memory,
    take,
    inside,
    channel,
  });
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  first.failed.catch(fail);
  const others = Array.from({ length: line.threads - 1 }, async () => {
    const other = await startThread(spare);
    other.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      if (data === "failed") fail(new Error("a thread has stopped to listen"));
      if (data !== "hashes, please") return;
      const port = portToHashes();
      send(other, { to: "use hashes", port }, [port]);
    });
    const passwordsPort = check && portTo(check);
    const ratePort = take && portTo((client: string) => Promise.resolve(take(client)));
    const logPort = log?.portForThread?.();
    const insidePort = inside && portTo(inside);
    const ports = [passwordsPort, ratePort, logPort, insidePort].filter((port) => port !== undefined);
    const all = { passwords: passwordsPort, rate: ratePort, log: logPort, inside: insidePort };
    send(other, { to: "serve", line, maxConnections, material, channel, ...all }, ports);
    return other;
  });
  return {
    hostname: first.hostname,
    port: first.port,
    failed,
    async stop(deadline) {
      await Promise.all([first.stop(deadline), ...others.map(async (other) => stopThread(await other, deadline))]);
      (await hashing)?.terminate();
      await looking?.stop();
    },
  };
}

// Returns a folder that this process may read.
function readableFolder({ root, disk }: CommandLine): string {
  return disk === "memory" ? fileURLToPath(SOURCE) : root;
}

// The most connections of all threads together.
const MOST_CONNECTIONS = 4000;

// A process may have only so many connections and open files together. Only a try shows how many: to ask the operating system
// would need more permissions. A third of them is for connections. The others are for the files that requests use: an upload has one or
// two.
function mostConnections(folder: string): number {
  const open: Deno.FsFile[] = [];
  try {
    while (open.length < 3 * MOST_CONNECTIONS) open.push(Deno.openSync(folder));
  } catch (error) {
    if (!isAtLimit(error)) throw error;
  } finally {
    for (const file of open) file.close();
  }
  return Math.floor(open.length / 3);
}

// The threads listen with SO_REUSEPORT. That would let another program share the port without an error, so check first.
function expectFreePort({ host, port }: CommandLine): void {
  Deno.listen({ hostname: host, port }).close();
}

// Guesses, and the requests of `--rate`, are counted in the first thread only. So a client that has guessed too often cannot go on
// with another thread.
async function checkOf(line: CommandLine, passwords: Passwords): Promise<Check> {
  try {
    // If the package is missing, a person shall see that at the start.
    const here = await loadBcrypt();
    return (await later<typeof import("./access_files.ts")>("./access_files.ts")).checkWith(
      passwords,
      mayReadSource() ? bcryptElsewhere(line) : here,
    );
  } catch (error) {
    throw new Error(`cannot use the passwords in ${line.htpasswd}: ${oneLine(error)}`);
  }
}

// One computation takes a tenth of a second, and no request shall wait for that in a serving thread.
function bcryptElsewhere(line: CommandLine): Bcrypt {
  const { port1, port2 } = new MessageChannel();
  startThread(new SpareFiles(readableFolder(line), 1)).then((thread) =>
    send(thread, { to: "compute bcrypt", port: port1 }, [port1])
  );
  return { compare: callThrough<[string, string], boolean>(port2) };
}

// The thread that looks inside of layers, and what loads it when somebody looks.
function lookingLater(line: CommandLine): { ask: PageContext["inside"]; stop(): Promise<void> } {
  let looking: Promise<LookingInThread> | undefined;
  const start = async () => {
    const thread = await startThread(new SpareFiles(line.root, 1));
    // Without a listener, an error in a thread would end the program.
    thread.addEventListener("error", (event) => event.preventDefault());
    const { port1, port2 } = new MessageChannel();
    send(thread, { to: "look inside", root: line.root, port: port1 }, [port1]);
    return { port: port2, end: () => thread.terminate() };
  };
  const load = async () => {
    const { LookingInThread } = await later<typeof import("./looking_thread.ts")>("./looking_thread.ts");
    return new LookingInThread(start);
  };
  return {
    ask: async (call) => await (await (looking ??= load())).ask(call as InsideCall),
    stop: async () => await (await looking)?.stop(),
  };
}

// Returns a port through which another thread can ask.
function portTo<Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>): MessagePort {
  const { port1, port2 } = new MessageChannel();
  offer(port1, call);
  return port2;
}

const THREAD = new URL("./thread.ts", import.meta.url);

// If a person starts `main.ts` with permissions of their own, the one for its source may be missing. Then one thread has to do.
function mayLoadThreads(): boolean {
  if (mayReadSource()) return true;
  errors.print(`glassbox: warning: only one thread serves; more need --allow-read=${fileURLToPath(SOURCE)}`);
  return false;
}

function mayReadSource(): boolean {
  return SOURCE.protocol !== "file:" || Deno.permissions.querySync({ name: "read", path: SOURCE }).state === "granted";
}

// The open files that Deno 2.9 needs to start a thread and to load its source, with some more to be sure.
const FILES_OF_THREAD = 16;

// Open files that nobody uses. Each thread that starts takes its part of them.
class SpareFiles {
  readonly #folder: string;
  readonly #files: Deno.FsFile[] = [];

  constructor(folder: string, threads: number) {
    this.#folder = folder;
    for (let thread = 0; thread < threads; thread++) this.#add();
  }

  giveToThread(): void {
    for (const file of this.#files.splice(0, FILES_OF_THREAD)) file.close();
  }

  /** Waits until there are files for one more thread. */
  async more(): Promise<void> {
    for (;;) {
      await pause(NEXT_TRY);
      try {
        return this.#add();
      } catch (error) {
        if (!isAtLimit(error)) throw error;
      }
    }
  }

  #add(): void {
    const files: Deno.FsFile[] = [];
    try {
      while (files.length < FILES_OF_THREAD) files.push(Deno.openSync(this.#folder));
      this.#files.push(...files);
    } catch (error) {
      for (const file of files) file.close();
      throw error;
    }
  }
}

// The time until the next try, if a thread could not load its source, in milliseconds.
const NEXT_TRY = 100;

// Starts a thread, and waits until it has loaded its source.
async function startThread(spare: SpareFiles): Promise<Worker> {
  spare.giveToThread();
  const thread = new Worker(THREAD, { type: "module" });
  const { promise: isLoaded, resolve } = Promise.withResolvers<boolean>();
  const fail = (event: Event) => {
    event.preventDefault();
    resolve(false);
  };
  thread.addEventListener("message", () => resolve(true), { once: true });
  thread.addEventListener("error", fail);
  if (await isLoaded) {
    thread.removeEventListener("error", fail);
    return thread;
  }
  await spare.more();
  return await startThread(spare);
}

function send(thread: Worker, message: Message, transfer: Transferable[] = []): void {
  thread.postMessage(message, transfer);
}

async function stopThread(thread: Worker, deadline: number): Promise<void> {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  thread.addEventListener("message", ({ data }: MessageEvent<Reply>) => data === "stopped" && resolve());
  send(thread, { to: "stop", deadline });
  await stopped;
}
