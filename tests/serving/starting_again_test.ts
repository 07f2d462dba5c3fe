/** The first process starts the second one again if that ends, and does not if it was asked to end. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { digestOf } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { pushBlob } from "../processes/content.ts";
import { freePort, Program, runDeno } from "../processes/program.ts";

function isThere(address: string): Promise<boolean> {
  return fetch(`${address}/v2/`).then(async (answer) => (await answer.bytes(), answer.ok), () => false);
}

async function untilThere(address: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!await isThere(address)) assert(Date.now() < deadline, `nobody listens on ${address}`);
}

Deno.test("if the second process is killed, it comes back, after a pause that grows, and what was acknowledged is there", async () => {
  using folder = new Folder();
  await using program = Program.start("--port", freePort(), "--root", folder.path);
  const address = await program.listening();
  const pushed = await pushBlob(program, "library/hello", "foo");

  for (const _ of [1, 2, 3]) {
    await program.killSecond();
    await untilThere(address);
  }
  const pulled = await program.send("GET", `/v2/library/hello/blobs/${digestOf("foo")}`);
  program.signal("SIGTERM");

  assertEquals([pushed.status, pulled.status, await pulled.text()], [201, 200, "foo"]);
  assertEquals([(await program.status()).code, await program.err.lines()], [0, [
    "glassbox: the registry has ended (SIGKILL); it starts again in 0.1 s",
    "glassbox: the registry has ended (SIGKILL); it starts again in 0.2 s",
    "glassbox: the registry has ended (SIGKILL); it starts again in 0.4 s",
  ]]);
});

Deno.test("a signal that comes in the pause before a new start ends the program with status 0", async () => {
  using folder = new Folder();
  await using program = Program.start("--port", freePort(), "--root", folder.path);
  const address = await program.listening();
  for (const _ of [1, 2]) {
    await program.killSecond();
    await untilThere(address);
  }

  await program.killSecond();
  program.signal("SIGTERM");

  assertEquals(await program.status(), { code: 0, signal: null });
  assertEquals(await isThere(address), false);
});

Deno.test("if the port is in use when the second process starts again, it is tried until the port is free", async () => {
  using folder = new Folder();
  const port = freePort();
  await using program = Program.start("--port", port, "--root", folder.path);
  const address = await program.listening();

  await program.killSecond();
  const other = Deno.listen({ hostname: "127.0.0.1", port: Number(port) });
  await program.err.until(/\(status 3\)/);
  other.close();

  await untilThere(address);
  const inUse = `glassbox: port ${port} of 127.0.0.1 is in use; choose another one with --port`;
  assert(program.err.text.includes(inUse), program.err.text);
});

Deno.test("with --log json, nothing but JSON is on the standard output when the second process has started again", async () => {
  using folder = new Folder();
  await using program = Program.start("--port", freePort(), "--root", folder.path, "--log", "json");
  const address = await program.listening();
  await untilThere(address);

  await program.killSecond();
  await untilThere(address);
  program.signal("SIGTERM");
  const { code, out } = await program.outcome();

  const told = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals([code, told.map(({ url, status }) => `${url} ${status}`)], [0, ["/v2/ 200", "/v2/ 200"]]);
});

Deno.test("with --port 0, the second process comes back on another port, and says so", async () => {
  using folder = new Folder();
  await using program = Program.start("--port", "0", "--root", folder.path);
  const before = await program.listening();

  await program.killSecond();
  const [, , after] = await program.out.until(/listens on (\S+) [^]*listens on (\S+) /);

  await untilThere(after);
  assertNotEquals(after, before);
  const line =
    "glassbox: the registry has ended (SIGKILL); it starts again in 0.1 s, on another port because of --port 0\n";
  assertEquals(program.err.text, line);
});

Deno.test("a housekeeping command that finds faults is not started again", async () => {
  using folder = new Folder();
  await Deno.mkdir(`${folder.path}/library/hello/${digestOf("foo")}`, { recursive: true });
  await Deno.writeTextFile(`${folder.path}/library/hello/${digestOf("foo")}/blob`, "bar");

  await using program = Program.start("verify", "--root", folder.path);
  const { code, out, errors } = await program.outcome();

  assertEquals([code, errors, out.includes("1 fault")], [1, "", true]);
});

Deno.test("if Deno itself cannot run the second process at the first start, it is not started again", async () => {
  const from = (path: string) => new URL(`../../src/serving/${path}`, import.meta.url).href;
  const script = `
    import { parseCommandLine } from "${from("command_line.ts")}";
    import { startAgain } from "${from("starting_again.ts")}";
    Deno.exit(await startAgain("file:///not/there/main.ts", [], parseCommandLine([], "")));
  `;

  const { code, errors } = await runDeno("eval", "--no-check", script);

  assertEquals(code, 1);
  assertEquals(errors.match(/glassbox.*/g), null);
});

for (const signal of ["SIGHUP", "SIGQUIT"] as const) {
  Deno.test(`on ${signal}, both processes end, and nobody keeps the port`, async () => {
    using folder = new Folder();
    await using program = Program.start("--port", freePort(), "--root", folder.path);
    const address = await program.listening();

    program.signal(signal);
    const { code, errors } = await program.outcome();

    assertEquals([code, errors], [{ SIGHUP: 0, SIGQUIT: 131 }[signal], ""]);
    assertEquals(await isThere(address), false);
  });
}
