/**
 * For everybody: the keyboard alone, and no motion for those who want none.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { tarOf } from "../../filling/archive.ts";
import type { Tab } from "./browser.ts";
import { Pusher } from "./pushing.ts";
import { openTab, type World } from "./world.ts";

/** Checks what a person without a mouse, or with a wish for less motion, meets. */
export async function checkEverybody(world: World): Promise<void> {
  const check = world.checks.of("everybody");

  await check("the first key goes to a link that leads past the navigation", async () => {
    await using tab = await openTab(world);
    await tab.open("/");
    await tab.settle();
    await tab.page.keyboard.press("Tab");
    assertEquals(await focused(tab), "Go to the content");
    await tab.page.keyboard.press("Enter");
    assertEquals(await tab.page.evaluate("document.activeElement.localName"), "main");
  });

  await check(
    "Tab reaches everything that can be pressed, in the order of the page, and the focus is to be seen",
    async () => {
      await using tab = await openTab(world);
      await tab.open("/rule/PUSH-CHUNK-10");
      await tab.settle();
      const expected = await tab.page.evaluate<number>(
        "document.querySelectorAll('a[href], button, input, select, summary').length",
      );
      const places: number[] = [];
      for (let at = 0; at < expected; at++) {
        await tab.page.keyboard.press("Tab");
        const { place, outline } = await tab.page.evaluate<{ place: number; outline: string }>(`({
        place: [...document.querySelectorAll("a[href], button, input, select, summary")].indexOf(document.activeElement),
        outline: getComputedStyle(document.activeElement).outline,
      })`);
        places.push(place);
        assert(/solid 3px/.test(outline), `the outline of element ${place} is "${outline}"`);
      }
      assertEquals(places, Array.from({ length: expected }, (_, at) => at));
    },
  );

  await check("arrow keys go from box to box of the graph, along its edges, and Enter opens one", async () => {
    await using tab = await openTab(world);
    await tab.open("/graph/library/both/_tags/v1");
    await tab.settle();
    const { keyboard } = tab.page;
    await tab.page.locator(".graph-tools input").focus();
    const at = async () =>
      (await tab.page.evaluate<string>("document.activeElement.dataset.path ?? ''")).split("/").at(-1);
    // The box that scrolls, the name of the repository, and then the first box of the graph.
    for (let tabs = 0; tabs < 4 && await at() === ""; tabs++) await keyboard.press("Tab");
    const way: (string | undefined)[] = [await at()];
    for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"]) {
      await keyboard.press(key);
      way.push(await at());
    }
    assertEquals([way[0], way[1], way[2], way[4]], ["v1", "manifest.json", "manifest.json", "manifest.json"]);
    assert(/^(?:config\.json|layer\.tar)/.test(way[3]!), way.join(" "));
    assertEquals(await tab.page.evaluate("/solid 3px/.test(getComputedStyle(document.activeElement).outline)"), true);
    await keyboard.press("Enter");
    await tab.until("location.pathname.startsWith('/at/library/both/')");
  });

  await check("the feed is paused and filtered by keyboard", async () => {
    await using tab = await openTab(world);
    await tab.listen("/");
    const { keyboard } = tab.page;
    const pusher = new Pusher(world.origin, { agent: "keyboard/1" });
    const shows = (path: string) =>
      tab.page.evaluate<boolean>(`document.querySelector("[role=log]").textContent.includes("${path}")`);

    await tab.page.getByRole("button", { name: "Pause" }).focus();
    await keyboard.press("Enter");
    await pusher.blob("keyboard/paused", "paused");
    // A slow push may count as two actions.
    await tab.until(`/[1-9][0-9]* new/.test(document.activeElement.innerText)`);
    assertEquals(await shows("keyboard/paused"), false);
    await keyboard.press("Enter");
    await tab.until(`document.querySelector("[role=log]").textContent.includes("keyboard/paused")`);

    await keyboard.press("Tab");
    await keyboard.press("Tab");
    assertEquals(await focused(tab), "Filter");
    await keyboard.press("Enter");
    await keyboard.press("Tab");
    await keyboard.type("keyboard/");
    await tab.until(`!document.querySelector("[role=log]").textContent.includes("library/hello")`);
    assertEquals(await shows("keyboard/paused"), true);
    assertEquals(await tab.page.evaluate("location.search"), "?text=keyboard%2F");
    assertEquals(tab.complaints, []);
  });

  await check("the rows of a layer are gone through by arrow keys, and a folder is folded", async () => {
    const { layers } = await new Pusher(world.origin).image("keyboard/rows", {
      layers: [tarOf(Array.from({ length: 2000 }, (_, at) => ({ name: `${at % 2}/${at}`, content: "" })))],
      tags: ["v1"],
    });
    await using tab = await openTab(world);
    await tab.open(`/at/keyboard/rows/${layers[0]}/layer.tar.gz`);
    await tab.settle();
    const { keyboard } = tab.page;
    await tab.page.getByRole("treegrid").focus();
    const row = () =>
      tab.page.evaluate<string>(
        "document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).innerText.split(/\\s/)[0]",
      );
    const way = [await row()];
    for (const key of ["ArrowLeft", "ArrowDown", "End"]) {
      await keyboard.press(key);
      await tab.settle();
      way.push(await row());
    }
    assertEquals(way, ["0/", "0/", "1/", "999"]);
    assertEquals(tab.complaints, []);
  });

  await check("nothing moves for those who want no motion", async () => {
    await using tab = await openTab(world, { reducedMotion: "reduce" });
    await tab.open("/");
    await tab.settle();
    const moving = await tab.page.evaluate<string[]>(`[...document.querySelectorAll("*")].filter((it) => {
      const { animationName, transitionDuration } = getComputedStyle(it);
      return animationName !== "none" || !/^0s(, 0s)*$/.test(transitionDuration);
    }).map((it) => it.outerHTML.slice(0, 100))`);
    assertEquals(moving, []);
  });
}

/** Returns the text of what has the focus. */
export async function focused({ page }: Tab): Promise<string> {
  return await page.evaluate<string>("document.activeElement.innerText");
}
