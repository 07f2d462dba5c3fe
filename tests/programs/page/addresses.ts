/**
 * Every address: it answers, is whole without JavaScript, keeps nobody out, and fits every screen.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Tab } from "./browser.ts";
import { openTab, type World } from "./world.ts";

/** An address of the page, and what it answers. */
export interface Address {
  /** A short name of what it shows, for the names of pictures. */
  readonly name: string;
  /** The address. */
  readonly address: string;
  /** The status of the answer. */
  readonly status: number;
  /** A text that must be there. */
  readonly text: string;
}

/** Returns an address of every kind. */
export async function addressesOf({ glassbox, origin, bench: { images } }: World): Promise<Address[]> {
  const told = await (await fetch(`${origin}/live`, { headers: { Accept: "application/json" } })).json();
  const story = told.stories.find(({ method, url }: { method: string; url: string }) =>
    method === "PUT" && url === "/v2/library/hello/manifests/latest"
  );
  const there = (name: string, address: string, text: string): Address => ({ name, address, text, status: 200 });
  const missing = (name: string, address: string): Address => ({
    name,
    address,
    text: address.slice(address.lastIndexOf("/") + 1),
    status: 404,
  });
  const at = (name: string, path: string, text: string) => there(name, `/at/${path}`, text);
  const file = (name: string, digest: string) => glassbox.fileOf(name, digest)!.slice(glassbox.root.length + 1);
  const tag = (name: string, tag: string) => file(name, glassbox.tagged(name, tag)!);
  const tools = JSON.parse(Deno.readTextFileSync(`${glassbox.root}/${tag("library/tools", "v1")}`));
  const layer = (number: number) => file("library/tools", tools.layers[number].digest);
  return [
    there("home", "/", "push of library/hello:latest by skopeo"),
    there("home-filter", "/?status=404&repository=library/zstd", "library/zstd"),
    there("home-then", `/?at=${story.id}`, "The folder then"),
    there("story", `/story/${story.id}`, "curl"),
    there("graph", "/graph/", "library/hello"),
    there("graph-repository", "/graph/library/hello", "latest"),
    there("graph-tag", "/graph/library/both/_tags/v1", "linux/"),
    at("repositories", "", "library/hello"),
    at("folder", "library", "library/hello"),
    at("repository", "library/hello", "latest"),
    at("tags", "library/hello/_tags", "latest"),
    at("tag", "library/hello/_tags/latest", images.architecture),
    at("image", tag("library/tools", "v1"), "Tools"),
    at("index", tag("library/both", "v1"), "linux/"),
    at("note", tag("library/hello", "note"), "application/vnd.example.note"),
    at("referrers", `library/hello/_referrers/${images.gzip.digest}`, "Artifact"),
    at("config", file("library/tools", tools.config.digest), "COPY base /"),
    at("layer", layer(0), "usr"),
    at("layer-zstd", file("library/zstd", images.zstd.contents[3]), "bin"),
    at("whiteouts", layer(2), "etc"),
    at("in-layer-folder", `${layer(0)}!/usr/share`, "doc"),
    at("in-layer-text", `${layer(0)}!/etc/motd`, "You can see through this."),
    at("in-layer-program", `${layer(0)}!/usr/tool`, "ELF"),
    at("in-layer-bytes", `${layer(0)}!/usr/tool?hex=0`, "7f 45 4c 46"),
    at("in-layer-link", `${layer(0)}!/usr/soft`, "tool"),
    at("stacked", `${tag("library/tools", "v1")}!/etc`, "motd"),
    at("attestations", "samples/attestations/_tags/latest", "BuildKit attestation"),
    at("subject", "samples/referrers/_tags/latest", "SPDX"),
    at("helm", "samples/helm-chart/_tags/0.1.0", "Helm chart"),
    at("wasm", "samples/wasm/_tags/latest", "Wasm"),
    there("graph-referrers", "/graph/samples/referrers", "refers to it"),
    there("diff", "/diff?a=library/hello:v1&b=library/tools:v1", "motd"),
    there("diff-choice", "/diff?a=library/hello:v1&b=", "library/hello:latest"),
    there("diff-same", "/diff?a=library/hello:v1&b=library/hello:latest", "library/hello"),
    there("rules", "/rule/", "PUSH-CHUNK-10"),
    there("rule", "/rule/PUSH-CHUNK-10", "PUSH-CHUNK-10"),
    there("sources", "/source/", "pushing_blobs.ts"),
    there("source", "/source/src/push/pushing_a_blob_in_chunks.ts", "pushing_a_blob_in_chunks"),
    missing("missing-tag", "/at/library/hello/_tags/lates"),
    missing("missing-repository", "/at/library/helo"),
    missing("missing-in-layer", `/at/${layer(0)}!/etc/mot`),
    missing("missing-graph", "/graph/library/helo"),
    missing("missing-story", "/story/0.0"),
    missing("missing-rule", "/rule/PUSH-CHUNK"),
    missing("missing-source", "/source/src/push/nothing.ts"),
  ];
}

// A telephone, which is what a wide screen is at 400 %, and an old projector.
const NARROW = { width: 320, height: 640 };
const PROJECTOR = { width: 1024, height: 768 };
const WIDE = { width: 1280, height: 900 };

// The rules of axe whose answer is another one in the dark, and those for which it is another one on a narrow screen.
const RULES_OF_COLOURS = ["color-contrast", "link-in-text-block"];
const RULES_OF_PLACES = ["target-size", "scrollable-region-focusable", "color-contrast"];

/** Checks every address. */
export async function checkAddresses(world: World): Promise<void> {
  const check = world.checks.of("address");
  await using tab = await openTab(world);
  await using plain = await openTab(world, { javaScriptEnabled: false });
  for (const address of await addressesOf(world)) {
    await check(`${address.name}: whole without JavaScript, without barriers, on any screen`, async () => {
      await checkAddress(address, tab, plain);
    });
  }
}

/** Checks one address, in a tab with JavaScript and in one without. */
export async function checkAddress(address: Address, tab: Tab, plain: Tab): Promise<void> {
  const [status, statusOfPlain] = [await tab.open(address.address), await plain.open(address.address)];
  assertEquals([status, statusOfPlain], [address.status, address.status]);
  await tab.settle();
  assertEquals(await missingTexts(plain, tab), [], "texts that only the page without JavaScript has");
  const text = await plain.page.locator("main").innerText();
  assert(text.includes(address.text), `"${address.text}" is not in\n${text.slice(0, 2000)}`);
  await expectStructure(tab);
  assertEquals(await tab.violations(), [], "light");
  await tab.page.emulateMedia({ colorScheme: "dark" });
  assertEquals(await tab.violations(...RULES_OF_COLOURS), [], "dark");
  await tab.page.emulateMedia({ colorScheme: "light" });
  for (const size of [PROJECTOR, NARROW, WIDE]) {
    await tab.page.setViewportSize(size);
    assertEquals(await tooWide(tab), [], `at ${size.width} x ${size.height}`);
    if (size === NARROW) assertEquals(await tab.violations(...RULES_OF_PLACES), [], "on a narrow screen");
  }
  assertEquals([...tab.complaints.splice(0), ...plain.complaints.splice(0)], []);
}

// What JavaScript adds, such as buttons, may be there besides. A graph is drawn in the place of its list; graph.ts compares the two.
async function missingTexts(plain: Tab, tab: Tab): Promise<string[]> {
  const [expected, actual] = await Promise.all([plain, tab].map(({ page }) =>
    page.evaluate<string[]>(`(() => {
      const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
      const texts = [];
      while (walker.nextNode()) {
        const { data, parentElement } = walker.currentNode;
        if (data.trim() !== "" && !parentElement.closest("[data-island]")) texts.push(data.trim());
      }
      return texts;
    })()`)
  ));
  const texts = new Set(actual);
  return expected.filter((text) => !texts.has(text));
}

async function expectStructure({ page }: Tab): Promise<void> {
  const { lang, title, h1, main, levels } = await page.evaluate<Record<string, unknown> & { levels: number[] }>(`({
    lang: document.documentElement.lang,
    title: document.title,
    h1: document.querySelectorAll("h1").length,
    main: document.querySelectorAll("main").length,
    levels: Array.from(document.querySelectorAll("h1, h2, h3, h4"), ({ localName }) => Number(localName[1])),
  })`);
  assertEquals([lang, h1, main], ["en", 1, 1]);
  assert(/^.+ - Glassbox$/.test(String(title)), `the title is ${title}`);
  const jumps = levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1);
  assertEquals(jumps, [], `headings leave out a level: ${levels}`);
}

// Elements that make the document wider than the screen. A box that scrolls by itself may.
async function tooWide({ page }: Tab): Promise<string[]> {
  return await page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll("body *")].filter((it) => it.getBoundingClientRect().right > clientWidth + 1);
    const innermost = wide.filter((it) => !wide.some((other) => other !== it && it.contains(other)));
    return innermost.slice(0, 5).map((it) => it.outerHTML.slice(0, 200));
  })()`);
}
