/**
 * Growing files in memory: the bytes of upload sessions on a memory disk.
 *
 *     library/hello/_uploads/0f9c…/data        pieces of bytes, and the hash of all of them so far
 *
 * They keep the contract of `GrowingFile` in `disk.ts`. Moving one to its place gives its bytes another name, and copies nothing.
 *
 * Next: around.ts
 *
 * @module
 */

import type { Hashes } from "../definitions/digest.ts";
import type { ByteRange } from "../definitions/range.ts";
import { LongWork } from "../giving_way.ts";
import type { Bytes, Change, GrowingFile } from "./disk.ts";
import { folderOf, LARGEST_PIECE, type MemoryFile, type MemoryFiles } from "./memory_files.ts";
import type { HashesHere } from "./running_hashes.ts";

/** What growing files need of their disk. A disk that is restored gets other files and hashes. */
export interface GrowingState {
  /** All files of the disk. */
  files: MemoryFiles;
  /** The hashes of the growing files so far. */
  hashes: HashesHere;
  /** The digest algorithms that the disk can compute. */
  readonly algorithms: Hashes;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** A growing file of a memory disk. Its caller sees to it that nobody else works on it at the same time. */
export class GrowingMemoryFile implements GrowingFile {
  /** The time of its last use before this one, in milliseconds since 1970. */
  readonly lastUsed: number;
  readonly #state: GrowingState;
  readonly #path: string;
  readonly #file: MemoryFile;
  readonly #told: (sign: Change["sign"], path: string) => void;

  /** `told` is called with each change. */
  constructor(
    state: GrowingState,
    path: string,
    file: MemoryFile,
    told: (sign: Change["sign"], path: string) => void,
  ) {
    this.#state = state;
    this.#path = path;
    this.#file = file;
    this.#told = told;
    this.lastUsed = file.lastUsed;
  }

  get size(): number {
    return this.#file.size;
  }

  noteUse(): void {
    this.#file.lastUsed = this.#state.now();
  }

  async append(body: AsyncIterable<Uint8Array>, algorithm?: string): Promise<void> {
    const before = this.size;
    const work = new LongWork();
    try {
      for await (const piece of body) {
        for (let at = 0; at < piece.length; at += LARGEST_PIECE) {
          const bytes = new Uint8Array(piece.subarray(at, at + LARGEST_PIECE));
          this.#state.hashes.update(this.#path, this.size, bytes, algorithm);
          this.#file.append(bytes);
          if (work.isLong()) await work.giveWay();
        }
        if (piece.length > 0) this.noteUse();
      }
    } finally {
      if (this.size > before) this.#told("~", this.#path);
    }
  }

  save(): Promise<boolean> {
    return Promise.resolve(this.#isThere);
  }

  get #isThere(): boolean {
    return this.#state.files.get(this.#path)?.file === this.#file;
  }

  async truncate(size: number): Promise<void> {
    await this.#state.hashes.forget(this.#path);
    const isShorter = size < this.size;
    this.#file.truncate(size);
    this.noteUse();
    if (isShorter) this.#told("~", this.#path);
  }

  read(part: ByteRange): Bytes {
    return this.#file.read(part);
  }

  async digest(algorithm: string): Promise<string> {
    return await this.#state.hashes.digest(this.#path, this.size, algorithm) ?? await this.#hashOfFile(algorithm);
  }

  async #hashOfFile(algorithm: string): Promise<string> {
    const hash = this.#state.algorithms[algorithm]();
    const work = new LongWork();
    for (const piece of this.#file.piecesOf({ start: 0, length: this.size })) {
      hash.update(piece);
      if (work.isLong()) await work.giveWay();
    }
    return hash.digest("hex");
  }

  moveTo(folder: string, name: string): Promise<boolean> {
    return Promise.try(() => {
      const { files } = this.#state;
      const wasThere = this.#isThere;
      const target = `${folder}/${name}`;
      const known = files.get(target)?.file;
      if (wasThere && known !== undefined) known.lastUsed = this.#state.now();
      if (wasThere && known === undefined) {
        files.place(target, this.#file);
        this.#told("+", target);
      }
      this.#forget();
      return wasThere;
    });
  }

  discard(): Promise<void> {
    return Promise.try(() => {
      this.#forget();
      this.#state.files.tidy(folderOf(folderOf(this.#path)));
    });
  }

  #forget(): void {
    // After `restore`, another file can have this path.
    if (!this.#isThere) return;
    const own = folderOf(this.#path);
    this.#state.hashes.forget(this.#path);
    this.#state.files.removeFolder(own);
    this.#told("-", `${own}/`);
  }
}
