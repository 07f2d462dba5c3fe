/**
 * Samples that are damaged on the disk, after the registry has taken them. `deno task verify` finds the damage.
 *
 *     fault  samples/flipped-bit/sha256:9b4e…/layer.tar.gz   its bytes have the digest sha256:fcde…
 *
 * A damaged file is a new file in place of the good one. Other repositories with the same bytes keep theirs. And each of these samples
 * has a layer that no other sample has.
 *
 * Next: samples.ts
 *
 * @module
 */

import { contentFolder, tagsFolder } from "../../store/layout.ts";
import type { DamagedRecipe } from "./recipe.ts";
import { bytesOf, file } from "./tar_of_sample.ts";

const NOWHERE = `sha256:${"0".repeat(64)}`;

/** The recipes. */
export const DAMAGED = {
  flippedBit: {
    purpose: "A layer in which the disk has changed one bit.",
    make(make) {
      const layer = make.layer([file("flipped", "One bit of this is wrong on the disk.\n")]);
      make.tag("latest", make.image([layer]));
      return layer.descriptor;
    },
    damage(name, { digest }, bytes) {
      const middle = Math.floor(bytes.length / 2);
      const flipped = bytes.map((byte, index) => index === middle ? byte ^ 1 : byte);
      return { folder: contentFolder(name, digest), files: { "layer.tar.gz": flipped } };
    },
    finding: "its bytes have the digest sha256:59038e9db871bb757c98f4c1d563d4c8de66794c1bbc531545f8dead0c7f235f",
  },

  danglingTag: {
    purpose: "A tag that points to a manifest which is not there.",
    make(make) {
      const image = make.image([make.layer([file("dangling", "The tag of this leads nowhere.\n")])]);
      make.tag("latest", image);
      return image;
    },
    damage: (name) => ({ folder: tagsFolder(name), files: { latest: bytesOf(NOWHERE) } }),
    finding: `points to ${NOWHERE}, which is not there`,
  },
} satisfies Readonly<Record<string, DamagedRecipe>>;
