/** Fields: each field that the image-spec defines has a sentence. */

import { assert, assertEquals } from "@std/assert";
import { atOnce } from "../../src/giving_way.ts";
import { type DocumentKind, explain, FIELDS } from "../../src/looking/fields.ts";
import { fieldRows } from "../../src/looking/json_rows.ts";
import { descriptorOf, TYPES } from "../fixture.ts";

const descriptor = {
  ...descriptorOf("foo", TYPES.layer),
  urls: ["https://example.com/foo"],
  data: "Zm9v",
  artifactType: "text/x-note",
  annotations: { "org.opencontainers.image.title": "foo" },
};
const platform = { architecture: "arm", os: "linux", "os.version": "6", "os.features": [], variant: "v7" };

// Documents with every field of https://github.com/opencontainers/image-spec/tree/13cff54
const DOCUMENTS: readonly (readonly [kind: DocumentKind, document: object])[] = [
  ["image", {
    schemaVersion: 2,
    mediaType: TYPES.image,
    artifactType: "text/x-note",
    config: descriptor,
    layers: [descriptor],
    subject: descriptor,
    annotations: { "org.opencontainers.image.created": "2026-01-02T03:04:05Z" },
  }],
  ["index", {
    schemaVersion: 2,
    mediaType: TYPES.index,
    artifactType: "text/x-note",
    manifests: [{ ...descriptor, platform }],
    subject: descriptor,
    annotations: {},
  }],
  ["config", {
    created: "2026-01-02T03:04:05Z",
    author: "Ada",
    architecture: "amd64",
    os: "linux",
    "os.version": "6",
    "os.features": [],
    variant: "v1",
    config: {
      User: "1000",
      ExposedPorts: {},
      Env: ["PATH=/bin"],
      Entrypoint: [],
      Cmd: [],
      Volumes: {},
      WorkingDir: "/",
      Labels: { "org.opencontainers.image.vendor": "Ada" },
      StopSignal: "SIGTERM",
      ArgsEscaped: true,
      Healthcheck: {},
      OnBuild: [],
      Shell: [],
    },
    rootfs: { type: "layers", diff_ids: ["sha256:00"] },
    history: [{ created: "2026-01-02T03:04:05Z", author: "Ada", created_by: "RUN", comment: "x", empty_layer: true }],
  }],
];

Deno.test("each field of the image-spec's documents has a sentence and a place in the specification", () => {
  for (const [document, json] of DOCUMENTS) {
    const { rows } = atOnce(fieldRows(json, { document }));
    assertEquals(rows.filter(({ what, spec }) => what === undefined || spec === undefined), [], document);
  }
});

Deno.test("every row of the table is about a field of these documents, or about a known annotation", () => {
  const seen = new Set<string>();
  for (const [document, json] of DOCUMENTS) {
    for (const { what } of atOnce(fieldRows(json, { document })).rows) seen.add(what!);
  }
  for (const [key, { what, spec }] of FIELDS) {
    assert(/^[A-Z`].*\.$/.test(what) && /^https:\/\/\S+$/.test(spec), key);
    assert(key.startsWith("annotation /") || seen.has(what), key);
  }
});

Deno.test("what the table does not know has no sentence, whatever its name", () => {
  assertEquals(explain("image", ["layers", 0, "other"]), undefined);
  assertEquals(explain("image", ["annotations", "com.example/a"]), undefined);
  assertEquals(explain("image", ["constructor"]), undefined);
  assertEquals(
    explain("descriptor", ["annotations", "dev.cosignproject.cosign/signature"])?.spec.includes("sigstore"),
    true,
  );
});
