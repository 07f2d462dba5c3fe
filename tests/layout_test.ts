/**
 * The layout of the project: its conventions, as far as a machine can check them.
 *
 * They are about the place of a file and its imports, the tour through the sources, the length of the teaching path,
 * the tables that follow the spec, and the comments.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ENDPOINTS } from "../src/api/endpoints.ts";
import { help } from "../src/serving/command_line.ts";
import { ERROR_CODES } from "../src/api/error_codes.ts";
import { SHARED_MODULES } from "../src/page/browser_modules.ts";
import { HEADINGS, RULE_ID } from "../src/spec/headings.ts";
import { runDeno } from "./processes/program.ts";
import { DENO_VERSION } from "./programs/deno_version.ts";

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
];
const TESTS = filesBelow("tests").filter((path) => path.endsWith(".ts"));
const RULES = read("src/spec/requirements.tsv").trimEnd().split("\n").slice(1).map((line) => line.split("\t"));

/** Returns the text of a file without its comments, and so without their examples. */
function codeOf(path: string): string {
  return read(path).replace(/\/\*\*.*?\*\//gs, "").replace(/(?<=^|\s)\/\/.*$/gm, "");
}

/** Returns the project's own files that a file imports, however it imports them; types included, or not. */
function importsOf(path: string, types: "with types" | "without types" = "with types"): string[] {
  const code = types === "with types"
    ? codeOf(path)
    : codeOf(path).replace(/\b(?:im|ex)port type [^;]*;|typeof import\([^)]*\)/g, "");
  const specifiers = code.matchAll(/\b(?:from\s*|import\s*\(?\s*)"(\.[^"]+)"/g);
  const files = [...specifiers].map(([, specifier]) => new URL(specifier, `file:///${path}`).pathname.slice(1));
  return files.filter((file) => !/\.(?:json|tsv)$/.test(file));
}

/** Returns the comment at the beginning of a file. */
function openingOf(path: string): string {
  return /^\/\*\*\n.*?\n \*\//s.exec(read(path))?.[0] ?? "";
}

function isIn(folders: readonly string[], path: string): boolean {
  return folders.some((folder) => path === folder || (folder.endsWith("/") && path.startsWith(folder)));
}

const CHAPTERS = [
  "src/pull/",
  "src/push/",
  "src/content_discovery/",
  "src/content_management/",
  "src/backwards_compatibility/",
  "src/upgrade_procedures/",
  "src/extensions/",
];

// From the bottom to the top. A file may import the files of its own layer and of those below.
const LAYERS: readonly (readonly string[])[] = [
  [
    "src/definitions/",
    "src/spec/",
    "src/options.ts",
    "src/giving_way.ts",
    "src/joined.ts",
    "src/packages.ts",
    "src/random.ts",
    "src/waiting.ts",
  ],
  ["src/archive/"],
  ["src/disk/"],
  ["src/store/"],
  ["src/http/", "src/api/error_codes.ts", "src/api/warnings.ts"],
  [...CHAPTERS, "src/api/determining_support.ts"],
  ["src/api/endpoints.ts", "src/story.ts", "src/stories/"],
  ["src/registry.ts"],
  ["src/housekeeping/", "src/looking/", "src/composing/", "src/access/", "src/client/"],
  ["src/filling/", "src/workshop/"],
  ["src/page/"],
  ["src/mod.ts", "src/page_mod.ts", "src/samples_mod.ts", "src/serving/"],
  ["main.ts"],
];

// The imports between chapters that are allowed. The list of referrers includes those that clients listed before the
// referrers API existed (UPGRADE-01), and these are under the tag of the older clients.
const BETWEEN_CHAPTERS = [
  "src/content_discovery/ src/upgrade_procedures/",
  "src/upgrade_procedures/ src/backwards_compatibility/",
];

function layerOf(path: string): number {
  return LAYERS.findIndex((layer) => isIn(layer, path));
}

Deno.test("the top level of the repository has what the design says, and nothing else", () => {
  const ignored = [...read(".gitignore").matchAll(/^\/([^/*]+)\/$/gm)].map(([, name]) => name);
  const names = [...Deno.readDirSync(project)].map(({ name }) => name);
  assertEquals(
    names.filter((name) => name !== ".git" && !ignored.includes(name)).sort(),
    [".ci", ".gitignore", "LICENSE", "Makefile", "README.md", "deno.json", "main.ts", "src", "testdata", "tests"],
  );
});

Deno.test("every source is in one layer, and imports only from its own layer and those below", () => {
  for (const path of SOURCES) {
    assertEquals(LAYERS.filter((layer) => isIn(layer, path)).length, 1, `${path} is not in one layer`);
    for (const imported of importsOf(path)) {
      assert(SOURCES.includes(imported), `${path} imports ${imported}, which is no source`);
      assert(layerOf(imported) <= layerOf(path), `${path} imports ${imported}, which is in a layer above it`);
    }
  }
});

Deno.test("the options import nothing of the registry", () => {
  assertEquals(importsOf("src/options.ts"), []);
});

Deno.test("a section of one chapter does not import a section of another", () => {
  for (const path of SOURCES) {
    const chapter = CHAPTERS.find((chapter) => path.startsWith(chapter));
    if (chapter === undefined) continue;
    for (const imported of importsOf(path)) {
      const other: string = CHAPTERS.find((folder) => imported.startsWith(folder)) ?? chapter;
      assert(other === chapter || BETWEEN_CHAPTERS.includes(`${chapter} ${other}`), `${path} imports ${imported}`);
    }
  }
});

Deno.test("the housekeeping knows the store and the disk, and nothing of requests", () => {
  const allowed = [
    "src/definitions/",
    "src/spec/",
    "src/options.ts",
    "src/giving_way.ts",
    "src/disk/",
    "src/store/",
    "src/housekeeping/",
  ];
  for (const path of SOURCES.filter((path) => path.startsWith("src/housekeeping/"))) {
    assertEquals(importsOf(path).filter((imported) => !isIn(allowed, imported)), [], path);
  }
});

// These know that there is a disk, and not how it works. `registry.ts` opens the local disk if its options have no other one.
const IN_FRONT_OF_THE_DISK = [
  "src/store/",
  "src/http/",
  "src/api/",
  ...CHAPTERS,
  "src/story.ts",
  "src/housekeeping/",
  "src/looking/",
];

Deno.test("the store, the sections and the housekeeping talk to the disk through its interface", () => {
  for (const path of SOURCES.filter((path) => isIn(IN_FRONT_OF_THE_DISK, path))) {
    const imported = importsOf(path).filter((imported) => imported.startsWith("src/disk/"));
    assertEquals(imported.filter((imported) => imported !== "src/disk/disk.ts"), [], path);
  }
});

// The words for how a disk works. "stream" is not among them: the registry streams a blob to the client too.
const WORDS_OF_THE_DISK =
  /cach|(?<![bc])lock|(?<!a)sync|durab|inode|buffer|lstat|symlink|symbolic|recycl|thread|power cut/i;

Deno.test("the store and the sections do not mention how the disk works", () => {
  for (const path of SOURCES.filter((path) => isIn(["src/store/", "src/api/", ...CHAPTERS], path))) {
    const lines = read(path).split("\n").map((text, index) => ({ place: `${path}:${index + 1}`, text }));
    assertEquals(lines.filter(({ text }) => WORDS_OF_THE_DISK.test(text)), []);
  }
});

Deno.test("the words of the disk are found inside of names, and not in words that only look like them", () => {
  for (const text of ["cached", "caching", "isLocked", "unlock", "syncFile", "fsync", "durability", "ArrayBuffer"]) {
    assert(WORDS_OF_THE_DISK.test(text), text);
  }
  for (const text of ["async", "asynchronous", "block", "clock", "DISC-TAGS-01", "disk"]) {
    assert(!WORDS_OF_THE_DISK.test(text), text);
  }
});

Deno.test("a store has at most six fields", () => {
  const [, fields] = /^export interface Store \{\n(.*?)^\}/ms.exec(codeOf("src/store/store.ts"))!;
  const names = [...fields.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, name]) => name);
  assert(names.includes("disk"), "the fields were not read");
  assert(names.length <= 6, names.join(", "));
});

Deno.test("no type has a name that another type has", () => {
  const declaration = /^(?:export )?(?:(?:abstract )?class|interface|enum|type) (\w+)/gm;
  const types = SOURCES.flatMap((path) => [...codeOf(path).matchAll(declaration)].map(([, name]) => ({ name, path })));
  const places = Map.groupBy(types, ({ name }) => name);
  assert(places.has("Store"), "the types were not read");
  assertEquals([...places.values()].filter(({ length }) => length > 1), []);
});

Deno.test("no file imports itself, directly or through others", () => {
  const finished = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    assert(!way.includes(path), [...way, path].join(" imports "));
    if (finished.has(path)) return;
    for (const imported of importsOf(path)) visit(imported, [...way, path]);
    finished.add(path);
  };
  for (const path of SOURCES) visit(path, []);
});

// A program that fills a registry reads files of its user. One file does that.
const SPEAKS_TO_THE_SYSTEM = ["src/disk/", "src/filling/local_files.ts", "src/serving/", "main.ts"];

Deno.test("only the disk, the filling's local files, the serving and the program speak to the operating system", () => {
  for (const path of SOURCES.filter((path) => !isIn(SPEAKS_TO_THE_SYSTEM, path))) {
    assertEquals([...codeOf(path).matchAll(/\bDeno\.\w*|node:fs/g)].map(([text]) => text), [], path);
  }
});

Deno.test("the browser gets all the modules that its modules import, and no other", () => {
  const own = SOURCES.filter((path) => /^src\/page\/(?:web|views)\//.test(path));
  const needed = new Set<string>();
  const visit = (path: string): void => {
    if (needed.has(path)) return;
    needed.add(path);
    for (const imported of importsOf(path, "without types")) visit(imported);
  };
  own.forEach(visit);
  const shared = [...needed].filter((path) => !own.includes(path)).map((path) => path.replace(/^src\//, ""));
  assertEquals(shared.sort(), [...SHARED_MODULES].sort());
});

// Deno reads what an `import` with a plain text names, also if that comes later. See src/serving/later.ts.
Deno.test("a start reads nothing of the page, of the looking, of the archives and of the commands", () => {
  const read = new Set(["main.ts", "src/serving/program.ts", "src/serving/serving.ts", "src/serving/thread.ts"]);
  for (const path of read) importsOf(path, "without types").forEach((imported) => read.add(imported));
  const unread = ["src/page/", "src/looking/", "src/archive/", "src/serving/housekeeping.ts", "src/serving/filling.ts"];
  assertEquals([...read].filter((path) => isIn(unread, path)), []);
  assert(read.has("src/registry.ts"), "the imports were not read");
});

const START = "src/api/endpoints.ts";
const DOOR = "src/disk/disk.ts";

/** The sources in the order of the tour: each one names the next at the end of its opening comment. */
function tour(): string[] {
  const visited: string[] = [];
  for (let path: string | undefined = START; path !== undefined; path = nextOf(path)) {
    assert(!visited.includes(path), `${visited.at(-1)} leads back to ${path}`);
    visited.push(path);
  }
  return visited;
}

function nextOf(path: string): string | undefined {
  const names = [...read(path).matchAll(/^ \* Next: (\S+)$/gm)].map(([, name]) => name);
  assert(names.length <= 1, `${path} goes on to ${names.join(" and ")}`);
  if (names.length === 0) return undefined;
  assert(openingOf(path).endsWith(`\n * Next: ${names[0]}\n *\n * @module\n */`), `Next is not at the end in ${path}`);
  const target = new URL(names[0], `file:///${path}`).pathname.slice(1);
  assert(SOURCES.includes(target), `${path} goes on to ${names[0]}, which is not there`);
  return target;
}

Deno.test("the tour visits every source once: it begins with the table of endpoints and ends with the program", () => {
  const visited = tour();
  assertEquals(visited.at(-1), "main.ts");
  assertEquals(SOURCES.filter((path) => !visited.includes(path)), []);
});

Deno.test("the tour reaches a push by its fourth file", () => {
  assert(tour().slice(0, 4).some((path) => path.startsWith("src/push/")));
});

Deno.test("the README shows the flags as --help prints them", () => {
  assert(read("README.md").includes(help("serve")), "the list of flags in the README is not that of --help");
});

Deno.test("the README names the targets of the Makefile", () => {
  const [, targets] = /^\.PHONY: (.+)$/m.exec(read("Makefile"))!;
  assertEquals(/make has the targets\s`([^`]+)`/.exec(read("README.md"))?.[1], targets);
});

Deno.test("the README explains what an image is in the words of the lessons", () => {
  const [, heading, text] = /^# ([^\n]+)\n\n(.+)$/s.exec(read("src/workshop/what_is_an_image.md"))!;
  assert(read("README.md").includes(`\n## ${heading}\n${text}\n## `));
});

Deno.test("the README, the Makefile and CI ask for the version of Deno that the programs look for", () => {
  const [major, minor] = DENO_VERSION.split(".");
  assertEquals(/\[Deno\]\(https:\/\/deno\.com\) (\S+)\. /.exec(read("README.md"))?.[1], `${major}.${minor}`);
  for (const path of ["Makefile", ".ci/run"]) {
    assertEquals(new Set(read(path).match(/deno@[0-9.]+/g)), new Set([`deno@${DENO_VERSION}`]), path);
  }
});

Deno.test("the first source that the README links to is the beginning of the tour", () => {
  assertEquals(/\]\(((?:src\/[^)]*|main)\.ts)\)/.exec(read("README.md"))?.[1], START);
});

Deno.test("on the tour, a definition comes after a source that needs it", () => {
  const visited = tour();
  for (const [index, path] of visited.entries()) {
    if (!path.startsWith("src/definitions/")) continue;
    assert(visited.slice(0, index).some((before) => importsOf(before).includes(path)), path);
  }
});

// The sources for a reader who wants to know how a registry works.
const TEACHING_PATH = [
  "src/registry.ts",
  "src/options.ts",
  "src/giving_way.ts",
  "src/story.ts",
  "src/api/",
  ...CHAPTERS,
  "src/definitions/",
  "src/http/",
  "src/spec/",
  "src/store/",
];

Deno.test("the tour comes to the door of the disk after the teaching path, and a reader may stop there", () => {
  const visited = tour();
  const before = visited.slice(0, visited.indexOf(DOOR));
  assertEquals(before.toSorted(), SOURCES.filter((path) => isIn(TEACHING_PATH, path)).sort());
  assert(openingOf(DOOR).includes("You may stop here."));
});

Deno.test("the teaching path has at most 3,400 lines of code, without blank lines and comments", () => {
  const sizes = SOURCES.filter((path) => isIn(TEACHING_PATH, path)).map((path) => ({
    path,
    lines: codeOf(path).split("\n").filter((line) => line.trim() !== "").length,
  }));
  const sum = sizes.reduce((sum, { lines }) => sum + lines, 0);
  const list = sizes.sort((a, b) => b.lines - a.lines).map(({ path, lines }) => `${lines}`.padStart(5) + `  ${path}`);
  assert(sum <= 3400, `${sum} lines of code:\n${list.join("\n")}`);
});

Deno.test("every rule that is cited exists", () => {
  const known = new Set(RULES.map(([id]) => id));
  // Everything that looks like a rule counts, so that this also finds a heading that does not exist.
  for (const path of [...SOURCES, ...TESTS, "README.md"]) {
    for (const [id] of read(path).matchAll(RULE_ID)) assert(known.has(id), `${path} cites ${id}`);
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
    const chapter = [...CHAPTERS, "src/api/"].find((chapter) => file.startsWith(chapter));
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

// The table of the spec, in its words: the id, the methods, the path, the statuses of success.
// deno-fmt-ignore
const SPEC_ENDPOINTS = [
  ["end-1",   "GET",        "/v2/",                                                     "200"],
  ["end-2",   "GET / HEAD", "/v2/<name>/blobs/<digest>",                                "200"],
  ["end-3",   "GET / HEAD", "/v2/<name>/manifests/<tag-or-digest>",                     "200"],
  ["end-4a",  "POST",       "/v2/<name>/blobs/uploads/",                                "202"],
  ["end-4b",  "POST",       "/v2/<name>/blobs/uploads/?digest=<digest>",                "201/202"],
  ["end-4c",  "POST",       "/v2/<name>/blobs/uploads/?digest-algorithm=<algorithm>",   "201/202"],
  ["end-5",   "PATCH",      "<blob-push-location>",                                     "202"],
  ["end-6",   "PUT",        "<blob-push-location>?digest=<digest>",                     "201"],
  ["end-7a",  "PUT",        "/v2/<name>/manifests/<tag-or-digest>",                     "201"],
  ["end-7b",  "PUT",        "/v2/<name>/manifests/<digest>?tag=1&tag=2&tag=3",          "201"],
  ["end-8a",  "GET",        "/v2/<name>/tags/list",                                     "200"],
  ["end-8b",  "GET",        "/v2/<name>/tags/list?n=<integer>&last=<tagname>",          "200"],
  ["end-9",   "DELETE",     "/v2/<name>/manifests/<tag-or-digest>",                     "202"],
  ["end-10",  "DELETE",     "/v2/<name>/blobs/<digest>",                                "202"],
  ["end-11",  "POST",       "/v2/<name>/blobs/uploads/?mount=<digest>&from=<other_name>", "201/202"],
  ["end-12a", "GET",        "/v2/<name>/referrers/<digest>",                            "200"],
  ["end-12b", "GET",        "/v2/<name>/referrers/<digest>?artifactType=<artifactType>", "200"],
  ["end-13",  "GET",        "<blob-push-location>",                                     "204"],
  ["end-14",  "DELETE",     "<blob-push-location>",                                     "204"],
];

// The rows for which the registry's table has other words, or two rows instead of one.
const OUR_PATHS: Readonly<Record<string, readonly string[]>> = {
  "end-5": ["/v2/<name>/blobs/uploads/<session>"],
  "end-6": ["/v2/<name>/blobs/uploads/<session>?digest=<digest>"],
  // With a tag in the path, the registry refuses the parameters. That is the same row.
  "end-7b": ["/v2/<name>/manifests/<tag-or-digest>?tag="],
  // A request may have one of the parameters or both. The registry's row names the one that a reader looks for.
  "end-8b": ["/v2/<name>/tags/list?n="],
  "end-9": ["/v2/<name>/manifests/<tag>", "/v2/<name>/manifests/<digest>"],
  "end-11": ["/v2/<name>/blobs/uploads/?mount=<digest>"],
  "end-12b": ["/v2/<name>/referrers/<digest>?artifactType="],
  "end-13": ["/v2/<name>/blobs/uploads/<session>"],
  "end-14": ["/v2/<name>/blobs/uploads/<session>"],
};

Deno.test("the table of endpoints has every method and path of the spec, and no other but those of extensions", () => {
  const expected = SPEC_ENDPOINTS.flatMap(([id, methods, path]) =>
    methods.split(" / ").flatMap((method) => (OUR_PATHS[id] ?? [path]).map((path) => `${id} ${method} ${path}`))
  );
  const rows = ENDPOINTS.filter(({ path }) => !path.startsWith("/v2/_")).map(({ id, method, path }) =>
    `${id} ${method} ${path}`
  );
  assertEquals(rows.sort(), expected.sort());
});

Deno.test("the rules about endpoints have the statuses of success that the spec's table has", () => {
  const rules = RULES.filter(([id]) => id.startsWith("API-END-I")).map(([, , , , text]) =>
    /^(end-\w+) .*?: success ([0-9/]+);/.exec(text)!.slice(1)
  );
  assertEquals(rules, SPEC_ENDPOINTS.map(([id, , , success]) => [id, success]));
});

Deno.test("every source opens with a comment about itself", () => {
  for (const path of SOURCES) assert(openingOf(path).endsWith("\n * @module\n */"), path);
});

Deno.test("every source of a chapter links to its place in the spec, and that of a heading to the heading", () => {
  for (const path of SOURCES.filter((path) => isIn(["src/api/", ...CHAPTERS], path))) {
    const line = read(path).split("\n")[2];
    assert(line.startsWith(" * https://github.com/opencontainers/distribution-spec/blob/967efdc/"), `${path}: ${line}`);
    const anchors = HEADINGS.filter(({ file }) => file === path).map(({ anchor }) => anchor);
    assert(anchors.length === 0 || anchors.some((anchor) => line.endsWith(`#${anchor}`)), `${path}: ${line}`);
  }
});

Deno.test("a test gets its folder from one module, and its processes of Deno from another", () => {
  const modules = ["tests/folder.ts", "tests/processes/program.ts", "tests/permissions/burglar.ts"];
  for (const path of TESTS.filter((path) => !path.startsWith("tests/programs/") && !modules.includes(path))) {
    assertEquals(codeOf(path).match(/\bDeno\.makeTempDir|\bDeno\.Command\("deno"/g), null, path);
  }
});

Deno.test("every export has a comment", async () => {
  const { errors } = await runDeno("doc", "--lint", ...SOURCES.map((path) => project + path));
  const complaints = errors.split("\n\n").filter((text) => text.includes("missing-jsdoc"));
  assertEquals(complaints, []);
});

Deno.test("the published interface stands alone: all of its types are published too, and explained", async () => {
  const published = Object.values<string>(JSON.parse(read("deno.json")).exports);
  assert(published.includes("./src/mod.ts"), "the exports were not read");
  const { code, errors } = await runDeno("doc", "--lint", ...published.map((path) => project + path));
  assertEquals(code, 0, errors);
});

// `deno test --doc src` would pass without one example: Deno finds none in a folder that has a member of the workspace below it.
Deno.test("test:docs runs the examples of each file that has some", () => {
  const { tasks, workspace } = JSON.parse(read("deno.json"));
  const patterns: string[] = tasks["test:docs"].split(" ").filter((word: string) => word.startsWith("src/"));
  const members = workspace.map((member: string) => member.replace(/^\.\//, ""));
  const run = patterns.flatMap((pattern) => {
    const [, folder, kind] = /^(.+)\/(\*\.ts|\*\/)$/.exec(pattern) ?? [];
    const inside = [...Deno.readDirSync(project + folder)].map(({ name }) => `${folder}/${name}`);
    if (kind === "*.ts") return inside.filter((path) => path.endsWith(".ts"));
    return inside.filter((path) => !members.some((member: string) => member.startsWith(path))).map((path) =>
      `${path}/`
    );
  });
  const withExamples = SOURCES.filter((path) => /^ +\* @example$/m.test(read(path)));
  assert(withExamples.length > 50, "the examples were not found");
  assertEquals(withExamples.filter((path) => !isIn(run, path)), []);
});

Deno.test("an adapter of the standard library offers just the names that are used", () => {
  const everything = [...SOURCES, ...TESTS].map(read).join("\n");
  for (const { name: library } of Deno.readDirSync(`${project}src/std`)) {
    const adapter = read(`src/std/${library}/mod.ts`);
    const offered = [...adapter.matchAll(/^export (?:async )?(?:function\*?|const|class|type|interface) (\w+)/gm)];
    assertEquals(offered.length, [...adapter.matchAll(/^export\b/gm)].length, `an export of ${library} was not read`);

    const imports = everything.matchAll(new RegExp(`import (?:type )?\\{([^}]*)\\} from "@std/${library}"`, "g"));
    const used = [...imports].flatMap(([, names]) =>
      names.split(",").map((name) => name.replace(/^\s*type /, "").trim())
    );
    for (const [, offer] of offered) assert(used.includes(offer), `nobody uses ${offer} of @std/${library}`);
  }
});

Deno.test("every import of the standard library has a folder that stands in for it, and every folder an import", () => {
  const expected = [...Deno.readDirSync(`${project}src/std`)].map(({ name }) => name).sort();
  const folders = expected.map((name) => `./src/std/${name}`);
  // Without its links the project uses the real packages, and that is allowed.
  const { imports, links = folders } = JSON.parse(read("deno.json"));
  const standard = Object.entries(imports).filter(([name]) => name.startsWith("@std/")).sort();

  assertEquals(standard, expected.map((name) => [`@std/${name}`, `jsr:@std/${name}@^1`]));
  assertEquals(links.toSorted(), folders);
  for (const name of expected) {
    const adapter = JSON.parse(read(`src/std/${name}/deno.json`));
    // With another name, or a version that the specifier does not allow, Deno would fetch the real package.
    assertEquals([adapter.name, adapter.version.split(".")[0]], [`@std/${name}`, "1"]);
  }
});
