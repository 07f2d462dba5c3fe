/** Plays each lesson as a person would: types what it says, and makes the mistakes that its hints are for. */

import { assert, assertEquals } from "@std/assert";
import { loadPackage, PACKAGES } from "../../src/packages.ts";
import { LESSONS } from "../../src/workshop/lessons.ts";
import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";
import { filled, lessonsWithNearMisses, nearMissesOf, solutionOf } from "./near_misses.ts";
import { inTurns, play, Player, type PlayerOptions } from "./player.ts";

const RULES = new URL("../../src/workshop/access.json", import.meta.url).pathname;

// Made by `htpasswd -nbB -C 4`.
const SECRET = "$2y$04$jXf6inNJ7M4gXOkNIzl/MOk0pHKxeCSOtP844btNLxHQpmSswC1A6";

Deno.test("a lesson is done by those who type what it says, in a terminal of their own, and not before the last request", async () => {
  await using workshop = await Workshop.open();
  await inTurns(LESSONS.map(({ id }) => async () => {
    await using player = workshop.player(`play-${id}`);
    await play(player, id);
  }));
});

Deno.test("the whole course is done by one person, and no lesson by the commands of one before", async () => {
  await using workshop = await Workshop.open();
  await using player = workshop.player("ana", { shell: isThere("zsh") ? "zsh" : "bash" });
  for (const { id } of LESSONS) {
    await play(player, id);
    await player.newTerminal();
  }
});

// The package comes from a package registry, the first time. Where none can be reached, this test is ignored.
const ignore = await loadPackage(PACKAGES.bcrypt, "bcrypt").then(() => false, () => true);

Deno.test(
  "with a password and a corner for each learner, the lessons are done in the same way",
  { ignore },
  async () => {
    // A solution of the tests sends no password. What the lessons themselves say does.
    const lessons = LESSONS.filter(({ id }) => solutionOf(id) === undefined).map(({ id }) => id);
    await using workshop = await Workshop.open(lessons.map((id) => `corner-${id}`));
    await inTurns(lessons.map((id) => async () => {
      await using player = workshop.player(`corner-${id}`, { password: "secret" });
      await play(player, id);
    }));
  },
);

Deno.test("a mistake meets its hint, and does not do the lesson", async () => {
  await using workshop = await Workshop.open();
  const misses = LESSONS.flatMap(({ id }) => nearMissesOf(id).map((miss, index) => ({ id, miss, index })));
  await inTurns(misses.map(({ id, miss: { hint, mistake, lines }, index }) => async () => {
    await using player = workshop.player(`miss-${id}-${index + 1}`);
    const { origin } = await player.facts(id);
    const printed = await player.type(filled(lines, { as: player.as, origin }));
    const facts = await player.factsThat(id, (facts) => facts.hint?.number === hint).catch((error) => {
      throw new Error(`${id}, hint ${hint}, "${mistake}": ${error.message}\n${printed}`);
    });
    assertEquals(facts.done, undefined, `${id} is done by a mistake: ${mistake}`);
  }));
});

Deno.test("those who have made all the mistakes of a lesson, and then type what it says, have done it", async () => {
  await using workshop = await Workshop.open();
  await inTurns(LESSONS.map(({ id }) => async () => {
    await using player = workshop.player(`all-${id}`);
    const { origin } = await player.facts(id);
    const mistakes = nearMissesOf(id).map(({ lines }) => filled(lines, { as: player.as, origin }));
    await player.type(mistakes.join("\n"));
    await player.newTerminal();
    await play(player, id);
  }));
});

Deno.test("a lesson has at least two hints, and each hint has a near miss", () => {
  assertEquals(lessonsWithNearMisses().sort(), LESSONS.map(({ id }) => id).sort());
  for (const { id, hints } of LESSONS) {
    assert(hints.length >= 2, `${id} has fewer than two hints`);
    assertEquals(
      new Set(nearMissesOf(id).map(({ hint }) => hint)),
      new Set(hints.keys().map((index) => index + 1)),
      id,
    );
  }
});

/** A registry with lessons. */
class Workshop implements AsyncDisposable {
  private constructor(readonly folder: Folder, readonly program: Program) {}

  /** Starts it. If it has users, the password of each one is "secret", and each one may push to a corner only. */
  static async open(users: readonly string[] = []): Promise<Workshop> {
    const folder = new Folder();
    const passwords = `${folder.path}/passwords`;
    Deno.writeTextFileSync(passwords, users.map((user) => `${user}:${SECRET}\n`).join(""));
    const flags = users.length === 0 ? [] : ["--htpasswd", passwords, "--access", RULES];
    const root = `${folder.path}/testdata`;
    return new Workshop(folder, await Program.serve(root, "--workshop", "--durability", "none", ...flags));
  }

  /** Returns somebody who does lessons here. */
  player(as: string, options: Pick<PlayerOptions, "shell" | "password"> = {}): Player {
    const { folder, program } = this;
    return new Player({ program, folder, as, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

function isThere(program: string): boolean {
  return Deno.env.get("PATH")!.split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}
