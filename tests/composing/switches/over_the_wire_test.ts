/**
 * The faults of the network, on the wire: what a client sees of them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { startRegistry } from "../../../src/serving/start_registry.ts";
import { Folder } from "../../folder.ts";
import { Program } from "../../processes/program.ts";
import { bytes, digestOf } from "../../fixture.ts";

const CONTENT = "0123456789".repeat(1000);
const DIGEST = digestOf(CONTENT);

async function push(url: string, name: string): Promise<string> {
  const pushed = await fetch(`${url}/v2/${name}/blobs/uploads/?digest=${DIGEST}`, { method: "POST", body: CONTENT });
  await pushed.body?.cancel();
  assertEquals(pushed.status, 201);
  return `${url}/v2/${name}/blobs/${DIGEST}`;
}

// Reads as much of a body as comes.
async function received(response: Response): Promise<number> {
  let length = 0;
  try {
    for await (const piece of response.body!) length += piece.length;
  } catch {
    return length;
  }
  throw new Error("the body came to its end");
}

Deno.test("cut ends the connection after some bytes, once, and in the repositories of one prefix only", async () => {
  await using registry = await startRegistry();
  const [a, b] = [await push(registry.url, "a/x"), await push(registry.url, "b/x")];
  registry.switches.on("cut", { after: 1000, times: 1, repository: "a/" });

  assertEquals(await (await fetch(b)).text(), CONTENT);
  assertEquals(await received(await fetch(a)), 1000);
  assertEquals(await (await fetch(a)).text(), CONTENT);
});

Deno.test("flip-byte changes one byte of a blob, at a place of the test's or at one of the seed's", async () => {
  await using registry = await startRegistry();
  const url = await push(registry.url, "a");
  const changed = async () => {
    const got = await (await fetch(url)).bytes();
    return [...bytes(CONTENT).entries()].filter(([at, byte]) => got[at] !== byte).map(([at]) => at);
  };
  registry.switches.on("flip-byte", { at: 42 });
  assertEquals(await changed(), [42]);
  const places = [];
  for (const seed of [1, 1, 2]) {
    registry.switches.on("flip-byte", { seed });
    places.push(await changed());
  }
  assertEquals(places.map(({ length }) => length), [1, 1, 1]);
  assertEquals(places[0], places[1]);
  assertEquals(places[0][0] === places[2][0], false);
});

Deno.test("wrong-length announces a byte that never comes", async () => {
  await using registry = await startRegistry();
  const url = await push(registry.url, "a");
  registry.switches.on("wrong-length", { times: 1 });
  assertEquals(await received(await fetch(url)), CONTENT.length);
  assertEquals(await (await fetch(url)).text(), CONTENT);
});

Deno.test("server-error and too-many-requests say when to try again", async () => {
  await using registry = await startRegistry();
  const answers = [];
  registry.switches.on("server-error", { status: 502, retryAfter: 7, times: 1 });
  answers.push(await fetch(`${registry.url}/v2/`));
  registry.switches.clear();
  registry.switches.on("too-many-requests", { retryAfter: 3, times: 1 });
  answers.push(await fetch(`${registry.url}/v2/`), await fetch(`${registry.url}/v2/`));
  const seen = answers.map(({ status, headers }) => [status, headers.get("Retry-After")]);
  for (const { body } of answers) await body?.cancel();
  assertEquals(seen, [[502, "7"], [429, "3"], [200, null]]);
  const told = registry.stories.map(({ endpoint, status, refusal }) => [endpoint, status, refusal?.code]);
  assertEquals(told, [["end-1", 502, undefined], ["end-1", 429, "TOOMANYREQUESTS"], ["end-1", 200, undefined]]);
});

for (const server of ["deno", "node"]) {
  Deno.test(`the program cuts a body with --http ${server}, goes on to serve, and logs no fault of its own`, async () => {
    using folder = new Folder();
    await using program = await Program.serve(folder.path, "--http", server, "--switch", "cut:after=1000,times=1");
    const url = await push(program.address, "a");
    assertEquals(await received(await fetch(url)), 1000);
    assertEquals(await (await fetch(url)).text(), CONTENT);
    program.signal("SIGTERM");
    assertEquals([(await program.status()).code, await program.err.whole()], [0, ""]);
  });
}
