/**
 * Images for the tests of the page: two that share a base, with all that a layer can have, and what refers to them.
 *
 *     const { v1, v2, base } = await pushImages(send);
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import { fileOf, paxOf, tarOf } from "../archive/tar_maker.ts";
import { bytes, descriptorOf, digestOf, TYPES } from "../fixture.ts";

/** Sends a request to a registry. */
export type Send = (
  method: string,
  path: string,
  init?: { headers?: HeadersInit; body?: BodyInit },
) => Promise<Response>;

/** What does harm where it is shown as anything but text. */
export const HOSTILE = {
  html: '<script>document.title="owned"</script><img src=x onerror=alert(1)>',
  ansi: "\x1b[2Jclean",
  bidi: "v1\u202egpj.exe",
  link: "javascript:alert(1)",
} as const;

/** Pushes a blob. Returns its digest. */
export async function pushBlob(send: Send, name: string, content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = digestOf(content);
  const answer = await send("POST", `/v2/${name}/blobs/uploads/?digest=${digest}`, { body: content });
  assertEquals(answer.status, 201, await answer.text());
  return digest;
}

/** Pushes a manifest. Returns its digest. */
export async function pushManifest(
  send: Send,
  name: string,
  manifest: { mediaType: string },
  tag?: string,
): Promise<string> {
  const text = JSON.stringify(manifest);
  const digest = digestOf(text);
  const headers = { "Content-Type": manifest.mediaType };
  const answer = await send("PUT", `/v2/${name}/manifests/${tag ?? digest}`, { body: text, headers });
  assertEquals(answer.status, 201, await answer.text());
  return digest;
}

/** Returns an archive as a layer. */
export function packed(tar: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(tar));
}

/** Pushes an image of layers. Returns the digests. */
export async function pushImage(
  send: Send,
  name: string,
  layers: readonly { tar: Uint8Array; command: string }[],
  { tag, env = [], annotations = {} }: { tag?: string; env?: string[]; annotations?: Record<string, string> } = {},
) {
  const blobs = layers.map(({ tar }) => packed(tar));
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    created: "2026-11-21T10:00:00Z",
    config: {
      Env: ["PATH=/usr/bin:/bin", ...env],
      Entrypoint: ["/bin/hello"],
      Cmd: ["--world"],
      WorkingDir: "/",
      Labels: { maintainer: "ana" },
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ tar }) => digestOf(tar)) },
    history: layers.map(({ command }) => ({ created: "2026-11-21T10:00:00Z", created_by: command })),
  });
  for (const blob of [...blobs, config]) await pushBlob(send, name, blob);
  const manifest = {
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf(config, TYPES.config),
    layers: blobs.map((blob) => descriptorOf(blob, TYPES.layer)),
    annotations,
  };
  return {
    digest: await pushManifest(send, name, manifest, tag),
    size: JSON.stringify(manifest).length,
    config: digestOf(config),
    layers: blobs.map((blob) => digestOf(blob)),
    blobs,
  };
}

// A picture of one pixel.
const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
);

// The header of a program for Linux, and nothing behind it.
const ELF = Uint8Array.fromHex(
  "7f454c460201010000000000000000000300" + "3e000100000040100000000000004000000000000000" +
    "00000000000000000000000040003800000040000000" + "0000",
);

const folder = (name: string) => fileOf(name, "", { type: "5", mode: 0o755 });

/** The layers of the images. */
export const TARS = {
  base: tarOf(
    folder("bin/"),
    fileOf("bin/hello", ELF, { mode: 0o755 }),
    fileOf("bin/hi", "", { type: "2", link: "hello" }),
    folder("etc/"),
    fileOf("etc/motd", "Welcome to hello.\nHave a good day.\n"),
    fileOf("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", { mode: 0o600 }),
    folder("usr/"),
    folder("usr/share/"),
    fileOf("usr/share/dot.png", PNG),
    fileOf("usr/share/drawing.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
    fileOf("usr/share/page.html", HOSTILE.html),
    fileOf("usr/share/ansi.txt", HOSTILE.ansi),
    fileOf(HOSTILE.bidi, "turned"),
    paxOf([["path", `long/${HOSTILE.html.replaceAll("/", "_")}`]]),
    fileOf("long", HOSTILE.link),
    folder("var/"),
    folder("var/cache/"),
    fileOf("var/cache/big", new Uint8Array(100_000)),
  ),
  app: tarOf(
    folder("etc/"),
    fileOf("etc/motd", "Welcome to hello.\nHave a nice day.\n"),
    folder("var/"),
    fileOf("var/.wh.cache"),
    fileOf("srv/app", "hello\n".repeat(10), { mode: 0o755, user: "ana", group: "users" }),
  ),
  app2: tarOf(
    folder("etc/"),
    fileOf("etc/motd", "Welcome to hello 2.\nHave a nice day.\n"),
    fileOf("srv/app", "hello\n".repeat(12), { mode: 0o755 }),
    fileOf("srv/new", "new\n"),
  ),
} as const;

/** Pushes two images with tags, and three manifests that refer to the first one. */
export async function pushImages(send: Send, name = "library/hello") {
  const base = { tar: TARS.base, command: "ADD rootfs.tar / # buildkit" };
  const annotations = {
    "org.opencontainers.image.title": "hello",
    "org.opencontainers.image.url": HOSTILE.link,
    "com.example.html": HOSTILE.html,
    "com.example.ansi": HOSTILE.ansi,
  };
  const v1 = await pushImage(send, name, [base, { tar: TARS.app, command: "COPY app /srv/app # buildkit" }], {
    tag: "v1",
    annotations,
  });
  const v2 = await pushImage(send, name, [base, { tar: TARS.app2, command: "COPY app /srv/app # buildkit" }], {
    tag: "v2",
    env: ["LEVEL=2"],
    annotations,
  });
  const empty = "{}";
  await pushBlob(send, name, empty);
  const sbom = JSON.stringify({
    spdxVersion: "SPDX-2.3",
    name: "hello",
    packages: [{ name: "hello", versionInfo: "1" }],
  });
  await pushBlob(send, name, sbom);
  const referring = (artifactType: string, digest: string, size: number, content: string, mediaType: string) => ({
    schemaVersion: 2,
    mediaType: TYPES.image,
    artifactType,
    config: descriptorOf(empty, "application/vnd.oci.empty.v1+json"),
    layers: [descriptorOf(content, mediaType)],
    subject: { mediaType: TYPES.image, digest, size },
    annotations: { "org.opencontainers.image.created": "2026-11-21T10:00:00Z" },
  });
  const first = referring("application/spdx+json", v1.digest, v1.size, sbom, "application/spdx+json");
  const sbomDigest = await pushManifest(send, name, first);
  const signature = bytes("not a real signature");
  await pushBlob(send, name, signature);
  const second = referring(
    "application/vnd.example.signature",
    sbomDigest,
    JSON.stringify(first).length,
    "not a real signature",
    "application/octet-stream",
  );
  const signatureDigest = await pushManifest(send, name, second);
  return { v1, v2, base: v1.layers[0], sbom: sbomDigest, signature: signatureDigest };
}
