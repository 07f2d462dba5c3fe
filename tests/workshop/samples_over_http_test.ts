/** The samples over HTTP, for a workshop. */

import { assertEquals } from "@std/assert";
import { parseAccessRules } from "../../src/access/reading_rules.ts";
import { access, type AccessWrapper } from "../../src/composing/access.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { verify } from "../../src/housekeeping/verify.ts";
import { createRegistry, type RegistryOptions } from "../../src/registry.ts";
import { describeSample, SAMPLE_NAMES } from "../../src/samples_mod.ts";
import type { Story } from "../../src/story.ts";
import { samplesOverHttp } from "../../src/workshop/samples/over_http.ts";
import { basic } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";

const TYPE = { "Content-Type": "application/json" };

/** A registry with samples over HTTP, and its stories. */
function workshop(
  { hasDisk = true, users, ...options }: RegistryOptions & { hasDisk?: boolean; users?: AccessWrapper } = {},
) {
  const disk = memoryDisk();
  const stories: Story[] = [];
  const inside = createRegistry({
    disk,
    onStory: (story) => stories.push(story),
    wrappers: users && [users],
    ...options,
  });
  const registry = samplesOverHttp({ access: users, ...(hasDisk && { disk }) })(inside);
  const send = async (method: string, path: string, init: RequestInit = {}) => {
    const response = await registry(new Request(`http://localhost${path}`, { method, ...init }));
    const text = await response.text();
    const json = text.startsWith("{") ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, json, text };
  };
  const push = (name: string, options: object = {}, headers: Record<string, string> = {}) =>
    send("POST", `/samples/${name}`, { headers: { ...TYPE, ...headers }, body: JSON.stringify(options) });
  return { disk, stories, send, push };
}

const refusalIn = ({ status, json }: { status: number; json?: { errors: { code: string; detail: unknown }[] } }) => [
  status,
  json?.errors[0].code,
];

Deno.test("GET /samples lists all samples, with what each is for and what a bad one meets", async () => {
  const { send } = workshop();
  const { status, json, headers } = await send("GET", "/samples");
  assertEquals([status, headers.get("Content-Type"), headers.get("X-Content-Type-Options")], [
    200,
    "application/json",
    "nosniff",
  ]);
  assertEquals(json.samples, JSON.parse(JSON.stringify(SAMPLE_NAMES.map(describeSample))));
  assertEquals(Object.keys(json.kinds), ["good", "refused", "broken", "damaged"]);
  const head = await send("HEAD", "/samples");
  assertEquals([head.status, head.text], [200, ""]);
});

Deno.test("POST /samples/NAME pushes a sample, below samples/ or below the folder in the body", async () => {
  const { send, push } = workshop();
  const { status, json } = await push("hello");
  assertEquals([status, json.repository, json.kind], [200, "samples/hello", "good"]);
  assertEquals((await push("hello", { to: "learner/ana" })).json.repository, "learner/ana/hello");
  assertEquals((await send("POST", "/samples/wasm", { headers: TYPE })).json.repository, "samples/wasm");
  for (const path of ["samples/hello", "learner/ana/hello"]) {
    const { status, headers } = await send("HEAD", `/v2/${path}/manifests/latest`);
    assertEquals([status, headers.get("Docker-Content-Digest")], [200, json.images[0].digest]);
  }
});

Deno.test("the pushes of a sample are stories of their own, by a client with a name", async () => {
  const { stories, push } = workshop();
  await push("hello");
  assertEquals(stories.map(({ endpoint, status, client }) => [endpoint?.id, status, client]), [
    ["end-4b", 201, "glassbox-samples"],
    ["end-4b", 201, "glassbox-samples"],
    ["end-4b", 201, "glassbox-samples"],
    ["end-7b", 201, "glassbox-samples"],
  ]);
});

Deno.test("each sample can be pushed over HTTP, and a bad one says what it meets", async () => {
  const { disk, push } = workshop();
  for (const name of SAMPLE_NAMES) {
    const { status, json } = await push(name);
    assertEquals([status, json.name, json.isAsAnnounced ?? true], [200, name, true]);
  }
  const faults = [];
  for await (const { kind, path } of verify(disk)) if (kind === "fault") faults.push(path.split("/")[1]);
  assertEquals(faults.sort(), ["dangling-tag", "flipped-bit"]);
});

Deno.test("without a disk, the samples that are damaged there are refused before anything is pushed", async () => {
  const { stories, push } = workshop({ hasDisk: false });
  assertEquals(refusalIn(await push("flipped-bit")), [400, "UNSUPPORTED"]);
  assertEquals(stories, []);
});

Deno.test("the caller needs the right to push: a sample goes only where the caller's own push could go", async () => {
  const rules = parseAccessRules(JSON.stringify({
    rules: [{ users: ["*"], repositories: ["learner/{user}/**"], actions: ["pull", "push"] }],
  }));
  const wrapper = access(() => rules, { users: { isPassword: () => Promise.resolve(true) } });
  const { push, send } = workshop({ users: wrapper });
  const ana = basic("ana", "secret");

  const nobody = await push("hello");
  assertEquals([...refusalIn(nobody), nobody.headers.get("WWW-Authenticate")?.split(" ")[0]], [
    401,
    "UNAUTHORIZED",
    "Basic",
  ]);
  assertEquals(refusalIn(await send("GET", "/samples")), [401, "UNAUTHORIZED"]);
  assertEquals((await send("GET", "/samples", { headers: ana })).status, 200);
  assertEquals((await push("hello", { to: "learner/ana" }, ana)).status, 200);
  for (const [name, to] of [["hello", "learner/bob"], ["hello", "samples"], ["lying-digest", "samples"]]) {
    assertEquals(refusalIn(await push(name, { to }, ana)), [403, "DENIED"], `${name} to ${to}`);
  }
  assertEquals(refusalIn(await push("flipped-bit", { to: "learner/bob" }, ana)), [403, "DENIED"]);
});

Deno.test("a registry that serves pulls only says so", async () => {
  const { push } = workshop({ readOnly: true });
  for (const name of ["hello", "lying-digest", "tar-bomb"]) {
    assertEquals(refusalIn(await push(name)), [405, "UNSUPPORTED"], name);
  }
});

Deno.test("what is not there, and what is malformed, is refused in words", async () => {
  const { send, push } = workshop();
  const missing = await push("nothing");
  assertEquals([missing.status, missing.json.errors[0].detail.expected], [404, SAMPLE_NAMES]);
  for (
    const [body, expected] of [
      ['{"to":1}', 'a text at "to", such as "learner/ana"'],
      ['{"at":"learner"}', 'no other option than "to"'],
      ['{"to":"Learner"}', "the beginning of the name of a repository"],
      ["[]", 'a JSON object, such as {"times": 1}'],
      ["{", 'a JSON object, such as {"times": 1}'],
    ]
  ) {
    const { status, json } = await send("POST", "/samples/hello", { headers: TYPE, body });
    assertEquals([status, json.errors[0].detail.expected], [400, expected]);
  }
  const text = await send("POST", "/samples/hello", { headers: { "Content-Type": "text/plain" }, body: "{}" });
  assertEquals(text.json.errors[0].detail.expected, "the Content-Type application/json");
  for (const [method, path, allow] of [["POST", "/samples", "GET"], ["GET", "/samples/hello", "POST"]]) {
    const { status, headers } = await send(method, path, { headers: TYPE });
    assertEquals([status, headers.get("Allow")], [405, allow]);
  }
});

Deno.test("a page of another site gets nothing pushed", async () => {
  const { stories, push } = workshop();
  for (const [name, value] of [["Origin", "https://evil.example"], ["Sec-Fetch-Site", "cross-site"]]) {
    assertEquals(refusalIn(await push("hello", {}, { [name]: value })), [403, "DENIED"]);
  }
  assertEquals(stories, []);
});

Deno.test("the registry's own page may push", async () => {
  const { push } = workshop();
  const headers = { Origin: "http://localhost", "Sec-Fetch-Site": "same-origin", "User-Agent": "Mozilla/5.0" };
  assertEquals((await push("hello", {}, headers)).status, 200);
});

Deno.test("--workshop has the samples, beside the page; without it they are not there", async () => {
  for (const [flags, status] of [[["--workshop"], 200], [[], 404]] as const) {
    using folder = new Folder();
    await using program = await Program.serve(`${folder.path}/root`, ...flags);
    const list = await program.send("GET", "/samples");
    await list.body?.cancel();
    const pushed = await program.send("POST", "/samples/flipped-bit", { headers: TYPE, body: "{}" });
    await pushed.body?.cancel();
    assertEquals([list.status, pushed.status], [status, status]);
  }
});
