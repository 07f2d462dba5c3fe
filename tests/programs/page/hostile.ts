/**
 * Hostile content: what a client sends is text. It never becomes an element, never runs, and never hides.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { tarOf } from "../../filling/archive.ts";
import type { Tab } from "./browser.ts";
import { Pusher } from "./pushing.ts";
import { openTab, type World } from "./world.ts";

// HTML that would run, an escape that would colour a terminal, and a character that turns the text behind it.
const HTML = `<img src=x onerror="globalThis.isTaken=true"><script>globalThis.isTaken=true</script>`;
const HOSTILE = `"'>${HTML}\u001b[31mred\u202Egnp.exe\u0007`;

// In a header only these characters can arrive. As bytes: the one that turns the text.
const HOSTILE_AGENT = `hostile/1 "'>${HTML}\xe2\x80\xae`;

const NAME = "hostile/content";

// The oldest format has 100 bytes for a name, so what is longer than a byte stands behind them.
const NAME_OF_FILE = HTML.padEnd(100, "x") + HOSTILE;

// The characters that a page must not contain: controls, and what turns or hides text.
const HIDDEN = /(?![\n\r\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Pushes it, and checks each address that shows some of it. */
export async function checkHostile(world: World): Promise<void> {
  const { checks, origin } = world;
  const check = checks.of("hostile");
  const pusher = new Pusher(origin, { agent: HOSTILE_AGENT });
  const layer = tarOf([
    { name: "page.html", content: `<!DOCTYPE html><title>t</title>${HTML}` },
    {
      name: "picture.svg",
      content: `<svg xmlns="http://www.w3.org/2000/svg" onload="globalThis.isTaken=true"><script>1</script></svg>`,
    },
    { name: "text", content: `${HOSTILE}\n` },
    { name: NAME_OF_FILE, content: "a name" },
    { name: "../../outside", content: "a way out" },
    { name: "link", type: "2", link: "javascript:globalThis.isTaken=true//<b>" },
  ]);
  const { digest, layers } = await pusher.image(NAME, {
    layers: [layer],
    tags: ["v1"],
    config: { author: HOSTILE, config: { Labels: { [HOSTILE]: HOSTILE } }, history: [{ created_by: HOSTILE }] },
    fields: {
      annotations: {
        [HOSTILE]: HOSTILE,
        "org.opencontainers.image.source": "javascript:globalThis.isTaken=true",
        "org.opencontainers.image.url": 'https://example.com/" onclick="globalThis.isTaken=true',
      },
      artifactType: "application/vnd.example+json",
    },
  });
  await pusher.ask("GET", `/v2/${NAME}/manifests/${encodeURIComponent(HOSTILE)}`);
  await pusher.ask("GET", `/v2/${NAME}/tags/list?n=${encodeURIComponent(HOSTILE)}`);

  const layerFile = `/at/${NAME}/${layers[0]}/layer.tar.gz`;
  const text = encodeURIComponent(HOSTILE);
  const addresses: readonly (readonly [name: string, address: string])[] = [
    ["the feed", "/"],
    ["the repository", `/at/${NAME}`],
    ["the tag", `/at/${NAME}/_tags/v1`],
    ["the manifest", `/at/${NAME}/${digest}/manifest.json`],
    ["the layer", layerFile],
    ...["page.html", "picture.svg", "text", "link"].map((file) =>
      [`the file ${file}`, `${layerFile}!/${file}`] as const
    ),
    ["a file with a hostile name", `${layerFile}!/${encodeURIComponent(NAME_OF_FILE)}`],
    ["a hostile path", `/at/${text}`],
    ["a hostile comparison", `/diff?a=${text}&b=${NAME}/_tags/v1`],
    ["a hostile story", `/story/${text}`],
    ["a hostile rule", `/rule/${text}`],
    ["a hostile filter", `/rule/?filter=${text}`],
    ["a hostile source", `/source/${text}`],
  ];
  await using tab = await openTab(world);
  await using plain = await openTab(world, { javaScriptEnabled: false });
  for (const [name, address] of addresses) {
    await check(`${name}: what a client has sent stays text`, async () => {
      for (const each of [tab, plain]) {
        const status = await each.open(address);
        assert([200, 400, 404].includes(status), `status ${status}`);
        await expectHarmless(each);
      }
    });
  }

  await check("the hostile texts are on the page, each as what it is", async () => {
    for (const [address, text] of [["/", `<img src=x`], [`/at/${NAME}/_tags/v1`, "<script>"]]) {
      await tab.open(address);
      assert((await tab.page.locator("main").innerText()).includes(text), `${text} is not at ${address}`);
    }
  });

  await check("the policy stops a script and HTML that the page itself would make of a text", async () => {
    await using own = await openTab(world);
    await own.open("/");
    const thrown = await own.page.evaluate<string>(`(() => {
      try { document.body.innerHTML = "<b>bold</b>"; } catch (error) { return error.name; }
    })()`);
    assertEquals(thrown, "TypeError");
    await own.settle();
    assertMatch(own.complaints.join("\n"), /the policy has stopped require-trusted-types-for/);
  });
}

async function expectHarmless(tab: Tab): Promise<void> {
  const html = await tab.page.content();
  assertEquals(HIDDEN.exec(html)?.[0].codePointAt(0)?.toString(16), undefined, "a character that is not drawn");
  const { scripts, foreign, isTaken } = await tab.page.evaluate<
    { scripts: number; foreign: string[]; isTaken: boolean }
  >(`({
    scripts: document.scripts.length,
    foreign: [...document.querySelectorAll("*")].filter((it) =>
      it.matches("img[src=x], iframe, object, embed, base, form[action]:not([action='/'], [action^='/graph/']), [onerror], [onload], [onclick], [style], [href^=javascript]")
    ).map((it) => it.outerHTML.slice(0, 200)),
    isTaken: globalThis.isTaken === true,
  })`);
  assertEquals({ scripts, foreign, isTaken }, { scripts: 1, foreign: [], isTaken: false });
  assertEquals(tab.complaints.splice(0), []);
}
