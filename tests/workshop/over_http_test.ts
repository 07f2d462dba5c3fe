/**
 * Tests of the lessons over HTTP: what can be asked and changed, and what is refused.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { lessonsOverHttp } from "../../src/workshop/over_http.ts";
import { digestOf } from "../fixture.ts";
import { classroom, DETECTIVE } from "./classroom.ts";

const FOO = digestOf("foo");
const push = (as: string) => `/v2/${as}/blob/blobs/uploads/?digest=${FOO}`;

Deno.test("a client that does not ask for JSON gets a few lines: how far the lesson is, its switch, and the hint or the end", async () => {
  const lessons = [DETECTIVE];
  const { send } = classroom({ lessons });
  const change = async (fields: object, id = "/detective") => {
    const answer = await send("POST", `/lessons${id}`, { body: { as: "ana", ...fields }, headers: { Accept: "*/*" } });
    return await answer.text();
  };
  assertEquals(await change({ do: "reset" }, ""), "0 of 1 lessons are done.\n");
  const head = "1. detective: 0 of 1 steps are done.\n\nIts switch is on.\n";
  assertEquals(await change({ do: "switch on" }), head);
  assertEquals(await change({ do: "answer", answer: "API-01" }), `${head}\nAnother one.\n`);
  assertEquals(
    await change({ do: "answer", answer: "PUSH-CHUNK-09" }),
    "1. detective: 1 of 1 steps are done.\n\nIts switch is on.\n\nafter\n",
  );
});

Deno.test("garbage is collected for one learner, without a grace period", async () => {
  const { send } = classroom();
  for (const as of ["ana", "bo"]) await send("POST", push(as), { body: "foo" });
  assertEquals((await send("POST", "/lessons", { body: { as: "ana", do: "collect garbage" } })).status, 200);
  const status = async (as: string) => (await send("GET", `/v2/${as}/blob/blobs/${FOO}`)).status;
  assertEquals([await status("ana"), await status("bo")], [404, 200]);
});

for (
  const [what, method, path, sent, status, expected] of [
    ["a lesson that is not there", "GET", "/lessons/chanks", {}, 404, "one of knock, blob"],
    [
      "a name that no repository can begin with",
      "GET",
      "/lessons?as=../ana",
      {},
      403,
      "the beginning of a repository's name",
    ],
    [
      "a name that is too long",
      "GET",
      `/lessons?as=${"a".repeat(101)}`,
      {},
      403,
      "the beginning of a repository's name",
    ],
    [
      "an action that is not known",
      "POST",
      "/lessons/knock",
      { body: { as: "ana", do: "rest" } },
      400,
      "reset, switch on",
    ],
    [
      "an action that needs a lesson",
      "POST",
      "/lessons",
      { body: { as: "ana", do: "answer" } },
      400,
      "reset, switch on",
    ],
    ["a learner that is no text", "POST", "/lessons/knock", { body: { as: 5, do: "reset" } }, 400, '"as"'],
    ["an answer that is no text", "POST", "/lessons/knock", { body: { as: "ana", do: "answer" } }, 400, '"answer"'],
    [
      "an answer that is too long",
      "POST",
      "/lessons/knock",
      { body: { as: "ana", do: "answer", answer: "a".repeat(201) } },
      400,
      "at most 200 letters",
    ],
    ["a body that is no JSON", "POST", "/lessons/knock", { body: "x" }, 400, "application/json"],
    ["a method that is none", "PUT", "/lessons/knock", { body: {} }, 405, "GET, POST"],
    ["a change of the board", "POST", "/board", { body: {} }, 405, "GET"],
  ] as const
) {
  Deno.test(`${what} is refused with what was expected`, async () => {
    const answer = await classroom().send(method, path, sent);
    assertEquals(answer.status, status);
    assertStringIncludes(JSON.stringify((await answer.json()).errors[0].detail), expected.replaceAll('"', '\\"'));
  });
}

Deno.test("a page of another site changes nothing", async () => {
  const { send } = classroom();
  const headers = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" };
  const answer = await send("POST", "/lessons/knock", { body: { as: "ana", do: "reset" }, headers });
  assertEquals(answer.status, 403);
});

Deno.test("a registry that is read-only collects no garbage", async () => {
  const disk = memoryDisk();
  await classroom({ disk }).send("POST", push("ana"), { body: "foo" });
  const { send } = classroom({ disk, readOnly: true });
  const answer = await send("POST", "/lessons", { body: { as: "ana", do: "collect garbage" } });
  // The method is right, and only this action is not allowed. So it is not 405.
  assertEquals([answer.status, (await answer.json()).errors[0].code], [403, "DENIED"]);
  assertEquals((await send("GET", `/v2/ana/blob/blobs/${FOO}`)).status, 200);
});

Deno.test("a lesson can be named by its number, and blanks around an answer do not count", async () => {
  const { send } = classroom({ lessons: [DETECTIVE] });
  await send("POST", "/lessons/1", { body: { as: "ana", do: "switch on" } });
  const answer = await send("POST", "/lessons/1", { body: { as: "ana", do: "answer", answer: " PUSH-CHUNK-09 " } });
  assertEquals((await answer.json()).lesson.isDone, true);
});

Deno.test("the lessons refuse a page of another site wherever they stand", async () => {
  const { disk, learners } = classroom();
  const lessons = lessonsOverHttp(learners, { disk })(() => Promise.resolve(new Response("behind", { status: 418 })));
  const headers = { Origin: "https://evil.example", "Content-Type": "application/json" };
  const request = new Request("http://localhost/lessons/knock", { method: "POST", headers, body: '{"do":"reset"}' });
  assertEquals((await lessons(request)).status, 403);
});

Deno.test("the address of the registry is that of --origin, if there is one", async () => {
  const { disk, learners } = classroom();
  const options = { disk, origin: "https://registry.example" };
  const lessons = lessonsOverHttp(learners, options)(() => Promise.resolve(new Response("behind", { status: 418 })));
  const answer = await lessons(new Request("http://localhost/lessons/blob?as=ana"));
  const { origin, text } = await answer.json();
  assertEquals([origin, text], ["https://registry.example", ["Push to https://registry.example/v2/ana/blob."]]);
  assertEquals(answer.headers.get("X-Content-Type-Options"), "nosniff");
});
