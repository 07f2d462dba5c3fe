/**
 * The panel *look*: what is at a path, as facts and as HTML, for images with all that a layer can have.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { formatBytes } from "../../src/definitions/size.ts";
import type { BlobFacts, FileFacts, ManifestFacts, RepositoryFacts, TagFacts } from "../../src/looking/facts.ts";
import type { LookedFacts } from "../../src/page/looked.ts";
import { escape, visible } from "../../src/page/markup.ts";
import { fileOf, tarOf } from "../archive/tar_maker.ts";
import { digestOf, TYPES } from "../fixture.ts";
import { HOSTILE, packed, pushBlob, pushImage, pushImages, type Send, TARS } from "./images.ts";
import { registryWithPage } from "./registry_with_page.ts";

/** A registry with two images, and what its page shows. */
async function world(options: Parameters<typeof registryWithPage>[0] = {}) {
  const { send, disk } = registryWithPage(options);
  const images = await pushImages(send as Send);
  return { ...viewsOf(send as Send), send, disk, images };
}

function viewsOf(send: Send) {
  return {
    facts: async (path: string): Promise<LookedFacts> => {
      const answer = await send("GET", path, { headers: { Accept: "application/json" } });
      return await answer.json();
    },
    html: async (path: string): Promise<string> => {
      const answer = await send("GET", path, { headers: { Accept: "text/html" } });
      return await answer.text();
    },
  };
}

/** Checks that HTML has texts, as a page writes them. */
function assertShows(html: string, ...texts: readonly (string | number)[]): void {
  for (const text of texts) assert(html.includes(escape(visible(String(text)))), `${text} is not in ${html}`);
}

Deno.test("a folder, a repository and its tags show what they have, and commands that work", async () => {
  const { facts, html } = await world();
  const folder = await facts("/at/");
  assertEquals(folder.look?.kind === "folder" && folder.look.repositories.rows.map(({ address }) => address), [
    "library/hello",
  ]);
  assertShows(await html("/at/"), "library/hello", "http://localhost:5080/v2/_catalog");
  const repository = (await facts("/at/library/hello")).look as RepositoryFacts;
  assertEquals(repository.tags.rows.map(({ text }) => text), ["v1", "v2"]);
  assertEquals(repository.contents.total, 12);
  const shown = await html("/at/library/hello");
  for (const { digest, address } of repository.contents.rows) {
    assertShows(shown, digest, `/at/${address}`);
  }
  assertShows(await html("/at/library/hello/_tags"), "v1", "v2");
});

Deno.test("an image shows the size of its manifest, and apart from that the size of all that it lists", async () => {
  const { facts, html } = await world();
  const { target } = (await facts("/at/library/hello/_tags/v1")).look as TagFacts;
  const { size, config, layers } = target as ManifestFacts;
  const listed = layers.reduce((sum, layer) => sum + layer.size, config!.size);
  const text = (await html("/at/library/hello/_tags/v1")).replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
  assert(text.includes(` Size ${formatBytes(size)} for the manifest, ${formatBytes(listed)} for what it lists `), text);
});

Deno.test("a tag shows its manifest: each field with a sentence and a place of its own, digests as links, and what refers to it", async () => {
  const { facts, html, images } = await world();
  const { look, commands } = await facts("/at/library/hello/_tags/v1");
  const target = (look as TagFacts).target as ManifestFacts;
  assertEquals([target.digest, target.layers.length], [images.v1.digest, 2]);
  const shown = await html("/at/library/hello/_tags/v1");
  for (const { pointer, what } of target.json.fields.slice(1)) {
    assert(shown.includes(`id="${escape(pointer)}"`), pointer);
    assertShows(shown, what ?? "");
  }
  assertShows(shown, `/at/library/hello/${images.base}/layer.tar.gz`, images.sbom, "COPY app /srv/app");
  assert(
    shown.indexOf(images.sbom.slice(0, 19)) < shown.indexOf(images.signature.slice(0, 19)),
    "the signature of the SBOM is below it",
  );
  assert(commands.some(({ command }) => command === "docker pull localhost:5080/library/hello:v1"));
});

Deno.test("docker pull is shown for images only", async () => {
  const { facts, images } = await world();
  const { commands } = await facts(`/at/library/hello/${images.sbom}/manifest.json`);
  assertEquals(commands.filter(({ command }) => command.startsWith("docker pull")), []);
  assert(
    commands.some(({ command }) => command.startsWith("oras pull --plain-http localhost:5080/library/hello@sha256:")),
  );
});

Deno.test("a JSON pointer leads to a part of a manifest, and to what it points to", async () => {
  const { facts, html, images } = await world();
  const path = `/at/library/hello/${images.v1.digest}/manifest.json%23/layers/0`;
  assertEquals((await facts(path)).look?.kind, "field");
  assertShows(await html(path), images.base, TYPES.layer, `/at/library/hello/${images.base}/layer.tar.gz`);
});

Deno.test("a layer shows its files as a tree, with sizes, modes, owners, links and whiteouts", async () => {
  const { facts, html, images } = await world();
  const path = `/at/library/hello/${images.v1.layers[1]}/layer.tar.gz`;
  const { look, tree } = await facts(path);
  assertEquals((look as BlobFacts).layer?.entries, 5);
  assertEquals(tree!.rows.map(({ text, level, mode, owner, below }) => [text, level, mode, owner, below]), [
    ["etc", 1, "rwxr-xr-x", "0:0", 1],
    ["motd", 2, "rw-r--r--", "0:0", 0],
    ["srv", 1, undefined, undefined, 1],
    ["app", 2, "rwxr-xr-x", "ana:users", 0],
    ["var", 1, "rwxr-xr-x", "0:0", 1],
    [".wh.cache", 2, "rw-r--r--", "0:0", 0],
  ]);
  const shown = await html(path);
  assertShows(shown, "drwxr-xr-x", "removes /var/cache of the layers below", "ana:users", `${path}!/etc/motd`);
});

Deno.test("layers stacked are what a container sees, with what each layer wastes", async () => {
  const { facts, html } = await world();
  const { tree, waste, look } = await facts("/at/library/hello:v1!/");
  assertEquals((look as FileFacts).isStacked, true);
  const paths = tree!.rows.map(({ text, layer }) => `${text} ${layer}`);
  assert(
    paths.includes("app 1") && paths.includes("hello 0") && !paths.some((path) => path.startsWith("big")),
    paths.join(),
  );
  assertEquals(waste!.files.map(({ path, bytes, layer, by, how }) => [path, bytes, layer, by, how]), [
    ["var/cache/big", 100_000, 0, 1, "removed"],
    ["etc/motd", 35, 0, 1, "replaced"],
  ]);
  assertShows(await html("/at/library/hello:v1!/"), "layer 0 has it, layer 1 removes it", "97.7 KiB");
  const motd = (await facts("/at/library/hello:v1!/etc/motd")).look as FileFacts;
  assertEquals([motd.content?.text, motd.layers?.length], ["Welcome to hello.\nHave a nice day.\n", 2]);
});

Deno.test("a file shows what it is: text, an image, a program; and what could run is shown as text only", async () => {
  const { facts, html, images } = await world();
  const inside = `/at/library/hello/${images.base}/layer.tar.gz!/`;
  assertShows(await html(`${inside}etc/motd`), "Have a good day.", "rw-r--r--");
  assert((await html(`${inside}usr/share/dot.png`)).includes('<img src="data:image/png;base64,iVBOR'));
  const svg = await html(`${inside}usr/share/drawing.svg`);
  assert(!svg.includes("<img") && svg.includes("&lt;script&gt;"));
  const program = await facts(`${inside}bin/hello`);
  assertEquals((program.look as FileFacts).content?.is.kind, "ELF");
  assertShows(await html(`${inside}bin/hello`), "64 bits", "little endian", "7f 45 4c 46");
  assertShows(await html(`${inside}bin/hi`), "Leads to", `${inside}bin/hello`);
});

Deno.test("any offset of a file or a blob has its bytes in hexadecimal digits", async () => {
  const { facts, html, images } = await world();
  const blob = `/at/library/hello/${images.base}/layer.tar.gz`;
  const bytes = images.v1.blobs[0];
  const { hex } = await facts(`${blob}?hex=0x10`);
  assertEquals(hex, { start: 16, bytes: bytes.subarray(16, 16 + 4096).toBase64(), size: bytes.length });
  const file = await facts(`${blob}!/var/cache/big?hex=99990`);
  assertEquals(file.hex, { start: 99990, bytes: new Uint8Array(10).toBase64(), size: 100_000 });
  assertShows(await html(`${blob}!/var/cache/big?hex=99990`), "Bytes 99990 to 99999 of 100000.", "00018696  00 00");
  assertEquals((await facts(`${blob}?hex=999999999`)).hex?.bytes, "");
});

Deno.test("names, annotations and contents of strangers are text, and what is not drawn has an escape", async () => {
  const { html, images } = await world();
  const pages = [
    "/at/library/hello/_tags/v1",
    `/at/library/hello/${images.base}/layer.tar.gz`,
    `/at/library/hello/${images.base}/layer.tar.gz!/usr/share/page.html`,
    `/at/library/hello/${images.base}/layer.tar.gz!/usr/share/ansi.txt`,
    "/at/library/hello:v1!/",
    `/at/${encodeURIComponent(HOSTILE.html)}`,
  ];
  for (const page of pages) {
    const text = await html(page);
    assert(!text.includes("<img src=x") && !text.includes("<script>"), page);
    // deno-lint-ignore no-control-regex
    assert(!/[\x1b\u202e]|href="javascript:/.test(text), page);
  }
  assertShows(await html(pages[0]), HOSTILE.html, String.raw`\u{1b}[2Jclean`, "javascript:alert(1)");
  assertShows(await html(pages[1]), String.raw`v1\u{202e}gpj.exe`);
});

Deno.test("a line of a megabyte is shown in its first part, and the page says so", async () => {
  const { send } = registryWithPage();
  const { facts, html } = viewsOf(send as Send);
  const tar = tarOf(fileOf("line", "x".repeat(3_000_000)));
  const { layers } = await pushImage(send as Send, "app", [{ tar, command: "ADD line" }], { tag: "v1" });
  const path = `/at/app/${layers[0]}/layer.tar.gz!/line`;
  const { look } = await facts(path);
  assertEquals([(look as FileFacts).content?.isWhole, (look as FileFacts).content?.text?.length], [false, 1024 * 1024]);
  assertShows(await html(path), "Only the first 1.0 MiB are shown.");
});

Deno.test("a large layer comes in pages, each row with its place, and links lead to all of them", async () => {
  const { send } = registryWithPage();
  const { facts, html } = viewsOf(send as Send);
  const files = Array.from({ length: 1000 }, (_, at) => fileOf(`d${at % 10}/f${String(at).padStart(4, "0")}`, "x"));
  const { layers } = await pushImage(send as Send, "app", [{ tar: tarOf(...files), command: "ADD files" }], {
    tag: "v1",
  });
  const path = `/at/app/${layers[0]}/layer.tar.gz`;
  const seen: string[] = [];
  for (let from = 0; from < 1010;) {
    const { tree, look } = await facts(`${path}?from=${from}&only=tree`);
    assertEquals([look, tree!.total, tree!.from], [undefined, 1010, from]);
    for (const { text, index, position, siblings, parent, level } of tree!.rows) {
      assertEquals(index, seen.length);
      assertEquals([siblings, parent >= 0], level === 1 ? [10, false] : [100, true]);
      assertEquals(position, level === 1 ? Number(text.slice(1)) + 1 : Math.floor(Number(text.slice(1)) / 10) + 1);
      seen.push(text);
    }
    from += tree!.rows.length;
  }
  assertEquals([seen.length, seen[0], seen.at(-1)], [1010, "d0", "f0999"]);
  const shown = await html(`${path}?from=400`);
  assertShows(shown, "Rows 401 to 600 of 1010.", `${path}?from=200`, `${path}?from=600`, `${path}?from=1000`);
});

Deno.test("what is broken is shown broken, with the place, and never as a failure of the registry", async () => {
  const { send, disk } = registryWithPage();
  const { facts, html } = viewsOf(send as Send);
  const whole = packed(tarOf(fileOf("a", "x".repeat(100_000)), fileOf("b", "y")));
  const broken = whole.slice(0, whole.length - 30);
  const { layers, digest } = await pushImage(send as Send, "app", [{ tar: tarOf(fileOf("a")), command: "ADD a" }], {
    tag: "v1",
  });
  await disk.put(`app/${layers[0]}`, { "layer.tar.gz": broken });
  const layer = await facts(`/at/app/${layers[0]}/layer.tar.gz`);
  assert((layer.look as BlobFacts).layer!.problems.count > 0 && layer.look!.faults.length > 0);
  assertShows(await html(`/at/app/${layers[0]}/layer.tar.gz`), layer.look!.faults[0].text);
  await disk.put(`app/${digest}`, { "manifest.json": new TextEncoder().encode('{"schemaVersion": 2,\n oops}') });
  const manifest = await facts("/at/app/_tags/v1");
  const target = (manifest.look as TagFacts).target as ManifestFacts;
  assertEquals(target.json.broken?.line, 2);
  assertShows(await html("/at/app/_tags/v1"), "This is no JSON.", target.json.broken!.text);
  await disk.put("app/_tags", { v2: new TextEncoder().encode("nothing") });
  assertShows(await html("/at/app/_tags/v2"), "It is not the text of a digest.");
});

Deno.test("what is not there answers 404, and names what is nearby", async () => {
  const { facts, html, send, images } = await world();
  const layer = `/at/library/hello/${images.base}/layer.tar.gz`;
  for (
    const [wrong, right] of [
      ["/at/library/helo", "library/hello"],
      ["/at/library/hello/_tags/v11", "library/hello/_tags/v1"],
      [`${layer}!/etc/mot`, `library/hello/${images.base}/layer.tar.gz!/etc/motd`],
      [`/at/library/hello/${images.base}/layer.tar`, `library/hello/${images.base}/layer.tar.gz`],
    ]
  ) {
    assertEquals((await send("GET", wrong)).status, 404, wrong);
    const { look } = await facts(wrong);
    assert(look?.kind === "missing" && look.near.some(({ address }) => address === right), JSON.stringify(look));
    assertShows(await html(wrong), "Did you mean", `/at/${right}`);
  }
  assertEquals((await send("GET", "/at/Library")).status, 400);
  const mistyped = await send("GET", "/library/hello", { headers: { Accept: "text/html" } });
  assertEquals(mistyped.status, 404);
  assertShows(await mistyped.text(), "/at/library/hello");
  assertEquals((await send("GET", "/library/hello")).headers.get("Content-Type"), "application/json");
});

Deno.test("a repository that the person must not see looks as if it were not there", async () => {
  const { send } = registryWithPage({ shows: (name) => !name.startsWith("secret") });
  const { facts, html } = viewsOf(send as Send);
  const tar = tarOf(fileOf("a"));
  const { layers, digest } = await pushImage(send as Send, "secret/app", [{ tar, command: "ADD a" }], { tag: "v1" });
  await pushImage(send as Send, "open/app", [{ tar, command: "ADD a" }], { tag: "v1" });
  for (
    const path of [
      "",
      "/_tags/v1",
      `/${digest}/manifest.json`,
      `/${layers[0]}/layer.tar.gz`,
      `/${layers[0]}/layer.tar.gz!/a`,
      ":v1!/",
    ]
  ) {
    const answer = await send("GET", `/at/secret/app${path}`, { headers: { Accept: "application/json" } });
    assertEquals([answer.status, (await answer.json()).look.kind], [404, "missing"], path);
    assertEquals((await send("GET", `/at/secret/app${path}?download`)).status, 404, path);
  }
  for (
    const path of [
      "/at/",
      `/at/open/app/${layers[0]}/layer.tar.gz`,
      "/at/open/app/_tags/v1",
      `/at/open/app/${digest}`,
      "/at/secret/ap",
      "/at/open/ap!/a",
      "/diff",
      "/diff?a=open/ap:v1&b=open/app:v1",
    ]
  ) {
    const { asked: _asked, ...shown } = await facts(path);
    assert(!JSON.stringify(shown).includes("secret/app"), `${path}: ${JSON.stringify(shown)}`);
  }
  // There is nothing in `secrets`.
  const [hidden, nothing] = ["secret", "secrets"].map((name) => facts(`/diff?a=${name}/app:v1&b=open/app:v1`));
  assertEquals(JSON.stringify(await nothing).replaceAll("secrets", "secret"), JSON.stringify(await hidden));
  assert(!(await html("/at/")).includes("secret"));
});

Deno.test("a blob that is no layer shows its text and who needs it", async () => {
  const { facts, html, images, send } = await world();
  const config = await facts(`/at/library/hello/${images.v1.config}/config.json`);
  const { image, neededBy } = config.look as BlobFacts;
  assertEquals([image?.entrypoint, neededBy?.length], [["/bin/hello"], 1]);
  assertShows(await html(`/at/library/hello/${images.v1.config}/config.json`), "/bin/hello", "rootfs");
  const loose = await pushBlob(send as Send, "library/hello", "nobody needs me");
  assertShows(await html(`/at/library/hello/${loose}/blob`), "nobody needs me", "no manifest of this repository");
  assertEquals(digestOf(TARS.base) !== images.base, true);
});
