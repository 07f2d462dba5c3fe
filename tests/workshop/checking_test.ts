/**
 * Tests of the checker, which is a pure function: what was done, and what is there, in; how far a lesson is, out.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { check, type Happening } from "../../src/workshop/checking.ts";
import type { LessonStep } from "../../src/workshop/lesson.ts";
import { type LessonPattern, matches } from "../../src/workshop/matching.ts";

/** Returns requests with ids 1, 2, 3 … */
function did(...items: Record<string, unknown>[]): Happening[] {
  return items.map((item, at) => ({ id: String(at + 1), time: at, is: "answer" in item ? "answer" : "story", item }));
}

/** Returns for each step what has done it: an id, "yes" if no request did, or "no". */
function stepsOf(done: LessonStep[], happenings: Happening[], things: Record<string, unknown>[] = []): string[] {
  return check({ done, hints: [] }, happenings, things).steps.map(({ isDone, by }) => isDone ? by ?? "yes" : "no");
}

const OPEN = { story: { endpoint: "end-4a", session: "$s" } };
const CHUNK = { story: { endpoint: "end-5", status: 202, session: "$s" } };
const CLOSE = { story: { endpoint: "end-6", session: "$s" } };
const open = (session: string) => ({ endpoint: "end-4a", session });
const chunk = (session: string, status = 202) => ({ endpoint: "end-5", session, status });
const close = (session: string) => ({ endpoint: "end-6", session });

Deno.test("steps have to come in their order, and other requests may stand between them", () => {
  const noise = { endpoint: "end-2" };
  assertEquals(stepsOf([OPEN, CLOSE], did(noise, open("a"), noise, close("a"))), ["2", "4"]);
  assertEquals(stepsOf([OPEN, CLOSE], did(close("a"), open("a"))), ["2", "no"]);
});

Deno.test("a variable is the same everywhere: chunks of two sessions are not those of one", () => {
  assertEquals(stepsOf([OPEN, CHUNK, CLOSE], did(open("a"), chunk("b"), close("a"))), ["1", "no", "no"]);
});

Deno.test("if somebody begins twice, the way that leads farthest counts", () => {
  const twice = did(open("a"), open("b"), chunk("b"), close("b"));
  assertEquals(stepsOf([OPEN, CHUNK, CLOSE], twice), ["2", "3", "4"]);
});

Deno.test("a step that has to be done twice is done by the second request", () => {
  const steps = [OPEN, { ...CHUNK, times: 2 }, CLOSE];
  assertEquals(stepsOf(steps, did(open("a"), chunk("a"), close("a"))), ["1", "no", "no"]);
  assertEquals(stepsOf(steps, did(open("a"), chunk("a"), chunk("a", 416), chunk("a"), close("a"))), ["1", "4", "5"]);
});

Deno.test("a step about the folder is done while it is so, and takes part in the variables", () => {
  const steps = [{ story: { endpoint: "end-7a", digest: "$d" } }, { there: { is: "manifest", digest: "$d" } }];
  const pushed = did({ endpoint: "end-7a", digest: "sha256:7d1a" });
  assertEquals(stepsOf(steps, pushed, [{ is: "manifest", digest: "sha256:7d1a" }]), ["1", "yes"]);
  assertEquals(stepsOf(steps, pushed, [{ is: "manifest", digest: "sha256:e07c" }]), ["1", "no"]);
});

Deno.test("a step about what is gone is done if nothing like it is there", () => {
  const steps = [{ gone: { is: "blob", repository: "delete" } }];
  assertEquals(stepsOf(steps, [], [{ is: "blob", repository: "hello" }]), ["yes"]);
  assertEquals(stepsOf(steps, [], [{ is: "blob", repository: "delete" }]), ["no"]);
});

Deno.test("an answer is no request, and a request no answer", () => {
  const right = did({ answer: "PUSH-CHUNK-10", isRight: true });
  assertEquals(stepsOf([{ answer: { isRight: true } }], right), ["1"]);
  assertEquals(stepsOf([{ story: { isRight: true } }], right), ["no"]);
});

Deno.test("of several hints, the one about the newest request is shown; of the same request, the first one", () => {
  const hints = [
    { when: [{ story: { rule: "PUSH-CHUNK-06" } }], say: "only numbers" },
    { when: [{ story: { endpoint: "end-5" } }], say: "a chunk" },
    { when: [{ story: { endpoint: "end-2" } }], say: "a pull" },
  ];
  const hintOf = (...items: Record<string, unknown>[]) => check({ done: [CLOSE], hints }, did(...items), []).hint;
  assertEquals(hintOf(), undefined);
  assertEquals(hintOf({ endpoint: "end-2" }, { endpoint: "end-5", rule: ["PUSH-CHUNK-06"] })?.say, "only numbers");
  assertEquals(hintOf({ endpoint: "end-5" }, { endpoint: "end-2" }), { number: 3, say: "a pull", by: "2" });
  assertEquals(hintOf({ endpoint: "end-5" }, { endpoint: "end-5" }), { number: 2, say: "a chunk", by: "2" });
});

Deno.test("a mistake before the last step that is done needs no hint any more; one after it does", () => {
  const hints = [{ when: [{ story: { endpoint: "end-5", status: 416 } }], say: "another offset" }];
  const hintOf = (...items: Record<string, unknown>[]) =>
    check({ done: [OPEN, CHUNK, CLOSE], hints }, did(open("a"), ...items), []).hint?.say;
  assertEquals(hintOf(chunk("a", 416)), "another offset");
  assertEquals(hintOf(chunk("a", 416), chunk("a")), undefined);
  assertEquals(hintOf(chunk("a"), chunk("a", 416)), "another offset");
});

Deno.test("a request that does a step can meet a hint, too", () => {
  const hints = [{ when: [{ story: { endpoint: "end-5", status: 202 } }], say: "say which bytes" }];
  const { steps, hint } = check({ done: [OPEN, CHUNK, CLOSE], hints }, did(open("a"), chunk("a")), []);
  assertEquals(steps.map(({ isDone }) => isDone), [true, true, false]);
  assertEquals(hint, { number: 1, say: "say which bytes", by: "2" });
});

Deno.test("a hint about several requests names the last of them", () => {
  const hints = [{ when: [OPEN, { story: { endpoint: "end-6", session: { not: "$s" } } }], say: "another session" }];
  const { hint } = check({ done: [OPEN, CHUNK, CLOSE], hints }, did(open("a"), close("b")), []);
  assertEquals(hint, { number: 1, say: "another session", by: "2" });
});

Deno.test("a mistake that the folder still shows needs its hint, whatever was done since", () => {
  const hints = [{ when: [{ story: { endpoint: "end-4a" } }, { there: { is: "upload" } }], say: "close it" }];
  const hintOf = (things: Record<string, unknown>[]) =>
    check({ done: [OPEN, CHUNK, CLOSE], hints }, did(open("a"), chunk("a")), things).hint?.say;
  assertEquals(hintOf([{ is: "upload" }]), "close it");
  assertEquals(hintOf([]), undefined);
});

Deno.test("a lesson that is done has no hint", () => {
  const hints = [{ when: [{ story: { endpoint: "end-6" } }], say: "…" }];
  assertEquals(check({ done: [CLOSE], hints }, did(close("a")), []), {
    isDone: true,
    steps: [{ say: "", isDone: true, by: "1" }],
  });
});

Deno.test("a lesson without a way through its steps ends, however many requests there are", () => {
  const any = { story: { endpoint: "*" } };
  const many = did(...Array.from({ length: 300 }, () => ({ endpoint: "end-2" })));
  assertEquals(stepsOf([any, any, any, any, any, any, CLOSE], many).slice(-2), ["6", "no"]);
});

const ITEM = {
  ...{ status: 202, session: "0f9c", list: ["a/blob", "b/blob"], query: { mount: "sha256:2c26" }, size: 3 },
  ...{ none: [], path: "a/b/blob", lines: "one\ntwo" },
};

for (
  const [pattern, expected] of [
    [{ status: 202 }, [{}]],
    [{ status: "202" }, []],
    [{ status: [201, 202] }, [{}]],
    [{ status: { from: 200, to: 299 } }, [{}]],
    [{ status: { from: 400 } }, []],
    [{ session: "$s" }, [{ s: "0f9c" }]],
    [{ session: "0*c" }, [{}]],
    [{ session: "9*" }, []],
    [{ list: "$name/blob" }, [{ name: "a" }, { name: "b" }]],
    [{ query: { mount: "sha256:$hex" } }, [{ hex: "2c26" }]],
    [{ query: { from: null } }, [{}]],
    [{ query: null }, []],
    [{ missing: null }, [{}]],
    [{ status: { from: 202, to: 202 } }, [{}]],
    [{ none: null }, [{}]],
    [{ path: "$name/blob" }, []],
    [{ lines: "one*two" }, [{}]],
    [{ session: { not: "0f9c" } }, []],
    [{ list: { not: "c/blob" } }, [{}]],
    [{ list: { not: "a/blob" } }, []],
    [{ size: true }, []],
    [{ session: ".*" }, []],
    [{ session: "*" }, [{}]],
    [{ session: "*f*" }, [{}]],
    [{ session: "0*9*9*c" }, []],
    [{ session: "*$end" }, [{ end: "0f9c" }]],
    [{ list: "*/$file" }, [{ file: "blob" }, { file: "blob" }]],
    [{ list: "$name/*$rest" }, [{ name: "a", rest: "blob" }, { name: "b", rest: "blob" }]],
    [{ list: "$all" }, [{ all: "a/blob" }, { all: "b/blob" }]],
    [{ list: "x$all" }, []],
    [{ session: "$constructor" }, [{ constructor: "0f9c" }]],
    [{ session: "$first*$last" }, [{ first: "0", last: "f9c" }]],
  ] satisfies [LessonPattern, Record<string, string>[]][]
) {
  Deno.test(`the pattern ${JSON.stringify(pattern)} matches in ${expected.length} ways`, () => {
    assertEquals([...matches(pattern, ITEM, {})], expected);
  });
}

Deno.test("a pattern with many * ends soon, also for a text that nearly matches everywhere", () => {
  const item = { path: "a".repeat(1000) };
  assertEquals([...matches({ path: `${"*a".repeat(50)}*b` }, item, {})], []);
  assertEquals([...matches({ path: "$a*$b*$c*$d*x" }, item, {})], []);
  assertEquals([...matches({ path: `${"*a".repeat(50)}*` }, item, {})], [{}]);
});

Deno.test("a variable that has a value stands for just that, whatever letters are in it", () => {
  assertEquals([...matches({ session: "$s" }, ITEM, { s: "0f9c" })], [{ s: "0f9c" }]);
  assertEquals([...matches({ list: "$name/blob" }, ITEM, { name: "b" })], [{ name: "b" }]);
  assertEquals([...matches({ list: "$name/blob" }, ITEM, { name: "." })], []);
});
