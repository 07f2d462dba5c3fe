/**
 * Serving: a registry that listens, as the command line says.
 *
 *     port 5080 ──┬──▶ thread 1   a registry over testdata/
 *                 └──▶ thread 2   another one over the same folder
 *
 * The registries share the folder and no memory; each treats the others like other processes. The operating system
 * distributes the connections among the threads that listen on the same port.
 *
 * Next: threads.ts
 *
 * @module
 */

import { localDisk } from "../disk/local_disk.ts";
import { type MemoryDisk, memoryDisk } from "../disk/memory_disk.ts";
import type { RunningHashes } from "../disk/running_hashes.ts";
import { type OverHttpOptions, switchesOverHttp } from "../composing/switches/over_http.ts";
import { parseSwitch } from "../composing/switches/parameters.ts";
import { ofFlag, redirectOfFlags, wrappersOfFlags } from "../composing/from_flags.ts";
import type { TakeToken } from "../composing/limited.ts";
import { createSwitches, type Switches } from "../composing/switches/switches.ts";
import { createRegistry, type Wrapper } from "../registry.ts";
import { formatJson, formatLine, formatStory, type Story } from "../story.ts";
import { type CommandLine, usesSwitches } from "./command_line.ts";
import { listen, type Listening } from "./listening.ts";
import { missingAsJson, missingAsText, oneLine, Output } from "./output.ts";

/** The options of a serving thread, besides the command line. */
export interface ServeOptions {
  /** True if other threads listen on the same port. */
  readonly isShared: boolean;
  /** The most connections of this thread, with `node:http`. */
  readonly maxConnections: number;
  /** Keeps the hashes of upload sessions. If it is `undefined`, the thread itself does. */
  readonly hashes: RunningHashes | undefined;
  /** Decides who may do what. If it is `undefined`, everybody may do everything. */
  readonly access: Wrapper | undefined;
  /** The disk, if it is in memory. */
  readonly memory: MemoryDisk | undefined;
  /** Decides about the rate of requests. If it is `undefined`, there is no limit. */
  readonly take: TakeToken | undefined;
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
  { isShared, maxConnections, hashes, access, memory, take }: ServeOptions,
): Promise<Listening> {
  const { root, durability, disk, host, port, http, tlsCert, tlsKey } = line;
  const log = logOf(line);
  const switches = switchesOf(line);
  const settings = { ...line, allowHost: [...line.allowHost, host] };
  const sharesBytes = onlySends(line);
  const ownDisk = memory ?? localDisk(root, { durability, isSlow: disk === "slow", sharesBytes, hashes });
  const registry = createRegistry({
    ...settings,
    disk: switches?.disk(ownDisk) ?? ownDisk,
    redirect: redirectOfFlags(line),
    wrappers: wrappersOfFlags(line, take, [
      ...(switches === undefined ? [] : wrappersOf(switches, line, { ...settings, access })),
      ...(access === undefined ? [] : [access]),
    ]),
    onStory: log?.tell,
  });
  // They can be turned on only now: some need the disk.
  if (switches !== undefined) turnOn(switches, line);
  const tls = tlsCert === undefined ? undefined : await readTls(tlsCert, tlsKey!);
  const listening = await listen(registry, { http, hostname: host, port, reusePort: isShared, tls, maxConnections })
    .catch((error) => {
      if (tls === undefined || isAboutAddress(error)) throw error;
      throw new Error(`cannot use the certificate ${tlsCert} with the key ${tlsKey}: ${oneLine(error)}`);
    });
  return {
    ...listening,
    async stop(deadline) {
      await listening.stop(deadline);
      await log?.output.flush(LAST_WORDS);
    },
  };
}

function switchesOf(line: CommandLine): Switches | undefined {
  return usesSwitches(line) ? createSwitches() : undefined;
}

function wrappersOf(switches: Switches, { workshop }: CommandLine, settings: OverHttpOptions): Wrapper[] {
  return [...(workshop ? [switchesOverHttp(switches, settings)] : []), switches.wrapper];
}

function turnOn(switches: Switches, { profile, switch: texts }: CommandLine): void {
  if (profile !== undefined) ofFlag("profile", () => switches.profile(profile));
  for (const text of texts) ofFlag("switch", () => switches.on(...parseSwitch(text)));
}

/** Returns true if the system does not let the program listen on an address. */
export function isAboutAddress(error: unknown): boolean {
  // Deno and Node tell it in different ways.
  return "syscall" in Object(error) || /^failed to lookup|\(os error \d+\)$/.test(oneLine(error));
}

/** The time for what is printed last to be written, at the end of the program, in milliseconds. */
export const LAST_WORDS = 1000;

/** Returns the form of the log: the one of the flag, or else the story on a terminal and single lines elsewhere. */
export function logFormOf({ log }: CommandLine): "story" | "line" | "json" | "none" {
  return log ?? (Deno.stdout.isTerminal() ? "story" : "line");
}

function logOf(line: CommandLine): { output: Output; tell: (story: Story) => void } | undefined {
  const form = logFormOf(line);
  const format = { story: formatStory, line: formatLine, json: formatJson, none: undefined }[form];
  if (format === undefined) return undefined;
  const output = new Output(Deno.stdout, form === "json" ? missingAsJson : missingAsText);
  return { output, tell: (story) => output.print(format(story)) };
}

async function readTls(cert: string, key: string): Promise<{ cert: string; key: string }> {
  try {
    return { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  } catch (error) {
    throw new Error(`cannot read the certificate or its key: ${oneLine(error)}`);
  }
}
