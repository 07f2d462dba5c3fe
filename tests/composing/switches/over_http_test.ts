/**
 * The switches over HTTP, and in the program.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { compose } from "../../../src/composing/composing.ts";
import { switchesOverHttp } from "../../../src/composing/switches/over_http.ts";
import { PROFILES } from "../../../src/composing/switches/profiles.ts";
import { createSwitches } from "../../../src/composing/switches/switches.ts";
import { SWITCHES } from "../../../src/composing/switches/table.ts";
import { accessFor } from "../../fixture.ts";
import { Folder } from "../../folder.ts";
import { Program } from "../../processes/program.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

/** A registry that answers everything with 200, and switches that can be turned on over HTTP. */
function workshop(options: Parameters<typeof switchesOverHttp>[1] = {}) {
  const switches = createSwitches();
  const registry = compose(
    () => Promise.resolve(new Response("ok")),
    switchesOverHttp(switches, options),
    switches.wrapper,
  );
  const send = async (method: string, path: string, init: RequestInit = {}) => {
    const response = await registry(new Request(`http://localhost${path}`, { method, ...init }));
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text.startsWith("{") ? JSON.parse(text) : text };
  };
  return { switches, send };
}

Deno.test("GET /switches lists all switches, which are on, and all profiles", async () => {
  const { switches, send } = workshop();
  switches.on("cut", { after: 5 });
  const { status, json } = await send("GET", "/switches");
  assertEquals(status, 200);
  assertEquals(json.switches.map(({ id }: { id: string }) => id), SWITCHES.map(({ id }) => id));
  assertEquals(json.profiles, JSON.parse(JSON.stringify(PROFILES)));
  const on = json.switches.filter(({ on }: { on: unknown }) => on !== null);
  assertEquals(on.map(({ id, on }: { id: string; on: unknown }) => [id, on]), [["cut", {
    id: "cut",
    options: { after: 5, repository: "", times: null, probability: 1, seed: 1 },
    requests: 0,
  }]]);
});

Deno.test("POST /switches/ID turns a switch on, and DELETE turns it off", async () => {
  const { send } = workshop();
  const on = await send("POST", "/switches/too-many-requests", { headers: JSON_TYPE, body: '{"times": 1}' });
  assertEquals([on.status, on.json.requests, on.json.options.times], [200, 0, 1]);
  assertEquals([(await send("GET", "/v2/")).status, (await send("GET", "/v2/")).status], [429, 200]);
  await send("POST", "/switches/too-many-requests", { headers: JSON_TYPE });
  assertEquals((await send("GET", "/v2/")).status, 429);
  assertEquals((await send("DELETE", "/switches/too-many-requests")).status, 204);
  assertEquals((await send("GET", "/v2/")).status, 200);
  await send("POST", "/switches/too-many-requests", { headers: JSON_TYPE });
  assertEquals((await send("DELETE", "/switches")).status, 204);
  assertEquals((await send("GET", "/v2/")).status, 200);
});

Deno.test("POST /profiles/NAME turns on the switches of a profile", async () => {
  const { switches, send } = workshop();
  const { status } = await send("POST", "/profiles/ghcr", { headers: JSON_TYPE, body: "{}" });
  assertEquals(status, 200);
  assertEquals(switches.list().length > 0, true);
});

Deno.test("a switch or profile that is not there is 404 with the list", async () => {
  const { send } = workshop();
  for (
    const [path, list] of [["/switches", SWITCHES.map(({ id }) => id)], [
      "/profiles",
      PROFILES.map(({ name }) => name),
    ]]
  ) {
    for (const method of ["POST", "DELETE", "GET"]) {
      const { status, json } = await send(method, `${path}/cat`, { headers: JSON_TYPE });
      assertEquals([status, json.errors[0].detail.expected, json.errors[0].detail.actual], [404, list, "cat"]);
    }
  }
});

Deno.test("wrong parameters, JSON, types and methods are refused with what is allowed", async () => {
  const { switches, send } = workshop();
  const refusal = async (method: string, path: string, init?: RequestInit) => {
    const { status, json } = await send(method, path, init);
    return [status, json.errors[0].code, json.errors[0].detail.expected, json.errors[0].detail.actual];
  };
  const post = (body: string, headers: HeadersInit = JSON_TYPE) => refusal("POST", "/switches/cut", { body, headers });
  assertEquals(await post('{"after": "x"}'), [
    400,
    "UNSUPPORTED",
    "a number of bytes of 0 or more as after of the switch cut",
    '"x"',
  ]);
  assertEquals(await post("[]"), [400, "UNSUPPORTED", 'a JSON object, such as {"times": 1}', "[]"]);
  assertEquals(await post("{"), [400, "UNSUPPORTED", 'a JSON object, such as {"times": 1}', "{"]);
  assertEquals(await post(" ".repeat(70_000)), [400, "UNSUPPORTED", "JSON of 65536 bytes at most", "more"]);
  const text = { "Content-Type": "text/plain" };
  assertEquals(await post("{}", text), [400, "UNSUPPORTED", "the Content-Type application/json", "text/plain"]);
  assertEquals(await refusal("PUT", "/switches/cut"), [405, "UNSUPPORTED", "POST, DELETE", "PUT"]);
  assertEquals(await refusal("POST", "/switches"), [405, "UNSUPPORTED", "GET, DELETE", "POST"]);
  assertEquals(switches.list(), []);
});

Deno.test("a foreign web page cannot turn a switch on", async () => {
  const { switches, send } = workshop();
  for (const [name, value] of [["Origin", "https://evil.example"], ["Sec-Fetch-Site", "cross-site"]]) {
    const { status } = await send("POST", "/switches/cut", { headers: { ...JSON_TYPE, [name]: value } });
    assertEquals(status, 403);
  }
  assertEquals(switches.list(), []);
});

Deno.test("with passwords, the switches need one", async () => {
  const isPassword = (user: string) => Promise.resolve(user === "alice");
  const { send } = workshop({ access: accessFor({ isPassword }, "pull") });
  assertEquals((await send("POST", "/switches/cut", { headers: JSON_TYPE })).status, 401);
  const headers = { ...JSON_TYPE, Authorization: `Basic ${btoa("alice:x")}` };
  assertEquals((await send("POST", "/switches/cut", { headers })).status, 200);
});

Deno.test("the program has the switches of its flags, and /switches with --workshop only", async () => {
  using folder = new Folder();
  {
    await using program = await Program.serve(
      folder.path,
      "--switch",
      "too-many-requests:times=1",
      "--profile",
      "ghcr",
    );
    const statuses = [];
    for (const path of ["/v2/", "/v2/", `/v2/a/referrers/sha256:${"0".repeat(64)}`, "/switches"]) {
      const response = await program.send("GET", path);
      await response.body?.cancel();
      statuses.push(response.status);
    }
    assertEquals(statuses, [429, 200, 404, 404]);
  }
  await using program = await Program.serve(folder.path, "--workshop");
  const on = await program.send("POST", "/switches/disk-full", { headers: JSON_TYPE, body: "{}" });
  assertEquals([on.status, (await on.json()).id], [200, "disk-full"]);
  const push = await program.send("POST", "/v2/a/blobs/uploads/");
  assertEquals([push.status, (await push.json()).errors[0].message], [507, "the disk of the registry is full"]);
});

const WRONG: readonly (readonly [flags: string[], message: string])[] = [
  [["--switch", "cat"], 'got "cat"'],
  [
    ["--switch", "cut:afte=1"],
    "glassbox: --switch: expected for the switch cut one of after, repository, times, probability, seed",
  ],
  [["--switch", "cut:after"], "ID:NAME=VALUE"],
  [["--profile", "cat"], "glassbox: --profile: expected a profile, one of "],
  [["--switch", "error-writer:write=x"], "expected a function as write of the switch error-writer"],
  [["--profile", "google", "--switch", "page-limit"], "expected page-limit without ignore-pagination"],
  [["--workshop", "--threads", "2"], "serve with one thread"],
];

for (const [flags, message] of WRONG) {
  Deno.test(`the program refuses ${flags.join(" ")} at its start`, async () => {
    using folder = new Folder();
    await using program = Program.main("--port", "0", "--root", folder.path, ...flags);
    const { code, errors } = await program.outcome();
    assertEquals(code, 2, errors);
    assertStringIncludes(errors, message);
  });
}
