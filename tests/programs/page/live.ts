/**
 * Live: what real clients do is on the page while they do it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { bytes } from "../../fixture.ts";
import { dockerSocket, startDaemon } from "../clients/docker.ts";
import type { ToldStory } from "../clients/glassbox.ts";
import { findProgram } from "../installed.ts";
import type { Tab } from "./browser.ts";
import type { Figure } from "./checks.ts";
import { Pusher } from "./pushing.ts";
import { copyWithSkopeo, openTab, type World } from "./world.ts";

// The requests of a push of a large image by a fast client.
const BURST = 200;

/** Checks the live feed. */
export async function checkLive(world: World): Promise<void> {
  const check = world.checks.of("live");

  await check("shows each request of skopeo while it copies an image, without a reload", async () => {
    return await watch(world, () => copyWithSkopeo(world, "all", "live/skopeo:v1"));
  });

  if (world.checks.isAskedFor("live", "docker")) await checkDocker(world);

  await check("a filter chooses among the requests, and an action is called the same as without it", async () => {
    await using tab = await openTab(world);
    await tab.listen("/");
    const summary = `document.querySelector("[role=log] summary .kind")?.textContent`;
    await new Pusher(world.origin, { agent: "filtered/1" }).image("live/filtered", { layers: [], tags: ["v1"] });
    const name = "push of live/filtered:v1 by filtered/1";
    await tab.until(`${summary} === "${name}"`);
    const shown = `[...document.querySelectorAll("[role=log] .story .method")].map((it) => it.textContent).join()`;
    await tab.page.getByRole("search", { name: "Filter of the stories" }).locator("summary").click();
    await tab.page.locator("input[name=client]").fill("filtered/1");
    await tab.page.locator("input[name=text]").fill("manifests");
    await tab.until(`${shown} === "PUT" && ${summary} === "${name}"`);
    await tab.page.locator("input[name=text]").fill("");
    await tab.until(`${shown} === "POST,PUT" && ${summary} === "${name}"`);
    assertEquals(tab.complaints, []);
  });

  await check("a file that somebody writes by hand is on the page without a reload", async () => {
    await using tab = await openTab(world);
    await tab.listen("/");
    const { root } = world.glassbox;
    const digest = Deno.readTextFileSync(`${root}/library/hello/_tags/v1`);
    Deno.writeTextFileSync(`${root}/library/hello/_tags/by-hand`, digest);
    await tab.until(`document.querySelector("main").innerText.includes("by-hand")`);
    Deno.removeSync(`${root}/library/hello/_tags/by-hand`);
    assertEquals(tab.complaints, []);
  });

  await check(`a push of ${BURST} requests in a second does not make it stutter`, async () => {
    await using tab = await openTab(world);
    await tab.listen("/");
    // Those of the opening do not count.
    await tab.page.evaluate("longTasks.length = 0");
    const pusher = new Pusher(world.origin, { agent: "burst/1" });
    const begin = performance.now();
    await Promise.all(Array.from({ length: BURST }, (_, at) => pusher.blob("live/burst", bytes(`blob ${at}`))));
    const took = Math.round(performance.now() - begin);
    await pusher.manifest("live/burst", { schemaVersion: 2, mediaType: INDEX, manifests: [] }, ["end"]);
    await showsPath(tab, "/v2/live/burst/manifests/");
    const tasks = await tab.page.evaluate<number[]>("longTasks.map(Math.round)");
    assertEquals(tab.complaints, []);
    // 50 ms is what a person does not notice. A machine with other work may need more, so only far more is a fault.
    assert(tasks.every((task) => task < 500), `long tasks: ${tasks}`);
    return [["requests", `${BURST} in ${took} ms`], ["tasks over 50 ms", String(tasks.length)], [
      "longest",
      tasks.length === 0 ? "under 50 ms" : `${Math.max(...tasks)} ms`,
    ]];
  });
}

const INDEX = "application/vnd.oci.image.index.v1+json";

async function checkDocker(world: World): Promise<void> {
  const { bench, checks, glassbox } = world;
  const path = bench.environment.PATH;
  if (!bench.isRoot) return checks.skip("live", "docker is not tried: only root can start its daemon");
  for (const program of ["docker", "dockerd"]) {
    if (findProgram(program, path) !== undefined) continue;
    return checks.skip("live", `${program} is not installed: apt-get install docker.io`);
  }
  await checks.of("live")("shows each request of docker while it pushes an image", async () => {
    const socket = dockerSocket(bench);
    await startDaemon(bench, socket);
    const reference = `${glassbox.address}/live/docker:v1`;
    await bench.run("docker", "--host", socket, "import", bench.makeFile("layer.tar", bench.images.tar), reference);
    return await watch(world, () => bench.run("docker", "--host", socket, "push", reference));
  });
}

// Opens `/`, lets a client work, and compares what the page shows with what the registry has told.
async function watch(world: World, work: () => Promise<unknown>): Promise<Figure[]> {
  const { glassbox } = world;
  await using tab = await openTab(world);
  await tab.listen("/");
  await tab.page.evaluate("globalThis.isSameDocument = true");
  const start = glassbox.stories.length;
  await work();
  await glassbox.toldSince(start);
  const told: ToldStory[] = glassbox.stories.slice(start).filter(({ url }) => url.includes("/live/"));
  const ended = performance.now();
  await showsPath(tab, pathOf(told.at(-1)!));
  const late = Math.round(performance.now() - ended);
  // An action that has ended leads to what it has made, and counts the files.
  const outcomes = `Array.from(document.querySelectorAll(".outcome"), (outcome) => outcome.textContent)`;
  await tab.until(`${outcomes}.some((text) => /^Look at live\\/\\S+ files? made/.test(text))`);
  const text = await tab.page.locator("[role=log]").textContent() ?? "";
  const missing = told.filter((story) => !text.includes(pathOf(story)));
  assertEquals(missing, [], "stories that the page does not show");
  assertEquals(await tab.page.evaluate("globalThis.isSameDocument"), true, "the document was loaded again");
  assertEquals(tab.complaints, []);
  return [["requests", String(told.length)], ["behind", `${late} ms`]];
}

// Long digests may be shortened on the page, but not in what a screen reader or a search finds.
function pathOf({ url }: ToldStory): string {
  return decodeURIComponent(url.split("?")[0]);
}

async function showsPath(tab: Tab, path: string): Promise<void> {
  await tab.until(`document.querySelector("[role=log]").textContent.includes(${JSON.stringify(path)})`);
}
