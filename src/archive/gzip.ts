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
 * Next: gzip_header.ts
 *
 * @module
 */

import { joined } from "../joined.ts";
import { crc32, createInflateRaw, inflateRawSync } from "node:zlib";
import type { ByteStream } from "./byte_stream.ts";
import { CUT_HEADER, type GzipHeaderFacts, LONGEST_GZIP_HEADER, readGzipHeader, uint32 } from "./gzip_header.ts";
import type { ArchiveReading } from "./source.ts";
import { Unpacker } from "./unpacker.ts";

/** A member of gzip, with what its header says. */
export interface GzipMember extends GzipHeaderFacts {
  /** Where its header begins, in the packed bytes. */
  readonly at: number;
  /** How many packed bytes it has, with its header and its checksum. */
  readonly size: number;
  /** Where its content begins, in the unpacked bytes. */
  readonly unpackedAt: number;
  /** How many bytes its content has. */
  readonly unpackedSize: number;
}

const MOST_PARTS = 1000;

/** The members or frames that an unpacking meets: the first ones, and their number. */
export class PackedParts<Part> {
  /** The first ones. */
  readonly list: Part[] = [];
  /** How many there are. */
  count = 0;

  /** True if the next ones are only counted. */
  get isFull(): boolean {
    return this.list.length >= MOST_PARTS;
  }

  /** Adds one. */
  add(part: Part): void {
    this.count++;
    if (!this.isFull) this.list.push(part);
  }
}

// A slice that is fed at once. It becomes at most 1,032 times as large.
const SLICE = 32 * 1024;
const OUT_AT_ONCE = 128 * 1024;

// Behind a member that is shorter than this, the next ones are unpacked without waiting, as far as all of them is there. eStargz has
// two members for each file, and so that takes a third of the time.
const SHORT = 8 * 1024;
const LONGEST_SHORT = 1024 * 1024;
const SHORT_AT_ONCE = 1000;
const USUAL_SHORT = 2048;

// How a member ends: the checksum of its content, and its size.
const TRAILER = 8;

/** Yields what the members have. Each one is added to `members` when it has ended. */
export async function* gunzip(
  packed: ByteStream,
  reading: ArchiveReading,
  members: PackedParts<GzipMember>,
): AsyncGenerator<Uint8Array> {
  const wrong = (what: "cannot unpack" | "cut off" | "checksum" | "behind the end", at: number, text: string) =>
    reading.note(what, at, text, undefined, "packed");
  let unpackedAt = 0;
  const add = ({ at, size, unpackedSize, sum, facts }: EndedMember, trailer: Uint8Array) => {
    if (uint32(trailer, 0) !== sum) {
      wrong("checksum", at, "The checksum of a gzip member is wrong: its content is not what was packed.");
    } else if (uint32(trailer, 4) !== unpackedSize % 2 ** 32) {
      wrong("checksum", at, `A gzip member says that it has another size than ${unpackedSize} bytes.`);
    }
    members.add({ at, size, unpackedAt, unpackedSize, ...facts });
    unpackedAt += unpackedSize;
  };
  let wasShort = false;
  try {
    for (;;) {
      const at = packed.at;
      const begin = await packed.peek(SHORT_AT_ONCE * SHORT);
      if (begin.length === 0) return;
      if (wasShort) {
        const { pieces, used } = shortMembers(begin, at, add);
        packed.advance(used);
        if (pieces.length > 0) {
          yield joined(pieces);
          continue;
        }
      }
      if (members.count > 0 && begin[0] !== 0x1f) {
        const rest = await packed.rest();
        if (rest.isZero) return;
        wrong("behind the end", at, `Behind the last member of gzip stand ${rest.size} bytes that are no gzip.`);
        return;
      }
      const header = readGzipHeader(await packed.look(LONGEST_GZIP_HEADER), 0);
      if (typeof header === "string") {
        return wrong(header === CUT_HEADER ? "cut off" : "cannot unpack", at, header);
      }
      packed.advance(header.size);

      let unpackedSize = 0;
      let sum = 0;
      const content = contentOf(packed);
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
      const trailer = await packed.take(TRAILER);
      if (trailer.length < TRAILER) {
        return wrong("cut off", packed.at, "The gzip ends before the checksum of its last member.");
      }
      const size = packed.at - at;
      add({ at, size, unpackedSize, sum, facts: header.facts }, trailer);
      wasShort = size < SHORT;
    }
  } finally {
    await packed.close();
  }
}

// A member that was unpacked. Its trailer was not looked at yet.
interface EndedMember {
  readonly at: number;
  readonly size: number;
  readonly unpackedSize: number;
  readonly sum: number;
  readonly facts: GzipHeaderFacts;
}

// Yields the content of a member, and returns what is wrong with it.
async function* contentOf(packed: ByteStream): AsyncGenerator<Uint8Array, string | undefined> {
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

// Unpacks the members at the beginning of some bytes, up to one that is long, broken or not all there: the usual way finds out which.
function shortMembers(
  bytes: Uint8Array,
  at: number,
  add: (member: EndedMember, trailer: Uint8Array) => void,
): { pieces: Uint8Array[]; used: number } {
  const pieces: Uint8Array[] = [];
  let used = 0;
  let unpackedSize = 0;
  while (pieces.length < SHORT_AT_ONCE && unpackedSize < OUT_AT_ONCE) {
    const header = readGzipHeader(bytes, used);
    if (typeof header === "string") break;
    const contentAt = used + header.size;
    const content = shortContent(bytes.subarray(contentAt, contentAt + SHORT));
    if (content === undefined) break;
    const end = contentAt + content.used + TRAILER;
    if (end > bytes.length) break;
    const piece = content.bytes;
    const member = { at: at + used, size: end - used, unpackedSize: piece.length, sum: crc32(piece) };
    add({ ...member, facts: header.facts }, bytes.subarray(end - TRAILER, end));
    pieces.push(piece);
    unpackedSize += piece.length;
    used = end;
  }
  return { pieces, used };
}

function shortContent(bytes: Uint8Array): { bytes: Uint8Array; used: number } | undefined {
  try {
    // With `info` it says how many bytes it has used. The types do not know that.
    const options = { info: true, chunkSize: USUAL_SHORT, maxOutputLength: LONGEST_SHORT };
    const result = inflateRawSync(bytes, options) as unknown as { buffer: Uint8Array; engine: ZlibEngine };
    return { bytes: result.buffer, used: result.engine.bytesWritten };
  } catch {
    // It is longer, or broken.
    return undefined;
  }
}

interface ZlibEngine {
  readonly bytesWritten: number;
}
