/**
 * PAX records: what a header has no room for, as a list of texts in front of it.
 *
 *     30 mtime=1350244992.023960108\n
 *     ^ the length of the whole record, these digits and the end of the line included
 *
 *     x   records for the next entry
 *     g   records for all entries that follow; an empty value takes one back
 *
 * Programs put their own keys there: `SCHILY.xattr.user.x` is the extended attribute `user.x`, and `GNU.sparse.…` describes the
 * holes of a file.
 *
 * Next: sparse.ts
 *
 * @module
 */

import { textOf } from "./tar_header.ts";

const ATTRIBUTE = "SCHILY.xattr.";
const ATTRIBUTE_OF_LIBARCHIVE = "LIBARCHIVE.xattr.";

// What an entry tells elsewhere.
const TOLD = new Set(["path", "linkpath", "size", "mtime", "uid", "gid", "uname", "gname"]);

// A list has fewer of them, however long it is.
const MOST_RECORDS = 20_000;

/** The records for one entry, or for all that follow. */
export class PaxRecords {
  /** How many bytes they have. */
  kept = 0;
  /** The pairs of a sparse file's map in their order, for the oldest form, which uses a key many times. */
  readonly pairs: [key: string, value: string][] = [];
  readonly #values = new Map<string, Uint8Array>();

  /** Returns the records of both; those of the second win. Returns `undefined` if there are none. */
  static merged(global: PaxRecords, local: PaxRecords | undefined): PaxRecords | undefined {
    if (global.#values.size === 0) return local;
    const merged = new PaxRecords();
    for (const records of local === undefined ? [global] : [global, local]) {
      for (const [key, value] of records.#values) merged.#values.set(key, value);
      merged.pairs.push(...records.pairs);
    }
    // Those for all are kept once, however many entries show them.
    merged.kept = (local?.kept ?? 0) + global.kept;
    return merged;
  }

  /** Adds the records of a list. Returns what is wrong with it; the records in front of the fault are added. */
  read(list: Uint8Array): string | undefined {
    let count = 0;
    for (let at = 0; at < list.length;) {
      // Some programs fill up the list with zeros.
      if (list[at] === 0) return undefined;
      if (++count > MOST_RECORDS) return `A list has more than ${MOST_RECORDS} PAX records. The others are not read.`;
      const space = list.indexOf(0x20, at);
      const digits = space < 0 || space - at > 8 ? "" : textOf(list.subarray(at, space)).text;
      const length = /^[1-9][0-9]*$/.test(digits) ? Number(digits) : NaN;
      if (Number.isNaN(length)) return "A PAX record does not begin with its length.";
      const end = at + length;
      if (end > list.length) {
        return `A PAX record says that it has ${length} bytes, and the list ends after ${list.length - at}.`;
      }
      if (end - 1 <= space || list[end - 1] !== 0x0a) return "A PAX record does not end with its line.";
      const equals = list.indexOf(0x3d, space);
      if (equals < 0 || equals >= end) return "A PAX record has no =.";
      const key = textOf(list.subarray(space + 1, equals), false).text;
      const value = list.subarray(equals + 1, end - 1);
      if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") this.pairs.push([key, textOf(value).text]);
      else this.#values.set(key, value);
      this.kept += length;
      at = end;
    }
    return undefined;
  }

  /** Returns a value that is not empty. */
  bytes(key: string): Uint8Array | undefined {
    const value = this.#values.get(key);
    return value === undefined || value.length === 0 ? undefined : value;
  }

  /** Returns a value as text. */
  text(key: string): string | undefined {
    const value = this.bytes(key);
    return value && textOf(value, false).text;
  }

  /** Returns a value as a number without fraction; `NaN` if it is none. */
  number(key: string): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    return /^-?[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
  }

  /** Returns the extended attributes. */
  attributes(): Record<string, string> | undefined {
    const attributes: [string, string][] = [];
    for (const [key, value] of this.#values) {
      if (key.startsWith(ATTRIBUTE)) attributes.push([key.slice(ATTRIBUTE.length), shown(value)]);
      else if (key.startsWith(ATTRIBUTE_OF_LIBARCHIVE)) {
        // The name is as in an address, the value in base64 without its "=".
        const name = key.slice(ATTRIBUTE_OF_LIBARCHIVE.length);
        if (!this.#values.has(ATTRIBUTE + name)) attributes.push([name, shownBase64(textOf(value).text)]);
      }
    }
    return attributes.length === 0 ? undefined : Object.fromEntries(attributes);
  }

  /** Returns the records that are told nowhere else. */
  others(): Record<string, string> | undefined {
    const others = [...this.#values].filter(([key, value]) =>
      value.length > 0 && !TOLD.has(key) && !key.startsWith(ATTRIBUTE) && !key.startsWith(ATTRIBUTE_OF_LIBARCHIVE) &&
      !key.startsWith("GNU.sparse.")
    );
    if (others.length === 0) return undefined;
    return Object.fromEntries(others.map(([key, value]) => [key, shown(value)]));
  }
}

// A text without control characters, or base64.
function shown(value: Uint8Array): string {
  const { text, isText } = textOf(value, false);
  // deno-lint-ignore no-control-regex
  return isText && !/[\0-\x08\x0e-\x1f]/.test(text) ? text : `base64:${value.toBase64()}`;
}

function shownBase64(text: string): string {
  try {
    return shown(Uint8Array.fromBase64(text));
  } catch {
    return `base64:${text}`;
  }
}
