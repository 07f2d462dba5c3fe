/**
 * The view of a repository, of a folder of repositories, and of the lists in a repository.
 *
 *     Repository library/hello
 *     2 tags, 5 manifests and blobs, 3.2 MiB.
 *
 *     Tag      Points to         Type                                          Changed
 *     latest   sha256:7d1a…      application/vnd.oci.image.manifest.v1+json    2026-11-21
 *
 * Next: pieces.ts
 *
 * @module
 */

import { shorten } from "../../definitions/printable.ts";
import { counted } from "../../definitions/size.ts";
import type {
  ContentRow,
  FolderFacts,
  RepositoryFacts,
  RepositoryRow,
  Rows,
  SubjectsFacts,
  TagRow,
  TagsFacts,
  UploadRow,
  UploadsFacts,
} from "../../looking/facts.ts";
import { addressOf, addressOfDiff } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import { chips, digestOf, link, linkTo, more, size, table, time } from "./pieces.ts";

function repositories(caption: string, { rows, next, total }: Rows<RepositoryRow>): Markup {
  return [
    table(
      caption,
      ["Repository", "Tags", "Manifests and blobs", "Uploads"],
      rows.map((row) => [linkTo(row), row.tags, row.contents, row.uploads]),
      { class: "numbers" },
    ),
    more(next, total),
  ];
}

/** Returns a folder of repositories, or all of them. */
export function folder({ repositories: rows }: FolderFacts): Markup {
  if (rows.rows.length > 0) return repositories("Repositories, in all depths", rows);
  return element("p", { class: "lead" }, "There is no repository yet. The first push makes one.");
}

/** Returns a repository. */
export function repository(look: RepositoryFacts): Markup {
  const { name, tags, contents, size: bytes, loose, subjects, uploads, below } = look;
  return [
    element(
      "p",
      { class: "lead" },
      `${counted(tags.total ?? tags.rows.length, "tag")}, ${
        counted(contents.total ?? contents.rows.length, "manifest or blob", "manifests and blobs")
      }`,
      bytes !== undefined && [", ", size(bytes)],
      ". ",
      subjects > 0 &&
        [
          element(
            "a",
            { href: addressOf(`${name}/_referrers`) },
            `${counted(subjects, "manifest has", "manifests have")} referrers`,
          ),
          ".",
        ],
    ),
    element("p", {}, element("a", { href: `/graph/${name}` }, "The graph of this repository"), ": what needs what."),
    element("h2", {}, "Tags"),
    tags.rows.length === 0
      ? element(
        "p",
        {},
        "No tags. A tag is a name for people, and points to a manifest. Manifests without one can be pulled by their digest.",
      )
      : tagTable(tags),
    tags.rows.length > 1 && compareTags(tags.rows),
    element("h2", {}, "Manifests and blobs"),
    contentTable("Everything that is kept, by digest", contents),
    loose !== undefined && loose.length > 0 && [
      element("h3", {}, "Needed by nobody"),
      element(
        "p",
        {},
        "No manifest points to these blobs. A push may still need them; ",
        element("code", {}, "deno task gc"),
        " removes those that are old.",
      ),
      contentTable("Blobs that no manifest needs", { rows: loose }),
    ],
    uploads.rows.length > 0 && [element("h2", {}, "Uploads"), uploadTable(uploads)],
    below.rows.length > 0 && [element("h2", {}, "Repositories below"), repositories("Repositories below", below)],
  ];
}

function tagTable({ rows, next, total }: Rows<TagRow>): Markup {
  return [
    table(
      "Tags",
      ["Tag", "Points to", "Type", "Changed"],
      rows.map(({ address, text, digest, to, mediaType, formats, changed }) => [
        [link(address, text), " ", chips(formats)],
        digest === undefined ? "nothing: its file has no digest" : digestOf(digest, to),
        mediaType ?? (digest === undefined ? "" : element("b", { class: "wrong" }, "the manifest is not there")),
        time(changed),
      ]),
    ),
    more(next, total),
  ];
}

function compareTags([first, second]: readonly TagRow[]): Markup {
  return element(
    "p",
    {},
    element("a", { href: addressOfDiff(first.address, second.address) }, `Compare ${first.text} with ${second.text}`),
    ", or any two.",
  );
}

function contentTable(caption: string, { rows, next, total }: Rows<ContentRow>): Markup {
  return [
    table(
      caption,
      ["Digest", "File", "Size", "Names of the file", "Type"],
      rows.map(({ address, digest, file, size: bytes, names, mediaType }) => [
        digestOf(digest, address),
        file ?? element("b", { class: "wrong" }, "no file"),
        size(bytes),
        names,
        mediaType,
      ]),
    ),
    more(next, total),
  ];
}

/** Returns the tags of a repository. */
export function tags(look: TagsFacts): Markup {
  return tagTable(look.tags);
}

/** Returns the manifests of a repository that others refer to. */
export function subjects({ subjects: { rows, next, total } }: SubjectsFacts): Markup {
  return [
    table(
      "Subjects: manifests that others refer to",
      ["Subject", "Referrers", "Is it here?"],
      rows.map((
        { address, digest, referrers, isThere },
      ) => [digestOf(digest, address), referrers, isThere ? "yes" : "no: it may be pushed later"]),
    ),
    more(next, total),
  ];
}

function uploadTable({ rows, next, total }: Rows<UploadRow>): Markup {
  return [
    table(
      "Upload sessions",
      ["Session", "Bytes so far", "Last used"],
      rows.map(({ address, text, size: bytes, used }) => [link(address, shorten(text)), size(bytes), time(used)]),
    ),
    more(next, total),
  ];
}

/** Returns the upload sessions of a repository. */
export function uploads(look: UploadsFacts): Markup {
  return uploadTable(look.uploads);
}
