/**
 * Repositories in the store.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#definitions
 *
 *     testdata/library/            no repository: it holds no content itself
 *     testdata/library/hello/      a repository: there is a digest's folder in it
 *     testdata/library/hello/dev/  another one
 *
 * There is no list of the repositories. A repository exists from its first blob or manifest on, until the last one is removed.
 *
 * Next: ../disk/disk.ts
 *
 * @module
 */

import { type Digest, parseDigest } from "../definitions/digest.ts";
import { type Name, parseName } from "../definitions/name.ts";
import { LongWork } from "../giving_way.ts";
import { digestsAmong } from "./layout.ts";
import type { Store } from "./store.ts";

/** Runs an action that changes the manifests or tags of a repository. No other request or process changes them meanwhile. */
export function changeRepository<T>({ disk }: Store, name: Name, action: () => Promise<T>): Promise<T> {
  return disk.inTurn(name, action);
}

/** Returns true if a repository has any content. */
export async function repositoryExists({ disk }: Store, name: Name): Promise<boolean> {
  return (await disk.listMany(name)).some((fileName) => parseDigest(fileName) !== undefined);
}

/** Returns the digests of all blobs and manifests of a repository, sorted by byte value. */
export async function listContent({ disk }: Store, name: Name): Promise<Digest[]> {
  return digestsAmong(await disk.listMany(name));
}

/** Yields the repositories that come after `last` in the order of byte values. */
export async function* listRepositories(store: Store, last = ""): AsyncGenerator<Name> {
  for await (const name of listFolders(store, last)) {
    if (await repositoryExists(store, name)) yield name;
  }
}

/** Gets a folder, with a "/" at its end, and the error of the disk that could not list it. */
type Failed = (folder: string, error: unknown) => void;

const rethrow: Failed = (_, error) => {
  throw error;
};

/**
 * Yields all folders whose path is a name. Some are no repositories: they have only upload sessions, or other repositories.
 * A folder below the root that cannot be listed is given to `failed`, and the folders after it follow. By default `failed` throws.
 */
export async function* listFolders(store: Store, last = "", failed: Failed = rethrow): AsyncGenerator<Name> {
  const work = new LongWork();
  for await (const name of foldersBelow(store, "", last, failed)) {
    if (work.isLong()) await work.giveWay();
    yield name;
  }
}

// In the order of byte values, `a-b` stands between `a` and `a/c`, because "-" comes before "/". So a folder and what lies
// below it are two entries to sort: `a`, `a-b`, `a-b/…`, `a/…`.
async function* foldersBelow(store: Store, above: string, last: string, failed: Failed): AsyncGenerator<Name> {
  const entries = await store.disk.listMany(above.slice(0, -1)).catch((error) => {
    if (above === "") throw error;
    failed(above, error);
    return [];
  });
  const names = entries.map((name) => parseName(above + name)).filter((name) => name !== undefined);
  for (const entry of names.flatMap((name) => [name, `${name}/`]).sort()) {
    const name = parseName(entry);
    if (name !== undefined) {
      if (name > last) yield name;
    } else if (last < entry || last.startsWith(entry)) {
      // All names below start with `entry`. They are left out only if `last` comes after all of them.
      yield* foldersBelow(store, entry, last, failed);
    }
  }
}
