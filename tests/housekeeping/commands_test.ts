/** The housekeeping commands, as a person or a script runs them. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { descriptorOf, digestOf, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";
import { type Outcome, Program } from "../processes/program.ts";

const REPOSITORY = "library/hello";
const FOO = digestOf("foo");
const FOO_SHORT = "sha256:2c26b46b68ff…";

interface Printed extends Outcome {
  lines: string[];
}

async function run(
  { root }: TestRegistry,
  command: string,
  ...flags: string[]
): Promise<Printed> {
  await using program = Program.main(command, "--root", root, ...flags);
  const outcome = await program.outcome();
  return { ...outcome, lines: outcome.out.trimEnd().split("\n") };
}

function age(registry: TestRegistry): void {
  const then = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const path of registry.tree()) Deno.utimeSync(`${registry.root}/${path}`, then, then);
}

// The widths of the columns are only for people. The tests compare the texts in the columns.
function withoutColumns(lines: string[]): string[] {
  return lines.map((line) => line.replace(/(?<=\S) {2,}/g, "  "));
}

Deno.test("verify: a sound store is status 0, and one line that says how much was checked", async () => {
  await using registry = await startRegistry();
  await registry.pushImage(REPOSITORY, { tag: "latest" });

  const { code, errors, lines } = await run(registry, "verify");

  assertEquals([code, errors], [0, ""]);
  assertEquals(lines, ["3 digests, 0 faults, 0 notes"]);
});

Deno.test("verify: a fault is status 1, and a line with the file and its fault", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  Deno.writeTextFileSync(`${registry.root}/${REPOSITORY}/${FOO}/blob`, "bar");

  const { code, errors, lines } = await run(registry, "verify");

  assertEquals([code, errors], [1, ""]);
  assertEquals(withoutColumns(lines), [
    `fault  ${REPOSITORY}/${FOO_SHORT}/blob  its bytes have the digest sha256:fcde2b2edba5…`,
    "1 digest, 1 fault, 0 notes",
  ]);
  assertEquals(registry.read(`${REPOSITORY}/${FOO}/blob`), "bar");
});

Deno.test("verify: a note is no fault, and status 0", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession(REPOSITORY);
  const session = location.split("/").at(-1)!;

  const { code, errors, lines } = await run(registry, "verify");

  assertEquals([code, errors], [0, ""]);
  assertEquals(withoutColumns(lines), [
    `note  ${REPOSITORY}/_uploads/${session.slice(0, 8)}…/  an upload that is not finished`,
    "0 digests, 0 faults, 1 note",
  ]);
});

Deno.test("verify --json: one object a line, with nothing cut, and the sum at the end", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  Deno.writeTextFileSync(`${registry.root}/${REPOSITORY}/${FOO}/blob`, "bar");

  const { code, errors, lines } = await run(registry, "verify", "--json");

  assertEquals([code, errors], [1, ""]);
  assertEquals(lines.map((line) => JSON.parse(line)), [
    { kind: "fault", path: `${REPOSITORY}/${FOO}/blob`, text: `its bytes have the digest ${digestOf("bar")}` },
    { files: 1, faults: 1, notes: 0 },
  ]);
});

Deno.test("verify --quarantine: a corrupt blob is moved away, which is still a fault now, and none the next time", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  Deno.writeTextFileSync(`${registry.root}/${REPOSITORY}/${FOO}/blob`, "bar");

  const first = await run(registry, "verify", "--quarantine");
  const second = await run(registry, "verify", "--quarantine");

  assertEquals([first.code, second.code], [1, 0]);
  const [moved, ...rest] = registry.tree();
  assertEquals([registry.read(moved), rest], ["bar", []]);
  assert(moved.startsWith(`_quarantine/${REPOSITORY}/${FOO}/blob.`), moved);
  assertEquals((await registry.send("GET", `/v2/${REPOSITORY}/blobs/${FOO}`)).status, 404);
});

Deno.test("verify --allow-sparse: content that was never pushed is status 0", async () => {
  await using registry = await startRegistry({ allowSparse: true });
  const missing = descriptorOf("never pushed", TYPES.image);
  const index = { schemaVersion: 2, mediaType: TYPES.index, manifests: [missing] };
  await registry.pushManifest(REPOSITORY, index, { tag: "all" });

  const strict = await run(registry, "verify");
  const sparse = await run(registry, "verify", "--allow-sparse");

  assertEquals([strict.code, sparse.code], [1, 0]);
  assertEquals(sparse.lines, ["1 digest, 0 faults, 0 notes"]);
});

Deno.test("gc: it prints what goes, and how much it was", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  age(registry);

  const { code, errors, lines } = await run(registry, "gc");

  assertEquals([code, errors], [0, ""]);
  const [removal, sum, ...others] = withoutColumns(lines);
  assertEquals([removal, others], [`removed  ${REPOSITORY}/${FOO_SHORT}  blob  3 B`, []]);
  assertMatch(sum, /^1 blobs? and 0 manifests, 3 B/);
  assertEquals(registry.tree(), []);
});

Deno.test("gc --dry-run: it prints the same as what would go, and everything stays", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  age(registry);

  const { code, errors, lines } = await run(registry, "gc", "--dry-run");

  assertEquals([code, errors], [0, ""]);
  assertEquals(withoutColumns(lines)[0], `would remove  ${REPOSITORY}/${FOO_SHORT}  blob  3 B`);
  assertEquals(registry.tree(), [`${REPOSITORY}/${FOO}/blob`]);
});

Deno.test("gc: content that was used just now is spared, and the line says until when", async () => {
  await using registry = await startRegistry();
  const before = Date.now();
  await registry.pushBlob(REPOSITORY, "foo");
  const after = Date.now();

  for (const flags of [["--dry-run"], ["--dry-run", "--grace", "2h"], []]) {
    const { code, errors, lines } = await run(registry, "gc", ...flags);

    assertEquals([code, errors], [0, ""]);
    const [spared, sum, ...others] = withoutColumns(lines);
    const until = /^spares {2}(.+) {2}blob {2}3 B {2}until (\d\d:\d\d:\d\d), because it was used just now$/.exec(
      spared,
    );
    const grace = flags.length === 3 ? 7_200_000 : 3_600_000;
    // The clock of the file system is a little behind.
    const times = [before - 100, before, after].map((time) => new Date(time + grace).toLocaleTimeString("en-GB"));
    assertEquals([until?.[1], times.includes(until?.[2] ?? "")], [`${REPOSITORY}/${FOO_SHORT}`, true], spared);
    const hint = "1 spared (--grace 0s spares nothing)";
    assertEquals([sum, others], [`0 blobs and 0 manifests, 0 B of space; ${hint}`, []]);
    assertEquals(registry.tree(), [`${REPOSITORY}/${FOO}/blob`]);
  }
});

Deno.test("gc --grace 0s: nothing is spared, and no line says so", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");

  const dry = await run(registry, "gc", "--dry-run", "--grace", "0s");
  const real = await run(registry, "gc", "--grace", "0s");

  assertEquals(withoutColumns(dry.lines), [
    `would remove  ${REPOSITORY}/${FOO_SHORT}  blob  3 B`,
    "1 blob and 0 manifests, 3 B of space",
  ]);
  assertEquals(withoutColumns(real.lines)[1], "1 blob and 0 manifests, 3 B of space");
  assertEquals(registry.tree(), []);
});

Deno.test("gc --json: the sum has the number of spared items", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");

  const { lines } = await run(registry, "gc", "--json", "--dry-run");

  assertEquals(lines.map((line) => JSON.parse(line)), [{
    blobs: 0,
    manifests: 0,
    bytes: 0,
    removed: false,
    spared: 1,
  }]);
});

Deno.test("gc --json: one object a line, with nothing cut, and the sum at the end", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  age(registry);

  const dry = await run(registry, "gc", "--json", "--dry-run");
  const real = await run(registry, "gc", "--json");

  const removal = { name: REPOSITORY, digest: FOO, kind: "blob", size: 3, names: 1 };
  const sum = { blobs: 1, manifests: 0, bytes: 3, spared: 0 };
  assertEquals(dry.lines.map((line) => JSON.parse(line)), [
    { ...removal, removed: false },
    { ...sum, removed: false },
  ]);
  assertEquals(real.lines.map((line) => JSON.parse(line)), [{ ...removal, removed: true }, { ...sum, removed: true }]);
  assertEquals([dry.code, dry.errors, real.code, real.errors], [0, "", 0, ""]);
});

Deno.test("gc: the space of a blob that another repository keeps is not free", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${FOO}&from=library/hello`);
  await registry.pushManifest("library/other", {
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf("foo", TYPES.config),
    layers: [],
  });
  age(registry);

  const { lines } = await run(registry, "gc");

  const [removal, sum] = withoutColumns(lines);
  assertStringIncludes(removal, `removed  library/hello/${FOO_SHORT}  blob  3 B  still in 1 other`);
  assertMatch(sum, /^1 blobs? and 0 manifests, 0 B/);
});

Deno.test("gc --dry-run: the space of a blob that goes everywhere is counted once, as it is by the run", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${FOO}&from=library/hello`);
  age(registry);

  const dry = await run(registry, "gc", "--dry-run", "--json");
  const real = await run(registry, "gc", "--json");

  const sum = { blobs: 2, manifests: 0, bytes: 3, spared: 0 };
  assertEquals(JSON.parse(real.lines.at(-1)!), { ...sum, removed: true });
  assertEquals(JSON.parse(dry.lines.at(-1)!), { ...sum, removed: false });
});

Deno.test("gc --grace: content that was used since then stays", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  age(registry);

  const long = await run(registry, "gc", "--grace", "3h", "--json");
  const short = await run(registry, "gc", "--grace", "90m", "--json");

  const blobsOf = ({ lines }: Printed) => JSON.parse(lines.at(-1)!).blobs;
  assertEquals([blobsOf(long), blobsOf(short)], [0, 1]);
});

Deno.test("gc --untagged: manifests go only with this flag", async () => {
  await using registry = await startRegistry();
  await registry.pushImage(REPOSITORY);
  age(registry);

  const without = await run(registry, "gc", "--json");
  const untagged = await run(registry, "gc", "--untagged", "--json");

  const numbersOf = ({ lines }: Printed) => {
    const { blobs, manifests } = JSON.parse(lines.at(-1)!);
    return { blobs, manifests };
  };
  assertEquals(numbersOf(without), { blobs: 0, manifests: 0 });
  assertEquals(numbersOf(untagged), { blobs: 2, manifests: 1 });
  assertEquals(registry.tree(), []);
});

Deno.test("tree: a repository, its tags, its manifests and their blobs, with sizes", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob(REPOSITORY, "foo");
  await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${FOO}&from=${REPOSITORY}`);
  const image = JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf("foo", TYPES.config),
    layers: [descriptorOf("never pushed", "application/vnd.oci.image.layer.nondistributable.v1.tar")],
  });
  const digest = await registry.pushManifest(REPOSITORY, image, { tag: "v1" });
  await registry.pushManifest(REPOSITORY, image, { tag: "latest" });
  const short = (digest: string) => `${digest.slice(0, 19)}…`;

  const { code, errors, lines } = await run(registry, "tree");

  assertEquals([code, errors], [0, ""]);
  assertEquals(
    withoutColumns(lines),
    [
      `${REPOSITORY}  ${image.length + 3} B`,
      `└── latest, v1 ─▶ ${short(digest)}  image  ${image.length} B`,
      `    ├── blob  ${FOO_SHORT}  3 B  shared by 2 repositories`,
      `    └── ${short(digestOf("never pushed"))}  not there`,
      "library/other  3 B",
      `└── blob  ${FOO_SHORT}  3 B  shared by 2 repositories  no manifest needs it`,
    ],
  );
});

Deno.test("tree: for an empty folder it says so; with --json it prints nothing", async () => {
  await using registry = await startRegistry();
  await registry.openSession(REPOSITORY);

  const people = await run(registry, "tree");
  const machine = await run(registry, "tree", "--json");

  assertEquals([people.code, people.errors, people.out], [0, "", `There is nothing in ${registry.root}/ yet.\n`]);
  assertEquals([machine.code, machine.errors, machine.out], [0, "", ""]);
});

Deno.test("tree --json: one repository a line", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  await registry.pushBlob("library/other", "foo");

  const { code, errors, lines } = await run(registry, "tree", "--json");

  assertEquals([code, errors], [0, ""]);
  const loose = [{ digest: FOO, file: "blob", size: 3, names: 1 }];
  assertEquals(lines.map((line) => JSON.parse(line)), [
    { name: "library/hello", size: 3, manifests: [], loose },
    { name: "library/other", size: 3, manifests: [], loose },
  ]);
});

Deno.test("--help: each command prints its own flags, and does nothing", async () => {
  await using registry = await startRegistry();
  const flags = { verify: "--quarantine", gc: "--dry-run", tree: "--json" };

  for (const [command, flag] of Object.entries(flags)) {
    const { code, out, errors } = await run(registry, command, "--help");

    assertEquals([code, errors], [0, ""]);
    assertStringIncludes(out, `Usage: deno task ${command}`);
    assertStringIncludes(out, flag);
    assert(!out.includes("--port"), out);
  }
});

Deno.test("a flag that is unknown, has no value, or a bad one, is status 2 and one line that names it", async () => {
  await using registry = await startRegistry();
  const mistakes = [
    ["verify", "--quarantin"],
    ["verify", "--dry-run"],
    ["gc", "--grace"],
    ["gc", "--grace", "soon"],
    ["gc", "--durability", "maybe"],
    ["tree", "--untagged"],
    ["tree", "--root="],
  ];

  for (const [command, flag, ...values] of mistakes) {
    const { code, out, errors } = await run(registry, command, flag, ...values);

    assertEquals([code, out], [2, ""], `${command} ${flag}: ${errors}`);
    assertMatch(errors, /^glassbox: [^\n]+\n$/);
    assertStringIncludes(errors, flag.replace(/=$/, ""));
  }
});

Deno.test("an unknown command is status 2, and the line names the nearest command, and all commands", async () => {
  await using registry = await startRegistry();
  const hints = {
    verfiy: "did you mean verify (deno task verify)? The",
    sevre: "did you mean serve (deno task start)? The",
    folders: "the",
  };

  for (const [text, hint] of Object.entries(hints)) {
    const { code, out, errors } = await run(registry, text);

    assertEquals([code, out], [2, ""]);
    assertEquals(
      errors,
      `glassbox: "${text}" is no command; ${hint} commands are serve, verify, gc, tree, look, diff, import, export, samples, lessons\n`,
    );
  }
});

Deno.test("a number that is no command is status 2, and the line names the flag of the port", async () => {
  await using registry = await startRegistry();

  const { code, out, errors } = await run(registry, "5081");

  assertEquals([code, out, errors], [2, "", 'glassbox: "5081" is no flag; did you mean --port 5081?\n']);
});
