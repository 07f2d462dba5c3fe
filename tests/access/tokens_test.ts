/** Tokens in place of passwords: https://distribution.github.io/distribution/spec/auth/token/ */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import type { AccessRule } from "../../src/access/access_rule.ts";
import type { Users } from "../../src/access/credentials.ts";
import { access, type TokenOptions } from "../../src/composing/access.ts";
import { formatStory } from "../../src/stories/lines.ts";
import { formatJson, formatLine } from "../../src/story.ts";
import { basic, digestOf, expectRefusal, startRegistry, type TestOptions, TestRegistry } from "../fixture.ts";

const RULES: readonly AccessRule[] = [
  { users: ["teacher"], repositories: ["**"], actions: ["pull", "push", "delete"] },
  { users: ["*"], repositories: ["{user}/**"], actions: ["pull", "push"] },
  { users: ["anonymous"], repositories: ["course/**"], actions: ["pull"] },
];
const KEY = new TextEncoder().encode("a key for tests that has more than 32 bytes");
const UNAUTHORIZED = { status: 401, code: "UNAUTHORIZED", rule: "API-SUPPORT-01" };
const BAD_REQUEST = { status: 400, code: "UNSUPPORTED", rule: "API-01" };
const START = 1_700_000_000_000;
const CHALLENGE = 'Bearer realm="http://localhost/token",service="glassbox"';

// A registry with tokens, whose clock and passwords the test changes.
class Tokens {
  now = START;
  readonly passwords = new Map([["alice", "secret"], ["bob", "hunter2"], ["teacher", "chalk"]]);
  readonly registry: TestRegistry;

  constructor(root: string, { marks = true, ...options }: Partial<TokenOptions> & { marks?: boolean } = {}) {
    const users: Users = {
      isPassword: (user, password) => Promise.resolve(this.passwords.get(user) === password),
      ...(marks ? { passwordMark: (user: string) => this.passwords.get(user) } : {}),
    };
    const tokens = { key: KEY, now: () => this.now, ...options };
    this.registry = new TestRegistry(root, { wrappers: [access(RULES, { users, tokens })] } as TestOptions);
  }

  send(method: string, path: string, headers: Record<string, string> = {}, body?: BodyInit): Promise<Response> {
    return this.registry.send(method, path, { headers, body });
  }

  /** Sends a request with a token. */
  show(token: string, method: string, path: string, body?: BodyInit): Promise<Response> {
    return this.send(method, path, { Authorization: `Bearer ${token}` }, body);
  }

  ask(scopes: string[], user?: string, more = ""): Promise<Response> {
    const query = scopes.map((scope) => `&scope=${encodeURIComponent(scope)}`).join("");
    const headers = user === undefined ? {} : basic(user, this.passwords.get(user)!);
    return this.send("GET", `/token?service=glassbox${query}${more}`, headers);
  }

  async token(scopes: string[], user?: string): Promise<string> {
    const answer = await this.ask(scopes, user);
    assertEquals(answer.status, 200);
    return (await answer.json()).token;
  }

  form(fields: Record<string, string>): Promise<Response> {
    return this.send(
      "POST",
      "/token",
      { "Content-Type": "application/x-www-form-urlencoded" },
      new URLSearchParams(fields).toString(),
    );
  }
}

async function start(options?: ConstructorParameters<typeof Tokens>[1]) {
  const open = await startRegistry();
  for (const name of ["alice/app", "bob/app", "course/one"]) await open.pushImage(name, { tag: "v1" });
  return Object.assign(new Tokens(open.root, options), {
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
    open,
  });
}

function claimsIn(token: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(token.split(".")[1], { alphabet: "base64url" })));
}

function part(value: unknown): string {
  const bytes = new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

// Signs any header and claims, as an attacker or another program might.
function forge(header: unknown, claims: unknown, key: Uint8Array | string = KEY, hash = "sha256"): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac(hash, key).update(text).digest("base64url")}`;
}

const HEADER = { alg: "HS256", typ: "at+jwt" };
const ACCESS = [{ type: "repository", name: "alice/app", actions: ["pull"] }];
const CLAIMS = {
  iss: "glassbox",
  aud: "glassbox",
  sub: "alice",
  iat: START / 1000,
  nbf: START / 1000,
  exp: START / 1000 + 60,
};

Deno.test("API-SUPPORT-01: the challenge is Bearer, at /v2/ and, with the scope that is needed, at each repository", async () => {
  await using tokens = await start();
  const challenges: [method: string, path: string, scope: string][] = [
    ["GET", "/v2/", ""],
    ["GET", "/v2/alice/app/manifests/v1", "repository:alice/app:pull"],
    ["HEAD", "/v2/alice/app/manifests/v1", "repository:alice/app:pull"],
    ["POST", "/v2/alice/app/blobs/uploads/", "repository:alice/app:pull,push"],
    ["PUT", "/v2/course/one/manifests/v2", "repository:course/one:pull,push"],
    ["DELETE", "/v2/course/one/manifests/v1", "repository:course/one:delete"],
    [
      "POST",
      `/v2/alice/app/blobs/uploads/?mount=${digestOf("foo")}&from=bob/app`,
      "repository:alice/app:pull,push repository:bob/app:pull",
    ],
  ];
  for (const [method, path, scope] of challenges) {
    const answer = await tokens.send(method, path);

    assertEquals(answer.headers.get("WWW-Authenticate"), scope === "" ? CHALLENGE : `${CHALLENGE},scope="${scope}"`);
    assertEquals(answer.status, 401);
    if (method !== "HEAD") await expectRefusal(answer, UNAUTHORIZED);
  }
});

Deno.test("the challenge names no scope that could break out of its quotes", async () => {
  await using tokens = await start();
  const bad = 'x",error="y';

  const mount = await tokens.send(
    "POST",
    `/v2/a/blobs/uploads/?mount=${digestOf("foo")}&from=${encodeURIComponent(bad)}`,
  );
  const name = await tokens.registry.sendRaw("GET", `/v2/a${encodeURIComponent(bad)}/tags/list`);

  assertEquals(mount.headers.get("WWW-Authenticate"), `${CHALLENGE},scope="repository:a:pull,push"`);
  assertEquals([name.status, name.headers.get("WWW-Authenticate")], [401, CHALLENGE]);
});

Deno.test("the realm begins with the host that the client uses, or with the origin of the options", async () => {
  await using plain = await start();
  await using behindProxy = await start({ origin: "https://registry.example" });

  const at = async ({ registry }: Tokens) => (await registry.send("GET", "/v2/")).headers.get("WWW-Authenticate");
  assertEquals(await at(plain), CHALLENGE);
  assertEquals(await at(behindProxy), 'Bearer realm="https://registry.example/token",service="glassbox"');
});

Deno.test("a token answer has everything that clients look for, and must not be kept by caches", async () => {
  await using tokens = await start();
  const answer = await tokens.ask(["repository:alice/app:pull,push"], "alice");
  const { token, access_token, jti: _, ...others } = await answer.json();

  assertEquals([answer.status, answer.headers.get("Cache-Control")], [200, "no-store"]);
  assertEquals(access_token, token);
  assertEquals(others, {
    token_type: "Bearer",
    expires_in: 300,
    issued_at: new Date(START).toISOString(),
    scope: "repository:alice/app:pull,push",
  });
  const { jti, mark, ...claims } = claimsIn(token);
  assertEquals(claims, {
    ...CLAIMS,
    exp: CLAIMS.iat + 300,
    access: [{ type: "repository", name: "alice/app", actions: ["pull", "push"] }],
  });
  assertMatch(`${jti} ${mark}`, /^[0-9a-f-]{36} [\w-]{22}$/);
});

Deno.test("a token carries only what the rules allow, whatever it is asked for", async () => {
  await using tokens = await start();
  const granted = async (scopes: string[], user?: string) => {
    const answer = await tokens.ask(scopes, user);
    return answer.status === 200 ? (await answer.json()).scope : answer.status;
  };

  assertEquals(await granted(["repository:alice/app:*"], "alice"), "repository:alice/app:pull,push");
  assertEquals(await granted(["repository:alice/app:*"], "teacher"), "repository:alice/app:pull,push,delete");
  assertEquals(await granted(["repository:bob/app:pull,push,delete"], "alice"), "");
  assertEquals(await granted(["repository:course/one:pull,push"], "alice"), "repository:course/one:pull");
  assertEquals(await granted(["repository:course/one:pull,push"]), "repository:course/one:pull");
  assertEquals(
    await granted(["repository:alice/app:pull,push", "repository:bob/app:pull", "repository:course/one:pull"], "alice"),
    "repository:alice/app:pull,push repository:course/one:pull",
  );
  assertEquals(
    await granted(["repository:alice/app:pull repository:course/one:pull"], "alice"),
    "repository:alice/app:pull repository:course/one:pull",
  );
  assertEquals(await granted(["registry:catalog:*"], "alice"), "registry:catalog:*");
  assertEquals(await granted(["registry:catalog:*"]), "registry:catalog:*");
  assertEquals(
    await granted(["registry:other:*", "repository(plugin):x:pull", "repository:alice/app:fly"], "alice"),
    "",
  );
  assertEquals(await granted(["repository:alice/../bob/app:pull"], "alice"), "");
  assertEquals(await granted([], "alice"), "");
});

Deno.test("without a password there is a token for what anybody may do, and for anything else 401", async () => {
  await using tokens = await start();

  const token = await tokens.token(["repository:course/one:pull"]);
  assertEquals((await tokens.show(token, "GET", "/v2/course/one/manifests/v1")).status, 200);
  assertEquals((await tokens.show(token, "GET", "/v2/")).status, 200);
  assertEquals(claimsIn(token).sub, undefined);
  const refused = await tokens.ask(["repository:alice/app:pull"]);
  assertEquals(refused.headers.get("WWW-Authenticate"), 'Basic realm="Glassbox"');
  await expectRefusal(refused, UNAUTHORIZED);
  // docker asks for /v2/ only to see whether it can log in.
  assertEquals((await tokens.ask([])).status, 200);
});

Deno.test("a wrong password gets no token", async () => {
  await using tokens = await start();
  const wrong = await tokens.send("GET", "/token?scope=repository:course/one:pull", basic("alice", "wrong"));
  const inForm = await tokens.form({ grant_type: "password", username: "alice", password: "wrong" });

  await expectRefusal(wrong, UNAUTHORIZED);
  await expectRefusal(inForm, UNAUTHORIZED);
});

Deno.test("guesses at /token are limited like all others", async () => {
  await using tokens = await start();
  const users: Users = { isPassword: () => Promise.resolve({ retryAfter: 7 }) };
  const registry = new TestRegistry(tokens.open.root, { wrappers: [access(RULES, { users, tokens: { key: KEY } })] });

  const answer = await registry.send("GET", "/token", { headers: basic("alice", "x") });

  assertEquals(answer.headers.get("Retry-After"), "7");
  await expectRefusal(answer, { status: 429, code: "TOOMANYREQUESTS", rule: "API-ERR-I14" });
});

Deno.test("an image is pushed, pulled and deleted with tokens of the right scopes", async () => {
  await using tokens = await start();
  const push = await tokens.token(["repository:alice/new:pull,push"], "alice");
  const remove = await tokens.token(["repository:alice/new:delete"], "teacher");
  const blob = `/v2/alice/new/blobs/${digestOf("foo")}`;

  const pushed = await tokens.show(push, "POST", `/v2/alice/new/blobs/uploads/?digest=${digestOf("foo")}`, "foo");
  const pulled = await tokens.show(push, "GET", blob);
  const text = await pulled.text();
  const refused = await tokens.show(push, "DELETE", blob);
  const deleted = await tokens.show(remove, "DELETE", blob);

  assertEquals([pushed, pulled, refused, deleted].map(({ status }) => status), [201, 200, 403, 202]);
  assertEquals(text, "foo");
});

Deno.test("a token without the scope is 401 with insufficient_scope if the user may, and 403 if the user may not", async () => {
  await using tokens = await start();
  const token = await tokens.token(["repository:alice/app:pull"], "alice");

  const other = await tokens.show(token, "POST", "/v2/alice/app/blobs/uploads/");
  assertEquals(
    other.headers.get("WWW-Authenticate"),
    `${CHALLENGE},scope="repository:alice/app:pull,push",error="insufficient_scope"`,
  );
  await expectRefusal(other, UNAUTHORIZED);
  const catalog = await tokens.show(token, "GET", "/v2/_catalog");
  assertEquals(
    catalog.headers.get("WWW-Authenticate"),
    `${CHALLENGE},scope="registry:catalog:*",error="insufficient_scope"`,
  );
  await expectRefusal(
    await tokens.show(token, "GET", "/v2/bob/app/tags/list"),
    { status: 403, code: "DENIED", rule: "API-ERR-I12" },
  );
  const anonymous = await tokens.token(["repository:course/one:pull"]);
  const push = await tokens.show(anonymous, "POST", "/v2/course/one/blobs/uploads/");
  assertEquals(
    push.headers.get("WWW-Authenticate"),
    `${CHALLENGE},scope="repository:course/one:pull,push",error="insufficient_scope"`,
  );
  await expectRefusal(push, UNAUTHORIZED);
});

Deno.test("the catalog of a token has what its user may pull", async () => {
  await using tokens = await start();
  const list = async (user?: string) => {
    const token = await tokens.token(["registry:catalog:*"], user);
    return (await (await tokens.show(token, "GET", "/v2/_catalog")).json()).repositories;
  };

  assertEquals(await list("alice"), ["alice/app", "course/one"]);
  assertEquals(await list("teacher"), ["alice/app", "bob/app", "course/one"]);
  assertEquals(await list(), ["course/one"]);
});

Deno.test("the catalog asks for a token, so that a client which waits for that sees what its user may pull", async () => {
  await using tokens = await start();
  const answer = await tokens.send("GET", "/v2/_catalog");

  assertEquals(answer.headers.get("WWW-Authenticate"), `${CHALLENGE},scope="registry:catalog:*"`);
  await expectRefusal(answer, UNAUTHORIZED);
});

Deno.test("PUSH-MOUNT-08: a token mounts only from repositories of its scopes", async () => {
  await using tokens = await start();
  const layer = digestOf("layer of course/one");
  const mount = async (scopes: string[], from: string) => {
    const token = await tokens.token(["repository:alice/new:pull,push", ...scopes], "alice");
    return (await tokens.show(token, "POST", `/v2/alice/new/blobs/uploads/?mount=${layer}${from}`)).status;
  };

  assertEquals(await mount([], "&from=course/one"), 202);
  assertEquals(await mount([], ""), 202);
  assertEquals(await mount(["repository:course/one:pull"], ""), 201);
  assertEquals(await mount(["repository:course/one:pull"], "&from=course/one"), 201);
});

async function expectInvalid(tokens: Tokens, token: string, reason: string): Promise<void> {
  // A repository that anybody may pull: a bad token is not the same as none.
  const answer = await tokens.show(token, "GET", "/v2/course/one/manifests/v1");
  assertEquals(answer.headers.get("WWW-Authenticate"), `${CHALLENGE},error="invalid_token"`, reason);
  const [{ expected, actual }] = await expectRefusal(answer, UNAUTHORIZED);
  assertEquals([expected, actual], ["a token that this registry has signed, and that is still valid", reason]);
}

Deno.test("a token that the test forges with the key is valid; each change of it below makes it invalid", async () => {
  await using tokens = await start({ marks: false });

  const answer = await tokens.show(forge(HEADER, { ...CLAIMS, access: ACCESS }), "GET", "/v2/alice/app/manifests/v1");

  assertEquals(answer.status, 200);
});

Deno.test("RFC 8725: a header with another algorithm, none, or another kind is invalid, whatever signs it", async () => {
  await using tokens = await start({ marks: false });
  const claims = { ...CLAIMS, access: ACCESS };
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const rsa = `${part({ alg: "RS256", typ: "at+jwt" })}.${part(claims)}`;
  const other = "one with another algorithm, or of another kind";

  await expectInvalid(tokens, `${part({ alg: "none", typ: "at+jwt" })}.${part(claims)}.`, other);
  await expectInvalid(tokens, forge({ alg: "none", typ: "at+jwt" }, claims), other);
  await expectInvalid(tokens, forge({ alg: "None", typ: "at+jwt" }, claims), other);
  await expectInvalid(tokens, `${rsa}.${createSign("sha256").update(rsa).sign(privateKey, "base64url")}`, other);
  await expectInvalid(tokens, forge({ alg: "HS512", typ: "at+jwt" }, claims, KEY, "sha512"), other);
  await expectInvalid(tokens, forge({ alg: "HS256", typ: "JWT" }, claims), other);
  await expectInvalid(tokens, forge({ alg: "HS256" }, claims), other);
  await expectInvalid(tokens, forge({ ...HEADER, crit: ["x"] }, claims), other);
  await expectInvalid(tokens, forge({ ...HEADER, jwk: publicKey.export({ format: "jwk" }) }, claims), other);
  await expectInvalid(
    tokens,
    forge(HEADER, claims, publicKey.export({ type: "spki", format: "pem" }) as string),
    "one with the signature of another key",
  );
});

Deno.test("a token of another key, or with a change anywhere, is invalid", async () => {
  await using tokens = await start({ marks: false });
  await using others = await start({ marks: false, key: new Uint8Array(32).fill(7) });
  const good = forge(HEADER, { ...CLAIMS, access: ACCESS });
  const [header, claims, signature] = good.split(".");
  const stolen = part({ ...CLAIMS, sub: "teacher", access: ACCESS });
  const foreign = "one with the signature of another key";

  await expectInvalid(tokens, await others.token([], "teacher"), foreign);
  await expectInvalid(tokens, `${header}.${stolen}.${signature}`, foreign);
  await expectInvalid(tokens, `${header}.${claims}.`, foreign);
  await expectInvalid(tokens, `${header}.${claims}.${signature.slice(0, -4)}`, foreign);
  await expectInvalid(tokens, `${header}.${claims}.${signature}AAAA`, foreign);
  await expectInvalid(
    tokens,
    `${header}.${claims}.${(signature[0] === "A" ? "B" : "A") + signature.slice(1)}`,
    foreign,
  );
});

Deno.test("a token of another issuer, or for another audience, is invalid", async () => {
  await using tokens = await start({ marks: false });
  const reason = "one of another issuer, or for another audience";

  for (
    const claims of [{ iss: "other" }, { aud: "other" }, { aud: ["glassbox"] }, { iss: undefined }, { aud: undefined }]
  ) {
    await expectInvalid(tokens, forge(HEADER, { ...CLAIMS, access: ACCESS, ...claims }), reason);
  }
});

Deno.test("a token without a time, a user as text or a list of scopes is invalid", async () => {
  await using tokens = await start({ marks: false });
  const wrong = [
    { exp: undefined },
    { exp: "9999999999" },
    { exp: null },
    { nbf: undefined },
    { sub: 7 },
    { sub: "" },
    { access: undefined },
    { access: {} },
    { access: [null] },
    { access: [{ type: "repository", name: "alice/app", actions: "pull" }] },
    { access: [{ type: "repository", name: "alice/app", actions: [1] }] },
  ];
  for (const claims of wrong) {
    await expectInvalid(
      tokens,
      forge(HEADER, { ...CLAIMS, access: ACCESS, ...claims }),
      "one without the claims of this registry",
    );
  }
});

Deno.test("a text that is no token is invalid", async () => {
  await using tokens = await start();
  const good = forge(HEADER, { ...CLAIMS, access: ACCESS });
  const texts = [
    "x",
    "a.b",
    "a.b.c.d",
    "..",
    `${good}.`,
    good.replace(".", "!."),
    part("x") + good,
    "A".repeat(50_000),
  ];

  for (const text of texts) await expectInvalid(tokens, text, "a text that is no token");
  for (const header of ["[]", "null", "7", "{", "\xff"]) {
    await expectInvalid(tokens, forge(header, CLAIMS), "a text that is no token");
  }
});

Deno.test("a token ends with its time, and not a second before", async () => {
  await using tokens = await start({ lifetime: 120_000 });
  const token = await tokens.token(["repository:alice/app:pull"], "alice");
  const pull = async () => (await tokens.show(token, "GET", "/v2/alice/app/manifests/v1")).status;

  assertEquals(await pull(), 200);
  tokens.now += 119_999;
  assertEquals(await pull(), 200);
  tokens.now += 1;
  assertEquals(await pull(), 401);
  await expectInvalid(tokens, token, "one that has expired");
});

Deno.test("a token is not valid before its time, but for five seconds, by which clocks may differ", async () => {
  await using tokens = await start();
  const token = await tokens.token(["repository:alice/app:pull"], "alice");
  const pull = async () => (await tokens.show(token, "GET", "/v2/alice/app/manifests/v1")).status;

  tokens.now -= 5000;
  assertEquals(await pull(), 200);
  tokens.now -= 1000;
  await expectInvalid(tokens, token, "one that is not valid yet");
});

Deno.test("registries with one key take each other's tokens", async () => {
  await using tokens = await start();
  const other = new Tokens(tokens.open.root);

  const token = await tokens.token(["repository:alice/app:pull"], "alice");

  assertEquals((await other.show(token, "GET", "/v2/alice/app/manifests/v1")).status, 200);
});

Deno.test("a token ends at once if its user goes or gets another password", async () => {
  await using tokens = await start();
  const token = await tokens.token(["repository:alice/app:pull"], "alice");
  const gone = "one of a user who has gone, or has another password now";
  assertEquals((await tokens.show(token, "GET", "/v2/alice/app/manifests/v1")).status, 200);

  tokens.passwords.set("alice", "new");
  await expectInvalid(tokens, token, gone);
  tokens.passwords.delete("alice");
  await expectInvalid(tokens, token, gone);
  tokens.passwords.set("alice", "secret");
  assertEquals((await tokens.show(token, "GET", "/v2/alice/app/manifests/v1")).status, 200);
});

Deno.test("offline_token and access_type=offline: a refresh token gets new tokens without the password", async () => {
  await using tokens = await start();
  const first = await (await tokens.ask([], "alice", "&offline_token=true&account=alice&client_id=docker")).json();
  const second = await (await tokens.form({
    grant_type: "password",
    username: "alice",
    password: "secret",
    service: "glassbox",
    client_id: "containerd",
    access_type: "offline",
    scope: "repository:alice/app:pull",
  })).json();
  assertEquals(second.scope, "repository:alice/app:pull");

  for (const { refresh_token } of [first, second]) {
    tokens.now += 3_600_000;
    const scope = "repository:alice/app:pull,push repository:bob/app:pull";
    const answer = await tokens.form({ grant_type: "refresh_token", refresh_token, service: "glassbox", scope });
    const fresh = await answer.json();

    assertEquals([answer.status, fresh.scope, fresh.refresh_token], [
      200,
      "repository:alice/app:pull,push",
      refresh_token,
    ]);
    assertEquals((await tokens.show(fresh.access_token, "GET", "/v2/alice/app/manifests/v1")).status, 200);
  }
});

Deno.test("a refresh token opens nothing itself, and an access token refreshes nothing", async () => {
  await using tokens = await start();
  const { token, refresh_token } = await (await tokens.ask([], "alice", "&offline_token=true")).json();
  const refresh = (refresh_token: string) => tokens.form({ grant_type: "refresh_token", refresh_token });

  await expectInvalid(tokens, refresh_token, "one with another algorithm, or of another kind");
  for (
    const wrong of [token, "", "x", forge({ ...HEADER, typ: "refresh+jwt" }, CLAIMS, "another key of 32 bytes or more")]
  ) {
    await expectRefusal(await refresh(wrong), UNAUTHORIZED);
  }
});

Deno.test("a refresh token ends after 30 days, with its user, and with the password", async () => {
  await using tokens = await start();
  const { refresh_token } = await (await tokens.ask([], "alice", "&offline_token=true")).json();
  const refresh = async () => (await tokens.form({ grant_type: "refresh_token", refresh_token })).status;
  const statuses = [await refresh()];

  tokens.passwords.set("alice", "new");
  statuses.push(await refresh());
  tokens.passwords.delete("alice");
  statuses.push(await refresh());
  tokens.passwords.set("alice", "secret");
  tokens.now += 30 * 24 * 3_600_000 - 1;
  statuses.push(await refresh());
  tokens.now += 1;
  statuses.push(await refresh());

  assertEquals(statuses, [200, 401, 401, 200, 401]);
});

Deno.test("a client without a name gets no refresh token", async () => {
  await using tokens = await start();
  const answer = await tokens.ask(["repository:course/one:pull"], undefined, "&offline_token=true");

  assertEquals((await answer.json()).refresh_token, undefined);
});

Deno.test("API-01: a request for a token that is not understood is refused with what is expected", async () => {
  await using tokens = await start();
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const bad = [
    await tokens.send("GET", "/token?service=other"),
    await tokens.send("GET", "/token?scope=alice"),
    await tokens.send("GET", "/token?scope=repository:alice"),
    await tokens.send("GET", "/token?scope=repository::pull"),
    await tokens.send("GET", `/token?${"scope=repository:a:pull&".repeat(101)}`),
    await tokens.form({ grant_type: "authorization_code" }),
    await tokens.form({}),
    await tokens.send("POST", "/token", { "Content-Type": "application/json" }, "{}"),
    await tokens.send("POST", "/token", {}, "grant_type=password"),
  ];
  for (const answer of bad) await expectRefusal(answer, BAD_REQUEST);
  const large = await tokens.send("POST", "/token", form, "x=" + "x".repeat(70_000));
  await expectRefusal(large, { ...BAD_REQUEST, status: 413 });
  const put = await tokens.send("PUT", "/token");
  assertEquals(put.headers.get("Allow"), "GET, POST");
  await expectRefusal(put, { ...BAD_REQUEST, status: 405 });
});

Deno.test("API-01: there is no token that would be too long to be taken", async () => {
  await using tokens = await start();
  const scopes = (length: number) =>
    Array.from({ length: 100 }, (_, i) => `repository:alice/${"a".repeat(length)}${i}:pull,push`);
  const [{ expected }] = await expectRefusal(await tokens.ask(scopes(240), "alice"), BAD_REQUEST);
  assertEquals(expected, "scopes for a token of at most 32768 characters");
  const longest = await tokens.token(scopes(140), "alice");
  assertEquals((await tokens.show(longest, "GET", "/v2/")).status, 200);
});

Deno.test("a password works in place of a token, for curl", async () => {
  await using tokens = await start();

  assertEquals((await tokens.send("GET", "/v2/alice/app/tags/list", basic("alice", "secret"))).status, 200);
});

Deno.test("a registry without tokens knows no /token, and takes none", async () => {
  await using registry = await startRegistry({
    wrappers: [access(RULES, { users: { isPassword: () => Promise.resolve(true) } })],
  });
  const token = forge(HEADER, { ...CLAIMS, access: ACCESS });

  assertEquals((await registry.send("GET", "/token", { headers: basic("alice", "x") })).status, 404);
  const answer = await registry.send("GET", "/v2/", { headers: { Authorization: `Bearer ${token}` } });
  assertEquals([answer.status, answer.headers.get("WWW-Authenticate")], [401, 'Basic realm="Glassbox"']);
});

Deno.test("no token, password or key is in a story, in any form", async () => {
  await using tokens = await start();
  const { token, refresh_token } =
    await (await tokens.ask(["repository:alice/app:pull"], "alice", "&offline_token=true")).json();
  await tokens.show(token, "GET", "/v2/alice/app/manifests/v1");
  await tokens.show(`${token}x`, "GET", "/v2/alice/app/manifests/v1");
  await tokens.form({ grant_type: "refresh_token", refresh_token });
  await tokens.form({ grant_type: "password", username: "alice", password: "secret" });

  const told = tokens.registry.stories.flatMap((story) => [
    formatStory(story),
    formatLine(story),
    formatJson(story),
    Deno.inspect(story, { depth: 10, strAbbreviateSize: Infinity }),
  ]).join("\n");
  assertEquals(tokens.registry.stories.length, 5);
  for (const secret of [token, refresh_token, token.split(".")[2], "secret", new TextDecoder().decode(KEY)]) {
    assert(!told.includes(secret));
  }
});
