/**
 * Layers: the page lists a layer as GNU tar does.
 *
 *     tar -tv     -rwxr-xr-x 0/0 1984656 2023-11-14 22:13:20 ./usr/tool
 *     the page    { kind: "file", mode: "rwxr-xr-x", owner: "0:0", size: 1984656, modified: "2023-11-14T22:13:20Z", … }
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { digestOf } from "../../fixture.ts";
import { openTab, TOOLS_LAYERS, type World } from "./world.ts";

/** A file, a folder or a link, as a line. */
type Line = string;

// A row of the page's facts.
interface Row {
  readonly address: string;
  readonly text: string;
  readonly kind: string;
  readonly size: number;
  readonly mode?: string;
  readonly owner?: string;
  readonly modified?: string;
  readonly target?: string;
  readonly whiteout?: unknown;
}

/** Compares the page with GNU tar. */
export async function checkLayers(world: World): Promise<void> {
  const check = world.checks.of("layers");
  const { bench, glassbox, origin } = world;
  const name = "library/tools";
  const manifest = JSON.parse(Deno.readTextFileSync(glassbox.fileOf(name, glassbox.tagged(name, "v1")!)!));
  const digests: string[] = manifest.layers.map(({ digest }: { digest: string }) => digest);

  for (const [at, file] of TOOLS_LAYERS.entries()) {
    await check(`layer ${at} of ${name} has the entries that GNU tar lists`, async () => {
      const expected = await linesOfTar(world, file);
      const actual = await linesBelow(origin, `${name}/${digests[at]}/layer.tar.gz`);
      assertEquals(actual.sort(), expected.sort());
      return [["entries", String(expected.length)]];
    });
  }

  await check(
    "the files of a stacked image are those of the last layer that has them, and what was removed is gone",
    async () => {
      const digest = glassbox.tagged(name, "v1")!;
      const text = async (path: string) => {
        const answer = await fetch(`${origin}/at/${name}/${digest}/manifest.json!/${path}`, {
          headers: { Accept: "application/json" },
        });
        return [answer.status, (await answer.json()).look?.content?.text];
      };
      assertEquals(await text("etc/motd"), [200, "You can see through this, too.\n"]);
      assertEquals((await text("etc/passwd"))[0], 404);
      assertEquals((await text("var/cache/list"))[0], 404);
    },
  );

  await check("a download of a file is the file", async () => {
    await using tab = await openTab(world);
    await tab.open(`/at/${name}/${digests[0]}/layer.tar.gz!/usr/tool`);
    const href = await tab.page.getByRole("link", { name: "Download" }).getAttribute("href");
    const answer = await fetch(origin + href);
    assertEquals(digestOf(await answer.bytes()), digestOf(bench.images.busybox));
    assertEquals(tab.complaints, []);
  });

  await check("the page computes the digest of a blob, and another one after a byte has changed", async () => {
    await using tab = await openTab(world);
    await tab.open(`/at/${name}/${manifest.config.digest}/config.json`);
    const section = tab.page.locator("[data-island=hash]");
    await section.getByRole("button", { name: "Compute it here" }).click();
    await section.getByRole("button", { name: "Change it" }).click();
    await tab.until(`document.querySelector("[data-island=hash]").innerText.includes("digits are others")`);
    const text = await section.innerText();
    const [whole, changed] = text.match(/sha256:[0-9a-f]{64}/g)!;
    assertEquals(whole, manifest.config.digest);
    const bytes = new Uint8Array(await Deno.readFile(`${glassbox.root}/${name}/${whole}/config.json`));
    bytes[0] ^= 1;
    assertEquals(changed, digestOf(bytes));
    assertEquals(tab.complaints, []);
  });
}

// What GNU tar prints about each entry; paths without the "./" in front.
async function linesOfTar({ bench }: World, file: string): Promise<Line[]> {
  const flags = ["--utc", "--numeric-owner", "--full-time", "--quoting-style=literal", "-tvf", file];
  const { stdout } = await bench.runWith({ env: { LC_ALL: "C.UTF-8" } }, "tar", ...flags);
  return stdout.trimEnd().split("\n").flatMap((line) => {
    const [, type, mode, owner, size, date, time, rest] = /^(.)(\S{9}) (\S+)\s+(\S+) (\S+) (\S+) (.*)$/s.exec(line) ??
      [];
    assert(type !== undefined, `a line of tar: ${line}`);
    const [path, target] = rest.split(/ -> | link to /);
    const clean = cleanPath(path);
    if (clean === "") return [];
    const bytes = type === "-" ? size : "-";
    return [[clean, KINDS[type], mode, owner.replace("/", ":"), bytes, `${date} ${time}`, target ?? ""].join("  ")];
  });
}

const KINDS: Readonly<Record<string, string>> = {
  "-": "file",
  d: "folder",
  l: "symbolic link",
  h: "hard link",
  c: "character device",
  b: "block device",
  p: "pipe",
};

function cleanPath(path: string): string {
  return path.replace(/^\.?\//, "").replace(/\/$/, "").replace(/^\.$/, "");
}

// Reads the tree of a layer, part after part, as a person does who scrolls.
async function linesBelow(origin: string, layer: string): Promise<Line[]> {
  const address = `${origin}/at/${layer}`;
  const rows: Row[] = [];
  for (let total = Infinity; rows.length < total;) {
    const answer = await fetch(`${address}?from=${rows.length}&only=tree`, { headers: { Accept: "application/json" } });
    const { tree } = await answer.json();
    assert(tree.rows.length > 0, `${address} has ${tree.total} rows, and ends after ${rows.length}`);
    rows.push(...tree.rows);
    total = tree.total;
  }
  // GNU tar does not know folders that only paths imply.
  return rows.filter(({ mode }) => mode !== undefined).map((row) => {
    const path = row.address.slice(row.address.indexOf("!/") + 2);
    const bytes = row.kind === "file" ? row.size : "-";
    const modified = (row.modified ?? "").replace("T", " ").replace(/(?:\.0+)?Z$/, "");
    return [path, row.kind, row.mode, row.owner, bytes, modified, row.target ?? ""].join("  ");
  });
}
