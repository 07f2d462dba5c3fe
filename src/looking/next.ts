/**
 * What comes next: the commands that a person may type after a look, one for each way that leads on.
 *
 *     deno task look library/hello@sha256:9b4e0fd27c1a     its last layer
 *     deno task look 'library/hello:v1!/'                  the files that a container sees
 *
 * A text with "!" needs quotes, because an interactive shell takes it for a command of its history.
 *
 * Next: field.ts
 *
 * @module
 */

import { printable } from "../definitions/printable.ts";
import { parseAddress } from "./address.ts";
import type { Facts, ManifestFacts, NextCommand, PlaceLink } from "./facts.ts";

const FILES = "the files that a container sees";

/** Returns the commands that lead on from some facts. */
export function nextCommands(facts: Facts): NextCommand[] {
  switch (facts.kind) {
    case "folder":
      return facts.repositories.rows.slice(0, 1).flatMap((row) => lookAt(row, "the first repository"));
    case "repository":
    case "tags": {
      // What clients keep under tags made of digests is seldom what a person wants to see first.
      const [first = facts.tags.rows[0], second] = facts.tags.rows.filter(({ formats }) => formats.length === 0);
      const isTwo = second !== undefined && first.digest !== second.digest;
      return [
        ...lookAt(first, "what its first tag points to"),
        ...(isTwo ? differ(first, second) : []),
      ];
    }
    case "tag":
      if (facts.target === undefined) return [];
      if (facts.target.kind === "missing") return nextCommands(facts.target);
      return fromManifest(facts.target, facts);
    case "manifest":
      return fromManifest(facts, facts);
    case "field":
      return facts.descriptor?.address === undefined
        ? []
        : lookAt({ address: facts.descriptor.address }, "the content that it points to");
    case "blob": {
      const folder = facts.layer?.top.rows.find(({ kind }) => kind === "folder");
      const need = facts.neededBy?.[0];
      return [
        ...lookAt(folder, "a folder in it"),
        ...lookAt(need && { address: need.address.replace(/#.*/s, "") }, "the manifest that needs it"),
      ];
    }
    case "file": {
      const folder = facts.entries?.rows.find(({ kind }) => kind === "folder") ?? facts.entries?.rows[0];
      const layer = facts.isStacked ? facts.layers?.at(-1) : undefined;
      return [
        ...lookAt(folder, "what is in there"),
        ...lookAt(facts.leadsTo, "where the link leads to"),
        ...lookAt(layer, "the same in its layer alone"),
      ];
    }
    case "subjects":
      return lookAt(facts.subjects.rows[0], "the referrers of the first subject");
    case "uploads":
      return lookAt(facts.uploads.rows[0], "the first session");
    case "referrers":
      return lookAt(facts.referrers[0], "the first referrer");
    case "missing":
      return facts.near.flatMap((place) => lookAt(place, "perhaps this one"));
    case "invalid":
      return [{ command: "deno task look", text: "all repositories" }];
    case "upload":
      return [];
  }
}

function fromManifest(manifest: ManifestFacts, { address }: PlaceOnly): NextCommand[] {
  const layer = manifest.layers.findLast(({ address }) => address !== undefined);
  const child = manifest.children.rows.find(({ address, about }) => address !== undefined && about === undefined);
  const isImage = manifest.image !== undefined || child !== undefined;
  return [
    ...(isImage ? lookAt({ address: `${address}!/` }, FILES) : []),
    ...lookAt(layer, "its last layer"),
    ...lookAt(child, "its first image"),
    ...lookAt(manifest.referrers[0], "what refers to it"),
  ];
}

type PlaceOnly = { readonly address?: string };

function lookAt(place: PlaceOnly | undefined, text: string): NextCommand[] {
  return place?.address === undefined ? [] : commandWith("look", [place.address], text);
}

/** Returns the command that compares two places. */
export function differ(before: PlaceOnly | PlaceLink, after: PlaceOnly | PlaceLink): NextCommand[] {
  if (before.address === undefined || after.address === undefined) return [];
  return commandWith("diff", [before.address, after.address], "what is different in them");
}

// A path with characters that are not drawn cannot be typed.
function commandWith(task: string, addresses: readonly string[], text: string): NextCommand[] {
  const command = ["deno task", task, ...addresses.map(asTyped).map(quoted)].join(" ");
  return printable(command) === command ? [{ command, text }] : [];
}

/**
 * Returns an address as a person would type it: with the name and the tag as docker takes them, and the beginning of the digest.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(asTyped("library/hello/_tags/v1"), "library/hello:v1");
 * ```
 */
export function asTyped(address: string): string {
  const parts = parseAddress(address);
  if ("expected" in parts) return address;
  const { name, place, value = "", pointer, path } = parts;
  const behind = path !== undefined ? `!/${path}` : pointer !== undefined ? `#${pointer}` : "";
  if (place === "tag") return `${name}:${value}${behind}`;
  const start = value.replace(/^([^:]*:.{12}).*$/s, "$1");
  if (place === "content") return `${name}@${start}${behind}`;
  if (place === "referrers" && parts.file === undefined) return `${name}/_referrers/${start}`;
  return address;
}

/** Returns a word as a POSIX shell takes it: with quotes, unless no shell sees more in it than letters. */
export function quoted(text: string): string {
  return /^[\w./:@%=-][\w./:@#%=-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
