/**
 * A layer: what one archive of an image has, as a list and as a tree.
 * https://github.com/opencontainers/image-spec/blob/13cff54/layer.md
 *
 *     etc/motd             a file: new, or in place of one of an earlier layer
 *     etc/.wh.hosts        a whiteout: etc/hosts of an earlier layer is not there any more
 *     var/.wh..wh..opq     an opaque whiteout: all that earlier layers have in var is not there any more
 *
 * A manifest names a layer by the digest of its packed bytes. The config names it by the digest of its unpacked bytes, its `diff_id`.
 * To check the second one, somebody has to unpack the archive. Here it is computed on the way.
 *
 * Next: stack.ts
 *
 * @module
 */

import { createHash } from "node:crypto";
import { compareWithTar, type ContentsTableFacts } from "./contents_table.ts";
import { ESTARGZ_ENTRY } from "./estargz.ts";
import { type PackingFacts, unpack } from "./packing.ts";
import { readContentsTable } from "./reading_a_table.ts";
import {
  ArchiveReading,
  type ByteSource,
  type LimitMet,
  type ProblemList,
  type ReadingLimits,
  shortened,
} from "./source.ts";
import { type ContentReader, readTar, type TarEnd } from "./tar.ts";
import type { TarEntry } from "./tar_entry.ts";
import { cleanPath } from "./paths.ts";
import { Tree } from "./tree.ts";
import { nodesOf, type TreeNode } from "./tree_nodes.ts";

/** What to read of a layer. */
export interface ReadLayerOptions {
  /** The most that it may cost. */
  readonly limits?: ReadingLimits;
  /** True to compute the digest of each file's content. A comparison of two images needs it. */
  readonly contents?: boolean;
  /** True to compute the digest of all unpacked bytes. */
  readonly diffId?: boolean;
  /** Called with the number of stored bytes that were read so far. */
  readonly progress?: (packed: number) => void;
  /** The annotations of the layer's descriptor: they may say where its table of contents is. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What is known of a layer. */
export interface LayerFacts {
  /** What its bytes are compressed with. */
  readonly packing: PackingFacts;
  /** False if the bytes are no tar. Then there are no entries. */
  readonly isTar: boolean;
  /** Its entries, in their order. */
  readonly entries: readonly TarEntry[];
  /** Its tree. */
  readonly nodes: readonly LayerNode[];
  /** The digest of the unpacked bytes, if it was asked for and all of them were read. */
  readonly diffId?: string;
  /** The end of the archive, if it was reached. */
  readonly end?: TarEnd;
  /** Its table of contents, if it has one. */
  readonly table?: ContentsTableFacts;
  /** What is wrong with it. */
  readonly problems: ProblemList;
  /** The limit that ended the reading early. */
  readonly limitMet?: LimitMet;
}

/** A node in the tree of a layer. */
export interface LayerNode extends TreeNode {
  /** What it removes, if it is a whiteout. */
  readonly whiteout?: Whiteout;
}

/** What a whiteout removes: a path of earlier layers, all that is in a folder, or nothing, because only the program AUFS uses it. */
export interface Whiteout {
  /** Its kind. */
  readonly kind: "path" | "opaque" | "aufs";
  /** The path that is removed, or of the folder. */
  readonly path: string;
}

const PREFIX = ".wh.";
const OPAQUE = ".wh..wh..opq";
const AUFS = ".wh..wh.";

/** Returns what an entry with this path removes; nothing if it is no whiteout. */
export function whiteoutOf(path: string): Whiteout | undefined {
  if (!path.includes(PREFIX)) return undefined;
  const clean = cleanPath(path);
  const slash = clean.lastIndexOf("/");
  const [folder, name] = [clean.slice(0, Math.max(0, slash)), clean.slice(slash + 1)];
  if (name === OPAQUE) return { kind: "opaque", path: folder };
  if (name.startsWith(AUFS)) return { kind: "aufs", path: clean };
  if (!name.startsWith(PREFIX)) return undefined;
  return { kind: "path", path: slash < 0 ? name.slice(PREFIX.length) : `${folder}/${name.slice(PREFIX.length)}` };
}

/** Reads a layer. It rejects only if the source does; whatever is wrong with the bytes is among the problems. */
export async function readLayer(source: ByteSource, options: ReadLayerOptions = {}): Promise<LayerFacts> {
  const reading = new ArchiveReading(options.limits);
  const all = options.diffId === true ? createHash("sha256") : undefined;
  const { stream, facts } = await unpack(source, reading, {
    ...(options.progress !== undefined && { progress: options.progress }),
    ...(all !== undefined && { see: (bytes) => all.update(bytes) }),
  });
  const hashing = options.contents === true ? { content: contentHasher() } : {};
  const entries: TarEntry[] = [];
  let end: TarEnd | undefined;
  try {
    const tar = readTar(stream, reading, hashing);
    for (;;) {
      const { done, value } = await tar.next();
      if (done) {
        end = value;
        break;
      }
      entries.push(value);
    }
    // The diff_id is of all bytes, and a broken archive has more of them.
    if (all !== undefined && reading.limitMet === undefined) await stream.skip(Number.MAX_SAFE_INTEGER);
  } finally {
    await stream.close();
  }
  const isTar = stream.at > 0 && reading.problems.list.every(({ what }) => what !== "no tar");

  const tree = new Tree(reading);
  for (const [index, entry] of entries.entries()) {
    let isFirst = true;
    const place = tree.add(entry, index, 0, (place) => {
      if (!isFirst) return;
      isFirst = false;
      reading.note("twice", entry.headerAt, "The path is in the archive twice. The later entry counts.", place.path);
    });
    if (place !== undefined && entry.kind === "hard link" && place.content === undefined) {
      const text = `The hard link leads to ${entry.target}, which is no file in front of it in this layer.`;
      reading.note("link leads nowhere", entry.headerAt, text, entry.path);
    }
  }
  const nodes = nodesOf(tree.root, ({ name, entry }) => {
    const whiteout = name.startsWith(PREFIX) && entry >= 0 ? whiteoutOf(entries[entry].path) : undefined;
    return whiteout === undefined ? {} : { whiteout };
  });

  const isWhole = reading.limitMet === undefined;
  const table = await readContentsTable(source, reading, options.annotations);
  if (end?.firstAt !== undefined && !(table?.form === "eStargz" && end.hidden === ESTARGZ_ENTRY)) {
    const what = end.hidden === undefined ? "other bytes than zeros" : `more entries, first ${shortened(end.hidden)}`;
    const text = `Behind the archive's end stand ${what}. Programs do not read them.`;
    reading.note("behind the end", end.firstAt, text, end.hidden);
  }
  return {
    packing: facts(),
    isTar,
    entries,
    nodes,
    ...(all !== undefined && isWhole && { diffId: `sha256:${all.digest("hex")}` }),
    ...(end !== undefined && { end }),
    ...(table !== undefined && { table: compareWithTar(table, entries, isWhole, ESTARGZ_ENTRY) }),
    problems: reading.problems,
    ...(reading.limitMet !== undefined && { limitMet: reading.limitMet }),
  };
}

// The most zeros that are hashed for the holes of sparse files. A hole costs nothing in an archive, whatever its size.
const MOST_ZEROS = 1024 ** 3;
const ZEROS = new Uint8Array(64 * 1024);

// Returns a function that computes the digest of each file's content, with zeros for the holes of a sparse one.
function contentHasher(): (entry: TarEntry) => ContentReader | undefined {
  let zeros = MOST_ZEROS;
  return (entry) => {
    if (entry.kind !== "file") return undefined;
    const hash = createHash("sha256");
    const digest = () => `sha256:${hash.digest("hex")}`;
    const { sparse, size, stored } = entry;
    if (sparse === undefined) {
      return { update: (bytes) => hash.update(bytes), end: digest };
    }
    zeros -= size - stored;
    if (zeros < 0) return undefined;
    let at = 0;
    let index = 0;
    const fill = (end: number) => {
      for (; at < end; at += ZEROS.length) hash.update(ZEROS.subarray(0, end - at));
      at = end;
    };
    return {
      update(bytes) {
        for (let used = 0; used < bytes.length;) {
          const [offset, size] = sparse.parts[index];
          if (at < offset) fill(offset);
          const part = bytes.subarray(used, used + offset + size - at);
          hash.update(part);
          used += part.length;
          at += part.length;
          if (at === offset + size) index++;
        }
      },
      end() {
        fill(size);
        return digest();
      },
    };
  };
}
