/**
 * Archives and layouts for the tests, written without the package that the registry reads them with.
 *
 *     const { layout, digest } = imageLayout("v1");
 *     const archive = tarOf(filesOf(layout));
 *
 * @module
 */

import { bytes, descriptorOf, digestOf, TYPES } from "../fixture.ts";
import { joined as join } from "../../src/joined.ts";

// The tests of archives call it so.
export { join };

/** An entry of a tar archive, as a test wants it. */
export interface TarEntry {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** The letter of its type: "0" is a file, "1" a hard link, "2" a symbolic link, "5" a folder. */
  readonly type?: string;
  readonly link?: string;
  /** A size in the header that is not that of the content. */
  readonly size?: number;
}

/** Returns a tar archive. The fields of a header: POSIX.1-2017, pax, "ustar Interchange Format". */
export function tarOf(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  return join([...entries.map(entryOf), new Uint8Array(1024)]);
}

/** Returns an entry of a tar archive: its header, its content, and zeros up to a multiple of 512 bytes. */
export function entryOf(entry: TarEntry): Uint8Array<ArrayBuffer> {
  const { name, content = "", type = "0", link = "", size } = entry;
  // GNU tar puts a long name into an entry of its own, in front.
  if (name.length > 100) {
    return join([
      entryOf({ name: "././@LongLink", type: "L", content: `${name}\0` }),
      entryOf({ ...entry, name: name.slice(0, 100) }),
    ]);
  }
  const body = typeof content === "string" ? bytes(content) : content;
  const octal = (number: number, length: number) => number.toString(8).padStart(length - 1, "0") + "\0";
  const before = name.padEnd(100, "\0") + octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size ?? body.length, 12) +
    octal(0, 12);
  const after = type + link.padEnd(100, "\0") + "ustar\x0000".padEnd(255, "\0");
  const sum = [...before, ...after].reduce((total, character) => total + character.charCodeAt(0), 8 * 32);
  return join([bytes(before + octal(sum, 7) + " " + after), body, new Uint8Array((512 - body.length % 512) % 512)]);
}

/** Returns bytes, compressed with gzip. */
export async function gzipOf(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

/** A layout as a record, and what is in it. */
export class TestLayout {
  /** The files, by their paths. */
  readonly files: Record<string, string> = { "oci-layout": '{"imageLayoutVersion":"1.0.0"}' };
  readonly #index: object[] = [];

  constructor() {
    this.#writeIndex();
  }

  /** Adds a blob. Returns its descriptor. */
  add(content: string, mediaType: string, algorithm = "sha256") {
    const descriptor = descriptorOf(content, mediaType, algorithm);
    this.files[`blobs/${descriptor.digest.replace(":", "/")}`] = content;
    return descriptor;
  }

  /** Adds an image of one layer. Returns the descriptor of its manifest. */
  addImage(text: string, fields: object = {}) {
    const config = this.add(JSON.stringify({ architecture: "amd64", os: "linux", text }), TYPES.config);
    const layer = this.add(`layer of ${text}`, TYPES.layer);
    return this.addManifest({ mediaType: TYPES.image, config, layers: [layer], ...fields });
  }

  /** Adds a manifest. Returns its descriptor. */
  addManifest(fields: { mediaType: string; [field: string]: unknown }, algorithm = "sha256") {
    return this.add(JSON.stringify({ schemaVersion: 2, ...fields }), fields.mediaType, algorithm);
  }

  /** Lists a manifest in the index, under a name or none. */
  list<Descriptor extends object>(descriptor: Descriptor, refName?: string, annotations: object = {}): Descriptor {
    const named = refName === undefined ? {} : { "org.opencontainers.image.ref.name": refName };
    this.#index.push({ ...descriptor, annotations: { ...named, ...annotations } });
    this.#writeIndex();
    return descriptor;
  }

  /** Returns the files as entries of an archive. */
  entries(prefix = ""): TarEntry[] {
    return Object.entries(this.files).map(([path, content]) => ({ name: prefix + path, content }));
  }

  /** Writes the files into a folder. */
  writeTo(folder: string): void {
    for (const [path, content] of Object.entries(this.files)) {
      const file = `${folder}/${path}`;
      Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(file, content);
    }
  }

  #writeIndex(): void {
    this.files["index.json"] = JSON.stringify({ schemaVersion: 2, manifests: this.#index });
  }
}

/** Returns the entries of an archive as `docker save` wrote them before version 25. */
export function dockerArchive(
  { tags = ["hello:v1"], layers = ["one", "two"], diffIds }: {
    tags?: readonly string[] | null;
    layers?: readonly string[];
    diffIds?: readonly string[];
  } = {},
): TarEntry[] {
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: diffIds ?? layers.map((layer) => digestOf(layer)) },
  });
  const name = `${digestOf(config).slice("sha256:".length)}.json`;
  const paths = layers.map((layer) => `${digestOf(`id of ${layer}`).slice("sha256:".length)}/layer.tar`);
  return [
    { name, content: config },
    ...paths.map((path, index) => ({ name: path, content: layers[index] })),
    { name: "manifest.json", content: JSON.stringify([{ Config: name, RepoTags: tags, Layers: paths }]) },
  ];
}
