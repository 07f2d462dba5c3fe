/**
 * Broken samples: the registry takes them, and a look finds what is wrong.
 *
 *     deno task look samples/bad-checksum@sha256:…
 *     ! The checksum of this header is 4959, and 4960 is written there.
 *
 * A registry keeps bytes and does not look into layers. So the digests of these layers are right, and what is in them is not.
 *
 * Next: refused.ts
 *
 * @module
 */

import type { Descriptor } from "../../definitions/descriptor.ts";
import { digestOf, HASHES } from "../../definitions/digest.ts";
import { joined } from "../../joined.ts";
import { BASE } from "./images.ts";
import { type SampleMaker, TYPES } from "./layout_of_sample.ts";
import { gzipOf, littleEndian, ZSTD_MAGIC, zstdBlock } from "./packing_without_compression.ts";
import type { BrokenRecipe } from "./recipe.ts";
import { endOfTar, file, folder, headerOf, tarOf } from "./tar_of_sample.ts";

/** The recipes. */
export const BROKEN = {
  wrongDiffId: {
    purpose:
      "An image whose config names another digest for the unpacked layer than the layer has. docker refuses to pull it.",
    make(make) {
      const layer = make.layer(BASE);
      make.tag("latest", make.image([{ ...layer, diffId: `sha256:${"0".repeat(64)}` }]));
      return layer.descriptor;
    },
    finding: "Unpacked, the layer sha256:8ff67aeda360… has another digest than this config says: sha256:000000000000….",
  },

  tarBomb: {
    purpose: "A layer of 15 KB that becomes 128 MiB with 262,145 entries. A program without limits has much to do.",
    make: (make) => imageOf(make, bomb(), UNPACKED_BOMB, TYPES.zstd),
    finding: "The reading ended after 200,000 entries. What comes later is not shown.",
  },

  pathOut: {
    purpose: "A layer with the path ../../etc/passwd, which leads out of the container where a program follows it.",
    make(make) {
      const tar = tarOf([...BASE, file("../../etc/passwd", "mallory::0:0:::\n")]);
      return imageOf(make, gzipOf(tar), sha256(tar));
    },
    finding: "The path has .. in it, which can lead out of the container. The tree does not show it.",
  },

  badChecksum: {
    purpose: "A layer with a wrong checksum in the header of a file. Programs skip that file, or refuse the layer.",
    make(make) {
      const tar = tarOf([...BASE, { ...file("etc/hidden", "Is this seen?\n"), error: 1 }]);
      return imageOf(make, gzipOf(tar), sha256(tar));
    },
    finding: "The checksum of this header is 4959, and 4960 is written there.",
  },

  truncatedGzip: {
    purpose: "A layer whose gzip ends in the middle, as after a broken download that nobody has noticed.",
    make(make) {
      const tar = tarOf(BASE);
      const whole = gzipOf(tar);
      return imageOf(make, whole.slice(0, whole.length / 2), sha256(tar));
    },
    finding: "The gzip ends too early.",
  },

  sizeLie: {
    purpose: "A manifest that says another size of a layer than the layer has. The registry takes it with a warning.",
    make(make) {
      const layer = make.layer(BASE);
      const size = layer.descriptor.size + 1;
      const image = make.image([{ ...layer, descriptor: { ...layer.descriptor, size } }]);
      make.tag("latest", image);
      return image;
    },
    finding:
      "It says that sha256:9651e4f153e8f4271768db8dce0807459a09a3ff41b0d24670fde78ff7989518 has 2584 bytes, but it has 2583.",
  },
} satisfies Readonly<Record<string, BrokenRecipe>>;

// An image of one layer, packed by hand. Returns a pointer to the layer.
function imageOf(
  make: SampleMaker,
  packed: Uint8Array<ArrayBuffer>,
  diffId: string,
  mediaType: string = TYPES.gzip,
): Descriptor {
  const descriptor = make.blob(mediaType, packed);
  make.tag("latest", make.image([{ descriptor, diffId, command: "ADD broken / # by hand" }]));
  return descriptor;
}

function sha256(bytes: Uint8Array): string {
  return digestOf(HASHES, "sha256", bytes);
}

// The digest of the 128 MiB that come out of the bomb. To compute it each time would take as long as all other samples.
const UNPACKED_BOMB = "sha256:e5b25034fbdc6b7d5d5f5f8f373068dd68553a05a7a2791b4b227429ebf01c77";

// One header, and then the same header 262,144 times. A block of zstd can say "repeat the last 512 bytes until there are 128 KiB", and
// that takes 13 bytes: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.3
// deno-fmt-ignore
function bomb(): Uint8Array<ArrayBuffer> {
  const header = headerOf(folder("bomb"));
  const repeat = [
    0x00,                    // no literals
    1, 0x54,                 // one sequence; each of its three codes stands there as one byte
    0, 9, 52,                // no literals; back by 509 bytes and what 9 bits say; 65,539 bytes and what 16 bits say
    ...bits([3, 9], [128 * 1024 - 65_539, 16]),
  ];
  return joined([
    new Uint8Array([...ZSTD_MAGIC, 0x00, 0x38]),     // the size is not known; 128 KiB are to be remembered
    zstdBlock("raw", header.length, false), header,
    ...Array.from({ length: 1024 }, () => joined([zstdBlock("compressed", repeat.length, false), new Uint8Array(repeat)])),
    zstdBlock("raw", endOfTar().length, true), endOfTar(),
  ]);
}

// Decoders read the bits from the end: behind the last one stands a 1.
function bits(...numbers: readonly (readonly [value: number, bits: number])[]): Uint8Array {
  const [all, length] = [...numbers].reverse().reduce(
    ([sum, at], [value, size]) => [sum + value * 2 ** at, at + size],
    [0, 0],
  );
  return littleEndian(all + 2 ** length, Math.ceil((length + 1) / 8));
}
