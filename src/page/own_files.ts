/**
 * The files of this registry itself: its sources, its rules, and the modules that the browser loads.
 *
 *     readOwnFile("push/cancel_a_blob_upload.ts")     the text of src/push/cancel_a_blob_upload.ts
 *     ownSources()                                    every source, in the order of the tour through them
 *
 * Nothing lists the files of a folder here. Each source names the next one at the end of its opening comment, so the tour is the list.
 *
 * Next: browser_modules.ts
 *
 * @module
 */

/** A source of this registry. */
export interface OwnSource {
  /** Its path in the project, such as `src/push/cancel_a_blob_upload.ts`. */
  readonly file: string;
  /** The first sentence about it. */
  readonly title: string;
  /** Its text. */
  readonly text: string;
}

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

let sources: Promise<readonly OwnSource[]> | undefined;

/** Reads all sources below `src/`, in the order of the tour. They are read once: the registry runs with the sources of its start. */
export function ownSources(): Promise<readonly OwnSource[]> {
  return sources ??= readTour();
}

async function readTour(): Promise<readonly OwnSource[]> {
  const found = new Map<string, OwnSource>();
  for (let path: string | undefined = "api/endpoints.ts"; path !== undefined && !found.has(path);) {
    const text: string | undefined = await readOwnFile(path);
    if (text === undefined) break;
    found.set(path, { file: `src/${path}`, title: titleOf(text), text });
    const [, next] = /\n \* Next: (\S+\.ts)\n/.exec(text) ?? [];
    path = next && new URL(next, `file:///src/${path}`).pathname.replace(/^\/src\//, "");
  }
  return [...found.values()];
}

// The first sentence of the opening comment, without the link to the spec.
function titleOf(text: string): string {
  const [, opening = ""] = /^\/\*\*\n(.*?)\n \*(?:\n|\/)/s.exec(text) ?? [];
  const lines = opening.split("\n").map((line) => line.replace(/^ \* ?/, "")).filter((line) => !/^https?:/.test(line));
  return lines.join(" ").replace(/(?<=\.)\s.*$/s, "").replace(/:$/, ".");
}
