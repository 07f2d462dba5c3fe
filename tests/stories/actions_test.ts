/** Actions: what real clients have sent is what a person would call it. `recorded/` has the stories of real clients. */

import { assert, assertEquals } from "@std/assert";
import { stripTypeScriptTypes } from "node:module";
import { randomNumbers } from "../../src/random.ts";
import type { Action } from "../../src/stories/action.ts";
import { describeAction, sumOf } from "../../src/stories/action_words.ts";
import { Actions } from "../../src/stories/actions.ts";
import type { StoryData } from "../../src/story.ts";

/** Returns the stories of a command of a real client, over a registry that others have used before. */
function recorded(name: string): StoryData[] {
  const lines = Deno.readTextFileSync(new URL(`recorded/${name}.jsonl`, import.meta.url)).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** Adds stories, and returns the actions that came of them, without those that are parts of others. */
function actionsOf(stories: readonly StoryData[], actions = new Actions()): Action[] {
  const found = new Map<string, Action>();
  for (const story of stories) {
    const { action, joined } = actions.add(story);
    found.set(action.id, action);
    if (joined !== undefined) found.delete(joined.id);
  }
  return [...found.values()];
}

// Times are left out.
function inWords(actions: readonly Action[]): string[] {
  return actions.map((action) =>
    `${describeAction(action)}: ${sumOf(action)}`.replace(/, [0-9.]+ m?s$/, "").replace(
      /([0-9a-f]{4})[0-9a-f]{60}/g,
      "$1…",
    )
  );
}

/** Takes a story of each command in turn, as if they ran at the same time. */
function mixed(commands: readonly (readonly StoryData[])[]): StoryData[] {
  const most = Math.max(...commands.map(({ length }) => length));
  return Array.from({ length: most }, (_, index) => commands.flatMap((stories) => stories.slice(index, index + 1)))
    .flat();
}

/** Returns the stories of the same command once more, from another process: with other ids, sessions and connections. */
function again(stories: readonly StoryData[], change: (text: string) => string = (text) => text): StoryData[] {
  return stories.map((story) => {
    const text = JSON.stringify(story).replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-)/g, "99999999$1");
    const { id, peer, ...others } = JSON.parse(change(text)) as StoryData;
    return { ...others, id: `again-${id}`, peer: { host: peer!.host, port: peer!.port! + 20_000 } };
  });
}

/** Returns stories with times one after the other. */
function inTime(stories: readonly StoryData[]): StoryData[] {
  const first = Date.parse(stories[0].time);
  return stories.map((story, index) => ({ ...story, time: new Date(first + 5 * index).toISOString() }));
}

// Each command alone.
// deno-fmt-ignore
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  skopeo_push:       ["push of library/hello:latest by skopeo/1.9.3: 16 requests, 295.9 KiB in, 3 blobs new, 0 shared"],
  skopeo_push_again: ["push of library/hello:latest by skopeo/1.9.3: 5 requests, 558 B in, 0 blobs new, 3 shared"],
  skopeo_pull:       ["pull of library/hello:latest by skopeo/1.9.3: 5 requests, 295.9 KiB out"],
  skopeo_copy:       ["copy of library/hello:latest to library/copy:v1 by skopeo/1.9.3: 15 requests, 1.2 KiB in, 1 blob new, 2 shared"],
  skopeo_list:       ["list of library/hello by skopeo/1.9.3: 2 requests"],
  skopeo_inspect:    ["pull of library/hello:latest by skopeo/1.9.3: 3 requests, 1.2 KiB out", "list of library/hello by skopeo/1.9.3: 2 requests"],
  skopeo_delete:     ["delete of library/copy@sha256:709a… by skopeo/1.9.3: 3 requests"],
  crane_copy:        ["copy of library/hello:latest to crane/hello:v2 by crane/v0.20.7: 12 requests, 558 B in, 0 blobs new, 3 shared"],
  crane_tag:         ["copy of crane/hello:v2 to crane/hello:v3 by crane/v0.20.7: 4 requests, 558 B in, 0 blobs new, 0 shared"],
  crane_pull:        ["pull of crane/hello:v2 by crane/v0.20.7: 5 requests, 295.9 KiB out"],
  crane_push:        ["push of crane/pushed:v1 by crane/v0.20.7: 15 requests, 295.9 KiB in, 3 blobs new, 0 shared"],
  // `crane delete $(crane digest …)`: these are two.
  crane_delete:      ["check of crane/pushed:v1 by crane/v0.20.7: 2 requests", "delete of crane/pushed@sha256:a207… by crane/v0.20.7: 2 requests"],
  oras_push:         ["push of oras/file:v1, v2 by oras/1.2.3+unreleased: 9 requests, 1.2 KiB in, 2 blobs new, 0 shared"],
  oras_attach:       ["push of oras/file@sha256:5a3b… by oras/1.2.3+unreleased: 5 requests, 722 B in, 0 blobs new, 2 shared"],
  oras_discover:     ["list of oras/file:v1 by oras/1.2.3+unreleased: 3 requests"],
  oras_pull:         ["pull of oras/file:v1 by oras/1.2.3+unreleased: 2 requests, 597 B out"],
  regctl_copy:       ["copy of library/hello:latest to regctl/hello:v1 by regclient/regctl: 9 requests, 558 B in, 0 blobs new, 3 shared"],
  regctl_tags:       ["list of regctl/hello by regclient/regctl: 1 request"],
  docker_push:       ["push of docker/app:v1 by docker/20.10.24+dfsg1: 15 requests, 295.6 KiB in, 3 blobs new, 0 shared"],
  docker_mount:      ["push of docker/other:v1 by docker/20.10.24+dfsg1: 13 requests, 2.2 KiB in, 1 blob new, 2 shared"],
  docker_pull:       ["pull of docker/app:v1 by docker/20.10.24+dfsg1: 6 requests, 295.6 KiB out"],
  curl_push:         ["push of library/curl:v1 by curl/7.88.1: 2 requests, 91 B in, 1 blob new, 0 shared"],
};

for (const [command, expected] of Object.entries(COMMANDS)) {
  Deno.test(`${command}: what a client does with one command is what a person would call it`, () => {
    assertEquals(inWords(actionsOf(recorded(command))), expected);
  });
}

Deno.test("commands that come one right after the other stay apart", () => {
  assertEquals(inWords(actionsOf(Object.keys(COMMANDS).flatMap(recorded))), Object.values(COMMANDS).flat());
});

Deno.test("a push to the repository that was pulled just before is another command, and so is a second pull", () => {
  for (const [pull, push] of [["skopeo_pull", "skopeo_push"], ["docker_pull", "docker_push"]]) {
    const commands = [pull, push, pull];
    const stories = [...recorded(pull), ...again(recorded(push)), ...again(again(recorded(pull)))];

    assertEquals(inWords(actionsOf(inTime(stories))), commands.flatMap((command) => COMMANDS[command]));
  }
});

Deno.test("commands of different clients at the same time stay apart", () => {
  const commands = ["docker_push", "skopeo_copy", "crane_push", "oras_push", "regctl_copy", "curl_push"];

  const found = inWords(actionsOf(mixed(commands.map(recorded))));

  assertEquals(found.sort(), commands.flatMap((command) => COMMANDS[command]).sort());
});

Deno.test("two pushes of one client at the same time stay apart if they go to different repositories", () => {
  for (const command of ["skopeo_push", "docker_push", "crane_push"]) {
    const other = again(recorded(command), (text) => text.replaceAll(/\b(hello|app|pushed)\b/g, "$1-too"));

    const found = inWords(actionsOf(mixed([recorded(command), other])));

    const [expected] = COMMANDS[command];
    assertEquals(found.sort(), [expected, expected.replace(/(hello|app|pushed):/, "$1-too:")].sort(), command);
  }
});

Deno.test("two pushes of one client to one repository at the same time stay apart if each keeps its connections", () => {
  const alone = recorded("crane_push").map((story) => ({ ...story, peer: { host: "127.0.0.1", port: 33890 } }));
  const other = again(alone, (text) => text.replaceAll("v1", "v2"));

  assertEquals(inWords(actionsOf(mixed([alone, other]))), [
    "push of crane/pushed:v1 by crane/v0.20.7: 15 requests, 295.9 KiB in, 3 blobs new, 0 shared",
    "push of crane/pushed:v2 by crane/v0.20.7: 15 requests, 295.9 KiB in, 3 blobs new, 0 shared",
  ]);
});

Deno.test("the same client on another machine is another client", () => {
  const other = again(recorded("docker_push"), (text) => text.replaceAll("127.0.0.1", "192.0.2.7"));

  const found = actionsOf(mixed([recorded("docker_push"), other]));

  assertEquals(found.map(({ host, requests }) => [host, requests]), [["127.0.0.1", 15], ["192.0.2.7", 15]]);
});

Deno.test("an action has the ids of its stories, and one that was found to be a copy those of both of its sides", () => {
  const stories = recorded("skopeo_copy");

  const actions = new Actions();
  const added = stories.map((story) => actions.add(story));
  const { action, joined } = added.find(({ joined }) => joined !== undefined)!;

  assertEquals([action.kind, joined?.kind, action.parts], ["copy", "push", [joined?.id]]);
  assertEquals(new Set(action.stories), new Set(stories.map(({ id }) => id)));
  assertEquals([action.id, added[0].isFirst, added.filter(({ isFirst }) => isFirst).length], [stories[0].id, true, 2]);
  assertEquals(JSON.parse(JSON.stringify(action)), action);
});

Deno.test("a push is done with its tag, or with its subject, and not with the manifest of one platform", () => {
  const push = recorded("crane_push");
  const manifest = push.at(-1)!;
  const digest = manifest.answerHeaders!["Docker-Content-Digest"];
  const platform = { ...manifest, reference: digest, url: manifest.url.replace("v1", digest) };

  const [action] = actionsOf([...push.slice(0, -1), platform]);
  assertEquals([action.state, action.to], ["running", { repository: "crane/pushed", tags: [], digest }]);
  const index = { ...manifest, id: "x-1", answerHeaders: { "Docker-Content-Digest": digest.replace("a", "b") } };
  const [whole, ...others] = actionsOf([...push.slice(0, -1), platform, index]);
  assertEquals([whole.state, whole.to?.tags, whole.requests, others], ["done", ["v1"], push.length + 1, []]);
});

Deno.test("a pull is quiet when no more comes, and goes on if more comes", () => {
  const pull = recorded("docker_pull");
  const actions = new Actions();
  const [first, ...rest] = actionsOf(pull.slice(0, -1), actions);
  const now = Date.parse(pull.at(-2)!.time);

  assertEquals([first.state, rest, actions.becomeQuiet(now + 1000)], ["running", [], []]);
  assertEquals(actions.becomeQuiet(now + 6000), [first]);
  assertEquals([first.state, actions.becomeQuiet(now + 6000)], ["quiet", []]);
  actions.add({ ...pull.at(-1)!, time: new Date(now + 30_000).toISOString() });
  assertEquals([first.state, first.requests], ["running", pull.length]);
  // Minutes later nobody can know any more that it is the same command.
  const { isFirst } = actions.add({ ...pull.at(-1)!, id: "x-1", time: new Date(now + 400_000).toISOString() });
  assertEquals(isFirst, true);
});

Deno.test("an upload that takes minutes is one action, because its session is open", () => {
  const push = recorded("skopeo_push");
  const opened = push.findIndex(({ method }) => method === "POST");
  const late = push.map((story, index) =>
    index <= opened ? story : { ...story, time: new Date(Date.parse(story.time) + 4 * 60_000).toISOString() }
  );
  const actions = new Actions();
  const [action] = actionsOf(late.slice(0, opened + 1), actions);

  assertEquals(actions.becomeQuiet(Date.parse(late[opened].time) + 60_000), []);
  assertEquals(actionsOf(late.slice(opened + 1), actions), [action]);
  assertEquals([action.state, action.requests], ["done", push.length]);
});

Deno.test("a refusal counts, but not one that belongs to the work of the client", () => {
  const push = recorded("skopeo_push");
  const [whole] = actionsOf(push);
  assert(push.some(({ status }) => status === 404));
  const refused = {
    ...push.at(-1)!,
    status: 400,
    refusal: {
      code: "MANIFEST_INVALID" as const,
      details: [{ rule: "PUSH-MANIFEST-06" as const, expected: "", actual: "" }],
    },
  };
  const [failed] = actionsOf([...push.slice(0, -1), refused]);

  assertEquals([whole.refusals, whole.state, failed.refusals, failed.state], [0, "done", 1, "running"]);
  assert(sumOf(failed).includes("1 refused"), sumOf(failed));
});

Deno.test("the whole of a story that no client sends is an action, too", () => {
  const [pull] = recorded("skopeo_list");
  const { endpoint: _, ...nowhere } = { ...pull, url: "/favicon.ico", status: 404 };

  assertEquals(inWords(actionsOf([nowhere])), ["other request by skopeo/1.9.3: 1 request, 1 refused"]);
  const { client: _1, userAgent: _2, peer: _3, ...unknown } = pull;
  assertEquals(inWords(actionsOf([unknown])), ["greeting by somebody: 1 request"]);
});

Deno.test("what an action remembers is bounded, however many clients, connections, sessions and tags there are", () => {
  const actions = new Actions();
  const [story] = recorded("skopeo_pull").slice(1);
  const session = recorded("skopeo_push").find(({ method }) => method === "POST")!;
  let last: Action | undefined;
  for (let number = 0; number < 5000; number++) {
    const peer = { host: "127.0.0.1", port: number };
    actions.add({ ...story, id: `c-${number}`, userAgent: `client ${number}`, peer });
    actions.add({ ...story, id: `r-${number}`, repository: `repository/${number}`, reference: `t${number}` });
    const Location = `/v2/library/hello/blobs/uploads/${number}`;
    last =
      actions.add({ ...session, id: `s-${number}`, userAgent: "another", peer, answerHeaders: { Location } }).action;
  }

  assertEquals([last!.requests, last!.stories.length], [5000, 1000]);
  assert(Deno.inspect(actions, { depth: 9, iterableLimit: 10_000, showHidden: true }).length < 20_000_000);
});

Deno.test("every story is in one action, and nothing is counted twice, in whatever order and at whatever time they come", () => {
  const all = [...Deno.readDirSync(new URL("recorded", import.meta.url))].flatMap(({ name }) =>
    recorded(name.split(".")[0])
  );
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomNumbers(seed);
    const shuffled = all.map((story) => ({ story, at: random() })).sort((a, b) => a.at - b.at).map(({ story }) =>
      story
    );
    const pace = 10 ** Math.floor(random() * 6);
    const stories = shuffled.map((story, index) => ({ ...story, time: new Date(1e12 + index * pace).toISOString() }));
    const actions = new Actions();

    const found = actionsOf(stories, actions);

    const ids = found.flatMap((action) => action.stories);
    assertEquals([ids.length, new Set(ids).size], [stories.length, stories.length], `seed ${seed}`);
    assertEquals(found.reduce((sum, { requests }) => sum + requests, 0), stories.length);
    assertEquals(sumOfBytes(found), sumOfBytes(stories));
    for (const action of found) assert(describeAction(action) !== "" && action.milliseconds >= 0, sumOf(action));
    actions.becomeQuiet(Date.parse(stories.at(-1)!.time) + 10 * 60_000);
    assert(found.every(({ state }) => state !== "running" || pace > 1000));
  }
});

function sumOfBytes(all: readonly { bytesIn: number }[]): number {
  return all.reduce((sum, { bytesIn }) => sum + bytesIn, 0);
}

Deno.test("a browser can load the actions and the sentences: they need nothing but each other, and no build", () => {
  const needs = {
    "stories/action_words.ts": ["../definitions/size.ts"],
    "stories/actions.ts": ["./action.ts", "./doing.ts"],
    "stories/action.ts": ["./doing.ts", "./why.ts"],
    "stories/doing.ts": [],
    "stories/why.ts": [],
    "definitions/size.ts": [],
  };
  for (const [file, needed] of Object.entries(needs)) {
    const code = stripTypeScriptTypes(Deno.readTextFileSync(new URL(`../../src/${file}`, import.meta.url)));
    const imported = [...code.replaceAll(/\/\*\*.*?\*\//gs, "").matchAll(/^import .*? from "(.*)";$/gm)].map((
      [, path],
    ) => path);

    assertEquals(imported, needed, file);
    assert(!/\b(?:Deno|process|node:)\b/.test(code.replaceAll(/\/\*\*.*?\*\//gs, "")), file);
  }
});
