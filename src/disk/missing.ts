/**
 * Missing files: the disk opens a file without asking first whether it exists. If it does not, the error says so.
 *
 *     unlessMissing(() => Deno.readFileSync(path))      the bytes, or undefined
 *
 * It is an easy mistake to ask first and to open then: somebody can remove the file in between.
 *
 * Next: identity.ts
 *
 * @module
 */

/**
 * Runs an action and returns its result. Returns `undefined` if the action's file or folder is not there. If a path goes
 * through a file as if it were a folder, nothing is there either.
 */
export function unlessMissing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Returns true if an error says that a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/**
 * Returns true if an error says that a folder is not empty. Deno has no class for that error, and systems use two codes for
 * it.
 */
export function isNotEmpty(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ENOTEMPTY" || code === "EEXIST";
}
