/**
 * Very much: 1,000 repositories with 10,000 tags, and a layer of 100,000 entries.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { localDisk } from "../../../src/disk/local_disk.ts";
import { createRegistry } from "../../../src/registry.ts";
import { Glassbox } from "../clients/glassbox.ts";
import { type Browser, Tab } from "./browser.ts";
import { Pusher } from "./pushing.ts";
import type { World } from "./world.ts";

const REPOSITORIES = 1000;
const TAGS = 10;

// What the page promises on a machine with nothing else to do, in milliseconds; and the bound here.
const GENEROUS = 10_000;

/** Checks that the page stays quick when there is much. */
export async function checkMany(world: World): Promise<void> {
  const { checks, bench, browser } = world;
  const sentence = `opens with ${REPOSITORIES} repositories and ${REPOSITORIES * TAGS} tags`;
  const check = checks.of("many");
  if (checks.isAskedFor("many", sentence)) {
    const root = `${bench.folder}/many`;
    await fillWithMany(root);
    const glassbox = await Glassbox.start(root, bench.stack);
    for (const address of ["/", "/at/"]) {
      await check(`${sentence}: ${address}`, async () => {
        const { opened, count, tasks } = await open(browser, `http://${glassbox.address}`, address);
        assert(opened < GENEROUS, `${opened} ms`);
        return [["opened in", `${opened} ms`], ["elements", String(count)], ["longest task", `${tasks} ms`]];
      });
    }
  }
}

// The second time counts: the first one loads the page's own modules into the registry.
async function open(browser: Browser, origin: string, address: string) {
  await using tab = await Tab.open(browser, origin);
  await tab.open("/rule/PUSH-CHUNK-10");
  const begin = performance.now();
  assertEquals(await tab.open(address), 200);
  const opened = Math.round(performance.now() - begin);
  const [count, tasks] = await tab.page.evaluate<[number, number]>(
    "[document.querySelectorAll('*').length, Math.round(Math.max(0, ...longTasks))]",
  );
  assertEquals(tab.complaints, []);
  return { opened, count, tasks };
}

// In this process, without a network and without waiting for the disk.
async function fillWithMany(root: string): Promise<void> {
  const registry = createRegistry({ disk: localDisk(root, { durability: "none" }) });
  const pusher = new Pusher("http://localhost", { send: (request) => registry(request) });
  const layers = [new Uint8Array(1024)];
  for (let at = 0; at < REPOSITORIES; at++) {
    const tags = Array.from({ length: TAGS }, (_, tag) => `v${tag}`);
    await pusher.image(`team-${at % 20}/app-${at}`, { layers, tags, config: { author: String(at % 100) } });
  }
}
