/**
 * What the graph needs of a manifest: its parts, and what they are.
 *
 *     { "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": { … }, "layers": [{ … }] }
 *       │
 *       ▼
 *     { shape: "image", parts: [{ role: "config", digest: "sha256:c3f2…", … }, { role: "layer", digest: "sha256:9b4e…", … }] }
 *
 * A box has little room, so its format is one name, and a long text is cut.
 *
 * Next: graph_facts.ts
 *
 * @module
 */

import type { Descriptor } from "../definitions/descriptor.ts";
import type { Manifest } from "../definitions/manifest.ts";
import { platformOf, recognise, textTrait, traitsOfDescriptor } from "../looking/formats.ts";
import type { ManifestPart, ManifestParts } from "./graph_facts.ts";

// The longest text that a manifest may put into a box, in characters.
const LONGEST_TEXT = 100;

/** Returns the parts of a manifest. */
export function partsOfManifest(
  { mediaType, shape, artifactType, subject, references, annotations }: Manifest,
): ManifestParts {
  const parts = new Map<string, ManifestPart>();
  for (const [at, { descriptor, isKeptHere }] of references.entries()) {
    const { digest, mediaType, size } = descriptor;
    if (parts.has(digest)) continue;
    const role = shape === "index" ? "child" : at === 0 ? "config" : "layer";
    const format = role === "child" ? undefined : formatOfPart(descriptor);
    const part = { role, digest, mediaType, size, format, ...(isKeptHere ? {} : { isElsewhere: true }) } as const;
    parts.set(digest, role === "child" ? { ...part, ...ofChild(descriptor) } : part);
  }
  const layers = shape === "index"
    ? []
    : references.slice(1, MOST_LAYERS).map(({ descriptor }) => descriptor.mediaType);
  const format = formatOf([
    ...textTrait("artifact", artifactType),
    ...textTrait("shape", shape),
    ...[...new Set(layers)].flatMap((type) => textTrait("layer", type)),
    ...traitsOfDescriptor({ annotations }),
  ]);
  const type = artifactType?.slice(0, LONGEST_TEXT);
  return { mediaType, shape, artifactType: type, format, subject: subject?.digest, parts: [...parts.values()] };
}

// The layers that are looked at to recognise the format of a manifest.
const MOST_LAYERS = 20;

// The type of a plain config or layer says no more than its role and its packing do.
function formatOfPart({ mediaType, annotations }: Descriptor): string | undefined {
  const isPlain = /^application\/vnd\.(?:oci\.image|docker\.(?:container\.)?image)\./.test(mediaType);
  return formatOf(traitsOfDescriptor(isPlain ? { annotations } : { mediaType, annotations }));
}

// Most manifests have the same few formats.
const formats = new Map<string, string | undefined>();

/** Returns the name of the format with these traits. Without any, nothing is recognised. */
export function formatOf(traits: readonly string[]): string | undefined {
  if (traits.length === 0) return undefined;
  const key = traits.join("\n");
  if (formats.has(key)) return formats.get(key);
  const format = recognise(traits)[0]?.name;
  if (formats.size === MOST_FORMATS) formats.clear();
  if (key.length < LONGEST_KEY) formats.set(key, format);
  return format;
}

const MOST_FORMATS = 1000;
const LONGEST_KEY = 1000;

// BuildKit puts an attestation beside its image, with a platform that no machine has.
function ofChild(descriptor: Descriptor & { readonly platform?: unknown }): Pick<ManifestPart, "platform" | "attests"> {
  const attests = (descriptor.annotations as Record<string, unknown> | undefined)?.["vnd.docker.reference.digest"];
  return {
    platform: platformOf(descriptor.platform)?.slice(0, LONGEST_TEXT),
    attests: typeof attests === "string" ? attests : undefined,
  };
}
