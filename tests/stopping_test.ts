/** How a registry stops, and what a client can go on with afterwards. */

import { assert, assertEquals } from "@std/assert";
import { digestOf } from "./fixture.ts";
import { RegistryProcess, temporaryRoot } from "./processes/process.ts";

const HELLO = "/v2/library/hello";

/** A body whose pieces come when the test wants them to. */
function controlledBody() {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const writer = writable.getWriter();
  return { readable, send: (text: string) => writer.write(new TextEncoder().encode(text)), end: () => writer.close() };
}

async function openSession(process: RegistryProcess): Promise<string> {
  const opened = await process.send("POST", `${HELLO}/blobs/uploads/`);
  await opened.body?.cancel();
  return opened.headers.get("Location")!;
}

/** Waits until the registry has stored this many bytes of the only upload. */
async function expectStored(root: string, size: number): Promise<void> {
  const folder = `${root}/library/hello/_uploads`;
  const [{ name }] = [...Deno.readDirSync(folder)];
  while (Deno.statSync(`${folder}/${name}/data`).size < size) await new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test("on SIGTERM an upload that is under way comes to its end, and the exit status is 0", async () => {
  await using root = await temporaryRoot();
  await using registry = await RegistryProcess.start(root.path);
  const location = await openSession(registry);
  const body = controlledBody();
  const upload = registry.send("PUT", `${location}?digest=${digestOf("foobar")}`, { body: body.readable });
  await body.send("foo");
  await expectStored(root.path, 3);

  registry.signal("SIGTERM");
  const refused = await untilRefused(registry);
  await body.send("bar");
  await body.end();

  const answer = await upload;
  await answer.body?.cancel();
  assertEquals(answer.status, 201);
  assertEquals(refused, "5");
  assertEquals((await registry.end()).code, 0);
  assertEquals(Deno.readTextFileSync(`${root.path}/library/hello/${digestOf("foobar")}/blob`), "foobar");
});

// The signal takes a moment to arrive. From then on new requests are told to come back later: the value of Retry-After.
async function untilRefused(registry: RegistryProcess): Promise<string | null> {
  while (true) {
    const response = await registry.send("GET", "/v2/");
    await response.body?.cancel();
    if (response.status === 503) return response.headers.get("Retry-After");
    assertEquals(response.status, 200);
  }
}

Deno.test("on SIGTERM a download that is under way comes to its end", async () => {
  await using root = await temporaryRoot();
  await using registry = await RegistryProcess.start(root.path);
  const content = new Uint8Array(30_000_000).fill(7);
  const digest = digestOf(content);
  const pushed = await registry.send("POST", `${HELLO}/blobs/uploads/?digest=${digest}`, { body: content });
  await pushed.body?.cancel();
  const download = await registry.send("GET", `${HELLO}/blobs/${digest}`);

  registry.signal("SIGTERM");

  assertEquals(digestOf(await download.bytes()), digest);
  assertEquals((await registry.end()).code, 0);
});

Deno.test("USE-I02: what the drain has cut off is resumed after the restart", async () => {
  await using root = await temporaryRoot();
  const before = await RegistryProcess.start(root.path, "--drain", "1s");
  const location = await openSession(before);
  const body = controlledBody();
  const cut = before.send("PATCH", location, { body: body.readable }).then(({ ok }) => ok, () => false);
  await body.send("foo");
  await expectStored(root.path, 3);

  before.signal("SIGTERM");
  assertEquals((await before.end()).code, 0);
  assertEquals(await cut, false);

  await using after = await RegistryProcess.start(root.path);
  await expectToResume(after, location);
});

Deno.test("USE-I02: what kill -9 has cut off is resumed after the restart", async () => {
  await using root = await temporaryRoot();
  const before = await RegistryProcess.start(root.path);
  const location = await openSession(before);
  const body = controlledBody();
  const cut = before.send("PATCH", location, { body: body.readable }).then(({ ok }) => ok, () => false);
  await body.send("foo");
  await expectStored(root.path, 3);

  before.signal("SIGKILL");
  assertEquals((await before.end()).signal, "SIGKILL");
  assertEquals(await cut, false);

  await using after = await RegistryProcess.start(root.path);
  await expectToResume(after, location);
});

// The session has "foo", and gets "bar".
async function expectToResume(registry: RegistryProcess, location: string): Promise<void> {
  const status = await registry.send("GET", location);
  assertEquals([status.status, status.headers.get("Range")], [204, "0-2"]);
  const rest = await registry.send("PATCH", location, { body: "bar", headers: { "Content-Range": "3-5" } });
  await rest.body?.cancel();
  assertEquals([rest.status, rest.headers.get("Range")], [202, "0-5"]);
  const closed = await registry.send("PUT", `${location}?digest=${digestOf("foobar")}`);
  await closed.body?.cancel();
  assertEquals(closed.status, 201);
  const pulled = await registry.send("GET", closed.headers.get("Location")!);
  assert(pulled.ok);
  assertEquals(await pulled.text(), "foobar");
}
