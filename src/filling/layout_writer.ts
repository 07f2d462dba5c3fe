/**
 * Writers of a layout: file by file, into a new folder or into an archive.
 *
 *     const output = await beginArchive("hello.tar.gz");
 *     await output.add("oci-layout", 30, pieces);              one entry of the archive
 *     await output.add("blobs/sha256/9b4e…", 3355443, pieces);
 *     await output.finish();                                   now hello.tar.gz is there
 *
 * A caller adds files, and need not know where they go. If something fails, `discard` removes what has been written.
 *
 * Next: target.ts
 *
 * @module
 */

import { beginFile, beginFolder, type NewFile } from "./local_files.ts";
import { isGzipped } from "./target.ts";
import { drainOf, loadTarStream, type Pack } from "./tar_stream.ts";

/** A layout that is being written. */
export interface LayoutWriter {
  /** Adds a file. An archive has to know its size first. */
  add(path: string, size: number, pieces: AsyncIterable<Uint8Array>): Promise<void>;
  /** Ends the layout. Only now is it at its place. */
  finish(): Promise<void>;
  /** Removes what has been written, after an error. */
  discard(error: unknown): Promise<void>;
}

/** Begins a layout in a new or empty folder. */
export async function beginLayout(target: string): Promise<LayoutWriter> {
  const folder = await beginFolder(target);
  return {
    async add(path, _size, pieces) {
      const file = await folder.begin(path);
      try {
        for await (const piece of pieces) await file.write(piece);
      } catch (error) {
        await file.discard();
        throw error;
      }
      await file.finish();
    },
    finish: () => folder.finish(),
    discard: () => folder.discard(),
  };
}

/** Begins a layout in an archive: a new file, gzipped if its name says so, or a stream. */
export async function beginArchive(target: string | WritableStream<Uint8Array>): Promise<LayoutWriter> {
  const tar = await loadTarStream();
  const file = typeof target === "string" ? await beginFile(target) : fileOf(target);
  const isGzip = typeof target === "string" && isGzipped(target);
  const pack = tar.pack();
  pack.on("error", toldElsewhere);
  let failure: { readonly error: unknown } | undefined;
  const write = (bytes: Uint8Array) =>
    file.write(bytes).catch((error) => {
      failure = { error };
      throw error;
    });
  const writing = writePack(pack, write, isGzip);
  // The error comes out at the next `add` or at `finish`.
  writing.catch(() => {});
  return {
    async add(path, size, pieces) {
      try {
        await Promise.race([addEntry(pack, path, size, pieces), writing]);
      } catch (error) {
        // If bytes cannot be written, the entry ends, too, and does not say why.
        throw failure === undefined ? error : failure.error;
      }
    },
    async finish() {
      pack.finalize();
      await writing;
      await file.finish();
    },
    async discard(error) {
      pack.destroy(error instanceof Error ? error : new Error(String(error)));
      await writing.catch(() => {});
      await file.discard();
    },
  };
}

async function writePack(pack: Pack, write: NewFile["write"], isGzip: boolean): Promise<void> {
  try {
    const stream = ReadableStream.from(pack) as ReadableStream<Uint8Array<ArrayBuffer>>;
    const compressed = isGzip ? stream.pipeThrough(new CompressionStream("gzip")) : stream;
    for await (const piece of compressed) await write(piece);
  } catch (error) {
    pack.destroy(error as Error);
    throw error;
  }
}

// A stream throws its error if nobody listens to it, although the caller that waits for the stream gets the error, too.
const toldElsewhere = () => {};

// The entries have no time of their own, so the same image is always the same archive.
const NO_TIME = new Date(0);

async function addEntry(pack: Pack, name: string, size: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const sink = pack.entry({ name, size, mtime: NO_TIME }, (error) => error ? ended.reject(error) : ended.resolve());
  ended.promise.catch(() => {});
  sink.on("error", toldElsewhere);
  const drained = drainOf(sink);
  for await (const piece of pieces) if (!sink.write(piece)) await drained();
  sink.end();
  await ended.promise;
}

function fileOf(stream: WritableStream<Uint8Array>): NewFile {
  const writer = stream.getWriter();
  return {
    write: (bytes) => writer.write(bytes),
    finish: () => writer.close(),
    discard: () => writer.abort().catch(() => {}),
  };
}
