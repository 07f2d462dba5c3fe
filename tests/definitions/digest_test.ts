/** https://github.com/opencontainers/image-spec/blob/13cff54/descriptor.md#digests */

import { assert, assertEquals } from "@std/assert";
import { digestOf as digestOfBytes, HASHES, isSupported, parseDigest } from "../../src/definitions/digest.ts";
import { shorten } from "../../src/definitions/printable.ts";
import { digestOf, expectRefusal, startRegistry } from "../fixture.ts";

// A digest may be well-formed even if the registry cannot compute its algorithm.
const DIGESTS = [
  "sha256:" + "0123456789abcdef".repeat(4),
  "sha512:" + "0123456789abcdef".repeat(8),
  "blake3:" + "0123456789abcdef".repeat(4),
  "md5:d41d8cd98f00b204e9800998ecf8427e",
  "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
  "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
  "a.b-c_d+e:x=",
  "constructor:x",
  "x:y",
];

const NO_DIGESTS = [
  "",
  "sha256",
  "sha256:",
  ":abc",
  "sha256:" + "a".repeat(63),
  "sha256:" + "a".repeat(65),
  "sha256:" + "A".repeat(64),
  "sha256:" + "g".repeat(64),
  "sha512:" + "a".repeat(64),
  "blake3:" + "a".repeat(128),
  "SHA256:" + "a".repeat(64),
  "sha256:" + "a".repeat(64) + "\n",
  " sha256:" + "a".repeat(64),
  "md5:a:b",
  "a..b:x",
  "+a:x",
  "a+:x",
  "a:x/y",
  "a:../x",
  "a:x.y",
  "a:ä",
];

Deno.test("PUSH-BLOB-01: the well-formed digests, and the malformed ones", () => {
  for (const text of DIGESTS) assertEquals(parseDigest(text), text);
  for (const text of NO_DIGESTS) assertEquals(parseDigest(text), undefined, JSON.stringify(text));
});

Deno.test("PUSH-BLOB-01: sha256 and sha512 can be computed", () => {
  const foo = new TextEncoder().encode("foo");

  for (const algorithm of ["sha256", "sha512"]) {
    assertEquals(isSupported(HASHES, algorithm), true);
    assertEquals<string>(digestOfBytes(HASHES, algorithm, foo), digestOf("foo", algorithm));
  }
  for (const algorithm of ["md5", "sha384", "blake3", "SHA256", "", "constructor", "__proto__"]) {
    assertEquals(isSupported(HASHES, algorithm), false);
  }
});

Deno.test("PUSH-BLOB-01: a digest of an unknown algorithm is well-formed: not found by a pull, refused by a push", async () => {
  await using registry = await startRegistry();

  for (const digest of DIGESTS.slice(2).map(encodeURIComponent)) {
    const blob = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);
    const manifest = await registry.send("GET", `/v2/library/hello/manifests/${digest}`);
    const pushed = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digest}`, { body: "foo" });

    await expectRefusal(blob, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
    await expectRefusal(manifest, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
    await expectRefusal(pushed, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-BLOB-01" });
  }
  assertEquals(registry.tree(), []);
});

Deno.test("a long text without a digest is shortened in no time", () => {
  const texts = ["x".repeat(64_000), "a".repeat(64_000), "a:".repeat(32_000), "0123456789ab-".repeat(5000)];

  const before = performance.now();
  for (const text of texts) assertEquals(shorten(text), text);

  // With a search that goes over the text once more for each character, it was several seconds.
  assert(performance.now() - before < 1000);
});
