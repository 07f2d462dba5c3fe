/** Archives that are damaged, or were made to do harm: each is refused by the name of what is wrong. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { FillError } from "../../src/filling/files.ts";
import { type ArchiveBytes, openLocal } from "../../src/filling/local_files.ts";
import { TarFiles } from "../../src/filling/tar.ts";
import { bytes, digestOf, randomBytes } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { entryOf, gzipOf, join, type TarEntry, tarOf } from "./archive.ts";

function archiveOf(...pieces: Uint8Array<ArrayBuffer>[]): ArchiveBytes {
  const blob = new Blob(pieces);
  return {
    label: "x.tar",
    size: blob.size,
    pieces: (start = 0, length = blob.size) => blob.slice(start, start + length).stream(),
  };
}

async function messageOf(archive: ArchiveBytes): Promise<string> {
  const { message } = await assertRejects(() => TarFiles.scan(archive), FillError);
  return message;
}

async function textOf(files: TarFiles, path: string): Promise<string | undefined> {
  const content = await files.read(path, 1000);
  return content && new TextDecoder().decode(content);
}

for (const isGzip of [false, true]) {
  const kind = isGzip ? "a gzipped archive" : "an archive";
  const pack = async (entries: readonly TarEntry[]) => {
    const tar = tarOf(entries);
    return archiveOf(isGzip ? await gzipOf(tar) : tar);
  };

  Deno.test(`${kind}: files are found by their paths, with their size and digest, in whatever order they are asked for`, async () => {
    const large = randomBytes(700_000);
    const files = await TarFiles.scan(
      await pack([
        { name: "./blobs/", type: "5" },
        { name: "./blobs/large", content: large },
        { name: "empty", content: "" },
        { name: "a".repeat(150), content: "long" },
        { name: "./index.json", content: "{}" },
      ]),
    );

    assertEquals(await files.look("blobs/large", "sha256"), {
      ...await files.look("blobs/large", "sha256"),
      size: 700_000,
      digest: digestOf(large) as never,
    });
    assertEquals((await files.look("blobs/large", "sha512"))?.digest as string, digestOf(large, "sha512"));
    assertEquals(await files.look("none", "sha256"), undefined);
    assertEquals(await textOf(files, "index.json"), "{}");
    assertEquals(await textOf(files, "empty"), "");
    assertEquals(await textOf(files, "a".repeat(150)), "long");
    assertEquals(await textOf(files, "blobs"), undefined);
    const read: string[] = [];
    for await (const { path, pieces } of files.open(new Set(["index.json", "none", "blobs/large", "empty"]))) {
      const content = join(await Array.fromAsync(pieces, (piece) => piece.slice()));
      read.push(`${path} ${digestOf(content)}`);
    }
    assertEquals(read, [
      `blobs/large ${digestOf(large)}`,
      `empty ${digestOf("")}`,
      `index.json ${digestOf("{}")}`,
    ]);
  });

  Deno.test(`${kind}: a link to a file in it is that file`, async () => {
    const files = await TarFiles.scan(
      await pack([
        { name: "two/layer.tar", type: "2", link: "../one/layer.tar" },
        { name: "one/layer.tar", content: "layer" },
        { name: "three", type: "1", link: "one/layer.tar" },
      ]),
    );

    const read: string[] = [];
    for await (const { path, pieces } of files.open(new Set(["three", "two/layer.tar", "one/layer.tar"]))) {
      const content = join(await Array.fromAsync(pieces, (piece) => piece.slice()));
      read.push(`${path} ${new TextDecoder().decode(content)}`);
    }
    assertEquals(read.sort(), ["one/layer.tar layer", "three layer", "two/layer.tar layer"]);
  });

  Deno.test(`${kind}: a file that is longer than it may be is refused by name`, async () => {
    const files = await TarFiles.scan(await pack([{ name: "index.json", content: "x".repeat(1001) }]));
    const { message } = await assertRejects(() => files.read("index.json", 1000), FillError);
    assertEquals(message, "x.tar: index.json: it has 1001 bytes, and 1000 are the most for such a file");
  });
}

const OUT = "is a path that leads out of the archive";
const hostile: readonly (readonly [what: string, entry: TarEntry, message: string])[] = [
  ["a path with ..", { name: "blobs/../../etc/passwd" }, `blobs/../../etc/passwd: ${OUT}`],
  ["an absolute path", { name: "/etc/passwd" }, `/etc/passwd: ${OUT}`],
  ["a path with a backslash", { name: "blobs\\..\\x" }, `blobs\\..\\x: ${OUT}`],
  ["a folder with ..", { name: "../x/", type: "5" }, `../x/: ${OUT}`],
  ["a long path", { name: "x".repeat(5000) }, `${"x".repeat(100)}…: is a path that is too long`],
  [
    "a link to an absolute path",
    { name: "x", type: "2", link: "/etc/passwd" },
    "x: is a link that leads out of the archive, to /etc/passwd",
  ],
  [
    "a link that leads out",
    { name: "a/x", type: "2", link: "../../index.json" },
    "a/x: is a link that leads out of the archive, to ../../index.json",
  ],
  [
    "a hard link that leads out",
    { name: "a/x", type: "1", link: "../index.json" },
    "a/x: is a link that leads out of the archive, to ../index.json",
  ],
  [
    "a link to nothing",
    { name: "x", type: "2", link: "none" },
    "x: is a link to none, which is no file in the archive",
  ],
  ["a link to itself", { name: "x", type: "2", link: "x" }, "x: is a link to x, which is no file in the archive"],
  ["a device", { name: "dev/null", type: "3" }, "dev/null: is no file, but of the type character-device"],
  ["a pipe", { name: "pipe", type: "6" }, "pipe: is no file, but of the type fifo"],
  ["a sparse file", { name: "sparse", type: "S" }, "sparse: is no file, but of the type that tar calls special"],
  [
    "a name that would move the cursor",
    { name: "x\x1b[2J\n", type: "6" },
    String.raw`x\u{1b}[2J\u{a}: is no file, but of the type fifo`,
  ],
  ["a second file of the same path", { name: "./index.json" }, "index.json: is in the archive twice"],
  ["a link of the same path", { name: "index.json", type: "2", link: "other" }, "index.json: is in the archive twice"],
];

for (const [what, entry, message] of hostile) {
  Deno.test(`an archive with ${what} is refused`, async () => {
    const archive = archiveOf(tarOf([{ name: "index.json", content: "{}" }, { name: "other" }, entry]));
    assertEquals(await messageOf(archive), `x.tar: ${message}`);
  });
}

Deno.test("an archive that is cut off anywhere is refused, gzipped or not", async () => {
  const tar = tarOf([{ name: "index.json", content: "{}" }, { name: "layer", content: randomBytes(100_000) }]);
  const CUT_OFF =
    /^x\.tar: (?:is no archive, or is cut off \(behind its beginning\)|is cut off \((?:behind index\.json|in index\.json|in layer)\))$/;
  const gzip = await gzipOf(tar);
  const whole: string[] = [];
  for (
    const [bytes, lengths] of [[tar, [100, 513, 600, 1500, 1700, 50_000]], [gzip, [
      20,
      1000,
      50_000,
      gzip.length - 4,
    ]]] as const
  ) {
    for (const length of lengths) {
      const message = await messageOf(archiveOf(bytes.slice(0, length)));
      if (!CUT_OFF.test(message)) whole.push(`${length} ${message}`);
    }
  }
  assertEquals(whole, []);
});

Deno.test("bytes that are no archive are refused, and other compressions by their names", async () => {
  assertEquals(
    await messageOf(archiveOf(bytes("x".repeat(2000)))),
    "x.tar: is no archive, or is damaged: this is no header of a tar file (behind its beginning)",
  );
  assert(
    (await messageOf(archiveOf(await gzipOf(bytes("x".repeat(2000)))))).startsWith(
      "x.tar: is no archive, or is damaged: ",
    ),
  );
  assertEquals(await messageOf(archiveOf(new Uint8Array())), "x.tar: is empty");
  const zstd = archiveOf(new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, 0]));
  assertEquals(await messageOf(zstd), "x.tar: is compressed with zstd; only gzip is known here, so unpack it first");
});

Deno.test("a header whose sum is wrong is refused", async () => {
  const tar = tarOf([{ name: "index.json", content: "{}" }, { name: "layer", content: "layer" }]);
  tar[1024] ^= 1;
  assert((await messageOf(archiveOf(tar))).endsWith("(behind index.json)"));
});

Deno.test("a name that would fill the memory is refused, and so are zeros without end", async () => {
  const start = entryOf({ name: "././@LongLink", type: "L", size: 2 ** 32 });
  const piece = new Uint8Array(65_536).fill(97);
  const endless = (first: Uint8Array, more: Uint8Array) => {
    const given = { bytes: 0 };
    const pieces = async function* () {
      yield first;
      for (;;) {
        given.bytes += more.length;
        yield more;
        await Promise.resolve();
      }
    };
    return { archive: { label: "x.tar", size: 2 ** 33, pieces }, given };
  };
  for (const [first, more] of [[start, piece], [entryOf({ name: "layer", content: "x" }), new Uint8Array(65_536)]]) {
    const { archive, given } = endless(first, more);
    const message = await messageOf(archive);
    assert(
      /^x\.tar: has more than 4194304 bytes behind (its beginning|layer) that are no file$/.test(message),
      message,
    );
    assert(given.bytes < 5 * 1024 ** 2, String(given.bytes));
  }
});

Deno.test("a gzipped archive that becomes enormous is refused", async () => {
  // A member of gzip with 8 MiB of zeros has 8 KiB. Two hundred of them are an archive of one file with 1.6 GiB.
  const header = entryOf({ name: "layer", size: 200 * 8 * 1024 ** 2 });
  const member = await gzipOf(new Uint8Array(8 * 1024 ** 2));
  const archive = archiveOf(await gzipOf(header), ...Array.from({ length: 200 }, () => member));

  assertEquals(
    await messageOf(archive),
    "x.tar: becomes more than 200 times as large without compression; unpack it first, if you trust it",
  );
});

Deno.test("gzip of several members, as some programs write it, is one archive", async () => {
  const tar = tarOf([{ name: "index.json", content: "{}" }, { name: "layer", content: "layer" }]);
  const members = await Promise.all([tar.slice(0, 700), tar.slice(700)].map(gzipOf));
  const files = await TarFiles.scan(archiveOf(...members));
  assertEquals([await textOf(files, "index.json"), await textOf(files, "layer")], ["{}", "layer"]);
});

Deno.test("an archive is read in pieces: a large file is never in memory as a whole", async () => {
  using folder = new Folder();
  const path = `${folder.path}/x.tar`;
  const piece = randomBytes(1024 ** 2);
  const content = join(Array.from({ length: 64 }, () => piece));
  Deno.writeFileSync(path, tarOf([{ name: "layer", content }]));
  const archive = await openLocal(path) as ArchiveBytes;
  let longest = 0;
  const files = await TarFiles.scan(archive);
  for await (const { pieces } of files.open(new Set(["layer"]))) {
    for await (const { length } of pieces) longest = Math.max(longest, length);
  }
  assertEquals([(await files.look("layer", "sha256"))?.size, longest <= 256 * 1024], [content.length, true]);
});

Deno.test("others go on while an archive in memory is read", async () => {
  const pieces = [tarOf([{ name: "a", content: "a" }]).subarray(0, 1024), tarOf([{ name: "b", content: "b" }])];
  const size = pieces[0].length + pieces[1].length;
  let haveOthersGoneOn = false;
  const seen: boolean[] = [];
  await TarFiles.scan({ label: "x.tar", size, pieces: () => ReadableStream.from(pieces) }, () => {
    seen.push(haveOthersGoneOn);
    setTimeout(() => haveOthersGoneOn = true);
    const until = Date.now() + 30;
    while (Date.now() < until);
  });
  assertEquals(seen, [false, true]);
});

Deno.test("an archive with more entries than any image needs is refused", async () => {
  // The header of one empty file, again and again with another name.
  const header = entryOf({ name: "000000" });
  const octal = (bytes: Uint8Array, at: number, number: number, digits: number) => {
    for (let place = digits - 1; place >= 0; place--, number >>= 3) bytes[at + place] = 0x30 + (number & 7);
  };
  const sumOf = (bytes: Uint8Array) => {
    let sum = 8 * 32;
    for (const [at, byte] of bytes.entries()) if (at < 148 || at >= 156) sum += byte;
    return sum;
  };
  const pieces = async function* () {
    for (let number = 0; number <= 200_000;) {
      const piece = new Uint8Array(512 * 500);
      for (let at = 0; at < piece.length; at += 512, number++) {
        octal(header, 0, number, 6);
        octal(header, 148, sumOf(header), 6);
        piece.set(header, at);
      }
      yield piece;
      await Promise.resolve();
    }
  };

  const message = await messageOf({ label: "x.tar", size: 200_500 * 512, pieces });

  assertEquals(message, "x.tar: 606500: is one of more than 200000 entries");
});
