/**
 * The contract of a disk, as tests. Each disk of this project passes them. Run them against a disk of your own:
 *
 *     testDisk("my disk", ({ patience }) => {
 *       const folder = newFolder();
 *       const open = () => myDisk(folder, { patience });
 *       return { disk: open(), reopen: open, [Symbol.asyncDispose]: () => removeFolder(folder) };
 *     });
 *
 * Each test gets a new disk with nothing on it. A program that has the package imports this as `@glassbox/registry/disk-contract`.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { BusyError, type Bytes, type Change, type Disk, type FileInfo, type GrowingFile } from "../../src/mod.ts";

/** A new disk, for one test. */
export interface TestedDisk extends AsyncDisposable {
  /** The disk. There is nothing on it. */
  readonly disk: Disk;
  /** Opens the same storage once more, as another process does. */
  reopen(): Disk;
}

/** The settings of a disk, for one test. */
export interface TestedSettings {
  /** The time that an action waits for its turn, in milliseconds; `undefined` means the usual one. */
  readonly patience?: number;
}

/** Opens a new disk. */
export type OpenTestedDisk = (settings: TestedSettings) => TestedDisk | Promise<TestedDisk>;

/** Runs the contract against the disks that a function opens. `name` stands in front of the name of each test. */
export function testDisk(name: string, open: OpenTestedDisk): void {
  for (const [sentence, check] of Object.entries(CONTRACT)) {
    Deno.test(`${name}: ${sentence}`, async () => {
      await using tested = await open({});
      await check(tested.disk, tested);
    });
  }
  for (const [sentence, check] of Object.entries(IMPATIENT)) {
    Deno.test(`${name}: ${sentence}`, async () => {
      await using tested = await open({ patience: 50 });
      await check(tested.disk, tested);
    });
  }
}

type Check = (disk: Disk, tested: TestedDisk) => Promise<void> | void;

const TAGS = "library/hello/_tags";
const LATEST = `${TAGS}/latest`;
const SESSION = "library/hello/_uploads/0f9c/data";
const DIGEST = "library/hello/sha256:9b4e";
const LARGE = 3 * 1024 * 1024 + 7;

function bytes(text: string): Bytes {
  return new TextEncoder().encode(text);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function hashOf(algorithm: string, content: Uint8Array): string {
  return createHash(algorithm).update(content).digest("hex");
}

const PATTERN = new Uint8Array(LARGE).map((_, index) => (index ^ (index >> 8) ^ (index >> 16)) & 0xff);

/** Bytes whose places can be told apart. */
function patterned(size: number): Bytes {
  return PATTERN.slice(0, size);
}

async function* piecesOf(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(typeof piece === "string" ? bytes(piece) : piece);
}

function readText(disk: Disk, path: string): string | undefined {
  return disk.read(path, text);
}

async function contentOf(opened: ReturnType<Disk["open"]>): Promise<Bytes | undefined> {
  if (!(opened instanceof ReadableStream)) return opened;
  // A piece may be valid only until the next one is read.
  const pieces = await Array.fromAsync(opened, (piece) => piece.slice());
  return await new Blob(pieces).bytes();
}

// To print how two long arrays differ would take minutes.
function expectSame(actual: Uint8Array | undefined, expected: Uint8Array, what: string): void {
  const at = expected.findIndex((byte, index) => actual?.[index] !== byte);
  assertEquals(
    [actual?.length, at],
    [expected.length, -1],
    `${what}: the length, and the place of the first other byte`,
  );
}

/** Returns what is on the disk, without the names that a disk keeps for itself. */
function everything(disk: Disk, folder = ""): string[] {
  return disk.list(folder).filter((name) => !name.startsWith(".")).flatMap((name) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    return disk.look(path) === undefined ? [`${path}/`, ...everything(disk, path)] : [path];
  });
}

/** Pushes a blob as the registry does. */
async function grown(disk: Disk, folder: string, name: string, content: Uint8Array): Promise<void> {
  const session = `library/hello/_uploads/${crypto.randomUUID()}/data`;
  await disk.begin(session, "sha256", async (file) => {
    await file.append(piecesOf(content));
    await file.moveTo(folder, name);
  });
  disk.tidy("library/hello/_uploads");
}

/** Runs a growing file's action on a new session. */
async function growing<Result>(
  disk: Disk,
  action: (file: GrowingFile) => Promise<Result>,
): Promise<Result | undefined> {
  await disk.begin(SESSION, "sha256");
  return await disk.grow(SESSION, action);
}

const CONTRACT: Readonly<Record<string, Check>> = {
  async "what is not there is undefined, false or nothing, and asking for it leaves nothing behind"(disk) {
    const path = "library/hello/sha256:9b4e/blob";
    const info: FileInfo = { path, size: 3, lastUsed: 0, links: 1 };
    const never = () => {
      throw new Error("there is nothing to work on");
    };

    const answers = [
      disk.look(path),
      disk.find(DIGEST, ["blob", "config.json"]),
      disk.list("library/hello"),
      await disk.listMany("library/hello"),
      disk.read(path, never),
      disk.readTogether(DIGEST, never),
      disk.recall(path),
      disk.open(info),
      disk.open(info, { start: 1, length: 1 }),
      await disk.link(path, "library/other/sha256:9b4e/blob"),
      disk.noteUse(path),
      await disk.keep(path),
      await disk.remove(path),
      await disk.removeTogether(TAGS, ["latest"]),
      await disk.removeUnused(path, disk.now()),
      disk.tidy("library/hello"),
      await disk.quarantine(path),
      await disk.grow(path, never),
      disk.isGrowing(path),
    ];
    disk.remember(path, "value", 10);
    disk.forget(TAGS);

    assertEquals(answers, [
      ...[undefined, undefined, [], [], undefined, undefined, undefined, undefined, undefined],
      ...[false, false, false, false, undefined, false, undefined, undefined, undefined, false],
    ]);
    assertEquals(disk.recall(path), undefined);
    assertEquals(everything(disk), []);
  },

  async "a path that goes through a file leads to nothing"(disk) {
    await disk.put(TAGS, { latest: bytes("one") });

    const below = `${LATEST}/below`;
    const answers = [disk.look(below), disk.list(LATEST), readText(disk, below), await disk.remove(below)];

    assertEquals(answers, [undefined, [], undefined, false]);
    assertEquals(readText(disk, LATEST), "one");
  },

  async "keep: a file is kept by its path, or as it was just found"(disk) {
    await disk.put(DIGEST, { blob: bytes("foo") });

    const found = disk.find(DIGEST, ["blob"])!;
    const answers = [await disk.keep(found), await disk.keep(disk.look(found.path)!), await disk.keep(found.path)];
    assertEquals(answers, [true, true, true]);
    assertEquals(readText(disk, found.path), "foo");
  },

  async "a folder is no file"(disk) {
    await disk.put(TAGS, { latest: bytes("one") });

    assertEquals([disk.look(TAGS), readText(disk, TAGS), await disk.keep(TAGS)], [undefined, undefined, false]);
  },

  async "put: files are there with their bytes, their size, one name and the time"(disk) {
    const before = disk.now();
    await disk.put(DIGEST, { "content-type": bytes("a/b"), "manifest.json": bytes("{ }"), "empty": bytes("") });

    const looks = disk.list(DIGEST).map((name) => disk.look(`${DIGEST}/${name}`)!);

    assertEquals(looks.map(({ path, size, links }) => ({ path, size, links })), [
      { path: `${DIGEST}/content-type`, size: 3, links: 1 },
      { path: `${DIGEST}/empty`, size: 0, links: 1 },
      { path: `${DIGEST}/manifest.json`, size: 3, links: 1 },
    ]);
    assertEquals(disk.list(DIGEST).map((name) => readText(disk, `${DIGEST}/${name}`)), ["a/b", "", "{ }"]);
    // Times on files are coarse.
    for (const { lastUsed } of looks) assert(lastUsed >= before - 3000 && lastUsed <= disk.now() + 3000);
  },

  async "put: what the caller does with its bytes later does not change the file"(disk) {
    const mine = bytes("mine");
    await disk.put(TAGS, { latest: mine });

    mine.fill(0);

    assertEquals(readText(disk, LATEST), "mine");
  },

  async "put: a file is replaced as a whole, and everybody sees the old one or the new one"(disk, { reopen }) {
    const other = reopen();
    const [a, b] = ["a", "b"].map((letter) => bytes(letter.repeat(100_000)));
    await disk.put(TAGS, { latest: a });
    const seen = new Set<string>();
    const look = () => {
      for (const reader of [disk, other]) {
        const content = readText(reader, LATEST)!;
        seen.add(`${content.length} ${[...new Set(content)].join("")}`);
      }
    };

    for (let time = 0; time < 6; time++) await during(disk.put(TAGS, { latest: time % 2 === 0 ? b : a }), look);

    assertEquals([...seen].sort(), ["100000 a", "100000 b"]);
    assertEquals(everything(disk, TAGS), [LATEST]);
  },

  async "put: the files come in their order"(disk, { reopen }) {
    const other = reopen();
    for (let time = 0; time < 5; time++) {
      const folder = `${DIGEST}${time}`;
      await during(disk.put(folder, { z: patterned(50_000), a: bytes("short") }), () => {
        const second = other.look(`${folder}/a`);
        if (second !== undefined) assert(other.look(`${folder}/z`) !== undefined, "the second file came first");
      });
    }
  },

  async "many puts of one file at the same time leave one of them, whole"(disk) {
    const letters = [..."abcdefgh"];

    await Promise.all(letters.map((letter) => disk.put(TAGS, { latest: bytes(letter.repeat(50_000)) })));

    const content = readText(disk, LATEST)!;
    assertEquals([content.length, new Set(content).size, letters.includes(content[0])], [50_000, 1, true]);
    assertEquals(disk.list(TAGS), ["latest"]);
  },

  async "the names in a folder are sorted by byte value, files and folders together"(disk) {
    await disk.put(TAGS, { b: bytes(""), B: bytes(""), _x: bytes(""), "1": bytes(""), "v1.0-rc": bytes("") });
    await disk.put(`${TAGS}/a`, { file: bytes("") });
    const names = ["1", "B", "_x", "a", "b", "v1.0-rc"];

    assertEquals([disk.list(TAGS), await disk.listMany(TAGS)], [names, names]);
    await disk.remove(`${TAGS}/B`);
    await disk.put(TAGS, { C: bytes("") });
    const later = ["1", "C", "_x", "a", "b", "v1.0-rc"];
    assertEquals([disk.list(TAGS), await disk.listMany(TAGS)], [later, later]);
    assertEquals(disk.list("").filter((name) => !name.startsWith(".")), ["library"]);
  },

  async "names of the layout are as they were given"(disk) {
    const folders = ["a/sha256:9b4e", "a/_referrers/sha256:9b4e", `a/x.y_z--w/${"l".repeat(200)}`];
    for (const folder of folders) await disk.put(folder, { "sha512:ab.json": bytes(folder) });

    assertEquals(folders.map((folder) => readText(disk, `${folder}/sha512:ab.json`)), folders);
    assertEquals(disk.list("a"), ["_referrers", "sha256:9b4e", "x.y_z--w"]);
    assertEquals(disk.look("a/sha256:9b4e/sha512:ab.json")?.path, "a/sha256:9b4e/sha512:ab.json");
  },

  async "find: the file that has one of the names, also after it has got another one"(disk) {
    const names = ["layer.tar", "config.json", "blob"];
    await disk.put(DIGEST, { "manifest.json": bytes("{}"), "blob": bytes("foo") });

    const first = disk.find(DIGEST, names);
    await disk.remove(`${DIGEST}/blob`);
    const none = disk.find(DIGEST, names);
    await disk.put(DIGEST, { "config.json": bytes("{ }") });

    assertEquals([first?.path, first?.size, none], [`${DIGEST}/blob`, 3, undefined]);
    assertEquals(disk.find(DIGEST, names)?.path, `${DIGEST}/config.json`);
  },

  async "read: what was made of a file holds only as long as the file is the same"(disk, { reopen }) {
    const other = reopen();
    await disk.put(TAGS, { latest: bytes("one"), odd: bytes("no digest") });
    const parse = (content: Bytes) => text(content) === "no digest" ? undefined : { made: text(content) };

    const seen = [disk.read(LATEST, parse), disk.read(LATEST, parse), disk.read(`${TAGS}/odd`, parse)];
    await other.put(TAGS, { latest: bytes("two") });
    seen.push(disk.read(LATEST, parse));
    await other.remove(LATEST);
    seen.push(disk.read(LATEST, parse));

    assertEquals(seen, [{ made: "one" }, { made: "one" }, undefined, { made: "two" }, undefined]);
  },

  async "read: a caller may change the bytes that it gets"(disk) {
    await disk.put(TAGS, { latest: bytes("one") });

    disk.read(LATEST, (content) => void content.fill(0));

    assertEquals(readText(disk, LATEST), "one");
  },

  async "readTogether: the files of a folder, as long as none comes, goes or is replaced"(disk, { reopen }) {
    const other = reopen();
    await disk.put(DIGEST, { "content-type": bytes("a/b"), "manifest.json": bytes("{}") });
    const together = () =>
      disk.readTogether(DIGEST, ({ names, read }) => names.map((name) => `${name}=${text(read(name)!)}`).join());
    const missing = disk.readTogether(DIGEST, ({ read }) => [read("nothing")]);

    // What follows is about another value than the one before.
    disk.forget(DIGEST);
    const seen = [together()];
    for (
      const change of [
        () => other.put(DIGEST, { "manifest.json": bytes("[]") }),
        () => other.put(DIGEST, { blob: bytes("[]") }),
        () => other.remove(`${DIGEST}/content-type`),
        () => other.removeTogether(DIGEST, ["blob", "manifest.json"]),
      ]
    ) {
      await change();
      seen.push(together());
    }

    assertEquals(missing, [undefined]);
    assertEquals(seen, [
      "content-type=a/b,manifest.json={}",
      "content-type=a/b,manifest.json=[]",
      "blob=[],content-type=a/b,manifest.json=[]",
      "blob=[],manifest.json=[]",
      undefined,
    ]);
  },

  async "remember and recall: the value, or nothing; and never one of an older file or folder"(disk, { reopen }) {
    const other = reopen();
    const recalled = (path: string, change: () => unknown) => {
      disk.remember(path, `of ${path}`, 100);
      const now = disk.recall<string>(path);
      assert(now === `of ${path}` || now === undefined, `recalled ${now}`);
      return Promise.resolve(change()).then(() => disk.recall<string>(path));
    };
    await disk.put(TAGS, { latest: bytes("one") });

    assertEquals(await recalled(LATEST, () => other.put(TAGS, { latest: bytes("two") })), undefined);
    assertEquals(await recalled(LATEST, () => other.remove(LATEST)), undefined);
    await disk.put(TAGS, { latest: bytes("one") });
    assertEquals(await recalled(TAGS, () => other.put(TAGS, { more: bytes("") })), undefined);
    assertEquals(await recalled(TAGS, () => other.forget(TAGS)), undefined);
    assertEquals(await recalled(TAGS, () => other.remove(LATEST)), undefined);
  },

  async "open: few bytes and many, whole and in part"(disk) {
    for (const size of [0, 1, 64 * 1024, 64 * 1024 + 1, 128 * 1024 + 1, LARGE]) {
      const content = patterned(size);
      await grown(disk, `${DIGEST}${size}`, "blob", content);
      const file = disk.look(`${DIGEST}${size}/blob`)!;
      const middle = { start: Math.floor(size / 3), length: Math.floor(size / 2) };

      assertEquals(file.size, size);
      expectSame(await contentOf(disk.open(file)), content, `${size} bytes`);
      const part = content.subarray(middle.start, middle.start + middle.length);
      expectSame(await contentOf(disk.open(file, middle)), part, `a part of ${size} bytes`);
    }
  },

  async "open: many bytes come in pieces, and a caller can stop in between"(disk) {
    await grown(disk, DIGEST, "blob", patterned(LARGE));
    const opened = disk.open(disk.look(`${DIGEST}/blob`)!);
    assert(opened instanceof ReadableStream, "many bytes came at once");

    const reader = opened.getReader();
    const { value } = await reader.read();
    await reader.cancel();

    assert(value!.length < LARGE / 2, `a piece of ${value!.length} bytes`);
  },

  async "open: if the disk does not share its bytes, a caller may change them"(disk) {
    if (disk.sharesBytes) return;
    for (const size of [3, 100_000, LARGE]) {
      const content = patterned(size);
      await grown(disk, `${DIGEST}${size}`, "blob", content);
      const file = disk.look(`${DIGEST}${size}/blob`)!;

      const opened = disk.open(file)!;
      if (opened instanceof Uint8Array) opened.fill(0);
      else for await (const piece of opened) piece.fill(0);

      expectSame(await contentOf(disk.open(file)), content, `${size} bytes`);
    }
  },

  async "open: a stream goes on to its end if the file is removed or replaced meanwhile"(disk, { reopen }) {
    const other = reopen();
    const content = patterned(LARGE);
    for (const change of [() => other.remove(`${DIGEST}/blob`), () => other.put(DIGEST, { blob: bytes("other") })]) {
      await grown(disk, DIGEST, "blob", content);
      const file = disk.look(`${DIGEST}/blob`)!;
      const reader = (disk.open(file) as ReadableStream<Bytes>).getReader();
      const received = [(await reader.read()).value!.slice()];

      await change();
      for (let { value } = await reader.read(); value !== undefined; { value } = await reader.read()) {
        received.push(value.slice());
      }

      expectSame(await new Blob(received).bytes(), content, "the stream");
      await disk.remove(`${DIGEST}/blob`);
      assertEquals(disk.open(file), undefined);
    }
  },

  async "link: a second name for the same bytes, which outlives the first"(disk) {
    await disk.put(DIGEST, { blob: bytes("foo") });
    const from = `${DIGEST}/blob`;
    const to = "library/other/sha256:9b4e/blob";

    const linked = [await disk.link(from, to), await disk.link(from, to)];
    const names = [from, to].map((path) => disk.look(path)?.links);
    await disk.remove(from);

    assertEquals([linked, names], [[true, true], [2, 2]]);
    assertEquals([readText(disk, to), disk.look(to)?.links], ["foo", 1]);
    assertEquals(everything(disk), ["library/", "library/other/", "library/other/sha256:9b4e/", to]);
  },

  async "link: a second name that exists stays as it is, and a file that is not there gets none"(disk) {
    await disk.put(TAGS, { one: bytes("1"), two: bytes("2") });

    const answers = [
      await disk.link(`${TAGS}/one`, `${TAGS}/two`),
      await disk.link(`${TAGS}/three`, `${TAGS}/two`),
      await disk.link(`${TAGS}/three`, "library/other/_tags/three"),
    ];

    assertEquals(answers, [true, false, false]);
    assertEquals([readText(disk, `${TAGS}/two`), disk.look(`${TAGS}/two`)?.links], ["2", 1]);
    assertEquals(disk.list("library"), ["hello"]);
  },

  async "replacing one of two names leaves the other as it was"(disk) {
    await disk.put(TAGS, { one: bytes("1") });
    await disk.link(`${TAGS}/one`, `${TAGS}/two`);

    await disk.put(TAGS, { one: bytes("new") });

    assertEquals([readText(disk, `${TAGS}/one`), readText(disk, `${TAGS}/two`)], ["new", "1"]);
    assertEquals([disk.look(`${TAGS}/one`)?.links, disk.look(`${TAGS}/two`)?.links], [1, 1]);
  },

  async "remove: the file, and the folders above it that become empty, and no others"(disk) {
    await disk.put(TAGS, { latest: bytes("one") });
    await disk.put("library/other/_tags", { latest: bytes("one"), v1: bytes("two") });

    const removed = [
      await disk.remove(LATEST),
      await disk.remove(LATEST),
      await disk.remove("library/other/_tags/latest"),
    ];

    assertEquals(removed, [true, false, true]);
    assertEquals(everything(disk), ["library/", "library/other/", "library/other/_tags/", "library/other/_tags/v1"]);
    assertEquals(await disk.remove("library/other/_tags/v1"), true);
    assertEquals(everything(disk), []);
  },

  async "removeTogether: these files of a folder and no others, and then the folder if it is empty"(disk) {
    await disk.put(TAGS, { a: bytes(""), b: bytes(""), c: bytes("") });

    await disk.removeTogether(TAGS, ["a", "nothing", "c"]);
    assertEquals(everything(disk, TAGS), [`${TAGS}/b`]);
    await disk.removeTogether(TAGS, ["b"]);

    assertEquals(everything(disk), []);
  },

  async "tidy: an empty folder goes with the empty ones above it, and one with something in it stays"(disk) {
    await disk.put(TAGS, { latest: bytes("one") });
    await disk.begin(SESSION, "sha256", (file) => file.moveTo("library/other/sha256:9b4e", "blob"));

    for (const folder of ["library/hello/_uploads", TAGS, "library/other", ""]) disk.tidy(folder);

    const blob = "library/other/sha256:9b4e";
    assertEquals(everything(disk), [
      ...["library/", "library/hello/", `${TAGS}/`, LATEST, "library/other/", `${blob}/`, `${blob}/blob`],
    ]);
  },

  async "removeUnused: a file goes only if nobody has used it since"(disk) {
    await disk.put(DIGEST, { blob: bytes("foo") });
    const path = `${DIGEST}/blob`;
    const { lastUsed } = disk.look(path)!;

    const used = [await disk.removeUnused(path, lastUsed - 1), await disk.removeUnused(path, 0)];
    const isThere = readText(disk, path);
    const unused = await disk.removeUnused(path, lastUsed);

    assertEquals([used, isThere, unused, everything(disk)], [[false, false], "foo", true, []]);
  },

  async "noteUse: puts the present time on a file"(disk) {
    await disk.put(DIGEST, { blob: bytes("foo") });
    const path = `${DIGEST}/blob`;
    const { lastUsed } = disk.look(path)!;
    await untilAfter(disk, lastUsed);

    const noted = disk.noteUse(path);

    assertEquals([noted, await disk.removeUnused(path, lastUsed), readText(disk, path)], [true, false, "foo"]);
    assert(disk.look(path)!.lastUsed > lastUsed);
  },

  async "a use that was noted saves a file, also from a removal that is under way"(disk, { reopen }) {
    const other = reopen();
    for (let time = 0; time < 8; time++) {
      const path = `${DIGEST}${time}/blob`;
      await disk.put(`${DIGEST}${time}`, { blob: bytes("foo") });
      const { lastUsed } = disk.look(path)!;
      await untilAfter(disk, lastUsed);
      let isNoted = false;

      const removing = disk.removeUnused(path, lastUsed);
      for (let turn = 0; turn < time; turn++) await Promise.resolve();
      isNoted = other.noteUse(path);
      const isRemoved = await removing;

      assertEquals(disk.look(path) !== undefined, !isRemoved);
      assert(!(isNoted && isRemoved), "a file was removed although its use was noted");
      assertEquals(disk.list(`${DIGEST}${time}`), isRemoved ? [] : ["blob"]);
    }
  },

  async "quarantine: a file moves below _quarantine, under its path and a UUID"(disk) {
    await disk.put(DIGEST, { blob: bytes("broken") });

    await disk.quarantine(`${DIGEST}/blob`);

    const [name, ...others] = disk.list(`_quarantine/${DIGEST}`);
    assertEquals([/^blob\.[0-9a-f-]{36}$/.test(name), others], [true, []]);
    assertEquals(readText(disk, `_quarantine/${DIGEST}/${name}`), "broken");
    assertEquals(disk.list(""), disk.list("").filter((name) => name !== "library"));
  },

  async "begin: an empty file in a folder of its own"(disk) {
    await disk.begin(SESSION, "sha256");

    assertEquals(disk.look(SESSION)?.size, 0);
    await expectNotGrowing(disk, SESSION);
    assertEquals(disk.list("library/hello/_uploads/0f9c"), ["data"]);
  },

  async "a growing file: append, read, truncate, save"(disk) {
    const seen = await growing(disk, async (file) => {
      const sizes = [file.size];
      await file.append(piecesOf("foo", "", "bar"));
      sizes.push(file.size);
      await file.append(piecesOf(" baz"));
      const parts = [{ start: 0, length: 3 }, { start: 2, length: 6 }, { start: 8, length: 9 }, {
        start: 20,
        length: 1,
      }];
      const texts = parts.map((part) => text(file.read(part)));
      const isSaved = await file.save();
      await file.truncate(4);
      sizes.push(file.size);
      await file.append(piecesOf("!"));
      return { sizes, texts, isSaved, end: text(file.read({ start: 0, length: 9 })) };
    });

    assertEquals(seen, { sizes: [0, 6, 4], texts: ["foo", "obar b", "az", ""], isSaved: true, end: "foob!" });
    assertEquals(disk.look(SESSION)?.size, 5);
  },

  async "append: a piece need be valid only until the next one is asked for"(disk) {
    const piece = new Uint8Array(40_000);
    async function* reusing(): AsyncGenerator<Uint8Array> {
      for (let letter = 0; letter < 20; letter++) {
        await Promise.resolve();
        yield piece.fill(97 + letter);
      }
    }

    const content = await growing(disk, async (file) => {
      await file.append(reusing());
      return text(file.read({ start: 0, length: file.size }));
    });

    assertEquals(content, [..."abcdefghijklmnopqrst"].map((letter) => letter.repeat(40_000)).join(""));
  },

  async "append: if the body breaks off, the bytes that came before stay"(disk) {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(bytes("foo"));
      throw new Error("the client went away");
    }

    await assertRejects(() => growing(disk, (file) => file.append(broken())), Error, "the client went away");

    assertEquals(disk.look(SESSION)?.size, 3);
    const digest = await disk.grow(SESSION, async (file) => {
      await file.append(piecesOf("bar"));
      return await file.digest("sha256");
    });
    assertEquals(digest, hashOf("sha256", bytes("foobar")));
  },

  async "append: bytes that come one by one, and all at once"(disk) {
    const content = patterned(LARGE);
    const ones = Array.from({ length: 3000 }, (_, index) => content.subarray(index, index + 1));

    const digests = await growing(disk, async (file) => {
      await file.append(piecesOf(...ones));
      const first = await file.digest("sha256");
      await file.append(piecesOf(content.subarray(3000)));
      return [first, await file.digest("sha256")];
    });

    assertEquals(digests, [content.subarray(0, 3000), content].map((part) => hashOf("sha256", part)));
  },

  async "digest: of all bytes so far, in any algorithm, whatever the hint was"(disk) {
    for (
      const [hint, asked] of [["sha256", "sha256"], ["sha512", "sha512"], ["sha256", "sha512"], ["sha512", "sha256"]]
    ) {
      const session = `library/hello/_uploads/${hint}-${asked}/data`;
      await disk.begin(session, hint);
      const digests = await disk.grow(session, async (file) => {
        await file.append(piecesOf("foo"), hint);
        await file.append(piecesOf("bar", patterned(300_000)));
        const digests = [await file.digest(asked), await file.digest(asked)];
        await file.truncate(4);
        await file.append(piecesOf("x"));
        return [...digests, await file.digest(asked)];
      });
      const whole = hashOf(asked, new Uint8Array([...bytes("foobar"), ...patterned(300_000)]));
      assertEquals(digests, [whole, whole, hashOf(asked, bytes("foobx"))], `${hint}, then ${asked}`);
    }
  },

  async "moveTo: the file gets its name, and its own folder goes"(disk) {
    const moved = await growing(disk, async (file) => {
      await file.append(piecesOf("foo"));
      return await file.moveTo(DIGEST, "blob");
    });

    assertEquals([moved, readText(disk, `${DIGEST}/blob`), disk.look(`${DIGEST}/blob`)?.links], [true, "foo", 1]);
    assertEquals([disk.look(SESSION), disk.list("library/hello/_uploads")], [undefined, []]);
    assertEquals(await disk.grow(SESSION, () => Promise.resolve("here")), undefined);
  },

  async "moveTo: into a folder that has other files, and one that has the same file already"(disk) {
    await disk.put(DIGEST, { "manifest.json": bytes("foo") });
    await grown(disk, DIGEST, "blob", bytes("foo"));
    await disk.link(`${DIGEST}/blob`, "library/other/sha256:9b4e/blob");
    const { lastUsed } = disk.look(`${DIGEST}/blob`)!;
    await untilAfter(disk, lastUsed);

    await grown(disk, DIGEST, "blob", bytes("foo"));

    assertEquals(disk.list(DIGEST), ["blob", "manifest.json"]);
    assertEquals(readText(disk, `${DIGEST}/blob`), "foo");
    // The one that was there before has stayed, and is used.
    assertEquals(disk.look(`${DIGEST}/blob`)?.links, 2);
    assertEquals(await disk.removeUnused(`${DIGEST}/blob`, lastUsed), false);
    assertEquals(disk.list("library/hello"), ["sha256:9b4e"]);
  },

  async "moveTo: many at the same time to the same name leave one file"(disk, { reopen }) {
    const disks = [disk, reopen()];

    await Promise.all(Array.from({ length: 10 }, (_, time) => grown(disks[time % 2], DIGEST, "blob", bytes("foo"))));
    disk.tidy("library/hello/_uploads");

    assertEquals(everything(disk), ["library/", "library/hello/", `${DIGEST}/`, `${DIGEST}/blob`]);
    assertEquals([readText(disk, `${DIGEST}/blob`), disk.look(`${DIGEST}/blob`)?.links], ["foo", 1]);
  },

  async "a growing file that somebody has removed: save and moveTo say so, and nothing comes back"(disk, { reopen }) {
    const other = reopen();
    const answers = await growing(disk, async (file) => {
      await file.append(piecesOf("foo"));
      await other.remove(SESSION);
      return [await file.save(), await file.moveTo(DIGEST, "blob")];
    });

    assertEquals([answers, everything(disk)], [[false, false], []]);
  },

  async "discard: the file and its folder go, also if somebody was faster"(disk) {
    await growing(disk, async (file) => {
      await file.append(piecesOf("foo"));
      await file.discard();
      await file.discard();
    });

    assertEquals([everything(disk), disk.look(SESSION)], [[], undefined]);
  },

  async "the use of a growing file: the one before, and the present one, which is noted or a change"(disk) {
    const uses = [
      (file: GrowingFile) => file.noteUse(),
      (file: GrowingFile) => file.append(piecesOf("foo")),
      (file: GrowingFile) => file.truncate(1),
    ];
    await disk.begin(SESSION, "sha256");
    for (const use of uses) {
      const { lastUsed } = disk.look(SESSION)!;
      await untilAfter(disk, lastUsed);

      const before = await disk.grow(SESSION, async (file) => {
        await use(file);
        return file.lastUsed;
      });

      assertEquals(before, lastUsed);
      assert(disk.look(SESSION)!.lastUsed > lastUsed, String(use));
    }
  },

  async "read: what was made of a growing file holds until it grows"(disk) {
    const seen = await growing(disk, async (file) => {
      const texts = [readText(disk, SESSION)];
      for (const piece of ["foo", "bar"]) {
        await file.append(piecesOf(piece));
        texts.push(readText(disk, SESSION), readText(disk, SESSION));
      }
      await file.truncate(1);
      return [...texts, readText(disk, SESSION)];
    });

    assertEquals(seen, ["", "foo", "foo", "foobar", "foobar", "f"]);
  },

  async "grow: one action at a time, whoever asks"(disk, { reopen }) {
    const disks = [disk, reopen()];
    await disk.begin(SESSION, "sha256");
    let running = 0;
    const append = (letter: string, index: number) =>
      disks[index % 2].grow(SESSION, async (file) => {
        assertEquals(++running, 1);
        assert(disks.every((disk) => disk.isGrowing(SESSION)), "nobody sees that the file grows");
        for (const piece of [letter, letter, letter]) await file.append(piecesOf(piece));
        running--;
      });

    await Promise.all([..."abcdef"].map(append));

    const content = await disk.grow(SESSION, (file) => Promise.resolve(text(file.read({ start: 0, length: 99 }))));
    assertEquals(content!.match(/(.)\1\1/g)?.sort(), [..."abcdef"].map((letter) => letter.repeat(3)));
    for (const disk of disks) await expectNotGrowing(disk, SESSION);
  },

  async "grow: the error and the result of an action are those of the call, and the next one gets its turn"(disk) {
    await disk.begin(SESSION, "sha256");

    const failing = disk.grow(SESSION, () => Promise.reject(new Error("the action failed")));
    const next = disk.grow(SESSION, () => Promise.resolve("the result"));

    await assertRejects(() => failing, Error, "the action failed");
    assertEquals(await next, "the result");
    await expectNotGrowing(disk, SESSION);
  },

  async "grow: who waits for a file that is moved away or discarded finds nothing"(disk) {
    for (const end of [(file: GrowingFile) => file.moveTo(DIGEST, "blob"), (file: GrowingFile) => file.discard()]) {
      await disk.begin(SESSION, "sha256");

      const ending = disk.grow<unknown>(SESSION, end);
      const late = disk.grow(SESSION, () => Promise.resolve("late"));

      await ending;
      assertEquals(await late, undefined);
    }
  },

  async "begin with an action: nobody else gets the file before, and it grows under whatever name"(disk, { reopen }) {
    const other = reopen();
    const order: string[] = [];
    let late: Promise<unknown> | undefined;

    const result = await disk.begin(SESSION, "sha256", async (file) => {
      late = other.grow(SESSION, () => Promise.resolve(order.push("late")));
      await file.append(piecesOf("foo"));
      order.push(`growing ${disk.isGrowing(SESSION)} ${other.isGrowing(SESSION)}`);
      await file.moveTo(DIGEST, "blob");
      order.push(`growing ${disk.isGrowing(`${DIGEST}/blob`)} ${other.isGrowing(`${DIGEST}/blob`)}`);
      return "the result";
    });

    assertEquals([result, await late, order], ["the result", undefined, ["growing true true", "growing true true"]]);
    await expectNotGrowing(disk, `${DIGEST}/blob`);
  },

  async "inTurn: one action with a key at a time, in the order of the calls"(disk) {
    const order: string[] = [];
    const act = (name: string) =>
      disk.inTurn("library/hello", async () => {
        order.push(`${name} begins`);
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
        order.push(`${name} ends`);
        return name;
      });

    const results = await Promise.all([act("first"), act("second"), act("third")]);

    assertEquals(results, ["first", "second", "third"]);
    assertEquals(order, results.flatMap((name) => [`${name} begins`, `${name} ends`]));
  },

  async "inTurn: also between two who have opened the same disk, and after an action that fails"(disk, { reopen }) {
    const other = reopen();
    let running = 0;
    const act = (disk: Disk) =>
      disk.inTurn("library/hello", async () => {
        assertEquals(++running, 1);
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
        running--;
        throw new Error("the action failed");
      });

    const results = await Promise.allSettled([disk, other, disk, other].map(act));

    assertEquals(results.map((result) => result.status === "rejected" && result.reason.message), [
      ...Array(4).fill("the action failed"),
    ]);
  },

  async "what was acknowledged is there for everybody who opens the disk later"(disk, { reopen }) {
    await disk.put(DIGEST, { "content-type": bytes("a/b"), "manifest.json": bytes("{}") });
    await grown(disk, "library/hello/sha256:5724", "blob", patterned(LARGE));
    await disk.link("library/hello/sha256:5724/blob", "library/other/sha256:5724/blob");
    await disk.put(TAGS, { latest: bytes("one"), gone: bytes("two") });
    await disk.remove(`${TAGS}/gone`);
    await growing(disk, async (file) => {
      await file.append(piecesOf("foo"));
      await file.save();
    });

    const later = reopen();

    assertEquals(everything(later), everything(disk));
    assertEquals([readText(later, LATEST), readText(later, `${DIGEST}/manifest.json`)], ["one", "{}"]);
    const blob = later.look("library/other/sha256:5724/blob")!;
    assertEquals(blob.links, 2);
    expectSame(await contentOf(later.open(blob)), patterned(LARGE), "the blob");
    const digest = await later.grow(SESSION, async (file) => {
      await file.append(piecesOf("bar"));
      return await file.digest("sha256");
    });
    assertEquals(digest, hashOf("sha256", bytes("foobar")));
  },

  async "telling: the same disk, and each change that is made through it"(disk) {
    const changes: Change[] = [];
    const telling = disk.telling((change) => changes.push(change));

    await telling.put(TAGS, { latest: bytes("one") });
    await telling.put(TAGS, { latest: bytes("three") });
    await disk.put(TAGS, { untold: bytes("") });
    await telling.link(LATEST, `${TAGS}/v1`);
    await telling.link(LATEST, `${TAGS}/v1`);
    await telling.remove(LATEST);
    await telling.remove(LATEST);
    await telling.removeTogether(TAGS, ["v1", "nothing"]);
    await telling.begin(SESSION, "sha256");
    await telling.grow(SESSION, async (file) => {
      await file.append(piecesOf("foo", "bar"));
      await file.append(piecesOf());
      await file.truncate(3);
      await file.moveTo(DIGEST, "blob");
    });
    await telling.removeUnused(`${DIGEST}/blob`, Infinity);
    await telling.begin(SESSION, "sha256", (file) => file.discard());

    assertEquals(disk.list(TAGS), ["untold"]);
    const session = SESSION.slice(0, -"data".length);
    assertEquals(changes, [
      { sign: "+", path: LATEST, size: 3 },
      { sign: "~", path: LATEST, size: 5 },
      { sign: "=", path: `${TAGS}/v1`, size: 5, sameAs: LATEST },
      { sign: "-", path: LATEST },
      { sign: "-", path: `${TAGS}/v1` },
      { sign: "+", path: SESSION, size: 0 },
      { sign: "~", path: SESSION, size: 6 },
      { sign: "~", path: SESSION, size: 3 },
      { sign: "+", path: `${DIGEST}/blob`, size: 3 },
      { sign: "-", path: session },
      { sign: "-", path: `${DIGEST}/blob` },
      { sign: "+", path: SESSION, size: 0 },
      { sign: "-", path: session },
    ]);
  },
};

const IMPATIENT: Readonly<Record<string, Check>> = {
  async "an action that does not get its turn in time is busy, and does not overtake others"(disk, { reopen }) {
    const other = reopen();
    await disk.begin(SESSION, "sha256");
    for (const wait of [(disk: Disk, action: () => Promise<string>) => disk.grow(SESSION, action), inOneTurn]) {
      const { promise: end, resolve } = Promise.withResolvers<string>();
      const first = wait(disk, () => end);

      await assertRejects(async () => await wait(disk, () => Promise.resolve("too early")), BusyError);
      await assertRejects(async () => await wait(other, () => Promise.resolve("too early")), BusyError);

      resolve("the first");
      const next = () => wait(other, () => Promise.resolve("the next"));
      assertEquals([await first, await inTheEnd(next)], ["the first", "the next"]);
    }
  },
};

function inOneTurn(disk: Disk, action: () => Promise<string>): Promise<string> {
  return disk.inTurn("library/hello", action);
}

// An action that has given up may still stand in the line of the system for a moment. So the next one may have to try again.
async function inTheEnd<Result>(action: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
    }
  }
}

// Another test may start a program at this moment, and tests run in one process. Between its start and its first instruction, a program
// has all files that its parent has open, with their locks.
async function expectNotGrowing(disk: Disk, path: string): Promise<void> {
  for (const end = Date.now() + 10_000; disk.isGrowing(path) && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(disk.isGrowing(path), false);
}

/** Looks again and again until a change is done, and once more. */
async function during(change: Promise<unknown>, look: () => void): Promise<void> {
  let isDone = false;
  const ending = change.finally(() => isDone = true);
  while (!isDone) {
    look();
    await new Promise((resolve) => setTimeout(resolve));
  }
  await ending;
  look();
}

/** Waits until the disk's clock shows a later time. A system may put the time of its last tick on a file. */
async function untilAfter(disk: Disk, time: number): Promise<void> {
  while (disk.now() <= time + 10) await new Promise((resolve) => setTimeout(resolve, 1));
}
