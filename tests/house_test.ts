/** The shape of the house: what a convention says and a machine can check. */

import { assert, assertEquals } from "@std/assert";
import { ENDPOINTS } from "../src/api/endpoints.ts";
import { ERROR_CODES } from "../src/api/error_codes.ts";
import { HEADINGS } from "../src/definitions/headings.ts";

const project = new URL("..", import.meta.url).pathname;

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(project + folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
  ).sort();
}

function read(path: string): string {
  return Deno.readTextFileSync(project + path);
}

const SOURCES = [
  ...filesBelow("src").filter((path) => path.endsWith(".ts") && !path.startsWith("src/std/")),
  "main.ts",
  "start.ts",
];
const TESTS = filesBelow("tests").filter((path) => path.endsWith(".ts"));
const RULES = read("tests/requirements.tsv").trimEnd().split("\n").slice(1).map((line) => line.split("\t"));

/** The project's own files that a file imports, types included. */
function importsOf(path: string): string[] {
  const specifiers = read(path).matchAll(/^(?:import|export) [^;]*?from "(\.[^"]+)";/gms);
  return [...specifiers].map(([, specifier]) => new URL(specifier, `file:///${path}`).pathname.slice(1));
}

// From the bottom to the top. A file may import what stands below it, and its neighbours on its own floor.
const FLOORS: readonly (readonly string[])[] = [
  ["src/definitions/"],
  ["src/store/"],
  ["src/access/", "src/api/", "src/placeholders.ts", "src/routing.ts"],
  ["src/backwards_compatibility/"],
  ["src/upgrade_procedures/"],
  ["src/pull/", "src/push/", "src/content_discovery/", "src/content_management/", "src/extensions/"],
  ["src/api/endpoints.ts", "src/story.ts"],
  ["src/registry.ts", "src/command_line.ts"],
  ["src/housekeeping/"],
  ["main.ts", "start.ts"],
];

const CHAPTERS = FLOORS[5];

function floorOf(path: string): number {
  const exact = FLOORS.findIndex((floor) => floor.includes(path));
  if (exact >= 0) return exact;
  return FLOORS.findIndex((floor) => floor.some((folder) => folder.endsWith("/") && path.startsWith(folder)));
}

Deno.test("every source stands on a floor of the house, and imports only what is on it or below", () => {
  for (const path of SOURCES) {
    assert(floorOf(path) >= 0, `${path} stands on no floor`);
    for (const imported of importsOf(path)) {
      if (imported.endsWith(".json")) continue;
      assert(floorOf(imported) <= floorOf(path), `${path} imports ${imported}, which stands above it`);
    }
  }
});

Deno.test("a section of one chapter does not import a section of another", () => {
  for (const chapter of CHAPTERS) {
    for (const path of SOURCES.filter((path) => path.startsWith(chapter))) {
      const others = importsOf(path).filter((imported) =>
        CHAPTERS.some((other) => other !== chapter && imported.startsWith(other))
      );
      assertEquals(others, [], path);
    }
  }
});

Deno.test("no file imports itself, by whatever way round", () => {
  const finished = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    assert(!way.includes(path), [...way, path].join(" imports "));
    if (finished.has(path)) return;
    for (const imported of importsOf(path)) {
      if (!imported.endsWith(".json")) visit(imported, [...way, path]);
    }
    finished.add(path);
  };
  for (const path of SOURCES) visit(path, []);
});

Deno.test("the operating system is spoken to in the store, the housekeeping and the program only", () => {
  const allowed = /^(?:src\/store\/|src\/housekeeping\/|main\.ts$|start\.ts$)/;
  for (const path of SOURCES.filter((path) => !allowed.test(path))) {
    const code = read(path).replace(/\/\*\*.*?\*\//gs, "").replace(/\/\/.*$/gm, "");
    assertEquals([...code.matchAll(/\bDeno\.|node:fs/g)].map(([text]) => text), [], path);
  }
});

Deno.test("every rule that is cited exists", () => {
  const known = new Set(RULES.map(([id]) => id));
  const prefixes = [...new Set(HEADINGS.map(({ rules }) => rules))].join("|");
  const citation = new RegExp(`(?<![A-Za-z0-9_-])(?:${prefixes})-I?[0-9]{2}(?![0-9])`, "g");
  for (const path of [...SOURCES, ...TESTS, "README.md"]) {
    for (const [id] of read(path).matchAll(citation)) assert(known.has(id), `${path} cites ${id}`);
  }
});

Deno.test("every heading of the table has rules, and its file is there", () => {
  const prefixes = new Set(RULES.map(([id]) => id.replace(/-I?[0-9]+$/, "")));
  assertEquals(new Set(HEADINGS.map(({ rules }) => rules)), prefixes);
  for (const { file, anchor } of HEADINGS) {
    if (file !== "") assert(SOURCES.includes(file), file);
    assertEquals(anchor, anchor.toLowerCase().replace(/[^a-z0-9-]/g, ""));
  }
});

Deno.test("a file of a chapter is named after the anchor of its heading", () => {
  for (const { file, anchor } of HEADINGS) {
    const chapter = CHAPTERS.find((chapter) => file.startsWith(chapter));
    if (chapter === undefined || anchor === "single-post") continue;
    assertEquals(file, `${chapter}${anchor.replaceAll("-", "_")}.ts`);
  }
});

Deno.test("API-ERR-09: the table of error codes is that of the spec", () => {
  const codes = RULES.filter(([id]) => id.startsWith("API-ERR-I")).map((row) => /^(code-\d+) ([A-Z_]+)/.exec(row[4])!);
  assertEquals(
    Object.entries(ERROR_CODES).map(([code, { id }]) => [id, code]),
    codes.map(([, id, code]) => [id, code]),
  );
});

Deno.test("API-END-I01: the table of endpoints has every method and path of the spec", () => {
  // The spec's table, in its words; what it calls <reference> there is what this registry calls a session.
  const spec = [
    "end-1 GET /v2/",
    "end-2 GET /v2/<name>/blobs/<digest>",
    "end-2 HEAD /v2/<name>/blobs/<digest>",
    "end-3 GET /v2/<name>/manifests/<tag-or-digest>",
    "end-3 HEAD /v2/<name>/manifests/<tag-or-digest>",
    "end-4a POST /v2/<name>/blobs/uploads/",
    "end-4b POST /v2/<name>/blobs/uploads/?digest=<digest>",
    "end-4c POST /v2/<name>/blobs/uploads/?digest-algorithm=<algorithm>",
    "end-5 PATCH /v2/<name>/blobs/uploads/<session>",
    "end-6 PUT /v2/<name>/blobs/uploads/<session>?digest=<digest>",
    "end-7a PUT /v2/<name>/manifests/<tag-or-digest>",
    "end-7b PUT /v2/<name>/manifests/<tag-or-digest>?tag=",
    "end-8a GET /v2/<name>/tags/list",
    "end-8b GET /v2/<name>/tags/list?n=",
    "end-9 DELETE /v2/<name>/manifests/<tag>",
    "end-9 DELETE /v2/<name>/manifests/<digest>",
    "end-10 DELETE /v2/<name>/blobs/<digest>",
    "end-11 POST /v2/<name>/blobs/uploads/?mount=<digest>",
    "end-12a GET /v2/<name>/referrers/<digest>",
    "end-12b GET /v2/<name>/referrers/<digest>?artifactType=",
    "end-13 GET /v2/<name>/blobs/uploads/<session>",
    "end-14 DELETE /v2/<name>/blobs/uploads/<session>",
  ];
  const rows = ENDPOINTS.filter(({ id }) => id.startsWith("end-")).map(({ id, method, path }) =>
    `${id} ${method} ${path}`
  );
  assertEquals(rows.sort(), spec.sort());
});

Deno.test("every source opens with what it is about", () => {
  for (const path of SOURCES) {
    const opening = /^\/\*\*\n.*?\n \*\//s.exec(read(path))?.[0] ?? "";
    assert(opening.includes("@module"), path);
    const isChapter = CHAPTERS.some((chapter) => path.startsWith(chapter));
    if (isChapter) {
      assert(opening.includes("/distribution-spec/blob/967efdc/"), `${path} does not say where it is in the spec`);
    }
    const next = /^ \* Next: (\S+)$/m.exec(opening)?.[1];
    if (next === undefined) continue;
    const target = [new URL(next, `file:///${path}`).pathname.slice(1), next, `src/${next}`];
    assert(target.some((candidate) => SOURCES.includes(candidate)), `${path} goes on to ${next}, which is not there`);
  }
});

Deno.test("every export has a comment", async () => {
  const { stderr } = await new Deno.Command("deno", {
    args: ["doc", "--lint", ...SOURCES],
    cwd: project,
    env: { NO_COLOR: "1" },
  }).output();
  const complaints = new TextDecoder().decode(stderr).split("\n\n").filter((text) => text.includes("missing-jsdoc"));
  assertEquals(complaints, []);
});

Deno.test("an adapter of the standard library offers just the names that are used", () => {
  const config = JSON.parse(read("deno.json"));
  const everything = [...SOURCES, ...TESTS].map((path) => ({ path, text: read(path) }));
  for (const [name, specifier] of Object.entries(config.imports as Record<string, string>)) {
    if (!name.startsWith("@std/")) continue;
    const folder = `src/std/${name.slice("@std/".length)}`;
    assertEquals([specifier, config.links.includes(`./${folder}`)], [`jsr:${name}@^1`, true]);

    const offered = [...read(`${folder}/mod.ts`).matchAll(/^export (?:async )?(?:function|const|type) (\w+)/gm)];
    const importing = everything.flatMap(({ text }) =>
      [...text.matchAll(new RegExp(`import (?:type )?\\{([^}]*)\\} from "${name}"`, "g"))].map(([, names]) => names)
    ).join(",");
    const used = new Set(importing.split(",").map((text) => text.replace(/^\s*type /, "").trim()));
    for (const [, offer] of offered) assert(used.has(offer), `nobody uses ${offer} of ${name}`);
  }
});
