/**
 * The graph: its boxes and edges are those of `deno task tree --json`, in the facts, in the list, and in the drawing.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { RepositoryTree } from "../../../src/housekeeping/draw_tree.ts";
import { addressOf } from "../../../src/page/addresses.ts";
import type { Box, Tab } from "./browser.ts";
import { openTab, type World } from "./world.ts";

/** Checks the graph. */
export async function checkGraph(world: World): Promise<void> {
  const check = world.checks.of("graph");
  const { origin } = world;

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
