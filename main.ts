/**
 * The program: serves a registry until it is told to stop, or keeps house in its folder.
 *
 *     $ deno task start
 *     Glassbox 0.1.0 listens on http://127.0.0.1:5080 and stores in testdata/
 *     …
 *     POST  /v2/library/hello/blobs/uploads/?digest=sha256:2c26b46b68ff…   201   3.1 ms   end-4b
 *           …
 *
 * It reads the flags, listens, prints the story of each request, and lets the requests that are running come to their end
 * when it stops. All that a registry is lives in `src/registry.ts`.
 *
 * @module
 */

import { ensureDir } from "@std/fs";
import config from "./deno.json" with { type: "json" };
import type { Access } from "./src/access/authorization.ts";
import { loadBcrypt, parseHtpasswd } from "./src/access/htpasswd.ts";
import { type CommandLine, parseCommandLine, UsageError } from "./src/command_line.ts";
import { keepHouse } from "./src/housekeeping/commands.ts";
import { expireUploads } from "./src/housekeeping/expire_uploads.ts";
import { createRegistry, type RegistryOptions, storeFor } from "./src/registry.ts";
import { formatJson, formatLine, formatStory, type LogForm, type Story } from "./src/story.ts";

// What shell scripts go by: 2 for a command line that makes no sense, 1 for a machine that does not play along, and for
// faults that `verify` has found.
const USAGE = 2;
const FAILURE = 1;

const HOUR_MILLISECONDS = 60 * 60 * 1000;

if (import.meta.main) Deno.exit(await main(Deno.args));

/** Does what the command line says: the exit status. */
async function main(args: string[]): Promise<number> {
  try {
    const line = parseCommandLine(args, config.version);
    if (typeof line === "string") console.log(line);
    else if (line.command === "serve") await serve(line);
    else {
      await expectUsableRoot({ ...line, readOnly: true });
      return await keepHouse(line) ? 0 : FAILURE;
    }
    return 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`glassbox: ${oneLine(error)}`);
    return error instanceof UsageError || error instanceof RangeError ? USAGE : FAILURE;
  }
}

async function serve(line: CommandLine): Promise<void> {
  await expectUsableRoot(line);
  const log = line.log ?? (Deno.stdout.isTerminal() ? "story" : "line");
  const options = { ...optionsOf(line, log), access: await accessOf(line) };
  const registry = createRegistry(options);

  let running = 0;
  let stopping = false;
  const server = Deno.serve({ ...await listenOptions(line), onListen: () => {} }, async (request) => {
    if (stopping) return comeBackLater();
    running++;
    try {
      return await registry(request);
    } finally {
      running--;
    }
  });
  // Where each line of the log is JSON, the words for people go elsewhere.
  const stop = signalToStop();
  (log === "json" ? console.error : console.log)(welcome(line, server.addr));
  if (line.htpasswd === undefined && !isLoopback(line.host)) {
    const can = line.readOnly ? "pull" : "push and delete";
    console.error(`glassbox: warning: whoever reaches ${line.host} can ${can}; --htpasswd asks for a password`);
  }
  const expiry = line.readOnly ? undefined : expireNowAndHourly(options);

  await stop;
  stopping = true;
  clearInterval(expiry);
  // `shutdown` would break off uploads that are still coming in. So they end first.
  const deadline = Date.now() + line.drain;
  while (running > 0 && Date.now() < deadline) await sleep(20);
  await Promise.race([server.shutdown(), sleep(Math.max(100, deadline - Date.now()))]);
}

function optionsOf(line: CommandLine, log: LogForm): RegistryOptions {
  const { root, readOnly, deletion, allowSparse, maxManifestSize, maxBlobSize, maxUploads, durability } = line;
  return {
    root,
    readOnly,
    deletion,
    allowSparse,
    maxManifestSize,
    maxBlobSize,
    maxUploads,
    durability,
    shareBodies: true,
    sessionLifetime: line.uploadLifetime,
    story: printer(log),
  };
}

async function accessOf({ htpasswd, anonymous }: CommandLine): Promise<Access | undefined> {
  if (htpasswd === undefined) return undefined;
  try {
    return { isPassword: parseHtpasswd(await Deno.readTextFile(htpasswd), await loadBcrypt()), anonymous };
  } catch (error) {
    throw new Error(`cannot use the passwords in ${htpasswd}: ${oneLine(error)}`);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

// A request that comes while the registry stops. Other processes on the same root may serve it.
function comeBackLater(): Response {
  const errors = [{ code: "TOOMANYREQUESTS", message: "the registry is stopping" }];
  return Response.json({ errors }, { status: 503, headers: { "Retry-After": "5", "Connection": "close" } });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// A root that cannot be used is noticed now, and not by the first client.
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
    throw new Error(`cannot use the root ${root}: ${oneLine(error)}`);
  }
}

async function listenOptions({ host, port, tls }: CommandLine) {
  const address = { hostname: host, port };
  if (tls === undefined) return address;
  try {
    return { ...address, cert: await Deno.readTextFile(tls.cert), key: await Deno.readTextFile(tls.key) };
  } catch (error) {
    throw new Error(`cannot read the certificate or its key: ${oneLine(error)}`);
  }
}

function printer(log: LogForm): ((story: Story) => void) | undefined {
  const format = { story: formatStory, line: formatLine, json: formatJson, none: undefined }[log];
  return format && ((story) => console.log(format(story)));
}

function welcome({ root, tls }: CommandLine, { hostname, port }: Deno.NetAddr): string {
  const host = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const url = `${tls === undefined ? "http" : "https"}://${host}`;
  const insecure = tls === undefined ? "" : "-k ";
  const foo = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
  return `Glassbox ${config.version} listens on ${url} and stores in ${root}/

Push the three bytes "foo", and look where they are:

  curl ${insecure}-X POST --data-binary foo "${url}/v2/library/hello/blobs/uploads/?digest=${foo}"
  ls ${root}/library/hello/*

An image goes the same way: docker tag IMAGE ${host}/library/hello, docker push ${host}/library/hello
Stop with Ctrl-C.
`;
}

function expireNowAndHourly(options: RegistryOptions): ReturnType<typeof setInterval> {
  const expire = () => expireUploads(storeFor(options)).catch((error) => console.error(`glassbox: ${oneLine(error)}`));
  expire();
  return setInterval(expire, HOUR_MILLISECONDS);
}

function signalToStop(): Promise<void> {
  return new Promise((resolve) => {
    Deno.addSignalListener("SIGINT", () => resolve());
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => resolve());
  });
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}
