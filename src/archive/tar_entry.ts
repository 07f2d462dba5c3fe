/**
 * An entry of a tar archive, put together of its header and all that stands in front of it.
 *
 *     entry "L"    name of 300 bytes   ╮
 *     entry "x"    30 mtime=…          ├─▶  { path, kind, size, mode, uid, modified, … , at, headerAt, contentAt, stored }
 *     header       name, size, mode …  │
 *     map          of a sparse file    ╯
 *
 * PAX records count more than long names of GNU, and these count more than the header. What is no number, or cannot be, is noted.
 *
 * Next: tar_kind.ts
 *
 * @module
 */

import type { ByteStream } from "./byte_stream.ts";
import { PaxRecords } from "./pax.ts";
import type { ArchiveReading } from "./source.ts";
import { type SparseFile, sparseRecords } from "./sparse.ts";
import { sparseContent, type TarContent } from "./sparse_content.ts";
import { BLOCK, type TarHeader, textOf, timeOf } from "./tar_header.ts";
import type { TarKind } from "./tar_kind.ts";

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

/** What stands in front of an entry and describes it. */
export class InFront {
  /** The number of headers. */
  count = 0;
  /** The place of the first one. */
  at: number | undefined;
  /** A long name. */
  name: Uint8Array | undefined;
  /** A long target of a link. */
  target: Uint8Array | undefined;
  /** The records for this entry. */
  records: PaxRecords | undefined;
}

/** The same owners come again and again, and often the same time too. Each of these texts is kept once. */
export class Interned {
  readonly #texts = new Map<string, string>();
  #time: { readonly seconds: number | string; readonly text: string | undefined } | undefined;

  /** Returns a text, as it is kept already if it is. */
  of(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < MOST_INTERNED) this.#texts.set(text, text);
    return text;
  }

  /** Returns a time as an ISO text. */
  time(seconds: number | string): string | undefined {
    if (this.#time?.seconds !== seconds) this.#time = { seconds, text: timeOf(seconds) };
    return this.#time.text;
  }
}

const MOST_INTERNED = 10_000;

/** What an entry is made of. */
export interface Making {
  /** Its header. */
  readonly header: TarHeader;
  /** The block of its header. */
  readonly block: Uint8Array;
  /** The size of its content in the archive, as the header says it. */
  readonly size: number;
  /** The place of its header. */
  readonly headerAt: number;
  /** What stands in front of it. */
  readonly front: InFront;
  /** The records for all entries. */
  readonly global: PaxRecords;
  /** The texts that are kept once. */
  readonly texts: Interned;
}

/** An entry, and what its reader goes on with. */
export interface Made {
  /** The entry. */
  readonly entry: { -readonly [Key in keyof TarEntry]: TarEntry[Key] };
  /** The bytes that fill its content up to whole blocks. */
  readonly padded: number;
  /** The characters that it keeps. */
  readonly kept: number;
}

/**
 * Puts an entry together of its header and what stands in front of it. The stream stands at its content, or at the map of a sparse
 * file. Returns `undefined` if the archive ends in that map.
 */
export async function entryOf(stream: ByteStream, reading: ArchiveReading, making: Making): Promise<Made | undefined> {
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
  const isSparse = header.type === "S" || sparse !== undefined;
  const content: TarContent | undefined = isSparse
    ? await sparseContent(stream, reading, {
      path: path.text,
      headerAt,
      block,
      records: header.type === "S" ? undefined : sparse,
      inArchive,
    })
    : { contentAt: stream.at, size: inArchive, stored: inArchive };
  if (content === undefined) return undefined;

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
    size: content.size,
    mode: number("mode", header.mode, 0) & 0o7777,
    uid: number("uid", header.uid, 0),
    gid: number("gid", header.gid, 0),
    at,
    headerAt,
    contentAt: content.contentAt,
    stored: content.stored,
  };
  if (user !== "") entry.user = texts.of(user);
  if (group !== "") entry.group = texts.of(group);
  if (modified !== undefined) entry.modified = modified;
  if (isLink) entry.target = target.text;
  if (isDevice) {
    const [major, minor] = [header.major, header.minor].map((value) => number("device's number", value, 0));
    entry.device = { major, minor };
  }
  if (content.sparse !== undefined) entry.sparse = content.sparse;
  if (attributes !== undefined) entry.attributes = attributes;
  if (records !== undefined) entry.records = records;
  const kept = path.text.length + (isLink ? target.text.length : 0) + 16 * (content.sparse?.parts.length ?? 0) +
    (pax?.kept ?? 0);
  return { entry, padded: paddingOf(content.stored), kept };
}

/** Returns the number of bytes that fill up a size to whole blocks. */
export function paddingOf(size: number): number {
  return (BLOCK - size % BLOCK) % BLOCK;
}
