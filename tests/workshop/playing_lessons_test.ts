/** Plays each lesson as a person would: types what it says, and makes the mistakes that its hints are for. */

import { assert, assertEquals } from "@std/assert";
import { LESSONS } from "../../src/workshop/lessons.ts";
import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";
import { filled, lessonsWithNearMisses, nearMissesOf } from "./near_misses.ts";
import { inTurns, play, Player } from "./player.ts";

Deno.test("a lesson is done by those who type what it says, in a terminal of their own, and not before the last request", async () => {
  await using workshop = await Workshop.open();
  await inTurns(LESSONS.map(({ id }) => async () => {
    await using player = workshop.player(`play-${id}`);
    await play(player, id);
  }));
});

Deno.test("the whole course is done by one person, and no lesson by the commands of one before", async () => {
  await using workshop = await Workshop.open();
  await using player = workshop.player("ana", isThere("zsh") ? "zsh" : "bash");
  for (const { id } of LESSONS) {
    await play(player, id);
    await player.newTerminal();
  }
});

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

  /** Starts it. */
  static async open(): Promise<Workshop> {
    const folder = new Folder();
    return new Workshop(folder, await Program.serve(`${folder.path}/testdata`, "--workshop", "--durability", "none"));
  }

  /** Returns somebody who does lessons here. */
  player(as: string, shell = "bash"): Player {
    const { folder, program } = this;
    return new Player({ program, folder, as, shell });
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
