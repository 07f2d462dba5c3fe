/**
 * An example: does a client try again when a registry asks it to come back later?
 *
 * Docker Hub and others answer 429 with `Retry-After` when a client asks too often, and a busy registry answers 503. The test
 * turns such a fault on for the next requests, lets the client work, and asks the stories afterwards what it did.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { startRegistry } from "../../src/mod.ts";

// The client: a pull that tries again, at most three times. Your own client goes here.
async function pull(url: string): Promise<Response> {
  for (let tries = 1;; tries++) {
    const response = await fetch(url);
    if (response.status !== 429 || tries === 3) return response;
    await response.body?.cancel();
    const seconds = Number(response.headers.get("Retry-After"));
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  }
}

const BLOB = "hello";
const DIGEST = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

Deno.test("the client tries again after 429", async () => {
  await using registry = await startRegistry();
  await registry.fetch(`/v2/library/hello/blobs/uploads/?digest=${DIGEST}`, { method: "POST", body: BLOB });
  registry.switches.on("too-many-requests", { retryAfter: 0, times: 2 });
  const mark = registry.mark();

  const response = await pull(`${registry.url}/v2/library/hello/blobs/${DIGEST}`);

  assertEquals(await response.text(), BLOB);
  assertEquals(registry.storiesSince(mark).map(({ status }) => status), [429, 429, 200]);
});

Deno.test("the client gives up after three tries", async () => {
  await using registry = await startRegistry();
  registry.switches.on("too-many-requests", { retryAfter: 0 });

  const response = await pull(`${registry.url}/v2/library/hello/blobs/${DIGEST}`);

  assertEquals(response.status, 429);
  assertEquals(registry.stories.length, 3);
  await response.body?.cancel();
});
