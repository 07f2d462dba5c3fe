/**
 * Layouts and archives of other programs: they are imported, and what is exported is read by them.
 *
 *     skopeo   oci:  oci-archive:  docker-archive:      https://github.com/containers/image/blob/main/docs/containers-transports.5.md
 *     umoci    a layout, its image unpacked and made    https://github.com/opencontainers/umoci
 *     crane    a layout, and the archive of `docker load` with compressed layers
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { digestOf } from "../../fixture.ts";
import { NO_SUCH_BLOB_YET, NO_SUCH_MANIFEST_YET, NO_SUCH_TAG_YET, type Workbench } from "./workbench.ts";

/** Tries import and export with the files of other programs. */
export async function tryFiles(bench: Workbench): Promise<void> {
  const { glassbox, images } = bench;
  const step = bench.stepsOf("files");
  const skopeo = (...args: string[]) =>
    bench.run(...bench.hiding(["/var/lib"], "skopeo", "--insecure-policy", ...args));
  const copy = (from: string, to: string) => skopeo("copy", "--all", "--src-tls-verify=false", from, to);
  const at = (name: string) => `${bench.folder}/files-${name}`;

  await step("a layout of skopeo is imported, and the digest stays", [], async () => {
    await copy(`oci:${images.layout}:all`, `oci:${at("skopeo")}:v1`);
    await bench.runTask("import", at("skopeo"), "files/oci");
    assertEquals(glassbox.tagged("files/oci", "v1"), images.all.digest);
  });

  await step("an archive of a layout of skopeo is imported, gzipped too, and the digest stays", [], async () => {
    await copy(`oci:${images.layout}:zstd`, `oci-archive:${at("skopeo.tar")}:v1`);
    await bench.runTask("import", at("skopeo.tar"), "files/oci-archive");
    await bench.run("gzip", "--keep", at("skopeo.tar"));
    await bench.runTask("import", at("skopeo.tar.gz"), "files/oci-archive:gzipped");
    const tags = ["v1", "gzipped"].map((tag) => glassbox.tagged("files/oci-archive", tag));
    assertEquals(tags, [images.zstd.digest, images.zstd.digest]);
  });

  await step(
    "an archive for docker of skopeo is imported, and its config and layers stay as they are",
    [],
    async () => {
      await copy(`oci:${images.layout}:gzip`, `docker-archive:${at("docker.tar")}:files/docker-archive:v1`);
      await bench.runTask("import", at("docker.tar"));
      await copy(`docker://${glassbox.address}/files/docker-archive:v1`, `dir:${at("docker")}`);
      assertEquals(Deno.readFileSync(`${at("docker")}/${digestOf(images.tar).slice("sha256:".length)}`), images.tar);
    },
  );

  await step("skopeo reads what is exported: a folder, an archive of a layout, an archive for docker", [], async () => {
    await bench.runTask("export", "files/oci:v1", at("exported"));
    await bench.runTask("export", "files/oci:v1", at("exported.tar"));
    for (const from of [`oci:${at("exported")}:v1`, `oci-archive:${at("exported.tar")}:v1`]) {
      const to = at(`again-${from.split(":")[0]}`);
      await copy(from, `oci:${to}:v1`);
      assertEquals(images.missingIn(to, images.all), []);
    }
    await copy(`docker-archive:${at("exported.tar")}:files/oci:v1`, `dir:${at("again-docker")}`);
    const layer = `${at("again-docker")}/${digestOf(images.tar).slice("sha256:".length)}`;
    assertEquals(Deno.readFileSync(layer), images.tar);
  });

  await step("a whole repository goes out and comes back: tags, indexes, referrers, every byte", [], async () => {
    await bench.runTask("import", images.layout, "files/everything");
    await bench.runTask("export", "files/everything", at("everything.tar.gz"));
    const { stdout } = await bench.runTask("import", at("everything.tar.gz"), "files/again", "--json");
    const sum = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    assertEquals(sum.newBlobs, sum.blobs);
    for (const tag of ["gzip", "zstd", "many", "all", "note"] as const) {
      assertEquals(glassbox.tagged("files/again", tag), images[tag].digest);
      assertEquals(images[tag].contents.filter((digest) => glassbox.fileOf("files/again", digest) === undefined), []);
    }
    const path = `/v2/files/again/referrers/${images.gzip.digest}`;
    const { manifests } = await (await fetch(`http://${glassbox.address}${path}`)).json();
    assertEquals(manifests.map(({ digest }: { digest: string }) => digest), [images.note.digest]);
  });

  await step("umoci unpacks an exported image", [], async () => {
    await bench.runTask("export", `files/everything@${images.gzip.digest}`, at("by-digest"));
    await bench.runTask("export", "files/everything:gzip", at("umoci"));
    await bench.run("umoci", "unpack", "--rootless", "--image", `${at("umoci")}:gzip`, at("bundle"));
    assertEquals(Deno.readFileSync(`${at("bundle")}/rootfs/bin/busybox`), images.busybox);
  });

  await step("an image that umoci has made is imported", [], async () => {
    await bench.run("umoci", "init", "--layout", at("made"));
    await bench.run("umoci", "new", "--image", `${at("made")}:v1`);
    const tar = bench.makeFile("file.txt", "You can see through this.\n");
    await bench.run("umoci", "insert", "--rootless", "--image", `${at("made")}:v1`, tar, "/file.txt");
    const { manifests: [made] } = JSON.parse(Deno.readTextFileSync(`${at("made")}/index.json`));
    await bench.runTask("import", at("made"), "files/umoci");
    assertEquals(glassbox.tagged("files/umoci", "v1"), made.digest);
  });

  const NEW_IMAGE = [NO_SUCH_TAG_YET, NO_SUCH_MANIFEST_YET, NO_SUCH_BLOB_YET];
  await step("crane pushes an exported layout, and its layout is imported", NEW_IMAGE, async () => {
    const reference = `${glassbox.address}/files/crane:v1`;
    await bench.run("crane", "push", "--index", at("exported"), reference);
    await bench.run("crane", "pull", "--format", "oci", reference, at("crane"));
    await bench.runTask("import", at("crane"), "files/crane-again:v1");
    assertEquals(glassbox.tagged("files/crane-again", "v1"), glassbox.tagged("files/crane", "v1"));
  });

  await step("the archive of crane has compressed layers, which stay as they are", [], async () => {
    const reference = `${glassbox.address}/files/everything:gzip`;
    await bench.run("crane", "pull", "--format", "tarball", reference, at("crane.tar"));
    const { stdout } = await bench.runTask("import", at("crane.tar"));
    assertStringIncludes(stdout, "files/everything:gzip");
    assertEquals(glassbox.tagged("files/everything", "gzip") === images.gzip.digest, false);
    const { layers } = JSON.parse((await bench.run("crane", "manifest", reference)).stdout);
    assertEquals(layers.map(({ digest }: { digest: string }) => digest), images.gzip.contents.slice(2));
  });
}
