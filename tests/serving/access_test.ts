/** The flags --access and --token: files that are read again, threads and processes that agree, and what is wrong at the start. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { checkWith } from "../../src/serving/access_files.ts";
import { type CommandLine, parseCommandLine } from "../../src/serving/command_line.ts";
import { loadBcrypt, parseHashes } from "../../src/serving/htpasswd.ts";
import { ReloadedFile } from "../../src/serving/reloaded_file.ts";
import { tokenKeyOf } from "../../src/serving/token_key.ts";
import { basic, digestOf } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { freePort, Program } from "../processes/program.ts";

// Made by `htpasswd -nbB`: the passwords are "secret" and "hunter2".
const ALICE = "alice:$2y$04$RZOAlZTPWT3zb5NQrv2LAOhmx9BgNyeKhhZxZtErpB.G/OVfLyvga";
const BOB = "bob:$2y$04$NQiVyUJ7k6wY.1zGoGJkRuLuzNaeHUUfFq8Gvk0q/VAY5qWOHPOju";
const CORNERS = { users: ["*"], repositories: ["{user}/**"], actions: ["pull", "push"] };
const FOO = digestOf("foo");

// Without a package registry, the tests that need bcrypt are ignored.
const bcrypt = await loadBcrypt().catch(() => undefined);

function testWithBcrypt(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: bcrypt === undefined, fn });
}

/** A folder with the files of a class, and a root. */
class Class extends Folder {
  readonly root = `${this.path}/root`;
  readonly passwords = `${this.path}/passwords`;
  readonly access = `${this.path}/access.json`;

  constructor() {
    super();
    Deno.writeTextFileSync(this.passwords, `${ALICE}\n`);
    this.rules(CORNERS);
  }

  /** Writes the rules, as an editor does: another file gets the name. */
  rules(...rules: unknown[]): void {
    this.replace(this.access, JSON.stringify({ rules }));
  }

  replace(path: string, text: string): void {
    Deno.writeTextFileSync(`${path}.new`, text);
    Deno.renameSync(`${path}.new`, path);
  }

  get flags(): string[] {
    return ["--htpasswd", this.passwords, "--access", this.access, "--log", "none", "--drain", "0s"];
  }
}

// Each request has a connection of its own, and so the threads take turns.
async function statusesOf(program: Program, path: string, headers: Record<string, string>): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (let n = 0; n < 12; n++) {
    statuses.add((await program.send("GET", path, { headers: { ...headers, Connection: "close" } })).status);
  }
  return statuses;
}

// Waits until the answers of all threads are as they should be.
async function until(
  program: Program,
  path: string,
  headers: Record<string, string>,
  areRight: (statuses: Set<number>) => boolean,
): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const statuses = await statusesOf(program, path, headers);
    if (areRight(statuses)) return;
    assert(Date.now() < deadline, `${path} is still ${[...statuses]}`);
  }
}

async function untilAll(
  program: Program,
  status: number,
  path: string,
  headers: Record<string, string>,
): Promise<void> {
  await until(program, path, headers, (statuses) => statuses.size === 1 && statuses.has(status));
}

testWithBcrypt(
  "--access: in each thread, a change of the rules holds from the next look on, and the log says so",
  async () => {
    using files = new Class();
    await using program = await Program.serveOn(freePort(), files.root, ...files.flags, "--threads", "3");
    const alice = basic("alice", "secret");
    await untilAll(program, 403, "/v2/shared/app/tags/list", alice);

    files.rules(CORNERS, { users: ["alice"], repositories: ["shared/**"], actions: ["pull"] });
    await untilAll(program, 404, "/v2/shared/app/tags/list", alice);
    await program.err.until(/uses \S+access\.json as it is now\n/);

    files.rules(CORNERS);
    await untilAll(program, 403, "/v2/shared/app/tags/list", alice);
  },
);

testWithBcrypt("--access: a broken new file is told in the log, once, and the rules from before stay", async () => {
  using files = new Class();
  await using program = await Program.serve(files.root, ...files.flags);
  const alice = basic("alice", "secret");
  const own = async () => (await program.send("GET", "/v2/alice/app/tags/list", { headers: alice })).status;

  files.replace(
    files.access,
    '{\n  "rules": [{ "users": ["*"], "repositories": ["**"], "actions": ["everything"] }]\n}',
  );
  const [told] = await program.err.until(/cannot use \S+access\.json as it is now[^\n]*\n/);
  const whileBroken = await own();
  Deno.removeSync(files.access);
  await program.err.until(/as it is now[^\n]*it is not there\n/);
  const whileGone = await own();
  files.rules({ users: ["bob"], repositories: ["**"], actions: ["pull"] });
  await program.ask("GET", "/v2/alice/app/tags/list", ({ status }) => status === 403, { headers: alice });
  await program.err.until(/uses \S+access\.json as it is now\n/);

  assertStringIncludes(told, 'goes on with what was in it before: line 2, rules[0].actions[0]: expected one of "pull"');
  assertEquals([whileBroken, whileGone], [404, 404]);
  assertEquals(program.err.text.match(/rules\[0\]\.actions\[0\]/g)?.length, 1);
});

testWithBcrypt(
  "--htpasswd: a new user, a new password and a user who is gone hold in each thread, also for a password that was known",
  async () => {
    using files = new Class();
    await using program = await Program.serveOn(freePort(), files.root, ...files.flags, "--threads", "3");
    await untilAll(program, 200, "/v2/", basic("alice", "secret"));

    files.replace(files.passwords, `${ALICE}\n${BOB}\n`);
    await untilAll(program, 200, "/v2/", basic("bob", "hunter2"));
    // bob's hash for alice: her password is "hunter2" now.
    files.replace(files.passwords, `${BOB.replace("bob", "alice")}\n`);
    await untilAll(program, 200, "/v2/", basic("alice", "hunter2"));

    // Both passwords were known in each thread. A wrong one is 401, and 429 if it comes too often.
    await until(program, "/v2/", basic("alice", "secret"), (statuses) => !statuses.has(200));
    await until(program, "/v2/", basic("bob", "hunter2"), (statuses) => !statuses.has(200));
  },
);

testWithBcrypt(
  "--htpasswd: a broken new file is told without its text, and the passwords from before stay",
  async () => {
    using files = new Class();
    await using program = await Program.serve(files.root, ...files.flags);

    files.replace(files.passwords, `${ALICE}\nmallory:hunter2\n`);
    const [told] = await program.err.until(/cannot use \S+passwords as it is now[^\n]*\n/);

    assertMatch(told, /: line 2 is not a user with a bcrypt hash, as of htpasswd -B\n$/);
    assertEquals((await program.send("GET", "/v2/", { headers: basic("alice", "secret") })).status, 200);
    assert(!program.err.text.includes("mallory"));
  },
);

async function tokenOf(program: Program, scope: string): Promise<string> {
  const answer = await program.send("GET", `/token?scope=${scope}`, { headers: basic("alice", "secret") });
  assertEquals(answer.status, 200);
  return (await answer.json()).token;
}

testWithBcrypt(
  "--token: all threads and all processes on one root take each other's tokens, also after a restart",
  async () => {
    using files = new Class();
    const flags = [...files.flags, "--token"];
    await using one = await Program.serveOn(freePort(), files.root, ...flags, "--threads", "3");
    const token = { Authorization: `Bearer ${await tokenOf(one, "repository:alice/app:pull,push")}` };
    {
      await using other = await Program.serveOn(freePort(), files.root, ...flags, "--threads", "2");

      assertEquals(await statusesOf(one, "/v2/alice/app/tags/list", token), new Set([404]));
      assertEquals(await statusesOf(other, "/v2/alice/app/tags/list", token), new Set([404]));
      const push = await other.send("POST", `/v2/alice/app/blobs/uploads/?digest=${FOO}`, {
        headers: token,
        body: "foo",
      });
      const pull = await one.send("GET", `/v2/alice/app/blobs/${FOO}`, { headers: token });
      assertEquals([push.status, pull.status, await pull.text()], [201, 200, "foo"]);
    }
    await using restarted = await Program.serve(files.root, ...flags, "--read-only");
    assertEquals((await restarted.send("GET", "/v2/alice/app/tags/list", { headers: token })).status, 200);
  },
);

testWithBcrypt(
  "--token: processes that start at the same time on an empty root agree about the key, which only the owner can read",
  async () => {
    using files = new Class();
    const flags = ["--port", "0", "--root", files.root, ...files.flags, "--token"];
    await using one = Program.main(...flags);
    await using two = Program.main(...flags);
    await using three = Program.main(...flags);
    const programs = [one, two, three];
    for (const program of programs) await program.listening();

    for (const program of programs) {
      const token = { Authorization: `Bearer ${await tokenOf(program, "repository:alice/app:pull")}` };
      const statuses = await Promise.all(
        programs.map(async (other) => (await other.send("GET", "/v2/alice/app/tags/list", { headers: token })).status),
      );
      assertEquals(statuses, [404, 404, 404]);
    }
    const info = Deno.statSync(`${files.root}/.token-key`);
    assertEquals([info.size, info.mode! & 0o777], [32, 0o600]);
    assertEquals(files.everything().filter((path) => /\/\.[0-9a-f-]{36}$/.test(path)), []);
  },
);

testWithBcrypt("--token-key and --token-ttl: the key of a file, and the time of a token", async () => {
  using files = new Class();
  Deno.writeTextFileSync(`${files.path}/key`, "x".repeat(32));
  const flags = [...files.flags, "--token", "--token-key", `${files.path}/key`, "--token-ttl", "1m"];
  await using program = await Program.serve(files.root, ...flags);

  const answer = await program.send("GET", "/token", { headers: basic("alice", "secret") });

  assertEquals((await answer.json()).expires_in, 60);
  assertEquals(files.everything().filter((path) => path.includes("token-key")), []);
});

testWithBcrypt("--token: if a rule goes, a token that was made before allows no more than the rules", async () => {
  using files = new Class();
  await using program = await Program.serve(files.root, ...files.flags, "--token");
  const headers = { Authorization: `Bearer ${await tokenOf(program, "repository:alice/app:pull")}` };
  assertEquals((await program.send("GET", "/v2/alice/app/tags/list", { headers })).status, 404);

  files.rules({ users: ["bob"], repositories: ["**"], actions: ["pull"] });

  await program.ask("GET", "/v2/alice/app/tags/list", ({ status }) => status === 403, { headers });
});

testWithBcrypt(
  "--access: a shortened catalog and a mount without from are answered, and nothing is printed",
  async () => {
    using files = new Class();
    await using program = await Program.serve(files.root, ...files.flags);
    const headers = basic("alice", "secret");
    const push = await program.send("POST", `/v2/alice/a/blobs/uploads/?digest=${FOO}`, { headers, body: "foo" });
    const mount = await program.send("POST", `/v2/alice/b/blobs/uploads/?mount=${FOO}`, { headers });
    const catalog = await program.send("GET", "/v2/_catalog", { headers });
    program.signal("SIGTERM");

    assertEquals([push.status, mount.status], [201, 201]);
    assertEquals(await catalog.json(), { repositories: ["alice/a", "alice/b"] });
    assertEquals((await program.outcome()).errors, "");
  },
);

Deno.test("--access without --htpasswd: everybody may do what the rules allow for anonymous, and nothing else", async () => {
  using files = new Class();
  files.rules({ users: ["anonymous"], repositories: ["sandbox/**"], actions: ["pull", "push"] });
  await using program = await Program.serve(files.root, "--access", files.access);
  const push = async (name: string) =>
    (await program.send("POST", `/v2/${name}/blobs/uploads/?digest=${FOO}`, { body: "foo" })).status;

  assertEquals([await push("sandbox/a"), await push("other")], [201, 403]);
});

Deno.test("wrong files and flags that contradict each other are refused at the start with what is allowed", async () => {
  using files = new Class();
  Deno.writeTextFileSync(`${files.path}/short`, "x".repeat(31));
  files.replace(
    files.access,
    '{\n  "rules": [\n    { "users": ["*"], "repositories": ["Course/**"], "actions": ["pull"] }\n  ]\n}',
  );
  const outcomeOf = async (...flags: string[]) => {
    await using program = Program.main("--port", "0", "--root", files.root, ...flags);
    const { code, out, errors } = await program.outcome();
    return [code, out, errors.trimEnd()];
  };
  const good = ["--htpasswd", files.passwords];

  assertEquals(await outcomeOf("--access", files.access), [
    1,
    "",
    `glassbox: cannot use the rules in ${files.access}: line 3, rules[0].repositories[0]: expected the name of a repository, ` +
    'in lower case, with * for a part of a name, ** for any number of parts between slashes, and {user}, got "Course/**"',
  ]);
  assertMatch(
    String(await outcomeOf("--access", `${files.path}/nothing`)),
    /^1,,glassbox: cannot use the rules in .*nothing: it is not there$/,
  );
  assertEquals(await outcomeOf(...good, "--access", files.access, "--anonymous", "none"), [
    2,
    "",
    'glassbox: --access and --anonymous exclude each other; a rule for "anonymous" says what others may do',
  ]);
  assertEquals(await outcomeOf("--anonymous", "pull"), [2, "", "glassbox: --anonymous needs --htpasswd"]);
  assertEquals(await outcomeOf("--token"), [2, "", "glassbox: --token needs --htpasswd"]);
  assertEquals(await outcomeOf(...good, "--token-ttl", "2m"), [2, "", "glassbox: --token-ttl needs --token"]);
  assertEquals(await outcomeOf(...good, "--token-key", "x"), [2, "", "glassbox: --token-key needs --token"]);
  assertEquals(await outcomeOf(...good, "--token", "--token-ttl", "59s"), [
    2,
    "",
    'glassbox: --token-ttl wants 60s or more, not "59s"',
  ]);
  assertEquals(await outcomeOf(...good, "--token", "--token-key", `${files.path}/short`), [
    1,
    "",
    `glassbox: cannot use the key for tokens in ${files.path}/short: it has 31 bytes, and needs 32 at least ` +
    "(openssl rand -out FILE 32)",
  ]);
});

testWithBcrypt(
  "the check that decides for all threads knows a change of the file at once, also of a password that was right",
  async () => {
    using files = new Class();
    const passwords = new ReloadedFile(files.passwords, `${ALICE}\n`, parseHashes, () => {});
    const check = checkWith(passwords, bcrypt!);
    const verdicts = async () => [await check("alice", "secret", "a"), await check("alice", "hunter2", "a")];

    const before = await verdicts();
    files.replace(files.passwords, BOB.replace("bob", "alice"));
    const after = await verdicts();
    files.replace(files.passwords, BOB);

    assertEquals([before, after, await verdicts()], [[true, false], [false, true], [false, false]]);
  },
);

Deno.test("those that look for a key in one root at the same time get the same one", async () => {
  using folder = new Folder();
  const line = parseCommandLine(["--root", folder.path], "") as CommandLine;

  const keys = await Promise.all(Array.from({ length: 10 }, () => tokenKeyOf(line)));

  assertEquals(new Set(keys.map((key) => key.toHex())).size, 1);
  assertEquals(keys[0], Deno.readFileSync(`${folder.path}/.token-key`));
  assertEquals(folder.everything(), [".token-key"]);
});

Deno.test("a file is read again if its text changes but not its size, and even within the same tick of the clock", () => {
  using folder = new Folder();
  const path = `${folder.path}/file`;
  Deno.writeTextFileSync(path, "one");
  const told: string[] = [];
  const file = new ReloadedFile(path, "one", (text) => text.toUpperCase(), (message) => told.push(message));
  const time = new Date();

  for (const text of ["one", "two", "six", "six", "ten"]) {
    Deno.writeTextFileSync(path, text);
    Deno.utimeSync(path, time, time);
    assertEquals(file.look(), text.toUpperCase());
  }

  assertEquals(told, Array(3).fill(`uses ${path} as it is now`));
});

Deno.test("a file that has not changed for some time is not read again, and is looked at once a second", () => {
  using folder = new Folder();
  const path = `${folder.path}/file`;
  const old = new Date(Date.now() - 60_000);
  Deno.writeTextFileSync(path, "one");
  Deno.utimeSync(path, old, old);
  let parsed = 0;
  const file = new ReloadedFile(path, "one", (text) => `${text} ${++parsed}`, () => {});
  file.look();
  // The text is another one, but nothing shows it.
  Deno.writeTextFileSync(path, "two");
  Deno.utimeSync(path, old, old);

  assertEquals(file.look(), "one 1");

  Deno.writeTextFileSync(path, "three");
  const values = new Set(Array.from({ length: 1000 }, () => file.value));
  assertEquals(values.size, 1);
  assertEquals(file.look(), "three 2");
});
