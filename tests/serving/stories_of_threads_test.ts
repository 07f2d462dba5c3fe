/** The stories of two threads: what one of them tells the other, and what it only counts. */

import { assertEquals } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { createRegistry } from "../../src/registry.ts";
import { RememberedStories } from "../../src/serving/remembered_stories.ts";
import { StoriesOfThreads, type ThreadMessage } from "../../src/serving/stories_of_threads.ts";

// Two threads in one. The page is open in the first one, and the requests come to the second one, all in the same moment.
function twoThreads() {
  const first: RememberedStories = new RememberedStories({
    open: () => links[0].open(),
    close: () => links[0].close(),
    stories: () => links[0].stories(),
  });
  const second = new RememberedStories();
  const sendTo = (at: number) => (message: ThreadMessage) => {
    // Like a channel, this delivers a copy, and later.
    queueMicrotask(() => links[at].receive(structuredClone(message)));
  };
  const links = [new StoriesOfThreads(first, sendTo(1), 1), new StoriesOfThreads(second, sendTo(0), 1)];
  const registry = createRegistry({ disk: memoryDisk({ now: () => 1_000_000 }), onStory: second.tell });
  const send = async (method: string, path: string, times = 1) => {
    for (let at = 0; at < times; at++) await registry(new Request(`http://localhost${path}`, { method }));
  };
  return { first, send };
}

Deno.test("what another thread only counts is told as missed, also if nothing else comes after it", async () => {
  const { first, send } = twoThreads();
  await send("GET", "/v2/", 500);
  let woken = Promise.withResolvers<void>();
  const open = await first.open(() => woken.resolve());
  const before = open.after("", Infinity);
  assertEquals([before.stories.length, before.missed], [200, 300]);

  await woken.promise;
  woken = Promise.withResolvers();
  await send("GET", "/v2/", 7);
  await woken.promise;
  const after = open.after(before.mark, Infinity);
  assertEquals([after.stories.length, after.missed, open.after(after.mark, Infinity).missed], [0, 7, 0]);
  open.close();
});

Deno.test("very many refusals in another thread do not drive away its change, and each story is told or counted", async () => {
  const { first, send } = twoThreads();
  let wake = () => {};
  const open = await first.open(() => wake());
  await send("POST", "/v2/app/blobs/uploads/");
  let [told, missed, mark, changes] = [0, 0, "", 0];
  for (let round = 0; told + missed < 6001; round++) {
    const woken = Promise.withResolvers<void>();
    wake = woken.resolve;
    if (round < 4) await send("DELETE", "/v2/app/manifests/last", 1500);
    await woken.promise;
    if (round < 4) continue;
    const next = open.after(mark, Infinity);
    told += next.stories.length;
    missed += next.missed;
    changes += next.stories.filter(({ status }) => status === 202).length;
    mark = next.mark;
  }
  assertEquals([told + missed, changes], [6001, 1]);
  open.close();
});
