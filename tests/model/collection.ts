/**
 * What a garbage collection may take at a moment: content that no manifest surely needs.
 *
 *     time            1     2     3     4     5     6
 *     gc              ├───────────────────────────┤
 *     PUT manifest          ├─────┤                      201: its blobs were there, and from here on gc spares them
 *     DELETE manifest                   ├───?            from here on it may take them
 *
 * For each blob that it may take there is an event "nothing is behind this URL" that may have happened. It ends when the
 * blob is needed again. A collection that ends as it should says what it has removed; the rest is still there. After one that
 * was killed, nobody knows.
 *
 * @module
 */

import { assert } from "@std/assert";
import { type Manifest, MANIFESTS } from "./content.ts";
import type { Repository } from "./model.ts";
import type { Event, Register } from "./registers.ts";

/** A garbage collection that runs. */
export class Collection {
  readonly #taking = new Map<Register, Event>();
  // For all that it may have taken, the moment from which on.
  readonly #since = new Map<Register, number>();

  constructor(
    private readonly repositories: readonly Repository[],
    private readonly by: string,
    private readonly isUntagged: boolean,
  ) {}

  /** Looks again what it may take, after a change of what is known. */
  look(): void {
    for (const repository of this.repositories) {
      const spared = this.#neededIn(repository, { isProven: false });
      const proven = this.#neededIn(repository, { isProven: true });
      const blobs = repository.blobs.values();
      for (const register of this.isUntagged ? [...repository.manifests.values(), ...blobs] : blobs) {
        const event = this.#taking.get(register);
        if (event === undefined && !spared.has(register)) this.#mayTake(register);
        if (event !== undefined && proven.has(register)) {
          this.#taking.delete(register);
          register.withdraw(event);
        }
      }
    }
  }

  #mayTake(register: Register): void {
    const event = register.begin(undefined, this.by);
    this.#taking.set(register, event);
    if (!this.#since.has(register)) this.#since.set(register, event.begin);
  }

  /** It has ended as it should, and has removed this. */
  end(removed: readonly Register[]): void {
    for (const [register, event] of this.#taking) {
      register.withdraw(event);
      if (removed.includes(register)) register.see(undefined, this.#since.get(register)!, this.by);
    }
    this.#expectMine(removed);
  }

  /**
   * It was killed, after it had said that it has removed this. It may have taken a blob aside, and the next start or
   * collection gives that its name back. Returns what to do after that.
   */
  break(removed: readonly Register[]): () => void {
    this.#expectMine(removed);
    const back = [...this.#taking].map(([register, event]) => {
      register.lose(event);
      return { register, event: register.begin(digestIn(register), `left by a killed ${this.by}`) };
    });
    return () => back.forEach(({ register, event }) => register.lose(event));
  }

  #expectMine(removed: readonly Register[]): void {
    for (const register of removed) {
      assert(this.#since.has(register), `${this.by} has removed what is needed:\n${register.history()}`);
    }
  }

  // Returns what it surely spares. If something was removed before it was needed again, then it is there again only if a push
  // has looked for it, and that is proven: a push looks for blobs and children, and not for the referrers of its manifest.
  #neededIn(repository: Repository, { isProven }: { isProven: boolean }): Set<Register | undefined> {
    const { manifests, blobs } = repository;
    const there = MANIFESTS.filter(({ digest }) => {
      const register = manifests.get(digest)!;
      return register.isSurely(digest, this.#taking.get(register));
    });
    const kept = this.isUntagged ? reached(repository, there, isProven ? [] : there) : there;
    return new Set([
      ...kept.map(({ digest }) => manifests.get(digest)),
      ...kept.flatMap((manifest) => isProven ? manifest.blobs : [...manifest.blobs, ...manifest.children])
        .map(({ digest }) => blobs.get(digest)),
    ]);
  }
}

// Returns the manifests that a tag surely reaches.
function reached({ tags }: Repository, there: readonly Manifest[], referrers: readonly Manifest[]): Manifest[] {
  const found = new Set<Manifest>();
  const reach = (manifest: Manifest): void => {
    if (found.has(manifest) || !there.includes(manifest)) return;
    found.add(manifest);
    for (const child of manifest.children) reach(child);
    for (const referrer of referrers) if (referrer.subject === manifest) reach(referrer);
  };
  for (const tag of tags.values()) {
    for (const manifest of there) if (tag.isSurely(manifest.digest)) reach(manifest);
  }
  return [...found];
}

// The content of a register that is no tag.
function digestIn({ url }: Register): string {
  return url.slice(url.lastIndexOf("/") + 1);
}
