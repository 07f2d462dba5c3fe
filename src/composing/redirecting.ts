/**
 * Redirecting: a template makes the URL at which another server has a blob.
 *
 *     https://cdn.example/{path}                                      …/library/hello/sha256:9b4e…/layer.tar.gz
 *     https://bucket.example/docker/{algorithm}/{hex2}/{hex}/data     …/docker/sha256/9b/9b4e…/data
 *
 * `--redirect-blobs` has such a template. A program that needs more, such as a signature, sets `redirect` to a function of its own.
 * This is no wrapper: the registry calls the function after it has found the blob, see `http/elsewhere.ts`. So what is not there is
 * still a 404.
 *
 * Next: switches/switch.ts
 *
 * @module
 */

import { algorithmOf } from "../definitions/digest.ts";
import type { Redirect, Wanted } from "../http/elsewhere.ts";

const PLACEHOLDERS: Readonly<Record<string, (blob: Wanted) => string>> = {
  digest: ({ digest }) => digest,
  algorithm: ({ digest }) => algorithmOf(digest),
  hex: ({ digest }) => hexOf(digest),
  hex2: ({ digest }) => hexOf(digest).slice(0, 2),
  name: ({ name }) => name,
  path: ({ path = "" }) => path,
};

// A template without one of these would send all blobs of a repository to the same place.
const WHOLE = ["{digest}", "{hex}", "{path}"];

/**
 * Returns a redirect that puts the values of a blob into a template: `{digest}`, its `{algorithm}` and `{hex}` digits, the first two
 * of these as `{hex2}`, the repository's `{name}`, and the `{path}` of the file below the root.
 *
 * @throws {RangeError} if the template is no URL, or has another placeholder, or does not tell one blob from another.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryDisk } from "../disk/memory_disk.ts";
 * import { createRegistry } from "../registry.ts";
 *
 * const redirect = redirectTo("https://cdn.example/{algorithm}/{hex}");
 * const registry = createRegistry({ disk: memoryDisk(), redirect });
 * const foo = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
 * const push = `http://localhost/v2/hello/blobs/uploads/?digest=sha256:${foo}`;
 * await registry(new Request(push, { method: "POST", body: "foo" }));
 * const pull = await registry(new Request(`http://localhost/v2/hello/blobs/sha256:${foo}`));
 *
 * assertEquals([pull.status, pull.headers.get("Location")], [307, `https://cdn.example/sha256/${foo}`]);
 * ```
 */
export function redirectTo(template: string): Redirect {
  const list = Object.keys(PLACEHOLDERS).map((name) => `{${name}}`).join(", ");
  for (const [placeholder, name] of template.matchAll(/\{([^{}]*)\}?|\}/g)) {
    if (placeholder === `{${name}}` && Object.hasOwn(PLACEHOLDERS, name)) continue;
    throw new RangeError(`a template for redirects has the placeholders ${list}, and not ${placeholder}`);
  }
  if (!WHOLE.some((placeholder) => template.includes(placeholder))) {
    throw new RangeError(`a template for redirects has ${WHOLE.join(" or ")}, so that each blob has a URL of its own`);
  }
  const url = URL.parse(template.replace(/\{[^{}]*\}/g, "x"));
  const isAllowed = url !== null && /^https?:$/.test(url.protocol) && /^https?:\/\/[^{}/]+\//.test(template);
  if (!isAllowed) {
    throw new RangeError(`a template for redirects is a URL such as https://cdn.example/{path}, not "${template}"`);
  }
  return (blob) =>
    new URL(template.replace(/\{([^{}]*)\}/g, (_, name) => encodeURI(PLACEHOLDERS[name](blob)).replaceAll("+", "%2B")));
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1);
}
