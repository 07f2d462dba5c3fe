/**
 * Composing: a wrapper is a function from registry to registry.
 *
 *     Request ──▶ readOnly ──▶ under("team/") ──▶ registry
 *                    │              │                │
 *     Response ◀─────┴──────────────┴────────────────┘
 *
 * A registry is a function from a request to an answer. So a function that takes one registry and returns another can refuse
 * a request, change it on its way in, change the answer on its way out, or ask two registries. Neither the registry nor the
 * client knows about the wrapper, and several wrappers can stand one around the other.
 *
 * There are two ways to put wrappers around a registry. `createRegistry({ wrappers, onStory })` tells the story of each request
 * outside of the wrappers, so it has the requests that a wrapper refuses as well. `compose` puts them around any registry; then each
 * registry inside tells its own stories, and nobody tells what a wrapper has refused.
 *
 * Some things can be had in several ways. Each is for somebody else:
 *
 *     a setting    readOnly, noDelete, redirect      somebody who runs this registry. It keeps to the spec.
 *     a wrapper    readOnly, withWarnings, access    somebody who composes: around any registry, or around a part of a union.
 *     a switch     push-off, delete-off, redirect    the author of a client. It does what another registry does, also if that is
 *                                                    wrong, and a test turns it on and off.
 *
 * Next: asking.ts
 *
 * @module
 */

import { ENDPOINTS } from "../api/endpoints.ts";
import type { RegistryError } from "../api/error_codes.ts";
import { matchEndpoint } from "../http/routing.ts";
import { parseTarget } from "../http/target.ts";
import { refusalAsResponse, type Registry, type Wrapper } from "../registry.ts";
import type { RulesOfHeading } from "../spec/headings.ts";

/**
 * Puts wrappers around a registry. The first one is the outermost: it sees a request first, and the answer last.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Wrapper } from "../registry.ts";
 *
 * const says = (text: string): Wrapper => (registry) => async (request, peer) => {
 *   const response = await registry(request, peer);
 *   return new Response(`${text} ${await response.text()}`);
 * };
 *
 * const registry = compose(() => Promise.resolve(new Response("end")), says("first"), says("second"));
 * const response = await registry(new Request("http://localhost/v2/"));
 *
 * assertEquals(await response.text(), "first second end");
 * ```
 */
export function compose(registry: Registry, ...wrappers: readonly Wrapper[]): Registry {
  return wrappers.reduceRight((inner, wrapper) => wrapper(inner), registry);
}

/** What a request asks for, as its URL says it. */
export interface Question {
  /** The id of the row of the table that will answer it, such as `end-3`. */
  readonly id: string;
  /** The beginning of the ids of the row's rules, such as `PULL-MANIFEST`. */
  readonly heading: RulesOfHeading;
  /** The texts of the row's placeholders, by their names. Nobody has proven them yet. */
  readonly texts: Readonly<
    Partial<Record<"name" | "tag" | "digest" | "tagOrDigest" | "session" | "algorithm", string>>
  >;
  /** The path, as the client sent it. */
  readonly pathname: string;
  /** The query with its "?", or the empty string. */
  readonly search: string;
}

/**
 * Reads what a request asks for. Returns `undefined` if no row of the table fits; the registry will refuse it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { id, texts } = questionOf(new Request("http://localhost/v2/library/hello/manifests/latest"))!;
 *
 * assertEquals([id, texts.name, texts.tagOrDigest], ["end-3", "library/hello", "latest"]);
 * ```
 */
export function questionOf(request: Request): Question | undefined {
  const target = parseTarget(request);
  if (target === undefined) return undefined;
  const { pathname, search } = target;
  const match = matchEndpoint({ endpoints: ENDPOINTS, request, query: new URLSearchParams(search) }, pathname);
  if (match === undefined) return undefined;
  const { endpoint: { id, heading }, texts } = match;
  return { id, heading, texts, pathname, search };
}

/**
 * Refuses a request as the registry itself does: with the JSON of the spec, and without a body on HEAD. The story of the request
 * tells the refusal.
 */
export function refuse(request: Request, error: RegistryError): Response {
  return refusalAsResponse(request, error);
}
