/**
 * Guarding the page: who may look, and what the browser must not do.
 * https://www.w3.org/TR/CSP3/ and https://www.w3.org/TR/fetch-metadata/
 *
 *     Content-Security-Policy: default-src 'none'; script-src 'self'; …     no script but the page's own, no text that becomes one
 *     Host: evil.example                                                    403: a site has changed the address of its name
 *
 * The page shows what clients have sent: names, annotations, files. None of it may run, lead astray, or be read by another site.
 *
 * Next: logging_in.ts
 *
 * @module
 */

import { withoutSniffing } from "../http/sniffing.ts";

// A form of the page is a question: it leads to an address of this registry with `GET`, as a link does, and never to another site.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS = {
  "Content-Security-Policy": POLICY,
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
};

/** Tells the browser what it must not do with an answer. Returns the same answer. */
export function guarded(answer: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) {
    // A download has a stricter policy of its own.
    if (!answer.headers.has(name)) answer.headers.set(name, value);
  }
  return withoutSniffing(answer);
}
