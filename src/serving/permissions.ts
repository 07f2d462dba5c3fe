/**
 * Permissions: the program starts itself again with only those permissions that its flags require.
 *
 *     deno task start --port 5081 --root images
 *       └─▶ deno run --allow-net=127.0.0.1:5081 --allow-read=images,…/src/ --allow-write=images … main.ts …
 *
 * That is one address to listen on, one folder to read and write, and its own source, which each further thread and the page load. Deno
 * gives permissions when a program starts, before the program can read a flag. So the first process has only the permission
 * to run `deno`. It reads the flags, starts the second process, and waits for its end.
 *
 * Next: starting_again.ts
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { unfinished } from "../filling/target.ts";
import { type CommandLine, servesPage, startsThreads, usesWrappers } from "./command_line.ts";
import { UsageError } from "./flags.ts";

/** The folder of the source, which a thread loads when it starts. */
export const SOURCE: URL = new URL("../", import.meta.url);

/** The folder of the tests, whose names the page shows. */
export const TESTS: URL = new URL("../tests/", SOURCE);

/** Returns true if this is the first process: it may run `deno`, and may not read the root, or listen if there is no root. */
export function isFirstStart({ command, root, registry, disk, host, port }: CommandLine): boolean {
  const mayRun = Deno.permissions.querySync({ name: "run", command: "deno" }).state === "granted";
  const needed: Deno.PermissionDescriptor = command === "lessons"
    ? { name: "net", host: new URL(registry).host }
    : disk === "memory"
    ? { name: "net", host: addressOf(host, port) }
    : { name: "read", path: root };
  return mayRun && Deno.permissions.querySync(needed).state !== "granted";
}

function addressOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Returns the flags of `deno run` for a command line. */
export function permissionFlags(line: CommandLine): string[] {
  const { command, operands, host, port, tlsCert, tlsKey, htpasswd, access, tokenKey, lessons, http } = line;
  const root = line.disk === "memory" || command === "lessons" ? undefined : line.root;
  const sources = command === "import" ? operands.slice(0, 1) : line.import;
  const targets = command === "export" ? [operands[1], unfinished(operands[1])] : [];
  // `node:http` looks the address of a name up, and listens on that.
  const addresses = http === "node" && host === "localhost" ? ["127.0.0.1", "[::1]"] : [];
  const address = [addressOf(host, port), ...addresses.map((at) => `${at}:${port}`)]
    .concat(addresses.length > 0 ? [host] : []).join(",");
  const code = loadsSource(line) && SOURCE.protocol === "file:" ? fileURLToPath(SOURCE) : undefined;
  const tests = servesPage(line) && TESTS.protocol === "file:" ? fileURLToPath(TESTS) : undefined;
  const readable = [root, tlsCert, tlsKey, htpasswd, access, tokenKey, lessons, code, tests, ...sources, ...targets];
  const writable = [writes(line) ? root : undefined, ...targets];
  const asked = command === "lessons" ? [`--allow-net=${new URL(line.registry).host}`] : [];
  return [
    ...asked,
    ...(command === "serve" ? [`--allow-net=${address}`] : []),
    ...flagFor("--allow-read", readable),
    ...flagFor("--allow-write", writable),
  ];
}

// Threads, the page, the commands, and what only some flags need, load their code from the disk; see later.ts. Without a root, `node:http`
// needs some folder.
function loadsSource(line: CommandLine): boolean {
  const { command, htpasswd, import: sources, disk, http } = line;
  if (command !== "serve") return true;
  return startsThreads(line) || servesPage(line) || usesWrappers(line) || htpasswd !== undefined ||
    sources.length > 0 ||
    (http === "node" && disk === "memory");
}

// Without a path, the flag would allow all of them.
function flagFor(flag: string, paths: readonly (string | undefined)[]): string[] {
  const known = paths.filter((path) => path !== undefined);
  return known.length > 0 ? [`${flag}=${known.map(expectNoComma).join(",")}`] : [];
}

function writes({ command, readOnly, import: sources, quarantine }: CommandLine): boolean {
  if (command === "serve") return !readOnly || sources.length > 0;
  return command === "gc" || command === "import" || command === "samples" || (command === "verify" && quarantine);
}

// Deno's lists of paths have commas between them, and Deno 2.9 knows no way to write one that belongs to a path.
function expectNoComma(path: string): string {
  if (!path.includes(",")) return path;
  throw new UsageError(`the path ${path} has a comma in it, and Deno cannot give a permission for such a path`);
}
