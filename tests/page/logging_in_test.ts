/**
 * Logging in on the page: a person who may see something without a password can still say who it is.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { access } from "../../src/composing/access.ts";
import type { TokenOptions } from "../../src/composing/access.ts";
import { registryWithPage } from "./registry_with_page.ts";

const USERS = { isPassword: (user: string, password: string) => Promise.resolve(password === `${user}'s`) };
const RULES = [
  { users: ["*"], repositories: ["{user}/**"], actions: ["pull", "push"] },
  { users: ["anonymous"], repositories: ["open/**"], actions: ["pull"] },
] as const;
const HTML = "text/html,*/*;q=0.8";

const as = (user: string) => ({ Authorization: `Basic ${btoa(`${user}:${user}'s`)}` });

function arranged(options: { anonymous?: boolean; tokens?: TokenOptions } = {}) {
  const rules = access(options.anonymous === false ? [RULES[0]] : RULES, { users: USERS, tokens: options.tokens });
  const { send } = registryWithPage({ access: rules }, { wrappers: [rules] });
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await send("GET", path, { headers: { Accept: HTML, ...headers } });
    return { answer, text: await answer.text() };
  };
  return { send, get };
}

Deno.test("/login asks a browser for a password, and then leads back, with and without tokens", async () => {
  for (const tokens of [undefined, { key: new Uint8Array(32) }]) {
    const { get } = arranged({ tokens });
    const { answer: asks } = await get("/login?to=%2Fat%2Falice%3Fafter%3Dv1");
    assertEquals([asks.status, asks.headers.get("WWW-Authenticate")], [401, 'Basic realm="Glassbox"']);
    const { answer } = await get("/login?to=%2Fat%2Falice%3Fafter%3Dv1", as("alice"));
    assertEquals([answer.status, answer.headers.get("Location")], [303, "/at/alice?after=v1"]);
    const { answer: wrong } = await get("/login?to=%2F", { Authorization: `Basic ${btoa("alice:wrong")}` });
    assertEquals([wrong.status, wrong.headers.get("WWW-Authenticate")], [401, 'Basic realm="Glassbox"']);
  }
});

Deno.test("/login leads to no other site", async () => {
  const { get } = arranged();
  const places = [
    "//evil.example/",
    "https://evil.example/",
    "/\\evil.example",
    "/.//evil.example",
    "javascript:1",
    "",
  ];
  for (const to of places) {
    const { answer } = await get(`/login?${new URLSearchParams({ to })}`, as("alice"));
    assertEquals([answer.status, answer.headers.get("Location")], [303, "/"], to);
  }
});

Deno.test("a document says who one is, and has a way to be somebody else", async () => {
  const { get } = arranged();
  const { text: before } = await get("/at/?after=x");
  assert(before.includes('<a href="/login?to=%2Fat%2F%3Fafter%3Dx">Log in</a>'), before);
  const { text } = await get("/at/?after=x", as("alice"));
  assert(text.includes("You are <b>alice</b>."), text);
  const [, other] = /href="(\/login\?not=[^"]*)"/.exec(text)!;
  const address = other.replaceAll("&amp;", "&");
  // It asks alice again, so that her browser forgets her.
  assertEquals((await get(address, as("alice"))).answer.status, 401);
  const { answer } = await get(address, as("bob"));
  assertEquals([answer.status, answer.headers.get("Location")], [303, "/at/?after=x"]);
});

Deno.test("without passwords, nobody can log in, and no document speaks of it", async () => {
  const { send } = registryWithPage();
  const answer = await send("GET", "/login?to=/", { headers: { Accept: HTML } });
  assertEquals(answer.status, 404);
  assert(!(await answer.text()).includes("Log in"));
});

Deno.test("a browser that gets no password shows a document that says why, and starts no scripts", async () => {
  const { get, send } = arranged({ anonymous: false });
  const { answer, text } = await get("/at/alice");
  assertEquals([answer.status, answer.headers.get("Content-Type")], [401, "text/html; charset=utf-8"]);
  assertEquals(answer.headers.get("WWW-Authenticate"), 'Basic realm="Glassbox"');
  assert(text.includes('<a href="/login?to=%2Fat%2Falice">Log in</a>'), text);
  assert(!text.includes("<script"), text);
  for (const [, path] of text.matchAll(/<link rel="\w+" href="([^"]*)"/g)) {
    const looks = await send("GET", path);
    assertEquals(looks.status, 200, path);
    await looks.body?.cancel();
  }
  // A program gets the refusal of the spec, as JSON.
  const refusal = await (await send("GET", "/at/alice", { headers: { Accept: "application/json" } })).json();
  assertEquals(refusal.errors[0].code, "UNAUTHORIZED");
});
