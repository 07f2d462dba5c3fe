/** `deno task look` and `deno task diff`, as a person or a script runs them. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startRegistry, type TestRegistry } from "../fixture.ts";
import { type Outcome, Program } from "../processes/program.ts";
import { parseCommandLine } from "../../src/serving/command_line.ts";
import { permissionFlags } from "../../src/serving/permissions.ts";
import { pushArtifact, pushImage } from "./images.ts";

const NAME = "library/hello";

async function run({ root }: TestRegistry, ...args: string[]): Promise<Outcome> {
  await using program = Program.main(args[0], "--root", root, ...args.slice(1));
  return await program.outcome();
}

Deno.test("look and diff may read the root and the source, and nothing else", () => {
  const source = new URL("../../src/", import.meta.url).pathname;
  for (const args of [["look", "--root", "images"], ["diff", "--root", "images", "a", "b"]]) {
    const line = parseCommandLine(args, "");
    assert(typeof line !== "string");
    assertEquals(permissionFlags(line), [`--allow-read=images,${source}`]);
  }
});

Deno.test("look: an image for people, in lines of 80 columns without colours, and what to type next", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME, { tag: "v1", commands: [`RUN ${"make ".repeat(30)}`] });
  await pushArtifact(registry, NAME, { fields: { artifactType: "application/spdx+json", subject: image.descriptor } });

  const { code, out, errors } = await run(registry, "look", `${NAME}:v1`);

  assertEquals([code, errors], [0, ""]);
  assertEquals(out.split("\n").filter((line) => line.length > 80 || line.includes("\x1b")), []);
  for (
    const text of [
      "linux/amd64",
      "OCI image manifest:",
      "RUN make make",
      "SPDX bill of materials",
      `look '${NAME}:v1!/'`,
    ]
  ) {
    assertStringIncludes(out, text);
  }
  // Each command that it names works.
  const commands = [...out.matchAll(/deno task (look|diff) (.+?)(?: {3}.*)?$/gm)];
  assert(commands.length >= 3, out);
  for (const [, command, operands] of commands) {
    const next = await run(registry, command, ...operands.split(" ").map((operand) => operand.replaceAll("'", "")));
    assertEquals([next.code, next.errors], [0, ""], operands);
  }
});

Deno.test("look and diff also take an address of the page, and a name as docker has it", async () => {
  await using registry = await startRegistry();
  await pushImage(registry, NAME, { tag: "v1" });
  const { out } = await run(registry, "look", `${NAME}:v1`);
  const same = [
    `http://127.0.0.1:5080/at/${NAME}/_tags/v1`,
    `http://127.0.0.1:5080/at/${NAME}/_tags/v1?after=x`,
    `/at/${NAME}:v1`,
    `127.0.0.1:5080/${NAME}:v1`,
    `localhost/${NAME}:v1`,
    `docker://registry.example/${NAME}:v1`,
  ];
  for (const address of same) {
    assertEquals(await run(registry, "look", address), { code: 0, out, errors: "" }, address);
  }
  const { code } = await run(registry, "diff", `localhost:5080/${NAME}:v1`, `/at/${NAME}/_tags/v1`);
  assertEquals(code, 0);

  const gone = await run(registry, "look", `127.0.0.1:5080/${NAME}:v2`);
  assertEquals(gone, {
    code: 1,
    out: "",
    errors: `glassbox: ${NAME} has no tag v2.\nDid you mean:\n  ${NAME}:v1\n`,
  });
  const inImage = await run(registry, "look", `${NAME}:v1!/${NAME}`);
  assertEquals([inImage.code, inImage.errors.split("\n")[0]], [1, `glassbox: There is no /${NAME} in it.`]);
});

Deno.test("look without an operand shows all repositories, and one of an empty root says that there is nothing", async () => {
  await using registry = await startRegistry();
  assertEquals((await run(registry, "look")).out, "There is nothing here yet.\n");
  await pushImage(registry, NAME, { tag: "v1" });
  const { out } = await run(registry, "look");
  assertEquals(out.split("\n").slice(0, 2), ["all repositories   folder", `  ${NAME}  1 tag  3 manifests and blobs`]);
});

Deno.test("look --json prints the facts on one line", async () => {
  await using registry = await startRegistry();
  const { digest } = await pushImage(registry, NAME, { tag: "v1" });
  const { code, out } = await run(registry, "look", "--json", `${NAME}:v1`);
  const { kind, target } = JSON.parse(out);
  assertEquals([code, out.trimEnd().split("\n").length, kind, target.digest], [0, 1, "tag", digest]);
});

Deno.test("look --after goes on with a long list, as its last line says", async () => {
  await using registry = await startRegistry();
  const { digest } = await pushImage(registry, NAME, { tag: "v000" });
  for (let number = 1; number <= 100; number++) {
    Deno.writeTextFileSync(`${registry.root}/${NAME}/_tags/v${String(number).padStart(3, "0")}`, digest);
  }
  const first = await run(registry, "look", `${NAME}/_tags`);
  assertStringIncludes(first.out, `100 of 101  deno task look ${NAME}/_tags --after v099`);
  const rest = await run(registry, "look", `${NAME}/_tags`, "--after", "v099");
  assertEquals(rest.out.match(/v\d{3}/g), ["v100", "v100"]);
});

Deno.test("look: a file as a container sees it, and the path that the shell has completed in the root", async () => {
  await using registry = await startRegistry();
  await pushImage(registry, NAME, { tag: "latest", layers: [[{ name: "etc/motd", content: "Hello\nfrom here\n" }]] });
  const { out } = await run(registry, "look", `${NAME}!/etc/motd`);
  assertStringIncludes(out, "text, ASCII\n  Hello\n  from here\n");
  const completed = await run(registry, "look", `${registry.root}/${NAME}/_tags/latest`);
  assertEquals([completed.code, completed.errors], [0, ""]);
});

Deno.test("what is not there is status 1, with what is nearby; what is no address is status 2", async () => {
  await using registry = await startRegistry();
  await pushImage(registry, NAME, { tag: "latest" });
  const missing = await run(registry, "look", `${NAME}:lastest`);
  assertEquals(missing, {
    code: 1,
    out: "",
    errors: `glassbox: ${NAME} has no tag lastest.\nDid you mean:\n  ${NAME}:latest\n`,
  });
  const json = await run(registry, "look", "--json", `${NAME}:lastest`);
  assertEquals([json.code, json.errors, JSON.parse(json.out).near[0].text], [1, "", `${NAME}:latest`]);
  const invalid = await run(registry, "look", "Library");
  assertEquals([invalid.code, invalid.out], [2, ""]);
  assertStringIncludes(invalid.errors, '"Library" is no address: expected the name of a repository');
  const side = await run(registry, "diff", `${NAME}:latest`, `${NAME}:v9`);
  assertEquals([side.code, side.out], [1, ""]);
  assertStringIncludes(side.errors, "has no tag v9");
  assertEquals((await run(registry, "diff", `${NAME}:latest`)).code, 2);
  assertEquals((await run(registry, "diff", NAME, `${NAME}:latest`)).code, 2);
  assertEquals((await run(registry, "look", "a", "b")).code, 2);
});

Deno.test("diff: what is different in two images, and with --json the same as facts", async () => {
  await using registry = await startRegistry();
  await pushImage(registry, NAME, { tag: "v1", layers: [[{ name: "motd", content: "one\n" }]] });
  await pushImage(registry, NAME, { tag: "v2", layers: [[{ name: "motd", content: "two\n" }]] });
  const { code, out, errors } = await run(registry, "diff", `${NAME}:v1`, `${NAME}:v2`);
  assertEquals([code, errors], [0, ""]);
  assertEquals(out.split("\n").filter((line) => line.length > 80 || line.includes("\x1b")), []);
  assertStringIncludes(out, "  ~ motd   4 B   content\n      @@ -1 +1 @@\n      -one\n      +two\n");
  const json = JSON.parse((await run(registry, "diff", "--json", `${NAME}:v1`, `${NAME}:v2`)).out);
  assertEquals([json.kind, json.files.changed], ["difference", 1]);
});
