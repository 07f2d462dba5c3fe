/** Tests of the lesson about a hidden fault: those who test all suspects find each of its faults. */

import { LESSONS } from "../../src/workshop/lessons.ts";
import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";
import { commandsIn, inTurns, Player } from "./player.ts";

const DETECTIVE = LESSONS.find(({ id }) => id === "detective")!;

Deno.test("each fault that the detective may have to find is found by testing the suspects one after the other", async () => {
  using folder = new Folder();
  const faults = [DETECTIVE.switch!.id].flat();
  const remembered = `${folder.path}/testdata/.workshop`;
  Deno.mkdirSync(remembered, { recursive: true });
  for (const id of faults) {
    // The registry remembers which fault a learner has. So each one here has another one.
    const learner = { happenings: [], done: {}, since: {}, switch: { lesson: "detective", id } };
    Deno.writeTextFileSync(`${remembered}/${id}.json`, JSON.stringify(learner));
  }
  await using program = await Program.serve(`${folder.path}/testdata`, "--workshop");
  await inTurns(faults.map((id) => async () => {
    await using player = new Player({ program, folder, as: id });
    const [[_switchOn, ...others]] = commandsIn(await player.facts("detective"), "curl");
    await player.type(others.join("\n"));
    await player.factsThat("detective", ({ done, switch: found }) => done !== undefined && found?.id === id);
  }));
});
