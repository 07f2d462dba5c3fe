/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#determining-support */

import { assert, assertEquals } from "@std/assert";
import type { Users } from "../../src/access/credentials.ts";
import { formatStory } from "../../src/stories/lines.ts";
import { formatJson, formatLine } from "../../src/story.ts";
import { accessFor, basic, digestOf, expectRefusal, startRegistry, TestRegistry } from "../fixture.ts";

const FOO = digestOf("foo");
const REFUSAL = { status: 401, code: "UNAUTHORIZED", rule: "API-SUPPORT-01" };

// One user. `asked` records the name and password of each check.
function oneUser(): Users & { asked: [user: string, password: string][] } {
  const asked: [string, string][] = [];
  return {
    asked,
    isPassword(user, password) {
      asked.push([user, password]);
      return Promise.resolve(user === "alice" && password === "se:cret");
    },
  };
}

const ALICE = basic("alice", "se:cret");

// Starts a registry that asks for passwords, over content that was pushed to one that does not.
async function startWithPasswords(anonymous: "pull" | "none") {
  const open = await startRegistry();
  const image = await open.pushImage("library/hello", { tag: "latest" });
  const location = await open.openSession("library/hello");
  const registry = new TestRegistry(open.root, { wrappers: [accessFor(oneUser(), anonymous)] });
  return Object.assign(registry, { image, location });
}

async function expectChallenge(response: Response): Promise<void> {
  assertEquals(response.headers.get("WWW-Authenticate"), 'Basic realm="Glassbox"');
  await expectRefusal(response, REFUSAL);
}

// Every row of the spec's table once.
function requestsTo({ image, location }: Awaited<ReturnType<typeof startWithPasswords>>) {
  const { digest, layer } = image;
  const name = "/v2/library/hello";
  return {
    pulls: [
      ["GET", `${name}/blobs/${layer}`],
      ["GET", `${name}/manifests/latest`],
      ["GET", `${name}/manifests/${digest}`],
      ["GET", `${name}/tags/list`],
      ["GET", `${name}/referrers/${digest}`],
      ["GET", "/v2/_catalog"],
      ["HEAD", `${name}/blobs/${layer}`],
      ["HEAD", `${name}/manifests/latest`],
    ],
    writes: [
      ["POST", `${name}/blobs/uploads/`],
      ["POST", `${name}/blobs/uploads/?digest=${FOO}`],
      ["POST", `${name}/blobs/uploads/?mount=${layer}&from=library/hello`],
      ["PATCH", location],
      ["PUT", `${location}?digest=${FOO}`],
      ["DELETE", location],
      ["PUT", `${name}/manifests/latest`],
      ["DELETE", `${name}/manifests/latest`],
      ["DELETE", `${name}/manifests/${digest}`],
      ["DELETE", `${name}/blobs/${layer}`],
    ],
  };
}

Deno.test("API-SUPPORT-01: /v2/ asks for a password with one challenge, and is 200 with the right one", async () => {
  for (const anonymous of ["none", "pull"] as const) {
    await using registry = await startRegistry({ wrappers: [accessFor(oneUser(), anonymous)] });

    for (const path of ["/v2/", "/v2"]) {
      await expectChallenge(await registry.send("GET", path));
      assertEquals((await registry.send("GET", path, { headers: ALICE })).status, 200);
    }
  }
});

Deno.test("API-SUPPORT-01: a registry without passwords in its options asks for none, and looks at none", async () => {
  await using registry = await startRegistry();

  const answer = await registry.send("GET", "/v2/", { headers: basic("bob", "wrong") });

  assertEquals([answer.status, answer.headers.get("WWW-Authenticate")], [200, null]);
});

Deno.test("API-SUPPORT-01 API-ERR-I11: if nothing is allowed without a password, each endpoint asks for it", async () => {
  await using registry = await startWithPasswords("none");
  const { pulls, writes } = requestsTo(registry);
  const before = registry.tree();

  for (const [method, path] of [...pulls, ...writes].filter(([method]) => method !== "HEAD")) {
    await expectChallenge(await registry.send(method, path));
  }

  assertEquals(registry.tree(), before);
});

Deno.test("API-SUPPORT-01: a HEAD is asked with the same challenge, and no body", async () => {
  await using registry = await startWithPasswords("none");

  for (const path of ["/v2/library/hello/manifests/latest", `/v2/library/hello/blobs/${registry.image.layer}`]) {
    const head = await registry.send("HEAD", path);

    assertEquals([head.status, await head.text()], [401, ""]);
    assertEquals(head.headers.get("WWW-Authenticate"), 'Basic realm="Glassbox"');
  }
});

Deno.test("API-SUPPORT-01: the password is required as well for a path that is not there, is malformed, or is no endpoint", async () => {
  await using registry = await startRegistry({ wrappers: [accessFor(oneUser())] });

  for (const path of ["/", "/v2/library/never/tags/list", "/v2/UPPER/manifests/latest", "/v3/"]) {
    await expectChallenge(await registry.send("GET", path));
  }
});

Deno.test("API-SUPPORT-01: with the right password, everything works as it does without passwords", async () => {
  await using registry = await startWithPasswords("none");

  const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest", { headers: ALICE });
  const pushed = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, {
    body: "foo",
    headers: ALICE,
  });
  const deleted = await registry.send("DELETE", "/v2/library/hello/manifests/latest", { headers: ALICE });

  assertEquals(await pulled.text(), registry.image.text);
  assertEquals([pulled.status, pushed.status, deleted.status], [200, 201, 202]);
});

Deno.test("if anybody may pull, each GET and HEAD is answered without a password", async () => {
  await using registry = await startWithPasswords("pull");

  for (const [method, path] of requestsTo(registry).pulls) {
    const answer = await registry.send(method, path);
    await answer.body?.cancel();

    assertEquals([answer.status, answer.headers.get("WWW-Authenticate")], [200, null], `${method} ${path}`);
  }
});

Deno.test("API-SUPPORT-01: if anybody may pull, each write asks for a password, and changes nothing without one", async () => {
  await using registry = await startWithPasswords("pull");
  const before = registry.tree();

  for (const [method, path] of requestsTo(registry).writes) {
    await expectChallenge(await registry.send(method, path, method === "DELETE" ? {} : { body: "foo" }));
  }

  assertEquals(registry.tree(), before);
});

Deno.test("API-SUPPORT-01: a wrong password is refused everywhere, also on a pull that needs none", async () => {
  const wrong = [["alice", "secret"], ["alice", ""], ["bob", "se:cret"], ["", "se:cret"], ["Alice", "se:cret"]];
  for (const anonymous of ["none", "pull"] as const) {
    await using registry = await startWithPasswords(anonymous);

    for (const [user, password] of wrong) {
      const headers = basic(user, password);

      await expectChallenge(await registry.send("GET", "/v2/", { headers }));
      await expectChallenge(await registry.send("GET", "/v2/library/hello/manifests/latest", { headers }));
      await expectChallenge(await registry.send("POST", "/v2/library/hello/blobs/uploads/", { headers }));
    }
  }
});

Deno.test("API-SUPPORT-01: an empty name with an empty password counts as no password, and is not looked up", async () => {
  const user = oneUser();
  await using registry = await startRegistry({ wrappers: [accessFor(user, "pull")] });
  await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, { body: "foo", headers: ALICE });
  user.asked.length = 0;
  const headers = basic("", "");

  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${FOO}`, { headers });
  const support = await registry.send("GET", "/v2/", { headers });

  assertEquals([pulled.status, await pulled.text()], [200, "foo"]);
  await expectChallenge(support);
  assertEquals(user.asked, []);
});

Deno.test("API-SUPPORT-01: a header that is not Basic with a name and a password opens nothing", async () => {
  const user = oneUser();
  await using registry = await startRegistry({ wrappers: [accessFor(user)] });
  const secret = ALICE.Authorization.slice("Basic ".length);
  const malformed = [
    "",
    "Basic",
    "Basic ",
    secret,
    `Bearer ${secret}`,
    `Digest ${secret}`,
    `Basic${secret}`,
    `Basic ${secret} ${secret}`,
    `Basic ${secret}, Basic ${secret}`,
    `Basic ${secret.slice(0, -1)}!`,
    `Basic ${btoa("alice")}`,
    "Basic alice:se:cret",
    "Basic ====",
    `Basic ${"A".repeat(10_000)}`,
  ];

  for (const header of malformed) {
    await expectChallenge(await registry.send("GET", "/v2/", { headers: { Authorization: header } }));
  }

  assertEquals(user.asked, []);
});

Deno.test("API-SUPPORT-01: the name of the scheme is read in upper and lower case (RFC 9110 section 11.1)", async () => {
  await using registry = await startRegistry({ wrappers: [accessFor(oneUser())] });

  for (const scheme of ["basic", "BASIC", "Basic "]) {
    const headers = { Authorization: ALICE.Authorization.replace("Basic", scheme) };

    assertEquals((await registry.send("GET", "/v2/", { headers })).status, 200);
  }
});

Deno.test("API-SUPPORT-01: a password may have colons and any letters, a name any letters (RFC 7617 section 2)", async () => {
  const user = oneUser();
  await using registry = await startRegistry({ wrappers: [accessFor(user)] });
  const pairs: [string, string][] = [["alice", ":a::b:"], ["Ærøskøbing", "pässword €"], ["al ice", " "]];

  for (const pair of pairs) {
    const answer = await registry.send("GET", "/v2/", { headers: basic(...pair) });

    await expectChallenge(answer);
  }

  assertEquals(user.asked, pairs);
});

Deno.test("API-SUPPORT-01: the answer and the story hold nothing secret, in any form", async () => {
  await using registry = await startRegistry({ wrappers: [accessFor(oneUser())] });
  const headers = [
    ALICE.Authorization,
    basic("alice", "hunter2").Authorization,
    `Basic ${btoa("hunter2")}`,
    "Bearer hunter2",
    "Basic hunter2",
  ];

  const bodies: string[] = [];
  for (const header of headers) {
    const answer = await registry.send("GET", "/v2/", { headers: { Authorization: header } });
    bodies.push(JSON.stringify([...answer.headers]) + await answer.text());
  }

  assertEquals(registry.stories.map(({ status }) => status), [200, 401, 401, 401, 401]);
  const told = registry.stories.flatMap((story) => [
    formatStory(story),
    formatLine(story),
    formatJson(story),
    Deno.inspect(story, { depth: 10, strAbbreviateSize: Infinity }),
  ]);
  const secrets = ["se:cret", "hunter2", ...headers.slice(0, 3).map((header) => header.slice("Basic ".length))];
  for (const text of [...told, ...bodies]) {
    assertEquals(secrets.filter((secret) => text.includes(secret)), [], text);
  }
});

Deno.test("a password that cannot be looked up lets nobody in, and the failure is told in the story only", async () => {
  const failing: Users = { isPassword: () => Promise.reject(new Error("hash is broken")) };
  await using registry = await startRegistry({ wrappers: [accessFor(failing, "pull")] });

  const answer = await registry.send("GET", "/v2/", { headers: ALICE });

  const text = await answer.text();
  assertEquals(answer.status, 500);
  assert(!text.includes("hash is broken"), text);
  assertEquals(registry.stories[0].refusal?.message, "hash is broken");
});
