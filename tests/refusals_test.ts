/**
 * Every refusal names a rule of the heading that answered.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#error-codes
 */

import { assert, assertEquals } from "@std/assert";
import { ENDPOINTS } from "../src/api/endpoints.ts";
import { ERROR_CODES, RegistryError } from "../src/api/error_codes.ts";
import { headingOf, type Rule } from "../src/spec/headings.ts";
import type { Story } from "../src/story.ts";
import {
  accessFor,
  descriptorOf,
  digestOf,
  expectRefusal,
  startRegistry,
  streamOf,
  TestRegistry,
  TYPES,
} from "./fixture.ts";

const HELLO = "/v2/library/hello";
const UPLOADS = `${HELLO}/blobs/uploads/`;
const UNKNOWN_SESSION = `${UPLOADS}0f9c5d3e-5b1a-4a54-9d0e-2f6c1a7b8e90`;
const FOO = digestOf("foo");
const FOOBAR = digestOf("foobar");
const NOTHING = digestOf("nothing");
const NO_MATCH = { headers: { "If-Match": '"x"' } };
const INDEX = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] });

// In a path, each of these stands for a session opened for this request: without a byte, or with the bytes "foo".
const EMPTY = "(an empty session)";
const CHUNKED = "(a session with a chunk)";

interface Sent {
  headers?: Record<string, string>;
  body?: BodyInit;
}

type Request = readonly [method: string, path: string, sent?: Sent];

const MANY_TAGS = Array.from({ length: 101 }, (_, index) => `tag=t${index}`).join("&");

// Requests that a registry refuses with any settings. It has a repository library/hello with the tag latest.
const REFUSED: readonly Request[] = [
  // Content that is not there.
  ["GET", `${HELLO}/blobs/${NOTHING}`],
  ["HEAD", `${HELLO}/blobs/${NOTHING}`],
  ["GET", `${HELLO}/manifests/unknown`],
  ["GET", `${HELLO}/manifests/${NOTHING}`],
  ["HEAD", `${HELLO}/manifests/unknown`],
  ["HEAD", `${HELLO}/manifests/${NOTHING}`],
  ["GET", "/v2/never/pushed/tags/list"],
  ["GET", "/v2/never/pushed/tags/list?n=1"],
  ["GET", UNKNOWN_SESSION],
  ["PATCH", UNKNOWN_SESSION, { body: "foo" }],
  ["PUT", `${UNKNOWN_SESSION}?digest=${FOO}`, { body: "foo" }],
  ["PUT", `${UNKNOWN_SESSION}?digest=${FOO}`, { body: "foo", headers: { "Content-Range": "0-2" } }],
  ["DELETE", UNKNOWN_SESSION],
  ["DELETE", `${HELLO}/manifests/unknown`],
  ["DELETE", "/v2/never/pushed/manifests/latest"],
  ["DELETE", `${HELLO}/manifests/${NOTHING}`],
  ["DELETE", `/v2/never/pushed/manifests/${NOTHING}`],
  ["DELETE", `${HELLO}/blobs/${NOTHING}`],
  ["DELETE", `/v2/never/pushed/blobs/${NOTHING}`],
  // Names, tags, digests, sessions and numbers that break a grammar.
  ...["GET", "HEAD", "DELETE"].map((method): Request => [method, `/v2/UPPER/blobs/${FOO}`]),
  ...["GET", "HEAD", "PUT", "DELETE"].flatMap((method): Request[] => [
    [method, "/v2/UPPER/manifests/latest"],
    [method, `/v2/UPPER/manifests/${FOO}`],
    [method, `${HELLO}/manifests/.hidden`],
    [method, `${HELLO}/manifests/sha256:abc`],
  ]),
  ...["GET", "PATCH", "PUT", "DELETE"].flatMap((method): Request[] => [
    [method, `/v2/UPPER/blobs/uploads/0f9c5d3e-5b1a-4a54-9d0e-2f6c1a7b8e90?digest=${FOO}`],
    [method, `${UPLOADS}no-uuid?digest=${FOO}`],
  ]),
  ...["", `?digest=${FOO}`, `?mount=${FOO}`, "?digest-algorithm=sha256"].map((query): Request => {
    return ["POST", `/v2/UPPER/blobs/uploads/${query}`];
  }),
  ["GET", "/v2/UPPER/tags/list"],
  ["GET", `/v2/UPPER/referrers/${FOO}`],
  ["GET", `/v2/UPPER/referrers/${FOO}?artifactType=text/x-note`],
  ["GET", `${HELLO}/blobs/sha256:abc`],
  ["HEAD", `${HELLO}/blobs/sha256:abc`],
  ["DELETE", `${HELLO}/blobs/sha256:abc`],
  ["GET", `${HELLO}/referrers/sha256:abc`],
  ["GET", `${HELLO}/referrers/sha256:abc?artifactType=text/x-note`],
  ["POST", `${UPLOADS}?digest=sha256:abc`],
  ["POST", `${UPLOADS}?mount=sha256:abc`],
  ["POST", `${UPLOADS}?digest-algorithm=md5`],
  ["PUT", EMPTY],
  ["PUT", `${EMPTY}?digest=sha256:abc`],
  ["PUT", `${CHUNKED}?digest=md5:abc`],
  ["GET", `${HELLO}/tags/list?n=many`],
  ["GET", "/v2/_catalog?n=many"],
  // Bodies and chunks that differ from what the request says of them.
  ["POST", `${UPLOADS}?digest=${FOO}`, { body: "bar" }],
  ["POST", `${UPLOADS}?digest=${FOO}`, { body: brokenOff() }],
  ["PUT", `${EMPTY}?digest=${FOO}`, { body: "bar" }],
  ["PUT", `${EMPTY}?digest=${FOO}`, { body: "bar", headers: { "Content-Range": "0-2" } }],
  ["PUT", `${CHUNKED}?digest=${FOO}`, { body: "bar" }],
  ["PUT", `${EMPTY}?digest=${FOO}`, { body: brokenOff() }],
  ["PUT", `${CHUNKED}?digest=${FOO}`, { body: brokenOff() }],
  ["PATCH", EMPTY, { body: brokenOff() }],
  ...["bytes 0-2/3", "4-6", "0-1"].flatMap((range): Request[] => [
    ["PATCH", EMPTY, { body: "foo", headers: { "Content-Range": range } }],
    ["PUT", `${EMPTY}?digest=${FOO}`, { body: "foo", headers: { "Content-Range": range } }],
    ["PUT", `${CHUNKED}?digest=${FOOBAR}`, { body: "bar", headers: { "Content-Range": range } }],
    ["PUT", `${CHUNKED}?digest=${FOO}`, { headers: { "Content-Range": range } }],
  ]),
  ["PATCH", EMPTY, { body: streamOf("fo"), headers: { "Content-Range": "0-2" } }],
  ["GET", `${HELLO}/blobs/${FOO}`, { headers: { Range: "bytes=7-" } }],
  // Bodies that are no manifests, or manifests whose content is missing.
  ...["latest", `latest?tag=v1`, FOO, `${FOO}?tag=v1`].flatMap((path): Request[] => [
    ["PUT", `${HELLO}/manifests/${path}`, { body: "{}", headers: { "Content-Type": TYPES.image } }],
    ["PUT", `${HELLO}/manifests/${path}`, { body: brokenOff(), headers: { "Content-Type": TYPES.image } }],
  ]),
  ["PUT", `${HELLO}/manifests/latest`, { body: INDEX, headers: { "Content-Type": "text/plain" } }],
  ["PUT", `${HELLO}/manifests/latest`, { body: INDEX, headers: { "Content-Type": TYPES.dockerList } }],
  ["PUT", `${HELLO}/manifests/latest`, { body: '{"schemaVersion":2,"schemaVersion":2}' }],
  ["PUT", `${HELLO}/manifests/latest`, {
    body: INDEX.replace("[]", JSON.stringify([descriptorOf("nothing", TYPES.image)])),
    headers: { "Content-Type": TYPES.index },
  }],
  ["PUT", `${HELLO}/manifests/md5:abc`, { body: INDEX, headers: { "Content-Type": TYPES.index } }],
  ["PUT", `${HELLO}/manifests/${digestOf(INDEX)}?tag=.hidden`, {
    body: INDEX,
    headers: { "Content-Type": TYPES.index },
  }],
  ["PUT", `${HELLO}/manifests/${digestOf(INDEX)}?${MANY_TAGS}`, {
    body: INDEX,
    headers: { "Content-Type": TYPES.index },
  }],
  // Conditions.
  ["GET", `${HELLO}/blobs/${FOO}`, NO_MATCH],
  ["HEAD", `${HELLO}/blobs/${FOO}`, NO_MATCH],
  ["GET", `${HELLO}/manifests/latest`, NO_MATCH],
  ["HEAD", `${HELLO}/manifests/latest`, NO_MATCH],
  ["PUT", `${HELLO}/manifests/latest`, { body: INDEX, headers: { ...NO_MATCH.headers, "Content-Type": TYPES.index } }],
  ["DELETE", `${HELLO}/manifests/latest`, NO_MATCH],
  ["DELETE", `${HELLO}/blobs/${FOO}`, NO_MATCH],
  // Requests that are in no table.
  ["GET", "/"],
  ["GET", `${HELLO}/blob/${FOO}`],
  ["POST", `${HELLO}/tags/list`],
  ["DELETE", "/v2/"],
];

// Requests that a registry refuses because of a setting.
const REFUSED_BY: readonly [settings: Partial<ConstructorParameters<typeof TestRegistry>[1]>, ...Request[]][] = [
  [
    { maxUploads: 0 },
    ...["", `?digest=${FOOBAR}`, `?mount=${FOOBAR}`, "?digest-algorithm=sha512"].map((query): Request => {
      return ["POST", UPLOADS + query];
    }),
  ],
  [
    { maxBlobSize: 5 },
    ["POST", `${UPLOADS}?digest=${FOOBAR}`, { body: "foobar" }],
    ["PATCH", CHUNKED, { body: "bar" }],
    ["PATCH", CHUNKED, { body: "bar", headers: { "Content-Range": "3-5" } }],
    ["PUT", `${EMPTY}?digest=${FOOBAR}`, { body: "foobar" }],
    ["PUT", `${CHUNKED}?digest=${FOOBAR}`, { body: streamOf("bar") }],
  ],
  [
    { slowest: { bytes: 10, milliseconds: 20 } },
    ["POST", `${UPLOADS}?digest=${FOOBAR}`, { body: neverComing() }],
    ["PATCH", EMPTY, { body: neverComing() }],
    ["PUT", `${EMPTY}?digest=${FOOBAR}`, { body: neverComing() }],
    ["PUT", `${CHUNKED}?digest=${FOOBAR}`, { body: neverComing() }],
    ["PUT", `${HELLO}/manifests/latest`, { body: neverComing() }],
  ],
  [
    { maxManifestSize: 4 * 1024 * 1024 },
    ["PUT", `${HELLO}/manifests/latest`, { headers: { "Content-Length": "4194305" }, body: "{}" }],
    ["PUT", `${HELLO}/manifests/${FOO}?tag=v1`, { headers: { "Content-Length": "4194305" }, body: "{}" }],
  ],
  [
    { readOnly: true },
    ["POST", UPLOADS],
    ["PUT", `${HELLO}/manifests/latest`, { body: INDEX }],
    ["DELETE", `${HELLO}/manifests/latest`],
  ],
  [
    { noDelete: true },
    ["DELETE", `${HELLO}/manifests/latest`],
    ["DELETE", `${HELLO}/manifests/${NOTHING}`],
    ["DELETE", `${HELLO}/blobs/${FOO}`],
  ],
  [
    { wrappers: [accessFor({ isPassword: () => Promise.resolve(false) })] },
    ["GET", "/v2/"],
    ["GET", `${HELLO}/blobs/${FOO}`],
    ["POST", UPLOADS],
  ],
];

// Headings whose rules are for requests of every kind: HTTP, the error codes, the statuses of each endpoint, the check
// for a registry, the definitions of the documents, and the rules for all pushes.
const GENERAL = ["API", "API-ERR", "API-END", "API-SUPPORT", "DEF", "PUSH", "PUSH-BLOB"];

// Rules that the spec states once, under one heading, and that are about others too: the grammars of names, tags and digests,
// conditional requests, and the number of entries of a page.
const STATED_ELSEWHERE: readonly Rule[] = [
  "PULL-MANIFEST-01",
  "PULL-MANIFEST-02",
  "PULL-MANIFEST-03",
  "PULL-MANIFEST-04",
  "PULL-MANIFEST-05",
  "PUSH-SUBJECT-13",
  "DISC-TAGS-06",
];

// A body that ends in the middle, as if the connection broke.
function brokenOff(): ReadableStream {
  let pulls = 0;
  return new ReadableStream({
    pull: (controller) =>
      pulls++ === 0 ? controller.enqueue(new Uint8Array([102])) : controller.error(new Error("connection reset")),
  });
}

function neverComing(): ReadableStream {
  return new ReadableStream();
}

// The grammars, in the words of the refusals.
const NAME =
  "the name of a repository, such as library/hello: lower-case letters and digits, separated by . _ __ or -, in parts separated by /; at most 255 characters";
const TAG = "a tag, such as v1.0: letters, digits, _ . and -, not beginning with . or -; at most 128 characters";
const DIGEST = "a digest: sha256: and 64 hexadecimal digits in lower case, or sha512: and 128 of them";

// The text that a refusal has to show for each broken grammar: the grammar, or the right form.
const SHOWN: readonly (readonly [method: string, path: string, expected: string, sent?: Sent])[] = [
  ["GET", "/v2/UPPER/tags/list", NAME],
  ["POST", "/v2/a..b/blobs/uploads/", NAME],
  ["GET", `${HELLO}/manifests/.hidden`, `${TAG}; or ${DIGEST}`],
  ["PUT", `${HELLO}/manifests/.hidden`, `${TAG}; or ${DIGEST}`],
  ["DELETE", `${HELLO}/manifests/.hidden`, TAG],
  ["PUT", `${HELLO}/manifests/${FOO}?tag=.hidden`, TAG, { body: INDEX }],
  ["GET", `${HELLO}/blobs/sha256:2c26`, DIGEST],
  ["GET", `${HELLO}/manifests/sha256:2c26`, DIGEST],
  ["GET", `${HELLO}/referrers/sha256:2c26`, DIGEST],
  ["DELETE", `${HELLO}/blobs/sha256:2c26`, DIGEST],
  ["POST", `${UPLOADS}?digest=sha256:2c26`, DIGEST],
  ["POST", `${UPLOADS}?mount=`, DIGEST],
  ["PUT", `${UNKNOWN_SESSION}?digest=sha256:2c26`, DIGEST],
  ["PUT", `${HELLO}/manifests/sha256:2c26`, DIGEST],
  ["PUT", UNKNOWN_SESSION, DIGEST],
  ["POST", `${UPLOADS}?digest=md5:abc`, "a digest by sha256 or sha512"],
  ["POST", `${UPLOADS}?digest-algorithm=md5`, "a digest by sha256 or sha512"],
  ["PATCH", `${UPLOADS}no-uuid`, "the UUID of an upload session, as in its Location"],
  ["GET", `${HELLO}/tags/list?n=many`, "a whole number from 0 as n"],
  ["GET", `${HELLO}/blobs/${FOO}`, "a range of bytes such as bytes=0-2", { headers: { Range: "bytes=x" } }],
  ["GET", `${HELLO}/blobs/${digestOf("")}`, "no range, because there are no bytes", { headers: { Range: "bytes=0-" } }],
];

Deno.test("API-ERR-08: the refusal of a text that breaks a grammar shows the grammar", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.pushBlob("library/hello", "");

  for (const [method, path, expected, sent] of SHOWN) {
    const refused = await registry.send(method, path, sent);

    const { errors: [{ detail }] } = await refused.json();
    assertEquals(detail.expected, expected, `${method} ${path}`);
    // The grammar is not cut.
    assert(expected.length <= 300);
  }
});

Deno.test("API-ERR-08: the refusal of a path that is nearly one of the table names the word that was probably meant", async () => {
  await using registry = await startRegistry();
  const hints: Record<string, string> = {
    [`${HELLO}/blob/${FOO}`]: '; did you mean "blobs"?',
    [`${HELLO}/blobs/upload/`]: '; did you mean "uploads"?',
    [`${HELLO}/manifest/latest`]: '; did you mean "manifests"?',
    [`${HELLO}/Manifest/latest`]: '; did you mean "manifests"?',
    [`${HELLO}/tag/list`]: '; did you mean "tags"?',
    [`${HELLO}/tags/lists`]: '; did you mean "list"?',
    [`${HELLO}/referrer/${FOO}`]: '; did you mean "referrers"?',
    "/v1/library/hello/tags/list": '; did you mean "/v2/…"?',
    "/library/hello/tags/list": '; did you mean "/v2/…"?',
    "/": '; did you mean "/v2/…"?',
    "/v2/library/hello": "",
    [`${HELLO}/tags/list/`]: "",
  };

  for (const [path, hint] of Object.entries(hints)) {
    const refused = await registry.send("GET", path);

    const [detail] = await expectRefusal(refused, { status: 404, code: "UNSUPPORTED", rule: "API-01" });
    assertEquals([detail.expected, detail.actual], [`a path of the spec's table of endpoints${hint}`, path]);
  }
});

async function storiesOf(registry: TestRegistry, requests: readonly Request[]): Promise<Story[]> {
  // This registry's settings refuse none of the requests that prepare the test.
  const other = new TestRegistry(registry.root, {});
  const stories: Story[] = [];
  for (const [method, path, sent] of requests) {
    let location = "";
    if (path.startsWith("(")) {
      location = await other.openSession("library/hello");
      if (path.startsWith(CHUNKED)) await other.send("PATCH", location, { body: "foo" });
    }
    const response = await registry.send(method, path.replace(/^\([^)]*\)/, location), sent);
    await response.body?.cancel();
    const story = registry.stories.at(-1)!;
    assert(story.refusal instanceof RegistryError, `${method} ${path} ${JSON.stringify(sent)}: ${story.status}`);
    stories.push(story);
  }
  return stories;
}

Deno.test("API-ERR-08: every refusal names a rule of the heading that answered, or a rule for all headings", async () => {
  await using registry = await startRegistry();
  await registry.pushImage("library/hello", { tag: "latest" });
  await registry.pushBlob("library/hello", "foo");

  const stories = await storiesOf(registry, REFUSED);
  for (const [settings, ...requests] of REFUSED_BY) {
    stories.push(...await storiesOf(new TestRegistry(registry.root, settings), requests));
  }

  const misfits: string[] = [];
  for (const { method, url, endpoint, refusal } of stories) {
    for (const { rule } of (refusal as RegistryError).details) {
      const { rules } = headingOf(rule);
      const fits = rules === endpoint?.heading || GENERAL.includes(rules) || STATED_ELSEWHERE.includes(rule);
      if (!fits) misfits.push(`${method} ${url}: ${rule} of a request that ${endpoint?.heading ?? "nobody"} answered`);
    }
  }
  assertEquals(misfits, []);

  // A request to end-1 is refused only for its password, and the registry checks the password before it knows the row.
  const rows = ENDPOINTS.filter(({ id }) => id !== "end-1").map(({ method, id, heading }) =>
    `${method} ${id} ${heading}`
  );
  const seen = stories.map(({ method, endpoint }) => `${method} ${endpoint?.id} ${endpoint?.heading}`);
  assertEquals(rows.filter((row) => !seen.includes(row)), []);
  const codes = new Set(stories.map(({ refusal }) => (refusal as RegistryError).code));
  assertEquals(Object.keys(ERROR_CODES).filter((code) => !codes.has(code as keyof typeof ERROR_CODES)), []);
});
