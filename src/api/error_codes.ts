/**
 * Error codes.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#error-codes
 *
 * A refusal has one of the fourteen codes of the spec, and names the rule that it is about:
 *
 *     400 Bad Request
 *     {"errors": [{ "code": "DIGEST_INVALID",
 *                   "message": "provided digest did not match uploaded content",
 *                   "detail": { "rule": "PUSH-SINGLE-03", "spec": "https://…/spec.md#single-post",
 *                               "expected": "sha256:2c26…", "actual": "sha256:fcde…" } }]}
 *
 * A section refuses a request by throwing a {@linkcode RegistryError}. One `catch`, in `registry.ts`, turns it into an answer.
 *
 * Next: ../definitions/printable.ts
 *
 * @module
 */

import { STATUS_CODE, type StatusCode } from "@std/http";
import { Fault } from "../definitions/fault.ts";
import { printable } from "../definitions/printable.ts";
import { withoutSniffing } from "../http/sniffing.ts";
import { linkTo, type Rule } from "../spec/headings.ts";

/** The table of the spec, in its order and words, with the status that usually goes with each code. */
// deno-fmt-ignore
export const ERROR_CODES = {
  BLOB_UNKNOWN:          { id: "code-1",  status: STATUS_CODE.NotFound,         message: "blob unknown to registry" },
  BLOB_UPLOAD_INVALID:   { id: "code-2",  status: STATUS_CODE.BadRequest,       message: "blob upload invalid" },
  BLOB_UPLOAD_UNKNOWN:   { id: "code-3",  status: STATUS_CODE.NotFound,         message: "blob upload unknown to registry" },
  DIGEST_INVALID:        { id: "code-4",  status: STATUS_CODE.BadRequest,       message: "provided digest did not match uploaded content" },
  MANIFEST_BLOB_UNKNOWN: { id: "code-5",  status: STATUS_CODE.BadRequest,       message: "manifest references a manifest or blob unknown to registry" },
  MANIFEST_INVALID:      { id: "code-6",  status: STATUS_CODE.BadRequest,       message: "manifest invalid" },
  MANIFEST_UNKNOWN:      { id: "code-7",  status: STATUS_CODE.NotFound,         message: "manifest unknown to registry" },
  NAME_INVALID:          { id: "code-8",  status: STATUS_CODE.BadRequest,       message: "invalid repository name" },
  NAME_UNKNOWN:          { id: "code-9",  status: STATUS_CODE.NotFound,         message: "repository name not known to registry" },
  SIZE_INVALID:          { id: "code-10", status: STATUS_CODE.BadRequest,       message: "provided length did not match content length" },
  UNAUTHORIZED:          { id: "code-11", status: STATUS_CODE.Unauthorized,     message: "authentication required" },
  DENIED:                { id: "code-12", status: STATUS_CODE.Forbidden,        message: "requested access to the resource is denied" },
  UNSUPPORTED:           { id: "code-13", status: STATUS_CODE.MethodNotAllowed, message: "the operation is unsupported" },
  TOOMANYREQUESTS:       { id: "code-14", status: STATUS_CODE.TooManyRequests,  message: "too many requests" },
} as const;

/** One of the fourteen codes. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The reason for a refusal, for the person who reads the answer. */
export interface Detail {
  /** The rule that it is about. */
  readonly rule: Rule;
  /** The expectation of the registry, in words. */
  readonly expected: string;
  /** The value that came instead. */
  readonly actual: string;
}

/** The status and headers of a refusal, if it has other ones than usual. */
export interface RefusalOptions {
  /** A status other than the usual one of the code. */
  readonly status?: StatusCode;
  /** Headers that help to go on, such as `Allow` or the `Location` of an upload session. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Thrown to refuse a request. It has everything for the answer: the code, the reasons (mostly one), the status and the
 * headers.
 */
export class RegistryError extends Error {
  /** One of the codes of the spec. */
  readonly code: ErrorCode;
  /** The reasons. If a manifest lacks several blobs, each becomes an error of its own (PUSH-03). */
  readonly details: readonly Detail[];
  /** The status of the answer. */
  readonly status: StatusCode;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /** Makes a refusal. Its status is the usual one of the code, unless the options name another. */
  constructor(code: ErrorCode, detail: Detail | readonly Detail[], options: RefusalOptions = {}) {
    const details = [detail].flat().map(({ rule, expected, actual }: Detail) => ({
      rule,
      expected: printable(cut(expected)),
      actual: printable(cut(actual)),
    }));
    super(`${code}: expected ${details[0].expected}, got ${details[0].actual}`);
    this.code = code;
    this.details = details;
    this.status = options.status ?? ERROR_CODES[code].status;
    this.headers = options.headers ?? {};
  }

  /** Makes an answer of the refusal (API-ERR-02). */
  toResponse(): Response {
    const { code, details, status, headers } = this;
    const errors = details.map(({ rule, expected, actual }) => ({
      code,
      message: ERROR_CODES[code].message,
      detail: { rule, spec: linkTo(rule), expected, actual },
    }));
    return withoutSniffing(Response.json({ errors }, { status, headers }));
  }
}

// A refusal shows the value that the client sent, but not all of a name of 60,000 characters.
function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/**
 * Runs an action, and returns its result.
 *
 * @throws {RegistryError} with this code if the action throws a {@linkcode Fault}.
 */
export function refuseFaults<T>(code: ErrorCode, action: () => T, status?: StatusCode): T {
  const refuse = (error: unknown) => {
    if (error instanceof Fault) throw new RegistryError(code, error, { status });
    throw error;
  };
  try {
    const result = action();
    return result instanceof Promise ? result.catch(refuse) as T : result;
  } catch (error) {
    return refuse(error);
  }
}
