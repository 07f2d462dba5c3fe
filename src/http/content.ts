/**
 * Answering with content: all of it, a part, several parts, or "304 Not Modified" if the client has it already.
 * https://www.rfc-editor.org/rfc/rfc9110#section-8
 *
 * RFC 9110 says how a server answers a GET or a HEAD. The registry follows it for manifests and blobs:
 *
 *     GET                                  200   Content-Length: 3                        foo
 *     HEAD                                 200   Content-Length: 3
 *     GET   If-None-Match: "sha256:2c26…"  304
 *     GET   Range: bytes=1-                206   Content-Range: bytes 1-2/3               oo
 *     GET   Range: bytes=0-0,2-2           206   Content-Type: multipart/byteranges; …    f and o, each with its range
 *     GET   Range: bytes=7-                416   its Content-Range has only the size
 *
 * Next: sniffing.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import { type ByteRange, formatContentRange, parseRanges } from "../definitions/range.ts";
import type { Bytes } from "../disk/disk.ts";
import { byterangesOf } from "./byteranges.ts";
import { type Call, isConditional } from "./call.ts";
import type { Elsewhere, Wanted } from "./elsewhere.ts";
import { etagOf } from "./etag.ts";
import { isNotModified } from "./preconditions.ts";
import { withoutSniffing } from "./sniffing.ts";

/** Content that a request asks for. Its digest is the one that the client asked for, or that the tag points to. */
export interface Content extends Wanted {
  /** An object that stays the same as long as the content does. The registry remembers an answer under it. */
  readonly identity: object;
  /** True if a client may ask for parts of it. */
  readonly hasParts: boolean;
  /** Opens it or a part of it. Returns `undefined` if it is gone. */
  open(part?: ByteRange): Bytes | ReadableStream<Bytes> | undefined;
}

/**
 * Answers a GET or HEAD with content. Returns `undefined` if it is gone.
 *
 * @throws {RegistryError} 412 if a condition forbids it, 416 if it has no byte of the ranges that the client asks for.
 */
export function answerWith(call: Call, content: Content): Response | undefined | Promise<Response> {
  const { request, elsewhere } = call;
  const { digest } = content;
  if (isConditional(request) && isNotModified(request, digest)) {
    const headers = { "Docker-Content-Digest": digest, "ETag": etagOf(digest) };
    return new Response(null, { status: STATUS_CODE.NotModified, headers });
  }
  return elsewhere === undefined ? answerHere(call, content) : answerElsewhere(call, content, elsewhere);
}

function answerElsewhere(
  call: Call,
  content: Content,
  elsewhere: Elsewhere,
): Response | undefined | Promise<Response> {
  const { request } = call;
  // Another server would not know what to do with the conditions. A range that cannot be satisfied is refused here.
  if (isConditional(request)) return answerHere(call, content);
  if (content.hasParts) rangesOf(request, content);
  const answer = elsewhere(request, content);
  if (!(answer instanceof Promise)) return answer ?? answerHere(call, content);
  return answer.then((answer) => {
    const found = answer ?? answerHere(call, content);
    if (found !== undefined) return found;
    const detail = {
      rule: "PULL-BLOB-08",
      expected: `a blob in ${content.name}`,
      actual: "it was removed just now",
    } as const;
    throw new RegistryError("BLOB_UNKNOWN", detail);
  });
}

function answerHere({ request, store }: Call, content: Content): Response | undefined {
  if (request.method === "HEAD") {
    return keep(heads, content.identity, () => withoutSniffing(new Response(null, { headers: headersOf(content) })));
  }

  const ranges = content.hasParts ? rangesOf(request, content) : "whole";
  if (ranges !== "whole") return answerWithParts(content, ranges);
  const body = content.open();
  if (body === undefined) return undefined;
  const make = () => withoutSniffing(new Response(body, { headers: headersOf(content) }));
  return store.disk.sharesBytes && body instanceof Uint8Array ? keep(answers, body, make) : make();
}

// Answers to GET, by their bytes, and to HEAD, by the identity of their content. They go when the disk forgets these.
const answers = new WeakMap<object, Response>();
const heads = new WeakMap<object, Response>();

// Returns the answer that is remembered for some content, or makes it. Making an answer takes ten times as long as cloning one.
function keep(kept: WeakMap<object, Response>, key: object, make: () => Response): Response {
  let answer = kept.get(key);
  // A clone is remembered, and not the first answer: Deno prepares the body of that for being sent once.
  if (answer === undefined) kept.set(key, answer = make().clone());
  return answer.clone();
}

// Returns the headers that describe the whole content. PULL-HEAD-03: HEAD has its length, too.
function headersOf({ digest, size, mediaType, hasParts }: Content): Record<string, string> {
  return {
    "Docker-Content-Digest": digest,
    "ETag": etagOf(digest),
    "Content-Length": String(size),
    "Content-Type": mediaType,
    ...(hasParts ? { "Accept-Ranges": "bytes" } : {}),
  };
}

function answerWithParts(content: Content, ranges: readonly ByteRange[]): Response | undefined {
  const { size, mediaType } = content;
  const headers = headersOf(content);
  // RFC 9110 section 15.3.7.2: an answer with one range is never a multipart one.
  const first = content.open(ranges[0]);
  if (first === undefined) return undefined;
  if (ranges.length > 1) {
    const open = (range: ByteRange) => range === ranges[0] ? first : content.open(range);
    const { body, length, contentType } = byterangesOf(ranges, size, mediaType, open);
    headers["Content-Length"] = String(length);
    headers["Content-Type"] = contentType;
    return withoutSniffing(new Response(body, { status: STATUS_CODE.PartialContent, headers }));
  }
  headers["Content-Length"] = String(ranges[0].length);
  headers["Content-Range"] = formatContentRange(ranges[0], size);
  return withoutSniffing(new Response(first, { status: STATUS_CODE.PartialContent, headers }));
}

// RFC 9110 section 13.1.5: a client sends `If-Range` if it has a part of some content already. It gets the range only if
// the content is still the same, and otherwise all of it. A date cannot tell that for sure, but a digest can.
function rangesOf({ headers }: Request, { digest, size }: Content): readonly ByteRange[] | "whole" {
  const text = headers.get("Range");
  if (text === null) return "whole";
  const condition = headers.get("If-Range");
  if (condition !== null && condition !== etagOf(digest)) return "whole";
  const ranges = parseRanges(text, size);
  if (ranges !== "unsatisfiable") return ranges;
  const expected = size === 0 ? "no range, because there are no bytes" : `a range of bytes such as bytes=0-${size - 1}`;
  throw new RegistryError(
    "SIZE_INVALID",
    { rule: "PULL-BLOB-09", expected, actual: text },
    { status: STATUS_CODE.RangeNotSatisfiable, headers: { "Content-Range": `bytes */${size}` } },
  );
}
