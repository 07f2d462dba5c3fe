/** `deno task import` and `deno task export`, as a person or a script runs them. */

import { assertEquals, assertThrows } from "@std/assert";
import { parseCommandLine } from "../../src/serving/command_line.ts";
import { UsageError } from "../../src/serving/flags.ts";
import { permissionFlags } from "../../src/serving/permissions.ts";
import { tarOf, TestLayout } from "../filling/archive.ts";
import { digestOf, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { type Outcome, Program } from "../processes/program.ts";

async function run(...args: string[]): Promise<Outcome> {
  await using program = Program.start(...args);
  return await program.outcome();
}

/** Writes an archive of one image and a note about it. */
function writeArchive(folder: Folder) {
  const layout = new TestLayout();
  const image = layout.list(layout.addImage("one"), "v1");
  const note = layout.list(layout.addImage("note", { subject: image }));
  const path = `${folder.path}/hello.tar`;
  Deno.writeFileSync(path, tarOf(layout.entries()));
  return { path, image, note, layout };
}

function short(digest: string): string {
  return `${digest.slice(0, "sha256:".length + 12)}…`;
}

Deno.test("import: it prints each image, and how much is new; a second time nothing is", async () => {
  using folder = new Folder();
  const { path, image, note } = writeArchive(folder);
  const root = `${folder.path}/root`;

  const first = await run("import", path, "library/hello:v2", "--root", root);
  const second = await run("import", path, "library/hello:v2", "--root", root);

  const images = [`library/hello:v2   ${short(image.digest)}`, `library/hello   ${short(note.digest)}`];
  assertEquals(first, {
    code: 0,
    out: [...images, "2 images: 2 manifests and 4 blobs, of which 4 are new (126 B)", ""].join("\n"),
    errors: "",
  });
  assertEquals(
    second.out,
    [...images, "2 images: 2 manifests and 4 blobs, of which 0 are new (0 B)", ""].join("\n"),
  );
  assertEquals(new Folder(root).read("library/hello/_tags/v2"), image.digest);
});

Deno.test("import --json: one object an image, and the sum at the end", async () => {
  using folder = new Folder();
  const { path, image, note } = writeArchive(folder);

  const { code, out, errors } = await run("import", path, "--root", `${folder.path}/root`, "--json");

  assertEquals([code, errors], [0, ""]);
  assertEquals(out.trimEnd().split("\n").map((line) => JSON.parse(line)), [
    { name: "hello", tag: "v1", digest: image.digest },
    { name: "hello", digest: note.digest },
    { manifests: 2, blobs: 4, newBlobs: 4, newBytes: 126 },
  ]);
});

Deno.test("export: what was imported comes out, as an archive and as a folder, byte for byte", async () => {
  using folder = new Folder();
  const { path, image, note, layout } = writeArchive(folder);
  const root = `${folder.path}/root`;
  await run("import", path, "--root", root);

  const archive = await run("export", "hello:v1", `${folder.path}/out.tar`, "--root", root);
  const target = `${folder.path}/out`;
  const plain = await run("export", "hello:v1", target, "--root", root, "--json");
  const again = await run("export", "hello:v1", target, "--root", root);

  assertEquals(archive, {
    code: 0,
    out: [
      `hello:v1   ${short(image.digest)}`,
      `hello   ${short(note.digest)}`,
      `2 images: 2 manifests and 4 blobs, 1.1 KiB, in ${folder.path}/out.tar`,
      "",
    ].join("\n"),
    errors: "",
  });
  assertEquals(JSON.parse(plain.out.trimEnd().split("\n").at(-1)!), { manifests: 2, blobs: 4, bytes: bytesOf(layout) });
  for (const blob of blobsOf(layout)) assertEquals(new Folder(target).read(blob), layout.files[blob]);
  assertEquals([again.code, again.out], [1, ""]);
  assertEquals(again.errors.startsWith(`glassbox: ${target}: `), true, again.errors);
});

function blobsOf({ files }: TestLayout): string[] {
  return Object.keys(files).filter((path) => path.startsWith("blobs/"));
}

function bytesOf(layout: TestLayout): number {
  return blobsOf(layout).reduce((sum, path) => sum + layout.files[path].length, 0);
}

Deno.test("a source with a fault is status 1 and one line with the name of the file, and the root stays empty", async () => {
  using folder = new Folder();
  const layout = new TestLayout();
  layout.list(layout.addImage("one"), "v1");
  const layer = `blobs/${digestOf("layer of one").replace(":", "/")}`;
  layout.files[layer] = "other";
  const path = `${folder.path}/hello.tar`;
  Deno.writeFileSync(path, tarOf(layout.entries()));
  const root = folderAt(`${folder.path}/root`);

  const { code, out, errors } = await run("import", path, "--root", root.path);

  assertEquals([code, out, errors], [1, "", `glassbox: ${path}: ${layer}: has the digest ${digestOf("other")}\n`]);
  assertEquals(root.tree(), []);
});

Deno.test("a link out of the folder is not followed, and Deno would not let the program read it either", async () => {
  using folder = new Folder();
  const layout = new TestLayout();
  layout.list(layout.addImage("one"), "v1");
  layout.writeTo(`${folder.path}/layout`);
  const layer = `blobs/${digestOf("layer of one").replace(":", "/")}`;
  Deno.renameSync(`${folder.path}/layout/${layer}`, `${folder.path}/elsewhere`);
  Deno.symlinkSync(`${folder.path}/elsewhere`, `${folder.path}/layout/${layer}`);

  const { code, errors } = await run("import", `${folder.path}/layout`, "--root", `${folder.path}/root`);

  const message = `glassbox: ${folder.path}/layout: ${layer}: `;
  assertEquals([code, errors.startsWith(message), errors.split("\n").length], [1, true, 2], errors);
});

Deno.test("import and export get the permissions for the root, the source and their one file, and nothing else", () => {
  const flagsOf = (...args: string[]) => {
    const line = parseCommandLine(args, "");
    return typeof line === "string" ? [] : permissionFlags(line);
  };
  const source = new URL("../../src/", import.meta.url).pathname;
  assertEquals(flagsOf("import", "a.tar", "--root", "r"), [`--allow-read=r,${source},a.tar`, "--allow-write=r"]);
  const target = "a.tar,a.tar.part";
  assertEquals(flagsOf("export", "hello", "a.tar", "--root", "r"), [
    `--allow-read=r,${source},${target}`,
    `--allow-write=${target}`,
  ]);
  const listens = "--allow-net=127.0.0.1:5080";
  const one = ["--threads", "1", "--no-page"];
  assertEquals(flagsOf("--import", "a.tar", "--read-only", "--no-page"), [listens, `--allow-read=${source},a.tar`]);
  assertEquals(flagsOf("--import", "a.tar", "--import", "b", "--read-only", "--root", "r", ...one), [
    listens,
    `--allow-read=r,${source},a.tar,b`,
    "--allow-write=r",
  ]);
  assertEquals(flagsOf("--read-only", "--root", "r", ...one), [listens, "--allow-read=r"]);
});

Deno.test("a wrong command line names what is missing, and what is one too many", () => {
  const messageOf = (...args: string[]) => assertThrows(() => parseCommandLine(args, ""), UsageError).message;
  const usage = "the usage is deno task";
  assertEquals(messageOf("import"), `SOURCE is missing; ${usage} import SOURCE [NAME[:TAG]]`);
  assertEquals(messageOf("export", "a"), `TARGET is missing; ${usage} export NAME[:TAG|@DIGEST] TARGET`);
  assertEquals(messageOf("import", "a", "b", "c"), `"c" is one too many; ${usage} import SOURCE [NAME[:TAG]]`);
});

Deno.test("a name that no repository can have is status 2, and an image that is not there is status 1", async () => {
  using folder = new Folder();
  const { path } = writeArchive(folder);
  const root = folderAt(`${folder.path}/root`).path;
  const name = await run("import", path, "Hello", "--root", root);
  const none = await run("export", "hello:none", `${folder.path}/x.tar`, "--root", root);

  assertEquals([name.code, name.errors.startsWith('glassbox: "Hello" is not the name of a repository')], [2, true]);
  assertEquals([none.code, none.errors], [
    1,
    "glassbox: hello:none: is not in the registry; deno task look hello:none says more\n",
  ]);
});

Deno.test("import --allow-sparse takes an index that lacks a child, and without the flag it is refused", async () => {
  using folder = new Folder();
  const layout = new TestLayout();
  const child = layout.addImage("child");
  layout.list(layout.addManifest({ mediaType: TYPES.index, manifests: [child] }), "all");
  delete layout.files[`blobs/${child.digest.replace(":", "/")}`];
  layout.writeTo(`${folder.path}/layout`);
  const args = ["import", `${folder.path}/layout`, "--root", `${folder.path}/root`];

  const strict = await run(...args);
  const sparse = await run(...args, "--allow-sparse");

  assertEquals([strict.code, sparse.code], [1, 0], sparse.errors);
});

Deno.test("start --read-only --import: a server of one file, which needs no folder and takes nothing", async () => {
  using folder = new Folder();
  const { path, image, note, layout } = writeArchive(folder);
  await using program = Program.start("--port", "0", "--read-only", "--import", path, "--log", "none");

  const address = await program.listening();
  const pulled = await fetch(`${address}/v2/hello/manifests/v1`);
  const layer = await fetch(`${address}/v2/hello/blobs/${digestOf("layer of one")}`);
  const referrers = await fetch(`${address}/v2/hello/referrers/${image.digest}`);
  const pushed = await fetch(`${address}/v2/hello/blobs/uploads/`, { method: "POST" });
  await pushed.body?.cancel();

  assertEquals(await pulled.text(), layout.files[`blobs/${image.digest.replace(":", "/")}`]);
  assertEquals(await layer.text(), "layer of one");
  assertEquals((await referrers.json()).manifests[0].digest, note.digest);
  assertEquals(pushed.status, 405);
  program.signal("SIGTERM");
  const said = `glassbox: imported ${path}   hello:v1   2 images: 2 manifests and 4 blobs, of which 4 are new (126 B)`;
  assertEquals([(await program.status()).code, await program.err.lines()], [0, [said]]);
  assertEquals(folder.everything(), ["hello.tar"]);
});

Deno.test("start --import: the images go into the root, and the registry goes on as ever", async () => {
  using folder = new Folder();
  const { path, image } = writeArchive(folder);
  const root = `${folder.path}/root`;
  await using program = Program.start("--port", "0", "--root", root, "--import", path, "--log", "none");

  const address = await program.listening();
  const pulled = await fetch(`${address}/v2/hello/manifests/v1`);
  const pushed = await fetch(`${address}/v2/hello/blobs/uploads/?digest=${digestOf("foo")}`, {
    method: "POST",
    body: "foo",
  });
  await Promise.all([pulled.body?.cancel(), pushed.body?.cancel()]);

  assertEquals([pulled.headers.get("Docker-Content-Digest"), pushed.status], [image.digest, 201]);
  assertEquals(new Folder(root).read("hello/_tags/v1"), image.digest);
});

Deno.test("start --import: if no image has a tag, the line about it names their digests", async () => {
  using folder = new Folder();
  const layout = new TestLayout();
  const { digest } = layout.list(layout.addImage("one"));
  layout.writeTo(`${folder.path}/hello`);
  await using program = Program.start(
    "--port",
    "0",
    "--read-only",
    "--import",
    `${folder.path}/hello`,
    "--log",
    "none",
  );

  await program.listening();
  program.signal("SIGTERM");

  const said = `hello@${digest}   1 image: 1 manifest and 2 blobs, of which 2 are new (62 B)`;
  assertEquals((await program.outcome()).errors, `glassbox: imported ${folder.path}/hello   ${said}\n`);
});

Deno.test("start --import: a file with a fault ends the start with status 1, and nobody listens", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(`${folder.path}/x.tar`, "no archive".repeat(100));
  const { code, out, errors } = await run("--port", "0", "--read-only", "--import", `${folder.path}/x.tar`);
  assertEquals([code, out], [1, ""]);
  assertEquals(errors.startsWith(`glassbox: ${folder.path}/x.tar: is no archive, or is damaged: `), true, errors);
});

function folderAt(path: string): Folder {
  Deno.mkdirSync(path);
  return new Folder(path);
}
