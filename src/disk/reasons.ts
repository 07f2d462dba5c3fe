/**
 * Reasons: why a file or a folder cannot be used, in plain words.
 *
 *     Permission denied (os error 13): readdir 'testdata/library'      permission denied
 *     No such file or directory (os error 2): open 'users'             it is not there
 *     No space left on device (os error 28)                            the disk is full
 *
 * Deno passes on what the system says, with a number that only programmers know. The words here follow the path, which the caller
 * writes in front of them.
 *
 * Next: named_errors.ts
 *
 * @module
 */

import { oneLine } from "../definitions/printable.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "it is not there",
  EISDIR: "it is a folder and no file",
  ENOTDIR: "it is a file and no folder, or one above it is",
  ENAMETOOLONG: "its name is too long",
  EACCES: "permission denied",
  EPERM: "the system does not allow it",
  EIO: "the disk has a fault",
  ENOSPC: "the disk is full",
  EDQUOT: "this user may store no more on the disk",
  EROFS: "the disk can only be read",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
};

// Deno has no code for some errors, such as a stale file handle of NFS. Then only the message has the words of the system.
const WORDS_OF_THE_SYSTEM = /^(.{1,80}?) \(os error \d+\)/;

/**
 * Returns why a file or a folder cannot be used, in words that follow its path; of other errors, the first line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const error = Object.assign(new Error("Permission denied (os error 13): open '/users'"), { code: "EACCES" });
 * assertEquals(reasonOf(error), "permission denied");
 * assertEquals(reasonOf(new Error("Stale file handle (os error 116)")), "stale file handle");
 * assertEquals(reasonOf(new Error("line 3 has no colon\n  at …")), "line 3 has no colon");
 * ```
 */
export function reasonOf(error: unknown): string {
  // The message of Deno itself would advise to allow everything.
  if (error instanceof Error && error.name === "NotCapable") return "Deno does not allow it";
  const line = oneLine(error);
  const words = WORDS_OF_THE_SYSTEM.exec(line)?.[1];
  return REASONS[codeOf(error) ?? ""] ?? words?.toLowerCase() ?? line;
}

/** Returns true if an error is one of the system, such as "permission denied". */
export function isOfSystem(error: unknown): boolean {
  return codeOf(error) !== undefined || WORDS_OF_THE_SYSTEM.test(oneLine(error));
}

// Deno and Node have codes of their own as well, such as `ERR_STREAM_DESTROYED`.
function codeOf(error: unknown): string | undefined {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
