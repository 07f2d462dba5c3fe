/**
 * Images for the tests of `looking`: real ones, with layers of real files, pushed as a client would.
 *
 *     const v1 = await pushImage(registry, "library/hello", { tag: "v1", layers: [[{ name: "etc/motd", content: "Hello" }]] });
 *     v1.layers[0].digest      "sha256:…"
 *
 * @module
 */

import { gzipOf, type TarEntry, tarOf } from "../filling/archive.ts";
import { descriptorOf, digestOf, type TestRegistry, TYPES } from "../fixture.ts";

/** A descriptor, as a test writes it. */
export interface Described {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [field: string]: unknown;
}

/** An image to push. */
export interface ImageToPush {
  readonly tag?: string;
  /** The entries of each layer, or its archive, the lowest first. */
  readonly layers?: readonly (readonly TarEntry[] | Uint8Array<ArrayBuffer>)[];
  /** The command of each layer. */
  readonly commands?: readonly string[];
  /** Other fields of the config. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Other fields of the manifest. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Annotations of the layers. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image that was pushed. */
export interface PushedImage {
  readonly digest: string;
  readonly descriptor: Described;
  readonly config: Described;
  readonly layers: readonly Described[];
  readonly diffIds: readonly string[];
}

/** Pushes an image with its layers. */
export async function pushImage(registry: TestRegistry, name: string, image: ImageToPush = {}): Promise<PushedImage> {
  const { tag, layers: archives = [[{ name: "hello.txt", content: "Hello\n" }]], commands, annotations } = image;
  const layers: Described[] = [];
  const diffIds: string[] = [];
  for (const entries of archives) {
    const tar = entries instanceof Uint8Array ? entries : tarOf(entries);
    const packed = await gzipOf(tar);
    await registry.pushBlob(name, packed);
    diffIds.push(digestOf(tar));
    layers.push({ ...descriptorOf(packed, TYPES.layer), ...(annotations === undefined ? {} : { annotations }) });
  }
  const history = archives.map((_, index) => ({
    created: "2026-01-02T03:04:05Z",
    created_by: commands?.[index] ?? `COPY layer${index} / # buildkit`,
    comment: "buildkit.dockerfile.v0",
  }));
  const text = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: { Cmd: ["/hello"], Env: ["PATH=/bin"], Labels: { "org.opencontainers.image.title": "hello" } },
    rootfs: { type: "layers", diff_ids: diffIds },
    history: [...history, { created_by: '/bin/sh -c #(nop)  CMD ["/hello"]', empty_layer: true }],
    ...image.config,
  });
  await registry.pushBlob(name, text);
  const config = descriptorOf(text, TYPES.config);
  const manifest = { schemaVersion: 2, mediaType: TYPES.image, config, layers, ...image.fields };
  const digest = await registry.pushManifest(name, manifest, { tag });
  return { digest, descriptor: descriptorOf(JSON.stringify(manifest), manifest.mediaType), config, layers, diffIds };
}

/** Pushes an artifact: a manifest whose parts are blobs with these types and contents. */
export async function pushArtifact(
  registry: TestRegistry,
  name: string,
  artifact: {
    readonly tag?: string;
    readonly config?: readonly [type: string, content: string];
    readonly layers?: readonly (readonly [type: string, content: string, annotations?: Record<string, string>])[];
    readonly fields?: Readonly<Record<string, unknown>>;
  },
): Promise<{ digest: string; descriptor: Described; layers: readonly Described[] }> {
  const { tag, config = ["application/vnd.oci.empty.v1+json", "{}"], layers = [], fields } = artifact;
  const described: Described[] = [];
  for (const [type, content, annotations] of layers) {
    await registry.pushBlob(name, content);
    described.push({ ...descriptorOf(content, type), ...(annotations === undefined ? {} : { annotations }) });
  }
  await registry.pushBlob(name, config[1]);
  const manifest = {
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf(config[1], config[0]),
    layers: described,
    ...fields,
  };
  const digest = await registry.pushManifest(name, manifest, { tag });
  return { digest, descriptor: descriptorOf(JSON.stringify(manifest), TYPES.image), layers: described };
}

/** Pushes an index. */
export async function pushIndex(
  registry: TestRegistry,
  name: string,
  manifests: readonly object[],
  { tag, fields }: { readonly tag?: string; readonly fields?: Readonly<Record<string, unknown>> } = {},
): Promise<{ digest: string; descriptor: Described }> {
  const index = { schemaVersion: 2, mediaType: TYPES.index, manifests, ...fields };
  const digest = await registry.pushManifest(name, index, { tag });
  return { digest, descriptor: descriptorOf(JSON.stringify(index), TYPES.index) };
}

/** Returns an in-toto statement about a digest, with the provenance of SLSA. */
export function provenanceOf(digest: string) {
  return {
    _type: "https://in-toto.io/Statement/v1",
    predicateType: "https://slsa.dev/provenance/v1",
    subject: [{ name: "pkg:docker/library/hello@v1", digest: { sha256: digest.replace("sha256:", "") } }],
    predicate: {
      buildDefinition: {
        buildType: "https://mobyproject.org/buildkit@v1",
        resolvedDependencies: [{ uri: "pkg:docker/alpine@3", digest: { sha256: "0".repeat(64) } }],
      },
      runDetails: { builder: { id: "https://github.com/docker/build-push-action" } },
    },
  };
}
