/** The teacher's guide: what it tells a teacher to type is there, and its plan takes 90 minutes. */

import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { KINDS } from "../../src/page/addresses.ts";
import { help } from "../../src/serving/command_line.ts";
import { LESSONS } from "../../src/workshop/lessons.ts";
import { digestOf } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";

const PROJECT = new URL("../../", import.meta.url);
const GUIDE = read("src/workshop/teachers_guide.md");

/** The guide as one line. */
const TEXT = GUIDE.replaceAll(/\s+/g, " ");

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, PROJECT));
}

/** A command of the guide: its task, and what follows it. */
const COMMANDS = [...GUIDE.matchAll(/(?:deno task|\.\/glassbox|glassbox\.cmd) ([a-z:-]+)([^`|#\n]*)/g)]
  .map(([, task, rest]) => ({ task, flags: rest.match(/(?<= )--[a-z-]+/g) ?? [] }));

/** Returns everything that a task prints about its flags, or has in its source. */
function flagsOf(task: string): string {
  const program = /tests\/programs\/\S+\.ts/.exec(config.tasks[task as keyof typeof config.tasks])?.[0];
  if (program !== undefined) return read(program);
  return help(task === "start" ? "serve" : task as Parameters<typeof help>[0]);
}

/** The rows of the plan. */
const PLAN = [...GUIDE.matchAll(/^\| (\d):(\d\d) +\| (\d+) +\| (.+?) +\| (.+?) +\|$/gm)].map(
  ([, hours, minutes, takes, what]) => ({
    from: Number(hours) * 60 + Number(minutes),
    takes: Number(takes),
    what,
    lesson: Number(/^Lesson (\d+)/.exec(what)?.[1] ?? 0),
  }),
);

Deno.test("every task that the guide names is there, with every flag", () => {
  assert(COMMANDS.length > 10, "the commands were not read");
  for (const { task, flags } of COMMANDS) {
    assert(Object.hasOwn(config.tasks, task), `there is no deno task ${task}`);
    const known = flagsOf(task);
    for (const flag of flags) assert(known.includes(`  ${flag} `), `deno task ${task} has no ${flag}`);
  }
});

Deno.test("flags that stand alone in the guide are those of deno task start, or of a client", () => {
  const alone = [...GUIDE.matchAll(/`(--[a-z-]+)(?: [^`]*)?`/g)].map(([, flag]) => flag);
  const ofClients = ["--dest-tls-verify", "--data-binary", "--registry", "--cacert"];
  assert(alone.length > 3, "the flags were not read");
  for (const flag of alone) assert(ofClients.includes(flag) || help("serve").includes(`  ${flag} `), flag);
});

Deno.test("the plan takes 90 minutes, without a gap", () => {
  let at = 0;
  for (const { from, takes } of PLAN) {
    assertEquals(from, at);
    at += takes;
  }
  assertEquals(at, 90);
});

Deno.test("a lesson has the title and the minutes that it has itself, and the guide names those that the plan leaves out", () => {
  const course = LESSONS.filter(({ isExtra }) => !isExtra);
  const numbers = course.map((_, at) => at + 1);
  assertEquals(
    PLAN.filter(({ lesson }) => lesson > 0).map(({ what, takes }) => `${what} ${takes}`),
    numbers
      .filter((number) => PLAN.some(({ lesson }) => lesson === number))
      .map((number) => `Lesson ${number}: ${course[number - 1].title} ${course[number - 1].minutes}`),
  );
  const [, last, sum, named, extra] =
    /Lessons 1 to (\d+) take (\d+) minutes together.+those who are fast: (.+?), and the two extra lessons (.+?)\./
      .exec(TEXT)!;
  assertEquals(course.length, Number(last));
  assertEquals(course.reduce((sum, { minutes }) => sum + minutes, 0), Number(sum));
  assertEquals(
    numbers.filter((number) => !PLAN.some(({ lesson }) => lesson === number)),
    named.match(/\d+/g)!.map(Number),
  );
  assertEquals(LESSONS.flatMap(({ isExtra }, at) => isExtra ? at + 1 : []), extra.match(/\d+/g)!.map(Number));
});

Deno.test("the plan for 45 minutes adds up", () => {
  const [, welcome, lessons, all, questions] = /welcome \((\d+)\), lessons ([\d, ]+) \((\d+)\), questions \((\d+)\)/
    .exec(
      TEXT,
    )!;
  const minutes = lessons.split(", ").map((number) => PLAN.find(({ lesson }) => lesson === Number(number))!.takes);
  assertEquals(minutes.reduce((sum, one) => sum + one, 0), Number(all));
  assertEquals(Number(welcome) + Number(all) + Number(questions), 45);
});

Deno.test("every address of the page that the guide names is one, and every file is there", () => {
  const addresses = [...GUIDE.matchAll(/(?<=[` ]|:5080)\/(\w*)(?:\/[\w-]+)?`/g)].map(([, kind]) => kind);
  assert(addresses.length > 10, "the addresses were not read");
  for (const kind of addresses) assert(kind === "" || (KINDS as readonly string[]).includes(kind), `/${kind}`);
  for (const [path] of GUIDE.matchAll(/\bsrc\/[\w/.]+\b\/?/g)) assert(Deno.statSync(new URL(path, PROJECT)), path);
});

Deno.test("the guide has at most 250 lines, its JSON is JSON, and no code stands inside a list, where the page shows none", () => {
  assertEquals(GUIDE.match(/^ +```/gm), null);
  assert(GUIDE.split("\n").length <= 250);
  const blocks = [...GUIDE.matchAll(/```json\n(.*?)```/gs)].map(([, text]) => JSON.parse(text));
  assertEquals(blocks.length, 2);
  assertEquals(blocks[0], { "insecure-registries": ["192.168.1.20:5080"] });
});

Deno.test("a teacher who copies the lesson of the guide has a lesson, with a hint, which is done by what it says", async () => {
  const [, text] = /```json\n(\{\n {2}"id".*?)```/s.exec(GUIDE)!;
  using folder = new Folder();
  Deno.mkdirSync(`${folder.path}/mine`);
  Deno.writeTextFileSync(`${folder.path}/mine/logo.json`, text);
  await using program = await Program.serve(`${folder.path}/root`, "--workshop", "--lessons", `${folder.path}/mine`);
  const lesson = async () =>
    await (await program.send("GET", "/lessons/logo", { headers: { Accept: "application/json" } })).json();

  const url = `${program.address}/v2/learner/logo/blobs/uploads/?digest=`;
  const headers = { "Content-Type": "application/octet-stream" };
  await fetch(url + digestOf("a picture\n"), { method: "POST", headers, body: "a picture" }).then((answer) =>
    answer.text()
  );
  const near = await lesson();
  const { try: [{ type }] } = near;
  const cwd = folder.path;
  const typed = await new Deno.Command("bash", { args: ["-ec", type.join("\n")], cwd, stdout: "null", stderr: "null" })
    .output();
  const done = await lesson();

  assertEquals([near.lesson.isDone, near.hint.say], [
    false,
    "Send the file with `--data-binary`: `-d` takes newlines away.",
  ]);
  assertEquals([typed.code, done.lesson.isDone], [0, true]);
});
