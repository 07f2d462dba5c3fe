/**
 * Content: the facts of bytes, whatever they are: text, an image, a program, anything.
 *
 *     contentBytes(bytes, 12)     { is: { kind: "text", … }, size: 12, text: "Hello, world", isWhole: true, head: "SGVsbG8s…" }
 *
 * Next: statement.ts
 *
 * @module
 */

import { type ContentFacts, lookAtContent } from "../archive/content_kind.ts";
import { formatBytes } from "../definitions/size.ts";
import { inSteps } from "../giving_way.ts";
import type { ContentBytes, JsonFacts, PlaceLink } from "./facts.ts";
import type { DocumentKind } from "./fields.ts";
import { fieldRows, MOST_JSON, MOST_TEXT, readJson } from "./json_rows.ts";
import type { Looking } from "./looking.ts";

// The first bytes that are shown in hexadecimal digits.
const HEAD = 4096;

/** The most bytes of a file that are read to show it. */
export const MOST_SHOWN: number = MOST_TEXT;

/** Returns the facts of the first bytes of something that has `size` bytes. */
export function contentBytes(bytes: Uint8Array, size: number): ContentBytes {
  const isWhole = bytes.length >= size;
  const is = lookAtContent(bytes, isWhole);
  return {
    is,
    size,
    ...(is.encoding === undefined ? {} : { text: decode(bytes, is.encoding) }),
    isWhole,
    head: bytes.subarray(0, HEAD).toBase64(),
  };
}

// The other names are those of `TextDecoder`.
function decode(bytes: Uint8Array, encoding: NonNullable<ContentFacts["encoding"]>): string {
  return new TextDecoder(encoding === "Latin-1" ? "latin1" : encoding).decode(bytes);
}

/**
 * Returns the facts of a JSON document, and its value if it can be read. `bytes` may be only its first ones. A document of more than
 * `most` bytes is not read.
 */
export async function jsonFacts(
  looking: Looking,
  bytes: Uint8Array,
  size: number,
  options: {
    document?: DocumentKind;
    link?: (value: string) => PlaceLink | undefined;
    what: string;
    most?: number;
  },
): Promise<{ json: JsonFacts; value?: unknown }> {
  const { what, most = MOST_JSON } = options;
  const text = new TextDecoder().decode(bytes.subarray(0, MOST_TEXT));
  const isWhole = bytes.length >= size && bytes.length <= MOST_TEXT;
  if (!isWhole) looking.limit(`Only the first MiB of ${what} is shown.`);
  if (bytes.length < size || size > most) {
    looking.limit(`The fields of ${what} are not explained, because it has more than ${formatBytes(most)}.`);
    return { json: { text, isWhole, fields: [] } };
  }
  const { value, broken } = readJson(bytes);
  if (broken !== undefined) return { json: { text, isWhole, fields: [], broken } };
  const { rows, isWhole: hasAllRows } = await inSteps(fieldRows(value, options));
  if (!hasAllRows) looking.limit(`Only the first ${rows.length} fields of ${what} are explained.`);
  return { json: { text, isWhole, fields: rows }, value };
}
