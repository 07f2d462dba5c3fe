/**
 * Formats: recognises what others have invented on top of manifests and blobs, by the table `formats.tsv`.
 *
 *     match                                             name          what
 *     artifact=application/vnd.cncf.helm.config.v1+json Helm chart    A package for Kubernetes: …
 *     inside=index & type=…image.index.v1+json          Nested index  An index in an index. …
 *
 * Something is recognised by its traits, which are texts such as `type=application/wasm`. A row matches if each part of its `match`
 * is a trait of the thing; "*" stands for any characters, and "{hex}" for the digits of a digest. The rows that say most come first.
 *
 *     type        the media type of a manifest, or of what a descriptor points to
 *     artifact    the type of artifact; of an image manifest without one, the type of its config
 *     shape       image or index
 *     layer       the media type of a layer of the manifest
 *     inside      index, for a child of an index
 *     annotation  the name of an annotation, or name=text
 *     platform    such as unknown/unknown
 *     field       subject, artifactType, data or urls
 *     tag         the tag
 *     predicate   the type of a claim
 *     json        a field of a JSON document, or field=value
 *
 * Next: json_values.ts
 *
 * @module
 */

import table from "./formats.tsv" with { type: "text" };
import { objectOf } from "./json_values.ts";

/** A row of the table of formats. */
export interface Format {
  /** Its name, such as `Helm chart`. */
  readonly name: string;
  /** What it is, in one or two sentences. */
  readonly what: string;
  /** The document of those who have defined it. */
  readonly link: string;
}

/** A row that can be looked for. */
export interface FormatRow extends Format {
  /** Returns true if something with these traits has the format. */
  readonly matches: (traits: readonly string[]) => boolean;
}

/** The rows of the table. */
export const FORMATS: readonly FormatRow[] = table.trimEnd().split("\n").slice(1).map((line) => {
  const [match, name, what, link] = line.split("\t");
  const patterns = match.split(" & ").map(patternOf);
  return { name, what, link, matches: (traits) => patterns.every((pattern) => traits.some(pattern)) };
});

function patternOf(text: string): (trait: string) => boolean {
  // Most patterns are plain texts, and all begin with one.
  const [start] = text.split(/[*{]/, 1);
  if (start === text) return (trait) => trait === text;
  const source = text.replace(/[.+?^$()|[\]\\/]/g, "\\$&").replaceAll("{hex}", "[0-9a-f]{64,128}").replaceAll(
    "*",
    ".*",
  );
  const whole = new RegExp(`^${source}$`, "s");
  return (trait) => trait.startsWith(start) && whole.test(trait);
}

/**
 * Returns the formats of something with these traits, in the order of the table.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(recognise(["type=application/wasm"]).map(({ name }) => name), ["Wasm binary"]);
 * ```
 */
export function recognise(traits: readonly string[]): Format[] {
  const rows = FORMATS.filter(({ matches }) => matches(traits));
  // Several rows may have one name: the same thing, recognised in several ways.
  const names = new Map(rows.toReversed().map((row) => [row.name, row]));
  return rows.filter((row) => names.get(row.name) === row).map(({ name, what, link }) => ({ name, what, link }));
}

// BuildKit and cosign say with these what kind of claim a layer or a referrer is.
const PREDICATE_ANNOTATIONS = ["in-toto.io/predicate-type", "dev.sigstore.bundle.predicateType", "predicateType"];

// A media type may have parameters. Traits of annotations and JSON are cut, because a client may send long ones.
const LONGEST_TRAIT = 300;

/** Returns the traits of content that a descriptor points to. `inside` is the shape of the manifest that the descriptor is in. */
export function traitsOfDescriptor(descriptor: Readonly<Record<string, unknown>>, inside?: string): string[] {
  const { mediaType, artifactType, annotations, data, urls } = descriptor;
  return [
    ...(inside === undefined ? [] : [`inside=${inside}`]),
    ...textTrait("type", mediaType),
    ...textTrait("artifact", artifactType),
    ...(typeof artifactType === "string" && artifactType !== "" ? ["field=artifactType"] : []),
    ...textTrait("platform", platformOf(descriptor.platform)),
    ...annotationTraits(annotations),
    ...PREDICATE_ANNOTATIONS.flatMap((name) => textTrait("predicate", objectOf(annotations)[name])),
    ...(typeof data === "string" ? ["field=data"] : []),
    ...(Array.isArray(urls) && urls.length > 0 ? ["field=urls"] : []),
  ];
}

/** Returns the traits of a manifest. `artifactType` is the one that the referrers API would list it with. */
export function traitsOfManifest(
  json: Readonly<Record<string, unknown>>,
  { mediaType, shape, artifactType }: { mediaType: string; shape?: string; artifactType?: string },
): string[] {
  const layers = Array.isArray(json.layers) ? json.layers : [];
  const types = new Set(layers.map((layer) => layer?.mediaType));
  const layerAnnotations = layers.flatMap((layer) => annotationTraits(layer?.annotations));
  return [
    ...textTrait("type", mediaType),
    ...textTrait("shape", shape),
    ...textTrait("artifact", artifactType),
    ...[...types].flatMap((type) => textTrait("layer", type)),
    ...annotationTraits(json.annotations),
    // A bundle of Tekton is known only by its layers. Other annotations of layers are about the layers.
    ...layerAnnotations.filter((trait) => trait === "annotation=dev.tekton.image.kind").slice(0, 1),
    ...(json.subject == null ? [] : ["field=subject"]),
    ...(typeof json.artifactType === "string" && json.artifactType !== "" ? ["field=artifactType"] : []),
    ...traitsOfJson(json),
  ];
}

/** Returns the traits of a JSON document. */
export function traitsOfJson(json: unknown): string[] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return [];
  return firstEntries(json).flatMap(([name, value]) => [
    ...textTrait("json", name),
    ...(typeof value === "string" || typeof value === "number" ? textTrait("json", `${name}=${value}`) : []),
  ]);
}

const MOST_TRAITS = 200;

function firstEntries(json: object): [name: string, value: unknown][] {
  return Object.keys(json).slice(0, MOST_TRAITS).map((
    name,
  ) => [name, (json as Readonly<Record<string, unknown>>)[name]]);
}

/** Returns the trait of a text, such as `tag=v1`, or nothing if there is no text. */
export function textTrait(kind: string, text: unknown): string[] {
  return typeof text === "string" && text !== "" ? [`${kind}=${text.slice(0, LONGEST_TRAIT)}`] : [];
}

function annotationTraits(annotations: unknown): string[] {
  if (typeof annotations !== "object" || annotations === null) return [];
  return firstEntries(annotations).flatMap(([name, text]) => [
    ...textTrait("annotation", name),
    ...(name === "vnd.docker.reference.type" ? textTrait("annotation", `${name}=${text}`) : []),
  ]);
}

/**
 * Returns a platform as people write it, or `undefined` if there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(platformOf({ os: "linux", architecture: "arm64", variant: "v8" }), "linux/arm64/v8");
 * ```
 */
export function platformOf(platform: unknown): string | undefined {
  if (typeof platform !== "object" || platform === null) return undefined;
  const { os, architecture, variant } = platform as Readonly<Record<string, unknown>>;
  const parts = [os, architecture, variant].filter((part) => typeof part === "string" && part !== "");
  return parts.length === 0 ? undefined : parts.join("/");
}
