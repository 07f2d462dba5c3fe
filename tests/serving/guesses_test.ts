/** Clients that guess passwords: they wait for each other, and nobody waits for them. */

import { assertEquals, assertMatch } from "@std/assert";
import type { Users } from "../../src/access/credentials.ts";
import { callThrough, offer } from "../../src/disk/between_threads.ts";
import { limitGuesses, rememberRight } from "../../src/serving/guesses.ts";
import { accessFor, expectRefusal, startRegistry } from "../fixture.ts";

const PASSWORDS: Readonly<Record<string, string>> = { alice: "secret", bob: "hunter2" };
const MINUTE = 60_000;

// Stands in for bcrypt: a computation takes until the test lets it end.
class Slow {
  /** The names and passwords that were computed, or are being computed. */
  readonly begun: string[] = [];
  /** The time on the clock, in milliseconds. */
  now = 1_000_000;
  #go = Promise.withResolvers<void>();

  readonly isPassword = async (user: string, password: string): Promise<boolean> => {
    this.begun.push(`${user}:${password}`);
    await this.#go.promise;
    return PASSWORDS[user] === password;
  };

  readonly clock = (): number => this.now;

  /** Lets all computations end, those that come later, too. */
  go(): void {
    this.#go.resolve();
  }

  /** Lets those that come later wait. */
  hold(): void {
    this.#go = Promise.withResolvers();
  }

  users(): Users {
    return { isPassword: rememberRight(limitGuesses(this.isPassword, this.clock), this.clock) };
  }
}

function as(user: string, password: string): { headers: { Authorization: string } } {
  return { headers: { Authorization: `Basic ${btoa(`${user}:${password}`)}` } };
}

Deno.test("while 16 clients guess a user's password, the user's known client gets 200 at once, and nothing is computed for it", async () => {
  const slow = new Slow();
  slow.go();
  await using registry = await startRegistry({ wrappers: [accessFor(slow.users())] });
  assertEquals((await registry.send("GET", "/v2/", as("alice", "secret"))).status, 200);
  slow.hold();
  slow.begun.length = 0;

  const guesses = Array.from({ length: 16 }, (_, n) => registry.send("GET", "/v2/", as("alice", `guess ${n}`)));
  // The computations of the guesses have not ended. If these waited for one, the test would never end.
  const known = [];
  for (let n = 0; n < 100; n++) known.push((await registry.send("GET", "/v2/", as("alice", "secret"))).status);
  const computed = [...slow.begun];
  slow.go();
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);

  assertEquals(known, Array(100).fill(200));
  assertEquals(computed, ["alice:guess 0"]);
  assertEquals(statuses, [...Array(10).fill(401), ...Array(6).fill(429)]);
  assertEquals(slow.begun, Array.from({ length: 10 }, (_, n) => `alice:guess ${n}`));
});

Deno.test("API-ERR-I14: a client that has guessed too often gets 429 and the time to wait, and after that time a right password is right", async () => {
  const slow = new Slow();
  slow.go();
  await using registry = await startRegistry({ wrappers: [accessFor(slow.users())] });
  for (let n = 0; n < 10; n++) await registry.send("GET", "/v2/", as("alice", `guess ${n}`));

  const refused = await registry.send("GET", "/v2/", as("alice", "secret"));
  const other = await registry.send("GET", "/v2/", as("bob", "hunter2"));
  slow.now += Number(refused.headers.get("Retry-After")) * 1000;
  const right = await registry.send("GET", "/v2/", as("alice", "secret"));
  const wrong = await registry.send("GET", "/v2/", as("alice", "guess 10"));
  const tooSoon = await registry.send("GET", "/v2/", as("alice", "guess 11"));

  assertEquals(refused.headers.get("Retry-After"), "6");
  await expectRefusal(refused, { status: 429, code: "TOOMANYREQUESTS", rule: "API-ERR-I14" });
  assertEquals([other.status, right.status, wrong.status, tooSoon.status], [200, 200, 401, 429]);
});

Deno.test("from one address 30 passwords a minute may be wrong, whichever users they are for; another address has its own", async () => {
  const slow = new Slow();
  slow.go();
  const { isPassword } = slow.users();
  const guess = (n: number, address: string) => isPassword(`user ${n}`, "guess", address);

  const first = await Promise.all(Array.from({ length: 31 }, (_, n) => guess(n, "192.0.2.1")));
  const right = await isPassword("alice", "secret", "192.0.2.2");
  slow.now += MINUTE;
  const later = await Promise.all(Array.from({ length: 31 }, (_, n) => guess(n, "192.0.2.1")));

  assertEquals(first, [...Array(30).fill(false), { retryAfter: 2 }]);
  assertEquals([right, later], [true, first]);
});

Deno.test("an unknown name takes the same way as a wrong password: the same work, the same answers", async () => {
  const seen = [];
  for (const user of ["alice", "mallory"]) {
    const slow = new Slow();
    slow.go();
    await using registry = await startRegistry({ wrappers: [accessFor(slow.users())] });
    const answers = [];
    for (let n = 0; n < 12; n++) answers.push(await registry.send("GET", "/v2/", as(user, `guess ${n}`)));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    seen.push([slow.begun.length, answers.map(({ status, headers }) => [status, ...headers]), texts]);
  }

  assertEquals(seen[0], seen[1]);
});

Deno.test("several requests at once with the same password are one computation, and right ones do not count as guesses", async () => {
  const slow = new Slow();
  const { isPassword } = slow.users();

  const same = Array.from({ length: 20 }, () => isPassword("alice", "secret", "192.0.2.1"));
  slow.go();

  assertEquals(await Promise.all(same), Array(20).fill(true));
  assertEquals(slow.begun, ["alice:secret"]);
  const guesses = [];
  for (let n = 0; n < 11; n++) guesses.push(await isPassword("alice", `guess ${n}`, "192.0.2.1"));
  assertEquals(guesses, [...Array(10).fill(false), { retryAfter: 6 }]);
});

Deno.test("if 64 passwords wait already, the next one is refused for a second, and computed after that", async () => {
  const slow = new Slow();
  const { isPassword } = slow.users();
  const waiting = Array.from({ length: 64 }, (_, n) => isPassword("bob", `guess ${n}`, `192.0.2.${n}`));

  const refused = await isPassword("bob", "hunter2", "192.0.2.99");
  slow.go();
  const guesses = await Promise.all(waiting);

  assertEquals([guesses, refused], [Array(64).fill(false), { retryAfter: 1 }]);
  assertEquals(await isPassword("bob", "hunter2", "192.0.2.99"), true);
});

Deno.test("if 64 guesses of 60 addresses wait, a first login from another address takes the place of one and is computed next", async () => {
  const slow = new Slow();
  slow.go();
  const { isPassword } = slow.users();
  const guess = (n: number) => isPassword(`user ${n}`, `guess ${n}`, `192.0.2.${n % 60}`);
  for (let n = 0; n < 60; n++) await guess(n);
  slow.hold();
  slow.begun.length = 0;

  // Each of these addresses has one wrong guess.
  const waiting = Array.from({ length: 64 }, (_, n) => guess(100 + n));
  const logins = [isPassword("alice", "secret", "192.0.2.99"), isPassword("bob", "hunter2", "192.0.2.99")];
  const refused = await guess(200);
  slow.go();

  assertEquals(await Promise.all(logins), [true, true]);
  assertEquals(await Promise.all(waiting), [...Array(62).fill(false), { retryAfter: 1 }, { retryAfter: 1 }]);
  assertEquals(refused, { retryAfter: 1 });
  const rest = Array.from({ length: 61 }, (_, n) => `user ${101 + n}:guess ${101 + n}`);
  assertEquals(slow.begun, ["user 100:guess 100", "alice:secret", "bob:hunter2", ...rest]);
});

Deno.test("passwords are computed in the order of the wrong guesses of their addresses, and one guess a minute is forgotten", async () => {
  const slow = new Slow();
  slow.go();
  const { isPassword } = slow.users();
  for (const [address, wrong] of [["often", 3], ["once", 1], ["twice", 2]] as const) {
    for (let n = 0; n < wrong; n++) await isPassword(address, `guess ${n}`, address);
  }
  const orderOf = async (password: string) => {
    slow.hold();
    slow.begun.length = 0;
    const all = ["first", "often", "twice", "once", "never"].map((user) => isPassword(user, password, user));
    slow.go();
    await Promise.all(all);
    return slow.begun.map((text) => text.split(":")[0]);
  };

  assertEquals(await orderOf("now"), ["first", "never", "once", "twice", "often"]);
  slow.now += 2 * MINUTE;
  // The last order was a wrong guess of each of them, too.
  assertEquals(await orderOf("later"), ["first", "once", "never", "twice", "often"]);
});

Deno.test("an address that gave its place away has not guessed", async () => {
  const slow = new Slow();
  slow.go();
  const { isPassword } = slow.users();
  await isPassword("alice", "wrong", "192.0.2.1");
  slow.hold();
  const computing = isPassword("alice", "guess", "192.0.2.2");
  const lost = isPassword("alice", "another", "192.0.2.1");
  const others = Array.from({ length: 63 }, (_, n) => isPassword("alice", `guess ${n}`, `192.0.2.${n + 10}`));

  assertEquals(await lost, { retryAfter: 1 });
  slow.go();
  await Promise.all([computing, ...others]);
  const guesses = [];
  for (let n = 100; n < 110; n++) guesses.push(await isPassword("alice", `guess ${n}`, "192.0.2.1"));
  assertEquals(guesses, [...Array(9).fill(false), { retryAfter: 6 }]);
});

for (
  const [what, first, same, other] of [
    ["an IPv6 network", "2001:db8:0:1::1", "2001:db8:0:1:ffff:0:0:9", "2001:db8:0:2::1"],
    ["an IPv6 network with zeros", "2001:db8::1", "2001:db8:0:0:1:2:3:4", "2001:db8:0:1::"],
    ["an IPv4 address that IPv6 has written", "::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2"],
  ]
) {
  Deno.test(`the wrong passwords of ${what} are counted together`, async () => {
    const slow = new Slow();
    slow.go();
    const { isPassword } = slow.users();
    for (let n = 0; n < 30; n++) await isPassword(`user ${n}`, "guess", n % 2 === 0 ? first : same);

    const answers = [];
    for (const address of [first, same, other]) answers.push(await isPassword("alice", "secret", address));

    assertEquals(answers, [{ retryAfter: 2 }, { retryAfter: 2 }, true]);
  });
}

Deno.test("a right password is known for ten minutes after its last use, a wrong one never", async () => {
  const slow = new Slow();
  slow.go();
  const { isPassword } = slow.users();
  const ask = async (user: string, password: string) => {
    slow.begun.length = 0;
    return [await isPassword(user, password, ""), slow.begun.length];
  };

  assertEquals(await ask("alice", "secret"), [true, 1]);
  for (let times = 0; times < 5; times++) {
    slow.now += 9 * MINUTE;
    assertEquals(await ask("alice", "secret"), [true, 0]);
  }
  assertEquals([await ask("alice", "wrong"), await ask("alice", "wrong")], [[false, 1], [false, 1]]);
  assertEquals([await ask("bob", "secret"), await ask("", "alice:secret")], [[false, 1], [false, 1]]);
  slow.now += 11 * MINUTE;
  assertEquals(await ask("alice", "secret"), [true, 1]);
});

Deno.test("the body of a push is not read before its password is right", async () => {
  const slow = new Slow();
  slow.go();
  await using registry = await startRegistry({ wrappers: [accessFor(slow.users())] });
  let read = 0;
  const push = (password: string) => {
    const body = new ReadableStream({ pull: () => void read++ }, { highWaterMark: 0 });
    return registry.send("POST", "/v2/library/hello/blobs/uploads/", { ...as("alice", password), body });
  };

  const statuses = [];
  for (let n = 0; n < 12; n++) statuses.push((await push(`guess ${n}`)).status);

  assertEquals([statuses.slice(8), read], [[401, 401, 429, 429], 0]);
});

Deno.test("a computation that fails is an error for those who wait for it, and for nobody else", async () => {
  let calls = 0;
  const check = limitGuesses(() =>
    calls++ === 0 ? Promise.reject(new Error("bcrypt is broken")) : Promise.resolve(true)
  );

  const first = check("alice", "secret", "").catch((error) => error.message);
  const second = check("bob", "hunter2", "");

  assertEquals([await first, await second], ["bcrypt is broken", true]);
});

Deno.test("a thread can call a function of another one: the result comes back, and so does an error", async () => {
  const { port1, port2 } = new MessageChannel();
  offer(port1, (user: string, password: string) => {
    if (user === "mallory") return Promise.reject(new Error("nobody"));
    return Promise.resolve({ retryAfter: password.length });
  });
  const call = callThrough<[string, string], { retryAfter: number }>(port2);

  const [alice, mallory, bob] = await Promise.all([
    call("alice", "secret"),
    call("mallory", "").catch((error) => error.message),
    call("bob", "x"),
  ]);
  port1.close();
  port2.close();

  assertEquals([alice, bob], [{ retryAfter: 6 }, { retryAfter: 1 }]);
  assertMatch(mallory, /^nobody$/);
});

// A check that says yes to everything, and counts how often it is asked. The password mark is what the test says.
function remembering(mark: { now: string | undefined; whileChecked?: string }) {
  const asked: string[] = [];
  const check = rememberRight(
    (user) => {
      asked.push(user);
      mark.now = mark.whileChecked ?? mark.now;
      return Promise.resolve(true);
    },
    undefined,
    () => mark.now,
  );
  return { asked, check };
}

Deno.test("a password that was right is asked for again after the user has got another one", async () => {
  const mark = { now: "old" };
  const { asked, check } = remembering(mark);
  await check("alice", "secret", "");
  await check("alice", "secret", "");
  mark.now = "new";
  await check("alice", "secret", "");
  mark.now = "old";
  await check("alice", "secret", "");

  assertEquals(asked.length, 2);
});

Deno.test("nothing is remembered of a user who is not there, nor if the password changes while it is checked", async () => {
  const unknown = remembering({ now: undefined });
  for (let n = 0; n < 3; n++) await unknown.check("alice", "secret", "");
  const mark = { now: "old", whileChecked: "new" };
  const changing = remembering(mark);
  await changing.check("alice", "secret", "");
  await changing.check("alice", "secret", "");
  mark.now = "old";
  await changing.check("alice", "secret", "");

  assertEquals([unknown.asked.length, changing.asked.length], [3, 3]);
});
