/**
 * The key that signs tokens. All threads and processes that serve one root have the same, so each takes the tokens of the others.
 *
 *     --token                     <root>/.token-key      made by the first process that starts, 32 random bytes
 *     --token --token-key FILE    FILE                   made by a person: openssl rand -out FILE 32
 *
 * The key outlives the process. So a restart ends no token. Anybody who can read the key can make tokens. So its file is only for the user
 * who runs the registry. If you delete it and start again, all tokens end. No repository can have the name `.token-key`.
 *
 * Next: access_files.ts
 *
 * @module
 */

import { SHORTEST_KEY } from "../access/tokens.ts";
import { reasonOf } from "../disk/reasons.ts";
import type { CommandLine } from "./command_line.ts";

const OWN_KEY = ".token-key";

/**
 * Returns the key, and makes one if there is none in the root. A registry in memory has a new one at each start.
 *
 * @throws {Error} if the file of `--token-key` cannot be used.
 */
export async function tokenKeyOf({ root, tokenKey, readOnly, disk }: CommandLine): Promise<Uint8Array<ArrayBuffer>> {
  if (tokenKey === undefined && disk === "memory") return newKey();
  const path = tokenKey ?? `${root}/${OWN_KEY}`;
  try {
    const key = tokenKey === undefined ? await ownKey(root, path, readOnly) : await Deno.readFile(path);
    if (key.length >= SHORTEST_KEY) return key;
    throw new Error(`it has ${key.length} bytes, and needs ${SHORTEST_KEY} at least (openssl rand -out FILE 32)`);
  } catch (error) {
    throw new Error(`cannot use the key for tokens in ${path}: ${reasonOf(error)}`);
  }
}

function newKey(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(SHORTEST_KEY));
}

async function ownKey(root: string, path: string, readOnly: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const kept = await readIfThere(path);
  if (kept !== undefined) return kept;
  const key = newKey();
  // A process that may not write keeps its key for itself.
  if (readOnly) return key;
  const unfinished = `${root}/.${crypto.randomUUID()}`;
  await Deno.writeFile(unfinished, key, { mode: 0o600, createNew: true });
  try {
    // Only one of several processes that start at the same time gets the name.
    await Deno.link(unfinished, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) return await renamed(unfinished, path);
  } finally {
    await Deno.remove(unfinished).catch(() => {});
  }
  return await Deno.readFile(path);
}

// On a file system without hard links, the last process that starts wins, if several start at the same time.
async function renamed(unfinished: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
  await Deno.rename(unfinished, path);
  return await Deno.readFile(path);
}

async function readIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
