/** Printing: no command and no refusal prints a character that a terminal obeys, or that hides or turns the text around it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { printable, printableJson } from "../src/definitions/printable.ts";
import { Output } from "../src/serving/output.ts";
import { formatStory } from "../src/stories/lines.ts";
import { formatJson, formatLine } from "../src/story.ts";
import { descriptorOf, digestOf, startRegistry, type TestRegistry, TYPES } from "./fixture.ts";
import { Folder } from "./folder.ts";
import { type Outcome, Program } from "./processes/program.ts";
import { sendBytes } from "./wire.ts";

function range(from: number, to = from): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

// A list of its own: if the pattern of the source lost one of them, a test would notice.
const HIDDEN = [
  ...range(0x00, 0x1f), // C0: ESC, BEL, CR, LF, NUL, …
  ...range(0x7f, 0x9f), // DEL and C1: CSI, OSC, NEL, …
  0xad, // soft hyphen
  0x61c, // Arabic letter mark
  ...range(0x200b, 0x200f), // zero width, left-to-right and right-to-left marks
  ...range(0x2028, 0x2029), // line and paragraph separators
  ...range(0x202a, 0x202e), // embeddings and overrides of direction
  ...range(0x2060, 0x206f), // word joiner, isolates, …
  0x115f,
  0x3164, // fillers
  ...range(0xfe00, 0xfe0f), // variation selectors
  0xfeff,
  ...range(0xfff9, 0xfffb),
  0xd800,
  0xdbff,
  0xdc00,
  0xdfff, // halves of characters
  0xe0001,
  ...range(0xe0020, 0xe007f), // tags
];
const TEXTS = HIDDEN.map((code) => String.fromCodePoint(code));
// Between two halves of a character stands another one, so that they stay halves.
const ALL = TEXTS.join("-");
const VISIBLE = "v1.0-é漢😀 \"\\'<>&%$";

/** Fails if a text has a hidden character, except for the ends of its lines. */
function expectPrintable(text: string, what: string): void {
  const codes = [...text.replaceAll("\n", "")].map((character) => character.codePointAt(0)!);
  assertEquals(codes.filter((code) => HIDDEN.includes(code)).map((code) => code.toString(16)), [], what);
}

/** Fails if what a command has printed has a hidden character, or if an escape that must be in it is missing. */
function expectPrinted({ out, errors }: Outcome, what: string, ...escapes: string[]): void {
  expectPrintable(out, what);
  expectPrintable(errors, what);
  for (const escape of escapes) assertStringIncludes(out + errors, escape, what);
}

Deno.test("each hidden character has its escape, in text and in JSON, and others stay as they are", () => {
  for (const [index, text] of TEXTS.entries()) {
    const code = HIDDEN[index].toString(16);
    assertEquals(printable(`a${text}b`), `a\\u{${code}}b`);
    expectPrintable(printableJson({ [text]: [text] }), code);
    assertEquals(JSON.parse(printableJson({ [text]: [text] })), { [text]: [text] });
  }
  assertEquals([printable(VISIBLE), printableJson(VISIBLE)], [VISIBLE, JSON.stringify(VISIBLE)]);
  assertEquals(printable(printable(ALL)), printable(ALL));
});

/** Pushes an image, and a manifest about it with hidden characters in each text that may have any. */
async function pushHostile(registry: TestRegistry): Promise<string> {
  const { text } = await registry.pushImage("library/hello", { tag: "latest" });
  const config = "{}";
  await registry.pushBlob("library/hello", config);
  return await registry.pushManifest("library/hello", {
    schemaVersion: 2,
    mediaType: TYPES.image,
    artifactType: `application/x${ALL}`,
    config: { ...descriptorOf(config, TYPES.config), annotations: { [ALL]: ALL }, urls: [ALL] },
    layers: [],
    subject: descriptorOf(text, TYPES.image),
    annotations: { [ALL]: ALL, "org.opencontainers.image.title": ALL },
    [ALL]: ALL,
  });
}

// Names of files have at most 255 bytes, and neither NUL nor "/". They are UTF-8, so that they have no halves of characters.
const NAMES = TEXTS.filter((text) => text !== "\0" && text.isWellFormed()).map((text) => `evil${text}name`);

/** Puts files and folders with such names, and such texts, everywhere in a registry's folder. */
function plant(root: string): void {
  const folder = `${root}/library/hello`;
  const empty = digestOf("{}");
  const other = digestOf("other");
  Deno.mkdirSync(`${folder}/${other}`);
  Deno.writeTextFileSync(`${folder}/${other}/evil\x1b[2J\u202ename`, "other");
  for (const name of NAMES) {
    Deno.mkdirSync(`${root}/${name}/${empty}`, { recursive: true });
    Deno.writeTextFileSync(`${root}/${name}/${empty}/blob`, "{}");
    Deno.writeTextFileSync(`${root}/${name}.txt`, "");
    Deno.writeTextFileSync(`${folder}/${name}`, "");
    Deno.writeTextFileSync(`${folder}/${empty}/${name}`, "");
    Deno.writeTextFileSync(`${folder}/_tags/${name}`, empty);
    Deno.mkdirSync(`${folder}/_uploads/${name}`, { recursive: true });
  }
  Deno.writeTextFileSync(`${folder}/_tags/v1`, ALL);
  Deno.writeTextFileSync(`${folder}/_tags/v2`, `sha256:${"0".repeat(63)}\u202e`);
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: ALL, [ALL]: ALL });
  Deno.mkdirSync(`${folder}/${digestOf(manifest)}`);
  Deno.writeTextFileSync(`${folder}/${digestOf(manifest)}/manifest.json`, manifest);
  Deno.writeTextFileSync(`${folder}/${digestOf(manifest)}/content-type`, ALL);
}

Deno.test("tree, look, diff, verify and gc print no hidden character of a manifest, nor of a file that somebody put there", async () => {
  await using registry = await startRegistry();
  const referrer = await pushHostile(registry);
  plant(registry.root);

  for (
    const [command, ...flags] of [
      ["tree"],
      ["tree", "--json"],
      ["look"],
      ["look", "library/hello"],
      ["look", "library/hello:latest", "--json"],
      ["look", `library/hello@${referrer}`],
      ["look", `library/hello@${referrer}#`],
      ["diff", "library/hello:latest", `library/hello@${referrer}`],
      ["verify"],
      ["verify", "--json"],
      ["verify", "--quarantine"],
      ["gc", "--dry-run", "--grace", "0s"],
      ["gc", "--dry-run", "--grace", "0s", "--json"],
      ["gc", "--dry-run"],
      ["gc", "--grace", "0s", "--untagged", "--json"],
    ]
  ) {
    await using program = Program.main(command, "--root", registry.root, ...flags);
    const outcome = await program.outcome();
    const what = [command, ...flags].join(" ");
    assert(outcome.out !== "", `${what}: ${outcome.errors}`);
    const json = flags.includes("--json");
    const escapes = command === "tree" && json
      ? ["application/x\\u0000-\\u0001-"]
      : command === "tree"
      ? ["application/x\\u{0}-\\u{1}-"]
      : command === "verify" && json
      ? ["evil\\u001bname"]
      : command === "verify" && flags.length === 0
      ? ["evil\\u{1b}name"]
      : [];
    expectPrinted(outcome, what, ...escapes);
    if (json) { for (const line of outcome.out.trimEnd().split("\n")) JSON.parse(line); }
  }
});

Deno.test("the program prints no hidden character of its flags and its root", async () => {
  using folder = new Folder();
  const root = `${folder.path}/evil\x1b[2J\u202e\x9bname`;

  await using program = await Program.serve(root, "--log", "line");
  await program.send("GET", "/v2/");
  program.signal("SIGTERM");
  expectPrinted(await program.outcome(), "serve", "evil\\u{1b}[2J\\u{202e}\\u{9b}name");

  for (
    const args of [
      ["tree", "--root", root],
      ["tree", "--root", `${root}/not there`],
      ["verify", "--root", `${root}/not there`],
      ["evil\x1b[2J\u202e"],
      ["--evil\x1b[2J\u202e"],
      ["--port", "evil\x1b[2J\u202e"],
      ["--origin", "evil\x1b[2J\u202e"],
      ["--allow-host", "evil\x1b[2J\u202e"],
      ["--log", "evil\x1b[2J\u202e"],
      ["--max-blob-size", "evil\x1b[2J\u202e"],
      ["--upload-ttl", "evil\x1b[2J\u202e"],
      ["--htpasswd", "evil\x1b[2J\u202e", "--port", "0", "--root", root],
      ["--tls-cert", "evil\x1b[2J\u202e", "--tls-key", "evil\x1b", "--port", "0", "--root", root],
    ]
  ) {
    await using other = Program.main(...args);
    expectPrinted(await other.outcome(), args.join(" "), "evil\\u{1b}[2J\\u{202e}");
  }
});

Deno.test("whatever the program reports while it serves, each line of it is printable", async () => {
  const printed: string[] = [];
  const output = new Output({
    write(bytes) {
      printed.push(new TextDecoder().decode(bytes));
      return Promise.resolve(bytes.length);
    },
  });

  output.print(`cannot use ${TEXTS.filter((text) => text !== "\n").join("-")}\nthe second line`);
  await output.flush(20_000);

  expectPrintable(printed.join(""), "output");
  assertEquals(printed.join("").split("\n").length, 3);
});

/** Returns requests with hidden characters in each place where a client can put them. */
function* requests(
  text: string,
): Iterable<[method: string, path: string, headers?: Record<string, string>, body?: string]> {
  const coded = encodeURIComponent(text);
  const hello = "/v2/library/hello";
  yield ["GET", `/v2/${coded}/tags/list`];
  yield ["PUT", `${hello}/manifests/${coded}`];
  yield ["GET", `${hello}/manifests/sha256:${coded}`];
  yield ["DELETE", `${hello}/blobs/${coded}`];
  yield ["GET", `/${coded}`];
  yield ["PATCH", `${hello}/blobs/uploads/${coded}`];
  yield ["POST", `${hello}/blobs/uploads/?digest=${coded}`];
  yield ["POST", `${hello}/blobs/uploads/?digest-algorithm=${coded}`];
  yield ["POST", `${hello}/blobs/uploads/?mount=${coded}&from=${coded}`];
  yield ["GET", `${hello}/tags/list?n=${coded}&last=${coded}`];
  yield ["GET", `${hello}/tags/list?n=0&last=${coded}`];
  yield ["GET", `/v2/_catalog?n=1&last=${coded}`];
  yield ["GET", `${hello}/referrers/${digestOf("foo")}?artifactType=${coded}&last=${coded}`];
  const index = { schemaVersion: 2, mediaType: TYPES.index, manifests: [] };
  const type = { "Content-Type": TYPES.index };
  yield ["PUT", `${hello}/manifests/${digestOf(JSON.stringify(index))}?tag=${coded}`, type, JSON.stringify(index)];
  for (
    const wrong of [
      { ...index, mediaType: text },
      { ...index, schemaVersion: text },
      { ...index, manifests: [{ mediaType: text, digest: digestOf("foo"), size: 3 }] },
      { ...index, manifests: [{ mediaType: TYPES.image, digest: text, size: 3 }] },
      { ...index, manifests: [{ mediaType: TYPES.image, digest: digestOf("foo"), size: text }] },
      { ...index, annotations: { [text]: 1 } },
      { ...index, layers: text },
      { ...index, subject: text },
    ]
  ) {
    yield ["PUT", `${hello}/manifests/latest`, type, JSON.stringify(wrong)];
  }
  yield ["PUT", `${hello}/manifests/latest`, type, `{"${text}":1,"${text}":2}`];
  // A header has characters up to U+00FF, and no NUL and no end of line.
  if (text > "\xff" || /[\0\r\n]/.test(text)) return;
  yield ["PUT", `${hello}/manifests/latest`, { "Content-Type": `a/b${text}c` }, JSON.stringify(index)];
  yield ["PATCH", `${hello}/blobs/uploads/0`, { "Content-Range": `0-${text}` }];
  yield ["GET", `${hello}/manifests/latest`, {
    "If-Match": `"${text}"`,
    "User-Agent": `x${text}y`,
    "Range": `${text}`,
  }];
  yield ["GET", "/v2/", { "Host": `x${text}y` }];
  yield ["POST", `${hello}/blobs/uploads/`, { "Origin": `http://x${text}y`, "Sec-Fetch-Site": `x${text}` }];
}

Deno.test("no answer has a hidden character in a header, and no refusal in its body; no story prints one in any form", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello", { tag: "latest" });

  for (
    const text of [...TEXTS.filter((text) => text.isWellFormed()), "\x1b]0;title\x07", "a\r\nSet-Cookie: a=b\r\n\r\n"]
  ) {
    for (const [method, path, headers, body] of requests(text)) {
      registry.stories.length = 0;
      const response = await registry.send(method, path, { headers, body });
      const what = `${method} ${path} ${JSON.stringify([headers, body])}`;
      assert(response.status < 500, `${what} ${response.status}`);
      for (const [name, value] of response.headers) {
        assert(/^[\x20-\x7e]*$/.test(value), `${what}: ${name}: ${JSON.stringify(value)}`);
      }
      assertEquals(response.headers.get("Set-Cookie"), null, what);
      if (response.status >= 400) expectPrintable(await response.text(), what);
      const [story] = registry.stories;
      for (const format of [formatStory, formatLine, formatJson]) expectPrintable(format(story), what);
      assertEquals(formatLine(story).split("\n").length, 1, what);
      assertEquals(formatJson(story).split("\n").length, 1, what);
    }
  }
});

for (const http of ["deno", "node"]) {
  for (const form of ["story", "line", "json"]) {
    Deno.test(`--http ${http} --log ${form}: bytes of a client that are no text reach no terminal as they are`, async () => {
      using folder = new Folder();
      await using program = await Program.serve(folder.path, "--http", http, "--log", form);
      const port = Number(new URL(program.address).port);

      for (const byte of [0x09, 0x1b, 0x7f, 0x85, 0x9b, 0xad]) {
        const text = `x${String.fromCharCode(byte)}y`;
        await sendBytes(
          port,
          `GET /v2/a%${byte.toString(16).padStart(2, "0")}b/tags/list HTTP/1.1\r\nHost: h\r\nUser-Agent: ${text}\r\n`,
        );
        await sendBytes(port, `GET /v2/ HTTP/1.1\r\nHost: ${text}\r\nRange: ${text}\r\n`);
        await sendBytes(
          port,
          `GET /v2/%E2%80%AE%C2%9B/tags/list HTTP/1.1\r\nHost: h\r\nUser-Agent: \xe2\x80\xae\xc2\x9b\r\n`,
        );
      }
      // The last line shows that the ones before are printed.
      await program.send("GET", "/v2/the-end/tags/list");
      await Promise.any([program.out, program.err].map((printed) => printed.until(/the-end/)));
      program.signal("SIGTERM");

      expectPrinted(await program.outcome(), form);
    });
  }
}
