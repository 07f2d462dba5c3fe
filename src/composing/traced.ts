/**
 * Traced: what passes at one place between the wrappers.
 *
 *     client ──▶ traced ──▶ under("team") ──▶ traced ──▶ registry
 *                  │                            │
 *                  ▼                            ▼
 *     PUT /v2/hello/manifests/v1  201      PUT /v2/team/hello/manifests/v1  201
 *
 * A story tells what a client has asked for and what changed on disk. A trace tells what passed at this place: each request and its
 * answer, also the questions of wrappers. So the author of a wrapper sees what the wrapper does.
 *
 * Next: with_warnings.ts
 *
 * @module
 */

import type { Registry, Wrapper } from "../registry.ts";
import { schemeOf, withoutSecrets } from "../stories/told_story.ts";
import { questionOf } from "./composing.ts";

/** One request and its answer. */
export interface Trace {
  /** The method of the request. */
  readonly method: string;
  /** Its URL, but for passwords and tokens in the query. */
  readonly url: string;
  /** The id of the row of the table that it asks for, such as `end-3`; `undefined` if no row fits. */
  readonly id?: string;
  /** The headers of the request, with lower-case names. Of `Authorization` only the scheme. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** The status of the answer; `undefined` if there is none because the registry has thrown. */
  readonly status?: number;
  /** The headers of the answer, with lower-case names. */
  readonly responseHeaders: Readonly<Record<string, string>>;
  /** The time until the answer began, in milliseconds. */
  readonly milliseconds: number;
  /** What the registry has thrown. */
  readonly error?: unknown;
}

/**
 * Calls `tell` with each request and its answer, when the answer begins. `now` returns the time in milliseconds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compose } from "./composing.ts";
 *
 * const lines: string[] = [];
 * const registry = compose(
 *   () => Promise.resolve(new Response()),
 *   traced(({ method, id, status }) => lines.push(`${method} ${id} ${status}`)),
 * );
 * await registry(new Request("http://localhost/v2/"));
 *
 * assertEquals(lines, ["GET end-1 200"]);
 * ```
 */
export function traced(tell: (trace: Trace) => void, { now = () => performance.now() }: TraceOptions = {}): Wrapper {
  return (registry: Registry): Registry => async (request, peer) => {
    const started = now();
    const asked = {
      method: request.method,
      url: withoutSecrets(request.url),
      id: questionOf(request)?.id,
      requestHeaders: headersOf(request),
    };
    try {
      const response = await registry(request, peer);
      const responseHeaders = Object.fromEntries(response.headers);
      tell({ ...asked, status: response.status, responseHeaders, milliseconds: now() - started });
      return response;
    } catch (error) {
      tell({ ...asked, responseHeaders: {}, milliseconds: now() - started, error });
      throw error;
    }
  };
}

/** The options of a trace. */
export interface TraceOptions {
  /** Returns the time in milliseconds. */
  readonly now?: () => number;
}

function headersOf({ headers }: Request): Record<string, string> {
  return Object.fromEntries(
    [...headers].map(([name, value]) => [name, name === "authorization" ? schemeOf(value) : value]),
  );
}
