/**
 * The threads of the program.
 *
 *     1  serves, and does everything else
 *     2  serves the same port                  one for each more of --threads
 *     3  hashes what the others receive        from the first large blob on; see disk/hashes_elsewhere.ts
 *     4  computes bcrypt                       from the first password on that was not right just before; see guesses.ts
 *
 * One thread of JavaScript uses one processor, and a machine has several. The serving threads all do the same; see serving.ts.
 *
 * Next: thread.ts
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { HashesElsewhere } from "../disk/hashes_elsewhere.ts";
import { type CommandLine, startsThreads } from "./command_line.ts";
import { callThrough, offer } from "./between_threads.ts";
import { type Check, limitGuesses, rememberRight } from "./guesses.ts";
import { type Bcrypt, loadBcrypt, parseHtpasswd } from "./htpasswd.ts";
import type { Listening } from "./listening.ts";
import { errors } from "./output.ts";
import { oneLine, serve } from "./serving.ts";
import type { Message, Reply } from "./thread.ts";

/** Serves in as many threads as the command line says, and hashes in one more. */
export async function serveInThreads(line: CommandLine): Promise<Listening> {
  const check = await checkOf(line);
  const most = line.http === "node" ? mostConnections(line.root) : Infinity;
  if (!startsThreads(line) || !mayLoadThreads()) {
    return await serve(line, { isShared: false, maxConnections: most, hashes: undefined, check });
  }

  expectFreePort(line);
  let hashing: Worker | undefined;
  // The hashing thread starts when a serving thread needs it for the first time. Before that it would only take memory.
  const portToHashes = (): MessagePort => {
    hashing ??= startThread();
    const { port1, port2 } = new MessageChannel();
    send(hashing, { to: "hash", port: port1 }, [port1]);
    return port2;
  };
  const hashes = new HashesElsewhere(() => Promise.resolve(portToHashes()));
  const maxConnections = Math.floor(most / line.threads);
  const first = await serve(line, { isShared: true, maxConnections, hashes, check });
  const others = Array.from({ length: line.threads - 1 }, startThread);
  for (const other of others) {
    other.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      if (data !== "hashes, please") return;
      const port = portToHashes();
      send(other, { to: "use hashes", port }, [port]);
    });
    const passwords = check && portTo(check);
    send(other, { to: "serve", line, maxConnections, passwords }, passwords && [passwords]);
  }
  return {
    hostname: first.hostname,
    port: first.port,
    // If another thread cannot listen any more, it throws, and that ends the program too.
    failed: first.failed,
    async stop(deadline) {
      await Promise.all([first.stop(deadline), ...others.map((other) => stopThread(other, deadline))]);
      hashing?.terminate();
    },
  };
}

// The most connections of all threads together.
const MOST_CONNECTIONS = 4000;

// A process may have only so many connections and open files together. Only a try shows how many: to ask the operating system
// would need more permissions. Half of them are for connections, and the others for the files that requests use.
function mostConnections(root: string): number {
  const open: Deno.FsFile[] = [];
  try {
    while (open.length < 2 * MOST_CONNECTIONS) open.push(Deno.openSync(root));
  } catch (error) {
    if ((error as { code?: string }).code !== "EMFILE") throw error;
  } finally {
    for (const file of open) file.close();
  }
  return Math.floor(open.length / 2);
}

// The threads listen with SO_REUSEPORT. That would let another program share the port without an error, so check first.
function expectFreePort({ host, port }: CommandLine): void {
  Deno.listen({ hostname: host, port }).close();
}

// Who may do something is known in the first thread only. So a client that has guessed too often cannot go on with another thread.
async function checkOf({ htpasswd }: CommandLine): Promise<Check | undefined> {
  if (htpasswd === undefined) return undefined;
  try {
    const text = await Deno.readTextFile(htpasswd);
    // If the package is missing, a person shall see that at the start.
    const here = await loadBcrypt();
    return rememberRight(limitGuesses(parseHtpasswd(text, mayReadSource() ? bcryptElsewhere() : here)));
  } catch (error) {
    throw new Error(`cannot use the passwords in ${htpasswd}: ${oneLine(error)}`);
  }
}

// One computation takes a tenth of a second, and no request shall wait for that in a serving thread.
function bcryptElsewhere(): Bcrypt {
  let compare: Bcrypt["compare"] | undefined;
  const start = () => {
    const { port1, port2 } = new MessageChannel();
    send(startThread(), { to: "compute bcrypt", port: port1 }, [port1]);
    return callThrough<[string, string], boolean>(port2);
  };
  return { compare: (password, hash) => (compare ??= start())(password, hash) };
}

// Returns a port through which another thread can ask.
function portTo(check: Check): MessagePort {
  const { port1, port2 } = new MessageChannel();
  offer(port1, check);
  return port2;
}

const SOURCE = new URL("../", import.meta.url);
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

function startThread(): Worker {
  return new Worker(THREAD, { type: "module" });
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
