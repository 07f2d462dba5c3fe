/** The samples: their digests, what is in them, and what the bad ones meet. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { verify as verifySignature } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { fill } from "../../src/filling/fill.ts";
import { FillError } from "../../src/filling/files.ts";
import { createSwitches } from "../../src/composing/switches/switches.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import type { Facts } from "../../src/looking/facts.ts";
import { look } from "../../src/looking/look.ts";
import { verify } from "../../src/housekeeping/verify.ts";
import { HERE, Inside, type InsideCall, type InsideFacts } from "../../src/page/inside.ts";
import { createRegistry } from "../../src/registry.ts";
import { startRegistry as startListening } from "../../src/mod.ts";
import { describeSample, SAMPLE_NAMES, samples } from "../../src/samples_mod.ts";
import { pushSample } from "../../src/workshop/samples/pushing.ts";
import { publicKeyOfSamples } from "../../src/workshop/samples/signature_of_sample.ts";
import { bytes, digestOf } from "../fixture.ts";

const nameOf = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const ofKind = (...kinds: string[]) => SAMPLE_NAMES.filter((name) => kinds.includes(describeSample(name).kind));

/** Pushes samples into a registry in memory. */
async function worldOf(...names: readonly string[]) {
  const disk = memoryDisk();
  const registry = createRegistry({ disk });
  const pushed = [];
  for (const name of names) pushed.push(await pushSample(registry, name, { disk }));
  const lookAt = async <Kind extends Facts["kind"]>(kind: Kind, address: string) => {
    const facts = await look(disk, address, { diffId: true, whole: true });
    assertEquals(facts.kind, kind, JSON.stringify(facts));
    return facts as Extract<Facts, { kind: Kind }>;
  };
  const pull = async (path: string) => {
    const response = await registry(new Request(`http://localhost/v2/${path}`));
    assertEquals(response.status, 200);
    return await response.bytes();
  };
  const faults = async () => {
    const found = [];
    for await (const { kind, path, text } of verify(disk)) if (kind === "fault") found.push(`${path} ${text}`);
    return found;
  };
  return { disk, registry, pushed, lookAt, pull, faults };
}

Deno.test("the digests of the samples never change", async () => {
  const table = await Deno.readTextFile(new URL("digests.tsv", import.meta.url));
  const listed = Object.entries(samples).flatMap(([key, layout]) =>
    JSON.parse(layout["index.json"] as string).manifests.map((
      { digest, annotations }: { digest: string; annotations?: Record<string, string> },
    ) => `${nameOf(key)}\t${annotations?.["org.opencontainers.image.ref.name"]?.split(":")[1] ?? "-"}\t${digest}`)
  );
  assertEquals(listed, table.trimEnd().split("\n").slice(1));
  for (const layout of Object.values(samples)) {
    for (const [path, content] of Object.entries(layout)) {
      if (path.startsWith("blobs/")) assertEquals(digestOf(content).replace(":", "/"), path.slice("blobs/".length));
    }
  }
});

Deno.test("every sample has a name for paths, and a sentence that says what it is for", () => {
  for (const name of SAMPLE_NAMES) {
    const { purpose, kind, meets } = describeSample(name);
    assert(/^[a-z]+(?:-[a-z]+)*$/.test(name), name);
    assert(/^[A-Z].*\.$/.test(purpose), purpose);
    assertEquals(meets === undefined, kind === "good", name);
  }
});

Deno.test("with the good samples nothing is wrong: not in a manifest, not in a layer, and not on the disk", async () => {
  const { disk, faults, lookAt } = await worldOf(...ofKind("good"));
  assertEquals(await faults(), []);
  for (const name of ofKind("good")) {
    const repository = await lookAt("repository", `samples/${name}`);
    for (const { digest } of [...repository.contents.rows, ...repository.tags.rows]) {
      const facts = await look(disk, `samples/${name}@${digest}`, { diffId: true });
      assertEquals([facts.faults, facts.limits], [[], []], `${name}@${digest}`);
      if (facts.kind !== "blob" || facts.layer === undefined) continue;
      assertEquals(facts.layer.table?.differences ?? [], []);
      assertEquals(facts.layer.diffId === undefined, false);
    }
  }
});

Deno.test("each good sample is recognised as what it is", async () => {
  const { lookAt } = await worldOf(...ofKind("good"));
  const formatsOf = async (address: string) => {
    const { target } = await lookAt("tag", address);
    assert(target?.kind === "manifest");
    const parts = [...target.layers, ...target.children.rows];
    return [target, ...parts].map(({ formats: [format] }) => format?.name);
  };
  const expected = {
    "hello:latest": ["OCI image manifest", "OCI layer, gzip", "OCI layer, gzip"],
    "platforms:latest": ["OCI index", "OCI image manifest", "OCI image manifest"],
    "estargz:latest": ["OCI image manifest", "eStargz"],
    "zstd-chunked:latest": ["OCI image manifest", "zstd:chunked"],
    "attestations:latest": ["OCI index", "OCI image manifest", "BuildKit attestation"],
    "helm-chart:0.1.0": ["Helm chart", "Helm chart content"],
    "wasm:latest": ["Wasm component", "Wasm binary"],
    "empty-artifact:latest": ["Artifact", "Empty descriptor"],
  };
  for (const [name, formats] of Object.entries(expected)) assertEquals(await formatsOf(`samples/${name}`), formats);
});

Deno.test("hello: a container of it sees a text and a program, and the program is one for Linux", async () => {
  const { lookAt } = await worldOf("hello");
  const text = await lookAt("file", "samples/hello:latest!/etc/motd");
  assertEquals(text.content?.text, "You can see through this.\n");
  const program = await lookAt("file", "samples/hello:latest!/bin/hello");
  assertEquals(program.content?.is.kind, "ELF");
  assertEquals(program.row.mode, "rwxr-xr-x");
});

Deno.test("shared-base: two images share their lowest layer, which is kept once", async () => {
  const { lookAt } = await worldOf("shared-base");
  const [v1, v2] = await Promise.all(["v1", "v2"].map((tag) => lookAt("tag", `samples/shared-base:${tag}`)));
  assert(v1.target?.kind === "manifest" && v2.target?.kind === "manifest");
  assertEquals(v1.target.layers[0].digest, v2.target.layers[0].digest);
  assertEquals(v1.target.layers[1].digest === v2.target.layers[1].digest, false);
});

Deno.test("whiteouts: a container sees neither the removed file nor what was in the emptied folder", async () => {
  const { lookAt } = await worldOf("whiteouts");
  await lookAt("missing", "samples/whiteouts:latest!/etc/password");
  const { entries } = await lookAt("file", "samples/whiteouts:latest!/var/cache");
  assertEquals(entries?.rows.map(({ text }) => text), ["three"]);
});

Deno.test("referrers: a bill of materials and a signature refer to the image, and a signature to the bill", async () => {
  const { lookAt } = await worldOf("referrers");
  const { target } = await lookAt("tag", "samples/referrers:latest");
  assert(target?.kind === "manifest");
  const drawn = target.referrers.map(({ formats, referrers }) => [
    formats[0].name,
    referrers.map(({ formats }) => formats[0].name),
  ]).sort();
  assertEquals(drawn, [["SPDX bill of materials", ["Sigstore bundle"]], ["Sigstore bundle", []]]);
});

Deno.test("referrers: the signatures are right, and are about the digests of their subjects", async () => {
  const { lookAt, pull } = await worldOf("referrers");
  const { target } = await lookAt("tag", "samples/referrers:latest");
  assert(target?.kind === "manifest");
  const nodes = target.referrers.flatMap((node) => [node, ...node.referrers]);
  const signatures = nodes.filter(({ formats }) => formats[0].name === "Sigstore bundle");
  assertEquals(signatures.length, 2);
  for (const { digest } of signatures) {
    const manifest = JSON.parse(new TextDecoder().decode(await pull(`samples/referrers/manifests/${digest}`)));
    const layer = await pull(`samples/referrers/blobs/${manifest.layers[0].digest}`);
    const { payload, payloadType, signatures: [{ sig }] } = JSON.parse(new TextDecoder().decode(layer)).dsseEnvelope;
    const body = new TextDecoder().decode(Uint8Array.fromBase64(payload));
    const signed = bytes(`DSSEv1 ${payloadType.length} ${payloadType} ${body.length} ${body}`);
    assert(verifySignature(null, signed, publicKeyOfSamples(), Uint8Array.fromBase64(sig)));
    assertEquals(`sha256:${JSON.parse(body).subject[0].digest.sha256}`, manifest.subject.digest);
  }
});

Deno.test("wasm: the module adds", async () => {
  const { pull } = await worldOf("wasm");
  const manifest = JSON.parse(new TextDecoder().decode(await pull("samples/wasm/manifests/latest")));
  const module = await pull(`samples/wasm/blobs/${manifest.layers[0].digest}`);
  const { instance } = await WebAssembly.instantiate(module);
  assertEquals([(instance.exports.add as (a: number, b: number) => number)(2, 3), module.length], [5, 41]);
});

Deno.test("helm-chart: the chart is a gzip of files in a folder that has the chart's name", async () => {
  const { pull } = await worldOf("helm-chart");
  const manifest = JSON.parse(new TextDecoder().decode(await pull("samples/helm-chart/manifests/0.1.0")));
  const chart = gunzipSync(await pull(`samples/helm-chart/blobs/${manifest.layers[0].digest}`));
  assert(new TextDecoder().decode(chart).startsWith("helm-chart/\0"));
});

Deno.test("each refused sample meets the refusal that it announces, and nothing gets a tag", async () => {
  const { pushed, registry } = await worldOf(...ofKind("refused"));
  for (const { refusal, isAsAnnounced, meets, repository } of pushed) {
    assertEquals([isAsAnnounced, `${refusal?.status} ${refusal?.code} ${refusal?.rule}`], [true, meets!]);
    const tags = await registry(new Request(`http://localhost/v2/${repository}/tags/list`));
    assertEquals(tags.status === 200 ? (await tags.json()).tags : [], []);
  }
  assertEquals(pushed.length, 3);
});

Deno.test("a registry that takes what it should refuse, or refuses it otherwise, does not do what a sample announces", async () => {
  const sloppy = () => Promise.resolve(new Response(null, { status: 201 }));
  const { isAsAnnounced, refusal } = await pushSample(sloppy, "lying-digest");
  assertEquals([isAsAnnounced, refusal], [false, undefined]);

  const switches = createSwitches();
  const registry = createRegistry({ disk: memoryDisk(), wrappers: [switches.wrapper] });
  switches.on("too-many-requests", { times: 1 });
  const limited = await pushSample(registry, "missing-blob");
  assertEquals([limited.isAsAnnounced, limited.refusal?.status], [false, 429]);
});

Deno.test("each broken sample is taken, and a look finds what it announces, and little else", async () => {
  const { pushed, lookAt, disk } = await worldOf(...ofKind("broken"));
  const told = [];
  for (const { name, address, meets, images, repository } of pushed) {
    assertEquals((await lookAt("tag", `${repository}:latest`)).digest, images[0].digest);
    const { faults, limits } = await look(disk, address!, { diffId: true });
    assert([...faults.map(({ text }) => text), ...limits].includes(meets!), JSON.stringify([address, faults, limits]));
    told.push([name, faults.length, limits.length]);
  }
  assertEquals(told, [
    ["wrong-diff-id", 1, 0],
    ["tar-bomb", 0, 1],
    ["path-out", 1, 0],
    ["bad-checksum", 1, 0],
    // The tar in it has no end either.
    ["truncated-gzip", 2, 0],
    ["size-lie", 1, 0],
  ]);
});

Deno.test("size-lie: the registry takes the manifest, and warns", async () => {
  const registry = createRegistry({ disk: memoryDisk() });
  const warnings: (string | null)[] = [];
  await pushSample(async (request) => {
    const response = await registry(request);
    warnings.push(response.headers.get("Warning"));
    return response;
  }, "size-lie");
  assertEquals(warnings.slice(0, -1), [null, null]);
  assertStringIncludes(warnings.at(-1)!, "has 2584 bytes, but it has 2583");
});

Deno.test("wrong-diff-id: the page finds it, too", async () => {
  const { disk, pushed: [{ address, meets }] } = await worldOf("wrong-diff-id");
  const answer = await new Inside(disk, HERE).ask({ do: "look", id: "1", address: address! } as InsideCall);
  assertEquals((answer as InsideFacts).look.faults.map(({ text }) => text), [meets]);
});

Deno.test("each damaged sample is found by verify, also if it is pushed twice, and other repositories keep their bytes", async () => {
  const { disk, registry, faults } = await worldOf(...ofKind("damaged"));
  const expected = ofKind("damaged").map((name) => describeSample(name).meets!);
  const found = await faults();
  assertEquals(found.map((fault) => expected.some((text) => fault.endsWith(text))), [true, true]);

  for (const name of ofKind("damaged")) await pushSample(registry, name, { disk });
  assertEquals(await faults(), found);

  await fill(registry, samples.flippedBit, { name: "other/flipped" });
  await fill(registry, samples.danglingTag, { name: "other/dangling" });
  assertEquals(await faults(), found);
});

Deno.test("verify takes a choice of repositories", async () => {
  const { disk } = await worldOf(...ofKind("damaged"));
  const paths = [];
  for await (const { path } of verify(disk, { only: (name) => name === "samples/flipped-bit" })) paths.push(path);
  assertEquals(paths.map((path) => path.split("/")[1]), ["flipped-bit"]);
});

Deno.test("registry.fill(samples.hello): a sample is a layout, which a test puts where it likes", async () => {
  await using registry = await startListening();
  await registry.fill(samples.hello);
  await registry.fill(samples.referrers, { name: "learner/ana/signed" });
  for (const path of ["samples/hello/manifests/latest", "learner/ana/signed/manifests/latest"]) {
    const response = await registry.fetch(`/v2/${path}`);
    assertEquals(response.status, 200, await response.text());
  }
});

Deno.test("fill puts the same into a registry as pushing does, for each sample that it takes", async () => {
  for (const [key, layout] of Object.entries(samples)) {
    if (["sizeLie", "flippedBit", "danglingTag"].includes(key)) continue;
    const filled = memoryDisk();
    await fill(createRegistry({ disk: filled }), layout);
    const { disk } = await worldOf(nameOf(key));
    const [left, right] = await Promise.all([filled, disk].map((one) => look(one, `samples/${nameOf(key)}`)));
    const timeless = (facts: Facts) => JSON.stringify(facts).replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "");
    assertEquals(timeless(left), timeless(right));
  }
});

Deno.test("fill refuses the manifest that lies about a size, as import does", async () => {
  const registry = createRegistry({ disk: memoryDisk() });
  await assertRejects(() => fill(registry, samples.sizeLie), FillError, "2584 bytes, but it has 2583");
});

Deno.test("a sample that is not there, a name that no repository can have, and a disk that is missing are errors", async () => {
  const registry = createRegistry({ disk: memoryDisk() });
  await assertRejects(() => pushSample(registry, "nothing"), RangeError, "the samples are hello, shared-base");
  await assertRejects(() => pushSample(registry, "hello", { to: "Learner" }), RangeError, '"Learner/hello" is not');
  await assertRejects(() => pushSample(registry, "flipped-bit"), TypeError, "there is no disk");
});

Deno.test("a sample goes below the folder that the caller names", async () => {
  const { registry } = await worldOf();
  const { repository, images } = await pushSample(registry, "hello", { to: "learner/ana" });
  assertEquals(repository, "learner/ana/hello");
  const response = await registry(new Request(`http://localhost/v2/learner/ana/hello/manifests/latest`));
  assertEquals(response.headers.get("Docker-Content-Digest"), images[0].digest);
});
