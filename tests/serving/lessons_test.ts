/**
 * Tests of `deno task lessons`, and of lessons in a folder of one's own.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";

const OWN = {
  id: "our-base",
  title: "Our base",
  minutes: 5,
  text: ["Push our **base** image."],
  try: [{ with: "curl", type: ["{curl} {url}/v2/{as}/base/tags/list", "cat <<END\n{ }\nEND"] }],
  done: [{ say: "You ask for the tags", story: { endpoint: "end-8a" } }],
  hints: [],
  after: ["Well done."],
};

function write(folder: Folder, name: string, lesson: unknown): void {
  Deno.writeTextFileSync(`${folder.path}/${name}`, typeof lesson === "string" ? lesson : JSON.stringify(lesson));
}

/** Runs `deno task lessons`. */
async function lessons(...args: string[]): Promise<string> {
  await using program = Program.start("lessons", ...args);
  const { code, out, errors } = await program.outcome();
  return out + errors + (code === 0 ? "" : `status ${code}\n`);
}

Deno.test("lessons of a folder come behind those of the course, and the command shows all, one, and how far it is", async () => {
  using root = new Folder();
  using own = new Folder();
  write(own, "1.json", OWN);
  await using program = await Program.serve(root.path, "--workshop", "--lessons", own.path);
  const { address } = program;
  const [, number] = /^ *(\d+) +our-base +Our base +5 min$/m.exec(await lessons("--registry", address))!;

  const before = await lessons("our-base", "--as", "ana", "--registry", address);
  assertEquals(
    before,
    `${number}. Our base   5 minutes   as ana

  Push our base image.

With curl
  curl -i ${address}/v2/ana/base/tags/list
  cat <<END
{ }
END

Steps
  to do  You ask for the tags
`,
  );
  await program.send("GET", "/v2/ana/base/tags/list");
  const after = await lessons("our-base", "--as", "ana", "--registry", address);
  assertStringIncludes(
    after,
    "  done   You ask for the tags\n\nDone\n  Well done.\n\nNext\n  This was the last lesson.\n",
  );
  const all = await lessons("--as", "ana", "--registry", address);
  assertMatch(all, /5 min +done\n/);
  // This registry is not at the usual address, so the next command says where it is.
  assertStringIncludes(all, `\nNext\n  deno task lessons knock --as ana --registry ${address}\n`);
  assertStringIncludes(
    await lessons("reset", "our-base", "--as", "ana", "--registry", address),
    "Reset for ana: our-base\n",
  );
  const facts = JSON.parse(await lessons("our-base", "--as", "ana", "--json", "--registry", address));
  assertEquals([facts.lesson.isDone, facts.as], [false, "ana"]);
});

Deno.test("on a terminal, the command waits until the lesson is done, and ends", async () => {
  using root = new Folder();
  await using program = await Program.serve(root.path, "--workshop");
  const command = `deno run --no-prompt --allow-run=deno main.ts lessons knock --as ana --registry ${program.address}`;
  const child = new Deno.Command("script", {
    args: ["-qefc", command, "/dev/null"],
    cwd: new URL("../../", import.meta.url),
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let text = "";
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    // What stands there before the request is all but the end.
    if (!text.includes("to do") && (text + piece).includes("to do")) {
      assert(!(text + piece).includes("Done"), text + piece);
      await program.send("GET", "/v2/");
    }
    text += piece;
  }
  assertEquals((await child.status).code, 0);
  assert(/to do[^]*another terminal[^]*done[^]*Done[^]*Next/.test(text), text);
});

Deno.test("a lesson that is saved again is read again, and a wrong one is told with its line and stays as it was", async () => {
  using root = new Folder();
  using own = new Folder();
  write(own, "1.json", OWN);
  await using program = await Program.serve(root.path, "--workshop", "--lessons", own.path);
  const json = { headers: { Accept: "application/json" } };
  const titleIs = (title: string) =>
    program.ask("GET", "/lessons/our-base", (answer) => answer.status === 200 && answer.headers.get("x") === null, json)
      .then((answer) => answer.json()).then((facts) => facts.lesson.title === title);
  assert(await titleIs("Our base"));
  write(own, "1.json", { ...OWN, title: "Our new base" });
  while (!await titleIs("Our new base"));
  write(own, "1.json", '{\n  "id": 3\n}');
  while (await titleIs("Our new base") && !program.err.text.includes("line 2"));
  assertStringIncludes(program.err.text, "1.json, line 2, id: expected lower-case letters");
  assert(await titleIs("Our new base"));
});

for (
  const [what, files, reason] of [
    ["has no lesson", {}, "it has no file whose name ends with .json"],
    ["has a file that is no JSON", { "a.json": "{\n  oops" }, "a.json, line 2: expected JSON"],
    [
      "has a field that nobody knows",
      { "a.json": { ...OWN, tilte: "x" } },
      "a.json, line 1, tilte: expected one of id, title",
    ],
    [
      "has a step about nothing",
      { "a.json": { ...OWN, done: [{ say: "x" }] } },
      "done[0]: expected exactly one of story",
    ],
    [
      "has a switch that is none",
      { "a.json": { ...OWN, switch: { id: "x" } } },
      "switch.id: expected the id of a switch",
    ],
    [
      "has the id of a lesson of the course",
      { "a.json": { ...OWN, id: "knock" } },
      "expected one that no other lesson has",
    ],
    ["has a huge file", { "a.json": " ".repeat(2 * 1024 ** 2) }, "a.json: expected at most 1048576 bytes, got 2097152"],
    [
      "has patterns without end",
      {
        "a.json": JSON.stringify({ ...OWN, done: [{ say: "x", story: { headers: 1 } }] }).replace(
          ":1}",
          `:${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}`,
        ),
      },
      "a.json: expected patterns in patterns, but not so many",
    ],
    ["has an id twice", { "a.json": OWN, "b.json": OWN }, "b.json, id: expected one that no other lesson has"],
  ] as const
) {
  Deno.test(`the program does not start if the folder of --lessons ${what}`, async () => {
    using root = new Folder();
    using own = new Folder();
    for (const [name, lesson] of Object.entries(files)) write(own, name, lesson);
    const program = Program.main("--port", "0", "--root", root.path, "--workshop", "--lessons", own.path);
    const { code, errors } = await program.outcome();
    await program[Symbol.asyncDispose]();
    assertEquals(code === 0, false);
    assertStringIncludes(errors, reason);
    assert(!errors.includes("    at "), errors);
  });
}

Deno.test("the program does not wait for a pipe in the folder of --lessons", async () => {
  using root = new Folder();
  using own = new Folder();
  await new Deno.Command("mkfifo", { args: [`${own.path}/a.json`] }).output();
  const program = Program.main("--port", "0", "--root", root.path, "--workshop", "--lessons", own.path);
  const { errors } = await program.outcome();
  await program[Symbol.asyncDispose]();
  assertStringIncludes(errors, "a.json: expected a file, got something else");
});

Deno.test("where no workshop is, the command says how to begin one", async () => {
  using root = new Folder();
  const nowhere = await lessons("--registry", "http://127.0.0.1:9");
  assertEquals(
    nowhere,
    "glassbox: no registry answers at http://127.0.0.1:9; this starts one: deno task start --workshop\nstatus 1\n",
  );
  await using program = await Program.serve(root.path);
  const without = await lessons("knock", "--registry", program.address);
  assertEquals(
    without,
    "glassbox: This registry has no workshop. Start one with: deno task start --workshop\nstatus 1\n",
  );
  await using other = await Program.serve(root.path, "--no-page");
  assertEquals(
    await lessons("--registry", other.address),
    `glassbox: there are no lessons at ${other.address} (status 404); they need: deno task start --workshop\nstatus 1\n`,
  );
});

Deno.test("where somebody takes connections and never answers, the command gives up and says so", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `http://127.0.0.1:${listener.addr.port}`;
  assertEquals(
    await lessons("knock", "--registry", address),
    `glassbox: ${address} gives no answer within 5 s; is a registry there?\nstatus 1\n`,
  );
});

Deno.test("where the registry has a certificate that nobody trusts, the command says so", async () => {
  using root = new Folder();
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => `${root.path}/${name}`);
  Deno.writeTextFileSync(cert, CERTIFICATE);
  Deno.writeTextFileSync(key, KEY);
  const tls = ["--tls-cert", cert, "--tls-key", key];
  await using program = await Program.serve(`${root.path}/testdata`, "--workshop", ...tls);
  const address = program.address.replace("127.0.0.1", "localhost");
  assertEquals(
    await lessons("--registry", address),
    `glassbox: this machine does not trust the certificate of ${address}; if you have it as cert.pem: export DENO_CERT=cert.pem\nstatus 1\n`,
  );
});

Deno.test("a lesson that is not there, and a learner who cannot be, are told in one line", async () => {
  using root = new Folder();
  await using program = await Program.serve(root.path, "--workshop");
  const { address } = program;
  assertEquals(
    await lessons("chanks", "--registry", address),
    `glassbox: there is no such lesson at ${address}; deno task lessons shows all\nstatus 1\n`,
  );
  assertEquals(
    await lessons("--as", "Ana", "--registry", address),
    "glassbox: A learner is the beginning of a repository's name, such as ana, and one whom you may see.\nstatus 1\n",
  );
  assertEquals(
    await lessons("knock", "chunks", "--registry", address),
    'glassbox: "chunks" is one too many; the usage is deno task lessons [LESSON]\nstatus 2\n',
  );
});

Deno.test("what somebody has done just before the registry stops is remembered", async () => {
  using root = new Folder();
  await using first = await Program.serve(root.path, "--workshop");
  await first.send("GET", "/v2/");
  first.signal("SIGTERM");
  assertEquals((await first.status()).code, 0);

  await using second = await Program.serve(root.path, "--workshop");
  const { lesson } = await (await second.send("GET", "/lessons/knock", { headers: { Accept: "application/json" } }))
    .json();
  assertEquals(lesson.isDone, true);
});
