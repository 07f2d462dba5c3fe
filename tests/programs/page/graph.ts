/**
 * The graph: its boxes and edges are those of `deno task tree --json`, in the facts, in the list, and in the drawing.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { RepositoryTree } from "../../../src/housekeeping/draw_tree.ts";
import { addressOf } from "../../../src/page/addresses.ts";
import { descriptorOf, TYPES } from "../../fixture.ts";
import { Glassbox } from "../clients/glassbox.ts";
import { type Box, Tab } from "./browser.ts";
import { Pusher } from "./pushing.ts";
import { openTab, type World } from "./world.ts";

/** Checks the graph. */
export async function checkGraph(world: World): Promise<void> {
  const check = world.checks.of("graph");
  const { origin, bench, browser } = world;

  await check("has the boxes and edges of deno task tree --json", async () => {
    const expected = graphOf(await treeOf(world));
    for (const name of ["library/hello", "library/both", "library/tools"]) {
      const answer = await fetch(`${origin}/graph/${name}`, { headers: { Accept: "application/json" } });
      const { boxes, edges } = await answer.json();
      const below = (path: string) => path.startsWith(`${name}/`);
      assertEquals(boxes.map(({ path }: { path: string }) => path).sort(), expected.boxes.filter(below).sort());
      assertEquals(
        edges.map(({ from, to }: { from: string; to: string }) => `${from} ${to}`).sort(),
        expected.edges.filter(below).sort(),
      );
    }
    return [["boxes", String(expected.boxes.length)], ["edges", String(expected.edges.length)]];
  });

  await check("draws a link for each box, and lists the same without JavaScript", async () => {
    const expected = graphOf(await treeOf(world)).boxes.filter((path) => path.startsWith("library/hello/"));
    for (const javaScriptEnabled of [true, false]) {
      await using tab = await openTab(world, { javaScriptEnabled });
      await tab.open("/graph/library/hello");
      await tab.settle();
      const links = await tab.page.evaluate<string[]>(
        "Array.from(document.querySelectorAll('.graph a'), (it) => it.getAttribute('href'))",
      );
      const missing = expected.filter((path) => !links.includes(addressOf(path)));
      assertEquals(missing, [], `boxes without a link, ${javaScriptEnabled ? "with" : "without"} JavaScript`);
      assertEquals(tab.complaints, []);
    }
  });

  await check("is a list for those who want one, the same with JavaScript and without", async () => {
    await using plain = await openTab(world, { javaScriptEnabled: false });
    await plain.open("/graph/");
    await using tab = await openTab(world);
    await tab.open("/graph/");
    await tab.settle();
    assertEquals(await tab.page.locator(".graph-list").isVisible(), false, "the list beside the drawing");
    await tab.page.getByRole("button", { name: "List", exact: true }).click();
    assertEquals(await listIn(tab), await listIn(plain));
    assertEquals(await tab.violations(), []);
  });

  await check("no box lies on another one", async () => {
    await using tab = await openTab(world);
    await tab.open("/graph/");
    await tab.settle();
    const boxes = await tab.page.evaluate<(Box & { name: string })[]>(`
      Array.from(document.querySelectorAll(".graph-plane > .graph-box"), (it) => {
        const { x, y, width, height } = it.getBoundingClientRect();
        return { name: it.innerText, x, y, width, height };
      })`);
    assert(boxes.length > 20, `only ${boxes.length} boxes are drawn`);
    const overlaps = boxes.flatMap((a, at) =>
      boxes.slice(at + 1).filter((b) =>
        a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
      ).map((b) => `${a.name} and ${b.name}`)
    );
    assertEquals(overlaps, []);
  });

  await check(
    "goes along its edges with the keyboard; what belongs together stands out until Escape; Enter opens",
    async () => {
      await using tab = await openTab(world);
      const { page } = tab;
      await tab.open("/graph/library/hello");
      await tab.settle();
      const focused = () => page.evaluate<string>("document.activeElement.dataset.path ?? ''");
      const related = () => page.locator(".graph-plane > .graph-box.related").count();
      // The boxes have one place among what the key Tab goes through.
      const stops =
        "Array.from(document.querySelectorAll('.graph-plane > .graph-box')).filter((it) => it.tabIndex === 0).length";
      assertEquals(await page.evaluate(stops), 1);
      await page.locator(".graph-scroller").focus();
      await page.keyboard.press("Tab");
      while (!(await focused()).includes("/_tags/")) await page.keyboard.press("Tab");
      await page.keyboard.press("Home");
      const tag = await focused();
      await page.keyboard.press("ArrowRight");
      const manifest = await focused();
      await page.keyboard.press("ArrowRight");
      const blob = await focused();
      assertEquals([tag, manifest, blob].map((path) => path.replace(/sha256:[0-9a-f]+/, "…")), [
        "library/hello/_tags/latest",
        "library/hello/…/manifest.json",
        blob.replace(/sha256:[0-9a-f]+/, "…"),
      ]);
      assert(await related() >= 3, "what needs the box does not stand out");
      await page.keyboard.press("Escape");
      assertEquals([await related(), await focused()], [0, blob]);
      await page.keyboard.press("ArrowLeft");
      assertEquals(await focused(), manifest);
      await page.keyboard.press("Enter");
      await page.locator("body[data-panel=at]").waitFor();
      await tab.settle();
      assertEquals(new URL(page.url()).pathname, addressOf(manifest));
      assertEquals(tab.complaints, []);
    },
  );

  await check("lets glow what a push brings, and forgets what a delete takes, without a reload", async () => {
    await using tab = await openTab(world);
    const { page } = tab;
    await tab.open("/graph/");
    await tab.settle();
    await page.evaluate("globalThis.isSameDocument = true");
    const pusher = new Pusher(origin);
    const layer = new TextEncoder().encode(`a layer of ${crypto.randomUUID()}`);
    const { digest, layers } = await pusher.image("library/glowing", { layers: [layer], tags: ["v1"] });
    for (const path of ["_tags/v1", `${digest}/manifest.json`, `${layers[0]}/layer.tar.gz`]) {
      await page.locator(`.graph-box.new[data-path="library/glowing/${path}"]`).waitFor();
    }
    // The graph in the browser has what the address tells.
    const answer = await fetch(`${origin}/graph/library/glowing`, { headers: { Accept: "application/json" } });
    const { boxes } = await answer.json();
    const drawn =
      "Array.from(document.querySelectorAll('.graph-box[data-path^=\"library/glowing/\"]'), (it) => it.dataset.path)";
    assertEquals((await page.evaluate<string[]>(drawn)).sort(), boxes.map(({ path }: { path: string }) => path).sort());
    await pusher.ask("DELETE", "/v2/library/glowing/manifests/v1");
    await page.locator('[data-path="library/glowing/_tags/v1"]').waitFor({ state: "detached" });
    assertEquals(await page.evaluate("isSameDocument"), true);
    assertEquals(tab.complaints, []);
    for (const blob of layers) await pusher.ask("DELETE", `/v2/library/glowing/blobs/${blob}`);
    await pusher.ask("DELETE", `/v2/library/glowing/manifests/${digest}`);
  });

  await check("draws only what is in sight of a repository with more than 2,000 boxes, and scrolls", async () => {
    const glassbox = await Glassbox.start(`${bench.folder}/large`, bench.stack);
    const origin = `http://${glassbox.address}`;
    const pusher = new Pusher(origin);
    const layers = Array.from({ length: 20 }, (_, at) => `layer ${at}`);
    for (const layer of layers) await pusher.blob("large/graph", layer);
    await Promise.all(Array.from({ length: 100 }, async (_, at) => {
      const own = Array.from({ length: 19 }, (_, number) => `own ${at} ${number}`);
      const config = JSON.stringify({ at });
      for (const blob of [config, ...own]) await pusher.blob("large/graph", blob);
      await pusher.manifest("large/graph", {
        schemaVersion: 2,
        mediaType: TYPES.image,
        config: descriptorOf(config, TYPES.config),
        layers: [...own, layers[at % 20]].map((layer) => descriptorOf(layer, TYPES.layer)),
      }, [`v${at}`]);
    }));
    await using tab = await Tab.open(browser, origin);
    const { page } = tab;
    await tab.open("/graph/large/graph");
    await tab.settle();
    const answer = await fetch(`${origin}/graph/large/graph`, { headers: { Accept: "application/json" } });
    const { boxes } = await answer.json();
    const [most, frames, task] = await page.evaluate<number[]>(`(async () => {
      const scroller = document.querySelector(".graph-scroller");
      longTasks.length = 0;
      let most = 0, frames = 0;
      for (let top = 0; top < scroller.scrollHeight; top += 300, frames++) {
        scroller.scrollTop = top;
        await new Promise(requestAnimationFrame);
        most = Math.max(most, document.querySelectorAll(".graph-plane > .graph-box").length);
      }
      return [most, frames, Math.round(Math.max(0, ...longTasks))];
    })()`);
    assert(boxes.length > 2000, `${boxes.length} boxes`);
    assert(most < 200, `${most} boxes are drawn at a time`);
    assert(frames > 100, `it scrolls through ${frames} pictures`);
    assertEquals(await tab.violations(), []);
    return [["boxes", String(boxes.length)], ["drawn", String(most)], ["longest task", `${task} ms`]];
  });
}

// The tree of accessibility of the list, without the addresses of its links.
async function listIn({ page }: Tab): Promise<string> {
  return (await page.locator(".graph-list").ariaSnapshot()).replace(/^.*\/url:.*\n?/gm, "");
}

/** Returns what `deno task tree --json` prints. */
async function treeOf({ bench, glassbox }: World): Promise<RepositoryTree[]> {
  const main = new URL("../../../main.ts", import.meta.url).pathname;
  const flags = ["run", "--no-prompt", "--allow-run=deno", main, "tree", "--json", "--root", glassbox.root];
  const { stdout } = await bench.run(Deno.execPath(), ...flags);
  const trees = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert(trees.length > 0, "the tree is empty");
  return trees;
}

// The paths of the files, and which of them points to which.
function graphOf(trees: readonly RepositoryTree[]): { boxes: string[]; edges: string[] } {
  const boxes = new Set<string>();
  const edges = new Set<string>();
  for (const { name, manifests, loose } of trees) {
    const manifestPath = (digest: string) => `${name}/${digest}/manifest.json`;
    for (const { digest, tags, subject, children, blobs } of manifests) {
      const path = manifestPath(digest);
      boxes.add(path);
      for (const tag of tags) {
        boxes.add(`${name}/_tags/${tag}`);
        edges.add(`${name}/_tags/${tag} ${path}`);
      }
      for (const { digest, file } of blobs) {
        boxes.add(`${name}/${digest}/${file}`);
        edges.add(`${path} ${name}/${digest}/${file}`);
      }
      for (const child of children) edges.add(`${path} ${manifestPath(child)}`);
      if (subject !== undefined) edges.add(`${path} ${manifestPath(subject)}`);
    }
    for (const { digest, file } of loose) boxes.add(`${name}/${digest}/${file}`);
  }
  return { boxes: [...boxes], edges: [...edges] };
}
