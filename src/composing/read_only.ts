/**
 * Read-only: a registry that serves pulls only.
 *
 *     GET    …/manifests/latest     goes to the registry
 *     PUT    …/manifests/latest     405, with Allow: GET, HEAD
 *
 * It refuses the same requests in the same words as the setting `readOnly` does, because both ask the same function. The setting is
 * for a registry of `createRegistry`; the wrapper can stand around any registry, and around a part of a union.
 *
 * Next: immutable_tags.ts
 *
 * @module
 */

import { ENDPOINTS } from "../api/endpoints.ts";
import { expectSwitchedOn, matchEndpoint } from "../http/routing.ts";
import { parseTarget } from "../http/target.ts";
import type { Registry } from "../registry.ts";
import { orRefusal } from "./asking.ts";

/**
 * Refuses everything that is not a pull, with 405.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compose } from "./composing.ts";
 *
 * const inside = () => Promise.resolve(new Response("from inside"));
 * const registry = compose(inside, readOnly);
 *
 * const url = "http://localhost/v2/library/hello/manifests/latest";
 * const pull = await registry(new Request(url));
 * const deletion = await registry(new Request(url, { method: "DELETE" }));
 *
 * assertEquals([pull.status, deletion.status, deletion.headers.get("Allow")], [200, 405, "GET, HEAD"]);
 * ```
 */
export function readOnly(registry: Registry): Registry {
  return (request, peer) => {
    const target = parseTarget(request);
    const call = { request, query: new URLSearchParams(target?.search), endpoints: ENDPOINTS, settings: PULLS_ONLY };
    const endpoint = target && matchEndpoint(call, target.pathname)?.endpoint;
    return orRefusal(request, () => {
      if (endpoint !== undefined) expectSwitchedOn(call, endpoint, target!.pathname);
      return registry(request, peer);
    });
  };
}

const PULLS_ONLY = { readOnly: true, noDelete: false };
