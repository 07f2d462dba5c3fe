/**
 * The maker of samples: blobs and manifests become the files of an OCI layout.
 *
 *     const make = new SampleMaker("samples/hello");
 *     const layer = make.layer([file("etc/motd", "Hello\n")]);
 *     make.tag("latest", make.image([layer]));
 *     make.layout()      { "oci-layout": …, "index.json": …, "blobs/sha256/9b4e…": …, … }
 *
 * A layout is what `fill` takes. So a sample gets into a registry like any image that comes from a file.
 *
 * Next: images.ts
 *
 * @module
 */

import type { Descriptor } from "../../definitions/descriptor.ts";
import { type Digest, digestOf, HASHES } from "../../definitions/digest.ts";
import { MANIFEST_MEDIA_TYPES, OCI_INDEX } from "../../definitions/manifest.ts";
import type { Tag } from "../../definitions/tag.ts";
import { blobPath, INDEX_FILE, LAYOUT, LAYOUT_FILE, REF_NAME } from "../../filling/layout.ts";
import { gzipOf } from "./packing_without_compression.ts";
import type { SampleProcessor } from "./program_of_sample.ts";
import type { LayerWithTable } from "./tables_of_samples.ts";
import { bytesOf, type SampleEntry, tarOf, TIME } from "./tar_of_sample.ts";

/** The files of an OCI layout, by their paths. `fill` takes it. */
export type SampleLayout = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;

/** The media types of the parts of an image. */
export const TYPES = {
  image: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  empty: "application/vnd.oci.empty.v1+json",
} as const;

/** The time of everything in the samples, as configs and annotations write it. */
export const CREATED: string = new Date(TIME * 1000).toISOString().replace(".000Z", "Z");

/** A layer, and how a config names it. */
export interface SampleLayer {
  /** The pointer to it. */
  readonly descriptor: Descriptor;
  /** The digest of the layer without compression. */
  readonly diffId: string;
  /** The command that made it. */
  readonly command: string;
}

/** A blob or a manifest of a sample. */
export interface SamplePart {
  /** Its digest. */
  readonly digest: Digest;
  /** Its media type. */
  readonly mediaType: string;
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** True if it is a manifest. */
  readonly isManifest: boolean;
  /** Its tags. */
  readonly tags: Tag[];
}

/** The fields of an image that most samples leave as they are. */
export interface SampleImage {
  /** Its processor. Default: `amd64`. */
  readonly processor?: SampleProcessor;
  /** The command that a container runs. Default: the program `hello`. */
  readonly run?: readonly string[];
  /** More fields of its manifest. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Makes the layout of one sample. */
export class SampleMaker {
  readonly #repository: string;
  readonly #parts = new Map<string, SamplePart>();
  readonly #listed: Descriptor[] = [];

  /** Begins with nothing. */
  constructor(repository: string) {
    this.#repository = repository;
  }

  /** Adds a blob. Returns a pointer to it. */
  blob(mediaType: string, content: string | Uint8Array<ArrayBuffer>, fields: Partial<Descriptor> = {}): Descriptor {
    const bytes = bytesOf(content);
    const digest = digestOf(HASHES, "sha256", bytes);
    this.#parts.set(digest, { digest, mediaType, bytes, isManifest: mediaType in MANIFEST_MEDIA_TYPES, tags: [] });
    return { mediaType, digest, size: bytes.length, ...fields };
  }

  /** Adds a blob with JSON in it. Returns a pointer to it. */
  json(mediaType: string, value: unknown, fields: Partial<Descriptor> = {}): Descriptor {
    // People read it with `cat`.
    return this.blob(mediaType, `${JSON.stringify(value, null, 2)}\n`, fields);
  }

  /** Adds a layer of these files, as gzip. */
  layer(entries: readonly SampleEntry[], command = "COPY . / # buildkit"): SampleLayer {
    const tar = tarOf(entries);
    return this.packedLayer(TYPES.gzip, { packed: gzipOf(tar), tar, annotations: {} }, command);
  }

  /** Adds a layer that is packed already. */
  packedLayer(
    mediaType: string,
    { packed, tar, annotations }: LayerWithTable,
    command = "COPY . / # buildkit",
  ): SampleLayer {
    const fields = Object.keys(annotations).length === 0 ? {} : { annotations };
    return { descriptor: this.blob(mediaType, packed, fields), diffId: digestOf(HASHES, "sha256", tar), command };
  }

  /** Adds an image of layers, from the lowest: its config and its manifest. Returns a pointer to the manifest. */
  image(
    layers: readonly SampleLayer[],
    { processor = "amd64", run = ["/bin/hello"], fields = {} }: SampleImage = {},
  ): Descriptor {
    const config = this.json(TYPES.config, {
      created: CREATED,
      architecture: processor,
      os: "linux",
      config: { Env: ["PATH=/bin"], Cmd: run, WorkingDir: "/" },
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(({ command }) => ({ created: CREATED, created_by: command })),
    });
    return this.manifest(config, layers.map(({ descriptor }) => descriptor), fields);
  }

  /** Adds the manifest of an image or of another artifact. Returns a pointer to it. */
  manifest(
    config: Descriptor,
    layers: readonly Descriptor[],
    fields: Readonly<Record<string, unknown>> = {},
  ): Descriptor {
    return this.json(TYPES.image, { schemaVersion: 2, mediaType: TYPES.image, config, layers, ...fields });
  }

  /** Adds the manifest of an artifact without a config. Returns a pointer to it. */
  artifact(
    artifactType: string,
    layers: readonly Descriptor[],
    fields: Readonly<Record<string, unknown>> = {},
  ): Descriptor {
    const config = this.empty();
    const all = { schemaVersion: 2, mediaType: TYPES.image, artifactType, config, layers, ...fields };
    return this.json(TYPES.image, all);
  }

  /** Adds the empty blob, which is the text `{}`. Returns a pointer to it. */
  empty(): Descriptor {
    return this.blob(TYPES.empty, "{}");
  }

  /** Adds an index of manifests. Returns a pointer to it. */
  index(manifests: readonly object[]): Descriptor {
    return this.json(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  }

  /** Gives a manifest a tag. */
  tag(tag: string, manifest: Descriptor): void {
    this.#parts.get(manifest.digest)!.tags.push(tag as Tag);
    this.#listed.push({ ...manifest, annotations: { [REF_NAME]: `${this.#repository}:${tag}` } });
  }

  /** Lists a manifest without a tag: a referrer, which is found through its subject. */
  list(manifest: Descriptor): void {
    this.#listed.push(manifest);
  }

  /** Returns the layout of all that was added. */
  layout(): SampleLayout {
    return {
      [LAYOUT_FILE]: LAYOUT,
      [INDEX_FILE]: JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: this.#listed }),
      ...Object.fromEntries(this.#parts.values().map(({ digest, bytes }) => [blobPath(digest), bytes])),
    };
  }

  /** Returns all that was added, in an order in which a registry takes it: what a manifest points to comes before it. */
  parts(): readonly SamplePart[] {
    return [...this.#parts.values()];
  }
}
