/** The log for people: each story at once, with the mark of its action, in lines that fit. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { GroupedLog } from "../../src/serving/grouped_log.ts";
import { Output } from "../../src/serving/output.ts";
import { widthOf } from "../../src/stories/lines.ts";
import { dataOf, type StoryData } from "../../src/story.ts";
import schema from "../../src/story.schema.json" with { type: "json" };
import { descriptorOf, startRegistry, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { freePort, Program } from "../processes/program.ts";

// deno-lint-ignore no-control-regex
const CODES = /\x1b\[[^m]*m/g;

type Form = ConstructorParameters<typeof GroupedLog>[1];

// Returns what a log prints about stories, without the empty line at the end.
async function logged(
  stories: readonly StoryData[],
  { form = "story", columns = 80, isPainted = false }: { form?: Form; columns?: number; isPainted?: boolean } = {},
): Promise<string[]> {
  let text = "";
  const sink = {
    write(bytes: Uint8Array) {
      text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  };
  const log = new GroupedLog(new Output(sink, { isPainted }), form, () => columns);
  for (const story of stories) log.tell(story);
  await log.flush(5000);
  return text.split("\n").slice(0, -1);
}

function recorded(name: string): StoryData[] {
  const lines = Deno.readTextFileSync(new URL(`../stories/recorded/${name}.jsonl`, import.meta.url)).trimEnd().split(
    "\n",
  );
  return lines.map((line) => JSON.parse(line));
}

function mixed(...commands: readonly StoryData[][]): StoryData[] {
  return Array.from({ length: 20 }, (_, index) => commands.flatMap((stories) => stories.slice(index, index + 1)))
    .flat();
}

const ALL = [...Deno.readDirSync(new URL("../stories/recorded", import.meta.url))].map(({ name }) =>
  name.split(".")[0]
);

Deno.test("the log begins an action with the client, and ends it with what it was and its sum", async () => {
  const lines = await logged(recorded("skopeo_push_again"));

  assertEquals(lines.filter((line) => !/^a │ {3}/.test(line)), [
    "a ┌ skopeo/1.9.3 from 127.0.0.1",
    ...lines.filter((line) => /^a │ [A-Z]/.test(line)),
    "a └ push of library/hello:latest by skopeo/1.9.3: 5 requests, 558 B in, 0 blobs",
    "a   new, 3 shared, 14 ms",
  ]);
  assertEquals(lines.slice(-4, -2), [
    "a │       Push > Pushing manifests   src/push/pushing_manifests.ts",
    "a │       Content-Type: application/vnd.oci.image.manifest.v1+json",
  ]);
});

Deno.test("the lines of two actions at once have different letters, and no line waits for others", async () => {
  const [push, pull] = [recorded("docker_push"), recorded("crane_pull")];

  const lines = await logged(mixed(push, pull));

  const first = lines.filter((line) => /^[a-z] │ [A-Z]/.test(line)).map((
    line,
  ) => [line[0], line.slice(4).split(" ")[0]]);
  assertEquals(first, mixed(push.map(mark("a")), pull.map(mark("b"))).map(({ id, method }) => [id, method]));
  assertEquals(lines.filter((line) => /^. [┌└]/.test(line)).map((line) => line.slice(0, 20)), [
    "a ┌ docker/20.10.24+",
    "b ┌ crane/v0.20.7 fr",
    "a └ push of docker/a",
  ]);
});

function mark(id: string): (story: StoryData) => StoryData {
  return (story) => ({ ...story, id });
}

Deno.test("an action that turns out to be a part of another one says of which", async () => {
  const lines = await logged(recorded("skopeo_copy"));

  const told = lines.filter((line) => /^. [┌└]/.test(line));
  assertEquals(told.map((line) => line.replace(/ by .*/, "")), [
    "a ┌ skopeo/1.9.3 from 127.0.0.1",
    "b ┌ skopeo/1.9.3 from 127.0.0.1",
    "b └ a part of a: copy of library/hello:latest to library/copy",
    "a └ copy of library/hello:latest to library/copy:v1",
  ]);
});

Deno.test("a request that is all of its action stands alone, with the name of its client", async () => {
  const lines = await logged(recorded("regctl_tags"));

  assertMatch(lines[0], /^a │ GET {3}\/v2\/regctl\/hello\/tags\/list {3}200/);
  assertEquals(lines.at(-1), "a │       regclient/regctl");
  assertEquals(lines.filter((line) => /[┌└]/.test(line)), []);
});

Deno.test("every line fits the terminal, and nothing of a story is lost", async () => {
  const stories = ALL.flatMap(recorded);
  for (const form of ["story", "lesson"] as const) {
    const wide = await logged(stories, { form, columns: 1000 });
    for (const columns of [40, 60, 80, 100]) {
      const lines = await logged(stories, { form, columns });

      assertEquals(lines.filter((line) => widthOf(line) > columns), [], `${form} ${columns}`);
      assertEquals(withoutBreaks(lines), withoutBreaks(wide), `${form} ${columns}`);
    }
  }
});

function withoutBreaks(lines: readonly string[]): string {
  return lines.map((line) => line.slice(4)).join("").replaceAll(" ", "");
}

Deno.test("a character that may take two columns is counted as two", () => {
  assertEquals(["abc", "é…─", "漢字", "😀", "ﬀ"].map(widthOf), [3, 3, 4, 2, 2]);
});

Deno.test("a very long address is wrapped at once, however long it is", async () => {
  const [story] = recorded("regctl_tags");
  const started = performance.now();

  const lines = await logged([{ ...story, url: `/v2/${"漢".repeat(60_000)}` }]);

  assert(lines.every((line) => widthOf(line) <= 80) && lines.length > 1000);
  assert(performance.now() - started < 2000);
});

Deno.test("with colours, the log has the same text, and only the colours of its own table", async () => {
  const stories = ALL.flatMap(recorded);

  const painted = await logged(stories, { isPainted: true });

  const codes = new Set(painted.join("\n").match(CODES));
  assert(codes.size > 5 && [...codes].every((code) => /^.\[(?:[0-2]|3[1-6]|96)m$/.test(code)), [...codes].join(" "));
  assertEquals(painted.map((line) => line.replaceAll(CODES, "")), await logged(stories));
  // A line leaves no colour behind for the next one.
  for (const line of painted) {
    assert(!line.includes("\x1b") || line.lastIndexOf("\x1b[0m") === line.lastIndexOf("\x1b["), line);
  }
});

Deno.test("a client cannot move the cursor: its text is visible text in the log, with colours and without", async () => {
  const evil = "\x1b[2J\x9b1m\r\n\u202e\x07";
  const [story] = recorded("skopeo_push").slice(-1);
  const hostile: StoryData = {
    ...story,
    url: `/v2/${evil}`,
    client: evil,
    userAgent: evil,
    headers: { "Content-Type": evil },
    repository: evil,
    reference: evil,
    warnings: evil,
    peer: { host: evil, port: 1 },
    changes: [{ sign: "+", path: `a/_tags/${evil}`, digest: evil, before: evil }],
    refusal: { code: "MANIFEST_INVALID", details: [{ rule: "PUSH-MANIFEST-06", expected: evil, actual: evil }] },
  };
  for (const isPainted of [false, true]) {
    for (const form of ["story", "lesson"] as const) {
      const lines = await logged([{ ...hostile, endpoint: "end-1", id: "x-1" }, hostile], {
        form,
        isPainted,
        columns: 1000,
      });
      const text = lines.map((line) => line.replaceAll(CODES, "")).join("");
      assertEquals(text.match(/[\p{Cc}\p{Cf}]/gu), null);
      assertStringIncludes(text, String.raw`\u{1b}[2J\u{9b}1m\u{d}\u{a}\u{202e}\u{7}`);
    }
  }
  for (const line of await logged([hostile], { form: "json" })) JSON.parse(line);
});

Deno.test("--log json has the id of the action that a request is a part of, also if two threads got its requests", async () => {
  using folder = new Folder();
  await using program = await Program.serveOn(freePort(), folder.path, "--log", "json", "--threads", "2");
  const headers = { "Connection": "close", "User-Agent": "a-client" };
  const image = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
  // Each request has a connection of its own, and the system gives it to any of the threads.
  for (let number = 0; number < 40; number++) {
    const body = `${number}`;
    const digest = descriptorOf(body, "").digest;
    await program.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digest}`, { headers, body });
  }
  const type = { "Content-Type": TYPES.index };
  await program.send("PUT", "/v2/library/hello/manifests/v1", { headers: { ...headers, ...type }, body: image });
  await program.send("GET", "/v2/", { headers });
  program.signal("SIGTERM");
  const { out, code } = await program.outcome();

  const stories: StoryData[] = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  const push = stories.filter(({ url }) => url !== "/v2/");
  assertEquals([code, push.length, new Set(push.map(({ action }) => action)).size], [0, 41, 1]);
  // Each thread has ids of its own.
  assertEquals(new Set(push.map(({ id }) => id.split("-")[0])).size, 2);
  const [greeting] = stories.filter(({ url }) => url === "/v2/");
  assertEquals(greeting.action, greeting.id);
  assert(stories.every((story) => Object.keys(story).every((name) => name in schema.properties)));
});

Deno.test("every story that a registry tells goes into every form of the log", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello", { tag: "latest" });
  await registry.send("GET", "/v2/library/hello/manifests/missing");
  await registry.send("GET", "/nowhere");
  const stories = registry.stories.map(dataOf);

  for (const form of ["story", "lesson", "json"] as const) {
    const text = (await logged(stories, { form })).join("\n");
    for (const { status } of stories) assertStringIncludes(text, String(status));
  }
});

for (const form of ["story", "json"]) {
  Deno.test(`--log ${form}: if nobody reads the log, all requests of two threads are answered, and the log says later how many are missing`, async () => {
    using folder = new Folder();
    await using program = await Program.serveOn(freePort(), folder.path, "--log", form, "--threads", "2");
    program.out.hold();
    const long = `/v2/?${"x".repeat(4000)}`;
    const statuses = new Set<number>();
    let left = 800;
    await Promise.all(Array.from({ length: 20 }, async () => {
      while (left-- > 0) statuses.add((await program.send("GET", long, { headers: { Connection: "close" } })).status);
    }));
    program.out.goOn();
    program.signal("SIGTERM");
    const { code, out, errors } = await program.outcome();

    assertEquals([[...statuses], code], [[200], 0], errors);
    assertMatch(out, form === "json" ? /"missing":[0-9]+\}/ : /glassbox: [0-9]+ lines are missing here/);
  });
}

// `script` gives a program a terminal.
const SCRIPT = "/usr/bin/script";

for (const isPainted of [true, false]) {
  Deno.test({
    name: `on a terminal, the log is stories ${isPainted ? "with" : "without"} colours, as wide as the terminal is`,
    ignore: Deno.build.os !== "linux" || !exists(SCRIPT),
    async fn() {
      using folder = new Folder();
      const colours = isPainted ? "unset NO_COLOR" : "export NO_COLOR=1";
      const command = `${colours}; stty cols 60; exec ${Deno.execPath()} run -A main.ts --port 0 --root ${folder.path}`;
      const terminal = new Deno.Command(SCRIPT, {
        args: ["-qfec", command, "/dev/null"],
        cwd: new URL("../..", import.meta.url),
        stdout: "piped",
        stderr: "null",
      }).spawn();
      let text = "";
      const reader = terminal.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const until = async (pattern: RegExp) => {
        while (!pattern.test(text)) {
          const { value, done } = await reader.read();
          assert(!done, text);
          text += value;
        }
      };
      try {
        await until(/listens on (\S+)[^]*Ctrl-C\.\r\n/);
        const [, address] = /listens on (\S+)/.exec(text)!;
        text = "";
        await (await fetch(`${address}/v2/library/hello/manifests/latest`)).body?.cancel();
        await until(/got {6}none for latest\S*\r\n/);
      } finally {
        terminal.kill("SIGTERM");
        await reader.cancel();
        await terminal.status;
      }
      const lines = text.trimEnd().split("\r\n");
      assertEquals(text.includes("\x1b["), isPainted, text);
      assert(lines.every((line) => widthOf(line.replaceAll(CODES, "")) <= 60), text);
      assertStringIncludes(text.replaceAll(CODES, ""), "a │         spec.md#pulling-manifests");
    },
  });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("the story in the README is what the log prints about such a push", async () => {
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  const shown = /^a │ PUT [^]*?(?=\n```)/m.exec(readme)![0].split("\n");
  await using registry = await startRegistry();
  const headers = { "User-Agent": "curl/7.88.1", "Content-Type": "application/octet-stream" };
  const [layer, config] = ["x".repeat(140), "y".repeat(152)];
  for (const body of ["foo", layer, config]) {
    await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${descriptorOf(body, "").digest}`, {
      headers,
      body,
    });
  }
  const parts = { config: descriptorOf(config, TYPES.config), layers: [descriptorOf(layer, TYPES.layer)] };
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.image, ...parts }).padEnd(405);
  await registry.send("PUT", "/v2/library/hello/manifests/latest", {
    headers: { ...headers, "Content-Type": TYPES.image },
    body: manifest,
  });

  const lines = await logged(registry.stories.map(dataOf));

  // Times and digests differ each time.
  const known = (line: string) => line.replace(/sha256:[0-9a-f]{12}/g, "sha256:").replace(/[0-9.]+ m?s\b/, "");
  assertEquals(
    lines.slice(-shown.length).map(known).join(" ").replace(/\s+/g, " "),
    shown.map(known).join(" ").replace(/\s+/g, " "),
  );
});

Deno.test("on a terminal that does not know its width, a story is 80 columns wide", async () => {
  using root = new Folder();
  const command = `deno run --no-prompt --allow-run=deno main.ts --port 0 --no-page --root ${root.path}`;
  // Without a terminal of its own, `script` makes one with 0 columns.
  const child = new Deno.Command("script", {
    args: ["-qefc", command, "/dev/null"],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let text = "";
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    const address = /listens on (http:\S+) [^]*Stop with/.exec(text + piece)?.[1];
    if (address !== undefined && !text.includes("Stop with")) await (await fetch(`${address}/v2/`)).body?.cancel();
    text += piece;
    if (/determining_support[^]*ts/.test(text)) break;
  }
  child.kill("SIGTERM");
  await child.status;
  assert(text.includes("API > Determining support   src/api/determining_support.ts"), text);
});
