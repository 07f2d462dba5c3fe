/** The example of an own lesson: a teacher can serve it as it is, and it is done as it says. */

import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";
import { filled } from "./near_misses.ts";
import { play, Player } from "./player.ts";

const EXAMPLES = new URL("../../src/workshop/example_lessons/", import.meta.url).pathname;

// What somebody types who makes a mistake, and the hint that this person meets.
const PUSH = (annotations: string) =>
  `{curl} -X POST -H "Content-Type: application/octet-stream" --data-binary '{}' "{url}/v2/{as}/base/blobs/uploads/?digest=sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
{curl} -X PUT -H "Content-Type: application/vnd.oci.image.manifest.v1+json" --data-binary '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]${annotations}}' "{url}/v2/{as}/base/manifests/v1"`;
const MISTAKES: [lines: string, hint: number][] = [
  [PUSH(""), 1],
  [PUSH(',"annotations":{"org.opencontainers.image.vendor":"Team Blue"}'), 2],
  [PUSH(',"annotations":{"org.opencontainers.image.source":"git.example/blue/base"}'), 2],
];

Deno.test("the example of an own lesson can be served and done, and a mistake meets its hint", async () => {
  using folder = new Folder();
  await using program = await Program.serve(`${folder.path}/testdata`, "--workshop", "--lessons", EXAMPLES);
  await using ana = new Player({ program, folder, as: "ana" });
  await play(ana, "our-base");
  for (const [index, [lines, hint]] of MISTAKES.entries()) {
    await using player = new Player({ program, folder, as: `bo-${index}` });
    const { origin } = await player.facts("our-base");
    await player.type(filled(lines, { as: player.as, origin }));
    await player.factsThat("our-base", (facts) => facts.hint?.number === hint);
    await player.newTerminal();
    await play(player, "our-base");
  }
});
