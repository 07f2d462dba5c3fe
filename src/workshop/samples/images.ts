/**
 * Good images: layers, tags, platforms, whiteouts, and layers with a table of contents.
 *
 *     samples/hello:latest ──▶ manifest ──▶ config, a layer with a text, a layer with a program
 *
 * Next: artifacts.ts
 *
 * @module
 */

import { TYPES } from "./layout_of_sample.ts";
import { programOf } from "./program_of_sample.ts";
import type { GoodRecipe } from "./recipe.ts";
import { chunkedOf, estargzOf } from "./tables_of_samples.ts";
import { file, folder, type SampleEntry } from "./tar_of_sample.ts";

const MOTD = "You can see through this.\n";

/** The files of the lowest layer of most samples. */
export const BASE: readonly SampleEntry[] = [folder("etc"), file("etc/motd", MOTD)];

/** The files of a layer with a program that prints a text. */
export function helloSaying(text: string, processor: "amd64" | "arm64" = "amd64"): readonly SampleEntry[] {
  return [folder("bin"), file("bin/hello", programOf(processor, text), 0o755)];
}

const ALL_FILES = [...BASE, ...helloSaying("Hello from a layer.\n")];

/** The recipes. */
export const IMAGES = {
  hello: {
    purpose: "The smallest image with all parts: two layers, a config, a manifest and a tag. docker can run it.",
    make(make) {
      const base = make.layer(BASE, "COPY etc /etc # buildkit");
      const program = make.layer(helloSaying("Hello from a layer.\n"), "COPY hello /bin/hello # buildkit");
      make.tag("latest", make.image([base, program]));
    },
  },

  sharedBase: {
    purpose: "Two tags whose images share their lowest layer. The registry keeps it once.",
    make(make) {
      const base = make.layer(BASE, "COPY etc /etc # buildkit");
      const first = make.layer(helloSaying("Hello from version 1.\n"), "COPY hello /bin/hello # buildkit");
      const second = make.layer(helloSaying("Hello from version 2.\n"), "COPY hello /bin/hello # buildkit");
      make.tag("v1", make.image([base, first]));
      make.tag("v2", make.image([base, second]));
    },
  },

  platforms: {
    purpose: "An index with one image for each of two processors. A client pulls the one for its machine.",
    make(make) {
      const children = (["amd64", "arm64"] as const).map((processor) => {
        const program = make.layer(helloSaying(`Hello from ${processor}.\n`, processor));
        return { ...make.image([program], { processor }), platform: { architecture: processor, os: "linux" } };
      });
      make.tag("latest", make.index(children));
    },
  },

  whiteouts: {
    purpose: "A layer that removes a file and empties a folder of the layer below. Both layers still have their bytes.",
    make(make) {
      const below = make.layer([
        ...BASE,
        file("etc/password", "Removed from the container, and not from the image.\n"),
        folder("var"),
        folder("var/cache"),
        file("var/cache/one", "1\n"),
        file("var/cache/two", "2\n"),
      ]);
      const above = make.layer([
        folder("etc"),
        file("etc/.wh.password", ""),
        folder("var"),
        folder("var/cache"),
        file("var/cache/.wh..wh..opq", ""),
        file("var/cache/three", "3\n"),
      ], "RUN rm -r /etc/password /var/cache && echo 3 > /var/cache/three # buildkit");
      make.tag("latest", make.image([below, above], { run: ["/bin/sh"] }));
    },
  },

  estargz: {
    purpose: "A layer as eStargz: gzip with a table of contents, so that a client can fetch one file of it.",
    make: (make) => make.tag("latest", make.image([make.packedLayer(TYPES.gzip, estargzOf(ALL_FILES))])),
  },

  zstdChunked: {
    purpose:
      "A layer as zstd:chunked: zstd with a table of contents, so that a client fetches only what it does not have.",
    make: (make) => make.tag("latest", make.image([make.packedLayer(TYPES.zstd, chunkedOf(ALL_FILES))])),
  },
} satisfies Readonly<Record<string, GoodRecipe>>;
