/**
 * The lessons of a workshop, with real clients: a player types what the lesson says for that client, and the lesson is done.
 *
 *     ok   lessons  "blob" is done with oras
 *
 * `tests/workshop/` plays what the lessons say for curl, which is everywhere.
 *
 * @module
 */

import { LESSONS } from "../../../src/workshop/lessons.ts";
import { play, Player } from "../../workshop/player.ts";
import { dockerSocket } from "./docker.ts";
import { Glassbox } from "./glassbox.ts";
import type { Workbench } from "./workbench.ts";

/** Plays all lessons that have commands for a client. docker's steps have started the daemon before. */
export async function tryLessons(bench: Workbench, client: string): Promise<void> {
  const step = bench.stepsOf("lessons");
  const lessons = LESSONS.filter((lesson) => lesson.try.some((attempt) => attempt.with === client));
  if (lessons.length === 0) return;
  const name = client.replace(/\W+/g, "-");
  const path = bench.makeFolder(`lessons-${name}`);
  const glassbox = await Glassbox.start(`${path}/testdata`, bench.stack, "--workshop");
  const send = (method: string, path: string, sent: RequestInit = {}) =>
    fetch(`http://${glassbox.address}${path}`, { method, ...sent });
  const env = { ...bench.environment, DOCKER_HOST: dockerSocket(bench) };
  for (const { id } of lessons) {
    await step(`"${id}" is done with ${client}`, [], async () => {
      await using player = new Player({ program: { send }, folder: { path }, as: `${name}-${id}`, env });
      await play(player, id, client);
    });
  }
}
