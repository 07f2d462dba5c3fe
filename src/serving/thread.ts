/**
 * A thread other than the first one. It gets its work from the first one, by messages:
 *
 *     { to: "hash", port }                 hash for the thread at the other end of the port; once for each thread
 *     { to: "compute bcrypt", port }       compute for the first thread
 *     { to: "look inside", root, port }    look inside of layers for the first thread
 *     { to: "serve", line, … }             serve until { to: "stop", deadline } comes
 *     { to: "use hashes", port }           the answer to "hashes, please"
 *
 * Next: housekeeping.ts
 *
 * @module
 */

import { HASHES } from "../definitions/digest.ts";
import { answerThrough, HashesElsewhere } from "../disk/hashes_elsewhere.ts";
import { localDisk } from "../disk/local_disk.ts";
import { HashesHere } from "../disk/running_hashes.ts";
import type { Verdict } from "../access/credentials.ts";
import type { AccessWrapper } from "../composing/access.ts";
import { callThrough, offer } from "../disk/between_threads.ts";
import type { InsideAnswer, InsideCall } from "../page/inside.ts";
import type { AccessMaterial } from "./access_files.ts";
import type { CommandLine } from "./command_line.ts";
import type { Check } from "./guesses.ts";
import { loadBcrypt } from "./htpasswd.ts";
import { later } from "./later.ts";
import type { Listening } from "./listening.ts";
import { LogElsewhere, openLogHere } from "./log.ts";
import { serve } from "./serving.ts";

/** A message from the first thread to another one. */
export type Message =
  | { readonly to: "hash"; readonly port: MessagePort }
  | { readonly to: "compute bcrypt"; readonly port: MessagePort }
  | { readonly to: "look inside"; readonly root: string; readonly port: MessagePort }
  | {
    readonly to: "serve";
    readonly line: CommandLine;
    readonly maxConnections: number;
    readonly material: AccessMaterial | undefined;
    readonly passwords: MessagePort | undefined;
    readonly rate: MessagePort | undefined;
    readonly inside: MessagePort | undefined;
    readonly channel: string;
    readonly log: MessagePort | undefined;
  }
  | { readonly to: "use hashes"; readonly port: MessagePort }
  | { readonly to: "stop"; readonly deadline: number };

/** A message from another thread to the first one. */
export type Reply = "loaded" | "hashes, please" | "failed" | "stopped";

// Deno's types describe the first thread, which has no `postMessage`.
const firstThread = self as unknown as Pick<Worker, "postMessage" | "addEventListener">;

const hashes = new HashesHere(HASHES);
const { promise: hashesElsewhere, resolve: useHashes } = Promise.withResolvers<MessagePort>();
let serving: Promise<Listening> | undefined;

firstThread.addEventListener("message", async ({ data }: MessageEvent<Message>) => {
  if (data.to === "hash") return answerThrough(data.port, hashes);
  if (data.to === "compute bcrypt") {
    return offer(data.port, async (password: string, hash: string) => (await loadBcrypt()).compare(password, hash));
  }
  if (data.to === "look inside") return await lookInside(data);
  if (data.to === "use hashes") return useHashes(data.port);
  if (data.to === "serve") {
    const elsewhere = new HashesElsewhere(() => {
      reply("hashes, please");
      return hashesElsewhere;
    });
    const { line, maxConnections, rate, inside: insidePort, channel } = data;
    const log = data.log === undefined ? openLogHere(line) : new LogElsewhere(data.log);
    const inside = insidePort && callThrough<[unknown], unknown>(insidePort);
    const take = rate && callThrough<[client: string], number>(rate);
    const others = { isShared: true, maxConnections, hashes: elsewhere, log, memory: undefined, take, inside, channel };
    serving = accessHere(data).then((access) => serve(line, { ...others, access }));
    const { failed } = await serving;
    return await failed.catch(() => reply("failed"));
  }
  await (await serving)?.stop(data.deadline);
  reply("stopped");
  self.close();
});

reply("loaded");

async function accessHere(
  { line, material, passwords: port }: Extract<Message, { to: "serve" }>,
): Promise<AccessWrapper | undefined> {
  if (material === undefined) return undefined;
  const check = port && callThrough<Parameters<Check>, Verdict>(port);
  const { accessOf, passwordsOf } = await later<typeof import("./access_files.ts")>("./access_files.ts");
  const passwords = passwordsOf(line, material);
  return accessOf(line, material, passwords, check);
}

// What looks inside of layers is loaded only in the thread that does it.
async function lookInside({ root, port }: Extract<Message, { to: "look inside" }>): Promise<void> {
  const { IN_A_THREAD, Inside } = await later<typeof import("../page/inside.ts")>("../page/inside.ts");
  const inside = new Inside(localDisk(root), IN_A_THREAD);
  const buffers = (answer: InsideAnswer) => answer instanceof Uint8Array ? [answer.buffer] : [];
  offer(port, (call: InsideCall) => inside.ask(call), buffers);
}

function reply(text: Reply): void {
  firstThread.postMessage(text);
}
