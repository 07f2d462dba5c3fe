/**
 * The workshop in the browser: a learner with a page and a terminal, a teacher with the board, and the samples.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Glassbox } from "../clients/glassbox.ts";
import { type Address, checkAddress } from "./addresses.ts";
import { Tab, type TabOptions } from "./browser.ts";
import { Pusher } from "./pushing.ts";
import type { World } from "./world.ts";

/** Returns an address of every kind that a workshop has. */
export function addressesOfWorkshop(): Address[] {
  const there = (name: string, address: string, text: string): Address => ({ name, address, text, status: 200 });
  return [
    there("lessons", "/lessons?as=ana", "What is an image?"),
    there("lesson", "/lessons/blob?as=ana", "Try it with curl"),
    there("lesson-done", "/lessons/knock?as=ana", "Well done!"),
    there("lesson-switch", "/lessons/detective?as=ana", "The registry"),
    there("board", "/board", "ana"),
    there("samples", "/samples", "Refused ones"),
    there("guide", "/guide", "The plan"),
    { name: "missing-lesson", address: "/lessons/knok", text: "knok", status: 404 },
  ];
}

/** Starts a registry with a workshop, in which a learner has done something. */
export async function startWorkshop({ bench }: World, stack: AsyncDisposableStack): Promise<string> {
  const glassbox = await Glassbox.start(bench.makeFolder("workshop"), stack, "--workshop");
  const origin = `http://${glassbox.address}`;
  await fetch(`${origin}/lessons?as=ana`, { headers: { Accept: "application/json" } });
  const pusher = new Pusher(origin, { agent: "curl/8" });
  await pusher.ask("GET", "/v2/");
  await pusher.blob("ana/hello", "hello");
  return origin;
}

/** Checks the lessons, the board and the samples. */
export async function checkLessons(world: World): Promise<void> {
  const check = world.checks.of("lesson");
  await using stack = new AsyncDisposableStack();
  // It starts for the first check that needs it.
  let started: Promise<string> | undefined;
  const open = async (options: TabOptions = {}) =>
    await Tab.open(world.browser, await (started ??= startWorkshop(world, stack)), options);

  for (const address of addressesOfWorkshop()) {
    await check(`${address.name}: whole without JavaScript, without barriers, on any screen`, async () => {
      await using tab = await open();
      await using plain = await open({ javaScriptEnabled: false });
      await checkAddress(address, tab, plain);
    });
  }

  await check(
    "a lesson shows each step when it is done, the hint of a mistake, and the next lesson, without a reload",
    async () => {
      await using tab = await open();
      const pusher = new Pusher(await started!, { agent: "curl/8" });
      await tab.listen("/lessons/blob?as=bo");
      const text = () => tab.page.locator(".lesson").innerText();
      assert(!(await text()).includes("Nearly."), await text());
      // The method of somebody who has forgotten that a push is a POST.
      await pusher.ask("GET", "/v2/bo/blob/blobs/uploads/");
      await tab.until(`document.querySelector(".lesson .hint") !== null`);
      const digest = await pusher.blob("bo/blob", "hello");
      await tab.until(`document.querySelectorAll(".lesson .lessons .done").length === 2`);
      await pusher.ask("GET", `/v2/bo/blob/blobs/${digest}`);
      await tab.until(`document.querySelector(".lesson .good") !== null`);
      assertEquals(await tab.page.locator(".lesson .lessons .open").count(), 0);
      assert(await tab.page.getByRole("link", { name: /^Next lesson/ }).isVisible());
      await tab.page.getByRole("button", { name: "Begin again" }).click();
      await tab.until(`document.querySelector(".lesson .good") === null`);
      assertEquals([await tab.violations(), tab.complaints], [[], []]);
    },
  );

  await check("a command is copied as it is, also where the browser gives a page no clipboard", async () => {
    await using tab = await open();
    await tab.listen("/lessons/blob?as=ana");
    await tab.page.evaluate(`Object.defineProperty(navigator, "clipboard", { value: undefined })`);
    const button = tab.page.getByRole("button", { name: "Copy all" }).first();
    const expected = await button.getAttribute("data-copy");
    await button.click();
    await tab.until(`[...document.querySelectorAll("button")].some((one) => one.innerText === "Copied")`);
    await tab.page.evaluate(
      `addEventListener("paste", ({ clipboardData }) => globalThis.pasted = clipboardData.getData("text/plain"))`,
    );
    await tab.page.keyboard.press("Control+V");
    await tab.until(`globalThis.pasted !== undefined`);
    assertEquals(await tab.page.evaluate<string>("globalThis.pasted"), expected);
  });

  await check("beside a lesson are the requests and the graph of the learner, and of nobody else", async () => {
    await using tab = await open();
    const pusher = new Pusher(await started!, { agent: "curl/8" });
    await tab.listen("/lessons/blob?as=cy");
    await pusher.blob("dora/blob", "of dora");
    await pusher.blob("cy/blob", "of cy");
    await tab.until(`document.querySelector(".lesson-page [role=log]").innerText.includes("cy/blob")`);
    await tab.until(`document.querySelector(".lesson-page .graph").innerText.includes("cy/blob")`);
    const text = await tab.page.locator(".lesson-page").innerText();
    assert(!text.includes("dora/blob"), text);
  });

  await check("the board tells the teacher at once who is where", async () => {
    await using tab = await open({ viewport: { width: 1024, height: 768 } });
    const pusher = new Pusher(await started!, { agent: "curl/8" });
    await tab.listen("/board");
    await fetch(`${await started!}/lessons?as=eve`, { headers: { Accept: "application/json" } });
    await pusher.blob("eve/blob", "hello");
    await tab.until(`document.querySelector(".board")?.innerText.includes("eve")`);
    assertEquals([await tab.violations(), tab.complaints], [[], []]);
  });

  await check("a learner turns on the switch of a lesson, and answers", async () => {
    await using tab = await open();
    await tab.listen("/lessons/detective?as=fay");
    await tab.page.getByRole("button", { name: "Let it misbehave" }).click();
    await tab.until(`document.querySelector(".switch form") !== null`);
    await tab.page.locator(".switch input").fill("API-01");
    await tab.page.getByRole("button", { name: "Answer" }).click();
    await tab.until(`document.querySelector(".lesson .hint") !== null`);
    assertEquals(await tab.violations(), []);
    await tab.page.getByRole("button", { name: "Let it behave" }).click();
    await tab.until(`document.querySelector(".switch form") === null`);
    assertEquals(tab.complaints, []);
  });

  await check("a button pushes a sample, and says where it is, or how it was refused", async () => {
    await using tab = await open();
    await tab.listen("/samples?to=gus");
    await tab.page.getByRole("button", { name: "Push hello" }).click();
    await tab.until(`document.querySelector("main > .told a")?.getAttribute("href") === "/at/gus/hello"`);
    await tab.page.getByRole("button", { name: "Push lying-digest" }).click();
    await tab.until(`document.querySelector("main > .told").innerText.includes("400 DIGEST_INVALID PUSH-SINGLE-03")`);
    await tab.page.getByRole("button", { name: "Push size-lie" }).click();
    await tab.until(`document.querySelector("main > .told").innerText.startsWith("size-lie")`);
    const { top, bottom } = await tab.page.evaluate<DOMRect>(
      `document.querySelector("main > .told").getBoundingClientRect().toJSON()`,
    );
    assert(top >= 0 && bottom <= await tab.page.evaluate<number>("innerHeight"), `told from ${top} to ${bottom}`);
    assertEquals([await tab.violations(), tab.complaints], [[], []]);
  });
}
