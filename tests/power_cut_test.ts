/**
 * The power-cut test: clients push and delete the same few things at the same time, and after each answer everything acknowledged
 * would survive a power cut. `power_cut/strict_disk.ts` says what survives. Two registries work on the folder, and one of them
 * takes the disk for a slow one; in the second test there is a third one, which is killed now and then.
 *
 *     POWER_CUT_SEED=7 POWER_CUT_COUNT=50000 deno test … --allow-env=POWER_CUT_SEED,POWER_CUT_COUNT tests/power_cut_test.ts
 */

// First: it takes the place of functions that the registry looks up when it is loaded.
import { type IsLost, StrictDisk } from "./power_cut/strict_disk.ts";
import { assert, assertMatch, assertRejects } from "@std/assert";
import { localDisk } from "../src/disk/local_disk.ts";
import type { LocalDiskOptions } from "../src/disk/root.ts";
import type { Step } from "../src/disk/watching.ts";
import { createRegistry } from "../src/registry.ts";
import { Folder } from "./folder.ts";
import { Random } from "./fuzz/random.ts";
import { Client, Promises, type Send } from "./power_cut/clients.ts";

const SEED = setting("POWER_CUT_SEED", 9);
const COUNT = setting("POWER_CUT_COUNT", 1000);
const CLIENTS = 8;

// Without the permission to read the variable, the default counts, and Deno does not ask for the permission.
function setting(variable: string, usual: number): number {
  const isReadable = Deno.permissions.querySync({ name: "env", variable }).state === "granted";
  return Number((isReadable && Deno.env.get(variable)) || usual);
}

// Lets the clients work until that many requests are acknowledged.
async function play(
  seed: number,
  count: number,
  { isLost, withKills = false }: { isLost?: IsLost; withKills?: boolean },
): Promise<Promises["counts"]> {
  using folder = new Folder();
  const random = new Random(seed);
  using disk = new StrictDisk(folder.path, random, isLost);
  const promises = new Promises(disk, !withKills);
  const root = `${folder.path}/root`;
  const registries = [
    { send: registryOver(root, {}), mayFail: false },
    { send: registryOver(root, { isSlow: true }), mayFail: false },
  ];
  if (withKills) {
    registries.push({ send: registryOver(root, { watch: (step) => dieSometimes(step, random) }), mayFail: true });
  }
  let isOver = false;
  const clients = Array.from({ length: CLIENTS }, async () => {
    const client = new Client(promises, disk, random, registries);
    try {
      while (!isOver && promises.counts.acknowledged < count) await client.act();
    } finally {
      isOver = true;
    }
  });
  const ends = await Promise.allSettled(clients);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return promises.counts;
}

// What a killed process was doing stays as it is: its names are there, and were not synced. (Whoever makes the root syncs its
// name. Nobody else can.)
function dieSometimes({ when, kind, path }: Step, random: Random): void {
  if (when === "before" && kind === "sync folder" && path !== ".." && random.onceIn(8)) throw new Error("killed");
}

function registryOver(root: string, options: LocalDiskOptions): Send {
  const registry = createRegistry({ disk: localDisk(root, options) });
  return (method, path, { headers = {}, body } = {}) => {
    const length: Record<string, string> = body === undefined
      ? {}
      : { "Content-Length": `${new TextEncoder().encode(body).length}` };
    return registry(new Request(`http://localhost${path}`, { method, body, headers: { ...length, ...headers } }));
  };
}

Deno.test(`a power cut takes nothing that was acknowledged, and leaves nothing half done: ${COUNT} requests`, async () => {
  await playLives({});
});

Deno.test(`that also holds if processes were killed before: ${COUNT} requests`, async () => {
  await playLives({ withKills: true });
});

async function playLives(options: { withKills?: boolean }): Promise<void> {
  const sum = { acknowledged: 0, there: 0, away: 0 };
  // Each life begins with an empty folder and without memory.
  for (let life = 0; sum.acknowledged < COUNT; life++) {
    try {
      const counts = await play(SEED + life, Math.min(300, COUNT), options);
      for (const key of ["acknowledged", "there", "away"] as const) sum[key] += counts[key];
    } catch (error) {
      throw new Error(`POWER_CUT_SEED=${SEED + life}`, { cause: error });
    }
  }
  // Clients whose requests are all refused show nothing.
  assert(sum.there > COUNT && sum.away > COUNT / 10, JSON.stringify(sum));
}

// Each of these syncs is needed: without it, something acknowledged is lost.
const NEEDED: Readonly<Record<string, RegExp>> = {
  "the bytes of uploads": /^file .*\/_uploads\/[^/]+\/data$/,
  "the bytes of manifests, tags and referrers": /^file .*\/\.[^/]+$/,
  "the name of the root": /^folder $/,
  "the names in the root": /^folder root$/,
  "the names of repositories": /^folder root\/a$/,
  "the names of the folders in a repository": /^folder root\/(a\/x|a\/y|b)$/,
  "the names of a blob or manifest": /^folder [^_]+\/sha256:\w+$/,
  "the names of tags": /^folder .*\/_tags$/,
  "the names of subjects": /^folder .*\/_referrers$/,
  "the names of referrers": /^folder .*\/_referrers\/sha256:\w+$/,
  "the names of uploads": /^folder .*\/_uploads$/,
  "the name of an upload's file": /^folder .*\/_uploads\/[^/]+$/,
};

for (const [what, syncs] of Object.entries(NEEDED)) {
  Deno.test(`without a sync of ${what}, a power cut takes something that was acknowledged`, async () => {
    const error = await assertRejects(
      () => play(SEED, 1000, { isLost: (kind, path) => syncs.test(`${kind} ${path}`) }),
      Error,
    );
    assertMatch(error.message, /after a power cut/);
  });
}
