/**
 * zstd: frames, one after the other.
 * https://www.rfc-editor.org/rfc/rfc8878
 *
 *     28 b5 2f fd | header | block | block | … | last block | checksum |  28 b5 2f fd …  |  50 2a 4d 18 | size | skipped ······
 *
 * The content of a file of zstd is that of all its frames. Programs that pack with several processors make many, and so does
 * zstd:chunked: one for each piece of a file in a layer. A skippable frame belongs to nobody's content: zstd:chunked has its table
 * of contents in one. `node:zlib` unpacks only the first frame, and says nothing about the others. So the frames are walked here:
 * each block says how long it is. One frame at a time goes to `node:zlib`.
 *
 * Next: tar.ts
 *
 * @module
 */

import { createZstdDecompress, zstdDecompressSync } from "node:zlib";
import type { ByteStream } from "./byte_stream.ts";
import { type PackedParts, restOf } from "./gzip.ts";
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

// So many bytes are fed to the unpacker at once, and a block more. A frame that is shorter is unpacked in one call.
const SHORT = 64 * 1024;
const LONGEST_SHORT = 4 * 1024 * 1024;

// And so many blocks, because a block of a few bytes becomes up to 128 KiB.
const BLOCKS_AT_ONCE = 32;
const LONGEST_BLOCK = 128 * 1024;

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
  try {
    for (;;) {
      const at = packed.at;
      const magic = packed.takeNow(4) ?? await packed.take(4);
      if (magic.length === 0) return;
      const isFrame = magic[0] === 0x28 && magic[1] === 0xb5 && magic[2] === 0x2f && magic[3] === 0xfd;
      const isSkippable = (magic[0] & 0xf0) === 0x50 && magic[1] === 0x2a && magic[2] === 0x4d && magic[3] === 0x18;
      if (isSkippable) {
        const length = packed.takeNow(4) ?? await packed.take(4);
        if (length.length < 4) return cutOff();
        const expected = littleEndian(length);
        if (await packed.skip(expected) < expected) return cutOff();
        frames.add({ at, size: packed.at - at, kind: "skippable", unpackedAt, unpackedSize: 0, hasChecksum: false });
        continue;
      }
      if (!isFrame) {
        if (magic.length < 4 && frames.count === 0) return cutOff();
        const { size } = await restOf(packed);
        const text = `Behind the last frame of zstd stand ${size + magic.length} bytes that are no zstd.`;
        return wrong(frames.count === 0 ? "cannot unpack" : "behind the end", at, text);
      }

      const frame = new Frame(packed, magic);
      let unpackedSize = 0;
      for await (const piece of frame.content()) {
        unpackedSize += piece.length;
        yield piece;
      }
      if (frame.isCut) return cutOff();
      if (frame.error !== undefined) return wrong("cannot unpack", packed.at, `The zstd is broken: ${frame.error}.`);
      const { hasChecksum, window } = frame.header!;
      const facts = { at, size: packed.at - at, kind: "frame" as const, unpackedAt, unpackedSize, hasChecksum };
      frames.add(window === undefined ? facts : { ...facts, window });
      unpackedAt += unpackedSize;
    }
  } finally {
    await packed.close();
  }
}

// One frame, while it is read.
class Frame {
  header: { hasChecksum: boolean; window?: number } | undefined;
  isCut = false;
  error: string | undefined;
  readonly #packed: ByteStream;
  #parts: Uint8Array[];
  #size = 4;

  constructor(packed: ByteStream, magic: Uint8Array) {
    this.#packed = packed;
    // The stream may reuse what it has handed out, so parts that are kept are copied.
    this.#parts = [magic.slice()];
  }

  async *content(): AsyncGenerator<Uint8Array> {
    await this.#readHeader();
    if (this.isCut || this.error !== undefined) return;
    let unpacker: Unpacker | undefined;
    try {
      for (let isLast = false; !isLast;) {
        for (let blocks = 0; blocks < BLOCKS_AT_ONCE && this.#size < SHORT && !isLast; blocks++) {
          isLast = await this.#readBlock();
        }
        if (isLast && !this.#isBroken && this.header!.hasChecksum) await this.#read(4);
        const slice = this.#taken();
        if (isLast && unpacker === undefined && !this.#isBroken) {
          const whole = shortFrame(slice);
          if (whole !== undefined) {
            yield whole;
            return;
          }
        }
        unpacker ??= new Unpacker(createZstdDecompress());
        yield* await unpacker.feed(slice);
        // The blocks in front of the fault have been unpacked.
        if (this.#isBroken) return;
        if (isLast) yield* await unpacker.end();
        this.error = unpacker.error?.message;
        if (this.error !== undefined) return;
      }
    } finally {
      unpacker?.close();
    }
  }

  get #isBroken(): boolean {
    return this.isCut || this.error !== undefined;
  }

  async #readHeader(): Promise<void> {
    const [descriptor] = await this.#read(1);
    if (descriptor === undefined) return;
    const isSingle = (descriptor & 0x20) !== 0;
    const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6];
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
    const rest = await this.#read((isSingle ? 0 : 1) + dictionaryBytes + sizeBytes);
    this.header = { hasChecksum: (descriptor & 4) !== 0 };
    if (!isSingle && rest.length > 0) {
      const base = 2 ** (10 + (rest[0] >> 3));
      this.header.window = base + (base / 8) * (rest[0] & 7);
    }
    if (dictionaryBytes > 0 && littleEndian(rest.subarray(isSingle ? 0 : 1).subarray(0, dictionaryBytes)) !== 0) {
      this.error = "it needs a dictionary, which is not in it";
    }
  }

  // Reads a block. Returns true if it is the last one.
  async #readBlock(): Promise<boolean> {
    const header = littleEndian(await this.#read(3));
    if (this.isCut) return true;
    const kind = (header >> 1) & 3;
    const size = header >> 3;
    if (kind === 3 || size > LONGEST_BLOCK) this.error = "it has a block that cannot be";
    // A block of kind 1 is one byte, repeated.
    else await this.#read(kind === 1 ? 1 : size);
    return (header & 1) === 1;
  }

  async #read(length: number): Promise<Uint8Array> {
    const part = this.#packed.takeNow(length)?.slice() ?? await this.#packed.take(length);
    if (part.length < length) this.isCut = true;
    this.#parts.push(part);
    this.#size += part.length;
    return part;
  }

  #taken(): Uint8Array {
    const joined = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#size = 0;
    return joined;
  }
}

function shortFrame(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: LONGEST_SHORT });
  } catch {
    // It becomes longer, or is broken. The long way finds out.
    return undefined;
  }
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
