/**
 * Fields: explains the fields of manifests and configs, by the table `fields.tsv`.
 *
 *     document    pointer                   what
 *     image       /layers                   The layers, the lowest first. …
 *     descriptor  /digest                   The hash of the content. …
 *     annotation  /org.opencontainers…      …
 *
 * A pointer is a JSON pointer (RFC 6901) where "*" stands for any name or number. A document is an image manifest, an index, or a
 * config; some parts of these are descriptors, and some are annotations.
 *
 * Next: json_rows.ts
 *
 * @module
 */

import table from "./fields.tsv" with { type: "text" };

/** The kinds of documents whose fields are explained. */
export type DocumentKind = "image" | "index" | "descriptor" | "config" | "annotation";

/** A row of the table of fields. */
export interface FieldExplained {
  /** A sentence about the field. */
  readonly what: string;
  /** The place in the specification. */
  readonly spec: string;
}

/** The rows of the table, by document and pointer with a blank between. */
export const FIELDS: ReadonlyMap<string, FieldExplained> = new Map(
  table.trimEnd().split("\n").slice(1).map((line) => {
    const [document, pointer, what, spec] = line.split("\t");
    return [`${document} ${pointer}`, { what, spec }];
  }),
);

// The parts of a document that are documents of another kind.
const PARTS: readonly (readonly [document: DocumentKind, start: RegExp, part: DocumentKind])[] = [
  ["image", /^\/(?:config|subject|layers\/\*)(?=\/)/, "descriptor"],
  ["index", /^\/(?:subject|manifests\/\*)(?=\/)/, "descriptor"],
  ["image", /^\/annotations(?=\/)/, "annotation"],
  ["index", /^\/annotations(?=\/)/, "annotation"],
  ["descriptor", /^\/annotations(?=\/)/, "annotation"],
  ["config", /^\/config\/Labels(?=\/)/, "annotation"],
];

/**
 * Returns the sentence about a field, or `undefined` if the table has none. `names` are the names and numbers on the way to it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(explain("config", ["rootfs", "type"])?.what, 'Always "layers".');
 * assertEquals(explain("image", ["layers", 0, "digest"]), explain("descriptor", ["digest"]));
 * ```
 */
export function explain(document: DocumentKind, names: readonly (string | number)[]): FieldExplained | undefined {
  const pointer = names.map((name) => typeof name === "number" ? "/*" : `/${name}`).join("");
  const known = FIELDS.get(`${document} ${pointer}`);
  if (known !== undefined) return known;
  const [, start, part] = PARTS.find(([inside, start]) => inside === document && start.test(pointer)) ?? [];
  if (start === undefined || part === undefined) return undefined;
  return explain(part, names.slice(pointer.match(start)![0].split("/").length - 1));
}
