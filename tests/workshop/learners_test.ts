/**
 * Tests of learners: whose request is it, and who may see whom.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { around } from "../../src/disk/around.ts";
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

Deno.test("of very many learners at one address, a request about no repository belongs to the 40 who have asked last", async () => {
  const { send, facts } = classroom();
  for (let at = 0; at < 60; at++) await facts(`/lessons?as=l${at}`);
  await send("GET", "/v2/");
  const done: number[] = [];
  for (let at = 0; at < 60; at++) {
    if ((await facts(`/lessons?as=l${at}`, { from: "10.0.0.2" })).done > 0) done.push(at);
  }
  assertEquals(done, Array.from({ length: 40 }, (_, at) => at + 20));
});

Deno.test("between the looks at many learners, others go on", async () => {
  const { learners } = classroom();
  const many = Array.from({ length: 50 }, (_, at) => learners.find(`l${at}`)!);
  let isOver = false;
  const looks = Promise.all(many.map((learner) => learner.states())).then(() => isOver = true);
  let times = 0;
  for (; !isOver; times++) await new Promise((resolve) => setTimeout(resolve));
  await looks;
  assert(times >= 25, `${times} times`);
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

Deno.test("the board is in the order of the names, and an extra lesson is not where somebody works", async () => {
  const { send, facts } = classroom({ lessons: [KNOCK, { ...BLOB, isExtra: true }] });
  for (const as of ["bo", "ana"]) await facts(`/lessons?as=${as}`);
  await send("GET", "/v2/");
  const { learners } = await facts("/board");
  assertEquals(learners.map(({ as, at }: { as: string; at?: object }) => [as, at]), [["ana", undefined], [
    "bo",
    undefined,
  ]]);
});

Deno.test("the addresses to look at are those of the learner", async () => {
  const { facts } = classroom({ lessons: [{ ...KNOCK, see: ["/at/{as}/hello"] }] });
  assertEquals((await facts("/lessons/knock?as=ana")).see, ["/at/ana/hello"]);
});

Deno.test("a user whose name cannot begin a repository is the nameless learner", async () => {
  const rules = [{ users: ["*"], repositories: ["**"], actions: ["pull", "push", "delete"] }] as const;
  const { facts } = classroom({ rules });
  assertEquals((await facts("/lessons", { user: "Ana" })).as, "learner");
});

// Counts how often the folder of a learner is read.
function countingLooks() {
  const counter = { looks: 0 };
  const disk = around(memoryDisk(), ({ path }, args, act) => {
    if (`${path}/`.startsWith("ana/blob/")) counter.looks++;
    return act(args);
  });
  return { counter, disk };
}

Deno.test("the board looks again only at learners who have done something", async () => {
  const { counter, disk } = countingLooks();
  const { send, facts } = classroom({ disk });
  await facts("/lessons?as=ana");
  await send("POST", push("ana"), { body: "foo" });
  assertEquals((await facts("/board")).learners[0].lessons, ["blob"]);
  const before = counter.looks;
  for (let time = 0; time < 3; time++) await facts("/board");
  assertEquals(counter.looks, before);
  await send("POST", "/lessons", { body: { as: "ana", do: "reset" } });
  assertEquals((await facts("/board")).learners[0].lessons, []);
});

Deno.test("all who ask for a learner while a look waits get the same look", async () => {
  const { counter, disk } = countingLooks();
  const { send, facts } = classroom({ disk });
  await facts("/lessons?as=ana");
  await send("POST", push("ana"), { body: "foo" });
  counter.looks = 0;
  await facts("/lessons?as=ana");
  const one = counter.looks;
  const all = await Promise.all(Array.from({ length: 50 }, () => facts("/lessons?as=ana")));
  assertEquals(all.map(({ done }) => done), Array(50).fill(1));
  assertEquals(one > 0 && counter.looks <= 3 * one, true, `${counter.looks} reads, and one look has ${one}`);
});
