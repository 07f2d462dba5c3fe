/** Tables of contents: eStargz and zstd:chunked, what they open, and where they do not say what the tar says. */

import { assert, assertEquals } from "@std/assert";
import { readFile } from "../../src/archive/file.ts";
import { readLayer } from "../../src/archive/layer.ts";
import { readContentsTable } from "../../src/archive/reading_a_table.ts";
import { ArchiveReading } from "../../src/archive/source.ts";
import { bytes, randomBytes } from "../fixture.ts";
import {
  countedSource,
  fileOf,
  frameOf,
  headerOf,
  join,
  memberOf,
  padded,
  sha256,
  skippableOf,
  tarOf,
} from "./tar_maker.ts";

const BIG = randomBytes(50_000);
const MOTD = bytes("hello");

/** A row of a table. */
type Row = Record<string, unknown>;

/** The parts of a layer: each is packed alone, and has rows in the table. */
const PARTS: readonly { readonly tar: Uint8Array; readonly rows?: (at: number, end: number) => Row[] }[] = [
  { tar: headerOf({ name: "etc/", type: "5", mode: 0o755 }), rows: () => [{ name: "etc/", type: "dir", mode: 0o755 }] },
  { tar: headerOf({ name: "big", size: BIG.length }) },
  {
    tar: BIG.subarray(0, 20_000),
    rows: (at, end) => [{
      name: "big",
      type: "reg",
      size: BIG.length,
      mode: 0o644,
      digest: sha256(BIG),
      offset: at,
      endOffset: end,
      chunkSize: 20_000,
      chunkDigest: sha256(BIG.subarray(0, 20_000)),
    }],
  },
  {
    tar: padded(BIG.subarray(20_000)).subarray(0, 30_000),
    rows: (at) => [{ name: "big", type: "chunk", offset: at, chunkOffset: 20_000, chunkSize: 0 }],
  },
  {
    tar: join([new Uint8Array((512 - BIG.length % 512) % 512), headerOf({ name: "etc/motd", size: 5 })]),
  },
  {
    tar: join([padded(MOTD), headerOf({ name: "link", type: "1", link: "etc/motd" })]),
    rows: (at) => [
      { name: "etc/motd", type: "reg", size: 5, mode: 0o644, digest: sha256(MOTD), offset: at },
      { name: "link", type: "hardlink", linkName: "etc/motd", mode: 0o644 },
    ],
  },
];

/** What a test changes. */
interface Changes {
  /** Changes the rows. */
  readonly rows?: (rows: Row[]) => unknown;
  /** Changes where the footer says that the table is. */
  readonly move?: number;
  /** Puts the tar's end in front of the table. */
  readonly hasEnd?: boolean;
}

function packedParts(pack: (content: Uint8Array) => Uint8Array<ArrayBuffer>) {
  let at = 0;
  const packed = PARTS.map(({ tar }) => pack(tar));
  const rows = PARTS.flatMap(({ rows }, index) => {
    const start = at;
    at += packed[index].length;
    return rows?.(start, at) ?? [];
  });
  return { packed, rows, at };
}

/** Returns an eStargz: docs/estargz.md of stargz-snapshotter. */
function estargzOf({ rows: change = (rows) => rows, move = 0, hasEnd = false }: Changes = {}, isLegacy = false) {
  const { packed, rows, at } = packedParts((content) => memberOf(content));
  const end = hasEnd ? memberOf(new Uint8Array(1024)) : new Uint8Array();
  const json = JSON.stringify({ version: 1, entries: change(rows) });
  const table = memberOf(tarOf(fileOf("stargz.index.json", json)));
  const place = bytes(`${(at + end.length + move).toString(16).padStart(16, "0")}STARGZ`);
  const extra = isLegacy
    ? join([new Uint8Array([22, 0]), place])
    : join([new Uint8Array([26, 0, 0x53, 0x47, 22, 0]), place]);
  // Deflate without compression, so that the footer always has the same size.
  const footer = join([
    new Uint8Array([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255]),
    extra,
    new Uint8Array([1, 0, 0, 0xff, 0xff]),
    new Uint8Array(8),
  ]);
  return {
    layer: join([...packed, end, table, footer]),
    digest: sha256(json),
    at: at + end.length,
    size: table.length,
  };
}

/** Returns a zstd:chunked: pkg/chunked of containers/storage. */
function chunkedOf({ rows: change = (rows) => rows, move = 0 }: Changes = {}, footerSize = 64) {
  const { packed, rows, at: start } = packedParts(frameOf);
  const end = frameOf(new Uint8Array(1024));
  const json = bytes(JSON.stringify({ version: 1, entries: change(rows) }));
  const table = frameOf(json);
  const at = start + end.length + 8;
  const footer = new Uint8Array(footerSize);
  const numbers = new DataView(footer.buffer);
  [at + move, table.length, json.length, 1].forEach((value, index) =>
    numbers.setBigUint64(8 * index, BigInt(value), true)
  );
  footer.set(bytes("GnUlInUx"), footerSize - 8);
  const layer = join([...packed, end, skippableOf(table), skippableOf(footer)]);
  return {
    layer,
    digest: sha256(table),
    at,
    size: table.length,
    json,
    position: `${at}:${table.length}:${json.length}:1`,
  };
}

const read = (layer: Uint8Array, annotations: Record<string, string> = {}) =>
  readLayer(countedSource(layer), { contents: true, annotations });

for (
  const [name, make] of [
    ["eStargz", () => estargzOf()],
    ["eStargz with the older footer", () => estargzOf({}, true)],
    ["eStargz with its table behind the archive's end", () => estargzOf({ hasEnd: true })],
    ["zstd:chunked", () => chunkedOf()],
    ["zstd:chunked with the older footer", () => chunkedOf({}, 40)],
  ] as const
) {
  Deno.test(`${name}: the table is found by its footer, and says what the tar says`, async () => {
    const { layer, digest, at, size } = make();
    const { table, problems, entries } = await read(layer);
    const whole = await readContentsTable(countedSource(layer), new ArchiveReading());

    assertEquals(table, {
      form: name.startsWith("eStargz") ? "eStargz" : "zstd:chunked",
      at,
      size,
      by: "footer",
      digest,
      entries: 4,
      differences: [],
      differenceCount: 0,
    });
    assertEquals(
      whole?.entries.map((
        { path, kind, size, chunks },
      ) => [path, kind, size, chunks.map(({ offset, size }) => [offset, size])]),
      [
        ["etc/", "folder", 0, []],
        ["big", "file", 50_000, [[0, 20_000], [20_000, 30_000]]],
        ["etc/motd", "file", 5, [[0, 5]]],
        ["link", "hard link", 0, []],
      ],
    );
    assertEquals([problems.list, entries[1].digest], [[], sha256(BIG)]);
  });

  Deno.test(`${name}: a file is opened without what stands before it`, async () => {
    const { layer } = make();
    const source = countedSource(layer, 512);
    const motd = await readFile(source, "/etc/motd");
    const all = await readFile(countedSource(layer), "big");
    const part = await readFile(countedSource(layer), "big", { start: 19_990, length: 20 });
    const link = await readFile(countedSource(layer), "link");
    const none = await readFile(countedSource(layer), "none");

    assertEquals([new TextDecoder().decode(motd.bytes), motd.found?.way, motd.problems.count], ["hello", "table", 0]);
    assert(source.read.bytes < 10_000, `${source.read.bytes} bytes were read`);
    assertEquals([sha256(all.bytes), all.found?.size], [sha256(BIG), 50_000]);
    assertEquals([part.bytes, part.start], [BIG.slice(19_990, 20_010), 19_990]);
    assertEquals([new TextDecoder().decode(link.bytes), link.found?.entry.path, link.found?.contentPath], [
      "hello",
      "link",
      "etc/motd",
    ]);
    assertEquals([none.found, none.bytes.length], [undefined, 0]);
  });
}

Deno.test("zstd:chunked: the table is found by the annotations too, of both names", async () => {
  const { layer, digest, at, size, position } = chunkedOf();
  for (const prefix of ["io.github.containers.zstd-chunked.", "io.containers.zstd-chunked."]) {
    // Without the footer.
    const { table } = await read(layer.subarray(0, layer.length - 72), { [`${prefix}manifest-position`]: position });
    assertEquals([table?.by, table?.at, table?.size, table?.digest], ["annotations", at, size, digest]);
  }
});

Deno.test("an annotation with another digest than the table's is told", async () => {
  const { layer, at, digest } = estargzOf();
  const other = `sha256:${"0".repeat(64)}`;
  const right = await read(layer, { "containerd.io/snapshot/stargz/toc.digest": digest });
  const wrong = await read(layer, { "containerd.io/snapshot/stargz/toc.digest": other });

  assertEquals(right.problems.count, 0);
  assertEquals(wrong.problems.list, [{
    what: "bad table",
    at,
    where: "packed",
    text: `The table of contents has the digest ${digest}, and the layer's annotation says ${other}.`,
  }]);
});

Deno.test("what the table says otherwise than the tar is told: a client that reads the table would see another image", async () => {
  const change = (rows: Row[]) => [
    { ...rows[0], mode: 0o700 },
    { ...rows[1], digest: sha256("other") },
    rows[2],
    { ...rows[3], size: 4, uid: 7 },
    { ...rows[4], type: "symlink" },
    { name: "extra", type: "reg", size: 1 },
  ];
  const { table } = await read(estargzOf({ rows: change }).layer);
  const missing = await read(estargzOf({ rows: (rows) => rows.slice(0, 3) }).layer);

  assertEquals(table?.differences, [
    { path: "etc", what: "mode", table: "700", tar: "755" },
    { path: "big", what: "content", table: sha256("other"), tar: sha256(BIG) },
    { path: "etc/motd", what: "size", table: "4", tar: "5" },
    { path: "etc/motd", what: "owner", table: "7:0", tar: "0:0" },
    { path: "link", what: "kind", table: "symbolic link", tar: "hard link" },
    { path: "extra", what: "only in the table" },
  ]);
  assertEquals(missing.table?.differences, [
    { path: "etc/motd", what: "only in the tar" },
    { path: "link", what: "only in the tar" },
  ]);
});

Deno.test("a table that is broken is told, and the layer is read without it", async () => {
  const kinds: [Uint8Array, string][] = [
    [estargzOf({ move: 100_000_000 }).layer, "The table of contents lies outside of the layer."],
    [estargzOf({ move: 1 }).layer, "The table of contents cannot be unpacked. Here must stand gzip, and here is none."],
    [estargzOf({ rows: () => "none" }).layer, "The table of contents has no list of entries."],
    [estargzOf({ rows: () => [{ name: 7 }] }).layer, "An entry of the table of contents has no name or no type."],
    [
      estargzOf({ rows: () => [{ name: "x", type: "chunk" }] }).layer,
      "The table of contents has a chunk without its file.",
    ],
    [chunkedOf({ move: 3 }).layer, "The table of contents cannot be unpacked. Here must stand zstd, and here is none."],
    [
      chunkedOf({ rows: (rows) => [...rows, ...Array(1_000_001).fill({})] }).layer,
      "The table of contents has more than 1000000 objects.",
    ],
  ];
  for (const [layer, text] of kinds) {
    const { table, problems, entries } = await read(layer);
    const told = problems.list.find(({ what }) => what === "bad table");
    assertEquals([table, told?.text.slice(0, text.length), entries.length >= 4], [undefined, text, true]);
  }
});

Deno.test("chunks that lie where they cannot be end the reading of that file, and are told", async () => {
  const at = (offset: number, more: Row = {}) => (rows: Row[]) =>
    rows.map((row) => row.name === "etc/motd" ? { ...row, offset, ...more } : row);
  for (
    const change of [at(10 ** 12), at(3), at(0, { size: 10 ** 15, chunkSize: 10 ** 15 }), at(0, { chunkOffset: 5 })]
  ) {
    const { bytes: content, problems, limitMet } = await readFile(
      countedSource(estargzOf({ rows: change }).layer),
      "etc/motd",
      {
        length: 1000,
        limits: { bytes: 1_000_000 },
      },
    );
    assertEquals([content.length <= 1000, problems.count > 0 || limitMet !== undefined || content.length === 1000], [
      true,
      true,
    ]);
  }
});

Deno.test("a chunk with other bytes than its digest says is told, if all of it is read", async () => {
  const { layer } = estargzOf({ rows: (rows) => rows.map((row) => ({ ...row, chunkDigest: sha256("other") })) });
  const all = await readFile(countedSource(layer), "etc/motd");
  const part = await readFile(countedSource(layer), "etc/motd", { length: 3 });

  assertEquals([new TextDecoder().decode(all.bytes), all.problems.list.map(({ what, path }) => [what, path])], [
    "hello",
    [["bad table", "etc/motd"]],
  ]);
  assertEquals([new TextDecoder().decode(part.bytes), part.problems.count], ["hel", 0]);
});

Deno.test("a hole of a zstd:chunked is zeros, and stands nowhere", async () => {
  const hole = (rows: Row[]) => [
    { name: "sparse", type: "reg", size: 1_000_005, chunkType: "zeros", chunkSize: 1_000_000 },
    { name: "sparse", type: "chunk", chunkOffset: 1_000_000, chunkSize: 5, offset: rows[3].offset },
  ];
  const { bytes: content, found } = await readFile(countedSource(chunkedOf({ rows: hole }).layer), "sparse", {
    start: 999_998,
  });

  assertEquals([[...content], found?.size], [[0, 0, ...MOTD], 1_000_005]);
});
