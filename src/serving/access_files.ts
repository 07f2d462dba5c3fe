/**
 * Access, as the flags say it: --htpasswd, --anonymous, --access and --token.
 *
 *     first thread      reads both files and the key, and says what is wrong with them
 *     each thread       gets their texts and the key, and looks by itself whether a file has changed
 *
 * The passwords are computed in one thread for all; see guesses.ts.
 *
 * Next: guesses.ts
 *
 * @module
 */

import { parseAccessRules } from "../access/reading_rules.ts";
import { type AccessRules, rulesForUsers } from "../access/rules.ts";
import { access, type AccessWrapper } from "../composing/access.ts";
import { reasonOf } from "../disk/reasons.ts";
import type { CommandLine } from "./command_line.ts";
import { type Check, limitGuesses, rememberRight } from "./guesses.ts";
import { type Bcrypt, parseHashes, passwordCheck } from "./htpasswd.ts";
import { errors } from "./output.ts";
import { LOOK_AGAIN, ReloadedFile } from "./reloaded_file.ts";
import { tokenKeyOf } from "./token_key.ts";

/** What the first thread has read. It can be sent to other threads. */
export interface AccessMaterial {
  /** The text of the file of --htpasswd. */
  readonly passwords?: string;
  /** The text of the file of --access. */
  readonly rules?: string;
  /** The key for tokens. */
  readonly tokenKey?: Uint8Array<ArrayBuffer>;
}

/**
 * Reads what the flags name.
 *
 * @throws {Error} with one line for a person if a file cannot be used.
 */
export async function readAccess(line: CommandLine): Promise<AccessMaterial> {
  const { htpasswd, access, token } = line;
  return {
    passwords: await read("passwords", htpasswd, parseHashes),
    rules: await read("rules", access, parseAccessRules),
    tokenKey: token ? await tokenKeyOf(line) : undefined,
  };
}

async function read(
  what: string,
  path: string | undefined,
  parse: (text: string) => unknown,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const text = await Deno.readTextFile(path);
    parse(text);
    return text;
  } catch (error) {
    throw new Error(`cannot use the ${what} in ${path}: ${reasonOf(error)}`);
  }
}

/** The hashes of the passwords, by the names of the users. */
export type Passwords = ReloadedFile<ReadonlyMap<string, string>>;

/** Returns the file of passwords, which is read again when it changes. `tell` gets a line then. */
export function passwordsOf(
  { htpasswd }: CommandLine,
  { passwords }: AccessMaterial,
  tell: (message: string) => void = () => {},
): Passwords | undefined {
  return passwords === undefined ? undefined : new ReloadedFile(htpasswd!, passwords, parseHashes, tell);
}

/** Returns the check that decides about passwords for all threads. Another thread may have seen a change before; so it looks each time. */
export function checkWith(passwords: Passwords, bcrypt: Bcrypt): Check {
  const passwordMark = (user: string) => passwords.look().get(user);
  const isPassword = (user: string, password: string) => passwordCheck(passwords.look(), bcrypt)(user, password);
  return rememberRight(limitGuesses(isPassword, Date.now, passwordMark), Date.now, passwordMark);
}

/**
 * Returns the access of a thread. `check` decides about passwords, for all threads. What it has found to be right, this thread
 * remembers until the password changes.
 */
export function accessOf(
  line: CommandLine,
  material: AccessMaterial,
  passwords: Passwords | undefined,
  check: Check | undefined,
): AccessWrapper {
  const rules = rulesOf(line, material);
  const { tokenKey: key } = material;
  const passwordMark = (user: string, isFresh = false) => (isFresh ? passwords?.look() : passwords?.value)?.get(user);
  return access(() => rules.value, {
    users: check && { isPassword: rememberRight(check, Date.now, passwordMark), passwordMark },
    tokens: key && { key, lifetime: line.tokenTtl, origin: line.origin },
  });
}

function rulesOf(
  { access, anonymous }: CommandLine,
  { rules }: AccessMaterial,
  tell: (message: string) => void = () => {},
): { readonly value: AccessRules } {
  return rules === undefined
    ? { value: rulesForUsers(anonymous) }
    : new ReloadedFile(access!, rules, parseAccessRules, tell);
}

/** Looks at both files again and again, and says if one has changed. The threads look by themselves, and say nothing. */
export function tellChanges(line: CommandLine, material: AccessMaterial): void {
  const tell = (message: string) => errors.print(`glassbox: ${message}`);
  const files = [passwordsOf(line, material, tell), rulesOf(line, material, tell)];
  Deno.unrefTimer(setInterval(() => files.forEach((file) => file?.value), LOOK_AGAIN));
}
