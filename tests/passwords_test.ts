/** `deno task passwords`, which makes passwords for a class. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadPackage, PACKAGES } from "../src/packages.ts";
import { Folder } from "./folder.ts";
import { type Outcome, Program, runDeno } from "./processes/program.ts";

const SCRIPT = new URL("programs/passwords.ts", import.meta.url).pathname;
const RULES = new URL("../src/workshop/access.json", import.meta.url).pathname;

// The package comes from a package registry, the first time. Where none can be reached, these tests are ignored.
const ignore = await loadPackage(PACKAGES.bcrypt, "bcrypt").then(() => false, () => true);

// Made by `htpasswd -nbB`.
const ANA = "ana:$2y$04$RZOAlZTPWT3zb5NQrv2LAOhmx9BgNyeKhhZxZtErpB.G/OVfLyvga\n";

function passwords(file: string, ...names: string[]): Promise<Outcome> {
  return runDeno("run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", SCRIPT, "--to", file, ...names);
}

function withPassword(user: string, password: string): { headers: Record<string, string> } {
  return { headers: { Authorization: `Basic ${btoa(`${user}:${password}`)}` } };
}

Deno.test("each name gets a password that opens its own corner, and with the rules for a class no other one", {
  ignore,
}, async () => {
  using folder = new Folder();
  const file = `${folder.path}/passwords`;

  const { code, out, errors } = await passwords(file, "teacher", "ana", "ben");

  assertEquals([code, errors], [0, ""]);
  const slips = new Map(out.trimEnd().split("\n").map((line) => line.split(/ +/) as [string, string]));
  assertEquals([...slips.keys()], ["teacher", "ana", "ben"]);
  for (const password of slips.values()) assertMatch(password, /^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{2}$/);
  assertEquals(new Set(slips.values()).size, 3);
  assertEquals(Deno.statSync(file).mode! & 0o777, 0o600);

  await using program = await Program.serve(`${folder.path}/root`, "--htpasswd", file, "--access", RULES, "--workshop");
  const push = (user: string, repository: string) =>
    program.send("POST", `/v2/${repository}/blobs/uploads/`, withPassword(user, slips.get(user)!));
  const statuses = await Promise.all([
    push("ana", "ana/hello"),
    push("ana", "ben/hello"),
    push("ana", "course/hello"),
    push("teacher", "course/hello"),
    push("teacher", "ana/hello"),
  ]);
  assertEquals(statuses.map(({ status }) => status), [202, 403, 403, 202, 202]);
});

Deno.test("a second call adds names, and leaves the first ones as they are", { ignore }, async () => {
  using folder = new Folder();
  const file = `${folder.path}/passwords`;
  // An editor may have left out the end of the last line.
  Deno.writeTextFileSync(file, ANA.trimEnd());

  await passwords(file, "ben");

  const after = folder.read("passwords");
  assert(after.startsWith(ANA), after);
  assertEquals(after.split("\n").map((line) => line.split(":")[0]), ["ana", "ben", ""]);
});

Deno.test("passwords refuses names that cannot be a corner, are there already, or are missing: one line, status 2, nothing changed", async () => {
  using folder = new Folder();
  const file = `${folder.path}/passwords`;
  Deno.writeTextFileSync(file, ANA);
  const wrong: [string[], string][] = [
    [["Ben"], '"Ben" cannot be the beginning of a repository\'s name; take lower-case letters'],
    [["ben/x"], '"ben/x" cannot be the beginning of a repository\'s name; take lower-case letters'],
    [["ben", "ana"], `ana has a password in ${file} already`],
    [["ben", "ben"], '"ben" is there twice'],
    [[], "no name was given; --help shows how"],
    [["--form"], "there is no flag --form; --help lists the flags"],
  ];
  for (const [names, message] of wrong) {
    assertEquals(await passwords(file, ...names), { code: 2, out: "", errors: `passwords: ${message}\n` });
  }
  assertEquals([folder.read("passwords"), folder.tree()], [ANA, ["passwords"]]);
});
