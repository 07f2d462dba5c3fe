/** What the program prints: it does not wait for its readers. */

import { assert, assertEquals } from "@std/assert";
import { missingAsJson, Output } from "../../src/serving/output.ts";
import { Folder } from "../folder.ts";
import { freePort, Program } from "../processes/program.ts";

const REQUESTS = 2000;

// Long enough for the lines of the requests to fill the queues of two threads and a pipe.
const LONG = `/v2/?${"x".repeat(4000)}`;

// Sends requests on some connections at a time. Returns how many answers had which status.
async function sendMany(program: Program, number: number): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  let left = number;
  await Promise.all(Array.from({ length: 20 }, async () => {
    while (left-- > 0) {
      const { status } = await program.send("GET", LONG);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }));
  return statuses;
}

for (const threads of ["1", "2"]) {
  Deno.test(`--threads ${threads}: if nobody reads the log, all requests are answered, and the log says later how many lines are missing`, async () => {
    using folder = new Folder();
    await using program = await Program.serveOn(freePort(), folder.path, "--log", "line", "--threads", threads);
    program.out.hold();

    const statuses = await sendMany(program, REQUESTS);
    program.out.goOn();
    program.signal("SIGTERM");
    const { code, out, errors } = await program.outcome();

    const lines = out.slice(out.indexOf("Stop with Ctrl-C.")).split("\n").slice(2, -1);
    const whole = lines.filter((line) => /^GET {3}\/v2\/\?x{4000} {3}200 {3}[0-9.]+ ms {3}end-1$/.test(line));
    const missing = lines.map((line) => /^glassbox: ([0-9]+) lines are missing here, because nobody/.exec(line)?.[1])
      .filter((number) => number !== undefined).map(Number);
    assertEquals([statuses, code, errors], [{ 200: REQUESTS }, 0, ""]);
    assertEquals(lines.length, whole.length + missing.length);
    assert(missing.length > 0);
    assertEquals(missing.reduce((sum, number) => sum + number, whole.length), REQUESTS);
  });
}

Deno.test("--log json: the missing lines are a JSON object, too", async () => {
  using folder = new Folder();
  await using program = await Program.serve(folder.path, "--log", "json");
  program.out.hold();

  const statuses = await sendMany(program, REQUESTS);
  program.out.goOn();
  program.signal("SIGTERM");
  const { code, out } = await program.outcome();

  const told = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  const missing = told.filter((line) => "missing" in line);
  assertEquals([statuses, code], [{ 200: REQUESTS }, 0]);
  assert(missing.length > 0);
  assertEquals(Object.keys(missing[0]), ["time", "missing"]);
  assertEquals(missing.reduce((sum, line) => sum + line.missing, told.length - missing.length), REQUESTS);
});

Deno.test("a program whose log nobody reads ends on SIGTERM", async () => {
  using folder = new Folder();
  await using program = await Program.serve(folder.path, "--log", "line");
  program.out.hold();
  const statuses = await sendMany(program, REQUESTS);

  program.signal("SIGTERM");

  assertEquals([statuses, (await program.status()).code], [{ 200: REQUESTS }, 0]);
  program.out.goOn();
});

Deno.test("if the reader of the log is gone, requests are answered as before", async () => {
  using folder = new Folder();
  await using program = await Program.serve(folder.path, "--log", "line");
  program.out.close();

  const statuses = await sendMany(program, REQUESTS);
  program.signal("SIGTERM");

  assertEquals([statuses, (await program.status()).code], [{ 200: REQUESTS }, 0]);
});

// A reader that takes what is written when the test lets it.
class Reader {
  text = "";
  #ready = Promise.withResolvers<void>();

  read(): void {
    this.#ready.resolve();
  }

  /** Throws this at the next write. */
  fault: Error | undefined;

  async write(bytes: Uint8Array): Promise<number> {
    await this.#ready.promise;
    const { fault } = this;
    this.fault = undefined;
    if (fault !== undefined) throw fault;
    // A write may take only a part.
    const part = bytes.subarray(0, 1000);
    this.text += new TextDecoder().decode(part);
    return part.length;
  }
}

Deno.test("lines that do not fit are dropped until the reader reads again, also those that are short", async () => {
  const reader = new Reader();
  const output = new Output(reader);
  output.print("first");
  const long = "x".repeat(600_000);

  for (const line of [long, long, "short"]) output.print(line);
  reader.read();
  await output.flush(10_000);
  output.print("last");
  await output.flush(10_000);

  const missing = "glassbox: 2 lines are missing here, because nobody has read the log";
  assertEquals(reader.text, `first\n${long}\n${missing}\nlast\n`);
});

Deno.test("if a write fails, it is tried again; if the reader is gone, nothing more is printed", async () => {
  const reader = new Reader();
  const output = new Output(reader, { missing: missingAsJson });
  reader.read();

  reader.fault = new Error("No space left on device (os error 28)");
  output.print("kept");
  await output.flush(10_000);
  reader.fault = new Deno.errors.BrokenPipe();
  output.print("lost");
  await output.flush(10_000);
  output.print("not printed");
  await output.flush(10_000);

  assertEquals(reader.text, "kept\n");
});
