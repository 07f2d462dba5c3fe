/** Several threads on one port. The answer to a request is the same, whichever thread gets it. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { digestOf, randomBytes, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { Program, type Sent } from "../processes/program.ts";

// Threads can share a port only if it is known beforehand.
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

function flagsFor(folder: Folder, port: number): string[] {
  return ["--port", `${port}`, "--root", folder.path, "--log", "none", "--threads", "2", "--durability", "none"];
}

async function startThreads(folder: Folder): Promise<Program> {
  const program = Program.main(...flagsFor(folder, freePort()));
  await program.listening();
  return program;
}

// Sends a request over a connection of its own, which may come to either thread.
function send(threads: Program, method: string, path: string, sent: Sent = {}): Promise<Response> {
  return threads.send(method, path, { ...sent, headers: { ...sent.headers, "Connection": "close" } });
}

Deno.test("USE-I02: the requests of one upload can come to different threads", async () => {
  using folder = new Folder();
  await using threads = await startThreads(folder);
  const path = "/v2/library/hello/blobs/";
  for (const size of [100, 70_000, 3_000_000]) {
    const content = randomBytes(size);
    const opened = await send(threads, "POST", `${path}uploads/`);
    const location = opened.headers.get("Location")!;
    for (let part = 0; part < 4; part++) {
      const body = content.subarray(part * size / 4, (part + 1) * size / 4);
      assertEquals((await send(threads, "PATCH", location, { body })).status, 202);
    }
    const digest = digestOf(content);

    const closed = await send(threads, "PUT", `${location}?digest=${digest}`);

    assertEquals(closed.status, 201);
    const pulled = await send(threads, "GET", path + digest);
    assertEquals(digestOf(await pulled.bytes()), digest);
  }
});

Deno.test("PUSH-BLOB-01: bytes that came to different threads, and have another digest, are not stored", async () => {
  using folder = new Folder();
  await using threads = await startThreads(folder);
  const opened = await send(threads, "POST", "/v2/library/hello/blobs/uploads/");
  const location = opened.headers.get("Location")!;
  for (let part = 0; part < 4; part++) await send(threads, "PATCH", location, { body: randomBytes(700_000) });

  const closed = await send(threads, "PUT", `${location}?digest=${digestOf("foo")}`);

  assertEquals([closed.status, (await closed.json()).errors[0].code], [400, "DIGEST_INVALID"]);
  assertEquals((await send(threads, "GET", `/v2/library/hello/blobs/${digestOf("foo")}`)).status, 404);
});

Deno.test("every thread's answers include what another thread has acknowledged", async () => {
  using folder = new Folder();
  await using threads = await startThreads(folder);
  const manifests = ["a", "b"].map((note) =>
    JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [], annotations: { note } })
  );
  for (let round = 0; round < 20; round++) {
    const body = manifests[round % 2];
    const pushed = await send(threads, "PUT", "/v2/library/hello/manifests/latest", {
      body,
      headers: { "Content-Type": TYPES.index },
    });
    assertEquals(pushed.status, 201);

    const pulled = await send(threads, "GET", "/v2/library/hello/manifests/latest");

    assertEquals([pulled.headers.get("Docker-Content-Digest"), await pulled.text()], [digestOf(body), body]);
  }
});

Deno.test("on SIGTERM every thread lets its uploads finish, and the exit status is 0", async () => {
  using folder = new Folder();
  await using threads = await startThreads(folder);
  const uploads = Array.from({ length: 8 }, () => {
    const content = randomBytes(500_000);
    const { promise: isStopping, resolve: go } = Promise.withResolvers<void>();
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(content.subarray(0, 250_000));
        await isStopping;
        controller.enqueue(content.subarray(250_000));
        controller.close();
      },
    });
    const path = `/v2/library/hello/blobs/uploads/?digest=${digestOf(content)}`;
    return { go, answer: send(threads, "POST", path, { body }) };
  });
  // All uploads are under way when each has its session on disk.
  while (sessionsIn(folder.path) < uploads.length) await new Promise((resolve) => setTimeout(resolve, 10));

  threads.signal("SIGTERM");
  for (const { go } of uploads) go();

  for (const { answer } of uploads) assertEquals((await answer).status, 201);
  const { code, errors } = await threads.outcome();
  assertEquals(code, 0);
  // On a busy machine the program says what it waits for.
  assertMatch(errors, /^(?:glassbox: waits up to 30 s [^\n]*\n)?$/);
});

function sessionsIn(root: string): number {
  try {
    return [...Deno.readDirSync(`${root}/library/hello/_uploads`)].length;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

Deno.test("a program that may not read its own source serves in one thread, and says so", async () => {
  using folder = new Folder();
  const port = freePort();
  const permissions = [`--allow-net=127.0.0.1:${port}`, `--allow-read=${folder.path}`, `--allow-write=${folder.path}`];
  await using program = Program.mainWith(permissions, ...flagsFor(folder, port));
  await program.listening();

  program.signal("SIGTERM");

  const { code, errors } = await program.outcome();
  assertEquals(code, 0);
  assertStringIncludes(errors, "glassbox: warning: only one thread serves; more need --allow-read=");
});
