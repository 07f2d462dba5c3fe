/**
 * Waits for changes of files, for the programs that run tests again after each change.
 *
 *     for await (const path of changesIn([{ folder: "src", recursive: true }], /\.ts$/)) …
 *
 * @module
 */

// Editors write a file in several steps, and formatters write it again.
const QUIET_MS = 50;

/** A folder to watch. */
export interface Watched {
  readonly folder: string;
  /** True if the folders below it are watched, too. */
  readonly recursive: boolean;
}

/** Yields the path of a file whose path matches, each time that some have changed and no more follow. It never ends. */
export async function* changesIn(watched: readonly Watched[], pattern: RegExp): AsyncGenerator<string, never> {
  let paths: string[] = [];
  let changed = Promise.withResolvers<void>();
  const observe = async ({ folder, recursive }: Watched): Promise<void> => {
    for await (const { kind, paths: places } of Deno.watchFs(folder, { recursive })) {
      if (kind === "access") continue;
      paths.push(...places.filter((place) => pattern.test(place)));
      if (paths.length > 0) changed.resolve();
    }
  };
  for (const folder of watched) observe(folder);
  while (true) {
    await changed.promise;
    for (let seen = 0; seen < paths.length;) {
      seen = paths.length;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
    const [path] = paths;
    [paths, changed] = [[], Promise.withResolvers()];
    yield path;
  }
}
