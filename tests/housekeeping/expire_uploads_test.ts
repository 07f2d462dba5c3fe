/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#cancel-a-blob-upload */

import { localDisk } from "../../src/disk/local_disk.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { expireUploads } from "../../src/housekeeping/expire_uploads.ts";
import { createRegistry } from "../../src/registry.ts";
import { digestOf, expectRefusal, heldBody, startRegistry, type TestRegistry } from "../fixture.ts";
import { runDenoNow } from "../processes/program.ts";

const HOUR = 60 * 60 * 1000;
const HELLO_WORLD = digestOf("helloworld");

// Makes the session look as if its last use was this many hours ago.
async function age(registry: TestRegistry, location: string, hours: number): Promise<void> {
  const folder = location.replace(/^\/v2\/(.*)\/blobs\/uploads\/([^/]*)$/, "$1/_uploads/$2");
  const file = `${registry.root}/${folder}/data`;
  const then = new Date(Date.now() - hours * HOUR);
  await Deno.utime(file, then, then);
}

// Makes all files look as if nobody had used them for this many hours.
function ageAll(registry: TestRegistry, hours: number): void {
  const then = new Date(Date.now() - hours * HOUR);
  for (const path of registry.tree()) Deno.utimeSync(`${registry.root}/${path}`, then, then);
}

// Lets sessions expire over a disk of its own, as another process would.
function expire({ root }: TestRegistry): Promise<number> {
  return expireUploads(localDisk(root, { durability: "none" }));
}

Deno.test("PUSH-CANCEL-04: sessions that nobody has used for 24 hours are removed, and the others stay", async () => {
  await using registry = await startRegistry();
  const [old, young] = [await registry.openSession("library/hello"), await registry.openSession("library/hello")];
  await registry.send("PATCH", old, { body: "foo" });
  await registry.send("PATCH", young, { body: "foo" });
  await age(registry, old, 25);
  await age(registry, young, 23);

  const expired = await expireUploads(localDisk(registry.root));

  assertEquals(expired, 1);
  assertEquals(registry.tree(), [`library/hello/_uploads/${young.split("/").at(-1)}/data`]);
  assertEquals((await registry.send("GET", young)).status, 204);
  assertEquals((await registry.send("GET", old)).status, 404);
});

Deno.test("PUSH-CANCEL-04: sessions are removed in all repositories, even if a repository has nothing else", async () => {
  await using registry = await startRegistry();
  const names = ["a", "a/b", "a-b", "library/hello", "x/blobs/uploads"];
  for (const name of names) await age(registry, await registry.openSession(name), 25);
  const foo = await registry.pushBlob("library/hello", "foo");
  const { digest, layer, config } = await registry.pushImage("a", { tag: "latest" });

  const expired = await expireUploads(localDisk(registry.root));

  assertEquals(expired, names.length);
  assertEquals(
    registry.tree(),
    [
      "a/_tags/latest",
      `a/${digest}/content-type`,
      `a/${digest}/manifest.json`,
      `a/${config}/config.json`,
      `a/${layer}/blob`,
      `library/hello/${foo}/blob`,
    ].sort(),
  );
});

Deno.test("PUSH-CANCEL-04: the operator decides how long a session lives", async () => {
  await using registry = await startRegistry();
  const [old, young] = [await registry.openSession("library/hello"), await registry.openSession("library/hello")];
  await age(registry, old, 2);

  const expired = await expireUploads(localDisk(registry.root), HOUR);

  assertEquals(expired, 1);
  assertEquals(registry.tree(), [`library/hello/_uploads/${young.split("/").at(-1)}/data`]);
});

Deno.test("PUSH-CANCEL-04: if there is nothing to remove, nothing is removed", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");

  const store = localDisk(registry.root);
  const expired = [await expireUploads(store), await expireUploads(localDisk(`${registry.root}/nowhere`))];

  assertEquals(expired, [0, 0]);
  assertEquals(registry.tree(), [`library/hello/${digestOf("foo")}/blob`]);
});

Deno.test("PUSH-CANCEL-04: blobs are not removed, however old they are", async () => {
  await using registry = await startRegistry();
  const foo = await registry.pushBlob("library/hello", "foo");
  const longAgo = new Date(0);
  await Deno.utime(`${registry.root}/library/hello/${foo}/blob`, longAgo, longAgo);

  assertEquals(await expireUploads(localDisk(registry.root)), 0);
  assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${foo}`)).status, 200);
});

Deno.test("PUSH-CANCEL-04: a folder among the sessions that is no session is left alone", async () => {
  await using registry = await startRegistry();
  const old = await registry.openSession("library/hello");
  await age(registry, old, 25);
  await Deno.mkdir(`${registry.root}/library/hello/_uploads/notes`);
  await Deno.writeTextFile(`${registry.root}/library/hello/_uploads/notes/data`, "mine");

  const expired = await expireUploads(localDisk(registry.root));

  assertEquals([expired, registry.tree()], [1, ["library/hello/_uploads/notes/data"]]);
});

Deno.test("PUSH-CANCEL-04: a session that a crash stopped at its end is removed like any other, and counts as none", async () => {
  await using registry = await startRegistry({ maxUploads: 1 });
  // What is there between the two renames that make a blob of a session.
  const folder = `${registry.root}/library/hello/_uploads/${crypto.randomUUID()}`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/blob`, "foo");
  const then = new Date(Date.now() - 2 * HOUR);
  await Deno.utime(`${folder}/blob`, then, then);

  const opened = await registry.send("POST", "/v2/library/hello/blobs/uploads/");
  const location = opened.headers.get("Location")!;
  await expireUploads(localDisk(registry.root), HOUR);

  assertEquals(opened.status, 202);
  assertEquals(registry.tree(), [`library/hello/_uploads/${location.split("/").at(-1)}/data`]);
});

Deno.test("PUSH-CANCEL-04: no session expires while a PATCH works on it, however long the client pauses", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  const { body, reached, release } = heldBody("hello", "world");

  const patching = registry.send("PATCH", location, { body });
  await reached;
  ageAll(registry, 25);
  const during = await expire(registry);
  const status = await registry.send("GET", location);
  ageAll(registry, 25);
  release();
  const patched = await patching;
  const after = await expire(registry);
  const closed = await registry.send("PUT", `${location}?digest=${HELLO_WORLD}`);

  assertEquals([during, after], [0, 0]);
  assertEquals([status.status, status.headers.get("Range")], [204, "0-4"]);
  assertEquals([patched.status, patched.headers.get("Range"), closed.status], [202, "0-9", 201]);
  assertEquals(registry.tree(), [`library/hello/${HELLO_WORLD}/blob`]);
});

Deno.test("PUSH-CANCEL-04: no session expires while a PUT or a single POST works on it", async () => {
  for (const method of ["PUT", "POST"]) {
    await using registry = await startRegistry();
    const location = method === "PUT"
      ? await registry.openSession("library/hello")
      : "/v2/library/hello/blobs/uploads/";
    const { body, reached, release } = heldBody("hello", "world");

    const pushing = registry.send(method, `${location}?digest=${HELLO_WORLD}`, { body });
    await reached;
    ageAll(registry, 25);
    const expired = await expire(registry);
    release();
    const { status } = await pushing;

    assertEquals([expired, status], [0, 201], method);
    assertEquals(registry.tree(), [`library/hello/${HELLO_WORLD}/blob`]);
  }
});

Deno.test("PUSH-CANCEL-04: one session that a request works on does not keep others from expiring", async () => {
  await using registry = await startRegistry();
  const sessions = [];
  for (let number = 0; number < 5; number++) sessions.push(await registry.openSession("library/hello"));
  const { body, reached, release } = heldBody("hello", "world");

  const patching = registry.send("PATCH", sessions[2], { body });
  await reached;
  ageAll(registry, 25);
  const expired = await expire(registry);
  release();
  await patching;

  assertEquals(expired, 4);
  assertEquals(registry.tree(), [`library/hello/_uploads/${sessions[2].split("/").at(-1)}/data`]);
});

Deno.test("PUSH-CANCEL-04: a session that a request works on counts, however long the client pauses", async () => {
  await using registry = await startRegistry({ maxUploads: 1 });
  const location = await registry.openSession("library/hello");
  const { body, reached, release } = heldBody("hello", "world");
  const patching = registry.send("PATCH", location, { body });
  await reached;
  ageAll(registry, 25);
  // Another process counts the sessions on the disk, because it has opened none itself.
  const other = createRegistry({ disk: localDisk(registry.root), maxUploads: 1 });

  const refused = await other(new Request("http://localhost/v2/library/hello/blobs/uploads/", { method: "POST" }));
  release();
  await patching;

  await expectRefusal(refused, { status: 429, code: "TOOMANYREQUESTS", rule: "API-ERR-10" });
});

Deno.test("PUSH-CANCEL-04: a session lives for its whole time after a PATCH has ended, also after one that broke off", async () => {
  for (const isComplete of [true, false]) {
    await using registry = await startRegistry();
    const location = await registry.openSession("library/hello");
    const released = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        reached.resolve();
        await released.promise;
        if (isComplete) controller.close();
        else controller.error(new Error("The connection broke."));
      },
    }, { highWaterMark: 0 });

    const patching = registry.send("PATCH", location, { body });
    await reached.promise;
    ageAll(registry, 25);
    released.resolve();
    await patching;
    const expired = await expire(registry);

    assertEquals([expired, (await registry.send("GET", location)).status], [0, 204]);
  }
});

Deno.test("PUSH-CANCEL-04: a session does not expire between the two renames that make a blob of it", async () => {
  const project = new URL("../../", import.meta.url);
  const expiry = `import { expireUploads, localDisk } from "${new URL("src/mod.ts", project)}";
    console.log(await expireUploads(localDisk(Deno.args[0])));`;
  const expired: string[] = [];
  let root = "";
  await using registry = await startRegistry({
    watch({ when, kind, path }) {
      if (when !== "after" || kind !== "rename" || !path.includes("_uploads/")) return;
      Deno.utimeSync(`${root}/${path}`, new Date(0), new Date(0));
      expired.push(runDenoNow("eval", "--config", `${project.pathname}deno.json`, expiry, root));
    },
  });
  root = registry.root;
  const location = await registry.openSession("library/hello");

  const answers = [
    await registry.send("PUT", `${location}?digest=${HELLO_WORLD}`, { body: "helloworld" }),
    await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digestOf("foo")}`, { body: "foo" }),
  ];

  assertEquals(expired, ["0\n", "0\n"]);
  assertEquals(answers.map(({ status }) => status), [201, 201]);
  assertEquals(
    registry.tree(),
    [`library/hello/${digestOf("foo")}/blob`, `library/hello/${HELLO_WORLD}/blob`].sort(),
  );
});

Deno.test("PUSH-CANCEL-04: an empty folder among the sessions is removed, and the rest of an interrupted one after its time", async () => {
  await using registry = await startRegistry();
  const folders = Array.from({ length: 3 }, () => `${registry.root}/library/hello/_uploads/${crypto.randomUUID()}`);
  for (const folder of folders) Deno.mkdirSync(folder, { recursive: true });
  const [young, old] = folders.map((folder) => `${folder}/layer.tar.gz`);
  Deno.writeTextFileSync(young, "foo");
  Deno.writeTextFileSync(old, "foo");
  const then = new Date(Date.now() - 25 * HOUR);
  Deno.utimeSync(old, then, then);

  await expire(registry);

  assertEquals(Array.from(Deno.readDirSync(`${registry.root}/library/hello/_uploads`), ({ name }) => name), [
    young.split("/").at(-2)!,
  ]);
});

Deno.test("PUSH-CANCEL-04: uploads cannot expire in less than a minute, because a slow client may pause that long", async () => {
  await using registry = await startRegistry();
  await registry.openSession("library/hello");
  for (const lifetime of [0, 59_999, -1, NaN]) {
    await assertRejects(() => expireUploads(localDisk(registry.root), lifetime), RangeError, "60000");
  }
  assertEquals(await expireUploads(localDisk(registry.root), 60_000), 0);
});

Deno.test("PUSH-CANCEL-04: a look at many sessions gives way again and again, and tries to remove none that lives", async () => {
  await using registry = await startRegistry();
  const sessions = 50;
  for (let number = 0; number < sessions; number++) await registry.openSession("library/hello");

  const [{ now }, { removeSync }] = [Date, Deno];
  const start = now();
  let [looks, removals, turns, isDone] = [0, 0, 0, false];
  // On this clock, each look at the time takes long.
  Date.now = () => start + 25 * looks++;
  Deno.removeSync = (path) => {
    if (String(path).includes("/_uploads/")) removals++;
    removeSync(path);
  };
  try {
    const expiring = expire(registry).finally(() => isDone = true);
    for (; !isDone; turns++) await new Promise((resolve) => setTimeout(resolve));
    assertEquals([await expiring, removals, turns >= sessions], [0, 0, true]);
  } finally {
    Date.now = now;
    Deno.removeSync = removeSync;
  }
  assertEquals(registry.tree().length, sessions);
});
