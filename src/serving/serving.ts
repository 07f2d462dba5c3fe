/**
 * Serving: a registry that listens, as the command line says.
 *
 *     port 5080 ──┬──▶ thread 1   a registry over testdata/
 *                 └──▶ thread 2   another one over the same folder
 *
 * The registries share the folder and no memory; each treats the others like other processes. The operating system
 * distributes the connections among the threads that listen on the same port.
 *
 * Next: page_later.ts
 *
 * @module
 */

import { oneLine } from "../definitions/printable.ts";
import { localDisk } from "../disk/local_disk.ts";
import { type MemoryDisk, memoryDisk } from "../disk/memory_disk.ts";
import { reasonOf } from "../disk/reasons.ts";
import type { RunningHashes } from "../disk/running_hashes.ts";
import type { TakeToken } from "../composing/limited.ts";
import type { AccessWrapper } from "../composing/access.ts";
import { createRegistry } from "../registry.ts";
import type { StoryListener } from "../stories/told_story.ts";
import { type CommandLine, servesPage, usesSwitches, usesWrappers } from "./command_line.ts";
import { later } from "./later.ts";
import { listen, type Listening } from "./listening.ts";
import type { Log } from "./log.ts";
import type { PageContext } from "../page/context.ts";
import { PageLater } from "./page_later.ts";

/** The options of a serving thread, besides the command line. */
export interface ServeOptions {
  /** True if other threads listen on the same port. */
  readonly isShared: boolean;
  /** The most connections of this thread, with `node:http`. */
  readonly maxConnections: number;
  /** Keeps the hashes of upload sessions. If it is `undefined`, the thread itself does. */
  readonly hashes: RunningHashes | undefined;
  /** Decides who may do what. If it is `undefined`, everybody may do everything. */
  readonly access: AccessWrapper | undefined;
  /** The log. If it is `undefined`, there is none. */
  readonly log: Log | undefined;
  /** The disk, if it is in memory. */
  readonly memory: MemoryDisk | undefined;
  /** Decides about the rate of requests. If it is `undefined`, there is no limit. */
  readonly take: TakeToken | undefined;
  /** Answers calls about the inside of layers in another thread; `undefined` if there is none. */
  readonly inside: PageContext["inside"] | undefined;
  /** The name of the channel that joins the stories of all threads. If it is `undefined`, there is only this one. */
  readonly channel: string | undefined;
}

/** Makes the disk of a program that keeps everything in memory. */
export function memoryOf(line: CommandLine): MemoryDisk | undefined {
  return line.disk === "memory" ? memoryDisk({ sharesBytes: onlySends(line) }) : undefined;
}

// `listen` only sends the answers of this registry, and changes none of their bytes. A switch may change them.
function onlySends(line: CommandLine): boolean {
  return !usesSwitches(line);
}

/** Starts to serve as the command line says. */
export async function serve(
  line: CommandLine,
  { isShared, maxConnections, hashes, access, log, memory, take, inside, channel }: ServeOptions,
): Promise<Listening> {
  const { root, durability, disk, host, port, http, tlsCert, tlsKey } = line;
  const settings = { ...line, allowHost: [...line.allowHost, host] };
  const sharesBytes = onlySends(line);
  const ownDisk = memory ?? localDisk(root, { durability, isSlow: disk === "slow", sharesBytes, hashes });
  const workshop = line.workshop
    ? (await later<typeof import("./workshop.ts")>("./workshop.ts")).workshopOf(line, ownDisk, settings, access)
    : undefined;
  const composed = access !== undefined || usesWrappers(line)
    ? (await later<typeof import("./composed.ts")>("./composed.ts")).composedOf(line, ownDisk, settings, {
      access,
      take,
      workshop,
    })
    : undefined;
  const page = servesPage(line)
    ? new PageLater({ line, settings, disk: memory, access, inside, channel, teller: workshop?.teller })
    : undefined;
  const registry = createRegistry({
    ...settings,
    disk: composed?.disk ?? ownDisk,
    redirect: composed?.redirect,
    wrappers: composed?.wrappers,
    onStory: tellAll([log, page, workshop]),
  });
  // The switches can be turned on only now: some need the disk.
  composed?.turnOn();
  const tls = tlsCert === undefined ? undefined : await readTls(tlsCert, tlsKey!);
  const whole = workshop?.around(registry) ?? registry;
  const answering = page?.around(whole) ?? whole;
  const listening = await listen(answering, { http, hostname: host, port, reusePort: isShared, tls, maxConnections })
    .catch((error) => {
      if (tls === undefined || isAboutAddress(error)) throw error;
      throw new Error(`cannot use the certificate ${tlsCert} with the key ${tlsKey}: ${oneLine(error)}`);
    });
  page?.join();
  return {
    ...listening,
    async stop(deadline) {
      page?.close();
      await listening.stop(deadline);
      await workshop?.flush();
      await log?.flush(LAST_WORDS);
    },
  };
}

/** Returns true if the system does not let the program listen on an address. */
export function isAboutAddress(error: unknown): boolean {
  // Deno and Node tell it in different ways. An error of our own has no code, even if it ends with the words of the system.
  const text = oneLine(error);
  return "syscall" in Object(error) || text.startsWith("failed to lookup") ||
    ("code" in Object(error) && /\(os error \d+\)$/.test(text));
}

/** The time for what is printed last to be written, at the end of the program, in milliseconds. */
export const LAST_WORDS = 1000;

// Without anybody who listens, the registry tells no stories.
function tellAll(
  listeners: readonly ({ readonly tell: StoryListener } | undefined)[],
): StoryListener | undefined {
  const all = listeners.flatMap((listener) => listener?.tell ?? []);
  if (all.length < 2) return all[0];
  return (story) => {
    for (const tell of all) {
      if (tell.wants?.(story) ?? true) tell(story);
    }
  };
}

async function readTls(cert: string, key: string): Promise<{ cert: string; key: string }> {
  const read = (what: string, path: string) =>
    Deno.readTextFile(path).catch((error) => {
      throw new Error(`cannot read the ${what} ${path}: ${reasonOf(error)}`);
    });
  return { cert: await read("certificate", cert), key: await read("key", key) };
}
