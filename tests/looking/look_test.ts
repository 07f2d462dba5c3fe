/** Looking: the facts at each kind of address of a registry with real images. */

import { assert, assertEquals } from "@std/assert";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import type { Facts, PlaceLink } from "../../src/looking/facts.ts";
import { look } from "../../src/looking/look.ts";
import { type LookOptions, MOST_READ } from "../../src/looking/looking.ts";
import { descriptorOf, digestOf, randomBytes, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";
import { provenanceOf, pushArtifact, pushImage, pushIndex } from "./images.ts";

const NAME = "library/hello";

/** Looks at an address, and expects facts of one kind. They are plain data: JSON carries them as they are. */
async function lookFor<Kind extends Facts["kind"]>(
  { root }: TestRegistry,
  kind: Kind,
  text: string,
  options: LookOptions = {},
): Promise<Extract<Facts, { kind: Kind }>> {
  const facts = await look(localDisk(root), text, options);
  assertEquals(facts.kind, kind, JSON.stringify(facts));
  assertEquals(JSON.parse(JSON.stringify(facts)), facts, "the facts are not plain data");
  return facts as Extract<Facts, { kind: Kind }>;
}

const addresses = (links: readonly PlaceLink[]) => links.map(({ address }) => address);
const names = (formats: readonly { name: string }[]) => formats.map(({ name }) => name);

Deno.test("an empty root is a folder without repositories, and nothing is wrong with it", async () => {
  const facts = await look(memoryDisk(), "");
  assertEquals(facts, {
    kind: "folder",
    address: "",
    way: [],
    formats: [],
    faults: [],
    limits: [],
    next: [],
    name: "",
    repositories: { rows: [], total: 0 },
  });
});

Deno.test("a folder lists the repositories below it, each with the numbers of what it has", async () => {
  await using registry = await startRegistry();
  await pushImage(registry, NAME, { tag: "v1" });
  await registry.pushBlob("library/other", "foo");
  await registry.pushBlob("library", "foo");
  await registry.openSession("library/other");

  const { repositories, next } = await lookFor(registry, "folder", "");
  assertEquals(repositories, {
    rows: [
      { address: "library", text: "library", tags: 0, contents: 1, uploads: 0 },
      { address: NAME, text: NAME, tags: 1, contents: 3, uploads: 0 },
      { address: "library/other", text: "library/other", tags: 0, contents: 1, uploads: 1 },
    ],
    total: 3,
  });
  assertEquals(next, [{ command: "deno task look library", text: "the first repository" }]);

  const first = await lookFor(registry, "folder", "", { most: 1 });
  assertEquals([addresses(first.repositories.rows), first.repositories.next], [["library"], {
    address: "",
    after: "library",
  }]);
  const rest = await lookFor(registry, "folder", "", { most: 2, after: "library" });
  assertEquals([addresses(rest.repositories.rows), rest.repositories.next], [[NAME, "library/other"], undefined]);

  // A repository may have others below it.
  const { below } = await lookFor(registry, "repository", "library");
  assertEquals(addresses(below.rows), [NAME, "library/other"]);
});

Deno.test("a repository shows its tags, its content, what nobody needs, its size, its subjects and its uploads", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME, { tag: "v1" });
  const loose = await registry.pushBlob(NAME, "nobody needs this");
  await pushArtifact(registry, NAME, { fields: { artifactType: "text/x-note", subject: image.descriptor } });
  const session = (await registry.openSession(NAME)).split("/").at(-1)!;
  await registry.send("PATCH", `/v2/${NAME}/blobs/uploads/${session}`, { body: "foo" });

  const facts = await lookFor(registry, "repository", NAME);
  assertEquals(facts.tags.rows.map(({ changed: _, ...row }) => row), [{
    address: `${NAME}/_tags/v1`,
    text: "v1",
    digest: image.digest,
    to: `${NAME}/${image.digest}/manifest.json`,
    mediaType: TYPES.image,
    formats: [],
  }]);
  assert(!Number.isNaN(Date.parse(facts.tags.rows[0].changed!)));
  const files = registry.tree(NAME).filter((path) => /sha256.*\/(?!content-type)/.test(path));
  const sizes = files.map((path) => registry.read(path).length);
  assertEquals(
    facts.contents.rows.map(({ address }) => address).sort(),
    files.filter((path) => !path.includes("_referrers")),
  );
  assertEquals(facts.contents.total, 6);
  assert(facts.size! > 0 && sizes.length > 0);
  assertEquals(facts.loose?.map(({ digest }) => digest), [loose]);
  assertEquals([facts.subjects, facts.uploads.rows.map(({ id, size }) => [id, size])], [1, [[session, 3]]]);

  const uploads = await lookFor(registry, "uploads", `${NAME}/_uploads`);
  assertEquals(uploads.uploads.total, 1);
  const upload = await lookFor(registry, "upload", `${NAME}/_uploads/${session}`);
  assertEquals([upload.size, upload.isGrowing, upload.content.text], [3, false, "foo"]);
});

Deno.test("long lists come in parts: of tags, and of contents if a digest says where to go on", async () => {
  await using registry = await startRegistry();
  const { digest } = await pushImage(registry, NAME, { tag: "a0" });
  for (const tag of ["v1", "v2", "v3"]) {
    await registry.pushManifest(NAME, registry.read(`${NAME}/${digest}/manifest.json`), { tag });
  }

  const first = await lookFor(registry, "tags", `${NAME}/_tags`, { most: 3 });
  assertEquals(first.tags.rows.map(({ text }) => text), ["a0", "v1", "v2"]);
  assertEquals([first.tags.total, first.tags.next], [4, { address: `${NAME}/_tags`, after: "v2" }]);
  const { tags, contents } = await lookFor(registry, "repository", NAME, { most: 3, after: "v2" });
  assertEquals([tags.rows.map(({ text }) => text), tags.next, contents.rows.length], [["v3"], undefined, 3]);

  const [one, other, last] = contents.rows.map(({ digest }) => digest);
  const rest = await lookFor(registry, "repository", NAME, { most: 3, after: other });
  assertEquals([rest.contents.rows.map(({ digest }) => digest), rest.tags.rows[0].text], [[last], "a0"]);
  assert(one < other);
});

Deno.test("a tag shows when it was set, and the image that it points to with config, layers and what made them", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME, {
    tag: "v1",
    layers: [[{ name: "one" }], [{ name: "two" }]],
    commands: ["/bin/sh -c #(nop) ADD file:0 in / ", "RUN /bin/sh -c make # buildkit"],
    fields: { annotations: { "org.opencontainers.image.version": "1.0", "com.example": "x" } },
  });

  const { target, ...tag } = await lookFor(registry, "tag", `${NAME}:v1`);
  assertEquals([tag.address, tag.digest, tag.faults], [`${NAME}/_tags/v1`, image.digest, []]);
  assert(target?.kind === "manifest");
  assertEquals([target.address, target.mediaType, target.shape, target.tags], [
    `${NAME}/${image.digest}/manifest.json`,
    TYPES.image,
    "image",
    ["v1"],
  ]);
  assertEquals([names(target.formats), target.platform, target.faults], [["OCI image manifest"], "linux/amd64", []]);
  assertEquals(target.config?.address, `${NAME}/${image.config.digest}/config.json`);
  assertEquals([target.image?.cmd, target.image?.env], [["/hello"], [{ name: "PATH", text: "/bin" }]]);
  assertEquals(
    target.layers.map(({ number, digest, diffId, made, actualSize }) => ({ number, digest, diffId, made, actualSize })),
    [
      ...["ADD file:0 in /", "RUN make"].map((command, number) => ({
        number,
        digest: image.layers[number].digest,
        diffId: image.diffIds[number],
        made: {
          command,
          createdBy: ["/bin/sh -c #(nop) ADD file:0 in / ", "RUN /bin/sh -c make # buildkit"][number],
          comment: "buildkit.dockerfile.v0",
          created: "2026-01-02T03:04:05Z",
          layer: number,
        },
        actualSize: image.layers[number].size,
      })),
    ],
  );
  assertEquals(target.image?.history.at(-1), {
    command: 'CMD ["/hello"]',
    createdBy: '/bin/sh -c #(nop)  CMD ["/hello"]',
  });
  assertEquals(target.annotations, [
    { name: "org.opencontainers.image.version", text: "1.0", what: "The version of the packaged software." },
    { name: "com.example", text: "x" },
  ]);
});

Deno.test("the JSON of a manifest is there as it was pushed, and each field has a sentence, digests have links", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME);
  const { json } = await lookFor(registry, "manifest", `${NAME}@${image.digest}`);

  assertEquals(json.text, registry.read(`${NAME}/${image.digest}/manifest.json`));
  assertEquals([json.isWhole, json.broken], [true, undefined]);
  assertEquals(json.fields.filter(({ what }) => what === undefined), []);
  assertEquals(json.fields.find(({ pointer }) => pointer === "/layers/0/digest"), {
    pointer: "/layers/0/digest",
    name: "digest",
    depth: 3,
    type: "text",
    value: image.layers[0].digest,
    what: "The hash of the content. It is the name of the content, and it shows whether the bytes are right.",
    spec: "https://github.com/opencontainers/image-spec/blob/13cff54/descriptor.md#digests",
    link: {
      address: `${NAME}/${image.layers[0].digest}/layer.tar.gz`,
      text: `${image.layers[0].digest.slice(0, 19)}…`,
    },
  });

  const field = await lookFor(registry, "field", `${NAME}@${image.digest}#/layers/0`);
  assertEquals([field.fields.length, field.descriptor?.digest, names(field.formats)], [4, image.layers[0].digest, [
    "OCI layer, gzip",
  ]]);
  assertEquals(field.next[0].command, `deno task look ${NAME}@${image.layers[0].digest.slice(0, 19)}`);
  const config = await lookFor(registry, "field", `${NAME}@${image.config.digest}#/rootfs/diff_ids/0`);
  assertEquals(config.fields.map(({ value }) => value), [...image.diffIds]);
  assert(config.fields[0].what?.startsWith("The hash of one unpacked layer."));

  const { near, text } = await lookFor(registry, "missing", `${NAME}@${image.digest}#/layer/0`);
  assertEquals([text, near[0].text], ["It has nothing at /layer/0.", "#/layers/0"]);
});

Deno.test("an index shows its children by platform; an attestation of BuildKit belongs to its image and is no platform", async () => {
  await using registry = await startRegistry();
  const amd64 = await pushImage(registry, NAME);
  const arm64 = await pushImage(registry, NAME, { config: { architecture: "arm64" } });
  const attestation = await pushArtifact(registry, NAME, {
    layers: [["application/vnd.in-toto+json", JSON.stringify(provenanceOf(amd64.digest))]],
  });
  const index = await pushIndex(registry, NAME, [
    { ...amd64.descriptor, platform: { os: "linux", architecture: "amd64" } },
    { ...arm64.descriptor, platform: { os: "linux", architecture: "arm64", variant: "v8" } },
    {
      ...attestation.descriptor,
      platform: { os: "unknown", architecture: "unknown" },
      annotations: { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": amd64.digest },
    },
  ], { tag: "latest" });
  const outer = await pushIndex(registry, NAME, [index.descriptor], { tag: "outer" });

  const { children, formats, shape } = await lookFor(registry, "manifest", `${NAME}@${index.digest}`);
  assertEquals([shape, names(formats)], ["index", ["OCI index"]]);
  assertEquals(
    children.rows.map((
      { pointer, digest, platform, about, formats },
    ) => [pointer, digest, platform, about, formats[0].name]),
    [
      ["/manifests/0", amd64.digest, "linux/amd64", undefined, "OCI image manifest"],
      ["/manifests/1", arm64.digest, "linux/arm64/v8", undefined, "OCI image manifest"],
      ["/manifests/2", attestation.digest, "unknown/unknown", amd64.digest, "BuildKit attestation"],
    ],
  );

  const image = await lookFor(registry, "manifest", `${NAME}@${amd64.digest}`);
  assertEquals(image.parents.map(({ digest, tags }) => [digest, tags]), [[index.digest, ["latest"]]]);
  assertEquals(image.claims.map(({ digest, by, formats }) => [digest, by, formats[0].name]), [
    [attestation.digest, "index", "BuildKit attestation"],
  ]);

  const nested = await lookFor(registry, "manifest", `${NAME}@${outer.digest}`);
  assertEquals(names(nested.children.rows[0].formats), ["Nested index", "OCI index"]);
  assertEquals((await lookFor(registry, "manifest", `${NAME}@${index.digest}`)).parents.length, 1);
});

Deno.test("an index of 10,000 children shows a part of them, and nothing else of it is looked at", async () => {
  await using registry = await startRegistry({ allowSparse: true });
  const manifests = Array.from({ length: 10_000 }, (_, index) => descriptorOf(`child ${index}`, TYPES.image));
  const { digest } = await pushIndex(registry, NAME, manifests);

  const { children, json, limits, faults } = await lookFor(registry, "manifest", `${NAME}@${digest}`);
  assertEquals([children.rows.length, children.total], [100, 10_000]);
  assertEquals(children.next, { address: `${NAME}/${digest}/manifest.json`, after: "/manifests/99" });
  assertEquals([json.fields.length, limits], [2000, [
    "Only the first MiB of the manifest is shown.",
    "Only the first 2000 fields of the manifest are explained.",
  ]]);
  assertEquals(faults.length, 100);
  const last = await lookFor(registry, "manifest", `${NAME}@${digest}`, { after: "/manifests/9998" });
  assertEquals([last.children.rows.map(({ digest }) => digest), last.children.next], [
    [manifests[9999].digest],
    undefined,
  ]);
});

Deno.test("referrers of referrers of referrers are a tree, with cosign's tags beside it", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME, { tag: "v1" });
  const refer = (type: string, subject: object) =>
    pushArtifact(registry, NAME, { fields: { artifactType: type, subject, annotations: { made: type } } });
  const sbom = await refer("application/spdx+json", image.descriptor);
  const signature = await refer("application/vnd.cncf.notary.signature", sbom.descriptor);
  const countersignature = await refer("text/x-counter", signature.descriptor);
  await pushArtifact(registry, NAME, { tag: `${image.digest.replace(":", "-")}.sig` });

  await pushArtifact(registry, NAME, { tag: "v2" });
  const { referrers, claims } = await lookFor(registry, "manifest", `${NAME}@${image.digest}`);
  const drawn = (nodes: typeof referrers): unknown =>
    nodes.map(({ digest, artifactType, formats, annotations, referrers }) => [
      digest,
      artifactType,
      formats[0].name,
      annotations[0].text,
      drawn(referrers),
    ]);
  assertEquals(drawn(referrers), [[
    sbom.digest,
    "application/spdx+json",
    "SPDX bill of materials",
    "application/spdx+json",
    [
      [
        signature.digest,
        "application/vnd.cncf.notary.signature",
        "Notation signature",
        "application/vnd.cncf.notary.signature",
        [[countersignature.digest, "text/x-counter", "Artifact", "text/x-counter", []]],
      ],
    ],
  ]]);
  assertEquals(claims.map(({ by, formats }) => [by, formats[0].name]), [["tag", "cosign signatures"]]);
  // What to look at next, or to compare, is no tag of cosign.
  const commands = (await lookFor(registry, "repository", NAME)).next.map(({ command }) => command);
  assertEquals(commands, [`deno task look ${NAME}:v1`, `deno task diff ${NAME}:v1 ${NAME}:v2`]);
  const tag = await lookFor(registry, "tag", `${NAME}:${image.digest.replace(":", "-")}.sig`);
  assertEquals([names(tag.formats), tag.about?.address], [
    ["cosign signatures"],
    `${NAME}/${image.digest}/manifest.json`,
  ]);

  const list = await lookFor(registry, "referrers", `${NAME}/_referrers/${image.digest}`);
  assertEquals([drawn(list.referrers), list.subject?.address], [drawn(referrers), tag.about?.address]);
  const entry = await lookFor(registry, "field", `${NAME}/_referrers/${image.digest}/${sbom.digest}.json`);
  assertEquals(entry.descriptor?.digest, sbom.digest);
  const { subjects } = await lookFor(registry, "subjects", `${NAME}/_referrers`);
  assertEquals(subjects.rows.map(({ referrers, isThere }) => [referrers, isThere]), Array(3).fill([1, true]));
});

Deno.test("a manifest shows which blobs it shares with others of its repository, and with other repositories", async () => {
  await using registry = await startRegistry();
  const base = [{ name: "base", content: "the same in both" }];
  const one = await pushImage(registry, NAME, { tag: "v1", layers: [base] });
  const two = await pushImage(registry, NAME, { tag: "v2", layers: [base, [{ name: "more" }]] });
  const [layer] = one.layers;
  const mount = await registry.send("POST", `/v2/library/copy/blobs/uploads/?mount=${layer.digest}&from=${NAME}`);
  assertEquals(mount.status, 201);

  const { shared } = await lookFor(registry, "manifest", `${NAME}@${one.digest}`);
  assertEquals(shared.map(({ text: _, ...row }) => row), [
    {
      address: `${NAME}/${two.digest}/manifest.json`,
      digest: two.digest,
      tags: ["v2"],
      blobs: [layer.digest],
      size: layer.size,
    },
    { address: "library/copy", tags: [], blobs: [layer.digest], size: layer.size },
  ]);
  const blob = await lookFor(registry, "blob", `${NAME}@${layer.digest}`);
  assertEquals([blob.names, addresses(blob.elsewhere)], [2, [`library/copy/${layer.digest}/layer.tar.gz`]]);
  assertEquals(
    blob.neededBy?.map(({ address, pointer, tags }) => [address.split("#")[0], pointer, tags]).sort(),
    [
      [`${NAME}/${one.digest}/manifest.json`, "/layers/0", ["v1"]],
      [`${NAME}/${two.digest}/manifest.json`, "/layers/0", ["v2"]],
    ].sort(),
  );
});

Deno.test("two artifacts share nothing if they have only the empty config in common", async () => {
  await using registry = await startRegistry();
  const { digest } = await pushArtifact(registry, NAME, { layers: [["text/plain", "one"]] });
  await pushArtifact(registry, NAME, { layers: [["text/plain", "two"]] });
  assertEquals((await lookFor(registry, "manifest", `${NAME}@${digest}`)).shared, []);
});

Deno.test("where a repository has very many manifests, nobody says that a blob is needed by none", async () => {
  await using registry = await startRegistry();
  const blob = await registry.pushBlob(NAME, "foo");
  for (let number = 0; number <= MOST_READ.manifests; number++) {
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPES.index,
      manifests: [],
      annotations: { number: `${number}` },
    });
    const folder = `${registry.root}/${NAME}/${digestOf(text)}`;
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(`${folder}/manifest.json`, text);
    Deno.writeTextFileSync(`${folder}/content-type`, TYPES.index);
  }
  const limit = `${NAME} has more than 1000 manifests, or long ones. Only the first were read.`;
  const { neededBy, limits } = await lookFor(registry, "blob", `${NAME}@${blob}`);
  assertEquals([neededBy, limits], [undefined, [limit]]);
  const repository = await lookFor(registry, "repository", NAME);
  assertEquals([repository.loose, repository.contents.total, repository.limits], [undefined, MOST_READ.manifests + 2, [
    limit,
  ]]);
});

Deno.test("a layer is read right from a disk that uses the memory of its pieces again", async () => {
  await using registry = await startRegistry();
  const content = randomBytes(3_000_000);
  const { layers: [{ digest }], diffIds } = await pushImage(registry, NAME, { layers: [[{ name: "noise", content }]] });
  const facts = await look(localDisk(registry.root, { sharesBytes: true }), `${NAME}@${digest}`, { diffId: true });
  assertEquals(facts.kind === "blob" && facts.layer?.diffId, diffIds[0]);
});

Deno.test("a blob is what its bytes are: text, JSON, a program, or nothing in particular", async () => {
  await using registry = await startRegistry();
  const text = await lookFor(registry, "blob", `${NAME}@${await registry.pushBlob(NAME, "Grüße\n")}`);
  assertEquals([text.content?.is.kind, text.content?.text, text.content?.isWhole, text.neededBy], [
    "text",
    "Grüße\n",
    true,
    [],
  ]);
  const json = await lookFor(registry, "blob", `${NAME}@${await registry.pushBlob(NAME, '{"bomFormat":"CycloneDX"}')}`);
  assertEquals([names(json.formats), json.json?.fields.length], [["CycloneDX bill of materials"], 2]);
  const wasm = await registry.pushBlob(NAME, new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  assertEquals(names((await lookFor(registry, "blob", `${NAME}@${wasm}`)).formats), ["Wasm binary"]);
  const bytes = new Uint8Array(5000).fill(0xfe);
  const blob = await lookFor(registry, "blob", `${NAME}@${await registry.pushBlob(NAME, bytes)}`);
  assertEquals([blob.content?.text, blob.content?.size, Uint8Array.fromBase64(blob.content!.head).length], [
    undefined,
    5000,
    4096,
  ]);
  const empty = await lookFor(registry, "blob", `${NAME}@${await registry.pushBlob(NAME, "")}`);
  assertEquals([empty.content?.is.kind, empty.size], ["empty", 0]);
});

Deno.test("the claims in attestations and signatures are taken out of their envelopes, and nobody says that they are true", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME);
  const statement = provenanceOf(image.digest);
  const link = { address: `${NAME}/${image.digest}/manifest.json`, text: `${image.digest.slice(0, 19)}…` };
  const claimOf = async (json: object) => {
    const digest = await registry.pushBlob(NAME, JSON.stringify(json));
    const { statement } = await lookFor(registry, "blob", `${NAME}@${digest}`);
    assert(statement !== undefined, JSON.stringify(json));
    const { warning, payload: _, formats, ...claim } = statement;
    assert(warning.startsWith("Nobody has checked the signature"));
    return { ...claim, formats: names(formats) };
  };
  const provenance = {
    type: "https://in-toto.io/Statement/v1",
    predicateType: "https://slsa.dev/provenance/v1",
    formats: ["SLSA provenance"],
    subjects: [{ name: "pkg:docker/library/hello@v1", digest: image.digest, link }],
    builder: "https://github.com/docker/build-push-action",
    buildType: "https://mobyproject.org/buildkit@v1",
    materials: [{ uri: "pkg:docker/alpine@3", digest: `sha256:${"0".repeat(64)}` }],
  };
  assertEquals<unknown>(await claimOf(statement), provenance);

  const payloadType = "application/vnd.in-toto+json";
  const dsse = {
    payloadType,
    payload: btoa(JSON.stringify(statement)),
    signatures: [{ keyid: "k1", sig: "" }, { sig: "" }],
  };
  const envelope = { payloadType, signatures: 2, keys: ["k1"] };
  assertEquals<unknown>(await claimOf(dsse), { ...provenance, envelope });
  assertEquals<unknown>(
    await claimOf({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { certificate: { rawBytes: "" }, tlogEntries: [{}] },
      dsseEnvelope: dsse,
    }),
    { ...provenance, envelope, certificate: true, logEntries: 1 },
  );

  // SLSA 0.2 has other places for the same.
  const older = { builder: { id: "b" }, buildType: "t", materials: [{ uri: "m" }] };
  const { builder, buildType, materials } = await claimOf({ ...statement, predicate: older }) as typeof provenance;
  assertEquals([builder, buildType, materials], ["b", "t", [{ uri: "m" }]] as unknown[]);

  const signed = {
    critical: {
      identity: { "docker-reference": "example.com/hello" },
      image: { "docker-manifest-digest": image.digest },
      type: "cosign container image signature",
    },
    optional: null,
  };
  const subjects = [{ name: "example.com/hello", digest: image.digest, link }];
  assertEquals<unknown>(await claimOf(signed), {
    type: "cosign container image signature",
    formats: [],
    subjects,
    materials: [],
  });
  const target = { targetArtifact: { mediaType: TYPES.image, digest: image.digest, size: 3 } };
  const payload = btoa(JSON.stringify(target)).replace(/=+$/, "");
  assertEquals<unknown>(await claimOf({ payload, protected: "e30", signature: "AA", header: {} }), {
    formats: [],
    subjects: [{ name: TYPES.image, digest: image.digest, link }],
    materials: [],
    envelope: { payloadType: "JWS", signatures: 1, keys: [] },
  });
  const broken = await claimOf({ payloadType, payload: "%", signatures: [] });
  assertEquals<unknown>(broken.broken, "The payload is not base64.");
});

Deno.test("a layer shows its entries, and a path in it a folder, a file, or where a link leads", async () => {
  await using registry = await startRegistry();
  const { layers: [layer] } = await pushImage(registry, NAME, {
    layers: [[
      { name: "etc/", type: "5" },
      { name: "etc/motd", content: "Hello\n" },
      { name: "bin", type: "2", link: "usr/bin" },
      { name: "usr/bin/sh", content: "#!/bin/dash\n" },
      { name: "etc/message", type: "1", link: "etc/motd" },
      { name: "etc/.wh.old" },
      { name: "usr/local", type: "2", link: "/bin" },
      { name: "usr/round", type: "2", link: "round" },
    ]],
  });
  const at = `${NAME}/${layer.digest}/layer.tar.gz`;

  const blob = await lookFor(registry, "blob", `${NAME}@${layer.digest}`, { diffId: true, whole: true });
  assertEquals([blob.layer?.packing.kind, blob.layer?.entries, blob.layer?.whiteouts], ["gzip", 8, 1]);
  assertEquals(blob.layer?.whole?.entries.length, 8);
  assertEquals(blob.layer?.top.rows.map(({ text, kind, size, address }) => [text, kind, size, address]), [
    ["bin", "symbolic link", 0, `${at}!/bin`],
    ["etc", "folder", 6, `${at}!/etc`],
    ["usr", "folder", 12, `${at}!/usr`],
  ]);

  const folder = await lookFor(registry, "file", `${at}!/etc`);
  assertEquals(folder.entries?.rows.map(({ text, target, whiteout }) => [text, target, whiteout?.path]), [
    [".wh.old", undefined, "etc/old"],
    ["message", "etc/motd", undefined],
    ["motd", undefined, undefined],
  ]);
  const file = await lookFor(registry, "file", `${NAME}@${layer.digest}!/etc/motd`);
  assertEquals([file.address, file.content?.text, file.row.mode], [`${at}!/etc/motd`, "Hello\n", "rw-r--r--"]);
  assertEquals([file.isStacked, file.layers], [false, undefined]);
  const hard = await lookFor(registry, "file", `${at}!/etc/message`);
  assertEquals([hard.content?.text, hard.leadsTo?.address], ["Hello\n", `${at}!/etc/motd`]);
  const link = await lookFor(registry, "file", `${at}!/bin`);
  assertEquals([link.leadsTo?.address, link.content], [`${at}!/usr/bin`, undefined]);
  const absolute = await lookFor(registry, "file", `${at}!/usr/local/sh`);
  assertEquals([absolute.path, absolute.content?.text], ["usr/bin/sh", "#!/bin/dash\n"]);
  const round = await lookFor(registry, "missing", `${at}!/usr/round/x`);
  assertEquals(round.text, "There is no /usr/round/x in it.");
  const through = await lookFor(registry, "file", `${at}!/bin/sh`);
  assertEquals([through.path, through.asked, through.content?.is.interpreter], ["usr/bin/sh", "bin/sh", "/bin/dash"]);

  const { text, near } = await lookFor(registry, "missing", `${at}!/motd`);
  assertEquals([text, near.map(({ text }) => text)], ["There is no /motd in it.", ["/etc/motd"]]);
});

Deno.test("the layers of an image are stacked as a container sees them, and each layer that has a path is named", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME, {
    tag: "latest",
    layers: [
      [{ name: "etc/motd", content: "first" }, { name: "etc/gone", content: "old" }],
      [{ name: "etc/motd", content: "second" }, { name: "etc/.wh.gone" }, {
        name: "same",
        type: "1",
        link: "etc/motd",
      }],
    ],
  });
  const at = `${NAME}/${image.digest}/manifest.json`;

  await registry.pushManifest(NAME, { schemaVersion: 2, mediaType: TYPES.index, manifests: [] }, { tag: "a" });
  const root = await lookFor(registry, "file", `${NAME}!/`);
  assertEquals([root.address, root.entries?.rows.map(({ text, layer }) => [text, layer])], [`${at}!/`, [["etc", 0], [
    "same",
    1,
  ]]]);
  const motd = await lookFor(registry, "file", `${NAME}:latest!/etc/motd`);
  assertEquals([motd.content?.text, motd.digest, motd.isStacked], ["second", image.layers[1].digest, true]);
  assertEquals(motd.layers?.map(({ layer, size, address }) => [layer, size, address]), [
    [0, 5, `${NAME}/${image.layers[0].digest}/layer.tar.gz!/etc/motd`],
    [1, 6, `${NAME}/${image.layers[1].digest}/layer.tar.gz!/etc/motd`],
  ]);
  assertEquals((await lookFor(registry, "file", `${at}!/same`)).content?.text, "second");

  const gone = await lookFor(registry, "missing", `${NAME}:latest!/etc/gone`);
  assertEquals([gone.text, addresses(gone.near)], [
    "A container sees no /etc/gone: layer 0 has it, and layer 1 removes it.",
    [`${NAME}/${image.layers[0].digest}/layer.tar.gz!/etc/gone`],
  ]);
});

Deno.test("a hard link to a file of a lower layer has the bytes of that file", async () => {
  await using registry = await startRegistry();
  await pushImage(registry, NAME, {
    tag: "v1",
    layers: [
      [{ name: "other", content: "another" }, { name: "file", content: "below" }],
      [{ name: "link", type: "1", link: "file" }],
    ],
  });
  assertEquals((await lookFor(registry, "file", `${NAME}!/link`)).content?.text, "below");
});

Deno.test("of an index, the image for linux/amd64 is stacked, and that is said", async () => {
  await using registry = await startRegistry();
  const arm64 = await pushImage(registry, NAME, { layers: [[{ name: "which", content: "arm64" }]] });
  const amd64 = await pushImage(registry, NAME, { layers: [[{ name: "which", content: "amd64" }]] });
  const platform = (architecture: string) => ({ platform: { os: "linux", architecture } });
  const unknown = { platform: { os: "unknown", architecture: "unknown" } };
  const note = await pushArtifact(registry, NAME, {});
  const index = await pushIndex(registry, NAME, [
    { ...note.descriptor, ...unknown },
    { ...arm64.descriptor, ...platform("arm64") },
    { ...amd64.descriptor, ...platform("amd64") },
  ], { tag: "latest" });

  const { content, platform: taken, limits } = await lookFor(registry, "file", `${NAME}:latest!/which`);
  assertEquals([content?.text, taken], ["amd64", "linux/amd64"]);
  const short = (digest: string) => `${digest.slice(0, 19)}…`;
  assertEquals(limits, [
    `${short(index.digest)} is an index of 2. This is the image for linux/amd64, ${short(amd64.digest)}.`,
  ]);
});

Deno.test("a layer that is in the memory of the options is not read again", async () => {
  await using registry = await startRegistry();
  const { layers: [{ digest }] } = await pushImage(registry, NAME, { tag: "v1" });
  const layers = new Map();
  await lookFor(registry, "file", `${NAME}:v1!/`, { layers });
  assertEquals([...layers.keys()], [digest]);
  Deno.writeTextFileSync(`${registry.root}/${NAME}/${digest}/layer.tar.gz`, "no longer an archive");
  const { entries } = await lookFor(registry, "file", `${NAME}:v1!/`, { layers });
  assertEquals(entries?.rows.map(({ text }) => text), ["hello.txt"]);
});

Deno.test("what is not there: the nearest repositories, tags, digests, files and paths are named", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME, { tag: "latest" });
  await pushImage(registry, "library/other", { tag: "v1" });
  const near = async (text: string) => {
    const facts = await lookFor(registry, "missing", text);
    return [facts.text, ...facts.near.map(({ text }) => text)];
  };
  assertEquals(await near("library/helo"), ["There is no repository library/helo.", NAME]);
  assertEquals(await near("hello:latest"), ["There is no repository hello.", NAME]);
  assertEquals(await near("zzz"), ["There is no repository zzz.", NAME, "library/other"]);
  assertEquals(await near(`${NAME}:lastest`), [`${NAME} has no tag lastest.`, `${NAME}:latest`]);
  await pushArtifact(registry, NAME, { tag: image.digest.replace(":", "-") });
  assertEquals(await near(`${NAME}:zzz`), [`${NAME} has no tag zzz.`, `${NAME}:latest`]);
  assertEquals(await near("library/other!/etc/motd"), ["There is no /etc/motd in it."]);
  const wrong = `${image.digest.slice(0, 12)}${"0".repeat(59)}`;
  assertEquals(await near(`${NAME}@${wrong}`), [
    `${NAME} has no ${wrong.slice(0, 19)}….`,
    `${NAME}@${image.digest.slice(0, 19)}…`,
  ]);
  assertEquals(await near(`${NAME}/${image.digest}/blob`), [
    `${NAME}/${image.digest.slice(0, 19)}… has no file blob.`,
    "content-type",
    "manifest.json",
  ]);
  assertEquals(await near(`${NAME}/_uploads`), [`${NAME} has no uploads, or not this one.`, NAME]);
  assertEquals(await near(`${NAME}/_referrers/${image.digest}`), [
    `Nothing in ${NAME} refers to ${image.digest.slice(0, 19)}….`,
  ]);
});

Deno.test("the beginning of a digest is enough if only one begins so, and otherwise all of them are named", async () => {
  await using registry = await startRegistry();
  // Two contents whose digests begin with the same four digits.
  const all = Array.from({ length: 2000 }, (_, index) => `blob ${index}`);
  const twins = [...Map.groupBy(all, (text) => digestOf(text).slice(0, 11)).values()].find(({ length }) => length > 1)!;
  const digests = [];
  for (const text of twins) digests.push(await registry.pushBlob(NAME, text));

  assertEquals((await lookFor(registry, "blob", `${NAME}@${digests[0].slice(0, 30)}…`)).digest, digests[0]);
  const { text, near } = await lookFor(registry, "missing", `${NAME}@${digests[0].slice(0, 11)}`);
  assertEquals(text, `${digests.length} digests of ${NAME} begin with ${digests[0].slice(0, 11)}.`);
  assertEquals(near.map(({ text }) => text).sort(), digests.map((digest) => `${NAME}@${digest}`).sort());
});

Deno.test("a repository that a person may not see looks as if it were not there, everywhere", async () => {
  await using registry = await startRegistry();
  const { digest, layers: [layer] } = await pushImage(registry, "secret/hello", { tag: "v1" });
  await registry.send("POST", `/v2/${NAME}/blobs/uploads/?mount=${layer.digest}&from=secret/hello`);
  const maySee = (name: string) => !name.startsWith("secret/");

  for (
    const text of [
      "secret",
      "secret/hello",
      "secret/hello:v1",
      `secret/hello@${digest}`,
      "secret/hello!/",
      "secret/hello/_tags",
    ]
  ) {
    const facts = await lookFor(registry, "missing", text, { maySee });
    assert(!JSON.stringify([facts.text, facts.near]).includes("secret/hello/"), JSON.stringify(facts));
    assertEquals(addresses(facts.near), [NAME]);
  }
  assertEquals(addresses((await lookFor(registry, "folder", "", { maySee })).repositories.rows), [NAME]);
  assertEquals((await lookFor(registry, "blob", `${NAME}@${layer.digest}`, { maySee })).elsewhere, []);
});

Deno.test("a text that is no address is told so", async () => {
  await using registry = await startRegistry();
  const facts = await lookFor(registry, "invalid", "Library");
  assertEquals([facts.actual, facts.address], ['"Library"; did you mean library?', "Library"]);
  assertEquals(
    (await lookFor(registry, "invalid", "library#/x")).expected,
    "a document in front of the #, such as …/manifest.json#/layers/0",
  );
});
