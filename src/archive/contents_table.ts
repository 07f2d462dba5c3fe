/**
 * A table of contents: where each file of a packed layer lies, so that one file can be had without all that stands before it.
 *
 *     gzip of a usual layer    |················ one member ················|     a file in the middle: unpack all before it
 *     eStargz                  |·· a ··|·· b ··|·· c ··|·· table ··|footer|      a file: one member
 *     zstd:chunked             |·· a ··|·· b ··|·· c ··|(  table  )|(footer)|    a file: its frames;  ( ) is skippable
 *
 * Both are usual gzip or zstd of a usual tar, so that each client can read them. The table is a second account of the same files, and
 * nobody makes sure that both say the same. A client that reads the table may see another image than one that reads the tar. So the
 * two are compared here, and differences are told.
 *
 * Next: estargz.ts
 *
 * @module
 */

import type { TarEntry } from "./tar_entry.ts";
import type { TarKind } from "./tar_kind.ts";
import { cleanPath } from "./paths.ts";

/** A table of contents. */
export interface ContentsTable {
  /** Its format. */
  readonly form: "eStargz" | "zstd:chunked";
  /** Where it stands, in the packed bytes. */
  readonly at: number;
  /** How many packed bytes it has. */
  readonly size: number;
  /** What said where it is. */
  readonly by: "footer" | "annotations";
  /** Its digest, of the form that annotations name: for eStargz that of the text, for zstd:chunked that of the packed text. */
  readonly digest: string;
  /** The files and folders in it. */
  readonly entries: readonly TableEntry[];
}

/** What is told of a table of contents. It has as many entries as the layer, and says the same, so they are not told again. */
export interface ContentsTableFacts extends Omit<ContentsTable, "entries"> {
  /** How many entries it has. */
  readonly entries: number;
  /** What it says otherwise than the tar, at most 1,000 of it. */
  readonly differences: readonly TableDifference[];
  /** How many differences there are. */
  readonly differenceCount: number;
}

/** An entry of a table of contents. */
export interface TableEntry {
  /** Its path, as the table has it. */
  readonly path: string;
  /** What it is. */
  readonly kind: TarKind;
  /** The size of its content. */
  readonly size: number;
  /** Its permissions. */
  readonly mode?: number;
  /** The number of its owner. */
  readonly uid?: number;
  /** The number of its group. */
  readonly gid?: number;
  /** Where a link leads to. */
  readonly target?: string;
  /** The digest of its content. */
  readonly digest?: string;
  /** Where its content lies. */
  readonly chunks: readonly TableChunk[];
}

/** A piece of a file's content. */
export interface TableChunk {
  /** Where it begins in the file. */
  readonly offset: number;
  /** How many bytes of the file it has. */
  readonly size: number;
  /** Where the member or frame with it begins, in the packed bytes. */
  readonly at: number;
  /** How many bytes of that member or frame come first. */
  readonly inside: number;
  /** True if the chunk is a hole, and stands nowhere. */
  readonly isHole?: boolean;
  /** The digest of these bytes. */
  readonly digest?: string;
}

/** Something that a table says otherwise than the tar. */
export interface TableDifference {
  /** The path that it is about. */
  readonly path: string;
  /** What differs. */
  readonly what: "only in the table" | "only in the tar" | "kind" | "size" | "mode" | "owner" | "target" | "content";
  /** What the table says. */
  readonly table?: string;
  /** What the tar says. */
  readonly tar?: string;
}

/** Where a table stands. */
export interface TablePosition {
  /** Its format. */
  readonly form: ContentsTable["form"];
  /** Its first byte, in the packed bytes. */
  readonly at: number;
  /** How many packed bytes it has. */
  readonly size: number;
  /** What said where it is. */
  readonly by: ContentsTable["by"];
}

const MOST_DIFFERENCES = 1000;

const KINDS: Readonly<Record<string, TarKind>> = {
  reg: "file",
  dir: "folder",
  symlink: "symbolic link",
  hardlink: "hard link",
  char: "character device",
  block: "block device",
  fifo: "pipe",
};

/** Reads the entries of a table: both formats have the same fields. Returns what is wrong with them, in words. */
export function entriesOf(table: unknown): TableEntry[] | string {
  const rows = isRecord(table) ? table.entries : undefined;
  if (!Array.isArray(rows)) return "The table of contents has no list of entries.";
  const entries: (TableEntry & { chunks: TableChunk[] })[] = [];
  for (const row of rows) {
    if (!isRecord(row) || typeof row.name !== "string" || typeof row.type !== "string") {
      return "An entry of the table of contents has no name or no type.";
    }
    if (row.type === "chunk") {
      const file = entries.at(-1);
      if (file === undefined || file.path !== row.name) return "The table of contents has a chunk without its file.";
      file.chunks.push(chunkOf(row, file.size));
      continue;
    }
    const kind = KINDS[row.type] ?? "unknown";
    const size = kind === "file" ? numberIn(row.size) : 0;
    entries.push({
      path: row.name,
      kind,
      size,
      mode: numberIn(row.mode) & 0o7777,
      uid: numberIn(row.uid),
      gid: numberIn(row.gid),
      ...(typeof row.linkName === "string" && row.linkName !== "" && { target: row.linkName }),
      ...(typeof row.digest === "string" && { digest: row.digest }),
      chunks: size > 0 ? [chunkOf(row, size)] : [],
    });
  }
  return entries;
}

function chunkOf(row: Record<string, unknown>, fileSize: number): TableChunk {
  const offset = numberIn(row.chunkOffset);
  return {
    offset,
    // A size of 0 stands for all that is left of the file.
    size: numberIn(row.chunkSize) || Math.max(0, fileSize - offset),
    at: numberIn(row.offset),
    inside: numberIn(row.innerOffset),
    ...(row.chunkType === "zeros" && { isHole: true }),
    ...(typeof row.chunkDigest === "string" && { digest: row.chunkDigest }),
  };
}

function numberIn(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns what is told of a table, with what it says otherwise than the tar. */
export function compareWithTar(
  table: ContentsTable,
  entries: readonly TarEntry[],
  isWhole: boolean,
  ownPath: string,
): ContentsTableFacts {
  const differences: TableDifference[] = [];
  let differenceCount = 0;
  const tell = (difference: TableDifference) => {
    if (++differenceCount <= MOST_DIFFERENCES) differences.push(difference);
  };
  const inTar = new Map(entries.map((entry) => [cleanPath(entry.path), entry]));
  for (const row of table.entries) {
    const path = cleanPath(row.path);
    const entry = inTar.get(path);
    inTar.delete(path);
    if (entry === undefined) {
      if (isWhole) tell({ path, what: "only in the table" });
      continue;
    }
    const differs = (what: TableDifference["what"], inTable: unknown, tar: unknown) =>
      tell({ path, what, table: String(inTable), tar: String(tar) });
    if (row.kind !== entry.kind) {
      differs("kind", row.kind, entry.kind);
      continue;
    }
    if (row.kind === "file" && row.size !== entry.size) differs("size", row.size, entry.size);
    if (row.kind !== "hard link") {
      if (row.mode !== entry.mode) differs("mode", row.mode?.toString(8), entry.mode.toString(8));
      if (row.uid !== entry.uid || row.gid !== entry.gid) {
        differs("owner", `${row.uid}:${row.gid}`, `${entry.uid}:${entry.gid}`);
      }
    }
    if (row.target !== undefined && row.target !== entry.target) differs("target", row.target, entry.target);
    if (row.digest !== undefined && entry.digest !== undefined && row.digest !== entry.digest) {
      differs("content", row.digest, entry.digest);
    }
  }
  // The table does not name itself.
  inTar.delete(ownPath);
  for (const path of inTar.keys()) if (path !== "") tell({ path, what: "only in the tar" });
  return { ...table, entries: table.entries.length, differences, differenceCount };
}
