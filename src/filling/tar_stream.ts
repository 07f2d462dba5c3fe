/**
 * The package `tar-stream`, as far as it is used here. It knows the format of archives.
 * https://github.com/mafintosh/tar-stream
 *
 *     extract()   takes the bytes of an archive, gives its entries
 *     pack()      takes entries, gives the bytes of an archive
 *
 * Next: ../packages.ts
 *
 * @module
 */

import { loadPackage, PACKAGES } from "../packages.ts";

/** The part of the package `tar-stream` that is used. */
export interface TarStream {
  /** Returns a stream that takes the bytes of an archive, and gives its entries one after the other. */
  extract(): Extract;
  /** Returns a stream of the bytes of an archive that is being made. */
  pack(): Pack;
}

/** A stream that an archive is written into. */
export interface Extract extends AsyncIterable<Entry> {
  /** True after `destroy`, or after an error. */
  readonly destroyed: boolean;
  /** Takes bytes. Returns false if the next ones should wait for "drain". */
  write(bytes: Uint8Array): boolean;
  /** Says that these were all. */
  end(): void;
  /** Ends it with an error. */
  destroy(error?: Error): void;
  /** Calls a function at each event. */
  on(event: "drain" | "close" | "error", listener: () => void): unknown;
}

/** An entry of an archive, and its bytes. */
export interface Entry extends AsyncIterable<Uint8Array> {
  /** What the archive says about it. */
  readonly header: {
    readonly name: string;
    readonly size: number;
    readonly type: string | null;
    readonly linkname: string | null;
  };
  /** The place of its header in the archive, in bytes. */
  readonly offset: number;
}

/** A stream that entries are written into. */
export interface Pack extends AsyncIterable<Uint8Array>, Pick<Extract, "on"> {
  /** Begins an entry. `done` is called at its end. */
  entry(
    header: { name: string; size: number; mtime: Date },
    done: (error?: Error | null) => void,
  ): Pick<Extract, "destroyed" | "write" | "end" | "on">;
  /** Says that there are no more entries. */
  finalize(): void;
  /** Ends it with an error. */
  destroy(error?: Error): void;
}

/** Loads the package that reads and writes archives. */
export async function loadTarStream(): Promise<TarStream> {
  return (await loadPackage<{ default: TarStream }>(PACKAGES.archives, "archives")).default;
}

/** Returns a function that waits until a stream takes more bytes, or has ended. */
export function drainOf(stream: Pick<Extract, "destroyed" | "on">): () => Promise<void> {
  let wake = () => {};
  for (const event of ["drain", "close"] as const) stream.on(event, () => wake());
  return async () => {
    if (!stream.destroyed) await new Promise<void>((resolve) => wake = resolve);
  };
}
