/** Registries that share a folder notice if one of them sees the changes of another late. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Freshness, type Pace } from "../../src/disk/freshness.ts";
import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";

const QUICK = { rounds: 10, turns: 30, turn: 200, looks: 10 };

async function readNow(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

// Returns a function that reads files as a file system does that remembers for some milliseconds what it has read.
function lateBy(milliseconds: number): Pace["read"] {
  const known = new Map<string, { text: string | undefined; until: number }>();
  return async (path) => {
    const before = known.get(path);
    if (before !== undefined && performance.now() < before.until) return before.text;
    const text = await readNow(path);
    known.set(path, { text, until: performance.now() + milliseconds });
    return text;
  };
}

/** Registries that take part, and what they have told. */
class Registries implements AsyncDisposable {
  readonly told: string[] = [];
  readonly #all: Freshness[] = [];
  readonly #tells = Promise.withResolvers<void>();

  constructor(private readonly folder: string) {}

  start(name: string, pace: Partial<Pace>): void {
    const tell = (late: number) => {
      assert(late > 0);
      this.told.push(name);
      this.#tells.resolve();
    };
    this.#all.push(new Freshness(this.folder, tell, { ...QUICK, ...pace }));
  }

  /** Waits until one of them tells something. */
  tells(): Promise<void> {
    return this.#tells.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((one) => one.stop()));
  }
}

Deno.test("a registry that starts beside another one, and sees its changes late, says so", async () => {
  using folder = new Folder();
  await using registries = new Registries(folder.path);
  registries.start("first", {});
  registries.start("late", { read: lateBy(100) });

  await registries.tells();

  assertEquals(registries.told, ["late"]);
});

Deno.test("a registry that sees the changes of one that starts later late says so", async () => {
  using folder = new Folder();
  await using registries = new Registries(folder.path);
  registries.start("late", { read: lateBy(100) });
  registries.start("second", {});

  await registries.tells();

  assertEquals(registries.told, ["late"]);
});

Deno.test("registries that see all changes at once say nothing, and a round ends", async () => {
  using folder = new Folder();
  await using registries = new Registries(folder.path);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let looksForRounds = 0;
  const words = new Set<string>();
  const read = async (path: string) => {
    const text = await readNow(path);
    const name = path.slice(folder.path.length);
    if (name === "/.locks/words/word" && text !== undefined) words.add(text);
    looksForRounds = name === "/.locks/round" ? looksForRounds + 1 : 0;
    // In a round, nobody looks that often for another one without a look at the words.
    if (looksForRounds === 20 && words.size > 0) resolve();
    return text;
  };

  for (const name of ["first", "second", "third"]) registries.start(name, { turns: 5, turn: 20, read });
  await done;

  assertEquals(registries.told, []);
  assert(words.size >= 10, `${words.size} words`);
});

// A turn has few looks at the words. So one of these is the last one before the words change.
for (const look of [6, 7, 8, 9]) {
  Deno.test(`if the folder of the locks becomes a link after look ${look}, nothing is read or changed where the link leads`, async () => {
    using folder = new Folder();
    using elsewhere = new Folder();
    const locks = `${folder.path}/.locks`;
    let looks = 0;
    let isLinked = false;
    const readThrough: string[] = [];
    const read = async (path: string) => {
      if (isLinked) readThrough.push(path);
      const text = await readNow(path);
      if (path === `${locks}/words/word` && ++looks === look) {
        await Deno.rename(locks, `${elsewhere.path}/moved`);
        await Deno.symlink(elsewhere.path, locks);
        isLinked = true;
      }
      // After the first look, another registry begins a round.
      if (path === `${locks}/round` && text === undefined) await Deno.writeTextFile(path, "round").catch(() => {});
      return text;
    };

    const { ended } = new Freshness(folder.path, () => {}, { ...QUICK, turn: 20, looks: 30, read });

    const message = `${locks} is a symbolic link; the registry follows none, and needs a folder there for its locks`;
    await assertRejects(() => ended, Error, message);
    assertEquals(elsewhere.everything().filter((path) => !path.startsWith("moved")), []);
    assertEquals(readThrough, []);
  });
}

Deno.test("a registry that is alone only looks for rounds", async () => {
  using folder = new Folder();
  await using registries = new Registries(folder.path);
  const reads: string[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();

  registries.start("alone", {
    read(path) {
      reads.push(path.slice(folder.path.length));
      if (reads.length === 5) resolve();
      return readNow(path);
    },
  });
  await done;

  assertEquals(new Set(reads), new Set(["/.locks/round"]));
  assertEquals([registries.told, folder.everything()], [[], [".locks", ".locks/serving"]]);
});

Deno.test("the program takes part in a round that a registry in another process begins, and that one sees it late", async () => {
  using folder = new Folder();
  await using _program = await Program.serve(folder.path);
  await using registries = new Registries(folder.path);

  registries.start("late", { read: lateBy(100) });
  await registries.tells();

  assertEquals(registries.told, ["late"]);
});

Deno.test("the program prints a warning when what it sees changes in its own turn", async () => {
  using folder = new Folder();
  Deno.mkdirSync(`${folder.path}/.locks`);
  using serving = Deno.openSync(`${folder.path}/.locks/serving`, { read: true, write: true, create: true });
  serving.lockSync(false);
  await using program = await Program.serve(folder.path);
  const warning = program.err.until(/.*late.*\n/);

  // Like the change of a machine that is seen late, this one comes when nobody may change the word.
  const changing = setInterval(() => Deno.writeTextFileSync(`${folder.path}/.locks/word`, crypto.randomUUID()), 20);
  const [line] = await warning;
  clearInterval(changing);

  assertMatch(line, /^glassbox: warning: what another registry changes in .* is seen here \d+\.\d s late or more, /);
});
