import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { access } from "../../src/composing/access.ts";
import type { Wrapper } from "../../src/registry.ts";
import { Clock } from "../../src/serving/clock.ts";
import { startRegistry } from "../../src/serving/start_registry.ts";
import type { StoryData } from "../../src/story.ts";
import { bytes, descriptorOf, digestOf, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { runDeno } from "../processes/program.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";

const DAY = 24 * 3_600_000;
const FOO = bytes("foo");
const FOO_URL = `/v2/library/hello/blobs/${digestOf(FOO)}`;
const PUSH_FOO = `/v2/library/hello/blobs/uploads/?digest=${digestOf(FOO)}`;
const isPut = ({ method }: StoryData) => method === "PUT";

Deno.test("a registry starts on a free port, keeps everything in memory, and is gone at the end of the block", async () => {
  let address = "";
  {
    await using registry = await startRegistry();
    await using other = await startRegistry();
    assertEquals(registry.url, `http://${registry.host}`);
    assert(registry.url !== other.url);
    address = registry.url;

    const pushed = await registry.fetch(PUSH_FOO, { method: "POST", body: FOO });
    assertEquals([pushed.status, await pushed.text()], [201, ""]);
    const pulled = await fetch(registry.url + FOO_URL);
    assertEquals(await pulled.text(), "foo");
    const missing = await other.fetch(FOO_URL);
    assertEquals([missing.status, (await missing.json()).errors[0].code], [404, "BLOB_UNKNOWN"]);
  }
  await assertRejects(() => fetch(address), TypeError);
});

Deno.test("the registry is a function, too: a client in the same process needs no port", async () => {
  await using registry = await startRegistry();

  const response = await registry.registry(new Request("http://localhost/v2/"));

  assertEquals([response.status, registry.stories.map(({ url }) => url)], [200, ["/v2/"]]);
});

Deno.test("the stories are data: all of them, or those since a mark", async () => {
  await using registry = await startRegistry();
  assertEquals([registry.mark(), registry.stories], [0, []]);
  await (await registry.fetch(PUSH_FOO, { method: "POST", body: FOO, headers: { "User-Agent": "a-client/1 (x)" } }))
    .body?.cancel();
  const mark = registry.mark();
  await (await registry.fetch("/v2/library/hello/manifests/latest")).body?.cancel();

  assertEquals(registry.stories.map(({ status }) => status), [201, 404]);
  const [{ id, time, milliseconds, peer, ...pushed }] = registry.stories;
  assertEquals(pushed, {
    version: 1,
    method: "POST",
    url: PUSH_FOO,
    status: 201,
    repository: "library/hello",
    reference: digestOf(FOO),
    client: "a-client/1",
    userAgent: "a-client/1 (x)",
    headers: { "Accept": "*/*", "Content-Length": "3" },
    answerHeaders: { "Location": `/v2/library/hello/blobs/${digestOf(FOO)}`, "Docker-Content-Digest": digestOf(FOO) },
    bytesIn: 3,
    bytesOut: 0,
    endpoint: "end-4b",
    heading: "Push > Pushing a blob monolithically > Single POST",
    changes: pushed.changes,
  });
  assertEquals(pushed.changes.at(-2), { sign: "+", path: `library/hello/${digestOf(FOO)}/blob`, size: 3 });
  assertEquals([id.length > 0, peer?.host], [true, "127.0.0.1"]);
  assert(milliseconds >= 0 && Math.abs(Date.parse(time) - Date.now()) < 60_000);
  const [{ refusal }, ...others] = registry.storiesSince(mark);
  assertEquals([refusal?.code, refusal?.details[0].rule, others], ["MANIFEST_UNKNOWN", "PULL-MANIFEST-19", []]);
});

Deno.test("a test waits for a story that comes later, or finds one that came before", async () => {
  await using registry = await startRegistry();

  const waiting = registry.story(isPut);
  await (await registry.fetch("/v2/")).body?.cancel();
  const body = JSON.stringify({ schemaVersion: 2, manifests: [] });
  await registry.fetch("/v2/library/hello/manifests/v1", {
    method: "PUT",
    body,
    headers: { "Content-Type": TYPES.index },
  });

  assertEquals((await waiting).url, "/v2/library/hello/manifests/v1");
  assertEquals(await registry.story(isPut, { within: 0 }), await waiting);
});

Deno.test("if no story comes in time, the error shows those that came", async () => {
  await using registry = await startRegistry();
  await assertRejects(
    () => registry.story(isPut, { within: 0 }),
    Error,
    "no such story within 0 ms; there was no request",
  );
  await (await registry.fetch("/v2/library/hello/tags/list")).body?.cancel();

  const { message } = await assertRejects(() => registry.story(isPut, { within: 0 }), Error);
  assertStringIncludes(message, "these requests came:\n  GET   /v2/library/hello/tags/list   404");
  const since = registry.mark();
  await assertRejects(() => registry.story(isPut, { within: 0, since }), Error, "there was no request");
});

Deno.test("an error in the question of a test goes to the test", async () => {
  await using registry = await startRegistry();

  const waiting = registry.story(() => {
    throw new RangeError("no");
  });
  const failed = assertRejects(() => waiting, RangeError, "no");
  await (await registry.fetch("/v2/")).body?.cancel();

  await failed;
});

Deno.test("PUSH-CANCEL-04: when the clock goes on by a day, an upload session expires", async () => {
  for (const root of [undefined, new Folder()]) {
    using _ = root;
    await using registry = await startRegistry({ root: root?.path, uploadTtl: DAY });
    const opened = await registry.fetch("/v2/library/hello/blobs/uploads/", { method: "POST" });
    const session = opened.headers.get("Location")!;
    registry.clock.advance(DAY - 60_000);
    assertEquals((await registry.fetch(session)).status, 204);

    registry.clock.advance(DAY + 1);
    const response = await registry.fetch(session);
    assertEquals([response.status, (await response.json()).errors[0].code], [404, "BLOB_UPLOAD_UNKNOWN"]);
    assertEquals(Math.round((Date.parse(registry.stories.at(-1)!.time) - Date.now()) / DAY), 2);
  }
});

Deno.test("a clock goes only forwards", () => {
  const clock = new Clock();

  assertThrows(() => clock.advance(-1), RangeError, "A clock cannot go on by -1 milliseconds");
  assertThrows(() => clock.advance(NaN), RangeError);
});

Deno.test("a snapshot brings the content back, as often as a test wants", async () => {
  await using registry = await startRegistry();
  const push = async (text: string) => {
    const url = `/v2/library/hello/blobs/uploads/?digest=${digestOf(text)}`;
    assertEquals((await registry.fetch(url, { method: "POST", body: text })).status, 201);
  };
  const statusOf = async (text: string) =>
    (await registry.fetch(`/v2/library/hello/blobs/${digestOf(text)}`, { method: "HEAD" })).status;
  await push("foo");
  const snapshot = registry.snapshot();

  for (let round = 0; round < 2; round++) {
    await push("bar");
    await registry.fetch(FOO_URL, { method: "DELETE" });
    assertEquals([await statusOf("foo"), await statusOf("bar")], [404, 200]);
    registry.restore(snapshot);
    assertEquals([await statusOf("foo"), await statusOf("bar")], [200, 404]);
  }
});

const IMAGE = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
const LAYOUT = {
  "oci-layout": '{"imageLayoutVersion":"1.0.0"}',
  "index.json": JSON.stringify({ schemaVersion: 2, manifests: [descriptorOf(IMAGE, TYPES.index)] }),
  [`blobs/${digestOf(IMAGE).replace(":", "/")}`]: IMAGE,
};

Deno.test("a registry is filled before the test, although it only reads and is switched off for clients", async () => {
  await using registry = await startRegistry({ readOnly: true });
  registry.switches.on("server-error");

  const { images } = await registry.fill(LAYOUT, { name: "library/hello:v1" });
  const digest = await registry.addImage("library/hello", undefined, LAYOUT);
  await registry.addImage("library/hello", "v2", LAYOUT);

  assertEquals(images, [{ name: "library/hello", tag: "v1", digest }]);
  assertEquals([digest, registry.stories], [digestOf(IMAGE), []]);
  registry.switches.clear();
  assertEquals(await (await registry.fetch("/v2/library/hello/tags/list")).json(), {
    name: "library/hello",
    tags: ["v1", "v2"],
  });
  assertEquals(await (await registry.fetch(`/v2/library/hello/manifests/${digest}`)).text(), IMAGE);
});

Deno.test("only a disk in memory has snapshots", async () => {
  using folder = new Folder();
  await using registry = await startRegistry({ root: folder.path });

  assertThrows(() => registry.snapshot(), TypeError, "only a disk in memory has snapshots");
});

Deno.test("two registries use one disk: what one of them gets, the other one serves", async () => {
  await using first = await startRegistry();
  await using second = await startRegistry({ disk: first.disk, readOnly: true });
  await first.fetch(PUSH_FOO, { method: "POST", body: FOO });

  assertEquals(await (await second.fetch(FOO_URL)).text(), "foo");
  const refused = await second.fetch(PUSH_FOO, { method: "POST", body: FOO });
  assertEquals([refused.status, (await refused.json()).errors[0].code], [405, "UNSUPPORTED"]);
  assertThrows(() => second.clock, TypeError, "this registry was given a disk and no clock");
});

Deno.test("a root is a folder that stays", async () => {
  using folder = new Folder();
  {
    await using registry = await startRegistry({ root: folder.path });
    await registry.fetch(PUSH_FOO, { method: "POST", body: FOO });
  }

  assertEquals(await Deno.readTextFile(`${folder.path}/library/hello/${digestOf(FOO)}/blob`), "foo");
});

Deno.test("wrappers stand around the registry, the first one outermost", async () => {
  const sign = (name: string): Wrapper => (registry) => async (request, peer) => {
    const response = await registry(request, peer);
    response.headers.append("X-Seen-By", name);
    return response;
  };
  await using registry = await startRegistry({ wrappers: [sign("outer"), sign("inner")] });

  assertEquals((await registry.fetch("/v2/")).headers.get("X-Seen-By"), "inner, outer");
});

Deno.test("a switch makes the registry misbehave, and the story tells what the client got", async () => {
  await using registry = await startRegistry();
  registry.switches.on("too-many-requests", { times: 1, repository: "library/" });

  const statuses = [];
  for (let round = 0; round < 2; round++) {
    const response = await registry.fetch("/v2/library/hello/tags/list");
    statuses.push(response.status);
    await response.body?.cancel();
  }
  assertEquals(statuses, [429, 404]);
  assertEquals(registry.stories.map(({ refusal }) => refusal?.code), ["TOOMANYREQUESTS", "NAME_UNKNOWN"]);
});

Deno.test("with a certificate, the registry speaks TLS", async () => {
  await using registry = await startRegistry({ tls: { cert: CERTIFICATE, key: KEY, ca: CERTIFICATE } });

  assertEquals([registry.url, registry.ca], [`https://${registry.host}`, CERTIFICATE]);
  const port = new URL(registry.url).port;
  assertEquals((await registry.fetch(`https://localhost:${port}/v2/`)).status, 200);
  await assertRejects(() => fetch(`https://localhost:${port}/v2/`), TypeError);
});

Deno.test("options that contradict each other are refused", async () => {
  await using registry = await startRegistry();

  const both = startRegistry({ root: "images", disk: registry.disk });
  await assertRejects(() => both, TypeError, "startRegistry takes a root or a disk, not both");
});

Deno.test("without the permission to use its root, no registry starts, and the error names the flag of Deno", async () => {
  using folder = new Folder();
  const mod = new URL("../../src/mod.ts", import.meta.url);
  const program = `${folder.path}/program.ts`;
  await Deno.writeTextFile(
    program,
    `import { startRegistry } from "${mod}";\n` +
      "const messageOf = (readOnly: boolean) => startRegistry({ root: 'images', readOnly })\n" +
      "  .then((registry) => registry.close()).catch(({ message }) => message);\n" +
      "console.log(await messageOf(false), await messageOf(true));\n",
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const start = async (...flags: string[]) =>
    (await runDeno("run", "--config", config, "--no-check", "--no-prompt", "--allow-net", ...flags, program)).out;
  const needs = (flag: string) => `startRegistry needs ${flag} for its root, images`;

  assertEquals(await start(), `${needs("--allow-read")} ${needs("--allow-read")}\n`);
  assertEquals(await start("--allow-read"), `${needs("--allow-write")} undefined\n`);
  assertEquals(await start("--allow-read", "--allow-write"), "undefined undefined\n");
});

Deno.test("a process ends although a registry was not closed, and says so", async () => {
  using folder = new Folder();
  const mod = new URL("../../src/mod.ts", import.meta.url);
  const program = `${folder.path}/program.ts`;
  await Deno.writeTextFile(
    program,
    `import { startRegistry } from "${mod}";\n` +
      "const registry = await startRegistry();\n" +
      "console.log((await registry.fetch('/v2/')).status);\n",
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { code, out, errors } = await runDeno("run", "--config", config, "--no-check", "--allow-net", program);

  assertEquals([code, out], [0, "200\n"]);
  assertStringIncludes(errors, "was not closed");
});

Deno.test("a registry of a test can have a page, which shows its stories to those who may pull", async () => {
  await using registry = await startRegistry({ page: true });
  await registry.fetch("/v2/app/tags/list");
  const { stories } = await (await registry.fetch("/live", { headers: { Accept: "application/json" } })).json();
  assertEquals(stories.map(({ url }: { url: string }) => url), ["/v2/app/tags/list"]);
  const rule = { users: ["alice"], repositories: ["**"], actions: ["pull"] } as const;
  const users = { isPassword: () => Promise.resolve(false) };
  await using closed = await startRegistry({ page: true, wrappers: [access([rule], { users })] });
  const answer = await closed.fetch("/");
  assertEquals([answer.status, answer.headers.get("WWW-Authenticate")], [401, 'Basic realm="Glassbox"']);
  await answer.body?.cancel();
});

Deno.test("registries of one process do not hear each other", async () => {
  await using one = await startRegistry({ page: true });
  await using other = await startRegistry({ page: true });
  await one.fetch("/v2/");
  const { stories } = await (await other.fetch("/live", { headers: { Accept: "application/json" } })).json();
  assertEquals(stories, []);
});

Deno.test("the page of a test that nobody has closed does not keep its registry from ending", async () => {
  const registry = await startRegistry({ page: true });
  const answer = await registry.fetch("/live");
  await registry.close();
  assert((await answer.text()).includes("event: end"));
});
