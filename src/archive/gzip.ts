/**
 * gzip: members, one after the other.
 * https://www.rfc-editor.org/rfc/rfc1952
 *
 *     1f 8b 08 flags | time, system | name, comment, extra, if flags say so | deflate ······ | crc32, size |  1f 8b 08 …
 *
 * A file of gzip has as many members as one likes, and its content is that of all of them. Programs that pack with several
 * processors make many, and so does eStargz: one for each file in a layer, so that each can be unpacked alone. The web's
 * `DecompressionStream` refuses the second member. `createGunzip` reads them all, and does not say where they are. So the members
 * are walked here, and `node:zlib` unpacks what is inside.
 *
 * Next: unpacker.ts
 *
 * @module
 */

import { crc32, createInflateRaw, inflateRawSync } from "node:zlib";
import type { ByteStream } from "./byte_stream.ts";
import type { ArchiveReading } from "./source.ts";
import { Unpacker } from "./unpacker.ts";

/** A member of gzip. */
export interface GzipMember {
  /** Where its header begins, in the packed bytes. */
  readonly at: number;
  /** How many packed bytes it has, with its header and its checksum. */
  readonly size: number;
  /** Where its content begins, in the unpacked bytes. */
  readonly unpackedAt: number;
  /** How many bytes its content has. */
  readonly unpackedSize: number;
  /** The name of the file that was packed. */
  readonly name?: string;
  /** What the one who packed it wrote. */
  readonly comment?: string;
  /** When the file was changed last, as an ISO text. */
  readonly modified?: string;
  /** Fields for programs, as hexadecimal digits. */
  readonly extra?: string;
  /** The system that it was packed on. */
  readonly system: string;
}

const MOST_PARTS = 1000;

/** The members or frames that an unpacking meets: the first ones, and their number. */
export class PackedParts<Part> {
  /** The first ones. */
  readonly list: Part[] = [];
  /** How many there are. */
  count = 0;

  /** Adds one. */
  add(part: Part): void {
    this.count++;
    if (this.list.length < MOST_PARTS) this.list.push(part);
  }
}

// Flags of a header.
const HAS_CHECKSUM = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;
const RESERVED = 0xe0;

const SYSTEMS: Readonly<Record<number, string>> = {
  0: "FAT",
  3: "Unix",
  7: "Macintosh",
  11: "NTFS",
  255: "unknown",
};

// A slice that is fed at once. It becomes at most 1,032 times as large.
const SLICE = 32 * 1024;
const OUT_AT_ONCE = 128 * 1024;

// A member that is shorter than this is unpacked in one call, if all of it is there. That takes a third of the time.
const SHORT = 8 * 1024;
const LONGEST_SHORT = 1024 * 1024;

const LONGEST_NAME = 4096;

/** Yields what the members have. Each one is added to `members` when it has ended. */
export async function* gunzip(
  packed: ByteStream,
  reading: ArchiveReading,
  members: PackedParts<GzipMember>,
): AsyncGenerator<Uint8Array> {
  const wrong = (what: "cannot unpack" | "cut off" | "checksum" | "behind the end", at: number, text: string) =>
    reading.note(what, at, text, undefined, "packed");
  let unpackedAt = 0;
  let wasShort = false;
  try {
    for (;;) {
      const at = packed.at;
      const begin = await packed.peek(2);
      if (begin.length === 0) return;
      if (members.count > 0 && begin[0] !== 0x1f) {
        const rest = await packed.rest();
        if (rest.isZero) return;
        wrong("behind the end", at, `Behind the last member of gzip stand ${rest.size} bytes that are no gzip.`);
        return;
      }
      const header = await headerOf(packed);
      if (typeof header === "string") {
        return wrong(header.startsWith("The bytes end") ? "cut off" : "cannot unpack", at, header);
      }

      let unpackedSize = 0;
      let sum = 0;
      const content = contentOf(packed, wasShort);
      for (;;) {
        const { done, value } = await content.next();
        if (done) {
          if (value === undefined) break;
          const isCut = (await packed.peek(1)).length === 0;
          wrong(
            isCut ? "cut off" : "cannot unpack",
            packed.at,
            isCut ? "The gzip ends too early." : `The gzip is broken: ${value}.`,
          );
          return;
        }
        unpackedSize += value.length;
        sum = crc32(value, sum);
        yield value;
      }
      const trailer = packed.takeNow(8) ?? await packed.take(8);
      if (trailer.length < 8) {
        return wrong("cut off", packed.at, "The gzip ends before the checksum of its last member.");
      }
      const numbers = new DataView(trailer.buffer, trailer.byteOffset, 8);
      if (numbers.getUint32(0, true) !== sum) {
        wrong("checksum", at, "The checksum of a gzip member is wrong: its content is not what was packed.");
      } else if (numbers.getUint32(4, true) !== unpackedSize % 2 ** 32) {
        wrong("checksum", at, `A gzip member says that it has another size than ${unpackedSize} bytes.`);
      }
      const size = packed.at - at;
      members.add({ at, size, unpackedAt, unpackedSize, ...header });
      unpackedAt += unpackedSize;
      wasShort = size < SHORT;
    }
  } finally {
    await packed.close();
  }
}

// Yields the content of a member, and returns what is wrong with it.
async function* contentOf(packed: ByteStream, isShort: boolean): AsyncGenerator<Uint8Array, string | undefined> {
  if (isShort) {
    const whole = shortContent(await packed.peek(SHORT));
    if (whole !== undefined) {
      packed.advance(whole.used);
      yield whole.bytes;
      return undefined;
    }
  }
  const unpacker = new Unpacker(createInflateRaw({ chunkSize: OUT_AT_ONCE }));
  try {
    for (let before = 0; !unpacker.hasEnded;) {
      const slice = await packed.peek(SLICE);
      yield* slice.length === 0 ? await unpacker.end() : await unpacker.feed(slice);
      packed.advance(unpacker.used - before);
      before = unpacker.used;
      if (unpacker.error !== undefined) return unpacker.error.message;
    }
    return undefined;
  } finally {
    unpacker.close();
  }
}

function shortContent(bytes: Uint8Array): { bytes: Uint8Array; used: number } | undefined {
  try {
    // With `info` it says how many bytes it has used. The types do not know that.
    const options = { info: true, chunkSize: SHORT, maxOutputLength: LONGEST_SHORT };
    const result = inflateRawSync(bytes, options) as unknown as { buffer: Uint8Array; engine: ZlibEngine };
    return { bytes: result.buffer, used: result.engine.bytesWritten };
  } catch {
    // It is longer, or broken. The long way finds out.
    return undefined;
  }
}

interface ZlibEngine {
  readonly bytesWritten: number;
}

// Reads a header, or returns what is wrong with it.
async function headerOf(
  packed: ByteStream,
): Promise<Pick<GzipMember, "name" | "comment" | "modified" | "extra" | "system"> | string> {
  const fixed = packed.takeNow(10) ?? await packed.take(10);
  if (fixed.length < 10) return "The bytes end in the header of a gzip member.";
  const flags = fixed[3];
  if (fixed[0] !== 0x1f || fixed[1] !== 0x8b || fixed[2] !== 8 || (flags & RESERVED) !== 0) {
    return "A gzip member has a header that cannot be.";
  }
  const time = new DataView(fixed.buffer, fixed.byteOffset, 10).getUint32(4, true);
  const parts: { name?: string; comment?: string; modified?: string; extra?: string } = {};
  if (time !== 0) parts.modified = new Date(time * 1000).toISOString().replace(".000Z", "Z");
  if ((flags & HAS_EXTRA) !== 0) {
    const [low, high] = await packed.take(2);
    const extra = await packed.take((low ?? 0) + 256 * (high ?? 0));
    parts.extra = extra.toHex();
  }
  for (const [flag, name] of [[HAS_NAME, "name"], [HAS_COMMENT, "comment"]] as const) {
    if ((flags & flag) === 0) continue;
    const text = await textOf(packed);
    if (text === undefined) {
      return `The ${name} in the header of a gzip member has no end, or is longer than ${LONGEST_NAME} bytes.`;
    }
    parts[name] = text;
  }
  if ((flags & HAS_CHECKSUM) !== 0) await packed.take(2);
  return { ...parts, system: SYSTEMS[fixed[9]] ?? `number ${fixed[9]}` };
}

// Reads a text of Latin-1 up to a byte 0.
async function textOf(packed: ByteStream): Promise<string | undefined> {
  let text = "";
  while (text.length <= LONGEST_NAME) {
    const [byte] = packed.takeNow(1) ?? await packed.take(1);
    if (byte === undefined) return undefined;
    if (byte === 0) return text;
    text += String.fromCharCode(byte);
  }
  return undefined;
}
