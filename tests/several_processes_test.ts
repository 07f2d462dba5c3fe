/** Several registries over one folder, each in a process of its own: nothing is lost, doubled or half visible. */

import { localDisk } from "../src/disk/local_disk.ts";
import { assert, assertEquals } from "@std/assert";
import { clearLeftOvers } from "../src/housekeeping/clear_left_overs.ts";
import { collectGarbage } from "../src/housekeeping/collect_garbage.ts";
import { createRegistry } from "../src/registry.ts";
import { expireUploads } from "../src/housekeeping/expire_uploads.ts";
import { digestOf, expectRefusal, startRegistry, TYPES } from "./fixture.ts";
import { Image, indexOf, openSession, pushBlob, pushIndex } from "./processes/content.ts";
import type { Program } from "./processes/program.ts";
import { SharedRoot } from "./processes/shared_root.ts";
import { SlowBody } from "./processes/slow_body.ts";

const HELLO = "/v2/library/hello";
const HOUR_MILLISECONDS = 60 * 60 * 1000;

// Returns the numbers from 0 to `count - 1`.
function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function countOf<T>(values: readonly T[], value: T): number {
  return values.filter((other) => other === value).length;
}

// ── Pushing the same ────────────────────────────────────────────────────────────────────────────────────────────────

Deno.test("USE-I04: a blob that many clients push to two processes at once is stored once, and each client is told so", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const layer = "the same layer ".repeat(20_000);
  const digest = digestOf(layer);
  const inTwoRequests = async (first: Program, second: Program) => {
    const location = await openSession(first);
    return await second.send("PUT", `${location}?digest=${digest}`, { body: layer });
  };

  const pushes = numbers(5).flatMap(() => [
    pushBlob(one, "library/hello", layer),
    pushBlob(other, "library/hello", layer),
    inTwoRequests(one, other),
    inTwoRequests(other, one),
  ]);
  const statuses = (await Promise.all(pushes)).map(({ status }) => status);

  assertEquals(statuses, Array(20).fill(201));
  assertEquals(root.tree(), [`library/hello/${digest}/blob`]);
  assert(root.read(`library/hello/${digest}/blob`) === layer);
  assertEquals(await root.findings(), []);
});

Deno.test("a tag that is pushed to two processes at once points to one of the manifests, and all of them are whole", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const indexes = numbers(12).map((number) => indexOf(`number ${number}`));

  const pushed = await Promise.all(
    indexes.map((index, number) => pushIndex([one, other][number % 2], `${HELLO}/manifests/latest`, index)),
  );

  assertEquals(pushed.map(({ status }) => status), Array(12).fill(201));
  for (const { digest, text } of indexes) {
    const pulled = await one.send("GET", `${HELLO}/manifests/${digest}`);
    assertEquals([pulled.status, await pulled.text()], [200, text]);
  }
  const tagged = await one.send("GET", `${HELLO}/manifests/latest`);
  const taggedElsewhere = await other.send("GET", `${HELLO}/manifests/latest`);
  assert(indexes.some(({ digest }) => digest === tagged.headers.get("Docker-Content-Digest")));
  assertEquals(await tagged.text(), await taggedElsewhere.text());
  assertEquals(await root.findings(), []);
});

Deno.test("a tag that one process moves is never missing or half there at the other", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const indexes = numbers(40).map((number) => indexOf(`number ${number} `.repeat(1 + 200 * (number % 2))));
  await pushIndex(one, `${HELLO}/manifests/latest`, indexes[0]);

  let isMoving = true;
  const moving = (async () => {
    for (const index of indexes) await pushIndex(one, `${HELLO}/manifests/latest`, index);
  })().finally(() => isMoving = false);
  const seen: { status: number; text: string; digest: string | null }[] = [];
  while (isMoving) {
    const pulled = await other.send("GET", `${HELLO}/manifests/latest`);
    const digest = pulled.headers.get("Docker-Content-Digest");
    seen.push({ status: pulled.status, text: await pulled.text(), digest });
  }
  await moving;

  const texts = indexes.map(({ text }) => text);
  for (const { status, text, digest } of seen) {
    assertEquals([status, texts.includes(text), digest], [200, true, digestOf(text)], text);
  }
  // The client sees the manifests in the order of their pushes.
  const order = seen.map(({ text }) => texts.indexOf(text));
  assertEquals(order, order.toSorted((a, b) => a - b));
  assert(seen.length > 0);
});

Deno.test("DISC-REFERRERS-01: signatures that are pushed to two processes at once are all listed, by both", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const subject = indexOf("subject");
  const signatures = numbers(10).map((number) =>
    indexOf(`signature ${number}`, {
      subject: { mediaType: TYPES.index, digest: subject.digest, size: subject.text.length },
    })
  );

  const pushed = await Promise.all(
    signatures.map((signature, number) =>
      pushIndex([one, other][number % 2], `${HELLO}/manifests/${signature.digest}`, signature)
    ),
  );

  assertEquals(pushed.map(({ status }) => status), Array(10).fill(201));
  const expected = signatures.map(({ digest }) => digest).sort();
  for (const process of [one, other]) assertEquals(await referrersOf(process, subject.digest), expected);
  assertEquals(await root.findings(), []);
});

async function referrersOf(process: Program, subject: string): Promise<string[]> {
  const answer = await process.send("GET", `${HELLO}/referrers/${subject}`);
  assertEquals(answer.status, 200);
  const { manifests } = await answer.json();
  return manifests.map(({ digest }: { digest: string }) => digest);
}

// ── One upload session ──────────────────────────────────────────────────────────────────────────────────────────────

// The process that began has hashed the first of two chunks only. It must not use that hash for the whole blob.
for (const [count, closer] of [[2, 0], [2, 1], [7, 0], [7, 1]]) {
  const where = closer === 0 ? "the one that began" : "the other one";
  Deno.test(`PUSH-CHUNK-10 PUSH-CHUNK-19: ${count} chunks go to two processes in turn, and the session is closed at ${where}`, async () => {
    await using root = new SharedRoot();
    const processes = await root.start(2);
    const chunks = numbers(count).map((number) => `chunk ${number}, `.repeat(2000));
    const layer = chunks.join("");
    const wrong = layer.replace("chunk 1", "chunk X");

    // The second session gets the same chunks, and is closed with the digest of other bytes of the same length.
    const closed = [];
    for (const digest of [digestOf(layer), digestOf(wrong)]) {
      const location = await openSession(processes[0]);
      let offset = 0;
      for (const [number, chunk] of chunks.entries()) {
        const patched = await processes[number % 2].send("PATCH", location, {
          body: chunk,
          headers: { "Content-Range": `${offset}-${offset + chunk.length - 1}` },
        });
        offset += chunk.length;
        assertEquals([patched.status, patched.headers.get("Range")], [202, `0-${offset - 1}`]);
      }
      closed.push(await processes[closer].send("PUT", `${location}?digest=${digest}`));
    }

    assertEquals(closed[0].status, 201);
    const refusal = { status: 400, code: "DIGEST_INVALID", rule: "PUSH-CHUNK-18" };
    const [{ expected, actual }] = await expectRefusal(closed[1], refusal);
    assertEquals([expected, actual], [digestOf(wrong), digestOf(layer)]);
    assertEquals(root.tree(), [`library/hello/${digestOf(layer)}/blob`]);
    assert(root.read(`library/hello/${digestOf(layer)}/blob`) === layer);
  });
}

Deno.test("PUSH-CHUNK-04: bytes that one process has taken back are not in the hash of the other", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const location = await openSession(one);
  await one.send("PATCH", location, { body: "hello", headers: { "Content-Range": "0-4" } });

  const short = new SlowBody();
  const sending = other.send("PATCH", location, { body: short.stream, headers: { "Content-Range": "5-9" } });
  await short.write("take");
  await short.close();
  const refused = await sending;
  const patched = await other.send("PATCH", location, { body: "give", headers: { "Content-Range": "5-8" } });
  const last = await one.send("PATCH", location, { body: "!", headers: { "Content-Range": "9-9" } });
  const closed = await one.send("PUT", `${location}?digest=${digestOf("hellogive!")}`);

  await expectRefusal(refused, { status: 400, code: "SIZE_INVALID", rule: "PUSH-CHUNK-04" });
  assertEquals([patched.status, last.status, closed.status], [202, 202, 201]);
  assertEquals(root.tree(), [`library/hello/${digestOf("hellogive!")}/blob`]);
});

Deno.test("PUSH-CHUNK-13: of two clients that write the same range of a session at once, one is told to go back", async () => {
  await using root = new SharedRoot();
  const processes = await root.start(2);
  const location = await openSession(processes[0]);

  let content = "";
  for (const round of numbers(10)) {
    const start = content.length;
    const bodies = [`[one, in round ${round}]`, `[two, in round ${round}]`].map((text) =>
      text.repeat(50 * (round + 1))
    );
    const end = start + bodies[0].length - 1;
    const answers = await Promise.all(
      processes.map((process, number) =>
        process.send("PATCH", location, { body: bodies[number], headers: { "Content-Range": `${start}-${end}` } })
      ),
    );

    const winner = answers.findIndex(({ status }) => status === 202);
    assertEquals(answers[winner].headers.get("Range"), `0-${end}`);
    // The range in the refusal is that of the session with the other client's chunk.
    assertEquals(answers[1 - winner].headers.get("Range"), `0-${end}`);
    await expectRefusal(answers[1 - winner], { status: 416, code: "BLOB_UPLOAD_INVALID", rule: "PUSH-CHUNK-13" });
    content += bodies[winner];
  }

  const closed = await processes[1].send("PUT", `${location}?digest=${digestOf(content)}`);
  assertEquals([closed.status, root.tree()], [201, [`library/hello/${digestOf(content)}/blob`]]);
});

Deno.test("two clients that write to a session at once without a range are served one after the other, and no byte is mixed or lost", async () => {
  await using root = new SharedRoot();
  const processes = await root.start(2);
  const location = await openSession(processes[0]);
  // Each chunk has a length of its own, so that the ranges show the order in which the chunks came.
  const bodies = numbers(10).map((number) => `${number}`.repeat(100_000 + number));

  const answers = await Promise.all(
    bodies.map((body, number) => processes[number % 2].send("PATCH", location, { body })),
  );

  assertEquals(answers.map(({ status }) => status), Array(10).fill(202));
  const ends = answers.map((answer) => Number(answer.headers.get("Range")!.split("-")[1]));
  const inOrder = numbers(10).sort((a, b) => ends[a] - ends[b]);
  const content = inOrder.map((number) => bodies[number]).join("");
  assertEquals(inOrder.map((number) => ends[number]), endsOf(inOrder.map((number) => bodies[number])));
  const closed = await processes[0].send("PUT", `${location}?digest=${digestOf(content)}`);
  assertEquals([closed.status, root.tree()], [201, [`library/hello/${digestOf(content)}/blob`]]);
});

// Returns the offset of each text's last byte if the texts stand one after the other.
function endsOf(texts: readonly string[]): number[] {
  return texts.map((_, index) => texts.slice(0, index + 1).join("").length - 1);
}

Deno.test("a chunk that comes slowly to one process is not mixed with one that the other gets meanwhile", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const location = await openSession(one);
  const slow = new SlowBody();

  const first = one.send("PATCH", location, { body: slow.stream });
  await slow.write("hel");
  await other.ask("GET", location, ({ headers }) => headers.get("Range") === "0-2");
  const second = other.send("PATCH", location, { body: "world" });
  await slow.write("lo");
  await slow.close();
  const ranges = (await Promise.all([first, second])).map(({ headers }) => headers.get("Range"));

  assertEquals(ranges, ["0-4", "0-9"]);
  const closed = await other.send("PUT", `${location}?digest=${digestOf("helloworld")}`);
  assertEquals(closed.status, 201);
});

Deno.test("PUSH-CHUNK-19: of two clients that close a session at once, one closes it, and the other finds no session", async () => {
  await using root = new SharedRoot();
  const processes = await root.start(2);

  for (const round of numbers(8)) {
    const content = `round ${round}`;
    const location = await openSession(processes[round % 2]);
    await processes[0].send("PATCH", location, { body: content });
    const answers = await Promise.all(
      processes.map((process) => process.send("PUT", `${location}?digest=${digestOf(content)}`)),
    );

    const winner = answers.findIndex(({ status }) => status === 201);
    await expectRefusal(answers[1 - winner], { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule: "PUSH-MONO-03" });
    assertEquals(root.read(`library/hello/${digestOf(content)}/blob`), content);
  }
  assertEquals(root.tree().length, 8);
});

Deno.test("USE-I02: a process that is killed does not keep its session: the other goes on with it", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const location = await openSession(one);
  const slow = new SlowBody();
  const cutOff = one.send("PATCH", location, { body: slow.stream }).catch((error) => error);
  await slow.write("hello");
  await other.ask("GET", location, ({ headers }) => headers.get("Range") === "0-4");

  // It has to wait as long as the first process is there.
  const patching = other.send("PATCH", location, { body: "world", headers: { "Content-Range": "5-9" } });
  one.signal("SIGKILL");
  const patched = await patching;
  const closed = await other.send("PUT", `${location}?digest=${digestOf("helloworld")}`);

  assert(await cutOff instanceof TypeError);
  assertEquals([patched.status, patched.headers.get("Range"), closed.status], [202, "0-9", 201]);
  await slow.abandon();
});

Deno.test("PUSH-CANCEL-04: a process that looks for expired sessions leaves alone a session that another process is just opening", async () => {
  await using registry = await startRegistry();
  let expiring: Promise<number> | undefined;
  const opening = createRegistry({
    disk: localDisk(registry.root, {
      // The folder of the session is there, but its file is not there yet.
      watch({ when, kind }) {
        if (when === "before" && kind === "open session") expiring ??= expireUploads(localDisk(registry.root));
      },
    }),
  });

  const opened = await opening(new Request("http://localhost/v2/hello/blobs/uploads/", { method: "POST" }));

  assertEquals([await expiring, opened.status], [0, 202]);
  assertEquals((await registry.send("GET", opened.headers.get("Location")!)).status, 204);
});

Deno.test("PUSH-CANCEL-04: a process that starts leaves alone a session that a request to another process works on", async () => {
  await using root = new SharedRoot();
  const [one] = await root.start(1);
  const [busy, idle] = [await openSession(one), await openSession(one)];
  const slow = new SlowBody();
  const patching = one.send("PATCH", busy, { body: slow.stream });
  await slow.write("hello");
  await one.ask("GET", busy, ({ headers }) => headers.get("Range") === "0-4");
  for (const path of root.tree()) {
    const longAgo = new Date(Date.now() - 25 * HOUR_MILLISECONDS);
    await Deno.utime(`${root.path}/${path}`, longAgo, longAgo);
  }

  const [other] = await root.start(1);
  // When one session has expired, the expiry is at work.
  const status = await other.ask("GET", busy, () => root.tree().length === 1);
  await slow.write("world");
  await slow.close();
  const patched = await patching;
  const closed = await other.send("PUT", `${busy}?digest=${digestOf("helloworld")}`);

  assertEquals([status.status, status.headers.get("Range")], [204, "0-4"]);
  assertEquals([patched.status, patched.headers.get("Range"), closed.status], [202, "0-9", 201]);
  assertEquals((await one.send("GET", idle)).status, 404);
  assertEquals(root.tree(), [`library/hello/${digestOf("helloworld")}/blob`]);
});

// ── Conditions ──────────────────────────────────────────────────────────────────────────────────────────────────────

Deno.test("PUSH-SUBJECT-13: of many clients that move a tag from the same manifest, at two processes, one moves it", async () => {
  await using root = new SharedRoot();
  const processes = await root.start(2);
  const created = await pushIndex(processes[0], `${HELLO}/manifests/latest`, indexOf("before"));
  assertEquals(created.status, 201);

  for (const round of numbers(4)) {
    const indexes = numbers(8).map((number) => indexOf(`${round}.${number}`));
    const etag = (await processes[1].send("HEAD", `${HELLO}/manifests/latest`)).headers.get("ETag")!;
    const answers = await Promise.all(
      indexes.map((index, number) =>
        pushIndex(processes[number % 2], `${HELLO}/manifests/latest`, index, { "If-Match": etag })
      ),
    );

    const winner = answers.findIndex(({ status }) => status === 201);
    await expectLosersRefused(answers, winner);
    await expectTagged(processes, indexes[winner].text);
  }
});

Deno.test("PUSH-SUBJECT-13: of many clients that create a tag which must not exist, at two processes, one creates it", async () => {
  await using root = new SharedRoot();
  const processes = await root.start(2);

  for (const round of numbers(4)) {
    const indexes = numbers(8).map((number) => indexOf(`${round}.${number}`));
    const answers = await Promise.all(
      indexes.map((index, number) =>
        pushIndex(processes[number % 2], `${HELLO}/manifests/latest`, index, { "If-None-Match": "*" })
      ),
    );

    const winner = answers.findIndex(({ status }) => status === 201);
    await expectLosersRefused(answers, winner);
    await expectTagged(processes, indexes[winner].text);
    assertEquals((await processes[0].send("DELETE", `${HELLO}/manifests/latest`)).status, 202);
  }
});

async function expectLosersRefused(answers: readonly Response[], winner: number): Promise<void> {
  for (const loser of answers.filter((_, number) => number !== winner)) {
    await expectRefusal(loser, { status: 412, code: "DENIED", rule: "PUSH-SUBJECT-13" });
  }
}

async function expectTagged(processes: readonly Program[], text: string): Promise<void> {
  for (const process of processes) {
    assertEquals(await (await process.send("GET", `${HELLO}/manifests/latest`)).text(), text);
  }
}

// ── Deleting, while others push and mount ───────────────────────────────────────────────────────────────────────────

Deno.test("MGMT-MANIFEST-I01: a manifest that is pushed here and deleted there is there with its tag, or gone with it", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const index = indexOf("to and fro");
  await pushBlob(one, "library/hello", "what keeps the repository");

  for (const _ of numbers(25)) {
    const [pushed, deleted] = await Promise.all([
      pushIndex(one, `${HELLO}/manifests/latest`, index),
      other.send("DELETE", `${HELLO}/manifests/${index.digest}`),
    ]);
    const byTag = await other.send("GET", `${HELLO}/manifests/latest`);
    const byDigest = await one.send("GET", `${HELLO}/manifests/${index.digest}`);

    // It was not there before. So a DELETE that found it came second, and a DELETE that did not find it came first.
    assertEquals(pushed.status, 201);
    const outcomes: Record<number, number> = { 202: 404, 404: 200 };
    const expected = outcomes[deleted.status];
    assertEquals([byTag.status, byDigest.status], [expected, expected], `DELETE ${deleted.status}`);
    await one.send("DELETE", `${HELLO}/manifests/${index.digest}`);
  }
  assertEquals(await root.findings(), []);
});

Deno.test("MGMT-MANIFEST-I01: a manifest that is pushed again while it is deleted never leaves a tag without it", async () => {
  await using root = new SharedRoot();
  const processes = await root.start(2);
  const index = indexOf("to and fro");
  const path = `${HELLO}/manifests/${index.digest}`;

  for (const _ of numbers(15)) {
    await pushIndex(processes[0], `${path}?tag=v1&tag=v2`, index);
    const answers = await Promise.all(processes.flatMap((process) => [
      pushIndex(process, `${path}?tag=v2&tag=v3`, index),
      process.send("DELETE", path),
    ]));

    const statuses = answers.map(({ status }) => status);
    assertEquals(countOf(statuses, 201), 2);
    // The first of the two DELETEs finds the manifest that was there before.
    assert(countOf(statuses, 202) > 0, `${statuses}`);
    const { tags } = await (await processes[1].send("GET", `${HELLO}/tags/list`)).json()
      .then((body) => ({ tags: body.tags ?? [] }));
    const isThere = (await processes[0].send("HEAD", path)).status === 200;
    // The last request has decided, and v1 went with the first DELETE.
    assertEquals(tags, isThere ? ["v2", "v3"] : []);
    assertEquals(await root.findings(), []);
  }
});

Deno.test("PUSH-MOUNT-08: a blob that is mounted here and deleted there is in the other repository, or an upload is there", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);

  let uploads = 0;
  for (const round of numbers(20)) {
    const content = `round ${round}`;
    const digest = digestOf(content);
    await pushBlob(one, "library/hello", content);
    const [mounted, deleted] = await Promise.all([
      one.send("POST", `/v2/library/other/blobs/uploads/?mount=${digest}&from=library/hello`),
      other.send("DELETE", `${HELLO}/blobs/${digest}`),
    ]);
    const pulled = await other.send("GET", `/v2/library/other/blobs/${digest}`);
    const source = await one.send("GET", `${HELLO}/blobs/${digest}`);

    assertEquals([deleted.status, source.status], [202, 404]);
    const outcomes: Record<number, number> = { 201: 200, 202: 404 };
    assertEquals(pulled.status, outcomes[mounted.status], `POST ${mounted.status}`);
    uploads += countOf([mounted.status], 202);
  }
  const sessions = root.tree().filter((path) => path.startsWith("library/other/_uploads/"));
  assertEquals(sessions.length, uploads);
  assertEquals((await root.findings()).filter(({ kind }) => kind === "fault"), []);
});

Deno.test("MGMT-BLOB-01: a blob that is pushed here and deleted there is whole, or not there without any remains", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const content = "to and fro ".repeat(30_000);
  const digest = digestOf(content);

  for (const _ of numbers(15)) {
    const [pushed, deleted] = await Promise.all([
      pushBlob(one, "library/hello", content),
      other.send("DELETE", `${HELLO}/blobs/${digest}`),
    ]);
    const pulled = await other.send("GET", `${HELLO}/blobs/${digest}`);

    const outcomes: Record<number, { status: number; digest: string | null }> = {
      202: { status: 404, digest: null },
      404: { status: 200, digest },
    };
    assertEquals(pushed.status, 201);
    const seen = { status: pulled.status, digest: pulled.headers.get("Docker-Content-Digest") };
    assertEquals(seen, outcomes[deleted.status], `DELETE ${deleted.status}`);
    await one.send("DELETE", `${HELLO}/blobs/${digest}`);
  }
  assertEquals([root.tree(), await root.findings()], [[], []]);
});

// ── Listing, while others write ─────────────────────────────────────────────────────────────────────────────────────

// Returns all entries of a list that comes in pages; each page is whole.
async function listed(process: Program, path: string, field: "tags" | "repositories"): Promise<string[]> {
  const entries: string[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const answer = await process.send("GET", next);
    assertEquals(answer.status, 200);
    entries.push(...(await answer.json())[field]);
    next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get("Link") ?? "")?.[1];
  }
  return entries;
}

Deno.test("DISC-TAGS-03: a list that is read while others write is whole and in order, and has everything that was there before", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const subject = indexOf("subject");
  const referrer = (label: string) =>
    indexOf(label, { subject: { mediaType: TYPES.index, digest: subject.digest, size: subject.text.length } });
  const staying = numbers(4).map((number) => `m-stays-${number}`);
  const coming = ["a", "m-b", "m-stays-1-b", "z"];
  await pushIndex(one, `${HELLO}/manifests/${subject.digest}?${staying.map((tag) => `tag=${tag}`).join("&")}`, subject);
  for (const label of staying) {
    await pushBlob(one, `library/${label}`, label);
    await pushIndex(one, `${HELLO}/manifests/${referrer(label).digest}`, referrer(label));
  }

  let isWriting = true;
  const comeAndGo = async (process: Program, label: string) => {
    for (const _ of numbers(8)) {
      await pushIndex(process, `${HELLO}/manifests/${label}`, subject);
      await pushIndex(process, `${HELLO}/manifests/${referrer(label).digest}`, referrer(label));
      await pushBlob(process, `library/${label}`, label);
      await process.send("DELETE", `${HELLO}/manifests/${label}`);
      await process.send("DELETE", `${HELLO}/manifests/${referrer(label).digest}`);
      await process.send("DELETE", `/v2/library/${label}/blobs/${digestOf(label)}`);
    }
  };
  const writing = Promise.all(coming.map((label, number) => comeAndGo([one, other][number % 2], label)))
    .finally(() => isWriting = false);
  const lists: { seen: string[]; staying: string[]; coming: string[] }[] = [];
  const labels = { staying, coming };
  const names = {
    staying: ["library/hello", ...staying.map((l) => `library/${l}`)],
    coming: coming.map((l) => `library/${l}`),
  };
  const referrers = {
    staying: staying.map((label) => referrer(label).digest),
    coming: coming.map((label) => referrer(label).digest),
  };
  while (isWriting) {
    for (const process of [one, other]) {
      lists.push({ seen: await listed(process, `${HELLO}/tags/list?n=2`, "tags"), ...labels });
      lists.push({ seen: await listed(process, "/v2/_catalog?n=2", "repositories"), ...names });
      lists.push({ seen: await referrersOf(process, subject.digest), ...referrers });
    }
  }
  await writing;

  for (const { seen, staying, coming } of lists) {
    assertEquals(seen, [...new Set(seen)].sort());
    assertEquals(seen.filter((entry) => !coming.includes(entry)), staying.toSorted());
  }
  assert(lists.length > 0);
  assertEquals(await root.findings(), []);
});

// ── Collecting garbage, while others push ───────────────────────────────────────────────────────────────────────────

Deno.test("the garbage collection of another process takes nothing of a push in progress", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const image = new Image("hello");
  assertEquals(await image.pushBlobs(one, "library/hello"), [201, 201]);

  const [summary] = await root.keepHouse("gc");
  const pushed = await image.pushManifest(other, "library/hello", "latest");

  assertEquals([summary.blobs, summary.manifests, pushed.status], [0, 0, 201]);
  assertEquals(await image.pull(other, "library/hello", "latest"), [image.text, image.config, image.layer]);
});

Deno.test("PUSH-03: without a grace period it does, and then the manifest is refused until its blobs are there again", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const image = new Image("hello");
  assertEquals(await image.pushBlobs(one, "library/hello"), [201, 201]);
  const opened = await openSession(one);

  const summary = (await root.keepHouse("gc", "--grace", "0s")).at(-1)!;
  const refused = await image.pushManifest(other, "library/hello", "latest");
  const again = [
    await image.pushBlobs(other, "library/hello"),
    await image.pushManifest(one, "library/hello", "latest"),
  ];

  assertEquals(summary.blobs, 2);
  const details = await expectRefusal(refused, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
  assertEquals(details.length, 2);
  assertEquals([again[0], (again[1] as Response).status], [[201, 201], 201]);
  // The garbage collection does not remove uploads.
  assertEquals((await other.send("GET", opened)).status, 204);
  // Content that a manifest needs is not garbage, however short the grace period is.
  assertEquals((await root.keepHouse("gc", "--grace", "0s", "--untagged")).at(-1)!.blobs, 0);
  assertEquals(await image.pull(other, "library/hello", "latest"), [image.text, image.config, image.layer]);
});

for (const [grace, what] of [[0, "no grace period"], [HOUR_MILLISECONDS, "the usual grace period"]] as const) {
  Deno.test(`images that are pushed while garbage is collected with ${what} are whole, or were refused`, async () => {
    await using root = new SharedRoot();
    const processes = await root.start(2);
    const pushImages = async (process: Program, names: readonly string[]) => {
      const pushes = [];
      for (const number of numbers(15)) {
        const [name, tag] = [names[number % names.length], `v${number}`];
        const image = new Image(`${name}:${tag}`);
        const blobs = await image.pushBlobs(process, name);
        pushes.push({ image, name, tag, blobs, answer: await image.pushManifest(process, name, tag) });
      }
      return pushes;
    };

    // This process is the third one over the folder. Between two collections it lets the others work, so that some
    // pushes come through.
    let isPushing = true;
    const pushing = Promise.all([
      pushImages(processes[0], ["library/hello", "library/other"]),
      pushImages(processes[1], ["library/hello-dev", "library/other"]),
    ]).finally(() => isPushing = false);
    while (isPushing) {
      await Array.fromAsync(collectGarbage(localDisk(root.path), { grace, untagged: true }));
      for (const _ of numbers(8)) await Promise.all(processes.map((process) => process.send("GET", "/v2/_catalog")));
    }
    const pushes = (await pushing).flat();

    const refused = pushes.filter(({ answer }) => answer.status !== 201);
    for (const { answer } of refused) {
      await expectRefusal(answer, { status: 400, code: "MANIFEST_BLOB_UNKNOWN", rule: "PUSH-03" });
    }
    assertEquals(pushes.filter(({ blobs }) => countOf(blobs, 201) < 2), []);
    // With the usual grace period, no client notices the collection.
    assert(grace === 0 || refused.length === 0, `${refused.length} were refused`);
    for (const { image, name, tag } of pushes.filter(({ answer }) => answer.status === 201)) {
      assertEquals(await image.pull(processes[0], name, tag), [image.text, image.config, image.layer]);
    }
    assertEquals(await root.findings(), []);
  });
}

Deno.test("of several collections at once, each blob that nothing needs is removed by one, and what is needed stays", async () => {
  await using root = new SharedRoot();
  const [one] = await root.start(1);
  const image = new Image("hello");
  await image.pushBlobs(one, "library/hello");
  await image.pushManifest(one, "library/hello", "latest");
  for (const number of numbers(20)) await pushBlob(one, "library/hello", `blob ${number}`);

  const collections = await Promise.all([
    root.keepHouse("gc", "--grace", "0s"),
    root.keepHouse("gc", "--grace", "0s"),
    Array.fromAsync(collectGarbage(localDisk(root.path), { grace: 0 })),
    Array.fromAsync(clearLeftOvers(localDisk(root.path))),
  ]);

  const removed = collections.flat().map((line) => (line as { digest?: string }).digest);
  assertEquals(
    removed.filter((digest) => digest !== undefined).sort(),
    numbers(20).map((number) => digestOf(`blob ${number}`)).sort(),
  );
  assertEquals(collections[3], []);
  assertEquals(await image.pull(one, "library/hello", "latest"), [image.text, image.config, image.layer]);
  assertEquals(await root.findings(), []);
});

Deno.test("a blob that a client has found by HEAD just now is not collected, however old it is", async () => {
  await using root = new SharedRoot();
  const [one, other] = await root.start(2);
  const contents = { found: "found by HEAD", mounted: "mounted", pushed: "pushed again", old: "old" };
  for (const content of Object.values(contents)) {
    await pushBlob(one, "library/hello", content);
    const longAgo = new Date(Date.now() - 2 * HOUR_MILLISECONDS);
    await Deno.utime(`${root.path}/library/hello/${digestOf(content)}/blob`, longAgo, longAgo);
  }

  const found = await other.send("HEAD", `${HELLO}/blobs/${digestOf(contents.found)}`);
  const mount = `?mount=${digestOf(contents.mounted)}&from=library/hello`;
  const mounted = await other.send("POST", `/v2/library/other/blobs/uploads/${mount}`);
  const pushed = await pushBlob(other, "library/hello", contents.pushed);
  const lines = await root.keepHouse("gc", "--grace", "1h");

  assertEquals([found.status, mounted.status, pushed.status], [200, 201, 201]);
  assertEquals(lines.slice(0, -1).map(({ digest }) => digest), [digestOf(contents.old)]);
  const statuses = await Promise.all(
    Object.values(contents).map((content) => one.send("GET", `${HELLO}/blobs/${digestOf(content)}`)),
  );
  assertEquals(statuses.map(({ status }) => status), [200, 200, 200, 404]);
});
