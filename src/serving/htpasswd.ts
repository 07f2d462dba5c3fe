/**
 * The file of the `htpasswd` program: users and their passwords.
 * https://httpd.apache.org/docs/2.4/misc/password_encryptions.html
 *
 *     $ htpasswd -B -c passwords alice
 *     alice:$2y$05$8qk1kYb0D8r3y9zQ6V1cUe…
 *
 * The file has no passwords, but their hashes by bcrypt. That computation is slow on purpose, so that a thief of the file
 * cannot try many passwords. It is slow for the registry, too: it does that in a thread of its own, and not for each request;
 * see guesses.ts.
 *
 * Next: reloaded_file.ts
 *
 * @module
 */

import { loadPackage, PACKAGES } from "../packages.ts";

/** The function of the package `bcryptjs` that the registry uses. */
export interface Bcrypt {
  /** Returns true if the hash was made of this password. */
  compare(password: string, hash: string): Promise<boolean>;
}

/** Loads the package that computes bcrypt. */
export function loadBcrypt(): Promise<Bcrypt> {
  return loadPackage(PACKAGES.bcrypt, "bcrypt");
}

/** Thrown for a line that is wrong. The message has the number of the line, and does not repeat its text. */
export class HtpasswdError extends Error {}

/** Returns a function that returns true if a password is the one of a user. `hashes` are the hashes by the names of the users. */
export function passwordCheck(
  hashes: ReadonlyMap<string, string>,
  bcrypt: Bcrypt,
): (user: string, password: string) => Promise<boolean> {
  // The time of a check must not show whether a user is known. So each check makes one comparison for every cost in the
  // file: with the user's own hash if that has this cost, and otherwise with a hash of no password.
  const costs = new Set([...hashes.values()].map(costOf));
  if (costs.size === 0) costs.add(costOf(NOBODY));

  return async (user, password) => {
    const hash = hashes.get(user);
    let isRight = false;
    for (const cost of costs) {
      const isOwn = hash !== undefined && costOf(hash) === cost;
      const equals = await bcrypt.compare(password, isOwn ? hash : NOBODY.replace(/\d\d/, cost));
      if (isOwn) isRight = equals;
    }
    return isRight;
  };
}

// A hash in the form of bcrypt, which belongs to no password.
const NOBODY = `$2b$05$${"A".repeat(22 + 31)}`;

// Returns the cost of a hash, the two digits for the amount of work: "05" in "$2y$05$…".
function costOf(hash: string): string {
  return hash.slice(4, 6);
}

/**
 * Reads the file. Returns the hashes by the names of the users.
 *
 * @throws {HtpasswdError} if a line is not `<user>:<hash>`, or if its hash is not by bcrypt.
 */
export function parseHashes(text: string): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const match = /^([^:]+):(\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53})$/.exec(line);
    if (match === null) {
      throw new HtpasswdError(`line ${index + 1} is not a user with a bcrypt hash, as of htpasswd -B`);
    }
    hashes.set(match[1], match[2]);
  }
  return hashes;
}
