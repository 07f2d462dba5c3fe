/**
 * An example: does a client find the referrers of an image in a registry that has no referrers API?
 *
 * Such a registry answers 404. Then the spec asks the client to pull the referrers tag: an index that clients keep themselves.
 * The test turns the API off, and the client has to find the signature all the same.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#referrers-tag-schema
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type StartedRegistry, startRegistry } from "../../src/mod.ts";

const INDEX = "application/vnd.oci.image.index.v1+json";

// The client: it lists referrers. Your own client goes here.
async function listReferrers(url: string, name: string, subject: string): Promise<string[]> {
  let response = await fetch(`${url}/v2/${name}/referrers/${subject}`);
  if (response.status === 404) {
    await response.body?.cancel();
    response = await fetch(`${url}/v2/${name}/manifests/${subject.replace(":", "-")}`, { headers: { Accept: INDEX } });
  }
  const { manifests } = await response.json();
  return manifests.map(({ artifactType }: { artifactType: string }) => artifactType);
}

async function pushIndex(
  registry: StartedRegistry,
  tag: string,
  more: object,
): Promise<[digest: string, size: number]> {
  const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [], ...more });
  const headers = { "Content-Type": INDEX };
  const response = await registry.fetch(`/v2/library/hello/manifests/${tag}`, { method: "PUT", headers, body });
  return [response.headers.get("Docker-Content-Digest")!, body.length];
}

async function pushSignedImage(registry: StartedRegistry): Promise<string> {
  const [digest, size] = await pushIndex(registry, "v1", {});
  const subject = { mediaType: INDEX, digest, size };
  const [signature, length] = await pushIndex(registry, "signature", { subject, artifactType: "text/x-signature" });
  // An older client lists the signature under the referrers tag.
  const manifests = [{ mediaType: INDEX, digest: signature, size: length, artifactType: "text/x-signature" }];
  await pushIndex(registry, digest.replace(":", "-"), { manifests });
  return digest;
}

Deno.test("with the referrers API, the client asks once", async () => {
  await using registry = await startRegistry();
  const image = await pushSignedImage(registry);
  const mark = registry.mark();

  assertEquals(await listReferrers(registry.url, "library/hello", image), ["text/x-signature"]);
  assertEquals(registry.storiesSince(mark).map(({ endpoint }) => endpoint), ["end-12a"]);
});

Deno.test("without the referrers API, the client falls back to the referrers tag", async () => {
  await using registry = await startRegistry();
  registry.switches.on("no-referrers");
  const image = await pushSignedImage(registry);
  const mark = registry.mark();

  assertEquals(await listReferrers(registry.url, "library/hello", image), ["text/x-signature"]);
  assertEquals(registry.storiesSince(mark).map(({ endpoint, status }) => [endpoint, status]), [["end-12a", 404], [
    "end-3",
    200,
  ]]);
});
