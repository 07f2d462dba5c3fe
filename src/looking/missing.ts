/**
 * What is not there: a sentence that says what, and the names that are nearby.
 *
 *     library/helo               There is no repository library/helo.                      library/hello
 *     library/hello:lastest      library/hello has no tag lastest.                         library/hello:latest
 *     library/hello@sha256:9b    library/hello has no … Another repository has it.         library/other@sha256:9b4e…
 *
 * Next: nearby.ts
 *
 * @module
 */

import { type Digest, parseDigest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { shorten } from "../definitions/printable.ts";
import type { Tag } from "../definitions/tag.ts";
import { BLOB_FILES, CONTENT_TYPE_FILE, contentFolder, MANIFEST_FILE, tagFile } from "../store/layout.ts";
import { listContent } from "../store/repositories.ts";
import { listTags } from "../store/tags.ts";
import type { AddressParts } from "./address.ts";
import { finish } from "./common_facts.ts";
import type { MissingFacts, PlaceLink } from "./facts.ts";
import { recognise, textTrait } from "./formats.ts";
import type { Looking } from "./looking.ts";
import { nearest } from "./nearby.ts";

/** The most names of what is nearby. */
export const NEAR = 5;

/** Returns the facts of something that is not there. `text` says what, and `near` is nearby. */
export function missing(
  looking: Looking,
  parts: AddressParts,
  address: string,
  text: string,
  near: readonly PlaceLink[],
): MissingFacts {
  return finish(looking, parts, address, { kind: "missing", formats: [], text, near }) as MissingFacts;
}

/** Returns the facts of a repository that is not there. */
export async function missingName(looking: Looking, parts: AddressParts): Promise<MissingFacts> {
  const near = await namesNear(looking, parts.name);
  return missing(looking, parts, parts.name, `There is no repository ${parts.name}.`, near);
}

async function namesNear(looking: Looking, name: string): Promise<PlaceLink[]> {
  const names = await looking.repositories();
  const last = name.slice(name.lastIndexOf("/") + 1);
  const near = new Set([
    ...nearest(name, names, NEAR),
    ...nearest(last, names, NEAR),
    ...names.filter((one) => one.endsWith(`/${last}`)),
  ]);
  const found = near.size > 0 ? [...near] : names;
  return found.slice(0, NEAR).map((name) => ({ address: name, text: name }));
}

/** Returns the facts of a tag that is not there, or whose repository is not there. */
export async function missingTag(looking: Looking, name: Name, tag: Tag, parts: AddressParts): Promise<MissingFacts> {
  const tags = [...await listTags(looking.store, name)];
  if (tags.length === 0) return await missingIn(looking, parts, name, "tags");
  const near = nearest(tag, tags, NEAR);
  // What clients keep under tags made of digests is nothing that a person would type.
  const typed = tags.filter((tag) => recognise(textTrait("tag", tag)).length === 0);
  const shown = near.length > 0 ? near as Tag[] : typed.slice(0, NEAR);
  const links = shown.map((tag) => ({ address: tagFile(name, tag), text: `${name}:${tag}` }));
  return missing(looking, parts, tagFile(name, tag), `${name} has no tag ${tag}.`, links);
}

/** Returns the facts of a repository that has none of something, such as `tags`, or is not there at all. */
export async function missingIn(
  looking: Looking,
  parts: AddressParts,
  name: Name,
  what: string,
): Promise<MissingFacts> {
  if (!await hasFolder(looking, name)) return await missingName(looking, parts);
  return missing(looking, parts, name, `${name} has no ${what}, or not this one.`, [{ address: name, text: name }]);
}

async function hasFolder(looking: Looking, name: Name): Promise<boolean> {
  return (await looking.disk.listMany(name)).length > 0;
}

/** Returns the facts of a digest that a repository does not have. */
export async function missingDigest(
  looking: Looking,
  name: Name,
  text: string,
  parts: AddressParts,
): Promise<MissingFacts> {
  const all = await listContent(looking.store, name);
  if (all.length === 0 && !await hasFolder(looking, name)) return await missingName(looking, parts);
  const digest = parseDigest(text);
  const others = digest === undefined
    ? []
    : (await looking.repositories()).filter((other) => looking.find(other, digest) !== undefined);
  const elsewhere = others.slice(0, NEAR).map((other) => {
    const { address } = looking.find(other, digest!)!;
    return { address, text: `${other}@${shorten(digest!)}` };
  });
  // People copy the beginning of a digest, and mistype or cut its end.
  const begins = all.filter((one) => one.startsWith(text.slice(0, text.indexOf(":") + 5))).slice(0, NEAR);
  const near = begins.map((one) => ({
    address: looking.find(name, one)?.address ?? contentFolder(name, one),
    text: `${name}@${shorten(one)}`,
  }));
  const where = elsewhere.length > 0 ? " Another repository has it." : "";
  return missing(
    looking,
    parts,
    `${name}/${text}`,
    `${name} has no ${shorten(text)}.${where}`,
    [...elsewhere, ...near].slice(0, NEAR),
  );
}

/** Returns the facts of the beginning of a digest with which several begin. */
export function ambiguous(looking: Looking, name: Name, parts: AddressParts, digests: readonly Digest[]): MissingFacts {
  const near = digests.slice(0, NEAR).map((digest) => ({
    address: looking.find(name, digest)?.address ?? contentFolder(name, digest),
    text: `${name}@${digest}`,
  }));
  const text = `${digests.length} digests of ${name} begin with ${parts.value}.`;
  return missing(looking, parts, `${name}/${parts.value}`, text, near);
}

/** Returns the facts of a file that the folder of a digest does not have. */
export async function missingFile(
  looking: Looking,
  name: Name,
  digest: Digest,
  parts: AddressParts,
): Promise<MissingFacts> {
  const folder = contentFolder(name, digest);
  const known: readonly string[] = [MANIFEST_FILE, CONTENT_TYPE_FILE, ...BLOB_FILES];
  const files = (await looking.disk.listMany(folder)).filter((file) => known.includes(file));
  const near = files.map((file) => ({ address: `${folder}/${file}`, text: file }));
  return missing(looking, parts, `${folder}/${parts.file}`, `${shorten(folder)} has no file ${parts.file}.`, near);
}
