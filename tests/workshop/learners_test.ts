/**
 * Tests of learners: whose request is it, what stays, and who may see whom.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { failing } from "../../src/disk/failing.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { digestOf } from "../fixture.ts";
import { BLOB, classroom, KNOCK, lessonWith } from "./classroom.ts";

const FOO = digestOf("foo");
const push = (as: string) => `/v2/${as}/blob/blobs/uploads/?digest=${FOO}`;

Deno.test("a request belongs to the learner whose name its repository begins with", async () => {
  const { send, facts } = classroom();
  await facts("/lessons?as=ana");
  await facts("/lessons?as=bo", { from: "10.0.0.2" });
  assertEquals((await send("POST", push("ana"), { body: "foo" })).status, 201);
  assertEquals((await facts("/lessons?as=ana")).done, 1);
  assertEquals((await facts("/lessons?as=bo", { from: "10.0.0.2" })).done, 0);
});

Deno.test("a request about no repository belongs to the learners at its address", async () => {
  const { send, facts } = classroom();
  await facts("/lessons?as=ana");
  await facts("/lessons?as=bo", { from: "10.0.0.2" });
  await send("GET", "/v2/", { from: "10.0.0.2" });
  assertEquals((await facts("/lessons?as=ana")).done, 0);
  assertEquals((await facts("/lessons?as=bo", { from: "10.0.0.2" })).done, 1);
});

Deno.test("a request that no endpoint answers belongs to the learner whose name is in its path, and /v1/ to those at its address", async () => {
  const wrong = { say: "You ask what nobody answers", story: { endpoint: null } };
  const { send, facts } = classroom({ lessons: [lessonWith({ id: "wrong", done: [wrong] })] });
  for (const as of ["ana", "bo"]) await facts(`/lessons?as=${as}`);
  await send("PUT", "/v2/ana/blob/blobs/uploads/");
  assertEquals([(await facts("/lessons?as=ana")).done, (await facts("/lessons?as=bo")).done], [1, 0]);
  await send("GET", "/v1/");
  assertEquals((await facts("/lessons?as=bo")).done, 1);
});

Deno.test("without a name one is the learner of that name, also if nobody has opened a lesson", async () => {
  const { send, facts } = classroom();
  await send("GET", "/v2/");
  await send("POST", push("learner"), { body: "foo" });
  const { as, done } = await facts("/lessons");
  assertEquals([as, done], ["learner", 2]);
});

Deno.test("the facts of a lesson have its texts with all that is to be typed, its steps and the stories that did them", async () => {
  const { send, facts, learners } = classroom();
  await send("POST", push("ana").replace(FOO, digestOf("bar")), { body: "foo" });
  await facts("/lessons?as=ana");
  assertEquals(await facts("/lessons/2?as=ana"), {
    as: "ana",
    origin: "http://localhost",
    lesson: { number: 2, id: "blob", title: "blob", minutes: 1, isExtra: false, isDone: false, steps: 0, of: 2 },
    text: ["Push to http://localhost/v2/ana/blob."],
    try: [],
    steps: [{ say: "You push", isDone: false }, { say: "It is there", isDone: false }],
    see: [],
    previous: "knock",
  });
  await send("POST", push("ana").replace(FOO, digestOf("bar")), { body: "foo" });
  const near = await facts("/lessons/blob?as=ana");
  assertEquals([near.hint.number, near.hint.say, typeof near.hint.by], [1, "Another digest, ana.", "string"]);
  await send("POST", push("ana"), { body: "foo" });
  const { lesson, steps, done, hint, after } = await facts("/lessons/blob?as=ana");
  assertEquals([lesson.isDone, hint, after], [true, undefined, ["after"]]);
  assertEquals(steps, [{ say: "You push", isDone: true, by: done.by[0] }, { say: "It is there", isDone: true }]);
  assertEquals(learners.find("ana")?.last !== undefined, true);
});

Deno.test("what was done stays done after a restart, and what is half done goes on", async () => {
  const disk = memoryDisk();
  const steps = [{ say: "one", story: { endpoint: "end-4a" } }, { say: "two", story: { endpoint: "end-6" } }];
  const lessons = [KNOCK, lessonWith({ id: "two", done: steps })];
  const before = classroom({ disk, lessons });
  await before.facts("/lessons?as=ana");
  await before.send("GET", "/v2/");
  const { headers } = await before.send("POST", "/v2/ana/a/blobs/uploads/");
  assertEquals((await before.facts("/lessons?as=ana")).done, 1);
  const after = classroom({ disk, lessons });
  await after.send("PUT", `${headers.get("Location")}?digest=${FOO}`, { body: "foo" });
  assertEquals((await after.facts("/lessons?as=ana")).done, 2);
});

Deno.test("a lesson that is done stays done when the folder has changed since", async () => {
  const { send, facts } = classroom({ lessons: [BLOB] });
  await facts("/lessons?as=ana");
  await send("POST", push("ana"), { body: "foo" });
  assertEquals((await facts("/lessons?as=ana")).done, 1);
  assertEquals((await send("DELETE", `/v2/ana/blob/blobs/${FOO}`)).status, 202);
  const { done, steps } = await facts("/lessons/blob?as=ana");
  assertEquals([done.by.length, steps[1].isDone], [2, true]);
});

Deno.test("a reset begins a lesson again for one learner, and touches no other one and no content", async () => {
  const { send, facts } = classroom();
  for (const as of ["ana", "bo"]) {
    await facts(`/lessons?as=${as}`);
    await send("POST", push(as), { body: "foo" });
    assertEquals((await facts(`/lessons?as=${as}`)).lessons[1].isDone, true);
  }
  const answer = await send("POST", "/lessons/blob", { body: { as: "ana", do: "reset" } });
  assertEquals([answer.status, (await answer.json()).lesson.isDone], [200, false]);
  assertEquals((await facts("/lessons?as=bo")).lessons[1].isDone, true);
  assertEquals((await send("GET", `/v2/ana/blob/blobs/${FOO}`)).status, 200);
  await send("POST", "/lessons", { body: { as: "bo", do: "reset" } });
  assertEquals((await facts("/lessons?as=bo")).done, 0);
});

Deno.test("what is remembered on disk and broken by hand counts as nothing", async () => {
  const disk = memoryDisk();
  await disk.put(".workshop", { "ana.json": new TextEncoder().encode("{"), "..%2f.json": new Uint8Array() });
  const { facts } = classroom({ disk });
  assertEquals((await facts("/lessons?as=ana")).done, 0);
});

for (
  const text of [
    "null",
    "[]",
    '{"happenings":{}}',
    '{"happenings":[1],"done":[],"since":3,"switch":"x"}',
    '{"happenings":[{"id":"1","item":{},"time":"yesterday"}],"done":{},"since":{}}',
    '{"happenings":[],"done":{"knock":{"time":1}},"since":{}}',
    '{"happenings":[],"done":{"knock":null},"since":{}}',
    '{"happenings":[],"done":{},"since":{},"switch":{"id":"disk-full","lesson":"knock"}}',
  ]
) {
  Deno.test(`what is remembered counts as nothing if it is ${text}`, async () => {
    const disk = memoryDisk();
    await disk.put(".workshop", { "ana.json": new TextEncoder().encode(text) });
    const { facts, send } = classroom({ disk });
    assertEquals((await facts("/lessons?as=ana")).done, 0);
    await send("GET", "/v2/");
    assertEquals((await facts("/lessons?as=ana")).done, 1);
  });
}

Deno.test("the board shows who is where, and the hint", async () => {
  const { send, facts } = classroom();
  await facts("/lessons?as=ana");
  await facts("/lessons?as=bo", { from: "10.0.0.2" });
  await send("GET", "/v2/");
  await send("POST", push("ana").replace(FOO, digestOf("bar")), { body: "foo" });
  const { lessons, learners } = await facts("/board");
  assertEquals(lessons, [
    { number: 1, id: "knock", title: "knock", isExtra: false },
    { number: 2, id: "blob", title: "blob", isExtra: false },
  ]);
  assertEquals(learners.length, 1);
  assertEquals({ ...learners[0], last: "" }, {
    as: "ana",
    last: "",
    done: 1,
    lessons: ["knock"],
    at: { id: "blob", steps: 0, of: 2 },
    hint: { number: 1, say: "Another digest, ana." },
  });
});

const CORNERS = [
  { users: ["teacher"], repositories: ["**"], actions: ["pull", "push", "delete"] },
  { users: ["*"], repositories: ["{user}/**"], actions: ["pull", "push", "delete"] },
] as const;

Deno.test("with passwords, a person is the learner of that name, and sees no other one", async () => {
  const { facts, send } = classroom({ rules: CORNERS });
  const { as, lessons } = await facts("/lessons", { user: "ana" });
  assertEquals([as, lessons.length], ["ana", 2]);
  await send("GET", "/v2/", { user: "ana" });
  assertEquals((await facts("/lessons", { user: "ana" })).done, 1);
  assertEquals((await send("GET", "/lessons?as=ana", { user: "bo" })).status, 403);
  assertEquals((await send("GET", "/lessons")).status, 401);
  assertEquals((await facts("/board", { user: "bo" })).learners, []);
  assertEquals((await facts("/board", { user: "teacher" })).learners.map(({ as }: { as: string }) => as), ["ana"]);
});

Deno.test("with passwords, only a person who may push for a learner begins a lesson again for that one", async () => {
  const rules = [...CORNERS, { users: ["bo"], repositories: ["ana/**"], actions: ["pull"] }] as const;
  const { send } = classroom({ rules });
  const reset = (user: string) => send("POST", "/lessons/knock", { user, body: { as: "ana", do: "reset" } });
  assertEquals((await reset("bo")).status, 403);
  assertEquals((await reset("ana")).status, 200);
  assertEquals((await reset("teacher")).status, 200);
});

Deno.test("with passwords, what is to be typed has the name of the user, and the text says where the password goes", async () => {
  const lessons = [lessonWith({ id: "knock", try: [{ with: "curl", type: ["{curl} {url}/v2/ # {registry}"] }] })];
  const { facts } = classroom({ rules: CORNERS, lessons });
  const { text: [, last], try: [{ type }] } = await facts("/lessons/knock", { user: "ana" });
  assertEquals(type, ['curl -i -u "ana:$PASSWORD" http://localhost/v2/ # localhost']);
  assertStringIncludes(last, "`PASSWORD=...`");
});

Deno.test("a request that is refused for want of a password makes nobody a learner", async () => {
  const { send, facts } = classroom({ rules: CORNERS });
  assertEquals((await send("GET", "/v2/")).status, 401);
  assertEquals((await facts("/board", { user: "teacher" })).learners, []);
});

const DETECTIVE = lessonWith({
  id: "detective",
  done: [{ say: "You name the rule", answer: { isRight: true } }],
  hints: [{ when: [{ answer: { isRight: false } }], say: "Another one." }],
  switch: { id: "digest-header-off", isHidden: true },
});

Deno.test("the switch of a lesson is on for one learner only, hidden until the answer is right, and off when it begins again", async () => {
  const lessons = [{ ...DETECTIVE, switch: { id: ["chunk-201"], isHidden: true } }];
  const { send, facts } = classroom({ lessons });
  const change = (fields: object) => send("POST", "/lessons/detective", { body: { as: "ana", ...fields } });
  const chunk = async (as: string) => {
    const { headers } = await send("POST", `/v2/${as}/a/blobs/uploads/`);
    return (await send("PATCH", headers.get("Location")!, { body: "foo" })).status;
  };
  assertEquals((await (await change({ do: "switch on" })).json()).switch, { isOn: true, isHidden: true });
  assertEquals([await chunk("ana"), await chunk("bo")], [201, 202]);
  assertEquals((await (await change({ do: "answer", answer: "API-01" })).json()).hint.say, "Another one.");
  const { switch: found, lesson } = await (await change({ do: "answer", answer: "PUSH-CHUNK-09" })).json();
  assertEquals([found, lesson.isDone], [{ isOn: true, isHidden: true, id: "chunk-201" }, true]);
  await change({ do: "reset" });
  assertEquals([await chunk("ana"), (await facts("/lessons/detective?as=ana")).switch.isOn], [202, false]);
});

Deno.test("a client that does not ask for JSON gets a few lines: how far the lesson is, its switch, and the hint or the end", async () => {
  const lessons = [{ ...DETECTIVE, switch: { id: ["chunk-201"], isHidden: true } }];
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

Deno.test("an answer says whether the switch of the lesson was on, and counts no more when it is turned on again", async () => {
  const lessons = [{
    ...DETECTIVE,
    switch: { id: ["chunk-201"], isHidden: true },
    hints: [{ when: [{ answer: { isOn: false } }], say: "Turn it on." }, {
      when: [{ answer: { isOn: true } }],
      say: "It is on.",
    }],
  }];
  const { send, facts } = classroom({ lessons });
  const change = (fields: object) => send("POST", "/lessons/detective", { body: { as: "ana", ...fields } });
  const hint = async () => (await facts("/lessons/detective?as=ana")).hint?.say;
  await change({ do: "answer", answer: "API-01" });
  assertEquals(await hint(), "Turn it on.");
  await change({ do: "switch on" });
  assertEquals(await hint(), undefined);
  await change({ do: "answer", answer: "API-01" });
  assertEquals(await hint(), "It is on.");
});

Deno.test("a switch that is on survives a restart", async () => {
  const disk = memoryDisk();
  const lessons = [{ ...DETECTIVE, switch: { id: ["chunk-201"] } }];
  const before = classroom({ disk, lessons });
  await before.send("POST", "/lessons/detective", { body: { as: "ana", do: "switch on" } });
  const after = classroom({ disk, lessons });
  assertEquals((await after.facts("/lessons/detective?as=ana")).switch, {
    isOn: true,
    isHidden: false,
    id: "chunk-201",
  });
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

Deno.test("a sample that a button pushes is nobody's work", async () => {
  const { send, facts } = classroom();
  await facts("/lessons?as=ana");
  await send("POST", push("ana"), { body: "foo", headers: { "User-Agent": "glassbox-samples" } });
  assertEquals((await facts("/lessons?as=ana")).done, 0);
});

Deno.test("a name that nobody has worked with is forgotten when there are too many, and locks nobody out", async () => {
  const { send, facts, learners } = classroom();
  await facts("/lessons?as=ana");
  await send("POST", push("ana"), { body: "foo" });
  for (let number = 0; number < 600; number++) await facts(`/lessons?as=x${number}`);
  assertEquals((await facts("/lessons?as=bo")).done, 0);
  assertEquals((await facts("/lessons?as=ana")).done, 1);
  assertEquals(learners.all.length, 500);
});

Deno.test("when too many have worked, the one who was not asked for the longest goes, and comes back with all that was done", async () => {
  const { send, facts, learners } = classroom();
  for (let number = 0; number < 600; number++) {
    const as = `x${number}`;
    await facts(`/lessons?as=${as}`);
    await send("POST", push(as), { body: "foo" });
    await facts(`/lessons?as=${as}`);
  }
  assertEquals(learners.all.some(({ as }) => as === "x0"), false);
  assertEquals((await facts("/lessons?as=x0")).done, 1);
});

Deno.test("the nameless learner is there also if the folder has more learners than there is room for", async () => {
  const disk = memoryDisk();
  const empty = new TextEncoder().encode("{}");
  await disk.put(".workshop", Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`a${at}.json`, empty])));
  const { send, facts } = classroom({ disk });
  assertEquals((await send("GET", "/v2/")).status, 200);
  assertEquals((await facts("/lessons")).done, 1);
});

Deno.test("a request that is refused for lack of rights is not the work of the one whose repository it names", async () => {
  const denied = lessonWith({ id: "denied", done: [{ say: "You are refused", story: { status: [401, 403] } }] });
  const { send, facts } = classroom({ rules: CORNERS, lessons: [denied] });
  await facts("/lessons", { user: "ana" });
  for (const user of ["bo", undefined]) {
    const { status } = await send("POST", push("ana"), { user, from: "10.0.0.2", body: "foo" });
    assertEquals(status, user === "bo" ? 403 : 401);
  }
  assertEquals((await facts("/lessons", { user: "ana" })).done, 0);
  await send("POST", push("ana"), { body: "foo" });
  assertEquals((await facts("/lessons", { user: "ana" })).done, 1);
});

Deno.test("with passwords, a teacher who looks at a learner is not that learner", async () => {
  const { send, facts } = classroom({ rules: CORNERS });
  await facts("/lessons", { user: "ana" });
  await facts("/lessons?as=ana", { user: "teacher", from: "10.0.0.2" });
  await send("GET", "/v2/", { user: "teacher", from: "10.0.0.2" });
  assertEquals((await facts("/lessons", { user: "ana" })).done, 0);
});

Deno.test("with passwords, nobody makes a learner of a name that is not theirs", async () => {
  const { send, learners } = classroom({ rules: CORNERS });
  assertEquals((await send("GET", "/lessons?as=ana", { user: "bo" })).status, 403);
  assertEquals(learners.all.map(({ as }) => as), ["learner"]);
});

Deno.test("a lesson may be called as something that every object has", async () => {
  const { send, facts } = classroom({ lessons: [{ ...KNOCK, id: "constructor" }] });
  assertEquals((await facts("/lessons/constructor")).lesson.isDone, false);
  await send("GET", "/v2/");
  assertEquals((await facts("/lessons/constructor")).lesson.isDone, true);
});

Deno.test("of a long request, a learner keeps the beginning", async () => {
  const { disk, send, facts } = classroom();
  await facts("/lessons?as=ana");
  const parameters = Array.from({ length: 1000 }, (_, at) => `p${at}=${"x".repeat(1000)}`).join("&");
  await send("GET", `/v2/ana/a/tags/list?${parameters}`);
  await facts("/lessons?as=ana");
  assertEquals(disk.look(".workshop/ana.json")!.size < 20_000, true);
});

Deno.test("a disk that takes nothing stops no lesson: that is told once, and what was done is written when the disk works again", async () => {
  const memory = memoryDisk();
  const fault = { operations: ["put"], path: /^\.workshop/, code: "ENOSPC", times: 2 } as const;
  const complaints: unknown[] = [];
  const { send, facts } = classroom({
    disk: failing(memory, [fault]),
    complain: (error) => complaints.push((error as { code?: string }).code),
  });
  await send("GET", "/v2/");
  for (let look = 0; look < 3; look++) assertEquals((await facts("/lessons")).done, 1);
  assertEquals(complaints, ["ENOSPC"]);
  assertEquals((await classroom({ disk: memory }).facts("/lessons")).done, 1);
});

Deno.test("a registry that is read-only collects no garbage", async () => {
  const disk = memoryDisk();
  await classroom({ disk }).send("POST", push("ana"), { body: "foo" });
  const { send } = classroom({ disk, readOnly: true });
  assertEquals((await send("POST", "/lessons", { body: { as: "ana", do: "collect garbage" } })).status, 405);
  assertEquals((await send("GET", `/v2/ana/blob/blobs/${FOO}`)).status, 200);
});
