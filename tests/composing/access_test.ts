/** Rules in front of a registry: who is let through, and what each one sees. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type AccessRule, AccessRulesError } from "../../src/access/access_rule.ts";
import type { Users } from "../../src/access/credentials.ts";
import { access } from "../../src/composing/access.ts";
import { compose } from "../../src/composing/composing.ts";
import { createRegistry, type Registry, type Wrapper } from "../../src/registry.ts";
import { basic, digestOf, expectRefusal, startRegistry, TestRegistry } from "../fixture.ts";

// A class: each student has a corner, the teacher has everything, and everybody may pull the course.
const CLASS: readonly AccessRule[] = [
  { users: ["teacher"], repositories: ["**"], actions: ["pull", "push", "delete"] },
  { users: ["*"], repositories: ["{user}/**"], actions: ["pull", "push"] },
  { users: ["anonymous"], repositories: ["course/**"], actions: ["pull"] },
];
// The password of a user is the name backwards.
const USERS: Users = { isPassword: (user, password) => Promise.resolve(password === [...user].reverse().join("")) };

function as(user: string) {
  return { headers: basic(user, [...user].reverse().join("")) };
}

const DENIED = { status: 403, code: "DENIED", rule: "API-ERR-I12" };
const UNAUTHORIZED = { status: 401, code: "UNAUTHORIZED", rule: "API-SUPPORT-01" };
const LAYER = digestOf("layer of bob/app");

// A registry with rules, over content that was pushed to one without them.
async function startClass(rules: readonly AccessRule[] = CLASS, users: Users | undefined = USERS) {
  const open = await startRegistry();
  for (const name of ["alice/app", "alice/web/ui", "bob/app", "course/one", "course/two", "hidden/x"]) {
    await open.pushImage(name, { tag: "v1" });
  }
  return Object.assign(new TestRegistry(open.root, { wrappers: [access(rules, { users })] }), { open });
}

// One request of each kind, and the action that it needs.
function requestsOf(name: string, digest: string, location: string): [action: string, method: string, path: string][] {
  const base = `/v2/${name}`;
  return [
    ["pull", "GET", `${base}/manifests/v1`],
    ["pull", "HEAD", `${base}/manifests/v1`],
    ["pull", "GET", `${base}/blobs/${digest}`],
    ["pull", "HEAD", `${base}/blobs/${digest}`],
    ["pull", "GET", `${base}/tags/list`],
    ["pull", "GET", `${base}/referrers/${digest}`],
    ["push", "POST", `${base}/blobs/uploads/`],
    ["push", "POST", `${base}/blobs/uploads/?digest=${digest}`],
    ["push", "POST", `${base}/blobs/uploads/?mount=${digest}&from=course/one`],
    ["push", "GET", location],
    ["push", "PATCH", location],
    ["push", "PUT", `${location}?digest=${digest}`],
    ["push", "DELETE", location],
    ["push", "PUT", `${base}/manifests/v1`],
    ["delete", "DELETE", `${base}/manifests/v1`],
    ["delete", "DELETE", `${base}/manifests/${digest}`],
    ["delete", "DELETE", `${base}/blobs/${digest}`],
  ];
}

Deno.test("API-ERR-I12: each row of the table needs its action: without it 403 and no change, and 401 without a name", async () => {
  await using registry = await startClass();
  const location = await registry.open.openSession("bob/app");
  const before = registry.tree();

  for (const [action, method, path] of requestsOf("bob/app", LAYER, location)) {
    const denied = await registry.send(method, path, as("alice"));
    const unknown = await registry.send(method, path);

    assertEquals([denied.status, unknown.status], [403, 401], `${method} ${path}`);
    assertEquals(unknown.headers.get("WWW-Authenticate"), 'Basic realm="Glassbox"');
    if (method === "HEAD") continue;
    const what = { pull: "pull from", push: "push to", delete: "delete in" }[action];
    const [{ expected, actual }] = await expectRefusal(denied, DENIED);
    const where = { pull: "alice/**, course/**", push: "alice/**", delete: "no repository" }[action];
    assertEquals([expected, actual], [`the right to ${what} bob/app; alice has it for ${where}`, "alice"]);
    const [refusal] = await expectRefusal(unknown, UNAUTHORIZED);
    assertEquals([refusal.expected, refusal.actual], [
      `the name and password of a user who may ${what} bob/app`,
      "none",
    ]);
  }

  assertEquals(registry.tree(), before);
});

Deno.test("a user with all actions is answered as if there were no rules", async () => {
  await using registry = await startClass();
  const location = await registry.open.openSession("bob/app");

  for (const [, method, path] of requestsOf("bob/app", LAYER, location)) {
    const answer = await registry.send(method, path, as("teacher"));

    await answer.body?.cancel();
    assertEquals([401, 403].includes(answer.status), false, `${method} ${path} is ${answer.status}`);
  }
});

Deno.test("{user}/**: a student pushes and pulls an image in a corner, and deletes nothing", async () => {
  await using registry = await startClass();
  const headers = as("alice").headers;
  const blob = await registry.send("POST", `/v2/alice/new/blobs/uploads/?digest=${digestOf("foo")}`, {
    body: "foo",
    headers,
  });
  const pulled = await registry.send("GET", `/v2/alice/new/blobs/${digestOf("foo")}`, { headers });
  const deleted = await registry.send("DELETE", `/v2/alice/new/blobs/${digestOf("foo")}`, { headers });

  assertEquals([blob.status, pulled.status, await pulled.text()], [201, 200, "foo"]);
  await expectRefusal(deleted, DENIED);
});

Deno.test("what anybody may pull needs no password, and /v2/ asks for one all the same", async () => {
  await using registry = await startClass();

  assertEquals((await registry.send("GET", "/v2/course/one/manifests/v1")).status, 200);
  assertEquals((await registry.send("HEAD", "/v2/course/one/manifests/v1")).status, 200);
  await expectRefusal(await registry.send("GET", "/v2/"), UNAUTHORIZED);
  assertEquals((await registry.send("GET", "/v2/", as("alice"))).status, 200);
  await expectRefusal(await registry.send("GET", "/v2/", { headers: basic("alice", "wrong") }), UNAUTHORIZED);
  await expectRefusal(
    await registry.send("GET", "/v2/course/one/manifests/v1", { headers: basic("a", "b") }),
    UNAUTHORIZED,
  );
});

Deno.test("a name that leads into another corner is refused, however it is written", async () => {
  await using registry = await startClass();

  for (
    const name of ["alice/../bob/app", "alice/%2e%2e/bob/app", "alice/..%2fbob/app", "alice//bob/app", "Alice/app"]
  ) {
    const answer = await registry.sendRaw("GET", `/v2/${name}/tags/list`);
    const own = new Request("http://localhost/", as("alice"));
    Object.defineProperty(own, "url", { value: `http://localhost/v2/${name}/tags/list` });

    assertEquals(answer.status, 401, name);
    assertEquals((await compose(createRegistry({}), access(CLASS, { users: USERS }))(own)).status, 403, name);
  }
});

Deno.test("the catalog has what the client may pull, in full pages with the right links", async () => {
  await using registry = await startClass();
  const list = async (path: string, sent = {}) => {
    const answer = await registry.send("GET", path, sent);
    return [answer.status, (await answer.json()).repositories, answer.headers.get("Link")];
  };
  const alices = ["alice/app", "alice/web/ui", "course/one", "course/two"];

  assertEquals(await list("/v2/_catalog", as("alice")), [200, alices, null]);
  assertEquals(await list("/v2/_catalog"), [200, ["course/one", "course/two"], null]);
  assertEquals(await list("/v2/_catalog", as("teacher")), [200, [
    "alice/app",
    "alice/web/ui",
    "bob/app",
    "course/one",
    "course/two",
    "hidden/x",
  ], null]);
  assertEquals(await list("/v2/_catalog?n=3", as("alice")), [
    200,
    alices.slice(0, 3),
    '</v2/_catalog?n=3&last=course%2Fone>; rel="next"',
  ]);
  assertEquals(await list("/v2/_catalog?n=3&last=course%2Fone", as("alice")), [200, ["course/two"], null]);
  assertEquals(await list("/v2/_catalog?n=4", as("alice")), [200, alices, null]);
  assertEquals(await list("/v2/_catalog?n=0", as("alice")), [200, [], null]);
  assertEquals(await list("/v2/_catalog?last=bob%2Fapp", as("alice")), [200, ["course/one", "course/two"], null]);
  const bad = await registry.send("GET", "/v2/_catalog?n=-1", as("alice"));
  await expectRefusal(bad, { status: 400, code: "UNSUPPORTED", rule: "DISC-TAGS-06" });
});

Deno.test("the answer to HEAD on a shortened catalog has the headers of GET and no body", async () => {
  await using registry = await startClass();
  const get = await registry.send("GET", "/v2/_catalog?n=1", as("alice"));
  const head = await registry.send("HEAD", "/v2/_catalog?n=1", as("alice"));

  assertEquals([head.status, await head.text(), head.headers.get("Link")], [200, "", get.headers.get("Link")]);
  assertEquals(head.headers.get("Content-Length"), String((await get.text()).length));
});

Deno.test("if anonymous may pull nothing, the catalog asks for a password; a user who may nothing sees an empty one", async () => {
  await using registry = await startClass([{ users: ["teacher"], repositories: ["**"], actions: ["pull"] }]);

  await expectRefusal(await registry.send("GET", "/v2/_catalog"), UNAUTHORIZED);
  assertEquals(await (await registry.send("GET", "/v2/_catalog", as("alice"))).json(), { repositories: [] });
});

function mount(name: string, from: string | undefined, digest: string): [method: string, path: string] {
  return ["POST", `/v2/${name}/blobs/uploads/?mount=${digest}${from === undefined ? "" : `&from=${from}`}`];
}

Deno.test("PUSH-MOUNT-08: a mount from where the client may not pull is the same as one from where nothing is", async () => {
  await using registry = await startClass();
  const answers = [];
  for (const from of ["bob/app", "hidden/x", "never/was", "UPPER"]) {
    const answer = await registry.send(...mount("alice/new", from, LAYER), as("alice"));
    const { status, headers } = answer;
    const location = headers.get("Location")!;
    answers.push([status, location.replace(/[^/]*$/, ""), [...headers.keys()], await answer.text()]);
    assertEquals((await registry.send("GET", location, as("alice"))).status, 204);
  }

  assertEquals(answers, Array(4).fill([202, "/v2/alice/new/blobs/uploads/", answers[0][2], ""]));
  assertEquals(registry.tree("alice/new").filter((path) => path.includes(LAYER)), []);
});

Deno.test("PUSH-MOUNT-01: a mount from where the client may pull is 201", async () => {
  await using registry = await startClass();
  const layer = digestOf("layer of course/one");

  const mounted = await registry.send(...mount("alice/new", "course/one", layer), as("alice"));

  assertEquals([mounted.status, mounted.headers.get("Location")], [201, `/v2/alice/new/blobs/${layer}`]);
});

Deno.test("PUSH-MOUNT-06: a mount without from finds a blob only where the client may pull", async () => {
  await using registry = await startClass();
  const anywhere = (name: string, digest: string, user: string) =>
    registry.send(...mount(name, undefined, digest), as(user));

  const own = await anywhere("alice/new", digestOf("layer of alice/web/ui"), "alice");
  const course = await anywhere("alice/new", digestOf("layer of course/two"), "alice");
  const foreign = await anywhere("alice/new", LAYER, "alice");
  const teachers = await anywhere("teacher/new", LAYER, "teacher");
  const again = await anywhere("alice/new", digestOf("layer of course/two"), "alice");

  assertEquals([own, course, foreign, teachers, again].map(({ status }) => status), [201, 201, 202, 201, 201]);
  assertEquals(foreign.headers.get("Location")!.startsWith("/v2/alice/new/blobs/uploads/"), true);
});

Deno.test("a mount into a repository where the client may not push is 403, wherever the blob is", async () => {
  await using registry = await startClass();

  await expectRefusal(await registry.send(...mount("bob/new", "alice/app", LAYER), as("alice")), DENIED);
  await expectRefusal(await registry.send(...mount("bob/new", undefined, LAYER), as("alice")), DENIED);
});

Deno.test("one request is one story, also a mount for which several repositories are looked at", async () => {
  await using registry = await startClass();
  const [method, path] = mount("alice/new", undefined, digestOf("layer of course/two"));

  await registry.send(method, path, as("alice"));
  await registry.send("GET", "/v2/_catalog?n=1", as("alice"));
  await registry.send("GET", "/v2/bob/app/tags/list", as("alice"));

  assertEquals(registry.stories.map(({ method, url, status, endpoint }) => [method, url, status, endpoint?.id]), [
    ["POST", path, 201, "end-11"],
    ["GET", "/v2/_catalog?n=1", 200, "catalog"],
    ["GET", "/v2/bob/app/tags/list", 403, "end-8a"],
  ]);
  assertStringIncludes(registry.stories[2].refusal!.message, "alice has it for alice/**, course/**");
  assertEquals(registry.stories[0].changes.length > 0, true);
});

Deno.test("without users, nobody is asked who they are: the rules for anonymous decide, with 403", async () => {
  const rules: AccessRule[] = [{ users: ["anonymous"], repositories: ["sandbox/**"], actions: ["pull", "push"] }];
  await using registry = await startRegistry({ wrappers: [access(rules)] });

  await registry.pushImage("sandbox/app", { tag: "v1" });
  const denied = await registry.send("POST", "/v2/other/blobs/uploads/", as("teacher"));

  assertEquals((await registry.send("GET", "/v2/")).status, 200);
  assertEquals((await registry.send("GET", "/v2/sandbox/app/manifests/v1", as("nobody"))).status, 200);
  const [{ expected, actual }] = await expectRefusal(denied, DENIED);
  assertEquals([expected, actual], ["the right to push to other; everybody has it for sandbox/**", "everybody"]);
  assertEquals(denied.headers.get("WWW-Authenticate"), null);
});

Deno.test("a path that belongs to no repository takes a write only from a user who may push everywhere", async () => {
  const answers: Wrapper = (registry) => (request, peer) =>
    new URL(request.url).pathname === "/switches" ? Promise.resolve(new Response("on")) : registry(request, peer);
  await using registry = await startRegistry({ wrappers: [access(CLASS, { users: USERS }), answers] });
  const post = (sent = {}) => registry.send("POST", "/switches", sent);

  await expectRefusal(await post(), UNAUTHORIZED);
  await expectRefusal(await post(as("alice")), DENIED);
  assertEquals((await post(as("teacher"))).status, 200);
  assertEquals((await registry.send("GET", "/switches", as("alice"))).status, 200);
});

Deno.test("the guard works in front of registries that know nothing of it: compose", async () => {
  await using inside = await startRegistry();
  await inside.pushImage("alice/app", { tag: "v1" });
  await inside.pushImage("bob/app", { tag: "v1" });
  const asked: string[] = [];
  const other: Registry = (request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    return inside.send(request.method, new URL(request.url).pathname + new URL(request.url).search);
  };
  const registry = compose(other, access(CLASS, { users: USERS }));
  const ask = (path: string) => registry(new Request(`http://localhost/v2/${path}`, as("alice")));

  assertEquals(await (await ask("_catalog")).json(), { repositories: ["alice/app"] });
  assertEquals((await ask("alice/app/manifests/v1")).status, 200);
  assertEquals((await ask("bob/app/manifests/v1")).status, 403);
  assertEquals(asked, ["GET /v2/_catalog", "GET /v2/alice/app/manifests/v1"]);
});

Deno.test("if the registry refuses its catalog, the client gets that refusal", async () => {
  const refusing: Registry = () => Promise.resolve(Response.json({ errors: [] }, { status: 503 }));
  const registry = compose(refusing, access(CLASS, { users: USERS }));
  const ask = (method: string, path: string) =>
    registry(new Request(`http://localhost/v2/${path}`, { method, ...as("alice") }));

  assertEquals((await ask("GET", "_catalog")).status, 503);
  assertEquals((await ask("POST", `alice/app/blobs/uploads/?mount=${LAYER}`)).status, 503);
});

Deno.test("wrong rules, and tokens without users, are refused when the wrapper is made", () => {
  const bad = [{ users: ["*"], repositories: ["Upper"], actions: ["pull"] }] as const;

  assertThrows(() => access(bad), AccessRulesError, "rules[0].repositories[0]");
  assertThrows(() => access(CLASS, { tokens: { key: new Uint8Array(32) } }), RangeError, "without users");
  assertThrows(() => access(CLASS, { users: USERS, tokens: { key: new Uint8Array(31) } }), RangeError, "31 bytes");
});
