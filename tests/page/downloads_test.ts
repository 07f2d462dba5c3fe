/**
 * Downloads from the page: raw bytes that a browser only saves.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { HOSTILE, pushImages, type Send } from "./images.ts";
import { registryWithPage } from "./registry_with_page.ts";

async function world() {
  const { send } = registryWithPage();
  return { send, images: await pushImages(send as Send) };
}

Deno.test("a blob, a manifest and a file of a layer come as they are, and as nothing that a browser could run", async () => {
  const { send, images } = await world();
  const layer = `/at/library/hello/${images.base}/layer.tar.gz`;
  for (
    const [path, name, bytes] of [
      [layer, "layer.tar.gz", images.v1.blobs[0]],
      [`${layer}!/usr/share/page.html`, "page.html", new TextEncoder().encode(HOSTILE.html)],
    ] as const
  ) {
    const answer = await send("GET", `${path}?download`);
    assertEquals(answer.status, 200);
    assertEquals(await answer.bytes(), bytes);
    const expected = {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment; filename*=UTF-8''${name}`,
      "Content-Security-Policy": "default-src 'none'; sandbox",
      "X-Content-Type-Options": "nosniff",
      "Accept-Ranges": "bytes",
    };
    for (const [header, value] of Object.entries(expected)) assertEquals(answer.headers.get(header), value, header);
  }
  assertEquals((await send("GET", `/at/library/hello/${images.v1.digest}/manifest.json?download`)).status, 200);
});

Deno.test("a part of a blob or of a file comes as 206, and a part that is not there as 416", async () => {
  const { send, images } = await world();
  const layer = `/at/library/hello/${images.base}/layer.tar.gz`;
  for (const [path, size] of [[layer, images.v1.blobs[0].length], [`${layer}!/var/cache/big`, 100_000]] as const) {
    const part = await send("GET", `${path}?download`, { headers: { Range: "bytes=4-9" } });
    assertEquals([part.status, part.headers.get("Content-Range"), (await part.bytes()).length], [
      206,
      `bytes 4-9/${size}`,
      6,
    ]);
    const none = await send("GET", `${path}?download`, { headers: { Range: `bytes=${size}-` } });
    assertEquals([none.status, none.headers.get("Content-Range")], [416, `bytes */${size}`]);
    const head = await send("HEAD", `${path}?download`);
    assertEquals([head.status, head.headers.get("Content-Length"), await head.text()], [200, String(size), ""]);
  }
});

Deno.test("a file with the name of a stranger is saved under a harmless one", async () => {
  const { send, images } = await world();
  const path = `/at/library/hello/${images.base}/layer.tar.gz!/${encodeURIComponent(HOSTILE.bidi)}`;
  const answer = await send("GET", `${path}?download`);
  assertEquals([answer.status, answer.headers.get("Content-Disposition")], [
    200,
    "attachment; filename*=UTF-8''v1_gpj.exe",
  ]);
  await answer.body?.cancel();
});

Deno.test("what is no file has no bytes to download", async () => {
  const { send, images } = await world();
  for (
    const path of [
      "library/hello",
      "library/hello/_tags/v1",
      `library/hello/${images.base}/layer.tar.gz!/etc`,
      `library/hello/${images.base}/nothing`,
    ]
  ) {
    const answer = await send("GET", `/at/${path}?download`, { headers: { Accept: "application/json" } });
    assertEquals(answer.headers.get("Content-Type"), "application/json", path);
    await answer.body?.cancel();
  }
});
