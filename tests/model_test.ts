/**
 * Eight clients and two programs on one root, and everything at once: whatever was acknowledged is there and whole.
 *
 * The clients push, mount, tag, list, pull and delete the same little content; see `model/content.ts`. Meanwhile the programs
 * are killed and started again, uploads expire, and garbage is collected without grace. A model knows what each URL may show
 * at each moment (`model/registers.ts`), and what a collection may take (`model/collection.ts`). Each answer has to fit. In
 * the end nothing runs any more, and the folder has what the model says, and nothing else.
 *
 *     MODEL_SEED=7 MODEL_ROUNDS=10 deno test … --allow-env tests/model_test.ts
 *
 * Each round has a root of its own. A failure names the seed with which its round is the first. The same seed does the same
 * things in the same order for each client; but how the requests of several clients meet is up to the machine.
 */

import { assert, assertEquals } from "@std/assert";
import { factOf } from "./fuzz/model.ts";
import { Random } from "./fuzz/random.ts";
import { Client } from "./model/client.ts";
import { MANIFESTS, referencesOf } from "./model/content.ts";
import { Model } from "./model/model.ts";
import { World } from "./model/world.ts";

const SEED = setting("MODEL_SEED", 967);
const ROUNDS = setting("MODEL_ROUNDS", 1);
const CLIENTS = 8;
// A client does so many things, most of them with several requests.
const THINGS = 60;

// Without the permission to read the variable, the default counts, and Deno does not ask for the permission.
function setting(variable: string, usual: number): number {
  const isReadable = Deno.permissions.querySync({ name: "env", variable }).state === "granted";
  return Number((isReadable && Deno.env.get(variable)) || usual);
}

for (let seed = SEED; seed < SEED + ROUNDS; seed++) {
  Deno.test(`of what ${CLIENTS} clients were told at two programs that are killed again and again, all is true (MODEL_SEED=${seed})`, async () => {
    const model = new Model();
    await using world = new World(model);
    await world.start();

    await workTogether(world, seed);
    await world.tidyUp();
    await expectTold(world, seed);
    await expectKept(world);
    // A round in which nothing was stored, or nobody killed, shows nothing.
    assert(world.kills > 0 && model.registers.some((register) => register.lastPush() > 0));
  });
}

async function workTogether(world: World, seed: number): Promise<void> {
  const randoms = Array.from({ length: CLIENTS + 2 }, (_, number) => new Random(1000 * seed + number));
  const [killing, housekeeping, ...others] = randoms;
  const clients = Promise.all(others.map((random) => new Client(world, random).work(THINGS)));
  // If one fails, the others stop as well, and the first failure counts.
  const together = [clients, world.killPrograms(killing), world.keepHouse(housekeeping)];
  const ends = await Promise.allSettled(together.map((work) => work.finally(() => world.stop())));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

// Nothing changes any more. So each URL shows the same at both programs, and something that the model allows.
async function expectTold(world: World, seed: number): Promise<void> {
  const client = new Client(world, new Random(seed));
  for (const register of world.model.registers) {
    // Each look goes to one of the programs.
    for (let times = 0; times < 3; times++) await client.look(register);
  }
}

// The folder has what the model says, and nothing else: no left-over, and no empty folder.
async function expectKept({ root, model }: World): Promise<void> {
  const facts = root.tree().map((path) => factOf(path, Deno.readFileSync(`${root.path}/${path}`)));
  assertEquals(facts.sort(), factsOf(model));
  const paths = root.everything();
  const empty = paths.filter((path) =>
    Deno.statSync(`${root.path}/${path}`).isDirectory && !paths.some((other) => other.startsWith(`${path}/`))
  );
  assertEquals(empty, []);
  for (const { kind, path, text } of await root.findings()) {
    assertEquals(kind, "fault", path);
    expectDeleted(model, path, text);
  }
}

// A manifest may lack what a client has deleted after the manifest was pushed.
function expectDeleted({ repositories }: Model, path: string, text: string): void {
  const [, name, digest] = /^(.*)\/([^/]*)\/manifest\.json$/.exec(path) ?? [];
  const needed = /^needs (\S+) /.exec(text)?.[1] ?? "";
  const repository = repositories.find((repository) => repository.name === name);
  const manifest = repository?.manifests.get(digest);
  const part = repository?.manifests.get(needed) ?? repository?.blobs.get(needed);
  assert(manifest !== undefined && part !== undefined, `${path} ${text}`);
  const isDeleted = part.mayBeDeletedSince(manifest.lastPush());
  assert(isDeleted, `${path} ${text}\n${manifest.history()}\n${part.history()}`);
}

function factsOf({ repositories }: Model): string[] {
  return repositories.flatMap(({ name, blobs, manifests, tags }) => {
    const there = MANIFESTS.filter(({ digest }) => manifests.get(digest)!.isSurely(digest));
    const needed = new Set(there.flatMap(referencesOf));
    return [
      ...[...blobs].filter(([digest, register]) => register.isSurely(digest) && needed.has(digest))
        .map(([digest]) => `blob ${name} ${digest}`),
      ...there.map(({ digest }) => `manifest ${name} ${digest}`),
      ...there.map(({ digest, mediaType }) => `type ${name} ${digest} ${mediaType}`),
      ...there.filter(({ subject }) => subject !== undefined)
        .map(({ digest, subject }) => `referrer ${name} ${subject!.digest} ${digest}`),
      ...[...tags].filter(([, register]) => !register.isSurely(undefined))
        .map(([tag, register]) => `tag ${name} ${tag} ${[...register.possible()]}`),
    ];
  }).sort();
}
