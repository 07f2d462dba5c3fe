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

import { printable } from "../definitions/printable.ts";
import { localDisk } from "../disk/local_disk.ts";
import type { RunningHashes } from "../disk/running_hashes.ts";
import type { Access } from "../http/authorization.ts";
import { createRegistry } from "../registry.ts";
import { formatJson, formatLine, formatStory, type Story } from "../story.ts";
import type { CommandLine } from "./command_line.ts";
import { loadBcrypt, parseHtpasswd } from "./htpasswd.ts";
import { listen, type Listening } from "./listening.ts";

/** The options of a serving thread, besides the command line. */
export interface ServeOptions {
  /** True if other threads listen on the same port. */
  readonly isShared: boolean;
  /** Keeps the hashes of upload sessions. If it is `undefined`, the thread itself does. */
  readonly hashes: RunningHashes | undefined;
}

/** Starts to serve as the command line says. */
export async function serve(line: CommandLine, { isShared, hashes }: ServeOptions): Promise<Listening> {
  const { root, durability, disk, host, port, http, tlsCert, tlsKey } = line;
  const registry = createRegistry({
    ...line,
    // `listen` only sends the answers of this registry, and changes none of their bytes.
    disk: localDisk(root, { durability, isSlow: disk === "slow", sharesBytes: true, hashes }),
    allowHost: [...line.allowHost, host],
    access: await accessOf(line),
    onStory: printer(line),
  });
  const tls = tlsCert === undefined ? undefined : await readTls(tlsCert, tlsKey!);
  const maxConnections = Math.floor(MOST_CONNECTIONS / (isShared ? line.threads : 1));
  return await listen(registry, { http, hostname: host, port, reusePort: isShared, tls, maxConnections });
}

// The most connections of all threads together, with `node:http`.
const MOST_CONNECTIONS = 4000;

/** Returns the form of the log: the one of the flag, or else the story on a terminal and single lines elsewhere. */
export function logFormOf({ log }: CommandLine): "story" | "line" | "json" | "none" {
  return log ?? (Deno.stdout.isTerminal() ? "story" : "line");
}

function printer(line: CommandLine): ((story: Story) => void) | undefined {
  const format = { story: formatStory, line: formatLine, json: formatJson, none: undefined }[logFormOf(line)];
  return format && ((story) => console.log(format(story)));
}

async function accessOf({ htpasswd, anonymous }: CommandLine): Promise<Access | undefined> {
  if (htpasswd === undefined) return undefined;
  try {
    return { isPassword: parseHtpasswd(await Deno.readTextFile(htpasswd), await loadBcrypt()), anonymous };
  } catch (error) {
    throw new Error(`cannot use the passwords in ${htpasswd}: ${oneLine(error)}`);
  }
}

async function readTls(cert: string, key: string): Promise<{ cert: string; key: string }> {
  try {
    return { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  } catch (error) {
    throw new Error(`cannot read the certificate or its key: ${oneLine(error)}`);
  }
}

/** Returns the message of an error, or its first line, as it may be printed. */
export function oneLine(error: unknown): string {
  return printable((error instanceof Error ? error.message : String(error)).split("\n")[0]);
}
