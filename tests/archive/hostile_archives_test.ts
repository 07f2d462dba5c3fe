/** Archives that were made to do harm, or were harmed: whatever the bytes are, the answer is facts, in time, within the limits. */

import { assert, assertEquals } from "@std/assert";
import { compareStacks } from "../../src/archive/comparison.ts";
import { lookAtContent } from "../../src/archive/content_kind.ts";
import { readFile } from "../../src/archive/file.ts";
import { type LayerFacts, readLayer } from "../../src/archive/layer.ts";
import type { ByteSource } from "../../src/archive/source.ts";
import { stackLayers } from "../../src/archive/stack.ts";
import { bytes } from "../fixture.ts";
import {
  countedSource,
  fileOf,
  frameOf,
  headerOf,
  join,
  layerOf,
  MAGIC,
  memberOf,
  padded,
  paxOf,
  recordOf,
  tarOf,
  toldOf,
} from "./tar_maker.ts";

// An archive with an entry of each kind that is read in its own way.
const VARIED = tarOf(
  paxOf([["comment", "global"]], "g"),
  fileOf("a", "x".repeat(700)),
  paxOf([["path", "p".repeat(200)], ["mtime", "1.5"], ["SCHILY.xattr.user.a", "b"]]),
  fileOf("b", "1"),
  fileOf("././@LongLink", `${"n".repeat(200)}\0`, { type: "L", magic: MAGIC.gnu }),
  fileOf("c", "2", { magic: MAGIC.gnu }),
  paxOf([["GNU.sparse.major", "1"], ["GNU.sparse.minor", "0"], ["GNU.sparse.name", "s"], [
    "GNU.sparse.realsize",
    "1000",
  ]]),
  fileOf("GNUSparseFile.1/s", join([padded("1\n100\n3\n"), bytes("abc")])),
  fileOf("S", "abc", {
    type: "S",
    magic: MAGIC.gnu,
    patch: (block) => {
      block.set(bytes("00000000100\x0000000000003\0"), 386);
      block.set(bytes("00000001000"), 483);
    },
  }),
  headerOf({ name: "d/", type: "5" }),
  headerOf({ name: "d/hard", type: "1", link: "a" }),
  headerOf({ name: "soft", type: "2", link: "d" }),
  fileOf("soft/.wh.x"),
);

/** Does with some bytes all that can be done, and checks that the facts are sound. */
async function lookAtAll(content: Uint8Array, piece = 1000): Promise<LayerFacts> {
  const source = countedSource(content, piece);
  const limits = { entries: 1000, bytes: 4_000_000, text: 1_000_000 };
  const layer = await readLayer(source, { contents: true, diffId: true, limits });
  assertEquals(structuredClone(layer), layer);
  const { nodes, entries, problems } = layer;
  assert(entries.length <= 1000 && problems.list.length <= 1000 && problems.list.length <= problems.count);
  nodes.forEach(({ parent, below, depth, entry }, index) => {
    assert(index === 0 ? parent === -1 : parent < index && index <= parent + nodes[parent].below);
    assert(depth === (index === 0 ? 0 : nodes[parent].depth + 1));
    assert(index + below < nodes.length && (entry === undefined || entries[entry] !== undefined));
  });
  const stack = stackLayers([layer, layer]);
  assert(stack.nodes.length <= 2 * nodes.length && stack.wastedBytes >= 0);
  assertEquals(compareStacks([layer], [layer]).changes, []);
  for (const entry of [...entries.slice(0, 3), ...entries.slice(-3)]) {
    const { bytes: read } = await readFile(source, entry, { limits, length: 10_000 });
    assert(read.length <= 10_000);
    lookAtContent(read, false);
  }
  await readFile(source, "a", { limits, length: 10_000 });
  return layer;
}

Deno.test("an archive that is cut off anywhere shows what was before, and says where it ends", async () => {
  const { entries } = await layerOf(VARIED);
  assertEquals(entries.length, 9);
  for (let size = 0; size < VARIED.length; size += 128) {
    const layer = await lookAtAll(VARIED.subarray(0, size));
    // What lies in front of the cut is there, as it is in the whole archive.
    const before = entries.filter(({ contentAt, stored }) => contentAt + stored <= size);
    assertEquals(layer.entries.slice(0, before.length).map(({ path }) => path), before.map(({ path }) => path));
    const end = VARIED.length - 1024;
    if (size < end) assert(layer.problems.count > 0, `nothing is wrong with ${size} bytes`);
  }
});

Deno.test("gzip and zstd that are cut off anywhere show what was before, and say so", async () => {
  for (
    const packed of [
      memberOf(VARIED),
      join([memberOf(VARIED.subarray(0, 2000)), memberOf(VARIED.subarray(2000))]),
      frameOf(VARIED),
    ]
  ) {
    for (let size = 0; size < packed.length; size += 7) {
      const layer = await lookAtAll(packed.subarray(0, size), 100);
      assert(layer.problems.count > 0, `nothing is wrong with ${size} bytes`);
    }
  }
});

/** Returns a function that returns numbers below a bound, always the same ones for a seed. */
function dice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    // The generator mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** Makes the checksums of all headers right again, so that a change in a header is looked at. */
function repaired(tar: Uint8Array): Uint8Array {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    const block = tar.subarray(at, at + 512);
    if (!/^ustar/.test(new TextDecoder("latin1").decode(block.subarray(257, 262)))) continue;
    block.fill(0x20, 148, 156);
    block.set(bytes(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `), 148);
  }
  return tar;
}

Deno.test("archives with bytes changed at random never end in an exception or without an end", async () => {
  const roll = dice(1);
  const packed = [
    VARIED,
    memberOf(VARIED),
    join([memberOf(VARIED.subarray(0, 3000)), memberOf(VARIED.subarray(3000))]),
    frameOf(VARIED),
  ];
  for (let round = 0; round < 400; round++) {
    const kind = round % (packed.length + 1);
    const content = (packed[kind] ?? VARIED).slice();
    for (let changes = 1 + roll(8); changes > 0; changes--) {
      const at = roll(content.length);
      content[at] = [roll(256), 0, 0xff, 0x30 + roll(10), content[at] ^ (1 << roll(8))][roll(5)];
    }
    const tar = kind === packed.length ? repaired(content) : content;
    await lookAtAll(roll(4) === 0 ? tar.subarray(0, roll(tar.length)) : tar, 1 + roll(3000));
  }
});

Deno.test("random bytes are no tar, with whatever magic they begin", async () => {
  const roll = dice(2);
  const magics = [[], [0x1f, 0x8b, 8, 0], [0x28, 0xb5, 0x2f, 0xfd], [0x50, 0x2a, 0x4d, 0x18], [0x42, 0x5a, 0x68], [
    0xfd,
    0x37,
    0x7a,
    0x58,
    0x5a,
  ]];
  for (let round = 0; round < 200; round++) {
    const content = Uint8Array.from({ length: roll(5000) }, () => roll(256));
    content.set(magics[round % magics.length].slice(0, content.length));
    const { entries, problems } = await lookAtAll(content);
    assertEquals([entries.length, problems.count > 0], [0, true]);
  }
});

Deno.test("a million tiny entries meet the limit of entries", async () => {
  // Entries without content, packed well: 512 MB out of less than 3 MB.
  const thousand = join(Array.from({ length: 1000 }, (_, index) => headerOf({ name: `file${index}` })));
  const packed = frameOf(thousand);
  const source: ByteSource = {
    size: 1000 * packed.length,
    async *pieces() {
      for (let index = 0; index < 1000; index++) yield packed;
    },
  };
  const { entries, limitMet, nodes } = await readLayer(source);

  assertEquals([entries.length, limitMet?.limit, nodes.length], [200_000, "entries", 1001]);
  assertEquals(limitMet?.text, "The reading ended after 200,000 entries. What comes later is not shown.");
});

Deno.test("long names and PAX records of absurd lengths are skipped, and told", async () => {
  const huge = 2 ** 40;
  const far = await layerOf(tarOf(
    headerOf({
      name: "x",
      type: "x",
      patch: (block) => {
        block.set([0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], 124);
      },
    }),
    fileOf("a"),
  ));
  const long = await layerOf(
    tarOf(fileOf("././@LongLink", "n".repeat(2_000_000), { type: "L" }), fileOf("short", "1")),
  );
  const records = [
    "9999999999 a=b\n",
    "0 a=b\n",
    "3 a=b\n",
    "x a=b\n",
    "6 ab\n\n",
    "12345678 a=b\n",
    "-5 a=b\n",
    "7 a=b",
    " \n",
    "5 a=\n9",
  ];
  const broken = await Promise.all(
    records.map((record) => layerOf(tarOf(fileOf("x", record, { type: "x" }), fileOf("after", "1")))),
  );
  const many = await layerOf(
    tarOf(fileOf("x", recordOf("a", "b").repeat(30_000), { type: "x" }), fileOf("after", "1")),
  );

  assertEquals([far.entries.length, toldOf(far)], [0, ["long record at 0", "cut off at 0"]]);
  assertEquals(far.problems.list[0].text.includes(String(huge)), true);
  assertEquals([long.entries.map(({ path }) => path), toldOf(long)], [["short"], ["long record at 0"]]);
  assertEquals(broken.map(({ entries }) => entries.length), records.map(() => 1));
  assertEquals(broken.map(({ problems }) => problems.list.map(({ what }) => what)), records.map(() => ["bad record"]));
  assertEquals([many.entries.length, many.problems.list.map(({ what }) => what)], [1, ["bad record"]]);
});

Deno.test("headers that describe the next entry without end are told, and meet the limit of entries", async () => {
  const layer = await layerOf(join(Array.from({ length: 5000 }, () => paxOf([["comment", "x"]]))), {
    limits: { entries: 1000 },
  });

  assertEquals([layer.entries.length, layer.limitMet?.limit, toldOf(layer)], [0, "entries", ["long record at 8192"]]);
});

Deno.test("global records that grow, for very many entries, are kept once", async () => {
  const tar = tarOf(
    ...Array.from({ length: 200 }, (_, index) => paxOf([[`key${index}`, "v".repeat(5000)]], "g")),
    ...Array.from({ length: 2000 }, (_, index) => fileOf(`f${index}`)),
  );
  const layer = await layerOf(tar, { limits: { text: 2_000_000 } });

  assertEquals([layer.limitMet?.limit, layer.entries.length < 10], ["text", true]);
});

Deno.test("a very deep path, a very long one and very many folders meet limits", async () => {
  const deep = await layerOf(
    tarOf(
      ...Array.from(
        { length: 500 },
        (_, index) => join([paxOf([["path", `${index}/${"d/".repeat(2000)}f`]]), fileOf("x")]),
      ),
    ),
  );
  const ringOfLinks = await layerOf(tarOf(
    ...Array.from(
      { length: 50 },
      (_, index) =>
        join([paxOf([["linkpath", `${`l${index + 1}/`.repeat(300)}`]]), headerOf({ name: `l${index}`, type: "2" })]),
    ),
    ...Array.from({ length: 200 }, (_, index) => fileOf(`l0/f${index}`)),
  ));

  assertEquals([deep.limitMet?.limit, deep.nodes.length <= 200_501], ["entries", true]);
  assert(deep.nodes.some(({ depth }) => depth === 2002));
  assertEquals([ringOfLinks.entries.length, ringOfLinks.problems.list.at(-1)?.what], [250, "link leads nowhere"]);
});

Deno.test("a sparse file whose map cannot be is shown as it is stored, and told", async () => {
  const maps = ["100,4", "0,5,3,5", "0,10,2000,0", "x,y", "0,-10", "0,99999999999999999", "0,10,,"];
  const layers = await Promise.all(
    maps.map((map) =>
      layerOf(tarOf(paxOf([["GNU.sparse.size", "1000"], ["GNU.sparse.map", map]]), fileOf("s", "0123456789")), {
        contents: true,
      })
    ),
  );
  const version1 = await Promise.all(
    ["", "x", "99999999\n", "1\n5\n", "2\n0\n10\n5\n"].map((map) =>
      layerOf(
        tarOf(
          paxOf([["GNU.sparse.major", "1"], ["GNU.sparse.realsize", "1000"]]),
          fileOf("s", join([padded(map), bytes("0123456789")])),
        ),
      )
    ),
  );

  assertEquals(layers.map(({ entries: [{ size, sparse }] }) => [size, sparse]), maps.map(() => [10, undefined]));
  assertEquals(
    [...layers, ...version1].map(({ problems }) => problems.list[0]?.what),
    Array(12).fill("bad sparse map"),
  );
});

Deno.test("a signal ends a long reading, and what was read until then is shown", async () => {
  const one = join(Array.from({ length: 1000 }, (_, index) => fileOf(`f${index}`, "x")));
  const aborter = new AbortController();
  let pieces = 0;
  const source: ByteSource = {
    size: 1000 * one.length,
    async *pieces() {
      for (let index = 0; index < 1000; index++) {
        if (++pieces === 3) aborter.abort();
        yield one;
      }
    },
  };
  const layer = await readLayer(source, { limits: { signal: aborter.signal }, diffId: true });

  assertEquals([layer.limitMet?.limit, layer.diffId, layer.end, layer.problems.count > 5000], [
    "signal",
    undefined,
    undefined,
    false,
  ]);
  assert(layer.entries.length > 0 && layer.entries.length < 10_000, `${layer.entries.length} entries`);
});
