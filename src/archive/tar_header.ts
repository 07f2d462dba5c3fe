/**
 * The header of a tar entry: one block of 512 bytes.
 *
 *       0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 time 12 | 148 checksum 8 | 156 kind 1 | 157 target 100
 *     257 magic 8  | 265 user 32 | 297 group 32 | 329 major 8 | 337 minor 8 | 345 prefix of the name 155
 *
 * Numbers are octal digits as text. If the first bit is set, the number is in base 256 instead: two's complement, big end first. That
 * is how GNU tar writes a size of 8 GiB or more.
 *
 * The checksum is the sum of all bytes, with its own field taken for spaces. Some old programs added *signed* bytes, so both sums are right.
 *
 * Next: pax.ts
 *
 * @module
 */

/** The size of a block. */
export const BLOCK = 512;

/** The fields of a header. A number that is none is `NaN`. */
export interface TarHeader {
  /** Its format, as far as the magic says it. */
  readonly format: "v7" | "ustar" | "gnu";
  /** The path, with its prefix. */
  readonly name: Uint8Array;
  /** The permissions. */
  readonly mode: number;
  /** The number of the owner. */
  readonly uid: number;
  /** The number of the group. */
  readonly gid: number;
  /** The size of the content. */
  readonly size: number;
  /** The time of the last change, in seconds since 1970. */
  readonly modified: number;
  /** The letter for the kind. */
  readonly type: string;
  /** The target of a link. */
  readonly target: Uint8Array;
  /** The name of the owner. */
  readonly user: Uint8Array;
  /** The name of the group. */
  readonly group: Uint8Array;
  /** The first number of a device. */
  readonly major: number;
  /** The second number of a device. */
  readonly minor: number;
}

const NONE: Uint8Array = new Uint8Array();

/** Reads a header. It does not look at the checksum. */
export function readHeader(block: Uint8Array): TarHeader {
  const format = formatOf(block);
  const name = field(block, 0, 100);
  const type = String.fromCharCode(block[156]);
  const isDevice = type === "3" || type === "4";
  return {
    format,
    name: format === "ustar" && block[345] !== 0
      ? withPrefix(field(block, 345, isStar(block) ? 131 : 155), name)
      : name,
    mode: numberOf(block, 100, 8),
    uid: numberOf(block, 108, 8),
    gid: numberOf(block, 116, 8),
    size: numberOf(block, 124, 12),
    modified: numberOf(block, 136, 12),
    type,
    target: field(block, 157, 100),
    user: format === "v7" ? NONE : field(block, 265, 32),
    group: format === "v7" ? NONE : field(block, 297, 32),
    major: isDevice ? numberOf(block, 329, 8) : 0,
    minor: isDevice ? numberOf(block, 337, 8) : 0,
  };
}

function formatOf(block: Uint8Array): "v7" | "ustar" | "gnu" {
  // "ustar"
  const isNamed = block[257] === 0x75 && block[258] === 0x73 && block[259] === 0x74 && block[260] === 0x61 &&
    block[261] === 0x72;
  if (!isNamed) return "v7";
  return block[262] === 0x20 ? "gnu" : "ustar";
}

// The program star has times where others have the end of the prefix, and says so at the end of the block.
function isStar(block: Uint8Array): boolean {
  return block[508] === 0x74 && block[509] === 0x61 && block[510] === 0x72 && block[511] === 0;
}

function withPrefix(prefix: Uint8Array, name: Uint8Array): Uint8Array {
  const whole = new Uint8Array(prefix.length + 1 + name.length);
  whole.set(prefix);
  whole[prefix.length] = 0x2f;
  whole.set(name, prefix.length + 1);
  return whole;
}

/** Returns a field of text, up to its byte 0. */
export function field(block: Uint8Array, at: number, length: number): Uint8Array {
  let end = at;
  while (end < at + length && block[end] !== 0) end++;
  return end === at ? NONE : block.subarray(at, end);
}

/** Returns the number in a field: octal digits with spaces or zeros around, or base 256. An empty field is 0. */
export function numberOf(block: Uint8Array, at: number, length: number): number {
  if ((block[at] & 0x80) !== 0) return base256(block, at, length);
  let value = 0;
  let digits = 0;
  for (let index = at; index < at + length; index++) {
    const byte = block[index];
    if (byte >= 0x30 && byte <= 0x37) {
      value = value * 8 + byte - 0x30;
      digits++;
    } else if (byte === 0x20 || byte === 0) {
      if (digits > 0) return value;
    } else return NaN;
  }
  return value;
}

function base256(block: Uint8Array, at: number, length: number): number {
  // The first bit says that this is base 256, the second one is the sign.
  const isNegative = (block[at] & 0x40) !== 0;
  let value = isNegative ? (block[at] | 0x80) - 256 : block[at] & 0x7f;
  for (let index = at + 1; index < at + length; index++) value = value * 256 + block[index];
  return value;
}

/** Returns the checksum that is written in a header, and the one that it should have. */
export function sumOf(block: Uint8Array): { written: number; sum: number; isRight: boolean } {
  const written = numberOf(block, 148, 8);
  let sum = 8 * 0x20;
  for (let index = 0; index < 148; index++) sum += block[index];
  for (let index = 156; index < BLOCK; index++) sum += block[index];
  return { written, sum, isRight: written === sum || written === signedSumOf(block, sum) };
}

// A byte of 128 or more is a negative number if it is signed: 256 less.
function signedSumOf(block: Uint8Array, sum: number): number {
  let high = 0;
  for (let index = 0; index < BLOCK; index++) if (index < 148 || index >= 156) high += block[index] >> 7;
  return sum - 256 * high;
}

/** Returns true if all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a name. Bytes that are no UTF-8 are shown as `\xE9`, so that two names never become one. With `endsAtZero` a byte 0 ends it.
 */
export function textOf(bytes: Uint8Array, endsAtZero = true): { text: string; isText: boolean } {
  let length = bytes.length;
  let isAscii = true;
  for (let index = 0; index < length; index++) {
    if (bytes[index] === 0 && endsAtZero) length = index;
    else if (bytes[index] > 0x7e) isAscii = false;
  }
  const used = bytes.subarray(0, length);
  if (isAscii && length < 4096) {
    return { text: String.fromCharCode.apply(null, used as unknown as number[]), isText: true };
  }
  try {
    return { text: strict.decode(used), isText: true };
  } catch {
    return { text: escaped(used), isText: false };
  }
}

// Shows all bytes above 0x7f of a name in which some are no UTF-8.
function escaped(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const length = lengthOfCharacter(bytes, at);
    if (length > 0) text += strict.decode(bytes.subarray(at, at + length));
    else text += `\\x${bytes[at].toString(16).toUpperCase().padStart(2, "0")}`;
    at += Math.max(1, length);
  }
  return text;
}

function lengthOfCharacter(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length < 2) return length;
  try {
    return at + length <= bytes.length && [...strict.decode(bytes.subarray(at, at + length))].length === 1 ? length : 0;
  } catch {
    return 0;
  }
}

/**
 * Returns a time as an ISO text with as many digits of a second as it has, at most 9. It is a number of seconds since 1970, or the
 * decimal text of one. Returns `undefined` if it is no number, or if no calendar has it.
 */
export function timeOf(seconds: number | string): string | undefined {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(String(seconds));
  if (match === null) return undefined;
  const [, sign, whole, fraction = ""] = match;
  const digits = fraction.slice(0, 9).replace(/0+$/, "");
  let value = Number(whole);
  let shown = digits;
  if (sign !== "") {
    // -1.25 is 0.75 after -2.
    value = -value;
    if (digits !== "") {
      value--;
      shown = String(10 ** digits.length - Number(digits)).padStart(digits.length, "0");
    }
  }
  const date = new Date(value * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  // Without its milliseconds, which are .000Z.
  return `${date.toISOString().slice(0, -5)}${shown === "" ? "Z" : `.${shown}Z`}`;
}
