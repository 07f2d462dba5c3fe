/**
 * Tests of the lessons, the board and the guide on the page.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { toHtml } from "../../src/page/markup.ts";
import { view as lessonsView } from "../../src/page/views/lessons.ts";
import { prose, proseBlocks } from "../../src/page/views/prose.ts";
import { RememberedStories } from "../../src/serving/remembered_stories.ts";
import type { Story } from "../../src/story.ts";
import { Learners } from "../../src/workshop/learners.ts";
import { lessonsOverHttp } from "../../src/workshop/over_http.ts";
import { tellerOf } from "../../src/workshop/telling_lessons.ts";
import { BLOB, KNOCK, lessonWith } from "../workshop/classroom.ts";
import { digestOf } from "../fixture.ts";
import { registryWithPage } from "./registry_with_page.ts";

const HTML = { headers: { Accept: "text/html" } };
const JSON_ONLY = { headers: { Accept: "application/json" } };
const EVIL = '<img src=x onerror="alert(1)">';

/** A registry with a page and a workshop. */
function workshop(lessons = [KNOCK, BLOB]) {
  const disk = memoryDisk();
  const stories = new RememberedStories();
  const learners = new Learners({ disk, lessons: () => lessons });
  const { send } = registryWithPage({ disk, stories, teller: tellerOf(learners) }, {
    wrappers: [lessonsOverHttp(learners, { disk }), learners.wrapper],
    onStory: (story: Story) => {
      stories.tell(story);
      learners.tell(story);
    },
  });
  const html = async (path: string) => await (await send("GET", path, HTML)).text();
  const facts = async (path: string) => await (await send("GET", path, JSON_ONLY)).json();
  return { send, html, facts };
}

Deno.test("a lesson is whole without JavaScript: its texts, what to type, its steps, the hint, and what happens beside it", async () => {
  const lesson = { ...BLOB, try: [{ with: "curl", type: ["{curl} {url}/v2/{as}/blob/tags/list"] }] };
  const { send, html, facts } = workshop([KNOCK, lesson]);
  await facts("/lessons?as=ana");
  await send("POST", `/v2/ana/blob/blobs/uploads/?digest=${digestOf("bar")}`, { body: "foo" });
  const near = await html("/lessons/blob?as=ana");
  assertStringIncludes(near, "<h1>2. blob</h1>");
  assertStringIncludes(near, "curl -i http://localhost:5080/v2/ana/blob/tags/list");
  assertStringIncludes(near, "<b>Nearly. </b>Another digest, ana.");
  assertStringIncludes(near, 'href="/lessons/knock?as=ana" rel="prev"');
  await send("POST", `/v2/ana/blob/blobs/uploads/?digest=${digestOf("foo")}`, { body: "foo" });
  const done = await html("/lessons/blob?as=ana");
  assertStringIncludes(done, "Well done!");
  assert(!done.includes("Nearly."), done);
  assertEquals(done.match(/>done: </g)?.length, 2);
  const { live, graph } = await facts("/lessons/blob?as=ana");
  assertEquals(live.stories.map(({ status }: { status: number }) => status), [400, 201]);
  assertEquals(graph.repositories.map(({ name }: { name: string }) => name), ["ana/blob"]);
});

Deno.test("beside a lesson stands only what belongs to the learner", async () => {
  const { send, facts, html } = workshop();
  await facts("/lessons?as=ana");
  for (const name of ["ana/a", "bo/b"]) {
    await send("POST", `/v2/${name}/blobs/uploads/?digest=${digestOf("foo")}`, { body: "foo" });
  }
  const { live, graph } = await facts("/lessons/blob?as=ana");
  assert(!JSON.stringify([live, graph]).includes("bo/b"), JSON.stringify(live));
  const { repositories } = await facts(graph.address);
  assertEquals(repositories.map(({ name }: { name: string }) => name), ["ana/a"]);
  assert(!(await html("/lessons/blob?as=ana")).includes("bo/b"));
});

Deno.test("the list of the lessons has what is done, and the text that comes first", async () => {
  const { send, html } = workshop([KNOCK, BLOB, lessonWith({ id: "more", isExtra: true, done: KNOCK.done })]);
  await send("GET", "/v2/");
  const page = await html("/lessons");
  assertStringIncludes(page, "2 of 3 done.");
  assertStringIncludes(page, '<a href="/lessons/knock?as=learner">knock</a>');
  assertStringIncludes(page, "For those who want more");
  assertStringIncludes(page, "What is an image?");
  assertStringIncludes(page, '<a href="/lessons" aria-current="true">Lessons</a>');
});

for (
  const [who, fields, command] of [
    ["a learner without a name", {}, "deno task lessons"],
    ["a learner with a name", { as: "ana" }, "deno task lessons --as ana"],
    [
      "a user, on another machine",
      { as: "ana", origin: "http://10.0.0.2:5080", user: "ana" },
      "deno task lessons --registry http://10.0.0.2:5080 --user ana",
    ],
    [
      "a user who looks at the lessons of another one",
      { as: "bo", user: "ana" },
      "deno task lessons --as bo --user ana",
    ],
  ] as const
) {
  Deno.test(`the list of the lessons has the command without a browser: for ${who}`, () => {
    const facts = { as: "learner", origin: "http://127.0.0.1:5080", done: 0, lessons: [], beginning: "", ...fields };
    assertStringIncludes(toHtml(lessonsView(facts)), `Without a browser: <code>${command}</code>`);
  });
}

Deno.test("the board names the lesson where each learner is, in words as well as by signs", async () => {
  const { send, html, facts } = workshop([BLOB, KNOCK]);
  await facts("/lessons?as=ana");
  await send("POST", `/v2/ana/blob/blobs/uploads/?digest=${digestOf("bar")}`, { body: "foo" });
  const near = await html("/board");
  assertStringIncludes(near, "1 learner, 2 lessons. Whole course done: 0. With a hint: 1.");
  assertStringIncludes(near, '<a href="/lessons/blob?as=ana">blob</a>, 0 of 2 steps');
  assertStringIncludes(near, "<b>Hint 1: </b>Another digest, ana.");
  assertStringIncludes(near, ">here, with a hint<");
  await send("POST", `/v2/ana/blob/blobs/uploads/?digest=${digestOf("foo")}`, { body: "foo" });
  const next = await html("/board");
  assertStringIncludes(next, ">done<");
  assertStringIncludes(next, '<a href="/lessons/knock?as=ana">knock</a>, 0 of 1 steps');
});

Deno.test("without a workshop, the addresses of the lessons say how to begin one, and the guide is there all the same", async () => {
  const { send } = registryWithPage();
  for (const path of ["/lessons", "/lessons/knock", "/board"]) {
    const answer = await send("GET", path, HTML);
    assertEquals(answer.status, 404, path);
    assertStringIncludes(await answer.text(), "deno task start --workshop");
  }
  const guide = await send("GET", "/guide", HTML);
  const text = await guide.text();
  assertEquals(guide.status, 200);
  assertStringIncludes(text, '<h2 id="the-plan">The plan</h2>');
  assert(!text.includes('href="/lessons"'), "the way to the lessons is shown, and there are none");
});

Deno.test("a lesson, a learner and an address that are not there are told, with what is near", async () => {
  const { send } = workshop();
  for (
    const [path, status] of [["/lessons/knok", 404], ["/lessons?as=../x", 403], ["/lessons/knock?as=A", 403], [
      "/board/x",
      404,
    ], ["/guide/x", 404]] as const
  ) {
    assertEquals((await send("GET", path, HTML)).status, status, path);
  }
});

Deno.test("the page passes on what changes a lesson, and refuses it for everything else", async () => {
  const { send } = workshop();
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const answer = await send("POST", "/lessons/knock", { headers, body: '{"as":"ana","do":"reset"}' });
  assertEquals([answer.status, (await answer.json()).as], [200, "ana"]);
  assertEquals((await send("POST", "/board", { headers, body: "{}" })).status, 405);
  assertEquals((await send("POST", "/guide", { headers, body: "{}" })).status, 405);
});

Deno.test("what a lesson or a client says is text, and never HTML", async () => {
  const evil = lessonWith({
    id: "evil",
    title: EVIL,
    text: [`${EVIL} \`${EVIL}\` [x](javascript:alert(1))`],
    done: KNOCK.done,
  });
  const { send, html } = workshop([evil]);
  await send("GET", "/v2/", { headers: { "User-Agent": EVIL } });
  for (const path of ["/lessons", "/lessons/evil", "/board"]) {
    const page = await html(path);
    assert(!page.includes("<img") && !page.includes('href="javascript'), page);
  }
});

Deno.test("prose has code, bold and stressed words, and links of this page", () => {
  const written = toHtml(prose("a `b*c*` **d `e`** *f* [g](/h) [i](//j) [k](javascript:l) 2 * 3 * 4"));
  assertEquals(
    written,
    'a <code>b*c*</code> <b>d <code>e</code></b> <em>f</em> <a href="/h">g</a> i k 2 * 3 * 4',
  );
});

Deno.test("blocks of prose are headings, paragraphs, lists, tables and code", () => {
  const text =
    "# A\n\none\ntwo\n\n- b\n  c\n- d\n\n1. e\n\n| f | g |\n| - | - |\n| `h` | i\\|j |\n\n```sh\n<k>\n\n# l\n```\n```";
  assertEquals(
    toHtml(proseBlocks(text, 2)),
    '<h2 id="a">A</h2><p>one two</p><ul><li>b c</li><li>d</li></ul><ol><li>e</li></ol>' +
      '<div class="wide" tabindex="0"><table><thead><tr><th scope="col">f</th><th scope="col">g</th></tr></thead>' +
      "<tbody><tr><td><code>h</code></td><td>i|j</td></tr></tbody></table></div>" +
      '<pre tabindex="0">&lt;k&gt;\n\n# l</pre><pre tabindex="0"></pre>',
  );
});

Deno.test("the samples are listed by kind, with what the bad ones meet, and with where a button pushes them", async () => {
  const { html, facts } = workshop();
  const page = await html("/samples?to=ana");
  assertStringIncludes(page, "<h2>Refused ones</h2>");
  assertStringIncludes(page, "<q>400 DIGEST_INVALID PUSH-SINGLE-03</q>");
  assertStringIncludes(page, 'data-sample="hello" data-to="ana"');
  assertEquals((await facts("/samples")).to, "samples");
});
