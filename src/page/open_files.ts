/**
 * Open files: files of layers that somebody downloads, piece by piece.
 *
 *     add("0f9c…", pieces)      ──▶  next("0f9c…")  ──▶  next("0f9c…")  ──▶  …  ──▶  undefined: the end
 *                                                  ╰─ nobody asks for a minute: it is closed
 *
 * A person may go away in the middle of a download, and perhaps nobody tells the registry. An open file keeps memory, so there
 * are few at once.
 *
 * Next: in_memory.ts
 *
 * @module
 */

// Downloads that nobody reads are given up after this time, in milliseconds.
const IDLE = 60_000;

const MOST_OPEN = 8;

interface Opened {
  readonly pieces: AsyncIterator<Uint8Array>;
  readonly controller: AbortController;
  timer?: ReturnType<typeof setTimeout>;
}

/** The files that are open, by the ids of the calls that have opened them. */
export class OpenFiles {
  readonly #open = new Map<string, Opened>();

  /** True if no other one may be opened now. */
  get isFull(): boolean {
    return this.#open.size >= MOST_OPEN;
  }

  /** Adds a file. The controller ends the reading of its pieces. */
  add(id: string, pieces: AsyncIterable<Uint8Array>, controller: AbortController): void {
    this.#open.set(id, { pieces: pieces[Symbol.asyncIterator](), controller });
    this.#waitFor(id);
  }

  /** Returns the next piece of a file, and `undefined` at its end. */
  async next(id: string): Promise<Uint8Array<ArrayBuffer> | { readonly stopped: string } | undefined> {
    const open = this.#open.get(id);
    // It must not look like the end of the file.
    if (open === undefined) return { stopped: "This download was given up: nobody has read it for too long." };
    clearTimeout(open.timer);
    const { value: piece } = await open.pieces.next();
    if (piece === undefined) this.close(id);
    else this.#waitFor(id);
    // `slice` of a Node buffer would be the same memory, which other pieces are in.
    return piece && new Uint8Array(piece);
  }

  /** Closes a file, if it is open. */
  close(id: string): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    clearTimeout(open.timer);
    open.controller.abort();
    // What is read at this moment ends by the signal.
    void Promise.resolve(open.pieces.return?.()).catch(() => {});
  }

  #waitFor(id: string): void {
    const open = this.#open.get(id);
    if (open !== undefined) open.timer = setTimeout(() => this.close(id), IDLE);
  }
}
