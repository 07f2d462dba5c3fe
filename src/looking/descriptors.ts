/**
 * Descriptors: the facts of what a manifest points to, and of its annotations.
 *
 *     { "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:9b4e…", "size": 3355443 }
 *       │
 *       ▼
 *     { pointer: "/layers/0", address: "library/hello/sha256:9b4e…/layer.tar.gz", actualSize: 3355443, names: 2, … }
 *
 * What is not there, or has another size than the descriptor says, becomes a fault of the look.
 *
 * Next: relatives.ts
 *
 * @module
 */

import type { Descriptor } from "../definitions/descriptor.ts";
import type { Name } from "../definitions/name.ts";
import type { DescriptorFacts, TextRow } from "./facts.ts";
import { explain } from "./fields.ts";
import { platformOf, recognise, traitsOfDescriptor } from "./formats.ts";
import type { Looking } from "./looking.ts";

// The most annotations and addresses that are shown, and the longest content in a descriptor, as base64.
const MOST_ANNOTATIONS = 500;
const MOST_URLS = 20;
const MOST_DATA = 64 * 1024;

/** Returns facts about a descriptor of a manifest. Notes what is wrong with it. */
export async function describe(
  looking: Looking,
  name: Name,
  descriptor: Descriptor,
  place: {
    address: string;
    pointer: string;
    to: "manifest" | "blob" | "either";
    inside?: string;
    isKeptHere?: boolean;
  },
): Promise<DescriptorFacts> {
  const { mediaType, digest, size, urls, artifactType } = descriptor;
  const { address, pointer, to, inside, isKeptHere = true } = place;
  const found = looking.find(name, digest, to);
  const { platform, data } = descriptor as { platform?: unknown; data?: unknown };
  const platformText = platformOf(platform);
  const where = `${address}#${pointer}`;
  if (found === undefined && isKeptHere) {
    looking.faults.push({ address: where, text: `It points to ${digest}, which is not there.` });
  } else if (found !== undefined && found.file.size !== size) {
    looking.faults.push({
      address: where,
      text: `It says that ${digest} has ${size} bytes, but it has ${found.file.size}.`,
    });
  }
  return {
    pointer,
    mediaType,
    digest,
    size,
    ...(found === undefined ? {} : {
      address: found.address,
      actualSize: found.file.size,
      names: await looking.namesOf(name, digest, found.file),
    }),
    formats: recognise(traitsOfDescriptor(descriptor as unknown as Record<string, unknown>, inside)),
    ...(platformText === undefined ? {} : { platform: platformText }),
    ...(typeof artifactType === "string" ? { artifactType } : {}),
    annotations: annotationRows(looking, name, descriptor.annotations),
    ...(typeof data === "string" ? dataOf(data) : {}),
    ...(Array.isArray(urls) && urls.length > 0 ? { urls: urls.map(String).slice(0, MOST_URLS) } : {}),
  };
}

/**
 * Returns annotations or labels as rows, each with a sentence if its name is known. One look shows a MiB of them at most: a manifest can
 * have hundreds of referrers, and each of these long annotations.
 */
export function annotationRows(looking: Looking, name: Name, annotations: unknown): TextRow[] {
  if (typeof annotations !== "object" || annotations === null) return [];
  const all = Object.keys(annotations);
  if (all.length > MOST_ANNOTATIONS) looking.limit(`Only the first ${MOST_ANNOTATIONS} annotations are shown.`);
  return all.slice(0, MOST_ANNOTATIONS).flatMap((key) => {
    const whole = String((annotations as Readonly<Record<string, unknown>>)[key]);
    const text = whole.slice(0, Math.max(0, looking.annotationLetters - key.length));
    if (text.length < whole.length) looking.limit("Of all annotations together, only the first MiB is shown.");
    if (looking.annotationLetters < key.length) return [];
    looking.annotationLetters -= key.length + text.length;
    const what = explain("annotation", [key])?.what;
    const link = looking.linkTo(name, text);
    return [{ name: key, text, ...(what === undefined ? {} : { what }), ...(link === undefined ? {} : { link }) }];
  });
}

// The content in a descriptor, if it is text.
function dataOf(base64: string): { data?: string } {
  if (base64.length > MOST_DATA) return {};
  try {
    return { data: new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(base64)) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return {};
    throw error;
  }
}
