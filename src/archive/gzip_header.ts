/**
 * The header of a gzip member: what the one who packed it says.
 * https://www.rfc-editor.org/rfc/rfc1952#section-2.3
 *
 *     1f 8b  08  flags  time × 4  00  system | length × 2, extra | name 00 | comment 00 | checksum × 2
 *                  └── each of the last four is there if its flag is set
 *
 *     readGzipHeader(bytes, 0)     { size: 16, facts: { name: "a.txt", system: "Unix" } }
 *
 * Next: unpacker.ts
 *
 * @module
 */

/** What a header says. */
export interface GzipHeaderFacts {
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

const FIXED = 10;
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

const LONGEST_NAME = 4096;

/** The most bytes that a header has: the fixed part, the extra fields, a name, a comment and a checksum. */
export const LONGEST_GZIP_HEADER = FIXED + 2 + 0xffff + 2 * (LONGEST_NAME + 1) + 2;

/** Said of a header that the bytes end in. */
export const CUT_HEADER = "The bytes end in the header of a gzip member.";

/** Reads the header that begins at a place. Returns its size in bytes and what it says, or a sentence that tells what is wrong. */
export function readGzipHeader(bytes: Uint8Array, at: number): { size: number; facts: GzipHeaderFacts } | string {
  if (bytes.length < at + FIXED) return CUT_HEADER;
  const flags = bytes[at + 3];
  if (bytes[at] !== 0x1f || bytes[at + 1] !== 0x8b || bytes[at + 2] !== 8 || (flags & RESERVED) !== 0) {
    return "A gzip member has a header that cannot be.";
  }
  const facts: { -readonly [Key in keyof GzipHeaderFacts]: GzipHeaderFacts[Key] } = {
    system: SYSTEMS[bytes[at + 9]] ?? `number ${bytes[at + 9]}`,
  };
  const time = uint32(bytes, at + 4);
  if (time !== 0) facts.modified = new Date(time * 1000).toISOString().replace(".000Z", "Z");
  let end = at + FIXED;
  if ((flags & HAS_EXTRA) !== 0) {
    const begin = end + 2;
    end = begin + bytes[end] + 256 * bytes[end + 1];
    // Bytes that are not there make no number.
    if (!(end <= bytes.length)) return CUT_HEADER;
    facts.extra = bytes.subarray(begin, end).toHex();
  }
  for (const [flag, name] of [[HAS_NAME, "name"], [HAS_COMMENT, "comment"]] as const) {
    if ((flags & flag) === 0) continue;
    const length = bytes.subarray(end, end + LONGEST_NAME + 1).indexOf(0);
    if (length < 0) {
      return `The ${name} in the header of a gzip member has no end, or is longer than ${LONGEST_NAME} bytes.`;
    }
    facts[name] = latin1(bytes.subarray(end, end + length));
    end += length + 1;
  }
  if ((flags & HAS_CHECKSUM) !== 0) end += 2;
  return { size: end - at, facts };
}

/** Returns the number at a place: four bytes, the lowest first. */
export function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24) >>> 0;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
