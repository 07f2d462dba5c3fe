/**
 * The model: a register for each URL of each repository, and the garbage collection that runs, if one does.
 *
 * @module
 */

import { BLOBS, MANIFESTS, NAMES, TAGS } from "./content.ts";
import { Collection } from "./collection.ts";
import { Clock, Register } from "./registers.ts";

/** The registers of one repository. */
export interface Repository {
  readonly name: string;
  /** By their digests. */
  readonly blobs: ReadonlyMap<string, Register>;
  readonly manifests: ReadonlyMap<string, Register>;
  readonly tags: ReadonlyMap<string, Register>;
}

/** All that is known of the registry. */
export class Model {
  readonly clock = new Clock();
  readonly repositories: readonly Repository[];
  #collection: Collection | undefined;
  // What killed collections have left open, until one that is not killed clears it.
  readonly #leftOvers: (() => void)[] = [];
  #isLooking = false;

  constructor() {
    this.repositories = NAMES.map((name) => ({
      name,
      blobs: this.#registers(`/v2/${name}/blobs/`, BLOBS.map(({ digest }) => digest)),
      manifests: this.#registers(`/v2/${name}/manifests/`, MANIFESTS.map(({ digest }) => digest)),
      tags: this.#registers(`/v2/${name}/manifests/`, TAGS),
    }));
  }

  #registers(url: string, names: readonly string[]): Map<string, Register> {
    return new Map(names.map((name) => [name, new Register(url + name, this.clock, () => this.#look())]));
  }

  /** All registers. */
  get registers(): Register[] {
    return this.repositories.flatMap(({ blobs, manifests, tags }) =>
      [blobs, manifests, tags].flatMap((registers) => [...registers.values()])
    );
  }

  /** A garbage collection begins. */
  collect(by: string, isUntagged: boolean): void {
    this.#collection = new Collection(this.repositories, by, isUntagged);
    this.#look();
  }

  /** It has ended or was killed, and has said that it has removed what was behind these registers. */
  collected(removed: readonly Register[], wasKilled: boolean): void {
    const collection = this.#collection!;
    this.#collection = undefined;
    if (wasKilled) return void this.#leftOvers.push(collection.break(removed));
    collection.end(removed);
    for (const settle of this.#leftOvers.splice(0)) settle();
  }

  // The collection itself changes what is known.
  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#collection?.look();
    this.#isLooking = false;
  }
}
