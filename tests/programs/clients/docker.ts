/**
 * docker: a real Docker daemon, as an ordinary child process without a network of its own. https://docs.docker.com
 *
 * It streams each layer in one PATCH, and learns from the registry's `Range` how much of it has arrived. (That is true
 * for the image store that was the default before version 29. The newer one is containerd's, and uploads with PUT.)
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { digestOf } from "../../fixture.ts";
import { end, waitForLine } from "../processes.ts";
import { Relay } from "./relay.ts";
import { pushWithSkopeo } from "./skopeo.ts";
import { NO_SUCH_BLOB_YET, NO_SUCH_TAG, NO_SUCH_TAG_YET, type Workbench } from "./workbench.ts";

/** Tries docker. */
export async function tryDocker(bench: Workbench): Promise<void> {
  const { glassbox, images } = bench;
  const step = bench.stepsOf("docker");
  const socket = dockerSocket(bench);
  const docker = async (...args: string[]) => (await bench.run("docker", "--host", socket, ...args)).stdout;
  const remote = (reference: string) => `${glassbox.address}/docker/${reference}`;
  const digestIn = (said: string) => /digest: (sha256:[0-9a-f]{64})/i.exec(said)?.[1];

  await step("starts a daemon", [], async () => {
    await startDaemon(bench, socket);
    assertMatch(await docker("version", "--format", "{{.Server.Version}}"), /^\d+\./);
  });

  await step("pushes an image", [NO_SUCH_BLOB_YET], async (told) => {
    const tar = bench.makeFile("layer.tar", images.tar);
    await docker("import", tar, remote("app:v1"));
    assertEquals(digestIn(await docker("push", remote("app:v1"))), glassbox.tagged("docker/app", "v1"));
    assert((await told()).includes("PATCH upload 202"));
  });

  await step("pushes it again, and the layer already exists", [], async (told) => {
    assertStringIncludes(await docker("push", remote("app:v1")), "Layer already exists");
    assert(!(await told()).includes("POST upload 202"));
  });

  await step("mounts the layer in another repository", [NO_SUCH_BLOB_YET], async (told) => {
    await docker("tag", remote("app:v1"), remote("other:v1"));
    assertStringIncludes(await docker("push", remote("other:v1")), "Mounted from docker/app");
    assertEquals(glassbox.tagged("docker/other", "v1"), glassbox.tagged("docker/app", "v1"));
    assert((await told()).includes("POST mount 201"));
  });

  await step("pulls the image, with the file that was put into it", [], async () => {
    await docker("rmi", remote("app:v1"), remote("other:v1"));
    assertEquals(digestIn(await docker("pull", remote("app:v1"))), glassbox.tagged("docker/app", "v1"));
    assertEquals(await fileInside(remote("app:v1")), images.busybox);
  });

  await step("pulls it again, and it is up to date", [], async (told) => {
    assertStringIncludes(await docker("pull", remote("app:v1")), "Image is up to date");
    assertEquals(await told(), ["GET base 200", "HEAD tag 200"]);
  });

  await step("pulls an image of this platform out of an index that skopeo pushed", [NO_SUCH_BLOB_YET], async () => {
    await pushWithSkopeo(bench, "all", "docker/all:v1");
    assertEquals(digestIn(await docker("pull", remote("all:v1"))), images.all.digest);
    assertEquals(await fileInside(remote("all:v1")), images.busybox);
  });

  await step("pulls by digest, and all tags of a repository", [], async (told) => {
    assertEquals(digestIn(await docker("pull", remote(`all@${images.all.digest}`))), images.all.digest);
    assertStringIncludes(await docker("pull", "--all-tags", remote("other")), glassbox.tagged("docker/other", "v1")!);
    assert((await told()).includes("GET tags 200"));
  });

  await step("reads a manifest", [], async () => {
    const { config } = JSON.parse(await docker("manifest", "inspect", "--insecure", remote("app:v1")));
    assert(glassbox.fileOf("docker/app", config.digest) !== undefined);
  });

  await step("loads an exported archive, and the image is the one of this platform", [], async () => {
    const archive = `${bench.folder}/docker-loaded.tar`;
    await bench.runTask("export", "docker/all:v1", archive);
    assertStringIncludes(await docker("load", "--input", archive), "Loaded image: docker/all:v1");
    const [_manifest, config] = images.gzip.contents;
    assertEquals((await docker("image", "inspect", "--format", "{{.Id}}", "docker/all:v1")).trim(), config);
    assertEquals(await fileInside("docker/all:v1"), images.busybox);
  });

  await step("saves images, and the registry has them after an import", [], async () => {
    const archive = `${bench.folder}/docker-saved.tar`;
    await docker("tag", "docker/all:v1", "docker/saved:v1");
    await docker("tag", "docker/all:v1", "official:v1");
    await docker("save", "--output", archive, "docker/saved:v1", "official:v1");
    await bench.runTask("import", archive);
    const digest = glassbox.tagged("docker/saved", "v1");
    assertEquals([digest !== undefined, glassbox.tagged("library/official", "v1")], [true, digest]);
    await docker("rmi", "docker/saved:v1", "official:v1");
    assertEquals(digestIn(await docker("pull", remote("saved:v1"))), digest);
    assertEquals(await fileInside(remote("saved:v1")), images.busybox);
  });

  await step("pulls a sample: its layers are stored by gzip without compression", [], async () => {
    await bench.runTask("samples", "hello");
    const image = `${glassbox.address}/samples/hello`;
    assertEquals(digestIn(await docker("pull", image)), glassbox.tagged("samples/hello", "latest"));
    assertStringIncludes(new TextDecoder().decode(await fileInside(image, "/bin/hello")), "Hello from a layer.");
  });

  await step("refuses a sample whose config names another digest for the unpacked layer", [], async () => {
    await bench.runTask("samples", "wrong-diff-id");
    const image = `${glassbox.address}/samples/wrong-diff-id`;
    const { stderr } = await bench.runToFail("docker", "--host", socket, "pull", image);
    assertMatch(stderr, /layers from manifest don't match image configuration/);
  });

  await step("is told that a missing image is unknown", [NO_SUCH_TAG_YET, NO_SUCH_TAG], async () => {
    const { stderr } = await bench.runToFail("docker", "--host", socket, "pull", remote("nothing:v1"));
    assertStringIncludes(stderr, "manifest unknown");
  });

  await step("goes on with a pull whose connection was broken off", [], async (told) => {
    await docker("system", "prune", "--all", "--force");
    using relay = new Relay(glassbox.address, "down", 200_000);
    const there = `${relay.address}/docker/all:v1`;
    assertEquals(digestIn(await docker("pull", there)), images.all.digest);
    assertEquals(await fileInside(there), images.busybox);
    assert(relay.hasCut && (await told()).includes("GET blob 206"));
  });

  async function fileInside(image: string, path = "/bin/busybox"): Promise<Uint8Array> {
    const container = (await docker("create", image, path)).trim();
    const copy = `${bench.folder}/${digestOf(container).slice("sha256:".length)}`;
    await docker("cp", `${container}:${path}`, copy);
    await docker("rm", container);
    return Deno.readFileSync(copy);
  }
}

/** The address of the daemon that the steps of docker have started. */
export function dockerSocket(bench: Workbench): string {
  return `unix://${bench.folder}/docker.sock`;
}

/** Starts a daemon that keeps all its files in the folder of the clients. It ends when the run ends. */
export async function startDaemon(bench: Workbench, socket: string): Promise<void> {
  // To push and pull, it needs neither a bridge nor firewall rules. The vfs driver works on every file system.
  const flags = [
    ["--host", socket],
    ["--data-root", bench.makeFolder("docker")],
    ["--exec-root", bench.makeFolder("docker-exec")],
    ["--pidfile", `${bench.folder}/docker.pid`],
    ["--storage-driver", "vfs"],
    ["--bridge", "none"],
    ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--userland-proxy=false"],
  ];
  // It also writes to /etc/docker and /run/docker.
  const [program, ...args] = bench.hiding(["/etc", "/run", "/var/lib"], "dockerd", ...flags.flat());
  const daemon = new Deno.Command(program, {
    args,
    env: bench.environment,
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  bench.stack.defer(() => end(daemon));
  await waitForLine(daemon.stderr, /API listen on/);
}
