/**
 * Looking: from an address to facts.
 *
 *     const facts = await look(disk, "library/hello:v1");
 *     facts.kind                       "tag"
 *     facts.target?.layers.length      2
 *
 * What is not there becomes facts too, with the names that are nearby. What is broken is shown broken. Only a disk that fails makes
 * an exception.
 *
 * Next: common_facts.ts
 *
 * @module
 */

import { type Digest, parseDigest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import { parseSessionId } from "../definitions/session.ts";
import { parseTag, type Tag } from "../definitions/tag.ts";
import { shorten } from "../definitions/printable.ts";
import type { Disk } from "../disk/disk.ts";
import {
  CONTENT_TYPE_FILE,
  contentFolder,
  MANIFEST_FILE,
  referrerFile,
  referrersFolder,
  sessionFile,
  sessionFolder,
  subjectsFolder,
  tagFile,
  tagsFolder,
  uploadsFolder,
} from "../store/layout.ts";
import { listSubjects } from "../store/referrers.ts";
import { listContent } from "../store/repositories.ts";
import { listTags, resolveTag } from "../store/tags.ts";
import { type AddressParts, parseAddress } from "./address.ts";
import { lookAtBlob } from "./blob.ts";
import { firstBytes } from "./bytes.ts";
import { contentBytes, MOST_SHOWN } from "./content.ts";
import type { Facts, ManifestFacts, TagFacts } from "./facts.ts";
import { recognise, textTrait } from "./formats.ts";
import { findImage, openLayers } from "./images.ts";
import { type FoundPath, lookInLayer, lookInStack } from "./layer_paths.ts";
import { lookAtManifest } from "./manifest.ts";
import { referrersOf } from "./relatives.ts";
import { nearest } from "./nearby.ts";
import { finish } from "./common_facts.ts";
import { ambiguous, missing, missingDigest, missingFile, missingIn, missingName, missingTag, NEAR } from "./missing.ts";
import {
  lookAtFolder,
  lookAtRepository,
  lookAtSubjects,
  lookAtTags,
  lookAtUploads,
  subjectOfTag,
  uploadRow,
} from "./repository.ts";
import { type FoundContent, Looking, type LookOptions, timeText } from "./looking.ts";
import { lookAtField } from "./field.ts";

/** Returns the facts at an address. */
export async function look(disk: Disk, text: string, options: LookOptions = {}): Promise<Facts> {
  const looking = new Looking(disk, options);
  const parts = parseAddress(text);
  if ("expected" in parts) {
    return finish(looking, undefined, text, { kind: "invalid", formats: [], ...parts });
  }
  // A folder may have repositories that the person may see, although the repository of the same name is hidden.
  const isFolder = parts.place === "name" && parts.path === undefined;
  if (parts.name !== "" && !isFolder && !looking.maySee(parts.name)) return await missingName(looking, parts);
  return await lookAt(looking, parts, text);
}

async function lookAt(looking: Looking, parts: AddressParts, typed: string): Promise<Facts> {
  const { name, place, pointer } = parts;
  if (name === "") return finish(looking, parts, "", (await lookAtFolder(looking, name))!);
  if (pointer !== undefined && place !== "tag" && place !== "content" && place !== "referrers") {
    const expected = "a document in front of the #, such as …/manifest.json#/layers/0";
    return finish(looking, undefined, typed, { kind: "invalid", formats: [], expected, actual: JSON.stringify(typed) });
  }
  switch (place) {
    case "name":
      return await lookAtName(looking, name, parts);
    case "tags":
      if (looking.disk.list(tagsFolder(name)).length === 0) return await missingIn(looking, parts, name, "tags");
      return finish(looking, parts, tagsFolder(name), await lookAtTags(looking, name));
    case "subjects":
      if (looking.disk.list(subjectsFolder(name)).length === 0) {
        return await missingIn(looking, parts, name, "referrers");
      }
      return finish(looking, parts, subjectsFolder(name), await lookAtSubjects(looking, name));
    case "uploads":
      if (looking.disk.list(uploadsFolder(name)).length === 0) return await missingIn(looking, parts, name, "uploads");
      return finish(looking, parts, uploadsFolder(name), await lookAtUploads(looking, name));
    case "tag":
      return await lookAtTag(looking, name, parseTag(parts.value!)!, parts);
    case "content":
      return await lookAtContentOf(looking, name, parts);
    case "referrers":
      return await lookAtReferrers(looking, name, parts);
    case "upload":
      return await lookAtUpload(looking, name, parts);
  }
}

async function lookAtName(looking: Looking, name: Name, parts: AddressParts): Promise<Facts> {
  if (parts.path !== undefined) return await lookInUsualImage(looking, name, parts);
  const own = looking.maySee(name) ? await lookAtRepository(looking, name) : undefined;
  if (own !== undefined) return finish(looking, parts, name, own);
  const folder = await lookAtFolder(looking, name);
  return folder === undefined ? await missingName(looking, parts) : finish(looking, parts, name, folder);
}

// NAME!/path means the tag `latest`, as with docker, or the only tag.
async function lookInUsualImage(looking: Looking, name: Name, parts: AddressParts): Promise<Facts> {
  const tags = [...await listTags(looking.store, name)];
  const tag = tags.find((tag) => tag === "latest") ?? (tags.length === 1 ? tags[0] : undefined);
  if (tag !== undefined) return await lookAtTag(looking, name, tag, { ...parts, place: "tag", value: tag });
  if (tags.length === 0) return await missingIn(looking, parts, name, "tags");
  const near = tags.slice(0, NEAR).map((tag) => ({
    address: `${tagFile(name, tag)}!/${parts.path}`,
    text: `${name}:${tag}!/${parts.path}`,
  }));
  return missing(looking, parts, name, `${name} has no tag latest. Say which tag you mean.`, near);
}

async function lookAtTag(looking: Looking, name: Name, tag: Tag, parts: AddressParts): Promise<Facts> {
  const file = looking.disk.look(tagFile(name, tag));
  if (file === undefined) return await missingTag(looking, name, tag, parts);
  const digest = resolveTag(looking.store, name, tag);
  if (parts.path !== undefined || parts.pointer !== undefined) {
    if (digest === undefined) return missing(looking, parts, file.path, `The tag ${tag} has no digest in it.`, []);
    return await lookAtContentOf(looking, name, { ...parts, place: "content", value: digest });
  }
  if (digest === undefined) looking.faults.push({ address: file.path, text: "It is not the text of a digest." });
  const target = digest && await targetOf(looking, name, digest);
  if (target?.kind === "missing") {
    looking.faults.push({ address: file.path, text: `It points to ${digest}, which is not there.` });
  }
  const about = subjectOfTag(looking, name, tag);
  return finish(looking, parts, file.path, {
    kind: "tag",
    name,
    tag,
    ...(digest === undefined ? {} : { digest }),
    changed: timeText(file.lastUsed),
    formats: recognise(textTrait("tag", tag)),
    ...(target === undefined ? {} : { target }),
    ...(about === undefined ? {} : { about }),
  });
}

async function targetOf(looking: Looking, name: Name, digest: Digest): Promise<NonNullable<TagFacts["target"]>> {
  const inside = looking.inside();
  const parts: AddressParts = { name, place: "content", value: digest };
  const found = looking.find(name, digest, "manifest");
  if (found === undefined) return await missingDigest(inside, name, digest, parts);
  return finish(inside, parts, found.address, await lookAtManifest(inside, name, digest, found.file)) as ManifestFacts;
}

async function lookAtContentOf(looking: Looking, name: Name, parts: AddressParts): Promise<Facts> {
  const digest = await wholeDigest(looking, name, parts.value!);
  if (digest instanceof Array) return ambiguous(looking, name, parts, digest);
  if (digest === undefined) return await missingDigest(looking, name, parts.value!, parts);
  const folder = contentFolder(name, digest);
  const { file, path, pointer } = parts;
  if (file !== undefined && looking.disk.look(`${folder}/${file}`) === undefined) {
    return await missingFile(looking, name, digest, parts);
  }
  const isOfBlob = file !== undefined && file !== MANIFEST_FILE && file !== CONTENT_TYPE_FILE;
  const found = looking.find(name, digest, file === undefined ? "either" : isOfBlob ? "blob" : "manifest");
  if (found === undefined) {
    return missing(looking, parts, folder, `${folder} has neither a manifest nor a blob that can be pulled.`, []);
  }
  if (path !== undefined) return await lookAtPath(looking, name, digest, found, { ...parts, path });
  if (pointer !== undefined) return await lookAtField(looking, name, digest, found, { ...parts, pointer });
  if (found.isManifest) {
    return finish(looking, parts, found.address, await lookAtManifest(looking, name, digest, found.file));
  }
  return finish(looking, parts, found.address, await lookAtBlob(looking, name, digest, found.file));
}

// Finds the digest that a text means: itself, or the only one that begins with it. Several are returned as a list.
async function wholeDigest(looking: Looking, name: Name, start: string): Promise<Digest | Digest[] | undefined> {
  const whole = parseDigest(start);
  if (whole !== undefined && looking.find(name, whole) !== undefined) return whole;
  const matching = (await listContent(looking.store, name)).filter((digest) => digest.startsWith(start));
  return matching.length > 1 ? matching : matching[0];
}

async function lookAtPath(
  looking: Looking,
  name: Name,
  digest: Digest,
  found: FoundContent,
  parts: AddressParts & { readonly path: string },
): Promise<Facts> {
  if (!found.isManifest) {
    return finishPath(looking, parts, found.address, await lookInLayer(looking, name, digest, found.file, parts.path));
  }
  const image = await findImage(looking, name, digest);
  if (image === undefined) {
    return missing(looking, parts, found.address, "There is no image in it whose layers could be stacked.", []);
  }
  const layers = await openLayers(looking, name, image);
  const own = await lookInStack(looking, name, image.address, layers, parts.path);
  return finishPath(
    looking,
    parts,
    image.address,
    "near" in own || image.platform === undefined ? own : { ...own, platform: image.platform },
  );
}

function finishPath(looking: Looking, parts: AddressParts, address: string, own: FoundPath): Facts {
  if ("near" in own) return missing(looking, parts, `${address}!/${parts.path}`, own.text, own.near);
  const place = { address, text: address.slice(address.lastIndexOf("/") + 1) };
  const folders = own.path.split("/").slice(0, -1).map((text, index, all) => ({
    address: `${address}!/${all.slice(0, index + 1).join("/")}`,
    text,
  }));
  const inside = own.path === "" ? [] : [{ address: `${address}!/`, text: "/" }, ...folders];
  const facts = finish(looking, parts, `${address}!/${own.path}`, own);
  return { ...facts, way: [...facts.way, place, ...inside] };
}

async function lookAtReferrers(looking: Looking, name: Name, parts: AddressParts): Promise<Facts> {
  const subjects = await listSubjects(looking.store, name);
  const [digest, ...others] = subjects.filter((subject) => subject.startsWith(parts.value!));
  if (digest === undefined || others.length > 0) {
    const near = (others.length > 0 ? [digest, ...others] : nearest(parts.value!, subjects, NEAR) as Digest[]).slice(
      0,
      NEAR,
    )
      .map((subject) => ({ address: referrersFolder(name, subject), text: shorten(subject) }));
    const text = others.length > 0
      ? `Several digests begin with ${parts.value}.`
      : `Nothing in ${name} refers to ${shorten(parts.value!)}.`;
    return missing(looking, parts, `${subjectsFolder(name)}/${parts.value}`, text, near);
  }
  const entry = parts.file?.endsWith(".json") ? parseDigest(parts.file.slice(0, -".json".length)) : undefined;
  if (parts.file !== undefined) {
    const file = entry && looking.disk.look(referrerFile(name, digest, entry));
    if (file === undefined) {
      const text = `${shorten(parts.file)} is not there.`;
      return missing(looking, parts, `${referrersFolder(name, digest)}/${parts.file}`, text, [{
        address: referrersFolder(name, digest),
        text: shorten(digest),
      }]);
    }
    const found: FoundContent = { address: file.path, text: shorten(entry!), file, isManifest: false };
    return await lookAtField(looking, name, entry!, found, { ...parts, pointer: parts.pointer ?? "" });
  }
  const subject = looking.manifestIfThere(name, digest);
  return finish(looking, parts, referrersFolder(name, digest), {
    kind: "referrers",
    name,
    digest,
    formats: [],
    ...(subject === undefined ? {} : { subject: { address: subject, text: shorten(digest) } }),
    referrers: await referrersOf(looking, name, digest),
  });
}

async function lookAtUpload(looking: Looking, name: Name, parts: AddressParts): Promise<Facts> {
  const id = parseSessionId(parts.value!)!;
  const file = looking.disk.look(sessionFile(name, id));
  if (file === undefined) return await missingIn(looking, parts, name, "uploads");
  const { size, used } = uploadRow(looking, name, id);
  return finish(looking, parts, sessionFolder(name, id), {
    kind: "upload",
    name,
    id,
    formats: [],
    size,
    ...(used === undefined ? {} : { used }),
    isGrowing: looking.disk.isGrowing(file.path),
    content: contentBytes(await firstBytes(looking.disk, file, MOST_SHOWN), file.size),
  });
}
