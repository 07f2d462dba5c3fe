/** A registry stops, and a client goes on afterwards. */

import { assert, assertEquals } from "@std/assert";
import { bytes, digestOf } from "./fixture.ts";
import { Folder } from "./folder.ts";
import { openSession, pushBlob } from "./processes/content.ts";
import type { Program } from "./processes/program.ts";
import { SharedRoot } from "./processes/shared_root.ts";
import { SlowBody } from "./processes/slow_body.ts";

const HELLO = "/v2/library/hello";

// Waits until the registry has stored this many bytes of the upload.
async function untilStored(registry: Program, location: string, size: number): Promise<void> {
  await registry.ask("GET", location, ({ headers }) => headers.get("Range") === `0-${size - 1}`);
}

async function expectRefusedConnection(address: string): Promise<void> {
  const { hostname, port } = new URL(address);
  const outcome = await Deno.connect({ hostname, port: Number(port) }).catch((error) => error);
  assert(outcome instanceof Deno.errors.ConnectionRefused, `${outcome}`);
}

Deno.test("on SIGTERM an upload and a download finish, new requests are told to come back later, and the status is 0", async () => {
  await using root = new SharedRoot();
  const [registry] = await root.start(1);
  const layer = "a layer that no socket takes as a whole ".repeat(500_000);
  assertEquals((await pushBlob(registry, "library/hello", layer)).status, 201);
  const location = await openSession(registry);
  const body = new SlowBody();
  const uploading = registry.send("PUT", `${location}?digest=${digestOf("helloworld")}`, { body: body.stream });
  await body.write("hello");
  await untilStored(registry, location, 5);
  const download = await registry.open("GET", `${HELLO}/blobs/${digestOf(layer)}`);

  registry.signal("SIGTERM");
  using strangers = Deno.createHttpClient({});
  const known = await registry.ask("GET", "/v2/", ({ status }) => status !== 200);
  const stranger = await registry.send("GET", location, { client: strangers });
  await body.write("world");
  await body.close();
  const uploaded = await uploading;
  const downloaded = await download.text();
  const ended = await registry.status();

  for (const refused of [known, stranger]) {
    assertEquals([refused.status, refused.headers.get("Retry-After")], [503, "5"]);
    const { errors: [{ code }] } = await refused.json();
    assertEquals(code, "TOOMANYREQUESTS");
  }
  assertEquals([uploaded.status, uploaded.headers.get("Docker-Content-Digest")], [201, digestOf("helloworld")]);
  assert(downloaded === layer);
  assertEquals(ended, { code: 0, signal: null });
  await expectRefusedConnection(registry.address);
  assertEquals(root.read(`library/hello/${digestOf("helloworld")}/blob`), "helloworld");
  assertEquals(await root.findings(), []);
});

Deno.test("a client that is connected and sends no request does not keep the registry from stopping", async () => {
  await using root = new SharedRoot();
  const [registry] = await root.start(1, "--drain", "1h");
  const { hostname, port } = new URL(registry.address);
  using idle = await Deno.connect({ hostname, port: Number(port) });
  using halfAsked = await Deno.connect({ hostname, port: Number(port) });
  await halfAsked.write(bytes("GET /v2/ HTTP/1.1\r\nHost: loc"));
  assertEquals((await registry.send("GET", "/v2/")).status, 200);

  registry.signal("SIGTERM");

  assertEquals(await registry.status(), { code: 0, signal: null });
  assertEquals(await idle.read(new Uint8Array(1)).catch(() => null), null);
});

Deno.test("a download that no client reads keeps the registry from stopping only as long as --drain says", async () => {
  await using root = new SharedRoot();
  const [registry] = await root.start(1, "--drain", "1s");
  const layer = "a layer that no socket takes as a whole ".repeat(500_000);
  assertEquals((await pushBlob(registry, "library/hello", layer)).status, 201);
  const download = await registry.open("GET", `${HELLO}/blobs/${digestOf(layer)}`);

  const before = performance.now();
  registry.signal("SIGTERM");
  const ended = await registry.status();

  assertEquals(ended, { code: 0, signal: null });
  assert(performance.now() - before >= 1000);
  await download.body!.cancel().catch(() => {});
});

// The ways in which the registry ends, one for each signal.
const ENDS = { SIGTERM: { code: 0, signal: null }, SIGKILL: { code: 137, signal: "SIGKILL" } } as const;

for (const [what, signal] of [["--drain", "SIGTERM"], ["kill -9", "SIGKILL"]] as const) {
  for (const method of ["PATCH", "PUT"]) {
    Deno.test(`USE-I02: if ${what} cuts off a ${method}, the bytes that came are kept, and the client goes on after the restart`, async () => {
      await using root = new SharedRoot();
      const [before] = await root.start(1, "--drain", "1s");
      const layer = Array.from({ length: 60_000 }, (_, number) => `line ${number}\n`).join("");
      const digest = digestOf(layer);
      const location = await openSession(before);
      await before.send("PATCH", location, { body: layer.slice(0, 100) });
      const body = new SlowBody();
      const uploading = before.send(method, `${location}?digest=${digest}`, { body: body.stream }).catch((error) =>
        error
      );
      await body.write(layer.slice(100, 400_000));
      await untilStored(before, location, 400_000);

      before.signal(signal);
      assertEquals(await before.status(), ENDS[signal]);
      const cutOff = await uploading;
      const [after] = await root.start(1);
      const status = await after.send("GET", location);
      const rest = await after.send("PATCH", location, {
        body: layer.slice(400_000),
        headers: { "Content-Range": `400000-${layer.length - 1}` },
      });
      const closed = await after.send("PUT", `${location}?digest=${digest}`);

      assert(!cutOff.ok);
      assertEquals([status.status, status.headers.get("Range")], [204, "0-399999"]);
      assertEquals([rest.status, rest.headers.get("Range")], [202, `0-${layer.length - 1}`]);
      assertEquals([closed.status, closed.headers.get("Docker-Content-Digest")], [201, digest]);
      assert(await (await after.send("GET", closed.headers.get("Location")!)).text() === layer);
      assertEquals(root.tree(), [`library/hello/${digest}/blob`]);
      await body.abandon();
    });
  }
}

Deno.test("on SIGTERM an upload that is under way finishes, and the exit status is 0", async () => {
  await using root = new SharedRoot();
  const [registry] = await root.start(1);
  const location = await openSession(registry);
  const body = new SlowBody();
  const upload = registry.send("PUT", `${location}?digest=${digestOf("foobar")}`, { body: body.stream });
  await body.write("foo");
  await untilStored(registry, location, 3);

  registry.signal("SIGTERM");
  const refused = await registry.ask("GET", "/v2/", ({ status }) => status !== 200);
  await body.write("bar");
  await body.close();
  const answer = await upload;
  const ended = await registry.status();

  assertEquals(answer.status, 201);
  assertEquals([refused.status, refused.headers.get("Retry-After")], [503, "5"]);
  assertEquals(ended.code, 0);
  assertEquals(root.read(`library/hello/${digestOf("foobar")}/blob`), "foobar");
});

Deno.test("on SIGTERM a download that is under way finishes", async () => {
  await using root = new SharedRoot();
  const [registry] = await root.start(1);
  const content = new Uint8Array(30_000_000).fill(7);
  const digest = digestOf(content);
  await registry.send("POST", `${HELLO}/blobs/uploads/?digest=${digest}`, { body: content });
  const download = await registry.open("GET", `${HELLO}/blobs/${digest}`);

  registry.signal("SIGTERM");

  assertEquals(digestOf(await download.bytes()), digest);
  assertEquals((await registry.status()).code, 0);
});

for (const [what, signal] of [["the drain", "SIGTERM"], ["kill -9", "SIGKILL"]] as const) {
  Deno.test(`USE-I02: a client resumes after the restart what ${what} has cut off`, async () => {
    await using root = new SharedRoot();
    const [before] = await root.start(1, "--drain", "1s");
    const location = await openSession(before);
    const body = new SlowBody();
    const cut = before.send("PATCH", location, { body: body.stream }).then(({ ok }) => ok, () => false);
    await body.write("foo");
    await untilStored(before, location, 3);

    before.signal(signal);
    assertEquals(await before.status(), ENDS[signal]);
    assertEquals(await cut, false);
    const [after] = await root.start(1);
    const status = await after.send("GET", location);
    const rest = await after.send("PATCH", location, { body: "bar", headers: { "Content-Range": "3-5" } });
    const closed = await after.send("PUT", `${location}?digest=${digestOf("foobar")}`);
    const pulled = await after.send("GET", closed.headers.get("Location")!);

    assertEquals([status.status, status.headers.get("Range")], [204, "0-2"]);
    assertEquals([rest.status, rest.headers.get("Range"), closed.status], [202, "0-5", 201]);
    assertEquals([pulled.status, await pulled.text()], [200, "foobar"]);
    await body.abandon();
  });
}

Deno.test("on SIGTERM an upload finishes also if the registry has stopped to look for late changes before", async () => {
  await using root = new SharedRoot();
  using elsewhere = new Folder();
  await Deno.symlink(elsewhere.path, `${root.path}/.locks`);
  const [registry] = await root.start(1);
  await registry.err.until(/symbolic link/);
  await Deno.remove(`${root.path}/.locks`);
  const location = await openSession(registry);
  const body = new SlowBody();
  const upload = registry.send("PUT", `${location}?digest=${digestOf("foobar")}`, { body: body.stream });
  upload.catch(() => {}); // The error surfaces at the `await`.
  await body.write("foo");
  await untilStored(registry, location, 3);

  registry.signal("SIGTERM");
  await registry.ask("GET", "/v2/", ({ status }) => status !== 200);
  await body.write("bar");
  await body.close();

  assertEquals([(await upload).status, await registry.status()], [201, { code: 0, signal: null }]);
});
