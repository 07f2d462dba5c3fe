/**
 * The archive of `docker save`.
 * https://github.com/moby/docker-image-spec/blob/v1.3.1/spec.md#combined-image-json--filesystem-changeset-format
 *
 *     manifest.json      [{"Config": "c3f2….json", "RepoTags": ["hello:v1"], "Layers": ["9b4e…/layer.tar"]}]
 *     c3f2….json         the config; its digest is the id of the image
 *     9b4e…/layer.tar    a layer, mostly without compression; or a link to one that is the same
 *
 * This form has no manifest as registries keep it, so one is made here: of the config and the layers as they are, byte for byte.
 * Its digest is another one than that of the image that docker has pulled, because the compressed layers of that are gone.
 *
 * Since version 25 such an archive is a layout, too (`layout.ts`), and the layout is what counts then.
 *
 * Next: references.ts
 *
 * @module
 */

import { packingIn, type PackingKind } from "../archive/magic.ts";
import { parseObject } from "../definitions/descriptor.ts";
import { type Digest, digestOf, HASHES, SHA256, toDigest } from "../definitions/digest.ts";
import { show } from "../definitions/fault.ts";
import { parseJson } from "../definitions/json.ts";
import { atOnce } from "../giving_way.ts";
import { type FileContent, type Files, FillError } from "./files.ts";
import { type Contents, type Listed, LONGEST_JSON, refuseWrongJson } from "./layout.ts";
import { parseFound } from "./references.ts";
import { gunzipped, mostOf } from "./tar.ts";

/** The file that lists the images of such an archive. */
export const DOCKER_FILE = "manifest.json";

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = "application/vnd.docker.container.image.v1+json";
const LAYER = "application/vnd.docker.image.rootfs.diff.tar";

interface DockerImage {
  readonly config: string;
  readonly tags: readonly string[];
  readonly layers: readonly string[];
}

/**
 * Reads the archive of `docker save`, and makes the manifests.
 *
 * @throws {FillError} if a file is missing or malformed, or if a layer is not the one that the config names.
 */
export async function readDockerArchive(files: Files, list: Uint8Array): Promise<Contents> {
  const images = await refuseWrongJson(
    files,
    DOCKER_FILE,
    () => imagesIn(files, atOnce(parseJson(list, [], Infinity))),
  );
  const paths = new Map<Digest, string>();
  const made = new Map<Digest, Uint8Array<ArrayBuffer>>();
  const listed: Listed[] = [];
  const configAt = readOnce(paths, (path) => readConfig(files, path));
  const layerAt = readOnce(paths, (path) => readLayer(files, path));
  for (const image of images) {
    const bytes = await makeManifest(files, image, configAt, layerAt);
    const digest = digestOf(HASHES, SHA256, bytes);
    made.set(digest, bytes);
    const descriptor = { mediaType: MANIFEST, digest, size: bytes.length };
    for (const text of image.tags) {
      const reference = parseFound(text, true);
      if (reference === undefined) {
        throw new FillError(files.label, DOCKER_FILE, `has the malformed name ${show(text)} in RepoTags`);
      }
      listed.push({ descriptor, text, reference });
    }
    if (image.tags.length === 0) listed.push({ descriptor, text: digest, reference: {} });
  }
  return { listed, pathOf: (digest) => paths.get(digest), isFromDocker: true, made };
}

function imagesIn(files: Files, json: unknown): DockerImage[] {
  const fail = (what: string) => new FillError(files.label, DOCKER_FILE, what);
  if (!Array.isArray(json)) throw fail("is not a list of images, so this is no archive of docker save");
  return json.map((item, index) => {
    const { Config: config, RepoTags: tags, Layers: layers } = parseObject(item, `[${index}]`);
    if (typeof config !== "string") throw fail(`has no text at [${index}].Config`);
    if (!isListOfTexts(tags ?? [])) throw fail(`has no list of texts at [${index}].RepoTags`);
    if (!isListOfTexts(layers ?? [])) throw fail(`has no list of texts at [${index}].Layers`);
    return { config, tags: (tags ?? []) as string[], layers: (layers ?? []) as string[] };
  });
}

function isListOfTexts(json: unknown): json is string[] {
  return Array.isArray(json) && json.every((item) => typeof item === "string");
}

// A file of the archive, as the manifest points to it.
interface Config extends FileContent {
  readonly diffIds: readonly unknown[];
}
interface Layer extends FileContent {
  readonly mediaType: string;
  /** The digest without compression, if it is known. */
  readonly diffId: Digest | undefined;
}

async function makeManifest(
  files: Files,
  { config: configPath, layers: layerPaths }: DockerImage,
  configAt: (path: string) => Promise<Config>,
  layerAt: (path: string) => Promise<Layer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { diffIds, ...config } = await configAt(configPath);
  if (diffIds.length !== layerPaths.length) {
    const reason = `names ${diffIds.length} layers, but ${DOCKER_FILE} has ${layerPaths.length} for it`;
    throw new FillError(files.label, configPath, reason);
  }
  const layers: { mediaType: string; size: number; digest: Digest }[] = [];
  for (const [index, path] of layerPaths.entries()) {
    const { mediaType, size, digest, diffId } = await layerAt(path);
    if (diffId !== undefined && diffId !== diffIds[index]) {
      throw new FillError(files.label, path, `has the digest ${diffId}, but the config names ${show(diffIds[index])}`);
    }
    layers.push({ mediaType, size, digest });
  }
  return new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, size: config.size, digest: config.digest },
    layers,
  }));
}

async function readConfig(files: Files, path: string): Promise<Config> {
  const { size, digest } = await lookAt(files, path);
  expectNamedDigest(files, path, digest);
  return { size, digest, diffIds: await diffIdsOf(files, path) };
}

async function readLayer(files: Files, path: string): Promise<Layer> {
  const { size, digest } = await lookAt(files, path);
  const compression = await compressionOf(files, path);
  const diffId = compression === "none"
    ? digest
    : compression === "gzip"
    ? await digestInside(files, path, size)
    : undefined;
  return { size, digest, diffId, mediaType: mediaTypeOf(files, path, compression) };
}

async function lookAt(files: Files, path: string): Promise<FileContent> {
  const content = await files.look(path, SHA256);
  if (content !== undefined) return content;
  throw new FillError(files.label, path, `is not there, but ${DOCKER_FILE} names it`);
}

// A list can name the same file again and again. It is read once.
function readOnce<Content extends FileContent>(
  paths: Map<Digest, string>,
  read: (path: string) => Promise<Content>,
): (path: string) => Promise<Content> {
  const known = new Map<string, Content>();
  return async (path) => {
    const content = known.get(path) ?? await read(path);
    known.set(path, content);
    paths.set(content.digest, path);
    return content;
  };
}

// `docker save` calls the file of a config by its digest.
function expectNamedDigest(files: Files, path: string, digest: Digest): void {
  const named = /(?:^|\/)(?:sha256:)?([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1];
  if (named === undefined || digest === toDigest(SHA256, named)) return;
  throw new FillError(files.label, path, `has the digest ${digest}`);
}

async function diffIdsOf(files: Files, path: string): Promise<readonly unknown[]> {
  const bytes = (await files.read(path, LONGEST_JSON))!;
  return await refuseWrongJson(files, path, () => {
    const { rootfs } = parseObject(atOnce(parseJson(bytes, [], Infinity)), "the config");
    const { diff_ids: ids } = parseObject(rootfs, "rootfs");
    if (ids != null && !Array.isArray(ids)) throw new FillError(files.label, path, "has no list at rootfs.diff_ids");
    return (ids ?? []) as unknown[];
  });
}

async function compressionOf(files: Files, path: string): Promise<PackingKind> {
  for await (const { pieces } of files.open(new Set([path]))) {
    for await (const piece of pieces) return packingIn(piece);
  }
  return "none";
}

function mediaTypeOf(files: Files, path: string, compression: PackingKind): string {
  if (compression === "none") return LAYER;
  if (compression === "gzip") return `${LAYER}.gzip`;
  if (compression === "zstd") return `${LAYER}.zstd`;
  throw new FillError(files.label, path, `is compressed with ${compression}, and no client could read such a layer`);
}

// Returns the digest of a layer without its compression; `undefined` if that would take very long. It is only one more check:
// programs that unpack the layer compare the digest, too.
async function digestInside(files: Files, path: string, compressed: number): Promise<Digest | undefined> {
  const hash = HASHES[SHA256]();
  const most = mostOf(compressed);
  let size = 0;
  for await (const { pieces } of files.open(new Set([path]))) {
    try {
      for await (const piece of gunzipped(pieces)) {
        hash.update(piece);
        size += piece.length;
        if (size > most) return undefined;
      }
    } catch (error) {
      const reason = `cannot be decompressed: ${error instanceof Error ? error.message : error}`;
      throw new FillError(files.label, path, reason);
    }
  }
  return toDigest(SHA256, hash.digest("hex"));
}
