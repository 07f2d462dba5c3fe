/** What is broken or hostile is shown as it is, with what is wrong and where, and never causes an exception. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { localDisk } from "../../src/disk/local_disk.ts";
import type { Facts } from "../../src/looking/facts.ts";
import { look } from "../../src/looking/look.ts";
import { linesOf } from "../../src/serving/lines_of_facts.ts";
import { bytes, descriptorOf, digestOf, randomBytes, startRegistry, type TestRegistry, TYPES } from "../fixture.ts";
import { Random } from "../fuzz/random.ts";
import { fileOf, headerOf, tarOf as hostileTar } from "../archive/tar_maker.ts";
import { tarOf } from "../filling/archive.ts";
import { pushArtifact, pushImage, pushIndex } from "./images.ts";

const NAME = "library/hello";

/** Puts a manifest into the folder by hand, whatever its bytes are. Returns its digest. */
function put({ root }: TestRegistry, text: string | Uint8Array, type = TYPES.image as string): string {
  const digest = digestOf(text);
  const folder = `${root}/${NAME}/${digest}`;
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeFileSync(`${folder}/manifest.json`, typeof text === "string" ? bytes(text) : text);
  if (type !== "") Deno.writeTextFileSync(`${folder}/content-type`, type);
  return digest;
}

async function lookFor<Kind extends Facts["kind"]>({ root }: TestRegistry, kind: Kind, text: string) {
  const facts = await look(localDisk(root), text);
  assertEquals(facts.kind, kind, JSON.stringify(facts));
  // Whoever shows facts must manage with all of them.
  const lines = linesOf(facts);
  assertEquals(lines.filter((line) => line.length > 80 && !/deno task/.test(line)), []);
  return facts as Extract<Facts, { kind: Kind }>;
}

const sentences = ({ faults }: Facts) => faults.map(({ text }) => text);

Deno.test("a manifest that is no JSON is shown with the line and the column where it breaks", async () => {
  await using registry = await startRegistry();
  const text = '{\n  "schemaVersion": 2,\n  "layers": [,]\n}';
  const facts = await lookFor(registry, "manifest", `${NAME}@${put(registry, text)}`);
  assertEquals([facts.json.text, facts.json.fields, facts.shape], [text, [], undefined]);
  assertEquals([facts.json.broken?.line, facts.json.broken?.column], [3, 14]);
  assertEquals(sentences(facts), ["It is no JSON: Unexpected token ','. That is in line 3, column 14."]);

  const cut = await lookFor(registry, "manifest", `${NAME}@${put(registry, '{"a":\n')}`);
  assertEquals(sentences(cut), ["It is no JSON: Unexpected end of JSON input. That is in line 2, column 1."]);
  const empty = await lookFor(registry, "manifest", `${NAME}@${put(registry, "")}`);
  assertEquals(empty.json.broken?.line, 1);
  const notText = await lookFor(registry, "manifest", `${NAME}@${put(registry, new Uint8Array([0xff, 0xfe, 0x7b]))}`);
  assert(notText.json.broken !== undefined && notText.faults.length > 0);
  const deep = await lookFor(registry, "manifest", `${NAME}@${put(registry, "[".repeat(100_000))}`);
  assertEquals(sentences(deep), ["It is not read: expected at most 100 levels of JSON, got more."]);
});

Deno.test("a long manifest is shown without its fields, and one that breaks without the place; nobody waits for long", async () => {
  await using registry = await startRegistry({ allowSparse: true });
  const manifests = Array.from({ length: 20_000 }, (_, index) => descriptorOf(`child ${index}`, TYPES.image));
  const { digest } = await pushIndex(registry, NAME, manifests, { fields: { annotations: { a: "b" } } });
  const long = await lookFor(registry, "manifest", `${NAME}@${digest}`);
  assertEquals([long.shape, long.children.total, long.json.fields, long.json.isWhole], ["index", 20_000, [], false]);
  assertEquals([long.annotations, long.json.text.length, long.json.broken], [
    [{ name: "a", text: "b" }],
    1024 ** 2,
    undefined,
  ]);
  assertEquals(long.limits.slice(0, 2), [
    "Only the first MiB of the manifest is shown.",
    "The fields of the manifest are not explained, because it has more than 2.0 MiB.",
  ]);
  const { text } = await lookFor(registry, "missing", `${NAME}@${digest}#/manifests/0`);
  assertEquals(text, "It is too long to look at a part of it.");

  const broken = put(registry, `[${"1,2,".repeat(400_000)},]`);
  assertEquals(sentences(await lookFor(registry, "manifest", `${NAME}@${broken}`)), [
    "It is no JSON: Unexpected token ','.",
  ]);
  const larger = put(registry, `[${"1,2,".repeat(600_000)},]`);
  const [fault] = sentences(await lookFor(registry, "manifest", `${NAME}@${larger}`));
  assertStringIncludes(fault, "It is no manifest of type");
});

Deno.test("a manifest that breaks a rule is shown with its fields, and with the rule's sentence", async () => {
  await using registry = await startRegistry();
  const cases: Record<string, string> = {
    "[]": "an object at the manifest, got a list",
    "7": "an object at the manifest, got 7",
    "null": "an object at the manifest, got null",
    '{"schemaVersion":1,"name":"x","fsLayers":[]}': "schemaVersion 2, got 1",
    '{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:0","size":1}}': "at config.digest",
    '{"schemaVersion":2,"config":{},"layers":{}}': "a media type such as text/plain at config.mediaType",
    '{"schemaVersion":2,"layers":[],"layers":[],"config":{}}': '"layers" twice in the manifest',
  };
  for (const [text, sentence] of Object.entries(cases)) {
    const facts = await lookFor(registry, "manifest", `${NAME}@${put(registry, text)}`);
    assertEquals(facts.faults.length, 1, text);
    assertStringIncludes(sentences(facts)[0], sentence);
    assertStringIncludes(sentences(facts)[0], `It is no manifest of type ${TYPES.image}`);
    assert(facts.json.fields.length > 0, text);
  }
  const schema1 = await lookFor(registry, "manifest", `${NAME}@${digestOf(Object.keys(cases)[3])}`);
  assertStringIncludes(schema1.formats.map(({ name }) => name).join(), "Docker schema 1");

  const alone = await lookFor(registry, "manifest", `${NAME}@${put(registry, '{"schemaVersion":2}', "")}`);
  assertStringIncludes(sentences(alone)[0], "It has no file content-type beside it");
});

Deno.test("blobs and children that are not there, and sizes that lie, are named with their places", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME, { tag: "v1" });
  const missing = descriptorOf("missing", TYPES.layer);
  const elsewhere = { ...descriptorOf("elsewhere", TYPES.layer), urls: ["https://example.com/"] };
  const lie = { ...image.layers[0], size: 7 };
  const { digest: _, config } = image;
  const broken = put(
    registry,
    JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPES.image,
      config,
      layers: [missing, elsewhere, lie],
    }),
  );
  const facts = await lookFor(registry, "manifest", `${NAME}@${broken}`);
  const at = `${NAME}/${broken}/manifest.json`;
  assertEquals(facts.faults, [
    { address: at, text: "It has 3 layers, and its config has 1 diff_ids." },
    { address: at, text: "It has 3 layers, and in the history of its config 1 steps made one." },
    { address: `${at}#/layers/0`, text: `It points to ${missing.digest}, which is not there.` },
    {
      address: `${at}#/layers/2`,
      text: `It says that ${lie.digest} has 7 bytes, but it has ${image.layers[0].size}.`,
    },
  ]);
  assertEquals(facts.layers.map(({ address }) => address !== undefined), [false, false, true]);

  // Its layers are stacked as far as they are there.
  const stacked = await lookFor(registry, "file", `${NAME}@${broken}!/`);
  assertEquals(stacked.entries?.rows.map(({ text }) => text), ["hello.txt"]);
  assertEquals(sentences(stacked).length, 2);
});

Deno.test("tags without a digest, and tags that point nowhere, are shown so", async () => {
  await using registry = await startRegistry();
  await pushImage(registry, NAME, { tag: "good" });
  Deno.writeTextFileSync(`${registry.root}/${NAME}/_tags/text`, "no digest");
  Deno.writeTextFileSync(`${registry.root}/${NAME}/_tags/nowhere`, digestOf("gone"));
  Deno.writeTextFileSync(`${registry.root}/${NAME}/_tags/empty`, "");

  const text = await lookFor(registry, "tag", `${NAME}:text`);
  assertEquals([text.digest, text.target, sentences(text)], [undefined, undefined, [
    "It is not the text of a digest.",
  ]]);
  const nowhere = await lookFor(registry, "tag", `${NAME}:nowhere`);
  assertEquals([nowhere.target?.kind, sentences(nowhere)], ["missing", [
    `It points to ${digestOf("gone")}, which is not there.`,
  ]]);
  const { tags } = await lookFor(registry, "repository", NAME);
  assertEquals(tags.rows.map(({ text, digest, to }) => [text, digest !== undefined, to !== undefined]), [
    ["empty", false, false],
    ["good", true, true],
    ["nowhere", true, false],
    ["text", false, false],
  ]);
  await lookFor(registry, "missing", `${NAME}:text!/etc`);
  await lookFor(registry, "missing", `${NAME}:nowhere!/etc`);
});

Deno.test("files that were put into the folder by hand disturb nobody", async () => {
  await using registry = await startRegistry();
  await pushImage(registry, NAME, { tag: "v1" });
  const folder = `${registry.root}/${NAME}`;
  const empty = digestOf("empty");
  Deno.mkdirSync(`${folder}/${empty}`);
  Deno.writeTextFileSync(`${folder}/${empty}/README`, "");
  Deno.mkdirSync(`${folder}/_uploads/${crypto.randomUUID()}`, { recursive: true });
  Deno.mkdirSync(`${folder}/_referrers/${empty}`, { recursive: true });
  Deno.writeTextFileSync(`${folder}/_referrers/${empty}/${empty}.json`, "no JSON");
  Deno.symlinkSync("/etc", `${registry.root}/library/outside`);
  Deno.symlinkSync("/etc/passwd", `${folder}/_tags/outside`);

  const { contents } = await lookFor(registry, "repository", NAME);
  assertEquals(contents.rows.filter(({ file }) => file === undefined).map(({ digest }) => digest), [empty]);
  const nothing = await lookFor(registry, "missing", `${NAME}@${empty}`);
  assertStringIncludes(nothing.text, "sha256");
  await lookFor(registry, "missing", `${NAME}/${empty}/README`);
  await lookFor(registry, "missing", "library/outside");
  await lookFor(registry, "missing", `${NAME}:outside`);
  assertEquals((await lookFor(registry, "referrers", `${NAME}/_referrers/${empty}`)).referrers, []);
  await lookFor(registry, "field", `${NAME}/_referrers/${empty}/${empty}.json`).catch(() => {});
});

Deno.test("referrers that somebody has made a circle of by hand are drawn once", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME);
  const note = await pushArtifact(registry, NAME, {
    fields: { artifactType: "text/x-note", subject: image.descriptor },
  });
  const folder = `${registry.root}/${NAME}/_referrers/${note.digest}`;
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(`${folder}/${image.digest}.json`, JSON.stringify(image.descriptor));

  const { referrers } = await lookFor(registry, "manifest", `${NAME}@${image.digest}`);
  assertEquals(
    referrers.map(({ digest, referrers }) => [digest, referrers.map(({ digest, referrers }) => [digest, referrers])]),
    [
      [note.digest, [[image.digest, []]]],
    ],
  );
});

Deno.test("very many referrers are cut at a limit, which is told", async () => {
  await using registry = await startRegistry();
  const image = await pushImage(registry, NAME);
  for (let number = 0; number < 501; number++) {
    const manifest = {
      schemaVersion: 2,
      mediaType: TYPES.index,
      manifests: [],
      artifactType: `text/x-${number}`,
      subject: image.descriptor,
    };
    await registry.pushManifest(NAME, manifest);
  }
  const { referrers, limits } = await lookFor(registry, "manifest", `${NAME}@${image.digest}`);
  assertEquals([referrers.length, limits.filter((text) => text.includes("referrers"))], [500, [
    "Only 500 referrers are shown.",
  ]]);
});

Deno.test("indexes in indexes in indexes end at a level, and an image below is not found there", async () => {
  await using registry = await startRegistry();
  let child = (await pushImage(registry, NAME)).descriptor;
  for (let depth = 0; depth < 5; depth++) child = (await pushIndex(registry, NAME, [child])).descriptor;
  await lookFor(registry, "file", `${NAME}@${child.digest}!/hello.txt`);
  const { digest } = await pushIndex(registry, NAME, [child]);
  const { text } = await lookFor(registry, "missing", `${NAME}@${digest}!/hello.txt`);
  assertEquals(text, "There is no image in it whose layers could be stacked.");
});

// Marks that a terminal obeys, that turn text around, and that a browser would take for its own.
const HOSTILE = "\x1b[2J\x1b]0;title\x07\u202egpj.\u2066<script>alert(1)</script>&amp;\r\n\0\u{e0001}";

Deno.test("texts of clients are in the facts as they are, and what is printed has no hidden character", async () => {
  await using registry = await startRegistry();
  const { digest, layers: [layer] } = await pushImage(registry, NAME, {
    tag: "v1",
    layers: [
      hostileTar(
        fileOf(`etc/${HOSTILE.replaceAll(/[\0/]/g, "")}`, HOSTILE),
        headerOf({ name: "link", type: "2", link: HOSTILE.replaceAll("\0", "") }),
      ),
    ],
    commands: [HOSTILE],
    config: {
      author: HOSTILE,
      config: { Cmd: [HOSTILE], Env: [HOSTILE], Labels: { [HOSTILE]: HOSTILE }, Volumes: { [HOSTILE]: {} } },
    },
    fields: { annotations: { [HOSTILE]: HOSTILE }, [HOSTILE]: [HOSTILE] },
    annotations: { [HOSTILE]: HOSTILE },
  });
  const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
  const manifest = await lookFor(registry, "manifest", `${NAME}@${digest}`);
  assertEquals(manifest.annotations, [{ name: HOSTILE, text: HOSTILE }]);
  assertEquals(manifest.image?.cmd, [HOSTILE]);
  const { entries } = await lookFor(registry, "file", `${NAME}:v1!/etc`);
  const path = entries!.rows[0].address;
  for (
    const text of [
      NAME,
      `${NAME}:v1`,
      `${NAME}@${digest}`,
      `${NAME}@${digest}#`,
      `${NAME}@${layer.digest}`,
      `${NAME}:v1!/`,
      path,
      `${path}x`,
      HOSTILE,
    ]
  ) {
    const facts = await look(localDisk(registry.root), text);
    assertEquals(linesOf(facts).filter((line) => hidden.test(line)), [], text);
    assertEquals(facts.next.filter(({ command }) => hidden.test(command)), []);
  }
  const file = await look(localDisk(registry.root), path);
  assertEquals(file.kind === "file" && file.content?.is.kind, "binary");
});

Deno.test("layers that are broken are shown as far as they can be read", async () => {
  await using registry = await startRegistry();
  const tar = tarOf([{ name: "one", content: "1" }, { name: "two", content: "2" }]);
  const cases: Record<string, Uint8Array<ArrayBuffer>> = {
    "cut off": tar.slice(0, 700),
    "no gzip behind its mark": bytes("\x1f\x8b and no more"),
    "no zstd behind its mark": new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]),
    "noise": tar.map((byte, index) => index % 37 === 5 ? byte ^ 0x55 : byte),
  };
  for (const [name, content] of Object.entries(cases)) {
    const digest = await registry.pushBlob(NAME, content);
    const facts = await lookFor(registry, "blob", `${NAME}@${digest}`);
    assert(facts.layer === undefined || facts.faults.length > 0, name);
    await look(localDisk(registry.root), `${NAME}@${digest}!/one`);
  }
});

Deno.test("a manifest with any bytes changed is still shown", async () => {
  await using registry = await startRegistry();
  const { digest } = await pushImage(registry, NAME, { fields: { annotations: { a: "b" } } });
  const good = bytes(registry.read(`${NAME}/${digest}/manifest.json`));
  const random = new Random(12);
  for (let round = 0; round < 200; round++) {
    const bad = good.slice();
    for (let change = 0; change <= random.below(3); change++) bad[random.below(bad.length)] = random.below(256);
    await lookFor(registry, "manifest", `${NAME}@${put(registry, bad)}`);
  }
  for (let round = 0; round < 20; round++) {
    await lookFor(registry, "manifest", `${NAME}@${put(registry, randomBytes(round))}`);
  }
});

Deno.test("a config that names another digest for an unpacked layer is found at the layer, with the place in that config", async () => {
  await using registry = await startRegistry();
  const other = digestOf("other");
  const { layers: [{ digest }], diffIds: [diffId] } = await pushImage(registry, NAME);
  const wrongId = { rootfs: { type: "layers", diff_ids: [other] } };
  const wrong = await pushImage(registry, NAME, { config: wrongId });
  const disk = localDisk(registry.root);
  const faultsOf = async (options = {}) => (await look(disk, `${NAME}@${digest}`, options)).faults;

  assertEquals(await faultsOf({ diffId: true }), [{
    address: `${NAME}/${wrong.config.digest}/config.json#/rootfs/diff_ids/0`,
    text: `Unpacked, the layer ${diffId.slice(0, 19)}… has another digest than this config says: ${
      other.slice(0, 19)
    }….`,
  }]);
  assertEquals(await faultsOf(), []);

  // A config that is not there or has no list says nothing else.
  Deno.removeSync(`${registry.root}/${NAME}/${wrong.config.digest}/config.json`);
  await pushImage(registry, NAME, { config: { rootfs: { type: "layers" } } });
  assertEquals(await faultsOf({ diffId: true }), []);
});

Deno.test("a layer of very many images is compared with some configs, and says so", async () => {
  await using registry = await startRegistry();
  const images = [];
  for (let number = 0; number < 101; number++) {
    images.push(await pushImage(registry, NAME, { config: { author: `${number}` } }));
  }
  const { faults, limits } = await look(localDisk(registry.root), `${NAME}@${images[0].layers[0].digest}`, {
    diffId: true,
  });
  assertEquals([faults, limits], [[], ["Only the first 100 of 101 configs were compared with this layer."]]);
});

Deno.test("of many referrers with long annotations, a look shows the annotations up to a MiB, and says so", async () => {
  await using registry = await startRegistry();
  const subject = put(
    registry,
    JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] }),
    TYPES.index,
  );
  const whole = await lookFor(registry, "manifest", `${NAME}@${subject}`);
  assertEquals([whole.referrers, whole.limits], [[], []]);
  for (let at = 0; at < 12; at++) {
    const manifest = {
      schemaVersion: 2,
      mediaType: TYPES.index,
      manifests: [],
      subject: { mediaType: TYPES.index, digest: subject, size: 1 },
      annotations: { at: String(at), long: "x".repeat(200_000) },
    };
    await registry.pushManifest(NAME, manifest);
  }

  const { referrers, limits } = await lookFor(registry, "manifest", `${NAME}@${subject}`);
  const letters = referrers.flatMap(({ annotations }) => annotations).reduce((sum, { text }) => sum + text.length, 0);
  assertEquals([referrers.length, limits], [12, ["Of all annotations together, only the first MiB is shown."]]);
  assert(letters > 1_000_000 && letters <= 1024 ** 2, `${letters} letters`);
});
