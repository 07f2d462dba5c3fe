/** The lessons as data: what they name exists, their commands run everywhere, and the schema for editors says what the program says. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { SWITCHES_OF_LEARNERS } from "../../src/workshop/switches_of_learners.ts";
import { ANSWER_FIELDS, STORY_FIELDS } from "../../src/workshop/happenings.ts";
import type { Lesson } from "../../src/workshop/lesson.ts";
import { LESSONS } from "../../src/workshop/lessons.ts";
import { LessonError, readLesson } from "../../src/workshop/reading_lessons.ts";
import { THING_FIELDS } from "../../src/workshop/things.ts";
import { fitsSchema, type JsonSchema } from "../json_schema.ts";

const PROJECT = new URL("../../", import.meta.url);
const SCHEMA = JSON.parse(read("src/workshop/lesson.schema.json"));
const RULES = read("src/spec/requirements.tsv").split("\n").slice(1).map((line) => line.split("\t")[0]);

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, PROJECT));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, PROJECT)).isFile;
  } catch {
    return false;
  }
}

function commandsOf({ try: attempts }: Lesson): readonly string[] {
  return attempts.flatMap(({ type }) => type);
}

Deno.test("each file of a lesson is in the course, in the order of the numbers", () => {
  const folder = new URL("src/workshop/lessons/", PROJECT);
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const expected = files.map((name) => name.replace(/^\d\d_(.+)\.json$/, "$1").replaceAll("_", "-"));

  assertEquals(LESSONS.map(({ id }) => id), expected);
  for (const file of files) {
    assertEquals(JSON.parse(read(`src/workshop/lessons/${file}`)).$schema, "../lesson.schema.json", file);
  }
});

Deno.test("a lesson names rules, sources, and addresses that there are", () => {
  for (const { id, heading = "", see = [] } of LESSONS) {
    assert(RULES.some((rule) => rule.startsWith(heading)), `${id}: no rule begins with ${heading}`);
    assert(see.length > 0, `${id} shows nothing to look at`);
    for (const address of see) {
      if (address === "/") continue;
      const [, kind, rest] = /^\/([a-z]+)(?:\/(.*))?$/.exec(address) ?? [];
      if (kind === "rule") assert(RULES.includes(rest), `${id}: there is no ${address}`);
      else if (kind === "source") assert(isFile(rest), `${id}: there is no ${address}`);
      else if (kind === "at" || kind === "graph") assertStringIncludes(rest, "{as}", `${id}: ${address}`);
      else assert(["lessons", "board", "diff"].includes(kind), `${id}: ${address}`);
    }
  }
});

Deno.test("texts and commands have no other placeholders than those that are filled in", () => {
  for (const lesson of LESSONS) {
    const texts = [...lesson.text, ...commandsOf(lesson), ...lesson.hints.map(({ say }) => say), ...lesson.after];
    for (const text of [...texts, ...lesson.see ?? []]) {
      const unknown = text.match(/(?<![${])\{(?!(?:url|registry|as|curl)\})[a-z]+\}/g);
      assertEquals(unknown, null, `${lesson.id}: ${text}`);
    }
  }
});

// Programs and options that Linux and macOS do not have both, or not with the same meaning, and what zsh reads otherwise when it is typed.
const NOT_EVERYWHERE =
  /\b(?:sha256sum|shasum|stat|readlink|base64|realpath|seq|timeout|date)\b|\b(?:sed -i|grep -P|echo -[ne]|head -c -|tar [^|]*--(?:mtime|sort|owner))|(?:^|\s)#|!/;

Deno.test("commands are for bash and zsh, on Linux and macOS, and each lesson begins in a folder of its own", () => {
  for (const lesson of LESSONS) {
    for (const command of commandsOf(lesson)) {
      assertEquals(command.match(NOT_EVERYWHERE), null, `${lesson.id}: ${command}`);
    }
    for (const { type } of lesson.try) {
      const makesFiles = type.some((command) => /> ?[a-z]|\btee /.test(command));
      if (makesFiles) assertEquals(type[0], 'cd "$(mktemp -d)"', lesson.id);
    }
  }
});

Deno.test("an address with a question mark stands in quotes, because zsh looks for files with such names otherwise", () => {
  for (const lesson of LESSONS) {
    for (const command of commandsOf(lesson)) {
      const outside = command.replace(/'[^']*'/g, "").replace(/"[^"]*"/g, "");
      assert(!/\S\?\S/.test(outside), `${lesson.id}: ${command}`);
    }
  }
});

const GOOD = {
  $schema: "../lesson.schema.json",
  id: "my-lesson",
  title: "Mine",
  minutes: 0.5,
  heading: "PUSH-CHUNK",
  isExtra: true,
  text: ["A text."],
  try: [{ with: "curl", type: ["curl {url}"] }],
  done: [
    {
      say: "You push",
      story: { endpoint: ["end-5"], status: { from: 1 }, headers: { a: { not: null } }, code: null },
      times: 50,
    },
    { say: "It is there", there: { is: "blob", isNeeded: true } },
    { say: "It is not there", gone: { is: "tag" } },
    { say: "You answer", answer: { isRight: true } },
  ],
  hints: [{ when: [{ story: {} }], say: "A hint." }],
  after: [],
  see: ["/rule/API-01"],
  switch: { id: ["range-stuck", SWITCHES_OF_LEARNERS[0].id], isHidden: true },
};

// What to change in a good lesson, and where the program says that something is wrong.
const BAD: [change: Record<string, unknown>, path: string][] = [
  [{ id: "Knock" }, "id"],
  [{ id: "a--b" }, "id"],
  [{ id: undefined }, "id"],
  [{ title: " " }, "title"],
  [{ title: 1 }, "title"],
  [{ minutes: 0 }, "minutes"],
  [{ minutes: 601 }, "minutes"],
  [{ minutes: "4" }, "minutes"],
  [{ heading: "" }, "heading"],
  [{ isExtra: "yes" }, "isExtra"],
  [{ text: [] }, "text"],
  [{ text: "text" }, "text"],
  [{ text: ["a", ""] }, "text[1]"],
  [{ try: undefined }, "try"],
  [{ try: [{ with: "curl" }] }, "try[0].type"],
  [{ try: [{ with: "curl", type: [] }] }, "try[0].type"],
  [{ try: [{ with: "curl", type: ["a"], also: "b" }] }, "try[0].also"],
  [{ done: [] }, "done"],
  [{ done: [{ story: {} }] }, "done[0].say"],
  [{ done: [{ say: "a" }] }, "done[0]"],
  [{ done: [{ say: "a", story: {}, there: {} }] }, "done[0]"],
  [{ done: [{ say: "a", story: [] }] }, "done[0].story"],
  [{ done: [{ say: "a", story: { sesion: "$s" } }] }, "done[0].story.sesion"],
  [{ done: [{ say: "a", there: { session: "$s", status: 202 } }] }, "done[0].there.status"],
  [{ done: [{ say: "a", answer: { is: 1 } }] }, "done[0].answer.is"],
  [{ done: [{ say: "a", story: {}, times: 0 }] }, "done[0].times"],
  [{ done: [{ say: "a", story: {}, times: 51 }] }, "done[0].times"],
  [{ done: [{ say: "a", story: {}, times: 1.5 }] }, "done[0].times"],
  [{ hints: [{ say: "a" }] }, "hints[0].when"],
  [{ hints: [{ when: [{}], say: "a" }] }, "hints[0].when[0]"],
  [{ hints: [{ when: [], say: "a" }] }, "hints[0].when"],
  [{ hints: [{ when: [{ story: {} }] }] }, "hints[0].say"],
  [{ after: undefined }, "after"],
  [{ see: ["rule/API-01"] }, "see[0]"],
  [{ see: ["//elsewhere"] }, "see[0]"],
  [{ switch: { id: "no-such-switch" } }, "switch.id"],
  [{ switch: { id: "disk-full" } }, "switch.id"],
  [{ switch: { isHidden: true } }, "switch.id"],
  [{ hint: [] }, "hint"],
];

Deno.test("the schema for editors takes what the program takes, and refuses what it refuses", () => {
  for (const lesson of [GOOD, ...LESSONS]) {
    assert(fitsSchema(SCHEMA, lesson), lesson.id);
    assertEquals(readLesson(lesson, "file"), lesson as Lesson);
  }
  for (const [change, path] of BAD) {
    const lesson = JSON.parse(JSON.stringify({ ...GOOD, ...change }));
    assert(!fitsSchema(SCHEMA, lesson), JSON.stringify(change));
    assertEquals(assertThrows(() => readLesson(lesson, "file"), LessonError).path, path, JSON.stringify(change));
  }
});

Deno.test("the schema has the switches and the fields of patterns that there are", () => {
  const { switchId, story, answer, thing } = SCHEMA.$defs;
  const fieldsOf = ({ properties }: JsonSchema) => Object.keys(properties as object).sort();

  assertEquals(switchId.enum.toSorted(), SWITCHES_OF_LEARNERS.map(({ id }) => id).sort());
  assertEquals(fieldsOf(story), STORY_FIELDS.toSorted());
  assertEquals(fieldsOf(answer), ANSWER_FIELDS.toSorted());
  assertEquals(fieldsOf(thing), THING_FIELDS.toSorted());
});

Deno.test("the schema is published under the version of the package", () => {
  const { name, version } = JSON.parse(read("deno.json"));

  assertEquals(SCHEMA.$id, `https://jsr.io/${name}/${version}/src/workshop/lesson.schema.json`);
});
