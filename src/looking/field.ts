/**
 * Fields: the facts of a part of a JSON document, by its JSON pointer.
 *
 *     …/manifest.json#/layers/0     fields       mediaType, digest, size, each with a sentence
 *                                   descriptor   ─▶ sha256:9b4e…   3.2 MiB
 *     …/manifest.json#/layer/0      It has nothing at /layer/0. Nearby: #/layers
 *
 * Next: missing.ts
 *
 * @module
 */

import { type Digest, parseDigest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { inSteps } from "../giving_way.ts";
import { describe } from "./descriptors.ts";
import type { AddressParts } from "./address.ts";
import { firstBytes } from "./bytes.ts";
import { jsonFacts, MOST_SHOWN } from "./content.ts";
import type { Facts, FieldFacts } from "./facts.ts";
import type { DocumentKind } from "./fields.ts";
import { objectOf } from "./json_values.ts";
import { fieldRows, MOST_EXPLAINED, partAt } from "./json_rows.ts";
import { nearest } from "./nearby.ts";
import { finish, type Own } from "./common_facts.ts";
import { missing, NEAR } from "./missing.ts";
import type { FoundContent, Looking } from "./looking.ts";

/** Returns the facts of a part of a document, or what is nearby. `parts` has its JSON pointer. */
export async function lookAtField(
  looking: Looking,
  name: Name,
  digest: Digest,
  { file, isManifest }: FoundContent,
  parts: AddressParts & { readonly pointer: string },
): Promise<Facts> {
  const bytes = await firstBytes(looking.disk, file, MOST_EXPLAINED);
  const { json, value } = await jsonFacts(looking, bytes, file.size, { what: "the document", most: MOST_EXPLAINED });
  const found = value === undefined ? undefined : partAt(value, parts.pointer);
  if (found === undefined) {
    const text = json.broken !== undefined
      ? json.broken.text
      : value === undefined
      ? "It is too long to look at a part of it."
      : `It has nothing at ${parts.pointer}.`;
    const pointers = nearest(parts.pointer, json.fields.map(({ pointer }) => pointer), NEAR);
    const near = pointers.map((pointer) => ({ address: `${file.path}#${pointer}`, text: `#${pointer}` }));
    return missing(looking, parts, `${file.path}#${parts.pointer}`, text, near);
  }
  const document = documentOf(isManifest, file.path, value);
  const link = (text: string) => looking.linkTo(name, text);
  const { rows } = await inSteps(fieldRows(found.part, { document, names: found.names, link }));
  const descriptor = objectOf(found.part);
  const isDescriptor = ["mediaType", "digest", "size"].every((field) => field in descriptor) &&
    parseDigest(String(descriptor.digest)) !== undefined;
  const address = `${file.path}#${parts.pointer}`;
  const own: Own<FieldFacts> = {
    kind: "field",
    name,
    digest,
    pointer: parts.pointer,
    formats: [],
    fields: rows,
    text: JSON.stringify(found.part, null, 2).slice(0, MOST_SHOWN),
    ...(isDescriptor
      ? {
        descriptor: await describe(looking, name, descriptor as never, {
          address: file.path,
          pointer: parts.pointer,
          to: "either",
          inside: document === "index" ? "index" : undefined,
          isKeptHere: parts.pointer !== "/subject",
        }),
      }
      : {}),
  };
  const facts = finish(looking, parts, address, { ...own, formats: own.descriptor?.formats ?? [] });
  return {
    ...facts,
    way: [...facts.way, { address: file.path, text: file.path.slice(file.path.lastIndexOf("/") + 1) }],
  };
}

function documentOf(isManifest: boolean, path: string, value: unknown): DocumentKind | undefined {
  if (isManifest) return "manifests" in objectOf(value) ? "index" : "image";
  return path.endsWith("/config.json") ? "config" : undefined;
}
