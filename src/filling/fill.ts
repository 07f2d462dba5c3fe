/**
 * Filling a registry from a layout, or from an archive of `docker save`.
 *
 *     image.tar ──▶ files ──▶ contents ──▶ plan ──▶ client ──▶ registry
 *                   by path   by digest    checked   pushes
 *
 * 1. The source is opened; an archive is read once (`files.ts`, `tar.ts`).
 * 2. Its index says which images it has, and what they are called (`layout.ts`, `docker_archive.ts`).
 * 3. Each image gets a plan with all that belongs to it: the children of an index, and its referrers, such as signatures. Every
 *    digest and every size is checked (`plan.ts`).
 * 4. Only then a client pushes it, blobs first, so the registry checks everything once more as for any other client.
 *
 * So a source with a fault leaves nothing behind. If the registry itself refuses something, or its disk fails, the blobs that are
 * there already stay: another push may need them by now. If no manifest points to them, `deno task gc` removes them.
 *
 * Next: files.ts
 *
 * @module
 */

import { RegistryClient } from "../client/client.ts";
import type { Descriptor } from "../definitions/descriptor.ts";
import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import type { Registry } from "../registry.ts";
import { DOCKER_FILE, readDockerArchive } from "./docker_archive.ts";
import { type Files, FillError, RecordFiles, type Source } from "./files.ts";
import { type Contents, INDEX_FILE, LAYOUT_FILE, LONGEST_JSON, readLayout } from "./layout.ts";
import { type ArchiveBytes, openLocal } from "./local_files.ts";
import { Manifests } from "./plan.ts";
import { parseTyped } from "./references.ts";
import { TarFiles } from "./tar.ts";
import { type ImageInRegistry, type Naming, planAll } from "./choosing.ts";

/** The options of {@linkcode fill}. */
export interface FillOptions {
  /**
   * The repository for all images, such as `library/hello`; or a repository and a tag for one of them, such as `library/hello:v1`.
   * Default: the names that the source has, or else the name of its file.
   */
  readonly name?: string;
  /** What the source calls the image to take: its reference, tag or digest there. Default: all of them. */
  readonly image?: string;
  /** True if the source may lack some of the content that its manifests name. The registry has to allow that, too. */
  readonly allowSparse?: boolean;
  /** Is called again and again while the work goes on. */
  readonly progress?: (progress: Progress) => void;
}

/** How far the work is. */
export interface Progress {
  /** What is done at the moment. */
  readonly doing: "checks" | "pushes" | "writes";
  /** The number of bytes that are done. */
  readonly bytes: number;
  /** The number of all bytes, if it is known. */
  readonly total?: number;
}

/** What {@linkcode fill} has done. */
export interface Filled {
  /** The images, as the source lists them. */
  readonly images: readonly ImageInRegistry[];
  /** The number of manifests that were pushed. */
  readonly manifests: number;
  /** The number of blobs of all images. */
  readonly blobs: number;
  /** The number of those that the registry did not have. */
  readonly newBlobs: number;
  /** The bytes of the blobs that the registry did not have. */
  readonly newBytes: number;
}

/**
 * Fills a registry with the images of a source: an OCI layout (a folder, or a tar file, gzipped or not), or an archive of
 * `docker save`. Children of indexes and referrers come with them.
 *
 * @throws {FillError} if the source is malformed, damaged or incomplete, or has no such image. Nothing has been pushed then.
 * @throws {ClientError} if the registry refuses something.
 * @throws {RangeError} if the name in the options is malformed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const text = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
 * const digest = "sha256:" + new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
 * const descriptor = { mediaType: "application/vnd.oci.image.index.v1+json", digest, size: text.length };
 * const layout = {
 *   "oci-layout": '{"imageLayoutVersion":"1.0.0"}',
 *   "index.json": JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }),
 *   [`blobs/${digest.replace(":", "/")}`]: text,
 * };
 * const registry = () => Promise.resolve(new Response(null, { status: 201, headers: { "OCI-Tag": "v1" } }));
 *
 * const { images } = await fill(registry, layout, { name: "library/hello:v1" });
 *
 * assertEquals(images, [{ name: "library/hello", tag: "v1", digest }]);
 * ```
 */
export async function fill(registry: Registry, source: Source, options: FillOptions = {}): Promise<Filled> {
  const { name, tag, digest } = options.name === undefined ? {} : parseTyped(options.name);
  if (digest !== undefined) {
    throw new RangeError(`"${options.name}" has a digest, but the source says what digests it has`);
  }
  return await fillAs(registry, source, { name, tag, isOne: tag !== undefined }, options);
}

/**
 * Adds the one image of a layout to a registry. Without a tag, clients can pull it only by its digest; a tag that is there already
 * is moved. Adding an image twice changes nothing. Returns its digest.
 *
 * @example
 * ```ts
 * import { createRegistry } from "../registry.ts";
 *
 * async function test() {
 *   const registry = createRegistry({ root: "images" });
 *   const digest = await addImage(registry, "library/hello", undefined, "layout/");
 *   await addImage(registry, "library/hello", "latest", "layout/");
 *   await registry(new Request(`http://localhost/v2/library/hello/manifests/${digest}`));
 * }
 * ```
 *
 * @throws {FillError} if the layout is malformed, or has several images.
 * @throws {ClientError} if the registry refuses something.
 * @throws {RangeError} if the name or the tag is malformed.
 */
export async function addImage(
  registry: Registry,
  name: string,
  tag: string | undefined,
  layout: Source,
): Promise<string> {
  const typed = parseTyped(tag === undefined ? name : `${name}:${tag}`);
  const { images } = await fillAs(registry, layout, { name: typed.name, tag: typed.tag, isOne: true }, {});
  return images[0].digest;
}

async function fillAs(registry: Registry, source: Source, naming: Naming, options: FillOptions): Promise<Filled> {
  const { image, allowSparse = false, progress = () => {} } = options;
  const files = await openSource(source, progress);
  const contents = await contentsOf(files);
  const manifests = new Manifests(files, contents, allowSparse);

  const { plans, images } = await planAll(files, contents.listed, manifests, naming, image);
  const blobs = new Map<Name, Awaited<ReturnType<Manifests["blobsOf"]>>>();
  for (const [name, plan] of plans) blobs.set(name, await manifests.blobsOf(plan.manifests));

  const client = new RegistryClient(registry);
  const pushed = { manifests: 0, blobs: 0, newBlobs: 0, newBytes: 0 };
  let filledBefore: Name | undefined;
  for (const [name, plan] of plans) {
    const all = blobs.get(name)!;
    const isNew = await pushBlobs(client, files, name, all, filledBefore, progress);
    const tags = Map.groupBy(plan.tags.keys(), (tag) => plan.tags.get(tag)!);
    for (const manifest of plan.manifests.values()) {
      await client.pushManifest(name, manifest, tags.get(manifest.digest));
    }
    pushed.manifests += plan.manifests.size;
    pushed.blobs += all.size;
    pushed.newBlobs += isNew.length;
    pushed.newBytes += isNew.reduce((sum, { size }) => sum + size, 0);
    filledBefore = name;
  }
  return { images, ...pushed };
}

async function openSource(source: Source, progress: (progress: Progress) => void): Promise<Files> {
  if (typeof source !== "string" && !(source instanceof Blob)) return new RecordFiles(source);
  const check = (bytes: number, total?: number) => progress({ doing: "checks", bytes, ...(total && { total }) });
  const opened = typeof source === "string" ? await openLocal(source, check) : bytesOf(source);
  return "look" in opened ? opened : await TarFiles.scan(opened, (bytes) => check(bytes, opened.size));
}

function bytesOf(blob: Blob): ArchiveBytes {
  const pieces = (start = 0, length = blob.size) => blob.slice(start, start + length).stream();
  return { label: "the archive", size: blob.size, pieces };
}

async function contentsOf(files: Files): Promise<Contents> {
  const [layout, index, docker] = [
    await files.read(LAYOUT_FILE, LONGEST_JSON),
    await files.read(INDEX_FILE, LONGEST_JSON),
    await files.read(DOCKER_FILE, LONGEST_JSON),
  ];
  if (layout !== undefined && index !== undefined) {
    return await readLayout(files, layout, index, docker !== undefined);
  }
  if (docker !== undefined) return await readDockerArchive(files, docker);
  const missing = layout === undefined ? LAYOUT_FILE : INDEX_FILE;
  throw new FillError(
    files.label,
    missing,
    `is not there, so this is no OCI layout; nor is there the ${DOCKER_FILE} of docker save`,
  );
}

// Pushes the blobs that a repository does not have. Returns those that came from the source.
async function pushBlobs(
  client: RegistryClient,
  files: Files,
  name: Name,
  blobs: ReadonlyMap<Digest, Descriptor & { readonly path: string }>,
  filledBefore: Name | undefined,
  progress: (progress: Progress) => void,
): Promise<Descriptor[]> {
  const missing = new Map<string, Descriptor>();
  for (const { path, ...blob } of blobs.values()) {
    if (await client.hasBlob(name, blob.digest)) continue;
    if (filledBefore !== undefined && await client.mountBlob(name, blob.digest, filledBefore)) continue;
    missing.set(path, blob);
  }
  const total = missing.values().reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  const counted = async function* (pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of pieces) {
      bytes += piece.length;
      progress({ doing: "pushes", bytes, total });
      yield piece;
    }
  };
  for await (const { path, pieces } of files.open(new Set(missing.keys()))) {
    await client.pushBlob(name, missing.get(path)!, counted(pieces));
  }
  return [...missing.values()];
}
