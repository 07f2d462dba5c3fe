/** Recognising: each row of the table of formats, by documents as the programs of the field write them. */

import { assert, assertEquals } from "@std/assert";
import {
  type Format,
  FORMATS,
  recognise,
  textTrait,
  traitsOfDescriptor,
  traitsOfJson,
  traitsOfManifest,
} from "../../src/looking/formats.ts";
import { digestOf, TYPES } from "../fixture.ts";

const HEX = digestOf("foo").replace("sha256:", "");
const EMPTY = "application/vnd.oci.empty.v1+json";

interface Example {
  /** The name of the format that says most. */
  readonly first: string;
  readonly traits: readonly string[];
}

/** What a descriptor points to. */
function descriptor(first: string, mediaType: string, others: object = {}, inside?: string): Example {
  return { first, traits: traitsOfDescriptor({ mediaType, digest: digestOf("foo"), size: 3, ...others }, inside) };
}

/** An image manifest with such a config, layers and other fields. */
function artifact(
  first: string,
  config: string,
  layers: readonly (string | object)[] = [],
  others: object = {},
): Example {
  const json: Record<string, unknown> = {
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: { mediaType: config, digest: digestOf("{}"), size: 2 },
    layers: layers.map((layer) => typeof layer === "string" ? { mediaType: layer } : layer),
    ...others,
  };
  const artifactType = json.artifactType as string ?? config;
  return { first, traits: traitsOfManifest(json, { mediaType: TYPES.image, shape: "image", artifactType }) };
}

function document(first: string, json: object): Example {
  return { first, traits: traitsOfJson(json) };
}

const claim = (first: string, type: string): Example => ({ first, traits: textTrait("predicate", type) });
const tag = (first: string, text: string): Example => ({ first, traits: textTrait("tag", text) });

const attestation = {
  platform: { os: "unknown", architecture: "unknown" },
  annotations: { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digestOf("foo") },
};
const subject = { mediaType: TYPES.image, digest: digestOf("foo"), size: 3 };
const IN_TOTO = "application/vnd.in-toto+json";
const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
const DSSE = "application/vnd.dsse.envelope.v1+json";

const EXAMPLES: readonly Example[] = [
  // BuildKit
  descriptor("BuildKit attestation", TYPES.image, attestation, "index"),
  descriptor("No platform", TYPES.image, { platform: attestation.platform }, "index"),
  artifact("BuildKit attestation", TYPES.config, [IN_TOTO]),
  artifact("BuildKit attestation", EMPTY, [IN_TOTO], {
    artifactType: "application/vnd.docker.attestation.manifest.v1+json",
    subject,
  }),
  // cosign and Sigstore
  tag("cosign signatures", `sha256-${HEX}.sig`),
  tag("cosign attestations", `sha256-${HEX}.att`),
  tag("cosign SBOM", `sha256-${HEX}.sbom`),
  tag("Referrers tag", `sha256-${HEX}`),
  artifact("Sigstore bundle", EMPTY, [BUNDLE], { artifactType: BUNDLE, subject }),
  descriptor("Sigstore bundle", BUNDLE),
  descriptor("Sigstore bundle", "application/vnd.dev.sigstore.bundle+json;version=0.2"),
  document("Sigstore bundle", { mediaType: BUNDLE, verificationMaterial: {}, dsseEnvelope: {} }),
  artifact("cosign signature", TYPES.config, [SIMPLE_SIGNING], {
    artifactType: "application/vnd.dev.cosign.artifact.sig.v1+json",
    subject,
  }),
  artifact("cosign signature", TYPES.config, [SIMPLE_SIGNING]),
  descriptor("cosign signed payload", SIMPLE_SIGNING, {
    annotations: { "dev.cosignproject.cosign/signature": "MEUC" },
  }),
  artifact("cosign attestation", TYPES.config, [DSSE]),
  descriptor("DSSE envelope", DSSE),
  document("DSSE envelope", { payloadType: IN_TOTO, payload: "e30=", signatures: [{ sig: "" }] }),
  claim("cosign signature", "https://sigstore.dev/cosign/sign/v1"),
  claim("cosign custom claim", "https://cosign.sigstore.dev/attestation/v1"),
  claim("Vulnerability scan", "https://cosign.sigstore.dev/attestation/vuln/v1"),
  claim("Vulnerability scan", "https://in-toto.io/attestation/vulns/v0.1"),
  // Notation
  artifact("Notation signature", "application/vnd.cncf.notary.signature", ["application/jose+json"], { subject }),
  descriptor("Notation config", "application/vnd.cncf.notary.signature"),
  descriptor("JWS signature envelope", "application/jose+json"),
  descriptor("COSE signature envelope", "application/cose"),
  // in-toto, SLSA and bills of materials
  descriptor("in-toto statement", IN_TOTO),
  descriptor("SLSA provenance", IN_TOTO, {
    annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1" },
  }),
  descriptor("CycloneDX bill of materials", DSSE, { annotations: { predicateType: "https://cyclonedx.org/bom" } }),
  descriptor("in-toto statement, signed", "application/vnd.in-toto.provenance+dsse"),
  document("in-toto statement", {
    _type: "https://in-toto.io/Statement/v0.1",
    predicateType: "https://spdx.dev/Document",
  }),
  claim("SLSA provenance", "https://slsa.dev/provenance/v0.2"),
  claim("SLSA verification summary", "https://slsa.dev/verification_summary/v1"),
  claim("SPDX bill of materials", "https://spdx.dev/Document/v2.3"),
  claim("CycloneDX bill of materials", "https://cyclonedx.org/bom"),
  claim("OpenVEX", "https://openvex.dev/ns/v0.2.0"),
  descriptor("SPDX bill of materials", "application/spdx+json"),
  descriptor("SPDX bill of materials", "text/spdx"),
  artifact("SPDX bill of materials", EMPTY, ["application/spdx+json"], {
    artifactType: "application/spdx+json",
    subject,
  }),
  document("SPDX bill of materials", { spdxVersion: "SPDX-2.3", packages: [] }),
  document("SPDX bill of materials", { "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [] }),
  descriptor("CycloneDX bill of materials", "application/vnd.cyclonedx+json"),
  artifact("CycloneDX bill of materials", EMPTY, [], { artifactType: "application/vnd.cyclonedx+json", subject }),
  document("CycloneDX bill of materials", { bomFormat: "CycloneDX", specVersion: "1.6" }),
  descriptor("Syft bill of materials", "application/vnd.syft+json"),
  // layers that can be read in parts
  descriptor("eStargz", TYPES.layer, { annotations: { "containerd.io/snapshot/stargz/toc.digest": digestOf("toc") } }),
  descriptor("zstd:chunked", "application/vnd.oci.image.layer.v1.tar+zstd", {
    annotations: {
      "io.github.containers.zstd-chunked.manifest-checksum": digestOf("toc"),
      "io.github.containers.zstd-chunked.manifest-position": "1:2:3:1",
    },
  }),
  artifact("SOCI index", EMPTY, ["application/octet-stream"], {
    artifactType: "application/vnd.amazon.soci.index.v1+json",
    subject,
  }),
  descriptor("SOCI index", TYPES.image, { artifactType: "application/vnd.amazon.soci.index.v2+json" }, "index"),
  artifact("Image with a SOCI index", TYPES.config, [TYPES.layer], {
    annotations: { "com.amazon.soci.index-digest": digestOf("soci") },
  }),
  descriptor("Nydus bootstrap", TYPES.layer, { annotations: { "containerd.io/snapshot/nydus-bootstrap": "true" } }),
  descriptor("Nydus blob", "application/vnd.oci.image.layer.nydus.blob.v1", {
    annotations: { "containerd.io/snapshot/nydus-blob": "true" },
  }),
  // other artifacts
  artifact("Helm chart", "application/vnd.cncf.helm.config.v1+json", [
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
  ]),
  descriptor("Helm chart metadata", "application/vnd.cncf.helm.config.v1+json"),
  descriptor("Helm chart content", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"),
  descriptor("Helm provenance", "application/vnd.cncf.helm.chart.provenance.v1.prov"),
  artifact("Wasm component", "application/vnd.wasm.config.v0+json", ["application/wasm"]),
  descriptor("Wasm config", "application/vnd.wasm.config.v0+json"),
  descriptor("Wasm binary", "application/wasm"),
  artifact("Wasm module", "application/vnd.wasm.config.v1+json", ["application/vnd.wasm.content.layer.v1+wasm"]),
  descriptor("Wasm binary", "application/vnd.wasm.content.layer.v1+wasm"),
  artifact("Model of the ModelPack specification", "application/vnd.cncf.model.config.v1+json", [
    "application/vnd.cncf.model.weight.v1.tar",
  ], { artifactType: "application/vnd.cncf.model.manifest.v1+json" }),
  descriptor("Part of a model (ModelPack)", "application/vnd.cncf.model.weight.v1.tar+zstd"),
  artifact("Ollama model", "application/vnd.docker.container.image.v1+json", [
    "application/vnd.ollama.image.model",
    "application/vnd.ollama.image.license",
  ]),
  descriptor("Part of a model (ollama)", "application/vnd.ollama.image.template"),
  artifact("Docker model", "application/vnd.docker.ai.model.config.v0.1+json", ["application/vnd.docker.ai.gguf.v3"]),
  descriptor("Part of a model (Docker)", "application/vnd.docker.ai.gguf.v3"),
  artifact("ModelKit", "application/vnd.kitops.modelkit.config.v1+json", [
    "application/vnd.kitops.modelkit.model.v1.tar+gzip",
  ]),
  descriptor("Part of a ModelKit", "application/vnd.kitops.modelkit.model.v1.tar+gzip"),
  artifact("Flux artifact", "application/vnd.cncf.flux.config.v1+json", [
    "application/vnd.cncf.flux.content.v1.tar+gzip",
  ]),
  descriptor("Flux config", "application/vnd.cncf.flux.config.v1+json"),
  descriptor("Flux content", "application/vnd.cncf.flux.content.v1.tar+gzip"),
  artifact("Tekton resource", TYPES.config, [{
    mediaType: TYPES.layer,
    annotations: { "dev.tekton.image.kind": "task", "dev.tekton.image.name": "build" },
  }]),
  descriptor("Tekton resource", TYPES.layer, { annotations: { "dev.tekton.image.kind": "task" } }),
  artifact("Falco rules", "application/vnd.cncf.falco.rulesfile.config.v1+json", [
    "application/vnd.cncf.falco.rulesfile.layer.v1+tar.gz",
  ]),
  artifact("Falco plugin", "application/vnd.cncf.falco.plugin.config.v1+json"),
  descriptor("Part of a Falco artifact", "application/vnd.cncf.falco.plugin.layer.v1+tar.gz"),
  artifact("OPA bundle", "application/vnd.cncf.openpolicyagent.config.v1+json", [
    "application/vnd.cncf.openpolicyagent.layer.v1.tar+gzip",
  ]),
  descriptor("Rego policy", "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego"),
  descriptor("Part of an OPA bundle", "application/vnd.cncf.openpolicyagent.layer.v1.tar+gzip"),
  artifact("Trivy database", EMPTY, ["application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"], {
    artifactType: "application/vnd.aquasec.trivy.config.v1+json",
  }),
  descriptor("Part of a Trivy database", "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"),
  artifact("Compose project", EMPTY, [], { artifactType: "application/vnd.docker.compose.project" }),
  artifact("Dev container feature or template", "application/vnd.devcontainers", [
    "application/vnd.devcontainers.layer.v1+tar",
  ]),
  descriptor("Dev container files", "application/vnd.devcontainers.layer.v1+tar"),
  artifact("BuildKit cache", "application/vnd.buildkit.cacheconfig.v0", [TYPES.layer]),
  descriptor("BuildKit cache", "application/vnd.buildkit.cacheconfig.v0"),
  artifact("Singularity image", "application/vnd.sylabs.sif.config.v1+json"),
  artifact("CNAB bundle", "application/vnd.cnab.config.v1+json"),
  artifact("Docker plugin", "application/vnd.docker.plugin.v1+json"),
  artifact("Files pushed with ORAS", EMPTY, [], { artifactType: "application/vnd.unknown.artifact.v1" }),
  // the image-spec, and Docker before it
  descriptor("Nested index", TYPES.index, {}, "index"),
  descriptor("Nested index", TYPES.dockerList, {}, "index"),
  descriptor("Empty descriptor", EMPTY),
  artifact("Artifact without a type", EMPTY),
  artifact("Referrer", TYPES.config, [], { subject }),
  artifact("Artifact", EMPTY, [], { artifactType: "application/vnd.example.thing" }),
  descriptor("Embedded content", TYPES.config, { data: "e30=" }),
  descriptor("Content from elsewhere", TYPES.layer, { urls: ["https://example.com/layer"] }),
  artifact("OCI image manifest", TYPES.config, [TYPES.layer]),
  descriptor("OCI index", TYPES.index),
  descriptor("OCI image config", TYPES.config),
  descriptor(
    "Layer that must not be distributed",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  ),
  descriptor("OCI layer", "application/vnd.oci.image.layer.v1.tar"),
  descriptor("OCI layer, gzip", TYPES.layer),
  descriptor("OCI layer, zstd", "application/vnd.oci.image.layer.v1.tar+zstd"),
  descriptor("OCI artifact manifest", "application/vnd.oci.artifact.manifest.v1+json"),
  descriptor("Docker image manifest (schema 2)", TYPES.dockerImage),
  descriptor("Docker manifest list", TYPES.dockerList),
  descriptor("Docker image config", "application/vnd.docker.container.image.v1+json"),
  descriptor("Docker layer, gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip"),
  descriptor("Docker layer, zstd", "application/vnd.docker.image.rootfs.diff.tar.zstd"),
  descriptor("Docker foreign layer", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
  descriptor("Docker schema 1", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
  document("Docker schema 1", { schemaVersion: 1, name: "library/hello", tag: "latest", fsLayers: [], history: [] }),
];

Deno.test("each format is recognised in a document as its programs write it", () => {
  for (const { first, traits } of EXAMPLES) {
    assertEquals(recognise(traits)[0]?.name, first, JSON.stringify(traits));
  }
});

Deno.test("every row of the table is the reason for one of these", () => {
  for (const [number, row] of FORMATS.entries()) {
    const matching = EXAMPLES.filter(({ first, traits }) => first === row.name && row.matches(traits));
    assert(matching.length > 0, `row ${number + 2} of formats.tsv, ${row.name}, has no example`);
  }
});

Deno.test("every row has a name, sentences and a link", () => {
  const texts = FORMATS.map(({ name, what, link }): Format => ({ name, what, link }));
  for (const { name, what, link } of texts) {
    assert(
      name !== "" && /^[A-Z\d].*\.$/.test(what) && /^https:\/\/\S+$/.test(link),
      JSON.stringify({ name, what, link }),
    );
  }
});

Deno.test("what nobody knows has no format, and long or strange values do no harm", () => {
  const traits = traitsOfDescriptor({
    mediaType: "application/x-nobody",
    artifactType: 7,
    annotations: [null],
    platform: { os: {} },
    urls: "https://example.com",
    data: 1,
  });
  assertEquals(traits, ["type=application/x-nobody", "annotation=0"]);
  assertEquals(recognise(traits), []);
  const long = traitsOfDescriptor({ mediaType: `application/wasm${"x".repeat(1_000_000)}` });
  assertEquals([long[0].length, recognise(long)], [305, []]);
  assertEquals(traitsOfManifest({ layers: [null, 3, {}] }, { mediaType: "" }), ["json=layers"]);
});
