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

import { joined } from "../joined.ts";
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
  const broken = (text: string) => wrong("cannot unpack", packed.at, `The zstd is broken: ${text}.`);
  const cutOff = () => wrong("cut off", packed.at, "The zstd ends in the middle of a frame.");
  // One unpacker for all frames: it takes the next one if that begins a slice of its own.
  const unpacker = new Unpacker(createZstdDecompress());
  try {
    for (;;) {
      const short = frames.isFull ? shortFrames(await packed.peek(SLICE)) : [];
      if (short.length > 0) {
        const { out, count } = await unpacker.feedAll(short);
        yield joined(out);
        frames.count += count;
        packed.advance(short.slice(0, count).reduce((size, { length }) => size + length, 0));
        if (unpacker.error !== undefined) return broken(unpacker.error.message);
        continue;
      }
      const at = packed.at;
      const begin = await packed.look(LONGEST_HEADER);
      if (begin.length === 0) return;
      const isSkippable = (begin[0] & 0xf0) === 0x50 && begin[1] === 0x2a && begin[2] === 0x4d && begin[3] === 0x18;
      if (isSkippable) {
        const expected = 8 + littleEndian(begin.subarray(4, 8));
        if (begin.length < 8 || await packed.skip(expected) < expected) return cutOff();
        frames.add({ at, size: packed.at - at, kind: "skippable", unpackedAt, unpackedSize: 0, hasChecksum: false });
        continue;
      }
      if (!isFrame(begin)) {
        const { size } = await packed.rest();
        const text = `Behind the last frame of zstd stand ${size} bytes that are no zstd.`;
        return frames.count === 0 ? cutOff() : wrong("behind the end", at, text);
      }
      const header = headerOf(begin);
      if (header === undefined) return cutOff();
      let unpackedSize = 0;
      const content = contentOf(packed, header, unpacker);
      for (;;) {
        const { done, value } = await content.next();
        if (!done) {
          unpackedSize += value.length;
          yield value;
        } else if (value === "cut off") return cutOff();
        else if (value !== undefined) return broken(value);
        else break;
      }
      const { hasChecksum, window } = header;
      const facts = { at, size: packed.at - at, kind: "frame" as const, unpackedAt, unpackedSize, hasChecksum };
      frames.add(window === undefined ? facts : { ...facts, window });
      unpackedAt += unpackedSize;
    }
  } finally {
    unpacker.close();
    await packed.close();
  }
}

// Returns the frames at the beginning of some bytes, as far as they are there as a whole and can be fed together. zstd:chunked has two
// frames for each file, and to wait for each one takes three times as long as to unpack it.
function shortFrames(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let blocks = 0;
  for (let rest = bytes; isFrame(rest);) {
    const header = headerOf(rest);
    if (header === undefined || header.hasDictionary) break;
    let end = header.size;
    let block: Block | undefined;
    for (; block?.isLast !== true && blocks < BLOCKS_AT_ONCE; blocks++) {
      block = blockAt(rest, end, header);
      if (block === undefined || block.isBroken) return frames;
      end += block.size;
    }
    if (block?.isLast !== true || end > rest.length) break;
    frames.push(rest.subarray(0, end));
    rest = rest.subarray(end);
  }
  return frames;
}

function isFrame(begin: Uint8Array): boolean {
  return begin[0] === 0x28 && begin[1] === 0xb5 && begin[2] === 0x2f && begin[3] === 0xfd;
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

// A block of a frame.
interface Block {
  readonly size: number;
  readonly isLast: boolean;
  readonly isBroken: boolean;
}

// Returns the block at a place, with the checksum if it is the last one. Returns `undefined` if the three bytes that begin it are not
// all there.
function blockAt(bytes: Uint8Array, at: number, { hasChecksum }: FrameHeader): Block | undefined {
  if (at + 3 > bytes.length) return undefined;
  const block = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16;
  const kind = (block >> 1) & 3;
  const length = block >> 3;
  const isLast = (block & 1) === 1;
  // A block of the kind 1 is one byte, repeated.
  const size = 3 + (kind === 1 ? 1 : length) + (isLast && hasChecksum ? 4 : 0);
  return { size, isLast, isBroken: kind === 3 || length > LONGEST_BLOCK };
}

// Yields the content of a frame. Returns what is wrong with it. The blocks in front of a fault are unpacked.
async function* contentOf(
  packed: ByteStream,
  header: FrameHeader,
  unpacker: Unpacker,
): AsyncGenerator<Uint8Array, string | undefined> {
  if (header.hasDictionary) return "it needs a dictionary, which is not in it";
  let problem: string | undefined;
  let isLast = false;
  // The bytes that come next and surely belong to the frame: its header, and then one block after the other.
  for (let known = header.size; known > 0 || !isLast;) {
    // The three bytes that begin a block may come in two pieces.
    const slice = known > 0 ? await packed.peek(SLICE) : (await packed.look(3), await packed.peek(SLICE));
    for (let blocks = 0; !isLast && problem === undefined && blocks < BLOCKS_AT_ONCE; blocks++) {
      const block = blockAt(slice, known, header);
      if (block === undefined) break;
      if (block.isBroken) problem = "it has a block that cannot be";
      else {
        known += block.size;
        isLast = block.isLast;
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
