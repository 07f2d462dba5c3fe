/** gzip of several members, zstd of several frames, and what is neither. */

import { assertEquals } from "@std/assert";
import { unpack } from "../../src/archive/packing.ts";
import { ArchiveReading, type ReadingLimits } from "../../src/archive/source.ts";
import { bytes, randomBytes } from "../fixture.ts";
import { allOf, countedSource, frameOf, join, memberOf, sha256, skippableOf, toldOf } from "./tar_maker.ts";

/** Unpacks bytes, and returns the content, the facts and the problems. */
async function unpacked(packed: Uint8Array, limits: ReadingLimits = {}, piece = 1000) {
  const reading = new ArchiveReading(limits);
  const { stream, facts } = await unpack(countedSource(packed, piece), reading);
  const content = await allOf(stream.read(Number.MAX_SAFE_INTEGER));
  return { content, facts: facts(), problems: reading.problems, limitMet: reading.limitMet };
}

Deno.test("gzip: each member says where it lies, its name, its comment, its time and its system", async () => {
  const extra = new Uint8Array([6, 0, 0x53, 0x47, 2, 0, 1, 2]);
  const first = memberOf(bytes("hello "), {
    flags: 4 + 8 + 16 + 2,
    time: 1350244992,
    system: 3,
    fields: join([extra, bytes("a.txt\0"), bytes("no comment\0"), new Uint8Array(2)]),
  });
  const second = memberOf(bytes("world"));
  const { content, facts, problems } = await unpacked(join([first, second]), {}, 7);

  assertEquals(new TextDecoder().decode(content), "hello world");
  assertEquals(facts, {
    kind: "gzip",
    packedSize: first.length + second.length,
    unpackedSize: 11,
    count: 2,
    members: [
      {
        at: 0,
        size: first.length,
        unpackedAt: 0,
        unpackedSize: 6,
        name: "a.txt",
        comment: "no comment",
        modified: "2012-10-14T20:03:12Z",
        extra: "534702000102",
        system: "Unix",
      },
      { at: first.length, size: second.length, unpackedAt: 6, unpackedSize: 5, system: "unknown" },
    ],
  });
  assertEquals(problems.count, 0);
});

Deno.test("gzip: members of all sizes and levels, one behind the other, in pieces of any size", async () => {
  const contents = [0, 1, 100, 5000, 70_000, 3, 400_000, 10, 20_000, 1_500_000].map((size) => randomBytes(size));
  contents.push(new Uint8Array(3_000_000));
  const members = contents.map((content, index) => memberOf(content, { level: index % 10 }));
  for (const piece of [999, 65_536, 10_000_000]) {
    const { content, facts, problems } = await unpacked(join(members), {}, piece);
    assertEquals(sha256(content), sha256(join(contents)));
    assertEquals(
      facts.members?.map(({ size, unpackedSize }) => [size, unpackedSize]),
      members.map(({ length }, index) => [length, contents[index].length]),
    );
    assertEquals(problems.count, 0);
  }
});

Deno.test("gzip: of many short members each says where it lies, and what is wrong with one is told with its place", async () => {
  const contents = Array.from({ length: 1200 }, (_, index) => bytes(`content ${index} `.repeat(index % 7)));
  const members = contents.map((content, index) =>
    memberOf(content, index === 5 ? { flags: 8, fields: bytes("five\0") } : index === 700 ? { crc: 1 } : {})
  );
  const places = members.map((_, index) => members.slice(0, index).reduce((at, { length }) => at + length, 0));
  const cut = join(members).subarray(0, -3);
  const wrongMethod = join([...members.slice(0, 9), new Uint8Array([0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0]), members[9]]);
  for (const piece of [100, 4096, 10_000_000]) {
    const { content, facts, problems } = await unpacked(join(members), {}, piece);
    const broken = await unpacked(cut, {}, piece);
    const method = await unpacked(wrongMethod, {}, piece);

    assertEquals(sha256(content), sha256(join(contents)));
    assertEquals([facts.count, facts.members?.length], [1200, 1000]);
    assertEquals(
      facts.members?.map(({ at, size }) => [at, size]),
      members.slice(0, 1000).map(({ length }, index) => [places[index], length]),
    );
    assertEquals(facts.members?.slice(5, 7).map(({ name }) => name), ["five", undefined]);
    assertEquals(problems.list.map(({ what, at }) => [what, at]), [["checksum", places[700]]]);
    assertEquals([sha256(broken.content), broken.facts.count], [sha256(content), 1199]);
    assertEquals(toldOf(broken), [`checksum at ${places[700]} packed`, `cut off at ${cut.length} packed`]);
    assertEquals([method.facts.count, toldOf(method)], [9, [`cannot unpack at ${places[9]} packed`]]);
  }
});

Deno.test("gzip: zeros behind the last member are no problem, other bytes are", async () => {
  const member = memberOf(bytes("x"));
  const zeros = await unpacked(join([member, new Uint8Array(100)]));
  const other = await unpacked(join([member, bytes("other")]));

  assertEquals([zeros.content.length, toldOf(zeros)], [1, []]);
  assertEquals([other.content.length, toldOf(other)], [1, [`behind the end at ${member.length} packed`]]);
});

Deno.test("gzip: what is cut off, changed or impossible is told with its place, and what comes before is there", async () => {
  const [first, second] = [memberOf(bytes("first")), memberOf(randomBytes(5000))];
  const cut = await unpacked(join([first, second]).subarray(0, first.length + 3000));
  const cutTrailer = await unpacked(first.subarray(0, first.length - 3));
  const cutHeader = await unpacked(join([first, second.subarray(0, 5)]));
  const wrongSum = await unpacked(join([memberOf(bytes("first"), { crc: 1 }), second]));
  const broken = await unpacked(
    join([first, second.subarray(0, 10), bytes("\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07")]),
  );
  const method = await unpacked(join([first, new Uint8Array([0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0, 0])]));

  assertEquals(toldOf(cut).map((text) => text.split(" at ")[0]), ["cut off"]);
  assertEquals(cut.content.length > 5, true);
  assertEquals([cutTrailer.content.length, toldOf(cutTrailer)], [5, [`cut off at ${first.length - 3} packed`]]);
  assertEquals([cutHeader.content.length, toldOf(cutHeader)], [5, [`cut off at ${first.length} packed`]]);
  assertEquals([wrongSum.content.length, toldOf(wrongSum)], [5005, ["checksum at 0 packed"]]);
  assertEquals([broken.content.length, toldOf(broken).map((text) => text.split(" at ")[0])], [5, ["cannot unpack"]]);
  assertEquals([method.content.length, toldOf(method)], [5, [`cannot unpack at ${first.length} packed`]]);
});

Deno.test("zstd: all frames are unpacked, and skippable ones are skipped", async () => {
  const contents = [bytes("hello "), randomBytes(300_000), new Uint8Array(5_000_000), bytes("end")];
  const [a, b, c, d] = contents.map(frameOf);
  const skipped = skippableOf(bytes("nothing to see"), 7);
  for (const piece of [1000, 65_536, 10_000_000]) {
    const { content, facts, problems } = await unpacked(join([skipped, a, b, skipped, c, d, skipped]), {}, piece);
    assertEquals(sha256(content), sha256(join(contents)));
    assertEquals(
      facts.frames?.map(({ at, size, kind, unpackedAt, unpackedSize }) => [kind, at, size, unpackedAt, unpackedSize]),
      [
        ["skippable", 0, 22, 0, 0],
        ["frame", 22, a.length, 0, 6],
        ["frame", 22 + a.length, b.length, 6, 300_000],
        ["skippable", 22 + a.length + b.length, 22, 300_006, 0],
        ["frame", 44 + a.length + b.length, c.length, 300_006, 5_000_000],
        ["frame", 44 + a.length + b.length + c.length, d.length, 5_300_006, 3],
        ["skippable", 44 + a.length + b.length + c.length + d.length, 22, 5_300_009, 0],
      ],
    );
    assertEquals([facts.kind, facts.count, problems.count], ["zstd", 7, 0]);
  }
});

Deno.test("zstd: of many short frames each says where it lies, and what is wrong with one is told with its place", async () => {
  const contents = Array.from({ length: 1200 }, (_, index) => bytes(`content ${index} `.repeat(index % 7)));
  const frames = contents.map((content, index) =>
    index === 5 ? join([frameOf(content), skippableOf(content)]) : frameOf(content)
  );
  const ends = frames.map((_, index) => frames.slice(0, index + 1).reduce((at, { length }) => at + length, 0));
  // A literals section that needs the tree of a block before it, and there is none.
  const wrong = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x20, 0x2d, 0, 0, 0x03, 0x02, 0x80, 0x07, 0xff]);
  for (const piece of [100, 4096, 10_000_000]) {
    const { content, facts, problems } = await unpacked(join(frames), {}, piece);
    const broken = await unpacked(join([...frames.slice(0, 1100), wrong, ...frames]), {}, piece);
    const cut = await unpacked(join(frames).subarray(0, -3), {}, piece);

    assertEquals(sha256(content), sha256(join(contents)));
    assertEquals([facts.count, facts.frames?.length, problems.count], [1201, 1000, 0]);
    assertEquals(
      facts.frames?.filter(({ kind }) => kind === "frame").map(({ unpackedSize }) => unpackedSize),
      contents.slice(0, 999).map(({ length }) => length),
    );
    assertEquals(facts.frames?.slice(7).map(({ at }) => at), ends.slice(5, 998));
    assertEquals(sha256(broken.content), sha256(join(contents.slice(0, 1100))));
    assertEquals([broken.facts.count, toldOf(broken)], [1101, [`cannot unpack at ${ends[1099]} packed`]]);
    assertEquals([cut.facts.count, toldOf(cut)], [1200, [`cut off at ${ends[1199] - 3} packed`]]);
  }
});

Deno.test("zstd: what is cut off, broken or no frame is told with its place, and what comes before is there", async () => {
  const [first, second] = [frameOf(bytes("first")), frameOf(randomBytes(5000))];
  const cut = await unpacked(join([first, second]).subarray(0, first.length + 3000));
  const cutSkippable = await unpacked(join([first, skippableOf(bytes("skipped")).subarray(0, 10)]));
  const other = await unpacked(join([first, bytes("other")]));
  // A block of the kind 3, which is reserved.
  const reserved = await unpacked(join([first, new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x0f, 0, 0, 0])]));
  const dictionary = await unpacked(new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x21, 0x07, 0x01, 0x09, 0, 0, 0x41]));

  assertEquals(new TextDecoder().decode(cut.content.subarray(0, 5)), "first");
  assertEquals(toldOf(cut), [`cut off at ${first.length + 3000} packed`]);
  assertEquals([cutSkippable.content.length, toldOf(cutSkippable)], [5, [`cut off at ${first.length + 10} packed`]]);
  assertEquals([other.content.length, toldOf(other)], [5, [`behind the end at ${first.length} packed`]]);
  assertEquals([reserved.content.length, toldOf(reserved)], [5, [`cannot unpack at ${first.length + 6} packed`]]);
  assertEquals([dictionary.content.length, dictionary.problems.list.map(({ what }) => what)], [0, ["cannot unpack"]]);
});

Deno.test("bzip2 and xz are recognised, and said not to be read", async () => {
  const bzip2 = await unpacked(bytes("BZh91AY&SY"));
  const xz = await unpacked(new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]));

  assertEquals([bzip2.facts.kind, bzip2.problems.list.map(({ text }) => text)], ["bzip2", [
    "This is compressed with bzip2, which is not read here.",
  ]]);
  assertEquals([xz.facts.kind, toldOf(xz)], ["xz", ["cannot unpack at 0 packed"]]);
});

Deno.test("a small layer that becomes very large meets the limit of bytes, and the result says so", async () => {
  const zeros = new Uint8Array(64 * 1024 * 1024);
  for (const packed of [memberOf(zeros), frameOf(zeros)]) {
    const { content, limitMet } = await unpacked(packed, { bytes: 1_000_000 });
    assertEquals(content.length, 1_000_000);
    assertEquals(limitMet, {
      limit: "bytes",
      most: 1_000_000,
      at: 1_000_000,
      text: "The reading ended after 1,000,000 unpacked bytes. What comes later is not shown.",
    });
  }
});

Deno.test("a signal ends the unpacking, and the result says so", async () => {
  const aborter = new AbortController();
  const reading = new ArchiveReading({ signal: aborter.signal });
  const { stream } = await unpack(countedSource(memberOf(new Uint8Array(10_000_000))), reading);
  await stream.take(1000);
  aborter.abort();
  const rest = await allOf(stream.read(Number.MAX_SAFE_INTEGER));

  assertEquals(rest.length < 9_000_000, true);
  assertEquals(reading.limitMet?.limit, "signal");
});
