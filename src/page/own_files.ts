/**
 * The files of this registry itself: its sources, its rules, and the modules that the browser loads.
 *
 *     readOwnFile("push/cancel_a_blob_upload.ts")     the text of src/push/cancel_a_blob_upload.ts
 *
 * Next: browser_modules.ts
 *
 * @module
 */

/** Reads a file below `src/`. Returns `undefined` if it is not there, or if its path is none. */
export async function readOwnFile(path: string): Promise<string | undefined> {
  // No part may be "..", and none begins with a ".".
  if (!/^\w[\w-]*(?:\.\w+)?(?:\/\w[\w-]*(?:\.\w+)*)*$/.test(path)) return undefined;
  try {
    const response = await fetch(new URL(`../${path}`, import.meta.url));
    return response.ok ? await response.text() : undefined;
  } catch (error) {
    // `fetch` tells in this way that a file is not there.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
