/** Exporting images into layouts and archives, and filling another registry from them. */

import { assertEquals, assertRejects } from "@std/assert";
import { diskError } from "../../src/disk/failing.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { ClientError } from "../../src/client/client.ts";
import { exportImage } from "../../src/filling/exporting.ts";
import { FillError } from "../../src/filling/files.ts";
import { fill } from "../../src/filling/fill.ts";
import { createRegistry, type Registry } from "../../src/registry.ts";
import { digestOf, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { TestLayout } from "./archive.ts";

const NAME = "library/hello";

function registryIn(folder: Folder): Registry {
  return createRegistry({ disk: localDisk(folder.path, { durability: "none" }) });
}

/** Fills a registry with an image, an index of it, and a note about it. */
async function filled(folder: Folder) {
  const registry = registryIn(folder);
  const layout = new TestLayout();
  const architecture = { x86_64: "amd64", aarch64: "arm64" }[Deno.build.arch];
  const one = layout.list(layout.addImage("one"), "v1");
  const platform = { os: "linux", architecture };
  const all = layout.list(layout.addManifest({ mediaType: TYPES.index, manifests: [{ ...one, platform }] }), "all");
  const note = layout.list(layout.addImage("note", { subject: one, artifactType: "text/x-note" }));
  const long = layout.list(layout.addManifest({ mediaType: TYPES.index, manifests: [] }, "sha512"), "long");
  await fill(registry, layout.files, { name: NAME });
  return { registry, layout, one, all, note, long };
}

// The times of files and folders in the registry are not part of what is in it.
function contentOf(folder: Folder): Record<string, string> {
  return Object.fromEntries(folder.tree().map((path) => [path, folder.read(path)]));
}

for (const target of ["layout", "hello.tar", "hello.tar.gz", "hello.tgz"]) {
  Deno.test(`a whole repository goes through ${target} into another registry, which then has the same files`, async () => {
    using from = new Folder();
    using to = new Folder();
    using folder = new Folder();
    const { registry } = await filled(from);

    const { images, manifests, blobs } = await exportImage(registry, NAME, `${folder.path}/${target}`);
    const back = await fill(registryIn(to), `${folder.path}/${target}`);

    assertEquals(images.map(({ tag }) => tag), ["all", "long", "v1", undefined]);
    assertEquals([manifests, blobs], [4, 4]);
    assertEquals(back.images, images);
    assertEquals(contentOf(to), contentOf(from));
  });
}

Deno.test("a layout has the bytes of the registry, and an index with the tag, the whole name, and the referrers", async () => {
  using from = new Folder();
  using folder = new Folder();
  const { registry, layout, one, all, note } = await filled(from);

  await exportImage(registry, `${NAME}:all`, `${folder.path}/layout`);

  const target = new Folder(`${folder.path}/layout`);
  assertEquals(JSON.parse(target.read("index.json")), {
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [
      {
        ...all,
        annotations: {
          "org.opencontainers.image.ref.name": "all",
          "io.containerd.image.name": "docker.io/library/hello:all",
        },
      },
      { ...note, artifactType: "text/x-note" },
    ],
  });
  assertEquals(target.read("oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const paths = target.tree().filter((path) => path.startsWith("blobs/"));
  for (const path of paths) assertEquals(target.read(path), layout.files[path], path);
  assertEquals([paths.length, paths.includes(`blobs/${one.digest.replace(":", "/")}`)], [7, true]);
});

Deno.test("an image goes out by its digest, without a name", async () => {
  using from = new Folder();
  using folder = new Folder();
  const { registry, one } = await filled(from);
  const { images } = await exportImage(registry, `${NAME}@${one.digest}`, `${folder.path}/layout`);
  assertEquals(images[0], { name: NAME, digest: one.digest });
});

Deno.test("an archive has the manifest.json of docker save too, with the image of an index that is for this machine", async () => {
  using from = new Folder();
  using folder = new Folder();
  const { registry, layout, one } = await filled(from);
  const pieces: Uint8Array[] = [];
  const stream = new WritableStream<Uint8Array>({ write: (piece) => void pieces.push(piece.slice()) });

  await exportImage(registry, `${NAME}:all`, stream);

  Deno.writeFileSync(`${folder.path}/x.tar`, new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer()));
  const { stdout } = await new Deno.Command("tar", { args: ["-xOf", `${folder.path}/x.tar`, "manifest.json"] })
    .output();
  const { config, layers } = JSON.parse(layout.files[`blobs/${one.digest.replace(":", "/")}`]);
  const pathOf = ({ digest }: { digest: string }) => `blobs/${digest.replace(":", "/")}`;
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), [
    { Config: pathOf(config), RepoTags: [`${NAME}:all`], Layers: layers.map(pathOf) },
  ]);
});

Deno.test("the same image is always the same archive", async () => {
  using from = new Folder();
  using folder = new Folder();
  const { registry } = await filled(from);
  const digests: string[] = [];
  for (const target of ["a.tar", "b.tar"]) {
    await exportImage(registry, `${NAME}:v1`, `${folder.path}/${target}`);
    digests.push(digestOf(Deno.readFileSync(`${folder.path}/${target}`)));
  }
  assertEquals(digests[0], digests[1]);
});

Deno.test("a target that is there already stays as it is", async () => {
  using from = new Folder();
  using folder = new Folder();
  const { registry } = await filled(from);
  Deno.writeTextFileSync(`${folder.path}/x.tar`, "mine");
  for (
    const [target, message] of [
      [`${folder.path}/x.tar`, `${folder.path}/x.tar: is there already`],
      [folder.path, `${folder.path}: x.tar: is there already; the folder has to be empty`],
      [`${folder.path}/x.tar/y`, /^.*x\.tar\/y\.part: cannot be written: /],
    ] as const
  ) {
    const { message: actual } = await assertRejects(() => exportImage(registry, `${NAME}:v1`, target), FillError);
    assertEquals(typeof message === "string" ? actual === message : message.test(actual), true, actual);
  }
  assertEquals(folder.everything(), ["x.tar"]);
  assertEquals(folder.read("x.tar"), "mine");
});

Deno.test("the standard output, and a target in a folder that is not there, are refused", async () => {
  using from = new Folder();
  using folder = new Folder();
  const { registry } = await filled(from);
  const messageOf = async (target: string) =>
    (await assertRejects(() => exportImage(registry, `${NAME}:v1`, target), FillError)).message;
  const [file, layout] = [`${folder.path}/none/x.tar`, `${folder.path}/none/x`];

  assertEquals(await messageOf("-"), "the standard output: is no target; name a file or a folder");
  assertEquals(await messageOf(file), `${file}.part: cannot be written: its folder is not there`);
  assertEquals(await messageOf(layout), `${layout}.part: cannot be written: its folder is not there`);
});

Deno.test("what is not in the registry is refused, and no target is made", async () => {
  using from = new Folder();
  using folder = new Folder();
  const { registry } = await filled(from);
  const target = `${folder.path}/x.tar`;
  for (const reference of [`${NAME}:none`, "none:v1", `${NAME}@${digestOf("none")}`]) {
    const { message } = await assertRejects(() => exportImage(registry, reference, target), FillError);
    assertEquals(message, `${reference}: is not in the registry`);
  }
  const { message } = await assertRejects(() => exportImage(registry, "none", target), FillError);
  assertEquals(message, "none: is not in the registry, or has no tags; NAME@DIGEST names a digest");
  await assertRejects(
    () => exportImage(registry, "None:v1", target),
    RangeError,
    '"None" is not the name of a repository',
  );
  assertEquals(folder.everything(), []);
});

for (const target of ["layout", "x.tar", "x.tar.gz"]) {
  Deno.test(`a blob that the registry gives back damaged ends the export, and ${target} is gone`, async () => {
    using from = new Folder();
    using folder = new Folder();
    const { registry } = await filled(from);
    const damaged = digestOf("layer of one");
    const damages: Registry = async (request) => {
      const response = await registry(request);
      if (!request.url.endsWith(`blobs/${damaged}`) || request.method !== "GET") return response;
      return new Response("LAYER OF ONE", response);
    };

    const error = await assertRejects(
      () => exportImage(damages, `${NAME}:v1`, `${folder.path}/${target}`),
      ClientError,
    );

    assertEquals(
      error.message,
      `the registry answers 200 to GET /v2/${NAME}/blobs/${damaged}: its bytes do not have this digest and 12 bytes`,
    );
    assertEquals(folder.everything(), []);
  });
}

Deno.test("what the registry calls a manifest, and is none, is refused", async () => {
  const page: Registry = () => Promise.resolve(new Response("{}", { headers: { "Content-Type": "text/html" } }));
  const out = new WritableStream();
  const { message } = await assertRejects(() => exportImage(page, `${NAME}:v1`, out), ClientError);
  const path = `/v2/${NAME}/manifests/${digestOf("{}")}`;
  assertEquals(message.startsWith(`the registry answers 200 to GET ${path}: expected `), true, message);
});

Deno.test("an image is not exported over a file, or below one", async () => {
  using from = new Folder();
  using folder = new Folder();
  const { registry } = await filled(from);
  Deno.writeTextFileSync(`${folder.path}/file`, "kept");
  for (const [target, path] of [["file", "file"], ["file/layout", "file/layout.part"]]) {
    const { message } = await assertRejects(
      () => exportImage(registry, NAME, `${folder.path}/${target}`),
      FillError,
    );
    const reason = "cannot be written: it is a file and no folder, or one above it is";
    assertEquals(message, `${folder.path}/${path}: ${reason}`);
  }
  assertEquals([folder.tree(), folder.read("file")], [["file"], "kept"]);
});

Deno.test("a full disk is told with the file that it has no place for, and nothing is left", async () => {
  using from = new Folder();
  using folder = new Folder();
  const { registry } = await filled(from);
  const { write } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.write = () => Promise.reject(diskError("ENOSPC"));
  try {
    for (
      const [target, file] of [
        ["layout", "layout.part/oci-layout"],
        ["x.tar", "x.tar.part"],
        ["x.tar.gz", "x.tar.gz.part"],
      ]
    ) {
      const { message } = await assertRejects(
        () => exportImage(registry, NAME, `${folder.path}/${target}`),
        FillError,
      );
      assertEquals(message, `${folder.path}/${file}: cannot be written: the disk is full`);
    }
  } finally {
    Deno.FsFile.prototype.write = write;
  }
  assertEquals(folder.tree(), []);
});

Deno.test("what a killed export has left is not taken for a target, and not written over", async () => {
  using from = new Folder();
  using folder = new Folder();
  const { registry } = await filled(from);
  Deno.writeTextFileSync(`${folder.path}/x.tar.part`, "half");
  Deno.mkdirSync(`${folder.path}/layout.part`);
  for (const target of ["x.tar", "layout"]) {
    const path = `${folder.path}/${target}`;
    const { message } = await assertRejects(() => exportImage(registry, `${NAME}:v1`, path), FillError);
    assertEquals(message, `${path}.part: is there already, perhaps from an export that was killed; remove it`);
  }
  assertEquals(folder.everything(), ["layout.part", "x.tar.part"]);
});
