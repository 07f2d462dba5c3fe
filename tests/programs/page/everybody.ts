/**
 * For everybody: the keyboard alone, and no motion for those who want none.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Tab } from "./browser.ts";
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
