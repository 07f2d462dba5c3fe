/** Several registries on one folder: nothing is lost, doubled or half seen. */

import { assert, assertEquals } from "@std/assert";
import { verify } from "../src/housekeeping/verify.ts";
import { storeFor } from "../src/registry.ts";
import { descriptorOf, digestOf, TYPES } from "./fixture.ts";
import { RegistryProcess, temporaryRoot } from "./processes/process.ts";

const HELLO = "/v2/library/hello";
const AS_INDEX = { "Content-Type": TYPES.index };

/** A manifest that needs nothing, and is like no other. */
function indexNumber(number: number): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [],
    annotations: { number: `${number}` },
  });
}

async function faultsIn(root: string): Promise<string[]> {
  const faults: string[] = [];
  for await (const { kind, path, text } of verify(storeFor({ root }))) {
    if (kind === "fault") faults.push(`${path} ${text}`);
  }
  return faults;
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

async function statusOf(response: Promise<Response>): Promise<number> {
  const { status, body } = await response;
  await body?.cancel();
  return status;
}

Deno.test("the same blob, pushed to two processes at once, is stored once, and all who pushed it are told so", async () => {
  await using root = await temporaryRoot();
  await using one = await RegistryProcess.start(root.path);
  await using two = await RegistryProcess.start(root.path);
  const content = "x".repeat(100_000);
  const digest = digestOf(content);

  const pushes = Array.from(
    { length: 20 },
    (_, number) =>
      statusOf(
        (number % 2 === 0 ? one : two).send("POST", `${HELLO}/blobs/uploads/?digest=${digest}`, { body: content }),
      ),
  );

  assertEquals(new Set(await Promise.all(pushes)), new Set([201]));
  assertEquals(namesIn(`${root.path}/library/hello/${digest}`), ["blob"]);
  assertEquals(namesIn(`${root.path}/library/hello/_uploads`), []);
  assertEquals(await faultsIn(root.path), []);
});

Deno.test("a tag that two processes move at once points to one of the manifests, and all of them are whole", async () => {
  await using root = await temporaryRoot();
  await using one = await RegistryProcess.start(root.path);
  await using two = await RegistryProcess.start(root.path);
  const manifests = Array.from({ length: 20 }, (_, number) => indexNumber(number));

  const pushes = manifests.map((body, number) =>
    statusOf((number % 2 === 0 ? one : two).send("PUT", `${HELLO}/manifests/latest`, { body, headers: AS_INDEX }))
  );

  assertEquals(new Set(await Promise.all(pushes)), new Set([201]));
  const latest = await (await one.send("GET", `${HELLO}/manifests/latest`)).text();
  assert(manifests.includes(latest));
  assertEquals(await (await two.send("GET", `${HELLO}/manifests/latest`)).text(), latest);
  for (const manifest of manifests) {
    assertEquals(await (await two.send("GET", `${HELLO}/manifests/${digestOf(manifest)}`)).text(), manifest);
  }
  assertEquals(await faultsIn(root.path), []);
});

Deno.test("USE-I02: the chunks of one session can go to two processes in turn", async () => {
  await using root = await temporaryRoot();
  await using one = await RegistryProcess.start(root.path);
  await using two = await RegistryProcess.start(root.path);
  const opened = await one.send("POST", `${HELLO}/blobs/uploads/`);
  const location = opened.headers.get("Location")!;
  await opened.body?.cancel();
  const chunks = Array.from({ length: 6 }, (_, number) => `${number}`.repeat(1000));

  for (const [number, chunk] of chunks.entries()) {
    const headers = { "Content-Range": `${number * 1000}-${number * 1000 + 999}` };
    const sent = await (number % 2 === 0 ? two : one).send("PATCH", location, { body: chunk, headers });
    await sent.body?.cancel();
    assertEquals([sent.status, sent.headers.get("Range")], [202, `0-${number * 1000 + 999}`]);
  }

  // Each process has seen only half of the bytes, and still knows the digest of the whole.
  const digest = digestOf(chunks.join(""));
  assertEquals(await statusOf(two.send("PUT", `${location}?digest=${digest}`)), 201);
  assertEquals(await (await one.send("GET", `${HELLO}/blobs/${digest}`)).text(), chunks.join(""));
});

Deno.test("PUSH-CHUNK-13: of two writers that send the same chunk of one session, one is late, and nothing is mixed", async () => {
  await using root = await temporaryRoot();
  await using one = await RegistryProcess.start(root.path);
  await using two = await RegistryProcess.start(root.path);
  const opened = await one.send("POST", `${HELLO}/blobs/uploads/`);
  const location = opened.headers.get("Location")!;
  await opened.body?.cancel();
  const chunk = "z".repeat(500_000);
  const headers = { "Content-Range": "0-499999" };

  const statuses = await Promise.all(
    [one, two].map((process) => statusOf(process.send("PATCH", location, { body: chunk, headers }))),
  );

  assertEquals(statuses.sort(), [202, 416]);
  assertEquals(await statusOf(two.send("PUT", `${location}?digest=${digestOf(chunk)}`)), 201);
});

Deno.test("PUSH-SUBJECT-13: of all who would move a tag from where it is, exactly one does", async () => {
  await using root = await temporaryRoot();
  await using one = await RegistryProcess.start(root.path);
  await using two = await RegistryProcess.start(root.path);
  const first = indexNumber(0);
  const push = (process: RegistryProcess, body: string, condition: Record<string, string>) =>
    statusOf(process.send("PUT", `${HELLO}/manifests/latest`, { body, headers: { ...AS_INDEX, ...condition } }));

  const created = await Promise.all(
    Array.from({ length: 8 }, (_, number) => push(number % 2 ? one : two, first, { "If-None-Match": "*" })),
  );
  const moved = await Promise.all(
    Array.from(
      { length: 8 },
      (_, number) => push(number % 2 ? one : two, indexNumber(number + 1), { "If-Match": `"${digestOf(first)}"` }),
    ),
  );

  assertEquals(created.sort(), [201, ...Array(7).fill(412)]);
  assertEquals(moved.sort(), [201, ...Array(7).fill(412)]);
});

Deno.test("deletes in one process against pushes in another: no tag ever points to nothing", async () => {
  await using root = await temporaryRoot();
  await using one = await RegistryProcess.start(root.path);
  await using two = await RegistryProcess.start(root.path);
  const manifest = indexNumber(1);
  const path = `${HELLO}/manifests/${digestOf(manifest)}`;

  const statuses: number[] = [];
  for (let round = 0; round < 15; round++) {
    statuses.push(
      ...await Promise.all([
        statusOf(one.send("PUT", `${HELLO}/manifests/latest`, { body: manifest, headers: AS_INDEX })),
        statusOf(two.send("DELETE", path)),
        statusOf(one.send("DELETE", path)),
      ]),
    );
    const tag = await statusOf(two.send("GET", `${HELLO}/manifests/latest`));
    assertEquals(tag, await statusOf(one.send("GET", path)));
  }

  assertEquals(statuses.filter((status) => ![201, 202, 404].includes(status)), []);
  assertEquals(await faultsIn(root.path), []);
});

Deno.test("PUSH-MOUNT-08: deletes in one process against mounts in another: a mount works, or asks for the blob", async () => {
  await using root = await temporaryRoot();
  await using one = await RegistryProcess.start(root.path);
  await using two = await RegistryProcess.start(root.path);
  const digest = digestOf("foo");

  for (let round = 0; round < 15; round++) {
    await statusOf(one.send("POST", `${HELLO}/blobs/uploads/?digest=${digest}`, { body: "foo" }));
    const [, mounted] = await Promise.all([
      statusOf(one.send("DELETE", `${HELLO}/blobs/${digest}`)),
      statusOf(two.send("POST", `/v2/library/other${round}/blobs/uploads/?mount=${digest}&from=library/hello`)),
    ]);
    const pulled = await statusOf(one.send("GET", `/v2/library/other${round}/blobs/${digest}`));
    assertEquals([mounted, pulled], mounted === 201 ? [201, 200] : [202, 404]);
  }
});

Deno.test("DISC-TAGS-04: a list in one process while another writes has all that was there before and stays", async () => {
  await using root = await temporaryRoot();
  await using one = await RegistryProcess.start(root.path);
  await using two = await RegistryProcess.start(root.path);
  const body = indexNumber(1);
  const setTag = (tag: string) => statusOf(one.send("PUT", `${HELLO}/manifests/${tag}`, { body, headers: AS_INDEX }));
  const stays = ["a", "m", "z"];
  for (const tag of stays) await setTag(tag);

  let isWriting = true;
  const writing = (async () => {
    for (let number = 0; number < 30; number++) await setTag(`n${number}`);
    isWriting = false;
  })();
  let lists = 0;
  while (isWriting) {
    const { name, tags } = await (await two.send("GET", `${HELLO}/tags/list`)).json();
    assertEquals([name, stays.filter((tag) => !tags.includes(tag))], ["library/hello", []]);
    lists++;
  }
  await writing;

  assert(lists > 0);
  const { tags } = await (await two.send("GET", `${HELLO}/tags/list`)).json();
  assertEquals(tags.length, 33);
});

Deno.test("the garbage collection of another process takes nothing from a push that is on its way", async () => {
  await using root = await temporaryRoot();
  await using one = await RegistryProcess.start(root.path);
  const main = new URL("../main.ts", import.meta.url).href;
  const layers = Array.from({ length: 10 }, (_, number) => `layer ${number}`);
  const old = new Date(Date.now() - 7_200_000);
  for (const layer of layers) {
    const digest = digestOf(layer);
    await statusOf(one.send("POST", `${HELLO}/blobs/uploads/?digest=${digest}`, { body: layer }));
    await Deno.utime(`${root.path}/library/hello/${digest}/blob`, old, old);
  }
  // The client asks for the first nine, and finds them there.
  for (const layer of layers.slice(0, 9)) {
    assertEquals(await statusOf(one.send("HEAD", `${HELLO}/blobs/${digestOf(layer)}`)), 200);
  }

  const { success } = await new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      `--allow-read=${root.path}`,
      `--allow-write=${root.path}`,
      main,
      "gc",
      "--root",
      root.path,
    ],
    stdout: "null",
  }).output();

  assert(success);
  // Only the one that nobody has asked for is gone.
  assertEquals(await statusOf(one.send("HEAD", `${HELLO}/blobs/${digestOf(layers[9])}`)), 404);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf(layers[0], TYPES.config),
    layers: layers.slice(1, 9).map((layer) => descriptorOf(layer, TYPES.layer)),
  });
  const headers = { "Content-Type": TYPES.image };
  assertEquals(await statusOf(one.send("PUT", `${HELLO}/manifests/latest`, { body: manifest, headers })), 201);
});
