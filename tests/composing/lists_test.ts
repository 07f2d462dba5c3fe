/**
 * What wrappers do with lists that have several pages.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { CATALOG, entriesOf } from "../../src/composing/lists.ts";
import { union } from "../../src/composing/union.ts";
import type { Registry } from "../../src/registry.ts";
import { digestOf, TYPES } from "../fixture.ts";

const request = new Request("http://localhost/v2/_catalog");

/** Returns a registry whose two pages are each the next one of the other. */
function circle(pages: readonly [object, object]): Registry {
  return ({ url }) => {
    const { pathname, searchParams } = new URL(url);
    const at = searchParams.get("last") === "a" ? 1 : 0;
    const headers = { Link: `<${pathname}?last=${at === 0 ? "a" : "b"}>; rel="next"` };
    return Promise.resolve(Response.json(pages[at], { headers }));
  };
}

Deno.test("a list whose links lead in a circle ends", async () => {
  const catalog = circle([{ repositories: ["a"] }, { repositories: ["b"] }]);
  const entries: string[] = [];
  for await (const entry of entriesOf(catalog, request, undefined, CATALOG, { size: undefined, last: "" })) {
    entries.push(entry);
    if (entries.length > 10) break;
  }
  assertEquals(entries, ["a", "b", "a"]);
});

Deno.test("a list of referrers whose links lead in a circle ends", async () => {
  const descriptor = { mediaType: TYPES.image, digest: digestOf("referrer"), size: 8 };
  let pages = 0;
  const inner = circle([{ manifests: [descriptor] }, { manifests: [] }]);
  const counted: Registry = async (request) =>
    ++pages > 10 ? new Response(null, { status: 500 }) : await inner(request);
  const path = `/v2/library/hello/referrers/${digestOf("subject")}`;
  const response = await union(counted)(new Request(`http://localhost${path}`));
  assertEquals([response.status, (await response.json()).manifests], [200, [descriptor]]);
});

Deno.test("whoever works long on a list lets others go on between two entries", async () => {
  const catalog: Registry = () => Promise.resolve(Response.json({ repositories: ["a", "b"] }));
  let haveOthersGoneOn = false;
  for await (const entry of entriesOf(catalog, request, undefined, CATALOG, { size: undefined, last: "" })) {
    if (entry === "b") break;
    setTimeout(() => haveOthersGoneOn = true);
    const until = Date.now() + 30;
    while (Date.now() < until);
  }
  assertEquals(haveOthersGoneOn, true);
});
