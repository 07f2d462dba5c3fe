/**
 * Stopping: the registry goes away, and the page says so; it comes back, and the page goes on.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { end, waitForLine } from "../processes.ts";
import { Tab } from "./browser.ts";
import { Pusher } from "./pushing.ts";
import type { World } from "./world.ts";

/** Checks what the page shows while the registry is away, and afterwards. */
export async function checkStopping(world: World): Promise<void> {
  await world.checks.of("stopping")("says that the registry has stopped, and goes on when it is back", async () => {
    const { bench, browser } = world;
    await using stack = new AsyncDisposableStack();
    const root = bench.makeFolder("stopping");
    const first = await start(root, 0);
    stack.defer(() => end(first.process));
    const origin = `http://127.0.0.1:${first.port}`;
    await using tab = await Tab.open(browser, origin);
    await tab.listen("/");
    await tab.page.evaluate("globalThis.isSameDocument = true");
    const silent = await tab.page.locator("[role=status]").ariaSnapshot();

    tab.expectSilence();
    await end(first.process);
    await tab.until(`/not answer|stopped|away/.test(document.querySelector("[role=status]")?.innerText ?? "")`);

    const second = await start(root, first.port);
    stack.defer(() => end(second.process));
    await new Pusher(origin).blob("library/back", "again");
    await tab.until(`document.querySelector("[role=log]").textContent.includes("library/back")`);
    tab.expectAnswers();
    assertEquals(await tab.page.locator("[role=status]").ariaSnapshot(), silent);
    assertEquals(await tab.page.evaluate("globalThis.isSameDocument"), true, "the document was loaded again");
  });
}

async function start(root: string, port: number): Promise<{ process: Deno.ChildProcess; port: number }> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-run=deno",
      "main.ts",
      "--port",
      String(port),
      "--root",
      root,
      "--log",
      "line",
    ],
    cwd: new URL("../../../", import.meta.url),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const [, listens] = await waitForLine(process.stdout, /listens on http:\/\/127\.0\.0\.1:(\d+)/);
  return { process, port: Number(listens) };
}
