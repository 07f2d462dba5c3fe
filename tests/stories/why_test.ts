/** Why: each kind of request has a sentence, and a real request reaches each sentence. */

import { assert, assertEquals } from "@std/assert";
import { basename, dirname } from "node:path";
import type { Users } from "../../src/access/credentials.ts";
import { ENDPOINTS } from "../../src/api/endpoints.ts";
import { access } from "../../src/composing/access.ts";
import type { Bytes, Change, Disk } from "../../src/disk/disk.ts";
import { failing } from "../../src/disk/failing.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import type { RegistryOptions, Wrapper } from "../../src/registry.ts";
import { sentenceFor, SENTENCES, whyOf } from "../../src/stories/why.ts";
import { dataOf, type StoryData } from "../../src/story.ts";
import { basic, bytes, descriptorOf, digestOf, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";

const HELLO = "/v2/library/hello";
const FOO = digestOf("foo");
const BAR = digestOf("bar");

async function storiesOf(
  send: (registry: TestRegistry) => Promise<unknown>,
  options: RegistryOptions = {},
): Promise<StoryData[]> {
  await using registry = await startRegistry(options);
  await send(registry);
  return registry.stories.map(dataOf);
}

function opened(registry: TestRegistry): Promise<string> {
  return registry.openSession("library/hello");
}

async function pushAndPull(registry: TestRegistry): Promise<void> {
  const send = registry.send.bind(registry);
  await send("GET", "/v2/");
  await send("HEAD", `${HELLO}/blobs/${FOO}`);
  await send("GET", `${HELLO}/blobs/${FOO}`);
  await send("GET", `${HELLO}/tags/list`);
  await send("HEAD", `${HELLO}/manifests/v1`);
  await send("GET", `${HELLO}/manifests/v1`);
  await send("GET", `${HELLO}/manifests/${FOO}`);
  for (let time = 0; time < 2; time++) await registry.pushBlob("library/hello", "foo");
  await send("HEAD", `${HELLO}/blobs/${FOO}`);
  await send("GET", `${HELLO}/blobs/${FOO}`);
  await send("GET", `${HELLO}/blobs/${FOO}`, { headers: { Range: "bytes=1-" } });
  await send("GET", `${HELLO}/blobs/${FOO}`, { headers: { Range: "bytes=7-" } });
  await send("GET", `${HELLO}/blobs/${FOO}`, { headers: { "If-None-Match": `"${FOO}"` } });
  for (const name of ["other", "other", "another"]) {
    const from = name === "another" ? "nowhere" : "library/hello";
    await send("POST", `/v2/library/${name}/blobs/uploads/?mount=${FOO}&from=${from}`);
  }

  const { digest, text } = await registry.pushImage("library/hello", { tag: "v1" });
  const headers = { "Content-Type": TYPES.image };
  await send("PUT", `${HELLO}/manifests/v1`, { body: text, headers });
  await send("PUT", `${HELLO}/manifests/${digest}`, { body: text, headers });
  await send("PUT", `${HELLO}/manifests/${digest}?tag=a&tag=b`, { body: text, headers });
  await send("PUT", `${HELLO}/manifests/${FOO}`, { body: text, headers });
  await send("PUT", `${HELLO}/manifests/v1`, { body: text, headers: { ...headers, "If-None-Match": "*" } });
  await send("PUT", `${HELLO}/manifests/v1`, { body: "{", headers });
  await send("PUT", `/v2/library/other/manifests/v1`, { body: text, headers });
  await registry.pushImage("library/hello", { tag: "v1", annotations: { a: "b" } });
  const index = { schemaVersion: 2, mediaType: TYPES.index, manifests: [] };
  await registry.pushManifest("library/hello", index);
  await registry.pushManifest("library/hello", { ...index, subject: descriptorOf(text, TYPES.image) }, { tag: "s" });
  for (const reference of ["v1", digest]) {
    for (const method of ["HEAD", "GET"]) await send(method, `${HELLO}/manifests/${reference}`);
  }
  await send("GET", `${HELLO}/manifests/${digest}`, { headers: { "If-None-Match": `"${digest}"` } });
  for (const query of ["", "?n=1"]) await send("GET", `${HELLO}/tags/list${query}`);
  for (const query of ["", "?n=1"]) await send("GET", `/v2/_catalog${query}`);
  for (const query of ["", "?artifactType=a/b"]) await send("GET", `${HELLO}/referrers/${digest}${query}`);

  await send("DELETE", `${HELLO}/blobs/${digestOf("layer of library/hello")}`);
  await send("DELETE", `${HELLO}/blobs/${FOO}`);
  await send("DELETE", `${HELLO}/blobs/${FOO}`);
  await send("DELETE", `${HELLO}/manifests/a`);
  await send("DELETE", `${HELLO}/manifests/${digest}`);
  await send("DELETE", `${HELLO}/manifests/${digest}`);
}

async function upload(registry: TestRegistry): Promise<void> {
  const send = registry.send.bind(registry);
  const sha512 = digestOf("foo", "sha512");
  const first = await opened(registry);
  await send("PATCH", first);
  await send("PATCH", first, { body: "f", headers: { "Content-Range": "0-0" } });
  await send("PATCH", first, { body: "o", headers: { "Content-Range": "7-7" } });
  await send("PUT", `${first}?digest=${FOO}`, { body: "o", headers: { "Content-Range": "7-7" } });
  await send("PATCH", first, { body: "o" });
  await send("GET", first);
  await send("PUT", `${first}?digest=${FOO}`, { body: "o" });
  await send("PUT", `${first}?digest=${FOO}`, { body: "o" });
  await send("PUT", `${await opened(registry)}?digest=${BAR}`, { body: "bar" });
  await send("PUT", `${await opened(registry)}?digest=${BAR}`, { body: "foo" });
  const second = await opened(registry);
  await send("PATCH", second, { body: "bar" });
  await send("PUT", `${second}?digest=${BAR}`);
  await send("DELETE", await opened(registry));
  await send("POST", `${HELLO}/blobs/uploads/?digest-algorithm=sha512`);
  await send("POST", `${HELLO}/blobs/uploads/?digest=${sha512}`, { body: "bar" });
  await send("POST", `${HELLO}/blobs/uploads/?digest=nonsense`, { body: "bar" });
  await send("PATCH", await opened(registry), { body: "foo", headers: { "Content-Range": "0-9" } });
}

async function breakRules(registry: TestRegistry): Promise<void> {
  const send = registry.send.bind(registry);
  await send("GET", "/v2/UPPER/tags/list");
  await send("GET", "/nowhere");
  await send("PUT", "/v2/");
  await send("GET", `${HELLO}/tags/list?n=many`);
  await send("POST", `${HELLO}/blobs/uploads/`, { headers: { Origin: "http://evil.example" } });
  await send("POST", `${HELLO}/blobs/uploads/?digest=${digestOf("large")}`, { body: "large" });
  await opened(registry);
  await send("POST", `${HELLO}/blobs/uploads/`);
}

// One referrer fills a page if its descriptor is long.
async function pushManyReferrers(registry: TestRegistry): Promise<void> {
  const { text, digest } = await registry.pushImage("library/hello");
  const long = "x".repeat(250_000);
  for (let number = 0; number < 20; number++) {
    await registry.pushManifest("library/hello", {
      schemaVersion: 2,
      mediaType: TYPES.index,
      manifests: [],
      subject: descriptorOf(text, TYPES.image),
      annotations: { number: String(number), long },
    });
  }
  await registry.send("GET", `${HELLO}/referrers/${digest}`);
}

async function logIn(registry: TestRegistry): Promise<void> {
  await registry.send("GET", "/v2/");
  await registry.send("GET", "/v2/", { headers: basic("alice", "wrong") });
  await registry.send("GET", "/token?service=glassbox", { headers: basic("alice", "secret") });
  await registry.send("DELETE", `${HELLO}/manifests/v1`, { headers: basic("alice", "secret") });
}

async function pull(registry: TestRegistry): Promise<void> {
  await registry.pushBlob("library/hello", "foo");
  await registry.pushImage("library/hello", { tag: "v1" });
  await registry.send("GET", `${HELLO}/blobs/${FOO}`);
  await registry.send("GET", `${HELLO}/manifests/v1`);
}

async function mount(registry: TestRegistry): Promise<void> {
  await registry.pushBlob("library/hello", "foo");
  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${FOO}&from=library/hello`);
}

// A disk whose files have only one name.
function copying(disk: Disk, tell?: (change: Change) => void): Disk {
  return new Proxy(tell === undefined ? disk : disk.telling(tell), {
    get(target, name) {
      if (name === "telling") return (tell: (change: Change) => void) => copying(disk, tell);
      if (name === "link") {
        return async (from: string, to: string) => {
          const [folder, file] = [dirname(to), basename(to)];
          await target.put(folder, { [file]: target.open(target.look(from)!) as Bytes });
          return true;
        };
      }
      const value = target[name as keyof Disk];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const page: Wrapper = (registry) => (request, peer) =>
  request.url.endsWith("/page") ? Promise.resolve(new Response("hello")) : registry(request, peer);

/** Returns the stories of requests of every kind. */
async function everyKind(): Promise<StoryData[]> {
  const elsewhere = () => new URL("https://cdn.example/file");
  const users: Users = { isPassword: (_, password) => Promise.resolve(password === "secret") };
  const mayOnlyPull = [{ users: ["alice"], repositories: ["**"], actions: ["pull"] }] as const;
  const tokens = { key: bytes("0123456789abcdef0123456789abcdef") };
  const all = await Promise.all([
    storiesOf(pushAndPull),
    storiesOf(upload),
    storiesOf(breakRules, { maxBlobSize: 4, maxUploads: 1 }),
    storiesOf(pushManyReferrers),
    storiesOf(pull, { redirect: elsewhere, redirectManifest: elsewhere }),
    storiesOf(mount, { disk: copying(memoryDisk()) }),
    storiesOf(logIn, { wrappers: [access(mayOnlyPull, { users, tokens })] }),
    storiesOf((registry) => registry.send("GET", "/page"), { wrappers: [page] }),
    ...([undefined, "ENOSPC"] as const).map((code) =>
      storiesOf((registry) => registry.send("POST", `${HELLO}/blobs/uploads/`), {
        disk: failing(memoryDisk(), [{ code }]),
      })
    ),
    storiesOf((registry) => registry.send("POST", `${HELLO}/blobs/uploads/?digest=${FOO}`, { body: endless() }), {
      slowest: { bytes: 1000, milliseconds: 20 },
    }),
  ]);
  return all.flat();
}

// A body that begins and does not go on.
function endless(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start: (controller) => controller.enqueue(bytes("f")) });
}

const stories = await everyKind();

Deno.test("a real request reaches each sentence of the table", () => {
  const reached = new Set(stories.map(sentenceFor));

  assertEquals(SENTENCES.filter((sentence) => !reached.has(sentence)), []);
});

Deno.test("each row of the table of endpoints has a sentence of its own for what it is good for", () => {
  for (const { id, method, path } of ENDPOINTS) {
    const done = stories.filter((story) => story.endpoint === id && story.method === method && story.status < 400);
    assert(done.length > 0, `${method} ${path} was not asked`);
    for (const story of done) {
      const [endpoint] = sentenceFor(story);
      assert(endpoint !== "*" && id.startsWith(endpoint), `${method} ${path} has only a general sentence`);
    }
  }
});

Deno.test("a success is never called a fault, and a refusal never a success", () => {
  for (const story of stories) {
    assertEquals(whyOf(story).meaning === "done", story.status < 400, `${story.method} ${story.url} ${story.status}`);
  }
});

Deno.test("a sentence ends with a full stop, and has no place for a value that nobody knows", () => {
  for (const [, , , , , text] of SENTENCES) {
    assert(/^[A-Z].*[.]$/.test(text), text);
    for (const [, name] of text.matchAll(/\{(.*?)\}/g)) {
      assert(["digest", "before", "subject", "tags"].includes(name), text);
    }
  }
});

Deno.test("PULL-HEAD-04: of the refusals, only those that belong to the work of a client are normal", () => {
  const normal = stories.filter((story) => whyOf(story).meaning === "normal");

  assertEquals([...new Set(normal.map(({ method, status }) => `${method} ${status}`))].sort(), ["GET 401", "HEAD 404"]);
  for (const { headers, status } of normal) if (status === 401) assertEquals(headers?.Authorization, undefined);
});

Deno.test("PUSH-MANIFEST-15: the sentence about a tag that was moved names both digests", async () => {
  await using registry = await startRegistry();
  const { digest: first } = await registry.pushImage("library/hello", { tag: "v1" });
  const { digest: second } = await registry.pushImage("library/hello", { tag: "v1", annotations: { a: "b" } });

  const { sentence } = whyOf(dataOf(registry.stories.at(-1)!));

  assertEquals(
    sentence,
    "This is the last step of a push, and it moves the tag. " +
      `It pointed to ${first}, and points to ${second} now. The old manifest stays.`,
  );
});
