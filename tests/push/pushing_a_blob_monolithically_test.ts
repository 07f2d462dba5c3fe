/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-a-blob-monolithically */

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { RegistryError } from "../../src/api/error_codes.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { expireUploads } from "../../src/housekeeping/expire_uploads.ts";
import { formatStory } from "../../src/stories/lines.ts";
import { bytes, digestOf, expectRefusal, startRegistry, streamOf, type TestRegistry } from "../fixture.ts";

const FOO = digestOf("foo");
const BAR = digestOf("bar");
const EMPTY = digestOf("");
const MD5_OF_FOO = digestOf("foo", "md5");

// The values of the query parameter under which no blob can be pushed.
const REFUSED_DIGESTS = [
  "",
  "foo",
  "sha256:zz",
  "sha256:" + "A".repeat(64),
  "sha256:" + "a".repeat(63),
  "sha512:" + "a".repeat(64),
  MD5_OF_FOO,
  digestOf("foo", "sha384"),
];

// A body that records if the registry has begun to read it.
function watchedBody(text: string): { body: ReadableStream<Uint8Array<ArrayBuffer>>; wasRead: () => boolean } {
  let read = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      read = true;
      controller.enqueue(bytes(text));
      controller.close();
    },
  }, { highWaterMark: 0 });
  return { body, wasRead: () => read };
}

// deno-lint-ignore require-yield
async function* brokenFromTheStart(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  throw new Error("connection reset");
}

async function* brokenAfter(text: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield bytes(text);
  throw new Error("connection reset");
}

Deno.test("PUSH-MONO-01 PUSH-MONO-02 PUSH-MONO-05: opening a session answers 202 and a path to push to", async () => {
  await using registry = await startRegistry();

  const opened = await registry.send("POST", "/v2/library/hello/blobs/uploads/");

  assertEquals([opened.status, await opened.text()], [202, ""]);
  const location = opened.headers.get("Location")!;
  assertMatch(location, /^\/v2\/library\/hello\/blobs\/uploads\/[0-9a-f-]{36}$/);
  // The spec has no range for no bytes. Docker's client can read this form.
  assertEquals(opened.headers.get("Range"), "0-0");
  assertEquals(registry.tree(), [`library/hello/_uploads/${location.split("/").at(-1)}/data`]);
});

Deno.test("PUSH-MONO-03: every session has a UUID of its own", async () => {
  await using registry = await startRegistry();

  const first = await registry.openSession("library/hello");
  const second = await registry.openSession("library/hello");

  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
  assertMatch(first.split("/").at(-1)!, uuid);
  assertMatch(second.split("/").at(-1)!, uuid);
  assertNotEquals(first, second);
});

Deno.test("PUSH-MONO-03: a text that is no UUID is no session, and nothing can be pushed to it", async () => {
  await using registry = await startRegistry();

  for (const id of [FOO, "latest", "_tags", "0f9c", "a".repeat(36)]) {
    const refused = await registry.send("PUT", `/v2/library/hello/blobs/uploads/${id}?digest=${FOO}`, { body: "foo" });

    await expectRefusal(refused, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule: "PUSH-MONO-03" });
  }
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-MONO-04 PUSH-MONO-I01: a registry that knows its origin answers absolute Locations", async () => {
  await using registry = await startRegistry({ origin: "https://registry.example" });

  const opened = await registry.send("POST", "/v2/library/hello/blobs/uploads/");
  const session = new URL(opened.headers.get("Location")!);
  const patched = await registry.send("PATCH", session.pathname, { body: "f" });
  const closed = await registry.send("PUT", `${session.pathname}?digest=${FOO}`, { body: "oo" });

  assertEquals(session.origin, "https://registry.example");
  assertEquals(patched.headers.get("Location"), session.href);
  assertEquals(closed.headers.get("Location"), `https://registry.example/v2/library/hello/blobs/${FOO}`);
});

Deno.test("PUSH-MONO-06: the upload URL has no parameters, and parameters that a client adds do no harm", async () => {
  await using registry = await startRegistry();

  const opened = await registry.send("POST", "/v2/library/hello/blobs/uploads/?ns=registry.example");
  const location = opened.headers.get("Location")!;
  const patched = await registry.send("PATCH", `${location}?ns=registry.example`, { body: "f" });
  const closed = await registry.send("PUT", `${location}?ns=registry.example&digest=${FOO}&x=y`, { body: "oo" });

  assertEquals(location.includes("?"), false);
  assertEquals([opened.status, patched.status, closed.status], [202, 202, 201]);
  assertEquals(patched.headers.get("Location"), location);
});

Deno.test("PUSH-MONO-01: the slash at the end of the upload URL may be missing", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "bar");

  const opened = await registry.send("POST", "/v2/library/hello/blobs/uploads");
  const pushed = await registry.send("POST", `/v2/library/hello/blobs/uploads?digest=${FOO}`, { body: "foo" });
  const mounted = await registry.send("POST", `/v2/library/other/blobs/uploads?mount=${BAR}&from=library/hello`);

  assertEquals([opened.status, pushed.status, mounted.status], [202, 201, 201]);
  const closed = await registry.send("PUT", `${opened.headers.get("Location")}?digest=${EMPTY}`);
  assertEquals(closed.status, 201);
});

Deno.test("PUSH-MONO-09 PUSH-MONO-10 PUSH-MONO-I03: a PUT with the whole blob answers 201 and where to pull it", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  const closed = await registry.send("PUT", `${location}?digest=${FOO}`, {
    body: "foo",
    headers: { "Content-Type": "application/octet-stream" },
  });

  assertEquals([closed.status, await closed.text()], [201, ""]);
  assertEquals(closed.headers.get("Location"), `/v2/library/hello/blobs/${FOO}`);
  assertEquals(closed.headers.get("Docker-Content-Digest"), FOO);
  const pulled = await registry.send("GET", closed.headers.get("Location")!);
  assertEquals([pulled.status, await pulled.text()], [200, "foo"]);
  assertEquals(registry.tree(), [`library/hello/${FOO}/blob`]);
});

Deno.test("PUSH-MONO-09: a PUT with the whole blob may say its Content-Range", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  const closed = await registry.send("PUT", `${location}?digest=${FOO}`, {
    body: "foo",
    headers: { "Content-Range": "0-2" },
  });

  assertEquals([closed.status, closed.headers.get("Location")], [201, `/v2/library/hello/blobs/${FOO}`]);
});

Deno.test("PUSH-MONO-09: the digest in the query may be percent-encoded", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  const closed = await registry.send("PUT", `${location}?digest=${encodeURIComponent(FOO)}`, { body: "foo" });

  assertEquals([closed.status, closed.headers.get("Docker-Content-Digest")], [201, FOO]);
});

Deno.test("PUSH-MONO-09: a blob of no bytes is a blob, however it is pushed", async () => {
  await using registry = await startRegistry();
  const [put, chunked, ranged] = [
    await registry.openSession("a"),
    await registry.openSession("b"),
    await registry.openSession("c"),
  ];
  await registry.send("PATCH", chunked, { body: "" });

  const answers = [
    await registry.send("PUT", `${put}?digest=${EMPTY}`),
    await registry.send("PUT", `${chunked}?digest=${EMPTY}`),
    // There is no range for no bytes. One client says "0-0" for it.
    await registry.send("PUT", `${ranged}?digest=${EMPTY}`, { body: "", headers: { "Content-Range": "0-0" } }),
    await registry.send("POST", `/v2/d/blobs/uploads/?digest=${EMPTY}`),
  ];

  for (const [index, answer] of answers.entries()) {
    const location = `/v2/${"abcd"[index]}/blobs/${EMPTY}`;
    assertEquals([answer.status, answer.headers.get("Location")], [201, location]);
    const pulled = await registry.send("GET", location);
    assertEquals([pulled.status, pulled.headers.get("Content-Length"), await pulled.text()], [200, "0", ""]);
  }
  assertEquals(registry.tree(), ["a", "b", "c", "d"].map((name) => `${name}/${EMPTY}/blob`));
});

Deno.test("PUSH-MONO-09: a session that has been closed is gone", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PUT", `${location}?digest=${FOO}`, { body: "foo" });

  const again = await registry.send("PUT", `${location}?digest=${FOO}`, { body: "foo" });

  await expectRefusal(again, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule: "PUSH-MONO-03" });
  assertEquals(registry.tree(), [`library/hello/${FOO}/blob`]);
});

Deno.test("PUSH-MONO-09: a blob that is there already can be pushed again", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");
  const location = await registry.openSession("library/hello");

  const again = await registry.send("PUT", `${location}?digest=${FOO}`, { body: "foo" });

  assertEquals([again.status, again.headers.get("Location")], [201, `/v2/library/hello/blobs/${FOO}`]);
  assertEquals(registry.tree(), [`library/hello/${FOO}/blob`]);
});

Deno.test("PUSH-BLOB-01: a PUT without a good digest is refused before its body is read, and the session stays", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");
  await registry.send("PATCH", location, { body: "fo" });

  for (const query of ["", ...REFUSED_DIGESTS.map((digest) => `?digest=${digest}`)]) {
    const { body, wasRead } = watchedBody("o");
    const refused = await registry.send("PUT", location + query, { body });

    await expectRefusal(refused, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-BLOB-01" });
    assertEquals(wasRead(), false, query);
  }
  const status = await registry.send("GET", location);
  assertEquals([status.status, status.headers.get("Range")], [204, "0-1"]);
  const closed = await registry.send("PUT", `${location}?digest=${FOO}`, { body: "o" });
  assertEquals(closed.status, 201);
});

Deno.test("PUSH-BLOB-01: a single POST without a good digest is refused before its body is read", async () => {
  await using registry = await startRegistry();

  for (const digest of REFUSED_DIGESTS) {
    const { body, wasRead } = watchedBody("foo");
    const refused = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digest}`, { body });

    await expectRefusal(refused, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-BLOB-01" });
    assertEquals(wasRead(), false, digest);
  }
  assertEquals(registry.tree(), []);
});

Deno.test("API-ERR-I04: bytes of another digest are refused, and the session ends", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  const refused = await registry.send("PUT", `${location}?digest=${FOO}`, { body: "bar" });

  const [detail] = await expectRefusal(refused, { status: 400, code: "DIGEST_INVALID", rule: "API-ERR-I04" });
  assertEquals([detail.expected, detail.actual], [FOO, BAR]);
  const status = await registry.send("GET", location);
  await expectRefusal(status, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule: "PUSH-CHUNK-22" });
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-SINGLE-01 PUSH-SINGLE-06 PUSH-SINGLE-07 PUSH-SINGLE-I01: a single POST answers 201 and where to pull", async () => {
  await using registry = await startRegistry();

  const pushed = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, { body: "foo" });

  assertEquals([pushed.status, await pushed.text()], [201, ""]);
  assertEquals(pushed.headers.get("Location"), `/v2/library/hello/blobs/${FOO}`);
  assertEquals(pushed.headers.get("Docker-Content-Digest"), FOO);
  const pulled = await registry.send("GET", pushed.headers.get("Location")!);
  assertEquals([pulled.status, await pulled.text()], [200, "foo"]);
  assertEquals(registry.tree(), [`library/hello/${FOO}/blob`]);
});

Deno.test("PUSH-SINGLE-01: a single POST may have any Content-Type, and need not announce its length", async () => {
  await using registry = await startRegistry();
  const pieces = streamOf("f", "oo");

  const pushed = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, {
    body: pieces,
    headers: { "Content-Type": "text/plain" },
  });

  assertEquals([pushed.status, pushed.headers.get("Docker-Content-Digest")], [201, FOO]);
  assertEquals(registry.read(`library/hello/${FOO}/blob`), "foo");
});

Deno.test("PUSH-SINGLE-03: a single POST with bytes of another digest is refused, and nothing is stored", async () => {
  await using registry = await startRegistry();

  const refused = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, { body: "bar" });

  const [detail] = await expectRefusal(refused, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-SINGLE-03" });
  assertEquals([detail.expected, detail.actual], [FOO, BAR]);
  for (const digest of [FOO, BAR]) {
    const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);
    await expectRefusal(pulled, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
  }
  assertEquals(registry.tree(), []);
});

Deno.test("PUSH-SINGLE-02: a single POST whose body breaks off stores nothing", async () => {
  await using registry = await startRegistry();

  // This is so even if all bytes of the blob came: the body did not come to its end.
  for (const broken of [brokenFromTheStart(), brokenAfter("fo"), brokenAfter("foo")]) {
    const refused = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, {
      body: ReadableStream.from(broken),
    });

    await expectRefusal(refused, { status: 400, code: "SIZE_INVALID", rule: "API-ERR-I10" });
  }
  assertEquals(registry.tree(), []);
});

// A body of several pieces. It removes the session before it gives the piece with this number, or its end.
function removingBody({ root }: TestRegistry, pieces: string[], at: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let given = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (given === at) Deno.removeSync(`${root}/library/hello/_uploads`, { recursive: true });
      if (given === pieces.length) controller.close();
      else controller.enqueue(bytes(pieces[given++]));
    },
  }, { highWaterMark: 0 });
}

// A person may remove the session by hand, or a wrong clock may make it look old.
Deno.test("PUSH-SINGLE-06 API-ERR-I03: a single POST whose session is removed while its body comes is refused with 404", async () => {
  await using registry = await startRegistry();
  const post = (body: BodyInit) => registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${FOO}`, { body });

  for (const at of [0, 1, 2, 3]) {
    const refused = await post(removingBody(registry, ["f", "o", "o"], at));

    const [detail] = await expectRefusal(refused, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule: "API-ERR-I03" });
    assertEquals(detail.expected, "an upload session of library/hello");
    assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${FOO}`)).status, 404);
    assertEquals(registry.tree(), []);
  }
  assertEquals((await post("foo")).status, 201);
});

Deno.test("PUSH-MONO-09 API-ERR-I03: a closing PUT whose session is removed while its body comes is refused with 404", async () => {
  await using registry = await startRegistry();

  for (const [chunks, rule] of [["", "PUSH-MONO-03"], ["f", "API-ERR-I03"]]) {
    const location = await registry.openSession("library/hello");
    if (chunks !== "") await registry.send("PATCH", location, { body: chunks });
    const body = removingBody(registry, ["f", "o", "o"].slice(chunks.length), 1);
    const refused = await registry.send("PUT", `${location}?digest=${FOO}`, { body });

    await expectRefusal(refused, { status: 404, code: "BLOB_UPLOAD_UNKNOWN", rule });
    assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${FOO}`)).status, 404);
    assertEquals(registry.tree(), []);
  }
});

Deno.test("the same number of uploads is allowed as before, after a session was removed during a single POST", async () => {
  await using registry = await startRegistry({ maxUploads: 1 });
  const path = `/v2/library/hello/blobs/uploads/?digest=${FOO}`;

  const statuses = [];
  for (const at of [1, 2, 3]) {
    statuses.push((await registry.send("POST", path, { body: removingBody(registry, ["f", "oo"], at) })).status);
  }

  // The second and the third upload were allowed, and nobody removed the session of the third.
  assertEquals(statuses, [404, 404, 201]);
});

Deno.test("PUSH-SINGLE-06 PUSH-CANCEL-04: if sessions look old and others let them expire, every single POST stores its blob", async () => {
  let root = "";
  await using registry = await startRegistry({
    // Each upload looks old as soon as it has bytes.
    watch: ({ when, kind, path }) => when === "after" && kind === "append" && makeOld(`${root}/${path}`),
  });
  root = registry.root;
  const disk = localDisk(registry.root, { durability: "none" });
  const contents = Array.from({ length: 50 }, (_, index) => `content ${index}`);
  const post = (content: string) =>
    registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digestOf(content)}`, {
      body: streamOf(content.slice(0, 3), content.slice(3)),
    });

  const answers: Response[] = [];
  for (const content of contents) {
    const [answer] = await Promise.all([post(content), expireUploads(disk), expireUploads(disk)]);
    answers.push(answer);
  }

  for (const [index, { status }] of answers.entries()) {
    const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digestOf(contents[index])}`);
    assertEquals([status, pulled.status, await pulled.text()], [201, 200, contents[index]]);
  }
});

function makeOld(path: string): void {
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
  try {
    Deno.utimeSync(path, yesterday, yesterday);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

Deno.test("PUSH-SINGLE-04: a POST with a body and without a digest is no single POST, and opens a session", async () => {
  await using registry = await startRegistry();

  const opened = await registry.send("POST", "/v2/library/hello/blobs/uploads/", {
    body: "foo",
    headers: { "Content-Type": "application/octet-stream" },
  });

  assertEquals([opened.status, opened.headers.get("Range")], [202, "0-0"]);
  assertEquals((await registry.send("HEAD", `/v2/library/hello/blobs/${FOO}`)).status, 404);
  const closed = await registry.send("PUT", `${opened.headers.get("Location")}?digest=${FOO}`, { body: "foo" });
  assertEquals(closed.status, 201);
});

Deno.test("PUSH-BLOB-01: a sha512 blob can be pushed in one request, and is found by that digest only", async () => {
  await using registry = await startRegistry();
  const digest = digestOf("foo", "sha512");
  const location = await registry.openSession("put");

  const put = await registry.send("PUT", `${location}?digest=${digest}`, { body: "foo" });
  const post = await registry.send("POST", `/v2/post/blobs/uploads/?digest=${digest}`, { body: "foo" });

  assertEquals([put.status, put.headers.get("Docker-Content-Digest")], [201, digest]);
  assertEquals([post.status, post.headers.get("Docker-Content-Digest")], [201, digest]);
  for (const name of ["put", "post"]) {
    const pulled = await registry.send("GET", `/v2/${name}/blobs/${digest}`);
    assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, digest]);
    assertEquals(await pulled.text(), "foo");
    assertEquals((await registry.send("HEAD", `/v2/${name}/blobs/${FOO}`)).status, 404);
  }
  assertEquals(registry.tree(), [`post/${digest}/blob`, `put/${digest}/blob`]);
});

Deno.test("PUSH-BLOB-01: an algorithm in the registry's options is supported", async () => {
  await using registry = await startRegistry({ algorithms: { sha384: () => createHash("sha384") } });
  const digest = digestOf("foo", "sha384");

  const pushed = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digest}`, { body: "foo" });
  const wrong = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digest}`, { body: "bar" });

  assertEquals([pushed.status, pushed.headers.get("Docker-Content-Digest")], [201, digest]);
  await expectRefusal(wrong, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-SINGLE-03" });
  assertEquals(await registry.pushBlob("library/hello", "foo"), FOO);
});

Deno.test("the story of a blob: the session, its bytes, the blob, and the session is gone", async () => {
  await using registry = await startRegistry();

  const location = await registry.openSession("library/hello");
  await registry.send("PUT", `${location}?digest=${FOO}`, { body: "foo" });

  const session = `library/hello/_uploads/${location.split("/").at(-1)}`;
  const [opened, closed] = registry.stories;
  assertEquals([opened.method, opened.status, opened.endpoint?.id], ["POST", 202, "end-4a"]);
  assertEquals(opened.changes, [{ sign: "+", path: `${session}/data`, size: 0 }]);
  assertEquals([closed.method, closed.status, closed.endpoint?.id], ["PUT", 201, "end-6"]);
  assertEquals(closed.changes, [
    { sign: "~", path: `${session}/data`, size: 3 },
    { sign: "+", path: `library/hello/${FOO}/blob`, size: 3 },
    { sign: "-", path: `${session}/` },
  ]);
});

Deno.test("the story of a closing PUT stands under chunks if the session had any, and under monolithically if not", async () => {
  await using registry = await startRegistry();
  const close = async (chunk: string, digest: string, body: string, headers: Record<string, string> = {}) => {
    const location = await registry.openSession("library/hello");
    if (chunk !== "") await registry.send("PATCH", location, { body: chunk });
    await registry.send("PUT", `${location}?digest=${digest}`, { body, headers });
    const { status, endpoint, refusal } = registry.stories.at(-1)!;
    const rule = refusal instanceof RegistryError ? refusal.details[0].rule : undefined;
    return [status, endpoint?.id, endpoint?.heading, rule];
  };

  assertEquals(await close("", FOO, "foo"), [201, "end-6", "PUSH-MONO", undefined]);
  assertEquals(await close("fo", FOO, "o"), [201, "end-6", "PUSH-CHUNK", undefined]);
  assertEquals(await close("foo", FOO, ""), [201, "end-6", "PUSH-CHUNK", undefined]);
  assertEquals(await close("", FOO, "foo", { "Content-Range": "0-2" }), [201, "end-6", "PUSH-CHUNK", undefined]);
  assertEquals(await close("", FOO, "bar"), [400, "end-6", "PUSH-MONO", "API-ERR-I04"]);
  assertEquals(await close("ba", FOO, "r"), [400, "end-6", "PUSH-CHUNK", "PUSH-CHUNK-18"]);
  const range = { "Content-Range": "1-3" };
  assertEquals(await close("", FOO, "foo", range), [416, "end-6", "PUSH-CHUNK", "PUSH-CHUNK-21"]);
  assertEquals(await close("fo", FOO, "foo", range), [416, "end-6", "PUSH-CHUNK", "PUSH-CHUNK-21"]);
  const chunked = formatStory(registry.stories.at(-1)!);
  assertMatch(chunked, /^ +Push > Pushing a blob in chunks +src\/push\/pushing_a_blob_in_chunks\.ts$/m);
});

Deno.test("the story of a refused blob says why, and that its bytes are gone", async () => {
  await using registry = await startRegistry();
  const location = await registry.openSession("library/hello");

  await registry.send("PUT", `${location}?digest=${FOO}`, { body: "bar" });

  const session = `library/hello/_uploads/${location.split("/").at(-1)}`;
  const story = registry.stories.at(-1)!;
  assertEquals(story.status, 400);
  assert(story.refusal?.message.startsWith("DIGEST_INVALID"));
  assertEquals(story.changes, [
    { sign: "~", path: `${session}/data`, size: 3 },
    { sign: "-", path: `${session}/` },
  ]);
});

Deno.test("PUSH-SINGLE-02: a Content-Length that makes no sense, or is not that of the body, does no harm to the bytes", async () => {
  const content = "foo".repeat(100_000);
  const digest = digestOf(content);
  for (const length of ["-1", "0", "1", "1.5", "7", "1e3", "300000", "99999999999", "many"]) {
    await using registry = await startRegistry();

    const pushed = await registry.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digest}`, {
      body: content,
      headers: { "Content-Length": length },
    });

    assertEquals(pushed.status, 201, length);
    const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);
    assertEquals(await pulled.text(), content, length);
  }
});
