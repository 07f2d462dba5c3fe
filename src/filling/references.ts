/**
 * References: how people and archives name an image.
 *
 *     library/hello                       a repository
 *     library/hello:v1                    a tag in it
 *     library/hello@sha256:7d1a…          a manifest in it
 *     docker.io/library/hello:v1          the same with the registry that it came from, which is left out here
 *     v1                                  only a tag, as most layouts have it
 *
 * Docker's own registry is left out by people, and so is `library/` in front of its official images. An archive of docker that
 * says `alpine:3` means `docker.io/library/alpine:3`, and the repository is `library/alpine`.
 *
 * Next: plan.ts
 *
 * @module
 */

import { type Digest, DIGEST_FORM, parseDigest } from "../definitions/digest.ts";
import { type Name, NAME_FORM, parseName } from "../definitions/name.ts";
import { parseTag, type Tag, TAG_FORM } from "../definitions/tag.ts";

/** The repository, the tag and the digest that a reference names. */
export interface ImageReference {
  /** The repository. */
  readonly name?: Name;
  /** The tag. */
  readonly tag?: Tag;
  /** The digest. */
  readonly digest?: Digest;
}

/**
 * Reads `NAME`, `NAME:TAG` or `NAME@DIGEST`, as a person types it.
 *
 * @throws {RangeError} if a part is malformed.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals<unknown>(parseTyped("library/hello:v1"), { name: "library/hello", tag: "v1" });
 * assertThrows(() => parseTyped("Hello"), RangeError);
 * ```
 */
export function parseTyped(text: string): ImageReference & { readonly name: Name } {
  const [path, digestText] = text.split("@", 2);
  const [nameText, tagText] = splitTag(path);
  const name = parseName(nameText);
  if (name === undefined) throw new RangeError(`"${nameText}" is not ${NAME_FORM}`);
  const tag = tagText === undefined ? undefined : parseTag(tagText);
  if (tagText !== undefined && tag === undefined) throw new RangeError(`"${tagText}" is not ${TAG_FORM}`);
  const digest = digestText === undefined ? undefined : parseDigest(digestText);
  if (digestText !== undefined && digest === undefined) throw new RangeError(`"${digestText}" is not ${DIGEST_FORM}`);
  return { name, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/**
 * Reads a reference that an archive has. Returns `undefined` if no repository and no tag can have such a name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals<unknown>(parseFound("docker.io/library/alpine:3", true), { name: "library/alpine", tag: "3" });
 * assertEquals<unknown>(parseFound("alpine:3", true), { name: "library/alpine", tag: "3" });
 * assertEquals<unknown>(parseFound("localhost:5000/a/b:v1", false), { name: "a/b", tag: "v1" });
 * assertEquals<unknown>(parseFound("v1", false), { tag: "v1" });
 * ```
 */
export function parseFound(text: string, isDocker: boolean): ImageReference | undefined {
  const [whole] = text.split("@");
  if (!isDocker && !/[:/]/.test(whole)) {
    const tag = parseTag(whole);
    return tag && { tag };
  }
  const [first, ...rest] = whole.split("/");
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const [path, tagText] = splitTag(hasHost ? rest.join("/") : whole);
  const isOfficial = !path.includes("/") && (hasHost ? /^(?:index\.)?docker\.io$/.test(first) : isDocker);
  const name = parseName(isOfficial ? `library/${path}` : path);
  const tag = tagText === undefined ? undefined : parseTag(tagText);
  if (name === undefined || (tagText !== undefined && tag === undefined)) return undefined;
  return { name, ...(tag === undefined ? {} : { tag }) };
}

/** Returns a repository for an archive that names none: the name of its file, if a repository can be called so. */
export function nameOfFile(path: string): Name | undefined {
  const file = path.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) ?? "";
  return parseName(file.replace(/\.(?:tar|tar\.gz|tgz|oci)$/i, "").toLowerCase());
}

function splitTag(text: string): [path: string, tag: string | undefined] {
  const colon = text.indexOf(":", text.lastIndexOf("/") + 1);
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}
