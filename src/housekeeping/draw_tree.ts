/**
 * The tree: all repositories with their tags, manifests and blobs.
 *
 *     library/hello   3.2 MiB
 *     ├── latest, v1 ─▶ sha256:7d1a4c0e2b9f…   image   584 B
 *     │   ├── config.json   sha256:c3f2a19d05e7…   1.1 KiB
 *     │   └── layer.tar.gz  sha256:9b4e0fd27c1a…   3.2 MiB   shared by 2 repositories
 *     ├── (no tag) ─▶ sha256:e07c83b1d5f6…   text/x-note   612 B   about sha256:7d1a4c0e2b9f…
 *     │   └── blob.json     sha256:44136fa355b3…   2 B
 *     └── blob          sha256:2c26b46b68ff…   3 B   no manifest needs it
 *
 * This file returns the tree as data, and `serving/housekeeping.ts` prints it as above. If several repositories have a
 * layer, it is one file on disk. The size of each of these repositories includes it.
 *
 * Next: ../client/client.ts
 *
 * @module
 */

import { type Digest, HASHES } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { IMAGE_CONFIGS, parseStoredManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import type { Disk } from "../disk/disk.ts";
import { findBlob } from "../store/blobs.ts";
import { manifestSize, readManifest } from "../store/manifests.ts";
import { listContent, listRepositories } from "../store/repositories.ts";
import { openStore, type Store } from "../store/store.ts";
import { listTags, resolveTag } from "../store/tags.ts";

/** A repository and all that it has. */
export interface RepositoryTree {
  /** Its name. */
  readonly name: Name;
  /** The size of its manifests and blobs together, in bytes. */
  readonly size: number;
  /** Its manifests. */
  readonly manifests: readonly ManifestTree[];
  /** Blobs that no manifest points to. */
  readonly loose: readonly BlobTree[];
}

/** A manifest and what it points to. */
export interface ManifestTree {
  /** Its digest. */
  readonly digest: Digest;
  /** The tags that point to it. */
  readonly tags: readonly string[];
  /** `image`, `index`, the artifact type of a referrer or of what is no container image, or `unreadable`. */
  readonly kind: string;
  /** Its length in bytes. */
  readonly size: number;
  /** The manifest that it refers to. */
  readonly subject?: Digest;
  /** The children of an index. */
  readonly children: readonly Digest[];
  /** The blobs of an image. */
  readonly blobs: readonly BlobTree[];
}

/** A blob. */
export interface BlobTree {
  /** Its digest. */
  readonly digest: Digest;
  /** The name of its file; `undefined` if it is not there. */
  readonly file?: string;
  /** Its length in bytes. */
  readonly size: number;
  /** The number of repositories that have the same file. */
  readonly names: number;
}

/** Yields all repositories as data, or those whose names begin with `prefix`, such as `team/`. */
export async function* drawTree(disk: Disk, prefix = ""): AsyncGenerator<RepositoryTree> {
  const store = openStore({ disk, hashes: HASHES, sessionLifetime: Infinity });
  for await (const name of listRepositories(store, prefix)) {
    if (!name.startsWith(prefix)) return;
    yield await drawRepository(store, name);
  }
}

async function drawRepository(store: Store, name: Name): Promise<RepositoryTree> {
  const tags = Map.groupBy(await listTags(store, name), (tag) => resolveTag(store, name, tag));
  const manifests: ManifestTree[] = [];
  const blobs = new Map<Digest, BlobTree>();
  for (const digest of await listContent(store, name)) {
    if (findBlob(store, name, digest) !== undefined) blobs.set(digest, drawBlob(store, name, digest));
    const size = manifestSize(store, name, digest);
    if (size === undefined) continue;
    const stored = readManifest(store, name, digest);
    const manifest = stored && await parseStoredManifest(stored);
    if (manifest === undefined || manifest instanceof Fault) {
      manifests.push({ digest, tags: tags.get(digest) ?? [], kind: "unreadable", size, children: [], blobs: [] });
      continue;
    }
    const { references, subject, shape, artifactType = shape } = manifest;
    manifests.push({
      digest,
      tags: tags.get(digest) ?? [],
      kind: subject === undefined && IMAGE_CONFIGS.includes(artifactType) ? shape : artifactType,
      size,
      subject: subject?.digest,
      children: references.filter(({ to }) => to !== "blob").map(({ descriptor }) => descriptor.digest),
      blobs: references.filter(({ to }) => to === "blob").map(({ descriptor }) =>
        drawBlob(store, name, descriptor.digest)
      ),
    });
  }
  const needed = new Set(
    manifests.flatMap(({ blobs, children }) => [...blobs.map(({ digest }) => digest), ...children]),
  );
  const size = [...manifests, ...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  return { name, size, manifests, loose: [...blobs.values()].filter(({ digest }) => !needed.has(digest)) };
}

function drawBlob(store: Store, name: Name, digest: Digest): BlobTree {
  const blob = findBlob(store, name, digest);
  if (blob === undefined) return { digest, size: 0, names: 0 };
  const file = blob.path.slice(blob.path.lastIndexOf("/") + 1);
  return { digest, file, size: blob.size, names: blob.links };
}
