/**
 * Looking inside of layers: its limits, its memory, and the thread that does it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { offer } from "../../src/disk/between_threads.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { HERE, Inside, type InsideAnswer, type InsideCall, type InsideFacts } from "../../src/page/inside.ts";
import { LookingInThread } from "../../src/serving/looking_thread.ts";
import { watched } from "../../src/disk/watched.ts";
import { fileOf, tarOf } from "../archive/tar_maker.ts";
import { join } from "../filling/archive.ts";
import { randomBytes } from "../fixture.ts";
import { pushImage, type Send } from "./images.ts";
import { registryWithPage } from "./registry_with_page.ts";

async function layerWith(tar: Uint8Array) {
  const disk = memoryDisk();
  const { send } = registryWithPage({ disk });
  const { layers } = await pushImage(send as Send, "app", [{ tar, command: "ADD all" }], { tag: "v1" });
  return { disk, address: `app/${layers[0]}/layer.tar.gz` };
}

async function lookAt(inside: Inside, address: string): Promise<InsideFacts> {
  const facts = await inside.ask({ do: "look", id: crypto.randomUUID(), address });
  assert(facts !== undefined && "look" in facts);
  return facts;
}

Deno.test("a layer that unpacks to more than the limit shows what was read until then, and says so", async () => {
  const { disk, address } = await layerWith(
    tarOf(fileOf("first", "x"), fileOf("bomb", new Uint8Array(8 * 2 ** 20)), fileOf("last")),
  );
  const { look, tree } = await lookAt(new Inside(disk, { ...HERE, bytes: 2 ** 20 }), address);
  assertEquals(look.limits.length, 1);
  assert(tree!.rows.some(({ text }) => text === "first") && !tree!.rows.some(({ text }) => text === "last"));
  const whole = await lookAt(new Inside(disk, HERE), address);
  assertEquals([whole.look.limits, whole.tree!.rows.map(({ text }) => text)], [[], ["bomb", "first", "last"]]);
});

Deno.test("a layer with more entries than the limit shows the first ones, and says so", async () => {
  const { disk, address } = await layerWith(tarOf(...Array.from({ length: 100 }, (_, at) => fileOf(`f${at}`))));
  const { look, tree } = await lookAt(new Inside(disk, { ...HERE, entries: 10 }), address);
  assertEquals([look.limits.length, tree!.total], [1, 10]);
});

Deno.test("a look that somebody cancels ends, and says so", async () => {
  const { disk, address } = await layerWith(tarOf(fileOf("zeros", new Uint8Array(16 * 2 ** 20)), fileOf("last")));
  const inside = new Inside(disk, HERE);
  const asked = inside.ask({ do: "look", id: "one", address });
  await inside.ask({ do: "cancel", id: "one" });
  const facts = await asked as InsideFacts;
  assertEquals(facts.look.limits.length > 0, true);
});

Deno.test("a look that takes too long ends after its seconds, and says so", async () => {
  const { disk, address } = await layerWith(tarOf(fileOf("zeros", new Uint8Array(128 * 2 ** 20)), fileOf("last")));
  const { look } = await lookAt(new Inside(disk, { ...HERE, seconds: 0.001 }), address);
  assertEquals(look.limits[0], "Stopped after 0.001 seconds.");
});

Deno.test("if the person goes away, the look is cancelled", async () => {
  const calls: InsideCall[] = [];
  const { promise: answer, resolve } = Promise.withResolvers<InsideAnswer>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const inside = (call: unknown) => {
    calls.push(call as InsideCall);
    ask();
    return answer;
  };
  const { send, around } = registryWithPage({ inside });
  await pushImage(send as Send, "app", [{ tar: tarOf(fileOf("a")), command: "ADD a" }], { tag: "v1" });
  const person = new AbortController();
  const page = around(new Request("http://localhost:5080/at/app:v1!/", { signal: person.signal }));
  await asked;
  person.abort();
  assertEquals(calls.map((call) => call.do), ["look", "cancel"]);
  assertEquals(calls[1].id, calls[0].id);
  resolve({ stopped: "cancelled" });
  assertEquals((await page).status, 503);
});

Deno.test("a hard link to a file of a lower layer has the bytes of that file", async () => {
  const disk = memoryDisk();
  const { send } = registryWithPage({ disk });
  const lower = { tar: tarOf(fileOf("bin/tool", "tool")), command: "ADD tool" };
  const upper = { tar: tarOf(fileOf("bin/other", "", { type: "1", link: "bin/tool" })), command: "RUN ln" };
  await pushImage(send as Send, "app", [lower, upper], { tag: "v1" });
  const answer = await send("GET", "/at/app:v1!/bin/other?download");
  assertEquals([answer.status, await answer.text()], [200, "tool"]);
});

Deno.test("a layer that was read stays in memory, until others have taken its place", async () => {
  const { disk, address } = await layerWith(tarOf(fileOf("a"), fileOf("b")));
  const reads: string[] = [];
  const told = watched(disk, ({ when, name, path }) => {
    if (when === "before" && name === "open" && path === address) reads.push(path);
  });
  const remembers = new Inside(told, HERE);
  await lookAt(remembers, address);
  const once = reads.length;
  await lookAt(remembers, `${address}!/`);
  assertEquals(reads.length, once, "what was read is in memory");
  const forgets = new Inside(told, { ...HERE, remembered: 1 });
  reads.length = 0;
  await lookAt(forgets, `${address}!/`);
  const first = reads.length;
  await lookAt(forgets, `${address}!/`);
  assertEquals(reads.length, 2 * first);
});

Deno.test("a file that is downloaded comes in pieces of their own, so that a thread can give each one away", async () => {
  const content = randomBytes(300_000);
  const { disk, address } = await layerWith(tarOf(fileOf("large", content)));
  const inside = new Inside(disk, HERE);
  await inside.ask({ do: "open", id: "one", address: `${address}!/large` });
  const pieces: Uint8Array[] = [];
  for (let piece; (piece = await inside.ask({ do: "next", id: "one" }) as Uint8Array | undefined) !== undefined;) {
    // As when a message moves it to another thread, nothing is left here.
    pieces.push(structuredClone(piece, { transfer: [piece.buffer as ArrayBuffer] }));
  }
  assertEquals(join(pieces), content);
});

/** A thread that answers as a test wants, and counts how often it was started and ended. */
function threadThat(
  answer: (call: InsideCall) => Promise<InsideAnswer>,
  limits: Partial<{ atOnce: number; waiting: number; patience: number }>,
) {
  const counts = { started: 0, ended: 0 };
  const ports: MessagePort[] = [];
  const looking = new LookingInThread(() => {
    counts.started++;
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    offer(port1, answer);
    return Promise.resolve({ port: port2, end: () => void counts.ended++ });
  }, limits);
  return {
    looking,
    counts,
    async [Symbol.asyncDispose]() {
      await looking.stop();
      for (const port of ports) port.close();
    },
  };
}

const question = (id: string): InsideCall => ({ do: "look", id, address: "app" });

Deno.test("a thread that does not answer is ended, the person gets to know why, and the next one gets another thread", async () => {
  await using thread = threadThat(
    (call) => call.id === "endless" ? new Promise(() => {}) : Promise.resolve({ stopped: "no" }),
    { patience: 20 },
  );
  assertEquals(await thread.looking.ask(question("endless")), {
    stopped: "Stopped after 0.02 seconds: it takes too long to look inside.",
  });
  assertEquals(await thread.looking.ask(question("other")), { stopped: "no" });
  assertEquals(thread.counts, { started: 2, ended: 1 });
});

Deno.test("few look at once, some wait, and the others get a clear answer at once", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  let atOnce = 0;
  let most = 0;
  await using thread = threadThat(async () => {
    most = Math.max(most, ++atOnce);
    if (atOnce === 2) arrive();
    await released;
    atOnce--;
    return { stopped: "answered" };
  }, { atOnce: 2, waiting: 1 });
  const asked = ["a", "b", "c"].map((id) => thread.looking.ask(question(id)));
  assertEquals(await thread.looking.ask(question("d")), {
    stopped: "Too many look inside of layers at this moment. Try again soon.",
  });
  await arrived;
  release();
  assertEquals(await Promise.all(asked), Array(3).fill({ stopped: "answered" }));
  assertEquals(most, 2);
});

Deno.test("at most eight files are open at once, even if more are asked for at the same moment", async () => {
  const { disk, address } = await layerWith(tarOf(fileOf("a", "x")));
  const inside = new Inside(disk, HERE);
  const ids = Array.from({ length: 20 }, (_, at) => `download ${at}`);
  const answers = await Promise.all(ids.map((id) => inside.ask({ do: "open", id, address: `${address}!/a` })));
  for (const id of ids) await inside.ask({ do: "cancel", id });

  const expected: InsideAnswer[] = [
    ...Array(8).fill({ size: 1, name: "a" }),
    ...Array(12).fill({ stopped: "Too many downloads from layers at this moment. Try again soon." }),
  ];
  assertEquals(answers.toSorted((a, b) => Number("stopped" in a!) - Number("stopped" in b!)), expected);
});

Deno.test("a page whose look was stopped says so with 503, and offers to try again", async () => {
  const { send } = registryWithPage({ inside: () => Promise.resolve({ stopped: "Too many." }) });
  await pushImage(send as Send, "app", [{ tar: tarOf(fileOf("a")), command: "ADD a" }], { tag: "v1" });
  const answer = await send("GET", "/at/app:v1!/", { headers: { Accept: "text/html" } });
  assertEquals(answer.status, 503);
  const text = await answer.text();
  assert(text.includes("Too many.") && text.includes("Try again"));
});

Deno.test("a look that is cancelled while it waits is not begun, and leaves its turn to the next one", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const begun: string[] = [];
  await using thread = threadThat(async ({ id, do: what }) => {
    if (what === "look") begun.push(id);
    await released;
    return { stopped: "answered" };
  }, { atOnce: 1, waiting: 2 });
  const asked = ["a", "b", "c"].map((id) => thread.looking.ask(question(id)));
  void thread.looking.ask({ do: "cancel", id: "b" });
  assertEquals(await asked[1], { stopped: "Nobody waits for this any more." });
  release();
  assertEquals(await Promise.all([asked[0], asked[2]]), Array(2).fill({ stopped: "answered" }));
  assertEquals(begun, ["a", "c"]);
});

Deno.test("a download goes on while others look and wait", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await using thread = threadThat(async ({ do: what }) => {
    if (what === "look") await released;
    return { stopped: what };
  }, { atOnce: 1, waiting: 0 });
  const asked = thread.looking.ask(question("a"));
  assertEquals(await thread.looking.ask({ do: "next", id: "b" }), { stopped: "next" });
  release();
  await asked;
});

Deno.test("a download that was given up breaks, and does not end as if it were whole", async () => {
  const { disk, address } = await layerWith(tarOf(fileOf("large", randomBytes(300_000))));
  const inside = new Inside(disk, HERE);
  let opened = "";
  const { send } = registryWithPage({
    disk,
    inside: async (call) => {
      const { do: what, id } = call as InsideCall;
      if (what === "open") opened = id;
      return await inside.ask(call as InsideCall);
    },
  });
  const answer = await send("GET", `/at/${address}!/large?download`);
  const reader = answer.body!.getReader();
  await reader.read();
  await inside.ask({ do: "cancel", id: opened });
  const error = await assertRejects(async () => {
    while (!(await reader.read()).done);
  }, Error);
  assertEquals(error.message, "This download was given up: nobody has read it for too long.");
});

Deno.test("a download that takes too long to open ends after its seconds, and one that nobody waits for is not opened", async () => {
  const { disk, address } = await layerWith(tarOf(fileOf("zeros", new Uint8Array(64 * 2 ** 20)), fileOf("last")));
  const open = { do: "open", id: "one", address: `${address}!/last` } as const;
  assertEquals(await new Inside(disk, { ...HERE, seconds: 0.001 }).ask(open), {
    stopped: "Stopped after 0.001 seconds.",
  });
  const inside = new Inside(disk, HERE);
  const asked = inside.ask(open);
  await inside.ask({ do: "cancel", id: "one" });
  await asked;
  const next = await inside.ask({ do: "next", id: "one" });
  assert(next !== undefined && "stopped" in next, "nothing is open");
});
