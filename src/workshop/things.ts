/**
 * Things: what is in the folder of a learner, as the patterns of lessons see it.
 *
 *     { is: "tag", repository: "hello", tag: "v1", digest: "sha256:7d1a…", kind: "image" }
 *     { is: "manifest", repository: "hello", digest: "sha256:7d1a…", kind: "image", tags: ["v1"], missing: 0, diffIds: "right", … }
 *     { is: "blob", repository: "hello", digest: "sha256:9b4e…", size: 132, file: "layer.tar.gz", names: 2, isNeeded: true }
 *     { is: "upload", repository: "hello", session: "0f9c…", size: 3 }
 *
 * A blob that is a layer also has `diffId`: the digest of what is in it when it is unpacked. One that is a config has `diffIds`: what it
 * says about its layers.
 *
 * A manifest also has `mediaType`, `artifactType`, `annotations`, `subject`, `configType`, `layers` and `children` (digests), and of its
 * children `platforms` (such as `linux/arm64`, or `""` if there is none) and `childTypes` (artifact types). `kind` is `image`, `index`, or
 * the artifact type of what refers to another manifest. `missing` counts what it points to and what is not there. `wrong` counts what it
 * points to with another size or media type than that of the content. `diffIds` says whether the config of an image names the digests of
 * its layers as they are when they are unpacked: `right`, `wrong`, or `unknown` if a layer is too large to be unpacked here.
 *
 * Next: lesson_facts.ts
 *
 * @module
 */

import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import type { Disk } from "../disk/disk.ts";
import { LongWork } from "../giving_way.ts";
import { drawTree, type ManifestTree, type RepositoryTree } from "../housekeeping/draw_tree.ts";
import { objectOf } from "../looking/json_values.ts";
import { contentFolder, contentTypeFile, manifestFile, uploadsFolder } from "../store/layout.ts";
import type { Item } from "./matching.ts";

/** The fields of things, for patterns. */
export const THING_FIELDS = [
  ...["is", "repository", "digest", "tag", "kind", "tags", "children", "missing", "mediaType", "artifactType"],
  ...["subject", "configType", "layers", "platforms", "diffIds", "diffId", "size", "file", "names", "isNeeded"],
  ...["annotations", "childTypes", "wrong", "session"],
];

// A learner's layers are small. Larger ones are not unpacked here, so that nobody waits for them.
const LARGEST_LAYER = 2 * 1024 ** 2;
const LARGEST_UNPACKED = 16 * 1024 ** 2;

// A learner who pushes more than this has done something else than lessons. The rest is not looked at.
const MOST_REPOSITORIES = 50;
const MOST_THINGS = 2000;

/** Reads what is in the folder, below a prefix. */
export class Things {
  readonly #disk: Disk;
  // The digests of unpacked layers. The bytes of a digest never change.
  readonly #diffIds = new Map<Digest, string | undefined>();
  #work = new LongWork();

  /** Reads nothing yet. */
  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Returns what is in the repositories whose names begin with `prefix`, such as `ana/`. */
  async below(prefix: string): Promise<readonly Item[]> {
    this.#work = new LongWork();
    const found: Item[] = [];
    let repositories = 0;
    for await (const repository of drawTree(this.#disk, prefix)) {
      if (++repositories > MOST_REPOSITORIES || found.length > MOST_THINGS) break;
      for await (const item of this.#thingsOf(repository)) {
        found.push({ repository: repository.name.slice(prefix.length), ...item });
      }
    }
    return found;
  }

  async *#thingsOf({ name, manifests, loose }: RepositoryTree): AsyncGenerator<Item> {
    const blobs = new Map(loose.map((blob) => [blob.digest, { ...blob, isNeeded: false }]));
    const digests = new Set(manifests.map(({ digest }) => digest));
    const contents = new Map<unknown, KnownContent>();
    for (const { digest, size, blobs } of manifests) {
      for (const { digest, size, file } of blobs) if (file !== undefined) contents.set(digest, { size });
      contents.set(digest, { size, mediaType: await this.#text(contentTypeFile(name, digest)) });
    }
    for (const manifest of manifests) {
      const { digest, kind, tags, children } = manifest;
      for (const tag of tags) yield { is: "tag", tag, digest, kind };
      const missing = manifest.blobs.filter(({ file }) => file === undefined).length +
        children.filter((child) => !digests.has(child)).length;
      yield {
        is: "manifest",
        digest,
        kind,
        tags,
        children,
        missing,
        ...await this.#insideOf(name, manifest, contents),
      };
      for (const blob of manifest.blobs) {
        if (blob.file !== undefined) blobs.set(blob.digest, { ...blob, isNeeded: true });
      }
    }
    for (const blob of blobs.values()) yield { is: "blob", ...blob, ...await this.#insideOfBlob(name, blob) };
    for (const session of this.#disk.list(uploadsFolder(name))) {
      const size = this.#disk.look(`${uploadsFolder(name)}/${session}/data`)?.size;
      if (size !== undefined) yield { is: "upload", session, size };
    }
  }

  async #insideOfBlob(
    name: Name,
    { digest, file }: { readonly digest: Digest; readonly file?: string },
  ): Promise<Item> {
    if (file === "config.json") return { diffIds: await this.#diffIdsIn(`${contentFolder(name, digest)}/${file}`) };
    return file?.startsWith("layer.tar") ? { diffId: await this.#diffIdOf(name, digest) } : {};
  }

  // Returns the digests that a config names.
  async #diffIdsIn(config: string): Promise<string[] | undefined> {
    const { rootfs } = await this.#json(config) ?? {};
    const said = objectOf(rootfs).diff_ids;
    return Array.isArray(said) ? said.map(String) : undefined;
  }

  async #insideOf(
    name: Name,
    { digest, subject }: ManifestTree,
    contents: ReadonlyMap<unknown, KnownContent>,
  ): Promise<Item> {
    const json = await this.#json(manifestFile(name, digest));
    const layers = listOf(json?.layers).map((layer) => objectOf(layer).digest as Digest);
    const children = listOf(json?.manifests).map(objectOf);
    const platforms = children.map(({ platform }) => {
      const { os, architecture, variant } = objectOf(platform);
      return [os, architecture, variant].filter((part) => part !== undefined).join("/");
    });
    const descriptors = [json?.config, ...listOf(json?.layers), ...children, json?.subject].map(objectOf);
    return {
      mediaType: contents.get(digest)?.mediaType,
      artifactType: json?.artifactType,
      annotations: json?.annotations,
      subject,
      configType: objectOf(json?.config).mediaType,
      layers,
      platforms,
      childTypes: children.flatMap(({ artifactType }) => artifactType ?? []),
      wrong: descriptors.filter((descriptor) => isWrong(descriptor, contents.get(descriptor.digest))).length,
      diffIds: await this.#judgeDiffIds(name, objectOf(json?.config).digest, layers),
    };
  }

  async #judgeDiffIds(name: Name, config: unknown, layers: readonly Digest[]): Promise<string | undefined> {
    const file = typeof config === "string" && this.#disk.find(contentFolder(name, config as Digest), ["config.json"]);
    if (!file) return undefined;
    const said = await this.#diffIdsIn(file.path) ?? [];
    const real = await Promise.all(layers.map((layer) => this.#diffIdOf(name, layer)));
    if (said.length === real.length && real.every((digest, at) => digest === said[at])) return "right";
    return real.includes(undefined) ? "unknown" : "wrong";
  }

  async #diffIdOf(name: Name, layer: Digest): Promise<string | undefined> {
    if (this.#diffIds.has(layer)) return this.#diffIds.get(layer);
    const file = this.#disk.find(contentFolder(name, layer), ["layer.tar.gz", "layer.tar", "blob"]);
    if (file === undefined || file.size > LARGEST_LAYER) return undefined;
    // A layer of some kilobytes may take as long as one of some megabytes. Other requests go on meanwhile.
    if (this.#work.isLong()) await this.#work.giveWay();
    const diffId = diffIdOf(await this.#bytes(file.path));
    this.#diffIds.set(layer, diffId);
    const [oldest] = this.#diffIds.keys();
    if (this.#diffIds.size > MOST_THINGS) this.#diffIds.delete(oldest);
    return diffId;
  }

  async #bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const file = this.#disk.look(path);
    return file === undefined ? new Uint8Array() : await new Response(this.#disk.open(file)).bytes();
  }

  async #text(path: string): Promise<string> {
    return new TextDecoder().decode(await this.#bytes(path));
  }

  async #json(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    try {
      return objectOf(JSON.parse(await this.#text(path)));
    } catch {
      return undefined;
    }
  }
}

// What is there under a digest. Nobody keeps the media type of a blob.
interface KnownContent {
  readonly size: number;
  readonly mediaType?: string;
}

function isWrong(descriptor: Readonly<Record<string, unknown>>, content: KnownContent | undefined): boolean {
  if (content === undefined) return false;
  const { size, mediaType = descriptor.mediaType } = content;
  return descriptor.size !== size || descriptor.mediaType !== mediaType;
}

// The digest of a layer when it is unpacked; `undefined` if that cannot be had.
function diffIdOf(bytes: Uint8Array): string | undefined {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  try {
    const tar = isGzip ? gunzipSync(bytes, { maxOutputLength: LARGEST_UNPACKED }) : bytes;
    return `sha256:${createHash("sha256").update(tar).digest("hex")}`;
  } catch {
    return undefined;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
