/**
 * What stays in memory between two calls: the layers that were read last, and the stacks that were made of them.
 *
 *     look at …/layer.tar.gz!/etc        reads the layer                LayersInMemory   "sha256:9b4e…" ─▶ 3,412 entries
 *     look at …/layer.tar.gz!/usr        takes it from memory
 *     look at …/manifest.json!/etc       stacks three layers            StacksInMemory   [layer, layer, layer] ─▶ stack
 *     look at its next page              takes the stack from memory
 *
 * A person who looks into a layer mostly opens its next folder, or the next page of the same list. To read a layer means to unpack
 * all of it, and to stack layers means to go through all of their entries. So the last few stay here. A layer goes by the name of its
 * digest, so it never becomes old.
 *
 * Next: trees.ts
 *
 * @module
 */

import type { LayerFacts } from "../archive/layer.ts";
import { type StackFacts, stackLayers } from "../archive/stack.ts";

// The most stacks.
const MOST_STACKS = 2;

/** The layers that were read last. Their entries together are limited, because each entry takes some hundred bytes. */
export class LayersInMemory {
  readonly #most: number;
  readonly #layers = new Map<string, LayerFacts>();
  #entries = 0;

  /** Begins with none. `most` is the number of entries of all layers together. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Returns a layer that is in memory. It is now the one that was asked for last. */
  get(key: string): LayerFacts | undefined {
    const layer = this.#layers.get(key);
    if (layer === undefined) return undefined;
    // A map knows the order in which its keys came. The last one is forgotten last.
    this.#layers.delete(key);
    this.#layers.set(key, layer);
    return layer;
  }

  /** Takes a layer, and forgets those that nobody has asked for longest, until there is room for it. */
  set(key: string, layer: LayerFacts): void {
    this.#forget(key);
    this.#layers.set(key, layer);
    this.#entries += layer.entries.length;
    for (const oldest of this.#layers.keys()) {
      if (this.#entries <= this.#most) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#entries -= this.#layers.get(key)?.entries.length ?? 0;
    this.#layers.delete(key);
  }
}

/** The stacks of the images that were looked at last. */
export class StacksInMemory {
  readonly #stacks: { readonly layers: readonly LayerFacts[]; readonly stack: StackFacts }[] = [];

  /** Returns what the layers are as a stack. These must be the same objects as before for it to come from memory. */
  readonly stack = (layers: readonly LayerFacts[]): StackFacts => {
    const known = this.#stacks.find((one) =>
      one.layers.length === layers.length && one.layers.every((layer, at) => layer === layers[at])
    );
    if (known !== undefined) return known.stack;
    const stack = stackLayers(layers);
    this.#stacks.unshift({ layers, stack });
    this.#stacks.length = Math.min(this.#stacks.length, MOST_STACKS);
    return stack;
  };
}
