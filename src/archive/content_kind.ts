/**
 * What a file's content is, told by its bytes.
 *
 *     7f 45 4c 46        a program                 elf.ts
 *     #! /bin/sh         a script
 *     89 50 4e 47 …      an image                  with its width and height, if the header has them
 *     { "a": 1 }         JSON
 *     <svg …             text: an SVG can have scripts in it, so it is not shown as an image
 *     bytes of UTF-8     text
 *
 * The name of a file says nothing here: its author chose it. The result is a guess if only the first bytes of a file are known.
 *
 * Next: elf.ts
 *
 * @module
 */

import { type ElfFacts, readElf } from "./elf.ts";
import { packingIn } from "./magic.ts";
import { BLOCK, sumOf } from "./tar_header.ts";

/** The kinds of content. */
export type ContentKind =
  | "empty"
  | "text"
  | "JSON"
  | "script"
  | "ELF"
  | "PNG"
  | "JPEG"
  | "GIF"
  | "WebP"
  | "SVG"
  | "gzip"
  | "zstd"
  | "bzip2"
  | "xz"
  | "tar"
  | "zip"
  | "Wasm"
  | "SQLite"
  | "PDF"
  | "binary";

/** What is known of a content. */
export interface ContentFacts {
  /** What it is. */
  readonly kind: ContentKind;
  /** A media type with which it can be shown and does no harm. */
  readonly mediaType: string;
  /** The encoding of a text. A text that is no UTF-8 is taken for Latin-1 if it looks like that. */
  readonly encoding?: "ASCII" | "UTF-8" | "UTF-16LE" | "UTF-16BE" | "Latin-1";
  /** The program that a script is for, with its arguments. */
  readonly interpreter?: string;
  /** The width of an image, in pixels. */
  readonly width?: number;
  /** The height of an image, in pixels. */
  readonly height?: number;
  /** The header of a program. */
  readonly elf?: ElfFacts;
}

const BYTES = "application/octet-stream";

// The first bytes of some formats.
const MAGIC: readonly (readonly [kind: ContentKind, magic: string, mediaType: string])[] = [
  ["PNG", "\x89PNG\r\n\x1a\n", "image/png"],
  ["JPEG", "\xff\xd8\xff", "image/jpeg"],
  ["GIF", "GIF87a", "image/gif"],
  ["GIF", "GIF89a", "image/gif"],
  ["ELF", "\x7fELF", BYTES],
  ["zip", "PK\x03\x04", "application/zip"],
  ["Wasm", "\0asm", "application/wasm"],
  ["SQLite", "SQLite format 3\0", BYTES],
  ["PDF", "%PDF-", "application/pdf"],
];

/** Tells what a content is. `isWhole` says that the bytes are all of it. The first 64 KiB are enough for nearly everything. */
export function lookAtContent(bytes: Uint8Array, isWhole: boolean): ContentFacts {
  if (bytes.length === 0) return { kind: "empty", mediaType: "text/plain; charset=utf-8" };
  const known = MAGIC.find(([, magic]) => startsWith(bytes, magic));
  if (known !== undefined) {
    const [kind, , mediaType] = known;
    const elf = kind === "ELF" ? readElf(bytes) : undefined;
    return { kind, mediaType, ...sizeOf(kind, bytes), ...(elf !== undefined && { elf }) };
  }
  if (startsWith(bytes, "RIFF") && startsWith(bytes.subarray(8), "WEBP")) {
    return { kind: "WebP", mediaType: "image/webp", ...sizeOf("WebP", bytes) };
  }
  const packing = packingIn(bytes);
  if (packing !== "none") return { kind: packing, mediaType: BYTES };
  if (isTar(bytes)) return { kind: "tar", mediaType: "application/x-tar" };
  return textFacts(bytes, isWhole) ?? { kind: "binary", mediaType: BYTES };
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  for (let index = 0; index < magic.length; index++) {
    if (bytes[index] !== magic.charCodeAt(index)) return false;
  }
  return true;
}

function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= BLOCK && bytes[0] !== 0 && sumOf(bytes.subarray(0, BLOCK)).isRight;
}

function textFacts(bytes: Uint8Array, isWhole: boolean): ContentFacts | undefined {
  const decoded = decodeText(bytes, isWhole);
  if (decoded === undefined) return undefined;
  const { text, encoding } = decoded;
  const mediaType = encoding === "ASCII" || encoding === "UTF-8" ? "text/plain; charset=utf-8" : BYTES;
  const script = /^#![ \t]*([^\n\r]{1,255})/.exec(text);
  if (script !== null) return { kind: "script", mediaType, encoding, interpreter: script[1].trim() };
  const begin = text.slice(0, 4096).replace(/^\uFEFF/, "").trimStart();
  if (/^(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)*(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/i.test(begin)) {
    return { kind: "SVG", mediaType, encoding };
  }
  return { kind: isJson(text, begin, isWhole) ? "JSON" : "text", mediaType, encoding };
}

function decodeText(
  bytes: Uint8Array,
  isWhole: boolean,
): { text: string; encoding: ContentFacts["encoding"] } | undefined {
  for (const [encoding, first, second] of [["UTF-16LE", 0xff, 0xfe], ["UTF-16BE", 0xfe, 0xff]] as const) {
    if (bytes[0] !== first || bytes[1] !== second) continue;
    const text = new TextDecoder(encoding).decode(bytes);
    return text.includes("\ufffd") || hasControls(text) ? undefined : { text, encoding };
  }
  try {
    // The last character may be cut.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !isWhole });
    if (hasControls(text)) return undefined;
    return { text, encoding: bytes.every((byte) => byte < 0x80) ? "ASCII" : "UTF-8" };
  } catch {
    const text = new TextDecoder("latin1").decode(bytes);
    const high = bytes.reduce((count, byte) => count + (byte >= 0x80 ? 1 : 0), 0);
    // Text of Latin-1 has few letters outside of ASCII.
    return hasControls(text) || high * 3 > bytes.length ? undefined : { text, encoding: "Latin-1" };
  }
}

// A text has ends of lines, tabs and the like, and escapes for terminals, but no other control characters.
function hasControls(text: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[\0-\x06\x0e-\x1a\x1c-\x1f\x7f]/.test(text);
}

// The longest text that is parsed only to know that it is JSON.
const LONGEST_JSON = 4 * 1024 * 1024;

function isJson(text: string, begin: string, isWhole: boolean): boolean {
  if (!/^(?:\{\s*["}]|\[\s*["\]{[tfn0-9-])/.test(begin)) return false;
  if (!isWhole || text.length > LONGEST_JSON) return true;
  try {
    JSON.parse(text.replace(/^\uFEFF/, ""));
    return true;
  } catch {
    return false;
  }
}

function sizeOf(kind: ContentKind, bytes: Uint8Array): { width?: number; height?: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (kind === "PNG" && bytes.length >= 24) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (kind === "GIF" && bytes.length >= 10) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (kind === "JPEG") return sizeOfJpeg(view);
  if (kind === "WebP" && bytes.length >= 30) return sizeOfWebp(bytes, view);
  return {};
}

// A JPEG is a list of segments. One of the kinds c0 to cf has the size, but c4, c8 and cc mean something else.
function sizeOfJpeg(view: DataView): { width?: number; height?: number } {
  for (let at = 2; at + 9 < view.byteLength && view.getUint8(at) === 0xff;) {
    const kind = view.getUint8(at + 1);
    if (kind >= 0xc0 && kind <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(kind)) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return {};
}

function sizeOfWebp(bytes: Uint8Array, view: DataView): { width?: number; height?: number } {
  const at = bytes.subarray(12);
  if (startsWith(at, "VP8 ")) {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (startsWith(at, "VP8L")) {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  if (!startsWith(at, "VP8X")) return {};
  return {
    width: 1 + view.getUint16(24, true) + 65536 * bytes[26],
    height: 1 + view.getUint16(27, true) + 65536 * bytes[29],
  };
}
