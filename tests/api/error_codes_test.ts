/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#error-codes */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { ERROR_CODES } from "../../src/api/error_codes.ts";
import { failing } from "../../src/disk/failing.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { HEADINGS, SPEC } from "../../src/spec/headings.ts";
import { descriptorOf, digestOf, expectRefusal, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";

const HELLO = "/v2/library/hello";
const FOO = digestOf("foo");
const UUID = "01234567-89ab-4cde-8f01-23456789abcd";
const IMAGE_TYPE = { "Content-Type": TYPES.image };

// For each code, one request that is refused with it.
async function refuseWithEveryCode(registry: TestRegistry): Promise<Response[]> {
  const [session, other] = [await registry.openSession("library/hello"), await registry.openSession("library/hello")];
  const image = { schemaVersion: 2, mediaType: TYPES.image, config: descriptorOf("{}", TYPES.config) };
  const manifest = { body: JSON.stringify(image), headers: IMAGE_TYPE };
  return [
    await registry.send("GET", `${HELLO}/blobs/${FOO}`),
    await registry.send("PATCH", session, { body: "foo", headers: { "Content-Range": "3-5" } }),
    await registry.send("PATCH", `${HELLO}/blobs/uploads/${UUID}`, { body: "foo" }),
    await registry.send("PUT", `${session}?digest=${FOO}`, { body: "bar" }),
    await registry.send("PUT", `${HELLO}/manifests/latest`, manifest),
    await registry.send("PUT", `${HELLO}/manifests/latest`, { body: "foo", headers: IMAGE_TYPE }),
    await registry.send("GET", `${HELLO}/manifests/latest`),
    await registry.send("POST", "/v2/UPPER/x/blobs/uploads/"),
    await registry.send("GET", "/v2/never/pushed/tags/list"),
    await registry.send("PATCH", other, { body: "foo", headers: { "Content-Range": "0-9" } }),
    await registry.send("PUT", "/v2/"),
  ];
}

Deno.test("API-ERR-09: the codes are those of the table in the spec, with its ids and in its words", () => {
  const table = Object.entries(ERROR_CODES).map(([code, { id, message }]) => [id, code, message]);

  // deno-fmt-ignore
  assertEquals(table, [
    ["code-1",  "BLOB_UNKNOWN",          "blob unknown to registry"],
    ["code-2",  "BLOB_UPLOAD_INVALID",   "blob upload invalid"],
    ["code-3",  "BLOB_UPLOAD_UNKNOWN",   "blob upload unknown to registry"],
    ["code-4",  "DIGEST_INVALID",        "provided digest did not match uploaded content"],
    ["code-5",  "MANIFEST_BLOB_UNKNOWN", "manifest references a manifest or blob unknown to registry"],
    ["code-6",  "MANIFEST_INVALID",      "manifest invalid"],
    ["code-7",  "MANIFEST_UNKNOWN",      "manifest unknown to registry"],
    ["code-8",  "NAME_INVALID",          "invalid repository name"],
    ["code-9",  "NAME_UNKNOWN",          "repository name not known to registry"],
    ["code-10", "SIZE_INVALID",          "provided length did not match content length"],
    ["code-11", "UNAUTHORIZED",          "authentication required"],
    ["code-12", "DENIED",                "requested access to the resource is denied"],
    ["code-13", "UNSUPPORTED",           "the operation is unsupported"],
    ["code-14", "TOOMANYREQUESTS",       "too many requests"],
  ]);
});

Deno.test("API-ERR-02 API-ERR-03 API-ERR-05: every refusal is JSON with errors, each with a code, a message and a detail", async () => {
  await using registry = await startRegistry();

  for (const refused of await refuseWithEveryCode(registry)) {
    const { errors, ...rest } = await refused.json();

    assertEquals([refused.headers.get("Content-Type"), rest], ["application/json", {}]);
    assert(errors.length > 0);
    for (const { code, message, detail, ...more } of errors) {
      assertMatch(code, /^[A-Z_]+$/);
      assertEquals([message, more], [ERROR_CODES[code as keyof typeof ERROR_CODES].message, {}]);
      assertEquals(Object.keys(detail).sort(), ["actual", "expected", "rule", "spec"]);
    }
  }
});

Deno.test("API-ERR-08: a refusal names its rule, and links to the heading of the spec under which the rule stands", async () => {
  await using registry = await startRegistry();
  const rules = (await Deno.readTextFile(new URL("../../src/spec/requirements.tsv", import.meta.url))).split("\n")
    .map((line) => line.split("\t")[0]);

  for (const refused of await refuseWithEveryCode(registry)) {
    const { rule, spec } = (await refused.json()).errors[0].detail;

    assert(rules.includes(rule), rule);
    const heading = HEADINGS.find(({ rules }) => rules === rule.slice(0, rule.lastIndexOf("-")))!;
    assertEquals(spec, `${SPEC}#${heading.anchor}`);
  }
});

Deno.test("API-ERR-I01: BLOB_UNKNOWN is for a blob that is not in the repository", async () => {
  await using registry = await startRegistry();

  const pulled = await registry.send("GET", `${HELLO}/blobs/${FOO}`);
  const deleted = await registry.send("DELETE", `${HELLO}/blobs/${FOO}`);

  await expectRefusal(pulled, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
  await expectRefusal(deleted, { status: 404, code: "BLOB_UNKNOWN", rule: "MGMT-BLOB-02" });
});

Deno.test("API-ERR-I02: BLOB_UPLOAD_INVALID is for a chunk that does not begin at the right byte", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  const refused = await registry.send("PATCH", location, { body: "foo", headers: { "Content-Range": "3-5" } });

  const [detail] = await expectRefusal(refused, { status: 416, code: "BLOB_UPLOAD_INVALID", rule: "PUSH-CHUNK-13" });
  assertMatch(detail.actual, /3/);
});

Deno.test("API-ERR-I03: BLOB_UPLOAD_UNKNOWN is for a session that is not there", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("DELETE", location);

  for (const url of [location, `${HELLO}/blobs/uploads/${UUID}`, `${HELLO}/blobs/uploads/no-uuid`]) {
    const refused = await registry.send("PUT", `${url}?digest=${FOO}`, { body: "foo" });

    await expectRefusal(refused, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule: "PUSH-MONO-03" });
  }
});

Deno.test("API-ERR-I04: DIGEST_INVALID is for bytes of another digest, and says which one they have", async () => {
  await using registry = await startRegistry();

  const refused = await registry.send("POST", `${HELLO}/blobs/uploads/?digest=${FOO}`, { body: "bar" });

  const [detail] = await expectRefusal(refused, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-SINGLE-03" });
  assertEquals([detail.expected, detail.actual], [FOO, digestOf("bar")]);
});

Deno.test("API-ERR-I05: MANIFEST_BLOB_UNKNOWN is for each digest in a manifest that the repository does not hold", async () => {
  await using registry = await startRegistry();
  const config = descriptorOf("{}", TYPES.config);
  const image = { schemaVersion: 2, mediaType: TYPES.image, config, layers: [descriptorOf("layer", TYPES.layer)] };

  const refused = await registry.send("PUT", `${HELLO}/manifests/latest`, {
    body: JSON.stringify(image),
    headers: IMAGE_TYPE,
  });

  const details = await expectRefusal(refused, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
  assertEquals(details.map(({ expected }) => expected.split(" ")[0]), [digestOf("{}"), digestOf("layer")]);
});

Deno.test("API-ERR-I06: MANIFEST_INVALID is for a body that is no manifest", async () => {
  await using registry = await startRegistry();

  for (const body of ["foo", "[]", "{}", "null"]) {
    const refused = await registry.send("PUT", `${HELLO}/manifests/latest`, { body, headers: IMAGE_TYPE });

    await expectRefusal(refused, { status: 400, code: "MANIFEST_INVALID", rule: "DEF-I02" });
  }
});

Deno.test("API-ERR-I07: MANIFEST_UNKNOWN is for a manifest that is not in the repository", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");

  const pulled = await registry.send("GET", `${HELLO}/manifests/latest`);
  const deleted = await registry.send("DELETE", `${HELLO}/manifests/${FOO}`);

  await expectRefusal(pulled, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
  await expectRefusal(deleted, { status: 404, code: "MANIFEST_UNKNOWN", rule: "MGMT-MANIFEST-02" });
});

Deno.test("API-ERR-I08: NAME_INVALID is for a text that is no name of a repository", async () => {
  await using registry = await startRegistry();

  const refused = await registry.send("POST", "/v2/UPPER/x/blobs/uploads/");

  const [detail] = await expectRefusal(refused, { status: 400, code: "NAME_INVALID", rule: "PULL-MANIFEST-03" });
  assertEquals(detail.actual, "UPPER/x");
});

Deno.test("API-ERR-I09: NAME_UNKNOWN is for a repository that is not there", async () => {
  await using registry = await startRegistry();

  const listed = await registry.send("GET", "/v2/never/pushed/tags/list");
  const deleted = await registry.send("DELETE", "/v2/never/pushed/manifests/latest");

  await expectRefusal(listed, { status: 404, code: "NAME_UNKNOWN", rule: "DISC-TAGS-01" });
  await expectRefusal(deleted, { status: 404, code: "NAME_UNKNOWN", rule: "API-END-I13" });
});

Deno.test("API-ERR-I10: SIZE_INVALID is for a length that is not the one that was announced", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  const refused = await registry.send("PATCH", location, { body: "foo", headers: { "Content-Range": "0-9" } });

  await expectRefusal(refused, { status: 400, code: "SIZE_INVALID", rule: "PUSH-CHUNK-04" });
});

Deno.test("API-ERR-I13: UNSUPPORTED is for what the registry does not do", async () => {
  await using registry = await startRegistry({ noDelete: true });
  await registry.pushBlob("library/hello", "foo");

  const deleted = await registry.send("DELETE", `${HELLO}/blobs/${FOO}`);
  const extension = await registry.send("GET", "/v2/_oci/ext/discover");

  await expectRefusal(deleted, { status: 405, code: "UNSUPPORTED", rule: "API-01" });
  await expectRefusal(extension, { status: 404, code: "UNSUPPORTED", rule: "API-01" });
});

Deno.test("API-ERR-08: a refusal shows what the client sent, but not all of a name of 60,000 characters", async () => {
  await using registry = await startRegistry();

  for (const path of [`/v2/${"a".repeat(60_000)}/manifests/x`, `${HELLO}/blobs/${"a".repeat(60_000)}`]) {
    const refused = await registry.send("GET", path);

    const { errors: [{ detail }] } = await refused.json();
    assertEquals(detail.actual, `${"a".repeat(300)}…`);
  }
});

// An error of the server has no code in the list, and its status says that the client is not to blame.
Deno.test("API-ERR-02: a failure of the disk is a fault of the server, in the same form, and does not tell the server's paths", async () => {
  let steps = 0;
  await using registry = await startRegistry({
    watch: () => {
      if (++steps > 100) throw new Error("it would try for ever");
    },
  });
  await Deno.writeTextFile(`${registry.root}/library`, "a file where a folder should be");

  const failed = await registry.send("POST", `${HELLO}/blobs/uploads/`);

  const text = await failed.text();
  const { errors, ...rest } = JSON.parse(text);
  assertEquals([failed.status, failed.headers.get("Content-Type"), rest], [500, "application/json", {}]);
  assertEquals(errors.map(({ code, message }: Record<string, unknown>) => [code, typeof message]), [[
    "UNKNOWN",
    "string",
  ]]);
  assertEquals([text.includes(registry.root), steps <= 100], [false, true]);
});

Deno.test("API-ERR-02: the answer says if the disk is full", async () => {
  const disk = failing(memoryDisk(), [{ code: "ENOSPC", operations: ["append"] }]);
  await using registry = await startRegistry({ disk });

  const failed = await registry.send("POST", `${HELLO}/blobs/uploads/?digest=${FOO}`, { body: "foo" });

  assertEquals([failed.status, failed.headers.get("Content-Type")], [507, "application/json"]);
  assertEquals((await failed.json()).errors[0].detail, { cause: "ENOSPC" });
  assertEquals((await registry.send("HEAD", `${HELLO}/blobs/${FOO}`)).status, 404);
});

Deno.test("API-ERR-I10: at the limit of open files the answer says when to try again", async () => {
  const crowded = Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });
  await using registry = await startRegistry({
    watch: ({ kind }) => {
      if (kind === "open session") throw crowded;
    },
  });

  const failed = await registry.send("POST", `${HELLO}/blobs/uploads/?digest=${FOO}`, { body: "foo" });

  assertEquals([failed.status, failed.headers.get("Retry-After"), registry.tree()], [503, "1", []]);
  assertEquals((await failed.json()).errors[0].detail, { cause: "EMFILE" });
});
