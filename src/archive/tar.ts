/**
 * tar: an archive as a stream of blocks.
 * https://www.gnu.org/software/tar/manual/html_node/Standard.html
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 *
 *     | header | content, filled up to 512 | header | content … | zeros | zeros | anything, mostly zeros
 *       512      512 × n                     512                  512     512
 *
 * A header has no room for a name of more than 255 bytes, a size above 8 GiB, or a fraction of a second. Each generation of tar found
 * its own way around that, and archives of all of them are still in use:
 *
 *     V7, 1979           name of 100 bytes; files, hard links, symbolic links                       (no magic)
 *     GNU, 1988          long names as entries "L" and "K" in front; sizes in base 256; sparse "S"  "ustar  "
 *     ustar, 1988        a prefix for the name; devices, folders, pipes, names of owners            "ustar" 0
 *     pax, 2001          entries "x" and "g" in front: a list of records, such as "30 mtime=1350244992.023960108"
 *
 * Two blocks of zeros are the end. What stands behind them is read by nobody, unless somebody looks: eStargz may have its table of
 * contents there.
 *
 * If a header's checksum is wrong, GNU tar goes on to the next block that is a header, and so does this reader.
 *
 * Next: tar_entry.ts
 *
 * @module
 */

import type { ByteStream } from "./byte_stream.ts";
import { PaxRecords } from "./pax.ts";
import type { ArchiveReading } from "./source.ts";
import { entryOf, InFront, Interned, paddingOf, type TarEntry } from "./tar_entry.ts";
import { BLOCK, isZero, readHeader, sumOf, type TarHeader, textOf } from "./tar_header.ts";

/** The end of an archive. */
export interface TarEnd {
  /** Where the blocks of zeros begin, or where the bytes end without them. */
  readonly at: number;
  /** How many blocks of zeros there are that count: 2, or fewer if the end is not as it should be. */
  readonly zeroBlocks: number;
  /** How many bytes stand behind them. */
  readonly behind: number;
  /** The block with the first byte behind them that is no zero, if there is one. */
  readonly firstAt?: number;
  /** The path of an entry that stands right behind the end, where no program looks for it. */
  readonly hidden?: string;
}

/** What a reader of an archive wants besides the entries. */
export interface TarOptions {
  /** Called for each entry in front of its content. If it returns true, the reading ends there, and the content comes next. */
  readonly stopAt?: (entry: TarEntry) => boolean;
  /** Called when an entry's content begins. What it returns sees the content, and computes its digest. */
  readonly content?: (entry: TarEntry) => ContentReader | undefined;
}

/** Takes the content of an entry. */
export interface ContentReader {
  /** Takes the next bytes. */
  update(bytes: Uint8Array): void;
  /** Says that these were all. Returns the digest of the content. */
  end(): string;
}

// Entries that describe the next one: long names of GNU, records of PAX, and the letter that Solaris has for those.
const LONG_NAME = "L";
const LONG_TARGET = "K";
const RECORDS = ["x", "X"];
const GLOBAL_RECORDS = "g";

// The longest name or list of records. Linux takes paths of 4,096 bytes and attributes of 64 KiB.
const LONGEST_RECORD = 1024 * 1024;
// An entry has a long name, a long target and records in front of it, and perhaps global records. More are counted as entries.
const MOST_IN_FRONT = 8;

/** Yields the entries of an archive. Returns what its end is like; `undefined` if the bytes are no tar, or if the end was not reached. */
export async function* readTar(
  stream: ByteStream,
  reading: ArchiveReading,
  { stopAt, content }: TarOptions = {},
): AsyncGenerator<TarEntry, TarEnd | undefined> {
  const texts = new Interned();
  const global = new PaxRecords();
  let front = new InFront();
  let isFirst = true;
  for (;;) {
    const headerAt = stream.at;
    const block = stream.takeNow(BLOCK) ?? await stream.take(BLOCK);
    if (block.length < BLOCK) {
      if (reading.limitMet !== undefined) return undefined;
      if (isFirst) {
        reading.note("no tar", 0, `This is no tar: it has only ${block.length} bytes.`);
        return undefined;
      }
      if (block.length > 0) reading.note("cut off", headerAt, "The archive ends in the middle of a header.");
      else if (front.count > 0) reading.note("cut off", headerAt, "The archive ends behind a long name or records.");
      else reading.note("no end", headerAt, "The archive has no two blocks of zeros at its end.");
      return { at: headerAt, zeroBlocks: 0, behind: 0 };
    }
    if (isZero(block)) {
      if (front.count > 0) reading.note("cut off", headerAt, "The archive ends behind a long name or records.");
      return await endOf(stream, reading, headerAt);
    }

    const { written, sum, isRight } = sumOf(block);
    if (!isRight) {
      const header = readHeader(block);
      if (isFirst && header.format === "v7") {
        reading.note("no tar", 0, "This is no tar: it does not begin with a header.");
        return undefined;
      }
      isFirst = false;
      const said = Number.isNaN(written) ? "no number" : `${written}`;
      const text = `The checksum of this header is ${sum}, and ${said} is written there.`;
      reading.note("checksum", headerAt, text, header.format === "v7" ? undefined : textOf(header.name).text);
      if (!await toNextHeader(stream, reading)) return undefined;
      front = new InFront();
      continue;
    }
    isFirst = false;

    const header = readHeader(block);
    const size = checkedSize(header, headerAt, reading);
    if (
      header.type === LONG_NAME || header.type === LONG_TARGET || RECORDS.includes(header.type) ||
      header.type === GLOBAL_RECORDS
    ) {
      if (!await readInFront(stream, reading, header.type, size, headerAt, front, global)) return undefined;
      continue;
    }

    if (!reading.countEntry(headerAt)) return undefined;
    const made = await entryOf(stream, reading, { header, block, size, headerAt, front, global, texts });
    if (made === undefined) return undefined;
    front = new InFront();
    const { entry, padded, kept } = made;
    if (!reading.countText(kept, headerAt)) return undefined;

    if (stopAt?.(entry) === true) return undefined;
    const consumer = content?.(entry);
    const there = stream.takeNow(entry.stored);
    if (there !== undefined) consumer?.update(there);
    const passed = there !== undefined
      ? entry.stored
      : consumer === undefined
      ? await stream.skip(entry.stored)
      : await stream.pass(entry.stored, (bytes) => consumer.update(bytes));
    const isWhole = passed === entry.stored;
    if (isWhole && consumer !== undefined) entry.digest = consumer.end();
    yield entry;
    if (!isWhole) {
      if (reading.limitMet !== undefined) return undefined;
      const text = `The content has ${entry.stored} bytes, and the archive ends after ${passed} of them.`;
      reading.note("cut off", entry.contentAt, text, entry.path);
      return { at: stream.at, zeroBlocks: 0, behind: 0 };
    }
    if (padded > 0 && stream.takeNow(padded) === undefined) await stream.take(padded);
    if (reading.isDue() && await reading.pause(stream.at)) return undefined;
  }
}

function checkedSize(header: TarHeader, at: number, reading: ArchiveReading): number {
  if (Number.isSafeInteger(header.size) && header.size >= 0) return header.size;
  const said = Number.isNaN(header.size) ? "no number" : `${header.size}`;
  reading.note("bad number", at, `The size in this header is ${said}. It is taken for 0.`, textOf(header.name).text);
  return 0;
}

// Reads a long name or records. Returns false if the archive or the reading ends there.
async function readInFront(
  stream: ByteStream,
  reading: ArchiveReading,
  type: string,
  size: number,
  at: number,
  front: InFront,
  global: PaxRecords,
): Promise<boolean> {
  front.at ??= at;
  front.count++;
  if (front.count === MOST_IN_FRONT + 1) {
    reading.note("long record", at, `More than ${MOST_IN_FRONT} headers in front of one entry describe it.`);
  }
  if (front.count > MOST_IN_FRONT && !reading.countEntry(at)) return false;
  const padded = size + paddingOf(size);
  if (size > LONGEST_RECORD) {
    const text =
      `A long name or a list of records has ${size} bytes. It is not read, because it is longer than ${LONGEST_RECORD}.`;
    reading.note("long record", at, text);
    const passed = await stream.skip(padded);
    if (passed < size && reading.limitMet === undefined) {
      reading.note("cut off", at, "The archive ends in a long name or in records.");
    }
    return passed === padded;
  }
  const bytes = stream.takeNow(padded) ?? await stream.take(padded);
  if (bytes.length < size) {
    if (reading.limitMet === undefined) reading.note("cut off", at, "The archive ends in a long name or in records.");
    return false;
  }
  const value = bytes.slice(0, size);
  if (type === LONG_NAME) front.name = value;
  else if (type === LONG_TARGET) front.target = value;
  else {
    const records = type === GLOBAL_RECORDS ? global : (front.records ??= new PaxRecords());
    const wrong = records.read(value);
    if (wrong !== undefined) reading.note("bad record", at + BLOCK, wrong);
    if (!reading.countText(type === GLOBAL_RECORDS ? size : 0, at)) return false;
  }
  if (reading.isDue() && await reading.pause(stream.at)) return false;
  return true;
}

// Goes on to the next block that is a header, or zeros. Returns false if there is none.
async function toNextHeader(stream: ByteStream, reading: ArchiveReading): Promise<boolean> {
  const from = stream.at;
  for (;;) {
    // It must not take the block, because the caller wants it.
    const block = await stream.look(BLOCK);
    if (block.length < BLOCK) break;
    if (isZero(block)) return true;
    if (sumOf(block).isRight) return true;
    stream.advance(BLOCK);
    if (reading.isDue() && await reading.pause(stream.at)) return false;
  }
  if (reading.limitMet === undefined) {
    reading.note("cut off", from, "Behind the broken header there is no other header and no end.");
  }
  return false;
}

// Reads the end, and what stands behind it.
async function endOf(stream: ByteStream, reading: ArchiveReading, at: number): Promise<TarEnd | undefined> {
  const second = await stream.look(BLOCK);
  const zeroBlocks = second.length === BLOCK && isZero(second) ? 2 : 1;
  if (zeroBlocks === 2) stream.advance(BLOCK);
  else if (reading.limitMet === undefined) {
    reading.note("no end", at, "Only one block of zeros is at the end. There must be two.");
  }
  let hidden: string | undefined;
  const behindAt = stream.at;
  let firstAt: number | undefined;
  for (;;) {
    const block = stream.takeNow(BLOCK) ?? await stream.take(BLOCK);
    if (block.length === 0) break;
    if (firstAt === undefined && !isZero(block)) {
      firstAt = stream.at - block.length;
      if (block.length === BLOCK && sumOf(block).isRight) hidden = textOf(readHeader(block).name).text;
    }
    if (block.length < BLOCK || firstAt !== undefined) await stream.skip(Number.MAX_SAFE_INTEGER);
    if (reading.isDue() && await reading.pause(stream.at)) return undefined;
  }
  if (reading.limitMet !== undefined) return undefined;
  const behind = stream.at - behindAt;
  return {
    at,
    zeroBlocks,
    behind,
    ...(firstAt !== undefined && { firstAt }),
    ...(hidden !== undefined && { hidden }),
  };
}
