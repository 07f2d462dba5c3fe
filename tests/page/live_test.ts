/**
 * `/live`: the stories as they come, what a client gets that was away, and who may see what.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { access } from "../../src/composing/access.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import type { WatchedFolder } from "../../src/page/context.ts";
import { RememberedStories } from "../../src/serving/remembered_stories.ts";
import { Events } from "./events.ts";
import { registryWithPage } from "./registry_with_page.ts";

const FOO = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

Deno.test("the stream has the stories that are remembered, and then each new one, with its changes", async () => {
  const { send } = registryWithPage();
  await send("GET", "/v2/");
  const answer = await send("GET", "/live");
  assertEquals([answer.status, answer.headers.get("Content-Type")], [200, "text/event-stream"]);
  await using events = new Events(answer);
  assertEquals((await events.next())?.data.url, "/v2/");
  await send("POST", `/v2/app/blobs/uploads/?digest=${FOO}`, { body: "foo" });
  const { event, data } = (await events.next())!;
  assertEquals([event, data.method, data.status], ["story", "POST", 201]);
  assert(data.changes.some(({ path }: { path: string }) => path === `app/${FOO}/blob`), JSON.stringify(data.changes));
});

Deno.test("a client that was away gets just the stories that it has missed", async () => {
  const { send } = registryWithPage();
  await send("GET", "/v2/one/tags/list");
  let id = "";
  {
    await using events = new Events(await send("GET", "/live"));
    ({ id } = (await events.next())!);
  }
  await send("GET", "/v2/two/tags/list");
  for (const away of [{ headers: { "Last-Event-ID": id } }, { query: `?after=${encodeURIComponent(id)}` }]) {
    await using events = new Events(await send("GET", `/live${away.query ?? ""}`, { headers: away.headers }));
    assertEquals((await events.next())?.data.url, "/v2/two/tags/list");
  }
});

Deno.test("what nobody remembers any more is told as a number", async () => {
  let time = 0;
  const { send } = registryWithPage({ disk: memoryDisk({ now: () => time += 10 }) });
  await send("GET", "/v2/");
  let id = "";
  {
    await using events = new Events(await send("GET", "/live"));
    ({ id } = (await events.next())!);
  }
  for (let at = 1; at <= 1010; at++) await send("GET", `/v2/app/manifests/t${at}`);
  await using events = new Events(await send("GET", "/live", { headers: { "Last-Event-ID": id } }));
  assertEquals((await events.next())?.data, { stories: 10, hasRestarted: false });
  const told = await events.until(({ data }) => data.url === "/v2/app/manifests/t1010");
  assertEquals(told.length, 1000);
});

Deno.test("after a start of the registry, a client is told so, and gets what the new one remembers", async () => {
  const { send } = registryWithPage();
  await send("GET", "/v2/");
  await using events = new Events(await send("GET", "/live", { headers: { "Last-Event-ID": "0a0a0a.17" } }));
  assertEquals((await events.next())?.data, { stories: 0, hasRestarted: true });
  assertEquals((await events.next())?.data.url, "/v2/");
});

Deno.test("to a program that asks for JSON, the same stories are one answer that ends", async () => {
  const { send } = registryWithPage();
  await send("GET", "/v2/");
  const headers = { Accept: "application/json" };
  const first = await (await send("GET", "/live", { headers })).json();
  assertEquals([first.stories.map(({ url }: { url: string }) => url), first.missed], [["/v2/"], 0]);
  const next = await (await send("GET", `/live?after=${first.mark}`, { headers })).json();
  assertEquals([next.stories, next.mark], [[], first.mark]);
});

Deno.test("a thousand stories are remembered, and of one with very many changes only the first thousand", async () => {
  const stories = new RememberedStories();
  const change = { sign: "-", path: "a/_tags/v1" } as const;
  const { send } = registryWithPage({ stories }, { onStory: (story) => stories.tell(story) });
  for (let at = 0; at < 1001; at++) await send("GET", `/v2/app/manifests/t${at}`);
  assertEquals((await stories.recent()).length, 1000);
  const { registry } = registryWithPage({}, {
    onStory: (story) => {
      const many = Object.defineProperty(story, "changes", { value: Array(100_000).fill(change) });
      for (let at = 0; at < 30; at++) stories.tell(many);
    },
  });
  await registry(new Request("http://localhost/v2/"));
  const kept = await stories.recent();
  // 20 of them have all the changes that may be remembered.
  assertEquals([kept.length, kept.at(-1)?.changes.length, kept.at(-1)?.moreChanges], [20, 1000, 99_000]);
});

Deno.test("of very many reads at once only some are remembered, and the others are counted", async () => {
  const { send, stories } = registryWithPage({}, { disk: memoryDisk({ now: () => 1_000_000 }) });
  await using events = new Events(await send("GET", "/live"));
  for (let at = 0; at < 500; at++) await send("GET", "/v2/");
  await send("GET", "/v2/app/manifests/last");
  const told = await events.until(({ data }) => data.url === "/v2/app/manifests/last");
  const missed = told.reduce((sum, { event, data }) => event === "missed" ? sum + data.stories : sum, 0);
  assertEquals([(await stories.recent()).length, missed], [201, 300]);
});

Deno.test("while nobody listens, of very many refusals or changes at once only some are remembered; who listens gets all", async () => {
  for (const hears of [false, true]) {
    const { send, stories } = registryWithPage({}, { disk: memoryDisk({ now: () => 1_000_000 }) });
    await using events = hears ? new Events(await send("GET", "/live")) : undefined;
    for (let at = 0; at < 310; at++) {
      await send("GET", "/v2/app/manifests/last");
      await send("POST", "/v2/app/blobs/uploads/");
    }
    assertEquals((await stories.recent()).length, hears ? 620 : 600);
    await events?.next();
  }
});

Deno.test("very many refusals do not hide a change, neither in the same moment nor later", async () => {
  let time = 1_000_000;
  const { send, stories } = registryWithPage({}, { disk: memoryDisk({ now: () => time }) });
  const refuse = async (times: number) => {
    for (let at = 0; at < times; at++) await send("DELETE", `/v2/app/blobs/${FOO}`);
  };
  await refuse(400);
  await send("POST", `/v2/app/blobs/uploads/?digest=${FOO}`, { body: "foo" });
  for (let seconds = 0; seconds < 5; seconds++, time += 1000) await refuse(300);
  const all = await stories.recent();
  assertEquals([all.length, all.filter(({ method }) => method === "POST").map(({ status }) => status)], [1000, [201]]);
});

Deno.test("of more changes than are remembered, and of reads beside them, the last 500 of each kind stay", async () => {
  let time = 1_000_000;
  const { send, stories } = registryWithPage({}, { disk: memoryDisk({ now: () => time += 10 }) });
  for (let at = 0; at < 600; at++) {
    await send("POST", "/v2/app/blobs/uploads/");
    await send("GET", "/v2/");
  }
  for (let at = 0; at < 300; at++) await send("GET", "/v2/");
  const all = await stories.recent();
  assertEquals([all.length, all.filter(({ method }) => method === "POST").length], [1000, 500]);
});

Deno.test("what was only counted is told as missed, also if nothing else comes after it", async () => {
  const { send } = registryWithPage({}, { disk: memoryDisk({ now: () => 1_000_000 }) });
  const json = async (mark: string) =>
    await (await send("GET", `/live?after=${mark}`, { headers: { Accept: "application/json" } })).json();
  for (let at = 0; at < 500; at++) await send("GET", "/v2/");
  const first = await json("");
  assertEquals([first.stories.length, first.missed], [200, 300]);
  for (let at = 0; at < 7; at++) await send("GET", "/v2/");
  const second = await json(first.mark);
  assertEquals([second.stories.length, second.missed, (await json(second.mark)).missed], [0, 7, 0]);

  await using events = new Events(await send("GET", `/live?after=${second.mark}`));
  for (let at = 0; at < 5; at++) await send("GET", "/v2/");
  const { event, data, id } = (await events.next())!;
  assertEquals([event, data], ["missed", { stories: 5, hasRestarted: false }]);
  assertEquals((await json(id)).missed, 0);
});

Deno.test("very many reads do not drive away what was changed before", async () => {
  const { send, stories } = registryWithPage({}, { disk: memoryDisk({ now: () => 1_000_000 }) });
  await send("POST", `/v2/app/blobs/uploads/?digest=${FOO}`, { body: "foo" });
  for (let at = 0; at < 3000; at++) await send("GET", "/v2/");
  const [first, ...others] = await stories.recent();
  assertEquals([first.method, first.changes.length > 0, others.length], ["POST", true, 200]);
});

Deno.test("when the registry ends, so do its streams, and they say it", async () => {
  const { send, stories } = registryWithPage();
  await using events = new Events(await send("GET", "/live"));
  const last = events.next();
  stories.close();
  assertEquals((await last)?.event, "end");
  assertEquals(await events.next(), undefined);
  assertEquals((await send("GET", "/live")).status, 503);
});

Deno.test("only so many clients can listen at a time, and the next one learns why it cannot", async () => {
  const { send } = registryWithPage({ limits: { clients: 2 } });
  await using _first = new Events(await send("GET", "/live"));
  {
    await using _second = new Events(await send("GET", "/live"));
    const third = await send("GET", "/live");
    assertEquals([third.status, await third.text()], [503, "2 clients listen already; try again later\n"]);
  }
  await using _third = new Events(await send("GET", "/live"));
});

const LONG = "a".repeat(900);

Deno.test("a client that does not read is cut off", async () => {
  const { send } = registryWithPage({ limits: { heartbeat: 1, patience: 0 } });
  const reader = (await send("GET", "/live")).body!.getReader();
  for (let at = 0; at < 1000; at++) await send("GET", `/v2/app/manifests/${LONG}${at}`);
  const failure: Error = await reader.closed.then(() => new Error("it ended"), (error) => error);
  assert(failure.message.startsWith("a client of /live is cut off: it does not read"), failure.message);
});

Deno.test("for a client that reads too slowly, stories do not collect in memory: it learns how many it has missed", async () => {
  const { send, stories } = registryWithPage();
  await using events = new Events(await send("GET", "/live"));
  for (let at = 0; at < 3000; at++) await send("GET", `/v2/app/manifests/${LONG}${at}`);
  await send("GET", "/v2/");
  const told = await events.until(({ data }) => data.url === "/v2/");
  const missed = told.reduce((sum, { event, data }) => event === "missed" ? sum + data.stories : sum, 0);
  assertEquals(told.filter(({ event }) => event === "story").length + missed, 3001);
  assertEquals((await stories.recent()).length, 1000);
});

Deno.test("what waits for a client that does not read is bounded, however long the stories are; nothing is told twice or lost", async () => {
  const { send, stories } = registryWithPage();
  const changes = Array.from({ length: 200 }, (_, at) => ({ sign: "+", path: `app/${LONG}${at}` }) as const);
  await send("GET", "/v2/app/manifests/v0");
  const [like] = await stories.recent();
  for (let at = 0; at < 20; at++) stories.tell({ ...like, id: `${like.id}${at}`, url: `/${at}`, changes } as never);
  const answer = await send("GET", "/live");
  // 200 KB each, so that one story alone is more than what may wait.
  const reader = answer.body!.getReader();
  let largest = 0;
  const urls: string[] = [];
  const decoder = new TextDecoder();
  for (let text = ""; urls.length < 21;) {
    const { value } = await reader.read();
    largest = Math.max(largest, value!.length);
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const [, data] = /^data: (.*)$/m.exec(text.slice(0, end)) ?? [];
      if (data !== undefined) urls.push(JSON.parse(data).url);
      text = text.slice(end + 2);
    }
  }
  await reader.cancel();
  assert(largest < 500_000, `${largest} bytes at once`);
  assertEquals(urls.slice(1), Array.from({ length: 20 }, (_, at) => `/${at}`));
});

Deno.test("for a client that does not read, changes of others do not collect in memory: it learns how many it has missed", async () => {
  let told: Parameters<WatchedFolder["watch"]>[0] = () => {};
  const folder: WatchedFolder = {
    watch(tell) {
      told = tell;
      return () => {};
    },
  };
  const { send } = registryWithPage({ folder });
  await using events = new Events(await send("GET", "/live"));
  for (let at = 0; at < 3000; at++) told({ changes: [{ sign: "+", path: `app/_tags/${LONG}${at}`, size: 71 }] });
  const shown = await events.until(({ event }) => event === "missed");
  const [{ data }] = shown.splice(-1);
  assert(shown.length < 3000, "some were left out");
  assertEquals(data, { stories: 0, hasRestarted: false, changes: 3000 - shown.length });
});

Deno.test("of very many changes of others, a person learns how many are not told: of the repositories that this person may see", async () => {
  const tag = { sign: "+", path: "open/app/_tags/v1", size: 71 } as const;
  const last = { sign: "-", path: "open/app/_tags/v1" } as const;
  const folder: WatchedFolder = {
    watch(tell) {
      tell({ changes: [tag], untold: new Map([["open/app", 200], ["hidden/app", 30], ["", 4]]) });
      tell({ changes: [last] });
      return () => {};
    },
  };
  const missedBy = async (shows?: (name: string) => boolean) => {
    const { send } = registryWithPage({ folder, shows });
    await using events = new Events(await send("GET", "/live"));
    const told = await events.until(({ data }) => data.changes[0]?.sign === "-");
    return told.map(({ event, data }) => event === "changes" ? data.changes : data);
  };
  const missed = (changes: number) => ({ stories: 0, hasRestarted: false, changes });

  assertEquals(await missedBy(), [[tag], missed(234), [last]]);
  assertEquals(await missedBy((name) => name.startsWith("open/")), [[tag], missed(200), [last]]);
});

Deno.test("what others change in the folder is told as well", async () => {
  let isWatched = false;
  const folder: WatchedFolder = {
    watch(tell) {
      isWatched = true;
      tell({ changes: [{ sign: "~", path: "library/hello/_tags/latest", size: 71 }] });
      tell({ blind: "there are too many folders" });
      return () => isWatched = false;
    },
  };
  const { send } = registryWithPage({ folder });
  {
    await using events = new Events(await send("GET", "/live"));
    const { event, data } = (await events.next())!;
    assertEquals([event, data.changes], ["changes", [{ sign: "~", path: "library/hello/_tags/latest", size: 71 }]]);
    assertEquals((await events.next())?.data, { reason: "there are too many folders" });
    assert(isWatched);
  }
  assert(!isWatched);
});

const USERS = { isPassword: (user: string, password: string) => Promise.resolve(password === `${user}'s`) };
const headersOf = (user: string) => ({ Authorization: `Basic ${btoa(`${user}:${user}'s`)}` });
const OWN_CORNER = { users: ["*"], repositories: ["{user}/**"], actions: ["pull", "push"] } as const;
const OPEN_CORNER = { users: ["anonymous", "*"], repositories: ["open/**"], actions: ["pull"] } as const;
const ADMIN = { users: ["admin"], repositories: ["**"], actions: ["pull", "push", "delete"] } as const;

Deno.test("with rules, each one sees the stories of the repositories that he may pull from, and no other", async () => {
  const rules = access([OWN_CORNER, OPEN_CORNER, ADMIN], { users: USERS });
  const { send } = registryWithPage({ access: rules }, { wrappers: [rules] });
  await send("GET", "/v2/bob/app/tags/list", { headers: headersOf("bob") });
  await send("GET", "/v2/open/app/tags/list");
  await send("GET", "/v2/_catalog", { headers: headersOf("bob") });
  await send("POST", `/v2/alice/app/blobs/uploads/?mount=${FOO}&from=bob/app`, { headers: headersOf("alice") });
  await send("GET", "/v2/alice/app/tags/list", { headers: headersOf("alice") });
  const seenBy = async (headers: Record<string, string>) => {
    const facts = await (await send("GET", "/live", { headers: { ...headers, Accept: "application/json" } })).json();
    return facts.stories.map(({ url }: { url: string }) => url);
  };
  assertEquals(await seenBy(headersOf("alice")), ["/v2/open/app/tags/list", "/v2/alice/app/tags/list"]);
  assertEquals(await seenBy(headersOf("bob")), ["/v2/bob/app/tags/list", "/v2/open/app/tags/list"]);
  assertEquals(await seenBy({}), ["/v2/open/app/tags/list"]);
  assertEquals((await seenBy(headersOf("admin"))).length, 5);
});

Deno.test("a client whose password does not hold any more gets no more stories", async () => {
  let isUser = true;
  const users = { isPassword: () => Promise.resolve(isUser) };
  const rules = access([OWN_CORNER], { users });
  const { send } = registryWithPage({ access: rules, limits: { heartbeat: 1 } }, { wrappers: [rules] });
  const reader = (await send("GET", "/live", { headers: headersOf("alice") })).body!.getReader();
  isUser = false;
  let failure = "";
  while (failure === "") await reader.read().catch((error) => failure = error.message);
  assert(failure.startsWith("a client of /live is cut off"), failure);
});

Deno.test("a page behind passwords asks for one as browsers do, also if clients get tokens", async () => {
  const tokens = { key: new Uint8Array(32) };
  for (const options of [{ users: USERS }, { users: USERS, tokens }]) {
    const rules = access([OWN_CORNER], options);
    const { send } = registryWithPage({ access: rules }, { wrappers: [rules] });
    for (const path of ["/", "/live", "/rule/", "/web/page/web/main.ts"]) {
      for (const headers of [undefined, { Authorization: `Basic ${btoa("alice:wrong")}` }]) {
        const answer = await send("GET", path, { headers });
        assertEquals([answer.status, answer.headers.get("WWW-Authenticate")], [401, 'Basic realm="Glassbox"'], path);
        await answer.body?.cancel();
      }
      const answer = await send("GET", path, { headers: headersOf("alice") });
      assertEquals(answer.status, 200, path);
      await answer.body?.cancel();
    }
  }
});

Deno.test("with a prefix, the stories of other repositories are not told", async () => {
  const { send } = registryWithPage({ shows: (name) => name.startsWith("team/") });
  for (const name of ["team/app", "other/app"]) await send("GET", `/v2/${name}/tags/list`);
  await send("GET", "/v2/_catalog");
  const { stories } = await (await send("GET", "/live", { headers: { Accept: "application/json" } })).json();
  assertEquals(stories.map(({ url }: { url: string }) => url), ["/v2/team/app/tags/list"]);
});

Deno.test("the page refuses a host that is not its own, also to a client that is no browser", async () => {
  const { around } = registryWithPage();
  const statusAt = async (host: string) => (await around(new Request(`http://${host}:5080/live`))).status;
  assertEquals([await statusAt("evil.example"), await statusAt("192.0.2.1")], [403, 403]);
  const { around: known } = registryWithPage({ settings: { allowHost: ["registry.lan"] } });
  const answer = await known(new Request("http://registry.lan/rule/"));
  assertEquals(answer.status, 200);
});

Deno.test("an address that shows nothing is refused like the others, and says nothing of what is nearby", async () => {
  const rules = access([OWN_CORNER, OPEN_CORNER], { users: USERS });
  const { around } = registryWithPage({ access: rules });
  const answerAt = async (host: string, headers: Record<string, string> = {}) => {
    const request = new Request(`http://${host}:5080/nowhere`, { headers: { Accept: "text/html", ...headers } });
    const answer = await around(request);
    return [answer.status, (await answer.text()).includes("nearby")];
  };
  assertEquals(await answerAt("evil.example", headersOf("alice")), [403, false]);
  assertEquals(await answerAt("localhost", { ...headersOf("alice"), "Sec-Fetch-Site": "cross-site" }), [403, false]);
  assertEquals(await answerAt("localhost", { Authorization: `Basic ${btoa("alice:wrong")}` }), [401, false]);
  assertEquals((await answerAt("localhost", headersOf("alice")))[0], 404);
});

Deno.test("a page of another site cannot load parts of this one, and may lead to it with a link", async () => {
  const { send } = registryWithPage();
  const statusFor = async (site: string, mode: string, dest: string) => {
    const headers = { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest };
    return (await send("GET", "/rule/", { headers })).status;
  };
  assertEquals(await statusFor("cross-site", "no-cors", "script"), 403);
  assertEquals(await statusFor("same-site", "cors", "empty"), 403);
  assertEquals(await statusFor("cross-site", "navigate", "iframe"), 403);
  assertEquals(await statusFor("cross-site", "navigate", "document"), 200);
  assertEquals(await statusFor("same-origin", "cors", "empty"), 200);
  assertEquals(await statusFor("none", "navigate", "document"), 200);
});
