/** More connections than the process may have: serving goes on, or comes back at once. */

import { assert, assertEquals } from "@std/assert";
import { digestOf } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { pushBlob } from "../processes/content.ts";
import { freePort, Program } from "../processes/program.ts";

// The limit of open files and connections of the program, and the connections to it.
const OPEN_FILES = 128;
const MANY = 400;

// Connections that send nothing. Those that are refused or closed are not opened again.
async function openMany({ port }: URL): Promise<Disposable> {
  const open = () => Deno.connect({ hostname: "127.0.0.1", port: Number(port) }).catch(() => undefined);
  const connections = await Promise.all(Array.from({ length: MANY }, open));
  return {
    [Symbol.dispose]() {
      for (const connection of connections) connection?.close();
    },
  };
}

// Asks until there is an answer, on a new connection each time. Returns the status, and the time that it took in milliseconds.
async function statusOf(url: string): Promise<{ status: number; milliseconds: number }> {
  const since = performance.now();
  for (;;) {
    using client = Deno.createHttpClient({});
    const status = await fetch(url, { client }).then(async (answer) => (await answer.bytes(), answer.status), () => 0);
    const milliseconds = performance.now() - since;
    if (status !== 0) return { status, milliseconds };
    assert(milliseconds < 20_000, `no answer from ${url}`);
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
    const there = await statusOf(url);
    meanwhile[Symbol.dispose]();
    const afterwards = await statusOf(url);
    program.signal("SIGTERM");

    assertEquals([pushed.status, there.status, afterwards.status], [201, 200, 200]);
    assert(there.milliseconds < 5_000 && afterwards.milliseconds < 5_000, JSON.stringify({ there, afterwards }));
    assertEquals((await program.status()).code, 0);
    assert(!program.err.text.includes("starts again"), program.err.text);
  });
}
