/**
 * Exporting images from a registry into an OCI layout.
 *
 *     export library/hello:v1 hello          hello/oci-layout, hello/index.json, hello/blobs/sha256/…
 *     export library/hello:v1 hello.tar      the same files in an archive, and the manifest.json of `docker save`
 *
 * An archive is both: `docker load` and `skopeo copy docker-archive:…` read its `manifest.json`, and what knows layouts reads its
 * `index.json`. `docker save` has written archives so since version 25. All files are the bytes of the registry, so their digests
 * stay the same.
 *
 * Next: layout_writer.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { arch } from "node:process";
import { ClientError, type ManifestBytes, RegistryClient } from "../client/client.ts";
import type { Descriptor } from "../definitions/descriptor.ts";
import { algorithmOf, type Digest, HASHES, isSupported } from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { IMAGE_CONFIGS, type Manifest, OCI_INDEX, parseLongManifest } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import type { Tag } from "../definitions/tag.ts";
import type { Registry } from "../registry.ts";
import { DOCKER_FILE } from "./docker_archive.ts";
import { FillError, NoSuchImage } from "./files.ts";
import type { ImageInRegistry } from "./choosing.ts";
import type { Progress } from "./fill.ts";
import { blobPath, IMAGE_NAME, INDEX_FILE, LAYOUT, LAYOUT_FILE, REF_NAME } from "./layout.ts";
import { parseTyped } from "./references.ts";
import { isArchive } from "./target.ts";
import { beginArchive, beginLayout, type LayoutWriter } from "./layout_writer.ts";

/** The options of {@linkcode exportImage}. */
export interface ExportOptions {
  /** Is called again and again while the work goes on. */
  readonly progress?: (progress: Progress) => void;
}

/** What {@linkcode exportImage} has written. */
export interface Exported {
  /** The images that the index of the layout names. */
  readonly images: readonly ImageInRegistry[];
  /** The number of manifests. */
  readonly manifests: number;
  /** The number of blobs. */
  readonly blobs: number;
  /** The bytes of manifests and blobs together. */
  readonly bytes: number;
}

/**
 * Writes images of a registry into an OCI layout, with the children of indexes and with referrers.
 *
 * `reference` is `NAME:TAG`, `NAME@DIGEST`, or `NAME` for all tags of a repository. `target` is a new file if it ends with `.tar`,
 * `.tar.gz` or `.tgz`, and otherwise a new or empty folder; or a stream, which gets an archive.
 *
 * @throws {NoSuchImage} if the registry has no such image.
 * @throws {FillError} if the repository has no tags and no digest is named, or if the target is there already. What has been
 * written is removed.
 * @throws {ClientError} if the registry refuses something.
 * @throws {RangeError} if the reference is malformed.
 */
export async function exportImage(
  registry: Registry,
  reference: string,
  target: string | WritableStream<Uint8Array>,
  options: ExportOptions = {},
): Promise<Exported> {
  const { progress = () => {} } = options;
  const typed = parseTyped(reference);
  if (target === "-") throw new FillError("the standard output", undefined, "is no target; name a file or a folder");
  const { name } = typed;
  const images = new ImagesOf(new RegistryClient(registry), name);
  if (typed.digest !== undefined) await images.add(typed.digest, undefined, reference);
  else if (typed.tag !== undefined) await images.add(typed.tag, typed.tag, reference);
  else for await (const tag of images.client.tags(name)) await images.add(tag, tag, reference);
  if (images.roots.length === 0) {
    throw new FillError(reference, undefined, "is not in the registry, or has no tags; NAME@DIGEST names a digest");
  }

  const toFolder = typeof target === "string" && !isArchive(target);
  const output = toFolder ? await beginLayout(target) : await beginArchive(target);
  try {
    const bytes = await writeAll(images, output, !toFolder, progress);
    await output.finish();
    return { images: images.listed(), manifests: images.manifests.size, blobs: images.blobs.size, bytes };
  } catch (error) {
    await output.discard(error);
    throw error;
  }
}

type Pulled = ManifestBytes & { readonly manifest: Manifest };

// Images of one repository, with everything that belongs to them.
class ImagesOf {
  readonly roots: { readonly tag: Tag | undefined; readonly digest: Digest }[] = [];
  readonly manifests = new Map<Digest, Pulled>();
  readonly blobs = new Map<Digest, Descriptor>();
  readonly #referrers = new Set<Digest>();

  constructor(readonly client: RegistryClient, readonly name: Name) {}

  async add(tagOrDigest: Tag | Digest, tag: Tag | undefined, reference: string): Promise<void> {
    const found = await this.client.pullManifest(this.name, tagOrDigest);
    if (found === undefined) throw new NoSuchImage(reference, undefined, "is not in the registry");
    await this.#take(found);
    this.roots.push({ tag, digest: found.digest });
  }

  /** Returns the images as the index names them. */
  listed(): ImageInRegistry[] {
    const { name } = this;
    return [
      ...this.roots.map(({ tag, digest }) => ({ name, ...(tag === undefined ? {} : { tag }), digest })),
      ...this.#onlyReferrers().map((digest) => ({ name, digest })),
    ];
  }

  /** Returns the index of the layout. */
  index(): object {
    const annotationsOf = (tag: Tag) => ({
      [REF_NAME]: tag,
      // Docker would add `library/` to a name without a "/", and the image would come back as another one.
      ...(this.name.includes("/") ? { [IMAGE_NAME]: `docker.io/${this.name}:${tag}` } : {}),
    });
    const manifests = [
      ...this.roots.map(({ tag, digest }) => ({
        ...this.#describe(digest),
        ...(tag === undefined ? {} : { annotations: annotationsOf(tag) }),
      })),
      ...this.#onlyReferrers().map((digest) => this.#describe(digest)),
    ];
    return { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
  }

  /** Returns what `docker load` reads, for all images that docker can run. */
  dockerImages(): object[] {
    return this.roots.flatMap(({ tag, digest }) => {
      const image = this.#forDocker(digest);
      if (image === undefined) return [];
      const [config, ...layers] = image.manifest.references.map(({ descriptor }) => blobPath(descriptor.digest));
      return [{ Config: config, RepoTags: tag === undefined ? null : [`${this.name}:${tag}`], Layers: layers }];
    });
  }

  #onlyReferrers(): Digest[] {
    return [...this.#referrers].filter((digest) => !this.roots.some((root) => root.digest === digest));
  }

  #describe(digest: Digest) {
    const { mediaType, bytes, manifest } = this.manifests.get(digest)!;
    const artifactType = manifest.subject === undefined ? undefined : manifest.artifactType;
    return { mediaType, digest, size: bytes.length, ...(artifactType === undefined ? {} : { artifactType }) };
  }

  // Docker can take one image of an index. It gets the one for this machine.
  #forDocker(digest: Digest): Pulled | undefined {
    const found = this.manifests.get(digest);
    if (found === undefined) return undefined;
    if (found.manifest.shape === "image") {
      const [config] = found.manifest.references;
      const isWhole = found.manifest.references.every(({ descriptor }) => this.blobs.has(descriptor.digest));
      return isWhole && IMAGE_CONFIGS.includes(config.descriptor.mediaType) ? found : undefined;
    }
    const here = found.manifest.references.find(({ descriptor }) => isForHere(descriptor));
    return here && this.#forDocker(here.descriptor.digest);
  }

  async #take(found: ManifestBytes): Promise<void> {
    const { digest, mediaType, bytes } = found;
    if (this.manifests.has(digest)) return;
    const path = `/v2/${this.name}/manifests/${digest}`;
    const manifest = await refuseFaults(path, () => parseLongManifest(bytes, mediaType));
    this.manifests.set(digest, { ...found, manifest });
    for (const { descriptor, to } of manifest.references) {
      const child = to === "blob" ? undefined : await this.client.pullManifest(this.name, descriptor.digest);
      if (child !== undefined) await this.#take(child);
      // The repository may lack what is kept elsewhere, and what a registry with --allow-sparse has never got.
      else if (to !== "manifest" && await this.#canPull(descriptor)) this.blobs.set(descriptor.digest, descriptor);
    }
    for await (const { digest: referrer } of this.client.referrers(this.name, digest)) {
      const pulled = await this.client.pullManifest(this.name, referrer);
      if (pulled === undefined) continue;
      this.#referrers.add(pulled.digest);
      await this.#take(pulled);
    }
  }

  async #canPull({ digest }: Descriptor): Promise<boolean> {
    if (this.blobs.has(digest)) return true;
    return isSupported(HASHES, algorithmOf(digest)) && await this.client.hasBlob(this.name, digest);
  }
}

// A registry may have let something in that is no manifest.
async function refuseFaults<Result>(path: string, parse: () => Promise<Result>): Promise<Result> {
  try {
    return await parse();
  } catch (error) {
    if (error instanceof Fault) throw new ClientError(`GET ${path}`, STATUS_CODE.OK, [], error.message);
    throw error;
  }
}

// The names that images have for the processors that Deno runs on.
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64" };

function isForHere(descriptor: Descriptor): boolean {
  const { platform } = descriptor as { platform?: { os?: unknown; architecture?: unknown } };
  return platform?.os === "linux" && platform.architecture === (ARCHITECTURES[arch] ?? arch);
}

async function writeAll(
  images: ImagesOf,
  output: LayoutWriter,
  forDocker: boolean,
  progress: (progress: Progress) => void,
): Promise<number> {
  const { client, name, manifests, blobs } = images;
  const sizes = [
    ...[...manifests.values()].map(({ bytes }) => bytes.length),
    ...[...blobs.values()].map(({ size }) => size),
  ];
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let bytes = 0;
  const counted = async function* (pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of pieces) {
      bytes += piece.length;
      progress({ doing: "writes", bytes, total });
      yield piece;
    }
  };
  await writeText(output, LAYOUT_FILE, LAYOUT);
  await writeText(output, INDEX_FILE, JSON.stringify(images.index()));
  const docker = images.dockerImages();
  if (forDocker && docker.length > 0) await writeText(output, DOCKER_FILE, JSON.stringify(docker));
  for (const { digest, bytes } of manifests.values()) {
    await output.add(blobPath(digest), bytes.length, counted(ReadableStream.from([bytes])));
  }
  for (const blob of blobs.values()) {
    if (manifests.has(blob.digest)) continue;
    await output.add(blobPath(blob.digest), blob.size, counted(client.pullBlob(name, blob)));
  }
  return total;
}

async function writeText(output: LayoutWriter, path: string, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  await output.add(path, bytes.length, ReadableStream.from([bytes]));
}
