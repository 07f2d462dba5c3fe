/**
 * Missing files: the disk opens a file without asking first whether it exists. If it does not, the error says so.
 *
 *     unlessMissing(() => Deno.readFileSync(path))      the bytes, or undefined
 *
 * It is an easy mistake to ask first and to open then: somebody can remove the file in between.
 *
 * On a file system that several machines share, one answer is not always enough. Another machine may replace a file or folder
 * while the system looks for it. Then the system says "stale file handle" (ESTALE), or that nothing is there. Both are over
 * when the disk asks once more.
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
  for (let tries = 0;; tries++) {
    try {
      return action();
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (!isStale(error) || tries > 0) throw error;
    }
  }
}

/** Does the same with an action that another thread may do. */
export async function unlessMissingLater<T>(action: () => T): Promise<Awaited<T> | undefined> {
  for (let tries = 0;; tries++) {
    try {
      return await action();
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (!isStale(error) || tries > 0) throw error;
    }
  }
}

/**
 * Asks for something in a file that others replace, such as a tag. On JuiceFS the file may seem to be missing at that moment, so
 * if there is no answer, this asks once more. Nobody replaces blobs; one question is enough for them. A second question about what
 * was never there costs as much as the first, so a caller that is often asked for nothing says whether it is of use.
 */
export function askTwice<T>(question: () => T | undefined, isOfUse: () => boolean = () => true): T | undefined {
  const answer = question();
  return answer === undefined && isOfUse() ? question() : answer;
}

/** Returns true if an error says that a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/**
 * Returns true if an error says that another machine has replaced a file or folder in this moment. Deno has no class and no
 * code for that error.
 */
export function isStale(error: unknown): boolean {
  return error instanceof Error && STALE.test(error.message);
}

const STALE = /^Stale (?:NFS )?file handle\b/;

/**
 * Returns true if an error says that a folder is not empty. Deno has no class for that error, and systems use two codes for
 * it.
 */
export function isNotEmpty(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ENOTEMPTY" || code === "EEXIST";
}
