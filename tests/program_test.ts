/** The whole program in processes of its own, and the registry on the wire. */

import type { LocalDiskOptions } from "../src/disk/root.ts";
import { localDisk } from "../src/disk/local_disk.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { type CommandLine, parseCommandLine } from "../src/serving/command_line.ts";
import { UsageError } from "../src/serving/flags.ts";
import { isAboutAddress } from "../src/serving/serving.ts";
import { createRegistry, type RegistryOptions } from "../src/registry.ts";
import { permissionFlags } from "../src/serving/permissions.ts";
import { bytes, digestOf, listen, type Listening, TYPES } from "./fixture.ts";
import { Folder } from "./folder.ts";
import { Program } from "./processes/program.ts";

const FOO = digestOf("foo");

async function pushFoo(address: string): Promise<number> {
  const url = `${address}/v2/library/hello/blobs/uploads/?digest=${FOO}`;
  const pushed = await fetch(url, { method: "POST", body: "foo" });
  await pushed.body?.cancel();
  return pushed.status;
}

async function statusOf(url: string, method = "GET"): Promise<number> {
  const answer = await fetch(url, { method });
  await answer.body?.cancel();
  return answer.status;
}

for (const script of ["start", "main"] as const) {
  Deno.test(`${script}.ts prints an address at which the registry is, and stores in the root`, async () => {
    using folder = new Folder();
    await using program = Program[script]("--port", "0", "--root", `${folder.path}/root`);

    const address = await program.listening();
    const pushed = await pushFoo(address);
    const pulled = await fetch(`${address}/v2/library/hello/blobs/${FOO}`);

    assertEquals([pushed, pulled.status, await pulled.text()], [201, 200, "foo"]);
    assertEquals(folder.read(`root/library/hello/${FOO}/blob`), "foo");
    assertStringIncludes(program.out.text, `stores in ${folder.path}/root/`);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.test(`${script}.ts stops on ${signal} with status 0, and says nothing of it on stderr`, async () => {
      using folder = new Folder();
      await using program = Program[script]("--port", "0", "--root", folder.path);
      const address = await program.listening();
      assertEquals(await statusOf(`${address}/v2/`), 200);

      program.signal(signal);

      assertEquals([(await program.status()).code, await program.err.lines()], [0, []]);
    });
  }

  Deno.test(`${script}.ts does not start twice on one port: status 1, and one line that says why`, async () => {
    using folder = new Folder();
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    await using program = Program[script]("--port", String(port), "--root", folder.path);

    const [{ code }, out, err] = [await program.status(), await program.out.lines(), await program.err.lines()];

    const line = `glassbox: port ${port} of 127.0.0.1 is in use; choose another one with --port`;
    assertEquals([code, out, err], [1, [], [line]]);
  });

  Deno.test(`${script}.ts does not start with a root that is a file: status 1, and one line that says why`, async () => {
    using folder = new Folder();
    await Deno.writeTextFile(`${folder.path}/root`, "a file");
    await using program = Program[script]("--port", "0", "--root", `${folder.path}/root`);

    const [{ code }, out, err] = [await program.status(), await program.out.lines(), await program.err.lines()];

    assertEquals([code, out, err.length], [1, [], 1]);
    assert(err[0].startsWith(`glassbox: cannot use the root ${folder.path}/root: `), err[0]);
  });

  Deno.test(`${script}.ts does not start with a flag that it does not know: status 2, and one line that names it`, async () => {
    await using program = Program[script]("--prot", "5080");

    const [{ code }, out, err] = [await program.status(), await program.out.lines(), await program.err.lines()];

    assertEquals([code, out, err.length], [2, [], 1]);
    assertMatch(err[0], /^glassbox: .*--prot/);
  });

  Deno.test(`${script}.ts prints its flags and its version, and ends with status 0`, async () => {
    await using help = Program[script]("--help");
    await using version = Program[script]("gc", "--version");

    const [helpLines, versionLines] = [await help.out.lines(), await version.out.lines()];
    const statuses = [(await help.status()).code, (await version.status()).code];

    const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
    assertEquals([statuses, versionLines], [[0, 0], [config.version]]);
    for (const flag of ["root", "host", "port", "log", "read-only", "no-delete", "htpasswd", "tls-cert", "help"]) {
      assert(helpLines.some((line) => line.trim().startsWith(`--${flag} `)), flag);
    }
    assertEquals([await help.err.lines(), await version.err.lines()], [[], []]);
  });
}

Deno.test("an address that this machine does not have, and a name without any, are named with their flag, with Deno or Node", async () => {
  const reasons = {
    "192.0.2.1": "this machine does not have the address 192.0.2.1; choose another one with --host",
    "nothing.invalid": "this machine knows no address of nothing.invalid; choose another one with --host",
  };
  for (const [host, reason] of Object.entries(reasons)) {
    for (const http of ["deno", "node"]) {
      await using program = Program.main("--host", host, "--port", "50001", "--disk", "memory", "--http", http);
      assertEquals(await program.outcome(), { code: 1, out: "", errors: `glassbox: ${reason}\n` });
    }
  }
});

Deno.test("a file of a flag that is not there, or is a folder, is named, and not the address", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  const [none, file] = [`${folder.path}/none`, `${folder.path}/file`];
  const refused: [string[], string][] = [
    [["--htpasswd", none], `cannot use the passwords in ${none}: it is not there`],
    [["--htpasswd", folder.path], `cannot use the passwords in ${folder.path}: it is a folder and no file`],
    [["--access", none], `cannot use the rules in ${none}: it is not there`],
    [["--workshop", "--lessons", none], `cannot use the lessons in ${none}: it is not there`],
    [
      ["--workshop", "--lessons", file],
      `cannot use the lessons in ${file}: it is a file and no folder, or one above it is`,
    ],
    [["--tls-cert", none, "--tls-key", file], `cannot read the certificate ${none}: it is not there`],
    [["--tls-cert", file, "--tls-key", none], `cannot read the key ${none}: it is not there`],
  ];
  for (const [flags, reason] of refused) {
    await using program = Program.main("--port", "0", "--disk", "memory", ...flags);
    assertEquals(await program.outcome(), { code: 1, out: "", errors: `glassbox: ${reason}\n` });
  }
});

Deno.test("only an error of the system itself is about the address, and no error of our own that ends with its words", () => {
  const ofSystem = assertThrows(() => Deno.listen({ hostname: "192.0.2.1", port: 0 }), Error);
  const own = new Error("cannot use the passwords in x: Permission denied (os error 13)");
  assertEquals([isAboutAddress(ofSystem), isAboutAddress(own)], [true, false]);
});

Deno.test("without a permission, a command names what Deno does not give it, and does not advise to allow more", async () => {
  using folder = new Folder();
  Deno.mkdirSync(`${folder.path}/library/hello/_tags`, { recursive: true });
  const outcomeOf = async (...args: string[]) => {
    await using program = Program.mainWith([`--allow-read=${folder.path},.`], ...args, "--root", folder.path);
    const { code, errors } = await program.outcome();
    return [code, errors];
  };
  const start = `glassbox: cannot use the root ${folder.path}: Deno does not allow it\n`;
  assertEquals(await outcomeOf("samples", "hello"), [1, start]);
  assertEquals(await outcomeOf("gc", "--grace", "0s"), [
    1,
    `glassbox: Deno gives the program no write access to "${folder.path}/library/hello/_tags"\n`,
  ]);
});

Deno.test("a root that is a file, or is below one, is refused in one line that says which", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  for (const [root, reason] of [["file", "it is a file and no folder"], ["file/root", "a folder above it is a file"]]) {
    for (const command of [["--port", "0"], ["tree"]]) {
      await using program = Program.main(...command, "--root", `${folder.path}/${root}`);
      const errors = `glassbox: cannot use the root ${folder.path}/${root}: ${reason}\n`;
      assertEquals(await program.outcome(), { code: 1, out: "", errors });
    }
  }
});

Deno.test("a root that is not there is named, where it is only read", async () => {
  using folder = new Folder();
  const root = `${folder.path}/none`;
  for (const args of [["verify"], ["tree"], ["gc"], ["export", "hello", "x.tar"], ["--read-only", "--port", "0"]]) {
    await using program = Program.main(...args, "--root", root);
    assertEquals((await program.outcome()).errors, `glassbox: cannot use the root ${root}: it is not there\n`);
  }
});

Deno.test("files that are no certificate and no key are named, with Deno or Node", async () => {
  using folder = new Folder();
  const [cert, key] = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`];
  for (const path of [cert, key]) Deno.writeTextFileSync(path, "junk");
  for (const http of ["deno", "node"]) {
    const flags = ["--port", "0", "--disk", "memory", "--http", http, "--tls-cert", cert, "--tls-key", key];
    await using program = Program.main(...flags);
    const { code, errors } = await program.outcome();
    const start = `glassbox: cannot use the certificate ${cert} with the key ${key}: `;
    assertEquals([code, errors.startsWith(start), errors.split("\n").length], [1, true, 2], errors);
  }
});

Deno.test("with --prefix, the first steps name a repository that it shows", async () => {
  await using program = Program.start("--port", "0", "--disk", "memory", "--prefix", "team/");
  const address = await program.listening();
  program.signal("SIGTERM");
  const { out } = await program.outcome();
  assertStringIncludes(out, `"${address}/v2/team/hello/blobs/uploads/?digest=${FOO}"`);
  assert(!out.includes("library/hello"), out);
});

Deno.test("a port in use is reported in the same line, with one thread or several, with Deno or Node", async () => {
  using folder = new Folder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;

  for (const flags of [["--threads", "1"], ["--threads", "2"], ["--http", "node", "--threads", "1"]]) {
    await using program = Program.main("--port", String(port), "--root", folder.path, ...flags);

    const { code, out, errors } = await program.outcome();

    const line = `glassbox: port ${port} of 127.0.0.1 is in use; choose another one with --port\n`;
    assertEquals([code, out, errors], [1, "", line], flags.join(" "));
  }
});

Deno.test("a root that Deno allows no program to use is reported in one line, without Deno's advice to allow everything", async () => {
  const commands = {
    "/proc/glassbox": ["--port", "0"],
    "/dev": ["--port", "0"],
    "/proc": ["verify"],
    "/sys": ["tree"],
  };

  for (const [root, args] of Object.entries(commands)) {
    await using program = Program.start(...args, "--root", root);

    const { code, out, errors } = await program.outcome();

    const reason = "Deno lets programs use no folder below /proc, /dev and /sys; choose another one with --root";
    assertEquals([code, out, errors], [1, "", `glassbox: cannot use the root ${root}: ${reason}\n`]);
  }
});

for (const task of ["start", "verify", "gc", "tree"]) {
  Deno.test(`deno task ${task} prints its flags with -h and with --help, and does nothing else`, async () => {
    using folder = new Folder();
    const command = task === "start" ? [] : [task];

    for (const flag of ["-h", "--help"]) {
      await using program = Program.start(...command, "--root", `${folder.path}/root`, flag);
      const { code, out, errors } = await program.outcome();

      assertEquals([code, errors], [0, ""]);
      assertMatch(out, new RegExp(`^Glassbox, .*\\.\n\nUsage: deno task ${task} \\[FLAGS\\]\n\n`));
      assertStringIncludes(out, "\n  --root FOLDER");
    }
    assertEquals(folder.everything(), []);
  });
}

Deno.test("a limit below that of the spec is reported as a fault of the command line: status 2", async () => {
  using folder = new Folder();
  await using program = Program.main("--port", "0", "--root", folder.path, "--max-manifest-size", "1MiB");

  const [{ code }, out, err] = [await program.status(), await program.out.lines(), await program.err.lines()];

  assertEquals([code, out, err.length], [2, [], 1]);
  assertMatch(err[0], /^glassbox: .*4194304/);
});

Deno.test("--log json prints one object a line, and the words for people go to stderr", async () => {
  using folder = new Folder();
  await using program = Program.main("--port", "0", "--root", folder.path, "--log", "json");
  const address = await program.listening();
  assertStringIncludes(program.err.text, `listens on ${address} `);
  await pushFoo(address);
  await statusOf(`${address}/v2/%1b[2J%0a/tags/list`);
  program.signal("SIGTERM");

  const stories = (await program.out.lines()).map((line) => JSON.parse(line));

  assertEquals(stories.map(({ method, status, endpoint }) => [method, status, endpoint]), [
    ["POST", 201, "end-4b"],
    ["GET", 404, "end-8a"],
  ]);
  assert(stories[0].changes.some(({ path }: { path: string }) => path === `library/hello/${FOO}/blob`));
  assertEquals((await program.status()).code, 0);
});

Deno.test("--log none prints nothing of a request, --log line one line, --log story and --log lesson several", async () => {
  using folder = new Folder();

  // The story of this request: its action with its client, its first line, its heading, its rule, what was expected, and what
  // came. A lesson says also why.
  const linesOf = { none: 0, line: 1, story: 6, lesson: 8 };
  for (const [form, number] of Object.entries(linesOf)) {
    await using program = Program.main("--port", "0", "--root", folder.path, "--log", form);
    const address = await program.listening();
    await program.out.until(/Ctrl-C\.\n/);
    assertEquals(await statusOf(`${address}/v2/nothing/here/manifests/latest`), 404);
    program.signal("SIGTERM");

    const lines = await program.out.lines();
    const told = lines.slice(lines.findIndex((line) => line.includes("Ctrl-C.")) + 1);

    assertEquals(told.length, number, told.join("\n"));
    assertEquals(told.filter((line) => line.includes("/v2/nothing/here/")).length, Math.min(1, number));
  }
});

Deno.test("if no person watches the output, the program prints one line a request", async () => {
  using folder = new Folder();
  await using program = Program.main("--port", "0", "--root", folder.path);
  const address = await program.listening();
  await pushFoo(address);
  program.signal("SIGTERM");

  const lines = (await program.out.lines()).filter((line) => line.startsWith("POST"));

  assertEquals(lines.length, 1);
  assertMatch(lines[0], /^POST +\/v2\/library\/hello\/blobs\/uploads\/.* 201 .* end-4b$/);
});

Deno.test("--read-only serves what is there, and refuses all changes", async () => {
  using folder = new Folder();
  const registry = createRegistry({ disk: localDisk(folder.path, { durability: "none" }) });
  await registry(
    new Request(`http://localhost/v2/library/hello/blobs/uploads/?digest=${FOO}`, { method: "POST", body: "foo" }),
  );
  await using program = Program.start("--port", "0", "--root", folder.path, "--read-only");

  const address = await program.listening();

  assertEquals(await statusOf(`${address}/v2/library/hello/blobs/${FOO}`), 200);
  assertEquals(await pushFoo(address), 405);
  assertEquals(await statusOf(`${address}/v2/library/hello/blobs/${FOO}`, "DELETE"), 405);
});

Deno.test("--read-only does not start if there is nothing to serve", async () => {
  using folder = new Folder();
  await using program = Program.main("--port", "0", "--root", `${folder.path}/nowhere`, "--read-only");

  const [{ code }, err] = [await program.status(), await program.err.lines()];

  assertEquals([code, err.length], [1, 1]);
  assertMatch(err[0], /^glassbox: cannot use the root /);
});

Deno.test("--no-delete takes pushes, and refuses to delete", async () => {
  using folder = new Folder();
  await using program = Program.start("--port", "0", "--root", folder.path, "--no-delete");
  const address = await program.listening();

  assertEquals(await pushFoo(address), 201);
  assertEquals(await statusOf(`${address}/v2/library/hello/blobs/${FOO}`, "DELETE"), 405);
  assertEquals(await statusOf(`${address}/v2/library/hello/blobs/${FOO}`), 200);
});

Deno.test("the program warns of an address that others can reach", async () => {
  using folder = new Folder();
  const flags = permissionFlags(
    parseCommandLine(["--host", "0.0.0.0", "--port", "0", "--root", folder.path], "") as CommandLine,
  );
  assertEquals(flags[0], "--allow-net=0.0.0.0:0");
  await using program = Program.start("--host", "0.0.0.0", "--port", "0", "--root", folder.path);

  await program.out.until(/listens on http:\/\/0\.0\.0\.0:\d+ /);

  await program.err.until(/^glassbox: warning: everybody who reaches 0\.0\.0\.0 can push and delete; --htpasswd .*\n$/);
});

// Some machines, and most containers, have no IPv6.
function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

// No client can connect to "all addresses". On this machine, 127.0.0.1 or ::1 is always one of them.
Deno.test("if the program listens on all addresses, its examples go to this machine", async () => {
  using folder = new Folder();
  const machines: Record<string, [listens: string, reached: string]> = {
    "0.0.0.0": ["0.0.0.0", "127.0.0.1"],
    "127.0.0.1": ["127.0.0.1", "127.0.0.1"],
    ...(hasIpv6() ? { "::": ["[::]", "[::1]"] } : {}),
  };

  for (const [host, [listens, reached]] of Object.entries(machines)) {
    await using program = Program.main("--host", host, "--port", "0", "--root", folder.path);
    await program.out.until(/Ctrl-C\.\n/);

    const { out: { text } } = program;
    const port = /:(\d+) /.exec(text)?.[1];
    assertStringIncludes(text, `listens on http://${listens}:${port} `);
    assertStringIncludes(text, `"http://${reached}:${port}/v2/library/hello/blobs/uploads/?digest=${FOO}"`);
    assertStringIncludes(
      text,
      `docker tag IMAGE ${reached}:${port}/library/hello, docker push ${reached}:${port}/library/hello`,
    );
    assertEquals(text.includes("all addresses of this machine"), listens !== reached);
    assertEquals(await statusOf(`http://${reached}:${port}/v2/`), 200);
  }
});

// An operator needs this behind a proxy, and for clients that cannot resolve a relative Location (PUSH-MONO-04).
Deno.test("PUSH-MONO-04: --origin makes every Location absolute, and the rest stays as it is", async () => {
  using folder = new Folder();
  await using program = await Program.serve(folder.path, "--origin", "https://registry.example/");
  const path = "/v2/library/hello/blobs/uploads/";
  const origin = "https://registry.example";
  const index = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });

  const opened = await program.send("POST", path);
  const session = new URL(opened.headers.get("Location")!).pathname;
  const hinted = await program.send("POST", `${path}?digest-algorithm=sha512`);
  const patched = await program.send("PATCH", session, { body: "foo" });
  const status = await program.send("GET", session);
  const wrong = await program.send("PATCH", session, { body: "foo", headers: { "Content-Range": "7-9" } });
  const closed = await program.send("PUT", `${session}?digest=${FOO}`);
  const single = await program.send("POST", `${path}?digest=${digestOf("bar")}`, { body: "bar" });
  const mounted = await program.send("POST", `/v2/other/blobs/uploads/?mount=${FOO}&from=library/hello`);
  const unmounted = await program.send("POST", `/v2/other/blobs/uploads/?mount=${digestOf("nothing")}`);
  const tagged = await program.send("PUT", "/v2/library/hello/manifests/v1", {
    body: index,
    headers: { "Content-Type": TYPES.index },
  });
  const listed = await program.send("GET", "/v2/_catalog?n=1");

  const blob = (name: string, digest: string) => `${origin}/v2/${name}/blobs/${digest}`;
  const answers = [opened, hinted, patched, status, wrong, closed, single, mounted, unmounted, tagged];
  assertEquals(answers.map(({ status }) => status), [202, 202, 202, 204, 416, 201, 201, 201, 202, 201]);
  const [first, second, ...locations] = answers.map(({ headers }) => headers.get("Location")!);
  assertEquals(first, origin + session);
  for (const opened of [second, locations[6]]) {
    assertMatch(opened, /^https:\/\/registry\.example\/v2\/\S+\/blobs\/uploads\/[0-9a-f-]{36}$/);
  }
  assertEquals(locations.toSpliced(6, 1), [
    first,
    first,
    first,
    blob("library/hello", FOO),
    blob("library/hello", digestOf("bar")),
    blob("other", FOO),
    `${origin}/v2/library/hello/manifests/${digestOf(index)}`,
  ]);
  // The client itself resolves this link, because it belongs to the same list.
  assertEquals(listed.headers.get("Link"), '</v2/_catalog?n=1&last=library%2Fhello>; rel="next"');
  assertStringIncludes(program.out.text, `\nClients reach it as ${origin}\n`);
});

Deno.test("--origin takes a scheme and a host, with a port if it is another one, and nothing else", () => {
  const good = {
    "https://registry.example": "https://registry.example",
    "https://registry.example/": "https://registry.example",
    "https://registry.example:443": "https://registry.example",
    "http://127.0.0.1:5080": "http://127.0.0.1:5080",
    "https://[::1]:5443": "https://[::1]:5443",
  };
  const bad = [
    "registry.example",
    "registry.example:5000",
    "ftp://registry.example",
    "https://",
    "https://registry.example/path",
    "https://registry.example/?a=b",
    "https://registry.example/#a",
    "https://alice@registry.example",
    "https://registry .example",
    "//registry.example",
    "nothing",
  ];

  for (const [text, origin] of Object.entries(good)) {
    assertEquals((parseCommandLine(["--origin", text], "") as CommandLine).origin, origin);
  }
  for (const text of bad) {
    assertEquals(
      assertThrows(() => parseCommandLine(["--origin", text], ""), UsageError).message,
      `--origin wants a scheme and a host, such as https://registry.example, not "${text}"`,
    );
  }
  assertThrows(() => parseCommandLine(["verify", "--origin", "https://registry.example"], ""), UsageError, "--origin");
});

Deno.test("--host takes a name or an IP address, and nothing that Deno has no permission for", async () => {
  for (const host of ["localhost", "registry.lan", "a_b", "127.0.0.1", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1"]) {
    assertEquals((parseCommandLine(["--host", host], "") as CommandLine).host, host);
  }
  const bad = ["a/b", "*", "foo bar", ".", "a..b", "127.0.0.1:5080", "[::1]", ":::", "http://a", "a,b", "a".repeat(64)];
  const reason = (host: string) => `--host wants a name or an IP address, such as 127.0.0.1 or ::1, not "${host}"`;
  for (const host of bad) {
    assertEquals(assertThrows(() => parseCommandLine(["--host", host], ""), UsageError).message, reason(host));
  }

  await using program = Program.start("--host", "a/b");
  assertEquals(await program.outcome(), { code: 2, out: "", errors: `glassbox: ${reason("a/b")}\n` });
});

Deno.test("--allow-host takes hosts without ports, with commas between", () => {
  const good = {
    "registry.lan": ["registry.lan"],
    "registry.lan,10.0.0.5": ["registry.lan", "10.0.0.5"],
    "a, b_c.D": ["a", "b_c.D"],
    "[fd00::1]": ["[fd00::1]"],
  };
  for (const [text, hosts] of Object.entries(good)) {
    assertEquals((parseCommandLine(["--allow-host", text], "") as CommandLine).allowHost, hosts);
  }
  for (const text of ["registry.lan:5080", "http://registry.lan", "*", "*.lan", "a,,b", ",", "a b", "a/b", "fd00::1"]) {
    assertThrows(
      () => parseCommandLine(["--allow-host", text], ""),
      UsageError,
      `--allow-host wants hosts without ports, such as registry.lan,10.0.0.5, not "${text}"`,
    );
  }
});

Deno.test("acknowledged content is still there when the program is started again", async () => {
  using folder = new Folder();
  const args = ["--port", "0", "--root", folder.path];
  await using first = Program.main(...args);
  const opened = await fetch(`${await first.listening()}/v2/library/hello/blobs/uploads/`, { method: "POST" });
  const location = opened.headers.get("Location")!;
  const patched = await fetch(`${await first.listening()}${location}`, { method: "PATCH", body: "fo" });
  first.signal("SIGTERM");
  await first.status();
  await using second = Program.main(...args);

  const closed = await fetch(`${await second.listening()}${location}?digest=${FOO}`, { method: "PUT", body: "o" });

  assertEquals([opened.status, patched.status, closed.status], [202, 202, 201]);
  assertEquals(await statusOf(`${await second.listening()}/v2/library/hello/blobs/${FOO}`), 200);
});

Deno.test("if somebody removes the root while the program serves, the next push makes it anew", async () => {
  using folder = new Folder();
  await using program = await Program.serve(`${folder.path}/root`);
  await pushFoo(program.address);
  await Deno.remove(`${folder.path}/root`, { recursive: true });

  const pushed = await pushFoo(program.address);

  assertEquals([pushed, folder.read(`root/library/hello/${FOO}/blob`)], [201, "foo"]);
});

Deno.test("a command line that makes no sense is refused in one line that names what is wrong", () => {
  // deno-fmt-ignore
  const lines = [
    ["--prot", "1"], ["--port", "abc"], ["--port", "65536"], ["--port", "-1"], ["--port", "1.5"], ["--port"], ["--port", ""],
    ["--log", "xml"], ["--log", ""], ["--root", ""], ["--max-manifest-size", "8MB"], ["--max-blob-size", "-1"],
    ["--max-uploads", "many"], ["--upload-ttl", "5"], ["--upload-ttl", "1y"], ["--upload-ttl", "59s"], ["--upload-ttl", "0s"], ["--drain", ""], ["--durability", "maybe"],
    ["--anonymous", "push"], ["--read-only=yes"], ["--tls-cert", "cert.pem"], ["--tls-key", "key.pem"], ["sevre"],
    ["serve", "--grace", "1h"], ["serve", "more"], ["verify", "--port", "1"], ["gc", "--log", "json"], ["tree", "--untagged"],
    ["gc", "--grace", "soon"], ["--", "x"], ["-p"],
  ];

  for (const args of lines) {
    const { message } = assertThrows(() => parseCommandLine(args, "1.0.0"), UsageError);

    const wrong = args.find((arg) => arg.startsWith("-") && arg !== "--") ?? args.at(-1)!;
    assertStringIncludes(message, wrong.split("=")[0], args.join(" "));
  }
});

Deno.test("what is wrong with a flag is said in plain words, and a flag that takes one value is refused if it is there twice", () => {
  const refused: [string[], string][] = [
    [["--prot", "1"], "there is no flag --prot; --help lists the flags"],
    [["-p", "1"], "there is no flag -p; --help lists the flags"],
    [["--no-read-only"], "there is no flag --no-read-only; --help lists the flags"],
    [["--port"], "--port wants a value"],
    [["--port="], "--port wants a value"],
    [["--port", "--page"], '--port wants a value, and "--page" begins with "-"; if you mean it, write --port=--page'],
    [["--read-only=true"], '--read-only takes no value, not "true"'],
    [["--port", "5081", "--port=5082"], '--port is there twice, with "5081" and "5082"; it takes one value'],
    [["gc", "--root", "a", "--root", "a"], '--root is there twice, with "a" and "a"; it takes one value'],
    [["--log", "line", "--log", "json"], '--log is there twice, with "line" and "json"; it takes one value'],
    [["tree", "testdata"], '"testdata" is one too many; deno task tree takes flags only, and --help lists them'],
    [["serve", "--", "--page"], '"--page" is one too many; deno task start takes flags only, and --help lists them'],
  ];
  for (const [args, message] of refused) {
    assertEquals(assertThrows(() => parseCommandLine(args, ""), UsageError).message, message);
  }
  const line = parseCommandLine(["--warning", "a", "--page", "--warning=-b", "--page"], "") as CommandLine;
  assertEquals([line.warning, line.page], [["a", "-b"], true]);
});

Deno.test("main.ts gives the program one address and one folder, and no more than its flags call for", () => {
  // Threads, the commands, and what only some flags need are loaded from the source. Threads need a port that is known beforehand.
  const source = new URL("../src/", import.meta.url).pathname;
  // The page shows the sources and the names of the tests.
  const shown = `${source},${new URL("../tests/", import.meta.url).pathname}`;
  // deno-fmt-ignore
  const table = [
    ["--host 127.0.0.1",                 `--allow-net=127.0.0.1:5080 --allow-read=testdata,${shown} --allow-write=testdata`],
    ["--host 0.0.0.0 --page",            `--allow-net=0.0.0.0:5080 --allow-read=testdata,${shown} --allow-write=testdata`],
    ["",                                 "--allow-net=127.0.0.1:5080 --allow-read=testdata --allow-write=testdata"],
    ["--threads 2",                      `--allow-net=127.0.0.1:5080 --allow-read=testdata,${source} --allow-write=testdata`],
    ["--threads 2 --port 0",             "--allow-net=127.0.0.1:0 --allow-read=testdata --allow-write=testdata"],
    ["--port 0 --root images",           "--allow-net=127.0.0.1:0 --allow-read=images --allow-write=images"],
    ["--host ::1 --port 5081",           "--allow-net=[::1]:5081 --allow-read=testdata --allow-write=testdata"],
    ["--host 0.0.0.0",                   "--allow-net=0.0.0.0:5080 --allow-read=testdata --allow-write=testdata"],
    ["--read-only",                      "--allow-net=127.0.0.1:5080 --allow-read=testdata"],
    ["--no-delete --log json",           "--allow-net=127.0.0.1:5080 --allow-read=testdata --allow-write=testdata"],
    ["--tls-cert c.pem --tls-key k.pem", "--allow-net=127.0.0.1:5080 --allow-read=testdata,c.pem,k.pem --allow-write=testdata"],
    ["--htpasswd users",                 `--allow-net=127.0.0.1:5080 --allow-read=testdata,users,${source} --allow-write=testdata`],
    ["--access rules",                   `--allow-net=127.0.0.1:5080 --allow-read=testdata,rules,${source} --allow-write=testdata`],
    ["--prefix team/",                   `--allow-net=127.0.0.1:5080 --allow-read=testdata,${source} --allow-write=testdata`],
    ["--htpasswd u --token --token-key k", `--allow-net=127.0.0.1:5080 --allow-read=testdata,u,k,${source} --allow-write=testdata`],
    ["verify --root images",             `--allow-read=images,${source}`],
    ["verify --quarantine",              `--allow-read=testdata,${source} --allow-write=testdata`],
    ["gc",                               `--allow-read=testdata,${source} --allow-write=testdata`],
    ["tree --json",                      `--allow-read=testdata,${source}`],
  ];

  for (const [line, flags] of table) {
    const args = line.split(" ").filter((arg) => arg !== "");
    // The default number of threads depends on the machine.
    const threads = args[0]?.startsWith("--") === false || args.includes("--threads") ? [] : ["--threads", "1"];
    const isServing = args[0]?.startsWith("--") !== false;
    const page = isServing && !flags.includes(shown) ? ["--no-page"] : [];
    const parsed = parseCommandLine([...args, ...threads, ...page], "") as CommandLine;

    assertEquals(permissionFlags(parsed).join(" "), flags, line);
  }
});

Deno.test("a path with a comma is refused, because Deno cannot give a permission for it", () => {
  for (const args of [["--root", "a,b"], ["--htpasswd", "a,b"], ["--tls-cert", "c,", "--tls-key", "k"]]) {
    const parsed = parseCommandLine(args, "") as CommandLine;

    assertThrows(() => permissionFlags(parsed), UsageError, "comma");
  }
});

// A registry on the wire, in this process.
function serve(folder: Folder, { watch, ...options }: RegistryOptions & LocalDiskOptions = {}): Listening {
  return listen(createRegistry({ disk: localDisk(folder.path, { durability: "none", watch }), ...options }));
}

// Sends bytes as they are. Returns the first bytes that come back.
async function exchange(port: number, request: Uint8Array<ArrayBuffer>): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const written = await connection.write(request);
  assertEquals(written, request.length);
  const answer = new Uint8Array(1024);
  const read = await connection.read(answer);
  return new TextDecoder().decode(answer.subarray(0, read ?? 0));
}

Deno.test("PULL-HEAD-03: on the wire, GET and HEAD have a Content-Length, compressed or not", async () => {
  using folder = new Folder();
  await using server = serve(folder);
  const large = "x".repeat(100_000);
  const index = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [], annotations: { large } });
  await fetch(`${server.address}/v2/library/hello/blobs/uploads/?digest=${digestOf(large)}`, {
    method: "POST",
    body: large,
  });
  await pushFoo(server.address);
  await fetch(`${server.address}/v2/library/hello/manifests/latest`, {
    method: "PUT",
    body: index,
    headers: { "Content-Type": TYPES.index },
  });

  const lengths = {
    [`blobs/${FOO}`]: 3,
    [`blobs/${digestOf(large)}`]: large.length,
    "manifests/latest": index.length,
    "tags/list": '{"name":"library/hello","tags":["latest"]}'.length,
  };
  for (const [path, length] of Object.entries(lengths)) {
    for (const method of ["GET", "HEAD"]) {
      for (const encoding of ["identity", "gzip, br"]) {
        const answer = await fetch(`${server.address}/v2/library/hello/${path}`, {
          method,
          headers: { "Accept-Encoding": encoding },
        });

        const body = await answer.text();
        assertEquals([answer.status, answer.headers.get("Content-Length")], [200, String(length)], `${method} ${path}`);
        assertEquals([answer.headers.get("Content-Encoding"), body.length], [null, method === "HEAD" ? 0 : length]);
      }
    }
  }
});

Deno.test("PULL-BLOB-09: on the wire, a range has the Content-Length of the range", async () => {
  using folder = new Folder();
  await using server = serve(folder);
  await pushFoo(server.address);

  const answer = await fetch(`${server.address}/v2/library/hello/blobs/${FOO}`, { headers: { Range: "bytes=1-" } });

  assertEquals([answer.status, await answer.text()], [206, "oo"]);
  assertEquals([answer.headers.get("Content-Length"), answer.headers.get("Content-Range")], ["2", "bytes 1-2/3"]);
});

// Clients try HTTPS first, and switch to HTTP when they see that the server speaks it.
Deno.test("a client that begins with TLS on a plain port is answered in HTTP", async () => {
  using folder = new Folder();
  await using server = serve(folder);
  // RFC 8446 section 4.1.2: the beginning of a ClientHello, in a record of a handshake.
  const hello = new Uint8Array(517 + 5);
  hello.set([0x16, 0x03, 0x01, 0x02, 0x05, 0x01, 0x00, 0x02, 0x01, 0x03, 0x03]);

  const answer = await exchange(server.port, hello);

  assertMatch(answer, /^HTTP\/1\.1 400/);
});

Deno.test("USE-I02: on the wire, the received bytes of a PATCH are kept if its connection breaks off", async () => {
  using folder = new Folder();
  const [appended, told] = [Promise.withResolvers<void>(), Promise.withResolvers<number>()];
  await using server = serve(folder, {
    watch: ({ when, kind }) => when === "after" && kind === "append" && appended.resolve(),
    onStory: ({ method, status }) => method === "PATCH" && told.resolve(status),
  });
  const opened = await fetch(`${server.address}/v2/library/hello/blobs/uploads/`, { method: "POST" });
  const location = opened.headers.get("Location")!;

  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const head = `PATCH ${location} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nContent-Range: 0-9\r\n\r\n`;
  await connection.write(bytes(`${head}hello`));
  await appended.promise;
  connection.close();
  const broken = await told.promise;
  const status = await fetch(`${server.address}${location}`);
  const rest = await fetch(`${server.address}${location}`, {
    method: "PATCH",
    body: "world",
    headers: { "Content-Range": "5-9" },
  });
  const closed = await fetch(`${server.address}${location}?digest=${digestOf("helloworld")}`, { method: "PUT" });

  assertEquals([broken, status.status, status.headers.get("Range")], [400, 204, "0-4"]);
  assertEquals([rest.status, rest.headers.get("Range"), closed.status], [202, "0-9", 201]);
});

// A request without a body has a Content-Length of 0, or none.
Deno.test("PUSH-CHUNK-17 PUSH-CHUNK-19: on the wire, a request without a body may have the empty range that starts at the right byte", async () => {
  using folder = new Folder();
  await using server = serve(folder);

  for (const length of ["Content-Length: 0\r\n", ""]) {
    const opened = await fetch(`${server.address}/v2/library/hello/blobs/uploads/`, { method: "POST" });
    const location = opened.headers.get("Location")!;
    await fetch(`${server.address}${location}`, { method: "PATCH", body: "foo" });
    const sendEmpty = (line: string, range: string) =>
      exchange(
        server.port,
        bytes(`${line} HTTP/1.1\r\nHost: localhost\r\nContent-Range: ${range}\r\n${length}Connection: close\r\n\r\n`),
      );

    const elsewhere = await sendEmpty(`PATCH ${location}`, "2-1");
    const patched = await sendEmpty(`PATCH ${location}`, "3-2");
    const closed = await sendEmpty(`PUT ${location}?digest=${FOO}`, "3-2");

    assertMatch(elsewhere, /^HTTP\/1\.1 416 [^]*that starts at 3, or no Content-Range for an empty body/);
    assertMatch(patched, /^HTTP\/1\.1 202 [^]*\r\nrange: 0-2\r\n/i);
    assertMatch(closed, /^HTTP\/1\.1 201 /);
  }
});

Deno.test("PULL-MANIFEST-03: on the wire, a path is judged as it was sent", async () => {
  using folder = new Folder();
  await using server = serve(folder);
  await pushFoo(server.address);

  for (
    const path of ["/v2/x/../library/hello", "/v2/library/./hello", "/v2//library/hello", "/v2/library/%2e%2e/hello"]
  ) {
    const request = `GET ${path}/blobs/${FOO} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(server.port, bytes(request));

    assertMatch(answer, /^HTTP\/1\.1 404 /, path);
  }
});
