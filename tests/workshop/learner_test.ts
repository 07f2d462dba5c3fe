/**
 * Tests of one learner: what is remembered, and what a switch does.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type DiskFailure, failing } from "../../src/disk/failing.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { digestOf } from "../fixture.ts";
import { BLOB, classroom, DETECTIVE, KNOCK, lessonWith } from "./classroom.ts";

const FOO = digestOf("foo");
const push = (as: string) => `/v2/${as}/blob/blobs/uploads/?digest=${FOO}`;

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

Deno.test("the switch of a lesson is on for one learner only, hidden until the answer is right, and off when it begins again", async () => {
  const lessons = [DETECTIVE];
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

Deno.test("an answer says whether the switch of the lesson was on, and counts no more when it is turned on again", async () => {
  const lessons = [{
    ...DETECTIVE,
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

for (
  const [what, fault] of [
    ["takes nothing", { operations: ["put"], path: /^\.workshop/, code: "ENOSPC", times: 2 }],
    // A learner's file is read once at the beginning, and again before it is written.
    ["cannot read a learner's file", { operations: ["read"], path: /^\.workshop/, code: "EIO", skip: 1, times: 2 }],
  ] as const
) {
  Deno.test(`a disk that ${what} stops no lesson: that is told once, and what was done is written when the disk works again`, async () => {
    const memory = memoryDisk();
    const complaints: unknown[] = [];
    const { send, facts } = classroom({
      disk: failing(memory, [fault]),
      complain: (error) => complaints.push((error as { code?: string }).code),
    });
    await send("GET", "/v2/");
    for (let look = 0; look < 3; look++) assertEquals((await facts("/lessons")).done, 1);
    assertEquals(complaints, [fault.code]);
    assertEquals((await classroom({ disk: memory }).facts("/lessons")).done, 1);
  });
}

Deno.test("a learner's file, or the folder of all, that cannot be read at the start stops no lesson, and what was done before comes back", async () => {
  for (const operation of ["read", "list"] as const) {
    const memory = memoryDisk();
    const lessons = [KNOCK, BLOB];
    const before = classroom({ disk: memory, lessons });
    await before.send("GET", "/v2/");
    assertEquals((await before.facts("/lessons")).done, 1);

    const plan: DiskFailure[] = [{ operations: ["read", operation], path: /^\.workshop/, code: "EACCES" }];
    const complaints: unknown[] = [];
    const complain = (error: unknown) => complaints.push((error as { code?: string }).code);
    const { send, facts } = classroom({ disk: failing(memory, plan), lessons, complain });
    await send("POST", push("learner"), { body: "foo" });
    assertEquals((await facts("/lessons")).done, 1);
    plan.length = 0;
    await facts("/lessons");
    assertEquals((await classroom({ disk: memory, lessons }).facts("/lessons")).done, 2);
    assertEquals(complaints, ["EACCES"]);
  }
});

Deno.test("after a restart, the registry still misbehaves for the learner whose switch is on", async () => {
  const disk = memoryDisk();
  const lessons = [DETECTIVE];
  const before = classroom({ disk, lessons });
  await before.send("POST", "/lessons/detective", { body: { as: "ana", do: "switch on" } });
  assertEquals(await statusOfChunk(classroom({ disk, lessons }), "ana"), 201);
});

Deno.test("two learners can have a switch on at the same time", async () => {
  const room = classroom({ lessons: [DETECTIVE] });
  for (const as of ["ana", "bo"]) await room.send("POST", "/lessons/detective", { body: { as, do: "switch on" } });
  assertEquals([await statusOfChunk(room, "ana"), await statusOfChunk(room, "bo")], [201, 201]);
});

Deno.test("a switch stays on when another lesson begins again", async () => {
  const { send, facts } = classroom({ lessons: [KNOCK, DETECTIVE] });
  await send("POST", "/lessons/detective", { body: { as: "ana", do: "switch on" } });
  await send("POST", "/lessons/knock", { body: { as: "ana", do: "reset" } });
  assertEquals((await facts("/lessons/detective?as=ana")).switch.isOn, true);
});

Deno.test("a switch that is turned on takes away only the answers to its own lesson", async () => {
  const other = lessonWith({
    id: "other",
    done: [{ say: "You answer", answer: { lesson: "other" } }, { say: "You knock", story: { endpoint: "end-1" } }],
  });
  const { send, facts } = classroom({ lessons: [DETECTIVE, other] });
  await send("POST", "/lessons/other", { body: { as: "ana", do: "answer", answer: "API-01" } });
  await send("POST", "/lessons/detective", { body: { as: "ana", do: "switch on" } });
  assertEquals((await facts("/lessons/other?as=ana")).steps[0].isDone, true);
});

Deno.test("a rule that the registry breaks for one lesson is no answer to another one", async () => {
  const other = { ...DETECTIVE, id: "other" };
  const { send } = classroom({ lessons: [DETECTIVE, other] });
  const change = async (id: string, fields: object) =>
    await (await send("POST", `/lessons/${id}`, { body: { as: "ana", ...fields } })).json();
  await change("detective", { do: "switch on" });
  assertEquals((await change("other", { do: "answer", answer: "PUSH-CHUNK-09" })).lesson.isDone, false);
  assertEquals((await change("detective", { do: "answer", answer: "PUSH-CHUNK-09" })).lesson.isDone, true);
});

Deno.test("what was done last is on disk when the registry ends", async () => {
  const disk = memoryDisk();
  const { send, learners } = classroom({ disk });
  await send("GET", "/v2/");
  await learners.flush();
  assertEquals((await classroom({ disk }).facts("/lessons")).done, 1);
});

Deno.test("of many requests, a learner keeps the last 300", async () => {
  const steps = [{ say: "one", story: { endpoint: "end-4a" } }, { say: "two", story: { endpoint: "end-1" } }];
  const { send, facts } = classroom({ lessons: [lessonWith({ id: "two", done: [...steps, ...steps] })] });
  await facts("/lessons?as=ana");
  await send("POST", "/v2/ana/a/blobs/uploads/");
  for (let number = 0; number < 299; number++) await send("GET", "/v2/ana/a/tags/list");
  const first = async () => (await facts("/lessons/two?as=ana")).steps[0].isDone;
  assertEquals(await first(), true);
  await send("GET", "/v2/ana/a/tags/list");
  assertEquals(await first(), false);
});

/** Opens a session, sends a chunk, and returns the status of the answer. */
async function statusOfChunk({ send }: ReturnType<typeof classroom>, as: string): Promise<number> {
  const { headers } = await send("POST", `/v2/${as}/a/blobs/uploads/`);
  return (await send("PATCH", headers.get("Location")!, { body: "foo" })).status;
}

Deno.test("two registries over one folder keep what is done in both, and a lesson that begins again in one does in both", async () => {
  const disk = memoryDisk();
  const [one, other] = [classroom({ disk }), classroom({ disk })];
  await one.facts("/lessons");
  await other.facts("/lessons");
  await one.send("GET", "/v2/");
  assertEquals((await one.facts("/lessons")).done, 1);
  await other.send("POST", push("learner"), { body: "foo" });
  await other.facts("/lessons");
  assertEquals((await classroom({ disk }).facts("/lessons")).done, 2);
  await other.send("POST", "/lessons/knock", { body: { do: "reset" } });
  await one.send("GET", "/v2/learner/a/tags/list");
  await one.facts("/lessons");
  assertEquals((await classroom({ disk }).facts("/lessons/knock")).lesson.isDone, false);
});
