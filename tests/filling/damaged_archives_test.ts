/**
 * Archives with damages by chance: each one is taken as a whole or refused, and a refused one leaves nothing.
 *
 * The same seed makes the same damages, so a failure can be repeated.
 */

import { assertEquals } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { FillError } from "../../src/filling/files.ts";
import { fill } from "../../src/filling/fill.ts";
import { createRegistry } from "../../src/registry.ts";
import { bytes, TYPES } from "../fixture.ts";
import { Random } from "../fuzz/random.ts";
import { dockerArchive, gzipOf, tarOf, TestLayout } from "./archive.ts";

const SEED = 20;
const ROUNDS = 600;

function layoutArchive(): Uint8Array<ArrayBuffer> {
  const layout = new TestLayout();
  const image = layout.list(layout.addImage("one"), "v1");
  layout.list(layout.addManifest({ mediaType: TYPES.index, manifests: [image] }), "all");
  layout.list(layout.addImage("note", { subject: image }));
  return tarOf(layout.entries("./"));
}

/** Changes a few bits and bytes, mostly in headers, and sometimes cuts the end off. */
function damage(random: Random, archive: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const damaged = archive.slice();
  for (let left = 1 + random.below(4); left > 0; left--) {
    const anywhere = random.below(damaged.length);
    const at = random.onceIn(2) ? anywhere : Math.floor(anywhere / 512) * 512 + random.below(160);
    if (at < damaged.length) damaged[at] = random.onceIn(2) ? damaged[at] ^ (1 << random.below(8)) : random.below(256);
  }
  if (random.onceIn(2)) correctSums(damaged);
  return random.onceIn(5) ? damaged.slice(0, random.below(damaged.length)) : damaged;
}

// With a wrong sum, a header would be refused for just that.
function correctSums(archive: Uint8Array): void {
  for (let header = 0; header + 512 <= archive.length; header += 512) {
    if (new TextDecoder().decode(archive.subarray(header + 257, header + 262)) !== "ustar") continue;
    archive.set(bytes("        "), header + 148);
    const sum = archive.subarray(header, header + 512).reduce((sum, byte) => sum + byte, 0);
    archive.set(bytes(sum.toString(8).padStart(6, "0") + "\0 "), header + 148);
  }
}

Deno.test("an archive with damages is taken or refused as a whole, and never anything else", async () => {
  const random = new Random(SEED);
  const tars = [layoutArchive(), tarOf(dockerArchive())];
  const archives = [...tars, ...await Promise.all(tars.map(gzipOf))];
  const count = { taken: 0, refused: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const archive = new Blob([damage(random, archives[round % archives.length])]);
    const disk = memoryDisk();
    try {
      await fill(createRegistry({ disk }), archive, { name: "hello" });
      count.taken++;
    } catch (error) {
      if (!(error instanceof FillError)) throw new Error(`round ${round} of seed ${SEED}`, { cause: error });
      assertEquals(disk.list(""), [], `round ${round} of seed ${SEED}: ${error.message}`);
      count.refused++;
    }
  }
  assertEquals([count.taken > ROUNDS / 20, count.refused > ROUNDS / 2], [true, true], JSON.stringify(count));
});
