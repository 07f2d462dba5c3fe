/**
 * Sniffing: a browser that does not trust the `Content-Type` of an answer looks at its bytes, and may take them for a page.
 * https://fetch.spec.whatwg.org/#x-content-type-options-header
 *
 * Anybody who may push decides about the bytes of a blob. A page among them could do everything here that its reader may do. So
 * each answer of the registry with a body forbids the browser to guess:
 *
 *     Content-Type: application/octet-stream
 *     X-Content-Type-Options: nosniff
 *
 * Next: elsewhere.ts
 *
 * @module
 */

/** Forbids browsers to guess the type of an answer. Returns the same answer. */
export function withoutSniffing(answer: Response): Response {
  // Setting a header of an answer is faster than making the answer with it.
  answer.headers.set("X-Content-Type-Options", "nosniff");
  return answer;
}
