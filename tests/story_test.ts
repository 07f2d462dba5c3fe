import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { RegistryError } from "../src/api/error_codes.ts";
import { linkTo } from "../src/spec/headings.ts";
import { memoryDisk } from "../src/disk/memory_disk.ts";
import { createRegistry } from "../src/registry.ts";
import { formatStory } from "../src/stories/lines.ts";
import type { StoryListener } from "../src/stories/told_story.ts";
import { dataOf, formatJson, formatLine, type Story } from "../src/story.ts";
import schema from "../src/story.schema.json" with { type: "json" };
import { digestOf, startRegistry, streamOf, TYPES } from "./fixture.ts";

const FOO = digestOf("foo");
const SESSION = "0f9c5d3e-5b1a-4a54-9d0e-2f6c1a7b8e90";

const PUSH: Story = {
  id: "5f0c1a7b8e90-17",
  time: Date.parse("2026-11-21T10:15:02.123Z"),
  method: "PUT",
  url: `/v2/library/hello/blobs/uploads/${SESSION}?digest=${FOO}`,
  status: 201,
  milliseconds: 12.34,
  endpoint: { id: "end-6", heading: "PUSH-MONO" },
  bytesIn: 3_355_443,
  changes: [
    { sign: "+", path: `library/hello/${FOO}/layer.tar.gz`, size: 3_355_443 },
    { sign: "-", path: `library/hello/_uploads/${SESSION}/` },
  ],
  refusal: undefined,
};

const REFUSED: Story = {
  ...PUSH,
  status: 400,
  changes: [],
  refusal: new RegistryError("DIGEST_INVALID", { rule: "PUSH-CHUNK-18", expected: FOO, actual: digestOf("bar") }),
};

// The characters that a terminal obeys: the C0 and C1 control characters, among them ESC, CSI, line ends and DEL.
const CONTROLS = "\x1b[2J\x07\r\n\t\x00\x7f\x9b2J\x85";
const HOSTILE: Story = {
  ...PUSH,
  url: `/v2/${CONTROLS}/manifests/latest`,
  status: 404,
  client: CONTROLS,
  headers: { "If-Match": CONTROLS },
  warnings: CONTROLS,
  changes: [],
  refusal: new RegistryError("NAME_INVALID", { rule: "PULL-MANIFEST-03", expected: "the name", actual: CONTROLS }),
};

// Returns the columns of each line. Two blanks or more stand between them.
function wordsOf(text: string): string[][] {
  return text.split("\n").map((line) => line.trim().split(/ {2,}/));
}

function rulesOf({ refusal }: Story): string[] {
  return refusal instanceof RegistryError ? refusal.details.map(({ rule }) => rule) : [];
}

Deno.test("a story says what the request was, under which heading it stands, and what it changed on disk", () => {
  assertEquals(wordsOf(formatStory(PUSH)), [
    ["PUT", "/v2/library/hello/blobs/uploads/0f9c5d3e…?digest=sha256:2c26b46b68ff…", "201", "12 ms", "end-6"],
    ["Push > Pushing a blob monolithically", "src/push/pushing_a_blob_monolithically.ts"],
    ["+ library/hello/sha256:2c26b46b68ff…/layer.tar.gz", "3.2 MiB"],
    ["- library/hello/_uploads/0f9c5d3e…/"],
  ]);
});

Deno.test("a story says which client asked, which of its headers decided, and what the answer warned of", () => {
  const story = formatStory({
    ...PUSH,
    client: "docker/26.1.5",
    headers: { "Content-Type": TYPES.image, "If-Match": `"${FOO}"` },
    warnings: '299 - "be careful"',
  });

  assertEquals(wordsOf(story).slice(2), [
    ["docker/26.1.5", `Content-Type: ${TYPES.image}`, 'If-Match: "sha256:2c26b46b68ff…"'],
    ["+ library/hello/sha256:2c26b46b68ff…/layer.tar.gz", "3.2 MiB"],
    ["- library/hello/_uploads/0f9c5d3e…/"],
    ['! Warning: 299 - "be careful"'],
  ]);
});

Deno.test("a story begins at the left, and its other lines are indented", () => {
  const [first, ...others] = formatStory(PUSH).split("\n");

  assertMatch(first, /^PUT {3}\/v2\//);
  for (const line of others) assertMatch(line, /^ {6}\S/);
});

Deno.test("a story shows a mount as a second name for the same bytes", () => {
  const path = `other/${FOO}/blob`;
  const story = formatStory({ ...PUSH, changes: [{ sign: "=", path, size: 3, sameAs: `library/hello/${FOO}/blob` }] });

  assertEquals(wordsOf(story).at(-1), [
    "= other/sha256:2c26b46b68ff…/blob",
    "3 B",
    "a second name of library/hello/sha256:2c26b46b68ff…/blob",
  ]);
});

Deno.test("a story shows a refusal with its code, its rule, the link to the spec, the expected value and the value that came", () => {
  const lines = wordsOf(formatStory(REFUSED)).slice(2);

  assertEquals(lines, [
    ["! DIGEST_INVALID", "PUSH-CHUNK-18", linkTo("PUSH-CHUNK-18")],
    ["expected sha256:2c26b46b68ff…"],
    ["got", "sha256:fcde2b2edba5…"],
  ]);
});

Deno.test("a story shows each reason of a refusal that has several", () => {
  const details = ["a", "b"].map((actual) => ({ rule: "PUSH-03" as const, expected: "a blob", actual }));
  const story = formatStory({ ...PUSH, changes: [], refusal: new RegistryError("MANIFEST_BLOB_UNKNOWN", details) });

  assertEquals(wordsOf(story).filter(([word]) => word === "got").map(([, actual]) => actual), ["a", "b"]);
});

Deno.test("a story shows a failure of the registry with everything that helps to find it", () => {
  const refusal = new Error("the disk is on fire");

  const story = formatStory({ ...PUSH, status: 500, changes: [], refusal });

  assertStringIncludes(story, "Error: the disk is on fire");
  assertStringIncludes(story, "story_test.ts");
  assertStringIncludes(formatLine({ ...PUSH, refusal }), "the disk is on fire");
  assertStringIncludes(JSON.parse(formatJson({ ...PUSH, refusal })).failure, "story_test.ts");
});

Deno.test("a request that has no row in the table has a dash for its row, and no heading", () => {
  assertEquals(wordsOf(formatStory({ ...PUSH, method: "GET", url: "/", endpoint: undefined, changes: [] })), [
    ["GET", "/", "201", "12 ms", "-"],
  ]);
});

Deno.test("a story shows a short time in tenths of a millisecond, and a long one in whole milliseconds", () => {
  const timeOf = (milliseconds: number) => wordsOf(formatStory({ ...PUSH, milliseconds }))[0][3];

  assertEquals([0, 0.04, 3.14, 9.94, 10, 1234.5].map(timeOf), [
    "0.0 ms",
    "0.0 ms",
    "3.1 ms",
    "9.9 ms",
    "10 ms",
    "1235 ms",
  ]);
});

// In a path, "%2F" is not the same as "/".
Deno.test("a story shows the colon of a digest as a colon, even if a client has encoded it, and a slash as it was sent", () => {
  const url = `/v2/library/hello/blobs/uploads/?digest=${FOO.replace(":", "%3A")}&from=library%2Fhello`;

  const [[, shown]] = wordsOf(formatStory({ ...PUSH, url }));

  assertEquals(shown, "/v2/library/hello/blobs/uploads/?digest=sha256:2c26b46b68ff…&from=library%2Fhello");
});

Deno.test("a story shows an encoded slash as it was sent: it makes another name, or none", async () => {
  await using registry = await startRegistry();

  await registry.sendRaw("GET", "/v2/a%2Fb/tags/list");
  await registry.sendRaw("GET", "/v2/a%2fb/tags/list");
  await registry.sendRaw("GET", "/v2/a/b/tags/list");

  assertEquals(registry.stories.map((story) => [story.url, wordsOf(formatStory(story))[0][1], rulesOf(story)]), [
    ["/v2/a%2Fb/tags/list", "/v2/a%2Fb/tags/list", ["PULL-MANIFEST-03"]],
    ["/v2/a%2fb/tags/list", "/v2/a%2fb/tags/list", ["PULL-MANIFEST-03"]],
    ["/v2/a/b/tags/list", "/v2/a/b/tags/list", ["DISC-TAGS-01"]],
  ]);
});

Deno.test("a listener is told only the stories that it wants, and is asked with a method, a status and a time", async () => {
  const [told, asked]: [string[], unknown[]] = [[], []];
  const onStory: StoryListener = Object.assign(({ url }: Story) => void told.push(url), {
    wants: (about: unknown) => asked.push(about) !== 1,
  });
  const registry = createRegistry({ disk: memoryDisk({ now: () => 17 }), onStory });
  await registry(new Request("http://localhost/v2/"));
  await registry(new Request("http://localhost/v2/app/tags/list", { method: "HEAD" }));

  assertEquals(asked, [{ method: "GET", status: 200, time: 17 }, { method: "HEAD", status: 404, time: 17 }]);
  assertEquals(told, ["/v2/app/tags/list"]);
});

Deno.test("the story of a request has its client, the headers that decide, and no password", async () => {
  await using registry = await startRegistry();
  const headers = {
    "User-Agent": "crane/0.20",
    "Content-Type": TYPES.index,
    "Content-Range": "0-2",
    "Range": "bytes=0-",
    "If-Range": '"a"',
    "If-Match": '"b"',
    "If-None-Match": '"c"',
  };

  await registry.send("GET", "/v2/", {
    headers: { ...headers, "Authorization": "Basic YWxpY2U6c2VjcmV0", "Accept": "*/*", "X-Other": "d" },
  });
  await registry.send("GET", "/v2/");

  const [told, plain] = registry.stories;
  const { "User-Agent": client, ...deciding } = headers;
  const all = { ...deciding, "Accept": "*/*", "Authorization": "Basic" };
  assertEquals([told.client, told.headers], [client, all]);
  assertEquals([plain.client, plain.headers, plain.warnings], [undefined, {}, undefined]);
  const line = wordsOf(formatStory(told))[2];
  assertEquals(line.sort(), [client, ...Object.entries(deciding).map(([name, value]) => `${name}: ${value}`)].sort());
  const json = JSON.parse(formatJson(told));
  assertEquals([json.client, json.headers, json.warnings], [client, all, undefined]);
  assertEquals(wordsOf(formatStory(plain)).length, 2);
});

Deno.test("API-WARN-01: the story of an answer with a warning has the warning, in every form but the line", async () => {
  await using registry = await startRegistry();

  const pushed = await registry.send("PUT", "/v2/library/hello/manifests/latest", {
    body: '{"schemaVersion":2,"manifests":[]}',
    headers: { "Content-Type": TYPES.index },
  });

  const [story] = registry.stories;
  const warning = '299 - "the manifest does not name its mediaType (PUSH-MANIFEST-04)"';
  assertEquals([pushed.headers.get("Warning"), story.warnings], [warning, warning]);
  assertEquals(wordsOf(formatStory(story)).at(-1), [`! Warning: ${warning}`]);
  assertEquals(JSON.parse(formatJson(story)).warnings, warning);
});

// Most pushes begin with such a HEAD, and a person who watches may take it for a fault.
Deno.test("PULL-HEAD-04: the story of a HEAD that finds no blob says that this is not a fault; that of a GET does not", async () => {
  await using registry = await startRegistry();
  const note =
    "(The client asks whether the repository has this blob. It has not, so a client that pushes sends it now: " +
    "this 404 is normal.)";

  await registry.send("HEAD", `/v2/library/hello/blobs/${FOO}`);
  assertEquals(wordsOf(formatStory(registry.stories.at(-1)!)).at(-1), [note]);
  await registry.send("GET", `/v2/library/hello/blobs/${FOO}`);
  assert(!formatStory(registry.stories.at(-1)!).includes(note));
  // A pull may begin with the HEAD of a manifest. If it is not there, the pull ends.
  for (const path of [`manifests/${FOO}`, "manifests/latest"]) {
    await registry.send("HEAD", `/v2/library/hello/${path}`);
    assert(!formatStory(registry.stories.at(-1)!).includes(note), path);
  }
  // A HEAD that breaks a grammar finds nothing either, but that is a fault.
  for (const path of [`UPPER/blobs/${FOO}`, "library/hello/manifests/.hidden", "library/hello/blobs/sha256:abc"]) {
    await registry.send("HEAD", `/v2/${path}`);
    assert(!formatStory(registry.stories.at(-1)!).includes(note), path);
  }
});

Deno.test("a line for a log is one line, and says why a request was refused", () => {
  assertEquals(wordsOf(formatLine(PUSH)), [wordsOf(formatStory(PUSH))[0]]);
  assertMatch(formatLine(REFUSED), /^PUT .* end-6 {3}DIGEST_INVALID: expected sha256:.*, got sha256:/);
  assertEquals(formatLine(HOSTILE).split("\n").length, 1);
});

Deno.test("a JSON object for a machine is one line, with sizes in bytes and times in milliseconds", () => {
  assertEquals(formatJson(PUSH).includes("\n"), false);
  assertEquals(JSON.parse(formatJson(PUSH)), {
    version: 1,
    id: "5f0c1a7b8e90-17",
    time: "2026-11-21T10:15:02.123Z",
    method: "PUT",
    url: PUSH.url,
    status: 201,
    milliseconds: 12.34,
    endpoint: "end-6",
    heading: "Push > Pushing a blob monolithically",
    bytesIn: 3_355_443,
    changes: PUSH.changes,
  });
});

Deno.test("a refusal as JSON has its code and its details", () => {
  const { refusal, failure } = JSON.parse(formatJson(REFUSED));

  assertEquals(refusal, {
    code: "DIGEST_INVALID",
    details: [{ rule: "PUSH-CHUNK-18", expected: FOO, actual: digestOf("bar") }],
  });
  assertEquals(failure, undefined);
});

Deno.test("a client cannot move the cursor: a story shows control characters as visible text", () => {
  for (const text of [formatStory(HOSTILE).replaceAll("\n", ""), formatLine(HOSTILE)]) {
    assertEquals(text.match(/\p{Cc}/gu), null);
    assertStringIncludes(text, String.raw`\u{1b}[2J\u{7}\u{d}\u{a}\u{9}\u{0}\u{7f}\u{9b}2J\u{85}`);
  }
  // The lines of the client and of the warning are two more.
  assertEquals(formatStory(HOSTILE).split("\n").length, formatStory(REFUSED).split("\n").length + 2);
});

Deno.test("a client cannot move the cursor in JSON either, and its text is read back as it was", () => {
  const text = formatJson(HOSTILE);

  assertEquals(text.match(/\p{Cc}/gu), null);
  assertEquals(JSON.parse(text).url, HOSTILE.url);
});

Deno.test("a client cannot move the cursor if its text makes the registry fail", () => {
  const refusal = new Error(`cannot read ${CONTROLS}`);
  refusal.stack = `Error: cannot read ${CONTROLS}\n    at somewhere`;
  const failed = { ...PUSH, status: 500, changes: [], refusal };

  for (const text of [formatStory(failed).replaceAll("\n", ""), formatLine(failed), formatJson(failed)]) {
    assertEquals(text.match(/\p{Cc}/gu), null);
  }
});

Deno.test("every request has one story, in the words that the client used, also a refused request", async () => {
  await using registry = await startRegistry();

  await registry.sendRaw("GET", "/v2/%1b[2J/../x/manifests/a?b=%0a");
  await registry.sendRaw("DELETE", "/nowhere");
  await registry.send("HEAD", "/v2/");

  const told = registry.stories.map(({ method, url, status, refusal }) => [method, url, status, refusal?.message]);
  assertEquals(told.map((words) => words.slice(0, 3)), [
    ["GET", "/v2/%1b[2J/../x/manifests/a?b=%0a", 404],
    ["DELETE", "/nowhere", 404],
    ["HEAD", "/v2/", 200],
  ]);
  assertEquals(told.map(([, , , message]) => message !== undefined), [true, true, false]);
  for (const story of registry.stories) {
    assertEquals(formatStory(story).replaceAll("\n", "").match(/\p{Cc}/gu), null);
  }
});

Deno.test("every story that a registry tells can be printed in every form", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/hello", { tag: "latest" });
  await registry.send("PUT", "/v2/library/hello/manifests/v1", { body: "{", headers: { "Content-Type": TYPES.image } });
  await registry.send("DELETE", `/v2/library/hello/manifests/${digest}`);

  for (const story of registry.stories) {
    const words = formatStory(story).split(/\s+/);
    assert(words.includes(story.method) && words.includes(String(story.status)) && words.includes(story.endpoint!.id));
    assertStringIncludes(formatLine(story), story.method);
    assertEquals(JSON.parse(formatJson(story)).changes, story.changes);
  }
});

Deno.test("of a request with very many changes, a log shows the first thousand and the number of the others", () => {
  const changes = Array.from({ length: 1002 }, (_, index) => ({ sign: "-" as const, path: `a/_tags/t${index}` }));
  const story: Story = { ...PUSH, changes };

  const lines = formatStory(story).split("\n").filter((line) => /_tags|more/.test(line)).map((line) => line.trim());
  const json = JSON.parse(formatJson(story));

  assertEquals([lines.length, lines[0], lines[999], lines[1000]], [
    1001,
    "- a/_tags/t0",
    "- a/_tags/t999",
    "… and 2 more changes",
  ]);
  assertEquals([json.changes.length, json.moreChanges], [1000, 2]);
});

// A part of JSON Schema, as large as the story's schema needs it.
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}
const KEYWORDS = "type const enum required properties additionalProperties items minimum maximum minItems maxItems"
  .split(" ");
const NOTES = ["$schema", "title", "description", "format"];

// Fails if a value does not fit. A field that the schema does not name does not fit either.
function expectFits(value: unknown, schema: Schema, path: string): void {
  for (const keyword of Object.keys(schema)) {
    assert([...KEYWORDS, ...NOTES].includes(keyword), `unknown keyword ${keyword}`);
  }
  const type = Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
  if (schema.type !== undefined) assert(type === schema.type || (schema.type === "number" && type === "integer"), path);
  if (schema.const !== undefined) assertEquals(value, schema.const, path);
  if (schema.enum !== undefined) assert(schema.enum.includes(value), path);
  if (typeof value === "number") {
    assert(value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity), path);
  } else if (Array.isArray(value)) {
    assert(value.length >= (schema.minItems ?? 0) && value.length <= (schema.maxItems ?? Infinity), path);
    for (const [at, item] of value.entries()) expectFits(item, schema.items!, `${path}[${at}]`);
  } else if (typeof value === "object" && value !== null) {
    for (const name of schema.required ?? []) assert(name in value, `${path}.${name} is missing`);
    for (const [name, field] of Object.entries(value)) {
      const fieldSchema = schema.properties?.[name] ?? schema.additionalProperties;
      assert(fieldSchema !== undefined, `the schema does not have ${path}.${name}`);
      expectFits(field, fieldSchema, `${path}.${name}`);
    }
  }
}

Deno.test("a story as data is what --log json prints, and fits the schema, which has no other fields", async () => {
  await using registry = await startRegistry();
  const blob = await registry.pushBlob("library/hello", "foo");
  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${blob}&from=library/hello`);
  await registry.pushManifest("library/hello", { schemaVersion: 2, manifests: [] }, {
    tag: "latest",
    type: TYPES.index,
  });
  await registry.send("GET", "/v2/library/hello/manifests/missing", { headers: { "User-Agent": "docker/26.1.5 go" } });
  await registry.openSession("library/hello").then((location) => registry.send("GET", location));
  await registry.sendFrom({ hostname: "192.0.2.7", port: 40123 }, "GET", "/v2/");
  const failed = { ...PUSH, refusal: new Error("the disk failed (this is part of a test)") };
  const many = { ...PUSH, changes: Array.from({ length: 1001 }, () => PUSH.changes[0]) };

  const seen = new Set<string>();
  for (const story of [...registry.stories, REFUSED, failed, many]) {
    const data = JSON.parse(formatJson(story));
    expectFits(data, schema as Schema, "story");
    assertEquals(data, JSON.parse(JSON.stringify(dataOf(story))));
    for (const name of Object.keys(data)) seen.add(name);
  }
  // Only the log of the program joins stories; see `serving/grouped_log_test.ts`.
  assertEquals([...seen, "action"].sort(), Object.keys(schema.properties).sort());
});

Deno.test("each story has an id that no other one has, also of another registry", async () => {
  await using registry = await startRegistry();
  await using other = await startRegistry();
  for (const each of [registry, registry, other, other]) await each.send("GET", "/v2/");

  const ids = [...registry.stories, ...other.stories].map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  for (const id of ids) assertMatch(id, /^[0-9a-f]{12}-[0-9]+$/);
});

Deno.test("a story has the whole User-Agent and its first word, and the address and port of the client", async () => {
  await using registry = await startRegistry();
  const agent = "docker/26.1.5 go/go1.21.11 UpstreamClient(Docker-Client/26.1.5 \\(linux\\))";
  await registry.send("GET", "/v2/", { headers: { "User-Agent": agent } });
  await registry.sendFrom({ hostname: "2001:db8::7", port: 40123 }, "GET", "/v2/");
  await registry.sendFrom({ hostname: "192.0.2.7" }, "GET", "/v2/");
  // A client that has gone has no address any more.
  await registry.sendFrom({ hostname: "" }, "GET", "/v2/");

  assertEquals(registry.stories.map(({ client, userAgent, peer }) => [client, userAgent, peer]), [
    ["docker/26.1.5", agent, undefined],
    [undefined, undefined, { host: "2001:db8::7", port: 40123 }],
    [undefined, undefined, { host: "192.0.2.7" }],
    [undefined, undefined, undefined],
  ]);
});

Deno.test("a story has the headers of the answer that matter", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob("library/hello", "foo");
  const location = await registry.openSession("library/hello");
  const { digest } = await registry.pushImage("library/hello", { tag: "v1" });
  await registry.send("GET", `/v2/library/hello/blobs/${foo}`, { headers: { Range: "bytes=1-" } });
  await registry.send("GET", "/v2/library/hello/tags/list?n=1");
  const pushed = await registry.pushManifest("library/hello", {
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [],
    subject: { mediaType: TYPES.image, digest, size: 1 },
  });
  await registry.send("PUT", "/v2/library/hello/tags/list");

  const answers = registry.stories.map(({ answerHeaders }) => answerHeaders!);
  assertEquals(answers[0], { "Location": `/v2/library/hello/blobs/${foo}`, "Docker-Content-Digest": foo });
  assertEquals(answers[1], { "Location": location, "Range": "0-0" });
  assertEquals(answers[5], {
    "Content-Range": "bytes 1-2/3",
    "Content-Type": "application/octet-stream",
    "Content-Length": "2",
    "Docker-Content-Digest": foo,
  });
  assertEquals(answers[6]["Content-Type"], "application/json");
  assertEquals(answers[7], {
    "Location": `/v2/library/hello/manifests/${pushed}`,
    "Docker-Content-Digest": pushed,
    "OCI-Subject": digest,
  });
  assertEquals(answers[8], { "Allow": "GET, HEAD", "Content-Type": "application/json" });
});

Deno.test("a story tells which host and which page a request is for if it is refused, and not otherwise", async () => {
  await using registry = await startRegistry();
  const headers = { "Host": "localhost", "Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example" };
  await registry.send("GET", "/v2/", { headers });
  await registry.send("POST", "/v2/library/hello/blobs/uploads/", { headers });

  assertEquals(registry.stories.map((story) => [story.status, story.headers]), [[200, {}], [403, headers]]);
});

Deno.test("a story counts the bytes that the registry has read, with and without a Content-Length, and those of the answer", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: streamOf("foo", "bar") });
  await registry.send("PUT", `${location}?digest=${digestOf("foobarbaz")}`, { body: "baz" });
  // The registry refuses this one before it reads the body.
  await registry.send("PUT", "/v2/library/hello/manifests/.bad", { body: "12345" });
  for (const method of ["HEAD", "GET"]) await registry.send(method, `/v2/library/hello/blobs/${digestOf("foobarbaz")}`);
  await registry.send("GET", "/v2/library/hello/blobs/uploads/none");

  assertEquals(registry.stories.map(({ bytesIn, bytesOut }) => [bytesIn, bytesOut]), [
    [0, 0],
    [6, 0],
    [3, 0],
    [0, undefined],
    [0, 0],
    [0, 9],
    [0, undefined],
  ]);
});

Deno.test("a story names the repository, the tag or digest, and the session, as the client has written them", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob("library/hello", "foo");
  const location = await registry.openSession("library/hello");
  await registry.send("DELETE", location);
  await registry.send("GET", "/v2/a/b/c/manifests/v1");
  await registry.send("DELETE", "/v2/UPPER/manifests/v1");
  await registry.send("GET", "/v2/");

  assertEquals(
    registry.stories.map(dataOf).map(({ repository, reference, session }) => [repository, reference, session]),
    [
      ["library/hello", foo, undefined],
      ["library/hello", undefined, undefined],
      ["library/hello", undefined, location.split("/").at(-1)],
      ["a/b/c", "v1", undefined],
      ["UPPER", "v1", undefined],
      [undefined, undefined, undefined],
    ],
  );
});

Deno.test("PUSH-MANIFEST-15: the change of a tag names the digest that it points to, and the one that it pointed to before", async () => {
  await using registry = await startRegistry();
  const { digest: first } = await registry.pushImage("library/hello", { tag: "v1" });
  const { digest: second } = await registry.pushImage("library/hello", { tag: "v1", annotations: { a: "b" } });
  await registry.pushImage("library/hello", { tag: "v1", annotations: { a: "b" } });
  await registry.send("PUT", `/v2/library/hello/manifests/${first}?tag=v1&tag=v2`, {
    body: registry.read(`library/hello/${first}/manifest.json`),
    headers: { "Content-Type": TYPES.image },
  });
  await registry.send("DELETE", "/v2/library/hello/manifests/v2");
  await registry.send("DELETE", `/v2/library/hello/manifests/${first}`);

  const size = first.length;
  const changes = registry.stories.map(({ changes }) => changes.filter(({ path }) => path.includes("/_tags/")));
  const path = "library/hello/_tags/v1";
  assertEquals(changes.filter(({ length }) => length > 0), [
    [{ sign: "+", path, size, digest: first }],
    [{ sign: "~", path, size, digest: second, before: first }],
    [{ sign: "~", path, size, digest: first, before: second }, {
      sign: "+",
      path: "library/hello/_tags/v2",
      size,
      digest: first,
    }],
    [{ sign: "-", path: "library/hello/_tags/v2", before: first }],
    [{ sign: "-", path, before: first }],
  ]);
});

Deno.test("a tag whose file was damaged by hand is changed by the next push, and not new", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/hello", { tag: "v1" });
  await Deno.writeTextFile(`${registry.root}/library/hello/_tags/v1`, "no digest");
  await registry.pushImage("library/hello", { tag: "v1" });

  const path = "library/hello/_tags/v1";
  assertEquals(registry.stories.at(-1)!.changes, [{ sign: "~", path, size: digest.length, digest }]);
});

Deno.test("a parameter with a secret is known also in other spellings, and the others stay", async () => {
  await using registry = await startRegistry();
  for (
    const name of [
      "accessToken",
      "apikey",
      "clientsecret",
      "passphrase",
      "pass",
      "t%6fken",
      "token[]",
      "+token",
      "a=b;token",
    ]
  ) {
    await registry.sendRaw("GET", `/v2/library/hello/tags/list?${name}=hunter2&n=1&last=v1`);
    assertEquals(registry.stories.at(-1)!.url, `/v2/library/hello/tags/list?${name}=…&n=1&last=v1`);
  }
});

Deno.test("no story has a password, a token or a signature: not in a header, not in a URL, and not when somebody prints it", async () => {
  await using registry = await startRegistry({
    redirect: () => Promise.resolve(new URL("https://cdn.example/b?X-Amz-Signature=hunter2&x=1")),
  });
  const foo = await registry.pushBlob("library/hello", "foo");
  const secret = "hunter2";
  const query = `access_token=${secret}&n=1&X-Amz-Signature=${secret}&Password=${secret}&api_key=${secret}`;
  for (const value of [`Basic ${secret}`, `Bearer ${secret}`, secret, `Bearer${secret}`]) {
    await registry.send("GET", "/v2/", { headers: { Authorization: value } });
  }
  await registry.sendRaw("GET", `/v2/library/hello/tags/list?${query}`);
  await registry.send("GET", `/v2/library/hello/blobs/${foo}`);

  for (const story of registry.stories) {
    for (
      const text of [
        formatStory(story),
        formatLine(story),
        formatJson(story),
        Deno.inspect(story),
        JSON.stringify(story),
      ]
    ) {
      assert(!text.includes(secret), text);
    }
  }
  const [basic, bearer, ...others] = registry.stories.slice(1, 5).map(({ headers }) => headers!.Authorization);
  assertEquals([basic, bearer, ...others], ["Basic", "Bearer", "(no known scheme)", "(no known scheme)"]);
  assertEquals(
    registry.stories.at(-2)!.url,
    "/v2/library/hello/tags/list?access_token=…&n=1&X-Amz-Signature=…&Password=…&api_key=…",
  );
  assertEquals(registry.stories.at(-1)!.answerHeaders!.Location, "https://cdn.example/b?X-Amz-Signature=…&x=1");
});
