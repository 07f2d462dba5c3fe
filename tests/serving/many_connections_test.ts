/** More connections than the process may have: serving goes on, or comes back at once. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { digestOf } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { pushBlob } from "../processes/content.ts";
import { freePort, Program } from "../processes/program.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";

// The limit of open files and connections of the program, and the connections to it.
const OPEN_FILES = 128;
const MANY = 400;

// Connections that send a text, and no more. Those that are refused or closed are not opened again.
async function openMany({ port }: URL, text = ""): Promise<Disposable> {
  const open = async () => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) }).catch(() => undefined);
    await connection?.write(new TextEncoder().encode(text)).catch(() => {});
    return connection;
  };
  const connections = await Promise.all(Array.from({ length: MANY }, open));
  return {
    [Symbol.dispose]() {
      for (const connection of connections) connection?.close();
    },
  };
}

// The beginning of an upload that does not go on.
const STALLED = `POST /v2/library/hello/blobs/uploads/?digest=${digestOf("stalled")} HTTP/1.1\r\n` +
  "Host: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 7\r\n\r\ns";

// Asks until there is such an answer, on a new connection each time. Returns the time that it took, in milliseconds.
async function timeUntil(wanted: number, url: string, init: RequestInit = {}): Promise<number> {
  const since = performance.now();
  for (;;) {
    using client = Deno.createHttpClient({ caCerts: [CERTIFICATE] });
    const status = await fetch(url, { ...init, client }).then(
      async (answer) => (await answer.bytes(), answer.status),
      String,
    );
    const milliseconds = performance.now() - since;
    if (status === wanted) return milliseconds;
    assert(milliseconds < 20_000, `${status} from ${url}`);
  }
}

for (
  const flags of [
    "--http deno --threads 1",
    "--http deno --threads 2",
    "--http node --threads 1",
    "--http node --threads 2",
  ]
) {
  Deno.test(`${flags}: with more idle connections than open files, a client is served while they are there and afterwards`, async () => {
    using folder = new Folder();
    const args = ["--port", freePort(), "--root", folder.path, "--log", "none", ...flags.split(" ")];
    await using program = Program.startWith(OPEN_FILES, ...args);
    const address = new URL(await program.listening());
    const pushed = await pushBlob(program, "library/hello", "foo");
    const url = `${address.origin}/v2/library/hello/blobs/${digestOf("foo")}`;

    const meanwhile = await openMany(address);
    const there = await timeUntil(200, url);
    // With several threads, a blob of several pieces starts one more.
    const large = "a layer of several pieces ".repeat(50_000);
    const push = `${address.origin}/v2/library/hello/blobs/uploads/?digest=${digestOf(large)}`;
    const stored = await timeUntil(201, push, { method: "POST", body: large });
    meanwhile[Symbol.dispose]();
    const afterwards = await timeUntil(200, url);
    program.signal("SIGTERM");

    assertEquals(pushed.status, 201);
    for (const milliseconds of [there, stored, afterwards]) assert(milliseconds < 5_000, `${milliseconds} ms`);
    assertEquals((await program.status()).code, 0);
    assert(!program.err.text.includes("starts again"), program.err.text);
  });
}

for (const flags of ["--http deno --threads 2", "--http node --threads 1", "--http node --threads 2"]) {
  Deno.test(`${flags}: with more uploads that stall than open files, a client is served while they are there`, async () => {
    using folder = new Folder();
    const args = ["--port", freePort(), "--root", folder.path, "--log", "none", ...flags.split(" ")];
    await using program = Program.startWith(OPEN_FILES, ...args);
    const address = new URL(await program.listening());
    const url = `${address.origin}/v2/`;
    await timeUntil(200, url);

    using _meanwhile = await openMany(address, STALLED);
    const times = [await timeUntil(200, url), await timeUntil(200, url), await timeUntil(200, url)];

    for (const milliseconds of times) assert(milliseconds < 5_000, `${milliseconds} ms`);
    assert(!program.err.text.includes("starts again"), program.err.text);
  });
}

// A connection whose TLS handshake is not finished can be closed only with its process.
for (const threads of ["1", "2"]) {
  Deno.test(`--http deno --threads ${threads} with TLS: with more idle connections than open files, the process is replaced, and a client is served`, async () => {
    using folder = new Folder();
    await Deno.writeTextFile(`${folder.path}/cert.pem`, CERTIFICATE);
    await Deno.writeTextFile(`${folder.path}/key.pem`, KEY);
    const tls = ["--tls-cert", `${folder.path}/cert.pem`, "--tls-key", `${folder.path}/key.pem`];
    const args = ["--port", freePort(), "--root", `${folder.path}/root`, "--log", "none", "--threads", threads, ...tls];
    await using program = Program.startWith(OPEN_FILES, ...args);
    const address = new URL(await program.listening());
    const url = `https://localhost:${address.port}/v2/`;
    await timeUntil(200, url);

    using _meanwhile = await openMany(address);
    await program.err.until(/starts again/);
    const milliseconds = await timeUntil(200, url);

    assert(milliseconds < 5_000, `${milliseconds} ms`);
    assertMatch(
      program.err.text,
      /glassbox: cannot listen any more: [^]*\nglassbox: the registry has ended \(status 4\); it /,
    );
  });
}
