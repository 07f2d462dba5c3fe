/**
 * An unpacker: a stream of `node:zlib` that is fed slice by slice, so that its caller knows how far it has come.
 *
 *     feed(slice)         ──▶  all that came out of that slice
 *     feedAll([a, b, c])  ──▶  all that came out of them, and how many went well
 *
 * A slice of gzip becomes at most 1,032 times as large. The slices are small, so that little memory is needed even for a "bomb".
 *
 * Next: zstd.ts
 *
 * @module
 */

/** The part of a stream of `node:zlib` that is used. */
export interface ZlibStream {
  /** How many bytes the decompression has used. It stops at its own end, also if more bytes were written. */
  readonly bytesWritten: number;
  /** Takes bytes. */
  write(bytes: Uint8Array, done: (error?: Error | null) => void): unknown;
  /** Says that these were all. */
  end(): unknown;
  /** Calls the function for "data" with what it keeps. Returns null if there was nothing. */
  read(): unknown;
  /** Frees its memory. */
  destroy(): unknown;
  /** Calls a function with what came out. */
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  /** Calls a function when it has come to its end. */
  on(event: "end", listener: () => void): unknown;
  /** Calls a function with what is wrong. */
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** A stream of `node:zlib` that is fed slice by slice. */
export class Unpacker {
  /** True if the packed bytes have come to their own end. */
  hasEnded = false;
  /** What is wrong with the packed bytes. */
  error: Error | undefined;
  readonly #stream: ZlibStream;
  #out: Uint8Array[] = [];
  #wake = () => {};

  /** Takes over a stream. */
  constructor(stream: ZlibStream) {
    this.#stream = stream;
    // What comes is a `Buffer`, and a part of one takes several times as long to make as a part of plain bytes.
    stream.on("data", ({ buffer, byteOffset, length }) => this.#out.push(new Uint8Array(buffer, byteOffset, length)));
    stream.on("end", () => {
      this.hasEnded = true;
      this.#wake();
    });
    stream.on("error", (error) => {
      this.error = error;
      this.#wake();
    });
  }

  /** How many bytes it has used of those that it was fed. */
  get used(): number {
    return this.#stream.bytesWritten;
  }

  /** Feeds a slice, and returns what came out. Afterwards look at `hasEnded` and `error`. */
  async feed(slice: Uint8Array): Promise<Uint8Array[]> {
    // A stream that has found its end, or an error, does not say that it is done with the slice.
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#stream.write(slice, () => resolve());
    });
    return this.#taken();
  }

  /**
   * Feeds slices one after the other. Returns what came out of all of them, and how many of them went well. For many small slices that
   * is faster than to wait for each. Afterwards look at `error`.
   */
  async feedAll(slices: readonly Uint8Array[]): Promise<{ out: Uint8Array[]; count: number }> {
    let count = 0;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      for (const slice of slices) {
        this.#stream.write(slice, (error) => {
          if (!error && ++count === slices.length) resolve();
        });
      }
    });
    return { out: this.#taken(), count };
  }

  /** Says that there are no more bytes, and returns what came out. */
  async end(): Promise<Uint8Array[]> {
    if (!this.hasEnded && this.error === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#stream.end();
      });
    }
    return this.#taken();
  }

  /** Frees its memory. */
  close(): void {
    this.#stream.destroy();
  }

  #taken(): Uint8Array[] {
    // What the stream still keeps comes as "data" too.
    while (this.#stream.read() !== null);
    const out = this.#out;
    this.#out = [];
    return out;
  }
}
