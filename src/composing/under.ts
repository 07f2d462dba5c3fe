/**
 * Under: a part of a registry that looks like a whole one.
 *
 *     under("team")      the client says    hello
 *                        it means           team/hello
 *
 * The names of clients lie below a prefix, and the clients never see it. So several groups can have registries of their own over
 * one folder, and share the layers of one disk only within their group. This is what ocifilter calls `Sub`.
 *
 * Next: union.ts
 *
 * @module
 */

import type { Wrapper } from "../registry.ts";
import { parsePrefix, shown } from "./names.ts";

/**
 * Shows the repositories below a prefix, without it. The "/" at its end may be left out.
 *
 * @throws {RangeError} if the prefix is malformed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryDisk } from "../disk/memory_disk.ts";
 * import { createRegistry } from "../registry.ts";
 * import { compose } from "./composing.ts";
 *
 * const whole = createRegistry({ disk: memoryDisk() });
 * const part = compose(whole, under("team"));
 * const foo = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
 * const url = `http://localhost/v2/hello/blobs/uploads/?digest=${foo}`;
 * const push = await part(new Request(url, { method: "POST", body: "foo" }));
 *
 * assertEquals([push.status, push.headers.get("Location")], [201, `/v2/hello/blobs/${foo}`]);
 * const pull = await whole(new Request(`http://localhost/v2/team/hello/blobs/${foo}`));
 * assertEquals(await pull.text(), "foo");
 * ```
 */
export function under(prefix: string): Wrapper {
  const above = `${parsePrefix(prefix).replace(/\/$/, "")}/`;
  return shown({
    prefix: above,
    expected: "a repository",
    inside: (name) => above + name,
    outside: (name) => name.startsWith(above) ? name.slice(above.length) : undefined,
  });
}
