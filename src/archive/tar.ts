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
 * Next: tar_header.ts
 *
 * @module
 */

import type { ByteStream } from "./byte_stream.ts";
import { PaxRecords } from "./pax.ts";
import type { ArchiveReading } from "./source.ts";
import { gnuParts, parseMap, type SparseFile, type SparsePart, sparseProblem, sparseRecords } from "./sparse.ts";
import { BLOCK, isZero, readHeader, sumOf, type TarHeader, textOf, timeOf } from "./tar_header.ts";

/** The kinds of entries. */
export type TarKind =
  | "file"
  | "folder"
  | "symbolic link"
  | "hard link"
  | "character device"
  | "block device"
  | "pipe"
  | "unknown";

/** An entry of an archive. Times are ISO texts, sizes and places are bytes. */
export interface TarEntry {
  /** Its path, as the archive has it, such as `./usr/bin/`. A byte that is no UTF-8 is shown as `\xE9`. */
  readonly path: string;
  /** What it is. */
  readonly kind: TarKind;
  /** The letter for the kind in its header. */
  readonly type: string;
  /** The format of its header. */
  readonly format: "v7" | "ustar" | "pax" | "gnu";
  /** The size of its content as a reader of the file sees it, with the holes of a sparse file. */
  readonly size: number;
  /** Its permissions, as a number of 12 bits. */
  readonly mode: number;
  /** The number of its owner. */
  readonly uid: number;
  /** The number of its group. */
  readonly gid: number;
  /** The name of its owner. */
  readonly user?: string;
  /** The name of its group. */
  readonly group?: string;
  /** When its content was changed last. */
  readonly modified?: string;
  /** Where a link leads to, as the archive has it. */
  readonly target?: string;
  /** The numbers of a device. */
  readonly device?: { readonly major: number; readonly minor: number };
  /** The place of its first header: of its long name or its records, if it has such. */
  readonly at: number;
  /** The place of its own header. */
  readonly headerAt: number;
  /** The place of its content. */
  readonly contentAt: number;
  /** How many bytes of content the archive has. A sparse file has fewer than its size. */
  readonly stored: number;
  /** What a sparse file has that is no hole. */
  readonly sparse?: SparseFile;
  /** Extended attributes. A value that is no text is `base64:` and its bytes. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Those of its PAX records that are told nowhere else here. */
  readonly records?: Readonly<Record<string, string>>;
  /** The sha256 of a file's content, if it was asked for. */
  readonly digest?: string;
}

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

const KINDS: Readonly<Record<string, TarKind>> = {
  "\0": "file",
  "0": "file",
  "1": "hard link",
  "2": "symbolic link",
  "3": "character device",
  "4": "block device",
  "5": "folder",
  "6": "pipe",
  // A file whose blocks lie one after the other, for systems that have such.
  "7": "file",
  // GNU: a folder with a list of names as its content, and a sparse file.
  "D": "folder",
  "S": "file",
};

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

// What stands in front of an entry and describes it.
class InFront {
  count = 0;
  at: number | undefined;
  name: Uint8Array | undefined;
  target: Uint8Array | undefined;
  records: PaxRecords | undefined;
}

// The same owners come again and again, and often the same time too. Each of these texts is kept once.
class Interned {
  readonly #texts = new Map<string, string>();
  #time: { readonly seconds: number | string; readonly text: string | undefined } | undefined;

  of(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < MOST_INTERNED) this.#texts.set(text, text);
    return text;
  }

  time(seconds: number | string): string | undefined {
    if (this.#time?.seconds !== seconds) this.#time = { seconds, text: timeOf(seconds) };
    return this.#time.text;
  }
}

const MOST_INTERNED = 10_000;

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

interface Making {
  readonly header: TarHeader;
  readonly block: Uint8Array;
  readonly size: number;
  readonly headerAt: number;
  readonly front: InFront;
  readonly global: PaxRecords;
  readonly texts: Interned;
}

interface Made {
  readonly entry: { -readonly [Key in keyof TarEntry]: TarEntry[Key] };
  // The bytes that fill its content up to whole blocks, and the characters that it keeps.
  readonly padded: number;
  readonly kept: number;
}

// Puts an entry together of its header and what stands in front of it.
async function entryOf(stream: ByteStream, reading: ArchiveReading, making: Making): Promise<Made | undefined> {
  const { header, block, headerAt, front, global, texts } = making;
  const pax = PaxRecords.merged(global, front.records);
  const at = front.at ?? headerAt;
  const sparse = pax === undefined ? undefined : sparseRecords(pax);

  const path = textOf(sparse?.name ?? pax?.bytes("path") ?? front.name ?? header.name, pax === undefined);
  const target = textOf(pax?.bytes("linkpath") ?? front.target ?? header.target, pax === undefined);
  for (const { isText, text } of [path, target]) {
    if (!isText) {
      reading.note("no UTF-8", headerAt, "A name is no UTF-8. Its other bytes are shown as \\x and two digits.", text);
    }
  }
  const isFolder = header.type === "5" || header.type === "D" ||
    (header.type === "0" || header.type === "\0") && path.text.endsWith("/");
  const kind = isFolder ? "folder" : KINDS[header.type] ?? "unknown";
  if (kind === "unknown") {
    reading.note(
      "unknown kind",
      headerAt,
      `No kind of entry has the letter ${JSON.stringify(header.type)}.`,
      path.text,
    );
  }
  const number = (key: string, field: number, fallback: number): number => {
    const value = pax?.number(key) ?? field;
    if (Number.isSafeInteger(value)) return value;
    reading.note("bad number", headerAt, `The ${key} of this entry is no number that can be.`, path.text);
    return fallback;
  };

  // Links, devices and folders have no content, whatever their headers say. The list of names in a "D" is one, and a folder that only
  // its name makes one may have some.
  const hasContent = header.type === "D" || kind === "unknown" || KINDS[header.type] === "file";
  const inArchive = hasContent ? Math.max(0, number("size", making.size, 0)) : 0;
  let contentAt = stream.at;
  let parts: readonly SparsePart[] | undefined;
  let form: SparseFile["form"] | undefined;
  let size = inArchive;
  if (header.type === "S") {
    const map = await gnuParts(block, stream);
    if (map === undefined) {
      if (reading.limitMet === undefined) {
        reading.note("cut off", headerAt, "The archive ends in the map of a sparse file.", path.text);
      }
      return undefined;
    }
    ({ parts, size } = map);
    form = "gnu";
    contentAt = stream.at;
  } else if (sparse !== undefined) {
    form = sparse.form;
    size = sparse.size;
    parts = sparse.parts;
    if (form === "pax 1.0") {
      const map = await parseMap(stream, Math.min(inArchive, LONGEST_RECORD));
      if (typeof map === "string") reading.note("bad sparse map", contentAt, map, path.text);
      else parts = map;
      contentAt = stream.at;
    }
  }
  const stored = form === "pax 1.0" ? Math.max(0, inArchive - (contentAt - headerAt - BLOCK)) : inArchive;
  let sparseFile: SparseFile | undefined;
  if (form !== undefined) {
    const wrong = parts === undefined ? "it has none" : sparseProblem(parts, size, stored);
    if (wrong === undefined) sparseFile = { form, parts: parts! };
    else {
      reading.note(
        "bad sparse map",
        contentAt,
        `The map of a sparse file cannot be: ${wrong}. Its bytes are shown as they are stored.`,
        path.text,
      );
      size = stored;
    }
  }

  const modified = texts.time(pax?.text("mtime") ?? header.modified);
  if (modified === undefined) {
    reading.note("bad number", headerAt, "The time of this entry is none that can be.", path.text);
  }
  const attributes = pax?.attributes();
  const records = pax?.others();
  const isDevice = kind === "character device" || kind === "block device";
  const isLink = kind === "hard link" || kind === "symbolic link";
  const user = pax?.text("uname") ?? textOf(header.user).text;
  const group = pax?.text("gname") ?? textOf(header.group).text;
  const entry: Made["entry"] = {
    path: path.text,
    kind,
    type: header.type === "\0" ? "0" : header.type,
    format: pax === undefined || front.records === undefined ? header.format : "pax",
    size,
    mode: number("mode", header.mode, 0) & 0o7777,
    uid: number("uid", header.uid, 0),
    gid: number("gid", header.gid, 0),
    at,
    headerAt,
    contentAt,
    stored,
  };
  if (user !== "") entry.user = texts.of(user);
  if (group !== "") entry.group = texts.of(group);
  if (modified !== undefined) entry.modified = modified;
  if (isLink) entry.target = target.text;
  if (isDevice) {
    const [major, minor] = [header.major, header.minor].map((value) => number("device's number", value, 0));
    entry.device = { major, minor };
  }
  if (sparseFile !== undefined) entry.sparse = sparseFile;
  if (attributes !== undefined) entry.attributes = attributes;
  if (records !== undefined) entry.records = records;
  const kept = path.text.length + (isLink ? target.text.length : 0) + 16 * (sparseFile?.parts.length ?? 0) +
    (pax?.kept ?? 0);
  return { entry, padded: paddingOf(stored), kept };
}

// Returns the number of bytes that fill up a size to whole blocks.
function paddingOf(size: number): number {
  return (BLOCK - size % BLOCK) % BLOCK;
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
