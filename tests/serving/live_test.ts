/**
 * `/live` of the program: over a connection, in several threads, and with a folder that others change.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import { connect } from "node:http2";
import { localDisk } from "../../src/disk/local_disk.ts";
import type { FolderTold } from "../../src/page/context.ts";
import { createRegistry } from "../../src/registry.ts";
import { RememberedStories } from "../../src/serving/remembered_stories.ts";
import { FolderOfPage } from "../../src/serving/watched_folder.ts";
import type { Story } from "../../src/story.ts";
import { Folder } from "../folder.ts";
import { Events } from "../page/events.ts";
import { freePort, Program } from "../processes/program.ts";

const FOO = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

async function listen(program: Program, headers: Record<string, string> = {}): Promise<Events> {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const answer = await program.open("GET", "/live", { headers, client });
  assertEquals([answer.status, answer.headers.get("Content-Type")], [200, "text/event-stream"]);
  return new Events(answer, () => client.close());
}

// Returns the status, after the connection is closed.
async function getOverHttp2(address: string, headers: Record<string, string>): Promise<number | undefined> {
  const session = connect(address);
  const [closed, answered] = [once(session, "close"), Promise.withResolvers<number | undefined>()];
  session.request({ ":method": "GET", ...headers }).on("response", (answer) => answered.resolve(answer[":status"]))
    .resume().end();
  const status = await answered.promise;
  session.destroy();
  await closed;
  return status;
}

for (const http of ["deno", "node"]) {
  Deno.test(`a page in one thread hears the stories of all threads, and those from before, with --http ${http}`, async () => {
    using folder = new Folder();
    const flags = ["--threads", "3", "--http", http, "--log", "none"];
    await using program = await Program.serveOn(freePort(), folder.path, ...flags);
    // Each request has a connection of its own, and the system gives it to any thread.
    const ask = async (path: string) => {
      using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
      await program.send("GET", path, { client });
    };
    const before = Array.from({ length: 40 }, (_, at) => `/v2/before/manifests/t${at}`);
    for (const path of before) await ask(path);
    await using events = await listen(program);
    await ask("/v2/before/manifests/last");
    const first = await events.until(({ data }) => data.url === "/v2/before/manifests/last");
    assertEquals(first.map(({ data }) => data.url).sort(), [...before, "/v2/before/manifests/last"].sort());
    const times = first.map(({ data }) => data.time);
    assertEquals(times, times.toSorted());
    const threads = new Set(first.at(-1)!.id.split(" ").map((part) => part.split(".")[0]));
    assert(threads.size > 1, first.at(-1)!.id);
    assertEquals(new Set(first.map(({ data }) => data.id)).size, 41);
    const after = Array.from({ length: 40 }, (_, at) => `/v2/after/manifests/t${at}`);
    for (const path of after) await ask(path);
    const told = [];
    while (told.length < 40) told.push((await events.next())!.data.url);
    assertEquals(told.sort(), after.sort());
    // A browser that comes back to any thread goes on where it was.
    await ask("/v2/away/manifests/t");
    for (let at = 0; at < 4; at++) {
      await using again = await listen(program, { "Last-Event-ID": first.at(-1)!.id });
      const urls = (await again.until(({ data }) => data.url === "/v2/away/manifests/t")).map(({ data }) => data.url);
      assertEquals(urls.sort(), [...after, "/v2/away/manifests/t"].sort());
    }
  });

  Deno.test(`a page that is open does not keep the program from stopping at once, with --http ${http}`, async () => {
    using folder = new Folder();
    const flags = ["--threads", "2", "--http", http, "--log", "none", "--drain", "20s"];
    await using program = await Program.serveOn(freePort(), folder.path, ...flags);
    await using one = await listen(program);
    await using two = await listen(program);
    const started = Date.now();
    program.signal("SIGTERM");
    for (const events of [one, two]) {
      const end = await events.until(({ event }) => event === "end");
      assertEquals(end.at(-1)?.data, { because: "the registry ends" });
      assertEquals(await events.next(), undefined);
    }
    assertEquals(await program.status(), { code: 0, signal: null });
    assert(Date.now() - started < 10_000);
  });
}

for (
  const [who, host, client] of [
    ["a client", {}, "curl/8"],
    // Deno takes the headers of such a request back, and a story without them is better than none.
    ["a client that sends a Host as well", { host: "h" }, undefined],
  ] as const
) {
  Deno.test(`the page shows the requests of ${who} over HTTP/2`, async () => {
    using folder = new Folder();
    await using program = await Program.serve(folder.path);
    const headers = { ":authority": "h", ":path": "/v2/", "user-agent": "curl/8", ...host };
    assertEquals(await getOverHttp2(program.address, headers), 200);
    await using events = await listen(program);
    const [{ data }] = await events.until(({ data }) => data.url === "/v2/");
    assertEquals([data.status, data.client], [200, client]);
  });
}

Deno.test("with --disk memory, on any port, the page hears the stories as well", async () => {
  await using program = Program.main("--disk", "memory", "--port", "0");
  await program.listening();
  await using events = await listen(program);
  await program.send("GET", "/v2/app/tags/list");
  assertEquals((await events.next())?.data.url, "/v2/app/tags/list");
});

Deno.test("what a person changes in the folder is told, and what the registry changes is told once, in its story", async () => {
  using folder = new Folder();
  Deno.mkdirSync(`${folder.path}/app/_tags`, { recursive: true });
  Deno.writeTextFileSync(`${folder.path}/app/_tags/v1`, FOO);
  // The registry itself touches nothing of this one.
  const other = `app/sha256:${"0".repeat(64)}`;
  Deno.mkdirSync(`${folder.path}/${other}`);
  Deno.writeTextFileSync(`${folder.path}/${other}/blob`, "other");
  await using program = await Program.serve(folder.path, "--log", "none");
  await using events = await listen(program);
  const push = await program.send("POST", `/v2/app/blobs/uploads/?digest=${FOO}`, { body: "foo" });
  assertEquals(push.status, 201);
  // The second one only notes the use of the blob.
  await program.send("POST", `/v2/app/blobs/uploads/?mount=${FOO}&from=app`);
  await program.send("GET", `/v2/app/blobs/${FOO}`);
  Deno.writeTextFileSync(`${folder.path}/app/_tags/byhand`, FOO);
  const told = await events.until(({ event }) => event === "changes");
  assertEquals(told.map(({ event, data }) => event === "story" ? data.method : data.changes), [
    "POST",
    "POST",
    "GET",
    [{ sign: "+", path: "app/_tags/byhand", size: 71 }],
  ]);
  Deno.writeTextFileSync(`${folder.path}/app/_tags/byhand`, "another text");
  assertEquals((await events.next())?.data.changes, [{ sign: "~", path: "app/_tags/byhand", size: 12 }]);
  Deno.removeSync(`${folder.path}/${other}`, { recursive: true });
  // Of a folder that is removed as a whole, the system tells its file or the folder itself.
  const [{ sign, path }] = (await events.next())!.data.changes;
  assert(sign === "-" && path.startsWith(`${other}/`), path);
});

Deno.test("an upload of another process is told when it begins, and its content when it is whole", async () => {
  using folder = new Folder();
  await using program = await Program.serve(folder.path, "--log", "none");
  await using other = await Program.serve(folder.path, "--log", "none");
  await using events = await listen(program);
  const post = await other.send("POST", "/v2/app/blobs/uploads/");
  const session = post.headers.get("Docker-Upload-UUID") ?? post.headers.get("Location")!.split("/").at(-1);
  assertEquals((await events.next())?.data.changes, [{ sign: "+", path: `app/_uploads/${session}/data`, size: 0 }]);
  const put = await other.send("PUT", `${post.headers.get("Location")}?digest=${FOO}`, { body: "foo" });
  assertEquals(put.status, 201);
  const { changes } = (await events.next())!.data;
  assertEquals(changes, [
    { sign: "-", path: `app/_uploads/${session}/` },
    { sign: "+", path: `app/${FOO}/blob`, size: 3 },
  ]);
});

for (const [flags, isThere] of [[[], true], [["--no-page"], false]] as const) {
  Deno.test(`the program ${isThere ? "says where the page is" : "has no page with --no-page"}`, async () => {
    using folder = new Folder();
    await using program = await Program.serve(folder.path, ...flags);
    await program.out.until(/Stop with Ctrl-C/);
    assertEquals(program.out.text.includes(`in a browser: ${program.address}/\n`), isThere);
    assertEquals((await program.send("GET", "/")).status, isThere ? 200 : 404);
  });
}

Deno.test("where other machines can reach the registry, there is a page only with --page", async () => {
  for (const [flags, status] of [[[], 404], [["--page"], 200]] as const) {
    using folder = new Folder();
    await using program = Program.main("--port", "0", "--host", "0.0.0.0", "--root", folder.path, ...flags);
    const { port } = new URL(await program.listening());
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    await answer.body?.cancel();
    assertEquals(answer.status, status);
  }
});

Deno.test("of very many changes at once, only those are looked at that are told, and the others are counted", async () => {
  using folder = new Folder();
  using aside = new Folder();
  Deno.mkdirSync(`${aside.path}/app/_tags`, { recursive: true });
  for (let at = 0; at < 3000; at++) Deno.writeTextFileSync(`${aside.path}/app/_tags/t${at}`, FOO);
  const stories = new RememberedStories();
  const watched = new FolderOfPage(folder.path, localDisk(folder.path), stories);
  const { promise, resolve } = Promise.withResolvers<FolderTold>();
  const stop = watched.watch(resolve);
  const { lstatSync } = Deno;
  let looks = 0;
  Deno.lstatSync = (path) => {
    looks++;
    return lstatSync(path);
  };
  try {
    Deno.renameSync(`${aside.path}/app`, `${folder.path}/app`);
    const told = await promise;
    assert("changes" in told);
    assertEquals([told.changes.length, [...told.untold!]], [1000, [["app", 2000]]]);
    assert(looks < 1100, String(looks));
  } finally {
    Deno.lstatSync = lstatSync;
    stop();
    stories.close();
  }
});

Deno.test("while the registry itself changes very much, the changes of others are not watched, and those who listen are told so", async () => {
  using folder = new Folder();
  const stories = new RememberedStories();
  const disk = localDisk(folder.path);
  const one = Promise.withResolvers<Story>();
  const registry = createRegistry({ disk, onStory: one.resolve });
  await registry(new Request(`http://localhost/v2/app/blobs/uploads/?digest=${FOO}`, { method: "POST", body: "foo" }));
  const story = await one.promise;
  const watched = new FolderOfPage(folder.path, disk, stories);
  const told = new TransformStream<FolderTold, FolderTold>();
  const [writer, reader] = [told.writable.getWriter(), told.readable.getReader()];
  const stop = watched.watch((something) => void writer.write(something));
  // No server keeps this process alive.
  const alive = setInterval(() => {}, 1000);
  try {
    await stories.recent();
    for (let at = 0; at < 500; at++) stories.tell(story);
    assertEquals((await reader.read()).value, { blind: RESTS });
    const others: FolderTold[] = [];
    watched.watch((something) => others.push(something))();
    assertEquals(others, [{ blind: RESTS }]);
    assertEquals((await reader.read()).value, { blind: "" });
    Deno.mkdirSync(`${folder.path}/app/_tags`);
    Deno.writeTextFileSync(`${folder.path}/app/_tags/byhand`, FOO);
    const changes = [{ sign: "+", path: "app/_tags/byhand", size: 71 }] as const;
    assertEquals((await reader.read()).value, { changes });
  } finally {
    clearInterval(alive);
    stop();
    stories.close();
  }
});

const RESTS = "the registry itself changes very much at the moment";
