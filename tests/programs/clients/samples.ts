/**
 * The samples as other programs see them: each good one is copied and unpacked, and of the broken ones crane finds the same as Glassbox.
 *
 *     deno task samples ──▶ the folder that the registry serves ──▶ skopeo, crane, oras, umoci, cosign
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { publicKeyOfSamples } from "../../../src/workshop/samples/signature_of_sample.ts";
import type { Workbench } from "./workbench.ts";

// The samples that crane can validate: it knows images, and no zstd.
const IMAGES = ["hello:latest", "shared-base:v1", "shared-base:v2", "platforms:latest", "whiteouts:latest"]
  .concat("estargz:latest", "referrers:latest");
const OTHERS = ["zstd-chunked:latest", "attestations:latest", "helm-chart:0.1.0", "wasm:latest"]
  .concat("empty-artifact:latest");

// The words that crane has for what is wrong.
const BROKEN = {
  "wrong-diff-id": "mismatched layer[0] diffid",
  "bad-checksum": "invalid tar header",
  "truncated-gzip": "undersized layer[0] content",
  "size-lie": "error verifying size; got 2583, want 2584",
};

/** Tries the samples. */
export async function trySamples(bench: Workbench): Promise<void> {
  const { glassbox } = bench;
  const step = bench.stepsOf("samples");
  const at = (reference: string) => `${glassbox.address}/samples/${reference}`;
  const digestOf = (reference: string) => {
    const [name, tag] = reference.split(":");
    return glassbox.tagged(`samples/${name}`, tag);
  };

  await step("come into the folder of a running registry, each as announced", [], async () => {
    const { stdout } = await bench.runTask("samples");
    assertStringIncludes(stdout, "20 samples, each as announced");
  });

  await step("skopeo copies each good one, and the digest stays", [], async () => {
    for (const reference of [...IMAGES, ...OTHERS]) {
      const layout = `${bench.folder}/sample-${reference.replace(":", "-")}`;
      const flags = ["--insecure-policy", "copy", "--all", "--src-tls-verify=false"];
      await bench.run(...bench.hiding(["/var/lib"], "skopeo", ...flags, `docker://${at(reference)}`, `oci:${layout}`));
      const { manifests: [{ digest }] } = JSON.parse(Deno.readTextFileSync(`${layout}/index.json`));
      assertEquals(digest, digestOf(reference));
    }
  });

  await step("crane finds every digest, every size and every diff_id of an image right", [], async () => {
    for (const reference of IMAGES) await bench.run("crane", "validate", "--insecure", "--remote", at(reference));
  });

  await step("crane finds the same wrong in the broken ones", [], async () => {
    for (const [name, words] of Object.entries(BROKEN)) {
      const { stderr, stdout } = await bench.runToFail(
        "crane",
        "validate",
        "--insecure",
        "--remote",
        at(`${name}:latest`),
      );
      assertStringIncludes(stdout + stderr, words);
    }
  });

  await step("oras draws the referrers, and the referrer of a referrer", [], async () => {
    const { stdout } = await bench.run("oras", "discover", "--plain-http", "--format", "tree", at("referrers:latest"));
    const types = stdout.split("\n").map((line) => /([├│└─ ]*)(application\/.*)/.exec(line)).filter((line) => line);
    const drawn = types.map((match) => `${match![1].length} ${match![2]}`).sort();
    const bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
    assertEquals(drawn, [`12 ${bundle}`, "4 application/spdx+json", `4 ${bundle}`]);
  });

  await step("cosign verifies the signature with the key of the samples, and not with another image", [], async () => {
    const key = bench.makeFile("samples.pub", publicKeyOfSamples());
    const root = bench.makeFile(
      "root.json",
      '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
    );
    const flags = ["--key", key, "--new-bundle-format", "--trusted-root", root, "--insecure-ignore-tlog=true"]
      .concat("--type", "https://sigstore.dev/cosign/sign/v1", "--allow-http-registry");
    await bench.run("cosign", "verify-attestation", ...flags, at("referrers:latest"));
    await bench.runToFail("cosign", "verify-attestation", ...flags, at("hello:latest"));
  });

  await step("umoci unpacks hello, and its program runs", [], async () => {
    const bundle = `${bench.folder}/sample-bundle`;
    const layout = `${bench.folder}/sample-umoci`;
    await bench.runTask("export", "samples/hello:latest", layout);
    await bench.run("umoci", "unpack", "--rootless", "--image", `${layout}:latest`, bundle);
    assertEquals(Deno.readTextFileSync(`${bundle}/rootfs/etc/motd`), "You can see through this.\n");
    if (Deno.build.arch === "x86_64") {
      assertEquals((await bench.run(`${bundle}/rootfs/bin/hello`)).stdout, "Hello from a layer.\n");
    }
  });
}
