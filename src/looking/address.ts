/**
 * Addresses: the texts that name what a person wants to look at. An address is a path on disk, so a person who has learned one has
 * learned the other. A person may also type what docker takes, and shorten a digest.
 *
 *     library/hello/_tags/latest                                    library/hello:latest
 *     library/hello/sha256:7d1a…/manifest.json                      library/hello@sha256:7d1a…    library/hello/sha256:7d1a
 *     library/hello/sha256:7d1a…/manifest.json#/layers/0            a JSON pointer (RFC 6901) into the document
 *     library/hello/sha256:9b4e…/layer.tar.gz!/etc/motd             a path in a layer
 *     library/hello/sha256:7d1a…/manifest.json!/etc/motd            library/hello:latest!/etc/motd
 *
 * They cannot be mistaken for each other: a name has neither ":", "@", "#" nor "!", and none of its parts begins with "_".
 *
 * Next: formats.ts
 *
 * @module
 */

import { type Digest, DIGEST_FORM } from "../definitions/digest.ts";
import { type Name, NAME_FORM, parseName } from "../definitions/name.ts";
import { parseSessionId } from "../definitions/session.ts";
import { parseTag, TAG_FORM } from "../definitions/tag.ts";
import { show } from "../definitions/fault.ts";
import { contentFolder, MANIFEST_FILE, subjectsFolder, tagsFolder, uploadsFolder } from "../store/layout.ts";

/** An address that was read. */
export interface AddressParts {
  /** The repository, or a folder of repositories; empty for the root. */
  readonly name: Name | "";
  /** The kind of the place. */
  readonly place: "name" | "tags" | "tag" | "content" | "subjects" | "referrers" | "uploads" | "upload";
  /** The tag, the digest, the beginning of a digest, or the id of a session. */
  readonly value?: string;
  /** The file in the digest's folder, or in the folder of the referrers. */
  readonly file?: string;
  /** The JSON pointer behind "#". */
  readonly pointer?: string;
  /** The path behind "!/", without "/" at both ends. */
  readonly path?: string;
}

/** The reason why a text is no address. */
export interface NoAddress {
  /** What an address would be. */
  readonly expected: string;
  /** What came instead. */
  readonly actual: string;
}

/**
 * Reads an address.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals<unknown>(parseAddress("library/hello:v1!/etc/motd"), {
 *   name: "library/hello",
 *   place: "tag",
 *   value: "v1",
 *   path: "etc/motd",
 * });
 * assertEquals<unknown>(parseAddress("library/hello/_tags/v1"), { name: "library/hello", place: "tag", value: "v1" });
 * ```
 */
export function parseAddress(text: string): AddressParts | NoAddress {
  const [place, behind] = splitAtFirst(text, /!(?:\/|$)|#/);
  const parts = parsePlace(place.replace(/^\/+|\/+$/g, ""));
  if ("expected" in parts || behind === undefined) return parts;
  if (!behind.startsWith("#")) return { ...parts, path: behind.slice(1).replace(/^\/+|\/+$/g, "") };
  const pointer = behind.slice(1);
  if (/^(?:\/(?:[^~/]|~[01])*)*$/.test(pointer)) return { ...parts, pointer };
  return { expected: "a JSON pointer such as #/layers/0", actual: show(behind) };
}

function splitAtFirst(text: string, mark: RegExp): [string, string | undefined] {
  const at = text.search(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at)];
}

const LISTS = { _tags: "tags", _referrers: "subjects", _uploads: "uploads" } as const;

function parsePlace(place: string): AddressParts | NoAddress {
  if (place === "") return { name: "", place: "name" };
  const at = place.indexOf("@");
  if (at >= 0) return parseTyped(place.slice(0, at), place.slice(at + 1));
  const parts = place.split("/");
  const list = parts.findIndex((part) => part.startsWith("_"));
  const content = parts.findIndex((part, index) => index > 0 && isDigestLike(part, index < parts.length - 1));
  if (list > 0 && (content < 0 || list < content)) {
    return parseListed(parts.slice(0, list).join("/"), parts.slice(list));
  }
  if (content > 0) return parseContent(parts.slice(0, content).join("/"), parts.slice(content));
  const colon = place.indexOf(":", place.lastIndexOf("/") + 1);
  if (colon >= 0) return parseTagged(place.slice(0, colon), place.slice(colon + 1));
  return withName(place, { place: "name" });
}

// In `library/hello:latest`, the last part could be a digest of an algorithm "hello". It is one only if it is a known algorithm.
function isDigestLike(part: string, isFollowed: boolean): boolean {
  return part.includes(":") && (isFollowed || /^(?:sha256|sha512|blake3):/.test(part));
}

// NAME@DIGEST, and NAME:TAG@DIGEST as docker prints it. The digest counts.
function parseTyped(name: string, digest: string): AddressParts | NoAddress {
  const colon = name.indexOf(":", name.lastIndexOf("/") + 1);
  return parseContent(colon < 0 ? name : name.slice(0, colon), digest.split("/"));
}

function parseTagged(name: string, tag: string): AddressParts | NoAddress {
  if (parseTag(tag) === undefined) return { expected: TAG_FORM, actual: show(tag) };
  return withName(name, { place: "tag", value: tag });
}

function parseListed(name: string, [list, value, file, ...rest]: readonly string[]): AddressParts | NoAddress {
  if (!Object.hasOwn(LISTS, list)) {
    return { expected: `${Object.keys(LISTS).join(", ")} or a digest behind the name`, actual: show(list) };
  }
  const place = LISTS[list as keyof typeof LISTS];
  if (value === undefined) return withName(name, { place });
  if (place === "tags") return file === undefined ? parseTagged(name, value) : tooLong(file);
  const inFolder = file === undefined ? {} : { file };
  if (place === "uploads") {
    if (parseSessionId(value) === undefined) return { expected: "the UUID of an upload session", actual: show(value) };
    return rest.length > 0 ? tooLong(rest[0]) : withName(name, { place: "upload", value, ...inFolder });
  }
  const digest = parseStart(value);
  if (digest === undefined) return { expected: DIGEST_FORM, actual: show(value) };
  return rest.length > 0 ? tooLong(rest[0]) : withName(name, { place: "referrers", value: digest, ...inFolder });
}

function parseContent(name: string, [text, file, ...rest]: readonly string[]): AddressParts | NoAddress {
  const value = parseStart(text);
  if (value === undefined) return { expected: `${DIGEST_FORM}, or its beginning`, actual: show(text) };
  if (rest.length > 0) {
    return { expected: "a path in a layer behind !/, such as …/layer.tar.gz!/etc/motd", actual: show(rest.join("/")) };
  }
  return withName(name, { place: "content", value, ...(file === undefined ? {} : { file }) });
}

function tooLong(part: string): NoAddress {
  return { expected: "nothing more", actual: show(part) };
}

// The form of a digest whose end may be missing, as the commands print it: `sha256:7d1a4c0e2b9f…`.
const BEGINNING = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]{4,}$/;

// Reads a digest or its beginning.
function parseStart(text: string): string | undefined {
  const start = text.replace(/(?:…|\.\.\.)$/, "");
  return text.length <= LONGEST_START && BEGINNING.test(start) ? start : undefined;
}

const LONGEST_START = 241;

function withName(text: string, others: Omit<AddressParts, "name">): AddressParts | NoAddress {
  const name = parseName(text);
  if (name !== undefined) return { name, ...others };
  const lower = parseName(text.toLowerCase());
  const hint = lower === undefined ? "" : `; did you mean ${lower}?`;
  return { expected: NAME_FORM, actual: `${show(text)}${hint}` };
}

/** Returns the address of a manifest. */
export function manifestAddress(name: Name, digest: Digest): string {
  return `${contentFolder(name, digest)}/${MANIFEST_FILE}`;
}

/** Returns the places above an address, from the root on. */
export function wayTo(parts: AddressParts): { address: string; text: string }[] {
  const { name } = parts;
  if (name === "") return [];
  const folders = name.split("/").map((text, index, all) => ({ address: all.slice(0, index + 1).join("/"), text }));
  const way = [{ address: "", text: "all repositories" }, ...folders];
  if (parts.place === "name") return parts.path === undefined ? way.slice(0, -1) : way;
  if (parts.place === "tag") way.push({ address: tagsFolder(name), text: "tags" });
  if (parts.place === "upload") way.push({ address: uploadsFolder(name), text: "uploads" });
  if (parts.place === "referrers") way.push({ address: subjectsFolder(name), text: "subjects" });
  return way;
}
