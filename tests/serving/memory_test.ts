/** A program that keeps everything in memory. */

import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { type CommandLine, parseCommandLine } from "../../src/serving/command_line.ts";
import { UsageError } from "../../src/serving/flags.ts";
import { permissionFlags } from "../../src/serving/permissions.ts";
import { tokenKeyOf } from "../../src/serving/token_key.ts";
import { digestOf } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";

const FOO = digestOf("foo");

function lineOf(...flags: string[]): CommandLine {
  return parseCommandLine(flags, "") as CommandLine;
}

for (const http of ["deno", "node"]) {
  Deno.test(`with --disk memory and --http ${http}, the program needs no folder, and all is gone at its end`, async () => {
    const flags = ["--disk", "memory", "--port", "0", "--http", http];
    for (const isFirst of [true, false]) {
      await using program = Program.start(...flags);
      await program.listening();

      const before = await program.send("GET", `/v2/library/hello/blobs/${FOO}`);
      const url = `/v2/library/hello/blobs/uploads/?digest=${FOO}`;
      const pushed = await program.send("POST", url, { body: "foo" });
      const pulled = await program.send("GET", `/v2/library/hello/blobs/${FOO}`);

      assertEquals([before.status, pushed.status, pulled.status], [404, 201, 200], `first: ${isFirst}`);
      assertEquals(await pulled.text(), "foo");
      assertEquals(program.out.text.includes("keeps everything in memory"), true);
    }
  });
}

Deno.test("with --disk memory, the program may listen and nothing else; with node:http or the page it may also read its own source", () => {
  const memory = ["--disk", "memory", "--port", "5081", "--no-page"];
  const [source, tests] = ["../../src/", "../"].map((folder) => new URL(folder, import.meta.url).pathname);

  assertEquals(permissionFlags(lineOf(...memory)), ["--allow-net=127.0.0.1:5081"]);
  assertEquals(permissionFlags(lineOf(...memory, "--http", "node")), [
    "--allow-net=127.0.0.1:5081",
    `--allow-read=${source}`,
  ]);
  assertEquals(permissionFlags(lineOf(...memory.slice(0, -1))), [
    "--allow-net=127.0.0.1:5081",
    `--allow-read=${source},${tests}`,
  ]);
  assertEquals(permissionFlags(lineOf(...memory, "--htpasswd", "users")), [
    "--allow-net=127.0.0.1:5081",
    `--allow-read=users,${source}`,
  ]);
});

Deno.test("with --disk memory, the key for tokens is a new one each time, and no file", async () => {
  const line = lineOf("--disk", "memory", "--htpasswd", "users", "--token");
  using root = new Folder();

  const keys = [await tokenKeyOf({ ...line, root: root.path }), await tokenKeyOf({ ...line, root: root.path })];

  assertEquals([keys.map(({ length }) => length), root.everything()], [[32, 32], []]);
  assertNotEquals(keys[0], keys[1]);
});

Deno.test("--disk memory serves with one thread, and refuses what contradicts it", () => {
  assertEquals(lineOf("--disk", "memory").threads, 1);
  for (
    const [flags, message] of [
      [["--root", "images"], "--disk memory keeps nothing in a folder, so --root means nothing with it"],
      [["--durability", "none"], "--disk memory keeps nothing in a folder, so --durability means nothing with it"],
      [["--threads", "2"], "--disk memory serves with one thread, and --threads asks for more"],
    ] as const
  ) {
    assertEquals(assertThrows(() => lineOf("--disk", "memory", ...flags), UsageError).message, message);
  }
});
