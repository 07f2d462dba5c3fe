/** Tar archives of every format, byte by byte: what each entry says, and where it lies. */

import { assertEquals } from "@std/assert";
import { bytes } from "../fixture.ts";
import { fileOf, headerOf, join, layerOf, MAGIC, padded, paxOf, recordOf, tarOf, toldOf } from "./tar_maker.ts";
import { readFile } from "../../src/archive/file.ts";
import { sourceOf } from "../../src/archive/source.ts";

const USUAL = { mode: 0o644, uid: 0, gid: 0, modified: "1970-01-01T00:00:00Z" };

Deno.test("a ustar entry says its name with prefix, its permissions, owners and time, and where its parts lie", async () => {
  const { entries, problems, end, isTar } = await layerOf(tarOf(
    fileOf("motd", "hello", {
      prefix: "etc/long",
      mode: 0o4755,
      uid: 1000,
      gid: 100,
      user: "ana",
      group: "users",
      time: 1350244992,
    }),
    fileOf("empty"),
  ));

  assertEquals(entries, [
    {
      path: "etc/long/motd",
      kind: "file",
      type: "0",
      format: "ustar",
      size: 5,
      mode: 0o4755,
      uid: 1000,
      gid: 100,
      user: "ana",
      group: "users",
      modified: "2012-10-14T20:03:12Z",
      at: 0,
      headerAt: 0,
      contentAt: 512,
      stored: 5,
    },
    {
      ...USUAL,
      path: "empty",
      kind: "file",
      type: "0",
      format: "ustar",
      size: 0,
      at: 1024,
      headerAt: 1024,
      contentAt: 1536,
      stored: 0,
    },
  ]);
  assertEquals({ problems, end, isTar }, {
    problems: { list: [], count: 0 },
    end: { at: 1536, zeroBlocks: 2, behind: 0 },
    isTar: true,
  });
});

Deno.test("links, devices, pipes and folders have no content, whatever size their headers say", async () => {
  const { entries, problems } = await layerOf(tarOf(
    headerOf({ name: "a/", type: "5", size: 100 }),
    headerOf({ name: "a/soft", type: "2", link: "../b", size: 100 }),
    fileOf("a/file", "x"),
    headerOf({ name: "a/hard", type: "1", link: "a/file", size: 100 }),
    headerOf({ name: "null", type: "3", major: 1, minor: 3 }),
    headerOf({ name: "sda", type: "4", major: 8, minor: 0o12 }),
    headerOf({ name: "pipe", type: "6" }),
    fileOf("dense", "y", { type: "7" }),
  ));

  assertEquals(
    entries.map(({ path, kind, target, device, size, headerAt }) => ({ path, kind, target, device, size, headerAt })),
    [
      { path: "a/", kind: "folder", target: undefined, device: undefined, size: 0, headerAt: 0 },
      { path: "a/soft", kind: "symbolic link", target: "../b", device: undefined, size: 0, headerAt: 512 },
      { path: "a/file", kind: "file", target: undefined, device: undefined, size: 1, headerAt: 1024 },
      { path: "a/hard", kind: "hard link", target: "a/file", device: undefined, size: 0, headerAt: 2048 },
      {
        path: "null",
        kind: "character device",
        target: undefined,
        device: { major: 1, minor: 3 },
        size: 0,
        headerAt: 2560,
      },
      {
        path: "sda",
        kind: "block device",
        target: undefined,
        device: { major: 8, minor: 10 },
        size: 0,
        headerAt: 3072,
      },
      { path: "pipe", kind: "pipe", target: undefined, device: undefined, size: 0, headerAt: 3584 },
      { path: "dense", kind: "file", target: undefined, device: undefined, size: 1, headerAt: 4096 },
    ],
  );
  assertEquals(problems.count, 0);
});

Deno.test("a V7 header has no owners' names; a name with a / at its end is a folder", async () => {
  const { entries } = await layerOf(tarOf(
    headerOf({ name: "old/", type: "\0", magic: MAGIC.v7, prefix: "no prefix here", user: "nobody" }),
    fileOf("old/file", "1", { type: "\0", magic: MAGIC.v7 }),
  ));

  assertEquals(entries.map(({ path, kind, type, format, user }) => [path, kind, type, format, user]), [
    ["old/", "folder", "0", "v7", undefined],
    ["old/file", "file", "0", "v7", undefined],
  ]);
});

Deno.test("an entry of the program star has times where others have the end of the prefix", async () => {
  const { entries } = await layerOf(tarOf(
    headerOf({
      name: "file",
      prefix: "folder",
      patch: (block) => {
        block.set(bytes("00000000000 00000000000 "), 476);
        block.set(bytes("tar\0"), 508);
      },
    }),
  ));

  assertEquals(entries.map(({ path }) => path), ["folder/file"]);
});

Deno.test("GNU tar's long names and long targets stand in entries of their own in front", async () => {
  const [name, target] = [`${"n".repeat(150)}/é`, "t".repeat(200)];
  const { entries } = await layerOf(tarOf(
    fileOf("././@LongLink", `${target}\0`, { type: "K", magic: MAGIC.gnu }),
    fileOf("././@LongLink", `${name}\0`, { type: "L", magic: MAGIC.gnu }),
    headerOf({ name: name.slice(0, 100), type: "2", link: target.slice(0, 100), magic: MAGIC.gnu }),
    fileOf("short", "", { magic: MAGIC.gnu }),
  ));

  assertEquals(entries.map(({ path, target, at, headerAt, format }) => ({ path, target, at, headerAt, format })), [
    { path: name, target, at: 0, headerAt: 2048, format: "gnu" },
    { path: "short", target: undefined, at: 2560, headerAt: 2560, format: "gnu" },
  ]);
});

/** Writes a number as GNU tar does if octal digits are too few. */
function base256(at: number, length: number, value: bigint): (block: Uint8Array) => void {
  return (block) => {
    for (let index = at + length - 1; index >= at; index--) {
      block[index] = Number(value & 0xffn);
      value >>= 8n;
    }
    block[at] |= 0x80;
  };
}

Deno.test("numbers in base 256 can be large and negative", async () => {
  const { entries, problems } = await layerOf(tarOf(
    headerOf({ name: "early", type: "5", patch: base256(136, 12, -1n) }),
    headerOf({ name: "owner", type: "5", patch: base256(108, 8, 4294967294n) }),
    headerOf({ name: "late", type: "5", patch: base256(136, 12, 253402300799n) }),
    headerOf({ name: "never", type: "5", patch: base256(136, 12, 2n ** 80n) }),
    headerOf({ name: "large", patch: base256(124, 12, 2n ** 52n) }),
  ));

  assertEquals(entries.map(({ path, uid, modified, size }) => ({ path, uid, modified, size })), [
    { path: "early", uid: 0, modified: "1969-12-31T23:59:59Z", size: 0 },
    { path: "owner", uid: 4294967294, modified: "1970-01-01T00:00:00Z", size: 0 },
    { path: "late", uid: 0, modified: "9999-12-31T23:59:59Z", size: 0 },
    { path: "never", uid: 0, modified: undefined, size: 0 },
    { path: "large", uid: 0, modified: "1970-01-01T00:00:00Z", size: 2 ** 52 },
  ]);
  assertEquals(problems.list.map(({ what, path }) => `${what}: ${path}`), ["bad number: never", "cut off: large"]);
});

Deno.test("a checksum of signed bytes is right too", async () => {
  const name = new Uint8Array([0xc3, 0xa9, 0xc3, 0xa9]);
  const { entries, problems } = await layerOf(tarOf(headerOf({ name, sum: ({ signed }) => signed })));

  assertEquals(entries.map(({ path }) => path), ["éé"]);
  assertEquals(problems.count, 0);
});

Deno.test("a checksum that is wrong is told, with both numbers, and reading goes on at the next header", async () => {
  const layer = await layerOf(tarOf(
    fileOf("a", "1"),
    fileOf("b", "2".repeat(600), { sum: ({ unsigned }) => unsigned + 1 }),
    fileOf("c", "3"),
  ));

  const right = headerOf({ name: "b", size: 600 });
  const sum = parseInt(new TextDecoder().decode(right.subarray(148, 154)), 8);
  assertEquals(layer.entries.map(({ path }) => path), ["a", "c"]);
  assertEquals(layer.problems.list, [{
    what: "checksum",
    at: 1024,
    where: "unpacked",
    path: "b",
    text: `The checksum of this header is ${sum}, and ${sum + 1} is written there.`,
  }]);
});

Deno.test("PAX records come before the header's fields: path, target, size, owners, and times with fractions", async () => {
  const long = "p".repeat(300);
  const { entries, problems } = await layerOf(tarOf(
    paxOf([
      ["path", long],
      ["size", "3"],
      ["uid", "3000000"],
      ["gid", "4000000"],
      ["uname", "wörker"],
      ["gname", "gruppe"],
      ["mtime", "1350244992.023960108"],
      ["atime", "1350244999"],
      ["comment", "of no use"],
    ]),
    join([headerOf({ name: "cut", size: 0, user: "other" }), padded("abc")]),
    paxOf([["linkpath", `../${long}`], ["mtime", "-1.25"]]),
    headerOf({ name: "link", type: "2" }),
    fileOf("plain"),
  ));

  assertEquals(entries, [
    {
      path: long,
      kind: "file",
      type: "0",
      format: "pax",
      size: 3,
      mode: 0o644,
      uid: 3000000,
      gid: 4000000,
      user: "wörker",
      group: "gruppe",
      modified: "2012-10-14T20:03:12.023960108Z",
      at: 0,
      headerAt: 1024,
      contentAt: 1536,
      stored: 3,
      records: { atime: "1350244999", comment: "of no use" },
    },
    {
      ...USUAL,
      path: "link",
      kind: "symbolic link",
      type: "2",
      format: "pax",
      target: `../${long}`,
      modified: "1969-12-31T23:59:58.75Z",
      size: 0,
      at: 2048,
      headerAt: 3072,
      contentAt: 3584,
      stored: 0,
    },
    {
      ...USUAL,
      path: "plain",
      kind: "file",
      type: "0",
      format: "ustar",
      size: 0,
      at: 3584,
      headerAt: 3584,
      contentAt: 4096,
      stored: 0,
    },
  ]);
  assertEquals(problems.count, 0);
});

Deno.test("global PAX records hold for all entries that follow, until an empty value takes them back", async () => {
  const { entries } = await layerOf(tarOf(
    fileOf("before"),
    paxOf([["uname", "everybody"], ["comment", "0123"]], "g"),
    fileOf("a"),
    paxOf([["uname", "somebody"]]),
    fileOf("b"),
    paxOf([["uname", ""]], "g"),
    fileOf("c", "", { user: "self" }),
  ));

  assertEquals(entries.map(({ path, user, records }) => ({ path, user, records })), [
    { path: "before", user: undefined, records: undefined },
    { path: "a", user: "everybody", records: { comment: "0123" } },
    { path: "b", user: "somebody", records: { comment: "0123" } },
    { path: "c", user: "self", records: { comment: "0123" } },
  ]);
});

Deno.test("extended attributes are texts, or base64 if they are none, in the forms of star and of libarchive", async () => {
  // A file capability of Linux: 20 bytes.
  const capability = "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
  const { entries } = await layerOf(tarOf(
    paxOf([["SCHILY.xattr.security.capability", capability], ["SCHILY.xattr.user.note", "a=b\nc"], [
      "LIBARCHIVE.xattr.user.other",
      "aGk",
    ]]),
    fileOf("ping"),
  ));

  assertEquals(entries[0].attributes, {
    "security.capability": "base64:AQAAAgAgAAAAAAAAAAAAAAAAAAA=",
    "user.note": "a=b\nc",
    "user.other": "hi",
  });
});

Deno.test("bytes of a name that are no UTF-8 are shown by their digits, so that two names never become one", async () => {
  const { entries, problems } = await layerOf(tarOf(
    headerOf({ name: new Uint8Array([0x63, 0xe9]) }),
    headerOf({ name: new Uint8Array([0x63, 0xe8]) }),
    headerOf({ name: new Uint8Array([0xc3, 0xa9, 0xff]) }),
  ));

  assertEquals(entries.map(({ path }) => path), ["c\\xE9", "c\\xE8", "é\\xFF"]);
  assertEquals(problems.list.map(({ what }) => what), ["no UTF-8", "no UTF-8", "no UTF-8"]);
});

const FILE = "0123456789";
const SPARSE = { size: 1000, parts: [[100, 4], [512, 6], [1000, 0]] as const };
const EXPANDED = new Uint8Array(1000);
EXPANDED.set(bytes("0123"), 100);
EXPANDED.set(bytes("456789"), 512);

function gnuSparse(block: Uint8Array): void {
  SPARSE.parts.forEach(([offset, size], index) => {
    block.set(
      bytes(`${offset.toString(8).padStart(11, "0")}\0${size.toString(8).padStart(11, "0")}\0`),
      386 + 24 * index,
    );
  });
  block.set(bytes(SPARSE.size.toString(8).padStart(11, "0")), 483);
}

const MAP = "3\n100\n4\n512\n6\n1000\n0\n";
const SPARSE_FORMS = {
  gnu: [fileOf("sparse", FILE, { type: "S", magic: MAGIC.gnu, patch: gnuSparse })],
  "pax 0.0": [
    fileOf(
      "PaxHeaders/x",
      [
        recordOf("GNU.sparse.size", "1000"),
        recordOf("GNU.sparse.numblocks", "3"),
        ...SPARSE.parts.map(([offset, size]) =>
          recordOf("GNU.sparse.offset", `${offset}`) + recordOf("GNU.sparse.numbytes", `${size}`)
        ),
      ].join(""),
      { type: "x" },
    ),
    fileOf("sparse", FILE),
  ],
  "pax 0.1": [
    paxOf([["GNU.sparse.size", "1000"], ["GNU.sparse.numblocks", "3"], ["GNU.sparse.name", "sparse"], [
      "GNU.sparse.map",
      "100,4,512,6,1000,0",
    ]]),
    fileOf("GNUSparseFile.1/sparse", FILE),
  ],
  "pax 1.0": [
    paxOf([["GNU.sparse.major", "1"], ["GNU.sparse.minor", "0"], ["GNU.sparse.name", "sparse"], [
      "GNU.sparse.realsize",
      "1000",
    ]]),
    fileOf("GNUSparseFile.1/sparse", join([padded(MAP), bytes(FILE)])),
  ],
};

for (const [form, entries] of Object.entries(SPARSE_FORMS)) {
  Deno.test(`a sparse file of the form ${form} has its size with holes, its parts, and zeros for what is a hole`, async () => {
    const archive = tarOf(...entries, fileOf("next", "n"));
    const layer = await layerOf(archive);

    assertEquals(layer.entries.map(({ path, size, stored, sparse }) => ({ path, size, stored, sparse })), [
      { path: "sparse", size: 1000, stored: 10, sparse: { form: form as "gnu", parts: SPARSE.parts } },
      { path: "next", size: 1, stored: 1, sparse: undefined },
    ]);
    assertEquals(layer.problems.count, 0);
    assertEquals((await readFile(sourceOf(archive), "sparse")).bytes, EXPANDED);
    assertEquals(
      (await readFile(sourceOf(archive), "sparse", { start: 102, length: 412 })).bytes,
      EXPANDED.slice(102, 514),
    );
  });
}

Deno.test("a sparse file of GNU tar with many parts has its map in blocks behind the header", async () => {
  const parts = Array.from({ length: 30 }, (_, index) => [index * 1000, 1] as const);
  const numbers = (list: readonly (readonly [number, number])[]) =>
    bytes(list.map((pair) => pair.map((number) => `${number.toString(8).padStart(11, "0")}\0`).join("")).join(""));
  const header = headerOf({
    name: "sparse",
    type: "S",
    size: 30,
    magic: MAGIC.gnu,
    patch: (block) => {
      block.set(numbers(parts.slice(0, 4)), 386);
      block[482] = 1;
      block.set(bytes((30000).toString(8).padStart(11, "0")), 483);
    },
  });
  const [more, last] = [new Uint8Array(512), new Uint8Array(512)];
  more.set(numbers(parts.slice(4, 25)));
  more[504] = 1;
  last.set(numbers(parts.slice(25)));
  const { entries, problems } = await layerOf(tarOf(header, more, last, padded("x".repeat(30)), fileOf("next")));

  assertEquals(entries[0].sparse, { form: "gnu", parts });
  assertEquals([entries[0].size, entries[0].contentAt, entries[1].path, problems.count], [30000, 1536, "next", 0]);
});

Deno.test("what stands behind the end is counted, and an entry there is named", async () => {
  const zeros = await layerOf(join([tarOf(fileOf("a")), new Uint8Array(512 * 18)]));
  const hidden = await layerOf(join([tarOf(fileOf("a")), new Uint8Array(512), fileOf("hidden", "x")]));
  const other = await layerOf(join([tarOf(fileOf("a")), bytes("something")]));
  const none = await layerOf(fileOf("a", "x"));
  const one = await layerOf(join([fileOf("a"), new Uint8Array(512)]));

  assertEquals([zeros.end, toldOf(zeros)], [{ at: 512, zeroBlocks: 2, behind: 9216 }, []]);
  assertEquals([hidden.end, toldOf(hidden)], [
    { at: 512, zeroBlocks: 2, behind: 1536, firstAt: 2048, hidden: "hidden" },
    ["behind the end at 2048: hidden"],
  ]);
  assertEquals([other.end, toldOf(other)], [
    { at: 512, zeroBlocks: 2, behind: 9, firstAt: 1536 },
    ["behind the end at 1536"],
  ]);
  assertEquals([none.end, toldOf(none)], [{ at: 1024, zeroBlocks: 0, behind: 0 }, [
    "no end at 1024",
  ]]);
  assertEquals([one.end, toldOf(one)], [{ at: 512, zeroBlocks: 1, behind: 0 }, ["no end at 512"]]);
});

Deno.test("an archive without entries is one; text, random bytes and nothing are none", async () => {
  const empty = await layerOf(tarOf());
  const text = await layerOf(bytes("hello ".repeat(200)));
  const nothing = await layerOf(new Uint8Array());

  assertEquals([empty.isTar, toldOf(empty)], [true, []]);
  assertEquals([text.isTar, text.entries, toldOf(text)], [false, [], ["no tar at 0"]]);
  assertEquals([nothing.isTar, toldOf(nothing)], [false, ["no tar at 0"]]);
});
