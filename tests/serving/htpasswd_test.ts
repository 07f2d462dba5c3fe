/** The file of the `htpasswd` program, and a registry that asks for the passwords in it. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type Bcrypt, HtpasswdError, loadBcrypt, parseHashes, passwordCheck } from "../../src/serving/htpasswd.ts";
import { digestOf } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { freePort, Program, runDenoWith } from "../processes/program.ts";

// Made by `htpasswd -nbB`: the passwords are "secret", "hunter2" and "pässword €".
const ALICE = "alice:$2y$04$RZOAlZTPWT3zb5NQrv2LAOhmx9BgNyeKhhZxZtErpB.G/OVfLyvga";
const BOB = "bob:$2y$04$NQiVyUJ7k6wY.1zGoGJkRuLuzNaeHUUfFq8Gvk0q/VAY5qWOHPOju";
const CAROL = "carol:$2y$05$avdHgBticX2VM5/0I0h12u2AgwTEbaADL8yI9w.IxyvNeEzFWLEUe";
const FILE = `${ALICE}\n${BOB}\n`;

// The package that computes bcrypt comes from a package registry, the first time. If no package registry can be
// reached, the tests that need the package are ignored, and the output says so.
const bcrypt = await loadBcrypt().catch((error) => {
  const { code, message } = error.cause;
  if (code === "ERR_MODULE_NOT_FOUND" && message.startsWith("Failed loading")) return undefined;
  throw error;
});

/** Returns what the program makes of the text of a file: a check of a name and a password. */
function checkOf(text: string, bcrypt: Bcrypt) {
  return passwordCheck(parseHashes(text), bcrypt);
}

function testWithBcrypt(name: string, run: (bcrypt: Bcrypt) => Promise<void>): void {
  Deno.test({ name, ignore: bcrypt === undefined, fn: () => run(bcrypt!) });
}

// The real package, and the hashes that it was asked to compare with.
function watched(bcrypt: Bcrypt): Bcrypt & { hashes: string[] } {
  const hashes: string[] = [];
  return {
    hashes,
    compare(password, hash) {
      hashes.push(hash);
      return bcrypt.compare(password, hash);
    },
  };
}

// For lines whose passwords are not even compared.
const NO_BCRYPT: Bcrypt = { compare: () => Promise.reject(new Error("there is nothing to compare")) };

testWithBcrypt("a password is right for its user, and for no other user", async (bcrypt) => {
  const isPassword = checkOf(FILE, bcrypt);

  assertEquals([await isPassword("alice", "secret"), await isPassword("bob", "hunter2")], [true, true]);
  const wrong = [
    ["alice", "hunter2"],
    ["alice", "Secret"],
    ["alice", "secret "],
    ["alice", ""],
    ["Alice", "secret"],
    ["", "secret"],
    ["carol", "secret"],
    ["constructor", "secret"],
    ["alice:secret", ""],
  ];
  for (const [user, password] of wrong) {
    assertEquals(await isPassword(user, password), false, `${user} ${password}`);
  }
});

testWithBcrypt("a password may have letters beyond ASCII; the hash is of their UTF-8", async (bcrypt) => {
  const isPassword = checkOf(CAROL, bcrypt);

  assertEquals([await isPassword("carol", "pässword €"), await isPassword("carol", "passwort")], [true, false]);
});

testWithBcrypt("the three marks of bcrypt are the same computation", async (bcrypt) => {
  for (const mark of ["$2a$", "$2b$", "$2y$"]) {
    const isPassword = checkOf(ALICE.replace("$2y$", mark), bcrypt);

    assertEquals([await isPassword("alice", "secret"), await isPassword("alice", "wrong")], [true, false]);
  }
});

testWithBcrypt(
  "comments, blank lines, the line ends of Windows, and a last line without an end are allowed",
  async (bcrypt) => {
    const isPassword = checkOf(`# who may push\r\n\r\n${ALICE}\r\n  \n# alice:junk\n\n${BOB}`, bcrypt);

    assertEquals([await isPassword("alice", "secret"), await isPassword("bob", "hunter2")], [true, true]);
  },
);

testWithBcrypt("with a file without users, every password is wrong", async (bcrypt) => {
  const isPassword = checkOf("", bcrypt);

  assertEquals([await isPassword("alice", "secret"), await isPassword("", "")], [false, false]);
});

Deno.test("a line that is not a user with a bcrypt hash is named by its number, and its text is not shown", () => {
  const hash = ALICE.slice("alice:".length);
  const lines = [
    "mallory",
    "mallory:",
    "mallory:secret",
    `:${hash}`,
    `mallory:${hash.slice(0, -1)}`,
    `mallory:${hash}x`,
    `mallory:${hash}:more`,
    `mallory: ${hash}`,
    `mallory:${hash.replace("$2y$", "$2x$")}`,
    `mallory:${hash.replace("$04$", "$4$")}`,
    "mallory:$apr1$FetK6.Ff$ZoOqmjgAzf38E2qk9S.bn1",
    "mallory:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
  ];

  for (const line of lines) {
    const error = assertThrows(() => checkOf(`# users\n${ALICE}\n${line}\n${BOB}\n`, NO_BCRYPT), HtpasswdError);

    assertEquals(error.message, "line 3 is not a user with a bcrypt hash, as of htpasswd -B");
  }
});

Deno.test("a cost that bcrypt does not have, which is 4 to 31, is a bad line, and not a failure of each request", () => {
  for (const cost of ["00", "03", "32", "99"]) {
    const line = BOB.replace("$04$", `$${cost}$`);

    assertThrows(() => checkOf(`${ALICE}\n${line}\n`, NO_BCRYPT), HtpasswdError, "line 2");
  }
});

testWithBcrypt(
  "an unknown user causes the same work: one comparison for each cost that is in the file",
  async (bcrypt) => {
    const files: [file: string, costs: string[]][] = [
      [FILE, ["$04$"]],
      [CAROL, ["$05$"]],
      [`${ALICE}\n${CAROL}\n${BOB}`, ["$04$", "$05$"]],
    ];
    for (const [file, costs] of files) {
      for (const user of ["mallory", file.split(":")[0]]) {
        const { hashes, compare } = watched(bcrypt);
        const isPassword = checkOf(file, { compare });

        const isRight = await isPassword(user, "not the password");

        assertEquals([isRight, hashes.map((hash) => hash.slice(3, 7)).sort()], [false, costs]);
        // If the hash had another length or form, the package would answer at once.
        for (const hash of hashes) assertMatch(hash, /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/);
        assertEquals(hashes.filter((hash) => file.includes(hash)).length, user === "mallory" ? 0 : 1);
      }
    }
  },
);

testWithBcrypt("a wrong password of a known user is one comparison, with the hash of that user", async (bcrypt) => {
  const { hashes, compare } = watched(bcrypt);
  const isPassword = checkOf(FILE, { compare });

  assertEquals(await isPassword("bob", "secret"), false);

  assertEquals(hashes, [BOB.slice("bob:".length)]);
});

// --- The program ---

const FOO = digestOf("foo");

// The passwords lie beside the root.
function flagsFor(folder: Folder, ...flags: string[]): string[] {
  return ["--root", `${folder.path}/root`, "--port", "0", "--drain", "0s", ...flags];
}

// A program that has answered a request can also receive a signal to stop.
async function stopWhenServing(program: Program): Promise<void> {
  const { port } = new URL(await program.listening());
  await ask("GET", `http://127.0.0.1:${port}/v2/`);
  program.signal("SIGTERM");
}

async function ask(method: string, url: string, password?: string, body?: string): Promise<number> {
  const headers: Record<string, string> = password === undefined ? {} : {
    Authorization: `Basic ${btoa(`alice:${password}`)}`,
  };
  const answer = await fetch(url, { method, headers, body });
  await answer.body?.cancel();
  return answer.status;
}

testWithBcrypt(
  "--htpasswd: a client without a password may do nothing, a client with the right one everything",
  async () => {
    using folder = new Folder();
    await Deno.writeTextFile(`${folder.path}/passwords`, FILE);
    await using program = Program.main(...flagsFor(folder, "--htpasswd", `${folder.path}/passwords`));
    const url = await program.listening();
    const push = `${url}/v2/library/hello/blobs/uploads/?digest=${FOO}`;
    const pull = `${url}/v2/library/hello/blobs/${FOO}`;

    const support = [await ask("GET", `${url}/v2/`), await ask("GET", `${url}/v2/`, "secret")];
    const pushes = [
      await ask("POST", push, undefined, "foo"),
      await ask("POST", push, "wrong", "foo"),
      await ask("POST", push, "secret", "foo"),
    ];
    const pulls = [await ask("GET", pull), await ask("GET", pull, "wrong"), await ask("GET", pull, "secret")];
    program.signal("SIGTERM");
    const { code, errors } = await program.outcome();

    assertEquals(support, [401, 200]);
    assertEquals(pushes, [401, 401, 201]);
    assertEquals(pulls, [401, 401, 200]);
    assertEquals([code, errors], [0, ""]);
  },
);

testWithBcrypt(
  "--anonymous pull: a client without a password may pull, and is asked for one at /v2/ and for a push",
  async () => {
    using folder = new Folder();
    await Deno.writeTextFile(`${folder.path}/passwords`, FILE);
    await using program = Program.main(
      ...flagsFor(folder, "--htpasswd", `${folder.path}/passwords`, "--anonymous", "pull"),
    );
    const url = await program.listening();
    const push = `${url}/v2/library/hello/blobs/uploads/?digest=${FOO}`;
    const pull = `${url}/v2/library/hello/blobs/${FOO}`;

    const pushes = [await ask("POST", push, undefined, "foo"), await ask("POST", push, "secret", "foo")];
    const pulls = [
      await ask("GET", pull),
      await ask("HEAD", pull),
      await ask("GET", pull, "wrong"),
      await ask("GET", pull, "secret"),
    ];
    const support = await ask("GET", `${url}/v2/`);
    program.signal("SIGTERM");
    await program.outcome();

    assertEquals(pushes, [401, 201]);
    assertEquals(pulls, [200, 200, 401, 200]);
    assertEquals(support, 401);
  },
);

testWithBcrypt("no password and no hash is in the log, in any form", async () => {
  using folder = new Folder();
  await Deno.writeTextFile(`${folder.path}/passwords`, FILE);
  const secrets = ["secret", "hunter2", btoa("alice:secret"), btoa("alice:hunter2"), "$2y$"];

  for (const form of ["story", "line", "json"]) {
    await using program = Program.main(...flagsFor(folder, "--htpasswd", `${folder.path}/passwords`, "--log", form));
    const url = await program.listening();
    await ask("GET", `${url}/v2/`, "secret");
    await ask("GET", `${url}/v2/`, "hunter2");
    program.signal("SIGTERM");
    const { out, errors } = await program.outcome();

    // The log has both requests.
    assertEquals([...out.matchAll(/\b(200|401)\b/g)].map(([status]) => status).slice(0, 2), ["200", "401"], out);
    assertEquals(secrets.filter((secret) => (out + errors).includes(secret)), []);
  }
});

for (const threads of ["1", "2"]) {
  testWithBcrypt(
    `--threads ${threads}: while 16 clients guess, a client that is known is served, and a new one afterwards`,
    async () => {
      using folder = new Folder();
      await Deno.writeTextFile(`${folder.path}/passwords`, FILE);
      const flags = ["--root", `${folder.path}/root`, "--threads", threads, "--htpasswd", `${folder.path}/passwords`];
      await using program = Program.main("--port", freePort(), ...flags);
      const url = `${await program.listening()}/v2/`;
      const send = async (user: string, password: string) => {
        // Each has a connection of its own, and so the threads take turns.
        using client = Deno.createHttpClient({});
        const answer = await fetch(url, { client, headers: { Authorization: `Basic ${btoa(`${user}:${password}`)}` } });
        return { status: answer.status, retryAfter: answer.headers.get("Retry-After"), text: await answer.text() };
      };
      assertEquals((await send("alice", "secret")).status, 200);

      let known: number[] = [];
      const guesses = await Promise.all(Array.from({ length: 16 }, async (_, guesser) => {
        const answers = [];
        for (let guess = 0; guess < 10; guess++) answers.push(await send("alice", `guess ${guesser} ${guess}`));
        if (guesser > 0) return answers;
        known = await Promise.all(Array.from({ length: 20 }, async () => (await send("alice", "secret")).status));
        return answers;
      }));
      const answers = guesses.flat();
      const refused = answers.filter(({ status }) => status === 429);
      let bob = await send("bob", "hunter2");
      while (bob.status === 429) bob = await send("bob", "hunter2");

      assertEquals(known, Array(20).fill(200));
      assertEquals(answers.filter(({ status }) => status === 401).length + refused.length, answers.length);
      assert(refused.length >= answers.length - 20, `${refused.length} of ${answers.length}`);
      for (const { retryAfter, text } of refused) {
        assertMatch(retryAfter!, /^[1-9]$/);
        const detail = JSON.parse(text).errors[0];
        assertEquals([detail.code, detail.detail.rule], ["TOOMANYREQUESTS", "API-ERR-I14"]);
      }
      assertEquals(bob.status, 200);
    },
  );
}

Deno.test("the program warns if it listens on all addresses without passwords", async () => {
  using folder = new Folder();
  await using program = Program.start(...flagsFor(folder, "--host", "0.0.0.0"));
  await stopWhenServing(program);

  const { code, errors } = await program.outcome();

  assertEquals(code, 0);
  assertMatch(errors, /^glassbox: warning: [^\n]*0\.0\.0\.0[^\n]*--htpasswd[^\n]*\n$/);
});

Deno.test("the program warns if rules name users and no password can be asked for", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(
    `${folder.path}/rules`,
    '{"rules": [{"users": ["*"], "repositories": ["**"], "actions": ["pull"]}]}',
  );
  await using program = Program.start(...flagsFor(folder, "--access", `${folder.path}/rules`));
  await stopWhenServing(program);

  assertEquals(
    (await program.outcome()).errors,
    'glassbox: warning: without --htpasswd nobody has a name, so of --access only the rules for "anonymous" count\n',
  );
});

Deno.test("the program does not warn if it listens on this machine only", async () => {
  using folder = new Folder();
  await using program = Program.start(...flagsFor(folder));
  await stopWhenServing(program);

  const { code, errors } = await program.outcome();

  assertEquals([code, errors], [0, ""]);
});

testWithBcrypt("the program does not warn if it listens on all addresses with passwords", async () => {
  using folder = new Folder();
  await Deno.writeTextFile(`${folder.path}/passwords`, FILE);
  await using program = Program.start(
    ...flagsFor(folder, "--host", "0.0.0.0", "--htpasswd", `${folder.path}/passwords`),
  );
  await stopWhenServing(program);

  const { code, errors } = await program.outcome();

  assertEquals([code, errors], [0, ""]);
});

Deno.test("--htpasswd with a file that is not there is status 1, and one line", async () => {
  using folder = new Folder();
  await using program = Program.main(...flagsFor(folder, "--htpasswd", `${folder.path}/mistyped`));

  const { code, out, errors } = await program.outcome();

  assertEquals([code, out], [1, ""]);
  assertMatch(errors, /^glassbox: [^\n]*mistyped[^\n]*\n$/);
});

// Port 1 of this machine is no package registry, and a new folder holds no packages.
Deno.test("--htpasswd is status 1 if no package registry can be reached, with a line that says what to fetch beforehand", async () => {
  using folder = new Folder();
  await Deno.writeTextFile(`${folder.path}/passwords`, FILE);
  const env = { DENO_DIR: `${folder.path}/packages`, NPM_CONFIG_REGISTRY: "http://127.0.0.1:1", NO_COLOR: "1" };
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const flags = flagsFor(folder, "--htpasswd", `${folder.path}/passwords`);

  const { code, out, errors } = await runDenoWith(env, "run", "--no-prompt", "--allow-run=deno", main, ...flags);

  assertEquals([code, out], [1, ""]);
  // Deno itself prints what it tries to fetch.
  assertEquals(errors.split("\n").filter((line) => line !== "" && !line.startsWith("Download ")), [
    `glassbox: cannot use the passwords in ${folder.path}/passwords: the package for bcrypt cannot be loaded; ` +
    'where a package registry can be reached, "deno cache npm:bcryptjs@3.0.3" fetches it beforehand',
  ]);
});

testWithBcrypt(
  "--htpasswd with a line that is no user is status 1, and one line that has its number and not its text",
  async () => {
    using folder = new Folder();
    await Deno.writeTextFile(`${folder.path}/passwords`, `${ALICE}\nmallory:hunter2\n`);
    await using program = Program.main(...flagsFor(folder, "--htpasswd", `${folder.path}/passwords`));

    const { code, out, errors } = await program.outcome();

    assertEquals([code, out], [1, ""]);
    assertMatch(errors, /^glassbox: [^\n]*line 2[^\n]*\n$/);
    assert(!errors.includes("mallory") && !errors.includes("hunter2"), errors);
  },
);
