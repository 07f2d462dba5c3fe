/**
 * The program's work: it serves until a signal comes, or runs another command, such as `verify`.
 *
 *     $ deno task start
 *     Glassbox 0.1.0 listens on http://127.0.0.1:5080 and stores in testdata/
 *     …
 *     POST  /v2/library/hello/blobs/uploads/?digest=sha256:2c26b46b68ff…   201   3.1 ms   end-4b
 *           …
 *
 * Next: told_stories.ts
 *
 * @module
 */

import { ensureDir } from "@std/fs";
import { isSlow } from "../disk/calls.ts";
import type { Disk } from "../disk/disk.ts";
import { Freshness } from "../disk/freshness.ts";
import { oneLine, printable } from "../definitions/printable.ts";
import { localDisk } from "../disk/local_disk.ts";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { namingErrors } from "../disk/named_errors.ts";
import { reasonOf } from "../disk/reasons.ts";
import { clearLeftOvers } from "../housekeeping/clear_left_overs.ts";
import { expireUploads } from "../housekeeping/expire_uploads.ts";
import { type CommandLine, isLoopback, servesPage, usesSwitches } from "./command_line.ts";
import { later } from "./later.ts";
import type { Listening } from "./listening.ts";
import { errors, Output } from "./output.ts";
import { logFormOf } from "./log.ts";
import { isAboutAddress, LAST_WORDS, memoryOf } from "./serving.ts";
import { serveInThreads } from "./threads.ts";

const HOUR_MILLISECONDS = 60 * 60 * 1000;

/** Runs the command of a command line. Returns false if `verify` has found faults, or if the program cannot serve any more. */
export async function work(line: CommandLine, version: string): Promise<boolean> {
  if (line.command !== "serve") return await runCommand(line.command, line);
  const memory = memoryOf(line);
  const isImporting = line.import.length > 0;
  if (memory === undefined) await expectUsableRoot({ ...line, readOnly: line.readOnly && !isImporting });
  // This is loaded only if it is needed, so that the other starts take no longer.
  if (isImporting) {
    await (await later<typeof import("./filling.ts")>("./filling.ts")).importFirst(
      line,
      memory ?? diskOf(line),
    );
  }
  const stop = signalToStop();
  const listening = await listenOn({
    ...line,
    disk: line.disk ?? (line.readOnly || !isSlow(line.root) ? "fast" : "slow"),
  }, memory);
  const out = new Output(Deno.stdout);
  // A program that reads the log as JSON must not find other lines in it.
  (logFormOf(line) === "json" ? errors : out).print(welcome(line, version, listening));
  if (line.htpasswd === undefined && line.access === undefined && !isLoopback(line.host)) {
    const can = line.readOnly ? "pull" : line.noDelete ? "push" : "push and delete";
    errors.print(`glassbox: warning: everybody who reaches ${line.host} can ${can}; --htpasswd asks for a password`);
  }
  if (line.htpasswd === undefined && line.access !== undefined) {
    errors.print(
      'glassbox: warning: without --htpasswd nobody has a name, so of --access only the rules for "anonymous" count',
    );
  }
  const housekeeping = line.readOnly ? undefined : keepHouseNowAndHourly(line, memory);
  const freshness = line.readOnly || memory !== undefined ? undefined : watchFreshness(line);

  const failure = await Promise.race([stop, listening.failed]).catch((error) => error);
  clearInterval(housekeeping);
  freshness?.stop().catch(() => {}); // `watchFreshness` has reported it.
  if (failure !== undefined) errors.print(`glassbox: cannot listen any more: ${oneLine(failure)}`);
  const patience = setTimeout(() => errors.print(stopping(line)), 300);
  // Without new connections, what runs is not worth the wait: the sooner this process ends, the sooner the next one serves.
  const drain = failure === undefined ? line.drain : 0;
  await Promise.race([listening.stop(Date.now() + drain), signalToStop(1000)]);
  clearTimeout(patience);
  await Promise.all([out, errors].map((output) => output.flush(LAST_WORDS)));
  return failure === undefined;
}

// Each command is loaded only if it runs, so that the others start no later.
async function runCommand(command: Exclude<CommandLine["command"], "serve">, line: CommandLine): Promise<boolean> {
  if (command === "lessons") {
    return await (await later<typeof import("./lessons.ts")>("./lessons.ts")).runLessons(line);
  }
  const disk = diskOf(line);
  if (command === "import" || command === "export") {
    await expectUsableRoot({ ...line, readOnly: command === "export" });
    await (await later<typeof import("./filling.ts")>("./filling.ts")).runFilling(command, disk, line);
    return true;
  }
  if (command === "samples") {
    if (!line.list) await expectUsableRoot(line);
    return await (await later<typeof import("./samples.ts")>("./samples.ts")).runSamples(disk, line);
  }
  await expectUsableRoot({ ...line, readOnly: true });
  if (command === "look" || command === "diff") {
    return await (await later<typeof import("./looking.ts")>("./looking.ts")).runLooking(command, disk, line);
  }
  const { runHousekeeping } = await later<typeof import("./housekeeping.ts")>("./housekeeping.ts");
  const isSound = await runHousekeeping(command, disk, line);
  // In a root that is gone, nothing is there, so nothing has a fault either. The person must not take that for a good result.
  await expectUsableRoot({ ...line, readOnly: true });
  return isSound;
}

// A person reads the errors of this disk.
function diskOf({ root, durability }: CommandLine): Disk {
  return namingErrors(localDisk(root, { durability }), root);
}

// Tries to use the root now, so that a person sees the error at the start, and not the first client.
async function expectUsableRoot({ root, readOnly }: CommandLine): Promise<void> {
  try {
    if (readOnly) {
      Deno.readDirSync(root);
      return;
    }
    await ensureDir(root);
    const probe = `${root}/.${crypto.randomUUID()}`;
    await Deno.writeFile(probe, new Uint8Array());
    await Deno.remove(probe);
  } catch (error) {
    // Deno's own message about these folders would advise to allow everything.
    const reason = error instanceof Deno.errors.NotCapable && error.message.includes("--allow-all")
      ? "Deno lets programs use no folder below /proc, /dev and /sys; choose another one with --root"
      : error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory
      ? isThere(root) ? "it is a file and no folder" : "a folder above it is a file"
      : reasonOf(error);
    throw new Error(`cannot use the root ${root}: ${reason}`);
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

async function listenOn(line: CommandLine, memory: MemoryDisk | undefined): Promise<Listening> {
  try {
    return await serveInThreads(line, memory);
  } catch (error) {
    throw isAboutAddress(error) ? new Error(whyNotListening(line, error)) : error;
  }
}

function whyNotListening({ host, port }: CommandLine, error: unknown): string {
  const where = `port ${port} of ${host}`;
  try {
    // Node has other codes and words for the same things. So Deno says why, whatever the server is.
    Deno.listen({ hostname: host, port }).close();
  } catch (reason) {
    error = reason;
  }
  const { code } = error as { code?: string };
  if (code === "EADDRINUSE") return `${where} is in use; choose another one with --port`;
  if (code === "EACCES") return `this user may not listen on ${where}; choose another one with --port`;
  if (code === "EADDRNOTAVAIL") return `this machine does not have the address ${host}; choose another one with --host`;
  if (oneLine(error).startsWith("failed to lookup")) {
    return `this machine knows no address of ${host}; choose another one with --host`;
  }
  return `cannot listen on ${where}, as --port and --host say: ${reasonOf(error)}`;
}

function welcome(line: CommandLine, version: string, { hostname, port }: Listening): string {
  const { host, tlsCert, origin } = line;
  const stores = line.disk === "memory" ? "keeps everything in memory" : `stores in ${printable(line.root)}/`;
  // Nobody can connect to "all addresses"; on this machine, loopback is one of them.
  const reachable = { "0.0.0.0": "127.0.0.1", "::": "::1" }[hostname] ?? hostname;
  const at = (name: string) => `${name.includes(":") ? `[${name}]` : name}:${port}`;
  const scheme = tlsCert === undefined ? "http" : "https";
  const everywhere = hostname === reachable ? "" : ` (all addresses of this machine: --host ${host})`;
  const outside = origin === "" ? "" : `\nClients reach it as ${origin}\n`;
  return `Glassbox ${version} listens on ${scheme}://${at(hostname)} and ${stores}${everywhere}
${outside}${pageAt(line, `${scheme}://${at(reachable)}`)}
${switchesOn(line, `${scheme}://${at(reachable)}`)}${firstSteps(line, `${scheme}://${at(reachable)}`, at(reachable))}
Stop with Ctrl-C.
`;
}

function pageAt(line: CommandLine, url: string): string {
  if (!servesPage(line)) return "";
  const lessons = line.workshop ? `The lessons are at ${url}/lessons\n` : "";
  return `\nSee every push, every file and every byte in a browser: ${url}/\n${lessons}`;
}

function switchesOn(line: CommandLine, url: string): string {
  if (!usesSwitches(line)) return "";
  const on = [...(line.profile === undefined ? [] : [`the profile ${line.profile}`]), ...line.switch].map(printable);
  const what = on.length === 0 ? "All switches are off" : `Switched on: ${on.join(", ")}`;
  return `${what}${
    line.workshop
      ? `. This lists all switches: curl ${url}/switches; and all samples: curl -H Accept:application/json ${url}/samples`
      : ""
  }\n\n`;
}

function firstSteps(
  line: CommandLine,
  url: string,
  address: string,
): string {
  const { root, tlsCert, htpasswd, anonymous, readOnly, prefix } = line;
  const name = prefix === undefined ? "library/hello" : prefix.replace(/\/?$/, "/hello");
  const insecure = tlsCert === undefined ? "" : " -k";
  const user = htpasswd === undefined || (readOnly && anonymous === "pull") ? "" : " -u USER";
  if (readOnly) {
    return `It serves pulls only. This lists its repositories:\n\n  curl -i${insecure}${user} ${url}/v2/_catalog\n`;
  }
  const foo = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
  const type = "-H Content-Type:application/octet-stream";
  const look = line.disk === "memory"
    ? `curl${insecure}${user} ${url}/v2/${name}/blobs/${foo}`
    : `ls ${printable(/\s/.test(root) ? `"${root}"` : root)}/${name}/*`;
  return `Push the three bytes "foo", and look where they are, in a second terminal:

  curl -i${insecure}${user} -X POST ${type} --data-binary foo "${url}/v2/${name}/blobs/uploads/?digest=${foo}"
  ${look}

An image goes the same way: docker tag IMAGE ${address}/${name}, docker push ${address}/${name}`;
}

function keepHouseNowAndHourly(
  line: CommandLine,
  memory: MemoryDisk | undefined,
): ReturnType<typeof setInterval> {
  const keepHouse = () => keepHouseOnce(line, memory).catch((error) => errors.print(`glassbox: ${oneLine(error)}`));
  keepHouse();
  return setInterval(keepHouse, HOUR_MILLISECONDS);
}

// Runs while the registry serves. A local disk is a new one each time, because nobody needs what it remembers for an hour.
async function keepHouseOnce(line: CommandLine, memory: MemoryDisk | undefined): Promise<void> {
  const disk = memory ?? diskOf(line);
  await expireUploads(disk, line.uploadTtl);
  for await (const { kind, path } of clearLeftOvers(disk)) {
    if (kind === "restored") {
      errors.print(`glassbox: restored ${path}, which an interrupted gc had taken aside`);
    }
  }
}

// The text is one line, because it may come in the middle of a log.
function watchFreshness({ root }: CommandLine): Freshness {
  const freshness = new Freshness(root, (late) => {
    const seconds = (late / 1000).toFixed(1);
    errors.print(
      `glassbox: warning: what another registry changes in ${
        printable(root)
      } is seen here ${seconds} s late or more, or its locks are not ` +
        'seen. Registries that share the folder lose and mix up pushes then; see "Several machines" in the README',
    );
  });
  freshness.ended.catch((error) => errors.print(`glassbox: cannot use the root ${root}: ${reasonOf(error)}`));
  return freshness;
}

function stopping({ drain }: CommandLine): string {
  return `glassbox: waits up to ${drain / 1000} s for requests that are still running; Ctrl-C again stops at once`;
}

// Waits for a signal. One Ctrl-C can come twice, from the terminal and from the first process, so `signalToStop` ignores the
// signals of the first `deaf` milliseconds. A terminal that is closed sends SIGHUP.
function signalToStop(deaf = 0): Promise<void> {
  const since = Date.now();
  return new Promise((resolve) => {
    const listen = () => Date.now() - since >= deaf && resolve();
    const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) Deno.addSignalListener(signal, listen);
  });
}
