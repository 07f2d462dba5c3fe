/**
 * The wrappers that only refuse, count, tell or add a header: read-only, traced, limited, with warnings.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { limited, parseRate, tokenBuckets } from "../../src/composing/limited.ts";
import { networkOf } from "../../src/http/peer.ts";
import { readOnly } from "../../src/composing/read_only.ts";
import { type Trace, traced } from "../../src/composing/traced.ts";
import { withWarnings } from "../../src/composing/with_warnings.ts";
import { TYPES } from "../fixture.ts";
import { digestOf, expectRefusal, startRegistry } from "../fixture.ts";

Deno.test("a registry behind readOnly refuses the same requests in the same words as one with the setting", async () => {
  await using wrapped = await startRegistry({ wrappers: [readOnly] });
  await using set = await startRegistry({ readOnly: true });
  const foo = digestOf("foo");
  for (
    const [method, path] of [
      ["GET", "/v2/"],
      ["POST", "/v2/"],
      ["GET", `/v2/a/blobs/${foo}`],
      ["HEAD", `/v2/a/blobs/${foo}`],
      ["DELETE", `/v2/a/blobs/${foo}`],
      ["PUT", "/v2/a/manifests/latest"],
      ["DELETE", "/v2/a/manifests/latest"],
      ["POST", "/v2/a/blobs/uploads/"],
      ["PATCH", "/v2/a/blobs/uploads/0f9c"],
      ["GET", "/v2/a/blobs/uploads/0f9c"],
      ["GET", "/v2/_catalog"],
      ["GET", "/nowhere"],
    ]
  ) {
    const [one, other] = [await wrapped.send(method, path), await set.send(method, path)];
    assertEquals(
      [one.status, [...one.headers], await one.text()],
      [other.status, [...other.headers], await other.text()],
      `${method} ${path}`,
    );
  }
  assertEquals(wrapped.tree(), []);
});

Deno.test("API-ERR-10: a client that sends too many requests gets 429 and the seconds to wait, and others do not", async () => {
  let now = 0;
  const clientOf = (request: Request) => request.headers.get("X-Client") ?? "";
  const limit = limited({ requests: 2, milliseconds: 60_000 }, { now: () => now, clientOf });
  await using registry = await startRegistry({ wrappers: [limit] });
  const send = (client: string) => registry.send("GET", "/v2/", { headers: { "X-Client": client } });
  const statuses = [(await send("a")).status, (await send("a")).status];
  const refused = await send("a");
  assertEquals([...statuses, refused.headers.get("Retry-After"), (await send("b")).status], [200, 200, "30", 200]);
  const [{ expected }] = await expectRefusal(refused, { status: 429, code: "TOOMANYREQUESTS", rule: "API-ERR-10" });
  assertEquals(expected, "the next request in 30 s, because there were too many");
  assertEquals(registry.stories.filter(({ status }) => status === 429).length, 1);

  now = 29_999;
  assertEquals((await send("a")).headers.get("Retry-After"), "1");
  now = 30_000;
  assertEquals((await send("a")).status, 200);
  now = 10 * 60_000;
  assertEquals([(await send("a")).status, (await send("a")).status, (await send("a")).status], [200, 200, 429]);
});

Deno.test("a rate that does not divide the time evenly gives back each token, at any time", () => {
  for (const requests of [3, 7, 11, 49, 97]) {
    let now = 0;
    const take = tokenBuckets({ requests, milliseconds: 1000 }, { now: () => now });
    for (now of [0, 1000.1, 5000.3, 123_456.7, 9_876_543.21]) {
      const waits = Array.from({ length: requests + 1 }, () => take("a") > 0);
      assertEquals(waits, [...Array(requests).fill(false), true], `${requests} requests at ${now}`);
    }
  }
});

Deno.test("a limit remembers no more clients than it may, and forgets the one that was quiet for the longest time", () => {
  const take = tokenBuckets({ requests: 1, milliseconds: 1000 }, { now: () => 0, mostClients: 2 });
  assertEquals([take("a"), take("b"), take("a") > 0], [0, 0, true]);
  // The third client takes the place of "b", which has asked before "a" did.
  assertEquals([take("c"), take("a") > 0, take("b")], [0, true, 0]);
});

Deno.test("without another rule, a client is its address, and with IPv6 its network", async () => {
  assertEquals(networkOf("10.0.0.5"), "10.0.0.5");
  assertEquals(networkOf("2001:db8::1"), networkOf("2001:db8:0:0:1::7"));
  const registry = limited({ requests: 1, milliseconds: 1000 }, { now: () => 0 })(() =>
    Promise.resolve(new Response())
  );
  const from = async (hostname: string) =>
    (await registry(new Request("http://localhost/v2/"), { remoteAddr: { hostname } })).status;
  assertEquals([await from("10.0.0.5"), await from("10.0.0.6"), await from("10.0.0.5")], [200, 200, 429]);
});

Deno.test("a rate is a number for a second, a minute, an hour or a day", () => {
  assertEquals(["1/s", "20/m", "300/h", "4000/d"].map((text) => parseRate(text).milliseconds / 1000), [
    1,
    60,
    3600,
    86_400,
  ]);
  for (const text of ["", "0/s", "5", "5/w", "-1/s", "1.5/s", "5 /s", "1/2s"]) {
    assertThrows(() => parseRate(text), RangeError);
  }
  assertThrows(() => limited({ requests: 0, milliseconds: 1 }), RangeError);
  assertThrows(() => limited({ requests: 1, milliseconds: NaN }), RangeError);
});

Deno.test("API-WARN-02: every answer has the warnings of the operator, refusals and answers to HEAD too", async () => {
  const texts = ["closed on Friday", 'say "hello"'];
  await using registry = await startRegistry({ wrappers: [withWarnings(texts.map((text) => ({ text })))] });
  const expected = String.raw`299 - "closed on Friday", 299 - "say \"hello\""`;
  for (const [method, path] of [["GET", "/v2/"], ["HEAD", "/v2/a/manifests/b"], ["GET", "/nowhere"]]) {
    const response = await registry.send(method, path);
    assertEquals(response.headers.get("Warning"), expected);
    await response.body?.cancel();
  }
  assertEquals(registry.stories.map(({ warnings, refusal }) => [warnings, refusal !== undefined]), [
    [expected, false],
    [expected, true],
    [expected, true],
  ]);
});

Deno.test("API-WARN-04: the warnings of the operator and those of the registry have 4,096 bytes together", async () => {
  const long = Array.from({ length: 5 }, () => ({ text: "x".repeat(1000) }));
  await using registry = await startRegistry({ wrappers: [withWarnings(long)] });
  await registry.pushBlob("a", "{}");
  const config = { mediaType: TYPES.config, digest: digestOf("{}"), size: 2 };
  const response = await registry.send("PUT", "/v2/a/manifests/b", {
    body: JSON.stringify({ schemaVersion: 2, config, layers: [] }),
    headers: { "Content-Type": TYPES.image },
  });
  const warning = response.headers.get("Warning")!;
  assertEquals([response.status, warning.startsWith('299 - "the manifest does not name'), warning.length <= 4096], [
    201,
    true,
    true,
  ]);
  assertEquals(warning.split(", ").length, 4);
});

Deno.test("go-containerregistry's WithWarning: a warning comes with its probability", async () => {
  const draws = [0.1, 0.9, 0.5, 0.49, 0.999];
  const wrapper = withWarnings([{ text: "sometimes", probability: 0.5 }], { random: () => draws.shift()! });
  await using registry = await startRegistry({ wrappers: [wrapper] });
  const has = [];
  while (draws.length > 0) has.push((await registry.send("GET", "/v2/")).headers.has("Warning"));
  assertEquals(has, [true, false, false, true, false]);
});

Deno.test("a text that no client could show is no warning, and a probability is from 0 to 1", () => {
  for (const text of ["", "naïve", "two\nlines", "x".repeat(1001)]) {
    assertThrows(() => withWarnings([{ text }]), RangeError);
  }
  for (const probability of [-0.1, 1.1, NaN]) {
    assertThrows(() => withWarnings([{ text: "x", probability }]), RangeError);
  }
});

Deno.test("ocidebug: a trace tells what passes, and of a password only that there is one", async () => {
  const traces: Trace[] = [];
  let now = 0;
  const wrapper = traced((trace) => traces.push(trace), { now: () => now += 5 });
  await using registry = await startRegistry({ wrappers: [wrapper] });
  const headers = { "Authorization": "Basic c2VjcmV0", "Accept": "text/plain" };
  const response = await registry.send("GET", "/v2/a/tags/list?n=1", { headers });
  await response.body?.cancel();
  assertEquals(traces, [{
    method: "GET",
    url: "http://localhost/v2/a/tags/list?n=1",
    id: "end-8b",
    requestHeaders: { "accept": "text/plain", "authorization": "Basic" },
    status: 404,
    responseHeaders: { "content-type": "application/json", "x-content-type-options": "nosniff" },
    milliseconds: 5,
  }]);
});

Deno.test("a trace has no password, also if it stands where no password should be", async () => {
  const traces: Trace[] = [];
  await using registry = await startRegistry({ wrappers: [traced((trace) => traces.push(trace))] });
  for (const Authorization of ["hunter2", "Bearerhunter2", "Basic hunter2"]) {
    const response = await registry.send("GET", "/v2/?access_token=hunter2&n=1", { headers: { Authorization } });
    await response.body?.cancel();
  }
  assertEquals(traces.map(({ url, requestHeaders }) => [url, requestHeaders.authorization]), [
    ["http://localhost/v2/?access_token=…&n=1", "(no known scheme)"],
    ["http://localhost/v2/?access_token=…&n=1", "(no known scheme)"],
    ["http://localhost/v2/?access_token=…&n=1", "Basic"],
  ]);
});

Deno.test("a trace tells a failure, and lets it pass", async () => {
  const traces: Trace[] = [];
  const failure = new Error("broken");
  const registry = traced((trace) => traces.push(trace))(() => Promise.reject(failure));
  const caught = await registry(new Request("http://localhost/v2/")).catch((error) => error);
  assertEquals([caught, traces[0].error, traces[0].status], [failure, failure, undefined]);
});
