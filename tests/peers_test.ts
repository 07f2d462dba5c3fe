/**
 * What the registries for tests in other languages can do, and how it is done here: one test for each of their options. Those that
 * leave something out, or do it in another way, are switches: `composing/switches/other_registries_test.ts` has the tests of these.
 *
 * - go-containerregistry, `pkg/registry`: https://github.com/google/go-containerregistry/tree/main/pkg/registry
 * - ociserver of cue-labs: https://github.com/cue-labs/oci/blob/main/ociregistry/ociserver/registry.go
 * - docker's registry: https://github.com/distribution/distribution
 * - the server of Monogon: https://github.com/monogon-dev/monogon/tree/main/osbase/oci/registry
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  createRegistry,
  localDisk,
  memoryDisk,
  readOnly,
  redirectTo,
  type Registry,
  type StartedRegistry,
  startRegistry,
  watched,
  withWarnings,
} from "../src/mod.ts";
import { descriptorOf, digestOf, TYPES } from "./fixture.ts";
import { Folder } from "./folder.ts";
import { CERTIFICATE, KEY } from "./serving/certificate.ts";

const HOST = "http://localhost";
const FOO = digestOf("foo");
const FOO_URL = `/v2/library/hello/blobs/${FOO}`;
const UPLOADS = "/v2/library/hello/blobs/uploads/";
const INDEX = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
const LAYOUT = {
  "oci-layout": '{"imageLayoutVersion":"1.0.0"}',
  "index.json": JSON.stringify({ schemaVersion: 2, manifests: [descriptorOf(INDEX, TYPES.index)] }),
  [`blobs/${digestOf(INDEX).replace(":", "/")}`]: INDEX,
};

type Fetch = Pick<StartedRegistry, "fetch">;

// Sends a request, and reads its answer to the end.
async function ask({ fetch }: Fetch, method: string, path: string, body?: string, type?: string) {
  const headers: Record<string, string> = type === undefined ? {} : { "Content-Type": type };
  const response = await fetch(path, { method, body, headers, redirect: "manual" });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const over = (registry: Registry): Fetch => ({ fetch: (path, init) => registry(new Request(`${HOST}${path}`, init)) });
const started = (registry: StartedRegistry): Fetch => ({ fetch: (path, init) => registry.fetch(path, init) });

async function push(registry: Fetch): Promise<void> {
  assertEquals((await ask(registry, "POST", `${UPLOADS}?digest=${FOO}`, "foo")).status, 201);
  assertEquals((await ask(registry, "PUT", "/v2/library/hello/manifests/v1", INDEX, TYPES.index)).status, 201);
}

Deno.test("go-containerregistry, New: a registry is a handler, with no option at all", async () => {
  const registry = over(createRegistry({ disk: memoryDisk() }));
  await push(registry);

  assertEquals((await ask(registry, "GET", FOO_URL)).text, "foo");
});

Deno.test("go-containerregistry, Logger: each request is told", async () => {
  const lines: string[] = [];
  const onStory = ({ method, url, status }: { method: string; url: string; status: number }) =>
    lines.push(`${method} ${url} ${status}`);
  await ask(over(createRegistry({ disk: memoryDisk(), onStory })), "GET", "/v2/");

  assertEquals(lines, ["GET /v2/ 200"]);
});

Deno.test("go-containerregistry, WithWarning: a warning with a probability", async () => {
  const draws = [0.1, 0.9];
  const wrapper = withWarnings([{ text: "mind the gap", probability: 0.5 }], { random: () => draws.shift()! });
  const registry = over(createRegistry({ disk: memoryDisk(), wrappers: [wrapper] }));
  const warning = async () => (await ask(registry, "GET", "/v2/")).headers.get("Warning");

  assertEquals([await warning(), await warning()], ['299 - "mind the gap"', null]);
});

Deno.test("go-containerregistry, NewInMemoryBlobHandler and NewDiskBlobHandler: blobs in memory, or in a folder", async () => {
  using folder = new Folder();
  for (const disk of [memoryDisk(), localDisk(folder.path, { durability: "none" })]) {
    const registry = over(createRegistry({ disk }));
    await push(registry);
    assertEquals((await ask(registry, "GET", FOO_URL)).text, "foo");
  }
  assertEquals(await Deno.readTextFile(`${folder.path}/library/hello/${FOO}/blob`), "foo");
});

Deno.test("go-containerregistry, WithBlobHandler: a handler of one's own sees each look, get, put and delete", async () => {
  const seen = new Set<string>();
  const disk = watched(
    memoryDisk(),
    ({ when, name, path }) => when === "after" && (name === "moveTo" || path?.includes(FOO)) && seen.add(name),
  );
  const registry = over(createRegistry({ disk }));
  await push(registry);
  await ask(registry, "GET", FOO_URL);
  await ask(registry, "DELETE", FOO_URL);

  for (const name of ["moveTo", "find", "open", "remove"]) assert(seen.has(name), `${name} of ${[...seen]}`);
});

Deno.test("go-containerregistry, RedirectError: a handler redirects pulls of blobs", async () => {
  const registry = over(createRegistry({ disk: memoryDisk(), redirect: redirectTo("https://cdn.example/{digest}") }));
  await push(registry);
  const { status, headers } = await ask(registry, "GET", FOO_URL);

  assertEquals([status, headers.get("Location")], [307, `https://cdn.example/${FOO}`]);
});

Deno.test("go-containerregistry, a handler that cannot put: the registry reads only", async () => {
  const disk = memoryDisk();
  await push(over(createRegistry({ disk })));
  const registry = over(createRegistry({ disk, wrappers: [readOnly] }));

  assertEquals((await ask(registry, "GET", FOO_URL)).text, "foo");
  assertEquals((await ask(registry, "POST", UPLOADS)).status, 405);
  assertEquals((await ask(registry, "DELETE", FOO_URL)).status, 405);
});

Deno.test("go-containerregistry, TLS: a registry for a test speaks TLS", async () => {
  await using registry = await startRegistry({ tls: { cert: CERTIFICATE, key: KEY, ca: CERTIFICATE } });
  const { port } = new URL(registry.url);

  assertEquals((await ask(started(registry), "GET", `https://localhost:${port}/v2/`)).status, 200);
});

Deno.test("ociserver, LocationForUploadID: the Location of a session is on another server", async () => {
  const uploadLocation = (name: string, session: string) => new URL(`https://uploads.example/${name}?id=${session}`);
  const registry = over(createRegistry({ disk: memoryDisk(), uploadLocation }));
  const { status, headers } = await ask(registry, "POST", UPLOADS);

  assertEquals(status, 202);
  const id = headers.get("Docker-Upload-UUID");
  assertEquals(headers.get("Location"), `https://uploads.example/library/hello?id=${id}`);
});

Deno.test("ociserver, LocationsForDescriptor: blobs and manifests are in one place or several", async () => {
  const places = [new URL("https://one.example/x"), new URL("https://two.example/x")];
  const redirect = () => places;
  const registry = over(createRegistry({ disk: memoryDisk(), redirect, redirectManifest: redirect }));
  await push(registry);

  for (const path of [FOO_URL, "/v2/library/hello/manifests/v1"]) {
    const { status, headers } = await ask(registry, "GET", path);
    assertEquals([status, headers.get("Location")], [307, "https://one.example/x"]);
    assertStringIncludes(headers.get("Link") ?? "", "<https://two.example/x>");
  }
});

Deno.test("ociserver, DebugID: each call of the backend is told", async () => {
  const calls: string[] = [];
  const disk = watched(memoryDisk(), ({ when, name }) => when === "before" && calls.push(name));
  await ask(over(createRegistry({ disk })), "GET", FOO_URL);

  assertEquals(calls, ["find"]);
});

Deno.test("docker's registry, relativeurls: Locations are relative, or begin with the origin that is set", async () => {
  const location = async (origin: string) => {
    const registry = over(createRegistry({ disk: memoryDisk(), origin }));
    return (await ask(registry, "POST", `${UPLOADS}?digest=${FOO}`, "foo")).headers.get("Location");
  };

  assertEquals([await location(""), await location("https://r.example")], [FOO_URL, `https://r.example${FOO_URL}`]);
});

Deno.test("Monogon, AddImage: under a digest only, under a tag that moves, and the same image twice", async () => {
  await using registry = await startRegistry();
  const digest = await registry.addImage("library/hello", undefined, LAYOUT);
  const tags = async () => (await ask(started(registry), "GET", "/v2/library/hello/tags/list")).text;
  assertEquals([digest, JSON.parse(await tags()).tags], [digestOf(INDEX), []]);

  for (let round = 0; round < 2; round++) await registry.addImage("library/hello", "v1", LAYOUT);
  assertEquals(JSON.parse(await tags()).tags, ["v1"]);
  assertEquals((await ask(started(registry), "GET", "/v2/library/hello/manifests/v1")).text, INDEX);
});

Deno.test("Monogon, ServeHTTP: GET and HEAD with an ETag and ranges, and nothing else", async () => {
  const disk = memoryDisk();
  await push(over(createRegistry({ disk })));
  const registry = createRegistry({ disk, readOnly: true });
  const part = await registry(new Request(HOST + FOO_URL, { headers: { Range: "bytes=1-" } }));

  assertEquals([part.status, await part.text(), part.headers.get("ETag")], [206, "oo", `"${FOO}"`]);
  const refused = await ask(over(registry), "PUT", "/v2/library/hello/manifests/v1", INDEX, TYPES.index);
  assertEquals([refused.status, refused.headers.get("Allow")], [405, "GET, HEAD"]);
});
