/**
 * What file systems that several machines share do, and a local one does not: stale handles, false answers about a name, locks
 * that a dead machine keeps. Each fault was seen on a real one; `deno task cluster` looks for them on MooseFS.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { BusyError } from "../src/disk/disk.ts";
import { localDisk } from "../src/disk/local_disk.ts";
import type { Step } from "../src/disk/watching.ts";
import { descriptorOf, digestOf, expectRefusal, startRegistry, TestRegistry, TYPES } from "./fixture.ts";
import { Folder } from "./folder.ts";
import { SlowBody } from "./processes/slow_body.ts";

const FOO = digestOf("foo");
const PUSH_FOO = `/v2/library/hello/blobs/uploads/?digest=${FOO}`;

// ── Stale handles ───────────────────────────────────────────────────────────────────────────────────────────────────

// Returns the error of Linux as Deno throws it. Deno has no class and no code for it.
function stale(path: string): Error {
  return new Error(`Stale file handle (os error 116): '${path}'`);
}

Deno.test("USE-I04: a blob that another machine stores at the same moment is stored once, and the client is told so", async () => {
  let isFirst = true;
  await using registry = await startRegistry({
    watch({ when, kind }) {
      if (when !== "before" || kind !== "rename folder" || !isFirst) return;
      isFirst = false;
      Deno.mkdirSync(`${registry.root}/library/hello/${FOO}`);
      Deno.writeTextFileSync(`${registry.root}/library/hello/${FOO}/blob`, "foo");
      throw stale(FOO);
    },
  });

  const pushed = await registry.send("POST", PUSH_FOO, { body: "foo" });

  assertEquals([pushed.status, isFirst], [201, false]);
  assertEquals(registry.tree(), [`library/hello/${FOO}/blob`]);
});

// The steps that look for a name. Another machine may replace what has the name.
const LOOKS_FOR_A_NAME: readonly Step["kind"][] = [
  "make folder",
  "open lock",
  "open session",
  "rename",
  "rename folder",
  "link",
  "remove file",
  "remove folder",
];

// Pushes, mounts and deletes. Returns the statuses.
async function useRegistry(registry: TestRegistry): Promise<number[]> {
  const config = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
  const image = JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf(config, TYPES.config),
    layers: [descriptorOf("foo", TYPES.layer)],
    subject: descriptorOf("another image", TYPES.image),
  });
  const manifest = { body: image, headers: { "Content-Type": TYPES.image } };
  const opened = await registry.send("POST", "/v2/library/hello/blobs/uploads/");
  const answers = [
    opened,
    await registry.send("PATCH", opened.headers.get("Location") ?? "/", { body: "foo" }),
    await registry.send("PUT", `${opened.headers.get("Location")}?digest=${FOO}`),
    await registry.send("POST", PUSH_FOO, { body: "foo" }),
    await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digestOf(config)}`, { body: config }),
    await registry.send("PUT", "/v2/library/hello/manifests/v1", manifest),
    await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${FOO}&from=library/hello`),
    await registry.send("DELETE", "/v2/library/hello/manifests/v1"),
    await registry.send("DELETE", `/v2/library/hello/manifests/${digestOf(image)}`),
    await registry.send("DELETE", `/v2/library/hello/blobs/${FOO}`),
  ];
  return answers.map(({ status }) => status);
}

Deno.test("a stale handle at any step that looks for a name changes no answer", async () => {
  const expected = [202, 202, 201, 201, 201, 201, 201, 202, 202, 202];
  const kinds = new Set<string>();
  let isDone = false;
  for (let faulty = 0; !isDone; faulty++) {
    let steps = 0;
    await using registry = await startRegistry({
      watch({ when, kind, path }) {
        if (when !== "before" || !LOOKS_FOR_A_NAME.includes(kind) || steps++ !== faulty) return;
        kinds.add(kind);
        throw stale(path);
      },
    });

    const statuses = await useRegistry(registry);

    isDone = steps <= faulty;
    assertEquals(statuses, expected, `a stale handle at step ${faulty}`);
    assertEquals(registry.tree().map((path) => path.split("/")[1]), ["hello", "other"]);
  }
  assertEquals([...kinds].sort(), LOOKS_FOR_A_NAME.toSorted());
});

Deno.test("a sync that fails with a stale handle is not tried again, because the second one would hide that bytes are lost", async () => {
  let syncs = 0;
  await using registry = await startRegistry({
    durability: "sync",
    watch({ when, kind, path }) {
      if (when === "before" && kind === "sync file" && syncs++ === 0) throw stale(path);
    },
  });

  const pushed = await registry.send("POST", PUSH_FOO, { body: "foo" });

  assertEquals([pushed.status, syncs, registry.tree()], [500, 1, []]);
});

// ── False answers about a name ──────────────────────────────────────────────────────────────────────────────────────

Deno.test("MooseFS says that a lock's file exists if two machines make it at once; the push goes on with that file", async () => {
  let isFirst = true;
  await using registry = await startRegistry({
    watch({ when, kind, path }) {
      if (when !== "before" || kind !== "open lock" || !isFirst) return;
      isFirst = false;
      Deno.writeTextFileSync(`${registry.root}/${path}`, "");
      throw new Deno.errors.AlreadyExists("File exists (os error 17)");
    },
  });

  await registry.pushImage("library/hello", { tag: "v1" });

  assertEquals(isFirst, false);
  assertEquals((await registry.send("HEAD", "/v2/library/hello/manifests/v1")).status, 200);
});

/** Lets the first call of a function of Deno for one file or folder fail. */
class FailsOnce {
  /** The number of calls for this file. */
  calls = 0;
  readonly #name: "lstatSync" | "openSync" | "readDirSync" | "readFileSync";
  readonly #original: unknown;

  constructor(name: "lstatSync" | "openSync" | "readDirSync" | "readFileSync", end: string, error: Error) {
    const original = Deno[name] as (path: string | URL, ...rest: unknown[]) => unknown;
    this.#name = name;
    this.#original = original;
    const replacement = (path: string | URL, ...rest: unknown[]) => {
      if (String(path).endsWith(end) && this.calls++ === 0) throw error;
      return original(path, ...rest);
    };
    Object.assign(Deno, { [name]: replacement });
  }

  [Symbol.dispose](): void {
    Object.assign(Deno, { [this.#name]: this.#original });
  }
}

function missing(path: string): Error {
  return new Deno.errors.NotFound(`No such file or directory (os error 2): '${path}'`);
}

for (const name of ["lstatSync", "readFileSync"] as const) {
  Deno.test(`PULL-MANIFEST-05: JuiceFS says that a tag's file is missing while another machine replaces it; the tag is found all the same (${name})`, async () => {
    await using registry = await startRegistry();
    const { digest } = await registry.pushImage("library/hello", { tag: "v1" });
    // A second question costs something. So the registry asks it only about what it has seen before.
    const pull = () => registry.send("GET", "/v2/library/hello/manifests/v1");
    assertEquals((await pull()).status, 200);

    using fault = new FailsOnce(name, "/_tags/v1", missing("v1"));
    const pulled = await pull();

    assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, digest]);
    assert(fault.calls > 1, "the fault was not there");
  });

  Deno.test(`the same fault when another machine pushes a manifest again with another type: it is found all the same (${name})`, async () => {
    await using registry = await startRegistry();
    const { digest, text } = await registry.pushImage("library/hello");
    const other = new TestRegistry(registry.root, {});

    using fault = new FailsOnce(name, `${digest}/content-type`, missing(digest));
    const pulled = await other.send("GET", `/v2/library/hello/manifests/${digest}`);

    assertEquals([pulled.status, await pulled.text()], [200, text]);
    assert(fault.calls > 1, "the fault was not there");
  });
}

for (
  const [name, end, path] of [
    ["lstatSync", "/_tags/v1", "manifests/v1"],
    ["readFileSync", "/_tags/v1", "manifests/v1"],
    ["readFileSync", "/manifest.json", "manifests/v1"],
    ["lstatSync", "/blob", `blobs/${FOO}`],
    ["readDirSync", FOO, `blobs/${FOO}`],
    ["openSync", "/blob", `blobs/${FOO}`],
    ["readDirSync", "/_tags", "tags/list"],
  ] as const
) {
  Deno.test(`a stale handle when ${name} asks for ${end.slice(0, 15)} changes no answer`, async () => {
    await using registry = await startRegistry();
    await registry.pushImage("library/hello", { tag: "v1" });
    await registry.pushBlob("library/hello", "foo");
    // Another registry over the same folder remembers nothing.
    const other = new TestRegistry(registry.root, {});

    using fault = new FailsOnce(name, end, stale(end));
    const answer = await other.send("GET", `/v2/library/hello/${path}`);

    assertEquals(answer.status, 200, await answer.text());
    assert(fault.calls > 1, "the fault was not there");
  });
}

// ── Locks that do not come free ─────────────────────────────────────────────────────────────────────────────────────

/** Holds the locks of files, as a process on another machine does. */
class Holder {
  readonly #files: Deno.FsFile[];

  constructor(paths: readonly string[]) {
    this.#files = paths.map((path) => Deno.openSync(path, { write: true }));
    for (const file of this.#files) assert(file.tryLockSync(true));
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file.close();
  }
}

function locksIn(root: string): string[] {
  return new Folder(root).everything().filter((path) => path.startsWith(".locks/")).map((path) => `${root}/${path}`);
}

// A request that has given up may still stand in the line of the system for a moment. So the next one may have to try again.
async function inTheEnd(send: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await send();
    if (answer.status !== 503) return answer;
    await answer.body?.cancel();
  }
}

async function expectBusy(answer: Response): Promise<void> {
  assertEquals(answer.headers.get("Retry-After"), "10");
  const details = await expectRefusal(answer, { status: 503, code: "TOOMANYREQUESTS", rule: "API-ERR-10" });
  assertEquals(details.map(({ expected }) => expected), ["a turn in time"]);
}

Deno.test("API-ERR-10: if a dead machine keeps the lock of a repository, a push is refused with 503 and Retry-After, changes nothing, and works later", async () => {
  await using registry = await startRegistry({ patience: 20 });
  const { text } = await registry.pushImage("library/hello", { tag: "v1" });
  const before = registry.tree();
  const push = () =>
    registry.send("PUT", "/v2/library/hello/manifests/v2", { body: text, headers: { "Content-Type": TYPES.image } });

  {
    using _dead = new Holder(locksIn(registry.root));
    await expectBusy(await push());
    await expectBusy(await registry.send("DELETE", "/v2/library/hello/manifests/v1"));
    assertEquals(registry.tree(), before);
    // Whoever only reads needs no lock.
    assertEquals((await registry.send("GET", "/v2/library/hello/manifests/v1")).status, 200);
  }
  assertEquals((await inTheEnd(push)).status, 201);
});

Deno.test("API-ERR-10: if a dead machine keeps the lock of an upload session, its requests are refused with 503, and it goes on later", async () => {
  await using registry = await startRegistry({ patience: 20 });
  const location = await registry.openSession("library/hello");

  {
    using _dead = new Holder(registry.tree().map((path) => `${registry.root}/${path}`));
    await expectBusy(await registry.send("PATCH", location, { body: "foo" }));
    await expectBusy(await registry.send("PUT", `${location}?digest=${FOO}`, { body: "foo" }));
    await expectBusy(await registry.send("DELETE", location));
  }
  const closed = await inTheEnd(() => registry.send("PUT", `${location}?digest=${FOO}`, { body: "foo" }));
  assertEquals([closed.status, registry.tree()], [201, [`library/hello/${FOO}/blob`]]);
});

Deno.test("API-ERR-10: a request that waits for a slow one of the same process is refused with 503 as well, and no other overtakes the slow one", async () => {
  await using registry = await startRegistry({ patience: 20 });
  const location = await registry.openSession("library/hello");
  const body = new SlowBody();
  const slow = registry.send("PATCH", location, { body: body.stream });
  await body.write("f");

  for (const _ of [1, 2]) await expectBusy(await registry.send("PATCH", location, { body: "wrong" }));
  await body.write("oo");
  await body.close();

  assertEquals((await slow).headers.get("Range"), "0-2");
  const closed = await inTheEnd(() => registry.send("PUT", `${location}?digest=${FOO}`));
  assertEquals([closed.status, registry.tree()], [201, [`library/hello/${FOO}/blob`]]);
});

Deno.test("an action that gives up does not let the next one overtake the one before it", async () => {
  using folder = new Folder();
  const disk = localDisk(folder.path, { patience: 20 });
  const ran: string[] = [];
  const act = (name: string, until?: Promise<void>) =>
    disk.inTurn("key", async () => {
      ran.push(name);
      await until;
    });
  const { promise: end, resolve } = Promise.withResolvers<void>();

  const first = act("first", end);
  const second = assertRejects(() => act("second"), BusyError);
  const third = second.then(() => assertRejects(() => act("third"), BusyError));
  await Promise.all([second, third]);
  resolve();
  await first;
  await act("fourth");

  assertEquals(ran, ["first", "fourth"]);
});

Deno.test({
  name: "many requests that wait for locks do not each take a thread of the system",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using registry = await startRegistry();
    const locations: string[] = [];
    for (let number = 0; number < 300; number++) locations.push(await registry.openSession("library/hello"));
    const before = await threads();
    const holder = new Holder(registry.tree().map((path) => `${registry.root}/${path}`));

    const waiting = locations.map((location) => registry.send("PATCH", location, { body: "foo" }));
    await registry.pushBlob("library/other", "foo");
    const more = await threads() - before;
    holder[Symbol.dispose]();

    assert(more < 100, `${more} more threads`);
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    assertEquals(new Set(statuses), new Set([202]));
  },
});

// Returns the number of threads of this process.
async function threads(): Promise<number> {
  const { stdout } = await new Deno.Command("ps", {
    args: [Deno.build.os === "linux" ? "-T" : "-M", "-p", `${Deno.pid}`],
  }).output();
  return new TextDecoder().decode(stdout).trimEnd().split("\n").length;
}
