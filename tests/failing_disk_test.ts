/** A disk that is full, broken, read-only or gone: a clear answer, nothing half-written, and the registry goes on. */

import { localDisk } from "../src/disk/local_disk.ts";
import { assert, assertEquals } from "@std/assert";
import type { Disk } from "../src/disk/disk.ts";
import { type DiskFailure, failing } from "../src/disk/failing.ts";
import { memoryDisk } from "../src/disk/memory_disk.ts";
import { verify } from "../src/housekeeping/verify.ts";
import type { Step } from "../src/disk/watching.ts";
import { descriptorOf, digestOf, expectRefusal, startRegistry, TestRegistry, TYPES } from "./fixture.ts";
import { Folder } from "./folder.ts";

const FOO = digestOf("foo");

// Returns an error of the operating system, as Deno throws it.
function diskError(code: "ENOSPC" | "EIO"): Error {
  const message = code === "ENOSPC" ? "No space left on device (os error 28)" : "Input/output error (os error 5)";
  return Object.assign(new Error(message), { code });
}

// The steps that fail on a full disk. It can still remove files. On a broken disk, every step fails.
const NEEDS_SPACE = new Set<Step["kind"]>([
  "make folder",
  "open session",
  "append",
  "write aside",
  "copy aside",
  "sync file",
  "rename",
  "link",
]);

/** A local disk that fails from one of its steps on, until it is repaired. */
class BrokenDisk {
  /** The number of steps so far. */
  steps = 0;
  #failsAt = Infinity;
  #code: "ENOSPC" | "EIO" = "EIO";

  readonly watch = ({ kind }: Step): void => {
    if (this.#code === "ENOSPC" && !NEEDS_SPACE.has(kind)) return;
    if (this.steps++ >= this.#failsAt) throw diskError(this.#code);
  };

  /** Makes the disk fail after this many more steps. */
  failAfter(steps: number, code: "ENOSPC" | "EIO"): void {
    this.steps = 0;
    this.#failsAt = steps;
    this.#code = code;
  }

  repair(): void {
    this.#failsAt = Infinity;
  }
}

const LAYER = "layer of library/hello";
const CONFIG = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
const SIGNATURE = JSON.stringify({
  schemaVersion: 2,
  mediaType: TYPES.image,
  config: descriptorOf(CONFIG, TYPES.config),
  layers: [descriptorOf(LAYER, TYPES.layer)],
  subject: descriptorOf("another image", TYPES.image),
});

type Send = (
  method: string,
  path: string,
  init?: { headers?: Record<string, string>; body?: string },
) => Promise<Response>;

/** Something that a client does, in one request or several; it stops at the first refusal. */
interface Deed {
  /** Pushes what the client needs beforehand. */
  arrange(registry: TestRegistry): Promise<unknown>;
  /** Does it, and returns the answer to the last request. */
  run(send: Send): Promise<Response>;
  /** True if it needs space on the disk. */
  readonly needsSpace: boolean;
  /** The statuses that the client may get when it does the same again. */
  readonly again: readonly number[];
}

const pushImage = (registry: TestRegistry) => registry.pushImage("library/hello", { tag: "v1" });

const DEEDS: Record<string, Deed> = {
  "a blob in two chunks": {
    arrange: () => Promise.resolve(),
    async run(send) {
      const opened = await send("POST", "/v2/library/hello/blobs/uploads/");
      if (!opened.ok) return opened;
      const location = opened.headers.get("Location")!;
      const patched = await send("PATCH", location, { body: "fo", headers: { "Content-Range": "0-1" } });
      if (!patched.ok) return patched;
      return await send("PUT", `${location}?digest=${FOO}`, { body: "o", headers: { "Content-Range": "2-2" } });
    },
    needsSpace: true,
    again: [201],
  },
  "a blob in one request": {
    arrange: () => Promise.resolve(),
    run: (send) => send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, { body: "foo" }),
    needsSpace: true,
    again: [201],
  },
  "a mount": {
    arrange: (registry) => registry.pushBlob("library/other", "foo"),
    run: (send) => send("POST", `/v2/library/hello/blobs/uploads/?mount=${FOO}&from=library/other`),
    needsSpace: true,
    again: [201],
  },
  "an image with a subject, under a tag that moves and a new one": {
    arrange: pushImage,
    run: (send) =>
      send("PUT", `/v2/library/hello/manifests/${digestOf(SIGNATURE)}?tag=v1&tag=v2`, {
        body: SIGNATURE,
        headers: { "Content-Type": TYPES.image },
      }),
    needsSpace: true,
    again: [201],
  },
  // A delete may succeed although the client was told of a failure. Then a second delete finds nothing.
  "deleting a tag": {
    arrange: pushImage,
    run: (send) => send("DELETE", "/v2/library/hello/manifests/v1"),
    needsSpace: false,
    again: [202, 404],
  },
  "deleting a manifest with a subject and a tag": {
    async arrange(registry) {
      await registry.pushBlob("library/hello", CONFIG);
      await registry.pushBlob("library/hello", LAYER);
      await registry.pushManifest("library/hello", SIGNATURE, { tag: "v1" });
    },
    run: (send) => send("DELETE", `/v2/library/hello/manifests/${digestOf(SIGNATURE)}`),
    needsSpace: false,
    again: [202, 404],
  },
  "deleting a blob": {
    arrange: (registry) => registry.pushBlob("library/hello", "foo"),
    run: (send) => send("DELETE", `/v2/library/hello/blobs/${FOO}`),
    needsSpace: false,
    again: [202, 404],
  },
};

// Returns the files on disk, without those of unfinished uploads.
function finished(registry: TestRegistry): string[] {
  return registry.tree().filter((path) => !path.includes("/_uploads/") && !path.startsWith(".locks/"));
}

async function expectNothingHalfWritten(
  registry: TestRegistry,
  disk: Disk = localDisk(registry.root),
): Promise<void> {
  const files = registry.tree().filter((path) => !path.startsWith(".locks/"));
  assertEquals(files.filter((path) => path.split("/").some((part) => part.startsWith("."))), []);
  for await (const { kind, path, text } of verify(disk)) {
    assertEquals(kind, "note", `${path} ${text}`);
  }
}

async function expectFailure(answer: Response, registry: TestRegistry, code: string): Promise<void> {
  const text = await answer.text();
  assertEquals(answer.status, code === "ENOSPC" ? 507 : 500, text);
  assertEquals(answer.headers.get("Content-Type"), "application/json");
  const { errors: [{ message, detail }], ...rest } = JSON.parse(text);
  assertEquals([typeof message, detail, rest], ["string", { cause: code }, {}]);
  const story = registry.stories.at(-1)!;
  assertEquals([story.status, (story.refusal as { code?: string }).code], [answer.status, code]);
}

for (const [what, { arrange, run, needsSpace, again }] of Object.entries(DEEDS)) {
  for (const code of needsSpace ? ["ENOSPC", "EIO"] as const : ["EIO"] as const) {
    const kind = code === "ENOSPC" ? "full" : "broken";
    Deno.test(`${what} on a disk that is ${kind} from some step on: the client is told, nothing is half-written, and then it works`, async () => {
      await using whole = await startRegistry();
      await arrange(whole);
      assert((await run(whole.send.bind(whole))).ok);

      // Fails at each step in turn, until all steps are done before the disk fails.
      let isDone = false;
      let failures = 0;
      for (let step = 0; !isDone; step++) {
        const disk = new BrokenDisk();
        await using registry = await startRegistry({ durability: "sync", watch: disk.watch });
        await arrange(new TestRegistry(registry.root, {}));
        disk.failAfter(step, code);
        const answer = await run(registry.send.bind(registry));
        isDone = disk.steps <= step;
        disk.repair();

        if (!isDone) {
          failures++;
          await expectFailure(answer, registry, code);
          await expectNothingHalfWritten(registry);
        }
        const repeated = await run(registry.send.bind(registry));
        assert(again.includes(repeated.status), `after step ${step}: ${repeated.status} ${await repeated.text()}`);
        assertEquals(finished(registry), finished(whole), `after step ${step}`);
        await expectNothingHalfWritten(registry);
      }
      assert(failures > 1);
    });
  }
}

// The same at the door of the disk: an operation fails as a whole, on any disk.
for (const [what, { arrange, run, needsSpace, again }] of Object.entries(DEEDS)) {
  for (const [where, open] of Object.entries({ memory: () => memoryDisk(), "a folder": localDisk })) {
    const codes = needsSpace ? ["ENOSPC", "EIO"] as const : ["EIO"] as const;
    Deno.test(`${what} in ${where}: if any operation of the disk fails, done or not, nothing is half-written, and then it works`, async () => {
      using wholeFolder = new Folder();
      const whole = new TestRegistry(undefined, { disk: open(wholeFolder.path) });
      await arrange(whole);
      assert((await run(whole.send.bind(whole))).ok);

      for (const [code, isDone] of codes.flatMap((code) => [[code, false], [code, true]] as const)) {
        let hasFailed = true;
        let failures = 0;
        for (let skip = 0; hasFailed; skip++) {
          using folder = new Folder();
          const disk = open(folder.path);
          const plan: DiskFailure[] = [];
          await using registry = await startRegistry({ disk: failing(disk, plan) });
          await arrange(registry);
          plan.push({ code, isDone, skip });
          const answer = await run(registry.send.bind(registry));
          hasFailed = !answer.ok;
          plan.length = 0;

          const when = `${code} after ${skip} operations${isDone ? ", which was done" : ""}`;
          if (hasFailed) {
            failures++;
            await expectFailure(answer, registry, code);
            await expectNothingHalfWritten(registry, disk);
          }
          const repeated = await run(registry.send.bind(registry));
          assert(again.includes(repeated.status), `${when}: ${repeated.status} ${await repeated.text()}`);
          assertEquals(finished(registry), finished(whole), when);
          await expectNothingHalfWritten(registry, disk);
        }
        assert(failures > 0, code);
      }
    });
  }
}

Deno.test("a blob in one request leaves no upload behind when the disk is full", async () => {
  let isDone = false;
  for (let step = 0; !isDone; step++) {
    const disk = new BrokenDisk();
    await using registry = await startRegistry({ durability: "sync", watch: disk.watch });
    disk.failAfter(step, "ENOSPC");

    const answer = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, { body: "foo" });

    isDone = disk.steps <= step;
    assertEquals(answer.status, isDone ? 201 : 507);
    // No client knows this session, so no client could go on with it or cancel it.
    assertEquals(registry.tree().filter((path) => path.includes("/_uploads/")), [], `after step ${step}`);
  }
});

// A failed fsync is reported once; the next one succeeds.
for (
  const { bytes, number, when } of [
    { bytes: 3, number: 0, when: "at the end of a chunk" },
    { bytes: 5 * 1024 * 1024, number: 0, when: "early, while a chunk is received" },
    { bytes: 3, number: 1, when: "when the session is closed" },
  ]
) {
  Deno.test(`PUSH-CHUNK-19: an upload that could not be synced ${when} has to begin anew`, async () => {
    let syncs = 0;
    await using registry = await startRegistry({
      durability: "sync",
      watch({ kind, when }) {
        if (kind === "sync file" && when === "before" && syncs++ === number) throw diskError("EIO");
      },
    });
    const body = new Uint8Array(bytes);
    const opened = await registry.send("POST", "/v2/library/hello/blobs/uploads/");
    const session = opened.headers.get("Location")!;
    const close = `${session}?digest=${digestOf(body)}`;

    const answers = [await registry.send("PATCH", session, { body })];
    if (number === 1) answers.push(await registry.send("PUT", close));
    const again = await registry.send("PUT", close);

    assertEquals(answers.map(({ status }) => status), number === 1 ? [202, 500] : [500]);
    await expectRefusal(again, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule: "PUSH-MONO-03" });
    assertEquals(registry.tree(), []);
  });
}

Deno.test("pulls go on while the disk is full", async () => {
  const disk = new BrokenDisk();
  await using registry = await startRegistry({ durability: "sync", watch: disk.watch });
  const { digest, text, layer } = await registry.pushImage("library/hello", { tag: "v1" });

  disk.failAfter(0, "ENOSPC");
  const manifest = await registry.send("GET", "/v2/library/hello/manifests/v1");
  const blob = await registry.send("HEAD", `/v2/library/hello/blobs/${layer}`);
  const referrers = await registry.send("GET", `/v2/library/hello/referrers/${digest}`);

  assertEquals([manifest.status, await manifest.text()], [200, text]);
  assertEquals([blob.status, referrers.status, (await referrers.json()).manifests], [200, 200, []]);
});

Deno.test("a root that is removed while serving: pulls find nothing, sessions are unknown, and a push makes it anew", async () => {
  await using registry = await startRegistry();
  const { digest, layer } = await registry.pushImage("library/hello", { tag: "v1" });
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "fo" });

  await Deno.remove(registry.root, { recursive: true });
  const answers = [
    await registry.send("GET", "/v2/library/hello/manifests/v1"),
    await registry.send("GET", `/v2/library/hello/manifests/${digest}`),
    await registry.send("GET", `/v2/library/hello/blobs/${layer}`),
    await registry.send("GET", "/v2/library/hello/tags/list"),
    await registry.send("PATCH", location, { body: "o" }),
    await registry.send("PUT", `${location}?digest=${FOO}`, { body: "o" }),
    await registry.send("DELETE", location),
  ];
  const catalog = await registry.send("GET", "/v2/_catalog");
  const image = await registry.pushImage("library/hello", { tag: "v1" });

  assertEquals(answers.map(({ status }) => status), Array(7).fill(404));
  assertEquals([catalog.status, await catalog.json()], [200, { repositories: [] }]);
  const pulled = await registry.send("GET", "/v2/library/hello/manifests/v1");
  assertEquals([pulled.status, await pulled.text()], [200, image.text]);
});

// ── With a file system of its own ───────────────────────────────────────────────────────────────────────────────────

async function mount(...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command("mount", { args, stderr: "null" }).output();
  return success;
}

async function unmount(folder: string): Promise<void> {
  const { success } = await new Deno.Command("umount", { args: [folder], stderr: "null" }).output();
  assert(success, `${folder} is still mounted`);
}

// Only root on Linux may mount something, and only with --allow-run=mount,umount.
async function canMount(): Promise<boolean> {
  const isAllowed = ["mount", "umount"].every((command) =>
    Deno.permissions.querySync({ name: "run", command }).state === "granted"
  );
  if (Deno.build.os !== "linux" || !isAllowed) return false;
  using folder = new Folder();
  const isMounted = await mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path);
  if (isMounted) await unmount(folder.path);
  return isMounted;
}

const ignore = !await canMount();

/** A registry on a disk of 1 MiB. */
async function startOnSmallDisk(): Promise<TestRegistry & AsyncDisposable> {
  const disk = new Folder();
  assert(await mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.path));
  const registry = new TestRegistry(disk.path, { durability: "sync" });
  return Object.assign(registry, {
    async [Symbol.asyncDispose]() {
      await unmount(disk.path);
      disk[Symbol.dispose]();
    },
  });
}

const LARGE = new Uint8Array(4 << 20).fill(7);

Deno.test({
  name: "a full disk: a blob in one request is refused with 507, and leaves the space to smaller ones",
  ignore,
  async fn() {
    await using registry = await startOnSmallDisk();

    const url = `/v2/library/hello/blobs/uploads/?digest=${digestOf(LARGE)}`;
    const refused = await registry.send("POST", url, { body: LARGE });

    await expectFailure(refused, registry, "ENOSPC");
    assertEquals(registry.tree(), []);
    await registry.pushBlob("library/hello", "foo");
    assertEquals(registry.tree(), [`library/hello/${FOO}/blob`]);
  },
});

for (const method of ["PATCH", "PUT"]) {
  Deno.test({
    name: `a full disk: a ${method} to a session is refused with 507, and the session can be cancelled`,
    ignore,
    async fn() {
      await using registry = await startOnSmallDisk();
      const location = await registry.openSession("library/hello");

      const refused = await registry.send(method, `${location}?digest=${digestOf(LARGE)}`, { body: LARGE });

      await expectFailure(refused, registry, "ENOSPC");
      // USE-I02: the bytes that have arrived are kept, because there may be more space soon.
      const status = await registry.send("GET", location);
      assertEquals(status.status, 204);
      assert(Number(status.headers.get("Range")!.split("-")[1]) < 1 << 20);
      assertEquals((await registry.send("DELETE", location)).status, 204);
      assertEquals(registry.tree(), []);
      await registry.pushBlob("library/hello", "foo");
    },
  });
}

Deno.test({
  name: "a full disk: a manifest is refused with 507, the tag stays as it was, and deleting frees space",
  ignore,
  async fn() {
    await using registry = await startOnSmallDisk();
    const { text } = await registry.pushImage("library/hello", { tag: "v1" });
    const filler = await registry.pushBlob("library/hello", new Uint8Array(900_000));
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPES.index,
      manifests: [],
      x: "x".repeat(200_000),
    });
    const push = () =>
      registry.send("PUT", "/v2/library/hello/manifests/v1", {
        body: manifest,
        headers: { "Content-Type": TYPES.index },
      });

    const refused = await push();

    await expectFailure(refused, registry, "ENOSPC");
    await expectNothingHalfWritten(registry);
    assertEquals(await (await registry.send("GET", "/v2/library/hello/manifests/v1")).text(), text);
    assertEquals((await registry.send("DELETE", `/v2/library/hello/blobs/${filler}`)).status, 202);
    assertEquals((await push()).status, 201);
  },
});

Deno.test({
  name: "a root that may only be read: pulls go on, a change is a clear failure, and later it works again",
  ignore,
  async fn() {
    await using registry = await startOnSmallDisk();
    const { digest, text, layer } = await registry.pushImage("library/hello", { tag: "v1" });
    const location = await registry.openSession("library/hello");
    // The registry records a use only if the last record is old enough. This one is.
    const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000);
    Deno.utimeSync(`${registry.root}/library/hello/${layer}/blob`, yesterday, yesterday);
    Deno.utimeSync(`${registry.root}/library/hello/${digest}/manifest.json`, yesterday, yesterday);
    const before = registry.tree();
    assert(await mount("-o", "remount,ro", registry.root));

    const pulls = [
      await registry.send("GET", "/v2/library/hello/manifests/v1"),
      await registry.send("GET", `/v2/library/hello/blobs/${layer}`),
      await registry.send("HEAD", `/v2/library/hello/blobs/${layer}`),
      await registry.send("HEAD", `/v2/library/hello/manifests/${digest}`),
      await registry.send("GET", "/v2/library/hello/tags/list"),
      await registry.send("GET", `/v2/library/hello/referrers/${digest}`),
      await registry.send("GET", "/v2/_catalog"),
    ];
    const changes = [
      await registry.send("POST", "/v2/library/hello/blobs/uploads/"),
      await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, { body: "foo" }),
      await registry.send("POST", `/v2/library/other/blobs/uploads/?mount=${layer}&from=library/hello`),
      await registry.send("PATCH", location, { body: "foo" }),
      await registry.send("DELETE", location),
      await registry.send("PUT", "/v2/library/hello/manifests/v2", {
        body: text,
        headers: { "Content-Type": TYPES.image },
      }),
      await registry.send("DELETE", "/v2/library/hello/manifests/v1"),
      await registry.send("DELETE", `/v2/library/hello/manifests/${digest}`),
      await registry.send("DELETE", `/v2/library/hello/blobs/${layer}`),
    ];

    assertEquals(pulls.map(({ status }) => status), Array(pulls.length).fill(200));
    assertEquals(changes.map(({ status }) => status), Array(changes.length).fill(500));
    for (const change of changes) assertEquals((await change.json()).errors[0].detail, { cause: "EROFS" });
    assertEquals(registry.tree(), before);
    assert(await mount("-o", "remount,rw", registry.root));
    assertEquals((await registry.send("PATCH", location, { body: "foo" })).status, 202);
    assertEquals((await registry.send("PUT", `${location}?digest=${FOO}`)).status, 201);
  },
});
