/**
 * The output of `deno task import` and `deno task export`.
 *
 *     $ deno task import hello.tar library/hello:v1
 *     library/hello:v1   sha256:a35b319a8183…
 *     1 image: 1 manifest and 2 blobs, of which 2 are new (3.2 MiB)
 *
 * Both work while registries serve the same root. On a terminal, a last line shows how far the work is.
 *
 * Next: file_errors.ts
 *
 * @module
 */

import { printable, printableJson, shorten } from "../definitions/printable.ts";
import { counted, formatBytes } from "../definitions/size.ts";
import type { Disk } from "../disk/disk.ts";
import { exportImage } from "../filling/exporting.ts";
import type { ImageInRegistry } from "../filling/choosing.ts";
import { NoSuchImage } from "../filling/files.ts";
import { fill, type Filled, type Progress } from "../filling/fill.ts";
import { createRegistry } from "../registry.ts";
import type { CommandLine } from "./command_line.ts";
import { tellingFileErrors } from "./file_errors.ts";
import { errors } from "./output.ts";

/** Runs `import` or `export`, and prints what it has done. */
export async function runFilling(command: "import" | "export", disk: Disk, line: CommandLine): Promise<void> {
  if (command === "import") await printImport(disk, line);
  else await printExport(disk, line);
}

/** Imports the files of `--import` onto a disk, before the registry listens. Says on the standard error what has come. */
export async function importFirst(line: CommandLine, disk: Disk): Promise<void> {
  const { allowSparse, maxManifestSize, maxBlobSize } = line;
  const registry = tellingFileErrors(createRegistry({ disk, allowSparse, maxManifestSize, maxBlobSize }));
  for (const source of line.import) {
    using shown = new ShownProgress();
    const filled = await fill(registry, source, { allowSparse, progress: shown.show });
    shown.clear();
    const tagged = filled.images.filter(({ tag }) => tag !== undefined).map(({ name, tag }) => `${name}:${tag}`);
    // Without any tag, clients need a digest to pull something.
    const names = tagged.length > 0 ? tagged : filled.images.map(({ name, digest }) => `${name}@${digest}`);
    errors.print(`glassbox: imported ${[source, ...names.slice(0, MOST_NAMED)].join("   ")}   ${sumOf(filled)}`);
  }
}

// The most images that the line about an import names.
const MOST_NAMED = 10;

async function printImport(disk: Disk, line: CommandLine): Promise<void> {
  const { operands: [source, name], allowSparse, image, json } = line;
  const registry = tellingFileErrors(createRegistry({ disk, allowSparse }));
  using shown = new ShownProgress();
  const filled = await fill(registry, source, { name, image, allowSparse, progress: shown.show });
  shown.clear();
  const { images, manifests, blobs, newBlobs, newBytes } = filled;
  printImages(images, json);
  console.log(json ? printableJson({ manifests, blobs, newBlobs, newBytes }) : sumOf(filled));
}

function sumOf({ images, manifests, blobs, newBlobs, newBytes }: Filled): string {
  const whole = `${counted(images.length, "image")}: ${counted(manifests, "manifest")} and ${counted(blobs, "blob")}`;
  return `${whole}, of which ${newBlobs} ${newBlobs === 1 ? "is" : "are"} new (${formatBytes(newBytes)})`;
}

async function printExport(disk: Disk, { operands: [reference, target], json }: CommandLine): Promise<void> {
  const registry = tellingFileErrors(createRegistry({ disk, readOnly: true }));
  using shown = new ShownProgress();
  const exported = await exportImage(registry, reference, target, { progress: shown.show }).catch((error) => {
    if (!(error instanceof NoSuchImage)) throw error;
    throw new Error(`${error.message}; deno task look ${reference} says more`);
  });
  const { images, manifests, blobs, bytes } = exported;
  shown.clear();
  printImages(images, json);
  const sentence = `${counted(images.length, "image")}: ${counted(manifests, "manifest")} and ${
    counted(blobs, "blob")
  }, ${formatBytes(bytes)}, in ${target}`;
  console.log(json ? printableJson({ manifests, blobs, bytes }) : printable(sentence));
}

function printImages(images: readonly ImageInRegistry[], json: boolean): void {
  for (const image of images) {
    const { name, tag, digest, index } = image;
    const place = tag === undefined ? name : `${name}:${tag}`;
    const part = index === undefined ? "" : `   the only image that is there of the index ${shorten(index)}`;
    console.log(json ? printableJson(image) : printable(`${place}   ${shorten(digest)}${part}`));
  }
}

// A person sees a change ten times a second, in milliseconds.
const PAUSE = 100;

// Shows on a terminal how far the work is, in a line that it overwrites again and again.
class ShownProgress implements Disposable {
  readonly #isWatched = Deno.stderr.isTerminal();
  #last = 0;

  /** Shows it. */
  readonly show = ({ doing, bytes, total }: Progress): void => {
    if (!this.#isWatched || Date.now() < this.#last + PAUSE) return;
    this.#last = Date.now();
    const all = total === undefined ? "" : ` of ${formatBytes(total)}`;
    this.#write(`\r\x1b[K${doing} ${formatBytes(bytes)}${all} …`);
  };

  /** Removes the line. */
  clear(): void {
    if (this.#isWatched) this.#write("\r\x1b[K");
  }

  /** Removes the line, in front of the message of an error. */
  [Symbol.dispose](): void {
    this.clear();
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}
