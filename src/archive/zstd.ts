/**
 * zstd: frames, one after the other.
 * https://www.rfc-editor.org/rfc/rfc8878
 *
 *     28 b5 2f fd | header | block | block | … | last block | checksum |  28 b5 2f fd …  |  50 2a 4d 18 | size | skipped ······
 *
 * The content of a file of zstd is that of all its frames. Programs that pack with several processors make many, and so does
 * zstd:chunked: one for each piece of a file in a layer. A skippable frame belongs to nobody's content: zstd:chunked has its table
 * of contents in one. `node:zlib` unpacks only the first frame, and says nothing about the others. So the frames are walked here:
 * each block says how long it is, and `node:zlib` gets one frame at a time.
 *
 * Next: tar.ts
 *
 * @module
 */

import { createZstdDecompress } from "node:zlib";
import type { ByteStream } from "./byte_stream.ts";
import type { PackedParts } from "./gzip.ts";
import type { ArchiveReading } from "./source.ts";
import { Unpacker } from "./unpacker.ts";

/** A frame of zstd. */
export interface ZstdFrame {
  /** Where it begins, in the packed bytes. */
  readonly at: number;
  /** How many packed bytes it has, with its header and its checksum. */
  readonly size: number;
  /** A skippable frame has no content that is unpacked. */
  readonly kind: "frame" | "skippable";
  /** Where its content begins, in the unpacked bytes. */
  readonly unpackedAt: number;
  /** How many bytes its content has. */
  readonly unpackedSize: number;
  /** True if a checksum of the content stands at its end. */
  readonly hasChecksum: boolean;
  /** The memory that unpacking needs, in bytes, if the header says it. */
  readonly window?: number;
}

// The most bytes that are fed to the unpacker at once, and the most blocks, because a block of 4 bytes may become 128 KiB.
const SLICE = 64 * 1024;
const BLOCKS_AT_ONCE = 32;
const LONGEST_BLOCK = 128 * 1024;

// The longest header: magic, descriptor, window, dictionary, size of the content.
const LONGEST_HEADER = 4 + 1 + 1 + 4 + 8;

/** Yields what the frames have. Each one is added to `frames` when it has ended. */
export async function* unzstd(
  packed: ByteStream,
  reading: ArchiveReading,
  frames: PackedParts<ZstdFrame>,
): AsyncGenerator<Uint8Array> {
  let unpackedAt = 0;
  const wrong = (what: "cannot unpack" | "cut off" | "behind the end", at: number, text: string) =>
    reading.note(what, at, text, undefined, "packed");
  const cutOff = () => wrong("cut off", packed.at, "The zstd ends in the middle of a frame.");
  // One unpacker for all frames: it takes the next one if that begins a slice of its own.
  let unpacker: Unpacker | undefined;
  try {
    for (;;) {
      const at = packed.at;
      const begin = await packed.look(LONGEST_HEADER);
      if (begin.length === 0) return;
      const isFrame = begin[0] === 0x28 && begin[1] === 0xb5 && begin[2] === 0x2f && begin[3] === 0xfd;
      const isSkippable = (begin[0] & 0xf0) === 0x50 && begin[1] === 0x2a && begin[2] === 0x4d && begin[3] === 0x18;
      if (isSkippable) {
        const expected = 8 + littleEndian(begin.subarray(4, 8));
        if (begin.length < 8 || await packed.skip(expected) < expected) return cutOff();
        frames.add({ at, size: packed.at - at, kind: "skippable", unpackedAt, unpackedSize: 0, hasChecksum: false });
        continue;
      }
      if (!isFrame) {
        const { size } = await packed.rest();
        const text = `Behind the last frame of zstd stand ${size} bytes that are no zstd.`;
        return frames.count === 0 ? cutOff() : wrong("behind the end", at, text);
      }
      const header = headerOf(begin);
      if (header === undefined) return cutOff();
      const { hasChecksum, window } = header;
      unpacker ??= new Unpacker(createZstdDecompress());
      let unpackedSize = 0;
      const content = contentOf(packed, header, unpacker);
      for (;;) {
        const { done, value } = await content.next();
        if (!done) {
          unpackedSize += value.length;
          yield value;
        } else if (value === "cut off") return cutOff();
        else if (value !== undefined) return wrong("cannot unpack", packed.at, `The zstd is broken: ${value}.`);
        else break;
      }
      const facts = { at, size: packed.at - at, kind: "frame" as const, unpackedAt, unpackedSize, hasChecksum };
      frames.add(window === undefined ? facts : { ...facts, window });
      unpackedAt += unpackedSize;
    }
  } finally {
    unpacker?.close();
    await packed.close();
  }
}

// The header of a frame, as far as it is needed.
interface FrameHeader {
  readonly size: number;
  readonly hasChecksum: boolean;
  readonly hasDictionary: boolean;
  readonly window?: number;
}

// Reads a header. Returns `undefined` if there is not all of it.
function headerOf(begin: Uint8Array): FrameHeader | undefined {
  const descriptor = begin[4];
  const isSingle = (descriptor & 0x20) !== 0;
  const windowBytes = isSingle ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
  const size = 5 + windowBytes + dictionaryBytes + [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6];
  if (!(begin.length >= size)) return undefined;
  const dictionary = begin.subarray(5 + windowBytes, 5 + windowBytes + dictionaryBytes);
  const base = 2 ** (10 + (begin[5] >> 3));
  return {
    size,
    hasChecksum: (descriptor & 4) !== 0,
    hasDictionary: dictionary.some((byte) => byte !== 0),
    ...(!isSingle && { window: base + (base / 8) * (begin[5] & 7) }),
  };
}

// Yields the content of a frame. Returns what is wrong with it. The blocks in front of a fault are unpacked.
async function* contentOf(
  packed: ByteStream,
  { size, hasChecksum, hasDictionary }: FrameHeader,
  unpacker: Unpacker,
): AsyncGenerator<Uint8Array, string | undefined> {
  if (hasDictionary) return "it needs a dictionary, which is not in it";
  let problem: string | undefined;
  let isLast = false;
  // The bytes that come next and surely belong to the frame: its header, and then one block after the other.
  for (let known = size; known > 0 || !isLast;) {
    // The three bytes that begin a block may come in two pieces.
    const slice = known > 0 ? await packed.peek(SLICE) : (await packed.look(3), await packed.peek(SLICE));
    for (
      let blocks = 0;
      !isLast && problem === undefined && known + 3 <= slice.length && blocks < BLOCKS_AT_ONCE;
      blocks++
    ) {
      const block = slice[known] | slice[known + 1] << 8 | slice[known + 2] << 16;
      const kind = (block >> 1) & 3;
      const length = block >> 3;
      if (kind === 3 || length > LONGEST_BLOCK) problem = "it has a block that cannot be";
      else {
        // A block of the kind 1 is one byte, repeated.
        known += 3 + (kind === 1 ? 1 : length);
        isLast = (block & 1) === 1;
        if (isLast && hasChecksum) known += 4;
      }
    }
    const fed = slice.subarray(0, known);
    if (fed.length === 0) return problem ?? "cut off";
    yield* await unpacker.feed(fed);
    if (unpacker.error !== undefined) return unpacker.error.message;
    packed.advance(fed.length);
    known -= fed.length;
  }
  return undefined;
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
