/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#listing-referrers */

import { assert, assertEquals } from "@std/assert";
import { descriptorOf, digestOf, expectRefusal, startRegistry, TestRegistry, TYPES } from "../fixture.ts";

const SUBJECT = descriptorOf("the subject", TYPES.image);
const REFERRERS = `/v2/library/hello/referrers/${SUBJECT.digest}`;
const EMPTY = { schemaVersion: 2, mediaType: TYPES.index, manifests: [] };
const KIB = 1024;

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  artifactType?: string;
  annotations?: Record<string, string>;
}

// Pushes an index that refers to the subject. Returns the descriptor that the registry should list for it.
async function pushReferrer(
  registry: TestRegistry,
  fields: { artifactType?: string; annotations?: Record<string, string>; subject?: object } = {},
  name = "library/hello",
): Promise<Descriptor> {
  const text = JSON.stringify({ ...EMPTY, subject: SUBJECT, ...fields });
  await registry.pushManifest(name, text);
  const { artifactType, annotations } = fields;
  return {
    ...descriptorOf(text, TYPES.index),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

async function expectListed(listed: Response, descriptors: readonly Descriptor[]): Promise<void> {
  const text = await listed.text();
  assertEquals([listed.status, listed.headers.get("Content-Type")], [200, TYPES.index], text);
  const { manifests, ...rest } = JSON.parse(text);
  assertEquals(rest, { schemaVersion: 2, mediaType: TYPES.index });
  assertEquals(inOrder(manifests), inOrder(descriptors));
}

function inOrder(descriptors: readonly Descriptor[]): Descriptor[] {
  return [...descriptors].sort((one, other) => one.digest < other.digest ? -1 : 1);
}

// Returns all pages, as a client reads them by following the links.
async function follow(registry: TestRegistry, path: string): Promise<{ pages: Descriptor[][]; filters: unknown[] }> {
  const pages: Descriptor[][] = [];
  const filters: unknown[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const listed = await registry.send("GET", next);
    const bytes = await listed.bytes();
    assertEquals([listed.status, listed.headers.get("Content-Type")], [200, TYPES.index]);
    assert(bytes.length <= 4 * 1024 * KIB, `a page of ${bytes.length} bytes`);
    pages.push(JSON.parse(new TextDecoder().decode(bytes)).manifests);
    filters.push(listed.headers.get("OCI-Filters-Applied"));
    const link = listed.headers.get("Link");
    next = link === null ? undefined : /^<([^<>]+)>; rel="next"$/.exec(link)![1];
  }
  return { pages, filters };
}

Deno.test("DISC-REFERRERS-01 DISC-REFERRERS-04 DISC-REFERRERS-05: the manifests that refer to a manifest are listed as an index", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage("library/hello");
  const subject = descriptorOf(text, TYPES.image);
  const referrer = await pushReferrer(registry, { subject, artifactType: "text/x-note" });

  const listed = await registry.send("GET", `/v2/library/hello/referrers/${digest}`);

  assertEquals(listed.headers.has("Link"), false);
  assertEquals(listed.headers.has("OCI-Filters-Applied"), false);
  await expectListed(listed, [referrer]);
});

Deno.test("DISC-REFERRERS-02 DISC-REFERRERS-10: if nothing refers to a digest, known or not, the list is empty", async () => {
  await using registry = await startRegistry();
  const { digest, layer } = await registry.pushImage("library/hello", { tag: "latest" });

  const paths = [
    `/v2/library/hello/referrers/${digest}`,
    `/v2/library/hello/referrers/${layer}`,
    `/v2/library/hello/referrers/${digestOf("nothing")}`,
    `/v2/library/hello/referrers/${digestOf("nothing", "sha512")}`,
    `/v2/never/pushed/referrers/${digest}`,
    `/v2/library/referrers/${digest}`,
  ];
  for (const path of paths) {
    const listed = await registry.send("GET", path);

    assertEquals([listed.status, listed.headers.get("Content-Type")], [200, TYPES.index]);
    assertEquals([listed.headers.has("Link"), await listed.json()], [false, EMPTY]);
  }
});

Deno.test("DISC-REFERRERS-01 DISC-REFERRERS-I01: a subject that is not there, of any algorithm, has referrers", async () => {
  await using registry = await startRegistry();
  const encoded = "0123456789abcdef".repeat(8);
  const digests = [SUBJECT.digest, `sha512:${encoded}`, `blake3:${encoded.slice(64)}`, `md5:${encoded}`, "x+y:A_=-z"];

  for (const digest of digests) {
    const referrer = await pushReferrer(registry, { subject: { ...SUBJECT, digest } });

    await expectListed(await registry.send("GET", `/v2/library/hello/referrers/${digest}`), [referrer]);
  }
});

Deno.test("DISC-REFERRERS-03 API-ERR-I04: a malformed digest is refused with 400", async () => {
  await using registry = await startRegistry();
  const malformed = [
    "notadigest",
    "latest",
    "sha256:",
    "sha256:abc",
    SUBJECT.digest.toUpperCase(),
    ":",
    "sha256:%2e%2e",
  ];

  for (const digest of malformed) {
    for (const query of ["", "?artifactType=text/x-note"]) {
      const refused = await registry.send("GET", `/v2/library/hello/referrers/${digest}${query}`);

      await expectRefusal(refused, { status: 400, code: "DIGEST_INVALID", rule: "API-ERR-I04" });
    }
  }
});

// This API has no 404: clients would conclude that the registry does not have the API.
Deno.test("DISC-REFERRERS-02 DISC-REFERRERS-03: a text that is no name of a repository is refused with 400", async () => {
  await using registry = await startRegistry();

  for (const name of ["UPPER/x", "a..b", "_tags", "x".repeat(256)]) {
    const refused = await registry.send("GET", `/v2/${name}/referrers/${SUBJECT.digest}`);

    await expectRefusal(refused, { status: 400, code: "NAME_INVALID", rule: "PULL-MANIFEST-03" });
  }
});

Deno.test("DISC-REFERRERS-06 DISC-REFERRERS-09: the descriptor has the artifactType and the annotations of its manifest", async () => {
  await using registry = await startRegistry();
  const annotations = { "org.example.note": 'line 1\nline 2 "quoted" € 😀', "empty": "", "__proto__x": "y" };
  const index = await pushReferrer(registry, { artifactType: "text/x-note", annotations });
  const fields = { artifactType: "application/x-sbom", annotations, subject: SUBJECT };
  const { text } = await registry.pushImage("library/hello", fields);

  const listed = await registry.send("GET", REFERRERS);

  const image = { ...descriptorOf(text, TYPES.image), artifactType: "application/x-sbom", annotations };
  await expectListed(listed, [index, image]);
});

Deno.test("DISC-REFERRERS-07: an image without an artifactType is listed with the media type of its config", async () => {
  await using registry = await startRegistry();
  const missing = await registry.pushImage("library/hello", { subject: SUBJECT });
  const empty = await registry.pushImage("library/hello", { subject: SUBJECT, artifactType: "" });

  const listed = await registry.send("GET", REFERRERS);

  await expectListed(
    listed,
    [missing, empty].map(({ text }) => ({
      ...descriptorOf(text, TYPES.image),
      artifactType: TYPES.config,
    })),
  );
});

Deno.test("DISC-REFERRERS-08: an index without an artifactType is listed without one", async () => {
  await using registry = await startRegistry();
  const missing = JSON.stringify({ ...EMPTY, subject: SUBJECT });
  const empty = JSON.stringify({ ...EMPTY, subject: SUBJECT, artifactType: "" });
  for (const text of [missing, empty]) await registry.pushManifest("library/hello", text);

  const listed = await registry.send("GET", REFERRERS);

  await expectListed(listed, [descriptorOf(missing, TYPES.index), descriptorOf(empty, TYPES.index)]);
});

Deno.test("DISC-REFERRERS-I02: only manifests of the same repository are listed", async () => {
  await using registry = await startRegistry();
  const here = await pushReferrer(registry, { artifactType: "text/x-here" });
  const there = await pushReferrer(registry, { artifactType: "text/x-there" }, "library/other");
  const below = await pushReferrer(registry, { artifactType: "text/x-below" }, "library/hello/world");

  for (const [name, referrer] of [["hello", here], ["other", there], ["hello/world", below]] as const) {
    const listed = await registry.send("GET", `/v2/library/${name}/referrers/${SUBJECT.digest}`);

    await expectListed(listed, [referrer]);
  }
});

Deno.test("DISC-REFERRERS-I01: a manifest is listed under its own subject only", async () => {
  await using registry = await startRegistry();
  const signed = await pushReferrer(registry, { artifactType: "text/x-signature" });
  const other = await pushReferrer(registry, { subject: { ...SUBJECT, digest: signed.digest } });
  // With another algorithm, the same content has another digest, and so it is another subject.
  const sha512 = digestOf("the subject", "sha512");

  await expectListed(await registry.send("GET", REFERRERS), [signed]);
  await expectListed(await registry.send("GET", `/v2/library/hello/referrers/${signed.digest}`), [other]);
  await expectListed(await registry.send("GET", `/v2/library/hello/referrers/${other.digest}`), []);
  await expectListed(await registry.send("GET", `/v2/library/hello/referrers/${sha512}`), []);
});

Deno.test("DISC-REFERRERS-04: a referrer that is pushed twice, or to a tag too, is listed once", async () => {
  await using registry = await startRegistry();
  const referrer = await pushReferrer(registry);
  await pushReferrer(registry);
  await registry.pushManifest("library/hello", { ...EMPTY, subject: SUBJECT }, { tag: "note" });

  await expectListed(await registry.send("GET", REFERRERS), [referrer]);
});

Deno.test("DISC-REFERRERS-04: a referrer of sha512 is listed with that digest", async () => {
  await using registry = await startRegistry();
  const text = JSON.stringify({ ...EMPTY, subject: SUBJECT });
  await registry.pushManifest("library/hello", text, { algorithm: "sha512" });

  await expectListed(await registry.send("GET", REFERRERS), [descriptorOf(text, TYPES.index, "sha512")]);
});

Deno.test("DISC-REFERRERS-13 DISC-REFERRERS-14: a filter leaves the referrers of one type, and a header names it", async () => {
  await using registry = await startRegistry();
  const note = await pushReferrer(registry, { artifactType: "text/x-note+json" });
  await pushReferrer(registry, { artifactType: "text/x-other" });
  await pushReferrer(registry);
  const { text } = await registry.pushImage("library/hello", { subject: SUBJECT });
  const image = { ...descriptorOf(text, TYPES.image), artifactType: TYPES.config };

  for (const [type, expected] of [["text/x-note+json", note], [TYPES.config, image]] as const) {
    const listed = await registry.send("GET", `${REFERRERS}?artifactType=${encodeURIComponent(type)}`);

    assertEquals(listed.headers.get("OCI-Filters-Applied"), "artifactType");
    await expectListed(listed, [expected]);
  }
});

Deno.test("DISC-REFERRERS-10 DISC-REFERRERS-14: the header also names a filter that leaves nothing", async () => {
  await using registry = await startRegistry();
  await pushReferrer(registry, { artifactType: "text/x-note" });

  for (const path of [REFERRERS, `/v2/never/pushed/referrers/${SUBJECT.digest}`]) {
    // Types are compared whole, and as they are written.
    for (const type of ["text/x-other", "text/x", "text/x-notes", "TEXT/X-NOTE", "undefined", "null"]) {
      const listed = await registry.send("GET", `${path}?artifactType=${type}`);

      assertEquals([listed.headers.get("OCI-Filters-Applied"), await listed.json()], ["artifactType", EMPTY]);
    }
  }
});

Deno.test("DISC-REFERRERS-14: an empty filter is no filter", async () => {
  await using registry = await startRegistry();
  const referrers = [await pushReferrer(registry, { artifactType: "text/x-note" }), await pushReferrer(registry)];

  for (const query of ["artifactType=", "artifactType", "artifactType=&artifactType="]) {
    const listed = await registry.send("GET", `${REFERRERS}?${query}`);

    assertEquals(listed.headers.has("OCI-Filters-Applied"), false);
    await expectListed(listed, referrers);
  }
});

Deno.test("DISC-REFERRERS-13 DISC-REFERRERS-15: of several types, a referrer has one, and the header names the filter once", async () => {
  await using registry = await startRegistry();
  const [a, b] = [
    await pushReferrer(registry, { artifactType: "text/x-a" }),
    await pushReferrer(registry, { artifactType: "text/x-b" }),
  ];
  await pushReferrer(registry, { artifactType: "text/x-c" });

  for (
    const query of [
      "artifactType=text/x-a&artifactType=text/x-b",
      "artifactType=text/x-b&artifactType=&artifactType=text/x-a",
    ]
  ) {
    const listed = await registry.send("GET", `${REFERRERS}?${query}`);

    assertEquals(listed.headers.get("OCI-Filters-Applied"), "artifactType");
    await expectListed(listed, [a, b]);
  }
});

Deno.test("DISC-REFERRERS-14: a parameter that is no filter is left alone", async () => {
  await using registry = await startRegistry();
  const referrer = await pushReferrer(registry, { artifactType: "text/x-note" });

  const listed = await registry.send("GET", `${REFERRERS}?ArtifactType=text/x-other&annotation=a`);

  assertEquals(listed.headers.has("OCI-Filters-Applied"), false);
  await expectListed(listed, [referrer]);
});

Deno.test("DISC-REFERRERS-11 DISC-REFERRERS-12 DISC-REFERRERS-I03: more than 4 MiB come in pages, each referrer on one of them", async () => {
  await using registry = await startRegistry();
  const referrers: Descriptor[] = [];
  for (let index = 0; index < 35; index++) {
    const annotations = { index: String(index), filling: "x".repeat(250 * KIB) };
    referrers.push(await pushReferrer(registry, { annotations }));
  }

  const { pages, filters } = await follow(registry, REFERRERS);

  // 16 of them fit into 4 MiB with the text around them, and 17 do not.
  assertEquals(pages.map(({ length }) => length), [16, 16, 3]);
  assertEquals(inOrder(pages.flat()), inOrder(referrers));
  assertEquals(filters, [null, null, null]);
});

Deno.test("DISC-REFERRERS-11 DISC-REFERRERS-14: the pages of a filtered list are filtered, all of them", async () => {
  await using registry = await startRegistry();
  const notes: Descriptor[] = [];
  for (let index = 0; index < 20; index++) {
    const annotations = { index: String(index), filling: "x".repeat(250 * KIB) };
    notes.push(await pushReferrer(registry, { annotations, artifactType: `text/x-note+${index % 2}` }));
    await pushReferrer(registry, { annotations, artifactType: "text/x-other" });
  }

  const { pages, filters } = await follow(
    registry,
    `${REFERRERS}?artifactType=text/x-note%2B0&artifactType=text/x-note%2B1`,
  );

  assertEquals(pages.map(({ length }) => length), [16, 4]);
  assertEquals(inOrder(pages.flat()), inOrder(notes));
  assertEquals(filters, ["artifactType", "artifactType"]);
});

Deno.test("DISC-REFERRERS-11: a page is measured in bytes, and not in letters", async () => {
  await using registry = await startRegistry();
  const referrers: Descriptor[] = [];
  for (let index = 0; index < 20; index++) {
    // Each "€" is three bytes. So 18 of these referrers are more than 4 MiB, but 20 of them have fewer letters.
    const annotations = { index: String(index), filling: "€".repeat(80 * KIB) };
    referrers.push(await pushReferrer(registry, { annotations }));
  }

  const { pages } = await follow(registry, REFERRERS);

  assertEquals(pages.map(({ length }) => length), [17, 3]);
  assertEquals(inOrder(pages.flat()), inOrder(referrers));
});

Deno.test("DISC-REFERRERS-11 DISC-REFERRERS-12: more than a thousand small referrers are listed, each once, and the rest after any of them", async () => {
  await using registry = await startRegistry();
  const referrers: Descriptor[] = [];
  for (let index = 0; index < 1100; index++) {
    referrers.push(
      await pushReferrer(registry, { artifactType: `text/x-${index % 2}`, annotations: { a: `${index}` } }),
    );
  }
  const sorted = inOrder(referrers);

  await expectListed(await registry.send("GET", REFERRERS), sorted);
  await expectListed(await registry.send("GET", `${REFERRERS}?last=${sorted[1049].digest}`), sorted.slice(1050));
  await expectListed(
    await registry.send("GET", `${REFERRERS}?artifactType=text/x-1`),
    sorted.filter(({ artifactType }) => artifactType === "text/x-1"),
  );
});

// An older version of the registry wrote such an entry, or a person did.
Deno.test("DISC-REFERRERS-11: of an entry that is larger than an answer, the type, the digest and the size are listed", async () => {
  await using registry = await startRegistry();
  const one = await pushReferrer(registry, { artifactType: "text/x-one" });
  const large = await pushReferrer(registry, { artifactType: "text/x-large" });
  const entry = { ...large, annotations: { filling: "x".repeat(5 * 1024 * KIB) } };
  const path = `${registry.root}/library/hello/_referrers/${SUBJECT.digest}/${large.digest}.json`;
  Deno.writeTextFileSync(path, JSON.stringify(entry));

  const listed = await registry.send("GET", REFERRERS);

  assertEquals(listed.headers.has("Link"), false);
  const { mediaType, digest, size } = large;
  await expectListed(listed, [one, { mediaType, digest, size }]);
});

Deno.test("DISC-REFERRERS-09: an entry that is no JSON, or no object, does not break the list", async () => {
  await using registry = await startRegistry();
  const one = await pushReferrer(registry, { artifactType: "text/x-one" });
  const broken = await pushReferrer(registry, { artifactType: "text/x-broken" });
  const path = `${registry.root}/library/hello/_referrers/${SUBJECT.digest}/${broken.digest}.json`;

  for (const text of ["", "junk", "null"]) {
    Deno.writeTextFileSync(path, text);

    await expectListed(await registry.send("GET", REFERRERS), [one]);
  }
});

Deno.test("MGMT-MANIFEST-I01: a referrer that is deleted by its digest is not listed any more", async () => {
  await using registry = await startRegistry();
  const [gone, stays] = [await pushReferrer(registry, { artifactType: "text/x-a" }), await pushReferrer(registry)];
  await registry.send("DELETE", `/v2/library/hello/manifests/${gone.digest}`);

  await expectListed(await registry.send("GET", REFERRERS), [stays]);
  assertEquals(registry.tree("library/hello/_referrers"), [
    `library/hello/_referrers/${SUBJECT.digest}/${stays.digest}.json`,
  ]);
});

Deno.test("MGMT-TAG-I01: a referrer whose tag is deleted stays listed", async () => {
  await using registry = await startRegistry();
  const referrer = await pushReferrer(registry);
  await registry.pushManifest("library/hello", { ...EMPTY, subject: SUBJECT }, { tag: "note" });
  await registry.send("DELETE", "/v2/library/hello/manifests/note");

  await expectListed(await registry.send("GET", REFERRERS), [referrer]);
});

Deno.test("DISC-REFERRERS-I01: deleting the subject leaves its referrers listed", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage("library/hello", { tag: "latest" });
  const referrer = await pushReferrer(registry, { subject: descriptorOf(text, TYPES.image) });
  await registry.send("DELETE", `/v2/library/hello/manifests/${digest}`);

  await expectListed(await registry.send("GET", `/v2/library/hello/referrers/${digest}`), [referrer]);
});

Deno.test("DISC-REFERRERS-04: a referrer that is deleted and pushed again is listed again", async () => {
  await using registry = await startRegistry();
  const { digest } = await pushReferrer(registry);
  await registry.send("DELETE", `/v2/library/hello/manifests/${digest}`);
  const before = await registry.send("GET", REFERRERS);
  const referrer = await pushReferrer(registry);

  await expectListed(before, []);
  await expectListed(await registry.send("GET", REFERRERS), [referrer]);
});

Deno.test("DISC-REFERRERS-01 MGMT-MANIFEST-01: a delete that breaks off after the manifest leaves no referrer listed, even if another registry remembers the list", async () => {
  let isBroken = false;
  await using registry = await startRegistry({
    watch({ when, kind, path }) {
      if (when !== "before" || kind !== "remove file" || !path.includes("/_referrers/") || !isBroken) return;
      throw new Error("The process is killed.");
    },
  });
  const other = new TestRegistry(registry.root, {});
  const [stays, goes] = [await pushReferrer(registry, { artifactType: "text/x-stays" }), await pushReferrer(registry)];
  const folder = `${registry.root}/library/hello/_referrers/${SUBJECT.digest}`;
  const then = new Date(Date.now() - 60 * 60 * 1000);
  Deno.utimeSync(folder, then, then);
  await expectListed(await other.send("GET", REFERRERS), [stays, goes]);

  isBroken = true;
  const deleted = await registry.send("DELETE", `/v2/library/hello/manifests/${goes.digest}`);
  const pulled = await other.send("GET", `/v2/library/hello/manifests/${goes.digest}`);

  assertEquals([deleted.status, pulled.status], [500, 404]);
  await expectListed(await other.send("GET", REFERRERS), [stays]);
  // The client deletes it once more.
  isBroken = false;
  await registry.send("DELETE", `/v2/library/hello/manifests/${goes.digest}`);
  await expectListed(await other.send("GET", REFERRERS), [stays]);
  assertEquals(registry.tree(`library/hello/_referrers`).length, 1);
});
