/**
 * Ranges of bytes: which part of a blob a request or an answer speaks of.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-a-blob-in-chunks
 * https://www.rfc-editor.org/rfc/rfc9110#section-14
 *
 * There are two spellings, and they are easily confused. A push counts in the spec's own way, a pull in that of HTTP:
 *
 *     PATCH …  Content-Range: 0-2                    GET …  Range: bytes=0-2
 *     202      Range: 0-2                            206    Content-Range: bytes 0-2/3
 *
 * In both, the last byte is included: `0-2` are three bytes.
 *
 * Next: descriptor.ts
 *
 * @module
 */

/** A part of a blob: the position of its first byte, counted from 0, and its length in bytes. */
export interface ByteRange {
  /** The position of the first byte, counted from 0. */
  readonly start: number;
  /** The number of bytes. */
  readonly length: number;
}

/**
 * Reads the `Content-Range` of a chunk: `<first>-<last>`, no unit and no total (PUSH-CHUNK-06). `undefined` where the
 * text is something else, or where the last byte comes before the first.
 *
 * One client sends `0-0` with the zero bytes of an empty blob; that is for the caller to forgive, who knows the length.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseContentRange("5-9"), { start: 5, length: 5 });
 * assertEquals(parseContentRange("bytes 5-9/10"), undefined);
 * assertEquals(parseContentRange("9-5"), undefined);
 * ```
 */
export function parseContentRange(text: string): ByteRange | undefined {
  const match = /^([0-9]{1,15})-([0-9]{1,15})$/.exec(text.trim());
  if (match === null) return undefined;
  const [start, last] = [Number(match[1]), Number(match[2])];
  return last < start ? undefined : { start, length: last - start + 1 };
}

/**
 * The `Range` of an upload session that holds this many bytes. `0-0` stands for one byte and for none: the spec has no
 * word for an empty range, and docker's client wants an end that is not below the start.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatSessionRange(10), "0-9");
 * assertEquals(formatSessionRange(0), "0-0");
 * ```
 */
export function formatSessionRange(size: number): string {
  return `0-${Math.max(0, size - 1)}`;
}

/**
 * Reads the `Range` of a pull and holds it against the size of the blob, in bytes.
 *
 * The answer is one range, clamped to the blob; `"whole"` where the header is to be ignored (another unit than bytes, or
 * several ranges, which a server may answer with everything); or `"unsatisfiable"`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseRange("bytes=2-5", 10), { start: 2, length: 4 });
 * assertEquals(parseRange("bytes=8-99", 10), { start: 8, length: 2 });
 * assertEquals(parseRange("bytes=-3", 10), { start: 7, length: 3 });
 * assertEquals(parseRange("bytes=5-2", 10), "unsatisfiable");
 * assertEquals(parseRange("bytes=10-", 10), "unsatisfiable");
 * assertEquals(parseRange("pages=1-2", 10), "whole");
 * ```
 */
export function parseRange(text: string, size: number): ByteRange | "whole" | "unsatisfiable" {
  const [unit, ranges] = splitOnce(text, "=");
  if (unit.trim().toLowerCase() !== "bytes") return "whole";
  if (ranges.includes(",")) return "whole";
  const match = /^\s*([0-9]*)-([0-9]*)\s*$/.exec(ranges);
  if (match === null || match[1] + match[2] === "") return "unsatisfiable";

  // "-3" are the last three bytes, or all of them where there are fewer.
  const suffix = match[1] === "";
  const start = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = suffix || match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start > last ? "unsatisfiable" : { start, length: last - start + 1 };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
