/**
 * Tries the registry with real clients. It starts a real Glassbox, and the programs that people use push to it, pull
 * from it, list and delete. `deno task clients` runs it.
 *
 *     ok   skopeo   pushes an image with gzip layers
 *     ok   docker   pushes it again, and the layer already exists
 *     skip crane    is not installed: go install github.com/google/go-containerregistry/cmd/crane@v0.20.7
 *     68 passed, 0 failed, 1 skipped
 *
 * After each step it reads the stories of the registry. A step fails if the registry refused a request that it should
 * accept, even if the client went on. At the end it reads the folder of the registry.
 *
 * It needs Linux. A client that is not installed is skipped; if the environment has `CI=true`, that is a failure. The
 * clients keep their files in a temporary folder. Clients that run as root write to `/var/lib` and similar folders.
 * They find empty folders there, because they run in a mount namespace of their own (`unshare` of util-linux).
 *
 * @module
 */

import { findProgram, pathToPrograms } from "../installed.ts";
import { outputOf } from "../processes.ts";
import { interruption, runProgram } from "../run_program.ts";
import { tryBuildah } from "./buildah.ts";
import { tryCosign } from "./cosign.ts";
import { tryCrane } from "./crane.ts";
import { tryCurl } from "./curl.ts";
import { lookAtDisk } from "./disk.ts";
import { tryDocker } from "./docker.ts";
import { Glassbox } from "./glassbox.ts";
import { Images } from "./images.ts";
import { tryFiles } from "./files.ts";
import { tryLessons } from "./lessons.ts";
import { tryOras } from "./oras.ts";
import { tryRegctl } from "./regctl.ts";
import { trySamples } from "./samples.ts";
import { trySkopeo } from "./skopeo.ts";
import { tryTokens, tryTokensWithContainerd, tryTokensWithDocker } from "./tokens.ts";
import { Workbench } from "./workbench.ts";

const HELP = `Lets real clients push to a real Glassbox, pull, list and delete, and reads the stories of the registry.

Usage: deno task clients

  -h, --help  print this and exit

It needs Linux and busybox, and tries those of skopeo, buildah, crane, oras, regctl, cosign, curl, umoci, docker and containerd
that are installed. A client that is missing is skipped; with CI=true in the environment that is a failure.`;

// The commands that install the programs. All images have busybox in them.
const INSTALL = {
  busybox: "apt-get install busybox",
  skopeo: "apt-get install skopeo",
  buildah: "apt-get install buildah",
  crane: "go install github.com/google/go-containerregistry/cmd/crane@v0.20.7",
  oras: 'go mod download oras.land/oras@v1.2.3 && cd "$(go env GOMODCACHE)/oras.land/oras@v1.2.3" && ' +
    'go build -o "$(go env GOPATH)/bin/oras" ./cmd/oras',
  regctl: "go install github.com/regclient/regclient/cmd/regctl@v0.11.7",
  cosign: "go install github.com/sigstore/cosign/v2/cmd/cosign@v2.5.0",
  curl: "apt-get install curl",
  umoci: "apt-get install umoci",
  docker: "apt-get install docker.io",
  dockerd: "apt-get install docker.io",
  containerd: "apt-get install containerd",
  ctr: "apt-get install containerd",
} as const;

type Program = keyof typeof INSTALL;

interface Client {
  readonly name: string;
  /** The programs that its steps need, besides busybox. */
  readonly needs: readonly Program[];
  readonly try: (bench: Workbench) => Promise<void>;
}

const CLIENTS: readonly Client[] = [
  { name: "skopeo", needs: ["skopeo"], try: trySkopeo },
  { name: "buildah", needs: ["buildah"], try: tryBuildah },
  { name: "crane", needs: ["crane"], try: tryCrane },
  { name: "oras", needs: ["oras"], try: tryOras },
  { name: "regctl", needs: ["regctl"], try: tryRegctl },
  { name: "cosign", needs: ["cosign", "skopeo"], try: tryCosign },
  { name: "curl", needs: ["curl"], try: tryCurl },
  { name: "files", needs: ["skopeo", "umoci", "crane"], try: tryFiles },
  { name: "samples", needs: ["skopeo", "crane", "oras", "umoci", "cosign"], try: trySamples },
  { name: "docker", needs: ["dockerd", "docker", "skopeo"], try: tryDocker },
  { name: "lessons", needs: ["curl", "oras"], try: (bench) => tryLessons(bench, "oras") },
  { name: "lessons", needs: ["curl", "skopeo"], try: (bench) => tryLessons(bench, "skopeo") },
  { name: "lessons", needs: ["curl", "crane"], try: (bench) => tryLessons(bench, "crane") },
  {
    name: "lessons",
    needs: ["curl", "oras", "skopeo", "crane"],
    try: (bench) => tryLessons(bench, "oras, skopeo and crane"),
  },
  { name: "lessons", needs: ["curl", "dockerd", "docker", "skopeo"], try: (bench) => tryLessons(bench, "docker") },
  {
    name: "lessons",
    needs: ["curl", "dockerd", "docker", "skopeo"],
    try: (bench) => tryLessons(bench, "docker and skopeo"),
  },
  { name: "tokens", needs: ["skopeo", "crane", "oras", "regctl"], try: tryTokens },
  { name: "tokens", needs: ["dockerd", "docker", "skopeo"], try: tryTokensWithDocker },
  { name: "tokens", needs: ["containerd", "ctr", "skopeo"], try: tryTokensWithContainerd },
];

if (import.meta.main) await runProgram(HELP, main);

/** Tries the clients, and leaves nothing behind. Returns the exit status. */
async function main(): Promise<number> {
  const stack = new AsyncDisposableStack();
  try {
    return await Promise.race([tryAll(stack), interruption()]);
  } finally {
    await stack.disposeAsync();
  }
}

async function tryAll(stack: AsyncDisposableStack): Promise<number> {
  const path = await pathToPrograms();
  const isRoot = await outputOf("id", "-u") === "0";
  const present = CLIENTS.filter((client) => {
    const reason = whyNot(client, path, isRoot);
    if (reason !== undefined) console.log(`skip ${client.name.padEnd(8)} ${reason}`);
    return reason === undefined;
  });
  const skipped = CLIENTS.length - present.length;

  const count = { passed: 0, failed: 0 };
  if (present.length > 0) {
    const folder = await Deno.makeTempDir({ prefix: "glassbox_clients_" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const glassbox = await Glassbox.start(`${folder}/root`, stack);
    const images = new Images(`${folder}/layout`, findProgram("busybox", path)!);
    const bench = new Workbench({ stack, glassbox, images, folder, isRoot, path, count });
    for (const client of present) await client.try(bench);
    if (stack.disposed) return 1;
    await lookAtDisk(bench);
  }

  console.log(`${count.passed} passed, ${count.failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`);
  return count.failed > 0 || (skipped > 0 && Deno.env.get("CI") === "true") ? 1 : 0;
}

function whyNot({ needs }: Client, path: string, isRoot: boolean): string | undefined {
  const missing = (["busybox", ...needs] as const).find((program) => findProgram(program, path) === undefined);
  if (missing !== undefined) return `is not installed: ${INSTALL[missing]}`;
  const isDaemon = needs.includes("dockerd") || needs.includes("containerd");
  return isDaemon && !isRoot ? "is not tried: only root can start its daemon" : undefined;
}
