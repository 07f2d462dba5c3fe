/**
 * buildah: builds images, and pulls and pushes them with the library of skopeo and podman.
 * https://github.com/containers/buildah
 *
 * It compresses layers while it pushes them, so it does not know how long they will be: PATCH in chunked coding.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TYPES } from "../../fixture.ts";
import { NO_SUCH_BLOB_YET, NO_SUCH_TAG, type Workbench } from "./workbench.ts";

/** Tries buildah. */
export async function tryBuildah(bench: Workbench): Promise<void> {
  const { glassbox, images } = bench;
  const step = bench.stepsOf("buildah");
  const policy = bench.makeFile("policy.json", '{"default":[{"type":"insecureAcceptAnything"}]}');
  const storage = [
    "--storage-driver",
    "vfs",
    "--root",
    bench.makeFolder("buildah"),
    "--runroot",
    bench.makeFolder("br"),
  ];
  const command = (...args: string[]) => bench.hiding(["/var/lib"], "buildah", ...storage, ...args);
  const buildah = async (...args: string[]) => (await bench.run(...command(...args))).stdout.trim();
  const remote = (reference: string) => `${glassbox.address}/buildah/${reference}`;
  const digestFile = `${bench.folder}/buildah-digest`;
  const insecure = ["--tls-verify=false", "--signature-policy", policy];

  await step("builds an image and pushes it", [NO_SUCH_BLOB_YET], async (told) => {
    const program = bench.makeFile("busybox", images.busybox);
    const container = await buildah("from", "scratch");
    await buildah("copy", "--chmod", "755", container, program, "/bin/busybox");
    await buildah("commit", "--signature-policy", policy, container, "built");
    await buildah("push", ...insecure, "--digestfile", digestFile, "built", `docker://${remote("image:v1")}`);
    assertEquals(glassbox.tagged("buildah/image", "v1"), Deno.readTextFileSync(digestFile));
    assert((await told()).includes("PATCH upload 202"));
  });

  await step("pulls the image, with the file that was put into it", [], async () => {
    await buildah("rm", "--all");
    await buildah("rmi", "--all", "--force");
    const container = await buildah("from", "--pull-always", ...insecure, remote("image:v1"));
    const folder = await buildah("mount", container);
    assertEquals(Deno.readFileSync(`${folder}/bin/busybox`), images.busybox);
  });

  await step("unpacks samples with whiteouts and with tables of contents", [], async () => {
    await bench.runTask("samples", "whiteouts", "estargz", "zstd-chunked");
    const files: string[] = [];
    for (const name of ["whiteouts", "estargz", "zstd-chunked"]) {
      const image = `${glassbox.address}/samples/${name}`;
      const folder = await buildah("mount", await buildah("from", "--pull-always", ...insecure, image));
      const { stdout } = await bench.run("find", folder, "-type", "f", "-printf", `${name} %P\\n`);
      files.push(...stdout.trimEnd().split("\n").sort());
    }
    assertEquals(files, [
      "whiteouts etc/motd",
      "whiteouts var/cache/three",
      "estargz bin/hello",
      "estargz etc/motd",
      "estargz stargz.index.json",
      "zstd-chunked bin/hello",
      "zstd-chunked etc/motd",
    ]);
  });

  await step("builds on an image of the registry, and mounts its layer", [NO_SUCH_BLOB_YET], async (told) => {
    const context = bench.makeFolder("buildah-context");
    Deno.writeTextFileSync(`${context}/note`, "built on top\n");
    Deno.writeTextFileSync(`${context}/Containerfile`, `FROM ${remote("image:v1")}\nCOPY note /note\n`);
    await buildah("build", "--isolation", "chroot", "--layers", ...insecure, "-t", remote("derived:v1"), context);
    await buildah("push", ...insecure, "--digestfile", digestFile, remote("derived:v1"));
    assertEquals(glassbox.tagged("buildah/derived", "v1"), Deno.readTextFileSync(digestFile));
    assert((await told()).includes("POST mount 201"));
  });

  await step("pushes an index of two images", [NO_SUCH_BLOB_YET], async () => {
    await buildah("manifest", "create", "both");
    await buildah("manifest", "add", ...insecure.slice(0, 1), "both", `docker://${remote("image:v1")}`);
    await buildah("manifest", "add", ...insecure.slice(0, 1), "both", `docker://${remote("derived:v1")}`);
    await buildah("manifest", "push", "--all", ...insecure, "both", `docker://${remote("both:v1")}`);
    const digest = glassbox.tagged("buildah/both", "v1")!;
    const { mediaType, manifests } = JSON.parse(Deno.readTextFileSync(glassbox.fileOf("buildah/both", digest)!));
    const pushed = ["image", "derived"].map((name) => glassbox.tagged(`buildah/${name}`, "v1"));
    assertEquals(mediaType, TYPES.index);
    assertEquals(manifests.map(({ digest }: { digest: string }) => digest), pushed);
  });

  await step("is told that a missing image is unknown", [NO_SUCH_TAG], async () => {
    const { stderr } = await bench.runToFail(...command("pull", ...insecure, remote("nothing:v1")));
    assertStringIncludes(stderr, "manifest unknown");
  });
}
