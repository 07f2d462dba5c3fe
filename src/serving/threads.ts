/**
 * The threads of the program.
 *
 *     1  serves, and does everything else
 *     2  serves the same port                  one for each more of --threads
 *     3  hashes what the others receive        from the first large blob on; see disk/hashes_elsewhere.ts
 *
 * One thread of JavaScript uses one processor, and a machine has several. The serving threads all do the same; see serving.ts.
 *
 * Next: thread.ts
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { printable } from "../definitions/printable.ts";
import { HashesElsewhere } from "../disk/hashes_elsewhere.ts";
import { type CommandLine, startsThreads } from "./command_line.ts";
import type { Listening } from "./listening.ts";
import { errors } from "./output.ts";
import { serve } from "./serving.ts";
import type { Message, Reply } from "./thread.ts";

/** Serves in as many threads as the command line says, and hashes in one more. */
export async function serveInThreads(line: CommandLine): Promise<Listening> {
  const most = line.http === "node" ? mostConnections(line.root) : Infinity;
  if (!startsThreads(line) || !mayLoadThreads()) {
    return await serve(line, { isShared: false, maxConnections: most, hashes: undefined });
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
  const first = await serve(line, { isShared: true, maxConnections, hashes });
  const others = Array.from({ length: line.threads - 1 }, startThread);
  for (const other of others) {
    other.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      if (data !== "hashes, please") return;
      const port = portToHashes();
      send(other, { to: "use hashes", port }, [port]);
    });
    send(other, { to: "serve", line, maxConnections });
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

const THREAD = new URL("./thread.ts", import.meta.url);

// If a person starts `main.ts` with permissions of their own, the one for its source may be missing. Then one thread has to do.
function mayLoadThreads(): boolean {
  if (THREAD.protocol !== "file:") return true;
  const folder = new URL("../", THREAD);
  if (Deno.permissions.querySync({ name: "read", path: folder }).state === "granted") return true;
  errors.print(`glassbox: warning: only one thread serves; more need --allow-read=${printable(fileURLToPath(folder))}`);
  return false;
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
