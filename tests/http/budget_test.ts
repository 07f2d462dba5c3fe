/** The memory for large manifests: clients that send slowly do not keep it from others. */

import { assertEquals, assertThrows } from "@std/assert";
import { RegistryError } from "../../src/api/error_codes.ts";
import { BodyBudget } from "../../src/http/budget.ts";
import { bytes, expectRefusal, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";

const MIB = 1024 * 1024;
const LARGEST = 8 * MIB;
const START = `{"schemaVersion":2,"mediaType":"${TYPES.index}","manifests":[]`;

// A manifest of this size, most of it an annotation.
function manifestOf(size: number): Uint8Array<ArrayBuffer> {
  const start = `${START},"annotations":{"a":"`;
  return bytes(`${start}${"a".repeat(size - start.length - 3)}"}}`);
}

// The clock of the registry, in milliseconds. The test sets it.
class Time implements Disposable {
  now = 1_000_000;
  readonly #original = performance.now;

  constructor() {
    performance.now = () => this.now;
  }

  [Symbol.dispose](): void {
    performance.now = this.#original;
  }
}

// A client that pushes a manifest and sends its bytes when the test says so.
class Client {
  readonly answer: Promise<Response>;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #wanted = Promise.withResolvers<void>();
  readonly #manifest: Uint8Array<ArrayBuffer>;
  #sent = 0;

  constructor(registry: TestRegistry, tag: string, size: number) {
    this.#manifest = manifestOf(size);
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#wanted.resolve(),
    }, { highWaterMark: 0 });
    const headers = { "Content-Type": TYPES.index, "Content-Length": String(size) };
    this.answer = registry.send("PUT", `/v2/library/hello/manifests/${tag}`, { body, headers });
  }

  /** Sends the next bytes, and waits until the registry has them and wants more. */
  async send(count: number): Promise<void> {
    await this.#wanted.promise;
    this.#wanted = Promise.withResolvers();
    this.#controller?.enqueue(this.#manifest.slice(this.#sent, this.#sent += count));
    await this.#wanted.promise;
  }

  /** Sends the rest. */
  async finish(): Promise<Response> {
    await this.send(this.#manifest.length - this.#sent);
    this.#controller?.close();
    return await this.answer;
  }
}

async function push(registry: TestRegistry, tag: string, size: number): Promise<Response> {
  const headers = { "Content-Type": TYPES.index };
  return await registry.send("PUT", `/v2/library/hello/manifests/${tag}`, { body: manifestOf(size), headers });
}

Deno.test("API-ERR-10: if slow clients hold all memory for large manifests, the slowest is answered 429, and a newcomer gets its memory", async () => {
  using time = new Time();
  await using registry = await startRegistry();
  const [slow, slowest] = ["slow", "slowest"].map((tag) => new Client(registry, tag, LARGEST));
  for (const client of [slow, slowest]) {
    // The memory for a body doubles. So each of them needs 8 MiB now.
    for (let sent = 0; sent <= 4 * MIB; sent += 64 * 1024) await client.send(64 * 1024);
  }

  const tooSoon = await push(registry, "tooSoon", 300_000);
  time.now += 5000;
  await slow.send(400);
  const newcomer = await push(registry, "newcomer", 300_000);
  assertEquals(newcomer.status, 201);
  const refused = await slowest.answer;
  const largest = await push(registry, "largest", LARGEST);
  const rest = await slow.finish();

  await expectRefusal(tooSoon, { status: 429, code: "TOOMANYREQUESTS", rule: "API-ERR-10" });
  assertEquals(refused.headers.get("Retry-After"), "2");
  const [{ expected, actual }] = await expectRefusal(refused, {
    status: 429,
    code: "TOOMANYREQUESTS",
    rule: "API-ERR-10",
  });
  assertEquals(expected, "at most 16777216 bytes of large manifests at the same time");
  assertEquals(actual, "others, while this one came slowly");
  assertEquals([largest.status, rest.status], [201, 201]);
  const { tags } = await (await registry.send("GET", "/v2/library/hello/tags/list")).json();
  assertEquals(tags, ["largest", "newcomer", "slow"]);
});

// A budget of 16 MiB, and shares of it. Each share has a body that has received as many bytes as the test says.
class Shares {
  now = 0;
  readonly #budget = new BodyBudget(LARGEST, () => this.now);

  start(size: number) {
    const body = { received: 0 };
    const share = this.#budget.share(() => body.received);
    share.growTo(size);
    return Object.assign(body, { share, isBroken: () => share.brokenOff.aborted });
  }
}

Deno.test("the body that gives way is the one that came slowest since its memory grew, and not the oldest", () => {
  const shares = new Shares();
  const fast = shares.start(LARGEST);
  const slow = shares.start(LARGEST);
  shares.now += 60_000;
  fast.received = 5 * MIB;
  slow.received = 4 * MIB;

  const newcomer = shares.start(4 * MIB);

  assertEquals([fast, slow, newcomer].map(({ isBroken }) => isBroken()), [false, true, false]);
});

Deno.test("a slow body that needs more memory does not take that of a faster one", () => {
  const shares = new Shares();
  const [fast, faster, slow] = [shares.start(LARGEST), shares.start(7 * MIB), shares.start(MIB)];
  shares.now += 10_000;
  [fast.received, faster.received, slow.received] = [MIB, 2 * MIB, 1000];

  assertThrows(() => slow.share.growTo(2 * MIB), RegistryError);
  assertEquals([fast, faster, slow].map(({ isBroken }) => isBroken()), [false, false, false]);
});

Deno.test("no body is broken off if that would not be enough, or after it is whole", () => {
  const shares = new Shares();
  const [whole, slow] = [shares.start(LARGEST), shares.start(MIB)];
  whole.share.keep();
  shares.now += 10_000;
  const fresh = shares.start(7 * MIB);

  assertThrows(() => shares.start(LARGEST), RegistryError);
  assertEquals([whole, slow, fresh].map(({ isBroken }) => isBroken()), [false, false, false]);
  whole.share[Symbol.dispose]();
  const newcomer = shares.start(LARGEST);
  assertEquals([whole, slow, fresh, newcomer].map(({ isBroken }) => isBroken()), [false, false, false, false]);
});

Deno.test("a body that is broken off gets no more memory, and its memory goes back once", () => {
  const shares = new Shares();
  const slow = [shares.start(LARGEST), shares.start(LARGEST)];
  shares.now += 10_000;
  slow[1].received = 1;
  const first = shares.start(LARGEST);

  assertEquals([...slow, first].map(({ isBroken }) => isBroken()), [true, false, false]);
  assertThrows(() => slow[0].share.growTo(LARGEST + 1), RegistryError);
  assertThrows(() => slow[0].share.keep(), RegistryError);
  slow[0].share[Symbol.dispose]();
  slow[1].share.keep();
  assertThrows(() => shares.start(LARGEST), RegistryError);
});
