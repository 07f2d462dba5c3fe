/**
 * Good artifacts: what is stored like an image and is none, and what is said about an image.
 *
 *     samples/referrers:latest ◀── SBOM      ◀── signature
 *                              ◀── signature
 *
 * Next: signature_of_sample.ts
 *
 * @module
 */

import type { Descriptor } from "../../definitions/descriptor.ts";
import { BASE, helloSaying } from "./images.ts";
import { CREATED, type SampleMaker, TYPES } from "./layout_of_sample.ts";
import { gzipOf } from "./packing_without_compression.ts";
import type { GoodRecipe } from "./recipe.ts";
import { BUNDLE, signatureOf } from "./signature_of_sample.ts";
import { file, folder, tarOf } from "./tar_of_sample.ts";

/** The recipes. */
export const ARTIFACTS = {
  attestations: {
    purpose:
      "An index of BuildKit: an image, and beside it what the builder says about it, as platform unknown/unknown.",
    make(make) {
      const image = make.image([make.layer(helloSaying("Hello from BuildKit.\n"))]);
      const claims = [
        claim(make, image, "https://slsa.dev/provenance/v1", {
          buildDefinition: {
            buildType: "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
            externalParameters: { request: { frontend: "dockerfile.v0" } },
            resolvedDependencies: [],
          },
          runDetails: { builder: { id: "" }, metadata: { invocationId: "samples", startedOn: CREATED } },
        }),
        claim(make, image, "https://spdx.dev/Document", SBOM),
      ];
      const config = make.json(TYPES.config, {
        architecture: "unknown",
        os: "unknown",
        config: {},
        rootfs: { type: "layers", diff_ids: claims.map(({ digest }) => digest) },
      });
      const annotations = {
        "vnd.docker.reference.digest": image.digest,
        "vnd.docker.reference.type": "attestation-manifest",
      };
      const attestation = {
        ...make.manifest(config, claims),
        annotations,
        platform: { architecture: "unknown", os: "unknown" },
      };
      make.tag("latest", make.index([{ ...image, platform: { architecture: "amd64", os: "linux" } }, attestation]));
    },
  },

  referrers: {
    purpose:
      "An image with a bill of materials and a signature as referrers, and a signature of the bill of materials.",
    make(make) {
      const image = make.image([make.layer(BASE), make.layer(helloSaying("Hello, signed.\n"))]);
      make.tag("latest", image);
      const sbom = make.artifact("application/spdx+json", [make.json("application/spdx+json", SBOM)], {
        subject: image,
        annotations: { "org.opencontainers.image.created": CREATED },
      });
      make.list(sbom);
      for (const subject of [image, sbom]) make.list(signed(make, subject));
    },
  },

  helmChart: {
    purpose: "A Helm chart: a package for Kubernetes. helm pulls it, and no container runtime does.",
    make(make) {
      const chart = {
        apiVersion: "v2",
        name: "helm-chart",
        version: "0.1.0",
        description: "Says hello.",
        type: "application",
      };
      const content = tarOf([
        folder("helm-chart"),
        file("helm-chart/Chart.yaml", Object.entries(chart).map(([key, value]) => `${key}: ${value}\n`).join("")),
        file("helm-chart/values.yaml", "text: Hello from a chart.\n"),
        folder("helm-chart/templates"),
        file(
          "helm-chart/templates/hello.yaml",
          "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hello\ndata:\n  text: {{ .Values.text }}\n",
        ),
      ]);
      const config = make.json("application/vnd.cncf.helm.config.v1+json", chart);
      const layer = make.blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", gzipOf(content));
      const annotations = {
        "org.opencontainers.image.title": chart.name,
        "org.opencontainers.image.version": chart.version,
        "org.opencontainers.image.description": chart.description,
        "org.opencontainers.image.created": CREATED,
      };
      make.tag(chart.version, make.manifest(config, [layer], { annotations }));
    },
  },

  wasm: {
    purpose: "A WebAssembly module of 41 bytes, which adds two numbers.",
    make(make) {
      const layer = make.blob("application/wasm", ADDING);
      const config = make.json("application/vnd.wasm.config.v0+json", {
        created: CREATED,
        architecture: "wasm",
        os: "wasip1",
        layerDigests: [layer.digest],
      });
      make.tag("latest", make.manifest(config, [layer]));
    },
  },

  emptyArtifact: {
    purpose:
      "An artifact with no content at all: config and layer are the same two bytes, and all it has is annotations.",
    make(make) {
      const annotations = { "com.example.note": "An artifact may be nothing but annotations." };
      make.tag("latest", make.artifact("application/vnd.example.note", [make.empty()], { annotations }));
    },
  },
} satisfies Readonly<Record<string, GoodRecipe>>;

// A bill of materials with one package.
const SBOM = {
  spdxVersion: "SPDX-2.3",
  dataLicense: "CC0-1.0",
  SPDXID: "SPDXRef-DOCUMENT",
  name: "hello",
  documentNamespace: "https://example.com/samples/hello",
  creationInfo: { created: CREATED, creators: ["Tool: glassbox-samples"] },
  packages: [{
    SPDXID: "SPDXRef-hello",
    name: "hello",
    versionInfo: "1.0",
    downloadLocation: "NOASSERTION",
  }],
};

// What a builder says about an image: a statement of in-toto.
function claim(make: SampleMaker, about: Descriptor, predicateType: string, predicate: object): Descriptor {
  const subject = [{ name: "pkg:docker/samples/attestations@latest", digest: { sha256: hexOf(about) } }];
  const statement = { _type: "https://in-toto.io/Statement/v1", predicateType, subject, predicate };
  const annotations = { "in-toto.io/predicate-type": predicateType };
  return make.json("application/vnd.in-toto+json", statement, { annotations });
}

// A signature, in the form that cosign stores it.
function signed(make: SampleMaker, subject: Descriptor): Descriptor {
  const { bundle, predicateType } = signatureOf(hexOf(subject));
  return make.artifact(BUNDLE, [make.json(BUNDLE, bundle)], {
    subject,
    annotations: {
      "dev.sigstore.bundle.content": "dsse-envelope",
      "dev.sigstore.bundle.predicateType": predicateType,
      "org.opencontainers.image.created": CREATED,
    },
  });
}

function hexOf({ digest }: Descriptor): string {
  return digest.slice("sha256:".length);
}

// deno-fmt-ignore
const ADDING = Uint8Array.from([
  0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,             // "\0asm", version 1
  1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f,          // a type of function: two numbers in, one out
  3, 2, 1, 0,                                     // one function of that type
  7, 7, 1, 3, 0x61, 0x64, 0x64, 0, 0,             // it is exported as "add"
  10, 9, 1, 7, 0, 0x20, 0, 0x20, 1, 0x6a, 0x0b,   // take the first, take the second, add them
]);
