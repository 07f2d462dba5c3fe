/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pulling-manifests */

import { assertEquals } from "@std/assert";
import type { Disk } from "../../src/disk/disk.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { createRegistry } from "../../src/registry.ts";
import { bytes, digestOf, expectRefusal, startRegistry, TYPES } from "../fixture.ts";

const INDEX = { schemaVersion: 2, mediaType: TYPES.index, manifests: [] };

Deno.test("PULL-MANIFEST-11 PULL-MANIFEST-12 PULL-MANIFEST-13: a pull by tag and one by digest both answer 200 with the same manifest", async () => {
  await using registry = await startRegistry();
  const { digest, text } = await registry.pushImage("library/hello", { tag: "latest" });

  for (const tagOrDigest of ["latest", digest]) {
    const pulled = await registry.send("GET", `/v2/library/hello/manifests/${tagOrDigest}`);

    assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, digest]);
    assertEquals(pulled.headers.get("Content-Length"), String(text.length));
    assertEquals(await pulled.text(), text);
  }
});

Deno.test("PULL-MANIFEST-11: a manifest comes back byte for byte, blanks, line ends and letters of all kinds included", async () => {
  await using registry = await startRegistry();
  const text =
    `{ "mediaType":"${TYPES.index}",\r\n\t"manifests" : [ ],  "schemaVersion":2, "annotations":{"ä":"\\u00e4€😀"} }\n\n`;
  const digest = await registry.pushManifest("library/hello", text, { tag: "latest" });

  const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest");

  assertEquals(await pulled.bytes(), bytes(text));
  assertEquals(pulled.headers.get("Docker-Content-Digest"), digest);
});

Deno.test("PULL-MANIFEST-11: a tag that has been moved gives the new manifest, and the old digest still gives the old one", async () => {
  await using registry = await startRegistry();
  const before = await registry.pushManifest("library/hello", INDEX, { tag: "latest" });
  const after = await registry.pushManifest("library/hello", { ...INDEX, annotations: { v: "2" } }, { tag: "latest" });

  const byTag = await registry.send("GET", "/v2/library/hello/manifests/latest");
  const byDigest = await registry.send("GET", `/v2/library/hello/manifests/${before}`);

  assertEquals([byTag.status, byTag.headers.get("Docker-Content-Digest")], [200, after]);
  assertEquals([byDigest.status, await byDigest.json()], [200, INDEX]);
});

Deno.test("PULL-MANIFEST-07 PULL-MANIFEST-09 PULL-MANIFEST-I02: the Content-Type is the one of the push, without parameters", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/hello", { tag: "image" });
  const text = await (await registry.send("GET", `/v2/library/hello/manifests/${digest}`)).json();
  const types = {
    index: JSON.stringify(INDEX),
    dockerList: JSON.stringify({ ...INDEX, mediaType: TYPES.dockerList }),
    dockerImage: JSON.stringify({ ...text, mediaType: TYPES.dockerImage }),
  } as const;
  for (const [tag, manifest] of Object.entries(types)) {
    const type = `${TYPES[tag as keyof typeof types]}; charset=utf-8`;
    await registry.pushManifest("library/hello", manifest, { tag, type });
  }

  for (const tag of ["image", "index", "dockerList", "dockerImage"] as const) {
    const pulled = await registry.send("GET", `/v2/library/hello/manifests/${tag}`);

    assertEquals([pulled.status, pulled.headers.get("Content-Type")], [200, TYPES[tag]]);
  }
});

// The client decides whether it can use the type (PULL-MANIFEST-10), and RFC 9110 section 12.5.1 lets a server
// disregard the header.
Deno.test("PULL-MANIFEST-12: whatever the Accept header says, the manifest is sent as it was pushed", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushManifest("library/hello", INDEX, { tag: "latest" });

  for (
    const accept of ["", "*/*", TYPES.image, "text/html", `${TYPES.index};q=0`, "nonsense", `${TYPES.dockerList}, */*`]
  ) {
    const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest", { headers: { Accept: accept } });

    assertEquals([pulled.status, pulled.headers.get("Content-Type")], [200, TYPES.index]);
    assertEquals([pulled.headers.get("Docker-Content-Digest"), await pulled.json()], [digest, INDEX]);
  }
});

Deno.test("PULL-MANIFEST-13 PULL-MANIFEST-14: a manifest of sha512 is pulled with that digest, by digest and by tag", async () => {
  await using registry = await startRegistry();
  const text = JSON.stringify(INDEX);
  const digest = digestOf(text, "sha512");
  await registry.send("PUT", `/v2/library/hello/manifests/${digest}?tag=latest`, {
    body: text,
    headers: { "Content-Type": TYPES.index },
  });

  for (const tagOrDigest of ["latest", digest]) {
    const pulled = await registry.send("GET", `/v2/library/hello/manifests/${tagOrDigest}`);

    assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, digest]);
    assertEquals(digestOf(await pulled.text(), "sha512"), digest);
  }
});

Deno.test("PULL-MANIFEST-19: the same bytes under a digest that they were not pushed to are not found", async () => {
  await using registry = await startRegistry();
  await registry.pushManifest("library/hello", INDEX, { tag: "latest" });

  const pulled = await registry.send("GET", `/v2/library/hello/manifests/${digestOf(JSON.stringify(INDEX), "sha512")}`);

  await expectRefusal(pulled, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
});

Deno.test("PULL-MANIFEST-19: an unknown tag, an unknown digest, and the manifest of another repository are not found", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/other", { tag: "latest" });
  await registry.pushBlob("library/hello", "foo");

  for (const tagOrDigest of ["latest", "LATEST", digestOf("nothing"), digest]) {
    const pulled = await registry.send("GET", `/v2/library/hello/manifests/${tagOrDigest}`);

    const [detail] = await expectRefusal(pulled, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
    assertEquals([detail.expected, detail.actual], ["a manifest in library/hello", `none for ${tagOrDigest}`]);
  }
});

Deno.test("PULL-MANIFEST-19: a digest of an algorithm that the registry cannot compute is not found", async () => {
  await using registry = await startRegistry();
  await registry.pushManifest("library/hello", INDEX, { tag: "latest" });

  for (const digest of [`md5:${"a".repeat(32)}`, `sha384:${"a".repeat(96)}`, `blake3:${"a".repeat(64)}`, "x+y:A_=-z"]) {
    const pulled = await registry.send("GET", `/v2/library/hello/manifests/${digest}`);

    await expectRefusal(pulled, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
  }
});

Deno.test("PULL-MANIFEST-19: the digest of a blob is no manifest", async () => {
  await using registry = await startRegistry();
  const { layer, config } = await registry.pushImage("library/hello");

  for (const digest of [layer, config]) {
    const pulled = await registry.send("GET", `/v2/library/hello/manifests/${digest}`);

    await expectRefusal(pulled, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
  }
});

Deno.test("PULL-MANIFEST-11: bytes that are stored as a blob and as a manifest are served as the one that was asked for", async () => {
  await using registry = await startRegistry();
  const text = JSON.stringify(INDEX);
  const digest = await registry.pushManifest("library/hello", text, { tag: "latest" });
  await registry.pushBlob("library/hello", text);

  const manifest = await registry.send("GET", `/v2/library/hello/manifests/${digest}`);
  const blob = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);

  assertEquals([manifest.headers.get("Content-Type"), await manifest.text()], [TYPES.index, text]);
  assertEquals([blob.headers.get("Content-Type"), await blob.text()], ["application/octet-stream", text]);
});

Deno.test("API-01: a manifest that the client has already, as If-None-Match says, is answered with 304", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushManifest("library/hello", INDEX, { tag: "latest" });
  const etag = (await registry.send("GET", "/v2/library/hello/manifests/latest")).headers.get("ETag");

  // RFC 9110 section 13.1.2: the header is a list, and the comparison is weak.
  for (const condition of [`"${digest}"`, "*", `"other", "${digest}"`, `W/"${digest}"`]) {
    for (const tagOrDigest of ["latest", digest]) {
      const pulled = await registry.send("GET", `/v2/library/hello/manifests/${tagOrDigest}`, {
        headers: { "If-None-Match": condition },
      });

      assertEquals([pulled.status, await pulled.text()], [304, ""]);
      assertEquals([pulled.headers.get("ETag"), etag], [`"${digest}"`, `"${digest}"`]);
    }
  }
});

Deno.test("API-01: a manifest that the client does not have yet is sent, whatever else the client has", async () => {
  await using registry = await startRegistry();
  const before = await registry.pushManifest("library/hello", INDEX, { tag: "latest" });
  const after = await registry.pushManifest("library/hello", { ...INDEX, annotations: { v: "2" } }, { tag: "latest" });

  // The last one is the digest without the quotes that an entity tag has.
  for (const condition of [`"${before}"`, `"${before}", W/"other"`, after]) {
    const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest", {
      headers: { "If-None-Match": condition },
    });

    assertEquals([pulled.status, pulled.headers.get("ETag")], [200, `"${after}"`]);
  }
});

Deno.test("API-01: a manifest other than the one that If-Match names is not sent", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushManifest("library/hello", INDEX, { tag: "latest" });

  const same = await registry.send("GET", "/v2/library/hello/manifests/latest", {
    headers: { "If-Match": `"${digest}"` },
  });
  const other = await registry.send("GET", "/v2/library/hello/manifests/latest", {
    headers: { "If-Match": `"${digestOf("other")}"` },
  });

  assertEquals([same.status, await same.json()], [200, INDEX]);
  await expectRefusal(other, { status: 412, code: "DENIED", rule: "PUSH-SUBJECT-13" });
});

Deno.test("the story of a pull: which endpoint it was, and that nothing has changed on disk", async () => {
  await using registry = await startRegistry();
  await registry.pushManifest("library/hello", INDEX, { tag: "latest" });

  await registry.send("GET", "/v2/library/hello/manifests/latest");

  const { method, url, status, endpoint, changes, refusal } = registry.stories.at(-1)!;
  assertEquals([method, url, status], ["GET", "/v2/library/hello/manifests/latest", 200]);
  assertEquals([endpoint?.id, endpoint?.heading, changes, refusal], ["end-3", "PULL-MANIFEST", [], undefined]);
});

Deno.test("PULL-MANIFEST-12 PULL-HEAD-01: if a tag is moved while it is pulled, and its old manifest is deleted, the client gets the new manifest", async () => {
  for (const method of ["GET", "HEAD"]) {
    await using registry = await startRegistry();
    const before = await registry.pushManifest("library/hello", INDEX, { tag: "latest" });
    const after = await registry.pushManifest("library/hello", { ...INDEX, annotations: { v: "2" } });
    const folder = `${registry.root}/library/hello`;
    // What another process does between the look at the tag and the look at the manifest.
    const disk = new Proxy(localDisk(registry.root), {
      get(target, name) {
        if (name === "readTogether") {
          return (...args: Parameters<Disk["readTogether"]>) => {
            if (args[0].endsWith(before)) {
              Deno.writeTextFileSync(`${folder}/_tags/new`, after);
              Deno.renameSync(`${folder}/_tags/new`, `${folder}/_tags/latest`);
              Deno.removeSync(`${folder}/${before}`, { recursive: true });
            }
            return target.readTogether(...args);
          };
        }
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });

    const other = createRegistry({ disk });
    const pulled = await other(new Request("http://localhost/v2/library/hello/manifests/latest", { method }));

    assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, after], await pulled.text());
  }
});

Deno.test("PULL-MANIFEST-19: a tag whose manifest is gone is unknown", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushManifest("library/hello", INDEX, { tag: "latest" });
  await registry.pushImage("library/hello");
  Deno.removeSync(`${registry.root}/library/hello/${digest}`, { recursive: true });

  const pulled = await registry.send("GET", "/v2/library/hello/manifests/latest");

  await expectRefusal(pulled, { status: 404, code: "MANIFEST_UNKNOWN", rule: "PULL-MANIFEST-19" });
});
