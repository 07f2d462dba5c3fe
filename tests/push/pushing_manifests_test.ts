/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-manifests */

import { assertEquals, assertThrows } from "@std/assert";
import { createRegistry } from "../../src/registry.ts";
import {
  bytes,
  descriptorOf,
  digestOf,
  expectRefusal,
  startRegistry,
  streamOf,
  TestRegistry,
  TYPES,
} from "../fixture.ts";

const CONFIG = "{}";
const LAYER = "layer";
const MIB = 1024 * 1024;

// An image whose blobs `startWithBlobs` pushes.
const IMAGE = {
  schemaVersion: 2,
  mediaType: TYPES.image,
  config: descriptorOf(CONFIG, TYPES.config),
  layers: [descriptorOf(LAYER, TYPES.layer)],
};
const IMAGE_TEXT = JSON.stringify(IMAGE);
const IMAGE_DIGEST = digestOf(IMAGE_TEXT);
const INDEX = { schemaVersion: 2, mediaType: TYPES.index, manifests: [] as unknown[] };

// Content that no client has pushed.
const MISSING = descriptorOf("missing", TYPES.layer);

const INVALID = { status: 400, code: "MANIFEST_INVALID", rule: "DEF-I02" };

async function startWithBlobs(options = {}): Promise<TestRegistry> {
  const registry = await startRegistry(options);
  await registry.pushBlob("library/hello", CONFIG);
  await registry.pushBlob("library/hello", LAYER);
  return registry;
}

// Pushes a manifest as it is. The body is bytes, so that no Content-Type is added to the given one.
function push(
  registry: TestRegistry,
  tagOrDigest: string,
  manifest: object | string,
  headers: Record<string, string> = { "Content-Type": TYPES.image },
): Promise<Response> {
  const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  return registry.send("PUT", `/v2/library/hello/manifests/${tagOrDigest}`, { body: bytes(text), headers });
}

// Returns an index of this many bytes. An unknown field fills it up.
function indexOfSize(size: number): string {
  const empty = JSON.stringify({ ...INDEX, filling: "" });
  return JSON.stringify({ ...INDEX, filling: "x".repeat(size - empty.length) });
}

async function expectNoManifest(registry: TestRegistry): Promise<void> {
  assertEquals(registry.tree().filter((path) => /manifest\.json|content-type|_tags|_referrers/.test(path)), []);
  assertEquals((await registry.send("HEAD", "/v2/library/hello/manifests/latest")).status, 404);
}

Deno.test("PUSH-MANIFEST-10 PUSH-MANIFEST-11 PUSH-MANIFEST-I01: a push to a tag answers 201 and where to pull it", async () => {
  await using registry = await startWithBlobs();

  const pushed = await push(registry, "latest", IMAGE);

  assertEquals([pushed.status, await pushed.text()], [201, ""]);
  assertEquals(pushed.headers.get("Location"), `/v2/library/hello/manifests/${IMAGE_DIGEST}`);
  // PUSH-MANIFEST-12: if the client named no digest, it is a true digest of the bytes.
  assertEquals(pushed.headers.get("Docker-Content-Digest"), IMAGE_DIGEST);
  assertEquals([pushed.headers.has("OCI-Tag"), pushed.headers.has("OCI-Subject")], [false, false]);
  for (const reference of [IMAGE_DIGEST, "latest"]) {
    const pulled = await registry.send("GET", `/v2/library/hello/manifests/${reference}`);
    assertEquals([pulled.status, pulled.headers.get("Content-Type")], [200, TYPES.image]);
    assertEquals(await pulled.text(), IMAGE_TEXT);
  }
});

Deno.test("PUSH-MANIFEST-10: on disk a manifest is its bytes, its media type, and the digest in the file of its tag", async () => {
  await using registry = await startWithBlobs();

  await push(registry, "latest", IMAGE);

  assertEquals(registry.tree("library/hello").filter((path) => !path.endsWith("blob") && !path.endsWith("blob.json")), [
    "library/hello/_tags/latest",
    `library/hello/${IMAGE_DIGEST}/content-type`,
    `library/hello/${IMAGE_DIGEST}/manifest.json`,
  ]);
  assertEquals(registry.read("library/hello/_tags/latest"), IMAGE_DIGEST);
  assertEquals(registry.read(`library/hello/${IMAGE_DIGEST}/content-type`), TYPES.image);
  assertEquals(registry.read(`library/hello/${IMAGE_DIGEST}/manifest.json`), IMAGE_TEXT);
});

Deno.test("PUSH-MANIFEST-12: a push by digest answers exactly that digest, of any algorithm", async () => {
  await using registry = await startWithBlobs();

  for (const algorithm of ["sha256", "sha512"]) {
    const digest = digestOf(IMAGE_TEXT, algorithm);
    const pushed = await push(registry, digest, IMAGE);

    assertEquals([pushed.status, pushed.headers.get("Docker-Content-Digest")], [201, digest]);
    assertEquals(pushed.headers.get("Location"), `/v2/library/hello/manifests/${digest}`);
    const pulled = await registry.send("GET", pushed.headers.get("Location")!);
    assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, digest]);
    assertEquals(await pulled.text(), IMAGE_TEXT);
  }
});

Deno.test("PUSH-MANIFEST-12: a manifest is found only under the digest that it was pushed to", async () => {
  await using registry = await startWithBlobs();
  await push(registry, digestOf(IMAGE_TEXT, "sha512"), IMAGE);

  const pulled = await registry.send("GET", `/v2/library/hello/manifests/${IMAGE_DIGEST}`);

  await expectRefusal(pulled, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
});

Deno.test("PUSH-MANIFEST-06: a digest in the path that is malformed, wrong, or of an unknown algorithm is refused", async () => {
  await using registry = await startWithBlobs();

  const malformed = ["sha256:zz", "sha256:baddigeststring", "sha256:", ":latest", IMAGE_DIGEST.toUpperCase()];
  const unknown = ["a:b", digestOf(IMAGE_TEXT, "md5"), digestOf(IMAGE_TEXT, "sha384")];
  for (const digest of [...malformed, ...unknown]) {
    const refused = await push(registry, digest, IMAGE);
    await expectRefusal(refused, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-BLOB-01" });
  }
  const wrong = await push(registry, digestOf("something else"), IMAGE);
  const [detail] = await expectRefusal(wrong, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-MANIFEST-06" });
  assertEquals([detail.expected, detail.actual], [digestOf("something else"), IMAGE_DIGEST]);
  await expectNoManifest(registry);
});

Deno.test("PUSH-MANIFEST-06: a manifest with one byte more, such as a blank at the end, does not have the digest", async () => {
  await using registry = await startWithBlobs();

  const refused = await push(registry, IMAGE_DIGEST, IMAGE_TEXT + " ");

  await expectRefusal(refused, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-MANIFEST-06" });
  await expectNoManifest(registry);
});

Deno.test("PUSH-MANIFEST-06: a text that is neither a digest nor a tag is refused, and nothing is stored", async () => {
  await using registry = await startWithBlobs();

  for (const tag of [".hidden", "-bad", "a+b", "a%20b", "a".repeat(129), "%C3%A4"]) {
    const refused = await push(registry, tag, IMAGE);

    await expectRefusal(refused, { status: 400, code: "MANIFEST_INVALID", rule: "PUSH-MANIFEST-06" });
  }
  await expectNoManifest(registry);
});

Deno.test("PUSH-MANIFEST-09: a manifest comes back byte for byte, with its blanks, its order and its unknown fields", async () => {
  await using registry = await startWithBlobs();
  const text = `\n{ "layers" : [], "x-unknown":{"b":1,  "a":[1.0, 1e2, "\\u00e4"]},\r\n\t"config": ${
    JSON.stringify({ ...IMAGE.config, "x-more": null })
  } , "schemaVersion":2 ,"mediaType": "${TYPES.image}" }\n\n`;

  const pushed = await push(registry, "latest", text);

  assertEquals([pushed.status, pushed.headers.get("Docker-Content-Digest")], [201, digestOf(text)]);
  const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest");
  assertEquals(new Uint8Array(await pulled.arrayBuffer()), bytes(text));
});

Deno.test("PUSH-MANIFEST-03: parameters of the Content-Type are no part of the media type", async () => {
  await using registry = await startWithBlobs();

  for (
    const contentType of [`${TYPES.image}; charset=utf-8`, `${TYPES.image};charset=utf-8`, `${TYPES.image} ; a=b; c=d`]
  ) {
    const pushed = await push(registry, "latest", IMAGE, { "Content-Type": contentType });

    assertEquals(pushed.status, 201);
    const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest");
    assertEquals(pulled.headers.get("Content-Type"), TYPES.image);
  }
});

Deno.test("PUSH-MANIFEST-01: without a Content-Type the manifest's mediaType counts, and without that its shape", async () => {
  const { mediaType: _1, ...image } = IMAGE;
  const { mediaType: _2, ...index } = INDEX;
  for (
    const [manifest, type] of [
      [IMAGE, TYPES.image],
      [{ ...IMAGE, mediaType: TYPES.dockerImage }, TYPES.dockerImage],
      [INDEX, TYPES.index],
      [image, TYPES.image],
      [index, TYPES.index],
    ] as const
  ) {
    await using registry = await startWithBlobs();

    const pushed = await push(registry, "latest", manifest, {});

    assertEquals(pushed.status, 201);
    const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest");
    assertEquals(pulled.headers.get("Content-Type"), type);
  }
});

Deno.test("PUSH-MANIFEST-01: a manifest of an unknown type is refused", async () => {
  await using registry = await startWithBlobs();
  const { mediaType: _, ...untyped } = IMAGE;

  const answers = [
    await push(registry, "latest", untyped, { "Content-Type": "application/json" }),
    await push(registry, "latest", untyped, { "Content-Type": "constructor" }),
    await push(registry, "latest", { ...IMAGE, mediaType: "text/plain" }, { "Content-Type": "text/plain" }),
    await push(registry, "latest", { ...IMAGE, mediaType: "text/plain" }, {}),
    await push(registry, "latest", { ...IMAGE, mediaType: 2 }, {}),
    await push(registry, "latest", untyped, {
      "Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }),
  ];

  for (const answer of answers) {
    await expectRefusal(answer, { status: 400, code: "MANIFEST_INVALID", rule: "PUSH-MANIFEST-01" });
  }
  await expectNoManifest(registry);
});

Deno.test("PUSH-MANIFEST-01: the refusal of an unknown type says with which header to push this manifest", async () => {
  await using registry = await startWithBlobs();
  const { mediaType: _1, ...image } = IMAGE;
  const { mediaType: _2, ...index } = INDEX;
  // The default of curl.
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const header = (type: string) => `a type of manifest; for this one, the header "Content-Type: ${type}"`;
  const table: [manifest: object, headers: Record<string, string>, expected: string, actual: string][] = [
    [image, headers, header(TYPES.image), '"application/x-www-form-urlencoded"'],
    [index, headers, header(TYPES.index), '"application/x-www-form-urlencoded"'],
    [{ ...IMAGE, mediaType: TYPES.dockerImage }, headers, header(TYPES.dockerImage), `"${headers["Content-Type"]}"`],
    [{ ...INDEX, mediaType: TYPES.dockerList }, headers, header(TYPES.dockerList), `"${headers["Content-Type"]}"`],
    // Without a header, the field has the unknown type. Then a right header alone would not be enough.
    [
      { ...IMAGE, mediaType: "text/plain" },
      {},
      `${header(TYPES.image)}, and the same as its mediaType`,
      '"text/plain"',
    ],
    [{ ...INDEX, mediaType: 2 }, {}, `${header(TYPES.index)}, and the same as its mediaType`, "2"],
  ];

  for (const [manifest, headers, expected, actual] of table) {
    const refused = await push(registry, "latest", manifest, headers);

    const [detail] = await expectRefusal(refused, { status: 400, code: "MANIFEST_INVALID", rule: "PUSH-MANIFEST-01" });
    assertEquals([detail.expected, detail.actual], [expected, actual]);
  }
});

Deno.test("PUSH-MANIFEST-04: a manifest that does not name its mediaType is accepted, with a warning", async () => {
  await using registry = await startWithBlobs();
  const { mediaType: _, ...untyped } = IMAGE;

  const pushed = await push(registry, "latest", untyped);

  assertEquals(pushed.status, 201);
  assertEquals(pushed.headers.get("Warning"), '299 - "the manifest does not name its mediaType (PUSH-MANIFEST-04)"');
});

Deno.test("PUSH-MANIFEST-05: a mediaType other than the Content-Type is refused", async () => {
  await using registry = await startWithBlobs();

  const answers = [
    await push(registry, "latest", IMAGE, { "Content-Type": TYPES.dockerImage }),
    await push(registry, "latest", IMAGE, { "Content-Type": TYPES.index }),
    await push(registry, "latest", { ...IMAGE, mediaType: "text/plain" }),
    await push(registry, "latest", { ...IMAGE, mediaType: 2 }),
    await push(registry, "latest", { ...IMAGE, mediaType: `${TYPES.image}; charset=utf-8` }),
  ];

  for (const answer of answers) {
    await expectRefusal(answer, { status: 400, code: "MANIFEST_INVALID", rule: "PUSH-MANIFEST-05" });
  }
  await expectNoManifest(registry);
});

Deno.test("PUSH-MANIFEST-10: Docker's two types of manifests are accepted, and served with their types", async () => {
  await using registry = await startWithBlobs();
  const image = JSON.stringify({ ...IMAGE, mediaType: TYPES.dockerImage });
  const list = JSON.stringify({
    ...INDEX,
    mediaType: TYPES.dockerList,
    manifests: [descriptorOf(image, TYPES.dockerImage)],
  });

  const pushedImage = await push(registry, digestOf(image), image, { "Content-Type": TYPES.dockerImage });
  const pushedList = await push(registry, "latest", list, { "Content-Type": TYPES.dockerList });

  assertEquals([pushedImage.status, pushedList.status], [201, 201]);
  const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest");
  assertEquals([pulled.headers.get("Content-Type"), await pulled.text()], [TYPES.dockerList, list]);
});

Deno.test("DEF-I02: a body that is not one JSON object in UTF-8, with nothing around it, is refused", async () => {
  await using registry = await startWithBlobs();

  const texts = [
    "",
    "not JSON",
    "null",
    "[]",
    '"text"',
    "2",
    IMAGE_TEXT.slice(0, -1),
    `\ufeff${IMAGE_TEXT}`, // a byte order mark is no white space in JSON
    `${IMAGE_TEXT}x`,
    `${IMAGE_TEXT}${IMAGE_TEXT}`,
    `${IMAGE_TEXT}\0`,
    IMAGE_TEXT.replaceAll('"', "'"),
    IMAGE_TEXT.replace("}", ",}"),
  ];
  for (const text of texts) {
    await expectRefusal(await push(registry, "latest", text), INVALID);
  }
  const notUtf8 = bytes(IMAGE_TEXT.replace("{", '{"x":"?",'));
  notUtf8[notUtf8.indexOf("?".charCodeAt(0))] = 0xff;
  const refused = await registry.send("PUT", "/v2/library/hello/manifests/latest", {
    body: notUtf8,
    headers: { "Content-Type": TYPES.image },
  });
  await expectRefusal(refused, INVALID);
  await expectNoManifest(registry);
});

Deno.test("DEF-I02: a document of a great many brackets is refused like any other that is no manifest", async () => {
  await using registry = await startWithBlobs();
  const deep = 100_000;

  for (const bomb of ["[".repeat(deep), "[".repeat(deep) + "]".repeat(deep), '{"a":'.repeat(deep)]) {
    const asField = IMAGE_TEXT.replace("{", `{"x":${bomb},`);

    await expectRefusal(await push(registry, "latest", bomb), INVALID);
    await expectRefusal(await push(registry, "latest", asField), INVALID);
  }
  await expectNoManifest(registry);
});

Deno.test("DEF-I02: schemaVersion is the number 2", async () => {
  await using registry = await startWithBlobs();
  const { schemaVersion: _, ...without } = IMAGE;

  for (const manifest of [without, ...[1, 3, "2", null, [2]].map((schemaVersion) => ({ ...IMAGE, schemaVersion }))]) {
    await expectRefusal(await push(registry, "latest", manifest), INVALID);
  }
  await expectNoManifest(registry);
});

Deno.test("DEF-I02: a manifest that could be read as an image and as an index is refused", async () => {
  await using registry = await startWithBlobs();

  const answers = [
    await push(registry, "latest", { ...IMAGE, manifests: [] }),
    await push(registry, "latest", { ...INDEX, config: IMAGE.config }, { "Content-Type": TYPES.index }),
    await push(registry, "latest", { ...INDEX, layers: [] }, { "Content-Type": TYPES.index }),
    await push(registry, "latest", { schemaVersion: 2, config: IMAGE.config, layers: [], manifests: [] }, {}),
  ];

  for (const answer of answers) await expectRefusal(answer, INVALID);
  await expectNoManifest(registry);
});

Deno.test("DEF-I02: an image has a config, and an index has manifests", async () => {
  await using registry = await startWithBlobs();
  const { config: _1, ...image } = IMAGE;
  const { manifests: _2, ...index } = INDEX;

  const answers = [
    await push(registry, "latest", image),
    await push(registry, "latest", { ...IMAGE, config: null }),
    await push(registry, "latest", index, { "Content-Type": TYPES.index }),
    await push(registry, "latest", { ...index, manifests: null }, { "Content-Type": TYPES.index }),
    await push(registry, "latest", IMAGE_TEXT.replace(TYPES.image, TYPES.index), { "Content-Type": TYPES.index }),
  ];

  for (const answer of answers) await expectRefusal(answer, INVALID);
  await expectNoManifest(registry);
});

Deno.test("DEF-I02: a name that comes twice in an object that the registry reads is refused, however it is written", async () => {
  await using registry = await startWithBlobs();
  const config = JSON.stringify(IMAGE.config);
  const layer = JSON.stringify(IMAGE.layers[0]);
  const image = (fields: string) => `{"schemaVersion":2,"mediaType":"${TYPES.image}",${fields}}`;

  const images = [
    image(`"config":${config},"layers":[],"layers":[${layer}]`),
    image(`"config":${config},"layers":[],"l\\u0061yers":[${layer}]`),
    image(`"config":${config},"layers" :[], "layers"\n:[${layer}]`),
    image(`"config":${config},"config":${config}`),
    image(`"config":${config},"mediaType":"${TYPES.image}"`),
    image(`"config":${config},"schemaVersion":2`),
    image(`"config":${config.replace("{", `{"digest":"${MISSING.digest}",`)}`),
    image(`"config":${config.replace("{", `{"d\\u0069gest":"${MISSING.digest}",`)}`),
    image(`"config":${config},"layers":[${layer},${layer.replace("{", '{"size":1,')}]`),
    image(`"config":${config},"subject":${config.replace("{", '{"size":1,')}`),
    image(`"config":${config},"annotations":{"a":"1","a":"2"}`),
    image(`"config":${config},"x\\"y":1,"x\\"y":2`),
  ];
  for (const text of images) {
    await expectRefusal(await push(registry, "latest", text), INVALID);
  }
  const index = `{"schemaVersion":2,"manifests":[{"size":1,"mediaType":"a/b","digest":"${MISSING.digest}","size":2}]}`;
  await expectRefusal(await push(registry, "latest", index, { "Content-Type": TYPES.index }), INVALID);
  await expectNoManifest(registry);
});

Deno.test("DEF-I02: a text that only looks like a name that comes twice is no fault", async () => {
  await using registry = await startWithBlobs();
  const manifests = [
    { ...IMAGE, annotations: { a: '"config":1,"config":2', b: 'config":', "config": "c", "layers": "{[" } },
    { ...IMAGE, layers: [IMAGE.layers[0], IMAGE.layers[0]] },
    { ...IMAGE, "x\\": "\\", "x": { "config": 1 } },
  ].map((manifest) => JSON.stringify(manifest));

  // The registry does not check parts that it does not read.
  for (const text of [...manifests, IMAGE_TEXT.replace("{", '{"x-unknown":{"a":1,"a":2},')]) {
    const pushed = await push(registry, "latest", text);

    assertEquals([pushed.status, pushed.headers.get("Docker-Content-Digest")], [201, digestOf(text)]);
  }
});

Deno.test("DEF-I02: a malformed descriptor is refused in any place", async () => {
  await using registry = await startWithBlobs();
  const good = IMAGE.config;
  const { mediaType, digest, size } = good;

  const malformed = [
    null,
    "text",
    [good],
    { digest, size },
    { mediaType, size },
    { mediaType, digest },
    { ...good, mediaType: "" },
    { ...good, mediaType: "text" },
    { ...good, mediaType: "text/plain; charset=utf-8" },
    { ...good, mediaType: "/plain" },
    { ...good, digest: "sha256:zz" },
    { ...good, digest: digest.toUpperCase() },
    { ...good, digest: digest.slice(7) },
    { ...good, digest: 2 },
    { ...good, size: -1 },
    { ...good, size: 1.5 },
    { ...good, size: "2" },
    { ...good, size: null },
  ];
  for (const descriptor of malformed) {
    const index = { ...INDEX, manifests: [descriptor] };
    await expectRefusal(await push(registry, "latest", { ...IMAGE, config: descriptor }), INVALID);
    await expectRefusal(await push(registry, "latest", { ...IMAGE, layers: [descriptor] }), INVALID);
    await expectRefusal(await push(registry, "latest", index, { "Content-Type": TYPES.index }), INVALID);
  }
  for (const descriptor of malformed.slice(1)) {
    await expectRefusal(await push(registry, "latest", { ...IMAGE, subject: descriptor }), INVALID);
  }
  await expectNoManifest(registry);
});

Deno.test("DEF-I02: layers and manifests are lists", async () => {
  await using registry = await startWithBlobs();

  for (const notAList of [{}, "layers", 1, true]) {
    const index = { ...INDEX, manifests: notAList };
    await expectRefusal(await push(registry, "latest", { ...IMAGE, layers: notAList }), INVALID);
    await expectRefusal(await push(registry, "latest", index, { "Content-Type": TYPES.index }), INVALID);
  }
  await expectNoManifest(registry);
});

Deno.test("PUSH-MANIFEST-08: an image may have no layers, and an index no manifests", async () => {
  await using registry = await startWithBlobs();
  const { layers: _, ...withoutLayers } = IMAGE;

  const answers = [
    await push(registry, "latest", { ...IMAGE, layers: [] }),
    await push(registry, "latest", withoutLayers),
    await push(registry, "latest", INDEX, { "Content-Type": TYPES.index }),
  ];

  assertEquals(answers.map(({ status }) => status), [201, 201, 201]);
});

Deno.test("PUSH-MANIFEST-10: unknown types of config, layers and artifacts are no fault", async () => {
  await using registry = await startWithBlobs();
  const manifest = {
    ...IMAGE,
    artifactType: "application/vnd.example.never-heard-of",
    config: { ...IMAGE.config, mediaType: "application/vnd.example.config+json" },
    layers: [{ ...IMAGE.layers[0], mediaType: "application/vnd.example.layer" }],
  };

  const pushed = await push(registry, "latest", manifest);

  assertEquals(pushed.status, 201);
});

Deno.test("PUSH-MANIFEST-10: a size that differs from that of the blob is accepted, with a warning", async () => {
  await using registry = await startWithBlobs();
  const { digest } = IMAGE.layers[0];

  const pushed = await push(registry, "latest", { ...IMAGE, layers: [{ ...IMAGE.layers[0], size: 999 }] });

  assertEquals(pushed.status, 201);
  assertEquals(
    pushed.headers.get("Warning"),
    `299 - "the manifest says that ${digest} has 999 bytes, but it has ${LAYER.length}"`,
  );
});

Deno.test("PUSH-02 PUSH-03: a manifest that lacks content is refused with an error for each missing digest", async () => {
  await using registry = await startWithBlobs();
  const [one, two, three] = ["one", "two", "three"].map((text) => descriptorOf(text, TYPES.layer));

  const refused = await push(registry, "latest", {
    ...IMAGE,
    config: one,
    layers: [two, IMAGE.layers[0], three, two],
  });

  const details = await expectRefusal(refused, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
  assertEquals(
    details.map(({ expected }) => expected),
    [one, two, three].map(({ digest }) => `${digest} (${TYPES.layer}) in library/hello`),
  );
  await expectNoManifest(registry);
});

Deno.test("PUSH-03: content of another repository is not there", async () => {
  await using registry = await startWithBlobs();

  const refused = await registry.send("PUT", "/v2/library/other/manifests/latest", {
    body: IMAGE_TEXT,
    headers: { "Content-Type": TYPES.image },
  });

  const details = await expectRefusal(refused, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
  assertEquals(details.length, 2);
});

Deno.test("PUSH-03: content under an algorithm that no client can push with is not there", async () => {
  await using registry = await startWithBlobs();
  const layer = descriptorOf(LAYER, TYPES.layer, "md5");

  const refused = await push(registry, "latest", { ...IMAGE, layers: [layer] });

  await expectRefusal(refused, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
});

Deno.test("PUSH-03: a manifest is no blob, and cannot be the layer of an image", async () => {
  await using registry = await startWithBlobs();
  await push(registry, IMAGE_DIGEST, IMAGE);

  const refused = await push(registry, "latest", { ...IMAGE, layers: [descriptorOf(IMAGE_TEXT, TYPES.image)] });

  await expectRefusal(refused, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
});

Deno.test("PUSH-02: layers that may not be distributed, or that are stored elsewhere, need not be there", async () => {
  await using registry = await startWithBlobs();
  const types = [
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  ];
  const layers = [
    ...types.map((mediaType) => ({ ...MISSING, mediaType })),
    { ...MISSING, urls: ["https://layers.example/layer.tar.gz"] },
  ];

  const pushed = await push(registry, "latest", { ...IMAGE, layers });

  assertEquals(pushed.status, 201);
});

Deno.test("PUSH-03: an empty list of urls names no other place, so the layer has to be there", async () => {
  await using registry = await startWithBlobs();

  const refused = await push(registry, "latest", { ...IMAGE, layers: [{ ...MISSING, urls: [] }] });

  await expectRefusal(refused, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
});

Deno.test("PUSH-03: an entry that an index lists as a manifest has to be a manifest of the repository", async () => {
  await using registry = await startWithBlobs();
  await registry.pushBlob("library/hello", IMAGE_TEXT); // as a blob, which is not enough
  const index = { ...INDEX, manifests: [descriptorOf(IMAGE_TEXT, TYPES.image)] };

  const before = await push(registry, "latest", index, { "Content-Type": TYPES.index });
  await push(registry, IMAGE_DIGEST, IMAGE);
  const after = await push(registry, "latest", index, { "Content-Type": TYPES.index });

  const [detail] = await expectRefusal(before, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
  assertEquals(detail.expected, `${IMAGE_DIGEST} (${TYPES.image}) in library/hello`);
  assertEquals(after.status, 201);
});

Deno.test("PUSH-03: an entry of an index with an unknown type may be a manifest or a blob, but must be there", async () => {
  await using registry = await startWithBlobs();
  await push(registry, IMAGE_DIGEST, IMAGE);
  const mediaType = "application/vnd.example.thing";
  const index = (text: string) => ({ ...INDEX, manifests: [descriptorOf(text, mediaType)] });

  const manifest = await push(registry, "latest", index(IMAGE_TEXT), { "Content-Type": TYPES.index });
  const blob = await push(registry, "latest", index(LAYER), { "Content-Type": TYPES.index });
  const missing = await push(registry, "latest", index("missing"), { "Content-Type": TYPES.index });

  assertEquals([manifest.status, blob.status], [201, 201]);
  await expectRefusal(missing, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
});

Deno.test("PUSH-MANIFEST-10: an index may list an index, and both may mix their algorithms", async () => {
  await using registry = await startWithBlobs();
  await push(registry, IMAGE_DIGEST, IMAGE);
  const inner = JSON.stringify({ ...INDEX, manifests: [descriptorOf(IMAGE_TEXT, TYPES.image)] });
  const innerDigest = digestOf(inner, "sha512");
  const outer = { ...INDEX, manifests: [descriptorOf(inner, TYPES.index, "sha512")] };

  const pushedInner = await push(registry, innerDigest, inner, { "Content-Type": TYPES.index });
  const pushedOuter = await push(registry, "latest", outer, { "Content-Type": TYPES.index });

  assertEquals([pushedInner.status, pushedOuter.status], [201, 201]);
});

Deno.test("PUSH-02: a registry that allows sparse manifests accepts one whose content is missing", async () => {
  await using registry = await startWithBlobs({ allowSparse: true });

  const image = await push(registry, "image", { ...IMAGE, config: MISSING });
  const index = await push(registry, "index", { ...INDEX, manifests: [{ ...MISSING, mediaType: TYPES.image }] }, {
    "Content-Type": TYPES.index,
  });
  const malformed = await push(registry, "bad", { ...IMAGE, config: { ...MISSING, size: -1 } });

  assertEquals([image.status, index.status], [201, 201]);
  await expectRefusal(malformed, INVALID);
});

Deno.test("PUSH-MANIFEST-21 PUSH-MANIFEST-22: a manifest over the limit is refused with 413, whether its length was announced or not", async () => {
  await using registry = await startRegistry();
  const text = indexOfSize(8 * MIB + 1);
  const url = "/v2/library/hello/manifests/latest";
  const headers = { "Content-Type": TYPES.index };

  const announced = await registry.send("PUT", url, { body: bytes(text), headers });
  const streamed = await registry.send("PUT", url, {
    body: streamOf(text.slice(0, MIB), text.slice(MIB)),
    headers,
  });

  for (const refused of [announced, streamed]) {
    await expectRefusal(refused, { status: 413, code: "MANIFEST_INVALID", rule: "PUSH-MANIFEST-22" });
  }
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-MANIFEST-22: a manifest that announces too many bytes is refused before they are read", async () => {
  await using registry = await startRegistry();
  let read = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      read = true;
      controller.close();
    },
  }, { highWaterMark: 0 });

  const refused = await registry.send("PUT", "/v2/library/hello/manifests/latest", {
    body,
    headers: { "Content-Type": TYPES.index, "Content-Length": String(8 * MIB + 1) },
  });

  await expectRefusal(refused, { status: 413, code: "MANIFEST_INVALID", rule: "PUSH-MANIFEST-22" });
  assertEquals(read, false);
});

Deno.test("PUSH-MANIFEST-21: the operator decides the limit, and a manifest of exactly that size is accepted", async () => {
  await using registry = await startRegistry({ maxManifestSize: 4 * MIB });

  const largest = await push(registry, "latest", indexOfSize(4 * MIB), { "Content-Type": TYPES.index });
  const over = await push(registry, "latest", indexOfSize(4 * MIB + 1), { "Content-Type": TYPES.index });

  assertEquals(largest.status, 201);
  await expectRefusal(over, { status: 413, code: "MANIFEST_INVALID", rule: "PUSH-MANIFEST-22" });
});

Deno.test("PUSH-MANIFEST-23: manifests of 4 megabytes are accepted and served, announced or streamed", async () => {
  await using registry = await startRegistry();

  for (const size of [4_000_000, 4 * MIB]) {
    const text = indexOfSize(size);
    const digest = digestOf(text);
    const pushed = await push(registry, digest, text, { "Content-Type": TYPES.index });
    const streamed = await registry.send("PUT", `/v2/library/hello/manifests/streamed`, {
      body: streamOf(text.slice(0, MIB), text.slice(MIB)),
      headers: { "Content-Type": TYPES.index },
    });

    assertEquals([pushed.status, streamed.status], [201, 201]);
    const pulled = await registry.send("GET", `/v2/library/hello/manifests/${digest}`);
    assertEquals([pulled.status, digestOf(new Uint8Array(await pulled.arrayBuffer()))], [200, digest]);
  }
});

Deno.test("PUSH-MANIFEST-23: no option can make a registry accept less than 4 megabytes", () => {
  for (const maxManifestSize of [4 * MIB - 1, 0, -1, NaN]) {
    assertThrows(() => createRegistry({ root: "nowhere", maxManifestSize }), RangeError);
  }
});

Deno.test("PUSH-MANIFEST-09 API-ERR-I10: a manifest whose body breaks off is not stored", async () => {
  await using registry = await startRegistry();
  const body = ReadableStream.from((async function* () {
    yield bytes(JSON.stringify(INDEX));
    throw new Error("connection reset");
  })());

  const refused = await registry.send("PUT", "/v2/library/hello/manifests/latest", {
    body,
    headers: { "Content-Type": TYPES.index },
  });

  await expectRefusal(refused, { status: 400, code: "SIZE_INVALID", rule: "API-ERR-I10" });
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-MANIFEST-15 PUSH-MANIFEST-18 PUSH-MANIFEST-I02: a push by digest sets the tags of its query", async () => {
  await using registry = await startWithBlobs();

  const pushed = await push(registry, `${IMAGE_DIGEST}?tag=1.2.3&tag=1.2&tag=latest`, IMAGE);

  assertEquals([pushed.status, pushed.headers.get("Docker-Content-Digest")], [201, IMAGE_DIGEST]);
  assertEquals(pushed.headers.get("Location"), `/v2/library/hello/manifests/${IMAGE_DIGEST}`);
  assertEquals(pushed.headers.get("OCI-Tag")!.split(", "), ["1.2.3", "1.2", "latest"]);
  for (const tag of ["1.2.3", "1.2", "latest"]) {
    const pulled = await registry.send("GET", `/v2/library/hello/manifests/${tag}`);
    assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, IMAGE_DIGEST]);
    assertEquals(await pulled.text(), IMAGE_TEXT);
  }
});

Deno.test("PUSH-MANIFEST-18: without tag parameters there is no OCI-Tag, and no tag is set", async () => {
  await using registry = await startWithBlobs();

  const pushed = await push(registry, IMAGE_DIGEST, IMAGE);

  assertEquals([pushed.status, pushed.headers.has("OCI-Tag")], [201, false]);
  const listed = await registry.send("GET", "/v2/library/hello/tags/list");
  assertEquals(await listed.json(), { name: "library/hello", tags: [] });
});

Deno.test("PUSH-MANIFEST-I02: a tag that was set with a sha512 digest points to that digest", async () => {
  await using registry = await startWithBlobs();
  const digest = digestOf(IMAGE_TEXT, "sha512");

  const pushed = await push(registry, `${digest}?tag=latest`, IMAGE);

  assertEquals([pushed.status, pushed.headers.get("OCI-Tag")], [201, "latest"]);
  const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest");
  assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, digest]);
});

Deno.test("PUSH-MANIFEST-15: a tag that exists is moved", async () => {
  await using registry = await startWithBlobs();
  await push(registry, "latest", INDEX, { "Content-Type": TYPES.index });

  const pushed = await push(registry, `${IMAGE_DIGEST}?tag=latest`, IMAGE);

  assertEquals(pushed.status, 201);
  assertEquals(registry.read("library/hello/_tags/latest"), IMAGE_DIGEST);
});

Deno.test("PUSH-MANIFEST-16: ten tags of 128 characters fit into one request", async () => {
  await using registry = await startWithBlobs();
  const tags = Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(128, "x"));

  const pushed = await push(registry, `${IMAGE_DIGEST}?${tags.map((tag) => `tag=${tag}`).join("&")}`, IMAGE);

  assertEquals([pushed.status, pushed.headers.get("OCI-Tag")], [201, tags.join(", ")]);
  const listed = await registry.send("GET", "/v2/library/hello/tags/list");
  assertEquals((await listed.json()).tags, tags);
});

Deno.test("PUSH-MANIFEST-18: a tag that is named twice is set once, and named once in the answer", async () => {
  await using registry = await startWithBlobs();

  const pushed = await push(registry, `${IMAGE_DIGEST}?tag=a&tag=b&tag=a`, IMAGE);

  assertEquals([pushed.status, pushed.headers.get("OCI-Tag")], [201, "a, b"]);
});

Deno.test("PUSH-MANIFEST-17: a hundred tags are set, and one more is refused with 414 and nothing stored", async () => {
  await using registry = await startWithBlobs();
  const query = (length: number) => Array.from({ length }, (_, index) => `tag=t${index}`).join("&");

  const refused = await push(registry, `${IMAGE_DIGEST}?${query(101)}`, IMAGE);
  await expectRefusal(refused, { status: 414, code: "MANIFEST_INVALID", rule: "PUSH-MANIFEST-17" });
  await expectNoManifest(registry);

  // Tags that are named twice count once.
  const pushed = await push(registry, `${IMAGE_DIGEST}?${query(100)}&tag=t0`, IMAGE);
  assertEquals([pushed.status, pushed.headers.get("OCI-Tag")!.split(", ").length], [201, 100]);
  assertEquals(registry.tree("library/hello/_tags").length, 100);
});

Deno.test("PUSH-MANIFEST-15: tag parameters on a push to a tag are refused, and nothing is stored", async () => {
  await using registry = await startWithBlobs();

  const refused = await push(registry, "latest?tag=other", IMAGE);

  await expectRefusal(refused, { status: 400, code: "MANIFEST_INVALID", rule: "PUSH-MANIFEST-15" });
  await expectNoManifest(registry);
});

Deno.test("PUSH-MANIFEST-18: one bad tag among good ones is refused, and nothing is stored", async () => {
  await using registry = await startWithBlobs();

  for (const bad of [".hidden", "-x", "", "a%2Fb", "a:b", "a".repeat(129), "a%2Cb"]) {
    const refused = await push(registry, `${IMAGE_DIGEST}?tag=latest&tag=${bad}`, IMAGE);

    await expectRefusal(refused, { status: 400, code: "MANIFEST_INVALID", rule: "PULL-MANIFEST-05" });
  }
  await expectNoManifest(registry);
});

Deno.test("PUSH-MANIFEST-18: a refused manifest sets none of its tags", async () => {
  await using registry = await startWithBlobs();
  await push(registry, "latest", INDEX, { "Content-Type": TYPES.index });
  const broken = JSON.stringify({ ...IMAGE, config: MISSING });

  const refused = await push(registry, `${digestOf(broken)}?tag=latest&tag=new`, broken);

  await expectRefusal(refused, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
  assertEquals(registry.tree("library/hello/_tags"), ["library/hello/_tags/latest"]);
  assertEquals(registry.read("library/hello/_tags/latest"), digestOf(JSON.stringify(INDEX)));
});

Deno.test("PUSH-MANIFEST-20: a pull from a repository that does not exist is 404", async () => {
  await using registry = await startRegistry();
  const digest = digestOf("foo");

  const pulls = {
    MANIFEST_UNKNOWN: [`/v2/never/pushed/manifests/latest`, `/v2/never/pushed/manifests/${digest}`],
    BLOB_UNKNOWN: [`/v2/never/pushed/blobs/${digest}`],
  };
  for (const [code, urls] of Object.entries(pulls)) {
    for (const url of urls) {
      const pulled = await registry.send("GET", url);
      const asked = await registry.send("HEAD", url);

      const rule = code === "BLOB_UNKNOWN" ? "PULL-BLOB-08" : "PULL-MANIFEST-19";
      await expectRefusal(pulled, { status: 404, code, rule });
      assertEquals([asked.status, await asked.text()], [404, ""]);
    }
  }
});

Deno.test("PUSH-MANIFEST-10: the same manifest can be pushed again, and changes nothing", async () => {
  await using registry = await startWithBlobs();
  await push(registry, "latest", IMAGE);

  const again = await push(registry, "latest", IMAGE);

  assertEquals([again.status, again.headers.get("Docker-Content-Digest")], [201, IMAGE_DIGEST]);
  assertEquals(registry.stories.at(-1)!.changes, []);
});

Deno.test("the story of a manifest: its type, its bytes, its tags, in the order in which they depend on each other", async () => {
  await using registry = await startWithBlobs();

  await push(registry, `${IMAGE_DIGEST}?tag=v1&tag=latest`, IMAGE);

  const { method, status, endpoint, changes } = registry.stories.at(-1)!;
  assertEquals([method, status, endpoint?.id], ["PUT", 201, "end-7b"]);
  assertEquals(changes, [
    { sign: "+", path: `library/hello/${IMAGE_DIGEST}/content-type`, size: TYPES.image.length },
    { sign: "+", path: `library/hello/${IMAGE_DIGEST}/manifest.json`, size: IMAGE_TEXT.length },
    { sign: "+", path: "library/hello/_tags/v1", size: IMAGE_DIGEST.length, digest: IMAGE_DIGEST },
    { sign: "+", path: "library/hello/_tags/latest", size: IMAGE_DIGEST.length, digest: IMAGE_DIGEST },
  ]);
});

Deno.test("the story of a tag that is moved: its file is replaced, and the old manifest stays", async () => {
  await using registry = await startWithBlobs();
  await push(registry, IMAGE_DIGEST, IMAGE);
  const pushed = await push(registry, "latest", INDEX, { "Content-Type": TYPES.index });
  const before = pushed.headers.get("Docker-Content-Digest")!;

  await push(registry, "latest", IMAGE);

  const { endpoint, changes } = registry.stories.at(-1)!;
  assertEquals(endpoint?.id, "end-7a");
  const [size, digest] = [IMAGE_DIGEST.length, IMAGE_DIGEST];
  assertEquals(changes, [{ sign: "~", path: "library/hello/_tags/latest", size, digest, before }]);
});

Deno.test("PUSH-MANIFEST-09: a push repairs a manifest whose file somebody has damaged", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage("library/hello", { tag: "latest" });
  await Deno.writeTextFile(`${registry.root}/library/hello/${digest}/manifest.json`, "damaged");

  await registry.pushManifest("library/hello", text, { tag: "latest" });

  const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest");
  assertEquals(await pulled.text(), text);
});

Deno.test("PUSH-03: what many references point to is put on the disk before the push takes its turn, and others wait only for the looks", async () => {
  const steps: string[] = [];
  await using registry = await startRegistry({
    durability: "sync",
    watch: ({ when, kind, path }) => when === "before" && steps.push(`${kind} ${path}`),
  });
  // Another registry has stored the blobs and has not synced them.
  const other = new TestRegistry(registry.root, {});
  const blobs = Array.from({ length: 150 }, (_, number) => `blob ${number}`);
  for (const blob of blobs) await other.pushBlob("library/hello", blob);

  await registry.pushManifest("library/hello", {
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf(blobs[0], TYPES.config),
    layers: blobs.slice(1).map((blob) => descriptorOf(blob, TYPES.layer)),
  });

  const turn = steps.findIndex((step) => step.startsWith("open lock"));
  const syncs = (from: number, to?: number) => {
    const synced = new Set(steps.slice(from, to).filter((step) => step.startsWith("sync folder")));
    return blobs.filter((blob) => synced.has(`sync folder library/hello/${digestOf(blob)}`)).length;
  };
  assertEquals([syncs(0, turn), syncs(turn)], [150, 0]);
});
