/**
 * Makes passwords for a class, all at once: for `--htpasswd`, and for paper slips.
 *
 *     $ deno task passwords teacher ana ben
 *     teacher   mh4d-q7xk-2w
 *     ana       t9rc-5bfe-hn
 *     ben       xk3p-w8ga-c6
 *
 *     $ cat passwords
 *     teacher:$2b$08$8qk1kYb0D8r3y9zQ6V1cUe…
 *
 * Nobody can read a password in the file, so this output is the only place that has them. Names that are in the file already keep their
 * passwords. The program `htpasswd` does the same for one user, but not every system has it.
 *
 * Exit status: 0 if all were made, 1 if the package for passwords is missing, 2 if the command line is wrong.
 *
 * @module
 */

import { parseName } from "../../src/definitions/name.ts";
import { loadPackage, PACKAGES } from "../../src/packages.ts";
import { readFlags, UsageError } from "../../src/serving/flags.ts";
import { parseHashes } from "../../src/serving/htpasswd.ts";
import { PROJECT } from "./project.ts";
import { runProgram } from "./run_program.ts";

const HELP = `Makes a password for each name, adds the users to the file for --htpasswd, and prints the passwords.

Usage: deno task passwords [--to FILE] NAME…

  --to FILE   the file for --htpasswd; users that are in it stay as they are (passwords)
  -h, --help  print this and exit

  deno task passwords teacher ana ben
  deno task passwords teacher $(seq -f 'learner%02g' 20)

A name is the beginning of the user's repositories: lower-case letters and digits, and "-", "_" or "." between them.
Exit status: 0 if all were made, 1 if the package for passwords is missing, 2 if the command line is wrong.`;

// Letters and digits that nobody confuses on paper.
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

// Each step doubles the work of a computation of bcrypt. This one takes about 20 ms.
const COST = 8;

if (import.meta.main) await runProgram(HELP, main);

async function main(args: readonly string[]): Promise<number> {
  try {
    const { file, names } = choose(args);
    const text = textOf(file);
    const known = parseHashes(text);
    const again = names.find((name) => known.has(name));
    if (again !== undefined) throw new UsageError(`${again} has a password in ${file} already`);
    const { hash } = await loadPackage<{ hash(password: string, cost: number): Promise<string> }>(
      PACKAGES.bcrypt,
      "bcrypt",
    );
    const passwords = names.map((name) => ({ name, password: newPassword() }));
    const lines = await Promise.all(
      passwords.map(async ({ name, password }) => `${name}:${await hash(password, COST)}\n`),
    );
    const end = text === "" || text.endsWith("\n") ? "" : "\n";
    // The file is written as a whole, because a registry may read it at this moment.
    Deno.writeTextFileSync(`${file}.new`, text + end + lines.join(""), { mode: 0o600 });
    Deno.renameSync(`${file}.new`, file);
    const width = Math.max(...names.map(({ length }) => length));
    for (const { name, password } of passwords) console.log(`${name.padEnd(width)}   ${password}`);
    return 0;
  } catch (error) {
    console.error(`passwords: ${(error as Error).message}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function choose(args: readonly string[]): { file: string; names: readonly string[] } {
  const { flags, operands: names } = readFlags(args, new Map([["to", "text"]]));
  if (names.length === 0) throw new UsageError("no name was given; --help shows how");
  const wrong = names.find((name) => parseName(name) === undefined || name.includes("/"));
  if (wrong !== undefined) {
    throw new UsageError(`"${wrong}" cannot be the beginning of a repository's name; take lower-case letters`);
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`"${twice}" is there twice`);
  return { file: flags.get("to") as string | undefined ?? `${PROJECT}passwords`, names };
}

function textOf(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function newPassword(): string {
  // What is above the last multiple of the number of letters would make some letters likelier than others.
  const most = 256 - 256 % LETTERS.length;
  const letters = [...crypto.getRandomValues(new Uint8Array(64))].filter((byte) => byte < most);
  const word = letters.slice(0, 10).map((byte) => LETTERS[byte % LETTERS.length]).join("");
  return word.replace(/(.{4})(.{4})(.{2})/, "$1-$2-$3");
}
