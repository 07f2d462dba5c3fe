/**
 * Tests the page in a real browser: Debian's Chromium, over a real Glassbox that real clients fill. `deno task page` runs it.
 *
 *     ok   address   /rule/PUSH-CHUNK-10 is whole with JavaScript and without, and nothing keeps anybody out
 *     ok   live      shows each request of skopeo while it copies an image
 *     skip live      docker is not installed: apt-get install docker.io
 *     68 passed, 0 failed, 1 skipped
 *
 * Nothing is compared by pixels: the checks read the tree of accessibility, texts, and the places of boxes. What is measured stands
 * behind the sentence of its check. A bound is generous, because other programs may use the same machine.
 *
 *     deno task page --only keyboard          the checks with this in their line
 *     deno task page --screenshots shots      pictures of every panel instead, to be looked at by a person
 *     deno task page --picture                makes the picture of the README anew
 *
 * @module
 */

import { parseArgs } from "node:util";
import { Glassbox } from "../clients/glassbox.ts";
import { Images } from "../clients/images.ts";
import { Workbench } from "../clients/workbench.ts";
import { findProgram, pathToPrograms } from "../installed.ts";
import { outputOf } from "../processes.ts";
import { interruption, runProgram } from "../run_program.ts";
import { checkAddresses } from "./addresses.ts";
import { FETCH_PACKAGES, startBrowser } from "./browser.ts";
import { Checks } from "./checks.ts";
import { checkEverybody } from "./everybody.ts";
import { checkGraph } from "./graph.ts";
import { checkHostile } from "./hostile.ts";
import { checkLayers } from "./layers.ts";
import { checkLessons } from "./lessons.ts";
import { checkLive } from "./live.ts";
import { checkMany } from "./many.ts";
import { checkPasswords } from "./passwords.ts";
import { takePicture, takeScreenshots } from "./screenshots.ts";
import { checkStopping } from "./stopping.ts";
import { fill, type World } from "./world.ts";

const HELP = `Tests the page in Chromium, while real clients push to a real Glassbox.

Usage: deno task page [FLAGS]

  --only TEXT           the checks with this text in their line
  --screenshots FOLDER  make pictures of every panel instead: light and dark, wide and narrow
  --picture             make the picture in the README anew, instead
  -h, --help            print this and exit

It needs Linux, chromium, busybox, skopeo and GNU tar, and the packages playwright-core and axe-core:
${FETCH_PACKAGES}
Without docker, its check is skipped; with CI=true in the environment that is a failure.`;

// The programs without which nothing is tested, with the commands that install them.
const NEEDED = [
  ["chromium", "apt-get install chromium"],
  ["busybox", "apt-get install busybox"],
  ["skopeo", "apt-get install skopeo"],
  ["tar", "apt-get install tar"],
] as const;

if (import.meta.main) await runProgram(HELP, main);

interface Flags {
  readonly only: string;
  readonly screenshots: string | undefined;
  readonly picture: boolean;
}

/** Tests the page, and leaves nothing behind. Returns the exit status. */
async function main(args: string[]): Promise<number> {
  const flags = readFlags(args);
  if (typeof flags === "string") {
    console.error(`page: ${flags}`);
    return 2;
  }
  const path = await pathToPrograms();
  const missing = NEEDED.filter(([program]) => findProgram(program, path) === undefined);
  for (const [program, install] of missing) console.error(`page: ${program} is not installed: ${install}`);
  if (missing.length > 0) return 1;
  const stack = new AsyncDisposableStack();
  try {
    return await Promise.race([test(flags, path, stack), interruption()]);
  } finally {
    await stack.disposeAsync();
  }
}

function readFlags(args: string[]): Flags | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: "string", default: "" },
        screenshots: { type: "string" },
        picture: { type: "boolean", default: false },
      },
    });
    const { only, screenshots, picture } = values;
    return { only, screenshots, picture };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return `${error.message.split(". ")[0]}; there are --only TEXT, --screenshots FOLDER, --picture and --help`;
  }
}

async function test(flags: Flags, path: string, stack: AsyncDisposableStack): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "glassbox_page_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const checks = new Checks(flags.only, () => stack.disposed);
  const [glassbox, browser, isRoot] = await Promise.all([
    Glassbox.start(`${folder}/root`, stack),
    startBrowser(findProgram("chromium", path)!, stack),
    outputOf("id", "-u").then((id) => id === "0"),
  ]);
  const images = new Images(`${folder}/layout`, findProgram("busybox", path)!);
  const bench = new Workbench({ stack, glassbox, images, folder, isRoot, path, count: { passed: 0, failed: 0 } });
  const world: World = { checks, browser, bench, glassbox, origin: `http://${glassbox.address}` };
  if (flags.picture) return await takePicture(world);
  await fill(world);
  if (flags.screenshots !== undefined) return await takeScreenshots(world, flags.screenshots);

  await checkAddresses(world);
  await checkEverybody(world);
  await checkLive(world);
  await checkGraph(world);
  await checkLayers(world);
  await checkHostile(world);
  await checkPasswords(world);
  await checkLessons(world);
  await checkStopping(world);
  await checkMany(world);

  const { passed, failed, skipped } = checks;
  console.log(`${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`);
  return failed > 0 || (skipped > 0 && Deno.env.get("CI") === "true") ? 1 : 0;
}
