/**
 * What the registries that other people's tests use can do, by the names that those have for it: each of their options is a switch, a
 * wrapper or an option here.
 *
 *     ociserver                          https://github.com/cue-labs/oci        Options of ociregistry/ociserver
 *     go-containerregistry's registry    pkg/registry                           its Option functions, and its interfaces
 *     distribution                       its configuration
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { createSwitches, type SwitchOptions } from "../../../src/composing/switches/switches.ts";
import { memoryDisk } from "../../../src/disk/memory_disk.ts";
import { watched } from "../../../src/disk/watched.ts";
import { createRegistry } from "../../../src/registry.ts";
import { bytes, descriptorOf, digestOf, TYPES } from "../../fixture.ts";

const INDEX = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });
const DIGEST = digestOf(INDEX);
const FOO = digestOf("foo");

/** A registry with one switch, and functions to talk to it. */
function bent(id: string, options: SwitchOptions = {}) {
  const switches = createSwitches();
  const disk = memoryDisk();
  const registry = createRegistry({ disk: switches.disk(disk), wrappers: [switches.wrapper] });
  const plain = createRegistry({ disk });
  const send = (method: string, path: string, body?: string, headers: Record<string, string> = {}, to = registry) => {
    const length: Record<string, string> = body === undefined ? {} : { "Content-Length": String(bytes(body).length) };
    return to(new Request(`http://localhost${path}`, { method, body, headers: { ...length, ...headers } }));
  };
  switches.on(id, options);
  return {
    send,
    async pushIndex(tag: string, index = INDEX) {
      await send("PUT", `/v2/a/manifests/${tag}`, index, { "Content-Type": TYPES.index }, plain);
    },
    async pushFoo() {
      await send("POST", `/v2/a/blobs/uploads/?digest=${FOO}`, "foo", {}, plain);
    },
  };
}

Deno.test("ociserver's WriteError: a function writes the refusals", async () => {
  const write = async (refusal: Response, request: Request) =>
    Response.json({ [new URL(request.url).pathname]: (await refusal.json()).errors[0].code }, { status: 418 });
  const { send } = bent("error-writer", { write });
  const answer = await send("GET", "/v2/a/manifests/x");
  assertEquals([answer.status, await answer.json()], [418, { "/v2/a/manifests/x": "MANIFEST_UNKNOWN" }]);
});

Deno.test("ociserver's DisableReferrersAPI, and go-containerregistry without WithReferrersSupport: 404 and no OCI-Subject", async () => {
  const { send } = bent("no-referrers");
  const list = await send("GET", `/v2/a/referrers/${DIGEST}`);
  assertEquals([list.status, (await list.json()).errors[0].code], [404, "UNSUPPORTED"]);
  const referrer = JSON.stringify({ ...JSON.parse(INDEX), subject: descriptorOf("x", TYPES.index) });
  const pushed = await send("PUT", "/v2/a/manifests/r", referrer, { "Content-Type": TYPES.index });
  assertEquals([pushed.status, pushed.headers.has("OCI-Subject")], [201, false]);
});

Deno.test("ociserver's DisableReferrersFiltering: the filter is ignored, and no header says that it was used", async () => {
  const { send, pushIndex } = bent("no-referrers-filter");
  const subject = descriptorOf("x", TYPES.index);
  await pushIndex("r", JSON.stringify({ ...JSON.parse(INDEX), subject, artifactType: "a/b" }));
  const list = await send("GET", `/v2/a/referrers/${subject.digest}?artifactType=c/d`);
  assertEquals([list.headers.has("OCI-Filters-Applied"), (await list.json()).manifests.length], [false, 1]);
});

Deno.test("ociserver's DisableSinglePostUpload: the POST opens a session, and its PUT pushes the blob", async () => {
  const { send } = bent("single-post-off");
  const opened = await send("POST", `/v2/a/blobs/uploads/?digest=${FOO}`, "foo");
  assertEquals([opened.status, (await send("HEAD", `/v2/a/blobs/${FOO}`)).status], [202, 404]);
  const put = await send("PUT", `${opened.headers.get("Location")}?digest=${FOO}`, "foo");
  assertEquals([put.status, (await send("HEAD", `/v2/a/blobs/${FOO}`)).status], [201, 200]);
});

Deno.test("ociserver's MaxListPageSize: a larger n is refused, and no smaller one", async () => {
  const { send, pushIndex } = bent("page-limit", { most: 2 });
  await pushIndex("t");
  const refused = await send("GET", "/v2/a/tags/list?n=3");
  const { errors: [{ code, detail }] } = await refused.json();
  assertEquals([refused.status, code, detail.rule, detail.expected, detail.actual], [
    405,
    "UNSUPPORTED",
    "DISC-TAGS-06",
    "n of 2 at most",
    "3",
  ]);
  assertEquals((await send("GET", "/v2/a/tags/list?n=2")).status, 200);
  assertEquals((await send("GET", "/v2/_catalog?n=3")).status, 405);
});

Deno.test("ociserver's IgnorePagination: n and last change nothing", async () => {
  const { send, pushIndex } = bent("ignore-pagination");
  for (const tag of ["1", "2", "3"]) await pushIndex(tag);
  const list = await send("GET", "/v2/a/tags/list?n=1&last=1");
  assertEquals([list.headers.has("Link"), (await list.json()).tags], [false, ["1", "2", "3"]]);
});

Deno.test("ociserver's OmitDigestFromTagGetResponse: by tag there is no digest, by digest and on HEAD there is", async () => {
  const { send, pushIndex } = bent("no-digest-on-tag-get");
  await pushIndex("t");
  const digests = [];
  for (const [method, reference] of [["GET", "t"], ["HEAD", "t"], ["GET", DIGEST]]) {
    digests.push((await send(method, `/v2/a/manifests/${reference}`)).headers.get("Docker-Content-Digest"));
  }
  assertEquals(digests, [null, DIGEST, DIGEST]);
});

Deno.test("ociserver's OmitLinkHeaderFromResponses: a page names no next one", async () => {
  const { send, pushIndex } = bent("no-link");
  for (const tag of ["1", "2"]) await pushIndex(tag);
  const list = await send("GET", "/v2/a/tags/list?n=1");
  assertEquals([list.status, list.headers.get("Link"), (await list.json()).tags], [200, null, ["1"]]);
});

Deno.test("ociserver's LocationForUploadID: a template makes the URL of each upload session", async () => {
  const { send } = bent("upload-location", { template: "https://upstream.example/{name}/{session}?from={origin}" });
  const location = (await send("POST", "/v2/a/b/blobs/uploads/")).headers.get("Location") ?? "";
  assertEquals(
    location.replace(/[0-9a-f-]{36}/, "UUID"),
    "https://upstream.example/a/b/UUID?from=http://localhost",
  );
});

Deno.test("ociserver's LocationsForDescriptor, and RedirectError of go-containerregistry: pulls go to one of several places", async () => {
  const { send, pushFoo, pushIndex } = bent("redirect", {
    to: "https://one.example/{digest} https://two.example/{name}/{digest}",
    kind: "both",
    status: 302,
  });
  await pushFoo();
  await pushIndex("t");
  const locations = new Set<string | null>();
  for (let i = 0; i < 20; i++) {
    const answer = await send("GET", `/v2/a/blobs/${FOO}`);
    assertEquals(answer.status, 302);
    locations.add(answer.headers.get("Location"));
  }
  assertEquals(locations, new Set([`https://one.example/${FOO}`, `https://two.example/a/${FOO}`]));
  assertEquals((await send("HEAD", "/v2/a/manifests/t")).headers.get("Location")?.endsWith(DIGEST), true);
  assertEquals((await send("GET", `/v2/a/blobs/${DIGEST}`)).status, 404, "what is not there is not redirected");
});

Deno.test("ocidebug: each call to the storage is told", async () => {
  const told: string[] = [];
  const disk = watched(memoryDisk(), ({ when, name, path }) => when === "before" && told.push(`${name} ${path}`));
  const registry = createRegistry({ disk });
  await registry(new Request("http://localhost/v2/a/manifests/t"));
  assertEquals(told.includes("read a/_tags/t"), true, told.join("\n"));
});

Deno.test("go-containerregistry's WithWarning: a warning with a probability", async () => {
  const { send } = bent("warning", { text: 'closed on "Friday"', probability: 0.5, seed: 3 });
  const warnings = [];
  for (let i = 0; i < 40; i++) warnings.push((await send("GET", "/v2/")).headers.get("Warning"));
  assertEquals(new Set(warnings), new Set([null, String.raw`299 - "closed on \"Friday\""`]));
});

Deno.test("go-containerregistry with a blob handler that cannot put or delete: 405 with UNSUPPORTED, and pulls go on", async () => {
  const { send, pushFoo } = bent("push-off");
  await pushFoo();
  const answers = [];
  for (
    const [method, path] of [["POST", "/v2/a/blobs/uploads/"], ["PUT", "/v2/a/manifests/t"], [
      "DELETE",
      `/v2/a/blobs/${FOO}`,
    ]]
  ) {
    const answer = await send(method, path, method === "PUT" ? INDEX : undefined);
    answers.push([answer.status, (await answer.json()).errors[0].code]);
  }
  assertEquals(answers, Array(3).fill([405, "UNSUPPORTED"]));
  assertEquals(await (await send("GET", `/v2/a/blobs/${FOO}`)).text(), "foo");
});

Deno.test("distribution's relativeurls: false: Locations are whole URLs of the host that the client has called", async () => {
  const { send } = bent("absolute-locations");
  const opened = await send("POST", "/v2/a/blobs/uploads/");
  assertEquals(opened.headers.get("Location")?.startsWith("http://localhost/v2/a/blobs/uploads/"), true);
});

Deno.test("distribution verifies a manifest early: all missing layers are named at once, without any switch", async () => {
  const registry = createRegistry({ disk: memoryDisk() });
  const config = descriptorOf("config", TYPES.config);
  const layers = ["one", "two"].map((layer) => descriptorOf(layer, TYPES.layer));
  const body = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.image, config, layers });
  const request = new Request("http://localhost/v2/a/manifests/t", {
    method: "PUT",
    body,
    headers: { "Content-Type": TYPES.image },
  });
  const { errors } = await (await registry(request)).json();
  assertEquals(errors.map(({ code }: { code: string }) => code), Array(3).fill("MANIFEST_BLOB_UNKNOWN"));
});
