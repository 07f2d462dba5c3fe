/**
 * The names of `@std/http` that this project uses, with the same meaning.
 * https://jsr.io/@std/http
 *
 * @module
 */

/** The status codes of HTTP by their names (RFC 9110 section 15, RFC 6585 for the one of rate limits). */
export const STATUS_CODE = {
  OK: 200,
  Created: 201,
  Accepted: 202,
  NoContent: 204,
  PartialContent: 206,
  NotModified: 304,
  TemporaryRedirect: 307,
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  RequestTimeout: 408,
  PreconditionFailed: 412,
  ContentTooLarge: 413,
  URITooLong: 414,
  RangeNotSatisfiable: 416,
  TooManyRequests: 429,
  RequestHeaderFieldsTooLarge: 431,
  InternalServerError: 500,
  ServiceUnavailable: 503,
  InsufficientStorage: 507,
} as const;

/** One of the status codes above. */
export type StatusCode = typeof STATUS_CODE[keyof typeof STATUS_CODE];

/**
 * RFC 9110 section 13.1.1: returns true if an `If-Match` header with this value allows the request, for content with this
 * tag.
 */
export function ifMatch(value: string | null, etag: string | undefined): boolean {
  if (!value || etag?.startsWith("W/")) return false;
  return value.trim() === "*" || (etag !== undefined && value.split(/\s*,\s*/).includes(etag));
}

/** RFC 9110 section 13.1.2: returns true if an `If-None-Match` header with this value allows it, for content with this tag. */
export function ifNoneMatch(value: string | null, etag: string | undefined): boolean {
  if (!value) return true;
  if (value.trim() === "*") return false;
  const strong = (tag: string) => tag.startsWith("W/") ? tag.slice(2) : tag;
  return !value.split(/\s*,\s*/).map(strong).includes(strong(etag ?? ""));
}
