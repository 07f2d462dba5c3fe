/**
 * Archives of every format that GNU tar writes, listed as `tar -tv` lists them.
 *
 * The other tests of this folder know the formats from their definitions. This one sees that the definitions were read right. It needs
 * GNU tar, gzip and zstd, and is ignored where one of them is not installed.
 */

import { assert, assertEquals } from "@std/assert";
import { readFile } from "../../src/archive/file.ts";
import { readLayer } from "../../src/archive/layer.ts";
import type { TarEntry } from "../../src/archive/tar_entry.ts";
import { bytes } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { countedSource, fileOf, headerOf, join, MAGIC, paxOf, sha256, tarOf } from "./tar_maker.ts";

/** Runs a program. Returns what it printed. */
async function run(
  program: string,
  args: string[],
  cwd?: string,
): Promise<{ out: Uint8Array; text: string; code: number }> {
  const env = { TZ: "UTC", LC_ALL: "C.UTF-8" };
  const command = new Deno.Command(program, { args, env, ...(cwd !== undefined && { cwd }), stderr: "null" });
  const { stdout, code } = await command.output();
  return { out: stdout, text: new TextDecoder().decode(stdout), code };
}

async function isThere(program: string, pattern: RegExp): Promise<boolean> {
  try {
    return pattern.test((await run(program, ["--version"])).text);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

const ignore = !(await isThere("tar", /GNU tar/)) || !(await isThere("gzip", /gzip/)) ||
  !(await isThere("zstd", /zstandard|zstd/i));

const LETTERS = {
  "file": "-",
  "folder": "d",
  "symbolic link": "l",
  "hard link": "h",
  "character device": "c",
  "block device": "b",
  "pipe": "p",
  "unknown": "?",
} as const;

/** Returns the line that GNU tar prints for an entry with `-tv --full-time --numeric-owner`. */
function lineOf({ kind, type, mode, uid, gid, size, device, modified = "", path, target }: TarEntry): string {
  const bits = [..."rwxrwxrwx"].map((letter, index) => (mode >> (8 - index)) & 1 ? letter : "-");
  for (const [bit, at, letter] of [[0o4000, 2, "s"], [0o2000, 5, "s"], [0o1000, 8, "t"]] as const) {
    if (mode & bit) bits[at] = bits[at] === "x" ? letter : letter.toUpperCase();
  }
  const link = kind === "symbolic link" ? ` -> ${target}` : kind === "hard link" ? ` link to ${target}` : "";
  const shown = device === undefined ? size : `${device.major},${device.minor}`;
  const time = modified.replace("T", " ").replace("Z", "");
  // A file of the kind 7 is stored in one piece, on systems that know such.
  const letter = type === "7" ? "C" : LETTERS[kind];
  return `${letter}${bits.join("")} ${uid}/${gid} ${shown} ${time} ${path}${link}`;
}

async function listed(folder: Folder, archive: Uint8Array): Promise<string[]> {
  Deno.writeFileSync(`${folder.path}/listed.tar`, archive);
  const { text } = await run("tar", [
    "-tvf",
    `${folder.path}/listed.tar`,
    "--full-time",
    "--numeric-owner",
    "--quoting-style=literal",
  ]);
  return text.trimEnd().split("\n").map((line) => line.replace(/^(\S+ \S+) +(\S+ \S+ \S+) +/, "$1 $2 "));
}

/** Makes a folder with files of all kinds that an ordinary user may make. */
async function fill(root: string): Promise<void> {
  Deno.mkdirSync(`${root}/${"deep/".repeat(30)}`, { recursive: true });
  Deno.writeTextFileSync(`${root}/${"deep/".repeat(30)}file`, "deep");
  Deno.writeTextFileSync(`${root}/motd`, "hello\n");
  Deno.chmodSync(`${root}/motd`, 0o4755);
  Deno.utimeSync(`${root}/motd`, 1350244992.5, 1350244992.5);
  Deno.linkSync(`${root}/motd`, `${root}/other name`);
  Deno.symlinkSync("motd", `${root}/soft`);
  Deno.symlinkSync("t".repeat(150), `${root}/soft-long`);
  Deno.writeTextFileSync(`${root}/${"long".repeat(50)}`, "long");
  Deno.writeTextFileSync(`${root}/größe-日本`, "x".repeat(1000));
  Deno.mkdirSync(`${root}/empty`, { mode: 0o1777 });
  const sparse = Deno.openSync(`${root}/sparse`, { write: true, create: true });
  for (let part = 0; part < 30; part++) {
    sparse.seekSync(part * 100_000, Deno.SeekMode.Start);
    sparse.writeSync(bytes(`part ${part}`));
  }
  sparse.truncateSync(5_000_000);
  sparse.close();
  assertEquals((await run("mkfifo", [`${root}/pipe`])).code, 0);
}

const FORMATS = [
  ["--format=v7"],
  ["--format=oldgnu", "--sparse"],
  ["--format=gnu", "--sparse"],
  ["--format=ustar"],
  ["--format=pax"],
  ["--format=pax", "--sparse", "--sparse-version=0.0"],
  ["--format=pax", "--sparse", "--sparse-version=0.1"],
  ["--format=pax", "--sparse", "--sparse-version=1.0"],
];

for (const format of FORMATS) {
  Deno.test({
    name: `what tar ${format.join(" ")} writes is listed as GNU tar lists it`,
    ignore,
    async fn() {
      using folder = new Folder();
      Deno.mkdirSync(`${folder.path}/root`);
      await fill(`${folder.path}/root`);
      // The formats that have no room for a long name go on without it.
      const { out } = await run("tar", [...format, "--sort=name", "-C", `${folder.path}/root`, "-cf", "-", "."]);
      const layer = await readLayer(countedSource(out, 10_000), { contents: true });

      assertEquals(layer.entries.map(lineOf), await listed(folder, out));
      assert(layer.entries.length > 25, `${layer.entries.length} entries`);
      assertEquals(layer.problems.list, []);
      const sparse = layer.entries.find(({ path }) => path === "./sparse")!;
      assertEquals(sparse.sparse !== undefined, format.includes("--sparse"));
      assertEquals(sparse.digest, sha256(Deno.readFileSync(`${folder.path}/root/sparse`)));
      const part = await readFile(countedSource(out), "sparse", { start: 2_900_000, length: 7 });
      assertEquals(new TextDecoder().decode(part.bytes), "part 29");
    },
  });
}

Deno.test({
  name: "what gzip and zstd pack, also in several members and frames, has the tar's own digest",
  ignore,
  async fn() {
    using folder = new Folder();
    Deno.mkdirSync(`${folder.path}/root`);
    await fill(`${folder.path}/root`);
    await run("tar", ["-C", `${folder.path}/root`, "-cf", `${folder.path}/a.tar`, "."]);
    const tar = Deno.readFileSync(`${folder.path}/a.tar`);
    Deno.writeFileSync(`${folder.path}/1`, tar.subarray(0, 1_000_000));
    Deno.writeFileSync(`${folder.path}/2`, tar.subarray(1_000_000));
    const packed = async (program: string, ...args: string[]) =>
      (await run(program, [...args, "-c", "1", "2"], folder.path)).out;

    for (
      const content of [
        await packed("gzip", "-9"),
        await packed("gzip", "-n1"),
        await packed("zstd", "-q"),
        await packed("zstd", "-q", "--no-check", "-19"),
      ]
    ) {
      const { diffId, packing, problems } = await readLayer(countedSource(content, 50_000), { diffId: true });
      assertEquals([diffId, packing.count, problems.list], [sha256(tar), 2, []]);
    }
  },
});

Deno.test({
  name: "entries of all kinds, made by hand, are listed as GNU tar lists them",
  ignore,
  async fn() {
    using folder = new Folder();
    const archive = tarOf(
      headerOf({ name: "null", type: "3", mode: 0o666, major: 1, minor: 3 }),
      headerOf({ name: "sda", type: "4", mode: 0o660, major: 8, minor: 16, magic: MAGIC.gnu }),
      headerOf({ name: "pipe", type: "6", uid: 7, gid: 8 }),
      headerOf({ name: "old/", type: "\0", magic: MAGIC.v7, mode: 0o2777 }),
      fileOf("dense", "x", { type: "7" }),
      headerOf({ name: "hard", type: "1", link: "dense", size: 1 }),
      headerOf({ name: "name", prefix: "some/prefix", type: "2", link: "a b" }),
      paxOf([["uid", "3000000000"], ["gid", "4000000000"], ["mtime", "4294967297.000000001"], ["path", "päx"]]),
      fileOf("x", "content"),
      paxOf([["size", "3"]]),
      join([headerOf({ name: "sized" }), fileOf("", "abc").subarray(512)]),
      paxOf([["mtime", "-1"]], "g"),
      fileOf("global"),
    );
    const layer = await readLayer(countedSource(archive));

    assertEquals(layer.entries.map(lineOf), await listed(folder, archive));
    assertEquals(layer.problems.list, []);
  },
});
