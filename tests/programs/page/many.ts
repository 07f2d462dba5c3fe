/**
 * Very much: 1,000 repositories with 10,000 tags, and a layer of 100,000 entries.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { localDisk } from "../../../src/disk/local_disk.ts";
import { createRegistry } from "../../../src/registry.ts";
import { tarOf } from "../../filling/archive.ts";
import { Glassbox } from "../clients/glassbox.ts";
import { type Browser, Tab } from "./browser.ts";
import { Pusher } from "./pushing.ts";
import type { World } from "./world.ts";

const REPOSITORIES = 1000;
const TAGS = 10;
const ENTRIES = 100_000;

// More would take a browser long to draw, and a person long to read.
const MOST_ELEMENTS = 20_000;

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
        const { opened, count, task, frame } = await open(browser, `http://${glassbox.address}`, address);
        assert(opened < GENEROUS, `${opened} ms`);
        // What is far away is not drawn.
        assert(count < MOST_ELEMENTS, `${count} elements`);
        return [
          ["opened in", `${opened} ms`],
          ["elements", String(count)],
          ["longest task", `${task} ms`],
          ["longest frame", `${frame} ms`],
        ];
      });
    }
  }

  await check(`opens a layer of ${ENTRIES} entries, and its list scrolls`, async () => {
    const tar = tarOf(Array.from({ length: ENTRIES }, (_, at) => ({ name: `many/${at}`, content: String(at) })));
    const { layers } = await new Pusher(world.origin).image("library/many", { layers: [tar], tags: ["v1"] });
    const address = `/at/library/many/${layers[0]}/layer.tar.gz!/many`;
    const { opened, count, task, frame } = await open(browser, world.origin, address);
    assert(opened < GENEROUS, `${opened} ms`);
    return [
      ["opened in", `${opened} ms`],
      ["elements", String(count)],
      ["longest task", `${task} ms`],
      ["longest frame", `${frame} ms`],
    ];
  });
}

// Opens an address, and scrolls it to its end. The page's own modules are in the browser already.
async function open(browser: Browser, origin: string, address: string) {
  await using tab = await Tab.open(browser, origin);
  await tab.open("/rule/");
  const begin = performance.now();
  assertEquals(await tab.open(address), 200);
  const opened = Math.round(performance.now() - begin);
  const [count, task, frame] = await tab.page.evaluate<number[]>(`(async () => {
    const frames = [];
    for (let at = 0, before = performance.now(); at < 60; at++) {
      scrollBy(0, innerHeight / 2);
      const now = await new Promise(requestAnimationFrame);
      frames.push(now - before);
      before = now;
    }
    return [document.querySelectorAll("*").length, Math.max(0, ...longTasks), Math.max(...frames)].map(Math.round);
  })()`);
  assertEquals(tab.complaints, []);
  return { opened, count, task, frame };
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
