/**
 * Packing: what the bytes of a layer are compressed with, and the bytes without compression.
 *
 *     1f 8b           gzip    members, one after the other       gzip.ts
 *     28 b5 2f fd     zstd    frames, one after the other        zstd.ts
 *     5x 2a 4d 18     zstd    a frame that is to be skipped
 *     42 5a 68        bzip2   recognised, and not read
 *     fd 37 7a 58 5a  xz      recognised, and not read
 *
 * The first bytes decide, and not the media type: a media type is only what a client has said.
 *
 * Next: magic.ts
 *
 * @module
 */

import { ByteStream } from "./byte_stream.ts";
import { gunzip, type GzipMember, PackedParts } from "./gzip.ts";
import { LONGEST_MAGIC, packingIn, type PackingKind } from "./magic.ts";
import type { ArchiveReading, ByteSource } from "./source.ts";
import { unzstd, type ZstdFrame } from "./zstd.ts";

/** What the bytes of a layer are compressed with. */
export interface PackingFacts {
  /** The compression. */
  readonly kind: PackingKind;
  /** How many bytes are stored. */
  readonly packedSize: number;
  /** How many bytes without compression were seen: all of them, unless a limit was met or the bytes are broken. */
  readonly unpackedSize: number;
  /** The first members of gzip, at most 1,000. */
  readonly members?: readonly GzipMember[];
  /** The first frames of zstd, at most 1,000. */
  readonly frames?: readonly ZstdFrame[];
  /** How many members or frames were seen. */
  readonly count?: number;
}

/** An unpacking: the bytes without compression, and the facts about the compression, which are complete at their end. */
export interface Unpacking {
  /** The bytes without compression. */
  readonly stream: ByteStream;
  /** Returns the facts so far. */
  readonly facts: () => PackingFacts;
}

/** How to unpack. */
export interface UnpackOptions {
  /** Called with the number of stored bytes that were read so far. */
  readonly progress?: (packed: number) => void;
  /** Sees all unpacked bytes. With it nothing is jumped over. */
  readonly see?: (bytes: Uint8Array) => void;
  /** The only compression that is right here. With another one there are no unpacked bytes, and a problem. */
  readonly only?: PackingKind;
}

/**
 * Unpacks the bytes of a layer. Problems are noted in the reading; with bzip2 and xz there are no unpacked bytes, and a problem.
 */
export async function unpack(
  source: ByteSource,
  reading: ArchiveReading,
  options: UnpackOptions = {},
): Promise<Unpacking> {
  const kind = packingIn(await bytesAt(source, 0, LONGEST_MAGIC));
  const packed = () => new ByteStream(counted(source.pieces(), options.progress));
  let unpackedSize = 0;
  const seen = async function* (pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of reading.within(pieces)) {
      unpackedSize += piece.length;
      options.see?.(piece);
      yield piece;
    }
  };
  const facts = (parts: Partial<PackingFacts>) => ({ kind, packedSize: source.size, unpackedSize, ...parts });

  const none = (text: string): Unpacking => {
    reading.note("cannot unpack", 0, text, undefined, "packed");
    return { stream: new ByteStream(nothing()), facts: () => facts({}) };
  };
  if (options.only !== undefined && options.only !== kind) {
    return none(`Here must stand ${options.only}, and here is none.`);
  }
  if (kind === "gzip") {
    const members = new PackedParts<GzipMember>();
    const stream = new ByteStream(seen(gunzip(packed(), reading, members)));
    return { stream, facts: () => facts({ members: members.list, count: members.count }) };
  }
  if (kind === "zstd") {
    const frames = new PackedParts<ZstdFrame>();
    const stream = new ByteStream(seen(unzstd(packed(), reading, frames)));
    return { stream, facts: () => facts({ frames: frames.list, count: frames.count }) };
  }
  if (kind !== "none") return none(`This is compressed with ${kind}, which is not read here.`);
  const jump = {
    size: source.size,
    from: (at: number) => reading.within(counted(source.pieces(at), options.progress, at), at),
  };
  const stream = new ByteStream(
    seen(counted(source.pieces(), options.progress)),
    options.see === undefined ? jump : undefined,
  );
  return { stream, facts: () => ({ kind, packedSize: source.size, unpackedSize: source.size }) };
}

/** Returns `length` bytes of a source from `start` on; fewer if there are no more. */
export async function bytesAt(source: ByteSource, start: number, length: number): Promise<Uint8Array> {
  const stream = new ByteStream(source.pieces(start, length));
  const bytes = await stream.take(Math.min(length, Math.max(0, source.size - start)));
  await stream.close();
  return bytes;
}

async function* counted(pieces: AsyncIterable<Uint8Array>, progress: ((packed: number) => void) | undefined, from = 0) {
  let count = from;
  for await (const piece of pieces) {
    count += piece.length;
    progress?.(count);
    yield piece;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
